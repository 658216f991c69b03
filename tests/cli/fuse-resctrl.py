#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""A resctrl for machines without one: a FUSE file system (the raw protocol, no library) that makes
the files of a group as the kernel does. The schemata know the resources L3 (masks, two domains) and
MB; a group's rmdir takes its files and monitoring groups along; there are at most four groups and four
monitoring groups.
  fuse-resctrl.py DIR LOG     mounts on DIR, notes each change in LOG, serves until it is unmounted
"""
import ctypes
import errno
import os
import stat
import struct
import sys

LOOKUP, FORGET, GETATTR, SETATTR, MKDIR, RMDIR, OPEN, READ, WRITE = 1, 2, 3, 4, 9, 11, 14, 15, 16
STATFS, RELEASE, FLUSH, INIT, OPENDIR, READDIR, RELEASEDIR = 17, 18, 25, 26, 27, 28, 29
DESTROY, BATCH_FORGET = 38, 42
MOST = 4


class Node:
    def __init__(self, fs, parent, name, text=None):
        self.id = fs.next_id
        fs.next_id += 1
        fs.nodes[self.id] = self
        self.parent, self.name, self.text = parent, name, text
        self.children = None if text is not None else {}
        if parent:
            parent.children[name] = self

    def path(self):
        return os.path.join(self.parent.path(), self.name) if self.parent else ""


class Resctrl:
    def __init__(self, log):
        self.nodes, self.next_id, self.log = {}, 1, log
        self.root = Node(self, None, "")
        self.fill(self.root)
        info = Node(self, self.root, "info")
        self.status = Node(self, info, "last_cmd_status", "ok\n")

    def fill(self, group):
        Node(self, group, "tasks", "")
        Node(self, group, "schemata", "    MB:0=100;1=100\n    L3:0=00fff;1=00fff\n")
        Node(self, group, "mon_groups")

    def mkdir(self, parent, name):
        if parent is self.root:
            if sum(n.children is not None for n in parent.children.values()) - 2 >= MOST:
                self.status.text = "Out of CLOSIDs\n"
                return -errno.ENOSPC
            node = Node(self, parent, name)
            self.fill(node)
        elif parent.name == "mon_groups":
            if len(parent.children) >= MOST:
                self.status.text = "Out of RMIDs\n"
                return -errno.ENOSPC
            node = Node(self, parent, name)
            Node(self, node, "tasks", "")
        else:
            return -errno.EPERM
        self.note("mkdir " + node.path())
        return node

    def rmdir(self, parent, name):
        node = parent.children.get(name)
        if node is None:
            return -errno.ENOENT
        if parent is not self.root and parent.name != "mon_groups" or name in ("mon_groups", "info"):
            return -errno.EPERM
        self.note("rmdir " + node.path())
        del parent.children[name]
        return 0

    def write(self, node, text):
        self.note("write %s %s" % (node.path(), text.rstrip("\n").replace("\n", "|")))
        if node.name == "tasks":
            node.text += text
        elif node.name == "schemata":
            return self.set_schemata(node, text)
        return 0

    def set_schemata(self, node, text):
        values = {line.split(":")[0].strip(): dict(v.split("=") for v in line.split(":")[1].split(";"))
                  for line in node.text.splitlines()}
        for line in text.splitlines():
            name, _, new = line.strip().partition(":")
            if name not in values:
                self.status.text = "Unknown resource: %s\n" % name
                return -errno.EINVAL
            for value in new.split(";"):
                domain, _, v = value.partition("=")
                if domain not in values[name]:
                    self.status.text = "Unknown domain\n"
                    return -errno.EINVAL
                values[name][domain] = v if name == "MB" else "%05x" % int(v, 16)
        node.text = "".join("%6s:%s\n" % (n, ";".join(map("=".join, v.items()))) for n, v in values.items())
        self.status.text = "ok\n"
        return 0

    def note(self, text):
        with open(self.log, "a", encoding="ascii") as f:
            f.write(text + "\n")


def attributes(node):
    mode = stat.S_IFDIR | 0o755 if node.children is not None else stat.S_IFREG | 0o644
    size = len(node.text) if node.text is not None else 0
    return struct.pack("<6Q10I", node.id, size, 0, 0, 0, 0, 0, 0, 0, mode, 1, 0, 0, 0, 4096, 0)


def entry(node):
    return struct.pack("<4Q2I", node.id, 0, 0, 0, 0, 0) + attributes(node)


def listing(node, offset, size):
    out = b""
    for i, (name, child) in enumerate(list(node.children.items())[offset:], offset + 1):
        raw = name.encode()
        kind = 4 if child.children is not None else 8
        one = struct.pack("<2Q2I", child.id, i, len(raw), kind) + raw
        one += b"\0" * (-len(one) % 8)
        if len(out) + len(one) > size:
            break
        out += one
    return out


def name_of(body):
    return body.split(b"\0")[0].decode()


def answer(fs, code, node, body):
    """The reply's body, or a negative errno; None: no reply at all."""
    if code == INIT:
        return struct.pack("<4I2H2I2H8I", 7, 31, 65536, 0, 16, 12, 65536, 1, 0, 0, *[0] * 8)
    if code in (FORGET, BATCH_FORGET):
        return None
    if code == LOOKUP:
        found = node.children.get(name_of(body)) if node.children is not None else None
        return entry(found) if found else -errno.ENOENT
    if code in (GETATTR, SETATTR):
        return struct.pack("<Q2I", 0, 0, 0) + attributes(node)
    if code == MKDIR:
        made = fs.mkdir(node, name_of(body[8:]))
        return made if isinstance(made, int) else entry(made)
    if code == RMDIR:
        return fs.rmdir(node, name_of(body)) or b""
    if code in (OPEN, OPENDIR):
        return struct.pack("<Q2I", 0, 1, 0)  # FOPEN_DIRECT_IO
    if code == READ:
        _, offset, size = struct.unpack_from("<2QI", body)
        if node.name == "tasks":  # who has ended is in no group
            node.text = "".join(pid + "\n" for pid in node.text.split() if os.path.exists("/proc/" + pid))
        return node.text.encode()[offset:offset + size]
    if code == READDIR:
        _, offset, size = struct.unpack_from("<2QI", body)
        return listing(node, offset, size)
    if code == WRITE:
        _, _, size = struct.unpack_from("<2QI", body)
        return fs.write(node, body[40:40 + size].decode()) or struct.pack("<2I", size, 0)
    if code == STATFS:
        return struct.pack("<5Q4I6I", *[0] * 15)
    if code in (RELEASE, RELEASEDIR, FLUSH):
        return b""
    return -errno.ENOSYS


def main():
    directory, log = sys.argv[1:]
    fd = os.open("/dev/fuse", os.O_RDWR)
    libc = ctypes.CDLL(None, use_errno=True)
    options = b"fd=%d,rootmode=40755,user_id=0,group_id=0" % fd
    if libc.mount(b"resctrl", directory.encode(), b"fuse", 0, options) < 0:
        sys.exit("mount: " + os.strerror(ctypes.get_errno()))
    fs = Resctrl(log)
    while True:
        try:
            request = os.read(fd, 1 << 18)
        except OSError as e:
            if e.errno == errno.ENODEV:  # unmounted
                return
            if e.errno in (errno.EINTR, errno.ENOENT):
                continue
            raise
        _, code, unique, node = struct.unpack_from("<2I2Q", request)
        if code == DESTROY:
            return
        reply = answer(fs, code, fs.nodes.get(node), request[40:])
        if reply is not None:
            error, body = (reply, b"") if isinstance(reply, int) else (0, reply)
            os.write(fd, struct.pack("<IiQ", 16 + len(body), error, unique) + body)


main()
