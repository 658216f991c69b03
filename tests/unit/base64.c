/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * base/base64: the vectors of RFC 4648, and what is not base64.
 */
#include "base/base64.h"

#include <string.h>

#include "test.h"

TEST(vectors)
{
	static const struct {
		const char *text, *bytes;
	} vectors[] = {
		{ "", "" },
		{ "Zg==", "f" },
		{ "Zm8=", "fo" },
		{ "Zm9v", "foo" },
		{ "Zm9vYg==", "foob" },
		{ "Zm9vYmE=", "fooba" },
		{ "Zm9vYmFy", "foobar" },
		{ "+/+/", "\xfb\xff\xbf" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(vectors); i++) {
		uint8_t buf[16];
		size_t len = strlen(vectors[i].text);
		ssize_t n = base64_decode(vectors[i].text, len, buf);

		CHECK_INT(n, (long)strlen(vectors[i].bytes));
		CHECK(n >= 0 && (size_t)n <= base64_room(len));
		CHECK(n >= 0 && memcmp(buf, vectors[i].bytes, (size_t)n) == 0);
	}
}

TEST(refusals)
{
	static const char *const bad[] = { "Z",      "Zg",   "Zg=",  "Zg==Zg==", "Z===", "====",
					   "Zm9v\n", "Zm 9", "Zm-_", "Zh==",     "Zm9=" };

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		uint8_t buf[16];

		CHECK_INT(base64_decode(bad[i], strlen(bad[i]), buf), -EINVAL);
	}
}
