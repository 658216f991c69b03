/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What of a container's mounts came from outside, and so is not in criu's images: bind mounts,
 * covers of masked files, devices of a user namespace, file systems that are the host's. criu is
 * told of each: at the dump, which mount it is and by what name the image shall know it; at the
 * restore, what stands for that name. The name is the destination as config.json writes it, as with
 * runc, so that it can be worked out from config.json alone when the container is to be made again
 * somewhere else.
 */
#ifndef DAVIT_SETUP_CRIU_EXTERNAL_H
#define DAVIT_SETUP_CRIU_EXTERNAL_H

#include "base/arena.h"
#include "base/err.h"
#include "oci-spec/config.h"

struct external_mount {
	const char *name;   /* in the image */
	const char *place;  /* dump: the mount point, as the container's mountinfo has it */
	const char *source; /* restore: a path in criu's mount namespace */
};

struct external_mounts {
	struct external_mount *items;
	size_t count;
};

/*
 * Namespaces that were joined. criu leaves network and pid namespaces as they are when it is told
 * of them, and hands back those that it gets a descriptor of (the names are runc's); others it
 * makes anew, unless it is told which to join.
 */
struct external_namespace {
	const char *type; /* as config.json has it */
	const char *file; /* of /proc/PID/ns; and criu's own word for it */
	const char *name; /* in the image; NULL: by join_ns */
	int flag;
};
/* NULL: criu has no way to join namespaces of this type. */
const struct external_namespace *external_namespace_find(const char *type);
/* The number by which criu knows the namespace of process @pid; 0: it is our own. */
uint64_t external_namespace_inode(const struct external_namespace *ns, pid_t pid);

/* The dump's: of the mounts of process @pid those that config.json has put there. */
int external_find(struct arena *a, const struct oci_config *config, pid_t pid,
		  struct external_mounts *ret, struct err *e);

#endif
