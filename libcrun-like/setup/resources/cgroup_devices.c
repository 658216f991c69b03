/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * See cgroup_devices.h.
 */
#include "setup/resources/cgroup_devices.h"

#include <string.h>

enum {
	MKNOD = BPF_DEVCG_ACC_MKNOD,
	RWM = BPF_DEVCG_ACC_MKNOD | BPF_DEVCG_ACC_READ | BPF_DEVCG_ACC_WRITE
};

/* clang-format off */
static const struct bpf_device_rule always[] = {
	{ true, 'c', -1, -1, MKNOD }, /* a node that cannot be opened does no harm; images contain some */
	{ true, 'b', -1, -1, MKNOD },
	{ true, 'c', 1, 3, RWM },     /* null */
	{ true, 'c', 1, 5, RWM },     /* zero */
	{ true, 'c', 1, 7, RWM },     /* full */
	{ true, 'c', 1, 8, RWM },     /* random */
	{ true, 'c', 1, 9, RWM },     /* urandom */
	{ true, 'c', 5, 0, RWM },     /* tty */
	{ true, 'c', 5, 2, RWM },     /* ptmx */
	{ true, 'c', 136, -1, RWM },  /* pts */
};
/* clang-format on */

/* No access member: all of it, as on the v1 file, where the three letters were always written. "a"
 * is passed over, as both peers do. */
static unsigned parse_access(const char *text)
{
	unsigned access = 0;

	for (const char *c = text; text && *c; c++) {
		if (*c == 'r')
			access |= BPF_DEVCG_ACC_READ;
		else if (*c == 'w')
			access |= BPF_DEVCG_ACC_WRITE;
		else if (*c == 'm')
			access |= BPF_DEVCG_ACC_MKNOD;
	}
	return text && *text ? access : RWM;
}

static struct bpf_device_rule convert_rule(const struct oci_device_rule *rule)
{
	return (struct bpf_device_rule){ .allow = rule->allow,
					 .type = rule->type && *rule->type ? *rule->type : 'a',
					 .major = rule->major ? *rule->major : -1,
					 .minor = rule->minor ? *rule->minor : -1,
					 .access = parse_access(rule->access) };
}

int cgroup_devices_prepare(struct arena *a, const struct oci_device_rules *rules,
			   struct bpf_device_program *ret, struct err *e)
{
	size_t given = rules ? rules->count : 0;
	struct bpf_device_program p;
	struct bpf_device_rule *all = arena_array(a, given + ARRAY_SIZE(always), sizeof(*all));
	int r;

	if (!all)
		return err_set(e, ENOMEM, "prepare the device rules");
	for (size_t i = 0; i < given; i++)
		all[i] = convert_rule(&rules->items[i]);
	memcpy(all + given, always, sizeof(always));
	r = bpf_device_build(a, all, given + ARRAY_SIZE(always), &p);
	if (r == -E2BIG)
		return err_field(e, E2BIG, "/linux/resources/devices",
				 "%zu device rules are more than one program can hold", given);
	if (r < 0)
		return err_set(e, -r, "prepare the device rules");
	*ret = bpf_device_allows_all(&p) ? (struct bpf_device_program){ 0 } : p;
	return 0;
}
