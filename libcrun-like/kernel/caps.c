/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * See caps.h. capget(2) and capset(2) are spoken in version 3, two 32-bit words a set.
 */
#include "caps.h"

#include <linux/capability.h>
#include <sys/prctl.h>

#include "process.h"
#include "sys.h"

static int call_prctl(int option, unsigned long a, unsigned long b)
{
	return prctl(option, a, b, 0UL, 0UL) < 0 ? neg_errno() : 0;
}

uint64_t caps_known(void)
{
	unsigned low = 0, high = 64;

	/* PR_CAPBSET_READ refuses numbers above the last: six calls instead of a file of a /proc
	 * that may be another's. */
	while (high - low > 1) {
		unsigned middle = (low + high) / 2;

		if (prctl(PR_CAPBSET_READ, (unsigned long)middle, 0UL, 0UL, 0UL) >= 0)
			low = middle;
		else
			high = middle;
	}
	return UINT64_MAX >> (63 - low);
}

int caps_get(struct caps *ret)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct d[2] = { { 0 } };
	int r = sys_capget(&header, d);

	if (r < 0)
		return r;
	ret->effective = d[0].effective | (uint64_t)d[1].effective << 32;
	ret->permitted = d[0].permitted | (uint64_t)d[1].permitted << 32;
	ret->inheritable = d[0].inheritable | (uint64_t)d[1].inheritable << 32;
	return 0;
}

int caps_set(const struct caps *caps)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct d[2];

	for (unsigned i = 0; i < 2; i++) {
		d[i].effective = (uint32_t)(caps->effective >> (32 * i));
		d[i].permitted = (uint32_t)(caps->permitted >> (32 * i));
		d[i].inheritable = (uint32_t)(caps->inheritable >> (32 * i));
	}
	return sys_capset(&header, d);
}

uint64_t caps_bounding(void)
{
	uint64_t set = 0;

	if (process_get_mask("CapBnd", &set) == 0)
		return set;
	/* Without a /proc: one call for each capability. */
	for (unsigned i = 0; i < 64; i++) {
		int r = prctl(PR_CAPBSET_READ, (unsigned long)i, 0UL, 0UL, 0UL);

		if (r < 0)
			break;
		set |= (uint64_t)r << i;
	}
	return set;
}

int caps_limit_bounding(uint64_t keep)
{
	for (unsigned i = 0; i < 64; i++) {
		int r;

		if (keep & UINT64_C(1) << i)
			continue;
		r = call_prctl(PR_CAPBSET_DROP, i, 0);
		if (r == -EINVAL) /* above the kernel's last */
			return 0;
		if (r == -EPERM && prctl(PR_CAPBSET_READ, (unsigned long)i, 0UL, 0UL, 0UL) == 0)
			continue;
		if (r < 0)
			return r;
	}
	return 0;
}

int caps_set_ambient(uint64_t ambient)
{
	int r = call_prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0);

	for (unsigned i = 0; r == 0 && i < 64; i++)
		if (ambient & UINT64_C(1) << i)
			r = call_prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, i);
	return r;
}

int caps_keep_over_setuid(void)
{
	return call_prctl(PR_SET_KEEPCAPS, 1, 0);
}

int caps_set_no_new_privs(void)
{
	return call_prctl(PR_SET_NO_NEW_PRIVS, 1, 0);
}
