/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What goes out of the library to its caller: errors, and texts that are the caller's to free.
 */
#ifndef DAVIT_API_EXPORT_H
#define DAVIT_API_EXPORT_H

#include "base/err.h"
#include "container/context.h"
#include "davit.h"

struct davit_error {
	struct err err;
	char text[ERROR_TEXT_SIZE];
};

/* Hands @e over to the caller's error, when there is one; returns what the public call returns. */
int error_export(struct davit_error *to, const struct err *e);
/* The same, with what a hook printed behind the message. */
int error_export_output(struct davit_error *to, const struct err *e, const char *output);

/* A malloc'ed copy for the caller that ends with one newline; @text NULL: there was no memory. */
int export_json(const char *text, size_t len, char **ret, struct err *e);

#endif
