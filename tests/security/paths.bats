#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Root file systems made to lead the runtime out of them. Refused, or done inside: the host's tree
# that they point at stays as it is, to its times.
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

# dev_link TEXT: /dev of the image is a link with that text.
dev_link() {
	rm -rf "$BUNDLE/rootfs/dev"
	ln -s "$1" "$BUNDLE/rootfs/dev"
}

@test "T01 dev-symlink: /dev of the image as a link is refused by name, and nothing is made where it leads" {
	without_dev
	for readonly in false true; do
		config --argjson ro $readonly '.root.readonly = $ro'
		for to in "$CANARY" "../../../../../../../../../..$CANARY" nowhere /tmp .; do
			dev_link "$to"
			refused "/dev of the container's root is a symbolic link" create -b "$BUNDLE" "$ID"
			unchanged "$to"
		done
		check_clean
	done
	refused "/dev of the container's root is a symbolic link" run -b "$BUNDLE" "$ID"
	check_clean
	[ -z "$(ls -A "$BUNDLE/rootfs/tmp")" ]
}

@test "T01 dev-symlink: with a terminal too" {
	without_dev
	config '.process.terminal = true | .mounts += [{ "destination": "/dev/pts", "type": "devpts", "source": "devpts" }]'
	peer take "$T/console" "$T/report"
	for to in "$CANARY" "../../../../../../../../../..$CANARY" nowhere; do
		dev_link "$to"
		refused /dev create -b "$BUNDLE" --console-socket "$T/console" "$ID"
		unchanged "$to"
	done
	check_clean
}

@test "T01 dev-symlink: a mount on /dev as a link goes inside the root, never where the link leads" {
	for to in "$CANARY" "../../../../../../../../../..$CANARY" nowhere /tmp; do
		dev_link "$to"
		contained "$to" run -b "$BUNDLE" "$ID"
		unchanged "$to"
	done
	check_clean
}

# forge NAME KIND: the image's /dev/NAME becomes what no image should have.
forge() {
	local path=$BUNDLE/rootfs/dev/$1
	rm -rf "$path"
	case $2 in
	link) ln -s "$CANARY/file" "$path" ;;
	up) ln -s "../../../../../../../../../..$CANARY/file" "$path" ;;
	file) echo data >"$path" ;;
	fifo) mkfifo "$path" ;;
	zero) mknod "$path" c 1 5 ;;
	indirect) mknod "$BUNDLE/rootfs/dev/real" c 1 3; ln -s real "$path" ;;
	esac
}

@test "T02 dev-node-forged: nodes, files and links of the image in place of devices" {
	without_dev
	config '.process.user.uid = 1000 | .process.user.gid = 1000'
	for name in null fd; do
		for kind in link up file fifo zero indirect; do
			rm -rf "$BUNDLE/rootfs/dev"
			mkdir "$BUNDLE/rootfs/dev"
			forge "$name" "$kind"
			contained "$name $kind" run -b "$BUNDLE" "$ID"
			# a file that is not the device is an error (config-linux.md#devices)
			if [ "$name" = null ]; then
				[[ $status -ne 0 && $err == *"/dev/null exists"* ]] || complain "taken: $kind"
			fi
			unchanged "$name $kind"
		done
	done
	check_clean
}

@test "T02 dev-node-forged: a terminal and a forged /dev/console" {
	config '.process.terminal = true | .process.user.uid = 1000 |
		.mounts |= map(select(.destination | . == "/dev" or . == "/dev/shm" | not))'
	peer take "$T/socket" "$T/report"
	for name in console ptmx null; do
		for kind in link file zero indirect; do
			rm -rf "$BUNDLE/rootfs/dev"
			mkdir "$BUNDLE/rootfs/dev"
			forge "$name" "$kind"
			contained "$name $kind" create -b "$BUNDLE" --console-socket "$T/socket" "$ID"
			if [ "$name" = console ] && [[ $kind == link || $kind == indirect ]]; then
				[ "$status" -ne 0 ] || complain "/dev/console was made through a link"
			fi
			ok delete --force "$ID"
			unchanged "$name $kind"
		done
	done
}

@test "T02 dev-node-forged: the caller's streams keep their owner when they are devices, and null is the host's" {
	config '.process.user.uid = 1000 | .process.user.gid = 1000'
	program sh -c 'stat -Lc "%t:%T" /proc/self/fd/0; stat -c "%t:%T %u" /dev/null'
	ok run -b "$BUNDLE" "$ID"
	[ "$out" = $'1:3\n1:3 0' ]
	unchanged
}

@test "T05 proc-sys-symlink: /proc and /sys of the image as link, file or full directory" {
	for name in proc sys; do
		for to in "$CANARY" "../../../../../../../../../..$CANARY" nowhere /tmp /proc/1/root file; do
			rm -rf "$BUNDLE/rootfs/$name"
			ln -s "$to" "$BUNDLE/rootfs/$name"
			[ "$to" != file ] || { rm "$BUNDLE/rootfs/$name"; echo data >"$BUNDLE/rootfs/$name"; }
			refused "/$name: must be mounted on ordinary directory" run -b "$BUNDLE" "$ID"
			unchanged "$name $to"
		done
		check_clean
		rm -f "$BUNDLE/rootfs/$name"
		mkdir -p "$BUNDLE/rootfs/$name/self/attr" "$BUNDLE/rootfs/$name/sys"
		echo forged >"$BUNDLE/rootfs/$name/self/attr/exec"
		program sh -c 'stat -f -c %T /proc /sys; cat /proc/self/attr/exec 2>/dev/null; true'
		ok run -b "$BUNDLE" "$ID"
		[[ $out == $'proc\nsysfs'* && $out != *forged* ]]
		program true
	done
}

@test "T05 proc-sys-symlink: /proc mounted by other names of it" {
	for name in proc sys; do
		for destination in "/$name/" "/$name/." "/./$name//./" "/tmp/../$name" "$name"; do
			rm -rf "${BUNDLE:?}/rootfs/$name"
			ln -s "$CANARY" "$BUNDLE/rootfs/$name"
			cp "$HERE/config.json" "$BUNDLE"
			program true
			config --arg n "/$name" --arg d "$destination" '.process.env += ["DAVIT_TEST='"$TOKEN"'"] |
				.mounts |= map(if .destination == $n then .destination = $d else . end)'
			refused "must be mounted on ordinary directory" run -b "$BUNDLE" "$ID"
			unchanged "$destination"
			rm "$BUNDLE/rootfs/$name"
			mkdir "$BUNDLE/rootfs/$name"
		done
	done
}

# destinations: DESTINATION and what stands there in the image, one a line.
destinations() {
	local chain
	cat <<-END
		/../../../../../../../..$CANARY
		/a/../../../../../../..$CANARY
		/abs
		/abs/
		/abs/new
		/abs/new/deeper
		/up
		/up/new
		/up/../new
		/loop
		/loop/new
		/self
		/self/new
		/outside
		/outside$CANARY
		/outside$CANARY/new
		/dangling
		/dangling/new
		/tmp/./../abs/sub
		/file
		/file/new
		/setgid/new/deeper
		/setgid/link/new
		//abs//sub//
		/.
		/..
		/dotdot
		/dotdot/../..$CANARY
	END
	for chain in 2 40 41 45; do
		echo "/chain$chain"
	done
}

hostile_links() {
	local r=$BUNDLE/rootfs i
	ln -s "$CANARY" "$r/abs"
	ln -s "../../../../../../../../../..$CANARY" "$r/up"
	ln -s loop "$r/loop"
	ln -s self/x "$r/self"
	ln -s /proc/1/root "$r/outside"
	ln -s "$CANARY/nowhere" "$r/dangling"
	ln -s ../../../.. "$r/dotdot"
	echo data >"$r/file"
	mkdir "$r/setgid"
	ln -s "$CANARY" "$r/setgid/link"
	chown 1000:1000 "$r/setgid"
	chmod 2777 "$r/setgid"
	ln -s "$CANARY" "$r/chain1"
	for i in {2..45}; do
		ln -s "chain$((i - 1))" "$r/chain$i"
	done
}

@test "T07 dest-escape: destinations with .., links and chains of them stay inside the root" {
	hostile_links
	cp "$BUNDLE/config.json" "$T/good.json"
	sources=("$CANARY" "$CANARY/file" tmpfs)
	n=0
	while read -r destination; do
		source=${sources[n++ % 3]}
		cp "$T/good.json" "$BUNDLE/config.json"
		config --arg d "$destination" --arg s "$source" '.mounts += [if $s == "tmpfs"
			then { "destination": $d, "type": "tmpfs", "source": "tmpfs" }
			else { "destination": $d, "type": "bind", "source": $s, "options": ["bind", "ro"] } end]'
		contained "$destination from $source" run -b "$BUNDLE" "$ID"
		case $destination in
		/loop* | /self* | /chain41 | /chain45)
			[[ $err == *"too many"* ]] || complain "$destination was followed"
			;;
		/. | /..) [ "$status" -ne 0 ] ;;
		esac
		unchanged "$destination from $source"
	done < <(destinations)
	check_clean
}

@test "T07 dest-escape: what is made in a setgid directory of the image has its bit and its group" {
	mkdir "$BUNDLE/rootfs/setgid"
	chown 1000:1000 "$BUNDLE/rootfs/setgid"
	chmod 2777 "$BUNDLE/rootfs/setgid"
	config '.mounts += [{ "destination": "/setgid/a/b", "type": "tmpfs", "source": "tmpfs" }]'
	config '.process.cwd = "/setgid/cwd/here"'
	ok run -b "$BUNDLE" "$ID"
	for made in a a/b cwd cwd/here; do
		[ "$(stat -c '%a %u:%g' "$BUNDLE/rootfs/setgid/$made")" = "2755 0:1000" ] || complain "$made"
	done
}

# race END: runs (SWAPS: how many) while two names of the image change places. A run that succeeds has its mount,
# on a path with that END: the kernel shows it by the name that the directory has just then.
race() {
	local i times=${SWAPS:-50} refused=0
	for ((i = 0; i < times; i++)); do
		davit run -b "$BUNDLE" "$ID"
		[ "$status" -eq 0 ] || one_line || return
		[ "$status" -eq 0 ] || refused=$((refused + 1))
		[ "$status" -ne 0 ] || [[ $out == *"$1 rw"* ]] || complain "run $i: nothing is mounted on $1" || return
		rm -f "$OUT" "$ERR"
	done
	[ -z "${SWAPS-}" ] || echo "# $times creates under attack: $((times - refused)) made, $refused refused" >&3
	unchanged
}

@test "T08 swap-race: a directory and a link out change places while it is mounted on" {
	probe
	r=$BUNDLE/rootfs
	mkdir -p "$r/swap/here/sub"
	ln -s "../../../../../../../../../..$CANARY" "$r/swap/there"
	program cat /proc/self/mountinfo
	config '.mounts += [{ "destination": "/swap/here/sub/deep/er", "type": "tmpfs", "source": "tmpfs" },
		{ "destination": "/swap/here/new", "type": "bind", "source": "/dev/null", "options": ["bind"] }]'
	"$r/bin/probe" swap "$r/swap/here" "$r/swap/there" </dev/null >/dev/null 2>&1 3>&- &
	export PEER=$!
	race /sub/deep/er
	end_peer
	check_clean
}

@test "T08 swap-race: the same on a volume that a neighbour shares, for masks, devices and the program's folder" {
	probe
	volume=$T/volume
	mkdir -p "$volume/here/sub" "$BUNDLE/rootfs/vol"
	echo data >"$volume/here/file"
	ln -s "$CANARY" "$volume/there"
	program cat /proc/self/mountinfo
	config --arg v "$volume" '.mounts += [{ "destination": "/vol", "type": "bind", "source": $v, "options": ["rbind"] },
			{ "destination": "/vol/here/sub", "type": "tmpfs", "source": "tmpfs" }] |
		.linux.maskedPaths += ["/vol/here/file"] | .linux.readonlyPaths += ["/vol/here"] |
		.linux.devices = [{ "path": "/vol/here/node", "type": "p" }] |
		.process.cwd = "/vol/here/work"'
	"$BUNDLE/rootfs/bin/probe" swap "$volume/here" "$volume/there" </dev/null >/dev/null 2>&1 3>&- &
	export PEER=$!
	race /sub
	end_peer
	check_clean
}
