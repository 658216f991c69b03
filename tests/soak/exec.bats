#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Ten thousand execs in one container (EXECS: another number; SOAK divides it), sixteen at a time. Everything is
# counted; times are told.
load ../cli/helpers

setup() {
	requires root cgroup2 command:python3
	new_bundle
	program sleep 100000
}

teardown() {
	tear_down
}

@test "exec, ten thousand times: statuses are right; no zombie, descriptor, cgroup or state is left" {
	ok run -d -b "$BUNDLE" "$ID"
	init=$(init_pid)
	cg=$(cgroup_of "$init")
	state=$(find "$ROOT" -printf '%p %s\n' | sort)
	below=$(find "$cg" -type d)
	all=$(find "$CGROOT" -type d -name "*$TOKEN*" | wc -l)
	fds=$(find "/proc/$init/fd" -mindepth 1 | wc -l)
	count=$((${EXECS:-10000} / ${SOAK:-1}))
	"$TOP/tests/soak/load.py" execs "$DAVIT" "$ROOT" "$BUNDLE" "$ID" "$count" 16 >"$T/figures" 2>&1 </dev/null 3>&- 4>&- ||
		{ cat "$T/figures"; false; }
	echo "# $(tail -n 1 "$T/figures")" >&3
	rm -f "$ROOT".*
	[ "$(<"$cg/cgroup.procs")" = "$init" ]
	[ "$(find "$ROOT" -printf '%p %s\n' | sort)" = "$state" ]
	[ "$(find "$cg" -type d)" = "$below" ]
	[ "$(find "$CGROOT" -type d -name "*$TOKEN*" | wc -l)" = "$all" ]
	[ "$(find "/proc/$init/fd" -mindepth 1 | wc -l)" = "$fds" ]
	ok exec "$ID" ls /proc
	[ "$(grep -cx '[0-9]*' "$OUT")" -eq 2 ]
	is running
	ok delete --force "$ID"
	check_clean
}
