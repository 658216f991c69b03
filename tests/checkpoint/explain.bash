# shellcheck shell=bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# checkpoint --explain: each line that it says is one that criu refuses, and the option that it names
# helps. The program in the container is holder (holder.c).
# shellcheck disable=SC2016,SC2154

# clear [OPTION...]: nothing is said.
clear() {
	dv checkpoint --explain "$@" "$ID" >said 2>&1 || { echo "explain $*:"; cat said; return 1; }
	[ ! -s said ] || { cat said; return 1; }
}

# said TEXT [OPTION...]: one line, which has it, and nothing is touched.
said() {
	local text=$1 status=0
	shift
	dv checkpoint --explain --image-path explained "$@" "$ID" >said 2>err || status=$?
	if [ "$status" -ne 1 ] || [ -s err ] || [ "$(wc -l <said)" -ne 1 ] || ! grep -qF -- "$text" said; then
		echo "explain $*: status $status, not one line with '$text':"
		cat said err
		return 1
	fi
	[ ! -e explained ]
}

# obstacle TEXT CRIU'S-TEXT [OPTION...]: it is said, criu does refuse it for that reason, and the
# container goes on. With options there is nothing to say, and criu takes it.
obstacle() {
	local text=$1 criu=$2
	shift 2
	grows out
	said "$text"
	refused "" dv checkpoint --image-path img "$ID"
	grep -qE -- "$criu" img/dump.log || { echo "criu does not say '$criu':"; grep Error img/dump.log; return 1; }
	rm -rf img
	grows out
	if [ $# -gt 0 ]; then
		clear "$@"
		dv checkpoint --image-path img "$@" "$ID"
		rm -rf img
	else
		dv delete -f "$ID"
	fi
	rm -rf b out
}

# A container that has everything that is no obstacle.
explain_nothing() {
	mkdir volume
	bundle b --arg t "$T" '.linux.namespaces += [{ type: "network" }] | .linux.maskedPaths += ["/proc/uptime"]
		| .mounts += [{ destination: "/data", type: "bind", source: "\($t)/volume", options: ["rbind", "rslave"] }]'
	dv run -d -b b "$ID" > >(exec cat >out) 2>&1
	grows out
	clear
	dv checkpoint --image-path img "$ID"
	dv restore --image-path img -b b -d "$ID" > >(exec cat >out2) 2>&1
	grows out2
	clear
	dv delete -f "$ID"
	refused "does not exist" dv checkpoint --explain "$ID"
}

explain_sockets() {
	local reader
	tcp_bundle '.linux.namespaces += [{ type: "network" }] | .process.args = ["sh", "/tcp.sh"]'
	dv run -d -b b "$ID" > >(exec cat >out) 2>&1
	grows out
	dv checkpoint --explain "$ID" >said && return 1
	! grep -v -- "an open TCP connection; --tcp-established" said || return 1
	refused "--tcp-established" dv checkpoint --image-path img "$ID"
	clear --tcp-established
	dv delete -f "$ID"
	rm -rf b out
	holds backlog 5102
	python3 -c 'import socket, time; s = socket.create_connection(("127.0.0.1", 5102)); print(1, flush=True); time.sleep(60)' >connected &
	reader=$!
	wait_for test -s connected
	obstacle --tcp-skip-in-flight 'In-flight connection' --tcp-skip-in-flight
	kill "$reader"
	mkdir outside
	cat >reader.py <<-'END'
		import socket, time
		d = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM); d.bind("outside/datagrams")
		s = socket.socket(socket.AF_UNIX); s.bind("outside/stream"); s.listen(1)
		a, _ = s.accept()
		while True: d.recv(100)
	END
	python3 reader.py &
	reader=$!
	wait_for test -S outside/stream
	holds stream /outside/stream --arg t "$T" \
		'.mounts += [{ destination: "/outside", type: "bind", source: "\($t)/outside", options: ["bind"] }]'
	obstacle "connected to one outside" 'External socket is used'
	holds datagrams /outside/datagrams --arg t "$T" \
		'.mounts += [{ destination: "/outside", type: "bind", source: "\($t)/outside", options: ["bind"] }]'
	obstacle --ext-unix-sk 'External socket is used' --ext-unix-sk
	kill "$reader"
	wait
	if python3 -c 'import socket; socket.socket(socket.AF_ALG, socket.SOCK_SEQPACKET)' 2>/dev/null; then
		holds alg
		obstacle "a socket of ALG" 'Unknown pair family|not collected'
	fi
}

explain_files() {
	holds lock /tmp/lock
	obstacle --file-locks 'file locks are hold' --file-locks
	holds removed /tmp/name
	obstacle --link-remap 'link-remap|link remap' --link-remap
	holds big /tmp/big
	obstacle "larger than 1 MiB" 'increase limit'
	holds device /dev/fuse '.linux.devices = [{ path: "/dev/fuse", type: "c", major: 10, minor: 229, fileMode: 438 }]
		| .linux.resources.devices += [{ allow: true, type: "c", major: 10, minor: 229, access: "rw" }]'
	obstacle "/dev/fuse: criu cannot restore an open device" "Can't dump file"
	holds uring
	obstacle "io_uring" "Can't dump file|send_fds failed"
	holds mapped
	obstacle "is mapped, which is no file" "map"
	echo outside >given
	mkdir -p b/rootfs
	cp /share/holder b/rootfs/holder
	bundle b '.process.args = ["/holder", "memory"]'
	dv run -d --preserve-fds 1 -b b "$ID" 3<given > >(exec cat >out) 2>&1
	obstacle "/given: it is not in a mount of the container's" "Can't lookup mount"
}

explain_processes() {
	holds sysv '' '.linux.namespaces |= map(select(.type != "ipc"))'
	obstacle "shared memory of System V" "doesn't live in IPC ns"
	holds uts '' '.process.capabilities |= map_values(. + ["CAP_SYS_ADMIN"])'
	obstacle "in a uts namespace of its own" 'nested uts'
	holds user
	obstacle "in a user namespace of its own" 'nested user'
	holds pid '' '.process.capabilities |= map_values(. + ["CAP_SYS_ADMIN"])'
	obstacle "in a pid namespace of its own" 'nested pid'
	# criu tries for ten seconds by itself.
	mkdir -p /etc/criu
	echo 'timeout 1' >/etc/criu/davit.conf
	holds traced
	obstacle "it is traced by process" 'zombie [0-9]+ .*found while seizing|Timeout reached'
	rm /etc/criu/davit.conf
	# Those of exec are none that criu dumps: no obstacle.
	holds memory
	dv exec -d "$ID" /holder lock /tmp/lock >/dev/null 2>&1 </dev/null
	clear
	dv checkpoint --image-path img "$ID"
}

explain_mounts() {
	mkdir more
	holds memory
	echo '[{ "destination": "/tmp", "type": "bind", "source": "'"$T/more"'", "options": ["bind"] }]' >mounts
	dv mounts add "$ID" mounts
	obstacle "mount /tmp: a bind mount that config.json does not have" "doesn't have a proper root mount"
	holds memory
	nsenter -t "$(pid_of "$ID")" -m "/proc/$$/root/bin/busybox" mount -t ramfs ramfs /var ||
		nsenter -t "$(pid_of "$ID")" -m --root /bin/busybox mount -t ramfs ramfs /var
	obstacle "mount /var: a file system of type ramfs" "unsupported id"
}

explain_network() {
	holds memory '' '.linux.namespaces += [{ type: "network" }]'
	nsenter -t "$(pid_of "$ID")" -n ip link add ifb0 type ifb
	obstacle "network device ifb0: criu cannot make one of kind ifb" "Unsupported link" --empty-ns network
}

explain_criu() {
	bundle b
	dv run -d -b b "$ID" > >(exec cat >out) 2>&1
	grows out
	env PATH=/nonexistent "$DAVIT" --root "$STATE" checkpoint --explain "$ID" >said && return 1
	grep "package criu" said
	dv pause "$ID"
	clear
	dv delete -f "$ID"
	bundle c '.linux.namespaces |= map(select(.type != "mount")) | del(.linux.maskedPaths, .linux.readonlyPaths) | .mounts = []'
	dv run -d -b c "$ID" >out2 2>&1
	said "it has no mount namespace of its own"
	dv delete -f "$ID"
}

# Standard streams that are the caller's terminal are no obstacle, another descriptor of one is.
explain_terminal() {
	mkdir -p b/rootfs
	cp /share/holder b/rootfs/holder
	bundle b '.process.args = ["/holder", "memory"]'
	script -qfc "$DAVIT --root $STATE run -b b $ID" one >/dev/null 2>&1 </dev/null &
	wait_for grows one
	clear
	dv checkpoint --image-path img "$ID"
	wait
	rm -rf img
	script -qfc "$DAVIT --root $STATE run -d --preserve-fds 1 -b b $ID 3<>\$(tty) </dev/null >out 2>&1; sleep 1000" two >/dev/null 2>&1 </dev/null &
	wait_for grows out
	obstacle --shell-job "Can't lookup mount" --shell-job
	pkill -KILL -P $! || true
	wait
}
