#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# User namespaces made and joined by root. The bundle lies below bats' folder, which is closed to
# everybody but root: the container's root cannot get to it by itself.
# shellcheck disable=SC2016  # variables in filters are of jq
load helpers

setup() {
	requires root userns
	new_bundle
	chmod 700 "$T"
}

teardown() {
	local pid
	for pid in ${RECEIVER-}; do
		kill "$pid" 2>/dev/null || true
	done
	tear_down
}

# Id 0 of the container is 100000 of the machine.
has_userns() {
	config '[{ containerID: 0, hostID: 100000, size: 65536 }] as $map | .linux.namespaces += [{ type: "user" }] |
		.linux.uidMappings = $map | .linux.gidMappings = $map'
	chown -R 100000:100000 "$BUNDLE/rootfs"
}

# ns PID TYPE
ns() {
	readlink "/proc/$1/ns/$2"
}

# runs_in ID FILTER [JQ-ARG...]: starts a second container with this change of config.json.
runs_in() {
	local id=$1 filter=$2
	shift 2
	config "$filter" "$@"
	ok run -d -b "$BUNDLE" "$id"
	is running "$id"
}

@test "the ids are mapped, and every namespace belongs to the user namespace" {
	has_userns
	config '.process.user = { uid: 7, gid: 8, additionalGids: [9] }'
	ok run -d -b "$BUNDLE" "$ID"
	pid=$(init_pid)
	for file in uid_map gid_map; do
		[ "$(tr -s ' ' <"/proc/$pid/$file")" = " 0 100000 65536" ]
	done
	[[ $(proc_field "$pid" Uid) == 100007$'\t'* ]]
	[[ $(proc_field "$pid" Gid) == 100008$'\t'* ]]
	[ "$(proc_field "$pid" Groups | tr -d ' ')" = 100009 ]
	[ "$(ns "$pid" user)" != "$(ns self user)" ]
	python3 - "$pid" <<-'END'
		import fcntl, os, sys
		NS_GET_USERNS = 0xB701
		pid = sys.argv[1]
		user = os.stat(f"/proc/{pid}/ns/user").st_ino
		for kind in "pid", "net", "mnt", "ipc", "uts", "cgroup":
		    owner = fcntl.ioctl(os.open(f"/proc/{pid}/ns/{kind}", os.O_RDONLY), NS_GET_USERNS)
		    assert os.fstat(owner).st_ino == user, f"{kind} belongs to another user namespace"
	END
	ok delete --force "$ID"
	check_clean
}

@test "root and bind sources are opened with the rights of the caller" {
	has_userns
	mkdir "$T/closed"
	echo treasure >"$T/closed/file"
	mkdir "$T/closed/folder"
	touch "$T/closed/folder/seen"
	config --arg dir "$T/closed" '.mounts += [
		{ destination: "/tmp/file", type: "bind", source: ($dir + "/file"), options: ["bind", "ro"] },
		{ destination: "/tmp/folder", type: "bind", source: ($dir + "/folder"), options: ["rbind"] }]'
	chmod 700 "$T/closed"
	program sh -c 'id; cat /tmp/file; ls /tmp/folder; echo >/tmp/file'
	chmod 755 "$T/closed/folder"
	davit run -b "$BUNDLE" "$ID"
	[ "$status" -ne 0 ]
	[ "$(tail -n +2 "$OUT")" = treasure$'\n'seen ]
	[[ $(sed -n 1p "$OUT") == "uid=0 gid=0"* ]]
	[[ $err == *"Read-only file system"* ]]
	check_clean
}

@test "devices are those of the host, bound, and they work" {
	has_userns
	program sh -c 'echo >/dev/null && cat /dev/full >/dev/null & cat /dev/zero | (read -r -n 1 c; :); echo >/dev/full'
	davit run -b "$BUNDLE" "$ID"
	[[ $err == *"No space left"* ]]
	[[ $err != *ermission* ]]
	program sleep 1000
	ok run -d -b "$BUNDLE" "$ID"
	pid=$(init_pid)
	for name in null zero full random urandom tty; do
		awk -v at="/dev/$name" '$5 == at { n++; options = "," $6 "," }
			END { exit n != 1 || options !~ /,nosuid,/ || options !~ /,noexec,/ }' "/proc/$pid/mountinfo"
		[ "$(stat -c %t:%T "/proc/$pid/root/dev/$name")" = "$(stat -c %t:%T "/dev/$name")" ]
	done
}

@test "/sys and the container's cgroup are mounted" {
	requires cgroup2
	has_userns
	config '.mounts += [{ destination: "/sys/fs/cgroup", type: "cgroup", source: "cgroup", options: ["ro", "nosuid", "noexec", "nodev"] }]'
	ok run -d -b "$BUNDLE" "$ID"
	pid=$(init_pid)
	grep -q ' /sys ro,.* - sysfs ' "/proc/$pid/mountinfo"
	[ -e "/proc/$pid/root/sys/class/net/lo" ]
	[ "$CGROOT$(awk '$5 == "/sys/fs/cgroup" { print $4 }' "/proc/$pid/mountinfo")" = "$(cgroup_of "$pid")" ]
	[ "$(stat -c %i "/proc/$pid/root/sys/fs/cgroup")" = "$(stat -c %i "$(cgroup_of "$pid")")" ]
	# With the host's network namespace no sysfs can be mounted: it is the host's, read-only.
	ok delete --force "$ID"
	config '.linux.namespaces |= map(select(.type != "network"))'
	ok run -d -b "$BUNDLE" "$ID"
	pid=$(init_pid)
	grep -q ' /sys ro,.* - sysfs ' "/proc/$pid/mountinfo"
	[ "$(ls "/proc/$pid/root/sys/class/net")" = "$(ls /sys/class/net)" ]
}

@test "the terminal belongs to the container's user" {
	has_userns
	config '.process.terminal = true | .process.user = { uid: 7, gid: 8 }'
	"$HERE/recv-console.py" "$T/console" "$T/report" </dev/null >/dev/null 2>&1 3>&- &
	RECEIVER=$!
	appears "$T/console"
	ok run -d --console-socket "$T/console" -b "$BUNDLE" "$ID"
	appears "$T/report"
	[[ $(<"$T/report") == "ok "* ]]
	pid=$(init_pid)
	[[ $(readlink "/proc/$pid/fd/0") == /dev/pts/* || $(readlink "/proc/$pid/fd/0") == /dev/console ]]
	[ "$(stat -Lc %u "/proc/$pid/fd/0")" = 100007 ]
	[ "$(stat -c %u "/proc/$pid/root/dev/pts")" = 100000 ]
	[ "$(stat -c %t:%T "/proc/$pid/root/dev/console")" = "$(stat -Lc %t:%T "/proc/$pid/fd/0")" ]
}

@test "a user namespace is joined, with a new pid namespace" {
	has_userns
	ok run -d -b "$BUNDLE" "$ID"
	first=$(init_pid)
	runs_in "$ID-2" '.linux.namespaces |= map(if .type == "user" then .path = $path else . end) |
		del(.linux.uidMappings, .linux.gidMappings)' --arg path "/proc/$first/ns/user"
	second=$(init_pid "$ID-2")
	[ "$(ns "$second" user)" = "$(ns "$first" user)" ]
	for type in pid net mnt ipc uts cgroup; do
		[ "$(ns "$second" "$type")" != "$(ns "$first" "$type")" ]
		[ "$(ns "$second" "$type")" != "$(ns self "$type")" ]
	done
	[ "$(proc_field "$second" NSpid)" = "$second"$'\t1' ]
	[[ $(proc_field "$second" Uid) == 100000$'\t'* ]]
	[ "$(proc_field "$second" PPid)" != "$first" ]
	# Whose a device would be that the host has no node for is not known here.
	mv "$BUNDLE/config.json" "$T/kept"
	jq --arg path "/proc/$first/ns/user" '.linux.namespaces |= map(if .type == "user" then .path = $path else . end) |
		del(.linux.uidMappings, .linux.gidMappings) |
		.linux.devices = [{ type: "c", path: "/dev/c", major: 1, minor: 5 }]' <"$T/kept" >"$BUNDLE/config.json"
	refused "no device /dev/c c 1:5 to be bound, and of a joined user namespace nobody tells its owner's id (at /linux/devices/0)" create -b "$BUNDLE" "$ID-3"
}

@test "a user and a pid namespace are joined" {
	has_userns
	ok run -d -b "$BUNDLE" "$ID"
	first=$(init_pid)
	runs_in "$ID-2" '.linux.namespaces |= map(if .type == "user" or .type == "pid" then .path = $path + .type else . end) |
		del(.linux.uidMappings, .linux.gidMappings)' --arg path "/proc/$first/ns/"
	second=$(init_pid "$ID-2")
	for type in user pid; do
		[ "$(ns "$second" "$type")" = "$(ns "$first" "$type")" ]
	done
	for type in net mnt ipc uts cgroup; do
		[ "$(ns "$second" "$type")" != "$(ns "$first" "$type")" ]
	done
	[[ $(proc_field "$second" NSpid) == "$second"$'\t'[2-9]* ]]
	[[ $(proc_field "$second" Uid) == 100000$'\t'* ]]
	# The end of its pid namespace's first process is its own.
	ok delete --force "$ID"
	becomes stopped "$ID-2"
}

@test "a new user namespace beside joined network and pid namespaces" {
	ok run -d -b "$BUNDLE" "$ID"
	first=$(init_pid)
	has_userns
	# A procfs can be mounted by who has rights over its pid namespace alone.
	config '.mounts |= map(select(.type != "proc"))'
	runs_in "$ID-2" '.linux.namespaces |= map(if .type == "network" then .path = $path + "net" elif .type == "pid" then .path = $path + "pid" else . end)' \
		--arg path "/proc/$first/ns/"
	second=$(init_pid "$ID-2")
	for type in net pid; do
		[ "$(ns "$second" "$type")" = "$(ns "$first" "$type")" ]
	done
	for type in user mnt ipc uts cgroup; do
		[ "$(ns "$second" "$type")" != "$(ns "$first" "$type")" ]
	done
	[[ $(proc_field "$second" Uid) == 100000$'\t'* ]]
	[ "$(tr -s ' ' <"/proc/$second/uid_map")" = " 0 100000 65536" ]
}

@test "limits: set as listed, even when they leave no room for the set-up" {
	has_userns
	config '.process.rlimits = [{ type: "RLIMIT_NOFILE", hard: 4, soft: 4 }, { type: "RLIMIT_CORE", hard: 0, soft: 0 }]'
	ok create -b "$BUNDLE" "$ID"
	ok start "$ID"
	is running
	[ "$(awk '/^Max open files/ { print $4 ":" $5 }' "/proc/$(init_pid)/limits")" = 4:4 ]
}

@test "limits above the caller's are raised by the host's root, or create fails" {
	has_userns
	limit=$(($(ulimit -Hn) + 1))
	[ "$limit" -lt "$(</proc/sys/fs/nr_open)" ] || skip "no room above the limit"
	config --argjson n "$limit" '.process.rlimits = [{ type: "RLIMIT_NOFILE", hard: $n, soft: 100 }]'
	if capable 24; then
		ok run -d -b "$BUNDLE" "$ID"
		[ "$(awk '/^Max open files/ { print $4 ":" $5 }' "/proc/$(init_pid)/limits")" = "100:$limit" ]
	else
		refused "RLIMIT_NOFILE to 100:$limit [step raise-rlimits in host]" create -b "$BUNDLE" "$ID"
	fi
}

