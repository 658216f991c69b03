/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The rows that only restore has: what criu needs, and criu itself, whose work is cut where HOST
 * has something to do: when the namespaces are there (network devices, hooks), and when all
 * processes are there and stand still (the state is published).
 */
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include "base/fmt.h"
#include "base/path.h"
#include "container/store.h"
#include "kernel/mount.h"
#include "kernel/peer.h"
#include "kernel/rootpath.h"
#include "lifecycle/criu_log.h"
#include "lifecycle/lifecycle.h"

enum {
	STREAM_FD = CRIU_FIRST_FD /* of the first one, in criu */
};

int step_find_criu(struct run *run, struct err *e)
{
	unsigned needs = run->restore.options->lazy_pages ? CRIU_LAZY_PAGES : 0;

	return criu_check(&run->restore.criu, needs, e);
}

int step_open_images(struct run *run, struct err *e)
{
	struct restore *r = &run->restore;

	if (criu_images_open(&r->images, r->options, false, e) < 0)
		return -e->code;
	return streams_load(&run->restore.arena, r->images.dirfd, r->streams, e);
}

/* --- the root and the mounts ------------------------------------------------------------------ */

static int no_memory(struct err *e)
{
	return err_set(e, ENOMEM, "prepare what criu is asked for");
}

/* Of a file system of its own: what is restored in a user namespace may not pass the state root. */
int step_restore_place(struct run *run, struct err *e)
{
	const struct mount_fs fs = { .type = "tmpfs", .data = "mode=0755,size=1m" };
	char message[MOUNT_MESSAGE_SIZE];
	struct restore *r = &run->restore;

	r->placefd = mount_open_fs(&fs, -1, message);
	if (r->placefd < 0)
		return err_set(e, -r->placefd, "make a place for criu%s%s", message[0] ? ": " : "",
			       message);
	r->masks = run->plan->masks;
	return masks_open(&r->masks, e);
}

/* What a mount stands in: the last one before it whose place is above its own; NULL: the root. */
static const struct mount_op *find_base(const struct mounts *m, size_t index)
{
	for (size_t i = index; i-- > 0;)
		if (m->items[i].kind != MOUNT_REMOUNT &&
		    path_is_in(m->items[index].destination, m->items[i].destination))
			return &m->items[i];
	return NULL;
}

static bool is_directory(int fd)
{
	struct stat st;

	return fstat(fd, &st) == 0 && S_ISDIR(st.st_mode);
}

/*
 * The place of a mount is in the root, or in the source of another one, and may be missing: the
 * root may be a new one, of the same image. What lies in a file system that criu makes comes with
 * it.
 */
static int make_place(struct run *run, size_t index, struct err *e)
{
	const struct mounts *m = &run->plan->mounts;
	const struct mount_op *op = &m->items[index], *base = find_base(m, index);
	bool is_dir = op->kind == MOUNT_FS || op->fd < 0 || is_directory(op->fd);
	const char *path = op->destination;
	int rootfd = run->root_tree;
	_cleanup_fd_ int fd = -1;

	if (base && (base->kind == MOUNT_FS || base->fd < 0))
		return 0;
	if (base) {
		rootfd = base->fd;
		path += strlen(base->destination);
	}
	if (!*path)
		return 0;
	fd = rootpath_make_target(rootfd, path, is_dir);
	if (fd >= 0)
		return 0;
	err_set(e, -fd, "make the mount point %s", op->destination);
	return err_at(e, POINTER("/mounts/%zu", op->index));
}

int step_restore_mount_points(struct run *run, struct err *e)
{
	for (size_t i = 0; i < run->plan->mounts.count; i++)
		if (run->plan->mounts.items[i].kind != MOUNT_REMOUNT && make_place(run, i, e) < 0)
			return -e->code;
	return 0;
}

/* A place for the mount @fd in criu's view. */
static const char *add_source(struct run *run, struct criu_attach *to, int fd, const char *name,
			      struct err *e)
{
	struct restore *r = &run->restore;
	_cleanup_fd_ int made = -1;

	*to = (struct criu_attach){ .fd = fd };
	to->path = arena_printf(&run->restore.arena, "%s/%s", RESTORE_PLACE, name);
	if (!to->path) {
		no_memory(e);
		return NULL;
	}
	if (is_directory(fd)) {
		if (mkdirat(r->placefd, name, 0755) < 0)
			err_set(e, errno, "make the folder %s", to->path);
	} else {
		made = openat(r->placefd, name, O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0644);
		if (made < 0)
			err_set(e, errno, "make the file %s", to->path);
	}
	return e->code ? NULL : to->path;
}

/* Alone: below /sys the host has mounts that a user namespace may not be without. */
static int open_fallback(struct run *run, size_t i, struct err *e)
{
	struct mount_op *op = &run->own_plan->mounts.items[i];

	op->fd = mount_clone(AT_FDCWD, op->fallback, 0, MS_PRIVATE, 0);
	if (op->fd == -ENOENT) /* then it was not needed */
		op->fd = -1;
	return op->fd < -1 ? err_set(e, -op->fd, "open the mount source %s", op->fallback) : 0;
}

static int add_mounts(struct run *run, struct criu_attach *attach, size_t *count, struct err *e)
{
	const struct mounts *m = &run->plan->mounts;
	char name[24];

	for (size_t i = 0; i < m->count; i++) {
		const struct mount_op *op = &m->items[i];
		const char *path;

		if (op->kind == MOUNT_FS && op->fallback && op->fd < 0 &&
		    open_fallback(run, i, e) < 0)
			return -e->code;
		if (op->kind == MOUNT_REMOUNT || op->fd < 0)
			continue;
		fmt(name, sizeof(name), "%zu", i);
		path = add_source(run, &attach[(*count)++], op->fd, name, e);
		if (!path)
			return -e->code;
		criu_request_external(&run->restore.request, "mnt[%s]:%s",
				      run->plan->config->mounts.items[op->index].destination, path);
	}
	return 0;
}

/* Of a user namespace: copies of the host's, or what was made for it. Others: in images of runc
 * they are binds too. */
static int add_devices(struct run *run, struct criu_attach *attach, size_t *count, struct err *e)
{
	const struct devices *devices = &run->plan->devices;
	char name[24];

	for (size_t i = 0; i < devices->count; i++) {
		const struct device_op *op = &devices->items[i];
		const char *path = op->path;

		fmt(name, sizeof(name), "device-%zu", i);
		if (op->source_fd >= 0)
			path = add_source(run, &attach[(*count)++], op->source_fd, name, e);
		if (!path)
			return -e->code;
		criu_request_external(&run->restore.request, "mnt[%s]:%s", op->path, path);
	}
	return 0;
}

/* Covers of files, read-only already: criu keeps that for the first mount of a source alone. */
static int add_hosts_files(struct run *run, struct criu_attach *attach, size_t *count,
			   struct err *e)
{
	struct criu_request *q = &run->restore.request;
	const struct masks *masks = &run->restore.masks;
	const char *null = NULL;

	if (masks->null_fd >= 0) {
		null = add_source(run, &attach[(*count)++], masks->null_fd, "null", e);
		if (!null)
			return -e->code;
	}
	for (size_t i = 0; null && i < masks->masked->count; i++)
		criu_request_external(q, "mnt[%s]:%s", masks->masked->items[i], null);
	return add_devices(run, attach, count, e);
}

/* --- the request ------------------------------------------------------------------------------ */

static void add_streams(struct run *run)
{
	struct restore *r = &run->restore;

	for (int i = 0; i < STREAMS; i++) {
		r->start.fds[i] = r->streams[i].is_null ? -1 : i;
		if (r->streams[i].key[0])
			criu_request_inherit(&r->request, r->streams[i].key, STREAM_FD + i);
	}
	r->start.fd_count = STREAMS;
}

/* The row "open-namespaces" has opened them, and dropped what is our own. */
static int add_namespaces(struct run *run, struct err *e)
{
	const struct namespaces *ns = &run->plan->ns;
	struct restore *r = &run->restore;

	for (size_t i = 0; i < ns->joined_count; i++) {
		const struct namespace_join *n = &ns->joined[i];
		const struct external_namespace *as = external_namespace_find(n->type);

		if (namespaces_is_own(ns, n->flag))
			continue;
		if (!as)
			return err_kind(e, ERR_UNSUPPORTED, EOPNOTSUPP,
					"criu cannot restore into a joined %s namespace", n->type);
		if (!as->name) {
			criu_request_join(&r->request, as->file, n->path);
			continue;
		}
		criu_request_inherit(&r->request, as->name, CRIU_FIRST_FD + (int)r->start.fd_count);
		r->start.fds[r->start.fd_count++] = n->fd;
	}
	return 0;
}

static int make_request(struct run *run, struct err *e)
{
	struct restore *r = &run->restore;
	struct arena *a = &run->restore.arena;
	size_t size = run->plan->mounts.count + run->plan->devices.count + 3;
	struct criu_attach *attach = arena_array(a, size, sizeof(*attach));
	size_t count = 2;
	const char *root;

	if (!attach)
		return no_memory(e);
	if (criu_request_begin(&r->request, a, e) < 0 ||
	    criu_request_common(&r->request, r->options, CRIU_RESTORE_LOG, run->plan->config, e) <
		    0 ||
	    criu_request_restore(&r->request, r->options, e) < 0)
		return -e->code;
	attach[0] = (struct criu_attach){ r->placefd, RESTORE_PLACE };
	root = add_source(run, &attach[1], run->root_tree, "root", e);
	if (!root || add_mounts(run, attach, &count, e) < 0 ||
	    add_hosts_files(run, attach, &count, e) < 0)
		return -e->code;
	criu_request_root(&r->request, root);
	add_streams(run);
	if (add_namespaces(run, e) < 0)
		return -e->code;
	if (run->plan->cgroup.path)
		criu_request_cgroup_root(&r->request, "", run->plan->cgroup.path);
	r->start.attach = attach;
	r->start.attach_count = count;
	return criu_request_check(&r->request, e);
}

/* --- criu at work ------------------------------------------------------------------------------
 */

static int explain(struct run *run, struct err *e)
{
	const struct restore *r = &run->restore;
	struct criu_log log = { r->images.work_dirfd, r->images.work_path, CRIU_RESTORE_LOG };

	return r->criu.has_failed
		       ? criu_log_explain(&log, "restore", run->plan->id, run->hook_output, e)
		       : -e->code;
}

static int take_terminal(struct run *run, int fd, struct err *e)
{
	int r = run->console_fd < 0 ? -ENOTCONN : peer_send_fd(run->console_fd, "console", fd);

	return r < 0 ? err_set(e, -r, "hand the container's terminal over") : 0;
}

static int notified(void *arg, const struct criu_reply *reply, struct err *e)
{
	struct run *run = arg;

	if (strcmp(reply->script, "orphan-pts-master") == 0 && reply->fd >= 0)
		return take_terminal(run, reply->fd, e);
	if (reply->pid > 0 && !run->restore.has_init) {
		run->restore.has_init = true;
		return run_adopt(run, reply->pid, e);
	}
	return 0;
}

static int go_until(struct run *run, const char *const until[2], struct err *e)
{
	const struct criu_wait wait = { { until[0], until[1] }, notified, run };
	struct criu_reply reply;
	int r = criu_wait(&run->restore.criu, CRIU_RESTORE, &wait, &reply, e);

	if (r < 0)
		return explain(run, e);
	if (r == 0 && until[0])
		return err_set(e, EPROTO, "criu has restored a container without a word");
	return 0;
}

/* Root of the container's user namespace, as of a container that is created: what the host's root
 * owns, each of its processes may read, and those of a container without a user namespace are. */
static bool find_owner(const struct namespaces *ns, struct process_owner *ret)
{
	return idmap_out(ns->uid_map, ns->uid_map_count, 0, &ret->uid) &&
	       idmap_out(ns->gid_map, ns->gid_map_count, 0, &ret->gid);
}

int step_criu_start(struct run *run, struct err *e)
{
	struct restore *r = &run->restore;
	char keyring[8 + STORE_ID_MAX];
	struct process_owner owner;

	fmt(keyring, sizeof(keyring), "_ses.%s", run->plan->id);
	r->start.cgroup_fd = run->cgroup_fd;
	r->start.image_path = r->images.path;
	r->start.work_path = r->images.work_path;
	r->start.keyring = run->plan->no_new_keyring ? NULL : keyring;
	r->start.keyring_owner = find_owner(&run->plan->ns, &owner) ? &owner : NULL;
	r->start.keeps_group = r->options->shell_job;
	/* Or it would trace what delete kills, and wait for another of them: none could end. */
	r->start.dies_with_us = true;
	for (int i = 0; i < STREAMS; i++)
		r->start.stdio[i] = r->options->shell_job ? i : -1;
	if (make_request(run, e) < 0)
		return -e->code;
	return criu_start(&r->criu, &r->start, e);
}

void undo_criu(struct run *run)
{
	criu_end(&run->restore.criu, false);
}

int step_criu_unit(struct run *run, struct err *e)
{
	run->pid = run->restore.criu.pid;
	step_unit(run, e);
	run->pid = 0;
	return -e->code;
}

/* criu first: as long as it traces the processes, nobody else hears of their end. */
void undo_criu_begin(struct run *run)
{
	criu_end(&run->restore.criu, false);
	undo_spawn(run);
}

int step_criu_begin(struct run *run, struct err *e)
{
	static const char *const until[] = { "setup-namespaces", "post-restore" };
	struct restore *r = &run->restore;
	int code = criu_send(r->criu.sock, CRIU_RESTORE, &r->request.opts, false);

	if (code < 0)
		err_set(e, -code, "ask criu for a restore");
	else
		go_until(run, until, e);
	if (e->code)
		undo_criu_begin(run);
	return -e->code;
}

int step_criu_restore(struct run *run, struct err *e)
{
	static const char *const until[] = { "post-restore", NULL };

	if (criu_go_on(&run->restore.criu, e) < 0)
		return explain(run, e);
	return go_until(run, until, e);
}

int step_criu_finish(struct run *run, struct err *e)
{
	static const char *const until[] = { NULL, NULL };

	if (criu_go_on(&run->restore.criu, e) < 0)
		return explain(run, e);
	if (go_until(run, until, e) < 0)
		return -e->code;
	criu_end(&run->restore.criu, false);
	return 0;
}
