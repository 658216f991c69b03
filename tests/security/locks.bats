#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# In a user namespace, with CAP_SYS_ADMIN in it: what the host has of flags on a mount, and of mounts on
# its folders, is not the container's to take off, as with runc (crun's sources have no locks).
# shellcheck disable=SC2016  # variables of jq, and of the shell inside
load helpers

setup() {
	requires root userns
	new_bundle
	R=$BUNDLE/rootfs
	S=$T/sources
	ln -s busybox "$R/bin/umount"
	mkdir -p "$R"/{ro,tree,mapped}
	config '[{ containerID: 0, hostID: 100000, size: 65536 }] as $map | .linux.namespaces += [{ type: "user" }] |
		.linux.uidMappings = $map | .linux.gidMappings = $map | .root.readonly = false |
		reduce ("bounding", "effective", "permitted") as $set (.; .process.capabilities[$set] += ["CAP_SYS_ADMIN"])'
	has_shared_mounts
	mkdir "$S"
	on_host mount -t tmpfs -o mode=755 sources "$S"
	on_host sh -c 'mkdir -p "$1"/ro "$1"/tree/sub; echo secret >"$1/tree/sub/secret"; chmod -R 777 "$1"' - "$S"
	on_host mount -t tmpfs cover "$S/tree/sub"
	on_host mount --bind "$S/ro" "$S/ro"
	on_host mount -o remount,bind,ro,nosuid,nodev,noexec "$S/ro"
	chown -R 100000:100000 "$R"
	on_host mount --bind "$R" "$R"
	on_host mount -o remount,bind,nosuid,nodev "$R"
}

teardown() {
	local failed=0
	tear_down || failed=1
	end_host
	return $failed
}

# attack: what is said of it inside. The flags that are there at the end, and what can be seen.
attack() {
	cat >"$R/attack" <<-'END'
		mount -o remount,bind,rw,suid,dev,exec /ro
		mount -o remount,bind,rw,suid,dev,exec /mapped
		mount -o remount,bind,rw,suid,dev,exec /
		umount /tree/sub
		[ ! -e /tree/sub/secret ] || echo "there is a secret"
		touch /ro/made /mapped/made && echo "a file is made"
		while read -r _ _ _ _ at flags _; do
			case $at in
			/ | /ro | /mapped) echo "$at $flags" ;;
			esac
		done </proc/self/mountinfo
	END
	"$@" sh /attack
}

# is_kept: the host's flags are there after an attack.
is_kept() {
	echo "$out"
	[[ $out == *"/ro ro,nosuid,nodev,noexec"* && $out == *"/mapped ro,nosuid,nodev,noexec"* && $'\n'$out == *$'\n/ rw,nosuid,nodev'* ]]
	[[ $out != *secret* && $out != *made* ]]
	[ ! -e "/proc/$HOST/root$S/ro/made" ]
}

# withstands: the running container does, and is in no peer group of the host's.
withstands() {
	attack davit exec "$ID"
	is_kept
	isolated "$(init_pid)" "$HOST" "^\$"
}

@test "locks: root of a user namespace takes off neither flags of the host's mounts nor what covers their folders" {
	config --arg s "$S" '.mounts += [
		{ destination: "/ro", type: "bind", source: ($s + "/ro"), options: ["rbind"] },
		{ destination: "/tree", type: "bind", source: ($s + "/tree"), options: ["rbind"] },
		{ destination: "/mapped", type: "bind", source: ($s + "/ro"), options: ["bind", "idmap"] }]'
	program sleep 1000
	ok run -d -b "$BUNDLE" "$ID"
	withstands
	ok delete --force "$ID"
	check_clean
}

# hard_sources: mounts that the mount namespace of the container's own does not give: folders with a mount
# below them that is not bound, and what a link to another process's root leads to.
hard_sources() {
	jq -n --arg s "$S" --arg host "/proc/$HOST/root$S" '[
		{ destination: "/ro", type: "bind", source: ($s + "/covered"), options: ["bind"] },
		{ destination: "/mapped", type: "bind", source: ($host + "/ro"), options: ["rbind"] },
		{ destination: "/tree", type: "bind", source: ($host + "/tree"), options: ["rbind"] }]' >"$T/hard.json"
	on_host sh -c 'mkdir -p "$1/covered/sub"; chmod 777 "$1/covered"
		mount --bind "$1/covered" "$1/covered"; mount -t tmpfs cover "$1/covered/sub"
		mount -o remount,bind,ro,nosuid,nodev,noexec "$1/covered"' - "$S"
}

@test "locks: nor off a folder alone that has mounts below it, nor off what another process's root leads to" {
	hard_sources
	config --slurpfile more "$T/hard.json" '.mounts += $more[0]'
	program sleep 1000
	ok run -d -b "$BUNDLE" "$ID"
	withstands
	ok delete --force "$ID"
	check_clean
}

@test "locks: nor off what is added to a container that runs" {
	hard_sources
	program sleep 1000
	ok run -d -b "$BUNDLE" "$ID"
	ok mounts add "$ID" "$T/hard.json"
	withstands
	ok mounts remove "$ID" "$T/hard.json"
	! grep -E ' /(ro|tree|mapped)' "/proc/$(init_pid)/mountinfo" || return 1
	ok delete --force "$ID"
	check_clean
}

# config.json may ask for a folder without what is mounted below it: then it is seen, as with crun.
@test "locks: what is bound without r has its own content below, and a source through a link what is mounted there" {
	config --arg s "$S" --arg host "/proc/$HOST/root" '.mounts += [
		{ destination: "/tree", type: "bind", source: ($s + "/tree"), options: ["bind"] },
		{ destination: "/mapped", type: "bind", source: ($host + $s + "/tree"), options: ["rbind"] }]'
	program ls -R /tree /mapped
	ok run -b "$BUNDLE" "$ID"
	[[ $out == *"/tree/sub:"$'\n'secret* && $out == *"/mapped:"$'\n'sub* && $out != *secret*secret* ]] || complain tree
	check_clean
}

# Each is a descriptor more, of which a message has 250.
@test "locks: three hundred of them" {
	config --arg s "$S" '.mounts += [range(300) | { destination: "/tree/\(.)", type: "bind", source: ($s + "/ro"), options: ["rbind"] }]'
	program sh -c 'n=0; while read -r _ _ _ _ at flags _; do
		case $at$flags in /tree/*ro,nosuid*) mount -o remount,bind,rw "$at" || n=$((n + 1)) ;; esac; done </proc/self/mountinfo; echo $n'
	LIMIT=120 ok_with_words run -b "$BUNDLE" "$ID"
	[ "$out" = 300 ]
	check_clean
}

# ok_with_words ARG...: the words are of the program.
ok_with_words() {
	davit "$@"
	[ "$status" -eq 0 ] || complain "ended with $status"
}
