#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Runs the long form of a test whose short form is among those of tests/run.sh.
# Usage: tests/long.sh NAME [ARGUMENT...], and NAME is one of:
#
#	hostile [MINUTES]              a hostile control plane and a noisy network (30)
#	kernel [VERSION]               all tests that want a kernel's WireGuard, on Debian's kernel of that
#	                               version (6.12)
#	large [SIM [USERSPACE]]        the daemon with so many peers on a simulated device (100000), and on
#	                               wireguard-go (20000), ended in the middle of its cycles
#	simulate [LIVES [FIRST_SEED]]  lives of a node against an account of their own of the rules (20000
#	                               from 1000); one that fails is left in build-long as a scenario
#	soak [HOURS]                   hours of events, in a world where time passes at once (24), and ten
#	                               days of odd life whose trace replays
#	steps [PEERS]                  how the steps of a cycle grow, doubled twice (100000)
#	fuzz [SECONDS [TARGET...]]     readers of foreign bytes, all or these, so long each (600)
#	valgrind [BUILD_DIR [SUITE...]]
set -eu
cd "$(dirname "$0")/.."
build=build-long

make_build() {
	sh tests/install.sh build device test
	[ -f "$build/build.ninja" ] || meson setup "$build" >/dev/null
	ninja -C "$build" >"$build/build.log" || {
		cat "$build/build.log"
		return 1
	}
}

hostile() {
	make_build
	python3 -B tests/mesh/test_hostile.py "$build/io/cli/plexwg" \
		"$build/tests/control_plane/control_plane" "${1:-30}"
}

kernel() {
	sh tests/install.sh vm
	make_build
	version=${1:-6.12}
	bash tests/vm/test-kernel "$version" all "$build/tests/cli/intruder.so" \
		"$build/io/cli/plexwg" "$build/tests/device/test_contract_kernel" \
		"$build/tests/device/test_kernel_device"
}

large() {
	make_build
	PYTHONPATH=tests/mesh python3 -B tests/cli/test_run_large.py "$build/io/cli/plexwg" \
		"${1:-100000}" "${2:-20000}"
}

simulate() {
	make_build
	"$build/tests/sim/sim" -program "$build/io/cli/plexwg" -lives "${1:-20000}" -first "${2:-1000}" \
		-keep "$build"
}

as_long_as_it_takes() { # as_long_as_it_takes TEST
	make_build
	meson test -C "$build" --no-rebuild --verbose --timeout-multiplier 0 "$1"
}

soak() {
	PLEXWG_SOAK_HOURS=${1:-24} as_long_as_it_takes soak
	PLEXWG_SOAK_HOURS=${1:-240} as_long_as_it_takes trace_soak
}

steps() {
	PLEXWG_STEPS_PEERS=${1:-100000} as_long_as_it_takes steps
}

fuzz() {
	seconds=${1:-600}
	[ $# = 0 ] || shift
	sh tests/install.sh build test
	# shellcheck disable=SC2046 # a list of targets
	[ $# != 0 ] || set -- $(. tests/fuzz/common.sh && fuzz_targets)
	for target; do
		sh tests/fuzz/run.sh "$target" "$seconds"
	done
}

name=${1:-}
[ $# = 0 ] || shift
case $name in
hostile | kernel | large | simulate | soak | steps | fuzz) "$name" "$@" ;;
valgrind) sh tests/valgrind.sh "$@" ;;
*)
	sed -n 's/^# *\(Usage.*\)/\1/p; s/^#\t/  /p' "$0" >&2
	exit 64
	;;
esac
