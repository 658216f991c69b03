#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""errnos.py [--all] DAVIT: system calls of `davit create` made to fail, one by one.

strace injects: the K-th call of a name in each process fails with an error number that fits. After
each point davit has either failed, in one line and with nothing left, or made a container with all
that was asked for. Never a crash, never a hang. --all: every call, and three errors for each.
Prints TAP.
"""
import collections
import json
import os
import re
import sys

import verbs
from harness import Tap, World

CALL = re.compile(r"^(?:\d+ +)?([a-z_0-9]+)\(")
EVERY = 7
# Not made by davit's own doing, or nothing that can fail.
NOT_OURS = {"execve", "exit_group", "exit", "arch_prctl", "set_tid_address", "set_robust_list", "rseq", "prlimit64",
            "getpid", "gettid", "getuid", "geteuid", "getgid", "getegid", "getppid", "umask", "brk", "rt_sigreturn",
            "uname", "restart_syscall",
            # The kernel lets the descriptor go whatever close says, strace does not; and the options of
            # prctl that create uses do not fail.
            "close", "prctl",
            # The loader's, before main.
            "mprotect"}
SPECIAL = {
    "read": ("EIO", "EINTR"), "write": ("ENOSPC", "EIO", "EINTR"),
    "recvfrom": ("ECONNRESET", "EINTR", "ENOMEM"), "sendto": ("EPIPE", "EINTR", "ENOBUFS"),
    "poll": ("EINTR", "ENOMEM"), "ppoll": ("EINTR", "ENOMEM"),
    "openat": ("EMFILE", "ENOMEM", "EIO"), "openat2": ("EMFILE", "EAGAIN", "ENOMEM"),
    "clone3": ("EAGAIN", "ENOMEM", "ENOSPC"), "waitid": ("EINTR", "ECHILD"),
    "mkdir": ("ENOSPC", "EROFS"), "mkdirat": ("ENOSPC", "EROFS", "EIO"), "renameat": ("ENOSPC", "EIO"),
    "flock": ("EINTR", "ENOLCK"), "mmap": ("ENOMEM",), "munmap": ("ENOMEM",),
}
USUAL = ("ENOMEM", "EPERM", "EIO")
# -D: davit is our child and not strace's, which stays as long as the container does.
STRACE = ("strace", "-D", "-f", "-qq", "--seccomp-bpf", "-o")


def record(world, args):
    """[(name, k)] of each process by itself: what inject's `when` counts."""
    prefix = os.path.join(world.top, "rec")
    status, err = world.davit(*args, before=("strace", "-D", "-f", "-ff", "-qq", "-o", prefix))
    if status != 0:
        raise SystemExit(f"recorded create: exit {status}: {err}")
    points = {}
    for entry in sorted(os.listdir(world.top)):
        if not entry.startswith("rec."):
            continue
        counts = collections.Counter()
        with open(os.path.join(world.top, entry), errors="replace") as f:
            for line in f:
                match = CALL.match(line)
                if match:
                    counts[match.group(1)] += 1
                    if match.group(1) not in NOT_OURS:
                        points[(match.group(1), counts[match.group(1)])] = True
        os.unlink(os.path.join(world.top, entry))
    return list(points)


# What a created container waits for its start with: it ends when that fails, after create was right to say it is made.
WAITING = ("accept4", "recvfrom")


def is_crash(status):
    return not isinstance(status, int) or status < 0 or status >= 124


def describe(world):
    """What of the container can be seen from outside: to compare with one made without errors."""
    status, err = world.davit("state", world.id)
    if status != 0:
        return {"state": f"exit {status}: {err}"}
    state = json.loads(world.output())
    pid = state["pid"]
    seen = {"status": state["status"]}
    if not pid:
        return seen
    try:
        return seen | verbs.describe(pid)
    except (OSError, IndexError):
        return {"status": "it has ended meanwhile"}


def differences(wanted, seen):
    return [f"{key}: {seen.get(key)} instead of {wanted[key]}" for key in wanted if seen.get(key) != wanted[key]]


def remove(world):
    problems = []
    status, err = world.davit("delete", "--force", world.id)
    if status != 0:
        problems.append(f"delete --force: exit {status}: {err}")
    os.path.exists(world.pid_file) and os.unlink(world.pid_file)
    return problems + world.left()


def check_point(world, args, wanted, name, k, error):
    status, err = world.davit(*args, before=(*STRACE, "/dev/null", "-e", f"trace={name}",
                                             "-e", f"inject={name}:error={error}:when={k}"))
    if is_crash(status):
        return [f"exit: {status}: {err}"] + remove(world)
    if status == 0:
        seen = describe(world)
        if name in WAITING and differences(wanted, seen) and verbs.poll(lambda: describe(world).get("status") == "stopped"):
            return remove(world)
        if name == "mknodat" and error == "EPERM":  # then the host's nodes are bound, as in a user namespace
            seen["mounts"] = wanted["mounts"]
        return differences(wanted, seen) + remove(world)
    if "remove the cgroup" in err and "level=warning" in err:
        # The same call failed in the first process and again when davit undid its work: it is told.
        world.delete_all()
        return []
    problems = []
    # An error on stderr itself cannot be told.
    if (err.count("\n") != 1 or not err.startswith("davit: ")) and not (name == "write" and not err):
        problems.append(f"not one line: {err!r}")
    problems += world.left()
    if problems:
        world.delete_all()
    return problems


def main():
    every = "--all" in sys.argv
    davit, = [arg for arg in sys.argv[1:] if arg != "--all"]
    tap = Tap()
    world = World(davit)
    try:
        bundle = world.make_bundle("plain")
        args = ["create", "-b", bundle, "--pid-file", world.pid_file, world.id]
        points = record(world, args)
        wanted = describe(world)
        remove(world)
        chosen = points if every else points[::EVERY]
        failed = collections.Counter()
        for i, (name, k) in enumerate(chosen):
            errors = SPECIAL.get(name, USUAL)
            for error in errors if every else (errors[i % len(errors)],):
                problems = check_point(world, args, wanted, name, k, error)
                tap.result(f"create with {error} from {name} #{k}", problems)
                failed[name] += bool(problems)
        print(f"# {len(chosen)} of {len(points)} calls")
    finally:
        world.close()
    tap.end()


main()
