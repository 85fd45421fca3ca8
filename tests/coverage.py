#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Which lines and branches of model/ and engine/ no test runs.

Usage: coverage.py SOURCE_DIR BUILD_DIR

Builds the tests of both layers and the program with gcov's counters in BUILD_DIR, runs them, the
scenarios and a share of the simulated lives, and prints TAP with a table. What is not run has to be
in coverage-exceptions.txt, each with its reason; what stands there and is run after all is an error.
"""

import collections
import json
import os
import pathlib
import subprocess
import sys

LAYERS = ("model", "engine")
EXCEPTIONS = "tests/coverage-exceptions.txt"


def run(*command, **options):
    options.setdefault("stdout", subprocess.DEVNULL)
    return subprocess.run([str(word) for word in command], check=True, **options)


def build_and_run(source, build):
    if not (build / "build.ninja").exists():
        run("meson", "setup", build, source, "-Db_coverage=true", "-Doptimization=0", "-Ddebug=true",
            env={**os.environ, "CC": "gcc"})
    run("ninja", "-C", build, "build.ninja") # the list of tests as it is now
    listed = run("meson", "introspect", "--tests", build, stdout=subprocess.PIPE).stdout
    tests = [test for test in json.loads(listed) if set(test["suite"]) & {"plexwg:" + layer for layer in LAYERS}]
    programs = [test["cmd"][0] for test in tests]
    plexwg, sim = build / "io/cli/plexwg", build / "tests/sim/sim"
    run("ninja", "-j2", "-C", build, *[os.path.relpath(program, build) for program in [*programs, plexwg, sim]])
    for counters in build.rglob("*.gcda"):
        counters.unlink()
    for test in tests:
        run(*test["cmd"], env={**os.environ, **test["env"]}, stderr=subprocess.DEVNULL)
    run(plexwg, "replay", source / "fixtures/scenarios")
    run(sim, "-program", plexwg, "-lives", 400, "-keep", build)


class Line:
    def __init__(self):
        self.count = 0
        self.branches = collections.Counter()
        self.function = ""


def gcov_files(source, build):
    """The counts of every line: of a header's, of all objects that have it."""
    files = collections.defaultdict(lambda: collections.defaultdict(Line))
    for layer in LAYERS:
        notes = sorted((build / layer).rglob("*.gcno"))
        output = run("gcov", "--json-format", "--stdout", "--branch-probabilities", *notes,
                     cwd=build, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL).stdout
        for text in output.splitlines():
            for file in json.loads(text)["files"]:
                path = os.path.relpath(build / file["file"], source)
                if not path.startswith(tuple(name + "/" for name in LAYERS)):
                    continue
                for line in file["lines"]:
                    merged = files[path][line["line_number"]]
                    merged.count += line["count"]
                    merged.function = line.get("function_name", "")
                    for number, branch in enumerate(line["branches"]):
                        merged.branches[number] += branch["count"]
    return files


def exceptions_read(source):
    """{(file, function, text of the line): reason}. A reason stands above the lines it is for."""
    exceptions, reason = {}, ""
    for text in (source / EXCEPTIONS).read_text().splitlines():
        if text.startswith("# "):
            reason = text[2:]
        elif text.strip():
            place, _, line = text.partition(": ")
            exceptions[(*place.split(), line.strip())] = reason
    return exceptions


def count_file(lines):
    counts = collections.Counter()
    for line in lines.values():
        counts["lines"] += 1
        counts["lines run"] += line.count > 0
        counts["branches"] += len(line.branches)
        counts["branches run"] += sum(1 for count in line.branches.values() if count)
    return counts


def missed(files, source):
    """(what it is, where it is) of each line that is not run whole."""
    for path in sorted(files):
        texts = (source / path).read_text().splitlines()
        for number, line in sorted(files[path].items()):
            branches = sum(1 for count in line.branches.values() if not count)
            if line.count and not branches:
                continue
            what = "%d of %d branches" % (branches, len(line.branches)) if line.count else "line"
            text = texts[number - 1].strip()
            yield (path, line.function, text), "%s:%d: %s not run: %s" % (path, number, what, text)


def print_table(files):
    row = "# coverage: %-28s %5s/%-5s %5s/%-5s"
    sums = collections.Counter()
    print(row % ("run/all", "lines", "", "branches", ""))
    for path in sorted(files):
        counts = count_file(files[path])
        sums += counts
        print(row % (path, counts["lines run"], counts["lines"], counts["branches run"], counts["branches"]))
    print(row % ("all", sums["lines run"], sums["lines"], sums["branches run"], sums["branches"]))


def main():
    source, build = pathlib.Path(sys.argv[1]).resolve(), pathlib.Path(sys.argv[2]).resolve()
    build_and_run(source, build)
    files = gcov_files(source, build)
    exceptions = exceptions_read(source)
    used, unexplained = set(), []
    print("1..2")
    print_table(files)
    for place, text in missed(files, source):
        if place in exceptions:
            used.add(place)
            print("# coverage: %s (%s)" % (text, exceptions[place]))
        else:
            unexplained.append(text)
    for text in unexplained:
        print("#", text)
    print("not ok" if unexplained else "ok",
          "1 - every line and branch of model and engine is run, or has a reason not to be")
    left_over = sorted(set(exceptions) - used)
    for path, function, text in left_over:
        print("# %s %s: %s" % (path, function, text))
    print("not ok" if left_over else "ok", "2 - no reason is left over for what is run after all")
    return 1 if unexplained or left_over else 0


if __name__ == "__main__":
    sys.exit(main())
