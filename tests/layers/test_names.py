#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The functions of model, engine and io have names and parameters that follow the rules.
Usage: test_names.py SOURCE_ROOT"""

import collections
import glob
import os
import re
import sys

root = os.path.abspath(sys.argv[1])
sys.path.insert(0, os.path.join(root, "tests/mesh"))
import tap

PARAMETERS_MAX = 6

# As clang-format leaves it: the head of a function begins in the first column, and so does its body.
DEFINITION = re.compile(r"^(?!#|typedef|struct \w+ \{|enum|else)[\w][\w \t\n*]*?\b(\w+)\(([^;{}]*)\)\n\{", re.M)
PREDICATE = re.compile(r"(?:^|_)(?:is|has|can)_")

# Predicates with a parameter that others may change, by name, with the reason.
EXCEPTIONS = {}

Function = collections.namedtuple("Function", "place name parameters")


def split(parameters):
    parts, depth = [""], 0
    for character in " ".join(parameters.split()):
        depth += {"(": 1, ")": -1}.get(character, 0)
        if character == "," and depth == 0:
            parts.append("")
        else:
            parts[-1] += character
    return [part.strip() for part in parts if part.strip() not in ("", "void")]


def functions_of(text, path):
    text = re.sub(r"/\*.*?\*/", lambda comment: re.sub(r"[^\n]", " ", comment[0]), text, flags=re.S)
    for match in DEFINITION.finditer(text):
        line = text.count("\n", 0, match.start(1)) + 1
        yield Function(f"{path}:{line}", match[1], split(match[2]))


def functions_read():
    for layer in ("model", "engine", "io"):
        for path in sorted(glob.glob(os.path.join(root, layer, "**/*.[ch]"), recursive=True)):
            with open(path, encoding="utf-8") as file:
                yield from functions_of(file.read(), os.path.relpath(path, root))


def may_change(parameter):
    """Whether a function with that parameter can change what it points to."""
    return "*" in parameter and not parameter.startswith("const ")


def same_names(functions):
    places = collections.defaultdict(list)
    for function in functions:
        places[function.name].append(function.place)
    return {name: where for name, where in places.items() if len(where) > 1}


def long_lists(functions):
    return [f"{f.place}: {f.name}: {len(f.parameters)}" for f in functions
            if len(f.parameters) > PARAMETERS_MAX]


def changing_predicates(functions):
    return [f"{f.place}: {f.name}" for f in functions if PREDICATE.search(f.name)
            and f.name not in EXCEPTIONS and any(map(may_change, f.parameters))]


functions = list(functions_read())
if __name__ == "__main__" and len(sys.argv) > 2:
    print(len(functions))
    for found in (same_names, long_lists, changing_predicates):
        r = found(functions)
        print(found.__name__, len(r))
        for x in (r.items() if isinstance(r, dict) else r): print("  ", x)
    sys.exit()
