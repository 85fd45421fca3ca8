#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# plexwg plan, apply, show and down on a real device in namespaces of its own: wireguard-go's, or the
# kernel's.
# Usage: test_apply.sh PLEXWG [userspace|kernel]
set -u
. "$(dirname "$0")/device.sh"
device=pxw-apply
args=(--identity "$work/identity" --interface "$device" --controller "$controller")

peer() { # peer ID KEY [MEMBER]...: one entry
	local id=$1 public_key=$2
	shift 2
	printf '{"id": "%s", "public_key": "%s"' "$id" "$public_key"
	printf ', %s' "$@"
	printf '}'
}
write_state() { # write_state ENTRY...
	local IFS=,
	printf '{"peers": [%s]}' "$*" >"$state"
	chmod 600 "$state"
}
apply() { "$plexwg" apply --state "$state" "${args[@]}" "$@"; }
plan() { "$plexwg" plan --state "$state" "${args[@]}"; }
changes() { # the lines of a plan or of an apply that say what changes
	grep '^[-~+!] ' | grep -v ' route '
}
converged() { status 0 plan && routes_follow; }
# apply reports the changes that plan printed before, and then there is nothing left to do.
as_planned() {
	local planned done
	planned=$(plan | changes)
	done=$(apply) || return 1
	same "$planned" "$(changes <<<"$done")" && converged
}
field() { # field KEY N: of a peer's line of the dump
	wg show "$device" dump | awk -v key="$1" -v n="$2" 'NR > 1 && $1 == key { print $n }'
}
shows() { same "$3" "$(field "$1" "$2")"; }
keys_are() { same "$(printf '%s\n' "$@" | sort)" "$(wg show "$device" peers | sort)"; }

k2=$(key 2) k3=$(key 3) k4=$(key 4) k13=$(key 13) psk=$(secret)
two=$(peer two "$k2" '"endpoint": "198.51.100.2:51820"' '"allowed_ips": ["10.100.0.2/32"]')
three=$(peer three "$k3" '"endpoint": "[2001:db8::3]:4500"' "\"psk\": \"$psk\"" \
	'"allowed_ips": ["10.100.0.3/32", "10.3.0.0/16"]' '"persistent_keepalive": 25')
write_state "$two" "$three"

check 'a plan for an interface that is missing says so and has status 2' status 2 plan
write_state "$two" "$three" '{"id": "bad", "public_key": "x", "allowed_ips": []}'
one_error() { # one_error COMMAND: the entry is the only error
	status 1 "$1" && same "plexwg: $2peers[2] \"bad\": public_key: 1 characters, a key in base64 has 44" "$(cat "$err")"
}
check 'an unusable entry is the only error of a plan' one_error plan 'state: '
check 'and the only one of apply, of an interface that was missing' one_error apply 'apply: wireguard: reconcile: '
"$plexwg" down "${args[@]:2}"
write_state "$two" "$three"
check 'apply makes the changes of the plan' as_planned
check 'both peers are there' keys_are "$k2" "$k3"
write_state "$two" "$three" "$(peer zone "$k4" '"endpoint": "[fe80::4%nowhere]:1"' '"allowed_ips": []')"
refused() { # the device has no such zone
	status 1 apply && same "$device: 0 removed, 0 updated, 0 added, 2 unchanged" "$(cat "$out")" &&
		grep '^plexwg: apply: wireguard: reconcile: add peer zone: ' "$err" &&
		status 1 apply --json && grep '"failed":' "$out" && ! grep '"after"' "$out"
}
check 'apply does not report a change that the device refused as done' refused
wg set "$device" peer "$k4" remove
write_state "$two" "$three"
check 'an endpoint is set' shows "$k2" 3 198.51.100.2:51820
check 'an IPv6 endpoint is set' shows "$k3" 3 '[2001:db8::3]:4500'
check 'allowed IPs are set' same '10.100.0.3/32 10.3.0.0/16' \
	"$(field "$k3" 4 | tr , '\n' | sort | paste -sd' ')"
check 'a preshared key is set' shows "$k3" 2 "$psk"
check 'a keepalive is set' shows "$k3" 8 25
check 'the interface has the mesh address' bash -c "ip -4 addr show $device | grep -q 'inet 10.100.0.1/32'"
check 'the interface is up' bash -c "ip link show $device | grep -q '[<,]UP[,>]'"
check 'show agrees with wg' bash -c \
	"\"$plexwg\" show --interface $device | grep -qx 'public_key: $(wg show $device public-key)'"

second() {
	local before after
	before=$(wg show "$device" dump | sort)
	status 0 apply && same '' "$(changes <"$out")" || return 1
	after=$(wg show "$device" dump | sort)
	same "$before" "$after"
}
check 'a second apply does nothing' second

by_hand() {
	wg set "$device" peer "$k2" remove
	wg set "$device" peer "$k4" allowed-ips 10.9.0.0/16
	wg set "$device" peer "$k3" allowed-ips 10.3.0.0/16 preshared-key /dev/null
}
by_hand
check 'a peer removed, a foreign one, a changed psk and changed allowed IPs are planned, then corrected' as_planned
check 'and nothing else was touched' same "$(printf '%s\n' "- $k4" \
	"~ three $k3 allowed_ips=10.3.0.0/16->10.3.0.0/16,10.100.0.3/32 psk=no->yes" \
	"+ two $k2 endpoint=198.51.100.2:51820 allowed_ips=10.100.0.2/32 psk=no persistent_keepalive=0s")" \
	"$(by_hand && apply | changes)"
check 'the foreign peer is gone' keys_are "$k2" "$k3"

write_state "$two" "$(peer three "$k13" '"allowed_ips": ["10.100.0.3/32", "10.3.0.0/16"]')"
check 'a rotated key is planned and applied' as_planned
check 'the old key is gone' keys_are "$k2" "$k13"

write_state "$(peer two "$k2" "\"psk\": \"$psk\"" '"allowed_ips": ["10.100.0.2/32"]' \
	'"persistent_keepalive": 7')"
check 'a psk and a keepalive are set on a peer that is there' as_planned
check 'the psk is the desired one' shows "$k2" 2 "$psk"
write_state "$two"
check 'a psk and a keepalive are cleared' as_planned
check 'the psk is gone' shows "$k2" 2 '(none)'
check 'the keepalive is off' shows "$k2" 8 off

many=$(seq 1 100 | sed 's|.*|"10.7.&.0/24"|' | paste -sd,)
write_state "$(peer two "$k2" "\"allowed_ips\": [$many]")"
check '100 allowed IPs on one peer are applied' as_planned
check 'all 100 are there' same 100 "$(field "$k2" 4 | tr , '\n' | wc -l)"
write_state "$(peer two "$k2" '"allowed_ips": []')" "$(peer four "$k4" "\"allowed_ips\": [$many]")"
check 'and move to another peer' as_planned
check 'all 100 moved' same 100 "$(field "$k4" 4 | tr , '\n' | wc -l)"

write_state "$two" '{"id": "bad", "public_key": "'"$k4"'", "allowed_ips": ["10.0.0.0/33"]}'
unusable() {
	status 1 apply && keys_are "$k2" "$k4" &&
		grep -q 'peers\[1\] "bad": allowed_ips\[0\]: "10.0.0.0/33": prefix length over 32' "$err"
}
check 'an unusable entry is an error, and its peer stays as it is' unusable
write_state "$two" '{"id": "four", "publickey": "'"$k4"'", "allowed_ips": []}'
nameless() {
	status 1 apply && keys_are "$k2" "$k4" && grep -q '^warning: 1 removals withheld: ' "$out" &&
		status 1 plan && grep -q '^warning: 1 removals withheld: ' "$out"
}
check 'while an entry has neither key nor id, no peer is removed, and that is reported' nameless
cut_short() {
	local before
	before=$(wg show "$device" dump | sort)
	printf '{"peers": [' >"$state"
	status 1 apply && same "$before" "$(wg show "$device" dump | sort)" && [ "$(wc -l <"$err")" = 1 ]
}
check 'a cut state file is one error and changes nothing' cut_short

ip addr add 192.0.2.9/24 dev "$device"
ip link set "$device" down
write_state "$two"
link_again() {
	status 0 apply && grep -q '^! configure_address ' "$out" && converged && ! ip addr show "$device" | grep -q 192.0.2.9
}
check 'an interface that is down and has another address is corrected' link_again

if [ "$controller" = userspace ]; then
	pid=$(pgrep -x -f "[^ ]*wireguard-go -f $device")
	outlives() {
		[ -n "$pid" ] && [ "$(ps -o ppid= -p "$pid" | tr -d ' ')" != $$ ] || return 1
		# It logs an error for a packet that leads nowhere; without a reader it must not die of that.
		ip route add 10.100.0.2/32 dev "$device"
		ping -c 2 -i 0.2 -W 1 10.100.0.2
		wg set "$device" peer "$k2" endpoint 203.0.113.1:9
		ping -c 2 -i 0.2 -W 1 10.100.0.2
		sleep 0.2
		kill -0 "$pid" && wg show "$device" >/dev/null
	}
	check 'the userspace process lives on after apply has exited, through errors that it logs' outlives
fi

check 'down removes the interface' status 0 "$plexwg" down --interface "$device"
if [ "$controller" = userspace ]; then
	ended() {
		for _ in $(seq 50); do
			case $(ps -o stat= -p "$pid") in '' | Z*) return 0 ;; esac
			sleep 0.1
		done
		return 1
	}
	check 'and its process ends' ended
fi
check 'down of an interface that is not there is no error' status 0 "$plexwg" down --interface "$device"
ip link add pxw-foreign type veth peer name pxw-other
foreign() {
	status 1 "$plexwg" down --interface pxw-foreign --controller "$controller" && ip link show pxw-foreign
}
check 'down rejects an interface that is not ours' foreign
refuses_link() {
	status 1 "$plexwg" apply --state "$state" --identity "$work/identity" --interface pxw-foreign \
		--controller "$controller"
}
check 'apply rejects an interface that is not ours' refuses_link
ip link del pxw-foreign

if [ "$controller" = userspace ]; then
	# A device that acknowledges every set and forgets every peer.
	ip tuntap add dev pxw-forget mode tun
	python3 - <<-'PY' &
		import socket
		listener = socket.socket(socket.AF_UNIX)
		listener.bind("/run/wireguard/pxw-forget.sock")
		listener.listen()
		interface = {}
		while True:
		    connection, _ = listener.accept()
		    for line in connection.makefile():
		        if line == "\n":
		            got = "".join(f"{name}={value}" for name, value in interface.items()) if is_get else ""
		            connection.sendall(f"{got}errno=0\n\n".encode())
		        elif line in ("get=1\n", "set=1\n"):
		            is_get = line == "get=1\n"
		        elif line.startswith(("private_key=", "listen_port=")):
		            interface.update([line.split("=")])
	PY
	forgetful=$!
	for _ in $(seq 50); do [ -S /run/wireguard/pxw-forget.sock ] || sleep 0.1; done
	write_state "$(peer two "$k2" '"allowed_ips": ["10.100.0.2/32"]')"
	reads_back() {
		status 1 "$plexwg" apply --state "$state" --identity "$work/identity" --interface pxw-forget --no-routes &&
			grep -q 'read back: acknowledged, but not so on the device: add peer two' "$err"
	}
	check 'a change that is acknowledged and has no effect is a failure' reads_back
	kill $forgetful
	ip link del pxw-forget
fi
tap_end
