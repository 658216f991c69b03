#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# mounts add, remove, list: seen in the mountinfo of the container and through its /proc/PID/root.
load helpers

setup() {
	requires root
	new_bundle
	mkdir "$T/source"
	echo from the host >"$T/source/file"
	config '.root.readonly = false'
}

teardown() {
	tear_down
}

start() {
	ok run --detach -b "$BUNDLE" "$ID"
	pid=$(init_pid)
}

# mounted PLACE: the options of the topmost mount there, as the container's mountinfo has them.
mounted() {
	awk -v place="$1" '$5 == place { options = $6 } END { if (!options) exit 1; print options }' "/proc/$pid/mountinfo"
}

# bind PLACE OPTIONS-AS-JSON: writes $T/m.json in crun's form, an array.
bind() {
	jq -n --arg source "$T/source" --arg to "$1" --argjson options "$2" \
		'[{ destination: $to, type: "bind", source: $source, options: $options }]' >"$T/m.json"
}

@test "mounts list prints the members that its page names" {
	requires root cgroup2
	page=$("$DAVIT" help mounts)
	ok create -b "$BUNDLE" "$ID"
	ok mounts list "$ID"
	[ "$(jq -r 'keys[]' <<<"$out")" = mounts ]
	for member in $(jq -r '.mounts[] | keys[]' <<<"$out" | sort -u); do
		grep -qw "$member" <<<"$page" || { echo "not in the page: $member"; false; }
	done
	[[ $page == *"JSON object"* ]]
	[[ $page != *mountinfo* ]]
}

@test "add ID FILE: a bind mount with its options, in the container alone; remove takes it away" {
	start
	bind /mnt/new/place '["bind", "ro", "nosuid"]'
	ok mounts add "$ID" "$T/m.json"
	[ -z "$out" ]
	[[ ,$(mounted /mnt/new/place), == *,ro,*nosuid,* ]]
	[ "$(cat "/proc/$pid/root/mnt/new/place/file")" = "from the host" ]
	! grep -qF "$BUNDLE/rootfs/mnt" /proc/self/mountinfo || return 1
	ok mounts remove "$ID" "$T/m.json"
	! mounted /mnt/new/place || return 1
	[ ! -e "/proc/$pid/root/mnt/new/place/file" ]
	[ -e "$T/source/file" ]
	refused "nothing is mounted on /mnt/new/place" mounts remove "$ID" "$T/m.json"
}

@test "add: an object with mounts, several at once, files, and the standard input" {
	start
	jq -n --arg s "$T/source" '{ mounts: [
		{ destination: "/tmp/dir", type: "bind", source: $s, options: ["rbind"] },
		{ destination: "/tmp/one", source: ($s + "/file"), options: ["bind", "rro"] } ] }' >"$T/two.json"
	ok mounts add "$ID" "$T/two.json"
	[ "$(cat "/proc/$pid/root/tmp/dir/file")" = "from the host" ]
	[ "$(cat "/proc/$pid/root/tmp/one")" = "from the host" ]
	[[ ,$(mounted /tmp/one), == *,ro,* ]]
	"$DAVIT" --root "$ROOT" mounts remove "$ID" - <"$T/two.json"
	! mounted /tmp/dir && ! mounted /tmp/one
}

@test "list: what the container's mountinfo says" {
	start
	bind /tmp/dir '["bind", "ro"]'
	ok mounts add "$ID" "$T/m.json"
	ok mounts list "$ID"
	[ "$(jq -r '.mounts[].destination' <<<"$out")" = "$(awk '{ print $5 }' "/proc/$pid/mountinfo")" ]
	jq -e '.mounts[-1] | .destination == "/tmp/dir" and (.options | index("ro")) != null' <<<"$out"
	jq -e '.mounts[] | select(.destination == "/proc") | .type == "proc"' <<<"$out"
}

@test "add stays inside the container's root, whatever links there are" {
	mkdir "$T/outside"
	ln -s "$T/outside" "$BUNDLE/rootfs/tmp/absolute"
	ln -s "../../../../../../../../../..$T/outside" "$BUNDLE/rootfs/tmp/relative"
	ln -s /proc/self/root "$BUNDLE/rootfs/tmp/magic"
	start
	for link in absolute relative; do
		bind "/tmp/$link/x" '["bind"]'
		ok mounts add "$ID" "$T/m.json"
		[ "$(cat "/proc/$pid/root$T/outside/x/file")" = "from the host" ]
		ok mounts remove "$ID" "$T/m.json"
	done
	bind /tmp/magic/x '["bind"]'
	refused "" mounts add "$ID" "$T/m.json"
	bind /../../tmp/dots '["bind"]'
	davit mounts add "$ID" "$T/m.json"
	[ -z "$(ls -A "$T/outside")" ]
	! grep -F "$T" /proc/self/mountinfo || return 1 # others mount here meanwhile
}

@test "mounts add into a container with a user namespace" {
	requires userns
	config '.linux.namespaces += [{ type: "user" }]
		| .linux.uidMappings = [{ containerID: 0, hostID: 100000, size: 65536 }]
		| .linux.gidMappings = .linux.uidMappings'
	chown -R 100000:100000 "$BUNDLE/rootfs"
	chmod 755 "$BATS_RUN_TMPDIR" "$BATS_FILE_TMPDIR" "$T" 2>/dev/null
	start
	bind /tmp/made '["bind", "ro"]'
	ok mounts add "$ID" "$T/m.json"
	[[ ,$(mounted /tmp/made), == *,ro,* ]]
	ok mounts remove "$ID" "$T/m.json"
	! mounted /tmp/made || return 1
	[ "$(stat -c %u "$BUNDLE/rootfs/tmp/made")" = 100000 ] # made by the container's root
}

@test "mounts refuses what is wrong" {
	start
	echo '[{"destination":"/tmp/x","type":"tmpfs","source":"tmpfs"}]' >"$T/m.json"
	refused "only bind mounts" mounts add "$ID" "$T/m.json"
	echo '[{"destination":"/tmp/x","type":"bind","source":"/does/not/exist","options":["bind"]}]' >"$T/m.json"
	refused "no such file or directory" mounts add "$ID" "$T/m.json"
	for text in '' '5' '[5]' '[{"type":"bind"}]' '{"mounts":5}' '[' '[]]'; do
		echo "$text" >"$T/m.json"
		refused "" mounts add "$ID" "$T/m.json"
	done
	bind / '["bind"]'
	refused "" mounts remove "$ID" "$T/m.json"
	[ -e "/proc/$pid/root/bin/busybox" ]
	refused "no such file or directory" mounts add "$ID" "$T/none.json"
	refused "an argument is missing" mounts add "$ID"
	refused "unknown action 'move'" mounts move "$ID" "$T/m.json"
	bind /tmp/x '["bind"]'
	refused "container does not exist" mounts add "$ID-none" "$T/m.json"
	ok kill "$ID" KILL
	becomes stopped
	refused "container not running" mounts add "$ID" "$T/m.json"
	refused "container not running" mounts list "$ID"
}
