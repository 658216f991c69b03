/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The lists and maps of linux.resources: block devices, huge pages, rdma, network, unified. See
 * cgroup_knobs.h.
 */
#include <string.h>

#include "base/fmt.h"
#include "oci-spec/json_pointer.h"
#include "setup/resources/cgroup_knob_add.h"

static int no_memory(struct err *e)
{
	return err_set(e, ENOMEM, "prepare the cgroup's limits");
}

static int add_weight_device(struct knobs *k, size_t i, struct err *e)
{
	const struct oci_weight_device *d = &k->res->block_io->weight_device.items[i];
	char pointer[128];
	struct cgroup_write w = { .controller = "io" };
	const char *device;

	pointer_fmt(pointer, "/linux/resources/blockIO/weightDevice/%zu", i);
	if (d->leaf_weight && *d->leaf_weight > 0) {
		err_kind(e, ERR_CGROUP, EOPNOTSUPP,
			 "blockIO/leafWeight cannot be applied on cgroup v2");
		return err_at(e, pointer);
	}
	if (!d->weight || *d->weight == 0)
		return 0;
	device = arena_printf(k->arena, "%lld:%lld ", (long long)d->major, (long long)d->minor);
	w.pointer = arena_strdup(k->arena, pointer);
	if (!device || !w.pointer)
		return no_memory(e);
	if (cgroup_knobs_weight(k, *d->weight, device, &w, e) < 0)
		return -e->code;
	return cgroup_knobs_add(k, &w, e);
}

struct throttle {
	const char *field, *key;
	size_t offset;
};

/* clang-format off */
static const struct throttle throttles[] = {
	{ "throttleReadBpsDevice",   "rbps",  offsetof(struct oci_block_io, throttle_read_bps_device) },
	{ "throttleWriteBpsDevice",  "wbps",  offsetof(struct oci_block_io, throttle_write_bps_device) },
	{ "throttleReadIOPSDevice",  "riops", offsetof(struct oci_block_io, throttle_read_iops_device) },
	{ "throttleWriteIOPSDevice", "wiops", offsetof(struct oci_block_io, throttle_write_iops_device) },
};
/* clang-format on */

/* Rate 0 lifts the limit, as it did on v1; io.max itself refuses 0. */
static int add_throttle(struct knobs *k, const struct throttle *t, size_t i, struct err *e)
{
	const struct oci_throttle_devices *list =
		(const void *)((const char *)k->res->block_io + t->offset);
	const struct oci_throttle_device *d = &list->items[i];
	unsigned long long rate = d->rate ? *d->rate : 0;
	const char *number = rate ? arena_printf(k->arena, "%llu", rate) : "max";

	if (!number)
		return no_memory(e);
	return cgroup_knobs_add(
		k,
		&(struct cgroup_write){
			.file = "io.max",
			.value = arena_printf(k->arena, "%lld:%lld %s=%s", (long long)d->major,
					      (long long)d->minor, t->key, number),
			.controller = "io",
			.pointer = arena_printf(k->arena, "/linux/resources/blockIO/%s/%zu",
						t->field, i),
			.optional = rate == 0,
		},
		e);
}

static int add_block_io(struct knobs *k, struct err *e)
{
	const struct oci_block_io *io = k->res->block_io;
	int r = 0;

	for (size_t i = 0; r == 0 && i < io->weight_device.count; i++)
		r = add_weight_device(k, i, e);
	for (size_t t = 0; t < ARRAY_SIZE(throttles); t++) {
		const struct oci_throttle_devices *list =
			(const void *)((const char *)io + throttles[t].offset);

		for (size_t i = 0; r == 0 && i < list->count; i++)
			r = add_throttle(k, &throttles[t], i, e);
	}
	return r;
}

/* rsvd first: it limits what can be reserved, .max only what is faulted in. */
static int add_hugepages(struct knobs *k, size_t i, struct err *e)
{
	static const char *const endings[] = { "rsvd.max", "max" };
	const struct oci_hugepage_limit *l = &k->res->hugepage_limits.items[i];
	int r = 0;

	for (size_t n = 0; r == 0 && n < ARRAY_SIZE(endings); n++)
		r = cgroup_knobs_add(
			k,
			&(struct cgroup_write){
				.file = arena_printf(k->arena, "hugetlb.%s.%s", l->page_size,
						     endings[n]),
				.value = arena_printf(k->arena, "%llu",
						      (unsigned long long)l->limit),
				.controller = "hugetlb",
				.pointer = arena_printf(k->arena,
							"/linux/resources/hugepageLimits/%zu", i),
			},
			e);
	return r;
}

static int add_rdma(struct knobs *k, size_t i, struct err *e)
{
	const struct oci_rdma_limit *l = &k->res->rdma.items[i];
	char handles[40] = "", objects[40] = "";

	if (l->hca_handles)
		fmt(handles, sizeof(handles), " hca_handle=%u", *l->hca_handles);
	if (l->hca_objects)
		fmt(objects, sizeof(objects), " hca_object=%u", *l->hca_objects);
	return cgroup_knobs_add(
		k,
		&(struct cgroup_write){
			.file = "rdma.max",
			.value = arena_printf(k->arena, "%s%s%s", l->device, handles, objects),
			.controller = "rdma",
			.pointer =
				arena_strdup(k->arena, BELOW("/linux/resources/rdma", l->device)),
		},
		e);
}

/* Each line by a write of its own: the kernel takes one assignment a write. */
static int add_unified(struct knobs *k, const struct oci_pair *pair, struct err *e)
{
	struct cgroup_write w = { .file = pair->key };
	size_t prefix = strcspn(pair->key, ".");
	const char *line = pair->value;
	int r = 0;

	w.pointer = arena_strdup(k->arena, BELOW("/linux/resources/unified", pair->key));
	w.controller = arena_strndup(k->arena, pair->key, prefix);
	if (!w.controller)
		return no_memory(e);
	if (strcmp(w.controller, "cgroup") == 0)
		w.controller = NULL;
	for (size_t len; r == 0 && *line; line += len + (line[len] == '\n')) {
		len = strcspn(line, "\n");
		w.value = arena_strndup(k->arena, line, len);
		if (!w.value)
			return no_memory(e);
		w.optional = strcmp(w.value, "max") == 0 || strcmp(w.value, "-1") == 0;
		r = len == 0 ? 0 : cgroup_knobs_add(k, &w, e);
	}
	return r;
}

static int refuse_network(const struct oci_network *n, struct err *e)
{
	if (!n || n->priorities.count == 0)
		return 0;
	err_kind(e, ERR_CGROUP, EOPNOTSUPP, "network/priorities cannot be applied on cgroup v2");
	return err_at(e, "/linux/resources/network/priorities");
}

int cgroup_knobs_add_lists(struct knobs *k, struct err *e)
{
	const struct oci_resources *res = k->res;
	int r = refuse_network(res->network, e);

	if (r == 0 && res->block_io)
		r = add_block_io(k, e);
	for (size_t i = 0; r == 0 && i < res->hugepage_limits.count; i++)
		r = add_hugepages(k, i, e);
	for (size_t i = 0; r == 0 && i < res->rdma.count; i++)
		r = add_rdma(k, i, e);
	for (size_t i = 0; r == 0 && i < res->unified.count; i++)
		r = add_unified(k, &res->unified.items[i], e);
	return r;
}
