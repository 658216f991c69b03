#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""No mutable variable of static storage in the library: variables.py LIBDAVIT.A

Reads the symbols of the built objects, so nothing in the source can hide one. What lies in
.data.rel.ro is a constant table with pointers in it, and fine. A sanitizer's objects have variables
of their own: such a build is skipped.
"""
import re
import subprocess
import sys

import source

ROW = re.compile(r"^[0-9a-f]+ .{7} (\S+)\t[0-9a-f]+\s+(?:\.hidden\s+)?(\S+)$")
MUTABLE = re.compile(r"^(\.data|\.bss|\.tdata|\.tbss|\.sdata|\.sbss|\*COM\*|COMMON)")
IGNORED = re.compile(r"^(\.|__gcov|__asan|__ubsan|__sancov|llvm)")


def declared_at(name):
    """Where a variable of that name is defined, as far as the text tells."""
    stem = name.split(".")[0]
    for path in source.files(source.LIBRARY, (".c", ".h")):
        text = source.bare(source.read(path))
        match = re.search(rf"^[^\n;(]*\b{re.escape(stem)}\b[^\n(]*(=|;|\[)", text, re.MULTILINE)
        if match:
            return path, source.line_of(text, match.start())
    return "libdavit", 0


def main():
    report = source.Report("variables")
    out = subprocess.run(["objdump", "-t", sys.argv[1]], text=True, check=True,
                         stdout=subprocess.PIPE).stdout
    if "__asan_" in out or "__ubsan_" in out:
        print("a sanitizer build has variables of its own")
        sys.exit(77)
    checked = 0
    for row in out.splitlines():
        match = ROW.match(row)
        if not match:
            continue
        checked += 1
        section, name = match.groups()
        if MUTABLE.match(section) and not section.startswith(".data.rel.ro") \
                and section != name and not IGNORED.match(name):
            path, line = declared_at(name)
            report.add(path, line, f"{name} is a mutable variable ({section})")
    report.done(checked)


main()
