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

# leads_nowhere WHEN: nothing of the container leads to the host, and no process has what config.json
# does not allow.
leads_nowhere() {
	local pid words=()
	[ "$1" != created ] || words=(--waiting)
	pid=$(init_pid)
	[ -n "${IS_CHROOT-}" ] || cat "/proc/$HOST/mountinfo" >"$T/host.mounts"
	"$PYTHON" -ES "$SECURITY/look.py" "$pid" --host "$T/host.mounts" --slaves "$SLAVES" --peers "$PEERS" \
		--other "${HOLDER-}" --config "$T/config.json" --umask "$(umask)" --keyring "$ID" "${words[@]}" >"$T/look" || {
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
	cp "$BUNDLE/config.json" "$T/config.json"
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

# Each leaves its own descriptors, session and signals behind, or does not.
@test "look: nothing leads to the host from one with hooks of every kind" {
	for name in containerd-tty podman-userns; do
		looked "$name" '.hooks = (reduce ("prestart", "createRuntime", "createContainer", "startContainer", "poststart", "poststop") as $kind
			({}; .[$kind] = [{ path: "/bin/true", args: ["true"] }, { path: "/bin/cat", args: ["cat"] }]))'
	done
}

# --- it can be red ---------------------------------------------------------------------------------

# sees TEXT [WORD...]: the inspector, given the config of planted(), says TEXT of the container, and nothing else.
sees() {
	local text=$1
	shift
	! "$PYTHON" -ES "$SECURITY/look.py" "$(init_pid)" --config "$T/config.json" --umask "$(umask)" "$@" >"$T/look" ||
		{ echo "does not see: $text"; return 1; }
	grep -qF -- "$text" "$T/look" || { echo "no '$text' in:"; cat "$T/look"; return 1; }
	! grep -vF -- "$text" "$T/look" || { echo "more than '$text'"; return 1; }
}

# sleeps PID: it is that program by now.
sleeps() {
	[ "$(<"/proc/$1/comm")" = sleep ]
}

# planted FILTER TEXT: a container whose config.json has been changed so, which the inspector is not told of.
planted() {
	cp "$T/plain.json" "$BUNDLE/config.json"
	config "$1"
	ok run -d -b "$BUNDLE" "$ID"
	comes_true sleeps "$(init_pid)" # a shell that makes the leak has made it
	sees "$2"
	ok delete --force "$ID"
}

# plain: the config that a leak is planted in, and that has none.
plain() {
	unset HOLDER
	umask 022
	program sleep 1000
	config '.process.capabilities |= map_values(["CAP_KILL", "CAP_SYSLOG"]) | .process.noNewPrivileges = true
		| .linux.seccomp = { defaultAction: "SCMP_ACT_ALLOW", syscalls: [{ names: ["swapon"], action: "SCMP_ACT_ERRNO" }] }
		| .linux.namespaces |= map(select(.type != "cgroup")) + [{ type: "cgroup" }]'
	cp "$BUNDLE/config.json" "$T/config.json"
	cp "$BUNDLE/config.json" "$T/plain.json"
	ok run -d -b "$BUNDLE" "$ID"
	"$PYTHON" -ES "$SECURITY/look.py" "$(init_pid)" --config "$T/config.json" >"$T/look" || { cat "$T/look"; return 1; }
	ok delete --force "$ID"
}

@test "look: it sees each planted leak of a process's rights and surroundings" {
	plain
	planted '.process.capabilities.bounding += ["CAP_SYS_ADMIN"]' "CapBnd has SYS_ADMIN"
	planted '.process.capabilities.inheritable += ["CAP_NET_RAW"] | .process.capabilities.permitted += ["CAP_NET_RAW"] |
		.process.capabilities.bounding += ["CAP_NET_RAW"]' "has NET_RAW"
	planted '.process.noNewPrivileges = false' "no_new_privs is not set"
	planted 'del(.linux.seccomp)' "seccomp mode is 0, not 2"
	planted '.process.user.umask = 0' "umask is 0000, not 0022"
	planted '.process.env += ["SECRET=of the host"]' "its environment has SECRET"
	planted '.process.rlimits += [{ type: "RLIMIT_CORE", soft: 1, hard: 2 }]' "Max core file size is"
	planted '.process.oomScoreAdj = 77' "oom_score_adj is 77"
	planted '.process.user.additionalGids = [42, 7]' "it is in the group 7 42"
	planted '.process.args = ["sh", "-c", "trap \"\" HUP; unset PWD SHLVL OLDPWD; exec sleep 1000"]' "SigIgn is"
}

@test "look: it sees each planted leak of namespaces and of the kernel's files" {
	plain
	planted '.linux.namespaces |= map(select(.type != "uts")) | del(.hostname)' "its uts namespace is the host's"
	planted '.linux.namespaces |= map(select(.type != "ipc"))' "its ipc namespace is the host's"
	planted 'del(.linux.readonlyPaths)' "can be written to"
	planted '.mounts |= map(select(.destination != "/sys/fs/cgroup")) +
		[{ destination: "/sys/fs/cgroup", type: "cgroup", source: "cgroup", options: ["rw"] }]' "can be written to"
	planted '.linux.devices = [{ path: "/dev/kmsg", type: "c", major: 1, minor: 11 }] |
		.linux.resources.devices += [{ allow: true, type: "c", major: 1, minor: 11, access: "r" }]' "/dev/kmsg (1:11) opens"
}

@test "look: it sees descriptors, locks, sockets, folders and cgroups of the host's" {
	local pid
	plain
	exec 9</etc
	DAVIT_TEST=$TOKEN "$DAVIT" --root "$ROOT" run -d --preserve-fds 7 -b "$BUNDLE" "$ID" </dev/null >/dev/null 2>&1 3<&9 4<&9 5<&9 6<&9 7<&9 8<&9
	sees "/etc is on no mount of the container"
	ok delete --force "$ID"
	exec 9>"$T/locked"
	flock 9
	DAVIT_TEST=$TOKEN "$DAVIT" --root "$ROOT" run -d --preserve-fds 7 -b "$BUNDLE" "$ID" </dev/null >/dev/null 2>&1 3<&- 4<&-
	exec 9>&-
	sees "is on no mount of the container"
	ok delete --force "$ID"
	ok run -d --no-new-keyring -b "$BUNDLE" "$ID"
	[ ! -e /proc/keys ] || sees "there is no session keyring of its own" --keyring "not-$ID"
	ok delete --force "$ID"
	# By hand: a process in the namespaces of a container, with a root, a folder, a cgroup of the host's.
	ok run -d -b "$BUNDLE" "$ID"
	pid=$(init_pid)
	env -i "DAVIT_TEST=$TOKEN" "$(command -v nsenter)" -t "$pid" -p -- "$(command -v sleep)" 1000 </dev/null >/dev/null 2>&1 3>&- 4>&- &
	HOLDER=$!
	comes_true pgrep -xP "$HOLDER" sleep >/dev/null
	"$PYTHON" -ES "$SECURITY/look.py" "$pid" --config "$T/config.json" >"$T/look" || status=$?
	[ "$status" -eq 1 ]
	for text in "/root -> / is on no mount" "/cwd -> " "/exe -> " "is in the cgroup" "CapEff has" "its net namespace is the host's" \
		"seccomp mode is 0" "leads no session of its own" "no_new_privs is not set"; do
		grep -qF -- "$text" "$T/look" || { cat "$T/look"; echo "not seen: $text"; return 1; }
	done
	ok delete --force "$ID"
	has_ended "$HOLDER"
	wait "$HOLDER" || true
	HOLDER=
}
