# SPDX-License-Identifier: LGPL-2.1-or-later
"""What a process of a container may have, by its config.json; for look.py.

facts(PID, CONFIG) reads what there is, from outside; what can only be tried is tried by a child with the
process's rights, in its cgroup and namespaces: writing to the files of its cgroup, proc and sysfs mounts
(asked for, not done), and opening its device nodes. too_much() says what config.json does not ask for.
"""
import ctypes
import json
import os
import re
import stat

CAPABILITIES = """CHOWN DAC_OVERRIDE DAC_READ_SEARCH FOWNER FSETID KILL SETGID SETUID SETPCAP
LINUX_IMMUTABLE NET_BIND_SERVICE NET_BROADCAST NET_ADMIN NET_RAW IPC_LOCK IPC_OWNER SYS_MODULE
SYS_RAWIO SYS_CHROOT SYS_PTRACE SYS_PACCT SYS_ADMIN SYS_BOOT SYS_NICE SYS_RESOURCE SYS_TIME
SYS_TTY_CONFIG MKNOD LEASE AUDIT_WRITE AUDIT_CONTROL SETFCAP MAC_OVERRIDE MAC_ADMIN SYSLOG
WAKE_ALARM BLOCK_SUSPEND AUDIT_READ PERFMON BPF CHECKPOINT_RESTORE""".split()
NAMESPACES = {"mnt": "mount", "cgroup": "cgroup", "uts": "uts", "ipc": "ipc", "user": "user",
              "pid": "pid", "net": "network", "time": "time", "pid_for_children": "pid",
              "time_for_children": "time"}
SETS = {"CapInh": "inheritable", "CapPrm": "permitted", "CapEff": "effective", "CapBnd": "bounding",
        "CapAmb": "ambient"}
KERNELS = ("cgroup", "cgroup2", "proc", "sysfs")
# What any program may open: the default devices, terminals of the container's own, and /dev/ptmx.
HARMLESS = {(1, 3), (1, 5), (1, 7), (1, 8), (1, 9), (5, 0), (5, 2)}
WATCHDOGS = (130, 212)
LIMITS = {"cpu": "Max cpu time", "fsize": "Max file size", "data": "Max data size",
          "stack": "Max stack size", "core": "Max core file size", "rss": "Max resident set",
          "nproc": "Max processes", "nofile": "Max open files", "memlock": "Max locked memory",
          "as": "Max address space", "locks": "Max file locks", "sigpending": "Max pending signals",
          "msgqueue": "Max msgqueue size", "nice": "Max nice priority",
          "rtprio": "Max realtime priority", "rttime": "Max realtime timeout"}
CLOEXEC = 0o2000000
libc = ctypes.CDLL(None, use_errno=True)


def read(path):
    with open(path, errors="surrogateescape") as f:
        return f.read()


def status_of(pid):
    return dict(re.findall(r"^(\w+):[ \t]*(.*)$", read(f"/proc/{pid}/status"), re.M))


def limits_of(pid):
    return {line[:26].strip(): line[26:].split()[:2] for line in read(f"/proc/{pid}/limits").splitlines()[1:]}


def unescaped(text):
    return re.sub(r"\\([0-7]{3})", lambda m: chr(int(m[1], 8)), text)


def mounts_of(pid):
    """(mount point, type, whether it is read-only), the last one of each place"""
    found = {}
    for line in read(f"/proc/{pid}/mountinfo").splitlines():
        left, _, right = line.partition(" - ")
        words, tail = left.split(), right.split()
        is_ro = "ro" in words[5].split(",") or "ro" in tail[-1].split(",")
        found[unescaped(words[4])] = tail[0], is_ro
    return found


# --- tried by a child with the process's rights -----------------------------------------------------

def join(pid, status, maps):
    """Its cgroup, namespaces, root, ids and capabilities. Returns the session keyrings in its user's sight."""
    cgroup = re.search(r"^0::(.*)$", read(f"/proc/{pid}/cgroup"), re.M)[1]
    base = next(m[4] for m in (line.split() for line in read("/proc/self/mountinfo").splitlines())
                if m[m.index("-") + 1] == "cgroup2")
    try:
        with open(f"{base}{cgroup}/cgroup.procs", "w") as f:
            f.write("0")
    except OSError:  # its limits may not let us in
        pass
    names = [n for n in ("user", "mnt")
             if os.readlink(f"/proc/{pid}/ns/{n}") != os.readlink(f"/proc/self/ns/{n}")]
    fds = [os.open(f"/proc/{pid}/ns/{n}", os.O_RDONLY) for n in names]
    root = os.open(f"/proc/{pid}/root", os.O_RDONLY)
    proc = os.open("/proc", os.O_RDONLY)
    for fd in fds:
        if libc.setns(fd, 0):
            raise OSError(ctypes.get_errno(), "setns")
    os.fchdir(root)
    os.chroot(".")
    ids = [[int(n) for n in re.search(rf"^{k}id:(.*)", status, re.M)[1].split()][1] for k in "UG"]
    uid, gid = (inside(id_map, n) for id_map, n in zip(maps, ids))
    try:
        os.setgroups([])
    except PermissionError:  # a user namespace of an ordinary user may forbid it
        pass
    os.setresgid(gid, gid, gid)
    os.setresuid(uid, uid, uid)
    effective = int(re.search(r"^CapEff:\s*(\w+)", status, re.M)[1], 16)
    header = (ctypes.c_uint32 * 2)(0x20080522, 0)
    data = (ctypes.c_uint32 * 6)(effective & 0xffffffff, effective & 0xffffffff, 0, effective >> 32, effective >> 32, 0)
    keyrings = []
    try:  # whose keys these are says the id with which the file is opened
        with os.fdopen(os.open("keys", os.O_RDONLY, dir_fd=proc)) as f:
            keyrings = re.findall(r" keyring\s+(_ses\.[^:]*):", f.read())
    except FileNotFoundError:
        keyrings = None
    libc.capset(header, data)  # a user without: they went with the id
    return keyrings


def inside(id_map, outside):
    for first, host, size in id_map:
        if host <= outside < host + size:
            return first + outside - host
    return outside


def outside(id_map, number):
    for first, host, size in id_map:
        if first <= number < first + size:
            return host + number - first
    return number


def maps_of(pid):
    return [[[int(n) for n in line.split()] for line in read(f"/proc/{pid}/{k}_map").splitlines()] for k in ("uid", "gid")]


def writable_below(top, others):
    found = []
    for folder, names, files in os.walk(top):
        names[:] = [n for n in names if os.path.join(folder, n) not in others and
                    not (folder == "/proc" and (n.isdigit() or n in ("self", "thread-self")))]
        for name in files:
            path = os.path.join(folder, name)
            if path not in others and not os.path.islink(path) and \
                    os.access(path, os.W_OK, effective_ids=True):
                found.append(path)
    return found


def try_all(mounts):
    """Files that may be written to on kernel file systems, and devices that open, in /dev."""
    writable, opened = [], []
    for point, (kind, is_ro) in mounts.items():
        # A single file is a cover.
        if kind in KERNELS and not is_ro:
            if os.path.isdir(point):
                writable += writable_below(point, mounts)
            elif os.access(point, os.W_OK, effective_ids=True):
                writable.append(point)
    for folder, _, files in os.walk("/dev"):
        for name in files:
            path = os.path.join(folder, name)
            try:
                st = os.lstat(path)
            except FileNotFoundError:  # of a terminal that has been closed
                continue
            if os.major(st.st_rdev) == 10 and os.minor(st.st_rdev) in WATCHDOGS:
                opened.append([path, 10, os.minor(st.st_rdev)])  # opening it would start it
            elif stat.S_ISCHR(st.st_mode) or stat.S_ISBLK(st.st_mode):
                try:
                    os.close(os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY))
                    opened.append([path, os.major(st.st_rdev), os.minor(st.st_rdev)])
                except OSError:
                    pass
    return {"writable": sorted(writable), "devices": sorted(opened)}


def tried(pid):
    if os.path.samestat(os.stat(f"/proc/{pid}/root"), os.stat("/")):
        return {"error": "its root is the host's"}
    mounts, status = mounts_of(pid), read(f"/proc/{pid}/status")
    maps = maps_of(pid)
    source, sink = os.pipe()
    child = os.fork()
    if not child:
        try:
            keyrings = join(pid, status, maps)
            found = {"keyrings": keyrings, **try_all(mounts)}
        except BaseException as e:  # noqa: B902  said to the parent
            found = {"error": repr(e)}
        with os.fdopen(sink, "w") as f:
            json.dump(found, f)
        os._exit(0)
    os.close(sink)
    with os.fdopen(source) as f:
        found = json.load(f)
    os.waitpid(child, 0)
    return found


# --- read --------------------------------------------------------------------------------------------

def sockets_of_ours():
    return set(re.findall(r" (\d+)(?: \S+)?$", read("/proc/self/net/unix"), re.M))


def descriptors(pid):
    """number -> (where it leads, whether execve closes it)"""
    found = {}
    for fd in os.listdir(f"/proc/{pid}/fd"):
        try:
            flags = int(re.search(r"flags:\t(\d+)", read(f"/proc/{pid}/fdinfo/{fd}"))[1], 8)
            found[int(fd)] = os.readlink(f"/proc/{pid}/fd/{fd}"), bool(flags & CLOEXEC)
        except FileNotFoundError:
            continue
    return found


def facts(pid):
    """All that is said of the process below, by name."""
    status = status_of(pid)
    words = read(f"/proc/{pid}/stat").rpartition(")")[2].split()
    found = {key: status[key] for key in (*SETS, "NoNewPrivs", "Seccomp", "SigIgn", "SigBlk", "Umask", "Groups")}
    found.update({
        "session": words[3] == pid, "group": words[2] == pid, "terminal": int(words[4]),
        "oom_score_adj": int(read(f"/proc/{pid}/oom_score_adj")),
        "environ": [e for e in read(f"/proc/{pid}/environ").split("\0") if e],
        "limits": limits_of(pid),
        "host_ns": [n for n in NAMESPACES
                    if os.readlink(f"/proc/{pid}/ns/{n}") == os.readlink(f"/proc/self/ns/{n.partition('_')[0]}")],
        "ns": {n: os.readlink(f"/proc/{pid}/ns/{n}") for n in NAMESPACES},
        "gid_map": maps_of(pid)[1], "owner": os.stat(f"/proc/{pid}/environ").st_uid, "uid": int(status["Uid"].split()[1]),
        "fds": descriptors(pid),
    })
    return found


# --- judged ------------------------------------------------------------------------------------------

class Judge:
    def __init__(self, config, umask):
        self.config, self.umask = config, umask
        self.process, self.linux = config["process"], config.get("linux", {})
        self.own = {n["type"] for n in self.linux.get("namespaces", [])}

    def mask(self, kind):
        names = self.process.get("capabilities", {}).get(kind) or []
        return sum(1 << CAPABILITIES.index(n.removeprefix("CAP_")) for n in names if n.removeprefix("CAP_") in CAPABILITIES)

    def capabilities(self, f):
        """A program of root gains its bounding set; of another user it keeps the ambient ones."""
        is_root = self.process.get("user", {}).get("uid", 0) == 0
        for key, kind in SETS.items():
            allowed = self.mask(kind)
            if kind in ("permitted", "effective") and not is_root:
                allowed = self.mask("ambient")
            extra = int(f[key], 16) & ~allowed
            if extra:
                names = [n for i, n in enumerate(CAPABILITIES) if extra >> i & 1]
                yield f"{key} has {' '.join(names[:4])}{' ...' if len(names) > 4 else ''}, which config.json does not give"

    def privileges(self, f):
        if self.process.get("noNewPrivileges") and f["NoNewPrivs"] != "1":
            yield "no_new_privs is not set"
        wanted = "2" if self.linux.get("seccomp") else status_of("self")["Seccomp"]
        if f["Seccomp"] != wanted:
            yield f"seccomp mode is {f['Seccomp']}, not {wanted}"
        wanted = self.process.get("user", {}).get("umask", self.umask)
        if int(f["Umask"], 8) != wanted:
            yield f"umask is {f['Umask']}, not {wanted:04o}"
        for key in "SigIgn", "SigBlk":
            if int(f[key], 16):
                yield f"{key} is {f[key]}"

    def groups(self, f):
        """The kernel says them as they are here. Without the right to setgroups they stay the caller's."""
        user = self.process.get("user", {})
        allowed = {outside(f["gid_map"], n) for n in user.get("additionalGids", [])}
        extra = sorted({int(n) for n in f["Groups"].split()} - allowed)
        if extra:
            yield f"it is in the group {' '.join(map(str, extra))}"

    def surroundings(self, f):
        own = [e.partition("=")[0] for e in self.process.get("env", [])]
        for entry in f["environ"]:
            if entry not in self.process.get("env", []) and \
                    (entry.partition("=")[0] in own or not entry.startswith("HOME=")):
                yield f"its environment has {entry.partition('=')[0]}"
        limits = limits_of("self")
        for limit in self.process.get("rlimits", []):
            name = LIMITS[limit["type"].removeprefix("RLIMIT_").lower()]
            limits[name] = ["unlimited" if v == 2**64 - 1 else str(v) for v in (limit["soft"], limit["hard"])]
        for name, value in limits.items():
            if f["limits"][name] != value:
                yield f"{name} is {f['limits'][name]}, not {value}"

    def always(self, f):
        """What holds from create on."""
        if not f["session"]:
            yield "it leads no session of its own"
        if f["terminal"] and not self.process.get("terminal"):
            yield f"it has the terminal {os.major(f['terminal'])}:{os.minor(f['terminal'])}"
        wanted = self.process.get("oomScoreAdj", int(read("/proc/self/oom_score_adj")))
        if f["oom_score_adj"] != wanted:
            yield f"oom_score_adj is {f['oom_score_adj']}, not {wanted}"
        for name in f["host_ns"]:
            if NAMESPACES[name] in self.own:
                yield f"its {name} namespace is the host's"
        for n in self.linux.get("namespaces", []):
            name = next(k for k, v in NAMESPACES.items() if v == n["type"])
            if n.get("path") and os.path.exists(n["path"]) and os.readlink(n["path"]) != f["ns"][name]:
                yield f"its {name} namespace is not the one that config.json names"

    def descriptors(self, f, is_waiting):
        ours = sockets_of_ours()
        for fd, (leads, closes) in sorted(f["fds"].items()):
            if fd < 3:
                continue
            if is_waiting and not closes:
                yield f"descriptor {fd}, {leads}, outlives execve"
            name = re.match(r"socket:\[(\d+)\]", leads)
            if name and not is_waiting:
                yield f"descriptor {fd} is a socket{' of the host' if name[1] in ours else ''}"

    def may_write(self, path, cgroup):
        """By the last mount of config.json above it, and the covers. Where cgroups of the host's are in
        sight, it is the container's own that "rw" is for."""
        covers = [*(self.linux.get("readonlyPaths") or []), *(self.linux.get("maskedPaths") or [])]
        if any(path == c or path.startswith(c.rstrip("/") + "/") for c in covers):
            return False
        for mount in reversed(self.config.get("mounts", [])):
            place = mount["destination"].rstrip("/")
            if path == place or path.startswith(place + "/"):
                words = [o for o in mount.get("options", []) if o in ("ro", "rw", "rro")]
                is_host = mount.get("type") == "cgroup" and "cgroup" not in self.own
                return (not words or words[-1] == "rw") and (not is_host or cgroup in path)
        return False

    def may_open(self, path, major, minor):
        if (major, minor) in HARMLESS or 136 <= major < 144 or path == "/dev/console":
            return True
        if any(d["path"] == path for d in self.linux.get("devices", [])):
            return True
        if any(m["destination"] == path for m in self.config.get("mounts", [])):
            return True
        allowed = False
        for rule in self.linux.get("resources", {}).get("devices", []):
            if rule.get("major", major) in (major, -1) and rule.get("minor", minor) in (minor, -1):
                allowed = rule["allow"]
        return allowed

    def tried(self, found, cgroup, keyring):
        if "error" in found:
            yield f"not tried: {found['error']}"
            return
        if keyring and found["keyrings"] is not None and not any(k == f"_ses.{keyring}" or k.startswith(f"_ses.{keyring}.") for k in found["keyrings"]):
            yield "there is no session keyring of its own"
        bad = [p for p in found["writable"] if not self.may_write(p, cgroup)]
        for path in bad[:3]:
            yield f"{path} can be written to"
        if bad[3:]:
            yield f"{len(bad) - 3} more files of the kernel's can be written to"
        for path, major, minor in found["devices"]:
            if not self.may_open(path, major, minor):
                yield f"{path} ({major}:{minor}) opens"

    def too_much(self, f, is_waiting):
        yield from self.always(f)
        yield from self.descriptors(f, is_waiting)
        if is_waiting:
            # Whoever has its uid could look at a process of the host's otherwise. For root there is no telling.
            if f["uid"] != 0 and f["owner"] != 0:
                yield "it is dumpable before execve"
            return
        yield from self.capabilities(f)
        yield from self.privileges(f)
        yield from self.groups(f)
        yield from self.surroundings(f)
