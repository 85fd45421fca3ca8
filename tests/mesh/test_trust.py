# SPDX-License-Identifier: Apache-2.0
"""What a node still knows after kill -9, while a hostile control plane withholds the state.
Usage: test_trust.py PLEXWG CONTROL_PLANE"""

import itertools
import json
import os
import signal
import stat
import sys

import tap
from mesh import Mesh, run
from tap import until

tap.enter_namespaces()
mesh = Mesh(sys.argv[1], sys.argv[2], nodes=1)
plane = mesh.plane
node = mesh.nodes[0]
EXTRA = "RXh0cmFFeHRyYUV4dHJhRXh0cmFFeHRyYUV4dHJhLi4="
EVIL = "ZXZpbGV2aWxldmlsZXZpbGV2aWxldmlsZXZpbC4uLi4="
JOURNAL = "trust.journal"
ports = itertools.count(1000)


def peer(port=1):
    return {"id": "extra", "public_key": EXTRA, "endpoint": f"192.0.2.100:{port}",
            "allowed_ips": ["10.99.9.9"]}


def send(event_type, payload, **how):
    return plane.ask("POST", "/events", {"event_type": event_type, "payload": payload, **how})


def replay(event):
    plane.ask("POST", "/raw", {"text": f"data: {json.dumps(event)}\n\n"})


def says(text, since):
    until(lambda: text in node.log()[since:])


def marked():
    """A good event takes effect."""
    port = next(ports)
    send("peer_endpoint_changed", peer(port))
    until(lambda: node.peers()[EXTRA][1] == f"192.0.2.100:{port}")


def removed_and_added():
    """The event that removed the peer."""
    removal = send("peer_removed", {"peer_id": "extra"})
    until(lambda: EXTRA not in node.peers())
    send("peer_added", peer())
    until(lambda: EXTRA in node.peers())
    return removal


def killed():
    """Kill the process; the new one gets no state. Returns the offset of its log."""
    node.stop(signal.SIGKILL)
    mark = len(node.log())
    node.start()
    until(lambda: plane.ask("GET", "/counters")["streams"] == 1 and "in force" in node.log()[mark:])
    return mark


def a_node_that_is_up_gets_no_further_state():
    mesh.join()
    plane.ask("PUT", "/nodes/extra", {"public_key": EXTRA, "endpoint": "192.0.2.100:1"})
    node.start()
    until(lambda: EXTRA in node.peers() and plane.ask("GET", "/counters")["streams"] == 1)
    plane.fault("status", endpoint="state", status=500)


def a_handled_event_is_not_accepted_again():
    removal = removed_and_added()
    for _ in range(3):
        mark = killed()
        replay(removal)
        says("duplicate nonce", mark)
        assert EXTRA in node.peers()


def an_older_event_about_the_peer_is_superseded():
    for restarts in (False, True):
        mark = killed() if restarts else len(node.log())
        send("peer_removed", {"peer_id": "extra"}, offset_s=-60)
        says("superseded", mark)
        assert EXTRA in node.peers()


def a_rotated_key_stays_invalid():
    # Signed by the old key, and not sent yet.
    old = [send(event_type, payload, nodes=["extra"]) for event_type, payload in (
        ("peer_removed", {"peer_id": "extra"}), ("signing_key_rotated", {"current": EVIL}))]
    plane.ask("POST", "/rotate", {"keep_s": 0, "announce": True})
    marked()
    for _ in range(3):
        mark = killed()
        for event in old:  # nor can it name a new key
            replay(event)
        says("bad signature", mark)
        marked()
        assert EXTRA in node.peers()


def a_record_that_was_cut_off_affects_no_other():
    removal = removed_and_added()
    path = os.path.join(node.identity, JOURNAL)
    assert stat.S_IMODE(os.stat(path).st_mode) == 0o600
    node.stop(signal.SIGKILL)
    with open(path, "ab") as file:
        file.write(b"\1\20torn")
    mark = killed()
    replay(removal)
    says("duplicate nonce", mark)
    marked()
    assert EXTRA in node.peers()


def on_a_failing_disk_events_are_handled_and_that_is_logged():
    removal = removed_and_added()
    node.stop(signal.SIGKILL)
    run("mount", "--bind", node.identity, node.identity)
    run("mount", "-o", "remount,bind,ro", node.identity)
    mark = killed()
    says("replays are possible after a restart", mark)
    replay(removal)
    says("duplicate nonce", mark)
    marked()
    node.stop(signal.SIGKILL)
    run("umount", node.identity)


tap.main(
    a_node_that_is_up_gets_no_further_state,
    a_handled_event_is_not_accepted_again,
    an_older_event_about_the_peer_is_superseded,
    a_rotated_key_stays_invalid,
    a_record_that_was_cut_off_affects_no_other,
    on_a_failing_disk_events_are_handled_and_that_is_logged,
    finish=mesh.end,
)
