#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# davit as root of a user namespace that somebody else made, in the host's pid namespace: what rootless
# Podman does. A process of an ordinary user keeps the user and mount namespace, with the user as root
# and subordinate ids behind it; each call of davit enters them.
# shellcheck disable=SC2016  # variables of jq and of inner shells
load helpers

USER_ID=54321
FIRST_ID=700000

setup() {
	requires root userns
	# bats' own folder is closed to the user.
	BATS_TEST_TMPDIR=$(mktemp -d /tmp/davit-userns.XXXXXX)
	REAL=$BATS_TEST_TMPDIR/real/davit
	mkdir "${REAL%/*}"
	cp "$DAVIT" "$REAL"
	new_bundle
	chmod 755 "$T" "${REAL%/*}" "$REAL"
	mkdir -m 700 "$T/runtime"
	keep_namespaces
	make_wrapper
	config '.process.args = ["sleep", "1000"]'
	chown -R "$USER_ID:$USER_ID" "$ROOT" "$BUNDLE" "$T/runtime"
}

teardown() {
	tear_down || return
	[ -z "${KEEPER-}" ] || kill "$KEEPER"
	# Of what delegate_cgroup has made, and by name: nothing is searched for, whatever setup came to.
	[ -z "${DELEGATED-}" ] || removed "$DELEGATED"/{pods,session} "$DELEGATED"
	[ -z "${T-}" ] || rm -rf "$T"
}

# keep_namespaces [FILE]: the process that does, KEEPER; FILE was covered before, so that the cover is
# locked in there.
keep_namespaces() {
	local file
	unshare -m --propagation private sh -c '[ -z "$1" ] || mount --bind /dev/null "$1"
		exec setpriv --reuid=$2 --regid=$2 --clear-groups unshare -U -m sleep 1000' - \
		"${1-}" "$USER_ID" >/dev/null 2>&1 </dev/null 3>&- &
	KEEPER=$!
	for _ in {1..3000}; do
		[ "$(readlink "/proc/$KEEPER/ns/user")" = "$(readlink /proc/self/ns/user)" ] || break
		sleep 0.01
	done
	for file in uid_map gid_map; do
		# By one write, which the shell's own printf does not do.
		cat <<<"0 $USER_ID 1"$'\n'"1 $FIRST_ID 65535" >"/proc/$KEEPER/$file"
	done
	for _ in {1..3000}; do
		! grep -q ^sleep "/proc/$KEEPER/comm" || return 0
		sleep 0.01
	done
	return 1
}

# The command as it is called in there.
make_wrapper() {
	DAVIT=$T/davit
	cat >"$DAVIT" <<-END
		#!/bin/sh
		[ ! -d "$CGROOT/$TOKEN/session" ] || echo \$\$ >"$CGROOT/$TOKEN/session/cgroup.procs"
		exec nsenter -t $KEEPER -U -m -S 0 -G 0 env -i PATH=/usr/bin:/bin DAVIT_TEST=$TOKEN \\
			XDG_RUNTIME_DIR=$T/runtime $REAL "\$@"
	END
	chmod 755 "$DAVIT"
}

# A cgroup of the user's, in which the callers of davit are as well.
delegate_cgroup() {
	requires cgroup2
	DELEGATED=$CGROOT/$TOKEN
	mkdir -p "$DELEGATED"/{session,pods}
	chown -R "$USER_ID:$USER_ID" "$DELEGATED"
	snapshot before
}

# works ARG...: davit ends with 0, and says nothing but that there is no cgroup.
works() {
	davit "$@"
	[ "$status" -eq 0 ] || complain "davit $*: did not succeed" || return
	[ -z "$err" ] || ! grep -qv 'level=warning.*gets no cgroup' <<<"$err" || complain "davit $*: not silent" || return
}

# Ids of a container's own, one level further down: as --uidmap 0:1:5000.
map_further() {
	config '[{ containerID: 0, hostID: 1, size: 5000 }] as $map | .linux.namespaces += [{ type: "user" }] |
		.linux.uidMappings = $map | .linux.gidMappings = $map'
	chown -R "$FIRST_ID:$FIRST_ID" "$BUNDLE/rootfs"
}

# joins NAME TYPE...: a second bundle, that of a container which joins these namespaces of $ID's.
joins() {
	local name=$1 pid
	shift
	pid=$(init_pid)
	mkdir -p "$T/$name"
	jq --arg root "$BUNDLE/rootfs" --arg pid "$pid" '.root.path = $root | .linux.namespaces |= map(select(
		.type as $type | $ARGS.positional | index($type) | not)) + ($ARGS.positional | map({ type: .,
			path: "/proc/\($pid)/ns/\({ network: "net", mount: "mnt" }[.] // .)" }))' \
		--args -- "$@" <"$BUNDLE/config.json" >"$T/$name/config.json"
	chown -R "$USER_ID" "$T/$name"
}

# edit NAME FILTER: of a second bundle.
edit() {
	jq "$2" <"$T/$1/config.json" >"$T/$1/config.new" && mv "$T/$1/config.new" "$T/$1/config.json"
}

# same_ns PID OTHER TYPE...
same_ns() {
	local pid=$1 other=$2 type
	for type in "${@:3}"; do
		[ "$(readlink "/proc/$pid/ns/$type")" = "$(readlink "/proc/$other/ns/$type")" ] ||
			complain "$pid and $other have not the same $type namespace" || return
	done
}

# enters ID: a program, one on a terminal, and one that stays, each in all of its namespaces and with
# its processes in sight.
enters() {
	local pid other
	pid=$(init_pid "$1")
	ok exec "$1" sh -c 'ps -o pid,args; readlink /proc/self/exe'
	[[ $out == *" sleep 1000"* || $out == *davit:init* ]] || complain "processes" || return
	ok exec --detach --pid-file "$T/runtime/pid" "$1" sleep 500
	other=$(pid_in "$T/runtime/pid")
	same_ns "$pid" "$other" user mnt pid net ipc uts cgroup || return
	[ "$(cgroup_of "$pid")" = "$(cgroup_of "$other")" ] || complain "another cgroup" || return
	kill -KILL "$other"
	is_gone "$other"
	out=$(DAVIT_TEST=$TOKEN python3 "$HERE/pty.py" $'expect /pts/\ntype exit 5\\n' \
		"$DAVIT" --root "$ROOT" exec --tty "$1" sh -c 'busybox tty; exec sh') && status=0 || status=$?
	[ "$status" -eq 5 ] || complain "exec --tty" || return
}

# the_verbs: each that a cgroup has nothing to do with.
the_verbs() {
	local pid
	works create --bundle "$BUNDLE" "$ID"
	is created
	pid=$(init_pid)
	same_ns "$pid" "$KEEPER" "$@"
	enters "$ID"
	ok start "$ID"
	is running
	enters "$ID"
	ok list -q
	[ "$out" = "$ID" ]
	ok mounts list "$ID"
	ok kill "$ID" WINCH
	refused "exec format error" exec "$ID" /etc/format
	ok kill "$ID" KILL
	becomes stopped
	ok delete "$ID"
	check_clean
}

@test "all verbs, with no other user namespace and without a cgroup" {
	config 'del(.linux.cgroupsPath)'
	printf 'no program' >"$BUNDLE/rootfs/etc/format"
	chmod 755 "$BUNDLE/rootfs/etc/format"
	the_verbs user
}

@test "all verbs, with a user namespace of the container's own and without a cgroup" {
	printf 'no program' >"$BUNDLE/rootfs/etc/format"
	chmod 755 "$BUNDLE/rootfs/etc/format"
	map_further
	the_verbs
	works run --detach --bundle "$BUNDLE" "$ID"
	pid=$(init_pid)
	[ "$(proc_field "$pid" Uid | cut -f1)" = "$FIRST_ID" ]
	ok exec --user 9:8 --additional-gids 7 "$ID" id
	[[ $out == "uid=9 gid=8 groups="*7* ]]
	ok exec --detach --user 9:8 --pid-file "$T/runtime/pid" "$ID" sleep 500
	[ "$(proc_field "$(pid_in "$T/runtime/pid")" Uid | cut -f1)" = $((FIRST_ID + 9)) ]
}

@test "all ids of the namespace are the program's and exec's, in the namespace itself" {
	config '.process.user = { uid: 1000, gid: 1001, additionalGids: [5] }'
	works create --bundle "$BUNDLE" "$ID"
	ok start "$ID"
	pid=$(init_pid)
	[ "$(proc_field "$pid" Uid | cut -f1)" = $((FIRST_ID + 999)) ]
	[ "$(proc_field "$pid" Groups | tr -d ' ')" = $((FIRST_ID + 4)) ]
	ok exec "$ID" id
	[[ $out == "uid=1000 gid=1001"* ]]
	ok exec --user 65535 "$ID" id -u
	[ "$out" = 65535 ]
	# A container that is not the kernel's first user's has none above that.
	davit exec --user 70000 "$ID" id
	[ "$status" -ne 0 ]
	[[ $err == *70000* ]]
}

@test "a cgroup that was delegated: limits, pause, resume, update, ps, events, and it is removed" {
	delegate_cgroup
	config --arg path "/$TOKEN/pods/one" '.linux.cgroupsPath = $path'
	works create --bundle "$BUNDLE" "$ID"
	pid=$(init_pid)
	[[ $(cgroup_of "$pid") == "$DELEGATED/"* ]] || complain "cgroup: $(cgroup_of "$pid")"
	ok start "$ID"
	enters "$ID"
	ok pause "$ID"
	is paused
	grep -q 'frozen 1' "$(cgroup_of "$pid")/cgroup.events"
	refused "paused" exec "$ID" true
	ok resume "$ID"
	is running
	enters "$ID"
	ok ps --format json "$ID"
	[ "$(jq -c . <<<"$out")" = "[$pid]" ]
	ok events --stats "$ID"
	jq -e .data <<<"$out"
	ok pause "$ID"
	ok delete --force "$ID"
	check_clean
}

@test "a pid namespace of another container: create, exec, exec on a terminal, and its end is its own" {
	works run --detach --bundle "$BUNDLE" "$ID"
	first=$(init_pid)
	joins two pid ipc uts
	works create --bundle "$T/two" "$ID-2"
	second=$(init_pid "$ID-2")
	same_ns "$first" "$second" user pid ipc uts
	[ "$(readlink "/proc/$first/ns/mnt")" != "$(readlink "/proc/$second/ns/mnt")" ]
	enters "$ID-2"
	ok start "$ID-2"
	enters "$ID-2"
	enters "$ID"
	ok kill "$ID-2" KILL
	becomes stopped "$ID-2"
	ok delete "$ID-2"
	is running
	enters "$ID"
}

@test "a pid namespace of another container, on a terminal, with an exit status" {
	works run --detach --bundle "$BUNDLE" "$ID"
	joins two pid
	edit two '.process.terminal = true | .process.args = ["sh", "-c", "busybox tty; ps; exec sh"]'
	out=$(DAVIT_TEST=$TOKEN python3 "$HERE/pty.py" $'expect /pts/0\nexpect sleep 1000\ntype exit 5\\n' \
		"$DAVIT" --root "$ROOT" run --bundle "$T/two" "$ID-2") && status=0 || status=$?
	[ "$status" -eq 5 ] || complain "run"
}

@test "a user and pid namespace of another container" {
	map_further
	works run --detach --bundle "$BUNDLE" "$ID"
	joins two user pid network
	edit two 'del(.linux.uidMappings, .linux.gidMappings)'
	works create --bundle "$T/two" "$ID-2"
	same_ns "$(init_pid)" "$(init_pid "$ID-2")" user pid net
	enters "$ID-2"
	ok start "$ID-2"
	enters "$ID-2"
	enters "$ID"
}

@test "a pid namespace of another container, with hooks before the pivot or a new user namespace" {
	works run --detach --bundle "$BUNDLE" "$ID"
	first=$(init_pid)
	joins two pid
	edit two '.hooks = { createRuntime: [{ path: "/bin/true" }], createContainer: [{ path: "/bin/true" }] }'
	joins three pid
	edit three '[{ containerID: 0, hostID: 0, size: 1 }, { containerID: 1, hostID: 1000, size: 100 }] as $map |
		.linux.namespaces += [{ type: "user" }] | .linux.uidMappings = $map | .linux.gidMappings = $map |
		.mounts |= map(select(.type != "proc"))'
	for name in two three; do
		works create --bundle "$T/$name" "$ID-$name"
		same_ns "$first" "$(init_pid "$ID-$name")" pid
		ok exec "$ID-$name" id -u
		[ "$out" = 0 ]
		ok start "$ID-$name"
		ok exec --user 50 "$ID-$name" id -u
		[ "$out" = 50 ]
		ok delete --force "$ID-$name"
		is running
	done
}

@test "hooks of every kind see the container, in the namespace that the engine has" {
	mkdir "$T/hooks"
	chmod 777 "$T/hooks"
	config --arg folder "$T/hooks" '.hooks = (["prestart", "createRuntime", "createContainer", "poststart", "poststop"] |
		map({ (.): [{ path: "/bin/sh", args: ["sh", "-c", "cat >\($folder)/\(.); id -u >\($folder)/\(.).id"] }] }) | add)'
	works run --detach --bundle "$BUNDLE" "$ID"
	pid=$(init_pid)
	ok delete --force "$ID"
	for kind in prestart createRuntime createContainer poststart; do
		[ "$(jq .pid "$T/hooks/$kind")" = "$pid" ] || [ "$kind" = createContainer ] || complain "$kind"
		[ "$(<"$T/hooks/$kind.id")" = 0 ]
		[ "$(stat -c %u "$T/hooks/$kind")" = "$USER_ID" ]
	done
	[ -s "$T/hooks/poststop" ]
}

@test "a /proc that is partly covered: what needs no new one works, exec too" {
	kill "$KEEPER"
	keep_namespaces /proc/timer_list
	make_wrapper
	davit create --bundle "$BUNDLE" "$ID"
	[ "$status" -ne 0 ]
	[[ $err == *"parts of davit's own /proc are covered"* ]] || complain
	config '.linux.namespaces |= map(select(.type != "pid"))'
	works run --detach --bundle "$BUNDLE" "$ID"
	ok exec "$ID" sh -c 'id -u; cat /proc/timer_list'
	[ "$out" = 0 ]
	ok exec --user 1000 "$ID" id -u
	[ "$out" = 1000 ]
	ok delete --force "$ID"
}

@test "mounts add and remove: a folder of the user's" {
	mkdir "$T/source"
	echo here >"$T/source/file"
	works run --detach --bundle "$BUNDLE" "$ID"
	jq -n --arg s "$T/source" '[{ destination: "/tmp/there", type: "bind", source: $s, options: ["bind"] }]' >"$T/m.json"
	ok mounts add "$ID" "$T/m.json"
	ok exec "$ID" cat /tmp/there/file
	[ "$out" = here ]
	ok mounts remove "$ID" "$T/m.json"
	ok exec "$ID" sh -c '! test -e /tmp/there/file'
}

@test "exec, kill and pause say what is missing, and not that it is not there" {
	works run --detach --bundle "$BUNDLE" "$ID"
	refused "no cgroup" pause "$ID"
	refused "no cgroup" update --pids-limit 10 "$ID"
}

@test "the gid of a devpts holds where the caller's user namespace has it, and is left out where not" {
	config '.mounts |= map(if .type == "devpts" then .options = ["nosuid", "noexec", "newinstance",
		"ptmxmode=0666", "mode=0620", "gid=5"] else . end)'
	works create -b "$BUNDLE" "$ID"
	grep -q " /dev/pts .*,gid=$((FIRST_ID + 4))," "/proc/$(init_pid)/mountinfo"
	works delete --force "$ID"
	config '.mounts |= map(if .type == "devpts" then .options |= map(sub("gid=5"; "gid=70000")) else . end)'
	works create -b "$BUNDLE" "$ID"
	grep " /dev/pts " "/proc/$(init_pid)/mountinfo" | grep -qv gid=
}
