#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Installs the Debian packages that are missing. Usage: tests/install.sh build|test...
set -eu

# ca-certificates, which libcurl only recommends, holds the authorities that plexwg trusts.
build='gcc libc6-dev meson ninja-build pkg-config libjson-c-dev libnl-3-dev libnl-route-3-dev
	libnl-genl-3-dev libsodium-dev libcurl4-openssl-dev libseccomp-dev ca-certificates'
# What a run needs besides the program: the device, and tools to inspect it.
device='wireguard-go wireguard-tools iproute2'
test='libcmocka-dev clang libclang-rt-14-dev clang-tidy cppcheck iputils-ping valgrind golang-go python3
	procps strace systemd mandoc'
# A machine with a kernel of its own.
vm='qemu-system-x86 busybox-static cpio kmod iproute2 wireguard-tools iputils-ping strace xz-utils
	systemd procps wireguard-go'

packages=''
for group; do
	case $group in
	build) packages="$packages $build" ;;
	device) packages="$packages $device" ;;
	test) packages="$packages $test" ;;
	vm) packages="$packages $vm" ;;
	*)
		echo "install.sh: $group: build, device, test or vm" >&2
		exit 64
		;;
	esac
done

missing=''
for package in $packages; do
	dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q 'ok installed' ||
		missing="$missing $package"
done
[ -n "$missing" ] || exit 0

if [ "$(id -u)" != 0 ]; then
	echo "install.sh: these packages are missing, and only root can install them:$missing" >&2
	exit 1
fi
echo "installing$missing"
export DEBIAN_FRONTEND=noninteractive
apt='apt-get -o Acquire::Retries=3 -o DPkg::Lock::Timeout=300'
$apt update -qq
# shellcheck disable=SC2086 # a list of names
$apt install -y -qq --no-install-recommends $missing >/dev/null
