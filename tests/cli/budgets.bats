#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Counts that do not depend on how fast a machine is: no verb makes more system calls than budgets.txt
# allows. Only the binary as it is used is worth counting.
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
	DAVIT_TEST=$TOKEN timeout --foreground -k 1 30 strace -f -qq -o "$1" \
		"$DAVIT" --root "$ROOT" "${@:2}" </dev/null >"$T/out" 2>&1 3>&- 4>&-
}

# counted VERB FILE: no more calls than its row says.
counted() {
	local budget calls
	budget=$(awk -v verb="$1" '$1 == verb { print $2 }' "$HERE/budgets.txt")
	calls=$(grep -c '(' "$2")
	echo "$1: $calls of $budget"
	[ "$calls" -gt 10 ] && [ "$calls" -le "$budget" ]
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

# With nothing but these calls.
@test "create and run execute themselves again before the C library begins" {
	! readelf -lW "$DAVIT" | grep -q INTERP || skip "needs a static build"
	case $(uname -m) in x86_64 | aarch64) ;; *) skip "no entry point of its own on this machine" ;; esac
	program true
	traced "$T/calls" run -b "$BUNDLE" "$ID"
	sed -n '2,/execveat(/p' "$T/calls" | sed 's/^[0-9]* *//; s/(.*//' >"$T/names"
	diff "$T/names" - <<-'END'
		readlinkat
		openat
		open_tree
		mount_setattr
		execveat
	END
	check_clean
}
