/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * See json_reader.h. The one file that knows yajl (unmaintained upstream, so that it can be
 * replaced in a day): its streaming callbacks, never yajl_tree, with all its memory in the arena.
 * yajl does not check its allocations, therefore ours leave by longjmp when memory is gone: nothing
 * is held outside the arena.
 *
 * Keys of the open objects lie on one stack. An object's are sorted when it ends, and equal ones
 * are neighbours then: n log n for any input, and no hash for an attacker to collide.
 */
#include "json_reader.h"

#include <setjmp.h>
#include <string.h>
#include <yajl/yajl_parse.h>

#include "base/fmt.h"
#include "json.h"
#include "json_pointer.h"
#include "json_utf8.h"

enum {
	TOKENS_MAX = 1024 * 1024,
	KEYS_FIRST = 128
};

struct key {
	const char *text;
	uint32_t len, at;
};

struct level {
	bool is_list;
	size_t count;     /* of a list: items so far, with the current one */
	size_t first_key; /* of an object, on the stack of keys */
	size_t start;     /* where it begins in the document */
};

struct json_reader {
	struct arena *arena;
	struct oci_text doc;
	json_token_fn *each;
	void *arg;
	struct err *e;
	yajl_handle yajl;
	jmp_buf no_memory;
	int result;
	bool is_complete; /* all of the text was given to yajl */
	size_t tokens;
	size_t before, end; /* the ends of the token before and of the current one */
	bool is_end;        /* the current one closes an object: it is named by its beginning */
	size_t start;       /* ... which is here */
	struct key *keys;
	size_t keys_count, keys_size;
	unsigned depth;
	struct level levels[OCI_JSON_DEPTH_MAX];
};

const char *json_kind_word(enum json_kind kind)
{
	static const char *const words[] = {
		[JSON_NULL] = "null",     [JSON_FALSE] = "boolean",    [JSON_TRUE] = "boolean",
		[JSON_NUMBER] = "number", [JSON_STRING] = "string",    [JSON_KEY] = "key",
		[JSON_OBJECT] = "object", [JSON_OBJECT_END] = "\"}\"", [JSON_LIST] = "array",
		[JSON_LIST_END] = "\"]\""
	};

	return words[kind];
}

/* yajl's memory: in the arena, with the size in front, for realloc. */

enum {
	HEAD = 16
};

static void *memory_alloc(void *ctx, size_t size)
{
	struct json_reader *r = ctx;
	char *p = size < SIZE_MAX / 2 ? arena_alloc(r->arena, size + HEAD) : NULL;

	if (!p)
		longjmp(r->no_memory, 1);
	memcpy(p, &size, sizeof(size));
	return p + HEAD;
}

static void *memory_realloc(void *ctx, void *old, size_t size)
{
	void *p = memory_alloc(ctx, size);
	size_t old_size;

	if (old) {
		memcpy(&old_size, (char *)old - HEAD, sizeof(old_size));
		memcpy(p, old, old_size < size ? old_size : size);
	}
	return p;
}

static void memory_free(void *ctx, void *p)
{
	(void)ctx;
	(void)p; /* the arena's owner frees */
}

/* Positions and pointers. */

static size_t token_start(const struct json_reader *r)
{
	size_t at = r->before;

	if (r->is_end)
		return r->start;
	while (at < r->end && strchr(" \t\r\n,:", r->doc.text[at]))
		at++;
	return at;
}

static void locate(const struct oci_text *doc, size_t offset, unsigned *ret_line,
		   unsigned *ret_column)
{
	unsigned line = 1, column = 1;

	for (size_t i = 0; i < offset && i < doc->len; i++) {
		if (doc->text[i] == '\n') {
			line++;
			column = 1;
		} else if ((doc->text[i] & 0xc0) != 0x80) { /* characters, not bytes */
			column++;
		}
	}
	*ret_line = line;
	*ret_column = column;
}

void json_position(const struct json_reader *r, unsigned *ret_line, unsigned *ret_column)
{
	locate(&r->doc, token_start(r), ret_line, ret_column);
}

const char *json_raw(const struct json_reader *r, size_t *ret_len)
{
	size_t start = token_start(r);

	*ret_len = r->end - start;
	return r->doc.text + start;
}

void json_pointer(const struct json_reader *r, const char *member, char *buf, size_t size)
{
	char number[24];
	size_t at = 0;

	buf[0] = '\0';
	for (unsigned i = 0; i < r->depth; i++) {
		const struct level *l = &r->levels[i];
		size_t keys = i + 1 < r->depth ? l[1].first_key : r->keys_count;

		if (l->is_list)
			at = json_pointer_add(buf, size, at, number,
					      fmt(number, sizeof(number), "%zu", l->count - 1));
		else if (keys > l->first_key)
			at = json_pointer_add(buf, size, at, r->keys[keys - 1].text,
					      r->keys[keys - 1].len);
	}
	if (member)
		json_pointer_add(buf, size, at, member, strlen(member));
}

static int refuse(struct json_reader *r, enum err_kind kind, size_t offset, const char *text)
{
	unsigned line, column;

	if (r->e->code)
		return -r->e->code;
	locate(&r->doc, offset, &line, &column);
	r->e->line = line;
	r->e->column = column;
	return err_kind(r->e, kind, EINVAL, "%s:%u:%u: %s", r->doc.name, line, column, text);
}

static int refuse_token(struct json_reader *r, enum err_kind kind, const char *member,
			const char *format, va_list ap)
{
	char text[sizeof(r->e->msg)];

	fmt_v(text, sizeof(text), format, ap);
	if (!r->e->code)
		json_pointer(r, member, r->e->pointer, sizeof(r->e->pointer));
	return refuse(r, kind, token_start(r), text);
}

int json_refuse(struct json_reader *r, const char *member, const char *format, ...)
{
	va_list ap;
	int result;

	va_start(ap, format);
	result = refuse_token(r, ERR_CONFIG, member, format, ap);
	va_end(ap);
	return result;
}

int json_no_memory(struct json_reader *r)
{
	return err_set(r->e, ENOMEM, "read %s", r->doc.name);
}

/* The text is not the JSON that we accept; @format is about the current token. */
static int refuse_json(struct json_reader *r, const char *format, ...) PRINTF_LIKE(2, 3);
static int refuse_json(struct json_reader *r, const char *format, ...)
{
	va_list ap;
	int result;

	va_start(ap, format);
	result = refuse_token(r, ERR_JSON, NULL, format, ap);
	va_end(ap);
	return result;
}

/* yajl's callbacks: they return 1 to go on and 0 to stop. */

static int stop(struct json_reader *r, int result)
{
	r->result = result;
	return 0;
}

static int deliver(struct json_reader *r, enum json_kind kind, const void *text, size_t len)
{
	struct json_token t = { kind, text, len };
	int result = r->each(r, r->arg, &t);

	return result ? stop(r, result) : 1;
}

static void advance(struct json_reader *r)
{
	r->before = r->end;
	/* A number that the text ends with is seen only when yajl is told so, and then it counts
	 * from something of its own. */
	r->end = r->is_complete ? r->doc.len : yajl_get_bytes_consumed(r->yajl);
	r->is_end = false;
}

static bool is_in_document(const struct json_reader *r, const char *text)
{
	return text >= r->doc.text && text < r->doc.text + r->doc.len;
}

/* yajl hands a string that has escapes over from a buffer of its own. */
static const char *string_fault(const struct json_reader *r, const void *text)
{
	size_t len;
	const char *raw;

	if (is_in_document(r, text))
		return NULL;
	raw = json_raw(r, &len);
	return json_escapes_fault(raw, len);
}

static int on_value(struct json_reader *r, enum json_kind kind, const void *text, size_t len)
{
	struct level *top = r->depth ? &r->levels[r->depth - 1] : NULL;
	const char *fault;

	advance(r);
	if (!top && kind != JSON_OBJECT)
		return stop(r, refuse_json(r, "expected object, found %s", json_kind_word(kind)));
	if (top && top->is_list)
		top->count++;
	if (++r->tokens > TOKENS_MAX)
		return stop(r, refuse_json(r, "more than %d values", TOKENS_MAX));
	fault = kind == JSON_STRING ? string_fault(r, text) : NULL;
	if (fault)
		return stop(r, refuse_json(r, "%s", fault));
	return deliver(r, kind, text, len);
}

static int on_null(void *ctx)
{
	return on_value(ctx, JSON_NULL, NULL, 0);
}

static int on_boolean(void *ctx, int value)
{
	return on_value(ctx, value ? JSON_TRUE : JSON_FALSE, NULL, 0);
}

static int on_number(void *ctx, const char *text, size_t len)
{
	return on_value(ctx, JSON_NUMBER, text, len);
}

static int on_string(void *ctx, const unsigned char *text, size_t len)
{
	return on_value(ctx, JSON_STRING, text, len);
}

static int open_level(struct json_reader *r, enum json_kind kind)
{
	if (!on_value(r, kind, NULL, 0))
		return 0;
	if (r->depth == OCI_JSON_DEPTH_MAX)
		return stop(r, refuse_json(r, "nested deeper than %d levels", OCI_JSON_DEPTH_MAX));
	r->levels[r->depth++] = (struct level){ .is_list = kind == JSON_LIST,
						.first_key = r->keys_count,
						.start = r->end - 1 };
	return 1;
}

static int on_start_map(void *ctx)
{
	return open_level(ctx, JSON_OBJECT);
}

static int on_start_array(void *ctx)
{
	return open_level(ctx, JSON_LIST);
}

static void push_key(struct json_reader *r, const char *text, size_t len, size_t at)
{
	if (r->keys_count == r->keys_size) {
		size_t size = r->keys_size ? r->keys_size * 2 : KEYS_FIRST;
		struct key *keys = arena_array(r->arena, size, sizeof(*keys));

		if (!keys)
			longjmp(r->no_memory, 1);
		if (r->keys_count)
			memcpy(keys, r->keys, r->keys_count * sizeof(*keys));
		r->keys = keys;
		r->keys_size = size;
	}
	r->keys[r->keys_count++] = (struct key){ text, len, at };
}

static int on_map_key(void *ctx, const unsigned char *key, size_t len)
{
	struct json_reader *r = ctx;
	const char *text = (const char *)key, *fault;
	size_t at;

	advance(r);
	if (is_in_document(r, text)) {
		at = text - r->doc.text - 1;
	} else {
		at = token_start(r);
		text = arena_strndup(r->arena, text, len);
		if (!text)
			longjmp(r->no_memory, 1);
	}
	push_key(r, text, len, at);
	fault = string_fault(r, key);
	if (fault)
		return stop(r, refuse_json(r, "%s", fault));
	if (++r->tokens > TOKENS_MAX)
		return stop(r, refuse_json(r, "more than %d values", TOKENS_MAX));
	return deliver(r, JSON_KEY, text, len);
}

static int compare_keys(const void *a, const void *b)
{
	const struct key *x = a, *y = b;
	int order;

	if (x->len != y->len)
		return x->len < y->len ? -1 : 1;
	order = memcmp(x->text, y->text, x->len);
	return order ? order : x->at < y->at ? -1 : 1;
}

/* The second of the first pair of equal keys in the current object. */
static const struct key *find_duplicate(struct json_reader *r)
{
	size_t first = r->levels[r->depth - 1].first_key;
	struct key *keys = r->keys + first, *found = NULL;
	size_t count = r->keys_count - first;

	if (count < 2)
		return NULL;
	qsort(keys, count, sizeof(*keys), compare_keys);
	for (size_t i = 1; i < count; i++)
		if (keys[i].len == keys[i - 1].len &&
		    !memcmp(keys[i].text, keys[i - 1].text, keys[i].len) &&
		    (!found || keys[i].at < found->at))
			found = &keys[i];
	return found;
}

int json_refuse_duplicate(struct json_reader *r)
{
	return refuse_json(r, "duplicate key");
}

static int refuse_duplicate(struct json_reader *r, struct key key)
{
	/* It becomes the object's current key: the pointer shall name it. */
	r->keys[r->keys_count - 1] = key;
	r->is_end = true;
	r->start = key.at;
	return json_refuse_duplicate(r);
}

static void close_level(struct json_reader *r)
{
	const struct level *top = &r->levels[--r->depth];

	r->keys_count = top->first_key;
	r->is_end = true;
	r->start = top->start;
}

static int on_end_map(void *ctx)
{
	struct json_reader *r = ctx;
	const struct key *duplicate = find_duplicate(r);

	if (duplicate)
		return stop(r, refuse_duplicate(r, *duplicate));
	advance(r);
	close_level(r);
	return deliver(r, JSON_OBJECT_END, NULL, 0);
}

static int on_end_array(void *ctx)
{
	struct json_reader *r = ctx;

	advance(r);
	close_level(r);
	return deliver(r, JSON_LIST_END, NULL, 0);
}

static const yajl_callbacks callbacks = {
	.yajl_null = on_null,
	.yajl_boolean = on_boolean,
	.yajl_number = on_number, /* the text: yajl's own numbers saturate silently */
	.yajl_string = on_string,
	.yajl_start_map = on_start_map,
	.yajl_map_key = on_map_key,
	.yajl_end_map = on_end_map,
	.yajl_start_array = on_start_array,
	.yajl_end_array = on_end_array,
};

/* Where the text went wrong. yajl names the byte itself for most errors, the byte behind it for one
 * of the lexer's, and the byte behind the token for most of the parser's. */
static size_t syntax_offset(struct json_reader *r, const char *words)
{
	size_t end = yajl_get_bytes_consumed(r->yajl), start;

	if (!strncmp(words, "lexical error: invalid char in ", 31) && end)
		return end - 1;
	if (strncmp(words, "parse", 5) != 0 || !strncmp(words, "parse error: after ", 19) || !end)
		return end;
	r->before = r->end;
	r->end = end;
	r->is_end = false;
	start = token_start(r);
	return start < end ? start : end - 1;
}

/* yajl's words are "lexical error: ....\n" and "parse error: ....\n". */
static int refuse_syntax(struct json_reader *r, bool is_at_end)
{
	const char *words = (const char *)yajl_get_error(r->yajl, 0, NULL, 0);
	char text[sizeof(r->e->msg)];

	if (!words)
		words = "parse error";
	fmt(text, sizeof(text), "%.*s", (int)strcspn(words, "\n"), words);
	return refuse(r, ERR_JSON, is_at_end ? r->doc.len : syntax_offset(r, words), text);
}

static int parse(struct json_reader *r)
{
	yajl_alloc_funcs memory = { memory_alloc, memory_realloc, memory_free, r };
	yajl_status status;

	r->yajl = yajl_alloc(&callbacks, &memory, r);
	yajl_config(r->yajl, yajl_dont_validate_strings, 1); /* done, and done better */
	status = yajl_parse(r->yajl, (const unsigned char *)r->doc.text, r->doc.len);
	if (status == yajl_status_client_canceled)
		return r->result;
	if (status != yajl_status_ok)
		return refuse_syntax(r, false);
	r->is_complete = true;
	status = yajl_complete_parse(r->yajl);
	if (status == yajl_status_client_canceled)
		return r->result;
	return status == yajl_status_ok ? 0 : refuse_syntax(r, true);
}

/* What can be said of the bytes alone. */
static int check_bytes(struct json_reader *r)
{
	size_t at;

	if (r->doc.len > OCI_JSON_SIZE_MAX + OCI_STATE_ROOM)
		return err_kind(r->e, ERR_JSON, EFBIG, "%s: %zu bytes, more than %d", r->doc.name,
				r->doc.len, OCI_JSON_SIZE_MAX + OCI_STATE_ROOM);
	if (r->doc.len >= 3 && !memcmp(r->doc.text, "\xef\xbb\xbf", 3))
		return refuse(r, ERR_JSON, 0, "byte order mark");
	at = json_utf8_scan(r->doc.text, r->doc.len);
	if (at < r->doc.len)
		return refuse(r, ERR_JSON, at, r->doc.text[at] ? "invalid UTF-8" : "NUL byte");
	return 0;
}

int json_read(struct arena *a, const struct oci_text *doc, json_token_fn *each, void *arg,
	      struct err *e)
{
	struct json_reader *r = arena_new(a, struct json_reader);
	int result;

	if (!r)
		return err_set(e, ENOMEM, "read %s", doc->name);
	r->arena = a;
	r->doc = *doc;
	r->each = each;
	r->arg = arg;
	r->e = e;
	result = check_bytes(r);
	if (result)
		return result;
	if (setjmp(r->no_memory))
		return err_set(e, ENOMEM, "read %s", doc->name);
	return parse(r);
}
