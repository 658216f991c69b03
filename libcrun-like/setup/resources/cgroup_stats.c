/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * See cgroup_stats.h. Rows stand in the order of the output: members of one object in a row
 * (json_paths.h). The units are those of v1, which runc's shape keeps: nanoseconds, and swap counts
 * memory too.
 */
#include "setup/resources/cgroup_stats.h"

#include <dirent.h>
#include <string.h>

#include "base/fmt.h"
#include "base/numbers.h"
#include "kernel/cgroupfs.h"
#include "kernel/file.h"

enum {
	TEXT_SIZE = 256 * 1024,
	PATH_SIZE = 160,
	NAME_SIZE = 64,
	NSEC_PER_USEC = 1000
};

struct stats {
	struct json_paths *to;
	int dirfd;
	char *text;       /* of the file that was read last */
	const char *file; /* its name; NULL: none */
	int error;        /* of reading it, or 0 */
	int failure;      /* the first error that does not say that there is no such figure */
	bool has_told;    /* something of the object at hand */
};

struct stat_row {
	const char *member; /* below "data/" */
	const char *file, *key;
	void (*add)(struct stats *s, const struct stat_row *row);
};

/* --- texts ----------------------------------------------------------------------------------- */

/* A number that ends at a blank, a newline or the end. */
static bool parse_number(const char *text, uint64_t *ret)
{
	return number_parse(text, ret, &text) && (!*text || *text == ' ' || *text == '\n');
}

static const char *next_line(const char *line)
{
	line += strcspn(line, "\n");
	return line + (*line == '\n');
}

/* What stands behind "KEY " or "KEY=" in @text, which ends before @end; NULL. */
static const char *value_of(const char *text, const char *key, char separator)
{
	size_t len = strlen(key);

	for (const char *line = text; *line; line = next_line(line))
		if (strncmp(line, key, len) == 0 && line[len] == separator)
			return line + len + 1;
	return NULL;
}

/* No such controller, no pressure figures (psi=0), a cgroup that goes away. */
static bool is_absent(int r)
{
	return r == -ENOENT || r == -EOPNOTSUPP || r == -ENODEV || r == -EFBIG;
}

static void note_failure(struct stats *s, int r)
{
	if (r < 0 && !s->failure && !is_absent(r))
		s->failure = r;
}

static const char *load(struct stats *s, const char *file)
{
	int r = s->error;

	if (!s->file || strcmp(s->file, file) != 0) {
		r = file_read(s->dirfd, file, s->text, TEXT_SIZE);
		s->file = file;
		s->error = r < 0 ? r : 0;
		note_failure(s, r);
	}
	return s->error ? NULL : s->text;
}

/* The number of a row: a key of the file, or all of it. */
static bool find_number(struct stats *s, const struct stat_row *row, uint64_t *ret)
{
	const char *text = load(s, row->file);

	if (text && row->key)
		text = value_of(text, row->key, ' ');
	return text && parse_number(text, ret);
}

bool cgroup_stats_get_key(int dirfd, const char *file, const char *key, uint64_t *ret)
{
	char text[1024];
	const char *value =
		file_read(dirfd, file, text, sizeof(text)) < 0 ? NULL : value_of(text, key, ' ');

	return value && parse_number(value, ret);
}

static void put_number(struct stats *s, const char *member, uint64_t value)
{
	char path[PATH_SIZE];

	fmt(path, sizeof(path), "data/%s", member);
	json_paths_unsigned(s->to, path, value);
	s->has_told = true;
}

/* --- what a row adds ------------------------------------------------------------------------- */

static void add_number(struct stats *s, const struct stat_row *row)
{
	uint64_t value;

	if (find_number(s, row, &value))
		put_number(s, row->member, value);
}

/* Without the controller: the processes of this cgroup, as runc has it. */
static void add_processes(struct stats *s, const struct stat_row *row)
{
	const char *text = load(s, row->file) ? NULL : load(s, row->key);
	uint64_t count = 0;

	for (const char *line = text ? text : ""; *line; line = next_line(line))
		count++;
	if (text)
		put_number(s, row->member, count);
}

static void add_usec(struct stats *s, const struct stat_row *row)
{
	uint64_t value;

	if (find_number(s, row, &value) &&
	    !__builtin_mul_overflow(value, (uint64_t)NSEC_PER_USEC, &value))
		put_number(s, row->member, value);
}

static bool is_max(struct stats *s, const char *file)
{
	const char *text = load(s, file);

	return text && strcmp(text, "max") == 0;
}

/* No limit is the largest number, as in runc's records. */
static void add_limit(struct stats *s, const struct stat_row *row)
{
	if (is_max(s, row->file))
		put_number(s, row->member, UINT64_MAX);
	else
		add_number(s, row);
}

static bool read_limit(struct stats *s, const char *file, uint64_t *ret)
{
	const struct stat_row row = { .file = file };

	*ret = UINT64_MAX;
	return is_max(s, file) || find_number(s, &row, ret);
}

/* v1 counted memory and swap together; a sum with "no limit" in it is no limit. */
static void add_with_memory(struct stats *s, const struct stat_row *row)
{
	uint64_t swap, memory, sum;

	if (!read_limit(s, row->file, &swap) || !read_limit(s, row->key, &memory))
		return;
	if (__builtin_add_overflow(swap, memory, &sum))
		sum = UINT64_MAX;
	put_number(s, row->member, sum);
}

/* All lines "KEY NUMBER" as members. */
static void add_all(struct stats *s, const struct stat_row *row)
{
	const char *text = load(s, row->file);
	char member[PATH_SIZE];
	uint64_t value;

	for (const char *line = text ? text : ""; *line; line = next_line(line)) {
		size_t len = strcspn(line, " \n");

		if (line[len] != ' ' || len > NAME_SIZE || memchr(line, '/', len) ||
		    !parse_number(line + len + 1, &value))
			continue;
		fmt(member, sizeof(member), "%s/%.*s", row->member, (int)len, line);
		put_number(s, member, value);
	}
}

/* A number with a fraction, as pressure files have it. */
static bool is_decimal(const char *text, size_t len)
{
	size_t whole = strspn(text, "0123456789");

	return whole > 0 && whole < len && text[whole] == '.' && whole + 1 < len &&
	       whole + 1 + strspn(text + whole + 1, "0123456789") == len &&
	       (whole == 1 || text[0] != '0');
}

/* "some avg10=0.00 avg60=0.00 avg300=0.00 total=0" */
static void add_pressure_line(struct stats *s, const char *member, const char *line)
{
	size_t kind = strcspn(line, " \n"), len;
	char path[PATH_SIZE], raw[32];
	uint64_t total;

	for (const char *at = line + kind; *at == ' '; at += len) {
		size_t name = strcspn(++at, "= \n");

		len = strcspn(at, " \n");
		if (at[name] != '=' || kind > NAME_SIZE / 4 || name > NAME_SIZE / 4)
			continue;
		fmt(path, sizeof(path), "data/%s/%.*s/%.*s", member, (int)kind, line, (int)name,
		    at);
		fmt(raw, sizeof(raw), "%.*s", (int)(len - name - 1), at + name + 1);
		s->has_told = true;
		if (is_decimal(raw, strlen(raw)))
			json_paths_raw(s->to, path, raw);
		else if (parse_number(raw, &total))
			json_paths_unsigned(s->to, path, total);
	}
}

static void add_pressure(struct stats *s, const struct stat_row *row)
{
	const char *text = load(s, row->file);

	for (const char *line = text ? text : ""; *line; line = next_line(line))
		add_pressure_line(s, row->member, line);
}

/* "0-3,5": each of them. */
static void add_list(struct stats *s, const struct stat_row *row)
{
	const char *at = load(s, row->file);
	unsigned long first, last;
	size_t count = 0;
	char member[PATH_SIZE], *end;

	while (at && *at >= '0' && *at <= '9') {
		first = last = strtoul(at, &end, 10);
		if (*end == '-')
			last = strtoul(end + 1, &end, 10);
		for (; first <= last && last < UINT16_MAX; first++) {
			fmt(member, sizeof(member), "%s/%zu", row->member, count++);
			put_number(s, member, first);
		}
		at = *end == ',' ? end + 1 : NULL;
	}
}

struct io_entry {
	uint64_t major, minor, value;
};

/* One key of a line "8:0 rbytes=1 wbytes=2 ..." */
static bool find_io(const char *line, const char *key, struct io_entry *ret)
{
	size_t len = strlen(key);
	char *end;

	if (*line < '0' || *line > '9')
		return false;
	ret->major = strtoul(line, &end, 10);
	if (*end != ':' || end[1] < '0' || end[1] > '9')
		return false;
	ret->minor = strtoul(end + 1, &end, 10);
	for (const char *at = end; *at == ' '; at += strcspn(at, " \n")) {
		at++;
		if (strncmp(at, key, len) == 0 && at[len] == '=')
			return parse_number(at + len + 1, &ret->value);
	}
	return false;
}

/* row->key: "rbytes wbytes", for the operations Read and Write. */
static void add_io(struct stats *s, const struct stat_row *row)
{
	static const char *const operations[] = { "Read", "Write" };
	const char *text = load(s, row->file);
	char member[PATH_SIZE], path[PATH_SIZE], key[16];
	size_t count = 0;
	struct io_entry entry;

	for (const char *line = text ? text : ""; *line; line = next_line(line)) {
		const char *keys = row->key;

		for (size_t i = 0; i < ARRAY_SIZE(operations);
		     i++, keys += strcspn(keys, " ") + 1) {
			fmt(key, sizeof(key), "%.*s", (int)strcspn(keys, " "), keys);
			if (!find_io(line, key, &entry))
				continue;
			fmt(member, sizeof(member), "%s/%zu/major", row->member, count);
			put_number(s, member, entry.major);
			fmt(member, sizeof(member), "%s/%zu/minor", row->member, count);
			put_number(s, member, entry.minor);
			fmt(path, sizeof(path), "data/%s/%zu/op", row->member, count);
			json_paths_string(s->to, path, operations[i]);
			fmt(member, sizeof(member), "%s/%zu/value", row->member, count++);
			put_number(s, member, entry.value);
		}
	}
}

/* "hugetlb.2MB.current" for each page size that the cgroup has. */
static void add_huge_pages(struct stats *s, const struct stat_row *row)
{
	static const char *const files[][3] = { { "current", NULL, "usage" },
						{ "events", "max", "failcnt" } };
	char name[NAME_SIZE], member[PATH_SIZE];
	const struct dirent *entry;
	int fd = cgroupfs_open(s->dirfd, "");
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);

	if (!dir) {
		note_failure(s, fd < 0 ? fd : neg_errno());
		close_fdp(&fd);
	}
	while (dir && (errno = 0, entry = readdir(dir))) {
		const char *size = entry->d_name + 8, *end = strchr(entry->d_name, '.');
		size_t len;

		if (strncmp(entry->d_name, "hugetlb.", 8) != 0 || !end)
			continue;
		len = strcspn(size, ".");
		if (strcmp(size + len, ".current") != 0 || len > NAME_SIZE / 4)
			continue;
		for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
			const struct stat_row one = { member, name, files[i][1], NULL };

			fmt(name, sizeof(name), "hugetlb.%.*s.%s", (int)len, size, files[i][0]);
			fmt(member, sizeof(member), "hugetlb/%.*s/%s", (int)len, size, files[i][2]);
			s->file = NULL; /* the name's buffer is used again */
			add_number(s, &one);
		}
		s->file = NULL;
	}
	if (dir) {
		note_failure(s, -errno);
		closedir(dir);
	}
}

/* clang-format off */
static const struct stat_row table[] = {
	{ "cpu/usage/total",                 "cpu.stat",              "usage_usec",     add_usec },
	{ "cpu/usage/kernel",                "cpu.stat",              "system_usec",    add_usec },
	{ "cpu/usage/user",                  "cpu.stat",              "user_usec",      add_usec },
	{ "cpu/throttling/periods",          "cpu.stat",              "nr_periods",     add_number },
	{ "cpu/throttling/throttledPeriods", "cpu.stat",              "nr_throttled",   add_number },
	{ "cpu/throttling/throttledTime",    "cpu.stat",              "throttled_usec", add_usec },
	{ "cpu/psi",                         "cpu.pressure",          NULL,             add_pressure },
	{ "cpuset/cpus",                     "cpuset.cpus.effective", NULL,             add_list },
	{ "cpuset/mems",                     "cpuset.mems.effective", NULL,             add_list },
	{ "memory/cache",                    "memory.stat",           "file",           add_number },
	{ "memory/usage/limit",              "memory.max",            NULL,             add_limit },
	{ "memory/usage/usage",              "memory.current",        NULL,             add_number },
	{ "memory/usage/max",                "memory.peak",           NULL,             add_number },
	{ "memory/usage/failcnt",            "memory.events",         "max",            add_number },
	{ "memory/swap/limit",               "memory.swap.max",       "memory.max",     add_with_memory },
	{ "memory/swap/usage",               "memory.swap.current",   "memory.current", add_with_memory },
	{ "memory/swap/failcnt",             "memory.swap.events",    "max",            add_number },
	{ "memory/kernel/usage",             "memory.stat",           "kernel",         add_number },
	{ "memory/raw",                      "memory.stat",           NULL,             add_all },
	{ "memory/psi",                      "memory.pressure",       NULL,             add_pressure },
	{ "pids/current",                    "pids.current",          NULL,             add_number },
	{ "pids/current",                    "pids.current",          "cgroup.procs",   add_processes },
	{ "pids/limit",                      "pids.max",              NULL,             add_number },
	{ "blkio/ioServiceBytesRecursive",   "io.stat",               "rbytes wbytes",  add_io },
	{ "blkio/ioServicedRecursive",       "io.stat",               "rios wios",      add_io },
	{ "blkio/psi",                       "io.pressure",           NULL,             add_pressure },
	{ "hugetlb",                         NULL,                    NULL,             add_huge_pages },
};
/* clang-format on */

static bool is_of_one_object(const struct stat_row *a, const struct stat_row *b)
{
	size_t len = strcspn(a->member, "/");

	return len == strcspn(b->member, "/") && strncmp(a->member, b->member, len) == 0;
}

static void put_empty(struct stats *s, const struct stat_row *row)
{
	char path[PATH_SIZE];

	fmt(path, sizeof(path), "data/%.*s", (int)strcspn(row->member, "/"), row->member);
	json_paths_raw(s->to, path, "{}");
}

int cgroup_stats_read(struct arena *a, int dirfd, struct json_paths *to)
{
	struct stats s = { .to = to, .dirfd = dirfd, .text = arena_alloc(a, TEXT_SIZE) };

	if (!s.text)
		return -ENOMEM;
	if (cgroupfs_get_event(dirfd, "populated") == -ENOENT)
		return -ENOENT;
	for (size_t i = 0; i < ARRAY_SIZE(table); i++) {
		table[i].add(&s, &table[i]);
		if (i + 1 < ARRAY_SIZE(table) && is_of_one_object(&table[i], &table[i + 1]))
			continue;
		if (!s.has_told) /* as in runc's records; what is in it is left out */
			put_empty(&s, &table[i]);
		s.has_told = false;
	}
	return s.failure;
}
