#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# mounts[] and linux.mountLabel of the specification (SPEC.md, 1.2), each looked at from outside:
# /proc/PID/mountinfo and files below /proc/PID/root.
# shellcheck disable=SC2016  # variables in filters are of jq
# shellcheck disable=SC2154  # status, out and err are of helpers.bash
load helpers

setup() {
	requires root
	new_bundle
	R=$BUNDLE/rootfs
	mkdir "$T/src" "$T/src/sub"
	echo source >"$T/src/file"
	program sleep 1000
}

teardown() {
	# What a test mounted below its own folder, for binds.
	while read -r at; do
		umount -l "$at"
	done < <(awk -v dir="$T/" 'index($5, dir) == 1 { print $5 }' /proc/self/mountinfo | sort -r)
	tear_down
}

# mount_is DESTINATION OPTIONS [TYPE [SOURCE]]: adds a mount; OPTIONS are comma-joined.
mount_is() {
	config --arg at "$1" --arg words "$2" --arg type "${3-tmpfs}" --arg source "${4-tmpfs}" \
		'.mounts += [{ destination: $at, type: $type, source: $source, options: ($words | split(",")) }]'
}

# Binds the test's source on DESTINATION.
bind_is() {
	mount_is "$1" "$2" bind "${3-$T/src}"
}

# Without the mounts that a test has added.
only_defaults() {
	config '.mounts |= .[:5]'
}

# runs: starts the container, sets pid and in (its root, seen from here).
runs() {
	ok run -d -b "$BUNDLE" "$ID"
	pid=$(init_pid)
	in=/proc/$pid/root
}

stops() {
	ok delete --force "$ID"
}

# info DESTINATION: the last mount there: "OPTIONS [OPTIONAL...] - TYPE SOURCE SUPERBLOCK-OPTIONS".
info() {
	awk -v at="$1" '$5 == at { found = $6; for (i = 7; i <= NF; i++) found = found " " $i } END { print found }' \
		"/proc/$pid/mountinfo"
}

# has DESTINATION REGEX: and not:
has() {
	[[ $(info "$1") =~ $2 ]] || { echo "$1 is '$(info "$1")', not '$2'"; return 1; }
}

lacks() {
	[[ ! $(info "$1") =~ $2 ]] || { echo "$1 is '$(info "$1")', with '$2'"; return 1; }
}

# has_userns [SIZE]: id 0 of the container is 100000 of the machine.
has_userns() {
	config --argjson size "${1-65536}" '[{ containerID: 0, hostID: 100000, size: $size }] as $map | .linux.namespaces += [{ type: "user" }] |
		.linux.uidMappings = $map | .linux.gidMappings = $map'
	chown -R 100000:100000 "$R"
}

# --- tmpcopyup ------------------------------------------------------------------------------------

# A directory with one of each, as D below the root.
fill_directory() {
	local d=$R/data
	mkdir -p "$d/deep/er" "$d/closed"
	echo content >"$d/file"
	echo more >"$d/deep/er/file"
	ln -s /etc/passwd "$d/absolute"
	ln -s ../../../../.. "$d/deep/up"
	mkfifo "$d/fifo"
	mknod "$d/node" c 1 3
	python3 -c 'import socket, sys; socket.socket(socket.AF_UNIX).bind(sys.argv[1])' "$d/socket"
	truncate -s 3T "$d/sparse"
	echo end >>"$d/sparse"
	head -c 200000 /dev/urandom >"$d/large"
	chown 7:8 "$d/file" "$d/node" "$d/closed" "$d"
	chown -h 9:10 "$d/absolute"
	chmod 4751 "$d/file"
	chmod 555 "$d/closed"
	chmod 2770 "$d"
	chmod 640 "$d/node"
	python3 -c 'import os, sys; os.setxattr(sys.argv[1], "trusted.davit", b"hello")' "$d/file"
	find "$d" -exec touch -h -d '2001-02-03 04:05:06.789' {} +
}

# A directory as text, with everything that a copy must keep.
listing() {
	(cd "$1" && find . -printf '%p %y %m %U:%G %t %s %l\n' | sed -E 's/^(\S+ d .*) [0-9]+ $/\1/' | sort &&
		find . -type f ! -name sparse -exec sha256sum {} + | sort && find . -type c -exec stat -c '%n %t:%T' {} +)
}

@test "mounts[].options tmpcopyup: content, owners, modes, times, links and nodes come along" {
	fill_directory
	mount_is /data tmpcopyup,nosuid
	mount_is /ro tmpcopyup,ro
	mkdir "$R/ro"
	echo x >"$R/ro/x"
	runs
	has /data '^rw,nosuid,relatime .*- tmpfs '
	diff <(listing "$R/data") <(listing "$in/data")
	[ "$(tail -c 4 "$in/data/sparse")" = end ]
	[ "$(stat -c %b "$in/data/sparse")" -lt 100 ]
	python3 - "$R/data/file" "$in/data/file" <<-'END'
		import os, sys
		a, b = [{n: os.getxattr(f, n) for n in os.listxattr(f)} for f in sys.argv[1:]]
		assert a == b and "trusted.davit" in a, (a, b)
	END
	has /ro '^ro,relatime .*- tmpfs tmpfs ro'
	[ "$(<"$in/ro/x")" = x ]
	# It is a copy.
	echo changed >"$in/data/file"
	[ "$(<"$R/data/file")" = content ]
}

@test "mounts[].options tmpcopyup: what the options give to the tmpfs holds" {
	fill_directory
	mount_is /data tmpcopyup,mode=711,uid=12,gid=13
	runs
	[ "$(stat -c '%a %u:%g' "$in/data")" = "711 12:13" ]
	[ "$(<"$in/data/file")" = content ]
	stops
	only_defaults
	mount_is /data tmpcopyup,size=64k
	refused "large below /data into the tmpfs on it (at /mounts/5)" run -b "$BUNDLE" "$ID"
	[[ $err == *"no space left on device; a larger size= may help" ]]
	check_clean
}

@test "mounts[].options tmpcopyup: refused on the root, and for other types" {
	mount_is / tmpcopyup
	refused "the root itself" create -b "$BUNDLE" "$ID"
	only_defaults
	ln -s . "$R/self"
	mount_is /self tmpcopyup
	refused "it leads to the root itself" create -b "$BUNDLE" "$ID"
	only_defaults
	bind_is /data bind,tmpcopyup
	refused "tmpcopyup is for a tmpfs: /data (at /mounts/5/options)" create -b "$BUNDLE" "$ID"
	only_defaults
	mount_is /proc/self tmpcopyup
	refused "inside /proc" create -b "$BUNDLE" "$ID"
}

@test "mounts[].options tmpcopyup: links of the image lead nowhere, a deep tree is refused" {
	echo secret >"$T/secret"
	ln -s "$T" "$R/data"
	mount_is /data/src tmpcopyup
	runs
	[ "$(find "$in$T/src" | wc -l)" = 1 ]
	[ "$(info "$T/src")" ]
	stops
	only_defaults
	rm "$R/data"
	mkdir "$R/data"
	ln -s "$T" "$R/data/dir"
	ln -s "$T/secret" "$R/data/secret"
	mount_is /data tmpcopyup
	runs
	[ "$(readlink "$in/data/secret")" = "$T/secret" ]
	[ "$(readlink "$in/data/dir")" = "$T" ]
	stops
	python3 - "$R/data" <<-'END'
		import os, sys
		os.chdir(sys.argv[1])
		for i in range(1000):
		    os.mkdir("d")
		    os.chdir("d")
	END
	refused "d below /data into the tmpfs on it" create -b "$BUNDLE" "$ID"
	[[ $err == *"directories are too deep" ]]
}

@test "mounts[].options tmpcopyup: in a user namespace" {
	fill_directory
	rm "$R/data/node"
	has_userns 1000
	chown 100007:100008 "$R/data" "$R/data/file"
	mount_is /data tmpcopyup
	runs
	diff <(listing "$R/data") <(listing "$in/data")
	stops
	chown 5 "$R/data/large"
	refused "large below /data into the tmpfs on it" create -b "$BUNDLE" "$ID"
}

@test "mounts[].type, mounts[].source: a tmpfs without a mode has that of the directory below it" {
	mkdir -m 1730 "$R/data"
	mount_is /data nosuid
	mount_is /ro ro,noexec
	mkdir -m 700 "$R/ro"
	mount_is /given mode=750
	mkdir -m 700 "$R/given"
	runs
	[ "$(stat -c %a "$in/data")" = 1730 ]
	[ "$(stat -c %a "$in/ro")" = 700 ]
	has /ro '^ro,noexec,relatime .*- tmpfs tmpfs ro'
	[ "$(stat -c %a "$in/given")" = 750 ]
	# As an option too, where the peers have it.
	has /data '- tmpfs tmpfs .*mode=1730'
	has /ro '- tmpfs tmpfs .*mode=700'
}

@test "mounts[].type: a tmpfs on a mount point that was not there is everybody's, 1777" {
	mount_is /new nosuid
	mount_is /deep/er/new ro,size=4k
	mount_is /copied tmpcopyup
	mount_is /new/below nosuid
	mount_is /given mode=700
	config '.process.user = { uid: 1234, gid: 1234 }'
	program sh -c 'touch /new/file /copied/file /new/below/file && sleep 1000'
	runs
	for at in /new /deep/er/new /copied /new/below; do
		[ "$(stat -c %a "$in$at")" = 1777 ] || complain "$at: $(stat -c %a "$in$at")"
	done
	[ "$(stat -c %a "$in/given")" = 700 ]
	[ "$(stat -c %a "$R/new" "$R/deep" "$R/copied")" = $'755\n755\n755' ]
	for _ in {1..1500}; do # the program writes when it gets to it
		[ ! -e "$in/new/below/file" ] || break
		sleep 0.02
	done
	[ "$(stat -c %u "$in/new/file" "$in/copied/file" "$in/new/below/file")" = $'1234\n1234\n1234' ]
}

# --- read-only, and something is still to be made in it -------------------------------------------

@test "mounts[].options ro: /dev is read-only after its mounts, devices, links and console are made" {
	config '.mounts |= map(if .destination == "/dev" then .options += ["ro"] else . end) |
		.linux.devices = [{ type: "c", path: "/dev/of/mine", major: 1, minor: 3 }]'
	for namespace in none user; do
		if [ $namespace = user ]; then
			has_userns
			config '.linux.devices = [{ type: "c", path: "/dev/null", major: 1, minor: 3 }]'
		fi
		runs
		has /dev '^ro,nosuid.* - tmpfs tmpfs ro,'
		has /dev/pts ^rw
		has /dev/shm ^rw
		[ "$(stat -c %t:%T "$in/dev/null")" = 1:3 ]
		[ $namespace = user ] || [ "$(stat -c %t:%T "$in/dev/of/mine")" = 1:3 ]
		[ "$(readlink "$in/dev/ptmx" "$in/dev/fd")" = $'pts/ptmx\n/proc/self/fd' ]
		run ! touch "$in/dev/new"
		[ $namespace = user ] || touch "$in/dev/shm/new"
		stops
	done
	# With a terminal, whose device is bound last.
	config '.process.terminal = true'
	program sh -c 'echo >/dev/console; touch /dev/new; sleep 1000'
	"$HERE/recv-console.py" "$T/sock" "$T/report" </dev/null >/dev/null 2>&1 3>&- &
	appears "$T/sock"
	ok run -d --console-socket "$T/sock" -b "$BUNDLE" "$ID"
	pid=$(init_pid)
	has /dev '^ro,nosuid.* - tmpfs tmpfs ro,'
	has /dev/console ' - devpts '
	stops
	kill $!
}

@test "mounts[].options ro: later mount points are made in it first, by whatever name" {
	mkdir -p "$T/src/sub" "$R/var" "$R/run"
	ln -s ../run "$R/var/run"
	mount_is /run ro,size=64k
	mount_is /var/run/secrets/x mode=700
	bind_is /data rbind,ro
	mount_is /data/made/here ro,size=4k
	bind_is /data/sub/file bind,ro "$T/src/file"
	bind_is /run/link copy-symlink,bind "$R/var/run"
	ln -s ../run "$T/link"
	mount_is /layers "ro,lowerdir=$T/src,upperdir=$T/upper,workdir=$T/work" overlay overlay
	mkdir "$T/upper" "$T/work"
	mount_is /layers/new mode=700
	config '.process.cwd = "/run/made/later"'
	runs
	for at in /run /data /data/made/here /data/sub/file /layers; do
		has $at ^ro, || complain $at
	done
	has /run ' - tmpfs tmpfs ro,'
	has /layers ' - overlay overlay ro,'
	has /run/secrets/x ^rw
	has /layers/new ^rw
	[ "$(readlink "$in/run/link")" = ../run ]
	[ -d "$T/src/made/here" ]
	[ -d "$T/upper/new" ]
	[ "$(readlink "/proc/$pid/cwd")" = /run/made/later ]
	for at in /run /data /data/made/here /layers; do
		run ! touch "$in$at/file" "$in$at/new-file"
	done
	stops
	check_clean
	# In a user namespace.
	only_defaults
	has_userns
	mount_is /run ro,size=64k
	mount_is /run/secrets mode=700
	runs
	has /run '^ro,.* - tmpfs tmpfs ro,'
	has /run/secrets ^rw
}

@test "mounts[].options ro: a link of the image, or the working directory, makes nothing in a read-only volume" {
	find "$T/src" -printf "%p %m %t\n" | sort >"$T/listing"
	bind_is /data rbind,ro
	ln -s data "$R/mnt"
	mount_is /mnt/made size=4k
	refused "make the mount point /mnt/made (at /mounts/6) [step mounts in init]: read-only file system" \
		create -b "$BUNDLE" "$ID"
	config 'del(.mounts[6]) | .process.cwd = "/data/made"'
	refused "make cwd: mkdir /data/made: read-only file system" create -b "$BUNDLE" "$ID"
	find "$T/src" -printf "%p %m %t\n" | sort | diff "$T/listing" -
	check_clean
}

@test "mounts[].options ro: a remount counts, either way" {
	mount_is /dev remount,ro
	mount_is /x ro,size=4k
	mount_is /x/a size=4k
	mount_is /x remount,rw
	mount_is /x/b size=4k
	mount_is /y size=4k
	mount_is /y bind,remount,ro
	mount_is /y/a size=4k
	mount_is /z size=4k
	mount_is /z remount,ro
	mount_is /z/a size=4k
	runs
	has /dev '^ro,.*- tmpfs tmpfs ro'
	[ -c "$in/dev/null" ]
	has /x '^rw,.*- tmpfs tmpfs rw'
	has /y '^ro,.*- tmpfs tmpfs rw'
	has /z '^ro,.*- tmpfs tmpfs ro'
	for at in /x/a /x/b /y/a /z/a; do
		has $at ^rw
	done
}

@test "mounts[].options ro: what was read-only before, or cannot hold it, stays and is refused" {
	mkdir "$T/host"
	mount -t tmpfs none "$T/host"
	mount -o remount,bind,ro "$T/host"
	bind_is /host bind,ro "$T/host"
	mount_is /host/new size=4k
	refused "make the mount point /host/new (at /mounts/6) [step mounts in init]: read-only file system" \
		create -b "$BUNDLE" "$ID"
	[ -z "$(ls "$T/host")" ]
	# The host's file system itself is read-only.
	mount -o remount,ro "$T/host"
	refused "make the mount point /host/new" create -b "$BUNDLE" "$ID"
	[[ $(awk -v at="$T/host" '$5 == at { print $6 }' /proc/self/mountinfo) == ro,* ]]
	# A mount on top hides the read-only one, which is not touched.
	only_defaults
	mount_is /x ro,size=4k
	mount_is /x rw,size=8k
	mount_is /x/new size=4k
	runs
	[ "$(awk '$5 == "/x" { print $6 }' "/proc/$pid/mountinfo" | cut -d, -f1)" = $'ro\nrw' ]
	stops
	# Nobody else's processes see it writable: a joined mount namespace.
	only_defaults
	unshare -m --propagation private sleep 1000 3>&- &
	for _ in {1..1500}; do # until it is in its namespace
		[ "$(readlink "/proc/$!/ns/mnt")" = "$(readlink /proc/self/ns/mnt)" ] || break
		sleep 0.02
	done
	config --arg ns "/proc/$!/ns/mnt" \
		'.linux.namespaces |= map(if .type == "mount" then .path = $ns else . end)'
	mount_is /x ro,size=4k
	mount_is /x/new size=4k
	davit create -b "$BUNDLE" "$ID"
	kill $!
	[ "$status" -ne 0 ] || complain joined
	[[ $err == *"make the mount point /x/new"*"read-only file system" ]] || complain joined
}

# --- destination, type, source --------------------------------------------------------------------

@test "mounts[].destination: in the listed order, relative ones below the root, none outside it" {
	mount_is /a mode=755
	mount_is /a/b mode=700
	mount_is rel/c mode=700
	mount_is /../../d mode=700
	ln -s "$T/outside" "$R/out"
	mount_is /out/e mode=700
	runs
	# /a/b is in the tmpfs of /a, which came first.
	[ "$(info /a/b)" ]
	[ "$(stat -c %a "$in/a/b")" = 700 ]
	[ ! -e "$R/a/b" ]
	[ "$(info /rel/c)" ]
	[ "$(info /d)" ]
	[ "$(info "$T/outside/e")" ]
	[ ! -e "$T/outside" ]
	awk '{ print $5 }' "/proc/$pid/mountinfo" | tail -n 30 | grep -nxE '/a|/a/b|/rel/c|/d' | cut -d: -f2 >"$T/order"
	[ "$(tr '\n' ' ' <"$T/order")" = "/a /a/b /rel/c /d " ]
	stops
	only_defaults
	mount_is "" mode=700
	refused "/mounts/5/destination" create -b "$BUNDLE" "$ID"
}

@test "mounts[].type, mounts[].source: bind by the option, relative sources are in the bundle" {
	cp -a "$T/src" "$BUNDLE/data"
	mount_is /one bind tmpfs data
	mount_is /two rbind none "$T/src"
	mount_is /three bind "" data/file
	mount_is /four mode=700 tmpfs named
	runs
	[ "$(<"$in/one/file")" = source ]
	[ "$(<"$in/two/file")" = source ]
	[ "$(<"$in/three")" = source ]
	has /four '- tmpfs named rw,mode=700'
	stops
	only_defaults
	mount_is /one bind tmpfs nowhere
	refused "open the mount source $BUNDLE/nowhere (at /mounts/5)" create -b "$BUNDLE" "$ID"
	only_defaults
	mount_is /one mode=700 frobfs
	refused "mount frobfs on /one: unknown file system type" create -b "$BUNDLE" "$ID"
}

# --- options: every word of `features` ------------------------------------------------------------

# For a tmpfs: WORD OPTIONS HAS [LACKS], regular expressions over its line of mountinfo; "-" for none.
# What a word undoes stands before it.
visible_words() {
	cat <<-'END'
		async sync,async ^rw ,sync
		atime noatime,atime ,relatime noatime
		defaults defaults ^rw,relatime ro,
		dev nodev,dev ^rw nodev
		diratime nodiratime,diratime ^rw nodiratime
		dirsync dirsync tmpfs.rw,dirsync -
		exec noexec,exec ^rw noexec
		lazytime lazytime ,lazytime -
		mand mand ,mand -
		noatime noatime ,noatime relatime
		nodev nodev ,nodev -
		nodiratime nodiratime ,nodiratime -
		noexec noexec ,noexec -
		nolazytime lazytime,nolazytime ^rw lazytime
		nomand mand,nomand ^rw ,mand
		norelatime strictatime,norelatime ^rw relatime
		nostrictatime strictatime,nostrictatime ,relatime -
		nosuid nosuid ,nosuid -
		nosymfollow nosymfollow ,nosymfollow -
		private shared,private ^rw shared:
		rasync sync,rasync ^rw ,sync
		ratime rnoatime,ratime ,relatime noatime
		rdev rnodev,rdev ^rw nodev
		rdiratime rnodiratime,rdiratime ^rw nodiratime
		rdirsync rdirsync tmpfs.rw,dirsync -
		relatime noatime,relatime ,relatime noatime
		rexec rnoexec,rexec ^rw noexec
		rmand rmand ,mand -
		rnoatime rnoatime ,noatime -
		rnodev rnodev ,nodev -
		rnodiratime rnodiratime ,nodiratime -
		rnoexec rnoexec ,noexec -
		rnomand mand,rnomand ^rw ,mand
		rnorelatime rstrictatime,rnorelatime ^rw relatime
		rnostrictatime rstrictatime,rnostrictatime ,relatime -
		rnosuid rnosuid ,nosuid -
		rnosymfollow rnosymfollow ,nosymfollow -
		ro ro ^ro.*tmpfs.ro -
		rprivate rshared,rprivate ^rw shared:
		rrelatime rnoatime,rrelatime ,relatime noatime
		rro rro ^ro -
		rrw rro,rrw ^rw -
		rshared rshared shared: -
		rstrictatime rstrictatime ^rw relatime
		rsuid rnosuid,rsuid ^rw nosuid
		rsymfollow rnosymfollow,rsymfollow ^rw nosymfollow
		rsync rsync ,sync -
		runbindable runbindable unbindable -
		rw ro,rw ^rw.*tmpfs.rw -
		shared shared shared: -
		strictatime strictatime ^rw relatime
		suid nosuid,suid ^rw nosuid
		symfollow nosymfollow,symfollow ^rw nosymfollow
		sync sync ,sync -
		unbindable unbindable unbindable -
	END
}

# These have tests of their own below.
other_words="bind copy-symlink dest-nofollow idmap iversion loud noiversion rbind remount ridmap rslave silent slave src-nofollow tmpcopyup"

@test "features.mountOptions, mounts[].options *: each word of features does what it says" {
	visible_words >"$T/words"
	ok features
	diff <(jq -r '.mountOptions[]' <<<"$out" | sort) <({ cut -d' ' -f1 "$T/words"; tr ' ' '\n' <<<"$other_words"; } | sort)
	# All words in one container.
	jq -Rn '[inputs | split(" ") | { destination: ("/w/" + .[0]), type: "tmpfs", source: "tmpfs", options: (.[1] | split(",")) }]' \
		"$T/words" >"$T/mounts"
	config --slurpfile m "$T/mounts" '.mounts += $m[0]'
	runs
	declare -A lines
	while read -r at line; do
		lines[$at]=$line
	done < <(awk '{ line = $6; for (i = 7; i <= NF; i++) line = line " " $i; print $5, line }' "/proc/$pid/mountinfo")
	bad=0
	while read -r word _ wanted unwanted; do
		line=${lines[/w/$word]-}
		[[ $line =~ $wanted ]] || { echo "$word: '$line' is without '$wanted'"; bad=1; }
		[ "$unwanted" = - ] || [[ ! $line =~ $unwanted ]] || { echo "$word: '$line' has '$unwanted'"; bad=1; }
	done <"$T/words"
	[ "$bad" = 0 ]
}

# The flags that the kernel is called with, where it shows nothing of them.
# bats test_tags=plain
@test "mounts[].options iversion, noiversion, silent, loud: reach the kernel, and what is undone does not" {
	requires command:strace plain-build
	for word in iversion silent; do
		mount_is "/w/$word" "$word"
	done
	mount_is /w/noiversion iversion,noiversion,silent
	mount_is /w/loud silent,loud,iversion
	program cat /proc/self/mountinfo
	DAVIT_TEST=$TOKEN timeout --foreground -k 1 300 strace -f -qq -e trace=mount -o "$T/trace" \
		"$DAVIT" --root "$ROOT" run -b "$BUNDLE" "$ID" </dev/null >"$T/mountinfo" 2>&1 3>&- 4>&-
	[ "$(grep -c '/w/.* rw,relatime - tmpfs tmpfs rw' "$T/mountinfo")" = 4 ]
	# The data of one mount after the other.
	grep -o '"tmpfs", MS_[A-Z_|]*' "$T/trace" >"$T/flags"
	diff "$T/flags" - <<-'END'
		"tmpfs", MS_I_VERSION
		"tmpfs", MS_SILENT
		"tmpfs", MS_SILENT
		"tmpfs", MS_I_VERSION
	END
	only_defaults
	mount_is /w mode=755
	mount_is /w remount,iversion
	refused "iversion cannot be changed by a remount: /w (at /mounts/6/options)" create -b "$BUNDLE" "$ID"
}

@test "mounts[].options bind, rbind: the source alone, or with what is mounted in it" {
	mount --bind "$T/src" "$T/src/sub"
	bind_is /one bind
	bind_is /all rbind
	bind_is /other rbind,bind
	runs
	[ -e "$in/all/sub/file" ]
	[ "$(info /all/sub)" ]
	[ ! -e "$in/one/sub/file" ]
	[ -z "$(info /one/sub)" ]
	[ "$(info /other/sub)" ]
}

@test "mounts[].options remount: of one mount, of its file system, and of nothing" {
	mount_is /w mode=755,size=1m
	mount_is /w remount,ro,nosuid,size=2m
	bind_is /one bind
	bind_is /two bind
	bind_is /one remount,bind,ro,noexec
	runs
	has /w '^ro,nosuid,relatime .*- tmpfs tmpfs ro,size=2048k'
	has /one '^ro,noexec,'
	has /two '^rw,'
	stops
	only_defaults
	mount_is /tmp remount,ro
	refused "remount /tmp: nothing is mounted there (at /mounts/5)" create -b "$BUNDLE" "$ID"
}

@test "mounts[].options slave, rslave, shared, rshared, private, rprivate: also of what is below a bind" {
	local own="shared:own master:host" rows n words wanted below
	mount --bind "$T/src" "$T/src"
	mount --make-shared "$T/src"
	mount --bind "$T/src" "$T/src/sub"
	[ "$(grep -c " $T/src.* shared:" /proc/self/mountinfo)" -ge 2 ]
	# The words, the mount itself, the one below it.
	rows=("rbind||" "rbind,private||" "rbind,rprivate||" "rbind,unbindable|unbindable|"
		"rbind,runbindable|unbindable|unbindable" "rbind,slave|master:host|master:host"
		"rbind,rslave|master:host|master:host" "rbind,shared|$own|master:host" "rbind,rshared|$own|$own"
		"rbind,shared,slave|master:host|master:host" "rbind,rshared,rslave|master:host|master:host"
		"rbind,rslave,rshared|$own|$own" "rbind,rslave,shared|$own|master:host"
		"rbind,rshared,rprivate||" "rbind,rshared,private||$own" "rbind,private,rslave||master:host")
	for n in "${!rows[@]}"; do
		IFS='|' read -r words wanted below <<<"${rows[n]}"
		bind_is "/m$n" "$words"
		bind_is "/one$n" "${words/rbind/bind}"
	done
	for userns in "" 1; do
		[ -z "$userns" ] || has_userns
		runs
		for n in "${!rows[@]}"; do
			IFS='|' read -r words wanted below <<<"${rows[n]}"
			[ "$(tags "$pid" "/m$n")" = "$wanted" ] || complain "$words: $(tags "$pid" "/m$n")" || return
			[ "$(tags "$pid" "/m$n/sub")" = "$below" ] || complain "below $words: $(tags "$pid" "/m$n/sub")" || return
			[ "$(tags "$pid" "/one$n")" = "$wanted" ] || complain "bind: $words: $(tags "$pid" "/one$n")" || return
			[ -z "$(info "/one$n/sub")" ]
		done
		stops
	done
}

@test "mounts[].options ro, nosuid, noexec, ...: a bind that names one has those alone, one that names none its source's" {
	local rows n words wanted
	mount -t tmpfs source "$T/src"
	mkdir "$T/src/sub"
	mount --bind "$T/src/sub" "$T/src/sub"
	mount -o remount,bind,noexec,noatime "$T/src/sub"
	mount -o remount,bind,ro,nosuid,nodev,noexec,nodiratime,noatime "$T/src"
	rows=(":ro,nosuid,nodev,noexec,noatime,nodiratime" "rprivate:ro,nosuid,nodev,noexec,noatime,nodiratime"
		"ro:ro,noatime,nodiratime" "rw:rw,noatime,nodiratime" "nosuid:rw,nosuid,noatime,nodiratime"
		"exec:rw,noatime,nodiratime" "suid,dev:rw,noatime,nodiratime" "noexec,nodev:rw,nodev,noexec,noatime,nodiratime"
		"nosymfollow:rw,noatime,nodiratime,nosymfollow" "noatime:rw,noatime" "relatime:rw,relatime" "strictatime:rw"
		"nodiratime:rw,nodiratime,relatime" "noatime,nodiratime,ro:ro,noatime,nodiratime" "atime:rw,noatime,nodiratime"
		"norelatime:rw,noatime,nodiratime" "noatime,atime:rw,noatime,nodiratime"
		"rnosuid:ro,nosuid,nodev,noexec,noatime,nodiratime")
	for n in "${!rows[@]}"; do
		words=${rows[n]%:*}
		bind_is "/m$n" "rbind${words:+,$words}"
	done
	runs
	for n in "${!rows[@]}"; do
		words=${rows[n]%:*} wanted=${rows[n]#*:}
		[ "$(info "/m$n" | cut -d' ' -f1)" = "$wanted" ] || complain "$words: $(info "/m$n")" || return
		[[ $words == rnosuid ]] || has "/m$n/sub" '^rw,noexec,noatime '
	done
	stops
}

# The kernel locks nothing for root of the host, who opens the sources then; runc has the container's view.
@test "mounts[].options locked flags: a user namespace that root makes takes nothing off the host's mounts either" {
	local all=ro,nosuid,nodev,noexec,noatime,nodiratime n words kept major minor
	# The mount and its file system are read-only, then the file system alone: that is no lock.
	mount -t tmpfs -o ro source "$T/src"
	bind_is /plain bind,rw
	has_userns
	# Linux 6.8 (statmount) tells the two apart.
	IFS=.- read -r major minor _ < <(uname -r)
	((major * 100 + minor < 608)) ||
		refused "operation not permitted; ro: locked by the host" create -b "$BUNDLE" "$ID"
	mount -o remount,bind,rw "$T/src"
	runs
	has /plain '^rw,.* ro'
	stops
	umount "$T/src"
	mount -t tmpfs source "$T/src"
	mount -o remount,bind,$all "$T/src"
	only_defaults
	kept=("" rprivate ro nosuid "noexec,nodev" "ro,noatime,nodiratime" atime norelatime diratime rnosuid)
	for n in "${!kept[@]}"; do
		bind_is "/m$n" "rbind${kept[n]:+,${kept[n]}}"
	done
	bind_is /follow bind,nosymfollow
	runs
	for n in "${!kept[@]}"; do
		[ "$(info "/m$n" | cut -d' ' -f1)" = "$all" ] || complain "${kept[n]}: $(info "/m$n")" || return
	done
	has /follow "^$all,nosymfollow "
	stops
	for words in rw:ro suid,nodev:nosuid dev:nodev exec:noexec rrw:ro noatime: relatime: strictatime: nodiratime:; do
		only_defaults
		bind_is /x "rbind,${words%:*}"
		refused "set the options of the mount on /x (at /mounts/5) [step open-sources in host]: operation not permitted; ${words#*:}" create -b "$BUNDLE" "$ID"
	done
}

@test "mounts[].options rro, rrw, rnosuid, rnodev, rnoexec, rnoatime, rnosymfollow, ...: of all below a bind" {
	mount --bind "$T/src" "$T/src/sub"
	mount -o remount,bind,ro,nosuid,nodev,noexec,noatime,nodiratime "$T/src/sub"
	bind_is /top rbind,ro,nosuid
	bind_is /set rbind,rro,rnosuid,rnodev,rnoexec,rnoatime,rnodiratime,rnosymfollow
	bind_is /clear rbind,rrw,rsuid,rdev,rexec,rrelatime,rdiratime,rsymfollow
	bind_is /strict rbind,rstrictatime
	bind_is /atime rbind,ratime
	runs
	has /top '^ro,nosuid,'
	has /top/sub '^ro,nosuid,nodev,noexec,noatime,nodiratime'
	has /set '^ro,nosuid,nodev,noexec,noatime,nodiratime,nosymfollow '
	has /set/sub '^ro,nosuid,nodev,noexec,noatime,nodiratime,nosymfollow '
	has /clear '^rw,relatime '
	has /clear/sub '^rw,relatime '
	has /strict/sub '^ro,nosuid,nodev,noexec,nodiratime '
	has /atime/sub '^ro,nosuid,nodev,noexec,nodiratime,relatime '
}

@test "mounts[].options nosymfollow, symfollow, ro, noexec, nodev: hold inside" {
	ln -s file "$T/src/link"
	cp "$(command -v busybox)" "$T/src/true"
	mknod "$T/src/null" c 1 3
	bind_is /no bind,nosymfollow,noexec,nodev,ro
	bind_is /yes bind,symfollow
	config '.linux.resources.devices += [{ allow: true, type: "c", major: 1, minor: 3, access: "rwm" }]'
	program sh -c 'for d in /no /yes; do cat $d/link; $d/true && echo ran; cat $d/null && echo opened; echo x >$d/new && echo written; done'
	davit run -b "$BUNDLE" "$ID"
	[ "$out" = source$'\n'ran$'\n'opened$'\n'written ]
	[ "$(grep -c -e 'Too many levels' -e 'Permission denied' -e 'Permission denied' -e 'Read-only' "$ERR")" = 4 ]
}

@test "mounts[].options data: unknown words are data of the file system, and the kernel's message is passed on" {
	mount_is /w size=1m,nr_inodes=77,uid=5
	runs
	has /w ',size=1024k,nr_inodes=77,uid=5'
	[ "$(stat -c %u "$in/w")" = 5 ]
	stops
	only_defaults
	mount_is /w size=frob
	refused "mount tmpfs on /w: tmpfs: Bad value for 'size'" create -b "$BUNDLE" "$ID"
	only_defaults
	mount_is /w frob=1
	refused "mount tmpfs on /w: tmpfs: Unknown parameter 'frob'" create -b "$BUNDLE" "$ID"
	check_clean
}

@test "mounts[].options data: data on a bind is refused, acl too" {
	for word in size=1m acl noacl; do
		only_defaults
		bind_is /w "bind,ro,$word"
		refused "the bind mount on /w has unknown options: $word (at /mounts/5/options)" create -b "$BUNDLE" "$ID"
	done
}

@test "mounts[].options data: values of 256 bytes and more" {
	lower=$T/src
	for name in {a..h}{a..h}; do
		mkdir "$T/a-long-name-of-a-directory-$name"
		lower=$lower:$T/a-long-name-of-a-directory-$name
	done
	echo last >"$T/a-long-name-of-a-directory-hh/last"
	[ ${#lower} -gt 2000 ] && [ ${#lower} -lt 4000 ] || skip "the test's folder has an unfit name"
	mount_is /w "ro,lowerdir=$lower" overlay overlay
	runs
	has /w '^ro,.*- overlay overlay ro,lowerdir='
	[ "$(<"$in/w/last")" = last ]
	[ "$(<"$in/w/file")" = source ]
	# Nothing of the private directory that mount(2) needed.
	[ "$(awk '$5 == "/" || $5 == "/m"' "/proc/$pid/mountinfo" | wc -l)" = 1 ]
}

# --- crun's options -------------------------------------------------------------------------------

# layers COUNT: lower=DIR:DIR..., each with a file of its number, of more than a page together.
layers() {
	local n at
	lower=
	for n in $(seq "$1"); do
		at=$T/layers/$(printf 'x%.0s' {1..70})$n
		mkdir -p "$at"
		echo "$n" >"$at/f$n"
		lower=$lower:$at
	done
	lower=${lower#:}
	[ ${#lower} -gt 4095 ]
}

# takes_layers: the kernel takes the lower layers of an overlay one by one, or the refusal says why not.
takes_layers() {
	mkdir -p "$T/probe"
	python3 - "$T/probe" <<-'END' && return 0
	import ctypes, sys
	libc = ctypes.CDLL(None, use_errno=True)
	fd = libc.syscall(430, b"overlay", 0)
	sys.exit(libc.syscall(431, fd, 1, b"lowerdir+", sys.argv[1].encode(), 0) != 0
		or libc.syscall(431, fd, 1, b"surely-not", b"x", 0) == 0)
	END
	refused "mount overlay on /ov: options of ${#1} bytes are too long, the kernel takes 4095" create -b "$BUNDLE" "$ID"
	return 1
}

@test "mounts[].options data: the options of an overlay are more than a page, with and without upperdir" {
	layers 60
	mkdir "$T/upper" "$T/work"
	for more in "" ",upperdir=$T/upper,workdir=$T/work"; do
		only_defaults
		config --arg data "lowerdir=$lower$more" \
			'.mounts += [{ destination: "/ov", type: "overlay", source: "overlay", options: ["nosuid", $data] }]'
		takes_layers "lowerdir=$lower$more" || return 0
		runs
		[ "$(cat "$in"/ov/f* | sort -n | tr '\n' ' ')" = "$(seq -s ' ' 60) " ]
		has /ov '^rw,nosuid'
		# All are there, the topmost first.
		[ "$(info /ov | grep -o "lowerdir+=[^,]*" | cut -d= -f2 | paste -sd:)" = "$lower" ]
		[ -z "$more" ] || touch "$in/ov/new"
		stops
	done
	[ -e "$T/upper/new" ]
	config '.mounts[-1].options += ["ro"]'
	runs
	[ "$(find "$in/ov" -name 'f*' | wc -l)" = 60 ]
	has /ov '^ro,nosuid'
}

@test "mounts[].options data: a long overlay with colons, commas, backslashes and long names in its layers" {
	layers 60
	long=$T/$(printf 'y%.0s' {1..200})/$(printf 'z%.0s' {1..200})
	mkdir -p "$T/a:b" "$T/c,d" "$T/e\\f" "$T/up:,per" "$T/work" "$long"
	for at in "$T/a:b" "$T/c,d" "$T/e\\f" "$long"; do
		touch "$at/in-$(basename "$at" | cut -c1-3)"
	done
	data="lowerdir=$T/a\\:b:$T/c\\,d:$T/e\\\\f:$lower,upperdir=$T/up\\:\\,per,workdir=$T/work"
	config --arg data "$data" '.mounts += [{ destination: "/ov", type: "overlay", source: "overlay", options: [$data] }]'
	takes_layers "$data" || return 0
	runs
	[ "$(cd "$in/ov" && echo in-*)" = 'in-a:b in-c,d in-e\f' ]
	touch "$in/ov/new"
	[ -e "$T/up:,per/new" ]
	stops
	# A layer whose name is too long for a string of the kernel's goes by descriptor, from Linux 6.13 on.
	config --arg data "lowerdir=$long:$lower" '.mounts[-1].options = [$data]'
	davit create -b "$BUNDLE" "$ID"
	if [ "$status" -eq 0 ]; then
		pid=$(init_pid)
		[ -e "/proc/$pid/root/ov/in-zzz" ]
		stops
	else
		[[ $err == *"mount overlay on /ov: a path of ${#long} bytes is too long, the kernel takes 255"* ]]
	fi
	# Data-only layers come after "::".
	mkdir -p "$T/data1" "$T/data2"
	config --arg data "lowerdir=$lower::$T/data1::$T/data2,metacopy=on" '.mounts[-1].options = [$data]'
	runs
	[[ $(info /ov) == *"datadir+=$T/data1,datadir+=$T/data2"* ]]
	stops
	for lowers in "$lower::$T/data1:$T/data2" "$lower::" "$lower:" ":$lower" "$lower:$T/none"; do
		config --arg data "lowerdir=$lowers" '.mounts[-1].options = [$data]'
		refused "mount overlay on /ov: " create -b "$BUNDLE" "$ID"
		echo "$err" >>"$T/errors"
	done
	[[ $(head -n 1 "$T/errors") == *"lowerdir has a layer after those with data only"*"invalid argument" ]]
	[[ $err == *"$T/none"*"no such file or directory"* ]]
	check_clean
}

@test "mounts[].options data: more than a page, for what takes no option by itself: the size is named" {
	long=$(printf 'x%.0s' {1..5000})
	mount_is /t "size=$long"
	refused "mount tmpfs on /t: options of 5005 bytes are too long, the kernel takes 4095 (at /mounts/5) [step mounts in init]: argument list too long" \
		create -b "$BUNDLE" "$ID"
	only_defaults
	mount_is /t size=4k
	mount_is /t "remount,size=${long:0:300}"
	refused "remount /t: an option is too long, the kernel takes 255 bytes" create -b "$BUNDLE" "$ID"
	# Many short ones are no matter.
	only_defaults
	mount_is /t "$(printf 'mode=711,%.0s' {1..1000})size=4k"
	runs
	[ "$(stat -c %a "$in/t")" = 711 ]
}

@test "mounts[].options copy-symlink: a source that is a link is made again" {
	ln -s /nowhere/at/all "$T/link"
	ln -s /nowhere/at/all "$R/same"
	ln -s /elsewhere "$R/other"
	bind_is /new/link bind,copy-symlink "$T/link"
	bind_is /same bind,copy-symlink "$T/link"
	bind_is /plain bind,copy-symlink,ro "$T/src/file"
	runs
	[ "$(readlink "$in/new/link")" = /nowhere/at/all ]
	[ "$(readlink "$in/same")" = /nowhere/at/all ]
	[ -z "$(info /new/link)" ]
	has /plain ^ro
	[ "$(<"$in/plain")" = source ]
	stops
	for at in /other /bin /bin/busybox; do
		only_defaults
		bind_is "$at" bind,copy-symlink "$T/link"
		refused "make the link $at to /nowhere/at/all: something else is there (at /mounts/5)" create -b "$BUNDLE" "$ID"
	done
	only_defaults
	bind_is /x bind,copy-symlink,src-nofollow "$T/link"
	refused "copy-symlink excludes src-nofollow and dest-nofollow" create -b "$BUNDLE" "$ID"
	only_defaults
	mount_is /x copy-symlink
	refused "are for a bind mount" create -b "$BUNDLE" "$ID"
	# A link of the image does not lead it out.
	only_defaults
	mkdir "$T/outside"
	ln -s "$T/outside" "$R/out"
	bind_is /out/link bind,copy-symlink "$T/link"
	runs
	[ -z "$(ls "$T/outside")" ]
	[ "$(readlink "$in$T/outside/link")" = /nowhere/at/all ]
}

@test "mounts[].options src-nofollow, dest-nofollow: the links themselves" {
	ln -s /nowhere/at/all "$T/link"
	ln -s data "$R/link"
	mkdir "$R/data"
	bind_is /source bind,src-nofollow "$T/link"
	bind_is /link bind,dest-nofollow,ro "$T/src/file"
	bind_is /new bind,dest-nofollow "$T/src"
	runs
	[ "$(readlink "$in/source")" = /nowhere/at/all ]
	[ "$(info /source)" ]
	has /link ^ro
	[ "$(<"$in/link")" = source ]
	[ -z "$(info /data)" ]
	[ "$(<"$in/new/file")" = source ]
	[ "$(readlink "$R/link")" = data ]
	stops
	# A directory, as bind or tmpfs, does not go onto a link.
	for words in bind,dest-nofollow dest-nofollow; do
		only_defaults
		mount_is /link "$words" tmpfs "$T/src"
		refused "make the mount point /link (at /mounts/5)" create -b "$BUNDLE" "$ID"
	done
	only_defaults
	bind_is /both bind,src-nofollow,dest-nofollow "$T/link"
	runs
	[ "$(readlink "$in/both")" = /nowhere/at/all ]
}

@test "mounts[].options copy-symlink, src-nofollow: sources that only the caller can reach" {
	has_userns
	mkdir -m 700 "$T/closed"
	ln -s /nowhere/at/all "$T/closed/link"
	bind_is /copied bind,copy-symlink "$T/closed/link"
	bind_is /source bind,src-nofollow "$T/closed/link"
	runs
	[ "$(readlink "$in/copied")" = /nowhere/at/all ]
	[ "$(stat -c %u "$in/copied")" = 100000 ]
	[ "$(readlink "$in/source")" = /nowhere/at/all ]
}

@test "mounts[].source: of an earlier mount of the same config" {
	mkdir "$R/one" "$T/src/deep"
	chmod 777 "$T/src"
	for userns in "" 1; do
		[ -z "$userns" ] || has_userns
		only_defaults
		bind_is /one bind
		mount_is /made/here mode=711
		# In a mount of the root, by an absolute and a relative path; what a mount point made in it;
		# what one made in a volume.
		bind_is /two bind "$R/one"
		bind_is /three bind,ro rootfs/one/deep
		bind_is /four rbind "$R/made"
		bind_is /five bind "$R//one/./file"
		# The last one where the container's root can reach it on the host.
		mount_is /one/new mode=700
		[ -n "$userns" ] || bind_is /six bind "$T/src/new"
		runs
		[ "$(<"$in/two/file")" = source ] || complain "two: $(info /two)"
		has /three ^ro
		[ "$(stat -c %i "$in/three")" = "$(stat -c %i "$T/src/deep")" ]
		[ "$(stat -c %a "$in/four/here")" = 711 ]
		[ "$(<"$in/five")" = source ]
		[ -n "$userns" ] || [ "$(stat -c %i "$in/six")" = "$(stat -c %i "$T/src/new")" ]
		stops
		rmdir "$T/src/new" "$R/made/here" "$R/made"
	done
	# Still an error, with its name.
	only_defaults
	bind_is /one bind
	bind_is /two bind "$R/one/nowhere"
	refused "open the mount source $R/one/nowhere (at /mounts/6)" create -b "$BUNDLE" "$ID"
	only_defaults
	bind_is /one bind
	bind_is /two bind "$T/src/nowhere"
	refused "open the mount source $T/src/nowhere (at /mounts/6)" create -b "$BUNDLE" "$ID"
}

# --- id-mapped mounts -----------------------------------------------------------------------------

# maps OUTSIDE...: to the last mount, ids 0 to 9 of its files as OUTSIDE ones.
maps() {
	config --argjson out "$1" '[{ containerID: 0, hostID: $out, size: 10 }] as $map |
		.mounts[-1] += { uidMappings: $map, gidMappings: $map }'
}

@test "mounts[].uidMappings, mounts[].gidMappings: ids of a bind and of a new file system" {
	chown 3:4 "$T/src/file"
	bind_is /bind bind
	maps 5000
	mount_is /tmpfs mode=700
	maps 6000
	bind_is /plain bind
	runs
	has /bind 'idmapped'
	[ "$(stat -c %u:%g "$in/bind/file")" = 5003:5004 ]
	[ "$(stat -c %u:%g "$in/tmpfs")" = 6000:6000 ]
	[ "$(stat -c %u:%g "$in/plain/file")" = 3:4 ]
	stops
	config '.mounts[5] |= del(.gidMappings)'
	refused "go together (at /mounts/5)" create -b "$BUNDLE" "$ID"
	only_defaults
	mount_is /p nosuid proc proc
	maps 5000
	refused "id-map the mount on /p (at /mounts/5)" create -b "$BUNDLE" "$ID"
	[[ $err == *"proc has no id-mapped mounts on Linux $(uname -r)" ]]
}

@test "mounts[].options idmap, ridmap: with the mount's maps, one mount or all below" {
	chown 3:4 "$T/src/file"
	mount --bind "$T/src" "$T/src/sub"
	bind_is /one rbind,idmap
	maps 5000
	bind_is /all rbind,ridmap
	maps 5000
	runs
	[ "$(stat -c %u:%g "$in/one/file")" = 5003:5004 ]
	[ "$(stat -c %u:%g "$in/one/sub/file")" = 3:4 ]
	[ "$(stat -c %u:%g "$in/all/sub/file")" = 5003:5004 ]
}

@test "mounts[].options idmap, ridmap: with the container's maps, of a namespace made or joined" {
	has_userns
	chown 3:4 "$T/src/file"
	bind_is /m bind,idmap
	runs
	[ "$(stat -c %u:%g "$in/m/file")" = 100003:100004 ]
	config --arg path "/proc/$pid/ns/user" '.linux.namespaces |= map(if .type == "user" then .path = $path else . end) |
		del(.linux.uidMappings, .linux.gidMappings)'
	ok run -d -b "$BUNDLE" "$ID-2"
	[ "$(stat -c %u:%g "/proc/$(init_pid "$ID-2")/root/m/file")" = 100003:100004 ]
	ok delete --force "$ID-2"
	config '.linux.namespaces |= map(select(.type != "user"))'
	refused "neither it nor the container has id mappings" create -b "$BUNDLE" "$ID-3"
}

@test "mounts[].options idmap, ridmap: of what an earlier mount made, in a user namespace too" {
	chown 3:4 "$T/src/file"
	for userns in "" 1; do
		[ -z "$userns" ] || has_userns
		only_defaults
		bind_is /one bind
		bind_is /two bind,idmap "$R/one"
		maps 100000
		runs
		[ "$(stat -c %u:%g "$in/one/file" "$in/two/file" | paste -sd' ')" = "3:4 100003:100004" ]
		stops
	done
	# By who has the right, and for what it may be.
	only_defaults
	mount_is /one nosuid proc proc
	bind_is /two bind,idmap "$R/one"
	refused "id-map the mount on /two (at /mounts/6) [step mounts in init]" create -b "$BUNDLE" "$ID"
}

@test "mounts[].options idmap=, ridmap=: maps of crun's form, also relative to the container's" {
	has_userns 10
	config '.linux.uidMappings += [{ containerID: 10, hostID: 500000, size: 10 }]'
	for id in 0 1 2 5; do
		touch "$T/src/$id"
		chown "$id:$id" "$T/src/$id"
	done
	mount --bind "$T/src" "$T/src/sub"
	bind_is /absolute "rbind,idmap=uids=0-7000-1#5-100005-2;gids=0-8000-10"
	bind_is /relative "rbind,ridmap=gids=@0-1-1;uids=@0-8-6#"
	config '.mounts[-1].options[1] |= rtrimstr("#")'
	runs
	[ "$(stat -c %u:%g "$in/absolute/0" "$in/absolute/5" "$in/absolute/1" "$in/absolute/sub/1" | tr '\n' ' ')" = "7000:8000 100005:8005 65534:8001 1:1 " ]
	# 8 and 9 of the container lie in its first map, 10 and what follows in the second.
	[ "$(stat -c %u:%g "$in/relative/"{0,1,2,5} "$in/relative/sub/2" | tr '\n' ' ')" = "100008:100001 100009:65534 500000:65534 500003:65534 500000:65534 " ]
	stops
	for maps in "" uids=0-1-1 "uids=0-1;gids=0-1-1" "uids=0-1-1;gids=0-1-1;x" "uids=0-1-4294967296;gids=0-1-1" "uids=-1-1-1;gids=0-1-1" "uids=0-1-0;gids=0-1-1"; do
		only_defaults
		bind_is /m "bind,idmap=$maps"
		refused "idmap \"$maps\" of the mount on /m: not \"uids=" create -b "$BUNDLE" "$ID"
	done
	only_defaults
	bind_is /m "bind,idmap=uids=@15-18-3;gids=0-0-1"
	refused "not in the container's id mappings (at /mounts/5/options)" create -b "$BUNDLE" "$ID"
}

# --- user namespaces ------------------------------------------------------------------------------

# From here on davit is called by root of a user namespace that was made for it, which can take
# nothing away from the mounts of the host.
without_rights() {
	REAL=$DAVIT
	DAVIT=$T/davit
	cat >"$DAVIT" <<-END
		#!/bin/sh
		exec unshare --user --map-root-user --mount --propagation slave "$REAL" "\$@"
	END
	chmod 755 "$DAVIT"
	config '.linux.namespaces |= map(select(.type != "cgroup")) | del(.linux.resources)'
}

# line DESTINATION: of the mountinfo that the container has printed.
line() {
	awk -v at="$1" '$5 == at { print $6 }' "$OUT"
}

@test "mounts[].options locked flags: kept in a user namespace, an error when they are to be cleared" {
	requires userns
	without_rights
	mount --bind "$T/src" "$T/src"
	mount -o remount,bind,nosuid,nodev,noexec,noatime,nodiratime,nosymfollow "$T/src"
	mkdir "$T/top"
	mkdir "$T/top/sub"
	mount --bind "$T/src" "$T/top/sub"
	mount -o remount,bind,ro,nosuid,nodev,noexec,noatime "$T/top/sub"
	bind_is /kept bind,ro
	bind_is /rw rbind,rw
	bind_is /same rbind,noexec,noatime,nodiratime
	bind_is /whole rbind
	bind_is /named bind,nosymfollow
	bind_is /atime rbind,atime
	bind_is /below rbind,nodev "$T/top"
	program cat /proc/self/mountinfo
	davit run -b "$BUNDLE" "$ID"
	[ "$status" -eq 0 ] || complain "run"
	[ "$(line /kept)" = ro,nosuid,nodev,noexec,noatime,nodiratime ]
	for at in /rw /same /atime; do
		[ "$(line "$at")" = rw,nosuid,nodev,noexec,noatime,nodiratime ] || complain "$at: $(line "$at")"
	done
	for at in /whole /named; do
		[ "$(line "$at")" = rw,nosuid,nodev,noexec,noatime,nodiratime,nosymfollow ] || complain "$at: $(line "$at")"
	done
	[[ $(line /below) == rw,nodev,* ]]
	[[ $(line /below/sub) == ro,nosuid,nodev,noexec,noatime* ]]
	for words in exec:noexec suid:nosuid dev:nodev rexec:noexec; do
		only_defaults
		bind_is /x "rbind,${words%:*}"
		davit run -b "$BUNDLE" "$ID"
		[ "$status" -ne 0 ]
		[[ $err == *"set the options of the mount on /x (at /mounts/5) [step mounts in init]: operation not permitted; ${words#*:}: locked by the host, and cannot be cleared in a user namespace"* ]] || complain "$words"
	done
	for words in relatime strictatime noexec,nodiratime noatime; do
		only_defaults
		bind_is /x "rbind,$words"
		davit run -b "$BUNDLE" "$ID"
		[ "$status" -ne 0 ]
		[[ $err == *"set the options of the mount on /x (at /mounts/5) [step mounts in init]: operation not permitted; the atime mode is locked by the host, and cannot be changed in a user namespace"* ]] || complain "$words"
	done
	only_defaults
	bind_is /x rbind,rrw "$T/top"
	davit run -b "$BUNDLE" "$ID"
	[[ $err == *"operation not permitted; an option of a mount below it is locked by the host"* ]]
}

@test "mounts[].options tmpcopyup, copy-symlink, idmap: of a caller without rights on the host" {
	requires userns
	without_rights
	mkdir -m 751 "$R/data"
	echo content >"$R/data/file"
	ln -s file "$R/data/link"
	chmod 4711 "$R/data/file"
	mount_is /data tmpcopyup,nosuid,mode=750
	bind_is /link bind,copy-symlink "$R/data/link"
	program sh -c 'stat -c "%a %u:%g %F %n" /data/file /data/link /data && cat /data/file && ls -l /link && cat /proc/self/mountinfo'
	davit run -b "$BUNDLE" "$ID"
	[ "$(sed -n 1,4p "$OUT" | tr '\n' ,)" = "4711 0:0 regular file /data/file,777 0:0 symbolic link /data/link,750 0:0 directory /data,content," ] || complain "run"
	[[ $(sed -n 5p "$OUT") == *"/link -> file" ]]
	[[ $(line /data) == rw,nosuid* ]]
	# What only the file system's owner may do.
	bind_is /m "bind,idmap=uids=0-0-1;gids=0-0-1"
	davit run -b "$BUNDLE" "$ID"
	[ "$status" -ne 0 ]
	[[ $err == *"id"*" the mount on /m (at /mounts/7"*"operation not permitted"* ]] || complain "idmap"
}

@test "mounts[].type cgroup: in a cgroup namespace the container's own, without one all that the host has" {
	requires cgroup2
	mount_is /sys/fs/cgroup nosuid,noexec,nodev,relatime,ro cgroup cgroup
	mount_is /two nosuid cgroup2 cgroup
	runs
	for at in /sys/fs/cgroup /two; do
		has "$at" ' - cgroup2 '
		[ "$(stat -c %i "$in$at")" = "$(stat -c %i "$(cgroup_of "$pid")")" ]
		grep -qx "$pid" "$in$at/cgroup.procs" || grep -qx 1 "$in$at/cgroup.procs" || [ -s "$in$at/cgroup.procs" ]
	done
	has /sys/fs/cgroup '^ro,nosuid,nodev,noexec,relatime '
	has /two '^rw,nosuid,relatime .*- cgroup2 '
	# The host's own superblock is as it was.
	[[ $(awk -v at="$CGROOT" '$5 == at { print $6; exit }' /proc/self/mountinfo) == rw,* ]]
	stops
	config '.linux.namespaces |= map(select(.type != "cgroup")) | .mounts[6].options += ["rw"]'
	mount_is /three nosuid cgroup cgroup
	[[ $CGROOT == /sys/fs/cgroup* ]] || skip "needs cgroup v2 at the usual place"
	runs
	below=$(cgroup_of "$pid")
	below=${below#/sys/fs/cgroup}
	for at in /sys/fs/cgroup /two /three; do
		[ "$(stat -c %i "$in$at${CGROOT#/sys/fs/cgroup}")" = "$(stat -c %i "$CGROOT")" ]
		[ "$(stat -c %i "$in$at$below")" = "$(stat -c %i "/sys/fs/cgroup$below")" ]
	done
	has /sys/fs/cgroup ^ro,nosuid
	# CVE-2023-25809: without a namespace only who asks may write to the host's, and who says neither ro nor
	# rw, or where version 1 is at hand, to its own alone.
	has /three ^ro,nosuid
	has "/three$below" ^rw,nosuid
	if [ "$CGROOT" = /sys/fs/cgroup ]; then
		has /two ^rw,nosuid
	else
		has /two ^ro,nosuid
		has "/two$below" ^rw,nosuid
	fi
	stops
	# Nor does the right to write to some of the host's cgroups go to a user namespace.
	has_userns
	runs
	below=$(cgroup_of "$pid")
	below=${below#/sys/fs/cgroup}
	for at in /sys/fs/cgroup /two /three; do
		[ "$(stat -c %i "$in$at$below")" = "$(stat -c %i "/sys/fs/cgroup$below")" ]
		has $at ^ro
	done
	for at in /two /three; do
		has "$at$below" ^rw,nosuid
		[ "$(awk -v at="^$at" '$5 ~ at && $6 ~ /^rw/' "/proc/$pid/mountinfo" | wc -l)" = 1 ]
	done
	[ "$(awk '$5 ~ "^/sys/fs/cgroup" && $6 ~ /^rw/' "/proc/$pid/mountinfo" | wc -l)" = 0 ]
}

@test "mounts[].type cgroup: read-only, with a further hierarchy of the host's mounted in it" {
	requires cgroup2
	mkdir "$T/systemd"
	mount_is /sys/fs/cgroup nosuid,noexec,nodev,relatime,ro cgroup cgroup
	bind_is /sys/fs/cgroup/systemd bind
	runs
	has /sys/fs/cgroup '^ro,.* - cgroup2 '
	[ "$(<"$in/sys/fs/cgroup/systemd/file")" = source ]
	run ! mkdir "$in/sys/fs/cgroup/new"
	# The mount point is in the container's own cgroup and goes with it.
	at=$(cgroup_of "$pid")
	[ -d "$at/systemd" ]
	stops
	[ ! -e "$at" ]
	# Of the host's tree nothing is made writable.
	config '.linux.namespaces |= map(select(.type != "cgroup")) | .mounts[-1].destination = "/sys/fs/cgroup/dt-nowhere"'
	refused "make the mount point /sys/fs/cgroup/dt-nowhere" create -b "$BUNDLE" "$ID"
	[[ $err == *"read-only file system" ]]
	[ ! -e /sys/fs/cgroup/dt-nowhere ]
	check_clean
}

@test "mounts[].type cgroup: options of cgroup2, and in a user namespace" {
	requires cgroup2
	has_userns
	mount_is /sys/fs/cgroup nosuid,noexec,nodev cgroup cgroup
	runs
	has /sys/fs/cgroup ' - cgroup2 '
	[ "$(stat -c %i "$in/sys/fs/cgroup")" = "$(stat -c %i "$(cgroup_of "$pid")")" ]
	stops
	only_defaults
	mount_is /sys/fs/cgroup frob=1 cgroup cgroup
	refused "mount cgroup2 on /sys/fs/cgroup: " create -b "$BUNDLE" "$ID"
}

@test "mounts[].type proc, mounts[].type sysfs: what a user namespace may not mount is the host's" {
	has_userns
	config '.linux.namespaces |= map(select(.type != "network" and .type != "pid")) |
		.mounts |= map(if .type == "sysfs" then .options = ["nosuid", "nodev", "noexec", "ro"] else . end) |
		del(.linux.maskedPaths, .linux.readonlyPaths)'
	mount_is /mq nosuid mqueue mqueue
	runs
	has /sys '^ro,nosuid,nodev,noexec,.*- sysfs '
	[ "$(ls "$in/sys/class/net")" = "$(ls /sys/class/net)" ]
	# Nothing below it is left writable.
	awk '$5 ~ "^/sys/" && $6 !~ /^ro/' "/proc/$pid/mountinfo" >"$T/writable"
	[ ! -s "$T/writable" ]
	has /proc ' - proc '
	[ -e "$in/proc/$$" ]
	has /mq ' - mqueue '
	stops
	# Of its own, where it may.
	config '.linux.namespaces += [{ type: "network" }, { type: "pid" }]'
	runs
	[ "$(ls "$in/sys/class/net")" = lo ]
	[ ! -e "$in/proc/$$/exe" ]
}

@test "mounts[].destination: a file on a directory, and a directory on a file: the words that engines know" {
	local hint='not a directory; are you trying to mount a directory onto a file (or vice-versa)? Check if the specified host path exists and is the expected type'
	mkdir "$R/d"
	touch "$R/f" "$R/d/f"
	ln -s d "$R/to-d"
	ln -s /d/f "$R/to-f"
	touch "$BUNDLE/file"
	for namespace in none user; do
		[ $namespace = none ] || has_userns
		for at in /d /to-d /tmp; do
			only_defaults
			bind_is $at bind file
			refused "mount $BUNDLE/file on $at: a file on a directory (at /mounts/5) [step mounts in init]: $hint" \
				create -b "$BUNDLE" "$ID"
		done
		for at in /f /d/f /to-f; do
			only_defaults
			bind_is $at rbind,ro
			refused "mount $T/src on $at: a directory on a file (at /mounts/5) [step mounts in init]: $hint" \
				create -b "$BUNDLE" "$ID"
			only_defaults
			mount_is $at size=4k
			refused "mount tmpfs on $at: a directory on a file (at /mounts/5) [step mounts in init]: $hint" \
				create -b "$BUNDLE" "$ID"
		done
	done
	# A file on the way there is not what is mounted on.
	only_defaults
	mount_is /f/x size=4k
	refused "make the mount point /f/x (at /mounts/5) [step mounts in init]: not a directory" create -b "$BUNDLE" "$ID"
	[[ $err != *"are you trying"* ]]
	check_clean
}

@test "mounts[].destination: what the kernel does not have in /proc and /sys is not there" {
	for at in /proc/nosuchfile /proc/sys/kernel/nosuchfile /proc/no/such /sys/nosuchfile /sys/kernel/no/such; do
		for source in /dev/null "$T/src"; do
			for words in nosuid ro; do
				only_defaults
				config --arg word $words '.mounts |= map(select(.destination != "/sys")) +
					[{ destination: "/sys", type: "sysfs", source: "sysfs", options: [$word] }]'
				bind_is "$at" bind "$source"
				refused "make the mount point $at (at /mounts/5) [step mounts in init]: no such file or directory" \
					create -b "$BUNDLE" "$ID"
			done
		done
	done
	check_clean
}

@test "mounts[].destination: nothing covers parts of /proc, but for the files of lxcfs and the like" {
	echo 1.00 2.00 >"$T/src/uptime"
	bind_is /proc/uptime bind,ro "$T/src/uptime"
	bind_is /proc/meminfo bind "$T/src/file"
	runs
	[ "$(<"$in/proc/uptime")" = "1.00 2.00" ]
	[ "$(<"$in/proc/meminfo")" = source ]
	stops
	for at in /proc/self/attr /proc/sys/kernel /proc/1 /proc/../proc/sys /proc/uptime/..; do
		only_defaults
		mount_is "$at" mode=700
		refused "inside /proc" create -b "$BUNDLE" "$ID"
		only_defaults
		bind_is "$at" bind
		refused " on $at" create -b "$BUNDLE" "$ID"
	done
	only_defaults
	bind_is /proc/version bind "$T/src/file"
	refused "on /proc/version: cannot be mounted because it is inside /proc" create -b "$BUNDLE" "$ID"
}

# --- linux.mountLabel -----------------------------------------------------------------------------

label=system_u:object_r:container_file_t:s0:c1,c2

@test "linux.mountLabel: an error where SELinux is off, for it could not be applied" {
	[ ! -e /sys/fs/selinux/enforce ] || skip "SELinux is on"
	config --arg text "$label" '.linux.mountLabel = $text'
	refused "selinux is not enabled on this host, but mount label \"$label\" is asked for (at /linux/mountLabel)" create -b "$BUNDLE" "$ID"
	config '.linux.mountLabel = ""'
	runs
}

# bats test_tags=vm-selinux
@test "linux.mountLabel, annotations run.oci.mount_context_type: new file systems and their files have the label" {
	requires selinux
	config --arg text "$label" '.linux.mountLabel = $text'
	mount_is /w mode=755
	mount_is /mq nosuid mqueue mqueue
	runs
	for at in /w /dev /dev/pts; do
		has "$at" "context=\"?$label"
	done
	[ "$(stat -c %C "$in/mq")" = "$label" ]
	touch "$in/w/file"
	[ "$(stat -c %C "$in/w/file")" = "$label" ]
	stops
	config '.annotations["run.oci.mount_context_type"] = "rootcontext"'
	runs
	has /w "rootcontext=\"?$label"
	stops
	config '.annotations["run.oci.mount_context_type"] = "frob"'
	refused "not context, fscontext, defcontext or rootcontext" create -b "$BUNDLE" "$ID"
}
