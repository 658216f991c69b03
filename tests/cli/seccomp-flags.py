#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Prints the flags of a process's first seccomp filter, as ptrace(2) tells them: seccomp-flags.py PID"""

import ctypes
import os
import sys

PTRACE_CONT, PTRACE_DETACH, PTRACE_ATTACH, PTRACE_SECCOMP_GET_METADATA = 7, 17, 16, 0x420D


class Metadata(ctypes.Structure):
    _fields_ = [("filter_off", ctypes.c_uint64), ("flags", ctypes.c_uint64)]


def main():
    libc = ctypes.CDLL(None, use_errno=True)
    libc.ptrace.argtypes = [ctypes.c_long, ctypes.c_int, ctypes.c_void_p, ctypes.c_void_p]
    libc.ptrace.restype = ctypes.c_long
    pid = int(sys.argv[1])
    data = Metadata(0, 0)
    if libc.ptrace(PTRACE_ATTACH, pid, None, None) < 0:
        sys.exit(os.strerror(ctypes.get_errno()))
    os.waitpid(pid, 0)
    size = libc.ptrace(PTRACE_SECCOMP_GET_METADATA, pid, ctypes.sizeof(data), ctypes.addressof(data))
    error = ctypes.get_errno()
    libc.ptrace(PTRACE_DETACH, pid, None, None)
    if size < 0:
        sys.exit(os.strerror(error))
    print(data.flags)


main()
