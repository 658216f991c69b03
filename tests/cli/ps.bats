#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# ps, compared with the cgroup's files and the pid namespaces of /proc.
load helpers

setup() {
	requires root cgroup2 command:ps
	new_bundle
	program sh -c 'sleep 987 & exec sleep 986'
}

teardown() {
	tear_down
}

# The host's numbers of the container's processes, read from the cgroup and those below it.
pids_of_cgroup() {
	find "$1" -name cgroup.procs -exec cat {} + | sort -n
}

# Runs the container and waits until both of its processes are what they will be.
run_both() {
	ok run --detach -b "$BUNDLE" "$ID"
	pid=$(init_pid)
	comes_true are_both
}

are_both() {
	[ "$(pids_of_cgroup "$(cgroup_of "$pid")" | while read -r one; do tr '\0' ' ' <"/proc/$one/cmdline"; echo; done | sort | xargs)" = "sleep 986 sleep 987" ]
}

@test "ps --format json ID: the host's process ids, child cgroups included" {
	run_both
	cg=$(cgroup_of "$pid")
	ok ps --format json "$ID"
	[ "$(jq -c 'sort' <<<"$out")" = "$(pids_of_cgroup "$cg" | jq -sc .)" ]
	[ "$(wc -l <"$OUT")" -eq 1 ]

	mkdir "$cg/below"
	pids_of_cgroup "$cg" | grep -vx "$(init_pid)" >"$cg/below/cgroup.procs"
	ok ps --format=json "$ID"
	[ "$(jq -c 'sort' <<<"$out")" = "$(pids_of_cgroup "$cg" | jq -sc .)" ]
	[ "$(jq length <<<"$out")" = 2 ]
	ok ps -f json "$ID"
	[ "$(jq length <<<"$out")" = 2 ]
}

@test "ps: the lines of ps -ef that are the container's, with the header" {
	run_both
	ok ps "$ID"
	[ "${out%%$'\n'*}" = "$(ps -ef | head -n 1)" ]
	[ "$(wc -l <"$OUT")" -eq 3 ]
	grep -qE "^root +$pid .* sleep 986\$" "$OUT"
	grep -qE "^root .* sleep 987\$" "$OUT"
}

@test "ps: the words behind the id are options of ps and none of ours" {
	run_both
	ok ps "$ID" -f -e # -f: none of our formats
	[[ $out == *"PID"* ]]
	ok ps "$ID" -eo pid,ppid,args
	grep -qE "^ *$pid +[0-9]+ sleep 986\$" "$OUT"
	ok ps "$ID" -eo ppid,pid
	[ "$(tail -n +2 "$OUT" | awk '{ print $2 }' | sort -n)" = "$(sort -n "$(cgroup_of "$pid")/cgroup.procs")" ]
	refused "couldn't find PID field in ps output" ps "$ID" -eo args
	davit ps "$ID" --no-such-option
	[ "$status" -eq 1 ]
	[[ $err == *"davit: ps ended with status 1" ]]
}

@test "ps of a stopped container is empty, and of an unknown one an error" {
	ok run --detach -b "$BUNDLE" "$ID"
	ok kill --all "$ID" KILL
	becomes stopped
	ok ps --format json "$ID"
	[ "$out" = "[]" ]
	ok ps "$ID"
	[ "$out" = "$(ps -ef | head -n 1)" ]
	refused "container does not exist" ps --format json "$ID-none"
	refused "container does not exist" ps "$ID-none"
	refused "takes table|json" ps --format yaml "$ID"
	refused '"ps" requires a minimum of 1 argument(s)' ps
}

@test "ps without a cgroup: who is in the pid namespace" {
	config 'del(.linux.resources)'
	davit --cgroup-manager disabled run --detach -b "$BUNDLE" "$ID"
	[ "$status" -eq 0 ]
	ns=$(readlink "/proc/$(init_pid)/ns/pid")
	for _ in {1..1500}; do
		ok ps -f json "$ID"
		[ "$(jq length <<<"$out")" != 2 ] || break
		sleep 0.02
	done
	[ "$(jq length <<<"$out")" = 2 ]
	for pid in $(jq '.[]' <<<"$out"); do
		[ "$(readlink "/proc/$pid/ns/pid")" = "$ns" ]
	done
}
