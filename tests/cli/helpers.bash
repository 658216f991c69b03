# shellcheck shell=bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# What the bats files share. DAVIT names the command (default: build/src/davit). `setup` of a file
# calls new_bundle, `teardown` calls tear_down, which fails the test when something of it is left.
#
# No pipe ever leads into a container: davit's output goes to files, since a container inherits it
# and bats would wait for the pipe's end. Each test has a token of its own: container ids begin with
# it, and every process started through davit has it in its environment, so that leftovers are found
# without looking at what else happens on the machine. With DAVIT_TEST_STRICT=1 (nothing else runs
# here) every new cgroup and mount counts.

bats_require_minimum_version 1.5.0

# This is read once a test, and each start of a program here costs all of them: about 600.
HERE=${BASH_SOURCE[0]%/*}
[[ $HERE == /* && $HERE != */..* ]] || HERE=$(cd "$HERE" && pwd)
TOP=${HERE%/*/*}
DAVIT=${DAVIT:-$TOP/build/src/davit}
# Found once a file.
CGROOT=
[ ! -r "${BATS_FILE_TMPDIR-}/cgroup2" ] || CGROOT=$(<"$BATS_FILE_TMPDIR/cgroup2")

# The same language; a start takes 2 ms, not 15. What is about the order of members calls `command jq`.
if command -v gojq >/dev/null; then
	jq() {
		gojq "$@"
	}
fi

# What a test needs, asked once in its first lines: requires root cgroup2 ...
requires() {
	local need
	trace_less
	for need; do
		case $need in
		root) [ "$EUID" -eq 0 ] || skip "needs root" ;;
		cgroup2) [ -n "${CGROOT:=$(cgroup2_root)}" ] || skip "needs cgroup v2" ;;
		memory | cpu | pids | io | cpuset | hugetlb)
			grep -qw "$need" "${CGROOT:=$(cgroup2_root)}/cgroup.controllers" || skip "needs the $need controller of cgroup v2"
			;;
		selinux) [ -e /sys/fs/selinux/enforce ] || skip "needs SELinux" ;;
		apparmor) [ -e /sys/kernel/security/apparmor/profiles ] || skip "needs AppArmor" ;;
		userns) [ -e /proc/self/ns/user ] || skip "needs user namespaces" ;;
		timens) [ -e /proc/self/ns/time ] || skip "needs time namespaces" ;;
		seccomp) davit_has SECCOMP || skip "needs davit with seccomp" ;;
		sys_resource) capable 24 || skip "needs CAP_SYS_RESOURCE" ;;
		plain-build) ! is_sanitized || skip "needs a build without sanitizers" ;;
		command:*) command -v "${need#command:}" >/dev/null || skip "needs ${need#command:}" ;;
		*) echo "requires: unknown need '$need'" >&2; return 1 ;;
		esac
	done
}

davit_has() {
	"$DAVIT" --version | grep -qw "+$1"
}

# capable NUMBER: is the capability in our effective set?
capable() {
	local caps
	caps=$(awk '/^CapEff/ { print $2 }' /proc/self/status)
	((16#$caps >> $1 & 1))
}

is_sanitized() {
	grep -qaF __asan_init "$DAVIT"
}

cgroup2_root() {
	awk '$0 ~ / - cgroup2 / { print $5; exit }' /proc/self/mountinfo
}

# --- bundle ---------------------------------------------------------------------------------------

# A file system with busybox and a dozen of its names, as ROOTFS.
make_rootfs() {
	local applet
	mkdir -p "$1"/{bin,dev,etc,proc,sys,tmp}
	cp "$(command -v busybox)" "$1/bin/busybox"
	for applet in sh cat echo env false hostname id kill ls mount ps pwd sleep stat touch true; do
		ln -s busybox "$1/bin/$applet"
	done
}

# Sets T (the test's folder), ROOT (its own state root), BUNDLE, TOKEN and ID, and notes what is
# there. The bundle is made once a file; its files are links to that, but for config.json.
new_bundle() {
	local template=$BATS_FILE_TMPDIR/template text
	if [ ! -d "$template" ]; then
		mkdir -p "$template"
		mkdir -m 700 "$template/root" "$template/xdg"
		make_rootfs "$template/bundle/rootfs"
		jq '.process.env += ["DAVIT_TEST=@TOKEN@"]' "$HERE/config.json" >"$BATS_FILE_TMPDIR/config.json"
		CGROOT=$(cgroup2_root)
		echo "$CGROOT" >"$BATS_FILE_TMPDIR/cgroup2"
	fi
	# What a test has given to somebody is ours again.
	[ -O "$template/bundle/rootfs/bin/busybox" ] || chown root:root "$template/bundle/rootfs/bin/busybox"
	T=$BATS_TEST_TMPDIR
	ROOT=$T/root
	BUNDLE=$T/bundle
	# Process numbers come again: what an interrupted run has left is not ours.
	TOKEN=dt$$r$((SRANDOM % 10000))n$BATS_TEST_NUMBER
	ID=$TOKEN
	CALLS=0
	# Compiled filters are kept in the latter, beside no other test's.
	export XDG_RUNTIME_DIR=$T/xdg
	cp -al "$template/." "$T"
	text=$(<"$BATS_FILE_TMPDIR/config.json")
	printf '%s\n' "${text/@TOKEN@/$TOKEN}" >"$BUNDLE/config.json"
	trace_less
	seen=([before.mounts]='' [before.cgroups]='' [before.state]='')
	[ "${DAVIT_TEST_STRICT-0}" != 1 ] || snapshot before
}

# bats notes the whole stack before every command, to show the line of one that fails; where that is one of
# these helpers', the line that called it is enough.
trace_less() {
	[[ $(trap -p DEBUG) != *bats_debug_trap* ]] ||
		trap '[[ $BASH_SOURCE == */helpers.bash ]] || bats_debug_trap "$BASH_SOURCE"' DEBUG
}

# config FILTER [ARG...]: edits the bundle's config.json with jq.
config() {
	jq "$@" <"$BUNDLE/config.json" >"$BUNDLE/config.new" && mv "$BUNDLE/config.new" "$BUNDLE/config.json"
}

# program ARG...: what the container will run.
program() {
	# shellcheck disable=SC2016  # a variable of jq's
	config '.process.args = $ARGS.positional' --args -- "$@"
}

# --- calling davit --------------------------------------------------------------------------------

# davit ARG...: sets status, out (stdout), err (stderr), OUT and ERR (the files). Never fails itself.
# Its time-out is for what hangs, on whatever machine: no test measures with it.
davit() {
	CALLS=$((CALLS + 1))
	OUT=$T/out.$CALLS
	ERR=$T/err.$CALLS
	status=0
	DAVIT_TEST=$TOKEN timeout --foreground -k 5 "${LIMIT:-120}" "$DAVIT" --root "$ROOT" "$@" \
		>"$OUT" 2>"$ERR" </dev/null 3>&- 4>&- || status=$?
	out=$(<"$OUT")
	err=$(<"$ERR")
}

# From now on davit has no controlling terminal, wherever the tests are run from.
no_terminal() {
	mkdir "$T/alone"
	# shellcheck disable=SC2016  # the script's own
	printf '#!/bin/sh\nexec setsid -w "%s" "$@"\n' "$DAVIT" >"$T/alone/$(basename "$DAVIT")"
	DAVIT=$T/alone/$(basename "$DAVIT")
	chmod 755 "$DAVIT"
}

complain() {
	echo "$*"
	echo "status: $status"
	echo "stdout: $out"
	echo "stderr: $err"
	return 1
}

# ok ARG...: davit ends with 0 and says nothing on stderr.
ok() {
	davit "$@"
	[ "$status" -eq 0 ] || complain "davit $*: did not succeed" || return
	[ -z "$err" ] || complain "davit $*: not silent" || return
}

# refused TEXT ARG...: davit fails with one line on stderr that begins with its name and holds TEXT,
# and was not killed.
refused() {
	local text=$1
	shift
	davit "$@"
	[ "$status" -ne 0 ] || complain "davit $*: succeeded" || return
	[ "$status" -lt 124 ] || [ "$status" -eq 255 ] || complain "davit $*: was killed or timed out" || return
	[[ $err != *$'\n'* ]] || complain "davit $*: more than one line" || return
	[[ $err == "$(basename "$DAVIT"): "* ]] || complain "davit $*: the line does not begin with its name" || return
	[[ $err == *"$text"* ]] || complain "davit $*: does not say: $text" || return
}

# --- looking at a container from outside ----------------------------------------------------------

# field NAME [ID]: of davit's state. A start of jq costs more than davit's: it is for what is no word.
field() {
	davit state "${2:-$ID}"
	[ "$status" -eq 0 ] || complain "state ${2:-$ID}" || return
	if [[ $out =~ $'\n    "'"$1"'": '(\"([^\"\\]*)\"|[0-9]+),?$'\n' ]]; then
		echo "${BASH_REMATCH[2]:-${BASH_REMATCH[1]//\"/}}"
	else
		jq -r --arg k "$1" '.[$k]' <<<"$out"
	fi
}

# has_begun PID: within thirty seconds the program is there that it has executed. davit learns of an execve by
# a descriptor that it closes: name, capabilities, arguments and environment are the program's a moment later.
has_begun() {
	local try word stat
	for try in {1..600}; do
		word=
		{ IFS= read -r -d '' word <"/proc/$1/environ"; } 2>/dev/null || :
		[ -z "$word" ] || return 0
		# Who waits or has ended is not in the midst of it: an empty environment is its own.
		{ IFS= read -r stat <"/proc/$1/stat"; } 2>/dev/null || return 0
		[[ ${stat##*) } == [RD]* ]] || return 0
		sleep 0.05
	done
	echo "process $1 has begun no program after $try tries" >&2
	return 1
}

# init_pid [ID]: of the container's first process, be it davit's yet or the program.
init_pid() {
	local pid
	pid=$(field pid "${1:-$ID}") || { echo "$pid"; return 1; }
	has_begun "$pid" && echo "$pid"
}

# pid_in FILE: the process of that pid file, as soon as its program is there.
pid_in() {
	local pid
	pid=$(<"$1") && has_begun "$pid" && echo "$pid"
}

# is STATUS [ID]: the status is that now.
is() {
	local now
	now=$(field status "${2:-$ID}")
	[ "$now" = "$1" ] || complain "status is $now, not $1"
}

# becomes STATUS [ID]: the status is that within thirty seconds.
becomes() {
	local try
	for try in {1..600}; do
		[ "$(field status "${2:-$ID}")" != "$1" ] || return 0
		sleep 0.05
	done
	complain "status is not $1 after $try tries"
}

# is_gone PID: within thirty seconds the process has ended (whether its parent has asked for it or not).
is_gone() {
	local try
	for try in {1..600}; do
		[ "$(proc_field "$1" State 2>/dev/null | cut -c1)" != Z ] && [ -e "/proc/$1" ] || return 0
		sleep 0.05
	done
	echo "process $1 lives after $try tries"
	return 1
}

# appears FILE: within thirty seconds, a socket or not empty.
appears() {
	local try
	for try in {1..600}; do
		[ ! -s "$1" ] && [ ! -S "$1" ] || return 0
		sleep 0.05
	done
	echo "no $1 after $try tries"
	return 1
}

# comes_true COMMAND...: it succeeds within thirty seconds.
comes_true() {
	local try
	for try in {1..600}; do
		! "$@" || return 0
		sleep 0.05
	done
	echo "after $try tries not yet: $*"
	return 1
}

# killed PID...: these children of the test are killed and gone. `kill` alone only asks for it.
killed() {
	local pid
	for pid; do
		kill -KILL "$pid" 2>/dev/null || :
		wait "$pid" 2>/dev/null || :
	done
}

# removed CGROUP...: within thirty seconds each can be removed. Who has ended may be counted in it for a moment.
removed() {
	local cgroup
	for cgroup; do
		comes_true rmdir "$cgroup" 2>/dev/null || return
	done
}

# proc_field PID NAME: a line's value from /proc/PID/status, read at once: between two reads lines may move.
proc_field() {
	local key value status
	status=$(<"/proc/$1/status") || return 1
	while IFS=$':\t' read -r key value; do
		[ "$key" != "$2" ] || { echo "${value#"${value%%[![:space:]]*}"}"; return 0; }
	done <<<"$status"
	return 1
}

# cgroup_of PID: the folder of its v2 cgroup.
cgroup_of() {
	local line
	while IFS= read -r line; do
		[[ $line != 0::* ]] || { echo "$CGROOT${line#0::}"; return 0; }
	done <"/proc/$1/cgroup"
	return 1
}

# --- peer groups of mounts --------------------------------------------------------------------------

# has_shared_mounts: from here on davit is called in a mount namespace whose mounts are all shared, as
# systemd makes them, and that is nobody else's peer; HOST is a process in it. Without anybody in it,
# its slaves would be private. end_host ends it, and all that is mounted in it.
has_shared_mounts() {
	local real=$DAVIT
	# Not what other tests have mounted in their folders: with the folder that would go, under our eyes.
	# shellcheck disable=SC2016  # the inner shell's
	unshare -m --propagation private sh -c 'while read -r _ _ _ _ at _; do
			case $at in
			"$1"/*) ;;
			"${1%/*}"/bats-run-*) places="$at $places" ;;
			esac
		done </proc/self/mountinfo
		for at in $places; do
			umount -l "$at"
		done
		mount --make-rshared / && : >"$0" && exec sleep 1000' "$T/host" "$BATS_RUN_TMPDIR" </dev/null >/dev/null 2>&1 3>&- 4>&- &
	HOST=$!
	comes_true [ -e "$T/host" ] || return
	DAVIT=$T/davit
	printf '#!/bin/sh\nexec nsenter -m -t %s -- %s "$@"\n' "$HOST" "$real" >"$DAVIT"
	chmod 755 "$DAVIT"
}

# on_host COMMAND...: in that mount namespace.
on_host() {
	nsenter -m -t "$HOST" -- "$@"
}

end_host() {
	[ -z "${HOST-}" ] || kill "$HOST" 2>/dev/null || true
	[ -z "${HOST-}" ] || wait "$HOST" 2>/dev/null || true
	HOST=
}

# isolated PID HOST-PID [SLAVES [PEERS]]: no mount of PID is in a peer group with one of HOST-PID's, nor
# a slave of one, but those on places that match the regular expressions.
isolated() {
	local found
	found=$(SLAVES=${3:-^\$} PEERS=${4:-^\$} awk '
		NR == FNR { for (i = 7; $i != "-"; i++) if (sub(/^shared:/, "", $i)) host[$i] = $5; next }
		{ for (i = 7; $i != "-"; i++) {
			group = $i
			if (sub(/^shared:/, "", group) && group in host && $5 !~ ENVIRON["PEERS"])
				print $5 " is a peer of the host\047s " host[group]
			group = $i
			if (sub(/^master:/, "", group) && group in host && $5 !~ ENVIRON["SLAVES"])
				print $5 " is a slave of the host\047s " host[group]
		} }' "/proc/$2/mountinfo" "/proc/$1/mountinfo") || return
	[ -z "$found" ] || { echo "$found"; return 1; }
}

# tags PID PLACE [HOST-PID]: the propagation of the last mount there, as mountinfo has it, but with
# "host" for a group that HOST-PID (or this process) is in too, and "own" for another.
tags() {
	awk -v at="$2" '
		NR == FNR { for (i = 7; $i != "-"; i++) if (sub(/^shared:/, "", $i)) host[$i]; next }
		$5 == at { text = ""
			for (i = 7; $i != "-"; i++) { n = split($i, t, ":")
				text = text (text ? " " : "") t[1] (n == 1 ? "" : t[2] in host ? ":host" : ":own") }
			found = text }
		END { print found }' "/proc/${3:-self}/mountinfo" "/proc/$1/mountinfo"
}

# --- nothing may be left --------------------------------------------------------------------------

# snapshot NAME: mounts, cgroups and state as they are, kept under that name: without DAVIT_TEST_STRICT those
# of this test alone, so that in the beginning there are none. One fork: it is called after every refusal.
declare -gA seen
snapshot() {
	local strict=${DAVIT_TEST_STRICT-0} line ours=(-path "*$TOKEN*" -o -path "*$T*")
	[ "$strict" != 1 ] || ours=(-true)
	seen[$1.mounts]=$(</proc/self/mountinfo)
	[[ $strict = 1 || ${seen[$1.mounts]} == *"$TOKEN"* || ${seen[$1.mounts]} == *"$T"* ]] || seen[$1.mounts]=
	# Others' cgroups may vanish under the eyes of find.
	seen[$1.cgroups]=$(find "$CGROOT" -type d \( "${ours[@]}" \) 2>/dev/null) || :
	seen[$1.state]=
	for line in "$ROOT"/* "$ROOT"/.[!.]*; do
		if [ -e "$line" ] || [ -L "$line" ]; then
			seen[$1.state]=$(find "$ROOT" -mindepth 1)
			break
		fi
	done
}

# What differs between the two snapshots, if that concerns us.
difference() {
	local lines
	lines=$(diff <(sort <<<"${seen[before.$1]}") <(sort <<<"${seen[after.$1]}") | grep '^[<>] .') || return
	[ "$1" = state ] || [ "${DAVIT_TEST_STRICT-0}" = 1 ] || lines=$(grep -F -e "$TOKEN" -e "$T" <<<"$lines") || return
	echo "left behind ($1):"
	echo "$lines"
}

# stays PID: it lives, and not because its end, which nothing can stop, takes a moment: whoever kills
# and has not to wait sees it for that long.
stays() {
	local try stat field
	for try in {1..600}; do
		{ IFS= read -r stat <"/proc/$1/stat"; } 2>/dev/null || return 1
		read -ra field <<<"${stat##*) }"
		[[ ${field[0]} != [ZX] ]] || return 1
		# PF_EXITING and PF_SIGNALED; a SIGKILL that is pending. Who runs may have them at the next look.
		[[ ${field[0]} == R ]] || ((field[6] & 0x404 || field[28] & 0x100)) || return 0
		sleep 0.05
	done
	echo "process $1: the same after $try tries: $stat" >&2
}

# Processes that were started through davit in this test and still live.
our_processes() {
	local pid files
	files=$(grep -lsza "^DAVIT_TEST=$TOKEN\$" /proc/[0-9]*/environ) || :
	for pid in $files; do
		pid=${pid//[!0-9]/}
		! stays "$pid" || echo "$pid"
	done
}

# check_clean: fails, and says what, when a process, cgroup, mount or state of this test is left.
check_clean() {
	local left=0 what pid files
	snapshot after
	for what in mounts cgroups state; do
		[ "${seen[before.$what]}" = "${seen[after.$what]}" ] || ! difference "$what" || left=1
	done
	files=$(grep -lsza "^DAVIT_TEST=$TOKEN\$" /proc/[0-9]*/environ) || :
	for pid in $files; do
		pid=${pid//[!0-9]/}
		stays "$pid" || continue
		echo "left behind (process $pid): $(tr '\0' ' ' <"/proc/$pid/cmdline")"
		left=1
	done
	return $left
}

# What the test has started in the background (an engine's end of a socket, a process to join) ends
# with it.
end_jobs() {
	local pid
	jobs -pr >"$BATS_FILE_TMPDIR/jobs" # to a file: it costs no process
	while read -r pid; do
		kill "$pid" 2>/dev/null || true
	done <"$BATS_FILE_TMPDIR/jobs"
}

# Ends what the test left running, then tells whether anything survives that.
tear_down() {
	local failed=0
	[ -z "${T-}" ] || tear_down_davit || failed=1
	end_jobs
	return $failed
}

tear_down_davit() {
	local entry pid
	for entry in "$ROOT"/*/; do
		[ -d "$entry" ] || continue
		davit delete --force "$(basename "$entry")"
	done
	check_clean && return 0
	for pid in $(our_processes); do
		kill -KILL "$pid" 2>/dev/null
	done
	# Or bats would remove the test's folder through them.
	awk -v t="$T/" 'index($5, t) == 1 { print $5 }' /proc/self/mountinfo | sort -r | xargs -r umount -l
	return 1
}

# --- budgets.txt ----------------------------------------------------------------------------------

# allowed VERB COLUMN: what its row says.
allowed() {
	awk -v verb="$1" -v column="$2" '
		$1 == "VERB" { for (i = 1; i <= NF; i++) if ($i == column) at = i }
		$1 == verb { print $at }' "$HERE/budgets.txt"
}

# at_most VERB COLUMN NUMBER: says all that is too much, and fails for it.
at_most() {
	local budget
	budget=$(allowed "$1" "$2")
	echo "$1: $3 $2 of $budget"
	[ "$3" -le "$budget" ]
}
