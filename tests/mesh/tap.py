# SPDX-License-Identifier: Apache-2.0
"""TAP for tests in Python. A test is a function whose name is a sentence; main() runs them in order,
in namespaces of their own if they ask for it, and prints a line for each."""

import os
import shutil
import sys
import time
import traceback


def note(text):
    for line in str(text).splitlines():
        print("#", line, flush=True)


def until(condition, seconds=30.0, pause=0.01):
    """Waits until the condition holds, and returns how long that took. If it never does, the error
    has the last result of the condition."""
    begun = time.monotonic()
    while True:
        value = condition()
        if value:
            return time.monotonic() - begun
        if time.monotonic() - begun > seconds:
            raise AssertionError(f"not within {seconds} s: {condition.__name__}: {value!r}")
        time.sleep(pause)


def what_is_missing():
    if os.geteuid() != 0:
        return "root"
    if not os.path.exists("/dev/net/tun"):
        return "/dev/net/tun"
    for program in ("wireguard-go", "wg", "ip", "ping", "strace"):
        if not shutil.which(program):
            return program
    return None


def enter_namespaces():
    """Starts the test again in network and mount namespaces of its own."""
    if os.environ.get("PLEXWG_TEST_INSIDE") == str(os.getppid()):
        return
    missing = what_is_missing()
    if missing:
        print(f"ok 1 - {os.path.basename(sys.argv[0])} # SKIP needs {missing}\n1..1")
        sys.exit(0)
    os.environ["PLEXWG_TEST_INSIDE"] = str(os.getppid())
    os.execvp("unshare", ["unshare", "-n", "-m", "--propagation", "private",
                          sys.executable, *sys.argv])


def main(*cases, finish=None):
    """Each case continues with the mesh that the one before it left, so the first failure ends the
    run."""
    failed = 0
    for number, case in enumerate(cases, 1):
        sentence = case.__doc__ or case.__name__.replace("_", " ")
        begun = time.monotonic()
        if failed:
            print(f"not ok {number} - {sentence}")
            continue
        try:
            case()
            print(f"ok {number} - {sentence}", flush=True)
        except Exception:
            failed += 1
            print(f"not ok {number} - {sentence}", flush=True)
            note(traceback.format_exc())
        note(f"{time.monotonic() - begun:.1f} s")
    if finish:
        finish(failed)
    print(f"1..{len(cases)}")
    sys.exit(1 if failed else 0)
