#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Cgroups: a place of its own for the container, and nothing of anybody else's; devices; annotations.
# shellcheck disable=SC2016  # variables of jq, and of the shell inside
load helpers

setup() {
	requires root cgroup2
	new_bundle
	program true
}

teardown() {
	tear_down
}

@test "T15 cgroup+annotations: paths that lead out of the hierarchy, or are no paths, are refused" {
	long=$(printf 'x%.0s' {1..300})
	cgroups >"$T/cgroups"
	for path in "/../$TOKEN" "/a/../../$TOKEN" "/$TOKEN/.." "../$TOKEN" "/" \
		"/$TOKEN"$'\n' "/$TOKEN/$long" ".."; do
		config --arg p "$path" '.linux.cgroupsPath = $p'
		refused "" create -b "$BUNDLE" "$ID"
		[[ $err == *cgroup* ]] || complain "$path: does not speak of the cgroup"
	done
	cgroups | diff "$T/cgroups" -
	check_clean
}

@test "T15 cgroup+annotations: a cgroup with processes of somebody else's is not taken" {
	mkdir "$CGROOT/$TOKEN-other"
	sleep 1000 3>&- &
	other=$!
	echo "$other" >"$CGROOT/$TOKEN-other/cgroup.procs"
	config --arg p "/$TOKEN-other" '.linux.cgroupsPath = $p'
	davit create -b "$BUNDLE" "$ID"
	seen=$status
	davit delete --force "$ID"
	kill -0 "$other" # neither refusal nor delete ended it
	kill "$other"
	wait "$other" || true
	rmdir "$CGROOT/$TOKEN-other"
	[ "$seen" -ne 0 ]
}

@test "T15 cgroup+annotations: annotations that are not honoured are values that nobody acts on" {
	config '.annotations = { "../x": "..", "one\ntwo": "three\nfour",
		"run.oci.handler": "krun", "org.systemd.property.User": "\"root\"" } |
		.annotations["long"] = ("x" * 65536)'
	ok run -b "$BUNDLE" "$ID"
	[ ! -e "$BUNDLE/x" ]
	check_clean
}

@test "T15 cgroup+annotations: a cgroup below the container's never leads out of it" {
	before=$(cgroups)
	for place in ../.. .. a/../../b "" // "$(printf 'x%.0s' {1..300})" $'a\nb'; do
		config --arg p "$place" '.annotations = { "run.oci.delegate-cgroup": $p }'
		davit create -b "$BUNDLE" "$ID"
		[ "$status" -eq 0 ] || { check_clean; continue; }
		[[ $(cgroup_of "$(init_pid)") == "$CGROOT/$ID"* ]] || complain "elsewhere with '$place'"
		ok delete --force "$ID"
	done
	[ "$(cgroups)" = "$before" ]
	check_clean
}

@test "T16 device-deny: what is not allowed cannot be opened, by root with CAP_MKNOD either" {
	probe
	mkdir "$BUNDLE/rootfs/nodes"
	mknod "$BUNDLE/rootfs/nodes/8-0" b 8 0
	mknod "$BUNDLE/rootfs/nodes/1-1" c 1 1
	mknod "$BUNDLE/rootfs/nodes/10-200" c 10 200
	mknod "$BUNDLE/rootfs/nodes/1-3" c 1 3
	program probe devices
	config '.process.capabilities |= map_values(. + ["CAP_MKNOD", "CAP_DAC_OVERRIDE"])'
	for rules in 'del(.linux.resources)' '.linux.resources = {}' '.linux.resources.devices = []' \
		'.linux.resources.devices = [{ "allow": false, "access": "rwm" }, { "allow": true, "type": "c", "major": 1, "minor": 3, "access": "rw" }]'; do
		rm -f "$BUNDLE"/rootfs/tmp/*
		config "$rules"
		ok run -b "$BUNDLE" "$ID"
		for node in 8:0 1:1 10:200; do
			[[ $out == *"open $node: EPERM"* ]] || complain "$rules"
		done
		[[ $out == *"open 1:3: ok"* ]] || complain "$rules"
	done
}

@test "T17 cgroupfs-ro: the host's cgroups cannot be written from a container" {
	config '.mounts += [{ "destination": "/sys/fs/cgroup", "type": "cgroup", "source": "cgroup",
		"options": ["nosuid", "noexec", "nodev", "relatime", "ro"] }]'
	cp "$BUNDLE/config.json" "$T/good.json"
	for kind in own shared default user bind; do
		cp "$T/good.json" "$BUNDLE/config.json"
		at=/sys/fs/cgroup${CGROOT#/sys/fs/cgroup}
		[ $kind != own ] || at=/sys/fs/cgroup
		[ $kind = own ] || config '.linux.namespaces |= map(select(.type != "cgroup"))'
		[ $kind != default ] || config '.mounts[-1].options = []'
		# Who may write to cgroups of the host, as a user of systemd may, shares that right with nobody.
		[ $kind != user ] || config '.mounts[-1].options = ["rw"] | .linux.namespaces += [{ type: "user" }] |
			.linux.uidMappings = [{ containerID: 0, hostID: 0, size: 65536 }] | .linux.gidMappings = .linux.uidMappings'
		[ $kind != bind ] || config --arg c "$CGROOT" '.mounts[-1] |= . + { "type": "bind", "source": $c, "options": ["rbind", "ro"] }'
		[ $kind != bind ] || at=/sys/fs/cgroup
		program sh -c 'cd '"$at"' && for f in cgroup.procs cgroup.subtree_control ../cgroup.procs; do
			echo 0 2>&1 >$f; done; mkdir new 2>&1; ls -d /sys/fs/cgroup/davit-* 2>/dev/null; true'
		davit run -b "$BUNDLE" "$ID"
		[ "$status" -eq 0 ] || complain $kind
		[ "$(grep -c "ead-only file system" <<<"$out")" -ge 3 ] || complain "$kind: something was written"
		[ $kind != own ] || [[ $out != *davit-* ]] || complain "$kind: other cgroups are seen"
	done
	check_clean
}
