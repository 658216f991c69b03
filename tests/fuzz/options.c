/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Options: of mounts (with idmap=), ids, lists of processors, cgroup paths, annotations, system
 * controls, names of signals, and the command line.
 */
#include <stdio.h>
#include <string.h>

#include "../../src/command.h"
#include "container/store.h"
#include "davit.h"
#include "fuzz.h"
#include "setup/annotations.h"
#include "setup/filesystem/mount_options.h"
#include "setup/filesystem/mounts.h"
#include "setup/filesystem/mounts_idmap.h"
#include "setup/process/affinity.h"
#include "setup/process/credentials.h"
#include "setup/resources/cgroup.h"
#include "setup/seccomp/seccomp.h"
#include "setup/sysctl.h"

static void run_mount_options(struct fuzz_input *in)
{
	const struct oci_strings list = fuzz_lines(in);
	struct mount_options o;

	if (mount_options_parse(&in->arena, &list, &o) < 0)
		fuzz_fail("mount options", "not parsed");
	if (o.data && strlen(o.data) > in->len)
		fuzz_fail("mount data", "more than was given");
	if (o.attr_set & o.attr_clear & ~0x70ULL) /* MOUNT_ATTR__ATIME is a number, not a bit */
		fuzz_fail("mount options", "set and cleared");
	for (size_t i = 0; i < list.count; i++)
		(void)mount_option_propagation(list.items[i]);
}

static struct oci_id_mapping map_items[] = { { 0, 100000, 65536 }, { 70000, 300000, 1 } };

static void run_idmap(struct fuzz_input *in)
{
	static const struct oci_linux linux_config = { .uid_mappings = { map_items, 2 },
						       .gid_mappings = { map_items, 1 } };
	static const struct oci_config configs[] = {
		{ .oci_version = "1.0.0" },
		{ .oci_version = "1.0.0", .linux_config = &linux_config },
	};
	const char *word = arena_printf(&in->arena, "idmap=%s", in->text);
	const struct oci_strings list = { &word, 1 };
	const struct oci_mount m = { .destination = "/a", .source = "/b", .options = list };

	for (size_t i = 0; i < ARRAY_SIZE(configs); i++) {
		struct mount_op op = { .destination = "/a" };
		struct err e = { 0 };

		if (!word || mount_options_parse(&in->arena, &list, &op.options) < 0)
			return;
		fuzz_check_error(mounts_prepare_idmap(&in->arena, &configs[i], &m, &op, &e), &e);
	}
}

static void run_id(struct fuzz_input *in)
{
	struct err e = { 0 };
	int r = store_check_id(in->text, &e);

	fuzz_check_error(r, &e);
	if (r == 0 && (strchr(in->text, '/') || in->text[0] == '.' || !in->text[0]))
		fuzz_fail("an id that is none", in->text);
}

static void run_cpus(struct fuzz_input *in)
{
	struct affinity cpus;

	affinity_prepare(in->text, &cpus);
}

/* The command line, a word a line; the first names the command. */
static void run_command_line(struct fuzz_input *in)
{
	const struct oci_strings words = fuzz_lines(in);
	const struct command *command =
		words.count ? command_find(&command_line, words.items[0]) : NULL;
	struct command_args args = { 0 };
	struct cli_error e;
	char **argv = arena_array(&in->arena, words.count + 1, sizeof(*argv));

	if (!argv || !command)
		return;
	for (size_t i = 1; i < words.count; i++)
		argv[i - 1] = (char *)words.items[i];
	if (cli_parse(command->options, argv, command->max_words, &args, &args.words, &e) < 0 &&
	    !e.text[0])
		fuzz_fail("a command line refused without words", command->name);
	free(args.env.items);
	free(args.caps.items);
	free(args.groups.items);
	free(args.cgroups.items);
}

static void run_signal(struct fuzz_input *in)
{
	int number = davit_signal_parse(in->text);

	if (number >= 0 && number > 64)
		fuzz_fail("no signal", in->text);
}

/* Keys and values: a line each. */
static struct oci_map take_map(struct fuzz_input *in)
{
	const struct oci_strings lines = fuzz_lines(in);
	struct oci_pair *pairs = arena_array(&in->arena, lines.count + 1, sizeof(*pairs));
	struct oci_map map = { pairs, lines.count / 2 };

	for (size_t i = 0; pairs && i < map.count; i++)
		pairs[i] = (struct oci_pair){ lines.items[2 * i], lines.items[2 * i + 1] };
	return pairs ? map : (struct oci_map){ 0 };
}

static void run_annotations(struct fuzz_input *in)
{
	const struct oci_config c = { .oci_version = "1.0.0", .annotations = take_map(in) };
	struct seccomp_source source;
	struct seccomp_filter filter;
	struct err e = { 0 };

	for (int i = 0; i < ANNOTATIONS; i++)
		(void)annotation_find(&c.annotations, i);
	(void)credentials_keep_groups(&c.annotations);
	seccomp_source_of(&c, NULL, &source);
	if (seccomp_is_wanted(&source))
		fuzz_check_error(seccomp_prepare(&in->arena, &source, -1, &filter, &e), &e);
}

static void run_sysctls(struct fuzz_input *in)
{
	static struct oci_namespace all[] = { { .type = "ipc" },
					      { .type = "network" },
					      { .type = "uts" } };
	const struct oci_linux l = { .namespaces = { all, 3 }, .sysctl = take_map(in) };
	const struct oci_config c = { .oci_version = "1.0.0", .linux_config = &l };
	struct sysctls sysctls;
	struct err e = { 0 };
	int r = sysctl_prepare(&in->arena, &c, &sysctls, &e);

	fuzz_check_error(r, &e);
}

static void run_cgroups_path(struct fuzz_input *in)
{
	const struct oci_linux l = { .cgroups_path = in->text };
	const struct oci_config c = { .oci_version = "1.0.0", .linux_config = &l };
	const struct cgroup_context ctx = { .id = "ID" };
	struct cgroup_plan plan;
	struct err e = { 0 };

	fuzz_check_error(cgroup_prepare(&in->arena, &c, &ctx, &plan, &e), &e);
}

const struct fuzz_sort fuzz_sorts[] = {
	{ 'm', run_mount_options },
	{ 'i', run_idmap },
	{ 'd', run_id },
	{ 'c', run_cpus },
	{ 'a', run_annotations },
	{ 'l', run_command_line },
	{ 'p', run_cgroups_path },
	{ 's', run_signal },
	{ 'y', run_sysctls },
	{ 0, NULL },
};
