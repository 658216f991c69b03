#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# pause and resume. What has happened is read from the files of the cgroup and from /proc.
load helpers
load ../lib/counting

setup() {
	requires root cgroup2
	new_bundle
	program sh -c 'while :; do sleep 0.02; echo x >>/tmp/beats; done'
	config '.root.readonly = false'
}

teardown() {
	tear_down
}

# file NAME: of the container's cgroup.
file() {
	cat "$(cgroup_of "$(init_pid)")/$1"
}

beats() {
	grows "$BUNDLE/rootfs/tmp/beats"
}

@test "pause and resume: every process stops and goes on, silently" {
	ok run --detach -b "$BUNDLE" "$ID"
	beats
	ok pause "$ID"
	[ -z "$out" ]
	[ "$(file cgroup.freeze)" = 1 ]
	grep -qx 'frozen 1' <<<"$(file cgroup.events)"
	is paused
	is_still "$BUNDLE/rootfs/tmp/beats"
	ok resume "$ID"
	[ -z "$out" ]
	[ "$(file cgroup.freeze)" = 0 ]
	grep -qx 'frozen 0' <<<"$(file cgroup.events)"
	is running
	beats
}

@test "a created container can be paused; resumed, it starts" {
	ok create -b "$BUNDLE" "$ID"
	ok pause "$ID"
	is paused
	[ "$(file cgroup.freeze)" = 1 ]
	ok resume "$ID"
	is created
	ok start "$ID"
	beats
}

@test "pause and resume refuse the wrong status in runc's words" {
	ok run --detach -b "$BUNDLE" "$ID"
	refused "container not paused" resume "$ID"
	ok pause "$ID"
	refused "container not running" pause "$ID"
	[ "$(file cgroup.freeze)" = 1 ]
	is paused
	ok kill "$ID" KILL
	becomes stopped
	refused "container not running" pause "$ID"
	refused "container not paused" resume "$ID"
	refused "container does not exist" pause "$ID-none"
	refused "container does not exist" resume "$ID-none"
}

@test "resume undoes a pause that was interrupted" {
	ok run --detach -b "$BUNDLE" "$ID"
	echo 1 >"$(cgroup_of "$(init_pid)")/cgroup.freeze"
	ok resume "$ID"
	[ "$(file cgroup.freeze)" = 0 ]
	beats
}

@test "a paused container is ended by kill -9 and by delete --force" {
	ok run --detach -b "$BUNDLE" "$ID"
	pid=$(init_pid)
	ok pause "$ID"
	ok kill "$ID" 9
	is_gone "$pid"
	becomes stopped
	ok delete "$ID"
	ok run --detach -b "$BUNDLE" "$ID"
	pid=$(init_pid)
	ok pause "$ID"
	ok delete --force "$ID"
	is_gone "$pid"
	check_clean
}

@test "a container without a cgroup cannot be paused" {
	config 'del(.linux.resources)'
	davit --cgroup-manager disabled run --detach -b "$BUNDLE" "$ID"
	[ "$status" -eq 0 ]
	refused "no cgroup" pause "$ID"
	is running
}
