#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# A payload for boot: plexwg as a service of the systemd that this machine booted with, first over
# the kernel's WireGuard, then over wireguard-go. Usage: test_unit.sh PLEXWG
set -u
here=/root
export PLEXWG_KEPT=/root/kept
mkdir $PLEXWG_KEPT
. "$here/cli/tap.sh"
. "$here/cli/daemon.sh"
plexwg=$1
device=plexd0 service=plexwg.service
identity=/var/lib/plexwg state=/etc/plexwg/state.json
patience=60
cgroup=/sys/fs/cgroup/system.slice/$service
echo "# $(uname -r), $(systemctl --version | head -n 1)"
# Else each removed peer takes 10 ms.
echo 1 >/sys/kernel/rcu_expedited

property() {
	systemctl show --value -p "$1" $service
}
main_pid() {
	property MainPID
}
words() { # the daemon's own in the journal
	journalctl --no-pager -o cat _COMM=plexwg _SYSTEMD_UNIT=$service
}
write_state() { # write_state ENTRY...
	(umask 077 && document "$@" >$state.new)
	chown plexwg:plexwg $state.new
	mv $state.new $state
}
configure() { # configure MEMBER...
	local IFS=,
	echo "{\"state\": \"$state\", $*}" >/etc/plexwg.json
}
# The sanitizer's leak check needs more rights than a service has, and 5 seconds are long here.
drop_in() { # drop_in LINE...: of [Service]
	mkdir -p /etc/systemd/system/$service.d
	printf '%s\n' '[Service]' Environment=ASAN_OPTIONS=detect_leaks=0 RestartSec=1 "$@" >/etc/systemd/system/$service.d/test.conf
	systemctl daemon-reload
}
systemd() { # systemd VERB WORD...: a command of systemctl's, its words on failure
	systemctl "$@" $service || { journalctl --no-pager | tail -n 40 && return 1; }
}
restarted() { # restarted TIMES: that many or more, by itself
	[ "$(property NRestarts)" -ge "$1" ]
}
is() { # is PROPERTY VALUE
	same "$2" "$(property "$1")"
}

chmod 666 /dev/net/tun # as udev makes it
drop_in
user_is_there() {
	grep '^plexwg:' /etc/passwd && grep '^plexwg:' /etc/group
}
check 'its user was created when the machine booted' user_is_there

# The README's commands, as root types them on a machine that has no user plexwg yet.
sed -i '/^plexwg:/d' /etc/passwd /etc/group
PATH=$PATH:$(dirname "$plexwg")
block() { # block TEXT: the README's block of commands that begins with it
	awk -v text="$1" '/^```/ { inside = 0 } inside
		/^```sh$/ { getline; inside = index($0, text) == 1; if (inside) print }' /root/README.md
}
typed() { # typed TEXT: run that block; the commands that failed are in $work/failed
	block "$1" >"$work/block" && [ -s "$work/block" ] &&
		bash -Ec 'trap "echo \"\$BASH_COMMAND\" >&3" ERR; . "$0"; true' "$work/block" 3>"$work/failed"
}
first_steps() {
	typed 'mkdir -p /etc/plexwg' && same "plexwg plan --state $state" "$(cat "$work/failed")" && not ip link show $device
}
check "the README's first steps work as printed, and a plan with changes returns status 2" first_steps
foreground() {
	: >"$log"
	bash -c "exec $(block 'plexwg run --state')" >"$log" 2>&1 &
	pid=$!
	eventually keys_are "$(key 2)" && stop INT && not ip link show $device
}
check "the README's command for a daemon of root works as printed" foreground
unit_block() {
	typed systemd-sysusers && same '' "$(cat "$work/failed")" && eventually is StatusText '1 peers, converged' &&
		user_is_there && sleep 5 && is NRestarts 0 && is ActiveState active && keys_are "$(key 2)" &&
		same plexwg "$(stat -c %U $identity/private_key)"
}
check "the README's commands for the unit work as printed, and the unit does not restart in a loop" unit_block
beside() {
	local words="another plexwg (pid $(main_pid))"
	"$plexwg" plan --state $state && status 1 "$plexwg" apply --state $state && grep -F "$words" "$err" &&
		status 1 "$plexwg" down && grep -F "$words" "$err" &&
		keys_are "$(key 2)" && same plexwg "$(stat -c %U /run/plexwg/* | sort -u)" && systemd restart && is ActiveState active
}
check "root can plan while the unit runs, but not apply or take down" beside
between() {
	systemd stop && "$plexwg" apply --state $state && systemd start && is StatusText '1 peers, converged' && is NRestarts 0
}
check "root can apply between a stop and a start of the unit" between
taken_away() {
	systemd disable && systemd stop && "$plexwg" down && not ip link show $device &&
		rm -r $identity/* /etc/plexwg /etc/plexwg.json
}
check "root can disable the unit and take the interface down" taken_away

# From here on the kernel has to load WireGuard.
module=$(find /vm/modules -name '*wireguard.ko')
rmmod wireguard
printf '#!/bin/sh\ncase $* in *wireguard*) exec insmod %s ;; esac\n' "$module" >/vm/modprobe
sed -i '1a export PATH=/usr/bin:/usr/lib/busybox' /vm/modprobe
chmod +x /vm/modprobe
echo /vm/modprobe >/proc/sys/kernel/modprobe
mkdir /etc/plexwg
condition() {
	configure '"interval": "1h"'
	systemd start && is ActiveState inactive && is ConditionResult no && is NRestarts 0
}
check 'without an identity it is not started, which is no failure' condition

umask 077
key_a=$("$plexwg" init --identity $identity --mesh-ip 10.9.0.1)
secret >"$work/psk"
private_key_b=$(wg genkey | tee -a "$work/secrets")
key_b=$(wg pubkey <<<"$private_key_b") k3=$(key 3) k4=$(key 4)
b=$(entry b "$key_b" '"10.9.0.2/32"' '"endpoint": "192.0.2.2:51820"' "\"psk\": \"$(cat "$work/psk")\"")
three=$(entry three "$k3" '"10.3.0.0/16"') four=$(entry four "$k4" '"10.4.0.0/16"')
write_state "$b" "$three"

starts() {
	systemd enable && systemd start && keys_are "$key_b" "$k3" && link_is_up &&
		same wireguard "$(ip -d link show $device | grep -ow wireguard)" &&
		lsmod | grep '^wireguard' && is StatusText '2 peers, converged' && is NRestarts 0 &&
		[ -e /etc/systemd/system/multi-user.target.wants/$service ]
}
check 'once it has started the tunnels are there, on a kernel that had to load WireGuard' starts

files_sandboxed() {
	! words | grep 'Landlock unavailable\|Files not sandboxed'
}
check 'the unit allows it to sandbox its files' files_sandboxed

handed_over() {
	same 'plexwg plexwg plexwg' "$(stat -c %U $identity $identity/private_key $identity/identity.json | paste -sd' ')" &&
		same '700 600' "$(stat -c %a $identity $identity/private_key | paste -sd' ')"
}
check 'the identity that root made belongs to its user' handed_over

# A second node, whose tunnel is pinged.
ip netns add b
ip link add out type veth peer name out netns b
ip address add 192.0.2.1/24 dev out && ip link set out up
ip -n b address add 192.0.2.2/24 dev out && ip -n b link set out up
ip -n b link add wg1 type wireguard
ip netns exec b wg set wg1 private-key <(echo "$private_key_b") listen-port 51820 \
	peer "$key_a" preshared-key "$work/psk" allowed-ips 10.9.0.1/32
ip -n b address add 10.9.0.2/24 dev wg1 && ip -n b link set wg1 up
check 'a ping passes through the tunnel' ping -c 1 -W 20 10.9.0.2

status_of_main() { # status_of_main NAME
	awk -v name="$1:" '$1 == name { print $2 }' "/proc/$(main_pid)/status"
}
unprivileged() {
	same "$(id -u plexwg)" "$(status_of_main Uid)" && same 1 "$(status_of_main NoNewPrivs)" &&
		for set in CapPrm CapEff CapBnd CapAmb; do
			same 0000000000001000 "$(status_of_main $set)" || return
		done
}
check 'it is a user of its own with CAP_NET_ADMIN and nothing else' unprivileged
in_sandbox() {
	awk '$5 == "/" && $6 ~ /^ro/ { found = 1 } END { exit !found }' "/proc/$(main_pid)/mountinfo" &&
		not [ -e "/proc/$(main_pid)/root/proc/sys" ]
}
check 'it may write to its own folders only' in_sandbox
no_core() {
	grep -E '^Max core file size +0 +0 ' "/proc/$(main_pid)/limits" &&
		same '' "$(words | grep 'Memory not locked')"
}
check 'it can dump no core, and locks all its memory' no_core
follows() {
	write_state "$b" "$four"
	eventually keys_are "$key_b" "$k4" && eventually is StatusText '2 peers, converged'
}
check 'it follows the state file' follows
reloads() {
	local main
	main=$(main_pid)
	wg set $device peer "$k4" remove
	systemd reload && eventually keys_are "$key_b" "$k4" && is MainPID "$main" && is ActiveState active
}
check 'a reload corrects changes by other programs' reloads
comes_back() {
	ip link del $device
	eventually keys_are "$key_b" "$k4" && ping -c 1 -W 20 10.9.0.2
}
check 'a deleted interface is restored' comes_back

# From here on the device is as it was, whatever happens to the service, and no ping is lost.
before() {
	echo "$(cat /sys/class/net/$device/ifindex) $(wg show $device dump | cut -f 1-4,8)"
}
device_before=$(before)
ping -n -i 0.2 10.9.0.2 >"$work/pings" 2>&1 &
pinging=$!
untouched() {
	same "$device_before" "$(before)"
}
empty() { # nothing of the service is left
	same '' "$(cat $cgroup/cgroup.procs 2>/dev/null)"
}
stops() {
	systemd stop && is ActiveState inactive && is Result success && empty && untouched &&
		[ -d /run/plexwg ]
}
check 'a stop leaves the tunnels, and nothing else, but for its folder' stops
goes_on() {
	systemd start && untouched && is StatusText '2 peers, converged'
}
check 'a start goes on with them' goes_on
restarts() {
	local main
	main=$(main_pid)
	systemd restart && not is MainPID "$main" && untouched
}
check 'so does a restart' restarts
upgrade() {
	cp -p "$plexwg" "$plexwg.new" && mv "$plexwg.new" "$plexwg" && [ ! "$plexwg" -ef "/proc/$(main_pid)/exe" ] &&
		systemctl daemon-reload && systemd restart && [ "$plexwg" -ef "/proc/$(main_pid)/exe" ] && untouched
}
check 'so does another version of the program' upgrade
killed() {
	local main
	main=$(main_pid)
	systemd kill --kill-whom=main -s KILL && eventually restarted 1 && eventually is ActiveState active &&
		not is MainPID "$main" && untouched
}
check 'a daemon that is killed is started again, and goes on with them' killed
hangs() {
	local main
	drop_in WatchdogSec=5
	systemd restart
	main=$(main_pid)
	sleep 6
	is MainPID "$main" || return
	kill -STOP "$main"
	eventually restarted 1 && eventually is ActiveState active && not is MainPID "$main" &&
		journalctl --no-pager -u $service | grep 'Watchdog timeout' && untouched
}
check 'so is one that hangs, and not one that only waits' hangs
mended() {
	configure '"interval": "never"'
	systemd stop
	! systemctl start $service && eventually restarted 2 && untouched || return
	configure '"interval": "1h"'
	eventually is StatusText '2 peers, converged' && untouched
}
check 'a wrong configuration is tried again, and is followed once it is correct' mended
none_lost() {
	kill -INT "$pinging" && wait "$pinging"
	grep -q 'packets transmitted' "$work/pings" && awk -F'icmp_seq=' 'NF == 2 {
		lost += $2 - last - 1; last = $2 + 0 } END { print last, "answered", lost + 0, "lost"; exit lost > 0 || last < 50 }' \
		"$work/pings"
}
check 'no ping was lost by any of that' none_lost
tail -n 2 "$work/pings" | sed 's/^/# /'
gives_up() { # after fewer attempts than the unit has, to save time
	drop_in RestartSec=100ms '[Unit]' StartLimitBurst=4
	chown root: $identity/private_key
	systemd stop
	systemctl reset-failed $service
	! systemctl start $service && eventually is ActiveState failed || return
	is NRestarts 4 && words | grep -F "$identity/private_key: Permission denied" && untouched || return
	chown plexwg: $identity/private_key
	drop_in
	systemctl reset-failed $service
	systemd start && is StatusText '2 peers, converged' && untouched
}
check 'one that never starts is given up, and no tunnel with it' gives_up
usage() {
	configure '"api": "https://127.0.0.1"'
	systemd stop
	! systemctl start $service && sleep 6 && is ActiveState failed && is NRestarts 0 || return
	configure '"interval": "1h"'
	systemctl reset-failed $service
	systemd start && untouched
}
check 'a wrong command line is not tried again' usage
taken_down() {
	systemd stop && "$plexwg" down --interface $device && not ip link show $device
}
check 'root can take down the rest by hand' taken_down

# The same over a program in userspace, which carries the tunnels.
program=
programs() {
	grep -lx wireguard-go /proc/[0-9]*/comm | cut -d / -f 3
}
carried() {
	configure '"controller": "userspace"' '"interval": "1h"'
	write_state "$b" "$three"
	systemd restart && keys_are "$key_b" "$k3" && link_is_up && program=$(programs) &&
		grep -x "$program" $cgroup/cgroup.procs && is StatusText '2 peers, converged' &&
		same plexwg "$(stat -c %U "/proc/$program")"
}
check 'in userspace, too, the tunnels are there once it has started' carried
goes_on_in_userspace() {
	keys_are "$@" && same "$program" "$(programs)"
}
stops_alone() {
	systemd stop && same "$program" "$(cat $cgroup/cgroup.procs)" && goes_on_in_userspace "$key_b" "$k3"
}
check 'a stop does not touch the backend' stops_alone
starts_again() {
	write_state "$b" "$four"
	systemd start && goes_on_in_userspace "$key_b" "$k4" &&
		systemd restart && goes_on_in_userspace "$key_b" "$k4" &&
		systemd kill --kill-whom=main -s KILL && eventually restarted 1 && eventually is ActiveState active &&
		write_state "$b" && eventually goes_on_in_userspace "$key_b"
}
check 'a start, a restart and a daemon that is killed go on with it' starts_again
made_anew() {
	ip link del $device
	eventually keys_are "$key_b" && [ "$program" != "$(programs)" ]
}
check 'if it is lost it is replaced' made_anew
nothing_is_left() {
	taken_down && same '' "$(programs)"
}
check 'it is taken down with its interface' nothing_is_left

logfmt() {
	words | grep -vE '^time=[-0-9T:.]+Z level=(DEBUG|INFO|WARN|ERROR) msg=' >"$work/others"
	# Errors from before the log.
	not grep -vE '^plexwg: run: (config: .*interval: "never"|identity: .*: Permission denied|--state and)' \
		"$work/others" && [ -s "$work/others" ] &&
		[ "$(words | grep -c 'level=INFO')" -gt 20 ]
}
check 'its log is in the journal, a line each' logfmt
no_problem() {
	words | grep -E 'level=(WARN|ERROR)|not permitted|denied|not implemented' |
		grep -v -e reason=link_lost -e "^plexwg: run: identity: $identity/private_key: Permission denied" |
		tee "$work/problems"
	[ ! -s "$work/problems" ]
}
check 'it lacked nothing' no_problem
cat $identity/private_key >>"$work/secrets"
while read -r secret; do
	echo "${secret%=}"
	base64 -d <<<"$secret" | xxd -p -c 32
done <"$work/secrets" >"$work/needles"
no_key() {
	same 6 "$(wc -l <"$work/needles")" && journalctl -o export >"$work/journal" && [ -s "$work/journal" ] &&
		not grep -iqaF -f "$work/needles" "$work/journal"
}
check 'no key is in the journal' no_key
planted() {
	tail -n 1 "$work/needles" >/dev/kmsg
	journalctl --sync && not no_key && rm "$work/journal" "$work/needles"
}
check 'a planted one is found' planted
tap_end
