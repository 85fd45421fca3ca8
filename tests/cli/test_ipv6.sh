#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# An interface without IPv6: off by sysctl, or an MTU under 1280.
# Usage: test_ipv6.sh PLEXWG [userspace|kernel]
set -u
. "$(dirname "$0")/tap.sh"
. "$(dirname "$0")/daemon.sh"
plexwg=$(realpath "$1") controller=${2:-userspace} device=pxw-six
world 'an interface that takes no IPv6' "$0" "$@"
trap 'kill_daemon; down; rm -rf "$work"' EXIT
down() {
	"$plexwg" down --interface "$device" --controller "$controller"
}
is_gone() {
	not ip link show "$device"
}
identity=$work/identity
state=$work/state.json
"$plexwg" init --identity "$work/identity" --mesh-ip 10.100.0.1 >/dev/null
"$plexwg" init --identity "$work/six" --mesh-ip fd00::1 >/dev/null
k2=$(key 2)
document "$(entry two "$k2" '"10.2.0.0/16", "fd02::/64", "fd03::/64"')" | replace "$state"
run() { # run COMMAND [OPTION]...
	local command=$1
	shift
	"$plexwg" "$command" --state "$state" --identity "$identity" --interface "$device" \
		--controller "$controller" "$@"
}
disable_ipv6() { # disable_ipv6 0|1
	local which
	for which in /proc/sys/net/ipv6/conf/*/disable_ipv6; do
		echo "$1" >"$which" || return 1
	done
}
routes_are() {
	same "$*" "$({ ip -4 route show dev "$device" proto 158 && ip -6 route show dev "$device" proto 158; } |
		awk '{ print $1 }' | paste -sd' ')"
}
warned() { # warned REASON: on the last run's standard output, in one line
	same "warning: no route to 2 IPv6 prefixes: $1" "$(grep warning: "$out")"
}
is_off='IPv6 is off (sysctl net.ipv6.conf.*.disable_ipv6)'
is_small='the MTU is under 1280, the least that IPv6 takes'

if ! disable_ipv6 1; then
	skip 'IPv6 is off by sysctl' 'the sysctls cannot be set here'
else
	off() {
		status 0 run apply && warned "$is_off" && routes_are 10.2.0.0/16
	}
	check 'with IPv6 off apply sets the other routes and warns once, with the count' off
	off_converged() {
		status 0 run apply && warned "$is_off" && status 0 run plan && warned "$is_off"
	}
	check 'a plan after it is empty, and warns as well' off_converged
	down
	off_run() {
		start --state "$state" --interval 1s --log-level debug
		eventually routes_are 10.2.0.0/16 || return 1
		sleep 3
		said 'IPv6 routes not set' 1 && said "count=2 reason=\"$is_off\"" && silent level=ERROR && silent Problem
	}
	check 'the daemon warns once, without an error' off_run
	on_again() {
		disable_ipv6 0 && eventually routes_are 10.2.0.0/16 fd02::/64 fd03::/64
	}
	check 'it sets them when IPv6 is on' on_again
	off_again() {
		disable_ipv6 1 && eventually routes_are 10.2.0.0/16 && eventually said 'IPv6 routes not set' 2 &&
			silent level=ERROR && stop
	}
	check 'and does without them when it is off again' off_again
	mesh_off() {
		identity=$work/six
		status 1 run apply && grep "configure address: IPv6 is off" "$err" && is_gone &&
			status 1 run plan && grep "configure address: IPv6 is off" "$err"
	}
	check 'with an IPv6 mesh address and IPv6 off nothing is created, and the error has the reason' mesh_off
	mesh_waits() {
		identity=$work/six
		mv "$work/identity" "$work/four" && cp -rp "$work/six" "$work/identity"
		start --state "$state" --interval 1s
		eventually said "configure address: $is_off" || return 1
		is_gone && disable_ipv6 0 && eventually routes_are 10.2.0.0/16 fd02::/64 fd03::/64
	}
	check 'a daemon waits, and goes on when it is on' mesh_waits
	mesh_lost() {
		disable_ipv6 1 && eventually said "configure address: $is_off" 2 && disable_ipv6 0 &&
			eventually routes_are 10.2.0.0/16 fd02::/64 fd03::/64 && stop
	}
	check 'also when it was off in between' mesh_lost
	rm -r "$work/identity"
	mv "$work/four" "$work/identity"
fi

small() {
	identity=$work/identity
	status 2 run plan --mtu 1200 && warned "$is_small" && status 0 run apply --mtu 1200 && warned "$is_small" &&
		routes_are 10.2.0.0/16 && status 0 run plan --mtu 1200 && status 0 run plan && warned "$is_small"
}
check 'with an MTU under 1280 the other routes are set, and a warning has the number of the rest' small
grown() {
	status 2 run plan --mtu 1280 && grep -x '+ route fd02::/64' "$out" && not grep warning "$out" &&
		status 0 run apply --mtu 1280 && routes_are 10.2.0.0/16 fd02::/64 fd03::/64
}
check 'with one of 1280 all are' grown
down
mesh_small() {
	local command
	identity=$work/six
	for command in plan apply run; do
		status 1 run "$command" --mtu 1279 &&
			grep 'MTU must be at least 1280 with an IPv6 mesh address' "$err" || return 1
	done
	is_gone
}
check 'with an IPv6 mesh address such an MTU is rejected by name, and nothing is created' mesh_small
adopted() {
	local before
	identity=$work/identity
	status 0 run apply --mtu 1200 && before=$(dump) && identity=$work/six &&
		status 1 run apply && grep "configure address: $is_small" "$err" && same "$before" "$(dump)" &&
		status 1 run plan && grep "configure address: $is_small" "$err"
}
check 'so is that of an existing interface, which is not changed' adopted
adopted_grown() {
	status 0 run apply --mtu 1400 && ip -6 addr show "$device" | grep 'inet6 fd00::1/128' &&
		routes_are 10.2.0.0/16 fd02::/64 fd03::/64
}
check 'unless another is configured, which is set before the address' adopted_grown
mesh_shrunk() {
	mv "$work/identity" "$work/four" && cp -rp "$work/six" "$work/identity"
	start --state "$state" --interval 1h --mtu 1400
	eventually said 'Interface configured' && ip link set "$device" mtu 1200 || return 1
	eventually routes_are 10.2.0.0/16 fd02::/64 fd03::/64 && ip -6 addr show "$device" | grep fd00::1/128 && stop
}
check 'an MTU that another program makes too small is corrected, with the address and the routes' mesh_shrunk
tap_end
