#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Writes the hand-written parts of the manual (NAME.txt) as a C table for src/manual.c:
#   embed.py OUT TEXT...
import pathlib
import sys


def literal(line):
    return '"' + line.replace("\\", "\\\\").replace('"', '\\"') + '\\n"'


def main():
    out, *texts = sys.argv[1:]
    with open(out, "w", encoding="utf-8") as file:
        file.write("/* Written by man/embed.py. */\n#include \"manual.h\"\n\n")
        file.write("const struct manual_text manual_texts[] = {\n")
        for path in map(pathlib.Path, texts):
            lines = path.read_text(encoding="utf-8").splitlines()
            file.write('{ "%s",\n%s },\n' % (path.stem, "\n".join(map(literal, lines))))
        file.write("{ 0 }\n};\n")


main()
