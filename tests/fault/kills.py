#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""kills.py [--all] DAVIT KILL_SWEEP [BUNDLE...]: signals at moments spread over the whole of `davit create`.

SIGKILL to davit at a system call stop: no process of an unfinished create may wait for ever, and
`delete --force` succeeds, twice, and takes everything away. SIGTERM and SIGINT: all or nothing.
SIGKILL to the container's process: an error in one line, and nothing left.
--all: every stop, and every bundle, or those that are named. Prints TAP.
"""
import glob
import json
import os
import signal
import sys
import time

from harness import Tap, World, leave_processes

POINTS = 40
SHORT = "full", "middle", "given"
BIRTH_STOPS = 2


class Sweep:
    def __init__(self, world, driver, bundle):
        self.world, self.driver = world, driver
        self.args = ["create", "-b", bundle.path, "--pid-file", world.pid_file, *bundle.options, world.id]
        self.report = os.path.join(world.top, "report")

    def create(self, role, sig, n):
        """Stops seen, whether the signal was sent, davit's status (-N: signal N), stderr."""
        status, err = self.world.davit(*self.args, before=(self.driver, role, str(int(sig)), str(n), self.report))
        if status != 0:
            return 0, False, status, err
        with open(self.report) as f:
            seen, sent, status = map(int, f.read().split())
        return seen, bool(sent), os.waitstatus_to_exitcode(status), err

    def state(self):
        status, _ = self.world.davit("state", self.world.id)
        return self.world.output() if status == 0 else None

    def remove(self):
        """delete --force, twice, and what it did not take away."""
        problems = []
        for turn in ("first", "second"):
            status, err = self.world.davit("delete", "--force", self.world.id)
            if status != 0 or err:
                problems.append(f"{turn} delete --force: exit {status}: {err}")
        # The pid file is its owner's, and so is a piece of it that never got its name.
        for path in glob.glob(self.world.pid_file + "*"):
            os.unlink(path)
        return problems + self.world.left()

    def is_committed(self):
        state = self.state()
        return state is not None and json.loads(state)["status"] == "created"

    def has_ended(self):
        """The first process has got a signal: a moment later nobody says "created" any more."""
        for _ in range(100):
            if not self.is_committed():
                return True
            time.sleep(0.01)
        return False

    @staticmethod
    def was_sent(sent, status, err):
        """Runs differ by a few system calls, so the last moments may not come; not so after a failure."""
        return [] if sent or status == 0 else [f"no signal, but exit {status}: {err}"]

    def kill_manager(self, n):
        _, sent, status, err = self.create("manager", signal.SIGKILL, n)
        problems = self.was_sent(sent, status, err)
        if not self.is_committed():
            orphans = [word for word in self.world.left() if word.startswith("process")]
            problems += [f"outlives an unfinished create: {word}" for word in orphans]
        return problems + self.remove()

    def ask_manager(self, sig, n):
        """A signal that asks: a created container and exit 0, or an end without anything left."""
        _, sent, status, err = self.create("manager", sig, n)
        problems = self.was_sent(sent, status, err)
        if status == 0:
            if not self.is_committed():
                problems.append(f"exit 0, but not created: {self.state()}")
            return problems + self.remove()
        if status > 0 and (err.count("\n") != 1 or "interrupted by signal" not in err):
            problems.append(f"not one line about the signal: {err!r}")
        problems += self.world.left()
        return problems + (self.remove() if problems else [])

    def kill_child(self, n):
        _, sent, status, err = self.create("child", signal.SIGKILL, n)
        problems = self.was_sent(sent, status, err)
        if status == 0:
            # Killed at its birth, it is cloned once more (lifecycle/birth.c): then create may succeed.
            # A helper that was done with its work may die: then the container is as good as any.
            if sent and n > BIRTH_STOPS and not self.has_ended():
                started, err = self.world.davit("start", self.world.id)
                problems += [f"killed, created, but start: exit {started}: {err}"] if started else []
            return problems + self.remove()
        if status < 0 or status >= 124 or err.count("\n") != 1:
            problems.append(f"exit {status}, stderr {err!r}")
        problems += self.world.left()
        return problems + (self.remove() if problems else [])


def points(total, every):
    return range(1, total + 1, 1 if every else max(1, total // POINTS))


def sweep_one(tap, name, sweep, every, role, sig, check):
    total, _, status, err = sweep.create(role, sig, 0)
    if status != 0 or total == 0:
        tap.result(f"{name}: traced without a signal", [f"exit {status}: {err}"])
        return
    sweep.remove()
    problems = []
    for n in points(total, every):
        found = check(n)
        problems += [f"stop {n} of {total}: {problem}" for problem in found]
        if found:
            sweep.world.delete_all()
    tap.result(f"{name}: {signal.Signals(sig).name} to {role}, {len(points(total, every))} of {total} moments of create", problems)


def main():
    every = "--all" in sys.argv
    davit, driver, *names = [arg for arg in sys.argv[1:] if arg != "--all"]
    leave_processes()
    tap = Tap()
    world = World(davit)
    try:
        bundles = world.standard_bundles()
        for name, bundle in bundles.items():
            # Davit itself has to be the driver's child, and does create.
            if bundle.before or bundle.in_terminal or name not in (names or (bundles if every else SHORT)):
                continue
            sweep = Sweep(world, os.path.abspath(driver), bundle)
            sweep_one(tap, name, sweep, every, "manager", signal.SIGKILL, sweep.kill_manager)
            sweep_one(tap, name, sweep, every, "child", signal.SIGKILL, sweep.kill_child)
            for sig in (signal.SIGTERM, signal.SIGINT)[:None if every else 1]:
                sweep_one(tap, name, sweep, every, "manager", sig, lambda n, sig=sig: sweep.ask_manager(sig, n))
            status, err = world.davit(*sweep.args)
            tap.result(f"{name}: the same id can be created after all that",
                       ([f"exit {status}: {err}"] if status else []) + sweep.remove())
    finally:
        world.close()
    tap.end()


main()
