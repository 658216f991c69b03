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

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../lib"))
from listener import listen  # noqa: E402

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
    listener, kept = listen(mode, path)
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
