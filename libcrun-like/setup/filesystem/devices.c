/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * See devices.h. The root file system may hold anything at these names (CVE-2026-41579,
 * CVE-2026-47766): /dev as a link is refused; a node that exists is kept when it is the right one,
 * untouched (its owner may be the host's business), and everything else there is refused by name.
 */
#include "setup/filesystem/devices.h"

#include <fcntl.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/sysmacros.h>

#include "base/fmt.h"
#include "base/path.h"
#include "kernel/mount.h"
#include "kernel/node.h"
#include "kernel/rootpath.h"
#include "kernel/sys.h"

enum {
	MODE_DEFAULT = 0666,
};

struct device_row {
	const char *path;
	unsigned major, minor;
};

/* config-linux.md, "Default Devices" */
static const struct device_row defaults[] = {
	{ "/dev/null", 1, 3 },   { "/dev/zero", 1, 5 },    { "/dev/full", 1, 7 },
	{ "/dev/random", 1, 8 }, { "/dev/urandom", 1, 9 }, { "/dev/tty", 5, 0 },
};

struct link_row {
	const char *name, *text;
	const char *needs; /* only when this exists in the container; NULL: always */
};

/* config-linux.md, "Dev symbolic links"; relative to /dev */
static const struct link_row links[] = {
	{ "fd", "/proc/self/fd", NULL },          { "stdin", "/proc/self/fd/0", NULL },
	{ "stdout", "/proc/self/fd/1", NULL },    { "stderr", "/proc/self/fd/2", NULL },
	{ "core", "/proc/kcore", "/proc/kcore" }, { "ptmx", "pts/ptmx", NULL },
};

/* The same place, though written with more slashes or "." */
static bool is_same_path(const char *a, const char *b)
{
	const char *name_a, *name_b;
	size_t len;

	do {
		len = path_next(&a, &name_a);
		if (len != path_next(&b, &name_b) || memcmp(name_a, name_b, len) != 0)
			return false;
	} while (len > 0);
	return true;
}

static mode_t type_of(const struct oci_device *dev)
{
	return *dev->type == 'b' ? S_IFBLK : *dev->type == 'p' ? S_IFIFO : S_IFCHR;
}

static int prepare_one(struct arena *a, const struct oci_device *dev, size_t i,
		       struct device_op *op, struct err *e)
{
	mode_t type = type_of(dev);

	if (type != S_IFIFO)
		op->rdev = makedev((unsigned)(dev->major ? *dev->major : 0),
				   (unsigned)(dev->minor ? *dev->minor : 0));
	op->path = dev->path;
	op->pointer = arena_printf(a, "/linux/devices/%zu", i);
	if (!op->pointer)
		return err_set(e, ENOMEM, "prepare the devices");
	/* Engines pass st_mode as it is, with the type. */
	op->mode = type | (dev->file_mode ? *dev->file_mode & 07777 : MODE_DEFAULT);
	op->uid = dev->uid ? *dev->uid : 0;
	op->gid = dev->gid ? *dev->gid : 0;
	op->source_fd = -1;
	return 0;
}

/* /dev is a directory of the host or a volume: its contents are the owner's choice, and making
 * things there would change the host. */
static bool is_dev_bound(const struct oci_config *config)
{
	for (size_t i = 0; i < config->mounts.count; i++) {
		const struct oci_mount *m = &config->mounts.items[i];

		if (is_same_path(m->destination, "/dev") && oci_mount_is_bind(m))
			return true;
	}
	return false;
}

/* Something of the configuration's own choice stands there: /dev/urandom on /dev/random, say. */
static bool is_mounted(const struct oci_config *config, const char *path)
{
	for (size_t i = 0; i < config->mounts.count; i++)
		if (is_same_path(config->mounts.items[i].destination, path))
			return true;
	return false;
}

static void add_defaults(struct devices *devices, const struct oci_config *config)
{
	size_t listed = devices->count;

	for (size_t i = 0; i < ARRAY_SIZE(defaults); i++) {
		bool is_listed = is_mounted(config, defaults[i].path);

		for (size_t j = 0; j < listed && !is_listed; j++)
			is_listed = is_same_path(devices->items[j].path, defaults[i].path);
		if (is_listed)
			continue;
		devices->items[devices->count++] = (struct device_op){
			.path = defaults[i].path,
			.mode = S_IFCHR | MODE_DEFAULT,
			.rdev = makedev(defaults[i].major, defaults[i].minor),
			.source_fd = -1,
		};
	}
}

static bool is_below_dev(const char *path)
{
	return strncmp(path + strspn(path, "/"), "dev/", 4) == 0;
}

/* The host's, bound, would be the multiplexer of the host's terminals, and of none that can be seen
 * here. The link to that of /dev/pts is what the specification's default devices have. */
static bool is_ptmx(const struct device_op *op)
{
	return S_ISCHR(op->mode) && op->rdev == makedev(5, 2) && strcmp(op->path, "/dev/ptmx") == 0;
}

int devices_prepare(struct arena *a, const struct oci_config *config, bool has_user_ns,
		    struct devices *ret, struct err *e)
{
	const struct oci_devices *list =
		config->linux_config ? &config->linux_config->devices : NULL;
	size_t count = list ? list->count : 0;
	struct devices devices = { .is_bound = has_user_ns, .has_links = !is_dev_bound(config) };

	devices.items = arena_array(a, count + ARRAY_SIZE(defaults), sizeof(*devices.items));
	if (!devices.items)
		return err_set(e, ENOMEM, "prepare the devices");
	for (size_t i = 0; i < count; i++) {
		int r = prepare_one(a, &list->items[i], i, &devices.items[devices.count], e);

		if (r < 0)
			return r;
		if (devices.is_bound && devices.has_links && is_ptmx(&devices.items[devices.count]))
			continue;
		/* A bound /dev is the host's: what is not there any more must not come back by us.
		 */
		if (devices.has_links || !is_below_dev(list->items[i].path))
			devices.count++;
	}
	if (devices.has_links)
		add_defaults(&devices, config);
	*ret = devices;
	return 0;
}

static const char *type_word(mode_t mode)
{
	if (S_ISCHR(mode))
		return "c";
	return S_ISBLK(mode) ? "b" : "p";
}

static const char *found_word(mode_t mode)
{
	if (S_ISLNK(mode))
		return "a symbolic link";
	if (S_ISDIR(mode))
		return "a directory";
	if (S_ISREG(mode))
		return "a regular file";
	if (S_ISFIFO(mode))
		return "a FIFO";
	return "another device";
}

static int fail(const struct device_op *op, int code, const char *verb, struct err *e)
{
	err_set(e, code, "%s device %s", verb, op->path);
	return op->pointer ? err_at(e, op->pointer) : -e->code;
}

/* config-linux.md: "an error MUST be generated if a file that is not the requested device exists"
 */
static int fail_exists(const struct device_op *op, mode_t found, struct err *e)
{
	err_kind(e, ERR_CONFIG, EEXIST,
		 "%s exists in the container's root and is %s, not the device %s %u:%u", op->path,
		 found_word(found), type_word(op->mode), major(op->rdev), minor(op->rdev));
	return op->pointer ? err_at(e, op->pointer) : -e->code;
}

static bool is_match(const struct device_op *op, const struct stat *st)
{
	if ((st->st_mode & S_IFMT) != (op->mode & S_IFMT))
		return false;
	return S_ISFIFO(op->mode) || st->st_rdev == op->rdev;
}

/* Whatever links the image has. Of the default ones none has the path of a listed one. */
void devices_examine(const struct devices *devices, const struct err_sink *faults)
{
	for (size_t i = 1; i < devices->count && devices->items[i].pointer; i++) {
		const struct device_op *op = &devices->items[i];
		size_t j = 0;
		struct err e = { 0 };

		while (j < i && !is_same_path(devices->items[j].path, op->path))
			j++;
		if (j == i || ((devices->items[j].mode & S_IFMT) == (op->mode & S_IFMT) &&
			       devices->items[j].rdev == op->rdev))
			continue;
		err_kind(&e, ERR_CONFIG, EEXIST, "%s is another device by %s already", op->path,
			 devices->items[j].pointer);
		err_at(&e, op->pointer);
		err_pass(faults, &e);
	}
}

static int fail_absent(const struct device_op *op, const char *why, struct err *e)
{
	err_kind(e, ERR_UNSUPPORTED, ENODEV, "the host has no device %s %s %u:%u to be bound%s",
		 op->path, type_word(op->mode), major(op->rdev), minor(op->rdev), why);
	return op->pointer ? err_at(e, op->pointer) : -e->code;
}

/* Of the numbers that config.json lists alone. The container never sees the place. */
static int make_source(const struct device_op *op, const struct device_place *place, int *ret_fd,
		       struct err *e)
{
	char name[32];
	uint32_t uid, gid;
	int r;

	if (!op->pointer)
		return fail_absent(op, "", e);
	if (!place)
		return fail_absent(
			op, ", and only root of the host's own user namespace may make one", e);
	if (!place->ns->uid_map_count)
		return fail_absent(
			op, ", and of a joined user namespace nobody tells its owner's id", e);
	if (!idmap_out(place->ns->uid_map, place->ns->uid_map_count, op->uid, &uid) ||
	    !idmap_out(place->ns->gid_map, place->ns->gid_map_count, op->gid, &gid))
		return fail_absent(op, ", and its owner is not in linux.uidMappings or gidMappings",
				   e);
	fmt(name, sizeof(name), "device-%s", strrchr(op->pointer, '/') + 1);
	r = node_make(place->dirfd, name, op->mode, op->rdev, uid, gid, ret_fd);
	if (r == -EPERM)
		return make_source(op, NULL, ret_fd, e);
	return r < 0 ? fail(op, -r, "make", e) : 0;
}

/* A detached clone of the host's node of the same path, or of one made for it; 0 and -1 in *ret_fd
 * when the caller has no right to clone mounts. */
static int open_source(const struct device_op *op, const struct device_place *place, int *ret_fd,
		       struct err *e)
{
	_cleanup_fd_ int fd = -1;
	int r = node_open_host(op->path, op->mode & S_IFMT, op->rdev, &fd);

	if (r == -ENODEV || r == -ENOENT || r == -ENOTDIR)
		return make_source(op, place, ret_fd, e);
	if (r < 0)
		return fail(op, -r, "open the host's", e);
	r = mount_clone(fd, "", 0, MS_PRIVATE, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC);
	if (r < 0 && r != -EPERM)
		return fail(op, -r, "clone the host's", e);
	*ret_fd = r < 0 ? -1 : r;
	return 0;
}

int devices_open_sources(struct devices *devices, const struct device_place *place, struct err *e)
{
	for (size_t i = 0; devices->is_bound && i < devices->count; i++) {
		struct device_op *op = &devices->items[i];
		int r = 0;

		if (op->source_fd < 0 && !S_ISFIFO(op->mode))
			r = open_source(op, place, &op->source_fd, e);
		if (r < 0)
			return r;
	}
	return 0;
}

/* On a file of our own making, or on an empty one, which an earlier run of the same root left. */
static int bind_node(const struct device_op *op, int dirfd, const char *name, struct err *e)
{
	_cleanup_fd_ int target = -1, own = -1;
	int source = op->source_fd, r;
	struct stat st;

	if (fstatat(dirfd, name, &st, AT_SYMLINK_NOFOLLOW) == 0) {
		if (is_match(op, &st))
			return 0;
		if (!S_ISREG(st.st_mode) || st.st_size > 0)
			return fail_exists(op, st.st_mode, e);
	}
	if (source < 0) {
		if (open_source(op, NULL, &own, e) < 0)
			return -e->code;
		if (own < 0)
			return fail(op, EPERM, "clone the host's", e);
		source = own;
	}
	r = node_touch(dirfd, name, &target);
	if (r < 0)
		return fail(op, -r, "make the place for", e);
	r = node_bind(source, dirfd, name, target);
	return r < 0 ? fail(op, -r, "bind", e) : 0;
}

/* Only what we made gets an owner, and by its fd. */
static int own_node(const struct device_op *op, int dirfd, const char *name, struct err *e)
{
	_cleanup_fd_ int fd = -1;
	struct stat st;

	if (fstatat(dirfd, name, &st, AT_SYMLINK_NOFOLLOW) == 0 && is_match(op, &st) &&
	    st.st_uid == op->uid && st.st_gid == op->gid)
		return 0;
	fd = openat(dirfd, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &st) < 0)
		return fail(op, errno, "open", e);
	if (!is_match(op, &st))
		return fail_exists(op, st.st_mode, e);
	if (fchownat(fd, "", op->uid, op->gid, AT_EMPTY_PATH) < 0)
		return fail(op, errno, "set the owner of", e);
	return 0;
}

static int make_node(const struct device_op *op, int dirfd, const char *name, struct err *e)
{
	struct stat st;

	if (mknodat(dirfd, name, op->mode, op->rdev) == 0)
		return own_node(op, dirfd, name, e);
	/* Without a user namespace of its own, but inside somebody else's container. */
	if (errno == EPERM && !S_ISFIFO(op->mode))
		return bind_node(op, dirfd, name, e);
	if (errno != EEXIST)
		return fail(op, errno, "make", e);
	if (fstatat(dirfd, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return fail(op, errno, "stat", e);
	return is_match(op, &st) ? 0 : fail_exists(op, st.st_mode, e);
}

/* The directory of the node before: open as long as the next ones are in it too. */
struct folder {
	int dev; /* the root's /dev, a directory and no link; -1: not there */
	int fd;
	const char *path; /* not ended */
	size_t len;
};

/* The directory's descriptor, which stays @f's. */
static int enter(struct folder *f, const char *path, int rootfd, char ret_name[static 256])
{
	static const char dev[] = "/dev/";

	const char *name = strrchr(path, '/') + 1;
	size_t len = (size_t)(name - path), name_len = strlen(name);
	bool is_plain = name[0] && strcmp(name, ".") != 0 && name_len < 256;
	bool is_dev = f->dev >= 0 && len == sizeof(dev) - 1 && memcmp(path, dev, len) == 0;

	if (is_plain &&
	    (is_dev || (f->fd >= 0 && len == f->len && memcmp(path, f->path, len) == 0))) {
		memcpy(ret_name, name, name_len + 1);
		return is_dev ? f->dev : f->fd;
	}
	close_fdp(&f->fd);
	f->fd = rootpath_parent(rootfd, path, ret_name);
	f->path = path;
	f->len = len;
	return f->fd;
}

static int apply_one(const struct devices *devices, const struct device_op *op, int rootfd,
		     struct folder *folder, struct err *e)
{
	char name[256];
	int dirfd = enter(folder, op->path, rootfd, name);

	if (dirfd < 0)
		return fail(op, -dirfd, "make the directory of", e);
	if (devices->is_bound && !S_ISFIFO(op->mode))
		return bind_node(op, dirfd, name, e);
	return make_node(op, dirfd, name, e);
}

/* /dev as a link would put everything below somewhere else in the root, and is never meant. Nobody
 * else changes the mounts of the root meanwhile: what was looked at serves for all that is made in
 * it. */
static int open_dev(int rootfd, int *ret, struct err *e)
{
	_cleanup_fd_ int fd = rootpath_open_nofollow(rootfd, "/dev", O_PATH);
	struct stat st;

	if (fd == -ENOENT)
		return 0;
	if (fd < 0)
		return err_set(e, -fd, "open /dev of the container's root");
	if (fstat(fd, &st) < 0)
		return err_set(e, errno, "stat /dev of the container's root");
	if (!S_ISDIR(st.st_mode))
		return err_set(e, ENOTDIR, "/dev of the container's root is %s",
			       found_word(st.st_mode));
	*ret = take_fd(&fd);
	return 0;
}

static int make_links(int rootfd, int opened, struct err *e)
{
	_cleanup_fd_ int own = -1;
	int dev = opened;

	if (dev < 0)
		dev = own = rootpath_open_nofollow(rootfd, "/dev", O_PATH | O_DIRECTORY);
	if (dev < 0)
		return err_set(e, -dev, "open /dev of the container's root");
	for (size_t i = 0; i < ARRAY_SIZE(links); i++) {
		if (links[i].needs) {
			_cleanup_fd_ int fd = rootpath_open(rootfd, links[i].needs, O_PATH);

			if (fd < 0)
				continue;
		}
		if (symlinkat(links[i].text, dev, links[i].name) < 0 && errno != EEXIST)
			return err_set(e, errno, "make the link /dev/%s", links[i].name);
	}
	return 0;
}

static int apply_all(const struct devices *devices, int rootfd, struct err *e)
{
	struct folder folder = { .dev = -1, .fd = -1 };
	int r = open_dev(rootfd, &folder.dev, e);

	for (size_t i = 0; i < devices->count && r == 0; i++)
		r = apply_one(devices, &devices->items[i], rootfd, &folder, e);
	close_fdp(&folder.fd);
	if (r == 0 && devices->has_links)
		r = make_links(rootfd, folder.dev, e);
	close_fdp(&folder.dev);
	return r;
}

int devices_apply(const struct devices *devices, int rootfd, struct err *e)
{
	/* Nodes get exactly the mode asked for; a node cannot be given one by an O_PATH fd. */
	mode_t saved = umask(0);
	int r = apply_all(devices, rootfd, e);

	umask(saved);
	return r;
}

void devices_describe(const struct devices *devices, const struct describe *d)
{
	for (size_t i = 0; i < devices->count; i++) {
		const struct device_op *op = &devices->items[i];

		if (devices->is_bound && !S_ISFIFO(op->mode))
			describe(d, "bind the host's device %s %s %u:%u%s", op->path,
				 type_word(op->mode), major(op->rdev), minor(op->rdev),
				 op->pointer ? ", or one that is made where it has none" : "");
		else
			describe(d, "mknod %s %s %u:%u mode %04o owner %u:%u", op->path,
				 type_word(op->mode), major(op->rdev), minor(op->rdev),
				 op->mode & 07777u, op->uid, op->gid);
	}
	for (size_t i = 0; devices->has_links && i < ARRAY_SIZE(links); i++)
		describe(d, "link /dev/%s -> %s", links[i].name, links[i].text);
}
