#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Each folder of io is a library that declares those whose headers it sees, share/layers.dot is the
picture, and any other include breaks the build. Usage: test_rooms.py SOURCE_ROOT BUILD_ROOT ROOM:NEED..."""

import collections
import glob
import html
import json
import os
import re
import shlex
import subprocess
import sys

root, build = map(os.path.abspath, sys.argv[1:3])
sys.path.insert(0, os.path.join(root, "tests/mesh"))
import tap

INCLUDE = re.compile(r'^#include "([^"]+)"$', re.M)
DOT_EDGE = re.compile(r'^\s*"?([\w/]+)"? -> "?([\w/]+)"?$', re.M)
SVG_EDGE = re.compile(r"<title>([\w/]+)->([\w/]+)</title>")

declared = collections.defaultdict(set)
for edge in sys.argv[3:]:
    declared[edge.split(":")[0]].add(edge.split(":")[1])


def read(path):
    with open(os.path.join(root, path), encoding="utf-8") as file:
        return file.read()


def folders_of(pattern):
    """Files by name, each with its folder below io."""
    paths = glob.glob(os.path.join(root, "io", "**", pattern), recursive=True)
    return {os.path.basename(path): os.path.relpath(os.path.dirname(path), os.path.join(root, "io"))
            for path in paths}


headers, sources = folders_of("*.h"), folders_of("*.c")


def seen_from(room):
    """The other rooms whose headers the files of this room include, directly or by other headers."""
    waiting = [os.path.join("io", room, name) for name, folder in [*headers.items(), *sources.items()]
               if folder == room]
    reached = set()
    while waiting:
        for name in INCLUDE.findall(read(waiting.pop())):
            if name in headers and name not in reached:
                reached.add(name)
                waiting.append(os.path.join("io", headers[name], name))
    return {headers[name] for name in reached} - {room}


def rooms():
    return sorted(set(sources.values()))


def reachable(room, edges):
    found = set()
    waiting = [room]
    while waiting:
        for need in edges[waiting.pop()]:
            if need not in found:
                found.add(need)
                waiting.append(need)
    return found


def reduced(edges):
    """The edges without those that follow from others."""
    return {(room, need) for room in list(edges) for need in edges[room]
            if not any(need in reachable(other, edges) for other in edges[room] - {need})}


def each_room_declares_what_it_sees_and_no_more():
    wrong = {room: (sorted(seen_from(room) - declared[room]), sorted(declared[room] - seen_from(room)))
             for room in rooms() if seen_from(room) != declared[room]}
    assert not wrong, f"room: (not declared, not needed): {wrong}"


def no_room_needs_itself():
    assert not [room for room in rooms() if room in reachable(room, declared)]


def the_picture_shows_what_the_build_declares():
    drawn = set(DOT_EDGE.findall(read("io/share/layers.dot")))
    right = {(room, need) for room, need in reduced(declared)}
    in_io = {edge for edge in drawn if not {"engine", "model"} & set(edge)}
    assert in_io == right, {"missing": right - in_io, "wrong": in_io - right}
    nothing = {room for room in rooms() if not declared[room]}
    assert drawn - in_io == {(room, "engine") for room in nothing} | {("engine", "model")}, drawn - in_io


def the_svg_is_drawn_from_it():
    drawn = set(SVG_EDGE.findall(html.unescape(read("io/share/layers.svg"))))
    assert drawn == set(DOT_EDGE.findall(read("io/share/layers.dot")))


def preprocessor_of(room):
    """The build's command for a source of the room, up to the preprocessor, and where it is run."""
    with open(os.path.join(build, "compile_commands.json"), encoding="utf-8") as file:
        commands = json.load(file)
    for entry in commands:
        path = os.path.normpath(os.path.join(entry["directory"], entry["file"]))
        if os.path.dirname(path) == os.path.join(root, "io", room) and "trace-pc" not in entry["command"]:
            words = shlex.split(entry["command"])
            first = next(index for index, word in enumerate(words) if word.startswith("-"))
            flags = [word for word in words if word.startswith(("-I", "-iquote", "-isystem", "-D", "-std"))]
            return [*words[:first], *flags, "-E", "-x", "c", "-"], entry["directory"]
    raise AssertionError(f"{room}: no source in compile_commands.json")


def preprocess(room, line):
    command, directory = preprocessor_of(room)
    return subprocess.run(command, cwd=directory, input=line + "\n", capture_output=True, text=True)


def an_include_of_any_other_room_breaks_the_build():
    one_of = {folder: name for name, folder in sorted(headers.items())}
    assert len(one_of) == len(rooms())
    for room in rooms():
        for other in set(rooms()) - declared[room] - {room}:
            ran = preprocess(room, f'#include "{one_of[other]}"')
            assert f"{one_of[other]}: No such file" in ran.stderr, (room, one_of[other])


def a_header_of_the_system_is_not_hidden():
    ran = preprocess("netlink", "#include <link.h>")
    assert "dl_iterate_phdr" in ran.stdout, ran.stderr


tap.main(
    each_room_declares_what_it_sees_and_no_more,
    no_room_needs_itself,
    the_picture_shows_what_the_build_declares,
    the_svg_is_drawn_from_it,
    an_include_of_any_other_room_breaks_the_build,
    a_header_of_the_system_is_not_hidden,
)
