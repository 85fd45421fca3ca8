#!/bin/bash
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
check 'a peer that nobody asked for is removed' planned 2 one-peer two-peers "- $k3"
check 'a missing peer is added' planned 2 three-peers two-peers \
	"+ four $k4 endpoint=none allowed_ips=10.100.0.4/32 psk=no persistent_keepalive=0s"
check 'each field that differs is named, before and after' planned 2 changed-peer two-peers \
	"~ three $k3 allowed_ips=10.3.0.0/16,10.100.0.3/32->10.100.0.3/32 psk=yes->no persistent_keepalive=25s->0s"
check 'a peer that answers keeps the endpoint it roamed to' planned 0 two-peers roamed ''
printf '{"peers": [{"id": "two", "public_key": "%s", "allowed_ips": ["10.100.0.2/32"]}, {"id": "three"}]}' \
	"$k2" >"$work/nameless.json"
nameless() {
	status 1 plan nameless two-peers && ! grep '^- ' "$out" &&
		grep -qx 'warning: 1 removals withheld: unusable entries do not say which peer they mean' "$out"
}
check 'while an entry names no peer at all, a plan removes nobody and warns' nameless
check 'a silent peer gets its endpoint back' status 2 "$plexwg" plan --state "$work/two-peers.json" \
	--actual "$work/roamed.dump" --at 2026-03-01T13:00:00Z
check 'a typing error in a member is named' bash -c \
	"\"$plexwg\" plan --state \"$work/typo.json\" --actual \"$work/two-peers.dump\" | grep 'warning: peers\[0\].endpiont: unknown member'"
check 'a host name is not resolved, and said' bash -c \
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
check 'plan --json tells the same' json
check 'a port that differs is what a dump can show of the interface' planned 2 two-peers two-peers-port '! create_interface plexd0'
sed '1s/off$/0x2a/' "$work/two-peers.dump" >"$work/marked.dump"
check 'a mark that differs is so too' status 2 plan two-peers two-peers --fwmark 42
check 'and one that is right is no change' status 0 plan two-peers marked --fwmark 0x2a
cat >"$work/line.json" <<-STATE
	{"peers": [{"id": "a", "public_key": "$k2", "allowed_ips": []},
	  {"id": "b\\nplexwg: forged", "public_key": "$k2", "allowed_ips": []}]}
STATE
one_line() {
	status 2 plan line two-peers && ! grep -q '^plexwg: forged' "$out" && grep -qF 'b\nplexwg: forged does not' "$out"
}
check 'an id makes no line of its own' one_line
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
	exposed 0600 two-peers 0 && exposed 0640 two-peers 1 && exposed 0644 two-peers 1 && exposed 0644 one-peer 0
}
check 'a state with preshared keys that others may read is warned of' preshared
no_secret() {
	local shown
	shown=$(plan three-peers two-peers --json && plan changed-peer two-peers; plan one-peer roamed --json)
	grep -q "$k3" <<<"$shown" && ! grep -qF -e "$(key 33)" -e "$(cut -f1 "$work/two-peers.dump" | head -n 1)" <<<"$shown"
}
check 'no plan shows a preshared or a private key' no_secret
tap_end
