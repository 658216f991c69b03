/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Namespaces as descriptors: opening and checking them, joining, the loopback device of a new
 * network namespace, and the id maps of a new user namespace.
 */
#ifndef DAVIT_KERNEL_NAMESPACE_H
#define DAVIT_KERNEL_NAMESPACE_H

#include <sys/types.h>

#include "base/util.h"

/*
 * Opens the namespace file @path and checks that it is of the type @flag (CLONE_NEW*). -EINVAL: it
 * is no namespace file; -EMEDIUMTYPE: a namespace of another type.
 */
int namespace_open(const char *path, int flag, int *ret_fd);

/* The caller's own namespace of a type, for joining it again. */
int namespace_open_own(int flag, int *ret_fd);

/* 1: the namespace of this type of process @pid is another than the caller's; 0: the same; -EACCES:
 * one may not look. */
int namespace_differs(pid_t pid, int flag);

/* The user namespace that the namespace @fd belongs to (Linux 4.9); that above the user namespace
 * @fd. -EPERM: it is not below the caller's. */
int namespace_open_owner(int fd, int *ret_fd);
int namespace_open_parent(int fd, int *ret_fd);

/* CLONE_NEW*: the type of the namespace @fd; 0 when it is none. */
int namespace_type(int fd);
/* Whether both descriptors are of one namespace. */
bool namespace_is_same(int fd, int other);

/* False in any user namespace but the first one, where root is not root of the machine. */
bool namespace_user_is_first(void);

/* setns(2). @fd: of a namespace; or a pidfd, and @flag may then be several. */
int namespace_join(int fd, int flag);

struct namespace_visit {
	int ns, root, cwd; /* the caller's own */
};

/*
 * The caller, which has one thread, goes into the mount namespace of @pid, whose pidfd is @pidfd,
 * and has its root there; and comes back. 0 or -errno: of the way in nothing is left then. -EPERM
 * too where there would be no way back: the caller's mount namespace is not its user namespace's.
 */
int namespace_visit_mounts(int pidfd, pid_t pid, struct namespace_visit *ret);
int namespace_come_back(struct namespace_visit *v);

/* Sets the loopback interface up in the caller's network namespace. */
int namespace_loopback_up(void);

/* /proc/PID/uid_map and gid_map hold at most this many lines (Linux 4.15). */
enum {
	IDMAP_LINES_MAX = 340
};

struct idmap_line {
	uint32_t inside, outside, count;
};

/* The number outside of @id inside; false: it is not mapped. */
bool idmap_out(const struct idmap_line *lines, size_t count, uint32_t id, uint32_t *ret);
/* Writes /proc/PID/@file ("uid_map" or "gid_map") in one write, as the kernel asks for. -E2BIG:
 * more lines than it takes, or a page of text. */
int idmap_write(pid_t pid, const char *file, const struct idmap_line *lines, size_t count);
/* A new user namespace with these maps and no process in it, which lives as long as the fd. */
int idmap_open_namespace(const struct idmap_line *uids, size_t uid_count,
			 const struct idmap_line *gids, size_t gid_count);
/* The caller's parent user namespace's number of @uid, which is the real user's in a namespace that
 * Podman, say, has made; @uid itself where it is not mapped. */
uint32_t idmap_outside_uid(uint32_t uid);
/* How many ids from @id on the caller's own user namespace has in a row: 0 when it lacks @id.
 * @file: "uid_map" or "gid_map". All of them when they cannot be read. */
uint32_t idmap_own_range(const char *file, uint32_t id);
/* The same of another process's; 0: the caller's. */
uint32_t idmap_range_of(pid_t pid, const char *file, uint32_t id);
/* Writes "deny" to /proc/PID/setgroups, without which an unprivileged gid_map is refused
 * (user_namespaces(7)). */
int idmap_deny_setgroups(pid_t pid);
/*
 * The same through @program (newuidmap(1), newgidmap(1)), which has the right to map subordinate
 * ids. -ENOENT: the program is not installed; -EPERM: it refused. Its own words go to @ret_words.
 */
int idmap_run_helper(const char *program, pid_t pid, const struct idmap_line *lines, size_t count,
		     char *ret_words, size_t words_size);

#endif
