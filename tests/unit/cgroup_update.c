/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * setup/resources/cgroup_update: on a directory of plain files in place of a cgroup, and with a
 * writer that refuses what the kernel refuses.
 */
#include "setup/resources/cgroup_update.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "kernel/cgroupfs.h"
#include "kernel/file.h"
#include "test.h"

static char warned[512];

static void remember(void *arg, const char *text)
{
	snprintf(warned, sizeof(warned), "%s", text);
}

static const struct cgroup_context ctx = { .id = "x", .warn = remember };

/* A new directory with the files FILE=VALUE;...; removed with the last file by clean(). */
static int fixture(char path[static 32], const char *files)
{
	char text[512], *rest = text, *file;
	int dirfd;

	strcpy(path, "/tmp/cgroup-update-XXXXXX");
	if (!mkdtemp(path))
		return -1;
	dirfd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	snprintf(text, sizeof(text), "%s", files);
	while ((file = strsep(&rest, ";")) && *file) {
		char *value = strchr(file, '=');
		int fd;

		*value++ = '\0';
		fd = openat(dirfd, file, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
		CHECK(write(fd, value, strlen(value)) == (ssize_t)strlen(value));
		close(fd);
	}
	return dirfd;
}

static void clean(int dirfd, const char *path)
{
	static const char *const files[] = { "memory.max",      "memory.current",
					     "memory.swap.max", "cpu.max",
					     "cpu.max.burst",   "cpu.weight",
					     "cpu.idle",        "a",
					     "io.weight",       "cpuset.cpus" };

	for (size_t i = 0; i < ARRAY_SIZE(files); i++)
		unlinkat(dirfd, files[i], 0);
	close(dirfd);
	rmdir(path);
}

static const struct cgroup_host all_there = {
	.where = "/sys/fs/cgroup",
	.controllers = "cpuset cpu io memory hugetlb pids rdma misc",
};

/* "file=value;..." that an update of a cgroup with those @files would write; or the message. */
static const char *update(const char *files, const struct oci_resources *given)
{
	static char text[1024];
	const struct cgroup_write *first = NULL;
	struct oci_resources res;
	struct arena a = { 0 };
	struct err e = { 0 };
	char path[32];
	int dirfd = fixture(path, files);
	size_t at = 0;

	text[0] = warned[0] = '\0';
	if (cgroup_update_complete(&a, given, dirfd, &ctx, &res, &e) < 0 ||
	    cgroup_knobs_prepare(&a, &res, &all_there, &first, &e) < 0)
		snprintf(text, sizeof(text), "%s", e.msg);
	else
		for (const struct cgroup_write *w = first; w; w = w->next)
			at += (size_t)snprintf(text + at, sizeof(text) - at, "%s%s=%s",
					       at ? ";" : "", w->file, w->value);
	arena_release(&a);
	clean(dirfd, path);
	return text;
}

#define I64(n)   (&(int64_t){ n })
#define U64(n)   (&(uint64_t){ n })
#define YES      (&(bool){ true })
#define MEM(...) (&(struct oci_resources){ .memory = &(struct oci_memory){ __VA_ARGS__ } })
#define CPU(...) (&(struct oci_resources){ .cpu = &(struct oci_cpu){ __VA_ARGS__ } })

TEST(quota_and_period_keep_their_other_half)
{
	CHECK_STR(update("cpu.max=max 100000", CPU(.quota = I64(20000))), "cpu.max=20000 100000");
	CHECK_STR(update("cpu.max=5000 50000", CPU(.quota = I64(20000))), "cpu.max=20000 50000");
	CHECK_STR(update("cpu.max=5000 50000", CPU(.period = U64(10000))), "cpu.max=5000 10000");
	CHECK_STR(update("cpu.max=max 50000", CPU(.period = U64(10000))), "cpu.max=max 10000");
	CHECK_STR(update("cpu.max=5000 50000", CPU(.quota = I64(-1))), "cpu.max=max 50000");
	CHECK_STR(update("cpu.max=1 2", CPU(.quota = I64(30000), .period = U64(40000))),
		  "cpu.max=30000 40000");
	CHECK_STR(update("cpu.max=nonsense", CPU(.quota = I64(1))), "cpu.max holds \"nonsense\"");
	CHECK_STR(update("cpu.max=max 12x", CPU(.quota = I64(1))), "cpu.max holds \"max 12x\"");
}

TEST(a_new_limit_of_memory_keeps_the_total)
{
	const char *files = "memory.max=100;memory.swap.max=50";

	CHECK_STR(update(files, MEM(.limit = I64(120))), "memory.max=120;memory.swap.max=30");
	CHECK_STR(update(files, MEM(.limit = I64(60))), "memory.max=60;memory.swap.max=90");
	CHECK_STR(update(files, MEM(.limit = I64(150))), "memory.max=150;memory.swap.max=0");
	CHECK_STR(
		update(files, MEM(.limit = I64(151))),
		"memory.limit 151 is above the total of memory and swap, 150, which stays when it "
		"is not given");
	CHECK_STR(update(files, MEM(.limit = I64(60), .swap = I64(70))),
		  "memory.max=60;memory.swap.max=10");
	CHECK_STR(update(files, MEM(.limit = I64(-1))), "memory.max=max;memory.swap.max=max");
	CHECK_STR(update("memory.max=100;memory.swap.max=max", MEM(.limit = I64(60))),
		  "memory.max=60");
	CHECK_STR(update("memory.max=max;memory.swap.max=50", MEM(.limit = I64(60))),
		  "memory.max=60");
}

TEST(zero_means_as_it_is)
{
	CHECK_STR(update("", CPU(.quota = I64(0), .period = U64(0), .shares = U64(0))), "");
	CHECK_STR(update("", MEM(.limit = I64(0), .swap = I64(0), .reservation = I64(0))), "");
}

TEST(swap_counts_memory_too)
{
	CHECK_STR(update("memory.max=max", MEM(.limit = I64(100), .swap = I64(150))),
		  "memory.max=100;memory.swap.max=50");
	CHECK_STR(update("memory.max=100", MEM(.swap = I64(150))),
		  "memory.max=100;memory.swap.max=50");
	CHECK_STR(update("memory.max=100", MEM(.limit = I64(-1))),
		  "memory.max=max;memory.swap.max=max");
	CHECK_STR(update("memory.max=100", MEM(.limit = I64(-1), .swap = I64(-1))),
		  "memory.max=max;memory.swap.max=max");
	CHECK_STR(update("memory.max=100", MEM(.limit = I64(200))), "memory.max=200");
}

TEST(check_before_update)
{
	CHECK_STR(update("memory.current=1000", MEM(.limit = I64(500), .check_before_update = YES)),
		  "rejecting memory limit 500 <= usage 1000");
	CHECK_STR(update("memory.current=1000",
			 MEM(.limit = I64(500), .swap = I64(700), .check_before_update = YES)),
		  "rejecting memory+swap limit 700 <= usage 1000");
	CHECK_STR(update("memory.current=1000", MEM(.limit = I64(500))), "memory.max=500");
	CHECK_STR(update("memory.current=400", MEM(.limit = I64(500), .check_before_update = YES)),
		  "memory.max=500");
	CHECK_STR(update("", MEM(.limit = I64(500), .check_before_update = YES)), "memory.max=500");
}

TEST(contradictions_and_obsolete_values)
{
	CHECK_STR(update("", CPU(.shares = U64(2048), .idle = I64(1))), "cpu.idle=1");
	CHECK_STR(warned, "unable to apply both cpu.weight and cpu.idle, ignoring cpu.weight");
	CHECK_STR(update("", CPU(.shares = U64(1024), .idle = I64(0))),
		  "cpu.weight=100;cpu.idle=0");
	CHECK_STR(warned, "");
	CHECK_STR(update("", MEM(.kernel = I64(5))), "");
	CHECK_STR(warned, "kernel memory settings are obsolete and ignored");
}

/* --- a writer with the kernel's rules: burst <= quota, no weight while idle ------------------- */

static long quota, burst, weight, idle, broken, cpus;
static char order[256];

static int kernel(int dirfd, const char *file, const char *text)
{
	long value = strtol(text, NULL, 10);
	long *const known[] = { &quota, &burst, &weight, &idle, &broken, &cpus };
	static const char *const names[] = { "cpu.max", "cpu.max.burst", "cpu.weight", "cpu.idle",
					     "a",       "cpuset.cpus" };
	size_t i = 0;

	while (i < ARRAY_SIZE(names) && strcmp(names[i], file))
		i++;
	CHECK(i < ARRAY_SIZE(names));
	if ((i == 0 && value < burst) || (i == 1 && value > quota) || (i == 2 && idle))
		return -EINVAL;
	if (i == 4)
		return -EPERM;
	*known[i] = value;
	snprintf(order + strlen(order), sizeof(order) - strlen(order), "%s=%s ", file, text);
	return 0;
}

static struct err failure;

static const char *write_both(const char *f1, const char *v1, const char *f2, const char *v2)
{
	const struct cgroup_write second = { .file = f2, .value = v2, .pointer = "/second" };
	const struct cgroup_write first = { &second, f1, v1, .pointer = "/first" };
	char path[32];
	int dirfd = fixture(path,
			    "cpu.max=5000 100000;cpu.max.burst=4000;cpu.weight=100;cpu.idle=0;a=0;"
			    "cpuset.cpus=");

	failure = (struct err){ 0 };
	order[0] = '\0';
	cgroup_update_write(&first, dirfd, kernel, &failure);
	clean(dirfd, path);
	return order;
}

TEST(the_order_is_found_that_the_kernel_takes)
{
	quota = 5000, burst = 4000, weight = 100, idle = 1;
	CHECK_STR(write_both("cpu.max", "2000 100000", "cpu.max.burst", "1000"),
		  "cpu.max.burst=1000 cpu.max=2000 100000 ");
	CHECK(!failure.code);
	CHECK_STR(write_both("cpu.max.burst", "9000", "cpu.max", "9500 100000"),
		  "cpu.max=9500 100000 cpu.max.burst=9000 ");
	CHECK(!failure.code);
	CHECK_STR(write_both("cpu.weight", "50", "cpu.idle", "0"), "cpu.idle=0 cpu.weight=50 ");
	CHECK(!failure.code);
}

TEST(what_was_written_is_taken_back)
{
	quota = 5000, burst = 4000, weight = 100, idle = 0;
	CHECK_STR(write_both("cpu.weight", "50", "a", "1"), "cpu.weight=50 cpu.weight=100 ");
	CHECK(failure.code == EPERM);
	CHECK_STR(failure.pointer, "/second");
	CHECK(weight == 100);
	CHECK_STR(write_both("cpu.max", "3000 100000", "cpu.weight", "9"),
		  "cpu.weight=9 cpu.weight=100 ");
	CHECK(failure.code == EINVAL);
	CHECK_STR(failure.msg, "write 3000 100000 to cpu.max");
	/* Nothing was in the file: write(2) of no bytes would not reach the kernel's parser. */
	CHECK_STR(write_both("cpuset.cpus", "0", "a", "1"), "cpuset.cpus=0 cpuset.cpus=\n ");
}

TEST(a_real_directory_is_written)
{
	const struct cgroup_write second = { .file = "gone", .value = "1", .optional = true };
	const struct cgroup_write first = { .next = &second,
					    .file = "io.bfq.weight",
					    .value = "no",
					    .alt_file = "io.weight",
					    .alt_value = "default 55",
					    .pointer = "" };
	struct err e = { 0 };
	char path[32], text[64] = "";
	int dirfd = fixture(path, "io.weight=default 10");

	CHECK(cgroup_update_write(&first, dirfd, cgroupfs_write, &e) == 0);
	CHECK(file_read(dirfd, "io.weight", text, sizeof(text)) == 10);
	CHECK_STR(text, "default 55");
	clean(dirfd, path);
}

/* Quota and weight are systemd's there. */
TEST(the_units_own_directory_has_what_systemd_cannot_set)
{
	const struct cgroup_write last = { .file = "cpu.max.burst", .value = "5000" };
	const struct cgroup_write of_device = { .next = &last,
						.file = "io.bfq.weight",
						.value = "8:0 50",
						.alt_file = "io.weight",
						.alt_value = "8:0 55" };
	const struct cgroup_write of_all = { .next = &of_device,
					     .file = "io.bfq.weight",
					     .value = "10",
					     .alt_file = "io.weight",
					     .alt_value = "default 10" };
	const struct cgroup_write first = { .next = &of_all, .file = "cpu.max", .value = "10" };
	const struct cgroup_plan plan = { .path = "/x", .writes = &first };
	struct err e = { 0 };
	char path[32], text[64] = "";
	int dirfd = fixture(path, "io.weight=default 7;cpu.max=1000;cpu.max.burst=0");

	CHECK(cgroup_apply_unit(&plan, dirfd, &e) == 0);
	CHECK(file_read(dirfd, "io.weight", text, sizeof(text)) > 0);
	CHECK(strncmp(text, "8:0 55", 6) == 0);
	CHECK(file_read(dirfd, "cpu.max", text, sizeof(text)) > 0);
	CHECK_STR(text, "1000");
	CHECK(file_read(dirfd, "cpu.max.burst", text, sizeof(text)) > 0);
	CHECK(strncmp(text, "5000", 4) == 0);
	clean(dirfd, path);
}
