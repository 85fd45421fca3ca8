#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# plexwg down as the last resort, show without permission, and alternative names of the link. Usage: test_down.sh PLEXWG [userspace|kernel]
set -u
. "$(dirname "$0")/device.sh"
device=pxw-down
cp "$plexwg" "$work/plexwg"
chmod 755 "$work" "$work/plexwg"
plexwg=$work/plexwg
args=(--identity "$work/identity" --interface "$device" --controller "$controller")
echo '{"peers": []}' >"$state"
chmod 600 "$state"
locks=/run/plexwg
mkdir -p $locks
mount -t tmpfs -o mode=0700 tmpfs $locks

comes_up() {
	ip link show "$device" 2>/dev/null || "$plexwg" apply --state "$state" "${args[@]}"
}
down() {
	"$plexwg" down --interface "$device" "$@"
}
removes() { # removes LINES: status 0, so many lines on standard error, and the link is gone
	status 0 down && same "$1" "$(wc -l <"$err")" && ! ip link show "$device"
}
lock_file() { # there since it came up
	echo "$locks"/*"-$device.lock"
}

as_nobody() {
	comes_up && status 1 setpriv --reuid 65534 --regid 65534 --clear-groups "$plexwg" show --interface "$device" &&
		grep -E 'Permission denied|Operation not permitted' "$err" && ! grep 'no WireGuard' "$err"
}
check 'show reports to a user without permission that it is missing' as_nobody
if [ "$controller" = userspace ]; then
	hidden_sockets() { # the program may be started by none but root, and the sockets are not to be seen
		down 2>/dev/null
		chmod 700 /run/wireguard
		cp -a "$work/identity" "$work/nobodys"
		cp "$state" "$work/nobodys.json"
		chown -R 65534:65534 "$work"/nobodys* $locks
		status 1 setpriv --reuid 65534 --regid 65534 --clear-groups "$plexwg" apply --interface "$device" \
			--state "$work/nobodys.json" --identity "$work/nobodys" --controller userspace &&
			grep "create interface: .*/$device.sock: Permission denied to uid 65534$" "$err"
		local result=$?
		chmod 755 /run/wireguard
		chown -R 0:0 $locks
		return $result
	}
	check 'nor does apply report an answering backend without permission to check' hidden_sockets
fi
foreign() {
	ip tuntap add dev pxw-tun mode tun
	status 1 "$plexwg" show --interface pxw-tun && grep 'pxw-tun is there and is no WireGuard interface$' "$err"
	local result=$?
	ip link del pxw-tun
	return $result
}
check 'a link that has no socket is no WireGuard interface' foreign

comes_up >"$work/up.log"
ip link property add dev "$device" altname pxw-alias
another() { # another WORD...: an error, and the link with that alternative name is not changed
	local before
	before=$(ip -d addr show "$device" && wg show "$device" dump)
	status 1 "$plexwg" "$@" --interface pxw-alias &&
		grep "pxw-alias is an alternative name of $device, not its own" "$err" &&
		same "$before" "$(ip -d addr show "$device" && wg show "$device" dump)"
}
for on in auto "$controller"; do
	check "show refuses an alternative name ($on)" another show --controller "$on"
	check "and so does down ($on)" another down --controller "$on"
	for command in plan apply; do
		check "and $command ($on)" another $command --controller "$on" --state "$state" \
			--identity "$work/identity" --listen-port 4242
	done
done
check 'and run' another run --state "$state" --identity "$work/identity" --listen-port 4242
ip link property del dev "$device" altname pxw-alias

removed() { # removed TIMES: the log reports so many removals
	status 0 down --log-level info && same "$1" "$(grep -c 'msg="Interface removed"' "$err")"
}
check 'the removal of an interface is logged' removed 1
check 'and none where there was none' removed 0

without_identity() {
	comes_up && mv "$work/identity" "$work/kept" && removes 0 && mv "$work/kept" "$work/identity"
}
check 'down needs no identity' without_identity
damaged_identity() {
	comes_up && cp -a "$work/identity" "$work/kept" && echo '{' >"$work/identity/identity.json" &&
		chmod 644 "$work/identity/private_key" && status 0 down --identity "$work/identity" &&
		! ip link show "$device" && rm -r "$work/identity" && mv "$work/kept" "$work/identity"
}
check 'nor one that can be read' damaged_identity

broken_lock() { # broken_lock TEXT COMMAND...: after it down removes the interface, and reports that about the lock
	local text=$1
	shift
	comes_up && "$@" && removes 1 && grep -F -- "$text" "$err" &&
		grep '^plexwg: down: lock: .*; removing the interface without the lock$' "$err"
}
read_only() {
	mount --bind $locks $locks && mount -o remount,bind,ro $locks
}
whole_locks() {
	while umount $locks; do :; done
	mount -t tmpfs -o mode=0700 tmpfs $locks
}
check 'others may write the directory of locks: down works' broken_lock 'others may write' chmod 0777 $locks
whole_locks
lock_is() { # lock_is COMMAND...: which makes the file of the lock anew
	local file
	file=$(lock_file)
	rm -f "$file" && "$@" "$file"
}
check 'the lock is a directory: down works' broken_lock 'Is a directory' lock_is mkdir
whole_locks
check 'the lock leads elsewhere: down works' broken_lock 'Too many levels' lock_is ln -s /nowhere
whole_locks
check 'the directory cannot be written: down works' broken_lock 'Read-only file system' read_only

held() { # held COMMAND...: after it, down fails while a daemon manages the interface, and names it
	whole_locks
	: >"$work/log"
	"$plexwg" run --state "$state" "${args[@]}" --keep-interface 2>"$work/log" &
	local daemon=$! result=0
	logs 'Interface configured' 1 && "$@" && status 1 down &&
		grep "another plexwg (pid $daemon) looks after $device" "$err" && ip link show "$device" || result=1
	kill $daemon
	wait $daemon
	return $result
}
check 'down fails while another process manages the interface' held true
check 'also if others may write the directory of the lock' held chmod 0777 $locks
check 'also if the lock cannot be written' held read_only
tap_end
