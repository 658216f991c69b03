/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * See masks.h. A detached mount cannot be cloned by the kernels before 6.15, and after the pivot
 * the host's /dev/null is in no namespace that we could clone from. So the one detached mount is
 * moved onto the first path that needs it, and the others are clones of it where it then stands.
 */
#include "setup/filesystem/masks.h"

#include <fcntl.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "base/fmt.h"
#include "kernel/mount.h"
#include "kernel/node.h"
#include "kernel/rootpath.h"
#include "kernel/sys.h"

void masks_prepare(const struct oci_config *config, struct masks *ret)
{
	const struct oci_linux *l = config->linux_config;
	struct masks masks = { .null_fd = -1 };

	if (l) {
		masks.masked = &l->masked_paths;
		masks.readonly = &l->readonly_paths;
		if (l->mount_label && l->mount_label[0])
			masks.mount_label = l->mount_label;
	}
	*ret = masks;
}

/* Only ever adds read-only: flags that are locked in a user namespace stay as they are. */
static int make_readonly(int tree, unsigned recursive)
{
	const struct mount_attr attr = { .attr_set = MOUNT_ATTR_RDONLY };

	return sys_mount_setattr(tree, "", AT_EMPTY_PATH | recursive, &attr);
}

int masks_open(struct masks *masks, struct err *e)
{
	_cleanup_fd_ int fd = -1, tree = -1;
	int r;

	if (!masks->masked || masks->masked->count == 0)
		return 0;
	r = node_open_host("/dev/null", S_IFCHR, makedev(1, 3), &fd);
	if (r < 0)
		return err_set(e, -r, "open the host's /dev/null for maskedPaths");
	tree = mount_clone(fd, "", 0, MS_PRIVATE, MOUNT_ATTR_RDONLY);
	if (tree < 0)
		return err_set(e, -tree, "clone the host's /dev/null for maskedPaths");
	masks->null_fd = take_fd(&tree);
	return 0;
}

/* What covers: detached at first, then attached where it was used first. */
struct cover {
	int fd;
	bool is_attached;
	uint64_t inode; /* once it is attached */
};

static int make_empty_dir(const char *label)
{
	_cleanup_fd_ int fs = sys_fsopen("tmpfs");
	int r = 0;

	if (fs < 0)
		return fs;
	if (label)
		r = sys_fsconfig(fs, FSCONFIG_SET_STRING, "context", label, 0);
	if (r == 0)
		r = sys_fsconfig(fs, FSCONFIG_SET_STRING, "mode", "0755", 0);
	if (r == 0)
		r = sys_fsconfig(fs, FSCONFIG_SET_FLAG, "ro", NULL, 0);
	if (r == 0)
		r = sys_fsconfig(fs, FSCONFIG_CMD_CREATE, NULL, NULL, 0);
	if (r < 0)
		return r;
	return sys_fsmount(fs, MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV |
				       MOUNT_ATTR_NOEXEC);
}

/* The path leads to what was attached, whatever a neighbour on a shared volume does meanwhile. */
static int check_path(int rootfd, const char *path, int tree)
{
	_cleanup_fd_ int fd = rootpath_open(rootfd, path, O_PATH);

	return fd < 0 ? fd : node_check_mount(fd, tree);
}

/*
 * A path that is listed twice, also by way of a link, is covered once. The clones of a cover are
 * mounts of their own, so it is the file that tells; the host's /dev/null may be bound writable.
 */
static int is_covered(int target, const struct mount_file *at, const struct cover *cover)
{
	struct stat own, st;

	if (!cover->is_attached || cover->inode != at->inode)
		return 0;
	if (fstat(cover->fd, &own) < 0 || fstat(target, &st) < 0)
		return neg_errno();
	if (own.st_dev != st.st_dev)
		return 0;
	return at->is_root && (mount_attrs(target) & MOUNT_ATTR_RDONLY);
}

struct root {
	int fd;
	struct mount_file file;
};

/* 1: it is the root. */
static int mask_path(const struct masks *masks, const struct root *root, const char *path,
		     struct cover covers[static 2])
{
	_cleanup_fd_ int target = rootpath_open(root->fd, path, O_PATH), clone = -1;
	struct cover *cover = &covers[0];
	struct mount_file at;
	int tree, r;

	if (target < 0)
		return target == -ENOENT ? 0 : target;
	r = mount_look(target, &at);
	if (r < 0 || mount_file_is_same(&at, &root->file))
		return r < 0 ? r : 1;
	if (at.is_dir) {
		cover = &covers[1];
		if (cover->fd < 0)
			cover->fd = make_empty_dir(masks->mount_label);
	}
	if (cover->fd < 0)
		return cover->fd;
	r = is_covered(target, &at, cover);
	if (r != 0)
		return r < 0 ? r : 0;
	if (cover->is_attached) {
		clone = mount_clone(cover->fd, "", 0, MS_PRIVATE, 0);
		if (clone < 0)
			return clone;
	}
	tree = clone >= 0 ? clone : cover->fd;
	r = node_attach(tree, target);
	if (r == 0 && !cover->is_attached) {
		r = mount_look(tree, &at);
		cover->inode = at.inode;
		cover->is_attached = true;
	}
	return r < 0 ? r : check_path(root->fd, path, tree);
}

static int mask_all(const struct masks *masks, const struct root *root, struct err *e)
{
	struct cover covers[2] = { { .fd = masks->null_fd }, { .fd = -1 } };

	if (masks->null_fd < 0)
		return err_set(e, EBADF, "mask paths: the host's /dev/null was not opened");
	for (size_t i = 0; i < masks->masked->count && !e->code; i++) {
		const char *path = masks->masked->items[i];
		int r = mask_path(masks, root, path, covers);

		if (r == 0)
			continue;
		err_set(e, r < 0 ? -r : EINVAL, "mask %s", path);
		if (r > 0)
			err_hint(e, "the root itself cannot be masked");
		err_at(e, POINTER("/linux/maskedPaths/%zu", i));
	}
	close_fdp(&covers[1].fd);
	return -e->code;
}

/*
 * Recursive: a mount below the path that stays writable would be a hole in what the specification
 * calls a read-only path. Setting the flag is always permitted, clearing is not, so this cannot
 * fail for locked mounts. The root itself cannot be covered and is made read-only alone, as by
 * root.readonly and as runc does: volumes and the file systems of the kernel stay what they are.
 * What is a mount needs no other one on top of it. Below a bind that sees later mounts of the host
 * the copy does so too.
 */
static int protect_path(const struct root *root, const char *path)
{
	_cleanup_fd_ int target = rootpath_open(root->fd, path, O_PATH), tree = -1;
	struct mount_file at;
	int r;

	if (target < 0)
		return target == -ENOENT ? 0 : target;
	r = mount_look(target, &at);
	if (r < 0)
		return r;
	if (mount_file_is_same(&at, &root->file))
		return make_readonly(root->fd, 0);
	if (at.is_root)
		return make_readonly(target, AT_RECURSIVE);
	tree = mount_clone(target, "", AT_RECURSIVE, MS_SLAVE, MOUNT_ATTR_RDONLY);
	if (tree < 0)
		return tree;
	r = node_attach(tree, target);
	return r < 0 ? r : check_path(root->fd, path, tree);
}

int masks_apply(const struct masks *masks, int rootfd, struct err *e)
{
	struct root root = { .fd = rootfd };
	int r = mount_look(rootfd, &root.file);

	if (r < 0)
		return err_set(e, -r, "stat the container's root");
	/* Before the masks, so that a mask below a read-only path is not copied with it. */
	for (size_t i = 0; masks->readonly && i < masks->readonly->count; i++) {
		const char *path = masks->readonly->items[i];

		r = protect_path(&root, path);
		if (r < 0) {
			err_set(e, -r, "make %s read-only", path);
			return err_at(e, POINTER("/linux/readonlyPaths/%zu", i));
		}
	}
	if (!masks->masked || masks->masked->count == 0)
		return 0;
	return mask_all(masks, &root, e);
}

static void describe_paths(const struct oci_strings *paths, const char *verb,
			   const struct describe *d)
{
	char text[400];
	size_t at = 0;

	if (!paths || paths->count == 0)
		return;
	for (size_t i = 0; i < paths->count && at < sizeof(text); i++)
		at += fmt(text + at, sizeof(text) - at, " %s", paths->items[i]);
	describe(d, "%s %zu paths:%s", verb, paths->count, text);
}

void masks_describe(const struct masks *masks, const struct describe *d)
{
	describe_paths(masks->readonly, "read-only", d);
	describe_paths(masks->masked, "mask", d);
}
