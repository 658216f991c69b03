#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Ten thousand execs in one container (EXECS: another number), sixteen at a time. Everything is counted,
# nothing is guessed from times.
load ../cli/helpers

setup() {
	requires root cgroup2
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
	# shellcheck disable=SC2016  # of the shells inside
	seq "${EXECS:-10000}" | DAVIT_TEST=$TOKEN xargs -P 16 -I {} sh -c '"$0" --root "$1" exec "$2" sh -c "exit \$(({} % 100))"; [ $? -eq $(({} % 100)) ] || echo {}' \
		"$DAVIT" "$ROOT" "$ID" >"$T/wrong" 2>&1
	[ ! -s "$T/wrong" ] || { head "$T/wrong"; false; }
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
