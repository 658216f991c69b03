/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * See personality.h. The flags that the caller has, such as the one without address randomisation,
 * do not come along: the domain is the whole value.
 */
#include "setup/process/personality.h"

#include <sys/personality.h>

#include "base/words.h"

static const struct word rows[] = { { "LINUX", PER_LINUX }, { "LINUX32", PER_LINUX32 } };
static const struct words domains = WORDS("execution domain", rows);

int personality_prepare(const struct oci_linux *lin, struct personality *ret, struct err *e)
{
	const struct oci_personality *asked = lin ? lin->personality : NULL;
	struct personality p = { 0 };
	unsigned value;

	if (asked) {
		p.domain = asked->domain;
		if (words_value(&domains, asked->domain, "/linux/personality/domain", &value, e) <
		    0)
			return -e->code;
		p.value = value;
	}
	*ret = p;
	return 0;
}

int personality_apply(const struct personality *p, struct err *e)
{
	if (!p->domain || personality(p->value) >= 0)
		return 0;
	err_set(e, errno, "set the personality %s", p->domain);
	return err_at(e, "/linux/personality");
}

void personality_describe(const struct personality *p, const struct describe *d)
{
	if (p->domain)
		describe(d, "%s", p->domain);
}
