#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""rows.py DAVIT: makes every row of the life table fail, before and after, in create, run and start,
and checks the error and that nothing is left. DAVIT is of a test build (DAVIT_FAULT works). Prints TAP.

Which rows a bundle has is not written down here: a clean run with the debug log tells.
"""
import json
import os
import re
import sys

from harness import Tap, World, has_pids_controller

STEP = re.compile(r"step (\S+) in (\S+) took")
FIRST_OF_START = "await-start"
# execve does not return, so there is nothing after it.
NO_AFTER = {"exec"}


def read_table(world, bundle):
    """All rows in order: those that `plan` shows and those it says are not needed."""
    status, err = world.davit("plan", "-b", bundle)
    if status != 0:
        raise SystemExit(f"plan: {err}")
    shown, _, others = world.output().partition("not needed here:\n")
    rows = [line.split()[0] for line in shown.splitlines() if line and not line.startswith(" ")]
    return rows + re.split(r"[,\s]+", others.strip())


def read_steps(text):
    return [match.groups() for match in STEP.finditer(text)]


def learn_rows(world, bundle, options, tap):
    """verb -> [(row, process)] by clean runs; a heap use in a child would fail them here."""
    rows, problems = {}, []
    create = ["-b", bundle, "--pid-file", world.pid_file, *options, world.id]
    for verb, args in (("create", ["create", *create]), ("start", ["start", world.id]),
                       ("run", ["run", "--detach", *create])):
        status, err = world.davit("--log-level", "debug", *args)
        if status != 0:
            problems.append(f"{verb}: exit {status}: {err}")
        rows[verb] = read_steps(err)
        # The last row of INIT never comes back to tell.
        if verb != "create":
            rows[verb].append(("exec", "init"))
        if verb != "create":
            world.davit("delete", "--force", world.id)
            os.path.exists(world.pid_file) and os.unlink(world.pid_file)
    # INIT reports what it did after the commit to nobody, so `start` does not see it.
    rows["start"] = [(FIRST_OF_START, "init")] + [r for r in rows["start"] if r[0] != FIRST_OF_START]
    rows["create"] = [r for r in rows["create"] if r not in rows["start"]]
    tap.result(f"{os.path.basename(bundle)}: create, start and run without a fault, and without the heap in children",
               problems + world.left())
    return rows


def check_error(status, err, row, where):
    """The failure is told in one line that names step and process."""
    problems = []
    if not isinstance(status, int) or status <= 0 or status >= 124:
        problems.append(f"exit: {status}")
    if err.count("\n") != 1 or not err.startswith("davit: "):
        problems.append(f"not one line: {err!r}")
    if row and f"[step {row} in {where}]" not in err:
        problems.append(f"the line does not name step {row} in {where}: {err!r}")
    return problems


def check_record(world, path, row, where):
    """The last record of the JSON log names the same."""
    try:
        with open(path) as f:
            record = json.loads(f.read().splitlines()[-1])
        os.unlink(path)
    except (OSError, ValueError, IndexError) as e:
        return [f"no JSON record: {e}"]
    if record.get("level") != "error" or record.get("phase") != row or f"[step {row} in {where}]" not in record.get("msg", ""):
        return [f"wrong record: {record}"]
    return []


def fail_before_program(world, verb, bundle, options, row, where, fault):
    args = [verb, "-b", bundle, "--pid-file", world.pid_file, *options, world.id]
    if verb == "run":
        args.insert(1, "--detach")
    log = os.path.join(world.top, "json")
    status, err = world.davit("--log", log, "--log-format", "json", *args, fault=fault)
    problems = check_error(status, err, row, where) + check_record(world, log, row, where)
    return problems + world.left()


def fail_start(world, bundle, options, row, where, fault):
    """After the commit: create succeeds, start fails, the container is stopped or gone."""
    problems = []
    status, err = world.davit("create", "-b", bundle, "--pid-file", world.pid_file, *options, world.id, fault=fault)
    if status != 0:
        problems.append(f"create: exit {status}: {err}")
    status, err = world.davit("start", world.id, fault=fault)
    # A first process that has ended before start came says nothing any more.
    problems += check_error(status, err, None if row == FIRST_OF_START else row, where)
    status, err = world.davit("state", world.id)
    if status == 0:
        state = json.loads(world.output())
        if state["status"] != "stopped":
            problems.append(f"status after the failed start: {state['status']}")
        status, err = world.davit("delete", world.id)
        if status != 0:
            problems.append(f"delete: exit {status}: {err}")
    elif "does not exist" not in err:
        problems.append(f"state: exit {status}: {err}")
    os.path.exists(world.pid_file) and os.unlink(world.pid_file)
    return problems + world.left()


def inject(world, tap, name, bundle, options, rows):
    injected = set()
    for verb in ("create", "run", "start"):
        for row, where in rows[verb]:
            for after in ("", ":after"):
                if after and row in NO_AFTER:
                    continue
                if verb == "start":
                    problems = fail_start(world, bundle, options, row, where, row + after)
                else:
                    problems = fail_before_program(world, verb, bundle, options, row, where, row + after)
                tap.result(f"{name}: {verb} with a fault {'after' if after else 'before'} {row}", problems)
                if problems:
                    world.delete_all()
                injected.add(row)
    status, err = world.davit("create", "-b", bundle, *options, world.id)
    problems = [] if status == 0 else [f"exit {status}: {err}"]
    world.davit("delete", "--force", world.id)
    tap.result(f"{name}: the same id can be created after all that", problems + world.left())
    return injected


def check_table(world, tap, table, injected):
    missing = [row for row in table if row not in injected]
    if "labels" in missing and not any(os.path.exists(p) for p in ("/sys/kernel/security/apparmor",
                                                                   "/sys/fs/selinux/enforce")):
        missing.remove("labels")
        tap.skip("a fault in labels", "needs SELinux or AppArmor")
    if "process-limit" in missing and not has_pids_controller():
        missing.remove("process-limit")
        tap.skip("a fault in process-limit", "needs the pids controller of cgroup v2")
    unknown = sorted(injected - set(table))
    tap.result(f"each of the {len(table)} rows of the table had its fault",
               [f"not injected: {row}" for row in missing] + [f"not in the table: {row}" for row in unknown])


def check_probe(world, tap, bundle):
    """The guard of the heap bites: else the clean runs prove nothing."""
    status, err = world.davit("create", "-b", bundle, world.id, DAVIT_HEAP_PROBE="1")
    problems = [] if status != 0 and "heap guard" in err else [f"exit {status}: {err}"]
    tap.result("a use of the heap in a child is caught", problems + world.left())


def main():
    tap = Tap()
    world = World(sys.argv[1])
    only = sys.argv[2:]
    try:
        bundles = world.standard_bundles()
        table = read_table(world, bundles["plain"][0])
        check_probe(world, tap, bundles["plain"][0])
        injected = set()
        for name, (bundle, options) in bundles.items():
            if only and name not in only:
                continue
            rows = learn_rows(world, bundle, options, tap)
            injected |= inject(world, tap, name, bundle, options, rows)
        if not only:
            check_table(world, tap, table, injected)
    finally:
        world.close()
    tap.end()


main()
