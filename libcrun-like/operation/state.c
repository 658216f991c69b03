/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The state of one container. Takes no lock: hooks may call it.
 */
#include "operation/operation.h"

int operation_state(const struct davit_context *ctx, const char *id, struct arena *a,
		    const char **ret_json, size_t *ret_len, struct err *e)
{
	struct container c;

	if (container_open(ctx, id, 0, &c, e) == 0)
		*ret_json = container_state_json(&c, a, true, ret_len);
	container_close(&c);
	return -e->code;
}
