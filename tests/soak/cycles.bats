#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Load by load.py: thousands of life cycles, readers beside writers, davit killed at random. Errors, hangs
# and what is left count; times are told. SOAK divides the numbers: SOAK=50 is a minute of all.
load ../cli/helpers

setup() {
	requires root cgroup2 command:python3
	new_bundle
	program sleep 100000
}

teardown() {
	tear_down
}

# much KIND COUNT [WORKERS]: and then nothing is left.
much() {
	local count=$(($2 / ${SOAK:-1})) dying
	dying=$(sed -n 's/^nr_dying_descendants //p' "$CGROOT/cgroup.stat")
	nice -n "${NICE:-0}" "$TOP/tests/soak/load.py" "$1" "$DAVIT" "$ROOT" "$BUNDLE" "$TOKEN" "$count" "${3:-1}" >"$T/figures" 2>&1 </dev/null 3>&- 4>&- ||
		{ cat "$T/figures"; return 1; }
	echo "# $(tail -n 1 "$T/figures"); dying cgroups $dying before, $(sed -n 's/^nr_dying_descendants //p' "$CGROOT/cgroup.stat") after" >&3
	[ -z "$(ls -A "$ROOT")" ]
	check_clean
}

@test "T30 soak: two thousand life cycles one after the other" {
	much sequential 2000
}

@test "T30 soak: a thousand containers, 32 at a time" {
	much parallel 1000 32
}

@test "T30 soak: a thousand containers at once" {
	much alive 1000 16
}

@test "T30 soak: two hundred readers of state and list beside five thousand life cycles" {
	much readers 5000 $((200 / ${SOAK:-1} + 1))
}

@test "T30 soak: davit is killed at random moments for ten minutes" {
	much killed 600 8
}
