#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Makes an engine's config.json fit for this machine.

    localise.py CONFIG BUNDLE TOKEN CGROUP2-ROOT

BUNDLE/config.json is then CONFIG with the root and the program replaced by busybox's, bind sources
and overlay layers by files and directories below BUNDLE/sources, namespace paths by namespaces of
a process started here (its pid is in BUNDLE/holder; the caller ends it), and the cgroup's path put
below TOKEN. The rest stays as the engine wrote it; what this machine cannot do is taken out, with
one line on stdout for each: "field: reason". BUNDLE/pids lists the processes that there were.
"""

import ctypes
import json
import os
import resource
import signal
import sys

CAPABILITIES = """CHOWN DAC_OVERRIDE DAC_READ_SEARCH FOWNER FSETID KILL SETGID SETUID SETPCAP
LINUX_IMMUTABLE NET_BIND_SERVICE NET_BROADCAST NET_ADMIN NET_RAW IPC_LOCK IPC_OWNER SYS_MODULE
SYS_RAWIO SYS_CHROOT SYS_PTRACE SYS_PACCT SYS_ADMIN SYS_BOOT SYS_NICE SYS_RESOURCE SYS_TIME
SYS_TTY_CONFIG MKNOD LEASE AUDIT_WRITE AUDIT_CONTROL SETFCAP MAC_OVERRIDE MAC_ADMIN SYSLOG
WAKE_ALARM BLOCK_SUSPEND AUDIT_READ PERFMON BPF CHECKPOINT_RESTORE""".split()

# type in config.json: name below /proc/PID/ns, flag of unshare(2)
NAMESPACES = {
    "mount": ("mnt", 0x00020000),
    "cgroup": ("cgroup", 0x02000000),
    "uts": ("uts", 0x04000000),
    "ipc": ("ipc", 0x08000000),
    "user": ("user", 0x10000000),
    "pid": ("pid", 0x20000000),
    "network": ("net", 0x40000000),
    "time": ("time", 0x00000080),
}

# member of linux.resources: the controller, unless it depends on the member's members
CONTROLLERS = {"memory": "memory", "pids": "pids", "blockIO": "io", "hugepageLimits": "hugetlb",
               "rdma": "rdma"}
CPUSET = ("cpus", "mems")
DIRECTORIES = ("shm", "mnt")  # last component of the sources that are directories
CAP_SYS_RESOURCE = 24
OOM_SCORE = 500  # not what a process has by itself

libc = ctypes.CDLL(None, use_errno=True)


def say(field, reason):
    print(f"{field}: {reason}")


def own_status(name):
    with open("/proc/self/status") as f:
        for line in f:
            key, _, value = line.partition(":")
            if key == name:
                return value.strip()
    return ""


def has_capability(number):
    return int(own_status("CapEff"), 16) >> number & 1


def map_id(config, kind, inside):
    """The host's id of one inside; kind is uid or gid."""
    maps = config["linux"].get(kind + "Mappings")
    if not maps:
        return inside
    for m in maps:
        if m["containerID"] <= inside < m["containerID"] + m["size"]:
            return inside - m["containerID"] + m["hostID"]
    raise SystemExit(f"{kind} {inside} is not mapped")


# --- namespaces -----------------------------------------------------------------------------------

def unshare(flags):
    if libc.unshare(flags) != 0:
        code = ctypes.get_errno()
        os.write(2, f"unshare {flags:#x}: {os.strerror(code)}\n".encode())
        os._exit(1)


def write_map(pid, kind, maps):
    with open(f"/proc/{pid}/{kind}_map", "w") as f:
        f.write("".join(f"{m['containerID']} {m['hostID']} {m['size']}\n" for m in maps))


def hold(types, ready, mapped, report):
    """The child: ends with the process that stands in the namespaces."""
    os.setsid()
    if "user" in types:
        unshare(NAMESPACES["user"][1])
        os.write(ready, b"x")
        os.read(mapped, 1)
        os.setresgid(0, 0, 0)
        os.setresuid(0, 0, 0)
    flags = 0
    for kind in types:
        if kind != "user":
            flags |= NAMESPACES[kind][1]
    unshare(flags)
    pid = os.fork() if "pid" in types else os.getpid()
    if pid == 0 or "pid" not in types:
        if pid:
            os.write(report, str(pid).encode())
        null = os.open("/dev/null", os.O_RDWR)
        for fd in range(3):
            os.dup2(null, fd)
        os.closerange(3, 1024)
        while True:
            signal.pause()
    os.write(report, str(pid).encode())
    os._exit(0)


def start_holder(config, types):
    ready_r, ready = os.pipe()
    mapped, mapped_w = os.pipe()
    report_r, report = os.pipe()
    sys.stdout.flush()
    child = os.fork()
    if child == 0:
        os.close(ready_r)
        os.close(mapped_w)
        os.close(report_r)
        hold(types, ready, mapped, report)
    os.close(report)
    if "user" in types:
        os.read(ready_r, 1)
        write_map(child, "uid", config["linux"]["uidMappings"])
        write_map(child, "gid", config["linux"]["gidMappings"])
        os.write(mapped_w, b"x")
    pid = os.read(report_r, 32)
    if not pid:
        raise SystemExit("the namespaces to join could not be made")
    return int(pid)


def localise_namespaces(config, bundle):
    joined = [n for n in config["linux"]["namespaces"] if n.get("path")]
    if not joined:
        return
    pid = start_holder(config, [n["type"] for n in joined])
    for n in joined:
        n["path"] = f"/proc/{pid}/ns/{NAMESPACES[n['type']][0]}"
    with open(f"{bundle}/holder", "w") as f:
        f.write(f"{pid}\n")


# --- files ----------------------------------------------------------------------------------------

def make_source(path, is_dir, uid, gid):
    if is_dir:
        os.makedirs(path, 0o755)
    else:
        with open(path, "w") as f:
            f.write(f"made for {os.path.basename(path)}\n")
    os.chown(path, uid, gid)


def localise_overlay(mount, sources, root):
    options = []
    for option in mount["options"]:
        name, _, value = option.partition("=")
        if name in ("lowerdir", "upperdir", "workdir"):
            layers = []
            for i, _ in enumerate(value.split(":")):
                layers.append(f"{sources}/{name}{i}")
                make_source(layers[-1], True, *root)
                make_source(f"{layers[-1]}/{name}{i}", False, *root)
            option = f"{name}={':'.join(layers)}"
        options.append(option)
    mount["options"] = options


def localise_mounts(config, bundle):
    sources = f"{bundle}/sources"
    root = map_id(config, "uid", 0), map_id(config, "gid", 0)
    os.mkdir(sources)
    for i, mount in enumerate(config["mounts"]):
        if mount.get("type") == "overlay":
            localise_overlay(mount, sources, root)
        if mount.get("type") != "bind":
            continue
        name = os.path.basename(mount["source"])
        path = f"{sources}/{i}-{name}"
        # an id-mapped mount shows the host's root as the container's
        owner = (0, 0) if mount.get("uidMappings") else root
        make_source(path, name in DIRECTORIES, *owner)
        mount["source"] = path


def localise_root(config, bundle):
    root = map_id(config, "uid", 0), map_id(config, "gid", 0)
    config["root"]["path"] = "rootfs"
    if root == (0, 0):
        return
    for folder, dirs, files in os.walk(f"{bundle}/rootfs"):
        for name in [".", *dirs, *files]:
            os.lchown(f"{folder}/{name}", *root)


# --- the rest -------------------------------------------------------------------------------------

def localise_program(config, token):
    process = config["process"]
    absolute = process["args"][0].startswith("/")
    process["args"] = ["/bin/sleep" if absolute else "sleep", "1000"]
    process.setdefault("env", []).append(f"DAVIT_TEST={token}")


def localise_limits(config, token, cgroup2):
    with open(f"{cgroup2}/cgroup.controllers") as f:
        present = f.read().split()
    path = config["linux"].get("cgroupsPath")
    if path:
        config["linux"]["cgroupsPath"] = f"/{token}{path}" if path[0] == "/" else f"{token}/{path}"
    resources = config["linux"].get("resources", {})
    for member in list(resources.get("cpu", {})):
        controller = "cpuset" if member in CPUSET else "cpu"
        if controller not in present:
            say(f"cpu.{member} {resources['cpu'].pop(member)}", f"no {controller} controller")
    for name, controller in CONTROLLERS.items():
        if resources.get(name) and controller not in present:
            say(f"{name} {json.dumps(resources.pop(name))}", f"no {controller} controller")


def localise_rlimits(process):
    for limit in process.get("rlimits", []):
        own = resource.getrlimit(getattr(resource, limit["type"]))[1]
        if own != resource.RLIM_INFINITY and limit["hard"] > own:
            say(f"{limit['type']} {limit['hard']}", f"above ours, {own}, without CAP_SYS_RESOURCE")
            limit["hard"] = own
            limit["soft"] = min(limit["soft"], own)


def localise_privileges(config):
    process = config["process"]
    bounding = int(own_status("CapBnd"), 16)
    for kind, names in process.get("capabilities", {}).items():
        for name in list(names):
            if not bounding >> CAPABILITIES.index(name.removeprefix("CAP_")) & 1:
                say(f"{kind} {name}", "not in our own bounding set")
                names.remove(name)
    if has_capability(CAP_SYS_RESOURCE):
        return
    localise_rlimits(process)
    with open("/proc/self/oom_score_adj") as f:
        own = int(f.read())
    if process.get("oomScoreAdj", own) < own:
        say(f"oomScoreAdj {process['oomScoreAdj']}",
            f"below ours, {own}, without CAP_SYS_RESOURCE; {OOM_SCORE} instead")
        process["oomScoreAdj"] = OOM_SCORE


def main():
    source, bundle, token, cgroup2 = sys.argv[1:]
    with open(source) as f:
        config = json.load(f)
    with open(f"{bundle}/pids", "w") as f:
        f.write("\n".join(filter(str.isdigit, os.listdir("/proc"))))
    localise_root(config, bundle)
    localise_program(config, token)
    localise_mounts(config, bundle)
    localise_limits(config, token, cgroup2)
    localise_privileges(config)
    localise_namespaces(config, bundle)
    with open(f"{bundle}/config.json", "w") as f:
        json.dump(config, f, indent="\t")


if __name__ == "__main__":
    main()
