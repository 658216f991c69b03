/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * See cgroup_mine.h.
 */
#include "setup/resources/cgroup_mine.h"

#include <string.h>

#include "base/clock.h"
#include "base/fmt.h"
#include "kernel/cgroupfs.h"

bool cgroup_read_mark(int dirfd, char mark[static CGROUP_MARK_SIZE])
{
	return cgroupfs_get_owner(dirfd, mark, CGROUP_MARK_SIZE) == 0;
}

/* Ignored: where marks are not to be had, the inode must do. */
void cgroup_leave_mark(int dirfd, const char *owner, const char *word)
{
	char mark[CGROUP_MARK_SIZE];

	fmt(mark, sizeof(mark), "%s%s", owner, word);
	(void)cgroupfs_set_owner(dirfd, mark);
}

/* Spec 1.1: the runtime may refuse a cgroup that does not fit. One that was made a moment ago is
 * looked at too: below a frozen parent the container would never start. */
int cgroup_check_fit(const char *root, const char *path, int dirfd, bool is_new, struct err *e)
{
	int populated = is_new ? 0 : cgroupfs_get_event(dirfd, "populated");

	if (populated < 0)
		return err_set(e, -populated, "read cgroup.events of %s%s", root, path);
	if (populated)
		return err_kind(e, ERR_CGROUP, EBUSY, "container's cgroup is not empty: %s%s", root,
				path);
	if (cgroupfs_get_event(dirfd, "frozen") > 0)
		return err_kind(e, ERR_CGROUP, EBUSY,
				"container's cgroup unexpectedly frozen: %s%s", root, path);
	return 0;
}

/* Kills and waits; the rest of the deadline goes to *ms. */
int cgroup_empty(int dirfd, unsigned *ms)
{
	int64_t begin, took;
	int r = cgroupfs_get_event(dirfd, "populated");

	if (r <= 0)
		return r;
	r = cgroupfs_kill(dirfd);
	if (r < 0)
		return r;
	begin = clock_msec();
	r = cgroupfs_wait_event(dirfd, "populated", false, *ms);
	took = clock_msec() - begin;
	*ms = took < *ms ? *ms - (unsigned)took : 0;
	return r;
}

int cgroup_refuse_end(const char *root, const char *path, int r, struct err *e)
{
	if (r == -ETIMEDOUT || r == -EBUSY)
		return err_kind(e, ERR_TIMEOUT, ETIMEDOUT,
				"the cgroup %s%s still has processes after SIGKILL", root, path);
	return err_set(e, -r, "remove the cgroup %s%s", root ? root : "", path);
}

/* A damaged state leaves the container's id alone, with which its mark begins. */
static bool is_mark(const char *found, const char *wanted)
{
	size_t len = strlen(wanted);

	return strncmp(found, wanted, len) == 0 &&
	       (found[len] == '\0' || found[len] == ' ' || wanted[len - 1] == ' ');
}

/* Without a mark (the create was killed before it could leave one, or there are no marks here) the
 * inode must be right; without either, only an empty cgroup can be the one. */
bool cgroup_is_meant(int dirfd, const struct cgroup_ref *ref)
{
	char mark[CGROUP_MARK_SIZE];
	uint64_t inode;

	if (cgroup_read_mark(dirfd, mark))
		return is_mark(mark, ref->owner);
	if (ref->inode)
		return cgroupfs_get_inode(dirfd, &inode) == 0 && inode == ref->inode;
	return cgroupfs_get_event(dirfd, "populated") == 0;
}
