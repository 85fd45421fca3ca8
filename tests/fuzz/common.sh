# SPDX-License-Identifier: Apache-2.0
# What run.sh and test_fuzz.sh share. A script sources this from the top of the tree.
# shellcheck shell=sh

# fuzz_build BUILD_DIR: makes the targets, with clang.
fuzz_build() {
	mkdir -p "$1"
	fuzz_make "$1" >"$1/build.log" 2>&1 || {
		tail -n 40 "$1/build.log"
		return 1
	}
}

fuzz_make() {
	[ -e "$1/build.ninja" ] || CC=clang meson setup "$1" -Dbuildtype=debugoptimized \
		-Dc_args='-fsanitize=fuzzer-no-link -fno-sanitize-recover=undefined' \
		-Db_sanitize=address,undefined -Db_lundef=false || return 1
	ninja -C "$1" fuzz
}

# fuzz_targets: their names.
fuzz_targets() {
	for source in tests/fuzz/fuzz_*.c; do
		basename "$source" .c | cut -c 6-
	done
}

# fuzz_inputs TARGET: the dictionary and the corpora, as arguments.
fuzz_inputs() {
	case $1 in
	api_reply | cache | config | envelope | identity | json | payload | scenario | state | trace)
		echo -dict=tests/fuzz/json.dict
		;;
	rtnetlink | wg_netlink) echo -dict=tests/fuzz/netlink.dict ;;
	uapi | stream) echo "-dict=tests/fuzz/$1.dict" ;;
	esac
	echo "tests/fuzz/corpus/$1"
	case $1 in
	scenario) echo fixtures/scenarios ;;
	state | wg_dump) echo fixtures/plan ;;
	esac
}
