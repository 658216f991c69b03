/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Cold second readings of a document: where a pointer's value stands (errors that were found after
 * decoding have a pointer only), and which of its keys no table knows.
 */
#include <string.h>

#include "json_reader.h"
#include "table.h"

struct search {
	const char *wanted; /* the pointer */
	size_t best;        /* length of the longest pointer that leads there, so far */
	unsigned line, column;
};

/* Is @pointer the wanted one, or an object or list above it? */
static bool leads_to(const char *wanted, const char *pointer, size_t len)
{
	return !strncmp(wanted, pointer, len) && (wanted[len] == '/' || wanted[len] == '\0');
}

static int on_token(struct json_reader *r, void *arg, const struct json_token *t)
{
	struct search *s = arg;
	char pointer[sizeof(((struct err *)0)->pointer)]; /* cut where an error's is cut */
	size_t len;

	if (t->kind == JSON_KEY || t->kind == JSON_OBJECT_END || t->kind == JSON_LIST_END)
		return 0;
	json_pointer(r, NULL, pointer, sizeof(pointer));
	len = strlen(pointer);
	if (!leads_to(s->wanted, pointer, len) || (s->line && len <= s->best))
		return 0;
	s->best = len;
	json_position(r, &s->line, &s->column);
	return s->wanted[len] == '\0'; /* found: stop */
}

void oci_find_line(const char *text, size_t len, struct err *e)
{
	const struct oci_text doc = { text, len, "" };
	struct search s = { .wanted = e->pointer };
	struct arena a = { 0 };
	struct err ignored = { 0 };

	if (!e->pointer[0] || e->line)
		return;
	/* It was decoded before; should it be unreadable now, what was found so far is right. */
	(void)json_read(&a, &doc, on_token, &s, &ignored);
	arena_release(&a);
	e->line = s.line;
	e->column = s.column;
}

int oci_config_unknown_keys(const char *text, size_t len, const char *name, oci_unknown_fn *each,
			    void *arg, struct err *e)
{
	const struct oci_document doc = { text, len, name, each, arg };
	struct arena a = { 0 };
	void *config;
	int r = oci_decode(&a, &oci_config_object, &doc, &config, e);

	arena_release(&a);
	return r;
}
