/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * linux.resources for a container that exists: what is given changes, everything else stays. The
 * texts of the files come from the same tables as at create (cgroup_knobs.h). What makes an update
 * different: values that need their other half from the cgroup (quota and period, swap and memory),
 * 0 that means "as it is", and old and new values that the kernel does not take in any order.
 */
#ifndef DAVIT_SETUP_RESOURCES_CGROUP_UPDATE_H
#define DAVIT_SETUP_RESOURCES_CGROUP_UPDATE_H

#include "setup/resources/cgroup.h"

/* cgroupfs_write(), or what stands for it in a test. */
typedef int cgroup_write_fn(int dirfd, const char *file, const char *text);

/*
 * Writes all of them or, as far as the old values can be written again, none. A value that the
 * kernel refuses as invalid is tried again when the others are written: cpu.max refuses a quota
 * below the burst that stands, cpu.weight anything while cpu.idle stands.
 */
int cgroup_update_write(const struct cgroup_write *writes, int dirfd, cgroup_write_fn *write,
			struct err *e);

/* @given with what is missing taken from the files of @dirfd (-1: there is no cgroup). */
int cgroup_update_complete(struct arena *a, const struct oci_resources *given, int dirfd,
			   const struct cgroup_context *ctx, struct oci_resources *ret,
			   struct err *e);

/* @ref NULL: the container has no cgroup, and nothing but values that ask for nothing pass.
 * Pointers in errors begin at the resources object. */
int cgroup_update(struct arena *a, const struct cgroup_ref *ref, const struct oci_resources *given,
		  const struct cgroup_context *ctx, struct err *e);

#endif
