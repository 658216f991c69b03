/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * See memory_policy.h. The mask has no fixed size: the kernel takes any that has no bit above its
 * own highest node, so it ends with the highest node that is asked for.
 */
#include "setup/process/memory_policy.h"

#include <linux/mempolicy.h>
#include <string.h>

#include "base/numbers.h"
#include "base/words.h"
#include "kernel/sys.h"

enum {
	WORD_BITS = 8 * sizeof(unsigned long),
	MODE_WEIGHTED_INTERLEAVE = 6 /* MPOL_WEIGHTED_INTERLEAVE, Linux 6.9 */
};

/* clang-format off */
static const struct word mode_rows[] = {
	{ "MPOL_DEFAULT", MPOL_DEFAULT },
	{ "MPOL_BIND", MPOL_BIND },
	{ "MPOL_INTERLEAVE", MPOL_INTERLEAVE },
	{ "MPOL_WEIGHTED_INTERLEAVE", MODE_WEIGHTED_INTERLEAVE },
	{ "MPOL_PREFERRED", MPOL_PREFERRED },
	{ "MPOL_PREFERRED_MANY", MPOL_PREFERRED_MANY },
	{ "MPOL_LOCAL", MPOL_LOCAL },
};

static const struct word flag_rows[] = {
	{ "MPOL_F_NUMA_BALANCING", MPOL_F_NUMA_BALANCING },
	{ "MPOL_F_RELATIVE_NODES", MPOL_F_RELATIVE_NODES },
	{ "MPOL_F_STATIC_NODES", MPOL_F_STATIC_NODES },
};
/* clang-format on */

static const struct words modes = WORDS("memory policy mode", mode_rows);
static const struct words flags = WORDS("memory policy flag", flag_rows);

const char *memory_policy_mode_name(size_t i)
{
	return words_name(&modes, i);
}

const char *memory_policy_flag_name(size_t i)
{
	return words_name(&flags, i);
}

/* Twice over the list, which is sound: the first time for its highest node. */
static void read_nodes(const char *list, unsigned long *mask, unsigned long *ret_bits)
{
	unsigned first, last;

	*ret_bits = 0;
	while (*list && numbers_next(&list, NUMBERS_NODES, &first, &last) == 0) {
		if (last + 1 > *ret_bits)
			*ret_bits = last + 1;
		for (unsigned node = first; mask && node <= last; node++)
			mask[node / WORD_BITS] |= 1UL << node % WORD_BITS;
	}
}

static int prepare_nodes(struct arena *a, const char *list, struct memory_policy *p, struct err *e)
{
	unsigned long *mask;

	read_nodes(list, NULL, &p->bits);
	if (!p->bits)
		return 0;
	mask = arena_array(a, p->bits / WORD_BITS + 1, sizeof(*mask));
	if (!mask)
		return err_set(e, ENOMEM, "prepare the memory policy");
	read_nodes(list, mask, &p->bits);
	p->nodes = mask;
	return 0;
}

int memory_policy_prepare(struct arena *a, const struct oci_linux *lin, struct memory_policy *ret,
			  struct err *e)
{
	const struct oci_memory_policy *asked = lin ? lin->memory_policy : NULL;
	struct memory_policy p = { .asked = asked };
	unsigned mode, set;

	if (!asked) {
		*ret = p;
		return 0;
	}
	if (words_value(&modes, asked->mode, "/linux/memoryPolicy/mode", &mode, e) < 0 ||
	    words_union(&flags, asked->flags.items, asked->flags.count, "/linux/memoryPolicy/flags",
			&set, e) < 0)
		return -e->code;
	p.mode = (int)(mode | set);
	if (asked->nodes && prepare_nodes(a, asked->nodes, &p, e) < 0)
		return -e->code;
	*ret = p;
	return 0;
}

int memory_policy_apply(const struct memory_policy *p, struct err *e)
{
	const struct oci_memory_policy *asked = p->asked;
	int r = asked ? sys_set_mempolicy(p->mode, p->nodes, p->bits) : 0;

	if (r == 0)
		return 0;
	err_set(e, -r, "%s memory policy %s%s%s", r == -EINVAL ? "invalid" : "set the", asked->mode,
		p->bits ? " of nodes " : "", p->bits ? asked->nodes : "");
	err_at(e, "/linux/memoryPolicy");
	if (r == -EINVAL)
		err_hint(e,
			 "has the machine such nodes, and does this kernel know the mode and its "
			 "flags?");
	return -e->code;
}

void memory_policy_describe(const struct memory_policy *p, const struct describe *d)
{
	if (p->asked)
		describe(d, "%s%s%s", p->asked->mode, p->bits ? " of nodes " : "",
			 p->bits ? p->asked->nodes : "");
}
