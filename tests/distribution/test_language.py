#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""No text has a word or name that another one replaced. Usage: test_language.py SOURCE_ROOT"""

import os
import re
import sys

root = os.path.abspath(sys.argv[1])
sys.path.insert(0, os.path.join(root, "tests/mesh"))
import tap

# Regular expressions, in any case of letters, and what is said instead.
REPLACED = {
    # Words.
    r"\bseams?\b": "interface, callback",
    r"memory is out|memory was out": "out of memory",
    r"\bwhoever\b|\bsomebody\b": "caller, operator, control plane, another program",
    r"\b(?:is|are|was|were) (?:told|said)\b": "reports, logs, returns",
    r"\bkept (?:peer|state)s?\b": "retained peer, cached state",
    r"\bheld back\b": "withheld",
    r"\bendpoint memory\b": "endpoint history",
    r"pseudonym": "anonymize",
    r"\bconfine[sd]?\b": "sandbox",
    # Texts.
    r"Trouble with=|\btroubles?\b": "Problem subsystem=",
    r"\bwell again\b": "Problem resolved",
    r"not as it should be": "drifted",
    r"More is to be said": "Notice limit reached",
    r"events wait for the state": "No signing key yet",
    r"who may vouch": "CA bundle in PEM",
    r"only when told twice": "withhold removals above this share of peers",
    r"is never a difference": "An absent desired endpoint never counts as a difference",
    r"no number that is none": "Map errno values out of range to EIO",
    r"IPv6 clothes": "IPv4-mapped IPv6 address",
    r"turning round until": "would busy-loop until the timer expires",
    # Names.
    r"teller|\btell_\w+": "scenario_writer, scenario_write_*",
    r"\btold_\w+": "recorded_*",
    r"\bmirror_\w+": "shadow_device",
    r"naming_reader": "resolving_reader",
    r"own_link\b": "wg_link",
    r"endpoint_memory": "endpoint_history",
    r"overlay": "pending_events",
    r"condition_trouble|condition_well": "problem_raise, problem_resolve",
    r"keeper|state_cache\b|cached_peers": "state_store",
    r"event_feed|\bnode_reports": "event_client, telemetry",
    r"api_source_hurry": "api_source_retry_now",
    r"program_helper": "spawn_helper",
    r"WG_STEP_(?:TAKE|DROP)\b": "WG_STEP_STEAL, WG_STEP_REMOVE_ALLOWED_IPS",
    r"prefix_moves": "allowed_ip_moves",
    r"\bwg_policy": "wg_features",
    r"interface_cell": "interface_transition",
    r"manager_(?:step|act)\b": "manager_apply_event, manager_run_action",
    r"json_(?:repeat|place)\b": "json_duplicates, json_path",
    r"process_secrecy": "process_hardening",
    r"\bis_(?:proven|doubtful)\b": "is_stable, was_short_lived",
    r"held_until_ns": "cursor_frozen_until_ns",
    r"hand_on_(?:ready|due)": "dispatch_ready, dispatch_due",
    r"is_last_document|conflict_is_listed|link_message_is_ours|notice_take\b": "a verb of change",
}
# Words may stand on two lines of a comment.
PATTERNS = [(re.compile(words.lower().replace(" ", r"[\s*#/]+")), replacement)
            for words, replacement in REPLACED.items()]


def sources():
    for name in ("engine", "model", "io", "tests", "fixtures", ".github", "README.md"):
        path = os.path.join(root, name)
        if os.path.isfile(path):
            yield path
        for folder, folders, files in os.walk(path):
            folders[:] = [name for name in folders if name != "corpus"]
            yield from (os.path.join(folder, file) for file in files)


def places(text, path):
    """Where the text has what was replaced, and by what."""
    text = text.lower()
    for pattern, replacement in PATTERNS:
        for match in pattern.finditer(text):
            line = text.count("\n", 0, match.start()) + 1
            yield f"{path}:{line}: {match[0]!r}: say {replacement}"


def no_text_has_what_was_replaced():
    found, count = [], 0
    for path in sources():
        name = os.path.relpath(path, root)
        if path == os.path.abspath(__file__):
            continue
        try:
            with open(path, encoding="utf-8") as file:
                found += places(file.read(), name)
        except UnicodeDecodeError:
            continue
        count += 1
    assert count > 900, count
    assert not found, "\n" + "\n".join(found)


def a_word_is_found_wherever_it_stands():
    found = list(places("A Seam.\n/* memory\n * is out, or held\n# back */ tell_it()", "x"))
    assert [place.split(": say")[0] for place in found] == [
        "x:1: 'seam'", "x:2: 'memory\\n * is out'", "x:3: 'held\\n# back'", "x:4: 'tell_it'"], found


tap.main(
    no_text_has_what_was_replaced,
    a_word_is_found_wherever_it_stands,
)
