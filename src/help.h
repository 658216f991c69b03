/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Help and version texts, made from the tables. Scripts written for other runtimes look at their
 * first lines.
 */
#ifndef DAVIT_SRC_HELP_H
#define DAVIT_SRC_HELP_H

#include "command.h"

extern const char help_commit[];

void help_print_program(const struct command_line *line, const char *program);
void help_print_command(const char *program, const struct command *command);
void help_print_version(const char *program);

#endif
