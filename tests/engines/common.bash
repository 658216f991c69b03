# shellcheck shell=bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# What the suites of the engines share: the packages of their root, and what a step is made of.
# shellcheck disable=SC2317,SC2034  # steps are called by name

# Debian sid's; the same list is the same root, made once a machine.
packages=containerd,runc,crun,podman,docker.io,docker-cli,conmon,netavark,aardvark-dns,iptables,nftables,iproute2,busybox-static,jq,catatonit,containernetworking-plugins,python3-grpcio,uidmap,procps,mount,bsdutils,ca-certificates

count=0 failures=0

# step NAME COMMAND...: a test; its output is shown when it fails.
step() {
	local name=$1 out status=0
	shift
	count=$((count + 1))
	out=$(timeout -k 5 300 bash -c '"$@"' - "$@" 2>&1 </dev/null) || status=$?
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

# dies STATUS TEXT COMMAND...: with that exit status, and a message that has TEXT.
dies() {
	local want=$1 text=$2 out status=0
	shift 2
	out=$("$@" 2>&1) || status=$?
	echo "$status: $out"
	[ "$status" -eq "$want" ] && grep -qi -- "$text" <<<"$out"
}

# on_terminal TEXT COMMAND...: the same as shows, on a terminal of its own. script(1) types the end of its
# input, upon which Podman sometimes goes before it has printed all: an input that does not end.
on_terminal() {
	local text=$1
	shift
	shows "$text" script -qefc "$*" /dev/null 0<> <(:)
}

wait_for() {
	local try
	for try in {1..600}; do
		! "$@" >/dev/null 2>&1 || return 0
		sleep 0.2
	done
	echo "not after $try tries: $*"
	return 1
}

# soon COMMAND...: the same, and it tells why not.
soon() {
	wait_for "$@" || "$@"
}

# says_no TEXT COMMAND...: fails, with those words.
says_no() {
	local text=$1 out
	shift
	! out=$("$@" 2>&1) || { echo "succeeds: $out"; return 1; }
	grep -qi -- "$text" <<<"$out" || { echo "does not say '$text': $out"; return 1; }
}

# quiet COMMAND...: it succeeds and prints nothing, on stderr either.
quiet() {
	local out
	out=$("$@" 2>&1) || { echo "$out"; return 1; }
	[ -z "$out" ] || { echo "prints: $out"; return 1; }
}

# none WHAT TEXT: there is no TEXT.
none() {
	[ -z "$2" ] || { echo "$1: $2"; return 1; }
}

# no_sleeps: none of the containers' programs lives.
no_sleeps() {
	none processes "$(grep -l -a '^sleep' /proc/[0-9]*/cmdline 2>/dev/null)"
}

export -f says_no quiet shows ends dies on_terminal wait_for soon none no_sleeps

# try NAME COMMAND...: one row "ok|not ok <tab> NAME", and what was printed when it failed.
try() {
	local name=$1 out status=0
	shift
	out=$(timeout -k 5 "${try_seconds:-300}" bash -c '"$@"' - "$@" 2>&1 </dev/null) || status=$?
	if [ "$status" -eq 0 ]; then
		printf 'ok\t%s\n' "$name"
	else
		printf 'not ok\t%s\n' "$name"
		printf '# %s -> %s\n' "$*" "$status"
		tail -8 <<<"$out" | tr '\t' ' ' | sed 's/^/#   /'
	fi
	return "$status"
}

# compare MODE PEER...: TAP of davit's steps, by what the peers did in the same.
compare() {
	local mode=$1 status name peer peers_fail
	shift
	while IFS=$'\t' read -r status name; do
		peers_fail=$#
		for peer; do
			grep -qxF -e "not ok"$'\t'"$name" "/share/$mode.$peer" || peers_fail=$((peers_fail - 1))
		done
		[[ $status == \#* ]] || count=$((count + 1))
		if [ "$status" = ok ]; then
			echo "ok $count $mode: $name"
			for peer; do
				! grep -qxF -e "not ok"$'\t'"$name" "/share/$mode.$peer" || echo "# $peer fails that"
			done
		elif [ "$status" = "not ok" ] && [ $# -gt 0 ] && [ "$peers_fail" -eq $# ]; then
			echo "ok $count $mode: $name # SKIP $* fail as well"
		elif [ "$status" = "not ok" ]; then
			failures=$((failures + 1))
			echo "not ok $count $mode: $name"
		else
			echo "$status"
		fi
	done <"/share/$mode.davit"
}

# table MODE PEER...: a step a line, and what each runtime did; why, where one failed.
table() {
	local engine=$1 runtime row name
	shift
	echo "# | step | davit |$(printf ' %s |' "$@") why |"
	while IFS=$'\t' read -r row name; do
		[[ $row != \#* ]] || continue
		printf '# | %s | %s |' "$name" "${row/not ok/FAILS}"
		for runtime; do
			row=$(awk -F'\t' -v n="$name" '$2 == n { print $1; exit }' "/share/$engine.$runtime")
			printf ' %s |' "${row/not ok/FAILS}"
		done
		for runtime in davit "$@"; do
			# The first words that it printed, but for the container's id.
			awk -F'\t' -v n="$name" '!/^#/ { if (hit) exit; hit = $1 == "not ok" && $2 == n; next }
				hit && hit++ > 1 && !/^# *[0-9a-f]*$/ && !/^# *(live|ice|short|web)$/ { why = $0; exit }
				END { if (why) { gsub(/[|#]/, "", why); gsub(/^ +/, "", why); print " " substr(why, 1, 160) } }' "/share/$engine.$runtime" | tr -d '\n'
		done
		echo " |"
	done <"/share/$engine.davit"
}

make_image() {
	mkdir -p /tmp/image/bin /tmp/image/etc /tmp/image/tmp /tmp/image/dev /tmp/image/proc /tmp/image/sys
	cp "$(command -v busybox)" /tmp/image/bin/busybox
	for applet in sh cat echo sleep true false id ps tty hostname ls stat test touch grep mount mkdir wc; do
		ln -sf busybox "/tmp/image/bin/$applet"
	done
	echo 'root:x:0:0:root:/root:/bin/sh' >/tmp/image/etc/passwd
	tar -C /tmp/image -cf /tmp/image.tar .
}

# one_round ROUND: 25 containers of $RUNTIME by one_of_many, eight at a time; what they print and the time to files.
one_round() {
	local start=$EPOCHREALTIME
	seq 25 | xargs -P 8 -I{} timeout -k 5 120 bash -c 'one_of_many 2>&1 </dev/null | tail -n 1' >>"/share/many.${RUNTIME?}" 2>&1
	awk -v a="$start" -v b="$EPOCHREALTIME" 'BEGIN { print b - a }' >>"/share/many.$RUNTIME.times"
}

all_alive() {
	local good
	good=$(grep -c '^alive$' "/share/many.$RUNTIME")
	[ "$good" -eq 200 ] || { echo "$good of 200; the others:"; grep -v '^alive$' "/share/many.$RUNTIME" | sort | uniq -c; return 1; }
}

export -f all_alive

# many: 200 containers of each runtime in eight rounds, the runtimes by turns: so what else the machine does is in
# each one's time. In the turn of davit, which is the last one; the row of each to its file.
many() {
	local round runtime name="200 containers, 8 at a time"
	[ "$RUNTIME" = davit ] || return 0
	for round in {1..8}; do
		for runtime in ${peers?} davit; do
			RUNTIME=$runtime one_round
		done
	done
	for runtime in $peers; do
		RUNTIME=$runtime try "$name" all_alive >>"/share/${engine?}.$runtime"
	done
	try "$name" all_alive
}

# The times of many, side by side.
many_times() {
	local runtime
	for runtime in davit "$@"; do
		[ ! -e "/share/many.$runtime.times" ] ||
			sort -n "/share/many.$runtime.times" | awk -v r="$runtime" '{ s += $1; t[NR] = $1 }
				END { printf "# 200 containers, 8 at a time: %s %.1f s, the middle one of the rounds %.1f s\n", r, s, t[int((NR + 1) / 2)] }'
	done
}

# rm_cgroups FOLDER: that is empty, and all below it: what a runtime has left is not the next one's.
rm_cgroups() {
	local group
	while read -r group; do
		rmdir "$group"
	done < <(find "$1" -depth -type d)
} 2>/dev/null

export -f rm_cgroups

# make_dying: /share/dying/davit, which is davit, until /tmp/dying names a verb and a time: davit is killed that
# long after the call began, and its caller's child with it.
make_dying() {
	mkdir -p /share/dying
	cat >/share/dying/davit <<-'END'
		#!/bin/bash
		read -r verb time 2>/dev/null </tmp/dying
		[[ -n $verb && " $* " = *" $verb "* ]] || exec /share/davit "$@"
		/share/davit "$@" <&0 &
		[ "$time" = 0 ] || sleep "$time"
		kill -KILL $!
		wait $!
		[ $? -ne 137 ] || echo "$time" >>/tmp/dying.hits
		kill -KILL $$
	END
	chmod +x /share/dying/davit
}

# killed_in VERB START REMOVE: a container that `START NAME` starts by /share/dying/davit, killed in that verb, at
# another moment each time. `REMOVE NAME` succeeds, and nothing is left.
killed_in() {
	local time
	: >/tmp/dying.hits
	for time in 0 0.0 0.001 0.002 0.004 0.008; do
		echo "$1 $time" >/tmp/dying
		timeout 50 bash -c '"$@"' - "$2" "dying$time" >/tmp/dying.out 2>&1
		rm /tmp/dying
		"$3" "dying$time" || { echo "after $time s: the removal fails"; return 1; }
		nothing_left || { echo "after $time s"; return 1; }
	done
	[ -s /tmp/dying.hits ] || { echo "never killed before it had ended: $(</tmp/dying.out)"; return 1; }
}

export -f make_dying killed_in

# make_archive CONFIG: the image as docker save would write it, localhost/bb:latest, with that config; on stdout.
make_archive() {
	local folder=/tmp/archive sum
	mkdir -p "$folder"
	cp /tmp/image.tar "$folder/layer.tar"
	sum=$(sha256sum /tmp/image.tar | cut -d' ' -f1)
	printf '{"architecture":"amd64","os":"linux","config":%s,"rootfs":{"type":"layers","diff_ids":["sha256:%s"]}}' \
		"$1" "$sum" >"$folder/config.json"
	printf '[{"Config":"config.json","RepoTags":["localhost/bb:latest"],"Layers":["layer.tar"]}]' >"$folder/manifest.json"
	tar -C "$folder" -c .
}

# make_peer NAME [PATH [FILTER]]: /share/peers/NAME, which changes config.json first. containerd asks for cpu.shares, and
# each runtime fails where there is no cpu controller (davit does not for the default, 1024, as ctr has it): so that is
# taken out. Docker gives an empty blockIO, for which crun wants the io controller.
make_peer() {
	mkdir -p /share/peers
	cat >"/share/peers/$1" <<-END
		#!/bin/bash
		for word; do
			[ -z "\${bundle-}" ] || { [ "\$bundle" != next ] || bundle=\$word; }
			[ "\$word" != --bundle ] || bundle=next
		done
		[ -z "\${bundle-}" ] || {
			jq -c '${3:-del(.linux.resources.cpu)}' "\$bundle/config.json" >"\$bundle/config.new"
			mv "\$bundle/config.new" "\$bundle/config.json"
		}
		exec ${2:-$(command -v "$1")} "\$@"
	END
	chmod +x "/share/peers/$1"
}

containerd_start() {
	setsid containerd >>/share/containerd.log 2>&1 </dev/null &
	echo $! >/run/containerd.pid
	disown
	wait_for ctr version
}

# containerd_stop [SIGNAL]
containerd_stop() {
	local pid
	pid=$(</run/containerd.pid)
	kill "$@" "$pid"
	wait_for bash -c "! kill -0 $pid"
}

export -f containerd_start containerd_stop
