#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# plexwg plan from a state file against `wg show NAME dump` output. Usage: test_plan.sh PLEXWG
set -u
. "$(dirname "$0")/tap.sh"
trap 'rm -rf "$work"' EXIT
fixtures=$(cd "$(dirname "$0")/../../fixtures/plan" && pwd)
# The program, states and dumps where any user may read them.
chmod 755 "$work"
cp "$1" "$work/plexwg"
cp "$fixtures"/* "$work"
chmod 644 "$work"/*.json "$work"/*.dump
plexwg=$work/plexwg

plan() { # plan STATE DUMP [OPTION]...
	local state=$work/$1.json dump=$work/$2.dump
	shift 2
	"$plexwg" plan --state "$state" --actual "$dump" --at 2026-03-01T12:00:00Z "$@"
}
changes() { grep '^[-~+!] '; }
planned() { # planned STATUS STATE DUMP LINE...
	local wanted=$1 state=$2 dump=$3
	shift 3
	status "$wanted" plan "$state" "$dump" && same "$(printf '%s\n' "$@")" "$(changes <"$out")"
}
k2=$(key 2) k3=$(key 3) k4=$(key 4)
check 'a converged device plans empty' planned 0 two-peers two-peers ''
check 'a kernel device and a userspace device read the same' planned 0 two-peers two-peers-userspace ''
check 'a peer that is not desired is removed' planned 2 one-peer two-peers "- $k3"
check 'a missing peer is added' planned 2 three-peers two-peers \
	"+ four $k4 endpoint=none allowed_ips=10.100.0.4/32 psk=no persistent_keepalive=0s"
check 'each field that differs is named, before and after' planned 2 changed-peer two-peers \
	"~ three $k3 allowed_ips=10.3.0.0/16,10.100.0.3/32->10.100.0.3/32 psk=yes->no persistent_keepalive=25s->0s"
check 'a peer that answers keeps the endpoint it roamed to' planned 0 two-peers roamed ''
{ printf '\357\273\277' && cat "$work/two-peers.json"; } >"$work/marked.json"
check 'a byte order mark before the state is skipped' planned 0 marked two-peers ''
printf '{"peers": [{"id": "two", "public_key": "%s", "allowed_ips": ["10.100.0.2/32"]}, {"id": "three"}]}' \
	"$k2" >"$work/nameless.json"
nameless() {
	status 1 plan nameless two-peers && ! grep '^- ' "$out" &&
		grep -qx 'warning: 1 removals withheld: unusable entries do not say which peer they mean' "$out"
}
check 'while an entry has neither key nor id, a plan removes no peer and warns' nameless
own=$("$plexwg" init --identity "$work/me" --mesh-ip 10.100.0.1 --node-id me)
anonymous=$("$plexwg" init --identity "$work/anonymous" --mesh-ip 10.100.0.1)
shared() { # shared IDENTITY ID KEY ALLOWED_IP: a state with that entry among others
	printf '{"peers": [{"id": "two", "public_key": "%s", "allowed_ips": ["10.100.0.2/32"]},
		{"id": "%s", "public_key": "%s", "allowed_ips": ["%s"]}]}' "$k2" "$2" "$3" "$4" >"$work/shared.json"
	"$plexwg" plan --state "$work/shared.json" --actual "$work/two-peers.dump" --identity "$work/$1"
}
own_entry() { status 2 shared "$1" "$2" "$3" 10.100.0.1 && ! grep -e "^warning: " -e "^+ $2 " "$out"; }
check "this node's own entry, in a state that all nodes share, is neither peer nor conflict" own_entry me me "$own"
check 'also if the node has no id' own_entry anonymous any "$anonymous"
warned() { # warned TEXT ARGUMENT...
	local text=$1
	shift
	status 2 shared "$@" && grep -Fx "warning: conflict over $text" "$out"
}
check "its id under another key is a conflict" warned "own_id me: this node keeps it, $k4 does not get it" me me "$k4" 10.0.0.4
check "its address as another's host route is one" warned \
	'own_address 10.100.0.1/32: this node keeps it, four does not get it' me four "$k4" 10.100.0.1
check 'a silent peer gets its endpoint back' status 2 "$plexwg" plan --state "$work/two-peers.json" \
	--actual "$work/roamed.dump" --at 2026-03-01T13:00:00Z
check 'a typing error in a member is named' bash -c \
	"\"$plexwg\" plan --state \"$work/typo.json\" --actual \"$work/two-peers.dump\" | grep 'warning: peers\[0\].endpiont: unknown member'"
check 'a host name is not resolved, and reported' bash -c \
	"\"$plexwg\" plan --state \"$work/host-name.json\" --actual \"$work/two-peers.dump\" | grep 'vpn.example.com:51820'"
json() {
	status 2 plan changed-peer two-peers --json && python3 - "$out" "$k3" <<-'PY'
		import json, sys
		plan = json.load(open(sys.argv[1]))
		assert plan["version"] == 1 and plan["interface"] == "plexd0" and plan["setup"] == [], plan
		assert plan["summary"] == {"remove": 0, "update": 1, "add": 0, "unchanged": 1}, plan
		(change,) = plan["changes"]
		assert change == {"action": "update", "peer_id": "three", "public_key": sys.argv[2],
		    "fields": ["allowed_ips", "psk", "persistent_keepalive"],
		    "before": {"allowed_ips": ["10.3.0.0/16", "10.100.0.3/32"], "psk": True, "persistent_keepalive": 25},
		    "after": {"allowed_ips": ["10.100.0.3/32"], "psk": False, "persistent_keepalive": 0}}, change
	PY
}
check 'plan --json has the same content' json
check 'a port that differs is planned from a dump' planned 2 two-peers two-peers-port '! create_interface plexd0'
sed '1s/off$/0x2a/' "$work/two-peers.dump" >"$work/marked.dump"
check 'a mark that differs is planned too' status 2 plan two-peers two-peers --fwmark 42
check 'and an equal one is no change' status 0 plan two-peers marked --fwmark 0x2a

# Dumps as they come: of all interfaces, from other systems, with keys that are hidden.
of_all() { # of_all NAME: NAME.dump as one of three of `wg show all dump`
	sed 's/^/wg0\t/' "$work/two-peers-port.dump"
	sed 's/^/plexd0\t/' "$work/$1.dump"
	printf 'wg1\t(none)\t(none)\t1\toff\n'
}
of_all two-peers >"$work/all.dump"
chosen() {
	planned 0 two-peers all '' && status 2 plan two-peers all --interface wg0 &&
		status 2 plan one-peer all && same "- $k3" "$(changes <"$out")"
}
check 'the interface is selected from a dump of all' chosen
not_there() {
	status 1 plan two-peers all --interface wg7 && same \
		"plexwg: plan: actual: $work/all.dump: it has no interface wg7 (--interface chooses), but: \"wg0\"; \"plexd0\"; \"wg1\"" \
		"$(cat "$err")"
}
check 'a missing one is an error that names those in the dump' not_there
ends() { # ends NAME SCRIPT: the dump NAME, its ends of lines edited by sed, is read the same
	sed -z "$2" "$work/$1.dump" >"$work/ends.dump"
	! cmp -s "$work/$1.dump" "$work/ends.dump" && planned 0 two-peers ends '' && status 2 plan one-peer ends &&
		same "- $k3" "$(changes <"$out")"
}
for name in two-peers all; do
	check "lines may end in CR LF ($name)" ends $name 's/\n/\r\n/g'
	check "the last line may have no line feed ($name)" ends $name 's/\n$//'
	check "and a CR alone ($name)" ends $name 's/\n/\r\n/g; s/\n$//'
	check "blank lines are ignored ($name)" ends $name 's/$/\n\r\n/'
done
cut_dump() { # cut_dump SCRIPT TEXT
	sed -z "$1" "$work/all.dump" >"$work/cut.dump"
	status 1 plan two-peers cut && grep -F -- "$2" "$err"
}
check 'a line that is cut is an error' cut_dump 's/\toff\n$/\n/' 'line 7: 3 fields between tabs after the first'
check 'also one cut within the name of its interface' cut_dump 's/\nwg1.*/\nplexd/' 'line 7: 1 fields'
: >"$work/empty.dump"
printf '\r\n\n' >"$work/blank.dump"
nothing() {
	for name in empty blank; do
		status 1 plan two-peers $name && grep 'empty, where a dump has a line for the interface' "$err" || return 1
	done
}
check 'an empty dump is an error' nothing
hide() { # hide FIELD: of the peer that has a preshared key, or of the interface
	awk -F'\t' -v OFS='\t' -v place="$1" '(NR == 1) == (place < 0) { if ($2 != "(none)") $(place < 0 ? -place : place) = "(hidden)" } 1' \
		"$work/two-peers.dump" >"$work/hidden.dump"
}
hidden_psk() {
	hide 2 && grep -q '(hidden)' "$work/hidden.dump" && planned 0 two-peers hidden '' &&
		grep -x 'warning: actual: preshared keys are hidden and not compared: 1' "$out" &&
		status 2 plan changed-peer hidden && ! grep psk= "$out" &&
		status 2 plan one-peer hidden --json && grep -c '"psk":true' <(tr -d ' ' <"$out")
}
check 'a hidden preshared key is not compared, and that is reported' hidden_psk
hidden_own() {
	hide -1 && planned 0 two-peers hidden '' && ! grep hidden "$out" && hide -2 && planned 0 two-peers hidden '' &&
		grep -x "warning: actual: the interface's key is hidden and not compared" "$out" &&
		"$plexwg" init --identity "$work/identity" --mesh-ip 10.100.0.1 >/dev/null &&
		status 0 plan two-peers hidden --identity "$work/identity" &&
		status 2 plan two-peers two-peers --identity "$work/identity"
}
check 'and so is the key of the interface' hidden_own

# What a peer or the device chose.
odd() { # odd FIELD VALUE WARNING: it costs no more than that value
	awk -F'\t' -v OFS='\t' -v place="$1" -v value="$2" 'NR == 2 { $place = value } 1' "$work/two-peers.dump" >"$work/odd.dump"
	status "${4:-0}" plan two-peers odd && grep -xF "warning: actual: line 2: $3 cannot be used and counts as none" "$out"
}
check 'an endpoint with port 0 affects only itself' odd 3 192.0.2.2:0 'endpoint: "192.0.2.2:0"' 2
shown_endpoint() {
	grep -F "endpoint=192.0.2.2:0->198.51.100.2:51820" "$out"
}
check 'and is shown as it is' shown_endpoint
check 'so does an invalid one' odd 3 '(hidden)' 'endpoint: "(hidden)"' 2
check 'and an invalid handshake' odd 5 -1 'latest-handshake: "-1"'
check 'and a counter out of range' odd 6 18446744073709551616 'transfer-rx: "18446744073709551616"'
check 'in either direction' odd 7 1e9 'transfer-tx: "1e9"'
two_odd() {
	awk -F'\t' -v OFS='\t' 'NR > 1 { $6 = "x"; $7 = "y" } 1' "$work/two-peers.dump" >"$work/odd.dump"
	status 0 plan two-peers odd && grep -xF 'warning: actual: line 2: transfer-rx: "x" cannot be used and counts as none' "$out" &&
		grep -xF 'warning: actual: further values that count as none: 3' "$out"
}
check 'of several the first is named, and the others counted' two_odd
cat >"$work/line.json" <<-STATE
	{"peers": [{"id": "a", "public_key": "$k2", "allowed_ips": []},
	  {"id": "b\\nplexwg: forged", "public_key": "$k2", "allowed_ips": []}]}
STATE
one_line() {
	status 2 plan line two-peers && ! grep -q '^plexwg: forged' "$out" && grep -qF 'b\nplexwg: forged does not' "$out"
}
check 'an id cannot add a line' one_line
from_stdin() {
	[ "$("$plexwg" plan --state - --actual "$work/two-peers.dump" --at 2026-03-01T12:00:00Z <"$work/one-peer.json" |
		changes)" = "- $k3" ]
}
check 'the state may come from standard input' from_stdin
if [ "$(id -u)" = 0 ]; then
	check 'an ordinary user may plan against a dump' setpriv --reuid 65534 --regid 65534 --clear-groups \
		"$plexwg" plan --state "$work/two-peers.json" --actual "$work/two-peers.dump" --at 2026-03-01T12:00:00Z
else
	check 'an ordinary user may plan against a dump' planned 0 two-peers two-peers ''
fi
exposed() { # exposed MODE STATE COUNT: so many warnings of it
	chmod "$1" "$work/$2.json"
	plan "$2" two-peers >"$out"
	[ "$(grep -c 'warning: others may read the state file, and it holds preshared keys' "$out")" = "$3" ]
}
preshared() {
	exposed 0600 two-peers 0 && exposed 0640 two-peers 0 && exposed 0644 two-peers 1 && exposed 0644 one-peer 0
}
check 'a state with preshared keys that others may read is warned of' preshared
no_secret() {
	local shown
	shown=$(plan three-peers two-peers --json && plan changed-peer two-peers; plan one-peer roamed --json)
	grep -q "$k3" <<<"$shown" && ! grep -qF -e "$(key 33)" -e "$(cut -f1 "$work/two-peers.dump" | head -n 1)" <<<"$shown"
}
check 'no plan shows a preshared or a private key' no_secret
tap_end
