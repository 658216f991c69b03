/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Checks of cgroupsPath and of the resources; see check.h. What the kernel or the controllers at
 * hand can do is not looked at here.
 */
#include <string.h>

#include "check.h"

enum {
	PATH_LEN_MAX = 2047, /* the hierarchy's own place comes before it */
	COMPONENT_LEN_MAX = 255
};

static bool has_long_component(const char *path)
{
	for (; *path; path += *path == '/') {
		size_t len = strcspn(path, "/");

		if (len > COMPONENT_LEN_MAX)
			return true;
		path += len;
	}
	return false;
}

/* "slice:prefix:name" of the systemd driver passes as one component. "//", "/./" and "/" at the end
 * are as in any path. */
void check_cgroups_path(struct check *k, const struct oci_config *c)
{
	const char *pointer = "/linux/cgroupsPath";
	const char *path = c->linux_config ? c->linux_config->cgroups_path : NULL;

	if (!path)
		return;
	if (strlen(path) > PATH_LEN_MAX)
		check_fail(k, pointer, "longer than %d bytes", PATH_LEN_MAX);
	else if (check_has_component(path, ".."))
		check_fail(k, pointer, "\"..\" in the path: %s", path);
	else if (!path[strspn(path, "/.")])
		check_fail(k, pointer, "the root of the hierarchy: %s", path);
	else if (has_long_component(path))
		check_fail(k, pointer, "a component is longer than %d bytes", COMPONENT_LEN_MAX);
	else if (strchr(path, '\n'))
		check_fail(k, pointer, "newline");
}

static const struct oci_resources *resources_of(const struct oci_config *c)
{
	static const struct oci_resources none;

	return c->linux_config && c->linux_config->resources ? c->linux_config->resources : &none;
}

void check_device_rules(struct check *k, const struct oci_config *c)
{
	const struct oci_device_rules *l = &resources_of(c)->devices;

	/* Both peers pass over "a", which grants nothing then. */
	for (size_t i = 0; i < l->count; i++) {
		const char *access = l->items[i].access;

		if (access && access[strspn(access, "rwma")])
			check_fail(k, POINTER("/linux/resources/devices/%zu/access", i),
				   "not made of r, w and m: %s", access);
	}
}

/* ^[1-9][0-9]*[KMG]B$: the size becomes part of a file's name. */
static bool is_page_size(const char *text)
{
	size_t digits = strspn(text, "0123456789");

	return digits && *text != '0' && text[digits] && strchr("KMG", text[digits]) &&
	       !strcmp(text + digits + 1, "B");
}

void check_hugepages(struct check *k, const struct oci_config *c)
{
	const struct oci_hugepage_limits *l = &resources_of(c)->hugepage_limits;

	for (size_t i = 0; i < l->count; i++)
		if (!is_page_size(l->items[i].page_size))
			check_fail(k, POINTER("/linux/resources/hugepageLimits/%zu/pageSize", i),
				   "not a size such as 2MB: %s", l->items[i].page_size);
}

void check_block_io(struct check *k, const struct oci_config *c)
{
	const struct oci_block_io *b = resources_of(c)->block_io;

	for (size_t i = 0; b && i < b->weight_device.count; i++)
		if (!b->weight_device.items[i].weight && !b->weight_device.items[i].leaf_weight)
			check_fail(k, POINTER("/linux/resources/blockIO/weightDevice/%zu", i),
				   "neither weight nor leafWeight");
}

void check_rdma(struct check *k, const struct oci_config *c)
{
	const struct oci_rdma_limits *l = &resources_of(c)->rdma;

	for (size_t i = 0; i < l->count; i++)
		if (!l->items[i].hca_handles && !l->items[i].hca_objects)
			check_fail(k, BELOW("/linux/resources/rdma", l->items[i].device),
				   "neither hcaHandles nor hcaObjects");
}

/* The key is a file in the container's own cgroup, and must not name another. */
void check_unified(struct check *k, const struct oci_config *c)
{
	const struct oci_map *m = &resources_of(c)->unified;

	for (size_t i = 0; i < m->count; i++) {
		const char *key = m->items[i].key;

		if (!*key || strpbrk(key, "/\n") || !strcmp(key, ".") || !strcmp(key, ".."))
			check_fail(k, BELOW("/linux/resources/unified", key),
				   "no name for a file of a cgroup: %s", key);
	}
}
