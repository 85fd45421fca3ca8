# SPDX-License-Identifier: Apache-2.0
"""No key and no token is where it must not be: in what plexwg writes, in what the system shows of it,
and, once the interface is torn down, in its memory. Usage: test_secrets.py PLEXWG CONTROL_PLANE"""

import base64
import json
import os
import signal
import subprocess
import sys

import tap
from mesh import Mesh
from secret_search import Search
from tap import until

tap.enter_namespaces()
mesh = Mesh(sys.argv[1], sys.argv[2], 2)
one, two = mesh.nodes
out = os.path.join(mesh.directory, "out")
os.mkdir(out)
OWN = ("private_key", "node_secret_key", "last_state.json", "last_events.json",
       "trust.journal")  # the node's own
INPUTS = ("state.json", "scenario.json", "ca.key", "store.json", "token")
# A process waits at its exit, so that its memory can be searched.
AT_EXIT = ("strace", "-qq", "-o", "/dev/null", "-e", "trace=exit_group",
           "-e", "inject=exit_group:delay_enter=600s")
# Where the dynamic linker binds a function late, it saves the vector registers on the stack, with what
# memcpy moved last.
BIND_NOW = {"LD_BIND_NOW": "1"}
NO_LEAK_CHECK = {"ASAN_OPTIONS": "detect_leaks=0", **BIND_NOW}  # strace would prevent that
# The sanitizer's allocator overwrites freed memory only on request, which the TLS library needs.
# Without TLS nothing may need it.
FREED_IS_OVERWRITTEN = {"ASAN_OPTIONS": "detect_leaks=0:max_free_fill_size=1048576", **BIND_NOW}
secrets = {}


def key_of(node):
    with open(os.path.join(node.identity, "private_key")) as file:
        return base64.b64decode(file.read())


def psks_of(node):
    return [base64.b64decode(fields[0]) for fields in node.peers().values() if fields[0] != "(none)"]


def child(process):
    """The program below strace."""
    path = f"/proc/{process.pid}/task/{process.pid}/children"
    until(lambda: open(path).read().split())
    return int(open(path).read().split()[0])


def wait_for_exit(pid):
    def is_exiting():
        with open(f"/proc/{pid}/syscall") as file:
            return file.read().startswith("231 ")
    until(is_exiting, 60, 0.05)


def let_go(strace, pid):
    strace.kill()
    strace.wait()
    until(lambda: not os.path.exists(f"/proc/{pid}"))


def plexwg(name, *words):
    """Runs it, and stores its output."""
    with open(os.path.join(out, name), "w") as file:
        return subprocess.run(
            ["ip", "netns", "exec", two.netns, mesh.plexwg, *words, "--log-level", "debug"],
            stdout=file, stderr=file).returncode


def keys_are_found_in_each_of_their_forms():
    search = Search({"key": bytes(range(224, 256)), "token": "a-token"})
    planted = os.path.join(out, "planted")
    for needle, name in search.needles.items():
        with open(planted, "wb") as file:
            file.write(b"\0" * 4095 + needle + b"\n")
        assert [found.split(": ")[1] for found in search.in_tree(out)] == [name]
        os.remove(planted)
    assert len(search.needles) == 10


def a_daemon_that_runs_has_its_keys_in_memory_where_they_are_found():
    mesh.join()
    one.start("--keep-interface=false", "--log-level", "debug", under=AT_EXIT,
              env=FREED_IS_OVERWRITTEN)
    two.start("--log-level", "debug")
    mesh.settle()
    until(lambda: one.says("last good state") or psks_of(one))
    secrets["private key of one"] = key_of(one)
    secrets["private key of two"] = key_of(two)
    for name in (one, two):
        with open(os.path.join(name.identity, "node_secret_key")) as file:
            secrets[f"token of {name.id}"] = file.read().strip()
    for index, psk in enumerate(psks_of(one)):
        secrets[f"preshared key {index}"] = psk
    assert len(secrets) >= 5
    found = Search(secrets).in_memory(child(one.process))
    for secret in ("private key of one raw", "preshared key 0 raw", "token of node-1 as it is"):
        assert any(secret in text for text in found), found


def it_shows_none_of_them_in_proc():
    assert Search(secrets).in_proc(child(one.process)) == []


def peers_come_change_and_go_and_unusable_ones_are_logged():
    pid = child(one.process)
    for event in ("peer_endpoint_changed", "peer_removed", "peer_added", "peer_key_rotated"):
        mesh.plane.announce(event, two.id)
        until(lambda: one.log().count(event) or len(one.peers()) <= 1, 30)
    for psk in ("not a key", base64.b64encode(secrets["preshared key 0"]).decode()[:-2] + "!="):
        body = {"peers": [{"id": "node-2", "public_key": two.public_key(), "allowed_ips": [],
                           "psk": psk}]}
        mesh.plane.fault("body", endpoint="state", node=one.id, text=json.dumps(body), count=1)
        before = one.log().count("Peer entry unusable")
        os.kill(pid, signal.SIGHUP)
        until(lambda: one.log().count("Peer entry unusable") > before, 60)
    os.kill(pid, signal.SIGHUP)
    for index, psk in enumerate(psks_of(one)):
        secrets[f"later preshared key {index}"] = psk


def after_teardown_none_of_them_is_in_memory():
    pid = child(one.process)
    os.kill(pid, signal.SIGTERM)
    wait_for_exit(pid)
    assert one.peers() == {}
    found = Search(secrets).in_memory(pid)
    let_go(one.process, pid)
    one.process = None
    assert found == [], "\n".join(found)


def file_mode_leaves_none_in_memory():
    state = os.path.join(mesh.directory, "state.json")
    secrets["preshared key in a file"] = psk = os.urandom(32)
    with open(os.open(state, os.O_WRONLY | os.O_CREAT, 0o600), "w") as file:
        json.dump({"peers": [{"id": f"p{number}", "public_key": base64.b64encode(
            bytes([number]) * 32).decode(), "allowed_ips": [f"10.0.0.{number}"],
            "psk": base64.b64encode(psk).decode()} for number in range(1, 200)]}, file)
    log = os.path.join(out, "file-mode.log")
    with open(log, "w") as file:
        process = subprocess.Popen(
            ["ip", "netns", "exec", one.netns, *AT_EXIT, mesh.plexwg, "run", "--state", state,
             "--identity", one.identity, "--interface", one.interface, "--controller", "userspace",
             "--log-level", "debug"], stderr=file, env={**os.environ, **NO_LEAK_CHECK})
    until(lambda: len(one.peers()) == 199)
    pid = child(process)
    alive = Search(secrets).in_memory(pid)
    os.kill(pid, signal.SIGTERM)
    wait_for_exit(pid)
    found = Search(secrets).in_memory(pid)
    let_go(process, pid)
    assert any("preshared key in a file raw" in text for text in alive), alive
    assert found == [], "\n".join(found)


def no_command_prints_one():
    state = os.path.join(mesh.directory, "state.json")
    args = ("--identity", two.identity, "--interface", two.interface, "--controller", "userspace")
    two.stop()
    assert plexwg("plan", "plan", "--state", state, *args) == 2
    assert plexwg("plan.json", "plan", "--json", "--state", state, *args) == 2
    assert plexwg("apply.json", "apply", "--json", "--state", state, *args) == 0
    assert plexwg("show", "show", *args[2:]) == 0
    assert plexwg("show.json", "show", "--json", *args[2:]) == 0
    dump = os.path.join(mesh.directory, "state.json.dump")
    with open(dump, "w") as file:
        subprocess.run(["wg", "show", two.interface, "dump"], stdout=file, check=True)
    assert plexwg("plan-actual", "plan", "--state", state, "--actual", dump) in (0, 2)
    os.remove(dump)
    scenario = os.path.join(mesh.directory, "scenario.json")
    psk = base64.b64encode(secrets["preshared key in a file"]).decode()
    peer = {"id": "a", "public_key": "${key:2}", "allowed_ips": ["10.0.0.1"], "psk": psk}
    with open(scenario, "w") as file:
        json.dump({"scenario": "a preshared key is set", "version": 1, "identity": {
            "private_key": base64.b64encode(secrets["private key of two"]).decode()},
            "steps": [{"do": "reconcile", "state": {"peers": [peer]}, "returns": "ok"},
                      {"do": "expect", "device": {"peers": [{"public_key": "${key:2}",
                                                             "psk": None}]}}]}, file)
    assert plexwg("trace", "replay", "--trace", scenario) == 1
    assert sorted(os.listdir(out)) == sorted([
        "apply.json", "file-mode.log", "plan", "plan-actual", "plan.json", "show", "show.json",
        "trace"])
    for name in os.listdir(out):
        assert os.path.getsize(os.path.join(out, name)), name


def no_file_contains_one():
    mesh.check_traces()
    found = Search(secrets).in_tree(mesh.directory, OWN + INPUTS)
    assert found == [], "\n".join(found)
    assert Search(secrets).in_tree(mesh.directory, INPUTS)  # the node's own files contain it


tap.main(
    keys_are_found_in_each_of_their_forms,
    a_daemon_that_runs_has_its_keys_in_memory_where_they_are_found,
    it_shows_none_of_them_in_proc,
    peers_come_change_and_go_and_unusable_ones_are_logged,
    after_teardown_none_of_them_is_in_memory,
    file_mode_leaves_none_in_memory,
    no_command_prints_one,
    no_file_contains_one,
    finish=mesh.end)
