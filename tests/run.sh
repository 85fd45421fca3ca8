#!/bin/sh
# Installs what is missing, builds with sanitizers, runs every test, counts the test cases.
# Usage: tests/run.sh [BUILD_DIR]
set -eu
cd "$(dirname "$0")/.."
build=${1:-build-test}

sh tests/install.sh build device test vm
mkdir -p "$build"
{
	[ -f "$build/build.ninja" ] || meson setup "$build" -Db_sanitize=address,undefined \
		-Db_lundef=false -Dbuildtype=debugoptimized
	ninja -C "$build"
} >"$build/build.log" || {
	cat "$build/build.log"
	exit 1
}

status=0
UBSAN_OPTIONS=print_stacktrace=1:halt_on_error=1 \
	meson test -C "$build" --no-rebuild --print-errorlogs --timeout-multiplier 4 || status=$?

# Every line of TAP is a test case. One that a program did not live to print is not missed: the
# program then counts as failed.
log=$build/meson-logs/testlog.txt
count() {
	grep -cE "$1" "$log" || true
}
# What they have to tell: what was simulated, and what was not run of model and engine.
sed -nE 's/^# (coverage: .*|seeds .*)/\1/p' "$log"
failed=$(count '^not ok ')
skipped=$(count '^ok .*# *[Ss][Kk][Ii][Pp]')
passed=$(($(count '^ok ') - skipped))
grep -E '^ok .*# *[Ss][Kk][Ii][Pp]' "$log" | sed 's/^ok [0-9]* *-* */skipped: /' || true
[ "$status" = 0 ] || [ "$failed" != 0 ] || failed=1
if [ "$skipped" = 0 ]; then
	echo "$passed passed, $failed failed"
else
	echo "$passed passed, $failed failed, $skipped skipped"
fi
[ "$status" = 0 ] && [ "$failed" = 0 ]
