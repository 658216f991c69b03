#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# A container without a mount namespace: its mounts are in that of the runtime, below the state directory,
# and its root is a chroot. The host's mounts are shared, as systemd makes them, and a third namespace gets
# what the host mounts. After a delete, a create that failed and one that was killed both have what they had.
# shellcheck disable=SC2016  # variables of jq, and of the shell inside
load helpers

setup() {
	requires root
	new_bundle
	R=$BUNDLE/rootfs
	config '.linux.namespaces |= map(select(.type != "mount"))'
	has_shared_mounts
	# Sees what the host mounts, as services of systemd do.
	nsenter -m -t "$HOST" -- unshare -m --propagation slave sleep 1000 </dev/null >/dev/null 2>&1 3>&- 4>&- &
	SERVICE=$!
	until grep -q ' master:' "/proc/$SERVICE/mountinfo" 2>/dev/null; do sleep 0.01; done
	note_mounts
}

teardown() {
	local failed=0
	kill "$SERVICE" 2>/dev/null || true
	tear_down || failed=1
	end_host
	return $failed
}

# Of the host and the service, without their ids, which say nothing.
mounts_now() {
	local pid
	for pid in "$HOST" "$SERVICE"; do
		cut -d' ' -f3- "/proc/$pid/mountinfo" | sort
	done
}

note_mounts() {
	mounts_now >"$T/mounts.before"
}

mounts_as_before() {
	mounts_now | diff "$T/mounts.before" - || { echo "the mounts have changed${1:+: $1}"; return 1; }
}

# may CAP...: the program is granted them, whose names create warns of.
may() {
	config 'reduce ("bounding", "effective", "permitted") as $set (.; .process.capabilities[$set] += $ARGS.positional)' --args -- "$@"
}

warned() {
	davit "$@"
	[ "$status" -eq 0 ] || complain "davit $*: did not succeed" || return
	[[ $err == *"without a mount namespace the root file system does not hold a program with CAP_"* ]] || complain "no warning"
}

@test "chroot: mounts, masks, devices and a read-only root are as with a mount namespace" {
	local with without
	config '.root.readonly = true'
	program sh -c 'cut -d" " -f4-6 /proc/self/mountinfo; ls -l /dev /dev/pts; cat /proc/kcore; touch /x /proc/sys/kernel/domainname; pwd; id; ls /'
	davit run -b "$BUNDLE" "$ID"
	without=$out$err
	[[ $out == *' / ro,'* ]] || complain "no read-only root"
	config '.linux.namespaces += [{ type: "mount" }]'
	davit run -b "$BUNDLE" "$ID"
	with=$out$err
	diff <(echo "$with" | sed 's/[A-Z][a-z][a-z] .[0-9] ..:..//' | sort) <(echo "$without" | sed 's/[A-Z][a-z][a-z] .[0-9] ..:..//' | sort)
	mounts_as_before
	check_clean
}

@test "chroot: the host and a service get one empty mount, which delete takes off" {
	ok run -d -b "$BUNDLE" "$ID"
	[ "$(readlink "/proc/$(init_pid)/ns/mnt")" = "$(readlink "/proc/$HOST/ns/mnt")" ]
	[ "$(stat -Lc %d:%i "/proc/$(init_pid)/root")" = "$(stat -c %d:%i "$R")" ]
	# Everything private, and nothing propagated but the place itself.
	[ "$(grep "$ROOT/$ID" "/proc/$HOST/mountinfo" | grep -c 'shared:\|master:')" -eq 0 ]
	[ "$(grep -c "$ROOT/$ID" "/proc/$HOST/mountinfo")" -gt 8 ]
	[ "$(grep -c "$ROOT/$ID" "/proc/$SERVICE/mountinfo")" -eq 1 ]
	[ "$(awk -v at="$R" 'index($5, at) == 1' "/proc/$HOST/mountinfo")" = "" ]
	isolated "$(init_pid)" "$HOST"
	ok delete --force "$ID"
	mounts_as_before
	check_clean
}

@test "chroot: what the container mounts stays in it, and goes with it" {
	may CAP_SYS_ADMIN
	program sh -c 'mount -t tmpfs a /tmp && mkdir /tmp/b && mount -t tmpfs b /tmp/b && mount --bind /bin / && mount -o remount,shared / ; touch /etc/done; exec sleep 1000'
	warned run -d -b "$BUNDLE" "$ID"
	until [ -e "$R/etc/done" ]; do sleep 0.02; done
	[ "$(grep -c "$ROOT/$ID" "/proc/$SERVICE/mountinfo")" -eq 1 ]
	[ "$(grep -c " [ab] rw" "/proc/$HOST/mountinfo")" -eq 2 ]
	# What is mounted over "/" is not the root that create made.
	refused "something is mounted over the container's root" exec "$ID" true
	ok delete --force "$ID"
	mounts_as_before
}

@test "chroot: root of the container that takes its own root off loses nothing of the host" {
	may CAP_SYS_ADMIN CAP_SYS_CHROOT
	ln -s busybox "$R/bin/umount"
	ln -s busybox "$R/bin/pivot_root"
	mkdir "$R/new"
	program sh -c 'mount -t tmpfs n /new && mkdir /new/old && pivot_root /new /new/old; umount -l /; exec sleep 1000'
	warned create -b "$BUNDLE" "$ID"
	ok start "$ID"
	becomes stopped || true
	ok delete --force "$ID"
	mounts_as_before
}

@test "chroot: a create that fails, at any end, leaves the mounts as they were" {
	program /no/such/program
	refused 'no such file or directory' create -b "$BUNDLE" "$ID"
	mounts_as_before program
	program sleep 1000
	config '.hooks.createContainer = [{ path: "/bin/false" }]'
	refused createContainer create -b "$BUNDLE" "$ID"
	mounts_as_before hook
	config 'del(.hooks) | .mounts += [{ destination: "/bin/sh/no", type: "tmpfs", source: "t" }]'
	refused '/mounts/5' create -b "$BUNDLE" "$ID"
	mounts_as_before mount
	config 'del(.mounts[5]) | .hooks.startContainer = [{ path: "/bin/false" }]'
	ok create -b "$BUNDLE" "$ID"
	refused startContainer start "$ID"
	mounts_as_before start
	check_clean
}

@test "chroot: after a create that was killed delete --force takes everything off" {
	local _
	config '.hooks.createContainer = [{ path: "/bin/sh", args: ["sh", "-c", "echo $$ >hooked; exec sleep 1000"] }]'
	DAVIT_TEST=$TOKEN "$DAVIT" --root "$ROOT" create -b "$BUNDLE" "$ID" </dev/null >/dev/null 2>&1 3>&- 4>&- &
	for _ in {1..1500}; do
		[ ! -s "$R/hooked" ] || break
		sleep 0.02
	done
	[ "$(grep -c "$ROOT/$ID" "/proc/$HOST/mountinfo")" -gt 4 ]
	kill -KILL $!
	wait $! || true
	ok delete --force "$ID"
	mounts_as_before
	check_clean
}

@test "chroot: a state that cannot be read does not keep delete --force from the mounts" {
	ok run -d -b "$BUNDLE" "$ID"
	: >"$ROOT/$ID/state.json"
	: >"$ROOT/$ID/journal.json"
	davit delete --force "$ID"
	[ "$status" -eq 0 ] || complain delete
	mounts_as_before
}

@test "chroot: mounts of somebody else survive: on the root file system, in it, on another's volume" {
	on_host mount -t tmpfs before "$R/tmp"
	on_host mkdir "$R/tmp/seen"
	mkdir -p "$T/volume/sub"
	on_host mount -t tmpfs volume "$T/volume"
	on_host mkdir "$T/volume/sub"
	on_host mount -t tmpfs sub "$T/volume/sub"
	config --arg v "$T/volume" '.linux.rootfsPropagation = "shared" |
		.mounts += [{ destination: "/volume", type: "bind", source: $v, options: ["rbind", "rshared"] }]'
	note_mounts
	ok run -d -b "$BUNDLE" "$ID"
	ok exec "$ID" ls -d /tmp/seen /volume/sub
	on_host mount -t tmpfs after "$R/tmp"
	on_host mount -t tmpfs over "$R"
	ok exec "$ID" ls -d /tmp/seen /volume/sub
	ok delete --force "$ID"
	on_host umount "$R"
	on_host umount "$R/tmp"
	mounts_as_before
	on_host umount "$R/tmp"
	on_host umount -R "$T/volume"
}

@test "chroot: somebody's mount in the place itself is not taken off, and delete says so" {
	ok run -d -b "$BUNDLE" "$ID"
	on_host mount -t tmpfs foreign "$ROOT/$ID/mnt"
	refused 'something else is mounted on "mnt"' exec "$ID" true
	refused 'something else is mounted on "mnt"' delete --force "$ID"
	grep -q ' foreign rw' "/proc/$HOST/mountinfo"
	on_host umount "$ROOT/$ID/mnt"
	ok delete --force "$ID"
	mounts_as_before
	check_clean
}

@test "chroot: two containers of one root file system do not hear of each other" {
	ok run -d -b "$BUNDLE" "$ID"
	ok run -d -b "$BUNDLE" "$ID-2"
	ok delete --force "$ID"
	ok exec "$ID-2" sh -c 'test -c /dev/null && test -d /proc/1 && test -d /sys/class'
	ok delete --force "$ID-2"
	mounts_as_before
	check_clean
}

@test "chroot: links of the image lead no mount, device or folder out of it" {
	local what
	new_canary
	for what in dev proc sys tmp; do
		rm -rf "${R:?}"/{dev,proc,sys,tmp}
		mkdir "$R"/{dev,proc,sys,tmp}
		rmdir "$R/$what"
		ln -s "../../../../../../..$CANARY" "$R/$what"
		config '.process.cwd = "/tmp/made"'
		contained "$what" run -b "$BUNDLE" "$ID" </dev/null
		davit delete --force "$ID"
		unchanged "$what"
		mounts_as_before "$what"
		rm -rf "${R:?}/$CANARY"
	done
}

@test "chroot: exec is in the container's root, by a folder that leads out neither" {
	program sh -c 'mkdir -p /inner; exec sleep 1000'
	ok run -d -b "$BUNDLE" "$ID"
	ok exec "$ID" sh -c 'cd ..; cd ../..; pwd; ls -di / /.. ; test ! -e "$0" && test -e /bin/busybox' "$T"
	[ "$(awk 'NR > 1 { print $1 }' <<<"$out" | sort -u)" = "$(stat -c %i "$R")" ]
	for cwd in /proc/self/fd/3 /proc/self/fd/7 /proc/self/fd/10; do
		refused '' exec --cwd "$cwd" "$ID" true
	done
	ok exec "$ID" sh -c 'cd /proc/self/fd; echo *; cd /proc/1/fd; echo *'
	[ "$out" = "0 1 2 3"$'\n'"0 1 2" ] # 3: sh reads the folder
	ok delete --force "$ID"
	mounts_as_before
}

@test "chroot: a program without CAP_SYS_CHROOT stays inside" {
	probe
	program sh -c 'unshare -Ur true 2>&1; chroot /tmp true 2>&1; ls /proc/1/root/ /proc/self/root/..; exit 0'
	ln -s busybox "$R/bin/unshare"
	ln -s busybox "$R/bin/chroot"
	davit run -b "$BUNDLE" "$ID"
	[ "$status" -eq 0 ]
	[[ $out == *'not permitted'*'not permitted'* ]] || complain "not refused"
	[[ $out == *busybox* || $out == *bin* ]]
	[[ $out != *"$(basename "$T")"* ]]
	mounts_as_before
}

@test "chroot: create warns of capabilities that a chroot does not hold, and of no others" {
	ok create -b "$BUNDLE" "$ID"
	ok delete --force "$ID"
	may CAP_SYS_CHROOT
	warned create -b "$BUNDLE" "$ID"
	ok delete --force "$ID"
	may CAP_SYS_ADMIN
	warned create -b "$BUNDLE" "$ID"
	[[ $err == *CAP_SYS_ADMIN* ]]
	ok delete --force "$ID"
}

@test "chroot: what cannot be is refused with a hint: the host's root, a user namespace, mounts add" {
	config '.root.path = "/"'
	refused '/root/path' create -b "$BUNDLE" "$ID"
	config '.root.path = "/../proc/1/root"'
	refused '/root/path' create -b "$BUNDLE" "$ID"
	config '.root.path = "rootfs" | .linux.namespaces += [{ type: "user" }]'
	refused 'there is a user namespace and no mount namespace' create -b "$BUNDLE" "$ID"
	davit validate -b "$BUNDLE"
	[ "$status" -eq 1 ] && [[ $out == *"no mount namespace"*"/linux/namespaces"* ]] || complain validate
	refused '/linux/namespaces' plan -b "$BUNDLE"
	config 'del(.linux.namespaces[-1])'
	ok validate --host -b "$BUNDLE"
	davit plan -b "$BUNDLE"
	[[ $out == *"chroot, in the runtime's mount namespace"* ]]
	check_clean
	ok run -d -b "$BUNDLE" "$ID"
	echo '[{ "destination": "/tmp", "type": "bind", "source": "/tmp" }]' >"$T/add"
	refused 'has no mount namespace' mounts add "$ID" "$T/add"
	ok delete --force "$ID"
	mounts_as_before
	check_clean
}

@test "chroot: without any namespace, and beside the host's processes" {
	config '.linux.namespaces = [] | del(.hostname, .linux.sysctl)'
	ok run -d -b "$BUNDLE" "$ID"
	ok exec "$ID" sh -c 'ls /; cat /proc/self/mountinfo'
	[[ $out != *"$T"*"$T"*mnt* ]]
	ok kill "$ID" KILL
	becomes stopped
	ok delete "$ID"
	mounts_as_before
	check_clean
}

@test "chroot: hooks are where the specification has them" {
	config --arg t "$T" '.hooks = {
		createContainer: [{ path: "/bin/sh", args: ["sh", "-c", "pwd -P; ls -d proc/1 dev/null; touch \($t)/create"] }],
		startContainer: [{ path: "/bin/sh", args: ["sh", "-c", "touch /etc/started; ls /proc/1"] }],
		poststop: [{ path: "/bin/sh", args: ["sh", "-c", "grep -c \($t)/root /proc/self/mountinfo >\($t)/stop; true"] }]
	}'
	ok run -d -b "$BUNDLE" "$ID"
	[ -e "$T/create" ]
	[ -e "$R/etc/started" ]
	ok delete --force "$ID"
	[ "$(<"$T/stop")" = 0 ]
	mounts_as_before
	check_clean
}
