#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Routes follow allowed IPs, and foreign routes stay, on a real device.
# Usage: test_routes.sh PLEXWG [userspace|kernel]
set -u
. "$(dirname "$0")/device.sh"
ip link add pxw-up type veth peer name pxw-down
ip addr add 192.0.2.1/24 dev pxw-up
ip link set pxw-up up
ip link set pxw-down up
device=pxw-route
k2=$(key 2) k3=$(key 3)

write_state() { # write_state ALLOWED_IPS_OF_TWO ALLOWED_IPS_OF_THREE
	printf '{"peers": [{"id": "two", "public_key": "%s", "endpoint": "192.0.2.2:51820", "allowed_ips": [%s]},
		{"id": "three", "public_key": "%s", "allowed_ips": [%s]}]}' "$k2" "$1" "$k3" "$2" >"$state"
	chmod 600 "$state"
}
run() { # run COMMAND [OPTION]...
	local command=$1
	shift
	"$plexwg" "$command" --state "$state" --identity "$work/identity" --interface "$device" \
		--controller "$controller" "$@"
}
routes() { # those of ours in a table: ours have protocol 158
	{ ip -N -4 route show table "${1:-254}" proto 158 && ip -N -6 route show table "${1:-254}" proto 158; } |
		awk '{ print $1 }' | sort | paste -sd' '
}
routes_are() { # routes_are TABLE ROUTE...
	local table=$1
	shift
	same "$(printf '%s\n' "$@" | sort | paste -sd' ')" "$(routes "$table")"
}
converged() { status 0 run plan "$@"; }

write_state '"10.2.0.0/16", "fd00:2::/64", "10.100.0.2/32"' '"10.3.0.0/16"'
check 'plan shows the routes' bash -c "\"$plexwg\" plan --state \"$state\" --identity \"$work/identity\" \
	--interface $device --controller "$controller" | grep -qx '+ route 10.2.0.0/16'"
check 'apply sets a route for every allowed IP' status 0 run apply
check 'they are in the main table and lead to the interface' routes_are 254 \
	10.2.0.0/16 fd00:2::/64 10.100.0.2 10.3.0.0/16
check 'a second plan is empty' converged
ip route del 10.3.0.0/16
check 'a route removed by hand is planned' status 2 run plan
check 'and set again' bash -c "\"$plexwg\" apply --state \"$state\" --identity \"$work/identity\" \
	--interface $device --controller "$controller" | grep -qx '+ route 10.3.0.0/16'"
write_state '"10.2.0.0/16"' '"10.3.0.0/16"'
check 'a route that is not desired is removed' status 0 run apply
check 'the others stay' routes_are 254 10.2.0.0/16 10.3.0.0/16

ip route add 10.4.0.0/16 dev pxw-up
write_state '"10.2.0.0/16"' '"10.3.0.0/16", "10.4.0.0/16"'
foreign() {
	status 0 run apply && grep 'warning: no route to 10.4.0.0/16: another route' "$out" &&
		routes_are 254 10.2.0.0/16 10.3.0.0/16 && ip route show 10.4.0.0/16 | grep pxw-up && converged
}
check 'a foreign route to the same prefix survives and is reported' foreign
ip route del 10.4.0.0/16
check 'when it is gone, ours is set' bash -c "\"$plexwg\" apply --state \"$state\" --identity \"$work/identity\" \
	--interface $device --controller "$controller" | grep -qx '+ route 10.4.0.0/16'"
ip route add 10.6.0.0/16 dev "$device" proto 158
left_over() {
	status 2 run plan && grep -x -e '- route 10.6.0.0/16' "$out" && status 0 run apply && converged
}
check 'a route of ours that is left over is a change by itself' left_over
ip route add 10.5.0.0/16 dev "$device" proto static
write_state '"10.2.0.0/16"' '"10.3.0.0/16"'
foreign_here() {
	status 0 run apply && ip route show 10.5.0.0/16 | grep static && routes_are 254 10.2.0.0/16 10.3.0.0/16
}
check 'a foreign route to our interface is not ours to remove' foreign_here
kept_here() { # names our interface, and does not lead into it
	ip route del 10.3.0.0/16 && ip route add local 10.3.0.0/16 dev "$device" table 254 || return 1
	status 0 run apply && grep 'warning: no route to 10.3.0.0/16: another route' "$out" &&
		ip route del local 10.3.0.0/16 table 254
}
check 'a local route to the prefix of ours is foreign' kept_here

roamed() { # as after a packet from there
	status 0 run apply && wg set "$device" peer "$k3" endpoint 10.2.0.9:51820 && converged && status 0 run apply &&
		routes_are 254 10.2.0.0/16 10.3.0.0/16
}
check 'a peer that sends from inside the prefix of another removes no route' roamed

write_state '"10.2.0.0/16", "192.0.0.0/8"' '"0.0.0.0/0"'
withheld() {
	status 0 run apply && grep 'no route to 192.0.0.0/8: it covers 192.0.2.2' "$out" &&
		grep 'no route to 0.0.0.0/0: a default route' "$out" && routes_are 254 10.2.0.0/16
}
check 'a default route, and one that covers an endpoint, are withheld from the main table' withheld
marked_main() {
	status 0 run apply --fwmark 0x2a && grep 'no route to 192.0.0.0/8: it covers 192.0.2.2' "$out" &&
		routes_are 254 10.2.0.0/16
}
check 'also with a mark, which keeps nothing out of that table' marked_main
covered() {
	status 0 run apply --route-table 51820 && routes_are 51820 10.2.0.0/16 &&
		grep 'no route to 0.0.0.0/0: it covers 192.0.2.2' "$out"
}
check 'a table of its own gets no route that covers an endpoint either' covered
marked() {
	status 0 run apply --route-table 51820 --fwmark 0x2a && routes_are 51820 10.2.0.0/16 192.0.0.0/8 default &&
		same 0x2a "$(wg show "$device" fwmark)"
}
check 'unless the mark keeps the tunnels out of that table' marked
check 'the mark is converged' converged --route-table 51820 --fwmark 0x2a
unmarked() {
	status 0 run apply --no-routes && same 0x2a "$(wg show "$device" fwmark)"
}
check 'the mark is not changed if none is given' unmarked
none() {
	ip route flush table 254 proto 158
	status 0 run apply --no-routes && routes_are 254 '' && converged --no-routes
}
check 'with --no-routes there are none' none
tap_end
