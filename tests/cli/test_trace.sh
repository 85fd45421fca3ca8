#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# plexwg trace of a run on a real device: changes by other programs, states good and bad, kills and
# restarts.
# Usage: test_trace.sh PLEXWG [userspace|kernel]
set -u
. "$(dirname "$0")/tap.sh"
. "$(dirname "$0")/daemon.sh"
plexwg=$(realpath "$1") controller=${2:-userspace} device=pxw-trace
world 'a run of the daemon is traced' "$0" "$@"
down() {
	"$plexwg" down --interface "$device" --controller "$controller"
}
trap 'kill_daemon; down; rm -rf "$work"' EXIT
"$plexwg" init --identity "$work/identity" --mesh-ip 10.100.0.1 --node-id node-1 >/dev/null
state=$work/state.json scenario=$work/scenario.json
echo '127.0.0.1 localhost' | etc hosts

# 300 peers with keys, preshared keys and names of their own: a line of $work/keys for each.
head -c 19200 /dev/urandom | od -An -v -tx1 -w32 | sed 's/ /\\x/g' | while read -r bytes; do
	printf '%b' "$bytes" | base64
done | paste - - >"$work/keys"
cut -f 2 "$work/keys" >"$work/secrets"
key_of() { # key_of PEER
	sed -n "$(($1 + 1))p" "$work/keys" | cut -f 1
}
psk_of() { # psk_of PEER
	sed -n "$(($1 + 1))p" "$work/keys" | cut -f 2
}
state_of() { # state_of COUNT [ENTRY]...
	local count=$1 IFS=,
	shift
	awk -v count="$count" -v others="$*" '
		NR <= count {
			i = NR - 1
			printf "%s{\"id\": \"secret-name-%d\", \"public_key\": \"%s\", \"psk\": \"%s\", " \
				"\"endpoint\": \"203.0.113.%d:%d\", \"allowed_ips\": " \
				"[\"10.%d.%d.0/24\", \"fd5e:c4e7::%x/128\"]}", i ? "," : "{\"peers\": [",
				i, $1, $2, i % 250 + 1, 50000 + i, 100 + i / 250, i % 250, i
		}
		END { print (others == "" ? "" : "," others) "]}" }' "$work/keys" | replace "$state"
}
peers_are() { # peers_are COUNT
	same "$1" "$(keys | wc -l)"
}
begin() { # begin COUNT [WORD]...: started, and converged
	local count=$1
	shift
	start --state "$state" --no-routes "$@" && eventually peers_are "$count"
}
traced() { # traced [WORD]...: the trace so far, as a scenario
	status 0 "$plexwg" trace --identity "$work/identity" --output "$scenario" "$@" && same '' "$(cat "$err")"
}
replays() { # replays [WORD]...
	traced "$@" && status 0 "$plexwg" replay "$scenario" && same '1 passed, 0 failed' "$(tail -n 1 "$out")"
}
has() { # has TEXT: the scenario of the trace
	traced && grep -qF -- "$1" "$scenario"
}
# The daemon has done something and traced it.
told() { # told TEXT
	eventually has "$1" && replays
}
calls() {
	traced && grep -c '"do":"reconcile"' "$scenario"
}

begins() {
	state_of 300 && begin 300 --interval 1s && told '"do":"expect"' && same 600 "$(stat -c %a "$scenario")" &&
		same 300 "$(grep -o '"add_peer ' "$scenario" | wc -l)" &&
		same 600 "$(stat -c %a "$work"/identity/trace-*.jsonl | sort -u)"
}
check 'the trace of a run with 300 peers replays while the run goes on' begins

by_hand() {
	wg set "$device" peer "$(key_of 0)" remove peer "$(key_of 1)" \
		allowed-ips 10.77.0.0/16 peer "$(key 77)" allowed-ips 10.100.5.0/24
	eventually not grep -F "$(key 77)" <(keys) && eventually peers_are 300 && told '"remove_peer":' &&
		told '"set_peer":{'
}
check 'peers changed by hand are changes of the world' by_hand

link() {
	ip link set "$device" down && eventually link_is_up && told '"up":false' &&
		ip addr add 192.0.2.77/32 dev "$device" && told '"set_interface":{' &&
		ip link del "$device" && eventually peers_are 300 && told '"delete_interface":true'
}
check 'so are a link that is taken down, given an address or deleted' link

bad_state() {
	state_of 299 '{"id": "secret-name-299", "public_key": "'"$(psk_of 0)"'!", "allowed_ips": []}' \
		'{"id": "secret-name-300", "public_key": "'"$(key 5)"'", "psk": "'"$(psk_of 1)"'x", "allowed_ips": []}' \
		'{"id": "secret-name-301", "public_key": "'"$(key 6)"'", "endpoint": "localhost:1", "allowed_ips": []}'
	eventually peers_are 301 && told '"unusable"' || return 1
	local count
	count=$(calls) && echo 'not json, with a secret-name' >"$state" && told 'fetch_error' &&
		eventually test "$(calls)" -gt "$count"
}
check 'so are unusable entries and an invalid state' bad_state

killed() {
	kill_daemon && printf '{"kind":"fini' >>"$(ls "$work"/identity/trace-*.jsonl | tail -n 1)" && replays &&
		same '' "$(grep -F 'Trace stopped' "$log")"
}
check 'a kill in the middle of a line leaves a trace that replays' killed

# The cached state is in force until there is a new one; no peer is removed meanwhile.
earlier_life() {
	rm "$state" && wg set "$device" peer "$(key 9)" allowed-ips 10.99.0.0/16 && begin 302 --interval 1s &&
		told '"do":"restart"' && state_of 300 && eventually peers_are 300 && told '"remove_peer '
}
check 'a run that starts from a cached state goes on in the same trace' earlier_life

# From the segment of the second run on: the first one's events are not in it.
last_second() {
	replays --last 1s && not grep -qF '"do":"restart"' "$scenario"
}
later() {
	eventually last_second && replays --since 2026-01-01T00:00:00Z &&
		grep -qF '"do":"restart"' "$scenario"
}
check 'its end alone replays, too' later

# What of this is in the trace and in the scenario: keys in base64, without its padding, and in hex.
needles() {
	cut -f "$1" "$work/keys"
	cat "$work/identity/private_key"
}
needles_are() { # needles_are COLUMN COUNT
	needles "$1" | sed 's/=*$//' >"$work/needles"
	needles "$1" | while read -r line; do
		printf '%s' "$line" | base64 -d | od -An -v -tx1 -w32 | tr -d ' '
	done >>"$work/needles"
	same "$2" "$(wc -l <"$work/needles")" && grep -qFf "$work/needles" "$work/keys"
}
no_secrets() {
	traced && needles_are 2 602 && same '' "$(grep -oiFhf "$work/needles" "$scenario" "$work"/identity/trace-*)" &&
		needles_are 1 602 && same '' "$(grep -oiFhf "$work/needles" "$scenario")" || return 1
	printf '%s\n' secret-name 203.0.113. fd5e:c4e7 localhost '10.100.0.1/' >"$work/needles"
	same '' "$(grep -oFhf "$work/needles" "$scenario" | sort | uniq -c)"
}
check 'no secret of the runs is in the trace, and no key, name or address in the scenario' no_secrets

ends_well() {
	stop && replays && grep -q '"do":"teardown","returns":"ok"' "$scenario" &&
		same '' "$(grep -F 'Trace stopped' "$log")"
}
check 'the end is traced too' ends_well

elsewhere() {
	cp -r "$work/identity" "$work/copy" && rm "$work/copy/private_key" &&
		status 0 "$plexwg" trace --identity "$work/copy" && cp "$out" "$work/copied.json" &&
		status 0 "$plexwg" replay "$work/copied.json"
}
check 'a copy of the directory without the private key will do' elsewhere

damaged() {
	local first
	first=$(ls "$work"/copy/trace-*.jsonl | head -n 1)
	sed -i '2s/"kind"/"kond"/' "$first" && status 1 "$plexwg" trace --identity "$work/copy" --output "$scenario" &&
		grep -F "$first: line 2: kind: missing" "$err" && rm "$work"/copy/trace-* &&
		status 1 "$plexwg" trace --identity "$work/copy" && grep -F "$work/copy: no trace" "$err" &&
		status 64 "$plexwg" trace --last 1s --since 2026-01-01T00:00:00Z
}
check 'damage is named by file and line' damaged
tap_end
