# shellcheck shell=bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# What the tests of checkpoint share. A test is a function; each runs in a folder of its own, T, with
# a bundle, and fails when something is left behind. Standard output and error of what is started in
# the background are files: no pipe of the test's.
# shellcheck disable=SC2034

# shellcheck source=tests/lib/counting.bash
. "${BASH_SOURCE[0]%/*}/counting.bash"

DAVIT=${DAVIT:-/share/davit}
STATE=/run/davit-test
trace=()
[ -z "${DAVIT_CHECKPOINT_TRACE-}" ] || trace=(-x)

dv() {
	"$DAVIT" --root "$STATE" "$@"
}

# bundle DIR [[ARG...] JQ-FILTER]: a busybox that counts, with the host's network and without a
# terminal.
bundle() {
	local dir=$1 filter=. applet arguments=()
	[ $# -lt 2 ] || { filter=${*: -1}; arguments=("${@:2:$#-2}"); }
	mkdir -p "$dir"/rootfs/{bin,etc,tmp,dev,proc,sys}
	cp /bin/busybox "$dir/rootfs/bin"
	mkdir -p "$dir/rootfs/var"
	ln -sfn var "$dir/rootfs/link"
	for applet in sh cat echo sleep true id ps ls touch mount stty tty; do
		ln -sf busybox "$dir/rootfs/bin/$applet"
	done
	rm -f "$dir/config.json"
	dv spec -b "$dir"
	jq "${arguments[@]}" '.process.terminal = false | .root.readonly = false
		| .process.args = ["sh", "-c", "i=0; while :; do i=$((i + 1)); echo $i; sleep 0.05; done"]
		| .linux.namespaces |= map(select(.type != "network"))
		| '"$filter" "$dir/config.json" >"$dir/new" && mv "$dir/new" "$dir/config.json"
}

pid_of() {
	dv state "$1" | jq .pid
}

is_gone() {
	local try
	for try in {1..600}; do
		[ -e "/proc/$1" ] && [ "$(awk '/^State/ { print $2 }' "/proc/$1/status" 2>/dev/null)" != Z ] || return 0
		sleep 0.05
	done
	echo "process $1 lives"
	return 1
}

# What a process has of the kernel's, without what has to be another number after a restore.
look() {
	awk '{ $1 = $2 = $3 = ""; print }' "/proc/$1/mountinfo" | sort
	grep -E '^(Name|Umask|Uid|Gid|Groups|SigIgn|SigCgt|Cap|NoNewPrivs|Seccomp)' "/proc/$1/status"
	sed 's/^/limit /' "/proc/$1/limits"
	tr '\0' ' ' <"/proc/$1/cmdline"
	cat "/proc/$1/oom_score_adj" "/proc/$1/uid_map" "/proc/$1/gid_map"
	readlink "/proc/$1/cwd" "/proc/$1/exe"
	grep '^0::' "/proc/$1/cgroup"
}

# refused TEXT COMMAND...: fails with one message that holds TEXT.
refused() {
	local text=$1 out
	shift
	out=$("$@" 2>&1) && { echo "succeeded: $*"; return 1; }
	grep -qF -- "$text" <<<"$out" || { echo "does not say '$text': $out"; return 1; }
}

snapshot() {
	# Podman, Docker and iproute2 keep what they have once made; dockerd lets its folder stay shared.
	find /sys/fs/cgroup -type d -not -path '*/libpod_parent*' -not -path '*/docker*' | sort
	grep -v ' /var/lib/containers/storage/overlay \| /run/netns \| /run/docker/' /proc/self/mountinfo |
		sed '/ \/var\/lib\/docker /s/ shared:[0-9]*//'
	find "$STATE" -mindepth 1 2>/dev/null
	# Version 1 hierarchies that criu could mount.
	cut -d: -f3 /proc/self/cgroup
}

# check NAME FUNCTION [SECONDS]: a test; what it says of a table is shown in any case.
check() {
	local name=$1 function=$2 before after out status=0 file
	[[ $name =~ ${pattern-.} ]] || return 0
	count=$((count + 1))
	T=/tmp/t$count
	ID=c$count
	mkdir "$T"
	before=$(snapshot)
	# No pipe: what a test left running would hold it.
	(cd "$T" && exec timeout -k 5 $((${3:-300} + 2 * ${CYCLES:-0})) env "T=$T" "ID=$ID" bash "${trace[@]}" /share/inside --one "$function") >"$T.out" 2>&1 </dev/null || status=$?
	out=$(<"$T.out")
	if ! after=$(snapshot) || [ "$before" != "$after" ]; then
		out+=$'\nleft behind:\n'$(diff <(echo "$before") <(echo "$after"))
		status=1
	fi
	if [ "$status" -eq 0 ]; then
		echo "ok $count $name"
		sed -n 's/^table: /# /p' <<<"$out"
		rm -rf "$T"
	else
		failures=$((failures + 1))
		echo "not ok $count $name"
		tail -n "${DAVIT_CHECKPOINT_LINES:-25}" <<<"$out" | sed 's/^/# /'
		for file in "$STATE"/*/; do
			[ ! -d "$file" ] || dv delete -f "$(basename "$file")"
		done
		for file in /sys/fs/cgroup/*"$ID"; do
			[ ! -d "$file" ] || echo 1 >"$file/cgroup.kill"
			sleep 0.2
			rmdir "$file" 2>/dev/null
		done
		rm -rf /run/other
	fi
}
