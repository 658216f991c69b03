#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# The state directory, and whatever others have put there, beside it or on the way to it: nothing is
# signalled, removed or written to because it looks like ours (C18).
# shellcheck disable=SC2016  # variables of jq and of inner shells
load helpers

setup() {
	requires root cgroup2
	new_bundle
}

teardown() {
	for pid in ${bystanders-}; do
		kill -KILL "$pid" 2>/dev/null || :
	done
	for mount in one two three; do
		! mountpoint -q "$T/$mount" || umount -l "$T/$mount"
	done
	tear_down
}

lives() {
	[ -e "/proc/$1" ] && [ "$(proc_field "$1" State | cut -c1)" != Z ]
}

# locker DIR [WORD...]: a process of somebody else's that has locked DIR; its pid is in LOCKER.
locker() {
	lockers=$((${lockers-0} + 1))
	python3 -c 'import fcntl, os, sys, time
fd = os.open(sys.argv[1], os.O_RDONLY)
fcntl.flock(fd, fcntl.LOCK_EX)
open(sys.argv[2], "w").write("locked")
time.sleep(1000)' "$1" "$T/locked.$lockers" "${@:2}" </dev/null >/dev/null 2>&1 3>&- 4>&- &
	LOCKER=$!
	bystanders="${bystanders-} $LOCKER"
	appears "$T/locked.$lockers"
}

# twin DIR NUMBER: a folder below the tmpfs DIR with that inode number.
twin() {
	local n
	for n in {1..200}; do
		mkdir "$1/t$n"
		[ "$(stat -c %i "$1/t$n")" -ne "$2" ] || { TWIN=$1/t$n; return 0; }
	done
	return 1
}

# begin ID SCRIPT: a create that hangs in a hook.
begin() {
	cp -a "$BUNDLE" "$T/bundle.$1"
	jq --arg script "$2" --arg token "DAVIT_TEST=$TOKEN" '.hooks.createRuntime = [{ "path": "/bin/sh",
		"args": ["sh", "-c", $script], "env": ["PATH=/bin:/usr/bin", $token] }]' \
		"$BUNDLE/config.json" >"$T/bundle.$1/config.json"
	DAVIT_TEST=$TOKEN "$DAVIT" --root "$ROOT" create -b "$T/bundle.$1" "$1" >"$T/$1.out" 2>&1 </dev/null 3>&- 4>&- &
	CREATOR=$!
}

@test "delete --force ends the davit that holds the container, and nobody whose lock looks like it" {
	for mount in one two three; do
		mkdir "$T/$mount"
		mount -t tmpfs tmpfs "$T/$mount"
	done
	ROOT=$T/one
	begin "$ID" "touch $T/hangs; echo x >$T/hangs; exec sleep 1000"
	creator=$CREATOR
	appears "$T/hangs"
	inode=$(stat -c %i "$ROOT/$ID")
	for mount in two three; do
		twin "$T/$mount" "$inode"
		# The same words, too.
		locker "$TWIN" "$ID"
	done
	# A create whose own hook deletes it: its process waits for that.
	begin "$ID.hook" "$DAVIT --root $ROOT delete --force $ID.hook >$T/from-hook 2>&1; echo \$? >$T/hook-status"
	# Somebody who is no davit has locked it.
	ok create -b "$BUNDLE" "$ID.other"
	locker "$ROOT/$ID.other" "$ID.other"
	"$DAVIT" --root "$ROOT" delete --force "$ID.other" >"$T/other" 2>&1 </dev/null 3>&- 4>&- &
	LIMIT=60 davit delete --force "$ID"
	[ "$status" -eq 0 ] || complain "delete --force"
	[[ $err == *"process $creator holds container $ID: it is killed"* ]] || complain "no warning"
	is_gone "$creator"
	[ ! -e "$ROOT/$ID" ]
	for pid in $bystanders; do
		lives "$pid" || complain "a bystander was killed: $pid"
	done
	appears "$T/hook-status"
	[ "$(<"$T/hook-status")" -ne 0 ]
	[[ $(<"$T/from-hook") == *"which waits for this delete: it was started from there; it is not killed"* ]]
	appears "$T/other"
	[[ $(<"$T/other") == *"it is in use by process $LOCKER, which is no davit command for this container; it is not killed; end it first" ]]
	kill -KILL "$LOCKER"
	is_gone "$LOCKER"
	wait "$CREATOR" || : # of $ID.hook: it goes on when its hook has ended, and holds it until then
	for container in "$ID.other" "$ID.hook"; do
		ok delete --force "$container"
	done
}

@test "a state that another runtime made: refused with its name, kept, and no hindrance for others" {
	ok create -b "$BUNDLE" "$ID"
	mkdir -m 700 "$ROOT"/of-{runc,crun,youki,nobody}
	echo '{"id":"of-runc","init_process_pid":4711,"init_process_start":1}' >"$ROOT/of-runc/state.json"
	echo '{"pid":4711,"process-start-time":1}' >"$ROOT/of-crun/status"
	cp "$BUNDLE/config.json" "$ROOT/of-crun"
	echo '{}' | tee "$ROOT/of-youki/state.json" >"$ROOT/of-youki/youki_config.json"
	echo precious >"$ROOT/of-nobody/letter"
	for owner in runc crun youki nobody; do
		name=$owner
		[ "$owner" != nobody ] || name="another program"
		for verb in state start 'kill --all' delete 'delete --force'; do
			# shellcheck disable=SC2086  # words
			refused "container of-$owner: its state is that of $name, not of davit; use what made it" $verb "of-$owner"
		done
		[ -n "$(ls "$ROOT/of-$owner")" ]
	done
	ok list -q
	[ "$out" = "$ID" ]
	rm -r "$ROOT"/of-*
	is created
}

# bats test_tags=vm-micro
@test "a live container of runc in our root lives on after delete --force" {
	requires command:runc
	program sleep 1000
	runc --root "$ROOT" run -d -b "$BUNDLE" "$ID-runc" >"$T/runc" 2>&1 </dev/null 3>&- 4>&- || skip "runc does not run here"
	pid=$(runc --root "$ROOT" state "$ID-runc" | jq .pid)
	refused "its state is that of runc" delete --force "$ID-runc"
	refused "its state is that of runc" kill "$ID-runc" KILL
	lives "$pid"
	runc --root "$ROOT" state "$ID-runc" | jq -e '.status == "running"'
	runc --root "$ROOT" delete --force "$ID-runc"
}

@test "the pid file: what others prepared under its temporary names is not opened" {
	last=$(bash -c 'echo $$')
	for ((n = last; n < last + 300; n++)); do
		printf '%s/pid.%d.new\0%s/.pid.%x.new\0' "$T" "$n" "$T" "$n"
	done | xargs -0 mkfifo
	ok create -b "$BUNDLE" --pid-file "$T/pid" "$ID"
	[ "$(<"$T/pid")" = "$(init_pid)" ]
	[ -z "$(find "$T" -maxdepth 1 -name '*.new' -type f)" ]
	ok delete --force "$ID"
	# The file's own name: a link is replaced and never written through; a FIFO has a reader, or is
	# refused.
	ln -sf "$T/victim" "$T/pid"
	ok create -b "$BUNDLE" --pid-file "$T/pid" "$ID"
	[ -f "$T/pid" ] && [ ! -L "$T/pid" ]
	ok delete --force "$ID"
	rm "$T/pid"
	mkfifo "$T/pid"
	refused "write the pid file $T/pid" create -b "$BUNDLE" --pid-file "$T/pid" "$ID"
	[ -p "$T/pid" ]
	check_clean
	[ ! -e "$T/victim" ]
	rm -f "$T"/*.new "$T"/.*.new
}

@test "files that davit writes for its caller: a FIFO without a reader holds nothing up" {
	mkfifo "$T/fifo"
	ok --log "$T/fifo" create -b "$BUNDLE" "$ID"
	ok delete --force "$ID"
	refused "open the trace file $T/fifo: no such device or address" create --trace "$T/fifo" -b "$BUNDLE" "$ID"
}

@test "what somebody made in the notify directory goes with the container" {
	export NOTIFY_SOCKET=$T/nobody
	ok create -b "$BUNDLE" "$ID"
	unset NOTIFY_SOCKET
	mkdir -p "$T/victim" "$ROOT/$ID/notify/a/b/c" "$ROOT/$ID/notify/a/d"
	echo kept >"$T/victim/file"
	ln -s "$T/victim" "$ROOT/$ID/notify/a/b/link"
	mkfifo "$ROOT/$ID/notify/a/b/c/fifo"
	ok delete "$ID"
	[ -z "$(find "$ROOT" -mindepth 1 -name '*one*')" ]
	[ -z "$(find "$ROOT" -mindepth 1)" ]
	[ "$(<"$T/victim/file")" = kept ]
}

@test "a folder that the container made in its notify directory goes with the container" {
	config '.process.capabilities |= map_values(. + ["CAP_SYS_ADMIN"])'
	program sh -c 'mount -o remount,bind,rw /run/notify && /bin/busybox mkdir -p /run/notify/x/y && sleep 1000'
	export NOTIFY_SOCKET=$T/nobody
	# Nobody says that the program is ready: it waits until it is told not to.
	DAVIT_TEST=$TOKEN "$DAVIT" --root "$ROOT" run --detach -b "$BUNDLE" "$ID" >"$T/run" 2>&1 </dev/null 3>&- 4>&- &
	unset NOTIFY_SOCKET
	comes_true [ -d "$ROOT/$ID/notify/x/y" ]
	kill -TERM $!
	wait $! || :
	ok delete --force "$ID"
	[ -z "$(find "$ROOT" -mindepth 1)" ]
}

@test "a state root behind somebody else's link is refused, and what it leads to is kept" {
	mkdir -p "$T/victim/$ID" "$T/way"
	echo precious >"$T/victim/$ID/letter"
	ln -s "$T/victim" "$T/way/link"
	chown -h 12345 "$T/way/link"
	for root in "$T/way/link" "$T/way/link/deeper"; do
		ROOT=$root
		for verb in "delete --force $ID" "create -b $BUNDLE $ID" "list -q"; do
			# shellcheck disable=SC2086  # words
			refused "leads through a link of user 12345, neither root nor you" $verb
		done
	done
	[ "$(<"$T/victim/$ID/letter")" = precious ]
	[ ! -e "$T/victim/deeper" ]
	ROOT=$T/root
}

@test "a state root behind a link of root is as good as another" {
	mkdir -m 700 "$T/place"
	ln -s place "$T/link"
	ROOT=$T/link
	ok create -b "$BUNDLE" "$ID"
	[ -e "$T/place/$ID/state.json" ]
	ok delete --force "$ID"
	ROOT=$T/root
}

# bats test_tags=plain
@test "without /proc no verb guesses: it is said, and a container that runs is not deleted" {
	requires plain-build # the sanitizers want it as well
	ok create -b "$BUNDLE" "$ID"
	ok start "$ID"
	pid=$(init_pid)
	for verb in "run -b $BUNDLE $ID-2" "state $ID" list "delete $ID" "delete --force $ID" "kill $ID KILL" "exec $ID true"; do
		# shellcheck disable=SC2086  # words
		run unshare -m --propagation private sh -c 'umount -l /proc && exec "$@"' sh "$DAVIT" --root "$ROOT" $verb
		[ "$status" -ne 0 ]
		[[ $output == *"/proc is not mounted, which davit needs" ]] || { echo "$verb: $output"; return 1; }
	done
	lives "$pid"
	is running
	[ ! -e "$ROOT/$ID-2" ]
}

# lists_but IDS STEP: what `weak` lists, and what it may not do.
lists_but() {
	status=0
	"${weak[@]}" list -q >"$T/out" 2>"$T/err" || status=$?
	[ "$status" -eq 1 ] && [ "$(<"$T/out")" = "$1" ] && [ "$(<"$T/err")" = "davit: $2: permission denied" ]
}

# Root without the rights that make every file readable, as on NFS or behind an LSM. The last is no
# container, and damage is none to look at.
@test "list shows what it can, and says of what it cannot look at that it cannot" {
	for id in a b c; do
		ok create -b "$BUNDLE" "$ID$id"
	done
	: >"$ROOT/file"
	weak=(setpriv "--bounding-set=-dac_override,-dac_read_search" "$DAVIT" --root "$ROOT")
	chmod 0 "$ROOT/${ID}b"
	lists_but "${ID}a"$'\n'"${ID}c" "open the state directory of ${ID}b"
	status=0
	"${weak[@]}" list --format json >"$T/out" 2>"$T/err" || status=$?
	[ "$status" -eq 1 ]
	[ "$(jq -r '.[] | "\(.id) \(.status)"' "$T/out")" = "${ID}a created"$'\n'"${ID}c created" ]
	chmod 700 "$ROOT/${ID}b"

	# Its state may be all right: nobody says "stopped" of it.
	chmod 0 "$ROOT/${ID}c/state.json"
	lists_but "${ID}a"$'\n'"${ID}b" "read the state of ${ID}c"
	chmod 600 "$ROOT/${ID}c/state.json"

	# Another user's, in a root that both may write to.
	mkdir -m 700 "$ROOT/theirs"
	chown 12345 "$ROOT/theirs"
	"${weak[@]}" list -q >"$T/out" 2>"$T/err"
	[ "$(wc -l <"$T/out")" -eq 3 ] && [ ! -s "$T/err" ]
	rmdir "$ROOT/theirs"
	rm "$ROOT/file"

	# What is asked for by a pattern is done where it can be.
	chmod 0 "$ROOT/${ID}b"
	status=0
	"${weak[@]}" kill --regex "^$ID" KILL 2>"$T/err" || status=$?
	[ "$status" -eq 1 ]
	[ "$(<"$T/err")" = "davit: open the state directory of ${ID}b: permission denied" ]
	becomes stopped "${ID}a"
	becomes stopped "${ID}c"
	is created "${ID}b"
}

# bats test_tags=plain
@test "list fails when the state root or a state cannot be read to its end" {
	local call
	requires command:strace plain-build
	ok create -b "$BUNDLE" "$ID"
	for call in getdents64:error=EIO:when=1 newfstatat,fstat:error=EIO:when=1+; do
		status=0
		DAVIT_TEST=$TOKEN strace -qq -e "trace=${call%%:*}" -e "inject=$call" -o "$T/calls" \
			"$DAVIT" --root "$ROOT" list -q >"$T/out" 2>"$T/err" || status=$?
		grep -q INJECTED "$T/calls"
		[ "$status" -eq 1 ] || { cat "$T/out" "$T/err"; return 1; }
		[[ $(<"$T/err") == "davit: "*": input/output error" ]]
		[ ! -s "$T/out" ]
	done
}

@test "list is in the order of the ids" {
	for id in b a+ a A 0 a-b; do
		ok create -b "$BUNDLE" "$ID$id"
	done
	ok list -q
	[ "$out" = "$(printf "$ID%s\n" 0 A a a+ a-b b)" ]
	ok list --format json
	[ "$(jq -r '.[].id' <<<"$out")" = "$(printf "$ID%s\n" 0 A a a+ a-b b)" ]
}

@test "a bundle whose path is any bytes: valid JSON everywhere, and every verb finds it" {
	requires command:python3
	odd=$T/$'a b,c:d\\e"f\ng\xff\xc2h'
	config '.hooks.poststop = [{ "path": "/bin/sh", "args": ["sh", "-c", "cat >state; pwd >where"] }]'
	mv "$BUNDLE" "$odd"
	ok create -b "$odd" "$ID"
	for verb in "state $ID" "list --format json"; do
		# shellcheck disable=SC2086  # words
		ok $verb
		python3 -c 'import json, sys; json.load(open(sys.argv[1], encoding="utf-8"))' "$OUT"
		[[ $(jq -r 'if type == "array" then .[0] else . end | .bundle' "$OUT") == "$T/"$'a b,c:d\\e"f\ng\ufffd\ufffdh' ]]
	done
	ok list
	ok start "$ID"
	ok exec "$ID" true
	ok kill "$ID" KILL
	becomes stopped
	ok delete "$ID"
	[ "$(<"$odd/where")" = "$odd" ]
	python3 -c 'import json, sys; json.load(open(sys.argv[1], encoding="utf-8"))' "$odd/state"
	[ -z "$(find "$ROOT" -mindepth 1)" ]
	mv "$odd" "$BUNDLE"
}

@test "ids as long as a file's name may be, and in all the forms that the peers take" {
	config '.linux.cgroupsPath = "/\($t)"' --arg t "$TOKEN"
	for id in "$(printf 'i%.0s' {1..200})" "$(printf 'j%.0s' {1..255})" a..b a+b _x 9a A.B-c_d+e; do
		ok create -b "$BUNDLE" "$id"
		ok start "$id"
		ok exec "$id" true
		ok list -q
		[ "$out" = "$id" ]
		ok kill "$id" KILL
		becomes stopped "$id"
		ok delete "$id"
		[ -z "$(find "$ROOT" -mindepth 1)" ]
	done
	refused "the container id is longer than 255 bytes" create -b "$BUNDLE" "$(printf 'k%.0s' {1..256})"
}
