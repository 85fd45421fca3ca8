#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The licence, the versions and the paths in the source. Usage: test_source.sh SOURCE_ROOT
set -u
source_root=$1
. "$source_root/tests/cli/tap.sh"
trap 'rm -rf "$work"' EXIT
cd "$source_root" || exit

sources() { # what is written by hand and can hold a comment
	find . \( -name .git -o -path ./fixtures -o -path ./tests/fuzz/corpus -o -type d -exec test -d '{}/meson-private' \; \) \
		-prune -o -type f -print | while read -r file; do
		case $file in
		*.[ch] | *.go | *.py | *.sh | *.awk | *.dict | *.supp | *.[78] | *.service | *.in | *.sysusers | *.mod | */meson.build)
			echo "$file"
			;;
		*) head -c 2 "$file" | grep -q '^#!' && echo "$file" ;;
		esac
	done
}
licensed() { # each names the licence of LICENSE in its first lines
	grep -q '^ *Apache License$' LICENSE && grep -q '^ *Version 2.0, ' LICENSE || return 1
	sources >"$work/sources"
	xargs awk 'FNR == 1 { missing[FILENAME] }
		FNR <= 2 && /SPDX-License-Identifier: Apache-2\.0/ { delete missing[FILENAME] }
		END { for (name in missing) print name ": names no licence" }' <"$work/sources" >"$work/unlicensed"
	cat "$work/unlicensed"
	[ "$(wc -l <"$work/sources")" -gt 600 ] && [ ! -s "$work/unlicensed" ]
}
check 'every source names its licence' licensed

warnings() { # as meson sets it up unless told otherwise, and as CI tells it
	meson introspect --buildoptions meson.build |
		grep -o '{"name": "werror", "value": false' && grep -e '-Dwerror=true' tests/run.sh
}
check 'a warning of another compiler stops no build but that of CI' warnings

news() { # the version that is built has an entry, and it is the first one
	local version
	version=$(sed -n "s/^  version: '\(.*\)',/\1/p" meson.build)
	[ -n "$version" ] && grep -m 1 '^Changes in ' io/share/NEWS | grep -F " $version"
}
check 'the NEWS begin with the version that is built' news
named() { # paths in the pages that do not exist
	grep -ohE '`(\.ci|\.github|engine|fixtures|io|model|tests)/[][A-Za-z0-9_./-]*`' README.md .github/*.md |
		tr -d '`' | sort -u >"$work/names"
	while read -r name; do
		[ -e "$name" ] || echo "$name: no such file"
	done <"$work/names" >"$work/missing"
	cat "$work/missing"
	[ -s "$work/names" ] && [ ! -s "$work/missing" ]
}
check 'README and the pages for contributors name files that exist' named
tap_end
