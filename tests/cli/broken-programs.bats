#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Why a program cannot be executed: execve gives one of three numbers for all of these. The words
# of the number stay, since engines turn them into 126 and 127; behind them stands the cause, with
# the path inside the container.
load helpers

setup() {
	requires root
	new_bundle
	FILE=$BUNDLE/rootfs/bin/broken
}

teardown() {
	tear_down
	check_clean
}

# explained TEXT WORDS: running /bin/broken fails; the line has the words of the errno and the cause.
explained() {
	program /bin/broken
	refused "$1" run -b "$BUNDLE" "$ID"
	[ "$status" -eq 1 ]
	[[ $err == *"/bin/broken"*"$2"* ]] || complain "does not say: $2"
	check_clean
}

script() {
	printf '%b' "$1" >"$FILE"
	chmod 755 "$FILE"
}

# elf MACHINE LOADER: a 64-bit little-endian program of that machine, which loads LOADER.
elf() {
	python3 - "$FILE" "$1" "${2-}" <<-'END'
		import struct, sys
		path, machine, loader = sys.argv[1], int(sys.argv[2]), sys.argv[3].encode() + b"\0"
		header = struct.pack("<16sHHIQQQIHHHHHH", b"\x7fELF\2\1\1", 2, machine, 1, 0x400000, 64, 0, 0, 64, 56, 2, 0, 0, 0)
		interp = struct.pack("<IIQQQQQQ", 3, 4, 176, 0, 0, len(loader), len(loader), 1)
		load = struct.pack("<IIQQQQQQ", 1, 5, 0, 0x400000, 0x400000, 4096, 4096, 4096)
		open(path, "wb").write(header + interp + load + loader + b"\0" * 4096)
	END
	chmod 755 "$FILE"
}

native() {
	case $(uname -m) in
	x86_64) echo 62 ;;
	aarch64) echo 183 ;;
	*) skip "needs x86_64 or aarch64" ;;
	esac
}

@test "a script whose interpreter is missing: the interpreter is named" {
	script '#!/usr/bin/python3 -u\nprint(1)\n'
	explained "no such file or directory" "the interpreter of /bin/broken (its #! line) is not in the container: /usr/bin/python3"
	[[ $err == *"exec /bin/broken: no such file or directory"* ]] # runc's words, which scripts match
}

@test "a script with CRLF line ends: the carriage return is named" {
	script '#!/bin/sh\r\necho hello\r\n'
	explained "no such file or directory" 'ends with a carriage return (CRLF)'
	[[ $err == *'"/bin/sh\r"'* ]]
}

@test "a program for another machine: both machines are named" {
	other=183 name=aarch64
	[ "$(native)" -ne 183 ] || other=62 name=x86_64
	elf "$other"
	explained "exec format error" "/bin/broken is built for $name, this machine is $(uname -m)"
}

@test "a program whose loader is missing: the loader is named" {
	elf "$(native)" /lib64/ld-nowhere.so.1
	explained "no such file or directory" "the loader of /bin/broken is not in the container: /lib64/ld-nowhere.so.1"
}

@test "a program on a mount with noexec: the mount is blamed" {
	cp "$BUNDLE/rootfs/bin/busybox" "$FILE"
	# shellcheck disable=SC2016  # a variable of jq's
	config --arg s "$BUNDLE/rootfs/bin" '.mounts += [{ destination: "/bin", type: "bind", source: $s, options: ["bind", "noexec"] }]'
	explained "permission denied" "/bin/broken is on a mount with the option noexec"
}

@test "a program that its user may not reach or execute: the folder or the file is named, with its mode and owner" {
	config '.process.user = { uid: 1234, gid: 1234 }'
	script '#!/bin/sh\n'
	chmod 744 "$FILE"
	explained "permission denied" "user 1234:1234 may not execute /bin/broken: its mode is 0744, its owner 0:0"
	chmod 755 "$FILE"
	chmod 750 "$BUNDLE/rootfs/bin"
	explained "permission denied" "user 1234:1234 may not search /bin: its mode is 0750, its owner 0:0"
	chmod 755 "$BUNDLE/rootfs/bin"
	# What unpacking with a umask of 077 leaves.
	chmod 700 "$BUNDLE/rootfs"
	explained "permission denied" "user 1234:1234 may not search /: its mode is 0700, its owner 0:0"
	chmod 755 "$BUNDLE/rootfs"
}

@test "a program of this machine that is cut off, and an argument that is too long: so it says" {
	head -c 100 "$BUNDLE/rootfs/bin/busybox" >"$FILE"
	chmod 755 "$FILE"
	explained "exec format error" "/bin/broken is a program of this machine that is cut off or damaged"
	# shellcheck disable=SC2016  # a variable of jq's
	config '.process.args += ["a" * 131072]'
	refused "argument list too long; one argument or variable has at most 128 KiB" run -b "$BUNDLE" "$ID"
}

@test "a file without x bit: so it says, in create already" {
	script '#!/bin/sh\n'
	chmod 644 "$FILE"
	explained "permission denied" "no x bit"
	refused "permission denied" create -b "$BUNDLE" "$ID"
}

@test "a directory: so it says, in create already" {
	mkdir "$FILE"
	explained "is a directory" ""
	refused "is a directory" create -b "$BUNDLE" "$ID"
}

@test "a script without a #! line, and an empty file: so it says" {
	script 'echo hello\n'
	explained "exec format error" "/bin/broken is neither a program of this system nor a script with a #! line"
	script ''
	explained "exec format error" "/bin/broken is empty"
}

@test "an interpreter that is itself at fault is the one that is named" {
	printf 'no program\n' >"$BUNDLE/rootfs/bin/inner"
	script '#!/bin/inner\n'
	explained "permission denied" "/bin/inner has no x bit: its mode is 0644"
	script '#! /bin/missing-loader\n'
	mv "$FILE" "$BUNDLE/rootfs/bin/keep"
	elf "$(native)" /lib/none.so
	mv "$FILE" "$BUNDLE/rootfs/bin/missing-loader"
	mv "$BUNDLE/rootfs/bin/keep" "$FILE"
	explained "no such file or directory" "the loader of /bin/missing-loader is not in the container: /lib/none.so"
}

@test "start tells it too, and a user who may not read the file gets the general cause" {
	script '#!/nowhere/sh\n'
	program /bin/broken
	ok create -b "$BUNDLE" "$ID"
	refused "the interpreter of /bin/broken (its #! line) is not in the container: /nowhere/sh" start "$ID"
	davit delete --force "$ID"

	chmod 711 "$FILE"
	config '.process.user = { uid: 1234, gid: 1234 }'
	refused "exec /bin/broken: no such file or directory; the file's interpreter" run -b "$BUNDLE" "$ID"
}

@test "a filter that kills is not met for the sake of an explanation" {
	requires seccomp
	script '#!/nowhere/sh\n'
	config '.linux.seccomp = { defaultAction: "SCMP_ACT_KILL_PROCESS", syscalls: [{
		names: ["execve", "exit_group", "exit", "sendmsg", "sendto", "write", "close", "rt_sigaction", "rt_sigprocmask", "close_range"],
		action: "SCMP_ACT_ALLOW" }] }'
	config '.process.noNewPrivileges = true'
	program /bin/broken
	refused "exec /bin/broken: no such file or directory" run -b "$BUNDLE" "$ID"
}
