#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The maps of libcrun-like/README.md are true and complete: every file that it names is there, every section of
config.json (the rows of config_tables.c for the document, process and linux) and every command (command_table.c)
has a row, and none has a row that is not.
"""
import os
import re
import source

MAP = "libcrun-like/README.md"
FOLDERS = "api|operation|lifecycle|container|setup|kernel|base|oci-spec|src|helpers|tests"


def rows(text, title):
    """The words of the first column of the table below @title."""
    table = text.partition(f"\n## {title}\n")[2].partition("\n## ")[0]
    lines = [line for line in table.split("\n") if line.startswith("| `")]
    return {word for line in lines for word in re.findall(r"`([^`]+)`", line.split("|")[1])}


def sections():
    found = set()
    for struct, name in re.findall(r'ROW\w*\(oci_(config|process|linux), \w+, "(\w+)"', source.read("oci-spec/config_tables.c")):
        found.add(name if struct == "config" else f"{struct}.{name}")
    return found - {"process", "linux"}


def main():
    report = source.Report("map")
    text = source.read(MAP)
    commands = set(re.findall(r'\[COMMAND_\w+\] = \{ "(\w+)"', source.read("src/command_table.c")))
    for title, wanted in (("Where a section of config.json is", sections()), ("Where a command is", commands)):
        there = rows(text, title)
        line = source.line_of(text, text.find(title))
        for word in wanted - there:
            report.add(MAP, line, f"{title}: no row for {word}")
        for word in there - wanted:
            report.add(MAP, line, f"{title}: there is no {word}")
    checked = 0
    for match in re.finditer(rf"`((?:{FOLDERS})/[\w./-]+\.\w+)`", text):
        checked += 1
        path = match[1]
        if not any(os.path.exists(os.path.join(source.TOP, top, path)) for top in ("", "libcrun-like")):
            report.add(MAP, source.line_of(text, match.start()), f"there is no {path}")
    report.done(checked)


main()
