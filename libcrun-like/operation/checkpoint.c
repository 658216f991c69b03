/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * checkpoint: criu writes the processes of a container into images. Afterwards the container is
 * gone, as after a delete, or goes on (leave_running, a pre-dump, every failure).
 */
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>

#include "container/store.h"
#include "kernel/cgroupfs.h"
#include "lifecycle/criu_log.h"
#include "lifecycle/criu_request.h"
#include "lifecycle/criu_session.h"
#include "oci-spec/json.h"
#include "operation/checkpoint_parts.h"
#include "operation/operation.h"
#include "setup/criu/streams.h"

enum {
	THAW_MSEC = 10000
};

struct checkpoint {
	const struct davit_checkpoint_options *options;
	struct container *c;
	const struct oci_config *config;
	struct criu_session criu;
	struct criu_images images;
	struct criu_request request;
	struct stream streams[STREAMS];
	bool has_no_freezer; /* it was tried with it in vain */
	bool is_stuck;       /* a process did not stop */
	bool is_broken;      /* criu was killed at its work, and the container with it */
	int status_fd;       /* criu's number of it, or -1 */
	char *output;
};

int checkpoint_check_status(const struct container *c, struct err *e)
{
	if (c->status == STATUS_RUNNING || c->status == STATUS_PAUSED)
		return 0;
	err_kind(e, ERR_STATUS, EINVAL, "cannot checkpoint container %s: container not running",
		 c->id);
	return err_hint(e, "it is %s", status_word(c->status));
}

int checkpoint_load_config(struct container *c, const struct oci_config **ret, struct err *e)
{
	struct oci_config *config;
	char *text;
	size_t len;

	if (store_read_file(&c->arena, c->dirfd, "config.json", &text, &len, e) == 0 &&
	    oci_config_decode(&c->arena, text, len, "config.json", &config, e) == 0)
		*ret = config;
	return -e->code;
}

/* --- what is asked for ------------------------------------------------------------------------ */

/* criu stops the processes by it, all of them at once. NULL: it takes hold of one after another. */
static int find_freezer(const struct checkpoint *k, const char **ret, struct err *e)
{
	_cleanup_fd_ int root = -1, cg = -1;
	char path[PATH_MAX];
	struct cgroup_ref ref;
	const char *place;

	*ret = NULL;
	if (k->has_no_freezer || !container_cgroup(k->c, &ref))
		return 0;
	root = cgroupfs_open_root(&place);
	cg = root < 0 ? -1 : cgroup_find_ref(&ref, path);
	if (cg < 0)
		return 0;
	*ret = arena_printf(&k->c->arena, "%s/%s", place, path + strspn(path, "/"));
	return *ret ? 0 : err_set(e, ENOMEM, "prepare what criu is asked for");
}

static int put_mounts(struct checkpoint *k, struct err *e)
{
	struct external_mounts mounts;

	if (external_find(&k->c->arena, k->config, k->c->pid, &mounts, e) < 0)
		return -e->code;
	for (size_t i = 0; i < mounts.count; i++)
		criu_request_external(&k->request, "mnt[%s]:%s", mounts.items[i].place,
				      mounts.items[i].name);
	return 0;
}

static int put_streams(struct checkpoint *k, struct err *e)
{
	if (streams_look(&k->c->arena, k->c->pid, k->streams, e) < 0)
		return -e->code;
	for (size_t i = 0; i < STREAMS; i++)
		if (k->streams[i].is_external)
			criu_request_external(&k->request, "%s", k->streams[i].key);
	return 0;
}

/* criu writes down what is in a namespace of the container's own; a joined one is not the
 * container's. */
static void put_namespaces(struct checkpoint *k)
{
	const struct oci_linux *l = k->config->linux_config;

	for (size_t i = 0; l && i < l->namespaces.count; i++) {
		const struct oci_namespace *n = &l->namespaces.items[i];
		const struct external_namespace *ns = external_namespace_find(n->type);
		uint64_t inode =
			ns && n->path && ns->name ? external_namespace_inode(ns, k->c->pid) : 0;

		if (inode)
			criu_request_external(&k->request, "%s[%llu]:%s", ns->file,
					      (unsigned long long)inode, ns->name);
	}
}

/* Its processes have the host's mounts, or those of others: criu would dump them all. */
int checkpoint_check_mounts(const struct container *c, const struct oci_config *config,
			    struct err *e)
{
	const struct oci_namespace *n = oci_config_namespace(config, "mount");

	if (n && !n->path)
		return 0;
	return err_kind(e, ERR_UNSUPPORTED, EOPNOTSUPP,
			"cannot checkpoint container %s: it has no mount namespace of its own",
			c->id);
}

unsigned checkpoint_needs(const struct davit_checkpoint_options *o)
{
	return (o->pre_dump || o->parent_path ? CRIU_MEM_TRACK : 0) |
	       (o->lazy_pages ? CRIU_LAZY_PAGES : 0);
}

/* Before criu is started: it would not say which of its descriptors is none. */
static int check_status_fd(const struct davit_checkpoint_options *o, struct err *e)
{
	int flags = o->status_fd ? fcntl((int)o->status_fd, F_GETFL) : O_WRONLY;

	if (flags < 0)
		return err_kind(e, ERR_USAGE, errno, "--status-fd %u: no descriptor of that number",
				o->status_fd);
	if ((flags & O_ACCMODE) == O_RDONLY)
		return err_kind(e, ERR_USAGE, EINVAL, "--status-fd %u: it is open to be read",
				o->status_fd);
	return 0;
}

static int check_options(const struct davit_checkpoint_options *o, struct err *e)
{
	if (criu_images_check_parent(o, e) < 0)
		return -e->code;
	/* By itself criu would hand the memory to the first who asks, of all networks, at a port
	 * that nobody knows; and wait for that, with the container stopped. */
	if (!o->lazy_pages || o->page_server)
		return check_status_fd(o, e);
	err_kind(e, ERR_USAGE, EINVAL, "--lazy-pages needs --page-server");
	return err_hint(e, "it is the ADDRESS:PORT at which the memory is fetched");
}

static int make_request(struct checkpoint *k, struct err *e)
{
	struct criu_request *r = &k->request;
	const char *freezer;

	if (criu_request_begin(r, &k->c->arena, e) < 0 ||
	    criu_request_common(r, k->options, CRIU_DUMP_LOG, k->config, e) < 0 ||
	    find_freezer(k, &freezer, e) < 0 ||
	    criu_request_dump(r, k->options, k->c->pid, freezer, k->status_fd, e) < 0 ||
	    put_mounts(k, e) < 0 || put_streams(k, e) < 0)
		return -e->code;
	put_namespaces(k);
	return criu_request_check(r, e);
}

/* --- the dump --------------------------------------------------------------------------------- */

static int explain(struct checkpoint *k, struct err *e)
{
	struct criu_log log = { k->images.work_dirfd, k->images.work_path, CRIU_DUMP_LOG };

	criu_log_explain(&log, "checkpoint", k->c->id, k->output, e);
	for (size_t i = 0; i < log.count; i++)
		k->is_stuck |= strstr(log.lines[i], "Unseizable non-zombie") != NULL;
	return -e->code;
}

/* A criu that was killed leaves the cgroup frozen. */
static void thaw(const struct checkpoint *k)
{
	struct cgroup_ref ref;
	_cleanup_fd_ int cg = -1;

	if (k->c->status == STATUS_PAUSED || !container_cgroup(k->c, &ref))
		return;
	cg = cgroup_open_ref(&ref);
	if (cg >= 0)
		(void)cgroupfs_freeze(cg, false, THAW_MSEC); /* resume can be tried again */
}

/* criu is gone, and has said nothing: never half a container, and never a word too little of which
 * it is. */
static int settle(struct checkpoint *k, struct err *e)
{
	enum criu_stage stage = criu_log_stage(k->images.work_dirfd, CRIU_DUMP_LOG);
	struct err criu = *e;

	*e = (struct err){ 0 };
	k->is_broken = stage == CRIU_TOUCHED || stage == CRIU_KILLING;
	err_kind(e, criu.kind, criu.code, "checkpoint container %s: %s; %s", k->c->id, criu.msg,
		 k->is_broken ? "the container could not go on and is deleted"
			      : "the container goes on as before");
	err_hint(e, "see %s/%s", k->images.work_path, CRIU_DUMP_LOG);
	if (!k->is_broken)
		thaw(k);
	return -e->code;
}

static int dump(struct checkpoint *k, struct err *e)
{
	enum criu_verb type = k->options->pre_dump ? CRIU_PRE_DUMP : CRIU_DUMP;
	const struct criu_wait wait = { 0 };
	struct criu_reply reply;
	int r = criu_send(k->criu.sock, type, &k->request.opts, false);

	if (r < 0)
		return err_set(e, -r, "ask criu for a dump");
	if (criu_wait(&k->criu, type, &wait, &reply, e) < 0)
		return e->kind == ERR_KILLED ? settle(k, e) : explain(k, e);
	criu_end(&k->criu, false);
	return 0;
}

static int try_dump(struct checkpoint *k, struct err *e)
{
	struct criu_start start = { .cgroup_fd = -1, .stdio = { -1, -1, -1 } };

	k->status_fd = -1;
	if (k->options->status_fd) {
		start.fds[start.fd_count++] = (int)k->options->status_fd;
		k->status_fd = CRIU_FIRST_FD;
	}
	start.image_path = k->images.path;
	start.work_path = k->images.work_path;
	/* Of a user namespace its root reads some of them, when criu restores. */
	start.hides_images = !oci_config_namespace(k->config, "user");
	if (make_request(k, e) < 0 || criu_start(&k->criu, &start, e) < 0)
		return -e->code;
	if (!k->options->pre_dump && streams_save(k->images.dirfd, k->streams, e) < 0)
		return -e->code;
	return dump(k, e);
}

/*
 * A process that waits for its vfork(2)ed child waits for ever when the freezer has stopped that:
 * four of a hundred dumps of a shell that starts programs end so, with runc too. Without the
 * freezer criu stops one process after the other, and the child gets on.
 */
static bool is_worth_another(const struct checkpoint *k, const struct err *e)
{
	return k->is_stuck && !k->has_no_freezer && e->kind != ERR_KILLED;
}

static int checkpoint(struct checkpoint *k, struct err *e)
{
	if (checkpoint_check_status(k->c, e) < 0 || check_options(k->options, e) < 0 ||
	    checkpoint_load_config(k->c, &k->config, e) < 0 ||
	    checkpoint_check_mounts(k->c, k->config, e) < 0 ||
	    criu_check(&k->criu, checkpoint_needs(k->options), e) < 0 ||
	    criu_images_open(&k->images, k->options, true, e) < 0 ||
	    criu_images_open_to(&k->images, k->config, e) < 0)
		return -e->code;
	if (try_dump(k, e) == 0 || !is_worth_another(k, e))
		return -e->code;
	*e = (struct err){ 0 };
	k->output[0] = '\0';
	k->has_no_freezer = true;
	criu_end(&k->criu, false);
	criu_init(&k->criu, k->criu.ctx);
	return try_dump(k, e);
}

int operation_checkpoint(const struct davit_context *ctx, const char *id,
			 const struct davit_checkpoint_options *options, char *output,
			 struct err *e)
{
	struct err ignored = { 0 };
	struct container c;
	struct checkpoint k = { .options = options,
				.c = &c,
				.images = { .dirfd = -1, .work_dirfd = -1 },
				.output = output };

	criu_init(&k.criu, ctx);
	if (container_open(ctx, id, CONTAINER_LOCK, &c, e) == 0)
		checkpoint(&k, e);
	criu_end(&k.criu, false);
	criu_images_close(&k.images);
	/* Its processes are gone; what is left is the same as after their end. */
	if (k.is_broken)
		operation_delete_opened(ctx, &c, &ignored);
	else if (e->code || options->leave_running || options->pre_dump)
		container_close(&c);
	else
		operation_delete_opened(ctx, &c, e);
	return -e->code;
}
