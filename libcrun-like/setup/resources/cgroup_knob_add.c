/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * See cgroup_knob_add.h.
 */
#include "setup/resources/cgroup_knob_add.h"

#include <string.h>

#include "kernel/cgroupfs.h"

enum {
	BLKIO_WEIGHT_MIN = 10,
	BLKIO_WEIGHT_MAX = 1000
};

/* A controller of v1 cannot be used on v2; the reader should learn why it is not there. */
static int missing(const struct knobs *k, const struct cgroup_write *w, struct err *e)
{
	const struct cgroup_host *host = k->host;
	const char *list = host->controllers && *host->controllers ? host->controllers : "none";

	if (host->why_none) {
		err_kind(e, ERR_CGROUP, EOPNOTSUPP, "%s cannot be set to %s: %s", w->file, w->value,
			 host->why_none);
		if (host->help)
			err_hint(e, "%s", host->help);
		return err_at(e, w->pointer);
	}
	err_kind(e, ERR_CGROUP, EOPNOTSUPP,
		 "%s cannot be set to %s: controller `%s` is not available under %s "
		 "(cgroup.controllers: %s)",
		 w->file, w->value, w->controller, host->where, list);
	if (cgroupfs_is_on_v1(w->controller))
		err_hint(e, "on this host it is bound to cgroup v1");
	else if (host->of_host &&
		 cgroupfs_has_word(host->of_host, w->controller, strlen(w->controller)))
		err_hint(e,
			 "root delegates it by \"[Service]\" \"Delegate=%s\" in "
			 "/etc/systemd/system/user@.service.d/delegate.conf",
			 host->of_host);
	return err_at(e, w->pointer);
}

bool cgroup_knobs_has_controller(const struct knobs *k, const char *controller)
{
	return k->host->controllers &&
	       cgroupfs_has_word(k->host->controllers, controller, strlen(controller));
}

void cgroup_knobs_warn(const struct knobs *k, const char *text)
{
	if (k->host->warn)
		k->host->warn(k->host->warn_arg, text);
}

int cgroup_knobs_add(struct knobs *k, const struct cgroup_write *write, struct err *e)
{
	struct cgroup_write *w;

	if (!write->file || !write->value || !write->pointer)
		return err_set(e, ENOMEM, "prepare the cgroup's limits");
	if (k->host->why_none ||
	    (write->controller && !cgroup_knobs_has_controller(k, write->controller)))
		return write->optional ? 0 : missing(k, write, e);
	w = arena_new(k->arena, struct cgroup_write);
	if (!w)
		return err_set(e, ENOMEM, "prepare the cgroup's limits");
	*w = *write;
	w->next = NULL;
	*k->last = w;
	k->last = (struct cgroup_write **)&w->next;
	return 0;
}

const char *cgroup_knobs_controllers(struct arena *a, const struct cgroup_write *writes,
				     const char *but)
{
	const char *list = "";

	for (const struct cgroup_write *w = writes; list && w; w = w->next) {
		size_t len = w->controller ? strlen(w->controller) : 0;

		if (len && !cgroupfs_has_word(but, w->controller, len) &&
		    !cgroupfs_has_word(list, w->controller, len))
			list = arena_printf(a, "%s%s%s", list, *list ? " " : "", w->controller);
	}
	return list;
}

/* io.bfq.weight takes blkio's own range; io.weight wants 1..10000. Which file exists depends on the
 * kernel's schedulers, so both are prepared. */
int cgroup_knobs_weight(struct knobs *k, unsigned weight, const char *device,
			struct cgroup_write *w, struct err *e)
{
	unsigned long long scaled;

	scaled = 1 + (weight - BLKIO_WEIGHT_MIN) * 9999ULL / (BLKIO_WEIGHT_MAX - BLKIO_WEIGHT_MIN);
	w->file = "io.bfq.weight";
	w->value = arena_printf(k->arena, "%s%u", device, weight);
	w->alt_file = "io.weight";
	w->alt_value = arena_printf(k->arena, "%s%llu", *device ? device : "default ", scaled);
	return w->alt_value ? 0 : err_set(e, ENOMEM, "prepare the cgroup's limits");
}
