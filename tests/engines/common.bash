# shellcheck shell=bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# What the suites of the engines share: the packages of their root, and what a step is made of.
# shellcheck disable=SC2317,SC2034  # steps are called by name

# Debian sid's; the same list is the same root, made once a machine.
packages=containerd,runc,crun,podman,docker.io,docker-cli,conmon,netavark,aardvark-dns,iptables,nftables,iproute2,busybox-static,jq,catatonit,containernetworking-plugins,uidmap,procps,mount,bsdutils,ca-certificates

count=0 failures=0

# step NAME COMMAND...: a test; its output is shown when it fails.
step() {
	local name=$1 out status=0
	shift
	count=$((count + 1))
	out=$(timeout -k 5 60 bash -c '"$@"' - "$@" 2>&1 </dev/null) || status=$?
	if [ "$status" -eq 0 ]; then
		echo "ok $count $name"
	else
		failures=$((failures + 1))
		echo "not ok $count $name"
		echo "# $* -> $status"
		tail -8 <<<"$out" | sed 's/^/# /'
	fi
	return "$status"
}

# shows TEXT COMMAND...: it succeeds and prints TEXT.
shows() {
	local text=$1 out
	shift
	out=$("$@" 2>&1) || { echo "$out"; return 1; }
	grep -q -- "$text" <<<"$out" || { echo "does not show '$text': $out"; return 1; }
}

# ends STATUS COMMAND...: with that exit status.
ends() {
	local want=$1 status=0
	shift
	"$@" || status=$?
	[ "$status" -eq "$want" ] || { echo "status $status, not $want"; return 1; }
}

# on_terminal TEXT COMMAND...: the same as shows, on a terminal of its own.
on_terminal() {
	local text=$1
	shift
	shows "$text" script -qefc "$*" /dev/null
}

wait_for() {
	local try
	for try in {1..100}; do
		! "$@" >/dev/null 2>&1 || return 0
		sleep 0.2
	done
	echo "not after $try tries: $*"
	return 1
}

export -f shows ends on_terminal wait_for

make_image() {
	mkdir -p /tmp/image/bin /tmp/image/etc /tmp/image/tmp /tmp/image/dev /tmp/image/proc /tmp/image/sys
	cp "$(command -v busybox)" /tmp/image/bin/busybox
	for applet in sh cat echo sleep true false id ps tty hostname ls stat test touch grep mount mkdir wc; do
		ln -sf busybox "/tmp/image/bin/$applet"
	done
	echo 'root:x:0:0:root:/root:/bin/sh' >/tmp/image/etc/passwd
	tar -C /tmp/image -cf /tmp/image.tar .
}
