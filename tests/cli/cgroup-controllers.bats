#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Controllers and the cgroups that a container's stands in: what may be enabled where processes live,
# what is taken back, and threaded domains. hugetlb stands for every controller where there is no
# other; where there are cpu and pids, which the kernel lets into a cgroup with processes, the same
# tests look that this did not happen.
# shellcheck disable=SC2016  # variables of jq, and of the shell inside
# bats file_tags=also-vm-micro
load helpers

setup() {
	requires root cgroup2 hugetlb
	new_bundle
	program sleep 1000
	UP=$CGROOT/davit-up-$TOKEN
	mkdir "$UP"
	snapshot before
}

teardown() {
	local cgroup
	[ -z "${other-}" ] || killed "$other"
	tear_down || return
	[ ! -d "${UP-/none}" ] || while read -r cgroup; do removed "$cgroup"; done < <(find "$UP" -depth -type d)
}

# config.json: the container's cgroup is below UP.
below_up() {
	config --arg p "/davit-up-$TOKEN/c" '.linux.cgroupsPath = $p'
}

limit() {
	config '.linux.resources.hugepageLimits = [{ pageSize: "2MB", limit: 4194304 }]'
}

# A process of somebody else's in the cgroup. Sets other.
populate() {
	sleep 1000 >/dev/null 2>&1 3>&- 4>&- &
	other=$!
	echo "$other" >"$1/cgroup.procs"
}

# UP is as it was: an ordinary cgroup that gives no controllers.
up_is_untouched() {
	[ "$(<"$UP/cgroup.type")" = domain ] || complain "cgroup.type: $(<"$UP/cgroup.type")" || return
	[ -z "$(<"$UP/cgroup.subtree_control")" ] || complain "enabled: $(<"$UP/cgroup.subtree_control")"
}

# Only the cgroup of who made room is below UP.
is_left_with_callers() {
	[ "$(cd "$UP" && echo */)" = davit@callers/ ]
	killed "$other"
	other=
	removed "$UP/davit@callers"
}

# in_up COMMANDS: a shell in UP, which is the root of its cgroup namespace. Sets status, out and err;
# the commands may use davit, as a program of these tests calls it, and $BUNDLE and $ID.
in_up() {
	OUT=$T/in.out ERR=$T/in.err status=0
	cat >"$T/in.sh" <<-END
		umount -l "$CGROOT" && mount -t cgroup2 none "$CGROOT" || exit 99
		davit() { "$DAVIT" --root "$ROOT" "\$@"; }
		BUNDLE=$BUNDLE ID=$ID
		$1
	END
	DAVIT_TEST=$TOKEN timeout 120 sh -c 'echo $$ >"$1/cgroup.procs" && exec unshare -C -m --propagation private sh "$2"' \
		sh "$UP" "$T/in.sh" >"$OUT" 2>"$ERR" </dev/null 3>&- 4>&- || status=$?
	out=$(<"$OUT") err=$(<"$ERR")
}

@test "what is only wanted is not enabled where processes live" {
	populate "$UP"
	below_up
	ok run -d -b "$BUNDLE" "$ID"
	[ "$(cgroup_of "$(init_pid)")" = "$UP/c" ]
	[ -z "$(<"$UP/c/cgroup.controllers")" ]
	up_is_untouched
	ok exec "$ID" true
	ok delete -f "$ID"
	up_is_untouched
	kill -0 "$other"
}

@test "where nothing lives, a container gets every controller that there is" {
	below_up
	ok run -d -b "$BUNDLE" "$ID"
	[ "$(<"$UP/c/cgroup.controllers")" = "$(<"$CGROOT/cgroup.controllers")" ]
	ok delete -f "$ID"
}

@test "a limit below somebody's processes is refused, and nothing is changed" {
	populate "$UP"
	below_up
	limit
	refused "the hugetlb controller cannot be enabled below the cgroup $UP: it has processes of its own" \
		run -d -b "$BUNDLE" "$ID"
	[[ $err == *"; a cgroup (v2) has processes or controlled children, not both; let linux.cgroupsPath lead below one without processes" ]]
	up_is_untouched
	[ ! -e "$UP/c" ]
	grep -qx "$other" "$UP/cgroup.procs"
	check_clean
}

# bats test_tags=vm-micro
@test "pids and cpu are refused in the same way, though the kernel would take them" {
	requires pids cpu
	populate "$UP"
	below_up
	for limits in '{ "pids": { "limit": 10 } }' '{ "cpu": { "quota": 10000 } }'; do
		config --argjson l "$limits" '.linux.resources = $l'
		refused " controller cannot be enabled below the cgroup $UP: it has processes of its own" \
			run -d -b "$BUNDLE" "$ID"
		up_is_untouched
	done
}

@test "what a failed create has enabled is taken back, but not from others" {
	below_up
	limit
	program /no/such/program
	refused "/no/such/program" create -b "$BUNDLE" "$ID"
	up_is_untouched
	# Whoever has a cgroup there may have come to rely on it.
	mkdir "$UP/somebody"
	refused "/no/such/program" create -b "$BUNDLE" "$ID"
	grep -qw hugetlb "$UP/cgroup.subtree_control"
	rmdir "$UP/somebody"
	check_clean
}

@test "the root of a cgroup namespace with processes in it: a container runs" {
	in_up 'davit run -d -b "$BUNDLE" "$ID" && cat /proc/self/cgroup'
	[ "$status" -eq 0 ] && [ -z "$err" ] || complain "in a cgroup namespace"
	[[ $out == *"0::/" ]]
	[ "$(cgroup_of "$(init_pid)")" = "$UP/$ID" ]
	up_is_untouched
	in_up 'davit exec "$ID" true && davit delete -f "$ID"'
	[ "$status" -eq 0 ] && [ -z "$err" ] || complain "delete in a cgroup namespace"
	up_is_untouched
}

@test "the root of a cgroup namespace with processes in it: they make room for a limit" {
	limit
	populate "$UP"
	in_up 'davit run -d -b "$BUNDLE" "$ID" && cat /proc/self/cgroup "'"$CGROOT"'/$ID/hugetlb.2MB.max" &&
		davit exec "$ID" cat /proc/self/cgroup && davit delete -f "$ID"'
	[ "$status" -eq 0 ] && [ -z "$err" ] || complain "a limit in a cgroup namespace"
	[ "$(grep -v : <<<"$out")" = 4194304 ]
	[ "$(grep ^0:: <<<"$out")" = $'0::/davit@callers\n0::/' ]
	[ "$(<"$UP/cgroup.type")" = domain ]
	grep -qx "$other" "$UP/davit@callers/cgroup.procs"
	is_left_with_callers
}

@test "a create that fails brings the caller's processes back" {
	limit
	populate "$UP"
	program /no/such/program
	in_up 'davit run -d -b "$BUNDLE" "$ID"; cat /proc/self/cgroup'
	[[ $err == *"/no/such/program"* ]] || complain "no failure"
	[[ $out == *"0::/" ]] || complain "not back"
	grep -qx "$other" "$UP/cgroup.procs"
	up_is_untouched
	[ ! -e "$UP/davit@callers" ]
}

@test "a service that was given its cgroup: its processes make room for a limit" {
	below_up
	limit
	"$(command -v python3)" -c 'import os, sys; os.setxattr(sys.argv[1], "trusted.delegate", b"1")' "$UP"
	DAVIT_TEST=$TOKEN sh -c 'echo $$ >"$1/cgroup.procs" && "$2" --root "$3" run -d -b "$4" "$5" && cat /proc/self/cgroup' \
		sh "$UP" "$DAVIT" "$ROOT" "$BUNDLE" "$ID" >"$T/own" 2>&1 </dev/null 3>&- 4>&-
	grep -qx "0::/davit-up-$TOKEN/davit@callers" "$T/own"
	[ "$(<"$UP/c/hugetlb.2MB.max")" = 4194304 ]
	ok delete -f "$ID"
	removed "$UP/davit@callers"
}

@test "below a threaded domain a container runs, is listed and ends" {
	mkdir "$UP/threads"
	echo threaded >"$UP/threads/cgroup.type"
	[ "$(<"$UP/cgroup.type")" = "domain threaded" ]
	below_up
	# Without a pid namespace, so that the cgroup alone tells what belongs to it.
	config '.linux.namespaces |= map(select(.type != "pid"))'
	program sh -c 'sleep 1000 & exec sleep 1000'
	ok run -d -b "$BUNDLE" "$ID"
	pid=$(init_pid)
	[ "$(cgroup_of "$pid")" = "$UP/c" ]
	[ "$(<"$UP/c/cgroup.type")" = threaded ]
	both_sleep() {
		local thread
		[ "$(while read -r thread; do tr '\0' ' ' <"/proc/$thread/cmdline"; done <"$UP/c/cgroup.threads")" = "sleep 1000 sleep 1000 " ]
	}
	comes_true both_sleep
	ok exec "$ID" true
	ok pause "$ID"
	ok resume "$ID"
	davit ps --format json "$ID"
	[ "$(jq length <<<"$out")" -eq "$(wc -l <"$UP/c/cgroup.threads")" ]
	[ "$(our_processes | wc -l)" -eq "$(jq length <<<"$out")" ]
	ok delete -f "$ID"
	[ -z "$(our_processes)" ]
	[ ! -e "$UP/c" ]
	limit
	refused "the hugetlb controller cannot be enabled below the cgroup $UP; that cgroup is threaded" run -d -b "$BUNDLE" "$ID"
	rmdir "$UP/threads"
}

# With room for one process: for the helper, and not for the program.
# bats test_tags=vm-micro
@test "exec enters a container whose limit of processes is a parent's, and reached" {
	local max
	requires pids
	echo +pids >"$CGROOT/cgroup.subtree_control"
	config --arg p "/davit-up-$TOKEN/a/b" '.linux.cgroupsPath = $p | del(.linux.resources)'
	ok run -d -b "$BUNDLE" "$ID"
	for max in 2 1; do
		echo "$max" >"$UP/pids.max"
		ok exec "$ID" true
	done
	ok delete --force "$ID"
}

# bats test_tags=vm-micro
@test "a program enters a container that has reached its limit of processes" {
	requires pids
	for n in 0 1 2; do
		config --argjson n "$n" '.linux.resources = { "pids": { "limit": $n } }'
		ok run -d -b "$BUNDLE" "$ID"
		[ "$(<"$(cgroup_of "$(init_pid)")/pids.max")" = "$((n ? n : 1))" ]
		ok exec "$ID" echo in
		[ "$out" = in ]
		ok delete -f "$ID"
	done
}

@test "without a cgroupsPath the cgroup has the container's name, of up to 255 bytes" {
	ok run -d -b "$BUNDLE" "$ID"
	[ "$(cgroup_of "$(init_pid)")" = "$CGROOT/$ID" ]
	ok delete -f "$ID"
	[ ! -e "$CGROOT/$ID" ]
}

@test "a cgroup of the container's name that is somebody else's is used empty, stays, and is refused with processes" {
	mkdir "$CGROOT/$ID"
	inode=$(stat -c %i "$CGROOT/$ID")
	ok run -d -b "$BUNDLE" "$ID"
	ok delete -f "$ID"
	[ "$(stat -c %i "$CGROOT/$ID")" = "$inode" ]
	populate "$CGROOT/$ID"
	refused "container's cgroup is not empty: $CGROOT/$ID" run -d -b "$BUNDLE" "$ID"
	killed "$other"
	other=
	removed "$CGROOT/$ID"
}
