#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The trace of plexwg run: its files, after kills, as another user and on a full disk.
# Usage: test_run_trace.sh PLEXWG
set -u
. "$(dirname "$0")/tap.sh"
. "$(dirname "$0")/daemon.sh"
plexwg=$(realpath "$1") controller=sim device=pxw-trace
world 'a run of the daemon is traced' "$0" "$@"
trap 'kill_daemon; umount -q "$work/identity" "$work/small"; rm -rf "$work"' EXIT
"$plexwg" init --identity "$work/identity" --mesh-ip 10.100.0.1 --node-id node-1 >/dev/null
state=$work/state.json
psk=$(secret)
two=$(entry two "$(key 2)" '"10.100.0.2/32"' "\"psk\": \"$psk\"")
document "$two" | replace "$state"

traces() {
	find "$work/identity" -name 'trace-*.jsonl' | sort
}
# traced TEXT [COUNT]: so many lines of the trace hold it.
traced() {
	same "${2:-1}" "$(traces | xargs cat | grep -cF -- "$1")"
}
# Each segment begins with a snapshot, and each of its lines but a cut last one is JSON.
is_sound() {
	traces | xargs python3 -c '
import json, sys
for path in sys.argv[1:]:
    lines = open(path).read().split("\n")
    kinds = [json.loads(line)["kind"] for line in lines[:-1]]
    assert kinds[:1] == ["snapshot"], (path, kinds)'
}

begins() {
	start --state "$state" --interval 1s --no-routes && eventually traced '"outcome":"not_modified"' 2 &&
		kill_daemon && is_sound && same 600 "$(stat -c %a "$(traces)")" && traced '"op":"add"' &&
		traced '"psk":' && not grep -qF "$psk" "$(traces)"
}
check 'a trace is written by default, and is sound after a kill' begins

goes_on() {
	start --state "$state" --interval 1s --no-routes && eventually traced '"start":true' 2 && stop &&
		is_sound && same 2 "$(traces | wc -l)" && traced '"kind":"teardown"'
}
check 'the next process begins another segment' goes_on

replays() {
	status 0 "$plexwg" trace --identity "$work/identity" --output "$work/trace.json" &&
		status 0 "$plexwg" replay "$work/trace.json"
}
check 'the trace of both replays' replays

unwanted() {
	rm -f $(traces)
	start --state "$state" --no-routes --trace-mib 0 && eventually said 'Peers changed' && stop &&
		same '' "$(traces)"
}
check 'with --trace-mib 0 there is none' unwanted

other_user() {
	{ grep -v ^plexwg: /etc/passwd && echo plexwg:x:4242:4242::/:/bin/false; } | etc passwd
	chown -R 4242:4242 "$work/identity" && chmod 755 "$work" && chmod 644 "$state" || return 1
	start --state "$state" --no-routes && eventually traced '"op":"add"' && stop || return 1
	same '4242 600' "$(stat -c '%u %a' "$(traces)")" && chown -R root:root "$work/identity"
}
check 'a daemon that becomes another user writes it as that user' other_user

# There is room for a snapshot, not for all that follows.
full_disk() {
	rm -f $(traces)
	mkdir "$work/small" && mount -t tmpfs -o size=40k,mode=700 tmpfs "$work/small" &&
		cp -a "$work/identity/." "$work/small" && mount --bind "$work/small" "$work/identity" || return 1
	start --state "$state" --no-routes --interval 1s && eventually traced '"outcome":' || return 1
	head -c 40k /dev/zero >"$work/small/filler" 2>/dev/null
	for try in $(seq 200); do
		document "$two" "$(entry three "$(key 3)" "\"10.0.$try.0/24\"")" | replace "$state"
		! said 'Trace stopped' || break
		sleep 0.3
	done
	said 'Trace stopped' 1 && said 'No space left on device' && is_sound || return 1
	document "$two" "$(entry four "$(key 4)" '"10.100.0.4/32"')" | replace "$state"
	eventually said 'removed=1 updated=0 added=1' && said 'Trace stopped' 1 && stop
}
check 'a full disk ends it with one warning, and nothing else' full_disk

tap_end
