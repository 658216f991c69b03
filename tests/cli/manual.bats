#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# The pages of the manual, the help and the completions are made from the tables of the command
# line: here it is checked that they have all of it, and that their readers take them.
load helpers
# bats file_tags=plain

# The names in the first column of a section of a help text.
names_in() {
	awk -v section="$1" '/^[A-Z]/ { inside = ($0 == section); next } inside && NF { print $1 }'
}

commands() {
	"$DAVIT" --help | names_in "COMMANDS:"
}

# The options of a command (none: the global ones), as its help has them, a line each.
options_of() {
	"$DAVIT" "$@" --help | options_in
}

options_in() {
	sed -n '/OPTIONS:$/,/^[A-Z]* *[A-Z]*:$/p' |
		sed -n 's/^   \(-\(.\), \|    \)\?\(--[a-z0-9-]*\)\?.*/\2 \3/p' |
		awk '{ for (i = 1; i <= NF; i++) print length($i) == 1 ? "-" $i : $i }'
}

# A page as plain text: roff's \- is a dash.
page() {
	"$DAVIT" help --man "$@" | sed 's/\\-/-/g; s/\\f.//g; s/\\(aq/'"'"'/g'
}

@test "every command has a text of its own in the manual, with a description and an example" {
	for command in $(commands); do
		[ -f "$TOP/man/$command.txt" ] || { echo "no man/$command.txt"; false; }
		page "$command" | grep -q '^\.SH DESCRIPTION' || { echo "$command: no description"; false; }
		page "$command" | grep -q '^\.SH EXAMPLES' || { echo "$command: no example"; false; }
	done
	diff <(cd "$TOP/man" && printf '%s\n' *.txt | sed 's/\.txt$//' | sort) <({ commands; echo davit; } | sort)
}

@test "the program's page names every command, and its own options" {
	text=$(page)
	for command in $(commands); do
		grep -q "davit-$command (8)" <<<"$text" || { echo "not in the page: $command"; false; }
	done
	for option in $(options_of); do
		grep -qw -e "$option" <<<"$text" || { echo "not in the page: $option"; false; }
	done
}

@test "the page and the help of every command have the same options and the same text" {
	for command in $(commands); do
		text=$(page "$command")
		help=$("$DAVIT" "$command" --help)
		for option in $(options_in <<<"$help"); do
			[[ $text =~ $'\n'(-., )?${option}[^a-z0-9-] ]] || { echo "$command: not in the page: $option"; false; }
		done
		"$DAVIT" help "$command" | diff - <(echo "$help")
		first=$(sed -n '/^DESCRIPTION/{n;p;q}' "$TOP/man/$command.txt" | tr -d '*')
		[[ $help == *"   $first"* ]] || { echo "$command: the help has another description"; false; }
	done
}

@test "the manual lists the kinds of errors, and no other" {
	kinds=$(sed -n 's/^\t\[ERR_.*{ "\([a-z-]*\)".*/\1/p' "$TOP/libcrun-like/base/err.c" | grep -vx none | sort)
	[ -n "$kinds" ]
	diff <(page | sed -n '/^\.SH ERRORS/,/^\.SH FILES/s/^\.B \([a-z-]*\)$/\1/p' | sort) <(echo "$kinds")
}

@test "the manual names every annotation that features calls honoured" {
	text=$(page)
	for annotation in $("$DAVIT" features | jq -r '.potentiallyUnsafeConfigAnnotations // [] | .[]'); do
		grep -qF -e "$annotation" <<<"$text" || { echo "not in the page: $annotation"; false; }
	done
}

@test "every page is good roff" {
	requires command:man
	for command in "" $(commands); do
		# shellcheck disable=SC2086  # no command: no word
		"$DAVIT" help --man $command >"$BATS_TEST_TMPDIR/page.8"
		out=$(man --warnings -l "$BATS_TEST_TMPDIR/page.8" 2>&1 >/dev/null)
		[ -z "$out" ] || { echo "$command: $out"; false; }
	done
}

# What bash offers for a line, whose last word is to be completed.
bash_offers() {
	# shellcheck disable=SC2016  # the inner shell's
	bash -c '. "$1"; shift; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _davit; printf "%s\n" "${COMPREPLY[@]}"' \
		- "$BATS_TEST_TMPDIR/completion.bash" "$@"
}

@test "bash completes every command, every option, the words of an option, and ids" {
	new_bundle
	"$DAVIT" completion bash | sed "s|\$(davit |\$($DAVIT |" >"$BATS_TEST_TMPDIR/completion.bash"
	diff <(bash_offers davit "" | sort) <(commands | sort)
	diff <(bash_offers davit - | sort) <(options_of | sort)
	for command in $(commands); do
		diff <(bash_offers davit "$command" - | sort) <(options_of "$command" | sort) || { echo "$command"; false; }
	done
	diff <(bash_offers davit list --format "") <(printf 'table\njson\n')
	diff <(bash_offers davit --log-format "") <(printf 'text\njson\n')
	ok create -b "$BUNDLE" "$ID"
	[ "$(bash_offers davit --root "$ROOT" kill "")" = "$ID" ]
	tear_down
}

@test "fish completes every command and every option" {
	requires command:fish
	"$DAVIT" completion fish >"$BATS_TEST_TMPDIR/completion.fish"
	offers() {
		HOME=$BATS_TEST_TMPDIR fish --no-config -c "source $BATS_TEST_TMPDIR/completion.fish; complete -C '$1'" | cut -f1
	}
	diff <(offers "davit " | sort) <(commands | sort)
	for command in $(commands); do
		offered=$'\n'$(offers "davit $command --")$'\n'
		for option in $(options_of "$command" | grep -- '^--'); do
			[[ $offered =~ $'\n'$option=?$'\n' ]] || { echo "$command $option"; false; }
		done
	done
}

@test "zsh reads its script, which has every command and every option" {
	requires command:zsh
	"$DAVIT" completion zsh >"$BATS_TEST_TMPDIR/_davit"
	zsh -n "$BATS_TEST_TMPDIR/_davit"
	for command in $(commands); do
		block=$(sed -n "/^\t$command) _arguments/,/;;\$/p" "$BATS_TEST_TMPDIR/_davit")
		for option in $(options_of "$command"); do
			[[ $block == *"'*${option}["* ]] || { echo "$command $option"; false; }
		done
	done
}

@test "a shell without a completion is refused" {
	run "$DAVIT" completion tcsh
	[ "$status" -eq 1 ]
	[[ $output == *"bash, zsh, fish"* ]]
}
