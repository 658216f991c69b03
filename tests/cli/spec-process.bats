#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# The top level of config.json, root and process: one test a property, seen from outside through
# /proc, chrt and ionice where that is possible.
# shellcheck disable=SC2016  # variables in filters are of jq
load helpers

setup() {
	requires root
	new_bundle
}

teardown() {
	local failed=0
	[ -z "${RECEIVER-}" ] || kill "$RECEIVER" 2>/dev/null || true
	tear_down || failed=1
	return $failed
}

# lives: the container runs; its pid is in $pid.
lives() {
	ok run -d -b "$BUNDLE" "$ID"
	pid=$(init_pid)
}

# ends: and the next may begin.
ends() {
	ok delete --force "$ID"
}

# prints TEXT: the program writes exactly that, and ends with 0.
prints() {
	ok run -b "$BUNDLE" "$ID"
	[ "$out" = "$1" ] || complain "the program did not print: $1" || return
}

# refuses FILTER TEXT: create of the changed config.json fails with TEXT; then the change is undone.
refuses() {
	cp "$BUNDLE/config.json" "$T/saved"
	config "$1"
	refused "$2" create -b "$BUNDLE" "$ID"
	cp "$T/saved" "$BUNDLE/config.json"
}

# mask NUMBER...: the capability mask with these bits, as /proc/PID/status has it.
mask() {
	local mask=0 number
	for number; do
		mask=$((mask | 1 << number))
	done
	printf '%016x\n' "$mask"
}

# --- top level, root ------------------------------------------------------------------------------

@test "ociVersion: required, a semantic version, of this major version" {
	for version in 1.0.0 1.2.1-dev 1.3.0+build; do
		config --arg v "$version" '.ociVersion = $v'
		ok create -b "$BUNDLE" "$ID"
		ends
	done
	refuses '.ociVersion = "1.0"' /ociVersion
	refuses '.ociVersion = "2.0.0"' /ociVersion
	refuses 'del(.ociVersion)' ociVersion
	check_clean
}

@test "root.path: absolute, relative to the bundle, a link; missing and no folder are refused" {
	echo here >"$BUNDLE/rootfs/etc/mark"
	program cat /etc/mark
	cd /
	prints here
	config --arg path "$BUNDLE/rootfs" '.root.path = $path'
	prints here
	refuses '.root.path = "none"' 'no such file or directory'
	refuses '.root.path = "config.json"' 'not a directory'
	refuses 'del(.root)' root
	check_clean
}

@test "root.readonly: nothing can be written to the root, and what is mounted is spared" {
	config '.root.readonly = true'
	program sh -c 'echo >/dev/shm/file && echo >/file'
	davit run -b "$BUNDLE" "$ID"
	[ "$status" -ne 0 ]
	[[ $err == *"can't create /file: Read-only file system"* ]]
	[ ! -e "$BUNDLE/rootfs/file" ]
	program sleep 1000
	lives
	[[ $(awk '$5 == "/" { print $6 }' "/proc/$pid/mountinfo") == ro* ]]
	ends
	config '.root.readonly = false'
	lives
	[[ $(awk '$5 == "/" { print $6 }' "/proc/$pid/mountinfo") == rw* ]]
}

@test "hostname, domainname: of the container's uts namespace, and refused without one" {
	config '.hostname = "a-host" | .domainname = "a-domain"'
	program cat /proc/sys/kernel/hostname /proc/sys/kernel/domainname
	host=$(cat /proc/sys/kernel/hostname /proc/sys/kernel/domainname)
	prints a-host$'\n'a-domain
	[ "$(cat /proc/sys/kernel/hostname /proc/sys/kernel/domainname)" = "$host" ]
	config '.linux.namespaces |= map(select(.type != "uts"))'
	refuses 'del(.domainname)' 'needs a uts namespace'
	refuses 'del(.hostname)' '(at /domainname)'
}

@test "annotations: in the state; unknown ones have no effect; no empty key, no value but a string" {
	config '.annotations = { "com.example.key": "value", "org.opencontainers.image.os": "linux" }'
	ok create -b "$BUNDLE" "$ID"
	[ "$(field annotations | command jq -c -S .)" = '{"com.example.key":"value","org.opencontainers.image.os":"linux"}' ]
	ends
	refuses '.annotations = { "": "value" }' /annotations
	refuses '.annotations = { "key": 1 }' /annotations/key
}

@test "process: may be absent at create, not at start" {
	config 'del(.process)'
	ok create -b "$BUNDLE" "$ID"
	is created
	refused /process start "$ID"
	ends
	refused /process run -b "$BUNDLE" "$ID"
	check_clean
}

# --- the program ----------------------------------------------------------------------------------

# receives [ROWS COLUMNS]: the engine's end of a console socket, at $T/console; it sets that size at SIGUSR1.
receives() {
	"$HERE/recv-console.py" "$T/console" "$T/report" "$@" </dev/null >/dev/null 2>&1 3>&- &
	RECEIVER=$!
	appears "$T/console"
}

@test "process.terminal, process.consoleSize.{height,width}: 0, 1 and 2 are one terminal of that size" {
	config '.process.terminal = true | .process.consoleSize = { height: 37, width: 121 }'
	receives
	ok run -d --console-socket "$T/console" -b "$BUNDLE" "$ID"
	pid=$(init_pid)
	[ "$(python3 -c 'import fcntl, os, struct, sys, termios
fd = os.open(f"/proc/{sys.argv[1]}/fd/0", os.O_RDONLY | os.O_NOCTTY)
print(*struct.unpack("HHHH", fcntl.ioctl(fd, termios.TIOCGWINSZ, b"\0" * 8))[:2])' "$pid")" = "37 121" ]
	for fd in 0 1 2; do
		[ "$(stat -Lc %t:%T "/proc/$pid/fd/$fd")" = "$(stat -Lc %t:%T "/proc/$pid/fd/0")" ]
	done
	[ "$(stat -Lc %t "/proc/$pid/fd/0")" = 88 ]
	# It is the controlling terminal: field 7 of stat.
	[ "$(awk '{ print $7 }' "/proc/$pid/stat")" = "$((0x88 << 8 | 16#$(stat -Lc %T "/proc/$pid/fd/0")))" ]
	ends
	check_clean
}

# watched PID [EXPRESSION...]: strace has the created container's first process, and its waits for a signal go to $T/calls.
watched() {
	strace -qq -p "$1" -e trace=rt_sigtimedwait "${@:2}" -o "$T/calls" </dev/null >/dev/null 2>&1 3>&- 4>&- &
	comes_true is_traced "$1"
}

is_traced() {
	[ "$(proc_field "$1" TracerPid)" != 0 ]
}

# is_given_a_size: strace has stopped a process that waits for a size (else there is none: no time counts), which then comes.
is_given_a_size() {
	comes_true grep -q "stopped by SIGSTOP" "$T/calls"
	kill -USR1 "$RECEIVER"
	comes_true [ -e "$T/report.size" ]
	kill -CONT "$1"
	comes_true [ -s "$BUNDLE/rootfs/tmp/size" ]
	[ "$(<"$BUNDLE/rootfs/tmp/size")" = "50 111" ]
}

# bats test_tags=plain
@test "process.terminal: the program finds the size that comes while start and exec work, as Podman's does" {
	requires command:strace plain-build
	ln -s busybox "$BUNDLE/rootfs/bin/stty"
	config '.process.terminal = true'
	program sh -c 'stty size >/tmp/size; exec sleep 1000'
	receives 50 111
	ok create --console-socket "$T/console" -b "$BUNDLE" "$ID"
	appears "$T/report"
	pid=$(init_pid)
	watched "$pid" -e inject=rt_sigtimedwait:signal=STOP:when=1
	DAVIT_TEST=$TOKEN "$DAVIT" --root "$ROOT" start "$ID" </dev/null >"$T/start" 2>&1 3>&- 4>&- &
	start=$!
	is_given_a_size "$pid"
	wait "$start"
	[ ! -s "$T/start" ]
	kill "$RECEIVER"
	rm "$T"/console "$T"/report* "$T/calls" "$BUNDLE/rootfs/tmp/size"
	ends
	config '.process.terminal = false | .process.args = ["sleep", "1000"]'
	lives
	receives 50 111
	DAVIT_TEST=$TOKEN strace -D -f -qq -e trace=rt_sigtimedwait -e inject=rt_sigtimedwait:signal=STOP:when=1 -o "$T/calls" \
		"$DAVIT" --root "$ROOT" exec -d -t --console-socket "$T/console" "$ID" sh -c 'stty size >/tmp/size; exec sleep 1000' \
		</dev/null >"$T/exec" 2>&1 3>&- 4>&- &
	comes_true grep -q "stopped by SIGSTOP" "$T/calls"
	is_given_a_size "$(awk '/stopped by SIGSTOP/ { print $1; exit }' "$T/calls")"
	[ ! -s "$T/exec" ]
	ends
	check_clean
}

# bats test_tags=plain
@test "process.terminal, process.consoleSize.{height,width}: no start waits for a size that is there" {
	requires command:strace plain-build
	config '.process.terminal = true'
	program sh -c 'echo >/tmp/size; exec sleep 1000'
	for size in socket config; do
		receives 50 111
		ok create --console-socket "$T/console" -b "$BUNDLE" "$ID"
		appears "$T/report"
		if [ "$size" = socket ]; then
			kill -USR1 "$RECEIVER"
			comes_true [ -e "$T/report.size" ]
		fi
		watched "$(init_pid)"
		ok start "$ID"
		comes_true [ -s "$BUNDLE/rootfs/tmp/size" ]
		run ! grep rt_sigtimedwait "$T/calls"
		ends
		kill "$RECEIVER"
		rm "$T"/console "$T"/report* "$T/calls" "$BUNDLE/rootfs/tmp/size"
		config '.process.consoleSize = { height: 37, width: 121 }'
	done
	check_clean
}

@test "process.terminal: the streams that create was called with are free when it returns" {
	config '.process.terminal = true'
	receives
	ok create --console-socket "$T/console" -b "$BUNDLE" "$ID"
	is created # containerd reads them to their end, before it calls start
	pid=$(init_pid)
	for fd in 0 1 2; do
		[ "$(stat -Lc %t "/proc/$pid/fd/$fd")" = 88 ]
	done
	ends
	check_clean
}

@test "process.terminal: and the console socket go together" {
	refuses '.process.terminal = true' '--console-socket'
	config '.process.terminal = false'
	refused "cannot use console socket if $(basename "$DAVIT") will not detach or allocate tty" create --console-socket "$T/console" -b "$BUNDLE" "$ID"
	check_clean
}

@test "process.consoleSize.{height,width}: ignored without a terminal, limited with one (L23)" {
	for size in '{ height: 70000, width: 70000 }' '{ height: 25 }' '{}'; do
		config ".process.consoleSize = $size"
		ok create -b "$BUNDLE" "$ID"
		ends
	done
	config '.process.terminal = true | .process.consoleSize = { height: 25, width: 70000 }'
	refused /process/consoleSize/width create --console-socket "$T/console" -b "$BUNDLE" "$ID"
	check_clean
}

@test "process.cwd: where the program starts; absolute, and made when it is missing" {
	config '.process.cwd = "/etc"'
	lives
	[ "$(stat -Lc %d:%i "/proc/$pid/cwd")" = "$(stat -c %d:%i "$BUNDLE/rootfs/etc")" ]
	ends
	config '.process.cwd = "/new/one"'
	program pwd
	prints /new/one
	refuses '.process.cwd = "etc"' /process/cwd
	refuses '.process.cwd = ""' /process/cwd
	refuses 'del(.process.cwd)' cwd
}

@test "process.env: exactly that, of a name given twice the last, and HOME by the passwd of the root" {
	echo 'somebody:x:77:77::/home/somebody:/bin/sh' >"$BUNDLE/rootfs/etc/passwd"
	config '.process.user = { uid: 77, gid: 77 } | .process.env += ["A=1", "B=2", "A=3", "EMPTY="] |
		.process.env |= map(select(startswith("HOME=") | not))'
	lives
	tr '\0' '\n' <"/proc/$pid/environ" | sort >"$T/environ"
	printf '%s\n' A=3 B=2 "DAVIT_TEST=$TOKEN" EMPTY= HOME=/home/somebody PATH=/bin | sort | diff - "$T/environ"
	ends
	config '.process.env += ["HOME=/elsewhere"]'
	lives
	tr '\0' '\n' <"/proc/$pid/environ" | grep -qx HOME=/elsewhere
	refuses '.process.env |= ["=value"] + .' /process/env/0
}

@test "process.args: as they are, blanks and empty ones too; at least one" {
	program echo 'two words' '' '*'
	config '.process.args = ["sh", "-c", "sleep 1000; : \"$@\"", "name", "two words", "", "*"]'
	lives
	printf '%s\0' sh -c 'sleep 1000; : "$@"' name 'two words' '' '*' | cmp - "/proc/$pid/cmdline"
	ends
	refuses '.process.args = []' /process/args
	refuses '.process.args = [""]' /process/args
	refuses 'del(.process.args)' /process/args
}

@test "process.user.{uid,gid,umask,additionalGids}: those and no others" {
	config '.process.user = { uid: 7, gid: 8, umask: 47, additionalGids: [10, 9] }'
	lives
	[ "$(proc_field "$pid" Uid)" = $'7\t7\t7\t7' ]
	[ "$(proc_field "$pid" Gid)" = $'8\t8\t8\t8' ]
	[ "$(proc_field "$pid" Groups)" = "9 10 " ]
	[ "$(proc_field "$pid" Umask)" = 0057 ]
	ends
	refuses '.process.user.uid = 4294967295' /process/user/uid
	refuses '.process.user.gid = -1' /process/user/gid
	refuses '.process.user.umask = 512' /process/user/umask
	refuses '.process.user.additionalGids[1] = 4294967295' /process/user/additionalGids/1
}

@test "process.user.umask: absent leaves the caller's" {
	umask 0034
	lives
	[ "$(proc_field "$pid" Umask)" = 0034 ]
}

@test "process.user.additionalGids, annotations run.oci.keep_original_groups: absent drops the caller's groups, unless the annotation keeps them" {
	requires userns
	real=$DAVIT
	DAVIT=$T/davit
	printf '#!/bin/sh\nexec setpriv --groups 5,4242 %s "$@"\n' "$real" >"$DAVIT"
	chmod 755 "$DAVIT"
	lives
	[ -z "$(proc_field "$pid" Groups | tr -d ' ')" ]
	ends
	config '.annotations["run.oci.keep_original_groups"] = "1"'
	lives
	[ "$(proc_field "$pid" Groups)" = "5 4242 " ]
	ends
	config '[{ containerID: 0, hostID: 100000, size: 100 }] as $map | .linux.namespaces += [{ type: "user" }] |
		.linux.uidMappings = $map | .linux.gidMappings = $map'
	chown -R 100000:100000 "$BUNDLE/rootfs"
	lives
	[ "$(proc_field "$pid" Groups)" = "5 4242 " ]
	ends
	config '.process.user.additionalGids = [7]'
	davit run -d -b "$BUNDLE" "$ID"
	[ "$status" -eq 0 ]
	[[ $err == *level=warning*"leaving additionalGids out"* ]]
	ends
	config 'del(.annotations)'
	lives
	[ "$(proc_field "$pid" Groups)" = "100007 " ]
}

@test "process.rlimits[].{type,soft,hard}: each of the sixteen is what the kernel has" {
	# Lower than anybody's: raising wants CAP_SYS_RESOURCE. Names as in /proc/PID/limits.
	config '.process.rlimits = ([
		["AS", 4000000000, 5000000000], ["CORE", 0, 0], ["CPU", 1000, 2000], ["DATA", 3000000000, 3100000000],
		["FSIZE", 1000000, 2000000], ["LOCKS", 10, 20], ["MEMLOCK", 4096, 8192], ["MSGQUEUE", 1000, 2000],
		["NICE", 0, 0], ["NOFILE", 100, 200], ["NPROC", 1000, 1500], ["RSS", 100000, 200000], ["RTPRIO", 0, 0],
		["RTTIME", 100, 200], ["SIGPENDING", 50, 60], ["STACK", 1000000, 2000000]] |
		map({ type: ("RLIMIT_" + .[0]), soft: .[1], hard: .[2] }))'
	lives
	sed -E 's/ {2,}/|/g' "/proc/$pid/limits" | cut -d'|' -f1-3 | tail -n +2 | sort >"$T/limits"
	sort <<-END | diff - "$T/limits"
		Max cpu time|1000|2000
		Max file size|1000000|2000000
		Max data size|3000000000|3100000000
		Max stack size|1000000|2000000
		Max core file size|0|0
		Max resident set|100000|200000
		Max processes|1000|1500
		Max open files|100|200
		Max locked memory|4096|8192
		Max address space|4000000000|5000000000
		Max file locks|10|20
		Max pending signals|50|60
		Max msgqueue size|1000|2000
		Max nice priority|0|0
		Max realtime priority|0|0
		Max realtime timeout|100|200
	END
	ends
	refuses '.process.rlimits[0].type = "RLIMIT_NONE"' /process/rlimits/0/type
	refuses '.process.rlimits[1].type = "RLIMIT_AS"' /process/rlimits/1/type
	refuses '.process.rlimits[2].soft = 3000' /process/rlimits/2/soft
}

@test "process.apparmorProfile: refused where AppArmor is off" {
	[ ! -e /sys/kernel/security/apparmor/profiles ] || skip "AppArmor is on"
	refuses '.process.apparmorProfile = "some-profile"' '/process/apparmorProfile'
	config '.process.apparmorProfile = "unconfined"'
	ok create -b "$BUNDLE" "$ID"
}

@test "process.selinuxLabel: refused where SELinux is off" {
	[ ! -e /sys/fs/selinux/enforce ] || skip "SELinux is on"
	refuses '.process.selinuxLabel = "system_u:system_r:container_t:s0"' '/process/selinuxLabel'
}

@test "process.capabilities.{bounding,effective,permitted,inheritable,ambient}: the five sets, for root and for another" {
	# 0 CHOWN, 1 DAC_OVERRIDE, 5 KILL, 13 NET_RAW, 21 SYS_ADMIN, 10 NET_BIND_SERVICE
	config '.process.capabilities = {
		bounding: ["CAP_CHOWN", "CAP_KILL", "CAP_NET_RAW", "CAP_SYS_ADMIN"],
		permitted: ["CAP_CHOWN", "CAP_KILL", "CAP_NET_RAW"], effective: ["CAP_KILL", "CAP_NET_RAW"],
		inheritable: ["CAP_KILL", "CAP_NET_RAW"], ambient: ["CAP_NET_RAW"] } |
		.process.user = { uid: 7, gid: 7 } | .process.noNewPrivileges = false'
	lives
	[ "$(proc_field "$pid" CapBnd)" = "$(mask 0 5 13 21)" ]
	[ "$(proc_field "$pid" CapInh)" = "$(mask 5 13)" ]
	[ "$(proc_field "$pid" CapAmb)" = "$(mask 13)" ]
	# capabilities(7): execve leaves an ordinary user the ambient ones.
	[ "$(proc_field "$pid" CapPrm)" = "$(mask 13)" ]
	[ "$(proc_field "$pid" CapEff)" = "$(mask 13)" ]
	ends
	config 'del(.process.user) | .process.user = { uid: 0, gid: 0 }'
	lives
	# And root the bounding and the inheritable ones.
	[ "$(proc_field "$pid" CapPrm)" = "$(mask 0 5 13 21)" ]
	[ "$(proc_field "$pid" CapBnd)" = "$(mask 0 5 13 21)" ]
	ends
	config 'del(.process.capabilities)'
	lives
	for set in CapInh CapPrm CapEff CapBnd CapAmb; do
		[ "$(proc_field "$pid" "$set")" = "$(mask)" ]
	done
}

@test "process.capabilities.{bounding,ambient}: unknown and not to be granted: a warning, and the container runs (L27)" {
	config '.process.capabilities = { bounding: ["CAP_CHOWN", "CAP_FANTASY", "chown"], permitted: ["CAP_CHOWN", "CAP_KILL"],
		effective: ["CAP_KILL"], inheritable: ["CAP_CHOWN"], ambient: ["CAP_CHOWN", "CAP_KILL", "CAP_DREAM"] } | .process.user.uid = 7'
	davit run -d -b "$BUNDLE" "$ID"
	[ "$status" -eq 0 ]
	grep -q 'level=warning msg="ignoring unknown or unavailable capabilities: \[CAP_FANTASY chown CAP_DREAM\]"' "$ERR"
	[ "$(grep -c "can't raise ambient" "$ERR")" -eq 1 ]
	grep -q "level=warning msg=\"can't raise ambient capability CAP_KILL: operation not permitted\"" "$ERR"
	pid=$(init_pid)
	[ "$(proc_field "$pid" CapBnd)" = "$(mask 0)" ]
	[ "$(proc_field "$pid" CapAmb)" = "$(mask 0)" ]
}

@test "process.noNewPrivileges: as it says" {
	lives
	[ "$(proc_field "$pid" NoNewPrivs)" = 1 ]
	ends
	config 'del(.process.noNewPrivileges)'
	lives
	[ "$(proc_field "$pid" NoNewPrivs)" = 0 ]
}

@test "process.oomScoreAdj: is written, and untouched when absent (L28)" {
	own=$(cat /proc/self/oom_score_adj)
	lives
	[ "$(cat "/proc/$pid/oom_score_adj")" = "$own" ]
	ends
	# Raising it is everybody's right.
	config '.process.oomScoreAdj = 999'
	lives
	[ "$(cat "/proc/$pid/oom_score_adj")" = 999 ]
	ends
	refuses '.process.oomScoreAdj = 1001' /process/oomScoreAdj
	refuses '.process.oomScoreAdj = -1001' /process/oomScoreAdj
	if ! capable 24 && [ "$own" -ge 0 ]; then
		refuses '.process.oomScoreAdj = -500' 'CAP_SYS_RESOURCE'
	fi
}

# --- scheduler, disk, memory ----------------------------------------------------------------------

# policy: of the container, as chrt tells it: POLICY PRIORITY [RUNTIME/DEADLINE/PERIOD], and the nice value.
# A new chrt tells the time slice of the fair policies as well, which is the kernel's own affair.
policy() {
	chrt -p "$pid" | sed -n '/ runtime parameter: /d; s/.*: //p' | tr '\n' ' '
	awk '{ print $19 }' "/proc/$pid/stat"
}

@test "process.scheduler.{policy,nice,priority}: each policy is the kernel's" {
	requires command:chrt
	capable 23 || skip "needs CAP_SYS_NICE"
	# Other policies leave the nice value as it is.
	for row in '{"policy":"SCHED_OTHER","nice":-7}|SCHED_OTHER 0 -7' '{"policy":"SCHED_BATCH","nice":11}|SCHED_BATCH 0 11' \
		"{\"policy\":\"SCHED_IDLE\"}|SCHED_IDLE 0 $(nice)" "{\"policy\":\"SCHED_FIFO\",\"priority\":12}|SCHED_FIFO 12 $(nice)" \
		"{\"policy\":\"SCHED_RR\",\"priority\":99,\"nice\":-20}|SCHED_RR 99 $(nice)"; do
		config --argjson s "${row%%|*}" '.process.scheduler = $s'
		lives
		[ "$(policy)" = "${row#*|}" ] || complain "${row%%|*}: it is $(policy)" || return
		ends
	done
}

@test "process.scheduler.{policy,runtime,deadline,period}: SCHED_DEADLINE, and hooks before it can fork" {
	requires command:chrt
	capable 23 || skip "needs CAP_SYS_NICE"
	config --arg mark "$T/mark" '.process.scheduler = { policy: "SCHED_DEADLINE", runtime: 1000000, deadline: 50000000, period: 60000000 } |
		.hooks.startContainer = [{ path: "/bin/touch", args: ["touch", "/tmp/mark"] }]'
	lives
	[ "$(policy)" = "SCHED_DEADLINE 0 1000000/50000000/60000000 $(nice)" ]
	[ -e "$BUNDLE/rootfs/tmp/mark" ]
}

@test "process.scheduler.flags: reset on fork is set" {
	requires command:chrt
	config '.process.scheduler = { policy: "SCHED_BATCH", flags: ["SCHED_FLAG_RESET_ON_FORK"] }'
	lives
	[ "$(policy)" = "SCHED_BATCH|SCHED_RESET_ON_FORK 0 0" ]
	ends
	refuses '.process.scheduler.flags = ["SCHED_FLAG_NONE"]' /process/scheduler/flags/0
}

@test "process.scheduler.{policy,nice,priority,runtime,deadline,period}: what does not go together is refused" {
	scheduler() {
		refuses ".process.scheduler = { $1 }" "(at /process/scheduler/$2)"
	}
	scheduler 'policy: "SCHED_NONE"' policy
	scheduler 'policy: "SCHED_ISO"' policy
	refuses '.process.scheduler = { nice: 1 }' policy
	scheduler 'policy: "SCHED_FIFO", priority: 1, nice: 20' nice
	scheduler 'policy: "SCHED_OTHER", nice: 20' nice
	scheduler 'policy: "SCHED_OTHER", priority: 1' priority
	scheduler 'policy: "SCHED_RR", priority: 100' priority
	scheduler 'policy: "SCHED_BATCH", runtime: 5000' runtime
	scheduler 'policy: "SCHED_IDLE", deadline: 5000' deadline
	scheduler 'policy: "SCHED_OTHER", period: 5000' period
	scheduler 'policy: "SCHED_DEADLINE", runtime: 5000, deadline: 4000' deadline
	check_clean
}

@test "process.ioPriority.{class,priority}: each class is the kernel's" {
	requires command:ionice
	for row in '{"class":"IOPRIO_CLASS_RT","priority":2}|realtime: prio 2' '{"class":"IOPRIO_CLASS_BE","priority":7}|best-effort: prio 7' \
		'{"class":"IOPRIO_CLASS_IDLE","priority":0}|idle'; do
		config --argjson p "${row%%|*}" '.process.ioPriority = $p'
		lives
		[ "$(ionice -p "$pid")" = "${row#*|}" ] || complain "${row%%|*}: it is $(ionice -p "$pid")" || return
		ends
	done
	refuses '.process.ioPriority = { class: "IOPRIO_CLASS_NONE", priority: 0 }' /process/ioPriority/class
	refuses '.process.ioPriority = { class: "IOPRIO_CLASS_BE", priority: 8 }' /process/ioPriority/priority
	refuses '.process.ioPriority.priority = -1' /process/ioPriority/priority
}

@test "process.scheduler.policy, process.ioPriority.class: in a user namespace too, by the rights of the caller" {
	requires userns command:chrt command:ionice
	capable 23 || skip "needs CAP_SYS_NICE"
	config '[{ containerID: 0, hostID: 100000, size: 100 }] as $map | .linux.namespaces += [{ type: "user" }] |
		.linux.uidMappings = $map | .linux.gidMappings = $map |
		.process.scheduler = { policy: "SCHED_RR", priority: 3 } | .process.ioPriority = { class: "IOPRIO_CLASS_RT", priority: 1 }'
	chown -R 100000:100000 "$BUNDLE/rootfs"
	ok create -b "$BUNDLE" "$ID"
	ok start "$ID"
	pid=$(init_pid)
	[ "$(policy)" = "SCHED_RR 3 $(nice)" ]
	[ "$(ionice -p "$pid")" = "realtime: prio 1" ]
}

@test "linux.memoryPolicy.{mode,nodes,flags}: the memory of the program is under it" {
	[ -e /proc/self/numa_maps ] || skip "needs a kernel with NUMA"
	for row in '{"mode":"MPOL_BIND","nodes":"0"}|bind:0' '{"mode":"MPOL_INTERLEAVE","nodes":"0-0"}|interleave:0' \
		'{"mode":"MPOL_PREFERRED","nodes":""}|local' '{"mode":"MPOL_PREFERRED","nodes":"0"}|prefer:0' '{"mode":"MPOL_LOCAL"}|local' \
		'{"mode":"MPOL_PREFERRED_MANY","nodes":"0"}|prefer (many):0' '{"mode":"MPOL_DEFAULT"}|default' \
		'{"mode":"MPOL_BIND","nodes":"0,63","flags":["MPOL_F_STATIC_NODES"]}|bind=static:0' \
		'{"mode":"MPOL_BIND","nodes":"0","flags":["MPOL_F_RELATIVE_NODES"]}|bind=relative:0'; do
		config --argjson p "${row%%|*}" '.linux.memoryPolicy = $p'
		lives
		grep -qF " ${row#*|} " "/proc/$pid/numa_maps" || complain "${row%%|*}: it is $(cat "/proc/$pid/numa_maps")" || return
		ends
	done
}

@test "linux.memoryPolicy.{mode,nodes,flags}: what is none says: invalid memory policy" {
	policy() {
		refuses ".linux.memoryPolicy = { $1 }" "$2"
		[[ $err == *"invalid memory policy"* ]] || complain "not the words that scripts look for" || return
	}
	policy 'mode: "MPOL_NONE"' '"MPOL_NONE" (at /linux/memoryPolicy/mode)'
	policy 'nodes: "0"' 'required member "mode" is missing (at /linux/memoryPolicy/mode)'
	policy 'mode: "MPOL_BIND", nodes: "0", flags: ["MPOL_F_NONE"]' '"MPOL_F_NONE" (at /linux/memoryPolicy/flags/0)'
	policy 'mode: "MPOL_BIND"' '(at /linux/memoryPolicy/nodes)'
	policy 'mode: "MPOL_LOCAL", nodes: "0"' '(at /linux/memoryPolicy/nodes)'
	policy 'mode: "MPOL_BIND", nodes: "0,"' '(at /linux/memoryPolicy/nodes)'
	policy 'mode: "MPOL_BIND", nodes: "3-1"' '(at /linux/memoryPolicy/nodes)'
	policy 'mode: "MPOL_BIND", nodes: "99999999999"' '(at /linux/memoryPolicy/nodes)'
	policy 'mode: "MPOL_INTERLEAVE", nodes: "0", flags: ["MPOL_F_STATIC_NODES", "MPOL_F_RELATIVE_NODES"]' '(at /linux/memoryPolicy/flags/1)'
	# Known to the kernel alone.
	[ -e /proc/self/numa_maps ] && [ ! -e /sys/devices/system/node/node999 ] || return 0
	config '.linux.memoryPolicy = { mode: "MPOL_BIND", nodes: "999" }'
	refused 'invalid memory policy MPOL_BIND of nodes 999' run -b "$BUNDLE" "$ID"
	check_clean
}

@test "linux.personality.{domain,flags}: the machine is a 32-bit one; flags are refused; absent leaves the caller's" {
	requires command:setarch
	config '.linux.personality = { domain: "LINUX32" }'
	lives
	[ "$(cat "/proc/$pid/personality")" = 00000008 ]
	ends
	real=$DAVIT
	DAVIT=$T/davit
	printf '#!/bin/sh\nexec setarch -R %s "$@"\n' "$real" >"$DAVIT"
	chmod 755 "$DAVIT"
	config '.linux.personality = { domain: "LINUX" }'
	lives
	[ "$(cat "/proc/$pid/personality")" = 00000000 ]
	ends
	config 'del(.linux.personality)'
	lives
	[ "$(cat "/proc/$pid/personality")" = 00040000 ]
	ends
	DAVIT=$real
	refuses '.linux.personality = { domain: "BSD" }' /linux/personality/domain
	refuses '.linux.personality = { domain: "LINUX", flags: ["ADDR_NO_RANDOMIZE"] }' /linux/personality/flags
}

@test "linux.personality.domain: before a filter that forbids it" {
	requires seccomp
	config '.linux.personality = { domain: "LINUX32" } | .linux.memoryPolicy = { mode: "MPOL_LOCAL" } |
		.process.scheduler = { policy: "SCHED_BATCH" } | .process.noNewPrivileges = false | .process.capabilities.bounding += ["CAP_SYS_ADMIN"] |
		.linux.seccomp = { defaultAction: "SCMP_ACT_ALLOW", syscalls: [{
			names: ["personality", "set_mempolicy", "sched_setattr", "ioprio_set"], action: "SCMP_ACT_ERRNO" }] }'
	lives
	[ "$(cat "/proc/$pid/personality")" = 00000008 ]
	[ "$(proc_field "$pid" Seccomp)" = 2 ]
}

# --- keyrings -------------------------------------------------------------------------------------

@test "the session keyring is the container's own, named after it; --no-new-keyring leaves the caller's" {
	[ -e /proc/keys ] || skip "needs a kernel with keys"
	# An ordinary user sees of root's keyrings the one alone that is its own session's.
	config '.linux.maskedPaths = [] | .process.user = { uid: 7, gid: 7 }'
	program cat /proc/keys
	ok run -b "$BUNDLE" "$ID"
	[[ $out == *" _ses.$ID."* ]]
	# The wrapper's own session keyring, joined as keyctl(1) does.
	real=$DAVIT
	DAVIT=$T/davit
	cat >"$DAVIT" <<-END
		#!/usr/bin/env python3
		import ctypes, os, sys
		assert ctypes.CDLL(None).syscall($(keyctl_number), 1, b"$TOKEN-caller") > 0
		os.execv("$real", ["$real"] + sys.argv[1:])
	END
	chmod 755 "$DAVIT"
	ok run -b "$BUNDLE" "$ID"
	[[ $out == *" _ses.$ID."* ]]
	[[ $out != *"$TOKEN-caller"* ]]
	ok run --no-new-keyring -b "$BUNDLE" "$ID"
	[[ $out == *" $TOKEN-caller: "* ]]
	[[ $out != *"_ses."* ]]
}

# keyctl_number: of the system call.
keyctl_number() {
	case $(uname -m) in
	x86_64) echo 250 ;;
	*) echo 219 ;;
	esac
}

@test "features.linux.memoryPolicy: every mode and flag of the specification" {
	ok features
	[ "$(jq -c '.linux.memoryPolicy | .modes + .flags | sort' <<<"$out")" = "$(jq -nc '["MPOL_DEFAULT", "MPOL_BIND", "MPOL_INTERLEAVE",
		"MPOL_WEIGHTED_INTERLEAVE", "MPOL_PREFERRED", "MPOL_PREFERRED_MANY", "MPOL_LOCAL", "MPOL_F_NUMA_BALANCING",
		"MPOL_F_RELATIVE_NODES", "MPOL_F_STATIC_NODES"] | sort')" ]
}
