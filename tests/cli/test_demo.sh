#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The demo builds elsewhere than the README's release build, which would take the demo's build as it is.
# Usage: test_demo.sh
set -u
. "$(dirname "$0")/tap.sh"
trap 'rm -rf "$work"' EXIT
here=$(cd "$(dirname "$0")/../.." && pwd)
mkdir -p "$work/tree/tests" "$work/bin"
cp "$here/tests/demo.sh" "$work/tree/tests"
echo 'exit 0' >"$work/tree/tests/install.sh"
# What meson is asked to set up; nothing is built.
printf '#!/bin/sh\necho "$2" >"%s"\nexit 1\n' "$work/directory" >"$work/bin/meson"
chmod 755 "$work/bin/meson"
elsewhere() {
	local release
	release=$(sed -n 's/^meson setup \([^ ]*\) --buildtype=release .*/\1/p' "$here/README.md")
	status 1 env PATH="$work/bin:$PATH" sh "$work/tree/tests/demo.sh" &&
		[ -n "$release" ] && [ -s "$work/directory" ] && [ "$(cat "$work/directory")" != "$release" ]
}
check 'the demo builds elsewhere than a release' elsewhere
tap_end
