/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Base64 (RFC 4648, section 4) to bytes. Strict: complete groups, the padding where it belongs, no
 * white space, and no bits beside the data, so that a text has one meaning.
 */
#ifndef DAVIT_BASE_BASE64_H
#define DAVIT_BASE_BASE64_H

#include "util.h"

/* The most bytes that @len characters hold. */
static inline size_t base64_room(size_t len)
{
	return len / 4 * 3;
}

/* The number of bytes written to @ret, which has room for base64_room(@len); -EINVAL. */
ssize_t base64_decode(const char *text, size_t len, uint8_t *ret);

#endif
