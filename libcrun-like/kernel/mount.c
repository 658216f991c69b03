/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * See mount.h. The kernel explains a refused file system option only to whoever reads the file
 * system context, so every failure ends in read_message(). The one use of mount(2) is in
 * open_fs_scratch(): some flags and long strings do not fit through fsconfig(2).
 */
#include "kernel/mount.h"

#include <fcntl.h>
#include <linux/magic.h>
#include <sched.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/vfs.h>

#include "base/fmt.h"
#include "kernel/overlay.h"
#include "kernel/sys.h"

enum {
	/* fsconfig(2) copies strings with this bound, the closing NUL included. */
	STRING_MAX = 256,
	/* No word of fsconfig(2) sets these. */
	FLAGS_OF_MOUNT_ONLY = MS_SILENT | MS_I_VERSION
};

struct flag_word {
	unsigned long flag;
	const char *word, *opposite;
};

/* clang-format off */
static const struct flag_word superblock_words[] = {
	{ MS_RDONLY, "ro", "rw" },
	{ MS_SYNCHRONOUS, "sync", "async" },
	{ MS_DIRSYNC, "dirsync", NULL },
	{ MS_LAZYTIME, "lazytime", "nolazytime" },
	{ MS_MANDLOCK, "mand", "nomand" },
};
/* clang-format on */

struct flag_pair {
	uint64_t attr;
	unsigned long flag;
};

static const struct flag_pair attr_flags[] = {
	{ MOUNT_ATTR_RDONLY, MS_RDONLY },         { MOUNT_ATTR_NOSUID, MS_NOSUID },
	{ MOUNT_ATTR_NODEV, MS_NODEV },           { MOUNT_ATTR_NOEXEC, MS_NOEXEC },
	{ MOUNT_ATTR_NOATIME, MS_NOATIME },       { MOUNT_ATTR_STRICTATIME, MS_STRICTATIME },
	{ MOUNT_ATTR_NODIRATIME, MS_NODIRATIME }, { MOUNT_ATTR_NOSYMFOLLOW, MS_NOSYMFOLLOW },
};

/* What a clone is to be set to, so that it has @asked: it is born as a peer of its original. */
static uint64_t clone_propagation(unsigned long asked)
{
	if (asked & MS_SHARED)
		return 0;
	return asked & MS_SLAVE ? MS_SLAVE : MS_PRIVATE;
}

int mount_clone(int dirfd, const char *path, unsigned flags, unsigned long propagation,
		uint64_t attrs)
{
	_cleanup_fd_ int tree = sys_open_tree(dirfd, path, OPEN_TREE_CLONE | AT_EMPTY_PATH | flags);
	const struct mount_attr attr = {
		.attr_set = attrs,
		.propagation = clone_propagation(propagation),
	};
	int r = tree < 0 ? tree : 0;

	if (r == 0 && (attr.attr_set || attr.propagation))
		r = sys_mount_setattr(tree, "", AT_EMPTY_PATH | (flags & AT_RECURSIVE), &attr);
	return r < 0 ? r : take_fd(&tree);
}

int mount_make_namespace(int fd)
{
	return sys_open_tree_namespace(fd);
}

bool mount_can_make_namespace(void)
{
	/* Flags that it does not know are refused before the descriptor is looked at. */
	return mount_make_namespace(-1) == -EBADF;
}

/* The last error line that the kernel logged into the file system context @fs_fd. */
static void read_message(int fs_fd, char message[static MOUNT_MESSAGE_SIZE])
{
	char line[512];
	ssize_t len;

	for (;;) {
		len = read(fs_fd, line, sizeof(line) - 1);
		if (len <= 0)
			return;
		while (len > 0 && line[len - 1] == '\n') /* some have one of their own */
			len--;
		line[len] = '\0';
		if (strncmp(line, "e ", 2) == 0)
			fmt(message, MOUNT_MESSAGE_SIZE, "%s", line + 2);
	}
}

/*
 * One option of @data, from *@at on: *@ret_value is NULL for a flag. Commas within double quotes
 * belong to the value, the quotes around it do not (SELinux contexts). -E2BIG when a piece is too
 * long for fsconfig(2), -ENOENT at the end.
 */
static int next_option(const char **at, char key[static STRING_MAX], char value[static STRING_MAX],
		       const char **ret_value)
{
	size_t key_len, value_len;
	const char *s = *at;
	bool is_quoted;

	s += strspn(s, ",");
	if (!*s)
		return -ENOENT;
	key_len = strcspn(s, "=,");
	if (key_len >= STRING_MAX)
		return -E2BIG;
	memcpy(key, s, key_len);
	key[key_len] = '\0';
	s += key_len;
	*ret_value = NULL;
	if (*s == '=') {
		is_quoted = *++s == '"';
		s += is_quoted;
		value_len = strcspn(s, is_quoted ? "\"" : ",");
		if (value_len >= STRING_MAX)
			return -E2BIG;
		memcpy(value, s, value_len);
		value[value_len] = '\0';
		s += value_len;
		s += is_quoted && *s;
		*ret_value = value;
	}
	*at = s;
	return 0;
}

static int configure_data(int fs_fd, const char *data)
{
	char key[STRING_MAX], value_buf[STRING_MAX];
	const char *at = data ? data : "", *value;
	int r;

	for (;;) {
		r = next_option(&at, key, value_buf, &value);
		if (r < 0)
			return r == -ENOENT ? 0 : r;
		r = sys_fsconfig(fs_fd, value ? FSCONFIG_SET_STRING : FSCONFIG_SET_FLAG, key, value,
				 0);
		if (r < 0)
			return r;
	}
}

static int configure_superblock(int fs_fd, const struct mount_fs *fs)
{
	for (size_t i = 0; i < ARRAY_SIZE(superblock_words); i++) {
		const struct flag_word *row = &superblock_words[i];
		const char *word = NULL;
		int r;

		if (fs->superblock & row->flag)
			word = row->word;
		else if (fs->superblock_clear & row->flag)
			word = row->opposite;
		r = word ? sys_fsconfig(fs_fd, FSCONFIG_SET_FLAG, word, NULL, 0) : 0;
		if (r < 0)
			return r;
	}
	return 0;
}

/* mount(2) reads one page, the closing NUL included, and cuts the rest off in silence. */
static size_t data_max(void)
{
	return (size_t)sysconf(_SC_PAGESIZE) - 1;
}

static bool is_data_long(const struct mount_fs *fs)
{
	return fs->data && strlen(fs->data) > data_max();
}

static bool is_long_overlay(const struct mount_fs *fs)
{
	return strcmp(fs->type, "overlay") == 0 && is_data_long(fs);
}

static int tell_long(const struct mount_fs *fs, char message[static MOUNT_MESSAGE_SIZE])
{
	fmt(message, MOUNT_MESSAGE_SIZE, "options of %zu bytes are too long, the kernel takes %zu",
	    strlen(fs->data), data_max());
	return -E2BIG;
}

static int open_fs_context(int fs_fd, const struct mount_fs *fs,
			   char message[static MOUNT_MESSAGE_SIZE])
{
	int r = sys_fsconfig(fs_fd, FSCONFIG_SET_STRING, "source",
			     fs->source ? fs->source : fs->type, 0);

	if (r == 0)
		r = configure_superblock(fs_fd, fs);
	if (r == 0)
		r = is_long_overlay(fs)
			    ? overlay_configure(fs_fd, fs->data, message, MOUNT_MESSAGE_SIZE)
			    : configure_data(fs_fd, fs->data);
	if (r == 0)
		r = sys_fsconfig(fs_fd, FSCONFIG_CMD_CREATE, NULL, NULL, 0);
	/* The attributes belong here: a procfs in a user namespace must be born with those of the
	 * one that is visible already, or it is refused. */
	return r < 0 ? r : sys_fsmount(fs_fd, (unsigned)fs->attrs);
}

static unsigned long mount_flags(const struct mount_fs *fs)
{
	unsigned long flags = fs->superblock;

	for (size_t i = 0; i < ARRAY_SIZE(attr_flags); i++) {
		if (fs->attrs & attr_flags[i].attr)
			flags |= attr_flags[i].flag;
	}
	return flags;
}

/* In a fresh tmpfs, which is the current directory and stands in the mount namespace. */
static int mount_in_scratch(const struct mount_fs *fs)
{
	if (mkdir("m", 0700) < 0 ||
	    mount(fs->source ? fs->source : fs->type, "m", fs->type, mount_flags(fs), fs->data) < 0)
		return neg_errno();
	return mount_clone(AT_FDCWD, "m", 0, MS_PRIVATE, 0);
}

/*
 * mount(2) wants a path, and one that is in the mount namespace. It gets "m" in a tmpfs that covers
 * @scratch for that moment and that nobody else has seen, never a path of the container (C2).
 */
static int open_fs_scratch(const struct mount_fs *fs, int scratch,
			   char message[static MOUNT_MESSAGE_SIZE])
{
	const struct mount_fs tmpfs = { .type = "tmpfs", .data = "mode=700" };
	_cleanup_fd_ int back = open(".", O_PATH | O_DIRECTORY | O_CLOEXEC);
	_cleanup_fd_ int dir = -1;
	int fd;

	if (back < 0)
		return neg_errno();
	dir = mount_open_fs(&tmpfs, -1, message);
	if (dir < 0)
		return dir;
	fd = mount_attach(dir, scratch);
	if (fd < 0)
		return fd;
	/* Should this fail, the cover stays; "." is then not ours to unmount. */
	if (fchdir(dir) < 0)
		return neg_errno();
	fd = mount_in_scratch(fs);
	/* Takes "m" along; the clone in @fd stays. Our own empty mount, so nothing can be busy. */
	(void)!umount2(".", MNT_DETACH);
	if (fchdir(back) < 0) {
		int r = neg_errno();

		close_fdp(&fd);
		return r;
	}
	return fd;
}

static bool fits_fsconfig(const struct mount_fs *fs)
{
	char key[STRING_MAX], value_buf[STRING_MAX];
	const char *at = fs->data ? fs->data : "", *value;
	int r = 0;

	if (fs->source && strlen(fs->source) >= STRING_MAX)
		return false;
	/* What a backslash means is the file system's own business (overlay: a comma in a path). */
	if (strchr(at, '\\'))
		return false;
	while (r == 0)
		r = next_option(&at, key, value_buf, &value);
	return r != -E2BIG;
}

/* A kernel before 6.7 that does not know lowerdir+, or collects what it does not know in a page. */
static bool is_kernel_too_old(const char *message)
{
	return strstr(message, "parameter 'lowerdir+'") || strstr(message, "too large");
}

int mount_open_fs(const struct mount_fs *fs, int scratch, char message[static MOUNT_MESSAGE_SIZE])
{
	_cleanup_fd_ int fs_fd = -1;
	int fd;

	message[0] = '\0';
	if ((fs->superblock & FLAGS_OF_MOUNT_ONLY) || !(is_long_overlay(fs) || fits_fsconfig(fs)))
		return is_data_long(fs) ? tell_long(fs, message)
					: open_fs_scratch(fs, scratch, message);
	fs_fd = sys_fsopen(fs->type);
	if (fs_fd == -ENODEV)
		fmt(message, MOUNT_MESSAGE_SIZE, "unknown file system type");
	if (fs_fd < 0)
		return fs_fd;
	fd = open_fs_context(fs_fd, fs, message);
	if (fd < 0)
		read_message(fs_fd, message);
	if (fd == -EINVAL && is_data_long(fs) && is_kernel_too_old(message))
		return tell_long(fs, message);
	return fd;
}

int mount_try_options(const struct mount_fs *fs, char message[static MOUNT_MESSAGE_SIZE])
{
	_cleanup_fd_ int fs_fd = sys_fsopen(fs->type);
	int r;

	message[0] = '\0';
	if (fs_fd < 0)
		return fs_fd;
	if (is_data_long(fs) && !is_long_overlay(fs) && !fits_fsconfig(fs))
		return tell_long(fs, message);
	if (is_long_overlay(fs) || (fs->superblock & FLAGS_OF_MOUNT_ONLY) || !fits_fsconfig(fs))
		return 0;
	r = configure_superblock(fs_fd, fs);
	if (r == 0)
		r = configure_data(fs_fd, fs->data);
	if (r < 0)
		read_message(fs_fd, message);
	return r;
}

int mount_reconfigure(int fd, const struct mount_fs *fs, char message[static MOUNT_MESSAGE_SIZE])
{
	_cleanup_fd_ int fs_fd = sys_fspick(fd, "", FSPICK_EMPTY_PATH);
	int r;

	message[0] = '\0';
	if (fs_fd < 0)
		return fs_fd;
	r = configure_superblock(fs_fd, fs);
	if (r == 0)
		r = configure_data(fs_fd, fs->data);
	if (r == -E2BIG)
		fmt(message, MOUNT_MESSAGE_SIZE, "an option is too long, the kernel takes %d bytes",
		    STRING_MAX - 1);
	if (r == 0)
		r = sys_fsconfig(fs_fd, FSCONFIG_CMD_RECONFIGURE, NULL, NULL, 0);
	if (r < 0)
		read_message(fs_fd, message);
	return r;
}

int mount_set_attrs(int fd, uint64_t set, uint64_t clear, bool is_recursive)
{
	/* The atime modes are one field, not bits: the kernel takes a mode only when the whole
	 * field is cleared. */
	bool has_atime = (set | clear) & MOUNT_ATTR__ATIME;
	const struct mount_attr attr = {
		.attr_set = set,
		.attr_clr = clear | (has_atime ? MOUNT_ATTR__ATIME : 0),
	};

	return sys_mount_setattr(fd, "", AT_EMPTY_PATH | (is_recursive ? AT_RECURSIVE : 0), &attr);
}

int mount_set_idmap(int fd, int userns_fd, bool is_recursive)
{
	const struct mount_attr attr = {
		.attr_set = MOUNT_ATTR_IDMAP,
		.userns_fd = (uint64_t)userns_fd,
	};

	return sys_mount_setattr(fd, "", AT_EMPTY_PATH | (is_recursive ? AT_RECURSIVE : 0), &attr);
}

int mount_enter_alone(int tree)
{
	_cleanup_fd_ int root = -1;
	int r = unshare(CLONE_NEWNS) < 0 ? neg_errno() : 0;

	if (r < 0)
		return r;
	root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	r = root < 0 ? neg_errno() : mount_set_propagation(root, MS_PRIVATE | MS_REC);
	if (r == 0)
		r = mount_attach(tree, root);
	return r == 0 && fchdir(tree) < 0 ? neg_errno() : r;
}

int mount_set_propagation(int fd, unsigned long flags)
{
	const struct mount_attr attr = { .propagation = flags & ~(unsigned long)MS_REC };

	return sys_mount_setattr(fd, "", AT_EMPTY_PATH | (flags & MS_REC ? AT_RECURSIVE : 0),
				 &attr);
}

int mount_attach(int fd, int target)
{
	return sys_move_mount(fd, "", target, "",
			      MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH);
}

static int statx_fd(int fd, struct sys_statx *ret)
{
	return sys_statx(fd, SYS_STATX_MNT_ID | SYS_STATX_INO | SYS_STATX_TYPE, ret);
}

int mount_detach_name(int parent, const char *name)
{
	/* By no path: /proc/self/fd would be the container's, and lead where it likes. */
	if (fchdir(parent) < 0 || umount2(name, MNT_DETACH | UMOUNT_NOFOLLOW) < 0)
		return neg_errno();
	return 0;
}

int mount_detach_at(int dirfd, const char *name)
{
	char path[64];

	if (fmt(path, sizeof(path), "/proc/self/fd/%d/%s", dirfd, name) >= sizeof(path))
		return -ENAMETOOLONG;
	return umount2(path, MNT_DETACH | UMOUNT_NOFOLLOW) < 0 ? neg_errno() : 0;
}

int mount_unique_id(int fd, uint64_t *ret)
{
	struct sys_statx st;
	int r = sys_statx(fd, SYS_STATX_MNT_ID | SYS_STATX_MNT_ID_UNIQUE, &st);

	if (r < 0)
		return r;
	*ret = st.mount_id;
	return 0;
}

int mount_is_root(int fd)
{
	struct sys_statx st;
	int r = statx_fd(fd, &st);

	return r < 0 ? r : (st.attributes & SYS_STATX_ATTR_MOUNT_ROOT) != 0;
}

int mount_look(int fd, struct mount_file *ret)
{
	struct sys_statx st;
	int r = statx_fd(fd, &st);

	if (r < 0)
		return r;
	*ret = (struct mount_file){
		.mount_id = st.mount_id,
		.inode = st.inode,
		.is_dir = S_ISDIR(st.mode),
		.is_root = (st.attributes & SYS_STATX_ATTR_MOUNT_ROOT) != 0,
		.may_be_procfs = st.on_device[0] == 0,
	};
	return 0;
}

bool mount_file_is_same(const struct mount_file *a, const struct mount_file *b)
{
	return a->mount_id == b->mount_id && a->inode == b->inode;
}

int mount_is_same(int fd, int other)
{
	struct mount_file a, b;
	int r = mount_look(fd, &a);

	if (r == 0)
		r = mount_look(other, &b);
	/* cppcheck: mount_look() has filled both */
	return r < 0 ? r : mount_file_is_same(&a, &b);
}

void mount_type_name(int fd, char ret[static MOUNT_TYPE_SIZE])
{
	/* clang-format off */
	static const struct {
		long magic;
		const char *name;
	} types[] = {
		{ BTRFS_SUPER_MAGIC, "btrfs" }, { CGROUP2_SUPER_MAGIC, "cgroup2" },
		{ DEVPTS_SUPER_MAGIC, "devpts" }, { EXT4_SUPER_MAGIC, "ext4" },
		{ FUSE_SUPER_MAGIC, "fuse" }, { MSDOS_SUPER_MAGIC, "vfat" },
		{ NFS_SUPER_MAGIC, "nfs" }, { OVERLAYFS_SUPER_MAGIC, "overlay" },
		{ PROC_SUPER_MAGIC, "proc" }, { SMB2_SUPER_MAGIC, "cifs" },
		{ SQUASHFS_MAGIC, "squashfs" }, { SYSFS_MAGIC, "sysfs" },
		{ TMPFS_MAGIC, "tmpfs" }, { V9FS_MAGIC, "9p" }, { XFS_SUPER_MAGIC, "xfs" },
	};
	/* clang-format on */
	struct statfs st = { 0 };

	(void)!fstatfs(fd, &st);
	fmt(ret, MOUNT_TYPE_SIZE, "file system 0x%lx", (unsigned long)st.f_type);
	for (size_t i = 0; i < ARRAY_SIZE(types); i++) {
		if ((long)st.f_type == types[i].magic)
			fmt(ret, MOUNT_TYPE_SIZE, "%s", types[i].name);
	}
}

struct attr_name {
	uint64_t attr;
	unsigned long statfs_flag;
	const char *name;
};

/* clang-format off */
static const struct attr_name attr_names[] = {
	{ MOUNT_ATTR_RDONLY, ST_RDONLY, "ro" },
	{ MOUNT_ATTR_NOSUID, ST_NOSUID, "nosuid" },
	{ MOUNT_ATTR_NODEV, ST_NODEV, "nodev" },
	{ MOUNT_ATTR_NOEXEC, ST_NOEXEC, "noexec" },
	{ MOUNT_ATTR_NODIRATIME, ST_NODIRATIME, "nodiratime" },
	{ MOUNT_ATTR_NOSYMFOLLOW, 0x2000 /* ST_NOSYMFOLLOW, Linux 5.10 */, "nosymfollow" },
};
/* clang-format on */

uint64_t mount_attrs(int fd)
{
	struct statfs st;
	uint64_t attrs = 0;

	if (fstatfs(fd, &st) < 0)
		return 0;
	for (size_t i = 0; i < ARRAY_SIZE(attr_names); i++) {
		if ((unsigned long)st.f_flags & attr_names[i].statfs_flag)
			attrs |= attr_names[i].attr;
	}
	return attrs;
}

unsigned long mount_atime(int fd)
{
	struct statfs st = { 0 };

	(void)!fstatfs(fd, &st);
	return (unsigned long)st.f_flags & (ST_NOATIME | ST_RELATIME | ST_NODIRATIME);
}

void mount_attr_names(uint64_t attrs, char *ret, size_t size)
{
	size_t at = 0;

	for (size_t i = 0; i < ARRAY_SIZE(attr_names) && at < size; i++) {
		if (attrs & attr_names[i].attr)
			at += fmt(ret + at, size - at, "%s%s", at ? ", " : "", attr_names[i].name);
	}
}

int mount_has_magic(int fd, long magic)
{
	struct statfs st;

	if (fstatfs(fd, &st) < 0)
		return neg_errno();
	return (long)st.f_type == magic;
}
