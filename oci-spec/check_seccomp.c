/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Check of linux.seccomp. Words are the tables' (unknown ones are refused there), but for the names
 * of system calls, which are the filter compiler's.
 */
#include <string.h>

#include "check.h"

enum {
	ARG_INDEX_MAX = 5,
	ERRNO_RET_MAX = 65535 /* SECCOMP_RET_DATA has 16 bits */
};

static const char *errno_fault(const char *action, const uint32_t *errno_ret)
{
	static const char *const with_errno[] = { "SCMP_ACT_ERRNO", "SCMP_ACT_TRACE", NULL };

	if (!errno_ret)
		return NULL;
	if (!check_is_one_of(action, with_errno))
		return "the action returns no errno";
	return *errno_ret > ERRNO_RET_MAX ? "more than 65535" : NULL;
}

static void check_syscall(struct check *k, size_t at, const struct oci_seccomp_syscall *s)
{
	const char *fault = errno_fault(s->action, s->errno_ret);

	if (fault)
		check_fail(k, POINTER("/linux/seccomp/syscalls/%zu/errnoRet", at), "%s", fault);
	for (size_t i = 0; i < s->names.count; i++)
		if (!*s->names.items[i])
			check_fail(k, POINTER("/linux/seccomp/syscalls/%zu/names/%zu", at, i),
				   "empty");
	for (size_t i = 0; i < s->args.count; i++)
		if (s->args.items[i].index > ARG_INDEX_MAX)
			check_fail(k, POINTER("/linux/seccomp/syscalls/%zu/args/%zu/index", at, i),
				   "a system call has arguments 0 to %d", ARG_INDEX_MAX);
}

void check_seccomp(struct check *k, const struct oci_config *c)
{
	const struct oci_seccomp *s = c->linux_config ? c->linux_config->seccomp : NULL;
	const char *fault = s ? errno_fault(s->default_action, s->default_errno_ret) : NULL;

	if (!s)
		return;
	if (fault)
		check_fail(k, "/linux/seccomp/defaultErrnoRet", "%s", fault);
	if (s->listener_metadata && !s->listener_path)
		check_fail(k, "/linux/seccomp/listenerMetadata", "there is no listenerPath");
	for (size_t i = 0; i < s->syscalls.count; i++)
		check_syscall(k, i, &s->syscalls.items[i]);
}
