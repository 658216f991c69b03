/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * See status.h.
 */
#include "container/status.h"

#include <fcntl.h>
#include <string.h>

#include "container/channel.h"
#include "container/store.h"
#include "kernel/cgroupfs.h"
#include "kernel/process.h"
#include "kernel/procfs.h"

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
 * answer too. `start` takes the socket away when it has been of use: no socket, no question. */
static bool is_waiting_for_start(const struct container *c, struct err *e)
{
	_cleanup_fd_ int fd = -1;
	char path[64];
	int r;

	if (!c->state->has_start_socket || !*c->state->has_start_socket ||
	    faccessat(c->dirfd, STORE_START_SOCKET, F_OK, AT_SYMLINK_NOFOLLOW) < 0)
		return false;
	store_socket_path(c->dirfd, STORE_START_SOCKET, path, sizeof(path));
	r = channel_connect(path, &fd);
	if (is_shortage(-r))
		err_set(e, -r, "connect to the start socket of %s", c->id);
	return r == 0 || r == -EAGAIN;
}

static int read_boot_id(char ret[static BOOT_ID_SIZE], struct err *e)
{
	int r = process_boot_id(ret);

	if (r == 0)
		return 0;
	err_set(e, -r, "read the boot id");
	return procfs_is_there() ? r : err_hint(e, PROCFS_MISSING);
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
		.unit = c->unit,
	};
	return true;
}

struct root_place container_root_place(const struct container *c)
{
	const struct davit_state *s = c->state;

	return (struct root_place){
		.inode = s && s->place_inode ? *s->place_inode : 0,
		.mount_id = s && s->place_mount ? *s->place_mount : 0,
		.root_id = s && s->root_mount ? *s->root_mount : 0,
	};
}

static int open_cgroup(const struct container_root *root, const struct cgroup_ref *ref)
{
	if (!root)
		return cgroup_open_ref(ref);
	return root->cgroup_fd < 0 ? root->cgroup_fd : cgroup_open_ref_in(root->cgroup_fd, ref);
}

static bool is_frozen(const struct container *c, const struct container_root *root, struct err *e)
{
	struct cgroup_ref ref;
	bool has_cgroup = container_cgroup(c, &ref);
	_cleanup_fd_ int cg = has_cgroup ? open_cgroup(root, &ref) : -ENOENT;
	int r = cg < 0 ? cg : cgroupfs_get_event(cg, "frozen");

	if (is_shortage(-r))
		err_set(e, -r, "look at the cgroup %s", ref.path);
	return r == 1;
}

/* What cannot be found out is an error: "stopped" would be a licence to delete it. */
static int refresh(struct container *c, const struct container_root *root, struct err *e)
{
	char boot_id[BOOT_ID_SIZE];
	const struct davit_state *s = c->state;
	int r;

	c->status = STATUS_STOPPED;
	if (!c->is_committed) {
		if (!c->has_lock && store_is_locked(c->dirfd))
			c->status = STATUS_CREATING;
		return 0;
	}
	if (!s || !s->boot_id || (!root && read_boot_id(boot_id, e) < 0))
		return -e->code;
	if (strcmp(root ? root->boot_id : boot_id, s->boot_id) != 0)
		return 0;
	r = process_open((pid_t)*s->pid, *s->start_time, &c->pidfd);
	if (r < 0)
		return r == -ESRCH ? 0
				   : err_set(e, -r, "look at process %d of container %s",
					     (int)*s->pid, c->id);
	if (process_has_ended(c->pidfd)) {
		close_fdp(&c->pidfd);
		return 0;
	}
	c->pid = (pid_t)*s->pid;
	c->status = is_waiting_for_start(c, e) ? STATUS_CREATED : STATUS_RUNNING;
	if (is_frozen(c, root, e))
		c->status = STATUS_PAUSED;
	return -e->code;
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

	c->is_committed = true;
	if (store_read_state(&c->arena, c->dirfd, "state.json", &s, e) < 0 && e->code == ENOENT &&
	    faccessat(c->dirfd, "state.json", F_OK, AT_SYMLINK_NOFOLLOW) < 0) {
		c->is_committed = false;
		*e = (struct err){ 0 };
		store_read_state(&c->arena, c->dirfd, "journal.json", &s, e);
	}
	if (e->code)
		return -e->code;
	if (s->id && strcmp(s->id, c->id) != 0)
		return err_kind(e, ERR_STATE, EINVAL,
				"the state of %s is that of another container, %s", c->id, s->id);
	if (c->is_committed && !names_process(s))
		return err_kind(e, ERR_STATE, EINVAL, "the state of %s names no process", c->id);
	c->state = s;
	return 0;
}

static int read_journal_instead(struct container *c, struct err *e)
{
	struct davit_state *s = NULL;
	struct err failure = { 0 };

	/* The journal names the cgroup, which is enough to end what runs. One that speaks of
	 * another container names what is not ours. */
	if (c->is_committed &&
	    store_read_state(&c->arena, c->dirfd, "journal.json", &s, &failure) == 0 &&
	    (!s->id || strcmp(s->id, c->id) == 0))
		c->state = s;
	if (is_shortage(failure.code))
		*e = failure;
	return -e->code;
}

/* --force is no help: what would be left behind is a container that runs. */
static int refuse_foreign(const char *id, const char *owner, struct err *e)
{
	*e = (struct err){ 0 };
	err_kind(e, ERR_UNSUPPORTED, EINVAL, "container %s: its state is that of %s, not of davit",
		 id, owner);
	return err_hint(e, "use what made it, or another --root");
}

/* The disk or a right is in the way: what the file says may be all right. Who has the lock is about
 * to remove it, and goes by the journal. */
static bool is_out_of_reach(const struct container *c, const struct err *e)
{
	return !c->has_lock && e->kind == ERR_SYSTEM && e->code != ENOENT && e->code != ELOOP &&
	       e->code != ENXIO;
}

static int name_container(const struct container *c, struct err *e)
{
	int code = e->code;

	*e = (struct err){ 0 };
	return err_set(e, code, "read the state of %s", c->id);
}

/* The state cannot be read, for the reason in @e. */
static int take_damage(struct container *c, unsigned flags, struct err *e)
{
	const char *owner;

	if (is_shortage(e->code))
		return -e->code;
	if (is_out_of_reach(c, e))
		return name_container(c, e);
	owner = store_foreign_owner(c->dirfd);
	if (owner)
		return refuse_foreign(c->id, owner, e);
	if (!(flags & CONTAINER_DAMAGED_OK)) {
		/* A directory without a journal is a create that has only just begun. */
		if (e->code != ENOENT || c->has_lock || !store_is_locked(c->dirfd))
			return -e->code;
		c->status = STATUS_CREATING;
	}
	*e = (struct err){ 0 };
	return flags & CONTAINER_DAMAGED_OK ? read_journal_instead(c, e) : 0;
}

static void take_unit(struct container *c, const struct davit_context *ctx)
{
	const struct davit_state *s = c->state;

	if (s && s->systemd_scope && s->cgroup_path)
		c->unit = systemd_unit_of(&c->arena, s->systemd_scope,
					  s->systemd_user && *s->systemd_user, s->cgroup_path,
					  &ctx->systemd);
}

int container_root_open(const struct davit_context *ctx, struct container_root *ret, struct err *e)
{
	ret->dirfd = ret->cgroup_fd = -1;
	if (store_open_root(ctx->root, false, &ret->dirfd, e) == 0 &&
	    read_boot_id(ret->boot_id, e) == 0)
		ret->cgroup_fd = cgroupfs_open_root(NULL);
	return -e->code;
}

void container_root_close(struct container_root *root)
{
	close_fdp(&root->dirfd);
	close_fdp(&root->cgroup_fd);
}

int container_open(const struct davit_context *ctx, const char *id, unsigned flags,
		   struct container *ret, struct err *e)
{
	return container_open_in(ctx, NULL, id, flags, ret, e);
}

int container_open_in(const struct davit_context *ctx, const struct container_root *root,
		      const char *id, unsigned flags, struct container *ret, struct err *e)
{
	*ret = (struct container){ .id = id ? id : "",
				   .root_dirfd = -1,
				   .dirfd = -1,
				   .pidfd = -1,
				   .status = STATUS_STOPPED };
	if (store_check_id(ret->id, e) < 0)
		return -e->code;
	if (!root && store_open_root(ctx->root, false, &ret->root_dirfd, e) < 0) {
		if (e->kind != ERR_NOT_FOUND)
			return -e->code;
		*e = (struct err){ 0 };
		return err_kind(e, ERR_NOT_FOUND, ENOENT, "container %s: container does not exist",
				id);
	}
	if (store_open(root ? root->dirfd : ret->root_dirfd, id, &ret->dirfd, e) < 0)
		return -e->code;
	if ((flags & CONTAINER_LOCK) && store_lock(ret->dirfd, LOCK_WAIT_MSEC, e) < 0)
		return -e->code;
	ret->has_lock = flags & CONTAINER_LOCK;
	if (read_state(ret, e) < 0) {
		take_damage(ret, flags, e);
		take_unit(ret, ctx);
		return -e->code;
	}
	take_unit(ret, ctx);
	return refresh(ret, root, e);
}

void container_close(struct container *c)
{
	close_fdp(&c->pidfd);
	close_fdp(&c->dirfd);
	close_fdp(&c->root_dirfd);
	arena_release(&c->arena);
}

char *container_state_json(const struct container *c, struct arena *a, bool pretty, size_t *ret_len)
{
	int64_t pid = c->pid;
	struct oci_state s = {
		.oci_version = OCI_VERSION,
		.id = c->id,
		.status = status_word(c->status),
		.bundle = "",
		.owner = "",
	};

	if (c->state) {
		s.bundle = c->state->bundle ? c->state->bundle : "";
		s.rootfs = c->state->rootfs;
		s.created = c->state->created;
		s.systemd_scope = c->state->systemd_scope;
		s.annotations = c->state->annotations;
		s.owner = c->state->owner ? c->state->owner : "";
	}
	/* runtime.md#state: REQUIRED when created or running, and nobody's number when stopped. */
	if (pid == 0 && c->status == STATUS_STOPPED)
		s.pid = &pid;
	else if (pid)
		s.pid = &pid;
	return oci_state_encode(a, &s, pretty, ret_len);
}
