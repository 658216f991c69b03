#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Two kinds of result do not share a variable. A leaf of kernel/ or base/ returns -errno, and somebody
has to say what was done when it failed; a function with a struct err has said so, and what it returns
is only whether. In a function that has both in one `r` by turns nobody sees whether the error is set
already: a failure without a word, or one with two.
"""
import re

import source

FOLDERS = ("libcrun-like/setup", "libcrun-like/container", "libcrun-like/lifecycle",
           "libcrun-like/operation", "libcrun-like/api", "oci-spec")
CALL = re.compile(r"\b(\w+)\s*=\s*(?:\([a-z_ ]+\))?\s*(\w+)\(")
ERROR = re.compile(r"\be\b|\berr\b|&\w*failed\b|&\w*ignored\b|->e\b|\.e\b")
INT = re.compile(r"\bint\b[^;{()]*?\b(\w+)\b")


def main():
    report = source.Report("errors")
    paths = source.files(FOLDERS, (".c",))
    for path in paths:
        code = source.bare(source.read(path))
        for name, first, last in source.functions(code):
            head = code[code.rfind("\n\n", 0, first): first]
            if "struct err *" not in head:
                continue
            kinds = {}
            for match in CALL.finditer(code, first, last):
                if match[2] == "take_fd":
                    continue
                inside = source.arguments(code, match.end() - 1)
                kind = "tells" if ERROR.search(inside) else "leaf"
                kinds.setdefault(match[1], {}).setdefault(kind, []).append((match[2], match.start()))
            for variable, both in kinds.items():
                if len(both) == 2:
                    told, leaf = both["tells"][0], both["leaf"][0]
                    report.add(path, source.line_of(code, max(told[1], leaf[1])),
                               f"{name}(): {variable} holds the errno of {leaf[0]}() and the result of {told[0]}()")
    report.done(len(paths))


if __name__ == "__main__":
    main()
