#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The guard against mass removal, in the daemon. Usage: test_guard.sh PLEXWG
set -u
. "$(dirname "$0")/tap.sh"
plexwg=$1
daemon=
trap '[ -z "$daemon" ] || kill "$daemon" 2>/dev/null; rm -rf "$work"' EXIT
"$plexwg" init --identity "$work/identity" --mesh-ip 10.100.0.1 --node-id node-1 >/dev/null

state() { # state N...: a state of those peers, in the place of the last one
	numbered_peers "$@" >"$work/next"
	mv "$work/next" "$work/state.json"
}
start() { # start OPTION...: the daemon, converged on peers 2 to 5
	state 2 3 4 5
	: >"$work/log"
	"$plexwg" run --state "$work/state.json" --identity "$work/identity" --controller sim \
		--log-level debug "$@" 2>"$work/log" &
	daemon=$!
	logs 'Peer added' 4
}
stop() { # with the status of what came before
	local status=$?
	kill "$daemon"
	wait "$daemon" || status=1
	daemon=
	return "$status"
}
# What the daemon removed by then: a cycle's lines stand before the one of its peer that came.
removed_before_6() { # removed_before_6 COUNT N...: with the state of peers N
	local count=$1
	shift
	state "$@" 6
	logs 'Peer added.*peer-6' 1 && logs 'Peer removed' "$count"
}

held_back() {
	start --interval 1h --max-removal-percent 50 && removed_before_6 0 2 &&
		logs 'Mass removal withheld.*removals=3 peers=4 max_removal_percent=50' 1
}
check 'a state without most of the peers removes none of them, and that is logged' held_back
confirmed() {
	kill -HUP "$daemon" # the same file is read again
	logs 'Peer removed' 3 && logs 'Mass removal withheld' 1 && logs 'Mass removal no longer withheld' 1
	stop
}
check 'the same state a second time removes them' confirmed
half() {
	start --interval 1h --max-removal-percent 50 && removed_before_6 2 2 3
	stop
}
check 'half of them may go at once where 50 percent are allowed' half
off() {
	start --interval 1h && removed_before_6 3 2
	stop
}
check 'without the option all may go at once' off
configured() {
	echo '{"max_removal_percent": 50}' >"$work/config.json"
	start --interval 1h --config "$work/config.json" && removed_before_6 0 2
	stop
}
check 'the configuration file sets it too' configured
tap_end
