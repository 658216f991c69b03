/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * linux.netDevices: devices of the host that are moved into the container's network namespace with
 * their lasting addresses, and set up there (config-linux.md#network-devices). All of it is HOST's
 * work, by a socket in either namespace. When the container is deleted they are left to the kernel;
 * when its creation fails they come back as they were.
 */
#ifndef DAVIT_SETUP_NET_DEVICES_H
#define DAVIT_SETUP_NET_DEVICES_H

#include "base/arena.h"
#include "base/describe.h"
#include "base/err.h"
#include "kernel/netlink.h"
#include "oci-spec/config.h"

struct net_device_op {
	const char *host_name, *name; /* name: inside; may end in "%d" */
	const char *pointer;
	/* From net_devices_move() on. */
	struct netlink_link host;    /* as it was */
	struct netlink_config saved; /* addresses and routes as they were */
	unsigned index;              /* inside; 0: not there */
};

struct net_devices {
	struct net_device_op *items;
	size_t count;
	int host_sock, sock; /* in the runtime's namespace, and in the container's */
	int host_ns, ns;
};

int net_devices_prepare(struct arena *a, const struct oci_config *config, bool is_rootless,
			struct net_devices *ret, struct err *e);

/* @ns: the container's network namespace, or a pidfd of a process in it. What has been moved stays
 * there on failure: net_devices_return() is right in any case. */
int net_devices_move(struct arena *a, struct net_devices *d, int ns, struct err *e);

/* Back to where they were, each as far as it goes; each failure is told. */
void net_devices_return(struct net_devices *d, void (*warn)(void *arg, const struct err *failure),
			void *arg);
/* The container's namespace lives as long as this is open. */
void net_devices_close(struct net_devices *d);

void net_devices_describe(const struct net_devices *d, const struct describe *to);

#endif
