/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The manual: one page for the program and one for each command. Names, synopsis and options come
 * from the tables of command.h, the rest from man/NAME.txt, which is built into the command, so
 * that `davit help` and man(1) always tell the same.
 *
 * The form of a text: a line in capitals is a heading, an empty line ends a paragraph, four blanks
 * begin a line that stays as it is, "- WORD: ..." is an item of a list (the lines behind it begin
 * with two blanks), and *words* between stars are bold.
 */
#ifndef DAVIT_SRC_MANUAL_H
#define DAVIT_SRC_MANUAL_H

#include "command.h"

struct manual_text {
	const char *name, *text;
};

/* Written by man/embed.py; ends with a row without a name. */
extern const struct manual_text manual_texts[];

/* The sections of the text: "DESCRIPTION" alone, or all but it. Nothing where there is no text. */
enum manual_part {
	MANUAL_DESCRIPTION,
	MANUAL_REST
};

/* To stdout, as plain text; headings end with a colon, as in the rest of a help text. */
void manual_print_text(const char *name, enum manual_part part);

/* To stdout, a page in the language of man(7); @command NULL: of the program. */
void manual_print_page(const struct command_line *line, const struct command *command,
		       const char *version);

#endif
