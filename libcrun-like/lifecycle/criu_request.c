/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * See criu_request.h.
 */
#include "lifecycle/criu_request.h"

#include <fcntl.h>
#include <limits.h>
#include <sched.h>
#include <string.h>
#include <sys/stat.h>

#include "base/fmt.h"
#include "lifecycle/criu_session.h"
#include "setup/annotations.h"

#define DEFAULT_IMAGES "checkpoint"

/* Numbers of fields of criu's options (rpc.proto). */
enum option {
	OPT_IMAGES_DIR_FD = 1,
	OPT_PID = 2,
	OPT_LEAVE_RUNNING = 3,
	OPT_EXT_UNIX_SK = 4,
	OPT_TCP_ESTABLISHED = 5,
	OPT_EVASIVE_DEVICES = 6,
	OPT_SHELL_JOB = 7,
	OPT_FILE_LOCKS = 8,
	OPT_LOG_LEVEL = 9,
	OPT_LOG_FILE = 10,
	OPT_PAGE_SERVER = 11,
	OPT_NOTIFY_SCRIPTS = 12,
	OPT_ROOT = 13,
	OPT_PARENT_IMG = 14,
	OPT_TRACK_MEM = 15,
	OPT_AUTO_DEDUP = 16,
	OPT_WORK_DIR_FD = 17,
	OPT_LINK_REMAP = 18,
	OPT_MANAGE_CGROUPS = 24,
	OPT_CGROUP_ROOT = 25,
	OPT_RESTORE_SIBLING = 26,
	OPT_INHERIT_FD = 27,
	OPT_MANAGE_CGROUPS_MODE = 34,
	OPT_EXTERNAL = 37,
	OPT_EMPTY_NS = 38,
	OPT_JOIN_NS = 39,
	OPT_FREEZE_CGROUP = 44,
	OPT_TCP_SKIP_IN_FLIGHT = 46,
	OPT_LAZY_PAGES = 48,
	OPT_STATUS_FD = 49,
	OPT_ORPHAN_PTS_MASTER = 50,
	OPT_CONFIG_FILE = 51,
	OPT_TCP_CLOSE = 52,
	OPT_LSM_PROFILE = 53,
	OPT_LSM_MOUNT_CONTEXT = 63,
	OPT_NETWORK_LOCK = 64
};

enum {
	PAGE_SERVER_ADDRESS = 1,
	PAGE_SERVER_PORT = 2
};

enum {
	LOG_LEVEL = 4 /* all but what is for criu's own developers: an error needs what led to it */
};

/* --- folders --------------------------------------------------------------------------------- */

/* Readable by their owner alone: the memory of the container's processes will be there. */
static int open_folder(const char *path, bool make, struct err *e)
{
	int fd;

	if (make && mkdir(path, 0700) < 0 && errno != EEXIST)
		return err_set(e, errno, "make the folder %s", path);
	fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return fd < 0 ? err_set(e, errno, "open the folder %s", path) : fd;
}

/*
 * What @parent is, seen from the images' folder. That may not be there yet: it is made in the
 * folder above then, where ".." will lead.
 */
static int open_parent(const char *image_path, const char *parent)
{
	_cleanup_fd_ int dirfd = open(image_path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	size_t len = strlen(image_path);
	char above[PATH_MAX];

	if (dirfd < 0 && errno == ENOENT) {
		while (len && image_path[len - 1] == '/')
			len--;
		while (len && image_path[len - 1] != '/')
			len--;
		while (parent[0] == '.' && parent[1] == '/')
			parent += 1 + strspn(parent + 1, "/");
		if (strncmp(parent, "..", 2) != 0 || (parent[2] && parent[2] != '/')) {
			errno = ENOENT;
			return -1;
		}
		parent += 2 + strspn(parent + 2, "/");
		fmt(above, sizeof(above), "%.*s.", (int)len, image_path);
		dirfd = open(above, O_PATH | O_DIRECTORY | O_CLOEXEC);
	}
	return openat(dirfd, *parent ? parent : ".", O_PATH | O_DIRECTORY | O_CLOEXEC);
}

/* criu says nothing of one that is not there: it dumps all memory, or fails without a word. */
int criu_images_check_parent(const struct davit_checkpoint_options *o, struct err *e)
{
	const char *path = o->image_path ? o->image_path : DEFAULT_IMAGES;
	_cleanup_fd_ int fd = -1;

	if (!o->parent_path)
		return 0;
	if (o->parent_path[0] == '/')
		return err_kind(e, ERR_USAGE, EINVAL,
				"--parent-path %s: it is to be relative to the images' folder",
				o->parent_path);
	fd = open_parent(path, o->parent_path);
	return fd < 0 ? err_set(e, errno, "--parent-path %s, seen from %s", o->parent_path, path)
		      : 0;
}

int criu_images_open(struct criu_images *images, const struct davit_checkpoint_options *o,
		     bool make, struct err *e)
{
	images->path = o->image_path ? o->image_path : DEFAULT_IMAGES;
	images->work_path = o->work_path ? o->work_path : images->path;
	images->dirfd = images->work_dirfd = -1;
	images->dirfd = open_folder(images->path, make, e);
	if (images->dirfd >= 0)
		images->work_dirfd = open_folder(images->work_path, true, e);
	if (!e->code)
		criu_images_clear(images, make, e);
	if (e->code)
		criu_images_close(images);
	return -e->code;
}

/*
 * A process that is restored reads its images itself, as the root of its user namespace: it may
 * pass through the folder, which shows it nothing that it does not know the name of.
 */
int criu_images_open_to(const struct criu_images *images, const struct oci_config *config,
			struct err *e)
{
	const struct oci_linux *l = config->linux_config;
	struct stat st;

	for (size_t i = 0; l && i < l->gid_mappings.count; i++) {
		if (l->gid_mappings.items[i].container_id != 0)
			continue;
		if (fstat(images->dirfd, &st) == 0 && (st.st_mode & S_IXOTH))
			return 0;
		if (fchown(images->dirfd, (uid_t)-1, l->gid_mappings.items[i].host_id) < 0 ||
		    fchmod(images->dirfd, (st.st_mode & 07700) | S_IXGRP) < 0)
			return err_set(e, errno, "open the folder %s to the container's root",
				       images->path);
	}
	return 0;
}

void criu_images_close(struct criu_images *images)
{
	close_fdp(&images->dirfd);
	close_fdp(&images->work_dirfd);
}

/* --- words ----------------------------------------------------------------------------------- */

struct word {
	const char *text;
	int value;
};

static const struct word cgroup_modes[] = {
	{ "ignore", 0 }, { "cg_none", 1 }, { "props", 2 },   { "soft", 3 },
	{ "full", 4 },   { "strict", 5 },  { "default", 6 },
};

static const struct word network_locks[] = {
	{ "iptables", 1 },
	{ "nftables", 2 },
	{ "skip", 3 },
};

static const struct word namespaces[] = {
	{ "network", CLONE_NEWNET },
};

static int find_word(const struct word *words, size_t count, const char *text, const char *option,
		     int *ret, struct err *e)
{
	char known[96];
	size_t at = 0;

	for (size_t i = 0; i < count; i++) {
		if (strcmp(words[i].text, text) == 0) {
			*ret = words[i].value;
			return 0;
		}
		at += fmt(known + at, at < sizeof(known) ? sizeof(known) - at : 0, "%s%s",
			  i ? ", " : "", words[i].text);
	}
	return err_kind(e, ERR_USAGE, EINVAL, "%s takes %s, not \"%.60s\"", option, known, text);
}

/* --- the message ------------------------------------------------------------------------------ */

int criu_request_begin(struct criu_request *r, struct arena *a, struct err *e)
{
	r->arena = a;
	r->opts = (struct protobuf){ .data = arena_alloc(a, CRIU_REQUEST_SIZE),
				     .size = CRIU_REQUEST_SIZE };
	return r->opts.data ? 0 : err_set(e, ENOMEM, "prepare what criu is asked for");
}

static void put_flag(struct criu_request *r, unsigned field, bool value)
{
	if (value)
		protobuf_put_number(&r->opts, field, true);
}

/* The file of options that criu reads besides, which win. davit's own first, then those that an
 * administrator may have written for the others. */
static const char *config_file(const struct oci_config *config)
{
	static const char *const usual[] = { "/etc/criu/davit.conf", "/etc/criu/crun.conf",
					     "/etc/criu/runc.conf" };
	const char *named = annotation_find(&config->annotations, ANNOTATION_CRIU_CONFIG);

	for (size_t i = 0; i < ARRAY_SIZE(usual) && !named; i++)
		if (faccessat(AT_FDCWD, usual[i], R_OK, 0) == 0)
			named = usual[i];
	return named;
}

static int put_empty_namespaces(struct criu_request *r, const char *const *names, struct err *e)
{
	int flags = 0, flag = 0;

	for (; names && *names; names++) {
		if (find_word(namespaces, ARRAY_SIZE(namespaces), *names, "--empty-ns", &flag, e) <
		    0)
			return -e->code;
		flags |= flag;
	}
	if (flags)
		protobuf_put_number(&r->opts, OPT_EMPTY_NS, flags);
	return 0;
}

static int put_words(struct criu_request *r, const struct davit_checkpoint_options *o,
		     struct err *e)
{
	int value = 3;

	if (o->manage_cgroups_mode &&
	    find_word(cgroup_modes, ARRAY_SIZE(cgroup_modes), o->manage_cgroups_mode,
		      "--manage-cgroups-mode", &value, e) < 0)
		return -e->code;
	protobuf_put_number(&r->opts, OPT_MANAGE_CGROUPS, true);
	protobuf_put_number(&r->opts, OPT_MANAGE_CGROUPS_MODE, value);
	if (o->network_lock) {
		if (find_word(network_locks, ARRAY_SIZE(network_locks), o->network_lock,
			      "--network-lock", &value, e) < 0)
			return -e->code;
		protobuf_put_number(&r->opts, OPT_NETWORK_LOCK, value);
	}
	return put_empty_namespaces(r, o->empty_ns, e);
}

int criu_request_common(struct criu_request *r, const struct davit_checkpoint_options *o,
			const char *log, const struct oci_config *config, struct err *e)
{
	const char *file = config_file(config);

	protobuf_put_number(&r->opts, OPT_IMAGES_DIR_FD, CRIU_IMAGES_FD);
	protobuf_put_number(&r->opts, OPT_WORK_DIR_FD, CRIU_WORK_FD);
	protobuf_put_number(&r->opts, OPT_LOG_LEVEL, LOG_LEVEL);
	protobuf_put_string(&r->opts, OPT_LOG_FILE, log);
	protobuf_put_number(&r->opts, OPT_NOTIFY_SCRIPTS, true);
	protobuf_put_number(&r->opts, OPT_ORPHAN_PTS_MASTER, true);
	put_flag(r, OPT_EXT_UNIX_SK, o->ext_unix_sk);
	put_flag(r, OPT_TCP_ESTABLISHED, o->tcp_established);
	put_flag(r, OPT_SHELL_JOB, o->shell_job);
	put_flag(r, OPT_FILE_LOCKS, o->file_locks);
	put_flag(r, OPT_LINK_REMAP, o->link_remap);
	put_flag(r, OPT_AUTO_DEDUP, o->auto_dedup);
	put_flag(r, OPT_LAZY_PAGES, o->lazy_pages);
	if (file)
		protobuf_put_string(&r->opts, OPT_CONFIG_FILE, file);
	return put_words(r, o, e);
}

/* "ADDRESS:PORT"; the address of version 6 has colons of its own. */
static int put_page_server(struct criu_request *r, const char *server, struct err *e)
{
	const char *colon = strrchr(server, ':');
	char address[256];
	uint8_t data[300];
	struct protobuf m = { data, sizeof(data), 0 };
	unsigned long port = colon ? strtoul(colon + 1, NULL, 10) : 0;

	if (!colon || strspn(colon + 1, "0123456789") != strlen(colon + 1) || port == 0 ||
	    port > UINT16_MAX || colon == server || (size_t)(colon - server) >= sizeof(address))
		return err_kind(e, ERR_USAGE, EINVAL,
				"--page-server takes ADDRESS:PORT, not \"%.100s\"", server);
	fmt(address, sizeof(address), "%.*s", (int)(colon - server), server);
	protobuf_put_string(&m, PAGE_SERVER_ADDRESS, address);
	protobuf_put_number(&m, PAGE_SERVER_PORT, (int64_t)port);
	protobuf_put_message(&r->opts, OPT_PAGE_SERVER, &m);
	return 0;
}

int criu_request_dump(struct criu_request *r, const struct davit_checkpoint_options *o, pid_t pid,
		      const char *freezer, int status_fd, struct err *e)
{
	if (status_fd >= 0)
		protobuf_put_number(&r->opts, OPT_STATUS_FD, status_fd);
	if (o->page_server && put_page_server(r, o->page_server, e) < 0)
		return -e->code;
	protobuf_put_number(&r->opts, OPT_PID, pid);
	put_flag(r, OPT_LEAVE_RUNNING, o->leave_running);
	put_flag(r, OPT_TCP_SKIP_IN_FLIGHT, o->tcp_skip_in_flight);
	/* Without it criu would write all of the memory again, beside a parent too. */
	put_flag(r, OPT_TRACK_MEM, o->pre_dump || o->parent_path);
	if (freezer)
		protobuf_put_string(&r->opts, OPT_FREEZE_CGROUP, freezer);
	if (o->parent_path)
		protobuf_put_string(&r->opts, OPT_PARENT_IMG, o->parent_path);
	return -e->code;
}

int criu_request_restore(struct criu_request *r, const struct davit_checkpoint_options *o,
			 struct err *e)
{
	if (o->manage_cgroups_mode && strcmp(o->manage_cgroups_mode, "strict") == 0)
		return err_kind(e, ERR_USAGE, EINVAL,
				"--manage-cgroups-mode strict cannot be restored: criu wants no "
				"cgroup to be there, and the container's is");
	/* Our children: a foreground waits for the first, and nobody else's are ever signalled. */
	protobuf_put_number(&r->opts, OPT_RESTORE_SIBLING, true);
	/* A device file that is another one now, but the same device, is the same. */
	protobuf_put_number(&r->opts, OPT_EVASIVE_DEVICES, true);
	put_flag(r, OPT_TCP_CLOSE, o->tcp_close);
	if (o->lsm_profile)
		protobuf_put_string(&r->opts, OPT_LSM_PROFILE, o->lsm_profile);
	if (o->lsm_mount_context)
		protobuf_put_string(&r->opts, OPT_LSM_MOUNT_CONTEXT, o->lsm_mount_context);
	return 0;
}

void criu_request_external(struct criu_request *r, const char *format, ...)
{
	char text[8192 + 64];
	va_list ap;
	size_t len;

	va_start(ap, format);
	len = fmt_v(text, sizeof(text), format, ap);
	va_end(ap);
	if (len >= sizeof(text)) /* two paths of the longest sort: no such request */
		r->opts.len = r->opts.size + 1;
	else
		protobuf_put_string(&r->opts, OPT_EXTERNAL, text);
}

void criu_request_inherit(struct criu_request *r, const char *key, int fd)
{
	uint8_t data[512];
	struct protobuf m = { data, sizeof(data), 0 };

	protobuf_put_string(&m, 1, key);
	protobuf_put_number(&m, 2, fd);
	protobuf_put_message(&r->opts, OPT_INHERIT_FD, &m);
}

/* A message of two texts. */
static void put_pair(struct criu_request *r, unsigned field, const char *one, const char *two)
{
	uint8_t data[8192];
	struct protobuf m = { data, sizeof(data), 0 };

	protobuf_put_string(&m, 1, one);
	protobuf_put_string(&m, 2, two);
	protobuf_put_message(&r->opts, field, &m);
}

void criu_request_join(struct criu_request *r, const char *name, const char *path)
{
	put_pair(r, OPT_JOIN_NS, name, path);
}

void criu_request_root(struct criu_request *r, const char *path)
{
	protobuf_put_string(&r->opts, OPT_ROOT, path);
}

void criu_request_cgroup_root(struct criu_request *r, const char *controller, const char *path)
{
	put_pair(r, OPT_CGROUP_ROOT, controller, path);
}

int criu_request_check(const struct criu_request *r, struct err *e)
{
	return protobuf_is_whole(&r->opts)
		       ? 0
		       : err_kind(e, ERR_UNSUPPORTED, E2BIG,
				  "ask criu: the container has too many mounts for one request");
}
