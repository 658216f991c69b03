#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# /proc, masks and terminals that the container has prepared a copy of: what the runtime writes must
# reach the kernel, and what it covers with must be the host's.
# shellcheck disable=SC2016  # variables of jq, and of the shell inside
load helpers

setup() {
	requires root
	new_bundle
	new_canary
	program true
}

teardown() {
	end_peer
	tear_down
}

# mounted_on PATH: its line of the mountinfo that the program printed.
mounted_on() {
	awk -v p="$1" '$5 == p' <<<"$out"
}

@test "T03 mask-source: masks are the host's null, read-only, whatever the image has in /dev" {
	r=$BUNDLE/rootfs
	mkdir -p "$r/secret"
	echo secret >"$r/secret/file"
	cp "$r/secret/file" "$r/plain"
	ln -s "$CANARY/file" "$r/link"
	ln -s plain "$r/inside"
	program sh -c 'cat /proc/self/mountinfo; ls -A /secret; cat /plain /inside; touch /secret/new /plain 2>&1'
	config '.linux.maskedPaths = ["/proc/timer_list", "/proc/keys", "/plain", "/secret", "/link", "/nowhere"]'
	davit run -b "$BUNDLE" "$ID"
	[[ $out != *secret/file* && $out != *$'\nsecret'* ]]
	for path in /proc/timer_list /proc/keys /plain; do
		line=$(mounted_on $path)
		[[ $line == *" /null $path ro,"* ]] || complain "$path: $line"
	done
	[[ $(mounted_on /secret) == *"/secret ro,"*" - tmpfs "* ]]
	[ -z "$(mounted_on /nowhere)" ]
	[[ $out == *"ead-only file system"* ]]
	# Passed over, as a path that is not there, it would be open to whoever knows the file's name.
	config '.linux.maskedPaths += ["/plain/x"]'
	refused /linux/maskedPaths/6 run -b "$BUNDLE" "$ID"
	unchanged
}

@test "T03 mask-source: a hostile null of a volume on /dev, or another file there, is never the source" {
	mkdir -p "$T/volume"
	program cat /proc/self/mountinfo
	config --arg v "$T/volume" '.mounts |= (map(select(.destination | startswith("/dev") | not)) +
		[{ "destination": "/dev", "type": "bind", "source": $v, "options": ["bind"] }])'
	for kind in file link zero missing; do
		rm -f "$T/volume"/*
		case $kind in
		file) echo data >"$T/volume/null" ;;
		link) ln -s "$CANARY/null" "$T/volume/null" ;;
		zero) mknod "$T/volume/null" c 1 5 ;;
		esac
		contained $kind run -b "$BUNDLE" "$ID"
		[ "$status" -ne 0 ] || [[ $(mounted_on /proc/keys) == *" /null /proc/keys ro,"* ]] || complain $kind
		unchanged $kind
	done
	check_clean
}

# console_of PID: the file system and number of /dev/console as the container sees it.
console_of() {
	stat -c '%Hr:%Lr' "/proc/$1/root/dev/console"
}

@test "T04 console-source: /dev/console is the terminal that was sent, whatever lies at /dev/pts" {
	program sleep 1000
	config '.process.terminal = true'
	peer take "$T/socket" "$T/report"
	ok create -b "$BUNDLE" --console-socket "$T/socket" "$ID"
	pid=$(init_pid)
	appears "$T/report"
	[ "$(<"$T/report")" = "$(console_of "$pid") 1" ]
	awk '$5 == "/dev/console"' "/proc/$pid/mountinfo" | grep -q ' - devpts '
	ok start "$ID"
	for fd in 0 1 2; do
		[ "$(stat -Lc '%Hr:%Lr' "/proc/$pid/fd/$fd")" = "$(console_of "$pid")" ]
	done
}

@test "T04 console-source: a /dev/pts that is no devpts is refused" {
	config '.process.terminal = true | .mounts |= map(select(.destination != "/dev/pts"))'
	cp "$BUNDLE/config.json" "$T/good.json"
	peer take "$T/socket" "$T/report"
	mkdir -p "$T/volume/pts"
	for kind in none tmpfs link fake null; do
		cp "$T/good.json" "$BUNDLE/config.json"
		rm -rf "$T/volume/pts"
		mkdir "$T/volume/pts"
		case $kind in
		tmpfs) config '.mounts += [{ "destination": "/dev/pts", "type": "tmpfs", "source": "tmpfs" }]' ;;
		link) ln -s "$CANARY/ptmx" "$T/volume/pts/ptmx" ;;
		fake) mknod "$T/volume/pts/ptmx" c 5 2; ln -s "$CANARY/file" "$T/volume/pts/0" ;;
		null) mknod "$T/volume/pts/ptmx" c 1 3 ;;
		esac
		[[ $kind == none || $kind == tmpfs ]] || config --arg v "$T/volume/pts" '.mounts += [
			{ "destination": "/dev/pts", "type": "bind", "source": $v, "options": ["bind"] }]'
		refused /dev/pts/ptmx create -b "$BUNDLE" --console-socket "$T/socket" "$ID"
		unchanged $kind
	done
	[ ! -e "$T/report" ]
	check_clean
}

@test "T06 proc-overmount: nothing is mounted over files of /proc, by whatever name it is reached" {
	ln -s /proc "$BUNDLE/rootfs/p"
	ln -s proc/self "$BUNDLE/rootfs/me"
	cp "$BUNDLE/config.json" "$T/good.json"
	for destination in /proc/self /proc/self/attr /proc/self/attr/exec /proc/1/attr /proc/sys /proc/sys/kernel \
		/tmp/../proc/sys /p/sys /p/sys/kernel /me/attr //proc//sys/ /proc/thread-self/attr; do
		for type in tmpfs bind; do
			cp "$T/good.json" "$BUNDLE/config.json"
			config --arg d "$destination" --arg t $type --arg c "$CANARY" '.mounts += [if $t == "tmpfs"
				then { "destination": $d, "type": "tmpfs", "source": "tmpfs" }
				else { "destination": $d, "type": "bind", "source": $c, "options": ["bind"] } end] |
				.linux.sysctl = { "kernel.shmmni": "4001" }'
			refused /mounts/5 create -b "$BUNDLE" "$ID"
		done
	done
	unchanged
	check_clean
}

@test "T06 proc-overmount: sysctls and the OOM score are in force, with /proc of the image's making too" {
	program sh -c 'cat /proc/sys/kernel/shmmni; sleep 1000'
	config '.linux.sysctl = { "kernel.shmmni": "4001", "kernel.msgmni": "777", "net.ipv4.ip_default_ttl": "42" } |
		.process.oomScoreAdj = 321'
	cp "$BUNDLE/config.json" "$T/good.json"
	mkdir -p "$BUNDLE/rootfs/proc/sys/kernel" "$BUNDLE/rootfs/proc/sys/net/ipv4"
	echo forged | tee "$BUNDLE"/rootfs/proc/sys/{kernel/shmmni,kernel/msgmni,net/ipv4/ip_default_ttl} >/dev/null
	for kind in own none host; do
		cp "$T/good.json" "$BUNDLE/config.json"
		[ $kind = own ] || config '.mounts |= map(select(.destination != "/proc"))'
		[ $kind != host ] || config '.mounts += [{ "destination": "/proc", "type": "bind", "source": "/proc", "options": ["rbind"] }]'
		[ $kind != none ] || config '.linux.maskedPaths = [] | .linux.readonlyPaths = []'
		ok create -b "$BUNDLE" "$ID"
		pid=$(init_pid)
		[ "$(<"/proc/$pid/oom_score_adj")" = 321 ]
		[ "$(nsenter -t "$pid" -i -n cat /proc/sys/kernel/shmmni /proc/sys/kernel/msgmni /proc/sys/net/ipv4/ip_default_ttl)" = $'4001\n777\n42' ]
		ok delete --force "$ID"
	done
	[ "$(cat "$BUNDLE"/rootfs/proc/sys/kernel/shmmni)" = forged ]
	[ "$(cat /proc/sys/kernel/shmmni)" != 4001 ]
	check_clean
}

@test "T06 proc-overmount: a label that cannot be in force is refused" {
	[ -e /sys/kernel/security/apparmor/profiles ] || {
		config '.process.apparmorProfile = "unconfined_not"'
		refused /process/apparmorProfile create -b "$BUNDLE" "$ID"
		config 'del(.process.apparmorProfile)'
	}
	[ -e /sys/fs/selinux/enforce ] || {
		config '.process.selinuxLabel = "system_u:system_r:container_t:s0"'
		refused /process/selinuxLabel create -b "$BUNDLE" "$ID"
	}
	check_clean
}
