#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# The command line itself: help, version, the log file, output that cannot be written. No container.
load helpers

setup() {
	new_bundle
	NAME=$(basename "$DAVIT")
}

teardown() {
	tear_down
}

@test "help of the program and of each command" {
	ok --help
	[ "${out%%$'\n'*}" = "NAME:" ]
	[[ $out == *$'\n'"   $NAME - Open Container Initiative runtime"$'\n'* ]]
	for command in create start run state kill delete list spec features validate plan help; do
		for words in "$command -h" "$command --help" "help $command"; do
			# shellcheck disable=SC2086  # words
			ok $words
			[[ $out == "NAME:"$'\n'"   $NAME $command - "* ]]
		done
	done
}

@test "help of an unknown command" {
	refused "No help topic for 'nosuch'" help nosuch
	refused "No help topic for 'nosuch'" nosuch -h
	refused "unknown command 'nosuch'" nosuch
}

@test "the version, under whatever name" {
	ok --version
	[[ $out == "$NAME version "*$'\n'"commit: "*$'\n'"spec: 1."* ]]
	[[ $out == *$'\n'+* ]]
	[ "$("$DAVIT" -v)" = "$out" ]
	[ "$("$DAVIT" -V)" = "$out" ]
	run bash -c 'exec -a /usr/bin/runc "$0" --version' "$DAVIT"
	[[ $output == "runc version "* ]]
}

@test "an option without its value, and with a wrong one" {
	refused "requires an argument; see '$NAME help create'" create --bundle
	refused "takes table|json" list -f xml
	refused "is one argument too many" state a b
	refused "an argument is missing: ID" state
}

@test "an error is one line on stderr and one record in the log" {
	refused "does not exist" --log="$T/log" --log-format=json state nosuch
	[ "$(wc -l <"$T/log")" -eq 1 ]
	jq -e '.level == "error" and (.time | test("^20.*T.*[.][0-9]{9}Z$")) and .code == "container-not-found"' "$T/log"
	[ "$err" = "$NAME: $(jq -r .msg "$T/log")" ]
	refused "does not exist" --log "$T/log" --log-format json state nosuch
	[ "$(wc -l <"$T/log")" -eq 2 ]
	refused "" --log "file:$T/text" state nosuch
	grep -q '^time="20.*" level=error msg="' "$T/text"
}

@test "a log that cannot be opened changes nothing" {
	ok --log "$T/nowhere/log" list
	refused "does not exist" --log "$T/nowhere/log" state nosuch
}

@test "spec does not write over a file" {
	ok spec -b "$T"
	cp "$T/config.json" "$T/copy"
	refused "config.json exists already in $T" spec -b "$T" --rootless
	cmp "$T/config.json" "$T/copy"
	refused "no such file or directory" spec -b "$T/nowhere"
}

@test "output that cannot be written is a failure" {
	run bash -c '"$0" features >/dev/full' "$DAVIT"
	[ "$status" -eq 1 ]
	[ "$output" = "$NAME: write to standard output: no space left on device" ]
}
