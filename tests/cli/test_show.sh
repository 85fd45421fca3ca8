#!/bin/bash
# plexwg show and plan on a device with all kinds of peers agree field by field with wg.
# Usage: test_show.sh PLEXWG [userspace|kernel]
set -u
controller=${2:-userspace}
if [ "${3:-}" != inside ]; then
	if [ "$controller" = userspace ] &&
		{ [ "$(id -u)" != 0 ] || [ ! -c /dev/net/tun ] || ! command -v wireguard-go >/dev/null; }; then
		echo "ok 1 - show on a wireguard-go device # SKIP needs root, /dev/net/tun and wireguard-go"
		echo 1..1
		exit
	fi
	exec unshare -n -m --propagation private bash "$0" "$1" "$controller" inside
fi
. "$(dirname "$0")/tap.sh"
mkdir -p /run/wireguard
mount -t tmpfs tmpfs /run/wireguard
ip link set lo up
plexwg=$1
device=pxw-show
state=$work/state.json
args=(--identity "$work/identity" --interface "$device" --controller "$controller")
trap '"$plexwg" down --interface "$device" --controller "$controller"; rm -rf "$work"' EXIT
"$plexwg" init --identity "$work/identity" --mesh-ip 10.100.0.1 >/dev/null
echo '{"peers": []}' >"$state"
chmod 600 "$state"
"$plexwg" apply --state "$state" "${args[@]}" >/dev/null

# All kinds of peers, set by wg: nothing at all, psk, keepalive, IPv4, IPv6, many prefixes, roots.
key 33 >"$work/psk"
wg set "$device" peer "$(key 2)" \
	peer "$(key 3)" preshared-key "$work/psk" endpoint 198.51.100.3:1 allowed-ips 10.3.0.0/16 \
	peer "$(key 4)" endpoint '[2001:db8::4]:65535' persistent-keepalive 65535 allowed-ips fd00:4::/64,10.4.0.4/32 \
	peer "$(key 5)" persistent-keepalive 1 allowed-ips 0.0.0.0/0,::/0 \
	peer "$(key 6)" allowed-ips "$(seq 1 250 | sed 's|.*|10.6.&.0/24|' | paste -sd,)"

# One line a peer, the same from both: key psk endpoint allowed-ips handshake rx tx keepalive.
by_wg() {
	wg show "$device" dump | awk -F'\t' 'NR > 1 {
		n = split($4, ips, ","); line = ""
		for (i = 1; i <= n; i++) line = line (i > 1 ? "\n" : "") ips[i]
		cmd = "sort"; print line | cmd; close(cmd)
		print $1, ($2 == "(none)" ? "no" : "yes"), ($3 == "(none)" ? "none" : $3), $5, $6, $7, ($8 == "off" ? 0 : $8)
	}'
}
by_show() {
	"$plexwg" show --interface "$device" --controller "$controller" | awk '
		$1 == "peer:" { key = $2 }
		$1 == "endpoint:" { endpoint = $2 }
		$1 == "allowed_ips:" { ips = $2 == "none" ? "(none)" : $2 }
		$1 == "psk:" { psk = $2 }
		$1 == "persistent_keepalive:" { keepalive = $2 + 0 }
		$1 == "last_handshake:" { handshake = $2 == "never" ? 0 : $2 }
		$1 == "rx_bytes:" { rx = $2 }
		$1 == "tx_bytes:" {
			n = split(ips, list, ","); line = ""
			for (i = 1; i <= n; i++) line = line (i > 1 ? "\n" : "") list[i]
			cmd = "sort"; print line | cmd; close(cmd)
			print key, psk, endpoint, handshake, rx, $2, keepalive
		}'
}
device_by_wg() {
	echo "$(wg show "$device" public-key) $(wg show "$device" listen-port)"
}
device_by_show() {
	"$plexwg" show --interface "$device" --controller "$controller" |
		awk '$1 == "public_key:" { key = $2 } $1 == "listen_port:" { print key, $2 }'
}
agree() { same "$(by_wg | sort)" "$(by_show | sort)" && [ "$(by_show | wc -l)" -gt 250 ]; }
check 'show and wg agree on every field of every peer' agree
agree_device() { same "$(device_by_wg)" "$(device_by_show)"; }
check 'and on the device' agree_device
no_secret() { ! "$plexwg" show --json --interface "$device" --controller "$controller" | grep -F "$(cat "$work/psk")"; }
check 'show has no secret' no_secret

printf '{"peers": [{"id": "three", "public_key": "%s", "endpoint": "198.51.100.3:2", "allowed_ips": ["10.9.0.0/16"]},
	{"id": "seven", "public_key": "%s", "allowed_ips": ["10.7.0.0/16"]}]}' "$(key 3)" "$(key 7)" >"$state"
plans_agree() {
	local by_dump by_device
	wg show "$device" dump >"$work/dump"
	by_dump=$("$plexwg" plan --state "$state" --actual "$work/dump" --interface "$device" --identity "$work/identity")
	by_device=$("$plexwg" plan --no-routes --state "$state" "${args[@]}")
	same "$by_dump" "$by_device" && grep -q '^- ' <<<"$by_dump" && grep -q '^~ three' <<<"$by_dump"
}
check 'a plan against the device and one against its dump are the same' plans_agree
tap_end
