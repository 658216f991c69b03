#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# libdavit in another program (tests/api): what its calls do, and what they leave alone. The program
# looks at /proc for itself; what is left is looked for from here.
load helpers
# bats file_tags=both

setup() {
	requires root cgroup2
	PROGRAMS=$(dirname "$DAVIT")/../tests/api
	[ -x "$PROGRAMS/api-calls" ] || skip "needs a build folder around $DAVIT"
	new_bundle
	program sleep 1000
}

teardown() {
	tear_down
}

# calls TEST: succeeds in silence.
calls() {
	DAVIT_TEST=$TOKEN timeout --foreground -k 5 240 "$PROGRAMS/api-calls" "$1" "$BUNDLE" "$ROOT" "$DAVIT" \
		</dev/null >"$T/calls.out" 2>&1 3>&- 4>&- || { cat "$T/calls.out"; return 1; }
	[ ! -s "$T/calls.out" ] || { cat "$T/calls.out"; return 1; }
	check_clean
}

# threads CYCLES: each of eight threads with as many containers, one after the other.
threads() {
	program sh -c 'exit 7'
	cp -a "$BUNDLE" "$T/slow"
	mkfifo "$T/slow/fifo"
	# shellcheck disable=SC2016  # a variable of jq's
	jq --arg fifo "$T/slow/fifo" '.hooks.createContainer = [{ path: "/bin/cat", args: ["cat", $fifo] }]' \
		"$BUNDLE/config.json" >"$T/slow/config.json"
	DAVIT_TEST=$TOKEN timeout --foreground -k 5 "${LIMIT:-600}" "$PROGRAMS/api-threads" "$BUNDLE" "$T/slow" "$ROOT" \
		"$1" "$DAVIT" </dev/null >"$T/threads.out" 2>&1 3>&- 4>&- || { cat "$T/threads.out"; return 1; }
	[ ! -s "$T/threads.out" ] || { cat "$T/threads.out"; return 1; }
	check_clean
}

@test "eight threads with contexts of their own live their containers at the same time" {
	threads "${CYCLES:-3}"
}

@test "create tells of its process: a child of the caller, with a pidfd" {
	calls process
}

@test "so does a create that takes a helper, for the clocks of a time namespace" {
	requires timens
	config '.linux.namespaces += [{ "type": "time" }] | .linux.timeOffsets = { "monotonic": { "secs": 5 } }'
	calls process
}

@test "so does a create into a pid namespace of others, early and late" {
	unshare -p -f sleep 1000 </dev/null >/dev/null 2>&1 3>&- 4>&- &
	for _ in {1..1500}; do
		neighbour=$(pgrep -P $! -x sleep) || { sleep 0.02; continue; }
		break
	done
	# shellcheck disable=SC2016  # a variable of jq's
	config --argjson pid "$neighbour" '.linux.namespaces |= map(if .type == "pid" then .path = "/proc/\($pid)/ns/pid" else . end)'
	calls process
	config '.hooks.createRuntime = [{ path: "/bin/true" }]'
	calls process
	# It is process 1 of its namespace.
	kill -KILL "$neighbour"
}

@test "the struct for the process is filled to its end and no further, and says its size" {
	calls process-size
}

@test "davit_wait has the exit status, once" {
	program sh -c 'exit 7'
	calls wait
}

@test "nothing of the calling process is changed by its calls" {
	calls unchanged
}

@test "a descriptor of the calling process is not in the container, close-on-exec or not" {
	calls descriptors
}

@test "the standard streams of the options are the program's" {
	program sh -c 'cat; echo error >&2'
	calls streams
}

@test "a standard stream that the calling process has closed is /dev/null" {
	calls closed
}

@test "a console socket of the options gets the terminal" {
	config '.process.terminal = true'
	calls console
}

@test "a descriptor that criu is to write to is the caller's" {
	calls status
}

@test "exec and run from a program: statuses, and the process of a detached one" {
	calls exec
}

@test "an error comes back with its kind, pointer and step, and nothing is left" {
	jq '.process.args = ["/nonexistent"]' "$BUNDLE/config.json" >"$BUNDLE/broken.json"
	calls errors
}

@test "a warning of the call goes to the caller's log" {
	config '.linux.timeOffsets = { "realtime": { "secs": 1 } } | .linux.namespaces += [{ "type": "time" }] | .process.args = ["true"]'
	calls log
}

@test "a davit that is not there, or not davit, is named" {
	calls other-davit
}

@test "each callback can end its call" {
	jq '.hostname = 1 | .process.cwd = 2' "$BUNDLE/config.json" >"$BUNDLE/faulty.json"
	calls callbacks
}

@test "the state as a struct" {
	config '.annotations = { "org.example.key": "value" }'
	calls inspect
}

# bats test_tags=vm-micro
@test "limits as numbers are in the cgroup" {
	requires memory pids cpu
	ok create -b "$BUNDLE" "$ID"
	cg=$(cgroup_of "$(init_pid)")
	DAVIT_TEST=$TOKEN "$PROGRAMS/api-calls" update "$BUNDLE" "$ROOT" "$DAVIT" 3>&- 4>&-
	[ "$(<"$cg/memory.max")" = 50331648 ]
	[ "$(<"$cg/pids.max")" = 77 ]
	[ "$(<"$cg/cpu.weight")" -lt 100 ]
	ok delete --force "$ID"
}

@test "accessors, frees and calls take NULL" {
	calls null
}

# A hook of the first process that waits; HANGING is the program, HELPER the davit that works for it.
hang() {
	mkfifo "$T/fifo"
	# shellcheck disable=SC2016  # a variable of jq's
	config --arg fifo "$T/fifo" '.hooks.createContainer = [{ path: "/bin/cat", args: ["cat", $fifo] }]'
	DAVIT_TEST=$TOKEN "$PROGRAMS/api-calls" hang "$BUNDLE" "$ROOT" "$DAVIT" </dev/null >"$T/calls.out" 2>&1 3>&- 4>&- &
	HANGING=$!
	comes_true pgrep -f "^cat $T/fifo" >/dev/null
	HELPER=$(pgrep -o -P "$HANGING" -f -- --api)
}

@test "a create whose caller is killed is undone" {
	requires command:pgrep
	hang
	kill -KILL "$HANGING"
	wait "$HANGING" || true
	is_gone "$HELPER"
	check_clean
}

@test "a create whose davit is killed fails, and no process of it is left" {
	requires command:pgrep
	hang
	kill -KILL "$HELPER"
	status=0
	wait "$HANGING" || status=$?
	[ "$status" -eq 1 ]
	grep -q 'ended without an answer' "$T/calls.out"
	# Who it has started is killed when it is gone, and not when its socket is.
	is_gone "$HELPER"
	[ -z "$(our_processes)" ]
	ok delete --force "$ID"
	check_clean
}
