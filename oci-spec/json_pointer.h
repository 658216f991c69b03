/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * JSON pointers (RFC 6901) for messages: "~" and "/" of a key are escaped; control characters are
 * replaced by "?", so that a message stays on one line; what does not fit in the buffer (of 16
 * bytes at least) is replaced by dots.
 */
#ifndef DAVIT_OCI_JSON_POINTER_H
#define DAVIT_OCI_JSON_POINTER_H

#include "base/util.h"

/* Appends "/key" to the @at bytes in @buf; returns the new length. */
size_t json_pointer_add(char *buf, size_t size, size_t at, const char *key, size_t len);

/* The pointer @above with a key of a map below it. Lives as long as POINTER() does. */
const char *json_pointer_below(char buf[static 128], const char *above, const char *key);
#define BELOW(above, key) json_pointer_below((char[128]){ 0 }, (above), (key))

#endif
