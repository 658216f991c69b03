# shellcheck shell=bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# What the security tests add to tests/cli/helpers.bash: the canary, a tree of the host's that hostile
# root file systems point at, and that must not change in any way, its times included; and probe.c,
# a static program for what busybox cannot ask from inside.
load ../cli/helpers

SECURITY=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)

# Sets CANARY, a tree with the names that runtimes make in /dev, and notes how it is.
new_canary() {
	CANARY=$T/canary
	mkdir -p "$CANARY"/{shm,pts,fd,sub}
	echo secret | tee "$CANARY"/{null,zero,console,ptmx,tty,file,sub/file,pts/0} >/dev/null
	chmod 640 "$CANARY"/file
	canary >"$T/canary.before"
}

# The canary in words, and the host's own nodes that a runtime might give away.
canary() {
	(
		cd "$CANARY" && find . -printf '%P %y %m %U:%G %s %T@ %C@ %l\n' && cat -- */* file 2>/dev/null | sha256sum
		stat -c '%n %a %u:%g %t:%T' /dev/null /dev/zero /dev/full /dev/tty /dev/ptmx
	)
}

# The canary and the host's nodes are as they were.
unchanged() {
	canary | diff "$T/canary.before" - || { echo "the canary has changed${1:+: $1}"; return 1; }
}

# one_line: the failure just seen is one line, as a user gets it, and not a crash.
one_line() {
	[ "$status" -ne 0 ] && [ "$status" -lt 124 ] || complain "ended with $status" || return
	[[ -n $err && $err != *$'\n'* ]] || complain "not one line" || return
}

# cgroups: this test's. Others' may vanish under the eyes of find, which is no failure.
cgroups() {
	{ find "$CGROOT" -type d -name "*$TOKEN*" 2>/dev/null || :; } | sort
}

# contained WHAT ARG...: `davit ARG...` may succeed or be refused with a line. The caller looks at
# the canary.
contained() {
	local what=$1
	shift
	davit "$@"
	[ "$status" -eq 0 ] || one_line || { echo "$what"; return 1; }
}

# without_dev: nothing is mounted on /dev or below it: what the image has there counts.
without_dev() {
	config '.mounts |= map(select(.destination | startswith("/dev") | not))'
}

# probe: the program of probe.c as /bin/probe of the bundle; compiled once a file.
probe() {
	local program=$BATS_FILE_TMPDIR/probe
	[ -e "$program" ] || "${CC:-cc}" -O2 -static -o "$program" "$SECURITY/probe.c" || return
	cp "$program" "$BUNDLE/rootfs/bin/probe"
}

# peer MODE SOCKET REPORT: peer.py in the background, ready when this returns; its pid in PEER.
peer() {
	local try
	"$SECURITY/peer.py" "$@" </dev/null >/dev/null 2>&1 3>&- 4>&- &
	PEER=$!
	for try in {1..1500}; do
		[ ! -e "$3.ready" ] || return 0
		sleep 0.02
	done
	echo "peer $1 is not ready after $try tries"
	return 1
}

end_peer() {
	[ -z "${PEER-}" ] || kill "$PEER" 2>/dev/null || true
	[ -z "${PEER-}" ] || wait "$PEER" 2>/dev/null || true
	PEER=
}
