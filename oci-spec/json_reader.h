/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Reads JSON text as a stream of tokens, and is strict about it: 64 MiB, 64 levels, an object at
 * the top, no duplicate key at any level, no NUL in a string, valid UTF-8, no comments, nothing
 * behind the closing brace. The reader keeps the path to the current token, so that whoever
 * receives the tokens can name pointer, line and column of what it refuses. Knows nothing of
 * containers.
 */
#ifndef DAVIT_OCI_JSON_READER_H
#define DAVIT_OCI_JSON_READER_H

#include "base/arena.h"
#include "base/err.h"
#include "json.h"

enum json_kind {
	JSON_NULL,
	JSON_FALSE,
	JSON_TRUE,
	JSON_NUMBER,
	JSON_STRING,
	JSON_KEY,
	JSON_OBJECT,
	JSON_OBJECT_END,
	JSON_LIST,
	JSON_LIST_END
};

/* @text is not terminated, and lives until the next token; of strings, keys and numbers only. */
struct json_token {
	enum json_kind kind;
	const char *text;
	size_t len;
};

struct json_reader;

/* Receives each token. Goes on for 0; stops for a negative errno (with the error set) and for a
 * positive number (which json_read() returns). */
typedef int json_token_fn(struct json_reader *r, void *arg, const struct json_token *t);

int json_read(struct arena *a, const struct oci_text *doc, json_token_fn *each, void *arg,
	      struct err *e);

/* To be called while a token is handled, about that token: */

/* Refuses it (kind ERR_CONFIG). @member, when not NULL, is appended to the pointer. */
int json_refuse(struct json_reader *r, const char *member, const char *format, ...)
	PRINTF_LIKE(3, 4);
/* Refuses it (kind ERR_JSON): a key that its object has had already. */
int json_refuse_duplicate(struct json_reader *r);
/* The receiver has no memory for it. */
int json_no_memory(struct json_reader *r);
/* Its pointer (json_pointer.h). */
void json_pointer(const struct json_reader *r, const char *member, char *buf, size_t size);
void json_position(const struct json_reader *r, unsigned *ret_line, unsigned *ret_column);
/* Its text as it stands in the document: free of control characters. */
const char *json_raw(const struct json_reader *r, size_t *ret_len);

/* "array", "string", ... for messages. */
const char *json_kind_word(enum json_kind kind);

#endif
