#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Runs the diff and its twins by maps alternately and compares their medians, all from this run:
# absolute times say little, ratios travel.
# Usage: tests/bench/bench_diff.sh BUILD_DIR [PEERS [ROUNDS]]
set -eu
here=$(cd "$(dirname "$0")" && pwd)
build=${1:?usage: bench_diff.sh BUILD_DIR [PEERS [ROUNDS]]}
peers=${2:-1000000}
rounds=${3:-5}
# What the diff may take of the time of the map way in Go.
target=0.1

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
# As it is delivered: sanitizers and no optimisation would measure themselves.
options=$(meson introspect --buildoptions "$build")
case $options in
*'"name": "b_sanitize", "value": "none"'*) ;;
*)
	echo "bench_diff: $build has sanitizers; make one without" >&2
	exit 1
	;;
esac
meson compile -C "$build" bench_diff bench_diff_map >/dev/null

twins=map
if command -v go >/dev/null; then
	GOCACHE=$work/cache GO111MODULE=off go build -o "$work/go" "$here/bench_diff.go"
	twins='map go'
fi

round=0
while [ "$round" -lt "$rounds" ]; do
	"$build/tests/bench/bench_diff" "$peers" >>"$work/diff.times"
	for twin in $twins; do
		case $twin in
		map) "$build/tests/bench/bench_diff_map" "$peers" ;;
		go) "$work/go" "$peers" ;;
		esac >>"$work/$twin.times"
	done
	round=$((round + 1))
done

# median FILE COLUMN
median() {
	sort -n -k "$2,$2" "$1" | awk -v column="$2" '
		{ time[NR] = $column }
		END { print NR % 2 ? time[(NR + 1) / 2] : (time[NR / 2] + time[NR / 2 + 1]) / 2 }'
}

echo "$peers peers, nothing changed, medians of $rounds rounds in ms: comparison alone, with preparation"
printf '%-28s %10.1f %10.1f\n' 'diff_compute (with sealing)' \
	"$(median "$work/diff.times" 1)" "$(median "$work/diff.times" 2)"
for twin in $twins; do
	case $twin in
	map) name='maps in C' ;;
	go) name='maps in Go, as in plexd' ;;
	esac
	printf '%-28s %10.1f %10.1f\n' "$name" \
		"$(median "$work/$twin.times" 1)" "$(median "$work/$twin.times" 2)"
done
for twin in $twins; do
	awk -v ours="$(median "$work/diff.times" 1)" -v ours_whole="$(median "$work/diff.times" 2)" \
		-v alone="$(median "$work/$twin.times" 1)" \
		-v whole="$(median "$work/$twin.times" 2)" -v twin="$twin" -v target="$target" '
		BEGIN {
			printf "diff_compute takes %.3f of %s with its maps built in each cycle " \
				"(target %s), %.3f without that; with sealing %.3f\n",
				ours / whole, twin, target, ours / alone, ours_whole / whole
		}'
done
