#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# --systemd-cgroup where systemd is process 1. What is there is asked of systemd (systemctl) and of the
# kernel's files, not of davit.
# shellcheck disable=SC2016  # variables of the shell inside
load ../../cli/helpers

setup() {
	new_bundle
	program sleep 1000
	config --arg path "t-$TOKEN.slice:t:$ID" '.linux.cgroupsPath = $path'
	UNIT=t-$ID.scope
	PLACE=$CGROOT/t.slice/t-$TOKEN.slice/$UNIT
}

teardown() {
	bus_is_back
	unit_is_gone "$UNIT"
	# systemd keeps a slice for a while.
	systemctl stop "t-$TOKEN.slice" 2>/dev/null || :
	comes_true [ ! -e "$CGROOT/t.slice/t-$TOKEN.slice" ]
	tear_down
	[ "$(systemctl --failed --no-legend)" = "" ] || { systemctl --failed; systemctl reset-failed; return 1; }
}

# gone SOCKET: nobody finds it until bus_is_back.
gone() {
	mv "$1" "$1.away"
}

bus_is_back() {
	local socket
	for socket in /run/systemd/private /run/dbus/system_bus_socket; do
		[ ! -e "$socket.away" ] || mv "$socket.away" "$socket"
	done
}

# nothing_left: of the container; its slice is systemd's.
nothing_left() {
	bus_is_back
	unit_is_gone "$UNIT"
	[ ! -e "$PLACE" ]
	[ -z "$(ls "$ROOT")" ]
}

limits='.linux.resources = { memory: { limit: 67108864, swap: 100663296, reservation: 33554432 },
	cpu: { shares: 512, quota: 50500, period: 100000, cpus: "0-1", mems: "0" }, pids: { limit: 20 },
	blockIO: { weight: 100 } }'

sd() {
	davit --systemd-cgroup "$@"
}

# shows "PROPERTY=VALUE ..." [UNIT]: as systemctl has them, in the order of their names.
shows() {
	local got want
	want=$(xargs -n 1 <<<"$1" | sort)
	got=$(systemctl show "${2:-$UNIT}" -p "$(cut -d= -f1 <<<"$want" | paste -sd,)" | sort)
	[ "$got" = "$want" ] || { diff <(echo "$want") <(echo "$got"); return 1; }
}

# unit_is_gone UNIT: within two minutes systemd does not know it any more.
unit_is_gone() {
	local try
	for ((try = 0; try < 1200; try++)); do
		[ "$(systemctl show -P LoadState "$1")" = loaded ] || return 0
		sleep 0.1
	done
	systemctl status "$1"
	return 1
}

@test "systemd: a unit's cgroup that is frozen, or has processes, is refused before systemd is asked" {
	mkdir -p "$PLACE"
	echo 1 >"$PLACE/cgroup.freeze"
	refused "container's cgroup unexpectedly frozen: $PLACE" --systemd-cgroup create -b "$BUNDLE" "$ID"
	[ "$(systemctl show -P LoadState "$UNIT")" != loaded ]
	rmdir "$PLACE"
	ok --systemd-cgroup create -b "$BUNDLE" "$ID"
	refused "container's cgroup is not empty: $PLACE" --systemd-cgroup create -b "$BUNDLE" "$ID-2"
	ok delete -f "$ID"
	nothing_left
}

@test "systemd: a scope with the container's limits, which the kernel's files of its own cgroup have exactly" {
	config "$limits"
	ok --systemd-cgroup create --pid-file "$T/pid" -b "$BUNDLE" "$ID"
	[ "$(cgroup_of "$(<"$T/pid")")" = "$PLACE/container" ]
	shows "ActiveState=active Slice=t-$TOKEN.slice Delegate=yes MemoryMax=67108864 MemoryLow=33554432 MemorySwapMax=33554432 TasksMax=20
		CPUWeight=59 CPUQuotaPerSecUSec=510ms CPUQuotaPeriodUSec=100ms AllowedCPUs=0-1 AllowedMemoryNodes=0 IOWeight=910
		MemoryAccounting=yes TasksAccounting=yes IOAccounting=yes DefaultDependencies=no CollectMode=inactive"
	[ "$(systemctl show -P Description "$UNIT")" = "davit container $ID" ]
	cd "$PLACE/container"
	[ "$(cat memory.max memory.low memory.swap.max pids.max cpu.weight cpu.max cpuset.cpus cpuset.mems io.weight | paste -sd' ')" = \
		"67108864 33554432 33554432 20 59 50500 100000 0-1 0 default 910" ]
	cd "$PLACE"
	[ "$(cat memory.max memory.low memory.swap.max pids.max cpu.weight cpu.max cpuset.cpus | paste -sd' ')" = \
		"67108864 33554432 33554432 20 59 51000 100000 0-1" ]
	cd /
	[ "$(field systemd-scope)" = "$UNIT" ]
	ok start "$ID"
	ok exec "$ID" cat /proc/self/cgroup
	[ "$out" = 0::/ ]
	ok --systemd-cgroup delete --force "$ID"
	unit_is_gone "$UNIT"
	[ ! -e "$PLACE" ]
}

@test "systemd: run, and a program that ends by itself, leave nothing" {
	program true
	ok --systemd-cgroup run -b "$BUNDLE" "$ID"
	unit_is_gone "$UNIT"
	[ ! -e "$PLACE" ]
	program sh -c 'exit 3'
	sd run -b "$BUNDLE" "$ID"
	[ "$status" -eq 3 ]
	ok --systemd-cgroup run -d -b "$BUNDLE" "$ID"
	becomes stopped
	unit_is_gone "$UNIT"
	ok delete "$ID"
}

@test "systemd: no path is davit-ID.scope in system.slice; no slice is system.slice; others are refused" {
	local path
	config 'del(.linux.cgroupsPath)'
	ok --systemd-cgroup run -d --pid-file "$T/pid" -b "$BUNDLE" "$ID"
	[ "$(cgroup_of "$(<"$T/pid")")" = "$CGROOT/system.slice/davit-$ID.scope/container" ]
	ok delete --force "$ID"
	config --arg id "$ID" '.linux.cgroupsPath = ":p:\($id)"'
	ok --systemd-cgroup run -d --pid-file "$T/pid" -b "$BUNDLE" "$ID"
	[ "$(cgroup_of "$(<"$T/pid")")" = "$CGROOT/system.slice/p-$ID.scope/container" ]
	ok delete --force "$ID"
	for path in /a/b plain a.slice:b a:b:c a.slice:b/..:c a.slice:b:c.slice; do
		config --arg path "$path" '.linux.cgroupsPath = $path'
		refused cgroupsPath --systemd-cgroup create -b "$BUNDLE" "$ID"
	done
	nothing_left
}

@test "annotations org.systemd.property.: properties of the scope, of each type; they win over davit's own" {
	config '.annotations = {
		"org.systemd.property.TimeoutStopUSec": "uint64 5000000",
		"org.systemd.property.JobTimeoutSec": "7",
		"org.systemd.property.Description": "\u0027by its annotation\u0027",
		"org.systemd.property.CollectMode": "\u0027inactive-or-failed\u0027",
		"org.systemd.property.After": "[\u0027a.service\u0027, \u0027b.service\u0027]",
		"org.systemd.property.TasksMax": "uint64 77",
		"org.systemd.property.IgnoreOnIsolate": "true",
		"org.systemd.property.IODeviceWeight": "[(\u0027/dev/vda\u0027, uint64 300)]" } | .linux.resources.pids.limit = 30'
	ok --systemd-cgroup run -d -b "$BUNDLE" "$ID"
	shows "TimeoutStopUSec=5s JobTimeoutUSec=7s CollectMode=inactive-or-failed TasksMax=77 IgnoreOnIsolate=yes"
	[ "$(systemctl show -P Description "$UNIT")" = "by its annotation" ]
	[[ " $(systemctl show -P After "$UNIT") " == *" a.service "* ]]
	[[ " $(systemctl show -P After "$UNIT") " == *" b.service "* ]]
	[ "$(systemctl show -P IODeviceWeight "$UNIT")" = "/dev/vda 300" ]
	ok delete --force "$ID"
	config '.annotations = { "org.systemd.property.NoSuchThing": "true" }'
	refused "NoSuchThing" --systemd-cgroup create -b "$BUNDLE" "$ID"
	config '.annotations = { "org.systemd.property.TasksMax": "many" }'
	refused "/annotations/org.systemd.property.TasksMax" --systemd-cgroup create -b "$BUNDLE" "$ID"
	config '.annotations = { "org.systemd.property.PIDs": "@au [1]" }'
	refused "put into the unit by davit" --systemd-cgroup create -b "$BUNDLE" "$ID"
	nothing_left
}

@test "annotations run.oci.systemd.subgroup: the cgroup below the scope's, or the scope's own" {
	config "$limits | .annotations = { \"run.oci.systemd.subgroup\": \"payload\" }"
	ok --systemd-cgroup run -d --pid-file "$T/pid" -b "$BUNDLE" "$ID"
	[ "$(cgroup_of "$(<"$T/pid")")" = "$PLACE/payload" ]
	ok delete --force "$ID"
	config '.annotations = { "run.oci.systemd.subgroup": "" }'
	ok --systemd-cgroup run -d --pid-file "$T/pid" -b "$BUNDLE" "$ID"
	[ "$(cgroup_of "$(<"$T/pid")")" = "$PLACE" ]
	[ "$(cat "$PLACE/pids.max" "$PLACE/memory.max" | paste -sd' ')" = "20 67108864" ]
	systemctl daemon-reload
	[ "$(cat "$PLACE/pids.max" "$PLACE/memory.max" "$PLACE/io.weight" | paste -sd' ')" = "20 67108864 default 910" ]
	ok delete --force "$ID"
	unit_is_gone "$UNIT"
	config '.annotations = { "run.oci.systemd.subgroup": "../x" }'
	refused "is not the name of a cgroup" --systemd-cgroup create -b "$BUNDLE" "$ID"
}

@test "systemd: unified files that it has properties for, and those that it has none for" {
	config '.linux.resources.unified = { "memory.high": "50331648", "pids.max": "33", "cpu.weight": "77", "memory.oom.group": "1" }'
	ok --systemd-cgroup run -d -b "$BUNDLE" "$ID"
	shows "MemoryHigh=50331648 TasksMax=33 CPUWeight=77"
	systemctl daemon-reload
	cd "$PLACE/container"
	[ "$(cat memory.high pids.max cpu.weight memory.oom.group | paste -sd' ')" = "50331648 33 77 1" ]
	cd /
	ok delete --force "$ID"
}

# idle VALUE: of the unit, to which systemd writes when it has answered, and of the container's own cgroup.
idle() {
	comes_true is_idle "$1"
}

is_idle() {
	[ "$(cat "$PLACE/cpu.idle" "$PLACE/container/cpu.idle" | paste -sd' ')" = "$1 $1" ]
}

@test "systemd: what is idle is made idle no more by an update, and by a weight" {
	config "$limits"
	ok --systemd-cgroup create -b "$BUNDLE" "$ID"
	ok update --cpu-idle 1 "$ID"
	idle 1
	ok update --cpu-idle 0 "$ID"
	idle 0
	ok update --cpu-idle 1 "$ID"
	ok update --cpu-share 1024 "$ID"
	idle 0
	shows CPUWeight=100
	[ "$(<"$PLACE/container/cpu.weight")" = 100 ]
	# Both at once: the weight is left out, as of resources.cpu.
	echo '{ "unified": { "cpu.weight": "8", "cpu.idle": "1" } }' >"$T/both.json"
	davit update -r "$T/both.json" "$ID"
	[ "$status" -eq 0 ] && [[ $err == *"unable to apply both"* ]]
	idle 1
	echo '{ "unified": { "cpu.weight": "8" } }' >"$T/weight.json"
	ok update -r "$T/weight.json" "$ID"
	idle 0
	shows CPUWeight=8
	ok delete -f "$ID"
	nothing_left
}

@test "systemd: update changes the scope and the kernel's file, needs no option, and a daemon-reload undoes neither" {
	config "$limits"
	ok --systemd-cgroup run -d -b "$BUNDLE" "$ID"
	ok update --memory 96M --memory-swap 128M --pids-limit 40 --cpu-quota 25000 --cpuset-cpus 1 --cpu-share 2048 "$ID"
	shows "MemoryMax=100663296 MemorySwapMax=33554432 TasksMax=40 CPUQuotaPerSecUSec=250ms AllowedCPUs=1 CPUWeight=174"
	systemctl daemon-reload
	for dir in "$PLACE" "$PLACE/container"; do
		cd "$dir"
		[ "$(cat memory.max memory.swap.max pids.max cpu.max cpuset.cpus cpu.weight | paste -sd' ')" = \
			"100663296 33554432 40 25000 100000 1 174" ]
	done
	cd /
	# All or nothing.
	refused cpuset update --pids-limit 50 --cpuset-cpus 77 "$ID"
	shows "TasksMax=40 AllowedCPUs=1"
	[ "$(cat "$PLACE/pids.max" "$PLACE/container/pids.max" | paste -sd' ')" = "40 40" ]
	ok update --memory -1 --pids-limit -1 "$ID"
	shows "MemoryMax=infinity MemorySwapMax=infinity TasksMax=infinity"
	[ "$(cat "$PLACE/memory.max" "$PLACE/container/pids.max" | paste -sd' ')" = "max max" ]
	ok delete --force "$ID"
}

# cpu DIR...: quota and burst of these cgroups.
cpu() {
	local dir
	for dir; do
		cat "$dir/cpu.max" "$dir/cpu.max.burst"
	done | paste -sd' '
}

is_cpu() {
	[ "$(cpu "$PLACE" "$PLACE/container")" = "$1" ]
}

@test "systemd: a burst is the scope's as well, whose quota would cut it" {
	config '.linux.resources.cpu = { quota: 50500, period: 100000, burst: 20000 }'
	ok --systemd-cgroup run -d -b "$BUNDLE" "$ID"
	is_cpu "51000 100000 20000 50500 100000 20000"
	# The quota is below the burst until both are written.
	echo '{ "cpu": { "quota": 10000, "burst": 5000 } }' >"$T/less.json"
	ok update -r "$T/less.json" "$ID"
	comes_true is_cpu "10000 100000 5000 10000 100000 5000"
	ok update --cpu-quota 60000 --cpu-burst 30000 "$ID"
	systemctl daemon-reload
	comes_true is_cpu "60000 100000 30000 60000 100000 30000"
	refused "write 20000 100000 to cpu.max" update --cpu-quota 20000 "$ID"
	is_cpu "60000 100000 30000 60000 100000 30000"
	shows CPUQuotaPerSecUSec=600ms
	ok delete --force "$ID"
	unit_is_gone "$UNIT"
	# The period is the unit's only where somebody has named one, and stays then.
	config 'del(.linux.resources)'
	ok --systemd-cgroup run -d -b "$BUNDLE" "$ID"
	ok update --cpu-quota 50000 "$ID"
	shows "CPUQuotaPerSecUSec=500ms CPUQuotaPeriodUSec=infinity"
	ok update --cpu-quota -1 "$ID"
	shows "CPUQuotaPerSecUSec=infinity CPUQuotaPeriodUSec=infinity"
	ok update --cpu-period 50000 "$ID"
	ok update --cpu-quota -1 "$ID"
	shows "CPUQuotaPerSecUSec=infinity CPUQuotaPeriodUSec=50ms"
	ok delete --force "$ID"
	unit_is_gone "$UNIT"
}

# has_period PERIOD DIR...: and no quota.
has_period() {
	local period=$1
	shift
	[ "$(cat "${@/%//cpu.max}" | sort -u)" = "max $period" ] || { cat "${@/%//cpu.max}"; return 1; }
}

@test "systemd: a period without a quota stands in the kernel's files, whatever else is updated" {
	local annotations dirs
	for annotations in '{ "run.oci.systemd.subgroup": "" }' '{}'; do
		dirs=("$PLACE")
		[ "$annotations" != "{}" ] || dirs+=("$PLACE/container")
		config ".annotations = $annotations | .linux.resources = { cpu: { period: 1000000 },
			unified: { \"memory.oom.group\": \"1\" } }"
		ok --systemd-cgroup run -d -b "$BUNDLE" "$ID"
		has_period 1000000 "${dirs[@]}"
		ok update --cpu-quota 500000 "$ID"
		ok update --cpu-quota -1 "$ID"
		# systemd has ended what it does after its answer, when it answers again.
		shows "CPUQuotaPerSecUSec=infinity CPUQuotaPeriodUSec=1s"
		has_period 1000000 "${dirs[@]}"
		ok update --cpu-period 50000 "$ID"
		shows "CPUQuotaPerSecUSec=infinity CPUQuotaPeriodUSec=50ms"
		has_period 50000 "${dirs[@]}"
		ok update --memory 64M "$ID"
		shows "MemoryMax=67108864 CPUQuotaPeriodUSec=50ms"
		has_period 50000 "${dirs[@]}"
		[ "$(<"${dirs[-1]}/memory.oom.group")" = 1 ]
		ok delete --force "$ID"
		unit_is_gone "$UNIT"
	done
}

@test "systemd: pids.limit counts the container alone, not what sets it up" {
	config '.linux.resources.pids.limit = 1 | .hooks.createContainer = [{ path: "/bin/sh", args: [ "sh", "-c", "true | true" ] }] |
		.hooks.startContainer = [{ path: "/bin/true" }]'
	ok --systemd-cgroup create -b "$BUNDLE" "$ID"
	shows "TasksMax=1"
	[ "$(cat "$PLACE/pids.max" "$PLACE/container/pids.max" | paste -sd' ')" = "1 1" ]
	ok delete --force "$ID"
}

@test "systemd: pause, resume, ps and kill find the container without an option" {
	ok --systemd-cgroup run -d -b "$BUNDLE" "$ID"
	ok pause "$ID"
	grep -qx "frozen 1" "$PLACE/container/cgroup.events"
	ok resume "$ID"
	ok ps --format json "$ID"
	[ "$out" = "[$(init_pid)]" ]
	ok kill --all "$ID" KILL
	becomes stopped
	ok delete "$ID"
	unit_is_gone "$UNIT"
}

@test "systemd: the container's root arranges its cgroup, and a daemon-reload leaves it so" {
	config '.mounts += [{ destination: "/sys/fs/cgroup", type: "cgroup", source: "cgroup" }] |
		.linux.namespaces = (.linux.namespaces + [{ type: "cgroup" }] | unique)'
	program sh -c 'cd /sys/fs/cgroup && mkdir in && echo 0 >in/cgroup.procs && echo +memory +pids >cgroup.subtree_control && echo 9 >in/pids.max && echo done >/tmp/done && exec sleep 1000'
	ok --systemd-cgroup run -d -b "$BUNDLE" "$ID"
	appears "$BUNDLE/rootfs/tmp/done"
	[ "$(<"$PLACE/container/in/pids.max")" = 9 ]
	systemctl daemon-reload
	[ "$(cat "$PLACE/container/in/pids.max")" = 9 ]
	[ "$(cgroup_of "$(init_pid)")" = "$PLACE/container/in" ]
	ok exec "$ID" cat /proc/self/cgroup
	[ "$out" = 0::/in ]
	ok delete --force "$ID"
	[ ! -e "$PLACE" ]
}

@test "systemd: a create that fails after the scope is made takes it away" {
	program /no/such/program
	refused "no such file or directory" --systemd-cgroup create -b "$BUNDLE" "$ID"
	unit_is_gone "$UNIT"
	[ ! -e "$PLACE" ]
	program sleep 1000
	config '.hooks.createRuntime = [{ path: "/bin/false" }]'
	refused createRuntime --systemd-cgroup create -b "$BUNDLE" "$ID"
	unit_is_gone "$UNIT"
	config 'del(.hooks) | .linux.resources.unified = { "memory.max": "nonsense" }'
	refused memory.max --systemd-cgroup create -b "$BUNDLE" "$ID"
	unit_is_gone "$UNIT"
	[ ! -e "$PLACE" ]
}

@test "systemd: a scope of that name that lives is left alone, by create and by delete" {
	ok --systemd-cgroup run -d --pid-file "$T/pid" -b "$BUNDLE" "$ID"
	refused "$UNIT" --systemd-cgroup create -b "$BUNDLE" "$ID-2"
	[ "$(cgroup_of "$(<"$T/pid")")" = "$PLACE/container" ]
	shows "ActiveState=active"
	# The unit's name goes on to another container when the first one's processes have ended.
	ok kill "$ID" KILL
	becomes stopped
	unit_is_gone "$UNIT"
	ok --systemd-cgroup run -d --pid-file "$T/pid" -b "$BUNDLE" "$ID-2"
	ok delete --force "$ID"
	shows "ActiveState=active"
	[ "$(cgroup_of "$(<"$T/pid")")" = "$PLACE/container" ]
	ok delete --force "$ID-2"
}

@test "systemd: a scope of that name that has failed is forgotten" {
	timeout 300 systemd-run -q --scope --unit="$UNIT" -p RuntimeMaxSec=1 sleep 1000 3>&- 4>&- || :
	comes_true shows "ActiveState=failed" # it hears of the end of the cgroup's last process
	ok --systemd-cgroup run -d -b "$BUNDLE" "$ID"
	shows "ActiveState=active"
	ok delete --force "$ID"
}

@test "systemd: that a container's scope has failed is known until delete" {
	config '.annotations = { "org.systemd.property.TimeoutStopSec": "1" }'
	ok --systemd-cgroup run -d -b "$BUNDLE" "$ID"
	# The program is process 1 of its namespace, and does not ask for SIGTERM.
	timeout 300 systemctl stop "$UNIT"
	becomes stopped
	shows "ActiveState=failed Result=timeout"
	ok delete "$ID"
	[ "$(systemctl show -P LoadState "$UNIT")" = not-found ]
}

@test "systemd: a davit that is killed in the middle leaves what delete --force takes away" {
	config '.hooks.createRuntime = [{ path: "/bin/sh", args: [ "sh", "-c", "kill -9 $PPID" ] }]'
	sd create -b "$BUNDLE" "$ID"
	[ "$status" -eq 137 ]
	ok delete --force "$ID"
	unit_is_gone "$UNIT"
	[ ! -e "$PLACE" ]
	nothing_left
}

@test "systemd: without the bus root asks the manager itself; without both, one line, and nothing is left" {
	gone /run/dbus/system_bus_socket
	ok --systemd-cgroup run -d -b "$BUNDLE" "$ID"
	ok delete --force "$ID"
	nothing_left
	gone /run/dbus/system_bus_socket
	gone /run/systemd/private
	refused "connect to the system bus: no such file or directory" --systemd-cgroup run -d -b "$BUNDLE" "$ID"
	nothing_left
	ok --systemd-cgroup run -d -b "$BUNDLE" "$ID"
	gone /run/dbus/system_bus_socket
	gone /run/systemd/private
	# The kernel's half is enough to end it.
	ok delete --force "$ID"
	nothing_left
}

# On a machine that does much else that takes the manager more than half a minute, in which it answers nobody.
@test "systemd: executed again in the middle" {
	local i
	for i in 1 2 3 4 5; do
		(sleep "0.$i"; systemctl daemon-reexec) 3>&- 4>&- &
		sd run -d --pid-file "$T/pid" -b "$BUNDLE" "$ID"
		[ "$status" -eq 0 ] && [ -z "$err" ] || complain "turn $i"
		[ "$(cgroup_of "$(<"$T/pid")")" = "$PLACE/container" ]
		wait
		ok delete --force "$ID"
		[ ! -e "$PLACE" ]
	done
}

no_units() {
	[ "$(systemctl list-units --all --no-legend "$1")" = "" ]
}

@test "systemd: 50 containers, a daemon-reload among them" {
	local i ids=()
	for ((i = 0; i < 50; i++)); do
		[ "$i" -ne 25 ] || systemctl daemon-reload
		config --arg path "t-$TOKEN.slice:t:$ID-$i" '.linux.cgroupsPath = $path | .linux.resources.pids.limit = 20'
		ok --systemd-cgroup run -d -b "$BUNDLE" "$ID-$i"
		ids+=("$ID-$i")
	done
	[ "$(systemctl list-units --no-legend --state=active "t-$ID-*.scope" | wc -l)" -eq 50 ]
	[ "$(cat "$CGROOT/t.slice/t-$TOKEN.slice"/t-*.scope/container/pids.max | sort | uniq -c | xargs)" = "50 20" ]
	for i in "${ids[@]}"; do
		ok delete --force "$i"
	done
	comes_true no_units "t-$ID-*.scope"
}

@test "systemd: the properties are those that crun and runc set" {
	local runtime properties=ActiveState,AllowedCPUs,AllowedMemoryNodes,CPUQuotaPerSecUSec,CPUQuotaPeriodUSec,CPUWeight,DefaultDependencies,Delegate,IOAccounting,MemoryAccounting,MemoryLow,MemoryMax,Slice,TasksAccounting,TasksMax
	config "$limits | del(.linux.resources.blockIO, .process.rlimits)"
	ok --systemd-cgroup run -d -b "$BUNDLE" "$ID"
	systemctl show "$UNIT" -p "$properties" >"$T/davit"
	ok delete --force "$ID"
	unit_is_gone "$UNIT"
	for runtime in crun runc; do
		timeout 300 "$runtime" --root "$T/$runtime-root" --systemd-cgroup run -d -b "$BUNDLE" "$ID" >"$T/$runtime.out" 2>&1 </dev/null 3>&- 4>&- || { cat "$T/$runtime.out"; return 1; }
		systemctl show "$UNIT" -p "$properties" >"$T/$runtime"
		"$runtime" --root "$T/$runtime-root" delete --force "$ID"
		unit_is_gone "$UNIT"
		diff "$T/davit" "$T/$runtime"
	done
}

@test "systemd: an ordinary user's scope is the user's own systemd's, and needs its bus" {
	local user=(setpriv --reuid 1000 --regid 1000 --init-groups env -i -C / PATH="$PATH") place=/sys/fs/cgroup/user.slice/user-1000.slice/user@1000.service
	systemctl start user@1000
	rm -rf /run/davit-user
	cp -a "$BUNDLE" /run/davit-user
	chown -R 1000:1000 /run/davit-user
	jq '.linux.namespaces = ([.linux.namespaces[] | select(.type != "network")] + [{ type: "user" }]) |
		.linux.uidMappings = [{ containerID: 0, hostID: 1000, size: 1 }] | .linux.gidMappings = [{ containerID: 0, hostID: 1000, size: 1 }] |
		del(.linux.cgroupsPath) | .linux.resources = { memory: { limit: 67108864 }, pids: { limit: 20 } }' \
		"$BUNDLE/config.json" >/run/davit-user/config.json
	as() {
		timeout 300 "${user[@]}" "$@" "$DAVIT" --root /run/davit-user/root --systemd-cgroup run -d --pid-file /run/davit-user/pid -b /run/davit-user "$ID" \
			>"$T/said" 2>&1 </dev/null 3>&- 4>&-
	}
	as XDG_RUNTIME_DIR=/run/user/1000 || { cat "$T/said"; return 1; }
	[ "$(cgroup_of "$(</run/davit-user/pid)")" = "$place/user.slice/davit-$ID.scope/container" ]
	[ "$(cat "$place/user.slice/davit-$ID.scope/container"/{memory,pids}.max | xargs)" = "67108864 20" ]
	[ "$("${user[@]}" XDG_RUNTIME_DIR=/run/user/1000 systemctl --user show -p MemoryMax,TasksMax "davit-$ID.scope" | sort | xargs)" = \
		"MemoryMax=67108864 TasksMax=20" ]
	"${user[@]}" XDG_RUNTIME_DIR=/run/user/1000 "$DAVIT" --root /run/davit-user/root delete --force "$ID"
	[ ! -e "$place/user.slice/davit-$ID.scope" ]
	# Without a word of where it is, it is where logind puts it.
	as || { cat "$T/said"; return 1; }
	"${user[@]}" "$DAVIT" --root /run/davit-user/root delete --force "$ID"
	if as XDG_RUNTIME_DIR=/nowhere; then return 1; fi
	grep -q "connect to the user bus: no such file or directory.*enable-linger" "$T/said" || { cat "$T/said"; return 1; }
	[ ! -e "$place/user.slice/davit-$ID.scope" ]
	rm -rf /run/davit-user
}
