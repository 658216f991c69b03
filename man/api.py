#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The manual's section 3, made from the comments of davit.h:

    api.py HEADER --list           the names of the pages, one a line
    api.py HEADER VERSION FOLDER   writes them
    api.py HEADER --check          every function has a complete comment; nothing else is said

The comment in front of a function begins with "name() - summary"; "@parameter: text" for each
parameter, in order; after an empty line what there is to say; "Return:" unless it returns nothing;
"Since:". The first comment of the file becomes libdavit(3): a paragraph that begins with a short
sentence ("Threads.") has that as its heading.
"""
import os
import re
import sys

DECLARATION = re.compile(r"(/\*\*\n(?:(?!\*/).)*?\*/\n)?^DAVIT_API ([^;]*?\b(\w+)\(([^;]*)\));",
                         re.MULTILINE | re.DOTALL)
STRUCT = re.compile(r"((?:/\*(?:(?!\*/).)*?\*/\n)?^struct (\w+) \{\n.*?^\};\n)", re.MULTILINE | re.DOTALL)
ENUM = re.compile(r"^(enum (\w+) \{\n.*?^\};\n)", re.MULTILINE | re.DOTALL)
CALLBACK = re.compile(r"((?:/\*(?:(?!\*/).)*?\*/\n)?^typedef [^;]*?\b(\w+)\([^;]*\);\n)", re.MULTILINE | re.DOTALL)


class Function:
    def __init__(self, comment, prototype, name, parameters):
        self.prototype = re.sub(r"\s+", " ", prototype)
        self.name = name
        self.parameters = [] if parameters == "void" else [
            re.search(r"(\w+)$", word.strip()).group(1) for word in parameters.split(",")]
        self.head = self.returns = self.since = ""
        self.described, self.text = [], []
        if comment:
            self.parse([line[3:] if line.startswith(" * ") else "" for line in
                        comment.splitlines()[1:-1]])

    def parse(self, lines):
        self.head = lines[0]
        place = None
        for line in lines[1:]:
            parameter = re.match(r"@(\w+): (.*)", line)
            if parameter:
                self.described.append([parameter.group(1), parameter.group(2)])
                place = "parameter"
            elif line.startswith("Return: "):
                self.returns, place = line[8:], "return"
            elif line.startswith("Since: "):
                self.since, place = line[7:], "since"
            elif not line:
                place = "text"
                self.text.append("")
            elif place == "parameter":
                self.described[-1][1] += " " + line
            elif place == "return":
                self.returns += " " + line
            elif self.text:
                self.text[-1] += " " + line
            else:
                self.text.append(line)
        self.text = [paragraph.strip() for paragraph in self.text if paragraph.strip()]

    def faults(self):
        if not self.head:
            yield "has no comment"
            return
        if not self.head.startswith(self.name + "() - "):
            yield f'begins with "{self.head}"'
        if [name for name, text in self.described] != self.parameters:
            yield "does not describe its parameters, all of them in their order"
        if bool(self.returns) == self.prototype.startswith("void "):
            yield "says what it returns when it does not, or the other way round"
        if not re.fullmatch(r"\d+\.\d+\.\d+", self.since):
            yield "does not say since when it is there"


def escape(text):
    text = text.replace("\\", "\\e").replace("-", "\\-")
    return re.sub(r"^([.'])", r"\\&\1", text, flags=re.MULTILINE)


def prose(text):
    """Names of functions and parameters stand out."""
    text = re.sub(r"\b(davit_\w+)\(\)", r"\\fB\1\\fP(3)", escape(text))
    return re.sub(r"@(\w+)", r"\\fI\1\\fP", text)


def used(function, header):
    """The structs, enums and callbacks that the prototype names, and what these name."""
    kinds = [(STRUCT.findall(header), r"struct %s\b"), (ENUM.findall(header), r"enum %s\b"),
             (CALLBACK.findall(header), r"\b%s\b")]
    found, texts = [], [function.prototype]
    while texts:
        text = texts.pop()
        for rows, pattern in kinds:
            for body, name in rows:
                if body not in found and re.search(pattern % name, text):
                    found.append(body)
                    texts.append(re.sub(r"/\*.*?\*/", "", body, flags=re.DOTALL))
    return sorted(found, key=header.index)


def begin(name, version):
    return f'.\\" Made by man/api.py from davit.h.\n.TH {name.upper()} 3 "" "davit {version}" "libdavit"\n'


def page(function, header, version):
    summary = function.head.split(" - ", 1)[1]
    text = begin(function.name, version)
    text += f".SH NAME\n{function.name} \\- {escape(summary)}\n"
    text += f".SH SYNOPSIS\n.nf\n#include <davit.h>\n\n{escape(function.prototype)};\n\n"
    for body in used(function, header):
        text += escape(body.replace("\t", "    ")) + "\n"
    text += ".fi\n"
    if function.described or function.text:
        text += ".SH DESCRIPTION\n"
    for paragraph in function.text:
        text += f".PP\n{prose(paragraph)}\n"
    for name, what in function.described:
        text += f".TP\n.I {name}\n{prose(what)}\n"
    if function.returns:
        text += f".SH RETURN VALUE\n{prose(function.returns)}\n"
    text += f".SH HISTORY\nSince davit {escape(function.since)}.\n"
    return text + ".SH SEE ALSO\n.BR libdavit (3),\n.BR davit (8)\n"


def overview(functions, header, version):
    comment = header.split("*/", 1)[0]
    lines = [line[3:] if line.startswith(" * ") else "" for line in comment.splitlines()[2:]]
    paragraphs = [re.sub(r"\s+", " ", part) for part in "\n".join(lines).strip().split("\n\n")]
    summary = paragraphs[0].split(": ", 1)[1].rstrip(".")
    text = begin("libdavit", version)
    text += f".SH NAME\nlibdavit \\- {escape(summary)}\n"
    text += ".SH SYNOPSIS\n.nf\n#include <davit.h>\n\ncc prog.c $(pkg\\-config \\-\\-cflags \\-\\-libs libdavit)\n.fi\n"
    text += ".SH DESCRIPTION\n"
    for paragraph in paragraphs[1:]:
        heading, rest = paragraph.split(". ", 1)
        text += f".SS {escape(heading)}\n{prose(rest)}\n"
    text += ".SH FUNCTIONS\n"
    for function in functions:
        text += f".TP\n.BR {function.name} (3)\n{escape(function.head.split(' - ', 1)[1])}\n"
    return text + ".SH SEE ALSO\n.BR davit (8)\n"


def main():
    with open(sys.argv[1], encoding="utf-8") as file:
        header = file.read()
    functions = [Function(*match) for match in DECLARATION.findall(header)]
    if sys.argv[2] == "--list":
        print("\n".join(["libdavit.3"] + [f"{function.name}.3" for function in functions]))
    elif sys.argv[2] == "--check":
        faults = [f"{sys.argv[1]}: {function.name}() {fault}" for function in functions
                  for fault in function.faults()]
        print("\n".join(faults + [f"api: {len(functions)} checked, {len(faults)} found"]))
        sys.exit(1 if faults else 0)
    else:
        version, folder = sys.argv[2:]
        pages = {"libdavit": overview(functions, header, version)}
        pages |= {function.name: page(function, header, version) for function in functions}
        for name, text in pages.items():
            with open(os.path.join(folder, name + ".3"), "w", encoding="utf-8") as file:
                file.write(text)


main()
