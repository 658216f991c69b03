#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# What the container's process gets and what it can reach of the runtime: the binary, descriptors,
# the working directory, other processes, ids, capabilities, the terminal.
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
	umount "$T/exe" 2>/dev/null || true
	tear_down
}

# sealed PID: its executable cannot be written, for as long as anybody holds it.
sealed() {
	python3 - "$1" <<-'END'
		import errno, fcntl, os, re, sys
		path = f"/proc/{sys.argv[1]}/exe"
		fd = os.open(path, os.O_RDONLY)
		try:
		    seals = fcntl.fcntl(fd, 1034)  # F_GET_SEALS
		except OSError:
		    seals = 0
		ours = re.search(r"mnt_id:\t(\d+)", open(f"/proc/self/fdinfo/{fd}").read())[1]
		mounts = [line.split()[0] for line in open("/proc/self/mountinfo")]
		private = os.fstatvfs(fd).f_flag & os.ST_RDONLY and ours not in mounts
		assert seals & 8 or private, f"{path}: neither sealed nor on a private read-only mount"
		for flags in os.O_RDWR, os.O_WRONLY | os.O_TRUNC, os.O_WRONLY | os.O_APPEND:
		    try:
		        os.open(path, flags)
		        sys.exit(f"{path} was opened for writing")
		    except OSError as e:
		        assert e.errno in (errno.EROFS, errno.ETXTBSY, errno.EPERM), e
	END
}

@test "T09 self-exe: init executes a sealed copy of davit, or one on a private read-only mount" {
	before=$(sha256sum <"$DAVIT")
	ok create -b "$BUNDLE" "$ID"
	sealed "$(init_pid)"
	[ "$(sha256sum <"$DAVIT")" = "$before" ]
}

# copied PID: its executable is a memfd that nobody can write.
copied() {
	python3 -c 'import fcntl, os, sys
sys.exit(fcntl.fcntl(os.open(sys.argv[1], os.O_RDONLY), 1034) & 8 == 0)' "/proc/$1/exe"
}

@test "T09 self-exe: that its mount cannot be cloned does not make an executable a sealed one" {
	local real=$DAVIT exe=$T/exe
	touch "$exe"
	mount --bind "$real" "$exe"
	mount -o remount,bind,ro "$exe"
	DAVIT=$T/davit
	# Unbindable; and of another mount namespace.
	for way in 'mount --make-unbindable "$0" && exec "$0" "$@"' 'exec "/proc/self/fd/9" "$@" 9<&9'; do
		printf '#!/bin/sh\nexec 9<%s\nexec unshare -m --propagation private sh -c %q %s "$@"\n' "$exe" "$way" "$exe" >"$DAVIT"
		chmod 755 "$DAVIT"
		ok create -b "$BUNDLE" "$ID"
		copied "$(init_pid)" || complain "$way: the executable is $(readlink "/proc/$(init_pid)/exe")"
		ok delete --force "$ID"
	done
	# The control: where it can be cloned, there is no copy.
	DAVIT=$real
	ok create -b "$BUNDLE" "$ID"
	run ! copied "$(init_pid)"
	sealed "$(init_pid)"
	[ "$(readlink "/proc/$(init_pid)/exe")" = / ]
	umount "$exe"
}

@test "T09 self-exe: a program that is /proc/self/exe, or whose interpreter it is, gets nothing to write to" {
	before=$(sha256sum <"$DAVIT")
	for words in "/proc/self/exe --version" "/proc/1/exe --version" "/bin/script" "/bin/link"; do
		printf '#!/proc/self/exe\n' >"$BUNDLE/rootfs/bin/script"
		chmod 755 "$BUNDLE/rootfs/bin/script"
		ln -sf /proc/self/exe "$BUNDLE/rootfs/bin/link"
		# shellcheck disable=SC2086  # words
		program $words
		davit run -b "$BUNDLE" "$ID"
		[ "$status" -ne 0 ] || complain "$words"
		[ "$(sha256sum <"$DAVIT")" = "$before" ]
	done
	check_clean
}

# holding COUNT ARG...: davit called by somebody with so many descriptors that are not close-on-exec.
holding() {
	local count=$1
	shift
	status=0
	(
		ulimit -Sn $((count + 100))
		DAVIT_TEST=$TOKEN exec python3 -c '
import os, resource, socket, sys
count = int(sys.argv[1])
for i in range(count // 4):
    for fd in os.open(sys.argv[2], os.O_RDONLY), os.open("/", os.O_PATH), os.open("/sys/fs/cgroup", os.O_RDONLY), \
            socket.socket().detach():
        os.set_inheritable(fd, True)
os.execv(sys.argv[3], sys.argv[3:])' "$count" "$CANARY" "$DAVIT" --root "$ROOT" "$@"
	) >"$T/held" 2>&1 </dev/null 3>&- 4>&- || status=$?
	out=$(<"$T/held")
	[ "$status" -eq 0 ] || complain "with $count descriptors: $*"
}

# fds PID: what its descriptors from 3 on are.
fds() {
	find "/proc/$1/fd" -mindepth 1 -printf '%f %l\n' | awk '$1 > 2'
}

@test "T10 fd-allow-list: of many descriptors of the caller none is in init, a hook or the program" {
	config --arg t "$T" '.hooks = { "createRuntime": [{ "path": "/bin/sh", "args": ["sh", "-c", "ls -l /proc/self/fd >" + $t + "/runtime"] }],
		"createContainer": [{ "path": "/bin/sh", "args": ["sh", "-c", "ls -l /proc/self/fd >" + $t + "/container"] }],
		"poststart": [{ "path": "/bin/sh", "args": ["sh", "-c", "ls -l /proc/self/fd >" + $t + "/poststart"] }] }'
	program sleep 1000
	for count in 64 4000; do
		holding $count create -b "$BUNDLE" "$ID"
		pid=$(init_pid)
		fds "$pid" >"$T/created"
		run ! grep -e "$CANARY" -e cgroup "$T/created"
		[ "$(wc -l <"$T/created")" -le 8 ]
		ok start "$ID"
		[ -z "$(fds "$pid")" ]
		for hook in runtime container poststart; do
			run ! grep -e "$CANARY" -e cgroup -e ' /$' -e socket "$T/$hook"
		done
		ok delete --force "$ID"
	done
}

@test "T10 fd-allow-list: preserved descriptors are the caller's, and no others come with them" {
	program sh -c 'cat <&3; cat <&5; ls /proc/self/fd'
	exec 10<"$CANARY"
	echo three >"$T/three"
	echo five >"$T/five"
	DAVIT_TEST=$TOKEN "$DAVIT" --root "$ROOT" run -b "$BUNDLE" --preserve-fds 3 "$ID" \
		>"$T/out" 2>&1 </dev/null 3<"$T/three" 4</dev/null 5<"$T/five" 6<"$CANARY"
	exec 10<&-
	[ "$(tr '\n' ' ' <"$T/out")" = "three five 0 1 2 3 4 5 6 " ] # 6 is the folder that ls reads
	program sh -c 'ls /proc/self/fd'
	DAVIT_TEST=$TOKEN "$DAVIT" --root "$ROOT" run -b "$BUNDLE" --preserve-fds 0 "$ID" \
		>"$T/out" 2>&1 </dev/null 3<"$T/three" 4<"$T/five"
	[ "$(tr '\n' ' ' <"$T/out")" = "0 1 2 3 " ]
}

@test "T10 fd-allow-list: closed standard streams are /dev/null, not what davit opened first" {
	program sh -c 'stat -Lc %t:%T /proc/self/fd/0 /proc/self/fd/1 /proc/self/fd/2 >/result'
	for closed in "0<&-" "1>&-" "2>&-" "0<&- 1>&- 2>&-"; do
		echo >"$BUNDLE/rootfs/result"
		eval 'DAVIT_TEST=$TOKEN timeout 120 "$DAVIT" --root "$ROOT" run -b "$BUNDLE" "$ID"' \
			'</dev/null >/dev/null 2>/dev/null 3>&-' "$closed"
		# stdout of stat itself is the file
		[ "$(sed -n '1p;3p' "$BUNDLE/rootfs/result" | sort -u)" = 1:3 ]
	done
	check_clean
}

@test "T11 cwd-escape: a folder reached through descriptors, or a link of the image to one, is refused" {
	program sh -c 'echo it runs >/started'
	for fd in 3 4 5 7 9 12 70; do
		config --arg c "/proc/self/fd/$fd" '.process.cwd = $c'
		refused "cwd" run -b "$BUNDLE" "$ID"
		ln -sfn "/proc/self/fd/$fd" "$BUNDLE/rootfs/work"
		config '.process.cwd = "/work"'
		refused "cwd" run -b "$BUNDLE" "$ID"
	done
	for cwd in /proc/1/root /proc/self/cwd /proc/1/cwd; do
		config --arg c $cwd '.process.cwd = $c'
		contained $cwd run -b "$BUNDLE" "$ID"
		rm -f "$BUNDLE/rootfs/started"
	done
	[ ! -e /started ]
	check_clean
}

@test "T11 cwd-escape: a folder that becomes such a link between create and start is refused" {
	program sh -c 'echo it runs >/started'
	mkdir "$BUNDLE/rootfs/work"
	config '.process.cwd = "/work"'
	exec 10<"$CANARY"
	for fd in {3..7} 10; do
		rm -rf "$BUNDLE/rootfs/work"
		mkdir "$BUNDLE/rootfs/work"
		ok create -b "$BUNDLE" "$ID"
		rmdir "$BUNDLE/rootfs/work"
		ln -s "/proc/self/fd/$fd" "$BUNDLE/rootfs/work"
		refused cwd start "$ID"
		ok delete --force "$ID"
	done
	exec 10<&-
	[ ! -e "$BUNDLE/rootfs/started" ]
}

# The same ids and all rights in the user namespace of a pod: what protects is that the runtime's
# process is non-dumpable before it can be seen there.
@test "T12 attach-window: a container that shares its pid and user namespace sees nothing of one being created" {
	requires userns
	probe
	config '.linux.namespaces += [{ "type": "user" }] | .linux |= . + {
			"uidMappings": [{ "containerID": 0, "hostID": 100000, "size": 65536 }],
			"gidMappings": [{ "containerID": 0, "hostID": 100000, "size": 65536 }] } |
		.process.capabilities |= map_values(["CAP_SYS_PTRACE", "CAP_DAC_OVERRIDE", "CAP_KILL"])'
	chmod 755 "$T" "$BUNDLE"
	program probe attach
	chown -R 100000:100000 "$BUNDLE/rootfs"
	ok create -b "$BUNDLE" "$ID"
	attacker=$(init_pid)
	seen=$OUT
	ok start "$ID"
	for _ in {1..600}; do [ -s "$seen" ] && break; sleep 0.05; done
	program sleep 1000
	config --arg p "/proc/$attacker/ns" 'del(.linux.uidMappings, .linux.gidMappings) | .linux.namespaces |=
		map(if .type == "pid" or .type == "user" then .path = $p + "/" + .type else . end)'
	for i in {1..10}; do
		ok create -b "$BUNDLE" "$ID-$i"
		[ "$(<"$seen")" = polling ] || { cat "$seen"; return 1; }
		[ "$i" -eq 10 ] || ok delete --force "$ID-$i"
	done
	# the eyes are open: the program itself may be looked at, as a neighbour of the pod
	ok start "$ID-10"
	comes_true grep -q 'opened /proc/[0-9]*/exe' "$seen"
	ok delete --force "$ID-10"
}

saw_six() {
	[ "$(grep -c '^saw' "$seen")" -gt 5 ]
}

# reaching: the container's program looks for what leads to the host, and may ptrace; `seen` is what it
# prints.
reaching() {
	probe
	program probe reach "$CANARY/file"
	config '.process.capabilities |= map_values(. + ["CAP_SYS_PTRACE"])'
	ok run -d -b "$BUNDLE" "$ID"
	seen=$OUT
	appears "$seen"
	config --arg p "/proc/$(init_pid)/ns/pid" '.linux.namespaces |= map(if .type == "pid" then .path = $p else . end)'
	program sleep 1000
}

@test "T12 attach-window: nothing of a container that joins a pid namespace leads out of it for those who live there" {
	reaching
	for i in {1..20}; do
		ok create -b "$BUNDLE" "$ID-$i"
		pid=$(init_pid "$ID-$i")
		[ "$(readlink "/proc/$pid/ns/pid")" = "$(readlink "/proc/$(init_pid)/ns/pid")" ]
		[ $((i % 5)) -ne 0 ] || ok start "$ID-$i"
		ok delete --force "$ID-$i"
		is_gone "$pid"
	done
	config '.process.terminal = true'
	for _ in {1..5}; do
		program echo hello
		DAVIT_TEST=$TOKEN "$HERE/pty.py" 'expect hello' "$DAVIT" --root "$ROOT" run -b "$BUNDLE" "$ID-t" >/dev/null 3>&- 4>&-
	done
	for _ in {1..6}; do
		ok exec -d "$ID" sleep 1000
	done
	comes_true saw_six # its eyes are open
	run ! grep reached "$seen"
}

# has_lines COUNT FILE: whole ones.
has_lines() {
	[ "$(wc -l <"$2")" -eq "$1" ]
}

@test "T12 attach-window: a container that joins a pid namespace shows its processes in /proc, has a session and reports its pid" {
	ok create -b "$BUNDLE" "$ID"
	config --arg p "/proc/$(init_pid)/ns/pid" '.linux.namespaces |= map(if .type == "pid" then .path = $p else . end) |
		.process.args = ["sh", "-c", "cat /proc/1/comm; echo $$; echo $PPID; exec sleep 1000"] |
		(.mounts[] | select(.type == "proc")).options = ["ro", "hidepid=2"]'
	ok run -d --pid-file "$T/pid" -b "$BUNDLE" "$ID-2"
	said=$OUT
	pid=$(init_pid "$ID-2")
	comes_true has_lines 3 "$said"
	[ "$(<"$T/pid")" = "$pid" ]
	[ "$(awk '{ print $6 }' "/proc/$pid/stat")" = "$pid" ]
	[ "$(sed -n 1p "$said")" = davit:init ]
	[ "$(sed -n 2p "$said")" = "$(awk '/^NSpid/ { print $NF }' "/proc/$pid/status")" ]
	[ "$(sed -n 3p "$said")" = 0 ]
	grep -q ' /proc ro.* - proc proc .*hidepid=invisible' "/proc/$pid/mountinfo"
	[ "$(ps -o ppid= -p "$pid" | tr -d ' ')" != "$(init_pid)" ]
	ok delete --force "$ID-2"
}

@test "T12 attach-window: hooks of a container that joins a pid namespace see the process that stays" {
	ok create -b "$BUNDLE" "$ID"
	config --arg p "/proc/$(init_pid)/ns/pid" --arg t "$T" '.linux.namespaces |= map(if .type == "pid" then .path = $p else . end) |
		.hooks.createRuntime = [{ path: "/bin/sh", args: ["sh", "-c", ("cat >" + $t + "/state")] }]'
	ok create -b "$BUNDLE" "$ID-2"
	[ "$(jq .pid "$T/state")" = "$(init_pid "$ID-2")" ]
	[ "$(readlink "/proc/$(init_pid "$ID-2")/ns/pid")" = "$(readlink "/proc/$(init_pid)/ns/pid")" ]
	ok delete --force "$ID-2"
}

@test "T12 attach-window: a created container's first process has no folder of the bundle, and no descriptor that it does not need" {
	config '.hooks.createContainer = [{ path: "/bin/true" }]'
	ok create -b "$BUNDLE" "$ID"
	fds "$(init_pid)" >"$T/created"
	run ! grep -v ' socket:' "$T/created"
	[ "$(wc -l <"$T/created")" -le 2 ] # the start socket and its channel
	echo secret >"$BUNDLE/host-secret"
	for fd in {3..12}; do
		davit exec --cap CAP_SYS_PTRACE "$ID" cat "/proc/1/fd/$fd/../host-secret"
		[ "$status" -ne 0 ] && [ -z "$out" ] || complain "descriptor $fd"
	done
}

caps_of() {
	local set
	for set in CapInh CapPrm CapEff CapBnd CapAmb NoNewPrivs; do
		printf '%s ' "$(proc_field "$1" $set | sed 's/^0*//; s/^$/0/')"
	done
}

# caps FILTER WANT: of the running program, in hexadecimal, in the order of caps_of.
caps() {
	cp "$T/good.json" "$BUNDLE/config.json"
	config "$1"
	ok create -b "$BUNDLE" "$ID"
	ok start "$ID"
	[ "$(caps_of "$(init_pid)")" = "$2 " ] || { echo "$1: $(caps_of "$(init_pid)")"; return 1; }
	ok delete --force "$ID"
}

@test "T13 caps: the sets are those of config.json, bit for bit; inheritable and ambient only when listed" {
	program sleep 1000
	cp "$BUNDLE/config.json" "$T/good.json"
	caps . "0 20000420 20000420 20000420 0 1"
	caps '.process.noNewPrivileges = false' "0 20000420 20000420 20000420 0 0"
	caps '.process.user.uid = 1000' "0 0 0 20000420 0 1"
	caps 'del(.process.capabilities)' "0 0 0 0 0 1"
	caps '.process.capabilities = {}' "0 0 0 0 0 1"
	caps '.process.capabilities.bounding = []' "0 0 0 0 0 1" # execve of root gets what is bounding
	caps '.process.capabilities.effective = ["CAP_KILL"]' "0 20000420 20000420 20000420 0 1"
	caps '.process.user.uid = 1000 | .process.capabilities |= . + { "inheritable": ["CAP_KILL"], "ambient": ["CAP_KILL"] }' \
		"20 20 20 20000420 20 1"
}

# identity TEXT WANT: process.user is that JSON text; the program has these ids, or WANT is "reject".
identity() {
	cp "$T/good.json" "$BUNDLE/config.json"
	config '.process.user = "HERE"'
	sed -i "s|\"HERE\"|$1|" "$BUNDLE/config.json"
	davit run -b "$BUNDLE" "$ID"
	if [ "$2" = reject ]; then
		one_line || return
		[ -z "$out" ] || complain "$1"
	else
		[ "$status:$out" = "0:$2" ] || complain "$1"
	fi
}

@test "T14 id-parse: ids are exact numbers, never names, and never 0 by accident" {
	printf 'root:x:0:0::/root:/bin/sh\n1000:x:0:0::/root:/bin/sh\n4294967295:x:0:0::/:/bin/sh\n' >"$BUNDLE/rootfs/etc/passwd"
	printf 'root:x:0:\n1000:x:0:\n' >"$BUNDLE/rootfs/etc/group"
	program sh -c 'echo $(id -u):$(id -g)'
	cp "$BUNDLE/config.json" "$T/good.json"
	identity '{ "uid": 1000, "gid": 1000 }' 1000:1000
	identity '{ "uid": 4294967294, "gid": 4294967294 }' 4294967294:4294967294
	identity '{ "uid": 2147483648, "gid": 65536 }' 2147483648:65536
	for text in -1 +1 01 0x1 1.0 1.5 1e3 1e0 '"1"' '"1000"' '"root"' '""' 4294967295 4294967296 8589934592 \
		18446744073709551616 -4294967296 null true '[]' '[1]' '{}'; do
		[ "$text" = null ] || identity "{ \"uid\": $text, \"gid\": 1000 }" reject
	done
	for text in -1 1.5 '"0"' 4294967295 4294967296; do
		identity "{ \"uid\": 1000, \"gid\": $text }" reject
		identity "{ \"uid\": 1, \"gid\": 1, \"additionalGids\": [$text] }" reject
	done
	check_clean
}

# on_tty REPORT ARG...: davit ARG... as the leader of a session on a pty of its own; what the pty shows.
on_tty() {
	python3 - "$@" <<-'END'
		import os, pty, sys
		pid, master = pty.fork()
		if pid == 0:
		    os.execv(sys.argv[1], sys.argv[1:])
		shown = b""
		try:
		    while chunk := os.read(master, 4096):
		        shown += chunk
		except OSError:
		    pass
		print(shown.decode().replace("\r", ""), end="")
		print("leader:", pid)
		sys.exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
	END
}

@test "T18 tty: the caller's terminal cannot be taken or typed into from inside" {
	probe
	program probe tty
	out=$(DAVIT_TEST=$TOKEN on_tty "$DAVIT" --root "$ROOT" run -b "$BUNDLE" "$ID" 3>&-)
	echo "$out"
	[[ $out =~ TIOCSTI:\ (EPERM|EIO) ]]
	[[ $out == *"TIOCSCTTY: EPERM"* && $out == *"TIOCSCTTY steal: EPERM"* && $out == *"/dev/tty: ENXIO"* ]]
	[[ $out == *"sid: 1"* ]] # its own, as the first of its pid namespace
	check_clean
}

# counts_no_keys UID: the kernel has no key on that user's account.
counts_no_keys() {
	! grep -q "^ *$1: .* [1-9][0-9]*/[0-9]* [0-9]*/[0-9]*\$" /proc/key-users
}

# With keys of the container's user a neighbour, or the container itself before an exec, uses up what that
# user may have; a program that kept the caller's session keyring would possess all that is in it.
@test "T12 keyring: without one of its own nothing runs in the caller's session" {
	local filler='import ctypes, errno, os, signal, sys
c = ctypes.CDLL(None, use_errno=True)
add_key, process_keyring = (248 if os.uname().machine == "x86_64" else 217), -2
os.setresgid(1900000000, 1900000000, 1900000000)
os.setresuid(1900000000, 1900000000, 1900000000)
n = 0
while c.syscall(add_key, b"user", b"k%d" % n, b"x" * 200, 200, process_keyring) > 0:
    n += 1
while c.syscall(add_key, b"user", b"s%d" % n, b"x", 1, process_keyring) > 0:
    n += 1
while c.syscall(add_key, b"keyring", b"%d" % (n % 10), None, 0, process_keyring) > 0 and n < 1000:
    n += 1
open(sys.argv[1], "w").write(f"{n} {errno.errorcode[ctypes.get_errno()]}\n")
signal.pause()'
	[ -e /proc/keys ] || skip "needs a kernel with keys"
	requires userns command:python3
	config '.linux.namespaces += [{ type: "user" }] | .linux.uidMappings = [{ containerID: 0, hostID: 1900000000, size: 1000 }]
		| .linux.gidMappings = .linux.uidMappings'
	chown -R 1900000000:1900000000 "$BUNDLE/rootfs"
	chmod 711 "$BATS_RUN_TMPDIR" "$BATS_SUITE_TMPDIR" "$BATS_TEST_TMPDIR" "$BUNDLE"
	program true
	ok run -b "$BUNDLE" "$ID"
	# The kernel gives back what that container's keyring took in its own time.
	comes_true counts_no_keys 1900000000
	: >"$T/filled"
	chmod 666 "$T/filled"
	python3 -c "$filler" "$T/filled" </dev/null >/dev/null 2>"$T/filler.err" 3>&- 4>&- &
	# shellcheck disable=SC2034  # end_peer's
	PEER=$!
	appears "$T/filled"
	[[ $(<"$T/filled") == *" EDQUOT" ]]
	refused "session keyring" run -b "$BUNDLE" "$ID"
	[[ $err == *"--no-new-keyring"* ]]
	ok run --no-new-keyring -b "$BUNDLE" "$ID"
	end_peer
	check_clean
}

# Whoever may search a keyring joins it by its name, and the name of a container is no secret. A user makes
# one of his own that everybody may search; another container of root one that root may.
@test "T12 keyring: one that somebody has made under the container's name is joined by nobody" {
	local maker='import ctypes, os, signal, sys
c = ctypes.CDLL(None, use_errno=True)
keyctl = 250 if os.uname().machine == "x86_64" else 219
os.setresuid(*[int(sys.argv[1])] * 3)
n = c.syscall(keyctl, 1, sys.argv[2].encode())
assert n > 0 and c.syscall(keyctl, 5, n, 0x3f3f3f3f) == 0
open(sys.argv[3], "w").write(f"session {n}\n")
signal.pause()'
	[ -e /proc/keys ] || skip "needs a kernel with keys"
	requires command:python3
	probe
	: >"$T/made"
	chmod 711 "$BATS_RUN_TMPDIR" "$BATS_SUITE_TMPDIR" "$BATS_TEST_TMPDIR"
	for uid in 65534 0; do
		: >"$T/made"
		chmod 666 "$T/made"
		python3 -c "$maker" $uid "_ses.$ID" "$T/made" </dev/null >"$T/maker.err" 2>&1 3>&- 4>&- &
		# shellcheck disable=SC2034  # end_peer's
		PEER=$!
		appears "$T/made" || { cat "$T/maker.err"; false; }
		program probe session
		ok run -b "$BUNDLE" "$ID"
		[[ $out == "session "[1-9]* && $out != "$(<"$T/made")" ]] || complain "run, of user $uid: $(<"$T/made")"
		program sleep 1000
		ok run -d -b "$BUNDLE" "$ID"
		ok exec "$ID" probe session
		[[ $out == "session "[1-9]* && $out != "$(<"$T/made")" ]] || complain "exec, of user $uid: $(<"$T/made")"
		ok delete --force "$ID"
		end_peer
	done
	check_clean
}

# may FILE: CAP_SYS_ADMIN, permitted and effective, as setcap(8) writes it.
may() {
	python3 -c 'import os, struct, sys
os.setxattr(sys.argv[1], "security.capability", struct.pack("<5I", 0x02000001, 1 << 21, 0, 0, 0))' "$1"
}

@test "T09 lent: a davit that is set-user-id or set-group-id, or has capabilities, runs for nobody" {
	local mode
	requires command:python3
	[[ ,$(findmnt -nT "$T" -o OPTIONS), != *,nosuid,* ]] || skip "needs a file system with suid"
	chmod 711 "$BATS_RUN_TMPDIR" "$BATS_SUITE_TMPDIR" "$BATS_TEST_TMPDIR"
	for mode in 4755 2755 755; do
		cp "$DAVIT" "$T/lent"
		chmod "$mode" "$T/lent"
		[ $mode != 755 ] || may "$T/lent"
		for words in "--version" "list" "run -b $BUNDLE x" "--api 3"; do
			status=0
			# shellcheck disable=SC2086  # words
			err=$(setpriv --reuid 65534 --regid 65534 --clear-groups "$T/lent" $words 2>&1 </dev/null) || status=$?
			[ "$status" -eq 1 ] && [[ $err == *"refuse to run with the rights"* ]] || complain "$mode $words"
		done
		"$T/lent" --version >/dev/null # whose it is
	done
	# A user's own capabilities are no gift of the file's.
	cp "$DAVIT" "$T/plain"
	setpriv --reuid 65534 --regid 65534 --clear-groups --inh-caps +sys_admin --ambient-caps +sys_admin "$T/plain" --version >/dev/null
}
