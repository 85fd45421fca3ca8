#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Every fuzz target for a short time, beginning with its corpus, always with the same inputs.
# Usage: test_fuzz.sh BUILD_DIR (for the targets)
set -eu
build=$1
cd "$(dirname "$0")/../.."
. tests/cli/tap.sh
. tests/fuzz/common.sh
trap 'rm -rf "$work"' EXIT

# As many inputs as take about a second; the log names the file of one that fails.
fuzz() {
	runs=10000
	case $1 in
	log | scenario | stream) runs=2000 ;;
	esac
	mkdir "$work/corpus"
	status=0
	# shellcheck disable=SC2046 # a list of arguments
	"$build/tests/fuzz/fuzz_$1" -seed=1 -runs="$runs" -timeout=60 -max_len=4096 \
		-artifact_prefix="$build/$1-" "$work/corpus" $(fuzz_inputs "$1") || status=$?
	rm -rf "$work/corpus"
	return "$status"
}

if ! command -v clang >/dev/null; then
	skip "every reader of foreign bytes is fuzzed" "there is no clang"
	tap_end
	exit 0
fi
check "the fuzz targets build" fuzz_build "$build"
for target in $(fuzz_targets); do
	check "fuzzing finds nothing wrong with the reader of $target" fuzz "$target"
done
tap_end
