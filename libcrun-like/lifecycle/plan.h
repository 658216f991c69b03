/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What is going to be done, worked out before anything is: the configuration decoded, checked, and
 * turned into prepared operations. All memory is of one arena. Children inherit it by the clone.
 * After the "filter" row it is const but for what is opened and closed of it, which struct run has
 * another pointer for: joined namespaces, sources of mounts and devices, network devices, the
 * groups of resctrl.
 */
#ifndef DAVIT_LIFECYCLE_PLAN_H
#define DAVIT_LIFECYCLE_PLAN_H

#include "base/arena.h"
#include "base/err.h"
#include "container/context.h"
#include "oci-spec/config.h"
#include "setup/filesystem/devices.h"
#include "setup/filesystem/masks.h"
#include "setup/filesystem/mounts.h"
#include "setup/filesystem/rootfs.h"
#include "setup/hook_state.h"
#include "setup/hooks.h"
#include "setup/namespaces.h"
#include "setup/net_devices.h"
#include "setup/process/affinity.h"
#include "setup/process/console.h"
#include "setup/process/credentials.h"
#include "setup/process/labels.h"
#include "setup/process/memory_policy.h"
#include "setup/process/personality.h"
#include "setup/process/program.h"
#include "setup/process/scheduling.h"
#include "setup/resources/cgroup.h"
#include "setup/resources/cgroup_owner.h"
#include "setup/resources/intel_rdt.h"
#include "setup/seccomp/seccomp.h"
#include "setup/sysctl.h"
#include "setup/time_offsets.h"

#define INIT_COMM "davit:init"
/* In place of the path of the console's socket. */
#define PLAN_CONSOLE_FD "(a descriptor)"

enum {
	LISTEN_PID_SIZE = 24
};

struct plan {
	struct arena arena;
	const struct davit_context *ctx;

	/* What the caller asked for. */
	const char *id;
	const char *bundle;      /* absolute */
	const char *config_path; /* of config.json */
	const char *config_name; /* ... in messages about what is in it */
	const char *pid_file, *console_socket;
	int console_fd;           /* of the caller's, connected; 0: console_socket is a path */
	const char *pidfd_socket; /* or what an annotation names */
	unsigned preserve_fds;
	const char *const *extra_env; /* NULL-terminated; wins over config.json's */
	char *listen_pid; /* exec: room for "LISTEN_PID=..." among them, for INIT to fill */
	bool no_pivot, no_new_keyring;
	bool is_resumable; /* the container waits for `start` (create), it is not run at once */
	bool is_detached;
	bool is_exec; /* of another program in a container that is there */
	bool is_dry;  /* only described: what the caller has not given yet is no error */

	/* Row "decode"; the text is there before when the caller has it. */
	const char *text;
	size_t text_len;
	const struct oci_config *config;

	/* Row "prepare". */
	struct namespaces ns;
	struct time_offsets time_offsets;
	struct rootfs rootfs;
	struct mounts mounts;
	struct devices devices;
	struct net_devices net_devices; /* HOST alone writes on, when it moves them */
	struct masks masks;
	struct sysctls sysctls;
	struct labels labels;
	struct console console;
	struct scheduling scheduling;
	struct memory_policy memory_policy;
	struct personality personality;
	struct credentials credentials;
	struct program program;
	struct cgroup_plan cgroup;
	struct cgroup_handover handover;
	struct intel_rdt rdt; /* HOST alone writes on, when it makes the groups */
	struct hooks hooks;
	struct hook_state hook_state;
	bool has_terminal;
	bool has_middle;
	bool enters_pid_ns_late; /* the joined pid namespace, after the pivot (steps_pid.c) */
	struct affinity initial_cpus, final_cpus; /* exec: before and after the change of cgroup */
	bool has_host_sources; /* HOST opens what is bound into a user namespace, with its own
				  rights */

	/* Row "filter". */
	const char *seccomp_receiver; /* exec: the container's, of a profile that names none */
	struct seccomp_filter seccomp;
};

/* The four pure steps; nothing on the host has changed after them. */
int plan_decode(struct plan *plan, struct err *e);
/* The first half of it: the text. */
int plan_read(struct plan *plan, struct err *e);
int plan_check(struct plan *plan, struct err *e);
int plan_prepare(struct plan *plan, struct err *e);
int plan_filter(struct plan *plan, int cache_dirfd, struct err *e);

/* How the first process gets into a joined pid namespace, and how the root becomes its root: after
 * the joined ones are open. */
void plan_choose_way_in(struct plan *plan);

/* After plan->ns: what makes the root file system the root. */
enum rootfs_way plan_way_in(const struct plan *plan);

/* For exec, which has no more than a process to prepare; plan->ns is that of the container. */
int plan_prepare_process(struct plan *plan, struct err *e);

/* LISTEN_FDS and what belongs to it, for the program: at most three variables from @env on, none
 * when @count is 0. @pid: "LISTEN_PID=N". -ENOMEM. */
int plan_add_sockets(struct plan *plan, const char **env, unsigned count, const char *names,
		     const char *pid);

/* The plan's strings from the public options; @options->bundle becomes absolute. */
int plan_take_options(struct plan *plan, const struct davit_context *ctx,
		      const struct davit_create_options *options, struct err *e);
void plan_release(struct plan *plan);

/* The caller stays until the program has ended. */
bool plan_is_foreground(const struct plan *plan);

/* Does the configuration ask for a seccomp filter? Before the "filter" row. */
bool plan_has_filter(const struct plan *plan);

/* Kinds of hooks: does the plan have any? */
bool plan_has_create_hooks(const struct plan *plan); /* prestart, createRuntime */

#endif
