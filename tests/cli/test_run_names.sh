#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# plexwg run with host names as endpoints, one of which the name server never answers for.
# Usage: test_run_names.sh PLEXWG [userspace|kernel]
set -u
. "$(dirname "$0")/tap.sh"
. "$(dirname "$0")/daemon.sh"
plexwg=$(realpath "$1") controller=${2:-userspace} device=pxw-names
world 'names are looked up' "$0" "$@"
server=
trap 'kill_daemon; [ -z "$server" ] || kill "$server"
	"$plexwg" down --interface "$device" --controller "$controller"; rm -rf "$work"' EXIT
"$plexwg" init --identity "$work/identity" --mesh-ip 10.100.0.1 >/dev/null
state=$work/state.json
k2=$(key 2) k3=$(key 3) k4=$(key 4) k5=$(key 5)

# The system's resolver reads these files here; this name server does not answer for long.
echo '198.51.100.2 good.example
0.0.0.0 blocked.example' | etc hosts
echo 'nameserver 127.0.0.1
options timeout:30 attempts:5' | etc resolv.conf
echo 'hosts: files dns' | etc nsswitch.conf
python3 -c '
import socket
silent = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
silent.bind(("127.0.0.1", 53))
print("bound", flush=True)
while True:
    silent.recv(65536)
    print("asked", flush=True)' >"$work/server" &
server=$!
eventually grep -q bound "$work/server"
named() { # named ID KEY NUMBER HOST
	entry "$1" "$2" "\"10.100.0.$3\"" "\"endpoint\": \"$4:51820\""
}

good() {
	document "$(named two "$k2" 2 good.example)" "$(named three "$k3" 3 198.51.100.3)" | replace "$state"
	start --state "$state" --interval 1h
	eventually keys_are "$k2" "$k3" && has_endpoint "$k2" 198.51.100.2:51820
}
check 'a peer has the address of its name' good
blocked() {
	document "$(named two "$k2" 2 good.example)" "$(named three "$k3" 3 198.51.100.3)" \
		"$(named four "$k4" 4 blocked.example)" | replace "$state"
	eventually said 'endpoint: \"blocked.example\": no address that packets can be sent to' &&
		eventually keys_are "$k2" "$k3" "$k4" && has_endpoint "$k4" '(none)'
}
check 'a name without an address affects the endpoint only' blocked
unanswered() {
	document "$(named two "$k2" 2 good.example)" "$(named five "$k5" 5 slow.example)" | replace "$state"
	eventually grep -q asked "$work/server" || return 1
	eventually said 'endpoint: \"slow.example\": no answer in time' && eventually keys_are "$k2" "$k5" && has_endpoint "$k5" '(none)' && alive
}
check 'one without an answer is waited for up to a limit' unanswered
look_elsewhere() {
	document "$(named two "$k2" 2 good.example)" "$(named five "$k5" 5 198.51.100.5)" | replace "$state"
	eventually has_endpoint "$k5" 198.51.100.5:51820 && keys_are "$k2" "$k5"
}
check 'the next state is followed meanwhile' look_elsewhere
check 'and the end does not wait for the answer' stop
tap_end
