/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * See obstacles.h: mounts that criu can neither make again nor is told of, and network devices.
 */
#include <fcntl.h>
#include <sched.h>
#include <string.h>

#include "base/fmt.h"
#include "kernel/mountinfo.h"
#include "kernel/namespace.h"
#include "kernel/netlink.h"
#include "setup/criu/obstacles_parts.h"

static bool is_word(const char *text, const char *const *words, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (strcmp(text, words[i]) == 0)
			return true;
	return false;
}

static bool is_external(const struct obstacles *o, const struct mountinfo *line)
{
	for (size_t i = 0; i < o->externals.count; i++)
		if (strcmp(o->externals.items[i].place, line->place) == 0)
			return true;
	return strcmp(line->place, "/") == 0;
}

/* File systems that criu makes anew, with what was in them where that is in memory. */
static bool can_be_made(const char *type)
{
	static const char *const known[] = { "proc",    "sysfs",   "devtmpfs",   "binfmt_misc",
					     "tmpfs",   "devpts",  "simfs",      "btrfs",
					     "pstore",  "mqueue",  "securityfs", "fusectl",
					     "debugfs", "tracefs", "cgroup",     "cgroup2",
					     "aufs",    "overlay", "autofs" };

	return is_word(type, known, ARRAY_SIZE(known));
}

static bool is_below(const char *path, const char *dir)
{
	size_t len = strlen(dir);

	return strncmp(path, dir, len) == 0;
}

/* Of a part of a file system: there must be another mount that has all of it, or the root has. */
static bool has_whole(const struct obstacles *o, const struct mountinfo *part)
{
	for (size_t i = 0; i < o->mounts.count; i++) {
		const struct mountinfo *m = &o->mounts.items[i];

		if (m->id != part->id && strcmp(m->device, part->device) == 0 &&
		    (strcmp(m->root, "/") == 0 ||
		     (strcmp(m->place, "/") == 0 && is_below(part->root, m->root))))
			return true;
	}
	return false;
}

static bool find_tag(const struct mountinfo *line, const char *name, uint64_t *ret)
{
	const char *at = strstr(line->tags, name);

	*ret = at ? strtoull(at + strlen(name), NULL, 10) : 0;
	return at != NULL;
}

/* What is mounted in the group of the host's that this one follows comes from nowhere after it. */
static bool follows_the_host(const struct obstacles *o, const struct mountinfo *slave)
{
	uint64_t master, group;

	if (!find_tag(slave, "master:", &master))
		return false;
	for (size_t i = 0; i < o->mounts.count; i++)
		if (find_tag(&o->mounts.items[i], "shared:", &group) && group == master)
			return false;
	return true;
}

static void look_at_mount(struct obstacles *o, const struct mountinfo *line)
{
	/* In a cgroup namespace the root of its file system has another name than "/". */
	if (is_external(o, line) || strncmp(line->type, "cgroup", 6) == 0)
		return;
	if (strcmp(line->root, "/") == 0 && !can_be_made(line->type))
		obstacle_tell(o,
			      "mount %s: a file system of type %s that config.json does not have",
			      line->place, line->type);
	else if (strcmp(line->root, "/") != 0 && !has_whole(o, line))
		obstacle_tell(o, "mount %s: a bind mount that config.json does not have",
			      line->place);
	else if (follows_the_host(o, line))
		obstacle_tell(o, "mount %s: it follows mounts of the host (slave)", line->place);
}

void obstacles_in_mounts(struct obstacles *o)
{
	for (size_t i = 0; i < o->mounts.count; i++)
		look_at_mount(o, &o->mounts.items[i]);
}

/* --- network devices -------------------------------------------------------------------------- */

static void look_at_link(void *arg, const struct netlink_named_link *link)
{
	static const char *const known[] = { "veth", "tun", "bridge", "macvlan", "venet", "sit" };
	struct obstacles *o = arg;

	if (link->is_loopback || is_word(link->kind, known, ARRAY_SIZE(known)))
		return;
	/* What the kernel makes by itself in each namespace. */
	if ((strcmp(link->kind, "gretap") == 0 && strcmp(link->name, "gretap0") == 0) ||
	    (strcmp(link->kind, "gre") == 0 && strcmp(link->name, "gre0") == 0))
		return;
	obstacle_tell(o, "network device %s: criu cannot make one of kind %s", link->name,
		      link->kind[0] ? link->kind : "(a real one)");
}

/* One that was joined is not dumped, nor is the host's. */
static bool has_own_network(const struct obstacles *o)
{
	const struct oci_namespace *n = oci_config_namespace(o->subject->config, "network");

	return n && !n->path;
}

void obstacles_in_network(struct obstacles *o)
{
	_cleanup_fd_ int from = -1, sock = -1, ns = -1;
	char path[64];

	if (o->options->empty_network || !has_own_network(o))
		return;
	fmt(path, sizeof(path), "/proc/%d/ns/net", (int)o->subject->init);
	if (namespace_open(path, CLONE_NEWNET, &from) == 0 &&
	    netlink_open_in(from, &sock, &ns) == 0)
		(void)netlink_each_link(sock, look_at_link, o); /* the process is gone */
}
