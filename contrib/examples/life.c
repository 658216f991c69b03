/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The life of a container with libdavit, as C or as C++:
 *
 *     cc -o life life.c $(pkg-config --cflags --libs libdavit)
 *     ./life ID BUNDLE
 *
 * creates it, shows its state, starts its program, waits for the end and deletes it; exits with the
 * program's status.
 */
#include <davit.h>
#include <stdio.h>
#include <string.h>

static int fail(const char *what, const struct davit_error *err)
{
	fprintf(stderr, "life: %s: %s\n", what, davit_error_message(err));
	return -1;
}

/* The status of the program, or -1. */
static int live(struct davit_context *ctx, const char *id, const char *bundle,
		struct davit_error *err)
{
	struct davit_create_options options;
	char *json = NULL;
	int status = -1;

	memset(&options, 0, sizeof(options));
	options.size = sizeof(options);
	options.id = id;
	options.bundle = bundle;
	if (davit_create(ctx, &options, err) < 0)
		return fail("create", err);
	if (davit_state(ctx, id, &json, err) == 0)
		fputs(json, stdout);
	davit_free(json);
	if (davit_start(ctx, id, err) < 0)
		fail("start", err);
	else if (davit_wait(ctx, id, &status, err) < 0)
		status = fail("wait", err);
	if (davit_delete(ctx, id, true, err) < 0)
		status = fail("delete", err);
	return status;
}

int main(int argc, char **argv)
{
	struct davit_error *err = davit_error_new();
	struct davit_context_options options;
	struct davit_context *ctx = NULL;
	int status = -1;

	if (argc != 3) {
		fprintf(stderr, "usage: life ID BUNDLE\n");
		return 2;
	}
	memset(&options, 0, sizeof(options));
	options.size = sizeof(options);
	if (davit_context_new(&options, &ctx, err) < 0)
		fail("context", err);
	else
		status = live(ctx, argv[1], argv[2], err);
	davit_context_free(ctx);
	davit_error_free(err);
	return status < 0 ? 125 : status;
}
