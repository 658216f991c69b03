#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# T31: the host's mounts are shared, as systemd makes them. Nothing that is mounted in a container may
# appear on the host, and nothing that the host mounts later in a container unless config.json asks.
# Looked at from outside: the host's mountinfo before and after, and the peer groups of every mount
# inside.
# shellcheck disable=SC2016  # variables of jq, and of the shell inside
load helpers

setup() {
	requires root
	new_bundle
	R=$BUNDLE/rootfs
	S=$T/sources
	ln -s busybox "$R/bin/umount"
	touch "$R/evil"
	# Over each mount point: first the files, then the directories, the last one first. What is
	# covered cannot be reached any more.
	cat >"$R/attack" <<-'END'
		while read -r _ _ _ _ at _; do
			if [ -d "$at" ]; then
				places="$places $at"
			else
				places="$at $places"
			fi
		done </proc/self/mountinfo
		for at in $places; do
			if [ -d "$at" ]; then
				covers="$at $covers"
			else
				mount --bind /evil "$at" || echo "nothing on $at"
			fi
		done
		for at in $covers; do
			[ ! -e "$at" ] || mount -t tmpfs cover "$at" || echo "nothing on $at"
		done
		echo done
	END
	program sleep 1000
	config 'reduce ("bounding", "effective", "permitted") as $set (.; .process.capabilities[$set] += ["CAP_SYS_ADMIN"])'
	has_shared_mounts
	mkdir "$S"
	on_host mount -t tmpfs -o mode=755 sources "$S"
	on_host mkdir -p "$S/dir/sub" "$S/late"
	on_host mount -t tmpfs sub "$S/dir/sub"
	on_host touch "$S/file"
	[ "$(grep -c "$S.* shared:" "/proc/$HOST/mountinfo")" -eq 2 ]
}

teardown() {
	local failed=0
	end_peer
	tear_down || failed=1
	[ -z "${JOINED-}" ] || kill "$JOINED" || true
	end_host
	return $failed
}

# has_userns: id 0 of the container is 100000 of the machine.
has_userns() {
	config '[{ containerID: 0, hostID: 100000, size: 65536 }] as $map | .linux.namespaces += [{ type: "user" }] |
		.linux.uidMappings = $map | .linux.gidMappings = $map'
	chown -R 100000:100000 "$R"
}

# bind_is DESTINATION SOURCE OPTION...
bind_is() {
	config --arg to "$1" --arg source "$2" '.mounts += [{ destination: $to, type: "bind", source: $source, options: $ARGS.positional }]' \
		--args "${@:3}"
}

# Everything that a config can ask for and that is copied from the host.
asks_for_everything() {
	config '.linux.devices = [{ path: "/dev/fuse", type: "c", major: 10, minor: 229 },
			{ path: "/dev/zero", type: "c", major: 1, minor: 5 }] |
		.linux.maskedPaths += ["/proc/version", "/proc/scsi"] | .linux.readonlyPaths += ["/m/dir"]'
	bind_is /m/dir "$S/dir" rbind
	bind_is /m/one "$S/dir" bind ro
	bind_is /m/file "$S/file" bind
	bind_is /m/rprivate "$S/dir" rbind rprivate
	bind_is /m/private "$S/dir" rbind private
	bind_is /m/unbindable "$S/dir" rbind runbindable
	bind_is /m/idmap "$S/dir" rbind "idmap=uids=0-5000-10;gids=0-5000-10"
	bind_is /m/rslave "$S/dir" rbind rslave
	bind_is /m/slave "$S/dir" rbind slave
	bind_is /m/rshared "$S/dir" rbind rshared
	bind_is /m/shared "$S/dir" bind shared
	mkdir -p "$R"/m
}
FOLLOW='^/m/r?(slave|shared)(/|$)' # who may see later mounts of the host

# watched: what the host's mounts are.
watched() {
	on_host cat /proc/self/mountinfo >"$T/host.before"
}

# is_unchanged WHO: they are as they were.
is_unchanged() {
	on_host cat /proc/self/mountinfo | diff "$T/host.before" - || { echo "$1 has changed the host's mounts"; return 1; }
	[ "$(on_host stat -c %t:%T /dev/null)" = 1:3 ]
}

# covered PID COUNT REPORT: the attack has covered COUNT places; the host is as it was.
covered() {
	if ! grep -qx "done" "$3" || grep ^nothing "$3"; then
		echo "attack: $(<"$3")"
		return 1
	fi
	[ "$(grep -c ' cover rw\| [^ ]*/evil /' "/proc/$1/mountinfo")" -ge "$2" ] || { echo "not everything is covered"; return 1; }
	is_unchanged "the container"
}

# attacked PID: root inside covers every mount.
attacked() {
	local count
	count=$(awk '!seen[$5]++' "/proc/$1/mountinfo" | wc -l)
	# From outside it is in no namespace but these, with all rights over them.
	nsenter -m -p -t "$1" -- /bin/sh /attack >"$T/attack" 2>&1 </dev/null
	covered "$1" "$count" "$T/attack"
}

# follows PID COUNT: so many mounts inside see a later one of the host.
follows() {
	local found
	on_host mount -t tmpfs late "$S/dir/sub"
	found=$(grep -c ' - tmpfs late ' "/proc/$1/mountinfo") || :
	on_host umount "$S/dir/sub"
	[ "$found" -eq "$2" ] || { echo "$found mounts inside see a later one, not $2"; return 1; }
}

@test "T31 peer-groups: everything that is copied from the host, created and running" {
	asks_for_everything
	for userns in "" 1; do
		[ -z "$userns" ] || has_userns
		watched
		ok create -b "$BUNDLE" "$ID"
		isolated "$(init_pid)" "$HOST" "$FOLLOW"
		is_unchanged davit
		attacked "$(init_pid)"
		ok delete --force "$ID"
		ok run -d -b "$BUNDLE" "$ID"
		isolated "$(init_pid)" "$HOST" "$FOLLOW"
		follows "$(init_pid)" 3
		attacked "$(init_pid)"
		ok delete --force "$ID"
		is_unchanged davit
	done
}

@test "T31 peer-groups: the program and one that is executed in the container cover all mounts" {
	asks_for_everything
	program sh -c 'sh /attack >/report 2>&1; sleep 1000'
	for userns in "" 1; do
		[ -z "$userns" ] || has_userns
		watched
		ok run -d -b "$BUNDLE" "$ID"
		for _ in {1..600}; do
			[ "$(tail -n 1 "$R/report" 2>/dev/null)" != "done" ] || break
			sleep 0.05
		done
		covered "$(init_pid)" 30 "$R/report"
		rm "$R/report"
		ok delete --force "$ID"
		config '.process.args = ["sleep", "1000"]'
		ok run -d -b "$BUNDLE" "$ID"
		davit exec "$ID" sh /attack
		covered "$(init_pid)" 30 "$OUT"
		ok delete --force "$ID"
		program sh -c 'sh /attack >/report 2>&1; sleep 1000'
	done
}

@test "T31 peer-groups: a terminal on /dev/console, and the directory of the notify socket" {
	config '.process.terminal = true'
	export NOTIFY_SOCKET=$T/nobody
	for userns in "" 1; do
		[ -z "$userns" ] || has_userns
		rm -f "$T/console"
		"$HERE/recv-console.py" "$T/console" "$T/report" </dev/null >/dev/null 2>&1 3>&- 4>&- &
		appears "$T/console"
		watched
		ok create -b "$BUNDLE" --console-socket "$T/console" "$ID"
		pid=$(init_pid)
		grep -q ' /dev/console ' "/proc/$pid/mountinfo"
		grep -q ' /run/notify ' "/proc/$pid/mountinfo"
		isolated "$pid" "$HOST"
		attacked "$pid"
		ok delete --force "$ID"
		is_unchanged davit
	done
}

@test "T31 peer-groups: mounts add" {
	for userns in "" 1; do
		[ -z "$userns" ] || has_userns
		ok run -d -b "$BUNDLE" "$ID"
		pid=$(init_pid)
		watched
		for words in bind rbind rbind,rprivate rbind,rslave rbind,rshared bind,unbindable; do
			jq -n --arg to "/tmp/$words" --arg source "$S/dir" --arg words "$words" \
				'[{ destination: $to, source: $source, options: ($words | split(",")) }]' >"$T/m.json"
			ok mounts add "$ID" "$T/m.json"
		done
		isolated "$pid" "$HOST" '^/tmp/rbind,rs(lave|hared)'
		follows "$pid" 2
		attacked "$pid"
		ok delete --force "$ID"
	done
}

@test "T31 peer-groups: a mount namespace that is joined, and one whose mounts are the host's peers" {
	asks_for_everything
	nsenter -m -t "$HOST" -- unshare -m --propagation unchanged sleep 1000 </dev/null >/dev/null 2>&1 3>&- 4>&- &
	JOINED=$!
	for _ in {1..1500}; do
		[ "$(readlink "/proc/$JOINED/ns/mnt")" = "$(readlink "/proc/$HOST/ns/mnt")" ] ||
			[ "$(readlink "/proc/$JOINED/ns/mnt")" = "$(readlink /proc/self/ns/mnt)" ] || break
		sleep 0.02
	done
	! isolated "$JOINED" "$HOST" || return 1
	config --arg path "/proc/$JOINED/ns/mnt" '.linux.namespaces |= map(if .type == "mount" then .path = $path else . end)'
	watched
	ok create -b "$BUNDLE" "$ID"
	pid=$(init_pid)
	isolated "$pid" "$HOST" "$FOLLOW"
	ok start "$ID"
	attacked "$pid"
	ok delete --force "$ID"
	is_unchanged davit
}

@test "T31 peer-groups: a shared root shares what is asked for, and nothing else" {
	asks_for_everything
	for word in shared rshared; do
		config --arg word "$word" '.linux.rootfsPropagation = $word'
		watched
		ok run -d -b "$BUNDLE" "$ID"
		pid=$(init_pid)
		isolated "$pid" "$HOST" "$FOLLOW" '^/m/r?shared(/|$)'
		is_unchanged davit
		# As engines ask for it: what is mounted in a shared volume is on the host.
		nsenter -m -t "$pid" -- /bin/mount -t tmpfs made-inside /m/rshared/sub
		on_host grep -q "$S/dir/sub .* made-inside " /proc/self/mountinfo
		on_host umount "$S/dir/sub"
		! grep made-inside "/proc/$pid/mountinfo" || return 1
		follows "$pid" 3
		ok delete --force "$ID"
	done
}
