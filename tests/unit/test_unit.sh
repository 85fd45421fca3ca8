#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The systemd unit: its exposure, and that plexwg runs with the user, the capabilities and the system
# calls that it leaves. This test sets them up by hand; tests/vm has a systemd that runs the unit. Usage: test_unit.sh PLEXWG UNIT UNDER_FILTER
set -u
if [ "${4:-}" != inside ]; then
	for program in systemd-analyze setpriv wireguard-go python3; do
		if [ "$(id -u)" != 0 ] || [ ! -c /dev/net/tun ] || ! command -v $program >/dev/null; then
			echo "ok 1 - the unit # SKIP needs root, /dev/net/tun and $program"
			echo 1..1
			exit
		fi
	done
	exec unshare -n -m --propagation private bash "$0" "$1" "$2" "$3" inside
fi
here=$(cd "$(dirname "$0")" && pwd)
. "$here/../cli/tap.sh"
build=$(realpath "$(dirname "$1")/../..")
plexwg=$(realpath "$1") unit=$(realpath "$2") under_filter=$(realpath "$3")
device=pxw-unit
user=64242
daemon=
trap '[ -z "$daemon" ] || kill "$daemon" 2>/dev/null; ip link del "$device" 2>/dev/null; rm -rf "$work"' EXIT

# As the service manager and a Debian system prepare it.
ip link set lo up
mkdir -p /run/wireguard /run/plexwg
for directory in /run/wireguard /run/plexwg; do
	mount -t tmpfs -o mode=755,uid=$user,gid=$user tmpfs $directory
done
mount -t tmpfs tmpfs /dev/net && mknod -m 666 /dev/net/tun c 10 200
chmod 755 "$work"
# The unit's user may not be let into the folder that they were built in.
cp "$plexwg" "$under_filter" "$work"
plexwg=$work/plexwg under_filter=$work/$(basename "$under_filter")
"$plexwg" init --identity "$work/identity" --mesh-ip 10.100.0.1 >/dev/null
state() { # state N...: a state of those peers
	numbered_peers "$@" >"$work/next"
	chmod 600 "$work/next"
	chown $user:$user "$work/next"
	mv "$work/next" "$work/identity/state.json"
}
state 2 3
chown -R $user:$user "$work/identity"
printf '{"state": "%s", "identity": "%s", "interface": "%s", "controller": "userspace", "interval": "1s"}' \
	"$work/identity/state.json" "$work/identity" "$device" >"$work/plexwg.json"
python3 -B "$here/unit_syscalls.py" "$unit" >"$work/calls"
# The sanitizers of this build ask for more than the program does.
printf '%s\n' ptrace getdents >>"$work/calls"
value() { sed -n "s/^$1=//p" "$unit"; }

exposure() {
	systemd-analyze security --offline=true --threshold=20 "$unit" >"$work/exposure" || return 1
	! grep -q 'level.*[2-9]\.[0-9]' "$work/exposure"
}
check 'its exposure is below 2.0' exposure
exposure_fails() {
	sed '/^CapabilityBoundingSet/d; /^Protect/d' "$unit" >"$work/bad.service"
	! systemd-analyze security --offline=true --threshold=20 "$work/bad.service" >"$work/exposure"
}
check 'and would not be without its rules on capabilities and protection' exposure_fails
right() {
	sed "s|^ExecStart=[^ ]*|ExecStart=$plexwg|" "$unit" >"$work/plexwg.service"
	systemd-analyze verify --man=no "$work/plexwg.service" 2>&1 | grep -F plexwg.service | tee "$work/said"
	[ ! -s "$work/said" ]
}
check 'systemd accepts it without a warning' right
installed() { # where the unit expects it
	meson introspect --installed "$build" | grep -F "\"$(value ExecStart | cut -d ' ' -f 1)\""
}
check 'it starts the program where that is installed' installed
keeps() {
	value ExecStart | grep -q -- '--keep-interface' && same process "$(value KillMode)" &&
		same yes "$(value RuntimeDirectoryPreserve)" && same notify "$(value Type)"
}
check 'it keeps the interface, what carries it and its socket' keeps

gives_up() {
	local tries interval
	tries=$(($(value StartLimitBurst) * $(value RestartSec))) interval=$(value StartLimitIntervalSec)
	[ "$tries" = 300 ] && [ "${interval%min}" -gt $((tries / 60)) ] &&
		same 64 "$(value RestartPreventExitStatus)"
}
check 'one that fails to start is tried for five minutes, and a wrong command line once' gives_up

capabilities=-all,+$(value AmbientCapabilities | sed 's/CAP_//' | tr '[:upper:]' '[:lower:]')
start() {
	local words
	words=$(value ExecStart | sed "s|^[^ ]*||; s|/etc/plexwg.json|$work/plexwg.json|")
	: >"$work/log"
	# shellcheck disable=SC2086 # a list of words
	setpriv --reuid=$user --regid=$user --clear-groups --no-new-privs --bounding-set="$capabilities" \
		--inh-caps="$capabilities" --ambient-caps="$capabilities" \
		"$under_filter" "$work/calls" "$plexwg" $words 2>"$work/log" &
	daemon=$!
}
stop() {
	local status=0
	kill -TERM "$daemon"
	wait "$daemon" || status=$?
	daemon=
	same 0 $status
}
peers() { wg show "$device" peers 2>/dev/null | sort | paste -sd' '; }
has() { # has N...: the device has those peers, soon
	local wanted i
	wanted=$(for n; do key "$n"; done | sort | paste -sd' ')
	for i in $(seq 200); do
		[ "$(peers)" = "$wanted" ] && return
		sleep 0.1
	done
	cat "$work/log"
	same "$wanted" "$(peers)"
}
starts() {
	start
	has 2 3 && ip -br addr show "$device" | grep -q 10.100.0.1/32
}
check 'as that user, with those rights and calls, plexwg brings the interface up' starts
rights() {
	same 0000000000001000 "$(awk '/^CapEff/ { print $2 }' "/proc/$daemon/status")" &&
		same 2 "$(awk '/^Seccomp:/ { print $2 }' "/proc/$daemon/status")" &&
		same 2 "$(awk '/^Seccomp_filters:/ { print $2 }' "/proc/$daemon/status")"
}
check 'it has CAP_NET_ADMIN alone, and a filter of its own over that of the unit' rights
lands() { # whether this kernel has Landlock
	python3 -c 'import ctypes, sys; sys.exit(ctypes.CDLL(None).syscall(444, None, 0, 1) < 1)'
}
sandboxed() {
	! grep 'Landlock unavailable\|Files not sandboxed' "$work/log"
}
if lands; then
	check 'the unit allows it to sandbox its files' sandboxed
else
	skip 'the unit lets it limit the files that it can change' 'this kernel has no Landlock'
fi
follows() {
	state 2 4
	has 2 4 && [ -e "$work/identity/last_state.json" ]
}
check 'it follows the state, and caches it' follows
comes_back() {
	ip link del "$device"
	has 2 4
}
check 'a deleted interface is restored, though the daemon may start nothing itself' comes_back
stays() {
	carrier=$(pgrep -nf "wireguard-go -f $device")
	stop && has 2 4 && same "$carrier" "$(pgrep -nf "wireguard-go -f $device")"
}
check 'a stop leaves the tunnels up' stays
goes_on() {
	start
	state 4 5
	has 4 5 && same "$carrier" "$(pgrep -nf "wireguard-go -f $device")" && stop && has 4 5
}
check 'a start goes on with them' goes_on
killed() {
	start
	state 6
	has 6 && kill -KILL "$daemon" && ! wait "$daemon"
	daemon=
	has 6 && same "$carrier" "$(pgrep -nf "wireguard-go -f $device")"
}
check 'and so does a daemon that is killed' killed
no_problem() {
	start
	has 6
	stop
	! grep -E 'not permitted|not implemented|level=ERROR' "$work/log"
}
check 'it lacks nothing' no_problem
older_unit() {
	sed -i /landlock/d "$work/calls"
	start
	logs 'level=INFO msg="Landlock unavailable"' 1 && has 6 && stop
}
check 'under an older unit, which does not let it limit them, it logs that and goes on' older_unit
tap_end
