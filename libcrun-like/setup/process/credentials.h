/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Who the container's program is and what it may do: ids, groups, umask, capabilities,
 * no_new_privs, resource limits, OOM score, and the moment at which its seccomp filter is loaded.
 * Prepared in HOST, applied in INIT without a heap.
 */
#ifndef DAVIT_SETUP_PROCESS_CREDENTIALS_H
#define DAVIT_SETUP_PROCESS_CREDENTIALS_H

#include <sys/types.h>

#include "base/arena.h"
#include "base/err.h"
#include "kernel/caps.h"
#include "oci-spec/config.h"
#include "setup/seccomp/seccomp.h"

struct credentials_context {
	bool has_user_ns; /* the program will be in a user namespace other than the caller's */
	bool is_rootless; /* setgroups(2) may be denied in it */
	bool keep_groups; /* credentials_keep_groups() of the container's annotations */
	void (*warn)(void *arg, const char *text); /* may be NULL */
	void *warn_arg;
};

struct credentials_limit {
	const char *type;
	int resource;
	uint64_t soft, hard;
};

struct credentials {
	uint32_t uid, gid;
	const uint32_t *groups;
	size_t group_count;
	const uint32_t *umask; /* NULL: unchanged */
	struct caps caps;
	uint64_t bounding, ambient;
	bool no_new_privs, is_rootless, keep_groups;
	const struct credentials_limit *limits;
	size_t limit_count;
	const int64_t *oom_score_adj; /* NULL: untouched */
};

/* Annotation run.oci.keep_original_groups (crun, Podman's --group-add keep-groups): the program
 * keeps the groups of the caller, which no additionalGids could name where they are not mapped. */
bool credentials_keep_groups(const struct oci_map *annotations);

/*
 * Capabilities that nobody knows or that cannot be granted are left out, with one warning for all
 * of them; none are given without a capabilities object. Reads the caller's own capability sets.
 */
int credentials_prepare(struct arena *a, const struct oci_process *process,
			const struct credentials_context *context, struct credentials *ret,
			struct err *e);

/*
 * HOST: raises those hard limits of process @pid that are below the listed ones, and leaves all
 * else, which would bind the set-up too. For a container with a user namespace: raising wants
 * CAP_SYS_RESOURCE in the first one.
 */
int credentials_raise_limits(const struct credentials *c, pid_t pid, struct err *e);

/* INIT: its resource limits, as listed. Late: RLIMIT_NOFILE and its like bind the set-up too. */
int credentials_apply_limits(const struct credentials *c, struct err *e);

/* /proc/PID/oom_score_adj through a private procfs; the cgroup and the limits know nothing of it.
 */
int credentials_write_oom(const struct credentials *c, int procfd, pid_t pid, struct err *e);

/* In INIT; the order is told in credentials.c. Keeps CAP_SYS_ADMIN where credentials_seal() will
 * need it to load @filter (NULL: none). */
int credentials_apply(const struct credentials *c, const struct seccomp_filter *filter,
		      struct err *e);

/* Loads @filter, and drops what was kept for it. Nothing but execve(2) may follow. */
int credentials_seal(const struct credentials *c, const struct seccomp_filter *filter,
		     struct err *e);

/* Must credentials_seal() still call capset(2) when the filter is in force? */
bool credentials_drop_after_filter(const struct credentials *c);

/*
 * The home directory of @uid by the /etc/passwd of the root: "/" when there is no such file, line
 * or room. The file is the container's, so hostile: at most 1 MiB of it is read, without NSS and
 * without the heap, and a uid is a number from end to end (C12).
 */
void credentials_resolve_home(int rootfd, uint32_t uid, char *buf, size_t size);

/* The names of all capabilities that this build knows. -ENOMEM. For `features`. */
int credentials_cap_names(struct arena *a, struct oci_strings *ret);

#endif
