/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Between checkpoint.c and checkpoint_explain.c: what is judged before anything is done.
 */
#ifndef DAVIT_OPERATION_CHECKPOINT_PARTS_H
#define DAVIT_OPERATION_CHECKPOINT_PARTS_H

#include "container/status.h"
#include "lifecycle/criu_session.h"
#include "oci-spec/config.h"

/* Fails unless the container runs or is paused. */
int checkpoint_check_status(const struct container *c, struct err *e);
int checkpoint_load_config(struct container *c, const struct oci_config **ret, struct err *e);
int checkpoint_check_mounts(const struct container *c, const struct oci_config *config,
			    struct err *e);
/* What criu and the kernel must be able to do for these options. */
unsigned checkpoint_needs(const struct davit_checkpoint_options *o);

#endif
