#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The command line: statuses, help, and what is rejected. Usage: test_options.sh PLEXWG
set -u
. "$(dirname "$0")/tap.sh"
trap 'rm -rf "$work"' EXIT
plexwg=$1

wrong() { # wrong WORD...: status 64 and one line
	status 64 "$plexwg" "$@" && [ "$(wc -l <"$err")" = 1 ] && [ ! -s "$out" ]
}
helps() {
	status 0 "$plexwg" "$1" --help && grep -q "^usage: plexwg $1 " "$out"
}
versions() {
	status 0 "$plexwg" "$1" --version && same "$("$plexwg" --version)" "$(cat "$out")"
}
check '--help lists the commands' bash -c "\"$plexwg\" --help | grep -q '^  apply '"
check '--version names the version' bash -c "\"$plexwg\" --version | grep -q '^plexwg [0-9]'"
check 'no command is a wrong command line' wrong
check 'an unknown command is a wrong command line' wrong frobnicate
for command in init join replay plan apply run show down; do
	check "$command has a help text" helps $command
	check "$command has a version" versions $command
done
says() { # says COMMAND OPTION TEXT: the line of its help on that option ends so
	"$plexwg" "$1" --help | grep -- "^  --$2 .*$3\$"
}
check 'help shows the default of an option' says run 'interval TIME' '  reconcile interval (default 60s)'
check 'also one that is a text' says run 'ca-file FILE' "(default: the system's)"
check 'and that an option is required' says init 'identity DIR' '(required)'
check 'which another command does not require' says plan 'identity DIR' '(default /var/lib/plexwg)'
check 'an unknown option is rejected' wrong plan --state x --frobnicate
named() { # named TEXT WORD...: the word that is wrong stands in the line
	local text=$1
	shift
	wrong "$@" && grep -qF -- "$text" "$err"
}
check 'so are short ones, by their letter' named 'plan: "-x"' plan -xy
check 'an option of another command is rejected' wrong show --state x
check 'an option without its argument is rejected' wrong plan --state
check 'an unexpected operand is rejected' wrong down plexd0
check 'an invalid port is rejected, and the range named' \
	named '--listen-port: "65536": must be 1 to 65535' plan --state x --listen-port 65536
largest() { # largest OPTION VALUE: it is taken, and one more is not
	status 1 "$plexwg" run --state "$work/none" --identity "$work/none" "$1" "$2" &&
		named "$1" run --state "$work/none" --identity "$work/none" "$1" "$(($2 + 1))"
}
check 'the largest port is accepted' largest --listen-port 65535
check 'all peers may be removed' largest --max-removal-percent 100
check 'a port with letters after it is rejected' wrong plan --state x --listen-port 1x
check 'an interface name with a slash is rejected' wrong show --interface a/b
check 'an interface name of 16 bytes is rejected' wrong show --interface 0123456789abcdef
for table in 0 255 0xff; do
	check "table $table, where no routes of ours belong, is rejected" wrong plan --state x --route-table "$table"
done
check 'an invalid mark is rejected' named 'must be 0 to 4294967295' plan --state x --fwmark 0x100000000
check 'an unknown controller is rejected, and the known ones are named' \
	named 'one of auto|kernel|userspace|sim' show --controller bsd
check 'plan without a state is rejected' named 'plan: needs --state FILE' plan
check 'apply without a state is rejected' named 'apply: needs --state FILE' apply
check 'run without a source is rejected' named 'needs either --state FILE or --api URL' run
check 'run with both sources is rejected as such' named 'run: --state and --api exclude each other' \
	run --state x --api https://127.0.0.1
for name in a:b all default 'wg%d' %; do
	check "an interface named $name is rejected" named '--interface' show --interface "$name"
done
check 'run cannot follow standard input' named 'standard input' run --state -
check 'init without a mesh address is rejected' named 'needs --mesh-ip IP' init --identity "$work/x"
check 'init without an identity directory is rejected' named 'needs --identity DIR' init --mesh-ip 10.0.0.1
check 'init with an invalid mesh address is rejected' wrong init --identity "$work/x" --mesh-ip 10.0.0.256
for address in 127.0.0.1 ::1 255.255.255.255 0.0.0.0 224.0.0.1 ::ffff:127.0.0.1; do
	check "init with $address, which no node can have, is rejected" wrong init --identity "$work/x" --mesh-ip "$address"
done
check 'join without a token file is rejected' \
	named 'needs --token-file FILE' join --api https://127.0.0.1 --identity "$work/x"
check 'replay without a file is rejected' wrong replay

modes() {
	status 0 "$plexwg" init --identity "$work/identity" --mesh-ip 10.100.0.1 --node-id node-1 &&
		same '700 600 600' "$(stat -c %a "$work/identity" "$work/identity/private_key" \
			"$work/identity/identity.json" | paste -sd' ')"
}
check 'init makes an identity that only its owner can read' modes
public_key() {
	command -v wg >/dev/null || return 0
	same "$(wg pubkey <"$work/identity/private_key")" "$(tail -n 1 "$out")"
}
check 'init prints the public key of the private one' public_key
again() {
	local before
	before=$(cat "$work/identity/private_key")
	status 1 "$plexwg" init --identity "$work/identity" --mesh-ip 10.100.0.2 &&
		[ "$before" = "$(cat "$work/identity/private_key")" ]
}
check 'init never overwrites an identity' again
readable() {
	chmod 644 "$work/identity/private_key"
	echo '{"peers": []}' >"$work/state.json"
	status 1 "$plexwg" apply --state "$work/state.json" --identity "$work/identity" --controller sim &&
		grep -q 'identity/private_key: others may read' "$err"
}
check 'a private key that others may read is rejected, and the file named' readable
chmod 600 "$work/identity/private_key"
writable() {
	chmod 666 "$work/state.json"
	status 1 "$plexwg" apply --state "$work/state.json" --identity "$work/identity" --controller sim &&
		grep -q 'others may write it' "$err"
}
check 'a state file that others may write is rejected' writable
unwritten() {
	for args in "replay $1" --help --version 'plan --help' 'plan --version'; do
		# shellcheck disable=SC2086 # several arguments
		status 1 sh -c '"$0" "$@" >/dev/full' "$plexwg" $args || return 1
		grep -q '^plexwg: standard output: cannot be written$' "$err" || return 1
	done
}
check 'output that cannot be written is an error, of --help and --version too' unwritten "$0"
tap_end
