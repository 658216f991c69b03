# shellcheck shell=bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# The steps of Docker Engine (see suite): davit is the default runtime, the peers are asked for by name.
# Not on this machine, but in the guest (vm/systemd/engines.bats): limits that hold, stats of them, update of memory, CPUs and
# pids, a negative oom_score_adj, systemd's cgroups.
# shellcheck disable=SC2317,SC2016  # steps are called by name; scripts are the containers'

d() {
	docker "$@"
}

run() {
	docker run --runtime "$RUNTIME" "$@"
}

# on_pty TEXT ARG...: docker on a terminal shows TEXT.
on_pty() {
	local text=$1
	shift
	shows "$text" script -qefc "docker $*" /dev/null 0<> <(:)
}

# gone NAME: removed, whatever became of it; the status of what was before.
gone() {
	local status=$?
	docker rm -f "$@" >/dev/null 2>&1
	return "$status"
}

# fails CODE TEXT ARG...: the docker run ends with that status and a message that has TEXT.
fails() {
	dies "$1" "$2" run --rm "${@:3}"
}

# exec_fails CODE TEXT ARG...: the same of an exec in a container that runs, and goes on running.
exec_fails() {
	run -d --name web bb sleep 100 >/dev/null && dies "$1" "$2" docker exec "${@:3}" && docker exec web true
	gone web
}

dockerd_start() {
	setsid dockerd >>/share/dockerd.log 2>&1 </dev/null &
	disown
	wait_for docker version
}

dockerd_stop() {
	local pid
	pid=$(</run/docker.pid)
	kill "$@" "$pid"
	wait_for bash -c "! kill -0 $pid"
}

nothing_left() {
	none state "$(ls -d /run/docker/runtime-*/moby/* 2>/dev/null)" &&
		none cgroups "$(find /sys/fs/cgroup/docker -mindepth 1 -type d -regex '.*/[0-9a-f]+' 2>/dev/null)" && no_sleeps
}

# What a runtime has left is not the next one's.
clear_away() {
	# shellcheck disable=SC2046  # ids are words
	docker rm -f $(docker ps -aq) >/dev/null 2>&1
	rm_cgroups /sys/fs/cgroup/docker
}

export -f d run on_pty gone fails exec_fails dockerd_start dockerd_stop nothing_left

prepare() {
	export DOCKER_CLI_HINTS=false DOCKER_BUILDKIT=0
	mkdir -p /etc/docker
	echo '{ "live-restore": false, "shutdown-timeout": 5 }' >/etc/docker/daemon.json
	/share/contrib/install-runtime --runtime /share/davit --default docker >/dev/null || return
	make_dying
	make_peer crun /usr/bin/crun 'del(.linux.resources.blockIO)'
	jq '.runtimes.crun.path = "/share/peers/crun" | .runtimes.dying.path = "/share/dying/davit"' /etc/docker/daemon.json >/tmp/daemon.json
	cp /tmp/daemon.json /etc/docker/daemon.json
	step "docker: dockerd answers" dockerd_start || { tail -3 /share/dockerd.log | sed 's/^/# /'; return 1; }
	docker import /tmp/image.tar bb >/dev/null
	step "docker: davit is the default runtime" shows "^davit$" docker info --format '{{.DefaultRuntime}}'
	step "docker: info lists the runtimes" shows "davit" docker info --format '{{json .Runtimes}}'
	step "docker: a container without a wish is davit's" shows "^davit$" \
		bash -c 'd run -d --name def bb sleep 100 >/dev/null && d inspect --format "{{.HostConfig.Runtime}}" def && ls /run/docker/runtime-*/moby/*/* >/dev/null; gone def'
}

finish() {
	many_times "$@"
	dockerd_stop
}

steps_run() {
	try "run" shows "^hello$" run --rm bb echo hello
	try "run says nothing else" quiet run --rm bb true
	try "run: the program's status" ends 7 run --rm bb sh -c 'exit 7'
	try "run -i" shows "^typed$" bash -c 'echo typed | run --rm -i bb cat'
	try "run -it" on_pty "/dev/pts/0" run --runtime "$RUNTIME" --rm -it bb tty
	try "stdout and stderr apart" shows "^err$" bash -c 'run --rm bb sh -c "echo out; echo err >&2" 2>&1 >/dev/null'
	try "--init" shows "docker-init\|tini\|1 *{*.*init" run --rm --init bb ps -o pid,args
	try "--user, --group-add" shows "uid=1000 gid=1000.*7" run --rm --user 1000:1000 --group-add 7 bb id
	try "--workdir, --env, --hostname" shows "^/new/folder x h$" run --rm --workdir /new/folder --env A=x --hostname h bb sh -c 'echo $(pwd) $A $(hostname)'
	try "--cap-drop, --cap-add" shows "0000000000001000" run --rm --cap-drop all --cap-add net_admin bb grep CapEff /proc/self/status
	try "--privileged" shows "^tmpfs$" run --rm --privileged bb sh -c 'mount -t tmpfs tmpfs /tmp && stat -f -c %T /tmp'
	try "systempaths=unconfined" shows "^0$" run --rm --security-opt systempaths=unconfined bb sh -c 'grep -c " /proc/kcore " /proc/self/mountinfo; true'
	try "apparmor=unconfined, label=disable" run --rm --security-opt apparmor=unconfined --security-opt label=disable bb true
	try "limits without a controller are left out" run --rm --memory 64m --pids-limit 100 --cpu-shares 100 bb true
	try "a profile of seccomp of one's own" says_no "not permitted" bash -c 'printf "{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"syscalls\":[{\"names\":[\"mkdir\",\"mkdirat\"],\"action\":\"SCMP_ACT_ERRNO\",\"errnoRet\":1}]}" >/tmp/profile; run --rm --security-opt seccomp=/tmp/profile bb mkdir /x'
	try "seccomp=unconfined" shows "Seccomp:.0" run --rm --security-opt seccomp=unconfined bb grep Seccomp: /proc/self/status
	try "seccomp by default" shows "Seccomp:.2" run --rm bb grep Seccomp: /proc/self/status
	try "no-new-privileges" shows "NoNewPrivs:.1" run --rm --security-opt no-new-privileges bb grep NoNewPrivs /proc/self/status
	try "--ulimit" shows "^1000$" run --rm --ulimit nofile=1000:1000 bb sh -c 'ulimit -n'
	try "--sysctl" shows "^7$" run --rm --sysctl kernel.msgmax=7 bb cat /proc/sys/kernel/msgmax
	try "--oom-score-adj" shows "^100$" run --rm --oom-score-adj 100 bb cat /proc/self/oom_score_adj
	try "--pid=host" run --rm --pid=host bb sh -c 'test $$ -ne 1'
	try "--uts=host" shows "^engines$" run --rm --uts=host bb hostname
	try "--ipc=host" run --rm --ipc=host bb true
	try "--cgroupns=host" run --rm --cgroupns=host bb cat /proc/self/cgroup
	try "--pid container:" shows "sleep 1001" bash -c 'run -d --name one bb sleep 1001 >/dev/null && run --rm --pid container:one bb ps -o args; gone one'
	try "--pid container: stop of the second" bash -c 'run -d --name one bb sleep 1001 && run -d --name two --pid container:one bb sleep 1002 && d stop -t 1 two && d exec one true; gone one two'
	try "--network, --ipc container:" bash -c 'run -d --name one --ipc shareable bb sleep 1001 && run --rm --network container:one --ipc container:one bb true; gone one'
	try "--cgroup-parent" bash -c 'run -d --name one --cgroup-parent /mine bb sleep 100 && ls -d /sys/fs/cgroup/mine/*; gone one'
}

steps_mounts() {
	try "--read-only" says_no "read-only" run --rm --read-only bb touch /file
	try "--read-only --tmpfs" run --rm --read-only --tmpfs /new bb touch /new/x
	try "--tmpfs: options" shows "nosuid.*size=64k.*mode=700" run --rm --tmpfs /new:size=64k,mode=700 bb grep /new /proc/mounts
	try "-v" shows "^root:" run --rm -v /tmp/image/etc:/there:ro bb cat /there/passwd
	try "-v: ro" says_no "read-only" run --rm -v /tmp/image/etc:/there:ro bb touch /there/x
	try "-v: ro is recursive" says_no "read-only" bash -c 'mkdir -p /tmp/rec/sub; mountpoint -q /tmp/rec/sub || mount -t tmpfs tmpfs /tmp/rec/sub; run --rm -v /tmp/rec:/there:ro bb touch /there/sub/x'
	try "-v: a file" shows "^root:" run --rm -v /tmp/image/etc/passwd:/there bb cat /there
	try "a volume is kept" shows "^kept$" bash -c 'run --rm -v vol:/v bb sh -c "echo kept >/v/f" && run --rm -v vol:/v bb cat /v/f && d volume rm vol >/dev/null'
	try "a volume takes what the image has" shows "^root:" bash -c 'run --rm -v vol2:/etc bb cat /etc/passwd && d volume rm vol2 >/dev/null'
	try "--volumes-from" bash -c 'run -d --name from -v /v bb sleep 100 && run --rm --volumes-from from bb touch /v/x; gone -v from'
	try "--mount tmpfs" run --rm --mount type=tmpfs,dst=/new,tmpfs-mode=1700 bb touch /new/x
	try "--mount bind, propagation" run --rm --mount type=bind,src=/tmp,dst=/there,bind-propagation=rslave bb true
	try "--mount bind: a later mount arrives" shows "there/late" bash -c 'mkdir -p /tmp/prop/late; run -d --name prop --mount type=bind,src=/tmp/prop,dst=/there,bind-propagation=rslave bb sleep 100 >/dev/null && mount -t tmpfs late /tmp/prop/late && d exec prop cat /proc/mounts; gone prop; s=$?; umount /tmp/prop/late; exit $s'
	try "--device" run --rm --device /dev/fuse bb ls -l /dev/fuse
	try "--device of another name" run --rm --device /dev/null:/dev/other bb sh -c 'echo x >/dev/other'
	try "--device-cgroup-rule" run --rm --device-cgroup-rule 'c 10:229 rwm' bb true
	try "--shm-size" shows "size=64k" run --rm --shm-size 64k bb grep /dev/shm /proc/mounts
}

steps_errors() {
	try "a missing program is 127" fails 127 "/nope.*no such file" bb /nope
	try "a missing program of PATH is 127" fails 127 "nope.*executable file not found" bb nope
	try "no program is 126" fails 126 "/etc/passwd.*permission denied" bb /etc/passwd
	try "a directory is 126" fails 126 "/etc" bb /etc
	try "an unknown user is 125" fails 125 "nobodyhere" --user nobodyhere bb true
	try "a wrong device is 127" fails 127 "/dev/nothere" --device /dev/nothere bb true
	try "a working directory that is a file is 125" fails 125 "not a directory" --workdir /etc/passwd bb true
	try "a directory onto a file is 125" fails 125 "not a directory" -v /tmp:/etc/passwd bb true
	try "a sysctl that is not there is 127" fails 127 "nosuch.*no such file" --sysctl net.nosuch=1 bb true
	try "a hard limit below the soft one" fails 125 "" --ulimit nofile=20:10 bb true
	try "exec of a missing program is 127" exec_fails 127 "/nope.*no such file" web /nope
	try "exec of a missing program of PATH is 127" exec_fails 127 "nope.*executable file not found" web nope
	try "exec of no program is 126" exec_fails 126 "/etc/passwd.*permission denied" web /etc/passwd
	try "exec by an unknown user is 1" exec_fails 1 "nobodyhere" -u nobodyhere web true
	try "exec in a missing directory is 127" exec_fails 127 "/nope.*no such file" -w /nope web true
	try "exec in a directory that is a file is 127" exec_fails 127 "/etc/passwd.*not a directory" -w /etc/passwd web true
	try "kill of a dead one is 1" bash -c 'run -d --name web bb sleep 100 && d kill web && d wait web && dies 1 "web.*is not running" d kill web; gone web'
	try "a second of the same name is 125" bash -c 'run -d --name web bb sleep 100 && fails 125 "already in use" --name web bb true; gone web'
	try "killed is 137" shows "^137$" bash -c 'run -d --name web bb sleep 100 >/dev/null && d kill web >/dev/null && d wait web; gone web'
	try "ended by TERM is 143" shows "^143$" bash -c 'run -d --name web bb sh -c "trap \"exit 143\" TERM; while :; do sleep 0.1; done" >/dev/null && d stop web >/dev/null && d wait web; gone web'
}

steps_exec() {
	try "run -d" run -d --name web bb sleep 1000 || return
	try "exec" shows "uid=0" d exec web id
	try "exec says nothing else" quiet d exec web true
	try "exec: status" ends 3 d exec web sh -c 'exit 3'
	try "exec -it" on_pty "/dev/pts/" exec -it web tty
	try "exec -i" shows "^typed$" bash -c 'echo typed | d exec -i web cat'
	try "exec -u, -w, -e" shows "^1000 /tmp x$" d exec -u 1000 -w /tmp -e A=x web sh -c 'echo $(id -u) $(pwd) $A'
	try "exec --privileged" shows "CapEff:.*[1-9a-f]" d exec --privileged web grep CapEff /proc/self/status
	try "exec -d" bash -c 'd exec -d web sleep 77 && wait_for shows "sleep 77" d top web'
	try "top" shows "sleep 1000" d top web
	try "top: options of ps" shows "sleep 1000" d top web -eo pid,args
	try "stats" shows "web" d stats --no-stream web
	try "inspect" shows "^running$" d inspect --format '{{.State.Status}}' web
	try "logs" shows "^line$" bash -c 'run --name log bb echo line >/dev/null && d logs log; gone log'
	try "cp in and out" shows "^root:" bash -c 'd cp /tmp/image/etc/passwd web:/tmp/in >/dev/null 2>&1 && d exec web cat /tmp/in && d cp web:/tmp/in - | tar -xO'
	try "diff, export" bash -c 'd diff web && d export web | tar -t >/dev/null'
	try "update --restart" d update --restart no web
	try "pause" d pause web
	try "it is paused" shows "^paused$" d inspect --format '{{.State.Status}}' web
	try "exec in a paused one" says_no "paused" d exec web true
	try "unpause" d unpause web
	try "kill with a signal" d kill --signal 28 web
	try "rename" bash -c 'd rename web web2 && d exec web2 true && d rename web2 web'
	try "stop" d stop -t 1 web
	try "exec in a stopped one" says_no "running" d exec web true
	try "start again" d start web
	try "restart" d restart -t 0 web
	try "exec after it" shows "uid=0" d exec web id
	try "rm -f" d rm -f web
	try "create, start -a" shows "^late$" bash -c 'd create --runtime "$RUNTIME" --name late bb echo late >/dev/null && d start -a late; gone late'
	try "attach" shows "^end$" bash -c 'run -d --name att bb sh -c "sleep 2; echo end" >/dev/null && d attach --no-stdin att; gone att'
	try "rm -f of a paused one" bash -c 'run -d --name ice bb sleep 100 && d pause ice && d rm -f ice'
	try "health check" bash -c 'run -d --name well --health-cmd "test -e /tmp" --health-interval 1s bb sleep 100 && wait_for shows "^healthy$" d inspect --format "{{.State.Health.Status}}" well; gone well'
}

steps_network() {
	try "a network" d network create --subnet 10.88.7.0/24 net1
	try "a server in it" run -d --name web --network net1 -p 8088:80 bb sh -c 'mkdir -p /w; echo served >/w/index.html; exec busybox httpd -f -p 80 -h /w'
	try "its name is known to others" shows "^served$" run --rm --network net1 bb busybox wget -qO- http://web/
	try "its alias" shows "^served$" bash -c 'd network disconnect net1 web && d network connect --alias other net1 web && run --rm --network net1 bb busybox wget -qO- http://other/'
	try "a published port" wait_for shows "^served$" busybox wget -qO- http://10.99.0.2:8088/
	try "a published port by lo" wait_for shows "^served$" busybox wget -qO- http://127.0.0.1:8088/
	try "--network host" run --rm --network host bb ls /sys/class/net/uplink
	try "--network none" shows "lo:" run --rm --network none bb cat /proc/net/dev
	try "--dns, --add-host" shows "1.2.3.4" run --rm --dns 9.9.9.9 --add-host a:1.2.3.4 bb cat /etc/hosts
	try "--mac-address" shows "02:00:00:00:00:07" run --rm --network net1 --mac-address 02:00:00:00:00:07 bb cat /sys/class/net/eth0/address
	gone web
	try "network rm" d network rm net1
}

steps_images() {
	local folder=/tmp/build
	try "commit, and run of it" shows "^mine$" bash -c 'run --name src bb sh -c "echo mine >/made" && d commit src mine >/dev/null && run --rm mine cat /made; gone src; s=$?; d rmi -f mine >/dev/null; exit $s'
	mkdir -p "$folder"
	printf 'FROM bb\nRUN echo built >/made && id\nUSER 1000\nWORKDIR /w\nCMD ["cat", "/made"]\n' >"$folder/Dockerfile"
	# The old builder has no option for a runtime: it takes the default.
	[ "$RUNTIME" != davit ] || {
		try "build" d build --no-cache -t built "$folder"
		try "build: run of it" shows "^built$" run --rm built
		printf 'FROM bb\nRUN exit 9\n' >"$folder/Dockerfile"
		try "build: a RUN that fails says its status" says_no "returned a non-zero code: 9" d build --no-cache "$folder"
	}
}

steps_restart() {
	try "--restart on-failure" bash -c 'run -d --name again --restart on-failure:2 bb sh -c "exit 3" >/dev/null && wait_for shows "^exited 2 3$" d inspect --format "{{.State.Status}} {{.RestartCount}} {{.State.ExitCode}}" again; gone again'
	try "--restart always: its process killed" bash -c 'run -d --name again --restart always bb sleep 1000 && kill -9 $(d inspect --format "{{.State.Pid}}" again) && wait_for shows "^1 running" d inspect --format "{{.RestartCount}} {{.State.Status}}" again; gone again'
	try "a daemon that ends stops its containers" bash -c 'run -d --name end --restart no bb sleep 1000 && dockerd_stop && ! pgrep -f "^sleep 1000" && dockerd_start && shows "^exited$" d inspect --format "{{.State.Status}}" end; gone end'
	try "--restart always: again after a restart of the daemon" bash -c 'run -d --name again --restart always bb sleep 1000 && dockerd_stop && dockerd_start && wait_for d exec again true; gone again'
}

# live MODE: containers outlive the daemon, by its will (TERM) or not (KILL).
live() {
	local pid
	run -d --name live bb sleep 1000 >/dev/null && run -d --name ice bb sleep 1000 >/dev/null && docker pause ice >/dev/null || return
	run -d --name "short$1" --network none bb sh -c 'sleep 15; exit 5' >/dev/null || return
	pid=$(docker inspect --format '{{.State.Pid}}' live)
	dockerd_stop "$1" || return
	kill -0 "$pid" || { echo "lost with the daemon"; return 1; }
	dockerd_start || return
	[ "$pid" = "$(docker inspect --format '{{.State.Pid}}' live)" ] && docker exec live true &&
		shows '^paused$' docker inspect --format '{{.State.Status}}' ice && docker unpause ice && docker exec ice true &&
		wait_for shows '^exited 5$' docker inspect --format '{{.State.Status}} {{.State.ExitCode}}' "short$1" && docker stop -t 0 live
}

export -f live

steps_zlive() {
	[ "$(jq '."live-restore"' /etc/docker/daemon.json)" = true ] || {
		sed -i 's/"live-restore": false/"live-restore": true/' /etc/docker/daemon.json
		kill -HUP "$(</run/docker.pid)"
	}
	try "live-restore is on" wait_for shows "^true$" d info --format '{{.LiveRestoreEnabled}}'
	try_seconds=200 try "live-restore: the daemon ends" bash -c 'live -TERM; gone live ice short-TERM short-KILL'
	docker rm -f live ice short-TERM >/dev/null 2>&1
	try_seconds=200 try "live-restore: the daemon is killed" bash -c 'live -KILL; gone live ice short-TERM short-KILL'
	sed -i 's/"live-restore": true/"live-restore": false/' /etc/docker/daemon.json
	kill -HUP "$(</run/docker.pid)"
}

dying_one() {
	docker run -d --runtime dying --name "$1" bb sleep 1000
}

remove_one() {
	docker rm -f "$1" >/dev/null
}

export -f dying_one remove_one

# Of davit alone: runc leaves cgroups.
steps_faults() {
	[ "$RUNTIME" = davit ] || return 0
	try_seconds=300 try "killed in create: rm -f leaves nothing" killed_in create dying_one remove_one
	try_seconds=300 try "killed in start: rm -f leaves nothing" killed_in start dying_one remove_one
}

one_of_many() {
	docker run --rm --runtime "$RUNTIME" --network none bb echo alive
}

export -f one_of_many

steps_zmany() {
	many
}

# The daemon maps root to another user for all containers.
steps_remap() {
	dockerd_stop
	grep -q dockremap /etc/subuid 2>/dev/null || {
		echo 'dockremap:x:900:900::/:/bin/false' >>/etc/passwd
		echo 'dockremap:x:900:' >>/etc/group
		echo dockremap:300000:65536 | tee -a /etc/subuid >>/etc/subgid
	}
	jq '."userns-remap" = "dockremap"' /etc/docker/daemon.json >/tmp/daemon.json
	cp /etc/docker/daemon.json /tmp/daemon.plain
	cp /tmp/daemon.json /etc/docker/daemon.json
	if try "userns-remap: the daemon" dockerd_start; then
		docker import /tmp/image.tar bb >/dev/null
		try "userns-remap: run" shows "0 *300000 *65536" run --rm bb cat /proc/self/uid_map
		try "userns-remap: run -it" on_pty "/dev/pts/0" run --runtime "$RUNTIME" --rm -it bb tty
		try "userns-remap: exec, exec -it, top, stop" bash -c 'run -d --name web bb sleep 100 && d exec web id && on_pty /dev/pts/ exec -it web tty && d top web && d stop -t 0 web; gone web'
		try "userns-remap: a user" shows "uid=7 " run --rm --user 7 bb id
		try "userns-remap: a volume is the container's" shows "^0$" run --rm -v /v bb stat -c %u /v
		try "userns-remap: a mount of the host" shows "^65534$" run --rm -v /tmp/image/etc:/there:ro bb stat -c %u /there
		try "userns-remap: a device, tmpfs, shm" run --rm --device /dev/fuse --tmpfs /t --shm-size 64k bb sh -c 'echo >/t/x && ls -l /dev/fuse && echo x >/dev/null'
		try "userns-remap: --userns host" shows "0 *0 *" run --rm --userns host bb cat /proc/self/uid_map
		try "userns-remap: --pid container:" shows "sleep 1001" bash -c 'run -d --name one bb sleep 1001 >/dev/null && run --rm --pid container:one bb ps -o args; gone one'
		try "userns-remap: a published port" bash -c 'run -d --name web -p 8090:80 bb sh -c "mkdir -p /w; echo served >/w/index.html; exec busybox httpd -f -p 80 -h /w" && wait_for shows "^served$" busybox wget -qO- http://10.99.0.2:8090/; gone web'
		try "userns-remap: a read-only root" says_no "read-only" run --rm --read-only bb touch /x
		try "userns-remap: a missing program is 127" fails 127 "no such file" bb /nope
		try "userns-remap: nothing is left" nothing_left
		dockerd_stop
	fi
	cp /tmp/daemon.plain /etc/docker/daemon.json
	dockerd_start
}
