# SPDX-License-Identifier: Apache-2.0
"""The daemon with many peers: the service manager hears of it all the while, and an end in the middle
of a cycle comes soon and loses nothing.

Usage: test_run_large.py PLEXWG PEERS_OF_SIM PEERS_OF_USERSPACE"""

import base64
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time

import tap
from tap import note, until

SILENCE_MAX_S = 5
NAME = "pxw-large"

tap.enter_namespaces()
plexwg = os.path.abspath(sys.argv[1])
directory = tempfile.mkdtemp(prefix="plexwg-large-")
state = os.path.join(directory, "state.json")
identity = os.path.join(directory, "identity")
notify = os.path.join(directory, "notify")
heard = []  # messages to the service manager: (time, text)


def command(*words, **options):
    return subprocess.run([plexwg, *words], stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          text=True, **options)


def prepare():
    os.makedirs("/run/wireguard", exist_ok=True)
    subprocess.run(["mount", "-t", "tmpfs", "-o", "mode=755", "tmpfs", "/run/wireguard"], check=True)
    command("init", "--identity", identity, "--mesh-ip", "10.255.0.1", check=True)
    manager = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    manager.bind(notify)

    def hear():
        while True:
            heard.append((time.monotonic(), manager.recv(65536).decode()))
    threading.Thread(target=hear, daemon=True).start()


def peer(number):
    key = (number * 2654435761 % 2**32).to_bytes(4, "big") + number.to_bytes(27, "big") + b"\1"
    ip = f"10.{number >> 16}.{number >> 8 & 255}.{number & 255}"
    return {"id": f"peer-{number}", "public_key": base64.b64encode(key).decode(), "psk": "",
            "endpoint": f"192.0.2.1:{1000 + number % 60000}", "allowed_ips": [ip + "/32"]}


def want(count):
    with open(state + ".new", "w") as file:
        json.dump({"peers": [peer(number) for number in range(count)]}, file)
    os.rename(state + ".new", state)


class Daemon:
    def __init__(self, controller):
        self.begun = time.monotonic()
        self.process = subprocess.Popen(
            [plexwg, "run", "--state", state, "--identity", identity, "--interface", NAME,
             "--controller", controller, "--max-peers", "1000000", "--no-routes", "--interval", "1h",
             "--keep-interface"], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env={**os.environ, "NOTIFY_SOCKET": notify, "WATCHDOG_USEC": "1000000"})
        self.await_status("")  # it takes signals from now on

    def await_status(self, text):
        def said():
            return any(text in what for when, what in heard if when > self.begun)
        until(said, 300)
        return time.monotonic() - self.begun

    def end(self):
        """Returns how long it took."""
        begun = time.monotonic()
        self.process.send_signal(signal.SIGTERM)
        assert self.process.wait(timeout=300) == 0
        took = time.monotonic() - begun
        pings = [self.begun] + [when for when, what in heard
                                if "WATCHDOG=1" in what and when > self.begun] + [time.monotonic()]
        silence = max(later - earlier for earlier, later in zip(pings, pings[1:]))
        note(f"ended in {took:.2f} s, {silence:.2f} s without a sign of life at most")
        assert silence < SILENCE_MAX_S
        return took


def whole_runs(controller, count):
    want(count)
    daemon = Daemon(controller)
    took = daemon.await_status(f"{count} peers, converged")
    note(f"{count} peers after {took:.2f} s")
    want(count // 2)
    daemon.await_status(f"STATUS={count // 2} peers, converged")
    daemon.end()
    return took


def on_the_simulated_device_an_end_comes_soon_wherever_the_cycle_is():
    count = int(sys.argv[2])
    took = whole_runs("sim", count)
    want(count)
    shares = []  # of the rest of the cycle, which is what an end without pauses takes
    for tenths in range(1, 10, 2):
        daemon = Daemon("sim")
        time.sleep(took * tenths / 10)
        ended = daemon.end()
        if tenths < 5:
            shares.append(ended / (took * (1 - tenths / 10)))
    assert min(shares) < 0.5, shares


def on_device():
    shown = subprocess.run(["wg", "show", NAME, "peers"], capture_output=True, text=True)
    return len(shown.stdout.splitlines())


def cut_short(count, before):
    """A daemon is ended in the middle of its way to `count` peers. On a busy machine the way may be over
    before it is looked at: then once more."""
    for attempt in range(5):
        if on_device() != before:
            want(before)
            converges(before)
        want(count)
        daemon = Daemon("userspace")
        until(lambda: on_device() != before, 120)
        took = daemon.end()
        left = on_device()
        note(f"{before} peers before, {left} after the end, {count} wanted")
        if min(before, count) < left < max(before, count):
            return took
    raise AssertionError("never in the middle")


def converges(count):
    daemon = Daemon("userspace")
    took = daemon.await_status(f"{count} peers, converged")
    daemon.end()
    assert on_device() == count
    plan = command("plan", "--state", state, "--identity", identity, "--interface", NAME,
                   "--controller", "userspace", "--max-peers", "1000000", "--no-routes")
    assert plan.returncode == 0, plan.stdout[-2000:]
    return took


def an_apply_that_is_cut_short_is_completed_by_the_next_run():
    count = int(sys.argv[3])
    took = cut_short(count, 0)
    assert took < converges(count) / 2


def a_mass_removal_that_is_cut_short_is_completed_too():
    count = int(sys.argv[3])
    cut_short(count // 20, count)
    converges(count // 20)


def finish(failed):
    command("down", "--interface", NAME, "--identity", identity, "--controller", "userspace")
    shutil.rmtree(directory)


prepare()
tap.main(
    on_the_simulated_device_an_end_comes_soon_wherever_the_cycle_is,
    an_apply_that_is_cut_short_is_completed_by_the_next_run,
    a_mass_removal_that_is_cut_short_is_completed_too,
    finish=finish,
)
