#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Compares a container with its config.json, from outside.

    compare.py waiting BUNDLE PID DAVIT            created, not started
    compare.py running BUNDLE PID CGROUP2-ROOT ID  its program (localise.py's sleep) is running
    compare.py gone BUNDLE PID                     deleted: its namespaces (BUNDLE/namespaces, which
                                                   "running" writes) are nobody's

Looks at /proc/PID alone, at the cgroup, and for the device filter, sysctls and the host name with a
child of its own inside the cgroup or the namespaces; nothing that the runtime says is believed.
One line on stdout for each difference; exit 1 when there is any.
"""

import json
import os
import stat
import sys
from collections import namedtuple

# Compiled once a run of bats, and never into the sources.
sys.pycache_prefix = os.environ.get("BATS_RUN_TMPDIR", "")
sys.dont_write_bytecode = not sys.pycache_prefix
from localise import CAPABILITIES, NAMESPACES, libc, map_id, own_status  # noqa: E402

DEFAULT_DEVICES = {"/dev/null": (1, 3), "/dev/zero": (1, 5), "/dev/full": (1, 7),
                   "/dev/random": (1, 8), "/dev/urandom": (1, 9), "/dev/tty": (5, 0)}
LINKS = {"fd": "/proc/self/fd", "stdin": "/proc/self/fd/0", "stdout": "/proc/self/fd/1",
         "stderr": "/proc/self/fd/2", "ptmx": "pts/ptmx"}
# What every container may open, whatever its rules say.
ALWAYS_OPEN = [(1, 3), (1, 5), (1, 7), (1, 8), (1, 9), (5, 0), (5, 2)]
# Devices of the host that are tried, when they exist; opening them does nothing.
TRIED = ["/dev/null", "/dev/zero", "/dev/full", "/dev/random", "/dev/urandom", "/dev/tty",
         "/dev/ptmx", "/dev/kmsg", "/dev/fuse", "/dev/net/tun", "/dev/loop-control"]
HOST_CGROUPS = "/sys/fs/cgroup"
FLAGS = {"nosuid": os.ST_NOSUID, "nodev": os.ST_NODEV, "noexec": os.ST_NOEXEC, "ro": os.ST_RDONLY}
LIMITS = {"RLIMIT_NOFILE": "Max open files", "RLIMIT_NPROC": "Max processes"}

Mount = namedtuple("Mount", "id root point options propagation type super")


class Container:
    def __init__(self, bundle, pid):
        with open(f"{bundle}/config.json") as f:
            self.config = json.load(f)
        self.bundle = bundle
        self.proc = f"/proc/{pid}"
        self.pid = pid
        self.linux = self.config["linux"]
        self.process = self.config["process"]
        self.has_user_ns = any(n["type"] == "user" for n in self.linux["namespaces"])
        self.differences = []

    def differs(self, text):
        self.differences.append(text)

    def same(self, what, found, wanted):
        if found != wanted:
            self.differs(f"{what} is {found!r}, wanted {wanted!r}")

    def read(self, name):
        with open(f"{self.proc}/{name}") as f:
            return f.read()

    def status(self, name):
        for line in self.read("status").splitlines():
            if line.startswith(name + ":"):
                return line.partition(":")[2].split()
        return None

    def inside(self, path):
        return f"{self.proc}/root{path}"


def mounts_of(pid):
    mounts = []
    with open(f"/proc/{pid}/mountinfo") as f:
        for line in f:
            left, _, right = line.partition(" - ")
            words, tail = left.split(), right.split()
            mounts.append(Mount(int(words[0]), words[3], words[4], words[5].split(","),
                                " ".join(words[6:]), tail[0], tail[2].split(",")))
    return mounts


def file_identity(path):
    st = os.stat(path)
    return st.st_dev, st.st_ino


# --- the process ----------------------------------------------------------------------------------

def check_namespaces(c):
    listed = {n["type"]: n for n in c.linux["namespaces"]}
    new = []
    for kind, (name, _) in NAMESPACES.items():
        found, ours = os.readlink(f"{c.proc}/ns/{name}"), os.readlink(f"/proc/self/ns/{name}")
        if kind not in listed:
            c.same(f"namespace {kind}, not listed,", found, ours)
        elif "path" in listed[kind]:
            c.same(f"namespace {kind}, joined,", found, os.readlink(listed[kind]["path"]))
        elif found == ours:
            c.differs(f"namespace {kind} is not a new one")
        else:
            new.append(found)
    with open(f"{c.bundle}/namespaces", "w") as f:
        f.write("".join(name + "\n" for name in new))
    if "user" in listed:
        for kind in ("uid", "gid"):
            wanted = [[m["containerID"], m["hostID"], m["size"]]
                      for m in c.linux[kind + "Mappings"]]
            found = [[int(n) for n in line.split()]
                     for line in c.read(kind + "_map").splitlines()]
            c.same(f"{kind}_map", found, wanted)


def check_ids(c):
    user = c.process["user"]
    for key, kind in (("Uid", "uid"), ("Gid", "gid")):
        c.same(key, c.status(key), [str(map_id(c.config, kind, user[kind]))] * 4)
    groups = sorted(map_id(c.config, "gid", g) for g in user.get("additionalGids", []))
    c.same("Groups", sorted(int(g) for g in c.status("Groups")), groups)
    c.same("Umask", int(c.status("Umask")[0], 8), user.get("umask", int(own_status("Umask"), 8)))


def check_privileges(c):
    sets = c.process["capabilities"]
    for key, kind in (("CapBnd", "bounding"), ("CapPrm", "permitted"), ("CapEff", "effective"),
                      ("CapInh", "inheritable"), ("CapAmb", "ambient")):
        wanted = sum(1 << CAPABILITIES.index(n.removeprefix("CAP_")) for n in sets.get(kind, []))
        c.same(key, f"{int(c.status(key)[0], 16):x}", f"{wanted:x}")
    no_new = c.process.get("noNewPrivileges", False)
    c.same("NoNewPrivs", c.status("NoNewPrivs"), [str(int(no_new))])
    filtered = c.linux.get("seccomp") is not None
    c.same("Seccomp", c.status("Seccomp"), ["2" if filtered else "0"])
    c.same("Seccomp_filters", c.status("Seccomp_filters"), ["1" if filtered else "0"])


def limits_of(text):
    return {line[:26].strip(): line[26:].split()[:2] for line in text.splitlines()[1:]}


def check_limits(c):
    with open("/proc/self/limits") as f:
        wanted = limits_of(f.read())
    for limit in c.process.get("rlimits", []):
        wanted[LIMITS[limit["type"]]] = [str(limit["soft"]), str(limit["hard"])]
    found = limits_of(c.read("limits"))
    for name, value in wanted.items():
        c.same(name, found[name], value)
    with open("/proc/self/oom_score_adj") as f:
        own = int(f.read())
    c.same("oom_score_adj", int(c.read("oom_score_adj")), c.process.get("oomScoreAdj", own))


def check_program(c):
    c.same("cmdline", c.read("cmdline").split("\0")[:-1], c.process["args"])
    env = c.read("environ").split("\0")[:-1]
    if not any(e.startswith("HOME=") for e in c.process["env"]):
        env = [e for e in env if not e.startswith("HOME=")]
    c.same("environ", env, c.process["env"])
    c.same("the program", file_identity(f"{c.proc}/exe"),
           file_identity(f"{c.bundle}/rootfs/bin/busybox"))
    c.same("cwd", file_identity(f"{c.proc}/cwd"), file_identity(c.inside(c.process["cwd"])))
    c.same("fds", sorted(os.listdir(f"{c.proc}/fd"), key=int), ["0", "1", "2"])
    sid, tty = c.read("stat").rpartition(")")[2].split()[3:5]
    c.same("session", sid, str(c.pid))
    if not c.process.get("terminal"):
        c.same("controlling terminal", tty, "0")
        return
    c.same("controlling terminal", int(tty), os.makedev(136, 0))
    for fd in range(3):
        c.same(f"fd {fd}", os.stat(f"{c.proc}/fd/{fd}").st_rdev, os.makedev(136, 0))


# --- the root file system -------------------------------------------------------------------------

def flags_of(mount):
    return {f for f in FLAGS if f in mount.options}


def wanted_flags(entry):
    flags = set()
    if entry["type"] == "bind":
        own = os.statvfs(entry["source"]).f_flag
        flags = {f for f, bit in FLAGS.items() if own & bit}
    if entry["type"] == "overlay" and not any(o.startswith("upperdir=") for o in entry["options"]):
        flags = {"ro"}
    for word in entry.get("options", []):
        if word in FLAGS:
            flags.add(word)
        elif word in ("rw", "suid", "dev", "exec"):
            flags.discard("ro" if word == "rw" else "no" + word)
    return flags


def parse_size(text):
    return int(text[:-1]) * 1024 if text.endswith("k") else int(text)


def check_data(c, entry, mount, path):
    for option in entry.get("options", []):
        name, _, value = option.partition("=")
        what = f"{name} of {mount.point}"
        if name == "size":
            fs = os.statvfs(path)
            c.same(what, fs.f_blocks * fs.f_frsize, parse_size(value))
        elif name == "mode" and mount.type == "tmpfs":
            c.same(what, stat.S_IMODE(os.stat(path).st_mode), int(value, 8))
        elif name == "mode":
            c.same(what, f"mode={value.lstrip('0')}" in mount.super, True)
        elif name == "gid":
            c.same(what, f"gid={map_id(c.config, 'gid', int(value))}" in mount.super, True)
        elif name == "ptmxmode":
            c.same(what, stat.S_IMODE(os.stat(f"{path}/ptmx").st_mode), int(value, 8))
        elif name == "newinstance":
            c.same(f"{mount.point} is the host's",
                   os.stat(path).st_dev == os.stat("/dev/pts").st_dev, False)
        elif name == "lowerdir":
            c.same(what, sorted(os.listdir(path)),
                   sorted(f for layer in value.split(":") for f in os.listdir(layer)))
        elif name == "strictatime":
            c.same(what, "relatime" in mount.options or "noatime" in mount.options, False)


def check_propagation(c, entry, mount):
    words = set(entry.get("options", []))
    if words & {"shared", "rshared"}:
        c.same(f"{mount.point} is shared", "shared:" in mount.propagation, True)
    elif not words & {"slave", "rslave", "unbindable", "runbindable"}:
        c.same(f"propagation of {mount.point}", mount.propagation, "")


def check_bind(c, entry, path):
    point = entry["destination"]
    c.same(f"source of {point}", file_identity(path), file_identity(entry["source"]))
    if entry.get("uidMappings"):
        c.same(f"owner of {point}", os.stat(path).st_uid,
               entry["uidMappings"][0]["hostID"] + os.stat(entry["source"]).st_uid)


def is_of_host(c, entry):
    """Without a cgroup namespace a mount of type cgroup shows all that the host has."""
    return entry["type"] == "cgroup" and not any(n["type"] == "cgroup" for n in c.linux["namespaces"])


def has_own_cgroup(c, entry, root):
    """"rw" is for the container's own cgroup alone, where the host's cannot be given away."""
    return (is_of_host(c, entry) and "rw" in entry["options"]
            and (c.has_user_ns or root != HOST_CGROUPS))


def host_points(c, root, cgroup):
    """What is mounted below such a mount."""
    for entry in c.config["mounts"]:
        if is_of_host(c, entry):
            for mount in mounts_of("self"):
                if mount.point.startswith(f"{HOST_CGROUPS}/"):
                    yield entry["destination"] + mount.point[len(HOST_CGROUPS):]
        if has_own_cgroup(c, entry, root):
            yield entry["destination"] + (root + cgroup)[len(HOST_CGROUPS):]


def check_host_cgroups(c, entry, mount, root):
    wanted = wanted_flags(entry)
    if "rw" not in entry["options"] or has_own_cgroup(c, entry, root):
        wanted.add("ro")
    c.same(f"flags of {mount.point}", sorted(flags_of(mount)), sorted(wanted))
    c.same(f"{mount.point} is the host's", file_identity(c.inside(entry["destination"])),
           file_identity(HOST_CGROUPS))


def check_mount(c, entry, mount, root, cgroup):
    if is_of_host(c, entry):
        check_host_cgroups(c, entry, mount, root)
        return
    path = c.inside(entry["destination"])
    wanted = wanted_flags(entry)
    found = flags_of(mount) | {f for f in ("ro",) if f in mount.super}
    c.same(f"flags of {mount.point}", sorted(found), sorted(wanted))
    check_propagation(c, entry, mount)
    if entry["type"] == "bind":
        check_bind(c, entry, path)
        return
    wanted_type = "cgroup2" if entry["type"] == "cgroup" else entry["type"]
    c.same(f"type of {mount.point}", mount.type, wanted_type)
    if wanted_type == "cgroup2":
        c.same(f"cgroup on {mount.point}", mount.root, cgroup)
    check_data(c, entry, mount, path)


def console_points(c):
    return ["/dev/console"] if c.process.get("terminal") else []


def covered_points(c):
    """Masked and read-only paths that exist: this kernel's, so also here."""
    lists = c.linux.get("maskedPaths", []), c.linux.get("readonlyPaths", [])
    return [[p for p in dict.fromkeys(paths) if os.path.lexists(c.inside(p))] for paths in lists]


def check_mounts(c, root, cgroup):
    mounts = mounts_of(c.pid)
    points = [m.point for m in mounts]
    top = {m.point: m for m in mounts}
    wanted = ["/", *(m["destination"] for m in c.config["mounts"]), *console_points(c)]
    masked, readonly = covered_points(c)
    wanted += masked + readonly + list(host_points(c, root, cgroup))
    if c.has_user_ns:  # mknod is not allowed there
        wanted += [*DEFAULT_DEVICES, *(d["path"] for d in c.linux.get("devices", []))]
    c.same("mount points not in config.json", sorted(set(points) - set(wanted)), [])
    c.same("mount points that are missing", sorted(set(wanted) - set(points)), [])
    c.same("points mounted twice", sorted({p for p in points if points.count(p) > 1}), [])
    for entry in c.config["mounts"]:
        if entry["destination"] in top:
            check_mount(c, entry, top[entry["destination"]], root, cgroup)
    check_root(c, top["/"])
    for path in masked:
        check_masked(c, path, top)
    for path in readonly:
        if path in top:
            c.same(f"{path} is read-only", "ro" in top[path].options, True)


def check_root(c, mount):
    c.same("root", file_identity(f"{c.proc}/root"), file_identity(f"{c.bundle}/rootfs"))
    c.same("root is read-only", "ro" in mount.options, c.config["root"].get("readonly", False))
    shared = c.linux.get("rootfsPropagation") in ("shared", "rshared")
    c.same("root is shared", "shared:" in mount.propagation, shared)


def check_masked(c, path, top):
    inside = c.inside(path)
    if stat.S_ISDIR(os.stat(inside).st_mode):
        c.same(f"masked {path}", os.listdir(inside), [])
        c.same(f"masked {path} is read-only", path in top and "ro" in top[path].options, True)
    else:
        c.same(f"masked {path}", os.stat(inside).st_rdev, os.makedev(1, 3))


def check_device_node(c, path, rdev, mode, owner):
    try:
        st = os.lstat(c.inside(path))
    except OSError as e:
        c.differs(f"device {path}: {e.strerror}")
        return
    c.same(f"device {path}", (stat.S_ISCHR(st.st_mode), st.st_rdev), (True, rdev))
    if not c.has_user_ns:
        c.same(f"mode of {path}", stat.S_IMODE(st.st_mode), mode)
        c.same(f"owner of {path}", (st.st_uid, st.st_gid), owner)


def check_devices(c):
    listed = {d["path"]: d for d in c.linux.get("devices", [])}
    for path, d in listed.items():
        check_device_node(c, path, os.makedev(d["major"], d["minor"]), d["fileMode"] & 0o7777,
                          (d["uid"], d["gid"]))
    for path, number in DEFAULT_DEVICES.items():
        if path not in listed:
            check_device_node(c, path, os.makedev(*number), 0o666, (0, 0))
    for name, text in LINKS.items():
        c.same(f"link /dev/{name}", os.readlink(c.inside(f"/dev/{name}")), text)
    if c.process.get("terminal"):
        c.same("/dev/console", os.stat(c.inside("/dev/console")).st_rdev, os.makedev(136, 0))


# --- cgroup, sysctls, host name: seen by a child --------------------------------------------------

def in_child(function, *args):
    """What the function returns when it runs in a child, by JSON."""
    read, write = os.pipe()
    sys.stdout.flush()
    pid = os.fork()
    if pid == 0:
        try:
            result = {"value": function(*args)}
        except OSError as e:
            result = {"error": str(e)}
        os.write(write, json.dumps(result).encode())
        os._exit(0)
    os.close(write)
    with os.fdopen(read) as f:
        result = json.load(f)
    os.waitpid(pid, 0)
    if "error" in result:
        raise SystemExit(f"{function.__name__}: {result['error']}")
    return result["value"]


def enter(c, *kinds):
    fds = [os.open(f"{c.proc}/ns/{NAMESPACES[k][0]}", os.O_RDONLY) for k in kinds
           if os.readlink(f"{c.proc}/ns/{NAMESPACES[k][0]}")
           != os.readlink(f"/proc/self/ns/{NAMESPACES[k][0]}")]
    for fd in fds:
        if libc.setns(fd, 0) != 0:
            raise OSError("setns")


def look_inside(c):
    enter(c, "user", "network", "uts", "ipc")
    values = {}
    for name in c.linux.get("sysctl", {}):
        with open("/proc/sys/" + name.replace(".", "/")) as f:
            values[name] = f.read().split()
    return {"sysctl": values, "hostname": os.uname().nodename}


def check_kernel_values(c):
    seen = in_child(look_inside, c)
    for name, value in c.linux.get("sysctl", {}).items():
        c.same(f"sysctl {name}", seen["sysctl"][name], value.split())
    if "hostname" in c.config:
        c.same("host name", seen["hostname"], c.config["hostname"])


def is_allowed(rules, rdev, access):
    """In the listed order, the last that matches decides; some are always allowed."""
    number = os.major(rdev), os.minor(rdev)
    if number in ALWAYS_OPEN or number[0] == 136:
        return True
    allowed = False
    for rule in rules:
        if rule.get("type", "a") not in ("a", "c") or access not in rule.get("access", "rwm"):
            continue
        if rule.get("major", -1) in (-1, number[0]) and rule.get("minor", -1) in (-1, number[1]):
            allowed = rule["allow"]
    return allowed


def try_devices(cgroup, paths):
    """Only EPERM is the filter's; a device that is busy or not there was allowed."""
    if cgroup:
        with open(f"{cgroup}/cgroup.procs", "w") as f:
            f.write("0")
    seen = {}
    for path in paths:
        for access, flag in (("r", os.O_RDONLY), ("w", os.O_WRONLY)):
            try:
                os.close(os.open(path, flag | os.O_NONBLOCK | os.O_NOCTTY))
                seen[f"{path} {access}"] = True
            except PermissionError:
                seen[f"{path} {access}"] = False
            except OSError:
                seen[f"{path} {access}"] = True
    return seen


def check_device_filter(c, folder):
    paths = [p for p in TRIED if os.path.exists(p)]
    rules = c.linux.get("resources", {}).get("devices", [])
    outside = in_child(try_devices, None, paths)
    for what, found in in_child(try_devices, folder, paths).items():
        path, access = what.split()
        if outside[what]:  # else the machine itself has no right to it
            wanted = is_allowed(rules, os.stat(path).st_rdev, access)
            c.same(f"device filter: {what}", found, wanted)


def expected_cgroup(c, container_id):
    path = c.linux.get("cgroupsPath", container_id)
    return path if path.startswith("/") else "/" + path


def check_cgroup(c, root, cgroup):
    found = [line[3:] for line in c.read("cgroup").splitlines() if line.startswith("0::")]
    c.same("cgroup", found, [cgroup])
    with open(f"{root}{cgroup}/cgroup.procs") as f:
        c.same("processes in the cgroup", f.read().split(), [str(c.pid)])


# --- the phases -----------------------------------------------------------------------------------

def check_waiting(c, davit):
    """C7: what waits for start runs from a mount that nobody can reach or write to."""
    fd = os.open(f"{c.proc}/exe", os.O_PATH)
    with open(f"/proc/self/fdinfo/{fd}") as f:
        number = int([line.split()[1] for line in f if line.startswith("mnt_id")][0])
    c.same("the waiting program's mount is in a mount table",
           [who for who in ("self", c.pid) if number in [m.id for m in mounts_of(who)]], [])
    c.same("the waiting program is on a read-only mount",
           bool(os.fstatvfs(fd).f_flag & os.ST_RDONLY), True)
    c.same("the waiting program", file_identity(f"{c.proc}/exe"), file_identity(davit))
    try:
        os.close(os.open(f"{c.proc}/exe", os.O_WRONLY))
        c.differs("the waiting program can be opened for writing")
    except OSError:
        pass  # while it runs it is busy, afterwards read-only: either refuses


def check_running(c, root, container_id):
    cgroup = expected_cgroup(c, container_id)
    check_namespaces(c)
    check_ids(c)
    check_privileges(c)
    check_limits(c)
    check_program(c)
    check_cgroup(c, root, cgroup)
    check_mounts(c, root, cgroup)
    check_devices(c)
    check_kernel_values(c)
    check_device_filter(c, root + cgroup)


def links_of(pid):
    for folder in (f"/proc/{pid}/ns", f"/proc/{pid}/fd"):
        for name in os.listdir(folder):
            yield f"{folder}/{name}", os.readlink(f"{folder}/{name}")


def is_ours(pid, token):
    with open(f"/proc/{pid}/environ", "rb") as f:
        return token in f.read().split(b"\0")


def is_zombie(pid):
    with open(f"/proc/{pid}/stat") as f:
        return f.read().rpartition(")")[2].split()[0] == "Z"


def check_gone(c):
    """Who could have one from the runtime: processes of this test, and those older than it. Not
    others, since the kernel uses the numbers again at once; nor zombies that nobody has reaped."""
    with open(f"{c.bundle}/namespaces") as f:
        names = set(f.read().split())
    with open(f"{c.bundle}/pids") as f:
        older = set(f.read().split())
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            if (pid in older or is_ours(pid, c.process["env"][-1].encode())) and not is_zombie(pid):
                for path, text in links_of(pid):
                    if text in names:
                        c.differs(f"{text} is held by {path}")
        except OSError:
            continue  # it has ended meanwhile, or is above our rights
    c.same("namespaces that are mounted",
           [m.root for m in mounts_of("self") if m.root in names], [])


def main():
    phase, bundle, pid, *rest = sys.argv[1:]
    c = Container(bundle, pid)
    {"waiting": check_waiting, "running": check_running, "gone": check_gone}[phase](c, *rest)
    for line in c.differences:
        print(line)
    return 1 if c.differences else 0


sys.exit(main())
