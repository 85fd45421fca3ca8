#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# plexwg show and plan on a device with all kinds of peers agree field by field with wg.
# Usage: test_show.sh PLEXWG [userspace|kernel]
set -u
. "$(dirname "$0")/device.sh"
device=pxw-show
other=pxw-show-b
on=(--controller "$controller" --interface)
args=(--identity "$work/identity" "${on[@]}" "$device")
echo '{"peers": []}' >"$state"
chmod 600 "$state"
"$plexwg" apply --state "$state" "${args[@]}" >/dev/null
"$plexwg" init --identity "$work/other" --mesh-ip 10.100.0.2 >/dev/null
"$plexwg" apply --state "$state" --identity "$work/other" --listen-port 51999 "${on[@]}" "$other" >/dev/null

# All kinds of peers, set by wg: nothing at all, psk, keepalive, IPv4, IPv6, a zone, many prefixes,
# roots, and one that answers.
secret >"$work/psk"
wg set "$other" peer "$(wg show "$device" public-key)" allowed-ips 10.100.0.1/32
wg set "$device" peer "$(key 2)" \
	peer "$(key 3)" preshared-key "$work/psk" endpoint 198.51.100.3:1 allowed-ips 10.3.0.0/16 \
	peer "$(key 4)" endpoint '[2001:db8::4]:65535' persistent-keepalive 65535 allowed-ips fd00:4::/64,10.4.0.4/32 \
	peer "$(key 5)" persistent-keepalive 1 allowed-ips 0.0.0.0/0,::/0 \
	peer "$(key 6)" allowed-ips "$(seq 1 250 | sed 's|.*|10.6.&.0/24|' | paste -sd,)" \
	peer "$(key 8)" endpoint '[fe80::8%lo]:8' \
	peer "$(wg show "$other" public-key)" endpoint 127.0.0.1:51999 persistent-keepalive 25

handshake() {
	for _ in $(seq 200); do
		wg show "$device" latest-handshakes | grep -qv '	0$' && return
		sleep 0.1
	done
	return 1
}
check 'a peer answers' handshake
"$plexwg" down "${on[@]}" "$other"

# All that is known of the peers, a line a field and a line an allowed IP: KEY FIELD VALUE.
by_wg() {
	wg show "$device" dump | awk -F'\t' 'NR > 1 {
		print $1, "psk", $2 == "(none)" ? "no" : "yes"
		print $1, "endpoint", $3 == "(none)" ? "none" : $3
		n = $4 == "(none)" ? 0 : split($4, ips, ",")
		for (i = 1; i <= n; i++) print $1, "allowed_ip", ips[i]
		print $1, "last_handshake", $5 == 0 ? "never" : $5
		print $1, "rx_bytes", $6
		print $1, "tx_bytes", $7
		print $1, "persistent_keepalive", $8 == "off" ? 0 : $8
	}' | while read -r peer field value; do
		[ "$field $value" = 'last_handshake never' ] || [ "$field" != last_handshake ] ||
			value=$(TZ=UTC printf '%(%FT%TZ)T' "$value")
		echo "$peer $field $value"
	done | sort
}
by_show() {
	"$plexwg" show "${on[@]}" "$device" | awk '
		$1 == "peer:" { key = $2; next }
		key == "" || NF == 0 { next }
		{ sub(/:$/, "", $1) }
		$1 == "allowed_ips" {
			n = $2 == "none" ? 0 : split($2, ips, ",")
			for (i = 1; i <= n; i++) print key, "allowed_ip", ips[i]
			next
		}
		$1 == "persistent_keepalive" { sub(/s$/, "", $2) }
		{ print key, $1, $2 }' | sort
}
by_json() {
	"$plexwg" show --json "${on[@]}" "$device" | awk '
		{ gsub(/^ +|,$|"/, "") }
		/^peers:/ { is_peer = 1 }
		!is_peer { next }
		/^public_key:/ { key = substr($0, 12); next }
		/^allowed_ips:/ { is_list = 1; next }
		/^[][{}]/ && !/^\[.*:/ { is_list = 0; next }
		is_list { print key, "allowed_ip", $0; next }
		/:/ {
			name = substr($0, 1, index($0, ":") - 1)
			value = substr($0, length(name) + 2)
			if (value == "null") value = name == "endpoint" ? "none" : "never"
			if (name == "psk") value = value == "true" ? "yes" : "no"
			if (name != "peers") print key, name, value
		}' | sort
}
agrees() { # agrees BY: with wg, at a moment at which nothing changes
	local before shown
	for _ in $(seq 20); do
		before=$(by_wg)
		shown=$("$1")
		[ "$before" = "$(by_wg)" ] && break
	done
	same "$before" "$shown" && [ "$(wc -l <<<"$shown")" -gt 290 ]
}
check 'show and wg agree on every field of every peer' agrees by_show
check 'and so do show --json and wg' agrees by_json
device_by_wg() {
	echo "$(wg show "$device" public-key) $(wg show "$device" listen-port)"
}
device_by_show() {
	"$plexwg" show "${on[@]}" "$device" |
		awk '$1 == "public_key:" { key = $2 } $1 == "listen_port:" { print key, $2 }'
}
agree_device() { same "$(device_by_wg)" "$(device_by_show)"; }
check 'and on the device' agree_device
no_secret() {
	"$plexwg" show --json "${on[@]}" "$device" >"$work/shown" && ! grep -F "$(cat "$work/psk")" "$work/shown"
}
check 'show has no secret' no_secret

printf '{"peers": [{"id": "three", "public_key": "%s", "endpoint": "198.51.100.3:2", "allowed_ips": ["10.9.0.0/16"]},
	{"id": "six", "public_key": "%s", "allowed_ips": ["10.6.1.0/24"], "psk": "%s", "persistent_keepalive": 9},
	{"id": "seven", "public_key": "%s", "allowed_ips": ["10.7.0.0/16"]}]}' \
	"$(key 3)" "$(key 6)" "$(cat "$work/psk")" "$(key 7)" >"$state"
plans_agree() {
	local by_dump by_device
	wg show "$device" dump >"$work/dump"
	by_dump=$("$plexwg" plan "$@" --state "$state" --actual "$work/dump" --interface "$device" \
		--identity "$work/identity")
	by_device=$("$plexwg" plan "$@" --no-routes --state "$state" "${args[@]}")
	same "$by_dump" "$by_device" && grep -q "$(key 8)" <<<"$by_dump" && grep -q 'three' <<<"$by_dump"
}
check 'a plan against the device and one against its dump are the same' plans_agree
check 'and so are the plans as JSON' plans_agree --json
tap_end
