/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * See help.h.
 */
#include "help.h"

#include <stdio.h>
#include <string.h>

#include "manual.h"

/* The left column of an option. */
struct flags {
	char text[64];
};

static struct flags option_flags(const struct cli_option *row)
{
	struct flags f;
	char letter[] = { row->letter ? '-' : ' ', row->letter ? row->letter : ' ', 0 };

	(void)snprintf(f.text, sizeof(f.text), "%s%s %s%s%s%s", letter,
		       row->letter && row->name ? "," : " ", row->name ? "--" : "",
		       row->name ? row->name : "", row->arg ? " " : "", row->arg ? row->arg : "");
	return f;
}

static int options_width(const struct cli_option *rows)
{
	size_t width = strlen(option_flags(&cli_option_help).text);

	for (; rows->name || rows->letter; rows++) {
		size_t len = strlen(option_flags(rows).text);

		if (rows->help && len > width)
			width = len;
	}
	return (int)width;
}

static void print_options(const struct cli_option *rows)
{
	int width = options_width(rows);

	for (; rows->name || rows->letter; rows++)
		if (rows->help)
			printf("   %-*s  %s\n", width, option_flags(rows).text, rows->help);
	printf("   %-*s  %s\n", width, option_flags(&cli_option_help).text, cli_option_help.help);
}

void help_print_program(const struct command_line *line, const char *program)
{
	printf("NAME:\n   %s - Open Container Initiative runtime\n", program);
	printf("\nUSAGE:\n   %s [global options] COMMAND [options] [arguments]\n", program);
	printf("\nVERSION:\n   %s\n", davit_version());
	printf("\nCOMMANDS:\n");
	for (const struct command *c = line->commands; c->name; c++)
		printf("   %-10s  %s\n", c->name, c->summary);
	printf("\nGLOBAL OPTIONS:\n");
	print_options(line->global_options);
	printf("\n'%s help COMMAND' shows the options of a command.\n", program);
}

void help_print_command(const char *program, const struct command *command)
{
	printf("NAME:\n   %s %s - %s\n", program, command->name, command->summary);
	printf("\nUSAGE:\n   %s %s [options]%s%s\n", program, command->name,
	       *command->words ? " " : "", command->words);
	manual_print_text(command->name, MANUAL_DESCRIPTION);
	printf("\nOPTIONS:\n");
	print_options(command->options);
	manual_print_text(command->name, MANUAL_REST);
}

void help_print_version(const char *program)
{
	const char *const *feature = davit_build_features();
	const char *seccomp = davit_seccomp_version();

	printf("%s version %s\n", program, davit_version());
	printf("commit: %s\n", help_commit);
	printf("spec: %s\n", davit_oci_version());
	if (*seccomp)
		printf("libseccomp: %s\n", seccomp);
	for (const char *space = ""; *feature; feature++, space = " ")
		printf("%s+%s", space, *feature);
	printf("\n");
}
