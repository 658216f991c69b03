#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# davit(8) and the help of davit tell the same.
load helpers

# The manual as plain text: roff's \- is a dash.
manual() {
	sed 's/\\-/-/g; s/\\f.//g' "$TOP/man/davit.8"
}

# The names in the first column of a section of a help text.
names_in() {
	awk -v section="$1" '/^[A-Z]/ { inside = ($0 == section); next } inside && NF { print $1 }'
}

@test "the manual has a section for every command, and no other" {
	commands=$("$DAVIT" --help | names_in "COMMANDS:" | sort)
	[ -n "$commands" ]
	diff <(manual | sed -n 's/^\.SS \([a-z]*\).*/\1/p' | sort) <(echo "$commands")
}

@test "the manual names every option of every command" {
	text=$(manual)
	missing=0
	for command in "" $("$DAVIT" --help | names_in "COMMANDS:"); do
		# shellcheck disable=SC2086  # no command: no word
		for option in $("$DAVIT" $command --help | grep -o '^ *\(-., \)\? *--[a-z-]*' | grep -o -- '--[a-z-]*'); do
			grep -qw -e "$option" <<<"$text" || { echo "not in the manual: $command $option"; missing=1; }
		done
	done
	[ "$missing" -eq 0 ]
}

@test "the manual lists the kinds of errors, and no other" {
	kinds=$(sed -n 's/^\t\[ERR_.*{ "\([a-z-]*\)".*/\1/p' "$TOP/libcrun-like/base/err.c" | grep -vx none | sort)
	[ -n "$kinds" ]
	diff <(manual | sed -n '/^\.SH ERRORS/,/^\.SH FILES/s/^\.B \([a-z-]*\)$/\1/p' | sort) <(echo "$kinds")
}

@test "the manual is good roff" {
	requires command:man
	out=$(man --warnings -l "$TOP/man/davit.8" 2>&1 >/dev/null)
	echo "$out"
	[ -z "$out" ]
}
