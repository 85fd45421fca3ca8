# SPDX-License-Identifier: Apache-2.0
"""Three nodes and a control plane: they join, every pair pings, and what changes takes effect at
once by events, and by fetches alone. Usage: test_mesh.py PLEXWG CONTROL_PLANE"""

import base64
import os
import signal
import stat
import sys

import tap
from mesh import PORT, Mesh, run
from secret_search import Search
from tap import note, until

tap.enter_namespaces()
mesh = Mesh(sys.argv[1], sys.argv[2], nodes=3)
plane = mesh.plane
one, two, three = mesh.nodes
EXTRA = "RXh0cmFFeHRyYUV4dHJhRXh0cmFFeHRyYUV4dHJhLi4="
EXTRA_ROTATED = "cm90YXRlZHJvdGF0ZWRyb3RhdGVkcm90YXRlZC4uLi4="


keys = {}


def remember_keys():
    """Collect the secrets and names that a scenario must not contain."""
    for node in mesh.nodes:
        for name in ("private_key", "node_secret_key"):
            with open(os.path.join(node.identity, name)) as file:
                text = file.read().strip()
            secret = base64.b64decode(text) if name == "private_key" else text
            keys[f"{name} of {node.id} {len(keys)}"] = secret
        for key, peer in node.peers().items():
            keys[f"public key {key}"] = base64.b64decode(key)
            if peer[0] != "(none)":
                keys[f"preshared key {len(keys)}"] = base64.b64decode(peer[0])


def within_a_second(what, condition):
    """The deadline allows for a busy machine; the measured time counts."""
    seconds = until(condition, 15)
    note(f"{what}: {seconds * 1000:.0f} ms")


def all_have(key, endpoint=None):
    def they_have():
        found = [node.peers().get(key) for node in mesh.nodes]
        return all(found) and (endpoint is None or all(peer[1] == endpoint for peer in found))
    return they_have


def none_has(key):
    def none_of_them_has():
        return not any(key in node.peers() for node in mesh.nodes)
    return none_of_them_has


def put(node, **members):
    plane.ask("PUT", f"/nodes/{node}", members)


def three_nodes_join_with_a_token_from_a_file():
    mesh.join()
    for node in mesh.nodes:
        modes = {name: stat.S_IMODE(os.stat(os.path.join(node.identity, name)).st_mode)
                 for name in os.listdir(node.identity)}
        assert set(modes.values()) == {0o600}, modes
        assert stat.S_IMODE(os.stat(node.identity).st_mode) == 0o700
        assert plane.ask("GET", "/nodes")[node.id]["public_key"] == node.public_key()


def every_pair_pings():
    for node in mesh.nodes:
        node.start()
    note(f"full mesh after {mesh.settle():.2f} s")
    for a, b in mesh.pairs():
        until(lambda: a.pings(b), 20)


def a_peer_added_by_event_is_there():
    put("extra", public_key=EXTRA, endpoint="192.0.2.100:1", mesh_ip="10.99.9.9")
    plane.announce("peer_added", "extra")
    within_a_second("added by event", all_have(EXTRA, "192.0.2.100:1"))


    remember_keys()


def a_peer_moved_by_event_has_its_new_endpoint():
    put("extra", endpoint="192.0.2.101:2")
    plane.announce("peer_endpoint_changed", "extra")
    within_a_second("moved by event", all_have(EXTRA, "192.0.2.101:2"))


def a_peer_rotated_by_event_has_its_new_key_only():
    put("extra", public_key=EXTRA_ROTATED)
    plane.announce("peer_key_rotated", "extra")
    within_a_second("rotated by event", all_have(EXTRA_ROTATED))
    assert none_has(EXTRA)()
    remember_keys()


def a_peer_removed_by_event_is_gone():
    plane.ask("DELETE", "/nodes/extra")
    plane.announce("peer_removed", "extra")
    within_a_second("removed by event", none_has(EXTRA_ROTATED))


def a_node_that_is_removed_and_added_again_is_reached_again():
    before = one.public_key()
    plane.announce("peer_removed", one.id)
    until(lambda: before not in two.peers() and before not in three.peers(), 15)
    assert not two.pings(one)
    plane.announce("peer_added", one.id)
    # It still uses the old sessions: the others start new ones.
    within_a_second("reached again after it was added",
                    lambda: two.pings(one) and three.pings(one))


def a_node_that_moves_is_reached_at_its_new_address():
    # The old address stays: the stream of events ends there.
    run("ip", "-n", three.netns, "addr", "add", "192.0.2.33/24", "dev", "eth0")
    three.ip, three.endpoint = "192.0.2.33", f"192.0.2.33:{PORT}"
    put(three.id, endpoint=three.endpoint)
    plane.announce("peer_endpoint_changed", three.id)
    # It answers at its old address too.
    within_a_second("reached at its new address", lambda: one.peers()[three.public_key()][1] ==
                    three.endpoint and one.pings(three))


def no_event_was_rejected_and_no_cycle_failed():
    for node in mesh.nodes:
        assert node.problems() == [], node.problems()


def a_node_with_a_new_key_is_reached_again():
    old = two.public_key()
    with open(os.path.join(two.identity, "private_key"), "w") as file:
        file.write(run("wg", "genkey").stdout)
    two.process.send_signal(signal.SIGHUP)
    # WireGuard retries a handshake with the new key that came too early after 5 s.
    until(lambda: run("wg", "show", two.interface, "public-key").stdout.strip() == two.public_key())
    put(two.id, public_key=two.public_key())
    plane.announce("peer_key_rotated", two.id)
    within_a_second("reached with its new key", lambda: one.pings(two) and three.pings(two))
    assert old not in one.peers() and old not in three.peers()


def a_restarted_daemon_leaves_the_tunnels_as_they_are():
    before = {node.id: node.peers() for node in mesh.nodes}
    plane.fault("close", endpoint="events")
    for node in mesh.nodes:
        assert node.stop() == 0
        node.start(interval="1s")
    until(lambda: all(node.says("event stream") for node in mesh.nodes))
    for node in mesh.nodes:
        for key, peer in before[node.id].items():
            now = node.peers()[key]
            assert now[:3] == peer[:3] and int(now[4]) >= int(peer[4]), (peer, now)


def the_same_takes_effect_by_fetches_alone():
    put("extra", public_key=EXTRA, endpoint="192.0.2.100:1", mesh_ip="10.99.9.9")
    within_a_second("added by pull", all_have(EXTRA, "192.0.2.100:1"))
    put("extra", endpoint="192.0.2.101:2")
    within_a_second("moved by pull", all_have(EXTRA, "192.0.2.101:2"))
    put("extra", public_key=EXTRA_ROTATED)
    within_a_second("rotated by pull", all_have(EXTRA_ROTATED))
    assert none_has(EXTRA)()
    plane.ask("DELETE", "/nodes/extra")
    within_a_second("removed by pull", none_has(EXTRA_ROTATED))
    assert plane.ask("GET", "/counters")["streams"] == 0


def the_mesh_is_whole_at_the_end():
    for a, b in mesh.pairs():
        until(lambda: a.pings(b), 20)


def each_run_was_traced_and_replays_to_the_same_operations():
    remember_keys()
    assert mesh.check_traces() > 30


def no_key_of_the_run_is_in_a_scenario():
    keys["signing key"] = base64.b64decode(plane.signing_key)
    search = Search(keys)
    note(f"{len(keys)} keys")
    for node in mesh.nodes:
        assert search.in_file(node.scenario) == [], search.in_file(node.scenario)
        with open(node.scenario) as file:
            text = file.read()
        assert '"do":"restart"' in text  # there were two runs
        # "extra" and the addresses are words of the test.
        for word in ("extra", "192.0.2.", "node-", node.mesh_ip()):
            assert word not in text, word
    assert search.in_tree(mesh.directory)  # the nodes' own files contain them


tap.main(
    three_nodes_join_with_a_token_from_a_file,
    every_pair_pings,
    a_peer_added_by_event_is_there,
    a_peer_moved_by_event_has_its_new_endpoint,
    a_peer_rotated_by_event_has_its_new_key_only,
    a_peer_removed_by_event_is_gone,
    a_node_that_is_removed_and_added_again_is_reached_again,
    a_node_that_moves_is_reached_at_its_new_address,
    no_event_was_rejected_and_no_cycle_failed,
    a_node_with_a_new_key_is_reached_again,
    a_restarted_daemon_leaves_the_tunnels_as_they_are,
    the_same_takes_effect_by_fetches_alone,
    the_mesh_is_whole_at_the_end,
    each_run_was_traced_and_replays_to_the_same_operations,
    no_key_of_the_run_is_in_a_scenario,
    finish=mesh.end,
)
