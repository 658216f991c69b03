/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * threads BUNDLE SLOW ROOT CYCLES DAVIT: an embedding program with eight threads, each with a
 * context of its own, that create, look at, start, await and delete containers; beside them threads
 * that use the heap and that start programs, and a child of the program's own, which all must not
 * notice. The first process of the bundle SLOW is in its set-up all the time, in a hook that reads
 * SLOW/fifo. Exits 0 when every call succeeded and descriptors and children are those of the
 * beginning.
 */
#include <davit.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <spawn.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "descriptors.h"

extern char **environ;

enum {
	THREADS = 8,
	BUSY = 2
};

static const char *bundle, *slow_bundle, *root, *program;
static unsigned cycles;
static atomic_uint failures;
static atomic_bool is_over;

static void fail(const char *id, const char *what, const struct davit_error *err)
{
	fprintf(stderr, "%s: %s: %s\n", id, what, err ? davit_error_message(err) : "");
	atomic_fetch_add(&failures, 1);
}

static void check_status(struct davit_context *ctx, const char *id, const char *status,
			 struct davit_error *err)
{
	char *json = NULL;

	if (davit_state(ctx, id, &json, err) < 0)
		fail(id, "state", err);
	else if (!strstr(json, status))
		fail(id, json, NULL);
	free(json);
}

static void cycle(struct davit_context *ctx, const char *id, struct davit_error *err)
{
	const struct davit_create_options options = { .size = sizeof(options),
						      .id = id,
						      .bundle = bundle };
	int status = -1;

	if (davit_create(ctx, &options, err) < 0) {
		fail(id, "create", err);
		return;
	}
	check_status(ctx, id, "\"created\"", err);
	if (davit_start(ctx, id, err) < 0)
		fail(id, "start", err);
	if (davit_wait(ctx, id, &status, err) < 0)
		fail(id, "wait", err);
	else if (status != 7)
		fail(id, "another exit status", NULL);
	check_status(ctx, id, "\"stopped\"", err);
	if (davit_delete(ctx, id, true, err) < 0)
		fail(id, "delete", err);
}

/* A container that waits for its start all the time must not hold what is other threads'. */
static void park(struct davit_context *ctx, const char *id, struct davit_error *err)
{
	const struct davit_create_options options = { .size = sizeof(options),
						      .id = id,
						      .bundle = bundle };

	if (davit_create(ctx, &options, err) < 0)
		fail(id, "create", err);
}

static void unpark(struct davit_context *ctx, const char *id, struct davit_error *err)
{
	int status = -1;

	check_status(ctx, id, "\"created\"", err);
	if (davit_kill(ctx, id, SIGKILL, false, err) < 0)
		fail(id, "kill", err);
	if (davit_wait(ctx, id, &status, err) < 0)
		fail(id, "wait", err);
	else if (status != 128 + SIGKILL)
		fail(id, "another end", NULL);
	if (davit_delete(ctx, id, false, err) < 0)
		fail(id, "delete", err);
}

static void *live(void *arg)
{
	const struct davit_context_options options = {
		.size = sizeof(options), .root = root, .program = program, .environment = environ
	};
	struct davit_error *err = davit_error_new();
	struct davit_context *ctx = NULL;
	char id[64], parked[64];

	(void)snprintf(parked, sizeof(parked), "%s-%u-parked", getenv("DAVIT_TEST"),
		       *(const unsigned *)arg);
	if (davit_context_new(&options, &ctx, err) < 0)
		fail("context", "new", err);
	else
		park(ctx, parked, err);
	for (unsigned i = 0; ctx && i < cycles && !atomic_load(&failures); i++) {
		(void)snprintf(id, sizeof(id), "%s-%u-%u", getenv("DAVIT_TEST"),
			       *(const unsigned *)arg, i);
		cycle(ctx, id, err);
	}
	if (ctx)
		unpark(ctx, parked, err);
	davit_context_free(ctx);
	davit_error_free(err);
	return NULL;
}

static void *live_slowly(void *arg)
{
	const struct davit_context_options options = {
		.size = sizeof(options), .root = root, .program = program, .environment = environ
	};
	struct davit_error *err = davit_error_new();
	struct davit_context *ctx = NULL;
	struct davit_create_options create = { .size = sizeof(create), .bundle = slow_bundle };
	char id[64];

	(void)arg;
	(void)snprintf(id, sizeof(id), "%s-slow", getenv("DAVIT_TEST"));
	create.id = id;
	if (davit_context_new(&options, &ctx, err) < 0 || davit_create(ctx, &create, err) < 0)
		fail(id, "create", err);
	else
		unpark(ctx, id, err);
	davit_context_free(ctx);
	davit_error_free(err);
	return NULL;
}

/* A hook of the slow one waits for that. */
static void let_slow_go(void)
{
	char path[4096];
	int fd;

	(void)snprintf(path, sizeof(path), "%s/fifo", slow_bundle);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		fail("slow", "fifo", NULL);
	else
		close(fd);
}

/* The heap's locks are held nearly all the time. */
static void *allocate(void *arg)
{
	void *kept[64] = { arg };

	kept[0] = NULL;
	for (unsigned i = 0; !atomic_load(&is_over); i++) {
		free(kept[i % 64]);
		kept[i % 64] = calloc(1, 1 + i * 2654435761U % 200000);
	}
	for (unsigned i = 0; i < 64; i++)
		free(kept[i]);
	return NULL;
}

/* The program's own children have their own status, and nobody else takes it. */
static void *start_programs(void *arg)
{
	char name[] = "sh", flag[] = "-c", text[] = "exit 3";
	char *argv[] = { name, flag, text, NULL };

	(void)arg;
	while (!atomic_load(&is_over)) {
		int status = 0;
		pid_t pid;

		if (posix_spawn(&pid, "/bin/sh", NULL, NULL, argv, environ) != 0 ||
		    waitpid(pid, &status, 0) != pid || status != 3 << 8)
			fail("own program", "lost", NULL);
	}
	return NULL;
}

static pid_t make_bystander(void)
{
	pid_t pid = fork();

	while (pid == 0)
		pause();
	return pid;
}

static void check_children(pid_t bystander)
{
	if (waitpid(bystander, NULL, WNOHANG) != 0)
		fail("bystander", "gone", NULL);
	kill(bystander, SIGKILL);
	waitpid(bystander, NULL, 0);
	while (waitpid(-1, NULL, __WALL) > 0)
		fail("a child", "left", NULL);
}

int main(int argc, char **argv)
{
	pthread_t threads[THREADS], slow, busy[BUSY + 1];
	unsigned numbers[THREADS], before;
	pid_t bystander;

	if (argc != 6)
		return 2;
	bundle = argv[1];
	slow_bundle = argv[2];
	root = argv[3];
	cycles = (unsigned)strtoul(argv[4], NULL, 10);
	program = argv[5];
	bystander = make_bystander();
	before = count_descriptors();
	for (unsigned i = 0; i < BUSY; i++)
		pthread_create(&busy[i], NULL, allocate, NULL);
	pthread_create(&busy[BUSY], NULL, start_programs, NULL);
	for (unsigned i = 0; i < THREADS; i++) {
		numbers[i] = i;
		pthread_create(&threads[i], NULL, live, &numbers[i]);
	}
	pthread_create(&slow, NULL, live_slowly, NULL);
	for (unsigned i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	let_slow_go();
	pthread_join(slow, NULL);
	atomic_store(&is_over, true);
	for (unsigned i = 0; i <= BUSY; i++)
		pthread_join(busy[i], NULL);
	if (count_descriptors() != before)
		fail("descriptors", "left", NULL);
	check_children(bystander);
	return atomic_load(&failures) ? 1 : 0;
}
