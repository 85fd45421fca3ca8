#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""No foreign text reaches a terminal with characters that control, move or hide output.

Usage: test_terminals.py PLEXWG

Ids, titles, names of files and answers with every control, format and tag character of Unicode, and
more that shows nothing, go through every command.
"""

import base64
import http.server
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import threading
import time
import unicodedata

# Default_Ignorable_Code_Point beyond the categories Cc and Cf, of Unicode 15.0.
IGNORABLE = [(0x34F, 0x34F), (0x115F, 0x1160), (0x17B4, 0x17B5), (0x180B, 0x180F), (0x2065, 0x2065),
             (0x3164, 0x3164), (0xFE00, 0xFE0F), (0xFFA0, 0xFFA0), (0xFFF0, 0xFFF8), (0xE0000, 0xE0FFF)]
# Format characters that are newer than what Python may know.
NEWER = [(0x890, 0x891), (0x13430, 0x1343F)]
RANGES = {rune for first, last in IGNORABLE + NEWER for rune in range(first, last + 1)}


def is_hidden(rune):
    category = unicodedata.category(chr(rune))
    return category in ("Cc", "Cf", "Cs", "Co", "Zl", "Zp") or (category == "Zs" and rune != 0x20) or \
        rune in RANGES or rune & 0xFFFE == 0xFFFE or 0xFDD0 <= rune <= 0xFDEF


# Without private use and surrogates, which are too many: some of each below. An id has no NUL.
HIDDEN = [chr(rune) for rune in range(1, 0xE1000) if is_hidden(rune) and not 0xD800 <= rune < 0xF900 and
          not 0x20000 <= rune < 0xE0000] + [chr(rune) for rune in (0xE000, 0xF8FF, 0xF0000, 0xFFFFD, 0x10FFFD, 0x10FFFF)]
SHOWN = [chr(rune) for rune in range(0x21, 0x32000) if unicodedata.category(chr(rune))[0] in "LMNPS" and
         not is_hidden(rune) and chr(rune) not in '"\\']
REFUSED_IN_TITLES = [chr(rune) for rune in range(0x20)] + ["\x7f"]
# Characters of a command line that no JSON document may contain.
NOT_UTF8 = [b"\xed\xa0\x80", b"\xff"]
SOME = [b"\xc2\x9b", b"\xc2\x85", b"\xe2\x80\xae", b"\xe2\x81\xa6", b"\xe2\x80\x8b", b"\xf3\xa0\x81\x81"] + NOT_UTF8


class World:
    def __init__(self, plexwg, directory):
        self.plexwg, self.directory = plexwg, directory
        self.identity = directory / "identity"
        self.run("init", "--identity", self.identity, "--mesh-ip", "10.100.0.1", "--node-id", "node-1")
        self.dump = self.write("actual.dump", f"{key(0xFFFFFF)}\t{key(0xFFFFFE)}\t51820\toff\n")

    def write(self, name, content):
        path = os.path.join(os.fsencode(self.directory), os.fsencode(name))
        with open(path, "wb") as file:
            file.write(content if isinstance(content, bytes) else content.encode())
        os.chmod(path, 0o600)
        return path

    def state(self, *peers, **more):
        return self.write("state.json", json.dumps({"peers": peers, **more}, ensure_ascii=False))

    def run(self, *command):
        return subprocess.run([self.plexwg, *command], stdin=subprocess.DEVNULL, capture_output=True,
                              timeout=300, check=False)

    def plan(self, path, *options):
        return self.run("plan", "--state", path, "--actual", self.dump, *options)


def key(number):
    return base64.b64encode(number.to_bytes(32, "big")).decode()


def peer(number, name, **members):
    return {"id": name, "public_key": key(number + 1), "allowed_ips": [], **members}


def peers():
    return [peer(number, f"a{text}b") for number, text in enumerate(HIDDEN)]


def clean(text, what):
    """Lines of text that a terminal shows as they are."""
    found = [character for character in set(text.decode("utf-8")) - {"\n"} if is_hidden(ord(character))]
    assert not found, f"{what}: U+{ord(found[0]):04X} in " + \
        next(repr(line[:200]) for line in text.decode("utf-8").split("\n") if found[0] in line)


def clean_run(world, *command, status, lines=None):
    """Both outputs are clean; where `lines` counts errors, there are as many."""
    done = world.run(*command)
    clean(done.stdout, "standard output")
    clean(done.stderr, "standard error")
    assert done.returncode == status, f"status {done.returncode}: {done.stderr[:1000]}"
    if lines is not None:
        assert done.stderr.count(b"\n") == lines, done.stderr.count(b"\n")
    return done


def ids_of(report):
    return {change["peer_id"] for change in json.loads(report)["changes"]}


def plan_escapes_ids(world):
    done = clean_run(world, "plan", "--state", world.state(*peers()), "--actual", world.dump, status=2, lines=0)
    assert done.stdout.count(b"\n") == len(HIDDEN) + 1
    for escape in (b'"a\\x1bb"', b'"a\\u009bb"', b'"a\\u202eb"', b'"a\\u200bb"', b'"a\\U000e0041b"'):
        assert b" " + escape + b" " in done.stdout, escape


def plan_json_means_the_same(world):
    done = clean_run(world, "plan", "--state", world.state(*peers()), "--actual", world.dump, "--json", status=2)
    assert ids_of(done.stdout) == {entry["id"] for entry in peers()}
    assert b"a\\u009bb" in done.stdout and b"a\\udb40\\udc41b" in done.stdout


def apply_escapes_ids(world):
    state = world.state(*peers())
    clean_run(world, "apply", "--controller", "sim", "--identity", world.identity, "--state", state, status=0)
    done = clean_run(world, "apply", "--controller", "sim", "--identity", world.identity, "--state", state,
                     "--json", status=0)
    assert ids_of(done.stdout) == {entry["id"] for entry in peers()}


def shown_characters_stay(world):
    ids = ["".join(SHOWN[at:at + 60]) for at in range(0, len(SHOWN), 60)]
    path = world.state(*[peer(number, name) for number, name in enumerate(ids)])
    done = world.plan(path)
    words = {line.split(" ")[1] for line in done.stdout.decode().splitlines() if line.startswith("+ ")}
    assert words == set(ids), sorted(words ^ set(ids))[:2]
    assert ids_of(world.plan(path, "--json").stdout) == set(ids)


def long_ids_are_whole(world):
    name = "two words " * 25
    done = world.plan(world.state(peer(0, name)))
    assert f'+ "{name}" '.encode() in done.stdout, done.stdout


def errors_escape_what_they_quote(world):
    entries = []
    for text in HIDDEN:
        entries += [peer(0, f"a{text}b", allowed_ips=[f"10.0.0.1{text}"])]
    clean_run(world, "plan", "--state", world.state(*entries), "--actual", world.dump, status=1, lines=len(HIDDEN))
    for member in ("public_key", "endpoint", "mesh_ip", "psk"):
        path = world.state(*[peer(number, f"a{number}", **{member: f"a{text}:1"}) for number, text in enumerate(HIDDEN)])
        clean_run(world, "plan", "--state", path, "--actual", world.dump, status=1, lines=len(HIDDEN))


def warnings_escape_what_they_name(world):
    for at in range(0, len(HIDDEN), 1000):
        members = {f"a{text}b": 1 for text in HIDDEN[at:at + 1000]}
        path = world.state(**members)
        done = clean_run(world, "plan", "--state", path, "--actual", world.dump, status=0)
        assert done.stdout.count(b"\n") == len(members) + 1
        clean_run(world, "plan", "--state", path, "--actual", world.dump, "--json", status=0)
    same = [peer(number // 2, f"a{text}b") for number, text in enumerate(HIDDEN)]
    clean_run(world, "plan", "--state", world.state(*same), "--actual", world.dump, status=2)


def zones_are_escaped(world):
    path = world.state(peer(0, "a", endpoint="[fe80::1%a\u202eb\U000e0041]:1"))
    done = clean_run(world, "plan", "--state", path, "--actual", world.dump, status=2)
    assert b"endpoint=[fe80::1%a\\u202eb\\U000e0041]:1 " in done.stdout, done.stdout
    done = clean_run(world, "plan", "--state", path, "--actual", world.dump, "--json", status=2)
    assert json.loads(done.stdout)["changes"][0]["after"]["endpoint"] == "[fe80::1%a\u202eb\U000e0041]:1"


def names_of_interfaces_and_files_are_escaped(world):
    for text in SOME:
        name = b"a" + text + b"b"
        for command in (["show"], ["down"], ["plan", "--state", world.state(), "--identity", world.identity],
                        ["apply", "--state", world.state(), "--identity", world.identity]):
            for more in ([], ["--json"]):
                if command[0] == "down" and more:
                    continue
                done = world.run(*command, "--controller", "sim", "--interface", name, *more)
                clean(done.stdout, "standard output")
                clean(done.stderr, "standard error")
        path = world.write(name, "{")
        clean_run(world, "plan", "--state", path, "--actual", world.dump, status=1, lines=1)
        clean_run(world, "plan", "--state", world.state(), "--actual", path, status=1, lines=1)
        clean_run(world, "plan", "--config", path, "--state", "-", status=1, lines=1)
        clean_run(world, "plan", "--state", world.state(), "--identity", path, status=1, lines=1)
        clean_run(world, name, status=64, lines=1)
        clean_run(world, "plan", b"--" + name, status=64, lines=1)
        clean_run(world, "plan", b"--mtu", name, status=64, lines=1)
        clean_run(world, "replay", path, status=2, lines=1)
        os.unlink(path)


def log_of_run_escapes_ids(world):
    for style in ("logfmt", "json"):
        path = world.state(*peers())
        log = world.directory / "log"
        with open(log, "wb") as file:
            daemon = subprocess.Popen([world.plexwg, "run", "--controller", "sim", "--identity", world.identity,
                                       "--state", path, "--log-format", style, "--log-level", "debug"],
                                      stdin=subprocess.DEVNULL, stdout=file, stderr=file)
        try:
            for _ in range(600):
                if log.read_bytes().count(b"Peer added") == len(HIDDEN):
                    break
                time.sleep(0.1)
        finally:
            daemon.terminate()
            daemon.wait()
        clean(log.read_bytes(), "log")
        lines = log.read_text().splitlines()
        assert sum("Peer added" in line for line in lines) == len(HIDDEN)
        if style == "json":
            found = {json.loads(line).get("peer_id") for line in lines}
            assert found >= {entry["id"] for entry in peers()}


def scenario(title, steps):
    return json.dumps({"scenario": title, "version": 1, "steps": steps}, ensure_ascii=False)


def replay_escapes_titles_and_ids(world):
    for at in range(0, len(HIDDEN), 500):
        few = HIDDEN[at:at + 500]
        title = "".join(["a title"] + [text for text in few if text not in REFUSED_IN_TITLES])
        state = {"peers": [peer(number, f"a{text}b") for number, text in enumerate(few)]}
        holds = [{"do": "reconcile", "state": state}]
        for steps, status in ((holds, 0), (holds + [{"do": "expect", "ops": [title], "index": {title: key(9)}}], 1),
                              (holds + [{"do": "expect", "index": {title: key(9)}}], 1),
                              (holds + [{"do": "expect", "logs": [title]}], 1),
                              ([{"do": title}], 2), ([{"do": "setup", title: 1}], 2)):
            path = world.write("scenario.json", scenario(title, steps))
            for options in ([], ["--trace"]):
                done = clean_run(world, "replay", *options, path, status=status)
                if not options and status < 2:
                    assert done.stdout.count(b"\n") == 2 + status
                if options and status == 0:
                    lines = [json.loads(line) for line in done.stdout.splitlines() if line.startswith(b"{")]
                    assert {line["scenario"] for line in lines} == {title}


class ControlPlane(http.server.BaseHTTPRequestHandler):
    answer = (200, b"")

    def do_POST(self):
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        status, body = ControlPlane.answer
        self.send_response_only(status, "odd \x1b[2J")
        self.send_header("Content-Type", "odd/\x1b[2J\x9b" if status == 299 else "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


def join_escapes_answers(world):
    server = http.server.HTTPServer(("127.0.0.1", 0), ControlPlane)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    token = world.write("token", "token")
    good = {"node_id": "n1", "mesh_ip": "10.0.0.1", "signing_public_key": key(7), "node_secret_key": "s"}
    for number, text in enumerate(["\x1b", "\x85", "\x9b", "\u202e", "\u2066", "\u200b", "\U000e0041"]):
        odd = f"a{text}b"
        answers = [(401, odd), (500, odd), (299, "{}"), (200, odd), (200, json.dumps(odd, ensure_ascii=False))]
        for member in good:
            answers.append((200, json.dumps({**good, member: odd}, ensure_ascii=False)))
        answers.append((200, json.dumps({**good, "peers": [], odd: 1, "x": {odd: 1, odd + "": 2}}, ensure_ascii=False)))
        for place, (status, body) in enumerate(answers):
            ControlPlane.answer = (status, body.encode())
            done = world.run("join", "--api", f"http://127.0.0.1:{server.server_port}", "--token-file", token,
                             "--identity", world.directory / f"joined-{number}-{place}")
            clean(done.stdout, "standard output")
            clean(done.stderr, "standard error")
            assert (done.stdout + done.stderr).count(b"\n") == 1, done
    server.shutdown()


def main():
    tests = [plan_escapes_ids, plan_json_means_the_same, apply_escapes_ids, shown_characters_stay,
             long_ids_are_whole, errors_escape_what_they_quote, warnings_escape_what_they_name, zones_are_escaped,
             names_of_interfaces_and_files_are_escaped, log_of_run_escapes_ids, replay_escapes_titles_and_ids,
             join_escapes_answers]
    with tempfile.TemporaryDirectory() as directory:
        world = World(os.path.abspath(sys.argv[1]), pathlib.Path(directory))
        for number, test in enumerate(tests, 1):
            sentence = test.__name__.replace("_", " ")
            try:
                test(world)
                print(f"ok {number} - {sentence}", flush=True)
            except (AssertionError, ValueError, KeyError) as fault:
                print(f"not ok {number} - {sentence}\n# {type(fault).__name__}: {str(fault)[:600]}", flush=True)
    print(f"1..{len(tests)}")


main()
