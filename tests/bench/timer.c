/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * timer: how long commands take, and what they use.
 *
 *     timer RUNS COMMAND [ARG...] [+ COMMAND [ARG...]]...
 *
 * A run is all the commands, one after the other; two runs warm up before the counted ones. Each
 * counted run prints a line "MICROSECONDS CPU KIBIBYTES": wall time, processor time in microseconds
 * and the peak memory, of the commands and what they waited for. Commands have /dev/null as stdin
 * and stdout, and the caller's stderr. A command that does not end with 0 ends the timer with 1.
 *
 * Small and linked statically: the peak of a spawned program counts the memory of who spawned it.
 */
#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum {
	WARM_UP = 2
};

extern char **environ;

static long now_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000L + t.tv_nsec / 1000;
}

/* Cuts the words at each "+" and writes where the commands begin; their number. */
static int split(char **words, char ***ret_commands)
{
	int count = 0;

	ret_commands[count++] = words;
	for (; *words; words++) {
		if (strcmp(*words, "+") != 0)
			continue;
		*words = NULL;
		ret_commands[count++] = words + 1;
	}
	return count;
}

struct use {
	long cpu_us, kib;
};

static void add_use(struct use *use, const struct rusage *r)
{
	use->cpu_us += (r->ru_utime.tv_sec + r->ru_stime.tv_sec) * 1000000L + r->ru_utime.tv_usec +
		       r->ru_stime.tv_usec;
	if (use->kib < r->ru_maxrss)
		use->kib = r->ru_maxrss;
}

/* 0, or 1 after saying what is wrong. */
static int run_command(char **argv, const posix_spawn_file_actions_t *files, struct use *use)
{
	struct rusage usage;
	int status, r;
	pid_t pid;

	r = posix_spawnp(&pid, argv[0], files, NULL, argv, environ);
	if (r != 0) {
		fprintf(stderr, "timer: %s: %s\n", argv[0], strerror(r));
		return 1;
	}
	while (wait4(pid, &status, 0, &usage) < 0)
		if (errno != EINTR)
			return 1;
	add_use(use, &usage);
	if (status == 0)
		return 0;
	fprintf(stderr, "timer: %s %s: ended with status 0x%x\n", argv[0], argv[1] ? argv[1] : "",
		(unsigned)status);
	return 1;
}

int main(int argc, char **argv)
{
	posix_spawn_file_actions_t files;
	char ***commands;
	int count, runs;

	runs = argc > 2 ? atoi(argv[1]) : 0;
	commands = calloc((size_t)argc, sizeof(*commands));
	if (runs < 1 || !commands) {
		fprintf(stderr, "usage: timer RUNS COMMAND [ARG...] [+ COMMAND [ARG...]]...\n");
		return 2;
	}
	count = split(argv + 2, commands);
	posix_spawn_file_actions_init(&files);
	posix_spawn_file_actions_addopen(&files, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
	posix_spawn_file_actions_addopen(&files, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
	for (int i = -WARM_UP; i < runs; i++) {
		struct use use = { 0 };
		long start = now_us();

		for (int c = 0; c < count; c++)
			if (run_command(commands[c], &files, &use) != 0)
				return 1;
		if (i >= 0)
			printf("%ld %ld %ld\n", now_us() - start, use.cpu_us, use.kib);
	}
	return 0;
}
