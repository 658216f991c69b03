/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Compiled filters by content: libseccomp takes 12 ms for an engine's default profile, reading its
 * program back takes microseconds. A file is named after a SHA-256 over everything that decides the
 * result (this build too), belongs to us alone, and is believed only when its owner, mode, size,
 * key and digest are right; anything else is a miss. A cache that cannot be written is no error.
 */
#ifndef DAVIT_SETUP_SECCOMP_SECCOMP_CACHE_H
#define DAVIT_SETUP_SECCOMP_SECCOMP_CACHE_H

#include "base/sha256.h"
#include "setup/seccomp/seccomp_compile.h"

#define SECCOMP_CACHE_NAME "davit-filters"

enum {
	SECCOMP_CACHE_FILES = 64,
	SECCOMP_CACHE_FORMAT = 3 /* of the files, of what davit tells libseccomp and makes of it */
};

struct seccomp_key {
	uint8_t digest[SHA256_SIZE];
};

/* An fd of the directory in @parent, made 0700 where it is missing and @parent is ours alone to
 * write to; -EPERM when either is not. */
int seccomp_cache_open(const char *parent);
/* That of @runtime_dir (absolute, or NULL), else of /run for root; negative: there is none, which
 * is no error. It is never in the state root: whoever names one finds there what create made, and
 * nothing else. */
int seccomp_cache_find(const char *runtime_dir);

/* Covers the kernel's release too: libseccomp asks it which actions it knows. */
void seccomp_key_of(const struct seccomp_source *source, const struct seccomp_compiler *compiler,
		    struct seccomp_key *ret);

/* True with @ret's insns and count (nothing else) when the program was there and is sound. */
bool seccomp_cache_load(struct arena *a, int cache_fd, const struct seccomp_key *key,
			struct seccomp_filter *ret);

/* Stores by rename, then removes the files above SECCOMP_CACHE_FILES that were not used for the
 * longest time. Failures are silent: the next create compiles again. */
void seccomp_cache_store(int cache_fd, const struct seccomp_key *key,
			 const struct seccomp_filter *filter);

#endif
