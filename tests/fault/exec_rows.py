#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""exec_rows.py [--guest KIND] DAVIT [CASE...]: makes every row of exec's table fail, before and after, and checks the error, and
that the container runs on with nothing in it but its first process. DAVIT is of a test build. Prints TAP.

The rows of the table are read from its source; which of them a case has is told by a clean run with the
debug log. --guest: the rows that this kind of guest is there for, and no others.
"""
import json
import os
import re
import sys

from harness import HERE, IN_GUESTS, Tap, World, edit_full, edit_limits, edit_userns, guests, rows_of, why_not
from verbs import poll

STEP = re.compile(r"step (\S+) in (\S+) took")
ROW = re.compile(r'^\{ "([a-z-]+)", (?:HOST|MIDDLE|INIT),', re.MULTILINE)
# execve does not return, so there is nothing after it.
NO_AFTER = {"exec"}
EXEC_IN_GUESTS = {row: IN_GUESTS[row] for row in ("label-check", "labels")}
NO_ADMIN = ("setpriv", "--bounding-set", "-sys_admin", "--inh-caps", "-sys_admin")


def read_table():
    with open(os.path.join(HERE, "..", "..", "libcrun-like", "lifecycle", "lifecycle.c")) as f:
        return ROW.findall(f.read().partition("struct step exec_steps[] = {")[2].partition("\n};")[0])


class Case:
    """A container that runs, and a way to execute something in it."""

    def __init__(self, world, name, edit, options=(), process=None, before=(), terminal=False):
        self.world, self.name, self.before, self.terminal = world, name, before, terminal
        self.id = f"{world.id}-{name}"
        self.bundle = world.make_bundle(name, edit)
        self.options = list(options)
        self.words = ["sleep", "1000"] if not terminal else ["true"]
        if process:
            file = os.path.join(world.top, name + ".json")
            with open(file, "w") as f:
                json.dump(process, f)
            self.options += ["--process", file]
        if not terminal:
            self.options += ["--detach", "--pid-file", world.pid_file]

    def start(self):
        status, err = self.world.davit("run", "--detach", "-b", self.bundle, self.id)
        if status != 0:
            return [f"run: exit {status}: {err}"]
        self.world.davit("state", self.id)
        self.init = json.loads(self.world.output())["pid"]
        with open(f"/proc/{self.init}/cgroup") as f:
            path = next(line for line in f if line.startswith("0::"))[3:].strip()
        self.cgroup = self.world.cgroot + path
        return []

    def exec(self, *options, fault=None):
        args = [*options, "exec", *self.options, self.id, *self.words]
        if not self.terminal:
            return self.world.davit(*args, fault=fault, before=self.before)
        return self.world.run_at_terminal(*args, fault=fault)

    def left(self):
        """What is in the container that was not. Who has just been killed is given time to end."""
        poll(lambda: not self.look())
        return self.look()

    def look(self):
        with open(os.path.join(self.cgroup, "cgroup.procs")) as f:
            problems = [f"process {pid} is in the container" for pid in map(int, f) if pid != self.init]
        self.world.davit("state", self.id)
        status = json.loads(self.world.output())["status"]
        if status != "running":
            problems.append(f"the container is {status}")
        if os.path.exists(self.world.pid_file):
            problems.append("the pid file is there")
        problems += [f"a child {pid} of ours" for pid in self.world.children()
                     if pid not in {h.pid for h in self.world.holders} and os.waitpid(pid, os.WNOHANG)[0] == 0
                     and pid != self.init]
        return problems

    def end(self):
        """The executed program's, and its pid file's."""
        try:
            with open(self.world.pid_file) as f:
                pid = int(f.read())
            os.unlink(self.world.pid_file)
            os.kill(pid, 9)
            os.waitpid(pid, 0)
        except (OSError, ValueError):
            pass


def check(world, status, err, row, where):
    """255, one line, and a record in the log, which name step and process."""
    words = f"[step {row} in {where}]"
    problems = [] if status == 255 else [f"exit: {status}"]
    if err.count("\n") != 1 or not err.startswith("davit: ") or words not in err:
        problems.append(f"not one line that names {words}: {err!r}")
    log = os.path.join(world.top, "json")
    try:
        with open(log) as f:
            record = json.loads(f.read().splitlines()[-1])
        os.unlink(log)
        if record.get("level") != "error" or words not in record.get("msg", ""):
            problems.append(f"wrong record: {record}")
    except (OSError, ValueError, IndexError) as e:
        problems.append(f"no JSON record: {e}")
    return problems


def run_case(tap, case, wanted=None):
    """With a fault in these rows, or in all of them."""
    world, done = case.world, set()
    problems = case.start()
    if problems:
        tap.result(f"{case.name}: a container runs", problems)
        return done
    status, err = case.exec("--log-level", "debug")
    rows = [match.groups() for match in STEP.finditer(err)] + [("exec", "init")]
    case.end()
    tap.result(f"{case.name}: exec without a fault, and without the heap in children",
               ([] if status == 0 else [f"exit {status}: {err}"]) + case.left())
    log = os.path.join(world.top, "json")
    for row, where in rows:
        if wanted is not None and row not in wanted:
            continue
        for after in ("", ":after"):
            if after and row in NO_AFTER:
                continue
            status, err = case.exec("--log", log, "--log-format", "json", fault=row + after)
            problems = check(world, status, err, row, where) + case.left()
            if problems:
                case.end()
            tap.result(f"{case.name}: exec with a fault {'after' if after else 'before'} {row}", problems)
            done.add(row)
    status, err = case.exec()
    case.end()
    tap.result(f"{case.name}: exec works after all that", ([] if status == 0 else [f"exit {status}: {err}"]) + case.left())
    world.davit("delete", "--force", case.id)
    tap.result(f"{case.name}: nothing is left of the container", world.left())
    return done


def edit_host_pids(config):
    """Without a pid namespace of its own: no helper is needed."""
    config["linux"]["namespaces"] = [s for s in config["linux"]["namespaces"] if s["type"] != "pid"]


def edit_rich(config, world):
    """All that exec takes over from the container; a console of its own is exec's matter."""
    edit_full(config, world)
    config["process"]["terminal"] = False
    config["linux"].pop("resources", None)


def make_cases(world):
    bundles = world.standard_bundles()  # the console's server is of these
    assert bundles
    process = {"args": ["sleep", "1000"], "cwd": "/", "env": ["PATH=/bin", f"DAVIT_TEST={world.token}"],
               "user": {"uid": 1, "gid": 1}, "terminal": True, "scheduler": {"policy": "SCHED_BATCH"},
               "execCPUAffinity": {"initial": "0", "final": "0"}}
    return [Case(world, "x-plain", None),
            Case(world, "x-rich", lambda c: edit_rich(c, world), ["--console-socket", world.console.path,
                                              "--pidfd-socket", world.console.path], process),
            Case(world, "x-userns", edit_userns),
            Case(world, "x-middle", edit_userns, before=NO_ADMIN),
            Case(world, "x-host-pids", edit_host_pids),
            Case(world, "x-terminal", None, ["--tty"], terminal=True)]


def check_table(tap, table, done):
    missing = []
    for row in table:
        if row in done:
            continue
        if why_not(row, True):
            tap.skip(f"a fault in {row}", why_not(row, True))
        elif not guests() & set(EXEC_IN_GUESTS.get(row, ())):
            missing.append(row)
    tap.result(f"each of the {len(table)} rows of exec's table has its fault: {len(done)} here, the others in a guest",
               [f"not injected, here or in a guest: {row}" for row in missing] +
               [f"not in the table: {row}" for row in sorted((done | set(EXEC_IN_GUESTS)) - set(table))])


def main_in(guest, davit):
    tap = Tap()
    world = World(davit)
    try:
        done = run_case(tap, Case(world, "x-limits", edit_limits), rows_of(guest))
        tap.result(f"each row of exec that is left to the {guest} guest had its fault",
                   [f"not injected: {row}" for row in sorted(rows_of(guest) & set(EXEC_IN_GUESTS) - done)])
    finally:
        world.close()
    tap.end()


def main():
    if sys.argv[1] == "--guest":
        main_in(*sys.argv[2:4])
    tap = Tap()
    world = World(sys.argv[1])
    only = sys.argv[2:]
    try:
        table, done = read_table(), set()
        for case in make_cases(world):
            if not only or case.name in only:
                done |= run_case(tap, case)
        if not only:
            check_table(tap, table, done)
    finally:
        world.close()
    tap.end()


main()
