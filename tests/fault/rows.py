#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""rows.py [--guest KIND] DAVIT [BUNDLE...]: makes every row of the life table fail, before and after, in create, run and start,
and checks the error and that nothing is left. DAVIT is of a test build (DAVIT_FAULT works). Prints TAP.

Which rows a bundle has is not written down here: a clean run with the debug log tells. --guest: the rows
that this kind of guest is there for (IN_GUESTS of the harness), and no others.
"""
import json
import os
import re
import sys

from harness import IN_GUESTS, Tap, World, guests, rows_of, why_not
from verbs import poll

STEP = re.compile(r"step (\S+) in (\S+) took")
FIRST_OF_START = "await-start"
# execve does not return, so there is nothing after it.
NO_AFTER = {"exec"}
# Rows of start that fail before the first process hears of it.
BEFORE_INIT = {"agent"}


def read_table(world, bundle):
    """All rows in order: those that `plan` shows and those it says are not needed."""
    status, err = world.davit("plan", "-b", bundle.path)
    if status != 0:
        raise SystemExit(f"plan: {err}")
    shown, _, others = world.output().partition("not needed here:\n")
    rows = [line.split()[0] for line in shown.splitlines() if line and not line.startswith(" ")]
    return rows + re.split(r"[,\s]+", others.strip())


def read_steps(text):
    return [match.groups() for match in STEP.finditer(text)]


def create_words(world, verb, bundle):
    detach = ["--detach"] if verb == "run" and not bundle.in_terminal else []
    return [verb, *detach, "-b", bundle.path, "--pid-file", world.pid_file, *bundle.options, world.id]


def call(world, bundle, *args, **how):
    return (world.run_at_terminal if bundle.in_terminal else world.davit)(*args, **how)


def remove(world):
    world.davit("delete", "--force", world.id)
    os.path.exists(world.pid_file) and os.unlink(world.pid_file)


def learn_rows(world, bundle, tap):
    """verb -> [(row, process)] by clean runs; a heap use in a child would fail them here."""
    rows, problems = {"create": [], "start": [], "run": []}, []
    for verb in ("run",) if bundle.in_terminal else ("create", "start", "run"):
        if verb != "start":
            bundle.prepare()
        args = ["start", world.id] if verb == "start" else create_words(world, verb, bundle)
        status, err = call(world, bundle, "--log-level", "debug", *args)
        if status != 0:
            problems.append(f"{verb}: exit {status}: {err}")
        rows[verb] = read_steps(err)
        if verb != "create":
            # The last row of INIT never comes back to tell.
            rows[verb].append(("exec", "init"))
            remove(world)
    # INIT reports what it did after the commit to nobody, so `start` does not see it.
    rows["start"] = [r for r in rows["start"] if r[0] != FIRST_OF_START]
    if not bundle.in_terminal:
        rows["start"].append((FIRST_OF_START, "init"))
    rows["create"] = [r for r in rows["create"] if r not in rows["start"]]
    tap.result(f"{os.path.basename(bundle.path)}: create, start and run without a fault, and without the heap in children",
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


def fail_before_program(world, verb, bundle, row, where, fault):
    log = os.path.join(world.top, "json")
    bundle.prepare()
    status, err = call(world, bundle, "--log", log, "--log-format", "json", *create_words(world, verb, bundle), fault=fault)
    problems = check_error(status, err, row, where) + check_record(world, log, row, where)
    return problems + world.left() + bundle.left_after_create()


def fail_start(world, bundle, row, where, fault):
    """After the commit: create succeeds, start fails, the container is stopped or gone; when it was
    not told to start, it waits."""
    problems = []
    bundle.prepare()
    status, err = world.davit(*create_words(world, "create", bundle), fault=fault)
    if status != 0:
        problems.append(f"create: exit {status}: {err}")
    status, err = world.davit("start", world.id, fault=fault)
    # A first process that has ended before start came says nothing any more.
    problems += check_error(status, err, None if row == FIRST_OF_START else row, where)
    wanted = "created" if row in BEFORE_INIT else "stopped"
    # Start waits for the end of a process that has failed, but not for ever.
    poll(lambda: world.davit("state", world.id)[0] != 0 or json.loads(world.output())["status"] == wanted)
    status, err = world.davit("state", world.id)
    if status == 0:
        state = json.loads(world.output())
        if state["status"] != wanted:
            problems.append(f"status after the failed start: {state['status']}")
        status, err = world.davit("delete", world.id)
        if status != 0:
            problems.append(f"delete: exit {status}: {err}")
    elif "does not exist" not in err or wanted == "created":
        problems.append(f"state: exit {status}: {err}")
    os.path.exists(world.pid_file) and os.unlink(world.pid_file)
    return problems + world.left()


def inject(world, tap, name, bundle, rows, wanted=None):
    """Into these rows, or into all of them."""
    injected = set()
    for verb in ("create", "run", "start"):
        for row, where in rows[verb]:
            if wanted is not None and row not in wanted:
                continue
            for after in ("", ":after"):
                if after and row in NO_AFTER:
                    continue
                fail = fail_start if verb == "start" else lambda w, *rest, verb=verb: fail_before_program(w, verb, *rest)
                problems = fail(world, bundle, row, where, row + after)
                tap.result(f"{name}: {verb} with a fault {'after' if after else 'before'} {row}", problems)
                if problems:
                    world.delete_all()
                injected.add(row)
    bundle.prepare()
    status, err = call(world, bundle, *create_words(world, "run" if bundle.in_terminal else "create", bundle))
    problems = [] if status == 0 else [f"exit {status}: {err}"]
    remove(world)
    tap.result(f"{name}: the same id can be created after all that", problems + world.left())
    return injected


def check_table(tap, table, injected, has_resctrl):
    missing = []
    for row in table:
        if row in injected:
            continue
        why = why_not(row, has_resctrl)
        if why:
            tap.skip(f"a fault in {row}", why)
        elif not guests() & set(IN_GUESTS.get(row, ())):
            missing.append(row)
    here = len(injected & set(table))
    tap.result(f"each of the {len(table)} rows of the table has its fault: {here} here, the others in a guest",
               [f"not injected, here or in a guest: {row}" for row in missing] +
               [f"not in the table: {row}" for row in sorted((injected | set(IN_GUESTS)) - set(table))])


def check_guest(tap, guest, injected):
    """What the native tests leave to this guest was done."""
    tap.result(f"each row that is left to the {guest} guest had its fault",
               [f"not injected: {row}" for row in sorted(rows_of(guest) - injected)])


def check_probe(world, tap, bundle):
    """The guard of the heap bites: else the clean runs prove nothing."""
    status, err = world.davit("create", "-b", bundle.path, world.id, DAVIT_HEAP_PROBE="1")
    problems = [] if status != 0 and "heap guard" in err else [f"exit {status}: {err}"]
    tap.result("a use of the heap in a child is caught", problems + world.left())


def main_in(guest, davit):
    tap = Tap()
    world = World(davit)
    injected = set()
    try:
        for name, bundle in world.guest_bundles(guest).items():
            world.use(bundle)
            injected |= inject(world, tap, name, bundle, learn_rows(world, bundle, tap), rows_of(guest))
        check_guest(tap, guest, injected)
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
        bundles = world.standard_bundles()
        table = read_table(world, bundles["plain"])
        check_probe(world, tap, bundles["plain"])
        injected = set()
        for name, bundle in bundles.items():
            if only and name not in only:
                continue
            world.use(bundle)
            injected |= inject(world, tap, name, bundle, learn_rows(world, bundle, tap))
        if not only:
            check_table(tap, table, injected, bundles["host"].has_resctrl)
    finally:
        world.close()
    tap.end()


main()
