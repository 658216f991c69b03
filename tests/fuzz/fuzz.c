/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * See fuzz.h.
 */
#include "fuzz.h"

#include <stdio.h>
#include <string.h>

_Noreturn void fuzz_fail(const char *what, const char *detail)
{
	fprintf(stderr, "fuzz: %s: %s\n", what, detail);
	abort();
}

void fuzz_check_error(int result, const struct err *e)
{
	char text[1024];
	size_t len;

	if ((result < 0) != (e->code != 0) || (result < 0 && result != -e->code))
		fuzz_fail("the return value and the error disagree", e->msg);
	if (result >= 0)
		return;
	len = err_format(e, text, sizeof(text));
	if (!len || !e->msg[0] || e->kind == ERR_NONE)
		fuzz_fail("an error without words", e->pointer);
}

struct oci_strings fuzz_lines(struct fuzz_input *in)
{
	struct oci_strings list = { 0 };
	const char **items = arena_array(&in->arena, in->len + 1, sizeof(*items));
	const char *end = in->text + in->len;

	if (!items)
		return list;
	for (const char *p = in->text, *next; p < end; p = next + 1) {
		next = memchr(p, '\n', (size_t)(end - p));
		if (!next)
			next = end;
		items[list.count] = arena_strndup(&in->arena, p, (size_t)(next - p));
		if (items[list.count])
			list.count++;
	}
	list.items = items;
	return list;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct fuzz_sort *sort = fuzz_sorts;
	struct fuzz_input in = { 0 };

	while (size && sort->run && sort->letter != (char)data[0])
		sort++;
	if (!size || !sort->run)
		return -1;
	in.len = size - 1;
	in.text = arena_strndup(&in.arena, (const char *)data + 1, size - 1);
	if (in.text)
		sort->run(&in);
	arena_release(&in.arena);
	return 0;
}
