#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Turns the results of a test program into rows of tests/run: STATUS<tab>NAME<tab>REASON.

count.py meson PREFIX TESTLOG.JSON   meson's log; a test that printed TAP counts line by line
count.py tap   PREFIX FILE STATUS    one TAP stream and its program's exit status
STATUS is passed, failed or skipped. After the rows of failures what they printed follows, each line
behind '# '.
"""
import json
import re
import sys

LINE = re.compile(r"^(not )?ok\b\s*(\d+)?\s*-?\s*(.*?)(?:\s#\s*(skip|todo)\S*\s*(.*))?$", re.IGNORECASE)


def row(status, name, reason=""):
    print("\t".join((status, name.replace("\t", " ") or "(no name)", reason.replace("\t", " ").strip())))


def tell(text):
    for line in text.splitlines():
        print("# " + line.lstrip("# "))


def tap(prefix, text):
    """Rows of one TAP stream; returns (results, failures), or None when @text is no TAP."""
    results = failures = 0
    planned = None
    failing = False
    for line in text.splitlines():
        plan = re.match(r"^1\.\.(\d+)", line)
        if plan:
            planned = int(plan.group(1))
            continue
        match = LINE.match(line)
        if match:
            is_bad, _, name, directive, reason = match.groups()
            failing = bool(is_bad) and (directive or "").lower() != "todo"
            results += 1
            failures += failing
            status = "failed" if failing else "skipped" if directive else "passed"
            row(status, f"{prefix}: {name}", reason or "")
        elif failing and line.strip():
            tell(line)
        elif line.startswith("#") and not failing:
            print(f"{line}")
    if planned is None and not results:
        return None
    if planned is not None and planned > results:
        row("failed", f"{prefix}: only {results} of {planned} tests gave a result")
        failures += 1
    return results, failures


def meson(prefix, path):
    with open(path, encoding="utf-8") as f:
        for record in map(json.loads, f):
            name = prefix + record["name"].split(" / ")[-1].split(":")[-1]
            stdout = record.get("stdout", "")
            result = record["result"]
            counted = tap(name, stdout) if "ok" in stdout else None
            if counted:
                if result not in ("OK", "SKIP") and not counted[1]:
                    row("failed", f"{name}: {result.lower()}, status {record.get('returncode')}")
                    tell(record.get("stderr", ""))
            elif result in ("OK", "EXPECTEDFAIL"):
                row("passed", name)
            elif result == "SKIP":
                row("skipped", name, (stdout.strip().splitlines() or ["no reason given"])[-1])
            else:
                row("failed", f"{name}: {result.lower()}, status {record.get('returncode')}")
                tell(stdout + record.get("stderr", ""))


def stream(prefix, path, status):
    with open(path, encoding="utf-8", errors="replace") as f:
        text = f.read()
    counted = tap(prefix, text)
    if not counted or (status != "0" and not counted[1]):
        row("failed", f"{prefix}: ended with status {status}")
        if not counted:
            tell(text)


if sys.argv[1] == "meson":
    meson(sys.argv[2], sys.argv[3])
else:
    stream(*sys.argv[2:5])
