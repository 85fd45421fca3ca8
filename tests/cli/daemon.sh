# SPDX-License-Identifier: Apache-2.0
# A daemon for shell tests, on a real device in namespaces of its own. To be sourced after tap.sh.
# shellcheck shell=bash
# shellcheck disable=SC2034,SC2154 # set here for the tests, and by them for this

# world SENTENCE SCRIPT ARGUMENT...: runs the script again in namespaces of its own, where
# $PLEXWG_WORLD is set; without what that takes SENTENCE is skipped.
world() {
	local sentence=$1
	shift
	[ -n "${PLEXWG_WORLD:-}" ] || {
		if [ "${3:-userspace}" = userspace ] &&
			{ [ "$(id -u)" != 0 ] || [ ! -c /dev/net/tun ] || ! command -v wireguard-go >/dev/null; }; then
			echo "ok 1 - $sentence # SKIP needs root, /dev/net/tun and wireguard-go"
			echo 1..1
			exit
		fi
		rm -rf "$work"
		PLEXWG_WORLD=1 exec unshare -n -m --propagation private bash "$@"
	}
	mkdir -p /run/wireguard /run/plexwg /run/netns
	mount -t tmpfs tmpfs /run/wireguard
	mount -t tmpfs -o mode=0700 tmpfs /run/plexwg
	mount -t tmpfs tmpfs /run/netns
	ip link set lo up
	umask 077
}

# etc NAME: standard input takes the place of /etc/NAME in this world.
etc() {
	cat >"$work/$1"
	chmod 644 "$work/$1"
	[ -e "/etc/$1" ] || : >"/etc/$1"
	mount --bind "$work/$1" "/etc/$1"
}

log=$work/log
pid=
# start WORD...: plexwg run in the background, its output in $log, its process $pid.
start() {
	[ ! -f "$log" ] || cat "$log" >>"$work/said.log"
	: >"$log" # before the daemon does, so that nobody reads what its predecessor said
	"$plexwg" run --identity "$work/identity" --interface "$device" --controller "$controller" \
		"$@" >"$log" 2>&1 &
	pid=$!
}
alive() {
	kill -0 "$pid" 2>/dev/null
}
# ends STATUS: the daemon ends by itself, soon, with that status.
ends() {
	local got=0
	eventually not alive || return 1
	wait "$pid" || got=$?
	pid=
	same "$1" "$got" || { cat "$log" && return 1; }
}
# What others see of it, for tests/search_secrets.py.
look_at_daemon() {
	cat "/proc/$pid/cmdline" "/proc/$pid/environ" "/proc/$pid/status" >>"$work/proc.log" 2>/dev/null
}
# stop [SIGNAL]: ends the daemon, which must be well.
stop() {
	look_at_daemon
	kill "-${1:-TERM}" "$pid" && ends 0
}
# kill_daemon: it gets no chance to do anything more.
kill_daemon() {
	look_at_daemon
	{ kill -KILL "$pid" && wait "$pid"; } 2>/dev/null
	pid=
}

# The userspace programs of the device in this world: elsewhere there may be others of that name.
programs() {
	local program
	for program in $(pgrep -x -f "[^ ]*wireguard-go -f $device"); do
		[ ! "/proc/$program/ns/net" -ef /proc/self/ns/net ] || echo "$program"
	done
}

# eventually COMMAND...: the command holds within a time that only a hang takes, or as soon as the
# daemon has ended.
eventually() {
	local deadline=$((SECONDS + ${patience:-60})) last=
	until "$@" >"$work/try.log" 2>&1; do
		[ -z "$last" ] || {
			echo "waited in vain for: $*"
			cat "$work/try.log"
			[ ! -f "$log" ] || sed 's/^/log: /' "$log"
			return 1
		}
		if [ $SECONDS -ge $deadline ] || { [ -n "$pid" ] && ! alive; }; then
			last=1
		fi
		sleep 0.02
	done
}
not() {
	! "$@"
}
said() { # said TEXT [TIMES]: the log has that text, so many times
	local times
	times=$(grep -cF -- "$1" "$log")
	[ "$times" = "${2:-$times}" ] && [ "$times" -gt 0 ]
}
silent() { # silent TEXT
	same '' "$(grep -F -- "$1" "$log")"
}

# entry ID KEY ALLOWED_IPS [MEMBER]...: one peer of a state.
entry() {
	local id=$1 public_key=$2 allowed_ips=$3
	shift 3
	printf '{"id": "%s", "public_key": "%s", "allowed_ips": [%s]' "$id" "$public_key" "$allowed_ips"
	[ $# = 0 ] || printf ', %s' "$@"
	printf '}'
}
document() { # document ENTRY...
	local IFS=,
	printf '{"peers": [%s]}\n' "$*"
}
# Puts standard input in the place of a file, in one step.
replace() {
	cat >"$1.new" && mv "$1.new" "$1"
}
keys() {
	wg show "$device" peers | sort
}
keys_are() { # keys_are KEY...: those are the peers on the device
	same "$(printf '%s\n' "$@" | sort)" "$(keys)"
}
# All of the device, in an order of its own making.
dump() {
	wg show "$device" dump | sort
}
has_endpoint() { # has_endpoint KEY ENDPOINT
	same "$2" "$(wg show "$device" endpoints | awk -v key="$1" '$1 == key { print $2 }')"
}
has_allowed_ips() { # has_allowed_ips KEY PREFIX
	same "$2" "$(wg show "$device" allowed-ips | awk -v key="$1" '$1 == key { print $2 }')"
}
link_is_up() {
	ip link show "$device" | grep -q '[<,]UP[,>]'
}
