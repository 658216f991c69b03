#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The other end of a console socket, honest or dead.

    peer.py MODE SOCKET REPORT

take    accepts, takes the descriptor, and writes "MAJOR:MINOR" of the terminal to REPORT
silent  accepts and never reads
close   accepts and closes
full    listens, its queue is full, and never accepts
bound   is bound and does not listen

REPORT.ready exists when davit may be started. It stays until it is ended.
"""

import fcntl
import os
import signal
import socket
import struct
import sys

TIOCGPTN = 0x80045430


def write(path, text):
    with open(path + ".new", "w") as f:
        f.write(text)
    os.rename(path + ".new", path)


def take(connection, report):
    _, fds, _, _ = socket.recv_fds(connection, 4096, 4)
    if not fds:
        return
    number = struct.unpack("I", fcntl.ioctl(fds[0], TIOCGPTN, b"\0" * 4))[0]
    slave = 136 + (number >> 8), number & 0xff
    write(report, f"{slave[0]}:{slave[1]} {len(fds)}\n")


def main():
    mode, path, report = sys.argv[1:]
    os.chdir(os.path.dirname(path))
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    listener.bind(os.path.basename(path))
    kept = []
    if mode != "bound":
        listener.listen(0 if mode == "full" else 5)
    if mode == "full":
        for _ in range(3):
            client = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
            client.setblocking(False)
            kept.append(client)
            try:
                client.connect(os.path.basename(path))
            except BlockingIOError:
                break
    write(report + ".ready", "")
    while mode in ("take", "silent", "close"):
        connection, _ = listener.accept()
        if mode == "take":
            take(connection, report)
        if mode != "close":
            kept.append(connection)
        else:
            connection.close()
    signal.pause()


main()
