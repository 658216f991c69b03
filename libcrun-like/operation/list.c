/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The containers of a state root, in the order of their ids. What is no container of davit's, or is
 * deleted meanwhile, is left out; what cannot be found out is an error, not an absence, and the
 * others are shown all the same.
 */
#include <dirent.h>
#include <fcntl.h>
#include <string.h>

#include "container/info.h"
#include "container/store.h"
#include "kernel/procfs.h"
#include "operation/operation.h"

enum {
	FIRST_ROOM = 32
};

struct ids {
	struct arena arena;
	const char **items;
	size_t count, room;
};

static int add_id(struct ids *ids, const char *id, struct err *e)
{
	size_t room = ids->room ? 2 * ids->room : FIRST_ROOM;
	const char **grown = ids->items;

	if (ids->count == ids->room) {
		grown = arena_array(&ids->arena, room, sizeof(*grown));
		if (!grown)
			return err_set(e, ENOMEM, "list the containers");
		if (ids->count)
			memcpy(grown, ids->items, ids->count * sizeof(*grown));
		ids->items = grown;
		ids->room = room;
	}
	grown[ids->count] = arena_printf(&ids->arena, "%s", id);
	if (!grown[ids->count++])
		return err_set(e, ENOMEM, "list the containers");
	return 0;
}

static int compare(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static int read_ids(const struct davit_context *ctx, int root_dirfd, struct ids *ret, struct err *e)
{
	_cleanup_fd_ int fd = openat(root_dirfd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	const struct dirent *entry;
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);

	if (!dir)
		return err_set(e, errno, "list the state root %s", ctx->root);
	fd = -1;
	while (!e->code && (errno = 0, entry = readdir(dir))) {
		struct err ignored = { 0 };

		if (store_check_id(entry->d_name, &ignored) == 0)
			add_id(ret, entry->d_name, e);
	}
	if (!e->code && errno)
		err_set(e, errno, "list the state root %s", ctx->root);
	closedir(dir);
	if (!e->code && ret->count)
		qsort(ret->items, ret->count, sizeof(*ret->items), compare);
	return -e->code;
}

/* What the callback says: 0 goes on. */
static int show(struct container *c, davit_list_fn *each, void *arg, struct err *e)
{
	struct davit_container_info info;

	return container_info(c, &c->arena, &info, e) < 0 ? -e->code : each(arg, &info);
}

/* Gone, a file or a link, another runtime's, or another user's (ERR_STATE: damage is no failure).
 */
static bool is_none_of_ours(const struct err *failure)
{
	return failure->kind == ERR_NOT_FOUND || failure->kind == ERR_UNSUPPORTED ||
	       failure->kind == ERR_STATE || failure->code == ENOTDIR || failure->code == ELOOP;
}

/* The first is what the call fails with at the end, others are told on the way. */
static void note_failure(const struct davit_context *ctx, const struct err *failure,
			 struct err *first)
{
	if (first->code)
		context_warn_failure((void *)(uintptr_t)ctx, failure);
	else
		*first = *failure;
}

static int list_one(const struct davit_context *ctx, const struct container_root *root,
		    const char *id, struct err *first, davit_list_fn *each, void *arg,
		    struct err *e)
{
	struct err failure = { 0 };
	struct container c;
	int r = 0;

	if (container_open_in(ctx, root, id, CONTAINER_DAMAGED_OK, &c, &failure) == 0)
		r = show(&c, each, arg, e);
	else if (is_shortage(failure.code) || !procfs_is_there())
		*e = failure;
	else if (!is_none_of_ours(&failure))
		note_failure(ctx, &failure, first);
	container_close(&c);
	return e->code ? -e->code : r;
}

/* A root that was named must be there; the default one may simply not have been needed yet. */
int operation_list(const struct davit_context *ctx, davit_list_fn *each, void *arg, struct err *e)
{
	struct container_root root;
	struct err first = { 0 };
	struct ids ids = { 0 };

	if (container_root_open(ctx, &root, e) == 0)
		read_ids(ctx, root.dirfd, &ids, e);
	else if (e->kind == ERR_NOT_FOUND && ctx->has_default_root)
		*e = (struct err){ 0 };
	for (size_t i = 0; !e->code && i < ids.count; i++)
		if (list_one(ctx, &root, ids.items[i], &first, each, arg, e) != 0)
			break;
	if (!e->code)
		*e = first;
	container_root_close(&root);
	arena_release(&ids.arena);
	return -e->code;
}
