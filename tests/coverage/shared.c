/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Linked into every program of a build for coverage. gcov counts in the .bss of a process and
 * writes a file when that calls exit(3): neither the container's first process nor a helper ever
 * does, and the files would be inside the container. davit has no mutable variables of its own, so
 * before main() its whole .bss becomes memory that all children share: what they count, davit
 * writes. The unit tests have variables; their children write for themselves, those that have
 * changed their root from where it was.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

extern char __bss_start[], _end[];

void __gcov_dump(void); /* of libgcov; a weak name would not be taken from an archive */
_Noreturn void __real__exit(int status);
_Noreturn void __wrap__exit(int status);

static int root_fd = -1;
static struct stat root;

static bool is_unit_test(void)
{
	return strncmp(program_invocation_short_name, "unit-", 5) == 0;
}

__attribute__((constructor(101), no_profile_instrument_function)) static void share(void)
{
	uintptr_t from = (uintptr_t)__bss_start & ~4095UL, to = ((uintptr_t)_end + 4095) & ~4095UL;
	void *copy = is_unit_test() ? MAP_FAILED
				    : mmap(NULL, to - from, PROT_READ | PROT_WRITE,
					   MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	if (copy == MAP_FAILED) {
		root_fd = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
		(void)fstat(root_fd, &root);
		return;
	}
	memcpy(copy, (void *)from, to - from);
	mremap(copy, to - from, to - from, MREMAP_MAYMOVE | MREMAP_FIXED, (void *)from);
}

/* In another root gcov would make folders. */
static bool is_home(void)
{
	struct stat now;

	if (stat("/", &now) == 0 && now.st_dev == root.st_dev && now.st_ino == root.st_ino)
		return true;
	return fchdir(root_fd) == 0 && chroot(".") == 0;
}

_Noreturn void __wrap__exit(int status)
{
	if (is_unit_test() && is_home())
		__gcov_dump();
	__real__exit(status);
}
