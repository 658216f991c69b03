/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * `davit completion SHELL`: a script for bash, zsh or fish, made from the tables of command.h.
 */
#ifndef DAVIT_SRC_COMPLETION_H
#define DAVIT_SRC_COMPLETION_H

#include "command.h"

int completion_run(struct session *s, const struct command_args *args);

#endif
