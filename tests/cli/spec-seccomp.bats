# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
#
# linux.seccomp (config-linux.md#seccomp), a property at a time. What a filter does is seen by calls.c
# inside, in /proc from outside, and by an agent that answers for real.
# shellcheck disable=SC2016  # variables of jq's
load helpers

# What calls.c needs itself.
NEEDED='"read", "write", "execve", "exit", "exit_group", "brk", "mmap", "munmap", "mprotect", "arch_prctl",
	"set_tid_address", "set_robust_list", "rseq", "prlimit64", "readlink", "readlinkat", "getrandom", "uname",
	"futex", "rt_sigaction", "rt_sigprocmask", "newfstatat", "fstat", "ioctl"'

setup_file() {
	cc -O1 -static -pthread -o "$BATS_FILE_TMPDIR/calls" "$BATS_TEST_DIRNAME/calls.c"
	PYTHON=/usr/bin/python3 # what stands before it in PATH may be a slow wrapper
	[ -x "$PYTHON" ] || PYTHON=python3
	export PYTHON
}

setup() {
	requires root cgroup2 seccomp command:cc command:python3
	new_bundle
	cp "$BATS_FILE_TMPDIR/calls" "$BUNDLE/rootfs/bin/calls"
	AGENT=$T/agent.sock
	REPORT=$T/report
}

teardown() {
	end_agent
	tear_down
}

# seccomp JSON: the profile.
seccomp() {
	config ".linux.seccomp = $1"
}

# rule ACTION-AND-MORE: a profile that allows all but getppid.
rule() {
	seccomp '{ defaultAction: "SCMP_ACT_ALLOW", syscalls: [{ names: ["getppid"], '"$1"' }] }'
}

# calls WORD...: runs them; what they printed is in $out, the lines joined by ", ".
calls() {
	program calls "$@"
	davit run -b "$BUNDLE" "$ID"
	out=${out//$'\n'/, }
}

# says TEXT: the last output.
says() {
	[ "$out" = "$1" ] || complain "not: $1"
}

agent() {
	end_agent
	"$PYTHON" "$BATS_TEST_DIRNAME/seccomp-agent.py" "$1" "$AGENT" "$REPORT" 3>&- 4>&- &
	AGENT_PID=$!
	appears "$REPORT.ready"
}

end_agent() {
	# Gone before its files are: it may be writing one.
	[ -z "${AGENT_PID-}" ] || killed "$AGENT_PID"
	AGENT_PID=
	[ -z "${REPORT-}" ] || rm -f "$AGENT" "$REPORT".* # a test that was skipped in setup has none
}

# appears FILE: within half a minute.
appears() {
	local try
	for try in {1..600}; do
		[ ! -e "$1" ] || return 0
		sleep 0.05
	done
	echo "$1 is not there after $try tries"
	return 1
}

# listener FILTER: getppid is notified of; FILTER changes the profile.
listener() {
	rule 'action: "SCMP_ACT_NOTIFY"'
	config --arg path "$AGENT" '.linux.seccomp |= (.listenerPath = $path | '"${1:-.}"')'
}

# sent FILTER [N]: of the message on the n-th connection.
sent() {
	appears "$REPORT.${2:-1}.json" && jq -r "$1" <"$REPORT.${2:-1}.json"
}

@test "linux.seccomp.defaultAction, linux.seccomp.syscalls[].names, linux.seccomp.syscalls[].action ALLOW, ERRNO: who is named is denied, who is not is let through" {
	rule 'action: "SCMP_ACT_ERRNO"'
	calls getppid getpgid:0
	says "getppid = -1, getpgid = 1"
	# An unknown name is skipped: it may be of a kernel to come.
	seccomp '{ defaultAction: "SCMP_ACT_ALLOW", syscalls: [{ names: ["no_such_call", "getppid"], action: "SCMP_ACT_ERRNO" }] }'
	calls getppid
	says "getppid = -1"
	config '.linux.seccomp.syscalls[0].names = []'
	refused /linux/seccomp/syscalls/0/names create -b "$BUNDLE" "$ID"
	config '.linux.seccomp.syscalls[0] = { names: ["getppid"], action: "SCMP_ACT_NOTHING" }'
	refused /linux/seccomp/syscalls/0/action create -b "$BUNDLE" "$ID"
	config '.linux.seccomp.defaultAction = "SCMP_ACT_NOTHING"'
	refused /linux/seccomp/defaultAction create -b "$BUNDLE" "$ID"
}

@test "linux.seccomp.defaultAction, linux.seccomp.defaultErrnoRet: the rest of an allow list is denied" {
	seccomp "{ defaultAction: \"SCMP_ACT_ERRNO\", defaultErrnoRet: 95, syscalls: [{ names: [$NEEDED], action: \"SCMP_ACT_ALLOW\" }] }"
	calls getppid
	says "getppid = -95"
	# Nothing of it was for davit: not even the calls of its own last steps are in the list.
	[ "$status" -eq 0 ]
}

@test "linux.seccomp.syscalls[].action KILL, KILL_THREAD: a thread dies, the process goes on" {
	for action in SCMP_ACT_KILL SCMP_ACT_KILL_THREAD; do
		rule "action: \"$action\""
		calls thread/getppid getpgid:0
		says "thread ended = 0, getpgid = 1"
		calls getppid getpgid:0
		[ "$status" -eq $((128 + 31)) ] || complain "not killed by SIGSYS"
	done
}

@test "linux.seccomp.syscalls[].action KILL_PROCESS: a thread's call kills the process" {
	rule 'action: "SCMP_ACT_KILL_PROCESS"'
	calls thread/getppid getpgid:0
	says ""
	[ "$status" -eq $((128 + 31)) ] || complain "not killed by SIGSYS"
}

@test "linux.seccomp.syscalls[].action TRAP: SIGSYS, which can be caught" {
	rule 'action: "SCMP_ACT_TRAP"'
	calls trap getppid getpgid:0
	[[ $out == "SIGSYS = "[0-9]*", getppid = "*", getpgid = 1" ]] || complain "no SIGSYS"
}

@test "linux.seccomp.syscalls[].action TRACE, linux.seccomp.syscalls[].errnoRet: a tracer hears of it, with errnoRet as its data; without one it is ENOSYS" {
	rule 'action: "SCMP_ACT_TRACE", errnoRet: 77'
	calls getppid traced/getppid
	says "getppid = -38, traced = 77"
	rule 'action: "SCMP_ACT_TRACE"'
	calls traced/getppid
	says "traced = 1"
}

@test "linux.seccomp.syscalls[].action LOG, ALLOW: let through" {
	rule 'action: "SCMP_ACT_LOG"'
	calls getppid
	says "getppid = 0"
	seccomp '{ defaultAction: "SCMP_ACT_LOG", syscalls: [{ names: ["getppid"], action: "SCMP_ACT_ERRNO" }, { names: ["getpgid"], action: "SCMP_ACT_ALLOW" }] }'
	calls getppid getpgid:0 4711
	says "getppid = -1, getpgid = 1, 4711 = -38"
}

@test "linux.seccomp.syscalls[].errnoRet, linux.seccomp.syscalls[].action ERRNO: the errno that was asked for; EPERM by default" {
	rule 'action: "SCMP_ACT_ERRNO", errnoRet: 18'
	calls getppid
	says "getppid = -18"
	rule 'action: "SCMP_ACT_ERRNO", errnoRet: 0'
	calls getppid
	says "getppid = 0"
}

@test "L36 an action that takes no errno is refused" {
	for action in KILL KILL_PROCESS KILL_THREAD TRAP ALLOW LOG NOTIFY; do
		rule "action: \"SCMP_ACT_$action\", errnoRet: 1"
		refused /linux/seccomp/syscalls/0/errnoRet create -b "$BUNDLE" "$ID"
		seccomp "{ defaultAction: \"SCMP_ACT_$action\", defaultErrnoRet: 1 }"
		refused /linux/seccomp/defaultErrnoRet create -b "$BUNDLE" "$ID"
	done
	rule 'action: "SCMP_ACT_ERRNO", errnoRet: 4095'
	refused "above SCMP_ACT_ERRNO's maximum" create -b "$BUNDLE" "$ID"
}

@test "linux.seccomp.architectures, features.linux.seccomp.archs: each that libseccomp knows is taken, another is refused" {
	davit features
	rule 'action: "SCMP_ACT_ERRNO", errnoRet: 18'
	config --argjson archs "$(jq .linux.seccomp.archs "$OUT")" '.linux.seccomp.architectures = $archs'
	calls getppid
	says "getppid = -18"
	config '.linux.seccomp.architectures = ["SCMP_ARCH_PDP11"]'
	refused /linux/seccomp/architectures/0 create -b "$BUNDLE" "$ID"
}

@test "linux.seccomp.architectures: calls of the other one on the same machine are filtered as well" {
	[ "$(uname -m)" = x86_64 ] || skip "needs x86_64"
	rule 'action: "SCMP_ACT_ERRNO", errnoRet: 18'
	config '.linux.seccomp.architectures = ["SCMP_ARCH_X86_64", "SCMP_ARCH_X32"]'
	# getppid of x32
	calls $((0x40000000 + 110))
	says "$((0x40000000 + 110)) = -18"
	# Not listed: killed, as libseccomp has it.
	config '.linux.seccomp.architectures = ["SCMP_ARCH_X86_64"]'
	calls $((0x40000000 + 110))
	[ "$status" -eq $((128 + 31)) ] || complain "not killed"
}

# operator NAME VALUE TWO DENIED PASSED
operator() {
	rule "action: \"SCMP_ACT_ERRNO\", errnoRet: 18, args: [{ index: 0, value: $2, valueTwo: $3, op: \"SCMP_CMP_$1\" }]"
	calls "getppid:$4" "getppid:$5"
	says "getppid = -18, getppid = 0"
}

@test "linux.seccomp.syscalls[].args[].op *, linux.seccomp.syscalls[].args[].{value,valueTwo}: all operators" {
	operator NE 5 0 6 5
	operator LT 5 0 4 5
	operator LE 5 0 5 6
	operator EQ 5 0 5 4
	operator GE 5 0 5 4
	operator GT 5 0 6 5
	operator MASKED_EQ 240 48 0x13f 0x14f
	# 64 bits of them
	operator EQ 4294967301 0 0x100000005 5
	operator GT 4294967301 0 0x200000000 0x100000005
	config '.linux.seccomp.syscalls[0].args[0].op = "SCMP_CMP_ABOUT"'
	refused /linux/seccomp/syscalls/0/args/0/op create -b "$BUNDLE" "$ID"
}

@test "linux.seccomp.syscalls[].args[].index: 0 to 5, all must match, repeated ones are alternatives" {
	for index in 0 1 2 3 4 5; do
		rule "action: \"SCMP_ACT_ERRNO\", errnoRet: 18, args: [{ index: $index, value: 9, op: \"SCMP_CMP_EQ\" }]"
		word=getppid$(printf ':0%.0s' $(seq 1 "$index") | head -c $((2 * index))):9
		calls "$word" getppid
		says "getppid = -18, getppid = 0"
	done
	rule 'action: "SCMP_ACT_ERRNO", errnoRet: 18, args: [{ index: 0, value: 9, op: "SCMP_CMP_EQ" }, { index: 1, value: 8, op: "SCMP_CMP_EQ" }]'
	calls getppid:9:8 getppid:9 getppid:0:8
	says "getppid = -18, getppid = 0, getppid = 0"
	rule 'action: "SCMP_ACT_ERRNO", errnoRet: 18, args: [{ index: 0, value: 9, op: "SCMP_CMP_EQ" }, { index: 0, value: 8, op: "SCMP_CMP_EQ" }]'
	calls getppid:9 getppid:8 getppid:7
	says "getppid = -18, getppid = -18, getppid = 0"
	rule 'action: "SCMP_ACT_ERRNO", args: [{ index: 6, value: 9, op: "SCMP_CMP_EQ" }]'
	refused /linux/seccomp/syscalls/0/args/0/index create -b "$BUNDLE" "$ID"
}

@test "linux.seccomp.{listenerPath,listenerMetadata}, linux.seccomp.syscalls[].action NOTIFY: the agent gets the listener and answers" {
	listener '.listenerMetadata = "what the agent wants"'
	config '.annotations = { "a.b": "c" }'
	agent errno:18
	calls getppid getpgid:0
	says "getppid = -18, getpgid = 1"
	[ "$(sent '[.ociVersion, .fds[], .metadata, .state.id, .state.status, .state.bundle, .state.annotations["a.b"]] | join(" ")')" = \
		"$("$DAVIT" features | jq -r .ociVersionMax) seccompFd what the agent wants $ID created $BUNDLE c" ]
	[ "$(sent '.pid == .state.pid and .pid > 1')" = true ]
	[ "$(<"$REPORT.1.fds")" = "1 0" ]
	# The value it makes up, and the call itself.
	agent value:4711
	calls getppid
	says "getppid = 4711"
	agent continue
	calls getppid
	says "getppid = 0"
}

@test "L36 one connection and one state for each container, also after create and start" {
	listener
	agent errno:18
	program calls getppid pause
	ok create -b "$BUNDLE" --pid-file "$T/pid" "$ID"
	[ ! -e "$REPORT.1.json" ]
	ok start "$ID"
	[ "$(sent .pid)" = "$(<"$T/pid")" ]
	[ "$(sent .state.status)" = created ]
	[ "$(proc_field "$(<"$T/pid")" Seccomp)" = 2 ]
	[ "$(proc_field "$(<"$T/pid")" Seccomp_filters)" = 1 ]
	ok create -b "$BUNDLE" --pid-file "$T/pid2" "${ID}b"
	ok start "${ID}b"
	[ "$(sent .pid 2)" = "$(<"$T/pid2")" ]
	[ "$(cat "$REPORT.1.fds" "$REPORT.2.fds")" = $'1 0\n1 0' ]
	[ ! -e "$REPORT.3.json" ]
	# Nobody but the agent has the listener.
	[ -z "$(find "/proc/$(pid_in "$T/pid")/fd" -lname '*seccomp*')" ]
}

@test "linux.seccomp.listenerPath: any call may be notified of, even those that hand the listener over" {
	listener '.syscalls[0].names += ["sendmsg", "close", "close_range", "sendto", "execve", "chdir", "getcwd", "prctl"]'
	agent continue
	calls getppid
	says "getppid = 0"
	# All of them.
	listener '.defaultAction = "SCMP_ACT_NOTIFY" | .syscalls = []'
	calls getppid
	says "getppid = 0"
	[ "$(sent .pid 2)" -gt 1 ]
	# Without no_new_privs the filter is in force before the last steps.
	config '.process.noNewPrivileges = false'
	calls getppid
	says "getppid = 0"
	# A filter that lets davit itself do nothing.
	listener '.defaultAction = "SCMP_ACT_KILL_PROCESS" | .syscalls += [{ names: ["execve"], action: "SCMP_ACT_ALLOW" }]'
	config '.process.noNewPrivileges = true'
	calls getppid
	[ "$status" -eq $((128 + 31)) ] || complain "not killed in the program"
	[ "$(sent .pid 4)" -gt 1 ]
}

@test "linux.seccomp.listenerPath: the gate for the listener is closed to the program" {
	listener '.syscalls += [{ names: ["sendmsg", "close"], action: "SCMP_ACT_ERRNO", errnoRet: 18 }]'
	agent continue
	calls close:-1 sendmsg:-1 close:-1:0:0:1:2:3
	says "close = -18, sendmsg = -18, close = -18"
}

@test "linux.seccomp.listenerPath: a startContainer hook is under the filter too, with a listener of its own" {
	listener
	agent errno:18
	config '.hooks.startContainer = [{ path: "/bin/calls", args: ["calls", "getppid"] }, { path: "/bin/calls", args: ["calls", "getppid"] }]'
	calls getppid
	says "getppid = -18"
	[ "$(sent .state.id 1) $(sent .state.id 2) $(sent .state.id 3)" = "$ID $ID $ID" ]
	[ ! -e "$REPORT.4.json" ]
	# Nothing but the program and execve.
	config '.hooks.startContainer[0].path = "/bin/nothing"'
	refused "error running startContainer hook #0: exec /bin/nothing: no such file or directory" run -b "$BUNDLE" "$ID"
	rule 'action: "SCMP_ACT_KILL_PROCESS"'
	config '.hooks.startContainer = [{ path: "/bin/calls", args: ["calls", "getppid"] }]'
	refused "error running startContainer hook #0: killed by signal 31 (bad system call)" run -b "$BUNDLE" "$ID"
}

# What a program needs that does nothing but print: the filter is the last thing of all.
tiny() {
	printf '%s\n' 'void _start(void) { __asm__ volatile("syscall" ::"a"(1), "D"(1), "S"("tiny\n"), "d"(5) : "rcx", "r11", "memory");' \
		'__asm__ volatile("syscall" ::"a"(231), "D"(0)); for (;;); }' >"$T/tiny.c"
	cc -static -nostdlib -O1 -o "$BUNDLE/rootfs/bin/tiny" "$T/tiny.c"
	program /bin/tiny
}

@test "linux.seccomp.defaultAction: an allow list of what the program itself needs is enough with no_new_privs, and with capset without" {
	[ "$(uname -m)" = x86_64 ] || skip "the program is of x86_64"
	tiny
	for uid in 0 1000; do
		for deny in ERRNO KILL KILL_PROCESS TRAP; do
			config --argjson uid $uid '.process.user = { uid: $uid, gid: $uid }'
			seccomp '{ defaultAction: "SCMP_ACT_'$deny'", syscalls: [{ names: ["execve", "write", "exit_group"], action: "SCMP_ACT_ALLOW" }] }'
			config '.process.noNewPrivileges = true'
			davit run -b "$BUNDLE" "$ID"
			says tiny
			config '.process.noNewPrivileges = false'
			refused "capset, which davit itself must still call" run -b "$BUNDLE" "$ID"
			[[ $err == *"(at /linux/seccomp/defaultAction); give capset the action SCMP_ACT_ALLOW, or set process.noNewPrivileges"* ]] || complain "no cure"
			config '.linux.seccomp.syscalls[0].names += ["capset"]'
			davit run -b "$BUNDLE" "$ID"
			says tiny
		done
	done
	# exec has a noNewPrivileges of its own.
	seccomp "{ defaultAction: \"SCMP_ACT_ERRNO\", syscalls: [{ names: [$NEEDED, \"pause\"], action: \"SCMP_ACT_ALLOW\" }] }"
	config '.process.noNewPrivileges = true'
	program calls pause
	ok create -b "$BUNDLE" "$ID"
	ok start "$ID"
	jq '.process | .args = ["/bin/tiny"] | .terminal = false' "$BUNDLE/config.json" >"$T/process.json"
	davit exec --process "$T/process.json" "$ID"
	says tiny
	jq '.noNewPrivileges = false' "$T/process.json" >"$T/process2.json"
	davit exec --process "$T/process2.json" "$ID"
	[ "$status" = 255 ] && [[ $err == *"denies capset, which davit itself must still call"* ]] || complain "not refused"
	ok delete --force "$ID"
	# Nothing is dropped where it is listed.
	tiny
	seccomp '{ defaultAction: "SCMP_ACT_ERRNO", syscalls: [{ names: ["execve", "write", "exit_group"], action: "SCMP_ACT_ALLOW" }] }'
	config '.process.user = { uid: 0, gid: 0 } | .process.capabilities |= with_entries(.value = ["CAP_SYS_ADMIN"]) | .process.noNewPrivileges = false'
	davit run -b "$BUNDLE" "$ID"
	says tiny
}

@test "linux.seccomp.syscalls[].args[].value: a condition on execve that no address fulfils is no refusal, one that each fulfils is" {
	requires seccomp
	program true
	for index in 0 1 2; do
		config --argjson i "$index" '.linux.seccomp = { defaultAction: "SCMP_ACT_ALLOW", syscalls: [
			{ names: ["execve", "capset"], action: "SCMP_ACT_ERRNO", args: [{ index: $i, value: 0, op: "SCMP_CMP_EQ" }] }] }'
		ok run -b "$BUNDLE" "$ID"
		config '.linux.seccomp.syscalls[0].args[0].op = "SCMP_CMP_NE"'
		refused "denies execve, which davit itself must still call to begin the program (at /linux/seccomp/syscalls/0)" \
			run -b "$BUNDLE" "$ID"
	done
	check_clean
}

@test "linux.seccomp.defaultAction: a profile that forbids execve is refused by create, run and plan, with the call, the place and the cure" {
	for deny in ERRNO KILL KILL_THREAD KILL_PROCESS TRAP; do
		word="kills for"
		[ "$deny" != ERRNO ] || word=denies
		seccomp '{ defaultAction: "SCMP_ACT_ALLOW", syscalls: [{ names: ["getppid"], action: "SCMP_ACT_KILL" }, { names: ["fork", "execve"], action: "SCMP_ACT_'$deny'" }] }'
		refused "the seccomp profile $word execve, which davit itself must still call to begin the program" create -b "$BUNDLE" "$ID"
		[[ $err == *"(at /linux/seccomp/syscalls/1); give execve the action SCMP_ACT_ALLOW"* ]] || complain "no cure"
		refused "the seccomp profile $word execve" run -b "$BUNDLE" "$ID"
		refused "the seccomp profile $word execve" plan -b "$BUNDLE"
	done
	config '.linux.seccomp.syscalls[1].action = "SCMP_ACT_LOG"'
	program true
	ok run -b "$BUNDLE" "$ID"
	# An allow list without it.
	seccomp '{ defaultAction: "SCMP_ACT_ERRNO", syscalls: [{ names: ["write"], action: "SCMP_ACT_ALLOW" }] }'
	refused "the seccomp profile denies execve" create -b "$BUNDLE" "$ID"
	# { return ERRNO | 1 }
	config 'del(.linux.seccomp) | .annotations["run.oci.seccomp_bpf_data"] = "BgAAAAEABQA="'
	refused "the seccomp profile denies execve" create -b "$BUNDLE" "$ID"
	[[ $err == *"/annotations/run.oci.seccomp_bpf_data"* ]] || complain "not the annotation"
}

@test "linux.seccomp.defaultAction: who cannot say why its program is not executed is said to be unable to" {
	seccomp '{ defaultAction: "SCMP_ACT_ERRNO", syscalls: [{ names: ["execve"], action: "SCMP_ACT_ALLOW" }] }'
	config '.process.noNewPrivileges = true'
	printf '#!/nowhere/sh\n' >"$BUNDLE/rootfs/bin/broken"
	chmod 755 "$BUNDLE/rootfs/bin/broken"
	program /bin/broken
	refused "the seccomp profile forbids to say why: it takes sendmsg and exit_group" run -b "$BUNDLE" "$ID"
}

# many N RULE: RULE (jq, $i is its number) so many times, in an allowing profile.
many() {
	jq -n --argjson n "$1" '{ defaultAction: "SCMP_ACT_ALLOW", syscalls: [range($n) as $i | '"$2"'] }' >"$T/profile.json"
	jq --slurpfile p "$T/profile.json" '.linux.seccomp = $p[0]' "$BUNDLE/config.json" >"$T/config.json"
	mv "$T/config.json" "$BUNDLE/config.json"
}

# bounded SECONDS: of a processor, for davit and for each of its processes from now on.
bounded() {
	mkdir "$T/bounded"
	# shellcheck disable=SC2016  # the script's own
	printf '#!/bin/sh\nexec prlimit --cpu=%s "%s" "$@"\n' "$1" "$DAVIT" >"$T/bounded/davit"
	chmod 755 "$T/bounded/davit"
	DAVIT=$T/bounded/davit
}

@test "linux.seccomp.syscalls[]: thousands of rules work, or are refused before much time has gone" {
	bounded 20
	export LIMIT=600 # of a clock that others use too
	# That say the same, once.
	many 60000 '{ names: ["getppid", "no_such_call_\($i)"], action: "SCMP_ACT_ERRNO", errnoRet: 18 }'
	calls getppid getpgid:0
	says "getppid = -18, getpgid = 1"
	# As many as a filter has room for: each counts.
	one='{ names: ["getpgid"], action: "SCMP_ACT_ERRNO", errnoRet: 19, args: [{ index: 0, value: (100000 + $i), op: "SCMP_CMP_EQ" }] }'
	for n in 1000 2000 4000; do
		many "$n" "$one"
		calls getpgid:100000 "getpgid:$((100000 + n / 2))" "getpgid:$((100000 + n - 1))" "getpgid:$((100000 + n))"
		says "getpgid = -19, getpgid = -19, getpgid = -19, getpgid = -3"
	done
	program calls pause
	ok create -b "$BUNDLE" "$ID"
	ok start "$ID"
	davit exec "$ID" calls getpgid:103999 getpgid:104000
	says $'getpgid = -19\ngetpgid = -3'
	ok delete --force "$ID"
	for n in 5000 60000; do
		many "$n" "$one"
		for verb in create run; do
			refused "the profile has more than 4096 different rules, and the kernel's filters at most 4096 instructions (at /linux/seccomp)" "$verb" -b "$BUNDLE" "$ID"
		done
		refused "the profile has more than 4096 different rules" plan -b "$BUNDLE"
	done
	many 3000 "$one | .args += [{ index: 1, value: (\$i * 7), op: \"SCMP_CMP_GT\" }]"
	config '.linux.seccomp.architectures = ["SCMP_ARCH_X86_64", "SCMP_ARCH_X86", "SCMP_ARCH_X32"]'
	davit create -b "$BUNDLE" "$ID"
	[ "$status" = 1 ] || complain "not refused"
	[[ $err == *"the seccomp profile takes more than 8 seconds to compile: too many conditions for one filter (at /linux/seccomp)"* ||
		$err == *"the seccomp filter has "*" instructions, the kernel takes 4096 (at /linux/seccomp)"* ]] || complain "not refused"
}

@test "linux.seccomp.syscalls[].action NOTIFY: not for write, as with runc" {
	listener '.syscalls[0].names += ["write"]'
	for verb in create run; do
		refused "SCMP_ACT_NOTIFY cannot be used for the write syscall (at /linux/seccomp/syscalls/0/names/1)" "$verb" -b "$BUNDLE" "$ID"
	done
	refused "SCMP_ACT_NOTIFY cannot be used for the write syscall" plan -b "$BUNDLE"
}

@test "linux.seccomp.listenerPath: ignored when nothing notifies" {
	rule 'action: "SCMP_ACT_ERRNO"'
	config --arg path "$AGENT" '.linux.seccomp.listenerPath = $path'
	calls getppid
	says "getppid = -1"
	# Nor when nobody knows the call.
	listener '.syscalls[0].names = ["no_such_call"]'
	calls getppid
	says "getppid = 0"
}

@test "linux.seccomp.listenerPath: an agent that cannot be reached is an error that names the socket, and nothing is left" {
	listener
	refused "failed to connect with seccomp agent $AGENT" run -b "$BUNDLE" "$ID"
	[[ $err == *"no such file or directory"* ]]
	check_clean
	agent bound
	refused "failed to connect with seccomp agent $AGENT" run -b "$BUNDLE" "$ID"
	check_clean
	# Of start it leaves the container as it was: created, to be started again.
	ok create -b "$BUNDLE" "$ID"
	refused "failed to connect with seccomp agent $AGENT" start "$ID"
	is created
	agent errno:18
	ok start "$ID"
	[ "$(sent .state.id)" = "$ID" ]
	ok delete --force "$ID"
	config '.linux.seccomp.listenerPath = "agent.sock"'
	refused "not an absolute path" create -b "$BUNDLE" "$ID"
	config 'del(.linux.seccomp.listenerPath)'
	refused "SCMP_ACT_NOTIFY: seccomp listenerPath is not set" create -b "$BUNDLE" "$ID"
}

@test "linux.seccomp.listenerPath: a stuck agent costs a deadline, a long path is no obstacle" {
	listener
	agent full
	refused "did not accept within 10 seconds" run -b "$BUNDLE" "$ID"
	check_clean
	end_agent
	AGENT=$T/$(printf 'a%.0s' {1..120})/agent.sock
	mkdir "${AGENT%/*}"
	listener
	agent errno:18
	calls getppid
	says "getppid = -18"
}

@test "linux.seccomp.listenerPath: an agent that does not take the state is an error, and the container is gone" {
	listener
	# More than a socket's buffer.
	head -c 3000000 /dev/zero | tr '\0' x >"$T/large"
	config --rawfile large "$T/large" '.annotations = { large: $large }'
	agent silent
	ok create -b "$BUNDLE" "$ID"
	refused "did not take the listener within 10 seconds" start "$ID"
	refused "does not exist" state "$ID"
	check_clean
}

@test "linux.seccomp.listenerPath: when the agent goes, calls are unknown and nobody hangs" {
	listener '.syscalls[0].names += ["execve", "prctl"]'
	agent drop
	program calls
	refused "exec /bin/calls: function not implemented" run -b "$BUNDLE" "$ID"
	listener
	calls getppid
	says "getppid = -38"
}

@test "linux.seccomp.listenerMetadata: must not be there without listenerPath" {
	rule 'action: "SCMP_ACT_ERRNO"'
	config '.linux.seccomp.listenerMetadata = "x"'
	refused /linux/seccomp/listenerMetadata create -b "$BUNDLE" "$ID"
}

@test "annotations run.oci.seccomp.receiver: by annotation or by the environment, where no listenerPath says more" {
	listener 'del(.listenerPath)'
	agent errno:18
	config --arg path "$AGENT" '.annotations["run.oci.seccomp.receiver"] = $path'
	calls getppid
	says "getppid = -18"
	[ "$(sent '.fds[0] + .state.id')" = "seccompFd$ID" ]
	export RUN_OCI_SECCOMP_RECEIVER=$T/none
	calls getppid
	says "getppid = -18"
	config 'del(.annotations)'
	refused "failed to connect with seccomp agent $T/none" run -b "$BUNDLE" "$ID"
	RUN_OCI_SECCOMP_RECEIVER=$AGENT
	calls getppid
	says "getppid = -18"
	# Whoever starts it may have another environment than who created it.
	program calls getppid pause
	ok create -b "$BUNDLE" "$ID"
	unset RUN_OCI_SECCOMP_RECEIVER
	ok start "$ID"
	[ "$(sent .state.id 4)" = "$ID" ]
	config '.annotations["run.oci.seccomp.receiver"] = "/none" | .linux.seccomp.listenerPath = $path' --arg path "$AGENT"
	ok delete --force "$ID"
	calls getppid
	says "getppid = -18"
}

# flags FLAG...: what davit gave seccomp(2), as strace saw it.
flags() {
	config '.linux.seccomp.flags = $ARGS.positional' --args -- "$@"
	program true
	timeout 120 strace -f -qq -e trace=seccomp -o "$T/trace" "$DAVIT" --root "$ROOT" run -b "$BUNDLE" "$ID" </dev/null >"$T/strace.out" 2>&1
	sed -n 's/.*SECCOMP_SET_MODE_FILTER, \([^,]*\), {.*/\1/p' "$T/trace"
}

# bats test_tags=plain
@test "linux.seccomp.flags[] TSYNC, LOG, SPEC_ALLOW, WAIT_KILLABLE_RECV: reach the kernel; SPEC_ALLOW by default, none when the list is empty" {
	requires command:strace plain-build
	rule 'action: "SCMP_ACT_ERRNO"'
	for flag in TSYNC LOG SPEC_ALLOW; do
		[ "$(flags "SECCOMP_FILTER_FLAG_$flag")" = "SECCOMP_FILTER_FLAG_$flag" ] || { cat "$T/trace" "$T/strace.out"; false; }
	done
	[ "$(flags SECCOMP_FILTER_FLAG_LOG SECCOMP_FILTER_FLAG_TSYNC)" = "SECCOMP_FILTER_FLAG_TSYNC|SECCOMP_FILTER_FLAG_LOG" ]
	[ "$(flags)" = 0 ]
	# Without a listener nobody waits for answers.
	[ "$(flags SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV)" = 0 ]
	listener
	agent errno:18
	[[ "$(flags SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV)" == SECCOMP_FILTER_FLAG_NEW_LISTENER\|*0x20* ||
		"$(flags SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV)" == *WAIT_KILLABLE_RECV* ]] || { cat "$T/trace" "$T/strace.out"; false; }
	[[ "$(flags SECCOMP_FILTER_FLAG_TSYNC)" == *TSYNC*NEW_LISTENER*TSYNC_ESRCH* ]] || { cat "$T/trace" "$T/strace.out"; false; }
}

@test "linux.seccomp.flags[] *: an unknown one is refused" {
	rule 'action: "SCMP_ACT_ERRNO"'
	config '.linux.seccomp.flags = ["SECCOMP_FILTER_FLAG_LOG", "SECCOMP_FILTER_FLAG_NEW_LISTENER"]'
	refused /linux/seccomp/flags/1 create -b "$BUNDLE" "$ID"
}

@test "linux.seccomp.flags[] LOG: /proc and the tracer's view of the filter have it" {
	rule 'action: "SCMP_ACT_ERRNO"'
	config '.linux.seccomp.flags = ["SECCOMP_FILTER_FLAG_LOG"]'
	ok create -b "$BUNDLE" "$ID"
	ok start "$ID"
	[ "$("$PYTHON" "$BATS_TEST_DIRNAME/seccomp-flags.py" "$(init_pid)")" = 2 ]
	ok delete --force "$ID"
	config '.linux.seccomp.flags = []'
	ok create -b "$BUNDLE" "$ID"
	ok start "$ID"
	[ "$("$PYTHON" "$BATS_TEST_DIRNAME/seccomp-flags.py" "$(init_pid)")" = 0 ]
}

# interrupted: SIGUSR1 comes while the agent holds a call; is the notification still valid?
interrupted() {
	local before=$1
	listener ".flags = $2"
	agent hold
	program calls usr1 getppid
	ok create -b "$BUNDLE" "$ID"
	ok start "$ID"
	appears "$REPORT.1.calls"
	kill -USR1 "$(init_pid)"
	appears "$REPORT.1.held"
	[ "$(<"$REPORT.1.held")" = "$before" ] || { cat "$REPORT.1.held"; false; }
	ok delete --force "$ID"
}

@test "linux.seccomp.flags[] WAIT_KILLABLE_RECV: a signal does not take a call away from the agent" {
	interrupted gone '[]'
	interrupted valid '["SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV"]'
}

@test "linux.seccomp ENOSYS: calls that are newer than the profile are unknown, not denied" {
	for action in ERRNO KILL_PROCESS TRAP; do
		seccomp "{ defaultAction: \"SCMP_ACT_$action\", syscalls: [{ names: [$NEEDED, \"statx\"], action: \"SCMP_ACT_ALLOW\" }] }"
		calls 4711
		says "4711 = -38"
	done
	# Where it is let through, it is the kernel that says so; 500 may exist one day.
	seccomp '{ defaultAction: "SCMP_ACT_ALLOW", syscalls: [{ names: ["getppid"], action: "SCMP_ACT_ERRNO" }] }'
	calls setpriority:9
	says "setpriority = -22"
	# Between the profile's calls the default action has its say.
	seccomp "{ defaultAction: \"SCMP_ACT_ERRNO\", defaultErrnoRet: 18, syscalls: [{ names: [$NEEDED, \"statx\"], action: \"SCMP_ACT_ALLOW\" }] }"
	calls getppid
	says "getppid = -18"
}

@test "annotations run.oci.seccomp_bpf_data: it is the filter, instead of linux.seccomp" {
	# ld nr; jeq getppid; ret ERRNO(18); ret ALLOW
	program_of='import base64, struct, sys
i = [(0x20, 0, 0, 0), (0x15, 0, 1, int(sys.argv[1])), (6, 0, 0, int(sys.argv[2], 0)), (6, 0, 0, 0x7fff0000)]
print(base64.b64encode(b"".join(struct.pack("=HBBI", *x) for x in i)).decode())'
	getppid=$(echo SYS_getppid | cc -E -include sys/syscall.h -x c - | tail -1)
	config --arg data "$("$PYTHON" -c "$program_of" "$getppid" 0x50012)" '.annotations["run.oci.seccomp_bpf_data"] = $data'
	calls getppid getpgid:0
	says "getppid = -18, getpgid = 1"
	seccomp '{ defaultAction: "SCMP_ACT_ALLOW", syscalls: [{ names: ["getpgid"], action: "SCMP_ACT_ERRNO" }] }'
	calls getppid getpgid:0
	says "getppid = -18, getpgid = 1"
	# A listener is possible too.
	config --arg data "$("$PYTHON" -c "$program_of" "$getppid" 0x7fc00000)" '.annotations["run.oci.seccomp_bpf_data"] = $data'
	refused /annotations/run.oci.seccomp_bpf_data create -b "$BUNDLE" "$ID"
	config --arg path "$AGENT" '.linux.seccomp.listenerPath = $path'
	agent value:42
	calls getppid
	says "getppid = 42"
	# Not base64; no whole instructions; one that the kernel would refuse only at start.
	for data in "BgAAAAAA/38" "BgAAAAAA" "IAAAAAAAAAA="; do
			config --arg data "$data" '.annotations["run.oci.seccomp_bpf_data"] = $data'
		refused /annotations/run.oci.seccomp_bpf_data create -b "$BUNDLE" "$ID"
	done
}

@test "annotations run.oci.seccomp_fail_unknown_syscall: refuses unknown names, unless it is 0" {
	seccomp '{ defaultAction: "SCMP_ACT_ALLOW", syscalls: [{ names: ["getppid", "no_such_call"], action: "SCMP_ACT_ERRNO" }] }'
	calls getppid # and it is in the cache now
	says "getppid = -1"
	config '.annotations["run.oci.seccomp_fail_unknown_syscall"] = "1"'
	refused /linux/seccomp/syscalls/0/names/1 create -b "$BUNDLE" "$ID"
	[[ $err == *"unknown system call no_such_call"* ]]
	config '.annotations["run.oci.seccomp_fail_unknown_syscall"] = "0"'
	calls getppid
	says "getppid = -1"
}

# run_is OPTIONS: in the place of /run davit has a file system of the test's own.
run_is() {
	# shellcheck disable=SC2016  # the script's own
	printf '#!/bin/sh\nexport run="%s"\nexec unshare -m sh -c '\''mount -t tmpfs -o "$run" run /run && exec "$@"'\'' sh "%s" "$@"\n' \
		"$1" "$BUILT" >"$T/davit"
	chmod 755 "$T/davit"
	DAVIT=$T/davit
}

# cached: how many programs.
cached() {
	CACHE=$XDG_RUNTIME_DIR/davit-filters
	find "$CACHE" -type f | wc -l
}

@test "linux.seccomp cache: one private file for each profile, used again, and never another's" {
	CACHE=$XDG_RUNTIME_DIR/davit-filters BUILT=$DAVIT
	run_is mode=755 # where it is looked for next
	rule 'action: "SCMP_ACT_ERRNO", errnoRet: 18'
	calls getppid
	says "getppid = -18"
	[ -z "$(ls -A "$ROOT")" ]
	[ "$(stat -c %a:%u "$CACHE")" = 700:0 ]
	[ "$(stat -c %a:%u "$CACHE/"*)" = 600:0 ]
	file=$(echo "$CACHE/"*)
	inode=$(stat -c %i "$file")
	calls getppid
	[ "$(cached) $(stat -c %i "$file")" = "1 $inode" ]
	# Another errno, another architecture, another action: another program.
	rule 'action: "SCMP_ACT_ERRNO", errnoRet: 17'
	calls getppid
	says "getppid = -17"
	config '.linux.seccomp.architectures = ["SCMP_ARCH_X86"]'
	calls getppid
	config '.linux.seccomp.defaultAction = "SCMP_ACT_LOG"'
	calls getppid
	[ "$(cached)" = 4 ]
	# A damaged file is replaced.
	rule 'action: "SCMP_ACT_ERRNO", errnoRet: 18'
	printf X | dd of="$file" bs=1 seek=100 conv=notrunc status=none
	calls getppid
	says "getppid = -18"
	[ "$(stat -c %i "$file")" != "$inode" ]
	# What others may have written to is not believed, nor what a link leads to.
	mv "$file" "$T/elsewhere"
	ln -s "$T/elsewhere" "$file"
	printf X | dd of="$T/elsewhere" bs=1 seek=100 conv=notrunc status=none
	calls getppid
	says "getppid = -18"
	[ ! -L "$file" ]
	chmod 770 "$CACHE"
	rm "$file"
	calls getppid
	says "getppid = -18"
	[ ! -e "$file" ]
	mv "$CACHE" "$T/others"
	ln -s "$T/others" "$CACHE"
	chmod 700 "$T/others"
	calls getppid
	says "getppid = -18"
	[ ! -e "$T/others/${file##*/}" ]
	rm "$CACHE"
}

@test "linux.seccomp cache: without a runtime directory of root's it is in /run, and nowhere where that is another's or read-only" {
	BUILT=$DAVIT
	rule 'action: "SCMP_ACT_ERRNO", errnoRet: 18'
	config --arg t "$T" '.hooks.createRuntime = [{ path: "/bin/sh", args: ["sh", "-c",
		"find /run -mindepth 1 ! -path \"*/davit-filters/*\" -exec stat -c \"%n %a\" {} + >\($t)/run"] }]'
	runtime_dir=$XDG_RUNTIME_DIR
	unset XDG_RUNTIME_DIR
	for options in mode=755 mode=1777 mode=777 uid=1,mode=755 ro,mode=755; do
		run_is "$options"
		calls getppid
		says "getppid = -18"
		[ -z "$(ls -A "$ROOT")" ]
		case $options in
		mode=755 | mode=1777) [ "$(<"$T/run")" = "/run/davit-filters 700" ] ;;
		*) [ -z "$(<"$T/run")" ] ;;
		esac
	done
	# There is none either in a runtime directory that others may write to, or own.
	export XDG_RUNTIME_DIR=$runtime_dir
	for change in "chmod 770" "chown 1"; do
		$change "$XDG_RUNTIME_DIR"
		calls getppid
		says "getppid = -18"
		[ -z "$(ls -A "$XDG_RUNTIME_DIR")" ]
		chmod 700 "$XDG_RUNTIME_DIR"
	done
}

@test "linux.seccomp cache: a filter with a listener is another one each time, out of the same program" {
	listener
	agent errno:18
	calls getppid
	says "getppid = -18"
	calls getppid
	says "getppid = -18"
	[ "$(cached)" = 1 ]
}

@test "plan has the filter and where its listener goes" {
	listener
	ok plan -b "$BUNDLE"
	[[ $out == *"listener to $AGENT"* ]]
}

@test "exec: the container's filter holds for one more program, with a listener and a state of its own" {
	listener '.listenerMetadata = "m"'
	agent errno:18
	program calls pause
	ok create -b "$BUNDLE" "$ID"
	ok start "$ID"
	ok exec "$ID" calls getppid getpgid:0
	[[ $out == "getppid = -18"$'\n'* ]] || complain "not filtered"
	[ "$(sent '[.fds[0], .metadata, .state.id, .state.status, .state.bundle] | join(" ")' 2)" = "seccompFd m $ID running $BUNDLE" ]
	[ "$(sent .state.pid 2)" = "$(init_pid)" ]
	[ "$(sent '.pid != .state.pid and .pid > 1' 2)" = true ]
	end_agent
	refused "failed to connect with seccomp agent $AGENT" exec "$ID" calls getppid
	is running
}
