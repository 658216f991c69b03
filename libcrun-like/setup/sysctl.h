/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * linux.sysctl: kernel parameters of the container's namespaces. This file turns keys into paths
 * and writes them; whether a key belongs to a namespace that the container has for itself is the
 * validation's question.
 */
#ifndef DAVIT_SETUP_SYSCTL_H
#define DAVIT_SETUP_SYSCTL_H

#include "base/arena.h"
#include "base/describe.h"
#include "base/err.h"
#include "oci-spec/config.h"
#include "setup/namespaces.h"

struct sysctl_item {
	const char *key, *value;
	const char *path;    /* below a procfs: "sys/net/ipv4/ip_forward" */
	const char *pointer; /* "/linux/sysctl/net.ipv4.ip_forward" */
};

struct sysctls {
	struct sysctl_item *items;
	size_t count;
};

int sysctl_prepare(struct arena *a, const struct oci_config *config, struct sysctls *ret,
		   struct err *e);

/* INIT, in the container's namespaces. @procfd: procfs_open_private(true). */
/* Refuses what would change the host, because the namespace that is joined is the runtime's own
 * (R37); after namespaces_open(). */
int sysctl_check_joined(const struct sysctls *sysctls, const struct namespaces *ns, struct err *e);

int sysctl_apply(const struct sysctls *sysctls, int procfd, struct err *e);

void sysctl_describe(const struct sysctls *sysctls, const struct describe *d);

#endif
