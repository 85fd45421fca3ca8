# SPDX-License-Identifier: Apache-2.0
"""A control plane that misbehaves, to each node in another way at the same time, and one that dies: no
tunnel is lost, memory stays bounded, all recover by themselves, and the log says what changed rather
than each try. Usage: test_faults.py PLEXWG CONTROL_PLANE"""

import sys
import time

import tap
from mesh import Mesh, Pinging
from tap import note, until

# By node; the first has no fault. A fault without an endpoint affects all.
FAULTS = {
    "node-2": [{"mode": "status", "status": 401}],
    "node-3": [{"mode": "status", "status": 403}],
    "node-4": [{"mode": "status", "status": 404}],
    "node-5": [{"mode": "status", "status": 429, "headers": {"Retry-After": "3"}}],
    "node-6": [{"mode": "status", "status": 500}],
    "node-7": [{"mode": "garbage"}],
    "node-8": [{"mode": "close"}],
    "node-9": [{"mode": "endless", "endpoint": "state"}, {"mode": "huge_event", "endpoint": "events"}],
    "node-10": [{"mode": "end"}],
    "node-11": [{"mode": "endless", "endpoint": "events"}, {"mode": "noise", "endpoint": "state"}],
    "node-12": [{"mode": "status", "status": 302, "headers": {"Location": "/elsewhere"}},
                {"mode": "gzip_bomb", "endpoint": "state"}],
    "node-13": [{"mode": "stall"}],
}
GARBAGE = "node-7"
# Waiting for the rest of an answer takes 30 s, of a stream 90 s: other tests do that.
STALLED = "node-13"
FAULT_S = 8
EXTRA = "RXh0cmFFeHRyYUV4dHJhRXh0cmFFeHRyYUV4dHJhLi4="

tap.enter_namespaces()
mesh = Mesh(sys.argv[1], sys.argv[2], nodes=1 + len(FAULTS))
plane = mesh.plane
hub = mesh.nodes[0]
others = mesh.nodes[1:]
pings = []
marks = {}


def mark():
    """Ignore what the nodes have logged so far."""
    for node in mesh.nodes:
        marks[node.id] = len(node.log())


def know(nodes, key, known=True):
    def they_know():
        return all((key in node.peers()) == known for node in nodes)
    return they_know


def a_mesh_of_many_pings():
    mesh.join()
    for node in mesh.nodes:
        node.start(interval="1s")
    note(f"full mesh after {mesh.settle():.2f} s")
    for node in others:
        until(lambda: hub.pings(node), 20)
    until(lambda: plane.ask("GET", "/counters")["streams"] == len(mesh.nodes))
    pings.extend(Pinging(hub, node) for node in others)
    marks["memory"] = max(node.memory_kib() for node in mesh.nodes)


def the_control_plane_misbehaves():
    mark()
    for node, faults in FAULTS.items():
        for fault in faults:
            plane.fault(**fault, node=node)
    plane.ask("POST", "/cut", {})
    time.sleep(FAULT_S)
    assert set(hub.peers()) == {node.public_key() for node in others}


def each_problem_is_logged_once():
    for node in mesh.nodes:
        said = [line.split(" subsystem=")[1] for line in node.problems(marks[node.id])]
        note(f"{node.id}: {len(said)}")
        for line in said:
            note("  " + line)
        # A stream that is cut, a fetch that fails, and the end of both problems. Garbage gives
        # another error each time.
        assert node.id == GARBAGE or len(said) == len(set(said)) <= 5


def all_nodes_recover_by_themselves():
    plane.ask("DELETE", "/faults")
    plane.ask("PUT", "/nodes/extra", {"public_key": EXTRA, "endpoint": "192.0.2.100:1"})
    plane.announce("peer_added", "extra")
    nodes = [node for node in mesh.nodes if node.id != STALLED]
    note(f"all know of a new peer after {until(know(nodes, EXTRA), 90):.1f} s")
    until(lambda: plane.ask("GET", "/counters")["streams"] >= len(nodes), 90)


def the_end_of_a_control_plane_affects_no_tunnel():
    mark()
    plane.kill()
    time.sleep(4)
    for node in mesh.nodes:
        said = [line.split(" subsystem=")[1] for line in node.problems(marks[node.id])]
        note(f"{node.id}: {said}")
        assert len(said) == len(set(said)) <= 4, node.id
    assert set(hub.peers()) == {node.public_key() for node in others} | {EXTRA}
    assert all(len(node.peers()) >= len(others) for node in mesh.nodes)


def all_nodes_come_back_when_it_does():
    plane.start()
    plane.ask("DELETE", "/nodes/extra")
    plane.announce("peer_removed", "extra")
    note(f"all know of a removed peer after {until(know(mesh.nodes, EXTRA, False), 90):.1f} s")
    until(lambda: plane.ask("GET", "/counters")["streams"] == len(mesh.nodes), 90)


def no_ping_was_lost_meanwhile():
    lost = [pinging.lost() for pinging in pings]
    assert sum(lost) == 0, lost


def memory_stays_within_its_limit():
    peaks = {node.id: node.memory_kib() for node in mesh.nodes}
    note(f"at most {marks['memory']} KiB before; then {peaks}")
    # A body may have 64 MiB, and is copied once while it grows. The sanitizer doubles that.
    assert max(peaks.values()) < marks["memory"] + 4 * 64 * 1024


tap.main(
    a_mesh_of_many_pings,
    the_control_plane_misbehaves,
    each_problem_is_logged_once,
    all_nodes_recover_by_themselves,
    the_end_of_a_control_plane_affects_no_tunnel,
    all_nodes_come_back_when_it_does,
    no_ping_was_lost_meanwhile,
    memory_stays_within_its_limit,
    finish=mesh.end,
)
