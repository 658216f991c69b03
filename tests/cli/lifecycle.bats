#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# The life of a container, seen from outside: create, start, state, kill, delete. L rules: runtime.md.
load helpers

setup() {
	requires root
	new_bundle
}

teardown() {
	tear_down
}

@test "L2 create, start, kill, delete: the status follows, and nothing is left" {
	ok create -b "$BUNDLE" "$ID"
	[ -z "$out" ]
	is created
	pid=$(init_pid)
	[ "$(proc_field "$pid" State | cut -c1)" != Z ]
	[[ $(readlink "/proc/$pid/exe") != */busybox ]] # the program does not run yet

	ok start "$ID"
	is running
	[ "$(init_pid)" = "$pid" ]
	[[ $(readlink "/proc/$pid/exe") == */busybox ]] # start returns when the program executes

	ok kill "$ID" KILL
	becomes stopped
	ok delete "$ID"
	check_clean
}

@test "L1 state has the members of the specification" {
	config '.annotations = { "org.example.key": "value" }'
	ok create -b "$BUNDLE" "$ID"
	ok state "$ID"
	jq -e --arg id "$ID" --arg bundle "$BUNDLE" '
		(.ociVersion | startswith("1.")) and .id == $id and .status == "created" and
		(.pid | type) == "number" and .pid > 1 and .bundle == $bundle and
		.annotations == { "org.example.key": "value" }' <<<"$out"
}

@test "L29 the namespaces of config.json are new ones, others are inherited" {
	ok create -b "$BUNDLE" "$ID"
	pid=$(init_pid)
	for ns in pid net ipc uts mnt cgroup; do
		[ "$(readlink "/proc/$pid/ns/$ns")" != "$(readlink "/proc/self/ns/$ns")" ] || {
			echo "$ns is not new"
			return 1
		}
	done
	# not listed: inherited
	[ "$(readlink "/proc/$pid/ns/user")" = "$(readlink "/proc/self/ns/user")" ]
}

@test "L5 config.json edited after create has no effect" {
	program sh -c 'echo first'
	ok create -b "$BUNDLE" "$ID"
	created_out=$OUT
	program sh -c 'echo second'
	ok start "$ID"
	becomes stopped
	[ "$(<"$created_out")" = first ]
}

@test "L3 a container id that is taken is refused, and its container lives on" {
	ok create -b "$BUNDLE" "$ID"
	pid=$(init_pid)
	refused "container with given ID already exists: $ID" create -b "$BUNDLE" "$ID"
	is created
	[ "$(init_pid)" = "$pid" ]
}

@test "L18 an id may be used again after delete" {
	for _ in 1 2; do
		ok create -b "$BUNDLE" "$ID"
		ok delete --force "$ID"
		check_clean
	done
}

@test "L14 a second start is refused and has no effect" {
	ok create -b "$BUNDLE" "$ID"
	ok start "$ID"
	pid=$(init_pid)
	refused "cannot start an already running container: $ID" start "$ID"
	is running
	[ "$(init_pid)" = "$pid" ]
}

@test "L14 start of a stopped container is refused" {
	program true
	ok create -b "$BUNDLE" "$ID"
	ok start "$ID"
	becomes stopped
	refused "cannot start a container that has stopped: $ID" start "$ID"
	is stopped
}

@test "L17 delete refuses a running container and leaves it alone" {
	ok create -b "$BUNDLE" "$ID"
	ok start "$ID"
	refused "" delete "$ID"
	is running
	ok delete --force "$ID"
	check_clean
}

@test "L17 delete of a created container ends it, as engines rely on" {
	ok create -b "$BUNDLE" "$ID"
	pid=$(init_pid)
	ok delete "$ID"
	is_gone "$pid"
	check_clean
}

@test "L15 kill of a stopped container says: container not running" {
	program true
	ok create -b "$BUNDLE" "$ID"
	ok start "$ID"
	becomes stopped
	refused "container not running" kill "$ID" TERM
	ok kill --all "$ID" KILL # containerd sends it after init's death
}

@test "L16 signals go to the container's process, by name and number" {
	program sh -c 'trap "echo got usr1" USR1; trap "echo got hup" HUP; trap "exit 7" TERM
		echo ready; while :; do sleep 0.02; done'
	ok create -b "$BUNDLE" "$ID"
	created_out=$OUT
	ok start "$ID"
	comes_true grep -qx ready "$created_out"
	ok kill "$ID" USR1
	comes_true grep -qx "got usr1" "$created_out"
	ok kill "$ID" SIGHUP
	comes_true grep -qx "got hup" "$created_out"
	ok kill "$ID" 15
	becomes stopped
	[ "$(<"$created_out")" = $'ready\ngot usr1\ngot hup' ]
}

@test "signals that do not exist are refused" {
	ok create -b "$BUNDLE" "$ID"
	for signal in SIGFOO 65 -1 ""; do
		refused "" kill "$ID" "$signal"
	done
	ok kill "$ID" 0
	is created
}

@test "L11 an unknown id does not exist, for each command" {
	for command in state start kill delete; do
		refused "does not exist" "$command" nosuch
	done
}

@test "delete --force of an unknown id succeeds, twice" {
	ok delete --force nosuch
	ok delete --force nosuch
}

@test "the pid file has the pid, digits only" {
	ok create -b "$BUNDLE" --pid-file "$T/pid" "$ID"
	[ "$(tr -d '0-9' <"$T/pid" | wc -c)" -eq 0 ]
	[ "$(<"$T/pid")" = "$(init_pid)" ]
}

@test "the pid file is relative to the caller's folder, the bundle too" {
	cd "$T"
	ok create --pid-file=here.pid --bundle bundle "$ID"
	[ "$(<"$T/here.pid")" = "$(init_pid)" ]
	[ "$(field bundle)" = "$BUNDLE" ]
}

@test "without --bundle the current folder is the bundle" {
	cd "$BUNDLE"
	ok create "$ID"
	is created
}

@test "L10, L12 a program that is not there fails create, named, and nothing is left" {
	program /no/such/program
	refused "/no/such/program" create -b "$BUNDLE" --pid-file "$T/pid" "$ID"
	[[ $err == *"no such file or directory"* ]]
	[ ! -e "$T/pid" ]
	check_clean
}

@test "a program that may not be executed fails create: permission denied" {
	echo data >"$BUNDLE/rootfs/etc/data"
	program /etc/data
	refused "permission denied" create -b "$BUNDLE" "$ID"
	check_clean
}

@test "a script whose interpreter is not there fails start, and the container is stopped or gone" {
	printf '#!/no/interpreter\n' >"$BUNDLE/rootfs/bin/script"
	chmod 755 "$BUNDLE/rootfs/bin/script"
	program script
	# poststart hooks are for a program that executes.
	# shellcheck disable=SC2016  # jq's
	config --arg mark "$T/poststart" '.hooks.poststart = [{ path: "/bin/touch", args: ["touch", $mark] }]'
	ok create -b "$BUNDLE" "$ID"
	refused "script" start "$ID"
	[[ $err == *"no such file or directory"* ]]
	ok delete --force "$ID"
	refused "script" run -b "$BUNDLE" "$ID"
	[ ! -e "$T/poststart" ]
	check_clean
	program true
	ok run -b "$BUNDLE" "$ID"
	[ -e "$T/poststart" ]
}

@test "run returns the program's status, and 128+N for a signal" {
	program sh -c 'echo out; echo err >&2; exit 7'
	davit run -b "$BUNDLE" "$ID"
	[ "$status" -eq 7 ]
	[ "$out" = out ]
	[ "$err" = err ]
	check_clean
	program sh -c 'kill -KILL $$'
	config '.linux.namespaces |= map(select(.type != "pid"))' # init of a pid namespace cannot kill itself
	davit run -b "$BUNDLE" "$ID"
	[ "$status" -eq 137 ]
	check_clean
}

@test "run of a program that is not there: named, not started, nothing left" {
	program nosuchprogram
	refused "nosuchprogram" run -b "$BUNDLE" "$ID"
	check_clean
}

@test "run --detach returns while the program runs" {
	ok run --detach -b "$BUNDLE" "$ID"
	is running
	[[ $(readlink "/proc/$(init_pid)/exe") == */busybox ]]
}

@test "the container sees what config.json says" {
	# shellcheck disable=SC2016  # the container's shell expands these
	program sh -c 'hostname; pwd; id -u; echo $$; echo "$GREETING"; ls /'
	config '.process.env += ["GREETING=hello"] | .process.cwd = "/tmp"'
	ok run -b "$BUNDLE" "$ID"
	[ "$out" = $'davit\n/tmp\n0\n1\nhello\nbin\ndev\netc\nproc\nsys\ntmp' ]
}

@test "a working directory that the user cannot reach is entered all the same" {
	program pwd
	mkdir -m 700 "$BUNDLE/rootfs/closed"
	config '.process.cwd = "/closed" | .process.user = { uid: 1000, gid: 1000 }'
	ok run -b "$BUNDLE" "$ID"
	[ "$out" = /closed ]
}

@test "a mount may stand in the place of a default device" {
	program stat -c '%t:%T' /dev/random
	config '.mounts += [{ destination: "/dev/random", source: "/dev/urandom", type: "bind",
		options: ["bind"] }]'
	ok run -b "$BUNDLE" "$ID"
	[ "$out" = 1:9 ]
}

@test "capabilities and no-new-privileges are those of config.json" {
	ok create -b "$BUNDLE" "$ID"
	ok start "$ID"
	pid=$(init_pid)
	want=$(printf '%016x' $((1 << 29 | 1 << 5 | 1 << 10)))
	for set in CapPrm CapEff CapBnd; do
		[ "$(proc_field "$pid" "$set")" = "$want" ]
	done
	for set in CapInh CapAmb; do
		[ "$(proc_field "$pid" "$set")" = 0000000000000000 ]
	done
	[ "$(proc_field "$pid" NoNewPrivs)" = 1 ]
}

@test "L38 only 0, 1 and 2 reach the program" {
	exec 7<"$BUNDLE/config.json"
	program sh -c 'ls /proc/self/fd'
	ok run -b "$BUNDLE" "$ID"
	exec 7<&-
	[ "$out" = $'0\n1\n2\n3' ] # 3 is the folder that ls reads
}

# What it opened for the set-up was closed a moment after create had ended, and exec could look into it.
@test "what waits for start has no descriptor left of its set-up when create ends" {
	for _ in {1..8}; do
		DAVIT_TEST=$TOKEN "$DAVIT" --root "$ROOT" create --pid-file "$T/pid" -b "$BUNDLE" "$ID" </dev/null >"$T/out" 2>&1
		find "/proc/$(<"$T/pid")/fd" -type l -printf '%l\n' >"$T/fds"
		[ "$(grep -v -e '^/dev/null$' -e '^socket:' -e "^$T/out$" "$T/fds")" = "" ]
		ok delete --force "$ID"
	done
}

@test "the container's process is in a cgroup of its own, gone after delete" {
	requires cgroup2
	ok create -b "$BUNDLE" "$ID"
	pid=$(init_pid)
	cgroup=$(cgroup_of "$pid")
	[ "$cgroup" != "$(cgroup_of self)" ]
	grep -qx "$pid" "$cgroup/cgroup.procs"
	ok delete --force "$ID"
	[ ! -e "$cgroup" ]
}

@test "list shows containers, and -q their ids" {
	ok create -b "$BUNDLE" "$ID"
	ok list
	[[ ${out%%$'\n'*} =~ ^ID\ +PID\ +STATUS\ +BUNDLE\ +CREATED\ +OWNER ]]
	[[ ${out#*$'\n'} == "$ID "*created* ]]
	ok list -q
	[ "$out" = "$ID" ]
	ok list -f json
	jq -e --arg id "$ID" '.[0].id == $id' <<<"$out"
	[ "$(wc -l <"$OUT")" -eq 1 ]
	[ "$(command jq -c '.[0] | keys_unsorted' <<<"$out")" = '["ociVersion","id","pid","status","bundle","rootfs","created","owner"]' ]
	[ "$(jq '.[0].pid' <<<"$out")" = "$(init_pid)" ]
	config '.annotations = { "org.example.key": "value" }'
	ok create -b "$BUNDLE" "$ID-2"
	ok state "$ID-2"
	[ "$(command jq -c 'keys_unsorted' <<<"$out")" = '["ociVersion","id","pid","status","bundle","rootfs","created","owner","annotations"]' ]
}

@test "list of nothing is a header, an empty array or nothing; a root that is named has to be there" {
	ok list
	[[ $out =~ ^ID\ +PID\ +STATUS\ +BUNDLE\ +CREATED\ +OWNER$ ]]
	ok list --format=json
	[ "$out" = "[]" ]
	ok list -q
	[ -z "$out" ]
	ROOT=$T/none
	refused "state root $T/none does not exist" list
	refused "does not exist" list -f json
	# The default one may just not have been needed yet. Another mount namespace has none.
	# shellcheck disable=SC2016
	run unshare -m --propagation private sh -c 'mount -t tmpfs none /run && exec "$0" list -f json' "$DAVIT"
	[ "$status" -eq 0 ]
	[ "$output" = "[]" ]
}

@test "spec --file FILE: under another name in the bundle, never over a file" {
	ok spec -b "$BUNDLE" --file other.json
	jq -e '.process.args == ["sh"]' "$BUNDLE/other.json"
	refused "other.json exists already" spec -b "$BUNDLE" -f other.json
	refused "config.json exists already" spec -b "$BUNDLE"
	ok spec --rootless -f "$T/abs.json"
	jq -e '.linux.namespaces | map(.type) | index("user") != null' "$T/abs.json"
}

@test "spec writes a config.json that runs" {
	cd "$BUNDLE"
	rm config.json
	ok spec
	jq -e '.process.terminal == true and .process.args == ["sh"] and .root.path == "rootfs"' config.json
	config '.process.terminal = false | .process.args = ["sh", "-c", "echo hello"]'
	ok run "$ID"
	[ "$out" = hello ]
	check_clean
}

@test "options are taken with = and with a space, before the id" {
	program true
	ok run --bundle="$BUNDLE" "$ID"
	ok run --bundle "$BUNDLE" "$ID"
}

@test "sockets of socket activation reach the program, whatever LISTEN_PID says" {
	# shellcheck disable=SC2016  # the container's shell expands these
	program sh -c 'echo "$LISTEN_FDS $LISTEN_PID $LISTEN_FDNAMES" >&3; [ ! -e /proc/self/fd/5 ]'
	LISTEN_FDS=1 LISTEN_PID=4711 LISTEN_FDNAMES=web bash -c '"$@"' sh \
		"$DAVIT" --root "$ROOT" run --preserve-fds 1 -b "$BUNDLE" "$ID" \
		>"$T/out" 2>&1 </dev/null 3>"$T/three" 4>"$T/four" 5>"$T/five"
	[ "$(<"$T/three")" = "1 1 web" ]
}
