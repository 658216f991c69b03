/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * See manual.h.
 */
#include "manual.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

static const char *find_text(const char *name)
{
	for (const struct manual_text *t = manual_texts; t->name; t++)
		if (!strcmp(t->name, name))
			return t->text;
	return "";
}

/* A line of a text, without its end. */
struct line {
	const char *at;
	size_t len;
};

static struct line line_at(const char *text)
{
	return (struct line){ text, strcspn(text, "\n") };
}

static const char *next_line(struct line line)
{
	const char *end = line.at + line.len;

	return *end ? end + 1 : end;
}

static bool is_heading(struct line line)
{
	for (size_t i = 0; i < line.len; i++)
		if (!isupper((unsigned char)line.at[i]) && line.at[i] != ' ')
			return false;
	return line.len > 0 && line.at[0] != ' ';
}

static bool is_item(struct line line)
{
	return line.len > 2 && !memcmp(line.at, "- ", 2);
}

static bool is_verbatim(struct line line)
{
	return line.len > 4 && !memcmp(line.at, "    ", 4);
}

/* The length of *words* at @at, stars included, or 0. */
static size_t bold_length(const char *at, const char *end)
{
	const char *close = at + 1;

	if (*at != '*' || at + 1 >= end || isspace((unsigned char)at[1]))
		return 0;
	while (close < end && *close != '*')
		close++;
	return close < end && close > at + 1 ? (size_t)(close - at) + 1 : 0;
}

/* As it is read on a terminal: the stars go. */
static void print_plain(struct line line)
{
	const char *end = line.at + line.len;

	while (line.at < end) {
		size_t bold = bold_length(line.at, end);

		if (bold)
			printf("%.*s", (int)bold - 2, line.at + 1);
		else
			putchar(*line.at);
		line.at += bold ? bold : 1;
	}
}

void manual_print_text(const char *name, enum manual_part part)
{
	const char *text = find_text(name);
	bool shown = false;

	while (*text) {
		struct line line = line_at(text);

		text = next_line(line);
		if (is_heading(line)) {
			shown = (line.len == 11 && !memcmp(line.at, "DESCRIPTION", 11)) ==
				(part == MANUAL_DESCRIPTION);
			if (shown)
				printf("\n%.*s:\n", (int)line.len, line.at);
		} else if (shown && line.len > 0) {
			printf("   ");
			if (is_verbatim(line))
				printf("%.*s", (int)line.len, line.at);
			else
				print_plain(line);
			putchar('\n');
		} else if (shown && *text && !is_heading(line_at(text))) {
			putchar('\n');
		}
	}
}

/* --- pages of man(7) ---------------------------------------------------------------------------
 */

static void print_roff_chars(const char *at, const char *end)
{
	for (; at < end; at++) {
		if (*at == '\\')
			printf("\\e");
		else if (*at == '-')
			printf("\\-");
		else if (*at == '\'')
			printf("\\(aq");
		else
			putchar(*at);
	}
}

static void print_roff_line(struct line line)
{
	const char *end = line.at + line.len;

	if (line.len && *line.at == '.')
		printf("\\&");
	while (line.at < end) {
		size_t bold = bold_length(line.at, end);

		if (bold) {
			printf("\\fB");
			print_roff_chars(line.at + 1, line.at + bold - 1);
			printf("\\fR");
		} else {
			print_roff_chars(line.at, line.at + 1);
		}
		line.at += bold ? bold : 1;
	}
	putchar('\n');
}

static void print_roff(const char *text)
{
	print_roff_line(line_at(text));
}

/* "- WORD: what follows". */
static void print_roff_item(struct line line)
{
	const char *word = line.at + 2;
	const char *end = line.at + line.len;
	const char *colon = word;

	while (colon < end && !(*colon == ':' && (colon + 1 == end || colon[1] == ' ')))
		colon++;
	printf(".TP\n.B ");
	print_roff_line((struct line){ word, (size_t)(colon - word) });
	if (colon + 2 < end)
		print_roff_line((struct line){ colon + 2, (size_t)(end - colon) - 2 });
}

static void print_roff_verbatim(struct line line, bool *is_inside)
{
	if (!*is_inside)
		printf(".PP\n.RS 4\n.nf\n");
	*is_inside = true;
	if (line.len >= 4)
		print_roff_line((struct line){ line.at + 4, line.len - 4 });
	else
		putchar('\n');
}

/* What stands between two headings, from @text on; returns the next heading. */
static const char *print_roff_section(const char *text)
{
	bool is_inside = false, is_new = false;

	while (*text) {
		struct line line = line_at(text);

		if (is_heading(line))
			break;
		text = next_line(line);
		if (is_verbatim(line) || (is_inside && !line.len && is_verbatim(line_at(text)))) {
			print_roff_verbatim(line, &is_inside);
			continue;
		}
		if (is_inside)
			printf(".fi\n.RE\n");
		is_new |= is_inside || !line.len;
		is_inside = false;
		if (!line.len)
			continue;
		if (is_item(line))
			print_roff_item(line);
		else if (is_new)
			printf(".PP\n");
		is_new = false;
		if (!is_item(line))
			print_roff_line((struct line){ line.at + (line.at[0] == ' ' ? 2 : 0),
						       line.len - (line.at[0] == ' ' ? 2 : 0) });
	}
	if (is_inside)
		printf(".fi\n.RE\n");
	return text;
}

static void print_roff_sections(const char *name, enum manual_part part)
{
	const char *text = find_text(name);

	while (*text) {
		struct line line = line_at(text);
		bool is_description = line.len == 11 && !memcmp(line.at, "DESCRIPTION", 11);

		text = next_line(line);
		if (!is_heading(line))
			continue;
		if (is_description != (part == MANUAL_DESCRIPTION))
			continue;
		printf(".SH %.*s\n", (int)line.len, line.at);
		text = print_roff_section(text);
	}
}

static void print_roff_option(const struct cli_option *row)
{
	char flags[80];
	int n = 0;

	if (row->letter)
		n = snprintf(flags, sizeof(flags), "-%c%s", row->letter, row->name ? ", " : "");
	if (row->name)
		n += snprintf(flags + n, sizeof(flags) - (size_t)n, "--%s", row->name);
	printf(".TP\n\\fB");
	print_roff_chars(flags, flags + n);
	printf("\\fR");
	if (row->arg) {
		printf(" \\fI");
		print_roff_chars(row->arg, row->arg + strlen(row->arg));
		printf("\\fR");
	}
	putchar('\n');
	print_roff(row->help);
}

static void print_roff_options(const char *heading, const struct cli_option *rows)
{
	printf(".SH %s\n", heading);
	for (; rows->name || rows->letter; rows++)
		if (rows->help)
			print_roff_option(rows);
	print_roff_option(&cli_option_help);
}

static void print_title(const char *command, const char *version)
{
	printf(".\\\" SPDX-License-Identifier: LGPL-2.1-or-later\n.TH DAVIT");
	if (*command)
		printf("\\-");
	for (; *command; command++)
		putchar(toupper((unsigned char)*command));
	printf(" 8 \"\" \"davit %s\" \"System Administration\"\n", version);
}

static void print_program_page(const struct command_line *line, const char *version)
{
	print_title("", version);
	printf(".SH NAME\ndavit \\- Open Container Initiative runtime\n");
	printf(".SH SYNOPSIS\n\\fBdavit\\fR [\\fIglobal options\\fR] \\fICOMMAND\\fR "
	       "[\\fIoptions\\fR] [\\fIarguments\\fR]\n");
	print_roff_sections("davit", MANUAL_DESCRIPTION);
	printf(".SH COMMANDS\n");
	for (const struct command *c = line->commands; c->name; c++) {
		printf(".TP\n.BR davit\\-%s (8)\n", c->name);
		print_roff(c->summary);
	}
	print_roff_options("GLOBAL OPTIONS", line->global_options);
	print_roff_sections("davit", MANUAL_REST);
	printf(".SH SEE ALSO\n.BR namespaces (7),\n.BR cgroups (7),\n.BR capabilities (7),\n"
	       ".BR seccomp (2)\n");
}

void manual_print_page(const struct command_line *line, const struct command *command,
		       const char *version)
{
	if (!command) {
		print_program_page(line, version);
		return;
	}
	print_title(command->name, version);
	printf(".SH NAME\ndavit\\-%s \\- ", command->name);
	print_roff(command->summary);
	printf(".SH SYNOPSIS\n\\fBdavit %s\\fR [\\fIoptions\\fR] ", command->name);
	print_roff(command->words);
	print_roff_sections(command->name, MANUAL_DESCRIPTION);
	print_roff_options("OPTIONS", command->options);
	print_roff_sections(command->name, MANUAL_REST);
	printf(".SH SEE ALSO\n.BR davit (8)\n");
}
