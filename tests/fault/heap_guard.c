/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Test builds only: the heap is forbidden in the container's processes. The davit command of such a
 * build is linked with --wrap for the allocator's functions, which lead here; the driver calls
 * davit_test_child_begin() in MIDDLE and INIT, and from then on every use of the heap is a trap
 * (the error that the caller sees says SIGILL). A static link covers the C library's own uses too.
 *
 * DAVIT_HEAP_PROBE in the environment makes the children use the heap, to show that the guard
 * bites. DAVIT_HEAP_COUNT names a file to which the command writes, when it ends, how often it
 * asked for memory, and how often of that since the C library was ready. DAVIT_HEAP_FAIL=N: the
 * N-th of the latter fails.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

void davit_test_child_begin(void);
void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *old, size_t size);
void __real_free(void *p);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *old, size_t size);
void __wrap_free(void *p);

static volatile bool is_forbidden;
static unsigned long count_of_requests, count_before, refused;

__attribute__((constructor)) static void begin(void)
{
	const char *text = getenv("DAVIT_HEAP_FAIL");

	count_before = count_of_requests;
	refused = text ? count_before + strtoul(text, NULL, 10) : 0;
}

static void check(const char *line)
{
	if (!is_forbidden)
		return;
	/* Nobody can be told of a failure to tell. */
	(void)!write(2, line, strlen(line));
	/* Not abort(3): the first process of a pid namespace is deaf to SIGABRT. */
	__builtin_trap();
}

/* One more request: true when it is the one that fails. */
static bool is_refused(void)
{
	if (++count_of_requests != refused)
		return false;
	errno = ENOMEM;
	return true;
}

void *__wrap_malloc(size_t size)
{
	check("heap guard: malloc in a child\n");
	return is_refused() ? NULL : __real_malloc(size);
}

void *__wrap_calloc(size_t count, size_t size)
{
	check("heap guard: calloc in a child\n");
	return is_refused() ? NULL : __real_calloc(count, size);
}

void *__wrap_realloc(void *old, size_t size)
{
	check("heap guard: realloc in a child\n");
	return is_refused() ? NULL : __real_realloc(old, size);
}

void __wrap_free(void *p)
{
	if (p)
		check("heap guard: free in a child\n");
	__real_free(p);
}

void davit_test_child_begin(void)
{
	void *(*volatile allocate)(size_t) = __wrap_malloc;

	is_forbidden = true;
	if (getenv("DAVIT_HEAP_PROBE"))
		free(allocate(1));
}

__attribute__((destructor)) static void tell(void)
{
	const char *path = getenv("DAVIT_HEAP_COUNT");
	int fd = path && !is_forbidden ? open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600)
				       : -1;

	if (fd < 0)
		return;
	dprintf(fd, "%lu %lu\n", count_of_requests, count_of_requests - count_before);
	close(fd);
}
