#!/usr/bin/env python3
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
        run("meson", "setup", build, source, "-Db_coverage=true", "-Doptimization=0", "-Ddebug=true")
    listed = run("meson", "introspect", "--tests", build, stdout=subprocess.PIPE).stdout
    tests = [test for test in json.loads(listed) if set(test["suite"]) & {"plexwg:" + layer for layer in LAYERS}]
    programs = [test["cmd"][0] for test in tests]
    plexwg, sim = build / "io/cli/plexwg", build / "tests/sim/sim"
    run("ninja", "-C", build, *[os.path.relpath(program, build) for program in [*programs, plexwg, sim]])
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
                    for number, branch in enumerate(line["branches"]):
                        merged.branches[number] += branch["count"]
    return files


def exceptions_read(source):
    """{(file, text of the line): reason}. A reason stands above the lines that it is for."""
    exceptions, reason = {}, ""
    for text in (source / EXCEPTIONS).read_text().splitlines():
        if text.startswith("# "):
            reason = text[2:]
        elif text.strip():
            file, _, line = text.partition(": ")
            exceptions[file, line.strip()] = reason
    return exceptions


def main():
    source, build = pathlib.Path(sys.argv[1]).resolve(), pathlib.Path(sys.argv[2]).resolve()
    build_and_run(source, build)
    files = gcov_files(source, build)
    exceptions, used = exceptions_read(source), set()
    open_ends = []
    sums = collections.Counter()
    print("1..2")
    print("# coverage: file                        lines   branches   (run/all)")
    for path in sorted(files):
        texts = (source / path).read_text().splitlines()
        lines = files[path]
        counts = collections.Counter()
        for number in sorted(lines):
            line = lines[number]
            missed = sum(1 for count in line.branches.values() if not count)
            counts["lines"] += 1
            counts["lines run"] += line.count > 0
            counts["branches"] += len(line.branches)
            counts["branches run"] += len(line.branches) - missed
            if line.count and not missed:
                continue
            text = texts[number - 1].strip()
            if (path, text) in exceptions:
                used.add((path, text))
            else:
                what = "%d of %d branches" % (missed, len(line.branches)) if line.count else "line"
                open_ends.append("%s:%d: %s not run: %s" % (path, number, what, text))
        sums += counts
        print("# coverage: %-26s %4d/%-4d %4d/%-4d" % (
            path, counts["lines run"], counts["lines"], counts["branches run"], counts["branches"]))
    print("# coverage: %-26s %4d/%-4d %4d/%-4d" % (
        "all", sums["lines run"], sums["lines"], sums["branches run"], sums["branches"]))
    for (path, text) in sorted(used):
        print("# coverage: not run, %s: %s: %s" % (exceptions[path, text], path, text))
    for text in open_ends:
        print("#", text)
    print("not ok" if open_ends else "ok", "1 - every line and branch of model and engine is run, or has a reason")
    unused = sorted(set(exceptions) - used)
    for path, text in unused:
        print("# %s: %s" % (path, text))
    print("not ok" if unused else "ok", "2 - no reason is left over for what is run after all")
    return 1 if open_ends or unused else 0


if __name__ == "__main__":
    sys.exit(main())
