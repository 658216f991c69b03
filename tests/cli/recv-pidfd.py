#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Who keeps a pidfd of the container's process.

    recv-pidfd.py SOCKET REPORT

Listens on SOCKET, takes one message, and writes to REPORT: the text of the message, how many
descriptors came with it, and the process that the first one means.
"""

import array
import os
import socket
import sys


def receive(path):
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    # Under its name only when it listens: who sees it may connect.
    listener.bind(path + ".new")
    listener.listen(1)
    listener.settimeout(120)
    os.rename(path + ".new", path)
    connection, _ = listener.accept()
    fds = array.array("i")
    text, ancillary, _, _ = connection.recvmsg(4096, socket.CMSG_SPACE(4 * fds.itemsize))
    for level, kind, data in ancillary:
        if level == socket.SOL_SOCKET and kind == socket.SCM_RIGHTS:
            fds.frombytes(data[:len(data) - len(data) % fds.itemsize])
    return text.decode(), list(fds)


def process(fd):
    with open(f"/proc/self/fdinfo/{fd}") as f:
        for line in f:
            if line.startswith("Pid:"):
                return line.split()[1]
    return "no pidfd"


def main():
    path, report = sys.argv[1:]
    text, fds = receive(path)
    with open(report + ".new", "w") as f:
        f.write(f"{text} {len(fds)} {process(fds[0]) if fds else '-'}\n")
    os.rename(report + ".new", report)


main()
