#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Each C.., R.. and T.. that a comment of the sources or the name of a test refers to is a row of SECURITY.md.
import pathlib
import re
import sys

TOP = pathlib.Path(__file__).resolve().parents[2]
ROW = re.compile(r"^\| ([CRT]\d\d?(?:, [CRT]\d\d?)*) \|", re.M)
REFERENCE = re.compile(r"(?<![\w\"'.+/-])(C1?[1-9]|C10|[RT][0-3]\d|R40)(?![\w\"'(=])")


def main():
    known = {n for row in ROW.findall((TOP / "SECURITY.md").read_text()) for n in row.split(", ")}
    count = 0
    for folder, pattern in (("libcrun-like", "**/*.[ch]"), ("oci-spec", "*.[ch]"), ("src", "*.[ch]"), ("tests", "*/*.bats")):
        for path in sorted((TOP / folder).glob(pattern)):
            for number, line in enumerate(path.read_text().split("\n"), 1):
                if path.suffix == ".bats" and not line.startswith("@test"):
                    continue
                for name in REFERENCE.findall(line):
                    if name not in known:
                        print(f"{path.relative_to(TOP)}:{number}: {name} is no row of SECURITY.md")
                        count += 1
    return 1 if count else 0


if __name__ == "__main__":
    sys.exit(main())
