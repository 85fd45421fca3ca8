#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The cost of an event follows its change, not the number of peers on the device: no event about a
# known peer reads the device. PLEXWG_EVENTS_PEERS is the number of peers, 10000 by default.
# Usage: test_events.sh PLEXWG userspace|kernel CONTROL_PLANE
set -u
. "$(dirname "$0")/tap.sh"
. "$(dirname "$0")/daemon.sh"
plexwg=$(realpath "$1") controller=$2 device=pxw-events
peers=${PLEXWG_EVENTS_PEERS:-10000} events=200 patience=300
command -v strace >/dev/null || { skip 'events read no device' 'needs strace' && tap_end && exit; }
world 'events read no device' "$0" "$@"
# To delete the kernel's takes minutes: it goes with its machine.
delete() {
	[ "$controller" = kernel ] || ip link del "$device"
}
trap 'kill_daemon; kill "$plane"; delete; rm -rf "$work"' EXIT

"$3" --listen 127.0.0.1:8080 --admin 127.0.0.1:8081 >"$work/plane.log" &
plane=$!
# request METHOD PATH BODY: one of several for ask.
request() {
	local LC_ALL=C
	printf '%s %s HTTP/1.1\r\nHost: plane\r\nContent-Length: %s\r\n\r\n%s' "$1" "$2" "${#3}" "$3"
}
# ask COUNT: the control plane agrees to that many requests on standard input.
ask() {
	exec 3<>/dev/tcp/127.0.0.1/8081 && cat >&3 || return 1
	printf 'GET /counters HTTP/1.1\r\nHost: plane\r\nConnection: close\r\n\r\n' >&3
	same $(($1 + 1)) "$(grep -c '^HTTP/1.1 200' <&3)"
}

# Any 32 bytes can be a public key.
mapfile -t keys < <(head -c $((32 * (peers + 2))) /dev/urandom | base64 -w 42 |
	awk -v count=$((peers + 1)) 'NR <= count { print $0 "A=" }')
peer() { # peer NUMBER PORT [PREFIX]...
	local number=$1 port=$2 ips
	shift 2
	[ $# -gt 0 ] || set -- "10.$((number >> 16)).$((number >> 8 & 255)).$((number & 255))/32"
	printf -v ips ',"%s"' "$@"
	printf '{"id":"peer-%d","public_key":"%s","endpoint":"192.0.2.1:%d","allowed_ips":[%s]}' \
		"$number" "${keys[number]}" "$port" "${ips:1}"
}
document_of() { # document_of COUNT
	local number comma=
	printf '{"peers":['
	for ((number = 0; number < $1; number++)); do
		printf %s "$comma" && peer "$number" 1 && comma=,
	done
	printf ']}'
}
joins() {
	eventually ask 0 </dev/null && echo join-token >"$work/token" || return 1
	status 0 "$plexwg" join --api http://127.0.0.1:8080 --token-file "$work/token" \
		--identity "$work/identity" && request PUT /nodes/node-1/state "$(document_of "$peers")" | ask 1
}
has_all() {
	said 'msg="Peers changed"' && same "$peers" "$(keys | wc -l)"
}
converges() {
	joins || return 1
	start --api http://127.0.0.1:8080 --interval 1h --keep-interface --no-routes
	eventually has_all
}
check "a device of $peers peers" converges

# event PEER: a request that sends one.
event() {
	request POST /events "{\"event_type\":\"peer_endpoint_changed\",\"payload\":$1}"
}
# sends COUNT PEER PORT: those in $work/requests are sent and handled, the last being about that peer.
sends() {
	local begin=$EPOCHREALTIME
	ask "$1" <"$work/requests" && eventually has_endpoint "${keys[$2]}" "192.0.2.1:$3" || return 1
	echo "# $1 events: $(((${EPOCHREALTIME/./} - ${begin/./}) / 1000)) ms" >>"$work/times"
}
endpoint_events() { # endpoint_events PORT: to peers all over the device
	local i
	for ((i = 0; i < events; i++)); do
		event "$(peer $((i * (peers / events))) $(($1 + i)))"
	done >"$work/requests"
	sends $events $(((events - 1) * (peers / events))) $(($1 + events - 1)) &&
		has_endpoint "${keys[0]}" "192.0.2.1:$1"
}
check "$events events about endpoints have their effect" endpoint_events 2000
cat "$work/times"

is_traced() {
	grep -q '^TracerPid:.*[1-9]' "/proc/$pid/status"
}
# traced COMMAND...: what the daemon asks of the system meanwhile, in $work/calls.
traced() {
	local status=0 tracer
	strace -f -qq -s 200 -e trace=sendto,sendmsg,write -o "$work/calls" -p "$pid" &
	tracer=$!
	eventually is_traced && "$@" || status=$?
	kill "$tracer" && wait "$tracer"
	return $status
}
# Whether the device was read. Of a netlink family that it does not know strace names no dump; the
# command to get a device is 0, in version 1.
reads() {
	grep 'get=1\|\(NLM_F_DUMP\|[|]0x300\),.*}, "\\x00\\x01' "$work/calls"
}
cycle() {
	kill -HUP "$pid" && eventually reads
}
check 'a cycle is seen to read the device' traced cycle
# What the device has of all but those peers.
others() {
	wg show "$device" allowed-ips | grep -vF -f <(printf '%s\n' "$@") | sort
}
none_reads() {
	others none >"$work/before"
	traced endpoint_events 4000 && not reads && same '' "$(others none | diff "$work/before" -)"
}
check 'no event about an endpoint reads the device or changes allowed IPs' none_reads

has_just() { # has_just PEER PREFIX...
	same "$(printf '%s\n' "${@:2}" | sort)" \
		"$(wg show "$device" allowed-ips | grep -F "${keys[$1]}" | cut -f 2 | tr ' ' '\n' | sort)"
}
changes() {
	{
		event "$(peer 1 6001 10.0.0.1/32 10.99.0.0/16)"
		event "$(peer 2 6002 10.98.0.0/16)"
		event "$(peer 3 6003 10.0.0.3/32 10.0.0.4/32)"
		event "$(peer 4 6004 10.97.0.0/16)"
		event "$(peer 5 6005 10.0.0.5/32 10.99.0.0/16)"
		event "$(peer 1 6006)"
	} >"$work/requests"
	sends 6 1 6006
}
moves() {
	local moved=("${keys[1]}" "${keys[2]}" "${keys[3]}" "${keys[4]}" "${keys[5]}")
	others "${moved[@]}" >"$work/before"
	traced changes && not reads && same '' "$(others "${moved[@]}" | diff "$work/before" -)" &&
		has_just 1 10.0.0.1/32 && has_just 2 10.98.0.0/16 &&
		has_just 3 10.0.0.3/32 10.0.0.4/32 && has_just 4 10.97.0.0/16 &&
		has_just 5 10.0.0.5/32 10.99.0.0/16
}
check 'nor do those read it that add, remove and move allowed IPs' moves
tap_end
