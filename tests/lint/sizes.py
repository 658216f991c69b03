#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Budgets of size: a .c file has at most 600 lines (800 when it is a pure table, *_table.c or
*_tables.c), a function at most 60. pmccabe counts the functions' lines.
"""
import re
import subprocess
import sys

import source

FILE_LINES, TABLE_LINES, FUNCTION_LINES = 600, 800, 60


def main():
    report = source.Report("sizes")
    paths = source.files(source.PRODUCT, (".c",))
    for path in paths:
        limit = TABLE_LINES if re.search(r"_tables?\.c$", path) else FILE_LINES
        lines = source.read(path).count("\n")
        if lines > limit:
            report.add(path, limit + 1, f"file of {lines} lines; at most {limit}")
    try:
        out = subprocess.run(["pmccabe", *paths], cwd=source.TOP, text=True, check=False,
                             stdout=subprocess.PIPE, stderr=subprocess.DEVNULL).stdout
    except FileNotFoundError:
        print("pmccabe is not installed")
        sys.exit(77)
    for row in out.splitlines():
        fields = row.split("\t")
        where = re.match(r"(.*)\((\d+)\): (.*)$", fields[5]) if len(fields) == 6 else None
        if where and int(fields[4]) > FUNCTION_LINES:
            report.add(where.group(1), int(where.group(2)),
                       f"{where.group(3)} has {fields[4]} lines; at most {FUNCTION_LINES}")
    report.done(len(paths))


main()
