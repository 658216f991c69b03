#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# checkpoint and restore where there is no criu: what is refused before anything is touched. Those
# with criu are in tests/checkpoint.
load helpers

setup() {
	requires root
	new_bundle
	program sh -c 'while :; do sleep 0.02; echo x >>/tmp/beats; done'
	config '.root.readonly = false'
	mkdir "$T/empty"
}

teardown() {
	tear_down
}

# beats: does the program do anything within a second?
beats() {
	local size
	size=$(stat -c %s "$BUNDLE/rootfs/tmp/beats" 2>/dev/null || echo 0)
	for _ in {1..20}; do
		sleep 0.05
		[ "$(stat -c %s "$BUNDLE/rootfs/tmp/beats" 2>/dev/null || echo 0)" = "$size" ] || return 0
	done
	return 1
}

# without_criu: davit is called with a PATH that has none, from now on.
without_criu() {
	printf '#!/bin/sh\nPATH=%s exec "%s" "$@"\n' "$T/empty" "$DAVIT" >"$T/davit"
	chmod 755 "$T/davit"
	DAVIT=$T/davit
}

@test "checkpoint without criu: the package is named, and the container goes on" {
	local pid
	ok run --detach -b "$BUNDLE" "$ID"
	pid=$(init_pid)
	without_criu
	refused "package criu" checkpoint --image-path "$T/images" "$ID"
	[ ! -e "$T/images" ]
	refused "package criu" checkpoint --leave-running --image-path "$T/images" "$ID"
	[ "$(init_pid)" = "$pid" ]
	is running
	beats
}

@test "restore without criu: the package is named, and nothing is left" {
	mkdir "$T/images"
	without_criu
	refused "package criu" restore --image-path "$T/images" -b "$BUNDLE" --detach --pid-file "$T/pid" "$ID"
	[ ! -e "$ROOT/$ID" ]
	[ ! -e "$T/pid" ]
	[ -z "$(ls -A "$T/images")" ]
}

@test "restore of images that are not there: one line, and nothing is left" {
	requires command:criu
	refused "open the folder $T/nowhere" restore --image-path "$T/nowhere" -b "$BUNDLE" --detach "$ID"
	[ ! -e "$ROOT/$ID" ]
	[ ! -e "$T/nowhere" ]
}

@test "checkpoint and restore: options that there are not, and values that are wrong" {
	refused "--wrong" checkpoint --wrong "$ID"
	refused "--wrong" restore --wrong "$ID"
	refused "--status-fd" checkpoint --status-fd three "$ID"
	refused "does not exist" checkpoint --image-path "$T/images" --file-locks --link-remap "$ID"
	[ ! -e "$T/images" ]
}

@test "checkpoint --lazy-pages, --status-fd: without an address, or what can be written to, refused" {
	ok run --detach -b "$BUNDLE" "$ID"
	refused "--page-server" checkpoint --image-path "$T/images" --lazy-pages "$ID"
	refused "--status-fd 77" checkpoint --image-path "$T/images" --status-fd 77 "$ID"
	exec 8</dev/null
	refused "--status-fd 8" checkpoint --image-path "$T/images" --status-fd 8 "$ID"
	exec 8<&-
	[ ! -e "$T/images" ]
	is running
	beats
}
