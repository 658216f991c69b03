#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# A program with eight threads that live a hundred containers each (CYCLES: another number; SOAK divides it), one after
# the other, beside threads that use the heap and that start programs (tests/api/threads.c).
load ../cli/helpers

setup() {
	requires root cgroup2
	[ -x "$(dirname "$DAVIT")/../tests/api/api-threads" ] || skip "needs a build folder around $DAVIT"
	new_bundle
	program sh -c 'exit 7'
}

teardown() {
	tear_down
}

@test "libdavit, eight threads, a hundred life cycles each: no failure, and nothing is left" {
	cp -a "$BUNDLE" "$T/slow"
	mkfifo "$T/slow/fifo"
	# shellcheck disable=SC2016  # a variable of jq's
	jq --arg fifo "$T/slow/fifo" '.hooks.createContainer = [{ path: "/bin/cat", args: ["cat", $fifo] }]' \
		"$BUNDLE/config.json" >"$T/slow/config.json"
	DAVIT_TEST=$TOKEN timeout --foreground -k 5 600 "$(dirname "$DAVIT")/../tests/api/api-threads" "$BUNDLE" "$T/slow" \
		"$ROOT" "$((${CYCLES:-100} / ${SOAK:-1}))" "$DAVIT" </dev/null >"$T/threads.out" 2>&1 3>&- 4>&- || { cat "$T/threads.out"; false; }
	[ ! -s "$T/threads.out" ] || { cat "$T/threads.out"; false; }
	check_clean
}
