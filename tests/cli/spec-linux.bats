#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Properties of the linux object that hand things of the host to the container (config-linux.md):
# network devices, device nodes, kernel parameters. Looked at by ip, /proc, and the container's own
# files, never by davit's report.
#
# "The host" of the network tests is a network namespace of the test: it is made by the first call
# of `at_host`, which runs a command in it.

# shellcheck disable=SC2016  # programs of jq and of inner shells
# shellcheck disable=SC2154  # set by davit()

load helpers

setup() {
	requires root
	new_bundle
	program sleep 1000
	HOST_PID=
	RDT_PID=
}

teardown() {
	local failed=0
	tear_down || failed=1
	[ -z "$HOST_PID" ] || kill "$HOST_PID"
	[ -z "$RDT_PID" ] || kill "$RDT_PID"
	return $failed
}

# A failing `! command` does not fail a test by itself.
not() {
	! "$@"
}

make_host() {
	requires command:ip
	unshare -n sleep 1000 >/dev/null 2>&1 </dev/null 3>&- 4>&- &
	HOST_PID=$!
	until [ "$(readlink "/proc/$HOST_PID/ns/net")" != "$(readlink /proc/self/ns/net)" ]; do sleep 0.01; done
	at_host ip link add v0 type veth peer name v0peer || skip "needs veth"
	at_host ip link set v0peer up
	printf '#!/bin/sh\nexec nsenter -t %s -n %s "$@"\n' "$HOST_PID" "$DAVIT" >"$T/davit"
	chmod +x "$T/davit"
	DAVIT=$T/davit
}

at_host() {
	nsenter -t "$HOST_PID" -n "$@"
}

# inside ARG...: ip in the container's network namespace.
inside() {
	nsenter -t "$(init_pid)" -n ip "$@"
}

new_net_ns() {
	config '.linux.namespaces |= map(select(.type != "network")) + [{type: "network"}]'
}

@test "linux.netDevices, linux.netDevices{}.name: a device is moved, renamed, up, and keeps its lasting global addresses" {
	make_host
	new_net_ns
	at_host ip link set v0 mtu 1400 address 02:00:00:00:00:77 alias uplink
	at_host ip addr add 192.0.2.7/24 dev v0
	at_host ip addr add 198.51.100.1/32 peer 198.51.100.2 dev v0
	at_host ip addr add 2001:db8::7/64 dev v0 nodad
	at_host ip addr add 203.0.113.9/24 dev v0 valid_lft 1000 preferred_lft 1000
	at_host ip addr add 192.0.3.99/24 dev v0 scope link
	config '.linux.netDevices = {v0: {name: "eth7"}}'
	ok create -b "$BUNDLE" "$ID"
	not at_host ip link show v0
	inside -o link show eth7 >"$T/link"
	grep -q '[<,]UP[,>]' "$T/link"
	grep -q 'mtu 1400' "$T/link"
	grep -q 'link/ether 02:00:00:00:00:77' "$T/link"
	grep -q 'alias uplink' "$T/link"
	inside -j addr show dev eth7 | jq -r '.[].addr_info[] | select(.scope == "global") | "\(.local) \(.address) \(.prefixlen) \(.dynamic)"' |
		sort >"$T/addresses"
	diff "$T/addresses" - <<-EOT
		192.0.2.7 null 24 null
		198.51.100.1 198.51.100.2 32 null
		2001:db8::7 null 64 null
	EOT
	inside -o addr show dev eth7 >"$T/all"
	not grep 192.0.3.99 "$T/all"
	# Traffic really passes.
	at_host ip addr add 192.0.2.1/24 dev v0peer
	comes_true nsenter -t "$(init_pid)" -n busybox ping -c 1 -W 2 192.0.2.1 >/dev/null
	ok start "$ID"
	ok delete -f "$ID"
	# Never moved back (config-linux.md#network-devices): a veth ends with the namespace.
	for _ in {1..600}; do
		at_host ip link show v0peer 2>/dev/null >&2 || break
		sleep 0.05
	done
	at_host ip -o link >"$T/links"
	not grep -e v0 -e eth7 "$T/links"
}

@test "linux.netDevices, linux.netDevices{}.name: without a name the host's is kept, also in a joined namespace" {
	make_host
	unshare -n sleep 1000 >/dev/null 2>&1 </dev/null 3>&- 4>&- &
	other=$!
	until [ "$(readlink "/proc/$other/ns/net")" != "$(readlink /proc/self/ns/net)" ]; do sleep 0.01; done
	config --arg p "/proc/$other/ns/net" \
		'.linux.namespaces |= map(select(.type != "network")) + [{type: "network", path: $p}] | .linux.netDevices = {v0: {}}'
	ok run -d -b "$BUNDLE" "$ID"
	inside -o link show v0 | grep -q '[<,]UP[,>]'
	[ "$(readlink "/proc/$(init_pid)/ns/net")" = "$(readlink "/proc/$other/ns/net")" ]
	ok delete -f "$ID"
	# The namespace is another's, and the device is not taken out of it.
	nsenter -t "$other" -n ip link show v0
	not at_host ip link show v0
	kill "$other"
}

@test "linux.netDevices, linux.netDevices{}.name: a name that is taken is refused unless it ends in %d" {
	make_host
	new_net_ns
	config '.linux.netDevices = {v0: {name: "lo"}}'
	at_host ip addr add 192.0.2.7/24 dev v0
	at_host ip -j addr show v0 >"$T/before"
	refused "cannot be named lo" create -b "$BUNDLE" "$ID"
	[[ $err == *"/linux/netDevices/v0"* ]]
	check_clean
	at_host ip -j addr show v0 | diff "$T/before" -
	at_host ip link add v1 type veth peer name v1peer
	config '.linux.netDevices = {v0: {name: "net%d"}, v1: {name: "net%d"}}'
	ok create -b "$BUNDLE" "$ID"
	inside link show net0
	inside link show net1
}

@test "linux.netDevices, linux.netDevices{}.name: names that are no names, a missing device, and no namespace of its own are refused" {
	make_host
	new_net_ns
	config '.linux.netDevices = {nosuch: {}}'
	refused "/linux/netDevices/nosuch" create -b "$BUNDLE" "$ID"
	[[ $err == *"no such device"* ]]
	local name
	for name in "" . .. a/b "a b" a:b a%s %d%d 1234567890123456; do
		config --arg n "$name" '.linux.netDevices = {v0: {name: $n}}'
		refused "/linux/netDevices/v0/name" create -b "$BUNDLE" "$ID"
	done
	config '.linux.netDevices = {v0: {}} | .linux.namespaces |= map(select(.type != "network"))'
	refused "/linux/netDevices" create -b "$BUNDLE" "$ID"
	config --arg p "/proc/$HOST_PID/ns/net" '.linux.namespaces += [{type: "network", path: $p}]'
	refused "not the runtime's own" create -b "$BUNDLE" "$ID"
	check_clean
	at_host ip link show v0
}

@test "linux.netDevices, linux.netDevices{}.name: a create that fails later leaves the device on the host as it was" {
	make_host
	new_net_ns
	at_host ip link set v0 up mtu 1300
	at_host ip addr add 192.0.2.7/24 dev v0 label v0:1
	at_host ip addr add 198.51.100.1/32 peer 198.51.100.2 dev v0
	at_host ip addr add 2001:db8::7/64 dev v0 nodad
	at_host ip route add 203.0.113.0/24 dev v0 metric 7
	at_host ip route add default via 192.0.2.1
	at_host ip -6 route add 2001:db8:1::/48 via 2001:db8::1 dev v0
	# The kernel works out the state of a link and of its routes behind the caller's back.
	comes_true is_steady
	# In a hook, to see that it had been moved by then.
	config --arg t "$T" --arg h "$HOST_PID" '.linux.netDevices = {v0: {name: "eth7"}} |
		.hooks.createRuntime = [{path: "/bin/sh", args: ["sh", "-c", "ip -o link show v0 >\($t)/hook 2>&1; exit 1"], env: ["PATH=/usr/sbin:/usr/bin:/sbin:/bin"]}]'
	refused "hook" create -b "$BUNDLE" "$ID"
	grep -q 'does not exist' "$T/hook"
	check_clean
	is_as_before
	# After the program's execve has failed it comes back too.
	config 'del(.hooks) | .process.args = ["/etc"]'
	refused "/etc" run -b "$BUNDLE" "$ID"
	check_clean
	is_as_before
}

# is_steady: the link is up, and $T/before is how it is, also a moment later.
is_steady() {
	state_of_host >"$T/before"
	sleep 0.1
	grep -q ' state UP ' "$T/before" && state_of_host | cmp -s - "$T/before"
}

# is_as_before: soon.
is_as_before() {
	local try
	for try in {1..600}; do
		state_of_host >"$T/now"
		! cmp -s "$T/before" "$T/now" || return 0
		sleep 0.05
	done
	diff "$T/before" "$T/now"
}

# By a neighbour in a namespace that is joined, say: here it is a hook. What it has made would lead from the host
# into its own namespace.
@test "linux.netDevices, linux.netDevices{}.name: what somebody has put in the device's place is not brought to the host" {
	make_host
	unshare -n sleep 300 >/dev/null 2>&1 </dev/null 3>&- 4>&- &
	other=$!
	until [ "$(readlink "/proc/$other/ns/net")" != "$(readlink /proc/self/ns/net)" ]; do sleep 0.01; done
	at_host ip tuntap add t0 mode tap || { kill "$other"; skip "needs tun"; }
	cat >"$T/hook" <<-END
		set -e
		ip() { nsenter -t $other -n ip "\$@"; }
		number=\$(ip -o link show t0 | cut -d: -f1)
		ip link del t0
		ip link add t0 index "\$number" type veth peer name outside
		echo done >"$T/hooked"
		exit 1
	END
	config --arg p "/proc/$other/ns/net" --arg hook "$T/hook" '.linux.netDevices = {t0: {}} |
		.linux.namespaces |= map(select(.type != "network")) + [{type: "network", path: $p}] |
		.hooks.createRuntime = [{path: "/bin/sh", args: ["sh", $hook], env: ["PATH=/usr/sbin:/usr/bin:/sbin:/bin"]}]'
	davit create -b "$BUNDLE" "$ID"
	[ "$status" -ne 0 ]
	[ -s "$T/hooked" ]
	[[ $err == *"move the network device t0 back: another one has its number"* ]] || complain "not told"
	not at_host ip link show t0
	nsenter -t "$other" -n ip link show t0
	check_clean
	kill "$other"
}

# Without what counts down or up.
state_of_host() {
	at_host ip -o link show v0
	at_host ip -o addr show v0 scope global
	at_host ip route
	at_host ip -6 route | grep -v 'fe80\|ff00'
}

# --- cgroup ---------------------------------------------------------------------------------------

@test "linux.cgroupsPath: absolute and relative paths are where they say, each time" {
	requires cgroup2
	local path try
	for path in "/davit-spec-$TOKEN/a" "davit-spec-$TOKEN/b"; do
		config --arg p "$path" '.linux.cgroupsPath = $p'
		for try in 1 2; do
			ok create -b "$BUNDLE" "$ID"
			[ "$(cgroup_of "$(init_pid)")" = "$CGROOT/${path#/}" ] || complain "try $try: not in $path"
			ok delete -f "$ID"
			[ ! -e "$CGROOT/davit-spec-$TOKEN" ]
		done
	done
}

@test "linux.cgroupsPath: empty and \".\" components do not count, and a slice's form is a name" {
	requires cgroup2
	local path
	for path in "//davit-spec-$TOKEN/./a//" "./davit-spec-$TOKEN/a/." "davit-spec-$TOKEN//a"; do
		config --arg p "$path" '.linux.cgroupsPath = $p'
		ok create -b "$BUNDLE" "$ID"
		[ "$(cgroup_of "$(init_pid)")" = "$CGROOT/davit-spec-$TOKEN/a" ] || complain "$path"
		ok delete -f "$ID"
		[ ! -e "$CGROOT/davit-spec-$TOKEN" ]
	done
	config --arg p "$TOKEN.slice:davit:a" '.linux.cgroupsPath = $p'
	ok create -b "$BUNDLE" "$ID"
	[ "$(cgroup_of "$(init_pid)")" = "$CGROOT/$TOKEN.slice:davit:a" ]
	ok delete -f "$ID"
	config '.linux.cgroupsPath = ""'
	ok create -b "$BUNDLE" "$ID"
	[ "$(cgroup_of "$(init_pid)")" = "$CGROOT/$ID" ]
	ok delete -f "$ID"
	check_clean
}

@test "linux.cgroupsPath: paths that lead elsewhere or nowhere are refused" {
	requires cgroup2
	local path
	for path in .. ../x "/davit-$TOKEN/../../x" "a/../$TOKEN" / // /. \
		$'a\nb' "$(printf '%0300d' 0)" "$(printf 'a/%.0s' {1..3000})$TOKEN"; do
		config --arg p "$path" '.linux.cgroupsPath = $p'
		refused "/linux/cgroupsPath" create -b "$BUNDLE" "$ID"
		check_clean
	done
}

@test "linux.cgroupsPath: spelt with //, /./ and a slash at the end it is the same place" {
	requires cgroup2
	local path
	program sleep 1000
	for path in "/$TOKEN//a" "//$TOKEN/a/" "/$TOKEN/./a/."; do
		config --arg p "$path" '.linux.cgroupsPath = $p'
		ok create -b "$BUNDLE" "$ID"
		[[ $(cgroup_of "$(init_pid)") == */$TOKEN/a ]] || { echo "$path"; return 1; }
		ok delete --force "$ID"
	done
}

@test "linux.cgroupsPath fit: a cgroup with processes, or a frozen one, is refused and left as it was" {
	requires cgroup2
	local cg=$CGROOT/davit-fit-$TOKEN
	mkdir -p "$cg/frozen"
	config --arg p "/davit-fit-$TOKEN" '.linux.cgroupsPath = $p'
	sleep 1000 >/dev/null 2>&1 3>&- 4>&- &
	echo $! >"$cg/cgroup.procs"
	refused "container's cgroup is not empty" create -b "$BUNDLE" "$ID"
	grep -qx $! "$cg/cgroup.procs"
	killed $!
	comes_true grep -q 'populated 0' "$cg/cgroup.events"
	echo 1 >"$cg/frozen/cgroup.freeze"
	config --arg p "/davit-fit-$TOKEN/frozen" '.linux.cgroupsPath = $p'
	refused "container's cgroup unexpectedly frozen" create -b "$BUNDLE" "$ID"
	# Below a frozen one the container would never run either.
	config --arg p "/davit-fit-$TOKEN/frozen/x" '.linux.cgroupsPath = $p'
	refused "container's cgroup unexpectedly frozen" create -b "$BUNDLE" "$ID"
	[ "$(<"$cg/frozen/cgroup.freeze")" = 1 ]
	[ ! -e "$cg/frozen/x" ]
	removed "$cg/frozen" "$cg"
	check_clean
}

# owners CGROUP: "uid gid file" of all that is not root's.
owners() {
	find "$1" -maxdepth 1 \( -type f -o -path "$1" \) ! \( -uid 0 -gid 0 \) -printf '%U %G %P\n' | sort
}

# The cgroup and what the kernel lists, as far as it is there, for user $2.
expected_owners() {
	local file
	{
		echo "$2 0 "
		while read -r file; do
			[ ! -e "$1/$file" ] || echo "$2 0 $file"
		done <"${3:-/sys/kernel/cgroup/delegate}"
	} | sort
}

mount_cgroup() {
	config --argjson o "$1" '.mounts |= map(select(.destination != "/sys/fs/cgroup")) +
		[{destination: "/sys/fs/cgroup", type: "cgroup", source: "cgroup", options: $o}]'
}

@test "linux.cgroupsPath ownership: the directory and the kernel's list go to the process's user" {
	requires cgroup2
	local cg
	mount_cgroup '["nosuid", "noexec", "nodev"]'
	config '.process.user = {uid: 1234, gid: 5678}'
	ok create -b "$BUNDLE" "$ID"
	cg=$(cgroup_of "$(init_pid)")
	expected_owners "$cg" 1234 >"$T/expected"
	owners "$cg" | diff "$T/expected" -
	[ "$(wc -l <"$T/expected")" -ge 4 ]
	ok delete -f "$ID"
	# Through the id map, and for the container's root.
	config '.process.user = {uid: 3, gid: 0} | .linux.namespaces += [{type: "user"}] |
		.linux.uidMappings = [{containerID: 0, hostID: 100000, size: 10}] | .linux.gidMappings = .linux.uidMappings |
		.process.args = ["sh", "-c", "mkdir /sys/fs/cgroup/own && echo $$ >/sys/fs/cgroup/own/cgroup.procs && echo 1 >/sys/fs/cgroup/cgroup.freeze; cat /proc/self/cgroup"]'
	chown -R 100000:100000 "$BUNDLE/rootfs"
	chmod 755 "$T" "$BUNDLE"
	ok create -b "$BUNDLE" "$ID"
	cg=$(cgroup_of "$(init_pid)")
	owners "$cg" | diff <(expected_owners "$cg" 100003) -
	ok delete -f "$ID"
	# It is of use: the program makes a cgroup below and enters it; its own limits stay out of reach.
	davit run -b "$BUNDLE" "$ID"
	[ "$status" -eq 0 ]
	[[ $out == *"0::/own"* ]]
	[[ $err == *"cgroup.freeze"* ]]
	check_clean
}

# wrapped COMMANDS: from now on davit runs in a mount namespace of its own, after these commands.
wrapped() {
	printf '#!/bin/sh\nexec unshare -m --propagation slave sh -ec '"'"'%s; exec "$@"'"'"' sh %s "$@"\n' "$1" "$DAVIT" >"$T/davit"
	chmod +x "$T/davit"
	DAVIT=$T/davit
}

@test "linux.cgroupsPath ownership: without the kernel's list three files; what a list names and is not there is no failure" {
	requires cgroup2
	local cg davit=$DAVIT
	mount_cgroup '[]'
	config '.process.user.uid = 1234'
	printf 'cgroup.procs\ncgroup.subtree_control\ncgroup.threads\n' >"$T/list"
	wrapped "mount -t tmpfs none /sys/kernel/cgroup"
	ok create -b "$BUNDLE" "$ID"
	cg=$(cgroup_of "$(init_pid)")
	owners "$cg" | diff <(expected_owners "$cg" 1234 "$T/list") -
	ok delete -f "$ID"
	DAVIT=$davit
	printf 'no.such.file\n\n../cgroup.procs\ncgroup.procs\n' >"$T/odd"
	echo cgroup.procs >"$T/list"
	wrapped "mount --bind $T/odd /sys/kernel/cgroup/delegate"
	ok create -b "$BUNDLE" "$ID"
	cg=$(cgroup_of "$(init_pid)")
	owners "$cg" | diff <(expected_owners "$cg" 1234 "$T/list") -
	[ "$(stat -c %u "$CGROOT/cgroup.procs")" -eq 0 ]
}

@test "linux.cgroupsPath ownership: not without a cgroup namespace and a writable mount" {
	requires cgroup2
	local try
	config '.process.user = {uid: 1234, gid: 5678}'
	for try in none ro elsewhere source namespace; do
		cp "$BUNDLE/config.json" "$T/saved.json"
		case $try in
		ro) mount_cgroup '["ro"]' ;;
		*) mount_cgroup '[]' ;;&
		none) config '.mounts |= map(select(.destination != "/sys/fs/cgroup"))' ;;
		elsewhere) config '(.mounts[] | select(.type == "cgroup") | .destination) = "/mnt"' ;;
		source) config '(.mounts[] | select(.type == "cgroup") | .source) = "cgroup2"' ;;
		namespace) config '.linux.namespaces |= map(select(.type != "cgroup"))' ;;
		esac
		ok create -b "$BUNDLE" "$ID"
		[ -z "$(owners "$(cgroup_of "$(init_pid)")")" ] || complain "$try: $(owners "$(cgroup_of "$(init_pid)")")"
		ok delete -f "$ID"
		mv "$T/saved.json" "$BUNDLE/config.json"
	done
}

@test "annotations run.oci.delegate-cgroup: the first process is in a sub cgroup of the cgroup namespace's root" {
	requires cgroup2
	local cg
	mount_cgroup '[]'
	config --arg p "/davit-sub-$TOKEN" '.process.user.uid = 1234 | .linux.cgroupsPath = $p |
		.annotations = {"run.oci.delegate-cgroup": "/sub/init"} | .process.args = ["cat", "/proc/self/cgroup"]'
	ok create -b "$BUNDLE" "$ID"
	cg=$CGROOT/davit-sub-$TOKEN
	[ "$(cgroup_of "$(init_pid)")" = "$cg/sub/init" ]
	for try in "$cg" "$cg/sub" "$cg/sub/init"; do
		owners "$try" | diff <(expected_owners "$try" 1234) -
	done
	ok delete -f "$ID"
	[ ! -e "$cg" ]
	ok run -b "$BUNDLE" "$ID"
	grep -qx '0::/sub/init' "$OUT"
	for try in .. ../x a/../../x a//b $'a\nb' "$(printf '%0300d' 0)"; do
		config --arg v "$try" '.annotations = {"run.oci.delegate-cgroup": $v}'
		refused "bad sub cgroup path" create -b "$BUNDLE" "$ID"
	done
	check_clean
}

# --- resctrl --------------------------------------------------------------------------------------

# A resctrl in a mount namespace of the test, served by fuse-resctrl.py. The kernel would call it
# "fuse" in mountinfo, so davit is given a mountinfo that says what a machine with RDT would say.
make_resctrl() {
	local try
	[ -e /dev/fuse ] || skip "needs FUSE"
	RDT=$T/resctrl
	mkdir "$RDT"
	: >"$T/rdt.log"
	unshare -m --propagation private python3 "$HERE/fuse-resctrl.py" "$RDT" "$T/rdt.log" \
		>"$T/fuse.log" 2>&1 </dev/null 3>&- 4>&- &
	RDT_PID=$!
	for try in {1..600}; do
		! grep -q " $RDT " "/proc/$RDT_PID/mountinfo" 2>/dev/null || break
		[ -e "/proc/$RDT_PID" ] || skip "needs FUSE: $(cat "$T/fuse.log")"
		sleep 0.05
	done
	echo "11 10 0:99 / $RDT rw,relatime shared:7 - resctrl resctrl rw" >"$T/mountinfo"
	cat >"$T/davit" <<-EOT
		#!/bin/sh
		exec nsenter -t $RDT_PID -m unshare -m --propagation private sh -c '
			mount --bind "$T/mountinfo" /proc/\$\$/mountinfo && exec "\$@"' sh "$DAVIT" "\$@"
	EOT
	chmod +x "$T/davit"
	DAVIT=$T/davit
}

# at_rdt COMMAND...: with a view of it.
at_rdt() {
	nsenter -t "$RDT_PID" -m "$@"
}

# rdt FILTER-BODY: linux.intelRdt.
rdt() {
	config ".linux.intelRdt = $1"
}

@test "linux.intelRdt.closID, linux.intelRdt.l3CacheSchema, linux.intelRdt.memBwSchema, linux.intelRdt.schemata: without closID a group of the container's id, written in order, removed by delete" {
	make_resctrl
	rdt '{l3CacheSchema: "L3:0=ff", memBwSchema: "MB:0=20;1=70", schemata: ["L3:1=f0", "MB:1=50"]}'
	ok create -b "$BUNDLE" "$ID"
	diff "$T/rdt.log" - <<-EOT
		mkdir $ID
		write $ID/schemata L3:0=ff
		write $ID/schemata MB:0=20;1=70
		write $ID/schemata L3:1=f0
		write $ID/schemata MB:1=50
		write $ID/tasks $(init_pid)
	EOT
	ok start "$ID"
	ok delete -f "$ID"
	[ "$(tail -n 1 "$T/rdt.log")" = "rmdir $ID" ]
	not at_rdt test -e "$RDT/$ID"
	# run removes it as well.
	program true
	ok run -b "$BUNDLE" "$ID"
	[ "$(tail -n 1 "$T/rdt.log")" = "rmdir $ID" ]
}

@test "linux.intelRdt.closID: a class with a schema is made where missing, stays, and has to agree when it exists" {
	make_resctrl
	rdt '{closID: "gold", l3CacheSchema: "L3:0=ff;1=f", memBwSchema: "MB:0=20"}'
	ok create -b "$BUNDLE" "$ID"
	at_rdt grep -qx "$(init_pid)" "$RDT/gold/tasks"
	ok delete -f "$ID"
	at_rdt test -d "$RDT/gold"
	# Written by the kernel in another form, with all domains: the same.
	rdt '{closID: "gold", l3CacheSchema: "L3:1=00F"}'
	ok create -b "$BUNDLE" "$ID"
	ok delete -f "$ID"
	: >"$T/rdt.log"
	local line
	for line in L3:0=fe L3:2=1 L2:0=1 L3:nonsense L3; do
		rdt "{closID: \"gold\", l3CacheSchema: \"$line\"}"
		refused "/linux/intelRdt" create -b "$BUNDLE" "$ID"
	done
	rdt '{closID: "gold", memBwSchema: "MB:0=32"}' # 0x20
	refused "exists, and its schemata are not" create -b "$BUNDLE" "$ID"
	[ ! -s "$T/rdt.log" ]
	check_clean
}

@test "linux.intelRdt.closID: a class without a schema has to be there, is joined, and nothing is written to its schemata" {
	make_resctrl
	rdt '{closID: "silver"}'
	refused "/linux/intelRdt/closID" create -b "$BUNDLE" "$ID"
	[[ $err == *"does not exist"* ]]
	[ ! -s "$T/rdt.log" ]
	at_rdt mkdir "$RDT/silver"
	: >"$T/rdt.log"
	ok create -b "$BUNDLE" "$ID"
	echo "write silver/tasks $(init_pid)" | diff "$T/rdt.log" -
	ok delete -f "$ID"
	at_rdt test -d "$RDT/silver"
	# "/" is the default class.
	: >"$T/rdt.log"
	rdt '{closID: "/"}'
	ok create -b "$BUNDLE" "$ID"
	echo "write tasks $(init_pid)" | diff "$T/rdt.log" -
	ok delete -f "$ID"
	[ "$(wc -l <"$T/rdt.log")" -eq 1 ]
}

@test "linux.intelRdt.enableMonitoring: a monitoring group of the container's id, removed by delete; one too many is an error" {
	make_resctrl
	at_rdt mkdir "$RDT/silver"
	rdt '{closID: "silver", enableMonitoring: true}'
	ok create -b "$BUNDLE" "$ID"
	at_rdt grep -qx "$(init_pid)" "$RDT/silver/mon_groups/$ID/tasks"
	at_rdt grep -qx "$(init_pid)" "$RDT/silver/tasks"
	ok delete -f "$ID"
	not at_rdt test -e "$RDT/silver/mon_groups/$ID"
	rdt '{closID: "/", enableMonitoring: true}'
	ok create -b "$BUNDLE" "$ID"
	at_rdt test -d "$RDT/mon_groups/$ID"
	ok delete -f "$ID"
	not at_rdt test -e "$RDT/mon_groups/$ID"
	at_rdt mkdir "$RDT/silver/mon_groups/"{1,2,3,4}
	: >"$T/rdt.log"
	rdt '{closID: "silver", enableMonitoring: true}'
	refused "/linux/intelRdt/enableMonitoring" create -b "$BUNDLE" "$ID"
	[[ $err == *"Out of RMIDs"* ]]
	[ ! -s "$T/rdt.log" ]
	# In a group of its own that goes again.
	rdt '{enableMonitoring: false}'
	ok create -b "$BUNDLE" "$ID"
	not at_rdt test -e "$RDT/$ID/mon_groups/$ID"
	ok delete -f "$ID"
	check_clean
}

@test "linux.intelRdt.schemata: a create that fails leaves resctrl as it was" {
	make_resctrl
	at_rdt mkdir "$RDT/gold"
	at_rdt cat "$RDT/gold/schemata" >"$T/before"
	rdt '{closID: "gold", schemata: ["L3:0=1", "XX:0=1"], enableMonitoring: true}'
	refused "/linux/intelRdt/schemata/1" create -b "$BUNDLE" "$ID"
	[[ $err == *"Unknown resource: XX"* ]]
	at_rdt cat "$RDT/gold/schemata" | diff "$T/before" -
	config '.hooks.createRuntime = [{path: "/bin/false"}]'
	rdt '{closID: "gold", schemata: ["L3:0=1"], enableMonitoring: true}'
	refused "hook" create -b "$BUNDLE" "$ID"
	at_rdt cat "$RDT/gold/schemata" | diff "$T/before" -
	[ -z "$(at_rdt ls "$RDT/gold/mon_groups")" ]
	rdt '{schemata: ["L3:0=1"], enableMonitoring: true}'
	refused "hook" create -b "$BUNDLE" "$ID"
	not at_rdt test -e "$RDT/$ID"
	rdt '{closID: "new", schemata: ["L3:0=1"]}'
	refused "hook" create -b "$BUNDLE" "$ID"
	not at_rdt test -e "$RDT/new"
	check_clean
}

@test "linux.intelRdt.schemata, linux.intelRdt.closID: values that would be more than a line or a name are refused" {
	make_resctrl
	local key
	for key in l3CacheSchema memBwSchema; do
		rdt "{$key: \"MB:0=1\\nMB:1=1\"}"
		refused "/linux/intelRdt/$key" create -b "$BUNDLE" "$ID"
	done
	rdt '{schemata: ["L3:0=1", "L3:0=1\nMB:0=1"]}'
	refused "/linux/intelRdt/schemata/1" create -b "$BUNDLE" "$ID"
	rdt '{memBwSchema: "L3:0=1"}'
	refused "/linux/intelRdt/memBwSchema" create -b "$BUNDLE" "$ID"
	for key in a/b ../x .. .; do
		config --arg k "$key" '.linux.intelRdt = {closID: $k}'
		refused "/linux/intelRdt/closID" create -b "$BUNDLE" "$ID"
	done
	[ ! -s "$T/rdt.log" ]
}

@test "linux.intelRdt.l3CacheSchema, linux.intelRdt.memBwSchema: update writes them to the container's class, and all or nothing" {
	make_resctrl
	rdt '{l3CacheSchema: "L3:0=ff", memBwSchema: "MB:0=20;1=70"}'
	ok create -b "$BUNDLE" "$ID"
	: >"$T/rdt.log"
	ok update --l3-cache-schema "L3:0=f" --mem-bw-schema=MB:0=50 "$ID"
	[ -z "$out" ]
	printf 'write %s/schemata %s\n' "$ID" L3:0=f "$ID" MB:0=50 | diff "$T/rdt.log" -
	at_rdt cat "$RDT/$ID/schemata" >"$T/before"
	refused "write \"MB:9=1\" to the schemata" update --l3-cache-schema "L3:0=3" --mem-bw-schema MB:9=1 "$ID"
	at_rdt cat "$RDT/$ID/schemata" | diff "$T/before" -
	# Nor when it is the cgroup that refuses.
	refused "realtimeRuntime" update --mem-bw-schema MB:0=60 --cpu-rt-runtime 1000 "$ID"
	at_rdt cat "$RDT/$ID/schemata" | diff "$T/before" -
	: >"$T/rdt.log"
	refused "/linux/intelRdt/memBwSchema" update --mem-bw-schema L3:0=1 "$ID"
	refused "/linux/intelRdt/l3CacheSchema" update --l3-cache-schema $'L3:0=1\nMB:0=1' "$ID"
	[ ! -s "$T/rdt.log" ]
	ok delete -f "$ID"
	at_rdt mkdir "$RDT/gold"
	rdt '{closID: "gold"}'
	ok create -b "$BUNDLE" "$ID"
	: >"$T/rdt.log"
	ok update --mem-bw-schema MB:1=40 "$ID"
	[ "$(<"$T/rdt.log")" = "write gold/schemata MB:1=40" ]
	at_rdt rmdir "$RDT/gold" || :
	ok delete -f "$ID"
	config 'del(.linux.intelRdt)'
	ok create -b "$BUNDLE" "$ID"
	refused "no class of service" update --mem-bw-schema MB:1=40 "$ID"
}

@test "linux.intelRdt.closID: an error without resctrl; and without intelRdt no resctrl is touched" {
	make_resctrl
	ok create -b "$BUNDLE" "$ID"
	ok delete -f "$ID"
	[ ! -s "$T/rdt.log" ]
	# Part of one that is bound somewhere is none.
	echo "11 10 0:99 /gold $RDT rw,relatime shared:7 - resctrl resctrl rw" >"$T/mountinfo"
	rdt '{}'
	refused "no resctrl file system is mounted" create -b "$BUNDLE" "$ID"
	[[ $err == *"/linux/intelRdt"* ]]
	check_clean
	[ ! -s "$T/rdt.log" ]
}

# --- kernel parameters ----------------------------------------------------------------------------

@test "linux.sysctl: parameters of the container's namespaces are in force, and the host's unchanged" {
	before=$(cat /proc/sys/net/ipv4/ip_forward /proc/sys/kernel/msgmax /proc/sys/fs/mqueue/msg_max)
	config '.linux.sysctl = {"net.ipv4.ip_forward": "1", "net/ipv4/conf/lo/forwarding": "0", "net.ipv4.conf.lo.rp_filter": "0",
		"kernel.msgmax": "4242", "fs.mqueue.msg_max": "17", "kernel.domainname": "spec.example"}'
	ok create -b "$BUNDLE" "$ID"
	in_ns() {
		nsenter -t "$(init_pid)" -n -i -u -m -p cat "$1"
	}
	[ "$(in_ns /proc/sys/net/ipv4/ip_forward)" = 1 ]
	[ "$(in_ns /proc/sys/net/ipv4/conf/lo/forwarding)" = 0 ]
	[ "$(in_ns /proc/sys/kernel/msgmax)" = 4242 ]
	[ "$(in_ns /proc/sys/kernel/domainname)" = spec.example ]
	[ "$before" = "$(cat /proc/sys/net/ipv4/ip_forward /proc/sys/kernel/msgmax /proc/sys/fs/mqueue/msg_max)" ]
}

@test "linux.sysctl: what is not of a namespace of the container's own, or set by another member, is refused" {
	local key
	for key in kernel.shm_next_id vm.overcommit_memory kernel.core_pattern fs.file-max net net/../kernel/panic kernel.hostname; do
		config --arg k "$key" '.linux.sysctl = {($k): "1"}'
		refused "/linux/sysctl/" create -b "$BUNDLE" "$ID"
	done
	config '.domainname = "a.example" | .linux.sysctl = {"kernel.domainname": "b.example"}'
	refused "/linux/sysctl/kernel.domainname" create -b "$BUNDLE" "$ID"
	config 'del(.domainname) | .linux.sysctl = {"user.max_user_namespaces": "1"}'
	refused "needs a user namespace" create -b "$BUNDLE" "$ID"
	config 'del(.domainname) | .linux.sysctl = {"net.core.rmem_max": "65536"}' # the first namespace's
	refused "/linux/sysctl/net.core.rmem_max" create -b "$BUNDLE" "$ID"
	[[ $err != *"permission denied"* || $err == *"the kernel lets this namespace read it at most"* ]]
	config '.linux.sysctl = {"kernel.sem": "1 2 3 4"} | .linux.namespaces |= map(select(.type != "ipc"))'
	refused "needs an ipc namespace" create -b "$BUNDLE" "$ID"
	# What the host has already: a failure of the test must not change it.
	config --arg v "$(cat /proc/sys/net/ipv4/ip_forward)" '.linux.sysctl = {"net.ipv4.ip_forward": $v} | .linux.namespaces |= map(select(.type != "network"))'
	refused "needs a network namespace" create -b "$BUNDLE" "$ID"
	# The runtime's own by its path is no better than none.
	config '.linux.namespaces += [{type: "network", path: "/proc/self/ns/net"}]'
	refused "the runtime's own" create -b "$BUNDLE" "$ID"
	[[ $err == *"/linux/sysctl/net.ipv4.ip_forward"* ]]
	check_clean
}

# --- devices --------------------------------------------------------------------------------------

# dev FORMAT PATH: stat of a path in the container.
dev() {
	stat -c "$1" "/proc/$(init_pid)/root$2"
}

@test "linux.devices default, linux.devices symlinks: every container has the devices and links of the specification" {
	local name
	ok run -d -b "$BUNDLE" "$ID"
	for name in null:1:3 zero:1:5 full:1:7 random:1:8 urandom:1:9 tty:5:0; do
		[ "$(dev '%F %t:%T %a' "/dev/${name%%:*}")" = "character special file ${name#*:} 666" ] || complain "$name"
	done
	for name in fd:/proc/self/fd stdin:/proc/self/fd/0 stdout:/proc/self/fd/1 stderr:/proc/self/fd/2 ptmx:pts/ptmx; do
		[ "$(readlink "/proc/$(init_pid)/root/dev/${name%%:*}")" = "${name#*:}" ] || complain "$name"
	done
}

@test "linux.devices[].{type,path,major,minor,fileMode,uid,gid}: nodes are made as asked for, anywhere" {
	config '.linux.devices = [
		{type: "c", path: "/dev/c", major: 10, minor: 229, fileMode: 384, uid: 5, gid: 6},
		{type: "u", path: "/opt/deep/u", major: 1, minor: 3},
		{type: "b", path: "/dev/b", major: 7, minor: 300, fileMode: 25008},
		{type: "p", path: "/dev/p", fileMode: 438, uid: 7}]'
	ok run -d -b "$BUNDLE" "$ID"
	[ "$(dev '%F %t:%T %a %u:%g' /dev/c)" = "character special file a:e5 600 5:6" ]
	[ "$(dev '%F %t:%T %a %u:%g' /opt/deep/u)" = "character special file 1:3 666 0:0" ]
	[ "$(dev '%F %t:%T %a %u:%g' /dev/b)" = "block special file 7:12c 660 0:0" ]
	[ "$(dev '%F %a %u:%g' /dev/p)" = "fifo 666 7:0" ]
	ok delete -f "$ID"
	# There already, and the right one: left as it is.
	chmod 640 "$BUNDLE/rootfs/opt/deep/u"
	ok run -d -b "$BUNDLE" "$ID"
	[ "$(dev '%t:%T %a' /opt/deep/u)" = "1:3 640" ]
}

@test "linux.devices[].path: something else in its place is an error and stays" {
	local what
	config '.linux.devices = [{type: "c", path: "/opt/node", major: 1, minor: 3}]'
	mkdir "$BUNDLE/rootfs/opt"
	for what in "touch" "mkdir" "mkfifo" "ln -s /dev/null" "mknod_other"; do
		if [ "$what" = mknod_other ]; then
			mknod "$BUNDLE/rootfs/opt/node" c 1 5
		else
			$what "$BUNDLE/rootfs/opt/node"
		fi
		stat -c '%F %t:%T %i' "$BUNDLE/rootfs/opt/node" >"$T/before"
		refused "/linux/devices/0" create -b "$BUNDLE" "$ID"
		[[ $err == *"not the device c 1:3"* ]]
		stat -c '%F %t:%T %i' "$BUNDLE/rootfs/opt/node" | diff "$T/before" -
		rm -r "$BUNDLE/rootfs/opt/node"
		check_clean
	done
	# In a user namespace too, where the host's node would be bound.
	touch "$BUNDLE/rootfs/opt/node"
	echo text >"$BUNDLE/rootfs/opt/node"
	config '.linux.devices[0].path = "/opt/node" | .linux.namespaces += [{type: "user"}] |
		.linux.uidMappings = [{containerID: 0, hostID: 100000, size: 10}] | .linux.gidMappings = .linux.uidMappings'
	refused "/linux/devices/0" create -b "$BUNDLE" "$ID"
	[ "$(<"$BUNDLE/rootfs/opt/node")" = text ]
}

@test "linux.devices[].path: in a user namespace the host's node is bound" {
	config '.linux.devices = [{type: "c", path: "/dev/kmsg", major: 1, minor: 11}] | .linux.namespaces += [{type: "user"}] |
		.linux.uidMappings = [{containerID: 0, hostID: 100000, size: 10}] | .linux.gidMappings = .linux.uidMappings'
	chown -R 100000:100000 "$BUNDLE/rootfs"
	ok run -d -b "$BUNDLE" "$ID"
	[ "$(dev '%t:%T' /dev/kmsg)" = 1:b ]
	[ "$(dev '%t:%T' /dev/null)" = 1:3 ]
}

@test "linux.devices[].{type,path,major,minor,fileMode,uid,gid}: in a user namespace what the host has no node for is made, and nowhere else" {
	config '.linux.devices = [
		{type: "c", path: "/dev/c", major: 1, minor: 5, fileMode: 384, uid: 5, gid: 6},
		{type: "b", path: "/opt/deep/b", major: 7, minor: 300},
		{type: "c", path: "/dev/kmsg", major: 1, minor: 7}] | .linux.namespaces += [{type: "user"}] |
		.linux.uidMappings = [{containerID: 0, hostID: 100000, size: 10}] | .linux.gidMappings = .linux.uidMappings |
		.linux.resources.devices = [{allow: false, access: "rwm"}] |
		.process.user = {uid: 5, gid: 6}'
	program sh -c '(: </dev/c) && (: </opt/deep/b) 2>&1; exec sleep 1000'
	chown -R 100000:100000 "$BUNDLE/rootfs"
	umask 077
	ok run -d -b "$BUNDLE" "$ID"
	[ "$(dev '%F %t:%T %a %u:%g' /dev/c)" = "character special file 1:5 600 100005:100006" ]
	[ "$(dev '%F %t:%T %a %u:%g' /opt/deep/b)" = "block special file 7:12c 666 100000:100000" ]
	[ "$(dev '%t:%T' /dev/kmsg)" = 1:7 ] # the host's has another number
	grep -E ' /dev/c | /opt/deep/b ' "/proc/$(init_pid)/mountinfo" >"$T/mounts"
	[ "$(awk '$6 ~ /(^|,)nosuid,noexec(,|$)/ && $6 !~ /nodev/ && $7 == "-"' "$T/mounts" | wc -l)" = 2 ] || complain "$(<"$T/mounts")"
	# The cgroup's rules are about them as about all others (1:5 is in the default list).
	comes_true grep -q '/opt/deep/b: ..' "$OUT"
	out=$(<"$OUT")
	[[ $out == *"/opt/deep/b: Operation not permitted" ]] || complain "not read, or the block device was opened"
	ok delete -f "$ID"
	check_clean
	ok plan -b "$BUNDLE"
	[[ $out == *"bind the host's device /opt/deep/b b 7:300, or one that is made where it has none"* ]] || complain "not planned"
	config '.linux.devices[0].uid = 11'
	refused "the host has no device /dev/c c 1:5 to be bound, and its owner is not in linux.uidMappings or gidMappings" create -b "$BUNDLE" "$ID"
	[[ $err == *"/linux/devices/0"* ]]
	# In a user namespace that somebody else has made nobody has the right to.
	config '.linux.devices[0].uid = 0'
	real=$DAVIT
	printf '#!/bin/sh\nexec unshare -Ur "%s" --cgroup-manager disabled "$@"\n' "$real" >"$T/davit"
	chmod 755 "$T/davit"
	DAVIT=$T/davit
	chown -R 0:0 "$BUNDLE/rootfs"
	config 'del(.linux.resources) | .process.user = {uid: 0, gid: 0} | .linux.devices[0].gid = 0 |
		.linux.uidMappings = [{containerID: 0, hostID: 0, size: 1}] | .linux.gidMappings = .linux.uidMappings'
	refused "the host has no device /dev/c c 1:5 to be bound, and only root of the host's own user namespace may make one" create -b "$BUNDLE" "$ID"
	DAVIT=$real
	check_clean
}

@test "linux.devices[].path: /dev/ptmx in a user namespace is that of the container's terminals" {
	config '.linux.devices = [{type: "c", path: "/dev/ptmx", major: 5, minor: 2}] | .linux.namespaces += [{type: "user"}] |
		.linux.uidMappings = [{containerID: 0, hostID: 100000, size: 10}] | .linux.gidMappings = .linux.uidMappings'
	chown -R 100000:100000 "$BUNDLE/rootfs"
	program sh -c 'exec 3<>/dev/ptmx && ls /dev/pts'
	davit run -b "$BUNDLE" "$ID"
	[ "$status" -eq 0 ]
	[ "$out" = $'0\nptmx' ]
}

@test "features.linux.netDevices, features.linux.intelRdt: davit says that they are built" {
	ok features
	jq -e '.linux.netDevices.enabled and .linux.intelRdt.enabled and .linux.intelRdt.schemata and .linux.intelRdt.monitoring' <<<"$out"
}
