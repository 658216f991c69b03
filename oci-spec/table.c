/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What the encoder, the decoder and the walkers share about rows, and the walk over all rows of
 * config.json. The recursion is bounded by the tables: none refers to itself.
 */
#include "table.h"

#include "base/fmt.h"

size_t oci_item_size(const struct oci_field *f)
{
	if (f->type == OCI_STRINGS)
		return sizeof(char *);
	if (f->type == OCI_U32S)
		return sizeof(uint32_t);
	return f->type == OCI_MAP ? sizeof(struct oci_pair) : f->object->size;
}

const void *oci_field_value(const struct oci_field *f, const void *base)
{
	const char *place = (const char *)base + f->offset;

	if (f->type >= OCI_STRINGS)
		return ((const struct oci_list *)place)->items ? place : NULL;
	return f->flags & OCI_PLAIN ? place : *(const char *const *)place;
}

static const char *const type_words[] = {
	[OCI_BOOL] = "boolean",  [OCI_STRING] = "string", [OCI_U16] = "uint16",
	[OCI_I32] = "int32",     [OCI_U32] = "uint32",    [OCI_I64] = "int64",
	[OCI_U64] = "uint64",    [OCI_OBJECT] = "object", [OCI_STRINGS] = "array",
	[OCI_U32S] = "array",    [OCI_OBJECTS] = "array", [OCI_MAP] = "map",
	[OCI_OBJECT_MAP] = "map"
};

struct walk {
	oci_property_fn *each;
	void *arg;
};

static void walk_object(const struct walk *w, const struct oci_object *object, const char *above);

static void walk_items(const struct walk *w, const struct oci_field *f, const char *above)
{
	bool is_map = f->type == OCI_MAP || f->type == OCI_OBJECT_MAP;
	enum oci_type type = f->type == OCI_U32S ? OCI_U32 : f->object ? OCI_OBJECT : OCI_STRING;
	const char *pointer = POINTER("%s/%s", above, is_map ? "{}" : "[]");

	w->each(w->arg, pointer, type_words[type]);
	if (f->object)
		walk_object(w, f->object, pointer);
}

static void walk_object(const struct walk *w, const struct oci_object *object, const char *above)
{
	for (size_t i = 0; i < object->count; i++) {
		const struct oci_field *f = &object->fields[i];
		const char *pointer = POINTER("%s/%s", above, f->name);

		w->each(w->arg, pointer, type_words[f->type]);
		if (f->type >= OCI_STRINGS)
			walk_items(w, f, pointer);
		else if (f->object)
			walk_object(w, f->object, pointer);
	}
}

void oci_properties(const struct oci_object *object, oci_property_fn *each, void *arg)
{
	const struct walk w = { each, arg };

	walk_object(&w, object, "");
}

void oci_config_properties(oci_property_fn *each, void *arg)
{
	oci_properties(&oci_config_object, each, arg);
}
