/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * mounts[] of config.json: in the listed order, each made detached, given its options and then
 * attached below the container's root (config.md, Mounts). The root itself is
 * setup/filesystem/rootfs. Sources of binds are named on the host; with a user namespace HOST opens
 * them, because the mapped root may not be able to reach them.
 */
#ifndef DAVIT_SETUP_FILESYSTEM_MOUNTS_H
#define DAVIT_SETUP_FILESYSTEM_MOUNTS_H

#include "base/arena.h"
#include "base/describe.h"
#include "base/err.h"
#include "oci-spec/config.h"
#include "setup/filesystem/mount_options.h"

struct idmap_line;

struct mounts_context {
	const char *bundle; /* absolute: relative sources are below it */
	const char *root;   /* where the host has the container's root; NULL: it is made already */
	bool has_user_ns, has_cgroup_ns, has_net_ns, has_pid_ns; /* a namespace of its own */
	bool has_callers_ids;    /* no user namespace of its own: what the caller's has is there */
	bool has_neighbours;     /* others are in the mount namespace already */
	bool has_only_binds;     /* `mounts add`: the type alone says it */
	const char *cgroup_root; /* where the host's version 2 hierarchy is, or NULL */
	const char *cgroup_path; /* the container's own cgroup directory on the host, or NULL */
	bool has_selinux;        /* the host's kernel takes mount labels */
	struct err_sink faults;  /* validate: of each mount; what is returned then is of no use */
	bool is_root_shared;     /* linux.rootfsPropagation: a bind may stay a peer of the host's */
};

enum mount_kind {
	MOUNT_FS,
	MOUNT_BIND,
	MOUNT_REMOUNT
};

struct mount_idmap {
	struct idmap_line *uids, *gids;
	size_t uid_count, gid_count;
	const char *path; /* in place of the maps: the user namespace that the container joins */
};

struct mount_op {
	size_t index; /* in mounts[] */
	enum mount_kind kind;
	const char *destination;
	const char *type;
	const char *source; /* of a bind: absolute */
	const char
		*inside; /* the source in the container's root, where it is of an earlier mount */
	const char *fallback; /* bound in place of a file system that may not be mounted; or NULL */
	struct mount_options options;
	unsigned long ties; /* of a bind to the host's mounts: MS_PRIVATE, MS_SLAVE or MS_SHARED */
	const struct oci_strings *words; /* the options as they were written */
	bool is_ordinary_dir;            /* the destination may not be a link */
	bool is_below_proc;              /* by its text */
	bool is_proc_allowed;            /* it may stand within a procfs */
	bool is_filled;                  /* a tmpfs that gets a mode or content of what it covers */
	char *data_with_mode; /* for a tmpfs that gets a mode: the last 4 bytes; or NULL */
	const char *label;    /* an SELinux label for its root directory, or NULL */
	char *link_text; /* PATH_MAX bytes for what the source of a copy-symlink says, or NULL */
	bool keeps_readonly; /* read-only before us, or the host's: never made writable */
	uint64_t mount_id;   /* of what was attached or remounted, or 0 */
	bool is_locked;      /* a source of outside: the user namespace takes nothing off it */
	bool is_held;        /* unlocked until mounts_release() */
	int unlocked_fd;     /* what mounts_readonly.c has made writable for a moment, or -1 */
	int fd;              /* a source opened by HOST, or -1 */
	struct mount_idmap idmap;
	int idmap_fd; /* a user namespace with these maps, opened by HOST, or -1 */
};

/* Of a process with the host's rights: id-maps the detached mount @fd as items[i] wants it. */
struct mounts_ask {
	int (*idmap)(void *arg, size_t i, int fd, struct err *e); /* NULL: nobody is there to ask */
	void *arg;
};

struct mounts {
	struct mount_op *items;
	size_t count;
	struct mounts_ask ask; /* INIT */
	bool is_new; /* of a container that is made now: what is missing may still be made */
	int pid_ns; /* what a procfs is to show, when that is not INIT's own pid namespace; or -1 */
	bool has_neighbours; /* nothing read-only is made writable under their eyes */
	bool has_no_host;    /* INIT: its mount namespace has nothing but the container's */
};

/* HOST, pure. */
int mounts_prepare(struct arena *a, const struct oci_config *config,
		   const struct mounts_context *ctx, struct mounts *ret, struct err *e);
bool mounts_have_idmaps(const struct mounts *m);
/* INIT finds everything that they are made of without the host's paths, once
 * mounts_open_sources() has been called. */
bool mounts_can_do_without_host(const struct mounts *m);
/* HOST, before the sources are opened. */
int mounts_open_idmaps(struct mounts *m, struct err *e);
/* HOST: what INIT asks for by its struct mounts_ask. */
int mounts_answer_idmap(const struct mounts *m, size_t i, int fd, struct err *e);
/* Once the cgroup is made: HOST with a user namespace, INIT where it is about to leave the host's
 * paths behind (ROOTFS_ALONE). Without the right to open a source (rootless) it is left to INIT's
 * mounts_apply(). */
int mounts_open_sources(struct mounts *m, struct err *e);
/* The source of one bind, as op->fd, which stays -1 where it is left to INIT. */
int mounts_open_source(const struct mounts *m, struct mount_op *op, struct err *e);
/* INIT, after rootfs_attach() and before rootfs_enter(); its cgroup namespace is the final one. */
int mounts_apply(struct mounts *m, int rootfd, struct err *e);
/* One line a mount: "tmpfs on /dev nosuid,strictatime mode=755". */
void mounts_describe(const struct mounts *m, const struct describe *d);
void mounts_close(struct mounts *m);

#endif
