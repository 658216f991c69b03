/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The container's cgroup by the systemd manager (cgroup.h): the unit is made with the container's
 * first process in it, which then goes into a cgroup of its own below the unit's. What is in the
 * unit's own directory is systemd's; only pids.max is written there, since it must not count the
 * set-up.
 *
 * The end is davit's as well: processes are killed by the cgroup, and the unit is stopped when it
 * is empty. Where systemd does not answer any more, the directory is removed, and the unit ends
 * with it. Whose directory it is, the mark tells, as with the other manager: a unit of the same
 * name may be another container's by now.
 */
#include "setup/resources/cgroup_scope.h"

#include <limits.h>
#include <string.h>

#include "base/fmt.h"
#include "base/path.h"
#include "kernel/cgroupfs.h"
#include "setup/resources/cgroup_enable.h"
#include "setup/resources/cgroup_mine.h"

static bool has_subgroup(const struct cgroup_plan *p)
{
	return strcmp(p->path, p->unit.path) != 0;
}

/* systemd puts it where the names say, or the names mean something else to it than to us. */
static int check_place(const struct cgroup_plan *p, pid_t pid, struct err *e)
{
	char path[PATH_MAX / 2];
	int r = cgroupfs_get_path_of(pid, path, sizeof(path));

	if (r < 0)
		return err_set(e, -r, "read the cgroup of the first process");
	if (strcmp(path, p->unit.path) == 0)
		return 0;
	return err_kind(e, ERR_CGROUP, EXDEV, "the unit %.80s is in the cgroup %.60s, not in %.60s",
			p->unit.name, path, p->unit.path);
}

static int enter_subgroup(const struct cgroup_plan *p, int rootfd, const char *owner, pid_t pid,
			  struct cgroupfs_made *ret, struct err *e)
{
	int r = cgroupfs_make(rootfd, p->path, ret);

	if (r < 0)
		return err_set(e, -r, "make the cgroup %s%s", p->root, p->path);
	cgroup_leave_mark(ret->dirfd, owner, CGROUP_MADE_WORD);
	r = cgroupfs_add_process(ret->dirfd, pid);
	if (r == 0)
		return 0;
	close_fdp(&ret->dirfd);
	return err_set(e, -r, "move the first process into the cgroup %s%s", p->root, p->path);
}

static int take_unit(const struct cgroup_plan *p, int rootfd, const char *owner, pid_t pid,
		     struct cgroup_created *ret, int *ret_unitfd, struct err *e)
{
	_cleanup_fd_ int unitfd = -1;
	struct cgroupfs_made made = { .dirfd = -1 };

	if (check_place(p, pid, e) < 0)
		return -e->code;
	unitfd = cgroupfs_open(rootfd, p->unit.path);
	if (unitfd < 0)
		return err_set(e, -unitfd, "open the cgroup %s%s", p->root, p->unit.path);
	cgroup_leave_mark(unitfd, owner, CGROUP_MADE_WORD);
	/* Written when the set-up is over (cgroup_apply_late()): its helpers and hooks count too.
	 */
	if (cgroup_has_late_limits(p))
		(void)cgroupfs_write(unitfd, "pids.max", "max");
	if (has_subgroup(p) && enter_subgroup(p, rootfd, owner, pid, &made, e) < 0)
		return -e->code;
	/* The unit's own directory is one of them, in which no process is any more. */
	if (cgroup_enable_in_parents(rootfd, p, &ret->enabled, e) < 0) {
		close_fdp(&made.dirfd);
		return -e->code;
	}
	*ret_unitfd = has_subgroup(p) ? take_fd(&unitfd) : -1;
	ret->dirfd = has_subgroup(p) ? made.dirfd : take_fd(&unitfd);
	(void)cgroupfs_get_inode(ret->dirfd, &ret->inode);
	return 0;
}

/* Else it is another's of that name: systemd was executed again while it made ours, and the helper
 * found that one. */
static bool has_process(const struct systemd_unit *unit, pid_t pid)
{
	char path[PATH_MAX / 2];
	struct arena a = { 0 };
	bool is_ours = cgroupfs_get_path_of(pid, path, sizeof(path)) == 0 &&
		       systemd_unit_of(&a, unit->name, unit->is_user, path, NULL).name;

	arena_release(&a);
	return is_ours;
}

/* systemd takes a unit's directory that it finds, whoever froze it, or the one above it: the first
 * process would be in there before anybody looks, and never go on. */
static int check_fit(const struct cgroup_plan *p, int rootfd, struct err *e)
{
	char path[PATH_MAX / 2];
	bool is_above = false;

	fmt(path, sizeof(path), "%s", p->unit.path);
	do {
		_cleanup_fd_ int fd = cgroupfs_open(rootfd, path);

		if (fd >= 0)
			return cgroup_check_fit(p->root, path, fd, is_above, e);
		is_above = true;
	} while (path_cut_last(path) > 0);
	return 0;
}

int cgroup_create_unit(const struct cgroup_plan *p, const char *owner, pid_t pid,
		       struct cgroup_created *ret, int *ret_unitfd, struct err *e)
{
	const struct systemd_start start = { .id = p->id,
					     .writes = p->writes,
					     .annotations = p->annotations };
	_cleanup_fd_ int rootfd = cgroupfs_open_root_at(p->root);
	struct err ignored = { 0 };

	if (rootfd < 0)
		return err_set(e, -rootfd, "open the cgroup hierarchy %s", p->root);
	*ret = (struct cgroup_created){ .dirfd = -1 };
	if (check_fit(p, rootfd, e) < 0 || systemd_unit_start(&p->unit, &start, pid, e) < 0)
		return -e->code;
	if (take_unit(p, rootfd, owner, pid, ret, ret_unitfd, e) < 0 && has_process(&p->unit, pid))
		(void)systemd_unit_stop(&p->unit, &ignored); /* the first error is what matters */
	return -e->code;
}

/* 1: it is gone, or another's now. */
static int empty_unit(int rootfd, const struct cgroup_ref *ref, unsigned *ms)
{
	_cleanup_fd_ int unitfd = cgroupfs_open(rootfd, ref->unit.path);
	const struct cgroup_ref of_unit = { .owner = ref->owner };
	int r;

	if (unitfd == -ENOENT)
		return 1;
	if (unitfd < 0)
		return unitfd;
	if (!cgroup_is_meant(unitfd, &of_unit))
		return 1;
	r = cgroup_empty(unitfd, ms);
	if (r == 0)
		r = cgroupfs_remove_below(unitfd);
	return r == -ENOENT || r == -ENODEV ? 0 : r;
}

int cgroup_destroy_unit(const struct cgroup_ref *ref, unsigned deadline_ms, struct err *e)
{
	const char *root = ref->root;
	_cleanup_fd_ int rootfd = root ? cgroupfs_open_root_at(root) : cgroupfs_open_root(&root);
	unsigned ms = deadline_ms;
	struct err failed = { 0 };
	int r = rootfd < 0 ? rootfd : empty_unit(rootfd, ref, &ms);

	if (r == 1) {
		/* It has ended by itself; at most that it failed is remembered. */
		(void)systemd_unit_forget(&ref->unit, &failed);
		return 0;
	}
	if (r < 0)
		return cgroup_refuse_end(root, ref->unit.path, r, e);
	(void)systemd_unit_stop(&ref->unit, &failed);
	r = cgroupfs_remove(rootfd, ref->unit.path, ms);
	if (r == 0 || r == -ENOENT)
		return 0;
	if (failed.code) {
		*e = failed;
		return -e->code;
	}
	return err_set(e, -r, "remove the cgroup %s%s", root, ref->unit.path);
}
