/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * See words.h.
 */
#include "base/words.h"

#include <string.h>

int words_value(const struct words *w, const char *text, const char *pointer, unsigned *ret,
		struct err *e)
{
	for (size_t i = 0; i < w->count; i++) {
		if (strcmp(w->rows[i].text, text) != 0)
			continue;
		*ret = w->rows[i].value;
		return 0;
	}
	err_kind(e, ERR_UNSUPPORTED, EOPNOTSUPP, "Linux has no %s %s", w->what, text);
	return err_at(e, pointer);
}

int words_union(const struct words *w, const char *const *list, size_t count, const char *pointer,
		unsigned *ret, struct err *e)
{
	unsigned value = 0; /* analyzer: it does not see that a failure is negative */

	*ret = 0;
	for (size_t i = 0; i < count; i++) {
		if (words_value(w, list[i], POINTER("%s/%zu", pointer, i), &value, e) < 0)
			return -e->code;
		*ret |= value;
	}
	return 0;
}

const char *words_name(const struct words *w, size_t i)
{
	return i < w->count ? w->rows[i].text : NULL;
}
