/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A command for one container, or with --regex for each whose id a regular expression matches.
 */
#ifndef DAVIT_SRC_CONTAINERS_H
#define DAVIT_SRC_CONTAINERS_H

#include "command.h"

/* A negative errno with s->error set. */
typedef int container_fn(struct session *s, const struct command_args *args, const char *id);

/*
 * With the container that the first word names. --regex: an extended regular expression that is
 * found anywhere in the id; no container is no failure (crun's behaviour). Every failure is
 * reported, and the others are done all the same. Returns the exit status.
 */
int containers_do(struct session *s, const struct command_args *args, container_fn *each);

#endif
