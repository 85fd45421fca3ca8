#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Searches everything that the tests left behind, and their log, for every secret they used.

Usage: search_secrets.py KEPT_DIR LOG

KEPT_DIR is what the tests were given as PLEXWG_KEPT. The secrets are those that stand there: in the
nodes' identities, in what was given to plexwg to read, and in files by the name of secrets, where
tests write down what nothing else keeps. Those files are not searched; all others are. Prints TAP.
"""

import base64
import fnmatch
import hashlib
import os
import re
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "mesh"))
from secret_search import forms  # noqa: E402

# The identity directory, and what tests give plexwg to read.
EXEMPT = ("private_key*", "node_secret_key*", "last_state.json*", "last_events.json*",
          "secrets", "keys", "psk", "state*.json*", "*dump", "scenario.json", "store.json", "token",
          "ca.key")
KEY = rb"(?<![A-Za-z0-9+/])[A-Za-z0-9+/]{43}="


def files(directory):
    """Those that are exempt, and the others."""
    exempt, others = [], []
    for parent, _, names in os.walk(directory):
        for name in names:
            path = os.path.join(parent, name)
            if os.path.isfile(path) and not os.path.islink(path):
                is_exempt = any(fnmatch.fnmatch(name, pattern) for pattern in EXEMPT)
                (exempt if is_exempt else others).append(path)
    return exempt, others


def read(path):
    with open(path, "rb") as file:
        return file.read()


def secrets_in(path):
    """Keys are bytes, tokens are text."""
    name, content = os.path.basename(path), read(path)
    if name.startswith("node_secret_key"):
        return [content.decode().strip()]
    if name.startswith("private_key") or name == "secrets":
        return [base64.b64decode(key) for key in re.findall(KEY, content)]
    return [base64.b64decode(key) for key in re.findall(rb'"psk": *"(' + KEY + rb')"', content)]


def is_unmistakable(secret):
    """Keys of one byte repeated are written down by tests as public ones, too."""
    return len(set(secret)) > 8


class Needles:
    """Many secrets to search for at once: what is spelt in letters among what is made of letters."""

    def __init__(self, secrets):
        self.raw, self.spelt = [], {}
        for secret in secrets:
            for name, needle in forms(secret).items():
                if name == "raw":
                    self.raw.append(needle)
                else:
                    self.spelt[needle] = name
        self.lengths = sorted({len(needle) for needle in self.spelt})
        self.runs = re.compile(rb"[A-Za-z0-9+/_-]{%d,}" % self.lengths[0])

    def in_bytes(self, content):
        """The ways in which any of them is spelt there."""
        found = set()
        if not content.isascii() and any(key in content for key in self.raw):
            found.add("raw")
        for run in (match[0] for match in self.runs.finditer(content)):
            for length in self.lengths:
                found |= {self.spelt[run[at:at + length]] for at in range(len(run) - length + 1)
                          if run[at:at + length] in self.spelt}
        return sorted(found)

    def in_files(self, paths):
        known = {}  # by content: tests copy the program, which is large
        said = []
        for path in paths:
            content = read(path)
            digest = hashlib.sha256(content).digest()
            if digest not in known:
                known[digest] = self.in_bytes(content)
            said += [f"{path}: a secret {form}" for form in known[digest]]
        return said


def planted_and_missed(needles, secrets, path):
    """The ways to spell a secret that are not found in a file."""
    missed = []
    for secret in (max(secrets, key=lambda secret: isinstance(secret, kind)) for kind in (bytes, str)):
        for form, needle in forms(secret).items():
            with open(path, "wb") as file:
                file.write(b"\xff: " + needle + b"\n")
            if not needles.in_files([path]):
                missed.append(form)
    os.remove(path)
    return missed


def main(kept, log):
    exempt, written = files(kept)
    secrets = {secret for path in exempt for secret in secrets_in(path) if is_unmistakable(secret)}
    if not secrets:
        print("not ok 1 - the tests left secrets\n1..1")
        return True
    needles = Needles(secrets)
    size = sum(map(os.path.getsize, written))
    failed = False

    def check(number, sentence, holds, details=()):
        nonlocal failed
        failed = failed or not holds
        print(f"{'ok' if holds else 'not ok'} {number} - {sentence}")
        for detail in details:
            print("#", detail)

    print(f"# {len(secrets)} secrets, {len(written)} files, {size >> 20} MiB")
    # Those of the tests that need root have most.
    enough = 20 if os.geteuid() == 0 else 1
    check(1, "the tests left secrets and what plexwg wrote", min(len(secrets), len(written)) > enough)
    missed = [path for path in exempt if any(map(is_unmistakable, secrets_in(path)))
              and not needles.in_files([path])]
    check(2, "each is found where it has to be", not missed, missed)
    missed = planted_and_missed(needles, secrets, os.path.join(kept, "planted"))
    check(3, "one that is planted is found, in whatever way it is spelt", not missed, missed)
    found = needles.in_files(written)
    check(4, "none is in what plexwg wrote", not found, found)
    found = needles.in_files([log])
    check(5, "none is in the log of all tests", not found, found)
    print("1..5")
    return failed


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2]))
