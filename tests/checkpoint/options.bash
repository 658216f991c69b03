# shellcheck shell=bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Tests of options of checkpoint and restore. The program in the container is holder (holder.c).
# shellcheck disable=SC2016,SC2154

# holds WHAT [NAME [ARG... FILTER]]: the container runs, and has it.
holds() {
	local what=$1 name=${2-}
	shift "$(($# < 2 ? $# : 2))"
	mkdir -p b/rootfs
	cp /share/holder b/rootfs/holder
	[ $# -gt 0 ] || set -- .
	bundle b --arg what "$what" --arg name "$name" "${@:1:$#-1}" \
		'.process.args = ["/holder", $what, $name] | '"${*: -1}"
	dv run -d -b b "$ID" > >(exec cat >out) 2>&1
	grows out
}

# comes_back [OPTION...]
comes_back() {
	dv restore --image-path img -b b -d "$@" "$ID" > >(exec cat >>out) 2>&1 || { tail -1 out; return 1; }
	grows out
	goes_on out
}

file_locks() {
	local pid
	holds lock /tmp/lock
	refused "lock" dv checkpoint --image-path img "$ID"
	grows out
	dv checkpoint --image-path img --file-locks "$ID"
	comes_back --file-locks
	pid=$(pid_of "$ID")
	grep -qE "POSIX +ADVISORY +WRITE +$pid " /proc/locks
	dv delete -f "$ID"
}

link_remap() {
	holds removed /tmp/name
	refused "link" dv checkpoint --image-path img "$ID"
	grows out
	dv checkpoint --image-path img --link-remap "$ID"
	comes_back
	ls -a b/rootfs/tmp >names
	[ "$(grep -v '^\.*$' names)" = name.other ]
	dv delete -f "$ID"
}

ext_unix_sk() {
	local reader
	mkdir outside
	cat >reader.py <<-'END'
		import socket
		s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM); s.bind("outside/socket")
		out = open("received", "wb", 0)
		while True: out.write(s.recv(100))
	END
	python3 reader.py &
	reader=$!
	wait_for test -S outside/socket
	holds datagrams /outside/socket --arg t "$T" \
		'.mounts += [{ destination: "/outside", type: "bind", source: "\($t)/outside", options: ["bind"] }]'
	refused "ext-unix-sk" dv checkpoint --image-path img "$ID"
	grows out
	dv checkpoint --image-path img --ext-unix-sk "$ID"
	comes_back --ext-unix-sk
	grows received
	goes_on received
	dv delete -f "$ID"
	kill "$reader"
}

tcp_skip_in_flight() {
	local client
	holds backlog 5101
	python3 -c 'import socket, time; s = socket.create_connection(("127.0.0.1", 5101)); print(1, flush=True); time.sleep(60)' >connected &
	client=$!
	wait_for test -s connected
	refused "skip-in-flight" dv checkpoint --image-path img "$ID"
	grows out
	dv checkpoint --image-path img --tcp-skip-in-flight "$ID"
	comes_back
	grep -qE ' 00000000:13ED 00000000:0000 0A ' "/proc/$(pid_of "$ID")/net/tcp"
	dv delete -f "$ID"
	kill "$client"
}

auto_dedup() {
	local before
	holds memory
	dv checkpoint --image-path img "$ID"
	before=$(du -k img/pages-1.img | cut -f1)
	[ "$before" -gt 8000 ]
	comes_back --auto-dedup
	[ "$(du -k img/pages-1.img | cut -f1)" -lt $((before / 2)) ]
	dv delete -f "$ID"
}

empty_network() {
	holds memory '' '.linux.namespaces += [{ type: "network" }]'
	nsenter -t "$(pid_of "$ID")" -n sh -c 'ip link add eth7 type veth peer name peer && ip addr add 10.1.1.1/24 dev eth7'
	dv checkpoint --image-path img --empty-ns network "$ID"
	comes_back --empty-ns network
	nsenter -t "$(pid_of "$ID")" -n ip -o link show >links
	! grep eth7 links || return 1
	grep lo links
	dv delete -f "$ID"
}

# bound_to: the CPUs of the container's first process.
bound_to() {
	sed -n 's/^Cpus_allowed_list:\t//p' "/proc/$(pid_of "$ID")/status"
}

other_cpus() {
	local all
	holds memory
	all=$(bound_to)
	dv checkpoint --image-path img "$ID"
	taskset -c "${all%%[-,]*}" "$DAVIT" --root "$STATE" restore --image-path img -b b -d "$ID" > >(exec cat >>out) 2>&1
	grows out
	[ "$(bound_to)" = "$all" ]
	dv delete -f "$ID"
}

cgroup_modes() {
	local mode
	holds memory
	for mode in ignore cg_none props soft full default; do
		rm -rf img
		dv checkpoint --image-path img --manage-cgroups-mode "$mode" "$ID" || { echo "$mode"; return 1; }
		comes_back --manage-cgroups-mode "$mode" || { echo "$mode"; return 1; }
		grep -qx "0::/$ID" "/proc/$(pid_of "$ID")/cgroup" || { cat "/proc/$(pid_of "$ID")/cgroup"; return 1; }
	done
	rm -rf img
	dv checkpoint --image-path img "$ID"
	refused "strict cannot be restored" dv restore --image-path img --manage-cgroups-mode strict -b b -d "$ID"
	[ ! -e "$STATE/$ID" ]
}

network_lock() {
	local method
	for method in iptables nftables skip; do
		rm -rf img b out out2
		tcp_bundle '.linux.namespaces += [{ type: "network" }] | .process.args = ["sh", "/tcp.sh"]'
		dv run -d -b b "$ID" > >(exec cat >out) 2>&1
		grows out
		dv checkpoint --image-path img --tcp-established --network-lock "$method" "$ID" || { echo "$method"; grep -E 'Error|Warn' img/dump.log; return 1; }
		dv restore --image-path img --tcp-established --network-lock "$method" -b b -d "$ID" > >(exec cat >out2) 2>&1 || { echo "$method"; return 1; }
		grows out2
		goes_on out2
		dv delete -f "$ID"
	done
}

tcp_close() {
	tcp_bundle '.linux.namespaces += [{ type: "network" }] | .process.args = ["sh", "/tcp.sh"]'
	dv run -d -b b "$ID" > >(exec cat >out) 2>&1
	grows out
	grep -qE ':1388( [0-9A-F:]+)? 01 ' "/proc/$(pid_of "$ID")/net/tcp"
	dv checkpoint --image-path img --tcp-established "$ID"
	dv restore --image-path img --tcp-close -b b -d "$ID" > >(exec cat >out2) 2>&1
	! grep -E ':1388( [0-9A-F:]+)? 01 ' "/proc/$(pid_of "$ID")/net/tcp" || return 1
	dv delete -f "$ID"
}

# See pipe-size.c. davit finds criu in PATH.
smaller_pipe() {
	mkdir bin
	printf '#!/bin/sh\nLD_PRELOAD=/share/pipe-size.so exec %s "$@"\n' "$(command -v criu)" >bin/criu
	chmod 755 bin/criu
	PATH=$PWD/bin:$PATH
}

lazy_pages() {
	local dump daemon pid
	smaller_pipe
	holds memory
	pid=$(pid_of "$ID")
	mkdir img work
	mkfifo ready
	exec 7<>ready
	exec 8>ready
	"$DAVIT" --root "$STATE" checkpoint --image-path img --work-path work --lazy-pages \
		--page-server 127.0.0.1:7124 --status-fd 8 "$ID" >said 2>&1 &
	dump=$!
	timeout 20 head -c 1 <&7 >byte || { cat said work/dump.log; return 1; }
	[ "$(od -An -tx1 byte | tr -d ' ')" = 00 ]
	[ -e "/proc/$pid" ]
	criu lazy-pages --page-server --address 127.0.0.1 --port 7124 -D img -o lazy.log &
	daemon=$!
	wait_for test -S img/lazy-pages.socket
	dv restore --image-path img -b b -d --lazy-pages "other$ID" > >(exec cat >>out) 2>&1 || { cat said; tail -2 out; return 1; }
	wait "$dump" || { cat said; return 1; }
	wait "$daemon"
	is_gone "$pid"
	[ ! -e "$STATE/$ID" ]
	grows out
	goes_on out
	dv delete -f "other$ID"
}

# Standard streams are the caller's terminal; the restored program's are another one.
shell_job() {
	bundle b
	script -qfc "$DAVIT --root $STATE run -b b $ID" one >/dev/null 2>&1 </dev/null &
	wait_for grows one
	dv checkpoint --image-path img --shell-job "$ID"
	wait
	script -qfc "$DAVIT --root $STATE restore --image-path img -b b --shell-job $ID" two >/dev/null 2>&1 </dev/null &
	wait_for grows two
	readlink "/proc/$(pid_of "$ID")/fd/1" | grep '^/dev/pts/'
	dv delete -f "$ID"
	wait
}
