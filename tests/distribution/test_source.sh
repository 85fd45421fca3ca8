#!/bin/bash
# What the source promises to those who take it. Usage: test_source.sh SOURCE_ROOT
set -u
source_root=$1
. "$source_root/tests/cli/tap.sh"
trap 'rm -rf "$work"' EXIT
cd "$source_root" || exit

warnings() { # as meson sets it up unless told otherwise, and as CI tells it
	meson introspect --buildoptions meson.build |
		grep -o '{"name": "werror", "value": false' && grep -e '-Dwerror=true' tests/run.sh
}
check 'a warning of another compiler stops no build but that of CI' warnings
tap_end
