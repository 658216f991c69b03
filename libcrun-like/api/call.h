/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A call of the library as one block of bytes, for the davit that does it (remote.c, serve.c): the
 * structs of davit.h as they are, with offsets in place of their pointers, and what the pointers
 * led to behind them. Both sides are of one build; the first member tells when they are not.
 */
#ifndef DAVIT_API_CALL_H
#define DAVIT_API_CALL_H

#include "base/err.h"
#include "davit.h"

enum call_verb {
	CALL_CREATE = 1,
	CALL_RUN,
	CALL_START,
	CALL_EXEC,
	CALL_DELETE,
	CALL_CHECKPOINT,
	CALL_RESTORE,
	CALL_MOUNTS_ADD,
	CALL_MOUNTS_REMOVE,
	CALL_UPDATE,
};

struct call {
	char version[24]; /* of libdavit */
	size_t size;      /* of this struct, there */
	enum call_verb verb;
	struct davit_context_options context;
	struct davit_create_options create; /* run and restore, too */
	struct davit_exec_options exec;
	struct davit_checkpoint_options checkpoint; /* and restore */
	struct davit_update_options update;
	/* of start, delete, checkpoint, mounts and update */
	const char *id;
	bool force;
	const char *mounts;
	size_t mounts_len;
};

/* The name of the command that does the same. */
const char *call_verb_word(const struct call *c);
/* The id that the call is about; "" when the caller gave none. */
const char *call_id(const struct call *c);

/* A file in memory with @c; *ret_fd is closed on exec. */
int call_write(const struct call *c, int *ret_fd, struct err *e);
/* The call in such a file, for the rest of the process's life. */
int call_read(int fd, const struct call **ret, struct err *e);

#endif
