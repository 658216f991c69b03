/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Descriptors that the caller left open. They are not for the container, whose first process would
 * hold them until its program runs (CVE-2024-21626): all are closed at once, but for those that an
 * option names (/dev/fd/63 of a shell's `<(...)`), and these as soon as what they name was read.
 * What has to stay to the end, of a log say, is given to nobody.
 */
#ifndef DAVIT_SRC_INHERITED_H
#define DAVIT_SRC_INHERITED_H

#include "command.h"

/* From @first on. Before the executable is sealed: what is named goes along. */
void inherited_close(const struct session *s, const struct command_args *args, unsigned first);
/* Once it is sealed, since a pipe can be read only once; 0, or -1 with s->error set. The texts that
 * @args gets, and s->private_fds, are inherited_free()'s. */
int inherited_take(struct session *s, struct command_args *args, unsigned first);
void inherited_free(struct command_args *args);

#endif
