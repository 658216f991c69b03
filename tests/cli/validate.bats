#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# validate knows what create refuses, and tells all of it.
load helpers

setup() {
	requires root
	new_bundle
	cp "$BUNDLE/config.json" "$T/good.json"
}

teardown() {
	tear_down
}

# knows TEXT FILTER: create refuses the changed config.json with TEXT, and validate tells the same.
knows() {
	cp "$T/good.json" "$BUNDLE/config.json"
	config "$2"
	refused "$1" create -b "$BUNDLE" "$ID" || { echo "create: $2"; return 1; }
	davit validate -b "$BUNDLE"
	[[ $status:$out == 1:*"$1"*$'\n1 fault' ]] || complain "validate: $2"
}

maps='.linux.namespaces += [{ type: "user" }]
	| .linux.uidMappings = [{ containerID: 0, hostID: 100000, size: 10 }] | .linux.gidMappings = .linux.uidMappings'

@test "what config.json alone makes create refuse, validate tells" {
	knows "(at /mounts/2/options)" '.mounts[2] = { destination: "/v", type: "bind", source: "/tmp", options: ["rbind", "make-shared"] }'
	knows "(at /mounts/2/source)" '.mounts[2] = { destination: "/v", type: "bind", options: ["bind"] }'
	knows "(at /linux/resources/memory/swappiness)" '.linux.resources.memory = { swappiness: 60 }'
	knows "(at /linux/resources/network/classID)" '.linux.resources.network = { classID: 1 }'
	knows "(at /linux/resources/cpu/cpus)" '.linux.resources.cpu = { cpus: "abc" }'
	knows "(at /linux/resources/devices/0/major)" '.linux.resources.devices = [{ allow: false, type: "c", major: -2 }]'
	knows "(at /hostname)" '.hostname = ("h" * 65)'
	knows "(at /domainname)" '.domainname = ("d" * 65)'
	knows "uid 50 has no mapping in the user namespace (at /process/user/uid)" "$maps | .process.user.uid = 50"
	knows "gid 51 has no mapping in the user namespace (at /process/user/gid)" "$maps | .process.user.gid = 51"
	knows "gid 52 has no mapping in the user namespace (at /process/user/additionalGids/1)" \
		"$maps | .process.user.additionalGids = [5, 52]"
	knows "(at /process/user/umask)" '.process.user.umask = 4096'
	knows "(at /linux/cgroupsPath)" '.linux.cgroupsPath = "/a/../../b"'
	knows "(at /linux/devices/1)" '.linux.devices = [{ path: "/dev/x", type: "c", major: 1, minor: 3 },
		{ path: "/dev//x", type: "c", major: 1, minor: 5 }]'
	knows "(at /linux/devices/1)" '.linux.devices = [{ path: "/dev/x", type: "c", major: 1, minor: 3 }, { path: "/dev/x", type: "p" }]'
	knows "(at /linux/devices/0/path)" '.linux.devices = [{ path: "/", type: "p" }]'
	knows "(at /mounts/2/destination)" '.mounts[2] = { destination: ("/" + "d" * 256), type: "tmpfs", source: "t" }'
	knows "(at /process/cwd)" '.process.cwd = "/" + "d" * 256'
	knows "(at /linux/maskedPaths/0)" '.linux.maskedPaths = ["/" + "/d" * 2100]'
	knows "(at /linux/timeOffsets/boottime/secs)" '.linux.namespaces += [{ type: "time" }] | .linux.timeOffsets = { boottime: { secs: -5000000000 } }'
	if davit_has SECCOMP; then
		knows "(at /linux/seccomp/syscalls/0/action)" '.linux.seccomp = { defaultAction: "SCMP_ACT_ALLOW",
			syscalls: [{ names: ["mkdir"], action: "SCMP_ACT_NOTIFY" }] }'
		knows "(at /annotations/run.oci.seccomp_bpf_data)" '.annotations = { "run.oci.seccomp_bpf_data": "=" }'
		knows "(at /linux/seccomp/defaultAction)" '.linux.seccomp = { defaultAction: "SCMP_ACT_KILL" }'
	fi
}

@test "each of several ids without a mapping is told" {
	config "$maps | .process.user = { uid: 50, gid: 51, additionalGids: [5, 52, 9, 53] }"
	davit validate -b "$BUNDLE"
	[ "$status" = 1 ] || complain "validate"
	[[ $out == "uid 50 has no mapping"*"(at /process/user/uid)"*$'\n'"gid 51 "*"(at /process/user/gid)"*$'\n'"gid 52 "*"(at /process/user/additionalGids/1)"*$'\n'"gid 53 "*"(at /process/user/additionalGids/3)"*$'\n4 faults' ]] ||
		complain "each of them"
}

@test "what the machine lacks is told with a bundle, and with --host" {
	knows "(at /root/path)" '.root.path = "not-there"'
	cp "$T/good.json" "$BUNDLE/config.json"
	config '.mounts += [{ destination: "/q", type: "nosuchfs", source: "x" }]'
	refused "unknown file system type" create -b "$BUNDLE" "$ID"
	davit validate "$BUNDLE"
	[[ $out == "unknown file system type nosuchfs (at /mounts/"*"/type)"*"1 fault" ]] || complain "validate"
	config '.root.path = "not-there"'
	davit validate -f "$BUNDLE/config.json"
	[ "$status:$out" = "0:0 faults" ] || complain "of the file alone"
	davit validate --host -f "$BUNDLE/config.json"
	[ "$status" -eq 1 ] && [[ $out == *"/root/path"*"nosuchfs"*"2 faults" ]] || complain "--host"
}

# lacks PLACE CREATE FILTER: this machine lacks it: create refuses it with the text CREATE, validate of the bundle
# tells the place, and of the file alone nothing.
lacks() {
	cp "$T/good.json" "$BUNDLE/config.json"
	config "$3"
	refused "$2" create -b "$BUNDLE" "$ID" || { echo "create: $3"; return 1; }
	davit validate "$BUNDLE"
	[[ $status:$out == 1:*": ${2##*: } (at $1)"$'\n1 fault' ]] || complain "validate: $3"
	davit validate -f "$BUNDLE/config.json"
	[ "$status:$out" = "0:0 faults" ] || complain "validate -f: $3"
}

@test "sources, hooks and file system options that this machine does not have are told with a bundle" {
	lacks /mounts/2/source "no such file or directory" '.mounts[2] = { destination: "/v", type: "bind", source: "/not/there", options: ["bind"] }'
	lacks /mounts/2/options "tmpfs: Unknown parameter 'frob'" '.mounts[2] = { destination: "/v", type: "tmpfs", source: "t", options: ["frob"] }'
	lacks /mounts/2/options "tmpfs: Bad value for 'size'" '.mounts[2] = { destination: "/v", type: "tmpfs", source: "t", options: ["size=abc"] }'
	lacks /hooks/createRuntime/1/path "no such file or directory" '.hooks.createRuntime = [{ path: "/bin/true" }, { path: "/not/there" }]'
	# None at all is a fault of another kind.
	cp "$T/good.json" "$BUNDLE/config.json"
	config '.mounts[2] = { destination: "/v", type: "bind", options: ["rbind"] }'
	davit validate "$BUNDLE"
	[[ $out == *"has no source (at /mounts/2/source)"*$'\n1 fault' && -z $err ]] || complain "validate without a source"
	# What comes in time, or may come, is not missing.
	cp "$T/good.json" "$BUNDLE/config.json"
	config '.mounts += [{ destination: "/v", type: "tmpfs", source: "t", options: ["mode=1777", "size=10%", "ro", "lazytime"] },
		{ destination: "/w", type: "bind", source: "'"$T"'/made", options: ["bind"] }]
		| .hooks = { createRuntime: [{ path: "/bin/mkdir", args: ["mkdir", "-p", "'"$T"'/made"] }] }'
	davit validate "$BUNDLE"
	[ "$status:$out" = "0:0 faults" ] || complain "validate of what a hook makes"
}

@test "all faults are told: of values, of the rules between them, and of what create makes of them" {
	config 'del(.ociVersion) | .process.user.uid = "root" | .linux.namespaces[0].type = "pidd" | .process.cwd = "tmp"
		| .linux.rootfsPropagation = "x" | .mounts[1].options = {} | .process.rlimits = [5] | .linux.resources.cpu.cpus = "abc"'
	davit validate "$BUNDLE"
	[ "$status" -eq 1 ] || complain "validate"
	for place in /ociVersion /process/user/uid /linux/namespaces/0/type /process/cwd /linux/rootfsPropagation \
		/mounts/1/options /process/rlimits/0 /linux/resources/cpu/cpus; do
		[ "$(grep -c "(at $place)" "$OUT")" -eq 1 ] || complain "not told once: $place"
	done
	[[ $out == *$'\n8 faults' ]] || complain "the number"
	# What is no JSON ends it.
	sed -i '$d' "$BUNDLE/config.json"
	davit validate "$BUNDLE"
	[[ $out == *"premature EOF"*$'\n'*" faults" ]] || complain "cut off"
}

@test "an offset of an unknown clock: a warning, and a fault with --strict" {
	requires timens
	config '.linux.namespaces += [{ type: "time" }] | .linux.timeOffsets = { boottime: { secs: 1 }, fast: { secs: 1 } }'
	program true
	davit run -b "$BUNDLE" "$ID"
	[[ $status:$err == 0:*"unknown clock fast: its offset is ignored (at /linux/timeOffsets/fast, line "* ]] || complain "run"
	davit validate --strict "$BUNDLE"
	[[ $out == *"unknown property (at /linux/timeOffsets/fast)"*"1 fault" ]] || complain "validate"
}

@test "values that say nothing: paths that are empty, memory.limit 0, the same domain name twice" {
	program sh -c 'cat /proc/sys/kernel/domainname; cat /proc/self/cgroup'
	config '.linux.cgroupsPath = "" | .linux.namespaces |= map(.path = "") | .linux.resources.memory = { limit: 0 }
		| .linux.rootfsPropagation = ""
		| .domainname = "example.org" | .linux.sysctl = { "kernel.domainname": "example.org" }
		| .linux.resources.devices = [{ allow: true, type: "c", major: 1, minor: 3, access: "rwa" }]'
	ok run -b "$BUNDLE" "$ID"
	[[ $out == $'example.org\n'* ]]
	knows "(at /linux/sysctl/kernel.domainname)" '.domainname = "example.org" | .linux.sysctl = { "kernel.domainname": "other" }'
}

@test "exec: a user or group without a mapping is named" {
	requires userns
	chmod 755 "$BATS_RUN_TMPDIR" "$BATS_FILE_TMPDIR" "$T"
	chown -R 100000:100000 "$BUNDLE/rootfs"
	config "$maps"
	program sleep 1000
	ok create -b "$BUNDLE" "$ID"
	ok start "$ID"
	refused "uid 50 has no mapping in the user namespace (at /process/user/uid)" exec --user 50 "$ID" true
	refused "gid 51 has no mapping in the user namespace (at /process/user/gid)" exec --user 5:51 "$ID" true
	refused "gid 52 has no mapping in the user namespace (at /process/user/additionalGids/1)" \
		exec -g 5 -g 52 "$ID" true
	echo '{ "cwd": "/", "args": ["true"], "user": { "uid": 53, "gid": 0 } }' >"$T/process.json"
	refused "uid 53 has no mapping" exec -p "$T/process.json" "$ID"
	ok exec --user 9:9 -g 8 "$ID" true
	# The same of a namespace that is joined.
	config 'del(.linux.uidMappings, .linux.gidMappings) | .process.user.uid = 54
		| (.linux.namespaces[] | select(.type == "user")) |= (.path = "/proc/'"$(init_pid)"'/ns/user")'
	refused "uid 54 has no mapping in the user namespace (at /process/user/uid)" create -b "$BUNDLE" "$ID-2"
}

@test "a user namespace without mappings maps the caller to 0, root too" {
	requires userns
	program sh -c 'cat /proc/self/uid_map /proc/self/gid_map'
	config '.linux.namespaces += [{ type: "user" }]'
	ok run -b "$BUNDLE" "$ID"
	[[ $out =~ ^\ +0\ +0\ +1$'\n'\ +0\ +0\ +1$ ]] || complain "maps"
}

# faults FILTER PLACE...: validate tells a fault at each of these places and no other, and create the first.
faults() {
	local filter=$1 place
	shift
	cp "$T/good.json" "$BUNDLE/config.json"
	config "$filter"
	davit validate -b "$BUNDLE"
	[ "$status" -eq 1 ] || complain "validate: $filter"
	for place; do
		[ "$(grep -cF "(at $place)" "$OUT")" -eq 1 ] || complain "not told once: $place"
	done
	[[ $out == *$'\n'"$# fault"* ]] || complain "the number: $filter"
	refused "(at /" create -b "$BUNDLE" "$ID"
}

@test "all faults of one section are told, whichever part of davit knows the rule" {
	faults '.linux.resources = { memory: { swap: 7, swappiness: 60, kernel: 1 }, cpu: { cpus: "abc", mems: "1-0", quota: 5, burst: 6, realtimeRuntime: 1 },
			blockIO: { weight: 5 }, network: { classID: 1 }, devices: [{ allow: false, type: "c", major: -2 }, { allow: true, access: "q" }],
			unified: { "cgroup.procs": "1", "a/b": "1" }, rdma: { "a b": { hcaHandles: 1 } } }' \
		/linux/resources/memory/swap /linux/resources/memory/swappiness /linux/resources/memory/kernel /linux/resources/cpu/cpus \
		/linux/resources/cpu/mems /linux/resources/cpu/burst /linux/resources/cpu/realtimeRuntime /linux/resources/blockIO/weight \
		/linux/resources/network/classID /linux/resources/devices/0/major /linux/resources/devices/1/access \
		/linux/resources/unified/cgroup.procs "/linux/resources/unified/a~1b" "/linux/resources/rdma/a b"
	faults '.mounts += [{ destination: "/a", type: "bind", options: ["bind"] }, { destination: "/b" }, { destination: "/t/..", type: "tmpfs" },
			{ destination: "/proc/self", type: "tmpfs" }, { destination: "/c", type: "bind", source: "/tmp", options: ["bind", "frob"] }]' \
		/mounts/5/source /mounts/6/type /mounts/7/destination /mounts/8/destination /mounts/9/options
	faults '.process.rlimits = [{ type: "RLIMIT_CPU", soft: 2, hard: 1 }] | .process.user.umask = 4096 | .process.oomScoreAdj = 2000
			| .process.scheduler = { policy: "SCHED_ISO" } | .linux.mountLabel = "\"" | .linux.memoryPolicy = { mode: "MPOL_BIND", nodes: "," }' \
		/process/rlimits/0/soft /process/user/umask /process/oomScoreAdj /process/scheduler/policy /linux/mountLabel /linux/memoryPolicy/nodes
	# As many namespaces as nobody has, and devices without numbers, are no trap for what looks further.
	faults '.linux.namespaces += [range(20) | { type: "uts", path: "/x" }] | .linux.devices = [{ type: "c", path: "/dev/x" }]' \
		/linux/namespaces/6/type /linux/devices/0/major /linux/devices/0/minor
}

@test "a seccomp profile is compiled by validate: what it would refuse is told" {
	davit_has SECCOMP || skip "built without seccomp"
	faults '.linux.seccomp = { defaultAction: "SCMP_ACT_ALLOW", syscalls: [{ names: ["mkdir"], action: "SCMP_ACT_NOTIFY" }] }' \
		/linux/seccomp/syscalls/0/action
	faults '.linux.seccomp = { defaultAction: "SCMP_ACT_ALLOW", defaultErrnoRet: 1, syscalls: [
			{ names: ["write"], action: "SCMP_ACT_NOTIFY" }, { names: ["read"], action: "SCMP_ACT_ERRNO", errnoRet: 5000 },
			{ names: ["read"], action: "SCMP_ACT_KILL", args: [{ index: 40, value: 0, op: "SCMP_CMP_EQ" }] }] }' \
		/linux/seccomp/defaultErrnoRet /linux/seccomp/syscalls/0/names/0 /linux/seccomp/syscalls/1/errnoRet /linux/seccomp/syscalls/2/args/0/index
	faults '.annotations = { "run.oci.seccomp_fail_unknown_syscall": "1" }
			| .linux.seccomp = { defaultAction: "SCMP_ACT_ALLOW", syscalls: [{ names: ["nosuchcall"], action: "SCMP_ACT_KILL" }] }' \
		/linux/seccomp/syscalls/0/names/0
}
