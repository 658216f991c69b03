#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# What stays true when the state on disk is damaged, the disk is full, many come at once, a pid has
# been given to another or the machine has been booted again. T21 to T24 and T28 of the security tests.
# shellcheck disable=SC2016  # variables of jq and of inner shells
load helpers

setup() {
	requires root cgroup2
	new_bundle
	OTHER=$TOKEN-other
}

teardown() {
	tear_down
}

# start_one: a container ID that runs; PID its process.
start_one() {
	ok create -b "$BUNDLE" "$ID"
	ok start "$ID"
	PID=$(init_pid)
}

# edit_state FILTER [ARG...]: of ID's state.json, with jq.
edit_state() {
	jq "$@" <"$ROOT/$ID/state.json" >"$T/state.new" && cp "$T/state.new" "$ROOT/$ID/state.json"
}

lives() {
	[ -e "/proc/$1" ] && [ "$(proc_field "$1" State | cut -c1)" != Z ]
}

# The damage of T21, by name.
damage() {
	local file=$ROOT/$ID/state.json size
	size=$(stat -c %s "$file")
	case $1 in
	empty) : >"$file" ;;
	cut-half) truncate -s $((size / 2)) "$file" ;;
	cut-last) truncate -s $((size - 3)) "$file" ;;
	zeroed) head -c "$size" /dev/zero >"$file" ;;
	garbage) head -c "$size" /bin/busybox >"$file" ;;
	no-members) echo '{}' >"$file" ;;
	deep) printf '%0100000d' 0 | tr 0 '[' >"$file" ;;
	wrong-types) edit_state '.pid = "x" | .id = 7' ;;
	other-id) edit_state '.id = "somebody"' ;;
	pid--1) edit_state '.pid = -1' ;;
	pid-0) edit_state '.pid = 0' ;;
	pid-1) edit_state '.pid = 1' ;;
	pid-big) edit_state '.pid = 4294967297' ;;
	symlink) mv "$file" "$T/moved" && ln -s "$T/moved" "$file" ;;
	fifo) rm "$file" && mkfifo "$file" ;;
	folder) rm "$file" && mkdir "$file" ;;
	missing) rm "$file" ;;
	esac
}

# What must hold for a container that runs and whose state is damaged.
check_damaged() {
	refused "" start "$ID"
	davit state "$ID"
	[ "$status" -eq 0 ] || [[ $err != *$'\n'* ]] || complain "state: more than one line" || return
	davit kill "$ID" 0
	[ "$status" -lt 124 ] || complain "kill" || return
	ok list -q
	[[ $'\n'$out$'\n' == *$'\n'"$OTHER"$'\n'* ]] || complain "list does not show the other" || return
	refused "" delete "$ID"
	lives "$PID" || complain "a plain delete has ended it" || return
	ok delete --force "$ID"
	is_gone "$PID"
	[ ! -e "$ROOT/$ID" ]
	ok delete --force "$ID"
}

# bats test_tags=both
@test "damaged state: nothing crashes, plain delete refuses, delete --force ends what runs (T21)" {
	ok create -b "$BUNDLE" "$OTHER"
	kinds='empty cut-half cut-last zeroed garbage no-members deep wrong-types other-id pid--1 pid-0 pid-1
		pid-big symlink fifo folder missing'
	! is_sanitized || kinds='cut-half garbage deep wrong-types pid--1 fifo missing'
	for damage in $kinds; do
		start_one
		damage "$damage"
		check_damaged || { echo "damage: $damage"; return 1; }
		[ -z "$(find "$CGROOT" -type d -name "*$ID")" ]
	done
	is created "$OTHER"
}

@test "damaged journal: the state alone is enough (T21)" {
	for how in ': >' 'rm -f ' 'head -c 50 /bin/busybox >'; do
		start_one
		eval "$how$ROOT/$ID/journal.json"
		is running
		ok delete --force "$ID"
		is_gone "$PID"
		[ -z "$(find "$CGROOT" -type d -name "*$ID")" ]
	done
}

@test "damaged state and journal: the configuration still leads to what runs (T21)" {
	config --arg p "/$TOKEN-place" '.linux.cgroupsPath = $p'
	start_one
	: >"$ROOT/$ID/state.json"
	: >"$ROOT/$ID/journal.json"
	refused "" state "$ID"
	refused "" delete "$ID"
	lives "$PID"
	ok delete --force "$ID"
	is_gone "$PID"
	[ ! -e "$CGROOT/$TOKEN-place" ]
}

@test "damaged state, journal and configuration: delete --force says what may live on (T21)" {
	config 'del(.linux.cgroupsPath)'
	for damage in '{"a":[' ''; do
		start_one
		cgroup=$CGROOT$(sed -n 's/^0:://p' "/proc/$PID/cgroup")
		for file in state journal config; do
			if [ -n "$damage" ]; then echo "$damage" >"$ROOT/$ID/$file.json"; else rm "$ROOT/$ID/$file.json"; fi
		done
		davit delete --force "$ID"
		[ "$status" = 0 ]
		[[ $err == *"level=warning"*"of container $ID is left: the processes in the cgroup ${cgroup#"$CGROOT"}, which may be its own, live on"* ]] ||
			complain "does not say what lives on" || return
		[ ! -e "$ROOT/$ID" ]
		lives "$PID"
		echo 1 >"$cgroup/cgroup.kill"
		is_gone "$PID"
		for _ in {1..1500}; do
			rmdir "$cgroup" 2>/dev/null && break
			sleep 0.02
		done
	done
}

@test "a copied state directory never leads to the container it was copied from (T21)" {
	start_one
	cp -a "$ROOT/$ID" "$ROOT/$OTHER"
	refused "" state "$OTHER"
	refused "" kill "$OTHER" KILL
	refused "" delete "$OTHER"
	ok delete --force "$OTHER"
	lives "$PID"
	is running
}

@test "a state root that cannot hold a container is named" {
	mkdir "$T/ro"
	DAVIT_TEST=$TOKEN run unshare -m --propagation private sh -c '
		mount -t tmpfs -o ro tmpfs "$1" && exec "$0" --root "$1" create -b "$2" "$3"' "$DAVIT" "$T/ro" "$BUNDLE" "$ID"
	[[ $status == 1 && $output == *"make the state directory of $ID"*"read-only file system; the state root is $T/ro" ]] ||
		complain "$output"
}

@test "strange things in the state root disturb nobody (T21)" {
	ok create -b "$BUNDLE" "$ID"
	mkdir "$ROOT/bare"
	mkfifo "$ROOT/fifo"
	echo text >"$ROOT/file"
	ln -s "$ROOT/$ID" "$ROOT/link"
	ok list -q
	[[ $'\n'$out$'\n' == *$'\n'"$ID"$'\n'* ]]
	for id in bare fifo file link; do
		refused "" state "$id"
		refused "" start "$id"
		refused "" kill "$id" KILL
	done
	ok delete --force bare
	is created
	rm "$ROOT/fifo" "$ROOT/file" "$ROOT/link"
}

@test "32 creates of one id at once: one wins, the others say that it exists (T22)" {
	for n in {1..32}; do
		DAVIT_TEST=$TOKEN "$DAVIT" --root "$ROOT" create -b "$BUNDLE" --pid-file "$T/pid.$n" "$ID" \
			>"$T/race.$n" 2>&1 </dev/null 3>&- 4>&- && echo won >"$T/won.$n" &
	done
	wait
	[ "$(cat "$T"/won.* | wc -l)" -eq 1 ]
	[ "$(grep -l 'exists' "$T"/race.* | wc -l)" -eq 31 ]
	[ "$(cat "$T"/race.* | wc -l)" -eq 31 ]
	[ "$(find "$T" -name "pid.*" | wc -l)" -eq 1 ]
	is created
	[ "$(cat "$T"/pid.*)" = "$(init_pid)" ]
	ok delete --force "$ID"
	check_clean
}

@test "start, kill and delete --force at once leave nothing (T22)" {
	for _ in 1 2 3; do
		ok create -b "$BUNDLE" "$ID"
		for command in "start $ID" "kill $ID KILL" "delete --force $ID" "state $ID" "start $ID" "delete --force $ID"; do
			# shellcheck disable=SC2086  # words
			DAVIT_TEST=$TOKEN "$DAVIT" --root "$ROOT" $command >"$T/race" 2>&1 </dev/null 3>&- 4>&- &
		done
		wait
		ok delete --force "$ID"
		check_clean
	done
}

@test "a pid that belongs to another process now: stopped, and the other is left alone (T23)" {
	start_one
	sleep 1000 3>&- 4>&- &
	foreign=$!
	ok kill "$ID" KILL
	becomes stopped
	edit_state --argjson pid "$foreign" '.pid = $pid'
	is stopped
	refused "" kill "$ID" KILL
	refused "" start "$ID"
	ok delete "$ID"
	ok delete --force "$ID"
	lives "$foreign"
	kill "$foreign"
	check_clean
}

@test "the same pid with another start time is not the container's process (T23)" {
	start_one
	time_key=$(jq -r 'keys[] | select(test("start"; "i") and test("time"; "i"))' "$ROOT/$ID/state.json")
	edit_state --arg k "$time_key" '.[$k] += 1'
	is stopped
	refused "not running" kill "$ID" KILL
	lives "$PID"
	ok delete --force "$ID" # by its cgroup, which is the container's own
	check_clean
}

@test "after a boot the container is stopped; delete touches nothing that lives (T28)" {
	sleep 1000 3>&- 4>&- &
	foreign=$!
	start_one
	ok kill "$ID" KILL
	becomes stopped
	boot_key=$(jq -r 'keys[] | select(test("boot"; "i"))' "$ROOT/$ID/state.json")
	start_time=$(sed 's/.*) //' "/proc/$foreign/stat" | cut -d' ' -f20)
	time_key=$(jq -r 'keys[] | select(test("start"; "i") and test("time"; "i"))' "$ROOT/$ID/state.json")
	# The same numbers, as they may come again.
	edit_state --arg b "$boot_key" --arg t "$time_key" --argjson time "$start_time" --argjson pid "$foreign" \
		'.[$b] = "00000000-0000-0000-0000-000000000000" | .[$t] = $time | .pid = $pid'
	is stopped
	ok list
	[[ $out == *stopped* ]]
	refused "exists" create -b "$BUNDLE" "$ID"
	refused "not running" kill "$ID" KILL
	for verb in start pause resume "events --stats" "update --pids-limit 5"; do
		# shellcheck disable=SC2086  # words
		refused "cannot " $verb "$ID"
	done
	refused stopped exec "$ID" true
	ok ps "$ID"
	[ "$(wc -l <"$OUT")" -eq 1 ] # the names of the columns
	ok delete "$ID"
	lives "$foreign"
	[ "$(sed 's/.*) //' "/proc/$foreign/stat" | cut -d' ' -f1)" = S ]
	kill "$foreign"
	ok create -b "$BUNDLE" "$ID"
}

# on_small_disk OPTIONS COMMAND...: in a mount namespace where ROOT is a tmpfs with OPTIONS.
on_small_disk() {
	local options=$1
	shift
	DAVIT_TEST=$TOKEN unshare -m --propagation private sh -c '
		mount -t tmpfs -o "mode=700,$1" tmpfs "$2" && shift 2 && "$@"
	' sh "$options" "$ROOT" "$@" 3>&- 4>&-
}

@test "a full disk: create fails in one line and leaves nothing, with every number of inodes (T24)" {
	for inodes in 1 2 3 4 5 6; do
		on_small_disk "nr_inodes=$inodes" sh -c '
			"$1" --root "$2" create -b "$3" "$4" >/dev/null 2>"$5/full" </dev/null
			echo $? >"$5/full.status"
			ls -A "$2" >"$5/full.left"
			if [ "$(cat "$5/full.status")" = 0 ]; then
				# It fits: then it must go away on a disk that has nothing left.
				for n in 1 2 3 4 5 6; do touch "$2/fill.$n" 2>/dev/null; done
				"$1" --root "$2" delete --force "$4" 2>>"$5/full" || echo "delete failed" >>"$5/full"
				[ ! -e "$2/$4" ] || echo "delete left it" >>"$5/full"
			fi
		' sh "$DAVIT" "$ROOT" "$BUNDLE" "$ID" "$T"
		if [ "$(<"$T/full.status")" = 0 ]; then
			[ ! -s "$T/full" ]
			fits=$inodes
		else
			[ ! -s "$T/full.left" ]
			[ "$(wc -l <"$T/full")" -eq 1 ]
			grep -q 'no space left on device' "$T/full"
		fi
		check_clean
	done
	[ -n "$fits" ]
}

@test "a disk without room for the state: a clean error; start and delete need no room (T24)" {
	config '.annotations = { "org.example.long": ("0" * 200000) }'
	on_small_disk size=64k sh -c '"$1" --root "$2" create -b "$3" "$4" >/dev/null 2>"$5/full" </dev/null
		echo $? >"$5/full.status"; ls -A "$2" >"$5/full.left"
	' sh "$DAVIT" "$ROOT" "$BUNDLE" "$ID" "$T"
	[ "$(<"$T/full.status")" -ne 0 ]
	[ "$(wc -l <"$T/full")" -eq 1 ]
	[ ! -s "$T/full.left" ]
	check_clean
	config 'del(.annotations)'
	on_small_disk size=64k sh -c '
		"$1" --root "$2" create -b "$3" "$4" >/dev/null 2>"$5/full" </dev/null &&
		{ dd if=/dev/zero of="$2/fill" bs=4k 2>/dev/null; ! dd if=/dev/zero of="$2/more" bs=4k count=1 2>/dev/null; } &&
		"$1" --root "$2" start "$4" 2>>"$5/full" &&
		"$1" --root "$2" kill "$4" KILL 2>>"$5/full" &&
		"$1" --root "$2" delete --force "$4" 2>>"$5/full" && [ ! -e "$2/$4" ]
	' sh "$DAVIT" "$ROOT" "$BUNDLE" "$ID" "$T"
	[ ! -s "$T/full" ]
	check_clean
}

@test "a state root that is read-only: a clean error (T24)" {
	on_small_disk ro sh -c '"$1" --root "$2" create -b "$3" "$4" >/dev/null 2>"$5/full" </dev/null; echo $? >"$5/full.status"
	' sh "$DAVIT" "$ROOT" "$BUNDLE" "$ID" "$T"
	[ "$(<"$T/full.status")" -ne 0 ]
	grep -q 'read-only file system' "$T/full"
	check_clean
}

# without_waiting VERB...: davit, traced alone, without the descriptor of signals that it waits for its program
# with; the one before is for the time until the program runs.
without_waiting() {
	DAVIT_TEST=$TOKEN timeout --foreground -k 1 300 strace -qq -o /dev/null -e trace=signalfd4 -e inject=signalfd4:error=EMFILE:when=2 \
		"$DAVIT" --root "$ROOT" "$@" </dev/null >"$T/out" 2>&1 || true
	[ "$(<"$T/out")" = "davit: wait for the program: too many open files" ]
}

# bats test_tags=plain
@test "run that cannot wait for its program ends it and leaves nothing" {
	requires command:strace plain-build
	program sleep 1000
	without_waiting run -b "$BUNDLE" --pid-file "$T/pid" "$ID"
	[ ! -e "$T/pid" ]
	check_clean
}

# bats test_tags=plain
@test "exec that cannot wait for its program ends it, and nothing else" {
	local init cg
	requires command:strace plain-build
	program sleep 1000
	ok run -d -b "$BUNDLE" "$ID"
	init=$(init_pid)
	cg=$(cgroup_of "$init")
	without_waiting exec "$ID" sleep 1000
	for _ in {1..600}; do
		[ "$(<"$cg/cgroup.procs")" != "$init" ] || break
		sleep 0.05
	done
	[ "$(<"$cg/cgroup.procs")" = "$init" ]
	is running
	ok delete --force "$ID"
	check_clean
}

# Whatever HOST's waits for others fail with; those that it makes late find the program running.
# bats test_tags=plain
@test "run -d whose wait fails ends nothing that runs: either all of it, or nothing has run" {
	local k made=0 line
	requires command:strace plain-build
	program sh -c 'echo >>/tmp/ran; exec sleep 1000'
	mkdir -p "$BUNDLE/rootfs/tmp"
	for ((k = 1; k < 40; k++)); do
		rm -f "$BUNDLE/rootfs/tmp/ran"
		status=0
		DAVIT_TEST=$TOKEN timeout --foreground -k 1 300 strace -qq -o "$T/calls" -e trace=poll,ppoll -e "inject=poll,ppoll:error=ENOMEM:when=$k" \
			"$DAVIT" --root "$ROOT" run -d -b "$BUNDLE" "$ID" </dev/null >"$T/out" 2>&1 || status=$?
		line=$(<"$T/out")
		if [ "$status" -eq 0 ]; then
			made=$((made + 1))
			[ -z "$line" ] && is running
			ok delete --force "$ID"
		else
			[[ $line == "davit: "*": cannot allocate memory" && $line != *$'\n'* ]] || { echo "call $k: $line"; return 1; }
			[ ! -e "$BUNDLE/rootfs/tmp/ran" ] || { echo "call $k: $line, but the program has run"; return 1; }
		fi
		check_clean
		grep -q INJECTED "$T/calls" || break
	done
	[ "$made" -gt 1 ]
}
