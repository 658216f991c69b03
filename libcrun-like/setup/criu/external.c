/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * See external.h. A destination of config.json may lead through links, and something else may have
 * been mounted there since: which mount it is says the kernel, by the mount's id.
 */
#include "setup/criu/external.h"

#include <fcntl.h>
#include <sched.h>
#include <string.h>
#include <sys/stat.h>

#include "base/fmt.h"
#include "kernel/mount.h"
#include "kernel/mountinfo.h"
#include "kernel/process.h"
#include "kernel/rootpath.h"
#include "kernel/sys.h"
#include "setup/filesystem/devices.h"

static const struct external_namespace namespaces[] = {
	{ "network", "net", "extRootNetNS", CLONE_NEWNET },
	{ "pid", "pid", "extRootPidNS", CLONE_NEWPID },
	{ "ipc", "ipc", NULL, CLONE_NEWIPC },
	{ "uts", "uts", NULL, CLONE_NEWUTS },
	{ "time", "time", NULL, CLONE_NEWTIME },
};

const struct external_namespace *external_namespace_find(const char *type)
{
	for (size_t i = 0; i < ARRAY_SIZE(namespaces); i++)
		if (strcmp(namespaces[i].type, type) == 0)
			return &namespaces[i];
	return NULL;
}

static uint64_t inode_of(const char *file, pid_t pid)
{
	char path[64];
	struct stat st;

	if (pid)
		fmt(path, sizeof(path), "/proc/%d/ns/%s", (int)pid, file);
	else
		fmt(path, sizeof(path), "/proc/self/ns/%s", file);
	return fstatat(AT_FDCWD, path, &st, 0) < 0 ? 0 : st.st_ino;
}

uint64_t external_namespace_inode(const struct external_namespace *ns, pid_t pid)
{
	uint64_t inode = inode_of(ns->file, pid);

	return inode == inode_of(ns->file, 0) ? 0 : inode;
}

struct finder {
	struct arena *arena;
	int rootfd; /* of the container */
	struct mountinfo_list mounts;
	struct external_mounts found;
	size_t room;
};

/* The mount whose root @path names; NULL: it names none. */
static const struct mountinfo *find_line(const struct finder *f, const char *path)
{
	_cleanup_fd_ int fd = rootpath_open(f->rootfd, path, O_PATH);
	struct mount_file at;

	if (fd < 0 || mount_is_root(fd) <= 0 || mount_look(fd, &at) < 0)
		return NULL;
	for (size_t i = 0; i < f->mounts.count; i++)
		if (f->mounts.items[i].id == at.mount_id)
			return &f->mounts.items[i];
	return NULL;
}

static void add(struct finder *f, const char *path)
{
	const struct mountinfo *line = find_line(f, path);

	if (!line || strcmp(line->place, "/") == 0 || f->found.count == f->room)
		return;
	for (size_t i = 0; i < f->found.count; i++)
		if (strcmp(f->found.items[i].place, line->place) == 0)
			return;
	f->found.items[f->found.count++] =
		(struct external_mount){ .name = path, .place = line->place };
}

/* A file that is masked is covered by the host's /dev/null; a directory by a file system of the
 * container's own, which criu knows what to do with. */
static void add_masks(struct finder *f, const struct oci_linux *l)
{
	for (size_t i = 0; i < l->masked_paths.count; i++) {
		const struct mountinfo *line = find_line(f, l->masked_paths.items[i]);

		if (line && strcmp(line->root, "/") != 0)
			add(f, l->masked_paths.items[i]);
	}
}

static int add_devices(struct finder *f, const struct oci_config *config, struct err *e)
{
	struct devices devices;

	if (devices_prepare(f->arena, config, true, &devices, e) < 0)
		return -e->code;
	for (size_t i = 0; i < devices.count; i++)
		add(f, devices.items[i].path);
	return 0;
}

/* Whether the very file system of a mount is the host's, too. */
static bool is_hosts(struct finder *f, const struct mountinfo *line)
{
	struct mountinfo_list host;

	if (mountinfo_read(f->arena, 0, &host) < 0)
		return false;
	for (size_t i = 0; i < host.count; i++)
		if (strcmp(host.items[i].device, line->device) == 0)
			return true;
	return false;
}

/* What a user namespace may not mount is bound from the host (mounts.c): sysfs, mqueue, proc. */
static void add_fallbacks(struct finder *f, const struct oci_config *config)
{
	for (size_t i = 0; i < config->mounts.count; i++) {
		const struct oci_mount *m = &config->mounts.items[i];
		const struct mountinfo *line =
			oci_mount_is_bind(m) ? NULL : find_line(f, m->destination);

		if (line &&
		    (strcmp(line->type, "sysfs") == 0 || strcmp(line->type, "proc") == 0 ||
		     strcmp(line->type, "mqueue") == 0) &&
		    is_hosts(f, line))
			add(f, m->destination);
	}
}

static int find_all(struct finder *f, const struct oci_config *config, struct err *e)
{
	const struct oci_linux *l = config->linux_config;

	for (size_t i = 0; i < config->mounts.count; i++)
		if (oci_mount_is_bind(&config->mounts.items[i]))
			add(f, config->mounts.items[i].destination);
	if (l)
		add_masks(f, l);
	if (oci_config_namespace(config, "user"))
		add_fallbacks(f, config);
	return add_devices(f, config, e);
}

int external_find(struct arena *a, const struct oci_config *config, pid_t pid,
		  struct external_mounts *ret, struct err *e)
{
	const struct oci_linux *l = config->linux_config;
	struct finder f = { .arena = a, .rootfd = -1 };
	int r = process_open_root(pid, &f.rootfd);

	if (r < 0)
		return err_set(e, -r, "open the root of process %d", (int)pid);
	f.room = config->mounts.count + (l ? l->masked_paths.count + l->devices.count : 0) + 16;
	f.found.items = arena_array(a, f.room, sizeof(*f.found.items));
	r = f.found.items ? mountinfo_read(a, pid, &f.mounts) : -ENOMEM;
	if (r < 0)
		err_set(e, -r, "read the mounts of process %d", (int)pid);
	else
		find_all(&f, config, e);
	close_fdp(&f.rootfd);
	if (!e->code)
		*ret = f.found;
	return -e->code;
}
