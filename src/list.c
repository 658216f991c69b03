/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * `list`: all is collected before the first line is printed, since the widths of the columns are
 * known at the end only. Those that can be looked at are shown when another cannot.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "command.h"
#include "text.h"

enum column {
	COLUMN_ID,
	COLUMN_PID,
	COLUMN_STATUS,
	COLUMN_BUNDLE,
	COLUMN_CREATED,
	COLUMN_OWNER,
	COLUMNS,
	CELL_JSON = COLUMNS,
	CELLS,
	/* The widths that scripts know from runc. */
	COLUMN_MIN = 12,
	COLUMN_GAP = 3
};

struct row {
	char *cells[CELLS];
};

struct rows {
	struct row *row;
	size_t count;
	bool no_memory;
};

static void free_rows(struct rows *rows)
{
	for (size_t i = 0; i < rows->count; i++)
		for (size_t k = 0; k < CELLS; k++)
			free(rows->row[i].cells[k]);
	free(rows->row);
}

static char *copy_line(const char *text)
{
	text = text ? text : "";
	return strndup(text, strcspn(text, "\n"));
}

static int collect(void *arg, const struct davit_container_info *entry)
{
	struct rows *rows = arg;
	struct row *grown = reallocarray(rows->row, rows->count + 1, sizeof(*grown));
	struct row *row;
	char pid[16];

	if (!grown) {
		rows->no_memory = true;
		return 1;
	}
	rows->row = grown;
	row = &grown[rows->count++];
	(void)snprintf(pid, sizeof(pid), "%d", (int)entry->pid);
	*row = (struct row){ {
		[COLUMN_ID] = copy_line(entry->id),
		[COLUMN_PID] = copy_line(pid),
		[COLUMN_STATUS] = copy_line(entry->status_word),
		[COLUMN_BUNDLE] = copy_line(entry->bundle),
		[COLUMN_CREATED] = copy_line(entry->created),
		[COLUMN_OWNER] = copy_line(entry->owner),
		[CELL_JSON] = copy_line(entry->json),
	} };
	for (size_t k = 0; k < CELLS; k++)
		if (!row->cells[k])
			rows->no_memory = true;
	return rows->no_memory;
}

static void print_cell(const char *text, int width)
{
	text_write_line(stdout, text);
	for (int at = (int)strlen(text); at < width; at++)
		putchar(' ');
}

static void print_row(char *const *cells, const int *widths)
{
	for (size_t k = 0; k < COLUMNS; k++)
		print_cell(cells[k], widths[k]);
	putchar('\n');
}

static void print_table(const struct rows *rows)
{
	char *const heads[COLUMNS] = { (char *)"ID",     (char *)"PID",     (char *)"STATUS",
				       (char *)"BUNDLE", (char *)"CREATED", (char *)"OWNER" };
	int widths[COLUMNS] = { 0 };

	for (size_t k = 0; k < COLUMN_OWNER; k++) { /* the last one is not padded */
		size_t width = strlen(heads[k]);

		for (size_t i = 0; i < rows->count; i++)
			if (strlen(rows->row[i].cells[k]) > width)
				width = strlen(rows->row[i].cells[k]);
		widths[k] = (int)width + COLUMN_GAP;
		if (widths[k] < COLUMN_MIN)
			widths[k] = COLUMN_MIN;
	}
	print_row(heads, widths);
	for (size_t i = 0; i < rows->count; i++)
		print_row(rows->row[i].cells, widths);
}

static void print_json(const struct rows *rows)
{
	putchar('[');
	for (size_t i = 0; i < rows->count; i++)
		printf("%s%s", i ? "," : "", rows->row[i].cells[CELL_JSON]);
	puts("]");
}

static void print_ids(const struct rows *rows)
{
	for (size_t i = 0; i < rows->count; i++)
		puts(rows->row[i].cells[COLUMN_ID]);
}

static void print(const struct rows *rows, const struct command_args *args)
{
	if (args->quiet)
		print_ids(rows);
	else if (args->format && !strcmp(args->format, "json"))
		print_json(rows);
	else
		print_table(rows);
}

int list_run(struct session *s, const struct command_args *args)
{
	struct rows rows = { 0 };
	int status = EXIT_SUCCESS;

	if (davit_list(s->context, collect, &rows, s->error) < 0)
		status = session_report(s);
	else if (rows.no_memory)
		status = session_fail(s, "list the containers: out of memory");
	if (status == EXIT_SUCCESS || (rows.count && !rows.no_memory))
		print(&rows, args);
	free_rows(&rows);
	return status;
}
