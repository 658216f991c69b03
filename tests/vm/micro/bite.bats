#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Limits that bite: each is seen at work, in the program's own words or in the kernel's counters. What the
# kernel's files hold is limits.py's subject.
# shellcheck disable=SC2016  # variables of the shells inside
load ../../cli/helpers

setup() {
	new_bundle
}

teardown() {
	tear_down
}

start() {
	ok run -d -b "$BUNDLE" "$ID"
	CG=$(cgroup_of "$(init_pid)")
}

# counts FILE WORD LEAST: the cgroup's counter is at least that, within two minutes.
counts() {
	local try n
	for try in {1..1200}; do
		n=$(awk -v word="$2" '$1 == word { print $2 }' "$CG/$1")
		[ "${n:-0}" -lt "$3" ] || return 0
		sleep 0.1
	done
	echo "$1 of the cgroup: $2 is $n after $try tries"
	return 1
}

@test "memory.limit: the kernel ends what takes more, and update lets it take more" {
	config '.linux.resources.memory = { limit: 16777216, swap: 16777216 }'
	# A megabyte of the shell's own a turn.
	program sh -c 'x=0123456789abcdef; while [ ${#x} -lt 1048576 ]; do x=$x$x; done; a=; n=0
		while [ $n -lt 24 ]; do a=$a$x; n=$((n + 1)); done; echo taken'
	davit run -b "$BUNDLE" "$ID"
	[ "$status" -eq 137 ] || complain "not killed"
	[ -z "$out" ]
	config '.linux.resources.memory = { limit: 268435456 }'
	ok run -b "$BUNDLE" "$ID"
	[ "$out" = taken ]
}

@test "memory: oom_kill is counted, and only the child that took it ends" {
	config '.linux.resources.memory = { limit: 16777216, swap: 16777216 }'
	program sh -c '(x=x; while [ ${#x} -lt 67108864 ]; do x=$x$x; done); sleep 1000'
	start
	counts memory.events oom_kill 1
	is running
}

@test "memory.swap: what is above the limit is swapped, up to the swap's" {
	modprobe zram
	echo 64M >/sys/block/zram0/disksize
	mkswap /dev/zram0
	swapon /dev/zram0
	config '.linux.resources.memory = { limit: 16777216, swap: 33554432 }'
	program sh -c 'x=0123456789abcdef; while [ ${#x} -lt 1048576 ]; do x=$x$x; done; a=; n=0
		while [ $n -lt 9 ]; do a=$a$x; n=$((n + 1)); done; echo taken; sleep 1000'
	start
	appears "$OUT"
	[ "$(<"$CG/memory.swap.max")" = 16777216 ]
	[ "$(<"$CG/memory.swap.peak")" -gt 0 ]
	[ "$(<"$CG/memory.swap.peak")" -le 16777216 ]
	ok delete -f "$ID"
	config '.linux.resources.memory.swap = 16777216'
	davit run -b "$BUNDLE" "$ID"
	[ "$status" -eq 137 ] || complain "without swap"
	swapoff /dev/zram0
}

@test "memory.high of unified: the kernel reclaims, and counts it" {
	config '.linux.resources.unified = { "memory.high": "4194304" }'
	program sh -c 'x=x; while [ ${#x} -lt 16777216 ]; do x=$x$x; done; sleep 1000'
	start
	counts memory.events high 1
	is running
}

has_pids() {
	[ "$(<"$CG/pids.current")" -eq "$1" ]
}

@test "pids.limit: fork fails, and the kernel counts it; update lets it pass" {
	config '.linux.resources.pids = { limit: 3 }'
	program sh -c 'sleep 1000 & sleep 1000 & wait'
	start
	comes_true has_pids 3 # or exec would take the place of one of them
	refused "resource temporarily unavailable" exec "$ID" sh -c 'sleep 1000 & sleep 1000 & wait' ||
		[[ $err == *"fork"* ]] || complain "exec with two more"
	counts pids.events max 1
	ok update --pids-limit 20 "$ID"
	ok exec "$ID" sh -c 'sleep 0 & sleep 0 & wait'
}

@test "cpu.quota: what would run on is held up, and the kernel counts it" {
	config '.linux.resources.cpu = { quota: 5000, period: 50000 }'
	program sh -c 'while :; do :; done'
	start
	counts cpu.stat nr_throttled 3
	ok update --cpu-quota -1 "$ID"
	before=$(awk '/^nr_throttled/ { print $2 }' "$CG/cpu.stat")
	sleep 0.5
	[ "$(awk '/^nr_throttled/ { print $2 }' "$CG/cpu.stat")" -le "$((before + 1))" ]
}

@test "cpu.cpus: the program runs there and nowhere else; update moves it" {
	config '.linux.resources.cpu = { cpus: "1" }'
	start
	pid=$(init_pid)
	[ "$(proc_field "$pid" Cpus_allowed_list)" = 1 ]
	ok update --cpuset-cpus 0 "$ID"
	[ "$(proc_field "$pid" Cpus_allowed_list)" = 0 ]
	ok exec "$ID" cat /proc/self/status
	grep -qx $'Cpus_allowed_list:\t0' "$OUT"
}

@test "throttleWriteBpsDevice: two megabytes at one a second take a second" {
	# The disk, not a tmpfs, and past the page cache.
	mkdir /var/disk
	disk=$((0x$(stat -c %D /var/disk) >> 8)):$((0x$(stat -c %D /var/disk) & 255))
	config --argjson major "${disk%:*}" --argjson minor "${disk#*:}" '
		.linux.resources.blockIO.throttleWriteBpsDevice = [{ major: $major, minor: $minor, rate: 1048576 }] |
		.mounts += [{ destination: "/disk", type: "bind", source: "/var/disk", options: ["bind"] }]'
	program sh -c 'read before rest </proc/uptime; busybox dd if=/dev/zero of=/disk/file bs=256k count=8 oflag=direct 2>/dev/null
		read after rest </proc/uptime; echo $before $after; sleep 1000'
	start
	[[ $(<"$CG/io.max") == "$disk rbps=max wbps=1048576 riops=max wiops=max" ]]
	appears "$OUT"
	awk '{ exit !($2 - $1 > 0.9) }' "$OUT"
	# The file's metadata are written some time later.
	awk -v disk="$disk" '$1 == disk { sub(/.*wbytes=/, ""); n = $1 + 0 } END { print n; exit !(n >= 2097152) }' "$CG/io.stat"
	rm -r /var/disk
}

@test "hugepageLimits: a mapping above the limit fails, one below it does not" {
	echo 4 >/proc/sys/vm/nr_hugepages
	config '.linux.resources.hugepageLimits = [{ pageSize: "2MB", limit: 2097152 }]'

	start
	python3 -c 'import os, sys, mmap
os.write(os.open(sys.argv[1] + "/cgroup.procs", os.O_WRONLY), b"0")
flags = mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS | 0x40000
one = mmap.mmap(-1, 2 << 20, flags)
try:
    mmap.mmap(-1, 2 << 20, flags)
except OSError as e:
    print(e.strerror)' "$CG" >"$T/out" 2>&1
	[ "$(<"$T/out")" = "Cannot allocate memory" ]
	grep -qx "max 1" "$CG/hugetlb.2MB.events"
	echo 0 >/proc/sys/vm/nr_hugepages
}
