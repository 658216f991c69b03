/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Linked into every program of a build for coverage. gcov counts in the .bss of a process and
 * writes a file when that calls exit(3): neither the container's first process nor a helper ever
 * does, and the files would be inside the container. davit has no mutable variables of its own, so
 * before main() its whole .bss becomes memory that all children share: what they count, davit
 * writes. The unit tests have variables; their children write for themselves.
 */
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

extern char __bss_start[], _end[];

__attribute__((weak)) void __gcov_dump(void); /* configure links without it */
_Noreturn void __real__exit(int status);
_Noreturn void __wrap__exit(int status);

static int is_unit_test(void)
{
	return strncmp(program_invocation_short_name, "unit-", 5) == 0;
}

__attribute__((constructor(101), no_profile_instrument_function)) static void share(void)
{
	uintptr_t from = (uintptr_t)__bss_start & ~4095UL, to = ((uintptr_t)_end + 4095) & ~4095UL;
	void *copy = is_unit_test() ? MAP_FAILED
				    : mmap(NULL, to - from, PROT_READ | PROT_WRITE,
					   MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	if (copy == MAP_FAILED)
		return;
	memcpy(copy, (void *)from, to - from);
	mremap(copy, to - from, to - from, MREMAP_MAYMOVE | MREMAP_FIXED, (void *)from);
}

_Noreturn void __wrap__exit(int status)
{
	if (__gcov_dump && is_unit_test())
		__gcov_dump();
	__real__exit(status);
}
