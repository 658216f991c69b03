#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Limits that leave no room to begin, filters that kill, a process that dies on the way or cannot die.
# shellcheck disable=SC2016  # variables of jq
load helpers

setup() {
	requires root cgroup2
	new_bundle
}

teardown() {
	[ -z "${PEER-}" ] || release
	[ -z "${UP-}" ] || rmdir "$UP" 2>/dev/null || true
	tear_down
}

# killing CALL FILTER: the program is killed by the kernel when it makes that call.
killing() {
	config --arg c "$1" "$2"' | .process.args = ["sh", "-c", "echo here; exit 7"] |
		.linux.seccomp = { defaultAction: "SCMP_ACT_ALLOW", syscalls: [{ names: [$c], action: "SCMP_ACT_KILL_PROCESS" }] }'
	davit run -b "$BUNDLE" "$ID"
}

@test "T27 tight-limits: a filter that kills for write, execve or close" {
	requires seccomp
	for nnp in true false; do
		killing write ".process.noNewPrivileges = $nnp"
		[ "$status:$out:$err" = 159:: ] || complain "write"
		killing execve ".process.noNewPrivileges = $nnp"
		one_line
		[[ $err == *"kills for execve"*"(at /linux/seccomp/syscalls/0)"* ]] || complain "execve"
		killing close ".process.noNewPrivileges = $nnp"
		[ "$status:$err" = 7: ] || [ "$status:$err" = 159: ] || complain "close"
		check_clean
	done
}

@test "T27 tight-limits: the first process is killed before its start: one line, and delete takes all" {
	for verb in "start" "kill" "pause" "delete"; do
		ok create -b "$BUNDLE" "$ID"
		kill -KILL "$(init_pid)"
		becomes stopped
		davit "$verb" "$ID"
		[ "$verb" = delete ] && [ "$status" -eq 0 ] || one_line
		ok delete --force "$ID"
		check_clean
	done
}

# stuck: a directory in which whoever asks for a name cannot be killed; until release.
stuck() {
	mkdir "$T/stuck"
	"$SECURITY/stuck.py" "$T/stuck" "$T/asked" </dev/null >/dev/null 2>&1 3>&- 4>&- &
	PEER=$!
	for _ in {1..1500}; do
		[ ! -e "$T/asked.ready" ] || return 0
		sleep 0.02
	done
	return 1
}

release() {
	end_peer
	umount -l "$T/stuck" 2>/dev/null || true
}

# With a pid namespace its first process cannot end before the others; without one it does, and they stay.
@test "T27 tight-limits: a process that cannot be killed: delete fails in time, keeps the state, and succeeds later" {
	[ -c /dev/fuse ] || skip "needs /dev/fuse"
	stuck
	config --arg s "$T/stuck" '.mounts += [{ destination: "/stuck", type: "bind", source: $s, options: ["bind"] }] |
		.process.args = ["sh", "-c", "stat /stuck/name & exec sleep 1000"]'
	cp -a "$BUNDLE" "$T/other"
	jq '.linux.namespaces |= map(select(.type != "pid"))' "$BUNDLE/config.json" >"$T/other/config.json"
	ok run -d -b "$BUNDLE" "$ID"
	ok run -d -b "$T/other" "$ID-2"
	for _ in {1..1500}; do
		[ ! -e "$T/asked" ] || break
		sleep 0.02
	done
	[ -e "$T/asked" ]
	DAVIT_TEST=$TOKEN LIMIT=60 timeout 60 "$DAVIT" --root "$ROOT" delete --force "$ID-2" >"$T/second" 2>&1 </dev/null 3>&- 4>&- &
	LIMIT=60 davit delete --force "$ID"
	wait "$!" && complain "the second: exit 0"
	one_line
	[[ $err == *"does not end"* ]]
	[ "$(wc -l <"$T/second")" -eq 1 ]
	grep -q "$ID-2" "$T/second"
	[ -d "$ROOT/$ID" ] && [ -d "$ROOT/$ID-2" ]
	release
	for id in "$ID" "$ID-2"; do
		ok delete --force "$id"
	done
	check_clean
}

# Of the cgroup above the container's: the controllers' limits are there before anything begins.
# bats test_tags=vm-micro
@test "T27 tight-limits: above the container there is room for few processes or for little memory" {
	requires pids memory
	echo "+pids +memory" >"$CGROOT/cgroup.subtree_control"
	UP=$CGROOT/davit-limits
	mkdir "$UP"
	config --arg p /davit-limits/in '.linux.cgroupsPath = $p | del(.linux.resources) | .process.args = ["sleep", "1000"]'
	for row in pids.max=0 pids.max=1 pids.max=2 pids.max=8 memory.max=0 memory.max=64K memory.max=256K memory.max=1M memory.max=4M; do
		echo max | tee "$UP/pids.max" >"$UP/memory.max"
		echo "${row#*=}" >"$UP/${row%=*}"
		LIMIT=60 davit run -d -b "$BUNDLE" "$ID"
		echo "# $row: $status $err" >&3
		if [ "$status" -eq 0 ]; then
			LIMIT=60 davit exec "$ID" true
			echo "# $row: exec $status $err" >&3
			[ "$status" -eq 0 ] || [[ $err != *$'\n'* ]] || complain "exec, $row"
			LIMIT=60 ok delete --force "$ID"
		else
			one_line || { echo "$row"; false; }
		fi
		check_clean
	done
}
