#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# How often each verb asks the heap, counted by the allocator's stand-in of test builds (heap_guard.c),
# against cli/budgets.txt. Sanitizers count otherwise: there each piece of an arena is a request.

load ../cli/helpers

setup() {
	requires root cgroup2 plain-build
	[ "$(nm "$DAVIT" 2>/dev/null | grep -c __wrap_malloc)" -gt 0 ] || skip "needs a test build"
	new_bundle
}

teardown() {
	tear_down
}

# asked VERB ARG...: succeeds, and asks the heap no more often.
asked() {
	local count
	DAVIT_HEAP_COUNT=$T/heap ok "$@" || return
	read -r count _ <"$T/heap"
	at_most "$1" HEAP "$count"
	rm "$T/heap"
}

# INIT may not ask at all: the stand-in sees to that too.
@test "no verb asks the heap more often than its budget" {
	program true
	asked run -b "$BUNDLE" "$ID"
	program sleep 1000
	asked create -b "$BUNDLE" "$ID"
	asked start "$ID"
	asked state "$ID"
	asked list
	asked exec "$ID" true
	asked delete -f "$ID"
	check_clean
}
