#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# contrib/install-runtime: what it writes for each engine, twice, and undone.
# bats file_tags=plain

setup() {
	TOP=$(cd "$BATS_TEST_DIRNAME/../.." && pwd)
	export DESTDIR=$BATS_TEST_TMPDIR/dest
	ETC=$DESTDIR/etc
	mkdir -p "$ETC"
}

install() {
	"$TOP/contrib/install-runtime" --runtime /bin/true "$@"
}

# What lies below DESTDIR, with its contents and modes.
picture() {
	(cd "$DESTDIR" && find . -type f -printf '%m %p\n' -exec cat {} + | sort)
}

# twice_and_undone ENGINE: from what is there now, and back to it.
twice_and_undone() {
	local before after
	before=$(picture)
	run install "$@"
	echo "$output"
	[ "$status" -eq 0 ]
	[[ $output == *written:* && $output == *"undo: "*"--undo ${*: -1}"* ]]
	after=$(picture)
	[ "$after" != "$before" ]
	run install "$@"
	echo "$output"
	[ "$status" -eq 0 ]
	[[ $output == *"nothing to change"* ]]
	[ "$(picture)" = "$after" ]
	cp -a "$DESTDIR" "$BATS_TEST_TMPDIR/installed"
	run "$TOP/contrib/install-runtime" --undo "${*: -1}"
	echo "$output"
	[ "$status" -eq 0 ]
	[ "$(picture)" = "$before" ]
	INSTALLED=$BATS_TEST_TMPDIR/installed/etc
}

@test "install-runtime podman and cri-o: a file each, twice, undone" {
	twice_and_undone --default podman
	grep -qx 'davit = \["/bin/true"\]' "$INSTALLED/containers/containers.conf.d/50-davit.conf"
	grep -qx 'runtime = "davit"' "$INSTALLED/containers/containers.conf.d/50-davit.conf"
	rm -r "$BATS_TEST_TMPDIR/installed"
	twice_and_undone cri-o
	grep -qx 'runtime_path = "/bin/true"' "$INSTALLED/crio/crio.conf.d/50-davit.conf"
}

@test "install-runtime docker: alone, and in a daemon.json that has other things" {
	twice_and_undone docker
	grep -q '"path": "/bin/true"' "$INSTALLED/docker/daemon.json"
	rm -r "$BATS_TEST_TMPDIR/installed"
	mkdir -p "$ETC/docker"
	command jq -n '{debug: true, runtimes: {other: {path: "/o"}}, "default-runtime": "other"}' >"$ETC/docker/daemon.json"
	twice_and_undone docker
	[ "$(command jq -c . "$INSTALLED/docker/daemon.json")" = \
		'{"debug":true,"runtimes":{"other":{"path":"/o"},"davit":{"path":"/bin/true"}},"default-runtime":"other"}' ]
	install --default docker
	jq -e '."default-runtime" == "davit"' "$ETC/docker/daemon.json"
	echo '{ no' >"$ETC/docker/daemon.json"
	run install docker
	[ "$status" -eq 1 ]
	[[ $output == *"daemon.json is no JSON"* ]]
	[ "$(<"$ETC/docker/daemon.json")" = '{ no' ]
}

@test "install-runtime containerd: the file, and its import" {
	twice_and_undone containerd
	rm -r "$BATS_TEST_TMPDIR/installed"
	mkdir -p "$ETC/containerd"
	printf 'version = 2\n[plugins]\n' >"$ETC/containerd/config.toml"
	twice_and_undone containerd
	grep -q 'BinaryName = "/bin/true"' "$INSTALLED/containerd/conf.d/50-davit.toml"
	[ "$(head -c 43 "$INSTALLED/containerd/config.toml")" = 'imports = ["/etc/containerd/conf.d/*.toml"]' ]
	printf 'imports = ["/mine.toml"]\n' >"$ETC/containerd/config.toml"
	run install containerd
	[ "$status" -eq 1 ]
	[[ $output == *"has imports of its own"* ]]
	[ ! -e "$ETC/containerd/conf.d/50-davit.toml" ]
}

@test "install-runtime refuses what it does not know, and writes nothing" {
	for words in "" "lxc" "--runtime" "docker podman" "--runtime rel/davit docker" "--runtime /nonexistent docker"; do
		# shellcheck disable=SC2086  # words
		run "$TOP/contrib/install-runtime" $words
		echo "$words: $output"
		[ "$status" -ne 0 ]
		[ -n "$output" ]
	done
	[ -z "$(picture)" ]
}
