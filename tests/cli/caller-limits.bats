#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# What the caller's own limits do to each verb: it works, or fails with one line and leaves nothing;
# it is never killed, and a container that runs is not hurt.
# shellcheck disable=SC2016  # variables of inner shells
load helpers

setup() {
	requires root cgroup2
	new_bundle
	# bats itself would not live with the limits: a shell has them, for the one call.
	printf '#!/bin/bash\nulimit $LIMITS || exit 99\nexec "$REAL" "$@"\n' >"$T/limited"
	chmod 755 "$T/limited"
	export REAL=$DAVIT LIMITS=
}

teardown() {
	DAVIT=$REAL
	tear_down
}

# limited LIMITS ARG...: davit with those limits of ulimit.
limited() {
	LIMITS=$1
	DAVIT=$T/limited davit "${@:2}"
}

# works LIMITS ARG...
works() {
	limited "$@"
	[ "$status" -eq 0 ] || complain "ulimit $*: did not succeed" || return
	[ -z "$err" ] || complain "ulimit $*: not silent"
}

# decent LIMITS ARG...: works, or fails with a line.
decent() {
	limited "$@"
	[ "$status" -lt 124 ] || [ "$status" -eq 255 ] || complain "ulimit $*: was killed" || return
	[ "$status" -eq 0 ] || [ -n "$err" ] || complain "ulimit $*: failed without a word"
}

# nothing_left ARG...: of a call that failed.
nothing_left() {
	[ ! -e "$ROOT/$ID" ] || complain "$*: state left" || return
	[ -z "$(find "$CGROOT" -type d -name "*$ID*")" ] || complain "$*: cgroup left"
}

# bats test_tags=plain
@test "a small stack: every verb works" {
	requires plain-build
	config '.process.rlimits = []'
	for size in 48 64 80; do
		works "-s $size" create -b "$BUNDLE" "$ID"
		works "-s $size" start "$ID"
		for verb in "exec $ID true" "state $ID" list "ps $ID" "pause $ID" "resume $ID" "plan -b $BUNDLE" "validate $BUNDLE" info features "events --stats $ID" "kill $ID KILL"; do
			# shellcheck disable=SC2086  # words
			limited "-s $size" $verb
			[ "$status" -eq 0 ] || complain "ulimit -s $size: $verb" || return
		done
		works "-s $size" delete --force "$ID"
		cp "$BUNDLE/config.json" "$T/kept.json"
		program true
		works "-s $size" run -b "$BUNDLE" "$ID"
		program sh -c 'ulimit -s'
		works "-s $size" run -b "$BUNDLE" "$ID"
		[ "$out" -eq "$size" ] # the limit is the program's as well
		mv "$T/kept.json" "$BUNDLE/config.json"
	done
}

@test "files may not have a size: an error that says so, nothing left, and what is there can be ended" {
	for verb in create run; do
		# A pipe has no size.
		LIMITS="-f 0" run -1 "$T/limited" --root "$ROOT" $verb -b "$BUNDLE" "$ID" </dev/null
		err=$output
		[[ $err == *"write journal.json of the container's state"*": file too large" ]] || complain "$verb" || return
		nothing_left "$verb"
	done
	ok create -b "$BUNDLE" "$ID"
	works "-f 0" start "$ID"
	works "-f 0" exec "$ID" true
	# The program gets the signal as ever.
	limited "-f 0" exec "$ID" sh -c 'echo text >/tmp/file'
	[ "$status" -eq $((128 + 25)) ] || complain "SIGXFSZ"
	works "-f 0" kill "$ID" KILL
	works "-f 0" delete --force "$ID"
}

@test "few descriptors: create and run work or leave nothing" {
	program true
	worked=0
	for n in {4..32}; do
		for verb in create run; do
			decent "-S -n $n" $verb -b "$BUNDLE" "$ID"
			if [ "$status" -eq 0 ]; then
				worked=$((worked + 1))
				ok delete --force "$ID"
			else
				[[ $err == *"too many open files"* || $err == *"open files"* || $n -lt 6 ]] || complain "$n: $verb" || return
			fi
			nothing_left "$n: $verb" || return
		done
	done
	[ "$worked" -ge 20 ]
}

@test "few descriptors: start, exec, kill and delete do no harm" {
	ok create -b "$BUNDLE" "$ID"
	for n in {4..24}; do
		decent "-S -n $n" start "$ID"
		[ "$status" -ne 0 ] || break
		is created
	done
	is running
	for n in {4..24}; do
		decent "-S -n $n" exec "$ID" true
		decent "-S -n $n" state "$ID"
		decent "-S -n $n" kill "$ID" 0
		is running
	done
	for n in {4..24}; do
		decent "-S -n $n" delete --force "$ID"
		[ "$status" -ne 0 ] || break
	done
	nothing_left delete
}

# bats test_tags=plain
@test "little address space: works or fails with a line, and leaves nothing" {
	requires plain-build
	program true
	for kib in 2000 3000 4000 4500 5000 5500 6000 7000 8000 10000 12000 16000 24000; do
		decent "-S -v $kib" run -b "$BUNDLE" "$ID" || [ "$kib" -lt 4000 ]
		nothing_left "$kib: run"
	done
	[ "$status" -eq 0 ]
}
