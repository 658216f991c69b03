#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# What create must refuse: not zero, one line that names the place, nothing left. A test for each
# row R of the rejection table; the forms of a row that need no host are in tests/unit/oci_*.c.
# shellcheck disable=SC2016  # variables of jq, and of the shell inside
load helpers

setup() {
	requires root
	new_bundle
	cp "$BUNDLE/config.json" "$T/good.json"
}

teardown() {
	tear_down
}

# rejects TEXT: this bundle's config.json is refused with TEXT in the line, and nothing happened.
rejects() {
	refused "$1" create -b "$BUNDLE" "$ID" && check_clean
}

# bad FILTER TEXT: the good config.json changed by the jq FILTER is refused with TEXT.
bad() {
	cp "$T/good.json" "$BUNDLE/config.json"
	config "$1"
	rejects "$2" || { echo "not refused as wanted: $1"; return 1; }
}

# text CONTENT: config.json is that text.
text() {
	printf '%b' "$1" >"$BUNDLE/config.json"
}

@test "R01 no JSON" {
	for content in '' '   \n' '{]' '[]' 'null' '{' '"x"'; do
		text "$content"
		rejects "config.json"
	done
}

@test "R02 truncated" {
	size=$(stat -c %s "$T/good.json")
	for ((at = 1; at < size - 2; at += size / 12)); do
		head -c "$at" "$T/good.json" >"$BUNDLE/config.json"
		rejects "config.json"
	done
}

@test "L39 R03 config.json is no regular file, or is too large, or is not there" {
	rm "$BUNDLE/config.json"
	rejects "config.json"
	[[ $err == *"no such file or directory"* ]]
	mkfifo "$BUNDLE/config.json"
	rejects "config.json"
	rm "$BUNDLE/config.json"
	mkdir "$BUNDLE/config.json"
	rejects "config.json"
	rmdir "$BUNDLE/config.json"
	ln -s config.json "$BUNDLE/config.json"
	rejects "config.json"
	rm "$BUNDLE/config.json"
	{ cat "$T/good.json"; head -c 67108864 /dev/zero | tr '\0' ' '; } >"$BUNDLE/config.json"
	rejects "config.json"
}

@test "R04 trailing text" {
	for tail in x '{}' ']' ',' '"x"'; do
		{ cat "$T/good.json"; printf '%s' "$tail"; } >"$BUNDLE/config.json"
		rejects "config.json"
	done
	{ cat "$T/good.json"; printf '\0'; } >"$BUNDLE/config.json"
	rejects "config.json"
}

@test "R05 a key twice" {
	sed 's/"hostname": "davit"/"hostname": "davit", "hostname": "other"/' "$T/good.json" >"$BUNDLE/config.json"
	rejects /hostname
	sed 's/"cwd": "\/"/"cwd": "\/", "cwd": "\/"/' "$T/good.json" >"$BUNDLE/config.json"
	rejects /process/cwd
	# A list again, longer than the first: it must not be written where the first has ended.
	entry='{"destination":"/b","options":["AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"]}'
	text "{\"ociVersion\":\"1.0.0\",\"mounts\":[$entry,$entry,$entry,$entry,$entry],
\"mounts\":[$entry,$entry,$entry,$entry,$entry,$entry]}"
	rejects "config.json:2:1: duplicate key (at /mounts)"
}

@test "R06 NUL in a string, raw or as an escape" {
	sed 's/"hostname": "davit"/"hostname": "da\\u0000vit"/' "$T/good.json" >"$BUNDLE/config.json"
	rejects /hostname
	sed 's/"cwd": "\/"/"cwd": "\/\\u0000x"/' "$T/good.json" >"$BUNDLE/config.json"
	rejects /process/cwd
	sed 's/"hostname": "davit"/"hostname": "da\x00vit"/' "$T/good.json" >"$BUNDLE/config.json"
	rejects "config.json"
}

@test "R07 bytes that are no UTF-8" {
	for bytes in '\xc0\xaf' '\xed\xa0\x80' '\xff' '\\ud800'; do
		sed "s/\"hostname\": \"davit\"/\"hostname\": \"da${bytes}vit\"/" "$T/good.json" >"$BUNDLE/config.json"
		rejects "config.json"
	done
}

@test "R08 nesting without end" {
	deep=$(printf '[%.0s' {1..2000})
	text "{ \"x\": $deep"
	rejects "config.json"
}

@test "L25 R09 wrong types" {
	bad '.process.user.uid = "0"' /process/user/uid
	bad '.process.args = "sh"' /process/args
	bad '.mounts[1].options = {}' /mounts/1/options
	bad '.linux.namespaces[0] = 5' /linux/namespaces/0
	bad '.root.readonly = "yes"' /root/readonly
	bad '.hooks = []' /hooks
	bad '.annotations = { "a": 1 }' /annotations/a
}

@test "L25 R10 numbers out of range" {
	bad '.process.user.gid = 1.5' /process/user/gid
	bad '.process.rlimits[0].soft = -1' /process/rlimits/0/soft
	bad '.process.oomScoreAdj = 4294967296' /process/oomScoreAdj
	bad '.process.consoleSize = { "height": -1, "width": 80 }' /process/consoleSize/height
}

@test "R11 ociVersion" {
	bad 'del(.ociVersion)' ociVersion
	bad '.ociVersion = "2.0.0"' /ociVersion
	bad '.ociVersion = "abc"' /ociVersion
}

@test "L22 R12 root" {
	bad 'del(.root)' root
	bad '.root.path = ""' /root/path
	bad '.root.path = "nowhere"' nowhere
	bad '.root.path = "config.json"' config.json
}

@test "L14 R13 no program" {
	bad '.process.args = []' "args must not be empty (at /process/args)"
	bad '.process.args = [""]' /process/args/0
	bad '.process.args = ["", "sh"]' 'exec: "": executable file not found in $PATH'
	bad 'del(.process.args)' /process
	cp "$T/good.json" "$BUNDLE/config.json"
	config 'del(.process)' # runtime.md: an error of start, not of create
	ok create -b "$BUNDLE" "$ID"
	refused /process start "$ID"
	is created
}

@test "R14 a working folder that is not absolute, or is a descriptor's" {
	bad '.process.cwd = "tmp"' /process/cwd
	bad '.process.cwd = ""' /process/cwd
	bad '.process.cwd = "/proc/self/fd/7"' /proc/self/fd/7
}

@test "R15 an environment entry without a name is no variable; a long one is too long" {
	program sh -c 'echo "$A"'
	config '.process.env += ["nothing", "A=one\ntwo"]'
	davit run -b "$BUNDLE" "$ID"
	[ "$status" -ne 0 ] || [ "$out" = $'one\ntwo' ]
	cp "$T/good.json" "$BUNDLE/config.json"
	program true
	config '.process.env += [range(100000) | "NAME\(.)=x"]'
	davit run -b "$BUNDLE" "$ID"
	[ "$status" -eq 0 ] || [[ $err == *"argument list too long"* && $err != *$'\n'* ]] || complain
	check_clean
}

@test "R16 arguments that are too long together" {
	config '.process.args += [range(3000) | "x" * 1000]'
	refused "argument list too long" run -b "$BUNDLE" "$ID"
	check_clean
}

@test "R17 ids that are none" {
	bad '.process.user.uid = 4294967295' /process/user/uid
	bad '.process.user.uid = -1' /process/user/uid
	bad '.process.user.gid = 4294967296' /process/user/gid
	bad '.process.user.additionalGids = [1, 4294967295]' /process/user/additionalGids/1
}

@test "R18 too many groups" {
	bad '.process.user.additionalGids = [range(65537)]' /process/user/additionalGids
}

@test "L27 R19 a capability that nobody knows is never granted, and no error" {
	program sh -c 'grep CapEff /proc/self/status || while read -r k v; do [ "$k" != CapEff: ] || echo "$k $v"; done </proc/self/status'
	config '.process.capabilities |= map_values(["CAP_KILL", "CAP_NOTHING"])'
	davit run -b "$BUNDLE" "$ID"
	[[ $status -eq 0 && $out == *0000000000000020* && $err == *CAP_NOTHING* ]] || complain
}

@test "L27 R20 an ambient capability that cannot be: said, and not there" {
	program sh -c 'while read -r k v; do [ "$k" != CapAmb: ] || echo "$v"; done </proc/self/status'
	config '.process.capabilities.ambient = ["CAP_SYS_ADMIN"]'
	davit run -b "$BUNDLE" "$ID"
	[[ $status -eq 0 && $out == 0000000000000000 && $err == *CAP_SYS_ADMIN* ]] || complain
}

@test "L26 R21 rlimits" {
	bad '.process.rlimits += [.process.rlimits[0]]' /process/rlimits/1
	bad '.process.rlimits[0].soft = 2048' /process/rlimits/0
	bad '.process.rlimits[0].type = "RLIMIT_NOTHING"' /process/rlimits/0/type
}

@test "R22 the OOM score" {
	bad '.process.oomScoreAdj = 1001' /process/oomScoreAdj
	bad '.process.oomScoreAdj = -1001' /process/oomScoreAdj
}

@test "L29 R23 a namespace twice" {
	bad '.linux.namespaces += [{ "type": "uts" }]' /linux/namespaces/6
}

@test "L29 R24 a namespace's path that is of another type, or no namespace" {
	bad '.linux.namespaces[3].path = "/proc/self/ns/net"' /linux/namespaces/3
	bad '.linux.namespaces[3].path = "/etc/passwd"' /linux/namespaces/3
	bad '.linux.namespaces[3].path = "/no/such/namespace"' /linux/namespaces/3
	bad '.linux.namespaces[3].path = "ns/uts"' /linux/namespaces/3
}

@test "L29 R25 a namespace that nobody knows" {
	bad '.linux.namespaces[3].type = "disk"' /linux/namespaces/3/type
}

@test "R26 id mappings" {
	bad '.linux.uidMappings = [{ "containerID": 0, "hostID": 0, "size": 1 }]' /linux/uidMappings
	local user='.linux.namespaces += [{ "type": "user" }] | .linux.gidMappings = [{ "containerID": 0, "hostID": 0, "size": 1 }] | '
	bad "$user"'.linux.uidMappings = [{ "containerID": 0, "hostID": 0, "size": 0 }]' /linux/uidMappings/0
	bad "$user"'.linux.uidMappings = [{ "containerID": 0, "hostID": 0, "size": 2 }, { "containerID": 1, "hostID": 5, "size": 1 }]' /linux/uidMappings/1
	bad "$user"'.linux.uidMappings = [range(341) | { "containerID": ., "hostID": (. + 1000), "size": 1 }]' /linux/uidMappings
}

@test "R27 a mount with half of a mapping" {
	bad '.mounts += [{ "destination": "/mnt", "type": "bind", "source": "/tmp", "options": ["bind"],
		"uidMappings": [{ "containerID": 0, "hostID": 0, "size": 1 }] }]' /mounts/5
}

@test "R28 a mount without a destination; a relative one is below the root" {
	bad '.mounts[0].destination = ""' /mounts/0/destination
	bad 'del(.mounts[0].destination)' /mounts/0
	cp "$T/good.json" "$BUNDLE/config.json"
	program stat -f -c %T /mnt
	config '.mounts += [{ "destination": "mnt", "type": "tmpfs", "source": "tmpfs" }]'
	ok run -b "$BUNDLE" "$ID"
	[ "$out" = tmpfs ]
}

@test "R29 a destination with .. is resolved inside the root" {
	program stat -f -c %T /mnt /made/below
	config '.mounts += ["/tmp/../../../../mnt", "/tmp/../../../../made/below" |
		{ "destination": ., "type": "tmpfs", "source": "tmpfs" }]'
	ok run -b "$BUNDLE" "$ID"
	[ "$out" = tmpfs$'\n'tmpfs ]
}

@test "R30 the root itself as a destination" {
	for destination in / // /. /tmp/.. /..; do
		bad ".mounts += [{ \"destination\": \"$destination\", \"type\": \"tmpfs\", \"source\": \"tmpfs\" }]" /mounts/5
	done
	ln -s / "$BUNDLE/rootfs/rootlink"
	bad '.mounts += [{ "destination": "/rootlink", "type": "tmpfs", "source": "tmpfs" }]' /mounts/5
}

@test "R32 masks and destinations through links of the image stay inside the root" {
	echo host >"$T/host"
	mkdir "$BUNDLE/rootfs/links"
	ln -s "$T/host" "$BUNDLE/rootfs/links/link"
	before=$(stat -c '%Z %Y %i' "$T/host")
	program cat /proc/self/mountinfo
	config '.linux.maskedPaths = ["/links/link"] | .linux.readonlyPaths = ["/links/link"] |
		.mounts += [{ "destination": "/links/link", "type": "bind", "source": "/dev/null", "options": ["bind"] }]'
	ok run -b "$BUNDLE" "$ID"
	[ "$(stat -c '%Z %Y %i' "$T/host")" = "$before" ]
	[ "$(grep -c " $T/host " "$OUT")" -ge 2 ] || complain # the bind, and what hides it
	[ -f "$BUNDLE/rootfs$T/host" ] # made inside
}

@test "R33 what cannot be mounted" {
	bad '.mounts += [{ "destination": "/mnt", "type": "bind", "source": "/tmp", "options": ["bind", "nosuchoption"] }]' nosuchoption
	bad '.mounts += [{ "destination": "/mnt", "type": "bind", "source": "/no/such/source", "options": ["bind"] }]' /no/such/source
	bad '.mounts += [{ "destination": "/mnt", "type": "nosuchfs", "source": "x" }]' nosuchfs
}

@test "R31 mounts over /proc" {
	bad '.mounts += [{ "destination": "/proc/self/attr", "type": "tmpfs", "source": "tmpfs" }]' /proc/self/attr
	bad '.mounts += [{ "destination": "/proc", "type": "tmpfs", "source": "tmpfs" }]' /proc
}

@test "R34 a thousand mounts, with descriptors for a few" {
	ulimit -Sn 64
	program true
	config '.mounts += [range(1000) | { "destination": "/mnt/\(.)", "type": "tmpfs", "source": "tmpfs" }]'
	ok run -b "$BUNDLE" "$ID"
	check_clean
}

@test "L32 R35 cgroup paths" {
	requires cgroup2
	bad '.linux.cgroupsPath = "/../outside"' /linux/cgroupsPath
	bad '.linux.cgroupsPath = "/a\nb"' /linux/cgroupsPath
	bad '.linux.cgroupsPath = "/'"$TOKEN"'/" + "x" * 300' /linux/cgroupsPath
}

@test "L34 R36 cgroup files by name" {
	requires cgroup2
	bad '.linux.resources.unified = { "../memory.max": "1" }' /linux/resources/unified
	bad '.linux.resources.unified = { "memory/max": "1" }' /linux/resources/unified
	bad '.linux.resources.unified = { "cgroup.nosuchfile": "1" }' /linux/resources/unified
}

@test "R37 sysctls" {
	bad '.linux.sysctl = { "kernel.panic": "1" }' kernel.panic
	bad '.linux.sysctl = { "net/../kernel/panic": "1" }' net/../kernel
	bad '.linux.sysctl = { "kernel.shm..max": "1" }' kernel.shm..max
	bad '.linux.namespaces |= map(select(.type != "network")) | .linux.sysctl = { "net.ipv4.ip_forward": "1" }' net.ipv4.ip_forward
}

@test "R38 devices" {
	bad '.linux.maskedPaths = ["/proc/kcore", "/."]' /linux/maskedPaths/1
	bad '.linux.devices = [{ "path": "/dev/../etc/x", "type": "c", "major": 1, "minor": 3 }]' /linux/devices/0
	bad '.linux.devices = [{ "path": "/dev/x", "type": "z", "major": 1, "minor": 3 }]' /linux/devices/0/type
	bad '.linux.devices = [{ "path": "/dev/x", "type": "c", "major": 1048576, "minor": 3 }]' /linux/devices/0
}

@test "R39 seccomp" {
	requires seccomp
	bad '.linux.seccomp = { "defaultAction": "SCMP_ACT_NOTHING" }' /linux/seccomp/defaultAction
	bad '.linux.seccomp = { "defaultAction": "SCMP_ACT_ALLOW", "architectures": ["SCMP_ARCH_PDP11"] }' /linux/seccomp/architectures/0
	bad '.linux.seccomp = { "defaultAction": "SCMP_ACT_ALLOW", "syscalls": [{ "names": [], "action": "SCMP_ACT_ERRNO" }] }' /linux/seccomp/syscalls/0/names
}

@test "L20 R40 hooks" {
	bad '.hooks.prestart = [{ "path": "bin/true" }]' /hooks/prestart/0/path
	bad '.hooks.poststop = [{ "path": "/bin/true", "timeout": 0 }]' /hooks/poststop/0/timeout
	bad '.hooks.startContainer = [{ "path": "/bin/true", "timeout": -1 }]' /hooks/startContainer/0/timeout
	cp "$T/good.json" "$BUNDLE/config.json"
	program true
	config '.annotations = { "a": "one\ntwo", "b": ("x" * 262144) }'
	ok run -b "$BUNDLE" "$ID"
}

@test "L24 unknown members, and null for optional ones, are no fault" {
	program true
	config '.nosuchmember = { "x": [1] } | .linux.nosuchmember = 1 | .hooks = null | .annotations = null'
	ok run -b "$BUNDLE" "$ID"
}

@test "L12 container ids that are refused" {
	for id in "" . .. a/b ../x "a b" ".hidden" $'a\nb' "$(printf 'x%.0s' {1..300})"; do
		refused "" create -b "$BUNDLE" -- "$id"
	done
	check_clean
}

@test "a command line that cannot be understood" {
	refused "" create -b "$BUNDLE"
	refused "" create -b "$BUNDLE" "$ID" second
	refused "nosuchoption" create --nosuchoption -b "$BUNDLE" "$ID"
	refused "" nosuchcommand
	refused "" create -b "$T/nowhere" "$ID"
	refused "" create -b "$BUNDLE" --pid-file "$T/nowhere/pid" "$ID"
	refused "" create -b "$BUNDLE" --preserve-fds -1 "$ID"
	check_clean
}

@test "a state root that others may write to is refused" {
	mkdir -m 777 "$T/open"
	ROOT=$T/open refused "$T/open" create -b "$BUNDLE" "$ID"
	[ -z "$(ls -A "$T/open")" ]
}

@test "more than a program of the kernel's can hold" {
	bad '.linux.resources.devices = [range(20000) | { allow: true, type: "c", major: 7, minor: ., access: (["r", "w", "m", "rw"][. % 4]) }]' /linux/resources/devices
	requires seccomp
	bad '.annotations = { "run.oci.seccomp_bpf_data": ("A" * 43776) }' /annotations/run.oci.seccomp_bpf_data
}

@test "words of the specification that Linux has not, and values quoted in full or cut" {
	bad '.process.scheduler = { policy: "SCHED_ISO" }' "Linux has no scheduling policy SCHED_ISO (at /process/scheduler/policy"
	bad '.linux.memoryPolicy = { mode: "MPOL_NONE", nodes: "0" }' "invalid memory policy mode"
	bad '.linux.memoryPolicy = { mode: ("MPOL_" + "x" * 60), nodes: "0" }' ... 
	bad '.linux.personality = { domain: ("L" * 60) }' /linux/personality/domain
}

@test "the host's root is no root, with and without a mount namespace" {
	bad '.linux.namespaces |= map(select(.type != "mount")) | .root.path = "/"' "without a mount namespace the root file system cannot be"
	ln -s / "$T/link"
	for root in / //. /proc/self/root "$T/link"; do
		cp "$T/good.json" "$BUNDLE/config.json"
		config --arg root "$root" '.root.path = $root'
		refused "the root file system cannot be the runtime's own, $root (at /root/path)" create -b "$BUNDLE" "$ID"
		davit validate "$BUNDLE"
		[[ $status:$out == 1:*"(at /root/path)"*"1 fault" ]] || complain "validate $root"
	done
}

@test "the receiver of seccomp notifications from the environment is an absolute path" {
	requires seccomp
	config '.linux.seccomp = { defaultAction: "SCMP_ACT_ALLOW", syscalls: [{ names: ["mkdir"], action: "SCMP_ACT_NOTIFY" }] }'
	RUN_OCI_SECCOMP_RECEIVER=run/agent refused "the receiver of the seccomp listener, run/agent, is not an absolute path" \
		create -b "$BUNDLE" "$ID"
}
