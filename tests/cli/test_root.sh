#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# A daemon that root starts: its user, what it can do then, and what an intruder in it could do. Usage: test_root.sh PLEXWG userspace|kernel INTRUDER
set -u
here=$(dirname "$0")
. "$here/tap.sh"
. "$here/daemon.sh"
world "root's daemon" "$0" "$@"
victim=
trap '[ -z "$pid" ] || kill "$pid" 2>/dev/null; [ -z "$victim" ] || kill -KILL "$victim"; ip link del "$device" 2>/dev/null; rm -rf "$work"' EXIT
device=pxw-root controller=$2 patience=30
service_user=64242
umask 022
chmod 711 "$work"
cp "$1" "$3" "$work" # to where another user is let in
plexwg=$work/$(basename "$1") intruder=$work/$(basename "$3")
# As a machine begins: with none of the directories.
mount -t tmpfs -o mode=755 tmpfs /run
mount -t tmpfs tmpfs /dev/net && mknod -m 666 /dev/net/tun c 10 200
mkdir -p /etc/cron.d && mount -t tmpfs -o mode=755 tmpfs /etc/cron.d
identity=$work/identity
in_userspace() {
	[ $controller = userspace ]
}
state() { # state N...
	numbered_peers "$@" | replace "$work/state.json"
}
run() { # run WORD...
	rm -f "$work/flag"
	: >/etc/cron.d/old
	INTRUDER_FLAG=$work/flag INTRUDER_VICTIM=$victim LD_PRELOAD=$intruder \
		ASAN_OPTIONS=${ASAN_OPTIONS:-}:verify_asan_link_order=0 \
		start --state "$work/state.json" --interval 1h --log-level debug --keep-interface "$@"
}
has() { # has N...
	# shellcheck disable=SC2046 # words
	keys_are $(for n; do key "$n"; done)
}
status_is() { # status_is NAME VALUE
	same "$2" "$(awk -v name="$1:" '$1 == name { $1 = ""; print substr($0, 2) }' "/proc/$pid/status")"
}
is_user() { # is_user UID CAPABILITIES: and no other user in any way
	status_is Uid "$1 $1 $1 $1" && status_is Gid "$1 $1 $1 $1" || return
	local set
	for set in CapInh CapPrm CapEff CapBnd CapAmb; do
		status_is $set "$2" || return
	done
	status_is NoNewPrivs 1 && status_is Seccomp 2
}
owners() { # owners UID PATH...
	local owner=$1
	shift
	same "$owner" "$(stat -L -c %u "$@" | sort -u)"
}
program_is() { # program_is UID: the one that carries the device, which has filters too
	local program
	in_userspace || return 0
	program=$(programs)
	owners "$1" "/proc/$program" /run/wireguard/$device.sock && grep -x 'Seccomp:	2' "/proc/$program/status"
}
attempted() {
	: >"$work/flag"
	kill -HUP "$pid"
	eventually said 'intruder: (generic netlink)'
}
nothing_done() { # but what a daemon has to do
	attempted || return
	grep '^intruder: ' "$log"
	same 16 "$(grep -c '^intruder: ' "$log")" && same 4 "$(grep -c '^intruder: (.*: done$' "$log")" &&
		same 4 "$(grep -c '^intruder: .*: done$' "$log")" && same old "$(ls /etc/cron.d)" && kill -0 "$victim"
}
start_victim() { # start_victim WORD...: a process that SIGUSR1 ends
	"$@" sleep 1000 &
	victim=$!
}
end_victim() {
	{ kill -KILL "$victim" && wait "$victim"; } 2>/dev/null
	victim=
}
reads_again() { # reads_again N...
	state "$@"
	eventually has "$@" && kill -HUP "$pid" && eventually said Reloaded && eventually test -e "$identity/last_state.json"
}
comes_back() { # comes_back N...: without its link, and then without its program, whose socket stays
	local program
	ip link del $device
	eventually has "$@" || return
	in_userspace || return 0
	program=$(programs)
	kill -KILL "$program"
	eventually not ip link show $device && eventually has "$@"
}

# Flow: root's init, and root's run.
state 2 3
"$plexwg" init --identity "$identity" --mesh-ip 10.100.0.1 >/dev/null
start_victim
roots() {
	run
	eventually has 2 3 && is_user 0 0000000000001000 && program_is 0
}
check "with an identity of root's it stays root, and has CAP_NET_ADMIN alone" roots
if grep -qx "kernel: Landlock" "$log"; then
	check 'an intruder changes no file, signals no process and opens no other netlink' nothing_done
	check 'files were sandboxed' silent 'Landlock unavailable'
else
	skip 'who gets into it changes no file' 'this kernel has no Landlock'
	check 'missing Landlock is logged once' said 'Landlock unavailable' 1
fi
check 'it still reads, and writes to its identity' reads_again 2 4
check 'a lost backend, and one that leaves its socket, are replaced' comes_back 2 4
end_victim

# Flow: then the service user appears.
{ grep -v '^plexwg:' /etc/passwd && echo "plexwg:x:$service_user:$service_user::/nonexistent:/bin/false"; } |
	etc passwd
start_victim setpriv --reuid=$service_user --regid=$service_user --clear-groups
still_roots() {
	stop
	run
	eventually has 2 4 && eventually said 'Interface configured' && is_user 0 0000000000001000 && stop
}
check 'an existing user plexwg changes nothing' still_roots
chown -R $service_user:$service_user "$identity"
out_of_reach() {
	local before
	before=$(dump) program=$(programs)
	controller=$1 run
	ends 1 && said "uid $service_user cannot reach the program that carries $device" &&
		same "$before" "$(dump)" && same "$program" "$(programs)"
}
for choice in userspace auto; do
	! in_userspace ||
		check "a device that the user plexwg cannot reach is named before anything is touched ($choice)" out_of_reach $choice
done
becomes() {
	in_userspace && ! "$plexwg" down --interface $device --controller $controller && return 1
	run
	eventually said 'Interface configured' && has 2 4 && is_user $service_user 0000000000001000 && status_is Groups '' &&
		program_is $service_user && owners $service_user /run/plexwg /run/plexwg/* /run/wireguard
}
check 'with an identity of the user plexwg it becomes that user, its backend too' becomes
check 'an intruder in that one does nothing either' nothing_done
check 'it still reads and writes' reads_again 2 5
check 'files that it writes belong to that user' owners $service_user "$identity/last_state.json"
check 'a lost backend is replaced' comes_back 2 5
beside() {
	local words="--interface $device --controller $controller --identity $identity --state $work/state.json"
	# shellcheck disable=SC2086 # a list
	"$plexwg" plan $words || return
	# shellcheck disable=SC2086 # a list
	status 1 "$plexwg" apply $words && grep "another plexwg (pid $pid) looks after $device" "$err" &&
		status 1 "$plexwg" down --interface $device --controller $controller &&
		grep "another plexwg (pid $pid) looks after $device" "$err" &&
		owners $service_user /run/plexwg/* && has 2 5
}
check "root's plan works beside it, its apply and down fail and break nothing" beside
goes_on() {
	local program
	program=$(programs)
	kill_daemon
	run
	eventually said 'Interface configured' && is_user $service_user 0000000000001000 && same "$program" "$(programs)" && stop
}
check 'after a kill the next one goes on' goes_on
as_the_unit() { # as systemd starts it
	: >"$log"
	setpriv --reuid=$service_user --regid=$service_user --clear-groups --bounding-set=-all,+net_admin \
		--inh-caps=-all,+net_admin --ambient-caps=-all,+net_admin "$plexwg" run --identity "$identity" \
		--interface $device --controller $controller --keep-interface --state "$work/state.json" >"$log" 2>&1 &
	pid=$!
	eventually said 'Interface configured' && has 2 5 && stop
}
check 'the unit goes on with what it left, and it with what the unit left' as_the_unit
unreadable() {
	chmod 600 "$work/state.json"
	run
	eventually said "$work/state.json: Permission denied to uid $service_user" && has 2 5 && chgrp $service_user "$work/state.json" &&
		chmod 640 "$work/state.json" && kill -HUP "$pid" && eventually said 'Problem resolved' && stop
}
check 'an unreadable state is named with the user, and the last one stays in force' unreadable
reserved() {
	"$plexwg" down --interface $device --controller $controller || return
	run --listen-port 500
	eventually said 'Interface configured' && has 2 5 && is_user $service_user 0000000000001400 && eventually same 500 "$(wg show $device listen-port)" && stop
}
check 'for a reserved port it keeps CAP_NET_BIND_SERVICE' reserved
no_tun() {
	"$plexwg" down --interface $device --controller $controller || return
	chmod 600 /dev/net/tun
	run
	eventually said "create interface: /dev/net/tun: Permission denied to uid $service_user" && not ip link show $device && same '' "$(programs)" &&
		chmod 666 /dev/net/tun && kill -HUP "$pid" && eventually said 'Problem resolved' && has 2 5 && stop
}
! in_userspace || check 'a tun device that the user plexwg may not open is named, and nothing is begun' no_tun
end_victim
tap_end
