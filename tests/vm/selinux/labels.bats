#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# process.selinuxLabel where SELinux is enforced (policy.cil): the label as the kernel has it, what it
# denies, and the session keyring's. linux.mountLabel is cli/spec-mounts.bats' subject.
load ../../cli/helpers

LABEL=system_u:system_r:container_t:s0:c1,c2
OTHER=system_u:system_r:container_t:s0:c0

setup() {
	requires selinux
	new_bundle
	echo secret >"$BUNDLE/rootfs/secret"
	setfattr -n security.selinux -v system_u:object_r:secret_t:s0 "$BUNDLE/rootfs/secret"
	# shellcheck disable=SC2016  # jq's
	config --arg label "$LABEL" '.process.selinuxLabel = $label'
}

teardown() {
	tear_down
}

# has_label PID LABEL
has_label() {
	local label
	label=$(tr -d '\0' <"/proc/$1/attr/current")
	[ "$label" = "$2" ] || complain "label: $label"
}

@test "process.selinuxLabel: the program has it, and is denied what the policy denies" {
	cat "$BUNDLE/rootfs/secret"
	program sh -c 'cat /secret; echo >/other && exec sleep 1000'
	ok create -b "$BUNDLE" "$ID"
	ERRORS=$ERR
	ok start "$ID"
	appears "$BUNDLE/rootfs/other"
	has_label "$(init_pid)" "$LABEL"
	grep -q "/secret.*Permission denied" "$ERRORS"
}

@test "process.selinuxLabel: exec has the container's, or the one that it asks for" {
	program sleep 1000
	ok run -d -b "$BUNDLE" "$ID"
	davit exec "$ID" cat /secret
	[[ $status -eq 1 && $err == *"Permission denied"* ]] || complain "exec"
	ok exec -d --pid-file "$T/pid" "$ID" sleep 1000
	has_label "$(<"$T/pid")" "$LABEL"
	ok exec -d --process-label "$OTHER" --pid-file "$T/pid" "$ID" sleep 1000
	has_label "$(<"$T/pid")" "$OTHER"
	refused "set SELinux label system_u:system_r:none_t:s0" exec --process-label system_u:system_r:none_t:s0 "$ID" true
}

@test "process.selinuxLabel: one that the policy does not know fails create, with the reason" {
	for option in "" --no-new-keyring; do
		config '.process.selinuxLabel = "system_u:system_r:none_t:s0"'
		# shellcheck disable=SC2086  # no word for no option
		refused "set SELinux label system_u:system_r:none_t:s0 (at /process/selinuxLabel)" create $option -b "$BUNDLE" "$ID"
		[[ $err == *"invalid argument"* ]]
		check_clean
	done
}

@test "process.selinuxLabel: without one the program has the caller's; a startContainer hook has the program's (both peers)" {
	config 'del(.process.selinuxLabel)'
	program cat /secret /proc/self/attr/current
	ok run -b "$BUNDLE" "$ID"
	[[ $(tr -d '\0' <"$OUT") == $'secret\nsystem_u:system_r:kernel_t:s0'* ]]
	# shellcheck disable=SC2016  # jq's
	config --arg label "$LABEL" '.process.selinuxLabel = $label | .process.args = ["true"] |
		.hooks.startContainer = [{ path: "/bin/sh", args: ["sh", "-c", "cat /proc/self/attr/current >/hook"] }]'
	ok run -b "$BUNDLE" "$ID"
	[[ $(tr -d '\0' <"$BUNDLE/rootfs/hook") == "$LABEL" ]]
}

@test "process.selinuxLabel: the session keyring is the program's, in exec too" {
	ln -s usr/lib "$BUNDLE/rootfs/lib"
	ln -s usr/lib64 "$BUNDLE/rootfs/lib64"
	config '.mounts += [{ destination: "/usr", type: "bind", source: "/usr", options: ["rbind", "ro"] }]'
	# KEYCTL_GET_SECURITY of KEY_SPEC_SESSION_KEYRING
	cat >"$BUNDLE/rootfs/look.py" <<-END
		import ctypes, time
		b = ctypes.create_string_buffer(200)
		n = ctypes.CDLL(None, use_errno=True).syscall(250, 17, -3, b, 200)
		print(b.value.decode() if n > 0 else ctypes.get_errno(), flush=True)
		time.sleep(1000)
	END
	program /usr/bin/python3 -S /look.py
	ok create -b "$BUNDLE" "$ID"
	SAYS=$OUT
	ok start "$ID"
	appears "$SAYS"
	[ "$(<"$SAYS")" = "$LABEL" ]
	davit exec -d "$ID" /usr/bin/python3 -S /look.py
	appears "$OUT"
	[ "$(<"$OUT")" = "$LABEL" ] || complain "exec"
}
