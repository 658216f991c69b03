#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The interface of libdavit, as a program that was built with it knows it: abi.py [--write]

The symbols with their version (davit.map), the functions as davit.h declares them, and of each
struct its size and its members' offsets and types, of each enum its values: compared with
libcrun-like/davit.abi. A difference is a change that breaks programs, or a new thing that has to be
written down: --write does so. What the structs point to crosses to another process as the table of
api/call.c says: every pointer has to be in it. Behind the end of a struct that begins with its size members may be
added; nothing else may change once a version is released.
"""
import os
import platform
import re
import subprocess
import sys
import tempfile

import source

HEADER = "libcrun-like/davit.h"
MAP = "libcrun-like/davit.map"
LIST = "libcrun-like/davit.abi"
CALL = "libcrun-like/api/call.c"
# Of the calling process alone.
NOT_SENT = {"log", "log_arg", "program", "streams", "process"}
STRUCT = re.compile(r"^struct (\w+) \{\n(.*?)^\};", re.MULTILINE | re.DOTALL)
ENUM = re.compile(r"^enum (\w+) \{\n(.*?)^\};", re.MULTILINE | re.DOTALL)
FUNCTION = re.compile(r"^DAVIT_API ([^;]*?\b(\w+)\([^;]*\));", re.MULTILINE | re.DOTALL)
CALLBACK = re.compile(r"^typedef ([^;]*?\b(\w+)\([^;]*\));", re.MULTILINE | re.DOTALL)


def one_line(text):
    return re.sub(r"\s+", " ", text).strip()


def map_symbols(text):
    """[(version, symbol)] of the version script."""
    found = []
    for version, body in re.findall(r"^(\w[\w.]*) \{\n(.*?)^\}", text, re.MULTILINE | re.DOTALL):
        public = body.split("local:")[0].split("global:")[-1]
        found += [(version, name) for name in re.findall(r"(\w+);", public)]
    return found


def members(body):
    """[(name, type)] of a struct's members."""
    found = []
    for declaration in body.split(";"):
        declaration = one_line(declaration)
        if not declaration:
            continue
        first, *rest = declaration.split(",")
        match = re.match(r"(.*?)(\**)(\w+)$", first)
        base = match.group(1).strip()
        for text in [match.group(2) + match.group(3)] + [one_line(word) for word in rest]:
            stars = text.count("*")
            found.append((text.lstrip("* "), base + " " * bool(stars) + "*" * stars))
    return found


def layout(code):
    """The lines that a program prints which knows sizes, offsets and values."""
    rows = []
    for name, body in STRUCT.findall(code):
        rows.append(f'printf("struct {name} size %zu\\n", sizeof(struct {name}));')
        for member, kind in members(body):
            rows.append(f'printf("struct {name} %zu {member}: {kind}\\n", '
                        f"offsetof(struct {name}, {member}));")
    for name, body in ENUM.findall(code):
        for word in re.findall(r"\b(DAVIT_\w+)", body):
            rows.append(f'printf("enum {name} {word} %d\\n", (int){word});')
    rows.append('printf("macro DAVIT_VERSION_NUMBER %u\\n", DAVIT_VERSION_NUMBER);')
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "layout")
        with open(path + ".c", "w", encoding="utf-8") as out:
            out.write("#include <davit.h>\n#include <stdio.h>\nint main(void)\n{\n" +
                      "\n".join(rows) + "\nreturn 0;\n}\n")
        subprocess.run([os.environ.get("CC", "cc"), "-I",
                        os.path.join(source.TOP, os.path.dirname(HEADER)), "-o", path, path + ".c"],
                       check=True)
        return subprocess.run([path], check=True, text=True,
                              stdout=subprocess.PIPE).stdout.splitlines()


def check_call(report, code):
    """Every pointer of the structs that go to another process is in the table of api/call.c."""
    table = source.read(CALL)
    for part in ("context", "create", "exec", "checkpoint", "update"):
        body = dict(STRUCT.findall(code))[f"davit_{part}_options"]
        for member, kind in members(body):
            if "*" in kind and member not in NOT_SENT and f"AT({part}.{member})" not in table:
                report.add(CALL, 1, f"{part}.{member} is a pointer, and not in the table")


def main():
    report = source.Report("abi")
    if platform.machine() != "x86_64" or sys.maxsize < 2**32:
        print("the list is that of x86_64")
        sys.exit(77)
    code = source.bare(source.read(HEADER), keep_strings=True)
    check_call(report, code)
    symbols = map_symbols(source.read(MAP))
    functions = {name: one_line(text) for text, name in FUNCTION.findall(code)}
    for name in sorted(set(functions) - {name for version, name in symbols}):
        report.add(MAP, 1, f"{name} is public, and in no version")
    for name in sorted({name for version, name in symbols} - set(functions)):
        report.add(MAP, 1, f"{name} is in a version, and not in davit.h")
    lines = [f"function {version} {functions.get(name, name)}" for version, name in symbols]
    lines += [f"callback {one_line(text)}" for text, name in CALLBACK.findall(code)]
    lines += layout(code)
    version = re.search(r"version: '([^']+)'", source.read("meson.build")).group(1)
    macros = re.findall(r"DAVIT_VERSION_(?:MAJOR|MINOR|PATCH) (\d+)", code)
    if ".".join(macros) != version:
        report.add(HEADER, 1, f"its version is {'.'.join(macros)}, that of meson.build {version}")
    path = os.path.join(source.TOP, LIST)
    if "--write" in sys.argv[1:]:
        with open(path, "w", encoding="utf-8") as out:
            out.write("\n".join(lines) + "\n")
    known = source.read(LIST).splitlines() if os.path.exists(path) else []
    for number, line in enumerate(known, 1):
        if line not in lines:
            report.add(LIST, number, f"gone: {line}")
    for line in lines:
        if line not in known:
            report.add(LIST, 0, f"new: {line}")
    report.done(len(lines))


main()
