#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Reports an #include that a layer must not have. model <- engine <- io: a file may include
# by bare name what lies in its own folder or in that of a layer below, and of the system's headers
# those of the list. The build runs this before it compiles the layer.
# Usage: check_includes.sh LAYER STAMP DEPFILE FOLDER [FOLDER_BELOW...]
set -eu

layer=$1 stamp=$2 depfile=$3
shift 3

# No sockets, files, clocks, processes or JSON. What of stdio.h and the like may be called is for
# check_symbols.sh to say.
case $layer in
model) system='arpa/inet.h errno.h pthread.h search.h sodium.h stdarg.h stdbool.h stddef.h stdint.h stdio.h
	stdlib.h string.h' ;;
engine) system='errno.h search.h stdarg.h stdbool.h stddef.h stdint.h stdio.h stdlib.h string.h' ;;
*)
	echo "check_includes: no such layer: $layer" >&2
	exit 2
	;;
esac

own=
for folder; do
	for header in "$folder"/*.h; do
		own="$own ${header##*/}"
	done
done

# The folder itself is a dependency too: a file that is new there changes it.
{
	printf '%s: %s' "$stamp" "$1"
	printf ' %s' "$1"/*.[ch]
	echo
} >"$depfile"

awk -v system_headers="$system" -v own_headers="$own" -v layer="$layer" '
	BEGIN {
		split(system_headers, list)
		for (i in list)
			allowed["<" list[i] ">"] = 1
		split(own_headers, list)
		for (i in list)
			allowed["\"" list[i] "\""] = 1
	}
	# A directive is spelt plainly, or else refused: no digraphs, no comments between its words.
	/^[ \t]*(#|%:|\?\?=)/ {
		if (/^[ \t]*#[ \t]*(define|undef|if|ifdef|ifndef|elif|else|endif|error|pragma)/)
			next
		name = $0
		sub(/^#include /, "", name)
		if (name in allowed)
			next
		printf "%s:%d: %s may not include this: %s\n", FILENAME, FNR, layer, $0
		failed = 1
	}
	END { exit failed }' "$1"/*.[ch] >&2

: >"$stamp"
