#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Every limit of linux.resources, set by config.json and changed by update, as the kernel's files have it.

Each row is done with davit, crun and runc. davit's values must be those that stand here; where a peer's
are others, limits-differences.txt beside this file must give the reason. TAP.
limits.py [ROW...]
"""
import concurrent.futures
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import time

PEERS = ("crun", "runc")
RUNTIMES = {"davit": ["davit"], "crun": ["crun", "--cgroup-manager=cgroupfs"], "runc": ["runc"]}
MIB = 1 << 20
CGROUPS = pathlib.Path("/sys/fs/cgroup")
WORK = pathlib.Path("/run/limits")
LIMIT = 300  # seconds for a call: the guest is emulated, perhaps on a busy machine
DISK = "%d:%d" % (os.major(os.stat("/dev/vda").st_rdev), os.minor(os.stat("/dev/vda").st_rdev))
MAJOR, MINOR = (int(n) for n in DISK.split(":"))
REFUSED = "refused"
# What is as in a new cgroup is left out of the answers.
FILES = {
    "memory.max": "max", "memory.high": "max", "memory.low": "0", "memory.min": "0", "memory.swap.max": "max",
    "memory.oom.group": "0", "cpu.max": "max 100000", "cpu.max.burst": "0", "cpu.weight": "100", "cpu.idle": "0",
    "cpuset.cpus": "", "cpuset.mems": "", "cpuset.cpus.partition": "member", "pids.max": "max", "io.max": "",
    "io.weight": "default 100", "io.bfq.weight": "default 100", "hugetlb.2MB.max": "max", "hugetlb.2MB.rsvd.max": "max",
}


def rate(value):
    return [{"major": MAJOR, "minor": MINOR, "rate": value}]


def io_max(**values):
    return DISK + "".join(" %s=%s" % (key, values.get(key, "max")) for key in ("rbps", "wbps", "riops", "wiops"))


# What config.json says, what the files have then; what update says, what the files have then.
ROWS = {
    "nothing": ({}, {}, {}, {}),
    "memory.limit": (
        {"memory": {"limit": 64 * MIB}}, {"memory.max": 64 * MIB},
        {"memory": {"limit": 32 * MIB}}, {"memory.max": 32 * MIB}),
    "memory.limit raised": (
        {"memory": {"limit": 32 * MIB}}, {"memory.max": 32 * MIB},
        {"memory": {"limit": 1 << 40}}, {"memory.max": 1 << 40}),
    "memory.limit taken back": (
        {"memory": {"limit": 64 * MIB}}, {"memory.max": 64 * MIB}, {"memory": {"limit": -1}}, {}),
    "memory.swap": (
        {"memory": {"limit": 64 * MIB, "swap": 96 * MIB}}, {"memory.max": 64 * MIB, "memory.swap.max": 32 * MIB},
        {"memory": {"limit": 32 * MIB, "swap": 48 * MIB}}, {"memory.max": 32 * MIB, "memory.swap.max": 16 * MIB}),
    "memory.swap none": (
        {"memory": {"limit": 64 * MIB, "swap": 64 * MIB}}, {"memory.max": 64 * MIB, "memory.swap.max": 0},
        {"memory": {"limit": 96 * MIB, "swap": 128 * MIB}}, {"memory.max": 96 * MIB, "memory.swap.max": 32 * MIB}),
    "memory.swap without end": (
        {"memory": {"limit": 64 * MIB, "swap": -1}}, {"memory.max": 64 * MIB},
        {"memory": {"limit": 64 * MIB, "swap": 65 * MIB}}, {"memory.max": 64 * MIB, "memory.swap.max": MIB}),
    "memory.swap 0": ({"memory": {"swap": 0}}, {}, {"memory": {"limit": 64 * MIB, "swap": 0}}, {"memory.max": 64 * MIB}),
    "memory.swap alone": ({"memory": {"swap": 64 * MIB}}, REFUSED, None, None),
    "memory.swap below the limit": ({"memory": {"limit": 64 * MIB, "swap": 32 * MIB}}, REFUSED, None, None),
    "memory.reservation": (
        {"memory": {"reservation": 16 * MIB}}, {"memory.low": 16 * MIB},
        {"memory": {"reservation": 8 * MIB}}, {"memory.low": 8 * MIB}),
    "memory.checkBeforeUpdate": (
        {"memory": {"limit": 64 * MIB, "checkBeforeUpdate": True}}, {"memory.max": 64 * MIB},
        {"memory": {"limit": 4096, "checkBeforeUpdate": True}}, REFUSED),
    "memory.swappiness": ({"memory": {"swappiness": 10}}, REFUSED, None, None),
    "memory.disableOOMKiller": ({"memory": {"limit": 64 * MIB, "disableOOMKiller": True}}, REFUSED, None, None),
    "memory.kernelTCP": ({"memory": {"kernelTCP": MIB}}, REFUSED, None, None),
    "cpu.shares": (
        {"cpu": {"shares": 512}}, {"cpu.weight": 59}, {"cpu": {"shares": 2048}}, {"cpu.weight": 174}),
    "cpu.shares least and most": (
        {"cpu": {"shares": 2}}, {"cpu.weight": 1}, {"cpu": {"shares": 262144}}, {"cpu.weight": 10000}),
    "cpu.shares usual": ({"cpu": {"shares": 1024}}, {}, {"cpu": {"shares": 3}}, {"cpu.weight": 2}),
    "cpu.quota, cpu.period": (
        {"cpu": {"quota": 50000, "period": 200000}}, {"cpu.max": "50000 200000"},
        {"cpu": {"quota": 20000, "period": 50000}}, {"cpu.max": "20000 50000"}),
    "cpu.quota alone": (
        {"cpu": {"quota": 50000}}, {"cpu.max": "50000 100000"}, {"cpu": {"quota": -1}}, {}),
    "cpu.period alone": (
        {"cpu": {"period": 50000}}, {"cpu.max": "max 50000"},
        {"cpu": {"quota": 10000}}, {"cpu.max": "10000 50000"}),
    "cpu.burst": (
        {"cpu": {"quota": 50000, "period": 100000, "burst": 20000}},
        {"cpu.max": "50000 100000", "cpu.max.burst": 20000},
        {"cpu": {"quota": 10000, "period": 100000, "burst": 5000}},
        {"cpu.max": "10000 100000", "cpu.max.burst": 5000}),
    "cpu.idle": ({"cpu": {"idle": 1}}, {"cpu.idle": 1, "cpu.weight": 1}, {"cpu": {"idle": 0}}, {}),
    "cpu.cpus, cpu.mems": (
        {"cpu": {"cpus": "0", "mems": "0"}}, {"cpuset.cpus": "0", "cpuset.mems": "0"},
        {"cpu": {"cpus": "0-1"}}, {"cpuset.cpus": "0-1", "cpuset.mems": "0"}),
    "cpu.cpus not there": ({"cpu": {"cpus": "77"}}, REFUSED, None, None),
    "cpu.realtimeRuntime": ({"cpu": {"realtimeRuntime": 1000, "realtimePeriod": 10000}}, REFUSED, None, None),
    "pids.limit": ({"pids": {"limit": 20}}, {"pids.max": 20}, {"pids": {"limit": 40}}, {"pids.max": 40}),
    "pids.limit none": ({"pids": {"limit": -1}}, {}, {"pids": {"limit": 5}}, {"pids.max": 5}),
    "pids.limit 0": ({"pids": {"limit": 0}}, {"pids.max": 1}, {"pids": {"limit": -1}}, {}),
    "blockIO.weight": (
        {"blockIO": {"weight": 500}}, {"io.weight": "default 4950"},
        {"blockIO": {"weight": 10}}, {"io.weight": "default 1"}),
    "blockIO.throttle*BpsDevice": (
        {"blockIO": {"throttleReadBpsDevice": rate(MIB), "throttleWriteBpsDevice": rate(2 * MIB)}},
        {"io.max": io_max(rbps=MIB, wbps=2 * MIB)},
        {"blockIO": {"throttleReadBpsDevice": rate(3 * MIB)}}, {"io.max": io_max(rbps=3 * MIB, wbps=2 * MIB)}),
    "blockIO.throttle*IOPSDevice": (
        {"blockIO": {"throttleReadIOPSDevice": rate(100), "throttleWriteIOPSDevice": rate(200)}},
        {"io.max": io_max(riops=100, wiops=200)},
        {"blockIO": {"throttleWriteIOPSDevice": rate(50)}}, {"io.max": io_max(riops=100, wiops=50)}),
    "blockIO.weightDevice without BFQ": (
        {"blockIO": {"weightDevice": [{"major": MAJOR, "minor": MINOR, "weight": 200}]}}, REFUSED, None, None),
    "blockIO.leafWeight": ({"blockIO": {"leafWeight": 500}}, REFUSED, None, None),
    "hugepageLimits": (
        {"hugepageLimits": [{"pageSize": "2MB", "limit": 4 * MIB}]},
        {"hugetlb.2MB.max": 4 * MIB, "hugetlb.2MB.rsvd.max": 4 * MIB},
        {"hugepageLimits": [{"pageSize": "2MB", "limit": 2 * MIB}]},
        {"hugetlb.2MB.max": 2 * MIB, "hugetlb.2MB.rsvd.max": 2 * MIB}),
    "hugepageLimits of no size": ({"hugepageLimits": [{"pageSize": "3MB", "limit": 0}]}, REFUSED, None, None),
    "rdma without a device": ({"rdma": {"mlx5_1": {"hcaHandles": 3}}}, REFUSED, None, None),
    "network.classID": ({"network": {"classID": 1048577}}, REFUSED, None, None),
    "network.priorities": ({"network": {"priorities": [{"name": "lo", "priority": 5}]}}, REFUSED, None, None),
    "unified": (
        {"unified": {"memory.high": "41943040", "memory.min": "1048576", "memory.oom.group": "1", "cpu.weight": "7"}},
        {"memory.high": 40 * MIB, "memory.min": MIB, "memory.oom.group": "1", "cpu.weight": 7},
        {"unified": {"memory.high": "max"}}, {"memory.min": MIB, "memory.oom.group": "1", "cpu.weight": 7}),
    "unified over the same": (
        {"memory": {"limit": 64 * MIB}, "pids": {"limit": 9}, "unified": {"memory.max": "33554432", "pids.max": "8"}},
        {"memory.max": 32 * MIB, "pids.max": 8}, {"unified": {"pids.max": "7"}}, {"memory.max": 32 * MIB, "pids.max": 7}),
    "unified in lines": (
        {"unified": {"io.max": f"{DISK} rbps=1048576\n{DISK} wiops=9"}}, {"io.max": io_max(rbps=MIB, wiops=9)},
        {"unified": {"io.max": f"{DISK} rbps=max"}}, {"io.max": io_max(wiops=9)}),
    "unified of no controller": ({"unified": {"frob.max": "1"}}, REFUSED, None, None),
    "unified of no file": ({"unified": {"memory.frob": "1"}}, REFUSED, None, None),
    "unified outside": ({"unified": {"../memory.max": "1"}}, REFUSED, None, None),
    "all of them": (
        {"memory": {"limit": 64 * MIB, "reservation": 16 * MIB}, "pids": {"limit": 20},
         "cpu": {"shares": 512, "quota": 50000, "period": 100000, "cpus": "1", "mems": "0"},
         "blockIO": {"weight": 500, "throttleReadBpsDevice": rate(MIB)},
         "hugepageLimits": [{"pageSize": "2MB", "limit": 4 * MIB}]},
        {"memory.max": 64 * MIB, "memory.low": 16 * MIB, "pids.max": 20, "cpu.weight": 59,
         "cpu.max": "50000 100000", "cpuset.cpus": "1", "cpuset.mems": "0", "io.weight": "default 4950",
         "io.max": io_max(rbps=MIB), "hugetlb.2MB.max": 4 * MIB, "hugetlb.2MB.rsvd.max": 4 * MIB},
        {"memory": {"limit": 32 * MIB}, "pids": {"limit": 5}, "cpu": {"quota": 20000}},
        {"memory.max": 32 * MIB, "memory.low": 16 * MIB, "pids.max": 5, "cpu.weight": 59,
         "cpu.max": "20000 100000", "cpuset.cpus": "1", "cpuset.mems": "0", "io.weight": "default 4950",
         "io.max": io_max(rbps=MIB), "hugetlb.2MB.max": 4 * MIB, "hugetlb.2MB.rsvd.max": 4 * MIB}),
}
# When the disk has the scheduler BFQ.
BFQ_ROWS = {
    "blockIO.weight, blockIO.weightDevice with BFQ": (
        {"blockIO": {"weight": 500, "weightDevice": [{"major": MAJOR, "minor": MINOR, "weight": 200}]}},
        {"io.bfq.weight": f"default 500\n{DISK} 200"},
        {"blockIO": {"weight": 400, "weightDevice": [{"major": MAJOR, "minor": MINOR, "weight": 1000}]}},
        {"io.bfq.weight": f"default 400\n{DISK} 1000"}),
}


def read_files(cgroup):
    """What differs from a new cgroup."""
    values = {}
    for name, usual in FILES.items():
        try:
            value = (cgroup / name).read_text().strip()
        except FileNotFoundError:
            continue
        if value != usual:
            values[name] = value
    return values


def call(runtime, *words):
    command = RUNTIMES[runtime] + ["--root", str(WORK / "root" / runtime)] + [str(w) for w in words]
    # A file: a pipe would be the container's too, and its end would not come.
    with tempfile.TemporaryFile(dir=WORK) as errors:
        done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=errors,
                              timeout=LIMIT, check=False)
        errors.seek(0)
        return done.returncode, errors.read().decode(errors="replace").strip()


def remove(cgroup):
    """What a peer has killed may still be on its way out."""
    end = time.monotonic() + LIMIT
    while True:
        try:
            return cgroup.rmdir()
        except FileNotFoundError:
            return None
        except OSError:
            if time.monotonic() > end:
                raise
            time.sleep(0.1)


def answers(job):
    """The values after create and after update, or "refused"; and what was said."""
    row, runtime = job
    resources, _, change, _ = ROWS[row]
    name = re.sub(r"\W+", "-", row).strip("-") + "-" + runtime
    bundle = WORK / name
    bundle.mkdir()
    config = json.loads(CONFIG)
    config["root"]["path"] = str(WORK / "rootfs")
    config["linux"]["cgroupsPath"] = "/limits/" + name
    config["linux"]["resources"].update(resources)
    (bundle / "config.json").write_text(json.dumps(config))
    cgroup = CGROUPS / "limits" / name
    status, said = call(runtime, "create", "-b", bundle, name)
    if status != 0:
        call(runtime, "delete", "-f", name)
        left = cgroup.exists()
        if left:
            remove(cgroup)
        return [REFUSED, None], said, left
    first = read_files(cgroup)
    second = None
    if change is not None:
        (bundle / "change.json").write_text(json.dumps(change))
        status, more = call(runtime, "update", "-r", bundle / "change.json", name)
        said += more
        second = read_files(cgroup) if status == 0 else REFUSED
    call(runtime, "delete", "-f", name)
    return [first, second], said, cgroup.exists()


def shown(values):
    return values if isinstance(values, str) or values is None else \
        ", ".join(f"{k}={v}" for k, v in sorted(values.items())) or "as in a new cgroup"


def judge(row, got, reasons, used):
    """The lines of what is wrong, and those of what is different and known."""
    wrong, known = [], []
    _, first, _, second = ROWS[row]
    wanted = [v if not isinstance(v, dict) else {k: str(n) for k, n in v.items()} for v in (first, second)]
    values, said, left = got["davit"]
    for when, want, value in zip(("create", "update"), wanted, values):
        if want != value:
            wrong.append(f"{when}: {shown(value)}; not: {shown(want)}; {said}")
    if left:
        wrong.append("davit has left the cgroup")
    if said and REFUSED not in values:
        wrong.append(f"davit says: {said}")
    for peer in PEERS:
        for when, want, value in zip(("create", "update"), values, got[peer][0]):
            if want != value:
                reason = reasons.get((row, peer))
                used.add((row, peer))
                (known if reason else wrong).append(
                    f"{peer}, {when}: {shown(value)}; davit: {shown(want)}; {reason or got[peer][1]}")
                break
    return wrong, known


def read_reasons():
    rows = {}
    for line in pathlib.Path(__file__).with_name("limits-differences.txt").read_text().splitlines():
        if line and not line.startswith("#"):
            row, peer, reason = (part.strip() for part in line.split("|", 2))
            for one in PEERS if peer == "both" else (peer,):
                rows[row, one] = reason
    return rows


def make_rootfs():
    (WORK / "rootfs" / "bin").mkdir(parents=True)
    for name in ("dev", "proc", "sys"):
        (WORK / "rootfs" / name).mkdir()
    shutil.copy("/bin/busybox", WORK / "rootfs/bin/sleep")
    for runtime in RUNTIMES:
        (WORK / "root" / runtime).mkdir(parents=True)
    (CGROUPS / "limits").mkdir()
    controllers = (CGROUPS / "cgroup.controllers").read_text().split()
    (CGROUPS / "limits/cgroup.subtree_control").write_text(" ".join("+" + c for c in controllers))


def run_rows(rows, reasons, used, number):
    """Rows with every runtime, two at a time; returns the number of the next TAP line."""
    jobs, got = [(row, runtime) for row in rows for runtime in RUNTIMES], {}
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        for (row, runtime), answer in zip(jobs, pool.map(answers, jobs)):
            got.setdefault(row, {})[runtime] = answer
            if len(got[row]) == len(RUNTIMES):
                wrong, known = judge(row, got[row], reasons, used)
                print("not ok" if wrong else "ok", number, "limits:", row)
                for line in wrong:
                    print("#", line.replace("\n", " / "), flush=True)
                # To out/limits.err: they are no news.
                for line in known:
                    print(f"{row}: {line}".replace("\n", " / "), file=sys.stderr)
                number += 1
    return number


def main():
    make_rootfs()
    reasons, used = read_reasons(), set()
    wanted = sys.argv[1:] or list(ROWS) + list(BFQ_ROWS)
    print(f"1..{len(wanted) + 1}", flush=True)
    number = run_rows([row for row in wanted if row in ROWS], reasons, used, 1)
    ROWS.update(BFQ_ROWS)
    subprocess.run(["modprobe", "bfq"], check=False)
    pathlib.Path("/sys/block/vda/queue/scheduler").write_text("bfq")
    number = run_rows([row for row in wanted if row in BFQ_ROWS], reasons, used, number)
    unused = sorted((row, peer) for row, peer in set(reasons) - used if row in wanted)
    print("not ok" if unused else "ok", number, "every reason in limits-differences.txt is needed")
    for row, peer in unused:
        print(f"# {row}: {peer} is like davit")


CONFIG = (pathlib.Path(__file__).parents[2] / "cli/config.json").read_text()
main()
