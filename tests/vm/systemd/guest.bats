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
	timeout 60 systemd-run -q --machine=user@.host --user --pipe --wait "${unit[@]}" -E ID="$ID" -E DAVIT="$DAVIT" \
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

@test "an ordinary user's session: a container runs without any cgroup in config.json" {
	rootless
	program sh -c 'echo in the container'
	in_session 'davit run -b bundle "$ID"'
	[ "$status" -eq 0 ] && [ -z "$err" ] || complain "run in a session"
	[ "$out" = "in the container" ]
}
