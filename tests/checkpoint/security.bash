# shellcheck shell=bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# What a restored container may do: properties, whatever criu does. look.py is that of tests/security.
# shellcheck disable=SC2016,SC2154

# In a user namespace, with CAP_SYS_ADMIN in it, as in security/locks.bats: no flags that the host's mounts have
# are taken off.
host_mounts() {
	mount -t tmpfs -o mode=755 sources src
	mkdir -p src/{ro,covered/sub}
	chmod -R 777 src
	mount --bind src/ro src/ro
	mount --bind src/covered src/covered
	mount -t tmpfs cover src/covered/sub
	mount -o remount,bind,ro,nosuid,nodev,noexec src/ro
	mount -o remount,bind,ro,nosuid,nodev,noexec src/covered
	mount --bind b/rootfs b/rootfs
	mount -o remount,bind,nosuid,nodev b/rootfs
}

locked() {
	mkdir -p src b/rootfs/bin b/rootfs/ro b/rootfs/covered
	cat >b/rootfs/attack <<-'END'
		mount -o remount,bind,rw,suid,dev,exec /ro
		mount -o remount,bind,rw,suid,dev,exec /covered
		mount -o remount,bind,rw,suid,dev,exec /
		touch /ro/made /covered/made && echo "a file is made"
		while read -r _ _ _ _ at flags _; do
			case $at in
			/ | /ro | /covered) echo "$at $flags" ;;
			esac
		done </proc/self/mountinfo
	END
	host_mounts
	bundle b --arg s "$T/src" '[{ containerID: 0, hostID: 100000, size: 65536 }] as $map | .linux.namespaces += [{ type: "user" }]
		| .linux.uidMappings = $map | .linux.gidMappings = $map
		| reduce ("bounding", "effective", "permitted") as $set (.; .process.capabilities[$set] += ["CAP_SYS_ADMIN"])
		| .mounts += [
			{ destination: "/ro", type: "bind", source: ($s + "/ro"), options: ["rbind"] },
			{ destination: "/covered", type: "bind", source: ($s + "/covered"), options: ["bind"] }]'
	chown -R 100000:100000 b/rootfs
	dv run -d -b b "$ID" > >(exec cat >out) 2>&1
	grows out
	dv checkpoint --image-path img "$ID"
	dv restore --image-path img -b b -d "$ID" > >(exec cat >out2) 2>&1 || { cat out2; return 1; }
	grows out2
	dv exec "$ID" sh /attack >attacked 2>&1
	cat attacked
	grep -q '^/ rw,nosuid,nodev' attacked
	grep -q '^/ro ro,nosuid,nodev,noexec' attacked
	grep -q '^/covered ro,nosuid,nodev,noexec' attacked
	[ ! -e src/ro/made ]
	[ ! -e src/covered/made ]
	dv delete -f "$ID"
	umount -R src
	umount b/rootfs
}

# leads_nowhere: what look.py finds, beside config.json, of the container.
leads_nowhere() {
	python3 -ES /share/look.py "$(pid_of "$ID")" --host host.mounts --config b/config.json --umask "$(umask)" --keyring "$ID" >looked ||
		{ echo "$1:"; cat looked; return 1; }
	grep -q processes looked
}

inspected() {
	cat /proc/self/mountinfo >host.mounts
	holds nothing '' "$1"
	leads_nowhere started
	dv checkpoint --image-path img "$ID"
	comes_back
	leads_nowhere restored
	dv exec -d "$ID" sleep 100000 >/dev/null 2>&1 </dev/null
	leads_nowhere "restored, with an exec"
	dv delete -f "$ID"
}

# What a config may say of a process, and of what is around it.
FULL='.process.user = { uid: 0, gid: 0, umask: 23, additionalGids: [3] } | .process.oomScoreAdj = 321
	| .process.rlimits = [{ type: "RLIMIT_NOFILE", soft: 100, hard: 200 }, { type: "RLIMIT_CORE", soft: 0, hard: 0 }]
	| .process.capabilities |= map_values(["CAP_KILL"]) | .linux.namespaces += [{ type: "network" }]
	| .linux.seccomp = { defaultAction: "SCMP_ACT_ALLOW", syscalls: [{ names: ["swapon"], action: "SCMP_ACT_ERRNO" }] }
	| .linux.resources.devices = [{ allow: false, access: "rwm" }] '

look_plain() {
	inspected "$FULL"
}

look_user() {
	inspected "$FULL"'| [{ containerID: 0, hostID: 100000, size: 65536 }] as $map | .linux.namespaces += [{ type: "user" }]
		| .linux.uidMappings = $map | .linux.gidMappings = $map'
}

# What is dumped is memory, with all that a program keeps secret.
hidden_images() {
	umask 022
	mkdir img work
	holds memory
	dv checkpoint --image-path img --work-path work "$ID"
	[ -z "$(find img work -type f -perm /077)" ] || { ls -l img work; return 1; }
	comes_back
	dv delete -f "$ID"
}

# The host has no node of it: create made one, and so does restore.
made_device() {
	holds memory '' '[{ containerID: 0, hostID: 100000, size: 65536 }] as $map | .linux.namespaces += [{ type: "user" }]
		| .linux.uidMappings = $map | .linux.gidMappings = $map
		| .linux.devices = [{ path: "/dev/mine", type: "c", major: 10, minor: 222, fileMode: 438 }]'
	dv checkpoint --image-path img "$ID"
	comes_back
	[ "$(stat -c '%t:%T' "/proc/$(pid_of "$ID")/root/dev/mine")" = a:de ]
	[ "$(stat -c '%t:%T' "/proc/$(pid_of "$ID")/root/dev/zero")" = 1:5 ]
	dv delete -f "$ID"
}
