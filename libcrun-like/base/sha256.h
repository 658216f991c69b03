/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * SHA-256 (FIPS 180-4), for cache keys. Our own because the kernel's AF_ALG costs five system calls
 * for one digest and is missing from many kernels; no library of ours has one.
 */
#ifndef DAVIT_BASE_SHA256_H
#define DAVIT_BASE_SHA256_H

#include "util.h"

enum {
	SHA256_SIZE = 32,
	SHA256_BLOCK = 64
};

struct sha256 {
	uint32_t state[8];
	uint64_t length; /* bytes so far */
	uint8_t block[SHA256_BLOCK];
};

void sha256_begin(struct sha256 *s);
void sha256_add(struct sha256 *s, const void *data, size_t len);
void sha256_end(struct sha256 *s, uint8_t ret[static SHA256_SIZE]);

/* A digest as 64 lower-case hexadecimal digits. */
void sha256_hex(const uint8_t digest[static SHA256_SIZE], char ret[static 2 * SHA256_SIZE + 1]);

#endif
