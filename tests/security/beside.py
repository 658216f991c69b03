#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""What beside does in the other root file system: the same faults for each runtime.

killed: `create` gets SIGKILL at moments spread over the time that it takes. Then `delete --force` has to succeed
and to leave nothing, and the same id can be created again.
errors: a system call of `create`, and of all that it starts, fails (strace). It has either failed, with nothing
left, or there is a container, which `delete --force` takes away. (A call is counted in each process: where the same
one fails again when the work is undone, a warning that names what stays is all that can be had.)
bad input: files of ../fuzz/corpus that the specification or the kernel forbid, given to `create`.
properties: look.py at a container of each config of ../configs, running, beside what its config allows.

Left counts: state directories, cgroups, processes, mounts. A crash is a death by a signal, or a Go trace; a hang
is more than 60 seconds (30 on an idle machine are never needed).
"""
import argparse
import collections
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
TOP = os.environ["TMPDIR"]
TOKEN = f"bs{os.getpid()}"
ID = f"{TOKEN}-c"
CGROUP = "/sys/fs/cgroup"
ENV = {"PATH": os.environ["PATH"], "DAVIT_TEST": TOKEN, "HOME": "/root", "XDG_RUNTIME_DIR": "/run"}
HANG = 60
KEPT = ".cache", ".empty-directory"  # of all containers
APPLETS = "sh", "sleep", "true", "cat", "ls"
FOUND = open(f"{TOP}/found", "w", encoding="utf-8")  # noqa: SIM115
NOT_OURS = {"execve", "exit_group", "exit", "arch_prctl", "set_tid_address", "set_robust_list", "rseq", "prlimit64", "close", "prctl",
            "getpid", "gettid", "getuid", "geteuid", "getgid", "getegid", "getppid", "umask", "brk", "rt_sigreturn", "uname",
            "restart_syscall", "mprotect", "sched_yield", "futex", "nanosleep", "madvise", "rt_sigprocmask", "sigaltstack",
            "clock_gettime", "clock_nanosleep", "rt_sigaction", "tgkill", "mincore", "sched_getaffinity"}
ERRORS = {"read": "EIO", "write": "ENOSPC", "openat": "EMFILE", "openat2": "ENOMEM", "clone": "EAGAIN", "clone3": "EAGAIN",
          "mkdir": "ENOSPC", "mkdirat": "ENOSPC", "renameat": "ENOSPC", "renameat2": "ENOSPC", "recvfrom": "ECONNRESET", "sendto": "EPIPE"}


def make_rootfs(path):
    for name in "bin", "dev", "etc", "proc", "sys", "tmp":
        os.makedirs(f"{path}/{name}", exist_ok=True)
    shutil.copy(shutil.which("busybox"), f"{path}/bin/busybox")
    for name in APPLETS:
        os.symlink("busybox", f"{path}/bin/{name}")


class Runtime:
    def __init__(self, name, path):
        self.name, self.path = name, path
        self.root, self.bundle = f"{TOP}/root.{name}", f"{TOP}/bundle.{name}"
        os.mkdir(self.root, 0o700)
        make_rootfs(f"{self.bundle}/rootfs")
        with open(f"{HERE}/../cli/config.json", encoding="utf-8") as f:
            self.good = json.load(f)
        self.good["process"]["env"].append(f"DAVIT_TEST={TOKEN}")
        self.good["linux"]["cgroupsPath"] = f"/{ID}"
        self.write(self.good)

    def write(self, config):
        with open(f"{self.bundle}/config.json", "wb") as f:
            f.write(config if isinstance(config, bytes) else json.dumps(config).encode())

    def begin(self, words, before=()):
        with open(f"{TOP}/out", "wb") as out:
            return subprocess.Popen([*before, self.path, "--root", self.root, *words], stdin=subprocess.DEVNULL, stdout=out,
                                    stderr=subprocess.STDOUT, env=ENV, cwd="/")

    def call(self, *words, before=()):
        """Its status (None: it hangs), what it said."""
        child = self.begin(words, before)
        try:
            child.wait(HANG)
        except subprocess.TimeoutExpired:
            where = "; ".join(whereabouts(pid) for pid in processes())
            child.kill()
            child.wait()
            return None, f"hangs: load {os.getloadavg()[0]:.0f}: {where}"
        with open(f"{TOP}/out", errors="replace", encoding="utf-8") as f:
            return child.returncode, f.read(4000)

    def create(self, before=()):
        return self.call("create", "--bundle", self.bundle, ID, before=before)

    def delete(self):
        return self.call("delete", "--force", ID)


def is_crash(status, said):
    return status is not None and (status < 0 or status in (134, 139) or "goroutine " in said or "panic:" in said)


def processes():
    found = []
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{pid}/environ", "rb") as f, open(f"/proc/{pid}/comm", encoding="utf-8") as comm:
                if f"DAVIT_TEST={TOKEN}".encode() in f.read().split(b"\0") and comm.read() != "strace\n":
                    found.append(int(pid))
        except OSError:
            continue
    return found


def whereabouts(pid):
    """What a process waits for."""
    found = [str(pid)]
    for name in "comm", "wchan", "syscall":
        try:
            with open(f"/proc/{pid}/{name}", encoding="utf-8") as f:
                found.append(f.read().strip())
        except OSError:
            continue
    return " ".join(found)


def cgroups():
    return [path for path, _, _ in os.walk(CGROUP) if TOKEN in path]


def left(runtime):
    """What is there of it; what is ending has two seconds."""
    for _ in range(40):
        state = [n for n in os.listdir(runtime.root) if n not in KEPT]
        found = [f"state {n}" for n in state] + [f"process {p}" for p in processes()] + [f"cgroup {c}" for c in cgroups()]
        if not found:
            break
        time.sleep(0.05)
    with open("/proc/self/mountinfo", encoding="utf-8") as f:
        return found + [f"mount {line.split()[4]}" for line in f if f" {TOP}/" in line]


def clean(runtime):
    for pid in processes():
        os.kill(pid, signal.SIGKILL)
    for path in sorted(cgroups(), reverse=True):
        for _ in range(100):
            try:
                os.rmdir(path)
                break
            except OSError:
                time.sleep(0.05)
    with open("/proc/self/mountinfo", encoding="utf-8") as f:
        for line in reversed(f.readlines()):
            if f" {TOP}/" in line:
                subprocess.run(["umount", "-l", line.split()[4]], check=False)
    shutil.rmtree(runtime.root)
    os.mkdir(runtime.root, 0o700)


class Count(collections.Counter):
    def __init__(self, runtime, kind):
        super().__init__()
        self.head = f"{runtime.name} {kind}"

    def note(self, what, text):
        self[what] += 1
        print(f"{self.head}: {what}: {text}".replace("\n", " | "), file=FOUND, flush=True)


def killed(runtime, points):
    n = Count(runtime, "killed")
    times = []
    for _ in range(7):
        begin = time.monotonic()
        status, said = runtime.create()
        times.append(time.monotonic() - begin)
        if status:
            sys.exit(f"{runtime.name} create: {said}")
        runtime.delete()
    whole = sorted(times)[3] * 1.1
    for i in range(points):
        child = runtime.begin(("create", "--bundle", runtime.bundle, ID))
        time.sleep(whole * i / points)
        child.kill()
        child.wait()
        n["points"] += 1
        status, said = runtime.delete()
        if status != 0:
            n.note("delete --force failed", f"point {i}: exit {status}: {said}")
        there = left(runtime)
        if there:
            n.note("leaks", f"point {i}: delete --force: exit {status}: {there}")
            clean(runtime)
        status, said = runtime.create()
        if status != 0:
            n.note("id not usable", f"point {i}: {said}")
        runtime.delete()
        if left(runtime):
            clean(runtime)
    return n


def record(runtime):
    status, said = runtime.create(("strace", "-D", "-f", "-ff", "-qq", "-o", f"{TOP}/rec"))
    if status:
        sys.exit(f"{runtime.name} create under strace: {said}")
    runtime.delete()
    points = {}
    for name in sorted(os.listdir(TOP)):
        if not name.startswith("rec."):
            continue
        counts = collections.Counter()
        with open(f"{TOP}/{name}", errors="replace", encoding="utf-8") as f:
            for line in f:
                match = re.match(r"([a-z_0-9]+)\(", line)
                if match and match[1] not in NOT_OURS:
                    counts[match[1]] += 1
                    points[match[1], counts[match[1]]] = True
        os.unlink(f"{TOP}/{name}")
    return list(points)


def errors(runtime, points):
    n = Count(runtime, "errors")
    calls = record(runtime)
    n["calls"] = len(calls)
    for name, k in calls[::max(1, len(calls) // points)]:
        error = ERRORS.get(name, "ENOMEM")
        at = f"{error} from {name} #{k}"
        status, said = runtime.create(("strace", "-D", "-f", "-qq", "--seccomp-bpf", "-o", "/dev/null", "-e", f"trace={name}",
                                       "-e", f"inject={name}:error={error}:when={k}"))
        n["points"] += 1
        if is_crash(status, said):
            n.note("crashes", f"{at}: exit {status}: {said[:300]}")
        elif status is None:
            n.note("hangs", at)
        elif status == 0:
            asked, state = runtime.call("state", ID)
            if asked != 0 or '"created"' not in state:
                n.note("exit 0 and not created", f"{at}: {state[:200]}")
            runtime.delete()
        there = left(runtime)
        if there:
            is_told = "warning" in said and all(t.split()[1] in said for t in there)
            n.note("told" if is_told else "leaks", f"{at}: exit {status}: {said[:200]}: {there}")
            clean(runtime)
    return n


def bad(runtime, every):
    """The corpus' own base has what is not to be had everywhere: the part that this machine can do."""
    n = Count(runtime, "bad input")
    files = sorted(os.listdir(f"{TOP}/corpus"))
    base = f"{TOP}/corpus/base"
    with open(base, "rb") as f:
        runtime.write(f.read())
    status, said = runtime.call("create", "--bundle", runtime.bundle, ID)
    if status:
        n.note("base refused", said)
    runtime.delete()
    clean(runtime)
    for name in [f for f in files if f.endswith(".json")][::every]:
        with open(f"{TOP}/corpus/{name}", "rb") as f:
            runtime.write(f.read())
        status, said = runtime.create()
        n["files"] += 1
        if is_crash(status, said):
            n.note("crashes", f"{name}: exit {status}: {said[:300]}")
        elif status is None:
            n.note("hangs", name)
        elif status:
            n.note("refused", f"{name}: {said[-300:]}")
        else:
            n.note("accepted", name)
            runtime.delete()
        there = left(runtime)
        if there:
            n.note("leaks", f"{name}: exit {status}: {there}")
            clean(runtime)
    runtime.write(runtime.good)
    return n


def inspect(runtime, n, config):
    place = f"{TOP}/look"
    shutil.rmtree(place, ignore_errors=True)
    make_rootfs(f"{place}/rootfs")
    run = ["python3", "-ES"]
    done = subprocess.run([*run, f"{HERE}/../cli/localise.py", f"{HERE}/../configs/{config}", place, TOKEN, CGROUP], env=ENV,
                          capture_output=True, text=True, check=False)
    if done.returncode:
        n.note("not localised", f"{config}: {done.stderr[-300:]}")
        return
    with open(f"{place}/config.json", encoding="utf-8") as f:
        wanted = json.load(f)
    options, receiver = [], None
    if wanted["process"].get("terminal"):
        receiver = subprocess.Popen([*run, f"{HERE}/../cli/recv-console.py", f"{TOP}/console", f"{TOP}/console.report"], env=ENV,
                                    stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        while not os.path.exists(f"{TOP}/console"):
            time.sleep(0.02)
        options = ["--console-socket", f"{TOP}/console"]
    status, said = runtime.call("create", "--bundle", place, "--pid-file", f"{TOP}/pid", *options, ID)
    if status:
        n.note("not created", f"{config}: {said}")
    else:
        runtime.call("start", ID)
        with open(f"{TOP}/pid", encoding="utf-8") as f:
            pid = f.read().strip()
        holder = ""
        if os.path.exists(f"{place}/holder"):
            with open(f"{place}/holder", encoding="utf-8") as f:
                holder = f.read().strip()
        done = subprocess.run([*run, f"{HERE}/look.py", pid, "--config", f"{place}/config.json", "--umask", "022", "--other", holder], env=ENV, capture_output=True, text=True, check=False)
        n["containers"] += 1
        n["findings"] += bool(done.returncode)
        for line in (done.stdout + done.stderr).splitlines() if done.returncode else ():
            n.note("lines", f"{config}: {re.sub(f'process {pid}', 'process', line)}")
    runtime.delete()
    if receiver:
        receiver.kill()
        receiver.wait()
        os.unlink(f"{TOP}/console")
    clean(runtime)


def properties(runtime):
    n = Count(runtime, "properties")
    os.umask(0o22)
    for config in sorted(os.listdir(f"{HERE}/../configs")):
        inspect(runtime, n, config)
    return n


ROWS = [
    ("killed", "points", "create killed at so many moments"),
    ("killed", "delete --force failed", "- delete --force failed"), ("killed", "leaks", "- something left after it"),
    ("killed", "id not usable", "- the id cannot be used again"),
    ("errors", "points", "create with a system call that fails"),
    ("errors", "leaks", "- something left"), ("errors", "told", "- something left, which it names in a warning"), ("errors", "exit 0 and not created", "- exit 0 and no container"),
    ("errors", "crashes", "- crashes"), ("errors", "hangs", "- hangs"),
    ("bad input", "files", "config.json files that are wrong"),
    ("bad input", "accepted", "- accepted"), ("bad input", "crashes", "- crashes"), ("bad input", "leaks", "- something left"),
    ("properties", "containers", "containers of engines' configs looked at"),
    ("properties", "findings", "- more than config.json allows"), ("properties", "not created", "- not created"),
]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--points", type=int, default=100)
    parser.add_argument("--every", type=int, default=5)
    parser.add_argument("--only")
    args = parser.parse_args()
    subprocess.run(["python3", "-ES", f"{HERE}/../fuzz/corpus", "/bin/false", "--generate", f"{TOP}/corpus"], check=True)
    table = {}
    for name, path in ("davit", "/share/bin/davit"), ("crun", "crun"), ("runc", "runc"):
        if args.only in (None, name):
            r = Runtime(name, path)
            table[name] = {"killed": killed(r, args.points), "errors": errors(r, args.points), "bad input": bad(r, args.every),
                           "properties": properties(r)}
    print("| | " + " | ".join(table) + " |\n|---|" + "---|" * len(table))
    for kind, key, text in ROWS:
        print(f"| {text} | " + " | ".join(str(counts[kind][key]) for counts in table.values()) + " |")


main()
