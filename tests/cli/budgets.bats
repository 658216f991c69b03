#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Counts that do not depend on how fast a machine is: no verb makes more system calls, forks, calls
# about mounts and requests for memory than budgets.txt allows. Only the binary as it is used is worth
# counting; what it asks of the heap only a test build knows: ../fault/heap.bats.
# bats file_tags=plain

load helpers

setup() {
	requires root cgroup2 command:strace plain-build
	new_bundle
}

teardown() {
	tear_down
}

# traced FILE ARG...: davit under strace, each call a line of FILE.
traced() {
	DAVIT_TEST=$TOKEN timeout --foreground -k 1 300 strace -f -qq -o "$1" \
		"$DAVIT" --root "$ROOT" "${@:2}" </dev/null >"$T/out" 2>&1 3>&- 4>&-
}

# calls_in FILE: how many. One that another process' line interrupts in there is resumed on a second line.
calls_in() {
	grep -cE '^[0-9]+ +[a-z0-9_]+\(' "$1"
}

# counted VERB FILE: each count within its budget.
counted() {
	local calls failed=0
	calls=$(calls_in "$2")
	[ "$calls" -gt 10 ] || return
	at_most "$1" CALLS "$calls" || failed=1
	at_most "$1" FORKS "$(grep -cE '^[0-9]+ +(clone3?|v?fork)\(' "$2")" || failed=1
	at_most "$1" MOUNTS "$(grep -cE '^[0-9]+ +(mount|umount2|open_tree|fsopen|fsmount|move_mount|mount_setattr|pivot_root)\(' "$2")" || failed=1
	at_most "$1" MEMORY "$(grep -cE '^[0-9]+ +(brk|mmap|mremap)\(' "$2")" || failed=1
	return "$failed"
}

# within VERB ARG...: succeeds, and costs no more.
within() {
	traced "$T/calls" "$@" || complain "davit $*: did not succeed: $(cat "$T/out")" || return
	counted "$1" "$T/calls"
}

@test "no verb makes more system calls than its budget" {
	program true
	within run -b "$BUNDLE" "$ID"
	program sleep 1000
	# strace stays until the container's process ends, which is counted too.
	traced "$T/create" create -b "$BUNDLE" "$ID" &
	becomes created
	within start "$ID"
	within state "$ID"
	within list
	within exec "$ID" true
	within delete -f "$ID"
	wait
	counted create "$T/create"
	check_clean
}

# What one container more costs.
@test "list makes no more system calls for each container than its budget" {
	local i one three
	program sleep 1000
	for i in "$ID" "$ID-2" "$ID-3"; do
		ok create -b "$BUNDLE" "$i"
		ok start "$i"
		[ "$i" = "$ID-2" ] || traced "$T/list.$i" list
	done
	one=$(calls_in "$T/list.$ID")
	three=$(calls_in "$T/list.$ID-3")
	[ "$one" -gt 10 ] && [ "$three" -gt "$one" ]
	at_most each-listed CALLS $(((three - one) / 2))
	for i in "$ID" "$ID-2" "$ID-3"; do
		ok delete -f "$i"
	done
	check_clean
}

# Since Linux 7.0 the mount namespace may be made of the root's tree alone. A hook of the host that runs
# in it before the pivot needs the host's mounts.
# bats test_tags=also-vm-micro
@test "the host's mounts are copied only where the kernel or a hook wants it" {
	local major
	major=$(uname -r | cut -d. -f1)
	program true
	traced "$T/calls" run -b "$BUNDLE" "$ID" || complain "davit run: $(cat "$T/out")"
	if [ "$major" -ge 7 ]; then
		[ "$(grep -c 'clone3(.*CLONE_NEWNS\|pivot_root(' "$T/calls")" -eq 0 ]
		grep 'setns(.*CLONE_NEWNS) *= 0' "$T/calls"
	else
		grep 'clone3(.*CLONE_NEWNS' "$T/calls"
		grep 'pivot_root(' "$T/calls"
	fi
	config '.hooks.createContainer = [{"path": "/bin/true"}]'
	traced "$T/calls" run -b "$BUNDLE" "$ID" || complain "davit run with a hook: $(cat "$T/out")"
	grep 'clone3(.*CLONE_NEWNS' "$T/calls"
	grep 'pivot_root(' "$T/calls"
	check_clean
}

# sealed_first ARG...: davit executes itself again with nothing but these calls.
sealed_first() {
	traced "$T/calls" "$@" || complain "davit $*: did not succeed: $(cat "$T/out")" || return
	sed -n '2,/execveat(/p' "$T/calls" | sed 's/^[0-9]* *//; s/(.*//' >"$T/names"
	diff "$T/names" - <<-'END'
		readlinkat
		openat
		open_tree
		mount_setattr
		execveat
	END
}

@test "create, run and exec execute themselves again before the C library begins" {
	! readelf -lW "$DAVIT" | grep -q INTERP || skip "needs a static build"
	case $(uname -m) in x86_64 | aarch64) ;; *) skip "no entry point of its own on this machine" ;; esac
	program true
	sealed_first run -b "$BUNDLE" "$ID"
	program sleep 1000
	ok create -b "$BUNDLE" "$ID"
	ok start "$ID"
	sealed_first exec "$ID" true
	ok delete -f "$ID"
	check_clean
}
