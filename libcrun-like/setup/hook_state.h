/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The state that hooks read (runtime.md#state), encoded in HOST but for its status and pid, which
 * change from hook to hook and are known to INIT alone. Needs no heap then, however long the
 * annotations are.
 */
#ifndef DAVIT_SETUP_HOOK_STATE_H
#define DAVIT_SETUP_HOOK_STATE_H

#include <sys/types.h>

#include "base/arena.h"
#include "base/err.h"
#include "oci-spec/state.h"

struct hook_state {
	const char *rest; /* the object without status and pid, from behind its "{" */
	size_t rest_len;
	char *text; /* room for the whole */
	size_t size;
};

/* @state's status and pid do not matter. */
int hook_state_prepare(struct arena *a, const struct oci_state *state, struct hook_state *ret,
		       struct err *e);

/* The whole document stands in @s->text then; returns its length. @pid 0: no pid member. */
size_t hook_state_fill(const struct hook_state *s, const char *status, pid_t pid);

#endif
