#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Limits on input: at a limit it is accepted, over it rejected with the name of the limit, and help and
# program agree about the defaults. Usage: test_limits.sh PLEXWG
set -u
. "$(dirname "$0")/tap.sh"
daemon=
trap '[ -z "$daemon" ] || kill "$daemon" 2>/dev/null; rm -rf "$work"' EXIT
plexwg=$1
fixtures=$(cd "$(dirname "$0")/../../fixtures/plan" && pwd)

plan() {
	"$plexwg" plan --state "$work/state.json" --actual "$fixtures/two-peers.dump" --at 2026-03-01T12:00:00Z "$@" \
		</dev/null
}
refused() { # refused TEXT OPTION...: one line of error, nothing planned
	local text=$1
	shift
	status 1 plan "$@" && [ ! -s "$out" ] && same "plexwg: plan: $text" "$(cat "$err")"
}

cp "$fixtures/three-peers.json" "$work/state.json"
check 'as many peers as are allowed are planned' status 2 plan --max-peers 3
check 'one more is rejected with the number, the limit and the option' \
	refused "state: $work/state.json: peers: 3 entries, more than 2 (--max-peers)" --max-peers 2

python3 - "$work" "$fixtures" <<'PY'
import json, sys
work, fixtures = sys.argv[1:]
state = json.load(open(f"{fixtures}/two-peers.json"))
first = min(state["peers"], key=lambda peer: peer["id"])
first["allowed_ips"] = [f"10.7.{i}.0/24" for i in range(5)]
json.dump(state, open(f"{work}/many-ips.json", "w"))
size = len(json.dumps(state))
open(f"{work}/a-mebibyte.json", "w").write(json.dumps(state) + " " * (1048576 - size))
open(f"{work}/a-byte-more.json", "w").write(json.dumps(state) + " " * (1048577 - size))
peers = [{"id": f"p{i}", "public_key": "x", "allowed_ips": [], "odd": i} for i in range(1027)]
json.dump({"peers": peers}, open(f"{work}/odd.json", "w"))
PY
cp "$work/many-ips.json" "$work/state.json"
check 'as many allowed IPs as are allowed are planned' status 2 plan --max-allowed-ips 5
only_that_entry() { # its peer stays as it is, the other is planned
	status 1 plan --max-allowed-ips 4 && [ "$(wc -l <"$err")" = 1 ] &&
		grep -q 'allowed_ips: 5 entries, more than 4 (--max-allowed-ips)$' "$err" &&
		! grep -q '10\.7\.' "$out"
}
check 'one more makes the entry unusable, and its peer stays as it is' only_that_entry

check 'as many allowed IPs in all as are allowed are planned' status 2 plan --max-total-allowed-ips 6
check 'one more is rejected whole' \
	refused "state: $work/state.json: peers: more than 5 allowed_ips in all (--max-total-allowed-ips)" \
	--max-total-allowed-ips 5

cp "$work/a-mebibyte.json" "$work/state.json"
check 'a state of as many MiB as are allowed is planned' status 2 plan --max-state-mib 1
cp "$work/a-byte-more.json" "$work/state.json"
check 'one byte more is rejected' \
	refused "state: $work/state.json: over 1 MiB (--max-state-mib)" --max-state-mib 1
standard_input() {
	status 1 "$plexwg" plan --state - --actual "$fixtures/two-peers.dump" --max-state-mib 1 <"$work/state.json" &&
		grep -q 'state: standard input: over 1 MiB (--max-state-mib)' "$err"
}
check 'so it is from standard input' standard_input
check 'with the defaults it is planned' status 2 plan
config() {
	echo '{"max_peers": 1, "max_allowed_ips": 1, "max_state_mib": 1, "max_nonces": 1}' >"$work/config"
	refused "state: $work/state.json: over 1 MiB (--max-state-mib)" --config "$work/config" &&
		refused "state: $work/state.json: peers: 2 entries, more than 1 (--max-peers)" --config "$work/config" --max-state-mib 2
}
check 'a configuration file sets the limits too' config

cp "$work/odd.json" "$work/state.json"
odd() {
	status 1 plan && same 1024 "$(grep -c '\.odd: unknown member, ignored' "$out")" &&
		same 1 "$(grep -c '3 more unknown members, ignored' "$out")"
}
check 'unknown members are named up to a number, and counted' odd

wrong() { status 64 "$plexwg" run --state x "$@" && [ "$(wc -l <"$err")" = 1 ]; }
for option in max-peers max-allowed-ips max-total-allowed-ips max-state-mib max-nonces; do
	check "--$option 0 is rejected" wrong --$option 0
	check "--$option many is rejected" wrong --$option many
done
check '--max-state-mib 1025 is rejected' wrong --max-state-mib 1025

"$plexwg" init --identity "$work/identity" --mesh-ip 10.100.0.1 --node-id node-1 >/dev/null
cp "$fixtures/three-peers.json" "$work/state.json"
apply_refused() {
	status 1 "$plexwg" apply --controller sim --identity "$work/identity" --state "$work/state.json" --max-peers 2 &&
		same "plexwg: apply: state: $work/state.json: peers: 3 entries, more than 2 (--max-peers)" "$(cat "$err")"
}
check 'apply rejects it like plan' apply_refused

# The daemon: what is in force stays.
state() { # state ALLOWED_IPS N...: peers N, the first with so many allowed IPs
	python3 - "$@" <<'PY' >"$work/next"
import base64, json, sys
count, *numbers = map(int, sys.argv[1:])
peers = [{"id": f"peer-{n}", "public_key": base64.b64encode(bytes([n]) * 32).decode(), "allowed_ips": [f"10.0.{n}.1"]}
         for n in numbers]
peers[0]["allowed_ips"] = [f"10.0.{numbers[0]}.{i + 1}" for i in range(count)]
json.dump({"peers": peers}, sys.stdout)
PY
	mv "$work/next" "$work/state.json"
}
again() { # again COUNT: the file is read once more, for the COUNTth time
	kill -HUP "$daemon" && logs 'msg=Reloaded' "$1"
}
start() {
	state 1 2 3
	: >"$work/log"
	"$plexwg" run --state "$work/state.json" --identity "$work/identity" --controller sim --interval 1h \
		--log-level debug --max-peers 3 --max-allowed-ips 4 2>"$work/log" &
	daemon=$!
	logs 'Peer added' 2 && state 4 2 3 4 && logs 'Peer added' 3 && logs 'Peer updated.*peer-2' 1
}
check 'a daemon accepts as many peers and allowed IPs as are allowed' start
one_peer_more() {
	state 1 2 4 5 6
	logs 'peers: 4 entries, more than 3 (--max-peers)' 1 &&
		again 1 && again 2 && sleep 0.3 && logs 'peers: 4 entries, more than 3 (--max-peers)' 1 &&
		logs 'Peer added' 3 && logs 'Peer removed' 0
}
check 'a state with one peer more changes nothing, and is logged once' one_peer_more
one_allowed_ip_more() {
	state 5 2 3 5
	logs 'Peer added.*peer-5' 1 && logs 'Peer removed' 1 && logs 'Peer updated' 1 &&
		logs 'Peer entry unusable.*allowed_ips: 5 entries, more than 4 (--max-allowed-ips).* retained=' 1
}
check 'a peer with one allowed IP more stays as it is, the others are corrected' one_allowed_ip_more
well_again() {
	state 4 2 3 5
	logs 'Problem resolved' 1 && logs 'Peer added' 4 && logs 'Peer updated' 1
}
check 'the next good state resolves the problem' well_again
kill "$daemon"
wait "$daemon"
daemon=
# An upgrade brings smaller limits: the last good state is in force all the same.
cached() {
	mv "$work/state.json" "$work/away.json"
	: >"$work/log"
	"$plexwg" run --state "$work/state.json" --identity "$work/identity" --controller sim --interval 1h \
		--log-level debug --max-peers 2 --max-allowed-ips 3 --max-total-allowed-ips 5 2>"$work/log" &
	daemon=$!
	logs 'Peer added' 3 &&
		logs 'level=WARN msg="Cached state exceeds limits".*peers: 3 entries, more than 2 (--max-peers); allowed_ips: 4 entries of one peer, more than 3 (--max-allowed-ips); peers: 6 allowed_ips in all, more than 5 (--max-total-allowed-ips)' 1
}
check 'a cached state over the limits is accepted, with a warning that names them' cached
kill "$daemon"
wait "$daemon"
cached_silently() {
	: >"$work/log"
	"$plexwg" run --state "$work/state.json" --identity "$work/identity" --controller sim --interval 1h \
		--log-level debug --max-peers 3 --max-allowed-ips 4 --max-total-allowed-ips 6 2>"$work/log" &
	daemon=$!
	logs 'Peer added' 3 && logs 'exceeds limits' 0
}
check 'one at the limits is accepted without' cached_silently
kill "$daemon"
wait "$daemon"
daemon=
mv "$work/away.json" "$work/state.json"

# The system's limit on the size of a file. Output goes through pipes.
limited() { # limited KIB COMMAND...
	(ulimit -f "$1" && shift && exec "$@") 2>&1 | cat >"$work/limited"
	cat "$work/limited"
}
no_identity() {
	limited 0 "$plexwg" init --identity "$work/limited.d" --mesh-ip 10.100.0.1
	same "plexwg: init: $work/limited.d/private_key: File too large" "$(cat "$work/limited")" &&
		same '' "$(ls -A "$work/limited.d")"
}
check 'a file that may not grow is an error of init, and nothing is left' no_identity
"$plexwg" init --identity "$work/identity.d" --mesh-ip 10.100.0.1 >/dev/null
python3 -c 'import json, sys; json.dump(json.load(sys.stdin) | {"x": "x" * 4096}, sys.stdout)' \
	<"$work/state.json" >"$work/large.json"
no_cache() { # the state is cached nowhere, and in force
	(ulimit -f 1 && exec "$plexwg" run --controller sim --identity "$work/identity.d" --log-level debug \
		--state "$work/large.json" --interval 1h) > >(cat >"$work/log") 2>&1 &
	daemon=$!
	logs 'subsystem="last good state".*File too large' 1 && logs 'Peers changed' 1 && kill "$daemon" || return
	wait "$daemon"
	same 0 $? && daemon= && same 'identity.json private_key' "$(ls -A "$work/identity.d" | grep -v "^trace-" | paste -sd' ')"
}
check 'and a problem of the daemon, which follows the state without storing it' no_cache

default() { # default OPTION VALUE: its help has that default
	"$plexwg" run --help | grep -q -- "--$1 .*(default $2)$"
}
check 'the default of --max-peers is 65536' default max-peers 65536
check 'that of --max-allowed-ips is 1024' default max-allowed-ips 1024
check 'that of --max-total-allowed-ips is 262144' default max-total-allowed-ips 262144
check 'that of --max-state-mib is 64' default max-state-mib 64
check 'that of --max-nonces is 600000' default max-nonces 600000
tap_end
