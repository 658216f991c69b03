# shellcheck shell=bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# For tests whose program writes one number after the other to a file: whether it runs, and whether
# it was cut off anywhere. Used by bats files (cli, guests) and by tests/checkpoint.

# grows FILE: within two minutes, which an idle machine never needs, something is added to it.
grows() {
	local before try
	before=$(stat -c %s "$1" 2>/dev/null) || before=0
	for try in {1..2400}; do
		[ "$(stat -c %s "$1" 2>/dev/null || echo 0)" -le "$before" ] || return 0
		sleep 0.05
	done
	echo "nothing is added to $1 in $try tries, which ends with: $(tail -n 2 "$1")"
	return 1
}

# is_still FILE: nothing is added to it for half a second.
is_still() {
	local before
	before=$(stat -c %s "$1")
	sleep 0.5
	[ "$(stat -c %s "$1")" = "$before" ]
}

# goes_on FILE [FIRST]: every number in it is one more than the one before, the first is FIRST.
goes_on() {
	awk -v first="${2-}" '(NR > 1 || first != "") && $1 != (NR > 1 ? last + 1 : first) { print "line " NR ": " $1 " after " last; bad = 1 }
		{ last = $1 } END { exit bad }' "$1"
}
