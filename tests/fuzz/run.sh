#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Fuzzes one reader for long, beginning with its corpus, the fixtures, and what earlier runs found.
# Usage: tests/fuzz/run.sh TARGET SECONDS [OPTION OF LIBFUZZER...]
#
# Inputs that reach new code go to build-fuzz/corpus/TARGET, an input that breaks something to
# build-fuzz/found. Given that input instead of SECONDS, it is tried alone.
set -eu
cd "$(dirname "$0")/../.."
. tests/fuzz/common.sh
target=$1
what=$2
shift 2
build="build-fuzz"

fuzz_build "$build"
mkdir -p "$build/corpus/$target" "$build/found"
export UBSAN_OPTIONS=print_stacktrace=1:halt_on_error=1
[ ! -f "$what" ] || exec "$build/tests/fuzz/fuzz_$target" "$@" "$what"
# shellcheck disable=SC2046 # a list of arguments
exec "$build/tests/fuzz/fuzz_$target" -max_total_time="$what" -timeout=20 -max_len=4096 \
	-print_final_stats=1 -artifact_prefix="$build/found/$target-" "$@" \
	"$build/corpus/$target" $(fuzz_inputs "$target")
