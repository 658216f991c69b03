/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Bind mounts into a running container, out of it again, and the list of what is mounted there. The
 * container runs and may be hostile while this happens: sources are opened and given their options
 * outside, by descriptor; a child of ours joins the mount namespace and attaches them by the same
 * code as at create, which names nothing below the root but through kernel/rootpath (C1).
 *
 * Takes the lock: no mount while the container is made or deleted. Nothing is kept of it: what is
 * mounted is what the kernel says, so `list` shows all of it.
 */
#include <fcntl.h>
#include <limits.h>
#include <sched.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "base/fmt.h"
#include "container/store.h"
#include "kernel/mount.h"
#include "kernel/mountinfo.h"
#include "kernel/namespace.h"
#include "kernel/process.h"
#include "kernel/rootpath.h"
#include "oci-spec/json_paths.h"
#include "oci-spec/json_utf8.h"
#include "operation/operation.h"
#include "setup/filesystem/mounts.h"

/* Runs in a child of its own, in the container's mount namespace. Without a heap. */
typedef int job_fn(struct mounts *m, int rootfd, struct err *e);

static int check_status(const struct container *c, struct err *e)
{
	if (c->pidfd >= 0 && c->status != STATUS_CREATING)
		return 0;
	return err_kind(e, ERR_STATUS, EINVAL,
			"cannot reach the mounts of container %s: container not running", c->id);
}

/* --- in the child ---------------------------------------------------------------------------- */

/* Where the container's mounts are. */
struct place {
	int rootfd;
	int mount_ns;
	int user_ns; /* that it belongs to; -1: the runtime's own */
};

static int enter(const struct place *at, struct err *e)
{
	int r = at->user_ns < 0 ? 0 : namespace_join(at->user_ns, CLONE_NEWUSER);

	if (r == 0)
		r = namespace_join(at->mount_ns, CLONE_NEWNS);
	if (r < 0)
		return err_set(e, -r, "join the mount namespace of the container");
	/* Ignored: where 0 is not mapped, places that have to be made cannot be. */
	if (at->user_ns >= 0 && (setresgid(0, 0, 0) < 0 || setresuid(0, 0, 0) < 0))
		errno = 0;
	/* Now: a change of rights or ids forgets the one and may undo the other. Whoever gives up
	 * waiting for us must not leave the lock behind, which we have too. */
	process_die_with_parent(true);
	process_set_dumpable(false);
	return 0;
}

static int attach_all(struct mounts *m, int rootfd, struct err *e)
{
	return mounts_apply(m, rootfd, e);
}

/* The directory that holds the last component of @path, and that component. Nothing is made. */
static int open_parent(int rootfd, const char *path, char name[static 256])
{
	char parent[PATH_MAX];
	size_t len = strlen(path), begin;

	while (len > 0 && path[len - 1] == '/')
		len--;
	for (begin = len; begin > 0 && path[begin - 1] != '/';)
		begin--;
	if (len == begin || len - begin >= 256 || begin + 2 > sizeof(parent))
		return -EINVAL;
	memcpy(name, path + begin, len - begin);
	name[len - begin] = '\0';
	if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
		return -EINVAL;
	memcpy(parent, path, begin);
	parent[begin] = '\0';
	return rootpath_open(rootfd, begin ? parent : "/", O_PATH | O_DIRECTORY);
}

/*
 * 1 when @name of @parent is a mount of @op's source. The container may have put links and other
 * directories in the way, so that the path leads to a mask or to somebody else's mount: only what
 * is the source, or was until it was deleted on the host, is taken away.
 */
static int is_of_source(const struct mount_op *op, int parent, const char *name)
{
	_cleanup_fd_ int fd = openat(parent, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	struct stat there, source;
	int r = fd < 0 ? neg_errno() : mount_is_root(fd);

	if (r <= 0)
		return r < 0 ? r : -EINVAL;
	if (fstat(fd, &there) < 0)
		return neg_errno();
	if (op->fd < 0 || fstat(op->fd, &source) < 0)
		return there.st_nlink == 0;
	return there.st_nlink == 0 ||
	       (there.st_dev == source.st_dev && there.st_ino == source.st_ino);
}

static int detach_one(const struct mount_op *op, int rootfd, struct err *e)
{
	const char *destination = op->destination;
	char name[256];
	_cleanup_fd_ int parent = open_parent(rootfd, destination, name);
	int r = parent < 0 ? parent : is_of_source(op, parent, name);

	if (r == 0)
		return err_set(e, EBUSY, "unmount %s: what is mounted there is not %s", destination,
			       op->source);
	if (r > 0)
		r = mount_detach_name(parent, name);
	if (r == -EINVAL)
		return err_set(e, EINVAL, "nothing is mounted on %s", destination);
	return r < 0 ? err_set(e, -r, "unmount %s", destination) : 0;
}

/* The last one first: it may stand on another of them. */
static int detach_all(struct mounts *m, int rootfd, struct err *e)
{
	for (size_t i = m->count; i-- > 0;)
		if (detach_one(&m->items[i], rootfd, e) < 0)
			return err_at(e, POINTER("/mounts/%zu/destination", i));
	return 0;
}

static _Noreturn void child_main(const struct place *at, struct mounts *m, job_fn *job, int answer)
{
	struct err e = { 0 };

	process_set_dumpable(false); /* the container is not to look into this process */
	if (enter(at, &e) == 0)
		(void)job(m, at->rootfd, &e); /* in e */
	/* An answer that does not arrive is a failure. */
	_exit(write(answer, &e, sizeof(e)) == (ssize_t)sizeof(e) ? 0 : 1);
}

static int run_in_child(const struct container *c, const struct place *at, struct mounts *m,
			job_fn *job, struct err *e)
{
	ssize_t n;
	pid_t pid;
	int p[2];

	if (pipe2(p, O_CLOEXEC) < 0)
		return err_set(e, errno, "make a pipe");
	pid = fork();
	if (pid == 0)
		child_main(at, m, job, p[1]);
	if (pid < 0)
		err_set(e, errno, "start a process");
	close(p[1]);
	do
		n = read(p[0], e, pid > 0 ? sizeof(*e) : 0);
	while (n < 0 && errno == EINTR);
	close(p[0]);
	while (pid > 0 && waitpid(pid, NULL, 0) < 0 && errno == EINTR)
		;
	if (pid > 0 && n != (ssize_t)sizeof(*e))
		err_kind(e, ERR_KILLED, EIO, "the process in container %s was ended", c->id);
	return -e->code;
}

/* --- outside --------------------------------------------------------------------------------- */

static void place_close(struct place *at)
{
	close_fdp(&at->rootfd);
	close_fdp(&at->mount_ns);
	close_fdp(&at->user_ns);
}

/* The user namespace of config.json: NULL when there is none. */
static int find_user_ns(struct container *c, const struct oci_namespace **ret, struct err *e)
{
	struct oci_config *config;
	size_t len;
	char *text;

	*ret = NULL;
	if (store_read_file(&c->arena, c->dirfd, "config.json", &text, &len, e) < 0 ||
	    oci_config_decode(&c->arena, text, len, "config.json", &config, e) < 0)
		return -e->code;
	*ret = oci_config_namespace(config, "user");
	return 0;
}

/* 1 when @user_ns is what create gave to the container: ours, a child of ours, or one by path. */
static int is_containers(const struct oci_namespace *asked, int user_ns)
{
	_cleanup_fd_ int expected = -1, parent = -1;
	int r = asked && asked->path ? namespace_open(asked->path, CLONE_NEWUSER, &expected)
				     : namespace_open_own(CLONE_NEWUSER, &expected);

	if (r == 0 && asked && !asked->path)
		r = namespace_open_parent(user_ns, &parent);
	return r < 0 ? r : namespace_is_same(expected, parent < 0 ? user_ns : parent);
}

/*
 * A program without any rights may have made namespaces of its own, in which it has all rights: it
 * could take "ro" and the like off a mount that is attached there. So it is the mount namespace's
 * owner that counts, and what is looked at is what is joined.
 */
static int open_place(struct container *c, struct place *at, struct err *e)
{
	const struct oci_namespace *asked;
	char path[64];
	int r;

	if (container_root_place(c).inode) {
		err_kind(
			e, ERR_UNSUPPORTED, EOPNOTSUPP,
			"container %s has no mount namespace, and what is mounted is set by create",
			c->id);
		return err_hint(e, "add { \"type\": \"mount\" } to linux.namespaces");
	}
	if (find_user_ns(c, &asked, e) < 0)
		return -e->code;
	fmt(path, sizeof(path), "/proc/%d/ns/mnt", (int)c->pid);
	r = namespace_open(path, CLONE_NEWNS, &at->mount_ns);
	if (r == 0)
		r = process_open_root(c->pid, &at->rootfd);
	/* Only a process that is still there has told of its own. */
	if (r == 0 && process_has_ended(c->pidfd))
		r = -ESRCH;
	if (r == 0)
		r = namespace_open_owner(at->mount_ns, &at->user_ns);
	if (r < 0)
		return err_set(e, -r, "open the mount namespace of container %s", c->id);
	r = is_containers(asked, at->user_ns);
	if (r <= 0)
		return err_set(e, r < 0 ? -r : EPERM,
			       "the first process of container %s is in a mount namespace of its "
			       "own making",
			       c->id);
	if (!asked)
		close_fdp(&at->user_ns);
	return 0;
}

/* An array of mounts, as crun takes it, or an object with it as "mounts". */
static char *make_config(struct arena *a, const char *text, size_t len)
{
	size_t blanks = 0;

	while (blanks < len && strchr(" \t\r\n", text[blanks]))
		blanks++;
	if (blanks < len && text[blanks] == '{')
		return arena_printf(a, "%.*s{\"ociVersion\":\"1.0.0\",%.*s", (int)blanks, text,
				    (int)(len - blanks - 1), text + blanks + 1);
	return arena_printf(a, "{\"ociVersion\":\"1.0.0\",\"mounts\":%.*s}", (int)len, text);
}

static bool take_first(void *arg, const struct err *violation)
{
	/* The rest of a config.json is not there. */
	if (strncmp(violation->pointer, "/mounts", 7) != 0)
		return true;
	*(struct err *)arg = *violation;
	return false;
}

static int prepare(struct container *c, const char *text, size_t len, bool has_user_ns,
		   struct mounts *m, struct err *e)
{
	const struct mounts_context ctx = {
		.bundle = c->state->bundle,
		.has_user_ns = has_user_ns,
		.has_neighbours = true,
		.has_only_binds = true,
	};
	struct oci_config *config;
	char *document = len < OCI_JSON_SIZE_MAX ? make_config(&c->arena, text, len) : NULL;

	if (!document)
		return err_set(e, len < OCI_JSON_SIZE_MAX ? ENOMEM : EFBIG, "read the mounts");
	if (oci_config_decode(&c->arena, document, strlen(document), "mounts", &config, e) < 0)
		return -e->code;
	oci_config_check(config, take_first, e);
	if (e->code || mounts_prepare(&c->arena, config, &ctx, m, e) < 0)
		return -e->code;
	for (size_t i = 0; i < m->count; i++)
		if (m->items[i].kind != MOUNT_BIND)
			return err_field(e, EINVAL, POINTER("/mounts/%zu", i),
					 "only bind mounts can be added to a running container");
	return 0;
}

/* What is to be taken off is known by its source. One that is gone from the host stays -1. */
static void look_at_sources(struct mounts *m)
{
	for (size_t i = 0; i < m->count; i++) {
		struct mount_op *op = &m->items[i];
		bool is_link = op->options.extras & MOUNT_SOURCE_NOFOLLOW;

		op->fd = open(op->source, O_PATH | O_CLOEXEC | (is_link ? O_NOFOLLOW : 0));
	}
}

/* An ordinary user may not clone mounts of the host; create leaves it to INIT, but in the container
 * the path is another one. */
static int check_sources(const struct mounts *m, struct err *e)
{
	for (size_t i = 0; i < m->count; i++) {
		const struct mount_op *op = &m->items[i];

		if (op->fd >= 0 || (op->link_text && op->link_text[0]))
			continue;
		err_set(e, EPERM, "open the mount source %s", op->source);
		return err_at(e, POINTER("/mounts/%zu", i));
	}
	return 0;
}

/* The container's user namespace is not to take anything off what the host has. */
static int lock_sources(struct arena *a, const struct mounts *m, struct err *e)
{
	int *fds = arena_array(a, m->count + 1, sizeof(*fds)), r;
	size_t count = 0;

	for (size_t i = 0; fds && i < m->count; i++)
		if (m->items[i].fd >= 0)
			fds[count++] = m->items[i].fd;
	r = fds ? mount_lock(fds, count) : -ENOMEM;
	return r < 0 ? err_set(e, -r, "lock the mount sources for the container's user namespace")
		     : 0;
}

static int open_sources(struct arena *a, struct mounts *m, bool locked, struct err *e)
{
	if (mounts_open_idmaps(m, e) < 0 || mounts_open_sources(m, e) < 0 ||
	    check_sources(m, e) < 0)
		return -e->code;
	return locked ? lock_sources(a, m, e) : 0;
}

int operation_mounts_change(const struct davit_context *ctx, const char *id, const char *text,
			    size_t len, bool add, struct err *e)
{
	struct place at = { -1, -1, -1 };
	struct mounts m = { 0 };
	struct container c;

	if (container_open(ctx, id, CONTAINER_LOCK, &c, e) == 0 && check_status(&c, e) == 0 &&
	    open_place(&c, &at, e) == 0)
		(void)prepare(&c, text, len, at.user_ns >= 0, &m, e); /* in e */
	if (e->code == 0 && add)
		(void)open_sources(&c.arena, &m, at.user_ns >= 0, e);
	else if (e->code == 0)
		look_at_sources(&m);
	if (e->code == 0)
		(void)run_in_child(&c, &at, &m, add ? attach_all : detach_all, e);
	mounts_close(&m);
	place_close(&at);
	container_close(&c);
	return -e->code;
}

/* --- the list -------------------------------------------------------------------------------- */

/* A container may put any bytes into the names of its directories: what is no UTF-8 is replaced. */
static void make_clean(char *text)
{
	size_t len = strlen(text), at;

	while ((at = json_utf8_scan(text, len)) < len)
		text[at] = '?';
}

static void add_string(struct json_paths *to, size_t index, const char *member, char *text)
{
	char path[64];

	make_clean(text);
	fmt(path, sizeof(path), "mounts/%zu/%s", index, member);
	json_paths_string(to, path, text);
}

static void add_mount(struct json_paths *to, size_t index, struct mountinfo *m)
{
	char *option, member[32];
	size_t count = 0;

	add_string(to, index, "destination", m->place);
	add_string(to, index, "type", m->type);
	add_string(to, index, "source", m->source);
	add_string(to, index, "root", m->root);
	while ((option = strsep(&m->options, ","))) {
		fmt(member, sizeof(member), "options/%zu", count++);
		add_string(to, index, member, option);
	}
}

static int list(const struct container *c, struct arena *a, const char **ret_json, size_t *ret_len,
		struct err *e)
{
	struct json_paths *to = json_paths_new(a, true);
	struct mountinfo_list mounts;
	int r = to ? mountinfo_read(a, c->pid, &mounts) : -ENOMEM;

	if (r < 0)
		return err_set(e, -r, "read the mounts of container %s", c->id);
	for (size_t i = 0; i < mounts.count; i++)
		add_mount(to, i, &mounts.items[i]);
	*ret_json = json_paths_end(to, ret_len);
	return 0;
}

int operation_mounts_list(const struct davit_context *ctx, const char *id, struct arena *a,
			  const char **ret_json, size_t *ret_len, struct err *e)
{
	struct container c;

	if (container_open(ctx, id, 0, &c, e) == 0 && check_status(&c, e) == 0)
		(void)list(&c, a, ret_json, ret_len, e); /* in e */
	container_close(&c);
	return -e->code;
}
