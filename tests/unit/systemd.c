/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <string.h>

#include "setup/resources/gvariant.h"
#include "setup/resources/systemd_name.h"
#include "setup/resources/systemd_properties.h"
#include "setup/resources/systemd_unit.h"
#include "test.h"

/* --- names ----------------------------------------------------------------------------------- */

static bool names(const char *path, bool is_user, const char *slice, const char *unit,
		  const char *place)
{
	struct arena a = { 0 };
	struct err e = { 0 };
	struct systemd_names n;
	bool is_right = systemd_names_of(&a, path, "c1", is_user, &n, &e) == 0 &&
			strcmp(n.slice, slice) == 0 && strcmp(n.unit, unit) == 0 &&
			strcmp(n.place, place) == 0;

	arena_release(&a);
	return is_right;
}

static bool refuses(const char *path, const char *words)
{
	struct arena a = { 0 };
	struct err e = { 0 };
	struct systemd_names n;
	bool is_right = systemd_names_of(&a, path, "c1", false, &n, &e) == -EINVAL &&
			strstr(e.msg, words) && strcmp(e.pointer, "/linux/cgroupsPath") == 0;

	arena_release(&a);
	return is_right;
}

TEST(slice_prefix_and_name_become_a_scope_in_the_slice)
{
	CHECK(names("machine.slice:libpod:12", false, "machine.slice", "libpod-12.scope",
		    "/machine.slice/libpod-12.scope"));
	CHECK(names("user.slice:libpod:12", true, "user.slice", "libpod-12.scope",
		    "/user.slice/libpod-12.scope"));
	CHECK(names("a-b-c.slice:p:n", false, "a-b-c.slice", "p-n.scope",
		    "/a.slice/a-b.slice/a-b-c.slice/p-n.scope"));
	CHECK(names("-.slice:p:n", false, "-.slice", "p-n.scope", "/p-n.scope"));
}

TEST(what_is_empty_has_a_default)
{
	CHECK(names(NULL, false, "system.slice", "davit-c1.scope", "/system.slice/davit-c1.scope"));
	CHECK(names("", true, "user.slice", "davit-c1.scope", "/user.slice/davit-c1.scope"));
	CHECK(names(":p:n", false, "system.slice", "p-n.scope", "/system.slice/p-n.scope"));
	CHECK(names("::n", false, "system.slice", "-n.scope", "/system.slice/-n.scope"));
}

TEST(an_id_with_a_plus_is_escaped_as_systemd_does)
{
	struct arena a = { 0 };
	struct err e = { 0 };
	struct systemd_names n;

	CHECK(systemd_names_of(&a, NULL, "c++1", false, &n, &e) == 0);
	CHECK_STR(n.unit, "davit-c\\x2b\\x2b1.scope");
	arena_release(&a);
}

TEST(what_is_no_name_is_refused)
{
	CHECK(refuses("/a/b", "is not of the form"));
	CHECK(refuses("plain", "is not of the form"));
	CHECK(refuses("a.slice:b", "is not of the form"));
	CHECK(refuses("a.slice:b:c:d", "is not of the form"));
	CHECK(refuses("a:b:c", "\"a\" is not the name of a slice"));
	CHECK(refuses("a--b.slice:b:c", "is not the name of a slice"));
	CHECK(refuses("-a.slice:b:c", "is not the name of a slice"));
	CHECK(refuses("a-.slice:b:c", "is not the name of a slice"));
	CHECK(refuses(".slice:b:c", "is not the name of a slice"));
	CHECK(refuses("../x.slice:b:c", "is not the name of a slice"));
	CHECK(refuses("a.slice:b/..:c", "is not the name of a unit"));
	CHECK(refuses("a.slice:b:c d", "is not the name of a unit"));
	CHECK(refuses("a.slice:b:", "has no name"));
	CHECK(refuses("a.slice:b:c.slice", "names a slice"));
}

TEST(the_unit_of_a_cgroup_is_found_in_its_path)
{
	struct arena a = { 0 };
	struct systemd_unit u;

	u = systemd_unit_of(&a, "p-n.scope", true, "/u.slice/xp-n.scope/p-n.scope/container", NULL);
	CHECK_STR(u.path, "/u.slice/xp-n.scope/p-n.scope");
	CHECK(u.is_user);
	u = systemd_unit_of(&a, "p-n.scope", false, "/system.slice/p-n.scope", NULL);
	CHECK_STR(u.path, "/system.slice/p-n.scope");
	u = systemd_unit_of(&a, "p-n.scope", false, "/system.slice/other.scope", NULL);
	CHECK(!u.name);
	arena_release(&a);
}

/* --- values ---------------------------------------------------------------------------------- */

/* The tokens with a blank behind each. */
static void join(const char *tokens, size_t len, char *ret, size_t size)
{
	size_t n = len < size ? len : size - 1;

	memcpy(ret, tokens, n);
	ret[n] = '\0';
	for (size_t i = 0; i < n; i++)
		if (!ret[i])
			ret[i] = ' ';
}

static bool parses(const char *text, const char *signature, const char *tokens)
{
	struct arena a = { 0 };
	struct gvariant v;
	const char *why = "";
	char got[512] = "";
	int r = gvariant_parse(&a, text, &v, &why);
	bool is_right;

	if (r == 0)
		join(v.tokens, v.len, got, sizeof(got));
	is_right = r == 0 && strcmp(v.signature, signature) == 0 && strcmp(got, tokens) == 0;
	if (!is_right)
		printf("# %s: %s (%s) [%s]\n", text, r == 0 ? v.signature : "none", why, got);
	arena_release(&a);
	return is_right;
}

static bool fails(const char *text, const char *words)
{
	struct arena a = { 0 };
	struct gvariant v;
	const char *why = "";
	bool is_right = gvariant_parse(&a, text, &v, &why) == -EINVAL && strstr(why, words);

	if (!is_right)
		printf("# %s: %s\n", text, why);
	arena_release(&a);
	return is_right;
}

TEST(basic_values_have_the_types_of_the_text_format)
{
	CHECK(parses("true", "b", "=true "));
	CHECK(parses(" false ", "b", "=false "));
	CHECK(parses("5", "i", "=5 "));
	CHECK(parses("-5", "i", "=-5 "));
	CHECK(parses("uint64 18446744073709551615", "t", "=18446744073709551615 "));
	CHECK(parses("@t 7", "t", "=7 "));
	CHECK(parses("int64 -9223372036854775808", "x", "=-9223372036854775808 "));
	CHECK(parses("byte 0x1f", "y", "=31 "));
	CHECK(parses("uint32 010", "u", "=8 "));
	CHECK(parses("uint16 65535", "q", "=65535 "));
	CHECK(parses("int16 -3", "n", "=-3 "));
	CHECK(parses("0.25", "d", "=0.25 "));
	CHECK(parses("double 3", "d", "=3 "));
	CHECK(parses("'a b'", "s", "=a b "));
	CHECK(parses("\"it's\"", "s", "=it's "));
	CHECK(parses("'a\\'b\\\\'", "s", "=a'b\\ "));
	CHECK(parses("objectpath '/a'", "o", "=/a "));
	CHECK(parses("'inactive-or-failed'", "s", "=inactive-or-failed "));
}

TEST(values_that_hold_others)
{
	CHECK(parses("['a', 'b']", "as", "[ =a =b ] "));
	CHECK(parses("[1,2,]", "ai", "[ =1 =2 ] "));
	CHECK(parses("@as []", "as", "[ ] "));
	CHECK(parses("@au [1]", "au", "[ =1 ] "));
	CHECK(parses("[uint64 1, 2]", "at", "[ =1 =2 ] "));
	CHECK(parses("('a', uint64 1)", "(st)", "( =a =1 ) "));
	CHECK(parses("[('/dev/sda', uint64 1), ('/dev/sdb', 2)]", "a(st)",
		     "[ ( =/dev/sda =1 ) ( =/dev/sdb =2 ) ] "));
	CHECK(parses("@a(st) [('x', 1)]", "a(st)", "[ ( =x =1 ) ] "));
	CHECK(parses("{'k': 1}", "a{si}", "[ ( =k =1 ) ] "));
	CHECK(parses("<uint32 3>", "v", "<u =3 > "));
	CHECK(parses("{'a': <1>, 'b': <'x'>}", "a{sv}", "[ ( =a <i =1 > ) ( =b <s =x > ) ] "));
	CHECK(parses("b'ab'", "ay", "[ =97 =98 =0 ] "));
	CHECK(parses("(true, ['x'])", "(bas)", "( =true [ =x ] ) "));
}

TEST(what_is_no_value_is_refused_with_the_reason)
{
	CHECK(fails("", "missing"));
	CHECK(fails("yes", "unknown word"));
	CHECK(fails("'a", "no end"));
	CHECK(fails("'a\\q'", "escape"));
	CHECK(fails("1 2", "more behind"));
	CHECK(fails("3000000000", "range"));
	CHECK(fails("byte 256", "range"));
	CHECK(fails("uint32 -1", "range"));
	CHECK(fails("18446744073709551616", "too large"));
	CHECK(fails("12ab", "not one"));
	CHECK(fails("[]", "no type"));
	CHECK(fails("[1, 'a']", "wanted"));
	CHECK(fails("[1", "no end"));
	CHECK(fails("(1", "no end"));
	CHECK(fails("()", "few"));
	CHECK(fails("@(st) ('x')", "few"));
	CHECK(fails("@(s) ('x', 1)", "many"));
	CHECK(fails("@q", "missing"));
	CHECK(fails("@zz 1", "unknown type"));
	CHECK(fails("uint32 'a'", "wanted"));
	CHECK(fails("{'a'}", "without a value"));
	CHECK(fails("{[1]: 2}", "no basic value"));
	CHECK(fails("<1", "no end"));
	CHECK(fails("[[[[[[[[[[1]]]]]]]]]]", "deep"));
}

/* --- limits ---------------------------------------------------------------------------------- */

static const char *limit_of(const struct cgroup_write *w, const struct oci_map *annotations)
{
	static char got[512];
	struct arena a = { 0 };
	struct systemd_message m = { .arena = &a };

	systemd_add_limits(&m, w, annotations);
	join(m.text ? m.text : "", m.len, got, sizeof(got));
	arena_release(&a);
	return got;
}

static const char *property_of(const char *file, const char *value)
{
	return limit_of(&(struct cgroup_write){ .file = file, .value = value }, NULL);
}

TEST(limits_are_what_the_kernels_files_get)
{
	CHECK_STR(property_of("memory.max", "67108864"), "MemoryMax t =67108864 ");
	CHECK_STR(property_of("memory.max", "max"), "MemoryMax t =18446744073709551615 ");
	CHECK_STR(property_of("memory.high", "64M"), "MemoryHigh t =67108864 ");
	CHECK_STR(property_of("memory.swap.max", "0"), "MemorySwapMax t =0 ");
	CHECK_STR(property_of("pids.max", "20"), "TasksMax t =20 ");
	CHECK_STR(property_of("cpu.weight", "59"), "CPUWeight t =59 ");
	CHECK_STR(property_of("cpu.idle", "1"), "CPUWeight t =0 ");
	CHECK_STR(property_of("cpu.idle", "0"), "CPUWeight t =18446744073709551615 ");
	CHECK_STR(
		limit_of(&(struct cgroup_write){ .next = &(
							 struct cgroup_write){ .file = "cpu.weight",
									       .value = "59" },
						 .file = "cpu.idle",
						 .value = "0" },
			 NULL),
		"CPUWeight t =59 ");
	CHECK_STR(property_of("io.weight", "default 200"), "IOWeight t =200 ");
	CHECK_STR(property_of("io.weight", "8:0 200"), "");
	CHECK_STR(property_of("memory.oom.group", "1"), "");
	CHECK_STR(property_of("memory.max", "lots"), "");
}

TEST(a_quota_is_rounded_up_to_a_percent)
{
	CHECK_STR(property_of("cpu.max", "50000 100000"),
		  "?CPUQuotaPeriodUSec t =100000 CPUQuotaPerSecUSec t =500000 ");
	CHECK_STR(property_of("cpu.max", "50500 100000"),
		  "?CPUQuotaPeriodUSec t =100000 CPUQuotaPerSecUSec t =510000 ");
	CHECK_STR(property_of("cpu.max", "1000 300000"),
		  "?CPUQuotaPeriodUSec t =300000 CPUQuotaPerSecUSec t =10000 ");
	CHECK_STR(property_of("cpu.max", "max 100000"),
		  "?CPUQuotaPeriodUSec t =100000 CPUQuotaPerSecUSec t =18446744073709551615 ");
	CHECK_STR(property_of("cpu.max", "5000"),
		  "?CPUQuotaPeriodUSec t =100000 CPUQuotaPerSecUSec t =50000 ");
	CHECK_STR(property_of("cpu.max", "5000 0"), "");
}

/* As runc: `systemctl show` has no period that no configuration names. */
TEST(a_period_that_nobody_asked_for_is_not_set)
{
	struct arena a = { 0 };
	struct systemd_message m = { .arena = &a };
	const struct cgroup_write w = { .file = "cpu.max",
					.value = "50000 100000",
					.has_usual_period = true };

	systemd_add_limits(&m, &w, NULL);
	CHECK(!memmem(m.text, m.len, "Period", 6));
	CHECK(memmem(m.text, m.len, "CPUQuotaPerSecUSec", 18));
	arena_release(&a);
}

TEST(lists_of_processors_are_masks)
{
	CHECK_STR(property_of("cpuset.cpus", "0-1"), "?AllowedCPUs ay [ =3 ] ");
	CHECK_STR(property_of("cpuset.cpus", "1,8-9"), "?AllowedCPUs ay [ =2 =3 ] ");
	CHECK_STR(property_of("cpuset.mems", "0"), "?AllowedMemoryNodes ay [ =1 ] ");
	CHECK_STR(property_of("cpuset.cpus", "3-1"), "");
	CHECK_STR(property_of("cpuset.cpus", "99999"), "");
}

TEST(the_file_of_the_other_scheduler_counts_too)
{
	const struct cgroup_write w = { .file = "io.bfq.weight",
					.value = "100",
					.alt_file = "io.weight",
					.alt_value = "default 910" };

	CHECK_STR(limit_of(&w, NULL), "IOWeight t =910 ");
}

/* --- annotations ----------------------------------------------------------------------------- */

static const char *annotation(const char *key, const char *value)
{
	static char got[512];
	struct oci_pair pair = { key, value };
	const struct oci_map map = { &pair, 1 };
	struct arena a = { 0 };
	struct systemd_message m = { .arena = &a };
	struct err e = { 0 };

	if (systemd_add_annotations(&m, &map, &e) == 0)
		join(m.text ? m.text : "", m.len, got, sizeof(got));
	else
		snprintf(got, sizeof(got), "%s at %s", e.msg, e.pointer);
	arena_release(&a);
	return got;
}

TEST(annotations_are_properties)
{
	CHECK_STR(annotation("org.systemd.property.CollectMode", "'inactive'"),
		  "CollectMode s =inactive ");
	CHECK_STR(annotation("org.systemd.property.TimeoutStopUSec", "uint64 5000000"),
		  "TimeoutStopUSec t =5000000 ");
	CHECK_STR(annotation("org.systemd.property.After", "['a.service']"),
		  "After as [ =a.service ] ");
	CHECK_STR(annotation("com.example.After", "nothing"), "");
}

TEST(seconds_are_microseconds_on_the_bus)
{
	CHECK_STR(annotation("org.systemd.property.TimeoutStopSec", "5"),
		  "TimeoutStopUSec t =5000000 ");
	CHECK_STR(annotation("org.systemd.property.TimeoutStopSec", "uint64 1"),
		  "TimeoutStopUSec t =1000000 ");
	CHECK_STR(annotation("org.systemd.property.TimeoutStopSec", "0.25"),
		  "TimeoutStopUSec t =250000 ");
	CHECK_STR(annotation("org.systemd.property.TimeoutUSec", "uint64 3"), "TimeoutUSec t =3 ");
	CHECK(strstr(annotation("org.systemd.property.TimeoutStopSec", "-1"), "number of seconds"));
	CHECK(strstr(annotation("org.systemd.property.TimeoutStopSec", "'5'"),
		     "number of seconds"));
}

TEST(annotations_that_are_no_properties_are_refused)
{
	CHECK(strstr(annotation("org.systemd.property.Bad-Name", "1"), "its name is not one"));
	CHECK(strstr(annotation("org.systemd.property.", "1"), "its name is not one"));
	CHECK(strstr(annotation("org.systemd.property.PIDs", "@au [1]"), "put into the unit by"));
	CHECK(strstr(annotation("org.systemd.property.Slice", "'x.slice'"),
		     "put into the unit by"));
	CHECK(strstr(annotation("org.systemd.property.After", "[x]"),
		     "at /annotations/org.systemd.property.After"));
}

TEST(what_an_annotation_sets_is_not_set_by_a_limit)
{
	struct oci_pair pair = { "org.systemd.property.TasksMax", "uint64 7" };
	const struct oci_map map = { &pair, 1 };
	const struct cgroup_write w = { .file = "pids.max", .value = "20" };

	CHECK_STR(limit_of(&w, &map), "");
}
