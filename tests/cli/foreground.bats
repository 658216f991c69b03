#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# What happens around the program: signals, a pidfd for others, readiness, traces, standard streams.
# Terminals are terminal.bats's.
#
# shellcheck disable=SC2016  # variables of jq, and of inner shells
load helpers

setup() {
	requires root
	new_bundle
}

teardown() {
	tear_down
}

# wait_for FILE...: they are there within half a minute, and not empty.
wait_for() {
	local file
	for file; do
		for _ in {1..600}; do
			[ ! -s "$file" ] || continue 2
			sleep 0.05
		done
		echo "$file does not come"
		return 1
	done
}

receive_pidfd() {
	"$HERE/recv-pidfd.py" "$T/pidfd.sock" "$T/pidfd.report" 3>&- 4>&- &
	for _ in {1..1500}; do
		[ ! -S "$T/pidfd.sock" ] || return 0
		sleep 0.02
	done
	return 1
}

@test "annotations run.oci.pidfd_receiver: it and --pidfd-socket send one pidfd of the process" {
	requires command:python3
	receive_pidfd
	ok create --bundle "$BUNDLE" --pidfd-socket "$T/pidfd.sock" "$ID"
	wait_for "$T/pidfd.report"
	[ "$(<"$T/pidfd.report")" = "standard 1 $(init_pid)" ] || complain "got $(<"$T/pidfd.report")"
	ok delete "$ID"
	rm "$T/pidfd.sock" "$T/pidfd.report"
	config '.annotations["run.oci.pidfd_receiver"] = $ARGS.positional[0]' --args -- "$T/pidfd.sock"
	receive_pidfd
	ok run -d --bundle "$BUNDLE" "$ID"
	wait_for "$T/pidfd.report"
	[ "$(<"$T/pidfd.report")" = "standard 1 $(init_pid)" ] || complain "got $(<"$T/pidfd.report")"
	wait
}

@test "exec --pidfd-socket sends a pidfd of its program" {
	requires command:python3
	receive_pidfd
	ok run -d --bundle "$BUNDLE" "$ID"
	ok exec -d --pidfd-socket "$T/pidfd.sock" --pid-file "$T/pid" "$ID" sleep 1000
	wait_for "$T/pidfd.report"
	[ "$(<"$T/pidfd.report")" = "setns 1 $(<"$T/pid")" ] || complain "got $(<"$T/pidfd.report")"
	wait
}

@test "a pidfd socket that nobody listens on fails before anything is made" {
	refused "connect to pidfd socket $T/nosuch" create --bundle "$BUNDLE" --pidfd-socket "$T/nosuch" "$ID"
	check_clean
}

# slices FILE [ROW]: the names of the steps in it, of one row.
slices() {
	jq -r --arg row "${2-}" '.traceEvents as $all
		| [$all[] | select(.name == "thread_name") | {(.tid | tostring): .args.name}] | add as $rows
		| $all[] | select(.ph == "X" and ($row == "" or $rows[.tid | tostring] == $row)) | .name' "$1"
}

@test "--trace: the steps of create, start, exec and delete, by process, with their times" {
	ok create --trace "$T/create.json" --bundle "$BUNDLE" "$ID"
	[[ $(slices "$T/create.json" HOST) == decode*claim*spawn*publish ]] || complain "HOST: $(slices "$T/create.json" HOST)"
	[[ $(slices "$T/create.json" INIT) == begin*mounts*pivot*program ]] || complain "INIT: $(slices "$T/create.json" INIT)"
	# Each has a begin and a length, and INIT's lie between HOST's.
	jq -e '[.traceEvents[] | select(.ph == "X")]
		| all(.ts >= 0 and .dur >= 0)
		and ((map(select(.name == "spawn"))[0].ts) < (map(select(.name == "begin"))[0].ts))
		and ((map(select(.name == "program"))[0].ts) < (map(select(.name == "publish"))[0].ts))
		and (map(.ts + .dur) | max) < 30e6' "$T/create.json"
	ok start --trace "$T/start.json" "$ID"
	[[ $(slices "$T/start.json") == await-start*credentials*exec ]] || complain "start: $(slices "$T/start.json")"
	ok exec --trace "$T/exec.json" "$ID" true
	[[ $(slices "$T/exec.json" INIT) == enter*exec ]] || complain "exec: $(slices "$T/exec.json")"
	ok kill "$ID" KILL
	becomes stopped
	ok delete --trace "$T/delete.json" "$ID"
	[ "$(slices "$T/delete.json" | tr '\n' ' ')" = "open check kill root cgroup rdt state " ] || complain "delete: $(slices "$T/delete.json")"
}

@test "--trace: a step that failed is there, and the wait of a run" {
	program nosuch
	refused "executable file not found" run --trace "$T/trace.json" --bundle "$BUNDLE" "$ID"
	[[ $(slices "$T/trace.json" INIT) == begin*program ]] || complain "trace: $(slices "$T/trace.json")"
	program true
	ok run --trace "$T/trace.json" --bundle "$BUNDLE" "$ID"
	[[ $(slices "$T/trace.json" HOST) == decode*wait*destroy ]] || complain "trace: $(slices "$T/trace.json")"
	refused "open the trace file $T/no/trace.json: no such file or directory" run --trace "$T/no/trace.json" --bundle "$BUNDLE" "$ID"
	check_clean
}

# A program that says it is ready after a moment, is more talkative than it should be, and goes on.
service() {
	local dir
	for dir in /usr /lib /lib64; do
		[ ! -e "$dir" ] || config '.mounts += [{ destination: $ARGS.positional[0], type: "bind", source: $ARGS.positional[1], options: ["rbind", "ro"] }]' --args -- "$dir" "$(realpath "$dir")"
	done
	program /usr/bin/python3 -c '
import os, socket, sys, time
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
s.connect(os.environ["NOTIFY_SOCKET"])
s.send(b"STATUS=not yet\nMAINPID=1\nXREADY=1")
time.sleep(1)
open("/tmp/said", "w").write(os.environ["NOTIFY_SOCKET"])
s.send(b"STATUS=now\nREADY=1\nMAINPID=1")
for _ in range(100 if sys.argv[1:] else 0):
    s.send(b"WATCHDOG=1")
time.sleep(0.5 if sys.argv[1:] else 1000)' "$@"
}

# manager: listens as NOTIFY_SOCKET, which is exported for davit.
manager() {
	requires command:python3
	"$HERE/recv-notify.py" "$T/notify.sock" "$T/notify.report" 3>&- 4>&- &
	appears "$T/notify.sock"
	export NOTIFY_SOCKET=$T/notify.sock
}

# told PID: what the manager was told, and nothing else.
told() {
	wait
	[ "$(<"$T/notify.report")" = $'READY=1 0\nMAINPID='"$1"$' 0\nBARRIER=1 1' ] || complain "told: $(<"$T/notify.report")"
}

@test "NOTIFY_SOCKET: start returns when the program is ready, and the manager knows its pid" {
	service
	manager
	ok create --bundle "$BUNDLE" "$ID"
	[ ! -s "$T/notify.report" ]
	ok start "$ID"
	[ "$(<"$BUNDLE/rootfs/tmp/said")" = /run/notify/notify.sock ] || complain "start did not wait"
	told "$(init_pid)"
	ok delete --force "$ID"
	check_clean
}

@test "NOTIFY_SOCKET: run --detach waits as well, and run in the foreground tells while it waits" {
	service
	manager
	ok run -d --bundle "$BUNDLE" "$ID"
	[ -e "$BUNDLE/rootfs/tmp/said" ] || complain "run did not wait"
	told "$(init_pid)"
	ok delete --force "$ID"
	rm "$T/notify.sock" "$T/notify.report"
	manager
	service and ends
	ok run --bundle "$BUNDLE" --pid-file "$T/pid" "$ID"
	told "$(<"$T/pid")"
	check_clean
}

@test "NOTIFY_SOCKET: a program that ends without a word is no failure, a manager that is gone a warning" {
	export NOTIFY_SOCKET=$T/nobody
	program true
	ok create --bundle "$BUNDLE" "$ID"
	ok start "$ID"
	becomes stopped
	ok delete "$ID"
	service and ends
	davit run --bundle "$BUNDLE" "$ID"
	[ "$status" -eq 0 ] || complain "run failed"
	[[ $err == *"tell $T/nobody that the program is ready: no such file or directory"* ]] || complain "no warning"
}

@test "NOTIFY_SOCKET: without it there is no socket, and the configuration's own variable stays" {
	config '.process.env += ["NOTIFY_SOCKET=/my/own"]'
	program sh -c 'echo "$NOTIFY_SOCKET"; ls /run/notify'
	davit run --bundle "$BUNDLE" "$ID"
	[ "$out" = /my/own ] || complain "another variable"
	[ ! -e "$BUNDLE/rootfs/run" ]
}

# in_foreground: the bundle's program by `davit run` in the background of this shell: RUN is davit's
# pid, and status is set by ended().
in_foreground() {
	OUT=$T/run.out
	ERR=$T/run.err
	DAVIT_TEST=$TOKEN "$DAVIT" --root "$ROOT" run --bundle "$BUNDLE" "$@" "$ID" >"$OUT" 2>"$ERR" </dev/null 3>&- 4>&- &
	RUN=$!
}

ended() {
	status=0
	wait "$RUN" || status=$?
	out=$(<"$OUT")
	err=$(<"$ERR")
}

@test "run hands every signal on but SIGCHLD and SIGWINCH" {
	program sh -c 'for s in HUP INT QUIT USR1 USR2 PIPE ALRM TERM TSTP CONT TTIN TTOU WINCH CHLD URG; do trap "echo $s" $s; done; echo ready; while :; do sleep 0.05; done'
	in_foreground
	wait_for "$OUT"
	for signal in HUP INT QUIT USR1 USR2 PIPE ALRM TERM TSTP CONT TTIN TTOU; do
		kill -s WINCH "$RUN"
		kill -s CHLD "$RUN"
		kill -s "$signal" "$RUN"
		for _ in {1..1500}; do
			! grep -qx "$signal" "$OUT" || continue 2
			sleep 0.02
		done
		echo "SIG$signal has not come"
		return 1
	done
	[ "$(grep -cx WINCH "$OUT")" -eq 0 ]
	ok kill "$ID" KILL
	ended
	[ "$status" -eq 137 ]
}

@test "signals that the caller ignores or blocks are the program's as usual" {
	program grep -E '^Sig(Ign|Blk)' /proc/self/status
	ln -s busybox "$BUNDLE/rootfs/bin/grep"
	(
		trap '' PIPE CHLD INT USR1
		davit run --bundle "$BUNDLE" "$ID"
		[ "$status" -eq 0 ] || complain "run failed" || exit
		[ "$out" = $'SigBlk:\t0000000000000000\nSigIgn:\t0000000000000000' ] || complain "not reset"
	)
}

is_orphan() {
	[[ $(<"/proc/$(proc_field "$1" PPid)/comm") != @(sh|sleep) ]]
}

@test "run reaps what the program leaves behind, unless --no-subreaper is given" {
	config 'del(.linux.namespaces[] | select(.type == "pid"))'
	program sh -c '(sleep 0.3; sleep 1000 & echo $! >/tmp/orphan; exec sleep 0.2) & sleep 1000'
	local option orphan parent
	for option in "" --no-subreaper; do
		rm -f "$BUNDLE/rootfs/tmp/orphan"
		# shellcheck disable=SC2086  # none or one
		in_foreground $option
		wait_for "$BUNDLE/rootfs/tmp/orphan"
		orphan=$(<"$BUNDLE/rootfs/tmp/orphan")
		# The shell between them is sleep by now, and ends.
		comes_true is_orphan "$orphan"
		parent=$(proc_field "$orphan" PPid)
		if [ -z "$option" ]; then
			[ "$parent" = "$RUN" ] || complain "its parent is $parent, not davit"
			kill -KILL "$orphan"
			comes_true [ ! -e "/proc/$orphan" ]
		else
			[ "$parent" != "$RUN" ] || complain "its parent is davit"
		fi
		ok kill --all "$ID" KILL
		ended
	done
}

@test "standard streams that are files belong to the program's user then, /dev/null stays the host's" {
	local before
	before=$(stat -c '%u %a' /dev/null)
	config '.process.user.uid = 33'
	program sh -c 'stat -Lc "%u %F" /proc/self/fd/1 >/tmp/seen; echo x >/proc/self/fd/1'
	chmod 777 "$BUNDLE/rootfs/tmp"
	davit run --bundle "$BUNDLE" "$ID"
	[ "$status" -eq 0 ] || complain "run failed"
	[ "$(<"$BUNDLE/rootfs/tmp/seen")" = "33 regular file" ] || [ "$(<"$BUNDLE/rootfs/tmp/seen")" = "33 regular empty file" ]
	[ "$(stat -c %u "$OUT")" = 33 ]
	[ "$(stat -c '%u %a' /dev/null)" = "$before" ]
}

@test "run waits for its program when the caller ignores SIGCHLD" {
	requires command:python3
	program sh -c 'exit 7'
	status=0
	python3 -c '
import os, signal, sys
signal.signal(signal.SIGCHLD, signal.SIG_IGN)
os.execv(sys.argv[1], sys.argv[1:])' "$DAVIT" --root "$ROOT" run --bundle "$BUNDLE" "$ID" >"$T/out" 2>"$T/err" </dev/null 3>&- 4>&- || status=$?
	[ "$status" -eq 7 ] || { cat "$T/err"; return 1; }
	check_clean
}
