# shellcheck shell=bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# The steps of root's Podman (see suite) that are not in `rootless -m rootful`: davit as contrib/install-runtime
# makes it known, networks, errors as the user sees them, faults, and many containers.
# Not on this machine, but in the guest (vm/systemd/engines.bats): limits that hold (-m, --cpus, --pids-limit) and update of them,
# health checks by systemd's timers, a negative oom_score_adj, systemd's cgroups.
# shellcheck disable=SC2317,SC2016  # steps are called by name; scripts are the containers'

p() {
	podman --runtime "$RUNTIME" "$@"
}

run() {
	p run "$@"
}

# gone NAME...: removed, whatever became of it; the status of what was before.
gone() {
	local status=$?
	podman rm -f -t 0 "$@" >/dev/null 2>&1
	return "$status"
}

# fails CODE TEXT ARG...: the run ends with that status and a message that has TEXT.
fails() {
	dies "$1" "$2" run --rm "${@:3}"
}

# exec_fails CODE TEXT ARG...: the same of an exec in a container that runs, and goes on running.
exec_fails() {
	run -d --name web bb sleep 100 >/dev/null && dies "$1" "$2" p exec "${@:3}" && p exec web true
	gone web
}

clear_away() {
	timeout 30 podman pod rm -af -t 0
	timeout 60 podman rm -af -t 0
	podman volume rm -af
	rm_cgroups /sys/fs/cgroup/libpod_parent
} >/dev/null 2>&1

nothing_left() {
	none state "$(ls "/run/$RUNTIME" 2>/dev/null)" &&
		none cgroups "$(find /sys/fs/cgroup -type d -name 'libpod-[0-9a-f]*')" && no_sleeps
}

export -f p run gone fails exec_fails clear_away nothing_left

prepare() {
	export PODMAN_IGNORE_CGROUPSV1_WARNING=1
	mkdir -p /etc/containers
	cat >/etc/containers/containers.conf <<-'END'
		[engine]
		cgroup_manager = "cgroupfs"
		events_logger = "file"
		[containers]
		log_driver = "k8s-file"
		pids_limit = 0
		default_ulimits = ["nofile=20000:20000", "nproc=9000:9000"]
	END
	/share/contrib/install-runtime --runtime /share/davit --default podman >/dev/null || return
	step "podman: import" podman import /tmp/image.tar localhost/bb || return
	step "podman: davit is the default runtime" shows "^davit /share/davit$" \
		podman info --format '{{.Host.OCIRuntime.Name}} {{.Host.OCIRuntime.Path}}'
	step "podman: a container without a wish is davit's" shows "^davit$" \
		bash -c 'podman run -d --name def bb sleep 100 >/dev/null && podman inspect --format "{{.OCIRuntime}}" def; gone def'
	step "podman: --cgroups=disabled without a wish" podman run --rm --cgroups=disabled --network none bb true
}

finish() {
	many_times "$@"
}

steps_network() {
	try "a network" p network create --subnet 10.66.7.0/24 net1
	try "a server in it" run -d --name web --network net1 -p 8088:80 bb sh -c 'mkdir -p /w; echo served >/w/index.html; exec busybox httpd -f -p 80 -h /w'
	try "a published port" wait_for shows "^served$" busybox wget -qO- http://10.99.0.2:8088/
	try "its address is reached by others" shows "^served$" bash -c 'run --rm --network net1 bb busybox wget -qO- http://$(p inspect --format "{{.NetworkSettings.Networks.net1.IPAddress}}" web)/'
	try "its name is known to others" shows "^served$" run --rm --network net1 bb busybox wget -qO- http://web/
	try "exec in it" p exec web ls /sys/class/net/eth0
	try "the default bridge" shows "eth0" run --rm bb cat /proc/net/dev
	try "--network host" run --rm --network host bb ls /sys/class/net/uplink
	try "--mac-address, --ip" shows "02:00:00:00:00:07" run --rm --network net1 --ip 10.66.7.77 --mac-address 02:00:00:00:00:07 bb cat /sys/class/net/eth0/address
	try "--dns, --add-host" shows "1.2.3.4" run --rm --dns 9.9.9.9 --add-host a:1.2.3.4 bb cat /etc/hosts
	try "a pod with a published port" shows "^pod$" bash -c 'p pod create --name pod -p 8089:80 && p run -d --pod pod --name inpod bb sh -c "mkdir -p /w; echo pod >/w/index.html; exec busybox httpd -f -p 80 -h /w" && wait_for shows "^pod$" busybox wget -qO- http://10.99.0.2:8089/ && busybox wget -qO- http://10.99.0.2:8089/; s=$?; p pod rm -f -t 0 pod >/dev/null; exit $s'
	gone web
	try "network rm" p network rm net1
}

steps_errors() {
	try "a missing program is 127" fails 127 "/nope.*no such file" bb /nope
	try "a missing program of PATH is 127" fails 127 "nope.*not found" bb nope
	try "no program is 126" fails 126 "/etc/passwd.*permission denied" bb /etc/passwd
	try "a directory is 126" fails 126 "/etc" bb /etc
	try "an unknown user is 126" fails 126 "nobodyhere" --user nobodyhere bb true
	try "a wrong device is 125" fails 125 "/dev/nothere" --device /dev/nothere bb true
	try "a missing source is 125" fails 125 "nothere" -v /nothere:/there bb true
	try "a missing working directory is 126" fails 126 "/nope" --workdir /nope bb true
	try "a working directory that is a file is 126" fails 126 "/etc/passwd.*not a directory" --workdir /etc/passwd bb true
	try "a directory onto a file is 126" fails 126 "not a directory" -v /tmp:/etc/passwd bb true
	try "a sysctl that is not there is 127" fails 127 "nosuch" --sysctl net.nosuch=1 bb true
	try "an image that is not there is 125" fails 125 "nothere" --pull never nothere true
	try "exec of a missing program is 127" exec_fails 127 "/nope.*no such file" web /nope
	try "exec of a missing program of PATH is 127" exec_fails 127 "nope.*not found" web nope
	try "exec of a directory is 126" exec_fails 126 "/etc" web /etc
	try "exec of no program is 126" exec_fails 126 "/etc/passwd.*permission denied" web /etc/passwd
	try "exec by an unknown user is 255" exec_fails 255 "nobodyhere" -u nobodyhere web true
	try "exec in a missing directory is 127" exec_fails 127 "/nope.*no such file" -w /nope web true
	try "kill of a dead one is 125" bash -c 'run -d --name web bb sleep 100 && p kill web && p wait web && dies 125 "can only kill running containers" p kill web; gone web'
	try "a second of the same name is 125" bash -c 'run -d --name web bb sleep 100 && fails 125 "already in use" --name web bb true; gone web'
	try "killed is 137" shows "^137$" bash -c 'run -d --name web bb sleep 100 >/dev/null && p kill web >/dev/null && p wait web; gone web'
}

steps_more() {
	try "--cgroups=split" shows "^x$" run --rm --cgroups=split --network none bb echo x
	try "--cgroups=disabled" shows "^x$" run --rm --cgroups=disabled --network none bb echo x
	try "a seccomp profile of one's own" says_no "not permitted" bash -c 'printf "{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"syscalls\":[{\"names\":[\"mkdir\",\"mkdirat\"],\"action\":\"SCMP_ACT_ERRNO\",\"errnoRet\":1}]}" >/tmp/profile; run --rm --security-opt seccomp=/tmp/profile bb mkdir /x'
	try "--restart=always: its process killed" bash -c 'run -d --name again --restart=always bb sleep 1000 && kill -9 $(p inspect --format "{{.State.Pid}}" again) && sleep 1 && wait_for p exec again true; gone again'
	try "--device-cgroup-rule" run --rm --device-cgroup-rule 'c 10:229 rwm' bb true
	try "a health check that fails" bash -c 'run -d --name ill --health-cmd false --health-interval disable bb sleep 100 && ends 1 p healthcheck run ill; gone ill'
	try "update" bash -c 'run -d --name up bb sleep 100 && p update --restart=no up; gone up'
	try "wait for two" shows "^3 4$" bash -c 'run -d --name a bb sh -c "exit 3" >/dev/null && run -d --name b bb sh -c "exit 4" >/dev/null && echo $(p wait a b); gone a b'
	try "stats" shows "st" bash -c 'run -d --name st bb sleep 100 && p stats --no-stream --no-reset st; gone st'
	try "rm -f while it runs, ten" bash -c 'for i in 1 2 3 4 5 6 7 8 9 10; do run -d --name ten$i --network none bb sleep 100 || exit 1; done; p rm -f -t 0 ten1 ten2 ten3 ten4 ten5 ten6 ten7 ten8 ten9 ten10'
}

dying_one() {
	podman --runtime /share/dying/davit run -d --network none --name "$1" bb sleep 1000
}

remove_one() {
	podman rm -f -t 0 "$1" >/dev/null
}

one_of_many() {
	podman --runtime "$RUNTIME" run --rm --network none localhost/bb echo alive
}

export -f dying_one remove_one one_of_many

# Of davit alone: after runc was killed its Podman waits for minutes.
steps_zfaults() {
	[ "$RUNTIME" = davit ] || return 0
	make_dying
	try_seconds=300 try "killed in create: rm -f leaves nothing" killed_in create dying_one remove_one
	try_seconds=300 try "killed in start: rm -f leaves nothing" killed_in start dying_one remove_one
}

steps_zmany() {
	many
}
