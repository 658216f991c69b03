#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# The rules L of the life cycle and of config.json (runtime.md, config.md) that no other file has a test
# of: tests/README.md tells where each is.
# shellcheck disable=SC2016  # variables of jq and of inner shells
load helpers

setup() {
	requires root
	new_bundle
}

teardown() {
	tear_down
}

@test "L1 pid is there while the container is created or running, the bundle is absolute, no annotations are none" {
	cd "$T"
	program sleep 1000
	ok create -b bundle "$ID"
	jq -e --arg bundle "$BUNDLE" '.bundle == $bundle and .pid > 0 and (has("annotations") | not)' <<<"$(ok state "$ID" && echo "$out")"
	pid=$(init_pid)
	ok start "$ID"
	[ "$(init_pid)" = "$pid" ]
	ok kill "$ID" KILL
	becomes stopped
	[[ $(init_pid) == 0 || $(init_pid) == null ]]
}

@test "L2 a container whose create is not finished is not created yet" {
	config --arg mark "$T/hook" --arg token "DAVIT_TEST=$TOKEN" '.hooks.createRuntime = [{ path: "/bin/sh",
		args: ["sh", "-c", "touch \($mark); until [ -e \($mark).go ]; do sleep 0.05; done"], env: [$token, "PATH=/usr/bin:/bin"] }]'
	DAVIT_TEST=$TOKEN "$DAVIT" --root "$ROOT" create -b "$BUNDLE" "$ID" >"$T/create" 2>&1 </dev/null 3>&- 4>&- &
	comes_true [ -e "$T/hook" ]
	is creating
	refused "" kill "$ID" KILL
	touch "$T/hook.go"
	wait
	is created
}

@test "L3 an id that is taken: neither create nor run makes anything" {
	ok create -b "$BUNDLE" "$ID"
	snapshot before
	config --arg mark "$T/hook" '.hooks.createRuntime = [{ path: "/bin/touch", args: ["touch", $mark] }]'
	refused exists create -b "$BUNDLE" --pid-file "$T/pid" "$ID"
	refused exists run -b "$BUNDLE" --pid-file "$T/pid" "$ID"
	[ ! -e "$T/hook" ]
	[ ! -e "$T/pid" ]
	snapshot after
	[ "${seen[before.state]}" = "${seen[after.state]}" ]
	run ! difference mounts # others mount here meanwhile
	run ! difference cgroups
	ok delete "$ID"
	snapshot before
}

@test "L5, L13 create applies everything but the program, which does not run" {
	requires cgroup2
	program sh -c 'touch /ran; sleep 1000'
	config '.linux.rootfsPropagation = "private"'
	ok create -b "$BUNDLE" "$ID"
	pid=$(init_pid)
	sleep 0.2
	[ ! -e "$BUNDLE/rootfs/ran" ]
	[ "$(nsenter -t "$pid" -u hostname)" = davit ]
	[ "$(grep -c ' / /dev/pts \| /proc ' "/proc/$pid/mountinfo")" -ge 1 ]
	[ "$(cgroup_of "$pid")" != "$(cgroup_of self)" ]
	[ "$(readlink "/proc/$pid/root")" = / ]
	ok start "$ID"
	comes_true [ -e "$BUNDLE/rootfs/ran" ]
}

@test "L10 what cannot be applied leaves the host as it was, whichever step finds it" {
	requires cgroup2
	cp "$BUNDLE/config.json" "$T/good.json"
	local filter
	for filter in '.linux.namespaces[3].path = "/proc/self/ns/net"' '.linux.sysctl = { "net.ipv4.no_such": "1" }' \
		'.mounts += [{ destination: "/mnt", type: "bind", source: "/no/such", options: ["bind"] }]' \
		'.process.args = ["/no/such"]' '.process.cwd = "/bin/sh/x"' '.linux.rootfsPropagation = "nonsense"' \
		'.linux.devices = [{ path: "/proc/x", type: "c", major: 1, minor: 3 }]'; do
		cp "$T/good.json" "$BUNDLE/config.json"
		config "$filter"
		refused "" create -b "$BUNDLE" --pid-file "$T/pid" "$ID"
		[ ! -e "$T/pid" ]
		check_clean || complain "$filter"
		refused "does not exist" state "$ID"
	done
}

@test "L11, L12 state and create without an id, create without a bundle" {
	refused "" state
	refused "" create -b "$BUNDLE"
	refused "no/such" create -b "$T/no/such" "$ID"
	cd "$T" # no config.json here
	refused config.json create "$ID"
	check_clean
}

@test "L15 kill of a container that is being created, or whose id nobody knows, sends nothing" {
	refused "does not exist" kill nosuch KILL
	ok create -b "$BUNDLE" "$ID"
	pid=$(init_pid)
	ok kill "$ID" KILL
	is_gone "$pid"
	becomes stopped
	refused "container not running" kill "$ID" KILL
}

@test "L16 a real-time signal arrives under its number" {
	program sh -c 'trap "echo got" 37; echo ready; while :; do sleep 0.02; done'
	ok create -b "$BUNDLE" "$ID"
	created_out=$OUT
	ok start "$ID"
	comes_true grep -qx ready "$created_out"
	ok kill "$ID" RTMIN+3
	comes_true grep -qx got "$created_out"
	[ "$(<"$created_out")" = $'ready\ngot' ]
}

@test "L18 delete spares what create did not make: a cgroup and its processes, namespaces that were joined" {
	requires cgroup2
	local cgroup=$CGROOT/davit-keep-$TOKEN
	mkdir "$cgroup" "$cgroup/other"
	unshare --uts sleep 1000 3>&- 4>&- &
	local holder=$!
	for _ in {1..1500}; do
		[ "$(readlink /proc/$holder/ns/uts)" = "$(readlink /proc/self/ns/uts)" ] || break
		sleep 0.02
	done
	echo "$holder" >"$cgroup/other/cgroup.procs"
	config --arg path "/davit-keep-$TOKEN/davit" --arg uts "/proc/$holder/ns/uts" '.linux.cgroupsPath = $path |
		.linux.namespaces |= map(if .type == "uts" then .path = $uts else . end) | del(.hostname)'
	ok create -b "$BUNDLE" "$ID"
	[ "$(cgroup_of "$(init_pid)")" = "$cgroup/davit" ]
	ok delete "$ID"
	kill -0 "$holder"
	[ -d "$cgroup/other" ]
	[ ! -e "$cgroup/davit" ]
	killed "$holder"
	removed "$cgroup/other" "$cgroup"
}

@test "L21 mounts in the listed order, and a relative source is the bundle's" {
	mkdir -p "$BUNDLE/volume/sub"
	echo volume >"$BUNDLE/volume/file"
	program sh -c 'cat /mnt/file; ls /mnt/sub /tmp; cut -d" " -f5 /proc/self/mountinfo | grep "^/mnt\|^/tmp"'
	ln -s busybox "$BUNDLE/rootfs/bin/cut"
	ln -s busybox "$BUNDLE/rootfs/bin/grep"
	mkdir "$BUNDLE/rootfs/mnt"
	config '.mounts += [{ destination: "/tmp", type: "tmpfs", source: "tmpfs" }, { destination: "/mnt", type: "bind", source: "volume", options: ["bind"] },
		{ destination: "/mnt/sub", type: "tmpfs", source: "tmpfs" }, { destination: "/tmp/below", type: "tmpfs", source: "tmpfs" },
		{ destination: "/tmp", type: "bind", source: "volume/sub", options: ["bind"] }]'
	cd /
	ok run -b "$BUNDLE" "$ID"
	# The last one on /tmp hides the tmpfs and what was mounted below it.
	[ "$out" = $'volume\n/mnt/sub:\n\n/tmp:\n/tmp\n/mnt\n/mnt/sub\n/tmp/below\n/tmp' ] || complain
}

@test "L23 a console size without a terminal is ignored" {
	program sh -c 'test -t 0 || echo none'
	config '.process.terminal = false | .process.consoleSize = { height: 25, width: 80 }'
	ok run -b "$BUNDLE" "$ID"
	[ "$out" = none ]
}

@test "L24 annotations that nobody knows change nothing" {
	program true
	config '.annotations = { "org.example.unknown": "x", "com.example.": "" }'
	ok run -b "$BUNDLE" "$ID"
}

@test "L26 getrlimit of the program has the values of config.json, for each type" {
	config '.process.rlimits = [
		{ type: "RLIMIT_AS", soft: 1073741824, hard: 2147483648 }, { type: "RLIMIT_CORE", soft: 0, hard: 4096 },
		{ type: "RLIMIT_CPU", soft: 100, hard: 200 }, { type: "RLIMIT_DATA", soft: 536870912, hard: 1073741824 },
		{ type: "RLIMIT_FSIZE", soft: 1048576, hard: 4398046511104 }, { type: "RLIMIT_LOCKS", soft: 10, hard: 20 },
		{ type: "RLIMIT_MEMLOCK", soft: 8192, hard: 65536 }, { type: "RLIMIT_MSGQUEUE", soft: 1000, hard: 2000 },
		{ type: "RLIMIT_NICE", soft: 0, hard: 0 }, { type: "RLIMIT_NOFILE", soft: 100, hard: 200 },
		{ type: "RLIMIT_NPROC", soft: 500, hard: 600 }, { type: "RLIMIT_RSS", soft: 1048576, hard: 2097152 },
		{ type: "RLIMIT_RTPRIO", soft: 0, hard: 0 }, { type: "RLIMIT_RTTIME", soft: 1000, hard: 2000 },
		{ type: "RLIMIT_SIGPENDING", soft: 50, hard: 60 }, { type: "RLIMIT_STACK", soft: 4194304, hard: 8388608 }]'
	ok run --detach -b "$BUNDLE" "$ID"
	[ "$(sed 1d "/proc/$(init_pid)/limits" | sed 's/^Max \(.*[a-z]\)  *\([0-9][0-9]*\|unlimited\)  *\([0-9][0-9]*\|unlimited\) .*/\1 \2 \3/; s/  */ /g')" = "\
cpu time 100 200
file size 1048576 4398046511104
data size 536870912 1073741824
stack size 4194304 8388608
core file size 0 4096
resident set 1048576 2097152
processes 500 600
open files 100 200
locked memory 8192 65536
address space 1073741824 2147483648
file locks 10 20
pending signals 50 60
msgqueue size 1000 2000
nice priority 0 0
realtime priority 0 0
realtime timeout 1000 2000" ] || { cat "/proc/$(init_pid)/limits"; false; }
}

@test "L28 the OOM score stays the caller's when config.json has none" {
	(
		echo 321 >/proc/self/oom_score_adj
		ok create -b "$BUNDLE" "$ID"
	)
	[ "$(<"/proc/$(init_pid)/oom_score_adj")" = 321 ]
	ok start "$ID"
	[ "$(<"/proc/$(init_pid)/oom_score_adj")" = 321 ]
}

@test "L30 default devices and links are there; a file of another sort in a device's place is an error" {
	program sh -c 'cd /dev; for d in null zero full random urandom tty; do stat -c "%n %F %t:%T %a" $d; done; for l in fd stdin stdout stderr ptmx; do busybox readlink $l; done'
	ok run -b "$BUNDLE" "$ID"
	[ "$out" = "null character special file 1:3 666
zero character special file 1:5 666
full character special file 1:7 666
random character special file 1:8 666
urandom character special file 1:9 666
tty character special file 5:0 666
/proc/self/fd
/proc/self/fd/0
/proc/self/fd/1
/proc/self/fd/2
pts/ptmx" ] || complain
	echo file >"$BUNDLE/rootfs/node"
	config '.linux.devices = [{ path: "/node", type: "c", major: 1, minor: 3 }]'
	refused /node create -b "$BUNDLE" "$ID"
	[ "$(<"$BUNDLE/rootfs/node")" = file ]
	mknod "$BUNDLE/rootfs/other" c 1 5
	config '.linux.devices[0].path = "/other"'
	refused /other create -b "$BUNDLE" "$ID"
	check_clean
}

@test "L32 the same cgroupsPath is the same place, absolute and relative" {
	requires cgroup2
	local path first
	for path in "/davit-a-$TOKEN/c" "davit-r-$TOKEN/c"; do
		config --arg path "$path" '.linux.cgroupsPath = $path'
		ok create -b "$BUNDLE" "$ID"
		first=$(cgroup_of "$(init_pid)")
		[[ $first == */"${path#/}" ]]
		[[ $path != /* || $first == "$CGROOT$path" ]]
		ok delete "$ID"
		ok create -b "$BUNDLE" "$ID-2"
		[ "$(cgroup_of "$(init_pid "$ID-2")")" = "$first" ]
		ok delete "$ID-2"
		check_clean
	done
}

@test "L34 a limit whose controller, page size or device is not there is an error that names it" {
	requires cgroup2
	cp "$BUNDLE/config.json" "$T/good.json"
	local filter word
	while IFS='|' read -r filter word; do
		cp "$T/good.json" "$BUNDLE/config.json"
		config ".linux.resources += $filter"
		refused "$word" create -b "$BUNDLE" "$ID"
		check_clean
	done <<-END
		{ hugepageLimits: [{ pageSize: "3MB", limit: 4096 }] }|3MB
		{ rdma: { none0: { hcaHandles: 3 } } }|rdma
		{ unified: { "nosuch.max": "1" } }|nosuch
	END
}
