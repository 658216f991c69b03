#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Each config.json that an engine really wrote (tests/configs), fitted to this machine by
# localise.py, lives a whole life: created, started, compared with its config from outside by
# compare.py, killed, deleted; then nothing of it is left.
load helpers
load engine

setup() {
	requires root cgroup2 command:python3
	new_bundle
}

teardown() {
	[ -z "${HOLDER-}" ] || davit delete --force "$ID" # joined: before the namespaces end
	end_helpers
	tear_down
}

# state_is STATUS PID: davit's state says that, and what config.json says.
state_is() {
	ok state "$ID"
	jq -e --arg id "$ID" --arg status "$1" --argjson pid "$2" --arg bundle "$BUNDLE" \
		--slurpfile config "$BUNDLE/config.json" '
		.id == $id and .status == $status and (.pid // 0) == $pid and .bundle == $bundle and
		.rootfs == $bundle + "/rootfs" and (.ociVersion | startswith("1.")) and
		(.annotations // {}) == ($config[0].annotations // {})' <<<"$out" >/dev/null ||
		complain "state is not: $1, pid $2, ..."
}

# is_kept_apart PID: where this machine's mounts are shared, no mount inside is in a group of theirs
# unless config.json asks for it; and what root mounts on each of them stays inside.
is_kept_apart() {
	local places at
	[ -n "${SHARED_HOST-}" ] || return 0
	places=$(jq -r '.linux.rootfsPropagation as $root | .mounts[] | select($root and (.options | index("shared", "rshared"))) |
		"^" + .destination + "(/|$)"' "$BUNDLE/config.json" | paste -sd'|')
	isolated "$1" self "" "$places"
	cat /proc/self/mountinfo >"$T/mounts.before"
	while read -r at; do
		[ -z "$places" ] || [[ ! $at =~ $places ]] || continue
		# Where it is covered already nothing is there.
		nsenter -t "$1" -m -- /bin/busybox mount -t tmpfs cover "$at" 2>/dev/null ||
			nsenter -t "$1" -m -- /bin/busybox mount --bind /bin/busybox "$at" 2>/dev/null || continue
	done < <(awk '$5 != "/" { print $5 }' "/proc/$1/mountinfo" | sort -r)
	[ "$(grep -c ' cover rw' "/proc/$1/mountinfo")" -gt 3 ]
	diff "$T/mounts.before" /proc/self/mountinfo
}

# lives NAME: the whole life of a container with that config.
lives() {
	local pid
	localise "$1"
	# What a chroot does not hold create would warn of.
	# shellcheck disable=SC2016  # variables of jq
	[ -z "${IS_CHROOT-}" ] || config '.linux.namespaces |= map(select(.type != "mount")) |
		.process.capabilities |= map_values(. - ["CAP_SYS_ADMIN", "CAP_SYS_CHROOT"])'
	umask 027 # the caller's, for configs that have none
	exec 7<"$BUNDLE/config.json" # does not reach the program
	ok create "${CREATE[@]}" "$ID"
	exec 7<&-
	[ -z "$out" ]
	pid=$(<"$T/pid")
	state_is created "$pid"
	"$PYTHON" -ES "$HERE/compare.py" waiting "$BUNDLE" "$pid" "$DAVIT"
	if [ -n "$RECEIVER" ]; then
		appears_at "$T/console"
		[[ $(<"$T/console") == "ok "* ]] || { cat "$T/console"; return 1; }
	fi

	ok start "$ID"
	has_begun "$pid"
	state_is running "$pid"
	"$PYTHON" -ES "$HERE/compare.py" running "$BUNDLE" "$pid" "$CGROOT" "$ID"
	[ "$(grep -c ^mnt: "$BUNDLE/namespaces")" -eq "$((${IS_CHROOT-0} == 0))" ]
	is_kept_apart "$pid"

	ok kill "$ID" KILL
	becomes stopped
	state_is stopped 0
	ok delete "$ID"
	"$PYTHON" -ES "$HERE/compare.py" gone "$BUNDLE" "$pid"
	# what was joined is the engine's, and lives on
	[ -z "$HOLDER" ] || [ -e "/proc/$HOLDER/ns/net" ]
	end_helpers
	check_clean
}

@test "containerd, default" { lives containerd-default; }
@test "containerd, privileged" { lives containerd-privileged; }
@test "containerd, seccomp" { lives containerd-seccomp; }
@test "containerd, terminal" { lives containerd-tty; }
@test "containerd, user namespace" { lives containerd-userns; }
@test "CRI of containerd, sandbox" { lives cri-sandbox; }
@test "CRI of containerd, container" { lives cri-container; }
@test "CRI of containerd, user namespace of a pod" { lives cri-userns; }
@test "CRI-O, sandbox" { lives crio-sandbox; }
@test "CRI-O, container" { lives crio-container; }
@test "Docker, device" { lives docker-device; }
@test "Docker, memory limit" { lives docker-memory; }
@test "Docker, ulimit" { lives docker-ulimit; }
@test "Podman, build" { lives podman-build; }
@test "Podman, default" { lives podman-default; }
@test "Podman, privileged" { lives podman-privileged; }
@test "Podman, terminal" { lives podman-tty; }
@test "Podman, user namespace" { lives podman-userns; }

# For a bats within bats: the command of that name, and not what bats has put in front of it.
outer_path() {
	printf %s "$PATH" | tr : '\n' | grep -v /bats-core | paste -sd:
}

# In a mount namespace of its own, in which the version 1 hierarchies are not mounted and
# /sys/fs/cgroup is cgroup2; the hierarchy itself stays the machine's. One of each sort is enough:
# cgroupsPath absolute, relative, none; cgroup mounts with and without the namespaces they depend on.
@test "one of each sort where cgroup v2 is all there is" {
	local sorts='containerd, default|CRI of|CRI-O, s|Docker, m|Podman, (build|user|privileged)'
	[ "$CGROOT" != /sys/fs/cgroup ] || skip "this host has cgroup v2 alone"
	requires command:unshare
	# shellcheck disable=SC2016  # the inner shell's
	DAVIT=$DAVIT PATH=$(outer_path) timeout 800 unshare --mount --propagation private bash -c '
		umount -l /sys/fs/cgroup && mount -t cgroup2 none /sys/fs/cgroup || exit
		for name in ${!BATS_*}; do unset "$name"; done
		exec bats --formatter tap --filter "$1" "$2"' - "$sorts" "$BATS_TEST_FILENAME" \
		>"$T/pure.tap" 2>&1 3>&- 4>&- </dev/null || {
		cat "$T/pure.tap"
		return 1
	}
	[ "$(grep -c '^ok ' "$T/pure.tap")" -eq 9 ]
}

# The same where all mounts are shared, as systemd makes them: nobody else's peers here.
@test "T31 peer-groups: one of each sort on a host with shared mounts" {
	local sorts='containerd, (default|terminal|user)|CRI of containerd, (c|user)|CRI-O, c|Docker, d|Podman, (d|t|user|privileged)'
	requires command:unshare
	# shellcheck disable=SC2016  # the inner shell's
	DAVIT=$DAVIT PATH=$(outer_path) SHARED_HOST=1 timeout 800 unshare --mount --propagation private bash -c '
		mount --make-rshared / || exit
		for name in ${!BATS_*}; do unset "$name"; done
		exec bats --formatter tap --filter "$1" "$2"' - "$sorts" "$BATS_TEST_FILENAME" \
		>"$T/shared.tap" 2>&1 3>&- 4>&- </dev/null || {
		cat "$T/shared.tap"
		return 1
	}
	[ "$(grep -c '^ok ' "$T/shared.tap")" -eq 11 ]
}

# The same programs, mounts, masks and devices. In a mount namespace that is nobody else's: what is left
# after a failure is not to be looked through by whoever removes the test's folder.
@test "each of them but those in a user namespace without a mount namespace" {
	local sorts='containerd, [dpst]|CRI of containerd, (s|c)|CRI-O|Docker|Podman, [bdpt]'
	requires command:unshare
	# shellcheck disable=SC2016  # the inner shell's
	DAVIT=$DAVIT PATH=$(outer_path) IS_CHROOT=1 timeout 800 unshare --mount --propagation private bash -c '
		for name in ${!BATS_*}; do unset "$name"; done
		exec bats --formatter tap --filter "$1" "$2"' - "$sorts" "$BATS_TEST_FILENAME" \
		>"$T/chroot.tap" 2>&1 3>&- 4>&- </dev/null || {
		cat "$T/chroot.tap"
		return 1
	}
	[ "$(grep -c '^ok ' "$T/chroot.tap")" -eq 15 ]
}
