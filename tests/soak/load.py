#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Load on davit: many life cycles, readers beside writers, davit killed at random moments.

    load.py KIND DAVIT ROOT BUNDLE TOKEN COUNT [WORKERS]

KIND: sequential: COUNT life cycles (create, start, state, delete --force), one after the other.
parallel: COUNT containers, WORKERS at a time. alive: COUNT containers at once, then all of them away.
execs: COUNT programs in the container TOKEN, WORKERS at a time, each with a status of its own.
readers: COUNT life cycles by two writers, beside WORKERS readers of state and list.
killed: COUNT seconds of WORKERS that go through the verbs; a third of the commands get SIGKILL at a random
moment, what was begun is then taken back by delete --force, and started anew.

Each command that was not killed has to succeed within ten seconds, and in silence. After LIMIT seconds, or ENOUGH
faults, nothing more is begun. Prints one line of figures; what was wrong before it, and ends with 1 then. Times are told and never judged.
"""
import json
import os
import random
import signal
import subprocess
import sys
import threading
import time

KIND, DAVIT, ROOT, BUNDLE, TOKEN = sys.argv[1:6]
COUNT = int(sys.argv[6])
WORKERS = int(sys.argv[7]) if len(sys.argv) > 7 else 1
DEADLINE = 10  # a command; on a machine with other work it is told apart from a hang by SLACK
SLACK = 60
LIMIT = 1200  # of all: the longest takes half of it on an idle machine
ENOUGH = 20  # faults
BEGIN = time.monotonic()
ENV = {**os.environ, "DAVIT_TEST": TOKEN}


class Figures:
    def __init__(self):
        self.lock = threading.Lock()
        self.times, self.faults, self.killed, self.cycles = {}, [], {}, 0

    def took(self, verb, seconds):
        with self.lock:
            self.times.setdefault(verb, []).append(seconds)

    def fault(self, text):
        with self.lock:
            self.faults.append(text)

    def is_over(self):
        """Nothing more is begun."""
        return len(self.faults) >= ENOUGH or time.monotonic() > BEGIN + LIMIT

    def was_killed(self, verb):
        with self.lock:
            self.killed[verb] = self.killed.get(verb, 0) + 1


F = Figures()


def davit(verb, *words, after=None, expect=0):
    """The output; None: it was killed, @after seconds from its start. The fault of any other is noted."""
    begin = time.monotonic()
    with open(os.devnull) as null, subprocess.Popen([DAVIT, "--root", ROOT, verb, *words], stdin=null, env=ENV,
                                                    stdout=out(verb), stderr=subprocess.STDOUT) as child:
        if after is not None:
            try:
                child.wait(after)
            except subprocess.TimeoutExpired:
                child.kill()
        try:
            # What a container inherits is never a pipe; `list` and `state` alone have one.
            text = child.communicate(timeout=SLACK)[0]
        except subprocess.TimeoutExpired:
            child.kill()
            F.fault(f"{verb} {words} hangs")
            return ""
    if child.returncode == -signal.SIGKILL and after is not None:
        F.was_killed(verb)
        return None
    F.took(verb, time.monotonic() - begin)
    if child.returncode != expect:
        F.fault(f"{verb} {' '.join(words)}: exit {child.returncode}: {said(verb, text)}")
    return text.decode(errors="replace") if text else ""


def out(verb):
    if verb in ("list", "state"):
        return subprocess.PIPE
    return open(f"{ROOT}.{threading.get_native_id()}", "wb")  # noqa: SIM115


def said(verb, text):
    if verb in ("list", "state"):
        return text.decode(errors="replace")[:300]
    with open(f"{ROOT}.{threading.get_native_id()}", errors="replace") as f:
        return f.read(300)


def cycle(name):
    davit("create", "-b", BUNDLE, name)
    davit("start", name)
    if '"running"' not in (davit("state", name) or ""):
        F.fault(f"{name} does not run")
    davit("delete", "--force", name)
    with F.lock:
        F.cycles += 1


def in_parallel(workers, work, count):
    numbers = iter(range(count))

    def loop():
        while True:
            with F.lock:
                n = next(numbers, None)
            if n is None or F.is_over():
                return
            work(f"{TOKEN}-{n}")

    threads = [threading.Thread(target=loop) for _ in range(workers)]
    for thread in threads:
        thread.start()
    return threads


def execs(name):
    status = int(name.rpartition("-")[2]) % 100
    davit("exec", TOKEN, "sh", "-c", f"exit {status}", expect=status)
    with F.lock:
        F.cycles += 1


def alive():
    def begin(name):
        davit("create", "-b", BUNDLE, name)
        davit("start", name)

    for thread in in_parallel(WORKERS, begin, COUNT):
        thread.join()
    found = davit("list", "-q").split()
    if len(found) != COUNT:
        F.fault(f"list shows {len(found)} of {COUNT}")
    for thread in in_parallel(WORKERS, lambda name: davit("delete", "--force", name), COUNT):
        thread.join()
    F.cycles = COUNT


def read(standing, done):
    """What stands is there, whole, whatever comes and goes beside it."""
    while not done.wait(random.random() * WORKERS / 50) and not F.is_over():  # a hundred questions a second, of all together
        try:
            if json.loads(davit("state", standing))["status"] != "running":
                F.fault(f"state of {standing} is another")
            if standing not in [c["id"] for c in json.loads(davit("list", "--format", "json"))]:
                F.fault(f"list does not have {standing}")
        except ValueError as e:
            F.fault(f"no JSON: {e}")


def readers():
    standing, done = f"{TOKEN}-standing", threading.Event()
    davit("create", "-b", BUNDLE, standing)
    davit("start", standing)
    looking = [threading.Thread(target=read, args=(standing, done)) for _ in range(WORKERS)]
    for thread in looking:
        thread.start()
    for thread in in_parallel(2, cycle, COUNT):
        thread.join()
    done.set()
    for thread in looking:
        thread.join()
    davit("delete", "--force", standing)


VERBS = {
    "create": lambda name: ("-b", BUNDLE, name), "start": lambda name: (name,),
    "exec": lambda name: (name, "true"), "pause": lambda name: (name,), "resume": lambda name: (name,),
    "state": lambda name: (name,), "kill": lambda name: (name, "KILL"), "delete": lambda name: ("--force", name),
}


def go_on(name, end, dice):
    """Once through the verbs, until one is killed."""
    for verb, words in VERBS.items():
        is_hit = dice.random() < 1 / 3
        # As long as it takes on an idle machine, and then as often after its end as before.
        if davit(verb, *words(name), after=dice.expovariate(1 / 0.006) if is_hit else None) is None:
            break
    else:
        with F.lock:
            F.cycles += 1
        return
    davit("delete", "--force", name)


def killed():
    end = time.monotonic() + COUNT
    standing = f"{TOKEN}-standing"
    davit("run", "--detach", "-b", BUNDLE, standing)

    def loop(number):
        dice = random.Random(number)
        while time.monotonic() < end and not F.is_over():
            go_on(f"{TOKEN}-{number}", end, dice)

    threads = [threading.Thread(target=loop, args=(n,)) for n in range(WORKERS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if '"running"' not in (davit("state", standing) or ""):
        F.fault("the container that nobody touched does not run any more")
    davit("delete", "--force", standing)


def main():
    begin = time.monotonic()
    if KIND in ("sequential", "parallel", "execs"):
        for thread in in_parallel(WORKERS, execs if KIND == "execs" else cycle, COUNT):
            thread.join()
    else:
        {"alive": alive, "readers": readers, "killed": killed}[KIND]()
    seconds = time.monotonic() - begin
    if begin + seconds > BEGIN + LIMIT:
        F.fault(f"not at its end after {LIMIT} s")
    for text in F.faults[-ENOUGH:]:
        print(text)
    slow = sum(t > DEADLINE for times in F.times.values() for t in times)
    figures = [f"{KIND}: {F.cycles} {'execs' if KIND == 'execs' else 'life cycles'} in {seconds:.0f} s ({F.cycles / seconds:.0f}/s), {WORKERS} at a time"]
    for verb, times in F.times.items():
        times.sort()
        figures.append(f"{verb} {len(times)}: median {times[len(times) // 2] * 1000:.1f} ms, 99 % {times[len(times) * 99 // 100] * 1000:.0f} ms, "
                       f"longest {times[-1] * 1000:.0f} ms")
    if F.killed:
        figures.append(f"killed: {sum(F.killed.values())} (" + ", ".join(f"{v} {n}" for v, n in F.killed.items()) + ")")
    longest, verb = max(((times[-1], verb) for verb, times in F.times.items()), default=(0, "nothing"))
    figures.append(f"longest of all: {verb}, {longest:.2f} s")
    figures.append(f"{len(F.faults)} errors, {slow} slower than {DEADLINE} s")
    print("; ".join(figures))
    sys.exit(bool(F.faults))


main()
