# shellcheck shell=bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Engines that dump and restore, each with davit, runc and crun in one run: a step that one of the two
# passes and davit does not is a failure. The table is printed in any case.
# shellcheck disable=SC2016,SC2154

# step NAME COMMAND...: for `beside`. What is behind a failed one is not done.
step() {
	local name=$1
	shift
	echo "--- $name" >>"$T/log.$runtime"
	if timeout -k 5 60 bash -c 'set -e; . /share/common.bash; . /share/helpers.bash; . /share/engines.bash; "$@"' - "$@" >>"$T/log.$runtime" 2>&1 </dev/null; then
		printf '%s\tok\n' "$name" >>"$T/steps.$runtime"
	else
		printf '%s\tno\n' "$name" >>"$T/steps.$runtime"
		return 1
	fi
}

# beside ENGINE: ENGINE_steps with each runtime, ENGINE_end after it.
beside() {
	local name bad=0 results
	export runtime
	for runtime in davit runc crun; do
		: >"$T/steps.$runtime"
		"$1_steps" || :
		"$1_end" >>"$T/log.$runtime" 2>&1 || :
	done
	printf 'table: %-40s davit runc crun\n' "$1"
	while IFS=$'\t' read -r name _; do
		results=$(for runtime in davit runc crun; do
			awk -F '\t' -v name="$name" '$1 == name { r = $2 } END { print r ? r : "-" }' "$T/steps.$runtime"
		done)
		# shellcheck disable=SC2086  # three words
		printf 'table: %-40s %-5s %-4s %s\n' "$name" $results
		case $(tr '\n' ' ' <<<"$results") in
		ok*) ;;
		*ok*) bad=1 ;;
		esac
	done < <(cat "$T"/steps.{davit,runc,crun} | awk -F '\t' '!seen[$1]++')
	grep -q ok "$T/steps.davit" || bad=1
	[ "$bad" -eq 0 ] || tail -n 20 "$T/log.davit"
	# Why one of the others failed.
	for runtime in runc crun; do
		! grep -q 'no$' "$T/steps.$runtime" || { echo "last of $1 with $runtime:"; tail -n 6 "$T/log.$runtime"; } |
			cut -c1-200 | sed 's/^/table:   /'
	done
	return "$bad"
}

binary() {
	if [ "$runtime" = davit ]; then echo /share/davit; else command -v "$runtime"; fi
}

counting='i=0; while :; do i=$((i + 1)); echo $i; sleep 0.05; done'
export counting

# --- Podman ---------------------------------------------------------------------------------------

pm() {
	PODMAN_IGNORE_CGROUPSV1_WARNING=1 podman --runtime "$(binary)" --cgroup-manager cgroupfs "$@"
}

# logs_grow NAME [FILE]: more lines than FILE has; they are kept there.
logs_grow() {
	local try before
	before=$(wc -l 2>/dev/null <"${2:-/dev/null}")
	for try in {1..300}; do
		pm logs "$1" | tr -d '\r' >"$T/logs"
		[ "$(wc -l <"$T/logs")" -gt "$before" ] && { cp "$T/logs" "${2:-/dev/null}"; return 0; }
		sleep 0.1
	done
	echo "logs of $1 do not grow in $try tries: $(tail -1 "$T/logs")"
	return 1
}

podman_restored() {
	pm logs one | tr -d '\r' >"$T/before"
	pm container restore one
	logs_grow one "$T/before"
	goes_on "$T/before"
}

podman_imported() {
	pm rm -f -t 0 one
	pm container restore --import "$T/one.tar" --name two
	logs_grow two "$T/imported"
	logs_grow two "$T/imported"
}

podman_running() {
	pm run -d "$@" --name one --pids-limit 0 --network none localhost/bb sh -c "$counting"
	logs_grow one
}

podman_dumped() {
	pm container checkpoint "$@" one
	pm ps -a --format '{{.Status}}' | grep -q Exited
}

podman_exported() {
	pm container checkpoint --leave-running --export "$T/one.tar" one
	pm exec one true
}

podman_steps() {
	rm -f "$T"/{imported,one.tar}
	step "run" podman_running &&
		step "container checkpoint" podman_dumped &&
		step "container restore" podman_restored &&
		step "checkpoint --leave-running --export" podman_exported &&
		step "restore --import" podman_imported
	podman_end >/dev/null 2>&1 || :
	rm -f "$T/imported"
	step "run -t" podman_running -t &&
		step "container checkpoint, a terminal" podman_dumped &&
		step "container restore, a terminal" podman_restored
}

podman_end() {
	pm rm -f -t 0 -a
}

with_podman() {
	count_image
	beside podman
}

# --- Docker ---------------------------------------------------------------------------------------

docker_running() {
	docker run -d --runtime "$runtime" --network host --name one bb sh -c "$counting"
	wait_for grep_logs .
}

grep_logs() {
	docker logs one 2>/dev/null | grep -q "$1"
}

docker_restored() {
	local try
	docker logs one >"$T/before"
	# containerd has the same content still, until it has cleaned up: with runc, too.
	for try in {1..20}; do
		! docker start --checkpoint first one || break
		sleep 1
	done
	for try in {1..300}; do
		docker logs one >"$T/after"
		[ "$(wc -l <"$T/after")" -le "$(wc -l <"$T/before")" ] || break
		sleep 0.1
	done
	[ "$(wc -l <"$T/after")" -gt "$(wc -l <"$T/before")" ] || { echo "nothing in $try tries"; return 1; }
	goes_on "$T/after"
}

docker_left_running() {
	docker checkpoint create --leave-running one second
	docker exec one true
}

docker_steps() {
	step "run --network host" docker_running &&
		step "checkpoint create" docker checkpoint create one first &&
		step "start --checkpoint" docker_restored &&
		step "checkpoint create --leave-running" docker_left_running
}

docker_end() {
	docker rm -f one
}

with_docker() {
	mkdir -p /etc/docker
	echo '{ "experimental": true, "runtimes": { "davit": { "path": "/share/davit" }, "crun": { "path": "'"$(command -v crun)"'" } } }' >/etc/docker/daemon.json
	count_image
	dockerd >"$T/dockerd.log" 2>&1 &
	wait_for docker info
	docker import /tmp/image.tar bb >/dev/null
	local status=0
	beside docker || status=$?
	kill %1
	wait || true
	return "$status"
}

# --- ctr ------------------------------------------------------------------------------------------

ctr_running() {
	ctr run --null-io -d --runtime io.containerd.runc.v2 --runc-binary "$(binary)" localhost/bb:latest one \
		sh -c 'i=0; while :; do i=$((i + 1)); echo $i >/dev/shm/count; sleep 0.05; done'
	ctr_counts 0
}

# ctr_counts N: the count is above N, soon.
ctr_counts() {
	local try now
	for try in {1..300}; do
		now=$(ctr task exec --exec-id "e$RANDOM$try" one cat /dev/shm/count) || now=0
		[ "${now:-0}" -le "$1" ] || return 0
		sleep 0.1
	done
	echo "the count is $now, not above $1"
	return 1
}

ctr_dumped() {
	rm -rf "$T/images"
	ctr task checkpoint --image-path "$T/images" one
	[ -s "$T/images/pstree.img" ]
}

ctr_kept() {
	ctr container checkpoint --rw --image --task one "local/$runtime:latest"
	ctr task kill -s KILL one
	for _ in {1..300}; do
		ctr task ls | grep -q '^one .*RUNNING' || break
		sleep 0.1
	done
	ctr task rm one || true
	ctr container rm one
}

ctr_restored() {
	local now
	ctr container restore --live one "local/$runtime:latest"
	ctr_counts 4
	now=$(ctr task exec --exec-id last one cat /dev/shm/count)
	ctr_counts "$now"
}

ctr_steps() {
	step "run" ctr_running &&
		step "task checkpoint" ctr_dumped &&
		step "container checkpoint --task" ctr_kept &&
		step "container restore --live" ctr_restored
}

ctr_end() {
	local try
	for try in {1..30}; do
		ctr task kill -s KILL one
		ctr task rm -f one
		ctr container rm one
		ctr container ls -q | grep -qx one || break
		sleep 1
	done
	rmdir /sys/fs/cgroup/default/one /sys/fs/cgroup/default 2>/dev/null
}

with_ctr() {
	local status=0
	count_image
	podman --cgroup-manager cgroupfs save --format docker-archive -o bb.tar localhost/bb >/dev/null 2>&1
	containerd >"$T/containerd.log" 2>&1 &
	wait_for ctr version
	ctr images import bb.tar
	beside ctr || status=$?
	kill %1
	wait || true
	return "$status"
}
