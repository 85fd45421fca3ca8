#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# plexwg with host names as endpoints and a name server that changes its answers, drops questions,
# truncates and fails. Two nodes, each a network namespace, and a flow of pings between them.
# Usage: test_run_name_servers.sh PLEXWG [userspace|kernel]
set -u
. "$(dirname "$0")/tap.sh"
. "$(dirname "$0")/daemon.sh"
here=$(cd "$(dirname "$0")" && pwd)
plexwg=$(realpath "$1") controller=${2:-userspace}
world 'names are looked up' "$0" "$@"
server=
trap 'kill_daemon; server_end; down a; down b; rm -rf "$work"' EXIT

for node in a b; do
	ip netns add $node
	ip -n $node link set lo up
done
# Beyond a router no address is nearer than another, so that the system leaves them in their order.
ip link add va netns a type veth peer name vb netns b
ip -n a addr add 192.0.2.1/24 dev va
ip -n b addr add 192.0.2.2/24 dev vb
ip -n a link set va up
ip -n b link set vb up
ip -n a route add 198.51.100.0/24 via 192.0.2.2
ip -n b addr add 198.51.100.2/32 dev lo

echo 'nameserver 127.0.0.1
options timeout:1 attempts:4' | etc resolv.conf
echo 'hosts: dns' | etc nsswitch.conf
: | etc hosts
zone=$work/zone
server_start() { # server_start [DROP_EVERY]
	: >"$work/questions" # of the one before
	ip netns exec a python3 -B "$here/name_server.py" "$zone" "$@" >"$work/questions" &
	server=$!
	eventually grep -q bound "$work/questions"
}
server_end() {
	[ -z "$server" ] || { kill "$server" && wait "$server"; } 2>/dev/null
	server=
}
zone() { # zone LINE...: the answers of the name server from now on
	printf '%s\n' "$@" | replace "$zone"
}
questions() { # questions NAME
	grep -c "^$1 1 " "$work/questions"
}

a() { # a COMMAND...: plexwg in node a
	local command=$1
	shift
	ip netns exec a "$plexwg" "$command" --interface pxw-names-a --controller "$controller" "$@"
}
down() { # down NODE
	ip netns exec "$1" "$plexwg" down --interface "pxw-names-$1" --controller "$controller"
}
wg_of_a() { # wg_of_a WHAT KEY
	ip netns exec a wg show pxw-names-a "$1" | awk -v key="$2" '$1 == key { print $2 }'
}
is_at() { # is_at KEY ENDPOINT
	same "$2" "$(wg_of_a endpoints "$1")"
}
start_a() {
	log=$work/log
	: >"$log"
	ip netns exec a "$plexwg" run --interface pxw-names-a --controller "$controller" \
		--identity "$work/a" --state "$state" --interval 1s --log-level debug >"$log" 2>&1 &
	pid=$!
}
updates() { # updates ID: how often it was written since it was added
	grep -c "Peer updated.*peer_id=$1\$" "$log"
}

state=$work/a.json
key_a=$("$plexwg" init --identity "$work/a" --mesh-ip 10.100.0.1)
key_b=$("$plexwg" init --identity "$work/b" --mesh-ip 10.100.0.2)
dead=$(key 3) idle=$(key 4) other=$(key 5)
named() { # named ID KEY NUMBER HOST
	entry "$1" "$2" "\"10.100.0.$3\"" "\"endpoint\": \"$4:51820\""
}
document "$(entry a "$key_a" '"10.100.0.1"' '"endpoint": "192.0.2.1:51820"')" >"$work/b.json"
ip netns exec b "$plexwg" apply --interface pxw-names-b --controller "$controller" \
	--identity "$work/b" --state "$work/b.json" >/dev/null

peers_there() {
	same 4 "$(ip netns exec a wg show pxw-names-a peers | wc -l)"
}
boot() {
	document "$(named live "$key_b" 2 peers.example)" "$(named dead "$dead" 3 peers.example)" \
		"$(named idle "$idle" 4 peers.example)" "$(named other "$other" 5 other.example)" | replace "$state"
	start_a
	eventually peers_there || return 1
	for key in "$key_b" "$dead" "$idle" "$other"; do
		is_at "$key" '(none)' || return 1
	done
	eventually said 'subsystem="host names"' && silent 'subsystem=cycle'
}
check 'without a name server all peers are there, without an endpoint' boot
calls_in() {
	ip netns exec b ping -W 10 -c 1 10.100.0.1 && is_at "$key_b" 192.0.2.2:51820
}
check 'and may connect' calls_in
ip netns exec b wg set pxw-names-b peer "$key_a" remove
ip netns exec b wg set pxw-names-b peer "$key_a" allowed-ips 10.100.0.1/32

# The state is away: what is known of names needs no other one.
answered() {
	mv "$state" "$state.away"
	zone 'peers.example turn 198.51.100.2 198.51.100.9' 'other.example short 198.51.100.7'
	server_start 3
	eventually is_at "$dead" 198.51.100.2:51820 && eventually is_at "$idle" 198.51.100.2:51820 || return 1
	eventually is_at "$other" 198.51.100.7:51820 && grep '^other.example 1 short tcp' "$work/questions" &&
		is_at "$key_b" 192.0.2.2:51820 && same '0 1 1 1' \
		"$(updates live) $(updates dead) $(updates idle) $(updates other)"
}
check 'once it answers they have one, except the one that connected' answered
mv "$state.away" "$state"

# Now all peers start again, at the address of their name.
stop >/dev/null
begins() {
	zone 'peers.example turn 198.51.100.2' 'other.example turn 198.51.100.7'
	server_end
	server_start # that drops nothing, so that a question more is a lookup more
	start_a
	for key in "$key_b" "$dead" "$idle"; do
		eventually is_at "$key" 198.51.100.2:51820 || return 1
	done
	zone 'peers.example turn 198.51.100.9 198.51.100.10 198.51.100.2' 'other.example turn 198.51.100.7'
	ip netns exec a ping -W 10 -c 1 10.100.0.2
}
check 'a peer is reached by its name' begins

# Packets are sent to the dead one, so that its name is looked up again after a minute, and again.
turns() {
	local flow noise asked
	asked=$(questions peers.example)
	ip netns exec a ping -W 10 -q -i 0.1 10.100.0.2 >"$work/pings" 2>&1 &
	flow=$!
	ip netns exec a ping -q -i 1 10.100.0.3 >/dev/null 2>&1 &
	noise=$!
	patience=100 eventually asked_again "$asked"
	local got=$?
	zone 'peers.example turn 198.51.100.9 198.51.100.10' 'other.example servfail'
	[ $got != 0 ] || patience=100 eventually not is_at "$dead" 198.51.100.2:51820 || got=1
	kill -INT $flow $noise
	wait $flow $noise
	cat "$work/pings"
	[ $got = 0 ] && grep ' 0% packet loss' "$work/pings"
}
asked_again() { # asked_again TIMES
	[ "$(questions peers.example)" -gt "$1" ]
}
check 'answers change and vanish, and no ping to the live peer is lost' turns
unwritten() {
	cat "$log"
	is_at "$key_b" 198.51.100.2:51820 && is_at "$idle" 198.51.100.2:51820 && same '0 0 0' \
		"$(updates live) $(updates idle) $(updates other)"
}
check 'neither it nor the idle one was written' unwritten
dead_follows() {
	same 1 "$(updates dead)" && ip netns exec a wg show pxw-names-a endpoints |
		grep -E "^$dead	198\.51\.100\.(9|10):51820$"
}
check 'the dead one was, once, when its address was no longer among the answers' dead_follows
loses() {
	zone 'peers.example nxdomain' 'other.example servfail'
	document "$(named live "$key_b" 2 peers.example)" "$(named other "$other" 5 other.example)" \
		"$(named dead "$dead" 3 peers.example)" "$(named new "$idle" 6 gone.example)" | replace "$state"
	eventually said 'gone.example' || return 1
	is_at "$key_b" 198.51.100.2:51820 && is_at "$other" 198.51.100.7:51820 && same 0 "$(updates live)"
}
check 'a name that is no longer known removes nothing' loses
check 'the daemon ends well' stop

apply_with() { # apply_with STATUS LINE...: of the zone
	local wanted=$1
	shift
	zone "$@"
	document "$(named live "$key_b" 2 peers.example)" "$(named other "$other" 5 other.example)" >"$work/apply.json"
	status "$wanted" a apply --identity "$work/a" --state "$work/apply.json" --json
}
warns() { # warns REASON
	grep -xE '    "peers\[1\] \\"other\\": endpoint: \\"other.example\\": '"$1"'"' "$out"
}
applied() {
	apply_with 0 'peers.example turn 198.51.100.2' 'other.example empty' || return 1
	warns 'No address associated with hostname' && is_at "$key_b" 198.51.100.2:51820 && is_at "$other" '(none)'
}
check 'apply installs a peer whose name has no address, and warns' applied
applied_late() {
	apply_with 0 'peers.example turn 198.51.100.9' 'other.example silent' || return 1
	warns '(no answer in time|Temporary failure in name resolution)' && is_at "$other" '(none)'
}
check 'it does not wait for ever' applied_late
tap_end
