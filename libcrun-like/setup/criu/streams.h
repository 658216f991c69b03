/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The standard streams of a container's first process, whose other ends stay outside: pipes,
 * sockets and files of whoever started it. criu names such a descriptor by a key ("pipe:[4711]");
 * the three keys are kept beside its images, in descriptors.json, where runc and crun keep theirs
 * in the same form. At the restore the streams of the new caller take their place.
 */
#ifndef DAVIT_SETUP_CRIU_STREAMS_H
#define DAVIT_SETUP_CRIU_STREAMS_H

#include <sys/types.h>

#include "base/arena.h"
#include "base/err.h"

enum {
	STREAMS = 3,
	STREAM_KEY_SIZE = 64
};

struct stream {
	char key[STREAM_KEY_SIZE]; /* "": criu knows what to do with it */
	bool is_null;              /* it was /dev/null, and is that again, whoever restores it */
	bool is_external;          /* criu has to be told at the dump, too */
};

/* Finds out what the standard streams of process @pid are. */
int streams_look(struct arena *a, pid_t pid, struct stream ret[static STREAMS], struct err *e);
int streams_save(int dirfd, const struct stream streams[static STREAMS], struct err *e);
/* The images may be anybody's: what is not exactly the keys of three streams is an error. No such
 * file: no stream has a key. */
int streams_load(struct arena *a, int dirfd, struct stream ret[static STREAMS], struct err *e);

/* For tests. */
int streams_decode(struct arena *a, const char *text, size_t len, struct stream ret[static STREAMS],
		   struct err *e);

#endif
