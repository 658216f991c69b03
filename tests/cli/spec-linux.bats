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
	program sleep 100
	HOST_PID=
}

teardown() {
	local failed=0
	tear_down || failed=1
	[ -z "$HOST_PID" ] || kill "$HOST_PID"
	return $failed
}

# A failing `! command` does not fail a test by itself.
not() {
	! "$@"
}

make_host() {
	requires command:ip
	unshare -n sleep 300 >/dev/null 2>&1 </dev/null 3>&- 4>&- &
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

@test "linux.netDevices{host:{name}}: a device is moved, renamed, up, and keeps its lasting global addresses" {
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
	nsenter -t "$(init_pid)" -n busybox ping -c 1 -W 2 192.0.2.1 >/dev/null
	ok start "$ID"
	ok delete -f "$ID"
	# Never moved back (config-linux.md#network-devices): a veth ends with the namespace.
	for _ in {1..100}; do
		at_host ip link show v0peer 2>/dev/null >&2 || break
		sleep 0.05
	done
	at_host ip -o link >"$T/links"
	not grep -e v0 -e eth7 "$T/links"
}

@test "linux.netDevices{host:{name}}: without a name the host's is kept, also in a joined namespace" {
	make_host
	unshare -n sleep 100 >/dev/null 2>&1 </dev/null 3>&- 4>&- &
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

@test "linux.netDevices{host:{name}}: a name that is taken is refused unless it ends in %d" {
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

@test "linux.netDevices{host:{name}}: names that are no names, a missing device, and no namespace of its own are refused" {
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

@test "linux.netDevices{host:{name}}: a create that fails later leaves the device on the host as it was" {
	make_host
	new_net_ns
	at_host ip link set v0 up mtu 1300
	at_host ip addr add 192.0.2.7/24 dev v0 label v0:1
	at_host ip addr add 198.51.100.1/32 peer 198.51.100.2 dev v0
	at_host ip addr add 2001:db8::7/64 dev v0 nodad
	at_host ip route add 203.0.113.0/24 dev v0 metric 7
	at_host ip route add default via 192.0.2.1
	at_host ip -6 route add 2001:db8:1::/48 via 2001:db8::1 dev v0
	state_of_host >"$T/before"
	# In a hook, to see that it had been moved by then.
	config --arg t "$T" --arg h "$HOST_PID" '.linux.netDevices = {v0: {name: "eth7"}} |
		.hooks.createRuntime = [{path: "/bin/sh", args: ["sh", "-c", "ip -o link show v0 >\($t)/hook 2>&1; exit 1"], env: ["PATH=/usr/sbin:/usr/bin:/sbin:/bin"]}]'
	refused "hook" create -b "$BUNDLE" "$ID"
	grep -q 'does not exist' "$T/hook"
	check_clean
	state_of_host | diff "$T/before" -
	# After the program's execve has failed it comes back too.
	config 'del(.hooks) | .process.args = ["/etc"]'
	refused "/etc" run -b "$BUNDLE" "$ID"
	check_clean
	state_of_host | diff "$T/before" -
}

# Without what counts down or up.
state_of_host() {
	at_host ip -o link show v0
	at_host ip -o addr show v0 scope global
	at_host ip route
	at_host ip -6 route | grep -v 'fe80\|ff00'
}
