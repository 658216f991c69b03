/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A container that exists, as found on disk and in the kernel. The status is derived each time:
 * from the lock (creating), the pidfd (stopped: readable, a zombie too), a connection to the start
 * socket (accepted: created; refused: running) and cgroup.events (frozen: paused). Boot id and
 * start time tell whether the pid on disk is still that process.
 */
#ifndef DAVIT_CONTAINER_STATUS_H
#define DAVIT_CONTAINER_STATUS_H

#include <sys/types.h>

#include "base/arena.h"
#include "base/err.h"
#include "container/context.h"
#include "kernel/process.h"
#include "oci-spec/state.h"
#include "setup/filesystem/root_place.h"
#include "setup/resources/cgroup.h"

enum status {
	STATUS_CREATING,
	STATUS_CREATED,
	STATUS_RUNNING,
	STATUS_PAUSED,
	STATUS_STOPPED
};

const char *status_word(enum status status);

struct container {
	struct arena arena;
	const char *id;
	int root_dirfd, dirfd;
	/* From state.json, or from journal.json when the create was never finished; NULL when
	 * neither can be read. */
	const struct davit_state *state;
	bool is_committed; /* state.json is there */
	bool has_lock;     /* this process holds the lock */
	int pidfd;         /* -1: the first process is gone */
	pid_t pid;
	enum status status;
	struct systemd_unit unit; /* of the cgroup; name NULL: none */
};

enum container_open_flags {
	CONTAINER_LOCK = 1,       /* take the lock, waiting a bounded time */
	CONTAINER_DAMAGED_OK = 2, /* a state that cannot be read is no error: state stays NULL */
};

/* ERR_NOT_FOUND "container does not exist". Release with container_close() in any case. */
int container_open(const struct davit_context *ctx, const char *id, unsigned flags,
		   struct container *ret, struct err *e);
void container_close(struct container *c);

/* What all containers of a state root have in common, for who opens many. */
struct container_root {
	int dirfd;
	int cgroup_fd; /* the hierarchy's root, or an errno */
	char boot_id[BOOT_ID_SIZE];
};

/* ERR_NOT_FOUND when there is no such root. Release with container_root_close() in any case. */
int container_root_open(const struct davit_context *ctx, struct container_root *ret, struct err *e);
void container_root_close(struct container_root *root);
/* As container_open(), which is this with no @root. With one, root_dirfd stays -1. */
int container_open_in(const struct davit_context *ctx, const struct container_root *root,
		      const char *id, unsigned flags, struct container *ret, struct err *e);

/* Which cgroup the state means; false when it means none. */
bool container_cgroup(const struct container *c, struct cgroup_ref *ret);

/* Where its root is in the runtime's mount namespace; zeros: it has a mount namespace of its own.
 */
struct root_place container_root_place(const struct container *c);

/* JSON of its state; NULL: there was no memory. */
char *container_state_json(const struct container *c, struct arena *a, bool pretty,
			   size_t *ret_len);

#endif
