/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * See options.h. Own parser, since getopt_long() reorders argv (a re-exec needs it unchanged),
 * takes abbreviations of names, and cannot be driven by the tables that help reads.
 */
#include "options.h"

#include <errno.h>
#include <limits.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const struct cli_option cli_option_help = { "help", 'h', CLI_HELP, NULL, "show help", 0 };

struct parser {
	const struct cli_option *rows;
	char **next;
	void *target;
	struct cli_result *result;
	struct cli_error *error;
};

__attribute__((format(printf, 2, 3))) static int refuse(const struct parser *p, const char *fmt,
							...)
{
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(p->error->text, sizeof(p->error->text), fmt, ap); /* cut is good enough */
	va_end(ap);
	return -EINVAL;
}

static int refuse_unknown(const struct parser *p, const char *arg)
{
	return refuse(p, "unknown option '%.100s'", arg);
}

static const struct cli_option *find_name(const struct parser *p, const char *name, size_t len)
{
	if (len == strlen(cli_option_help.name) && !memcmp(cli_option_help.name, name, len))
		return &cli_option_help;
	for (const struct cli_option *row = p->rows; row->name || row->letter; row++)
		if (row->name && strlen(row->name) == len && !memcmp(row->name, name, len))
			return row;
	return NULL;
}

static const struct cli_option *find_letter(const struct parser *p, char letter)
{
	for (const struct cli_option *row = p->rows; row->name || row->letter; row++)
		if (row->letter == letter)
			return row;
	return letter == cli_option_help.letter ? &cli_option_help : NULL;
}

static bool takes_value(const struct cli_option *row)
{
	return row->type == CLI_STRING || row->type == CLI_STRINGS || row->type == CLI_WORD ||
	       row->type == CLI_UINT;
}

/* How messages call a row. */
struct label {
	char text[40];
};

static struct label label(const struct cli_option *row)
{
	struct label l;

	if (row->name)
		(void)snprintf(l.text, sizeof(l.text), "--%s", row->name);
	else
		(void)snprintf(l.text, sizeof(l.text), "-%c", row->letter);
	return l;
}

bool cli_word_listed(const char *list, const char *value)
{
	size_t len = strlen(value);

	for (const char *at = list;; at++) {
		size_t span = strcspn(at, "|");

		if (span == len && !memcmp(at, value, len))
			return true;
		at += span;
		if (!*at)
			return false;
	}
}

int cli_parse_number(const char *text, size_t len, uint64_t max, uint64_t *ret)
{
	uint64_t number = 0;

	if (!len)
		return -EINVAL;
	for (size_t i = 0; i < len; i++) {
		uint64_t digit = (uint64_t)(text[i] - '0');

		if (text[i] < '0' || text[i] > '9')
			return -EINVAL;
		if (number > (UINT64_MAX - digit) / 10)
			return -ERANGE;
		number = number * 10 + digit;
		if (number > max)
			return -ERANGE;
	}
	*ret = number;
	return 0;
}

/* Grows by doubling: command lines with 100,000 variables exist. */
static int append(struct cli_strings *list, const char *value)
{
	if ((list->count & (list->count + 1)) == 0) {
		const char **items =
			realloc(list->items, (2 * list->count + 2) * sizeof(*list->items));

		if (!items)
			return -ENOMEM;
		list->items = items;
	}
	list->items[list->count++] = value;
	list->items[list->count] = NULL;
	return 0;
}

static int store_flag(struct parser *p, const struct cli_option *row, const char *value)
{
	bool on = !value || !strcmp(value, "true");

	if (!on && strcmp(value, "false"))
		return refuse(p, "option '%s' takes true or false, not '%.100s'", label(row).text,
			      value);
	if (row->type == CLI_HELP)
		p->result->help = on;
	else if (row->type == CLI_FLAG)
		*(bool *)((char *)p->target + row->offset) = on;
	return 0;
}

static int store_value(struct parser *p, const struct cli_option *row, const char *value)
{
	void *place = (char *)p->target + row->offset;
	uint64_t number;

	if (row->type == CLI_UINT) {
		if (cli_parse_number(value, strlen(value), INT_MAX, &number) < 0)
			return refuse(p, "option '%s' takes a number, not '%.100s'",
				      label(row).text, value);
		*(unsigned *)place = (unsigned)number;
		return 0;
	}
	if (row->type == CLI_STRINGS)
		/* analyzer: the list is freed with the options */
		return append(place, value) < 0 ? refuse(p, "out of memory") : 0;
	if (row->type == CLI_WORD && !cli_word_listed(row->arg, value))
		return refuse(p, "option '%s' takes %s, not '%.100s'", label(row).text, row->arg,
			      value);
	*(const char **)place = value;
	return 0;
}

/* @value: attached to the option, or NULL. */
static int take_option(struct parser *p, const struct cli_option *row, const char *value)
{
	if (!takes_value(row))
		return store_flag(p, row, value);
	if (!value) {
		value = *p->next;
		if (!value) /* Podman looks for the words "requires an argument" */
			return refuse(p, "option '%s' requires an argument", label(row).text);
		p->next++;
	}
	return store_value(p, row, value);
}

static int parse_letters(struct parser *p, const char *arg)
{
	for (const char *at = arg + 1; *at; at++) {
		const struct cli_option *row = find_letter(p, *at);
		const char *value = at[1] == '=' ? at + 2 : at + 1;
		int r;

		if (!row)
			return refuse_unknown(p, arg);
		if (takes_value(row))
			return take_option(p, row, at[1] ? value : NULL);
		if (at[1] == '=')
			return take_option(p, row, value);
		r = take_option(p, row, NULL);
		if (r < 0 || p->result->help)
			return r;
	}
	return 0;
}

static int parse_option(struct parser *p, const char *arg)
{
	const char *name = arg + (arg[1] == '-' ? 2 : 1);
	size_t len = strcspn(name, "=");
	const struct cli_option *row = find_name(p, name, len);

	if (row)
		return take_option(p, row, name[len] ? name + len + 1 : NULL);
	if (arg[1] == '-')
		return refuse_unknown(p, arg);
	return parse_letters(p, arg);
}

int cli_parse(const struct cli_option *rows, char **argv, size_t max_words, void *target,
	      struct cli_result *ret, struct cli_error *e)
{
	struct cli_result result = { 0 };
	struct parser p = { rows, argv, target, &result, e };
	bool ended = false;

	while (*p.next && !result.help) {
		char *arg = *p.next;

		if (!ended && arg[0] == '-' && arg[1]) {
			p.next++;
			if (!strcmp(arg, "--"))
				ended = true;
			else if (parse_option(&p, arg) < 0)
				return -EINVAL;
		} else if (result.count < max_words && result.count < CLI_WORDS_MAX) {
			result.words[result.count++] = arg;
			p.next++;
		} else {
			result.rest = p.next;
			break;
		}
	}
	*ret = result;
	return 0;
}
