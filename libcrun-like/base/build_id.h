/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Which build this is: what the linker has noted (--build-id) in the executable
 * or library that this is a part of, a digest of all its code.
 */
#ifndef DAVIT_BASE_BUILD_ID_H
#define DAVIT_BASE_BUILD_ID_H

#include <stddef.h>

/* Empty where the linker was told to note nothing. */
const void *build_id(size_t *ret_len);

#endif
