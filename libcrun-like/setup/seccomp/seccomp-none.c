/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * seccomp_compile.h for a build without libseccomp: a profile is refused, never ignored. Raw
 * programs need no compiler.
 */
#include "setup/seccomp/seccomp_compile.h"

void seccomp_compiler_of(struct seccomp_compiler *ret)
{
	*ret = (struct seccomp_compiler){ 0 };
}

int seccomp_compile(struct arena *a, const struct seccomp_source *s, struct seccomp_filter *ret,
		    struct err *e)
{
	(void)a;
	(void)s;
	(void)ret;
	err_kind(e, ERR_UNSUPPORTED, ENOTSUP, "linux.seccomp in a build without seccomp");
	return err_at(e, "/linux/seccomp");
}

const char *seccomp_built_version(void)
{
	return "";
}

const char *seccomp_action_name(size_t i)
{
	(void)i;
	return NULL;
}

const char *seccomp_operator_name(size_t i)
{
	(void)i;
	return NULL;
}

bool seccomp_has_arch(const char *name)
{
	(void)name;
	return false;
}
