#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A name server on 127.0.0.1 that answers, over UDP and TCP, what a file says, and prints each question.

Usage: name_server.py FILE [DROP_EVERY]

A line of FILE: NAME HOW [ADDRESS]..., read again for each question. HOW:
  turn      the addresses, one further on each time
  short     the same, over UDP truncated and without an address
  empty     no address
  nxdomain, servfail, silent
Of the questions that come by UDP every DROP_EVERYth is not answered.
"""

import ipaddress
import socketserver
import struct
import sys
import threading

FILE = sys.argv[1]
DROP_EVERY = int(sys.argv[2]) if len(sys.argv) > 2 else 0
TYPES = {1: 4, 28: 6}  # A, AAAA
NOERROR, SERVFAIL, NXDOMAIN = 0, 2, 3
lock = threading.Lock()
asked = {}
datagrams = 0


def question(query):
    """Name, type, and the end of the question."""
    labels, at = [], 12
    while query[at]:
        labels.append(query[at + 1:at + 1 + query[at]].decode())
        at += 1 + query[at]
    return ".".join(labels).lower(), struct.unpack(">H", query[at + 1:at + 3])[0], at + 5


def zone(name):
    with open(FILE) as file:
        for line in file:
            words = line.split()
            if words and words[0] == name:
                return words[1], words[2:]
    return "nxdomain", []


def records(addresses, version):
    wanted = [ipaddress.ip_address(text) for text in addresses]
    return [struct.pack(">HHHIH", 0xC00C, 1 if version == 4 else 28, 1, 0, len(ip.packed)) + ip.packed
            for ip in wanted if ip.version == version]


def answer(query, is_datagram):
    global datagrams
    name, kind, end = question(query)
    with lock:
        how, addresses = zone(name)
        turn = asked[name, kind] = asked.get((name, kind), -1) + 1
        datagrams += is_datagram
        is_dropped = is_datagram and DROP_EVERY and datagrams % DROP_EVERY == 0
        print(name, kind, how, "udp" if is_datagram else "tcp", "dropped" if is_dropped else "",
              flush=True)
    if is_dropped or how == "silent":
        return None
    found = records(addresses, TYPES.get(kind)) if how in ("turn", "short") else []
    if found:
        found = found[turn % len(found):] + found[:turn % len(found)]
    is_short = how == "short" and is_datagram
    code = {"nxdomain": NXDOMAIN, "servfail": SERVFAIL}.get(how, NOERROR)
    flags = 0x8580 | (0x200 if is_short else 0) | code
    found = [] if is_short else found
    return struct.pack(">HHHHHH", *struct.unpack(">H", query[:2]), flags, 1, len(found), 0,
                       0) + query[12:end] + b"".join(found)


class Datagram(socketserver.BaseRequestHandler):
    def handle(self):
        query, socket = self.request
        reply = answer(query, True)
        if reply:
            socket.sendto(reply, self.client_address)


class Stream(socketserver.StreamRequestHandler):
    def handle(self):
        length = self.rfile.read(2)
        while len(length) == 2:
            reply = answer(self.rfile.read(struct.unpack(">H", length)[0]), False)
            if reply:
                self.wfile.write(struct.pack(">H", len(reply)) + reply)
            length = self.rfile.read(2)


socketserver.ThreadingTCPServer.allow_reuse_address = True
socketserver.ThreadingTCPServer.daemon_threads = True
streams = socketserver.ThreadingTCPServer(("127.0.0.1", 53), Stream)
threading.Thread(target=streams.serve_forever, daemon=True).start()
with socketserver.ThreadingUDPServer(("127.0.0.1", 53), Datagram) as datagram_server:
    print("bound", flush=True)
    datagram_server.serve_forever()
