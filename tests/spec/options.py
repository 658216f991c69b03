#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Which bats test uses which option: every option that davit's help shows, of the program and of each
command, in each of its spellings (-f, --force), against the calls in tests/cli/*.bats.
  options.py         fails, and names it, when no test calls that command with that option
  options.py --list  a line for each: COMMAND OPTION: file: test
A call is a line with ok, refused, davit or the like and a command's name; what stands before the name
are global options. A function that hands "$@" to a command counts as that command.
"""
import glob
import os
import re
import subprocess
import sys

TOP = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
DAVIT = os.environ.get("DAVIT", os.path.join(TOP, "build", "src", "davit"))
CALLERS = {"ok", "refused", "davit", "gives", '"$DAVIT"', "$DAVIT"}
PASS_REST = ("exec", "ps")  # what follows the id is another program's
WORD = re.compile(r""""(?:[^"\\]|\\.)*"\S*|'[^']*'\S*|[^\s"';()]+(?:"[^"]*"|'[^']*')?[^\s;()]*|[;()]""")
TEST = re.compile(r"""^@test (["'])(.*)\1 *\{""")
FUNCTION = re.compile(r"^\s*(\w+)\(\) *\{")


def help_of(*words):
    return subprocess.run([DAVIT, *words, "--help"], check=True, capture_output=True, text=True,
                          env={**os.environ, "LC_ALL": "C"}).stdout


def section(text, name):
    """The lines of a section of a help text."""
    return re.search(r"^%s:\n((?:   .*\n)*)" % name, text, re.MULTILINE).group(1).splitlines()


def options(text, name):
    """The option's spellings, a tuple each: ("-f", "--force")."""
    for line in section(text, name):
        row = re.match(r"   (?:(-\w), |    )?(--[\w-]+)?", line)
        if any(row.groups()):
            yield tuple(filter(None, row.groups()))


def parts(words, commands, callers):
    """(command or "", global options, its options) of the call in a line's words; None: no call."""
    start = next((i for i, w in enumerate(words) if w in callers), None)
    if start is None:
        return None
    rest = words[start + 1:]
    at = next((i for i, w in enumerate(rest) if w in commands), len(rest))
    command, behind = "".join(rest[at:at + 1]), rest[at + 1:]
    if command in PASS_REST and '"$ID"' in behind:
        behind = behind[:behind.index('"$ID"')]
    return command, spelled(rest[:at]), spelled(behind)


def spelled(words):
    """The options among the words, without their values."""
    return [re.sub("=.*", "", w) for w in words if w.startswith("-")]


def lines_of(path):
    with open(path, encoding="utf-8") as f:
        text = f.read().replace("\\\n", " ")
    return [line for line in text.splitlines() if not line.lstrip().startswith("#")]


def functions(lines, commands):
    """Names of functions that hand "$@" on: those to any command, and {name: the one command}."""
    callers, wrappers, inside = set(CALLERS), {}, ""
    for line in lines:
        inside = FUNCTION.match(line).group(1) if FUNCTION.match(line) else inside
        found = parts(WORD.findall(line), commands, callers) if '"$@"' in line else None
        if found and inside and found[0]:
            wrappers[inside] = found[0]
        elif found and inside:
            callers.add(inside)
    return callers, wrappers


def uses(commands):
    """(command or "", option as written, where)"""
    for path in sorted(glob.glob(os.path.join(TOP, "tests", "cli", "*.bats"))):
        lines, place = lines_of(path), ""
        callers, wrappers = functions(lines, commands)
        for line in lines:
            head = TEST.match(line) or FUNCTION.match(line)
            if head:
                place = "%s: %s" % (os.path.basename(path), head.group(head.lastindex))
                continue
            words = WORD.findall(line)
            command, before, behind = parts(words, commands, callers) or ("", [], [])
            for wrapper in set(words) & set(wrappers):
                command, behind = wrappers[wrapper], spelled(words[words.index(wrapper):])
            yield from (("", option, place) for option in before)
            yield from ((command, option, place) for option in behind)


def main():
    program = help_of()
    commands = [line.split()[0] for line in section(program, "COMMANDS")]
    wanted = [("", row) for row in options(program, "GLOBAL OPTIONS")]
    for command in commands:  # that each has a --help is one test's loop
        wanted += [(command, row) for row in options(help_of(command), "OPTIONS")
                   if row != ("-h", "--help")]
    seen = {}
    for command, option, where in uses(commands):
        # One dash does for a long name, too: containerd's -no-subreaper.
        for spelling in (option, "-" + option if len(option) > 2 else option):
            seen.setdefault((command, spelling), where)
    missing = [(c, o) for c, row in wanted for o in row if (c, o) not in seen]
    if "--list" in sys.argv:
        for command, row in wanted:
            for option in row:
                print("%s %s: %s" % (command or "davit", option, seen.get((command, option), "-")))
    for command, option in missing:
        print("no test calls davit %s%s%s" % (command, " " if command else "", option))
    print("options: %d, %d without a test" % (sum(len(row) for _, row in wanted), len(missing)))
    sys.exit(1 if missing else 0)


main()
