#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# A Debian root in six new namespaces: what its own programs see, and what is seen from outside.
load helpers

setup_file() {
	[ "$(id -u)" -eq 0 ] || return 0
	DEBIAN=$("$TOP/tests/lib/debian-root" 2>"$BATS_FILE_TMPDIR/why") || DEBIAN=
	export DEBIAN
}

setup() {
	requires root cgroup2
	[ -n "$DEBIAN" ] || skip "needs a Debian root: $(tail -1 "$BATS_FILE_TMPDIR/why")"
	new_bundle
	rm "$BUNDLE/config.json"
	"$DAVIT" spec -b "$BUNDLE"
	# shellcheck disable=SC2016  # jq's
	config --arg root "$DEBIAN" --arg token "DAVIT_TEST=$TOKEN" '
		.root.path = $root | .process.terminal = false | .process.env += [$token] |
		.process.args = ["/bin/sh", "-c", "cat /etc/os-release; ps ax; id; mount"]'
}

teardown() {
	tear_down
}

# The lines of $out from one that matches $1 up to the next that matches $2.
section() {
	awk -v from="$1" -v to="$2" '$0 ~ to && on { exit } $0 ~ from { on = 1 } on' <<<"$out"
}

@test "os-release, ps, id and mount say what they should" {
	ok run "$ID" -b "$BUNDLE"

	diff <(section '^PRETTY_NAME=' '^ *PID ') "$DEBIAN/etc/os-release"

	ps=$(section '^ *PID ' '^uid=')
	[ "$(wc -l <<<"$ps")" -eq 3 ] # the title, the shell, ps
	[[ $(sed -n 2p <<<"$ps") =~ ^\ +1\ .*\ /bin/sh\ -c ]]
	[[ $(sed -n 3p <<<"$ps") == *"ps ax" ]]

	[ "$(grep '^uid=' <<<"$out")" = "uid=0(root) gid=0(root) groups=0(root)" ]

	mounts=$(awk 'on { print $3 " " $5 } /^uid=/ { on = 1 }' <<<"$out")
	for line in "/proc proc" "/dev tmpfs" "/dev/pts devpts" "/dev/shm tmpfs" "/dev/mqueue mqueue" \
		"/sys sysfs" "/sys/fs/cgroup cgroup2"; do
		grep -qx "$line" <<<"$mounts"
	done
	# Nothing of the host but its root's file system, and what masks things.
	run ! grep -q -e "$T" -e "$DEBIAN" -e '^/run' <<<"$mounts"
	check_clean
}

@test "all six namespaces are new, seen from outside" {
	program sleep 1000
	ok create -b "$BUNDLE" "$ID"
	ok start "$ID"
	pid=$(init_pid)
	for ns in pid net mnt ipc uts cgroup; do
		[ "$(readlink "/proc/$pid/ns/$ns")" != "$(readlink "/proc/self/ns/$ns")" ] || {
			echo "$ns is not new"
			return 1
		}
	done
	[ "$(readlink "/proc/$pid/ns/user")" = "$(readlink "/proc/self/ns/user")" ]
	[ "$(proc_field "$pid" NSpid)" = "$pid"$'\t1' ]
	[ "$(nsenter -t "$pid" -u hostname)" = davit ]
	[ "$(nsenter -t "$pid" -n ip -o link | wc -l)" -eq 1 ]
	[[ $(nsenter -t "$pid" -n ip -o link) == *" lo: <LOOPBACK,UP"* ]]
	[ "$(cgroup_of "$pid")" = "$CGROOT/$ID" ]
	# The root of its cgroup namespace is its own cgroup.
	[ "$(nsenter -t "$pid" -C cat "/proc/$pid/cgroup" | grep ^0::)" = "0::/" ]
	ok delete --force "$ID"
	check_clean
}

@test "the mounts are those of config.json and no others, seen from outside" {
	program sleep 1000
	ok create -b "$BUNDLE" "$ID"
	pid=$(init_pid)
	inside=$(awk '{ print $5 }' "/proc/$pid/mountinfo" | sort)
	expected=$({
		echo /
		jq -r '.mounts[].destination' "$BUNDLE/config.json"
		jq -r '.linux | (.maskedPaths + .readonlyPaths)[]' "$BUNDLE/config.json" | while read -r path; do
			[ ! -e "$path" ] || echo "$path"
		done
	} | sort)
	diff <(echo "$expected") <(echo "$inside")
	# read-only, of this root, and in nobody's peer group
	awk '$5 == "/" { print $6 }' "/proc/$pid/mountinfo" | grep -q '^ro\b'
	run ! grep -q ' shared:\| master:' "/proc/$pid/mountinfo"
	[ "$(stat -Lc %d:%i "/proc/$pid/root")" = "$(stat -c %d:%i "$DEBIAN")" ]
	ok delete "$ID"
	check_clean
}
