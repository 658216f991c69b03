#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# What create must refuse: not zero, one line that names the place, nothing left. R numbers are the
# rows of the rejection table; a test holds several where one bundle serves them all.
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

@test "R03 config.json is no regular file, or is too large, or is not there" {
	rm "$BUNDLE/config.json"
	rejects "config.json"
	[[ $err == *"no such file or directory"* ]]
	mkfifo "$BUNDLE/config.json"
	LIMIT=5 rejects "config.json"
	rm "$BUNDLE/config.json"
	mkdir "$BUNDLE/config.json"
	rejects "config.json"
	rmdir "$BUNDLE/config.json"
	ln -s config.json "$BUNDLE/config.json"
	rejects "config.json"
	rm "$BUNDLE/config.json"
	{ cat "$T/good.json"; head -c 9437184 /dev/zero | tr '\0' ' '; } >"$BUNDLE/config.json"
	rejects "config.json"
}

@test "R04 R05 R06 R07 trailing text, a key twice, NUL, bad UTF-8" {
	{ cat "$T/good.json"; echo x; } >"$BUNDLE/config.json"
	rejects "config.json"
	sed 's/"hostname": "davit"/"hostname": "davit", "hostname": "other"/' "$T/good.json" >"$BUNDLE/config.json"
	rejects "hostname"
	sed 's/"hostname": "davit"/"hostname": "da\\u0000vit"/' "$T/good.json" >"$BUNDLE/config.json"
	rejects ""
	sed 's/"hostname": "davit"/"hostname": "da\xc0\xafvit"/' "$T/good.json" >"$BUNDLE/config.json"
	rejects ""
}

@test "R08 nesting without end" {
	deep=$(printf '[%.0s' {1..2000})
	text "{ \"x\": $deep"
	rejects "config.json"
}

@test "R09 R10 wrong types and numbers out of range" {
	bad '.process.user.uid = "0"' /process/user/uid
	bad '.process.args = "sh"' /process/args
	bad '.mounts[1].options = {}' /mounts/1/options
	bad '.linux.namespaces[0] = 5' /linux/namespaces/0
	bad '.process.user.gid = 1.5' /process/user/gid
	bad '.process.rlimits[0].soft = -1' /process/rlimits/0/soft
	bad '.root.readonly = "yes"' /root/readonly
}

@test "R11 ociVersion" {
	bad 'del(.ociVersion)' ociVersion
	bad '.ociVersion = "2.0.0"' /ociVersion
	bad '.ociVersion = "abc"' /ociVersion
}

@test "R12 root" {
	bad 'del(.root)' root
	bad '.root.path = ""' /root/path
	bad '.root.path = "nowhere"' nowhere
	bad '.root.path = "config.json"' config.json
}

@test "R13 R14 no program, or a working folder that is not absolute" {
	bad '.process.args = []' /process/args
	bad '.process.args = [""]' /process/args
	bad '.process.cwd = "tmp"' /process/cwd
	bad '.process.cwd = ""' /process/cwd
	bad '.process.cwd = "/proc/self/fd/7"' /proc/self/fd/7
}

@test "R17 R18 user and groups" {
	bad '.process.user.uid = 4294967295' /process/user/uid
	bad '.process.user.uid = -1' /process/user/uid
	bad '.process.user.uid = 4294967296' /process/user/uid
	bad '.process.user.additionalGids = [range(65537)]' /process/user/additionalGids
}

@test "R21 R22 rlimits and the OOM score" {
	bad '.process.rlimits += [.process.rlimits[0]]' /process/rlimits/1
	bad '.process.rlimits[0].soft = 2048' /process/rlimits/0
	bad '.process.rlimits[0].type = "RLIMIT_NOTHING"' /process/rlimits/0/type
	bad '.process.oomScoreAdj = 1001' /process/oomScoreAdj
}

@test "R23 R24 R25 namespaces" {
	bad '.linux.namespaces += [{ "type": "uts" }]' /linux/namespaces/6
	bad '.linux.namespaces[3].path = "/proc/self/ns/net"' /linux/namespaces/3
	bad '.linux.namespaces[3].path = "/etc/passwd"' /linux/namespaces/3
	bad '.linux.namespaces[3].type = "disk"' /linux/namespaces/3/type
}

@test "R26 id mappings" {
	bad '.linux.uidMappings = [{ "containerID": 0, "hostID": 0, "size": 1 }]' /linux/uidMappings
	bad '.linux.namespaces += [{ "type": "user" }]' user
	bad '.linux.namespaces += [{ "type": "user" }] | .linux |= . + {
		"uidMappings": [{ "containerID": 0, "hostID": 0, "size": 0 }],
		"gidMappings": [{ "containerID": 0, "hostID": 0, "size": 1 }] }' /linux/uidMappings/0
}

@test "R28 R33 mounts" {
	bad '.mounts[0].destination = ""' /mounts/0/destination
	bad '.mounts += [{ "destination": "/mnt", "type": "bind", "source": "/tmp", "options": ["bind", "nosuchoption"] }]' nosuchoption
	bad '.mounts += [{ "destination": "/mnt", "type": "bind", "source": "/no/such/source", "options": ["bind"] }]' /no/such/source
	bad '.mounts += [{ "destination": "/mnt", "type": "nosuchfs", "source": "x" }]' nosuchfs
}

@test "R31 mounts over /proc" {
	bad '.mounts += [{ "destination": "/proc/self/attr", "type": "tmpfs", "source": "tmpfs" }]' /proc/self/attr
	bad '.mounts += [{ "destination": "/proc", "type": "tmpfs", "source": "tmpfs" }]' /proc
}

@test "R35 R36 cgroups" {
	requires cgroup2
	bad '.linux.cgroupsPath = "/../outside"' /linux/cgroupsPath
	bad '.linux.cgroupsPath = "/a\nb"' /linux/cgroupsPath
	bad '.linux.resources.unified = { "../memory.max": "1" }' /linux/resources/unified
	bad '.linux.resources.unified = { "memory/max": "1" }' /linux/resources/unified
}

@test "R37 sysctls" {
	bad '.linux.sysctl = { "kernel.panic": "1" }' kernel.panic
	bad '.linux.sysctl = { "net/../kernel/panic": "1" }' net/../kernel
	bad '.linux.sysctl = { "kernel.shm..max": "1" }' kernel.shm..max
	bad '.linux.namespaces |= map(select(.type != "network")) | .linux.sysctl = { "net.ipv4.ip_forward": "1" }' net.ipv4.ip_forward
}

@test "R38 devices" {
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

@test "R40 hooks" {
	bad '.hooks.prestart = [{ "path": "bin/true" }]' /hooks/prestart/0/path
	bad '.hooks.poststop = [{ "path": "/bin/true", "timeout": 0 }]' /hooks/poststop/0/timeout
}

@test "unknown members, and null for optional ones, are no fault (L24)" {
	program true
	config '.nosuchmember = { "x": [1] } | .linux.nosuchmember = 1 | .hooks = null | .annotations = null'
	ok run -b "$BUNDLE" "$ID"
}

@test "container ids that are refused" {
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
