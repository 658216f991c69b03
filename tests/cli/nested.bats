#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# davit in a container that has no privileges, as Docker makes them: it works as far as the kernel lets
# it, and else says what is missing and what would give it. The container around it is davit's too.
# shellcheck disable=SC2016  # variables of jq and of inner shells
load helpers

setup() {
	requires root cgroup2 seccomp userns
	new_bundle
	program sh -c 'id; cat /proc/self/uid_map'
	local folder=$T/outer/rootfs link
	mkdir -p "$folder"/{proc,sys,dev,etc,tmp,run,usr,inner,davit}
	for link in bin sbin lib lib64; do
		[ ! -L "/$link" ] || ln -s "$(readlink "/$link")" "$folder/$link"
	done
	[ -L /lib ] || skip "needs /lib to be a link to /usr/lib"
	cp -r /etc/ld.so.* "$folder/etc"
}

teardown() {
	tear_down
}

# The maps of a user namespace in which every id is the same outside.
with_user_ns() {
	config --argjson size "${1-1}" '[{ containerID: 0, hostID: 0, size: $size }] as $map |
		.linux.namespaces += [{ type: "user" }] | .linux.uidMappings = $map | .linux.gidMappings = $map'
}

# outer FILTER: starts the container around it: Docker's configuration, changed so.
outer() {
	jq --arg davit "${DAVIT%/*}" --arg inner "$BUNDLE" --arg token "DAVIT_TEST=$TOKEN" '
		.root = { path: "rootfs" } | .process.args = ["sleep", "1000"] | .process.terminal = false | .process.cwd = "/" |
		.process.env = ["PATH=/usr/bin:/usr/sbin", $token, "ASAN_OPTIONS=detect_leaks=0"] |
		del(.hooks, .annotations, .linux.resources, .linux.cgroupsPath, .linux.mountLabel, .process.apparmorProfile,
			.process.selinuxLabel, .process.rlimits, .process.oomScoreAdj) | .linux.namespaces |= map(del(.path)) |
		.mounts |= map(select(.type != "bind")) + ([["/usr", "/usr"], [$davit, "/davit"], [$inner, "/inner"]] |
			map({ type: "bind", source: .[0], destination: .[1], options: ["rbind"] }))' \
		"$TOP/tests/configs/docker-memory.json" | jq "$1" >"$T/outer/config.json"
	ok run --detach -b "$T/outer" "$ID"
}

# within ARG...: davit in it, as its root.
within() {
	davit exec "$ID" "/davit/${DAVIT##*/}" "$@"
}

# fails TEXT HINT: run in it ends with one error that says so, beside the warning of cgroups.
fails() {
	within run -b /inner inner
	[ "$status" -ne 0 ] || complain "no failure" || return
	[[ $(grep -v level=warning <<<"$err") == "davit: "*"$1"*"; "*"$2"* ]] || complain "does not say: $1; $2" || return
	within list -q
	[ -z "$out" ] || complain "something is left"
}

@test "no user namespace and no CAP_SYS_ADMIN: refused with what to add" {
	outer .
	fails "without CAP_SYS_ADMIN root may make no others (at /linux/namespaces)" '{ "type": "user" }'
	fails "" "(--cap-add SYS_ADMIN)"
}

@test "a seccomp filter that forbids namespaces: named, with the option that takes it away" {
	outer .
	with_user_ns
	fails "clone the container's first process" "seccomp=unconfined"
}

@test "a masked /proc: named, with what would uncover it; and without a pid namespace it is not needed" {
	outer 'del(.linux.seccomp)'
	with_user_ns
	fails "mount proc on /proc" "parts of davit's own /proc are covered: give it a whole one"
	config '.linux.namespaces |= map(select(.type != "pid"))'
	within run -b /inner inner
	[ "$status" -eq 0 ] || complain "run"
	[[ $out == "uid=0 gid=0"* ]]
	# Covered inside as outside.
	program cat /proc/keys /proc/timer_list
	within run -b /inner inner
	[ -z "$out" ]
}

@test "a whole /proc: create, start, exec, kill and delete work, without a cgroup" {
	outer 'del(.linux.seccomp, .linux.maskedPaths, .linux.readonlyPaths)'
	with_user_ns 1000
	program sleep 1000
	within create -b /inner inner
	[ "$status" -eq 0 ] || complain "create"
	[ -z "$err" ]
	within start inner
	[ "$status" -eq 0 ]
	# Where init is in the midst of its execve it has no arguments.
	within exec inner sh -c 'until [ "$(busybox tr -d "\0" </proc/1/cmdline)" ]; do sleep 0.05; done; id; ps; cat /proc/self/uid_map'
	[[ $out == "uid=0 gid=0"*" 1 0 "*"sleep 1000"* ]]
	[[ $(tail -n 1 "$OUT" | tr -s ' ') == " 0 0 1000" ]]
	within kill inner KILL
	within delete --force inner
	[ "$status" -eq 0 ]
	within list -q
	[ -z "$out" ]
}

@test "limits on a read-only cgroup hierarchy: refused, with what would give one" {
	outer 'del(.linux.seccomp)'
	with_user_ns
	config '.linux.resources = { pids: { limit: 10 } }'
	fails "pids.max cannot be set to 10: the cgroup hierarchy is mounted read-only (at /linux/resources/pids/limit)" "a writable /sys/fs/cgroup"
}

@test "capabilities that mapping ids or a network namespace want are named" {
	outer 'del(.linux.seccomp) | .process.capabilities |= map_values(. - ["CAP_SETUID"])'
	with_user_ns 1000
	fails "write the uid_map of the user namespace" "CAP_SETUID"
	ok delete --force "$ID"
	outer 'del(.linux.seccomp) | .process.capabilities |= map_values(. - ["CAP_SETFCAP"])'
	fails "write the uid_map of the user namespace" "CAP_SETFCAP"
	ok delete --force "$ID"
	outer 'del(.linux.seccomp) | .process.capabilities |= map_values(. + ["CAP_SYS_ADMIN"])'
	config '.linux.namespaces |= map(select(.type != "user")) | del(.linux.uidMappings, .linux.gidMappings)'
	fails "set the loopback interface up" "CAP_NET_ADMIN"
	config '.linux.namespaces |= map(select(.type != "network")) | .mounts |= map(select(.type != "sysfs"))'
	within run -b /inner inner
	[ "$status" -eq 0 ] || complain "run"
}

@test "root of a user namespace: maps that are missing or name ids that it lacks, with those that it has" {
	real=$DAVIT
	DAVIT=$T/davit
	printf '#!/bin/sh\nexec unshare -Urm %s "$@"\n' "$real" >"$DAVIT"
	chmod 755 "$DAVIT"
	config '.linux.namespaces += [{ type: "user" }]'
	davit run -b "$BUNDLE" "$ID"
	[[ $status == 0 && $out =~ \ +0\ +0\ +1$ ]] || complain "maps"
	maps='[{ "containerID": 0, "hostID": 0, "size": 1 }]'
	config '[{ containerID: 0, hostID: 0, size: 1 }, { containerID: 1, hostID: 100000, size: 9 }] as $map |
		.linux.uidMappings = $map | .linux.gidMappings = $map'
	davit run -b "$BUNDLE" "$ID"
	[ "$status" -ne 0 ]
	[[ $err == *"write the uid_map of the user namespace"*"davit's own user namespace has no id 100000: map what is in /proc/self/uid_map"* ]] || complain
	check_clean
	config --argjson maps "$maps" '.linux.uidMappings = $maps | .linux.gidMappings = $maps'
	davit run -b "$BUNDLE" "$ID"
	[[ $status == 0 && $out == "uid=0 gid=0"* ]] || complain
}
