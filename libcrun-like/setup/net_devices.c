/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * See net_devices.h. A device is moved under a name that nobody else has, in one request, and gets
 * its own name afterwards: so it is found again whatever number the kernel gives it there, and a
 * name that is taken is the kernel's to refuse, without a moment between the look and the deed.
 */
#include "setup/net_devices.h"

#include <sched.h>
#include <string.h>
#include <sys/stat.h>

#include "base/fmt.h"
#include "kernel/namespace.h"
#include "oci-spec/json_pointer.h"

enum {
	ADDRESS_TEXT = 64
};

static const char pointer_all[] = "/linux/netDevices";

int net_devices_prepare(struct arena *a, const struct oci_config *config, bool is_rootless,
			struct net_devices *ret, struct err *e)
{
	const struct oci_net_devices *list =
		config->linux_config ? &config->linux_config->net_devices : NULL;
	struct net_devices d = { .host_sock = -1, .sock = -1, .host_ns = -1, .ns = -1 };

	*ret = d;
	if (!list || !list->count)
		return 0;
	if (is_rootless) {
		err_kind(e, ERR_UNSUPPORTED, EPERM,
			 "network devices of the host cannot be moved without root's rights");
		return err_at(e, pointer_all);
	}
	d.items = arena_array(a, list->count, sizeof(*d.items));
	if (!d.items)
		return err_set(e, ENOMEM, "prepare the network devices");
	for (; d.count < list->count; d.count++) {
		const struct oci_net_device *from = &list->items[d.count];
		struct net_device_op *op = &d.items[d.count];

		op->host_name = from->host_name;
		op->name = from->name ? from->name : from->host_name;
		op->pointer = arena_strdup(a, BELOW(pointer_all, from->host_name));
		if (!op->pointer)
			return err_set(e, ENOMEM, "prepare the network devices");
	}
	*ret = d;
	return 0;
}

static int fail(const struct net_device_op *op, int code, const char *verb, struct err *e)
{
	err_set(e, code, "%s the network device %s", verb, op->host_name);
	return err_at(e, op->pointer);
}

static void temporary_name(size_t i, char *buf, size_t size)
{
	fmt(buf, size, "dv%dx%zu", (int)getpid(), i);
}

/* config-linux.md: permanent addresses of global scope; the kernel drops them all on the move. */
static int add_addresses(const struct net_devices *d, const struct net_device_op *op, struct err *e)
{
	char text[ADDRESS_TEXT];

	for (const struct netlink_entry *a = op->saved.addresses; a; a = a->next) {
		int r = netlink_address_is_lasting(a)
				? netlink_add_address(d->sock, a, op->index, false)
				: 0;

		if (r == 0)
			continue;
		netlink_address_text(a, text, sizeof(text));
		err_set(e, -r, "add the address %s to the network device %s in the container", text,
			op->name);
		return err_at(e, op->pointer);
	}
	return 0;
}

static int take_name(const struct net_devices *d, const struct net_device_op *op, struct err *e)
{
	const struct netlink_change rename = { .name = op->name, .ns = -1 };
	int r = netlink_change_link(d->sock, op->index, &rename);

	if (r == -EEXIST) {
		err_kind(e, ERR_CONFIG, EEXIST,
			 "the network device %s cannot be named %s: the container's network "
			 "namespace has a device of that name",
			 op->host_name, op->name);
		err_at(e, op->pointer);
		return err_hint(e, "end the name in %%d for the first number that is free");
	}
	return r < 0 ? fail(op, -r, "rename", e) : 0;
}

static int move_one(struct arena *a, struct net_devices *d, size_t i, struct err *e)
{
	const struct netlink_change up = { .ns = -1, .up = true };
	struct net_device_op *op = &d->items[i];
	struct netlink_change move = { .ns = d->ns };
	struct netlink_link inside;
	char name[16];
	int r;

	temporary_name(i, name, sizeof(name));
	move.name = name;
	r = netlink_find_link(d->host_sock, op->host_name, &op->host);
	if (r < 0)
		return fail(op, -r, "find", e);
	r = netlink_save(a, d->host_sock, op->host.index, &op->saved);
	if (r < 0)
		return fail(op, -r, "list the addresses of", e);
	r = netlink_change_link(d->host_sock, op->host.index, &move);
	if (r < 0)
		return fail(op, -r, "move", e);
	op->index = op->host.index; /* most often it keeps its number */
	r = netlink_find_link(d->sock, name, &inside);
	if (r < 0)
		return fail(op, -r, "find again", e);
	op->index = inside.index;
	if (take_name(d, op, e) < 0 || add_addresses(d, op, e) < 0)
		return -e->code;
	r = netlink_change_link(d->sock, op->index, &up);
	return r < 0 ? fail(op, -r, "set up", e) : 0;
}

/* A path may lead to the runtime's own namespace. */
static int check_other_namespace(const struct net_devices *d, struct err *e)
{
	struct stat own, container;

	if (fstat(d->host_ns, &own) < 0 || fstat(d->ns, &container) < 0)
		return err_set(e, errno, "look at the network namespaces");
	if (own.st_dev != container.st_dev || own.st_ino != container.st_ino)
		return 0;
	return err_field(e, EINVAL, pointer_all,
			 "needs a network namespace that is not the runtime's own");
}

int net_devices_move(struct arena *a, struct net_devices *d, int ns, struct err *e)
{
	int r = namespace_open_own(CLONE_NEWNET, &d->host_ns);

	if (r == 0)
		r = netlink_open(&d->host_sock);
	if (r == 0)
		r = netlink_open_in(ns, &d->sock, &d->ns);
	if (r < 0) {
		err_set(e, -r, "open the container's network namespace");
		return err_at(e, pointer_all);
	}
	if (check_other_namespace(d, e) < 0)
		return -e->code;
	for (size_t i = 0; i < d->count; i++)
		if (move_one(a, d, i, e) < 0)
			return -e->code;
	return 0;
}

/* In the order in which each makes the next one possible. */
static int restore_config(const struct net_devices *d, const struct net_device_op *op,
			  unsigned index)
{
	const struct netlink_change change = { .ns = -1,
					       .up = op->host.is_up,
					       .master = op->host.master };
	int r = 0, failed = 0;

	for (const struct netlink_entry *a = op->saved.addresses; a; a = a->next)
		if ((r = netlink_add_address(d->host_sock, a, index, true)) < 0)
			failed = r;
	if (!op->host.is_up && !op->host.master)
		return failed;
	r = netlink_change_link(d->host_sock, index, &change);
	if (r < 0)
		return r;
	for (const struct netlink_entry *a = op->saved.routes; a; a = a->next)
		if (!netlink_route_has_gateway(a) &&
		    (r = netlink_add_route(d->host_sock, a, index)) < 0)
			failed = r;
	for (const struct netlink_entry *a = op->saved.routes; a; a = a->next)
		if (netlink_route_has_gateway(a) &&
		    (r = netlink_add_route(d->host_sock, a, index)) < 0)
			failed = r;
	return failed;
}

/* Who may change devices there, a neighbour in that namespace or a startContainer hook, may have
 * made another one with this number: it would lead from the host to where they like. */
static int check_is_ours(const struct net_devices *d, const struct net_device_op *op, struct err *e)
{
	struct netlink_link now;
	int r = netlink_look_at_link(d->sock, op->index, &now);

	if (r < 0)
		return fail(op, -r, "find again", e);
	if (strcmp(now.kind, op->host.kind) == 0 &&
	    memcmp(now.address, op->host.address, sizeof(now.address)) == 0)
		return 0;
	err_set(e, ESTALE, "move the network device %s back: another one has its number",
		op->host_name);
	return err_at(e, op->pointer);
}

static int return_one(const struct net_devices *d, struct net_device_op *op, struct err *e)
{
	struct netlink_change back = { .ns = d->host_ns,
				       .name = op->host_name,
				       .new_index = op->host.index };
	struct netlink_link link;
	int r;

	if (check_is_ours(d, op, e) < 0)
		return -e->code;
	r = netlink_change_link(d->sock, op->index, &back);
	if (r < 0) { /* the number is another's now */
		back.new_index = 0;
		r = netlink_change_link(d->sock, op->index, &back);
	}
	if (r < 0)
		return fail(op, -r, "move back", e);
	op->index = 0;
	r = netlink_find_link(d->host_sock, op->host_name, &link);
	if (r == 0)
		r = restore_config(d, op, link.index);
	return r < 0 ? fail(op, -r, "restore addresses and routes of", e) : 0;
}

void net_devices_return(struct net_devices *d, void (*warn)(void *arg, const struct err *failure),
			void *arg)
{
	for (size_t i = d->count; i-- > 0;) {
		struct err failed = { 0 };

		if (d->items[i].index && return_one(d, &d->items[i], &failed) < 0 && warn)
			warn(arg, &failed);
	}
	net_devices_close(d);
}

void net_devices_close(struct net_devices *d)
{
	if (!d->count) /* nothing was ever opened */
		return;
	close_fdp(&d->host_sock);
	close_fdp(&d->sock);
	close_fdp(&d->host_ns);
	close_fdp(&d->ns);
}

void net_devices_describe(const struct net_devices *d, const struct describe *to)
{
	for (size_t i = 0; i < d->count; i++)
		describe(to, "move the network device %s into the container as %s",
			 d->items[i].host_name, d->items[i].name);
}
