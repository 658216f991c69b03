/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The annotations of config.json that change what davit does, in one table: code that honours one
 * asks for it by its number, so that none can be honoured without being listed in the features
 * document (features.md#potentially-unsafe-annotations). All others are handed on as they are.
 */
#ifndef DAVIT_SETUP_ANNOTATIONS_H
#define DAVIT_SETUP_ANNOTATIONS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "oci-spec/config.h"

enum annotation {
	ANNOTATION_CRIU_CONFIG,     /* a file with options of criu(8) */
	ANNOTATION_KEEP_GROUPS,     /* the caller's groups are the program's */
	ANNOTATION_MOUNT_CONTEXT,   /* the mount option that linux.mountLabel is given by */
	ANNOTATION_DELEGATE_CGROUP, /* a sub-cgroup for the first process */
	ANNOTATION_HOOKS_STDOUT,    /* a file of the host's that hooks write to */
	ANNOTATION_HOOKS_STDERR,
	ANNOTATION_PIDFD_RECEIVER, /* a unix socket that gets a pidfd of the container's process */
	ANNOTATION_SECCOMP_RAW,    /* a filter, instead of linux.seccomp */
	ANNOTATION_SECCOMP_FAIL_UNKNOWN,
	ANNOTATION_SECCOMP_RECEIVER, /* a socket of the host's */
	ANNOTATION_SYSTEMD_SUBGROUP, /* the cgroup below the unit's; empty: none */
	ANNOTATION_SYSTEMD_PROPERTY, /* a prefix */
	ANNOTATIONS
};

/* The value; NULL: it is not there, or empty. */
const char *annotation_find(const struct oci_map *annotations, enum annotation which);

/* Whether it is there; an empty value says something, too. */
bool annotation_is_there(const struct oci_map *annotations, enum annotation which);

/* Their names, in the table's order; NULL behind the last. One that ends with "." is a prefix. */
const char *annotation_name(size_t which);
/* Where it is in config.json; lives as long as POINTER() does. */
#define ANNOTATION_POINTER(which) POINTER("/annotations/%s", annotation_name(which))

#endif
