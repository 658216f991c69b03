/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * setup/resources/cgroup_knobs: values of linux.resources as texts of cgroup files, and what
 * happens when the controller is missing.
 */
#include "setup/resources/cgroup_knobs.h"

#include <errno.h>

#include "test.h"

static char warned[256];

static void remember(void *arg, const char *text)
{
	snprintf(warned, sizeof(warned), "%s", text);
}

static const struct cgroup_host all_there = {
	.where = "/sys/fs/cgroup",
	.controllers = "cpuset cpu io memory hugetlb pids rdma misc",
	.warn = remember,
};
static const struct cgroup_host none_there = {
	.where = "/sys/fs/cgroup/unified",
	.controllers = "hugetlb",
	.warn = remember,
};

/* "file=value;file=value", or the error's message. */
static const char *knobs_of(const struct oci_resources *res, const struct cgroup_host *host,
			    struct err *e)
{
	static char text[2048];
	const struct cgroup_write *first = NULL;
	struct arena a = { 0 };
	size_t at = 0;

	text[0] = warned[0] = '\0';
	*e = (struct err){ 0 };
	if (cgroup_knobs_prepare(&a, res, host, &first, e) < 0)
		snprintf(text, sizeof(text), "%s", e->msg);
	else
		for (const struct cgroup_write *w = first; w; w = w->next)
			at += (size_t)snprintf(text + at, sizeof(text) - at, "%s%s=%s",
					       at ? ";" : "", w->file, w->value);
	arena_release(&a);
	return text;
}

#define I64(n) (&(int64_t){ n })
#define U64(n) (&(uint64_t){ n })
#define U32(n) (&(uint32_t){ n })
#define U16(n) (&(uint16_t){ n })

static const char *memory(struct oci_memory m, struct err *e)
{
	struct oci_resources res = { .memory = &m };

	return knobs_of(&res, &all_there, e);
}

static const char *cpu(struct oci_cpu c, struct err *e)
{
	struct oci_resources res = { .cpu = &c };

	return knobs_of(&res, &all_there, e);
}

TEST(memory_limits)
{
	struct err e;

	CHECK_STR(memory((struct oci_memory){ 0 }, &e), "");
	CHECK_STR(memory((struct oci_memory){ .limit = I64(1048576),
					      .swap = I64(3145728),
					      .reservation = I64(5) },
			 &e),
		  "memory.max=1048576;memory.swap.max=2097152;memory.low=5");
	CHECK_STR(memory((struct oci_memory){ .limit = I64(-1), .swap = I64(-1) }, &e),
		  "memory.max=max;memory.swap.max=max");
	CHECK_STR(memory((struct oci_memory){ .limit = I64(7), .swap = I64(7) }, &e),
		  "memory.max=7;memory.swap.max=0");
	CHECK_STR(memory((struct oci_memory){ .limit = I64(0), .reservation = I64(5) }, &e),
		  "memory.low=5");
	CHECK_STR(memory((struct oci_memory){ .swap = I64(0),
					      .kernel = I64(-1),
					      .disable_oom_killer = &(bool){ false },
					      .use_hierarchy = &(bool){ true } },
			 &e),
		  "");
	CHECK_STR(memory((struct oci_memory){ .swappiness = U64(0) }, &e),
		  "memory/swappiness cannot be applied on cgroup v2");
	CHECK_STR(err_kind_word(e.kind), "cgroup");
	CHECK_STR(memory((struct oci_memory){ .disable_oom_killer = &(bool){ true } }, &e),
		  "memory/disableOOMKiller cannot be applied on cgroup v2");
	CHECK_STR(memory((struct oci_memory){ .kernel_tcp = I64(1) }, &e),
		  "memory/kernelTCP cannot be applied on cgroup v2");
}

TEST(cpu_limits)
{
	struct err e;

	CHECK_STR(cpu((struct oci_cpu){ .shares = U64(1024), .idle = I64(1) }, &e),
		  "cpu.weight=100;cpu.idle=1");
	CHECK_STR(cpu((struct oci_cpu){ .shares = U64(0) }, &e), "");
	CHECK_STR(cpu((struct oci_cpu){ .quota = I64(50000) }, &e), "cpu.max=50000 100000");
	CHECK_STR(cpu((struct oci_cpu){ .quota = I64(5), .period = U64(9), .burst = U64(3) }, &e),
		  "cpu.max=5 9;cpu.max.burst=3");
	CHECK_STR(cpu((struct oci_cpu){ .quota = I64(-1), .period = U64(9) }, &e), "cpu.max=max 9");
	CHECK_STR(cpu((struct oci_cpu){ .period = U64(9) }, &e), "cpu.max=max 9");
	CHECK_STR(cpu((struct oci_cpu){ .cpus = "0-1,3", .mems = "0" }, &e),
		  "cpuset.cpus=0-1,3;cpuset.mems=0");
	CHECK_STR(cpu((struct oci_cpu){ .cpus = "" }, &e), "");
	CHECK_STR(cpu((struct oci_cpu){ .realtime_runtime = I64(0) }, &e), "");
	CHECK_STR(cpu((struct oci_cpu){ .realtime_runtime = I64(1) }, &e),
		  "cpu/realtimeRuntime cannot be applied on cgroup v2");
}

TEST(weights_of_shares)
{
	/* shares, weight: python3 -c 'from math import *; ...', the formula in doubles. */
	static const uint64_t want[][2] = {
		{ 0, 0 },          { 1, 1 },          { 2, 1 },         { 3, 2 },
		{ 10, 4 },         { 100, 17 },       { 512, 59 },      { 1023, 100 },
		{ 1024, 100 },     { 1025, 101 },     { 2048, 174 },    { 10000, 627 },
		{ 262143, 10000 }, { 262144, 10000 }, { 999999, 10000 }
	};
	uint64_t before = 0;

	for (size_t i = 0; i < ARRAY_SIZE(want); i++)
		CHECK_INT(cgroup_weight_of_shares(want[i][0]), want[i][1]);
	for (uint64_t s = 2; s <= 262144; s++) {
		uint64_t w = cgroup_weight_of_shares(s);

		if (w < before || w < 1 || w > 10000)
			CHECK(!"weights grow with the shares");
		before = w;
	}
}

TEST(block_io)
{
	struct oci_weight_device wd = { .major = 8, .minor = 1, .weight = U16(1000) };
	struct oci_throttle_device td[] = { { 8, 0, U64(1024) }, { 8, 16, U64(0) } };
	struct oci_block_io io = { .weight = U16(10),
				   .weight_device = { &wd, 1 },
				   .throttle_read_bps_device = { td, 2 },
				   .throttle_write_iops_device = { td, 1 } };
	struct oci_resources res = { .block_io = &io };
	struct err e;

	CHECK_STR(knobs_of(&res, &all_there, &e),
		  "io.bfq.weight=10;io.bfq.weight=8:1 1000;io.max=8:0 rbps=1024;"
		  "io.max=8:16 rbps=max;io.max=8:0 wiops=1024");
	wd = (struct oci_weight_device){ .major = 8, .minor = 1, .leaf_weight = U16(10) };
	CHECK_STR(knobs_of(&res, &all_there, &e),
		  "blockIO/leafWeight cannot be applied on cgroup v2");
	CHECK_STR(e.pointer, "/linux/resources/blockIO/weightDevice/0");
	io = (struct oci_block_io){ .leaf_weight = U16(10) };
	CHECK_STR(knobs_of(&res, &all_there, &e),
		  "blockIO/leafWeight cannot be applied on cgroup v2");
	io = (struct oci_block_io){ 0 };
	CHECK_STR(knobs_of(&res, &none_there, &e), "");
}

TEST(huge_pages_rdma_network)
{
	struct oci_hugepage_limit huge = { "2MB", 4194304 };
	struct oci_rdma_limit rdma = { "mlx5_1", U32(3), U32(10000) };
	struct oci_network net = { .class_id = U32(0) };
	struct oci_interface_priority prio = { "lo", 1 };
	struct oci_resources res = { .hugepage_limits = { &huge, 1 },
				     .rdma = { &rdma, 1 },
				     .network = &net };
	struct err e;

	CHECK_STR(knobs_of(&res, &all_there, &e),
		  "hugetlb.2MB.rsvd.max=4194304;hugetlb.2MB.max=4194304;"
		  "rdma.max=mlx5_1 hca_handle=3 hca_object=10000");
	net.class_id = U32(1);
	CHECK_STR(knobs_of(&res, &all_there, &e), "network/classID cannot be applied on cgroup v2");
	net = (struct oci_network){ .priorities = { &prio, 1 } };
	CHECK_STR(knobs_of(&res, &all_there, &e),
		  "network/priorities cannot be applied on cgroup v2");
}

TEST(unified_files)
{
	struct oci_pair pair = { "io.max", "8:0 rbps=1\n\n8:16 wbps=2\n" };
	struct oci_resources res = { .unified = { &pair, 1 } };
	struct err e;

	CHECK_STR(knobs_of(&res, &all_there, &e), "io.max=8:0 rbps=1;io.max=8:16 wbps=2");
	pair = (struct oci_pair){ "cgroup.max.depth", "3" };
	CHECK_STR(knobs_of(&res, &none_there, &e), "cgroup.max.depth=3");
	pair = (struct oci_pair){ "memory.high", "max" };
	CHECK_STR(knobs_of(&res, &none_there, &e), "");
	pair = (struct oci_pair){ "nosuch.max", "3" };
	CHECK(strstr(knobs_of(&res, &all_there, &e), "controller `nosuch` is not available"));
}

TEST(missing_controllers)
{
	struct oci_memory m = { .limit = I64(1048576) };
	struct oci_cpu c = { .shares = U64(2) };
	struct oci_pids p = { .limit = I64(0) };
	struct oci_resources res = { .memory = &m };
	struct cgroup_host no_cgroup = { .why_none = "cgroups are disabled", .warn = remember };
	struct err e;

	CHECK_STR(knobs_of(&res, &none_there, &e),
		  "memory.max cannot be set to 1048576: controller `memory` is not available under "
		  "/sys/fs/cgroup/unified (cgroup.controllers: hugetlb)");
	CHECK_STR(e.pointer, "/linux/resources/memory/limit");
	CHECK_STR(err_kind_word(e.kind), "cgroup");
	CHECK_STR(knobs_of(&res, &no_cgroup, &e),
		  "memory.max cannot be set to 1048576: cgroups are disabled");
	m.limit = I64(-1);
	CHECK_STR(knobs_of(&res, &none_there, &e), "");
	CHECK_STR(knobs_of(&res, &no_cgroup, &e), "");
	res = (struct oci_resources){ .cpu = &c };
	CHECK(strstr(knobs_of(&res, &none_there, &e), "controller `cpu` is not available"));
	c.shares = U64(1024);
	CHECK_STR(knobs_of(&res, &none_there, &e), "");
	res = (struct oci_resources){ .pids = &p };
	CHECK_STR(knobs_of(&res, &none_there, &e), "");
	CHECK(strstr(warned, "pids.limit 0"));
	CHECK_STR(knobs_of(&res, &all_there, &e), "pids.max=1");
	CHECK_STR(warned, "");
	p.limit = I64(-1);
	CHECK_STR(knobs_of(&res, &none_there, &e), "");
	CHECK_STR(warned, "");
	CHECK_STR(knobs_of(&res, &all_there, &e), "pids.max=max");
}
