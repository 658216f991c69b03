#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""No property of config.json is accepted and then not applied in silence: each member that the tables
of oci-spec/ fill is read by code of setup/ or above. The compiler tells: it sees a config.h in
which every member is marked as deprecated, and names each use. What nobody has to read stands
below, with the reason.
  consumed.py BUILD [MEMBER]   BUILD: the build folder; MEMBER: show where that one is read
"""
import glob
import os
import re
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor

TOP = os.path.abspath(os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", ".."))
CC = os.environ.get("CC", "cc")
# "struct.member": why nobody reads it.
UNREAD = {
    "oci_user.username": "Windows only (config.md#windows-user)",
    "oci_process.command_line": "Windows only (config.md#process)",
    "oci_personality.flags": "none is defined: oci-spec/check_linux.c refuses any",
    "oci_memory.use_hierarchy": "cgroup v2 is hierarchical: true holds, false asks for nothing",
    "oci_interface_priority.name": "network.priorities is refused as a whole on cgroup v2",
    "oci_interface_priority.priority": "network.priorities is refused as a whole on cgroup v2",
}
# These write documents, they apply none.
WRITERS = ("api/spec.c",)
ROW = re.compile(r'ROW_\w+\(\s*(oci_\w+),\s*(\w+),\s*"(\w+)"')
MACRO_ROW = re.compile(r'ROW_(?!STRING|WORD)[A-Z]+\((\w+), "(\w+)"')
STRUCT = re.compile(r"^struct (oci_\w+) \{")
USE = re.compile(r"^(\S+?):\d+:\d+: warning: .(\w+). is deprecated")
NOTE = re.compile(r"^\S*/config\.h:(\d+):\d+: note: declared here")


def read(*path):
    with open(os.path.join(TOP, *path), encoding="utf-8") as f:
        return f.read()


def table_members():
    """{(struct, member): JSON name} of the tables of config.json."""
    text = read("oci-spec", "config_tables.c")
    found = {(s, m): name for s, m, name in ROW.findall(text)}
    # Rows of a macro of the file itself: the struct is that of the table around.
    for table in re.findall(r"oci_field (oci_\w+)_fields\[\] = \{(.*?)\n\};", text, re.DOTALL):
        for member, name in MACRO_ROW.findall(table[1]):
            found[(table[0], member)] = name
    return found


def mark(text):
    """config.h with every member of a struct oci_... marked; {line: struct}."""
    lines, owner, struct, in_comment = [], {}, None, False
    for number, line in enumerate(text.split("\n"), 1):
        begin = STRUCT.match(line)
        struct = begin.group(1) if begin else None if line.startswith("}") else struct
        owner[number] = struct
        bare = line.strip()
        if struct and not begin and not in_comment and re.match(r"[a-z]", bare):
            # Not the second line of a declaration.
            if not lines[-1].rstrip().endswith(","):
                line = "__attribute__((deprecated)) " + line
        in_comment = (in_comment or "/*" in bare) and "*/" not in bare.rpartition("/*")[2]
        lines.append(line)
    return "\n".join(lines), owner


def sources():
    for folder in ("setup", "container", "lifecycle", "operation", "api"):
        for path in sorted(glob.glob(os.path.join(TOP, "libcrun-like", folder, "**", "*.c"),
                                     recursive=True)):
            if not path.endswith(WRITERS):
                yield path


def uses_in(path, includes):
    """(member, line of config.h) of each use in a file."""
    run = subprocess.run([CC, "-std=gnu17", "-D_GNU_SOURCE", "-fsyntax-only",
                          "-Wdeprecated-declarations", *includes, path],
                         capture_output=True, text=True, env={**os.environ, "LC_ALL": "C"})
    if run.returncode:
        raise SystemExit("\n".join(re.findall(".*error: .*", run.stderr)))
    member = None
    for line in run.stderr.splitlines():
        use, note = USE.match(line), NOTE.match(line)
        if use:
            member = use.group(2)
        elif note and member:
            yield member, int(note.group(1))


def collect(build):
    """{(struct, member): files that read it}"""
    with tempfile.TemporaryDirectory() as temp:
        os.mkdir(os.path.join(temp, "oci-spec"))
        for header in glob.glob(os.path.join(TOP, "oci-spec", "*.h")):
            text = read(header)
            if header.endswith("/config.h"):
                text, owner = mark(text)
            with open(os.path.join(temp, "oci-spec", os.path.basename(header)), "w",
                      encoding="utf-8") as f:
                f.write(text)
        includes = ["-I" + d for d in (temp, TOP, os.path.join(TOP, "libcrun-like"), build)]
        found = {}
        with ThreadPoolExecutor(os.cpu_count()) as pool:
            jobs = {path: pool.submit(lambda p: list(uses_in(p, includes)), path)
                    for path in sources()}
        for path, job in jobs.items():
            for member, line in job.result():
                found.setdefault((owner[line], member), set()).add(os.path.relpath(path, TOP))
        return found


def main():
    used = collect(os.path.abspath(sys.argv[1]))
    faults = []
    table = table_members()
    for (struct, member), name in sorted(table.items()):
        key = "%s.%s" % (struct, member)
        files = used.get((struct, member))
        if len(sys.argv) > 2 and sys.argv[2] == key:
            print(key, *sorted(files or ()))
        if not files and key not in UNREAD:
            faults.append("%s (\"%s\") is decoded, and read by nobody" % (key, name))
        elif files and key in UNREAD:
            faults.append("%s is read by %s: it needs no reason" % (key, ", ".join(files)))
    for path in sources():
        for name in re.findall(r'"((?:run\.oci|org\.criu|org\.systemd)\.[\w.]*)"', read(path)):
            if not path.endswith("setup/annotations.c"):
                faults.append("%s: %s is honoured without a row in setup/annotations.c"
                              % (os.path.relpath(path, TOP), name))
    known = {"%s.%s" % key for key in table}
    faults += ["%s is no member of the tables" % key for key in UNREAD if key not in known]
    print("\n".join(faults))
    print("consumed: %d members, %d faults" % (len(table), len(faults)))
    sys.exit(1 if faults or len(table) < 150 else 0)


main()
