/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What would help when namespaces cannot be made or mapped: hints for errors that are set already.
 * Inside a container without privileges the reasons are its own: a seccomp filter, capabilities and
 * ids that it lacks. All of it looks at the calling process and changes nothing.
 */
#ifndef DAVIT_SETUP_NAMESPACES_EXPLAIN_H
#define DAVIT_SETUP_NAMESPACES_EXPLAIN_H

#include "setup/namespaces.h"

/* A clone with new namespaces gave @code. */
void namespaces_explain_clone(const struct namespaces *ns, int code, struct err *e);

/* Writing these lines to @file ("uid_map" or "gid_map") was not permitted. */
void namespaces_explain_map(const struct idmap_line *lines, size_t count, const char *file,
			    struct err *e);

#endif
