/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * seccomp.h for a build without libseccomp: a profile is refused, never ignored.
 */
#include "seccomp.h"

int seccomp_prepare(struct arena *a, const struct oci_seccomp *config, int cache_fd,
		    struct seccomp_filter *ret, struct err *e)
{
	(void)a;
	(void)cache_fd;
	if (config) {
		err_kind(e, ERR_UNSUPPORTED, ENOTSUP, "linux.seccomp in a build without seccomp");
		return err_at(e, "/linux/seccomp");
	}
	*ret = (struct seccomp_filter){ 0 };
	return 0;
}

const char *seccomp_built_version(void)
{
	return "";
}

const char *seccomp_action_name(size_t i)
{
	return NULL;
}

const char *seccomp_operator_name(size_t i)
{
	return NULL;
}

const char *seccomp_flag_name(size_t i)
{
	return NULL;
}

const char *seccomp_supported_flag_name(size_t i)
{
	return NULL;
}

bool seccomp_has_arch(const char *name)
{
	return false;
}
