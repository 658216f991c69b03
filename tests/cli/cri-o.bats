#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# What CRI-O 1.37 sends, call by call as it was recorded (runtime_type = "oci"): create and exec through
# conmon, the rest itself; the environment is the one that it gives. No package of Debian's has CRI-O.
# shellcheck disable=SC2016  # programs are text for the container's shell
load helpers

setup() {
	requires root
	new_bundle
	ID=$TOKEN$(printf '%064d' 7) # its ids are long
	program sleep 1000
	# The place of its containers in this test, and what it says of them.
	config --arg id "$ID" '.linux.cgroupsPath = "/" + $id | .annotations = { "io.kubernetes.cri-o.ContainerType": "container" }'
}

teardown() {
	end_jobs
	tear_down
}

# crio ARG...: davit in the environment of CRI-O's own calls. Sets status, out, err.
crio() {
	CALLS=$((CALLS + 1))
	OUT=$T/out.$CALLS
	ERR=$T/err.$CALLS
	status=0
	env -i CRI_O_EXTERNAL=1 "PATH=$PATH" "${MORE[@]}" ${ASAN_OPTIONS+"ASAN_OPTIONS=$ASAN_OPTIONS"} \
		timeout --foreground -k 5 120 "$DAVIT" "$@" >"$OUT" 2>"$ERR" <"${INPUT:-/dev/null}" 3>&- 4>&- || status=$?
	out=$(<"$OUT")
	err=$(<"$ERR")
}

# done_silently ARG...: 0, and nothing on stderr, where CRI-O reads both.
done_silently() {
	crio "$@"
	[ "$status $err" = "0 " ] || complain "davit $*"
}

# conmon ARG...: the same as conmon calls, which names two pipes that it has closed.
conmon() {
	MORE=(_OCI_SYNCPIPE=3 _OCI_STARTPIPE=4 XDG_RUNTIME_DIR=)
	done_silently "$@"
	MORE=()
}

created() {
	conmon "--root=$ROOT" create --bundle "$BUNDLE" --pid-file "$BUNDLE/pidfile" "$ID"
	[[ $(<"$BUNDLE/pidfile") =~ ^[0-9]+$ ]]
	[ "$(wc -c <"$BUNDLE/pidfile")" -eq "$(tr -d '\n' <"$BUNDLE/pidfile" | wc -c)" ]
}

running() {
	created
	done_silently --root "$ROOT" start "$ID"
}

# status_is WORD: in the state that CRI-O reads after each action, with all that it takes from it.
status_is() {
	done_silently --root "$ROOT" state "$ID"
	jq -e --arg s "$1" --arg id "$ID" --arg b "$BUNDLE" '.status == $s and .id == $id and .bundle == $b and (.pid | type) == "number" and
		(.ociVersion | length) > 0 and (.annotations | type) == "object" and (.created | fromdateiso8601? // sub("\\..*Z$"; "Z") | . != "")' \
		<<<"$out" >/dev/null || complain "not $1"
}

# becomes_stopped: it asks until it is so.
becomes_stopped() {
	local try
	for try in {1..300}; do
		crio --root "$ROOT" state "$ID"
		[[ $out != *'"stopped"'* ]] || return 0
		sleep 0.1
	done
	complain "not stopped after $try tries"
}

# exec_file TERMINAL WORD...: what it writes for one exec, as F.
exec_file() {
	F=$T/exec-process-4242
	jq -n --argjson t "$1" '{ terminal: $t, cwd: "/", user: { uid: 0, gid: 0 }, env: ["PATH=/bin", "DAVIT_TEST='"$TOKEN"'"],
		args: $ARGS.positional }' --args -- "${@:2}" >"$F"
}

@test "cri-o: --version and features at its start, JSON and nothing else on either stream" {
	crio --version
	[ "$status" -eq 0 ]
	[ -z "$err" ]
	[[ $out == "$(basename "$DAVIT") version "* ]]
	crio features
	[ "$status" -eq 0 ]
	cat "$OUT" "$ERR" | jq -e '(.ociVersionMin | length) > 0 and (.ociVersionMax | length) > 0 and
		(.mountOptions | index("rro")) and .linux.mountExtensions.idmap.enabled' >/dev/null
	crio checkpoint --help
	[ "$status" -eq 0 ]
}

@test "cri-o: create, start, state after each, pause, resume, kill by number, delete --force twice" {
	created
	status_is created
	done_silently --root "$ROOT" start "$ID"
	status_is running
	[ "$(tr '\0' ' ' <"/proc/$(pid_in "$BUNDLE/pidfile")/cmdline")" = "sleep 1000 " ]
	done_silently --root "$ROOT" pause "$ID"
	status_is paused
	done_silently --root "$ROOT" resume "$ID"
	status_is running
	done_silently --root "$ROOT" kill "$ID" 9
	becomes_stopped
	is_gone "$(<"$BUNDLE/pidfile")"
	done_silently --root "$ROOT" delete --force "$ID"
	done_silently --root "$ROOT" delete --force "$ID"
	check_clean
}

@test "cri-o: kill by name, kill -a, and what it looks for when the container is dead" {
	program sh -c 'trap "exit 3" TERM; echo ready >/tmp/ready; while :; do sleep 0.05; done'
	running
	appears "$BUNDLE/rootfs/tmp/ready"
	done_silently --root "$ROOT" kill "$ID" TERM
	becomes_stopped
	crio --root "$ROOT" kill "$ID" KILL
	[ "$status" -ne 0 ]
	[[ $err == *"container not running"* ]] # it tells capitals apart
	done_silently --root "$ROOT" delete --force "$ID"
	crio --root "$ROOT" kill "$ID" KILL
	[ "$status" -ne 0 ]
	[[ $err == *"container does not exist"* ]]
	crio --root "$ROOT" state "$ID"
	[ "$status" -ne 0 ]
	program sleep 1000
	running
	done_silently --root "$ROOT" kill -a "$ID" KILL
	becomes_stopped
}

@test "cri-o: exec through conmon, detached; a program that is not there leaves words on stderr" {
	running
	exec_file false sleep 999
	conmon "--root=$ROOT" exec --pid-file "$T/pidfile4242" --process "$F" --detach "$ID"
	[ "$(tr '\0' ' ' <"/proc/$(pid_in "$T/pidfile4242")/cmdline")" = "sleep 999 " ]
	exec_file false /nope
	MORE=(_OCI_SYNCPIPE=3 _OCI_STARTPIPE=4)
	crio "--root=$ROOT" exec --pid-file "$T/pidfile4243" --process "$F" --detach "$ID"
	MORE=()
	[ "$status" -ne 0 ]
	[[ $err == *'/nope'*'no such file or directory'* ]]
	[ ! -s "$T/pidfile4243" ]
}

@test "cri-o: exec in the foreground, with pipes: what is typed, what is said, how it ends" {
	running
	exec_file false sh -c 'cat; echo bad >&2; exit 7'
	echo typed >"$T/typed"
	INPUT=$T/typed crio --root "$ROOT" exec --process "$F" "$ID"
	[ "$status" -eq 7 ]
	[ "$out" = typed ]
	[ "$err" = bad ]
}

@test "cri-o: exec in the foreground, on a terminal that is its own three streams" {
	requires command:python3
	ln -s busybox "$BUNDLE/rootfs/bin/stty"
	ln -s busybox "$BUNDLE/rootfs/bin/tty"
	running
	exec_file true sh -c 'tty; exec sh -i'
	status=0
	env -i CRI_O_EXTERNAL=1 "PATH=$PATH" ${ASAN_OPTIONS+"ASAN_OPTIONS=$ASAN_OPTIONS"} "$HERE/pty.py" 'size 33 77
		expect /dev/pts/0
		expect #
		type stty size; exit 6\n
		expect 33 77' "$DAVIT" --root "$ROOT" exec --process "$F" "$ID" >"$T/shown" 2>"$T/wrong" 3>&- 4>&- || status=$?
	cat "$T/shown" "$T/wrong"
	[ "$status" -eq 6 ]
	[ ! -s "$T/wrong" ]
	status_is running
}

# bats test_tags=vm-micro
@test "cri-o: update --resources - of memory and a quota alone" {
	local place
	running
	place=$(cgroup_of "$(<"$BUNDLE/pidfile")")
	echo '{"memory":{"limit":83886080,"swap":83886080},"cpu":{"quota":40000}}' >"$T/limits"
	INPUT=$T/limits done_silently --root "$ROOT" update --resources - "$ID"
	[ "$(cat "$place"/{memory,memory.swap,cpu}.max | xargs)" = "83886080 0 40000 100000" ]
}
