#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Options from a configuration file. Usage: test_config.sh PLEXWG
set -u
. "$(dirname "$0")/tap.sh"
trap 'rm -rf "$work"' EXIT
fixtures=$(cd "$(dirname "$0")/../../fixtures/plan" && pwd)
plexwg=$(realpath "$1")
cp "$fixtures"/* "$work"
chmod 644 "$work"/*.json "$work"/*.dump

config() { # config JSON
	echo "$1" >"$work/config"
	chmod 600 "$work/config"
}
dump=$work/two-peers.dump
plan() { # plan WORD...: what the plan says of setup and peers
	"$plexwg" plan --config "$work/config" --actual "$dump" --at 2026-03-01T12:00:00Z "$@"
}
refused() { # refused TEXT WORD...: status 1 and one line that ends so
	local text=$1
	shift
	status 1 "$plexwg" plan --config "$work/config" "$@" &&
		same "plexwg: plan: config: $work/config: $text" "$(cat "$err")" && [ ! -s "$out" ]
}
from_file() {
	config "{\"state\": \"$work/two-peers.json\", \"interface\": \"mesh0\", \"listen_port\": 4242}"
	status 2 plan && same '! create_interface mesh0' "$(grep '^!' "$out")"
}
check 'options come from the file' from_file
command_line_wins() {
	status 0 plan --listen-port 51820 && status 2 plan --listen-port 51820 --state "$work/one-peer.json"
}
check 'the command line wins, wherever it names the file' command_line_wins
before() {
	status 0 "$plexwg" plan --listen-port 51820 --config "$work/config" \
		--actual "$work/two-peers.dump" --at 2026-03-01T12:00:00Z
}
check 'also when it is given before' before
whole_file() {
	config "{\"state\": \"$work/two-peers.json\", \"api\": null, \"interface\": \"plexd0\", \"identity\": null,
		\"controller\": \"auto\", \"ca_file\": \"ca.pem\", \"interval\": \"1m30s\", \"listen_port\": 5.182e4,
		\"mtu\": 1420.0, \"persistent_keepalive\": 0, \"fwmark\": \"0x2a\", \"route_table\": 100,
		\"no_routes\": true, \"keep_addresses\": false, \"keep_interface\": true, \"trace_mib\": 8,
		\"max_removal_percent\": 50, \"log_level\": \"warn\", \"log_format\": \"json\"}"
	sed '1s/off$/0x2a/' "$work/two-peers.dump" >"$work/marked.dump"
	dump=$work/marked.dump status 0 plan
}
check 'a file for run may hold every option of run, and plan takes what it needs' whole_file
# A daemon that finds no identity: whether it has one source is seen before that.
daemon() {
	"$plexwg" run --config "$work/config" --controller sim --identity "$work/nobody" "$@"
}
source_replaced() {
	config '{"api": "https://control.example"}'
	status 1 daemon --state "$work/two-peers.json" || return 1
	config "{\"state\": \"$work/two-peers.json\"}"
	status 1 daemon --api https://control.example &&
		status 64 daemon --api https://control.example --state "$work/two-peers.json"
}
check 'a source on the command line takes the place of the other one in the file' source_replaced
flag_off() {
	echo '{"peers": []}' >"$work/none.json"
	"$plexwg" init --identity "$work/identity" --mesh-ip 10.100.0.1 >/dev/null
	config "{\"state\": \"$work/none.json\", \"no_routes\": true, \"route_table\": 7}"
	status 64 "$plexwg" plan --config "$work/config" --no-routes=maybe || return 1
	status 0 plan --state "$work/two-peers.json" --no-routes=false &&
		status 0 plan --state "$work/two-peers.json" --no-routes
}
check 'a flag of the file can be taken back' flag_off
relative() {
	config '{"state": "two-peers.json"}'
	(cd "$work" && status 0 plan)
}
check 'a path in it is relative to the working directory' relative
standard_input() {
	"$plexwg" plan --config - --actual "$work/two-peers.dump" --at 2026-03-01T12:00:00Z \
		<<<"{\"state\": \"$work/two-peers.json\"}"
}
check 'it may come from standard input' standard_input

config '{"liste_port": 1}'
check 'an unknown member is rejected, and named' refused 'liste_port: unknown member'
config '{"json": true}'
check 'an option that is no setting is rejected' refused 'json: unknown member'
config '{"listen_port": 1, "listen_port": 2}'
check 'a repeated member is rejected' refused 'repeated member "listen_port"'
config '{"listen_port": "51820"}'
check 'a value of another type is rejected' refused 'listen_port: not a number'
config '{"listen_port": 65536}'
check 'a value that the option rejects is rejected' refused 'listen_port: "65536": must be 1 to 65535'
config '{"interface": "wg%d"}'
check 'a name that the kernel would complete is rejected' refused "interface: \"wg%d\": must be 1 to 15 bytes without '/', '%', ':' or a space, and not '.', '..', 'all' or 'default'"
config '{"controller": "bsd"}'
check 'an unknown word is rejected' refused 'controller: "bsd": must be one of auto|kernel|userspace|sim'
for interval in 60 1 0s 500ms 25h -1s 1.5s '' soon; do
	config "{\"interval\": \"$interval\"}"
	check "an interval of '$interval' is rejected" refused "interval: \"$interval\": must be a time from 1s to 24h"
done
config '{"max_removal_percent": 101}'
check 'more than all peers is rejected' refused 'max_removal_percent: "101": must be 0 to 100'
config '{"interface": "a"'
check 'a broken file is rejected' refused 'byte 18: unexpected end'
config '{}'
chmod 620 "$work/config"
check 'a file that others may write is rejected' refused "others may write it (mode 0620)"
rm "$work/config"
check 'a file that is not there is named' refused "No such file or directory"
check 'help needs no configuration file' bash -c "\"$plexwg\" plan --config \"$work/config\" --help | grep -q -- '--config FILE'"
check 'a wrong command line is one all the same' status 64 "$plexwg" plan --config
not_taken() {
	status 64 "$plexwg" show --config "$work/config"
}
check 'a command that configures nothing takes none' not_taken
applied() {
	config "{\"state\": \"$work/none.json\", \"identity\": \"$work/identity\", \"controller\": \"sim\"}"
	status 0 "$plexwg" apply --config "$work/config"
}
check 'apply takes it too' applied
tap_end
