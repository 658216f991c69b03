/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * See protobuf.h. A field is a key (its number and how its value is written), then the value: 7
 * bits a byte, lowest first, the top bit says that more come.
 */
#include "protobuf.h"

#include <string.h>

enum wire {
	WIRE_NUMBER = 0,
	WIRE_FIXED64 = 1,
	WIRE_BYTES = 2,
	WIRE_FIXED32 = 5
};

static void put_byte(struct protobuf *p, uint8_t byte)
{
	if (p->len < p->size)
		p->data[p->len] = byte;
	p->len++;
}

static void put_varint(struct protobuf *p, uint64_t value)
{
	for (; value > 0x7f; value >>= 7)
		put_byte(p, (uint8_t)(value | 0x80));
	put_byte(p, (uint8_t)value);
}

static void put_bytes(struct protobuf *p, unsigned field, const void *data, size_t len)
{
	const uint8_t *from = data;

	protobuf_put_header(p, field, len);
	for (size_t i = 0; i < len; i++)
		put_byte(p, from[i]);
}

void protobuf_put_header(struct protobuf *p, unsigned field, size_t len)
{
	put_varint(p, (uint64_t)field << 3 | WIRE_BYTES);
	put_varint(p, len);
}

void protobuf_put_number(struct protobuf *p, unsigned field, int64_t value)
{
	put_varint(p, (uint64_t)field << 3 | WIRE_NUMBER);
	put_varint(p, (uint64_t)value);
}

void protobuf_put_string(struct protobuf *p, unsigned field, const char *text)
{
	put_bytes(p, field, text, strlen(text));
}

void protobuf_put_message(struct protobuf *p, unsigned field, const struct protobuf *message)
{
	if (protobuf_is_whole(message))
		put_bytes(p, field, message->data, message->len);
	else
		p->len = p->size + 1;
}

static int take_varint(struct protobuf_reader *r, uint64_t *ret)
{
	uint64_t value = 0;

	for (unsigned shift = 0; shift < 64 && r->at < r->end; shift += 7) {
		uint8_t byte = *r->at++;

		value |= (uint64_t)(byte & 0x7f) << shift;
		if (!(byte & 0x80)) {
			*ret = value;
			return 0;
		}
	}
	return -EBADMSG;
}

int protobuf_next(struct protobuf_reader *r, struct protobuf_field *ret)
{
	uint64_t key, len = 0;

	if (r->at == r->end)
		return 0;
	if (take_varint(r, &key) < 0 || key >> 3 == 0 || key >> 3 > UINT32_MAX)
		return -EBADMSG;
	*ret = (struct protobuf_field){ .number = (unsigned)(key >> 3) };
	switch (key & 7) {
	case WIRE_NUMBER:
		return take_varint(r, &ret->value) < 0 ? -EBADMSG : 1;
	case WIRE_BYTES:
		if (take_varint(r, &len) < 0)
			return -EBADMSG;
		break;
	case WIRE_FIXED64:
	case WIRE_FIXED32:
		len = (key & 7) == WIRE_FIXED64 ? 8 : 4;
		break;
	default:
		return -EBADMSG;
	}
	if (len > (size_t)(r->end - r->at))
		return -EBADMSG;
	ret->data = r->at;
	ret->len = (size_t)len;
	r->at += len;
	return 1;
}

void protobuf_copy_string(const struct protobuf_field *f, char *buf, size_t size)
{
	size_t len = f->len < size - 1 ? f->len : size - 1;

	if (f->data)
		memcpy(buf, f->data, len);
	buf[f->data ? len : 0] = '\0';
}
