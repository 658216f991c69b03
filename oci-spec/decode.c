/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The generic decoder: tokens of json_reader.h into the structs that table.h describes, in one
 * pass, with all memory in the arena. A frame is an open object, list or map that the tables know;
 * everything below an unknown key is only counted (the reader still checks it). Frames point into
 * structs that stay where they are: a list grows only between two of its items.
 */
#include <string.h>
#include <strings.h>

#include "base/fmt.h"
#include "features.h"
#include "json_reader.h"
#include "state.h"
#include "table.h"

enum {
	ITEMS_FIRST = 4
};

struct frame {
	const struct oci_object *object; /* of an object; NULL: a list or a map */
	const struct oci_field *member;  /* of an object: its next value's row; of a list or map:
					    the list's own row */
	char *base;                      /* the struct, or the struct oci_list */
	size_t capacity;
	uint64_t named; /* of an object: rows whose key was there */
	uint64_t seen;  /* ... with a value */
	uint64_t cased; /* ... in other letters: it is unknown */
};

struct decoder {
	struct arena *arena;
	const struct oci_object *object;
	const struct oci_document *doc;
	void *root;
	struct err *e;
	unsigned skip; /* open objects and lists below an unknown key */
	unsigned depth;
	struct frame frames[OCI_JSON_DEPTH_MAX];
};

struct integer {
	bool is_signed;
	unsigned size;
	uint64_t most, least; /* least: the magnitude of the smallest value */
	const char *range;
};

static const struct integer integers[] = {
	[OCI_U16] = { false, 2, UINT16_MAX, 0, "0 to 65535" },
	[OCI_I32] = { true, 4, INT32_MAX, 1ULL << 31, "-2147483648 to 2147483647" },
	[OCI_U32] = { false, 4, UINT32_MAX, 0, "0 to 4294967295" },
	[OCI_I64] = { true, 8, INT64_MAX, 1ULL << 63,
		      "-9223372036854775808 to 9223372036854775807" },
	[OCI_U64] = { false, 8, UINT64_MAX, 0, "0 to 18446744073709551615" },
};

static const char *const expected_words[] = {
	[OCI_BOOL] = "boolean",      [OCI_STRING] = "string", [OCI_U16] = "integer",
	[OCI_I32] = "integer",       [OCI_U32] = "integer",   [OCI_I64] = "integer",
	[OCI_U64] = "integer",       [OCI_OBJECT] = "object", [OCI_STRINGS] = "array",
	[OCI_U32S] = "array",        [OCI_OBJECTS] = "array", [OCI_MAP] = "object",
	[OCI_OBJECT_MAP] = "object",
};

static int refuse_type(struct json_reader *r, enum oci_type type, enum json_kind kind)
{
	return json_refuse(r, NULL, "expected %s, found %s", expected_words[type],
			   json_kind_word(kind));
}

/* Refuses the current token, whose text the message quotes (cut at 40 bytes, between characters).
 */
static int refuse_value(struct json_reader *r, const char *fault, const char *expected)
{
	size_t len;
	const char *raw = json_raw(r, &len);
	bool is_cut = len > 40;

	for (len = is_cut ? 40 : len; is_cut && len && (raw[len] & 0xc0) == 0x80; len--)
		;
	return json_refuse(r, NULL, "%sexpected %s, found %.*s%s", fault ? fault : "", expected,
			   (int)len, raw, is_cut ? "..." : "");
}

/* Exact, and by hand: neither a double in between nor a silent limit. */
static bool parse_integer(const char *text, size_t len, const struct integer *type, uint64_t *ret)
{
	bool is_negative = len && text[0] == '-';
	uint64_t value = 0;

	for (size_t i = is_negative; i < len; i++) {
		if (text[i] < '0' || text[i] > '9')
			return false;
		if (__builtin_mul_overflow(value, 10ULL, &value) ||
		    __builtin_add_overflow(value, (uint64_t)(text[i] - '0'), &value))
			return false;
	}
	if (value > (is_negative ? type->least : type->most))
		return false;
	*ret = is_negative ? -value : value;
	return true;
}

static void store_integer(void *dest, unsigned size, uint64_t value)
{
	uint16_t half = value;
	uint32_t word = value;

	memcpy(dest, size == 2 ? (void *)&half : size == 4 ? (void *)&word : (void *)&value, size);
}

static int decode_integer(struct decoder *d, struct json_reader *r, const struct oci_field *f,
			  void *dest, const struct json_token *t)
{
	const struct integer *type = &integers[f->type == OCI_U32S ? OCI_U32 : f->type];
	bool is_plain = f->type == OCI_U32S || f->flags & OCI_PLAIN;
	void *place = dest;
	char expected[80];
	uint64_t value;

	if (t->kind != JSON_NUMBER)
		return refuse_type(r, OCI_I64, t->kind);
	if (!parse_integer(t->text, t->len, type, &value)) {
		fmt(expected, sizeof(expected), "integer from %s", type->range);
		return refuse_value(r, NULL, expected);
	}
	if (!is_plain) {
		place = arena_alloc(d->arena, type->size);
		if (!place)
			return json_no_memory(r);
		*(void **)dest = place;
	}
	store_integer(place, type->size, value);
	return 0;
}

static int decode_bool(struct json_reader *r, const struct oci_field *f, void *dest,
		       const struct json_token *t)
{
	static const bool values[] = { false, true };

	if (t->kind != JSON_TRUE && t->kind != JSON_FALSE)
		return refuse_type(r, f->type, t->kind);
	if (f->flags & OCI_PLAIN)
		*(bool *)dest = t->kind == JSON_TRUE;
	else
		*(const bool **)dest = &values[t->kind == JSON_TRUE];
	return 0;
}

static bool is_text(const struct json_token *t, const char *word)
{
	return *word == *t->text && !strncmp(word, t->text, t->len) && !word[t->len];
}

static int refuse_word(struct json_reader *r, const struct oci_field *f)
{
	const char *const *words = f->words;
	char expected[200];
	size_t at = fmt(expected, sizeof(expected), "one of");

	for (size_t i = 0; words[i] && at < 120; i++)
		at += fmt(expected + at, sizeof(expected) - at, "%s %s", i ? "," : "", words[i]);
	if (at >= 120)
		fmt(expected + at, sizeof(expected) - at, ", ...");
	return refuse_value(r, f->fault, expected);
}

static int decode_string(struct decoder *d, struct json_reader *r, const struct oci_field *f,
			 const char **dest, const struct json_token *t)
{
	const char *const *word = f->words;

	if (t->kind != JSON_STRING)
		return refuse_type(r, OCI_STRING, t->kind);
	if (!t->len && f->flags & OCI_UNSET)
		return 0;
	while (word && *word && !is_text(t, *word))
		word++;
	if (word && !*word)
		return refuse_word(r, f);
	*dest = word ? *word : arena_strndup(d->arena, t->text, t->len);
	return *dest ? 0 : json_no_memory(r);
}

/* A fault that does not end the reading: told, and forgotten. */
static bool goes_on(struct decoder *d)
{
	if (!d->doc->fault || d->e->kind != ERR_CONFIG || !d->doc->fault(d->doc->arg, d->e))
		return false;
	*d->e = (struct err){ 0 };
	return true;
}

/* Whoever reads the struct may follow what is required without a look: it is there, whatever was
 * wrong with it. */
static void fill_required(const struct oci_object *object, char *base)
{
	for (size_t i = 0; base && i < object->count; i++) {
		const struct oci_field *f = &object->fields[i];

		if (f->type == OCI_STRING && f->flags & OCI_REQUIRED)
			*(const char **)(base + f->offset) = "";
		else if (f->type == OCI_OBJECT && f->flags & OCI_PLAIN)
			fill_required(f->object, base + f->offset);
	}
}

static void push(struct decoder *d, struct frame frame)
{
	d->frames[d->depth++] = frame;
}

static int open_object(struct decoder *d, struct json_reader *r, const struct oci_object *object,
		       void *base)
{
	if (!base)
		return json_no_memory(r);
	push(d, (struct frame){ .object = object, .base = base });
	return 0;
}

/* An empty list has items too: that is how it differs from one that is absent. */
static int open_list(struct decoder *d, struct json_reader *r, const struct oci_field *f,
		     struct oci_list *list)
{
	list->count = 0;
	list->items = arena_array(d->arena, ITEMS_FIRST, oci_item_size(f));
	if (!list->items)
		return json_no_memory(r);
	push(d, (struct frame){ .member = f, .base = (char *)list, .capacity = ITEMS_FIRST });
	return 0;
}

static void fill_item(const struct oci_field *f, char *item)
{
	if (f->object)
		fill_required(f->object, item);
	else if (f->type == OCI_STRINGS)
		*(const char **)item = "";
	else if (f->type == OCI_MAP)
		((struct oci_pair *)item)->value = "";
}

/* Room for one item more, zeroed; NULL: no memory. */
static char *add_item(struct decoder *d, struct frame *top)
{
	struct oci_list *list = (struct oci_list *)top->base;
	size_t size = oci_item_size(top->member);

	if (list->count == top->capacity) {
		char *items = arena_array(d->arena, top->capacity * 2, size);

		if (!items)
			return NULL;
		memcpy(items, list->items, list->count * size);
		list->items = items;
		top->capacity *= 2;
	}
	if (d->doc->fault)
		fill_item(top->member, list->items + size * list->count);
	return list->items + size * list->count++;
}

/* A value of a member of an object. */
static int decode_member(struct decoder *d, struct json_reader *r, const struct oci_field *f,
			 char *dest, const struct json_token *t)
{
	bool is_list = f->type == OCI_STRINGS || f->type == OCI_U32S || f->type == OCI_OBJECTS;

	switch (f->type) {
	case OCI_BOOL:
		return decode_bool(r, f, dest, t);
	case OCI_STRING:
		return decode_string(d, r, f, (const char **)dest, t);
	case OCI_OBJECT:
		if (t->kind != JSON_OBJECT)
			return refuse_type(r, f->type, t->kind);
		if (f->flags & OCI_PLAIN)
			return open_object(d, r, f->object, dest);
		*(void **)dest = arena_alloc(d->arena, f->object->size);
		if (d->doc->fault)
			fill_required(f->object, *(void **)dest);
		return open_object(d, r, f->object, *(void **)dest);
	case OCI_STRINGS:
	case OCI_U32S:
	case OCI_OBJECTS:
	case OCI_MAP:
	case OCI_OBJECT_MAP:
		if (t->kind != (is_list ? JSON_LIST : JSON_OBJECT))
			return refuse_type(r, f->type, t->kind);
		return open_list(d, r, f, (struct oci_list *)dest);
	case OCI_U16:
	case OCI_I32:
	case OCI_U32:
	case OCI_I64:
	case OCI_U64:
	default:
		return decode_integer(d, r, f, dest, t);
	}
}

/* An item of the list, or the value of the map's newest key. */
static int decode_item(struct decoder *d, struct json_reader *r, struct frame *top,
		       const struct json_token *t)
{
	const struct oci_field *f = top->member;
	const struct oci_list *list = (struct oci_list *)top->base;
	bool is_map = f->type == OCI_MAP || f->type == OCI_OBJECT_MAP;
	char *item = is_map ? list->items + oci_item_size(f) * (list->count - 1) : add_item(d, top);

	if (!item)
		return json_no_memory(r);
	if (f->type == OCI_MAP)
		return decode_string(d, r, f, &((struct oci_pair *)item)->value, t);
	if (f->type == OCI_STRINGS)
		return decode_string(d, r, f, (const char **)item, t);
	if (f->type == OCI_U32S)
		return decode_integer(d, r, f, item, t);
	if (t->kind != JSON_OBJECT)
		return refuse_type(r, OCI_OBJECT, t->kind);
	return open_object(d, r, f->object, item);
}

static int on_value(struct decoder *d, struct json_reader *r, const struct json_token *t)
{
	struct frame *top;
	const struct oci_field *f;

	if (!d->depth) {
		const struct oci_object *object = d->object;

		d->root = arena_alloc(d->arena, object->size);
		if (d->doc->fault)
			fill_required(object, d->root);
		return open_object(d, r, object, d->root);
	}
	top = &d->frames[d->depth - 1];
	f = top->member;
	if (!top->object)
		return decode_item(d, r, top, t);
	if (!f) {
		d->skip = t->kind == JSON_OBJECT || t->kind == JSON_LIST;
		return 0;
	}
	if (t->kind == JSON_NULL && !(f->flags & OCI_REQUIRED))
		return 0;
	top->seen |= 1ULL << (f - top->object->fields);
	return decode_member(d, r, f, top->base + f->offset, t);
}

/* Documents mostly have the order of the tables: the row after the last one is tried first. */
static const struct oci_field *find_member(const struct frame *top, const struct json_token *key)
{
	const struct oci_object *o = top->object;
	size_t first = top->member ? top->member - o->fields + 1 : 0;

	for (size_t i = 0; i < o->count; i++) {
		const struct oci_field *f =
			&o->fields[first + i < o->count ? first + i : first + i - o->count];

		if (is_text(key, f->name))
			return f;
	}
	return NULL;
}

/* A second value would be laid over the first: the reader, which finds all duplicates when the
 * object ends, is too late for members that we store. */
static int name_member(struct json_reader *r, struct frame *top)
{
	uint64_t row = 1ULL << (top->member - top->object->fields);

	if (top->named & row)
		return json_refuse_duplicate(r);
	top->named |= row;
	return 0;
}

/* runc takes its members in any letters: who misses one here is told that it is these. */
static void note_case(struct frame *top, const struct json_token *key)
{
	const struct oci_object *o = top->object;

	for (size_t i = 0; i < o->count; i++)
		if (o->fields[i].flags & OCI_REQUIRED && strlen(o->fields[i].name) == key->len &&
		    strncasecmp(o->fields[i].name, key->text, key->len) == 0)
			top->cased |= 1ULL << i;
}

static int on_key(struct decoder *d, struct json_reader *r, const struct json_token *t)
{
	struct frame *top = &d->frames[d->depth - 1];
	char pointer[512];
	unsigned line, column;

	if (!top->object) {
		char *item = add_item(d, top);
		/* The key is the first member of either kind of item. */
		const char *key = item ? arena_strndup(d->arena, t->text, t->len) : NULL;

		if (!key)
			return json_no_memory(r);
		*(const char **)item = key;
		return 0;
	}
	top->member = find_member(top, t);
	if (top->member)
		return name_member(r, top);
	note_case(top, t);
	if (d->doc->unknown) {
		json_pointer(r, NULL, pointer, sizeof(pointer));
		json_position(r, &line, &column);
		d->doc->unknown(d->doc->arg, pointer, line);
	}
	return 0;
}

static int on_end(struct decoder *d, struct json_reader *r)
{
	const struct frame *top = &d->frames[--d->depth];

	for (size_t i = 0; top->object && i < top->object->count; i++) {
		const struct oci_field *f = &top->object->fields[i];

		if (!(f->flags & OCI_REQUIRED) || top->seen & 1ULL << i)
			continue;
		json_refuse(r, f->name, "%srequired member \"%s\" is missing%s",
			    f->fault ? f->fault : "", f->name,
			    top->cased & 1ULL << i ? " (letters count: it is there in others)"
						   : "");
		if (!goes_on(d))
			return -d->e->code;
	}
	return 0;
}

static int on_token(struct json_reader *r, void *arg, const struct json_token *t)
{
	struct decoder *d = arg;
	int result;

	if (d->skip) {
		d->skip += t->kind == JSON_OBJECT || t->kind == JSON_LIST;
		d->skip -= t->kind == JSON_OBJECT_END || t->kind == JSON_LIST_END;
		return 0;
	}
	if (t->kind == JSON_KEY)
		return on_key(d, r, t);
	if (t->kind == JSON_OBJECT_END || t->kind == JSON_LIST_END)
		return on_end(d, r);
	result = on_value(d, r, t);
	if (result >= 0 || !goes_on(d))
		return result;
	d->skip = t->kind == JSON_OBJECT || t->kind == JSON_LIST;
	return 0;
}

int oci_decode(struct arena *a, const struct oci_object *object, const struct oci_document *doc,
	       void **ret, struct err *e)
{
	struct oci_text text = { doc->text, doc->len, doc->name };
	struct decoder d = { .arena = a, .object = object, .doc = doc, .e = e };
	int r = json_read(a, &text, on_token, &d, e);

	if (r < 0)
		return r;
	*ret = d.root;
	return 0;
}

/* The documents. */

int oci_config_decode(struct arena *a, const char *text, size_t len, const char *name,
		      struct oci_config **ret, struct err *e)
{
	const struct oci_document doc = { text, len, name, NULL, NULL };

	return oci_decode(a, &oci_config_object, &doc, (void **)ret, e);
}

int oci_config_decode_all(struct arena *a, const struct oci_text *text, oci_check_fn *fault,
			  void *arg, struct oci_config **ret, struct err *e)
{
	const struct oci_document doc = {
		.text = text->text, .len = text->len, .name = text->name, .arg = arg, .fault = fault
	};

	return oci_decode(a, &oci_config_object, &doc, (void **)ret, e);
}

int oci_resources_decode(struct arena *a, const char *text, size_t len, const char *name,
			 struct oci_resources **ret, struct err *e)
{
	const struct oci_document doc = { text, len, name, NULL, NULL };

	return oci_decode(a, &oci_resources_object, &doc, (void **)ret, e);
}

int oci_process_decode(struct arena *a, const char *text, size_t len, const char *name,
		       struct oci_process **ret, struct err *e)
{
	const struct oci_document doc = { text, len, name, NULL, NULL };

	return oci_decode(a, &oci_process_object, &doc, (void **)ret, e);
}

int oci_state_decode(struct arena *a, const char *text, size_t len, const char *name,
		     struct oci_state **ret, struct err *e)
{
	const struct oci_document doc = { text, len, name, NULL, NULL };

	return oci_decode(a, &oci_state_object, &doc, (void **)ret, e);
}

int davit_state_decode(struct arena *a, const char *text, size_t len, const char *name,
		       struct davit_state **ret, struct err *e)
{
	const struct oci_document doc = { text, len, name, NULL, NULL };

	return oci_decode(a, &davit_state_object, &doc, (void **)ret, e);
}

int oci_features_decode(struct arena *a, const char *text, size_t len, const char *name,
			struct oci_features **ret, struct err *e)
{
	const struct oci_document doc = { text, len, name, NULL, NULL };

	return oci_decode(a, &oci_features_object, &doc, (void **)ret, e);
}
