#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# exec into a container whose processes are hostile: what they can reach of the runtime, and what the
# executed program gets.
# shellcheck disable=SC2016  # variables of jq, and of the shell inside
load helpers

setup() {
	requires root
	new_bundle
	new_canary
	program sleep 1000
}

teardown() {
	tear_down
}

# says TEXT: the container's own program has printed it, within half a minute.
says() {
	local try
	for try in {1..600}; do
		! grep -q "$1" "$seen" || return 0
		sleep 0.05
	done
	echo "not $1 after $try tries:"
	cat "$seen"
	return 1
}

# hostile WORD...: the container's program is the probe with those words; `seen` is what it prints.
hostile() {
	probe
	program probe "$@"
	chmod 755 "$T" "$BUNDLE"
	ok run -d -b "$BUNDLE" "$ID"
	seen=$OUT
	says polling
}

@test "T09 self-exe: of two hundred execs none can be opened for writing, with all rights over processes" {
	before=$(sha256sum <"$DAVIT")
	config '.process.capabilities |= map_values(["CAP_SYS_PTRACE", "CAP_DAC_OVERRIDE"]) | .root.readonly = true'
	hostile exe
	seq 200 | DAVIT_TEST=$TOKEN xargs -P 4 -I {} "$DAVIT" --root "$ROOT" exec "$ID" true >/dev/null
	says looked # its eyes are open: it was refused often
	run ! grep opened "$seen"
	[ "$(sha256sum <"$DAVIT")" = "$before" ]
}

@test "T09 self-exe: exec of /proc/self/exe, of a link to it, and of a script that it would interpret" {
	before=$(sha256sum <"$DAVIT")
	printf '#!/proc/self/exe\n' >"$BUNDLE/rootfs/bin/script"
	chmod 755 "$BUNDLE/rootfs/bin/script"
	ln -s /proc/self/exe "$BUNDLE/rootfs/bin/link"
	ok run -d -b "$BUNDLE" "$ID"
	for words in /proc/self/exe /bin/link /bin/script link; do
		davit exec "$ID" "$words" --version
		[ "$status" -ne 0 ] || complain "$words"
		[[ $out != *"davit version"* ]]
	done
	[ "$(sha256sum <"$DAVIT")" = "$before" ]
}

@test "T10 fd-allow-list: of many descriptors of the caller none reaches exec's program" {
	ok run -d -b "$BUNDLE" "$ID"
	for fd in {20..900..40}; do
		eval "exec $fd<\"\$CANARY\""
	done
	DAVIT_TEST=$TOKEN "$DAVIT" --root "$ROOT" exec "$ID" ls -l /proc/self/fd >"$T/fds" 2>&1 </dev/null 3<"$CANARY" 4<"$CGROOT"
	for fd in {20..900..40}; do
		eval "exec $fd<&-"
	done
	run ! grep -e "$CANARY" -e cgroup -e socket "$T/fds"
	[ "$(grep -c -e '->' "$T/fds")" -le 3 ] # that of ls itself is gone when it is read
}

@test "T11 cwd-escape: exec --cwd through a descriptor, or a link of the image to one, is refused" {
	ok run -d -b "$BUNDLE" "$ID"
	exec 10<"$CANARY"
	for fd in 3 4 5 6 7 8 9 10 11 12 13 70; do
		refused cwd exec --cwd "/proc/self/fd/$fd" "$ID" sh -c 'echo it runs >/started'
		[ "$status" -eq 255 ]
		ln -sfn "/proc/self/fd/$fd" "$BUNDLE/rootfs/work"
		refused cwd exec --cwd /work "$ID" sh -c 'echo it runs >/started'
		[ "$status" -eq 255 ]
	done
	exec 10<&-
	[ ! -e "$BUNDLE/rootfs/started" ]
	for cwd in /proc/1/root /proc/self/cwd /proc/1/cwd /../../..; do
		davit exec --cwd $cwd "$ID" ls
		[ "$status" -ne 0 ] || [ "$out" = "$(ls "$BUNDLE/rootfs")" ]
	done
	unchanged
}

# The kernel opens the interpreter before it closes what execve closes: through a directory of the
# host, "..", and any program of the host, whose loader is then the image's.
@test "T11 cwd-escape: a script's interpreter finds no descriptor that leads to the host (CVE-2024-21626)" {
	cp "$(command -v busybox)" "$T/echo"
	script=$BUNDLE/rootfs/bin/script
	touch "$script"
	chmod 755 "$script"
	config '.hooks.startContainer = [{ path: "/bin/script", args: ["script", "a program of the host ran"] }]'
	cp "$BUNDLE/config.json" "$T/hook.json"
	config 'del(.hooks)'
	ok run -d -b "$BUNDLE" "$ID"
	program script "a program of the host ran"
	cp "$BUNDLE/config.json" "$T/program.json"
	for fd in {3..16}; do
		printf '#!/proc/self/fd/%s/../../../../../../../../../../..%s/echo\n' "$fd" "$T" >"$script"
		for words in "" "--preserve-fds 20"; do
			# shellcheck disable=SC2086  # none or two words
			davit exec $words "$ID" script "a program of the host ran"
			[ "$status" -ne 0 ] && [[ $out != *ran* ]] || complain "exec $words: $fd"
			for config in hook program; do
				cp "$T/$config.json" "$BUNDLE/config.json"
				# shellcheck disable=SC2086  # none or two words
				davit run $words -b "$BUNDLE" "$ID-2"
				[ "$status" -ne 0 ] && [[ $out != *ran* ]] || complain "run $words, $config: $fd"
			done
		done
	done
}

# What protects is that the runtime's process is non-dumpable before it can be seen. A cwd that is
# missing is found out last of all: its exec is looked at for the whole way, and no program comes.
@test "T12 attach-window: a container with all rights over its processes sees nothing of an exec before execve (CVE-2016-9962)" {
	requires userns
	config '[{ "containerID": 0, "hostID": 100000, "size": 65536 }] as $map | .linux.namespaces += [{ "type": "user" }] |
		.linux.uidMappings = $map | .linux.gidMappings = $map |
		.process.capabilities |= map_values(["CAP_SYS_PTRACE", "CAP_DAC_OVERRIDE", "CAP_KILL"])'
	chown -R 100000:100000 "$BUNDLE/rootfs"
	hostile attach
	seq 100 | DAVIT_TEST=$TOKEN xargs -P 2 -I {} sh -c '"$0" --root "$1" exec --cwd /nodir "$2" true 2>/dev/null; [ $? -eq 255 ]' \
		"$DAVIT" "$ROOT" "$ID"
	[ "$(<"$seen")" = polling ] || { cat "$seen"; false; }
	ok exec -d "$ID" sleep 1000
	says 'opened /proc/[0-9]*/exe' # its eyes are open
}

@test "T12 attach-window: the same without a user namespace, by the same user" {
	hostile attach
	seq 100 | DAVIT_TEST=$TOKEN xargs -P 2 -I {} sh -c '"$0" --root "$1" exec --cwd /nodir "$2" true 2>/dev/null; [ $? -eq 255 ]' \
		"$DAVIT" "$ROOT" "$ID"
	# The folder fd belongs to root, who may list numbers; what they lead to is not shown.
	[ "$(grep -v '/fd$' "$seen")" = polling ] || { cat "$seen"; false; }
	ok exec -d "$ID" sleep 1000
	says 'opened /proc/[0-9]*/exe'
}

# Whoever may ptrace looks through every process, dumpable or not: so nothing that can be seen in the
# container's pid namespace may hold a root, a folder or a descriptor of the host.
reaching() {
	config '.process.capabilities |= map_values(. + ["CAP_SYS_PTRACE"])'
	hostile reach "$CANARY/file"
}

# What of the host was reached: nothing, and its eyes are open: they see the last one, which stays.
reached_nothing() {
	ok exec -d "$ID" sleep 1000
	says "saw $1"
	run ! grep reached "$seen"
}

@test "T12 attach-window: of 100 execs none leads out of a container with CAP_SYS_PTRACE and no user namespace" {
	reaching
	seq 100 | DAVIT_TEST=$TOKEN xargs -P 2 -I {} "$DAVIT" --root "$ROOT" exec "$ID" true
	reached_nothing '[1-9][0-9]'
}

@test "T12 attach-window: no more does an exec with a terminal, preserved descriptors, or a cgroup below" {
	reaching
	[ -z "$CGROOT" ] || mkdir "$(cgroup_of "$(init_pid)")/below"
	for _ in {1..10}; do
		DAVIT_TEST=$TOKEN "$HERE/pty.py" 'expect hello' "$DAVIT" --root "$ROOT" exec -t "$ID" echo hello >/dev/null 3>&- 4>&-
		ok exec --preserve-fds 2 "$ID" true
		[ -z "$CGROOT" ] || ok exec --cgroup below "$ID" true
	done
	reached_nothing '[1-9][0-9]'
}

@test "T12 attach-window: an exec of one container leads out of no other in the same pid namespace" {
	reaching
	attacker=$(init_pid)
	program sleep 1000
	config --arg p "/proc/$attacker/ns/pid" '.linux.namespaces |= map(if .type == "pid" then .path = $p else . end)'
	ok run -d -b "$BUNDLE" "$ID-2"
	[ "$(readlink "/proc/$(init_pid "$ID-2")/ns/pid")" = "$(readlink "/proc/$attacker/ns/pid")" ]
	for _ in {1..50}; do
		ok exec "$ID-2" true
	done
	reached_nothing '[1-9][0-9]'
	ok delete --force "$ID-2"
}

@test "T13 caps: exec --cap gives an ordinary user nothing (CVE-2022-29162)" {
	ok run -d -b "$BUNDLE" "$ID"
	ok exec --cap CAP_SYS_ADMIN -u 1000 "$ID" cat /proc/self/status
	for set in CapInh CapPrm CapEff CapAmb; do
		grep -qx "$set:.0000000000000000" "$OUT"
	done
	grep -qx "CapBnd:.0000000020200420" "$OUT"
}

@test "T14 id-parse: exec --user and --additional-gids are exact numbers, never names, never 0 by accident" {
	printf 'root:x:0:0::/root:/bin/sh\n1000:x:0:0::/root:/bin/sh\n' >"$BUNDLE/rootfs/etc/passwd"
	config '.process.user = { uid: 77, gid: 78 }'
	ok run -d -b "$BUNDLE" "$ID"
	for row in 1=1:78 1:2=1:2 1000=1000:78 01=1:78 4294967294=4294967294:78 0:0=0:0; do
		ok exec -u "${row%=*}" "$ID" sh -c 'echo $(id -u):$(id -g)'
		[ "$out" = "${row#*=}" ]
	done
	for text in -1 +1 0x1 1.5 "1 " " 1" 4294967295 4294967296 18446744073709551616 1: "" :1 root 1:root 1:-1 1:2:3 ","; do
		refused "UID:GID" exec --user "$text" "$ID" true
		refused "not a number" exec --additional-gids "$text" "$ID" true
	done
	ok exec "$ID" sh -c 'echo $(id -u):$(id -g)'
	[ "$out" = 77:78 ]
}

@test "T15 cgroup: exec --cgroup never leaves the container's cgroup" {
	requires cgroup2
	ok run -d -b "$BUNDLE" "$ID"
	before=$(cgroups)
	for path in .. ../.. /../x a/../../b ./.. "..//" $'..\n' "$(printf 'a%.0s' {1..300})" memory:.. ":.." "" /proc; do
		davit exec --cgroup "$path" "$ID" cat /proc/self/cgroup
		# "": the container's own
		[ "$status" -eq 255 ] || [ "$(grep ^0:: "$OUT")" = 0::/ ] || complain "$path"
	done
	[ "$(cgroups)" = "$before" ]
}

@test "T18 tty: exec's program has a session of its own and no way to the caller's terminal" {
	probe
	ok run -d -b "$BUNDLE" "$ID"
	out=$(DAVIT_TEST=$TOKEN python3 - "$DAVIT" --root "$ROOT" exec "$ID" probe tty 3>&- <<-'END'
		import os, pty, sys
		pid, master = pty.fork()
		if pid == 0:
		    os.execv(sys.argv[1], sys.argv[1:])
		try:
		    while chunk := os.read(master, 4096):
		        os.write(1, chunk.replace(b"\r", b""))
		except OSError:
		    pass
	END
	)
	[[ $out =~ TIOCSTI:\ (EPERM|EIO) ]] || { echo "$out"; false; }
	[[ $out == *"TIOCSCTTY: EPERM"* && $out == *"TIOCSCTTY steal: EPERM"* && $out == *"/dev/tty: ENXIO"* ]]
}
