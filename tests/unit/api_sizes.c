/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Structs of davit.h from programs that were built for an older or a newer library. Each stands at
 * the very end of a page behind which nothing can be read.
 */
#include <errno.h>
#include <sys/mman.h>
#include <unistd.h>

#include "davit.h"
#include "test.h"

enum {
	PAGE = 4096
};

static struct davit_error *err;
static struct davit_context *context;

/* A copy of the first @len bytes of @from that ends with its page, @len as its size. */
static void *at_the_end(const void *from, size_t len, size_t known)
{
	char *pages =
		mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	char *at = pages + PAGE - len;

	CHECK(pages != MAP_FAILED);
	memcpy(at, from, len < known ? len : known);
	memcpy(at, &len, len < sizeof(len) ? len : sizeof(len));
	CHECK_INT(mprotect(pages + PAGE, PAGE, PROT_NONE), 0);
	return at;
}

static void forget(const void *at)
{
	munmap((void *)((uintptr_t)at & ~(uintptr_t)(PAGE - 1)), 2 * PAGE);
}

static int stop(void *arg, const char *line)
{
	(void)arg;
	(void)line;
	return 1;
}

static int ignore_fault(void *arg, const struct davit_error *fault)
{
	(void)arg;
	(void)fault;
	return 0;
}

static int ignore_step(void *arg, const struct davit_plan_step *step)
{
	(void)arg;
	(void)step;
	return 0;
}

static int call_context(const void *options)
{
	struct davit_context *ctx = NULL;
	int r = davit_context_new(options, &ctx, err);

	if (r == 0)
		davit_context_free(ctx);
	return r;
}

static int call_create(const void *options)
{
	return davit_create(context, options, err);
}

static int call_run(const void *options)
{
	int status;

	return davit_run(context, options, &status, err);
}

static int call_plan(const void *options)
{
	return davit_plan(context, options, ignore_step, NULL, err);
}

static int call_exec(const void *options)
{
	int status;

	return davit_exec(context, options, &status, err);
}

static int call_events(const void *options)
{
	return davit_events(context, "nobody", options, stop, NULL, err);
}

static int call_update(const void *options)
{
	return davit_update(context, "nobody", options, err);
}

static int call_validate(const void *options)
{
	size_t faults;

	return davit_validate(options, ignore_fault, NULL, &faults, err);
}

static int call_checkpoint(const void *options)
{
	return davit_checkpoint(context, "nobody", options, err);
}

static int call_explain(const void *options)
{
	return davit_checkpoint_explain(context, "nobody", options, stop, NULL, err);
}

/* Either of the two. */
static int call_restore(const void *options)
{
	const struct davit_create_options container = { .size = sizeof(container), .id = "nobody" };
	int status;

	return davit_restore(context, &container, options, &status, err);
}

static int call_restore_container(const void *container)
{
	const struct davit_checkpoint_options options = { .size = sizeof(options) };
	int status;

	return davit_restore(context, container, &options, &status, err);
}

static const struct davit_create_options create_options = { .id = "nobody",
							    .bundle = "/nonexistent" };
static const struct davit_exec_options exec_options = { .id = "nobody" };
static const struct davit_checkpoint_options checkpoint_options = { .image_path = "/nonexistent" };
static const struct davit_events_options events_options = { .once = true };
static const struct davit_update_options update_options = { .memory = "1G" };
static const struct davit_validate_options validate_options = { .bundle = "/nonexistent" };
static const struct davit_context_options context_options = { .root = "/nonexistent/davit" };

static const struct {
	int (*call)(const void *options);
	const void *options;
	size_t size;
	int code; /* of the struct as it is */
} calls[] = {
	{ call_context, &context_options, sizeof(context_options), 0 },
	{ call_create, &create_options, sizeof(create_options), -ENOENT },
	{ call_run, &create_options, sizeof(create_options), -ENOENT },
	{ call_plan, &create_options, sizeof(create_options), -ENOENT },
	{ call_exec, &exec_options, sizeof(exec_options), -ENOENT },
	{ call_checkpoint, &checkpoint_options, sizeof(checkpoint_options), -ENOENT },
	{ call_explain, &checkpoint_options, sizeof(checkpoint_options), -ENOENT },
	{ call_restore, &checkpoint_options, sizeof(checkpoint_options), -ENOENT },
	{ call_restore_container, &create_options, sizeof(create_options), -ENOENT },
	{ call_events, &events_options, sizeof(events_options), -ENOENT },
	{ call_update, &update_options, sizeof(update_options), -ENOENT },
	{ call_validate, &validate_options, sizeof(validate_options), -ENOENT },
};

static void set_up(void)
{
	struct davit_context_options options = context_options;

	options.size = sizeof(options);
	err = davit_error_new();
	CHECK_INT(davit_context_new(&options, &context, err), 0);
}

static void tear_down(void)
{
	davit_context_free(context);
	davit_error_free(err);
}

TEST(a_shorter_struct_is_read_to_its_end_and_no_further)
{
	set_up();
	for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++) {
		for (size_t len = sizeof(size_t); len <= calls[i].size; len += sizeof(size_t)) {
			void *at = at_the_end(calls[i].options, len, calls[i].size);
			int r = calls[i].call(at);

			/* Without the member for the bundle it is the current directory's. */
			CHECK(r == calls[i].code || len < calls[i].size);
			CHECK(r != -E2BIG);
			forget(at);
		}
	}
	tear_down();
}

TEST(a_longer_struct_with_nothing_in_its_tail_is_taken)
{
	set_up();
	for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++) {
		void *at = at_the_end(calls[i].options, calls[i].size + 40, calls[i].size);

		CHECK_INT(calls[i].call(at), calls[i].code);
		forget(at);
	}
	tear_down();
}

TEST(a_longer_struct_that_asks_for_more_is_refused)
{
	set_up();
	for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++) {
		size_t len = calls[i].size + 40;
		char *at = at_the_end(calls[i].options, len, calls[i].size);

		at[len - 1] = 1;
		CHECK_INT(calls[i].call(at), -E2BIG);
		CHECK(strstr(davit_error_message(err), "does not know"));
		CHECK_STR(davit_error_kind(err), "usage");
		forget(at);
	}
	tear_down();
}

TEST(a_size_that_was_never_set_is_refused)
{
	set_up();
	for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++) {
		void *at = at_the_end(calls[i].options, calls[i].size, calls[i].size);
		size_t none = 0;

		memcpy(at, &none, sizeof(none));
		CHECK_INT(calls[i].call(at), -EINVAL);
		CHECK(strstr(davit_error_message(err), "member size of struct davit_"));
		CHECK_INT(calls[i].call(NULL), -EINVAL);
		forget(at);
	}
	tear_down();
}
