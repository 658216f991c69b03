/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * See restore.h.
 */
#include "lifecycle/restore.h"

void restore_init(struct restore *r, const struct davit_context *ctx)
{
	*r = (struct restore){ .placefd = -1, .masks.null_fd = -1 };
	criu_init(&r->criu, ctx);
	r->criu.ends_by_signals = true;
	r->images.dirfd = r->images.work_dirfd = -1;
}

void restore_release(struct restore *r)
{
	criu_end(&r->criu, false);
	criu_images_close(&r->images);
	close_fdp(&r->placefd);
	close_fdp(&r->masks.null_fd);
	arena_release(&r->arena);
}
