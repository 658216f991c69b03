/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * See sha256.h. Written after FIPS 180-4, sections 4.1.2, 5 and 6.2; the names are the standard's.
 */
#include "sha256.h"

#include <string.h>

/* clang-format off */
static const uint32_t K[64] = {
	0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
	0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
	0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
	0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
	0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
	0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
	0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
	0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2,
};
/* clang-format on */

static uint32_t rotr(uint32_t x, unsigned n)
{
	return x >> n | x << (32 - n);
}

static void expand_block(const uint8_t *p, uint32_t w[static 64])
{
	for (unsigned t = 0; t < 16; t++, p += 4)
		w[t] = (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
	for (unsigned t = 16; t < 64; t++) {
		uint32_t x = w[t - 15], y = w[t - 2];
		uint32_t sigma0 = rotr(x, 7) ^ rotr(x, 18) ^ x >> 3;
		uint32_t sigma1 = rotr(y, 17) ^ rotr(y, 19) ^ y >> 10;

		w[t] = sigma1 + w[t - 7] + sigma0 + w[t - 16];
	}
}

/* One round on the eight working variables; @at says which of them is "a" now, so that none is ever
 * moved. Inlined with a constant @at, they live in registers. */
static inline __attribute__((always_inline)) void add_round(uint32_t v[static 8], unsigned at,
							    uint32_t k_and_w)
{
	uint32_t a = v[(0 - at) & 7], b = v[(1 - at) & 7], c = v[(2 - at) & 7];
	uint32_t e = v[(4 - at) & 7], f = v[(5 - at) & 7], g = v[(6 - at) & 7];
	uint32_t sum1 = rotr(e, 6) ^ rotr(e, 11) ^ rotr(e, 25);
	uint32_t t1 = v[(7 - at) & 7] + sum1 + ((e & f) ^ (~e & g)) + k_and_w;
	uint32_t sum0 = rotr(a, 2) ^ rotr(a, 13) ^ rotr(a, 22);

	v[(3 - at) & 7] += t1;
	v[(7 - at) & 7] = t1 + sum0 + ((a & b) ^ (a & c) ^ (b & c));
}

static void add_block(uint32_t state[static 8], const uint8_t *block)
{
	uint32_t w[64], v[8];

	expand_block(block, w);
	memcpy(v, state, sizeof(v));
	for (unsigned t = 0; t < 64; t += 8) {
		add_round(v, 0, K[t] + w[t]);
		add_round(v, 1, K[t + 1] + w[t + 1]);
		add_round(v, 2, K[t + 2] + w[t + 2]);
		add_round(v, 3, K[t + 3] + w[t + 3]);
		add_round(v, 4, K[t + 4] + w[t + 4]);
		add_round(v, 5, K[t + 5] + w[t + 5]);
		add_round(v, 6, K[t + 6] + w[t + 6]);
		add_round(v, 7, K[t + 7] + w[t + 7]);
	}
	for (unsigned i = 0; i < 8; i++)
		state[i] += v[i];
}

void sha256_begin(struct sha256 *s)
{
	static const uint32_t initial[8] = { 0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
					     0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19 };

	memcpy(s->state, initial, sizeof(s->state));
	s->length = 0;
}

void sha256_add(struct sha256 *s, const void *data, size_t len)
{
	const uint8_t *p = data;

	while (len) {
		size_t used = s->length % SHA256_BLOCK, n = SHA256_BLOCK - used;

		if (n > len)
			n = len;
		memcpy(s->block + used, p, n);
		s->length += n;
		p += n;
		len -= n;
		if (used + n == SHA256_BLOCK)
			add_block(s->state, s->block);
	}
}

void sha256_end(struct sha256 *s, uint8_t ret[static SHA256_SIZE])
{
	static const uint8_t padding[SHA256_BLOCK] = { 0x80 };
	uint64_t bits = s->length * 8;
	size_t used = s->length % SHA256_BLOCK;
	uint8_t length[8];

	for (unsigned i = 0; i < 8; i++)
		length[i] = (uint8_t)(bits >> (56 - 8 * i));
	sha256_add(s, padding, used < 56 ? 56 - used : SHA256_BLOCK + 56 - used);
	sha256_add(s, length, sizeof(length));
	for (unsigned i = 0; i < SHA256_SIZE; i++)
		ret[i] = (uint8_t)(s->state[i / 4] >> (24 - 8 * (i % 4)));
}

void sha256_hex(const uint8_t digest[static SHA256_SIZE], char ret[static 2 * SHA256_SIZE + 1])
{
	static const char digits[] = "0123456789abcdef";

	for (unsigned i = 0; i < SHA256_SIZE; i++) {
		ret[2 * i] = digits[digest[i] >> 4];
		ret[2 * i + 1] = digits[digest[i] & 15];
	}
	ret[2 * SHA256_SIZE] = '\0';
}
