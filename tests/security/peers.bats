#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Peers that are dead, deaf or slow: an error that names the socket within the deadline, and nothing
# left. The slow ones wait side by side.
# shellcheck disable=SC2016  # variables of jq, and of the shell inside
load helpers

setup() {
	requires root
	new_bundle
	config '.process.terminal = true'
}

teardown() {
	end_peer
	tear_down
}

@test "T26 dead-peers: a console socket that is absent, no socket, or does not listen" {
	echo data >"$T/file"
	peer bound "$T/bound" "$T/report"
	for path in "$T/nowhere" "$T/file" "$T/bound" ""; do
		refused "${path:-console}" create -b "$BUNDLE" --console-socket "$path" "$ID"
	done
	check_clean
}

@test "T26 dead-peers: one that accepts and never reads, or closes at once, does not hold davit up" {
	for mode in silent close; do
		rm -f "$T/socket" "$T"/report*
		peer $mode "$T/socket" "$T/report"
		davit create -b "$BUNDLE" --console-socket "$T/socket" "$ID"
		[ "$status" -eq 0 ] || [[ $err == *"$T/socket"* && $err != *$'\n'* ]] || complain $mode
		[ "$status" -lt 124 ]
		ok delete --force "$ID"
		end_peer
	done
	check_clean
}

@test "T26 dead-peers: a socket whose path is longer than an address can be" {
	long=$T/$(printf 'x%.0s' {1..120})
	mkdir -p "$long"
	peer take "$long/socket" "$T/report"
	ok create -b "$BUNDLE" --console-socket "$long/socket" "$ID"
	appears "$T/report"
}

@test "T26 dead-peers: a full queue ends with the deadline, and costs no processor time meanwhile" {
	peer full "$T/socket" "$T/report"
	TIMEFORMAT='%U %S'
	{ time LIMIT=120 refused "$T/socket" create -b "$BUNDLE" --console-socket "$T/socket" "$ID"; } 2>"$T/time"
	[[ $err == *"within 10 seconds"* ]] || complain "of another deadline"
	# Of ten seconds, that is; the beginning and the end take some of it, on a slow machine.
	awk '{ exit $1 + $2 > 3.0 }' "$T/time" || { cat "$T/time"; return 1; }
	check_clean
}

# rests PID: for a second, it uses no more than 5 ticks of a hundred.
rests() {
	local before
	before=$(ticks "$1")
	sleep 1
	[ $(($(ticks "$1") - before)) -le 5 ]
}

ticks() {
	awk '{ print $14 + $15 }' "/proc/$1/stat"
}

@test "T26 dead-peers: output that nobody reads stops the program, not davit's rest" {
	config '.process.terminal = false'
	program sh -c 'while :; do echo xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx; done'
	mkfifo "$T/pipe"
	exec 9<>"$T/pipe"
	DAVIT_TEST=$TOKEN "$DAVIT" --root "$ROOT" run -b "$BUNDLE" "$ID" >"$T/pipe" 2>"$T/stderr" </dev/null 3>&- 9<&- &
	runtime=$!
	becomes running
	comes_true rests "$runtime"
	[ "$(awk '/^VmRSS/ { print $2 }' "/proc/$runtime/status")" -lt 65536 ]
	ok kill "$ID" KILL
	wait $runtime || true
	exec 9<&-
	check_clean
}
