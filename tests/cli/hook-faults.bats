#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Hooks that fail, hang, hold on to what they were given or do not read it: T25 of the security tests,
# with the rules of runtime.md#lifecycle for each kind.
# shellcheck disable=SC2016  # variables of jq and of inner shells
load helpers

setup() {
	requires root cgroup2
	new_bundle
	config --arg file "$T/poststop" \
		'.hooks.poststop = [{ "path": "/bin/sh", "args": ["sh", "-c", "echo ran >\($file)"] }]'
}

teardown() {
	tear_down
}

# hook KIND SCRIPT [TIMEOUT]: one more hook, a shell's.
hook() {
	config --arg kind "$1" --arg script "$2" --argjson timeout "${3-null}" \
		--arg token "DAVIT_TEST=$TOKEN" '.hooks[$kind] += [{ "path": "/bin/sh", "args": ["sh", "-c", $script],
			"env": ["PATH=/bin:/usr/bin", $token], "timeout": $timeout } | del(.[] | nulls)]'
}

@test "L6 an error of prestart, createRuntime or createContainer fails create, destroys, and runs poststop" {
	for kind in prestart createRuntime createContainer; do
		hook "$kind" 'exit 0'
		hook "$kind" 'echo some words; seq 100000 >&2; printf "the last ones\n\n" >&2; exit 3'
		hook "$kind" "touch $T/not-run"
		refused "error running $kind hook #1: exit status 3" create -b "$BUNDLE" --pid-file "$T/pid" "$ID"
		# The last 4 KiB of each stream, on the same line.
		[[ $err == *", stdout: some words, stderr: ...9"*" 99999 100000 the last ones" ]]
		[ "${#err}" -gt 4096 ]
		[ "${#err}" -lt 4500 ]
		[ ! -e "$T/not-run" ]
		[ "$(<"$T/poststop")" = ran ]
		[ ! -e "$T/pid" ]
		rm "$T/poststop"
		check_clean
		config --arg kind "$kind" 'del(.hooks[$kind])'
	done
}

@test "L7, L8 an error of startContainer or poststart fails start, destroys the container, and runs poststop" {
	for kind in startContainer poststart; do
		hook "$kind" 'exit 0'
		hook "$kind" 'echo some words >&2; exit 4'
		ok create -b "$BUNDLE" "$ID"
		pid=$(init_pid)
		refused "error running $kind hook #1: exit status 4" start "$ID"
		[[ $err == *", stdout: , stderr: some words" ]]
		is_gone "$pid"
		[ "$(<"$T/poststop")" = ran ]
		rm "$T/poststop"
		refused "does not exist" state "$ID"
		check_clean
		config --arg kind "$kind" 'del(.hooks[$kind])'
	done
}

@test "L9 an error of poststop is a warning, the others still run, and the container is gone" {
	config '.hooks.poststop |= [{ "path": "/bin/sh", "args": ["sh", "-c", "echo some words; exit 5"] }] + .'
	ok create -b "$BUNDLE" "$ID"
	davit delete --force "$ID"
	[ "$status" -eq 0 ]
	[[ $err == *"poststop hook #0: exit status 5, stdout: some words"* ]]
	[ "$(<"$T/poststop")" = ran ]
	check_clean
}

@test "hooks[].timeout: a hook past it is killed with all that it started" {
	for kind in prestart createRuntime createContainer startContainer poststart; do
		hook "$kind" 'trap "" TERM; sleep 1000 & sleep 1000' 1
		SECONDS=0
		davit run --detach -b "$BUNDLE" "$ID"
		[ "$status" -eq 1 ] || complain "$kind"
		[[ $err == *"$kind hook #0: hook ran past specified timeout of 1.0s"* ]] || complain "$kind"
		[ "$SECONDS" -lt 60 ] # and not when it ends by itself
		check_clean
		config --arg kind "$kind" 'del(.hooks[$kind])'
	done
}

@test "a program that the hook leaves behind with its output does not hold davit up" {
	hook prestart "sleep 1000 & echo \$! >'$T/left'; exit 0" 1000
	ok create -b "$BUNDLE" "$ID" # before it ends, or the hook's time is over
	kill -0 "$(<"$T/left")"
	kill -KILL "$(<"$T/left")"
	is_gone "$(<"$T/left")"
}

@test "L19 a hook that never reads its 256 KiB of state, and one that writes 10 MiB" {
	config '.annotations = { "org.example.long": ("x" * 262144) }'
	hook prestart 'exit 0'
	hook createRuntime 'sleep 0.2; head -c 10485760 /dev/zero; exit 0' 100
	hook createRuntime 'test "$(wc -c)" -gt 262144'
	ok create -b "$BUNDLE" "$ID"
	ok delete "$ID"
	check_clean
}

@test "a hook that is not there: named, and nothing left" {
	config '.hooks.createRuntime = [{ "path": "/no/such/hook" }]'
	refused "/no/such/hook" create -b "$BUNDLE" "$ID"
	[[ $err == *"no such file or directory"* ]]
	check_clean
}

# Its pidfd says that it has ended, and waitid(2) that it has not, until the tracer has looked.
@test "a hook that somebody traces is waited for until the tracer lets it go" {
	requires command:python3
	cat >"$T/traced.py" <<-'END'
		import ctypes, os, time
		PTRACE_SEIZE = 0x4206
		ready, told = os.pipe()
		hook = os.getpid()
		if os.fork() == 0:
		    libc = ctypes.CDLL(None, use_errno=True)
		    libc.ptrace.argtypes = [ctypes.c_long] * 4
		    os.write(told, b"y" if libc.ptrace(PTRACE_SEIZE, hook, 0, 0) == 0 else b"n")
		    time.sleep(0.3)
		    os._exit(0)
		os._exit(0 if os.read(ready, 1) == b"y" else 7)
	END
	config --arg python "$(python3 -c 'import os, sys; print(os.path.realpath(sys.executable))')" --arg script "$T/traced.py" --arg token "DAVIT_TEST=$TOKEN" \
		'.hooks.createRuntime = [{ "path": $python, "args": ["python3", $script], "env": [$token] }]'
	ok create -b "$BUNDLE" "$ID"
	ok delete --force "$ID"
}
