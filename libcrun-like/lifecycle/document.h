/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Reading a document that the caller names by a path: a file, a FIFO, or one of the caller's own
 * descriptors (/dev/stdin, /dev/fd/63 of a shell's `<(...)`). It is read once, to its end, and no
 * more than OCI_JSON_SIZE_MAX of it.
 */
#ifndef DAVIT_LIFECYCLE_DOCUMENT_H
#define DAVIT_LIFECYCLE_DOCUMENT_H

#include "base/arena.h"
#include "base/err.h"

enum {
	/* How long nobody may write into a pipe before it is given up. */
	DOCUMENT_IDLE_MSEC = 5000
};

/* The number N of "/dev/fd/N" and its like; -1: another path. */
int document_own_descriptor(const char *path);

/* ERR_TIMEOUT: see above. A signal that ends the caller does so while it waits, also when the
 * caller holds it back otherwise: nothing has been made by then. */
int document_read(struct arena *a, const char *path, const char **ret, size_t *ret_len,
		  struct err *e);

#endif
