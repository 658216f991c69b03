/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Making the planned cgroup, writing into it, and its end (cgroup.h).
 */
#include <limits.h>
#include <string.h>

#include "base/fmt.h"
#include "kernel/cgroupfs.h"
#include "setup/resources/cgroup.h"
#include "setup/resources/cgroup_enable.h"
#include "setup/resources/cgroup_mine.h"
#include "setup/resources/cgroup_scope.h"

enum {
	UNDO_MS = 1000
};

/* What a mark says after its owner: whether the directory was made for it or was there before.
 * Only what was made may be removed by the next container; a mark without a word (of davit before
 * this one) does not tell. */
static const char made_word[] = CGROUP_MADE_WORD;
static const char given_word[] = " given";

static bool ends_in(const char *text, const char *end)
{
	size_t len = strlen(text), end_len = strlen(end);

	return len >= end_len && strcmp(text + len - end_len, end) == 0;
}

/* The directory is somebody else's: our filter and what the container made in it go. A freeze goes
 * too: it was not frozen when we came. */
static int give_back(int dirfd)
{
	int r = cgroupfs_remove_below(dirfd);

	if (cgroupfs_get_event(dirfd, "frozen") == 1)
		(void)cgroupfs_write(dirfd, "cgroup.freeze",
				     "0"); /* a parent may be the frozen one */
	if (r == 0)
		r = bpf_device_detach(dirfd);
	/* Or the next container would take it for one that was left behind. */
	if (r == 0 || r == -EPERM)
		cgroupfs_clear_owner(dirfd);
	return r == -EPERM ? 0 : r; /* who may not detach could not attach */
}

/*
 * A cgroup with the mark of a container that has stopped, or whose create was killed. One that was
 * made for it is made anew, so that its limits and its filter go. One that was there before it is
 * somebody else's: only what the container left in it goes. Not while it has processes.
 */
static int take_over(int rootfd, const struct cgroup_plan *p, const char *mark,
		     struct cgroupfs_made *made)
{
	if (cgroupfs_get_event(made->dirfd, "populated") != 0)
		return 0;
	if (!ends_in(mark, made_word)) {
		(void)give_back(made->dirfd); /* what stays is looked at by cgroup_check_fit() */
		return 0;
	}
	close_fdp(&made->dirfd);
	(void)cgroupfs_remove(rootfd, p->path,
			      UNDO_MS); /* else it is there again, and is looked at */
	return cgroupfs_make(rootfd, p->path, made);
}

static int make(int rootfd, const struct cgroup_plan *p, const char *owner,
		struct cgroupfs_made *ret)
{
	char mark[CGROUP_MARK_SIZE];
	int r = cgroupfs_make(rootfd, p->path, ret);

	if (r == 0 && ret->was_there && cgroup_read_mark(ret->dirfd, mark))
		r = take_over(rootfd, p, mark, ret);
	/* At once: `delete` after a SIGKILL knows by it what to remove. */
	if (r == 0 && !ret->was_there)
		cgroup_leave_mark(ret->dirfd, owner, made_word);
	return r;
}

static int prepare_directory(int rootfd, const struct cgroup_plan *p,
			     const struct cgroupfs_made *made, struct cgroup_enabled *enabled,
			     struct err *e)
{
	int r;

	if (cgroup_check_fit(p->root, p->path, made->dirfd, !made->was_there, e) < 0 ||
	    cgroup_enable_in_parents(rootfd, p, enabled, e) < 0)
		return -e->code;
	r = cgroupfs_make_usable(made->dirfd);
	if (r < 0)
		return err_set(e, -r, "make the cgroup %s%s threaded, as those above it are",
			       p->root, p->path);
	r = made->was_there ? cgroupfs_keep_children(made->dirfd) : 0;
	return r < 0 ? err_set(e, -r, "list the cgroup %s%s", p->root, p->path) : 0;
}

int cgroup_create(const struct cgroup_plan *p, const char *owner, struct cgroup_created *ret,
		  struct err *e)
{
	_cleanup_fd_ int rootfd = cgroupfs_open_root_at(p->root);
	struct cgroup_enabled enabled = { 0 };
	struct cgroupfs_made made;
	int r = rootfd < 0 ? rootfd : make(rootfd, p, owner, &made);

	if (r < 0)
		return err_set(e, -r, "make the cgroup %s%s", p->root, p->path);
	if (prepare_directory(rootfd, p, &made, &enabled, e) < 0) {
		close(made.dirfd);
		if (!made.was_there) /* ignored: the first error is what matters */
			(void)cgroupfs_remove(rootfd, p->path, UNDO_MS);
		cgroup_take_back(p, &enabled);
		return -e->code;
	}
	/* Last: from here on undo and `delete` take it back. */
	if (made.was_there)
		cgroup_leave_mark(made.dirfd, owner, given_word);
	*ret = (struct cgroup_created){ made.dirfd, made.inode, made.was_there, enabled };
	return 0;
}

static int write_one(const struct cgroup_plan *p, const struct cgroup_write *w, int dirfd,
		     struct err *e)
{
	int r = cgroupfs_write(dirfd, w->file, w->value);

	if (r == -ENOENT && w->alt_file)
		r = cgroupfs_write(dirfd, w->alt_file, w->alt_value);
	if (r == 0 || (r == -ENOENT && w->optional))
		return 0;
	err_set(e, -r, "write %s to %s of the cgroup %s", w->value, w->file, p->path);
	err_at(e, w->pointer);
	return r == -ENOENT ? err_hint(e, "this kernel has no such cgroup file") : -e->code;
}

int cgroup_attach_devices(const struct cgroup_plan *p, int dirfd, struct err *e)
{
	_cleanup_fd_ int prog = bpf_device_load(&p->devices);
	int r = prog < 0 ? prog : bpf_device_attach(dirfd, prog);

	/* An ordinary user cannot load it, and cannot make device nodes either. */
	if (r == 0 || (p->rootless && (r == -EPERM || r == -EACCES)))
		return 0;
	err_set(e, -r, "%s the device program of the cgroup %s", prog < 0 ? "load" : "attach",
		p->path);
	return err_at(e, "/linux/resources/devices");
}

static int write_limits(const struct cgroup_plan *p, bool late, int dirfd, struct err *e)
{
	for (const struct cgroup_write *w = p->writes; w; w = w->next)
		if (cgroup_is_late(w) == late && write_one(p, w, dirfd, e) < 0)
			return -e->code;
	return 0;
}

int cgroup_apply_late(const struct cgroup_plan *p, int dirfd, struct err *e)
{
	return write_limits(p, true, dirfd, e);
}

int cgroup_apply(const struct cgroup_plan *p, int dirfd, struct err *e)
{
	return write_limits(p, false, dirfd, e);
}

bool cgroup_is_of_unit(const struct cgroup_write *w)
{
	static const char *const files[] = { "cpu.max.burst", "cpu.weight.nice", "cpu.uclamp.min",
					     "io.latency",    "dmem.min",        "dmem.low" };

	for (size_t i = 0; i < ARRAY_SIZE(files); i++)
		if (strcmp(w->file, files[i]) == 0)
			return true;
	/* Without a quota systemd writes the usual period. */
	if (strcmp(w->file, "cpu.max") == 0)
		return !w->has_usual_period && strncmp(w->value, "max ", 4) == 0;
	/* Of a device: systemd has what is the default of all of them. */
	return strncmp(w->file, "io.", 3) == 0 && ends_in(w->file, "weight") &&
	       strchr(w->value, ':');
}

int cgroup_apply_unit(const struct cgroup_plan *p, int unitfd, struct err *e)
{
	for (const struct cgroup_write *w = p->writes; w; w = w->next)
		if (cgroup_is_of_unit(w) && write_one(p, w, unitfd, e) < 0)
			return -e->code;
	return 0;
}

static int open_at(int rootfd, const char *path, const struct cgroup_ref *ref)
{
	int dirfd = cgroupfs_open(rootfd, path);

	if (dirfd >= 0 && !cgroup_is_meant(dirfd, ref)) {
		close(dirfd);
		return -EREMCHG;
	}
	return dirfd;
}

/* Where its path leads; or where else it is: a create in another cgroup namespace had another path
 * for it. */
static int open_ref(int rootfd, const struct cgroup_ref *ref, char ret_path[static PATH_MAX])
{
	int dirfd = open_at(rootfd, ref->path, ref);

	fmt(ret_path, PATH_MAX, "%s", ref->path);
	if ((dirfd != -ENOENT && dirfd != -EREMCHG) || !ref->inode)
		return dirfd;
	if (cgroupfs_find(rootfd, ref->inode, ret_path) == 0)
		return open_at(rootfd, ret_path, ref);
	fmt(ret_path, PATH_MAX, "%s", ref->path);
	return dirfd;
}

int cgroup_find_ref(const struct cgroup_ref *ref, char ret_path[static PATH_MAX])
{
	_cleanup_fd_ int rootfd =
		ref->root ? cgroupfs_open_root_at(ref->root) : cgroupfs_open_root(NULL);
	int dirfd = rootfd < 0 ? rootfd : open_ref(rootfd, ref, ret_path);

	return dirfd == -EREMCHG ? -ENOENT : dirfd;
}

int cgroup_open_ref_in(int rootfd, const struct cgroup_ref *ref)
{
	char path[PATH_MAX];
	int dirfd = open_ref(rootfd, ref, path);

	return dirfd == -EREMCHG ? -ENOENT : dirfd;
}

int cgroup_open_ref(const struct cgroup_ref *ref)
{
	char path[PATH_MAX];

	return cgroup_find_ref(ref, path);
}

/* A create that was killed had no time to use a cgroup of others: whatever lives in it is theirs,
 * or ends by itself (C16). */
static int release(int dirfd, unsigned ms)
{
	(void)cgroupfs_wait_event(dirfd, "populated", false, ms < UNDO_MS ? ms : UNDO_MS);
	return give_back(dirfd);
}

/* The mark knows better than a journal that was written before the directory was made. */
static bool was_given(int dirfd, const struct cgroup_ref *ref, bool *ret_is_marked)
{
	char mark[CGROUP_MARK_SIZE];

	*ret_is_marked = cgroup_read_mark(dirfd, mark);
	return ref->was_there || (*ret_is_marked && ends_in(mark, given_word));
}

void cgroup_kill(const struct cgroup_ref *ref)
{
	_cleanup_fd_ int dirfd = cgroup_open_ref(ref);
	bool is_marked;

	if (dirfd >= 0 && !(was_given(dirfd, ref, &is_marked) && ref->is_unfinished))
		(void)cgroupfs_kill(dirfd);
}

/* 1: to be removed as well. */
static int destroy_content(int dirfd, const struct cgroup_ref *ref, unsigned *ms)
{
	bool is_marked, was_there = was_given(dirfd, ref, &is_marked);
	int r;

	if (was_there && ref->is_unfinished)
		return is_marked ? release(dirfd, *ms) : 0;
	r = cgroup_empty(dirfd, ms);
	if (r < 0)
		return r;
	return was_there ? give_back(dirfd) : 1;
}

static int destroy(const struct cgroup_ref *ref, unsigned deadline_ms, struct err *e)
{
	const char *root = ref->root;
	_cleanup_fd_ int rootfd = root ? cgroupfs_open_root_at(root) : cgroupfs_open_root(&root);
	char path[PATH_MAX] = "";
	_cleanup_fd_ int dirfd = rootfd < 0 ? rootfd : open_ref(rootfd, ref, path);
	unsigned ms = deadline_ms;
	int r = dirfd < 0 ? dirfd : destroy_content(dirfd, ref, &ms);

	/* Missing: the parents that we made may still be there. */
	if (r == 1 || (r == -ENOENT && rootfd >= 0 && !ref->was_there))
		r = cgroupfs_remove(rootfd, path, ms);
	if (r == 0 || r == -ENOENT || r == -EREMCHG)
		return 0;
	return cgroup_refuse_end(root, path, r, e);
}

int cgroup_destroy(const struct cgroup_ref *ref, unsigned deadline_ms, struct err *e)
{
	return ref->unit.name ? cgroup_destroy_unit(ref, deadline_ms, e)
			      : destroy(ref, deadline_ms, e);
}
