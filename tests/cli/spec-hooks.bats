#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Hooks that work (config.md#posix-platform-hooks): their order, the namespaces that they run in, what
# they are given, and where their output goes. hook-faults.bats has those that do not.
# shellcheck disable=SC2016  # variables of jq and of inner shells
load helpers

KINDS=(prestart createRuntime createContainer startContainer poststart poststop)

setup() {
	requires root cgroup2
	new_bundle
	mkdir -m 777 "$BUNDLE/rootfs/log" "$T/log"
	log=$T/log
	ln -s busybox "$BUNDLE/rootfs/bin/readlink"
}

teardown() {
	tear_down
}

# hook KIND SCRIPT: one more hook, a shell's; $LOG is the folder for what it has to tell.
hook() {
	local folder=$T/log
	[ "$1" != startContainer ] || folder=/log
	config --arg kind "$1" --arg script "$2" --arg log "LOG=$folder" --arg token "DAVIT_TEST=$TOKEN" \
		'.hooks[$kind] += [{ "path": "/bin/sh", "args": ["sh", "-c", $script],
			"env": ["PATH=/bin:/usr/bin", $log, $token] }]'
}

# hooks SCRIPT: one more hook of each kind.
hooks() {
	local kind
	for kind in "${KINDS[@]}"; do
		hook "$kind" "KIND=$kind; $1"
	done
}

# live: the container's whole life.
live() {
	ok create -b "$BUNDLE" "$ID"
	pid=$(init_pid)
	ok start "$ID"
	ok delete --force "$ID"
	mv "$BUNDLE"/rootfs/log/* "$log" 2>/dev/null || :
}

@test "hooks.{prestart,createRuntime,createContainer,startContainer,poststart,poststop}[]: run in the listed order, each at its time" {
	# The log of all is one file, in the container's root, which everybody can name.
	for kind in "${KINDS[@]}"; do
		for n in 0 1; do
			hook "$kind" "echo $kind $n >>\$LOG/order"
		done
	done
	mkdir "$T/shared"
	config --arg from "$T/shared" '.mounts += [{ destination: "/log", type: "bind", source: $from, options: ["bind"] }] |
		.hooks |= with_entries(if .key == "startContainer" then . else .value |= map(.env[1] = "LOG=\($from)") end)'
	program sh -c 'echo program >>/log/order; sleep 1000'
	ok create -b "$BUNDLE" "$ID"
	[ "$(<"$T/shared/order")" = $'prestart 0\nprestart 1\ncreateRuntime 0\ncreateRuntime 1\ncreateContainer 0\ncreateContainer 1' ]
	ok start "$ID"
	comes_true grep -q program "$T/shared/order" # it writes when it gets to it
	[ "$(sed -n 7,8p "$T/shared/order")" = $'startContainer 0\nstartContainer 1' ]
	[ "$(sed -n 9,99p "$T/shared/order" | grep -v program)" = $'poststart 0\npoststart 1' ]
	ok delete --force "$ID"
	[ "$(tail -n 2 "$T/shared/order")" = $'poststop 0\npoststop 1' ]
}

@test "hooks.{prestart,createRuntime,poststart,poststop}[], hooks.{createContainer,startContainer}[]: namespaces and paths are the runtime's, or the container's" {
	hooks 'for ns in pid uts net mnt; do readlink /proc/self/ns/$ns; done >$LOG/$KIND.ns; pwd >$LOG/$KIND.pwd
		ls -d / /bin/busybox /log >$LOG/$KIND.ls 2>/dev/null; cat /proc/self/mountinfo >$LOG/$KIND.mounts
		ls -d bin/busybox proc/self/comm dev/null >$LOG/$KIND.here 2>/dev/null || :'
	ok create -b "$BUNDLE" "$ID"
	pid=$(init_pid)
	for ns in pid uts net mnt; do
		readlink "/proc/$pid/ns/$ns" >>"$log/container.ns"
		readlink "/proc/self/ns/$ns" >>"$log/runtime.ns"
	done
	ok start "$ID"
	ok delete --force "$ID"
	mv "$BUNDLE"/rootfs/log/* "$log"
	for kind in prestart createRuntime poststart poststop; do
		diff "$log/runtime.ns" "$log/$kind.ns"
		[ "$(<"$log/$kind.pwd")" = "$BUNDLE" ]
	done
	for kind in createContainer startContainer; do
		diff "$log/container.ns" "$log/$kind.ns"
	done
	# createContainer: the host's paths still, before pivot_root, and the container's mounts.
	# It starts in the root, where the container's mounts are, as with runc.
	[ "$(<"$log/createContainer.pwd")" = "$BUNDLE/rootfs" ]
	[ "$(sort "$log/createContainer.here")" = $'bin/busybox\ndev/null\nproc/self/comm' ]
	[ "$(grep -cx /log "$log/createContainer.ls")" = 0 ]
	grep -q " $BUNDLE/rootfs/proc " "$log/createContainer.mounts"
	# startContainer: in the container's root.
	[ "$(<"$log/startContainer.pwd")" = / ]
	grep -qx /log "$log/startContainer.ls"
	grep -q ' / /proc ' "$log/startContainer.mounts"
}

@test "L4 the state on stdin has the status and the pid that the hook can see" {
	config '.annotations = { "org.example.a": "x\"y" }'
	hooks 'cat >$LOG/$KIND.json'
	hook createRuntime 'pid=$(jq .pid); grep -q davit /proc/$pid/comm && readlink /proc/$pid/ns/uts >$LOG/uts'
	live
	for kind in "${KINDS[@]}"; do
		jq -e --arg id "$ID" --arg bundle "$BUNDLE" '.id == $id and .bundle == $bundle and
			(.ociVersion | test("^1[.][0-9]+[.][0-9]+")) and .annotations["org.example.a"] == "x\"y"' "$log/$kind.json" || complain "$kind"
	done
	[ "$(cd "$log" && jq -rs 'map(.status) | join(" ")' "${KINDS[@]/%/.json}")" = "creating creating creating created running stopped" ]
	[ "$(cd "$log" && jq -cs 'map(.pid)' "${KINDS[@]/%/.json}")" = "[$pid,$pid,1,1,$pid,null]" ]
	[[ $(<"$log/uts") == uts:* && $(<"$log/uts") != "$(readlink /proc/self/ns/uts)" ]]
}

@test "L4 without a pid namespace of its own a hook of the container sees the host's pid" {
	config '.linux.namespaces |= map(select(.type != "pid"))'
	hook createContainer 'cat >$LOG/createContainer.json'
	hook startContainer 'cat >$LOG/startContainer.json'
	live
	[ "$(cd "$log" && jq -cs 'map(.pid)' createContainer.json startContainer.json)" = "[$pid,$pid]" ]
}

@test "hooks[].path, hooks[].args, hooks[].env: executed as they stand" {
	printf '#!/bin/sh\nprintf "%%s|" "$0" "$@" >"%s"; /usr/bin/env | grep -v "^PWD=\|^SHLVL=\|^_=\|^OLDPWD=" | sort >>"%s"\n' "$log/all" "$log/all" >"$T/script"
	chmod 755 "$T/script"
	config --arg script "$T/script" --arg token "DAVIT_TEST=$TOKEN" '.hooks.prestart = [{ path: $script,
		args: ["other name", "a  b", ""], env: ["A=1 2", $token] }]'
	ok create -b "$BUNDLE" "$ID"
	[ "$(<"$log/all")" = "$T/script|a  b||A=1 2"$'\n'"DAVIT_TEST=$TOKEN" ]
	ok delete --force "$ID"
	# Without args: the path as argv[0].
	cp "$(command -v busybox)" "$T/echo" # it does what its argv[0] says
	config --arg echo "$T/echo" --arg out "$log/echo" '.hooks.prestart = [{ path: $echo }] |
		.annotations = { "run.oci.hooks.stdout": $out }'
	ok create -b "$BUNDLE" "$ID"
	[ -e "$log/echo" ]
	[ "$(<"$log/echo")" = "" ]
}

# inherits FILTER: lives with a hook of each kind, which FILTER changes; $log/KIND has its environment.
inherits() {
	config --arg out "$log/out" '.annotations = { "run.oci.hooks.stdout": $out } | .hooks = ($ARGS.positional | map({ key: ., value: [
		{ path: "/bin/echo", args: ["echo", "", "of \(.)"] },
		{ path: "/bin/cat", args: ["cat", "/proc/self/environ"] } | '"$1"'] }) | from_entries)' --args -- "${KINDS[@]}"
	live
	tr '\0' '\n' <"$log/out" | awk -v to="$log" '/^ of / { file = to "/" $2; printf "" >file; next } $0 != "" { print >file }'
}

@test "hooks[].env: without one the runtime's environment, and for startContainer, a file of the image, the program's" {
	export HOOK_TEST="of whoever called davit"
	config --arg token "DAVIT_TEST=$TOKEN" '.process.env = ["PATH=/bin", $token]'
	inherits .
	for kind in prestart createRuntime createContainer poststart poststop; do
		grep -qx "HOOK_TEST=$HOOK_TEST" "$log/$kind" || complain "$kind"
		grep -qx "PATH=$PATH" "$log/$kind" || complain "$kind"
	done
	[ "$(<"$log/startContainer")" = $'PATH=/bin\nDAVIT_TEST='"$TOKEN"$'\nHOME=/' ]
}

@test "hooks[].env: an empty one is empty" {
	inherits '.env = []'
	for kind in "${KINDS[@]}"; do
		[ -e "$log/$kind" ] && [ ! -s "$log/$kind" ] || complain "$kind: $(<"$log/$kind")"
	done
}

@test "hooks.startContainer[]: with the program's user, rights, limits, directory and filter, as runc and crun run it" {
	requires seccomp
	config '.process += { cwd: "/log", user: { uid: 1000, gid: 1001, additionalGids: [7, 8], umask: 23 },
			rlimits: [{ type: "RLIMIT_NOFILE", soft: 100, hard: 200 }] } |
		.process.capabilities |= with_entries(.value = ["CAP_KILL"]) |
		.linux.personality = { domain: "LINUX32" } |
		.linux.seccomp = { defaultAction: "SCMP_ACT_ALLOW", syscalls: [{ names: ["getppid"], action: "SCMP_ACT_ERRNO" }] }'
	look='{ pwd; umask; uname -m; ulimit -Sn; ulimit -Hn; grep -E "^(Uid|Gid|Groups|Cap|NoNew|Seccomp)" /proc/self/status; }'
	ln -s busybox "$BUNDLE/rootfs/bin/uname"
	ln -s busybox "$BUNDLE/rootfs/bin/grep"
	hook startContainer "$look >\$LOG/hook"
	for nnp in true false; do
		config --argjson nnp $nnp '.process.noNewPrivileges = $nnp'
		program sh -c "$look >/log/program; exec sleep 1000"
		rm -f "$log"/*
		ok create -b "$BUNDLE" "$ID"
		ok start "$ID"
		comes_true grep -qx sleep "/proc/$(init_pid)/comm"
		ok delete --force "$ID"
		mv "$BUNDLE"/rootfs/log/* "$log"
		diff "$log/hook" "$log/program"
		grep -qx $'Seccomp:\t2' "$log/hook"
		grep -qx $'Uid:\t1000\t1000\t1000\t1000' "$log/hook"
		grep -qx $'CapBnd:\t0000000000000020' "$log/hook"
		grep -qx $'CapPrm:\t0000000000000020' "$log/hook" || grep -qx $'CapPrm:\t0000000000000000' "$log/hook"
		[ "$(head -5 "$log/hook" | xargs)" = "/log 0027 i686 100 200" ]
	done
}

@test "hooks.poststart[]: runs when the program executes, with its standard streams its own" {
	program sleep 1000
	# The last of an execve may come after it: the arguments are there, or will be.
	hook poststart 'pid=$(jq .pid); until tr "\0" " " </proc/$pid/cmdline >$LOG/cmdline; test -s $LOG/cmdline; do sleep 0.05; done; ls /proc/self/fd | wc -l >$LOG/fds'
	live
	[ "$(<"$log/cmdline")" = "sleep 1000 " ]
	[ "$(<"$log/fds")" = 4 ] # and the folder that ls reads
}

@test "L6 createContainer runs after createRuntime has returned, and before the program's folder is made" {
	config '.process.cwd = "/made/later"'
	hook createRuntime 'sleep 0.3; echo done >$LOG/runtime'
	hook createContainer 'cp $LOG/runtime $LOG/container; ! ls -d '"$BUNDLE"'/rootfs/made'
	ok create -b "$BUNDLE" "$ID"
	[ "$(<"$log/container")" = "done" ]
	[ -d "$BUNDLE/rootfs/made/later" ]
}

@test "what a createContainer hook mounts in the root is there for the program" {
	mkdir "$T/volume" "$BUNDLE/rootfs/mnt"
	echo hello >"$T/volume/file"
	hook createContainer "mount --bind $T/volume $BUNDLE/rootfs/mnt"
	program cat /mnt/file
	ok run -b "$BUNDLE" "$ID"
	[ "$out" = hello ]
	[ "$(grep -c "$BUNDLE/rootfs/mnt" /proc/self/mountinfo)" = 0 ]
}

@test "hooks.{prestart,createRuntime,createContainer}[]: what they make in a read-only tmpfs is there, and then it is read-only" {
	mkdir "$T/volume" "$BUNDLE/rootfs/mnt"
	config --arg from "$T/volume" '.mounts |= map(if .destination == "/dev" then .options += ["ro"] else . end) |
		.mounts += [{ destination: "/mnt", type: "tmpfs", source: "t", options: ["ro", "size=64k"] },
			{ destination: "/bound", type: "bind", source: $from, options: ["bind", "ro"] }]'
	hook prestart 'pid=$(jq .pid); nsenter -t $pid -m ln -s prestart '"$BUNDLE"'/rootfs/dev/prestart'
	hook createContainer 'ln -s null dev/link && touch mnt/file && ! touch bound/file 2>/dev/null'
	ok create -b "$BUNDLE" "$ID"
	pid=$(init_pid)
	[ "$(readlink "/proc/$pid/root/dev/link" "/proc/$pid/root/dev/prestart")" = $'null\nprestart' ]
	[ -e "/proc/$pid/root/mnt/file" ]
	for at in /dev /mnt; do
		[[ $(awk -v at=$at '$5 == at { print $6, $NF }' "/proc/$pid/mountinfo") == ro,*\ ro,* ]] || complain "$at"
	done
	run ! touch "/proc/$pid/root/dev/new" "/proc/$pid/root/mnt/new"
	[ -z "$(ls "$T/volume")" ]
	ok delete --force "$ID"
	# In a user namespace too, whose root may set the flags of its own.
	config '[{ containerID: 0, hostID: 0, size: 65536 }] as $map | .linux.namespaces += [{ type: "user" }] |
		.linux.uidMappings = $map | .linux.gidMappings = $map | del(.hooks.prestart)'
	ok create -b "$BUNDLE" "$ID"
	pid=$(init_pid)
	[ "$(readlink "/proc/$pid/root/dev/link")" = null ]
	[[ $(awk '$5 == "/dev" { print $6, $NF }' "/proc/$pid/mountinfo") == ro,*\ ro,* ]]
	ok delete --force "$ID"
}

@test "annotations run.oci.hooks.{stdout,stderr}: the output of all kinds is appended to files of the host" {
	hooks 'echo $KIND; echo error of $KIND >&2'
	echo before >"$log/out"
	config --arg out "$log/out" '.annotations = { "run.oci.hooks.stdout": $out, "run.oci.hooks.stderr": "err" }'
	live
	[ "$(<"$log/out")" = "before"$'\n'"$(printf '%s\n' "${KINDS[@]}")" ]
	[ "$(<"$BUNDLE/err")" = "$(printf 'error of %s\n' "${KINDS[@]}")" ] # relative: from the bundle
	# The program has none of them.
	program ls /proc/self/fd
	rm "$log/out"
	ok run -b "$BUNDLE" "$ID"
	[ "$out" = $'0\n1\n2\n3' ]
	[ -s "$log/out" ]
}

@test "annotations run.oci.hooks.stderr: a file that cannot be opened is named, and nothing is left" {
	hook prestart 'exit 0'
	config '.annotations = { "run.oci.hooks.stderr": "/no/such/folder/file" }'
	refused /no/such/folder/file create -b "$BUNDLE" "$ID"
	check_clean
	mkfifo "$T/fifo" # nobody reads from it
	config --arg fifo "$T/fifo" '.annotations["run.oci.hooks.stderr"] = $fifo'
	refused "$T/fifo" create -b "$BUNDLE" "$ID"
	check_clean
}
