# shellcheck shell=bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# The steps of containerd by ctr (see suite). Each container's runtime is given by its path.
# Not on this machine, but in the guest (vm/systemd/engines.bats): limits that hold, systemd's cgroups.
# shellcheck disable=SC2317,SC2016  # steps are called by name; scripts are the containers'

image=localhost/bb:latest

runtime_path() {
	if [ "$RUNTIME" = davit ]; then echo /share/davit; else echo "/share/peers/$RUNTIME"; fi
}

# run ARG...: of ctr run; the image's name is bb there.
run() {
	local words=() word
	for word; do
		[ "$word" != bb ] || word=localhost/bb:latest
		words+=("$word")
	done
	ctr run --runc-binary "$(runtime_path)" --runtime io.containerd.runc.v2 "${words[@]}"
}

# on_pty TEXT COMMAND...: it shows TEXT on a terminal.
on_pty() {
	local text=$1
	shift
	shows "$text" script -qefc "$*" /dev/null 0<> <(:)
}

# gone NAME...: removed, whatever became of it; the status of what was before.
gone() {
	local status=$? name
	for name; do
		ctr task kill -s KILL "$name" >/dev/null 2>&1
		wait_for bash -c "! ctr task ls | grep -q '^$name .*RUNNING'" >/dev/null
		ctr task rm -f "$name" >/dev/null 2>&1
		ctr container rm "$name" >/dev/null 2>&1
		ctr snapshot rm "$name" >/dev/null 2>&1
	done
	return "$status"
}

# fails TEXT ARG...: ctr run ends with 1, as ctr does for whatever is wrong, says TEXT, and leaves nothing.
fails() {
	dies 1 "$1" run --rm "${@:2}"
	gone one
}

# exec_fails TEXT ARG...: the same of an exec in a container that runs, and goes on running.
exec_fails() {
	run -d bb one sleep 100 && dies 1 "$1" ctr task exec --exec-id a "${@:2}" && ctr task exec --exec-id b one true
	gone one
}

nothing_left() {
	none left "$(ctr container ls -q; ls -d /run/containerd/runc/default/* 2>/dev/null)" &&
		none cgroups "$(find /sys/fs/cgroup/default -mindepth 1 -type d 2>/dev/null)" && no_sleeps
}

clear_away() {
	# shellcheck disable=SC2046  # names are words
	gone $(ctr container ls -q) $(ctr snapshot ls | awk '$1 !~ /:|KEY/ { print $1 }')
}

export -f runtime_path run on_pty gone fails exec_fails nothing_left

prepare() {
	local peer
	for peer; do
		make_peer "$peer"
	done
	export image
	step "containerd: it answers" containerd_start || { tail -3 /share/containerd.log | sed 's/^/# /'; return 1; }
	make_archive '{}' >/tmp/bb.tar
	step "containerd: import" ctr images import /tmp/bb.tar
}

finish() {
	containerd_stop
}

steps_run() {
	try "run" shows "^hello$" run --rm bb one echo hello
	try "run says nothing else" quiet run --rm bb one true
	try "run: the program's status" ends 7 run --rm bb one sh -c 'exit 7'
	try "run -t" on_pty "/dev/pts/0" ctr run --runc-binary "$(runtime_path)" --rm -t "$image" one tty
	try "run: input" shows "^typed$" bash -c 'echo typed | run --rm bb one sh -c "read x; echo \$x"'
	try "umask" shows "^0022$" run --rm bb one sh -c umask
	try "--user" shows "uid=1000 gid=1000" run --rm --user 1000:1000 bb one id
	try "--env, --cwd, --hostname" shows "^x /tmp h$" run --rm --env A=x --cwd /tmp --hostname h bb one sh -c 'echo $A $(pwd) $(hostname)'
	try "--mount" shows "^root:" run --rm --mount type=bind,src=/tmp/image/etc,dst=/there,options=rbind:ro bb one cat /there/passwd
	try "--mount: ro" says_no "read-only" run --rm --mount type=bind,src=/tmp/image/etc,dst=/there,options=rbind:ro bb one touch /there/x
	try "--read-only" says_no "read-only" run --rm --read-only bb one touch /x
	try "--privileged" shows "^tmpfs$" run --rm --privileged bb one sh -c 'mount -t tmpfs tmpfs /tmp && stat -f -c %T /tmp'
	try "--cap-drop, --cap-add" run --rm --cap-drop CAP_CHOWN --cap-add CAP_NET_ADMIN bb one grep CapEff /proc/self/status
	try "--seccomp" shows "Seccomp:.2" run --rm --seccomp bb one grep Seccomp: /proc/self/status
	try "--no-new-privs is the default" shows "NoNewPrivs:.1" run --rm bb one grep NoNewPrivs /proc/self/status
	try "--net-host" run --rm --net-host bb one ls /sys/class/net/uplink
	try "--device" run --rm --device /dev/fuse bb one ls -l /dev/fuse
	try "--rootfs" shows "^x$" run --rm --rootfs --env PATH=/bin /tmp/image one echo x
	try "--with-ns: a shared pid namespace" shows "sleep 1001" bash -c 'run -d bb base sleep 1001 && run --rm --with-ns pid:/proc/$(ctr task ls | awk "/^base/ { print \$2 }")/ns/pid bb one ps -o args; gone base'
	try "--with-ns: kill of the second leaves the first" bash -c 'run -d bb base sleep 1001 && run -d --with-ns pid:/proc/$(ctr task ls | awk "/^base/ { print \$2 }")/ns/pid bb two sleep 1002 && ctr task kill -s KILL two && wait_for shows "two.*STOPPED" ctr task ls && ctr task exec --exec-id a base true; gone two base'
	try "--uidmap, --gidmap" shows "0 *1000 *5000" run --rm --uidmap 0:1000:5000 --gidmap 0:1000:5000 bb one cat /proc/self/uid_map
	try "--cgroup" shows "/mine" bash -c 'run -d --cgroup /mine/one bb one sleep 100 && ls -d /sys/fs/cgroup/mine/one; gone one; s=$?; rmdir /sys/fs/cgroup/mine; exit $s'
	try "two at the same time" bash -c 'run -d bb a1 sleep 100 & run -d bb a2 sleep 100; wait; ctr task exec --exec-id x a1 true && ctr task exec --exec-id x a2 true; gone a1 a2'
}

steps_errors() {
	try "a missing program" fails "/nope.*no such file" bb one /nope
	try "a missing program of PATH" fails "executable file not found" bb one nope
	try "no program" fails "permission denied" bb one /etc/passwd
	try "a missing directory is made" run --rm --cwd /nope bb one true
	try "a directory that is a file" fails "/etc/passwd.*not a directory" --cwd /etc/passwd bb one true
	try "a wrong device" fails "/dev/nothere" --device /dev/nothere bb one true
	try "a source that is not there" fails "no such file" --mount type=bind,src=/nope,dst=/there,options=rbind bb one true
	try "an unknown user" fails "no users found" --user nobodyhere bb one true
	try "kill of a dead one" bash -c 'run -d bb one sleep 100 && ctr task kill -s KILL one && wait_for shows STOPPED ctr task ls && dies 1 "already finished\|not running\|not found" ctr task kill one; gone one'
	try "exec of a missing program" exec_fails "/nope.*no such file" one /nope
	try "exec of a missing program of PATH" exec_fails "executable file not found" one nope
	try "exec of no program" exec_fails "/etc/passwd.*permission denied" one /etc/passwd
	try "exec in a missing directory" exec_fails "/nope.*no such file" --cwd /nope one true
	try "exec by an unknown user" exec_fails "no users found" --user nobodyhere one true
	try "a second of the same name" bash -c 'run -d bb one sleep 100 && says_no "already exists" run -d bb one sleep 100; gone one'
}

steps_task() {
	try "run -d" run -d bb web sleep 1000 || return
	try "exec" shows "uid=0" ctr task exec --exec-id a web id
	try "exec: status" ends 3 ctr task exec --exec-id a web sh -c 'exit 3'
	try "exec -t" on_pty "/dev/pts/" ctr task exec -t --exec-id a web tty
	try "exec --user, --cwd" shows "^1000 /tmp$" ctr task exec --exec-id a --user 1000 --cwd /tmp web sh -c 'echo $(id -u) $(pwd)'
	try "exec -d" bash -c 'ctr task exec -d --exec-id b web sleep 77 && wait_for bash -c "[ \$(ctr task ps web | wc -l) -eq 3 ]"'
	try "ps" shows "[0-9]" ctr task ps web
	try "metrics" shows "TIMESTAMP\|[0-9]" ctr task metrics web
	try "pause" ctr task pause web
	try "it is paused" shows "PAUSED" ctr task ls
	try "resume" ctr task resume web
	try "exec after it" ctr task exec --exec-id a web true
	try "kill with a signal" ctr task kill -s SIGWINCH web
	try "kill" ctr task kill -s KILL web
	try "it stops" wait_for shows STOPPED ctr task ls
	try "task rm" ctr task rm web
	try "start again" ctr task start -d web
	try "task rm -f" ctr task rm -f web
	try "container rm" ctr container rm web
	try "kill --all" bash -c 'run -d bb web sh -c "sleep 1003 & sleep 1004" && ctr task kill --all -s KILL web && wait_for shows STOPPED ctr task ls; gone web'
	try "create, start" shows "^late$" bash -c 'ctr container create --runc-binary "$(runtime_path)" "$image" late echo late && ctr task start late; gone late'
}

# outlives SIGNAL: the daemon ends by it, starts again, and its containers are the same.
outlives() {
	local pid
	run -d bb live sleep 1000 && run -d bb ice sleep 1000 && ctr task pause ice && run -d bb short sh -c 'sleep 1; exit 5' || return
	pid=$(ctr task ls | awk '/^live/ { print $2 }')
	containerd_stop "$1" && kill -0 "$pid" || return
	sleep 1
	containerd_start || return
	[ "$(ctr task ls | awk '/^live/ { print $2 }')" = "$pid" ] && ctr task exec --exec-id a live true &&
		shows "ice.*PAUSED" ctr task ls && ctr task resume ice && ctr task exec --exec-id a ice true &&
		wait_for bash -c '! ctr task ls | grep -q "short.*RUNNING"'
}

export -f outlives

steps_daemon() {
	try "the daemon ends and comes back" bash -c 'outlives -TERM; gone live ice short'
	try "the daemon is killed and comes back" bash -c 'outlives -KILL; gone live ice short'
}

dying_one() {
	ctr run -d --runc-binary /share/dying/davit --runtime io.containerd.runc.v2 "$image" "$1" sleep 1000
}

export -f dying_one

steps_faults() {
	[ "$RUNTIME" = davit ] || return 0
	make_dying
	try_seconds=300 try "killed in create: rm leaves nothing" killed_in create dying_one gone
	try_seconds=300 try "killed in start: rm leaves nothing" killed_in start dying_one gone
}
