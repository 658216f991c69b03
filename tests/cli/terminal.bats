#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# A container's terminal on the caller's (run in the foreground, no console socket). pty.py is the
# user: it types, reads, and says when the terminal's modes are not as they were.
load helpers

setup() {
	requires root command:python3
	new_bundle
	config '.process.terminal = true'
	for applet in stty seq tty; do ln -s busybox "$BUNDLE/rootfs/bin/$applet"; done
}

teardown() {
	tear_down
}

# at_terminal SCRIPT ARG...: davit ARG... with a user who follows SCRIPT. Sets status, out, err, OUT.
at_terminal() {
	local script=$1
	shift
	CALLS=$((CALLS + 1))
	OUT=$T/out.$CALLS
	ERR=$T/err.$CALLS
	status=0
	DAVIT_TEST=$TOKEN "$HERE/pty.py" "$script" "$DAVIT" --root "$ROOT" "$@" >"$OUT" 2>"$ERR" 3>&- 4>&- || status=$?
	out=$(tr -d '\r' <"$OUT")
	err=$(<"$ERR")
}

# shows STATUS SCRIPT ARG...: and nothing was wrong.
shows() {
	local wanted=$1
	shift
	at_terminal "$@"
	[ "$status" -eq "$wanted" ] || complain "not $wanted" || return
	[ -z "$err" ] || complain "something was wrong" || return
}

@test "process.terminal: a shell at the caller's terminal, its size, its exit status" {
	program sh -i
	# shellcheck disable=SC2016  # the script's own
	# It comes by a signal, beside what is typed.
	printf '#!/bin/sh\nwhile [ "$(stty size)" != "50 111" ]; do sleep 0.05; done\nstty size\n' >"$BUNDLE/rootfs/bin/grown"
	chmod 755 "$BUNDLE/rootfs/bin/grown"
	shows 5 'expect # 
		type stty size; tty\n
		expect 24 80
		expect /dev/pts/0
		size 50 111
		type grown\n
		expect 50 111
		type exit 5\n' run --bundle "$BUNDLE" "$ID"
	check_clean
}

@test "process.terminal: Ctrl-C, Ctrl-Z and fg are the business of the shell inside" {
	program sh -i
	# It says so once it has the terminal.
	printf '#!/bin/sh\ntrap "echo it goes on" CONT\necho it runs\nwhile :; do sleep 0.05; done\n' >"$BUNDLE/rootfs/bin/job"
	chmod 755 "$BUNDLE/rootfs/bin/job"
	shows 0 'expect # 
		type job; echo was $?\n
		expect it runs
		type \x03
		expect # 
		type job\n
		expect it runs
		type \x1a
		expect Stopped
		expect # 
		type fg\n
		expect it goes on
		type \x03
		expect # 
		type echo over; exit 0\n
		expect over' run --bundle "$BUNDLE" "$ID"
}

@test "process.consoleSize.height, process.consoleSize.width: win over the size of the caller's" {
	config '.process.consoleSize = { height: 11, width: 22 }'
	program stty size
	shows 0 '' run --bundle "$BUNDLE" "$ID"
	[[ $out == "11 22"* ]] || complain "another size"
}

@test "process.terminal: a new size while the container is being made is not lost" {
	config '.hooks.createRuntime = [{ path: "/bin/sleep", args: ["sleep", "0.6"] }]'
	# shellcheck disable=SC2016  # the shell's inside
	program sh -c 'while [ "$(stty size)" != "50 111" ]; do sleep 0.05; done; echo the size is there'
	shows 0 'sleep 0.3
		size 50 111
		expect the size is there' run --bundle "$BUNDLE" "$ID"
}

# The caller's own shell is between: davit is a job of it.
@test "process.terminal: stopped, continued in the background, and the foreground's again" {
	local job
	# A prompt of its own: busybox' default is another one in each version.
	program env PS1='inside# ' sh -i
	DAVIT_TEST=$TOKEN "$HERE/pty.py" "expect $ID# 
		type $DAVIT --root $ROOT run --bundle $BUNDLE $ID\\n
		raw
		expect inside# 
		expect Stopped
		expect $ID# 
		type bg\\n
		expect $ID# 
		sleep 0.3
		type fg\\n
		raw
		type echo in \$((40 + 2))\\n
		expect in 42
		type exit 3\\n
		expect $ID# 
		type exit \$?\\n" env PS1="$ID# " bash --norc --noprofile --noediting -i >"$T/job" 2>&1 3>&- 4>&- &
	job=$!
	becomes running
	comes_true grep -q "inside# " "$T/job"
	kill -STOP "$(proc_field "$(init_pid)" PPid)"
	status=0
	wait "$job" || status=$?
	[ "$status" -eq 3 ] || { cat "$T/job"; false; }
}

@test "process.terminal: /dev/console is the terminal, owned by the user" {
	config '.process.user.uid = 33'
	program stat -c '%F %t:%T %u' /dev/console
	shows 0 '' run --bundle "$BUNDLE" "$ID"
	[[ $out == "character special file 88:0 33"* ]] || complain "no terminal"
}

@test "process.terminal: everything arrives, however soon the program ends" {
	program seq 1 3000
	shows 0 '' run --bundle "$BUNDLE" "$ID"
	[ "$out" = "$(seq 1 3000)" ] || complain "not all of it"
}

@test "process.terminal: everything arrives when the reader stops reading for a while" {
	program sh -c 'busybox dd if=/dev/zero bs=1k count=1k 2>/dev/null | busybox tr "\0" x'
	shows 0 'sleep 2' run --bundle "$BUNDLE" "$ID"
	[ "$(tr -cd x <"$OUT" | wc -c)" -eq 1048576 ] || complain "not all of it"
}

@test "process.terminal: without a carriage return in a file, and with the newline translation that a program asks for" {
	: >"$T/file"
	program sh -c 'echo one; stty opost onlcr; echo two; stty -opost; echo three'
	STDOUT=$T/file shows 0 '' run --bundle "$BUNDLE" "$ID"
	[ "$(<"$T/file")" = $'one\ntwo\r\nthree' ] || complain "other newlines: $(od -c "$T/file")"
	# Modes and output come by two ways: it asks for others when the first line has been read.
	program sh -c 'stty -echo; echo one; read go; stty -opost; echo two'
	shows 0 'expect one\r\n
		type \n' run --bundle "$BUNDLE" "$ID"
	[ "$(<"$OUT")" = $'one\r\ntwo' ] || complain "other newlines: $(od -c "$OUT")"
}

@test "process.terminal: a reader of the output that goes away stops nothing" {
	mkfifo "$T/fifo"
	head -c 10 "$T/fifo" >"$T/head" &
	program sh -c 'seq 1 200000; echo done >/tmp/done'
	STDOUT=$T/fifo shows 0 '' run --bundle "$BUNDLE" "$ID"
	[ "$(<"$BUNDLE/rootfs/tmp/done")" = "done" ]
	wait
}

@test "process.terminal: when the caller's terminal goes, the program's hangs up" {
	program sh -c 'trap "" HUP; echo ready; while echo x; do sleep 0.1; done 2>/dev/null; echo gone >/tmp/done'
	shows 0 'expect ready
		close' run --bundle "$BUNDLE" "$ID"
	[ "$(<"$BUNDLE/rootfs/tmp/done")" = gone ]
}

# is_idle PID: for half a second it has no processor, and is not only without one because others have it.
is_idle() {
	local before
	before=$(ticks "$1")
	sleep 0.5
	[ "$(ticks "$1")" = "$before" ] && [[ $(proc_field "$1" State) == S* ]]
}

# ticks PID: how often it has been given one and went to sleep, and what it has used.
ticks() {
	proc_field "$1" voluntary_ctxt_switches
	awk '{ print $14, $15 }' "/proc/$1/stat"
}

@test "process.terminal: davit needs no processor time while nothing happens, and none when the streams are shut" {
	program sh -c 'exec sleep 1000 <&- >&- 2>&-'
	at_terminal 'raw' run --bundle "$BUNDLE" "$ID" &
	becomes running
	comes_true is_idle "$(proc_field "$(init_pid)" PPid)"
	ok kill "$ID" KILL
	wait
}

@test "process.terminal: the modes are put back after a failed execve" {
	printf '#!/nosuch\n' >"$BUNDLE/rootfs/bin/script"
	chmod +x "$BUNDLE/rootfs/bin/script"
	program script
	shows 1 '' run --bundle "$BUNDLE" "$ID"
	[[ $out == *"exec /bin/script: no such file or directory"* ]] || complain "another error"
	check_clean
}

@test "process.terminal: the modes are put back when davit is killed, and nobody stays to do it" {
	# Raw it is before there is a program.
	program sh -c 'echo it runs; exec sleep 1000'
	shows 137 'raw
		expect it runs
		signal KILL' run --bundle "$BUNDLE" "$ID"
	ok delete --force "$ID"
	check_clean
}

# --- where the caller's terminal is none of the streams, or not the first

@test "process.terminal: standard input is a file or a pipe: it is what is typed" {
	printf 'stty size; tty\nexit 3\n' >"$T/typed"
	program sh -i
	STDIN=$T/typed shows 3 'expect 24 80
		expect /dev/pts/0' run --bundle "$BUNDLE" "$ID"
	mkfifo "$T/fifo"
	# The end of the input is one only where cat, and not the shell, has the terminal.
	{
		printf 'echo he""re; cat\n'
		comes_true [ -e "$T/begun" ]
		printf 'one\n'
		comes_true [ -e "$T/sized" ]
		printf '\004stty size; exit 4\n'
	} >"$T/fifo" &
	STDIN=$T/fifo shows 4 "raw
		expect here
		make $T/begun
		expect one
		size 50 111
		make $T/sized
		expect 50 111" run --bundle "$BUNDLE" "$ID"
	check_clean
}

@test "process.terminal: standard input that has ended, or cannot be read, leaves the program its terminal" {
	program sh -c 'sleep 0.5; stty size; tty; exit 5'
	for file in /dev/null "$T"; do
		STDIN=$file shows 5 'expect 24 80
			expect /dev/pts/0' run --bundle "$BUNDLE" "$ID"
	done
	check_clean
}

@test "process.terminal: /dev/tty is the caller's where all streams are something else" {
	local STDIN=$T/typed STDOUT=$T/file STDERR=$T/errors
	export STDIN STDOUT STDERR
	printf 'exit 6\n' >"$T/typed"
	: >"$T/file"
	: >"$T/errors"
	# shellcheck disable=SC2016  # $line is the container's
	program sh -c 'while [ "$(stty size)" != "50 111" ]; do sleep 0.05; done; stty size; read line; $line'
	shows 6 'raw
		size 50 111' run --bundle "$BUNDLE" "$ID"
	[[ $(<"$T/file") == *$'50 111'* ]] || complain "another output: $(<"$T/file")"
	[ ! -s "$T/errors" ]
	program sh -c 'echo >/tmp/runs; exec sleep 1000'
	shows 137 "raw
		await $BUNDLE/rootfs/tmp/runs
		signal KILL" run --bundle "$BUNDLE" "$ID"
	ok exec -d "$ID" true
	: >"$T/file"
	shows 7 "raw
		make $BUNDLE/rootfs/tmp/go" exec -t "$ID" sh -c 'until [ -e /tmp/go ]; do sleep 0.05; done; tty; stty size; exit 7'
	[[ $(<"$T/file") == *$'/dev/pts/'*$'\n24 80' ]] || complain "another output: $(<"$T/file")"
	[ ! -s "$T/errors" ]
	ok delete --force "$ID"
	check_clean
}

@test "process.terminal: davit needs no processor time when standard input has ended" {
	program sleep 1000
	STDIN=/dev/null at_terminal 'raw' run --bundle "$BUNDLE" "$ID" &
	becomes running
	[ -z "$(find "/proc/$(init_pid)/fd" -lname /dev/tty)" ]
	comes_true is_idle "$(proc_field "$(init_pid)" PPid)"
	ok kill "$ID" KILL
	wait
}

@test "process.terminal: there must be one" {
	program true
	no_terminal
	refused "open /dev/tty: no such device or address (at /process/terminal); the standard streams are no terminal" \
		run --bundle "$BUNDLE" "$ID"
	check_clean
}

@test "process.terminal: nobody is there to show it without a console socket" {
	refused "cannot allocate tty if $(basename "$DAVIT") will detach without setting console socket" create --bundle "$BUNDLE" "$ID"
	refused "cannot allocate tty if $(basename "$DAVIT") will detach without setting console socket" run -d --bundle "$BUNDLE" "$ID"
	# What crun's suite looks for.
	refused "use --console-socket" run -d --bundle "$BUNDLE" "$ID"
	check_clean
}
