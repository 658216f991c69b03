/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * timer: how long commands take, and what they use.
 *
 *     timer [-j JOBS] [-l MILLISECONDS] RUNS COMMAND [ARG...] [+|- COMMAND [ARG...]]...
 *
 * A run is all the commands, one after the other; those after a "-" are run but not counted, also
 * the first. With -j, JOBS of each command run at the same time, and what is printed is the share
 * of one; a "%" in a word stands for the number of the job. Two runs warm up before the counted
 * ones. After MILLISECONDS no further run begins, but one is counted.
 *
 * Each counted run prints a line "MICROSECONDS CPU KIBIBYTES COMMAND...": wall time, processor time
 * in microseconds and the peak memory, of the commands and what they waited for, and the wall time
 * of each counted command. Commands have /dev/null as stdin and stdout, and the caller's stderr. A
 * command that does not end with 0 ends the timer with 1.
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
	WARM_UP = 2,
	MOST_JOBS = 64,
	MOST_WORDS = 64,
	MOST_COMMANDS = 16
};

extern char **environ;

struct command {
	int is_counted;
	char *of_job[MOST_JOBS][MOST_WORDS];
};

struct use {
	long wall_us, cpu_us, kib, each_us[MOST_COMMANDS];
};

static struct command commands[MOST_COMMANDS];
static posix_spawn_file_actions_t files;

static long now_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000L + t.tv_nsec / 1000;
}

static int usage(void)
{
	fprintf(stderr, "usage: timer [-j JOBS] [-l MILLISECONDS] RUNS "
			"COMMAND [ARG...] [+|- COMMAND [ARG...]]...\n");
	return 2;
}

static char *with_job(const char *word, int job)
{
	const char *mark = strchr(word, '%');
	char *text = NULL;

	if (!mark)
		return strdup(word);
	return asprintf(&text, "%.*s%d%s", (int)(mark - word), word, job, mark + 1) < 0 ? NULL
											: text;
}

/* Cuts the words at each "+" and "-"; the number of commands, or -1. */
static int split(char **words, int jobs)
{
	int count = 0, is_counted = 1;

	while (*words) {
		struct command *c = &commands[count];
		int n = 0;

		if (strcmp(*words, "+") == 0 || strcmp(*words, "-") == 0)
			is_counted = **words++ == '+';
		if (count == MOST_COMMANDS || !*words)
			return -1;
		c->is_counted = is_counted;
		for (; *words && strcmp(*words, "+") != 0 && strcmp(*words, "-") != 0;
		     words++, n++) {
			if (n == MOST_WORDS - 1)
				return -1;
			for (int job = 0; job < jobs; job++)
				c->of_job[job][n] = with_job(*words, job);
		}
		count++;
	}
	return count;
}

static void add_use(struct use *use, const struct rusage *r)
{
	use->cpu_us += (r->ru_utime.tv_sec + r->ru_stime.tv_sec) * 1000000L + r->ru_utime.tv_usec +
		       r->ru_stime.tv_usec;
	if (use->kib < r->ru_maxrss)
		use->kib = r->ru_maxrss;
}

/* 0, or 1 after saying what is wrong. */
static int run_command(struct command *c, int jobs, struct use *use)
{
	struct rusage usage;
	int status, r, failed = 0, begun = 0;
	pid_t pid;

	for (; begun < jobs; begun++) {
		char **argv = c->of_job[begun];

		r = posix_spawnp(&pid, argv[0], &files, NULL, argv, environ);
		if (r != 0) {
			fprintf(stderr, "timer: %s: %s\n", argv[0], strerror(r));
			failed = 1;
			break;
		}
	}
	while (begun > 0) {
		if (wait4(-1, &status, 0, &usage) < 0) {
			if (errno != EINTR)
				return 1;
			continue;
		}
		begun--;
		if (c->is_counted)
			add_use(use, &usage);
		if (status == 0)
			continue;
		fprintf(stderr, "timer: %s: ended with status 0x%x\n", c->of_job[0][0],
			(unsigned)status);
		failed = 1;
	}
	return failed;
}

static int run_all(int count, int jobs, struct use *use)
{
	for (int i = 0; i < count; i++) {
		long start = now_us();

		if (run_command(&commands[i], jobs, use) != 0)
			return 1;
		use->each_us[i] = now_us() - start;
		if (commands[i].is_counted)
			use->wall_us += use->each_us[i];
	}
	return 0;
}

static void print(const struct use *use, int count, int jobs)
{
	printf("%ld %ld %ld", use->wall_us / jobs, use->cpu_us / jobs, use->kib);
	for (int i = 0; i < count; i++)
		if (commands[i].is_counted)
			printf(" %ld", use->each_us[i] / jobs);
	printf("\n");
}

int main(int argc, char **argv)
{
	int option, count, runs, jobs = 1, is_first = 1;
	long begin = now_us(), limit = 0;

	while ((option = getopt(argc, argv, "+j:l:")) >= 0) {
		if (option == 'j')
			jobs = atoi(optarg);
		else if (option == 'l')
			limit = atol(optarg) * 1000;
		else
			return usage();
	}
	runs = optind < argc ? atoi(argv[optind]) : 0;
	if (runs < 1 || jobs < 1 || jobs > MOST_JOBS)
		return usage();
	count = split(argv + optind + 1, jobs);
	if (count < 1)
		return usage();
	posix_spawn_file_actions_init(&files);
	posix_spawn_file_actions_addopen(&files, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
	posix_spawn_file_actions_addopen(&files, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
	for (int i = -WARM_UP; i < runs; i++) {
		struct use use = { 0 };
		int is_late = limit > 0 && now_us() - begin > limit;

		if (is_late && i >= 0 && !is_first)
			break;
		if (is_late && i < 0)
			continue;
		if (run_all(count, jobs, &use) != 0)
			return 1;
		if (i < 0)
			continue;
		print(&use, count, jobs);
		is_first = 0;
	}
	return 0;
}
