/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What davit.h tells of a container as a struct.
 */
#ifndef DAVIT_CONTAINER_INFO_H
#define DAVIT_CONTAINER_INFO_H

#include "container/status.h"

/* In the arena, and in what @c holds. */
int container_info(const struct container *c, struct arena *a, struct davit_container_info *ret,
		   struct err *e);

/* The same in one piece of memory, for free(); NULL: there is none. */
struct davit_container_info *container_info_copy(const struct davit_container_info *from);

#endif
