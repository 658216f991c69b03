#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The floors: src > api > operation > lifecycle > container > setup > (kernel | oci-spec) > base.
Reads the #include lines and fails on an arrow that points up or sideways, on a cycle, on a header
that a floor must not know, on an oci_ name in kernel/, on a public davit_*() that is defined
elsewhere than in api/, and on a header whose guard names another file. Folders that are missing are
no error.
"""
import os
import re

import source

# Which floors a file of a floor may include from.
SEES = {
    "base": {"base"},
    "kernel": {"kernel", "base"},
    "oci-spec": {"oci-spec", "base"},
    "setup": {"setup", "kernel", "oci-spec", "base"},
    "container": {"container", "setup", "kernel", "oci-spec", "base", "public"},
    "lifecycle": {"lifecycle", "container", "setup", "kernel", "oci-spec", "base", "public"},
    "operation": {"operation", "lifecycle", "container", "setup", "kernel", "oci-spec", "base",
                  "public"},
    "api": {"api", "operation", "lifecycle", "container", "setup", "kernel", "oci-spec", "base",
            "public"},
    "src": {"src", "public"},
    "helpers": {"helpers", "setup"},
    "public": {"public"},
}
# The rooms of setup/ do not see each other, nor are they seen by the files beside them.
ROOMS = {
    "process": {"seccomp"},  # a filter is loaded between two changes of credentials
    "criu": {"filesystem"},  # which of the mounts are not in the images
}
GENERATED = {"config-davit.h"}
DEFINITION = re.compile(r"^[A-Za-z_][\w \t*]*?\b(davit_\w+)\([^;{}]*\)\n?\s*\{", re.MULTILINE)
INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]*([<"])([^>"\n]+)[>"]', re.MULTILINE)


def floor_of(path):
    if path in ("libcrun-like/davit.h", "libcrun-like/davit-command.h"):
        return "public"
    parts = path.split("/")
    return parts[1] if parts[0] == "libcrun-like" and len(parts) > 2 else parts[0]


def room_of(path):
    """The room of setup/ that a file lies in; "": beside them, or on another floor."""
    parts = path.split("/")
    return parts[2] if parts[:2] == ["libcrun-like", "setup"] and len(parts) > 3 else ""


def public_calls():
    """The names of davit.h's functions, and of those that the command has besides."""
    return {name for header in ("davit.h", "davit-command.h")
            for name in re.findall(r"\b(davit_\w+)\(", source.read(f"libcrun-like/{header}"))}


def resolve(path, name):
    """The file of ours that `#include "name"` in @path means, or None."""
    for folder in (os.path.dirname(path), ".", "libcrun-like"):
        candidate = os.path.normpath(os.path.join(folder, name))
        if os.path.exists(os.path.join(source.TOP, candidate)):
            return candidate
    return None


def guard_of(path):
    """What the guard of a header is called: its path in capitals."""
    words = re.split(r"\W", path.removeprefix("libcrun-like/").replace("oci-spec/", "oci/").upper())
    return "_".join(words if words[0] == "DAVIT" else ["DAVIT"] + words)


def find_cycle(graph):
    """One cycle of the include graph as a list of files, or None."""
    state = {}

    def visit(node, trail):
        state[node] = "open"
        for target in sorted(graph.get(node, ())):
            if state.get(target) == "open":
                return trail[trail.index(target):] + [target]
            if target not in state:
                cycle = visit(target, trail + [target])
                if cycle:
                    return cycle
        state[node] = "done"
        return None

    for node in sorted(graph):
        if node not in state:
            cycle = visit(node, [node])
            if cycle:
                return cycle
    return None


def check_include(report, path, line, kind, name):
    """Reports what is wrong with one include; returns the file of ours that it names, if any."""
    floor = floor_of(path)
    if kind == "<":
        if floor == "src" and name.startswith(("yajl", "seccomp", "sys/capability", "selinux")):
            report.add(path, line, f"<{name}>: src/ uses davit.h and system headers alone")
        return None
    if name in GENERATED:
        return None
    target = resolve(path, name)
    if not target:
        report.add(path, line, f'"{name}" is no file of this tree')
        return None
    seen = floor_of(target)
    if seen not in SEES.get(floor, set()):
        report.add(path, line, f'"{name}": {floor} must not see {seen}')
    room, other = room_of(path), room_of(target)
    if floor == "setup" and other and other != room and other not in ROOMS.get(room, ()):
        report.add(path, line, f'"{name}": {room or "setup"} must not see {other}')
    return target


def main():
    report = source.Report("floors")
    graph, yajl_users = {}, []
    public = public_calls()
    paths = source.files(source.PRODUCT, (".c", ".h"))
    for path in paths:
        text = source.read(path)
        code = source.bare(text, keep_strings=True)
        for match in INCLUDE.finditer(code):
            line = source.line_of(code, match.start())
            kind, name = match.groups()
            if name.startswith("yajl/"):
                yajl_users.append((path, line))
            target = check_include(report, path, line, kind, name)
            if target:
                graph.setdefault(path, {})[target] = line
        bare = source.bare(text)
        guard = guard_of(path)
        if path.endswith(".h") and f"#ifndef {guard}\n#define {guard}\n" not in text:
            report.add(path, 1, f"its guard is not {guard}")
        for match in DEFINITION.finditer(bare):
            if match.group(1) in public and floor_of(path) != "api":
                report.add(path, source.line_of(bare, match.start()),
                           f"{match.group(1)}(): the public calls stand in api/")
        if floor_of(path) == "kernel":
            for match in re.finditer(r"\boci_\w+", bare):
                report.add(path, source.line_of(bare, match.start()),
                           f"{match.group(0)}: kernel/ never sees an oci_ name")
    cycle = find_cycle(graph)
    if cycle:
        report.add(cycle[0], graph[cycle[0]][cycle[1]], "include cycle: " + " > ".join(cycle))
    users = {path for path, line in yajl_users}
    for path, line in yajl_users:
        if len(users) > 1 or floor_of(path) != "oci-spec":
            report.add(path, line, "yajl: one file of oci-spec/ includes it, no other")
    report.done(len(paths))


if __name__ == "__main__":
    main()
