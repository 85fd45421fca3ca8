#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The functions of model, engine and io have names and parameters that follow the rules: a backtrace
tells where it is, and a call tells what it changes. Usage: test_names.py SOURCE_ROOT"""

import collections
import glob
import os
import re
import sys

root = os.path.abspath(sys.argv[1])
sys.path.insert(0, os.path.join(root, "tests/mesh"))
import tap

PARAMETERS_MAX = 6
PREDICATE = re.compile(r"(?:^|_)(?:is|has|can)_")

# Predicates that have a pointer to what is not const, and the reason. They change nothing either.
EXCEPTIONS = {
    "peer_index_has_other": "it takes the lock of the index",
    "part_is_given": "libcurl reads a URL by a pointer that is not const",
    "route_message_is_ours": "libnl reads a message by a pointer that is not const",
    "is_tried_enough": "a callback gets its context by a pointer that is not const",
}

# As clang-format leaves them: head and body of a function begin in the first column.
FUNCTION = re.compile(r"^(?:__attribute__\(\(\w+\)\) )?[a-z][\w\s*]*?\b(\w+)\(([^;{}]*)\)\n\{", re.M)
COMMENT = re.compile(r"/\*.*?\*/", re.S)

Function = collections.namedtuple("Function", "place name parameters")


def parameters_of(text):
    parts, depth = [""], 0
    for character in " ".join(text.split()):
        depth += {"(": 1, ")": -1}.get(character, 0)
        if character == "," and depth == 0:
            parts.append("")
        else:
            parts[-1] += character
    return [part.strip() for part in parts if part.strip() not in ("", "void")]


def functions_of(path, text):
    text = COMMENT.sub(lambda comment: re.sub(r"[^\n]", " ", comment[0]), text)
    found = [Function(f"{path}:{text.count(chr(10), 0, match.start(1)) + 1}", match[1], parameters_of(match[2]))
             for match in FUNCTION.finditer(text)]
    assert len(found) == len(re.findall(r"^\{", text, re.M)), (path, "a function is not recognized")
    return found


def functions_read():
    functions = []
    for layer in ("model", "engine", "io"):
        for path in sorted(glob.glob(os.path.join(root, layer, "**/*.[ch]"), recursive=True)):
            with open(path, encoding="utf-8") as file:
                functions += functions_of(os.path.relpath(path, root), file.read())
    return functions


def same_names(functions):
    places = collections.defaultdict(list)
    for function in functions:
        places[function.name].append(function.place)
    return {name: where for name, where in places.items() if len(where) > 1}


def long_lists(functions):
    return [function for function in functions if len(function.parameters) > PARAMETERS_MAX]


def changing_predicates(functions):
    """What a function is given by value, or points to as const, it cannot change."""
    return [function for function in functions if PREDICATE.search(function.name) and
            any("*" in parameter and not parameter.startswith("const ") for parameter in function.parameters)]


def no_two_functions_have_one_name():
    assert not same_names(functions), same_names(functions)


def no_function_has_more_than_six_parameters():
    assert not long_lists(functions), long_lists(functions)


def no_predicate_changes_anything():
    found = changing_predicates(functions)
    assert {function.name for function in found} == set(EXCEPTIONS), \
        [function for function in found if function.name not in EXCEPTIONS] or "an exception is no longer needed"


def each_mistake_is_found():
    mistakes = functions_of("mistakes.c", """
static bool thing_is_odd(const struct thing *thing, struct other *other)
{
}

/* static void commented(void)
{ */
__attribute__((noreturn)) static void put(int a, int b, int c, int d, int e,
	void (*f)(int, int), int g)
{
}

enum kind put(void)
{
}

static bool has_six(const int *a, int b, int c, int d, int e, int f)
{
}
""")
    assert [function.place for function in mistakes] == [f"mistakes.c:{line}" for line in (2, 8, 13, 17)], mistakes
    assert list(same_names(mistakes)) == ["put"]
    assert [function.name for function in long_lists(mistakes)] == ["put"]
    assert [function.name for function in changing_predicates(mistakes)] == ["thing_is_odd"]


functions = functions_read()
assert len(functions) > 2000
tap.main(
    no_two_functions_have_one_name,
    no_function_has_more_than_six_parameters,
    no_predicate_changes_anything,
    each_mistake_is_found,
)
