#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# The engines with their default settings and nothing but the runtime's name changed, on a host with
# systemd: what they ask for is asked of systemd and of the kernel's files.
# shellcheck disable=SC2016  # variables of the shell inside
load ../../cli/helpers

setup_file() {
	local rootfs=$BATS_FILE_TMPDIR/rootfs
	make_rootfs "$rootfs"
	tar -C "$rootfs" -c . >/run/bb.tar
	mkdir -p /etc/containers /etc/docker
	printf '[engine.runtimes]\ndavit = ["%s"]\n' "$DAVIT" >/etc/containers/containers.conf
	printf '{ "runtimes": { "davit": { "path": "%s" } }, "bridge": "none", "iptables": false, "ip6tables": false }' "$DAVIT" \
		>/etc/docker/daemon.json
	systemctl start user@1000
	# pasta's; nobody has set its mode in the guest, where udev does not run.
	modprobe tun
	chmod 666 /dev/net/tun
}

# quiet COMMAND...: no pipe leads into a container; a failure shows what it said.
quiet() {
	timeout 300 "$@" >"$BATS_TEST_TMPDIR/said" 2>&1 </dev/null 3>&- 4>&- || { cat "$BATS_TEST_TMPDIR/said"; return 1; }
}

# limited PID SLICE SYSTEMCTL...: the scope and the cgroup of the process have -m 64m --cpus .5 --pids-limit 20.
limited() {
	local place unit scope slice=$2
	place=/sys/fs/cgroup$(sed -n 's/^0:://p' "/proc/$1/cgroup")
	shift 2
	scope=$(dirname "$place")
	unit=$(basename "$scope")
	[ "$("$@" show "$unit" -p CPUQuotaPerSecUSec,Delegate,MemoryMax,Slice,TasksMax | sort | xargs)" = \
		"CPUQuotaPerSecUSec=500ms Delegate=yes MemoryMax=67108864 Slice=$slice TasksMax=20" ]
	[ "$(cat "$place"/{memory,pids,cpu}.max "$scope"/{memory,pids,cpu}.max | xargs)" = \
		"67108864 20 50000 100000 67108864 20 50000 100000" ]
}

# nothing_left SCOPES SYSTEMCTL...
nothing_left() {
	local try scopes=$1
	shift
	for ((try = 0; try < 1200; try++)); do
		[ "$("$@" list-units --all --no-legend "$scopes")" != "" ] || break
		sleep 0.1
	done
	[ "$("$@" list-units --all --no-legend "$scopes")" = "" ]
	[ "$("$@" --failed --no-legend)" = "" ]
}

# nobody_looks ID: at its health.
nobody_looks() {
	[ "$(systemctl list-units --no-legend --state=activating,active "$1*.service")" = "" ]
}

@test "podman: -m 64m --cpus .5 --pids-limit 20, a negative oom_score_adj, health by a timer, exec, update, rm" {
	local try pid id
	quiet podman import /run/bb.tar localhost/bb
	quiet podman --runtime davit run -d --name p -m 64m --cpus .5 --pids-limit 20 --oom-score-adj -100 --health-cmd 'test -e /proc/1' \
		--health-interval 1s localhost/bb sleep 1000
	pid=$(podman inspect -f '{{.State.Pid}}' p)
	limited "$pid" machine.slice systemctl
	[ "$(<"/proc/$pid/oom_score_adj")" = -100 ]
	id=$(podman inspect -f '{{.Id}}' p)
	[ "$(systemctl list-timers --no-legend "$id*" | wc -l)" -eq 1 ]
	for ((try = 0; try < 240; try++)); do
		[ "$(podman inspect -f '{{.State.Health.Status}}' p)" != healthy ] || break
		sleep 0.5
	done
	[ "$try" -lt 240 ]
	[ "$(podman exec p cat /proc/self/cgroup)" = 0::/ ]
	quiet podman update -m 96m p
	systemctl daemon-reload
	[ "$(cat "/sys/fs/cgroup$(sed -n 's/^0:://p' "/proc/$(podman inspect -f '{{.State.Pid}}' p)/cgroup")/memory.max")" = 100663296 ]
	# A look at the health of what is being removed would be a service that has failed.
	systemctl stop "$id*.timer"
	comes_true nobody_looks "$id"
	quiet podman rm -f -t 0 p
	nothing_left 'libpod-*' systemctl
}

@test "podman, rootless: -m 64m --cpus .5 --pids-limit 20, in the user's own systemd" {
	local user=(setpriv --reuid 1000 --regid 1000 --init-groups env -C / HOME=/home/user USER=user XDG_RUNTIME_DIR=/run/user/1000
		DBUS_SESSION_BUS_ADDRESS=unix:path=/run/user/1000/bus)
	mkdir -p /home/user
	chown 1000:1000 /home/user
	chmod 644 /run/bb.tar
	quiet "${user[@]}" podman import /run/bb.tar localhost/bb
	quiet "${user[@]}" podman --runtime davit run -d --name p -m 64m --cpus .5 --pids-limit 20 localhost/bb sleep 1000
	limited "$("${user[@]}" podman inspect -f '{{.State.Pid}}' p)" user.slice "${user[@]}" systemctl --user
	quiet "${user[@]}" podman exec p id
	quiet "${user[@]}" podman rm -f -t 0 p
	nothing_left 'libpod-*' "${user[@]}" systemctl --user
}

@test "docker: -m 64m --cpus .5 --pids-limit 20, a negative oom_score_adj, exec, stats, update, rm" {
	local try pid place
	(exec systemd-run -q --unit=test-dockerd dockerd) 3>&- 4>&-
	for ((try = 0; try < 240; try++)); do
		! docker info >/dev/null 2>&1 || break
		sleep 0.5
	done
	[[ $(docker info 2>&1) == *"Cgroup Driver: systemd"* ]]
	quiet docker import /run/bb.tar bb
	quiet docker run --runtime davit --network none -d --name d1 -m 64m --cpus .5 --pids-limit 20 --oom-score-adj -100 bb sleep 1000
	pid=$(docker inspect -f '{{.State.Pid}}' d1)
	limited "$pid" system.slice systemctl
	[ "$(<"/proc/$pid/oom_score_adj")" = -100 ]
	[[ $(docker stats --no-stream --format '{{.Name}} {{.MemUsage}} {{.PIDs}}' d1) =~ ^d1\ [1-9][0-9.]*[KM]iB\ /\ 64MiB\ 1$ ]]
	[ "$(docker exec d1 cat /proc/self/cgroup)" = 0::/ ]
	quiet docker update -m 96m --memory-swap 128m --cpus .25 --pids-limit 30 d1
	place=/sys/fs/cgroup$(sed -n 's/^0:://p' "/proc/$pid/cgroup")
	[ "$(cat "$place"/{memory,memory.swap,cpu,pids}.max | xargs)" = "100663296 33554432 25000 100000 30" ]
	quiet docker rm -f d1
	systemctl stop test-dockerd
	nothing_left 'docker-*' systemctl
}

@test "containerd: SystemdCgroup = true" {
	local try ctr
	mkdir -p /etc/containerd
	(exec systemd-run -q --unit=test-containerd containerd) 3>&- 4>&-
	ctr=(ctr -a /run/containerd/containerd.sock)
	for ((try = 0; try < 400; try++)); do
		! "${ctr[@]}" version >/dev/null 2>&1 || break
		sleep 0.3
	done
	tar -C "$BATS_FILE_TMPDIR" -c rootfs >/dev/null
	quiet "${ctr[@]}" run -d --rootfs --runtime io.containerd.runc.v2 --runc-binary "$DAVIT" --runc-systemd-cgroup --memory-limit 67108864 \
		--cpus .5 --cgroup system.slice:t:c --null-io "$BATS_FILE_TMPDIR/rootfs" c sleep 1000
	[ "$(systemctl show t-c.scope -p CPUQuotaPerSecUSec,Delegate,MemoryMax,Slice | sort | xargs)" = \
		"CPUQuotaPerSecUSec=500ms Delegate=yes MemoryMax=67108864 Slice=system.slice" ]
	[ "$(cat /sys/fs/cgroup/system.slice/t-c.scope/container/{memory,cpu}.max | xargs)" = "67108864 50000 100000" ]
	quiet "${ctr[@]}" task kill -s 9 c
	for ((try = 0; try < 400; try++)); do
		! "${ctr[@]}" task rm c >/dev/null 2>&1 || break
		sleep 0.3
	done
	quiet "${ctr[@]}" container rm c
	systemctl stop test-containerd
	nothing_left 't-c.scope' systemctl
}
