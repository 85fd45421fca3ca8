# SPDX-License-Identifier: Apache-2.0
"""Nothing is blocked by a control plane or a userspace backend that does not answer.

Usage: test_stalls.py PLEXWG CONTROL_PLANE"""

import base64
import os
import signal
import socket
import sys
import threading
import time

import tap
from mesh import Mesh, run
from tap import note, until

EVENTS = 20
# The deadline of a backend that does not answer, and the limit on several of them.
DEADLINE_S = 5

tap.enter_namespaces()
mesh = Mesh(sys.argv[1], sys.argv[2], nodes=1)
plane, node = mesh.plane, mesh.nodes[0]
heard = []  # messages to the service manager: (time, text)


def key(number):
    return base64.b64encode(bytes([number]) * 32).decode()


def put(number):
    plane.ask("PUT", f"/nodes/extra-{number}",
              {"public_key": key(number), "endpoint": f"192.0.2.100:{number}"})


def listen(path):
    manager = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    manager.bind(path)

    def hear():
        while True:
            heard.append((time.monotonic(), manager.recv(65536).decode()))
    threading.Thread(target=hear, daemon=True).start()


def longest_silence(since):
    pings = [since] + [when for when, what in heard if "WATCHDOG=1" in what and when > since]
    pings.append(time.monotonic())
    return max(later - earlier for earlier, later in zip(pings, pings[1:]))


def has(*numbers):
    return lambda: set(node.peers()) == {key(number) for number in numbers}


def program():
    """The process id of the node's wireguard-go."""
    pids = run("ip", "netns", "pids", node.netns).stdout.split()
    for pid in pids:
        with open(f"/proc/{pid}/comm") as file:
            if file.read().strip() == "wireguard-go":
                return int(pid)
    raise AssertionError("there is none")


def a_node_has_its_peers_and_its_stream():
    mesh.join()
    put(1)
    path = os.path.join(mesh.directory, "notify")
    listen(path)
    node.start("--log-level", "debug", env={"NOTIFY_SOCKET": path, "WATCHDOG_USEC": "1000000"})
    until(has(1))
    until(lambda: plane.ask("GET", "/counters")["streams"] == 1)
    until(lambda: any("READY=1" in what for _, what in heard))


def a_link_is_back_while_a_fetch_hangs():
    plane.fault("stall", endpoint="state", node=node.id)
    count = len(plane.requests("state", node.id))
    node.process.send_signal(signal.SIGHUP)
    until(lambda: len(plane.requests("state", node.id)) > count)
    run("ip", "-n", node.netns, "link", "del", node.interface)
    note(f"back after {until(has(1)):.2f} s")
    # The fetch goes on all the while, and times out after half a minute.
    assert "subsystem=cycle" not in node.log() and len(plane.requests("state", node.id)) == count + 1


def an_event_meanwhile_stays_pending_through_repairs():
    put(2)
    plane.announce("peer_added", "extra-2")
    until(has(1, 2))
    run("ip", "-n", node.netns, "link", "del", node.interface)
    until(has(1, 2))
    assert "subsystem=cycle" not in node.log()


def the_fetch_ends_and_the_next_cycle_is_an_ordinary_one():
    plane.ask("DELETE", "/faults")
    plane.ask("DELETE", "/nodes/extra-2")
    until(has(1), 90)


def events_to_a_stopped_backend_wait_for_one_deadline():
    begun = time.monotonic()
    os.kill(program(), signal.SIGSTOP)
    for number in range(10, 10 + EVENTS):
        put(number)
        plane.announce("peer_added", f"extra-{number}")
    until(lambda: node.log().count("Event deferred") == EVENTS - 1)
    took, silence = time.monotonic() - begun, longest_silence(begun)
    note(f"{EVENTS} events in {took:.1f} s, {silence:.1f} s without a sign of life")
    assert took < 2 * DEADLINE_S + 5 and silence < 2 * DEADLINE_S


def the_end_waits_for_one_deadline_too():
    stopped = program()
    begun = time.monotonic()
    assert node.stop() == 0
    note(f"ended after {time.monotonic() - begun:.1f} s")
    assert time.monotonic() - begun < 2 * DEADLINE_S
    os.kill(stopped, signal.SIGCONT)


def the_next_run_makes_up_for_everything():
    node.start()
    until(has(1, *range(10, 10 + EVENTS)))


tap.main(
    a_node_has_its_peers_and_its_stream,
    a_link_is_back_while_a_fetch_hangs,
    an_event_meanwhile_stays_pending_through_repairs,
    the_fetch_ends_and_the_next_cycle_is_an_ordinary_one,
    events_to_a_stopped_backend_wait_for_one_deadline,
    the_end_waits_for_one_deadline_too,
    the_next_run_makes_up_for_everything,
    finish=mesh.end,
)
