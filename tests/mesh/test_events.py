# SPDX-License-Identifier: Apache-2.0
"""Which events are accepted: a node, and a control plane that sends it events to reject.
Usage: test_events.py PLEXWG CONTROL_PLANE"""

import itertools
import json
import os
import signal
import sys

import tap
from mesh import Mesh
from tap import until

tap.enter_namespaces()
mesh = Mesh(sys.argv[1], sys.argv[2], nodes=1)
plane = mesh.plane
node = mesh.nodes[0]
EXTRA = "RXh0cmFFeHRyYUV4dHJhRXh0cmFFeHRyYUV4dHJhLi4="
EVIL = "ZXZpbGV2aWxldmlsZXZpbGV2aWxldmlsZXZpbC4uLi4="
ports = itertools.count(1000)


def peer(key=EXTRA, name="extra", port=1):
    return {"id": name, "public_key": key, "endpoint": f"192.0.2.100:{port}",
            "allowed_ips": ["10.99.9.9"]}


def send(event_type, payload, **how):
    return plane.ask("POST", "/events", {"event_type": event_type, "payload": payload, **how})


def marked():
    """Wait until a valid event takes effect: all before it were checked."""
    port = next(ports)
    send("peer_endpoint_changed", peer(port=port))
    until(lambda: node.peers()[EXTRA][1] == f"192.0.2.100:{port}")


def evil(**how):
    """Every kind of event, sent in a way that must be rejected. Nothing changes but the log."""
    before = {key: fields[2] for key, fields in node.peers().items()}
    for event_type, payload in (
            ("peer_removed", {"peer_id": "extra"}), ("peer_added", peer(EVIL, "evil")),
            ("peer_key_rotated", peer(EVIL)), ("peer_endpoint_changed", peer(port=666)),
            ("signing_key_rotated", {"current": EVIL})):
        send(event_type, payload, **how)
    marked()
    assert {key: fields[2] for key, fields in node.peers().items()} == before


def has_streams(count):
    def they_are_open():
        return plane.ask("GET", "/counters")["streams"] == count
    return they_are_open


def restart():
    assert node.stop() == 0
    until(has_streams(0))
    node.start()
    until(has_streams(1))


def pull():
    """Fetch the state again."""
    count = len(plane.requests("state", node.id))
    node.process.send_signal(signal.SIGHUP)
    until(lambda: [answered for answered in plane.requests("state", node.id)[count:]
                   if answered["status"] == 200])


def last_event_id():
    return plane.requests("events", node.id)[-1]["headers"].get("Last-Event-Id")


def reconnect():
    count = len(plane.requests("events", node.id))
    plane.ask("POST", "/cut", {})
    until(lambda: has_streams(1)() and len(plane.requests("events", node.id)) > count)


def a_signed_event_is_accepted():
    mesh.join()
    plane.ask("PUT", "/nodes/extra", {"public_key": EXTRA, "endpoint": "192.0.2.100:1"})
    node.start()
    until(lambda: EXTRA in node.peers() and has_streams(1)())
    marked()


def routes_come_and_go_with_the_events_of_their_peer():
    # No cycle would set them within the hour.
    def ours():
        text = node.command("ip", "route", "show", "dev", node.interface, "proto", "158").stdout
        return {line.split()[0] for line in text.splitlines()}

    before = ours()
    send("peer_added", {**peer(EVIL, "routed"), "allowed_ips": ["10.98.0.0/16", "10.98.9.9"]})
    until(lambda: ours() == before | {"10.98.0.0/16", "10.98.9.9"})
    send("peer_endpoint_changed", {**peer(EVIL, "routed"), "allowed_ips": ["10.97.0.0/16"]})
    until(lambda: ours() == before | {"10.97.0.0/16"})
    send("peer_removed", {"peer_id": "routed"})
    until(lambda: ours() == before and EVIL not in node.peers())


def a_forged_event_changes_nothing():
    evil(signature="forged")
    assert node.says("bad signature")


def an_event_that_another_key_signed_changes_nothing():
    evil(signature="foreign")


def an_unsigned_event_changes_nothing():
    evil(signature="missing")
    assert node.says("missing signature")


def an_event_without_a_nonce_changes_nothing():
    evil(nonce="")
    assert node.says("incomplete events")


def a_stale_event_changes_nothing():
    evil(offset_s=-301)
    assert node.says("stale")


def an_event_from_the_future_changes_nothing():
    evil(offset_s=330)
    assert node.says("future")


def a_replayed_event_changes_nothing():
    removed = send("peer_removed", {"peer_id": "extra"})
    until(lambda: EXTRA not in node.peers())
    send("peer_added", peer())
    until(lambda: EXTRA in node.peers())
    frame = f"data: {json.dumps(removed)}\n\n"
    for text in (frame, frame.replace("data: ", "event: peer_added\ndata: "), frame * 3):
        plane.ask("POST", "/raw", {"text": text})
        marked()
        assert EXTRA in node.peers()
    assert node.says("duplicate nonce")


def what_is_no_event_changes_nothing():
    before = node.peers().keys()
    for text in ("data: {}\n\n", "data: []\n\n", "data: \xff\n\n", "data: {\"event_type\"\n\n",
                 "data: null\n\n", "peer_removed\n\n", "\n\n\n", ":\n", "id: 5\x00\n\n"):
        plane.ask("POST", "/raw", {"text": text})
    marked()
    assert node.peers().keys() == before


def an_event_that_may_still_be_accepted_is_requested_again():
    # On another node, without the events above, which freeze the cursor for ten minutes.
    restart()
    marked()
    reconnect()
    before = int(last_event_id())
    send("peer_added", peer(EVIL, "evil"), signature="foreign")
    marked()
    reconnect()
    assert int(last_event_id()) == before
    marked()
    assert EVIL not in node.peers()
    # An accepted event is not accepted twice, though it came again.
    assert node.says("duplicate nonce")


def a_key_that_an_event_names_counts_from_then_on():
    plane.ask("POST", "/rotate", {"keep_s": 600, "announce": True})
    marked()
    evil(signature="foreign")
    send("peer_endpoint_changed", peer(port=77), signature="previous")
    until(lambda: node.peers()[EXTRA][1] == "192.0.2.100:77")
    plane.ask("POST", "/rotate", {"keep_s": 0, "announce": True})
    marked()


def a_key_that_the_state_names_counts_from_then_on():
    plane.ask("POST", "/rotate", {})
    send("peer_removed", {"peer_id": "extra"})
    pull()
    until(lambda: send("peer_added", peer(EVIL, "new")) and EVIL in node.peers(), pause=0.2)
    assert EXTRA in node.peers()


def without_a_signing_key_every_event_is_rejected():
    path = os.path.join(node.identity, "identity.json")
    with open(path) as file:
        identity = json.load(file)
    del identity["signing_public_key"]
    with open(path, "w") as file:
        json.dump(identity, file)
    assert node.stop() == 0
    for name in ("signing_public_key", "trust.journal", "last_state.json"):
        os.remove(os.path.join(node.identity, name))
    document = plane.ask("GET", f"/nodes/{node.id}/state")
    del document["signing_keys"]
    plane.ask("PUT", f"/nodes/{node.id}/state", document)
    mark = len(node.log())
    until(has_streams(0))
    node.start()
    until(has_streams(1))
    until(lambda: "No signing key" in node.log()[mark:] and EVIL not in node.peers())
    send("peer_removed", {"peer_id": "extra"})
    until(lambda: "bad signature: there is no signing key" in node.log()[mark:])
    for how in ("forged", "foreign"):
        send("peer_removed", {"peer_id": "extra"}, signature=how)
    reconnect()
    assert EXTRA in node.peers()


def a_state_with_a_signing_key_resolves_that():
    plane.ask("DELETE", f"/nodes/{node.id}/state")
    pull()
    until(lambda: send("peer_removed", {"peer_id": "extra"}) and EXTRA not in node.peers(),
          pause=0.2)


def each_run_replays_from_its_trace():
    assert mesh.check_traces() > 20


tap.main(
    a_signed_event_is_accepted,
    routes_come_and_go_with_the_events_of_their_peer,
    a_forged_event_changes_nothing,
    an_event_that_another_key_signed_changes_nothing,
    an_unsigned_event_changes_nothing,
    an_event_without_a_nonce_changes_nothing,
    a_stale_event_changes_nothing,
    an_event_from_the_future_changes_nothing,
    a_replayed_event_changes_nothing,
    what_is_no_event_changes_nothing,
    an_event_that_may_still_be_accepted_is_requested_again,
    a_key_that_an_event_names_counts_from_then_on,
    a_key_that_the_state_names_counts_from_then_on,
    without_a_signing_key_every_event_is_rejected,
    a_state_with_a_signing_key_resolves_that,
    each_run_replays_from_its_trace,
    finish=mesh.end,
)
