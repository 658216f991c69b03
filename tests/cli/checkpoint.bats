#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# checkpoint and restore where there is no criu: what is refused before anything is touched. Those
# with criu are in tests/checkpoint.
load helpers
load ../lib/counting

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
	grows "$BUNDLE/rootfs/tmp/beats"
}

@test "checkpoint and restore by root without CAP_SYS_ADMIN: one line, before anything is touched" {
	ok run --detach -b "$BUNDLE" "$ID"
	printf '#!/bin/sh\nexec setpriv --bounding-set=-sys_admin --inh-caps=-sys_admin "%s" "$@"\n' "$DAVIT" >"$T/davit"
	chmod 755 "$T/davit"
	DAVIT=$T/davit
	refused "need root of this machine, with CAP_SYS_ADMIN" checkpoint --image-path "$T/images" "$ID"
	[ ! -e "$T/images" ]
	grows "$BUNDLE/rootfs/tmp/beats"
	mkdir "$T/images"
	refused "CAP_SYS_ADMIN" restore --image-path "$T/images" -b "$BUNDLE" --detach "$ID.other"
	[ ! -e "$ROOT/$ID.other" ]
	[ -z "$(ls -A "$T/images")" ]
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
	grows "$BUNDLE/rootfs/tmp/beats"
}

# As runc's own tests ask for it: said before criu is, and with the option's name.
@test "checkpoint --parent-path: an absolute one, and what is not there, are refused" {
	local parent
	ok run --detach -b "$BUNDLE" "$ID"
	mkdir "$T/one"
	echo text >"$T/file"
	without_criu
	refused "--parent-path $T/one: it is to be relative" checkpoint --image-path "$T/images" --parent-path "$T/one" "$ID"
	for parent in one ./one ..one ../two . ./.././two ../one/two; do
		refused "--parent-path $parent, seen from $T/images: no such file or directory" \
			checkpoint --image-path "$T/images" --parent-path "$parent" "$ID"
	done
	refused "--parent-path ../file, seen from $T/images: not a directory" checkpoint --image-path "$T/images" --parent-path ../file "$ID"
	for parent in ../one .././/../${T##*/}/one .. ./..; do
		refused "package criu" checkpoint --image-path "$T/images//" --parent-path "$parent" "$ID"
	done
	cd "$T"
	refused "package criu" checkpoint --image-path images --parent-path ../one "$ID"
	refused "package criu" checkpoint --image-path one/. --parent-path ../one "$ID"
	refused "--parent-path ../two, seen from checkpoint: no such" checkpoint --parent-path ../two "$ID"
	[ ! -e "$T/images" ]
	is running
	grows "$BUNDLE/rootfs/tmp/beats"
}

@test "checkpoint --explain without criu: says so, the status is 1, and nothing is touched" {
	local status
	ok run --detach -b "$BUNDLE" "$ID"
	without_criu
	davit checkpoint --explain --image-path "$T/images" "$ID"
	[ "$status" -eq 1 ]
	[[ $out = *"package criu"* ]]
	[ ! -e "$T/images" ]
	is running
	refused "does not exist" checkpoint --explain "$ID.other"
	grows "$BUNDLE/rootfs/tmp/beats"
}

@test "checkpoint: all its options" {
	refused "does not exist" checkpoint --image-path "$T/i" --work-path "$T/w" --leave-running --trace "$T/trace" "$ID"
	refused "does not exist" checkpoint --tcp-established --ext-unix-sk --shell-job --file-locks --link-remap "$ID"
	refused "does not exist" checkpoint --manage-cgroups-mode full --network-lock skip --empty-ns network "$ID"
	refused "does not exist" checkpoint --auto-dedup --lazy-pages --status-fd 2 --tcp-skip-in-flight "$ID"
	refused "does not exist" checkpoint --pre-dump --explain --parent-path ../one --page-server 127.0.0.1:1234 "$ID"
	davit checkpoint -h && [ "$status" -eq 0 ]
	davit checkpoint --help && [ "$status" -eq 0 ]
	[ ! -e "$T/i" ] && [ ! -e "$T/w" ]
}

@test "checkpoint, restore: the lists of their options are freed" {
	export ASAN_OPTIONS=abort_on_error=1:detect_leaks=1
	refused "does not exist" checkpoint --empty-ns network "$ID"
	refused "nowhere" restore -b "$BUNDLE" --image-path "$T/nowhere" --empty-ns network "$ID"
}

@test "restore: all its options" {
	local none=$T/nowhere
	refused "" restore -d -b "$BUNDLE" --image-path "$none" --work-path "$T/w" --pid-file "$T/pid" --keep --trace "$T/trace" "$ID"
	refused "" restore --detach --bundle "$BUNDLE" --image-path "$none" --console-socket "$T/none" --pidfd-socket "$T/none" "$ID"
	refused "" restore -d -b "$BUNDLE" -f config.json --image-path "$none" --no-new-keyring --no-subreaper --no-pivot "$ID"
	refused "" restore -d -b "$BUNDLE" --config config.json --image-path "$none" --lsm-profile apparmor:x --lsm-mount-context x "$ID"
	refused "" restore -d -b "$BUNDLE" --image-path "$none" --tcp-established --tcp-close --ext-unix-sk --shell-job --file-locks "$ID"
	refused "" restore -d -b "$BUNDLE" --image-path "$none" --manage-cgroups-mode soft --network-lock skip --empty-ns network \
		--auto-dedup --lazy-pages "$ID"
	davit restore -h && [ "$status" -eq 0 ]
	davit restore --help && [ "$status" -eq 0 ]
	[ ! -e "$T/pid" ] && [ ! -e "$none" ]
}
