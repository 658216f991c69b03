/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What is bound into a user namespace. HOST opens it with its own rights before INIT is born, since
 * the mapped root may not be able to reach it. But a copy that HOST makes in its own mount
 * namespace knows no locks: root of the container, with CAP_SYS_ADMIN in its user namespace, could
 * make a mount writable that is read-only on the host, or take off a mount that covers something.
 * So HOST makes it once more in INIT's mount namespace, a copy of its own of which the kernel has
 * locked every mount (mount_namespaces(7)), and INIT puts that in the place of the first. What the
 * kernel does not give there is locked by mount_lock(), which takes a process more.
 */
#include <fcntl.h>
#include <sched.h>
#include <sys/stat.h>

#include "kernel/mount.h"
#include "kernel/namespace.h"
#include "lifecycle/lifecycle.h"
#include "lifecycle/plan_rows.h"

int step_open_sources(struct run *run, struct err *e)
{
	const struct device_place place = { run->state_dirfd, &run->plan->ns };
	int fds[2], r;

	if (rootfs_open(&run->plan->rootfs, &run->root_tree, e) < 0)
		return -e->code;
	if (devices_open_sources(&run->own_plan->devices, &place, e) < 0 ||
	    mounts_open_sources(&run->own_plan->mounts, e) < 0)
		return -e->code;
	if (run->verb == VERB_RESTORE || !plan_locks_sources(run->plan))
		return 0;
	r = channel_pair(fds);
	if (r < 0)
		return err_set(e, -r, "make the way for locked sources");
	run->sources_fd = fds[0];
	run->sources_end = fds[1];
	return 0;
}

static bool is_same_file(int fd, int other)
{
	struct stat a, b;

	return fstat(fd, &a) == 0 && fstat(other, &b) == 0 && a.st_dev == b.st_dev &&
	       a.st_ino == b.st_ino;
}

static bool is_bound(const struct mount_op *op)
{
	return op->kind == MOUNT_BIND && op->fd >= 0 && !op->link_text;
}

/* A source that is open, once more. -1: it is not to be had here, a folder without the mounts below
 * it for one, or what a link to a descriptor of ours leads to. */
static int open_again(const struct mounts *m, const struct mount_op *op)
{
	struct mount_op again = *op;
	struct err ignored = { 0 };
	_cleanup_fd_ int fd = -1;

	again.fd = -1;
	if (mounts_open_source(m, &again, &ignored) < 0)
		return -1;
	fd = again.fd;
	return fd >= 0 && is_same_file(fd, op->fd) ? take_fd(&fd) : -1;
}

struct batch {
	int fds[CHANNEL_BATCH], places[CHANNEL_BATCH];
	size_t count;
	int to;
};

/* HOST's own copies that are left. */
struct rest {
	int *fds;
	size_t count;
};

static int send_batch(struct batch *b)
{
	int r = b->count ? channel_send_fds(b->to, b->fds, b->places, b->count) : 0;

	for (size_t i = 0; i < b->count; i++)
		close_fdp(&b->fds[i]);
	b->count = 0;
	return r;
}

static int add(struct batch *b, int fd, int place)
{
	b->fds[b->count] = fd;
	b->places[b->count++] = place;
	return b->count == CHANNEL_BATCH ? send_batch(b) : 0;
}

/* @fd: in place of @place. -1: that one is left. */
static int add_or_leave(struct batch *b, int fd, int place, struct rest *rest)
{
	if (fd >= 0)
		return add(b, fd, place);
	if (place >= 0)
		rest->fds[rest->count++] = place;
	return 0;
}

static int send_again(struct run *run, struct rest *rest)
{
	const struct mounts *m = &run->plan->mounts;
	struct batch b = { .to = run->sources_fd };
	struct err ignored = { 0 };
	int root = -1, r;

	if (run->root_tree >= 0)
		(void)rootfs_open(&run->plan->rootfs, &root, &ignored);
	r = add_or_leave(&b, root, run->root_tree, rest);
	for (size_t i = 0; i < m->count && r == 0; i++)
		if (is_bound(&m->items[i]))
			r = add_or_leave(&b, open_again(m, &m->items[i]), m->items[i].fd, rest);
	return r < 0 ? (void)send_batch(&b), r : send_batch(&b);
}

static void leave_all(struct run *run, struct rest *rest)
{
	const struct mounts *m = &run->plan->mounts;

	if (run->root_tree >= 0)
		rest->fds[rest->count++] = run->root_tree;
	for (size_t i = 0; i < m->count; i++)
		if (is_bound(&m->items[i]))
			rest->fds[rest->count++] = m->items[i].fd;
}

/* INIT has HOST's descriptors under the same numbers. */
static int send_rest(struct run *run, const struct rest *rest)
{
	struct batch b = { .to = run->sources_fd };
	int r = mount_lock(rest->fds, rest->count);

	for (size_t i = 0; i < rest->count && r == 0; i++) {
		int copy = fcntl(rest->fds[i], F_DUPFD_CLOEXEC, 0);

		r = copy < 0 ? neg_errno() : add(&b, copy, rest->fds[i]);
	}
	return r < 0 ? (void)send_batch(&b), r : send_batch(&b);
}

static int make_rest(struct run *run, struct rest *ret)
{
	size_t size = run->plan->mounts.count + 1;

	*ret = (struct rest){ arena_array(&run->own_plan->arena, size, sizeof(int)), 0 };
	return ret->fds ? 0 : -ENOMEM;
}

int step_lock_sources(struct run *run, struct err *e)
{
	struct namespace_visit own;
	struct rest rest;
	int r, back;

	close_fdp(&run->sources_end);
	r = make_rest(run, &rest);
	if (r == 0)
		r = namespace_visit_mounts(run->pidfd, run->pid, &own);
	if (r == 0) {
		r = send_again(run, &rest);
		back = namespace_come_back(&own);
		if (back < 0)
			r = back;
	} else if (r == -EPERM || r == -EACCES) {
		leave_all(run, &rest); /* without CAP_SYS_PTRACE, in a container itself */
		r = 0;
	}
	if (r == 0)
		r = send_rest(run, &rest);
	close_fdp(&run->sources_fd);
	return r < 0 ? err_set(e, -r, "lock the mount sources for the container's user namespace")
		     : 0;
}

/* INIT */
int step_take_sources(struct run *run, struct err *e)
{
	int r = channel_take_fds(run->sources_end);

	close_fdp(&run->sources_end);
	return r < 0 ? err_set(e, -r, "take the mount sources over") : 0;
}
