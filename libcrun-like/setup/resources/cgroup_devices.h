/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * linux.resources.devices as a device program. The rules are taken in their order; behind them
 * comes the list that every container gets: mknod of anything, and the use of the default devices.
 * Without any rule the rest is refused: the list is a list of what is allowed, never of what is
 * forbidden.
 */
#ifndef DAVIT_SETUP_RESOURCES_CGROUP_DEVICES_H
#define DAVIT_SETUP_RESOURCES_CGROUP_DEVICES_H

#include "base/arena.h"
#include "base/err.h"
#include "kernel/bpf_device.h"
#include "oci-spec/config.h"

/* ret->insns is NULL when everything is allowed: nothing needs to be attached. */
int cgroup_devices_prepare(struct arena *a, const struct oci_device_rules *rules,
			   struct bpf_device_program *ret, struct err *e);

#endif
