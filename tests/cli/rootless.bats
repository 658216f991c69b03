#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# davit for an ordinary user. The user exists for these tests only: its name and its subordinate ids
# stand in files that a mount namespace of each call shows in place of the machine's.
# shellcheck disable=SC2016  # variables of jq
load helpers

USER_ID=54321

setup() {
	requires root userns
	# bats' own folder is closed to the user. Not below /tmp, which a test covers.
	BATS_TEST_TMPDIR=$(mktemp -d /var/tmp/davit-rootless.XXXXXX)
	REAL=$BATS_TEST_TMPDIR/real/davit
	mkdir "${REAL%/*}"
	cp "$DAVIT" "$REAL"
	new_bundle
	DAVIT=$T/davit
	make_wrapper
	chmod 755 "$T" "${REAL%/*}" "$REAL" "$DAVIT"
	mkdir -m 700 "$T/runtime"
	chown -R "$USER_ID:$USER_ID" "$ROOT" "$BUNDLE" "$T/runtime"
	rm "$BUNDLE/config.json"
	"$DAVIT" spec --rootless -b "$BUNDLE"
	# shellcheck disable=SC2016  # jq's
	config --arg token "DAVIT_TEST=$TOKEN" \
		'.process.terminal = false | .process.env += [$token] | .process.args = ["sleep", "1000"]'
	export XDG_RUNTIME_DIR=$T/runtime VIA=""
}

teardown() {
	VIA=
	local cgroup
	tear_down || return
	! is_delegated || while read -r cgroup; do removed "$cgroup"; done < <(find "$CGROOT/$TOKEN" -depth -type d)
	rm -rf "$T"
}

is_delegated() {
	[ -n "${TOKEN-}" ] && [ -d "$CGROOT/$TOKEN" ]
}

# The command as the user calls it: what is in $T/hide stands in the place of the file of that name
# (with % for /), and VIA is put in front.
make_wrapper() {
	mkdir "$T/hide"
	cat >"$DAVIT" <<-END
		#!/bin/sh
		for cgroup in "$CGROOT/$TOKEN/session" "$CGROOT/$TOKEN"; do
			[ ! -d "\$cgroup" ] || { echo \$\$ >"\$cgroup/cgroup.procs"; break; }
		done
		exec unshare -m --propagation private sh -c '
			for file in $T/hide/*; do
				[ ! -e "\$file" ] || mount --bind "\$file" "\$(basename "\$file" | tr % /)"
			done
			exec setpriv --reuid=$USER_ID --regid=$USER_ID --clear-groups \
				env -i PATH=/usr/bin:/bin DAVIT_TEST=$TOKEN \${XDG_RUNTIME_DIR+XDG_RUNTIME_DIR="\$XDG_RUNTIME_DIR"} \
				\$VIA $REAL "\$@"' davit "\$@"
	END
}

# has_user [RANGE]: the user has a name, and this range of subordinate ids.
has_user() {
	{ cat /etc/passwd; echo "davittest:x:$USER_ID:$USER_ID::/:/bin/sh"; } >"$T/hide/%etc%passwd"
	for file in subuid subgid; do
		[ -e /etc/$file ] || skip "needs /etc/$file"
		echo "${1-}" >"$T/hide/%etc%$file"
	done
}

# Id 0 is the user, and the others are subordinate ids from 700000 on.
map_range() {
	# shellcheck disable=SC2016  # jq's
	config --argjson own "$USER_ID" '
		[{ containerID: 0, hostID: $own, size: 1 }, { containerID: 1, hostID: 700000, size: 65535 }] as $map |
		.linux.uidMappings = $map | .linux.gidMappings = $map'
}

@test "create, start, state, list, kill and delete, and nothing is left" {
	ok create -b "$BUNDLE" "$ID"
	is created
	pid=$(init_pid)
	[ "$(readlink "/proc/$pid/ns/user")" != "$(readlink /proc/self/ns/user)" ]
	[[ $(proc_field "$pid" Uid) == "$USER_ID"$'\t'* ]]
	[ "$(tr -s ' ' <"/proc/$pid/uid_map")" = " 0 $USER_ID 1" ]
	[ "$(tr -s ' ' <"/proc/$pid/gid_map")" = " 0 $USER_ID 1" ]
	[ "$(<"/proc/$pid/setgroups")" = deny ]

	ok start "$ID"
	is running
	[[ $(readlink "/proc/$pid/exe") == */busybox ]]
	[ "$(proc_field "$pid" NoNewPrivs)" = 1 ]
	[ "$(proc_field "$pid" CapEff)" = 0000000020000420 ]
	ok list -q
	[ "$out" = "$ID" ]
	ok kill "$ID" KILL
	becomes stopped
	ok delete "$ID"
	check_clean
}

@test "the program sees itself as root, in file systems of its own" {
	config '.process.args = ["sh", "-c", "id; hostname; ps; mount"]'
	ok run -b "$BUNDLE" "$ID"
	[[ $(sed -n 1p "$OUT") == "uid=0 gid=0"* ]]
	[ "$(sed -n 2p "$OUT")" = davit ]
	grep -q '^ *1 .*sh -c' "$OUT"
	for line in "/proc type proc (rw" "/dev type tmpfs (rw,nosuid" "/sys type sysfs (ro" "/dev/null type devtmpfs"; do
		grep -qF " on $line" "$OUT"
	done
	check_clean
}

@test "what runs of davit in the container is a sealed copy" {
	ok create -b "$BUNDLE" "$ID"
	pid=$(init_pid)
	[ "$(readlink "/proc/$pid/exe")" = "/memfd:davit (deleted)" ]
	# F_GET_SEALS: F_SEAL_SEAL, F_SEAL_SHRINK, F_SEAL_GROW, F_SEAL_WRITE
	[ "$(python3 -c 'import fcntl, sys; print(fcntl.fcntl(open(sys.argv[1]), 1034) & 15)' "/proc/$pid/exe")" = 15 ]
}

@test "the state is below XDG_RUNTIME_DIR, or below /tmp without it" {
	local default
	mkdir -m 1777 "$T/hide/%tmp" # another run of the tests may have one in the machine's
	for XDG_RUNTIME_DIR in "$T/runtime" ""; do
		default=${XDG_RUNTIME_DIR:-$T/hide/%tmp}/davit
		[ -n "$XDG_RUNTIME_DIR" ] || default+=-$USER_ID
		[ ! -e "$default" ]
		"$DAVIT" create -b "$BUNDLE" "$ID" >"$T/o" 2>&1 </dev/null 3>&-
		[ -e "$default/$ID/state.json" ]
		[ "$(stat -c '%a %u' "$default")" = "700 $USER_ID" ]
		"$DAVIT" delete "$ID"
		[ ! -e "$default/$ID" ]
		rm -r "$default"
	done
}

@test "a cgroup that was delegated is used and removed" {
	requires cgroup2
	mkdir "$CGROOT/$TOKEN"
	chown "$USER_ID" "$CGROOT/$TOKEN"{,/cgroup.procs,/cgroup.subtree_control}
	snapshot before
	ok create -b "$BUNDLE" "$ID"
	pid=$(init_pid)
	[[ $(cgroup_of "$pid") == "$CGROOT/$TOKEN/"*"$ID" ]]
	ok delete "$ID"
	check_clean
}

@test "subordinate ids are mapped by newuidmap and newgidmap" {
	requires command:newuidmap
	has_user "davittest:700000:65536"
	map_range
	config '.process.user = { uid: 1000, gid: 1001, additionalGids: [5] }'
	ok create -b "$BUNDLE" "$ID"
	pid=$(init_pid)
	ok start "$ID"
	for file in uid_map gid_map; do
		[ "$(tr -s ' ' <"/proc/$pid/$file")" = " 0 $USER_ID 1"$'\n'" 1 700000 65535" ]
	done
	[ "$(<"/proc/$pid/setgroups")" = allow ]
	[ "$(proc_field "$pid" Uid | cut -f1)" = 700999 ]
	[ "$(proc_field "$pid" Gid | cut -f1)" = 701000 ]
	[ "$(proc_field "$pid" Groups | tr -d ' ')" = 700004 ]
	ok delete --force "$ID"
	check_clean
}

@test "a range that is not listed: the error names the command that helps, which does" {
	requires command:newuidmap
	has_user
	map_range
	for file in subuid subgid; do
		line="$USER_ID:700000:65535"
		refused "as root: echo $line >>/etc/$file" create -b "$BUNDLE" "$ID"
		check_clean
		echo "$line" >>"$T/hide/%etc%$file"
	done
	ok create -b "$BUNDLE" "$ID"
}

@test "newuidmap is not there: the error says so, and what to install" {
	requires command:newuidmap
	has_user "davittest:700000:65536"
	map_range
	touch "$T/hide/$(command -v newuidmap | tr / %)"
	refused "newuidmap is not installed" create -b "$BUNDLE" "$ID"
	[[ $err == *"apt-get install uidmap"* ]]
	check_clean
}

@test "no user namespace: refused with what to add" {
	config 'del(.linux.uidMappings, .linux.gidMappings) | .linux.namespaces |= map(select(.type != "user"))'
	refused "there is no user namespace" create -b "$BUNDLE" "$ID"
	[[ $err == *'add { "type": "user" }'* ]]
	check_clean
}

@test "a user namespace without mappings gets one for the caller" {
	config 'del(.linux.uidMappings, .linux.gidMappings)'
	ok create -b "$BUNDLE" "$ID"
	[ "$(tr -s ' ' <"/proc/$(init_pid)/uid_map")" = " 0 $USER_ID 1" ]
}

@test "additional groups are refused where setgroups is denied" {
	config '.process.user.additionalGids = [5]'
	refused "gid 5 has no mapping in the user namespace (at /process/user/additionalGids/0)" run -b "$BUNDLE" "$ID"
	check_clean
}

# podman exec lists the group that root has anyway.
@test "a list of the process's own group alone asks for nothing that setgroups denied could refuse" {
	config '.process.user.additionalGids = [0]'
	program sh -c 'grep Groups: /proc/self/status; exec sleep 1000'
	ok create -b "$BUNDLE" "$ID"
	ok start "$ID"
	ok exec -g 0 "$ID" true
	refused "gid 5 has no mapping" exec -g 5 "$ID" true
}

@test "root of a user namespace without rights outside: with and without another one" {
	config '.process.args = ["sh", "-c", "id; cat /proc/self/uid_map; echo >/dev/null"]'
	cp "$BUNDLE/config.json" "$T/user.json"
	for VIA in "unshare -Ur" "unshare -Urm"; do
		# in its own
		config 'del(.linux.uidMappings, .linux.gidMappings) | .linux.namespaces |= map(select(.type != "user"))'
		ok run -b "$BUNDLE" "$ID"
		[[ $out == "uid=0 gid=0"* ]]
		[ "$(sed -n 2p "$OUT" | tr -s ' ')" = " 0 $USER_ID 1" ]
		check_clean
		# in a new one
		cp "$T/user.json" "$BUNDLE/config.json"
		config '.linux.uidMappings[0].hostID = 0 | .linux.gidMappings[0].hostID = 0'
		ok run -b "$BUNDLE" "$ID"
		[ "$(sed -n 2p "$OUT" | tr -s ' ')" = " 0 0 1" ]
		check_clean
	done
	# The state root by default is the user's, not the machine's.
	"$DAVIT" run -b "$BUNDLE" "$ID" >"$T/o" 2>&1 </dev/null 3>&-
	[ -d "$T/runtime/davit" ]
}

@test "a Debian root in namespaces of an ordinary user" {
	debian=$("$TOP/tests/lib/debian-root" 2>"$T/why") || skip "needs a Debian root: $(tail -1 "$T/why")"
	# shellcheck disable=SC2016  # jq's
	config --arg root "$debian" '.root.path = $root |
		.process.args = ["/bin/sh", "-c", "cat /etc/os-release; ps ax; id; mount"]'
	ok run -b "$BUNDLE" "$ID"
	[[ $out == *"PRETTY_NAME="* ]]
	[ "$(grep -c '^ *[0-9][0-9]* ?' <<<"$out")" -eq 2 ] # the shell and ps
	grep -qx "uid=0(root) gid=0(root) groups=0(root)" <<<"$out"
	for line in "/proc proc" "/dev tmpfs" "/dev/pts devpts" "/dev/mqueue mqueue" "/sys sysfs"; do
		grep -qx "$line" <<<"$(awk 'on { print $3 " " $5 } /^uid=/ { on = 1 }' <<<"$out")"
	done
	check_clean

	# Seen from outside: all six namespaces and the user's are new.
	program sleep 1000
	ok create -b "$BUNDLE" "$ID"
	ok start "$ID"
	pid=$(init_pid)
	for ns in pid net ipc uts mnt cgroup user; do
		[ "$(readlink "/proc/$pid/ns/$ns")" != "$(readlink "/proc/self/ns/$ns")" ] || complain "$ns is not new" || return
	done
	[[ $(proc_field "$pid" Uid) == "$USER_ID"$'\t'* ]]
	ok delete --force "$ID"
}

@test "linux.timeOffsets.boottime: for an ordinary user, whose user namespace owns the time namespace" {
	requires timens
	config '.linux.namespaces += [{ type: "time" }] | .linux.timeOffsets = { boottime: { secs: 4545 } }'
	ok run -d -b "$BUNDLE" "$ID"
	pid=$(init_pid)
	[ "$(awk '$1 == "boottime" { print $2 }' "/proc/$pid/timens_offsets")" = 4545 ]
	[ "$(proc_field "$pid" Uid | cut -f1)" = "$USER_ID" ]
	[ "$(tr -s ' ' <"/proc/$pid/uid_map")" = " 0 $USER_ID 1" ]
}

@test "exec enters a container of an ordinary user that is not started yet" {
	davit create -b "$BUNDLE" "$ID"
	[ "$status" -eq 0 ] || complain "create"
	ok exec "$ID" sh -c 'id -u; echo $$; hostname; cat /proc/self/uid_map'
	[ "$(sed -n 1p <<<"$out")" = 0 ]
	[ "$(sed -n 3p <<<"$out")" = "$(jq -r .hostname "$BUNDLE/config.json")" ]
	[ "$(sed -n 4p <<<"$out" | tr -s ' ')" = " 0 $USER_ID 1" ]
	for type in user mnt pid net ipc uts cgroup; do
		ok exec "$ID" busybox readlink "/proc/self/ns/$type"
		[ "$out" = "$(readlink "/proc/$(init_pid)/ns/$type")" ] || complain "$type"
	done
	ok start "$ID"
	ok exec "$ID" true
}

@test "exec enters the joined pid namespace of a container that is not started yet" {
	ok run -d -b "$BUNDLE" "$ID-first"
	first=$(init_pid "$ID-first")
	# shellcheck disable=SC2016  # jq's
	config --arg ns "/proc/$first/ns/" 'del(.linux.uidMappings, .linux.gidMappings) | .linux.namespaces |=
		map(if .type == "user" or .type == "pid" then .path = $ns + .type else . end)'
	davit create -b "$BUNDLE" "$ID"
	[ "$status" -eq 0 ] || complain "create"
	ok exec -d --pid-file "$T/runtime/pid" "$ID" sleep 500
	other=$(<"$T/runtime/pid")
	for type in user pid mnt; do
		[ "$(readlink "/proc/$other/ns/$type")" = "$(readlink "/proc/$(init_pid)/ns/$type")" ] || complain "$type"
	done
	ok exec "$ID" busybox readlink /proc/self/ns/pid
	[ "$out" = "$(readlink "/proc/$first/ns/pid")" ]
}

@test "exec enters the container of an ordinary user" {
	ok run -d -b "$BUNDLE" "$ID"
	pid=$(init_pid)
	ok exec "$ID" sh -c 'id; ps'
	[[ $(sed -n 1p "$OUT") == "uid=0 gid=0"* ]]
	grep -q '^ *1 .*sleep 1000' "$OUT"
	ok exec -d --pid-file "$T/runtime/pid" "$ID" sleep 500
	other=$(pid_in "$T/runtime/pid")
	for ns in pid net ipc uts mnt cgroup user; do
		[ "$(readlink "/proc/$other/ns/$ns")" = "$(readlink "/proc/$pid/ns/$ns")" ] || { echo "$ns"; false; }
	done
	[[ $(proc_field "$other" Uid) == "$USER_ID"$'\t'* ]]
	[ "$(proc_field "$other" NoNewPrivs)" = 1 ]
	davit exec "$ID" sh -c 'exit 3'
	[ "$status" -eq 3 ]
	refused "stat /nope: no such file or directory" exec "$ID" /nope
	[ "$status" -eq 255 ]
}

# A cgroup that is the user's, and below it, not the user's, the one of the session.
make_session() {
	requires cgroup2
	mkdir -p "$CGROOT/$TOKEN/session"
	chown "$USER_ID" "$CGROOT/$TOKEN"{,/cgroup.procs,/cgroup.subtree_control}
	snapshot before
}

@test "a cgroup beside the user's own one is used, since that has processes" {
	make_session
	ok run -d -b "$BUNDLE" "$ID"
	[ "$(cgroup_of "$(init_pid)")" = "$CGROOT/$TOKEN/$ID" ]
	ok exec "$ID" true
	ok delete -f "$ID"
	check_clean
}

@test "linux.cgroupsPath: what the user may write is used as it stands" {
	make_session
	for path in "/$TOKEN/deep/er" "/$TOKEN/flat" "/$TOKEN/session/../x" relative; do
		config --arg p "$path" '.linux.cgroupsPath = $p'
		[[ $path != *..* ]] || { refused '".." ' create -b "$BUNDLE" "$ID"; continue; }
		ok run -d -b "$BUNDLE" "$ID"
		place=$CGROOT$path
		[ "$path" != relative ] || place=$CGROOT/$TOKEN/relative
		[ "$(cgroup_of "$(init_pid)")" = "$place" ] || complain "$path"
		ok delete -f "$ID"
		check_clean
	done
}

@test "linux.cgroupsPath: one that the user may not write, or not enter, is refused; without one there is no warning" {
	requires cgroup2
	mkdir -p "$CGROOT/$TOKEN-theirs" "$CGROOT/$TOKEN-far"
	chown "$USER_ID" "$CGROOT/$TOKEN-far"{,/cgroup.procs,/cgroup.subtree_control}
	snapshot before
	for path in "/$TOKEN-theirs/x" "/$TOKEN-far/x"; do
		config --arg p "$path" '.linux.cgroupsPath = $p'
		refused "unable to apply cgroup configuration: the cgroup $CGROOT$path is not this user's to make, or to move a process to: permission denied (at /linux/cgroupsPath)" run -d -b "$BUNDLE" "$ID"
		[[ $err == *"$path"*"Delegate=yes"* ]] || complain "not the path, or no hint"
	done
	config 'del(.linux.cgroupsPath)'
	ok run -d -b "$BUNDLE" "$ID"
	[ "$(cgroup_of "$(init_pid)")" = "$(cgroup_of $$)" ]
	ok delete -f "$ID"
	davit --log-level info run -d -b "$BUNDLE" "$ID"
	[[ $err == *"level=info"*"the container gets no cgroup: the cgroup $(cgroup_of $$) is not delegated to this user"* ]] ||
		complain "not said at level info"
	[[ $err != *"leaves behind"* ]]
	ok delete -f "$ID"
	config '.linux.namespaces |= map(select(.type != "pid")) |
		.mounts |= map(if .type == "proc" then { destination: "/proc", type: "bind", source: "/proc", options: ["rbind"] } else . end)'
	ok run -d -b "$BUNDLE" "$ID"
	ok delete -f "$ID"
	davit --log-level info run -d -b "$BUNDLE" "$ID"
	[[ $err == *"level=info"*"what its program leaves behind cannot be found to be ended"* ]] || complain "not said without a pid namespace"
	ok delete -f "$ID"
	check_clean
	rmdir "$CGROOT/$TOKEN-theirs" "$CGROOT/$TOKEN-far"
	snapshot before
}

@test "a limit in a delegated cgroup: beside the own one, and where the own one is all there is" {
	requires hugetlb
	grep -qw hugetlb "$CGROOT/cgroup.subtree_control" || echo +hugetlb >"$CGROOT/cgroup.subtree_control"
	config '.linux.resources = { hugepageLimits: [{ pageSize: "2MB", limit: 4194304 }] }'
	make_session
	ok run -d -b "$BUNDLE" "$ID"
	[ "$(<"$CGROOT/$TOKEN/$ID/hugetlb.2MB.max")" = 4194304 ]
	ok delete -f "$ID"
	removed "$CGROOT/$TOKEN/session"
	echo -hugetlb >"$CGROOT/$TOKEN/cgroup.subtree_control"
	# The caller's processes make room: the one above is not the user's.
	ok run -d -b "$BUNDLE" "$ID"
	[ "$(<"$CGROOT/$TOKEN/$ID/hugetlb.2MB.max")" = 4194304 ]
	[ -d "$CGROOT/$TOKEN/davit@callers" ]
	[ "$(<"$CGROOT/$TOKEN/cgroup.type")" = domain ]
	mkdir "$CGROOT/$TOKEN/session"
	ok delete -f "$ID"
	removed "$CGROOT/$TOKEN/davit@callers"
}

@test "limits without a delegated cgroup: named, with what would delegate one" {
	config '.linux.resources = { pids: { limit: 10 } }'
	refused "pids.max cannot be set to 10: the cgroup $(cgroup_of $$) is not delegated to this user (at /linux/resources/pids/limit); rootless needs no limits + no cgrouppath when no permission is granted for cgroups" create -b "$BUNDLE" "$ID"
	[[ $err == *"systemd-run --user --scope -p Delegate=yes"* ]]
	check_clean
}

@test "ids that a single mapping does not have: named, with what would map them" {
	config '.process.user = { uid: 1000, gid: 0 }'
	refused "uid 1000 has no mapping in the user namespace (at /process/user/uid)" create -b "$BUNDLE" "$ID"
	[[ $err == *"linux.uidMappings"*/etc/subuid* ]]
	config '.process.user = { uid: 0, gid: 7 }'
	refused "gid 7 has no mapping in the user namespace (at /process/user/gid)" create -b "$BUNDLE" "$ID"
	[[ $err == *"linux.gidMappings"*/etc/subgid* ]]
	check_clean
}

@test "mounts add: the source is the host's or it is an error, never what has its name in the container" {
	mkdir -p "$T/source" "$BUNDLE/rootfs$T/source"
	echo of the container >"$BUNDLE/rootfs$T/source/file"
	config '.root.readonly = false'
	chown -R "$USER_ID:$USER_ID" "$BUNDLE/rootfs"
	davit run -d -b "$BUNDLE" "$ID"
	[ "$status" -eq 0 ]
	jq -n --arg s "$T/source" '[{ destination: "/tmp/there", type: "bind", source: $s, options: ["bind"] }]' >"$T/m.json"
	refused "open the mount source $T/source" mounts add "$ID" "$T/m.json"
	[ ! -e "/proc/$(init_pid)/root/tmp/there" ]
}

# Root is spared by the kernel. At each number of processes: the clone of a helper, of the first process,
# of newuidmap fails, or none does.
# LeakSanitizer would want a thread.
# bats test_tags=plain
@test "RLIMIT_NPROC of the caller: a verb works, or fails with one line and leaves nothing" {
	local n failed=0 worked=0
	requires command:prlimit
	has_user "$USER_ID:700000:65536"
	for map in own range; do
		[ "$map" = own ] || { requires command:newuidmap && map_range; }
		for n in 1 2 3 4 64; do
			VIA="prlimit --nproc=$n"
			davit run -d -b "$BUNDLE" "$ID"
			echo "$map, $n: $err"
			if [ "$status" -eq 0 ]; then
				worked=$((worked + 1))
				davit exec "$ID" true
				[ "$status" -eq 0 ] || [[ -n $err && $err != *$'\n'* ]] || complain "exec with $n"
			else
				failed=$((failed + 1))
				[[ $err != *$'\n'* && $err == *"resource temporarily unavailable"* && $err != *subuid* ]] || complain "run with $n" || return
			fi
			VIA=
			davit delete --force "$ID"
			[ -z "$(ls -A "$ROOT")" ] || complain "$n: state left" || return
			[ -z "$(our_processes)" ] || complain "$n: processes left" || return
		done
	done
	[ "$failed" -ge 2 ] && [ "$worked" -ge 2 ]
	check_clean
}

@test "checkpoint and restore for an ordinary user: one line, before anything is touched" {
	ok run --detach -b "$BUNDLE" "$ID"
	refused "need root of this machine" checkpoint --image-path "$T/images" "$ID"
	davit checkpoint --explain "$ID"
	[ "$status" -eq 1 ]
	[[ $out = *"need root of this machine"* ]]
	is running
	mkdir -m 777 "$T/images"
	refused "need root of this machine" restore --detach --image-path "$T/images" -b "$BUNDLE" "$ID.other"
	[ -z "$(ls -A "$T/images")" ]
	[ ! -e "$ROOT/$ID.other" ]
}

# looks: as security/look.bats does, beside what config.json allows.
looks() {
	python3 -ES "$TOP/tests/security/look.py" "$(init_pid)" --config "$T/config.json" --umask "$(umask)" --keyring "$ID" "$@" >"$T/look" ||
		{ cat "$T/look"; return 1; }
}

@test "rootless: nothing leads to the host from a container of an ordinary user, and it has what config.json allows" {
	requires command:python3
	has_user "davittest:700000:65536"
	config 'del(.process.rlimits)'
	cp "$BUNDLE/config.json" "$T/config.json"
	ok create -b "$BUNDLE" "$ID"
	looks --waiting
	ok start "$ID"
	looks
	ok exec --detach --pid-file "$T/runtime/pid" "$ID" sleep 1000
	pid_in "$T/runtime/pid"
	looks
	grep -q 'looked at 2 processes' "$T/look"
	ok delete --force "$ID"
	check_clean
}
