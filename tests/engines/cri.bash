# shellcheck shell=bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# The steps of Kubernetes' interface (see suite), as containerd's plugin has it: each runtime is a handler
# of its name, davit's is the one that contrib/install-runtime makes.
# Not on this machine: limits of pods (the kubelet's cgroups), and the oom_score_adj below zero that pods want.
# shellcheck disable=SC2317,SC2016  # steps are called by name; scripts are the containers'

cri() {
	/usr/bin/python3 /share/cri.py /run/containerd/containerd.sock "$@"
}

# pod NAME OPTION...: its id.
pod() {
	cri runp "$1" "$RUNTIME" "${@:2}"
}

# container POD NAME [OPTION...] -- COMMAND...: made and started; its id.
container() {
	local id
	id=$(cri create "$1" "$2" localhost/bb:latest "${@:3}") && cri start "$id" && echo "$id"
}

clear_away() {
	cri clear
}

# fresh COMMAND...: and afterwards no pod is there. A pod that cannot be stopped at once is stopped later, as the kubelet
# does it; why is in what the step prints, should it fail.
fresh() {
	local status=0
	"$@" || status=$?
	clear_away || wait_for clear_away || status=1
	return "$status"
}

nothing_left() {
	none left "$(cri pods; cri ps; ls -d /run/containerd/runc/k8s.io/* 2>/dev/null)" &&
		none cgroups "$(find /sys/fs/cgroup/kube -mindepth 2 -type d 2>/dev/null)" && no_sleeps
}

ended() {
	wait_for shows "^exited" cri state "$1"
}

export -f cri pod container clear_away fresh nothing_left ended

peer_handler() {
	cat <<-END
		[plugins."io.containerd.grpc.v1.cri".containerd.runtimes.$1]
		  runtime_type = "io.containerd.runc.v2"
		  [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.$1.options]
		    BinaryName = "/share/peers/$1"
	END
}

prepare() {
	local peer
	export BESIDE=${1-}
	mkdir -p /etc/cni/net.d
	cat >/etc/cni/net.d/10-pods.conflist <<-'END'
		{ "cniVersion": "1.0.0", "name": "pods", "plugins": [
		  { "type": "bridge", "bridge": "cni0", "isGateway": true, "ipMasq": false,
		    "ipam": { "type": "host-local", "ranges": [[{ "subnet": "10.77.0.0/16" }]], "routes": [{ "dst": "0.0.0.0/0" }] } },
		  { "type": "portmap", "capabilities": { "portMappings": true } } ] }
	END
	make_peer davit /share/davit
	/share/contrib/install-runtime --runtime /share/peers/davit containerd >/dev/null || return
	{
		echo 'version = 2'
		echo '[plugins."io.containerd.grpc.v1.cri"]'
		echo '  sandbox_image = "localhost/bb:latest"'
		echo '  restrict_oom_score_adj = true'
		echo '  disable_hugetlb_controller = false'
		for peer; do
			make_peer "$peer"
			peer_handler "$peer"
		done
	} >/etc/containerd/conf.d/60-test.toml
	step "cri: containerd answers" containerd_start || { tail -3 /share/containerd.log | sed 's/^/# /'; return 1; }
	make_archive '{"Entrypoint":["sleep","2000000"],"Env":["PATH=/bin"]}' >/tmp/bb.tar
	step "cri: import" ctr -n k8s.io images import /tmp/bb.tar || return
	step "cri: version" shows "containerd" cri version
	step "cri: it is ready" wait_for bash -c 'cri status | grep "^NetworkReady True"' || cri status | sed 's/^/# /'
	step "cri: davit is a handler" shows "^handler davit rro userns" cri status
	step "cri: runc is beside it" shows "^handler runc" cri status
}

finish() {
	containerd_stop
}

two_containers() {
	local p a b
	p=$(pod pod "$@") && a=$(container "$p" a "$@" -- sleep 1001) && b=$(container "$p" b "$@" -- sleep 1002) &&
		cri exec "$a" true && cri exec "$b" true || return
	cri exec "$a" ps -o args
}

one() {
	cri one "$RUNTIME" "${*:2}" "$1"
}

# one_exec COMMAND OPTION...: what it prints in a container with these options.
one_exec() {
	cri one-exec "$RUNTIME" "${*:2}" "$1"
}

restarted() {
	local id
	id=$(one 'sleep 1000') && containerd_stop "$1" && pgrep -f '^sleep 1000' >/dev/null && containerd_start &&
		wait_for cri exec "$id" true && shows "^running" cri state "$id" && cri stop "$id" 0 && shows "^exited 137" cri state "$id"
}

life() {
	local p id
	p=$(pod pod) && shows "^ready $RUNTIME$" cri podstate "$p" &&
		id=$(cri create "$p" main localhost/bb:latest -- sleep 1000) && shows "^created" cri state "$id" &&
		cri start "$id" && shows "^running" cri state "$id" &&
		cri stop "$id" 1 && shows "^exited 137" cri state "$id" && cri rm "$id" &&
		cri stop-pod "$p" && shows "^notready" cri podstate "$p" && cri rmp "$p"
}

logged() {
	local id
	id=$(one 'echo to out; echo to err >&2; exit 4') && ended "$id" && shows "^exited 4 Error" cri state "$id" &&
		soon grep 'stdout F to out$' /tmp/logs/pod/main.log && soon grep 'stderr F to err$' /tmp/logs/pod/main.log
}

fails_to_start() {
	local text=$1 p id
	shift
	p=$(pod pod) && id=$(cri create "$p" main localhost/bb:latest -- "$@") && says_no "$text" cri start "$id" && shows "$EXPECT" cri state "$id"
}

second_restart() {
	local p a
	p=$(pod pod) && a=$(container "$p" main -- false) && ended "$a" && a=$(container "$p" main attempt=1 -- sleep 1000) && cri exec "$a" true
}

killed_pod() {
	local p
	p=$(pod pod) && kill -KILL "$(pgrep -f '^sleep 2000000' | head -1)" && wait_for shows "^notready" cri podstate "$p"
}

# maker ID: the runtime that has written this container's state.
maker() {
	local state=/run/containerd/runc/k8s.io/$1
	if grep -q '"init_process_pid"' "$state/state.json" 2>/dev/null; then
		echo runc
	elif [ -e "$state/status" ]; then
		echo crun
	elif [ -e "$state/state.json" ]; then
		echo davit
	fi
}

# Two pods, each by its handler, at the same time.
side_by_side() {
	local other=davit p q a b
	[ "$RUNTIME" != davit ] || other=$BESIDE
	p=$(cri runp mine "$RUNTIME") && q=$(cri runp other "$other") && a=$(container "$p" a pod=mine -- sleep 1000) &&
		b=$(container "$q" b pod=other -- sleep 1000) || return
	shows "^$RUNTIME$" maker "$p" && shows "^$RUNTIME$" maker "$a" && shows "^$other$" maker "$q" && shows "^$other$" maker "$b" &&
		cri exec "$a" true && cri exec "$b" true && cri stop-pod "$q" && cri rmp "$q" && cri exec "$a" true
}

# A limit of the container is that of its cgroup, and so is another one later.
updated() {
	local id
	id=$(one "sleep 1000" hugepages=4194304) && shows "^4194304$" cat "/sys/fs/cgroup/kube/pod/$id/hugetlb.2MB.max" &&
		cri update "$id" 6291456 && shows "^6291456$" cat "/sys/fs/cgroup/kube/pod/$id/hugetlb.2MB.max" && cri exec "$id" true
}

# typed TEXT STATUS WORDS COMMAND...: TEXT is its standard input, it ends so, and shows the words.
typed() {
	local out status=0
	out=$(printf '%b' "$1" | "${@:4}" 2>&1 | tr -d '\r'; exit "${PIPESTATUS[1]}") || status=$?
	echo "$status: $out"
	[ "$status" -eq "$2" ] && grep -q -- "$3" <<<"$out"
}

# refused TEXT OPTION...: a container with these options is not made, or not started, and that is why.
refused() {
	local p id out
	p=$(pod pod) || return
	if id=$(cri create "$p" main localhost/bb:latest "${@:2}" -- sleep 1000 2>/tmp/refused); then
		says_no "$1" cri start "$id" && shows "^exited 128 StartError" cri state "$id"
	else
		out=$(</tmp/refused)
		echo "$out"
		grep -q -- "$1" <<<"$out"
	fi
}

export -f two_containers one one_exec restarted life logged fails_to_start second_restart killed_pod maker side_by_side updated typed refused

steps_pods() {
	try "a pod and a container: its whole life" fresh life
	try "rm of a pod takes its containers" bash -c 'p=$(pod pod) && container "$p" a -- sleep 1000 && cri stop-pod "$p" && cri rmp "$p" && ! pgrep -f "^sleep 1000"'
	try "two containers, a pid namespace each" fresh bash -c 'o=$(two_containers) && echo "$o" && ! grep "sleep 1002" <<<"$o"'
	try "two containers, a pod's pid namespace" fresh shows "sleep 1002" two_containers pod-pid
	try "stop of one leaves the other" fresh bash -c 'p=$(pod pod pod-pid) && a=$(container "$p" a pod-pid -- sleep 1001) && b=$(container "$p" b pod-pid -- sleep 1002) && cri stop "$a" 0 && cri exec "$b" true'
	try "the host's pid namespace" fresh shows "containerd" one_exec "ps -o args" host-pid
	try "the host's network" fresh shows "uplink" one_exec "ls /sys/class/net" host-net
	try "the pod's network" fresh shows "eth0" one_exec "cat /proc/net/dev"
	try "a user namespace" fresh shows "0 *200000 *65536" one_exec "cat /proc/self/uid_map" userns
	try "a user namespace: exec, stop" fresh bash -c 'id=$(one "sleep 1000" userns) && cri exec "$id" touch /x && cri stop "$id" 0'
	try "a user namespace: a mount from the host" fresh shows "^0$" one_exec "stat -c %u /there/passwd" userns mount=/tmp/image/etc:/there
	try "a container again" fresh second_restart
	try "the pod's first process killed" fresh killed_pod
	try "three pods at once" fresh bash -c 'for i in 1 2 3; do { p=$(pod pod$i) && container "$p" c pod=pod$i -- sleep 1000; } >/tmp/at.$i 2>&1 & done; wait; cat /tmp/at.?; [ "$(cri ps | wc -l)" -eq 3 ]'
}

steps_containers() {
	try "exec" fresh shows "uid=0" one_exec id
	try "exec: its status" fresh ends 3 one_exec "exit 3"
	try "exec: a missing program" fresh bash -c 'id=$(one "sleep 1000") && says_no "no such file" cri exec "$id" /nope'
	try "env" fresh shows "^x$" one_exec 'echo $A'
	try "logs, and the exit code" fresh logged
	try "logs reopened" fresh bash -c 'id=$(one "while :; do echo tick; sleep 0.2; done") && mv /tmp/logs/pod/main.log /tmp/logs/pod/old.log && cri reopen "$id" && wait_for grep tick /tmp/logs/pod/main.log'
	try "a terminal" fresh bash -c 'id=$(one "tty; sleep 1000" tty) && wait_for grep "/dev/pts/0" /tmp/logs/pod/main.log'
	try "privileged" fresh shows "^tmpfs$" one_exec 'mount -t tmpfs tmpfs /tmp && stat -f -c %T /tmp' privileged
	try "read-only root" fresh says_no "read-only" one_exec "touch /x" readonly
	try "a user" fresh shows "uid=1000" one_exec id uid=1000
	try "capabilities dropped" fresh shows "CapEff:.0000000000000000" one_exec "grep CapEff /proc/self/status" cap-drop
	try "seccomp: RuntimeDefault" fresh shows "Seccomp:.2" one_exec "grep Seccomp: /proc/self/status" seccomp
	try "a mount" fresh shows "^root:" one_exec "cat /there/passwd" mount=/tmp/image/etc:/there
	try "stats" fresh bash -c 'id=$(one "sleep 1000") && shows "stats of $id" cri stats "$id"'
	try "limits, and update of them" fresh updated
	try "a missing program" fresh env EXPECT="^exited 128 StartError" bash -c 'fails_to_start "/nope.*no such file" /nope'
	try "a missing program of PATH" fresh env EXPECT="^exited 128 StartError" bash -c 'fails_to_start "executable file not found" nope'
	try "no program" fresh env EXPECT="^exited 128 StartError" bash -c 'fails_to_start "permission denied" /etc/passwd'
	try "exec of no program" fresh bash -c 'id=$(one "sleep 1000") && says_no "permission denied" cri exec "$id" /etc/passwd'
	try "a missing working directory is made" fresh shows "^/nope/there$" one_exec pwd cwd=/nope/there
	try "a working directory that is a file" fresh refused "not a directory" cwd=/etc/passwd
	try "a wrong device" fresh refused "/dev/nothere" device=/dev/nothere
	try "an unknown user" fresh refused "no users found" user=nobodyhere
	try "a directory onto a file" fresh refused "/etc/passwd.*not a directory" mount=/tmp/image/etc:/etc/passwd
	try "stop of an ended one" fresh bash -c 'id=$(one true) && ended "$id" && cri stop "$id" 1'
}

steps_streams() {
	try "exec: input, output, errors, its status" fresh bash -c 'id=$(one "sleep 1000") && typed "hello\\n" 7 "^got hello$" cri stream "$id" pipes sh -c "read x; echo got \$x; echo bad >&2; exit 7"'
	try "exec: errors are their own stream" fresh bash -c 'id=$(one "sleep 1000") && shows "^bad$" bash -c "cri stream $id pipes sh -c \"echo good; echo bad >&2\" 2>&1 >/dev/null"'
	try "exec: a megabyte arrives" fresh bash -c 'id=$(one "sleep 1000") && cri stream "$id" pipes cat /bin/busybox | cmp - /tmp/image/bin/busybox'
	try "exec: a missing program" fresh bash -c 'id=$(one "sleep 1000") && says_no "no such file" cri stream "$id" pipes /nope'
	try "exec on a terminal: its size, what is typed, its status" fresh bash -c 'id=$(one "sleep 1000") && typed "tty; until busybox stty size | grep 77; do sleep 0.1; done; exit 6\\n" 6 "^33 77" cri stream "$id" tty sh'
	try "exec on a terminal in a user namespace" fresh bash -c 'id=$(one "sleep 1000" userns) && typed "tty; exit 6\\n" 6 "^/dev/pts/" cri stream "$id" tty sh'
	try "attach: input and output" fresh bash -c 'id=$(one "read x; echo heard \$x" stdin) && typed "hello\\n" 0 "^heard hello$" cri attach "$id" pipes && ended "$id"'
	try "attach on a terminal" fresh bash -c 'id=$(one "exec sh -i" stdin tty) && typed "echo \$((6*7)); exit 5\\n" 0 "^42$" cri attach "$id" tty && ended "$id" && shows "^exited 5" cri state "$id"'
	try "a forwarded port" fresh bash -c 'one "mkdir /w; echo served >/w/index.html; exec busybox httpd -f -p 127.0.0.1:8080 -h /w" && wait_for typed "GET / HTTP/1.0\\r\\n\\r\\n" 0 "^served$" cri forward "$(cri pods)" 8080'
}

steps_handlers() {
	[ -z "$BESIDE" ] || try "two handlers side by side" fresh side_by_side
}

steps_daemon() {
	try "the daemon ends and comes back" fresh restarted -TERM
	try "the daemon is killed and comes back" fresh restarted -KILL
}
