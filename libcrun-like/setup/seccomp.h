/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * linux.seccomp -> a BPF program, by libseccomp (seccomp.c) or refused (seccomp-none.c, in a build
 * without it). Compiled in HOST, outside the container's cgroup: a small memory limit must not
 * matter. Loading is kernel/seccomp's, its place in the order of things setup/credentials'.
 */
#ifndef DAVIT_SETUP_SECCOMP_H
#define DAVIT_SETUP_SECCOMP_H

#include <linux/filter.h>

#include "base/arena.h"
#include "base/err.h"
#include "oci-spec/config.h"

struct seccomp_filter {
	const struct sock_filter *insns;
	uint16_t count; /* 0: no filter */
	unsigned flags; /* SECCOMP_FLAG_* of kernel/seccomp.h */
	/* The program notifies a listener. Not yet possible: such profiles are refused. */
	bool has_listener;
};

/*
 * @config may be NULL (no filter). @cache_fd: seccomp_cache_open()'s directory, or -1. With a
 * cached program libseccomp is not entered. Touches nothing on the host but that directory.
 */
int seccomp_prepare(struct arena *a, const struct oci_seccomp *config, int cache_fd,
		    struct seccomp_filter *ret, struct err *e);

/* The libseccomp that davit was built for, "2.5.4"; "" without. */
const char *seccomp_built_version(void);

/* The names that profiles may use in this build; NULL after the last. For `features`. */
const char *seccomp_action_name(size_t i);
const char *seccomp_operator_name(size_t i);
const char *seccomp_flag_name(size_t i);
const char *seccomp_supported_flag_name(size_t i);
bool seccomp_has_arch(const char *name);

#endif
