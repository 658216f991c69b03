#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# A cgroup belongs to the container that was put into it last; whoever had it before leaves it alone.

load helpers

setup() {
	requires root cgroup2
	new_bundle
	program sleep 1000
	config ".linux.cgroupsPath = \"/davit-owner-$TOKEN\""
}

teardown() {
	tear_down
}

# D1 has stopped, and D2 was put into the same cgroup.
two_in_one() {
	local pid
	ok create -b "$BUNDLE" "$ID-1"
	pid=$(init_pid "$ID-1")
	kill -9 "$pid"
	is_gone "$pid"
	ok run -d -b "$BUNDLE" "$ID-2"
	second=$(init_pid "$ID-2")
	grep -qx "$second" "$CGROOT/davit-owner-$TOKEN/cgroup.procs"
}

@test "L18 delete of a stopped container spares another one in its cgroup" {
	two_in_one
	ok delete "$ID-1"
	kill -0 "$second"
	grep -qx "$second" "$CGROOT/davit-owner-$TOKEN/cgroup.procs"
	ok delete -f "$ID-2"
	is_gone "$second"
	[ ! -e "$CGROOT/davit-owner-$TOKEN" ]
}

@test "kill --all of a stopped container spares another one in its cgroup" {
	two_in_one
	ok kill --all "$ID-1" KILL
	kill -0 "$second"
	ok delete -f "$ID-1"
	ok delete -f "$ID-2"
	[ ! -e "$CGROOT/davit-owner-$TOKEN" ]
}

@test "a state directory of somebody else is not acted upon" {
	ok run -d -b "$BUNDLE" "$ID-1"
	second=$(init_pid "$ID-1")
	mkdir "$ROOT/evil"
	cp "$ROOT/$ID-1"/*.json "$ROOT/evil/"
	chown -R 12345 "$ROOT/evil"
	refused "is not ours" delete -f evil
	kill -0 "$second"
	rm -r "$ROOT/evil"
	ok delete -f "$ID-1"
}

@test "a container starts from a cgroup that was once killed" {
	local own=$CGROOT/davit-killed-$TOKEN
	mkdir "$own"
	echo 1 >"$own/cgroup.kill"
	# shellcheck disable=SC2016  # the inner shell's
	sh -c 'echo $$ >"$1/cgroup.procs"; shift; exec "$@"' sh "$own" \
		"$DAVIT" --root "$ROOT" run -d -b "$BUNDLE" "$ID-1" >"$T/run.out" 2>&1 </dev/null
	second=$(init_pid "$ID-1")
	grep -qx "$second" "$CGROOT/davit-owner-$TOKEN/cgroup.procs"
	ok delete -f "$ID-1"
	removed "$own"
}

@test "a container cannot hide its processes behind another owner's mark" {
	python=$(command -v python3)
	# shellcheck disable=SC2016  # jq's
	config '(.mounts[] | select(.destination == "/sys/fs/cgroup") | .options) |= map(select(. != "ro")) |
		.linux.namespaces |= map(select(.type != "pid"))'
	ok run -d -b "$BUNDLE" "$ID-1"
	second=$(init_pid "$ID-1")
	# What root of the container could write, by its own mount and without a capability.
	setpriv --bounding-set=-all --inh-caps=-all "$python" -c '
import os, sys
for name in ("user.davit.owner", "trusted.davit.owner"):
    try:
        os.setxattr(sys.argv[1], name, b"somebody else")
    except OSError:
        pass' "$CGROOT/davit-owner-$TOKEN"
	ok delete -f "$ID-1"
	is_gone "$second"
	[ ! -e "$CGROOT/davit-owner-$TOKEN" ]
}

# An administrator's cgroup, empty, with one of theirs below it. Sets given and inode.
make_given() {
	given=$CGROOT/davit-given-$TOKEN/c
	mkdir -p "$given/theirs"
	inode=$(stat -c %i "$given")
	# shellcheck disable=SC2016  # jq's
	config --arg p "/davit-given-$TOKEN/c" '.linux.cgroupsPath = $p'
}

# It is the same directory, with what is theirs and nothing of ours: no mark.
given_is_untouched() {
	local marks
	[ "$(stat -c %i "$given")" = "$inode" ] || complain "it was removed and made again" || return
	[ -d "$given/theirs" ] || complain "what is below it was removed" || return
	marks=$("$(command -v python3)" -c 'import os, sys; print(*(n for n in os.listxattr(sys.argv[1]) if "davit" in n))' "$given")
	[ -z "$marks" ] || complain "marks are left: $marks"
}

remove_given() {
	rmdir "$given/theirs" "$given" "$(dirname "$given")"
}

@test "L18 a create that fails leaves no mark on a cgroup that was there, and the next removes nothing" {
	requires hugetlb
	make_given
	sleep 1000 3>&- &
	other=$!
	# With processes in it, the parent cannot give controllers.
	echo "$other" >"$(dirname "$given")/cgroup.procs"
	cp "$BUNDLE/config.json" "$T/good.json"
	config '.linux.resources.hugepageLimits = [{ "pageSize": "2MB", "limit": 0 }]'
	refused "the hugetlb controller cannot be enabled below the cgroup $(dirname "$given"): it has processes of its own" \
		create -b "$BUNDLE" "$ID"
	given_is_untouched
	killed "$other"
	cp "$T/good.json" "$BUNDLE/config.json"
	ok run -d -b "$BUNDLE" "$ID"
	[ "$(stat -c %i "$given")" = "$inode" ]
	ok delete -f "$ID"
	given_is_untouched
	remove_given
}

@test "L18 a cgroup that was there is not made anew after a container that stopped in it" {
	local pid
	make_given
	ok run -d -b "$BUNDLE" "$ID-1"
	pid=$(init_pid "$ID-1")
	mkdir "$given/its"
	ok pause "$ID-1"
	kill -9 "$pid"
	is_gone "$pid"
	ok run -d -b "$BUNDLE" "$ID-2"
	[ "$(stat -c %i "$given")" = "$inode" ]
	[ ! -e "$given/its" ] # what the first container made is gone
	second=$(init_pid "$ID-2")
	ok delete "$ID-1"
	grep -qx "$second" "$given/cgroup.procs"
	ok delete -f "$ID-2"
	given_is_untouched
	remove_given
}

@test "L18 a lost state directory does not make a cgroup that was there ours" {
	local pid
	make_given
	ok run -d -b "$BUNDLE" "$ID-1"
	pid=$(init_pid "$ID-1")
	kill -9 "$pid"
	is_gone "$pid"
	rm -r "${ROOT:?}/$ID-1"
	ok run -d -b "$BUNDLE" "$ID-2"
	ok delete -f "$ID-2"
	given_is_untouched
	remove_given
}

# Inside, the path is below the namespace's root.
@test "L18 a container that was created in a cgroup namespace is looked at, paused and deleted from outside" {
	local real=$DAVIT cgroup
	requires command:unshare
	mkdir "$CGROOT/$TOKEN-up"
	# shellcheck disable=SC2016  # the inner shell's
	printf '#!/bin/sh\necho $$ >"%s/cgroup.procs"\nexec unshare -C -m --propagation private sh -c '\''umount -l "%s"; mount -t cgroup2 none "%s"; exec "%s" "$@"'\'' davit "$@"\n' \
		"$CGROOT/$TOKEN-up" "$CGROOT" "$CGROOT" "$real" >"$T/davit"
	chmod 755 "$T/davit"
	DAVIT=$T/davit
	program sleep 1000
	config 'del(.linux.resources)'
	davit run -d -b "$BUNDLE" "$ID"
	[ "$status" -eq 0 ] || complain run
	DAVIT=$real
	cgroup=$(cgroup_of "$(init_pid)")
	[[ $cgroup == "$CGROOT/$TOKEN-up/"* ]] && [ -d "$cgroup" ]
	ok pause "$ID"
	[ "$(<"$cgroup/cgroup.freeze")" = 1 ]
	ok resume "$ID"
	davit ps "$ID"
	[ "$(wc -l <<<"$out")" -eq 2 ]
	ok exec "$ID" true
	ok delete --force "$ID"
	[ ! -e "$cgroup" ]
	while read -r cgroup; do removed "$cgroup"; done < <(find "$CGROOT/$TOKEN-up" -depth -type d)
	check_clean
}
