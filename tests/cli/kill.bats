#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# kill and delete: the forms that engines and scripts send, and what they do, seen in /proc.
load helpers

setup() {
	requires root cgroup2
	new_bundle
}

teardown() {
	tear_down
}

# The container writes the name of each signal that it gets.
catcher() {
	config '.root.readonly = false'
	# shellcheck disable=SC2016
	program sh -c 'for s in TERM USR1 WINCH HUP 34 40; do trap "echo $s >>/tmp/got" $s; done
		touch /tmp/ready; while :; do sleep 0.02; done'
	ok run --detach -b "$BUNDLE" "$ID"
	comes_true [ -e "$BUNDLE/rootfs/tmp/ready" ]
}

# got SIGNAL: within half a minute; forgets it.
got() {
	for _ in {1..1500}; do
		if [ "$(cat "$BUNDLE/rootfs/tmp/got" 2>/dev/null)" = "$1" ]; then
			rm "$BUNDLE/rootfs/tmp/got"
			return
		fi
		sleep 0.02
	done
	echo "got $(cat "$BUNDLE/rootfs/tmp/got" 2>/dev/null), not $1"
	return 1
}

# Two processes that live on when the first one ends, in the host's pid namespace.
shared() {
	config 'del(.linux.namespaces[] | select(.type == "pid"))'
	program sh -c 'sleep 971 & sleep 972 & exec sleep 973'
	ok run --detach -b "$BUNDLE" "$ID"
	CG=$(cgroup_of "$(init_pid)")
	comes_true are_three
}

are_three() {
	[ "$(wc -l <"$CG/cgroup.procs")" -eq 3 ]
}

is_empty() {
	for _ in {1..1500}; do
		[ -s "$CG/cgroup.procs" ] || return 0
		sleep 0.02
	done
	return 1
}

@test "kill: TERM by default, names with and without SIG, numbers, realtime signals" {
	catcher
	ok kill "$ID"
	[ -z "$out" ]
	got TERM
	ok kill "$ID" USR1
	got USR1
	ok kill "$ID" SIGUSR1
	got USR1
	ok kill "$ID" 28
	got WINCH
	ok kill "$ID" hup
	got HUP
	ok kill "$ID" RTMIN
	got 34
	ok kill "$ID" SIGRTMIN+6
	got 40
	ok kill "$ID" 34
	got 34
	is running
}

@test "kill: 0 is a probe" {
	catcher
	ok kill "$ID" 0
	ok pause "$ID"
	ok kill "$ID" 0
	ok resume "$ID"
	ok kill "$ID" KILL
	becomes stopped
	refused "container not running" kill "$ID" 0
	refused "container not running" kill "$ID" KILL
	refused "container does not exist" kill "$ID-none" 0
	[ ! -e "$BUNDLE/rootfs/tmp/got" ]
}

@test "kill: what is no signal is refused" {
	catcher
	for word in BOGUS SIG "" -1 65 9x RTMAX+1 SIGSIGTERM; do
		refused "unknown signal" kill "$ID" -- "$word"
	done
	is running
}

@test "kill --all ID 9 ends every process, and succeeds after the first one has ended" {
	shared
	kill -KILL "$(init_pid)"
	becomes stopped
	[ "$(wc -l <"$CG/cgroup.procs")" -eq 2 ]
	ok kill --all "$ID" 9
	is_empty
	ok kill --all "$ID" 9
	ok kill -a "$ID" KILL
	ok delete "$ID"
	refused "container does not exist" kill --all "$ID" 9
}

@test "kill --all with another signal reaches every process" {
	shared
	ok kill --all "$ID" TERM
	is_empty
	becomes stopped
}

@test "kill KILL without a pid namespace of its own ends all, also when the first process is gone" {
	shared
	ok kill "$ID" KILL
	is_empty
	becomes stopped
	ok delete "$ID"
	shared
	kill -KILL "$(init_pid)"
	becomes stopped
	[ "$(wc -l <"$CG/cgroup.procs")" -eq 2 ]
	ok kill "$ID" KILL
	is_empty
}

@test "kill --regex: every container that matches" {
	for n in a-1 a-2 b-1; do
		ok run --detach -b "$BUNDLE" "$ID-$n"
	done
	ok kill --regex "$ID-a-[0-9]+\$" KILL
	[ -z "$out" ]
	becomes stopped "$ID-a-1"
	becomes stopped "$ID-a-2"
	is running "$ID-b-1"
	# One that fails is told of; the others are reached all the same.
	davit kill -r "^$ID" KILL
	[ "$status" -eq 1 ]
	[ "$(grep -c "container not running" "$ERR")" -eq 2 ]
	becomes stopped "$ID-b-1"
	ok kill --regex "^none-" KILL
	refused "invalid regular expression" kill --regex "(" KILL
}

@test "delete right after kill KILL: the end that is on its way is waited for" {
	# With many processes the first one's end takes a while: it waits for theirs.
	# shellcheck disable=SC2016  # the container's
	program sh -c 'i=0; while [ $i -lt 50 ]; do sleep 1000 & i=$((i + 1)); done; wait'
	for round in {1..10}; do
		ok create -b "$BUNDLE" "$ID"
		ok start "$ID"
		[ "$round" -gt 5 ] || becomes running
		ok kill "$ID" KILL
		ok delete "$ID"
	done
	# Another signal is no end.
	program sh -c 'trap "" TERM; while :; do sleep 1; done'
	ok create -b "$BUNDLE" "$ID"
	ok start "$ID"
	ok kill "$ID" TERM
	refused "cannot delete container $ID that is not stopped: running" delete "$ID"
	ok delete --force "$ID"
	check_clean
}

@test "delete --regex: every container that matches" {
	for n in a-1 a-2 b-1; do
		ok create -b "$BUNDLE" "$ID-$n"
	done
	ok start "$ID-a-2"
	davit delete --regex "$ID-a"
	[ "$status" -eq 1 ]
	[[ $err == *"$ID-a-2"*"not stopped"* ]]
	[ ! -e "$ROOT/$ID-a-1" ]
	ok delete --regex --force "$ID-a-.\$"
	[ ! -e "$ROOT/$ID-a-2" ]
	is created "$ID-b-1"
	ok delete -r -f "$ID-b"
	ok delete -r "$ID"
	refused "invalid regular expression" delete --regex "["
	check_clean
}

@test "delete: twice in a row, by force, of an unknown id" {
	ok run --detach -b "$BUNDLE" "$ID"
	ok kill "$ID" KILL
	becomes stopped
	ok delete "$ID"
	[ -z "$out" ]
	refused "container does not exist" delete "$ID"
	ok delete --force "$ID"
	ok delete --force "$ID"
	ok delete --force "$ID-none"
	refused "container does not exist" delete "$ID-none"
}

@test "TERM, INT, QUIT and HUP end a container that was never started, with a pid namespace or without" {
	for filter in . '.linux.namespaces |= map(select(.type != "pid"))'; do
		config "$filter"
		for signal in TERM INT QUIT HUP; do
			ok create -b "$BUNDLE" "$ID"
			is created
			ok kill "$ID" "$signal"
			becomes stopped
			refused "cannot start a container that has stopped: $ID" start "$ID"
			ok delete "$ID"
		done
	done
	# They are the program's as soon as it runs.
	config '.root.readonly = false'
	program sh -c 'cat /proc/self/status >/tmp/status; trap "exit 7" TERM; echo ready >/tmp/ready; while :; do sleep 0.1; done'
	ok create -b "$BUNDLE" "$ID"
	ok start "$ID"
	appears "$BUNDLE/rootfs/tmp/ready"
	[ "$(awk '/^SigBlk|^SigIgn/ { print $2 }' "$BUNDLE/rootfs/tmp/status" | sort -u)" = 0000000000000000 ]
	ok kill "$ID" TERM
	becomes stopped
	ok delete "$ID"
}

# As criu does of a restore that was killed: it waits for the container's first process, which waits for the child
# that it traces. Whoever is in the container's cgroup ends with it.
@test "delete --force: who traces a child from outside the pid namespace, and is in the cgroup, keeps nothing alive" {
	local cg child
	requires command:python3
	program sh -c 'sleep 1000 & wait'
	ok run -d -b "$BUNDLE" "$ID"
	cg=$(cgroup_of "$(init_pid)")
	for _ in {1..1500}; do
		child=$(grep -vx "$(init_pid)" "$cg/cgroup.procs" || true)
		[ -z "$child" ] || [ "$(cat "/proc/$child/comm")" != sleep ] || break
		sleep 0.02
	done
	python3 -ES -c 'import ctypes, sys, time
open(sys.argv[2] + "/cgroup.procs", "w").write("0")
if ctypes.CDLL(None).ptrace(0x4206, int(sys.argv[1]), 0, 0): sys.exit("ptrace") # PTRACE_SEIZE
open(sys.argv[3], "w").write("it does")
time.sleep(1000)' "$child" "$cg" "$T/traces" </dev/null >/dev/null 2>&1 3>&- 4>&- &
	appears "$T/traces"
	ok delete --force "$ID"
	wait "$!" || true
	check_clean
}
