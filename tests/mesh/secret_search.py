# SPDX-License-Identifier: Apache-2.0
"""Searches for secrets where there must be none: in files, and in the memory of a process."""

import base64
import os
import re

# A larger mapping is reserved address space, such as a sanitizer's shadow.
MAPPING_BYTES_MAX = 16 << 30


def forms(secret):
    """The forms of a key: raw, hex and base64; a text has one form."""
    if isinstance(secret, str):
        return {"as it is": secret.encode()}
    found = {"raw": secret, "in hex": secret.hex().encode(), "in HEX": secret.hex().upper().encode()}
    for name, encode in (("base64", base64.b64encode), ("base64 for URLs", base64.urlsafe_b64encode)):
        for before in range(3):  # bytes in front; of the characters only those that are the key's alone
            text = encode(bytes(before) + secret)
            found[f"in {name} after {before}"] = text[(8 * before + 5) // 6:8 * (before + 32) // 6]
    return found


class Search:
    def __init__(self, secrets):
        """By name: bytes for a key, a string for any other secret."""
        self.needles = {needle: f"{name} {form}" for name, secret in secrets.items()
                        for form, needle in forms(secret).items()}
        self.pattern = re.compile(b"|".join(map(re.escape, self.needles)))

    def in_bytes(self, where, content):
        return [f"{where}+{match.start():#x}: {self.needles[match[0]]}"
                for match in self.pattern.finditer(content)]

    def in_file(self, path):
        with open(path, "rb") as file:
            return self.in_bytes(path, file.read())

    def in_tree(self, directory, exempt=()):
        return [found for parent, _, names in os.walk(directory) for name in names
                if name not in exempt and os.path.isfile(os.path.join(parent, name))
                for found in self.in_file(os.path.join(parent, name))]

    def in_proc(self, pid):
        """Search what every user may see of the process, and what only its own user may."""
        return [found for name in ("cmdline", "environ", "comm", "status", "maps")
                for found in self.in_file(f"/proc/{pid}/{name}")]

    def in_memory(self, pid):
        """Search all resident memory: more than a core dump, which leaves locked memory out."""
        found = []
        with open(f"/proc/{pid}/maps") as maps, open(f"/proc/{pid}/mem", "rb", 0) as memory:
            for line in maps:
                begin, end = (int(text, 16) for text in line.split()[0].split("-"))
                if "r" not in line.split()[1] or end - begin > MAPPING_BYTES_MAX:
                    continue
                for at, content in resident(pid, memory, begin, end):
                    found += self.in_bytes(f"{line.split()[-1]} {at:x}", content)
        return found


def resident(pid, memory, begin, end):
    """The runs of resident pages; others would only be zeros."""
    page = os.sysconf("SC_PAGESIZE")
    with open(f"/proc/{pid}/pagemap", "rb", 0) as pagemap:
        pagemap.seek(begin // page * 8)
        entries = memoryview(pagemap.read((end - begin) // page * 8)).cast("Q")
    start = None
    for number in range(len(entries) + 1):
        present = number < len(entries) and entries[number] >> 62
        if present and start is None:
            start = number
        elif not present and start is not None:
            try:
                memory.seek(begin + start * page)
                yield begin + start * page, memory.read((number - start) * page)
            except (OSError, ValueError):  # the kernel's own pages
                pass
            start = None
