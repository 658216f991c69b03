#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Every subcommand with every option, as engines and scripts write them: exit status, stdout and
# stderr of each call, and its effect as /proc and files show it. `gives` is a row of the table.
# Where davit answers otherwise than runc on purpose, the row says why. What an option does in depth
# is tested in the file of its subject; tests/spec/options.py sees that no option is without a call.
#
# shellcheck disable=SC2016  # variables of jq, and of inner shells
load helpers
# bats file_tags=plain

setup() {
	requires root
	new_bundle
	NAME=$(basename "$DAVIT")
}

teardown() {
	tear_down
}

# gives STATUS STDOUT STDERR ARG...: all three, the latter two as patterns; '' is nothing at all.
gives() {
	local wanted=("$1" "$2" "$3")
	shift 3
	davit "$@"
	[ "$status" = "${wanted[0]}" ] || complain "davit $*: not status ${wanted[0]}" || return
	# shellcheck disable=SC2053  # patterns
	[[ $out == ${wanted[1]} ]] || complain "davit $*: stdout is not ${wanted[1]}" || return
	# shellcheck disable=SC2053
	[[ $err == ${wanted[2]} ]] || complain "davit $*: stderr is not ${wanted[2]}"
}

# bare ENV-ARG... -- ARG...: davit with env(1)'s arguments, without --root.
bare() {
	local env=()
	while [ "$1" != -- ]; do
		env+=("$1")
		shift
	done
	shift
	status=0
	timeout 120 env "${env[@]}" "$DAVIT" "$@" >"$T/out" 2>"$T/err" </dev/null 3>&- 4>&- || status=$?
	out=$(<"$T/out")
	err=$(<"$T/err")
}

# ends: of the container nothing is left.
ends() {
	ok delete --force "$ID"
	check_clean
}

runs() {
	is running && [[ $(readlink "/proc/$(init_pid)/exe") == */busybox ]]
}

# receiver SCRIPT SOCKET REPORT: one of the helpers that take a descriptor, in the background.
receiver() {
	"$HERE/$1" "$2" "$3" </dev/null >/dev/null 2>&1 3>&- 4>&- &
	appears "$2"
}

# --- global options -------------------------------------------------------------------------------

@test "global options: --name VALUE, --name=VALUE, -name; the last of several counts" {
	local header="ID *PID *STATUS *BUNDLE *CREATED *OWNER"
	gives 0 "$header" '' --root "$ROOT" list
	gives 0 "$header" '' --root="$ROOT" list
	gives 0 "$header" '' -root "$ROOT" list
	gives 0 "$header" '' -root="$ROOT" list
	gives 0 "$header" '' --root /nowhere --root "$ROOT" list
	gives 0 "$header" '' --debug --debug=false list
	gives 0 "$header" '' --rootless=true --rootless auto list
	gives 0 "$header" '' --rootless false list
	gives 0 "$header" '' --log "$T/log" --log-format json list
	gives 0 "$header" '' -log="$T/log" -log-format=text list
	gives 0 "$header" '' --cgroup-manager cgroupfs list
	gives 0 "$header" '' --cgroup-manager=disabled list
	gives 0 "$header" '' --systemd-cgroup=false list
	[ ! -e "$T/log" ]
	gives 1 '' "$NAME: Incorrect Usage: option '--rootless' takes auto|true|false, not 'maybe'*" --rootless=maybe list
	gives 1 '' "$NAME: Incorrect Usage: option '--log-format' takes text|json, not 'xml'*" --log-format xml list
	gives 1 '' "$NAME: Incorrect Usage: option '--log-level' takes error|warning|info|debug, not 'loud'*" --log-level loud list
	gives 1 '' "$NAME: Incorrect Usage: option '--cgroup-manager' takes *, not 'none'*" --cgroup-manager=none list
	gives 1 '' "$NAME: Incorrect Usage: option '--log' requires an argument*" --log
	gives 1 '' "$NAME: Incorrect Usage: unknown option '--nosuch'*" --nosuch list
}

@test "--root: relative to the caller's folder; / and what is not there are refused" {
	cd "$T"
	gives 0 '' '' --root root create -b "$BUNDLE" "$ID"
	gives 0 "$ID" '' --root=./root list -q
	ok delete "$ID"
	gives 1 '' "$NAME: *the root directory*" --root / list
	gives 1 '' "$NAME: *$T/nosuch does not exist" --root nosuch list
	gives 1 '' "$NAME: *" --root= list
}

@test "--debug and --log-level: runc's form of messages on stderr, in text and in JSON" {
	# davit's are the steps with their times, and between them what scripts look for in runc's.
	program true
	gives 0 '' $'time="20*Z" level=debug msg="*' --debug run -b "$BUNDLE" "$ID"
	for words in "nsexec container setup" "child process in init()" "init: closing the pipe to signal completion"; do
		[[ $err == *"msg=\"$words"* ]] || complain "$words"
	done
	gives 0 '' $'{"level":"debug","msg":"*' --log-format=json --log-level debug run -b "$BUNDLE" "$ID"
	gives 0 '' '' --log-level=error run -b "$BUNDLE" "$ID"
	gives 0 '' '' --log-level info run -b "$BUNDLE" "$ID"
	gives 0 '' '' --log-level=warning run -b "$BUNDLE" "$ID"
}

@test "--debug: exec's words, and the number of the seccomp flags, as suites compare them" {
	requires seccomp
	gives 0 '' '' run -d -b "$BUNDLE" "$ID"
	davit --debug exec "$ID" true
	for words in "nsexec container setup" "child process in init()" "setns_init: about to exec"; do
		[[ $err == *"msg=\"$words"* ]] || complain "$words"
	done
	ends
	program true
	while read -r number list; do
		config --argjson list "$list" '.linux.seccomp = ({ "defaultAction": "SCMP_ACT_ALLOW", "flags": $list,
			"syscalls": [{ "names": ["mkdir"], "action": "SCMP_ACT_ERRNO" }] } | del(.[] | nulls))'
		davit --debug run -b "$BUNDLE" "$ID"
		[[ $err == *"msg=\"seccomp filter flags: $number\""* ]] || complain "$list"
	done <<-'END'
		4 null
		0 []
		2 ["SECCOMP_FILTER_FLAG_LOG"]
		6 ["SECCOMP_FILTER_FLAG_LOG", "SECCOMP_FILTER_FLAG_SPEC_ALLOW"]
		2 ["SECCOMP_FILTER_FLAG_LOG", "SECCOMP_FILTER_FLAG_TSYNC"]
	END
}

@test "--cgroup-manager disabled: no cgroup is made, and the container runs" {
	config 'del(.linux.resources)'
	gives 0 '' '' --cgroup-manager disabled run -d -b "$BUNDLE" "$ID"
	runs
	[ "$(cgroup_of "$(init_pid)")" = "$(cgroup_of $$)" ]
	ends
}

# Of the suite `builds`: the usual build has it.
# bats test_tags=no-systemd
@test "--systemd-cgroup, --cgroup-manager systemd: where it is not built, one refusal that says so" {
	local words="$NAME: this davit has no support for the systemd cgroup manager*libsystemd-dev*"
	gives 1 '' "$words" --systemd-cgroup create -b "$BUNDLE" "$ID"
	gives 1 '' "$words" --cgroup-manager=systemd create -b "$BUNDLE" "$ID"
	check_clean
}

@test "--systemd-cgroup: on a host without systemd, one refusal that says so; and it stops no command that makes nothing" {
	[ ! -e /run/systemd/system ] || skip "systemd runs here"
	davit_has SYSTEMD || skip "it is not built"
	local words="$NAME: systemd does not run on this host*--cgroup-manager cgroupfs*"
	gives 1 '' "$words" --systemd-cgroup create -b "$BUNDLE" "$ID"
	gives 1 '' "$words" --cgroup-manager=systemd run -b "$BUNDLE" "$ID"
	ok create -b "$BUNDLE" "$ID"
	ok --systemd-cgroup state "$ID"
	ok --systemd-cgroup kill "$ID" KILL
	ok --systemd-cgroup delete --force "$ID"
	check_clean
}

@test "--systemd-cgroup: the helper is not taken from the environment, nor where others may write" {
	davit_has SYSTEMD || skip "it is not built"
	requires root
	local helper
	helper=$(dirname "$DAVIT")/davit-systemd
	mkdir -m 755 "$T/own" "$T/tree" "$T/tree/bin" "$T/tree/libexec" "$T/tree/libexec/davit"
	printf '#!/bin/sh\necho >%s\n' "$T/stolen" >"$T/own/davit-systemd"
	cp "$DAVIT" "$T/tree/bin/davit"
	chmod 755 "$T/own/davit-systemd"
	# As $DAVIT has none beside itself or at the installation, what happens tells which one it finds.
	finds() { PATH=$T/own:$PATH DAVIT_HELPER_DIR=$T/own timeout 120 "$T/tree/bin/davit" --root "$T/root" --systemd-cgroup create -b "$BUNDLE" "$ID" 2>&1 || :; }
	if [ -e /usr/local/libexec/davit/davit-systemd ]; then skip "davit is installed here"; fi
	[[ $(finds) == *"needs the helper davit-systemd, which is not there"* ]]
	cp "$helper" "$T/tree/libexec/davit/"
	[[ $(finds) != *"the helper"* ]]
	chmod 775 "$T/tree/libexec/davit"
	[[ $(finds) == *"the helper davit-systemd may be written to by others"* ]]
	chmod 755 "$T/tree/libexec/davit"
	chown 1 "$T/tree/libexec/davit/davit-systemd"
	[[ $(finds) == *"the helper davit-systemd may be written to by others"* ]]
	ln -sf "$T/own/davit-systemd" "$T/tree/libexec/davit/davit-systemd"
	[[ $(finds) == *"the helper davit-systemd may be written to by others"* ]]
	cp "$helper" "$T/tree/bin/"
	[[ $(finds) != *"the helper"* ]]
	chmod 1777 "$T/tree/bin"
	[[ $(finds) == *"the helper davit-systemd may be written to by others"* ]]
	[ ! -e "$T/stolen" ]
}

@test "-v, -V, --version: the lines that engines parse, without a state root and under whatever name" {
	local version=$'version *\ncommit: *\nspec: 1.*\n+*'
	gives 0 "$NAME $version" '' --version
	gives 0 "$NAME $version" '' -v
	gives 0 "$NAME $version" '' -V
	bare -i -- --version
	[[ $status = 0 && $out == "$NAME "$version ]]
	for feature in $(tail -n 1 "$T/out"); do
		[[ $feature =~ ^\+[A-Z_0-9]+$ ]]
	done
	run bash -c 'exec -a /usr/sbin/runc "$0" --version' "$DAVIT"
	[[ ${lines[0]} == "runc version "[0-9]* ]] # go-runc: "runc version X"
	run bash -c 'exec -a crun "$0" --help' "$DAVIT"
	[ "${lines[1]}" = "   crun - Open Container Initiative runtime" ]
	run bash -c 'exec -a crun "$0" state' "$DAVIT"
	[[ $output == "crun: "* ]]
}

# --- help -----------------------------------------------------------------------------------------

@test "-h, --help: of the program and of every command; unknown ones are none" {
	local command words
	gives 0 $'NAME:\n'"   $NAME - Open Container Initiative runtime"$'\n*' '' -h
	gives 0 $'NAME:\n'"   $NAME - Open Container Initiative runtime"$'\n*' '' --help
	gives 0 $'NAME:\n'"   $NAME - Open Container Initiative runtime"$'\n*' '' help
	for command in $("$DAVIT" --help | awk '/^COMMANDS:/ { on = 1; next } !NF { on = 0 } on { print $1 }'); do
		for words in "$command -h" "$command --help" "$command -help" "help $command"; do
			# shellcheck disable=SC2086  # words
			gives 0 $'NAME:\n'"   $NAME $command - "*$'\n\nUSAGE:\n'"   $NAME $command "* '' $words
		done
	done
	gives 0 '.\\"*.TH*' '' help --man
	gives 0 '.\\"*.TH*' '' help --man create
	# runc ends with 3 and an empty line more; non-zero is all that is looked at.
	gives 1 '' "$NAME: No help topic for 'nosuch'" help nosuch
	gives 1 '' "$NAME: No help topic for 'nosuch'" nosuch --help
	gives 1 '' "$NAME: unknown command 'nosuch'*" nosuch
	# Podman asks so whether containers can be restored into pods.
	gives 1 '' "*requires an argument*" restore --lsm-mount-context
}

# --- create, run, start ---------------------------------------------------------------------------

@test "create: each option, with = and with a space, before and after the id" {
	cd "$T"
	gives 0 '' '' create --bundle "$BUNDLE" --pid-file "$T/init.pid" "$ID" # containerd, conmon
	is created
	[ "$(<"$T/init.pid")" = "$(init_pid)" ]
	[ "$(tr -d 0-9 <"$T/init.pid" | wc -c)" -eq 0 ] # no newline: containerd takes digits alone
	ends
	gives 0 '' '' create -b "$BUNDLE" -pid-file=rel.pid "$ID" # relative to the caller's folder
	[ "$(<"$T/rel.pid")" = "$(init_pid)" ]
	ends
	gives 0 '' '' create "$ID" --bundle=bundle --pid-file rel.pid # options behind the id
	[ "$(field bundle)" = "$BUNDLE" ]
	ends
	mv "$BUNDLE/config.json" "$T/other.json"
	gives 0 '' '' create -b "$BUNDLE" --config "$T/other.json" "$ID"
	is created
	ends
	gives 0 '' '' create -b "$BUNDLE" -f "$T/other.json" "$ID"
	is created
	ends
	gives 1 '' "$NAME: *config.json*: no such file or directory; \`$NAME spec\` writes one" create -b "$BUNDLE" "$ID"
	mv "$T/other.json" "$BUNDLE/config.json"
	cd "$BUNDLE"
	gives 0 '' '' create --no-pivot --no-new-keyring --no-subreaper --preserve-fds 0 "$ID"
	is created
	ok start "$ID"
	runs
	ends
	cd /
	gives 0 '' '' create -no-subreaper -no-pivot=false --no-pivot --preserve-fds=2 -b "$BUNDLE" --trace "$T/trace" "$ID"
	jq -e '.traceEvents | length > 5' "$T/trace"
	ends
	gives 1 '' "$NAME: create: Incorrect Usage: option '--preserve-fds' takes a number, not '-1'*" create --preserve-fds=-1 "$ID"
	gives 1 '' "$NAME: create: Incorrect Usage: unknown option '--nosuch'*" create --nosuch "$ID"
	gives 1 '' "$NAME: create: Incorrect Usage. \"create\" requires exactly 1 argument(s); Usage: $NAME create \[options] ID; see*" create
	gives 1 '' "$NAME: create: Incorrect Usage. \"create\" requires exactly 1 argument(s), 'b' is one too many; Usage: *" create a b
}

@test "create, run: --no-pivot moves the root over the host's, which pivot_root takes away" {
	# Seen from a process that enters the namespace and takes the topmost mount of / off.
	requires command:nsenter
	ln -s busybox "$BUNDLE/rootfs/bin/umount"
	program sleep 1000
	local option
	for option in "" --no-pivot; do
		# shellcheck disable=SC2086  # none or one
		ok create -b "$BUNDLE" $option "$ID"
		ok start "$ID"
		nsenter -t "$(init_pid)" -m /bin/busybox umount -l / 2>"$T/umount"
		nsenter -t "$(init_pid)" -m "$(command -v env)" true 2>/dev/null && status=0 || status=$?
		[ -z "$option" ] || [ "$status" -eq 0 ] || complain "$option: the host's root is not there: $(<"$T/umount")"
		[ -n "$option" ] || [ "$status" -ne 0 ] || complain "without: the host's root is there"
		ends
	done
}

# The kernel lets a user namespace mount a proc of its own where one is there in full, in whatever place.
@test "create, run: --no-pivot leaves no proc of the host by which a program gets one without masks" {
	requires userns command:unshare
	ln -sf busybox "$BUNDLE/rootfs/bin/unshare"
	ln -sf busybox "$BUNDLE/rootfs/bin/mount"
	mkdir "$BUNDLE/rootfs/mine" "$T/mine" "$T/other"
	config '.linux.maskedPaths = ["/proc/keys"] | .process.user = { uid: 1000, gid: 1000 }'
	program sh -c 'echo begun; unshare -m -p -f -U -r mount -t proc proc /mine && echo mounted'
	cat >"$T/davit" <<-EOF
		#!/bin/sh
		exec unshare -m sh -c 'mount -t proc proc /proc && mount -t proc proc "$T/other" &&
			{ [ ! -e "$T/control" ] || exec unshare -m -p -f -U -r mount -t proc proc "$T/mine"; } && exec "$DAVIT" "\$@"' davit "\$@"
	EOF
	chmod 755 "$T/davit"
	touch "$T/control"
	"$T/davit" 3>&- || skip "nobody may mount a proc in a user namespace here"
	rm "$T/control"
	DAVIT=$T/davit
	davit run --no-pivot -b "$BUNDLE" "$ID"
	[ "$out" = begun ] || complain "a proc without masks"
	# There they are locked.
	config '.linux.namespaces += [{ type: "user" }] | .linux.uidMappings = [{ containerID: 0, hostID: 100000, size: 65536 }]
		| .linux.gidMappings = .linux.uidMappings'
	chmod 755 "$BATS_RUN_TMPDIR" "$BATS_FILE_TMPDIR" "$T"
	chown -R 100000:100000 "$BUNDLE/rootfs"
	davit run --no-pivot -b "$BUNDLE" "$ID"
	[ "$out" = begun ] || complain "user namespace: a proc without masks"
	check_clean
}

@test "create, run: --preserve-fds N reach the program, although not all N are open" {
	# runc refuses a number of which not all are open; Podman's own count may be one too many.
	program sh -c 'cat <&4 >/tmp/four; cat <&3 >/tmp/three; true'

	echo handed on >"$T/four"
	status=0
	"$DAVIT" --root "$ROOT" run -b "$BUNDLE" --preserve-fds 3 "$ID" 4<"$T/four" 3>&- >"$T/out" 2>"$T/err" </dev/null || status=$?
	[ "$(<"$BUNDLE/rootfs/tmp/four")" = "handed on" ] || complain "$(<"$T/err")"
	rm "$BUNDLE/rootfs/tmp/four"
	# Without the option none does: containerd's shim leaks its socket as 3.
	"$DAVIT" --root "$ROOT" run -b "$BUNDLE" "$ID" 4<"$T/four" 3>&- >"$T/out" 2>"$T/err" </dev/null || status=$?
	[ ! -s "$BUNDLE/rootfs/tmp/four" ]
	check_clean
}

@test "create, run: --console-socket and --pidfd-socket send one descriptor" {
	requires command:python3
	receiver recv-pidfd.py "$T/pidfd" "$T/report"
	gives 0 '' '' run -d -b "$BUNDLE" --pidfd-socket "$T/pidfd" "$ID"
	appears "$T/report"
	[[ $(<"$T/report") == *" 1 $(init_pid)" ]]
	ends
	config '.process.terminal = true'
	for words in "create --bundle $BUNDLE --pid-file $T/pid --console-socket $T/pty $ID" \
		"run --detach --bundle=$BUNDLE --console-socket=$T/pty $ID"; do
		rm -f "$T/pty" "$T/console"
		receiver recv-console.py "$T/pty" "$T/console"
		# shellcheck disable=SC2086  # words
		gives 0 '' '' $words
		appears "$T/console"
		[[ $(<"$T/console") == "ok "* ]]
		ends
	done
	gives 1 '' "$NAME: *console socket $T/nosuch*no such file or directory*" create -b "$BUNDLE" --console-socket "$T/nosuch" "$ID"
	check_clean
}

@test "run: in the foreground its status and streams; --detach, --keep, --pid-file and the rest" {
	program sh -c 'echo out; echo err >&2; exit 7'
	gives 7 out err run --bundle "$BUNDLE" "$ID"
	gives 7 out err run -b "$BUNDLE" --no-pivot --no-new-keyring --no-subreaper --preserve-fds=0 "$ID"
	gives 7 out err run --config="$BUNDLE/config.json" -b="$BUNDLE" "$ID"
	gives 7 out err run -f "$BUNDLE/config.json" -b"$BUNDLE" "$ID"
	check_clean
	gives 7 out err run -b "$BUNDLE" --keep --trace "$T/trace" "$ID"
	jq -e '.traceEvents | length > 5' "$T/trace"
	is stopped
	ends
	program sleep 1000
	gives 0 '' '' run --detach --pid-file "$T/pid" -b "$BUNDLE" "$ID"
	runs
	[ "$(<"$T/pid")" = "$(init_pid)" ]
	ends
	gives 0 '' '' run -d --bundle="$BUNDLE" "$ID"
	runs
	ends
	program sh -c 'kill -TERM $$'
	config 'del(.linux.namespaces[] | select(.type == "pid"))' # whose first process ignores it
	gives 143 '' '' run -b "$BUNDLE" "$ID"
	program nosuch
	gives 1 '' "$NAME: exec: \"nosuch\": executable file not found in*" run -b "$BUNDLE" "$ID"
	check_clean
}

@test "start, state, pause, resume: silent, and their refusals" {
	ok create -b "$BUNDLE" "$ID"
	gives 0 '' '' start --trace "$T/trace" "$ID"
	jq -e '.traceEvents | length > 1' "$T/trace"
	runs
	gives 1 '' "$NAME: *" start "$ID"
	gives 0 '{*"ociVersion":*"id":*"pid":*"status": "running"*"bundle":*"rootfs":*"created":*"owner":*}' '' state "$ID"
	gives 0 '' '' pause "$ID"
	is paused
	gives 1 '' "$NAME: *container not running*" pause "$ID" # runc: the same words and more
	gives 0 '' '' resume "$ID"
	is running
	gives 1 '' "$NAME: *container not paused*" resume "$ID"
}

# --- exec -----------------------------------------------------------------------------------------

@test "exec: each option, long, short and with =" {
	local pid
	ok run -d -b "$BUNDLE" "$ID"
	gives 0 hello '' exec "$ID" echo hello
	gives 5 '' '' exec "$ID" sh -c 'exit 5'
	gives 137 '' '' exec "$ID" sh -c 'kill -KILL $$'
	gives 0 /tmp '' exec --cwd /tmp "$ID" pwd
	gives 0 /tmp '' exec --cwd=/tmp "$ID" pwd
	gives 0 $'*A=1*B=3*' '' exec -e A=1 --env B=2 --env=B=3 "$ID" env
	gives 0 'uid=5 gid=0*' '' exec --user 5 "$ID" id
	gives 0 'uid=5 gid=6 groups=7,8' '' exec -u 5:6 -g 7 --additional-gids=8 "$ID" id
	gives 1 '' "$NAME: exec: the additional group 'x' is not a number*" exec -g 7 -g x "$ID" id
	gives 0 $'uid=5 gid=6*' '' exec --user=5:6 "$ID" id
	gives 0 '*NoNewPrivs:*1*' '' exec --no-new-privs "$ID" cat /proc/self/status
	gives 0 $'*CapEff:\t0000000020200420*' '' exec --cap CAP_SYS_ADMIN "$ID" cat /proc/self/status
	gives 0 $'*CapEff:\t0000000020200420*' '' exec -c CAP_SYS_ADMIN "$ID" cat /proc/self/status
	gives 0 '' '' exec --preserve-fds 0 --ignore-paused --trace "$T/trace" "$ID" true
	jq -e '.traceEvents | length > 2' "$T/trace"

	gives 0 '' '' exec --detach --pid-file "$T/pid" "$ID" sleep 1000
	pid=$(pid_in "$T/pid")
	[ "$(tr '\0' ' ' <"/proc/$pid/cmdline")" = "sleep 1000 " ]
	gives 0 '' '' exec -d --pid-file="$T/pid" "$ID" sleep 1000
	[ "$(<"$T/pid")" != "$pid" ]

	jq -n '{ args: ["pwd"], cwd: "/bin", env: ["PATH=/bin"], user: { uid: 0, gid: 0 } }' >"$T/process"
	gives 0 /bin '' exec --process "$T/process" "$ID" # CRI-O
	gives 0 /bin '' exec -p "$T/process" "$ID"
	# containerd takes the file away as soon as the call has returned
	jq '.args = ["sleep", "1000"]' "$T/process" >"$T/sleep"
	gives 0 '' '' exec --process "$T/sleep" --detach --pid-file "$T/pid" "$ID"
	rm "$T/sleep"
	[ -e "/proc/$(<"$T/pid")" ]
}

@test "exec: --tty, --console-socket and --pidfd-socket" {
	requires command:python3
	ok run -d -b "$BUNDLE" "$ID"
	receiver recv-pidfd.py "$T/pidfd" "$T/report"
	gives 0 '' '' exec -d --pid-file "$T/pid" --pidfd-socket "$T/pidfd" "$ID" sleep 1000
	appears "$T/report"
	[[ $(<"$T/report") == *" 1 $(<"$T/pid")" ]]
	receiver recv-console.py "$T/pty" "$T/console"
	gives 0 '' '' exec --tty --console-socket "$T/pty" --detach --pid-file "$T/pid" "$ID" sleep 1000
	appears "$T/console"
	[[ $(readlink "/proc/$(<"$T/pid")/fd/0") == /dev/pts/* ]]
	no_terminal
	gives 255 '' "$NAME: open /dev/tty: no such device or address *" exec -t "$ID" true
}

@test "exec --cgroup: a cgroup below the container's, by its path or CONTROLLER:PATH" {
	requires cgroup2
	ok run -d -b "$BUNDLE" "$ID"
	mkdir "$(cgroup_of "$(init_pid)")/sub"
	gives 0 '' '' exec -d --pid-file "$T/pid" --cgroup sub "$ID" sleep 1000
	[ "$(cgroup_of "$(<"$T/pid")")" = "$(cgroup_of "$(init_pid)")/sub" ]
	gives 255 '' "$NAME: bad sub cgroup path: ../other is not a sub cgroup path*" exec --cgroup=../other "$ID" true
}

@test "exec: every failure of its own is 255" {
	ok run -d -b "$BUNDLE" "$ID"
	# Docker makes 127 of the first three and 126 of the fourth by these words in lower case.
	gives 255 '' "$NAME: exec: \"nosuch\": executable file not found in *" exec "$ID" nosuch
	gives 255 '' "$NAME: exec: \"/nosuch\": *no such file or directory*" exec "$ID" /nosuch
	gives 255 '' "$NAME: *no such file or directory*" exec --cwd /nosuch "$ID" true
	gives 255 '' "$NAME: exec: \"/proc/version\": permission denied*" exec "$ID" /proc/version
	gives 255 '' "$NAME: container $ID-none: container does not exist" exec "$ID-none" true
	gives 255 '' "$NAME: exec: exec args cannot be empty*" exec "$ID"
	gives 1 '' "$NAME: exec: Incorrect Usage. \"exec\" requires a minimum of 1 argument(s)*" exec
	gives 255 '' "$NAME: exec: 'root' is not UID or UID:GID*" exec --user root "$ID" true
	gives 255 '' "$NAME: *a:b:c:s0*" exec --process-label a:b:c:s0 "$ID" true
	gives 255 '' "$NAME: *nosuch*" exec --apparmor nosuch "$ID" true
	[ ! -e "$(cgroup_of "$(init_pid)")/cgroup.freeze" ] || {
		ok pause "$ID"
		gives 255 '' "$NAME: *cannot exec in a paused container*" exec "$ID" true
		ok resume "$ID"
	}
	ok kill "$ID" KILL
	becomes stopped
	gives 255 '' "$NAME: cannot exec in a stopped container: container not running" exec "$ID" true
}

# --- kill, delete ---------------------------------------------------------------------------------

@test "kill: numbers, names with and without SIG; --all also after the end" {
	program sh -c 'for s in TERM HUP USR1 WINCH; do trap "echo $s >>/tmp/got" $s; done; echo >/tmp/ready; while :; do sleep 0.02; done'
	ok run -d -b "$BUNDLE" "$ID"
	appears "$BUNDLE/rootfs/tmp/ready"
	local got=$BUNDLE/rootfs/tmp/got name
	for words in "" 15 TERM SIGTERM 1 HUP SIGHUP USR1 28; do
		rm -f "$got"
		# shellcheck disable=SC2086  # a word or none
		gives 0 '' '' kill "$ID" $words
		case $words in 1 | *HUP) name=HUP ;; USR1) name=USR1 ;; 28) name=WINCH ;; *) name=TERM ;; esac
		appears "$got"
		[ "$(head -n 1 "$got")" = "$name" ] || complain "'$words' came as $(<"$got")"
	done
	gives 0 '' '' kill "$ID" 0
	gives 1 '' "$NAME: kill: unknown signal \"NOPE\"*" kill "$ID" NOPE
	gives 0 '' '' kill -a "$ID" WINCH
	gives 0 '' '' kill --all "$ID" 9 # containerd
	becomes stopped
	gives 0 '' '' kill --all "$ID" 9 # and again after the end, 239 times in one run of CRI's tests
	gives 0 '' '' kill -a "$ID" KILL
	gives 1 '' "$NAME: *container not running*" kill "$ID" 9
	gives 1 '' "$NAME: *container not running*" kill "$ID" KILL
	ok delete "$ID"
	gives 1 '' "$NAME: *container does not exist*" kill "$ID" 15
	gives 1 '' "$NAME: *container does not exist*" kill --all "$ID" 9
	# crun's
	ok run -d -b "$BUNDLE" "$ID"
	gives 0 '' '' kill -r "^$ID\$" KILL
	becomes stopped
	gives 1 '' "$NAME: invalid regular expression*" kill --regex '(' KILL
}

@test "delete: once, twice, --force of what is not there, --regex" {
	ok run -d -b "$BUNDLE" "$ID"
	gives 1 '' "$NAME: *running*" delete "$ID"
	is running
	gives 0 '' '' delete --force --trace "$T/trace" "$ID"
	jq -e '.traceEvents | length > 1' "$T/trace"
	gives 1 '' "$NAME: *does not exist*" delete "$ID" # containerd: gone already
	gives 0 '' '' delete --force "$ID"
	gives 0 '' '' delete -f "$ID"
	gives 0 '' '' delete "$ID" --force
	check_clean
	ok create -b "$BUNDLE" "$ID"
	gives 0 '' '' delete -r -f "^$ID"
	check_clean
	gives 0 '' '' delete --regex "^$ID"
}

# --- update, events, list, ps ---------------------------------------------------------------------

@test "update: each option; what the host lacks is named" {
	requires cgroup2
	ok run -d -b "$BUNDLE" "$ID"
	CG=$(cgroup_of "$(init_pid)")
	has() { grep -qw "$1" "$CG/cgroup.controllers"; }
	# limits CONTROLLER ARG...: done, or refused by the controller's name.
	limits() {
		local controller=$1
		shift
		if has "$controller"; then
			ok "$@" && [ -z "$out" ]
		else
			gives 1 '' "$NAME: *$controller*" "$@"
		fi
	}
	limits memory update --memory 50M "$ID"
	limits memory update --memory=60M --memory-swap=80M "$ID"
	limits memory update --memory-reservation 10M "$ID"
	limits cpu update --cpu-quota 20000 --cpu-period=50000 "$ID"
	limits cpu update --cpu-share=512 "$ID"
	limits cpu update --cpu-burst 1000 "$ID"
	limits cpu update --cpu-idle=1 "$ID"
	limits cpuset update --cpuset-cpus 0 --cpuset-mems=0 "$ID"
	limits pids update --pids-limit 100 "$ID"
	davit update --blkio-weight 100 "$ID" # there are kernels with the controller and without a weight
	[ "$status" -eq 0 ] || [[ $err == *io* ]]
	# cgroup v2 has no realtime; runc writes to files of v1, which davit has nothing of.
	gives 1 '' "$NAME: *realtimeRuntime cannot be applied on cgroup v2*" update --cpu-rt-runtime 1000 "$ID"
	gives 1 '' "$NAME: *realtimePeriod cannot be applied on cgroup v2*" update --cpu-rt-period 1000 "$ID"
	# spec-linux.bats has them for a container with a class of service.
	gives 1 '' "$NAME: *intelRdt*" update --l3-cache-schema L3:0=f "$ID"
	gives 1 '' "$NAME: *intelRdt*" update --mem-bw-schema=MB:0=20 "$ID"
	gives 0 '' '*kernel memory settings are obsolete*' update --kernel-memory 5M "$ID"
	gives 0 '' '*kernel memory settings are obsolete*' update --kernel-memory-tcp=5M "$ID"
	echo '{}' >"$T/resources"
	gives 0 '' '' update --resources "$T/resources" "$ID"
	gives 0 '' '' update --resources="$T/resources" "$ID" # podman
	gives 0 '' '' update -r "$T/resources" "$ID"
	for option in --resources=- "--resources -"; do
		# shellcheck disable=SC2086  # words
		"$DAVIT" --root "$ROOT" update $option "$ID" <"$T/resources" >"$T/out" 2>&1
		[ ! -s "$T/out" ]
	done
	runs
}

@test "events: --stats, --interval" {
	requires cgroup2
	ok run -d -b "$BUNDLE" "$ID"
	gives 0 '{"type":"stats","id":"'"$ID"'","data":{*}}' '' events --stats "$ID"
	gives 0 '{"type":"stats","id":"'"$ID"'","data":{*}}' '' events --interval=5s --stats "$ID"
	gives 0 '{"type":"stats",*' '' events --interval 100ms "$ID" --stats
	gives 1 '' "$NAME: events: 'x' is no interval*" events --interval x "$ID"
	ok kill "$ID" KILL
	becomes stopped
	gives 1 '' "$NAME: *container not running*" events --stats "$ID"
}

@test "list, ps: each form, runc's header and order of members" {
	local keys='ociVersion id pid status bundle rootfs created owner'
	gives 0 $'ID *PID *STATUS *BUNDLE *CREATED *OWNER' '' list
	gives 0 '[[]]' '' list --format json
	gives 0 '' '' list --quiet
	ok run -d -b "$BUNDLE" "$ID"
	pid=$(init_pid)
	gives 0 $'ID *\n'"$ID *$pid *running *$BUNDLE *20*Z *root*" '' list
	gives 0 $'ID *\n'"$ID *" '' list -f table
	gives 0 '[[]{"ociVersion":"*]' '' list --format=json # go-runc
	[ "$(wc -l <"$OUT")" -eq 1 ]
	[ "$(command jq -r '.[0] | keys_unsorted | join(" ")' "$OUT")" = "$keys" ]
	gives 0 "$ID" '' list -q
	gives 0 "$ID" '' list --quiet
	gives 1 '' "$NAME: list: Incorrect Usage: option '--format' takes table|json, not 'xml'*" list -f xml
	ok state "$ID"
	[ "$(command jq -r 'keys_unsorted | join(" ")' "$OUT")" = "$keys" ]

	gives 0 "[[]$pid]" '' ps --format json "$ID" # containerd
	gives 0 "[[]$pid]" '' ps -f json "$ID"
	if command -v ps >/dev/null && ps -ef >/dev/null 2>&1; then
		gives 0 $'*PID*\n'"*$pid *sleep 1000" '' ps "$ID"
		gives 0 $'*PID*\n'"*$pid *" '' ps --format=table "$ID" -e -o pid,comm
	fi
	ok kill "$ID" KILL
	becomes stopped
	gives 0 '[[]]' '' ps -f json "$ID"
}

# --- the rest -------------------------------------------------------------------------------------

@test "spec, validate, plan, info, features, completion, mounts: each option" {
	mkdir "$T/new"
	gives 0 '' '' spec --bundle "$T/new"
	jq -e '.process.terminal == true and .process.args == ["sh"] and .root.path == "rootfs"' "$T/new/config.json"
	gives 0 '' '' spec -b="$T/new" --file other.json --rootless
	jq -e '.linux.uidMappings[0].containerID == 0 and any(.linux.namespaces[]; .type == "user")' "$T/new/other.json"
	gives 0 '' '' spec -b "$T/new" -f third.json
	cp "$T/new/config.json" "$T/copy"
	# runc says no more than that it exists.
	gives 1 '' "$NAME: config.json exists already in $T/new; remove it first" spec -b "$T/new" --rootless
	cmp "$T/new/config.json" "$T/copy"
	gives 1 '' "$NAME: *$T/nowhere: no such file or directory" spec -b "$T/nowhere"
	cd "$T/new" && rm config.json
	gives 0 '' '' spec # in the current folder
	jq -e .ociVersion config.json

	mv "$BUNDLE/config.json" "$T/other.json"
	gives 0 '0 faults' '' validate --bundle "$BUNDLE" --config "$T/other.json"
	gives 0 '0 faults' '' validate -b "$BUNDLE" -f "$T/other.json" --strict
	gives 0 $'decode *host*\nclaim *' '' plan --bundle "$BUNDLE" --config "$T/other.json"
	gives 0 $'decode *host*\nclaim *' '' plan -b "$BUNDLE" -f "$T/other.json"
	jq '.nosuch = 1 | .process.cwd = "x"' "$T/other.json" >"$BUNDLE/config.json"
	gives 1 $'*/process/cwd*\n1 fault' '' validate "$BUNDLE"
	gives 1 $'*nosuch*2 faults' '' validate --strict "$BUNDLE"

	gives 0 $'kernel.release: *' '' info
	gives 0 $'kernel.release: *' '' info -f text
	gives 0 '{*"kernel":*' '' info --format json
	gives 0 '{*"ociVersionMin":*"ociVersionMax":*"rro"*' '' features
	[ -z "$err" ] # CRI-O reads both
	gives 0 '*complete*' '' completion bash
	gives 1 '' "$NAME: mounts: Incorrect Usage. \"mounts\" requires a minimum of 2 argument(s)*" mounts list
}

@test "output that cannot be written is a failure" {
	run bash -c '"$0" features >/dev/full' "$DAVIT"
	[ "$status" -eq 1 ]
	[ "$output" = "$NAME: write to standard output: no space left on device" ]
}

@test "engines' circumstances: no environment, XDG_RUNTIME_DIR empty, SIGPIPE ignored, a descriptor leaked, cwd / or the bundle" {
	local pid
	cd "$BUNDLE"
	bare -i -- --root "$ROOT" create --pid-file "$T/pid" "$ID"
	[ "$status" -eq 0 ] && [ -z "$out$err" ]
	cd /
	for words in "start $ID" "ps $ID" "list" "state $ID" "kill $ID 28" "exec $ID true"; do
		# shellcheck disable=SC2086  # words
		bare -i XDG_RUNTIME_DIR= -- --root "$ROOT" $words
		[ "$status" -eq 0 ] && [ -z "$err" ] || complain "$words"
	done
	bare -i XDG_RUNTIME_DIR= -- list # the default root then, which may not be there
	[ "$status" -eq 0 ] && [[ $out == ID*OWNER* ]]
	ends

	# A null signal mask and the default action are the program's, as conmon leaves SIGPIPE ignored.
	status=0
	(trap '' PIPE; exec 5</etc/passwd; DAVIT_TEST=$TOKEN exec "$DAVIT" --root "$ROOT" create -b "$BUNDLE" "$ID") \
		>"$T/out" 2>"$T/err" </dev/null 3</etc/passwd 4>&- || status=$?
	[ "$status" -eq 0 ] && [ ! -s "$T/err" ]
	ok start "$ID"
	pid=$(init_pid)
	[ "$(proc_field "$pid" SigIgn)" = 0000000000000000 ]
	[ "$(cd "/proc/$pid/fd" && echo *)" = "0 1 2" ]
}

@test "config.json as engines write it: null, empty and unknown members" {
	config '.hooks = null | .annotations = null | .linux.resources = {} | .linux.resources.blockIO = {} |
		.linux.resources.memory = { disableOOMKiller: false } | .process.user.umask = 18 | .ociVersion = "1.2.1" |
		.process.capabilities.bounding += ["CAP_FUTURE"] | .process.rlimits = null | .linux.devices = null |
		.linux.maskedPaths = null | .linux.seccomp = null | .linux.uidMappings = null | .vm = null'
	davit create -b "$BUNDLE" "$ID"
	[ "$status" -eq 0 ]
	[[ $err == *CAP_FUTURE* && $err != *$'\n'* ]] # one warning, nothing else
	ok start "$ID"
	[ "$(proc_field "$(init_pid)" Umask)" = 0022 ]
	ends
	config '.process.capabilities.bounding -= ["CAP_FUTURE"]'
	local id
	for id in "$TOKEN.a_b-c+d" "$TOKEN$(printf '%064d' 0 | cut -c "1-$((64 - ${#TOKEN}))")"; do
		gives 0 '' '' create -b "$BUNDLE" "$id"
		ok delete "$id"
	done
	gives 1 '' "$NAME: invalid container ID format: invalid character \`/\` in the container ID \"a/b\"; *" create -b "$BUNDLE" "a/b"
	gives 1 '' "$NAME: invalid container ID format: invalid character at position 2 of *" create -b "$BUNDLE" $'a\xc3\xa9'
}

@test "words of failures: what docker, containerd, CRI-O and podman look for, once on stderr and once in the log" {
	# log STATUS WORDS CODE ARG...: one line on stderr, one JSON document in the log, the same in both.
	log() {
		local wanted=("$1" "$2" "$3")
		shift 3
		rm -f "$T/log"
		gives "${wanted[0]}" '' "$NAME: *${wanted[1]}*" --log "$T/log" --log-format json "$@"
		jq -es --arg m "${err#"$NAME: "}" --arg c "${wanted[2]}" 'length == 1 and (.[0] | .level == "error" and .msg == $m and
			.code == $c and (.time | test("^20[0-9-]*T[0-9:.]*Z$")))' "$T/log" || complain "log: $(<"$T/log")"
	}
	local command
	for command in state start pause resume delete update ps kill; do
		log 1 "container does not exist" container-not-found "$command" "$ID"
	done
	log 255 "container does not exist" container-not-found exec "$ID" true
	log 1 "requires an argument" usage create --bundle
	config '.mounts += [{ destination: "/x", type: "bind", source: "/nosuch", options: ["bind"] }]'
	log 1 "no such file or directory" system create -b "$BUNDLE" "$ID"
	jq -e '.pointer == "/mounts/5" and .phase == "mounts" or .pointer == "/mounts/5/source"' "$T/log"
	config 'del(.mounts[5]) | .process.args = ["/bin"]'
	log 1 "is a directory" exec create -b "$BUNDLE" "$ID"
	config '.process.args = ["/etc/hosts"]'
	: >"$BUNDLE/rootfs/etc/hosts"
	log 1 "permission denied" exec create -b "$BUNDLE" "$ID"
	jq -e .hint "$T/log"
	config '.process.args = ["sleep", "1000"]'
	ok run -d -b "$BUNDLE" "$ID"
	ok kill "$ID" KILL
	becomes stopped
	log 1 "container not running" container-status kill "$ID" 15
	# A log in a folder that is gone by now disturbs nothing (containerd's delete).
	gives 1 '' "$NAME: *container not running*" --log "$T/gone/log.json" --log-format json kill "$ID" 15
	gives 0 '' '' --log "$T/gone/log.json" --log-format json delete "$ID"
	gives 0 '' '' --log "$T/gone/log.json" --log-format json delete --force "$ID"
}
