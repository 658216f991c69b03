/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * See export.h; and what the caller reads of an error.
 */
#include "api/export.h"

#include <stdlib.h>
#include <string.h>

#include "base/escape.h"

struct davit_error *davit_error_new(void)
{
	return calloc(1, sizeof(struct davit_error));
}

void davit_error_free(struct davit_error *err)
{
	free(err);
}

int davit_error_code(const struct davit_error *err)
{
	return err ? err->err.code : 0;
}

const char *davit_error_message(const struct davit_error *err)
{
	return err ? err->text : "";
}

const char *davit_error_kind(const struct davit_error *err)
{
	return err_kind_word(err ? err->err.kind : ERR_NONE);
}

const char *davit_error_pointer(const struct davit_error *err)
{
	return err ? err->err.pointer : "";
}

const char *davit_error_step(const struct davit_error *err)
{
	return err ? err->err.step : "";
}

const char *davit_error_hint(const struct davit_error *err)
{
	return err ? err->err.hint : "";
}

void davit_free(void *text)
{
	free(text);
}

int error_export_output(struct davit_error *to, const struct err *e, const char *output)
{
	if (to) {
		size_t at = err_format(e, to->text, sizeof(to->text));

		to->err = *e;
		if ((e->kind == ERR_HOOK || e->kind == ERR_UNSUPPORTED) && at < sizeof(to->text))
			escape(to->text + at, sizeof(to->text) - at, output);
	}
	return -e->code;
}

int error_export(struct davit_error *to, const struct err *e)
{
	return error_export_output(to, e, "");
}

int export_json(const char *text, size_t len, char **ret, struct err *e)
{
	char *copy = text ? malloc(len + 2) : NULL;

	if (!copy)
		return err_set(e, ENOMEM, "encode JSON");
	memcpy(copy, text, len);
	while (len && copy[len - 1] == '\n')
		len--;
	copy[len] = '\n';
	copy[len + 1] = '\0';
	*ret = copy;
	return 0;
}
