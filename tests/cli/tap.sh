# SPDX-License-Identifier: Apache-2.0
# TAP for shell tests. A script sources this, calls check/skip and ends with tap_end.
# shellcheck shell=sh
# shellcheck disable=SC2034 # callers use what is set here

tap_count=0

# check SENTENCE COMMAND...: one test case, which holds if the command succeeds.
check() {
	tap_count=$((tap_count + 1))
	tap_sentence=$1
	shift
	if "$@" >"$work/check.log" 2>&1; then
		echo "ok $tap_count - $tap_sentence"
	else
		echo "not ok $tap_count - $tap_sentence"
		sed 's/^/# /' "$work/check.log"
	fi
}

skip() {
	tap_count=$((tap_count + 1))
	echo "ok $tap_count - $1 # SKIP $2"
}

# With PLEXWG_KEPT set all files of the test stay behind, for tests/search_secrets.py.
tap_end() {
	echo "1..$tap_count"
	[ -z "${PLEXWG_KEPT:-}" ] || cp -a "$work" "$PLEXWG_KEPT/$(basename "$0" .sh).$$"
}

# status N COMMAND...: whether the command ends with that status. Output in $out and $err.
status() {
	wanted=$1
	shift
	got=0
	"$@" >"$out" 2>"$err" || got=$?
	cat "$out" "$err" | tee -a "$work/said.log"
	[ "$got" = "$wanted" ] || {
		echo "status $got, not $wanted"
		return 1
	}
}

# same TEXT TEXT: what was expected, what was found.
same() {
	[ "$1" = "$2" ] || {
		printf 'expected:\n%s\nfound:\n%s\n' "$1" "$2"
		return 1
	}
}

umask 022 # a state file that others may write is refused
work=$(mktemp -d)
out=$work/out
err=$work/err
# A new key, which nothing may show afterwards: tests/search_secrets.py searches for it.
secret() {
	head -c 32 /dev/urandom | base64 | tee -a "$work/secrets"
}
key() { # key N: base64 of 32 bytes of value N
	awk -v n="$1" 'BEGIN { for (i = 0; i < 32; i++) printf "\\x%02x", n }' | xargs -0 printf '%b' |
		base64
}
# logs TEXT COUNT: whether so many lines of $work/log hold it, soon.
logs() {
	for _ in $(seq 300); do
		[ "$(grep -c -- "$1" "$work/log")" = "$2" ] && return
		sleep 0.1
	done
	cat "$work/log"
	return 1
}
# numbered_peers N...: a state of peers by those numbers.
numbered_peers() {
	local n comma=
	printf '{"peers": ['
	for n; do
		printf '%s{"id": "peer-%s", "public_key": "%s", "allowed_ips": ["10.0.0.%s"]}' \
			"$comma" "$n" "$(key "$n")" "$n"
		comma=,
	done
	printf ']}'
}
