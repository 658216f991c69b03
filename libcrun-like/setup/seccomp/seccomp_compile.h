/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * From rules to a program: by libseccomp (seccomp_compile.c) or refused (seccomp-none.c, in a build
 * without it). The flags, the cache, raw programs and listeners are seccomp.c's.
 */
#ifndef DAVIT_SETUP_SECCOMP_SECCOMP_COMPILE_H
#define DAVIT_SETUP_SECCOMP_SECCOMP_COMPILE_H

#include "setup/seccomp/seccomp.h"

/* What a compiled program depends on besides its source. */
struct seccomp_compiler {
	unsigned version[3];
	uint32_t native_arch;
};

void seccomp_compiler_of(struct seccomp_compiler *ret);

/* @ret's insns and count; nothing else. */
int seccomp_compile(struct arena *a, const struct seccomp_source *s, struct seccomp_filter *ret,
		    struct err *e);

#endif
