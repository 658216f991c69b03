/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * See seccomp_cache.h. The digest in the file covers the program, so that a torn write of a crash
 * or a flipped bit is a miss and never a filter.
 */
#include "setup/seccomp/seccomp_cache.h"

#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "base/build_id.h"
#include "base/clock.h"
#include "base/fmt.h"
#include "kernel/seccomp.h"

struct cache_header {
	char magic[8];
	uint32_t format, count;
	uint8_t key[SHA256_SIZE];
	uint8_t digest[SHA256_SIZE]; /* of the instructions */
};

enum {
	USE_NOTED_SEC = 3600
};

static const char magic[] = "davitbpf";

/* Nobody else can take a directory of ours away from there: /run is sticky in many containers. */
static bool is_own(const char *parent)
{
	struct stat st;

	return lstat(parent, &st) == 0 && S_ISDIR(st.st_mode) && st.st_uid == geteuid() &&
	       (!(st.st_mode & 022) || (st.st_mode & S_ISVTX));
}

int seccomp_cache_open(const char *parent)
{
	_cleanup_fd_ int fd = -1;
	char path[PATH_MAX];
	struct stat st;

	if (fmt(path, sizeof(path), "%s/" SECCOMP_CACHE_NAME, parent) >= sizeof(path))
		return -ENAMETOOLONG;
	fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0 && errno == ENOENT) {
		if (!is_own(parent))
			return -EPERM;
		if (mkdir(path, 0700) < 0 && errno != EEXIST)
			return neg_errno();
		fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	}
	if (fd < 0 || fstat(fd, &st) < 0)
		return neg_errno();
	if (st.st_uid != geteuid() || (st.st_mode & 077))
		return -EPERM;
	return take_fd(&fd);
}

int seccomp_cache_find(const char *runtime_dir)
{
	int fd = runtime_dir ? seccomp_cache_open(runtime_dir) : -1;

	/* /run is root's; in a user namespace that somebody else has made mostly another root's. */
	return fd < 0 && geteuid() == 0 ? seccomp_cache_open("/run") : fd;
}

static void add_number(struct sha256 *s, uint64_t n)
{
	sha256_add(s, &n, sizeof(n));
}

/* With its length before it, so that ("ab", "c") and ("a", "bc") differ; NULL differs from "". */
static void add_string(struct sha256 *s, const char *text)
{
	size_t len = text ? strlen(text) : 0;

	add_number(s, text ? len : UINT64_MAX);
	sha256_add(s, text, len);
}

static void add_strings(struct sha256 *s, const struct oci_strings *list)
{
	add_number(s, list->items ? list->count : UINT64_MAX);
	for (size_t i = 0; i < list->count; i++)
		add_string(s, list->items[i]);
}

static void add_errno(struct sha256 *s, const uint32_t *value)
{
	add_number(s, value ? *value : UINT64_MAX);
}

static void add_rule(struct sha256 *s, const struct oci_seccomp_syscall *rule)
{
	add_strings(s, &rule->names);
	add_string(s, rule->action);
	add_errno(s, rule->errno_ret);
	add_number(s, rule->args.count);
	for (size_t i = 0; i < rule->args.count; i++) {
		const struct oci_seccomp_arg *arg = &rule->args.items[i];

		add_number(s, arg->index);
		add_number(s, arg->value);
		add_number(s, arg->value_two != NULL);
		add_number(s, arg->value_two ? *arg->value_two : 0);
		add_string(s, arg->op);
	}
}

/* Each build has its own: one that makes another filter of a profile must not be given ours. */
static void add_build(struct sha256 *s)
{
	size_t len;
	const void *id = build_id(&len);

	add_number(s, len);
	sha256_add(s, id, len);
}

void seccomp_key_of(const struct seccomp_source *source, const struct seccomp_compiler *compiler,
		    struct seccomp_key *ret)
{
	const struct oci_seccomp *config = source->config;
	struct utsname kernel = { 0 };
	struct sha256 s;

	(void)uname(&kernel); /* cannot fail with an address of ours */
	sha256_begin(&s);
	add_number(&s, SECCOMP_CACHE_FORMAT);
	add_build(&s);
	for (size_t i = 0; i < 3; i++)
		add_number(&s, compiler->version[i]);
	add_number(&s, compiler->native_arch);
	add_string(&s, kernel.release);
	add_number(&s, source->fails_on_unknown);
	add_string(&s, config->default_action);
	add_errno(&s, config->default_errno_ret);
	add_strings(&s, &config->architectures);
	add_strings(&s, &config->flags);
	add_number(&s, config->syscalls.count);
	for (size_t i = 0; i < config->syscalls.count; i++)
		add_rule(&s, &config->syscalls.items[i]);
	sha256_end(&s, ret->digest);
}

static void digest_of(const void *data, size_t len, uint8_t ret[static SHA256_SIZE])
{
	struct sha256 s;

	sha256_begin(&s);
	sha256_add(&s, data, len);
	sha256_end(&s, ret);
}

/* What is in use must not be evicted; once an hour is often enough to know. */
static void note_use(int fd, const struct stat *st)
{
	int64_t now = (int64_t)(clock_nsec(CLOCK_REALTIME) / 1000000000u);

	if (now - st->st_mtim.tv_sec > USE_NOTED_SEC)
		(void)futimens(fd, NULL); /* at worst it is compiled again one day */
}

/* The bytes of the program in a file that is ours, plain, 0600; -1: it is not, or none fits. */
static ssize_t insns_size(const struct stat *st)
{
	off_t size = st->st_size - (off_t)sizeof(struct cache_header);

	if (!S_ISREG(st->st_mode) || (st->st_mode & 07777) != 0600 || st->st_uid != geteuid())
		return -1;
	if (size <= 0 || size > (off_t)(SECCOMP_INSNS_MAX * sizeof(struct sock_filter)) ||
	    size % (off_t)sizeof(struct sock_filter))
		return -1;
	return (ssize_t)size;
}

static bool is_sound(const struct cache_header *h, const struct seccomp_key *key, const void *insns,
		     size_t size)
{
	uint8_t digest[SHA256_SIZE];

	if (memcmp(h->magic, magic, sizeof(h->magic)) != 0 || h->format != SECCOMP_CACHE_FORMAT ||
	    h->count != size / sizeof(struct sock_filter) ||
	    memcmp(h->key, key->digest, SHA256_SIZE) != 0)
		return false;
	digest_of(insns, size, digest);
	return memcmp(h->digest, digest, SHA256_SIZE) == 0;
}

bool seccomp_cache_load(struct arena *a, int cache_fd, const struct seccomp_key *key,
			struct seccomp_filter *ret)
{
	char name[2 * SHA256_SIZE + 1];
	struct cache_header header;
	struct iovec parts[2] = { { &header, sizeof(header) } };
	_cleanup_fd_ int fd = -1;
	struct stat st;
	ssize_t size;
	void *insns;

	sha256_hex(key->digest, name);
	fd = openat(cache_fd, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	size = fd < 0 || fstat(fd, &st) < 0 ? -1 : insns_size(&st);
	insns = size < 0 ? NULL : arena_alloc(a, (size_t)size);
	if (!insns)
		return false;
	parts[1] = (struct iovec){ insns, (size_t)size };
	if (readv(fd, parts, 2) != (ssize_t)sizeof(header) + size ||
	    !is_sound(&header, key, insns, (size_t)size))
		return false;
	note_use(fd, &st);
	ret->insns = insns;
	ret->count = (uint16_t)header.count;
	return true;
}

/* How many programs the directory holds, and the one whose use is longest ago. */
static size_t find_oldest(DIR *dir, char ret_name[static 256])
{
	struct timespec oldest = { 0 };
	size_t count = 0;

	rewinddir(dir);
	for (struct dirent *d = readdir(dir); d; d = readdir(dir)) {
		struct stat st;

		if (fstatat(dirfd(dir), d->d_name, &st, AT_SYMLINK_NOFOLLOW) < 0 ||
		    !S_ISREG(st.st_mode))
			continue;
		if (count++ == 0 || st.st_mtim.tv_sec < oldest.tv_sec ||
		    (st.st_mtim.tv_sec == oldest.tv_sec && st.st_mtim.tv_nsec < oldest.tv_nsec)) {
			oldest = st.st_mtim;
			fmt(ret_name, 256, "%s", d->d_name);
		}
	}
	return count;
}

static void evict(int cache_fd)
{
	/* An open of its own: a duplicate would share the directory's offset. */
	int fd = openat(cache_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	char name[256];

	if (!dir) {
		close_fdp(&fd);
		return;
	}
	while (find_oldest(dir, name) > SECCOMP_CACHE_FILES)
		if (unlinkat(cache_fd, name, 0) < 0)
			break;
	closedir(dir);
}

static bool write_program(int fd, const struct seccomp_key *key,
			  const struct seccomp_filter *filter)
{
	size_t size = filter->count * sizeof(struct sock_filter);
	struct cache_header h = { .format = SECCOMP_CACHE_FORMAT, .count = filter->count };
	struct iovec parts[2] = { { &h, sizeof(h) }, { (void *)(uintptr_t)filter->insns, size } };

	memcpy(h.magic, magic, sizeof(h.magic));
	memcpy(h.key, key->digest, SHA256_SIZE);
	digest_of(filter->insns, size, h.digest);
	/* The creation mode was cut by the umask. */
	return fchmod(fd, 0600) == 0 && writev(fd, parts, 2) == (ssize_t)(sizeof(h) + size);
}

void seccomp_cache_store(int cache_fd, const struct seccomp_key *key,
			 const struct seccomp_filter *filter)
{
	char name[2 * SHA256_SIZE + 1], temporary[32];
	_cleanup_fd_ int fd = -1;
	uint64_t random;

	if (getrandom(&random, sizeof(random), GRND_NONBLOCK) != sizeof(random))
		return;
	/* A name of its own and rename(2): O_TMPFILE and linkat(2) cannot replace a damaged file.
	 * What a crash leaves is evicted like any other file. */
	fmt(temporary, sizeof(temporary), "tmp.%llx", (unsigned long long)random);
	fd = openat(cache_fd, temporary, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
		    0600);
	if (fd < 0)
		return;
	sha256_hex(key->digest, name);
	if (!write_program(fd, key, filter) || renameat(cache_fd, temporary, cache_fd, name) < 0) {
		(void)unlinkat(cache_fd, temporary, 0); /* eviction is behind it */
		return;
	}
	evict(cache_fd);
}
