#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# events: the shape of its records, and that their numbers are those of the cgroup's files.
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

# key FILE KEY: of the cgroup.
key() {
	awk -v key="$2" '$1 == key { print $2 }' "$CG/$1"
}

# watch ARG...: davit events in the background, its records in $T/records.
watch() {
	: >"$T/records" # read before the other process has opened it
	DAVIT_TEST=$TOKEN timeout 300 "$DAVIT" --root "$ROOT" events "$@" "$ID" >"$T/records" 2>"$T/errors" 3>&- 4>&- &
	WATCHER=$!
}

# records N: within half a minute there are as many.
records() {
	for _ in {1..1500}; do
		[ "$(wc -l <"$T/records")" -lt "$1" ] || return 0
		sleep 0.02
	done
	cat "$T/records" "$T/errors"
	return 1
}

@test "events --stats ID: one record in runc's shape, with the numbers of the cgroup's files" {
	local before
	start
	ok pause "$ID" # so that they stand still, from when on it is off its processor
	stand_still() {
		before=$(<"$CG/cpu.stat")
		ok events --stats "$ID"
		[ "$(<"$CG/cpu.stat")" = "$before" ]
	}
	comes_true stand_still
	[ "$(wc -l <"$OUT")" -eq 1 ]
	[[ $out == "{\"type\":\"stats\",\"id\":\"$ID\",\"data\":{"* ]]
	[ "$(jq .data.cpu.usage.total <<<"$out")" = "$(($(key cpu.stat usage_usec) * 1000))" ]
	[ "$(jq .data.cpu.usage.user <<<"$out")" = "$(($(key cpu.stat user_usec) * 1000))" ]
	[ "$(jq .data.cpu.usage.kernel <<<"$out")" = "$(($(key cpu.stat system_usec) * 1000))" ]
	# A missing controller leaves its part out.
	[ -e "$CG/memory.current" ] || jq -e '.data.memory.usage == null' <<<"$out"
	[ -e "$CG/pids.current" ] || jq -e '.data.pids == { current: 1 }' <<<"$out" # its process, counted
	[ -e "$CG/cpuset.cpus.effective" ] || jq -e '.data.cpuset == {}' <<<"$out"
	[ ! -e "$CG/pids.current" ] || [ "$(jq .data.pids.current <<<"$out")" = "$(<"$CG/pids.current")" ]
	[ ! -e "$CG/memory.current" ] || jq -e '.data.memory | .usage.usage > 0 and (.raw.anon | type) == "number"' <<<"$out"
}

@test "events: pressure and huge pages; no network interfaces, as with runc" {
	start
	ok events --stats "$ID"
	if [ -e "$CG/cpu.pressure" ]; then
		jq -e '.data.cpu.psi, .data.memory.psi, .data.blkio.psi |
			[.some, .full] | all(.avg10 >= 0 and .avg60 >= 0 and .avg300 >= 0 and .total >= 0)' <<<"$out"
		jq -e '.data.cpu.psi.some | keys == ["avg10", "avg300", "avg60", "total"]' <<<"$out"
	fi
	if [ -e "$CG/hugetlb.2MB.current" ]; then
		jq -e '.data.hugetlb["2MB"] == { usage: 0, failcnt: 0 }' <<<"$out"
	fi
	jq -e '.data | has("network_interfaces") and .network_interfaces == null' <<<"$out"
}

@test "events: a record at once and one an interval, until the container ends" {
	start
	watch --interval=200ms
	records 3
	head -n 3 "$T/records" | jq -es --arg id "$ID" 'all(.type == "stats" and .id == $id)'
	kill -0 "$WATCHER"
	ok kill "$ID" KILL
	wait "$WATCHER"
	[ ! -s "$T/errors" ]
}

@test "events does not look at the container between two records" {
	start
	watch --interval 30s
	records 1
	child=$(pgrep -P "$WATCHER")
	sleeps() {
		local switches
		switches=$(proc_field "$child" voluntary_ctxt_switches)
		sleep 0.5
		[ "$(proc_field "$child" voluntary_ctxt_switches)" = "$switches" ]
	}
	comes_true sleeps
	ok kill "$ID" KILL
	wait "$WATCHER"
}

# bats test_tags=vm-micro
@test "events: a process that the kernel ends for want of memory" {
	requires memory
	config '.linux.resources.memory = { limit: 8388608, swap: 8388608 }'
	# shellcheck disable=SC2016
	program sh -c 'until [ -e /tmp/go ]; do sleep 0.05; done; x=x; while :; do x=$x$x; done'
	start
	watch --interval 30s
	records 1 # it watches
	touch "$BUNDLE/rootfs/tmp/go"
	wait "$WATCHER"
	grep -qx "{\"type\":\"oom\",\"id\":\"$ID\"}" "$T/records"
}

@test "events of a stopped or unknown container, and bad intervals, are refused" {
	start
	for word in 0 0s 5 -1s 5x 99999h ""; do
		refused "no interval" events --interval="$word" "$ID"
	done
	ok kill "$ID" KILL
	becomes stopped
	refused "not running" events --stats "$ID"
	refused "not running" events "$ID"
	refused "container does not exist" events --stats "$ID-none"
}

# A figure that is not there (no controller, no pressure) is left out; one that cannot be read is none of these.
# bats test_tags=plain
@test "events --stats fails when a file of the cgroup cannot be read" {
	local file n
	requires command:strace plain-build
	start
	DAVIT_TEST=$TOKEN strace -qq -e trace=openat -o "$T/calls" "$DAVIT" --root "$ROOT" events --stats "$ID" >"$T/all"
	for file in '"cpu.stat"' '"cpu.pressure"'; do
		n=$(grep -n -m 1 ", $file" "$T/calls" | cut -d: -f1)
		status=0
		DAVIT_TEST=$TOKEN strace -qq -e trace=openat -e "inject=openat:error=EMFILE:when=$n" -o "$T/injected" \
			"$DAVIT" --root "$ROOT" events --stats "$ID" >"$T/out" 2>"$T/err" || status=$?
		grep -q "$file.*INJECTED" "$T/injected"
		[ "$status" -eq 1 ] || { cat "$T/out"; return 1; }
		[ "$(<"$T/err")" = "davit: read the figures of container $ID: too many open files" ]
		[ ! -s "$T/out" ]
	done
}
