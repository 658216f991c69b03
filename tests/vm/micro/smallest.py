#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The least memory.limit under which a static program runs: davit's is 256 KiB at most; the peers' beside it, in powers of two.

What a runtime needs in the container's cgroup to start it is the difference. TAP.
"""
import json
import pathlib
import shutil
import subprocess
import tempfile

WORK = pathlib.Path(tempfile.mkdtemp(dir="/run"))
CONFIG = json.loads((pathlib.Path(__file__).parents[2] / "cli/config.json").read_text())
RUNTIMES = {"davit": ["davit"], "crun": ["crun", "--cgroup-manager=cgroupfs"], "runc": ["runc"]}


def runs(runtime, kib):
    name = f"smallest-{runtime}-{kib}"
    CONFIG["linux"]["resources"]["memory"] = {"limit": kib * 1024, "swap": kib * 1024}
    CONFIG["linux"]["cgroupsPath"] = "/" + name
    (WORK / "config.json").write_text(json.dumps(CONFIG))
    command = RUNTIMES[runtime] + ["--root", str(WORK / runtime)]
    with open(WORK / "said", "wb") as said:
        done = subprocess.run(command + ["run", "-b", str(WORK), name], stdin=subprocess.DEVNULL, stdout=said,
                              stderr=said, timeout=300, check=False)
    subprocess.run(command + ["delete", "-f", name], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                   stderr=subprocess.DEVNULL, timeout=300, check=False)
    return done.returncode == 0 and (WORK / "said").read_bytes() == b"here\n"


def least(runtime, low=5, high=14):
    """The least power of two."""
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if runs(runtime, 1 << middle) else (middle, high)
    return 1 << high


def main():
    (WORK / "rootfs/bin").mkdir(parents=True)
    for name in ("dev", "proc", "sys"):
        (WORK / "rootfs" / name).mkdir()
    shutil.copy("/bin/busybox", WORK / "rootfs/bin/echo")
    CONFIG["process"]["args"] = ["echo", "here"]
    print("1..1", flush=True)
    good = runs("davit", 256)
    print("ok" if good else "not ok", 1, "memory.limit: a static program runs with 256 KiB")
    if not good:
        print("#", (WORK / "said").read_text().strip())
    for runtime in RUNTIMES:
        print(f"# {runtime}: the least is {least(runtime)} KiB", flush=True)


main()
