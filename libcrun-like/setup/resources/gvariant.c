/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * See gvariant.h. By recursive descent, with a depth that ends. A number without a type is an
 * int32, or a double when it has a point, as everywhere with this format; each element of an array
 * has the type of the first.
 */
#include "setup/resources/gvariant.h"

#include <string.h>

#include "base/fmt.h"

enum {
	DEPTH_MAX = 8,
	NUMBER_SIZE = 32
};

struct parser {
	const char *at;
	char *tokens;
	size_t len, size;
	const char *why;
	int depth;
};

static bool fail(struct parser *p, const char *why)
{
	if (!p->why)
		p->why = why;
	return false;
}

static bool add(struct parser *p, const char *text, size_t len)
{
	if (p->size - p->len < len)
		return fail(p, "it is too long");
	memcpy(p->tokens + p->len, text, len);
	p->len += len;
	return true;
}

static bool add_token(struct parser *p, char first, const char *text)
{
	return add(p, &first, 1) && add(p, text, strlen(text) + 1);
}

static void skip_blanks(struct parser *p)
{
	p->at += strspn(p->at, " \t\r\n");
}

static bool take(struct parser *p, char c)
{
	skip_blanks(p);
	if (*p->at != c)
		return false;
	p->at++;
	return true;
}

/* The length of the first complete type of a signature; 0: there is none. */
static size_t type_len(const char *sig, int depth)
{
	size_t len, at = 1;

	if (!*sig || depth > DEPTH_MAX)
		return 0;
	if (strchr("bynqiuxtdhsogv", *sig))
		return 1;
	if (*sig == 'a') {
		len = type_len(sig + 1, depth + 1);
		return len ? len + 1 : 0;
	}
	if (*sig != '(' && *sig != '{')
		return 0;
	while (sig[at] != (*sig == '(' ? ')' : '}')) {
		len = type_len(sig + at, depth + 1);
		if (!len)
			return 0;
		at += len;
	}
	return at > 1 ? at + 1 : 0;
}

static bool append_type(struct parser *p, char *sig, const char *type, size_t len)
{
	size_t at = strlen(sig);

	if (at + len >= GVARIANT_SIGNATURE_SIZE)
		return fail(p, "its type is too long");
	memcpy(sig + at, type, len);
	sig[at + len] = '\0';
	return true;
}

/* --- basic values ---------------------------------------------------------------------------- */

static bool is_expected(const char *expected, char type)
{
	return !expected || *expected == type;
}

static const struct range {
	char type;
	uint64_t max, min; /* of the negative ones, without their sign */
} ranges[] = {
	{ 'y', UINT8_MAX, 0 },  { 'n', INT16_MAX, INT16_MAX + UINT64_C(1) },
	{ 'q', UINT16_MAX, 0 }, { 'i', INT32_MAX, INT32_MAX + UINT64_C(1) },
	{ 'u', UINT32_MAX, 0 }, { 'x', INT64_MAX, INT64_MAX + UINT64_C(1) },
	{ 't', UINT64_MAX, 0 },
};

static bool digit_of(char c, unsigned base, unsigned *ret)
{
	if (c >= '0' && c <= '9')
		*ret = (unsigned)(c - '0');
	else if ((c | 0x20) >= 'a' && (c | 0x20) <= 'f')
		*ret = (unsigned)((c | 0x20) - 'a') + 10;
	else
		return false;
	return *ret < base;
}

static bool read_integer(const char *text, size_t len, uint64_t *ret)
{
	unsigned base = 10, digit;
	uint64_t n = 0;

	if (len > 2 && text[0] == '0' && (text[1] | 0x20) == 'x') {
		base = 16;
		text += 2;
		len -= 2;
	} else if (len > 1 && text[0] == '0') {
		base = 8;
	}
	if (!len)
		return false;
	for (; len; text++, len--)
		if (!digit_of(*text, base, &digit) ||
		    __builtin_mul_overflow(n, (uint64_t)base, &n) ||
		    __builtin_add_overflow(n, (uint64_t)digit, &n))
			return false;
	*ret = n;
	return true;
}

static bool integer(struct parser *p, char type, bool is_negative, const char *text, size_t len)
{
	char number[NUMBER_SIZE];
	uint64_t n;

	if (!read_integer(text, len, &n))
		return fail(p, "a number is not one, or too large");
	for (size_t i = 0; i < ARRAY_SIZE(ranges); i++) {
		if (ranges[i].type != type)
			continue;
		if (n > (is_negative ? ranges[i].min : ranges[i].max))
			return fail(p, "a number is not in the range of its type");
		fmt(number, sizeof(number), "%s%llu", is_negative && n ? "-" : "",
		    (unsigned long long)n);
		return add_token(p, '=', number);
	}
	return fail(p, "a number stands where something else is wanted");
}

static bool is_double(const char *text, size_t len)
{
	size_t digits = 0;

	for (size_t i = 0; i < len; i++) {
		if (!strchr("0123456789+-.eE", text[i]))
			return false;
		digits += text[i] >= '0' && text[i] <= '9';
	}
	return digits > 0;
}

static bool number(struct parser *p, const char *expected, char *sig)
{
	bool is_negative = *p->at == '-', has_sign = is_negative || *p->at == '+';
	const char *text = p->at + has_sign;
	size_t len = strspn(text, "0123456789abcdefABCDEFxX.+-");
	bool is_hex = len > 1 && (text[1] | 0x20) == 'x';
	bool has_point = !is_hex && (memchr(text, '.', len) || memchr(text, 'e', len) ||
				     memchr(text, 'E', len));
	char type = expected ? *expected : has_point ? 'd' : 'i', value[NUMBER_SIZE];

	p->at = text + len;
	if (!append_type(p, sig, &type, 1))
		return false;
	if (type != 'd')
		return integer(p, type, is_negative, text, len);
	if (len + 1 >= sizeof(value) || !is_double(text, len))
		return fail(p, "a number is not one");
	fmt(value, sizeof(value), "%s%.*s", is_negative ? "-" : "", (int)len, text);
	return add_token(p, '=', value);
}

/* @ret NULL: each byte becomes a token of its own. */
static bool quoted(struct parser *p, char *ret, size_t size)
{
	static const char names[] = "abfnrtv\\'\"\n", values[] = "\a\b\f\n\r\t\v\\'\"";
	char quote = *p->at++, c, byte[4];
	size_t len = 0;

	while ((c = *p->at++) != quote) {
		const char *name;

		if (!c)
			return fail(p, "a text has no end");
		if (c == '\\') {
			c = *p->at++;
			name = c ? strchr(names, c) : NULL;
			if (!name || *name == '\n')
				return fail(p, "a text has an unknown escape");
			c = values[name - names];
		}
		fmt(byte, sizeof(byte), "%u", (unsigned)(unsigned char)c);
		if (!ret && !add_token(p, '=', byte))
			return false;
		if (ret && len + 1 >= size)
			return fail(p, "a text is too long");
		if (ret)
			ret[len++] = c;
	}
	if (ret)
		ret[len] = '\0';
	return true;
}

static bool string(struct parser *p, const char *expected, char *sig)
{
	char type = expected ? *expected : 's', text[4096];

	if (!strchr("sog", type))
		return fail(p, "a text stands where something else is wanted");
	return append_type(p, sig, &type, 1) && quoted(p, text, sizeof(text)) &&
	       add_token(p, '=', text);
}

static bool bytestring(struct parser *p, const char *expected, char *sig)
{
	if (expected && strncmp(expected, "ay", 2) != 0)
		return fail(p, "bytes stand where something else is wanted");
	p->at++;
	/* With the NUL that closes it, as D-Bus has byte strings. */
	return append_type(p, sig, "ay", 2) && add_token(p, '[', "") && quoted(p, NULL, 0) &&
	       add_token(p, '=', "0") && add_token(p, ']', "");
}

/* --- containers ------------------------------------------------------------------------------ */

static bool value(struct parser *p, const char *expected, char *sig);

/* The elements of an array; each has the type of the first, or of what is expected. */
static bool elements(struct parser *p, char *element)
{
	while (!take(p, ']')) {
		char sig[GVARIANT_SIGNATURE_SIZE] = "";

		if (!value(p, *element ? element : NULL, sig))
			return false;
		if (*element && strcmp(element, sig) != 0)
			return fail(p, "the elements of an array differ in type");
		memcpy(element, sig, sizeof(sig));
		skip_blanks(p);
		if (*p->at != ']' && !take(p, ','))
			return fail(p, "an array has no end");
	}
	return true;
}

static bool array(struct parser *p, const char *expected, char *sig)
{
	char element[GVARIANT_SIGNATURE_SIZE] = "";

	if (!is_expected(expected, 'a'))
		return fail(p, "an array stands where something else is wanted");
	p->at++;
	if (expected && !append_type(p, element, expected + 1, type_len(expected + 1, 0)))
		return false;
	if (!add_token(p, '[', "") || !elements(p, element))
		return false;
	if (!*element)
		return fail(p, "an empty array has no type: write @as []");
	return append_type(p, sig, "a", 1) && append_type(p, sig, element, strlen(element)) &&
	       add_token(p, ']', "");
}

static bool tuple(struct parser *p, const char *expected, char *sig)
{
	const char *rest = expected ? expected + 1 : NULL;

	if (!is_expected(expected, '('))
		return fail(p, "a struct stands where something else is wanted");
	p->at++;
	if (!append_type(p, sig, "(", 1) || !add_token(p, '(', ""))
		return false;
	while (!take(p, ')')) {
		if (rest && *rest == ')')
			return fail(p, "a struct has too many members");
		if (!value(p, rest, sig))
			return false;
		rest = rest ? rest + type_len(rest, 0) : NULL;
		skip_blanks(p);
		if (*p->at != ')' && !take(p, ','))
			return fail(p, "a struct has no end");
	}
	if ((rest && *rest != ')') || sig[strlen(sig) - 1] == '(')
		return fail(p, "a struct has too few members");
	return append_type(p, sig, ")", 1) && add_token(p, ')', "");
}

/* One KEY: VALUE; @entry: "{kv}" once it is known, "" before. */
static bool dict_entry(struct parser *p, char *entry)
{
	char sig[GVARIANT_SIGNATURE_SIZE] = "{";
	const char *key = *entry ? entry + 1 : NULL;

	if (!add_token(p, '(', "") || !value(p, key, sig))
		return false;
	if (strlen(sig) != 2 || sig[1] == 'v')
		return fail(p, "a key of a dictionary is no basic value");
	if (!take(p, ':'))
		return fail(p, "a dictionary has a key without a value");
	if (!value(p, key ? key + 1 : NULL, sig) || !append_type(p, sig, "}", 1))
		return false;
	if (*entry && strcmp(entry, sig) != 0)
		return fail(p, "the entries of a dictionary differ in type");
	memcpy(entry, sig, sizeof(sig));
	return add_token(p, ')', "");
}

static bool dict(struct parser *p, const char *expected, char *sig)
{
	char entry[GVARIANT_SIGNATURE_SIZE] = "";

	if (expected && strncmp(expected, "a{", 2) != 0)
		return fail(p, "a dictionary stands where something else is wanted");
	p->at++;
	if (expected && !append_type(p, entry, expected + 1, type_len(expected + 1, 0)))
		return false;
	if (!add_token(p, '[', ""))
		return false;
	while (!take(p, '}')) {
		if (!dict_entry(p, entry))
			return false;
		skip_blanks(p);
		if (*p->at != '}' && !take(p, ','))
			return fail(p, "a dictionary has no end");
	}
	if (!*entry)
		return fail(p, "an empty dictionary has no type: write @a{sv} {}");
	return append_type(p, sig, "a", 1) && append_type(p, sig, entry, strlen(entry)) &&
	       add_token(p, ']', "");
}

/* Its type stands before its value, and is known after it. */
static bool variant(struct parser *p, const char *expected, char *sig)
{
	char inner[GVARIANT_SIGNATURE_SIZE] = "";
	size_t begin = p->len, len;

	if (!is_expected(expected, 'v'))
		return fail(p, "a variant stands where something else is wanted");
	p->at++;
	if (!value(p, NULL, inner))
		return false;
	if (!take(p, '>'))
		return fail(p, "a variant has no end");
	len = strlen(inner) + 2;
	if (!add(p, inner, len)) /* for the room alone */
		return false;
	memmove(p->tokens + begin + len, p->tokens + begin, p->len - len - begin);
	p->tokens[begin] = '<';
	memcpy(p->tokens + begin + 1, inner, len - 1);
	return append_type(p, sig, "v", 1) && add_token(p, '>', "");
}

/* --- any value ------------------------------------------------------------------------------- */

static const struct word {
	const char *name;
	char type;
} words[] = {
	{ "boolean", 'b' }, { "byte", 'y' },   { "int16", 'n' },      { "uint16", 'q' },
	{ "int32", 'i' },   { "uint32", 'u' }, { "int64", 'x' },      { "uint64", 't' },
	{ "double", 'd' },  { "string", 's' }, { "objectpath", 'o' }, { "signature", 'g' },
};

static bool keyword(struct parser *p, const char *expected, char *sig)
{
	size_t len = strspn(p->at, "abcdefghijklmnopqrstuvwxyz0123456789");
	bool is_true = len == 4 && memcmp(p->at, "true", 4) == 0;
	const char *word = p->at;

	if (is_true || (len == 5 && memcmp(word, "false", 5) == 0)) {
		if (!is_expected(expected, 'b'))
			return fail(p, "a boolean stands where something else is wanted");
		p->at += len;
		return append_type(p, sig, "b", 1) && add_token(p, '=', is_true ? "true" : "false");
	}
	for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
		const char type[2] = { words[i].type, '\0' };

		if (strlen(words[i].name) != len || memcmp(word, words[i].name, len) != 0)
			continue;
		if (!is_expected(expected, type[0]))
			return fail(p, "a value has another type than is wanted");
		p->at += len;
		return value(p, type, sig);
	}
	return fail(p, "it has an unknown word (texts stand in quotes)");
}

/* "@as []" */
static bool typed(struct parser *p, const char *expected, char *sig)
{
	char type[GVARIANT_SIGNATURE_SIZE] = "";
	size_t len = type_len(++p->at, 0);

	if (!len)
		return fail(p, "it has an unknown type");
	if (expected && strncmp(expected, p->at, len) != 0)
		return fail(p, "a value has another type than is wanted");
	if (!append_type(p, type, p->at, len))
		return false;
	p->at += len;
	return value(p, type, sig);
}

static bool value_at(struct parser *p, const char *expected, char *sig)
{
	skip_blanks(p);
	switch (*p->at) {
	case '@':
		return typed(p, expected, sig);
	case '\'':
	case '"':
		return string(p, expected, sig);
	case '[':
		return array(p, expected, sig);
	case '(':
		return tuple(p, expected, sig);
	case '{':
		return dict(p, expected, sig);
	case '<':
		return variant(p, expected, sig);
	case '\0':
		return fail(p, "a value is missing");
	default:
		break;
	}
	if (*p->at == 'b' && (p->at[1] == '\'' || p->at[1] == '"'))
		return bytestring(p, expected, sig);
	if (strchr("+-.0123456789", *p->at))
		return number(p, expected, sig);
	return keyword(p, expected, sig);
}

/* Appends the type to @sig. @expected may have more behind the type that is meant. */
static bool value(struct parser *p, const char *expected, char *sig)
{
	bool is_ok;

	if (++p->depth > DEPTH_MAX)
		return fail(p, "it is too deep");
	is_ok = value_at(p, expected, sig);
	p->depth--;
	return is_ok;
}

int gvariant_parse(struct arena *a, const char *text, struct gvariant *ret, const char **ret_why)
{
	/* A byte of a text becomes a token of at most five; what opens and closes has two each. */
	struct parser p = { .at = text, .size = 8 * strlen(text) + 256 };

	*ret = (struct gvariant){ 0 };
	p.tokens = arena_array(a, p.size, 1);
	if (!p.tokens)
		return -ENOMEM;
	if (value(&p, NULL, ret->signature)) {
		skip_blanks(&p);
		if (*p.at)
			fail(&p, "there is more behind its value");
	}
	if (p.why) {
		*ret_why = p.why;
		return -EINVAL;
	}
	ret->tokens = p.tokens;
	ret->len = p.len;
	return 0;
}
