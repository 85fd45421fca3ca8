# SPDX-License-Identifier: Apache-2.0
"""A service manager: writes the datagrams to an address as in NOTIFY_SOCKET to a file, a line each.

Usage: notify_socket.py ADDRESS FILE
"""
import socket
import sys

address, path = sys.argv[1:]
if address.startswith("@"):
    address = "\0" + address[1:]
listener = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
listener.bind(address)
with open(path, "w", buffering=1) as heard:
    print("listening", file=heard)
    while True:
        print(listener.recv(65536).decode().rstrip("\n").replace("\n", " "), file=heard)
