#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# plexwg started without some of its standard descriptors: what it opens does not get their numbers.
# Usage: test_descriptors.sh PLEXWG
set -u
here=$(dirname "$0")
. "$here/tap.sh"
. "$here/daemon.sh"
world 'standard descriptors that are closed' "$0" "$@"
trap '[ -z "$pid" ] || kill "$pid" 2>/dev/null; ip link del "$device" 2>/dev/null; rm -rf "$work"' EXIT
plexwg=$(realpath "$1")
device=pxw-fds controller=userspace patience=30
"$plexwg" init --identity "$work/identity" --mesh-ip 10.100.0.1 >/dev/null
document "$(entry two "$(key 2)" '"10.0.0.2/32"')" >"$work/state.json"

# The helper that starts programs, as the daemon's child.
helper() {
	pgrep -P "$pid"
}
locked() {
	! flock -n /run/plexwg/*.lock true
}
no_others() { # no program here was started for anything else
	local program
	for program in $(pgrep -x -f '[^ ]*wireguard-go -f .*'); do
		[ ! "/proc/$program/ns/net" -ef /proc/self/ns/net ] || same "$(programs)" "$program" || return
	done
}
standard_are_taken() {
	local fd
	for fd in 0 1 2; do
		[ -e "/proc/$pid/fd/$fd" ] || return
		case " $closed " in
		*" $fd "*) same /dev/null "$(readlink "/proc/$pid/fd/$fd")" || return ;;
		esac
	done
}
# Only the device's own program is started, and what a daemon leaves behind holds no lock.
runs_without() { # runs_without FD...
	local closed=$* left
	: >"$log"
	(
		for fd; do eval "exec $fd>&-"; done
		exec "$plexwg" run --identity "$work/identity" --interface "$device" --controller userspace \
			--state "$work/state.json" --interval 1s --log-level debug
	) >>"$log" 2>&1 &
	pid=$!
	eventually keys_are "$(key 2)" && standard_are_taken && locked || return
	# Something to log, and to order.
	ip link del "$device"
	eventually keys_are "$(key 2)" && kill -HUP "$pid" && sleep 0.2 || return
	no_others || return
	left=$(helper)
	kill_daemon
	eventually not locked && eventually not kill -0 "$left" || return
	ip link del "$device"
	eventually same '' "$(programs)"
}
for closed in '' '0' '1' '2' '0 1' '0 2' '1 2' '0 1 2'; do
	# shellcheck disable=SC2086 # a list
	check "the daemon runs without descriptors (${closed:-none})" runs_without $closed
done

nowhere() { # what it is to print does not arrive, which is no success
	local got=0
	"$plexwg" --version >&- 2>"$err" || got=$?
	cat "$err"
	same 1 $got && grep 'standard output: cannot be written' "$err"
}
check 'without standard output, output is an error' nowhere
no_input() {
	local got=0
	"$plexwg" plan --state - --actual "$here/../../fixtures/plan/two-peers.dump" <&- >"$out" 2>"$err" || got=$?
	cat "$out" "$err"
	same 1 $got && grep 'standard input: ' "$err"
}
check 'without standard input there is nothing to read' no_input
tap_end
