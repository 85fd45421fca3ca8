#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Whether the kernel has WireGuard is found out without a link being made: with the module loaded,
# without it, and with a kernel that can load it. Usage: test_available.sh PLEXWG
set -u
. "$(dirname "$0")/../cli/tap.sh"
plexwg=$1
links=$(ip -o link | wc -l)
module=$(find /vm/modules -name '*wireguard.ko')
echo '{"peers": []}' >"$work/state.json"
chmod 600 "$work/state.json"
"$plexwg" init --identity "$work/identity" --mesh-ip 10.100.0.1 >/dev/null

available_is() {
	same "$1" "$(kernel_driver available)" && same "$links" "$(ip -o link | wc -l)"
}
check 'a kernel with the module has WireGuard' available_is yes
rmmod wireguard
echo /nowhere >/proc/sys/kernel/modprobe
check 'a kernel without it has none' \
	available_is 'the kernel has no WireGuard: module wireguard not found'
stranger() {
	status 1 "$plexwg" apply --state "$work/state.json" --identity "$work/identity" &&
		same 1 "$(wc -l <"$err")" && same '' "$(cat "$out")" &&
		grep 'module wireguard' "$err" && grep 'apt install wireguard-go' "$err"
}
check 'with no userspace backend either, one line names what to install' stranger
plain() {
	status 1 "$plexwg" apply --state "$work/state.json" --identity "$work/identity" \
		--controller kernel && same 1 "$(wc -l <"$err")" && grep 'the kernel has no WireGuard' "$err"
}
check 'and an explicit choice of the kernel reports that it has no WireGuard' plain

printf '#!/bin/sh\ncase $* in *wireguard*) exec insmod %s ;; esac\n' "$module" >/tmp/modprobe
sed -i '1a export PATH=/usr/bin:/usr/lib/busybox' /tmp/modprobe
chmod +x /tmp/modprobe
echo /tmp/modprobe >/proc/sys/kernel/modprobe
check 'a kernel that can load the module has WireGuard' available_is yes
loaded() { lsmod | grep '^wireguard'; }
check 'and has loaded it' loaded
auto() {
	status 0 "$plexwg" apply --state "$work/state.json" --identity "$work/identity" &&
		"$plexwg" show | grep -x 'controller: kernel' && status 0 "$plexwg" down
}
check 'which is then the default choice' auto
tap_end
