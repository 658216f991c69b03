# SPDX-License-Identifier: LGPL-2.1-or-later
"""The commands that sweep.py goes through: how each is made ready, what is there when it says that it has done
its work, and what may be there when it says that it has not. All of it is read from /proc, the cgroup's files
and the container's own marks, not from what davit says.

A problem begins with its kind: leak, crash, hang, words (on stderr), unfinished (exit 0 and not done),
undone (an error, and done all the same), bystander.
"""
import contextlib
import glob
import json
import os
import re
import shutil
import signal
import time

from harness import Bundle, count_filters, edit_full, edit_userns

DEADLINE = 60
HUGE = "hugetlb.2MB.max"
SIZES = (4 << 20, 8 << 20)
MARK = "rootfs/tmp/ran"
WAITING = "poll", "waitid"
CHECKPOINTED = "remove the ", "[step kill in host]", "could not go on and is deleted"
TAKING_AWAY = "remove the cgroup", "lock the state directory"
PROGRAM = ["sh", "-c", "echo >>/tmp/ran; exec sleep 100000"]


def poll(condition, seconds=DEADLINE):
    """Does it come true? It is given time, since the machine may be busy."""
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            return False
        time.sleep(0.002)
    return True


def read(path):
    try:
        with open(path, errors="replace") as f:
            return f.read()
    except OSError:
        return ""


def stat_letter(pid):
    """R, S, T, Z ...; empty when there is no such process."""
    return read(f"/proc/{pid}/stat").rpartition(") ")[2][:1]


def is_crash(status):
    return not isinstance(status, int) or status < 0 or 124 <= status != 255


def describe(pid):
    """What of a container can be seen from outside: to compare with one made without errors."""
    seen = {}
    for name in ("mnt", "pid", "net", "ipc", "uts", "cgroup", "user"):
        seen[f"new {name}"] = os.readlink(f"/proc/{pid}/ns/{name}") != os.readlink(f"/proc/self/ns/{name}")
    # Without the numbers, which differ each time; a device that is bound and one that is made come in another order.
    seen["mounts"] = sorted(re.sub(r"(shared|master):\d+", r"\1", re.sub(r"^\d+ \d+ \d+:\d+ ", "", line))
                            for line in read(f"/proc/{pid}/mountinfo").splitlines())
    seen["cgroup"] = read(f"/proc/{pid}/cgroup").splitlines()[-1]
    seen["dev"] = sorted(os.listdir(f"/proc/{pid}/root/dev"))
    return seen


def tell_difference(key, seen, wanted):
    """Of lists what is not in both."""
    if isinstance(seen, list) and isinstance(wanted, list):
        seen, wanted = [x for x in seen if x not in wanted], [x for x in wanted if x not in seen]
    return f"{key}: {seen} instead of {wanted}"


def edit_ran(config, edit=None, program=None):
    if edit:
        edit(config)
    config["process"]["args"] = program or PROGRAM
    config["process"]["terminal"] = bool(program)


def edit_hooked(config, world):
    """What hooks, a terminal and a filter make longer; no agent, whose descriptors nobody would take."""
    edit_full(config, world)
    config["process"]["args"] = PROGRAM
    del config["linux"]["seccomp"]["listenerPath"]
    config["linux"]["seccomp"]["syscalls"].pop()


class Verb:
    """words: the command; roles: whose system calls are swept. A kill of the child is a failure of davit's."""
    roles = killed_roles = ("manager",)
    at_terminal = False

    def __init__(self, world, name, bundle, words):
        self.world, self.name, self.bundle, self.words = world, name, bundle, words
        self.mark = os.path.join(bundle.path, MARK)
        self.wanted = None

    def ready(self):
        """Problems of the way to the state from which it is called."""
        return []

    def finish(self):
        """What was done is taken back."""
        return []

    def has_run(self):
        return os.path.exists(self.mark)

    def remove(self):
        """delete --force, twice, and what it did not take away."""
        problems = []
        for turn in ("first", "second"):
            status, err = self.world.davit("delete", "--force", self.world.id)
            if status != 0 or err:
                problems.append(f"leak: {turn} delete --force: exit {status}: {err}")
        self.clear()
        return problems + self.left()

    def clear(self):
        """The pid file is its owner's, and so is a piece of it that never got its name."""
        for path in [*glob.glob(self.world.pid_file + "*"), self.mark]:
            os.path.exists(path) and os.unlink(path)

    def left(self):
        return [f"leak: {word}" for word in self.world.left(DEADLINE)]

    def make(self, *verbs):
        """The container, by clean calls."""
        self.clear()
        for verb in verbs:
            words = ["--pid-file", self.world.pid_file, "-b", self.bundle.path, *self.bundle.options] if verb == "create" else []
            status, err = self.world.davit(verb, *words, self.world.id)
            if status != 0:
                return [f"leak: {verb} before it: exit {status}: {err}"]
        self.pid = int(read(self.world.pid_file))
        self.cgroup = self.world.cgroot + read(f"/proc/{self.pid}/cgroup").splitlines()[-1][3:]
        return []

    def check_words(self, status, err, name):
        if is_crash(status):
            return [f"{'hang' if status == 'a hang' else 'crash'}: exit {status}: {err}"]
        # An error on stderr itself cannot be told.
        if status != 0 and (err.count("\n") != 1 or not err.startswith("davit: ")) and not (name == "write" and not err):
            return [f"words: not one line: {err!r}"]
        return []


class Making(Verb):
    """create and run"""
    roles = ("manager", "child")

    def __init__(self, world, name, bundle, verb):
        detach = ["--detach"] if verb == "run" and not bundle.in_terminal else []
        super().__init__(world, name, bundle,
                         [verb, *detach, "-b", bundle.path, "--pid-file", world.pid_file, *bundle.options, world.id])
        self.at_terminal = bundle.in_terminal
        self.runs = verb == "run"
        self.killed_roles = (*self.roles, "both")

    def ready(self):
        self.clear()
        return []

    def look(self):
        pid = int(read(self.world.pid_file) or 0)
        try:
            return describe(pid) if pid and stat_letter(pid) not in ("", "Z") else {"state": "not alive"}
        except (FileNotFoundError, ProcessLookupError, IndexError):  # it has ended meanwhile
            return {"state": "not alive"}

    def differences(self, name, error):
        if self.at_terminal:
            return [] if self.has_run() else ["unfinished: the program has not run"]
        if self.runs and not poll(self.has_run):
            return ["unfinished: the program has not run"]
        seen = self.look()
        if self.wanted is None:
            self.wanted = seen
        # What a created container waits for its start with fails after create was right to say it is made.
        if name in ("accept4", "recvfrom") and "state" in seen:
            return []
        # Then the host's nodes, and its sysfs, are bound, as where the kernel permits no others.
        if name in ("mknodat", "fsopen", "fsconfig", "fsmount") and error == "EPERM" and "mounts" in seen:
            seen["mounts"] = self.wanted["mounts"]
        return ["unfinished: " + tell_difference(key, seen.get(key), self.wanted[key]) for key in self.wanted
                if seen.get(key) != self.wanted[key]]

    def judge(self, status, err, name, error):
        problems = self.check_words(status, err, name)
        if is_crash(status):
            return problems + self.remove()
        if status == 0:
            return self.differences(name, error) + self.remove()
        if self.at_terminal and self.has_run() and any(word in err for word in TAKING_AWAY):
            # run was there until the program's end; what it cannot take away is left to delete, as with delete itself:
            # its state leads to the cgroup and alone says that it is davit's. The pid file stays with a run that was whole.
            kept = ("leak: state", "leak: cgroup", "leak: file")
            return problems + [word for word in self.left() if not word.startswith(kept)] + self.remove()
        # What runs when poststart fails is ended (runtime.md#lifecycle, 9), and so is what nobody can wait for, when
        # the waiting itself fails: to be left at a terminal that nobody reads would be a leak, and runc ends it too.
        is_ended = "poststart" in err or (self.at_terminal and "wait for the program" in err and name in WAITING)
        problems += [f"undone: the program has run: {err}"] if self.has_run() and not is_ended else []
        problems += self.left()
        return problems + (self.remove() if problems else [])

    def is_committed(self):
        status, _ = self.world.davit("state", self.world.id)
        return status == 0 and json.loads(self.world.output())["status"] in ("created", "running")

    def after_kill(self):
        problems = []
        if not self.is_committed():
            problems += [f"leak: outlives an unfinished command: {word[6:]}" for word in self.left() if word.startswith("leak: process")]
        return problems + self.remove()

    def after_child_kill(self, status, err):
        """Killed at its birth it is cloned once more; a helper that has done its work may die."""
        problems = self.check_words(status, err, "")
        if status != 0:
            problems += self.left()
        return problems + (self.remove() if status == 0 or problems else [])


class Starting(Verb):
    def ready(self):
        return self.make("create")

    def judge(self, status, err, name, error):
        problems = self.check_words(status, err, name)
        if status == 0 and not poll(self.has_run):
            problems.append("unfinished: the program has not run")
        if status != 0 and self.has_run() and stat_letter(self.pid) not in ("", "Z"):
            problems.append("undone: the program runs")
        return problems + self.remove()

    def after_kill(self):
        return self.remove()


class Deleting(Verb):
    """Of a stopped container, or with force of a running one."""

    def __init__(self, world, name, bundle, words, is_forced):
        super().__init__(world, name, bundle, words)
        self.is_forced = is_forced

    def ready(self):
        problems = self.make("create", "start")
        if not self.is_forced and not problems:
            os.kill(self.pid, signal.SIGKILL)
            poll(lambda: stat_letter(self.pid) in ("", "Z"))
        self.clear()
        return problems

    def judge(self, status, err, name, error):
        problems = self.check_words(status, err, name)
        if status == 0:
            problems += [word.replace("leak:", "unfinished:") for word in self.left()]
        return problems + (self.remove() if problems or status != 0 else [])

    def after_kill(self):
        return self.remove()


class Living(Verb):
    """Of a running container, which must be as it was afterwards, whatever became of the command."""

    def __init__(self, world, name, bundle, words, holder):
        super().__init__(world, name, bundle, words)
        self.holder = holder  # what its subclasses share: the running container

    def ready(self):
        problems = self.holder.ready()
        self.pid, self.cgroup = self.holder.pid, self.holder.cgroup
        return problems

    def is_done(self):
        return True

    def is_undone(self):
        return True

    def settle(self):
        """Takes back what it has done."""

    def judge(self, status, err, name, error):
        problems = self.check_words(status, err, name)
        if status == 0 and not poll(self.is_done):
            problems.append("unfinished: " + self.tell())
        if status != 0 and not poll(self.is_undone):
            problems.append("undone: " + self.tell())
        return problems + self.finish()

    def tell(self):
        return f"{read(self.cgroup + '/cgroup.events')!r} {read(self.cgroup + '/cgroup.procs')!r} {self.world.output()!r}"

    def finish(self):
        """Back to how it was, and a look whether it is."""
        problems = [] if poll(self.has_no_davit) else [f"leak: a process of davit's is in the container: {self.tell()}"]
        self.settle()
        # What was executed in it is a child of ours by now, and the container's end waits for its burial.
        poll(lambda: not set(self.world.reap()) - {self.pid, self.world.bystander_pid})
        return problems + self.holder.changes()

    def processes(self):
        return [int(pid) for pid in read(self.cgroup + "/cgroup.procs").split() if int(pid) != self.pid]

    def has_no_davit(self):
        return all(read(f"/proc/{pid}/comm").strip() in ("sleep", "sh", "") for pid in self.processes())

    def after_kill(self):
        problems = self.finish()
        status, err = (self.world.run_at_terminal if self.at_terminal else self.world.davit)(*self.words)
        if status != 0 or not poll(self.is_done):
            problems.append(f"unfinished: once more after a kill: exit {status}: {err}")
        return problems + self.finish()

    def after_child_kill(self, status, err):
        return self.check_words(status, err, "") + self.finish()


class Holder(Verb):
    """The running container itself."""

    def __init__(self, world, name, bundle):
        super().__init__(world, name, bundle, [])
        self.pid = 0

    def ready(self):
        if self.pid and stat_letter(self.pid) not in ("", "Z") and not self.changes():
            return []
        problems = self.remove() + self.make("create", "start")
        poll(lambda: read(self.mark))  # not only opened
        os.unlink(self.world.pid_file)
        self.as_it_was = self.look()
        return problems

    def look(self):
        """As an administrator sees it."""
        state = os.path.join(self.world.root, self.world.id)
        return {"alive": stat_letter(self.pid) in ("S", "R", "D"), "state": sorted(os.listdir(state)), "filters": count_filters(self.cgroup),
                "freeze": read(self.cgroup + "/cgroup.freeze"), "below": sorted(glob.glob(self.cgroup + "/*/")),
                HUGE: read(os.path.join(self.cgroup, HUGE)), "processes": read(self.cgroup + "/cgroup.procs").split(),
                "runs": len(read(self.mark))}

    def changes(self):
        seen = {}

        def is_same():
            try:
                seen.update(self.look())
            except OSError as e:
                seen.update({"alive": str(e)})
            return seen == self.as_it_was
        if poll(is_same):
            return []
        self.pid = 0
        return [f"leak: {key}: {seen[key]} instead of {self.as_it_was[key]}" for key in seen if seen[key] != self.as_it_was[key]]


class Exec(Living):
    roles = ("manager", "child")
    killed_roles = ("manager", "child", "both")

    def is_done(self):
        pid = int(read(self.world.pid_file) or 0)
        return pid in self.processes() and read(f"/proc/{pid}/comm").strip() == "sleep"

    def is_undone(self):
        return not self.processes() and not os.path.exists(self.world.pid_file)

    def settle(self):
        for pid in self.processes():
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        poll(lambda: not self.processes())
        for path in glob.glob(self.world.pid_file + "*"):
            os.unlink(path)


class ExecTerminal(Exec):
    """In the foreground: it has ended when exec has."""
    at_terminal = True

    def is_done(self):
        return self.count_runs() == self.before + 1

    def is_undone(self):
        """It may have been the way back that failed; what the program did is done."""
        return not self.processes()

    def count_runs(self):
        return len(read(self.mark)) - self.holder.as_it_was["runs"]

    def ready(self):
        problems = super().ready()
        self.before = self.count_runs()
        return problems

    def settle(self):
        super().settle()
        with open(self.mark, "w") as f:
            f.write("\n" * self.holder.as_it_was["runs"])


class Kill(Living):
    """SIGSTOP: it is seen that it has come, and can be taken back."""

    def is_done(self):
        return stat_letter(self.pid) == "T"

    def is_undone(self):
        return stat_letter(self.pid) in ("S", "R")

    def settle(self):
        os.kill(self.pid, signal.SIGCONT)


class Pause(Living):
    is_frozen = True

    def has_frozen(self, wanted):
        return f"frozen {int(wanted)}" in read(self.cgroup + "/cgroup.events") and \
            read(self.cgroup + "/cgroup.freeze").strip() == str(int(wanted))

    def is_done(self):
        return self.has_frozen(self.is_frozen)

    def is_undone(self):
        return self.has_frozen(not self.is_frozen)

    def freeze(self, wanted):
        with open(self.cgroup + "/cgroup.freeze", "w") as f:
            f.write(str(int(wanted)))
        poll(lambda: self.has_frozen(wanted))

    def settle(self):
        self.freeze(False)

    def after_kill(self):
        self.settle()
        self.is_frozen or self.freeze(True)
        return super().after_kill()


class Resume(Pause):
    is_frozen = False

    def ready(self):
        problems = super().ready()
        self.freeze(True)
        return problems

    def after_kill(self):
        self.settle()
        problems = self.holder.changes()
        self.freeze(True)
        status, err = self.world.davit(*self.words)
        if status != 0 or not poll(self.is_done):
            problems.append(f"unfinished: once more after a kill: exit {status}: {err}")
        return problems + self.finish()


class Update(Living):
    def limit(self):
        return read(os.path.join(self.cgroup, HUGE)).strip()

    def is_done(self):
        return self.limit() == str(SIZES[1]) and count_filters(self.cgroup) == 1

    def is_undone(self):
        return self.limit() == str(SIZES[0]) and count_filters(self.cgroup) == 1

    def settle(self):
        with open(os.path.join(self.cgroup, HUGE), "w") as f:
            f.write(str(SIZES[0]))


class Asking(Living):
    """state, list, ps: an answer as without errors, or an error."""
    wanted_answer = None

    def ready(self):
        before = self.holder.pid
        problems = super().ready()
        if self.holder.pid != before:
            self.wanted_answer = None
            self.world.davit(*self.words)
            self.is_done()
        return problems

    def is_done(self):
        answer = self.take(self.world.output())
        if self.wanted_answer is None:
            self.wanted_answer = answer
        return answer == self.wanted_answer

    def judge(self, status, err, name, error):
        """The answer is there at once, or never."""
        problems = self.check_words(status, err, name)
        if status == 0 and not self.is_done():
            problems.append(f"unfinished: {str(self.take(self.world.output())):.300} instead of {str(self.wanted_answer):.300}")
        return problems + self.finish()

    @staticmethod
    def take(answer):
        return answer

    def after_kill(self):
        return self.finish()


class Measuring(Asking):
    """events: the figures change, their names do not."""

    @staticmethod
    def take(answer):
        def names(value):
            return {key: names(value[key]) for key in value} if isinstance(value, dict) else type(value).__name__
        return [names(json.loads(line)) for line in answer.splitlines()]


class Checkpoint(Verb):
    """By criu. What was not done leaves the container running as it was."""
    roles = ("manager", "child")
    killed_roles = ("manager", "child")

    def __init__(self, world, name, bundle, images):
        super().__init__(world, name, bundle, ["checkpoint", "--image-path", images, world.id])
        self.images = images

    def ready(self):
        shutil.rmtree(self.images, ignore_errors=True)
        return self.make("create", "start") + ([] if poll(self.has_run) else ["leak: the program has not run"])

    def goes_on(self):
        """It marks each of its rounds."""
        before = len(read(self.mark))
        return poll(lambda: len(read(self.mark)) > before) and "frozen 0" in read(self.cgroup + "/cgroup.events")

    def judge(self, status, err, name, error):
        problems = self.check_words(status, err, name)
        if status == 0:
            self.clear()
            problems += [word.replace("leak:", "unfinished:") for word in self.left()]
            if not os.path.exists(os.path.join(self.images, "inventory.img")):
                problems.append("unfinished: there are no images")
        elif not is_crash(status) and not any(word in err for word in CHECKPOINTED) and not self.goes_on():
            # With images that are whole the container has ended; what cannot be taken away is left to delete. When criu's
            # answer is lost it has ended too, and the line says so.
            problems.append(f"undone: {stat_letter(self.pid)!r} {read(self.cgroup + '/cgroup.events')!r}: {err}")
        return problems + (self.remove() if problems or status != 0 else [])

    def after_kill(self):
        return self.remove()

    def after_child_kill(self, status, err):
        return self.judge(status, err, "", "")


class Restore(Verb):
    """From images that were made once."""
    roles = ("manager", "child")
    killed_roles = ("manager", "child")

    def __init__(self, world, name, bundle, checkpoint):
        super().__init__(world, name, bundle, ["restore", "--detach", "--image-path", checkpoint.images + ".kept", "-b", bundle.path,
                                               "--pid-file", world.pid_file, world.id])
        self.checkpoint = checkpoint

    def ready(self):
        problems = []
        kept = self.checkpoint.images + ".kept"
        if not os.path.exists(kept):
            problems = self.checkpoint.ready()
            status, err = self.world.davit(*self.checkpoint.words)
            problems += [f"leak: checkpoint before it: exit {status}: {err}"] if status != 0 else []
            os.rename(self.checkpoint.images, kept)
        self.clear()
        return problems

    def judge(self, status, err, name, error):
        problems = self.check_words(status, err, name)
        if status == 0:
            self.pid = int(read(self.world.pid_file))
            before = len(read(self.mark))
            if not poll(lambda: len(read(self.mark)) > before):
                problems.append("unfinished: the program does not go on")
            return problems + self.remove()
        if not is_crash(status):
            problems += self.left()
        return problems + (self.remove() if problems else [])

    def after_kill(self):
        return self.remove()

    def after_child_kill(self, status, err):
        return self.judge(status, err, "", "")


def edit_counting(config):
    """What criu can put away: without network devices of its own or a terminal."""
    config["process"]["args"] = ["sh", "-c", "while :; do echo >>/tmp/ran; sleep 0.05; done"]
    config["linux"]["namespaces"] = [n for n in config["linux"]["namespaces"] if n["type"] != "network"]


def make_criu_verbs(world):
    """Where there is a criu that works."""
    bundle = Bundle(world.make_bundle("counting", edit_counting))
    os.chmod(os.path.join(bundle.path, "rootfs/tmp"), 0o777)
    checkpoint = Checkpoint(world, "checkpoint", bundle, os.path.join(world.top, "images"))
    return [checkpoint, Restore(world, "restore", bundle, checkpoint)]


def has_huge_pages(world):
    return "hugetlb" in read(os.path.join(world.cgroot, "cgroup.controllers")).split()


def edit_limited(config, world):
    edit_ran(config)
    if has_huge_pages(world):
        config["linux"]["resources"]["hugepageLimits"] = [{"pageSize": "2MB", "limit": SIZES[0]}]


def make_verbs(world):
    """All of them, by name."""
    def bundle(name, edit, **how):
        made = Bundle(world.make_bundle(name, edit), **how)
        os.chmod(os.path.join(made.path, "rootfs/tmp"), 0o777)
        return made
    sockets = ["--console-socket", world.console.path]
    plain = bundle("plain", lambda c: edit_limited(c, world))
    userns = bundle("userns", lambda c: edit_ran(c, edit_userns))
    hooked = bundle("hooked", lambda c: edit_hooked(c, world), options=[*sockets, "--pidfd-socket", world.console.path])
    terminal = bundle("terminal", lambda c: edit_ran(c, program=["sh", "-c", "echo >>/tmp/ran"]), in_terminal=True)
    holder, mapped = Holder(world, "holder", plain), Holder(world, "holder-userns", userns)
    update = os.path.join(world.top, "update.json")
    with open(update, "w") as f:
        json.dump({"hugepageLimits": [{"pageSize": "2MB", "limit": SIZES[1]}], "devices": [{"allow": False, "access": "rwm"}]}, f)
    own, forced = world.id, ["delete", "--force", world.id]
    detached = ["exec", "-d", "--pid-file", world.pid_file]
    verbs = [
        Making(world, "create", plain, "create"),
        Making(world, "create, hooks and a console", hooked, "create"),
        Making(world, "create, user namespace", userns, "create"),
        Making(world, "run", plain, "run"),
        Making(world, "run, hooks and a console", hooked, "run"),
        Making(world, "run, user namespace", userns, "run"),
        Making(world, "run at a terminal", terminal, "run"),
        Starting(world, "start", plain, ["start", own]),
        Starting(world, "start, hooks and a console", hooked, ["start", own]),
        Exec(world, "exec", plain, [*detached, own, "sleep", "1000"], holder),
        Exec(world, "exec, console", plain, [*detached, "--tty", *sockets, own, "sleep", "1000"], holder),
        Kill(world, "kill", plain, ["kill", own, "STOP"], holder),
        Pause(world, "pause", plain, ["pause", own], holder),
        Resume(world, "resume", plain, ["resume", own], holder),
        Asking(world, "state", plain, ["state", own], holder),
        Asking(world, "list", plain, ["list", "--format", "json"], holder),
        Asking(world, "ps", plain, ["ps", "--format", "json", own], holder),
        Measuring(world, "events --stats", plain, ["events", "--stats", own], holder),
        ExecTerminal(world, "exec at a terminal", plain, ["exec", "--tty", own, "sh", "-c", "echo >>/tmp/ran"], holder),
        Exec(world, "exec, user namespace", userns, [*detached, own, "sleep", "1000"], mapped),
        Deleting(world, "delete", plain, ["delete", own], False),
        Deleting(world, "delete --force", plain, forced, True),
        Deleting(world, "delete, hooks and a console", hooked, ["delete", own], False),
        Deleting(world, "delete --force, user namespace", userns, forced, True),
    ]
    if has_huge_pages(world):
        verbs.append(Update(world, "update", plain, ["update", "--resources", update, own], holder))
    return verbs
