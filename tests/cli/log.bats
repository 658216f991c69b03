#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Where errors and messages go: stderr, a file in either form, the journal, the syslog.
load helpers

setup() {
	requires root
	new_bundle
}

teardown() {
	tear_down
}

@test "--log FILE and --log file:FILE: one record a failure, appended, none on success" {
	ok --log "$T/log" --log-format json create -b "$BUNDLE" "$ID"
	[ ! -e "$T/log" ]
	refused "container does not exist" --log "$T/log" --log-format json state none
	refused "container none: container does not exist" --log "file:$T/log" --log-format=json state none
	[ "$(wc -l <"$T/log")" -eq 2 ]
	jq -e 'select(.level == "error" and .msg == "container none: container does not exist" and .code == "container-not-found" and (.time | test("^20.*Z$")))' "$T/log"
}

@test "--log follows links of root and the caller, and none of somebody else" {
	mkdir -m 777 "$T/public"
	chown 65534 "$T/public" # not sticky, so the kernel does not look
	echo kept >"$T/target"
	ln -s ../target "$T/public/log"
	refused "container does not exist" --log "$T/public/log" state none
	[ "$(wc -l <"$T/target")" -eq 2 ]
	ln -s "$T/public/log" "$T/again"
	refused "container does not exist" --log "$T/again" state none
	[ "$(wc -l <"$T/target")" -eq 3 ]
	chown -h 65534 "$T/public/log"
	refused "container does not exist" --log "$T/public/log" state none
	refused "container does not exist" --log "$T/again" state none
	[ "$(wc -l <"$T/target")" -eq 3 ]
	ln -s loop "$T/loop"
	refused "container does not exist" --log "$T/loop" state none
	davit --log /dev/stdout state none
	[[ $out == *'container does not exist'* ]] || complain "no record on stdout"
	(cd "$T" && refused "container does not exist" --log again2 state none && ln -s new again3 && davit --log again3 state none)
	[ -s "$T/again2" ] && [ -s "$T/new" ]
}

@test "--log-format text: runc's form" {
	refused "container does not exist" --log "$T/log" state none
	grep -q '^time="20[^"]*Z" level=error msg="container none: container does not exist"$' "$T/log"
}

@test "--log-level and --debug: which messages a file gets" {
	# shellcheck disable=SC2016  # a variable of jq's
	config '.process.capabilities.bounding += ["CAP_NOSUCH"]'
	ok --log "$T/error" create -b "$BUNDLE" "$ID"
	ok delete --force "$ID"
	[ ! -e "$T/error" ] # engines want one document there, the error
	ok --log "$T/warning" --log-level warning create -b "$BUNDLE" "$ID"
	ok delete --force "$ID"
	grep -q 'level=warning msg=.*CAP_NOSUCH' "$T/warning"
	ok --log "$T/debug" --log-format json --debug create -b "$BUNDLE" "$ID"
	grep -q '"level":"warning"' "$T/debug"
}

# in_view PROGRAM: davit with a journal and a syslog of the test's own, in a private mount namespace.
in_view() {
	cat >"$T/receive.py" <<-'END'
		import os, socket, subprocess, sys
		sockets = []
		for path in ("/run/systemd/journal/socket", "/dev/log"):
		    os.makedirs(os.path.dirname(path), exist_ok=True)
		    s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
		    s.bind(path)
		    s.setblocking(False)
		    sockets.append(s)
		status = subprocess.run(sys.argv[2:], stderr=subprocess.DEVNULL).returncode
		with open(sys.argv[1], "wb") as out:
		    for s in sockets:
		        try:
		            while True:
		                out.write(s.recv(65536) + b"\n--\n")
		        except BlockingIOError:
		            pass
		sys.exit(status)
	END
	mkdir "$T/dev"
	# shellcheck disable=SC2016  # the inner shell's
	unshare -m --propagation private sh -ec '
		mount -t tmpfs tmpfs "$1"
		for name in null zero urandom random full tty; do
			touch "$1/$name"
			mount --bind "/dev/$name" "$1/$name"
		done
		mount -t tmpfs tmpfs /run
		mount --rbind "$1" /dev
		shift
		exec python3 "$@"' - "$T/dev" "$T/receive.py" "$T/received" "$DAVIT" --root "$ROOT" "$@" 3>&- 4>&-
}

@test "--log journald:NAME: the journal gets the failure with its priority and code" {
	requires command:python3
	run in_view --log journald:web state none
	[ "$status" -eq 1 ]
	diff "$T/received" - <<-'END'
		MESSAGE=container none: container does not exist
		PRIORITY=3
		SYSLOG_IDENTIFIER=web
		DAVIT_CODE=container-not-found

		--
	END
}

@test "--log syslog:NAME: the syslog gets one line" {
	requires command:python3
	run in_view --log syslog:web state none
	[ "$status" -eq 1 ]
	grep -Eqx '<27>web\[[0-9]+\]: container none: container does not exist' "$T/received"
}

@test "a journal or syslog that is not there, and a file that cannot be opened, are no failures" {
	ok --log "journald:x" --log-level debug list
	ok --log "$T/none/log" --log-level debug list
	refused "container does not exist" --log "$T/none/log" state none
}

@test "an image's control characters reach neither a log nor a terminal, C1 and DEL neither" {
	printf '#!/no\302\233\177\205/interpreter\302\205x\n' >"$BUNDLE/rootfs/bin/script"
	chmod 755 "$BUNDLE/rootfs/bin/script"
	program /bin/script
	for format in text json; do
		davit --log "$T/log" --log-format "$format" run -b "$BUNDLE" "$ID"
		[ "$status" -ne 0 ]
		[[ $err == *'/no\u009b\x7f\x85/interpreter\u0085x'* ]] || complain "the #! line is not spelled"
		if LC_ALL=C grep -aP '[\x00-\x09\x0b-\x1f\x7f-\xff]' "$T/log" "$ERR"; then complain "raw bytes"; fi
	done
	[[ $(tail -n 1 "$T/log" | jq -r .msg) == *'/no\u009b\x7f\x85/interpreter\u0085x'* ]]
}
