#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Looks from outside at every process in the pid namespace of a container: does anything lead to the host?

    look.py PID [--host MOUNTINFO] [--slaves REGEX] [--peers REGEX] [--other PID]
                [--config FILE [--umask OCTAL] [--waiting] [--keyring ID]] [--list]

PID is the container's first process. Of each process in its pid namespace, as /proc has it here: root,
working directory, executable, descriptors from 3 on (the first three are the caller's gift), locks, the
cgroup; and of its mounts the peer groups beside those of the host (MOUNTINFO; this process's own by
default). --slaves and --peers are mount points that may be slaves or peers of the host's, since config.json
asks for it. For a container without a mount namespace MOUNTINFO is the host's from before its create: of a
process in a chroot, mountinfo has the mounts below its root, and those alone are its own. --other: a process
in that pid namespace that is not the container's.

With --config what a process has is compared with what config.json allows (properties.py). --umask: the
caller's; --waiting: the program has not been started; --keyring: of that container's there must be one.
--list: what was read, a line each, for a comparison of two runtimes.
Prints one line for each thing that leads out, and ends with 1 then; else what was looked at.
"""
import fcntl
import json
import os
import re
import stat
import sys

# Compiled once a run of bats, and never into the sources.
sys.pycache_prefix = os.environ.get("BATS_RUN_TMPDIR", "")
sys.dont_write_bytecode = not sys.pycache_prefix
import properties  # noqa: E402

F_GET_SEALS = 1034
SEAL_WRITE = 8


def read(path):
    with open(path) as f:
        return f.read()


def mounts_of(text):
    """mount id -> (mount point, {"shared": group, "master": group})"""
    found = {}
    for line in text.splitlines():
        fields, _, _ = line.partition(" - ")
        words = fields.split()
        found[int(words[0])] = words[4], dict(re.findall(r"(shared|master):(\d+)", " ".join(words[6:])))
    return found


def mount_id(fd):
    return int(re.search(r"mnt_id:\t(\d+)", read(f"/proc/self/fdinfo/{fd}"))[1])


def opened(path):
    try:
        return os.open(path, os.O_PATH)
    except FileNotFoundError:
        return None


class Look:
    def __init__(self, args):
        pid, host, other = args.pid, read(args.host), args.other
        self.args, self.judge, self.listed = args, None, []
        if args.config:
            self.judge = properties.Judge(json.loads(read(args.config)), args.umask)
        self.host_groups = {g for _, groups in mounts_of(host).values() for k, g in groups.items() if k == "shared"}
        self.host_ids = set(mounts_of(host))
        self.slaves, self.peers = args.slaves, args.peers
        self.faults, self.counts = [], {}
        space = os.stat(f"/proc/{pid}/ns/pid").st_ino
        self.cgroup = read(f"/proc/{pid}/cgroup").partition("0::")[2].splitlines()[0]
        self.locked = re.findall(r"^\d+: (?:-> )?\S+ +\S+ +\S+ (\d+) ", read("/proc/locks"), re.M)
        for name in filter(str.isdigit, os.listdir("/proc")):
            try:
                is_inside = os.stat(f"/proc/{name}/ns/pid").st_ino == space and self.lives(name)
            except (FileNotFoundError, ProcessLookupError, PermissionError):  # gone, or above us
                continue
            if is_inside and name != other:
                self.process(name)

    @staticmethod
    def lives(pid):
        return "\nState:\tZ" not in read(f"/proc/{pid}/status")

    def count(self, what, number=1):
        self.counts[what] = self.counts.get(what, 0) + number

    def fault(self, text):
        self.faults.append(text)

    def process(self, pid):
        self.count("processes")
        own = mounts_of(read(f"/proc/{pid}/mountinfo"))
        self.mounts(pid, own)
        for name in "root", "cwd":
            self.place(f"/proc/{pid}/{name}", own)
        self.executable(f"/proc/{pid}/exe", own)
        for fd in os.listdir(f"/proc/{pid}/fd"):
            if int(fd) > 2:
                self.descriptor(f"/proc/{pid}/fd/{fd}", own)
        if pid in self.locked:
            self.fault(f"process {pid} holds a lock")
        cgroup = read(f"/proc/{pid}/cgroup").partition("0::")[2].splitlines()[0]
        if cgroup != self.cgroup and not cgroup.startswith(self.cgroup + "/"):
            self.fault(f"process {pid} is in the cgroup {cgroup}, not in {self.cgroup}")
        if self.judge:
            self.properties(pid)

    def properties(self, pid):
        found = properties.facts(pid)
        faults = list(self.judge.too_much(found, self.args.waiting))
        if not self.args.waiting:
            tried = properties.tried(pid)
            faults += self.judge.tried(tried, self.cgroup, self.args.keyring)
            self.count("devices", len(tried.get("devices", [])))
            found.update(tried)
        self.count("properties", len(found))
        for text in faults:
            self.fault(f"process {pid}: {text}")
        for name in ("ns", "fds", "gid_map"):
            del found[name]
        for name, value in sorted(found.items()):
            self.listed.append(f"{name} {json.dumps(value, sort_keys=True)}")

    def mounts(self, pid, own):
        for point, groups in own.values():
            self.count("mounts")
            if groups.get("shared") in self.host_groups and not re.search(self.peers, point):
                self.fault(f"process {pid}: {point} is a peer of the host's (shared:{groups['shared']})")
            if groups.get("master") in self.host_groups and not re.search(self.slaves, point):
                self.fault(f"process {pid}: {point} is a slave of the host's (master:{groups['master']})")

    def place(self, path, own):
        """A folder must be on a mount of the process's own mount namespace."""
        fd = opened(path)
        if fd is None:
            return
        self.count("folders")
        if mount_id(fd) not in own or mount_id(fd) in self.host_ids:
            self.fault(f"{path} -> {os.readlink(path)} is on no mount of the container")
        os.close(fd)

    def executable(self, path, own):
        fd = opened(path)
        if fd is None:
            return
        self.count("executables")
        readable = os.open(path, os.O_RDONLY)
        try:
            sealed = fcntl.fcntl(readable, F_GET_SEALS) & SEAL_WRITE
        except OSError:
            sealed = False
        detached = mount_id(fd) not in self.host_ids and os.fstatvfs(readable).f_flag & os.ST_RDONLY
        if (mount_id(fd) not in own or mount_id(fd) in self.host_ids) and not sealed and not detached:
            self.fault(f"{path} -> {os.readlink(path)} could be written, or is the host's")
        os.close(readable)
        os.close(fd)

    def descriptor(self, path, own):
        fd = opened(path)
        if fd is None:
            return
        self.count("descriptors")
        mode = os.fstat(fd).st_mode
        pid, link = path.split("/")[2], os.readlink(path)
        kind = re.match(r"(\w+):\[\d+\]$", link)
        # One that the process is in anyway: what davit has for an exec before start.
        is_own = kind and os.path.exists(f"/proc/{pid}/ns/{kind[1]}") and os.readlink(f"/proc/{pid}/ns/{kind[1]}") == link
        if (stat.S_ISDIR(mode) or stat.S_ISREG(mode)) and mount_id(fd) not in own and not is_own:
            self.fault(f"{path} -> {os.readlink(path)} is on no mount of the container")
        os.close(fd)


class Arguments:
    """Without argparse, whose start would take longer than the look."""
    pid, host, umask, slaves, peers = 0, "/proc/self/mountinfo", 0o22, "(?!)", "(?!)"
    other = config = keyring = ""
    waiting = list = False

    def __init__(self, words):
        rest = iter(words)
        for word in rest:
            name = word.removeprefix("--")
            if name == word:
                self.pid = int(word)
            elif name in ("waiting", "list"):
                setattr(self, name, True)
            elif name in ("host", "umask", "slaves", "peers", "other", "config", "keyring"):
                value = next(rest)
                setattr(self, name, int(value, 8) if name == "umask" else value or getattr(self, name))
            else:
                sys.exit(f"look.py: unknown option {word}")


def main():
    look = Look(Arguments(sys.argv[1:]))
    if look.args.list:
        print("\n".join(look.listed))
        return
    print("\n".join(look.faults) if look.faults else
          "looked at " + ", ".join(f"{n} {what}" for what, n in look.counts.items()))
    sys.exit(1 if look.faults else 0)


main()
