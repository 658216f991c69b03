/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The cgroup2 file system, by descriptors: find it, make and remove cgroups, write and read their
 * files, kill, freeze and wait. cgroup v1 is not known here; on a hybrid host the unified hierarchy
 * is used.
 *
 * A path is relative to the hierarchy's root (leading slashes are dropped) and is resolved by
 * openat2 with RESOLVE_BENEATH and without links of any sort; ".." is refused. A cgroup's
 * descriptor is open for reading (not O_PATH), so that it can go to clone3 and to bpf. Waiting is
 * done on cgroup.events with POLLPRI: kernfs reports a change as an exceptional condition.
 *
 * Several runtimes work in the same parents at the same time. A parent that cgroupfs_make() made
 * carries an extended attribute, so that whichever container is the last to leave can remove it and
 * parents made by others stay.
 */
#ifndef DAVIT_KERNEL_CGROUPFS_H
#define DAVIT_KERNEL_CGROUPFS_H

#include <limits.h>
#include <sys/types.h>

#include "base/util.h"

/* An fd of the root; *@ret_path (may be NULL): where it is mounted, a constant. -ENOENT: no
 * cgroup2. */
int cgroupfs_open_root(const char **ret_path);
/* The same at @root, checked to be cgroup2: -EINVAL when it is not. */
int cgroupfs_open_root_at(const char *root);
/* "", "/": the root itself. */
int cgroupfs_open(int rootfd, const char *path);

/* The caller's own cgroup as seen from its cgroup namespace's root ("/user.slice/x"); -ENOENT when
 * it has none in the unified hierarchy. */
int cgroupfs_get_own_path(char *buf, size_t size);
/* The same of another process. */
int cgroupfs_get_path_of(pid_t pid, char *buf, size_t size);
/* Whether a v1 hierarchy of this host holds the controller of that (v2) name. */
bool cgroupfs_is_on_v1(const char *controller);

struct cgroupfs_made {
	int dirfd;
	bool was_there;
	uint64_t inode;
};
/* Makes @path and its parents where missing; on failure what was made is removed again. */
int cgroupfs_make(int rootfd, const char *path, struct cgroupfs_made *ret);
int cgroupfs_get_inode(int dirfd, uint64_t *ret);

/* The path below @rootfd of the cgroup with that inode. -ENOENT: there is none, or not below it, or
 * the caller may not look (CAP_DAC_READ_SEARCH). */
int cgroupfs_find(int rootfd, uint64_t inode, char ret_path[static PATH_MAX]);

/* A mark on the directory that says whose it is now, in place of an older one. -EOPNOTSUPP, -EPERM:
 * the kernel or its owner does not allow it. */
int cgroupfs_set_owner(int dirfd, const char *owner);
/* -ENODATA: nobody's. */
int cgroupfs_get_owner(int dirfd, char *buf, size_t size);
void cgroupfs_clear_owner(int dirfd);

/* One write(2) of the whole text. */
int cgroupfs_write(int dirfd, const char *file, const char *text);
/* Moves a process there, with all its threads. */
int cgroupfs_add_process(int dirfd, pid_t pid);

/* "cpu" in "cpuset cpu io"; @list may end in a newline. */
bool cgroupfs_has_word(const char *list, const char *word, size_t len);
/*
 * Makes the controllers @names ("memory pids") available to the children of @dirfd, or takes them
 * back. -EBUSY: it has processes of its own (the no-internal-process rule); -ENOENT: it does not
 * have the controller; -EOPNOTSUPP: it is threaded. The name at fault goes to @ret_name.
 */
int cgroupfs_enable(int dirfd, const char *names, char ret_name[static 32]);
int cgroupfs_disable(int dirfd, const char *name);

/*
 * What may be enabled in a cgroup. The kernel refuses domain controllers where processes live, but
 * takes cpu, cpuset and pids, and makes a threaded domain of it: below that, no process can be born
 * any more that is not threaded. Only the hierarchy's root may have both.
 */
enum cgroupfs_room {
	CGROUPFS_ROOM,     /* everything */
	CGROUPFS_BUSY,     /* nothing: it has processes */
	CGROUPFS_THREADED, /* it is one already: what the kernel takes does no further harm */
};
/* enum cgroupfs_room or -errno. */
int cgroupfs_get_room(int dirfd);
/* Below a threaded domain a new cgroup is of no use before it is made threaded; no effect on
 * others. */
int cgroupfs_make_usable(int dirfd);
/* Moves every process from one to the other. -EBUSY: some cannot be moved, or come as fast. */
int cgroupfs_move_all(int from_dirfd, int to_dirfd);
/* Whether systemd or its like gave this one to who runs in it (Delegate=yes). */
bool cgroupfs_is_delegated(int dirfd);
/* Whether there is a child other than the two (NULL: no such). */
bool cgroupfs_has_others(int dirfd, const char *one, const char *two);

/* A key of cgroup.events: "populated" or "frozen". 0, 1, or -errno; -ENOENT: the cgroup is gone. */
int cgroupfs_get_event(int dirfd, const char *key);
/* Waits until the key has that value. -ETIMEDOUT: it has not within @ms; 0 looks once. */
int cgroupfs_wait_event(int dirfd, const char *key, bool value, unsigned ms);

/* Freezes or thaws, and waits until it has happened. */
int cgroupfs_freeze(int dirfd, bool frozen, unsigned ms);
/* SIGKILL to every process below, frozen or not. Does not wait. */
int cgroupfs_kill(int dirfd);

/* Every process id of the cgroup and of those below; the callback stops the walk by a value that is
 * not 0, which is returned. Processes of other pid namespaces (0) are left out. */
typedef int cgroupfs_pid_fn(void *arg, pid_t pid);
int cgroupfs_each_pid(int dirfd, cgroupfs_pid_fn *each, void *arg);
/* The same for the processes of the cgroup itself, without those below. */
int cgroupfs_each_own_pid(int dirfd, cgroupfs_pid_fn *each, void *arg);
/* A signal to every process below, each by its pidfd, after it was seen there again. */
int cgroupfs_signal(int dirfd, int sig);

/* Gives the directory and its files for delegation to @uid, so that it may manage what is below.
 * The name at fault goes to @ret_name. */
int cgroupfs_delegate(int dirfd, uid_t uid, char ret_name[static 64]);
/* The same with a list of files of the caller's, a line each. */
int cgroupfs_delegate_from(int dirfd, uid_t uid, const char *list, char ret_name[static 64]);

/* Declares the cgroups right below @dirfd to be somebody else's: cgroupfs_remove_below() spares
 * them.
 */
int cgroupfs_keep_children(int dirfd);
/* Removes every cgroup below @dirfd that has no processes. -EBUSY: some have. */
int cgroupfs_remove_below(int dirfd);
/*
 * Removes @path with all below it, and then the parents that cgroupfs_make() made and that are
 * empty. Waits up to @ms for its last processes to go (they are not killed here). Missing is
 * success. -EBUSY: there are still processes.
 */
int cgroupfs_remove(int rootfd, const char *path, unsigned ms);

#endif
