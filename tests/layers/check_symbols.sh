#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Reports calls of a layer beyond the layers below it and a list of functions that neither read the
# world nor change it: no clock, no file, no socket, no environment, no random numbers.
# Usage: check_symbols.sh LAYER NM LIBRARY [LIBRARY_BELOW...]
set -eu

layer=$1 nm=$2
shift 2

pure='abort bsearch calloc free malloc qsort realloc reallocarray tdelete tdestroy tfind tsearch twalk_r
	asprintf snprintf vasprintf vsnprintf
	explicit_bzero memchr memcmp memcpy memmove memrchr memset mempcpy bcmp stpcpy
	strchr strcmp strcpy strcspn strdup strlen strncmp strndup strnlen strrchr strspn strstr
	strerrordesc_np __errno_location'
case $layer in
model) pure="$pure inet_ntop inet_pton
	pthread_rwlock_destroy pthread_rwlock_init pthread_rwlock_rdlock pthread_rwlock_unlock
	pthread_rwlock_wrlock
	crypto_shorthash sodium_base642bin sodium_bin2base64 sodium_is_zero sodium_memcmp sodium_memzero" ;;
engine) ;;
*)
	echo "check_symbols: no such layer: $layer" >&2
	exit 2
	;;
esac

# Lines of nm: PLACE: SYMBOL TYPE ...
"$nm" -A -P "$@" | awk -v pure="$pure" -v layer="$layer" -v library="$1" '
	BEGIN {
		split(pure, list)
		for (i in list)
			allowed[list[i]] = 1
	}
	$3 !~ /^[Uwv]$/ { defined[$2] = 1; next }
	index($1, library) == 1 { wanted[$2] = wanted[$2] " " $1 }
	END {
		for (symbol in wanted) {
			name = symbol
			# What compilers put in by themselves: sanitizers, coverage, checked variants.
			if (name ~ /^__(asan|ubsan|tsan|msan|lsan|sanitizer|gcov|llvm|profc|profd)_/ ||
				name ~ /^(__stack_chk_fail|_GLOBAL_OFFSET_TABLE_|__tls_get_addr)$/)
				continue
			if (name ~ /^__.*_chk$/) {
				sub(/^__/, "", name)
				sub(/_chk$/, "", name)
			}
			if (name in allowed || symbol in defined)
				continue
			printf "%s may not call %s:%s\n", layer, symbol, wanted[symbol]
			failed = 1
		}
		for (symbol in defined)
			any = 1
		if (!any) {
			print "no symbols to be seen in " library
			failed = 1
		}
		exit failed
	}' >&2
