#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Installs what is missing, builds plexwg, and lets it bring up and converge a device: a real one,
# in a network namespace of its own, where that is possible. Usage: tests/demo.sh [BUILD_DIR]
set -eu
cd "$(dirname "$0")/.."
build=${1:-build-demo}

if [ "$(id -u)" = 0 ]; then
	sh tests/install.sh build device
else
	sh tests/install.sh build
fi
mkdir -p "$build"
{
	[ -f "$build/build.ninja" ] || meson setup "$build"
	ninja -C "$build" io/cli/plexwg
} >"$build/build.log" || {
	cat "$build/build.log"
	exit 1
}
plexwg=$PWD/$build/io/cli/plexwg

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
"$plexwg" init --identity "$work/identity" --mesh-ip 10.100.0.1 --node-id demo >/dev/null
cat >"$work/state.json" <<'STATE'
{"peers": [
  {"id": "alpha", "public_key": "AgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgI=", "mesh_ip": "10.100.0.2",
   "endpoint": "198.51.100.2:51820", "allowed_ips": ["10.100.0.2/32"]},
  {"id": "beta", "public_key": "AwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwM=", "mesh_ip": "10.100.0.3",
   "endpoint": "[2001:db8::3]:51820", "allowed_ips": ["10.100.0.3/32", "192.0.2.0/24"]}
]}
STATE
chmod 600 "$work/state.json"

# In a chroot there is no mount namespace to be had: then the socket stands in /run as usual.
controller=userspace
namespace='unshare -n -m --propagation private'
$namespace true 2>/dev/null || namespace='unshare -n'
missing=
[ "$(id -u)" = 0 ] || missing='no privilege'
[ -n "$missing" ] || [ -c /dev/net/tun ] || missing='no /dev/net/tun'
[ -n "$missing" ] || command -v wireguard-go >/dev/null || missing='no wireguard-go'
[ -n "$missing" ] || $namespace true || missing='no network namespace'
if [ -n "$missing" ]; then
	echo "a simulated device, since there is $missing for a real one:"
	controller=sim
	namespace=
else
	echo "a real device, through wireguard-go, in a network namespace of its own:"
fi

# The namespaces end with this shell, and the sockets of wireguard-go stay in them.
$namespace sh -eu -c '
	plexwg=$1 work=$2 controller=$3
	if [ "$controller" = userspace ] && [ "$4" != "unshare -n" ]; then
		mkdir -p /run/wireguard && mount -t tmpfs tmpfs /run/wireguard
	fi
	set -- --identity "$work/identity" --controller "$controller" --interface plexdemo0
	"$plexwg" apply --state "$work/state.json" "$@"
	if [ "$controller" = userspace ]; then
		wg show plexdemo0
		"$plexwg" plan --state "$work/state.json" "$@" && echo "converged: a second plan is empty"
		"$plexwg" down --interface plexdemo0 --controller "$controller"
	fi
' sh "$plexwg" "$work" "$controller" "$namespace"
