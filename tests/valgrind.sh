#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Runs the tests of the libraries under valgrind, in a build without sanitizers: a leak, or a byte
# read that was never written, fails its test. On request; CI has the sanitizers.
# Usage: tests/valgrind.sh [BUILD_DIR [SUITE...]]
set -eu
cd "$(dirname "$0")/.."
build=${1:-build-valgrind}
[ $# = 0 ] || shift
[ $# != 0 ] || set -- model engine io

sh tests/install.sh build device test
[ -f "$build/build.ninja" ] || meson setup "$build" >/dev/null
ninja -C "$build" >"$build/build.log" || {
	cat "$build/build.log"
	exit 1
}
for suite; do
	shift
	set -- "$@" --suite "$suite"
done
wrapper="valgrind -q --leak-check=full --error-exitcode=99 --child-silent-after-fork=yes"
wrapper="$wrapper --suppressions=$PWD/tests/valgrind.supp"
meson test -C "$build" --no-rebuild --print-errorlogs --timeout-multiplier 30 --wrapper "$wrapper" "$@"
