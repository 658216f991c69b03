/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * See hook_state.h. The two members are put first, before those that were encoded, so that no hole
 * has to be found in a text with strings of others.
 */
#include "setup/hook_state.h"

#include <string.h>

#include "base/fmt.h"

enum {
	HEAD_MAX = 96 /* {"status":"...","pid":-2147483648, */
};

int hook_state_prepare(struct arena *a, const struct oci_state *state, struct hook_state *ret,
		       struct err *e)
{
	struct oci_state fixed = *state;
	struct hook_state s = { 0 };
	const char *json;
	size_t len;

	fixed.status = NULL;
	fixed.pid = NULL;
	json = oci_state_encode(a, &fixed, false, &len);
	if (!json)
		return err_set(e, ENOMEM, "encode the state for hooks");
	s.rest = json + 1;
	s.rest_len = len - 1;
	s.size = len + HEAD_MAX;
	s.text = arena_alloc(a, s.size);
	if (!s.text)
		return err_set(e, ENOMEM, "encode the state for hooks");
	*ret = s;
	return 0;
}

size_t hook_state_fill(const struct hook_state *s, const char *status, pid_t pid)
{
	/* Statuses are words of ours, 8 letters at most: the head fits. */
	size_t len = pid ? fmt(s->text, HEAD_MAX, "{\"status\":\"%s\",\"pid\":%d,", status, pid)
			 : fmt(s->text, HEAD_MAX, "{\"status\":\"%s\",", status);

	memcpy(s->text + len, s->rest, s->rest_len);
	s->text[len + s->rest_len] = '\0';
	return len + s->rest_len;
}
