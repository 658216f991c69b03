#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# process.apparmorProfile where AppArmor is on: the label as the kernel has it, and what it denies.
load ../../cli/helpers

setup_file() {
	apparmor_parser -r <<-END
		profile davit-test flags=(attach_disconnected,mediate_deleted) {
			file,
			signal,
			deny /secret r,
		}
		profile davit-other flags=(attach_disconnected,mediate_deleted) {
			file,
			signal,
		}
	END
}

setup() {
	requires apparmor
	new_bundle
	echo secret >"$BUNDLE/rootfs/secret"
	config '.process.apparmorProfile = "davit-test"'
}

teardown() {
	tear_down
}

# has_label PID LABEL
has_label() {
	[ "$(<"/proc/$1/attr/apparmor/current")" = "$2" ] || complain "label: $(<"/proc/$1/attr/apparmor/current")"
}

@test "process.apparmorProfile: the program has it, and is denied what it denies" {
	program sh -c 'cat /secret; echo >/other && exec sleep 1000'
	ok create -b "$BUNDLE" "$ID"
	ERRORS=$ERR
	ok start "$ID"
	appears "$BUNDLE/rootfs/other"
	has_label "$(init_pid)" "davit-test (enforce)"
	grep -q "/secret.*Permission denied" "$ERRORS"
}

@test "process.apparmorProfile: exec has the container's, or the one that it asks for" {
	program sleep 1000
	ok run -d -b "$BUNDLE" "$ID"
	davit exec "$ID" cat /secret
	[[ $status -eq 1 && $err == *"Permission denied"* ]] || complain "exec"
	ok exec -d --pid-file "$T/pid" "$ID" sleep 1000
	has_label "$(<"$T/pid")" "davit-test (enforce)"
	ok exec --apparmor davit-other "$ID" cat /secret /proc/self/attr/current
	[ "$out" = $'secret\ndavit-other (enforce)' ]
	refused "set AppArmor profile davit-none" exec --apparmor davit-none "$ID" true
}

@test "process.apparmorProfile: one that is not loaded fails create, with the reason" {
	config '.process.apparmorProfile = "davit-none"'
	refused "set AppArmor profile davit-none (at /process/apparmorProfile)" create -b "$BUNDLE" "$ID"
	[[ $err == *"no such file or directory"* ]]
	check_clean
}

@test "process.apparmorProfile: unconfined is no profile; a startContainer hook has the program's (both peers)" {
	# shellcheck disable=SC2016
	config '.process.apparmorProfile = "unconfined"'
	program cat /proc/self/attr/current
	ok run -b "$BUNDLE" "$ID"
	[ "$out" = unconfined ]
	config '.process.apparmorProfile = "davit-test" |
		.hooks.startContainer = [{ path: "/bin/sh", args: ["sh", "-c", "cat /proc/self/attr/current >/hook"] }]'
	ok run -b "$BUNDLE" "$ID"
	[ "$out" = "davit-test (enforce)" ]
	[ "$(<"$BUNDLE/rootfs/hook")" = "davit-test (enforce)" ]
}
