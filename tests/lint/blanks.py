#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""What .editorconfig asks of every text file: UTF-8, lines that end with a line feed alone, the last
one too, and without blanks before it; Python is indented by blanks.
"""
import os
import source

SKIPPED = (".git", "corpus", "__pycache__")


def text_files():
    for path, dirs, names in os.walk(source.TOP):
        dirs[:] = [d for d in dirs if d not in SKIPPED and not d.startswith(("build", ".cache"))]
        for name in names:
            full = os.path.join(path, name)
            if name != ".git" and os.path.isfile(full) and not os.path.islink(full):
                yield os.path.relpath(full, source.TOP), open(full, "rb").read()


def main():
    report = source.Report("blanks")
    checked = 0
    for path, data in text_files():
        if b"\0" in data:
            continue
        checked += 1
        try:
            data.decode("utf-8")
        except UnicodeDecodeError as e:
            report.add(path, data.count(b"\n", 0, e.start) + 1, "is not UTF-8")
        if data and not data.endswith(b"\n"):
            report.add(path, data.count(b"\n") + 1, "the last line has no end")
        for number, line in enumerate(data.split(b"\n"), 1):
            if line.endswith(b"\r"):
                report.add(path, number, "ends with a carriage return")
            elif line.endswith((b" ", b"\t")) and not path.endswith(".bats"):
                report.add(path, number, "blanks at the end")
            if path.endswith(".py") and line.startswith(b"\t"):
                report.add(path, number, "is indented by a tab")
    report.done(checked)


main()
