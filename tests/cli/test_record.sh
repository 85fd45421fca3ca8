#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# plexwg run --record on a real device: changes by other programs, states good and bad, kills and
# restarts.
# Usage: test_record.sh PLEXWG [userspace|kernel]
set -u
. "$(dirname "$0")/tap.sh"
. "$(dirname "$0")/daemon.sh"
plexwg=$(realpath "$1") controller=${2:-userspace} device=pxw-record
world 'a run of the daemon is recorded' "$0" "$@"
down() {
	"$plexwg" down --interface "$device" --controller "$controller"
}
trap 'kill_daemon; down; rm -rf "$work"' EXIT
"$plexwg" init --identity "$work/identity" --mesh-ip 10.100.0.1 --node-id node-1 >/dev/null
state=$work/state.json record=$work/record.json
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
begin() { # begin COUNT [WORD]...: started, recorded, and converged
	local count=$1
	shift
	start --state "$state" --record "$record" --no-routes "$@" && eventually peers_are "$count"
}
replays() { # replays [FILE]
	status 0 "$plexwg" replay "${1:-$record}" && same '1 passed, 0 failed' "$(tail -n 1 "$out")"
}
# The daemon has done something and recorded it.
told() { # told TEXT
	eventually grep -qF -- "$1" "$record" && replays
}
calls() {
	grep -c '"do":"reconcile"' "$record"
}

begins() {
	state_of 300 && begin 300 --interval 1s && told '"do":"expect"' && same 600 "$(stat -c %a "$record")" &&
		same 300 "$(grep -c '^	.*"add_peer ' "$record")"
}
check 'the recording of a run with 300 peers replays while the run goes on' begins

by_hand() {
	wg set "$device" peer "$(key_of 0)" remove peer "$(key_of 1)" \
		allowed-ips 10.77.0.0/16 peer "$(key 77)" allowed-ips 10.100.5.0/24
	eventually not grep -F "$(key 77)" <(keys) && eventually peers_are 300 && told '"remove_peer":' &&
		told '"set_peer":{'
}
check 'peers changed by hand are recorded as changes of the world' by_hand

link() {
	ip link set "$device" down && eventually link_is_up && told '"set_interface":{"up":false}' &&
		ip addr add 192.0.2.77/32 dev "$device" && told '"set_interface":{"addresses":[' &&
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
	kill_daemon && replays && same '' "$(grep -F 'Recording ended' "$log")"
}
check 'a kill leaves a recording that replays' killed

# The cached state is in force until there is a new one; no peer is removed meanwhile.
earlier_life() {
	rm "$state" && wg set "$device" peer "$(key 9)" allowed-ips 10.99.0.0/16 && begin 302 --interval 1s &&
		told '"ops":"any"' && replays "$record.old" && state_of 300 && eventually peers_are 300 && told '"remove_peer '
}
check 'a run that starts from a cached state replays, and the earlier recording is renamed' earlier_life

# What of this is in the recordings: keys in base64, without its padding, and in hex.
needles() {
	cut -f 1 "$work/keys"
	cut -f 2 "$work/keys"
	cat "$work/identity/private_key"
}
no_secrets() {
	needles | sed 's/=*$//' >"$work/needles"
	needles | while read -r line; do
		printf '%s' "$line" | base64 -d | od -An -v -tx1 -w32 | tr -d ' '
	done >>"$work/needles"
	same 1202 "$(wc -l <"$work/needles")" && grep -qFf "$work/needles" "$work/keys" || return 1
	same '' "$(grep -oiFhf "$work/needles" "$record" "$record.old")" || return 1
	printf '%s\n' secret-name 203.0.113. fd5e:c4e7 localhost '10.100.0.1/' >"$work/needles"
	same '' "$(grep -oFhf "$work/needles" "$record" "$record.old" | sort | uniq -c)"
}
check 'no key, name or address of the runs is in them' no_secrets

ends_well() {
	stop && replays && grep -q '"do":"teardown","returns":"ok"' "$record" &&
		same '' "$(grep -F 'Recording ended' "$log")"
}
check 'the end is recorded too' ends_well

refused() {
	status 1 "$plexwg" run --identity "$work/identity" --interface "$device" --controller "$controller" \
		--state "$state" --record /dev/null && grep -F '/dev/null: not a file' "$err" && [ -c /dev/null ] &&
		not ip link show "$device"
}
check 'a recording that cannot be made is an error before anything is touched' refused
tap_end
