#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Two nodes, each a network namespace with a daemon of its own, and a flow of pings between them, while
# the daemons are killed, started, reloaded and ended: no ping is lost, and no peer is touched.
# Usage: test_run_traffic.sh PLEXWG [userspace|kernel]
set -u
. "$(dirname "$0")/tap.sh"
. "$(dirname "$0")/daemon.sh"
plexwg=$(realpath "$1") controller=${2:-userspace}
world 'no ping is lost' "$0" "$@"
declare -A pids=()
trap 'for node in a b; do pid=${pids[$node]:-}; kill_daemon; down $node; done; rm -rf "$work"' EXIT

for node in a b; do
	ip netns add $node
	ip -n $node link set lo up
done
ip link add va netns a type veth peer name vb netns b
ip -n a addr add 192.0.2.1/24 dev va
ip -n b addr add 192.0.2.2/24 dev vb
ip -n b addr add 192.0.2.3/24 dev vb
ip -n a link set va up
ip -n b link set vb up
key_a=$("$plexwg" init --identity "$work/a" --mesh-ip 10.100.0.1)
key_b=$("$plexwg" init --identity "$work/b" --mesh-ip 10.100.0.2)
document "$(entry b "$key_b" '"10.100.0.2"' '"endpoint": "192.0.2.2:51820"')" >"$work/a.json"
document "$(entry a "$key_a" '"10.100.0.1"' '"endpoint": "192.0.2.1:51820"')" >"$work/b.json"

down() { # down NODE
	ip netns exec "$1" "$plexwg" down --interface "pxw-traffic-$1" --controller "$controller"
}
node_start() { # node_start NODE [WORD...]
	: >"$work/$1.log" # before the daemon does, so that nobody reads what its predecessor said
	ip netns exec "$1" "$plexwg" run --interface "pxw-traffic-$1" --controller "$controller" \
		--identity "$work/$1" --state "$work/$1.json" --interval 1s "${@:2}" >"$work/$1.log" 2>&1 &
	pids[$1]=$!
	log=$work/$1.log pid=${pids[$1]}
	eventually said 'Interface configured'
}
node_kill() { # node_kill NODE
	pid=${pids[$1]}
	kill_daemon
}
wg_of() { # wg_of NODE WHAT
	ip netns exec "$1" wg show "pxw-traffic-$1" "$2"
}
ping_from_a() { # ping_from_a COUNT [WORD...]
	ip netns exec a ping -W 10 -c "$1" "${@:2}" 10.100.0.2
}
none_lost() {
	grep ' 0% packet loss' "$work/pings"
}

comes_up() {
	node_start a && node_start b && eventually ping_from_a 1
}
check 'two nodes reach each other' comes_up
# From here on node b is elsewhere than in node a's state, as if it had moved: it answers from
# where it is spoken to.
roams() {
	ip netns exec a wg set pxw-traffic-a peer "$key_b" endpoint 192.0.2.3:51820
	ping_from_a 5 -i 0.2 && has_roamed
}
has_roamed() {
	wg_of a endpoints | grep -x "$key_b	192.0.2.3:51820"
}
check 'a peer may be elsewhere than in the state' roams

# What a write to the peer, or a session that began anew, would change.
session() {
	for what in latest-handshakes endpoints allowed-ips; do
		wg_of a $what | grep "^$key_b"
		wg_of b $what
	done
}
traffic() { # traffic COMMAND...: done again and again in the middle of a flow of pings
	local before flow rounds=0
	before=$(session)
	ping_from_a 200 -q -i 0.01 >"$work/pings" 2>&1 &
	flow=$!
	while kill -0 $flow 2>/dev/null; do
		"$@" || return 1
		rounds=$((rounds + 1))
	done
	wait $flow
	echo "$rounds rounds"
	cat "$work/pings"
	none_lost && same "$before" "$(session)" && has_roamed
}
killed() {
	for node in a b; do
		node_kill $node
		node_start $node || return 1
		sleep 0.1
	done
}
check 'no ping is lost and no peer touched when both daemons are killed and started again' traffic killed
reloaded() {
	kill -HUP "${pids[a]}" "${pids[b]}"
	touch "$work/a.json" "$work/b.json"
	sleep 0.05
}
check 'nor when they reload everything' traffic reloaded
upgraded() {
	for node in a b; do
		node_kill $node
		node_start $node --keep-interface || return 1
		pid=${pids[$node]}
		stop || return 1
		node_start $node || return 1
	done
}
check 'nor when they are ended with --keep-interface and started again' traffic upgraded
added() {
	document "$(entry b "$key_b" '"10.100.0.2"' '"endpoint": "192.0.2.2:51820"')" \
		"$(entry c "$(key 3)" "\"10.100.3.$((RANDOM % 250))\"")" | replace "$work/a.json"
	sleep 0.05
}
check 'nor when another peer comes and changes' traffic added
without_state() {
	local back=$work/a.json.kept
	mv "$work/a.json" "$back"
	node_kill a
	node_start a && mv "$back" "$work/a.json"
}
check 'nor when a daemon starts without its state file' traffic without_state
tap_end
