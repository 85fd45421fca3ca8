# SPDX-License-Identifier: Apache-2.0
"""A control plane that lies, floods and fails, and a network in which everything is changed and
nothing is quiet, all at once: the log stays short and readable, memory, descriptors and work stay
bounded, and in peace the node has what it should have. Usage: test_hostile.py PLEXWG CONTROL_PLANE
[MINUTES], 1 if not given; prints what each sixth of that, at most a minute, has cost."""

import base64
import json
import os
import random
import re
import signal
import socket
import sys
import threading
import time
import traceback
import unicodedata

import tap
from mesh import PLANE_IP, PORT, Mesh, run
from tap import note, until

MINUTES = float(sys.argv[3]) if len(sys.argv) > 3 else 1
PERIODS = max(6, round(MINUTES))
PERIOD_S = MINUTES * 60 / PERIODS

# The log's limit is 20 lines of a message in a minute of its own, and one that counts the rest.
MESSAGE_LINES_MAX = 2 * 21
LINES_MAX = 300
LINE_BYTES_MAX = 8192
# More than there was before. A state may have 64 MiB, is copied once while it grows, and the
# sanitizer doubles that. Nonces stay for a while.
MEMORY_MAX_KIB = 4 * 64 * 1024
MEMORY_LEFT_MAX_KIB = 32 * 1024
DESCRIPTORS_MAX = 24
# All of this together needs a small part of a CPU.
CPU_MAX = 0.8
CPU_LEFT_MAX = 0.25

FLOOD = 1000  # events at once
EXTRAS = [f"extra-{number}" for number in range(40)]
HOSTILE = ["\x1b[2J\x1b]0;owned\x07", "\x9b31m\x85", "\u202e\u2066", "\u200b\U000e0041", "\u2028",
           "\r\ntime=now level=ERROR msg=forged", '" level=ERROR msg="forged', "\\", "\x00", "\x7f",
           "x" * 5000]

tap.enter_namespaces()
mesh = Mesh(sys.argv[1], sys.argv[2], nodes=2)
plane = mesh.plane
node, friend = mesh.nodes
chance = random.Random(1)
peace = threading.Event()
failures = []
rows = []
delivered = [0]  # events that were pushed onto an open stream


def hostile():
    return chance.choice(HOSTILE) + str(chance.random())


def key_of(text):
    return base64.b64encode(text.encode().ljust(32, b".")).decode()


def extra(name):
    return {"id": name, "public_key": key_of(name), "allowed_ips": [f"10.98.0.{EXTRAS.index(name)}"],
            "endpoint": f"192.0.2.100:{chance.randrange(1000, 2000)}"}


def send(event_type, payload, **how):
    return plane.ask("POST", "/events", {
        "nodes": [node.id], "event_type": event_type, "payload": payload, **how})


def raw(text, events=1):
    delivered[0] += events * plane.ask("POST", "/raw", {"nodes": [node.id], "text": text})


def hurry():
    """Sometimes make it retry sooner than it would by itself."""
    if chance.random() < 0.9:
        node.process.send_signal(signal.SIGHUP)


def frame(envelope):
    return f"id: {chance.randrange(10 ** 6)}\ndata: {json.dumps(envelope)}\n\n"


def envelope(**members):
    now = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + members.pop("offset_s", 0)))
    return {"event_type": "peer_removed", "event_id": hostile(), "issued_at": now,
            "nonce": str(chance.random()), "payload": {"peer_id": chance.choice(EXTRAS)},
            "signature": base64.b64encode(chance.randbytes(64)).decode(), **members}


# Events on the stream.

def rejected_for_changing_reasons():
    spoil = [{"signature": ""}, {"signature": hostile()}, {"nonce": None}, {"nonce": "n" * 129},
             {"event_type": hostile()}, {"payload": hostile()}, {"issued_at": hostile()},
             {"offset_s": -1000}, {"offset_s": 1000}, {"offset_s": 10 ** 9}, {}]
    raw("".join(frame(envelope(**chance.choice(spoil))) for _ in range(FLOOD)), FLOOD)


def signed_wrongly():
    for how in ("forged", "foreign", "missing"):
        send(chance.choice(("peer_removed", hostile())), {"peer_id": "extra-1"}, signature=how)


def signed_and_of_no_use():
    name = hostile().strip("\0")
    for event_type, payload in (
            ("peer_added", {"id": name, "public_key": name, "allowed_ips": [name]}),
            ("peer_removed", {"peer_id": name}), ("signing_key_rotated", {"current": name}),
            (name, {name: name})):
        send(event_type, payload, event_id=name)
    send("peer_removed", {"peer_id": "extra-1"}, offset_s=-200)  # superseded


def malformed():
    texts = ["{", "[]", "null", '{"event_type":' + "[" * 500, hostile(), "\xff", '{"a":1,"a":2}']
    raw("".join(f"data: {chance.choice(texts)}{chance.random()}\n\n" for _ in range(FLOOD)), FLOOD)


def no_event_at_all():
    raw("\n\n\n:\n: ping\nid: 5\x00\nretry: 1\nevent\n" * FLOOD, FLOOD)


def huge():
    raw(frame(envelope(payload={"peer_id": "x" * chance.choice((10 ** 5, 10 ** 6, 2 * 10 ** 6))})))


def replayed():
    raw(frame(send("peer_endpoint_changed", extra("extra-2"))) * FLOOD, FLOOD)


def good_ones_in_a_row():
    for name in chance.sample(EXTRAS, 10):
        send("peer_endpoint_changed", extra(name))
    send("peer_removed", {"peer_id": "extra-3"})
    send("peer_added", extra("extra-3"))


def other_keys():
    plane.ask("POST", "/rotate", {"keep_s": 600, "announce": chance.random() < 0.5})


def ended_streams():
    plane.ask("POST", chance.choice(("/cut", "/end")), {"node": node.id})
    hurry()


# Answers to requests.

def away():
    plane.ask("POST", "/down", {})
    peace.wait(chance.uniform(0, 1))
    plane.ask("POST", "/up", {})
    hurry()


def faulty_answers():
    fault = chance.choice((
        *({"mode": "status", "status": status} for status in (302, 401, 403, 404, 500, 503)),
        {"mode": "status", "status": 429, "headers": {"Retry-After": "1"}},
        {"mode": "body", "text": hostile()}, {"mode": "body", "text": '{"peers": ' + hostile()},
        {"mode": "body", "headers": {"ETag": "e" * 9000, "Date": hostile().strip("\r\n")}},
        {"mode": "raw_close", "text": f"HTTP/1.1 500 {hostile()}\r\nRetry-After: {hostile()}\r\n\r\n"},
        {"mode": "gzip_bomb", "bytes": 1 << 28}, {"mode": "huge_event"}, {"mode": "endless", "count": 1},
        *({"mode": mode} for mode in ("garbage", "close", "noise", "headers", "cut", "end")),
        *({"mode": mode} for mode in ("mute", "stall", "silent"))))
    endpoint = chance.choice(("state", "events", "heartbeat", "drift", ""))
    plane.fault(**fault, endpoint=endpoint, node=node.id)
    ended_streams()
    peace.wait(chance.uniform(0.5, 2))
    plane.ask("DELETE", "/faults")
    away()  # a call that hangs would go on


def state_that_flaps():
    document = plane.ask("GET", f"/nodes/{node.id}/state")
    good = list(document["peers"])
    for _ in range(5):
        name = hostile()
        document["peers"] = good + chance.choice((
            [], [{"id": name, "public_key": name, "allowed_ips": [name], "endpoint": name}],
            [{**extra("extra-1"), "id": name}], [{"id": "extra-4", "psk": name}] * 50))
        document["signing_keys"]["previous"] = chance.choice((None, name))
        plane.ask("PUT", f"/nodes/{node.id}/state", document)
        node.process.send_signal(signal.SIGHUP)
        peace.wait(0.3)
    plane.ask("DELETE", f"/nodes/{node.id}/state")


def heartbeats_that_order():
    plane.ask("POST", "/orders", {"node": node.id, "reconcile": True, "rotate_keys": True})


# Changes of the network.

def ip(*words):
    node.command("ip", *words)


def link_changed():
    name = node.interface
    ip(*chance.choice((
        ("link", "set", name, "down"), ("link", "set", name, "mtu", str(chance.randrange(1280, 1420))),
        ("addr", "flush", "dev", name), ("addr", "add", "10.97.0.1/24", "dev", name),
        ("link", "set", name, "txqueuelen", "7"))))


def link_deleted():
    ip("link", "del", node.interface)


def peers_changed():
    name, other = chance.sample(EXTRAS, 2)
    run("wg", "set", node.interface, "peer", key_of(name), "remove", check=False)
    run("wg", "set", node.interface, "peer", key_of(other), "endpoint", "192.0.2.9:9", check=False)
    run("wg", "set", node.interface, "peer", key_of(hostile()[-20:]), "allowed-ips", "10.98.0.5",
        check=False)


def routes_of_ours_flushed():
    ip("route", "flush", "proto", "158")


def foreign_routes():
    lines = [f"route replace 10.{chance.randrange(90, 99)}.{low}.0/24 via {PLANE_IP}\n"
             for low in range(200)]
    lines += [f"route replace 10.98.0.{low} dev eth0\n" for low in range(0, 40, 3)]
    for verb in ("replace", "del"):
        node.command("ip", "-force", "-batch", "-",
                     input="".join(lines).replace("replace", verb))


def line_that_flaps():
    run("ip", "link", "set", "v1", "down")
    peace.wait(chance.uniform(0.1, 1))
    run("ip", "link", "set", "v1", "up")


def narrow_line():
    run("tc", "qdisc", "add", "dev", "v1", "root", "tbf", "rate", "128kbit", "burst", "2kb",
        "latency", "30ms")
    peace.wait(chance.uniform(0.5, 2))
    run("tc", "qdisc", "del", "dev", "v1", "root")


def garbage_packets():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as out:
        for _ in range(FLOOD):
            kind = bytes([chance.randrange(6), 0, 0, 0])
            out.sendto(kind + chance.randbytes(chance.choice((28, 88, 144, 1400))), (node.ip, PORT))


EVENTS = [rejected_for_changing_reasons, signed_wrongly, signed_and_of_no_use, malformed,
          no_event_at_all, huge, replayed, good_ones_in_a_row, other_keys, ended_streams]
ANSWERS = [faulty_answers, faulty_answers, faulty_answers, state_that_flaps, heartbeats_that_order]
NETWORK = [link_changed, peers_changed, routes_of_ours_flushed, foreign_routes, line_that_flaps,
           narrow_line, garbage_packets, garbage_packets, link_deleted]


def attack(acts, pause_s):
    """Run the acts until the period is over. Each leaves the world valid, except for the node."""
    try:
        while not peace.wait(pause_s):
            chance.choice(acts)()
    except Exception:
        failures.append(traceback.format_exc())


class Usage:
    """What the node's process has used so far."""

    def __init__(self):
        place = f"/proc/{node.process.pid}"
        with open(f"{place}/status") as file:
            self.memory_kib = int(re.search(r"VmRSS:\s+(\d+)", file.read())[1])
        with open(f"{place}/stat") as file:
            fields = file.read().rpartition(")")[2].split()
        self.cpu_s = (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
        self.descriptors = len(os.listdir(f"{place}/fd"))
        self.log_lines = node.log().count("\n")
        self.events = delivered[0]
        self.at_s = time.monotonic()


def period():
    """Attack for a period, measure its cost, and check that packets pass."""
    first = Usage()
    samples = [first]
    while samples[-1].at_s < first.at_s + PERIOD_S:
        time.sleep(0.5)
        samples.append(Usage())
    until(lambda: node.pings(friend), 60)
    last = Usage()
    elapsed_s = last.at_s - first.at_s
    row = {"lines": (last.log_lines - first.log_lines) * 60 / elapsed_s, "memory": max(sample.memory_kib for sample in samples),
           "descriptors": max(sample.descriptors for sample in samples),
           "cpu": (last.cpu_s - first.cpu_s) / elapsed_s}
    note(f"{elapsed_s:.0f} s, {last.events - first.events} events: {row['lines']:.0f} log lines a minute, {row['memory']} KiB, "
         f"{row['descriptors']} descriptors, {row['cpu']:.1%} of a CPU")
    rows.append(row)


def has_all_peers():
    wanted = {peer["public_key"] for peer in plane.ask("GET", f"/nodes/{node.id}/state")["peers"]}
    return wanted == set(node.peers())


def a_node_has_peers_and_a_tunnel():
    mesh.join()
    for name in EXTRAS:
        plane.ask("PUT", f"/nodes/{name}", {
            key: value for key, value in extra(name).items() if key != "id"})
    friend.start(interval="5s")
    node.start(interval="5s")
    until(has_all_peers)
    until(lambda: node.pings(friend))


def the_node_is_attacked_from_all_sides():
    before = Usage()
    rows.append({"memory": before.memory_kib, "descriptors": before.descriptors})
    threads = [threading.Thread(target=attack, args=arguments) for arguments in (
        (EVENTS, 0.05), (ANSWERS, 2), (NETWORK, 0.5))]
    for thread in threads:
        thread.start()
    try:
        for _ in range(PERIODS):
            period()
    finally:
        peace.set()
        for thread in threads:
            thread.join()
    assert not failures, failures[0]


def the_log_stays_readable():
    with open(node.log_path, "rb") as file:
        lines = file.read().decode().removesuffix("\n").split("\n")
    for line in lines:
        hidden = [character for character in line
                  if unicodedata.category(character) in ("Cc", "Cf", "Cs", "Co", "Zl", "Zp")]
        assert not hidden, line
        assert re.match(r"time=[0-9T:.-]+Z level=[A-Z]+ msg=", line), line
        assert not re.match(r"\S+ \S+ msg=\"?forged", line), line


def the_log_stays_short():
    minutes = {}
    for line in node.log().splitlines():
        minute, message = re.match(r'time=(\S+):\S+ level=\w+ msg=("[^"]*"|\S+) ', line).groups()
        minutes.setdefault(minute, []).append(message)
        assert len(line.encode()) <= LINE_BYTES_MAX
    for minute, messages in minutes.items():
        assert len(messages) <= LINES_MAX, f"{minute}: {len(messages)} lines"
        for message in set(messages):
            assert messages.count(message) <= MESSAGE_LINES_MAX, f"{minute}: {message}"


def memory_descriptors_and_work_stay_within_limits():
    before, *during = rows
    half = len(during) // 2
    peaks = [max(row["memory"] for row in part) for part in (during[:half], during[half:])]
    note(f"{before['memory']} KiB before, at most {peaks[0]} KiB and then {peaks[1]} KiB")
    assert max(peaks) < before["memory"] + MEMORY_MAX_KIB
    assert max(row["descriptors"] for row in during) <= before["descriptors"] + DESCRIPTORS_MAX
    assert max(row["cpu"] for row in during) < CPU_MAX


def after_the_attack_it_has_the_desired_state():
    plane.ask("DELETE", "/faults")
    note(f"after {until(has_all_peers, 120, 0.1):.1f} s")
    until(lambda: node.pings(friend), 60)


def after_the_attack_it_is_idle():
    before = Usage()
    time.sleep(10)
    after = Usage()
    share = (after.cpu_s - before.cpu_s) / (after.at_s - before.at_s)
    note(f"{after.memory_kib} KiB, {after.descriptors} descriptors, {share:.1%} of a CPU")
    assert share < CPU_LEFT_MAX
    assert after.memory_kib < rows[0]["memory"] + MEMORY_LEFT_MAX_KIB
    assert after.descriptors <= rows[0]["descriptors"] + 4


def it_ends_at_the_signal():
    assert node.stop() == 0


tap.main(
    a_node_has_peers_and_a_tunnel,
    the_node_is_attacked_from_all_sides,
    the_log_stays_readable,
    the_log_stays_short,
    memory_descriptors_and_work_stay_within_limits,
    after_the_attack_it_has_the_desired_state,
    after_the_attack_it_is_idle,
    it_ends_at_the_signal,
    finish=mesh.end,
)
