/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What a sealed executable cannot find out any more: the folder that it was started from, where a
 * davit that is not installed has its helpers. The process that executes the sealed one leaves it
 * in a variable of its environment. Nobody else's word counts: whoever still has a folder
 * overwrites the variable, and who has none was executed by davit.
 */
#ifndef DAVIT_SRC_SEALED_H
#define DAVIT_SRC_SEALED_H

#include "session.h"

/* Before the executable is sealed, and after it: s->helper_dir. */
void sealed_keep_folder(struct session *s);

#endif
