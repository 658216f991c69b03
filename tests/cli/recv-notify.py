#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""A service manager: listens on SOCKET and notes in REPORT what it is told, one line a message.

    recv-notify.py SOCKET REPORT

Ends after a barrier, or after two minutes without a word.
"""

import os
import socket
import sys


def main():
    path, report = sys.argv[1:]
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    listener.settimeout(120)
    listener.bind(path)
    with open(report, "w", buffering=1) as out:
        while True:
            text, ancillary, _, _ = listener.recvmsg(4096, socket.CMSG_SPACE(4))
            out.write(f"{text.decode().strip()} {len(ancillary)}\n")
            for _, _, data in ancillary:
                os.close(int.from_bytes(data[:4], sys.byteorder))
            if text.startswith(b"BARRIER"):
                return


main()
