/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * setup/resources/cgroup_stats and oci-spec/json_paths: a directory of plain files in place of a
 * cgroup whose controllers this machine may not have.
 */
#include "setup/resources/cgroup_stats.h"

#include <fcntl.h>
#include <string.h>

#include "test.h"

struct file {
	const char *name, *text;
};

/* The record of a directory with these files, without what is around it. */
static const char *record(const struct file *files, size_t count)
{
	static char text[4096];
	char path[] = "/tmp/cgroup-stats-XXXXXX";
	struct arena a = { 0 };
	struct json_paths *to = json_paths_new(&a, false);
	const char *json;
	size_t len = 0;
	int dirfd, fd;

	if (!mkdtemp(path))
		return NULL;
	dirfd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	for (size_t i = 0; i < count; i++) {
		fd = openat(dirfd, files[i].name, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
		CHECK(write(fd, files[i].text, strlen(files[i].text)) > 0);
		close(fd);
	}
	fd = openat(dirfd, "cgroup.events", O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	CHECK(write(fd, "populated 1\nfrozen 0\n", 21) == 21);
	close(fd);
	CHECK(cgroup_stats_read(&a, dirfd, to) == 0);
	json = json_paths_end(to, &len);
	snprintf(text, sizeof(text), "%s", json ? json : "(null)");
	CHECK(!json || strlen(json) == len);
	for (size_t i = 0; i < count; i++)
		unlinkat(dirfd, files[i].name, 0);
	unlinkat(dirfd, "cgroup.events", 0);
	close(dirfd);
	rmdir(path);
	arena_release(&a);
	return text;
}

/* Without the objects of which nothing is told. */
static const char *filled(const char *text)
{
	static const char *const empty[] = { "\"cpu\":{}",  "\"cpuset\":{}", "\"memory\":{}",
					     "\"pids\":{}", "\"blkio\":{}",  "\"hugetlb\":{}" };
	static char ret[4096];

	snprintf(ret, sizeof(ret), "%s", text);
	for (size_t i = 0; i < ARRAY_SIZE(empty); i++) {
		char *at = strstr(ret, empty[i]);
		size_t len = strlen(empty[i]);

		if (!at)
			continue;
		if (at[len] == ',')
			len++;
		else if (at[-1] == ',')
			at--, len++;
		memmove(at, at + len, strlen(at + len) + 1);
	}
	return strcmp(ret, "{\"data\":{}}") == 0 ? "{}" : ret;
}

#define EVERYTHING(...)                                                                            \
	record((const struct file[]){ __VA_ARGS__ },                                               \
	       sizeof((const struct file[]){ __VA_ARGS__ }) / sizeof(struct file))
#define RECORD(...) filled(EVERYTHING(__VA_ARGS__))

TEST(nothing_there_is_nothing_said)
{
	CHECK_STR(RECORD({ "other", "1\n" }), "{}");
}

/* What reads runc's records finds each object. */
TEST(each_object_is_there_in_runcs_order)
{
	CHECK_STR(EVERYTHING({ "other", "1\n" }),
		  "{\"data\":{\"cpu\":{},\"cpuset\":{},\"memory\":{},\"pids\":{},\"blkio\":{},"
		  "\"hugetlb\":{}}}");
	CHECK_STR(EVERYTHING({ "memory.current", "1\n" }),
		  "{\"data\":{\"cpu\":{},\"cpuset\":{},\"memory\":{\"usage\":{\"usage\":1}},"
		  "\"pids\":{},\"blkio\":{},\"hugetlb\":{}}}");
}

TEST(cpu)
{
	CHECK_STR(
		RECORD({ "cpu.stat", "usage_usec 12\nuser_usec 5\nsystem_usec 7\nnr_periods 3\n"
				     "nr_throttled 2\nthrottled_usec 4\n" }),
		"{\"data\":{\"cpu\":{\"usage\":{\"total\":12000,\"kernel\":7000,\"user\":5000},"
		"\"throttling\":{\"periods\":3,\"throttledPeriods\":2,\"throttledTime\":4000}}}}");
	CHECK_STR(RECORD({ "cpu.stat", "usage_usec nonsense\nuser_usec 5x\nsystem_usec -7\n" }),
		  "{}");
	CHECK_STR(RECORD({ "cpu.stat", "usage_usec 99999999999999999999\n" }), "{}");
}

TEST(pressure)
{
	CHECK_STR(RECORD({ "cpu.pressure", "some avg10=0.12 avg60=10.00 avg300=0.00 total=74814\n"
					   "full avg10=01.0 avg60=x avg300=.5 total=62512\n" }),
		  "{\"data\":{\"cpu\":{\"psi\":{\"some\":{\"avg10\":0.12,\"avg60\":10.00,"
		  "\"avg300\":0.00,\"total\":74814},\"full\":{\"total\":62512}}}}}");
}

TEST(memory)
{
	CHECK_STR(
		RECORD({ "memory.max", "max\n" }, { "memory.current", "100\n" },
		       { "memory.peak", "300\n" },
		       { "memory.events", "low 0\nmax 4\noom_kill 1\n" },
		       { "memory.swap.max", "50\n" }, { "memory.swap.current", "7\n" },
		       { "memory.swap.events", "high 0\nmax 5\nfail 9\n" },
		       { "memory.stat", "anon 1\nfile 2\nkernel 3\n" }),
		"{\"data\":{\"memory\":{\"cache\":2,\"usage\":{\"limit\":18446744073709551615,"
		"\"usage\":100,\"max\":300,\"failcnt\":4},\"swap\":{\"limit\":18446744073709551615,"
		"\"usage\":107,\"failcnt\":5},\"kernel\":{\"usage\":3},\"raw\":{\"anon\":1,\"file\":2,\"kernel\":3}}}}");
	CHECK_STR(RECORD({ "memory.max", "1000\n" }, { "memory.swap.max", "50\n" }),
		  "{\"data\":{\"memory\":{\"usage\":{\"limit\":1000},\"swap\":{\"limit\":1050}}}}");
}

TEST(pids_cpuset_hugetlb)
{
	CHECK_STR(RECORD({ "pids.current", "5\n" }, { "pids.max", "max\n" }),
		  "{\"data\":{\"pids\":{\"current\":5}}}");
	CHECK_STR(RECORD({ "pids.current", "5\n" }, { "cgroup.procs", "1\n" }),
		  "{\"data\":{\"pids\":{\"current\":5}}}");
	/* Without the controller the processes are counted. */
	CHECK_STR(RECORD({ "cgroup.procs", "7\n12\n900\n" }),
		  "{\"data\":{\"pids\":{\"current\":3}}}");
	CHECK_STR(RECORD({ "pids.current", "5\n" }, { "pids.max", "9\n" }),
		  "{\"data\":{\"pids\":{\"current\":5,\"limit\":9}}}");
	CHECK_STR(
		RECORD({ "cpuset.cpus.effective", "0-2,5\n" }, { "cpuset.mems.effective", "0\n" }),
		"{\"data\":{\"cpuset\":{\"cpus\":[0,1,2,5],\"mems\":[0]}}}");
	CHECK_STR(RECORD({ "hugetlb.2MB.current", "4096\n" }, { "hugetlb.2MB.events", "max 3\n" },
			 { "hugetlb.2MB.rsvd.current", "1\n" }),
		  "{\"data\":{\"hugetlb\":{\"2MB\":{\"usage\":4096,\"failcnt\":3}}}}");
}

TEST(block_devices)
{
	CHECK_STR(RECORD({ "io.stat", "8:0 rbytes=1 wbytes=2 rios=3 wios=4 dbytes=5 dios=6\n"
				      "nonsense\n254:16 wbytes=9\n" }),
		  "{\"data\":{\"blkio\":{\"ioServiceBytesRecursive\":["
		  "{\"major\":8,\"minor\":0,\"op\":\"Read\",\"value\":1},"
		  "{\"major\":8,\"minor\":0,\"op\":\"Write\",\"value\":2},"
		  "{\"major\":254,\"minor\":16,\"op\":\"Write\",\"value\":9}],"
		  "\"ioServicedRecursive\":[{\"major\":8,\"minor\":0,\"op\":\"Read\",\"value\":3},"
		  "{\"major\":8,\"minor\":0,\"op\":\"Write\",\"value\":4}]}}}");
}

TEST(paths_are_scopes)
{
	struct arena a = { 0 };
	struct json_paths *p = json_paths_new(&a, false);
	size_t len;

	json_paths_string(p, "a", "x\"y\n");
	json_paths_unsigned(p, "b/c/d", 1);
	json_paths_bool(p, "b/cc", true);
	json_paths_raw(p, "e/0/f", "[]");
	json_paths_unsigned(p, "e/1/f", 2);
	json_paths_unsigned(p, "e/1/g/0", 3);
	json_paths_unsigned(p, "h", 4);
	CHECK_STR(json_paths_end(p, &len),
		  "{\"a\":\"x\\\"y\\n\",\"b\":{\"c\":{\"d\":1},\"cc\":true},"
		  "\"e\":[{\"f\":[]},{\"f\":2,\"g\":[3]}],\"h\":4}");
	arena_release(&a);
}
