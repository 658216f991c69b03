/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Checks of cgroupsPath and of the resources; see check.h. What the kernel or the controllers at
 * hand can do is not looked at here.
 */
#include <string.h>

#include "base/path.h"
#include "check.h"

enum {
	PATH_LEN_MAX = 2047, /* the hierarchy's own place comes before it */
	COMPONENT_LEN_MAX = 255,
	FILE_NAME_MAX = 200,
	WEIGHT_MIN = 10, /* of blkio, whose range the document has */
	WEIGHT_MAX = 1000
};

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
	else if (path_has_dotdot(path))
		check_fail(k, pointer, "\"..\" in the path: %s", path);
	else if (!path[strspn(path, "/.")])
		check_fail(k, pointer, "the root of the hierarchy: %s", path);
	else if (path_longest(path) > COMPONENT_LEN_MAX)
		check_fail(k, pointer, "a component is longer than %d bytes", COMPONENT_LEN_MAX);
	else if (strchr(path, '\n'))
		check_fail(k, pointer, "newline");
}

static const struct oci_resources *resources_of(const struct oci_config *c)
{
	static const struct oci_resources none;

	return c->linux_config && c->linux_config->resources ? c->linux_config->resources : &none;
}

/* memory.swap counts both. 0 is "not set", for each of them. */
void check_memory(struct check *k, const struct oci_config *c)
{
	const struct oci_memory *m = resources_of(c)->memory;
	const char *pointer = "/linux/resources/memory/swap";

	if (!m || !m->swap || *m->swap <= 0)
		return;
	if (!m->limit || *m->limit <= 0)
		check_fail(k, pointer,
			   "memory.swap %lld needs a memory.limit: it is memory plus swap",
			   (long long)*m->swap);
	else if (*m->swap < *m->limit)
		check_fail(k, pointer, "memory.swap %lld is below memory.limit %lld",
			   (long long)*m->swap, (long long)*m->limit);
}

void check_cpu(struct check *k, const struct oci_config *c)
{
	const struct oci_cpu *cpu = resources_of(c)->cpu;

	if (!cpu)
		return;
	if (!check_is_numbers(cpu->cpus, NUMBERS_CPUS))
		check_fail(k, "/linux/resources/cpu/cpus",
			   "cpu/cpus \"%s\" is not a list of numbers", cpu->cpus);
	if (!check_is_numbers(cpu->mems, NUMBERS_NODES))
		check_fail(k, "/linux/resources/cpu/mems",
			   "cpu/mems \"%s\" is not a list of numbers", cpu->mems);
	if (cpu->burst && cpu->quota && *cpu->quota > 0 && *cpu->burst > (uint64_t)*cpu->quota)
		check_fail(k, "/linux/resources/cpu/burst",
			   "cpu.burst %llu is above cpu.quota %lld",
			   (unsigned long long)*cpu->burst, (long long)*cpu->quota);
}

/* -1: any. */
static void check_rule_number(struct check *k, const char *pointer, const int64_t *number)
{
	if (number && (*number < -1 || *number > UINT32_MAX))
		check_fail(k, pointer, "%lld is not from -1 to %u", (long long)*number, UINT32_MAX);
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
		check_rule_number(k, POINTER("/linux/resources/devices/%zu/major", i),
				  l->items[i].major);
		check_rule_number(k, POINTER("/linux/resources/devices/%zu/minor", i),
				  l->items[i].minor);
	}
}

/* ^[1-9][0-9]*[KMG]B$: the size becomes part of a file's name. */
static bool is_page_size(const char *text)
{
	size_t digits = strspn(text, "0123456789");

	return digits && digits < 8 && *text != '0' && text[digits] &&
	       strchr("KMG", text[digits]) && !strcmp(text + digits + 1, "B");
}

void check_hugepages(struct check *k, const struct oci_config *c)
{
	const struct oci_hugepage_limits *l = &resources_of(c)->hugepage_limits;

	for (size_t i = 0; i < l->count; i++)
		if (!is_page_size(l->items[i].page_size))
			check_fail(k, POINTER("/linux/resources/hugepageLimits/%zu/pageSize", i),
				   "not a size such as 2MB: %s", l->items[i].page_size);
}

/* 0 is "not set". */
static void check_weight(struct check *k, const char *pointer, const uint16_t *weight)
{
	if (weight && *weight && (*weight < WEIGHT_MIN || *weight > WEIGHT_MAX))
		check_fail(k, pointer, "blockIO weight %u is not within %d..%d", *weight,
			   WEIGHT_MIN, WEIGHT_MAX);
}

void check_block_io(struct check *k, const struct oci_config *c)
{
	const struct oci_block_io *b = resources_of(c)->block_io;

	if (!b)
		return;
	check_weight(k, "/linux/resources/blockIO/weight", b->weight);
	for (size_t i = 0; i < b->weight_device.count; i++) {
		const struct oci_weight_device *d = &b->weight_device.items[i];

		if (!d->weight && !d->leaf_weight)
			check_fail(k, POINTER("/linux/resources/blockIO/weightDevice/%zu", i),
				   "neither weight nor leafWeight");
		check_weight(k, POINTER("/linux/resources/blockIO/weightDevice/%zu", i), d->weight);
	}
}

void check_rdma(struct check *k, const struct oci_config *c)
{
	const struct oci_rdma_limits *l = &resources_of(c)->rdma;

	for (size_t i = 0; i < l->count; i++)
		if (!l->items[i].hca_handles && !l->items[i].hca_objects)
			check_fail(k, BELOW("/linux/resources/rdma", l->items[i].device),
				   "neither hcaHandles nor hcaObjects");
	for (size_t i = 0; i < l->count; i++)
		if (!*l->items[i].device || strpbrk(l->items[i].device, " \n"))
			check_fail(k, BELOW("/linux/resources/rdma", l->items[i].device),
				   "no name for an rdma device: %s", l->items[i].device);
}

/* "memory.max": a controller, and what of it. */
static bool is_file_of_cgroup(const char *name)
{
	size_t prefix = strcspn(name, ".");

	return prefix && name[prefix] && name[prefix + 1] && !strpbrk(name, "/\n") &&
	       strlen(name) <= FILE_NAME_MAX;
}

/* The key is a file in the container's own cgroup, and must not name another; nor one that would
 * move, kill or freeze processes while the container is being made. */
void check_unified(struct check *k, const struct oci_config *c)
{
	static const char *const not_limits[] = {
		"cgroup.procs",           "cgroup.threads", "cgroup.kill", "cgroup.freeze",
		"cgroup.subtree_control", "cgroup.type",    NULL
	};
	const struct oci_map *m = &resources_of(c)->unified;

	for (size_t i = 0; i < m->count; i++) {
		const char *key = m->items[i].key;

		if (!is_file_of_cgroup(key))
			check_fail(k, BELOW("/linux/resources/unified", key),
				   "the specified key has not the form CONTROLLER.VALUE `%s`", key);
		else if (check_is_one_of(key, not_limits))
			check_fail(k, BELOW("/linux/resources/unified", key), "%s is not a limit",
				   key);
	}
}
