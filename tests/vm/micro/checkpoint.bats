#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# checkpoint and restore with criu of Debian sid where the kernel has what many machines lack: it tells which
# pages were written to, hands memory over when it is used, has every controller, and AppArmor. What needs
# none of that is in tests/checkpoint.
# shellcheck disable=SC2016  # variables of the shells inside
load ../../cli/helpers
load ../../lib/counting

setup() {
	new_bundle
	config '.root.readonly = false'
	# Four megabytes that stay as they are, whose length is told when it is asked for, and a count. It is
	# another process that counts: a child of the one with the memory would have all of it until it executes
	# sleep, and a dump of that moment would hold it twice.
	program sh -c '(until [ -e /tmp/grown ]; do sleep 0.05; done; i=0
			while :; do i=$((i + 1)); echo $i >>/tmp/beats; sleep 0.05; done) &
		x=0123456789abcdef; while [ ${#x} -lt 4194304 ]; do x=$x$x; done
		trap "echo \${#x} >>/tmp/length" USR1
		: >/tmp/grown
		while :; do wait; done'
	BEATS=$BUNDLE/rootfs/tmp/beats
}

teardown() {
	tear_down
}

# beats: the program goes on, and has left out no number.
beats() {
	grows "$BEATS"
	goes_on "$BEATS" 1
}

# has_memory CONTAINER
has_memory() {
	rm -f "$BUNDLE/rootfs/tmp/length"
	ok kill "$1" USR1
	for _ in {1..1200}; do
		[ ! -s "$BUNDLE/rootfs/tmp/length" ] || break
		sleep 0.1
	done
	[ "$(<"$BUNDLE/rootfs/tmp/length")" = 4194304 ]
}

# listens SOCKET: somebody; it is there before. The flag is the kernel's.
listens() {
	grep -q " 00010000 .*$1\$" /proc/net/unix
}

pages() {
	cat "$1"/pages-*.img | wc -c
}

@test "checkpoint --pre-dump, --parent-path: the second dump has what was written since, and both together are restored" {
	local pid
	ok run --detach -b "$BUNDLE" "$ID"
	beats
	pid=$(init_pid)
	ok checkpoint --explain --pre-dump "$ID"
	refused "--parent-path ../none, seen from $T/one: no such file or directory" \
		checkpoint --image-path "$T/one" --parent-path ../none "$ID"
	ok checkpoint --pre-dump --image-path "$T/one" "$ID"
	[ "$(init_pid)" = "$pid" ]
	is running
	beats
	ok checkpoint --pre-dump --image-path "$T/two" --parent-path ../one "$ID"
	beats
	ok checkpoint --image-path "$T/three" --parent-path ../two "$ID"
	refused "does not exist" state "$ID"
	echo "pages: $(pages "$T/one") $(pages "$T/two") $(pages "$T/three")"
	[ "$(pages "$T/one")" -gt 4194304 ]
	[ "$(pages "$T/two")" -lt 2097152 ]
	[ "$(pages "$T/three")" -lt 2097152 ]
	ok restore --detach --image-path "$T/three" -b "$BUNDLE" "$ID"
	beats
	has_memory "$ID"
	ok delete --force "$ID"
}

@test "checkpoint --lazy-pages: the memory is fetched by criu lazy-pages while the restored container goes on" {
	local dump daemon
	ok run --detach -b "$BUNDLE" "$ID"
	beats
	ok checkpoint --explain --lazy-pages "$ID"
	mkdir "$T/images" "$T/work"
	mkfifo "$T/ready"
	exec 7<>"$T/ready"
	exec 8>"$T/ready"
	DAVIT_TEST=$TOKEN "$DAVIT" --root "$ROOT" checkpoint --image-path "$T/images" --work-path "$T/work" --lazy-pages \
		--page-server 127.0.0.1:7124 --status-fd 8 "$ID" >"$T/said" 2>&1 3>&- &
	dump=$!
	[ "$(timeout 300 head -c 1 <&7 | od -An -tx1 | tr -d ' ')" = 00 ] || { cat "$T/said" "$T/work/dump.log"; return 1; }
	criu lazy-pages -v4 --page-server --address 127.0.0.1 --port 7124 -D "$T/images" -o lazy.log 3>&- &
	daemon=$!
	comes_true listens lazy-pages.socket
	ok restore --detach --image-path "$T/images" -b "$BUNDLE" --lazy-pages "$ID.other"
	wait "$dump" || { cat "$T/said"; return 1; }
	wait "$daemon"
	exec 7>&- 8>&-
	refused "does not exist" state "$ID"
	beats
	has_memory "$ID.other"
	grep -q "UFFD transferred pages" "$T/images/lazy.log"
	ok delete --force "$ID.other"
}

@test "restore: limits of the cgroup are back, and still bite" {
	config '.linux.resources |= . + { memory: { limit: 67108864, swap: 67108864 }, pids: { limit: 30 }, cpu: { quota: 50000, period: 100000, shares: 512 } }'
	ok run --detach -b "$BUNDLE" "$ID"
	beats
	CG=$(cgroup_of "$(init_pid)")
	limits() { (cd "$CG" && grep . memory.max memory.swap.max pids.max cpu.max cpu.weight); }
	limits >"$T/before"
	ok checkpoint --image-path "$T/images" "$ID"
	[ ! -e "$CG" ]
	ok restore --detach --image-path "$T/images" -b "$BUNDLE" "$ID"
	beats
	[ "$(cgroup_of "$(init_pid)")" = "$CG" ]
	limits >"$T/after"
	diff "$T/before" "$T/after"
	ok exec "$ID" sh -c 'echo $$'
	davit exec "$ID" sh -c 'i=0; while [ $i -lt 60 ]; do sleep 1000 & i=$((i + 1)); done'
	[ "$(awk '$1 == "max" { print $2 }' "$CG/pids.events")" -gt 0 ]
	ok delete --force "$ID"
}

@test "restore: the AppArmor profile is back; --lsm-profile takes another" {
	requires apparmor
	# What criu puts into the process talks to criu by a socket.
	printf 'profile %s flags=(attach_disconnected,mediate_deleted) { file, signal, ptrace, network, unix, capability, mount, umount, }\n' \
		davit-test davit-other | apparmor_parser -r
	config '.process.apparmorProfile = "davit-test"'
	ok run --detach -b "$BUNDLE" "$ID"
	beats
	davit checkpoint --image-path "$T/images" "$ID"
	[ "$status" -eq 0 ] || { tail -n 12 "$T/images/dump.log"; complain "no dump"; }
	ok restore --detach --image-path "$T/images" -b "$BUNDLE" "$ID"
	beats
	[ "$(<"/proc/$(init_pid)/attr/apparmor/current")" = "davit-test (enforce)" ]
	ok checkpoint --image-path "$T/again" "$ID"
	ok restore --detach --image-path "$T/again" -b "$BUNDLE" --lsm-profile apparmor:davit-other "$ID"
	beats
	[ "$(<"/proc/$(init_pid)/attr/apparmor/current")" = "davit-other (enforce)" ]
	ok delete --force "$ID"
}
