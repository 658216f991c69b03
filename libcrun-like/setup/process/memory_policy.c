/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * See memory_policy.h. The mask has no fixed size: the kernel takes any that has no bit above its
 * own highest node, so it ends with the highest node that is asked for.
 */
#include "setup/process/memory_policy.h"

#include <linux/mempolicy.h>
#include <string.h>

#include "kernel/sys.h"

enum {
	WORD_BITS = 8 * sizeof(unsigned long),
	NODE_MAX = 4095 * 8,         /* the kernel takes masks of a page */
	MODE_WEIGHTED_INTERLEAVE = 6 /* MPOL_WEIGHTED_INTERLEAVE, Linux 6.9 */
};

struct word {
	const char *name;
	int value;
};

/* clang-format off */
static const struct word modes[] = {
	{ "MPOL_DEFAULT", MPOL_DEFAULT },
	{ "MPOL_BIND", MPOL_BIND },
	{ "MPOL_INTERLEAVE", MPOL_INTERLEAVE },
	{ "MPOL_WEIGHTED_INTERLEAVE", MODE_WEIGHTED_INTERLEAVE },
	{ "MPOL_PREFERRED", MPOL_PREFERRED },
	{ "MPOL_PREFERRED_MANY", MPOL_PREFERRED_MANY },
	{ "MPOL_LOCAL", MPOL_LOCAL },
};

static const struct word flags[] = {
	{ "MPOL_F_NUMA_BALANCING", MPOL_F_NUMA_BALANCING },
	{ "MPOL_F_RELATIVE_NODES", MPOL_F_RELATIVE_NODES },
	{ "MPOL_F_STATIC_NODES", MPOL_F_STATIC_NODES },
};
/* clang-format on */

const char *memory_policy_mode_name(size_t i)
{
	return i < ARRAY_SIZE(modes) ? modes[i].name : NULL;
}

const char *memory_policy_flag_name(size_t i)
{
	return i < ARRAY_SIZE(flags) ? flags[i].name : NULL;
}

static const struct word *find(const struct word *words, size_t count, const char *name)
{
	for (size_t i = 0; i < count; i++)
		if (strcmp(words[i].name, name) == 0)
			return &words[i];
	return NULL;
}

/* Blanks are passed over. Stops at what cannot belong to a node's number. */
static bool read_node(const char **at, unsigned *ret)
{
	const char *p = *at + strspn(*at, " ");
	unsigned node = 0;

	if (*p < '0' || *p > '9')
		return false;
	for (; *p >= '0' && *p <= '9'; p++) {
		node = node * 10 + (unsigned)(*p - '0');
		if (node > NODE_MAX)
			return false;
	}
	*at = p + strspn(p, " ");
	*ret = node;
	return true;
}

/* "3" or "0-3", and the comma behind it. */
static bool read_range(const char **at, unsigned *ret_first, unsigned *ret_last)
{
	if (!read_node(at, ret_first))
		return false;
	*ret_last = *ret_first;
	if (**at == '-') {
		(*at)++;
		if (!read_node(at, ret_last) || *ret_last < *ret_first)
			return false;
	}
	if (**at == '\0')
		return true;
	return *(*at)++ == ',' && (*at)[strspn(*at, " ")] != '\0';
}

/* Twice over the list: the first time for its highest node. */
static bool read_nodes(const char *list, unsigned long *mask, unsigned long *ret_bits)
{
	unsigned first, last;

	*ret_bits = 0;
	for (const char *at = list; *at;) {
		if (!read_range(&at, &first, &last))
			return false;
		if (last + 1 > *ret_bits)
			*ret_bits = last + 1;
		for (unsigned node = first; mask && node <= last; node++)
			mask[node / WORD_BITS] |= 1UL << node % WORD_BITS;
	}
	return true;
}

static int prepare_nodes(struct arena *a, const char *list, struct memory_policy *p, struct err *e)
{
	unsigned long *mask;

	list += strspn(list, " ");
	if (!read_nodes(list, NULL, &p->bits))
		return err_field(e, EINVAL, "/linux/memoryPolicy/nodes",
				 "invalid memory policy: \"%s\" is no list of nodes", list);
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
	const struct word *word;

	if (!asked) {
		*ret = p;
		return 0;
	}
	word = find(modes, ARRAY_SIZE(modes), asked->mode);
	if (!word)
		return err_field(e, EINVAL, "/linux/memoryPolicy/mode",
				 "invalid memory policy: unknown mode \"%s\"", asked->mode);
	p.mode = word->value;
	for (size_t i = 0; i < asked->flags.count; i++) {
		word = find(flags, ARRAY_SIZE(flags), asked->flags.items[i]);
		if (!word)
			return err_field(e, EINVAL, POINTER("/linux/memoryPolicy/flags/%zu", i),
					 "invalid memory policy: unknown flag \"%s\"",
					 asked->flags.items[i]);
		p.mode |= word->value;
	}
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
