#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# info: what it says of the host is what the host's own files say.
load helpers

setup() {
	requires root
	new_bundle
}

teardown() {
	tear_down
}

@test "info: text, one fact a line" {
	ok info
	grep -qx "kernel.release: $(uname -r)" "$OUT"
	grep -qx "kernel.syscalls.openat2: yes" "$OUT"
	grep -qx "namespaces.mount: yes" "$OUT"
	grep -qx "userNamespaces.max: $(</proc/sys/user/max_user_namespaces)" "$OUT"
	grep -qx "davit.stateRoot: $ROOT" "$OUT"
	! grep -qv '^[a-zA-Z0-9_.]*: ' "$OUT" || return 1
}

@test "info --format json: cgroups, namespaces, LSMs and seccomp as the host has them" {
	ok info --format json
	[ "$(jq -r .kernel.release <<<"$out")" = "$(uname -r)" ]
	[ "$(jq -r .cgroup.path <<<"$out")" = "$CGROOT" ]
	[ "$(jq -r '.cgroup.controllers | join(" ")' <<<"$out")" = "$(<"$CGROOT/cgroup.controllers")" ]
	for name in $(jq -r '.cgroup.boundToV1[]' <<<"$out"); do
		! grep -qw "$name" "$CGROOT/cgroup.controllers" || return 1
	done
	[ "$(jq -r .namespaces.time <<<"$out")" = "$([ -e /proc/self/ns/time ] && echo true || echo false)" ]
	[ "$(jq -r '.security.seccompActions | join(" ")' <<<"$out")" = "$(</proc/sys/kernel/seccomp/actions_avail)" ]
	[ ! -e /sys/kernel/security/lsm ] ||
		[ "$(jq -r '.security.lsm | join(",")' <<<"$out")" = "$(</sys/kernel/security/lsm)" ]
	jq -e '.security.seccompFlags.SECCOMP_FILTER_FLAG_LOG == true' <<<"$out"
	jq -e '.davit.rootless == false' <<<"$out"
}
