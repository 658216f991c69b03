/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A call that is done by a davit of its own, in place of a clone of the calling process.
 */
#ifndef DAVIT_API_REMOTE_H
#define DAVIT_API_REMOTE_H

#include "api/call.h"
#include "container/context.h"

/* What the call of an embedding program has besides: descriptors cannot be written down. */
struct remote_fds {
	const int *streams; /* three; NULL: the caller's own */
	int extra;          /* a console's socket, or where criu tells that it serves; 0: none */
	const char *extra_name;
	unsigned preserved; /* from 3 on */
};

struct remote_answer {
	int status;
	struct davit_process *process; /* of the caller's; may be NULL */
	char output[HOOK_OUTPUT_TEXT]; /* of a hook that failed */
};

/* Does @c with a davit of its own. What is in @c of the context is filled in here. */
int remote_call(const struct davit_context *ctx, struct call *c, const struct remote_fds *fds,
		struct remote_answer *ret, struct err *e);

#endif
