#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Calls that the library must not make, and descriptors that are born without close-on-exec.

Most holes of the field's runtimes were one thing: a path below the container's root, handed to a
call as a string. So the calls that take a path are forbidden above kernel/, but for the host's own
paths, each listed with its reason in allowed-calls.txt (FILE CALL REASON...). In a function of
setup/ that runs in the container's first process (*_apply) not even the list helps. The library
never prints, never exits, never asks the environment. A descriptor that is meant to be inherited has
a row CALL-inherited. A row of the list that nothing needs any more is a fault too.

A copy of a mount is born a peer of the host's, so it is made in one function, which changes that
(C17): nothing else calls open_tree(2), not even with a row of the list; but one that makes a mount
namespace of such a copy.
"""
import re

import source

LIST = "tests/lint/allowed-calls.txt"
PATHS = """open creat fopen freopen opendir mkdir rmdir mknod mkfifo unlink remove rename link symlink
    readlink chown lchown chmod truncate utime utimes access euidaccess stat lstat statfs statvfs
    chdir chroot pivot_root mount umount umount2 realpath canonicalize_file_name glob nftw fts_open
    mkstemp mkdtemp mkostemp tmpfile setxattr lsetxattr getxattr lgetxattr bind_mount""".split()
PRINTS = "printf fprintf vprintf vfprintf puts fputs putchar putc fputc fwrite perror psignal".split()
EXITS = "exit quick_exit err errx verr verrx error".split()
ENVIRONMENT = "getenv secure_getenv setenv putenv unsetenv".split()
NEVER = "gets strcpy strcat sprintf vsprintf strtok system popen alloca strerror".split()
# In kernel/, which exists to make system calls, these still want a row of the list.
KERNEL = {"mount", "umount", "umount2", "chroot", "realpath", "fopen", "freopen", "chown", "lchown",
          "access", "tmpfile"}
# The one function that may make the call.
ONE_FUNCTION = {
    "sys_open_tree": ("libcrun-like/kernel/mount.c", "mount_clone"),
    "sys_open_tree_namespace": ("libcrun-like/kernel/mount.c", "mount_make_namespace"),
}
# Calls that make a descriptor, and the flag that must stand between their parentheses.
BIRTHS = dict.fromkeys(["open", "openat", "socket", "socketpair", "accept4", "epoll_create1",
                        "eventfd", "signalfd", "timerfd_create", "inotify_init1", "pipe2", "dup3",
                        "memfd_create", "fanotify_init", "sys_memfd_create", "open_by_handle_at",
                        "posix_openpt", "mkostemp"], "CLOEXEC")
BIRTHS["recvmsg"] = "MSG_CMSG_CLOEXEC"
BIRTHS["openat2"] = "CLOEXEC"
NOT_BORN_SO = "pipe dup accept epoll_create inotify_init creat".split()


def enclosing(spans, offset):
    for name, first, last in spans:
        if first <= offset <= last:
            return name, first, last
    return None


def calls(text, spans):
    """(name, offset, arguments, function) of each call inside a function body."""
    for match in re.finditer(r"(?<![\w.>])(\w+)\s*\(", text):
        where = enclosing(spans, match.start())
        if where:
            yield match.group(1), match.start(), source.arguments(text, match.end() - 1), where


def read_list(report):
    allowed = {}
    for number, row in enumerate(source.read(LIST).splitlines(), 1):
        if not row.strip() or row.startswith("#"):
            continue
        fields = row.split(None, 2)
        if len(fields) < 3:
            report.add(LIST, number, "a row is FILE CALL REASON...")
        else:
            allowed[fields[0], fields[1]] = number
    return allowed


def is_forbidden(path, name, args):
    """The reason why @name is not for @path, or None."""
    floor = path.split("/")[1] if path.startswith("libcrun-like/") else path.split("/")[0]
    if name in NEVER:
        return "is never used"
    if floor == "src":
        return None
    if name in PRINTS or (name == "dprintf"):
        return "the library never prints"
    if name in EXITS:
        return "the library never exits"
    if name in ENVIRONMENT:
        return "the library does not use the environment"
    if name == "syscall":
        return "system calls without a wrapper are made in kernel/sys.h"
    if floor == "kernel":
        return "not without a listed reason" if name in KERNEL else None
    if name in PATHS:
        return "names a path: use kernel/rootpath, or kernel/ on descriptors"
    if name.endswith("at") and re.match(r"\s*AT_FDCWD\b", args):
        return "with AT_FDCWD names a path"
    return None


def check_birth(report, path, text, call, allowed, used):
    name, offset, args, (_, first, last) = call
    line = source.line_of(text, offset)
    inherited = (path, name + "-inherited")
    if inherited in allowed:
        used.add(inherited)
        return
    if name in NOT_BORN_SO:
        report.add(path, line, f"{name}() makes a descriptor without close-on-exec")
    elif name in BIRTHS and BIRTHS[name] not in args:
        report.add(path, line, f"{name}() without {BIRTHS[name]} between its parentheses")
    elif name == "sys_openat2" and "CLOEXEC" not in text[first:last]:
        report.add(path, line, "sys_openat2() in a function that does not say O_CLOEXEC")
    elif name == "fcntl" and re.search(r"\bF_DUPFD\b", args):
        report.add(path, line, "fcntl(F_DUPFD): use F_DUPFD_CLOEXEC")


def check_file(report, path, allowed, used):
    text = source.bare(source.read(path))
    spans = source.functions(text)
    for call in calls(text, spans):
        name, offset, args, (function, _, _) = call
        if name == function:
            continue
        check_birth(report, path, text, call, allowed, used)
        if ONE_FUNCTION.get(name, (path, function)) != (path, function):
            report.add(path, source.line_of(text, offset),
                       f"{name}() in {function}: only in {ONE_FUNCTION[name][1]}()")
        reason = is_forbidden(path, name, args)
        if not reason:
            continue
        in_init = "/setup/" in path and "_apply" in function
        if (path, name) in allowed:
            used.add((path, name))
            if not (in_init and name in PATHS):
                continue
            reason = "in code of the container's first process"
        report.add(path, source.line_of(text, offset), f"{name}() in {function}: {reason}")


def main():
    report = source.Report("calls")
    allowed, used = read_list(report), set()
    paths = source.files(source.PRODUCT, (".c", ".h"))
    for path in paths:
        check_file(report, path, allowed, used)
    for row in sorted(set(allowed) - used):
        report.add(LIST, allowed[row], f"{row[0]} does not call {row[1]}(): drop the row")
    report.done(len(paths))


main()
