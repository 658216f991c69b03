/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The generic encoder: a struct that table.h describes, as JSON text in the arena. Members stand in
 * table order; absent ones are left out, empty lists and objects are kept. The buffer doubles; a
 * writer that ran out of memory swallows what follows and gives NULL at the end.
 */
#include <string.h>

#include "base/fmt.h"
#include "features.h"
#include "json_paths.h"
#include "json_utf8.h"
#include "state.h"
#include "table.h"

enum {
	BUFFER_FIRST = 4096
};

struct writer {
	struct arena *arena;
	char *buf;
	size_t len, size;
	unsigned indent;
	bool is_pretty, is_first, has_failed;
};

static bool make_room(struct writer *w, size_t more)
{
	size_t size = w->size ? w->size : BUFFER_FIRST;
	char *buf;

	if (w->has_failed)
		return false;
	if (w->len + more < w->size)
		return true;
	while (size <= w->len + more)
		size *= 2;
	buf = arena_alloc(w->arena, size);
	if (!buf) {
		w->has_failed = true;
		return false;
	}
	if (w->len)
		memcpy(buf, w->buf, w->len);
	w->buf = buf;
	w->size = size;
	return true;
}

static void put(struct writer *w, const char *text, size_t len)
{
	if (!make_room(w, len))
		return;
	memcpy(w->buf + w->len, text, len);
	w->len += len;
}

static void put_escape(struct writer *w, unsigned char c)
{
	static const char letters[] = "\"\"\\\\\bb\ff\nn\rr\tt";
	char text[8];

	for (size_t i = 0; i + 1 < sizeof(letters); i += 2) {
		if (letters[i] == (char)c) {
			put(w, (char[]){ '\\', letters[i + 1] }, 2);
			return;
		}
	}
	put(w, text, fmt(text, sizeof(text), "\\u%04x", c));
}

/* Runs without an escape are copied whole. */
static void put_run(struct writer *w, const char *s, size_t len)
{
	const char *run = s;

	for (const char *end = s + len; s < end; s++) {
		if ((unsigned char)*s >= ' ' && *s != '"' && *s != '\\')
			continue;
		put(w, run, s - run);
		put_escape(w, *s);
		run = s + 1;
	}
	put(w, run, s - run);
}

/* A path of the host may be any bytes, JSON may not: U+FFFD stands for what is no UTF-8. */
static void put_string(struct writer *w, const char *s)
{
	size_t len = strlen(s), clean;

	put(w, "\"", 1);
	while ((clean = json_utf8_scan(s, len)) < len) {
		put_run(w, s, clean);
		put(w, JSON_REPLACEMENT, sizeof(JSON_REPLACEMENT) - 1);
		s += clean + 1;
		len -= clean + 1;
	}
	put_run(w, s, len);
	put(w, "\"", 1);
}

static void new_line(struct writer *w)
{
	static const char blanks[] = "                                ";

	if (!w->is_pretty)
		return;
	put(w, "\n", 1);
	for (unsigned left = w->indent * 4; left;) {
		unsigned n = left < sizeof(blanks) - 1 ? left : sizeof(blanks) - 1;

		put(w, blanks, n);
		left -= n;
	}
}

static void open_scope(struct writer *w, const char *bracket)
{
	put(w, bracket, 1);
	w->indent++;
	w->is_first = true;
}

static void close_scope(struct writer *w, const char *bracket)
{
	w->indent--;
	if (!w->is_first)
		new_line(w);
	put(w, bracket, 1);
	w->is_first = false;
}

/* Before each item or member. */
static void next(struct writer *w)
{
	if (!w->is_first)
		put(w, ",", 1);
	w->is_first = false;
	new_line(w);
}

static void put_key(struct writer *w, const char *key)
{
	next(w);
	put_string(w, key);
	put(w, ": ", w->is_pretty ? 2 : 1);
}

/* cppcheck: the text is there before put() reads it, whichever argument comes first */
static void put_unsigned(struct writer *w, uint64_t value)
{
	char text[24];

	put(w, text, fmt(text, sizeof(text), "%llu", (unsigned long long)value));
}

static void put_signed(struct writer *w, int64_t value)
{
	char text[24];

	put(w, text, fmt(text, sizeof(text), "%lld", (long long)value));
}

static void put_bool(struct writer *w, bool value)
{
	put(w, value ? "true" : "false", value ? 4 : 5);
}

static void put_object(struct writer *w, const struct oci_object *object, const char *base);

static void put_item(struct writer *w, const struct oci_field *f, const char *item)
{
	if (f->type == OCI_STRINGS)
		put_string(w, *(const char *const *)item);
	else if (f->type == OCI_U32S)
		put_unsigned(w, *(const uint32_t *)item);
	else if (f->type == OCI_MAP)
		put_string(w, ((const struct oci_pair *)item)->value);
	else
		put_object(w, f->object, item);
}

static void put_items(struct writer *w, const struct oci_field *f, const struct oci_list *list)
{
	bool is_map = f->type == OCI_MAP || f->type == OCI_OBJECT_MAP;

	open_scope(w, is_map ? "{" : "[");
	for (size_t i = 0; i < list->count; i++) {
		const char *item = list->items + i * oci_item_size(f);

		if (is_map)
			put_key(w, *(const char *const *)item);
		else
			next(w);
		put_item(w, f, item);
	}
	close_scope(w, is_map ? "}" : "]");
}

static void put_value(struct writer *w, const struct oci_field *f, const void *value)
{
	switch (f->type) {
	case OCI_BOOL:
		put_bool(w, *(const bool *)value);
		break;
	case OCI_STRING:
		put_string(w, value);
		break;
	case OCI_U16:
		put_unsigned(w, *(const uint16_t *)value);
		break;
	case OCI_I32:
		put_signed(w, *(const int32_t *)value);
		break;
	case OCI_U32:
		put_unsigned(w, *(const uint32_t *)value);
		break;
	case OCI_I64:
		put_signed(w, *(const int64_t *)value);
		break;
	case OCI_U64:
		put_unsigned(w, *(const uint64_t *)value);
		break;
	case OCI_OBJECT:
		put_object(w, f->object, value);
		break;
	case OCI_STRINGS:
	case OCI_U32S:
	case OCI_OBJECTS:
	case OCI_MAP:
	case OCI_OBJECT_MAP:
	default:
		put_items(w, f, value);
	}
}

static void put_object(struct writer *w, const struct oci_object *object, const char *base)
{
	open_scope(w, "{");
	for (size_t i = 0; i < object->count; i++) {
		const struct oci_field *f = &object->fields[i];
		const void *value = oci_field_value(f, base);

		if (!value)
			continue;
		put_key(w, f->name);
		put_value(w, f, value);
	}
	close_scope(w, "}");
}

char *oci_encode(struct arena *a, const struct oci_object *object, const void *base, bool pretty,
		 size_t *ret_len)
{
	struct writer w = { .arena = a, .is_pretty = pretty };

	put_object(&w, object, base);
	if (pretty)
		put(&w, "\n", 1);
	put(&w, "", 1);
	if (w.has_failed)
		return NULL;
	if (ret_len)
		*ret_len = w.len - 1;
	return w.buf;
}

/* The documents. */

char *oci_config_encode(struct arena *a, const struct oci_config *c, bool pretty, size_t *ret_len)
{
	return oci_encode(a, &oci_config_object, c, pretty, ret_len);
}

char *oci_process_encode(struct arena *a, const struct oci_process *p, bool pretty, size_t *ret_len)
{
	return oci_encode(a, &oci_process_object, p, pretty, ret_len);
}

char *oci_state_encode(struct arena *a, const struct oci_state *s, bool pretty, size_t *ret_len)
{
	return oci_encode(a, &oci_state_object, s, pretty, ret_len);
}

char *oci_process_state_encode(struct arena *a, const struct oci_process_state *s, size_t *ret_len)
{
	return oci_encode(a, &oci_process_state_object, s, false, ret_len);
}

char *davit_state_encode(struct arena *a, const struct davit_state *s, size_t *ret_len)
{
	return oci_encode(a, &davit_state_object, s, true, ret_len);
}

char *oci_features_encode(struct arena *a, const struct oci_features *f, bool pretty,
			  size_t *ret_len)
{
	return oci_encode(a, &oci_features_object, f, pretty, ret_len);
}

/* --- members by paths (json_paths.h) --------------------------------------------------------- */

enum {
	PATH_SIZE = 192,
	PATH_DEPTH = 16
};

struct json_paths {
	struct writer w;
	char open[PATH_SIZE]; /* the scopes that are open below the outermost, "cpu/usage/" */
	bool is_list[PATH_DEPTH];
	size_t depth;
};

struct json_paths *json_paths_new(struct arena *a, bool pretty)
{
	struct json_paths *p = arena_new(a, struct json_paths);

	if (!p)
		return NULL;
	p->w = (struct writer){ .arena = a, .is_pretty = pretty };
	open_scope(&p->w, "{");
	return p;
}

/* How much of the open scopes @path goes on in. */
static size_t shared_scopes(const char *open, const char *path)
{
	size_t shared = 0;

	for (size_t i = 0; open[i] && open[i] == path[i]; i++)
		if (open[i] == '/')
			shared = i + 1;
	return shared;
}

static bool is_index(const char *component)
{
	size_t digits = strspn(component, "0123456789");

	return digits > 0 && (component[digits] == '/' || !component[digits]);
}

static void close_scopes(struct json_paths *p, size_t shared)
{
	for (const char *at = p->open + shared; *at; at++)
		if (*at == '/')
			close_scope(&p->w, p->is_list[p->depth--] ? "]" : "}");
	p->open[shared] = '\0';
}

/* The name of a member, or the place in a list. */
static void put_component(struct json_paths *p, const char *name, size_t len)
{
	char text[PATH_SIZE];

	if (p->is_list[p->depth]) {
		next(&p->w);
		return;
	}
	memcpy(text, name, len);
	text[len] = '\0';
	put_key(&p->w, text);
}

/* Everything up to the value; false: the path cannot be. */
static bool go_to(struct json_paths *p, const char *path)
{
	size_t shared = shared_scopes(p->open, path), len;

	if (strlen(path) >= PATH_SIZE) {
		p->w.has_failed = true;
		return false;
	}
	close_scopes(p, shared);
	for (const char *at = path + shared;; at += len + 1) {
		len = strcspn(at, "/");
		put_component(p, at, len);
		if (!at[len])
			break;
		if (p->depth + 1 == PATH_DEPTH) {
			p->w.has_failed = true;
			return false;
		}
		p->is_list[++p->depth] = is_index(at + len + 1);
		open_scope(&p->w, p->is_list[p->depth] ? "[" : "{");
		memcpy(p->open, path, (size_t)(at - path) + len + 1);
		p->open[(size_t)(at - path) + len + 1] = '\0';
	}
	return true;
}

void json_paths_unsigned(struct json_paths *p, const char *path, uint64_t value)
{
	if (go_to(p, path))
		put_unsigned(&p->w, value);
}

void json_paths_bool(struct json_paths *p, const char *path, bool value)
{
	if (go_to(p, path))
		put_bool(&p->w, value);
}

void json_paths_string(struct json_paths *p, const char *path, const char *text)
{
	if (go_to(p, path))
		put_string(&p->w, text);
}

void json_paths_raw(struct json_paths *p, const char *path, const char *raw)
{
	if (go_to(p, path))
		put(&p->w, raw, strlen(raw));
}

char *json_paths_end(struct json_paths *p, size_t *ret_len)
{
	close_scopes(p, 0);
	close_scope(&p->w, "}");
	if (p->w.is_pretty)
		put(&p->w, "\n", 1);
	put(&p->w, "", 1);
	if (p->w.has_failed)
		return NULL;
	*ret_len = p->w.len - 1;
	return p->w.buf;
}
