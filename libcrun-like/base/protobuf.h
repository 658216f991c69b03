/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The wire format of protocol buffers, as far as messages with numbers, strings and nested messages
 * need it. What the fields mean is the caller's: a message is a few of these calls, and no
 * generated code or library is wanted for them. Reading never trusts a length.
 */
#ifndef DAVIT_BASE_PROTOBUF_H
#define DAVIT_BASE_PROTOBUF_H

#include "util.h"

/* A message that is being written into the caller's memory. What does not fit is counted in @len
 * and left out. */
struct protobuf {
	uint8_t *data;
	size_t size, len;
};

/* Booleans and enumerations too; a negative number takes ten bytes. */
void protobuf_put_number(struct protobuf *p, unsigned field, int64_t value);
void protobuf_put_string(struct protobuf *p, unsigned field, const char *text);
void protobuf_put_message(struct protobuf *p, unsigned field, const struct protobuf *message);
/* The header of a nested message of @len bytes, which are to follow. */
void protobuf_put_header(struct protobuf *p, unsigned field, size_t len);

static inline bool protobuf_is_whole(const struct protobuf *p)
{
	return p->len <= p->size;
}

struct protobuf_field {
	unsigned number;
	uint64_t value;      /* of a number */
	const uint8_t *data; /* of a string or message; NULL: it is a number */
	size_t len;
};

struct protobuf_reader {
	const uint8_t *at, *end;
};

/* 1: a field; 0: the end; -EBADMSG. */
int protobuf_next(struct protobuf_reader *r, struct protobuf_field *ret);
/* The string of a field, cut to fit. */
void protobuf_copy_string(const struct protobuf_field *f, char *buf, size_t size);

#endif
