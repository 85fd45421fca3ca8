#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Every file that plexwg reads, owned, writable, linked to or replaced by the user nobody, who is
# untrusted: plexwg rejects it. Usage: test_owners.sh PLEXWG
set -u
if [ "${2:-}" != inside ]; then
	if [ "$(id -u)" != 0 ] || ! command -v setpriv >/dev/null; then
		echo "ok 1 - files of another user # SKIP needs root and setpriv"
		echo 1..1
		exit
	fi
	exec unshare -n -m --propagation private bash "$0" "$1" inside
fi
here=$(dirname "$0")
. "$here/tap.sh"
. "$here/daemon.sh"
trap '[ -z "$pid" ] || kill "$pid" 2>/dev/null; rm -rf "$work"' EXIT
plexwg=$(realpath "$1")
device=pxw-own controller=sim patience=30
service_user=64242
mkdir -p /run/plexwg
mount -t tmpfs tmpfs /run
mkdir -m 755 /run/plexwg
ip link set lo up
chmod 711 "$work"
# As a package makes it.
{ grep -v '^plexwg:' /etc/passwd && echo "plexwg:x:$service_user:$service_user::/nonexistent:/bin/false"; } |
	etc passwd
umask 022
cp "$here"/../../fixtures/plan/two-peers.* "$work"

identity=$work/above/identity
make() { # all that is read, in a directory of its own, as it ought to be
	[ ! -d "$work/above" ] || { find "$work/above" -mindepth 1 -delete && rmdir "$work/above"; }
	mkdir "$work/above"
	"$plexwg" init --identity "$identity" --mesh-ip 10.100.0.1 --node-id n1 >/dev/null
	(umask 077 && secret >"$identity/node_secret_key")
	key 3 >"$identity/signing_public_key"
	document "$(entry two "$(key 2)" '"10.0.0.2/32"')" >"$work/above/state.json"
	echo '{"interval": "1h"}' >"$work/above/config.json"
	cp "$identity/node_secret_key" "$work/token"
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout "$work/ca.key" \
		-subj /CN=ca -out "$work/above/ca.pem" 2>/dev/null
}
# How each file is read; each of these ends, well or not, and names the file if it does not like it.
plan() { "$plexwg" plan --actual "$work/two-peers.dump" --state "$work/above/state.json" "$@"; }
apply() { "$plexwg" apply --controller sim --interface $device --identity "$identity" --state "$work/above/state.json"; }
configured() { plan --config "$work/above/config.json"; }
joined() { "$plexwg" join --api https://127.0.0.1:1 --identity "$work/new" --token-file "${token:-$identity/node_secret_key}" "$@"; }
trusting() { token=$work/token joined --ca-file "$work/above/ca.pem"; }
following() { # the daemon of a control plane that is not there
	local status=0
	: >"$work/run.log" # what the shell truncates for a command in the background is read before
	"$plexwg" run --controller sim --interface $device --identity "$identity" --log-level debug \
		--api http://127.0.0.1:1 >>"$work/run.log" 2>&1 &
	pid=$!
	for _ in $(seq 300); do
		grep -q 'subsystem=cycle\|^plexwg:' "$work/run.log" && break
		sleep 0.1
	done
	kill "$pid" 2>/dev/null
	wait "$pid" || status=$?
	pid=
	cat "$work/run.log"
	return $status
}
# rejected READER TEXT: in good time, with one line that holds the text
rejected() {
	local reader=$1 text=$2
	export -f plan apply configured joined trusting following
	export plexwg work identity device pid=
	timeout 60 bash -c "$reader" >"$work/out" 2>&1 </dev/null
	cat "$work/out"
	same 1 "$(grep -cF -- "$text" "$work/out")"
}
accepted() {
	make
	! rejected "$1" "$2: " && not grep -F 'owned by' "$work/out"
}

readers="plan:state.json configured:config.json apply:identity/identity.json apply:identity/private_key
	joined:identity/node_secret_key following:identity/node_secret_key
	following:identity/signing_public_key trusting:ca.pem"
owned() { # owned READER FILE PART: that part of the path belongs to the user nobody
	make
	chown -h nobody: "$3"
	rejected "$1" "$3: owned by uid 65534, must be root or plexwg"
}
writable() { # writable READER FILE PART
	make
	chmod g+w "$3"
	rejected "$1" "$3: others may write it (mode" || return
	make
	chmod o+w "$3"
	rejected "$1" "$3: others may write it (mode"
}
piped() { # piped READER FILE: the reader does not wait for a writer
	make
	rm "$2"
	mkfifo -m 600 "$2"
	rejected "$1" "$2: not a regular file"
}
linked() { # linked READER FILE: in a directory such as /tmp, a link of nobody's to a file of root's
	make
	mv "$2" "$work/right"
	chmod 1777 "$(dirname "$2")"
	setpriv --reuid=65534 --clear-groups ln -s "$work/right" "$2"
	rejected "$1" "$2: owned by uid 65534"
}
for reader_file in $readers; do
	reader=${reader_file%%:*} name=${reader_file#*:} file=$work/above/${reader_file#*:}
	case $reader in
	following) who="run" ;;
	joined | trusting) who="join" ;;
	configured) who="plan --config" ;;
	*) who=$reader ;;
	esac
	check "$who accepts $name of root" accepted "$reader" "$file"
	check "$who rejects $name of nobody" owned "$reader" "$file" "$file"
	check "$who rejects $name in a directory of nobody" owned "$reader" "$file" "$(dirname "$file")"
	check "$who rejects $name below a directory of nobody" owned "$reader" "$file" "$work/above"
	check "$who rejects $name that others may write" writable "$reader" "$file" "$file"
	check "$who rejects $name below a directory that others may write" writable "$reader" "$file" "$work/above"
	check "$who does not wait for a pipe in place of $name" piped "$reader" "$file"
	check "$who follows no link of nobody to $name" linked "$reader" "$file"
done

service_users() {
	make
	chown -R $service_user:$service_user "$work/above"
	apply && configured
	[ $? = 2 ]
}
check 'root trusts the user plexwg' service_users
but_no_other() {
	setpriv --reuid=65534 --regid=65534 --clear-groups "$plexwg" plan --actual "$work/two-peers.dump" \
		--state "$work/above/state.json" >"$work/out" 2>&1
	cat "$work/out"
	grep -F "$work/above: owned by uid $service_user, must be root or uid 65534" "$work/out"
}
check 'and no other user does' but_no_other
no_key_for_nobody() { # no_key_for_nobody VERB WORD...
	rm -rf "$work/theirs"
	install -d -o nobody -m 755 "$work/theirs"
	status 1 "$plexwg" "$@" --identity "$work/theirs/new" && [ ! -e "$work/theirs/new" ] &&
		grep -F "$work/theirs/new: $work/theirs: owned by uid 65534" "$err" || return
	install -d -o nobody -m 700 "$work/theirs/new"
	status 1 "$plexwg" "$@" --identity "$work/theirs/new" && [ -z "$(ls -A "$work/theirs/new")" ]
}
make
check 'init makes no key in a directory of the user nobody' no_key_for_nobody init --mesh-ip 10.9.0.1
check 'join makes no key there either' no_key_for_nobody join --api https://127.0.0.1:1 \
	--token-file "$identity/node_secret_key"
handed_over() {
	rm -rf "$work/service"
	install -d -o $service_user -g $service_user -m 700 "$work/service"
	"$plexwg" init --identity "$work/service" --mesh-ip 10.9.0.1 &&
		same "$service_user $service_user" "$(stat -c %u "$work/service"/identity.json "$work/service"/private_key | paste -sd' ')" &&
		same "600 600" "$(stat -c %a "$work/service"/identity.json "$work/service"/private_key | paste -sd' ')"
}
check 'files that root makes in the directory of the user plexwg belong to that user' handed_over
by_pipe() {
	make
	plan --config <(cat "$work/above/config.json") >"$work/1"
	[ $? = 2 ] || return
	"$plexwg" plan --actual <(cat "$work/two-peers.dump") --state <(cat "$work/above/state.json") >"$work/2"
	[ $? = 2 ] && same "$(cat "$work/1")" "$(cat "$work/2")"
}
check 'a pipe that the shell passes on is read like a file' by_pipe

# The last good state, which the daemon writes and the next one reads.
daemon_runs() {
	start --state "$work/identity/state.json" --interval 1h --log-level debug --keep-interface
}
cached() { # cached CHANGE: by its own account, the daemon does without, and goes on
	rm -rf "$work/identity"
	"$plexwg" init --identity "$work/identity" --mesh-ip 10.9.0.1 >/dev/null
	document "$(entry two "$(key 2)" '"10.0.0.2/32"')" >"$work/identity/state.json"
	daemon_runs
	eventually test -e "$work/identity/last_state.json" && stop || return
	(cd "$work/identity" && eval "$1")
	daemon_runs
	eventually said 'Cached state unusable' && said "$work/identity/last_state.json: $2" && stop
}
check 'a cached state of the user nobody is rejected' cached 'chown nobody: last_state.json' 'owned by uid 65534'
check 'and so is one that others may read' cached 'chmod 644 last_state.json' 'others may read it (mode 0644)'
check 'nor is a pipe in its place waited for' cached 'rm last_state.json; mkfifo last_state.json' \
	'not a regular file'

# A daemon that follows a state file.
attacked() { # attacked CHANGE TEXT: the state stays in force, and is followed again once all is well
	rm -rf "$work/identity" "$work/etc"
	"$plexwg" init --identity "$work/identity" --mesh-ip 10.9.0.1 >/dev/null
	mkdir "$work/etc"
	document "$(entry two "$(key 2)" '"10.0.0.2/32"')" >"$work/etc/state.json"
	start --state "$work/etc/state.json" --interval 1h --log-level debug --keep-interface
	eventually said 'Peers changed' || return
	(cd "$work/etc" && eval "$1")
	kill -HUP "$pid"
	eventually said "$2" && eventually said Reloaded || return
	rm -rf "$work/etc"
	mkdir "$work/etc"
	document "$(entry two "$(key 2)" '"10.0.0.2/32"')" "$(entry three "$(key 3)" '"10.0.0.3/32"')" |
		replace "$work/etc/state.json"
	kill -HUP "$pid"
	eventually said 'Peers changed' 2 && stop
}
check 'a state that is given to the user nobody is not followed' attacked \
	'chown nobody: state.json' 'state.json: owned by uid 65534'
check 'nor one whose directory does' attacked 'chown nobody: .' 'etc: owned by uid 65534'
check 'a pipe in its place stops no daemon' attacked 'rm state.json; mkfifo state.json' 'not a regular file'
check 'nor does a socket' attacked \
	'rm state.json; python3 -c "import socket; socket.socket(socket.AF_UNIX).bind(\"state.json\")"; chmod 600 state.json' \
	'not a regular file'
check 'nor a file of 10 GB' attacked 'truncate -s 10G state.json' 'state.json: over 64 MiB'

# The locks.
down() { # down [WORD...]: root's, or by those words another's
	"$@" "$plexwg" down --controller userspace --interface $device >"$work/out" 2>&1
	cat "$work/out"
}
locks_out_nobody() {
	chown $service_user:$service_user /run/plexwg
	down
	same "$service_user" "$(stat -c %u /run/plexwg/*.lock)" || return
	down setpriv --reuid=$service_user --regid=$service_user --clear-groups
	! grep lock: "$work/out"
}
check "root's down does not lock the service's user out" locks_out_nobody
left_by_root() {
	chown root: /run/plexwg/*.lock
	down
	same "$service_user" "$(stat -c %u /run/plexwg/*.lock)"
}
check 'a lock that an older version left to root is handed over' left_by_root
hostile() { # hostile TEXT COMMAND...
	local text=$1
	shift
	rm -rf /run/plexwg
	"$@"
	down
	grep -F "lock: /run/plexwg: $text" "$work/out"
}
check 'a directory of locks that belongs to the user nobody is named' \
	hostile 'owned by uid 65534, must be root or plexwg' install -d -o nobody -m 755 /run/plexwg
check 'so is one that others may write' hostile 'others may write it (mode 0777)' mkdir -m 777 /run/plexwg
mkdir /run/elsewhere
check 'so is one that is a link' hostile 'must be a directory, not a link' ln -s elsewhere /run/plexwg
tap_end
