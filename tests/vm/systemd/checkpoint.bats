#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# checkpoint and restore of a container of the systemd driver: its scope is gone, and made again.
load ../../cli/helpers
load ../../lib/counting

setup() {
	new_bundle
	# shellcheck disable=SC2016  # jq's variable
	config --arg path "t-$TOKEN.slice:t:$ID" '.linux.cgroupsPath = $path | .root.readonly = false
		| .linux.resources |= . + { memory: { limit: 67108864 }, pids: { limit: 40 } }'
	# shellcheck disable=SC2016  # the shell's inside
	program sh -c 'i=0; while :; do i=$((i + 1)); echo $i >>/tmp/beats; sleep 0.1; done'
	BEATS=$BUNDLE/rootfs/tmp/beats
	UNIT=t-$ID.scope
	PLACE=$CGROOT/t.slice/t-$TOKEN.slice/$UNIT
}

teardown() {
	systemctl stop "t-$TOKEN.slice" 2>/dev/null || :
	tear_down
}

# beats: the program goes on, and has left out no number.
beats() {
	grows "$BEATS"
	goes_on "$BEATS" 1
}

is_a_scope() {
	systemctl is-active "$UNIT"
	[ "$(systemctl show -P MemoryMax "$UNIT")" = 67108864 ]
	[ "$(systemctl show -P TasksMax "$UNIT")" = 40 ]
	[[ $(cgroup_of "$(init_pid)") = "$PLACE"/* ]]
	[ "$(cat "$(cgroup_of "$(init_pid)")/pids.max" "$PLACE/memory.max" | sort | tr '\n' ' ')" = "40 67108864 " ]
}

is_inactive() {
	! systemctl is-active "$UNIT" >/dev/null
}

@test "checkpoint, restore with --systemd-cgroup: the scope is gone, and is there again with its limits" {
	ok --systemd-cgroup run --detach -b "$BUNDLE" "$ID"
	beats
	is_a_scope
	ok --systemd-cgroup checkpoint --image-path "$T/images" "$ID"
	comes_true is_inactive
	comes_true [ ! -e "$PLACE" ]
	ok --systemd-cgroup restore --detach --image-path "$T/images" -b "$BUNDLE" "$ID"
	beats
	is_a_scope
	ok exec "$ID" true
	ok delete --force "$ID"
	comes_true is_inactive
}
