# shellcheck shell=bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# The steps of Docker's Swarm mode (see suite): a manager here and a worker in a network namespace of its own,
# both with $RUNTIME as their default runtime. There may be no IPVS: services are found by DNS alone.
# shellcheck disable=SC2317,SC2016  # steps are called by name; scripts are the containers'

m() {
	docker -H unix:///run/manager.sock "$@"
}

w() {
	docker -H unix:///run/worker.sock "$@"
}

# daemon NAME COMMAND...: dockerd as that node.
daemon() {
	setsid "${@:2}" dockerd --data-root "/var/lib/docker/$1" --exec-root "/run/$1" --pidfile "/run/$1.pid" \
		-H "unix:///run/$1.sock" >>"/share/$1.log" 2>&1 </dev/null &
	disown
	wait_for docker -H "unix:///run/$1.sock" version
}

stop_daemon() {
	local pid
	pid=$(cat "/run/$1.pid" 2>/dev/null) || return 0
	kill "$pid"
	wait_for bash -c "! kill -0 $pid"
}

# runs N: the service has so many tasks, all of them running.
runs() {
	shows "^$1/$1$" m service ls --format '{{.Replicas}}'
}

# lasting COMMAND...: as wait_for, a minute longer.
lasting() {
	wait_for "$@" || wait_for "$@" || wait_for "$@"
}

clear_away() {
	m service rm web
	m swarm leave --force
	stop_daemon worker
	stop_daemon manager
	ip link del swarm0
	ip netns del worker
	rm_cgroups /sys/fs/cgroup/docker
	rm -rf /var/lib/docker/manager /var/lib/docker/worker /run/manager /run/worker
} >/dev/null 2>&1

# What a daemon ends after its service was removed takes its time.
all_ended() {
	no_sleeps && none state "$(ls -d /run/{manager,worker}/runtime-*/moby/* 2>/dev/null)" &&
		none cgroups "$(find /sys/fs/cgroup/docker -mindepth 1 -type d -regex '.*/[0-9a-f]+' 2>/dev/null)"
}

nothing_left() {
	m service rm web >/dev/null 2>&1
	w swarm leave --force >/dev/null 2>&1
	wait_for all_ended || all_ended
}

# The tasks of the service on both nodes are containers of $RUNTIME.
all_of_the_runtime() {
	local node id
	for node in m w; do
		[ -n "$("$node" ps -q)" ] || { echo "no task on node $node"; return 1; }
		for id in $("$node" ps -q); do
			shows "^$RUNTIME$" "$node" inspect --format '{{.HostConfig.Runtime}}' "$id" || return
		done
	done
}

# Of the tasks on a node that is lost nobody knows that they ended: the service counts them too.
four_here() {
	[ "$(m ps -q --filter status=running | wc -l)" -eq 4 ]
}

exec_in_each() {
	local node id
	for node in m w; do
		for id in $("$node" ps -q); do
			shows "^sleep 1000" "$node" exec "$id" ps -o args || return
		done
	done
}

export -f daemon stop_daemon m w runs lasting four_here all_ended nothing_left all_of_the_runtime exec_in_each

prepare() {
	export DOCKER_CLI_HINTS=false
	/share/contrib/install-runtime --runtime /share/davit --default docker >/dev/null || return
	[[ " $* " != *" crun "* ]] || {
		make_peer crun /usr/bin/crun 'del(.linux.resources.blockIO)'
		jq '.runtimes.crun.path = "/share/peers/crun"' /etc/docker/daemon.json >/tmp/daemon.json
		cp /tmp/daemon.json /etc/docker/daemon.json
	}
}

finish() {
	:
}

steps_swarm() {
	jq --arg r "$RUNTIME" '."default-runtime" = $r' /etc/docker/daemon.json >/tmp/daemon.json
	cp /tmp/daemon.json /etc/docker/daemon.json
	ip netns add worker
	ip link add swarm0 type veth peer name swarm1 netns worker
	ip addr add 10.98.0.1/24 dev swarm0
	ip link set swarm0 up
	nsenter --net=/run/netns/worker sh -c 'ip link set lo up; ip addr add 10.98.0.2/24 dev swarm1; ip link set swarm1 up; ip route add default via 10.98.0.1'
	try "the manager's daemon" daemon manager env || return
	try "the worker's daemon" daemon worker nsenter --net=/run/netns/worker || return
	m import /tmp/image.tar bb >/dev/null
	w import /tmp/image.tar bb >/dev/null
	try "swarm init" m swarm init --advertise-addr 10.98.0.1 || return
	try "swarm join" w swarm join --token "$(m swarm join-token -q worker)" --advertise-addr 10.98.0.2 10.98.0.1:2377 || return
	try "two nodes are ready" wait_for bash -c '[ "$(m node ls --format "{{.Status}}" | grep -c Ready)" -eq 2 ]'
	try "an overlay network" m network create -d overlay --attachable ov
	try "a service of four" m service create -d --no-resolve-image --name web --replicas 4 --network ov --endpoint-mode dnsrr bb sleep 1000
	try "four run" lasting runs 4
	try "on both nodes, by the runtime" wait_for all_of_the_runtime
	try "exec in each" exec_in_each
	try "its name is known" bash -c 'shows "Address.*10\." m exec "$(m ps -q | head -1)" busybox nslookup web'
	try "they reach each other over vxlan" bash -c 'a=$(w exec "$(w ps -q | head -1)" busybox hostname -i) && m exec "$(m ps -q | head -1)" busybox ping -c 1 -W 5 "$a"'
	try "scale to six" bash -c 'm service scale -d web=6 && lasting runs 6'
	try "scale to four" bash -c 'm service scale -d web=4 && lasting runs 4'
	try_seconds=120 try "a rolling update" bash -c 'm service update -d --no-resolve-image --env-add A=new --update-parallelism 2 web && lasting shows "^completed$" m service inspect --format "{{.UpdateStatus.State}}" web && runs 4 && m exec "$(m ps -q | head -1)" sh -c "test \$A = new"'
	try "a task that is killed is replaced" bash -c 'kill -9 $(m inspect --format "{{.State.Pid}}" $(m ps -q | head -1)) && sleep 1 && lasting runs 4'
	nsenter --net=/run/netns/worker ip link set swarm1 down
	try_seconds=240 try "the worker is lost: four run on the manager" \
		bash -c 'lasting four_here || { m node ls; m service ps web; m ps; false; }'
	nsenter --net=/run/netns/worker sh -c 'ip link set swarm1 up; ip route add default via 10.98.0.1'
	try_seconds=150 try "the worker is back: four still run" \
		lasting bash -c '[ "$(m node ls --format "{{.Status}}" | grep -c Ready)" -eq 2 ] && runs 4'
}
