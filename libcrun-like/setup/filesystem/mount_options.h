/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The options of config.json's mounts[]: one table, read by the mounts, by `features` and by the
 * tests. What the table does not know is data for the file system.
 */
#ifndef DAVIT_SETUP_FILESYSTEM_MOUNT_OPTIONS_H
#define DAVIT_SETUP_FILESYSTEM_MOUNT_OPTIONS_H

#include "base/arena.h"
#include "oci-spec/config.h"

/* Options that are neither the kernel's nor of the mount itself: things to do. */
enum {
	MOUNT_COPY_UP = 1,         /* tmpcopyup: what the tmpfs covers is copied into it */
	MOUNT_COPY_SYMLINK = 2,    /* a source that is a link is made again as the destination */
	MOUNT_SOURCE_NOFOLLOW = 4, /* such a source is itself what is mounted */
	MOUNT_DEST_NOFOLLOW = 8    /* a destination that is a link is itself what is covered */
};

/* Options of one mount, taken together; a later option undoes an earlier one that it contradicts.
 */
struct mount_options {
	bool is_bind, is_recursive; /* bind, rbind */
	bool is_remount;
	bool is_idmapped, is_idmap_recursive; /* idmap, ridmap */
	uint64_t attr_set, attr_clear;        /* MOUNT_ATTR_* of the mount */
	bool is_atime_given; /* noatime, relatime, strictatime or nodiratime is among them */
	uint64_t recursive_set, recursive_clear;        /* of the mount and all below it */
	unsigned long superblock_set, superblock_clear; /* MS_RDONLY, MS_SYNCHRONOUS, ... */
	const unsigned long *propagation;               /* MS_SHARED | MS_REC, ... in order */
	size_t propagation_count;
	unsigned extras;   /* MOUNT_COPY_UP, ... */
	const char *idmap; /* the maps of "idmap=...", without that word; NULL: none */
	const char *data;  /* the unknown options, comma-joined; NULL: none */
};

/* @ret borrows the strings of @list. -ENOMEM. */
int mount_options_parse(struct arena *a, const struct oci_strings *list, struct mount_options *ret);

/* Whether the table knows @option (it is not data). */
bool mount_option_is_known(const char *option);

/* The names of all options, sorted; NULL after the last. */
const char *mount_option_name(size_t i);

/* "private", "rslave", ... -> MS_PRIVATE, MS_SLAVE | MS_REC, ...; 0: not a propagation. */
unsigned long mount_option_propagation(const char *word);

#endif
