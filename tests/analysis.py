#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""clang-tidy, cppcheck and gcc's analyzer over every source of model, engine and io.

Usage: analysis.py SOURCE_DIR BUILD_DIR

Each source is looked at as the build compiles it. clang-tidy's checks are named in .clang-tidy, those
of the others here. Prints TAP: that each tool finds a mistake made on purpose, and nothing else.
"""

import concurrent.futures
import json
import os
import shlex
import subprocess
import sys
import tempfile

LAYERS = ("model", "engine", "io")

# NULL is a pointer in glibc, so that it may end a list of arguments.
CPPCHECK = ["cppcheck", "--quiet", "--enable=warning,performance,portability", "--inline-suppr",
            "--suppress=varFuncNullUB", "--suppress=missingIncludeSystem", "--error-exitcode=1",
            "--template={file}:{line}: {id}: {message}"]

# gcc 12 loses sight of what an array's elements point to, and does not know that diag_fail()
# returns the error that it is given. LeakSanitizer watches every test, clang-tidy looks for NULL.
GCC = ["-fanalyzer", "-Wno-analyzer-malloc-leak", "-Wno-analyzer-null-argument",
       "-Wno-analyzer-null-dereference", "-Werror", "-fdiagnostics-color=never", "-c", "-o", "/dev/null"]

MISTAKE = """#include <stdlib.h>
int mistake(void);
int mistake(void)
{
	char *text = malloc(1);
	free(text);
	free(text);
	return 0;
}
"""


class Source:
    def __init__(self, path, directory, command):
        self.path, self.directory = path, directory
        self.flags = [word for word in shlex.split(command)
                      if word.startswith(("-I", "-iquote", "-isystem", "-D", "-std=", "-f", "-m", "-pthread"))]


def sources(build):
    with open(os.path.join(build, "compile_commands.json")) as file:
        commands = json.load(file)
    found = {}
    for entry in commands:
        path = os.path.normpath(os.path.join(entry["directory"], entry["file"]))
        if os.path.relpath(path, source_dir).split(os.sep)[0] in LAYERS:
            found[path] = Source(path, entry["directory"], entry["command"])
    return list(found.values())


def run(words, directory):
    result = subprocess.run(words, cwd=directory, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                            text=True, check=False)
    return result.stdout if result.returncode else ""


def clang_tidy(source):
    return run(["clang-tidy", "--quiet", "--config-file=" + os.path.join(source_dir, ".clang-tidy"),
                source.path, "--", "-xc", *[flag for flag in source.flags if flag[1] != "f"]],
               source.directory)


def cppcheck(source):
    flags = [flag.replace("-iquote", "-I") for flag in source.flags if flag.startswith(("-I", "-iquote", "-D"))]
    return run([*CPPCHECK, *flags, source.path], source.directory)


def gcc(source):
    flags = [flag for flag in source.flags if not flag.startswith("-fsanitize")]
    return run(["gcc", *flags, *GCC, source.path], source.directory)


TOOLS = (clang_tidy, cppcheck, gcc)
count = 0


def tap(sentence, holds, said):
    global count
    count += 1
    print(f"{'ok' if holds else 'not ok'} {count} - {sentence}")
    if not holds:
        print("\n".join("# " + line for line in said.splitlines()))


source_dir, build_dir = (os.path.abspath(path) for path in sys.argv[1:3])
with tempfile.TemporaryDirectory() as directory:
    wrong = Source(os.path.join(directory, "mistake.c"), directory, "-std=c17")
    with open(wrong.path, "w") as file:
        file.write(MISTAKE)
    for tool in TOOLS:
        tap(f"{tool.__name__} finds a mistake", "mistake.c" in tool(wrong), "nothing is found")
all_sources = sources(build_dir)
with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
    for tool in TOOLS:
        said = "".join(pool.map(tool, all_sources))
        tap(f"{tool.__name__} finds nothing in {', '.join(LAYERS)}", all_sources and not said, said)
print(f"1..{count}")
