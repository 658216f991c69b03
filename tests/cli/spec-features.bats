#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# What `davit features` claims is tried (features.md): each thing that it lists is used in a container,
# or the test says why this machine cannot. Mount options, seccomp's words, memory policies, network
# devices and resctrl are tried one by one where they are tested.
# shellcheck disable=SC2016  # variables of jq and of inner shells
load helpers

setup() {
	requires root
	new_bundle
	"$DAVIT" features >"$T/features"
}

teardown() {
	tear_down
}

# feature FILTER: of the document, with jq.
feature() {
	jq -r "$1" "$T/features"
}

# cannot TEXT...: what the machine lacks, shown in the test's output.
cannot() {
	echo "# $*" >&3
}

@test "L40 features.{ociVersionMin,ociVersionMax}: both are taken as ociVersion, and nothing above" {
	program true
	for version in "$(feature .ociVersionMin)" "$(feature .ociVersionMax)"; do
		config --arg version "$version" '.ociVersion = $version'
		ok run -b "$BUNDLE" "$ID"
	done
	config '.ociVersion = "2.0.0"'
	refused /ociVersion create -b "$BUNDLE" "$ID"
}

@test "features.ociVersionMin, features.ociVersionMax: the versions are those that the state and --version tell" {
	config '.ociVersion = "1.0.0"'
	ok create -b "$BUNDLE" "$ID"
	[ "$(field ociVersion)" = "$(feature .ociVersionMax)" ]
	"$DAVIT" --version | grep -qx "spec: $(feature .ociVersionMax)"
	[ "$(feature .ociVersionMin)" = 1.0.0 ]
}

@test "features.hooks: each kind that is listed runs" {
	mkdir "$BUNDLE/rootfs/log" "$T/log"
	config --arg log "$T/log" --slurpfile features "$T/features" '.hooks = ($features[0].hooks | map({
		key: ., value: [{ path: "/bin/sh", args: ["sh", "-c", "echo >\($log)/\(.)"] }] }) | from_entries) |
		.mounts += [{ destination: $log, type: "bind", source: $log, options: ["bind"] }]'
	program true
	ok run -b "$BUNDLE" "$ID"
	[ "$(ls "$T/log")" = "$(feature '.hooks[]' | LC_ALL=C sort)" ]
	[ "$(feature '.hooks | length')" = 6 ]
}

@test "features.linux.namespaces: each that is listed is a new one for the program" {
	requires userns timens
	config --slurpfile features "$T/features" '.linux.namespaces = ($features[0].linux.namespaces | map({ type: . })) |
		.linux.uidMappings = [{ containerID: 0, hostID: 0, size: 65536 }] | .linux.gidMappings = .linux.uidMappings'
	ok run --detach -b "$BUNDLE" "$ID"
	pid=$(init_pid)
	for type in $(feature '.linux.namespaces[]'); do
		case $type in
		network) file=net ;;
		mount) file=mnt ;;
		*) file=$type ;;
		esac
		[ "$(readlink "/proc/$pid/ns/$file")" != "$(readlink "/proc/self/ns/$file")" ] || complain "$type"
	done
	[ "$(feature '.linux.namespaces | length')" = 8 ]
}

# number NAME: of a capability, as the kernel's header has it.
number() {
	awk -v name="$1" '$1 == "#define" && $2 == name { print $3; exit }' /usr/include/linux/capability.h
}

@test "features.linux.capabilities: each that is listed is granted, alone under its own number" {
	local caps want bound round=0 i
	mapfile -t caps < <(feature '.linux.capabilities[]')
	bound=$((16#$(proc_field self CapBnd)))
	program cat /proc/self/status
	# Those whose place in the list has the round's bit: seven rounds tell all of them apart.
	for ((round = 0; 1 << round <= ${#caps[@]}; round++)); do
		want=0
		chosen=()
		for ((i = 0; i < ${#caps[@]}; i++)); do
			(((i + 1) >> round & 1)) || continue
			n=$(number "${caps[i]}")
			[ -n "$n" ] || complain "no number: ${caps[i]}"
			if ((bound >> n & 1)); then
				chosen+=("${caps[i]}")
				want=$((want | 1 << n))
			elif ((round == 0)); then
				cannot "${caps[i]} is not in the bounding set here"
			fi
		done
		config '.process.capabilities |= map_values($ARGS.positional)' --args -- "${chosen[@]}"
		ok run -b "$BUNDLE" "$ID"
		for set in CapPrm CapEff CapBnd; do
			grep -qx "$set:.$(printf %016x "$want")" "$OUT" || complain "round $round: $set"
		done
	done
	[ "${#caps[@]}" -ge 41 ]
}

@test "features.linux.cgroup.{v1,v2,systemd,systemdUser}: cgroup v2 is used, and what is not built is refused" {
	requires cgroup2
	local systemd=false
	! davit_has SYSTEMD || systemd=true
	[ "$(feature '.linux.cgroup | "\(.v1) \(.v2) \(.systemd) \(.systemdUser)"')" = "false true $systemd $systemd" ]
	before=$(grep -v '^0:' /proc/self/cgroup)
	ok create -b "$BUNDLE" "$ID"
	[[ $(cgroup_of "$(init_pid)") == "$CGROOT"/* ]]
	[ "$(cgroup_of "$(init_pid)")" != "$(cgroup_of self)" ]
	# In the hierarchies of v1 it is where davit was.
	[ "$(grep -v '^0:' "/proc/$(init_pid)/cgroup")" = "$before" ]
	[ -e /run/systemd/system ] || refused systemd --systemd-cgroup create -b "$BUNDLE" "$ID-2"
}

@test "features.linux.cgroup.rdma: a limit is written where there is the controller, and named where not" {
	requires cgroup2
	[ "$(feature .linux.cgroup.rdma)" = true ]
	config '.linux.resources.rdma = { mlx5_0: { hcaHandles: 3, hcaObjects: 10000 } }'
	if grep -qw rdma "$CGROOT/cgroup.controllers"; then
		cannot "no RDMA device here: the kernel refuses the limit"
		refused rdma.max create -b "$BUNDLE" "$ID"
	else
		cannot "no rdma controller here"
		refused rdma create -b "$BUNDLE" "$ID"
	fi
	check_clean
}

@test "features.linux.seccomp: enabled as built, and a filter is in force" {
	if ! davit_has SECCOMP; then
		[ "$(feature .linux.seccomp.enabled)" = false ]
		skip "davit without seccomp"
	fi
	[ "$(feature .linux.seccomp.enabled)" = true ]
	config '.linux.seccomp = { defaultAction: "SCMP_ACT_ALLOW" }'
	program grep Seccomp: /proc/self/status
	ln -s busybox "$BUNDLE/rootfs/bin/grep"
	ok run -b "$BUNDLE" "$ID"
	[[ $out =~ ^Seccomp:[[:space:]]2$ ]] || complain
}

# says JSON-LIST FILTER: these words and no others.
says() {
	[ "$(feature "$2 | sort | tojson")" = "$(jq -c sort <<<"$1")" ] || complain "$2: $(feature "$2")"
}

# profile FILTER WORD: a filter for getppid, which the program never calls, changed so, is in force.
profile() {
	config --arg word "$2" '.linux.seccomp = { defaultAction: "SCMP_ACT_ALLOW", syscalls: [{ names: ["getppid"],
		action: "SCMP_ACT_ERRNO" }] } | .linux.seccomp |= ('"$1"')'
	ok run -b "$BUNDLE" "$ID"
	[[ $out =~ ^Seccomp:[[:space:]]2$ ]] || complain "$2"
}

@test "features.linux.seccomp.{actions,operators,knownFlags,supportedFlags}: the words of the specification, each of which is taken" {
	requires seccomp command:python3
	says '["SCMP_ACT_KILL", "SCMP_ACT_KILL_PROCESS", "SCMP_ACT_KILL_THREAD", "SCMP_ACT_TRAP", "SCMP_ACT_ERRNO",
		"SCMP_ACT_TRACE", "SCMP_ACT_ALLOW", "SCMP_ACT_LOG", "SCMP_ACT_NOTIFY"]' .linux.seccomp.actions
	says '["SCMP_CMP_NE", "SCMP_CMP_LT", "SCMP_CMP_LE", "SCMP_CMP_EQ", "SCMP_CMP_GE", "SCMP_CMP_GT",
		"SCMP_CMP_MASKED_EQ"]' .linux.seccomp.operators
	for list in known supported; do
		says '["SECCOMP_FILTER_FLAG_TSYNC", "SECCOMP_FILTER_FLAG_LOG", "SECCOMP_FILTER_FLAG_SPEC_ALLOW",
			"SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV"]' ".linux.seccomp.${list}Flags"
	done
	program grep Seccomp: /proc/self/status
	ln -s busybox "$BUNDLE/rootfs/bin/grep"
	python3 "$HERE/seccomp-agent.py" errno:1 "$T/agent" "$T/report" >"$T/agent.log" 2>&1 </dev/null 3>&- 4>&- &
	comes_true [ -e "$T/report.ready" ]
	for word in $(feature '.linux.seccomp.actions[]'); do
		profile ".syscalls[0].action = \$word | .listenerPath = \"$T/agent\"" "$word"
	done
	kill $!
	for word in $(feature '.linux.seccomp.operators[]'); do
		profile '.syscalls[0].args = [{ index: 0, value: 1, valueTwo: 1, op: $word }]' "$word"
	done
	for word in $(feature '.linux.seccomp.supportedFlags[]'); do
		profile '.flags = [$word]' "$word"
	done
}

@test "features.linux.mountExtensions.idmap: enabled, and a bind is id-mapped" {
	[ "$(feature .linux.mountExtensions.idmap.enabled)" = true ]
	mkdir "$T/source"
	touch "$T/source/file"
	chown 3:4 "$T/source/file"
	config --arg source "$T/source" '[{ containerID: 0, hostID: 5000, size: 10 }] as $map | .mounts += [{
		destination: "/mnt", type: "bind", source: $source, options: ["bind", "idmap"],
		uidMappings: $map, gidMappings: $map }]'
	ok run --detach -b "$BUNDLE" "$ID"
	[ "$(stat -c %u:%g "/proc/$(init_pid)/root/mnt/file")" = 5003:5004 ]
}

@test "features.annotations: versions as --version has them, and checkpoint" {
	"$DAVIT" --version >"$T/version"
	grep -q " version $(feature '.annotations["org.davit.version"]')\$" "$T/version"
	grep -qx "libseccomp: $(feature '.annotations["io.github.seccomp.libseccomp.version"] // ""')" "$T/version" || ! davit_has SECCOMP
	[ "$(feature '.annotations["org.opencontainers.runc.checkpoint.enabled"]')" = true ]
	davit_has CRIU
}

@test "features.potentiallyUnsafeConfigAnnotations: all others change nothing but the state" {
	program sh -c 'id; pwd; ls /; ls /proc/self/fd; env'
	ok run -b "$BUNDLE" "$ID"
	plain=$out
	config '.annotations = ([ "bundle", "org.criu.config", "org.systemd.property.TimeoutStopUSec",
		"run.oci.handler", "run.oci.systemd.subgroup", "module.wasm.image/variant", "krun.cpus", "a" ] |
		map({ key: ., value: "/nowhere" }) | from_entries)'
	for name in $(jq -r '.annotations | keys[]' "$BUNDLE/config.json"); do
		[ "$(feature ".potentiallyUnsafeConfigAnnotations | map(. as \$a | \"$name\" | startswith(\$a)) | any")" = false ] ||
			config --arg name "$name" 'del(.annotations[$name])'
	done
	ok run -b "$BUNDLE" "$ID"
	[ "$out" = "$plain" ]
}
