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
	[ ${#STUCK[@]} -eq 0 ] || release
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

# stuck FOLDER: a directory in which whoever asks for a name cannot be killed, until release. FOLDER.asked is
# there when somebody waits.
STUCK=()
stuck() {
	mkdir "$1"
	"$SECURITY/stuck.py" "$1" "$1.asked" </dev/null >/dev/null 2>&1 3>&- 4>&- &
	STUCK+=("$!" "$1")
	comes_true [ -e "$1.asked.ready" ]
}

release() {
	local pid folder
	while read -r pid folder; do
		kill "$pid" 2>/dev/null || true
		wait "$pid" 2>/dev/null || true
		umount -l "$folder" 2>/dev/null || true
	done < <(printf '%s %s\n' "${STUCK[@]}")
	STUCK=()
}

# With a pid namespace its first process cannot end before the others; without one it does, and they stay.
@test "T27 tight-limits: a process that cannot be killed: delete fails in time, keeps the state, and succeeds later" {
	[ -c /dev/fuse ] || skip "needs /dev/fuse"
	# One for each: who asks while another one is stuck there has not begun to wait for an answer.
	stuck "$T/one"
	stuck "$T/two"
	config --arg s "$T/one" '.mounts += [{ destination: "/stuck", type: "bind", source: $s, options: ["bind"] }] |
		.process.args = ["sh", "-c", "stat /stuck/name & exec sleep 1000"]'
	cp -a "$BUNDLE" "$T/other"
	jq --arg s "$T/two" '.linux.namespaces |= map(select(.type != "pid")) | .mounts[-1].source = $s' "$BUNDLE/config.json" >"$T/other/config.json"
	ok run -d -b "$BUNDLE" "$ID"
	ok run -d -b "$T/other" "$ID-2"
	comes_true [ -e "$T/one.asked" ]
	comes_true [ -e "$T/two.asked" ]
	DAVIT_TEST=$TOKEN timeout 300 "$DAVIT" --root "$ROOT" delete --force "$ID-2" >"$T/second" 2>&1 </dev/null 3>&- 4>&- &
	LIMIT=300 davit delete --force "$ID"
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

# living ROW: no other verb puts a process into the cgroup, so each does its work, or the container has ended for want
# of memory and it says so in a line.
living() {
	local verb
	for verb in state "ps --format json" "events --stats" pause state resume "update --pids-limit 50" "kill $ID CONT"; do
		# shellcheck disable=SC2086  # words
		case $verb in kill*) LIMIT=300 davit $verb ;; *) LIMIT=300 davit $verb "$ID" ;; esac
		[ "$status" -eq 0 ] || { one_line && [[ $1 == memory* && $err == *@(not running|stopped)* ]]; } || complain "$verb, $1"
	done
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
		LIMIT=300 davit run -d -b "$BUNDLE" "$ID"
		echo "# $row: $status $err" >&3
		if [ "$status" -eq 0 ]; then
			LIMIT=300 davit exec "$ID" true
			echo "# $row: exec $status $err" >&3
			[ "$status" -eq 0 ] || [[ $err != *$'\n'* ]] || complain "exec, $row"
			[ "$row" = pids.max=8 ] || [ "$row" = memory.max=4M ] || living "$row"
			LIMIT=300 ok delete --force "$ID"
		else
			one_line || { echo "$row"; false; }
		fi
		check_clean
	done
}
