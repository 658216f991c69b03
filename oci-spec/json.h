/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Decode, encode and check the documents of the runtime specification. yajl is known to
 * json_reader.c alone.
 */
#ifndef DAVIT_OCI_JSON_H
#define DAVIT_OCI_JSON_H

#include "base/arena.h"
#include "base/err.h"
#include "config.h"

enum {
	OCI_JSON_SIZE_MAX = 64 * 1024 * 1024,
	/* What a state says besides the annotations of a config.json of that size. */
	OCI_STATE_ROOM = 64 * 1024,
	OCI_JSON_DEPTH_MAX = 64
};

/* Called for each fault that is found, until it returns false. */
typedef bool oci_check_fn(void *arg, const struct err *violation);

struct oci_text {
	const char *text;
	size_t len;
	const char *name; /* of the file, for messages */
};

/*
 * All take the document's text and @name, the file's name for messages. On error @e has the
 * message, the pointer, the line and the column. Types, required members and words of enumerations
 * are checked; the rules between fields are oci_config_check()'s.
 */
int oci_config_decode(struct arena *a, const char *text, size_t len, const char *name,
		      struct oci_config **ret, struct err *e);
/* The same, but goes on after a fault that lies in one value, and calls @fault for each: for who
 * wants to know all. What cannot be read is absent then, or empty where a member is required, so
 * that the checks below can be asked; what they say of that place is no news. */
int oci_config_decode_all(struct arena *a, const struct oci_text *text, oci_check_fn *fault,
			  void *arg, struct oci_config **ret, struct err *e);
/* A linux.resources object alone (update), and a process object alone (exec --process). */
int oci_resources_decode(struct arena *a, const char *text, size_t len, const char *name,
			 struct oci_resources **ret, struct err *e);
int oci_process_decode(struct arena *a, const char *text, size_t len, const char *name,
		       struct oci_process **ret, struct err *e);

/*
 * The rules between fields, each a named check in one table. Calls @found for each violation, in
 * table order, until it returns false. Returns the number of violations. Pure: looks at the
 * document only, never at the host.
 */
size_t oci_config_check(const struct oci_config *c, oci_check_fn *found, void *arg);
/* For who wants one violation: @arg is a struct err, which takes the first. */
bool oci_check_keep_first(void *arg, const struct err *violation);
/* The same for a process or resources object that is a document of its own: pointers begin there.
 */
size_t oci_process_check(const struct oci_process *p, oci_check_fn *found, void *arg);
size_t oci_resources_check(const struct oci_resources *r, oci_check_fn *found, void *arg);

/* Gives @e (with a pointer, without a line) the line and column by a cold second scan of the text.
 */
void oci_find_line(const char *text, size_t len, struct err *e);

/* The document as JSON in the arena; members in table order; indented by 4 when @pretty. NULL: no
 * memory. */
char *oci_config_encode(struct arena *a, const struct oci_config *c, bool pretty, size_t *ret_len);
char *oci_process_encode(struct arena *a, const struct oci_process *p, bool pretty,
			 size_t *ret_len);

/*
 * Lists every property that the tables know, as JSON pointers with [] for list items and {} for map
 * values, in table order ("/linux/namespaces/[]/path"); for the comparison with the schema and the
 * fuzzer's dictionary.
 */
typedef void oci_property_fn(void *arg, const char *pointer, const char *type);
void oci_config_properties(oci_property_fn *each, void *arg);

/* Unknown keys of the document (validate --strict): calls @each with the pointer of each. */
typedef void oci_unknown_fn(void *arg, const char *pointer, unsigned line);
int oci_config_unknown_keys(const char *text, size_t len, const char *name, oci_unknown_fn *each,
			    void *arg, struct err *e);

#endif
