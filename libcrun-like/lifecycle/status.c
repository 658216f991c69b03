/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * See status.h.
 */
#include "lifecycle/status.h"

#include <fcntl.h>
#include <string.h>

#include "base/fmt.h"
#include "kernel/cgroup.h"
#include "kernel/mount.h"
#include "kernel/namespace.h"
#include "kernel/process.h"
#include "lifecycle/channel.h"
#include "lifecycle/store.h"

enum {
	LOCK_WAIT_MSEC = 10000
};

const char *status_word(enum status status)
{
	static const char *const words[] = {
		[STATUS_CREATING] = "creating", [STATUS_CREATED] = "created",
		[STATUS_RUNNING] = "running",   [STATUS_PAUSED] = "paused",
		[STATUS_STOPPED] = "stopped",
	};

	return words[status];
}

/* True when somebody accepts on the start socket: INIT, waiting for its start. A full queue is an
 * answer too. */
static bool is_waiting_for_start(const struct container *c)
{
	_cleanup_fd_ int fd = -1;
	char path[64];
	int r;

	if (!c->state->has_start_socket || !*c->state->has_start_socket)
		return false;
	store_socket_path(c->dirfd, STORE_START_SOCKET, path, sizeof(path));
	r = channel_connect(path, &fd);
	return r == 0 || r == -EAGAIN;
}

static bool is_of_this_boot(const struct davit_state *s)
{
	char boot_id[BOOT_ID_SIZE];

	return s->boot_id && process_boot_id(boot_id) == 0 && strcmp(boot_id, s->boot_id) == 0;
}

bool container_cgroup(const struct container *c, struct cgroup_ref *ret)
{
	const struct davit_state *s = c->state;

	if (!s || !s->cgroup_path || !s->cgroup_owner)
		return false;
	*ret = (struct cgroup_ref){
		.path = s->cgroup_path,
		.owner = s->cgroup_owner,
		.inode = s->cgroup_inode ? *s->cgroup_inode : 0,
		.was_there = s->cgroup_was_there && *s->cgroup_was_there,
	};
	return true;
}

static bool is_frozen(const struct container *c)
{
	struct cgroup_ref ref;
	_cleanup_fd_ int cg = container_cgroup(c, &ref) ? cgroup_open_ref(&ref) : -1;

	return cg >= 0 && cgroup_get_event(cg, "frozen") == 1;
}

void container_refresh(struct container *c)
{
	const struct davit_state *s = c->state;

	close_fdp(&c->pidfd);
	c->pid = 0;
	c->status = STATUS_STOPPED;
	if (!c->is_committed) {
		if (!c->has_lock && store_is_locked(c->dirfd))
			c->status = STATUS_CREATING;
		return;
	}
	if (!s || !is_of_this_boot(s))
		return;
	if (process_open((pid_t)*s->pid, *s->start_time, &c->pidfd) < 0)
		return;
	if (process_has_ended(c->pidfd)) {
		close_fdp(&c->pidfd);
		return;
	}
	c->pid = (pid_t)*s->pid;
	c->status = is_waiting_for_start(c) ? STATUS_CREATED : STATUS_RUNNING;
	if (is_frozen(c))
		c->status = STATUS_PAUSED;
}

bool container_has_own_namespace(const struct container *c, const char *file, int flag)
{
	_cleanup_fd_ int own = -1;
	_cleanup_fd_ int its = -1;
	char path[64];

	fmt(path, sizeof(path), "/proc/%d/ns/%s", (int)c->pid, file);
	return c->pid && namespace_open_own(flag, &own) == 0 &&
	       namespace_open(path, flag, &its) == 0 && mount_is_same(own, its) == 0;
}

/* A state that was written whole. Process 1 and those below are never a container's. */
static bool names_process(const struct davit_state *s)
{
	return s->pid && s->start_time && s->boot_id && *s->pid > 1 && *s->pid <= INT32_MAX;
}

/* state.json when the create was finished, else the journal that was written before it began. */
static int read_state(struct container *c, struct err *e)
{
	struct davit_state *s = NULL;

	c->is_committed = faccessat(c->dirfd, "state.json", F_OK, AT_SYMLINK_NOFOLLOW) == 0;
	if (store_read_state(&c->arena, c->dirfd, c->is_committed ? "state.json" : "journal.json",
			     &s, e) < 0)
		return -e->code;
	if (s->id && strcmp(s->id, c->id) != 0)
		return err_kind(e, ERR_STATE, EINVAL,
				"the state of %s is that of another container, %s", c->id, s->id);
	if (c->is_committed && !names_process(s))
		return err_kind(e, ERR_STATE, EINVAL, "the state of %s names no process", c->id);
	c->state = s;
	return 0;
}

static void read_journal_instead(struct container *c)
{
	struct davit_state *s = NULL;
	struct err ignored = { 0 };

	/* The journal names the cgroup, which is enough to end what runs. One that speaks of
	 * another container names what is not ours. */
	if (c->is_committed &&
	    store_read_state(&c->arena, c->dirfd, "journal.json", &s, &ignored) == 0 &&
	    (!s->id || strcmp(s->id, c->id) == 0))
		c->state = s;
}

/* --force is no help: what would be left behind is a container that runs. */
static int refuse_foreign(const char *id, const char *owner, struct err *e)
{
	*e = (struct err){ 0 };
	err_kind(e, ERR_UNSUPPORTED, EINVAL, "container %s: its state is that of %s, not of davit",
		 id, owner);
	return err_hint(e, "use what made it, or another --root");
}

int container_open(const struct davit_context *ctx, const char *id, unsigned flags,
		   struct container *ret, struct err *e)
{
	*ret = (struct container){
		.id = id, .root_dirfd = -1, .dirfd = -1, .pidfd = -1, .status = STATUS_STOPPED
	};
	if (store_check_id(id, e) < 0)
		return -e->code;
	if (store_open_root(ctx->root, false, &ret->root_dirfd, e) < 0) {
		if (e->kind != ERR_NOT_FOUND)
			return -e->code;
		*e = (struct err){ 0 };
		return err_kind(e, ERR_NOT_FOUND, ENOENT, "container %s: container does not exist",
				id);
	}
	if (store_open(ret->root_dirfd, id, &ret->dirfd, e) < 0)
		return -e->code;
	if ((flags & CONTAINER_LOCK) && store_lock(ret->dirfd, LOCK_WAIT_MSEC, e) < 0)
		return -e->code;
	ret->has_lock = flags & CONTAINER_LOCK;
	if (read_state(ret, e) < 0) {
		const char *owner = store_foreign_owner(ret->dirfd);

		if (owner)
			return refuse_foreign(id, owner, e);
		if (!(flags & CONTAINER_DAMAGED_OK)) {
			/* A directory without a journal is a create that has only just begun. */
			if (e->code != ENOENT || ret->has_lock || !store_is_locked(ret->dirfd))
				return -e->code;
			ret->status = STATUS_CREATING;
		} else {
			read_journal_instead(ret);
		}
		*e = (struct err){ 0 };
		return 0;
	}
	container_refresh(ret);
	return 0;
}

void container_close(struct container *c)
{
	close_fdp(&c->pidfd);
	close_fdp(&c->dirfd);
	close_fdp(&c->root_dirfd);
	arena_release(&c->arena);
}
