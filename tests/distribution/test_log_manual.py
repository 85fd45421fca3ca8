#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The manual of log messages lists what the program logs. Usage: test_log_manual.py SOURCE_ROOT"""

import glob
import os
import re
import sys

root = os.path.abspath(sys.argv[1])
sys.path.insert(0, os.path.join(root, "tests/mesh"))
import manual
import tap

MESSAGE = re.compile(r"\bLOG_([A-Z0-9_]+)\b")
page = os.path.join(root, "io/share/plexwg-log.7")


def read(path):
    with open(os.path.join(root, path), encoding="utf-8") as file:
        return file.read()


class Row:
    def __init__(self, level, text, keys):
        self.level, self.text, self.keys = level, text, keys

    def heading(self):
        return " ".join([self.text, f"({self.level.lower()})", *self.keys])


def table_read():
    """The rows of LOG_MESSAGES by name, and the headings below the comment of each group."""
    table = re.search(r"#define LOG_MESSAGES\(X\)(.*?)\n\n", read("engine/log_message.h"), re.S)[1]
    rows, groups = {}, {}
    for group, name, level, text, keys in re.findall(
            r'/\* (.*?)\. \*/|X\((\w+),\s*(\w+),\s*"([^"]*)",[\s\\]*"([^"]*)"\)', table):
        if group:
            headings = groups[group] = []
        else:
            rows[name] = Row(level, text, keys.split())
            headings.append(rows[name].heading())
    assert len(rows) == table.count("X("), "each row is read"
    return rows, groups


def arguments(text, start):
    """The arguments of the call whose opening bracket is before `start`."""
    depth, end = 1, start
    while depth:
        end = re.compile(r'"(?:\\.|[^"\\])*"|[()]').search(text, end).end()
        depth += {"(": 1, ")": -1}.get(text[end - 1], 0)
    parts, depth = [""], 0
    for token in re.findall(r'"(?:\\.|[^"\\])*"|.', text[start:end - 1], re.S):
        depth += {"(": 1, ")": -1}.get(token, 0)
        if token == "," and depth == 0:
            parts.append("")
        else:
            parts[-1] += token
    return [part.strip() for part in parts]


def calls_read():
    """Place, messages and keys of each call of log_line(). A message that the call has from a
    variable is any that its file names outside of calls."""
    calls = []
    for layer in ("engine", "io"):
        for path in sorted(glob.glob(os.path.join(root, layer, "**/*.c"), recursive=True)):
            text = read(path)
            found = [arguments(text, match.end()) for match in re.finditer(r"\tlog_line\(", text)]
            outside = set(MESSAGE.findall(text)) & set(rows)
            for _, message, *_ in found:
                outside -= set(MESSAGE.findall(message))
            for _, message, *pairs in found:
                assert pairs.pop() == "NULL", (path, message, "ends without NULL")
                assert all(re.fullmatch(r'"\w+"', key) for key in pairs[::2]), (path, pairs)
                named = set(MESSAGE.findall(message)) or outside
                calls.append((os.path.relpath(path, root), named, [key.strip('"') for key in pairs[::2]]))
    return calls


def headings(lines):
    """Those of a list that have a text below or beside them."""
    for line, below in zip(lines, [*lines[1:], ""]):
        match = re.fullmatch(r" {5}(\S.*?)( {2,}.*)?", line)
        if match and (match[2] or below.startswith(" " * 6)):
            yield match[1]


def mandoc_finds_nothing_wrong_with_the_page():
    manual.lint(page)


def the_page_explains_each_message_with_its_level_and_keys_in_the_order_of_the_table():
    groups_of_page, lines = {}, []
    for line in manual.section(page, "MESSAGES"):
        if re.match(r" {3}\S", line):
            lines = groups_of_page[line.strip()] = []
        else:
            lines.append(line)
    explained = [(group, heading) for group, lines in groups_of_page.items() for heading in headings(lines)]
    wanted = [(group, heading) for group, lines in groups.items() for heading in lines]
    assert len(rows) > 40 and explained == wanted, set(explained) ^ set(wanted)


def no_two_messages_have_one_text():
    texts = [row.text for row in rows.values()]
    assert len(set(texts)) == len(texts)


def a_line_has_keys_of_its_message_only():
    for path, named, keys in calls:
        assert named, (path, "no message of the table")
        for name in named:
            assert name in rows, (path, name)
        allowed = set().union(*(rows[name].keys for name in named))
        assert set(keys) <= allowed, (path, named, set(keys) - allowed)


def each_message_and_each_of_its_keys_is_used():
    for name, row in rows.items():
        used = [set(keys) for _, named, keys in calls if name in named]
        assert used, name
        assert set(row.keys) <= set().union(*used), (name, row.keys, used)


def the_page_explains_each_subsystem_of_a_problem():
    of_source = set()
    for path in glob.glob(os.path.join(root, "io/**/*.c"), recursive=True):
        text = read(path)
        of_source.update(re.findall(r'\{\.name = "([^"]*)", \.loop = ', text))
        if "problem_names" in text:
            of_source.update(re.findall(r'\[VERDICT_\w+\] = "([^"]*)"', text))
    of_page = list(headings(manual.section(page, "SUBSYSTEMS")))
    assert len(of_source) > 15 and sorted(of_page) == sorted(of_source), set(of_page) ^ of_source


manual.skip_without_mandoc()
rows, groups = table_read()
calls = calls_read()
tap.main(
    mandoc_finds_nothing_wrong_with_the_page,
    the_page_explains_each_message_with_its_level_and_keys_in_the_order_of_the_table,
    no_two_messages_have_one_text,
    a_line_has_keys_of_its_message_only,
    each_message_and_each_of_its_keys_is_used,
    the_page_explains_each_subsystem_of_a_problem,
)
