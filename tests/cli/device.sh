# SPDX-License-Identifier: Apache-2.0
# A device to test, in network and mount namespaces of its own: wireguard-go's, or the kernel's in a
# machine of tests/vm. A script sources this first and is called by: PLEXWG [userspace|kernel].
# shellcheck shell=bash
# shellcheck disable=SC2034,SC2154 # scripts use what is set here, and set $device

controller=${2:-userspace}
if [ "${PLEXWG_TEST_INSIDE:-}" != yes ]; then
	if [ "$controller" = userspace ] &&
		{ [ "$(id -u)" != 0 ] || [ ! -c /dev/net/tun ] || ! command -v wireguard-go >/dev/null; }; then
		echo "ok 1 - $(basename "$0" .sh) # SKIP needs root, /dev/net/tun and wireguard-go"
		echo 1..1
		exit
	fi
	PLEXWG_TEST_INSIDE=yes exec unshare -n -m --propagation private bash "$0" "$@"
fi
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/tap.sh"
plexwg=$1
state=$work/state.json
mkdir -p /run/wireguard
mount -t tmpfs tmpfs /run/wireguard
ip link set lo up
trap '"$plexwg" down --interface "$device" --controller "$controller"; rm -rf "$work"' EXIT
"$plexwg" init --identity "$work/identity" --mesh-ip 10.100.0.1 >/dev/null

# Every allowed IP has a route to the device, and no other route leads there.
routes_follow() {
	local wanted found
	wanted=$(wg show "$device" allowed-ips | cut -f 2 | tr ' ' '\n' | grep / | sort)
	found=$({ ip -4 route show dev "$device" && ip -6 route show dev "$device" table 254; } |
		awk '!/proto kernel/ { print $1 ($1 ~ "/" ? "" : $1 ~ ":" ? "/128" : "/32") }' | sort)
	same "$wanted" "$found"
}
