/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What criu is asked for: its options as a message, from the caller's and from the container's
 * configuration. Descriptors of images are named by our numbers (criu finds them in our /proc),
 * those that it hands to the container by its own.
 */
#ifndef DAVIT_LIFECYCLE_CRIU_REQUEST_H
#define DAVIT_LIFECYCLE_CRIU_REQUEST_H

#include "base/arena.h"
#include "base/err.h"
#include "base/protobuf.h"
#include "davit.h"
#include "oci-spec/config.h"
#include "setup/criu/external.h"

enum {
	CRIU_REQUEST_SIZE = 192 * 1024 /* a socket takes not much more in one message */
};

struct criu_request {
	struct arena *arena;
	struct protobuf opts;
};

/* The folders that are used, open. */
struct criu_images {
	const char *path, *work_path; /* as the caller named them, or the defaults */
	int dirfd, work_dirfd;
};

#define CRIU_DUMP_LOG    "dump.log"
#define CRIU_RESTORE_LOG "restore.log"

/* --parent-path, before anything is made; @o may have none. */
int criu_images_check_parent(const struct davit_checkpoint_options *o, struct err *e);
/* @make: the folder of the images, too; that of the log is always made. */
int criu_images_open(struct criu_images *images, const struct davit_checkpoint_options *o,
		     bool make, struct err *e);
/* Of that open, the last part: nothing in the folders leads out of them, or is no file. */
int criu_images_clear(const struct criu_images *images, bool make, struct err *e);
/* For a container with a user namespace of its own. */
int criu_images_open_to(const struct criu_images *images, const struct oci_config *config,
			struct err *e);
void criu_images_close(struct criu_images *images);

int criu_request_begin(struct criu_request *r, struct arena *a, struct err *e);
/* What both ways have in common. @log: the file's name. */
int criu_request_common(struct criu_request *r, const struct davit_checkpoint_options *o,
			const char *log, const struct oci_config *config, struct err *e);
/* Of the dump alone, and of the restore. @status_fd: criu's number of it, or -1. */
int criu_request_dump(struct criu_request *r, const struct davit_checkpoint_options *o, pid_t pid,
		      const char *freezer, int status_fd, struct err *e);
int criu_request_restore(struct criu_request *r, const struct davit_checkpoint_options *o,
			 struct err *e);

/* External resources: of the dump KEY becomes NAME in the image, of the restore the other way. */
void criu_request_external(struct criu_request *r, const char *format, ...) PRINTF_LIKE(2, 3);
void criu_request_inherit(struct criu_request *r, const char *key, int fd);
void criu_request_join(struct criu_request *r, const char *name, const char *path);
void criu_request_root(struct criu_request *r, const char *path);
void criu_request_cgroup_root(struct criu_request *r, const char *controller, const char *path);
/* The last: nothing was left out for want of room. */
int criu_request_check(const struct criu_request *r, struct err *e);

#endif
