#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""sweep.py [--points N | --all] [--each-error] [--criu] [--only PATTERN] [--kinds KIND,...] [--calls PATTERN] DAVIT KILL_SWEEP: faults spread over every command, one at a time.

errors: the N-th system call of davit, or of the processes that it makes, is not executed and fails with an
error that fits (kill_sweep.c). kills: SIGKILL to davit at a system call stop, to a process that it has
made, or to both at once. memory: the N-th request for memory fails (heap_guard.c). files: davit may open N files. disks: the
state root is read-only, or has no room. After each fault davit has either failed, in
one line and with nothing left or changed, or has done all that was asked for; after a kill `delete --force`
takes everything away, twice, and the same id can be used again. Never a crash, never a hang. The log is JSON line by
line and ends with what stderr says; the bundle is as it was, save for mount points; no device program stays loaded.

Beside it there are bystanders: a container whose id begins like ours, a copy of its state directory whose lock is
held, a cgroup of the same name elsewhere with a program called davit. Prints TAP, and a table of figures.
--points: so many of each kind (default 6); --all: every one; --each-error: with each error of a call's row, not one of
them. --calls: only those system calls of the kind errors. --criu: checkpoint and restore alone (../checkpoint/run). DAVIT_SYSCALLS: a file with lines "NAME NUMBER", where there is no compiler to ask. Verbs: verbs.py.
"""
import argparse
import collections
import ctypes
import errno
import json
import os
import re
import shutil
import signal
import stat
import subprocess
import sys
import time

import programs
from harness import CLONE_NEWNS, MS_PRIVATE, MS_REC, ConsoleServer, Tap, World, end, leave_processes, mount
from verbs import MARK, is_crash, make_criu_verbs, make_verbs, read, stat_letter

# Not made by davit's own doing, or nothing that can fail.
NOT_OURS = {"execve", "exit_group", "exit", "arch_prctl", "set_tid_address", "set_robust_list", "rseq", "prlimit64",
            "getpid", "gettid", "getuid", "geteuid", "getgid", "getegid", "getppid", "umask", "brk", "rt_sigreturn",
            "uname", "restart_syscall",
            # The kernel lets the descriptor go whatever close says, a call that is not made does not; and the
            # options of prctl that davit uses do not fail.
            "close", "close_range", "prctl",
            # The loader's, before main.
            "mprotect"}
SPECIAL = {
    "read": ("EIO", "EINTR"), "write": ("ENOSPC", "EIO", "EINTR"),
    "recvfrom": ("ECONNRESET", "EINTR", "ENOMEM"), "recvmsg": ("ECONNRESET", "EINTR", "ENOMEM"),
    "sendto": ("EPIPE", "EINTR", "ENOBUFS"), "sendmsg": ("EPIPE", "EINTR", "ENOBUFS"),
    "poll": ("EINTR", "ENOMEM"), "ppoll": ("EINTR", "ENOMEM"),
    "openat": ("EMFILE", "ENOMEM", "EIO"), "openat2": ("EMFILE", "EAGAIN", "ENOMEM", "ENOSYS"),
    "clone3": ("EAGAIN", "ENOMEM", "ENOSPC"), "waitid": ("EINTR", "ECHILD"),
    "mkdir": ("ENOSPC", "EROFS"), "mkdirat": ("ENOSPC", "EROFS", "EIO"), "renameat": ("ENOSPC", "EIO"),
    "unlinkat": ("EBUSY", "EROFS", "EIO"), "rmdir": ("EBUSY", "EROFS"),
    "flock": ("EINTR", "ENOLCK"), "mmap": ("ENOMEM",), "munmap": ("ENOMEM",),
}
USUAL = ("ENOMEM", "EPERM", "EIO", "ENOSYS")
MS_SHARED, MS_RDONLY, MS_REMOUNT, MNT_DETACH = 1 << 20, 1, 32, 2
FILES_MAX = 40
LIBC = ctypes.CDLL(None, use_errno=True)


def read_numbers():
    """name -> number of the machine's system calls"""
    if "DAVIT_SYSCALLS" in os.environ:
        return {name: int(n) for name, n in map(str.split, read(os.environ["DAVIT_SYSCALLS"]).splitlines())}
    text = subprocess.run(["cc", "-E", "-dM", "-include", "sys/syscall.h", "-x", "c", "/dev/null"],
                          capture_output=True, text=True, check=True).stdout
    return {name: int(n) for name, n in re.findall(r"^#define __NR_(\w+) (\d+)$", text, re.MULTILINE)}


def remount(target, is_read_only):
    mount(None, target, None, MS_REMOUNT | (MS_RDONLY if is_read_only else 0))


def leave_mounts():
    """A mount namespace of our own, shared with nobody but what we make: all that changes in it is davit's doing."""
    if LIBC.unshare(CLONE_NEWNS) < 0:
        raise OSError(ctypes.get_errno(), "a mount namespace of our own")
    mount(None, "/", None, MS_REC | MS_PRIVATE)
    mount(None, "/", None, MS_REC | MS_SHARED)


def look_at_tree(top):
    """path -> what it is; of folders not when, since mount points are made in them."""
    seen = {}
    for folder, folders, files in os.walk(top):
        for name in folders + files:
            path = os.path.join(folder, name)
            st = os.lstat(path)
            seen[path] = (stat.filemode(st.st_mode), st.st_uid, st.st_gid)
            if not stat.S_ISDIR(st.st_mode):
                seen[path] += (st.st_ino, st.st_size, st.st_mtime_ns, os.path.islink(path) and os.readlink(path))
    seen.pop(os.path.join(top, MARK), None)
    return seen


class Bystanders:
    """Nothing of what davit is told to do is about them."""

    def __init__(self, world):
        self.world = world
        self.id = world.id + "y"
        bundle = world.make_bundle("bystander", self.edit)
        status, err = world.davit("run", "--detach", "--pid-file", world.pid_file, "-b", bundle, self.id)
        if status != 0:
            raise SystemExit(f"bystander: exit {status}: {err}")
        self.pids = [int(read(world.pid_file))]
        os.unlink(world.pid_file)
        # The lock of a container is its state directory's.
        copy = os.path.join(world.top, "elsewhere", world.id)
        shutil.copytree(os.path.join(world.root, self.id), copy)
        self.start("flock", "--no-fork", copy, "sleep", "100000")
        self.cgroup = os.path.join(world.cgroot, "other" + world.token, world.id)
        os.makedirs(self.cgroup)
        self.start("bash", "-c", f"echo 0 >{self.cgroup}/cgroup.procs; exec -a davit sleep 100000")
        self.own = os.path.join(world.cgroot, self.id)
        # Told once that this is how it is.
        world.bystander, world.bystander_pid = self.id, self.pids[0]
        world.cgroups = world.read_cgroups()
        self.as_it_was = self.look()

    @staticmethod
    def edit(config):
        """Without the token that what is left is found by."""
        config["process"]["args"] = ["sleep", "100000"]
        config["process"]["env"] = ["PATH=/bin"]

    def start(self, *words):
        self.world.holders.append(subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL))
        self.pids.append(self.world.holders[-1].pid)
        while read(f"/proc/{self.pids[-1]}/comm").strip() != "sleep":
            time.sleep(0.005)

    def look(self):
        state = os.path.join(self.world.root, self.id)
        return {"alive": [stat_letter(pid) in ("S", "R", "D") for pid in self.pids],
                "files": [read(os.path.join(state, name)) for name in sorted(os.listdir(state))],
                "freeze": [read(path + "/cgroup.freeze") for path in (self.own, self.cgroup)],
                "procs": [read(path + "/cgroup.procs") for path in (self.own, self.cgroup)]}

    def changes(self):
        try:
            seen = self.look()
        except OSError as e:
            return [f"bystander: {e}"]
        return [f"bystander: {key}: {seen[key]} instead of {self.as_it_was[key]}" for key in seen if seen[key] != self.as_it_was[key]]

    def close(self):
        for holder in self.world.holders:
            holder.kill()
            holder.wait()
        for path in (self.cgroup, os.path.dirname(self.cgroup)):
            os.rmdir(path)


class SweepWorld(World):
    bystander = bystander_pid = None

    def __init__(self, davit):
        leave_mounts()
        super().__init__(davit)
        self.json_log = os.path.join(self.top, "json")
        # The state root is on a disk of its own.
        self.disk = os.path.join(self.top, "disk")
        os.mkdir(self.disk)
        mount("davit-fault", self.disk, "tmpfs", 0, "size=4m")
        self.root = os.path.join(self.disk, "root")
        os.mkdir(self.root, 0o700)
        self.mounts = self.read_mounts()
        self.table = os.path.join(self.top, "table")
        self.report = os.path.join(self.top, "report")
        self.names = {}
        with open(self.table, "w") as f:
            for name, number in read_numbers().items():
                self.names[number] = name
                if name not in NOT_OURS:
                    f.write(" ".join([str(number), *(str(getattr(errno, e)) for e in SPECIAL.get(name, USUAL))]) + "\n")
        self.console = ConsoleServer(os.path.join(self.top, "console"))

    def fill_disk(self):
        with open(os.path.join(self.disk, "filler"), "wb", buffering=0) as f:
            try:
                while f.write(b"x" * 4096):
                    pass
            except OSError as e:
                if e.errno != errno.ENOSPC:
                    raise

    def empty_disk(self):
        os.unlink(os.path.join(self.disk, "filler"))

    def close(self):
        for entry in os.listdir(self.root):
            self.davit("delete", "--force", entry)
        LIBC.umount2(self.disk.encode(), MNT_DETACH)
        self.root = self.disk
        super().close()

    def delete_all(self):
        for entry in os.listdir(self.root):
            entry == self.bystander or self.davit("delete", "--force", entry)
        self.end_all()

    def end_all(self):
        """And its cgroups, so that what stays is told once and hides nothing."""
        self.kill_all()
        for path in sorted(self.read_cgroups() - self.cgroups, reverse=True):
            if self.token in path:
                with open(path + "/cgroup.kill", "w") as f:
                    f.write("1")
                for _ in range(500):
                    try:
                        os.rmdir(path)
                        break
                    except OSError:
                        time.sleep(0.01)

    def left(self, patience=30.0):
        """And all that is mounted that was not, whatever its name, sockets and keyrings."""
        found = [word for word in super().left(patience) if word != f"state {self.bystander}"]
        found += [f"mount {line}" for line in self.read_mounts() if line not in self.mounts]
        for path in ("/proc/net/unix", "/proc/keys"):
            found += [f"{path}: {line}" for line in read(path).splitlines() if self.id in line.split("/")[-1].split() and
                      self.top not in line]
        return found


class Figures:
    """Of a verb."""

    def __init__(self):
        self.points, self.problems = collections.Counter(), collections.Counter()
        self.slowest = self.seconds = 0.0
        self.which = ""


class Sweep:
    def __init__(self, world, tap, driver, args, bystanders):
        self.world, self.tap, self.driver, self.bystanders = world, tap, driver, bystanders
        self.count, self.each_error, self.pattern = None if args.all else args.points, args.each_error, args.calls
        self.figures = collections.defaultdict(Figures)
        # Where criu is, only a part of the machine's cgroups is in sight.
        self.programs = None if args.criu else programs.Programs(world)
        self.trees = {}

    def call(self, verb, role=None, action="0", n=0, before=(), **env):
        """(status, stderr, calls that were counted, was it reached)"""
        before = (self.driver, role, str(action), str(n), self.world.report) if role else before
        if role and os.path.exists(self.world.report):
            os.unlink(self.world.report)
        how = self.world.run_at_terminal if verb.at_terminal else self.world.davit
        if os.path.exists(self.world.json_log):
            os.unlink(self.world.json_log)
        verb.bundle.global_options = ("--log", self.world.json_log, "--log-format", "json")
        status, err = how(*verb.words, before=before, **env)
        verb.bundle.global_options = ()
        if not role or status == "a hang":
            return status, err, [], True
        lines = read(self.world.report).splitlines()
        seen, sent, status = map(int, lines[0].split())
        calls = [tuple(map(int, line.split())) for line in lines[1:]]
        return os.waitstatus_to_exitcode(status), err, calls or range(seen), bool(sent)

    def check_log(self, status, err):
        """Whole lines of JSON; what the exit said is the last of them."""
        text = read(self.world.json_log)
        try:
            records = [json.loads(line) for line in text.splitlines()]
            errors = [record["msg"] for record in records if record["level"] == "error"]
        except (ValueError, KeyError, TypeError) as e:
            return [f"log: {e}: {text!r}"]
        if text and not text.endswith("\n"):
            return [f"log: cut: {text!r}"]
        if is_crash(status) or (errors[-1:] == [err.rstrip("\n").partition("davit: ")[2]] if status else not errors):
            return []
        return [f"log: exit {status}, {err!r}, but {text!r}"]

    def check_tree(self, verb):
        """All that was there is there, and nothing else but the mount points of a call that was not disturbed."""
        was, made = self.trees[verb.bundle.path]
        seen = look_at_tree(verb.bundle.path)
        changed = [path for path in was if seen.get(path) != was[path]]
        changed += [path for path in seen if path not in was and seen[path][0] != made.get(path, "?")]
        return [f"bundle: {path}: {seen.get(path)} instead of {was.get(path)}" for path in changed]

    def learn_tree(self, verb, was):
        made = {path: what[0] for path, what in look_at_tree(verb.bundle.path).items() if path not in was}
        self.trees[verb.bundle.path] = was, made

    def choose(self, total):
        """Spread over all of them, not always the same ones for commands that begin alike."""
        if self.count is None:
            return range(1, total + 1)
        step = max(1, total // self.count)
        return range(1 + total % step, total + 1, step)

    def point(self, verb, kind, title, attempt, problems):
        """One fault; a hang on a busy machine is tried again."""
        figures = self.figures[verb.name]
        for _ in range(2):
            found = verb.ready()
            begin = time.monotonic()
            if not found:
                found = attempt()
            seconds = time.monotonic() - begin
            if not any(word.startswith("hang") for word in found):
                break
        if seconds > figures.slowest:
            figures.slowest, figures.which = seconds, title()
        found += self.bystanders.changes() + self.check_tree(verb)
        found += self.programs.left() if self.programs else []
        if found:
            self.world.delete_all()
            problems += [f"{title()}: {word}" for word in found]
            for which in {word.partition(":")[0] for word in found}:
                figures.problems[which] += 1
        figures.points[kind] += 1

    def errors(self, verb, problems):
        for role in verb.roles:
            verb.ready()
            status, err, calls, _ = self.call(verb, role, self.world.table + ":0")
            problems += verb.judge(status, err, "", "")
            for n in self.choose(len(calls)):
                if not re.search(self.pattern, self.world.names[calls[n - 1][0]]):
                    continue
                count = len(SPECIAL.get(self.world.names[calls[n - 1][0]], USUAL))
                for variant in range(count) if self.each_error else (n,):
                    self.one_error(verb, role, n, variant, problems)

    def one_error(self, verb, role, n, variant, problems):
        hit = ["", ""]

        def attempt():
            status, err, calls, sent = self.call(verb, role, f"{self.world.table}:{variant}", n)
            if sent and calls:
                hit[:] = self.world.names[calls[-1][0]], errno.errorcode.get(calls[-1][1], "?")
            return self.check_log(status, err) + verb.judge(status, err, *hit)
        self.point(verb, "errors", lambda: f"{hit[1]} from call {n} of {role}, {hit[0]}", attempt, problems)

    def kills(self, verb, problems):
        for role in verb.killed_roles:
            verb.ready()
            status, err, calls, _ = self.call(verb, role, int(signal.SIGKILL))
            problems += verb.judge(status, err, "", "")
            for n in self.choose(len(calls)):
                def attempt(role=role, n=n):
                    status, err, _, sent = self.call(verb, role, int(signal.SIGKILL), n)
                    problems = self.check_log(status, err)
                    if not sent:
                        return problems + verb.judge(status, err, "", "")
                    return problems + (verb.after_child_kill(status, err) if role == "child" else verb.after_kill())
                self.point(verb, "kills", lambda: f"SIGKILL to {role} at stop {n}", attempt, problems)

    def memory(self, verb, problems):
        verb.ready()
        count = os.path.join(self.world.top, "count")
        status, err, _, _ = self.call(verb, DAVIT_HEAP_COUNT=count)
        problems += verb.judge(status, err, "", "")
        for n in self.choose(int(read(count).split()[1])):
            def attempt(n=n):
                status, err, _, _ = self.call(verb, DAVIT_HEAP_FAIL=str(n))
                return self.check_log(status, err) + verb.judge(status, err, "", "")
            self.point(verb, "memory", lambda: f"request {n} for memory fails", attempt, problems)

    def shortage(self, verb, kind, told, before, problems, begin=None, end=None):
        """The caller's or the machine's: it is all done, or there is an error."""
        def attempt():
            begin and begin()
            try:
                status, err, _, _ = self.call(verb, before=before)
            finally:
                end and end()
            # With the three standard streams alone no log can be opened.
            return ([] if before[-1:] == ("--nofile=3:3",) else self.check_log(status, err)) + verb.judge(status, err, "", "")
        self.point(verb, kind, lambda: told, attempt, problems)

    def files(self, verb, problems):
        for n in self.choose(FILES_MAX):
            if n > 2:
                self.shortage(verb, "files", f"{n} files", ("prlimit", f"--nofile={n}:{n}"), problems)

    def disks(self, verb, problems):
        world = self.world
        self.shortage(verb, "disks", "a read-only state root", (), problems,
                      lambda: remount(world.disk, True), lambda: remount(world.disk, False))
        self.shortage(verb, "disks", "a full disk", (), problems, world.fill_disk, world.empty_disk)

    def verb(self, verb, kinds):
        self.world.use(verb.bundle)
        if verb.bundle.path not in self.trees:
            was = look_at_tree(verb.bundle.path)
            verb.ready()
            self.call(verb)
            verb.finish()  # or delete would wait for the burial of what was executed
            verb.remove()
            self.learn_tree(verb, was)
        for kind in kinds:
            begin, problems = time.monotonic(), []
            getattr(self, kind)(verb, problems)
            self.figures[verb.name].seconds += time.monotonic() - begin
            self.tap.result(f"{verb.name}: {self.figures[verb.name].points[kind]} {kind}", problems)
        self.tap.result(f"{verb.name}: the same id can be used after all that", verb.remove() + verb.ready() + verb.remove())

    def print_table(self):
        print(f"# {'command':34} errors  kills memory  files disks  failures  s/all  s/slowest")
        for name, figures in self.figures.items():
            told = ", ".join(f"{n} {which}" for which, n in figures.problems.items()) or "0"
            print(f"# {name:34} {figures.points['errors']:6} {figures.points['kills']:6} {figures.points['memory']:6} "
                  f"{figures.points['files']:6} {figures.points['disks']:5}  {told:8} "
                  f"{figures.seconds:6.1f}  {figures.slowest:6.2f} {figures.which if figures.slowest > 5 else ''}")
        points = sum(sum(f.points.values()) for f in self.figures.values())
        kinds = sum((f.problems for f in self.figures.values()), collections.Counter())
        print(f"# {points} fault points, {kinds['leak']} leaks, {kinds['crash']} crashes, {kinds['hang']} hangs, "
              f"{kinds['unfinished']} exit 0 and not done, {kinds['undone']} failed and done, {kinds['words']} not in one line, "
              f"{kinds['bystander']} bystanders harmed, {kinds['bundle']} bundles changed, {kinds['log']} logs wrong")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--points", type=int, default=6)
    parser.add_argument("--all", action="store_true")
    parser.add_argument("--each-error", action="store_true")
    parser.add_argument("--criu", action="store_true")
    parser.add_argument("--only", default="")
    parser.add_argument("--calls", default="")
    parser.add_argument("--kinds", default="errors,kills,memory,files,disks")
    parser.add_argument("davit")
    parser.add_argument("driver")
    args = parser.parse_args()
    # Whoever ends it ends what it has made too.
    signal.signal(signal.SIGTERM, end)
    # Criu gives processes the pids that they had.
    args.criu or leave_processes()
    tap, world = Tap(), SweepWorld(args.davit)
    bystanders = None
    try:
        bystanders = Bystanders(world)
        sweep = Sweep(world, tap, os.path.abspath(args.driver), args, bystanders)
        for verb in (make_criu_verbs if args.criu else make_verbs)(world):
            if re.search(args.only, verb.name):
                sweep.verb(verb, args.kinds.split(","))
        sweep.print_table()
    finally:
        world.bystander = None
        world.close()
        bystanders and bystanders.close()
    tap.end()


main()
