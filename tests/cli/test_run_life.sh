#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# plexwg run from its start to its end, and changes of its device by other programs meanwhile.
# Usage: test_run_life.sh PLEXWG [userspace|kernel]
set -u
. "$(dirname "$0")/tap.sh"
. "$(dirname "$0")/daemon.sh"
plexwg=$(realpath "$1") controller=${2:-userspace} device=pxw-life
world 'the life of the daemon' "$0" "$@"
down() {
	"$plexwg" down --interface "$device" --controller "$controller"
}
trap 'kill_daemon; down; rm -rf "$work"' EXIT
"$plexwg" init --identity "$work/identity" --mesh-ip 10.100.0.1 --node-id node-1 >/dev/null
own_key=$("$plexwg" init --identity "$work/other" --mesh-ip 10.100.0.9 --node-id node-1)
state=$work/state.json
k2=$(key 2) k3=$(key 3) k4=$(key 4)
two=$(entry two "$k2" '"10.100.0.2/32"' '"endpoint": "198.51.100.2:51820"')
three=$(entry three "$k3" '"10.100.0.3/32"')
document "$two" "$three" | replace "$state"
begin() { # begin [WORD...]: started, and converged
	start --state "$state" "$@" && eventually keys_are "$k2" "$k3"
}
is_gone() {
	not ip link show "$device"
}
has_address() {
	ip -4 addr show "$device" | grep "inet $1/32"
}
is_right() {
	link_is_up && has_address 10.100.0.1 && keys_are "$k2" "$k3"
}

by_hand() {
	begin --interval 1s || return 1
	wg set "$device" peer "$k3" allowed-ips 10.3.0.0/16 peer "$k2" remove peer "$k4" allowed-ips 10.100.0.2/32
	eventually keys_are "$k2" "$k3" && eventually has_allowed_ips "$k3" 10.100.0.3/32 && stop
}
check 'peers changed by hand are corrected by the next cycle' by_hand

# From here on no interval passes: what is put right was noticed.
begin --interval 1h --mtu 1400 --log-level debug
drifts() { # drifts COMMAND...: after it, all is right again
	"$@" && eventually is_right
}
check 'a deleted link is made again at once, with its peers' drifts ip link del "$device"
check 'a link that is down is brought up' drifts ip link set "$device" down
check 'a lost address is assigned again' drifts ip addr del 10.100.0.1/32 dev "$device"
extra_address() {
	ip addr add 192.0.2.77/32 dev "$device" && eventually not has_address 192.0.2.77
}
check 'an address that is not ours is removed' extra_address
other_mtu() {
	ip link set "$device" mtu 1300 && eventually bash -c "ip link show $device | grep -q 'mtu 1400'"
}
check 'another MTU is corrected' other_mtu
routes_are_there() {
	same '10.100.0.2 10.100.0.3' "$(ip route show dev "$device" proto 158 | awk '{ print $1 }' | paste -sd' ')"
}
route_deleted() {
	eventually routes_are_there && ip route del 10.100.0.3 && eventually routes_are_there &&
		ip route flush table main && eventually routes_are_there
}
check 'routes that another program deletes or flushes are set again at once' route_deleted
routes_fight() { # routes_fight COMMAND...: again and again for 3 s
	local before start=$SECONDS times
	before=$(grep -c 'Route changed.*add.*10.100.0.3' "$log")
	while [ $((SECONDS - start)) -lt 3 ]; do
		"$@"
		sleep 0.02
	done
	times=$(($(grep -c 'Route changed.*add.*10.100.0.3' "$log") - before))
	[ "$times" -ge 1 ] && [ "$times" -le $((SECONDS - start + 2)) ] && eventually routes_are_there
}
check 'routes that another program deletes again and again are set again once a second' \
	routes_fight ip route flush dev "$device" proto 158
fight() { # another that takes the link down as soon as it is up
	local before start=$SECONDS times
	before=$(grep -c 'Interface drifted' "$log")
	while [ $((SECONDS - start)) -lt 3 ]; do
		ip link set "$device" down
		sleep 0.02
	done
	times=$(($(grep -c 'Interface drifted' "$log") - before))
	[ "$times" -ge 1 ] && [ "$times" -le $((SECONDS - start + 2)) ] && eventually is_right
}
check 'a link that another program takes down again and again is brought up once a second' fight
if [ "$controller" = userspace ]; then
	killed() {
		local old
		old=$(programs) && kill -KILL "$old" && eventually not kill -0 "$old" || return 1
		eventually is_right && [ "$(programs)" != "$old" ]
	}
	check 'a userspace backend that is killed is started again' killed
	left_alone() {
		same 1 "$(programs | wc -l)"
	}
	check 'there is one of it' left_alone
fi

reload() {
	wg set "$device" peer "$k2" remove
	kill -HUP "$pid"
	eventually is_right
}
check 'SIGHUP starts a cycle at once' reload
identity() { # identity DIRECTORY: put in the place of the daemon's
	cp -p "$work/$1"/* "$work/identity"
}
cp -rp "$work/identity" "$work/first"
new_identity() {
	identity other
	kill -HUP "$pid"
	eventually has_address 10.100.0.9 && same "$own_key" "$(wg show "$device" public-key)" &&
		keys_are "$k2" "$k3" && not has_address 10.100.0.1
}
check 'SIGHUP reloads the identity: another key and address come into force and the peers stay' new_identity
kept_after_reload() {
	document "$two" "$three" "$(entry four "$k4" '')" | replace "$state"
	eventually keys_are "$k2" "$k3" "$k4" && document "$two" "$three" | replace "$state" &&
		eventually keys_are "$k2" "$k3" && eventually grep -q '"node_id":"node-1"' "$work/identity/last_state.json"
}
check 'the state is cached under the same name after that' kept_after_reload
bad_identity() {
	echo nonsense >"$work/identity/private_key"
	kill -HUP "$pid"
	eventually said 'subsystem=reload' || return 1
	same "$own_key" "$(wg show "$device" public-key)" && has_address 10.100.0.9 && alive || return 1
	identity first
	kill -HUP "$pid"
	eventually is_right && said 'subsystem=reload' 2
}
check 'an identity that cannot be read changes nothing and is logged' bad_identity
other_node() {
	echo '{"node_id": "another", "mesh_ip": "10.100.0.9"}' >"$work/identity/identity.json"
	kill -HUP "$pid"
	eventually said 'the node_id changed, which requires a restart' && has_address 10.100.0.1 && alive || return 1
	identity first
	kill -HUP "$pid"
	eventually said 'subsystem=reload' 4 && is_right
}
check 'and so does that of another node' other_node
silent_secrets() {
	silent nonsense && silent "$(cat "$work/first/private_key")" && silent "$(cat "$work/other/private_key")"
}
check 'no private key is in the log' silent_secrets

second() {
	status 1 "$plexwg" run --state "$state" --identity "$work/first" --interface "$device" --controller "$controller" &&
		same "plexwg: run: another plexwg (pid $pid) looks after $device in this network namespace" "$(cat "$err")"
}
check 'a second daemon for the interface fails' second
held() { # held COMMAND WORD...
	local command=$1
	shift
	status 1 "$plexwg" "$command" --interface "$device" --controller "$controller" "$@" &&
		grep -q "another plexwg (pid $pid) looks after $device" "$err" && is_right
}
check 'so is apply' held apply --state "$state" --identity "$work/first"
check 'so is down' held down
look() {
	status 0 "$plexwg" show --interface "$device" --controller "$controller" &&
		status 0 "$plexwg" plan --interface "$device" --controller "$controller" --state "$state" \
			--identity "$work/identity" --mtu 1400
}
check 'plan and show still work' look
elsewhere() {
	ip netns add elsewhere
	ip -n elsewhere link set lo up
	# A userspace socket is found by name alone, whatever the namespace.
	ip netns exec elsewhere unshare -m bash -c "
		mount -t tmpfs tmpfs /run/wireguard
		cd '$work'
		apply() { '$plexwg' \"\$@\" --interface '$device' --controller $controller; }
		apply apply --state '$state' --identity first && apply down"
}
check 'an interface of that name in another network namespace is independent' elsewhere

ended() {
	same '' "$(programs)"
}
ends_by() { # ends_by SIGNAL
	stop "$1" && is_gone && said "signal=$1" || return 1
	[ "$controller" != userspace ] || eventually ended
}
check 'SIGTERM: the interface is gone, status 0' ends_by TERM
begin
check 'SIGINT: the same' ends_by INT
keeps() {
	local before
	begin --keep-interface --mtu 1400
	before=$(dump)
	stop && is_right && same "$before" "$(dump)"
}
check '--keep-interface: it stays as it is' keeps

traced() { # traced WORD...: a daemon whose system calls are written down
	: >"$log"
	ASAN_OPTIONS=detect_leaks=0 strace -f -qq -s 200 -e trace=sendto,sendmsg,write -o "$work/calls" \
		"$plexwg" run --identity "$work/identity" --interface "$device" --controller "$controller" \
		--state "$state" "$@" >"$log" 2>&1 &
	pid=$!
}
has_called() { # has_called PATTERN TIMES
	[ "$(grep -c "$1" "$work/calls")" -ge "$2" ]
}
restarts() {
	local before
	wg set "$device" peer "$k3" endpoint 203.0.113.3:999
	before=$(dump)
	traced --interval 1s --mtu 1400 --keep-interface
	# Two whole cycles: the second look is one that the interval brought.
	eventually has_called get=1 2 || return 1
	same "$before" "$(dump)" && not has_called 'set=1\|RTM_NEW\|RTM_DEL' 1 || return 1
	kill -TERM "$(pgrep -P "$pid")" && ends 0
}
if [ "$controller" = userspace ]; then
	if command -v strace >/dev/null; then
		check 'a restart over a correct device writes nothing to it' restarts
	else
		skip 'a restart over a device that is right writes nothing to it' 'needs strace'
	fi
fi
silent_peer() {
	wg set "$device" peer "$k2" endpoint 203.0.113.2:999 peer "$k3" endpoint 203.0.113.3:999
	start --state "$state" --mtu 1400 --keep-interface
	eventually has_endpoint "$k2" 198.51.100.2:51820 && has_endpoint "$k3" 203.0.113.3:999 && is_right
}
check 'but gives a silent peer the endpoint that the state has for it' silent_peer
kill_daemon
killed_daemon() {
	local before
	before=$(dump)
	wg set "$device" peer "$k4" allowed-ips 10.100.0.4/32
	rm "$state"
	start --state "$state" --keep-interface --mtu 1400
	eventually said 'Cached state in force' && eventually said 'No such file' || return 1
	keys_are "$k2" "$k3" "$k4" && wg set "$device" peer "$k4" remove && same "$before" "$(dump)"
}
check 'after kill -9 and without the file the last good state removes no peer' killed_daemon
kill_daemon
booted() {
	down && is_gone || return 1
	start --state "$state"
	eventually is_right && stop && is_gone
}
check 'a machine that boots without the file comes up with the last good state' booted
tap_end
