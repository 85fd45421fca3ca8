#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# plexwg run with a state file: changes of the file, and their effect on the device.
# Usage: test_run.sh PLEXWG [userspace|kernel]
set -u
. "$(dirname "$0")/tap.sh"
. "$(dirname "$0")/daemon.sh"
plexwg=$1 controller=${2:-userspace} device=pxw-run
world 'the daemon follows a state file' "$0" "$@"
trap 'kill_daemon; "$plexwg" down --interface "$device" --controller "$controller"; rm -rf "$work"' EXIT
"$plexwg" init --identity "$work/identity" --mesh-ip 10.100.0.1 >/dev/null
state=$work/state.json
k2=$(key 2) k3=$(key 3) k4=$(key 4)
two=$(entry two "$k2" '"10.100.0.2/32"')
three=$(entry three "$k3" '"10.100.0.3/32"')
four=$(entry four "$k4" '"10.100.0.4/32"')

# No test here waits for the next interval: the daemon notices every change.
follow() {
	start --state "$1" --interval 1h
}
comes_up() {
	document "$two" | replace "$state"
	follow "$state"
	eventually keys_are "$k2" && link_is_up && ip -4 addr show "$device" | grep 'inet 10.100.0.1/32'
}
check 'the interface comes up, with the peer of the state' comes_up
check 'it has a route' eventually bash -c "ip route show dev $device | grep -q 10.100.0.2"
renamed() {
	document "$two" "$three" | replace "$state"
	eventually keys_are "$k2" "$k3"
}
check 'a file that replaces the old one is followed' renamed
in_place() {
	document "$three" >"$state"
	eventually keys_are "$k3"
}
check 'one that is rewritten in place is followed' in_place
before=$(dump)
half_written() {
	local whole
	whole=$(document "$two" "$three")
	# The writer takes its time, and closes the file in between.
	printf '%s' "${whole:0:60}" >"$state"
	eventually said 'Problem' || return 1
	same "$before" "$(dump)" || return 1
	printf '%s\n' "${whole:60}" >>"$state"
	eventually keys_are "$k2" "$k3" && said 'msg=Problem' 1 && said 'Problem resolved' 1
}
check 'a half-written file changes nothing, and is followed once it is whole' half_written
broken() {
	before=$(dump)
	echo '{"peers": {}}' | replace "$state"
	eventually said 'msg=Problem' 2 && said "$state: peers: not an array" || return 1
	for _ in 1 2 3; do
		touch "$state"
		echo '{"peers": {}}' | replace "$state"
		kill -HUP "$pid"
		sleep 0.2
	done
	eventually said Reloaded || return 1
	said 'msg=Problem' 2 && alive && same "$before" "$(dump)"
}
check 'an invalid one changes nothing and is logged once, however often it is read' broken
gone() {
	rm "$state"
	eventually said 'No such file or directory' || return 1
	kill -HUP "$pid"
	eventually said Reloaded || return 1
	said 'msg=Problem' 3 && same "$before" "$(dump)"
}
check 'a missing one changes nothing and is logged once' gone
returns() {
	document "$four" | replace "$state"
	eventually keys_are "$k4" && eventually said 'Problem resolved' 2
}
check 'and is followed when it is there again' returns
bad_keys() {
	printf '{"peers": [%s], "signing_keys": {"current": "bad"}}' "$four" | replace "$state"
	eventually said 'signing_keys.current: ' || return 1
	for _ in 1 2 3; do # the same again: not modified
		replace "$state" <"$state"
		sleep 0.2
	done
	said 'signing_keys.current: ' 1 && said 'Problem resolved' 2 || return 1
	document "$four" | replace "$state"
	eventually said 'Problem resolved' 3
}
check 'bad signing keys are a problem for as long as the state has them' bad_keys
others_write() {
	chmod 666 "$state"
	eventually said 'others may write it' || return 1
	chmod 600 "$state"
	eventually said 'Problem resolved' 3 && keys_are "$k4"
}
check 'one that others may write is not read until that is corrected' others_write
stops() {
	stop && not ip link show "$device"
}
check 'at the end the interface is removed' stops

# As Kubernetes mounts a ConfigMap: every name leads through ..data, which is swapped.
mounted() {
	mkdir -p "$work/mount/..1" "$work/mount/..2"
	document "$two" >"$work/mount/..1/state.json"
	document "$three" >"$work/mount/..2/state.json"
	ln -s ..1 "$work/mount/..data"
	ln -s ..data/state.json "$work/mount/state.json"
	follow "$work/mount/state.json"
	eventually keys_are "$k2"
}
check 'a file behind two symbolic links is followed' mounted
swapped() {
	ln -s ..2 "$work/mount/..data_tmp"
	mv -T "$work/mount/..data_tmp" "$work/mount/..data"
	rm -r "$work/mount/..1"
	eventually keys_are "$k3"
}
check 'also when one of them is swapped' swapped
swapped_back() {
	mkdir "$work/mount/..3"
	document "$four" >"$work/mount/..3/state.json"
	ln -s ..3 "$work/mount/..data_tmp"
	mv -T "$work/mount/..data_tmp" "$work/mount/..data"
	rm -r "$work/mount/..2"
	eventually keys_are "$k4" && silent 'msg=Problem' && stop
}
check 'and once more, without a problem' swapped_back

missing() {
	rm -rf "$work/identity/last_"*
	follow "$work/later/state.json"
	eventually said 'No such file or directory' || return 1
	link_is_up && keys_are || return 1
	mkdir "$work/later"
	document "$two" >"$work/later/state.json"
	eventually keys_are "$k2" && said 'Problem resolved' && stop
}
check 'a file that is missing at the start, its directory too, is waited for, with the interface up' missing

# A thousand states as fast as they can be put there, each with another last peer, one in ten broken.
letters=ABCDEFGHIJKLMNOPQRSTUVWXYZabcdef
storm() {
	local i last
	follow "$state"
	for i in {0..999}; do
		last=${letters:i % 32:1}${letters:i / 32:1}${k2:2}
		if [ $((i % 10)) = 8 ]; then
			printf '{"peers": [%s,' "$two"
		else
			printf '{"peers": [%s, {"id": "last", "public_key": "%s", "allowed_ips": ["10.7.%d.0/24"]}]}' \
				"$two" "$last" $((i % 250))
		fi >"$state.new"
		mv "$state.new" "$state"
	done
	eventually keys_are "$k2" "$last" || return 1
	printf '{"peers": [' | replace "$state"
	eventually bash -c "tail -n 1 '$log' | grep -q msg=Problem" || return 1
	wg show "$device" allowed-ips | grep -x "$last	10.7.249.0/24" && keys_are "$k2" "$last" && alive
}
check 'after a thousand files in quick succession the last good one is in force' storm
restarted() {
	kill_daemon
	follow "$state"
	eventually said 'Cached state in force' && eventually said 'msg=Problem' || return 1
	wg show "$device" allowed-ips | grep -x "..${k2:2}	10.7.249.0/24" && stop
}
check 'and so it is after a restart, which finds the invalid one' restarted
tap_end
