/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The container's cgroup: where it is, what is written into it, its end. cgroup v2 only; on a
 * hybrid host the unified hierarchy. All of this runs in HOST, outside the container's cgroup.
 *
 * Where: linux.cgroupsPath, absolute or not, counts from the hierarchy's root. Without one it is
 * /ID: right below the root, since a folder shared by all containers would have to be removed by
 * the last of them. A cgroup of that name that is somebody else's is used while it is empty, and
 * stays; with processes in it, it is refused.
 *
 * An ordinary user's paths count from the cgroup above the user's own, or from the own one when
 * that is all that the user may write, or was delegated to be arranged. An absolute path that the
 * user may write stands as it is.
 *
 * Parents that are made on the way are removed when the last container in them is deleted.
 *
 * With the systemd manager the place is that of a unit (systemd_name.h, systemd_unit.h), and the
 * container's cgroup is one below it, "container": the unit's own directory is systemd's to write.
 */
#ifndef DAVIT_SETUP_RESOURCES_CGROUP_H
#define DAVIT_SETUP_RESOURCES_CGROUP_H

#include <limits.h>

#include "base/arena.h"
#include "base/describe.h"
#include "base/err.h"
#include "kernel/bpf_device.h"
#include "oci-spec/config.h"
#include "setup/resources/cgroup_knobs.h"
#include "setup/resources/systemd_unit.h"

struct cgroup_context {
	const char *id;
	const char *manager;                /* NULL, "cgroupfs", "systemd", "disabled" */
	const struct systemd_host *systemd; /* may be NULL */
	bool rootless;
	void (*warn)(void *arg, const char *text);   /* may be NULL */
	void (*inform)(void *arg, const char *text); /* may be NULL */
	void *warn_arg;
};

struct cgroup_plan {
	const char *root;     /* where the hierarchy is mounted; NULL: none is used */
	const char *path;     /* below it, with a leading slash; NULL: no cgroup is made */
	const char *required; /* controllers that the writes need: "cpu memory" */
	const char *wanted;   /* all that there are at the place */
	const struct cgroup_write *writes;
	struct bpf_device_program devices; /* insns NULL: all are allowed, or no cgroup */
	bool rootless;
	/* The unit whose cgroup this is, or is right above it; its name is NULL with cgroupfs. */
	struct systemd_unit unit;
	const char *id;
	const struct oci_map *annotations; /* the unit's properties are among them */
};

/* Changes nothing; looks at the host's hierarchy. */
int cgroup_prepare(struct arena *a, const struct oci_config *config,
		   const struct cgroup_context *ctx, struct cgroup_plan *ret, struct err *e);

/*
 * Which cgroup a container means. A path alone says little: another container may have been put
 * into the same one when this had stopped, or into a new one of the same name. The mark that
 * cgroup_create() left tells whose it is now.
 */
struct cgroup_ref {
	const char *root; /* of the hierarchy; NULL: looked for */
	const char *path;
	const char *owner;  /* the container's mark, or the beginning of it that ends in a blank */
	uint64_t inode;     /* 0: unknown; asked where there is no mark */
	bool was_there;     /* it existed before: the directory and what was below it stay */
	bool is_unfinished; /* its create was killed: of one that was there, only the mark goes */
	struct systemd_unit unit; /* name NULL: none */
};

/* What create changed in the parents, so that a failure can take it back. */
struct cgroup_enabled {
	struct {
		unsigned short len;   /* of the parent's path: the beginning of the plan's */
		bool has_moved;       /* the caller's processes are in a cgroup below it now */
		unsigned controllers; /* a bit for each word of the plan's list */
	} in[16];
	size_t count;
};

struct cgroup_created {
	int dirfd;
	uint64_t inode;
	bool was_there;
	struct cgroup_enabled enabled;
};

/* Makes the directory, and its parents give it the controllers. Refuses one with processes in it,
 * or frozen. After a failure nothing is left, no mark either. The descriptor is the caller's. An
 * empty one that was made for another container, which has stopped, is removed and made anew; one
 * that was there before that container is never removed. */
int cgroup_create(const struct cgroup_plan *plan, const char *owner, struct cgroup_created *ret,
		  struct err *e);
/*
 * The same by systemd, which makes a unit with @pid in it; then @pid is in the cgroup.
 * *@ret_unitfd: of the unit's own directory where that is another one, else -1. cgroup_destroy()
 * takes it back.
 */
int cgroup_create_unit(const struct cgroup_plan *plan, const char *owner, pid_t pid,
		       struct cgroup_created *ret, int *ret_unitfd, struct err *e);
/* After a create that failed later, when the cgroup is gone. */
void cgroup_take_back(const struct cgroup_plan *plan, const struct cgroup_enabled *enabled);

/* The fd of the cgroup, if it is the one that is meant; -ENOENT: it is gone, or another's now. */
int cgroup_open_ref(const struct cgroup_ref *ref);
/* The same for one of many, none with a root of its own. */
int cgroup_open_ref_in(int rootfd, const struct cgroup_ref *ref);
/* The same, and where it is below the root of the hierarchy now. */
int cgroup_find_ref(const struct cgroup_ref *ref, char ret_path[static PATH_MAX]);
/* Writes the limits, but for the late ones. @dirfd: of cgroup_create(). */
int cgroup_apply(const struct cgroup_plan *plan, int dirfd, struct err *e);
/* Late is the limit of processes, which would count those of the set-up too: a clone into a cgroup
 * is charged to it. */
bool cgroup_is_late(const struct cgroup_write *w);
bool cgroup_has_late_limits(const struct cgroup_plan *plan);
int cgroup_apply_late(const struct cgroup_plan *plan, int dirfd, struct err *e);

/* What the unit's own directory needs too, since systemd has no property for it and the container's
 * cgroup alone would not do: a weight is one among neighbours, a burst is cut by the quota above.
 */
bool cgroup_is_of_unit(const struct cgroup_write *w);
int cgroup_apply_unit(const struct cgroup_plan *plan, int unitfd, struct err *e);

/* For a container that exists: the cgroup's parents give it the controllers that are required.
 * After a failure nothing of it is left. */
int cgroup_enable_controllers(const struct cgroup_plan *plan, struct cgroup_enabled *ret,
			      struct err *e);
/* Attaches the device program, in place of one that is there. */
int cgroup_attach_devices(const struct cgroup_plan *plan, int dirfd, struct err *e);

/*
 * Kills what is in the cgroup, waits until it is gone and removes it with all below it. Gone
 * already, or another's now, is success. ERR_TIMEOUT: something in it does not die; calling again
 * is right.
 */
int cgroup_destroy(const struct cgroup_ref *ref, unsigned deadline_ms, struct err *e);
/* Kills what cgroup_destroy() would kill. Does not wait. */
void cgroup_kill(const struct cgroup_ref *ref);

void cgroup_describe(const struct cgroup_plan *plan, const struct describe *d);

#endif
