#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# model <- engine <- io is enforced: in a copy of the sources each way around it breaks the build
# or the check of symbols.
# Usage: test_layers.sh SOURCE_ROOT NM LIBMODEL LIBENGINE
set -eu

source_root=$1 nm=$2 libmodel=$3 libengine=$4
# shellcheck source=tests/cli/tap.sh
. "$source_root/tests/cli/tap.sh"
trap 'rm -rf "$work"' EXIT
here=$source_root/tests/layers

symbols() { # symbols LAYER LIBRARY...
	layer=$1
	shift
	sh "$here/check_symbols.sh" "$layer" "$nm" "$@"
}

check 'the model calls nothing that reaches the world' symbols model "$libmodel"
check 'the engine calls nothing that reaches the world' symbols engine "$libengine" "$libmodel"

# Folders that hold builds are not sources.
copy=$work/copy
mkdir "$copy"
for name in "$source_root"/*; do
	[ -d "$name/meson-private" ] || cp -R "$name" "$copy/"
done

if ! command -v meson >/dev/null || ! command -v ninja >/dev/null; then
	skip 'planted includes break the build' 'meson and ninja are not installed'
	tap_end
	exit 0
fi
meson setup --buildtype plain "$work/build" "$copy" >"$work/setup.log" 2>&1 || {
	cat "$work/setup.log"
	exit 1
}

builds() {
	ninja -C "$work/build" model/libmodel.a engine/libengine.a
}

# breaks FILE TEXT: the build fails with TEXT, and names FILE.
breaks() {
	if builds >"$work/build.log" 2>&1; then
		echo "the build goes through"
		return 1
	fi
	cat "$work/build.log"
	grep -F "$1" "$work/build.log" | grep -qF "$2"
}

# plant SENTENCE FILE LINE: with LINE at its head FILE does not build.
plant() {
	cp "$copy/$2" "$work/kept"
	printf '%s\n' "$3" | cat - "$work/kept" >"$copy/$2"
	first=$(printf '%s\n' "$3" | head -n 1)
	check "$1" breaks "$2:1:" "${first#\#include }"
	cp "$work/kept" "$copy/$2"
}

check 'a copy of the sources builds' builds
plant 'json-c is not for the engine' engine/diff.c '#include <json-c/json.h>'
plant 'json-c is not for the model' model/peer_config.c '#include <json-c/json.h>'
plant 'a header of io is not for the model' model/key.c '#include "log_sink.h"'
plant 'a header of io is not for the engine' engine/manager.h '#include "link.h"'
plant 'a header of the engine is not for the model' model/peer_table.h '#include "diff.h"'
plant 'no path leads out of a layer' engine/plan.c '#include "../io/wireguard/sim/sim_device.h"'
plant 'sockets are not for the engine' engine/plan.c '#include <sys/socket.h>'
plant 'the clock is not for the engine' engine/verifier.c '#include <time.h>'
plant 'libsodium is not for the engine' engine/verifier.c '#include <sodium.h>'
plant 'a digraph is seen through' engine/diff.c '%:include <json-c/json.h>'
plant 'a comment is seen through' engine/diff.c '#/**/include <json-c/json.h>'
plant 'a directive over two lines is seen through' engine/diff.c '#\
include <json-c/json.h>'
plant 'a macro is seen through' engine/diff.c '#include JSON_C'
check 'without what was planted it builds again' builds

# A file that is new in the folder, and one that is named by no other.
printf '#include <json-c/json.h>\n' >"$copy/engine/planted.h"
check 'a header without an includer is checked' breaks engine/planted.h '<json-c/json.h>'
rm "$copy/engine/planted.h"

# Functions that are declared without a header.
cat >>"$copy/engine/diff.c" <<'PLANTED'
int socket(int, int, int);
int rand(void);
char *getenv(const char *);
long time(long *);
int planted(void);
int planted(void)
{
	return socket(1, 2, 0) + rand() + (getenv("HOME") != 0) + (time(0) > 0);
}
PLANTED
check 'functions can be declared without a header' builds
calls() { # calls FUNCTION: the check of symbols reports it
	if symbols engine "$work/build/engine/libengine.a" "$work/build/model/libmodel.a" \
		>"$work/symbols.log" 2>&1; then
		return 1
	fi
	cat "$work/symbols.log"
	grep -q "engine may not call $1:" "$work/symbols.log"
}
for function in socket rand getenv time; do
	check "a call of $function is found in the library" calls "$function"
done
rm -rf "$copy" # nothing that was written
tap_end
