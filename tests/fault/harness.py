# SPDX-License-Identifier: LGPL-2.1-or-later
"""What the fault tests share: bundles that together have every row of the life table, calls of davit,
and the question whether anything of them is left: state, cgroups, mounts, processes, the pid file.

Everything carries a token: container ids begin with it, and every process that was started through
davit has it in its environment. So leftovers are found without looking at what else happens here.
"""
import array
import collections
import ctypes
import errno
import glob
import json
import os
import pty
import secrets
import select
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import time

HERE = os.path.dirname(os.path.abspath(__file__))
# Rows that need what many machines lack, and the guests (tests/vm) where they have their faults: there a row that
# does not is a failure. All others have them natively.
IN_GUESTS = {"process-limit": ("micro",), "unit": ("systemd",), "labels": ("micro", "selinux"),
             "label-check": ("micro", "selinux")}
APPLETS = ("sh", "sleep", "true")
PR_SET_PDEATHSIG, PR_SET_CHILD_SUBREAPER = 1, 36
CLONE_NEWNS, CLONE_NEWPID, MS_REC, MS_PRIVATE = 0x20000, 0x20000000, 0x4000, 1 << 18
SYS_BPF = {"x86_64": 321, "aarch64": 280}
BPF_PROG_QUERY = 16
BPF_CGROUP_DEVICE = 6


class Tap:
    """A result a line; the plan comes last."""

    def __init__(self):
        self.count = self.failures = 0

    def result(self, name, problems):
        self.count += 1
        self.failures += bool(problems)
        print(f"{'not ' if problems else ''}ok {self.count} - {name}", flush=True)
        for problem in problems:
            for line in str(problem).splitlines():
                print(f"# {line}", flush=True)

    def skip(self, name, why):
        self.count += 1
        print(f"ok {self.count} - {name} # skip {why}", flush=True)

    def end(self):
        print(f"1..{self.count}")
        sys.exit(1 if self.failures else 0)


def cgroup_root():
    with open("/proc/self/mountinfo") as f:
        for line in f:
            left, _, right = line.partition(" - ")
            if right.startswith("cgroup2 "):
                return left.split()[4]
    return None


class ConsoleServer:
    """Takes terminals, and lets them go when so many others have come: not after a time, or a busy machine would see
    its programs hung up before it is done with them."""
    KEPT = 24

    def __init__(self, path):
        self.path, self.kept = path, collections.deque()
        self.listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.listener.bind(path)
        self.listener.listen(64)
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        while True:
            peer, _ = self.listener.accept()
            self.take(peer)

    def take(self, peer):
        with peer:
            try:
                _, ancillary, _, _ = peer.recvmsg(4096, socket.CMSG_SPACE(4 * 4))
            except OSError:
                return
            for _, kind, data in ancillary:
                if kind == socket.SCM_RIGHTS:
                    fds = array.array("i")
                    fds.frombytes(data[:len(data) - len(data) % 4])
                    self.kept.append(fds)
            while len(self.kept) > self.KEPT:
                for fd in self.kept.popleft():
                    os.close(fd)


def drain(master):
    """A user at a terminal who only looks."""
    try:
        while os.read(master, 4096):
            pass
    except OSError as e:
        if e.errno not in (errno.EIO, errno.EBADF):
            raise
    os.close(master)


class Bundle:
    """What is created, and how davit is called for it: before: words in front of it; env: more
    environment; in_terminal: run in the foreground, at a terminal, and neither create nor start;
    global_options: those in front of each verb."""

    def __init__(self, path, options=(), before=(), env=None, in_terminal=False, global_options=()):
        self.path, self.options, self.before, self.env = path, list(options), tuple(before), env or {}
        self.in_terminal, self.global_options = in_terminal, tuple(global_options)

    def prepare(self):
        """Before each create: what an earlier one has used up."""

    def left(self):
        """What of it is not as it was."""
        return []

    def left_after_create(self):
        """The same after a create that has failed."""
        return self.left()

    def close(self):
        """At the end."""


class HostBundle(Bundle):
    """On a machine of its own, as far as davit can see: a network device that the container gets, and
    a resctrl (tests/cli/fuse-resctrl.py). Without FUSE there is no resctrl."""

    def __init__(self, world, edit):
        self.resctrl = os.path.join(world.top, "resctrl")
        self.mountinfo = os.path.join(world.top, "mountinfo")
        os.mkdir(self.resctrl)
        self.has_resctrl = os.path.exists("/dev/fuse")
        words = ["sleep", "100000"]
        if self.has_resctrl:
            words = [sys.executable, os.path.join(HERE, "..", "cli", "fuse-resctrl.py"), self.resctrl, "/dev/null"]
        holder = subprocess.Popen(["unshare", "-m", "-n", "--propagation", "private", *words],
                                  stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
        world.holders.append(holder)
        with open(self.mountinfo, "w") as f:
            if self.has_resctrl:
                f.write(f"11 10 0:99 / {self.resctrl} rw,relatime shared:7 - resctrl resctrl rw\n")
        self.enter = ("nsenter", "-t", str(holder.pid), "-m", "-n")
        self.devices = 0
        self.await_holder(holder)
        script = f'mount --bind {self.mountinfo} /proc/$$/mountinfo && exec "$@"' if self.has_resctrl else 'exec "$@"'
        super().__init__(world.make_bundle("host", lambda config: edit(config, self.has_resctrl)),
                         before=(*self.enter, "unshare", "-m", "--propagation", "private", "sh", "-c", script, "sh"),
                         env={"NOTIFY_SOCKET": os.path.join(world.top, "nobody")})
        self.prepare()
        self.groups = self.read_groups()

    def await_holder(self, holder):
        own = os.readlink("/proc/self/ns/net")
        end = time.monotonic() + World.limit
        while time.monotonic() < end:
            with open(f"/proc/{holder.pid}/mountinfo") as f:
                if os.readlink(f"/proc/{holder.pid}/ns/net") != own and \
                   (not self.has_resctrl or f" {self.resctrl} " in f.read()):
                    return
            time.sleep(0.01)
        raise SystemExit("the namespaces of the bundle \"host\" are not ready")

    def call(self, *words):
        return subprocess.run([*self.enter, *words], capture_output=True, text=True, check=False)

    def has_device(self):
        return self.call("ip", "link", "show", "v0").returncode == 0

    def read_groups(self):
        return self.call("find", self.resctrl, "-type", "d").stdout if self.has_resctrl else ""

    def prepare(self):
        if not self.has_device():
            # The last one's peer may not be gone yet.
            self.devices += 1
            self.call("ip", "link", "add", "v0", "type", "veth", "peer", "name", f"peer{self.devices}")

    def left(self):
        return [] if self.read_groups() == self.groups else [f"resctrl: {self.read_groups()}"]

    def left_after_create(self):
        return self.left() + ([] if self.has_device() else ["the network device has not come back"])


class GivenBundle(Bundle):
    """Its cgroup is an administrator's, with a cgroup of theirs below it: it stays as it was, without
    a mark or a device program."""

    def __init__(self, world):
        self.parent = os.path.join(world.cgroot, world.token + "-given")
        self.cgroup = os.path.join(self.parent, "c")
        os.makedirs(os.path.join(self.cgroup, "theirs"))
        path = self.cgroup[len(world.cgroot):]
        super().__init__(world.make_bundle("given", lambda c: edit_given(c, path)))
        world.cgroups = world.read_cgroups()
        self.as_it_was = self.look()

    def look(self):
        """What an administrator sees of it."""
        with open(os.path.join(self.cgroup, "cgroup.freeze")) as f:
            freeze = f.read()
        marks = [name for name in os.listxattr(self.cgroup) if "davit" in name]
        return {"inode": os.stat(self.cgroup).st_ino, "marks": marks, "filters": count_filters(self.cgroup),
                "below": sorted(e.name for e in os.scandir(self.cgroup) if e.is_dir()),
                "freeze": freeze}

    def left(self):
        now = self.look() if os.path.exists(self.cgroup) else "removed"
        return [] if now == self.as_it_was else [f"the administrator's cgroup: {now}, not {self.as_it_was}"]

    def close(self):
        for path in (os.path.join(self.cgroup, "theirs"), self.cgroup, self.parent):
            try:
                os.rmdir(path)
            except OSError as e:
                print(f"# {path}: {e}")


class RootlessBundle(Bundle):
    """An ordinary user's, without a name or subordinate ids."""
    USER = 54322

    def __init__(self, world):
        self.world = world
        davit = os.path.join(world.top, "davit")
        shutil.copy(world.davit_path, davit)  # where the user may reach it
        call = f'shift; exec setpriv --reuid={self.USER} --regid={self.USER} --clear-groups {davit} "$@"'
        super().__init__(world.make_bundle("rootless", self.edit), before=("sh", "-c", call, "-"))

    def edit(self, config):
        edit_userns(config)
        config["process"].pop("scheduler")
        for kind in ("uidMappings", "gidMappings"):
            config["linux"][kind] = [{"containerID": 0, "hostID": self.USER, "size": 1}]

    def prepare(self):
        for folder in self.world.top, self.world.root:
            os.chmod(folder, 0o1777)
        os.chown(self.path, self.USER, self.USER)


class UnitBundle(Bundle):
    """Its cgroup is a scope of systemd's."""

    def __init__(self, world):
        self.unit = f"t-{world.id}.scope"
        super().__init__(world.make_bundle("unit", lambda c: edit_unit(c, world)), global_options=["--systemd-cgroup"])

    def is_known(self):
        shown = subprocess.run(["systemctl", "show", "-P", "LoadState", self.unit], capture_output=True, text=True, check=False)
        return shown.stdout.strip() == "loaded"

    def left(self):
        """systemd forgets a unit that has ended in its own time."""
        end = time.monotonic() + World.limit
        while self.is_known():
            if time.monotonic() > end:
                return [f"unit {self.unit}"]
            time.sleep(0.05)
        return []


def mount(source, target, kind, flags, data=None):
    libc = ctypes.CDLL(None, use_errno=True)
    texts = [text and text.encode() for text in (source, target, kind, data)]
    if libc.mount(*texts[:3], flags, texts[3]) < 0:
        raise OSError(ctypes.get_errno(), f"mount {target}")


def end(sig, _):
    """All that was made is taken away on the way out, which a second signal does not interrupt."""
    signal.signal(sig, signal.SIG_IGN)
    sys.exit(1)


def leave_processes():
    """A pid namespace with a /proc of its own: to look at each process there is to look at ours, and none outlives us."""
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(CLONE_NEWNS | CLONE_NEWPID) < 0:
        raise OSError(ctypes.get_errno(), "namespaces of our own")
    child = os.fork()
    if child:
        for sig in (signal.SIGTERM, signal.SIGINT):
            signal.signal(sig, lambda sig, _: os.kill(child, sig))
        sys.exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) & 255)
    libc.prctl(PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)
    signal.signal(signal.SIGTERM, end)
    mount(None, "/", None, MS_REC | MS_PRIVATE)
    mount("proc", "/proc", "proc", 0)


def find_folders(top):
    """Below a folder of cgroupfs, whose link count tells of how many others it is the parent."""
    found = {top}
    if os.lstat(top).st_nlink > 2:
        with os.scandir(top) as entries:
            folders = [entry.path for entry in entries if entry.is_dir(follow_symlinks=False)]
        for path in folders:
            try:
                found |= find_folders(path)
            except FileNotFoundError:  # somebody's, and gone meanwhile
                pass
    return found


class World:
    limit = int(os.environ.get("LIMIT", "120"))  # a busy machine has stood still for more than half a minute

    def __init__(self, davit):
        self.davit_path = os.path.abspath(davit)
        self.token = f"df{secrets.token_hex(4)}x"
        self.id = self.token + "c"
        self.top = tempfile.mkdtemp(prefix="davit-fault-")
        self.root = os.path.join(self.top, "root")
        self.pid_file = os.path.join(self.top, "pid")
        self.log = os.path.join(self.top, "log")
        self.calls = 0
        self.holders = []
        self.bundles = {}
        self.console = None
        self.current = None
        self.cgroot = cgroup_root()
        os.mkdir(self.root, 0o700)
        self.runtime_dir = os.path.join(self.top, "xdg")  # compiled filters are kept there
        os.mkdir(self.runtime_dir, 0o700)
        # Orphans come to us, so that a zombie is seen too and nothing stays behind.
        ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
        self.mounts = self.read_mounts()
        self.cgroups = self.read_cgroups()

    def close(self):
        for entry in os.listdir(self.root):
            self.davit("delete", "--force", entry)
        for bundle in self.bundles.values():
            bundle.close()
        for holder in self.holders:
            holder.kill()
            holder.wait()
        if self.top in "".join(self.read_mounts()):
            print("# mounts of ours are left: not removing", self.top)
            return
        shutil.rmtree(self.top, ignore_errors=True)

    # --- bundles --------------------------------------------------------------------------------

    def base_config(self):
        with open(os.path.join(HERE, "..", "cli", "config.json")) as f:
            config = json.load(f)
        config["process"]["env"].append(f"DAVIT_TEST={self.token}")
        return config

    def make_bundle(self, name, edit=None):
        bundle = os.path.join(self.top, name)
        rootfs = os.path.join(bundle, "rootfs")
        for folder in ("bin", "dev", "etc", "proc", "sys", "tmp"):
            os.makedirs(os.path.join(rootfs, folder))
        shutil.copy(shutil.which("busybox"), os.path.join(rootfs, "bin/busybox"))
        for applet in APPLETS:
            os.symlink("busybox", os.path.join(rootfs, "bin", applet))
        config = self.base_config()
        if edit:
            edit(config)
        with open(os.path.join(bundle, "config.json"), "w") as f:
            json.dump(config, f)
        return bundle

    def hold_namespaces(self, *kinds):
        """The pid of a process in new namespaces (unshare's option letters)."""
        ready = os.path.join(self.top, f"holder{len(self.holders)}")
        holder = subprocess.Popen(["unshare", *kinds, "sh", "-c", f": >{ready}; exec sleep 100000"],
                                  stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
        self.holders.append(holder)
        while not os.path.exists(ready):
            time.sleep(0.01)
        return holder.pid

    # --- calls ----------------------------------------------------------------------------------

    def environment(self, fault=None, **more):
        env = {**os.environ, "DAVIT_TEST": self.token, "XDG_RUNTIME_DIR": self.runtime_dir, **more}
        env.pop("DAVIT_FAULT", None)
        if fault:
            env["DAVIT_FAULT"] = fault
        return env

    def use(self, bundle):
        """It is what davit is called for from now on."""
        self.current = bundle

    def run_at_terminal(self, *args, **how):
        master, slave = pty.openpty()
        threading.Thread(target=drain, args=(master,), daemon=True).start()
        try:
            return self.davit(*args, stdin=slave, **how)
        finally:
            os.close(slave)

    def davit(self, *args, fault=None, before=(), stdin=subprocess.DEVNULL, **more):
        """(status, stderr). Files, not pipes: containers inherit them."""
        self.calls += 1
        # New files: a container of an earlier call may still have those, and write to them.
        for name in glob.glob(self.log + ".*"):
            os.unlink(name)
        options = self.current.global_options if self.current else ()
        if self.current:
            before, more = (*self.current.before, *before), {**self.current.env, **more}
        with open(self.log + ".out", "w") as out, open(self.log + ".err", "w") as err:
            child = subprocess.Popen([*before, self.davit_path, "--root", self.root, *options, *args],
                                     stdin=stdin, stdout=out, stderr=err,
                                     env=self.environment(fault, **more))
            status = self.wait(child)
        with open(self.log + ".err", errors="replace") as err:
            return status, err.read()

    def wait(self, child):
        """Popen's own wait with a limit sleeps between its looks."""
        fd = os.pidfd_open(child.pid)
        try:
            if select.select([fd], [], [], self.limit)[0]:
                return child.wait()
        finally:
            os.close(fd)
        child.kill()
        child.wait()
        return "a hang"

    def output(self):
        with open(self.log + ".out") as f:
            return f.read()

    # --- what is left ---------------------------------------------------------------------------

    @staticmethod
    def read_mounts():
        with open("/proc/self/mountinfo") as f:
            return f.read().splitlines()

    def read_cgroups(self):
        return find_folders(self.cgroot) if self.cgroot else set()

    @staticmethod
    def children():
        pids = []
        for path in glob.glob("/proc/self/task/*/children"):
            try:
                with open(path) as f:
                    pids += map(int, f.read().split())
            except OSError:  # a thread that has ended
                continue
        return pids

    def reap(self):
        """Buries children of ours that have ended; those that live."""
        known, living = {holder.pid for holder in self.holders}, []
        for pid in self.children():
            try:
                pid in known or os.waitpid(pid, os.WNOHANG)[0] or living.append(pid)
            except ChildProcessError:
                continue
        return living

    def processes(self):
        """Living ones that were started through davit here. Zombies are reaped on the way."""
        needle = f"DAVIT_TEST={self.token}".encode()
        found = []
        for path in glob.glob("/proc/[0-9]*/environ"):
            try:
                with open(path, "rb") as f:
                    if needle in f.read().split(b"\0"):
                        found.append(int(path.split("/")[2]))
            except OSError:
                continue
        self.reap()
        return found

    def left(self, patience=30.0):
        """What is there that was not: a list of words, empty when all is clean."""
        end = time.monotonic() + patience
        while True:
            found = self.current.left() if self.current else []
            found += [f"state {entry}" for entry in os.listdir(self.root)]
            found += [f"cgroup {path}" for path in self.read_cgroups() - self.cgroups if self.token in path]
            found += [f"mount {line}" for line in self.read_mounts()
                      if line not in self.mounts and (self.token in line or self.top in line)]
            for pid in self.processes():
                try:
                    with open(f"/proc/{pid}/cmdline") as f:
                        found.append(f"process {pid} {f.read()!r}")
                except OSError:
                    continue
            found += [f"file {path}" for path in glob.glob(self.pid_file + "*")]
            # A process that has just been killed may take a moment.
            if not any(word.startswith("process") for word in found) or time.monotonic() > end:
                return found
            time.sleep(0.002)

    def delete_all(self):
        for entry in os.listdir(self.root):
            self.davit("delete", "--force", entry)
        self.end_all()

    def kill_all(self):
        for pid in self.processes():
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
        for path in glob.glob(self.pid_file + "*"):
            os.unlink(path)

    def end_all(self):
        self.kill_all()
        # What stays is told once.
        self.cgroups |= self.read_cgroups()

    # --- the bundles that have every row ----------------------------------------------------------

    def standard_bundles(self):
        """name -> Bundle."""
        bundles = {"plain": Bundle(self.make_bundle("plain"))}
        self.console = ConsoleServer(os.path.join(self.top, "console"))
        sockets = ["--console-socket", self.console.path, "--pidfd-socket", self.console.path]
        bundles["full"] = Bundle(self.make_bundle("full", lambda c: edit_full(c, self)), sockets)
        bundles["userns"] = Bundle(self.make_bundle("userns", edit_userns))
        bundles["chroot"] = Bundle(self.make_bundle("chroot", edit_chroot))
        net = self.hold_namespaces("-n")
        bundles["joined"] = Bundle(self.make_bundle("joined", lambda c: edit_joined(c, {"network": net})))
        pids = self.hold_namespaces("-p", "-f", "--kill-child")
        bundles["joined-pid"] = Bundle(self.make_bundle("joined-pid", lambda c: edit_joined_pid(c, pids)),
                                       ["--console-socket", self.console.path])
        bundles["middle"] = Bundle(self.make_bundle("middle", lambda c: edit_middle(c, net)))
        both = self.hold_namespaces("-U", "-n")
        for kind in ("uid_map", "gid_map"):
            with open(f"/proc/{both}/{kind}", "w") as f:
                f.write("0 0 65536")
        bundles["joined-user"] = Bundle(self.make_bundle(
            "joined-user", lambda c: edit_joined(c, {"user": both, "network": both})))
        bundles["terminal"] = Bundle(self.make_bundle("terminal", edit_terminal), in_terminal=True)
        bundles["host"] = HostBundle(self, edit_host)
        if self.cgroot:
            bundles["given"] = GivenBundle(self)
        bundles["rootless"] = RootlessBundle(self)
        self.bundles = bundles
        return bundles

    def guest_bundles(self, guest):
        """The same for the rows that a guest is there for."""
        self.console = ConsoleServer(os.path.join(self.top, "console"))
        if guest == "systemd":
            self.bundles = {"unit": UnitBundle(self)}
        else:
            self.bundles = {"limits": Bundle(self.make_bundle("limits", edit_limits))}
        return self.bundles


def rows_of(guest):
    return {row for row, guests in IN_GUESTS.items() if guest in guests}


def guests():
    """The kinds of guest whose tests make rows fail."""
    return {path.split("/")[-2] for path in glob.glob(os.path.join(HERE, "..", "vm", "*", "faults"))}


def make_hook(path="/bin/true"):
    return {"path": path, "args": ["true"]}


def count_filters(cgroup):
    """Device programs attached to it (bpf(2), BPF_PROG_QUERY, BPF_CGROUP_DEVICE)."""
    fd = os.open(cgroup, os.O_RDONLY | os.O_DIRECTORY)
    attr = ctypes.create_string_buffer(struct.pack("<IIIIQI", fd, BPF_CGROUP_DEVICE, 0, 0, 0, 0), 64)
    libc = ctypes.CDLL(None, use_errno=True)
    failed = libc.syscall(SYS_BPF[os.uname().machine], BPF_PROG_QUERY, attr, 64) < 0
    os.close(fd)
    return -ctypes.get_errno() if failed else struct.unpack_from("<I", attr, 24)[0]


def has_pids_controller():
    for root in ("/sys/fs/cgroup", "/sys/fs/cgroup/unified"):
        try:
            with open(os.path.join(root, "cgroup.controllers")) as f:
                return "pids" in f.read().split()
        except OSError:
            continue
    return False


def has_memory_policy():
    return os.path.exists("/proc/self/numa_maps")


def find_label():
    """(member of process, label) of a program in a guest; ours has to be loaded first."""
    if os.path.exists("/sys/fs/selinux/enforce"):
        return "selinuxLabel", "system_u:system_r:container_t:s0:c1"
    profile = "profile davit-fault flags=(attach_disconnected,mediate_deleted) { file, signal, capability, network, ptrace, }"
    subprocess.run(["apparmor_parser", "-r"], input=profile, text=True, check=True)
    return "apparmorProfile", "davit-fault"


def why_not(row, has_resctrl):
    """Why a row cannot be active on this machine; None: it can."""
    if row == "memory-policy" and not has_memory_policy():
        return "needs a kernel with NUMA"
    if row in ("rdt", "rdt-process") and not has_resctrl:
        return "needs FUSE, to stand in for resctrl"
    if row == "time-offsets" and not os.path.exists("/proc/self/ns/time"):
        return "needs time namespaces"
    return None


def edit_chroot(config):
    """Its mounts are in the mount namespace of the machine."""
    namespaces = config["linux"]["namespaces"]
    namespaces[:] = [n for n in namespaces if n["type"] != "mount"]


def edit_full(config, world):
    """Every optional section that goes into one bundle."""
    process, linux = config["process"], config["linux"]
    process["terminal"] = True
    process["oomScoreAdj"] = 500
    process["user"] = {"uid": 1, "gid": 1}
    process["scheduler"] = {"policy": "SCHED_BATCH"}
    del process["noNewPrivileges"]
    config["domainname"] = "example.org"
    config["mounts"].append({"destination": "/bound", "type": "bind", "source": "/usr", "options": ["rbind", "ro"]})
    ids = [{"containerID": 0, "hostID": 100000, "size": 65536}]
    config["mounts"].append({"destination": "/mapped", "type": "bind", "source": "/usr", "options": ["bind", "ro"],
                             "uidMappings": ids, "gidMappings": ids})
    config["mounts"] = [m for m in config["mounts"] if m["destination"] != "/sys/fs/cgroup"]
    config["mounts"].append({"destination": "/sys/fs/cgroup", "type": "cgroup", "source": "cgroup"})
    config["hooks"] = {kind: [make_hook()] for kind in
                       ("prestart", "createRuntime", "createContainer", "startContainer", "poststart", "poststop")}
    config["annotations"] = {"org.example.key": "value", "run.oci.delegate-cgroup": "own",
                             "run.oci.hooks.stdout": os.path.join(world.top, "hooks.out")}
    linux["sysctl"] = {"net.ipv4.ip_forward": "1", "kernel.msgmax": "65536"}
    linux["personality"] = {"domain": "LINUX"}
    linux["seccomp"] = {
        "defaultAction": "SCMP_ACT_ALLOW",
        # The agent is the console's server, which takes any descriptor.
        "listenerPath": world.console.path,
        "syscalls": [{"names": ["acct", "reboot"], "action": "SCMP_ACT_ERRNO", "errnoRet": 1},
                     {"names": ["swapon"], "action": "SCMP_ACT_NOTIFY"}],
    }
    if has_memory_policy():
        linux["memoryPolicy"] = {"mode": "MPOL_PREFERRED", "nodes": "0"}
    if has_pids_controller():
        linux.setdefault("resources", {})["pids"] = {"limit": 100}


def edit_limits(config):
    member, label = find_label()
    config["process"][member] = label
    if has_pids_controller():
        config["linux"]["resources"]["pids"] = {"limit": 100}


def edit_unit(config, world):
    config["linux"]["cgroupsPath"] = f"system.slice:t:{world.id}"
    config["linux"]["resources"]["pids"] = {"limit": 100}


def edit_given(config, path):
    config["linux"]["cgroupsPath"] = path
    config["mounts"] = [m for m in config["mounts"] if m["destination"] != "/sys/fs/cgroup"]
    config["mounts"].append({"destination": "/sys/fs/cgroup", "type": "cgroup", "source": "cgroup"})
    config["annotations"] = {"run.oci.delegate-cgroup": "own"}


def edit_userns(config):
    config["process"]["scheduler"] = {"policy": "SCHED_BATCH", "nice": 1}
    config["linux"]["namespaces"].append({"type": "user"})
    for kind in ("uidMappings", "gidMappings"):
        config["linux"][kind] = [{"containerID": 0, "hostID": 0, "size": 65536}]


def edit_joined(config, pids):
    """pids: type -> process whose namespace of that type is joined."""
    names = {"network": "net"}
    spaces = [s for s in config["linux"]["namespaces"] if s["type"] not in pids]
    spaces += [{"type": kind, "path": f"/proc/{pid}/ns/{names.get(kind, kind)}"} for kind, pid in pids.items()]
    config["linux"]["namespaces"] = spaces
    if "user" in pids:
        # An owner of this namespace may give away what it has itself, no more.
        config["mounts"] = [m for m in config["mounts"] if m["type"] not in ("devpts",)]


def edit_joined_pid(config, pid):
    """The process that stays is cloned by the one that has set all up."""
    edit_terminal(config)
    config["process"]["args"] = ["sleep", "1000"]
    edit_joined(config, {"pid": pid})
    config["linux"]["namespaces"][-1]["path"] += "_for_children"


def edit_middle(config, net):
    """A new user namespace beside a joined one of another kind: a helper has to join first."""
    edit_userns(config)
    edit_joined(config, {"network": net})
    config["mounts"] = [m for m in config["mounts"] if m["type"] != "sysfs"]
    config["linux"]["maskedPaths"] = config["linux"]["readonlyPaths"] = []
    if os.path.exists("/proc/self/ns/time"):
        config["linux"]["namespaces"].append({"type": "time"})
        config["linux"]["timeOffsets"] = {"boottime": {"secs": 100}}


def edit_terminal(config):
    config["process"]["terminal"] = True
    config["process"]["args"] = ["true"]


def edit_host(config, has_resctrl):
    """The program ends without telling that it is ready, or start would wait for that."""
    config["process"]["args"] = ["true"]
    spaces = [s for s in config["linux"]["namespaces"] if s["type"] != "network"]
    config["linux"]["namespaces"] = spaces + [{"type": "network"}]
    config["linux"]["netDevices"] = {"v0": {"name": "eth7"}}
    if has_resctrl:
        config["linux"]["intelRdt"] = {"schemata": ["L3:0=1"], "enableMonitoring": True}
