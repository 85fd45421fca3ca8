#!/bin/bash
# Sizes of what others send: at a bound it is taken, over it refused by name, and the README, the
# help and the program agree about the defaults. Usage: test_limits.sh PLEXWG
set -u
. "$(dirname "$0")/tap.sh"
trap 'rm -rf "$work"' EXIT
plexwg=$1
top=$(cd "$(dirname "$0")/../.." && pwd)
fixtures=$top/fixtures/plan

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
check 'one more is refused with the number, the bound and the option' \
	refused 'state: peers: 3 entries, more than 2 (--max-peers)' --max-peers 2

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
only_that_entry() { # its peer stays as it is, the other is looked at
	status 1 plan --max-allowed-ips 4 && [ "$(wc -l <"$err")" = 1 ] &&
		grep -q 'allowed_ips: 5 entries, more than 4 (--max-allowed-ips)$' "$err" &&
		! grep -q '10\.7\.' "$out"
}
check 'one more costs the entry, and its peer stays as it is' only_that_entry

cp "$work/a-mebibyte.json" "$work/state.json"
check 'a state of as many MiB as are allowed is planned' status 2 plan --max-state-mib 1
cp "$work/a-byte-more.json" "$work/state.json"
check 'one byte more is refused' \
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
		refused 'state: peers: 2 entries, more than 1 (--max-peers)' --config "$work/config" --max-state-mib 2
}
check 'a configuration file has the bounds too' config

cp "$work/odd.json" "$work/state.json"
odd() {
	status 1 plan
	same 1024 "$(grep -c '\.odd: unknown member, ignored' "$out")" &&
		same 1 "$(grep -c '3 more unknown members, ignored' "$out")"
}
check 'unknown members are named up to a number, and counted' odd

wrong() { status 64 "$plexwg" run --state x "$@" && [ "$(wc -l <"$err")" = 1 ]; }
for option in max-peers max-allowed-ips max-state-mib max-nonces; do
	check "--$option 0 is refused" wrong --$option 0
	check "--$option many is refused" wrong --$option many
done
check '--max-state-mib 1025 is refused' wrong --max-state-mib 1025

# The state in force stays when the next one is over a bound.
"$plexwg" init --identity "$work/identity" --mesh-ip 10.100.0.1 >/dev/null
run_on() { # run_on STATUS TEXT OPTION...: apply on a simulated device
	local wanted=$1 text=$2
	shift 2
	status "$wanted" "$plexwg" apply --controller sim --identity "$work/identity" --state "$work/state.json" "$@" &&
		grep -q -- "$text" "$err"
}
cp "$fixtures/three-peers.json" "$work/state.json"
check 'apply refuses like plan, before anything is touched' \
	run_on 1 'state: peers: 3 entries, more than 2 (--max-peers)' --max-peers 2

# default HELP README: the help of the option says so, and the README names the bound.
default() {
	"$plexwg" run --help | grep -q -- "--$1 .*default: $2" && tr '\n' ' ' <"$top/README.md" | grep -q -- "$3"
}
check 'the default of --max-peers is that of the README' default max-peers 1048576 '1 048 576 peers'
check 'that of --max-allowed-ips is' default max-allowed-ips 131072 '131 072 allowed IPs'
check 'that of --max-state-mib is' default max-state-mib '512, from a control plane 64' \
	'state file at 512 MiB.* control plane at 64 MiB'
check 'that of --max-nonces is' default max-nonces 600000 '600 000 events'
tap_end
