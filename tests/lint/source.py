# SPDX-License-Identifier: LGPL-2.1-or-later
"""What the lint scripts share: where the sources are, C text without comments and strings, and how
a finding is printed (FILE:LINE: what is wrong).

The tree is found from this file's place, so the scripts run from anywhere.
"""
import os
import re
import sys

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
PRODUCT = ("src", "helpers", "libcrun-like", "oci-spec")
LIBRARY = ("libcrun-like", "oci-spec")


def files(folders, endings):
    """Paths below @folders with one of @endings, relative to the top, sorted."""
    found = []
    for folder in folders:
        for path, dirs, names in os.walk(os.path.join(TOP, folder)):
            dirs[:] = [d for d in dirs if not d.startswith((".", "build"))]
            found += [os.path.relpath(os.path.join(path, n), TOP) for n in names if n.endswith(endings)]
    return sorted(found)


def read(path):
    with open(os.path.join(TOP, path), encoding="utf-8", errors="replace") as f:
        return f.read()


# Comments, strings and character constants; a blank of the same shape takes their place, so that
# line numbers stay.
_NOISE = re.compile(r'/\*.*?\*/|//[^\n]*|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'', re.DOTALL)


def bare(text, keep_strings=False):
    """C text with comments (and strings, unless kept) blanked out."""

    def blank(match):
        piece = match.group(0)
        if piece[0] == '"':
            return piece if keep_strings else '"' + " " * (len(piece) - 2) + '"'
        if piece[0] == "'":
            return "' '" + " " * (len(piece) - 3)
        return re.sub(r"[^\n]", " ", piece)

    return _NOISE.sub(blank, text)


def line_of(text, offset):
    return text.count("\n", 0, offset) + 1


def functions(text):
    """(name, first offset, last offset) of each function: bodies start and end in column 0."""
    found = []
    for match in re.finditer(r"^\{", text, re.MULTILINE):
        head = text[: match.start()].rstrip()
        start = head.rfind("\n\n") + 1
        name = re.search(r"(\w+)\s*\(", re.sub(r"__attribute__\s*\(\(.*?\)\)", " ", head[start:]))
        end = re.search(r"^\}", text[match.start():], re.MULTILINE)
        if name and end:
            found.append((name.group(1), match.start(), match.start() + end.start()))
    return found


def arguments(text, start):
    """What stands between the parenthesis at @start and its partner."""
    depth = 0
    for at in range(start, len(text)):
        depth += {"(": 1, ")": -1}.get(text[at], 0)
        if depth == 0:
            return text[start + 1: at]
    return text[start + 1:]


class Report:
    """Collects findings; done() prints them and ends with 1 when there are any."""

    def __init__(self, what):
        self.what = what
        self.lines = []

    def add(self, path, line, text):
        self.lines.append((path, line, text))

    def done(self, checked):
        for path, line, text in sorted(set(self.lines)):
            print(f"{path}:{line}: {text}")
        print(f"{self.what}: {checked} checked, {len(set(self.lines))} found")
        sys.exit(1 if self.lines else 0)
