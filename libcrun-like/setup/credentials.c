/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * See credentials.h. The order of credentials_apply() and why:
 *
 *   umask
 *   bounding set     wants CAP_SETPCAP, which the new user has no more
 *   keep caps        so that the permitted set survives the change of user
 *   groups, gid      want CAP_SETGID, so before the user
 *   uid
 *   seccomp          only without no_new_privs: wants CAP_SYS_ADMIN, which the next step takes.
 * runc loads it before the bounding set; here a profile need not allow the steps above capabilities
 * exactly the listed ones (C11), the ambient set after the two that it needs no_new_privs
 *
 * With no_new_privs the filter needs no capability, so it comes last of all, in program_exec()
 * right before execve(2): as runc does, and a profile must then allow nothing on our behalf.
 * Without, it must allow capset, prctl, chdir, getcwd, rt_sigaction, rt_sigprocmask, close_range
 * and what reports an error.
 */
#include "credentials.h"

#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include "base/fmt.h"
#include "kernel/exec.h"
#include "kernel/procfs.h"

static int apply_groups(const struct credentials *c, struct err *e)
{
	int r = c->keep_groups ? 0 : exec_set_groups(c->groups, c->group_count);

	/* An unprivileged user namespace has setgroups(2) denied for good: nothing can be dropped,
	 * and nothing was asked for. */
	if (r == -EPERM && c->is_rootless && c->group_count == 0)
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
	r = apply_groups(c, e);
	if (r < 0)
		return r;
	r = exec_set_gid(c->gid);
	if (r < 0)
		return err_set(e, -r, "set gid %u", c->gid);
	r = exec_set_uid(c->uid);
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

/* The change to an ordinary user has emptied the effective set, and the filter wants CAP_SYS_ADMIN.
 */
static int load_early(const struct credentials *c, const struct seccomp_filter *filter,
		      struct err *e)
{
	struct caps now;
	int r;

	if (c->no_new_privs || !filter || filter->count == 0)
		return 0;
	r = caps_get(&now);
	if (r == 0 && now.effective != now.permitted) {
		now.effective = now.permitted;
		r = caps_set(&now);
	}
	if (r < 0)
		return err_set(e, -r, "regain capabilities for the seccomp filter");
	return seccomp_apply(filter, e);
}

static int apply_caps(const struct credentials *c, struct err *e)
{
	int r = caps_set(&c->caps);

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
	r = apply_bounding(c, e);
	if (r == 0)
		r = apply_ids(c, e);
	if (r == 0)
		r = load_early(c, filter, e);
	if (r == 0)
		r = apply_caps(c, e);
	if (r == 0 && c->no_new_privs) {
		r = caps_set_no_new_privs();
		if (r < 0)
			return err_set(e, -r, "set no_new_privs");
	}
	return r;
}

const struct seccomp_filter *credentials_late_filter(const struct credentials *c,
						     const struct seccomp_filter *filter)
{
	return c->no_new_privs ? filter : NULL;
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
