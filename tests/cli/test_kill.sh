#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# kill -9 at every message that apply sends, then apply again: converged, and correct peers were not
# touched. Usage: test_kill.sh PLEXWG [userspace|kernel]; PLEXWG_KILL_STEP=N tries each
# Nth message only, for a machine on which every process start takes long.
set -u
. "$(dirname "$0")/device.sh"
command -v strace >/dev/null || { skip 'apply killed anywhere' 'needs strace' && tap_end && exit; }
device=pxw-kill
# LeakSanitizer cannot work below strace, and a killed process leaks nothing.
export ASAN_OPTIONS=detect_leaks=0
args=(--identity "$work/identity" --interface "$device" --controller "$controller")

entry() { # entry ID KEY ALLOWED_IPS
	printf '{"id": "%s", "public_key": "%s", "endpoint": "198.51.100.7:1", "allowed_ips": [%s]}' "$@"
}
before=$work/before.json
after=$work/after.json
k2=$(key 2)
printf '{"peers": [%s,%s,%s]}' "$(entry right "$k2" '"10.2.0.0/16"')" \
	"$(entry moves "$(key 3)" '"10.3.0.0/16", "10.33.0.0/16"')" "$(entry goes "$(key 4)" '"10.4.0.0/16"')" >"$before"
printf '{"peers": [%s,%s,%s]}' "$(entry right "$k2" '"10.2.0.0/16"')" \
	"$(entry moves "$(key 3)" '"10.3.0.0/16"')" "$(entry comes "$(key 5)" '"10.33.0.0/16", "10.5.0.0/16"')" >"$after"
chmod 600 "$before" "$after"

apply() { "$plexwg" apply --state "$1" "${args[@]}" >"$work/apply.log" 2>&1; }
# One number on the device that nothing but a touch changes: an endpoint that the peer moved to.
touched() {
	[ "$(wg show "$device" endpoints | awk -v key="$k2" '$1 == key { print $2 }')" != 203.0.113.9:999 ]
}
converged() { status 0 "$plexwg" plan --state "$after" "${args[@]}" && routes_follow; }
step=${PLEXWG_KILL_STEP:-1}
sent=sendmsg,sendto,write
killed_at() { # killed_at N: whether apply was still running at its Nth message
	strace -qq -o /dev/null -e trace=$sent -e inject=$sent:signal=KILL:when="$1" \
		"$plexwg" apply --state "$after" "${args[@]}" >/dev/null 2>&1
	[ $? = 137 ]
}
start() {
	apply "$before" && wg set "$device" peer "$k2" endpoint 203.0.113.9:999
}
all() {
	local n=1
	start || { cat "$work/apply.log" && return 1; }
	while killed_at $n; do
		if touched; then
			echo "killed at message $n: the peer that was right was touched" && return 1
		fi
		apply "$after" || { echo "killed at message $n:" && cat "$work/apply.log" && return 1; }
		converged || { echo "killed at message $n" && return 1; }
		touched && echo "after message $n the peer that was right was touched" && return 1
		apply "$before" || return 1
		n=$((n + step))
	done
	echo "$n messages"
	[ "$n" -gt 8 ]
}
# The peer is silent: a process that sees it for the first time would give it its endpoint back.
# A handshake cannot be had here without the other end, so that the desired endpoint is left out.
sed -i 's/"endpoint": "198.51.100.7:1", "allowed_ips": \["10.2/"allowed_ips": ["10.2/' "$before" "$after"
check 'apply killed at each message in turn is completed by the next one' all
from_nothing() {
	local n=1
	"$plexwg" down --interface "$device" --controller "$controller" || return 1
	while killed_at $n; do
		apply "$after" || { echo "killed at message $n:" && cat "$work/apply.log" && return 1; }
		converged || { echo "killed at message $n" && return 1; }
		"$plexwg" down --interface "$device" --controller "$controller" || return 1
		n=$((n + step))
	done
	echo "$n messages"
	[ "$n" -gt 12 ]
}
check 'and so is one that starts without a device' from_nothing
tap_end
