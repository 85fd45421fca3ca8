# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# What the scripts of this folder share; sourced, never run.

# Debian keeps depmod and modprobe where only root's PATH looks.
PATH=$PATH:/usr/sbin:/sbin

say() {
	printf '%s: %s\n' "${0##*/}" "$*" >&2
}

# Status 125 is reserved for "the ground itself failed", so that it is not mistaken for a payload's
# verdict.
fail() {
	say "$@"
	exit 125
}

# A command that fails unforeseen counts as such a failure too.
set -E
trap 'fail "this failed: $BASH_COMMAND"' ERR

# Package lists that were never read, or that name files which the mirror has since dropped, are
# cured by reading them again: try once, refresh, try once more.
with_fresh_lists() {
	"$@" && return
	say "reading apt's package lists anew"
	apt-get -qq update >&2 || fail "apt-get update failed; it needs root and a reachable mirror"
	"$@"
}
