/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * `davit completion SHELL`: a script for bash, zsh or fish, made from the tables of command.h.
 */
#ifndef DAVIT_SRC_COMPLETION_H
#define DAVIT_SRC_COMPLETION_H

#include "command.h"

/* For a command of this name, to stdout. False: no such shell. */
bool completion_print(const struct command_line *line, const char *shell, const char *name);

#endif
