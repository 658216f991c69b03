/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A ready filter program in base64 (the annotation run.oci.seccomp_bpf_data): decoded, and checked
 * as the kernel will check it, so that `create` fails and not `start`.
 */
#ifndef DAVIT_SETUP_SECCOMP_SECCOMP_RAW_H
#define DAVIT_SETUP_SECCOMP_SECCOMP_RAW_H

#include "setup/seccomp/seccomp.h"

/* @ret's insns and count; nothing else. */
int seccomp_raw_decode(struct arena *a, const char *text, struct seccomp_filter *ret,
		       struct err *e);

#endif
