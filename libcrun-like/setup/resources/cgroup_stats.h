/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The figures of a cgroup (v2) in the shape that runc's events have (go-runc's Stats): a table
 * says which key of which file is which member. A file, or a key, that is not there leaves its
 * member out, and the object that it belongs to is there all the same, empty; nothing is sampled
 * between two calls.
 */
#ifndef DAVIT_SETUP_RESOURCES_CGROUP_STATS_H
#define DAVIT_SETUP_RESOURCES_CGROUP_STATS_H

#include <sys/types.h>

#include "base/arena.h"
#include "oci-spec/json_paths.h"

/* Adds "data/cpu/...", "data/memory/..." and so on. -ENOMEM, -ENOENT: the cgroup is gone. */
int cgroup_stats_read(struct arena *a, int dirfd, struct json_paths *to);

/* A key of a file of "KEY NUMBER" lines; false: not there, or no number. */
bool cgroup_stats_get_key(int dirfd, const char *file, const char *key, uint64_t *ret);

#endif
