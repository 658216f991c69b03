/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Is the text clean: valid UTF-8 (no overlong form, no surrogate, nothing above U+10FFFF) and free
 * of NUL? And the same for the escapes of one string.
 */
#ifndef DAVIT_OCI_JSON_UTF8_H
#define DAVIT_OCI_JSON_UTF8_H

#include "base/util.h"

/* U+FFFD, which the encoder writes for a byte that is none. */
#define JSON_REPLACEMENT "\xef\xbf\xbd"

/* The offset of the first byte that is not clean; @len when all are. */
size_t json_utf8_scan(const char *text, size_t len);

/* What is wrong with the \u escapes of the raw string (NULL: nothing): a NUL or half of a surrogate
 * pair. */
const char *json_escapes_fault(const char *raw, size_t len);

#endif
