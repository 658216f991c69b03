/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Descriptor tables: how the members of a JSON object lie in a C struct. One generic decoder,
 * encoder and walker work by them. The macros check at compile time that a member's C type is the
 * one that its row promises.
 */
#ifndef DAVIT_OCI_TABLE_H
#define DAVIT_OCI_TABLE_H

#include "config.h"
#include "json.h"

enum oci_type {
	OCI_BOOL,
	OCI_STRING,
	OCI_U16,
	OCI_I32,
	OCI_U32,
	OCI_I64,
	OCI_U64,
	OCI_OBJECT,
	OCI_STRINGS,   /* list of strings */
	OCI_U32S,      /* list of integers */
	OCI_OBJECTS,   /* list of objects */
	OCI_MAP,       /* any key -> string */
	OCI_OBJECT_MAP /* any key -> object; the key is the first member of the item */
};

enum oci_flag {
	OCI_REQUIRED = 1,
	OCI_PLAIN = 2,    /* the value itself lies in the struct, not a pointer to it */
	OCI_NONEMPTY = 4, /* "", [] are refused by oci_config_check() */
	OCI_UNSET = 8,    /* "" is as if absent: clients write it that have no other way */
};

struct oci_object;

struct oci_field {
	const char *name;
	enum oci_type type;
	unsigned flags;
	size_t offset;
	const struct oci_object *object;
	const char *const *words; /* of a string, or of each string of a list; closed by NULL */
	const char *fault;        /* what a message about an unknown word begins with, or NULL */
};

struct oci_object {
	size_t size;
	const struct oci_field *fields;
	size_t count;
};

/* Every list and map of config.h has this layout. */
struct oci_list {
	char *items;
	size_t count;
};

/* Where the member's value lies in the struct @base: the scalar, the object, the characters of the
 * string, or the struct oci_list. NULL: absent. */
const void *oci_field_value(const struct oci_field *f, const void *base);

/* The bytes that one item of a list or map takes. */
size_t oci_item_size(const struct oci_field *f);

/* clang-format off */
#define OCI_MEMBER_(s, m, ctype)                                                                   \
	(offsetof(struct s, m) +                                                                   \
	 0 * sizeof(char[__builtin_types_compatible_p(__typeof__(((struct s *)0)->m), ctype) ? 1 : -1]))
#define OCI_ROW_(s, m, json, type_, ctype, flags_, ...)                                            \
	{ .name = (json), .type = (type_), .flags = (flags_), .offset = OCI_MEMBER_(s, m, ctype),  \
	  __VA_ARGS__ }
/* Optional scalars. */
#define ROW_BOOL(s, m, json)           OCI_ROW_(s, m, json, OCI_BOOL, const bool *, 0)
#define ROW_U16(s, m, json)            OCI_ROW_(s, m, json, OCI_U16, const uint16_t *, 0)
#define ROW_I32(s, m, json)            OCI_ROW_(s, m, json, OCI_I32, const int32_t *, 0)
#define ROW_U32(s, m, json)            OCI_ROW_(s, m, json, OCI_U32, const uint32_t *, 0)
#define ROW_I64(s, m, json)            OCI_ROW_(s, m, json, OCI_I64, const int64_t *, 0)
#define ROW_U64(s, m, json)            OCI_ROW_(s, m, json, OCI_U64, const uint64_t *, 0)
/* Scalars that are there in any case; @flags: OCI_REQUIRED, or 0 where 0 stands for absent. */
#define ROW_BOOL_IN(s, m, json, flags) OCI_ROW_(s, m, json, OCI_BOOL, bool, (flags) | OCI_PLAIN)
#define ROW_U32_IN(s, m, json, flags)  OCI_ROW_(s, m, json, OCI_U32, uint32_t, (flags) | OCI_PLAIN)
#define ROW_I64_IN(s, m, json, flags)  OCI_ROW_(s, m, json, OCI_I64, int64_t, (flags) | OCI_PLAIN)
#define ROW_U64_IN(s, m, json, flags)  OCI_ROW_(s, m, json, OCI_U64, uint64_t, (flags) | OCI_PLAIN)
#define ROW_STRING(s, m, json, flags)  OCI_ROW_(s, m, json, OCI_STRING, const char *, flags)
#define ROW_WORD(s, m, json, flags, w) OCI_ROW_(s, m, json, OCI_STRING, const char *, flags, .words = (w))
#define ROW_STRINGS(s, m, json, flags) OCI_ROW_(s, m, json, OCI_STRINGS, struct oci_strings, flags)
#define ROW_WORDS(s, m, json, w)       OCI_ROW_(s, m, json, OCI_STRINGS, struct oci_strings, 0, .words = (w))
#define ROW_GIDS(s, m, json)           OCI_ROW_(s, m, json, OCI_U32S, struct oci_gids, 0)
#define ROW_MAP(s, m, json)            OCI_ROW_(s, m, json, OCI_MAP, struct oci_map, 0)
/* @t: the struct's tag; its table is t_object. */
#define ROW_OBJECT(s, m, json, t)      OCI_ROW_(s, m, json, OCI_OBJECT, const struct t *, 0, .object = &t##_object)
#define ROW_OBJECT_IN(s, m, json, t)   OCI_ROW_(s, m, json, OCI_OBJECT, struct t, OCI_PLAIN, .object = &t##_object)
#define ROW_LIST(s, m, json, l, t)     OCI_ROW_(s, m, json, OCI_OBJECTS, struct l, 0, .object = &t##_object)
#define ROW_OBJECT_MAP(s, m, json, l, t) \
	OCI_ROW_(s, m, json, OCI_OBJECT_MAP, struct l, 0, .object = &t##_object)

#define OCI_OBJECT_OF(t) { sizeof(struct t), t##_fields, ARRAY_SIZE(t##_fields) }
/* clang-format on */

extern const struct oci_object oci_config_object, oci_process_object, oci_resources_object;
extern const struct oci_object oci_state_object, oci_process_state_object, davit_state_object,
	oci_features_object;

/* decode.c. @ret gets a struct that @object describes. */
struct oci_document {
	const char *text;
	size_t len;
	const char *name;
	oci_unknown_fn *unknown; /* called for each unknown key; NULL: they are skipped */
	void *arg;
	/* Called for each fault of a value, which is passed over then: a wrong type, an unknown
	 * word, a missing member; not for what is no JSON. NULL: the first one ends the reading. */
	oci_check_fn *fault;
};
int oci_decode(struct arena *a, const struct oci_object *object, const struct oci_document *doc,
	       void **ret, struct err *e);

/* As oci_config_properties(), of any table. */
void oci_properties(const struct oci_object *object, oci_property_fn *each, void *arg);

/* encode.c */
char *oci_encode(struct arena *a, const struct oci_object *object, const void *base, bool pretty,
		 size_t *ret_len);

#endif
