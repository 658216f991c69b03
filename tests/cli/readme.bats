#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# What README.md and contrib/quickstart tell people to type works as it stands there, each time. Only
# the container's name, which is the folder's too, is the test's own.
load helpers
# bats file_tags=plain

setup() {
	requires root cgroup2 plain-build
	new_bundle
	PATH=$(dirname "$DAVIT"):$PATH
}

teardown() {
	[ -z "${ID-}" ] || rm -rf "/tmp/$ID"
	[ -z "${ID-}" ] || "$DAVIT" delete --force "$ID"
	tear_down
}

# The indented lines of README.md's tour, but for those that build and set the PATH.
tour() {
	# shellcheck disable=SC2016  # Markdown's
	sed -n '/^## A tour by hand/,/^`davit plan`/s/^    //p' "$TOP/README.md" |
		grep -v '^meson setup\|^export PATH' | sed "s/hello/$ID/g"
}

# The commands that quickstart prints at its end, but for the same.
printed() {
	sed -n '/^Next, by hand:/,/^END/s/^  //p' "$TOP/contrib/quickstart" |
		grep -v '^export PATH' | sed "s/hello/$ID/g; s|\$bundle|$BUNDLE|; s|\$top|$TOP|"
}

# thirty_times COMMANDS [EACH]: as a shell would execute them, stopping at the first that fails.
thirty_times() {
	for round in {1..30}; do
		"${2:-true}"
		bash -euc "$1" >"$T/said" 2>&1 </dev/null || {
			echo "round $round:"
			cat "$T/said"
			return 1
		}
	done
}

@test "README: the tour by hand, thirty times" {
	commands=$(tour)
	[ "$(grep -c '^davit \|&& davit ' <<<"$commands")" -ge 6 ]
	afresh() {
		rm -rf "/tmp/$ID"
	}
	thirty_times "$commands" afresh
	grep -q '"status": "created"' "$T/said"
	# Somebody who types does not kill it before it has said a word.
	afresh
	bash -euc "$(sed "/^davit start/a until grep -qx $ID $T/said; do sleep 0.02; done" <<<"$commands")" >"$T/said" 2>&1 </dev/null
	grep -qx "$ID" "$T/said"
	run ! grep -q "$ID" <("$DAVIT" list -q)
}

@test "quickstart: what it prints to go on with, thirty times" {
	commands=$(printed)
	[ "$(grep -c '^davit ' <<<"$commands")" -ge 4 ]
	program sh -c 'echo Hello; ps'
	thirty_times "$commands"
	grep -q '"status": "created"' "$T/said"
	run ! grep -q "$ID" <("$DAVIT" list -q)
}

@test "README names no command, option or file that is not there" {
	# shellcheck disable=SC2016  # Markdown's
	sed -n 's/.*`davit \([^`]*\)`.*/\1/p' "$TOP/README.md" "$TOP/contrib/quickstart" | while read -r command _; do
		grep -q "^   $command " <("$DAVIT" --help) || { echo "no command: $command"; false; }
	done
	for path in $(grep -o '\](\([A-Za-z/.]*\))' "$TOP/README.md" | tr -d ']()'); do
		[ -e "$TOP/$path" ] || { echo "no file: $path"; false; }
	done
	# No program but those that contrib/deps installs for a build, and those of every Debian.
	run ! grep -n '\bman \(-l\|davit\|\$\)' "$TOP/README.md" "$TOP/contrib/quickstart"
}
