#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""No logic is written twice: six lines of two functions that call the same functions in the same way,
whatever their variables, members, numbers and texts are called.

Lines of tables, of braces alone and of variable arguments are none; six lines that call hardly anything
are alike by chance.
"""
import collections
import itertools
import re
import source

LINES = 6
CALLS = 2
KEPT = set("""if else for while do return break continue switch case default goto sizeof static const struct int char
    void bool size_t ssize_t enum unsigned long true false NULL""".split())


def without_names(line):
    line = re.sub(r"\b[A-Za-z_]\w*(?![\w(])", lambda m: m[0] if m[0] in KEPT or m[0].isupper() else "x", line)
    line = re.sub(r'" *"', '""', re.sub(r"\b\d\w*", "0", line))
    return re.sub(r"\s+", " ", line)


def says_something(line):
    return line.strip(" \t{};") and not line.startswith("#") and "va_" not in line


def parts(path):
    """(first line, last line, what is compared) of all that is long enough."""
    text = source.bare(source.read(path))
    for _, first, last in source.functions(text):
        at = source.line_of(text, first)
        body = [(at + n, without_names(line.strip())) for n, line in enumerate(text[first:last].split("\n"))
                if says_something(line)]
        for i in range(len(body) - LINES + 1):
            words = "\n".join(line for _, line in body[i:i + LINES])
            if len(re.findall(r"\w\(", words)) >= CALLS:
                yield body[i][0], body[i + LINES - 1][0], words


def main():
    report = source.Report("copies")
    places = collections.defaultdict(list)
    paths = source.files(("src", *source.LIBRARY), ".c")
    for path in paths:
        for first, last, words in parts(path):
            places[words].append((path, first, last))
    told = set()
    for found in places.values():
        for (a, first, last), (b, other, end) in itertools.combinations(found, 2):
            distance = (a, b, other - first)  # the same: the next lines of what was told
            if (a != b or other > last) and distance not in told:
                report.add(a, first, f"to line {last}: the same as {b}:{other}-{end}, but for names")
            told.add(distance)
    report.done(len(paths))


main()
