#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# A release build: its protection against memory errors, according to its ELF headers.
# Usage: test_release.sh SOURCE_ROOT BUILD_DIR
set -u
source_root=$1 build=$2
. "$source_root/tests/cli/tap.sh"
trap 'rm -rf "$work"' EXIT
program=$build/io/cli/plexwg

builds() {
	[ -f "$build/build.ninja" ] ||
		meson setup "$build" "$source_root" --buildtype=release -Dwerror=true || return 1
	ninja -C "$build" io/cli/plexwg
}
check 'a release builds without a warning' builds
installed() { # beside the program
	meson introspect --installed "$build" >"$work/installed" &&
		for name in bin/plexwg man8/plexwg.8 man7/plexwg-log.7 doc/plexwg/NEWS system/plexwg.service sysusers.d/plexwg.conf; do
			grep -F "/$name\"" "$work/installed" || return 1
		done
}
check 'the manual, the NEWS and the unit are installed with the program' installed

relro() {
	readelf -lW "$program" | grep GNU_RELRO && readelf -dW "$program" | grep 'FLAGS_1.*NOW' &&
		! readelf -dW "$program" | grep TEXTREL
}
check 'its relocations are read-only once it runs' relro
position_independent() {
	readelf -hW "$program" | grep 'Type: *DYN' && readelf -dW "$program" | grep 'FLAGS_1.*PIE'
}
check 'it is loaded at a random address' position_independent
never_both() { # the flags of each segment: none is writable and executable
	readelf -lW "$program" | grep 'GNU_STACK .* RW  ' && ! readelf -lW "$program" | grep ' RWE '
}
check 'no memory is writable and executable, the stack included' never_both
imports() { # imports PATTERN: the program calls such a function of a library
	readelf --dyn-syms -W "$program" | grep -E " UND $1(@|\$)"
}
check 'overwritten stack frames are noticed' imports __stack_chk_fail
fortified() {
	imports __memcpy_chk && imports __snprintf_chk
}
check 'copies and formatted text are checked against the size of their buffer' fortified

objects() { # objects FILTER: those of the program that pass it
	find "$build/model" "$build/engine" "$build/io" -name '*.o' | sort | while read -r object; do
		"$1" "$object" && echo "$object"
	done
}
is_guarded() {
	readelf -nW "$1" | grep -q 'x86 feature: IBT, SHSTK'
}
# The program's own header has it only where the C library's start files have it too.
guarded() {
	local all
	all=$(objects true)
	[ -n "$all" ] && same "$all" "$(objects is_guarded)"
}
probed() { # frames larger than a page touch each of their pages
	objdump -d --no-show-raw-insn "$program" | grep -m 1 'or[ql] *\$0x0,(%rsp)'
}
if [ "$(uname -m)" = x86_64 ]; then
	check 'indirect jumps and returns are marked for the processor to check' guarded
	check 'a large stack frame cannot jump over the guard page' probed
else
	skip 'indirect jumps and returns are marked for the processor to check' "of $(uname -m) not known"
	skip 'a large stack frame cannot jump over the guard page' "of $(uname -m) not known"
fi
tap_end
