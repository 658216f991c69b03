# SPDX-License-Identifier: LGPL-2.1-or-later
"""A unix socket that davit connects to, and that may be of no use:
"bound": nobody listens; "full": no room for another connection; else it listens.
"""
import os
import socket


def listen(mode, path):
    """(the socket, what keeps it as it is); the working directory is that of @path, which may be long."""
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
    return listener, kept
