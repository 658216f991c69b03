#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# What happens around the program: signals, a pidfd for others, readiness, traces, standard streams.
# Terminals are terminal.bats's.
#
# shellcheck disable=SC2016  # variables of jq, and of inner shells
load helpers

setup() {
	requires root
	new_bundle
}

teardown() {
	tear_down
}

# wait_for FILE...: they are there within five seconds, and not empty.
wait_for() {
	local file
	for file; do
		for _ in {1..100}; do
			[ ! -s "$file" ] || continue 2
			sleep 0.05
		done
		echo "$file does not come"
		return 1
	done
}

receive_pidfd() {
	"$HERE/recv-pidfd.py" "$T/pidfd.sock" "$T/pidfd.report" 3>&- 4>&- &
	for _ in {1..100}; do
		[ ! -S "$T/pidfd.sock" ] || return 0
		sleep 0.02
	done
	return 1
}

@test "run.oci.pidfd_receiver: create and --pidfd-socket send one pidfd of the process" {
	requires command:python3
	receive_pidfd
	ok create --bundle "$BUNDLE" --pidfd-socket "$T/pidfd.sock" "$ID"
	wait_for "$T/pidfd.report"
	[ "$(<"$T/pidfd.report")" = "standard 1 $(init_pid)" ] || complain "got $(<"$T/pidfd.report")"
	ok delete "$ID"
	rm "$T/pidfd.sock" "$T/pidfd.report"
	config '.annotations["run.oci.pidfd_receiver"] = $ARGS.positional[0]' --args -- "$T/pidfd.sock"
	receive_pidfd
	ok run -d --bundle "$BUNDLE" "$ID"
	wait_for "$T/pidfd.report"
	[ "$(<"$T/pidfd.report")" = "standard 1 $(init_pid)" ] || complain "got $(<"$T/pidfd.report")"
	wait
}

@test "exec --pidfd-socket sends a pidfd of its program" {
	requires command:python3
	receive_pidfd
	ok run -d --bundle "$BUNDLE" "$ID"
	ok exec -d --pidfd-socket "$T/pidfd.sock" --pid-file "$T/pid" "$ID" sleep 1000
	wait_for "$T/pidfd.report"
	[ "$(<"$T/pidfd.report")" = "setns 1 $(<"$T/pid")" ] || complain "got $(<"$T/pidfd.report")"
	wait
}

@test "a pidfd socket that nobody listens on fails before anything is made" {
	refused "connect to pidfd socket $T/nosuch" create --bundle "$BUNDLE" --pidfd-socket "$T/nosuch" "$ID"
	check_clean
}
