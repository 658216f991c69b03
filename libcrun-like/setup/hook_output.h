/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What hooks print: the end of it is kept for the message of a failure, unless annotations name
 * files on the host for it. No heap: INIT uses it too.
 */
#ifndef DAVIT_SETUP_HOOK_OUTPUT_H
#define DAVIT_SETUP_HOOK_OUTPUT_H

#include "base/describe.h"
#include "base/err.h"
#include "oci-spec/config.h"

enum {
	HOOK_STREAMS = 2, /* stdout, stderr: the order of all arrays of two here */
	HOOK_TAIL = 4096,
	HOOK_OUTPUT_TEXT = HOOK_STREAMS * (HOOK_TAIL + 32)
};

/* The last bytes of a stream. */
struct hook_tail {
	char bytes[HOOK_TAIL];
	size_t total;
	bool is_elsewhere; /* it goes to a file of the host's: nothing is known of it here */
};

void hook_tail_add(struct hook_tail *tail, const char *bytes, size_t len);

/* On one line: ", stdout: ..., stderr: ...", also where one is empty: scripts know it so.
 * Without what is elsewhere. */
void hook_output_describe(const struct hook_tail tails[HOOK_STREAMS],
			  char ret[static HOOK_OUTPUT_TEXT]);

/* Are there annotations for files? */
bool hook_output_has_files(const struct oci_map *annotations);

void hook_output_describe_files(const struct oci_map *annotations, const struct describe *d);

/*
 * HOST: opens the files that run.oci.hooks.stdout and .stderr name, to append to; they are made
 * when they are not there. A relative path begins at the bundle. -1 in @ret_fds: none is named.
 */
int hook_output_open(const struct oci_map *annotations, int bundle_fd, int ret_fds[HOOK_STREAMS],
		     struct err *e);

#endif
