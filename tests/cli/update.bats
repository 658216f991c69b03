#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# update. What has changed is read from the files of the cgroup. Controllers that this machine has
# bound to cgroup v1 are refused by name; the tests of their files run where they are there.
load helpers

setup() {
	requires root cgroup2
	new_bundle
}

teardown() {
	tear_down
}

start() {
	ok run --detach -b "$BUNDLE" "$ID"
	CG=$(cgroup_of "$(init_pid)")
}

# given JSON ARG...: davit update with that on its standard input; sets status, out and err.
given() {
	local json=$1
	shift
	status=0
	timeout 120 "$DAVIT" --root "$ROOT" update "$@" >"$T/out" 2>"$T/err" <<<"$json" || status=$?
	out=$(<"$T/out")
	err=$(<"$T/err")
}

# The controllers that the hierarchy does not have.
lacks() {
	! grep -qw "$1" "$CGROOT/cgroup.controllers"
}

@test "update --resources=- ID, --resources - ID, -r FILE ID: a limit changes, nothing is said" {
	requires hugetlb
	size=$(basename "$(find /sys/kernel/mm/hugepages -mindepth 1 | head -n 1)")
	[ "$size" = hugepages-2048kB ] || skip "needs huge pages of 2 MB"
	start
	given '{"hugepageLimits":[{"pageSize":"2MB","limit":4194304}]}' --resources=- "$ID"
	[ "$status" -eq 0 ] && [ -z "$out$err" ]
	[ "$(<"$CG/hugetlb.2MB.max")" = 4194304 ]
	given '{"hugepageLimits":[{"pageSize":"2MB","limit":2097152}]}' --resources - "$ID"
	[ "$status" -eq 0 ] && [ -z "$out$err" ]
	[ "$(<"$CG/hugetlb.2MB.max")" = 2097152 ]
	[ "$(<"$CG/hugetlb.2MB.rsvd.max")" = 2097152 ]
	echo '{"unified":{"hugetlb.2MB.max":"6291456"}}' >"$T/res.json"
	ok update -r "$T/res.json" "$ID"
	[ -z "$out" ]
	[ "$(<"$CG/hugetlb.2MB.max")" = 6291456 ]
	[ "$(<"$CG/hugetlb.2MB.rsvd.max")" = 2097152 ] # not given: as it was
}

@test "update: what was written before a failure is taken back" {
	requires hugetlb
	[ -e /sys/kernel/mm/hugepages/hugepages-2048kB ] || skip "needs huge pages of 2 MB"
	config '.linux.resources.hugepageLimits = [{ pageSize: "2MB", limit: 4194304 }]'
	start
	given '{"unified":{"hugetlb.2MB.max":"2097152","hugetlb.2MB.rsvd.max":"nonsense"}}' -r - "$ID"
	[ "$status" -eq 1 ]
	[[ $err == *"write nonsense to hugetlb.2MB.rsvd.max"*"invalid argument"* ]]
	[ "$(<"$CG/hugetlb.2MB.max")" = 4194304 ]
}

@test "update: device rules are replaced as a whole" {
	mknod "$BUNDLE/rootfs/tmp/one" c 240 11
	mknod "$BUNDLE/rootfs/tmp/two" c 240 12
	config '.linux.resources.devices = [{ allow: false, access: "rwm" },
		{ allow: true, type: "c", major: 240, minor: 11, access: "rwm" }] | .root.readonly = false'
	# shellcheck disable=SC2016
	program sh -c 'while :; do for n in one two; do
		(: </tmp/$n) 2>/tmp/$n.new; mv /tmp/$n.new /tmp/$n.is; done; sleep 0.05; done'
	ln -s busybox "$BUNDLE/rootfs/bin/mv"
	start
	# Nobody drives these devices: who passes the filter learns that.
	local allowed="No such device or address" refused="Operation not permitted"
	says() {
		for _ in {1..1500}; do
			[[ $(cat "$BUNDLE/rootfs/tmp/$1.is" 2>/dev/null) != *"$2" ]] || return 0
			sleep 0.02
		done
		echo "$1: $(cat "$BUNDLE/rootfs/tmp/$1.is"), not $2"
		return 1
	}
	says one "$allowed"
	says two "$refused"
	given '{"devices":[{"allow":false,"access":"rwm"},{"allow":true,"type":"c","major":240,"minor":12,"access":"rwm"}]}' -r - "$ID"
	[ "$status" -eq 0 ] && [ -z "$out$err" ]
	says one "$refused"
	given '{"devices":[{"allow":true,"access":"rwm"}]}' -r - "$ID"
	[ "$status" -eq 0 ]
	says one "$allowed"
	given '{"devices":[{"allow":false,"access":"rwm"}]}' -r - "$ID"
	[ "$status" -eq 0 ]
	says one "$refused"
	given '{}' -r - "$ID" # none given: as it was
	sleep 0.2
	says one "$refused"
}

@test "update: values that ask for nothing pass on any host, and a limit names its controller" {
	start
	given '{}' --resources=- "$ID"
	[ "$status" -eq 0 ] && [ -z "$out$err" ]
	ok update "$ID"
	for option in --memory=-1 --memory-swap=-1 --cpu-quota=-1 --pids-limit=-1 --cpu-share=0 --cpu-period=0 \
		--memory-reservation=0 --blkio-weight=0 --cpuset-cpus= --cpu-rt-runtime=0; do
		ok update "$option" "$ID"
	done
	ok update "$ID" --memory -1
	! lacks memory || {
		refused "memory.max cannot be set to 52428800: controller \`memory\` is not available" update --memory 50M "$ID"
		given '{"memory":{"limit":83886080,"swap":83886080},"cpu":{"quota":100000,"period":100000},"pids":{"limit":100}}' --resources=- "$ID"
		[ "$status" -eq 1 ]
		[[ $err == *"controller \`memory\` is not available"* ]]
		[[ $err == *"/memory/limit"* && $err != *"/linux/resources"* ]]
	}
	! lacks cpu || refused "controller \`cpu\` is not available" update --cpu-quota 20000 --cpu-period 10000 "$ID"
	! lacks pids || refused "controller \`pids\` is not available" update --pids-limit 30 "$ID"
	! lacks io || refused "controller \`io\` is not available" update --blkio-weight 200 "$ID"
	! lacks cpuset || refused "controller \`cpuset\` is not available" update --cpuset-cpus 0 "$ID"
	refused "realtimeRuntime cannot be applied on cgroup v2" update --cpu-rt-runtime 1000 "$ID"
}

# bats test_tags=vm-micro
@test "update: memory, with its swap and with checkBeforeUpdate" {
	requires memory
	start
	ok update --memory 50M "$ID"
	[ "$(<"$CG/memory.max")" = 52428800 ]
	ok update --memory-swap 80M --memory-reservation 1GiB "$ID"
	[ "$(<"$CG/memory.max")" = 52428800 ]
	[ ! -e "$CG/memory.swap.max" ] || [ "$(<"$CG/memory.swap.max")" = 31457280 ]
	[ "$(<"$CG/memory.low")" = 1073741824 ]
	given '{"memory":{"limit":4096,"checkBeforeUpdate":true}}' -r - "$ID"
	[[ $err == *"rejecting memory limit 4096 <= usage "* ]]
	[ "$(<"$CG/memory.max")" = 52428800 ]
	ok update --memory -1 "$ID"
	[ "$(<"$CG/memory.max")" = max ]
}

# bats test_tags=vm-micro
@test "update: quota and period alone and together, burst and idle in the order that the kernel takes" {
	requires cpu
	start
	ok update --cpu-quota 20000 "$ID"
	[ "$(<"$CG/cpu.max")" = "20000 100000" ]
	ok update --cpu-period 50000 "$ID"
	[ "$(<"$CG/cpu.max")" = "20000 50000" ]
	ok update --cpu-burst 15000 "$ID"
	ok update --cpu-quota 10000 --cpu-burst 5000 "$ID"
	[ "$(<"$CG/cpu.max")" = "10000 50000" ]
	[ "$(<"$CG/cpu.max.burst")" = 5000 ]
	ok update --cpu-share 2048 "$ID"
	weight=$(<"$CG/cpu.weight")
	[ "$weight" -gt 100 ]
	ok update --cpu-idle 1 "$ID"
	[ "$(<"$CG/cpu.idle")" = 1 ]
	davit update --cpu-idle 1 --cpu-share 100 "$ID"
	[ "$status" -eq 0 ]
	[[ $err == *"unable to apply both cpu.weight and cpu.idle"* ]]
	ok update --cpu-idle 0 --cpu-share 2048 "$ID"
	[ "$(<"$CG/cpu.weight")" = "$weight" ]
	ok update --cpu-quota -1 "$ID"
	[ "$(<"$CG/cpu.max")" = "max 50000" ]
}

# bats test_tags=vm-micro
@test "update: pids" {
	requires pids
	start
	ok update --pids-limit 30 "$ID"
	[ "$(<"$CG/pids.max")" = 30 ]
	ok update --pids-limit -1 "$ID"
	[ "$(<"$CG/pids.max")" = max ]
}

@test "update: the kernel's memory is obsolete, and options beside a document are ignored: warnings" {
	start
	for option in --kernel-memory=5M --kernel-memory-tcp=5; do
		davit update "$option" "$ID"
		[ "$status" -eq 0 ]
		[[ $err == *"kernel memory settings are obsolete"* ]]
	done
	given '{}' --memory 5M -r - "$ID"
	[ "$status" -eq 0 ]
	[[ $err == *"--memory is ignored"* ]]
}

@test "update refuses what is wrong" {
	start
	refused "invalid value for memory: invalid size: 'fifty'" update --memory fifty "$ID"
	refused "invalid value for memory: invalid size: '5X'" update --memory 5X "$ID"
	refused "invalid value for memory: invalid size: '-2'" update --memory -2 "$ID"
	refused "invalid value for cpu-share: invalid number: '-1'" update --cpu-share -1 "$ID"
	refused "invalid value for blkio-weight: invalid number: '65536'" update --blkio-weight 65536 "$ID"
	refused "invalid value for memory: invalid size: '99999999999999999999'" update --memory 99999999999999999999 "$ID"
	refused "no such file or directory" update --resources "$T/none.json" "$ID"
	given '{"memory":{"limit":"x"}}' --resources=- "$ID"
	[ "$status" -eq 1 ]
	[[ $err == *"/memory/limit"* ]]
	given '[]' --resources=- "$ID"
	[ "$status" -eq 1 ]
	given '' --resources=- "$ID"
	[ "$status" -eq 1 ]
	given '{"unified":{"cgroup.freeze":"1"}}' --resources=- "$ID"
	[ "$status" -eq 1 ]
	[[ $err == *"cgroup.freeze is not a limit"* ]]
	is running
	refused '"update" requires exactly 1 argument(s)' update
	refused "container does not exist" update --memory -1 "$ID-none"
	ok kill "$ID" KILL
	becomes stopped
	refused "container not running" update --memory -1 "$ID"
}

@test "update works on a paused and on a created container" {
	ok create -b "$BUNDLE" "$ID"
	ok update --memory -1 "$ID"
	ok start "$ID"
	ok pause "$ID"
	ok update --memory -1 "$ID"
	is paused
	ok resume "$ID"
}

# Whatever of the calls about device programs fails: all of the update is there, or nothing of it.
# bats test_tags=plain
@test "update of limits and device rules is done as a whole, or not at all" {
	local rules k code now limit='' page=hugetlb.2MB.max wanted resources
	requires command:strace plain-build
	mknod "$BUNDLE/rootfs/tmp/one" c 240 11
	mknod "$BUNDLE/rootfs/tmp/two" c 240 12
	config '.linux.resources.devices = [{ allow: false, access: "rwm" },
		{ allow: true, type: "c", major: 240, minor: 11, access: "rwm" }] | .root.readonly = false'
	program sleep 1000
	start
	[ ! -e "$CG/$page" ] || echo 2097152 >"$CG/$page"
	look() {
		# shellcheck disable=SC2016  # the inner shell's
		ok exec "$ID" sh -c 'for n in one two; do (: </tmp/$n) 2>&1 | sed "s/.*No such device.*/$n allowed/; s/.*not permitted.*/$n refused/"; done'
		now=$out
		[ ! -e "$CG/$page" ] || limit=$(<"$CG/$page")
	}
	ln -s busybox "$BUNDLE/rootfs/bin/sed"
	look
	local before=$now$limit
	[ "$now" = "one allowed"$'\n'"two refused" ]
	for wanted in "one refused"$'\n'"two allowed" "one allowed"$'\n'"two allowed"; do
		rules='{"allow":true,"access":"rwm"}'
		[[ $wanted == "one allowed"* ]] || rules='{"allow":false,"access":"rwm"},{"allow":true,"type":"c","major":240,"minor":12,"access":"rwm"}'
		resources='{"devices":['$rules']}'
		[ ! -e "$CG/$page" ] || resources='{"devices":['$rules'],"hugepageLimits":[{"pageSize":"2MB","limit":4194304}]}'
		for k in {1..10}; do
			code=0
			DAVIT_TEST=$TOKEN strace -qq -e trace=bpf -e "inject=bpf:error=EIO:when=$k" -o "$T/calls" \
				"$DAVIT" --root "$ROOT" update -r - "$ID" >"$T/out" 2>&1 <<<"$resources" || code=$?
			look
			if [ "$code" -eq 0 ]; then
				[ "$now" = "$wanted" ] || { echo "call $k: exit 0, but $now"; return 1; }
				[ -z "$limit" ] || [ "$limit" = 4194304 ]
				ok update -r <(echo '{"devices":[{"allow":false,"access":"rwm"},{"allow":true,"type":"c","major":240,"minor":11,"access":"rwm"}]}') "$ID"
				[ ! -e "$CG/$page" ] || echo 2097152 >"$CG/$page"
				look
			fi
			[ "$now$limit" = "$before" ] || { echo "call $k: exit $code, $(<"$T/out"), but $now, limit $limit, not $before"; return 1; }
			grep -q INJECTED "$T/calls" || break
		done
		[ "$k" -gt 2 ]
		[ "$code" -eq 0 ]
	done
}
