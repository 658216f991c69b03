#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Documents and files that the command line names: from pipes, FIFOs and the caller's descriptors,
# read once, bounded in size and time; and what else the caller left open stays away.
load helpers

setup() {
	requires root
	new_bundle
	program sh -c 'echo ran /proc/self/fd/*'
}

teardown() {
	[ -z "${WRITER-}" ] || kill "$WRITER" 2>/dev/null || :
	tear_down
}

# with ARG...: as davit of helpers, but with the standard input and the descriptors of the call.
with() {
	status=0
	DAVIT_TEST=$TOKEN timeout --foreground -k 5 "${LIMIT:-120}" "$DAVIT" --root "$ROOT" "$@" \
		>"$T/out" 2>"$T/err" || status=$?
	out=$(<"$T/out")
	err=$(<"$T/err")
}

worked() {
	[ "$status:$err" = 0: ] || complain "did not work"
}

# ran: the program of setup, and it has no descriptor but 0, 1, 2 and its own.
ran() {
	worked || return
	# 3: the folder that is listed.
	[ "$out" = "ran /proc/self/fd/0 /proc/self/fd/1 /proc/self/fd/2 /proc/self/fd/3" ] ||
		complain "did not run, or with more descriptors than there should be"
}

sleeping() {
	program sleep 1000
	ok create -b "$BUNDLE" "$ID"
	ok start "$ID"
}

@test "config.json is a FIFO, or a link to the standard input" {
	mv "$BUNDLE/config.json" "$T/config.json"
	text=$(<"$T/config.json")
	mkfifo "$BUNDLE/config.json"
	# davit waits five seconds for a writer: who is to be executed first could be late.
	echo "$text" >"$BUNDLE/config.json" 3>&- &
	WRITER=$!
	with run -b "$BUNDLE" "$ID" </dev/null 3>&- 4>&-
	ran
	rm "$BUNDLE/config.json"
	ln -s /dev/stdin "$BUNDLE/config.json"
	with run -b "$BUNDLE" "$ID" < <(echo "$text") 3>&- 4>&-
	ran
}

@test "--config, --process, --resources and mounts from a pipe of the shell's" {
	text=$(<"$BUNDLE/config.json")
	with run -b "$BUNDLE" --config <(echo "$text") "$ID" </dev/null 3>&- 4>&-
	ran
	with run -b "$BUNDLE" --config /dev/stdin "$ID" < <(echo "$text") 3>&- 4>&-
	ran
	sleeping
	process='{"cwd":"/","user":{"uid":5,"gid":6},"args":["id"]}'
	with exec -p <(echo "$process") "$ID" </dev/null 3>&- 4>&-
	worked && [[ $out == "uid=5 gid=6"* ]] || complain "exec"
	with exec -p /dev/stdin "$ID" < <(echo "$process") 3>&- 4>&-
	worked && [[ $out == "uid=5 gid=6"* ]] || complain "exec"
	with update -r <(echo '{}') "$ID" </dev/null 3>&- 4>&-
	worked
	with update -r - "$ID" < <(echo '{}') 3>&- 4>&-
	worked
	mkdir "$T/source"
	with mounts add "$ID" <(echo "[{\"destination\":\"/new\",\"source\":\"$T/source\",\"type\":\"bind\"}]") </dev/null 3>&- 4>&-
	worked
	grep -q ' /new ' "/proc/$(init_pid)/mountinfo"
}

@test "validate and plan: of a file or a pipe alone, by an ordinary user" {
	chmod 755 "$BATS_RUN_TMPDIR" "$BATS_FILE_TMPDIR" "$T"
	cd /
	text=$(<"$BUNDLE/config.json")
	for name in "$BUNDLE/config.json" /dev/stdin; do
		setpriv --reuid 65534 --regid 65534 --clear-groups "$DAVIT" validate -f "$name" \
			< <(echo "$text") >"$T/out"
		[ "$(<"$T/out")" = "0 faults" ] || { echo "$name: $(<"$T/out")"; return 1; }
	done
	"$DAVIT" validate -f <(echo "$text") >"$T/out"
	[ "$(<"$T/out")" = "0 faults" ]
	with plan -b "$BUNDLE" -f <(echo "$text") </dev/null
	worked && [[ $out == decode* ]] || complain "plan"
}

@test "a descriptor that cannot be opened again is read itself" {
	# A socket; and the file of somebody else that we were given.
	python3 - "$DAVIT" "$BUNDLE/config.json" >"$T/out" 2>&1 <<-'END'
		import socket, subprocess, sys
		ours, theirs = socket.socketpair()
		ours.sendall(open(sys.argv[2], 'rb').read())
		ours.shutdown(socket.SHUT_WR)
		sys.exit(subprocess.run([sys.argv[1], 'validate', '-f', '/dev/stdin'], stdin=theirs, check=False).returncode)
	END
	[ "$(<"$T/out")" = "0 faults" ]
	chmod 600 "$BUNDLE/config.json"
	setpriv --reuid 65534 --regid 65534 --clear-groups "$DAVIT" validate -f /dev/stdin \
		<"$BUNDLE/config.json" >"$T/out"
	[ "$(<"$T/out")" = "0 faults" ]
}

@test "nobody writes: an error in time, and a signal ends the wait" {
	mkfifo "$T/fifo"
	refused "read $T/fifo: nobody wrote to it for 5 seconds" create -b "$BUNDLE" --config "$T/fifo" "$ID"
	# Somebody has it open and says nothing.
	sleep 1000 >"$T/fifo" 3>&- &
	WRITER=$!
	has_opened() {
		[[ $(readlink "/proc/$pid/fd/"*) == *"$T/fifo"* ]]
	}
	for verb in create validate; do
		words=(-b "$BUNDLE" --config "$T/fifo")
		[ $verb = validate ] || words+=("$ID")
		"$DAVIT" --root "$ROOT" $verb "${words[@]}" >"$T/out" 2>&1 </dev/null 3>&- 4>&- &
		pid=$!
		comes_true has_opened
		kill -TERM "$pid"
		status=0
		wait "$pid" || status=$?
		[ "$status" -eq 143 ] || complain "$verb: not ended by the signal"
	done
	check_clean
}

@test "no more than 64 MiB are read, of a pipe and of a file" {
	with validate -f /dev/stdin < <(head -c 80000000 /dev/zero | tr '\0' ' ') 3>&- 4>&-
	[ "$status" -eq 1 ] && [[ $(<"$T/out")$err == *"/dev/stdin is larger than 64 MiB"* ]] || complain "a pipe"
	truncate -s 67108865 "$T/large"
	refused "$T/large is larger than 64 MiB" create -b "$BUNDLE" --config "$T/large" "$ID"
	refused "/dev/zero is neither a regular file nor a pipe" create -b "$BUNDLE" --config /dev/zero "$ID"
	refused "$T is neither a regular file nor a pipe" create -b "$BUNDLE" --config "$T" "$ID"
}

@test "10 MB of annotations: run, state, exec, a hook's state, delete" {
	config '.annotations = ([range(2000) | { key: "k\(.)", value: ("v" * 5000) }] | from_entries)
		| .hooks.poststop = [{ path: "/bin/sh", args: ["sh", "-c", "cat >'"$T"'/hook"] }]'
	sleeping
	davit state "$ID"
	[ "$status" -eq 0 ] && [ "$(jq '.annotations | length' <"$OUT")" -eq 2000 ] || complain "state"
	ok exec "$ID" true
	ok delete --force "$ID"
	[ "$(jq '.annotations | length' <"$T/hook")" -eq 2000 ]
}

@test "--log, --pid-file and --bundle by a descriptor, which the container does not get" {
	exec 7>"$T/log" 8>"$T/pid" 9<"$BUNDLE" 10<"$T"
	program sleep 1000
	with --log /dev/fd/7 --log-format json --debug create -b /dev/fd/9 --pid-file /proc/self/fd/8 "$ID" </dev/null 3>&- 4>&-
	worked
	pid=$(init_pid)
	[ "$(<"$T/pid")" = "$pid" ]
	jq -e .msg <"$T/log" >/dev/null
	for fd in "/proc/$pid/fd/"*; do
		case $(readlink "$fd") in "$T" | "$T/log" | "$T/pid") ls -l "/proc/$pid/fd"; return 1 ;; esac
	done
	ok start "$ID"
	: >"$T/log"
	with --log /dev/fd/7 exec "$ID" nothing-there </dev/null 3>&- 4>&-
	[ "$status" -eq 255 ] && grep -q nothing-there "$T/log"
	with --log /dev/fd/7 exec --pid-file /dev/fd/8 "$ID" ls /proc/self/fd </dev/null 3>&- 4>&-
	worked && [ "$out" = $'0\n1\n2\n3' ] || complain "exec"
	exec 7>&- 8>&- 9<&- 10<&-
}

@test "--pid-file: a pipe is written to, and what is no file is not replaced" {
	program true
	mkfifo "$T/fifo"
	cat "$T/fifo" >"$T/read" 3>&- &
	WRITER=$!
	ok run -b "$BUNDLE" --pid-file "$T/fifo" "$ID"
	wait "$WRITER"
	[[ $(<"$T/read") =~ ^[0-9]+$ ]]
	[ -p "$T/fifo" ]
	mknod "$T/null" c 1 3
	ok run -b "$BUNDLE" --pid-file "$T/null" "$ID"
	[ -c "$T/null" ]
}

# in_fifo: all that is in the FIFO behind descriptor 7, which davit had written to when it ended.
in_fifo() {
	dd bs=4096 count=1 iflag=nonblock <&7 2>/dev/null || :
}

@test "--pid-file: nobody else's link decides what is written to" {
	program true
	mkfifo "$T/fifo"
	exec 7<>"$T/fifo"
	ln -s fifo "$T/pid"
	ok run -b "$BUNDLE" --pid-file "$T/pid" "$ID" 7>&-
	[ -L "$T/pid" ]
	[[ $(in_fifo) =~ ^[0-9]+$ ]]
	chown -h 54321 "$T/pid"
	ok run -b "$BUNDLE" --pid-file "$T/pid" "$ID" 7>&-
	[[ -f $T/pid && ! -L $T/pid && $(<"$T/pid") =~ ^[0-9]+$ ]]
	[ -z "$(in_fifo)" ] || complain "written to"
	exec 7>&-
}

@test "errors name the file that --config names; a missing config.json hints at spec" {
	echo '{ "ociVersion": 5 }' >"$T/other.json"
	refused "$T/other.json:1:17: expected string, found number" create -b "$BUNDLE" --config "$T/other.json" "$ID"
	davit validate -b "$BUNDLE" --config "$T/other.json"
	[[ $out == "$T/other.json:1:17: "* ]]
	rm "$BUNDLE/config.json"
	refused "no such file or directory; \`$(basename "$DAVIT") spec\` writes one" create -b "$BUNDLE" "$ID"
	davit validate "$BUNDLE"
	[[ $err == *"spec\` writes one"* ]] || complain "no hint"
	refused "open $T/nothing [step decode in host]: no such file or directory" create -b "$BUNDLE" --config "$T/nothing" "$ID"
	[[ $err != *spec* ]]
	davit validate "$T/other.json"
	[[ $status -eq 1 && $err == *"not a directory; a bundle is a directory; --config takes a file" ]] || complain "no hint"
}

@test "plan DIR is plan --bundle DIR" {
	davit plan "$BUNDLE"
	mv "$OUT" "$T/first"
	worked
	davit plan --bundle "$BUNDLE"
	diff "$T/first" "$OUT"
}
