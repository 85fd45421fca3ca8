#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Two nodes, each a network namespace with a wireguard-go of its own: plexwg apply in each, then a
# ping through the tunnel. Usage: test_ping.sh PLEXWG
set -u
if [ "${2:-}" != inside ]; then
	if [ "$(id -u)" != 0 ] || [ ! -c /dev/net/tun ] || ! command -v wireguard-go >/dev/null; then
		echo "ok 1 - a ping through the tunnel # SKIP needs root, /dev/net/tun and wireguard-go"
		echo 1..1
		exit
	fi
	exec unshare -n -m --propagation private bash "$0" "$1" inside
fi
. "$(dirname "$0")/tap.sh"
plexwg=$1
mkdir -p /run/wireguard /run/netns
mount -t tmpfs tmpfs /run/wireguard
mount -t tmpfs tmpfs /run/netns

for node in a b; do
	ip netns add $node
	ip -n $node link set lo up
done
ip link add va netns a type veth peer name vb netns b
ip -n a addr add 192.0.2.1/24 dev va
ip -n b addr add 192.0.2.2/24 dev vb
ip -n a link set va up
ip -n b link set vb up
key_a=$("$plexwg" init --identity "$work/a" --mesh-ip 10.100.0.1)
key_b=$("$plexwg" init --identity "$work/b" --mesh-ip fd00:100::2)
psk=$(secret)

write_state() { # write_state NODE ID KEY ENDPOINT ALLOWED_IPS
	printf '{"peers": [{"id": "%s", "public_key": "%s", "endpoint": "%s", "allowed_ips": [%s], "psk": "%s"}]}' \
		"$2" "$3" "$4" "$5" "$psk" >"$work/state-$1.json"
	chmod 600 "$work/state-$1.json"
}
write_state a b "$key_b" 192.0.2.2:51820 '"fd00:100::2", "10.100.0.2/32"'
write_state b a "$key_a" 192.0.2.1:51820 '"10.100.0.1/32", "fd00:100::1/128"'
run() { # run NODE COMMAND...: plexwg in that node
	local node=$1 command=$2
	shift 2
	ip netns exec "$node" "$plexwg" "$command" --interface "pxw-$node" --controller userspace "$@"
}
trap 'run a down; run b down; rm -rf "$work"' EXIT

check 'apply brings node a up' status 0 run a apply --state "$work/state-a.json" --identity "$work/a"
check 'apply brings node b up, with an IPv6 mesh address' status 0 run b apply --state "$work/state-b.json" --identity "$work/b"
# Each node's address is of one family, so that the ping goes through an address added by hand.
ip -n a addr add fd00:100::1/128 dev pxw-a
ip -n a -6 route replace fd00:100::2/128 dev pxw-a
ip -n b -6 route replace fd00:100::1/128 dev pxw-b
check 'a ping passes through the tunnel' \
	ip netns exec a ping -c 3 -i 0.2 -W 5 -I fd00:100::1 fd00:100::2
ip -n b addr add 10.100.0.2/32 dev pxw-b
ip -n b route replace 10.100.0.1/32 dev pxw-b
ip -n a route replace 10.100.0.2/32 dev pxw-a
check 'and one over IPv4, the other way' ip netns exec b ping -c 3 -i 0.2 -W 5 -I 10.100.0.2 10.100.0.1
handshake() {
	run a show --json | grep -q '"last_handshake":"20'
}
check 'show prints the handshake' handshake
alive() {
	ip netns exec a ping -c 30 -i 0.05 -W 10 -I fd00:100::1 fd00:100::2 >"$work/ping" &
	local ping=$!
	for _ in 1 2 3 4 5; do
		run a apply --state "$work/state-a.json" --identity "$work/a" --keep-addresses || return 1
	done
	wait $ping
	grep ' 0% packet loss' "$work/ping"
}
check 'no ping is lost while a converged node is applied again and again' alive
tap_end
