/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The life of a container, one row a step, in order. Nothing else is in this file but the rows'
 * predicates and the descriptions that `davit plan` prints; the functions are in steps_*.c, the
 * walking is drive.c's.
 *
 * create does the rows up to "publish"; start does those from "agent" on, and resumes INIT at
 * "await-start"; run does all of them in one go.
 */
#include "lifecycle/lifecycle.h"

#include <sched.h>
#include <string.h>

static bool has_seccomp(const struct plan *p)
{
	return p->seccomp.count > 0 || plan_has_filter(p);
}

/* Not of `create`: nothing is notified of before the start. */
static bool has_agent(const struct plan *p)
{
	return p->seccomp.has_listener && !p->is_resumable;
}

static bool has_joined(const struct plan *p)
{
	return p->ns.joined_count > 0;
}

static bool joins_in_init(const struct plan *p)
{
	return p->ns.joined_count > 0 && !p->has_middle;
}

static bool has_mount_maps(const struct plan *p)
{
	return mounts_have_idmaps(&p->mounts);
}

static bool has_host_sources(const struct plan *p)
{
	return p->has_host_sources;
}

static bool has_console_socket(const struct plan *p)
{
	return p->console_socket != NULL;
}

static bool has_pidfd_socket(const struct plan *p)
{
	return p->pidfd_socket != NULL;
}

static bool has_notify_socket(const struct plan *p)
{
	return p->ctx->notify_socket != NULL;
}

static bool has_terminal(const struct plan *p)
{
	return p->has_terminal;
}

/* In the foreground: HOST itself shows it. */
static bool shows_terminal(const struct plan *p)
{
	return p->has_terminal && !p->console_socket;
}

static bool has_no_terminal(const struct plan *p)
{
	return !p->has_terminal;
}

static bool has_cgroup(const struct plan *p)
{
	return p->cgroup.path != NULL;
}

static bool has_cgroup_owner(const struct plan *p)
{
	return p->cgroup.path && p->handover.has_owner;
}

static bool has_sub_cgroup(const struct plan *p)
{
	return p->cgroup.path && p->handover.below;
}

static bool has_process_limit(const struct plan *p)
{
	return p->cgroup.path && cgroup_has_late_limits(&p->cgroup);
}

static bool is_resumable(const struct plan *p)
{
	return p->is_resumable;
}

static bool has_middle(const struct plan *p)
{
	return p->has_middle;
}

static bool has_no_middle(const struct plan *p)
{
	return !p->has_middle;
}

static bool has_id_maps(const struct plan *p)
{
	return p->ns.uid_map_count > 0;
}

static bool has_rdt(const struct plan *p)
{
	return p->rdt.group != NULL;
}

static bool has_net_devices(const struct plan *p)
{
	return p->net_devices.count > 0;
}

static bool has_oom_score(const struct plan *p)
{
	return p->credentials.oom_score_adj != NULL;
}

static bool has_new_cgroup_ns(const struct plan *p)
{
	return namespaces_has_new(&p->ns, CLONE_NEWCGROUP);
}

static bool has_new_net_ns(const struct plan *p)
{
	return namespaces_has_new(&p->ns, CLONE_NEWNET);
}

static bool has_hostname(const struct plan *p)
{
	return p->config->hostname || p->config->domainname;
}

static bool has_create_container(const struct plan *p)
{
	return p->hooks.create_container.count > 0;
}

static bool has_start_container(const struct plan *p)
{
	return p->hooks.start_container.count > 0;
}

static bool has_poststart(const struct plan *p)
{
	return p->hooks.poststart.count > 0;
}

static bool has_hook_files(const struct plan *p)
{
	return p->config && p->config->hooks && hook_output_has_files(&p->config->annotations);
}

static bool has_sysctl(const struct plan *p)
{
	return p->sysctls.count > 0;
}

static bool has_masks(const struct plan *p)
{
	return (p->masks.masked && p->masks.masked->count) ||
	       (p->masks.readonly && p->masks.readonly->count);
}

static bool has_process(const struct plan *p)
{
	return p->config->process != NULL;
}

static bool has_limits(const struct plan *p)
{
	return p->credentials.limit_count > 0;
}

/* Root of a user namespace may raise none; root outside may. */
static bool has_host_limits(const struct plan *p)
{
	return has_limits(p) && p->has_host_sources;
}

static bool has_time_offsets(const struct plan *p)
{
	return time_offsets_are_asked(&p->time_offsets);
}

/* In a user namespace nobody has the right to raise either. */
static bool has_host_scheduling(const struct plan *p)
{
	return scheduling_is_asked(&p->scheduling) && p->has_host_sources;
}

static bool has_own_scheduling(const struct plan *p)
{
	return scheduling_is_asked(&p->scheduling) && !p->has_host_sources;
}

static bool has_memory_policy(const struct plan *p)
{
	return p->memory_policy.asked != NULL;
}

static bool has_personality(const struct plan *p)
{
	return p->personality.domain != NULL;
}

static bool has_labels(const struct plan *p)
{
	return p->labels.apparmor || p->labels.selinux;
}

static bool has_keyring(const struct plan *p)
{
	return !p->no_new_keyring;
}

static bool has_pid_file(const struct plan *p)
{
	return p->pid_file != NULL;
}

static bool has_initial_cpus(const struct plan *p)
{
	return p->initial_cpus.is_given;
}

static bool has_final_cpus(const struct plan *p)
{
	return p->final_cpus.is_given;
}

static void describe_config(const struct plan *p, const struct describe *d)
{
	describe(d, "%s, %zu bytes, OCI %s", p->config_path, p->text_len, p->config->oci_version);
}

static void describe_joined(const struct plan *p, const struct describe *d)
{
	namespaces_describe_joined(&p->ns, d);
}

static void describe_new(const struct plan *p, const struct describe *d)
{
	namespaces_describe_new(&p->ns, d);
}

static void describe_time_offsets(const struct plan *p, const struct describe *d)
{
	time_offsets_describe(&p->time_offsets, d);
}

static void describe_cgroup(const struct plan *p, const struct describe *d)
{
	cgroup_describe(&p->cgroup, d);
}

static void describe_cgroup_owner(const struct plan *p, const struct describe *d)
{
	const struct cgroup_handover owner = { .has_owner = true, .uid = p->handover.uid };

	cgroup_handover_describe(&owner, d);
}

static void describe_sub_cgroup(const struct plan *p, const struct describe *d)
{
	const struct cgroup_handover below = { .below = p->handover.below };

	cgroup_handover_describe(&below, d);
}

static void describe_root(const struct plan *p, const struct describe *d)
{
	rootfs_describe(&p->rootfs, d);
}

static void describe_mounts(const struct plan *p, const struct describe *d)
{
	mounts_describe(&p->mounts, d);
}

static void describe_devices(const struct plan *p, const struct describe *d)
{
	devices_describe(&p->devices, d);
}

static void describe_rdt(const struct plan *p, const struct describe *d)
{
	intel_rdt_describe(&p->rdt, d);
}

static void describe_net_devices(const struct plan *p, const struct describe *d)
{
	net_devices_describe(&p->net_devices, d);
}

static void describe_pidfd_socket(const struct plan *p, const struct describe *d)
{
	describe(d, "%s", p->pidfd_socket);
}

static void describe_console(const struct plan *p, const struct describe *d)
{
	console_describe(&p->console, d);
}

static void describe_sysctl(const struct plan *p, const struct describe *d)
{
	sysctl_describe(&p->sysctls, d);
}

static void describe_masks(const struct plan *p, const struct describe *d)
{
	masks_describe(&p->masks, d);
}

static void describe_scheduling(const struct plan *p, const struct describe *d)
{
	scheduling_describe(&p->scheduling, d);
}

static void describe_memory_policy(const struct plan *p, const struct describe *d)
{
	memory_policy_describe(&p->memory_policy, d);
}

static void describe_personality(const struct plan *p, const struct describe *d)
{
	personality_describe(&p->personality, d);
}

static void describe_credentials(const struct plan *p, const struct describe *d)
{
	const struct credentials *c = &p->credentials;

	describe(d, "uid %u, gid %u, %zu more groups%s%s%s", c->uid, c->gid,
		 c->keep_groups ? 0 : c->group_count, c->keep_groups ? " than the caller's" : "",
		 c->no_new_privs ? ", no_new_privs" : "",
		 p->seccomp.count ? ", seccomp filter" : "");
}

static void describe_program(const struct plan *p, const struct describe *d)
{
	describe(d, "%s in %s", p->program.argv[0], p->program.cwd);
}

static void describe_labels(const struct plan *p, const struct describe *d)
{
	labels_describe(&p->labels, d);
}

static void describe_hostname(const struct plan *p, const struct describe *d)
{
	if (p->config->hostname)
		describe(d, "hostname %s", p->config->hostname);
	if (p->config->domainname)
		describe(d, "domainname %s", p->config->domainname);
}

static void describe_hook_files(const struct plan *p, const struct describe *d)
{
	hook_output_describe_files(&p->config->annotations, d);
}

static void describe_filter(const struct plan *p, const struct describe *d)
{
	describe(d, "%u instructions%s%s", (unsigned)p->seccomp.count,
		 p->seccomp.has_listener ? ", listener to " : "",
		 p->seccomp.has_listener ? p->seccomp.receiver : "");
}

/* clang-format off */
const struct step life_steps[] = {
{ "decode", HOST, NULL, step_decode, NULL, describe_config,
  "read config.json, strictly: a runtime that reads it differently from the engine is a hole" },
{ "check", HOST, NULL, step_check, NULL, NULL,
  "the rules between fields; nothing on the host has changed yet (runtime.md#create)" },
{ "prepare", HOST, NULL, step_prepare, NULL, NULL,
  "turn every section into prepared operations: children have no heap" },
{ "filter", HOST, has_seccomp, step_filter, NULL, describe_filter,
  "compile the seccomp filter outside the container's cgroup: a small memory limit must not fail it" },
{ "open-namespaces", HOST, has_joined, step_open_namespaces, NULL, describe_joined,
  "open what is joined before anything is made; the wrong type is an error (config-linux.md#namespaces)" },
{ "console-socket", HOST, has_console_socket, step_console_socket, NULL, NULL,
  "connect to who takes the terminal, in the host's view, with a deadline" },
{ "terminal-pair", HOST, shows_terminal, step_terminal_pair, undo_terminal, NULL,
  "in the foreground HOST takes the terminal: it stands where the console socket would" },
{ "pidfd-socket", HOST, has_pidfd_socket, step_pidfd_socket, NULL, describe_pidfd_socket,
  "connect to who wants a pidfd of the container's process, before anything is made" },
{ "claim", HOST, NULL, step_claim, undo_claim, NULL,
  "the id is ours from here on; the journal stands before the first side effect" },
{ "cgroup", HOST, has_cgroup, step_cgroup, undo_cgroup, describe_cgroup,
  "the cgroup exists before the process that is born in it (CLONE_INTO_CGROUP)" },
{ "cgroup-owner", HOST, has_cgroup_owner, step_cgroup_owner, NULL, describe_cgroup_owner,
  "with a cgroup namespace and a writable mount only (config-linux.md#cgroup-ownership)" },
{ "rdt", HOST, has_rdt, step_rdt, undo_rdt, describe_rdt,
  "the class of service and the monitoring group, before there is a process for them" },
{ "start-socket", HOST, is_resumable, step_start_socket, NULL, NULL,
  "what `start` connects to; bound by HOST, which has the path, and inherited by INIT" },
{ "notify-socket", HOST, has_notify_socket, step_notify_socket, NULL, NULL,
  "its directory is bound into the container; davit hands on that the program is ready (sd_notify(3))" },
{ "mount-maps", HOST, has_mount_maps, step_mount_maps, NULL, NULL,
  "the kernel takes the id map of a mount as a user namespace, which INIT could not make for itself" },
{ "open-sources", HOST, has_host_sources, step_open_sources, NULL, NULL,
  "root and bind sources with the host's rights: the user namespace may not reach them" },
{ "hook-files", HOST, has_hook_files, step_hook_files, NULL, describe_hook_files,
  "what annotations name for the output of hooks, opened with the host's view; INIT inherits it" },
{ "middle", HOST, has_middle, step_middle, undo_middle, NULL,
  "a helper, so that new namespaces belong to a joined user namespace, and offsets come before INIT" },
{ "join-first", MIDDLE, has_middle, step_join_first, NULL, NULL,
  "join before INIT is cloned: it is born in the joined pid and user namespace" },
{ "time-offsets", MIDDLE, has_time_offsets, step_time_offsets, NULL, describe_time_offsets,
  "the kernel fixes them when the first process is born in the namespace (time_namespaces(7))" },
{ "spawn-from-middle", MIDDLE, has_middle, step_spawn_from_middle, NULL, describe_new,
  "the one clone, as HOST's child (CLONE_PARENT)" },
{ "adopt", HOST, has_middle, step_adopt, undo_spawn, NULL,
  "take INIT over from the helper, by pidfd" },
{ "spawn", HOST, has_no_middle, step_spawn, undo_spawn, describe_new,
  "one clone3 with all namespaces, born in the cgroup, with a pidfd from birth" },
{ "id-maps", HOST, has_id_maps, step_id_maps, NULL, NULL,
  "before INIT becomes root there, and before it is non-dumpable: a map must be opened by its owner" },
{ "oom-score", HOST, has_oom_score, step_oom_score, NULL, NULL,
  "by HOST: lowering it takes rights on the host" },
{ "rdt-process", HOST, has_rdt, step_rdt_process, NULL, NULL,
  "before the first process has children, which stay where it was when they were born" },
{ "net-devices", HOST, has_net_devices, step_net_devices, undo_net_devices, describe_net_devices,
  "as soon as the namespace is there: hooks find the devices in it (config-linux.md#network-devices)" },
{ "begin", INIT, NULL, step_begin, NULL, NULL,
  "own session; non-dumpable before it joins anything (CVE-2016-9962); the inherited lock goes" },
{ "join", INIT, joins_in_init, step_join, NULL, describe_joined,
  "one setns for each; before any mount is made" },
{ "cgroup-namespace", INIT, has_new_cgroup_ns, step_cgroup_namespace, NULL, NULL,
  "unshared by INIT itself: clone3 would root it in HOST's cgroup" },
{ "sub-cgroup", HOST, has_sub_cgroup, step_sub_cgroup, NULL, describe_sub_cgroup,
  "after the cgroup namespace is made: its root is the container's cgroup, not the sub cgroup" },
{ "loopback", INIT, has_new_net_ns, step_loopback, NULL, NULL,
  "a new network namespace has lo down; engines expect it up" },
{ "hostname", INIT, has_hostname, step_hostname, NULL, describe_hostname,
  "in the container's own uts namespace" },
{ "root", INIT, NULL, step_root, NULL, describe_root,
  "propagation first, so that no mount of the container reaches the host; then the root as one fd (C1)" },
{ "mounts", INIT, NULL, step_mounts, NULL, describe_mounts,
  "in the listed order (config.md#mounts); built detached, attached to descriptors (CVE-2021-30465)" },
{ "devices", INIT, NULL, step_devices, NULL, describe_devices,
  "after the mounts: /dev is one of them" },
{ "console", INIT, has_terminal, step_console, NULL, describe_console,
  "after devpts is mounted; the peer by TIOCGPTPEER, never by name (CVE-2025-52565)" },
{ "host-hooks", HOST, plan_has_create_hooks, step_host_hooks, NULL, NULL,
  "prestart and createRuntime: namespaces and mounts are there, pivot_root is not done (config.md#posix-platform-hooks)" },
{ "create-container", INIT, has_create_container, step_create_container, NULL, NULL,
  "createContainer hooks: in the container's namespaces, before pivot_root" },
{ "sysctl", INIT, has_sysctl, step_sysctl, NULL, describe_sysctl,
  "through a private procfs (CVE-2025-52881), before /proc/sys becomes read-only" },
{ "working-dir", INIT, has_process, step_working_dir, NULL, NULL,
  "a missing cwd is made inside the root, before the root becomes read-only" },
{ "masks", INIT, has_masks, step_masks, NULL, describe_masks,
  "after every mount and hook that may need the paths; from the host's /dev/null (CVE-2025-31133)" },
{ "pivot", INIT, NULL, step_pivot, NULL, NULL,
  "the host's tree is gone after this; then the root's read-only flag and propagation" },
{ "keyring", INIT, has_keyring, step_keyring, NULL, NULL,
  "a session keyring of its own, so that it does not see the caller's" },
{ "program", INIT, has_process, step_program, NULL, describe_program,
  "find argv[0] now: a program that is plainly not there fails create" },
{ "raise-rlimits", HOST, has_host_limits, step_raise_rlimits, NULL, NULL,
  "hard limits only, by HOST: raising one takes rights in the first user namespace, which INIT lacks" },
{ "host-scheduling", HOST, has_host_scheduling, step_host_scheduling, NULL, describe_scheduling,
  "by HOST too, for the same reason; the last thing but what cannot fail for want of rights" },
{ "process-limit", HOST, has_process_limit, step_process_limit, NULL, NULL,
  "pids.max last: the helper and hooks of the set-up count too, and a limit of 0 must let INIT be born" },
{ "publish", HOST, NULL, step_publish, undo_publish, NULL,
  "state.json is the commit; the pid file exists when create returns" },
{ "send-pidfd", HOST, has_pidfd_socket, step_send_pidfd, NULL, NULL,
  "one message with the pidfd, when the container is there and before create returns" },
{ "terminal", HOST, shows_terminal, step_terminal, undo_terminal, NULL,
  "the caller's terminal becomes raw before the program runs, so that no key is lost or echoed twice" },
{ "agent", HOST, has_agent, step_agent, NULL, NULL,
  "connect to the seccomp agent while nothing has begun; in the host's view, with a deadline" },
{ "await-start", INIT, is_resumable, step_await_start, NULL, NULL,
  "wait for start; only now may INIT outlive HOST (C16)" },
{ "start-container", INIT, has_start_container, step_start_container, NULL, NULL,
  "startContainer hooks: in the container, before the program" },
{ "stdio", INIT, has_no_terminal, step_stdio, NULL, NULL,
  "give the caller's files to the container's user, by descriptor, while INIT may" },
{ "labels", INIT, has_labels, step_labels, NULL, describe_labels,
  "for the next execve, through a private procfs (CVE-2019-16884)" },
{ "rlimits", INIT, has_limits, step_rlimits, NULL, NULL,
  "after the set-up, which may need more than the limits allow; before the rights to raise them go" },
{ "memory-policy", INIT, has_memory_policy, step_memory_policy, NULL, describe_memory_policy,
  "for the program's memory, not for the set-up's; before the filter, which may forbid it" },
{ "personality", INIT, has_personality, step_personality, NULL, describe_personality,
  "before the filter, which may forbid it" },
{ "scheduling", INIT, has_own_scheduling, step_scheduling, NULL, describe_scheduling,
  "after the hooks: a deadline task cannot fork; after the limits and before the user, which decide on it" },
{ "credentials", INIT, NULL, step_credentials, NULL, describe_credentials,
  "groups, ids, capabilities, no_new_privs, filter: each takes away what the ones before needed" },
{ "exec", INIT, NULL, step_exec, NULL, NULL,
  "every other descriptor closed; the channel closes with execve, which tells HOST that it succeeded" },
{ "poststart", HOST, has_poststart, step_poststart, NULL, NULL,
  "strictly after the program is executing, before start returns (runtime.md#lifecycle 9)" },
};

/* exec: the rows between the way in and execve are those of a container. */
const struct step exec_steps[] = {
{ "decode", HOST, NULL, step_exec_decode, NULL, NULL,
  "the container's own copy of config.json, a process file and the options become one process" },
{ "check", HOST, NULL, step_exec_check, NULL, NULL,
  "the rules between fields; nothing has changed yet" },
{ "prepare", HOST, NULL, step_exec_prepare, NULL, NULL,
  "which namespaces are not ours; the process as prepared operations: children have no heap" },
{ "filter", HOST, has_seccomp, step_filter, NULL, describe_filter,
  "the container's filter, compiled outside of its cgroup" },
{ "console-socket", HOST, has_console_socket, step_console_socket, NULL, NULL,
  "connect to who takes the terminal, in the host's view, with a deadline" },
{ "terminal-pair", HOST, shows_terminal, step_terminal_pair, undo_terminal, NULL,
  "in the foreground HOST takes the terminal: it stands where the console socket would" },
{ "pidfd-socket", HOST, has_pidfd_socket, step_pidfd_socket, NULL, describe_pidfd_socket,
  "connect to who wants a pidfd of the program's process, before anything is made" },
{ "agent", HOST, has_agent, step_agent, NULL, NULL,
  "connect to the seccomp agent while nothing has begun" },
{ "cgroup", HOST, NULL, step_exec_cgroup, NULL, NULL,
  "the container's, by its mark, or one below it: the program is born in it" },
{ "initial-cpus", HOST, has_initial_cpus, step_initial_cpus, undo_initial_cpus, NULL,
  "a child inherits them: before it is in the cgroup (config.md#process, execCPUAffinity)" },
{ "middle", HOST, has_middle, step_middle, undo_middle, NULL,
  "a helper: an ordinary user may enter a pid namespace only from inside its user namespace" },
{ "join-first", MIDDLE, has_middle, step_exec_join_first, NULL, NULL,
  "all namespaces by one setns; non-dumpable before it (CVE-2016-9962)" },
{ "spawn-from-middle", MIDDLE, has_middle, step_spawn_from_middle, NULL, NULL,
  "the one clone, as HOST's child (CLONE_PARENT)" },
{ "adopt", HOST, has_middle, step_adopt, undo_spawn, NULL,
  "take the program's process over from the helper, by pidfd" },
{ "spawn", HOST, has_no_middle, step_spawn, undo_spawn, NULL,
  "one clone3, born in the container's cgroup and pid namespace, with a pidfd from birth" },
{ "own-cpus", HOST, has_initial_cpus, step_own_cpus, NULL, NULL,
  "HOST goes back to the CPUs that it had" },
{ "oom-score", HOST, has_oom_score, step_oom_score, NULL, NULL,
  "by HOST: lowering it takes rights on the host" },
{ "raise-rlimits", HOST, has_host_limits, step_raise_rlimits, NULL, NULL,
  "hard limits only, by HOST: raising one takes rights in the first user namespace" },
{ "host-scheduling", HOST, has_host_scheduling, step_host_scheduling, NULL, describe_scheduling,
  "by HOST, for the same reason" },
{ "pid-file", HOST, has_pid_file, step_pid_file, undo_pid_file, NULL,
  "it exists when exec returns" },
{ "send-pidfd", HOST, has_pidfd_socket, step_send_pidfd, NULL, NULL,
  "one message with the pidfd, before exec returns" },
{ "enter", INIT, NULL, step_enter, NULL, NULL,
  "own session; all namespaces by one setns, non-dumpable before it (CVE-2016-9962)" },
{ "final-cpus", INIT, has_final_cpus, step_final_cpus, NULL, NULL,
  "in the cgroup, whose cpuset may have changed them (config.md#process, execCPUAffinity)" },
{ "keyring", INIT, has_keyring, step_keyring, NULL, NULL,
  "the container's session keyring, by its name, or one of its own" },
{ "program", INIT, NULL, step_program, NULL, describe_program,
  "find argv[0] in the container's root, in the words that engines know" },
{ "console", INIT, has_terminal, step_console, NULL, describe_console,
  "from the container's devpts; the peer by TIOCGPTPEER, never by name (CVE-2025-52565)" },
{ "terminal", HOST, shows_terminal, step_terminal, undo_terminal, NULL,
  "the caller's terminal becomes raw before the program runs, so that no key is lost or echoed twice" },
{ "stdio", INIT, has_no_terminal, step_stdio, NULL, NULL,
  "give the caller's files to the program's user, by descriptor, while it may" },
{ "labels", INIT, has_labels, step_labels, NULL, describe_labels,
  "for the next execve, through a private procfs (CVE-2019-16884)" },
{ "rlimits", INIT, has_limits, step_rlimits, NULL, NULL,
  "after what may need more than the limits allow; before the rights to raise them go" },
{ "memory-policy", INIT, has_memory_policy, step_memory_policy, NULL, describe_memory_policy,
  "for the program's memory; before the filter, which may forbid it" },
{ "personality", INIT, has_personality, step_personality, NULL, describe_personality,
  "before the filter, which may forbid it" },
{ "scheduling", INIT, has_own_scheduling, step_scheduling, NULL, describe_scheduling,
  "after the limits and before the user, which decide on it" },
{ "credentials", INIT, NULL, step_credentials, NULL, describe_credentials,
  "groups, ids, capabilities, no_new_privs, filter: each takes away what the ones before needed" },
{ "exec", INIT, NULL, step_exec, NULL, NULL,
  "every other descriptor closed; the channel closes with execve, which tells HOST that it succeeded" },
};
/* clang-format on */

const size_t life_step_count = ARRAY_SIZE(life_steps);
const size_t exec_step_count = ARRAY_SIZE(exec_steps);
_Static_assert(ARRAY_SIZE(life_steps) <= 64 && ARRAY_SIZE(exec_steps) <= 64,
	       "struct run keeps the done rows in 64 bits");
