/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * See cgroup_enable.h.
 */
#include "setup/resources/cgroup_enable.h"

#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>

#include "base/fmt.h"
#include "kernel/cgroupfs.h"
#include "kernel/file.h"

enum {
	LIST_SIZE = 512,
	WORDS_MAX = 8 * sizeof(unsigned)
};

/* A parent of the cgroup, while controllers are enabled in it. */
struct parent {
	const struct cgroup_plan *plan;
	struct cgroup_enabled *done;
	char path[PATH_MAX]; /* "" for the root */
	size_t len;
	int dirfd;
	bool has_moved;
};

static const char *list_of(const struct cgroup_plan *p)
{
	return *p->wanted ? p->wanted : p->required;
}

/* The next word of *@list, which is moved behind it; false: none is left. */
static bool next_word(const char **list, const char **ret_word, size_t *ret_len)
{
	*list += strspn(*list, " ");
	*ret_word = *list;
	*ret_len = strcspn(*list, " ");
	*list += *ret_len;
	return *ret_len > 0;
}

static bool lacks(const char *enabled, const char *names)
{
	const char *word;
	size_t len;

	while (next_word(&names, &word, &len))
		if (!cgroupfs_has_word(enabled, word, len))
			return true;
	return false;
}

/* A bit for each word of the plan's list that is in @now and was not in @before. */
static unsigned added(const struct cgroup_plan *p, const char *before, const char *now)
{
	const char *list = list_of(p), *word;
	unsigned bits = 0;
	size_t len;

	for (size_t i = 0; i < WORDS_MAX && next_word(&list, &word, &len); i++)
		if (cgroupfs_has_word(now, word, len) && !cgroupfs_has_word(before, word, len))
			bits |= 1U << i;
	return bits;
}

/* What came meanwhile from others is taken for ours, which only matters where nobody else has a
 * cgroup (take_back_one). */
static unsigned note_change(struct parent *at, const char *before)
{
	char now[LIST_SIZE];
	unsigned bits = file_read(at->dirfd, "cgroup.subtree_control", now, sizeof(now)) < 0
				? 0
				: added(at->plan, before, now);

	if ((bits || at->has_moved) && at->done->count < ARRAY_SIZE(at->done->in)) {
		size_t n = at->done->count++;

		at->done->in[n].len = (unsigned short)at->len;
		at->done->in[n].has_moved = at->has_moved;
		at->done->in[n].controllers = bits;
	}
	return bits;
}

static void disable(int dirfd, const struct cgroup_plan *p, unsigned bits)
{
	const char *list = list_of(p), *word;
	char name[32];
	size_t len;

	for (size_t i = 0; i < WORDS_MAX && next_word(&list, &word, &len); i++) {
		if (!(bits & 1U << i) || len >= sizeof(name))
			continue;
		memcpy(name, word, len);
		name[len] = '\0';
		(void)cgroupfs_disable(dirfd, name); /* somebody needs it below by now */
	}
}

static const char *shown(const struct parent *at)
{
	return at->len ? at->path : "/";
}

static int refuse_busy(const struct parent *at, const char *controller, struct err *e)
{
	err_kind(e, ERR_CGROUP, EBUSY,
		 "the %s controller cannot be enabled below the cgroup %s%s: it has processes of "
		 "its own",
		 controller, at->plan->root, shown(at));
	return err_hint(e, "a cgroup (v2) has processes or controlled children, not both; let "
			   "linux.cgroupsPath lead below one without processes");
}

static int refuse(const struct parent *at, const char *controller, int r, struct err *e)
{
	err_kind(e, ERR_CGROUP, -r, "the %s controller cannot be enabled below the cgroup %s%s",
		 controller, at->plan->root, shown(at));
	if (r == -EOPNOTSUPP)
		return err_hint(e, "that cgroup is threaded (cgroup.type), which leaves cpu, "
				   "cpuset and pids");
	if (r == -EACCES || r == -EPERM)
		return err_hint(e, "its cgroup.subtree_control is not delegated to this user");
	return err_hint(e, "%s", errno_words(-r));
}

/* The first word of @names that is not enabled. */
static void first_missing(const char *enabled, const char *names, char ret[static 32])
{
	const char *word;
	size_t len;

	ret[0] = '\0';
	while (!*ret && next_word(&names, &word, &len))
		if (!cgroupfs_has_word(enabled, word, len))
			fmt(ret, 32, "%.*s", (int)len, word);
}

/*
 * The caller's own cgroup, and given to it to be arranged: marked as delegated, the root of a
 * cgroup namespace, or the user's while what is above is not.
 */
static bool is_callers(const struct parent *at)
{
	char own[PATH_MAX];

	if (cgroupfs_get_own_path(own, sizeof(own)) < 0 || strcmp(own, shown(at)) != 0)
		return false;
	return at->len == 0 || cgroupfs_is_delegated(at->dirfd) ||
	       (faccessat(at->dirfd, ".", W_OK, AT_EACCESS) == 0 &&
		faccessat(at->dirfd, "../cgroup.procs", W_OK, AT_EACCESS) < 0);
}

static int move_callers(struct parent *at)
{
	bool is_new = mkdirat(at->dirfd, CGROUP_CALLERS, 0755) == 0;
	_cleanup_fd_ int fd = cgroupfs_open(at->dirfd, CGROUP_CALLERS);

	at->has_moved = is_new && fd >= 0;
	return fd < 0 ? fd : cgroupfs_move_all(at->dirfd, fd);
}

/* @enabled: what is so far. 1: nothing is to be enabled here. */
static int make_room(struct parent *at, const char *enabled, struct err *e)
{
	int room = cgroupfs_get_room(at->dirfd);
	char controller[32];

	if (room < 0)
		return err_set(e, -room, "read cgroup.type of %s%s", at->plan->root, shown(at));
	if (room != CGROUPFS_BUSY)
		return 0;
	if (!lacks(enabled, at->plan->required))
		return 1;
	if (is_callers(at) && move_callers(at) == 0)
		return 0;
	(void)note_change(at, enabled); /* some may have been moved */
	first_missing(enabled, at->plan->required, controller);
	return refuse_busy(at, controller, e);
}

static int enable_here(struct parent *at, const char *before, struct err *e)
{
	int room = cgroupfs_get_room(at->dirfd);
	char at_fault[32];
	unsigned bits;
	int r = cgroupfs_enable(at->dirfd, at->plan->required, at_fault);

	if (r == 0) {
		char ignored[32]; /* without those only figures are missing */

		(void)cgroupfs_enable(at->dirfd, at->plan->wanted, ignored);
	}
	bits = note_change(at, before);
	/* Processes have come since it was looked at: no harm is done to them. */
	if (room == CGROUPFS_ROOM && cgroupfs_get_room(at->dirfd) == CGROUPFS_THREADED) {
		disable(at->dirfd, at->plan, bits);
		first_missing(before, at->plan->required, at_fault);
		r = *at_fault ? -EBUSY : 0;
	}
	return r == 0 ? 0 : r == -EBUSY ? refuse_busy(at, at_fault, e) : refuse(at, at_fault, r, e);
}

static int enable_in(struct parent *at, struct err *e)
{
	char enabled[LIST_SIZE];
	int r = at->dirfd < 0
			? at->dirfd
			: file_read(at->dirfd, "cgroup.subtree_control", enabled, sizeof(enabled));

	if (r < 0)
		return err_set(e, -r, "open the cgroup %s%s", at->plan->root, shown(at));
	if (!lacks(enabled, at->plan->required) && !lacks(enabled, at->plan->wanted))
		return 0;
	r = make_room(at, enabled, e);
	return r == 0 ? enable_here(at, enabled, e) : r < 0 ? r : 0;
}

/* From the root down: a parent can only pass on what it was given itself. */
int cgroup_enable_in_parents(int rootfd, const struct cgroup_plan *p, struct cgroup_enabled *done,
			     struct err *e)
{
	for (size_t len = 0; p->path[len] && (*p->required || *p->wanted); len++) {
		struct parent at = { .plan = p, .done = done, .len = len };

		if (p->path[len] != '/' || len >= sizeof(at.path))
			continue;
		memcpy(at.path, p->path, len);
		at.path[len] = '\0';
		at.dirfd = cgroupfs_open(rootfd, at.path);
		(void)enable_in(&at, e); /* in e */
		close_fdp(&at.dirfd);
		if (e->code)
			return -e->code;
	}
	return 0;
}

int cgroup_enable_controllers(const struct cgroup_plan *p, struct cgroup_enabled *ret,
			      struct err *e)
{
	_cleanup_fd_ int rootfd = cgroupfs_open_root_at(p->root);

	if (rootfd < 0)
		return err_set(e, -rootfd, "open the cgroup hierarchy %s", p->root);
	if (cgroup_enable_in_parents(rootfd, p, ret, e) < 0)
		cgroup_take_back(p, ret);
	return -e->code;
}

/* Not where there are cgroups of others: they may rely on the controllers by now, and would lose
 * their limits without a word. */
static void take_back_one(int rootfd, const struct cgroup_plan *p, size_t len, unsigned bits,
			  bool has_moved)
{
	const char *name = p->path + len + 1;
	char path[PATH_MAX], below[NAME_MAX + 1];
	_cleanup_fd_ int dirfd = -1, callers = -1;

	fmt(path, sizeof(path), "%.*s", (int)len, p->path);
	fmt(below, sizeof(below), "%.*s", (int)strcspn(name, "/"), name);
	dirfd = cgroupfs_open(rootfd, path);
	if (dirfd < 0 || cgroupfs_has_others(dirfd, below, CGROUP_CALLERS))
		return;
	disable(dirfd, p, bits);
	callers = has_moved ? cgroupfs_open(dirfd, CGROUP_CALLERS) : -1;
	if (callers >= 0 && cgroupfs_move_all(callers, dirfd) == 0)
		(void)unlinkat(dirfd, CGROUP_CALLERS, AT_REMOVEDIR);
}

void cgroup_take_back(const struct cgroup_plan *p, const struct cgroup_enabled *enabled)
{
	_cleanup_fd_ int rootfd = enabled->count ? cgroupfs_open_root_at(p->root) : -1;

	for (size_t i = enabled->count; rootfd >= 0 && i-- > 0;)
		take_back_one(rootfd, p, enabled->in[i].len, enabled->in[i].controllers,
			      enabled->in[i].has_moved);
}
