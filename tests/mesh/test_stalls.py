# SPDX-License-Identifier: Apache-2.0
"""What does not answer holds nothing up: a control plane, and a userspace program.

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
# What a deadline of a program that does not answer is, and what must not add up.
DEADLINE_S = 5

tap.enter_namespaces()
mesh = Mesh(sys.argv[1], sys.argv[2], nodes=1)
plane, node = mesh.plane, mesh.nodes[0]
heard = []  # by the service manager: (when, what)


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
    # The fetch, which is given up after half a minute, goes on all the while.
    assert "subsystem=cycle" not in node.log() and len(plane.requests("state", node.id)) == count + 1


def an_event_meanwhile_is_pending_whatever_is_put_right():
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


def events_to_a_program_that_is_stopped_cost_one_deadline():
    begun = time.monotonic()
    os.kill(program(), signal.SIGSTOP)
    for number in range(10, 10 + EVENTS):
        put(number)
        plane.announce("peer_added", f"extra-{number}")
    until(lambda: node.log().count("Event deferred") == EVENTS - 1)
    took, silence = time.monotonic() - begun, longest_silence(begun)
    note(f"{EVENTS} events in {took:.1f} s, {silence:.1f} s without a sign of life")
    assert took < 2 * DEADLINE_S + 5 and silence < 2 * DEADLINE_S


def so_does_the_end():
    stopped = program()
    begun = time.monotonic()
    assert node.stop() == 0
    note(f"ended after {time.monotonic() - begun:.1f} s")
    assert time.monotonic() - begun < 2 * DEADLINE_S
    os.kill(stopped, signal.SIGCONT)


def the_next_run_makes_up_for_all():
    node.start()
    until(has(1, *range(10, 10 + EVENTS)))


tap.main(
    a_node_has_its_peers_and_its_stream,
    a_link_is_back_while_a_fetch_hangs,
    an_event_meanwhile_is_pending_whatever_is_put_right,
    the_fetch_ends_and_the_next_cycle_is_an_ordinary_one,
    events_to_a_program_that_is_stopped_cost_one_deadline,
    so_does_the_end,
    the_next_run_makes_up_for_all,
    finish=mesh.end,
)
