/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What systemd is asked to set on a container's unit, as a message to the helper. The limits come
 * from the same writes as the kernel's files (cgroup_knobs.h): where systemd has a property for a
 * file, it is given the value too, or a `systemctl daemon-reload` would put its own back. Values
 * that it has no property for are the kernel's files' alone.
 */
#ifndef DAVIT_SETUP_RESOURCES_SYSTEMD_PROPERTIES_H
#define DAVIT_SETUP_RESOURCES_SYSTEMD_PROPERTIES_H

#include "base/arena.h"
#include "base/err.h"
#include "oci-spec/config.h"
#include "setup/resources/cgroup_knobs.h"

/* Tokens, each closed by a NUL: see systemd_protocol.h. */
struct systemd_message {
	struct arena *arena;
	char *text;
	size_t len, size;
	bool has_failed; /* memory is gone */
};

void systemd_add_token(struct systemd_message *m, const char *format, ...) PRINTF_LIKE(2, 3);
/* @name with a "?" in front: a systemd that does not know it is no error. */
void systemd_add_text(struct systemd_message *m, const char *name, const char *value);
void systemd_add_bool(struct systemd_message *m, const char *name, bool value);
void systemd_add_u64(struct systemd_message *m, const char *name, uint64_t value);

/* The limits; what an annotation of @annotations (may be NULL) sets is left out. */
void systemd_add_limits(struct systemd_message *m, const struct cgroup_write *writes,
			const struct oci_map *annotations);

/* The annotations org.systemd.property.NAME. */
int systemd_add_annotations(struct systemd_message *m, const struct oci_map *annotations,
			    struct err *e);
bool systemd_has_annotation(const struct oci_map *annotations, const char *name);

#endif
