#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Every scenario under fixtures/ is a test case. Usage: test_replay.sh PLEXWG
set -u
. "$(dirname "$0")/tap.sh"
trap 'rm -rf "$work"' EXIT
plexwg=$(realpath "$1")
not_held() { # what the scenario's line is followed by
	grep -F -A1 -- "$1" "$work/replay"
	return 1
}
scenarios=$(cd "$(dirname "$0")/../../fixtures/scenarios" && pwd)

"$plexwg" replay "$scenarios" >"$work/replay"
while IFS= read -r line; do
	case $line in
	'ok '*) check "${line#ok }" true ;;
	'FAIL '*) check "${line#FAIL }" not_held "$line" ;;
	esac
done < <(sed -n 's/#/ no. /g; /^\(ok\|FAIL\) /p' "$work/replay")
failing() { ! grep '^FAIL ' -A1 "$work/replay"; }
check 'no scenario fails' failing
all() {
	same "$(find "$scenarios" -name '*.json' | wc -l) passed, 0 failed" "$(tail -n 1 "$work/replay")"
}
check 'every file was run' all
twice() {
	"$plexwg" replay --trace "$scenarios" >"$work/first" && "$plexwg" replay --trace "$scenarios" >"$work/second" &&
		[ -s "$work/first" ] && cmp "$work/first" "$work/second"
}
check 'a trace has the same bytes twice' twice
elsewhere() { # neither time zone, locale, environment nor folder matters
	(cd / && env -i TZ=Asia/Kolkata LC_ALL=C.UTF-8 "$plexwg" replay --trace "$scenarios") | cmp - "$work/first"
}
check 'and elsewhere' elsewhere

documented() { # the scenario in the README holds
	sed -n '/^{"scenario"/,/^```/p' "$scenarios/../../README.md" | grep -v '^```' >"$work/readme.json"
	status 0 "$plexwg" replay "$work/readme.json" && same '1 passed, 0 failed' "$(tail -n 1 "$out")"
}
check "the README's scenario passes" documented

unusable() { # unusable TEXT WORD...: status 2 and each word in the error
	local word
	printf '%s' "$1" >"$work/bad.json"
	shift
	status 2 "$plexwg" replay "$work/bad.json" || return 1
	for word in bad.json "$@"; do
		grep -qF -- "$word" "$err" || { echo "not named: $word" && return 1; }
	done
}
check 'an unknown member is named' unusable '{"scenario": "x", "version": 1, "stepps": [], "steps": []}' stepps
check 'an unknown member of a step is named' unusable \
	'{"scenario": "x", "version": 1, "steps": [{"do": "setup"}, {"do": "setup", "retruns": "ok"}]}' 2 retruns
check 'a step without do is named' unusable '{"scenario": "x", "version": 1, "steps": [{"returns": "ok"}]}' 1 do
check 'a wrong type is named' unusable '{"scenario": "x", "version": 1, "steps": [{"do": "advance", "by": 5}]}' 1 by
check 'a step within a fetch is named' unusable '{"scenario": "x", "version": 1, "steps": [{"do": "reconcile",
	"state": {"peers": []}, "during_fetch": [{"do": "event", "event_type": 7, "payload": {}}]}]}' 1.1 event_type
check 'a cut file is rejected' unusable '{"scenario": "x", "version": 1, "steps": [{"do": "se'
check 'a key number over 255 is rejected' unusable '{"scenario": "x", "version": 1, "steps": [{"do": "remove_peer", "public_key": "${key:256}"}]}' 256
check 'a repeated member is rejected' unusable '{"scenario": "x", "version": 1, "steps": [], "version": 1}' version
others() {
	mkdir -p "$work/dir/sub"
	printf '{' >"$work/dir/a.json"
	printf '{"scenario": "fine", "version": 1, "steps": [{"do": "setup", "returns": "ok"}]}' >"$work/dir/sub/b.json"
	printf '{"scenario": "fails", "version": 1, "steps": [{"do": "expect", "interface": "up"}]}' >"$work/dir/sub/c.json"
	status 2 "$plexwg" replay "$work/dir" && same "$(printf 'ok fine\nFAIL fails')" "$(grep -E '^(ok|FAIL) ' "$out")" &&
		same '1 passed, 1 failed' "$(tail -n 1 "$out")"
}
check 'the other files of a folder still run' others
unreadable() { # a link that leads nowhere, as editors leave them, and a folder that may not be read
	local drop=
	[ "$(id -u)" != 0 ] || drop='setpriv --reuid 65534 --regid 65534 --clear-groups'
	mkdir -p "$work/odd/closed" "$work/odd/open"
	ln -s nobody@nowhere "$work/odd/.#a.json"
	ln -s nowhere "$work/odd/no-scenario"
	cp "$work/dir/sub/b.json" "$work/odd/open/b.json"
	cp "$plexwg" "$work/odd/plexwg"
	chmod 755 "$work" && chmod 000 "$work/odd/closed"
	status 2 $drop "$work/odd/plexwg" replay "$work/odd" && same "$(printf 'ok fine\n1 passed, 0 failed')" "$(cat "$out")" &&
		same "plexwg: replay: $work/odd/closed: Permission denied
plexwg: replay: $work/odd/.#a.json: No such file or directory" "$(cat "$err")"
}
check 'and so do those next to an unreadable one' unreadable
fails() { status 1 "$plexwg" replay "$work/dir/sub" && grep -q 'step 1' "$out"; }
check 'a scenario that fails has status 1 and names the step' fails
tap_end
