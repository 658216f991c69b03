/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * See mount_options.h. The table is sorted by name, for bsearch(3): a config may have 10,000
 * mounts. The atime modes are one field of three values, the others are bits. What has no meaning
 * for one mount but for a whole file system only (sync, lazytime, ...) is a superblock flag; "ro"
 * is both, as for mount(2). The forms rsync, rdirsync, rmand and their opposites are crun's.
 */
#include "setup/filesystem/mount_options.h"

#include <string.h>

#include "kernel/sys.h"

enum kind {
	KIND_NOTHING,
	KIND_BIND,
	KIND_RBIND,
	KIND_REMOUNT,
	KIND_SET,
	KIND_CLEAR,
	KIND_ATIME_SET,
	KIND_ATIME_UNDO,
	KIND_R_SET,
	KIND_R_CLEAR,
	KIND_R_ATIME_SET,
	KIND_R_ATIME_UNDO,
	KIND_PROPAGATION,
	KIND_IDMAP,
	KIND_EXTRA
};

struct option {
	const char *name;
	enum kind kind;
	uint64_t attr;
	unsigned long flags;
};

/* clang-format off */
static const struct option options[] = {
	{ "async", KIND_CLEAR, 0, MS_SYNCHRONOUS },
	{ "atime", KIND_ATIME_UNDO, MOUNT_ATTR_NOATIME, 0 },
	{ "bind", KIND_BIND, 0, 0 },
	{ "copy-symlink", KIND_EXTRA, 0, MOUNT_COPY_SYMLINK },
	{ "defaults", KIND_NOTHING, 0, 0 },
	{ "dest-nofollow", KIND_EXTRA, 0, MOUNT_DEST_NOFOLLOW },
	{ "dev", KIND_CLEAR, MOUNT_ATTR_NODEV, 0 },
	{ "diratime", KIND_CLEAR, MOUNT_ATTR_NODIRATIME, 0 },
	{ "dirsync", KIND_SET, 0, MS_DIRSYNC },
	{ "exec", KIND_CLEAR, MOUNT_ATTR_NOEXEC, 0 },
	{ "idmap", KIND_IDMAP, 0, 0 },
	{ "iversion", KIND_SET, 0, MS_I_VERSION },
	{ "lazytime", KIND_SET, 0, MS_LAZYTIME },
	{ "loud", KIND_CLEAR, 0, MS_SILENT },
	{ "mand", KIND_SET, 0, MS_MANDLOCK },
	{ "noatime", KIND_ATIME_SET, MOUNT_ATTR_NOATIME, 0 },
	{ "nodev", KIND_SET, MOUNT_ATTR_NODEV, 0 },
	{ "nodiratime", KIND_SET, MOUNT_ATTR_NODIRATIME, 0 },
	{ "noexec", KIND_SET, MOUNT_ATTR_NOEXEC, 0 },
	{ "noiversion", KIND_CLEAR, 0, MS_I_VERSION },
	{ "nolazytime", KIND_CLEAR, 0, MS_LAZYTIME },
	{ "nomand", KIND_CLEAR, 0, MS_MANDLOCK },
	{ "norelatime", KIND_ATIME_UNDO, MOUNT_ATTR_RELATIME, 0 },
	{ "nostrictatime", KIND_ATIME_UNDO, MOUNT_ATTR_STRICTATIME, 0 },
	{ "nosuid", KIND_SET, MOUNT_ATTR_NOSUID, 0 },
	{ "nosymfollow", KIND_SET, MOUNT_ATTR_NOSYMFOLLOW, 0 },
	{ "private", KIND_PROPAGATION, 0, MS_PRIVATE },
	{ "rasync", KIND_CLEAR, 0, MS_SYNCHRONOUS },
	{ "ratime", KIND_R_ATIME_UNDO, MOUNT_ATTR_NOATIME, 0 },
	{ "rbind", KIND_RBIND, 0, 0 },
	{ "rdev", KIND_R_CLEAR, MOUNT_ATTR_NODEV, 0 },
	{ "rdiratime", KIND_R_CLEAR, MOUNT_ATTR_NODIRATIME, 0 },
	{ "rdirsync", KIND_SET, 0, MS_DIRSYNC },
	{ "relatime", KIND_ATIME_SET, MOUNT_ATTR_RELATIME, 0 },
	{ "remount", KIND_REMOUNT, 0, 0 },
	{ "rexec", KIND_R_CLEAR, MOUNT_ATTR_NOEXEC, 0 },
	{ "ridmap", KIND_IDMAP, 0, MS_REC },
	{ "rmand", KIND_SET, 0, MS_MANDLOCK },
	{ "rnoatime", KIND_R_ATIME_SET, MOUNT_ATTR_NOATIME, 0 },
	{ "rnodev", KIND_R_SET, MOUNT_ATTR_NODEV, 0 },
	{ "rnodiratime", KIND_R_SET, MOUNT_ATTR_NODIRATIME, 0 },
	{ "rnoexec", KIND_R_SET, MOUNT_ATTR_NOEXEC, 0 },
	{ "rnomand", KIND_CLEAR, 0, MS_MANDLOCK },
	{ "rnorelatime", KIND_R_ATIME_UNDO, MOUNT_ATTR_RELATIME, 0 },
	{ "rnostrictatime", KIND_R_ATIME_UNDO, MOUNT_ATTR_STRICTATIME, 0 },
	{ "rnosuid", KIND_R_SET, MOUNT_ATTR_NOSUID, 0 },
	{ "rnosymfollow", KIND_R_SET, MOUNT_ATTR_NOSYMFOLLOW, 0 },
	{ "ro", KIND_SET, MOUNT_ATTR_RDONLY, MS_RDONLY },
	{ "rprivate", KIND_PROPAGATION, 0, MS_PRIVATE | MS_REC },
	{ "rrelatime", KIND_R_ATIME_SET, MOUNT_ATTR_RELATIME, 0 },
	{ "rro", KIND_R_SET, MOUNT_ATTR_RDONLY, 0 },
	{ "rrw", KIND_R_CLEAR, MOUNT_ATTR_RDONLY, 0 },
	{ "rshared", KIND_PROPAGATION, 0, MS_SHARED | MS_REC },
	{ "rslave", KIND_PROPAGATION, 0, MS_SLAVE | MS_REC },
	{ "rstrictatime", KIND_R_ATIME_SET, MOUNT_ATTR_STRICTATIME, 0 },
	{ "rsuid", KIND_R_CLEAR, MOUNT_ATTR_NOSUID, 0 },
	{ "rsymfollow", KIND_R_CLEAR, MOUNT_ATTR_NOSYMFOLLOW, 0 },
	{ "rsync", KIND_SET, 0, MS_SYNCHRONOUS },
	{ "runbindable", KIND_PROPAGATION, 0, MS_UNBINDABLE | MS_REC },
	{ "rw", KIND_CLEAR, MOUNT_ATTR_RDONLY, MS_RDONLY },
	{ "shared", KIND_PROPAGATION, 0, MS_SHARED },
	{ "silent", KIND_SET, 0, MS_SILENT },
	{ "slave", KIND_PROPAGATION, 0, MS_SLAVE },
	{ "src-nofollow", KIND_EXTRA, 0, MOUNT_SOURCE_NOFOLLOW },
	{ "strictatime", KIND_ATIME_SET, MOUNT_ATTR_STRICTATIME, 0 },
	{ "suid", KIND_CLEAR, MOUNT_ATTR_NOSUID, 0 },
	{ "symfollow", KIND_CLEAR, MOUNT_ATTR_NOSYMFOLLOW, 0 },
	{ "sync", KIND_SET, 0, MS_SYNCHRONOUS },
	{ "tmpcopyup", KIND_EXTRA, 0, MOUNT_COPY_UP },
	{ "unbindable", KIND_PROPAGATION, 0, MS_UNBINDABLE },
};
/* clang-format on */

enum {
	ATIME_WORDS = MOUNT_ATTR__ATIME | MOUNT_ATTR_NODIRATIME
};

static int compare_name(const void *key, const void *row)
{
	return strcmp(key, ((const struct option *)row)->name);
}

static const struct option *option_find(const char *name)
{
	return bsearch(name, options, ARRAY_SIZE(options), sizeof(options[0]), compare_name);
}

/* "idmap=uids=..." is the option idmap with maps of its own, as crun has it. */
static const struct option *option_of(const char *word, const char **ret_value)
{
	*ret_value = NULL;
	if (strncmp(word, "idmap=", 6) == 0) {
		*ret_value = word + 6;
		return option_find("idmap");
	}
	if (strncmp(word, "ridmap=", 7) == 0) {
		*ret_value = word + 7;
		return option_find("ridmap");
	}
	return option_find(word);
}

bool mount_option_is_known(const char *word)
{
	const char *value;

	return option_of(word, &value) != NULL;
}

const char *mount_option_name(size_t i)
{
	return i < ARRAY_SIZE(options) ? options[i].name : NULL;
}

unsigned long mount_option_propagation(const char *word)
{
	const struct option *o = option_find(word);

	return o && o->kind == KIND_PROPAGATION ? o->flags : 0;
}

static void bits_set(uint64_t *set, uint64_t *clear, uint64_t bits)
{
	*set |= bits;
	*clear &= ~bits;
}

static void atime_set(uint64_t *set, uint64_t *clear, uint64_t mode)
{
	*set = (*set & ~(uint64_t)MOUNT_ATTR__ATIME) | mode;
	*clear |= MOUNT_ATTR__ATIME;
}

/* Back to the kernel's default (relatime, which is 0), unless another mode has been chosen. */
static void atime_undo(uint64_t *set, uint64_t *clear, uint64_t mode)
{
	uint64_t chosen = *set & MOUNT_ATTR__ATIME;

	if (!chosen || chosen == mode)
		atime_set(set, clear, MOUNT_ATTR_RELATIME);
}

static void flags_change(struct mount_options *m, const struct option *o, bool is_set)
{
	if (is_set) {
		m->superblock_set |= o->flags;
		m->superblock_clear &= ~o->flags;
	} else {
		m->superblock_clear |= o->flags;
		m->superblock_set &= ~o->flags;
	}
}

static void option_add(struct mount_options *m, const struct option *o, unsigned long *propagation)
{
	switch (o->kind) {
	case KIND_NOTHING:
		break;
	case KIND_RBIND:
		m->is_recursive = true;
		m->is_bind = true;
		break;
	case KIND_BIND:
		m->is_bind = true;
		break;
	case KIND_REMOUNT:
		m->is_remount = true;
		break;
	case KIND_SET:
		bits_set(&m->attr_set, &m->attr_clear, o->attr);
		m->is_atime_given |= o->attr == MOUNT_ATTR_NODIRATIME;
		flags_change(m, o, true);
		break;
	case KIND_CLEAR:
		bits_set(&m->attr_clear, &m->attr_set, o->attr);
		flags_change(m, o, false);
		break;
	case KIND_ATIME_SET:
		atime_set(&m->attr_set, &m->attr_clear, o->attr);
		m->is_atime_given = true;
		break;
	case KIND_ATIME_UNDO:
		atime_undo(&m->attr_set, &m->attr_clear, o->attr);
		m->is_atime_given &= (m->attr_set & ATIME_WORDS) != 0;
		break;
	case KIND_R_SET:
		bits_set(&m->recursive_set, &m->recursive_clear, o->attr);
		break;
	case KIND_R_CLEAR:
		bits_set(&m->recursive_clear, &m->recursive_set, o->attr);
		break;
	case KIND_R_ATIME_SET:
		atime_set(&m->recursive_set, &m->recursive_clear, o->attr);
		break;
	case KIND_R_ATIME_UNDO:
		atime_undo(&m->recursive_set, &m->recursive_clear, o->attr);
		break;
	case KIND_PROPAGATION:
		propagation[m->propagation_count++] = o->flags;
		break;
	case KIND_IDMAP:
		m->is_idmapped = true;
		m->is_idmap_recursive = o->flags & MS_REC;
		break;
	case KIND_EXTRA:
		m->extras |= (unsigned)o->flags;
		break;
	}
}

static int join_unknown(struct arena *a, const struct oci_strings *list, struct mount_options *m)
{
	size_t size = 0, at = 0, len;
	char *data;

	for (size_t i = 0; i < list->count; i++) {
		if (list->items[i][0] && !mount_option_is_known(list->items[i]))
			size += strlen(list->items[i]) + 1;
	}
	if (!size)
		return 0;
	data = arena_alloc(a, size);
	if (!data)
		return -ENOMEM;
	for (size_t i = 0; i < list->count; i++) {
		if (!list->items[i][0] || mount_option_is_known(list->items[i]))
			continue;
		len = strlen(list->items[i]);
		memcpy(data + at, list->items[i], len);
		at += len;
		data[at++] = ',';
	}
	data[at - 1] = '\0';
	m->data = data;
	return 0;
}

int mount_options_parse(struct arena *a, const struct oci_strings *list, struct mount_options *ret)
{
	struct mount_options m = { 0 };
	unsigned long *propagation = arena_array(a, list->count + 1, sizeof(*propagation));
	int r;

	if (!propagation)
		return -ENOMEM;
	for (size_t i = 0; i < list->count; i++) {
		const char *value;
		const struct option *o = option_of(list->items[i], &value);

		if (o)
			option_add(&m, o, propagation);
		if (o && o->kind == KIND_IDMAP)
			m.idmap = value;
	}
	m.propagation = propagation;
	r = join_unknown(a, list, &m);
	if (r == 0)
		*ret = m;
	return r;
}
