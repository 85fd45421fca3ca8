#!/bin/bash
# plexwg run --record on a real device: what others do, states good and bad, kills and restarts.
# Usage: test_record.sh PLEXWG [userspace|kernel]
set -u
. "$(dirname "$0")/tap.sh"
. "$(dirname "$0")/daemon.sh"
plexwg=$(realpath "$1") controller=${2:-userspace} device=pxw-record
world 'a run of the daemon is recorded' "$0" "$@"
down() {
	"$plexwg" down --interface "$device" --controller "$controller"
}
trap 'kill_daemon; down; rm -rf "$work"' EXIT
"$plexwg" init --identity "$work/identity" --mesh-ip 10.100.0.1 --node-id node-1 >/dev/null
state=$work/state.json record=$work/record.json
here=$(dirname "$0")

# 300 peers with keys, preshared keys and names of their own.
state_of() { # state_of COUNT [ENTRY]...
	python3 - "$work/keys" "$@" <<'PYTHON' | replace "$state"
import base64, json, os, sys
path, count, *entries = sys.argv[1:]
if not os.path.exists(path):
    with open(path, "w") as file:
        for _ in range(600):
            file.write(base64.b64encode(os.urandom(32)).decode() + "\n")
with open(path) as file:
    keys = file.read().split()
peers = [{"id": f"secret-name-{i}", "public_key": keys[2 * i], "psk": keys[2 * i + 1],
          "endpoint": f"203.0.113.{i % 250 + 1}:5{i:04}",
          "allowed_ips": [f"10.{100 + i // 250}.{i % 250}.0/24", f"fd5e:c4e7::{i:x}/128"]}
         for i in range(int(count))]
json.dump({"peers": peers + [json.loads(entry) for entry in entries]}, sys.stdout)
PYTHON
}
peers_are() { # peers_are COUNT
	same "$1" "$(keys | wc -l)"
}
begin() { # begin COUNT [WORD]...: started, recorded, and converged
	local count=$1
	shift
	start --state "$state" --record "$record" --no-routes "$@" && eventually peers_are "$count"
}
replays() { # replays [FILE]
	status 0 "$plexwg" replay "${1:-$record}" && same '1 passed, 0 failed' "$(tail -n 1 "$out")"
}
# The daemon has been at work and has told it.
told() { # told TEXT
	eventually grep -qF -- "$1" "$record" && replays
}
calls() {
	grep -c '"do":"reconcile"' "$record"
}

begins() {
	state_of 300 && begin 300 --interval 1s && told '"do":"expect"' && same 600 "$(stat -c %a "$record")" &&
		same 300 "$(grep -c '^	.*"add_peer ' "$record")"
}
check 'a run with 300 peers replays while it goes on' begins

by_hand() {
	wg set "$device" peer "$(sed -n 1p "$work/keys")" remove peer "$(sed -n 3p "$work/keys")" \
		allowed-ips 10.77.0.0/16 peer "$(key 77)" allowed-ips 10.100.5.0/24
	eventually not grep -F "$(key 77)" <(keys) && eventually peers_are 300 && told '"remove_peer":' &&
		told '"set_peer":{'
}
check 'peers changed by hand are told as others'"'"' doing' by_hand

link() {
	ip link set "$device" down && eventually link_is_up && told '"set_interface":{"up":false}' &&
		ip addr add 192.0.2.77/32 dev "$device" && told '"set_interface":{"addresses":[' &&
		ip link del "$device" && eventually peers_are 300 && told '"delete_interface":true'
}
check 'so are a link that is taken down, given an address or deleted' link

bad_state() {
	state_of 299 '{"id": "secret-name-299", "public_key": "'"$(sed -n 2p "$work/keys")"'!", "allowed_ips": []}' \
		'{"id": "secret-name-300", "public_key": "'"$(key 5)"'", "psk": "'"$(sed -n 4p "$work/keys")"'x", "allowed_ips": []}' \
		'{"id": "secret-name-301", "public_key": "'"$(key 6)"'", "endpoint": "localhost:1", "allowed_ips": []}'
	eventually peers_are 301 && told '"unusable"'
	local count
	count=$(calls) && echo 'not json, with a secret-name' >"$state" && told 'fetch_error' &&
		eventually test "$(calls)" -gt "$count"
}
check 'entries that cannot be used, and a state that is none' bad_state

killed() {
	kill_daemon && replays && same '' "$(grep -F 'Recording ended' "$log")"
}
check 'a kill leaves a recording that replays' killed

# Its state is that of the life before, until there is one; nobody is removed meanwhile.
earlier_life() {
	rm "$state" && wg set "$device" peer "$(key 9)" allowed-ips 10.99.0.0/16 && begin 302 --interval 1s &&
		told '"ops":"any"' && replays "$record.old" && state_of 300 && eventually peers_are 300 && told '"remove_peer '
}
check 'a run with the state of an earlier life replays, and the recording before it is kept' earlier_life

no_secrets() {
	python3 -B - "$here/../mesh" "$record" "$record.old" "$work/keys" "$work/identity/private_key" <<'PYTHON'
import base64, sys
sys.path.insert(0, sys.argv[1])
from secret_search import Search
keys = [line for path in sys.argv[4:] for line in open(path).read().split()]
search = Search({f"key {i}": base64.b64decode(key) for i, key in enumerate(keys)})
found = search.in_file(sys.argv[2]) + search.in_file(sys.argv[3])
assert len(keys) == 601 and search.in_bytes("itself", base64.b64decode(keys[7])) and not found, found
PYTHON
	local status=$? words='secret-name|203\.0\.113\.|fd5e:c4e7|localhost|10\.100\.0\.1/'
	[ $status = 0 ] && same '' "$(grep -Eho "$words" "$record" "$record.old" | sort | uniq -c)"
}
check 'no key, name or address of the runs is in them' no_secrets

ends_well() {
	stop && replays && grep -q '"do":"teardown","returns":"ok"' "$record" &&
		same '' "$(grep -F 'Recording ended' "$log")"
}
check 'the end is told too' ends_well

refused() {
	status 1 "$plexwg" run --identity "$work/identity" --interface "$device" --controller "$controller" \
		--state "$state" --record /dev/null && grep -F '/dev/null: not a file' "$err" && [ -c /dev/null ] &&
		not ip link show "$device"
}
check 'a recording that cannot be made is an error before anything is touched' refused
tap_end
