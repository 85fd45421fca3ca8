#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# plexwg run as a service: its messages to the service manager, its configuration file, and that it
# sleeps when there is nothing to do.
# Usage: test_run_service.sh PLEXWG [userspace|kernel]
set -u
. "$(dirname "$0")/tap.sh"
. "$(dirname "$0")/daemon.sh"
plexwg=$(realpath "$1") controller=${2:-userspace} device=pxw-service
here=$(realpath "$(dirname "$0")")
world 'the daemon as a service' "$0" "$@"
listener=
trap 'kill_daemon; [ -z "$listener" ] || kill "$listener"
	"$plexwg" down --interface "$device" --controller "$controller"; rm -rf "$work"' EXIT
"$plexwg" init --identity "$work/identity" --mesh-ip 10.100.0.1 >/dev/null
state=$work/state.json
k2=$(key 2) k3=$(key 3)
two=$(entry two "$k2" '"10.100.0.2/32"')
three=$(entry three "$k3" '"10.100.0.3/32"')
document "$two" | replace "$state"

heard=$work/heard
listen() { # listen ADDRESS
	rm -f "$heard"
	python3 "$here/notify_socket.py" "$1" "$heard" &
	listener=$!
	eventually grep -q listening "$heard"
	export NOTIFY_SOCKET=$1
}
hears() { # hears PATTERN [TIMES]: a message that is so came, at least so often
	[ "$(grep -cxE -- "$1" "$heard")" -ge "${2:-1}" ]
}
stop_listening() {
	kill "$listener" && wait "$listener" 2>/dev/null
	listener=
}

listen "$work/notify"
ready() {
	start --state "$state" --interval 1h
	eventually hears 'READY=1 STATUS=1 peers, converged' && keys_are "$k2"
}
check 'it is ready once the device is as desired' ready
status_follows() {
	document "$two" "$three" | replace "$state"
	eventually hears 'STATUS=2 peers, converged' || return 1
	echo '{' | replace "$state"
	eventually hears 'STATUS=2 peers, last cycle failed' || return 1
	document "$two" | replace "$state"
	eventually hears 'STATUS=1 peers, converged'
}
check 'its status follows' status_follows
reloads() {
	kill -HUP "$pid"
	eventually hears 'RELOADING=1 MONOTONIC_USEC=[0-9]+' && eventually bash -c \
		"grep -A 1 RELOADING=1 '$heard' | grep -q '^READY=1'"
}
check 'a reload begins and ends' reloads
stops() {
	stop && eventually hears STOPPING=1 && same STOPPING=1 "$(tail -n 1 "$heard")"
}
check 'it reports that it is stopping, and nothing after that' stops
stop_listening

listen @plexwg-test
watched() {
	WATCHDOG_USEC=200000 start --state "$state" --interval 1h
	eventually hears WATCHDOG=1 8 && hears 'READY=1 .*' && stop
}
check 'it feeds a watchdog, here over an abstract socket' watched
not_watched() {
	local count
	WATCHDOG_USEC=200000 WATCHDOG_PID=1 start --state "$state" --interval 1h
	count=$(grep -c WATCHDOG=1 "$heard")
	eventually hears 'READY=1 .*' 2 && sleep 0.5 && same "$count" "$(grep -c WATCHDOG=1 "$heard")"
}
check 'one that is meant for another process is not fed' not_watched
if [ "$controller" = userspace ]; then
	not_inherited() {
		! tr '\0' '\n' <"/proc/$(programs)/environ" | grep NOTIFY
	}
	check 'a userspace backend does not inherit the socket' not_inherited
fi
manager_dies() {
	stop_listening
	document "$two" "$three" | replace "$state"
	eventually keys_are "$k2" "$k3" && stop
}
check 'a service manager that is gone changes nothing' manager_dies
export NOTIFY_SOCKET=relative
wrong_socket() {
	start --state "$state"
	eventually keys_are "$k2" "$k3" && said 'Service manager unreachable' 1 && stop
}
check 'an invalid address is logged, and stops nothing' wrong_socket
unset NOTIFY_SOCKET

# Every option of run but for --api, which takes the place of --state.
configured() {
	cat >"$work/config" <<-EOT
		{"state": "$state", "api": null, "ca_file": "$work/none.pem", "interval": "30m",
		 "identity": "$work/identity", "interface": "$device", "controller": "$controller",
		 "listen_port": 4242, "mtu": 1380, "persistent_keepalive": 17, "fwmark": "0x77",
		 "route_table": 77, "no_routes": false, "keep_addresses": true, "keep_interface": true,
		 "max_removal_percent": 90, "log_level": "debug", "log_format": "json"}
	EOT
	chmod 600 "$work/config"
	document "$two" | replace "$state"
	: >"$log"
	"$plexwg" run --config "$work/config" "$@" >"$log" 2>&1 &
	pid=$!
	eventually keys_are "$k2"
}
from_file() {
	configured && same 4242 "$(wg show "$device" listen-port)" && same 0x77 "$(wg show "$device" fwmark)" &&
		same "$k2	17" "$(wg show "$device" persistent-keepalive)" &&
		ip link show "$device" | grep 'mtu 1380' && eventually routed 77 || return 1
	# In the log's form too.
	head -n 1 "$log" | python3 -c 'import json, sys; json.loads(sys.stdin.readline())' || return 1
	ip addr add 192.0.2.9/32 dev "$device"
	kill -HUP "$pid"
	eventually said Reloaded && stop && ip addr show "$device" | grep 192.0.2.9
}
routed() { # routed TABLE
	ip route show table "$1" | grep '10.100.0.2 dev'
}
check 'a configuration file sets every option of run' from_file
as_commanded() {
	same 4343 "$(wg show "$device" listen-port)" && same off "$(wg show "$device" fwmark)" &&
		same "$k2	5" "$(wg show "$device" persistent-keepalive)" && ip link show "$device" | grep 'mtu 1390' &&
		routed 78 && same '' "$(ip addr show "$device" to 192.0.2.9)"
}
command_line() {
	configured --listen-port 4343 --mtu 1390 --persistent-keepalive 5 --fwmark 0 --route-table 78 \
		--keep-interface=false --keep-addresses=false --log-format logfmt &&
		eventually as_commanded && said 'level=INFO msg=' && stop && not ip link show "$device"
}
check 'the command line wins' command_line
unknown() {
	echo '{"listen_port": 4242, "keep_interfaces": true}' >"$work/config"
	status 1 "$plexwg" run --config "$work/config" --state "$state" &&
		same "plexwg: run: config: $work/config: keep_interfaces: unknown member" "$(cat "$err")"
}
check 'an unknown member is rejected, and named' unknown

descriptors() {
	find "/proc/$pid/fd" -mindepth 1 | wc -l
}
has_descriptors() {
	same "$1" "$(descriptors)"
}
busy() {
	local before
	start --state "$state" --interval 1s
	eventually keys_are "$k2" || return 1
	before=$(descriptors)
	for _ in {1..20}; do
		document "$two" "$three" | replace "$state"
		kill -HUP "$pid"
		eventually keys_are "$k2" "$k3" || return 1
		document "$two" >"$state"
		eventually keys_are "$k2" || return 1
	done
	ip link del "$device"
	eventually keys_are "$k2" && eventually has_descriptors "$before"
}
check 'after work, reloads and a new link it has the same descriptors' busy
ticks() { # of processor time that it has used
	awk '{ print $14 + $15 }' "/proc/$pid/stat"
}
idle() {
	local before
	# Cycles that put something right are over; those that find nothing to do go on.
	sleep 1
	before=$(ticks)
	sleep 4
	echo "$(($(ticks) - before)) hundredths of a second in four"
	[ $(($(ticks) - before)) -lt 40 ] && stop
}
check 'idle, with a cycle every second, it uses a small part of the time' idle
tap_end
