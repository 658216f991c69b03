/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * linux.namespaces and the id mappings: which namespaces are made with the clone, which are joined,
 * and in what order.
 *
 * A namespace listed without a path is new, with a path it is joined, and one that is not listed is
 * the runtime's own. The cgroup namespace is always unshared by the first process itself: a clone
 * would root it in its parent's cgroup.
 */
#ifndef DAVIT_SETUP_NAMESPACES_H
#define DAVIT_SETUP_NAMESPACES_H

#include "base/arena.h"
#include "base/describe.h"
#include "base/err.h"
#include "kernel/namespace.h"
#include "oci-spec/config.h"

enum {
	NAMESPACES_MAX = 8
};

struct namespace_join {
	int flag; /* CLONE_NEW* */
	const char *type, *path;
	size_t index; /* in linux.namespaces, for messages */
	int fd;       /* open from namespaces_open() on */
};

struct namespaces {
	unsigned new_flags; /* CLONE_NEW* of the new ones, the cgroup namespace too */
	struct namespace_join joined[NAMESPACES_MAX];
	size_t joined_count;

	/* The maps of a new user namespace; none when it is joined or not there. */
	struct idmap_line *uid_map, *gid_map;
	size_t uid_map_count, gid_map_count;
	pid_t map_pid;       /* whose maps a joined one has; 0: not known */
	bool is_rootless;    /* the caller is an ordinary user */
	bool keep_groups;    /* the caller's groups are the program's */
	uint32_t euid, egid; /* the caller's */
};

/* Pure but for the caller's ids. A rootless caller without mappings gets a single one for itself.
 */
int namespaces_prepare(struct arena *a, const struct oci_config *c, struct namespaces *ret,
		       struct err *e);

/* HOST, for exec: those of process @pid that are not the runtime's own, as joined ones without
 * files. What is @known to be another's is not looked at; it does no harm if it is not, to root. */
int namespaces_of_process(pid_t pid, unsigned known, struct namespaces *ret, struct err *e);
/* Those that config.json lists, as flags. */
unsigned namespaces_listed(const struct oci_config *c);
/* The same of @count open ones, which are taken over (-1 then); their types are asked of them. */
int namespaces_of_fds(int *fds, size_t count, struct namespaces *ret, struct err *e);
/* INIT: its own, as many as the kernel has; the rest of @fds stays as it is. */
int namespaces_open_own(int *fds, size_t max, struct err *e);
/* All of them by one setns(2); the pid namespace is that of children to come. */
int namespaces_join_process(const struct namespaces *ns, int pidfd, struct err *e);

/* HOST: opens the files of the joined namespaces and checks their types
 * (config-linux.md#namespaces). */
int namespaces_open(struct namespaces *ns, struct err *e);
void namespaces_close(struct namespaces *ns);

static inline bool namespaces_has_new(const struct namespaces *ns, int flag)
{
	return (ns->new_flags & (unsigned)flag) != 0;
}

const struct namespace_join *namespaces_find_joined(const struct namespaces *ns, int flag);
/* True when the container's namespace of this type is not the runtime's own. */
bool namespaces_is_private(const struct namespaces *ns, int flag);
/* Takes the namespace of this type off the list of those that are joined. */
void namespaces_forget(struct namespaces *ns, int flag);

/* True when the one that is joined is the runtime's own all the same; after namespaces_open(). */
bool namespaces_is_own(const struct namespaces *ns, int flag);

/*
 * True when a process is needed between the runtime and the container's first process: new
 * namespaces must belong to a joined user namespace, or namespaces must be joined with rights that
 * a new user namespace takes away.
 */
bool namespaces_need_middle(const struct namespaces *ns);

/*
 * Whether a process that has joined all other namespaces still has the right to enter the joined
 * pid namespace: not in a new user namespace, and in a joined one only where that owns it. As far
 * as can be told before namespaces_open(), and exactly after it.
 */
bool namespaces_may_enter_pid_late(const struct namespaces *ns);

/*
 * Joins all but the pid namespace when @with_pid is false. What the caller's rights do not allow
 * before the user namespace is joined is tried again after it.
 */
int namespaces_join(const struct namespaces *ns, bool with_pid, struct err *e);

/* HOST: writes the maps of the new user namespace of @pid. */
int namespaces_write_maps(const struct namespaces *ns, pid_t pid, struct err *e);

/* In the new or joined user namespace: becomes its root, when id 0 is mapped there. Drops the
 * caller's groups, unless they are to be kept. */
int namespaces_become_root(const struct namespaces *ns, struct err *e);

void namespaces_describe_new(const struct namespaces *ns, const struct describe *d);
void namespaces_describe_joined(const struct namespaces *ns, const struct describe *d);

/* The user of the program must have ids in a new user namespace: execve would only say "invalid
 * argument". @faults: validate, which wants to know of each id. */
int namespaces_check_user(const struct namespaces *ns, const struct oci_user *user,
			  const struct err_sink *faults, struct err *e);

#endif
