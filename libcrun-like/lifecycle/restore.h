/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What a restore has besides the rest of struct run: criu, its images, and where the container's
 * root and the sources of its mounts wait for it: in a tmpfs that is attached in criu's own mount
 * namespace alone, over a directory that every system has and everybody may pass.
 */
#ifndef DAVIT_LIFECYCLE_RESTORE_H
#define DAVIT_LIFECYCLE_RESTORE_H

#include "lifecycle/criu_request.h"
#include "lifecycle/criu_session.h"
#include "setup/criu/streams.h"
#include "setup/filesystem/masks.h"

#define RESTORE_PLACE "/mnt"

struct restore {
	const struct davit_checkpoint_options *options;
	struct criu_session criu;
	struct criu_images images;
	struct stream streams[STREAMS];
	struct criu_request request;
	struct criu_start start;
	struct arena arena;
	struct masks masks; /* the plan's, with what covers files open */
	int placefd;        /* that tmpfs */
	bool has_init;      /* criu has told its pid */
};

void restore_init(struct restore *r, const struct davit_context *ctx);
void restore_release(struct restore *r);

#endif
