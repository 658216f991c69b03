#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Compares the answers of the runtimes, a TAP line for each command.

compare.py DIR DIFFERENCES: DIR has NAME.tsv of runc, crun and davit. A row of DIFFERENCES is
`COMMAND PEER REASON...`, where PEER is the one that davit differs from: runc, crun or both. A row that
is not needed (any more) is a failure, as a difference without a row is one.
"""
import pathlib
import sys

PEERS = ("runc", "crun")


def answers(path):
    rows = {}
    for line in path.read_text().splitlines():
        name, status, field = (line.split("\t", 2) + ["", ""])[:3]
        rows[name] = (status, field)
    return rows


def reasons(path):
    rows = {}
    for line in path.read_text().splitlines():
        if line.strip() and not line.startswith("#"):
            name, peer, reason = line.split(None, 2)
            for one in PEERS if peer == "both" else (peer,):
                rows[name, one] = reason
    return rows


def shown(answer):
    return "status %s%s" % (answer[0], ", " + answer[1] if answer[1] else "")


def main():
    folder = pathlib.Path(sys.argv[1])
    all_answers = {name: answers(folder / f"{name}.tsv") for name in PEERS + ("davit",)}
    known, used = reasons(pathlib.Path(sys.argv[2])), set()
    davit = all_answers["davit"]
    failed = 0
    print(f"1..{len(davit)}")
    for number, (name, answer) in enumerate(davit.items(), 1):
        lines = []
        for peer in PEERS:
            other = all_answers[peer].get(name, ("none", ""))
            # "*": the words asked for are not this one's
            if other == answer or (other[1] == "*" and other[0] == answer[0]):
                continue
            reason = known.get((name, peer))
            used.add((name, peer))
            lines.append(f"# {peer}: {shown(other)}; davit: {shown(answer)}"
                         + (f"; {reason}" if reason else ""))
            if not reason:
                failed += 1
                lines.append(None)
        print(("not ok" if None in lines else "ok"), number, name)
        for line in filter(None, lines):
            print(line)
    for name, peer in sorted(set(known) - used):
        print(f"# differences.txt: {name} {peer} is no difference: drop the row")
        failed += 1
    sys.exit(failed > 0)


main()
