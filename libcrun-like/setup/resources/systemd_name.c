/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * See systemd_name.h. The rules for names are those of systemd.unit(5) and systemd.slice(5); what
 * breaks them is refused here, with a JSON pointer, and not when the bus answers.
 */
#include "setup/resources/systemd_name.h"

#include <string.h>

enum {
	UNIT_NAME_MAX = 255
};

static const char pointer_path[] = "/linux/cgroupsPath";

static bool ends_in(const char *text, size_t len, const char *end)
{
	size_t end_len = strlen(end);

	return len > end_len && memcmp(text + len - end_len, end, end_len) == 0;
}

/* unit_name_is_valid() of systemd, without templates: an "@" is a name of its own. */
static bool is_unit_name(const char *name)
{
	static const char valid[] = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				    ":-_.\\";

	return strlen(name) <= UNIT_NAME_MAX && !name[strspn(name, valid)];
}

/* "-.slice" is the root; no other begins or ends with a dash, or has two in a row. */
static bool is_slice_name(const char *name)
{
	size_t len = strlen(name);

	if (!is_unit_name(name) || !ends_in(name, len, ".slice"))
		return false;
	if (strcmp(name, "-.slice") == 0)
		return true;
	return name[0] != '-' && name[len - strlen(".slice") - 1] != '-' && !strstr(name, "--");
}

/* a-b-c.slice is in a-b.slice, which is in a.slice. */
static const char *expand(struct arena *a, const char *slice)
{
	const char *place = "", *dash = slice;

	if (strcmp(slice, "-.slice") == 0)
		return "";
	while (place && (dash = strchr(dash, '-'))) {
		place = arena_printf(a, "%s/%.*s.slice", place, (int)(dash - slice), slice);
		dash++;
	}
	return place ? arena_printf(a, "%s/%s", place, slice) : NULL;
}

struct parts {
	const char *slice, *prefix, *name;
};

static int split(struct arena *a, const char *path, struct parts *ret, struct err *e)
{
	const char *one = strchr(path, ':'), *two = one ? strchr(one + 1, ':') : NULL;

	if (!two || strchr(two + 1, ':')) {
		err_field(e, EINVAL, pointer_path,
			  "cgroupsPath \"%s\" is not of the form \"slice:prefix:name\"", path);
		return err_hint(e, "the systemd cgroup manager takes that form alone");
	}
	ret->slice = arena_strndup(a, path, (size_t)(one - path));
	ret->prefix = arena_strndup(a, one + 1, (size_t)(two - one - 1));
	ret->name = two + 1;
	return ret->slice && ret->prefix ? 0 : err_set(e, ENOMEM, "plan the cgroup");
}

/* An id may have a "+", which no unit's name has: escaped as systemd-escape(1) does. */
static const char *escape_id(struct arena *a, const char *id)
{
	char *text = arena_array(a, strlen(id) + 1, 4), *to = text;

	for (; text && *id; id++) {
		if (*id == '+')
			to = stpcpy(to, "\\x2b");
		else
			*to++ = *id;
	}
	return text;
}

static int check(const struct parts *p, const char *path, const char *unit, struct err *e)
{
	if (!*p->name)
		return err_field(e, EINVAL, pointer_path, "cgroupsPath \"%s\" has no name", path);
	if (ends_in(p->name, strlen(p->name), ".slice")) {
		err_field(e, EINVAL, pointer_path,
			  "cgroupsPath \"%s\" names a slice, in which no processes can be", path);
		return err_hint(e, "give the container a name in it: \"%s:prefix:name\"", p->name);
	}
	if (!is_slice_name(p->slice))
		return err_field(e, EINVAL, pointer_path, "\"%s\" is not the name of a slice",
				 p->slice);
	if (!is_unit_name(unit))
		return err_field(e, EINVAL, pointer_path, "\"%s\" is not the name of a unit", unit);
	return 0;
}

int systemd_names_of(struct arena *a, const char *path, const char *id, bool is_user,
		     struct systemd_names *ret, struct err *e)
{
	struct parts p = { "", "davit", escape_id(a, id) };
	const char *unit, *place;

	if (!p.name)
		return err_set(e, ENOMEM, "plan the cgroup");
	if (path && *path && split(a, path, &p, e) < 0)
		return -e->code;
	if (!*p.slice)
		p.slice = is_user ? "user.slice" : "system.slice";
	unit = arena_printf(a, "%s-%s.scope", p.prefix, p.name);
	if (!unit)
		return err_set(e, ENOMEM, "plan the cgroup");
	if (check(&p, path ? path : "", unit, e) < 0)
		return -e->code;
	place = expand(a, p.slice);
	place = place ? arena_printf(a, "%s/%s", place, unit) : NULL;
	if (!place)
		return err_set(e, ENOMEM, "plan the cgroup");
	*ret = (struct systemd_names){ p.slice, unit, place };
	return 0;
}
