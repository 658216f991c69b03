#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The engine's end of a console socket.

    recv-console.py SOCKET REPORT [ROWS COLUMNS]

Listens on SOCKET, takes one file descriptor, checks that it is a terminal's master, and writes
"ok NUMBER" (of the pty) or what is wrong to REPORT. Then keeps the descriptor until it is ended,
as an engine does: without a master the container's terminal hangs up. At SIGUSR1 it sets the
terminal's size, and REPORT.size is there.
"""

import array
import fcntl
import os
import signal
import socket
import struct
import sys
import termios

TIOCGPTN = 0x80045430


def receive(path):
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    # Under its name only when it listens: who sees it may connect.
    listener.bind(path + ".new")
    listener.listen(1)
    os.rename(path + ".new", path)
    connection, _ = listener.accept()
    fds = array.array("i")
    name, ancillary, _, _ = connection.recvmsg(4096, socket.CMSG_SPACE(4 * fds.itemsize))
    for level, kind, data in ancillary:
        if level == socket.SOL_SOCKET and kind == socket.SCM_RIGHTS:
            fds.frombytes(data[:len(data) - len(data) % fds.itemsize])
    return name, list(fds)


def judge(name, fds):
    if len(fds) != 1:
        return f"{len(fds)} descriptors came, not one"
    if not name:
        return "no name came with the descriptor"
    if not os.isatty(fds[0]):
        return "the descriptor is no terminal"
    number = struct.unpack("I", fcntl.ioctl(fds[0], TIOCGPTN, b"\0" * 4))[0]
    if not termios.tcgetattr(fds[0])[1] & termios.ONLCR:
        return "ONLCR is not set"
    return f"ok {number}"


def main():
    path, report, *size = sys.argv[1:]
    name, fds = receive(path)
    verdict = judge(name, fds)

    def set_size(*_):
        fcntl.ioctl(fds[0], termios.TIOCSWINSZ, struct.pack("HHHH", *map(int, size), 0, 0))
        open(report + ".size", "w").close()

    signal.signal(signal.SIGUSR1, set_size)
    with open(report + ".new", "w") as f:
        f.write(verdict + "\n")
    os.rename(report + ".new", report)
    while True:
        signal.pause()


main()
