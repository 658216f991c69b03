#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# exec: another program in a container that is there. What it is given is looked at from outside.
#
# shellcheck disable=SC2016,SC2119,SC2120  # programs are text for the container's shell
load helpers

setup() {
	requires root
	new_bundle
}

teardown() {
	tear_down
}

# A container that runs.
start_one() {
	program sleep 1000
	ok run -d -b "$BUNDLE" "$@" "$ID"
}

# background OPTION...: exec of a sleep that stays; sets pid.
background() {
	ok exec -d --pid-file "$T/pid" "$@" "$ID" sleep 1000
	pid=$(<"$T/pid")
}

@test "exec runs a program with the caller's streams and returns its status" {
	start_one
	ok exec "$ID" echo hello
	[ "$out" = hello ]
	davit exec "$ID" sh -c 'echo error >&2; exit 7'
	[ "$status" -eq 7 ]
	[ "$err" = error ]
	davit exec "$ID" sh -c 'kill -KILL $$'
	[ "$status" -eq 137 ]
	is running
}

@test "exec: what follows the id is the program's own" {
	start_one
	ok exec "$ID" echo -e --cwd
	[ "$out" = --cwd ]
	ok exec "$ID" -- echo -- a
	[ "$out" = "-- a" ]
	ok exec --cwd /tmp "$ID" pwd
	[ "$out" = /tmp ]
}

@test "exec: every failure is 255, in the words that engines know" {
	start_one
	for words in '/nope|exec: "/nope": stat /nope: no such file or directory' \
		'nope|exec: "nope": executable file not found in $PATH' \
		'/etc|exec: "/etc": is a directory' '/etc/passwd|exec: "/etc/passwd": permission denied'; do
		: >"$BUNDLE/rootfs/etc/passwd"
		refused "${words#*|}" exec "$ID" "${words%%|*}"
		[ "$status" -eq 255 ]
	done
	printf '#!/missing\n' >"$BUNDLE/rootfs/run.sh"
	chmod 755 "$BUNDLE/rootfs/run.sh"
	refused "exec /run.sh: no such file or directory" exec "$ID" /run.sh
	[ "$status" -eq 255 ]
	refused "chdir to cwd /nodir: no such file or directory" exec --cwd /nodir "$ID" true
	[ "$status" -eq 255 ]
	refused "container does not exist" exec "$ID.none" true
	[ "$status" -eq 255 ]
	refused "unknown option" exec --nope "$ID" true
	[ "$status" -eq 255 ]
	refused "a command is missing" exec "$ID"
	[ "$status" -eq 255 ]
	is running
}

@test "exec -d --pid-file: returns when the program executes; digits only" {
	start_one
	background
	[ "$(tr -d 0-9 <"$T/pid" | wc -c)" -eq 0 ]
	[[ $(readlink "/proc/$pid/exe") == */busybox ]]
	[ "$(tr '\0' ' ' <"/proc/$pid/cmdline")" = "sleep 1000 " ]
	[ "$(cgroup_of "$pid")" = "$(cgroup_of "$(init_pid)")" ]
	for ns in pid net ipc uts mnt cgroup user; do
		[ "$(readlink "/proc/$pid/ns/$ns")" = "$(readlink "/proc/$(init_pid)/ns/$ns")" ]
	done
	refused "no such file" exec -d --pid-file "$T/pid2" "$ID" /nope
	[ ! -e "$T/pid2" ]
}
