#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Every option of checkpoint and restore is one that davit knows; what they do is seen with criu, in
# tests/checkpoint.
load helpers

setup() {
	requires root
	new_bundle
}

teardown() {
	tear_down
}

@test "checkpoint: all its options" {
	refused "does not exist" checkpoint --image-path "$T/i" --work-path "$T/w" --leave-running --trace "$T/trace" "$ID"
	refused "does not exist" checkpoint --tcp-established --ext-unix-sk --shell-job --file-locks --link-remap "$ID"
	refused "does not exist" checkpoint --manage-cgroups-mode full --network-lock skip --empty-ns network "$ID"
	refused "does not exist" checkpoint --auto-dedup --lazy-pages --status-fd 2 --tcp-skip-in-flight "$ID"
	refused "does not exist" checkpoint --pre-dump --parent-path ../one --page-server 127.0.0.1:1234 "$ID"
	davit checkpoint -h && [ "$status" -eq 0 ]
	davit checkpoint --help && [ "$status" -eq 0 ]
	[ ! -e "$T/i" ] && [ ! -e "$T/w" ]
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
