/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * See namespaces_explain.h.
 */
#include "setup/namespaces_explain.h"

#include <linux/capability.h>
#include <sched.h>
#include <string.h>

#include "kernel/caps.h"
#include "kernel/seccomp.h"

static bool has_cap(unsigned cap)
{
	struct caps now;

	return caps_get(&now) == 0 && (now.effective & 1ULL << cap);
}

void namespaces_explain_clone(const struct namespaces *ns, int code, struct err *e)
{
	bool is_user = namespaces_has_new(ns, CLONE_NEWUSER);

	if (code == EAGAIN)
		err_hint(e, "pids.max of its cgroup, or the user's nproc limit, is reached");
	else if (code == ENOSPC)
		err_hint(e, "a limit of namespaces is reached; see sysctl user");
	/* Every kernel that davit runs on has clone3(2): a filter hides it. */
	else if (code == ENOSYS || (code == EPERM && seccomp_has_filter()))
		err_hint(e, "davit itself is under a seccomp filter, which may forbid it; for a "
			    "container around it: --security-opt seccomp=unconfined");
	else if (code == EPERM && is_user)
		err_hint(e, "user namespaces are forbidden here; see sysctl "
			    "kernel.unprivileged_userns_clone and the security module");
	else if (code == EPERM && !has_cap(CAP_SYS_ADMIN))
		err_hint(e, "it wants CAP_SYS_ADMIN, or a user namespace in linux.namespaces");
}

void namespaces_explain_map(const struct idmap_line *lines, size_t count, const char *file,
			    struct err *e)
{
	bool is_uid = strcmp(file, "uid_map") == 0;

	for (size_t i = 0; i < count; i++) {
		uint32_t has = idmap_own_range(file, lines[i].outside);

		if (has >= lines[i].count)
			continue;
		err_hint(e, "davit's own user namespace has no id %u: map what is in /proc/self/%s",
			 lines[i].outside + has, file);
		return;
	}
	if (!has_cap(is_uid ? CAP_SETUID : CAP_SETGID))
		err_hint(e, "davit lacks CAP_SET%s here", is_uid ? "UID" : "GID");
	/* Linux 5.12 */
	else if (is_uid && !has_cap(CAP_SETFCAP))
		err_hint(e, "mapping id 0 wants CAP_SETFCAP");
}
