/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * linux.personality: the execution domain, which uname(2) shows as the machine's name. No flags are
 * defined; oci-spec/ refuses them. Before the filter, which may forbid the call.
 */
#ifndef DAVIT_SETUP_PROCESS_PERSONALITY_H
#define DAVIT_SETUP_PROCESS_PERSONALITY_H

#include "base/describe.h"
#include "base/err.h"
#include "oci-spec/config.h"

struct personality {
	const char *domain; /* NULL: unchanged */
	unsigned long value;
};

/* @lin may be NULL. */
int personality_prepare(const struct oci_linux *lin, struct personality *ret, struct err *e);
/* INIT. */
int personality_apply(const struct personality *p, struct err *e);
void personality_describe(const struct personality *p, const struct describe *d);

#endif
