#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# exec: another program in a container that is there. What it has been given is read from /proc of the
# host and from the files of the cgroup, not from what the program says.
# shellcheck disable=SC2016,SC2119,SC2120  # programs are text for the container's shell
load helpers

setup() {
	requires root
	new_bundle
	program sleep 1000
}

teardown() {
	local pid
	for pid in ${HELPERS-}; do
		kill "$pid" 2>/dev/null || true
	done
	tear_down
}

# start_one OPTION...: a container that runs.
start_one() {
	ok run -d -b "$BUNDLE" "$@" "$ID"
}

# background OPTION...: exec of a sleep that stays; sets pid.
background() {
	ok exec -d --pid-file "$T/pid" "$@" "$ID" sleep 1000
	pid=$(pid_in "$T/pid")
}

# from_file JSON OPTION...: the same by a process file.
from_file() {
	echo "$1" >"$T/process.json"
	shift
	ok exec -d --pid-file "$T/pid" --process "$T/process.json" "$@" "$ID"
	pid=$(pid_in "$T/pid")
}

# fails TEXT ARG...: a failure of exec itself.
fails() {
	refused "$@" || return
	[ "$status" -eq 255 ] || complain "not 255"
}

# same_as_init PID NS...: it is in these namespaces of the container's first process.
same_as_init() {
	local pid=$1 init ns
	init=$(init_pid)
	shift
	for ns; do
		[ "$(readlink "/proc/$pid/ns/$ns")" = "$(readlink "/proc/$init/ns/$ns")" ] || { echo "$ns is another"; return 1; }
	done
}

# alone: of the container there is the first process, and nothing else.
alone() {
	[ "$(<"$(cgroup_of "$(init_pid)")/cgroup.procs")" = "$(init_pid)" ]
}

# in_env PID ENTRY: once, as a whole.
in_env() {
	[ "$(tr '\0' '\n' <"/proc/$1/environ" | grep -cxF -e "$2")" -eq 1 ] || { tr '\0' '\n' <"/proc/$1/environ"; return 1; }
}

@test "exec runs a program with the caller's streams and returns its status" {
	start_one
	ok exec "$ID" echo hello
	[ "$out" = hello ]
	davit exec "$ID" sh -c 'echo error >&2; exit 7'
	[ "$status" -eq 7 ]
	[ "$err" = error ]
	davit exec "$ID" sh -c 'kill -KILL $$'
	[ "$status" -eq 137 ]
	is running
	[ "$(echo from here | DAVIT_TEST=$TOKEN "$DAVIT" --root "$ROOT" exec "$ID" cat)" = "from here" ]
}

@test "exec: what follows the id is the program's own" {
	start_one
	ok exec "$ID" echo --cwd -e A=1
	[ "$out" = "--cwd -e A=1" ]
	ok exec -- "$ID" echo -- a
	[ "$out" = "-- a" ]
	for words in -- "-e A=1"; do
		# shellcheck disable=SC2086  # words
		davit exec "$ID" $words echo a
		[ "$status" -eq 255 ]
		[[ $err == *"exec: \"${words%% *}\": executable file not found in \$PATH"* ]] || complain "not a program's name"
	done
}

@test "exec: every failure is 255, in the words that engines know" {
	touch "$BUNDLE/rootfs/etc/passwd"
	printf '#!/missing\n' >"$BUNDLE/rootfs/run.sh"
	chmod 755 "$BUNDLE/rootfs/run.sh"
	fails "container does not exist" exec "$ID" true
	start_one
	for words in '/nope|exec: "/nope": stat /nope: no such file or directory' \
		'nope|exec: "nope": executable file not found in $PATH' \
		'/etc|exec: "/etc": is a directory: permission denied' '/etc/passwd|exec: "/etc/passwd": permission denied' \
		'/run.sh|exec /run.sh: no such file or directory'; do
		fails "${words#*|}" exec "$ID" "${words%%|*}"
		fails "${words#*|}" exec -d --pid-file "$T/pid" "$ID" "${words%%|*}"
		[ ! -e "$T/pid" ]
	done
	for words in '[""]' '["", "true"]'; do
		echo "{ \"cwd\": \"/\", \"user\": {}, \"args\": $words }" >"$T/process.json"
		fails 'exec: "": executable file not found in $PATH' exec --process "$T/process.json" "$ID"
	done
	fails 'exec: "": executable file not found in $PATH' exec "$ID" ""
	fails 'exec: "": executable file not found in $PATH' exec -d "$ID" "" true
	fails 'chdir to cwd ("/nodir") set in --cwd failed: no such file or directory' exec --cwd /nodir "$ID" true
	fails "not an absolute path" exec --cwd tmp "$ID" true
	fails '"NAME" is not of the form NAME=VALUE' exec -e NAME "$ID" true
	refused "Incorrect Usage: unknown option" exec --nope "$ID" true
	refused "requires an argument" exec --env
	fails "exec args cannot be empty" exec "$ID"
	fails "exec args cannot be empty" exec -- "$ID"
	refused 'Incorrect Usage. "exec" requires a minimum of 1 argument(s)' exec
	fails "no such file or directory" exec -p "$T/none" "$ID"
	fails "write the pid file" exec --pid-file "$T/none/pid" "$ID" true
	fails "console socket" exec -t --console-socket "$T/none" "$ID" true
	fails "tty" exec -d -t "$ID" true
	for n in -1 root 1: :1 1:2:3 4294967295 0x1 +1 ""; do
		fails "UID:GID" exec --user="$n" "$ID" true
	done
	refused "not a number" exec --additional-gids=wheel "$ID" true
	[ "$status" -eq 1 ]
	no_terminal
	fails "open /dev/tty: no such device or address (at /process/terminal); the standard streams are no terminal either; run it from a terminal, give --console-socket, or ask for no terminal (process.terminal, --tty)" exec -t "$ID" true
	is running
	alone
}

# bats test_tags=plain
@test "exec that fails signals nobody by a number that is free again (C18)" {
	requires command:strace plain-build
	start_one
	timeout 120 strace -f -qq -e trace=kill,tkill,tgkill,pidfd_send_signal -o "$T/trace" "$DAVIT" --root "$ROOT" exec "$ID" /nope </dev/null >"$T/strace.out" 2>&1 || :
	grep -q "stat /nope: no such file or directory" "$T/strace.out"
	grep -q pidfd_send_signal "$T/trace"
	run ! grep 'kill(' "$T/trace"
}

@test "exec -d --pid-file: returns when the program executes; digits only" {
	start_one
	cd "$T"
	ok exec -d --pid-file pid "$ID" sleep 1000
	pid=$(<"$T/pid")
	[ "$(tr -d 0-9 <"$T/pid" | wc -c)" -eq 0 ]
	[[ $(readlink "/proc/$pid/exe") == */busybox ]]
	has_begun "$pid"
	[ "$(tr '\0' ' ' <"/proc/$pid/cmdline")" = "sleep 1000 " ]
}

@test "exec: the namespaces, cgroup, root and limits are the container's, and its session is its own" {
	start_one
	background
	init=$(init_pid)
	same_as_init "$pid" pid net ipc uts mnt cgroup user
	[ "$(cgroup_of "$pid")" = "$(cgroup_of "$init")" ]
	[ "$(stat -Lc %d:%i "/proc/$pid/root")" = "$(stat -Lc %d:%i "$BUNDLE/rootfs")" ]
	for field in CapInh CapPrm CapEff CapBnd CapAmb NoNewPrivs Seccomp Uid Gid Groups SigIgn SigBlk; do
		[ "$(proc_field "$pid" $field)" = "$(proc_field "$init" $field)" ]
	done
	diff "/proc/$pid/limits" "/proc/$init/limits"
	diff <(tr '\0' '\n' <"/proc/$pid/environ") <(tr '\0' '\n' <"/proc/$init/environ")
	[ "$(proc_field "$pid" NSsid | awk '{ print $NF }')" = "$(proc_field "$pid" NSpid | awk '{ print $NF }')" ]
	[ "$(find "/proc/$pid/fd" -mindepth 1 | wc -l)" -eq 3 ]
}

@test "exec: --cwd, --env, --user and --additional-gids" {
	config '.process.user = { uid: 5, gid: 6, additionalGids: [20] }'
	printf 'u:x:1000:1000::/home/u:/bin/sh\n' >"$BUNDLE/rootfs/etc/passwd"
	start_one
	background --cwd /tmp -e A=1 --env B=2=3 -eA=4 --env=HOME= -u 1000:1001 -g 7 --additional-gids 8
	[ "$(readlink "/proc/$pid/cwd")" = /tmp ]
	for entry in A=4 B=2=3 HOME=/home/u PATH=/bin DAVIT_TEST="$TOKEN"; do
		in_env "$pid" "$entry"
	done
	[ "$(proc_field "$pid" Uid)" = $'1000\t1000\t1000\t1000' ]
	[ "$(proc_field "$pid" Gid)" = $'1001\t1001\t1001\t1001' ]
	[ "$(proc_field "$pid" Groups)" = "7 8 20 " ]
	[ "$(proc_field "$pid" CapEff)" = 0000000000000000 ]
	background -u 0
	[ "$(proc_field "$pid" Uid)" = $'0\t0\t0\t0' ]
	[ "$(proc_field "$pid" Gid)" = $'6\t6\t6\t6' ] # not given: the container's
	[ "$(readlink "/proc/$pid/cwd")" = / ]
}

@test "exec: --cap adds to bounding, permitted and effective, and --no-new-privs holds" {
	config '.process.noNewPrivileges = false'
	start_one
	background --cap CAP_CHOWN -c CAP_FOWNER
	[ "$(proc_field "$pid" CapBnd)" = 0000000020000429 ]
	[ "$(proc_field "$pid" CapPrm)" = 0000000020000429 ]
	[ "$(proc_field "$pid" CapEff)" = 0000000020000429 ]
	[ "$(proc_field "$pid" CapInh)$(proc_field "$pid" CapAmb)" = 00000000000000000000000000000000 ]
	[ "$(proc_field "$pid" NoNewPrivs)" = 0 ]
	background --no-new-privs
	[ "$(proc_field "$pid" NoNewPrivs)" = 1 ]
	[ "$(proc_field "$pid" CapBnd)" = 0000000020000420 ]
	davit exec --cap CAP_NOPE "$ID" true
	[ "$status" -eq 0 ]
	[[ $err == *"CAP_NOPE"* ]]
}

# all_sets PID: inheritable, permitted, effective, bounding and ambient, without leading zeros.
all_sets() {
	local set sets=
	for set in CapInh CapPrm CapEff CapBnd CapAmb; do
		sets+="$(printf '%x' "0x$(proc_field "$1" "$set")") "
	done
	echo "${sets% }"
}

@test "exec: --cap is ambient too where config.json has it among the inheritable ones" {
	config '.process.capabilities = { bounding: ["CAP_CHOWN", "CAP_KILL", "CAP_NET_RAW"], permitted: ["CAP_CHOWN", "CAP_KILL"],
		effective: ["CAP_KILL"], inheritable: ["CAP_KILL", "CAP_NET_RAW"] }'
	start_one
	background -u 1000
	[ "$(all_sets "$pid")" = "2020 0 0 2021 0" ]
	background -u 1000 --cap CAP_NET_RAW
	[ "$(all_sets "$pid")" = "2020 2000 2000 2021 2000" ]
	background -u 1000 --cap CAP_NET_RAW -c CAP_KILL --cap CAP_KILL
	[ "$(all_sets "$pid")" = "2020 2020 2020 2021 2020" ]
	background --cap CAP_KILL
	[ "$(all_sets "$pid")" = "2020 21 21 2021 20" ]
	# Not among them: it is not inheritable by that.
	davit exec -d --pid-file "$T/pid" -u 1000 --cap CAP_SYS_BOOT "$ID" sleep 1000
	[ "$status" -eq 0 ]
	[[ $err == *"can't raise ambient capability CAP_SYS_BOOT: operation not permitted"* ]]
	[ "$(all_sets "$(pid_in "$T/pid")")" = "2020 0 0 402021 0" ]
	echo '{ "args": ["sleep", "900"], "cwd": "/", "env": ["DAVIT_TEST='"$TOKEN"'"], "user": { "uid": 1000, "gid": 0 },
		"capabilities": { "bounding": ["CAP_KILL"], "permitted": ["CAP_KILL"], "inheritable": ["CAP_KILL"] } }' >"$T/process.json"
	ok exec -d --pid-file "$T/pid" --process "$T/process.json" "$ID"
	[ "$(all_sets "$(pid_in "$T/pid")")" = "20 0 0 20 0" ]
}

@test "exec: --cap, where config.json has no inheritable ones, gives an ordinary user nothing" {
	config '.process.capabilities = { bounding: ["CAP_KILL"], permitted: ["CAP_KILL"], effective: ["CAP_KILL"], ambient: ["CAP_KILL"] }'
	davit run -d -b "$BUNDLE" "$ID"
	davit exec -d --pid-file "$T/pid" -u 1000 --cap CAP_NET_RAW --cap CAP_KILL "$ID" sleep 1000
	[ "$status" -eq 0 ]
	[ "$(all_sets "$(pid_in "$T/pid")")" = "0 0 0 2020 0" ]
}

@test "exec: --apparmor and --process-label are refused where the host has none" {
	start_one
	[ -e /sys/kernel/security/apparmor/profiles ] ||
		fails 'apparmor is not enabled on this host, but profile "some"' exec --apparmor some "$ID" true
	[ -e /sys/fs/selinux/enforce ] ||
		fails 'selinux is not enabled on this host, but label "a:b:c:s0"' exec --process-label a:b:c:s0 "$ID" true
}

@test "exec --process: the file's arguments, environment and user, and what it leaves out is the container's" {
	config '.process.oomScoreAdj = 300'
	start_one
	process='{ "args": ["sleep", "900"], "cwd": "/tmp", "env": ["PATH=/bin", "X=1", "DAVIT_TEST='$TOKEN'"], "user": { "uid": 3, "gid": 4 } }'
	from_file "$process"
	[ "$(tr '\0' ' ' <"/proc/$pid/cmdline")" = "sleep 900 " ]
	[ "$(readlink "/proc/$pid/cwd")" = /tmp ]
	[ "$(proc_field "$pid" Uid)" = $'3\t3\t3\t3' ]
	in_env "$pid" X=1
	in_env "$pid" HOME=/
	[ "$(proc_field "$pid" CapBnd)" = 0000000020000420 ]
	[ "$(proc_field "$pid" NoNewPrivs)" = 1 ]
	[ "$(<"/proc/$pid/oom_score_adj")" = 300 ]
	grep -q 'Max open files *1024 *1024' "/proc/$pid/limits"

	from_file "$(jq '. + { capabilities: { bounding: ["CAP_KILL"] }, noNewPrivileges: false, oomScoreAdj: 7,
		rlimits: [{ type: "RLIMIT_NOFILE", soft: 99, hard: 100 }] }' <<<"$process")" -u 8
	[ "$(proc_field "$pid" CapBnd)" = 0000000000000020 ]
	[ "$(proc_field "$pid" NoNewPrivs)" = 0 ]
	[ "$(<"/proc/$pid/oom_score_adj")" = 7 ]
	grep -q 'Max open files *99 *100' "/proc/$pid/limits"
	[ "$(proc_field "$pid" Uid)" = $'8\t8\t8\t8' ] # what takes rights away wins
	from_file "$(jq '. + { noNewPrivileges: false }' <<<"$process")" --no-new-privs
	[ "$(proc_field "$pid" NoNewPrivs)" = 1 ]
}

@test "exec --process: what would add to the file is not used, as with runc and crun, and is told on demand" {
	start_one
	jq -n --arg token "DAVIT_TEST=$TOKEN" '{ args: ["sleep", "900"], cwd: "/tmp", env: ["X=1", $token], user: { uid: 0, gid: 0 },
		capabilities: { bounding: ["CAP_KILL"] } }' >"$T/process.json"
	davit exec --process <(echo '{ "args": ["true"], "cwd": "/" }') --tty -e X=2 "$ID" sleep 1
	[ "$status" -eq 0 ]
	[ -z "$err$out" ]
	davit --log-level info exec -d --pid-file "$T/pid" --process "$T/process.json" --tty -e X=2 --cwd / -c CAP_CHOWN -g 77 "$ID" sleep 1
	[ "$status" -eq 0 ]
	[ "$(grep -oP 'msg="\K.*(?= not used: )' <<<"$err")" = $'the program is\n--env is\n--cwd is\n--cap is\n--additional-gids is\n--tty is' ]
	pid=$(<"$T/pid")
	[ "$(tr '\0' ' ' <"/proc/$pid/cmdline")" = "sleep 900 " ]
	in_env "$pid" X=1
	[ "$(readlink "/proc/$pid/cwd")" = /tmp ]
	[ "$(proc_field "$pid" CapBnd)" = 0000000000000020 ]
	[ "$(proc_field "$pid" Groups | tr -d ' ')" = "" ]
}

@test "exec --process: a file that is no process object" {
	start_one
	for words in '{}|cwd' '{ "cwd": "/" }|args' '{ "cwd": "/", "args": [] }|/args' '{ "cwd": "/", "args": [""] }|/args/0' \
		'{ "cwd": "/", "args": ["true"], "env": ["=x"] }|/env/0' '{ "cwd": "tmp", "args": ["true"] }|/cwd' \
		'{ "cwd": "/", "args": "true" }|/args' '[]|' '|' '{ "cwd": "/", "args": ["true"], "user": { "uid": -1, "gid": 0 } }|/user/uid'; do
		echo "${words%|*}" >"$T/process.json"
		fails "${words##*|}" exec -p "$T/process.json" "$ID"
	done
	fails "is neither a regular file nor a pipe" exec -p /dev/zero "$ID"
	fails "is neither a regular file nor a pipe" exec -p "$T" "$ID"
	alone
}

@test "exec -t: a terminal of the container's goes to the console socket" {
	requires command:python3
	start_one
	"$HERE/recv-console.py" "$T/console" "$T/report" </dev/null >/dev/null 2>&1 3>&- &
	HELPERS=$!
	appears "$T/console"
	background -t --console-socket "$T/console" -u 9
	appears "$T/report"
	[[ $(<"$T/report") == "ok "* ]]
	for fd in 0 1 2; do
		[[ $(readlink "/proc/$pid/fd/$fd") == /dev/pts/* ]]
	done
	[ "$(stat -Lc %u "/proc/$pid/fd/0")" = 9 ]
	[ "$(awk '{ print $7 }' "/proc/$pid/stat")" != 0 ] # the controlling one
	fails "cannot use console socket if $(basename "$DAVIT") will not detach or allocate tty" exec --console-socket "$T/console" "$ID" true
}

@test "exec -t: in the foreground it is shown on the caller's" {
	requires command:python3
	ln -s busybox "$BUNDLE/rootfs/bin/stty"
	start_one
	status=0
	DAVIT_TEST=$TOKEN "$HERE/pty.py" 'size 33 77
		expect ready
		type stty size; exit 6\n
		expect 33 77' "$DAVIT" --root "$ROOT" exec -t "$ID" sh -c 'sleep 0.2; echo ready; exec sh -i' >"$T/shown" 2>"$T/wrong" 3>&- 4>&- || status=$?
	cat "$T/shown" "$T/wrong"
	[ "$status" -eq 6 ]
	[ ! -s "$T/wrong" ]
	no_terminal
	fails "open /dev/tty: no such device or address" exec -t "$ID" true
	is running
}

@test "exec in the foreground hands signals on" {
	start_one
	DAVIT_TEST=$TOKEN "$DAVIT" --root "$ROOT" exec "$ID" sh -c 'trap "echo hup; exit 9" HUP; echo $$; while :; do sleep 0.05; done' \
		>"$T/said" 2>&1 </dev/null 3>&- 4>&- &
	appears "$T/said"
	kill -HUP $!
	status=0
	wait $! || status=$?
	[ "$status" -eq 9 ]
	[ "$(tail -n 1 "$T/said")" = hup ]
}

# has_another: the first process is not alone in the cgroup $cg.
has_another() {
	[ "$(wc -l <"$cg/cgroup.procs")" -ge 2 ]
}

@test "exec: created is allowed; stopped, paused and unknown are refused" {
	requires cgroup2
	ok create -b "$BUNDLE" "$ID"
	ok exec "$ID" echo hello
	[ "$out" = hello ]
	is created
	ok start "$ID"
	ok pause "$ID"
	fails "cannot exec in a paused container" exec "$ID" true
	"$DAVIT" --root "$ROOT" exec --ignore-paused "$ID" echo later >"$T/later" 2>&1 </dev/null 3>&- 4>&- &
	cg=$(cgroup_of "$(init_pid)")
	comes_true has_another
	[ ! -s "$T/later" ]
	ok resume "$ID"
	wait $!
	[ "$(<"$T/later")" = later ]
	ok kill "$ID" KILL
	becomes stopped
	fails "container not running" exec "$ID" true
	ok delete "$ID"
	fails "container does not exist" exec "$ID" true
}

@test "exec that waits in a paused container can be interrupted, and leaves nothing" {
	requires cgroup2
	start_one
	ok pause "$ID"
	cg=$(cgroup_of "$(init_pid)")
	"$DAVIT" --root "$ROOT" exec --ignore-paused "$ID" sleep 1000 >"$T/said" 2>&1 </dev/null 3>&- 4>&- &
	comes_true has_another
	kill -TERM $!
	status=0
	wait $! || status=$?
	[ "$status" -eq 255 ]
	grep -q "interrupted by signal 15" "$T/said"
	[ "$(<"$cg/cgroup.procs")" = "$(init_pid)" ]
	ok resume "$ID"
	is running
}

@test "exec --cgroup: below the container's, and nowhere else" {
	requires cgroup2
	start_one
	cg=$(cgroup_of "$(init_pid)")
	mkdir -p "$cg/sub/deep"
	for path in sub /sub sub/deep /; do
		background --cgroup "$path"
		where=$cg/${path#/}
		[ "$(cgroup_of "$pid")" = "${where%/}" ]
		kill -KILL "$pid"
		is_gone "$pid"
	done
	for path in .. /.. sub/../.. ../"${cg##*/}"; do
		fails "bad sub cgroup path" exec --cgroup "$path" "$ID" true
	done
	fails "adding pid to /$ID/nope/cgroup.procs: no such file or directory" exec --cgroup nope "$ID" true
	fails "unknown controller memory" exec --cgroup memory:sub "$ID" true
	fails "only one path" exec --cgroup sub --cgroup sub "$ID" true
	fails "invalid --cgroup argument" exec --cgroup :sub "$ID" true
	removed "$cg/sub/deep" "$cg/sub"
}

@test "exec follows the first process where the container's cgroup takes no more processes" {
	requires cgroup2 command:jq
	start_one
	cg=$(cgroup_of "$(init_pid)")
	controller=$(awk '{ print $1 }' "$cg/cgroup.controllers")
	[ -n "$controller" ] || skip "needs a controller of cgroup v2"
	mkdir "$cg/inner"
	init_pid >"$cg/inner/cgroup.procs"
	background
	[ "$(cgroup_of "$pid")" = "$cg" ] # nothing hinders it yet
	kill -KILL "$pid"
	is_gone "$pid"
	echo "+$controller" >"$cg/cgroup.subtree_control"
	background
	[ "$(cgroup_of "$pid")" = "$cg/inner" ]
	fails "adding pid of a helper to cgroups /$ID/cgroup.procs: device or resource busy" exec --cgroup / "$ID" true
	ok exec --cgroup inner "$ID" true
	ok delete --force "$ID"
	check_clean
}

@test "exec: descriptors and sockets of the caller only when asked for" {
	start_one
	exec 10<"$BUNDLE/config.json"
	echo three >"$T/three"
	DAVIT_TEST=$TOKEN "$DAVIT" --root "$ROOT" exec --preserve-fds 1 "$ID" sh -c 'cat <&3; ls /proc/self/fd' \
		>"$T/out" 2>&1 </dev/null 3<"$T/three" 4<"$T/three"
	[ "$(tr '\n' ' ' <"$T/out")" = "three 0 1 2 3 4 " ] # 4 is the folder that ls reads
	LISTEN_FDS=1 LISTEN_PID=4711 LISTEN_FDNAMES=web DAVIT_TEST=$TOKEN "$DAVIT" --root "$ROOT" exec "$ID" \
		sh -c 'cat <&3; echo $LISTEN_FDS $LISTEN_FDNAMES; [ $LISTEN_PID = $$ ]' >"$T/out" 2>&1 </dev/null 3<"$T/three" 4<"$T/three"
	[ "$(tr '\n' ' ' <"$T/out")" = "three 1 web " ]
	exec 10<&-
}

@test "exec: a container without a pid namespace of its own, and one without pivot_root" {
	config '.linux.namespaces |= map(select(.type != "pid"))'
	start_one
	background
	same_as_init "$pid" pid mnt
	[ "$(readlink "/proc/$pid/ns/pid")" = "$(readlink /proc/self/ns/pid)" ]
	ok delete --force "$ID"
	config '.linux.namespaces += [{ "type": "pid" }]'
	start_one --no-pivot
	background
	[ "$(stat -Lc %d:%i "/proc/$pid/root")" = "$(stat -Lc %d:%i "$BUNDLE/rootfs")" ]
	[ "$(stat -Lc %d:%i "/proc/$pid/cwd")" = "$(stat -Lc %d:%i "$BUNDLE/rootfs")" ]
}

@test "exec: in a user namespace" {
	requires userns
	config '[{ containerID: 0, hostID: 100000, size: 65536 }] as $map | .linux.namespaces += [{ type: "user" }] |
		.linux.uidMappings = $map | .linux.gidMappings = $map | .process.rlimits[0] |= . + { hard: 4096, soft: 4096 }'
	chown -R 100000:100000 "$BUNDLE/rootfs"
	chmod 755 "$T" "$BUNDLE"
	start_one
	background -u 7:8 -g 9
	same_as_init "$pid" pid net ipc uts mnt cgroup user
	[[ $(proc_field "$pid" Uid) == 100007$'\t'* ]]
	[[ $(proc_field "$pid" Gid) == 100008$'\t'* ]]
	[ "$(proc_field "$pid" Groups)" = "100009 " ]
	grep -q 'Max open files *4096 *4096' "/proc/$pid/limits"
	[ "$(cgroup_of "$pid")" = "$(cgroup_of "$(init_pid)")" ]
	ok exec "$ID" sh -c 'id -u'
	[ "$out" = 0 ]
}

@test "exec: the container's seccomp filter" {
	requires seccomp
	config '.linux.seccomp = { defaultAction: "SCMP_ACT_ALLOW", syscalls: [{ names: ["mkdir", "mkdirat"], action: "SCMP_ACT_ERRNO", errnoRet: 95 }] }'
	for privs in true false; do
		config --argjson p $privs '.process.noNewPrivileges = $p'
		start_one
		background
		[ "$(proc_field "$pid" Seccomp)" = 2 ]
		[ "$(proc_field "$pid" Seccomp_filters)" = "$(proc_field "$(init_pid)" Seccomp_filters)" ]
		davit exec "$ID" busybox mkdir /tmp/x
		[[ $err == *"not supported"* ]]
		ok delete --force "$ID"
	done
}

@test "process.scheduler: the program of exec has it too" {
	config '.process.scheduler = { policy: "SCHED_BATCH", nice: 5 }'
	start_one
	background
	[ "$(awk '{ print $19, $41 }' "/proc/$pid/stat")" = "5 3" ] # nice, policy
}

# all_cpus: of the cpuset of the test's cgroup, whatever the test itself is bound to.
all_cpus() {
	python3 -c 'import os; os.sched_setaffinity(0, range(8192)); print(open("/proc/self/status").read())' |
		sed -n 's/^Cpus_allowed_list:\t//p'
}

@test "the CPUs that the caller is bound to are not the container's, as with runc and crun" {
	requires command:taskset
	all=$(all_cpus)
	one=${all%%[-,]*}
	[ "$all" != "$one" ] || skip "one CPU"
	program sleep 1000
	DAVIT_TEST=$TOKEN taskset -c "$one" "$DAVIT" --root "$ROOT" create -b "$BUNDLE" "$ID" </dev/null >/dev/null 2>&1 3>&- 4>&-
	[ "$(proc_field "$(init_pid)" Cpus_allowed_list)" = "$all" ]
	ok start "$ID"
	[ "$(proc_field "$(init_pid)" Cpus_allowed_list)" = "$all" ]
	output=$(taskset -c "$one" "$DAVIT" --root "$ROOT" exec "$ID" cat /proc/self/status </dev/null)
	[[ $output == *"Cpus_allowed_list:"*"$all"* ]]
	ok delete --force "$ID"
	program cat /proc/self/status
	output=$(taskset -c "$one" "$DAVIT" --root "$ROOT" run -b "$BUNDLE" "$ID" </dev/null)
	[[ $output == *"Cpus_allowed_list:"*"$all"* ]]
}

@test "process.execCPUAffinity.initial, process.execCPUAffinity.final: the CPUs of exec's program, and of nobody else" {
	all=$(all_cpus)
	[[ $all == 0-* ]] || skip "needs the processors 0 and 1"
	own=$(proc_field self Cpus_allowed_list)
	config '.process.execCPUAffinity = { initial: "1" }'
	start_one
	[ "$(proc_field "$(init_pid)" Cpus_allowed_list)" = "$all" ] # exec only
	background
	[ "$(proc_field "$pid" Cpus_allowed_list)" = 1 ]
	davit --debug exec "$ID" true
	[[ $err == *nsexec*": affinity: 0x2"* ]] # as runc's log has it
	ok delete --force "$ID"

	config '.process.execCPUAffinity = { initial: "1", final: "0" }'
	start_one
	background
	[ "$(proc_field "$pid" Cpus_allowed_list)" = 0 ]
	# davit itself went back: seen while it waits
	DAVIT_TEST=$TOKEN "$DAVIT" --root "$ROOT" exec "$ID" sh -c 'echo >/started; sleep 1000' >/dev/null 2>&1 </dev/null 3>&- 4>&- &
	HELPERS=$!
	appears "$BUNDLE/rootfs/started"
	[ "$(proc_field $! Cpus_allowed_list)" = "$own" ]

	process='{ "args": ["sleep", "900"], "cwd": "/", "env": ["PATH=/bin", "DAVIT_TEST='$TOKEN'"], "user": { "uid": 0, "gid": 0 } }'
	from_file "$(jq '. + { execCPUAffinity: { final: "0-1" } }' <<<"$process")"
	[ "$(proc_field "$pid" Cpus_allowed_list)" = 0-1 ]
	for bad in 1-0 a "1," ",1" 1-- 9999999999; do
		jq --arg bad "$bad" '. + { execCPUAffinity: { initial: $bad } }' <<<"$process" >"$T/process.json"
		fails "/execCPUAffinity/initial" exec -p "$T/process.json" "$ID"
	done
	jq '. + { execCPUAffinity: { initial: "8191" } }' <<<"$process" >"$T/process.json"
	fails "set the CPUs" exec -p "$T/process.json" "$ID"
}

# bats test_tags=both
@test "exec: two hundred, sixteen at a time: no zombie, no cgroup, no state, no descriptor is left" {
	requires cgroup2
	local count=200
	! is_sanitized || count=50
	start_one
	init=$(init_pid)
	cg=$(cgroup_of "$init")
	state=$(find "$ROOT" | sort)
	below=$(find "$cg" -type d)
	fds=$(find "/proc/$init/fd" -mindepth 1 | wc -l)
	seq "$count" | DAVIT_TEST=$TOKEN xargs -P 16 -I {} sh -c '"$0" --root "$1" exec "$2" sh -c "exit \$(({} % 100))"; [ $? -eq $(({} % 100)) ] || echo {}' \
		"$DAVIT" "$ROOT" "$ID" >"$T/wrong" 2>&1
	[ ! -s "$T/wrong" ] || { cat "$T/wrong"; false; }
	alone
	[ "$(find "$ROOT" | sort)" = "$state" ]
	[ "$(find "$cg" -type d)" = "$below" ]
	[ "$(find "/proc/$init/fd" -mindepth 1 | wc -l)" = "$fds" ]
	ok exec "$ID" ls /proc # a zombie of the container would be among these
	[ "$(grep -cx '[0-9]*' "$OUT")" -eq 2 ]
	is running
}
