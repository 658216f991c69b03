#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# mounts add, remove and list against a container whose processes move directories and links about.
# shellcheck disable=SC2016  # variables of jq
load helpers

setup() {
	requires root
	new_bundle
	new_canary
	mkdir "$T/source"
	echo from the host >"$T/source/file"
	ln -s busybox "$BUNDLE/rootfs/bin/mv"
	ln -s busybox "$BUNDLE/rootfs/bin/ln"
	config '.root.readonly = false'
}

teardown() {
	tear_down
}

# bind PLACE SOURCE OPTION...: writes $T/m.json.
bind() {
	jq -n --arg to "$1" --arg source "$2" \
		'[{ destination: $to, type: "bind", source: $source, options: (["bind"] + $ARGS.positional) }]' \
		--args "${@:3}" >"$T/m.json"
}

start() {
	program sleep 1000
	ok run -d -b "$BUNDLE" "$ID"
	pid=$(init_pid)
}

# places: where something is mounted in the container, with its options.
places() {
	awk '{ print $5, $6 }' "/proc/$pid/mountinfo"
}

@test "T08 swap: mounts remove does not take a mask away that a link leads to" {
	start
	grep -q '^/proc/keys ' <(places)
	bind /tmp/data/keys "$T/source/file" ro
	ok mounts add "$ID" "$T/m.json"
	ok exec "$ID" sh -c 'mv /tmp/data /tmp/elsewhere && ln -s /proc /tmp/data'
	places >"$T/places"
	refused "what is mounted there is not $T/source/file" mounts remove "$ID" "$T/m.json"
	places | diff "$T/places" -
	grep -q '^/proc/keys ' "$T/places"
	# Where it is now it can be taken away, its source deleted or not.
	rm "$T/source/file"
	refused "what is mounted there is not" mounts remove "$ID" "$T/m.json"
	bind /tmp/elsewhere/keys "$T/source/file"
	ok mounts remove "$ID" "$T/m.json"
	! grep '^/tmp/elsewhere' <(places) || return 1
	grep -q '^/proc/keys ' <(places)
}

@test "T08 swap: mounts add with copy-symlink takes what the host has at the path, not what the container has" {
	# The container's own idea of the same paths: a link for a file, a file for a link.
	mkdir -p "$BUNDLE/rootfs$T/source"
	ln -s /etc/hostile "$BUNDLE/rootfs$T/source/file"
	ln -s /etc/hostile "$BUNDLE/rootfs$T/source/dir"
	ln -s /etc/hostile "$BUNDLE/rootfs$T/source/link"
	mkdir "$T/source/dir"
	touch "$T/source/dir/of-the-host"
	ln -s /of/the/host "$T/source/link"
	for userns in "" 1; do
		[ -z "$userns" ] || config '[{ containerID: 0, hostID: 0, size: 65536 }] as $map | .linux.namespaces += [{ type: "user" }] |
			.linux.uidMappings = $map | .linux.gidMappings = $map'
		start
		for name in file dir link; do
			bind "/tmp/$name" "$T/source/$name" copy-symlink
			ok mounts add "$ID" "$T/m.json"
		done
		[ "$(cat "/proc/$pid/root/tmp/file")" = "from the host" ]
		[ ! -L "/proc/$pid/root/tmp/file" ]
		grep -q '^/tmp/file ' <(places)
		[ -e "/proc/$pid/root/tmp/dir/of-the-host" ]
		[ "$(readlink "/proc/$pid/root/tmp/link")" = /of/the/host ]
		ok delete --force "$ID"
		rm "$BUNDLE/rootfs/tmp/link"
		rm -f "$BUNDLE/rootfs/tmp/file"
		rmdir "$BUNDLE/rootfs/tmp/dir"
	done
}

@test "T08 swap: mounts remove of one directory does not take another's mount away" {
	start
	mkdir "$T/other"
	bind /tmp/one/place "$T/other" ro
	ok mounts add "$ID" "$T/m.json"
	bind /tmp/two/place "$T/source"
	ok mounts add "$ID" "$T/m.json"
	ok exec "$ID" sh -c 'mv /tmp/two /tmp/three && mv /tmp/one /tmp/two'
	refused "what is mounted there is not $T/source" mounts remove "$ID" "$T/m.json"
	grep -q '^/tmp/two/place ro' <(places)
}

# Everybody may write here, and nobody but its owner into the source.
open_to_all() {
	chmod 755 "$BATS_RUN_TMPDIR" "$BATS_FILE_TMPDIR" "$T" 2>/dev/null
	chmod 755 "$BUNDLE"
	mkdir -m 777 "$BUNDLE/rootfs/ro"
	touch "$BUNDLE/rootfs/ro/covered"
	chown -R 1000:1000 "$T/source"
	ln -s busybox "$BUNDLE/rootfs/bin/unshare"
}

# A user without any rights has them all in a user namespace of his own making, over the mounts of a
# mount namespace that belongs to it.
@test "T08 namespaces: mounts add is refused where the container would have the right to take ro away" {
	requires userns
	open_to_all
	config '.process.user = { uid: 1000, gid: 1000 } | .process.capabilities |= map_values([])'
	program unshare -U -r -m sh -c 'echo ready; while [ -e /ro/covered ]; do sleep 0.1; done
		mount -o remount,bind,rw /ro; echo it wrote >/ro/file; sleep 1000'
	ok run -d -b "$BUNDLE" "$ID"
	for _ in {1..600}; do
		! grep -q ready "$OUT" || break
		sleep 0.05
	done
	grep -q ready "$OUT" || skip "no user namespaces for ordinary users"
	bind /ro "$T/source" ro
	refused "in a mount namespace of its own making" mounts add "$ID" "$T/m.json"
	refused "in a mount namespace of its own making" mounts remove "$ID" "$T/m.json"
	sleep 0.3
	[ "$(<"$T/source/file")" = "from the host" ]
}

@test "T08 namespaces: a user namespace below the container's own one is refused as well" {
	requires userns
	open_to_all
	config '.linux.namespaces += [{ type: "user" }]
		| .linux.uidMappings = [{ containerID: 0, hostID: 100000, size: 65536 }]
		| .linux.gidMappings = .linux.uidMappings | .process.user = { uid: 1000, gid: 1000 }'
	chown -R 100000:100000 "$BUNDLE/rootfs"
	start
	bind /ro "$T/source" ro
	ok mounts add "$ID" "$T/m.json"
	ok mounts remove "$ID" "$T/m.json"
	ok delete -f "$ID"
	program unshare -U -r -m sh -c 'echo ready; sleep 1000'
	ok run -d -b "$BUNDLE" "$ID"
	for _ in {1..600}; do
		! grep -q ready "$OUT" || break
		sleep 0.05
	done
	grep -q ready "$OUT" || skip "no user namespaces for ordinary users"
	refused "in a mount namespace of its own making" mounts add "$ID" "$T/m.json"
}

@test "R07 invalid UTF-8: mounts list is JSON whatever the container calls its directories" {
	start
	bind /tmp/data/place "$T/source" ro
	ok mounts add "$ID" "$T/m.json"
	# The last is cut off, the first of all is overlong.
	# shellcheck disable=SC2016
	ok exec "$ID" sh -c 'mv /tmp/data "$(printf "/tmp/\\300\\257 \\377\"\\n\\342\\202\\254 \\342\\202")"'
	ok mounts list "$ID"
	iconv -f UTF-8 -t UTF-8 "$OUT" >/dev/null
	[ "$(jq -r '.mounts[-1].destination' "$OUT")" = $'/tmp/?? ?"\n\u20ac ??/place' ]
}
