/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * oci_config_check(): the table of the rules between the values of config.json, and the rules for
 * the parts that belong to no other file of checks: version, root, mounts, hooks, annotations, and
 * strings and lists that must not be empty (a flag of the tables).
 */
#include "check.h"

#include <string.h>

#include "base/fmt.h"
#include "base/path.h"
#include "json_pointer.h"
#include "table.h"

enum {
	IN_PROCESS = 1, /* makes sense for a process object alone */
	IN_RESOURCES = 2
};

static check_fn check_version, check_root, check_nonempty, check_mounts, check_hooks,
	check_annotations;

/* clang-format off */
static const struct check_row rows[] = {
	{ "version",        check_version,        "config.md#specification-version" },
	{ "root",           check_root,           "config.md#root" },
	{ "nonempty",       check_nonempty,       "config.md", IN_PROCESS | IN_RESOURCES },
	{ "args",           check_args,           "config.md#process", IN_PROCESS },
	{ "cwd",            check_cwd,            "config.md#process", IN_PROCESS },
	{ "env",            check_env,            "config.md#process", IN_PROCESS },
	{ "user",           check_user,           "config.md#posix-platform-user", IN_PROCESS },
	{ "rlimits",        check_rlimits,        "config.md#posix-process", IN_PROCESS },
	{ "oom-score",      check_oom_score,      "config.md#linux-process", IN_PROCESS },
	{ "scheduler",      check_scheduler,      "config.md#linux-process", IN_PROCESS },
	{ "io-priority",    check_io_priority,    "config.md#linux-process", IN_PROCESS },
	{ "console-size",   check_console_size,   "config.md#process", IN_PROCESS },
	{ "cpu-affinity",   check_cpu_affinity,   "config.md#linux-process", IN_PROCESS },
	{ "host-names",     check_host_names,     "config.md#hostname" },
	{ "mounts",         check_mounts,         "config.md#mounts" },
	{ "hooks",          check_hooks,          "config.md#posix-platform-hooks" },
	{ "annotations",    check_annotations,    "config.md#annotations" },
	{ "namespaces",     check_namespaces,     "config-linux.md#namespaces" },
	{ "id-mappings",    check_id_mappings,    "config-linux.md#user-namespace-mappings" },
	{ "time-offsets",   check_time_offsets,   "config-linux.md#offset-for-time-namespace" },
	{ "devices",        check_devices,        "config-linux.md#devices" },
	{ "net-devices",    check_net_devices,    "config-linux.md#network-devices" },
	{ "cgroups-path",   check_cgroups_path,   "config-linux.md#cgroups-path" },
	{ "memory",         check_memory,         "config-linux.md#memory", IN_RESOURCES },
	{ "cpu",            check_cpu,            "config-linux.md#cpu", IN_RESOURCES },
	{ "device-rules",   check_device_rules,   "config-linux.md#allowed-device-list", IN_RESOURCES },
	{ "block-io",       check_block_io,       "config-linux.md#block-io", IN_RESOURCES },
	{ "hugepages",      check_hugepages,      "config-linux.md#huge-page-limits", IN_RESOURCES },
	{ "rdma",           check_rdma,           "config-linux.md#rdma", IN_RESOURCES },
	{ "unified",        check_unified,        "config-linux.md#unified", IN_RESOURCES },
	{ "intel-rdt",      check_intel_rdt,      "config-linux.md#intelrdt" },
	{ "memory-policy",  check_memory_policy,  "config-linux.md#memory-policy" },
	{ "sysctl",         check_sysctl,         "config-linux.md#sysctl" },
	{ "seccomp",        check_seccomp,        "config-linux.md#seccomp" },
	{ "masked-paths",   check_masked_paths,   "config-linux.md#masked-paths" },
	{ "readonly-paths", check_readonly_paths, "config-linux.md#readonly-paths" },
	{ "mount-label",    check_mount_label,    "config-linux.md#mount-label" },
	{ "personality",    check_personality,    "config-linux.md#personality" },
};
/* clang-format on */

static size_t run(struct check *k, const struct oci_config *c, unsigned documents)
{
	for (size_t i = 0; i < ARRAY_SIZE(rows) && !k->is_stopped; i++) {
		if ((rows[i].documents & documents) != documents)
			continue;
		k->row = &rows[i];
		rows[i].run(k, c);
	}
	return k->count;
}

size_t oci_config_check(const struct oci_config *c, oci_check_fn *found, void *arg)
{
	struct check k = { .found = found, .arg = arg, .prefix = "" };

	return run(&k, c, 0);
}

size_t oci_process_check(const struct oci_process *p, oci_check_fn *found, void *arg)
{
	struct check k = { .found = found, .arg = arg, .prefix = "/process" };
	const struct oci_config c = { .oci_version = "", .process = p };

	return run(&k, &c, IN_PROCESS);
}

size_t oci_resources_check(const struct oci_resources *r, oci_check_fn *found, void *arg)
{
	struct check k = { .found = found, .arg = arg, .prefix = "/linux/resources" };
	const struct oci_linux l = { .resources = r };
	const struct oci_config c = { .oci_version = "", .linux_config = &l };

	return run(&k, &c, IN_RESOURCES);
}

/* semver.org, 2.0.0: numbers without leading zeros; then optional "-x.y" and "+x.y". */

static const char *skip_number(const char *p)
{
	const char *end = p + strspn(p, "0123456789");

	return end == p || (*p == '0' && end > p + 1) ? NULL : end;
}

static const char *skip_identifiers(const char *p)
{
	static const char letters[] =
		"0123456789-ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

	for (;;) {
		size_t len = strspn(p, letters);

		if (!len)
			return NULL;
		p += len;
		if (*p != '.')
			return p;
		p++;
	}
}

static bool is_semver(const char *version)
{
	const char *p = version;

	for (int i = 0; i < 3 && p; i++) {
		if (i && *p++ != '.')
			return false;
		p = skip_number(p);
	}
	if (p && *p == '-')
		p = skip_identifiers(p + 1);
	if (p && *p == '+')
		p = skip_identifiers(p + 1);
	return p && !*p;
}

static void check_version(struct check *k, const struct oci_config *c)
{
	const char *pointer = "/ociVersion";

	if (!is_semver(c->oci_version))
		check_fail(k, pointer, "not a semantic version: %s", c->oci_version);
	else if (strncmp(c->oci_version, "1.", 2) != 0)
		check_fail(k, pointer, "version %s of the specification is not known, only 1",
			   c->oci_version);
}

static void check_root(struct check *k, const struct oci_config *c)
{
	if (!c->root)
		check_fail(k, "/root", "required member \"root\" is missing");
}

/* The flag OCI_NONEMPTY of the tables, down the whole document. A place is spelt as a pointer only
 * when something is wrong there. */

struct place {
	const struct place *above;
	const char *key; /* NULL: an item of a list */
	size_t index;
};

static size_t spell(const struct place *p, char *buf, size_t size)
{
	char number[24];
	size_t at;

	if (!p)
		return 0;
	at = spell(p->above, buf, size);
	if (p->key)
		return json_pointer_add(buf, size, at, p->key, strlen(p->key));
	return json_pointer_add(buf, size, at, number,
				fmt(number, sizeof(number), "%zu", p->index));
}

static void fail_empty(struct check *k, const struct place *p)
{
	char pointer[128];

	spell(p, pointer, sizeof(pointer));
	check_fail(k, pointer, "empty");
}

static void nonempty_object(struct check *k, const struct oci_object *object, const void *base,
			    const struct place *above);

static void nonempty_items(struct check *k, const struct oci_field *f, const struct oci_list *list,
			   const struct place *place)
{
	for (size_t i = 0; f->object && i < list->count; i++) {
		const char *item = list->items + i * f->object->size;
		bool is_map = f->type == OCI_OBJECT_MAP;
		struct place below = { place, is_map ? *(const char *const *)item : NULL, i };

		nonempty_object(k, f->object, item, &below);
	}
	if (f->flags & OCI_NONEMPTY && !list->count)
		fail_empty(k, place);
}

static void nonempty_object(struct check *k, const struct oci_object *object, const void *base,
			    const struct place *above)
{
	for (size_t i = 0; i < object->count; i++) {
		const struct oci_field *f = &object->fields[i];
		const void *value = oci_field_value(f, base);
		struct place place = { above, f->name, 0 };

		if (!value)
			continue;
		if (f->type >= OCI_STRINGS)
			nonempty_items(k, f, value, &place);
		else if (f->type == OCI_OBJECT)
			nonempty_object(k, f->object, value, &place);
		else if (f->flags & OCI_NONEMPTY && !*(const char *)value)
			fail_empty(k, &place);
	}
}

static void check_nonempty(struct check *k, const struct oci_config *c)
{
	nonempty_object(k, &oci_config_object, c, NULL);
}

/* Nothing but the root, however it is spelt: "/", "//.", "/..", "/tmp/..". */
static bool is_root(const char *path)
{
	const char *at = path, *name;
	size_t len, depth = 0;

	while ((len = path_next(&at, &name)) > 0) {
		if (!path_is_dotdot(name, len))
			depth++;
		else if (depth)
			depth--;
	}
	return *path && !depth;
}

static void check_mounts(struct check *k, const struct oci_config *c)
{
	for (size_t i = 0; i < c->mounts.count; i++) {
		const struct oci_mount *m = &c->mounts.items[i];

		if (is_root(m->destination))
			check_fail(k, POINTER("/mounts/%zu/destination", i), "the root itself: %s",
				   m->destination);
		if (!check_is_path_short(m->destination))
			check_fail_long_path(k, POINTER("/mounts/%zu/destination", i),
					     m->destination);
		if (!m->uid_mappings.count != !m->gid_mappings.count)
			check_fail(k, POINTER("/mounts/%zu", i),
				   "uidMappings and gidMappings go together");
		if (m->uid_mappings.count)
			check_mappings(k, POINTER("/mounts/%zu/uidMappings", i), &m->uid_mappings);
		if (m->gid_mappings.count)
			check_mappings(k, POINTER("/mounts/%zu/gidMappings", i), &m->gid_mappings);
	}
}

static void check_hook_list(struct check *k, const char *pointer, const struct oci_hook_list *l)
{
	for (size_t i = 0; i < l->count; i++) {
		const struct oci_hook *h = &l->items[i];

		if (*h->path && *h->path != '/')
			check_fail(k, POINTER("%s/%zu/path", pointer, i),
				   "not an absolute path: %s", h->path);
		if (h->timeout && *h->timeout <= 0)
			check_fail(k, POINTER("%s/%zu/timeout", pointer, i),
				   "%lld is not greater than 0", (long long)*h->timeout);
	}
}

static void check_hooks(struct check *k, const struct oci_config *c)
{
	const struct oci_hooks *h = c->hooks;

	if (!h)
		return;
	check_hook_list(k, "/hooks/prestart", &h->prestart);
	check_hook_list(k, "/hooks/createRuntime", &h->create_runtime);
	check_hook_list(k, "/hooks/createContainer", &h->create_container);
	check_hook_list(k, "/hooks/startContainer", &h->start_container);
	check_hook_list(k, "/hooks/poststart", &h->poststart);
	check_hook_list(k, "/hooks/poststop", &h->poststop);
}

/* Values are opaque; Kubernetes writes whole documents with newlines into them. */
static void check_annotations(struct check *k, const struct oci_config *c)
{
	for (size_t i = 0; i < c->annotations.count; i++)
		if (!*c->annotations.items[i].key)
			check_fail(k, "/annotations/", "empty key");
}
