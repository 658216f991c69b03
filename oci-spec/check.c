/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * oci_config_check(): the table of the rules between the values of config.json, and the rules for
 * the parts that belong to no other file of checks: version, root, mounts, hooks, annotations, and
 * strings and lists that must not be empty (a flag of the tables).
 */
#include "check.h"

#include <string.h>

#include "base/fmt.h"
#include "json_pointer.h"
#include "table.h"

enum {
	MAPPINGS_MAX = 340, /* user_namespaces(7) */
	NAMESPACE_TYPES = 8
};

enum {
	IN_PROCESS = 1, /* makes sense for a process object alone */
	IN_RESOURCES = 2
};

struct check_row {
	const char *name;
	check_fn *run;
	const char *clause;
	unsigned documents;
};

struct check {
	oci_check_fn *found;
	void *arg;
	const struct check_row *row;
	const char *prefix; /* of the pointers in the whole document: where this one begins */
	size_t count;
	bool is_stopped;
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

/* Values are quoted as they are in the document: keep the message on one line, and do not cut it
 * within a character. */
static void tidy(char *text, size_t size)
{
	size_t len = strlen(text);

	for (size_t i = 0; i < len; i++)
		if ((unsigned char)text[i] < ' ' || text[i] == 0x7f)
			text[i] = '?';
	if (len + 1 < size)
		return;
	len -= 3;
	while (len && (text[len] & 0xc0) == 0x80)
		len--;
	memcpy(text + len, "...", 4);
}

void check_fail(struct check *k, const char *pointer, const char *format, ...)
{
	struct err e = { 0 };
	char text[sizeof(e.msg)];
	va_list ap;

	if (k->is_stopped)
		return;
	va_start(ap, format);
	fmt_v(text, sizeof(text), format, ap);
	va_end(ap);
	tidy(text, sizeof(text));
	err_field(&e, EINVAL, pointer + strlen(k->prefix), "%s", text);
	err_hint(&e, "see %s", k->row->clause);
	k->count++;
	k->is_stopped = !k->found(k->arg, &e);
}

const char *check_below(char buf[static 128], const char *above, const char *key)
{
	size_t len = strlen(above);

	memcpy(buf, above, len + 1);
	json_pointer_add(buf, 128, len, key, strlen(key));
	return buf;
}

/* A list without duplicates has no more entries; a longer one is refused, and must not cost time.
 */
const struct oci_namespace *check_namespace(const struct oci_config *c, const char *type)
{
	const struct oci_linux *l = c->linux_config;

	for (size_t i = 0; l && i < l->namespaces.count && i < NAMESPACE_TYPES; i++)
		if (!strcmp(l->namespaces.items[i].type, type))
			return &l->namespaces.items[i];
	return NULL;
}

bool check_is_one_of(const char *text, const char *const *words)
{
	while (*words && strcmp(*words, text) != 0)
		words++;
	return *words;
}

bool check_has_component(const char *path, const char *word)
{
	for (const char *p = path; p; p = strchr(p, '/')) {
		size_t len;

		p += *p == '/';
		len = strcspn(p, "/");
		if (len == strlen(word) && !strncmp(p, word, len))
			return true;
	}
	return false;
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

/* user_namespaces(7): ranges do not overlap, neither inside nor outside. */
static bool do_overlap(uint32_t a, uint32_t a_size, uint32_t b, uint32_t b_size)
{
	return a < (uint64_t)b + b_size && b < (uint64_t)a + a_size;
}

static void check_overlap(struct check *k, const char *pointer, const struct oci_id_mappings *m,
			  size_t i)
{
	const struct oci_id_mapping *a = &m->items[i];

	for (size_t j = 0; j < i; j++) {
		const struct oci_id_mapping *b = &m->items[j];

		if (do_overlap(a->container_id, a->size, b->container_id, b->size) ||
		    do_overlap(a->host_id, a->size, b->host_id, b->size)) {
			check_fail(k, POINTER("%s/%zu", pointer, i), "overlaps with entry %zu", j);
			return;
		}
	}
}

void check_mappings(struct check *k, const char *pointer, const struct oci_id_mappings *m)
{
	if (m->count > MAPPINGS_MAX) {
		check_fail(k, pointer, "%zu entries, more than %d", m->count, MAPPINGS_MAX);
		return;
	}
	for (size_t i = 0; i < m->count; i++) {
		const struct oci_id_mapping *a = &m->items[i];

		if (!a->size)
			check_fail(k, POINTER("%s/%zu/size", pointer, i), "size 0");
		else if (a->size > UINT32_MAX - a->container_id ||
			 a->size > UINT32_MAX - a->host_id)
			check_fail(k, POINTER("%s/%zu/size", pointer, i),
				   "the range ends above 4294967294");
		else
			check_overlap(k, pointer, m, i);
	}
}

/* Nothing but the root, however it is spelt: "/", "//.", "/..". */
static bool is_root(const char *path)
{
	for (const char *p = path; *p; p += strcspn(p, "/")) {
		size_t len;

		p += strspn(p, "/");
		len = strcspn(p, "/");
		if (len && strncmp(p, "..", len) != 0)
			return false;
	}
	return *path;
}

static void check_mounts(struct check *k, const struct oci_config *c)
{
	for (size_t i = 0; i < c->mounts.count; i++) {
		const struct oci_mount *m = &c->mounts.items[i];

		if (is_root(m->destination))
			check_fail(k, POINTER("/mounts/%zu/destination", i), "the root itself: %s",
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
