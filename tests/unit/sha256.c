/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * base/sha256: the vectors of FIPS 180-4's examples, and pieces of every length.
 */
#include "base/sha256.h"

#include "test.h"

static const char *hash(const char *data, size_t len, size_t piece)
{
	static char hex[2 * SHA256_SIZE + 1];
	uint8_t digest[SHA256_SIZE];
	struct sha256 s;

	sha256_begin(&s);
	for (size_t at = 0; at < len; at += piece)
		sha256_add(&s, data + at, len - at < piece ? len - at : piece);
	sha256_end(&s, digest);
	sha256_hex(digest, hex);
	return hex;
}

TEST(vectors_of_the_standard)
{
	static const char two_blocks[] = "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq";
	static char million[1000000];

	CHECK_STR(hash("", 0, 1),
		  "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
	CHECK_STR(hash("abc", 3, 3),
		  "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
	CHECK_STR(hash(two_blocks, sizeof(two_blocks) - 1, 100),
		  "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
	memset(million, 'a', sizeof(million));
	CHECK_STR(hash(million, sizeof(million), sizeof(million)),
		  "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

TEST(pieces_do_not_matter)
{
	char data[200], whole[2 * SHA256_SIZE + 1];

	for (size_t i = 0; i < sizeof(data); i++)
		data[i] = (char)i;
	for (size_t len = 0; len <= sizeof(data); len++) {
		strcpy(whole, hash(data, len, sizeof(data)));
		CHECK_STR(hash(data, len, 1), whole);
		CHECK_STR(hash(data, len, 63), whole);
	}
}
