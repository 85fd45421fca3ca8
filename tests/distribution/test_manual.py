#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The manual describes the commands and options of the program. Usage: test_manual.py PLEXWG MANUAL"""

import json
import os
import re
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../mesh"))
import manual
import tap

program, page = (os.path.abspath(path) for path in sys.argv[1:3])


def plexwg(*words):
    return manual.run(program, *words)


class Option:
    """What --help says of one."""

    def __init__(self, tag):
        self.tag = tag
        self.commands = []
        self.defaults = set() # such as "(default 60s)", "(default: off)"
        self.is_required = False


HELP_LINE = re.compile(r"  --(?P<name>\S+)(?P<argument> \S+)? {2,}.*?(?P<default> \((default.*|required)\))?")


def help_read():
    """The usage of each command, and the options by name."""
    usages, options = [], {}
    for command in re.findall(r"^  (\w+) ", plexwg("--help").stdout, re.M):
        usage, *lines = plexwg(command, "--help").stdout.splitlines()
        usages.append(usage.removeprefix("usage: ").strip())
        for match in filter(None, map(HELP_LINE.fullmatch, lines)):
            option = options.setdefault(match["name"], Option(f"--{match['name']}{match['argument'] or ''}"))
            option.commands.append(command)
            if match["default"] == " (required)":
                option.is_required = True
            elif match["default"]:
                option.defaults.add(match["default"].strip())
    return usages, options


def entries_read():
    """What the page says of each option, by its tag."""
    entries, tag = {}, None
    for line in manual.section(page, "OPTIONS"):
        match = re.fullmatch(r" {5}(--\S+(?: \S+)?)(?: {2,}(.*))?", line)
        if match:
            tag = match[1]
            entries[tag] = match[2] or ""
        elif tag:
            entries[tag] += " " + line.strip()
    return {tag: text.strip() for tag, text in entries.items()}


def mandoc_finds_nothing_wrong_with_the_page():
    manual.lint(page)


def its_synopsis_is_the_usage_of_each_command():
    lines = [" ".join(line.split()) for line in manual.section(page, "SYNOPSIS") if line.strip()]
    assert usages and lines == usages, (lines, usages)


def it_describes_the_options_that_there_are_with_their_arguments():
    tags = [option.tag for option in options.values()]
    assert len(tags) > 30
    assert set(entries) == set(tags), set(entries) ^ set(tags)


def it_names_the_commands_that_take_an_option():
    for option in options.values():
        wanted = f"Commands: {', '.join(option.commands)}."
        assert entries[option.tag].endswith(wanted), (option.tag, wanted)


def it_names_the_default_of_an_option_or_that_it_is_required():
    for option in options.values():
        text = entries[option.tag]
        assert set(re.findall(r"\(default[^)]*\)", text)) == option.defaults, (option.tag, option.defaults)
        assert bool(re.search("[Rr]equired", text)) == option.is_required, option.tag


def it_names_the_range_of_a_value():
    count = 0
    for name, option in options.items():
        error = plexwg(option.commands[0], f"--{name}=").stderr
        match = re.search(r'"": must be (.*)$', error)
        if match and " " in option.tag and match[1] != "at least one byte long":
            words = match[1].removeprefix("one of ")
            assert words in option.tag + entries[option.tag], (option.tag, words)
            count += 1
    assert count > 15, count


def the_options_that_a_configuration_file_may_have_are_those_of_run():
    with tempfile.TemporaryDirectory() as directory:
        path = os.path.join(directory, "config")
        for name, option in options.items():
            with open(path, "w", encoding="utf-8") as file:
                json.dump({name.replace("-", "_"): None}, file)
            os.chmod(path, 0o600)
            is_unknown = "unknown member" in plexwg("plan", "--config", path).stderr
            may = "run" in option.commands and name not in ("config", "help", "version")
            assert is_unknown != may, name


manual.skip_without_mandoc()
usages, options = help_read()
entries = entries_read()
tap.main(
    mandoc_finds_nothing_wrong_with_the_page,
    its_synopsis_is_the_usage_of_each_command,
    it_describes_the_options_that_there_are_with_their_arguments,
    it_names_the_commands_that_take_an_option,
    it_names_the_default_of_an_option_or_that_it_is_required,
    it_names_the_range_of_a_value,
    the_options_that_a_configuration_file_may_have_are_those_of_run,
)
