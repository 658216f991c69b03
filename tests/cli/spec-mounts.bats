#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# mounts[] and linux.mountLabel of the specification (SPEC.md, 1.2), each looked at from outside:
# /proc/PID/mountinfo and files below /proc/PID/root.
# shellcheck disable=SC2016  # variables in filters are of jq
load helpers

setup() {
	requires root
	new_bundle
	R=$BUNDLE/rootfs
	mkdir "$T/src" "$T/src/sub"
	echo source >"$T/src/file"
	program sleep 1000
}

teardown() {
	# What a test mounted below its own folder, for binds.
	while read -r at; do
		umount -l "$at"
	done < <(awk -v dir="$T/" 'index($5, dir) == 1 { print $5 }' /proc/self/mountinfo | sort -r)
	tear_down
}

# mount_is DESTINATION OPTIONS [TYPE [SOURCE]]: adds a mount; OPTIONS are comma-joined.
mount_is() {
	config --arg at "$1" --arg words "$2" --arg type "${3-tmpfs}" --arg source "${4-tmpfs}" \
		'.mounts += [{ destination: $at, type: $type, source: $source, options: ($words | split(",")) }]'
}

# Binds the test's source on DESTINATION.
bind_is() {
	mount_is "$1" "$2" bind "${3-$T/src}"
}

# Without the mounts that a test has added.
only_defaults() {
	config '.mounts |= .[:5]'
}

# runs: starts the container, sets pid and in (its root, seen from here).
runs() {
	ok run -d -b "$BUNDLE" "$ID"
	pid=$(init_pid)
	in=/proc/$pid/root
}

stops() {
	ok delete --force "$ID"
}

# info DESTINATION: the last mount there: "OPTIONS [OPTIONAL...] - TYPE SOURCE SUPERBLOCK-OPTIONS".
info() {
	awk -v at="$1" '$5 == at { found = $6; for (i = 7; i <= NF; i++) found = found " " $i } END { print found }' \
		"/proc/$pid/mountinfo"
}

# has DESTINATION REGEX: and not:
has() {
	[[ $(info "$1") =~ $2 ]] || { echo "$1 is '$(info "$1")', not '$2'"; return 1; }
}

lacks() {
	[[ ! $(info "$1") =~ $2 ]] || { echo "$1 is '$(info "$1")', with '$2'"; return 1; }
}

# has_userns [SIZE]: id 0 of the container is 100000 of the machine.
has_userns() {
	config --argjson size "${1-65536}" '[{ containerID: 0, hostID: 100000, size: $size }] as $map | .linux.namespaces += [{ type: "user" }] |
		.linux.uidMappings = $map | .linux.gidMappings = $map'
	chown -R 100000:100000 "$R"
}

# --- tmpcopyup ------------------------------------------------------------------------------------

# A directory with one of each, as D below the root.
fill_directory() {
	local d=$R/data
	mkdir -p "$d/deep/er" "$d/closed"
	echo content >"$d/file"
	echo more >"$d/deep/er/file"
	ln -s /etc/passwd "$d/absolute"
	ln -s ../../../../.. "$d/deep/up"
	mkfifo "$d/fifo"
	mknod "$d/node" c 1 3
	python3 -c 'import socket, sys; socket.socket(socket.AF_UNIX).bind(sys.argv[1])' "$d/socket"
	truncate -s 3T "$d/sparse"
	echo end >>"$d/sparse"
	head -c 200000 /dev/urandom >"$d/large"
	chown 7:8 "$d/file" "$d/node" "$d/closed" "$d"
	chown -h 9:10 "$d/absolute"
	chmod 4751 "$d/file"
	chmod 555 "$d/closed"
	chmod 2770 "$d"
	chmod 640 "$d/node"
	python3 -c 'import os, sys; os.setxattr(sys.argv[1], "trusted.davit", b"hello")' "$d/file"
	find "$d" -exec touch -h -d '2001-02-03 04:05:06.789' {} +
}

# A directory as text, with everything that a copy must keep.
listing() {
	(cd "$1" && find . -printf '%p %y %m %U:%G %t %s %l\n' | sed -E 's/^(\S+ d .*) [0-9]+ $/\1/' | sort &&
		find . -type f ! -name sparse -exec sha256sum {} + | sort && find . -type c -exec stat -c '%n %t:%T' {} +)
}

@test "mounts[].options tmpcopyup: content, owners, modes, times, links and nodes come along" {
	fill_directory
	mount_is /data tmpcopyup,nosuid
	mount_is /ro tmpcopyup,ro
	mkdir "$R/ro"
	echo x >"$R/ro/x"
	runs
	has /data '^rw,nosuid,relatime .*- tmpfs '
	diff <(listing "$R/data") <(listing "$in/data")
	[ "$(tail -c 4 "$in/data/sparse")" = end ]
	[ "$(stat -c %b "$in/data/sparse")" -lt 100 ]
	python3 - "$R/data/file" "$in/data/file" <<-'END'
		import os, sys
		a, b = [{n: os.getxattr(f, n) for n in os.listxattr(f)} for f in sys.argv[1:]]
		assert a == b and "trusted.davit" in a, (a, b)
	END
	has /ro '^ro,relatime .*- tmpfs tmpfs ro'
	[ "$(<"$in/ro/x")" = x ]
	# It is a copy.
	echo changed >"$in/data/file"
	[ "$(<"$R/data/file")" = content ]
}

@test "mounts[].options tmpcopyup: what the options give to the tmpfs holds" {
	fill_directory
	mount_is /data tmpcopyup,mode=711,uid=12,gid=13
	runs
	[ "$(stat -c '%a %u:%g' "$in/data")" = "711 12:13" ]
	[ "$(<"$in/data/file")" = content ]
	stops
	only_defaults
	mount_is /data tmpcopyup,size=64k
	refused "large below /data into the tmpfs on it (at /mounts/5)" run -b "$BUNDLE" "$ID"
	[[ $err == *"no space left on device; a larger size= may help" ]]
	check_clean
}

@test "mounts[].options tmpcopyup: refused on the root, and for other types" {
	mount_is / tmpcopyup
	refused "the root itself" create -b "$BUNDLE" "$ID"
	only_defaults
	ln -s . "$R/self"
	mount_is /self tmpcopyup
	refused "it leads to the root itself" create -b "$BUNDLE" "$ID"
	only_defaults
	bind_is /data bind,tmpcopyup
	refused "tmpcopyup is for a tmpfs: /data (at /mounts/5/options)" create -b "$BUNDLE" "$ID"
	only_defaults
	mount_is /proc/self tmpcopyup
	refused "inside /proc" create -b "$BUNDLE" "$ID"
}

@test "mounts[].options tmpcopyup: links of the image lead nowhere, a deep tree is refused" {
	echo secret >"$T/secret"
	ln -s "$T" "$R/data"
	mount_is /data/src tmpcopyup
	runs
	[ "$(find "$in$T/src" | wc -l)" = 1 ]
	[ "$(info "$T/src")" ]
	stops
	only_defaults
	rm "$R/data"
	mkdir "$R/data"
	ln -s "$T" "$R/data/dir"
	ln -s "$T/secret" "$R/data/secret"
	mount_is /data tmpcopyup
	runs
	[ "$(readlink "$in/data/secret")" = "$T/secret" ]
	[ "$(readlink "$in/data/dir")" = "$T" ]
	stops
	python3 - "$R/data" <<-'END'
		import os, sys
		os.chdir(sys.argv[1])
		for i in range(1000):
		    os.mkdir("d")
		    os.chdir("d")
	END
	refused "d below /data into the tmpfs on it" create -b "$BUNDLE" "$ID"
	[[ $err == *"directories are too deep" ]]
}

@test "mounts[].options tmpcopyup: in a user namespace" {
	fill_directory
	rm "$R/data/node"
	has_userns 1000
	chown 100007:100008 "$R/data" "$R/data/file"
	mount_is /data tmpcopyup
	runs
	diff <(listing "$R/data") <(listing "$in/data")
	stops
	chown 5 "$R/data/large"
	refused "large below /data into the tmpfs on it" create -b "$BUNDLE" "$ID"
}

@test "mounts[].type, mounts[].source: a tmpfs without a mode has that of the directory below it" {
	mkdir -m 1730 "$R/data"
	mount_is /data nosuid
	mount_is /ro ro,noexec
	mkdir -m 700 "$R/ro"
	mount_is /given mode=750
	mkdir -m 700 "$R/given"
	runs
	[ "$(stat -c %a "$in/data")" = 1730 ]
	[ "$(stat -c %a "$in/ro")" = 700 ]
	has /ro '^ro,noexec,relatime .*- tmpfs tmpfs ro'
	[ "$(stat -c %a "$in/given")" = 750 ]
}
