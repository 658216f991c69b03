/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Checks of the linux object but for its cgroup, sysctl and seccomp parts; see check.h.
 */
#include <string.h>

#include "base/path.h"
#include "check.h"

enum {
	MAJOR_MAX = (1 << 12) - 1, /* the kernel's dev_t */
	MINOR_MAX = (1 << 20) - 1,
	INTERFACE_NAME_MAX = 15, /* IFNAMSIZ with the NUL is 16 */
	HOST_NAME_LEN_MAX = 64,  /* __NEW_UTS_LEN */
	NANOSECONDS = 1000 * 1000 * 1000
};

/* The kernel's KTIME_SEC_MAX / 2, 146 years: no clock of a time namespace begins later. */
static const int64_t offset_max = INT64_MAX / NANOSECONDS / 2;

/* Without a UTS namespace the name of the host itself would change. */
static void check_host_name(struct check *k, const struct oci_config *c, const char *pointer,
			    const char *name)
{
	if (!name || !*name)
		return;
	if (!oci_config_namespace(c, "uts"))
		check_fail(k, pointer, "needs a uts namespace in /linux/namespaces");
	if (strlen(name) > HOST_NAME_LEN_MAX)
		check_fail(k, pointer, "%zu bytes, more than %d", strlen(name), HOST_NAME_LEN_MAX);
}

void check_host_names(struct check *k, const struct oci_config *c)
{
	check_host_name(k, c, "/hostname", c->hostname);
	check_host_name(k, c, "/domainname", c->domainname);
}

void check_namespaces(struct check *k, const struct oci_config *c)
{
	for (size_t i = 0; c->linux_config && i < c->linux_config->namespaces.count; i++) {
		const struct oci_namespace *n = &c->linux_config->namespaces.items[i];

		if (oci_config_namespace(c, n->type) != n) {
			check_fail(k, POINTER("/linux/namespaces/%zu/type", i),
				   "the %s namespace is there twice", n->type);
			return;
		}
		if (n->path && *n->path != '/')
			check_fail(k, POINTER("/linux/namespaces/%zu/path", i),
				   "not an absolute path: %s", n->path);
	}
	if (!oci_config_namespace(c, "user") || oci_config_namespace(c, "mount"))
		return;
	check_fail(k, "/linux/namespaces",
		   "there is a user namespace and no mount namespace: root of the one may mount "
		   "nothing in the runtime's own");
}

/* Beside a user namespace that is joined by path they are accepted, and never written. Whether a
 * new user namespace may go without is the caller's to decide: it depends on who calls. */
void check_id_mappings(struct check *k, const struct oci_config *c)
{
	const struct oci_linux *l = c->linux_config;
	bool has_user;

	if (!l)
		return;
	has_user = oci_config_namespace(c, "user");
	if (!has_user && l->uid_mappings.count)
		check_fail(k, "/linux/uidMappings", "needs a user namespace in /linux/namespaces");
	else if (!has_user && l->gid_mappings.count)
		check_fail(k, "/linux/gidMappings", "needs a user namespace in /linux/namespaces");
	else if (!l->uid_mappings.count && l->gid_mappings.count)
		check_fail(k, "/linux/uidMappings", "uidMappings and gidMappings go together");
	else if (l->uid_mappings.count && !l->gid_mappings.count)
		check_fail(k, "/linux/gidMappings", "uidMappings and gidMappings go together");
	check_mappings(k, "/linux/uidMappings", &l->uid_mappings);
	check_mappings(k, "/linux/gidMappings", &l->gid_mappings);
}

static void check_time_offset(struct check *k, const char *pointer, const struct oci_time_offset *o)
{
	if (o && o->secs && (*o->secs > offset_max || *o->secs < -offset_max))
		check_fail(k, POINTER("%s/secs", pointer), "%lld is not from -%lld to %lld",
			   (long long)*o->secs, (long long)offset_max, (long long)offset_max);
	if (o && o->nanosecs && *o->nanosecs >= NANOSECONDS)
		check_fail(k, POINTER("%s/nanosecs", pointer), "more than %d", NANOSECONDS - 1);
}

void check_time_offsets(struct check *k, const struct oci_config *c)
{
	const struct oci_time_offsets *o = c->linux_config ? c->linux_config->time_offsets : NULL;
	const struct oci_namespace *n = oci_config_namespace(c, "time");

	if (!o || (!o->boottime && !o->monotonic))
		return;
	if (!n)
		check_fail(k, "/linux/timeOffsets", "needs a time namespace in /linux/namespaces");
	else if (n->path)
		check_fail(k, "/linux/timeOffsets",
			   "the offsets of a time namespace that is joined by path are fixed");
	check_time_offset(k, "/linux/timeOffsets/boottime", o->boottime);
	check_time_offset(k, "/linux/timeOffsets/monotonic", o->monotonic);
}

/* "/", "/.", "/..//": whatever is in the root file system. Where "/a/.." leads, a link may say. */
static bool is_root(const char *path)
{
	const char *at = path, *name;
	size_t len;

	while ((len = path_next(&at, &name)) > 0)
		if (!path_is_dotdot(name, len))
			return false;
	return *path == '/';
}

static void check_device_number(struct check *k, const char *pointer, const int64_t *number,
				int64_t most)
{
	if (!number)
		check_fail(k, pointer, "a device of this type has a number");
	else if (*number < 0 || *number > most)
		check_fail(k, pointer, "%lld is not from 0 to %lld", (long long)*number,
			   (long long)most);
}

void check_devices(struct check *k, const struct oci_config *c)
{
	for (size_t i = 0; c->linux_config && i < c->linux_config->devices.count; i++) {
		const struct oci_device *d = &c->linux_config->devices.items[i];

		if (*d->path && *d->path != '/')
			check_fail(k, POINTER("/linux/devices/%zu/path", i),
				   "not an absolute path: %s", d->path);
		if (path_has_dotdot(d->path))
			check_fail(k, POINTER("/linux/devices/%zu/path", i),
				   "\"..\" in the path: %s", d->path);
		else if (is_root(d->path))
			check_fail(k, POINTER("/linux/devices/%zu/path", i), "the root itself: %s",
				   d->path);
		if (!check_is_path_short(d->path))
			check_fail_long_path(k, POINTER("/linux/devices/%zu/path", i), d->path);
		if (!strcmp(d->type, "p"))
			continue;
		check_device_number(k, POINTER("/linux/devices/%zu/major", i), d->major, MAJOR_MAX);
		check_device_number(k, POINTER("/linux/devices/%zu/minor", i), d->minor, MINOR_MAX);
	}
}

/* The kernel's dev_valid_name(). */
static void check_interface_name(struct check *k, const char *pointer, const char *name)
{
	if (!*name || strlen(name) > INTERFACE_NAME_MAX || !strcmp(name, ".") ||
	    !strcmp(name, "..") || strpbrk(name, "/: \t\n\v\f\r"))
		check_fail(k, pointer, "no name for a network interface: %s", name);
}

/* The kernel knows one "%d" in a new name, and no other use of the sign. */
static bool is_template_sound(const char *name)
{
	const char *sign = strchr(name, '%');

	return !sign || (sign[1] == 'd' && !strchr(sign + 1, '%'));
}

void check_net_devices(struct check *k, const struct oci_config *c)
{
	const struct oci_net_devices *l = c->linux_config ? &c->linux_config->net_devices : NULL;

	if (!l || !l->count)
		return;
	if (!oci_config_namespace(c, "network"))
		check_fail(k, "/linux/netDevices",
			   "needs a network namespace in /linux/namespaces");
	for (size_t i = 0; i < l->count; i++) {
		const struct oci_net_device *d = &l->items[i];
		const char *pointer = BELOW("/linux/netDevices", d->host_name);

		check_interface_name(k, pointer, d->host_name);
		if (!strcmp(d->host_name, "lo"))
			check_fail(k, pointer,
				   "lo is each network namespace's own and cannot be moved");
		if (d->name)
			check_interface_name(k, POINTER("%s/name", pointer), d->name);
		if (d->name && !is_template_sound(d->name))
			check_fail(k, POINTER("%s/name", pointer),
				   "\"%%\" other than in one \"%%d\": %s", d->name);
	}
}

static void check_absolute_paths(struct check *k, const char *pointer, const struct oci_strings *l)
{
	for (size_t i = 0; i < l->count; i++) {
		if (*l->items[i] != '/')
			check_fail(k, POINTER("%s/%zu", pointer, i), "not an absolute path: %s",
				   l->items[i]);
		if (!check_is_path_short(l->items[i]))
			check_fail_long_path(k, POINTER("%s/%zu", pointer, i), l->items[i]);
	}
}

void check_masked_paths(struct check *k, const struct oci_config *c)
{
	const struct oci_strings *l = c->linux_config ? &c->linux_config->masked_paths : NULL;

	if (!l)
		return;
	check_absolute_paths(k, "/linux/maskedPaths", l);
	for (size_t i = 0; i < l->count; i++)
		if (is_root(l->items[i]))
			check_fail(k, POINTER("/linux/maskedPaths/%zu", i),
				   "the root itself cannot be masked: %s", l->items[i]);
}

void check_readonly_paths(struct check *k, const struct oci_config *c)
{
	if (c->linux_config)
		check_absolute_paths(k, "/linux/readonlyPaths", &c->linux_config->readonly_paths);
}

/* A newline would smuggle a second line into the file `schemata`. */
static void check_one_line(struct check *k, const char *pointer, const char *text)
{
	if (text && strchr(text, '\n'))
		check_fail(k, pointer, "newline");
}

/* "/" alone is the default class; anything else names a directory in resctrl. */
static void check_clos_id(struct check *k, const char *id)
{
	if (id && strcmp(id, "/") != 0 &&
	    (!*id || strpbrk(id, "/\n") || !strcmp(id, ".") || !strcmp(id, "..")))
		check_fail(k, "/linux/intelRdt/closID", "no name for a class: %s", id);
}

void check_intel_rdt(struct check *k, const struct oci_config *c)
{
	const struct oci_intel_rdt *r = c->linux_config ? c->linux_config->intel_rdt : NULL;

	if (!r)
		return;
	check_clos_id(k, r->clos_id);
	check_one_line(k, "/linux/intelRdt/l3CacheSchema", r->l3_cache_schema);
	check_one_line(k, "/linux/intelRdt/memBwSchema", r->mem_bw_schema);
	if (r->mem_bw_schema && strncmp(r->mem_bw_schema, "MB:", 3) != 0)
		check_fail(k, "/linux/intelRdt/memBwSchema", "does not start with \"MB:\"");
	for (size_t i = 0; i < r->schemata.count; i++)
		check_one_line(k, POINTER("/linux/intelRdt/schemata/%zu", i), r->schemata.items[i]);
}

/* set_mempolicy(2). MPOL_PREFERRED without nodes means the local one. */
static void check_policy_nodes(struct check *k, const struct oci_memory_policy *p)
{
	static const char *const without[] = { "MPOL_DEFAULT", "MPOL_LOCAL", NULL };
	static const char *const either[] = { "MPOL_PREFERRED", NULL };
	const char *pointer = "/linux/memoryPolicy/nodes", *nodes = p->nodes ? p->nodes : "";

	if (!check_is_numbers(nodes, NUMBERS_NODES))
		check_fail(k, pointer, "invalid memory policy: \"%s\" is no list of nodes", nodes);
	if (check_is_one_of(p->mode, without) && *nodes)
		check_fail(k, pointer, "invalid memory policy: %s takes no nodes", p->mode);
	if (!check_is_one_of(p->mode, without) && !check_is_one_of(p->mode, either) && !*nodes)
		check_fail(k, pointer, "invalid memory policy: %s needs nodes", p->mode);
}

static void check_policy_flags(struct check *k, const struct oci_memory_policy *p)
{
	static const char *const nodes[] = { "MPOL_F_STATIC_NODES", "MPOL_F_RELATIVE_NODES", NULL };
	static const char *const balancing[] = { "MPOL_BIND", "MPOL_PREFERRED_MANY", NULL };
	size_t count = 0;

	for (size_t i = 0; i < p->flags.count; i++) {
		const char *flag = p->flags.items[i];
		bool is_balancing = !check_is_one_of(flag, nodes);

		count += !is_balancing;
		if (is_balancing && !check_is_one_of(p->mode, balancing))
			check_fail(k, POINTER("/linux/memoryPolicy/flags/%zu", i),
				   "invalid memory policy: %s does not go with %s", flag, p->mode);
		if (!is_balancing && count > 1)
			check_fail(k, POINTER("/linux/memoryPolicy/flags/%zu", i),
				   "invalid memory policy: MPOL_F_STATIC_NODES and "
				   "MPOL_F_RELATIVE_NODES exclude each other");
	}
}

void check_memory_policy(struct check *k, const struct oci_config *c)
{
	const struct oci_memory_policy *p = c->linux_config ? c->linux_config->memory_policy : NULL;

	if (!p)
		return;
	check_policy_nodes(k, p);
	check_policy_flags(k, p);
}

/* It is written between quotes where options hold more than one word. */
void check_mount_label(struct check *k, const struct oci_config *c)
{
	const char *label = c->linux_config ? c->linux_config->mount_label : NULL;

	if (label && strpbrk(label, "\"\\"))
		check_fail(k, "/linux/mountLabel", "label %s has quotes", label);
}

/* None is defined. */
void check_personality(struct check *k, const struct oci_config *c)
{
	const struct oci_personality *p = c->linux_config ? c->linux_config->personality : NULL;

	if (p && p->flags.count)
		check_fail(k, "/linux/personality/flags", "no flag is known");
}
