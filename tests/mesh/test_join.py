# SPDX-License-Identifier: Apache-2.0
"""plexwg join: what it sends, writes and rejects, and that it can be interrupted anywhere.
Usage: test_join.py PLEXWG CONTROL_PLANE"""

import base64
import itertools
import json
import os
import shutil
import signal
import stat
import subprocess
import sys
import tempfile

import tap
from mesh import ControlPlane
from tap import until

tap.enter_namespaces()
subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
subprocess.run(["ip", "addr", "add", "192.0.2.254/32", "dev", "lo"], check=True)
plexwg = os.path.abspath(sys.argv[1])
work = tempfile.mkdtemp(prefix="plexwg-join-")
plane = ControlPlane(os.path.abspath(sys.argv[2]), work)
plane.start()
TOKEN = "join-token"
FILES = {"identity.json", "private_key", "node_secret_key", "signing_public_key"}


def token_file(text=TOKEN + "\n", mode=0o600):
    path = os.path.join(work, "token")
    with open(path, "w") as file:
        file.write(text)
    os.chmod(path, mode)
    return path


def command(identity, api=None, ca_file=None, token=None):
    words = [plexwg, "join", "--api", api or plane.api, "--token-file", token or token_file(),
             "--identity", identity]
    if ca_file != "":
        words += ["--ca-file", ca_file or plane.ca_file]
    return words


def join(identity, stdin=None, env=None, **options):
    return subprocess.run(command(identity, **options), input=stdin, capture_output=True, text=True,
                          env={**os.environ, **(env or {})})


def directory(name):
    return os.path.join(work, name)


def read(identity, name):
    with open(os.path.join(identity, name)) as file:
        return file.read()


def snapshot(identity):
    return {name: read(identity, name) for name in sorted(os.listdir(identity))}


def refused(result, text):
    assert result.returncode == 1, result
    assert result.stdout == "" and len(result.stderr.splitlines()) == 1, result
    assert result.stderr.startswith("plexwg: join: "), result.stderr
    assert text in result.stderr, result.stderr
    assert TOKEN not in result.stderr


def public_key_of(identity):
    return subprocess.run(["wg", "pubkey"], input=read(identity, "private_key"),
                          capture_output=True, text=True, check=True).stdout.strip()


def registered():
    return [node for node in plane.ask("GET", "/nodes").values() if node["public_key"]]


def a_node_that_joined_has_an_identity_that_only_its_owner_can_read():
    identity = directory("one")
    result = join(identity)
    assert result.returncode == 0 and result.stderr == "", result
    assert result.stdout == "joined as node-1, mesh address 10.99.0.2\n", result
    assert set(os.listdir(identity)) == FILES | {"last_state.json"}
    assert stat.S_IMODE(os.stat(identity).st_mode) == 0o700
    for name in os.listdir(identity):
        assert stat.S_IMODE(os.stat(os.path.join(identity, name)).st_mode) == 0o600, name
    assert json.loads(read(identity, "identity.json")) == {
        "node_id": "node-1", "mesh_ip": "10.99.0.2", "signing_public_key": plane.signing_key}
    node = plane.ask("GET", "/nodes")["node-1"]
    assert node["public_key"] == public_key_of(identity)
    assert read(identity, "node_secret_key").strip() == node["token"]
    assert read(identity, "signing_public_key").strip() == plane.signing_key


def the_private_key_never_leaves():
    body = plane.requests("register", "")[-1]["body"]
    assert set(json.loads(body)) == {"token", "public_key", "hostname"}
    key = read(directory("one"), "private_key").strip()
    for secret in (key, base64.b64decode(key).hex()):
        assert secret not in json.dumps(plane.ask("GET", "/requests"))


def join_never_overwrites_an_identity():
    before = snapshot(directory("one"))
    count = len(plane.requests("register", ""))
    refused(join(directory("one")), "identity.json: there is an identity already")
    subprocess.run([plexwg, "init", "--identity", directory("file-mode"), "--mesh-ip", "10.0.0.1"],
                   check=True, capture_output=True)
    refused(join(directory("file-mode")), "identity.json: there is an identity already")
    assert snapshot(directory("one")) == before
    assert len(plane.requests("register", "")) == count


def the_private_key_is_on_disk_before_the_request():
    identity = directory("two")
    plane.kill()
    refused(join(identity), plane.api)
    assert os.listdir(identity) == ["private_key"]
    key = read(identity, "private_key")
    plane.start()
    assert join(identity).returncode == 0
    assert read(identity, "private_key") == key


def a_join_killed_while_the_answer_is_on_its_way_is_done_again_with_the_same_key():
    identity = directory("three")
    before = len(registered())
    plane.fault("delay", endpoint="register", delay_ms=500, count=1)
    process = subprocess.Popen(command(identity))
    until(lambda: os.path.exists(os.path.join(identity, "private_key")))
    until(lambda: plane.requests("register", "")[-1]["status"] == 0)
    process.send_signal(signal.SIGKILL)
    process.wait()
    result = join(identity)
    assert result.returncode == 0, result
    assert len(registered()) == before + 1
    assert public_key_of(identity) in [node["public_key"] for node in registered()]


def a_join_killed_between_its_writes_is_done_again_with_the_same_key():
    whole = directory("one")
    names = sorted((FILES | {"last_state.json"}) - {"identity.json", "private_key"})
    before = len(registered())
    for count in range(len(names) + 1):
        for written in itertools.combinations(names, count):
            identity = directory("cut-short")
            os.mkdir(identity, 0o700)
            for name in ("private_key",) + written:
                shutil.copy(os.path.join(whole, name), identity)
            with open(os.path.join(identity, ".identity.json.new"), "w") as file:
                file.write("{")
            result = join(identity)
            assert result.returncode == 0, result
            assert {**snapshot(identity), "last_state.json": ""} == \
                {**snapshot(whole), "last_state.json": ""}
            shutil.rmtree(identity)
    assert len(registered()) == before


def two_at_once_do_not_make_two_keys():
    identity = directory("four")
    plane.fault("delay", endpoint="register", delay_ms=1000, count=1)
    with subprocess.Popen(command(identity), stdout=subprocess.DEVNULL) as first:
        until(lambda: os.path.exists(os.path.join(identity, "private_key")))
        refused(join(identity), "another plexwg makes an identity there now")
    assert first.returncode == 0
    assert public_key_of(identity) in [node["public_key"] for node in registered()]


def the_token_is_nowhere_but_in_its_file_and_in_the_request():
    identity = directory("five")
    plane.fault("delay", endpoint="register", delay_ms=1000, count=1)
    with subprocess.Popen(command(identity), stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          text=True) as process:
        until(lambda: os.path.exists(os.path.join(identity, "private_key")))
        for name in ("cmdline", "environ"):
            with open(f"/proc/{process.pid}/{name}", "rb") as file:
                assert TOKEN.encode() not in file.read()
        output = process.communicate()
    assert TOKEN not in str(output) and TOKEN not in str(snapshot(identity))


def the_token_may_come_from_standard_input():
    result = join(directory("six"), token="-", stdin=TOKEN)
    assert result.returncode == 0, result


def a_rejected_token_is_reported_and_not_quoted():
    result = join(directory("seven"), token=token_file("guessed-token"))
    refused(result, "status 401: the control plane does not accept the join token")
    assert "guessed" not in result.stderr
    assert os.listdir(directory("seven")) == ["private_key"]


def an_invalid_token_file_is_named_and_nothing_is_made():
    for text, mode, error in ((TOKEN, 0o644, "others may read"), (TOKEN, 0o620, "others may"),
                              ("", 0o600, "empty"), ("\n", 0o600, "empty"),
                              ("a\nb", 0o600, "not one line"),
                              ("a\0b", 0o600, "not one line")):
        refused(join(directory("eight"), token=token_file(text, mode)), f"{work}/token: {error}")
    refused(join(directory("eight"), token=directory("none")), "none: No such file or directory")
    result = join(directory("eight"), token=token_file("a\tb\x01"))
    assert result.returncode == 1
    missing = subprocess.run([plexwg, "join", "--api", plane.api, "--identity", directory("eight")],
                             capture_output=True, text=True)
    assert missing.returncode == 64 and "--token-file" in missing.stderr
    shutil.rmtree(directory("eight"))


def a_control_plane_that_is_not_trusted_does_not_get_the_token():
    count = len(plane.requests("register", ""))
    refused(join(directory("nine"), ca_file=""), "certificate")
    refused(join(directory("nine"), ca_file=directory("none")), plane.api)
    assert len(plane.requests("register", "")) == count
    refused(join(directory("ten"), api="http://192.0.2.254:8443"), "http is for literal loopback")
    refused(join(directory("ten"), api="ftp://192.0.2.254"), "neither https nor http")
    refused(join(directory("ten"), api="https://user:secret@192.0.2.254"), "user name")
    assert not os.path.exists(directory("ten"))


def invalid_answers_leave_no_identity():
    answer = {"node_id": "node-9", "mesh_ip": "10.99.0.9", "signing_public_key": plane.signing_key,
              "node_secret_key": "hush", "peers": []}
    for changed, error in (({"node_id": ".."}, "node_id"), ({"mesh_ip": "10.99.0"}, "mesh_ip"),
                           ({"mesh_ip": "0.0.0.0"}, "mesh_ip"), ({"mesh_ip": "ff02::1"}, "mesh_ip"),
                           ({"signing_public_key": ""}, "signing_public_key"),
                           ({"node_secret_key": "hush hush"}, "node_secret_key"),
                           ({"peers": 1}, "peers")):
        plane.fault("body", endpoint="register", text=json.dumps({**answer, **changed}), count=1)
        result = join(directory("eleven"))
        refused(result, error)
        assert "hush" not in result.stderr
    for fault in ({"mode": "status", "status": 500}, {"mode": "garbage"}, {"mode": "close"},
                  {"mode": "noise"}, {"mode": "cut"}, {"mode": "gzip_bomb", "bytes": 1 << 28},
                  {"mode": "status", "status": 307, "headers": {"Location": "/v1/register"}}):
        plane.fault(**fault, endpoint="register", count=1)
        refused(join(directory("eleven")), plane.api)
    assert os.listdir(directory("eleven")) == ["private_key"]


def a_private_key_that_others_may_read_is_not_used():
    identity = directory("eleven")
    os.chmod(os.path.join(identity, "private_key"), 0o644)
    count = len(plane.requests("register", ""))
    refused(join(identity), "private_key: others may read")
    assert len(plane.requests("register", "")) == count


def the_peers_of_the_registration_are_cached_for_an_outage():
    plane.kill()
    with subprocess.Popen([plexwg, "run", "--api", plane.api, "--ca-file", plane.ca_file,
                           "--identity", directory("six"), "--controller", "sim",
                           "--log-level", "debug"], stderr=subprocess.PIPE, text=True) as daemon:
        peers, line = set(), "start"
        while line and len(peers) < 5:
            line = daemon.stderr.readline()
            if 'msg="Peer added"' in line:
                peers.add(line.split("peer_id=")[1].strip())
        daemon.terminate()
        daemon.stderr.read()
    assert len(peers) == 5, peers


def end(failed):
    if plane.process.poll() is None:
        plane.kill()
    if "PLEXWG_KEPT" not in os.environ:
        shutil.rmtree(work)


def the_environment_reveals_no_secret_and_widens_no_trust():
    keys = os.path.join(work, "keys")
    # The file would contain the secrets of each TLS session.
    result = join(directory("keylog"), env={"SSLKEYLOGFILE": keys})
    assert result.returncode == 0 and not os.path.exists(keys), result
    # Only --ca-file, or without it the system, decides which authorities are trusted.
    trust = {"SSL_CERT_FILE": plane.ca_file, "SSL_CERT_DIR": os.path.dirname(plane.ca_file),
             "CURL_CA_BUNDLE": plane.ca_file}
    refused(join(directory("trust"), ca_file="", env=trust), "certificate")
    # Tokens and options in a home directory do not count either.
    home = directory("home")
    os.mkdir(home)
    with open(os.path.join(home, ".netrc"), "w") as file:
        file.write("default login another password netrc-password\n")
    with open(os.path.join(home, ".curlrc"), "w") as file:
        file.write("insecure\n")
    files = {"HOME": home, "CURL_HOME": home, "NETRC": os.path.join(home, ".netrc")}
    refused(join(directory("trust"), ca_file="", env=files), "certificate")
    result = join(directory("netrc"), env=files)
    assert result.returncode == 0, result
    assert "Authorization" not in json.dumps(plane.requests("register", "")[-1]), result


tap.main(
    a_node_that_joined_has_an_identity_that_only_its_owner_can_read,
    the_private_key_never_leaves,
    join_never_overwrites_an_identity,
    the_private_key_is_on_disk_before_the_request,
    a_join_killed_while_the_answer_is_on_its_way_is_done_again_with_the_same_key,
    a_join_killed_between_its_writes_is_done_again_with_the_same_key,
    two_at_once_do_not_make_two_keys,
    the_token_is_nowhere_but_in_its_file_and_in_the_request,
    the_token_may_come_from_standard_input,
    a_rejected_token_is_reported_and_not_quoted,
    an_invalid_token_file_is_named_and_nothing_is_made,
    a_control_plane_that_is_not_trusted_does_not_get_the_token,
    the_environment_reveals_no_secret_and_widens_no_trust,
    invalid_answers_leave_no_identity,
    a_private_key_that_others_may_read_is_not_used,
    the_peers_of_the_registration_are_cached_for_an_outage,
    finish=end,
)
