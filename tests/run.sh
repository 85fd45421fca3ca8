#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Installs what is missing, builds with sanitizers, runs every test, counts the test cases.
# Usage: tests/run.sh [BUILD_DIR]
set -eu
umask 022
cd "$(dirname "$0")/.."
build=${1:-build-test}

sh tests/install.sh build device test vm
mkdir -p "$build"
{
	[ -f "$build/build.ninja" ] || meson setup "$build" -Dwerror=true \
		-Db_sanitize=address,undefined -Db_lundef=false -Dbuildtype=debugoptimized
	ninja -C "$build"
} >"$build/build.log" || {
	cat "$build/build.log"
	exit 1
}

# What the tests write they leave there, to be searched for secrets when all are done. Tests as another
# user have to come through.
kept=$(mktemp -d "${TMPDIR:-/tmp}/plexwg-kept.XXXXXX")
trap 'rm -rf "$kept"' EXIT
trap 'exit 130' INT TERM
chmod 711 "$kept"
status=0
UBSAN_OPTIONS=print_stacktrace=1:halt_on_error=1 PLEXWG_KEPT=$kept TMPDIR=$kept \
	meson test -C "$build" --no-rebuild --print-errorlogs --timeout-multiplier 4 || status=$?

log=$build/meson-logs/testlog.txt
python3 -B tests/search_secrets.py "$kept" "$log" >"$build/secrets.log" || {
	status=1
	cat "$build/secrets.log"
}
cat "$build/secrets.log" >>"$log"
# Every line of TAP is a test case. One that a program did not live to print is not missed: the
# program then counts as failed.
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
