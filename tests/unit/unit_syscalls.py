# SPDX-License-Identifier: Apache-2.0
"""Prints the system calls that a unit's SystemCallFilter= leaves, one a line. Usage: unit_syscalls.py UNIT"""

import subprocess
import sys


def expand(names):
    calls = set()
    for name in names:
        if name.startswith("@"):
            lines = subprocess.run(["systemd-analyze", "syscall-filter", name], check=True,
                                   stdout=subprocess.PIPE, text=True).stdout.splitlines()[1:]
            calls |= expand([line.strip() for line in lines
                             if line.strip() and not line.strip().startswith("#")])
        else:
            calls.add(name)
    return calls


left = expand(["@default"])
for line in open(sys.argv[1]):
    if line.startswith("SystemCallFilter="):
        value = line.strip().split("=", 1)[1]
        if value.startswith("~"):
            left -= expand(value[1:].split())
        else:
            left |= expand(value.split())
# A denied set does not take away what is needed to start at all.
print("\n".join(sorted(left | {"execve"})))
