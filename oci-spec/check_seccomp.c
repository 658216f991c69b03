/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Check of linux.seccomp. Words are the tables' (unknown ones are refused there), but for the names
 * of system calls, which are the filter compiler's.
 */
#include <string.h>

#include "check.h"

enum {
	ARG_INDEX_MAX = 5,
	ERRNO_MAX = 4094,  /* libseccomp's; the kernel would cap silently above its 4095 */
	TRACE_MAX = 0xffff /* SECCOMP_RET_DATA has 16 bits */
};

static const char notify[] = "SCMP_ACT_NOTIFY";

static void check_errno(struct check *k, const char *pointer, const char *action,
			const uint32_t *errno_ret)
{
	bool is_errno = !strcmp(action, "SCMP_ACT_ERRNO");
	unsigned most = is_errno ? ERRNO_MAX : TRACE_MAX;

	if (!errno_ret)
		return;
	if (!is_errno && strcmp(action, "SCMP_ACT_TRACE") != 0)
		check_fail(k, pointer, "%s takes no errno", action);
	else if (*errno_ret > most)
		check_fail(k, pointer, "%u is above %s's maximum %u", *errno_ret, action, most);
}

/* runc's first process writes to its parent when the filter is in force already, and would wait for
 * an agent that has not been given the listener yet. davit's gate (kernel/seccomp.h) has no such
 * limit, but no profile and no agent is made for more than runc takes. */
static void check_name(struct check *k, const char *pointer, const char *action, const char *name)
{
	if (!*name)
		check_fail(k, pointer, "empty");
	else if (!strcmp(action, notify) && !strcmp(name, "write"))
		check_fail(k, pointer, "%s cannot be used for the write syscall", notify);
}

static void check_syscall(struct check *k, size_t at, const struct oci_seccomp_syscall *s)
{
	check_errno(k, POINTER("/linux/seccomp/syscalls/%zu/errnoRet", at), s->action,
		    s->errno_ret);
	for (size_t i = 0; i < s->names.count; i++)
		check_name(k, POINTER("/linux/seccomp/syscalls/%zu/names/%zu", at, i), s->action,
			   s->names.items[i]);
	for (size_t i = 0; i < s->args.count; i++)
		if (s->args.items[i].index > ARG_INDEX_MAX)
			check_fail(k, POINTER("/linux/seccomp/syscalls/%zu/args/%zu/index", at, i),
				   "a system call has arguments 0 to %d", ARG_INDEX_MAX);
}

void check_seccomp(struct check *k, const struct oci_config *c)
{
	const struct oci_seccomp *s = c->linux_config ? c->linux_config->seccomp : NULL;

	if (!s)
		return;
	check_errno(k, "/linux/seccomp/defaultErrnoRet", s->default_action, s->default_errno_ret);
	if (s->listener_path && *s->listener_path != '/')
		check_fail(k, "/linux/seccomp/listenerPath",
			   "the receiver of the seccomp listener, %s, is not an absolute path",
			   s->listener_path);
	if (s->listener_metadata && !s->listener_path)
		check_fail(k, "/linux/seccomp/listenerMetadata", "there is no listenerPath");
	for (size_t i = 0; i < s->syscalls.count; i++)
		check_syscall(k, i, &s->syscalls.items[i]);
}
