/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * `plan`: one line a step that would be done (what, in which process, why there), its operations
 * indented below, several on a line where they are short; at the end the steps that this bundle
 * does not need.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "command.h"
#include "text.h"

enum {
	NAME_WIDTH = 17,
	WHERE_WIDTH = 6,
	INDENT = 4,
	LINE_WIDTH = 100
};

/* Prints words with separators, and goes to a new line where the next would not fit. */
struct filler {
	FILE *out;
	size_t indent, column; /* column 0: nothing printed yet */
};

static void fill(struct filler *f, const char *text, const char *separator)
{
	size_t len = strlen(text);

	if (f->column && f->column + strlen(separator) + 1 + len <= LINE_WIDTH) {
		f->column += (size_t)fprintf(f->out, "%s ", separator);
	} else {
		if (f->column)
			fputc('\n', f->out);
		f->column = (size_t)fprintf(f->out, "%*s", (int)f->indent, "");
	}
	text_write_line(f->out, text);
	f->column += len;
}

static void fill_end(struct filler *f)
{
	if (f->column)
		fputc('\n', f->out);
	f->column = 0;
}

static int print_step(void *arg, const struct davit_plan_step *step)
{
	struct filler *idle = arg;
	struct filler operations = { stdout, INDENT, 0 };

	if (!step->active) {
		fill(idle, step->name, ",");
		return 0;
	}
	printf("%-*s %-*s %s\n", NAME_WIDTH, step->name, WHERE_WIDTH, step->where, step->why);
	for (const char *const *text = step->operations; text && *text; text++)
		fill(&operations, *text, ";");
	fill_end(&operations);
	return 0;
}

int plan_run(struct session *s, const struct command_args *args)
{
	struct davit_create_options options = args->create;
	char *text = NULL;
	size_t size = 0;
	struct filler idle = { open_memstream(&text, &size), INDENT, 0 };
	int status = EXIT_SUCCESS;

	if (!idle.out)
		return session_fail(s, "print the plan: out of memory");
	if (args->words.count > 0)
		options.bundle = args->words.words[0];
	if (davit_plan(s->context, &options, print_step, &idle, s->error) < 0)
		status = session_report(s);
	fill_end(&idle);
	if (fclose(idle.out) != 0)
		status = session_fail(s, "print the plan: out of memory");
	else if (status == EXIT_SUCCESS && size > 0)
		printf("not needed here:\n%s", text);
	free(text);
	return status;
}
