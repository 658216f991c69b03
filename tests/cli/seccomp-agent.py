#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""A seccomp agent: the other end of linux.seccomp.listenerPath.

    seccomp-agent.py MODE SOCKET REPORT

errno:N   takes listeners, and answers each notification with errno N
value:N   ... with the value N
continue  ... by letting the call go on
hold      takes notifications and never answers; REPORT.n.held has "gone" when the caller has been taken
          out of its call by a signal, and "valid" when it stays in it although SIGUSR1 has come
drop      takes a listener and closes it
silent    accepts and never reads
full      listens, its queue is full, and never accepts
bound     is bound and does not listen

REPORT.ready exists when davit may be started. Of the n-th connection REPORT.n.json has what was
sent, REPORT.n.fds how many descriptors came with the first packet and whether any came later, and
REPORT.n.calls the numbers of the calls notified of. It stays until it is ended.
"""

import fcntl
import os
import select
import signal
import socket
import struct
import sys
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../lib"))
from listener import listen  # noqa: E402

# struct seccomp_notif: id, pid, flags, then seccomp_data: nr, arch, ip, args
NOTIF = struct.Struct("=QIIiIQ6Q")
RESPONSE = struct.Struct("=QqiI")
RECV = 0xc0502100
SEND = 0xc0182101
ID_VALID = 0x40082102
CONTINUE = 1


def write(path, text):
    with open(path + ".new", "w") as f:
        f.write(text)
    os.rename(path + ".new", path)


def answer(mode, ident):
    kind, _, number = mode.partition(":")
    if kind == "errno":
        return RESPONSE.pack(ident, 0, -int(number), 0)
    if kind == "value":
        return RESPONSE.pack(ident, int(number), 0, 0)
    return RESPONSE.pack(ident, 0, 0, CONTINUE)


def is_valid(fd, ident):
    try:
        fcntl.ioctl(fd, ID_VALID, struct.pack("=Q", ident))
        return True
    except OSError:
        return False


def is_deaf(pid):
    """SIGUSR1 is pending, and it waits in a state in which only SIGKILL counts."""
    try:
        with open(f"/proc/{pid}/status") as f:
            fields = dict(line.rstrip("\n").split(":\t", 1) for line in f if ":\t" in line)
    except OSError:
        return False
    pending = int(fields["SigPnd"], 16) | int(fields["ShdPnd"], 16)
    return bool(pending & 1 << (signal.SIGUSR1 - 1)) and fields["State"].startswith("D")


def await_signal(fd, ident, pid):
    for _ in range(6000):
        if not is_valid(fd, ident):
            return "gone\n"
        if is_deaf(pid):
            return "valid\n" if is_valid(fd, ident) else "gone\n"
        time.sleep(0.01)
    return "no signal\n"


def serve(mode, fd, report):
    poll = select.poll()
    poll.register(fd, select.POLLIN)
    while True:
        if poll.poll()[0][1] & select.POLLHUP:
            return
        buf = bytearray(NOTIF.size)
        try:
            fcntl.ioctl(fd, RECV, buf)
        except OSError:
            continue  # the caller was killed meanwhile
        notif = NOTIF.unpack(bytes(buf))
        with open(report + ".calls", "a") as f:
            f.write(f"{notif[3]}\n")
        if mode == "hold":
            write(report + ".held", await_signal(fd, notif[0], notif[1]))
            continue
        try:
            fcntl.ioctl(fd, SEND, bytearray(answer(mode, notif[0])))
        except OSError:
            pass  # the same


def take(mode, connection, report):
    text, fds, _, _ = socket.recv_fds(connection, 1 << 20, 4)
    late = 0
    while True:
        more, others, _, _ = socket.recv_fds(connection, 1 << 20, 4)
        late += len(others)
        if not more:
            break
        text += more
    write(report + ".fds", f"{len(fds)} {late}\n")
    write(report + ".json", text.decode())
    if mode == "drop":
        for fd in fds:
            os.close(fd)
    elif fds:
        serve(mode, fds[0], report)


def main():
    mode, path, report = sys.argv[1:]
    listener, kept = listen(mode, path)
    write(report + ".ready", "")
    count = 0
    while mode not in ("full", "bound"):
        connection, _ = listener.accept()
        count += 1
        if mode == "silent":
            kept.append(connection)
            continue
        threading.Thread(target=take, args=(mode, connection, f"{report}.{count}"), daemon=True).start()
    signal.pause()


main()
