#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Properties of the result, whatever the attack: look.py looks from outside at every process in a
# container's pid namespace, for each config.json that an engine wrote, when it is created, when it runs,
# and beside a program that is executed in it. The host's mounts are shared, as systemd makes them.
# shellcheck disable=SC2016  # variables of jq
load helpers
load ../cli/engine

setup() {
	requires root cgroup2 command:python3
	new_bundle
	has_shared_mounts
}

teardown() {
	local failed=0
	[ -z "${HOLDER-}" ] || davit delete --force "$ID"
	end_helpers
	tear_down || failed=1
	end_host
	return $failed
}

# leads_nowhere WHEN: nothing of the container leads to the host.
leads_nowhere() {
	local pid
	pid=$(init_pid)
	[ -n "${IS_CHROOT-}" ] || cat "/proc/$HOST/mountinfo" >"$T/host.mounts"
	"$PYTHON" -ES "$SECURITY/look.py" "$pid" "$T/host.mounts" "$SLAVES" "$PEERS" "${HOLDER-}" >"$T/look" || {
		echo "$NAME, $1:"
		cat "$T/look"
		return 1
	}
	grep -q 'processes' "$T/look"
}

# places WORD...: where a bind of config.json has one of the words, as a regular expression.
places() {
	jq -r '[.mounts[] | select((.options // []) | any(IN($ARGS.positional[]))) | "^" + .destination + "(/|$)"] | join("|")' \
		"$BUNDLE/config.json" --args "$@"
}

# looked NAME [FILTER]: the life of a container with that config, changed so.
looked() {
	NAME=$1
	localise "$1"
	config "${2-.}"
	SLAVES=$(places slave rslave shared rshared) # may see what the host mounts later
	PEERS=$(places shared rshared)               # the host may see what they mount
	[[ $(jq -r .linux.rootfsPropagation "$BUNDLE/config.json") != *@(shared|slave) ]] || SLAVES=^
	cat "/proc/$HOST/mountinfo" >"$T/host.mounts"
	ok create "${CREATE[@]}" "$ID"
	leads_nowhere created
	ok start "$ID"
	leads_nowhere running
	config '.process.args = ["sleep", "1000"] | .process.terminal = false | .process' # the executed one's
	ok exec --detach --process "$BUNDLE/config.json" "$ID"
	leads_nowhere "with an exec"
	[ "$(sed -n 's/looked at \([0-9]*\) processes.*/\1/p' "$T/look")" -ge 2 ]
	ok delete --force "$ID"
	end_helpers
	rm -rf "$BUNDLE/holder" "$T/console" "$T/console.sock" "$BUNDLE/sources"
}

configs() {
	local file
	for file in "$TOP"/tests/configs/*.json; do
		basename "$file" .json
	done
}

@test "look: nothing leads to the host from a container of any engine's config" {
	for name in $(configs); do
		looked "$name"
	done
}

@test "look: nothing leads to the host from one in a user namespace" {
	for name in $(configs); do
		[[ $name != *userns* ]] || continue
		looked "$name" 'del(.linux.sysctl) | .linux.namespaces |= (map(select(.type != "user") | del(.path)) + [{ type: "user" }]) |
			[{ containerID: 0, hostID: 0, size: 65536 }] as $map | .linux.uidMappings = $map | .linux.gidMappings = $map'
	done
}

# Its mounts are in the host's table, so what counts as the host's is what was there before; and a
# process's own are those below its root, which is all that the kernel shows of them.
@test "look: nothing leads to the host from one without a mount namespace" {
	local name
	IS_CHROOT=1
	for name in $(configs); do
		[[ $name != *userns* ]] || continue
		looked "$name" '.linux.namespaces |= map(select(.type != "mount")) |
			.process.capabilities |= map_values(. - ["CAP_SYS_ADMIN", "CAP_SYS_CHROOT"])'
	done
}
