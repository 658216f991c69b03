#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""links.py TARGET...: who needs whom, read from the symbols of the object files in TARGET.p/.

The #include lines do not tell: a header may declare what any file defines. Fails on a circle of files
and on a file that needs one of a floor above its own (floors.py has the floors). Whatever needs each
other is one file, or the part that both need is a third.
"""
import glob
import os
import subprocess
import sys

import floors
import source


def sources():
    """{name of an object: its source}: meson joins folders with "_"; src/ has a target of its own."""
    found = {}
    for path in source.files(source.PRODUCT, (".c",)):
        inside = path[len("src/"):] if path.startswith("src/") else path
        found[inside.replace("/", "_") + ".o"] = path
    return found


def symbols(objects):
    """{source: (defined, needed)}: the names that other files see."""
    path_of = {obj: path for path, obj in objects.items()}
    table = {path: (set(), set()) for path in objects}
    run = subprocess.run(["nm", "-A", *path_of], capture_output=True, text=True, check=False)
    if run.returncode:  # link-time optimization: no object files
        print("links: nm: " + run.stderr.partition("\n")[0])
        sys.exit(77)
    for line in run.stdout.splitlines():
        obj, _, rest = line.partition(":")
        kind, name = rest.split()[-2:]
        if kind.isupper():
            table[path_of[obj]][kind == "U"].add(name)
    return table


def graph_of(objects):
    """{source: {source that it needs: a symbol}}"""
    table = symbols(objects)
    owner = {name: path for path, (defined, _) in table.items() for name in defined}
    return {path: {owner[name]: name for name in sorted(needed)
                   if owner.get(name, path) != path}
            for path, (_, needed) in table.items()}


def circles(graph):
    """One circle for each set of files that need each other (Tarjan's components)."""
    number, low, stack, found = {}, {}, [], []

    def visit(node):
        number[node] = low[node] = len(number)
        stack.append(node)
        for target in graph[node]:
            if target not in number:
                visit(target)
            if target in stack:
                low[node] = min(low[node], low[target])
        if low[node] == number[node]:
            members = stack[stack.index(node):]
            del stack[-len(members):]
            if len(members) > 1:
                found.append(sorted(members))

    for node in sorted(graph):
        if node not in number:
            visit(node)
    return found


def main():
    report = source.Report("links")
    known, objects = sources(), {}
    for target in sys.argv[1:]:
        for obj in glob.glob(target + ".p/*.o"):
            if os.path.basename(obj) in known:
                objects[known[os.path.basename(obj)]] = obj
    graph = graph_of(objects)
    if not any(graph.values()):
        print("links: no symbols")
        sys.exit(77)
    for members in circles(graph):
        arrows = [f"{a} > {b} ({name})" for a in members for b, name in graph[a].items()
                  if b in members]
        report.add(members[0], 1, "a circle of %d files: %s" % (len(members), ", ".join(arrows)))
    public = floors.public_calls()
    for path, needed in graph.items():
        seen = floors.SEES[floors.floor_of(path)]
        for target, name in needed.items():
            # The public calls are the library's, as davit.h has them.
            if floors.floor_of(target) not in seen and not (
                    floors.floor_of(path) == "src" and name in public):
                report.add(path, 1, f"{name} of {target}: must not be seen from here")
    report.done(len(objects))


main()
