#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Floods of pings from one node to two others, through prefixes that stay, while apply adds another
# prefix to a peer, moves it to the other peer and takes it away: none is lost. The same by wg(8),
# which replaces all prefixes, loses pings: this shows that losses are seen. Usage: test_traffic.sh PLEXWG
set -u
. "$(dirname "$0")/../cli/tap.sh"
plexwg=$1
rounds=2
control_rounds=3
device=wg1

# A veth pair between a and another namespace, and a WireGuard link in that.
make_other() { # make_other NAMESPACE NUMBER
	local ns=$1 number=$2
	ip netns add "$ns"
	ip link add "out-$ns" netns a type veth peer name out netns "$ns"
	ip -n a address add "192.0.$number.1/24" dev "out-$ns"
	ip -n "$ns" address add "192.0.$number.2/24" dev out
	ip -n a link set "out-$ns" up
	ip -n "$ns" link set out up
	ip -n "$ns" link add wg1 type wireguard
	(umask 077 && wg genkey >"$work/key")
	ip netns exec "$ns" wg set wg1 private-key "$work/key" listen-port 51820 \
		peer "$key_a" allowed-ips 10.9.0.1/32 endpoint "192.0.$number.1:51820"
	ip -n "$ns" address add "10.9.0.$number/24" dev wg1
	ip -n "$ns" link set wg1 up
}
prefixes() { # prefixes NUMBER COUNT: many /32 that sort before those that the pings go through
	awk -v number="$1" -v count="$2" 'BEGIN {
		for (i = 0; i < count; i++) printf "%s10.%d.%d.%d/32", i ? "," : "", number, i / 256, i % 256 }'
}
state() { # state OF_B OF_C: what these peers have beside what stays
	local kept_b kept_c
	kept_b=$(prefixes 1 256),10.9.0.2/32,fd50::/16
	kept_c=$(prefixes 2 256),10.9.0.3/32,fd60::/16
	printf '{"peers": [
		{"id": "b", "public_key": "%s", "endpoint": "192.0.2.2:51820", "allowed_ips": ["%s"]},
		{"id": "c", "public_key": "%s", "endpoint": "192.0.3.2:51820", "allowed_ips": ["%s"]}]}' \
		"$key_b" "${kept_b//,/\",\"}${1:+\",\"$1}" "$key_c" "${kept_c//,/\",\"}${2:+\",\"$2}"
}
apply() { # apply STATE_FILE
	status 0 ip netns exec a "$plexwg" apply --state "$1" --interface "$device" --identity "$work/identity"
}

ip netns add a
key_a=$("$plexwg" init --identity "$work/identity" --mesh-ip 10.9.0.1)
make_other b 2
make_other c 3
key_b=$(ip netns exec b wg show wg1 public-key)
key_c=$(ip netns exec c wg show wg1 public-key)
umask 077
state '' '' >"$work/nobody.json"
state 10.77.0.0/16 '' >"$work/b.json"
state '' 10.77.0.0/16 >"$work/c.json"
both_answer() {
	apply "$work/nobody.json" && ip netns exec a ping -q -c 1 -W 10 10.9.0.2 &&
		ip netns exec a ping -q -c 1 -W 10 10.9.0.3
}
check 'two nodes answer' both_answer

# Pings as fast as they come back, each answer a line with its number.
under_flood() { # under_flood COMMAND...
	local result=0 pids=()
	for number in 2 3; do
		ip netns exec a ping -A -n "10.9.0.$number" >"$work/pings-$number" 2>&1 &
		pids+=($!)
	done
	"$@" || result=$?
	kill -INT "${pids[@]}"
	wait "${pids[@]}"
	return "$result"
}
# Lost is a number that is missing before another: the last may still have been on their way.
lost_and_answered() {
	cat "$work"/pings-[23] | awk -F'icmp_seq=' '/^PING/ { last = 0 } NF == 2 {
		number = $2 + 0
		lost += number - last - 1
		answered++
		last = number
	} END { print lost + 0, answered + 0 }'
}
owner_of() {
	ip netns exec a wg show "$device" allowed-ips | awk '/10\.77\.0\.0\/16/ { print $1 }'
}
routes_are() { # routes_are COUNT: of all that lead to the device, in both families
	same "$1" "$({ ip -n a -4 route show dev "$device" && ip -n a -6 route show dev "$device" table 254; } | wc -l)"
}
by_apply() {
	for _ in $(seq "$rounds"); do
		apply "$work/b.json" && same "$key_b" "$(owner_of)" && routes_are 517 || return
		apply "$work/c.json" && same "$key_c" "$(owner_of)" && routes_are 517 || return
		apply "$work/nobody.json" && same '' "$(owner_of)" && routes_are 516 || return
	done
}
none_lost() {
	under_flood by_apply >"$work/said" || { cut -c 1-200 "$work/said" && return 1; }
	read -r lost answered < <(lost_and_answered)
	echo "$lost lost, $answered answered"
	[ "$lost" = 0 ] && [ "$answered" -gt 100 ]
}
check 'a prefix is added, moved to another peer and removed again and again, and no ping is lost' none_lost
echo "# $answered pings, $lost lost, $rounds rounds of changes"

# The hole is as long as it takes to set many prefixes, and is made several times.
by_wg() {
	local kept
	kept=$(prefixes 2 4096),10.9.0.3/32,fd60::/16
	for _ in $(seq "$control_rounds"); do
		ip netns exec a wg set "$device" peer "$key_c" allowed-ips "$kept,10.77.0.0/16" || return
		ip netns exec a wg set "$device" peer "$key_c" allowed-ips "$kept" || return
	done
}
some_lost() {
	under_flood by_wg || return
	read -r lost answered < <(lost_and_answered)
	[ "$lost" -gt 0 ]
}
check 'the same done by wg, which replaces all prefixes, loses some' some_lost
echo "# $answered pings, $lost lost, $control_rounds rounds of changes"
tap_end
