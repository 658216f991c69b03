#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# refusals.py BUILD: the refusals of oci-spec/ and libcrun-like/setup/ as the counts of gcov in BUILD
# say them, TAP on stdout: one line for those of each file, with what no test reaches.
#
# A refusal is a call by which davit itself says no: err_field(), check_fail() and json_refuse()
# always; err_kind() and err_set() with an errno by name, but for ENOMEM and EIO. What the kernel says (-r,
# errno) is none: its tests are those of faults (tests/fault). Of a line with a choice ("?") both
# ways must have been gone.
#
# elsewhere.txt: refusals that unit tests and this machine cannot reach, with the test that does; it
# must be there, under that name.
import gzip
import json
import pathlib
import re
import subprocess
import sys
import tempfile

TOP = pathlib.Path(__file__).resolve().parents[2]
CALL = re.compile(r"\b(err_field|err_kind|err_set|check_fail|json_refuse)\(")
NAME = re.compile(r"\bE(?!RR_)[A-Z0-9]{2,}\b")
LEAVES = ("err_field", "check_fail", "json_refuse")


def statement(lines, at):
    """The call that begins at line @at, and its last line."""
    text, depth, last = "", 0, at
    start = CALL.search(lines[at]).start()
    for last in range(at, min(at + 12, len(lines))):
        part = lines[last][start if last == at else 0:]
        part = re.sub(r'"(\\.|[^"\\])*"', '""', part)
        text += part
        depth += part.count("(") - part.count(")")
        if depth <= 0:
            break
    return text, last


def refusals(path):
    lines = path.read_text().split("\n")
    for at, line in enumerate(lines):
        call = CALL.search(line)
        if not call or re.match(r"(static |int |void )", line) or line.startswith(("/*", " *")):
            continue
        text, last = statement(lines, at)
        names = [n for n in NAME.findall(text.split('""')[0]) if n not in ("ENOMEM", "EIO")]
        if call[1] in LEAVES or (names and "errno" not in text.split('""')[0].split(",")[1:2]):
            yield at + 1, last + 1, "?" in line or re.search(r"^\s*(: |\? )", line) is not None


def counts(build):
    """(file, line) -> (times, ways that never went: of a line with a choice)"""
    found = {}
    data = sorted(build.rglob("*.gcda"))
    with tempfile.TemporaryDirectory() as folder:
        for at in range(0, len(data), 100):
            subprocess.run(["gcov", "--branch-probabilities", "--json-format", "--stdout"] + [str(d.resolve()) for d in data[at:at + 100]],
                           cwd=folder, stdout=open(f"{folder}/{at}", "wb"), stderr=subprocess.DEVNULL, check=False)
            for row in open(f"{folder}/{at}", "rb"):
                if not row.startswith(b"{"):
                    continue
                document = json.loads(row)
                base = pathlib.Path(document.get("current_working_directory", build.resolve()))
                for entry in document["files"]:
                    name = (base / entry["file"]).resolve()
                    if not name.is_relative_to(build.resolve().parent):
                        continue
                    name = str(name.relative_to(build.resolve().parent))
                    for line in entry["lines"]:
                        key = name, line["line_number"]
                        times, ways = found.get(key, (0, []))
                        new = [b["count"] for b in line["branches"]]
                        ways = [a + b for a, b in zip(ways, new)] if len(ways) == len(new) else ways or new
                        found[key] = times + line["count"], ways
    return found


def elsewhere():
    """(file, words of the line) of each row, and what is wrong with the rows."""
    rows, wrong = [], []
    for line in (TOP / "tests/coverage/elsewhere.txt").read_text().split("\n"):
        if not line or line[0] == "#":
            continue
        found = re.match(r'(\S+) "([^"]+)" (\S+), "([^"]+)": \S', line)
        if not found:
            wrong.append(f'no row: {line}')
            continue
        rows.append(found.group(1, 2))
        test = TOP / found[3]
        if not test.is_file() or found[4] not in test.read_text():
            wrong.append(f'no such test: {found[3]}, "{found[4]}"')
    return rows, wrong


def main():
    build = pathlib.Path(sys.argv[1])
    top = build.resolve().parent
    found = counts(build)
    total, missed, others = 0, [], 0
    rows, wrong = elsewhere()
    for folder in ("oci-spec", "libcrun-like/setup"):
        for path in sorted((top / folder).rglob("*.c")):
            name = str(path.relative_to(top))
            for first, last, is_choice in refusals(path):
                total += 1
                seen = [found[name, n] for n in range(first, last + 1) if (name, n) in found]
                reached = any(times > 0 for times, ways in seen)
                if is_choice and reached:
                    reached = all(way > 0 for times, ways in seen[:1] for way in ways)
                text = path.read_text().split("\n")[first - 1].strip()
                row = next((r for r in rows if r[0] == name and r[1] in text), None)
                if row:
                    rows.remove(row)
                    others += 1
                elif not reached:
                    missed.append((name, first, text))
    print("1..1")
    print(f"{'not ok' if missed or rows or wrong else 'ok'} 1 every refusal is reached by a test: "
          f"{total - len(missed)} of {total}, {others} of them elsewhere")
    for text in wrong:
        print(f"# elsewhere.txt: {text}")
    for name, text in rows:
        print(f"# elsewhere.txt: no such refusal: {name} \"{text}\"")
    for name, line, text in missed:
        print(f"# {name}:{line}: {text}")
    return bool(missed or rows or wrong)


if __name__ == "__main__":
    sys.exit(main())
