/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * See personality.h. The flags that the caller has, such as the one without address randomisation,
 * do not come along: the domain is the whole value.
 */
#include "setup/process/personality.h"

#include <string.h>
#include <sys/personality.h>

int personality_prepare(const struct oci_linux *lin, struct personality *ret, struct err *e)
{
	const struct oci_personality *asked = lin ? lin->personality : NULL;
	struct personality p = { 0 };

	if (asked) {
		p.domain = asked->domain;
		if (strcmp(asked->domain, "LINUX") == 0)
			p.value = PER_LINUX;
		else if (strcmp(asked->domain, "LINUX32") == 0)
			p.value = PER_LINUX32;
		else
			return err_field(e, EINVAL, "/linux/personality/domain",
					 "unknown domain \"%s\"", asked->domain);
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
