/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * See info.h.
 */
#include "container/info.h"

#include <string.h>

static const char *text_or_empty(const char *text)
{
	return text ? text : "";
}

static enum davit_status public_status(enum status status)
{
	static const enum davit_status of[] = {
		[STATUS_CREATING] = DAVIT_CREATING, [STATUS_CREATED] = DAVIT_CREATED,
		[STATUS_RUNNING] = DAVIT_RUNNING,   [STATUS_PAUSED] = DAVIT_PAUSED,
		[STATUS_STOPPED] = DAVIT_STOPPED,
	};

	return of[status];
}

/* key, value, key, value, ..., NULL */
static const char **flatten(struct arena *a, const struct oci_map *map)
{
	const char **list = arena_array(a, 2 * map->count + 1, sizeof(*list));

	for (size_t i = 0; list && i < map->count; i++) {
		list[2 * i] = map->items[i].key;
		list[2 * i + 1] = text_or_empty(map->items[i].value);
	}
	return list;
}

int container_info(const struct container *c, struct arena *a, struct davit_container_info *ret,
		   struct err *e)
{
	static const struct davit_state none;
	static const struct oci_map nothing;
	const struct davit_state *s = c->state ? c->state : &none;
	size_t len = 0;

	*ret = (struct davit_container_info){
		.size = sizeof(*ret),
		.id = c->id,
		.status = public_status(c->status),
		.status_word = status_word(c->status),
		.pid = c->pid,
		.bundle = text_or_empty(s->bundle),
		.rootfs = text_or_empty(s->rootfs),
		.created = text_or_empty(s->created),
		.owner = text_or_empty(s->owner),
		.annotations = flatten(a, c->state ? &s->annotations : &nothing),
		.json = container_state_json(c, a, false, &len),
	};
	return ret->annotations && ret->json ? 0
					     : err_set(e, ENOMEM, "describe container %s", c->id);
}

/* Where the next text goes. */
static const char *put(char **at, const char *text)
{
	size_t len = strlen(text) + 1;
	char *copy = memcpy(*at, text, len);

	*at += len;
	return copy;
}

struct davit_container_info *container_info_copy(const struct davit_container_info *from)
{
	const char *const texts[] = { from->id,      from->status_word, from->bundle, from->rootfs,
				      from->created, from->owner,       from->json };
	size_t count = 0, size = sizeof(*from);
	struct davit_container_info *to;
	const char **list;
	char *at;

	for (size_t i = 0; i < ARRAY_SIZE(texts); i++)
		size += strlen(texts[i]) + 1;
	for (; from->annotations[count]; count++)
		size += strlen(from->annotations[count]) + 1;
	to = malloc(size + (count + 1) * sizeof(*list));
	if (!to)
		return NULL;
	list = (const char **)(void *)(to + 1);
	at = (char *)(list + count + 1);
	*to = *from;
	to->id = put(&at, from->id);
	to->status_word = put(&at, from->status_word);
	to->bundle = put(&at, from->bundle);
	to->rootfs = put(&at, from->rootfs);
	to->created = put(&at, from->created);
	to->owner = put(&at, from->owner);
	to->json = put(&at, from->json);
	for (size_t i = 0; i < count; i++)
		list[i] = put(&at, from->annotations[i]);
	list[count] = NULL;
	to->annotations = list;
	return to;
}
