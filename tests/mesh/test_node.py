# SPDX-License-Identifier: Apache-2.0
"""One node and its control plane: what they send each other, how often, and what a node does without
an answer. Usage: test_node.py PLEXWG CONTROL_PLANE"""

import json
import os
import signal
import sys
import time

import tap
from mesh import Mesh, run
from tap import note, until

tap.enter_namespaces()
mesh = Mesh(sys.argv[1], sys.argv[2], nodes=1)
plane = mesh.plane
node = mesh.nodes[0]
EXTRA = "RXh0cmFFeHRyYUV4dHJhRXh0cmFFeHRyYUV4dHJhLi4="
ALIEN = "YWxpZW5hbGllbmFsaWVuYWxpZW5hbGllbmFsaWUuLi4="
KEYS = {f"peer-{i}": f"{chr(65 + i) * 42}A=" for i in range(1, 12)}
hosts = os.path.join(mesh.directory, "hosts")


def count(counter):
    return plane.ask("GET", "/counters")["requests"].get(counter, 0)


def started(**options):
    """Wait for a stream and the end of a successful cycle."""
    mark = len(node.log())
    node.start(**options)
    until(lambda: plane.ask("GET", "/counters")["streams"] == 1 and count("heartbeat 200"))
    return mark


def stopped(how=signal.SIGTERM):
    node.stop(how)
    until(lambda: plane.ask("GET", "/counters")["streams"] == 0)
    plane.ask("DELETE", "/counters")


def a_heartbeat_reports_the_state_of_the_node():
    mesh.join()
    for name, key in KEYS.items():
        plane.ask("PUT", f"/nodes/{name}", {"public_key": key, "endpoint": "192.0.2.100:1"})
    plane.ask("POST", "/orders", {"node": node.id, "reconcile": True})
    keys = os.path.join(mesh.directory, "keys")  # of TLS sessions, as libcurl would write them
    started(env={"SSLKEYLOGFILE": keys})
    assert not os.path.exists(keys)
    beat = plane.requests("heartbeat", node.id)[0]
    body = json.loads(beat["body"])
    assert beat["has_token"] and body["node_id"] == node.id and body["uptime"] == "0s"
    assert body["status"] in ("starting", "healthy"), body
    assert body["mesh"]["interface"] == node.interface and body["mesh"]["listen_port"] == 51820
    until(lambda: set(node.peers()) == set(KEYS.values()))


def a_long_state_is_compressed_and_an_unchanged_one_is_not_sent_again():
    assert plane.requests("state", node.id)[0]["headers"]["Accept-Encoding"] == "gzip"
    until(lambda: count("state 304"))
    assert count("state 200") == 1
    assert "If-None-Match" in plane.requests("state", node.id)[1]["headers"]
    stopped()


def a_heartbeat_that_is_answered_with_reconcile_leads_to_an_early_cycle():
    plane.fault("delay", endpoint="heartbeat", delay_ms=700, count=1)
    plane.ask("POST", "/orders", {"node": node.id, "reconcile": True, "rotate_keys": True})
    node.start()
    until(lambda: count("state 200"))
    time.sleep(0.3)
    assert count("state 304") == count("heartbeat 200") == 0
    until(lambda: count("state 304"))
    until(lambda: node.log().count("rotate_keys is not supported yet") == 1)
    stopped()


def drift_is_corrected_and_reported():
    mark = started(interval="1s")
    first, second = KEYS["peer-1"], KEYS["peer-2"]
    run("wg", "set", node.interface, "peer", first, "remove")
    run("wg", "set", node.interface, "peer", second, "allowed-ips", "10.77.0.0/16")
    run("wg", "set", node.interface, "peer", ALIEN, "allowed-ips", "10.78.0.0/16")
    until(lambda: count("drift 204") and first in node.peers() and ALIEN not in node.peers())
    reports = [json.loads(report["body"]) for report in plane.requests("drift", node.id)]
    corrections = {(done["type"], done["detail"]) for report in reports
                   for done in report["corrections"]}
    assert corrections == {("peer_added", "peer peer-1"), ("peer_updated", "peer peer-2"),
                           ("peer_removed", f"peer {ALIEN}")}, corrections
    time.sleep(1.5)
    assert len(plane.requests("drift", node.id)) == len(reports)
    assert node.problems(mark) == []


def a_rejected_token_is_read_again():
    token = os.path.join(node.identity, "node_secret_key")
    mark = len(node.log())
    plane.ask("PUT", f"/nodes/{node.id}", {"token": "another-token"})
    until(lambda: "refused (401)" in node.log()[mark:])
    with open(token, "w") as file:
        file.write("another-token\n")
    good = count("state 304")
    until(lambda: count("state 304") > good)
    until(lambda: 'resolved" component=wireguard interface=pxw-n1 subsystem="node token"' in node.log()[mark:])
    assert "another-token" not in node.log()


def an_unreadable_token_file_is_logged_once():
    token = os.path.join(node.identity, "node_secret_key")
    mark = len(node.log())
    os.rename(token, token + ".away")
    plane.ask("PUT", f"/nodes/{node.id}", {"token": "a-third-token"})
    before = count("state 401")
    until(lambda: count("state 401") >= before + 2)
    assert len([line for line in node.problems(mark) if "node token" in line]) == 1
    plane.ask("PUT", f"/nodes/{node.id}", {"token": "another-token"})
    os.rename(token + ".away", token)
    good = count("state 304")
    until(lambda: count("state 304") > good)


def a_wrong_clock_is_logged_once():
    mark = len(node.log())
    document = json.dumps(plane.ask("GET", f"/nodes/{node.id}/state"))
    plane.fault("body", endpoint="state", text=document,
                headers={"Date": "Mon, 05 Jan 2015 10:00:00 GMT"})
    before = count("state 200")
    until(lambda: count("state 200") >= before + 3)
    assert node.log()[mark:].count("subsystem=clock") == 1
    assert "more than a minute ahead of the control plane's" in node.log()[mark:]
    plane.ask("DELETE", "/faults")
    until(lambda: node.log()[mark:].count("subsystem=clock") == 2)
    stopped()


def http_goes_to_literal_loopback_addresses_only():
    for url in ("http://192.0.2.254:8443", "http://localhost:8443", "http://plane.example"):
        refused = node.command(mesh.plexwg, "run", "--api", url, "--identity", node.identity,
                               "--interface", node.interface, "--controller", "sim")
        assert refused.returncode == 1 and "http is for literal loopback" in refused.stdout, refused


def a_host_name_is_resolved_and_an_unknown_one_affects_only_its_endpoint():
    with open(hosts, "w") as file:
        file.write("127.0.0.1 localhost\n192.0.2.77 known.example\n")
    run("mount", "--bind", hosts, "/etc/hosts")
    plane.ask("PUT", "/nodes/peer-1", {"endpoint": "known.example:7"})
    plane.ask("PUT", "/nodes/peer-2", {"endpoint": "unknown.invalid:7"})
    plane.ask("PUT", "/nodes/peer-3", {"endpoint": "192.0.2.103:7"})
    mark = started(interval="1s")
    until(lambda: node.peers()[KEYS["peer-1"]][1] == "192.0.2.77:7")
    until(lambda: node.peers()[KEYS["peer-3"]][1] == "192.0.2.103:7")
    until(lambda: 'unknown.invalid' in node.log()[mark:])
    # It stays as it was.
    assert node.peers()[KEYS["peer-2"]][1] == "192.0.2.100:1"
    plane.ask("PUT", "/nodes/peer-2", {"endpoint": "known.example:8"})
    until(lambda: 'resolved" component=wireguard interface=pxw-n1 subsystem="host names"'
          in node.log()[mark:])
    assert "subsystem=cycle" not in node.log()[mark:]
    until(lambda: node.peers()[KEYS["peer-2"]][1] == "192.0.2.77:8")
    stopped()


def an_event_while_the_device_is_away_is_not_lost():
    started()
    plane.fault("status", endpoint="state", status=503)
    run("ip", "-n", node.netns, "link", "del", node.interface)
    plane.ask("POST", "/events", {"event_type": "peer_added", "payload": {
        "id": "extra", "public_key": EXTRA, "allowed_ips": ["10.99.9.9"]}})
    plane.ask("POST", "/events", {"event_type": "peer_removed", "payload": {"peer_id": "peer-9"}})
    wanted = set(KEYS.values()) - {KEYS["peer-9"]} | {EXTRA}
    until(lambda: set(node.peers()) == wanted)
    plane.ask("DELETE", "/faults")
    stopped()


def a_node_that_gets_a_signal_to_end_does_not_wait_for_answers():
    plane.fault("stall")
    node.start()
    until(lambda: all(plane.requests(endpoint, node.id)
                      for endpoint in ("state", "events", "heartbeat")))
    begun = time.monotonic()
    assert node.stop() == 0
    note(f"ended after {time.monotonic() - begun:.2f} s")
    assert time.monotonic() - begun < 10
    plane.ask("DELETE", "/faults")


def a_node_that_boots_without_the_control_plane_has_the_last_good_state():
    # With the changes of events that no fetch has returned.
    plane.kill()
    run("ip", "-n", node.netns, "link", "del", node.interface)
    mark = len(node.log())
    node.start(interval="1s")
    wanted = set(KEYS.values()) - {KEYS["peer-9"]} | {EXTRA}
    until(lambda: set(node.peers()) == wanted)
    assert "Cached state in force" in node.log()[mark:]


def a_node_that_restarts_without_it_removes_no_peer_for_a_cached_state():
    node.stop(signal.SIGKILL)
    run("wg", "set", node.interface, "peer", ALIEN, "allowed-ips", "10.78.0.0/16")
    run("wg", "set", node.interface, "peer", KEYS["peer-3"], "remove")
    node.start(interval="1s")
    until(lambda: KEYS["peer-3"] in node.peers())
    time.sleep(1.5)
    assert ALIEN in node.peers()


def it_removes_peers_once_the_control_plane_is_back():
    plane.start()
    note(f"as the control plane has it after "
         f"{until(lambda: set(node.peers()) == set(KEYS.values()), 60):.1f} s")


def each_run_replays_from_its_trace():
    assert mesh.check_traces() > 10


tap.main(
    a_heartbeat_reports_the_state_of_the_node,
    a_long_state_is_compressed_and_an_unchanged_one_is_not_sent_again,
    a_heartbeat_that_is_answered_with_reconcile_leads_to_an_early_cycle,
    drift_is_corrected_and_reported,
    a_rejected_token_is_read_again,
    an_unreadable_token_file_is_logged_once,
    a_wrong_clock_is_logged_once,
    http_goes_to_literal_loopback_addresses_only,
    a_host_name_is_resolved_and_an_unknown_one_affects_only_its_endpoint,
    an_event_while_the_device_is_away_is_not_lost,
    a_node_that_gets_a_signal_to_end_does_not_wait_for_answers,
    a_node_that_boots_without_the_control_plane_has_the_last_good_state,
    a_node_that_restarts_without_it_removes_no_peer_for_a_cached_state,
    it_removes_peers_once_the_control_plane_is_back,
    each_run_replays_from_its_trace,
    finish=mesh.end,
)
