/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * See credentials.h. The order of credentials_apply() and why:
 *
 *   umask
 *   bounding set     wants CAP_SETPCAP, which the new user has no more
 *   keep caps        so that the permitted set survives the change of user
 *   groups, gid      want CAP_SETGID, so before the user
 *   uid
 *   capabilities     exactly the listed ones (C11), the ambient set after the two that it needs
 *   no_new_privs
 *
 * credentials_seal() is the last thing before execve(2), so that a profile must allow next to
 * nothing on our behalf: the filter. Without no_new_privs loading it wants CAP_SYS_ADMIN, which
 * is kept until then where it is not listed, and capset(2) is the one call that follows.
 */
#include "setup/process/credentials.h"

#include <linux/capability.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include "base/fmt.h"
#include "kernel/execve.h"
#include "kernel/procfs.h"

static const uint64_t ADMIN = UINT64_C(1) << CAP_SYS_ADMIN;

/* Besides the group that the process has anyway: Podman lists that one, too. */
static bool asks_for_groups(const struct credentials *c)
{
	for (size_t i = 0; i < c->group_count; i++)
		if (c->groups[i] != c->gid)
			return true;
	return false;
}

static int apply_groups(const struct credentials *c, struct err *e)
{
	int r = c->keep_groups ? 0 : execve_set_groups(c->groups, c->group_count);

	/* An unprivileged user namespace has setgroups(2) denied for good: nothing can be dropped,
	 * and nothing was asked for. */
	if (r == -EPERM && c->is_rootless && !asks_for_groups(c))
		return 0;
	if (r < 0) {
		err_set(e, -r, "set %zu additional groups", c->group_count);
		if (r == -EPERM && c->is_rootless)
			err_hint(e, "a rootless container has no additional groups unless gids are "
				    "mapped by newgidmap");
	}
	return r;
}

static int apply_ids(const struct credentials *c, struct err *e)
{
	int r = caps_keep_over_setuid();

	if (r < 0)
		return err_set(e, -r, "keep capabilities over the change of user");
	if (apply_groups(c, e) < 0)
		return -e->code;
	r = execve_set_gid(c->gid);
	if (r < 0)
		return err_set(e, -r, "set gid %u", c->gid);
	r = execve_set_uid(c->uid);
	if (r < 0)
		return err_set(e, -r, "set uid %u", c->uid);
	return 0;
}

static int apply_bounding(const struct credentials *c, struct err *e)
{
	struct caps now;
	int r = 0;

	/* An inheritable capability outside the bounding set can be gained only while it is still
	 * inside; it stays when it leaves. */
	if (c->caps.inheritable & ~c->bounding) {
		r = caps_get(&now);
		now.inheritable = c->caps.inheritable;
		if (r == 0)
			r = caps_set(&now);
		if (r < 0)
			return err_set(e, -r, "set the inheritable capabilities");
	}
	r = caps_limit_bounding(c->bounding);
	return r < 0 ? err_set(e, -r, "limit the bounding set") : 0;
}

static bool loads_by_right(const struct credentials *c, const struct seccomp_filter *filter)
{
	return !c->no_new_privs && filter && filter->count > 0;
}

static int apply_caps(const struct credentials *c, uint64_t also, struct err *e)
{
	struct caps now = { 0 }, caps = c->caps;
	int r = also ? caps_get(&now) : 0;

	caps.permitted |= now.permitted & also;
	caps.effective |= now.permitted & also;
	if (r == 0)
		r = caps_set(&caps);
	if (r < 0)
		return err_set(e, -r, "set the capabilities");
	r = caps_set_ambient(c->ambient);
	return r < 0 ? err_set(e, -r, "set the ambient capabilities") : 0;
}

int credentials_apply(const struct credentials *c, const struct seccomp_filter *filter,
		      struct err *e)
{
	int r;

	if (c->umask)
		umask(*c->umask);
	if (apply_bounding(c, e) < 0 || apply_ids(c, e) < 0 ||
	    apply_caps(c, loads_by_right(c, filter) ? ADMIN : 0, e) < 0)
		return -e->code;
	r = c->no_new_privs ? caps_set_no_new_privs() : 0;
	return r < 0 ? err_set(e, -r, "set no_new_privs") : 0;
}

bool credentials_drop_after_filter(const struct credentials *c)
{
	return !c->no_new_privs && !(c->caps.effective & c->caps.permitted & ADMIN);
}

int credentials_seal(const struct credentials *c, const struct seccomp_filter *filter,
		     struct err *e)
{
	int r;

	if (filter && filter->count && seccomp_apply(filter, e) < 0)
		return -e->code;
	if (!loads_by_right(c, filter) || !credentials_drop_after_filter(c))
		return 0;
	r = caps_set(&c->caps);
	return r < 0 ? err_set(e, -r, "drop CAP_SYS_ADMIN after the seccomp filter") : 0;
}

static int fail_limit(const struct credentials_limit *l, int code, struct err *e)
{
	err_set(e, code, "set %s to %llu:%llu", l->type, (unsigned long long)l->soft,
		(unsigned long long)l->hard);
	if (code == EPERM)
		err_hint(e, "above the caller's own hard limit, and without CAP_SYS_RESOURCE");
	return -e->code;
}

int credentials_raise_limits(const struct credentials *c, pid_t pid, struct err *e)
{
	for (size_t i = 0; i < c->limit_count; i++) {
		const struct credentials_limit *l = &c->limits[i];
		struct rlimit limit;

		if (prlimit(pid, l->resource, NULL, &limit) < 0)
			return fail_limit(l, errno, e);
		if (limit.rlim_max >= (rlim_t)l->hard)
			continue;
		limit.rlim_max = (rlim_t)l->hard;
		if (prlimit(pid, l->resource, &limit, NULL) < 0)
			return fail_limit(l, errno, e);
	}
	return 0;
}

int credentials_apply_limits(const struct credentials *c, struct err *e)
{
	for (size_t i = 0; i < c->limit_count; i++) {
		const struct credentials_limit *l = &c->limits[i];
		struct rlimit limit = { .rlim_cur = (rlim_t)l->soft, .rlim_max = (rlim_t)l->hard };

		if (setrlimit(l->resource, &limit) < 0)
			return fail_limit(l, errno, e);
	}
	return 0;
}

int credentials_write_oom(const struct credentials *c, int procfd, pid_t pid, struct err *e)
{
	char text[24];
	int r;

	if (!c->oom_score_adj)
		return 0;
	fmt(text, sizeof(text), "%lld", (long long)*c->oom_score_adj);
	r = procfs_write_pid_file(procfd, pid, "oom_score_adj", text);
	if (r == 0)
		return 0;
	err_set(e, -r, "write %s to oom_score_adj", text);
	if (r == -EACCES)
		err_hint(e, "lowering it wants CAP_SYS_RESOURCE");
	return r;
}
