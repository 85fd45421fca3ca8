# SPDX-License-Identifier: Apache-2.0
"""Reading manual pages, for the tests that compare them with the source."""

import re
import shutil
import subprocess
import sys


def run(*words):
    return subprocess.run(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, check=False)


def skip_without_mandoc():
    if not shutil.which("mandoc"):
        print("ok 1 - the manual # SKIP needs mandoc\n1..1")
        sys.exit(0)


def section(page, title):
    """Its lines, as they are printed on a very wide page."""
    text = re.sub(r".\x08", "", run("mandoc", "-T", "ascii", "-O", "width=1000", page).stdout)
    return re.search(rf"^{title}\n((?:\n| .*\n)*)", text, re.M)[1].splitlines()


def lint(page):
    """Fails with what mandoc finds wrong with the page."""
    found = run("mandoc", "-T", "lint", page).stdout.splitlines()
    # Which other manuals are installed here does not matter to the page.
    found = [line for line in found if "referenced manual not found" not in line]
    assert not found, found
