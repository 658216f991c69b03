#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# davit where systemd is process 1: what needs no manager of cgroups but the place that systemd gave.
# shellcheck disable=SC2016  # variables of the shell inside
load ../../cli/helpers

setup_file() {
	systemctl start user@1000
}

setup() {
	new_bundle
	chmod 755 "$T" "$BATS_RUN_TMPDIR" "$BATS_FILE_TMPDIR" "$(dirname "$T")" "$(dirname "$(dirname "$T")")"
}

teardown() {
	tear_down
	rm -rf /run/davit-user
}

# in_session COMMANDS: by a service of an ordinary user's manager, with DAVIT, a bundle and a state root of
# the user's; sets status, out and err. More options of systemd-run are in `unit`.
unit=()
in_session() {
	mkdir -p /run/davit-user
	cp -a "$BUNDLE" /run/davit-user/bundle
	echo "$1" >/run/davit-user/commands
	chown -R 1000:1000 /run/davit-user
	status=0
	timeout 300 systemd-run -q --machine=user@.host --user --pipe --wait "${unit[@]}" -E ID="$ID" -E DAVIT="$DAVIT" \
		sh -c 'cd /run/davit-user && davit() { "$DAVIT" --root /run/davit-user/root "$@"; } && . ./commands' \
		>"$T/out" 2>"$T/err" </dev/null 3>&- 4>&- || status=$?
	out=$(<"$T/out")
	err=$(<"$T/err")
}

# The bundle as an ordinary user has it: a user namespace with one id.
rootless() {
	config '.linux.namespaces += [{ type: "user" }] | .linux.namespaces |= map(select(.type != "network")) |
		.linux.uidMappings = [{ containerID: 0, hostID: 1000, size: 1 }] |
		.linux.gidMappings = [{ containerID: 0, hostID: 1000, size: 1 }]'
}

@test "nothing of the guest has failed" {
	[ "$(systemctl --failed --no-legend)" = "" ]
	[ "$(systemctl is-system-running)" != degraded ]
}

# A program that tells its limit of memory, by the cgroup file system as the container has it.
tells_limit() {
	program sh -c 'echo "$(cat /sys/fs/cgroup/memory.max)"'
	config '.linux.resources.memory = { limit: 67108864 } |
		.mounts += [{ destination: "/sys/fs/cgroup", type: "cgroup", source: "cgroup", options: ["ro"] }]'
}

# in_service COMMANDS: as in_session, by a service of the system's manager, as root.
in_service() {
	echo "$1" >"$T/commands"
	status=0
	timeout 300 systemd-run -q --pipe --wait "${unit[@]}" -E ID="$ID" -E DAVIT="$DAVIT" -E T="$T" \
		sh -c 'cd "$T" && davit() { "$DAVIT" --root "$T/root" "$@"; } && . ./commands' \
		>"$T/out" 2>"$T/err" </dev/null 3>&- 4>&- || status=$?
	out=$(<"$T/out")
	err=$(<"$T/err")
}

@test "an ordinary user's session: a container runs without any cgroup in config.json" {
	rootless
	program sh -c 'echo in the container'
	in_session 'davit run -b bundle "$ID"'
	[ "$status" -eq 0 ] && [ -z "$err" ] || complain "run in a session"
	[ "$out" = "in the container" ]
}

@test "an ordinary user's session: exec, pause and kill of a detached container" {
	rootless
	in_session 'davit run -d -b bundle "$ID" && davit exec "$ID" echo in it && davit pause "$ID" && davit resume "$ID" &&
		davit kill "$ID" KILL && davit delete -f "$ID"'
	[ "$status" -eq 0 ] && [ -z "$err" ] || complain "the life of a container"
	[ "$out" = "in it" ]
}

@test "an ordinary user's service with Delegate=yes: a limit is in force" {
	rootless
	tells_limit
	unit=(-p Delegate=yes)
	in_session 'davit run -b bundle "$ID"'
	[ "$status" -eq 0 ] && [ -z "$err" ] || complain "run with a limit"
	[ "$out" = 67108864 ]
}

@test "a service with Delegate=yes: a limit below its own cgroup is in force, and its processes make room" {
	tells_limit
	unit=(-p Delegate=yes)
	in_service 'own=$(cut -d: -f3 /proc/self/cgroup)
		jq --arg path "$own/c" ".linux.cgroupsPath = \$path" bundle/config.json >new.json && mv new.json bundle/config.json
		davit run -b bundle "$ID" && echo "$own" && cat /proc/self/cgroup'
	[ "$status" -eq 0 ] && [ -z "$err" ] || complain "run with a limit"
	own=$(sed -n 2p "$T/out")
	[[ $own == /system.slice/run-* ]]
	[ "$out" = $'67108864\n'"$own"$'\n'"0::$own/davit@callers" ]
}

@test "a cgroup namespace whose root has processes: a container runs, with a limit too" {
	program sh -c 'echo in the container'
	unit=(-p Delegate=yes)
	in_service 'exec unshare -C -m sh -c "mount -t cgroup2 none /sys/fs/cgroup && \"\$DAVIT\" --root root run -b bundle \"\$ID\""'
	[ "$status" -eq 0 ] && [ -z "$err" ] || complain "run in a cgroup namespace"
	[ "$out" = "in the container" ]
	tells_limit
	in_service 'exec unshare -C -m sh -c "mount -t cgroup2 none /sys/fs/cgroup && \"\$DAVIT\" --root root run -b bundle \"\$ID\""'
	[ "$status" -eq 0 ] && [ -z "$err" ] || complain "run with a limit in a cgroup namespace"
	[ "$out" = 67108864 ]
}

no_services() {
	[ "$(systemctl list-units --no-legend 'run-*' | grep -vc '\.mount')" -eq 0 ]
}

@test "nothing of the tests has failed or is left in systemd" {
	[ "$(systemctl --failed --no-legend)" = "" ]
	[ "$(systemctl --machine=user@.host --user --failed --no-legend)" = "" ]
	comes_true no_services # systemd forgets them in its own time
}
