/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * JSON that has no struct: members are added one after the other, each named by its path,
 * "cpu/usage/total". Objects are opened and closed as the paths ask for it, so the members of one
 * object have to come in a row. A component of digits alone is an index: what is around it is a
 * list. An object nobody added to does not appear, which is what figures of a missing controller
 * want.
 */
#ifndef DAVIT_OCI_JSON_PATHS_H
#define DAVIT_OCI_JSON_PATHS_H

#include "base/arena.h"
#include "base/util.h"

struct json_paths;

/* NULL: no memory; so is what json_paths_end() gives when memory went out later. */
struct json_paths *json_paths_new(struct arena *a, bool pretty);
void json_paths_unsigned(struct json_paths *p, const char *path, uint64_t value);
void json_paths_bool(struct json_paths *p, const char *path, bool value);
void json_paths_string(struct json_paths *p, const char *path, const char *text);
/* @raw is JSON itself: "[]", "0.25". */
void json_paths_raw(struct json_paths *p, const char *path, const char *raw);
char *json_paths_end(struct json_paths *p, size_t *ret_len);

#endif
