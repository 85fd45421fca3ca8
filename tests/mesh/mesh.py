# SPDX-License-Identifier: Apache-2.0
"""A mesh for tests: a control plane, and nodes that are network namespaces with a wireguard-go and a
`plexwg run` of their own, all on one bridge. Call tap.enter_namespaces() first."""

import http.client
import json
import os
import re
import shutil
import signal
import stat
import subprocess
import tempfile

from tap import note, until

PLANE_IP = "192.0.2.254"
PORT = 51820
API_PORT = 8443
ADMIN_PORT = 8080


def run(*command, check=True, **options):
    return subprocess.run(command, check=check, stdout=subprocess.PIPE, text=True,
                          stderr=subprocess.STDOUT, **options)


class ControlPlane:
    """The server of tests/control_plane, which describes its admin interface."""

    def __init__(self, program, directory):
        self.program = program
        self.directory = directory
        self.process = None
        self.api = f"https://{PLANE_IP}:{API_PORT}"
        self.ca_file = os.path.join(directory, "tls", "ca.pem")

    def start(self):
        self.process = subprocess.Popen(
            [self.program, "--listen", f"{PLANE_IP}:{API_PORT}",
             "--listen", f"127.0.0.1:{API_PORT}", "--admin", f"127.0.0.1:{ADMIN_PORT}",
             "--tls", os.path.join(self.directory, "tls"),
             "--store", os.path.join(self.directory, "store.json"), "--psk"],
            stdout=subprocess.PIPE, text=True)
        self.signing_key = json.loads(self.process.stdout.readline())["signing_public_key"]

    def kill(self):
        self.process.kill()
        self.process.wait()
        self.process.stdout.close()

    def ask(self, method, path, body=None):
        connection = http.client.HTTPConnection("127.0.0.1", ADMIN_PORT, timeout=30)
        text = body if body is None or isinstance(body, str) else json.dumps(body)
        connection.request(method, path, text)
        answer = connection.getresponse()
        content = answer.read().decode()
        connection.close()
        assert answer.status == 200, f"{method} {path}: {content}"
        return json.loads(content) if content else None

    def fault(self, mode, **members):
        self.ask("POST", "/faults", {"mode": mode, **members})

    def requests(self, endpoint, node):
        return self.ask("GET", f"/requests?endpoint={endpoint}&node={node}")

    def announce(self, event_type, node):
        self.ask("POST", "/announce", {"event_type": event_type, "node": node})


class Node:
    def __init__(self, mesh, number):
        self.mesh = mesh
        self.number = number
        self.id = f"node-{number}"
        self.netns = f"n{number}"
        self.interface = f"pxw-n{number}"
        self.ip = f"192.0.2.{number}"
        self.endpoint = f"{self.ip}:{PORT}"
        self.identity = os.path.join(mesh.directory, self.netns)
        self.log_path = os.path.join(mesh.directory, f"{self.netns}.log")
        self.scenario = f"{self.identity}.json"  # of its trace
        self.process = None
        open(self.log_path, "x").close()
        run("ip", "netns", "add", self.netns)
        run("ip", "-n", self.netns, "link", "set", "lo", "up")
        run("ip", "link", "add", f"v{number}", "type", "veth", "peer", "name", "eth0", "netns",
            self.netns)
        run("ip", "link", "set", f"v{number}", "master", "br0", "up")
        run("ip", "-n", self.netns, "addr", "add", f"{self.ip}/24", "dev", "eth0")
        run("ip", "-n", self.netns, "link", "set", "eth0", "up")

    def command(self, *words, **options):
        return run("ip", "netns", "exec", self.netns, *words, check=False, **options)

    def join(self, token="join-token"):
        path = os.path.join(self.mesh.directory, "token")
        with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
            file.write(token + "\n")
        return self.command(self.mesh.plexwg, "join", "--api", self.mesh.plane.api, "--ca-file",
                            self.mesh.plane.ca_file, "--token-file", path, "--identity",
                            self.identity)

    def start(self, *options, interval="1h", env=None, under=()):
        """`under` is the command that runs it."""
        log = open(self.log_path, "a")
        self.process = subprocess.Popen(
            ["ip", "netns", "exec", self.netns, *under, self.mesh.plexwg, "run", "--api",
             self.mesh.plane.api, "--ca-file", self.mesh.plane.ca_file, "--identity",
             self.identity, "--interface", self.interface, "--controller", "userspace",
             "--keep-interface", "--interval", interval, *options],
            stdin=subprocess.DEVNULL, stdout=log, stderr=log, env={**os.environ, **(env or {})})
        log.close()

    def stop(self, how=signal.SIGTERM):
        """Returns the exit status."""
        if not self.process:
            return None
        with open(f"{self.identity}.proc", "ab") as file:  # what other users see of it
            for name in ("cmdline", "environ", "status"):
                with open(f"/proc/{self.process.pid}/{name}", "rb") as seen:
                    file.write(seen.read())
        self.process.send_signal(how)
        status = self.process.wait(timeout=60)
        self.process = None
        return status

    def peers(self):
        """By public key: (psk, endpoint, allowed IPs, handshake, ...), from wg."""
        dump = run("wg", "show", self.interface, "dump", check=False)
        if dump.returncode:
            return {}
        lines = [line.split("\t") for line in dump.stdout.splitlines()]
        self.mesh.secrets |= {lines[0][0], *(fields[1] for fields in lines[1:])} - {"(none)"}
        return {fields[0]: fields[1:] for fields in lines[1:]}

    def public_key(self):
        with open(os.path.join(self.identity, "private_key")) as file:
            return run("wg", "pubkey", input=file.read()).stdout.strip()

    def mesh_ip(self):
        with open(os.path.join(self.identity, "identity.json")) as file:
            return json.load(file)["mesh_ip"]

    def pings(self, other, count=1):
        return self.command("ping", "-c", str(count), "-i", "0.2", "-W", "1",
                            other.mesh_ip()).returncode == 0

    def log(self):
        with open(self.log_path) as file:
            return file.read()

    def says(self, text):
        return text in self.log()

    def problems(self, since=0):
        """The log's lines of warning and error from that byte on, except one that depends on how much
        memory this machine allows to lock."""
        lines = re.findall(r"^.*level=(?:WARN|ERROR).*$", self.log()[since:], re.MULTILINE)
        return [line for line in lines if "Memory not locked" not in line]

    def memory_kib(self):
        """The peak of resident memory."""
        with open(f"/proc/{self.process.pid}/status") as file:
            return int(re.search(r"VmHWM:\s+(\d+)", file.read())[1])


class Pinging:
    """Pings one node from another until lost() returns how many were lost."""

    def __init__(self, source, target):
        self.names = f"{source.netns} to {target.netns}"
        self.process = subprocess.Popen(
            ["ip", "netns", "exec", source.netns, "ping", "-q", "-i", "0.2", "-W", "5",
             target.mesh_ip()], stdout=subprocess.PIPE, text=True)

    def lost(self):
        self.process.send_signal(signal.SIGINT)
        text = self.process.communicate()[0]
        sent, received = map(int, re.search(
            r"(\d+) packets transmitted, (\d+) received", text).groups())
        note(f"{self.names}: {sent} sent, {received} received")
        assert sent > 3
        # The last ping may still be under way.
        return max(0, sent - received - 1)


class Mesh:
    def __init__(self, plexwg, control_plane, nodes):
        # The sanitizer holds freed memory back, which must not be measured.
        os.environ["ASAN_OPTIONS"] = "quarantine_size_mb=1:" + os.environ.get("ASAN_OPTIONS", "")
        self.plexwg = os.path.abspath(plexwg)
        self.directory = tempfile.mkdtemp(prefix="plexwg-mesh-")
        self.secrets = set()  # keys of the run, in base64
        for path in ("/run/wireguard", "/run/netns", "/run/plexwg"):
            os.makedirs(path, exist_ok=True)
            run("mount", "-t", "tmpfs", "-o", "mode=755", "tmpfs", path)
        run("ip", "link", "set", "lo", "up")
        run("ip", "link", "add", "br0", "type", "bridge")
        run("ip", "addr", "add", f"{PLANE_IP}/24", "dev", "br0")
        run("ip", "link", "set", "br0", "up")
        self.plane = ControlPlane(os.path.abspath(control_plane), self.directory)
        self.plane.start()
        self.nodes = [Node(self, number) for number in range(1, nodes + 1)]

    def join(self):
        """Join all nodes, and give the control plane their endpoints."""
        for node in self.nodes:
            joined = node.join()
            assert joined.returncode == 0, joined.stdout
            self.plane.ask("PUT", f"/nodes/{node.id}", {"endpoint": node.endpoint})

    def settle(self, seconds=60):
        """Wait until each node has a tunnel to each other one."""
        def full():
            return all(len(node.peers()) >= len(self.nodes) - 1 for node in self.nodes)
        return until(full, seconds, 0.1)

    def check_traces(self):
        """Check that the traces of all runs convert to their ends, and replay to the same operations."""
        calls = 0
        for node in self.nodes:
            node.stop()
            assert not node.says("Trace stopped"), node.log()
            for name in filter(lambda name: name.startswith("trace-"), os.listdir(node.identity)):
                assert stat.S_IMODE(os.stat(os.path.join(node.identity, name)).st_mode) == 0o600
            trace = run(self.plexwg, "trace", "--identity", node.identity, "--output", node.scenario,
                        check=False)
            assert (trace.returncode, trace.stdout) == (0, ""), trace.stdout
            replay = run(self.plexwg, "replay", node.scenario, check=False)
            assert replay.returncode == 0, replay.stdout
            assert "1 passed, 0 failed" in replay.stdout, replay.stdout
            with open(node.scenario) as file:
                calls += file.read().count('"do":"expect"')
        note(f"{calls} calls are in the traces")
        return calls

    def pairs(self):
        return [(a, b) for a in self.nodes for b in self.nodes if a is not b]

    def end(self, failed=0):
        for node in self.nodes:
            if failed:
                note(f"log of {node.id}:")
                note("\n".join(node.log().splitlines()[-15:]))
            node.stop(signal.SIGKILL)
            run("ip", "-n", node.netns, "link", "del", node.interface, check=False)
        self.plane.kill()
        if "PLEXWG_KEPT" not in os.environ:
            shutil.rmtree(self.directory)
            return
        with open(os.path.join(self.directory, "secrets"), "w") as file:  # for search_secrets.py
            file.writelines(key + "\n" for key in self.secrets)
