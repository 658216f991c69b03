#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# linux.namespaces and what belongs to them: id mappings, time offsets, the propagation of the root,
# masked and read-only paths. One test a property, seen from outside where that is possible.
# shellcheck disable=SC2016  # variables in filters are of jq
load helpers

setup() {
	requires root
	new_bundle
}

teardown() {
	local failed=0
	tear_down || failed=1
	end_host
	return $failed
}

# ns PID TYPE: TYPE as config.json calls it.
ns() {
	local file=$2
	case $2 in
	network) file=net ;;
	mount) file=mnt ;;
	esac
	readlink "/proc/$1/ns/$file"
}

# Id 0 of the container is 100000 of the machine.
has_userns() {
	config '[{ containerID: 0, hostID: 100000, size: 65536 }] as $map | .linux.namespaces += [{ type: "user" }] |
		.linux.uidMappings = $map | .linux.gidMappings = $map'
	chown -R 100000:100000 "$BUNDLE/rootfs"
}

# lives [ID]: the container runs; its pid is in $pid.
lives() {
	ok run -d -b "$BUNDLE" "${1:-$ID}"
	pid=$(init_pid "${1:-$ID}")
}

# offset PID CLOCK: "SECONDS NANOSECONDS" of its time namespace.
offset() {
	awk -v clock="$2" '$1 == clock { print $2, $3 }' "/proc/$1/timens_offsets"
}

# owner_of PID FILE: the inode of the user namespace that the namespace belongs to.
owner_of() {
	python3 -c 'import fcntl, os, sys
print(os.fstat(fcntl.ioctl(os.open(sys.argv[1], os.O_RDONLY), 0xB701)).st_ino)' "/proc/$1/ns/$2"
}

# mount_of PID TARGET: the line of mountinfo of what is on top there.
mount_of() {
	awk -v at="$2" '$5 == at { line = $0 } END { print line }' "/proc/$1/mountinfo"
}

@test "linux.namespaces[].type: what is listed is new, each of the eight" {
	requires userns timens
	has_userns
	config '.linux.namespaces += [{ type: "time" }]'
	lives
	for type in pid network mount ipc uts user cgroup time; do
		[ "$(ns "$pid" "$type")" != "$(ns self "$type")" ] || complain "$type is not new" || return
	done
	[ "$(readlink "/proc/$pid/ns/pid_for_children")" = "$(ns "$pid" pid)" ]
	[ "$(readlink "/proc/$pid/ns/time_for_children")" = "$(ns "$pid" time)" ]
	ok delete --force "$ID"
	check_clean
}

@test "linux.namespaces[].type: what is not listed is the caller's" {
	config 'del(.hostname) | .linux.namespaces = [{ type: "mount" }]'
	lives
	for type in pid network ipc uts user cgroup time; do
		[ ! -e "/proc/self/ns/$type" ] || [ "$(ns "$pid" "$type")" = "$(ns self "$type")" ] ||
			complain "$type is not the caller's" || return
	done
	[ "$(ns "$pid" mount)" != "$(ns self mount)" ]
}

@test "linux.namespaces[].type: unknown, twice, and a user namespace without a mount namespace: refused" {
	config '.linux.namespaces += [{ type: "unknown" }]'
	refused '/linux/namespaces/6/type' create -b "$BUNDLE" "$ID"
	config '.linux.namespaces[6].type = "ipc"'
	refused '/linux/namespaces/6/type' create -b "$BUNDLE" "$ID"
	config '.linux.namespaces |= map(select(.type != "mount" and .type != "ipc")) + [{ type: "user" }]'
	refused 'a user namespace and no mount namespace' create -b "$BUNDLE" "$ID"
	check_clean
}

@test "linux.namespaces[].type: a user namespace without the ipc one that a mount shows: it is named" {
	requires userns
	has_userns
	config '.linux.namespaces |= map(select(.type != "ipc")) | .mounts += [{ destination: "/mq", type: "mqueue", source: "mqueue" }]'
	refused 'operation not permitted; it takes a namespace of type ipc' create -b "$BUNDLE" "$ID"
	check_clean
}

# More of it in tests/security/chroot.bats.
@test "linux.namespaces[].type: without mount it is the caller's, in which the root is a chroot" {
	config '.linux.namespaces |= map(select(.type != "mount"))'
	lives
	[ "$(ns "$pid" mount)" = "$(ns self mount)" ]
	[ "$(stat -Lc %d:%i "/proc/$pid/root")" = "$(stat -c %d:%i "$BUNDLE/rootfs")" ]
	[[ $(mount_of "$pid" /proc) == *' - proc '* ]]
	ok exec "$ID" ls / /dev/null /proc/1
	ok delete --force "$ID"
	check_clean
}

# In a mount namespace of its own: were it pivoted, all the tests' processes would have the container's root.
@test "linux.namespaces[].path: the runtime's own mount namespace is as if it was not listed, process 1's is refused" {
	program sh -c 'cat /proc/1/comm; stat -Lc %i /proc/self/ns/mnt'
	for path in self 1; do
		config --arg path "/proc/$path/ns/mnt" '.linux.namespaces |= map(if .type == "mount" then .path = $path else . end)'
		# shellcheck disable=SC2016,SC2153  # the inner shell's
		DAVIT_TEST=$TOKEN run unshare -m -p -f --mount-proc sh -c '
			root=$(stat -c %d:%i /)
			if [ "$1" = 1 ]; then unshare -m --propagation private "$0" --root "$2" run -b "$3" "$4"
			else "$0" --root "$2" run -b "$3" "$4"; fi </dev/null 2>&1
			echo "status $?"
			[ "$(stat -c %d:%i /)" = "$root" ] && echo kept; stat -Lc %i /proc/self/ns/mnt' \
			"$DAVIT" "$path" "$ROOT" "$BUNDLE" "$ID" 3>&- 4>&-
		if [ $path = self ]; then
			[[ $output == *"status 0"*kept* ]] || complain "$output"
			[ "$(grep -c "^${lines[-1]}\$" <<<"$output")" = 2 ] || complain "another mount namespace: $output"
		else
			[[ $output == *"/proc/1/ns/mnt is the mount namespace of process 1"*"(at /linux/namespaces/"*"status 1"*kept* ]] ||
				complain "$output"
		fi
	done
	config '.linux.namespaces |= map(if .type == "mount" then .path = "/proc/self/ns/mnt" else . end) + [{ type: "user" }]'
	refused "there is a user namespace, and the mount namespace is the runtime's own" create -b "$BUNDLE" "$ID"
	check_clean
}

@test "linux.namespaces[].path: the container is in the named ones" {
	requires timens
	config '.linux.namespaces += [{ type: "time" }]'
	lives
	first=$pid
	for type in network ipc uts pid cgroup time; do
		config --arg type "$type" --arg path "$(ns_path "$first" "$type")" \
			'.linux.namespaces |= map(if .type == $type then .path = $path else . end)'
	done
	lives "$ID-2"
	for type in network ipc uts pid cgroup time; do
		[ "$(ns "$pid" "$type")" = "$(ns "$first" "$type")" ] || complain "$type is not joined" || return
	done
	[ "$(ns "$pid" mount)" != "$(ns "$first" mount)" ]
	ok delete --force "$ID-2"
}

# ns_path PID TYPE
ns_path() {
	case $2 in
	network) echo "/proc/$1/ns/net" ;;
	*) echo "/proc/$1/ns/$2" ;;
	esac
}

@test "linux.namespaces[].path: relative, of another type, no namespace, not there: refused with the pointer" {
	config '.linux.namespaces[1].path = "proc/self/ns/net"'
	refused '/linux/namespaces/1/path' create -b "$BUNDLE" "$ID"
	config '.linux.namespaces[1].path = "/proc/self/ns/uts"'
	refused 'of another type than "network" (at /linux/namespaces/1/path)' create -b "$BUNDLE" "$ID"
	config '.linux.namespaces[1].path = "/etc/passwd"'
	refused '/linux/namespaces/1/path' create -b "$BUNDLE" "$ID"
	config '.linux.namespaces[1].path = "/proc/self/ns/none"'
	refused 'no such file or directory' create -b "$BUNDLE" "$ID"
	check_clean
}

@test "linux.{uidMappings,gidMappings}: the kernel has them, line by line" {
	requires userns
	has_userns
	config '.linux.uidMappings = [{ containerID: 0, hostID: 100000, size: 10 }, { containerID: 10, hostID: 200000, size: 5 }] |
		.linux.gidMappings = [{ containerID: 0, hostID: 100000, size: 7 }, { containerID: 100, hostID: 300000, size: 1 }] |
		.process.user = { uid: 12, gid: 100 }'
	lives
	[ "$(tr -s ' ' <"/proc/$pid/uid_map")" = " 0 100000 10"$'\n'" 10 200000 5" ]
	[ "$(tr -s ' ' <"/proc/$pid/gid_map")" = " 0 100000 7"$'\n'" 100 300000 1" ]
	[ "$(proc_field "$pid" Uid | cut -f1)" = 200002 ]
	[ "$(proc_field "$pid" Gid | cut -f1)" = 300000 ]
}

@test "linux.{uidMappings,gidMappings}: without a user namespace, one alone, overlapping, an id that is not mapped: refused" {
	requires userns
	config '.linux.uidMappings = [{ containerID: 0, hostID: 100000, size: 10 }] | .linux.gidMappings = .linux.uidMappings'
	refused 'needs a user namespace' create -b "$BUNDLE" "$ID"
	config '.linux.namespaces += [{ type: "user" }] | del(.linux.gidMappings)'
	refused '/linux/gidMappings' create -b "$BUNDLE" "$ID"
	config '.linux.gidMappings = .linux.uidMappings + [{ containerID: 9, hostID: 200000, size: 2 }]'
	refused '/linux/gidMappings/1' create -b "$BUNDLE" "$ID"
	config '.linux.gidMappings = .linux.uidMappings | .process.user.uid = 10'
	chown -R 100000:100000 "$BUNDLE/rootfs"
	# What nobody can be is known to the kernel.
	refused 'uid 10 has no mapping' run -b "$BUNDLE" "$ID"
	ok delete --force "$ID"
	config '.process.user.uid = 0 | .linux.uidMappings += [range(300) | { containerID: (1000000000 + .), hostID: (2000000000 + .), size: 1 }]'
	refused 'fewer mappings' create -b "$BUNDLE" "$ID" # 301 lines, but more than a page of text
	check_clean
}

@test "linux.timeOffsets.{boottime,monotonic}: the clocks of the container are that far off" {
	requires timens
	config '.linux.namespaces += [{ type: "time" }] |
		.linux.timeOffsets = { boottime: { secs: 1000000, nanosecs: 500000000 }, monotonic: { secs: 2000000 } }'
	program sh -c 'cat /proc/uptime; exec sleep 1000'
	before=$(cut -d. -f1 /proc/uptime)
	lives
	[ "$(offset "$pid" boottime)" = "1000000 500000000" ]
	[ "$(offset "$pid" monotonic)" = "2000000 0" ]
	[ "$(ns "$pid" time)" != "$(ns self time)" ]
	[ "$(offset self boottime)" != "1000000 500000000" ]
	appears "$T/out.1"
	up=$(cut -d. -f1 "$T/out.1")
	[ "$up" -ge $((before + 1000000)) ]
	[ "$up" -le $((before + 1001000)) ]
	# The rest is as without them: a pid namespace of its own, and process 1 in it.
	[[ $(proc_field "$pid" NSpid) == *$'\t'1 ]]
	ok delete --force "$ID"
	check_clean
}

@test "linux.timeOffsets.monotonic: negative, and through create and start" {
	requires timens
	config '.linux.namespaces += [{ type: "time" }] | .linux.timeOffsets = { monotonic: { secs: -1, nanosecs: 7 } }'
	ok create -b "$BUNDLE" "$ID"
	ok start "$ID"
	[ "$(offset "$(init_pid)" monotonic)" = "-1 7" ]
	[ "$(offset "$(init_pid)" boottime)" = "$(offset self boottime)" ]
}

@test "linux.timeOffsets.boottime: with a new user namespace, which owns the time namespace" {
	requires userns timens
	has_userns
	config '.linux.namespaces += [{ type: "time" }] | .linux.timeOffsets = { boottime: { secs: 4242 } }'
	lives
	[ "$(offset "$pid" boottime)" = "4242 0" ]
	[ "$(tr -s ' ' <"/proc/$pid/uid_map")" = " 0 100000 65536" ]
	user=$(stat -Lc %i "/proc/$pid/ns/user")
	for type in time pid net mnt ipc uts cgroup; do
		[ "$(owner_of "$pid" "$type")" = "$user" ] || complain "$type belongs to another user namespace" || return
	done
	ok delete --force "$ID"
	check_clean
}

@test "linux.timeOffsets.boottime: with joined namespaces, with and without a new user namespace" {
	requires userns timens
	lives
	first=$pid
	config --arg net "/proc/$first/ns/net" --arg pid "/proc/$first/ns/pid" '
		.linux.namespaces |= map(if .type == "network" then .path = $net elif .type == "pid" then .path = $pid else . end) |
		.linux.namespaces += [{ type: "time" }] | .linux.timeOffsets = { boottime: { secs: 4343 } }'
	lives "$ID-2"
	[ "$(offset "$pid" boottime)" = "4343 0" ]
	[ "$(ns "$pid" network)" = "$(ns "$first" network)" ]
	[ "$(ns "$pid" pid)" = "$(ns "$first" pid)" ]
	has_userns
	# No sysfs in a network namespace of others.
	config '.mounts |= map(select(.type != "sysfs" and .type != "proc")) | .linux.maskedPaths = [] | .linux.readonlyPaths = []'
	lives "$ID-3"
	[ "$(offset "$pid" boottime)" = "4343 0" ]
	[ "$(ns "$pid" network)" = "$(ns "$first" network)" ]
	[ "$(ns "$pid" user)" != "$(ns self user)" ]
}

@test "linux.timeOffsets.boottime: with a joined user namespace, which owns the time namespace" {
	requires userns timens
	has_userns
	lives
	first=$pid
	config --arg user "/proc/$first/ns/user" 'del(.linux.uidMappings, .linux.gidMappings) |
		.linux.namespaces |= map(if .type == "user" then .path = $user else . end) |
		.linux.namespaces += [{ type: "time" }] | .linux.timeOffsets = { boottime: { secs: 4444 } }'
	lives "$ID-2"
	[ "$(offset "$pid" boottime)" = "4444 0" ]
	[ "$(ns "$pid" user)" = "$(ns "$first" user)" ]
	[ "$(owner_of "$pid" time)" = "$(stat -Lc %i "/proc/$first/ns/user")" ]
}

@test "linux.timeOffsets.{boottime,monotonic}: without a new time namespace, out of range: refused" {
	requires timens
	config '.linux.timeOffsets = { monotonic: { secs: 1 } }'
	refused 'needs a time namespace' create -b "$BUNDLE" "$ID"
	config '.linux.namespaces += [{ type: "time", path: "/proc/self/ns/time" }]'
	refused '(at /linux/timeOffsets)' create -b "$BUNDLE" "$ID"
	config 'del(.linux.namespaces[6].path) | .linux.timeOffsets.monotonic.nanosecs = 1000000000'
	refused '/linux/timeOffsets/monotonic/nanosecs' create -b "$BUNDLE" "$ID"
	# A clock that would be negative is the kernel's to know.
	config '.linux.timeOffsets = { boottime: { secs: -1000000000 } }'
	refused 'step time-offsets in middle]: numerical result out of range' create -b "$BUNDLE" "$ID"
	config '.linux.timeOffsets = { boottime: { secs: -100000000000 } }'
	refused 'is not from -4611686018 to 4611686018 (at /linux/timeOffsets/boottime/secs)' create -b "$BUNDLE" "$ID"
	check_clean
}

@test "linux.rootfsPropagation: the container's root has it" {
	has_shared_mounts
	mkdir "$BUNDLE/rootfs/later"
	for userns in "" 1; do
		[ -z "$userns" ] || has_userns
		# The word, what mountinfo says of the root, and whether it sees a later mount of the host.
		for row in "::" private:: rprivate:: slave:master:host:yes rslave:master:host:yes \
			shared:shared:own: rshared:shared:own: unbindable:unbindable: runbindable:unbindable:; do
			word=${row%%:*}
			config --arg word "$word" 'if $word == "" then del(.linux.rootfsPropagation) else .linux.rootfsPropagation = $word end'
			lives
			wanted=${row#*:}
			[ "$(tags "$pid" / "$HOST")" = "${wanted%:*}" ] || complain "${word:-unset}: the root is $(tags "$pid" / "$HOST")" || return
			nsenter -m -t "$HOST" -- mount -t tmpfs later "$BUNDLE/rootfs/later"
			[ "$(mount_of "$pid" /later | grep -c .)" = "$([ "${row##*:}" = yes ] && echo 1 || echo 0)" ] ||
				complain "${word:-unset}: a later mount of the host" || return
			nsenter -m -t "$HOST" -- umount "$BUNDLE/rootfs/later"
			ok delete --force "$ID"
		done
	done
	config '.linux.rootfsPropagation = "wrong"'
	refused '/linux/rootfsPropagation' create -b "$BUNDLE" "$ID"
	check_clean
}

@test "linux.maskedPaths: a file reads as empty, a folder is an empty read-only one, what is not there is passed over" {
	mkdir "$BUNDLE/rootfs/etc/folder"
	echo secret | tee "$BUNDLE/rootfs/etc/file" >"$BUNDLE/rootfs/etc/folder/file"
	config '.linux.maskedPaths = ["/etc/file", "/etc/folder", "/etc/none/at/all", "/proc/version"]'
	lives
	in=/proc/$pid/root
	# The device that a file becomes answers only inside: the host's /dev/null there.
	[ "$(stat -c %t:%T "$in/etc/file")" = 1:3 ]
	[ "$(stat -c %t:%T "$in/proc/version")" = 1:3 ]
	[ -z "$(ls -A "$in/etc/folder")" ]
	[[ $(mount_of "$pid" /etc/folder) == *" / /etc/folder ro"* ]]
	[[ $(mount_of "$pid" /etc/folder) == *" - tmpfs "* ]]
	[ ! -e "$in/etc/none" ]
	ok delete --force "$ID"
	[ "$(cat "$BUNDLE/rootfs/etc/file" "$BUNDLE/rootfs/etc/folder/file")" = secret$'\n'secret ]
	program sh -c 'cat /etc/file; ls -A /etc/folder; echo >/etc/folder/new'
	davit run -b "$BUNDLE" "$ID"
	[ "$status" -ne 0 ]
	[ -z "$out" ]
	[[ $err == *"Read-only file system"* ]]
	config '.linux.maskedPaths = ["etc/file"]'
	refused '/linux/maskedPaths/0' create -b "$BUNDLE" "$ID"
	check_clean
}

@test "linux.maskedPaths: a path is covered once, however often and by whatever name it is listed" {
	mkdir -p "$BUNDLE/rootfs/etc/folder" "$BUNDLE/rootfs/etc/other"
	touch "$BUNDLE/rootfs/etc/file"
	ln -s folder "$BUNDLE/rootfs/etc/link"
	ln -s ../etc/file "$BUNDLE/rootfs/etc/name"
	config '.linux.maskedPaths = ["/etc/folder", "/etc/file", "/etc/other", "/etc/folder", "/etc/./file",
		"/etc/link", "/etc/name", "/etc/other/../other"] | .linux.readonlyPaths = ["/etc/other", "/etc/other"]'
	for namespace in none user; do
		[ $namespace = none ] || has_userns
		lives
		for at in folder file; do
			[ "$(awk -v at="/etc/$at" '$5 == at' "/proc/$pid/mountinfo" | wc -l)" = 1 ] || complain "$at ($namespace)"
		done
		# Read-only once, and masked once.
		[ "$(awk '$5 == "/etc/other"' "/proc/$pid/mountinfo" | wc -l)" = 2 ]
		ok delete --force "$ID"
	done
	# The device of a user namespace is the host's too, and writable: it is no cover.
	config '.linux.maskedPaths = ["/etc/file", "/dev/null"]'
	lives
	[[ $(mount_of "$pid" /dev/null) == *" /dev/null ro"* ]]
	ok delete --force "$ID"
	for at in / /. //../.; do
		config --arg at $at '.linux.maskedPaths = [$at]'
		refused "the root itself cannot be masked: $at (at /linux/maskedPaths/0)" create -b "$BUNDLE" "$ID"
		davit validate "$BUNDLE"
		[[ $status == 1 && $out$err == *"/linux/maskedPaths/0"* ]] || complain "not known to validate"
	done
	# What leads there by what is in the root file system.
	for at in /etc/.. /etc/../.; do
		config --arg at $at '.linux.maskedPaths = [$at]'
		refused "mask $at (at /linux/maskedPaths/0) [step masks in init]: invalid argument; the root itself cannot be masked" create -b "$BUNDLE" "$ID"
	done
	check_clean
}

@test "linux.maskedPaths: a parent of a mount hides what is mounted in it" {
	mkdir -p "$BUNDLE/rootfs/m"
	config '.linux.maskedPaths = ["/m", "/m/in"] | .mounts += [{ destination: "/m/in", type: "tmpfs", source: "t" }]'
	lives
	[ -z "$(ls -A "/proc/$pid/root/m")" ]
	[[ $(mount_of "$pid" /m) == *" / /m ro"*" - tmpfs "* ]]
	ok delete --force "$ID"
}

@test "linux.readonlyPaths: the root itself, and what is a mount already" {
	mkdir "$BUNDLE/rootfs/m"
	for root in / // /. /etc/..; do
		config --arg root $root '.linux.readonlyPaths = [$root] |
			.mounts |= map(select(.destination != "/m")) + [{ destination: "/m", type: "tmpfs", source: "t" }]'
		program sh -c 'touch /new; touch /m/new && echo volume; echo >/dev/null && echo device'
		davit run -b "$BUNDLE" "$ID"
		[ "$out" = volume$'\n'device ] || complain "$root"
		[[ $err == *"/new: Read-only file system"* ]]
	done
	program sleep 1000
	lives
	[[ $(mount_of "$pid" /) == *" / ro"* ]]
	ok delete --force "$ID"
	config '.linux.readonlyPaths = ["/m", "/m", "/tmp", "/tmp"]'
	lives
	[[ $(mount_of "$pid" /m) == *" / /m ro,"* ]]
	[ "$(awk '$5 == "/m" || $5 == "/tmp"' "/proc/$pid/mountinfo" | wc -l)" = 2 ]
	[[ $(mount_of "$pid" /tmp) == *" /tmp ro,"* ]]
	ok delete --force "$ID"
	check_clean
}

@test "linux.readonlyPaths: what is there can be read and not written, what is not is passed over" {
	mkdir "$BUNDLE/rootfs/etc/folder"
	echo plain | tee "$BUNDLE/rootfs/etc/file" >"$BUNDLE/rootfs/etc/folder/file"
	config '.linux.readonlyPaths = ["/etc/file", "/etc/folder", "/etc/none"]'
	program sh -c 'cat /etc/file /etc/folder/file; echo >/etc/other; for f in /etc/file /etc/folder/file /etc/folder/new; do
		(echo >$f) && echo wrote $f; done; exit 3'
	davit run -b "$BUNDLE" "$ID"
	[ "$status" -eq 3 ]
	[ "$out" = plain$'\n'plain ]
	[ "$(grep -c "Read-only file system" "$ERR")" = 3 ]
	[ -e "$BUNDLE/rootfs/etc/other" ]
	program sleep 1000
	lives
	[[ $(mount_of "$pid" /etc/file) == *" /etc/file ro"* ]]
	[[ $(mount_of "$pid" /etc/folder) == *" /etc/folder ro"* ]]
	ok delete --force "$ID"
	config '.linux.readonlyPaths = ["etc/file"]'
	refused '/linux/readonlyPaths/0' create -b "$BUNDLE" "$ID"
	# A slash too many is no reason to leave a file as it is.
	for path in maskedPaths readonlyPaths; do
		config --arg path $path '.linux.readonlyPaths = [] | .linux[$path] = ["/etc/none", "/etc/file/"]'
		refused "(at /linux/$path/1) [step masks in init]: not a directory" create -b "$BUNDLE" "$ID"
	done
	check_clean
}
