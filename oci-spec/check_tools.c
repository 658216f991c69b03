/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * See check.h: how a violation is told, and what more than one check asks.
 */
#include <limits.h>
#include <string.h>

#include "base/fmt.h"
#include "base/path.h"
#include "check.h"
#include "json_pointer.h"

enum {
	MAPPINGS_MAX = 340 /* user_namespaces(7) */
};

/* Values are quoted as they are in the document: keep the message on one line, and do not cut it
 * within a character. */
static void tidy(char *text, size_t size)
{
	size_t len = strlen(text);

	for (size_t i = 0; i < len; i++)
		if ((unsigned char)text[i] < ' ' || text[i] == 0x7f)
			text[i] = '?';
	if (len + 1 < size)
		return;
	len -= 3;
	while (len && (text[len] & 0xc0) == 0x80)
		len--;
	memcpy(text + len, "...", 4);
}

void check_fail(struct check *k, const char *pointer, const char *format, ...)
{
	struct err e = { 0 };
	char text[sizeof(e.msg)];
	va_list ap;

	if (k->is_stopped)
		return;
	va_start(ap, format);
	fmt_v(text, sizeof(text), format, ap);
	va_end(ap);
	tidy(text, sizeof(text));
	err_field(&e, EINVAL, pointer + strlen(k->prefix), "%s", text);
	err_hint(&e, "see %s", k->row->clause);
	k->count++;
	k->is_stopped = !k->found(k->arg, &e);
}

bool oci_check_keep_first(void *arg, const struct err *violation)
{
	*(struct err *)arg = *violation;
	return false;
}

bool check_is_one_of(const char *text, const char *const *words)
{
	while (*words && strcmp(*words, text) != 0)
		words++;
	return *words;
}

bool check_is_numbers(const char *list, unsigned most)
{
	unsigned first, last;

	for (const char *at = list ? list + strspn(list, " ") : ""; *at;)
		if (numbers_next(&at, most, &first, &last) < 0)
			return false;
	return true;
}

/* user_namespaces(7): ranges do not overlap, neither inside nor outside. */
static bool do_overlap(uint32_t a, uint32_t a_size, uint32_t b, uint32_t b_size)
{
	return a < (uint64_t)b + b_size && b < (uint64_t)a + a_size;
}

static void check_overlap(struct check *k, const char *pointer, const struct oci_id_mappings *m,
			  size_t i)
{
	const struct oci_id_mapping *a = &m->items[i];

	for (size_t j = 0; j < i; j++) {
		const struct oci_id_mapping *b = &m->items[j];

		if (do_overlap(a->container_id, a->size, b->container_id, b->size) ||
		    do_overlap(a->host_id, a->size, b->host_id, b->size)) {
			check_fail(k, POINTER("%s/%zu", pointer, i), "overlaps with entry %zu", j);
			return;
		}
	}
}

void check_mappings(struct check *k, const char *pointer, const struct oci_id_mappings *m)
{
	if (m->count > MAPPINGS_MAX) {
		check_fail(k, pointer, "%zu entries, more than %d", m->count, MAPPINGS_MAX);
		return;
	}
	for (size_t i = 0; i < m->count; i++) {
		const struct oci_id_mapping *a = &m->items[i];

		if (!a->size)
			check_fail(k, POINTER("%s/%zu/size", pointer, i), "size 0");
		else if (a->size > UINT32_MAX - a->container_id ||
			 a->size > UINT32_MAX - a->host_id)
			check_fail(k, POINTER("%s/%zu/size", pointer, i),
				   "the range ends above 4294967294");
		else
			check_overlap(k, pointer, m, i);
	}
}

bool check_is_path_short(const char *path)
{
	return path_longest(path) <= NAME_MAX && strlen(path) < PATH_MAX;
}

void check_fail_long_path(struct check *k, const char *pointer, const char *path)
{
	size_t longest = path_longest(path);

	if (longest > NAME_MAX)
		check_fail(k, pointer, "a name of %zu bytes, more than %d: %s", longest, NAME_MAX,
			   path);
	else
		check_fail(k, pointer, "%zu bytes, more than %d: %s", strlen(path), PATH_MAX - 1,
			   path);
}
