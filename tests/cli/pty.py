#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""A user at a terminal: runs a command on a pty of its own, types and reads by a script.

    pty.py SCRIPT COMMAND...

SCRIPT is a list of words, one a line:

    type TEXT      sends it (\\n, \\x03 and so on as in Python)
    expect TEXT    reads until TEXT has come (a minute)
    sleep SECONDS  reads nothing meanwhile
    size ROWS COLUMNS
    raw            waits until the terminal is raw
    make FILE      for those who wait for it: what stands before has been done
    await FILE     until somebody has made it, and written to it
    signal NAME    to the command
    close          hangs the terminal up

Then reads to the end. Prints what came, byte for byte; on stderr what is wrong: a text that has not
come, a command that has not ended after two minutes, modes of the terminal that are not as before.
Exit status: the command's, 128 + N for a signal; 125 when something was wrong. The command is the
leader of a session with that terminal; STDIN=FILE, STDOUT=FILE and STDERR=FILE in the environment
are its streams instead.
"""

import fcntl
import os
import select
import signal
import struct
import sys
import termios
import time

PATIENCE = 60
MODES = 4


class Wrong(Exception):
    pass


class Terminal:
    def __init__(self, command):
        self.master, self.slave = os.openpty()
        self.resize(24, 80)
        self.modes = termios.tcgetattr(self.slave)
        self.text = b""
        self.seen = 0
        self.status = None
        self.pid = os.fork()
        if self.pid == 0:
            self.become(command)

    def become(self, command):
        os.setsid()
        fcntl.ioctl(self.slave, termios.TIOCSCTTY, 0)
        modes = [("STDIN", os.O_RDONLY), ("STDOUT", os.O_WRONLY), ("STDERR", os.O_WRONLY)]
        for fd, (name, mode) in enumerate(modes):
            path = os.environ.pop(name, None)
            os.dup2(os.open(path, mode) if path else self.slave, fd)
        os.closerange(3, 256)
        os.execvp(command[0], command)

    def resize(self, rows, columns):
        fcntl.ioctl(self.slave, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def read(self, seconds):
        """False when nothing came."""
        if self.master < 0 or not select.select([self.master], [], [], seconds)[0]:
            return False
        data = os.read(self.master, 65536)
        self.text += data
        sys.stdout.buffer.write(data)
        sys.stdout.flush()
        return bool(data)

    def expect(self, wanted):
        end = time.monotonic() + PATIENCE
        while True:
            at = self.text.find(wanted, self.seen)
            if at >= 0:
                self.seen = at + len(wanted)
                return
            if time.monotonic() > end or (self.has_ended() and not self.read(0.1)):
                raise Wrong(f"{wanted!r} has not come")
            self.read(0.1)

    def has_ended(self):
        if self.status is None:
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid:
                self.status = os.waitstatus_to_exitcode(status)
        return self.status is not None

    def is_raw(self):
        return not termios.tcgetattr(self.slave)[3] & (termios.ECHO | termios.ICANON)

    def await_raw(self):
        end = time.monotonic() + PATIENCE
        while not self.is_raw():
            if time.monotonic() > end:
                raise Wrong("the terminal does not become raw")
            self.read(0.02)

    def await_file(self, path):
        end = time.monotonic() + PATIENCE
        while not (os.path.exists(path) and os.path.getsize(path)):
            if time.monotonic() > end:
                raise Wrong(f"{path} has not come")
            self.read(0.02)

    def finish(self):
        end = time.monotonic() + 2 * PATIENCE
        while not self.has_ended():
            if time.monotonic() > end:
                os.kill(self.pid, signal.SIGKILL)
                raise Wrong("the command does not end")
            if not self.read(0.05) and self.master < 0:
                time.sleep(0.05)
        while self.read(0.1):
            pass
        if self.master >= 0:
            self.check_modes()

    def check_modes(self):
        end = time.monotonic() + PATIENCE
        while termios.tcgetattr(self.slave)[:MODES] != self.modes[:MODES]:
            # A guard may need a moment after a SIGKILL.
            if time.monotonic() > end:
                raise Wrong("the terminal's modes are not as before")
            time.sleep(0.01)

    def do(self, verb, rest):
        if verb == "type":
            os.write(self.master, rest.encode().decode("unicode_escape").encode("latin1"))
        elif verb == "expect":
            self.expect(rest.encode().decode("unicode_escape").encode("latin1"))
        elif verb == "sleep":
            time.sleep(float(rest))
        elif verb == "size":
            self.resize(*map(int, rest.split()))
        elif verb == "raw":
            self.await_raw()
        elif verb == "make":
            with open(rest, "w"):
                pass
        elif verb == "await":
            self.await_file(rest)
        elif verb == "signal":
            os.kill(self.pid, getattr(signal, "SIG" + rest))
        elif verb == "close":
            os.close(self.slave)
            os.close(self.master)
            self.master = -1
        else:
            raise Wrong(f"no such word: {verb}")


def main():
    script = sys.argv[1].splitlines()
    terminal = Terminal(sys.argv[2:])
    status = 125
    try:
        for line in script:
            verb, _, rest = line.strip().partition(" ")
            if verb:
                terminal.do(verb, rest)
        terminal.finish()
        status = terminal.status if terminal.status >= 0 else 128 - terminal.status
    except Wrong as wrong:
        print(wrong, file=sys.stderr)
    sys.exit(status)


main()
