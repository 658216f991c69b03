/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * See completion.h. The scripts know the commands, their options with the words that some take, and
 * ask davit for ids; all else is a file name.
 */
#include "completion.h"

#include <stdio.h>
#include <string.h>

static bool takes_value(const struct cli_option *row)
{
	return row->arg != NULL;
}

static bool is_shown(const struct cli_option *row)
{
	return row->help != NULL;
}

/* Those of a CLI_WORD, with blanks between them. */
static void print_words_of(const struct cli_option *row)
{
	for (const char *at = row->arg; *at; at++)
		putchar(*at == '|' ? ' ' : *at);
}

/* The first word of the command's usage is a container. */
static bool takes_id(const struct command *c)
{
	return !strncmp(c->words, "ID", 2) && strcmp(c->name, "create") && strcmp(c->name, "run");
}

static void print_commands(const struct command_line *line, const char *separator)
{
	for (const struct command *c = line->commands; c->name; c++)
		printf("%s%s", c == line->commands ? "" : separator, c->name);
}

/* --- bash ----------------------------------------------------------------------------------- */

static void bash_flags(const struct cli_option *rows, bool with_value_only)
{
	const char *space = "";

	for (; rows->name || rows->letter; rows++) {
		if (!is_shown(rows) || (with_value_only && !takes_value(rows)))
			continue;
		if (rows->letter) {
			printf("%s-%c", space, rows->letter);
			space = with_value_only ? "|" : " ";
		}
		if (rows->name) {
			printf("%s--%s", space, rows->name);
			space = with_value_only ? "|" : " ";
		}
	}
	if (!with_value_only)
		printf("%s-h --help", space);
}

static void bash_words_of(const char *command, const struct cli_option *rows)
{
	for (; rows->name || rows->letter; rows++) {
		if (!is_shown(rows) || rows->type != CLI_WORD)
			continue;
		printf("\t%s:--%s) COMPREPLY=($(compgen -W '", command, rows->name);
		print_words_of(rows);
		printf("' -- \"$cur\")); return ;;\n");
	}
}

static void bash_global_values(const struct command_line *line)
{
	printf("\t\t");
	bash_flags(line->global_options, true);
	printf(") i=$((i + 1)) ;;\n");
}

static void print_bash(const struct command_line *line, const char *name)
{
	printf("# bash completion for %s\n_%s() {\n", name, name);
	printf("\tlocal cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]} cmd= root= "
	       "i\n");
	printf("\tfor ((i = 1; i < COMP_CWORD; i++)); do\n\t\tcase ${COMP_WORDS[i]} in\n");
	printf("\t\t--root) root=${COMP_WORDS[i+1]}; i=$((i + 1)) ;;\n");
	bash_global_values(line);
	printf("\t\t-*) ;;\n\t\t*) cmd=${COMP_WORDS[i]}; break ;;\n\t\tesac\n\tdone\n");
	printf("\tcase $cmd:$prev in\n");
	bash_words_of("", line->global_options);
	for (const struct command *c = line->commands; c->name; c++)
		bash_words_of(c->name, c->options);
	printf("\tesac\n\tcase $cmd in\n\t'') if [[ $cur == -* ]]; then COMPREPLY=($(compgen -W '");
	bash_flags(line->global_options, false);
	printf("' -- \"$cur\")); elif [[ $prev == -* && $prev != --debug ]]; then "
	       "COMPREPLY=($(compgen -f -- \"$cur\")); else COMPREPLY=($(compgen -W '");
	print_commands(line, " ");
	printf("' -- \"$cur\")); fi ;;\n");
	for (const struct command *c = line->commands; c->name; c++) {
		printf("\t%s) if [[ $cur == -* ]]; then COMPREPLY=($(compgen -W '", c->name);
		bash_flags(c->options, false);
		printf("' -- \"$cur\")); ");
		if (takes_id(c))
			printf("elif [[ $prev == %s ]]; then COMPREPLY=($(compgen -W \"$(%s "
			       "${root:+--root \"$root\"} list -q 2>/dev/null)\" -- \"$cur\")); ",
			       c->name, name);
		if (!strcmp(c->name, "help")) {
			printf("else COMPREPLY=($(compgen -W '");
			print_commands(line, " ");
			printf("' -- \"$cur\")); fi ;;\n");
		} else {
			printf("else COMPREPLY=($(compgen -f -- \"$cur\")); fi ;;\n");
		}
	}
	printf("\tesac\n}\ncomplete -o filenames -F _%s %s\n", name, name);
}

/* --- zsh ------------------------------------------------------------------------------------ */

/* In single quotes, where brackets and colons of _arguments are escaped. */
static void zsh_text(const char *text)
{
	for (; *text; text++) {
		if (*text == '\'')
			printf("'\\''");
		else if (strchr("[]:\\", *text))
			printf("\\%c", *text);
		else
			putchar(*text);
	}
}

static void zsh_action(const struct cli_option *row)
{
	if (!takes_value(row))
		return;
	putchar(':');
	zsh_text(row->type == CLI_WORD ? row->name : row->arg);
	putchar(':');
	if (row->type == CLI_WORD) {
		putchar('(');
		print_words_of(row);
		putchar(')');
	} else {
		printf("_files");
	}
}

static void zsh_option(const char *indent, const struct cli_option *row)
{
	char flag[2][48] = { "", "" };

	if (row->letter)
		(void)snprintf(flag[0], sizeof(flag[0]), "-%c", row->letter);
	if (row->name)
		(void)snprintf(flag[1], sizeof(flag[1]), "--%s", row->name);
	for (int i = 0; i < 2; i++) {
		if (!*flag[i])
			continue;
		printf("%s'*%s[", indent, flag[i]);
		zsh_text(row->help);
		putchar(']');
		zsh_action(row);
		printf("' \\\n");
	}
}

static void zsh_options(const char *indent, const struct cli_option *rows)
{
	for (; rows->name || rows->letter; rows++)
		if (is_shown(rows))
			zsh_option(indent, rows);
	zsh_option(indent, &cli_option_help);
}

static void print_zsh(const struct command_line *line, const char *name)
{
	printf("#compdef %s\n_%s_ids() { compadd -- $(%s list -q 2>/dev/null) }\n", name, name,
	       name);
	printf("_%s() {\n\tlocal context state state_descr line\n\ttypeset -A opt_args\n"
	       "\t_arguments -C \\\n",
	       name);
	zsh_options("\t\t", line->global_options);
	printf("\t\t'1:command:(");
	print_commands(line, " ");
	printf(")' \\\n\t\t'*::argument:->argument' && return\n\tcase $line[1] in\n");
	for (const struct command *c = line->commands; c->name; c++) {
		printf("\t%s) _arguments \\\n", c->name);
		zsh_options("\t\t", c->options);
		if (!strcmp(c->name, "help")) {
			printf("\t\t'1:command:(");
			print_commands(line, " ");
			printf(")' ;;\n");
		} else if (takes_id(c)) {
			printf("\t\t'1:container:_%s_ids' '*:file:_files' ;;\n", name);
		} else {
			printf("\t\t'*:file:_files' ;;\n");
		}
	}
	printf("\tesac\n}\n[ \"$funcstack[1]\" = _%s ] && _%s \"$@\" || compdef _%s %s\n", name,
	       name, name, name);
}

/* --- fish ----------------------------------------------------------------------------------- */

static void fish_text(const char *text)
{
	putchar('\'');
	for (; *text; text++) {
		if (*text == '\'' || *text == '\\')
			putchar('\\');
		putchar(*text);
	}
	putchar('\'');
}

static void fish_options(const char *name, const char *when, const struct cli_option *rows)
{
	for (; rows->name || rows->letter; rows++) {
		if (!is_shown(rows))
			continue;
		printf("complete -c %s -n '%s'", name, when);
		if (rows->letter)
			printf(" -s %c", rows->letter);
		if (rows->name)
			printf(" -l %s", rows->name);
		if (takes_value(rows) && rows->type == CLI_WORD) {
			printf(" -x -a '");
			print_words_of(rows);
			putchar('\'');
		} else if (takes_value(rows)) {
			printf(" -r");
		}
		printf(" -d ");
		fish_text(rows->help);
		putchar('\n');
	}
	printf("complete -c %s -n '%s' -s h -l help -d ", name, when);
	fish_text(cli_option_help.help);
	putchar('\n');
}

static void print_fish(const struct command_line *line, const char *name)
{
	char when[96];

	printf("# fish completion for %s\n", name);
	printf("complete -c %s -n __fish_use_subcommand -f\n", name);
	fish_options(name, "__fish_use_subcommand", line->global_options);
	for (const struct command *c = line->commands; c->name; c++) {
		printf("complete -c %s -n __fish_use_subcommand -a %s -d ", name, c->name);
		fish_text(c->summary);
		putchar('\n');
		(void)snprintf(when, sizeof(when), "__fish_seen_subcommand_from %s", c->name);
		fish_options(name, when, c->options);
		if (takes_id(c))
			printf("complete -c %s -n '%s' -a '(%s list -q 2>/dev/null)'\n", name, when,
			       name);
		if (!strcmp(c->name, "help")) {
			printf("complete -c %s -n '%s' -f -a '", name, when);
			print_commands(line, " ");
			printf("'\n");
		}
	}
}

bool completion_print(const struct command_line *line, const char *shell, const char *name)
{
	if (!strcmp(shell, "bash"))
		print_bash(line, name);
	else if (!strcmp(shell, "zsh"))
		print_zsh(line, name);
	else if (!strcmp(shell, "fish"))
		print_fish(line, name);
	else
		return false;
	return true;
}
