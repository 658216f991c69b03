#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""A FUSE file system (the raw protocol) in which whoever asks for a name waits, and cannot even be killed: the
kernel waits for an answer to what has been read, and there is none until this program ends.
  stuck.py DIR REPORT     mounts on DIR; REPORT.ready is there then, and REPORT when somebody waits
"""
import ctypes
import os
import stat
import struct
import sys

LOOKUP, GETATTR, INIT = 1, 3, 26


def main():
    directory, report = sys.argv[1:]
    fd = os.open("/dev/fuse", os.O_RDWR)
    libc = ctypes.CDLL(None, use_errno=True)
    options = b"fd=%d,rootmode=40755,user_id=0,group_id=0,allow_other" % fd
    if libc.mount(b"stuck", directory.encode(), b"fuse", 0, options) < 0:
        sys.exit("mount: " + os.strerror(ctypes.get_errno()))
    open(report + ".ready", "w").close()
    while True:
        _, code, unique, _ = struct.unpack_from("<2I2Q", os.read(fd, 1 << 18))
        body = b""
        if code == LOOKUP:
            open(report, "w").close()
            continue
        if code == INIT:
            body = struct.pack("<4I2H2I2H8I", 7, 31, 65536, 0, 16, 12, 65536, 1, 0, 0, *[0] * 8)
        elif code == GETATTR:
            body = struct.pack("<Q2I", 1000, 0, 0) + struct.pack("<6Q10I", 1, 0, 0, 0, 0, 0, 0, 0, 0, stat.S_IFDIR | 0o755, 2, 0, 0, 0, 4096, 0)
        os.write(fd, struct.pack("<IiQ", 16 + len(body), 0, unique) + body)


main()
