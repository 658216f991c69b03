/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * checkpoint --explain: what of a container criu would refuse, with the same options. Nothing is
 * stopped, started or written; the lock is not taken.
 */
#include <string.h>

#include "base/escape.h"
#include "lifecycle/criu_session.h"
#include "operation/checkpoint_parts.h"
#include "operation/operation.h"
#include "setup/criu/obstacles.h"

enum {
	PROCESSES_MAX = 65536,
	OBSTACLE_SIZE = 8192
};

struct explain {
	const struct davit_checkpoint_options *options;
	struct container c;
	struct obstacle_subject subject;
	pid_t *pids;
	size_t count;
	davit_obstacle_fn *each;
	void *arg;
	bool is_over;
};

static int keep_pid(void *arg, pid_t pid)
{
	struct explain *x = arg;

	if (x->count < PROCESSES_MAX)
		x->pids[x->count++] = pid;
	return 0;
}

/* Names in it are the container's. */
static int pass_on(void *arg, const char *text)
{
	struct explain *x = arg;
	char shown[OBSTACLE_SIZE];

	escape(shown, sizeof(shown), text);
	x->is_over = x->each(x->arg, shown) != 0;
	return x->is_over;
}

static bool has_word(const char *const *words, const char *word)
{
	for (; words && *words; words++)
		if (strcmp(*words, word) == 0)
			return true;
	return false;
}

static int look(struct explain *x, struct err *e)
{
	const struct davit_checkpoint_options *o = x->options;
	const struct obstacle_options wanted = {
		.tcp_established = o->tcp_established,
		.tcp_skip_in_flight = o->tcp_skip_in_flight,
		.ext_unix_sk = o->ext_unix_sk,
		.shell_job = o->shell_job,
		.file_locks = o->file_locks,
		.link_remap = o->link_remap,
		.empty_network = has_word(o->empty_ns, "network"),
	};

	x->subject.init = x->c.pid;
	x->subject.pids = x->pids;
	x->subject.count = x->count;
	return obstacles_find(&x->c.arena, &x->subject, &wanted, pass_on, x, e);
}

/* What refuses everything, whatever the processes have; false: no more of them. */
static bool pass_refusal(struct explain *x, const struct err *refusal)
{
	char text[OBSTACLE_SIZE];

	err_format(refusal, text, sizeof(text));
	return pass_on(x, text) == 0;
}

static int explain(struct explain *x, const struct davit_context *ctx, struct err *e)
{
	struct err refusal = { 0 };
	struct criu_session criu;

	criu_init(&criu, ctx);
	if (criu_check(&criu, checkpoint_needs(x->options), &refusal) < 0 &&
	    !pass_refusal(x, &refusal))
		return 0;
	refusal = (struct err){ 0 };
	/* All mounts of the host would be obstacles. */
	if (checkpoint_check_mounts(&x->c, x->subject.config, &refusal) < 0) {
		pass_refusal(x, &refusal);
		return 0;
	}
	return look(x, e);
}

int operation_checkpoint_explain(const struct davit_context *ctx, const char *id,
				 const struct davit_checkpoint_options *options,
				 davit_obstacle_fn *each, void *arg, struct err *e)
{
	struct explain x = { .options = options, .each = each, .arg = arg };

	if (container_open(ctx, id, 0, &x.c, e) == 0 && checkpoint_check_status(&x.c, e) == 0 &&
	    checkpoint_load_config(&x.c, &x.subject.config, e) == 0) {
		x.pids = arena_array(&x.c.arena, PROCESSES_MAX, sizeof(*x.pids));
		if (!x.pids)
			err_set(e, ENOMEM, "look at the processes of container %s", id);
		else if (operation_ps(ctx, id, keep_pid, &x, e) == 0)
			explain(&x, ctx, e);
	}
	container_close(&x.c);
	return -e->code;
}
