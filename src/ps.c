/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * `ps`: the library tells which processes are the container's; what is said about them is said by
 * the host's ps(1), whose lines are chosen by its PID column. The words behind the id are that
 * program's options and never looked at here.
 */
#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "command.h"

extern char **environ;

struct pids {
	pid_t *list;
	size_t count;
	bool no_memory;
};

static int collect(void *arg, pid_t pid)
{
	struct pids *pids = arg;
	pid_t *grown = reallocarray(pids->list, pids->count + 1, sizeof(*grown));

	if (!grown) {
		pids->no_memory = true;
		return 1;
	}
	pids->list = grown;
	grown[pids->count++] = pid;
	return 0;
}

static bool has_pid(const struct pids *pids, const char *field)
{
	char *end;
	long number = strtol(field, &end, 10);

	if (end == field || !strchr(" \t\n", *end))
		return false;
	for (size_t i = 0; i < pids->count; i++)
		if (pids->list[i] == number)
			return true;
	return false;
}

static int print_json(const struct pids *pids)
{
	putchar('[');
	for (size_t i = 0; i < pids->count; i++)
		printf("%s%d", i ? "," : "", (int)pids->list[i]);
	puts("]");
	return EXIT_SUCCESS;
}

/* The field number @index of a line; NULL: the line has fewer. */
static const char *field_of(const char *line, size_t index)
{
	line += strspn(line, " ");
	for (; index > 0 && *line && *line != '\n'; index--) {
		line += strcspn(line, " \n");
		line += strspn(line, " ");
	}
	return *line && *line != '\n' ? line : NULL;
}

static bool find_pid_column(const char *header, size_t *ret)
{
	const char *field;

	for (size_t i = 0; (field = field_of(header, i)); i++) {
		if (strcspn(field, " \n") == 3 && !memcmp(field, "PID", 3)) {
			*ret = i;
			return true;
		}
	}
	return false;
}

/* Reads to the end, so that ps ends whatever we think of its output. */
static bool filter(FILE *from, const struct pids *pids)
{
	bool is_header = true, has_column = false;
	size_t size = 0, column = 0;
	char *line = NULL;

	while (getline(&line, &size, from) > 0) {
		const char *field;

		if (is_header)
			has_column = find_pid_column(line, &column);
		field = has_column ? field_of(line, column) : NULL;
		if (field && (is_header || has_pid(pids, field)))
			fputs(line, stdout);
		is_header = false;
	}
	free(line);
	return has_column;
}

/* @options: NULL-terminated. */
static int spawn_ps(char **options, pid_t *ret_pid, int *ret_fd)
{
	static char name[] = "ps", everything[] = "-ef";
	char *plain[] = { name, everything, NULL }, **argv = plain;
	posix_spawn_file_actions_t actions;
	size_t count = 0;
	int p[2], r;

	while (options[count])
		count++;
	if (count > 0) {
		argv = calloc(count + 2, sizeof(*argv));
		if (!argv)
			return ENOMEM;
		argv[0] = name;
		memcpy(argv + 1, options, count * sizeof(*argv));
	}
	r = pipe2(p, O_CLOEXEC) < 0 ? errno : 0;
	if (r == 0) {
		posix_spawn_file_actions_init(&actions);
		posix_spawn_file_actions_adddup2(&actions, p[1], STDOUT_FILENO);
		r = posix_spawnp(ret_pid, name, &actions, NULL, argv, environ);
		posix_spawn_file_actions_destroy(&actions);
		close(p[1]);
		*ret_fd = p[0];
		if (r)
			close(p[0]);
	}
	if (count > 0)
		free(argv);
	return r;
}

static int print_table(const struct session *s, const struct pids *pids, char **options)
{
	int fd, status = 0, r;
	bool has_column;
	pid_t pid;
	FILE *from;

	r = spawn_ps(options, &pid, &fd);
	if (r)
		return session_fail_errno(s, r, "execute ps");
	from = fdopen(fd, "r");
	has_column = from && filter(from, pids);
	if (from)
		(void)fclose(from); /* read only */
	else
		close(fd);
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	if (WIFSIGNALED(status) || WEXITSTATUS(status))
		return session_fail(s, "ps ended with status %d",
				    WIFSIGNALED(status) ? 128 + WTERMSIG(status)
							: WEXITSTATUS(status));
	if (!has_column)
		return session_fail(s, "couldn't find PID field in ps output");
	return EXIT_SUCCESS;
}

int ps_run(struct session *s, const struct command_args *args)
{
	struct pids pids = { 0 };
	int status;

	if (davit_ps(s->context, args->words.words[0], collect, &pids, s->error) < 0)
		status = session_report(s);
	else if (pids.no_memory)
		status = session_fail(s, "list the processes: out of memory");
	else if (args->format && !strcmp(args->format, "json"))
		status = print_json(&pids);
	else
		status = print_table(s, &pids, args->words.rest);
	free(pids.list);
	return status;
}
