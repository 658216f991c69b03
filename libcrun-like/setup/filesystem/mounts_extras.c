/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * See mounts_extras.h. A tmpfs is filled while it is detached: nobody in the container or on the
 * host sees it half done, or can change it under our hands. What it is filled from is the opened
 * mount point, whatever its name means by then.
 */
#include "setup/filesystem/mounts_extras.h"

#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>

#include "kernel/mount.h"
#include "kernel/rootpath.h"
#include "kernel/sys.h"
#include "kernel/tree.h"
#include "setup/annotations.h"

static bool is_tmpfs(const struct mount_op *op)
{
	return op->kind == MOUNT_FS && strcmp(op->type, "tmpfs") == 0;
}

/* Whether "KEY=..." is among the comma-joined options @data. */
static bool has_key(const char *data, const char *key)
{
	size_t len = strlen(key);

	for (const char *s = data; s && *s; s += strcspn(s, ",")) {
		s += strspn(s, ",");
		if (strncmp(s, key, len) == 0 && s[len] == '=')
			return true;
	}
	return false;
}

static const char *extras_fault(const struct mount_op *op)
{
	enum {
		NOFOLLOW = MOUNT_SOURCE_NOFOLLOW | MOUNT_DEST_NOFOLLOW
	};
	unsigned extras = op->options.extras;

	if ((extras & MOUNT_COPY_UP) && !is_tmpfs(op))
		return "tmpcopyup is for a tmpfs";
	if ((extras & (MOUNT_COPY_SYMLINK | MOUNT_SOURCE_NOFOLLOW)) && op->kind != MOUNT_BIND)
		return "copy-symlink and src-nofollow are for a bind mount";
	if ((extras & MOUNT_COPY_SYMLINK) && (extras & NOFOLLOW))
		return "copy-symlink excludes src-nofollow and dest-nofollow";
	if ((extras & MOUNT_DEST_NOFOLLOW) && op->kind == MOUNT_REMOUNT)
		return "dest-nofollow is not for a remount";
	return NULL;
}

int mounts_prepare_extras(struct arena *a, struct mount_op *op, struct err *e)
{
	const char *fault = extras_fault(op);

	if (fault)
		return err_field(e, EINVAL, POINTER("/mounts/%zu/options", op->index), "%s: %s",
				 fault, op->destination);
	/* Without a mode of its own a tmpfs takes that of the directory which it covers, as runc
	 * and crun have it: a /tmp or a private directory of the image keeps what it is. */
	if (is_tmpfs(op))
		op->is_filled =
			(op->options.extras & MOUNT_COPY_UP) || !has_key(op->options.data, "mode");
	if (op->is_filled && !(op->options.extras & MOUNT_COPY_UP)) {
		const char *data = op->options.data;

		op->data_with_mode =
			arena_printf(a, "%s%smode=0000", data ? data : "", data ? "," : "");
		if (!op->data_with_mode)
			return err_set(e, ENOMEM, "prepare the mounts");
	}
	if (op->options.extras & MOUNT_COPY_SYMLINK) {
		op->link_text = arena_alloc(a, PATH_MAX);
		if (!op->link_text)
			return err_set(e, ENOMEM, "prepare the mounts");
		op->link_text[0] = '\0';
	}
	return 0;
}

/* The word for the label: mount(8), "SELinux mount options"; the annotation is crun's. */
static int find_context_word(const struct oci_config *config, const char **ret, struct err *e)
{
	static const char *const words[] = { "context", "fscontext", "defcontext", "rootcontext" };
	const char *given = annotation_find(&config->annotations, ANNOTATION_MOUNT_CONTEXT);
	const char *key = annotation_name(ANNOTATION_MOUNT_CONTEXT);

	if (!given)
		given = "context";
	for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
		if (strcmp(given, words[i]) != 0)
			continue;
		*ret = words[i];
		return 0;
	}
	err_kind(e, ERR_CONFIG, EINVAL,
		 "annotation %s is \"%s\": not context, fscontext, defcontext or rootcontext", key,
		 given);
	return err_at(e, POINTER("/annotations/%s", key));
}

static bool has_label(const struct mount_op *op)
{
	static const char *const keys[] = { "context", "fscontext", "defcontext", "rootcontext" };

	for (size_t i = 0; i < ARRAY_SIZE(keys); i++) {
		if (has_key(op->options.data, keys[i]))
			return true;
	}
	return false;
}

/* The policy labels what is in these by itself, or, as with cgroup2, the host shares it. */
static bool is_labelled_by_kernel(const struct mount_op *op)
{
	static const char *const types[] = { "proc", "sysfs", "cgroup", "cgroup2" };

	for (size_t i = 0; i < ARRAY_SIZE(types); i++) {
		if (strcmp(op->type, types[i]) == 0)
			return true;
	}
	return false;
}

int mounts_prepare_label(struct arena *a, const struct oci_config *config,
			 const struct mounts_context *ctx, struct mount_op *op, struct err *e)
{
	const struct oci_linux *l = config->linux_config;
	const char *label = l ? l->mount_label : NULL, *word = NULL, *data = op->options.data;
	int r;

	if (!label || !label[0])
		return 0;
	if (!ctx->has_selinux) {
		err_kind(e, ERR_UNSUPPORTED, EOPNOTSUPP,
			 "selinux is not enabled on this host, but mount label \"%s\" is asked for",
			 label);
		return err_at(e, "/linux/mountLabel");
	}
	r = find_context_word(config, &word, e);
	if (r < 0)
		return r;
	if (op->kind != MOUNT_FS || is_labelled_by_kernel(op) || has_label(op))
		return 0;
	/* All mqueues of a kernel share one label; the directory alone takes one of its own. */
	if (strcmp(op->type, "mqueue") == 0) {
		op->label = label;
		return 0;
	}
	op->options.data =
		arena_printf(a, "%s%s%s=\"%s\"", data ? data : "", data ? "," : "", word, label);
	return op->options.data ? 0 : err_set(e, ENOMEM, "prepare the mounts");
}

int mounts_make_readonly(const struct mount_op *op, int fd, struct err *e)
{
	const struct mount_fs fs = { .superblock = op->options.superblock_set & MS_RDONLY };
	char message[MOUNT_MESSAGE_SIZE];
	int r = fs.superblock ? mount_reconfigure(fd, &fs, message) : 0;

	if (r == 0 && (op->options.attr_set & MOUNT_ATTR_RDONLY))
		r = mount_set_attrs(fd, MOUNT_ATTR_RDONLY, 0, false);
	return r < 0 ? err_set(e, -r, "make the mount on %s read-only", op->destination) : 0;
}

/* The attributes that the options gave to the tmpfs hold against those that were copied. */
static int restore_given(const struct mount_op *op, int to, const struct stat *st)
{
	const char *data = op->options.data;
	uid_t uid = has_key(data, "uid") ? st->st_uid : (uid_t)-1;
	gid_t gid = has_key(data, "gid") ? st->st_gid : (gid_t)-1;

	if (fchown(to, uid, gid) < 0)
		return neg_errno();
	if (has_key(data, "mode") && fchmod(to, st->st_mode & 07777) < 0)
		return neg_errno();
	return 0;
}

static int copy_up(const struct mount_op *op, int from, int to, const struct stat *st,
		   struct err *e)
{
	char name[TREE_NAME_SIZE];
	int r = tree_copy(from, to, name);

	if (r == 0)
		r = restore_given(op, to, st);
	if (r == 0)
		return 0;
	err_set(e, -r, "copy %s%s%s into the tmpfs on it", name[0] ? name : "",
		name[0] ? " below " : "", op->destination);
	if (r == -ELOOP)
		err_hint(e, "directories are too deep");
	else if (r == -ENOSPC)
		err_hint(e, "a larger size= may help");
	else if (r == -EINVAL)
		err_hint(e, "its owner may have no id in the container's user namespace");
	else if (r == -EPERM)
		err_hint(e, "a user namespace may not make device nodes");
	return r;
}

int mounts_fill(const struct mount_op *op, int fd, int target, struct err *e)
{
	_cleanup_fd_ int from = openat(target, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	_cleanup_fd_ int to = openat(fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct stat covered, st;

	if (from < 0 || to < 0 || fstat(from, &covered) < 0 || fstat(to, &st) < 0)
		return err_set(e, errno, "open %s", op->destination);
	if (op->options.extras & MOUNT_COPY_UP)
		return copy_up(op, from, to, &st, e);
	if (fchmod(to, covered.st_mode & 07777) < 0)
		return err_set(e, errno, "set the mode of the tmpfs on %s", op->destination);
	return 0;
}

int mounts_label(const struct mount_op *op, int fd, struct err *e)
{
	_cleanup_fd_ int dir = openat(fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (dir < 0 ||
	    fsetxattr(dir, "security.selinux", op->label, strlen(op->label) + 1, 0) < 0) {
		err_set(e, errno, "label the mount on %s", op->destination);
		return err_at(e, "/linux/mountLabel");
	}
	return 0;
}

int mounts_read_link(const struct mount_op *op, struct err *e)
{
	ssize_t len;

	if (op->link_text[0])
		return 1;
	len = readlinkat(AT_FDCWD, op->source, op->link_text, PATH_MAX - 1);
	if (len < 0 && errno == EINVAL)
		return 0;
	if (len < 0)
		return err_set(e, errno, "open the mount source %s", op->source);
	op->link_text[len] = '\0';
	return 1;
}

int mounts_make_link(const struct mount_op *op, int rootfd, struct err *e)
{
	char name[256], there[PATH_MAX];
	_cleanup_fd_ int parent = rootpath_parent(rootfd, op->destination, name);
	ssize_t len;

	if (parent < 0)
		return err_set(e, -parent, "make the link %s", op->destination);
	if (symlinkat(op->link_text, parent, name) == 0)
		return 0;
	if (errno != EEXIST)
		return err_set(e, errno, "make the link %s", op->destination);
	len = readlinkat(parent, name, there, sizeof(there) - 1);
	there[len < 0 ? 0 : len] = '\0';
	if (strcmp(there, op->link_text) != 0)
		return err_set(e, EEXIST, "make the link %s to %s: something else is there",
			       op->destination, op->link_text);
	return 0;
}
