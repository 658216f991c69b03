/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * See systemd.h. The tokens are those of gvariant.h; what does not fit its signature is refused.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "helpers/systemd.h"

enum {
	DEPTH_MAX = 12
};

const char *request_next(const struct request *r, const char **at)
{
	const char *token = *at;

	if (token >= r->text + r->len)
		return NULL;
	*at += strlen(token) + 1;
	return token;
}

static int append_value(sd_bus_message *m, const struct request *r, const char **at,
			const char *sig, size_t *ret_sig_len, int depth);

static int append_signed(sd_bus_message *m, char type, const char *text)
{
	char *end;
	long long n;

	errno = 0;
	n = strtoll(text, &end, 10);
	if (errno || *end || end == text)
		return -EBADMSG;
	switch (type) {
	case 'n':
		return sd_bus_message_append(m, "n", (int16_t)n);
	case 'i':
		return sd_bus_message_append(m, "i", (int32_t)n);
	default:
		return sd_bus_message_append(m, "x", (int64_t)n);
	}
}

static int append_unsigned(sd_bus_message *m, char type, const char *text)
{
	unsigned long long n;
	char *end;

	errno = 0;
	n = strtoull(text, &end, 10);
	if (errno || *end || end == text || *text == '-')
		return -EBADMSG;
	switch (type) {
	case 'y':
		return sd_bus_message_append(m, "y", (uint8_t)n);
	case 'q':
		return sd_bus_message_append(m, "q", (uint16_t)n);
	case 'u':
		return sd_bus_message_append(m, "u", (uint32_t)n);
	default:
		return sd_bus_message_append(m, "t", (uint64_t)n);
	}
}

static int append_double(sd_bus_message *m, const char *text)
{
	char *end;
	double n = strtod(text, &end);

	return *end || end == text ? -EBADMSG : sd_bus_message_append(m, "d", n);
}

static int append_basic(sd_bus_message *m, char type, const char *token)
{
	static const char no[] = "false", yes[] = "true";

	if (!token || *token != '=')
		return -EBADMSG;
	token++;
	switch (type) {
	case 'b':
		if (strcmp(token, yes) != 0 && strcmp(token, no) != 0)
			return -EBADMSG;
		return sd_bus_message_append(m, "b", strcmp(token, yes) == 0);
	case 'n':
	case 'i':
	case 'x':
		return append_signed(m, type, token);
	case 'y':
	case 'q':
	case 'u':
	case 't':
		return append_unsigned(m, type, token);
	case 'd':
		return append_double(m, token);
	case 's':
	case 'o':
	case 'g':
		return sd_bus_message_append_basic(m, type, token);
	default:
		return -EBADMSG;
	}
}

/* The length of the first complete type; 0: there is none. */
static size_t type_len(const char *sig, int depth)
{
	size_t at = 1, len;
	char close;

	if (!*sig || depth > DEPTH_MAX)
		return 0;
	if (*sig == 'a') {
		len = type_len(sig + 1, depth + 1);
		return len ? len + 1 : 0;
	}
	if (*sig != '(' && *sig != '{')
		return strchr("bynqiuxtdsogv", *sig) ? 1 : 0;
	for (close = *sig == '(' ? ')' : '}'; sig[at] != close; at += len) {
		len = type_len(sig + at, depth + 1);
		if (!len)
			return 0;
	}
	return at + 1;
}

static bool is_next(const struct request *r, const char *at, const char *token)
{
	return at < r->text + r->len && strcmp(at, token) == 0;
}

/* The signature between the braces of a container that is open, as text of its own. */
static int copy_signature(const char *sig, size_t len, char ret[static 256])
{
	if (len == 0 || len >= 256)
		return -EBADMSG;
	memcpy(ret, sig, len);
	ret[len] = '\0';
	return 0;
}

static int append_array(sd_bus_message *m, const struct request *r, const char **at,
			const char *sig, size_t len, int depth)
{
	char element[256];
	size_t used;
	int e = copy_signature(sig + 1, len - 1, element);

	if (e == 0 && !is_next(r, *at, "["))
		e = -EBADMSG;
	if (e == 0)
		e = sd_bus_message_open_container(m, SD_BUS_TYPE_ARRAY, element);
	request_next(r, at);
	while (e >= 0 && !is_next(r, *at, "]"))
		e = append_value(m, r, at, element, &used, depth + 1);
	if (e >= 0)
		e = request_next(r, at) ? sd_bus_message_close_container(m) : -EBADMSG;
	return e;
}

static int append_struct(sd_bus_message *m, const struct request *r, const char **at,
			 const char *sig, size_t len, int depth)
{
	char inner[256];
	const char *rest = inner;
	size_t used;
	int e = len > 2 ? copy_signature(sig + 1, len - 2, inner) : -EBADMSG;

	if (e == 0 && !is_next(r, *at, "("))
		e = -EBADMSG;
	if (e == 0)
		e = sd_bus_message_open_container(
			m, *sig == '(' ? SD_BUS_TYPE_STRUCT : SD_BUS_TYPE_DICT_ENTRY, inner);
	request_next(r, at);
	for (; e >= 0 && *rest; rest += used)
		e = append_value(m, r, at, rest, &used, depth + 1);
	if (e >= 0 && !is_next(r, *at, ")"))
		e = -EBADMSG;
	request_next(r, at);
	return e >= 0 ? sd_bus_message_close_container(m) : e;
}

static int append_variant(sd_bus_message *m, const struct request *r, const char **at, int depth)
{
	const char *token = request_next(r, at);
	size_t used;
	int e;

	if (!token || *token != '<' || type_len(token + 1, 0) != strlen(token + 1))
		return -EBADMSG;
	e = sd_bus_message_open_container(m, SD_BUS_TYPE_VARIANT, token + 1);
	if (e >= 0)
		e = append_value(m, r, at, token + 1, &used, depth + 1);
	if (e >= 0 && !is_next(r, *at, ">"))
		e = -EBADMSG;
	request_next(r, at);
	return e >= 0 ? sd_bus_message_close_container(m) : e;
}

static int append_value(sd_bus_message *m, const struct request *r, const char **at,
			const char *sig, size_t *ret_sig_len, int depth)
{
	size_t len = type_len(sig, depth);

	if (len == 0)
		return -EBADMSG;
	*ret_sig_len = len;
	if (*sig == 'a')
		return append_array(m, r, at, sig, len, depth);
	if (*sig == '(' || *sig == '{')
		return append_struct(m, r, at, sig, len, depth);
	if (*sig == 'v')
		return append_variant(m, r, at, depth);
	return append_basic(m, *sig, request_next(r, at));
}

/* Steps over the tokens of one value; they do not nest without their marks. */
int value_skip(const struct request *r, const char **at)
{
	int depth = 0;

	do {
		const char *token = request_next(r, at);

		if (!token)
			return -EBADMSG;
		if (strchr("[(<", *token) && *token)
			depth++;
		else if (strchr("])>", *token) && *token)
			depth--;
	} while (depth > 0);
	return 0;
}

size_t value_type_len(const char *sig)
{
	return type_len(sig, 0);
}

int value_append(sd_bus_message *m, const struct request *r, const char **at, const char *sig)
{
	size_t used;

	return append_value(m, r, at, sig, &used, 0);
}
