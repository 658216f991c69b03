# SPDX-License-Identifier: LGPL-2.1-or-later
"""The device programs that are loaded in the kernel (bpf(2)). Others on the machine load theirs meanwhile: one that is
attached to a cgroup is theirs or a container's (how many that has, and whether its cgroup goes, is looked at
elsewhere); one that is attached to none stays for a moment only, whoever has loaded it.
"""
import ctypes
import os
import struct

from harness import BPF_CGROUP_DEVICE, BPF_PROG_QUERY, SYS_BPF
from verbs import poll

BPF_PROG_GET_NEXT_ID, BPF_PROG_GET_FD_BY_ID, BPF_OBJ_GET_INFO_BY_FD = 11, 13, 15
BPF_PROG_TYPE_CGROUP_DEVICE = 15
QUERY_MAX = 64
SYS_BPF_HERE = SYS_BPF[os.uname().machine]
LIBC = ctypes.CDLL(None, use_errno=True)


def bpf(command, attr):
    """The result and what attr holds then."""
    buffer = ctypes.create_string_buffer(attr, 128)
    return LIBC.syscall(SYS_BPF_HERE, command, buffer, 128), buffer.raw


def next_id(program):
    result, attr = bpf(BPF_PROG_GET_NEXT_ID, struct.pack("<II", program, 0))
    return struct.unpack_from("<I", attr, 4)[0] if result == 0 else None


def is_device_program(program):
    fd, _ = bpf(BPF_PROG_GET_FD_BY_ID, struct.pack("<I", program))
    if fd < 0:
        return False
    info = ctypes.create_string_buffer(256)
    result, _ = bpf(BPF_OBJ_GET_INFO_BY_FD, struct.pack("<IIQ", fd, 256, ctypes.addressof(info)))
    os.close(fd)
    return result == 0 and struct.unpack_from("<I", info.raw)[0] == BPF_PROG_TYPE_CGROUP_DEVICE


def attached(cgroup):
    """The device programs of a cgroup."""
    ids = (ctypes.c_uint32 * QUERY_MAX)()
    try:
        fd = os.open(cgroup, os.O_RDONLY | os.O_DIRECTORY)
    except OSError:
        return set()
    result, attr = bpf(BPF_PROG_QUERY, struct.pack("<IIIIQI", fd, BPF_CGROUP_DEVICE, 0, 0, ctypes.addressof(ids), QUERY_MAX))
    os.close(fd)
    return set(ids[:struct.unpack_from("<I", attr, 24)[0]]) if result == 0 else set()


class Programs:
    def __init__(self, world):
        self.world, self.known, self.before = world, set(), 0
        self.known |= self.look()
        self.before = max(self.known, default=0)  # none gets a number again

    def look(self):
        """Those that are new."""
        found, program = set(), next_id(self.before)
        while program is not None:
            if program not in self.known:
                if is_device_program(program):
                    found.add(program)
                else:
                    self.known.add(program)
            program = next_id(program)
        return found

    def left(self):
        """Those that stay; each is told once."""
        seen = self.look()

        def is_clean():
            seen.intersection_update(self.look())
            if seen:
                for path in self.world.read_cgroups():
                    theirs = attached(path) & seen
                    seen.difference_update(theirs)
                    if self.world.token not in path:
                        self.known |= theirs
            return not seen
        if poll(is_clean):
            return []
        self.known |= seen
        return [f"leak: device program {program}" for program in sorted(seen)]
