#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Which tests prove what: rows.txt, and each annotation that davit honours, against the names of
the bats tests, and the table of them in tests/README.md. Fails on a row without a test, on a test
that names no row, and on an old table.
  coverage.py             checks
  coverage.py --write     writes the table anew
  coverage.py --missing   lists the rows without a test, and names that are no row
"""
import glob
import itertools
import os
import re
import sys

TOP = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
README = os.path.join(TOP, "tests", "README.md")
ANNOTATIONS = os.path.join("libcrun-like", "setup", "annotations.c")
FOLDERS = ("cli", "security", "vm/micro", "vm/selinux", "vm/systemd")
BEGIN, END = "<!-- coverage.py --write: begin -->", "<!-- end -->"
# A name is one of a property when it begins with one of these.
ROOTS = {"ociVersion", "root", "hostname", "domainname", "annotations", "process", "mounts",
         "hooks", "linux", "features"}
TEST = re.compile(r'^@test (["\'])(.*)\1 *\{', re.MULTILINE)


class Row:
    def __init__(self, line):
        self.name, _, rest = line.partition("\t")
        self.guest = rest[len("guest: "):] if rest.startswith("guest: ") else ""
        self.others = named(rest[len("as: "):] + ": ") if rest.startswith("as: ") else []
        self.path, *words = plain(self.name).split(" ")
        self.words = set(words)
        self.tests = []

    def has(self, path, words):
        return path == self.path and \
            bool("*" in words or words & self.words if self.words else not words)


def plain(name):
    """A path in its comparable form."""
    name = re.sub(r"\{\w+:\{(\w+)\}\}", r".\1", name)
    return re.sub(r"\.enabled\b", "", re.sub(r"\[\]|\{\}", "", name))


def rows():
    with open(os.path.join(TOP, "tests", "spec", "rows.txt"), encoding="utf-8") as f:
        table = [Row(line.rstrip("\n")) for line in f if line.strip() and line[0] != "#"]
    with open(os.path.join(TOP, ANNOTATIONS), encoding="utf-8") as f:
        names = ["annotations " + name for name in re.findall(r'= "(.*?)"', f.read())]
    told = {row.name for row in table}
    return table + [Row(name) for name in names if name not in told]


def tests():
    for folder in FOLDERS:
        for path in sorted(glob.glob(os.path.join(TOP, "tests", folder, "*.bats"))):
            with open(path, encoding="utf-8") as f:
                for match in TEST.finditer(f.read()):
                    yield folder + "/" + os.path.basename(path), match.group(2)


def spread(text):
    """a.{b,c} d -> a.b d, a.c d"""
    parts = [part.split(",") for part in re.split(r"\{([^{}]+)\}", text)]
    parts[::2] = [[",".join(part)] for part in parts[::2]]
    return ["".join(choice) for choice in itertools.product(*parts)]


def named(name):
    """What the test's name says that it proves: rules, and (path, words)."""
    rules = re.match(r"(L\d+(, | and | ))+", name)
    if rules:
        return [(rule, set()) for rule in re.findall(r"L\d+", rules.group(0))]
    head, colon, _ = name.partition(": ")
    if not colon or re.match(r"[A-Za-z]*", head).group(0) not in ROOTS:
        return []
    found, last = [], None
    for piece in re.split(r", (?![^{]*\})", head):
        for one in spread(plain(piece)):
            path, *words = one.split(" ")
            if last and path not in ROOTS and not re.search(r"[.]\w", path):
                path, words = last, [path]  # one more word of the same path
            if words != ["..."]:
                found.append((path, {w.rstrip("=") for w in words}))
            last = path if words else None
    return found


def collect():
    """The rows with their tests, and what tests name that is no row."""
    table, unknown = rows(), []
    paths = {row.path for row in table}
    for file, name in tests():
        for path, words in named(name):
            hit = [row for row in table if row.has(path, words)]
            for row in hit:
                if (file, name) not in row.tests:
                    row.tests.append((file, name))
            # A whole object is no row of its own where its members are, and prose no name.
            whole = any(p.startswith(path + ".") for p in paths) and path not in paths
            if not hit and not (whole and (not words or path in ROOTS)):
                unknown.append("%s: \"%s\" names %s, which is no row of tests/spec/rows.txt"
                               % (file, name, " ".join([path, *sorted(words)])))
    for row in table:
        for other, (path, words) in itertools.product(table, row.others):
            if other.has(path, words):
                row.tests += [test for test in other.tests if test not in row.tests]
    return table, unknown


def order(row):
    return [int(part) if part.isdigit() else part for part in re.split(r"(\d+)", row.name)]


def text_of(table):
    lines = ["| property or rule | tests |", "|---|---|"]
    for row in sorted(table, key=order):
        what = ["%s: %s" % (file, name.replace("|", "\\|")) for file, name in row.tests]
        if row.guest:
            what.append("(needs a guest: %s)" % row.guest)
        lines.append("| `%s` | %s |" % (row.name, "; ".join(what)))
    return "\n".join(lines)


def readme():
    with open(README, encoding="utf-8") as f:
        return f.read()


def with_table(text, table):
    before, _, rest = text.partition(BEGIN)
    _, _, after = rest.partition(END)
    return "%s%s\n%s\n%s%s" % (before, BEGIN, text_of(table), END, after)


def main():
    mode = sys.argv[1] if len(sys.argv) > 1 else ""
    table, faults = collect()
    faults += ["no test for " + row.name for row in table if not row.tests and not row.guest]
    if mode == "--write":
        text = with_table(readme(), table)
        with open(README, "w", encoding="utf-8") as f:
            f.write(text)
        return
    if mode != "--missing" and with_table(readme(), table) != readme():
        faults.append("the table in tests/README.md is old: tests/spec/coverage.py --write")
    print("\n".join(faults))
    print("coverage: %d rows, %d faults" % (len(table), len(faults)))
    sys.exit(1 if faults else 0)


main()
