/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * See cgroup_owner.h.
 */
#include "setup/resources/cgroup_owner.h"

#include <limits.h>
#include <sched.h>
#include <string.h>

#include "base/fmt.h"
#include "base/path.h"
#include "kernel/cgroupfs.h"
#include "setup/annotations.h"

static bool has_option(const struct oci_mount *m, const char *option)
{
	for (size_t i = 0; i < m->options.count; i++)
		if (strcmp(m->options.items[i], option) == 0)
			return true;
	return false;
}

static bool is_cgroup_root(const char *destination)
{
	static const char place[] = "/sys/fs/cgroup";
	size_t len = path_trimmed(destination, strlen(destination));

	return len == sizeof(place) - 1 && memcmp(destination, place, len) == 0;
}

/* The three conditions of config-linux.md#cgroup-ownership, to the letter. */
static bool has_writable_cgroup(const struct oci_config *config)
{
	for (size_t i = 0; i < config->mounts.count; i++) {
		const struct oci_mount *m = &config->mounts.items[i];

		if (m->source && strcmp(m->source, "cgroup") == 0 &&
		    is_cgroup_root(m->destination) && !has_option(m, "ro"))
			return true;
	}
	return false;
}

/* The host's id of @uid. Beside a user namespace that is joined, the mappings of config.json are
 * what is known of its map. False: not mapped. */
static bool map_uid(const struct oci_config *config, const struct namespaces *ns, uid_t uid,
		    uid_t *ret)
{
	const struct oci_id_mappings *given = &config->linux_config->uid_mappings;

	if (!namespaces_is_private(ns, CLONE_NEWUSER)) {
		*ret = uid;
		return true;
	}
	if (idmap_out(ns->uid_map, ns->uid_map_count, uid, ret))
		return true;
	for (size_t i = 0; !ns->uid_map_count && i < given->count; i++) {
		const struct oci_id_mapping *m = &given->items[i];

		if (uid - m->container_id >= m->size)
			continue;
		*ret = m->host_id + (uid - m->container_id);
		return true;
	}
	return false;
}

static int take_below(const struct oci_config *config, const char **ret, struct err *e)
{
	const char *value = annotation_find(&config->annotations, ANNOTATION_DELEGATE_CGROUP);

	*ret = NULL;
	if (!value || !value[strspn(value, "/")])
		return 0;
	value += strspn(value, "/");
	if (!path_is_plain(value) || path_longest(value) > NAME_MAX || strlen(value) >= PATH_MAX ||
	    strchr(value, '\n'))
		return err_field(e, EINVAL, ANNOTATION_POINTER(ANNOTATION_DELEGATE_CGROUP),
				 "bad sub cgroup path \"%s\"", value);
	*ret = value;
	return 0;
}

int cgroup_handover_prepare(const struct oci_config *config, const struct namespaces *ns,
			    struct cgroup_handover *ret, struct err *e)
{
	struct cgroup_handover h = { 0 };

	if (take_below(config, &h.below, e) < 0)
		return -e->code;
	h.has_owner = config->process && namespaces_has_new(ns, CLONE_NEWCGROUP) &&
		      has_writable_cgroup(config) &&
		      map_uid(config, ns, config->process->user.uid, &h.uid) && h.uid != geteuid();
	*ret = h;
	return 0;
}

int cgroup_handover_chown(const struct cgroup_handover *h, int dirfd, struct err *e)
{
	char at_fault[64];
	int r = h->has_owner ? cgroupfs_delegate(dirfd, h->uid, at_fault) : 0;

	return r < 0 ? err_set(e, -r, "give %s of the cgroup to user %u", at_fault, h->uid) : 0;
}

/* Each cgroup on the way down belongs to the container as well. */
static int chown_way(const struct cgroup_handover *h, int dirfd, struct err *e)
{
	char part[PATH_MAX];

	for (size_t len = 0;; len++) {
		_cleanup_fd_ int fd = -1;

		if (h->below[len] && h->below[len] != '/')
			continue;
		fmt(part, sizeof(part), "%.*s", (int)len, h->below);
		fd = cgroupfs_open(dirfd, part);
		if (fd < 0)
			return err_set(e, -fd, "open the sub cgroup %s", part);
		if (cgroup_handover_chown(h, fd, e) < 0)
			return -e->code;
		if (!h->below[len])
			return 0;
	}
}

int cgroup_handover_enter(const struct cgroup_handover *h, int dirfd, pid_t pid, struct err *e)
{
	struct cgroupfs_made made = { .dirfd = -1 };
	int r = cgroupfs_make(dirfd, h->below, &made);

	if (r == 0) {
		r = cgroupfs_add_process(made.dirfd, pid);
		close_fdp(&made.dirfd);
	}
	if (r < 0) {
		err_set(e, -r, "move the container's first process to the sub cgroup %s", h->below);
		return err_at(e, ANNOTATION_POINTER(ANNOTATION_DELEGATE_CGROUP));
	}
	return h->has_owner ? chown_way(h, dirfd, e) : 0;
}

void cgroup_handover_describe(const struct cgroup_handover *h, const struct describe *d)
{
	if (h->has_owner)
		describe(d, "give the cgroup and its files for delegation to user %u", h->uid);
	if (h->below)
		describe(d, "the first process goes to the sub cgroup %s", h->below);
}
