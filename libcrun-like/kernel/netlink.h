/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Network devices by raw rtnetlink: find one, move it to another network namespace, rename it, set
 * it up; and remember its addresses and routes, which the kernel drops on the move, so that they
 * can be added again. A socket speaks about the namespace that it was opened in, wherever its owner
 * is by then, and keeps that namespace alive.
 */
#ifndef DAVIT_KERNEL_NETLINK_H
#define DAVIT_KERNEL_NETLINK_H

#include "base/arena.h"
#include "base/util.h"

/* A socket in the caller's network namespace. */
int netlink_open(int *ret_fd);
/* The same in the namespace of @fd (a namespace file or a pidfd), and a descriptor of that
 * namespace. The caller comes back to its own; -ESTALE when it could not. */
int netlink_open_in(int fd, int *ret_sock, int *ret_ns);

/* One that tells of sockets of that namespace, sock_diag(7). */
int netlink_open_diag(int fd, int *ret_sock);

enum {
	NETLINK_KIND_SIZE = 16,
	NETLINK_ADDRESS_SIZE = 32
};

struct netlink_link {
	unsigned index, master; /* master 0: none */
	bool is_up;
	/* What nobody changes of a device: its driver's name, "" of hardware, and the address that
	 * it was made with; zeros behind it. */
	char kind[NETLINK_KIND_SIZE];
	unsigned char address[NETLINK_ADDRESS_SIZE];
};

/* -ENODEV: there is none of that name. */
int netlink_find_link(int sock, const char *name, struct netlink_link *ret);
/* The same by its number. */
int netlink_look_at_link(int sock, unsigned index, struct netlink_link *ret);

struct netlink_change {
	const char *name;   /* NULL: unchanged; with "%d" the kernel takes the first free number */
	int ns;             /* the namespace to move it to; -1: none */
	unsigned new_index; /* the index there; 0: the kernel's choice */
	unsigned master;    /* 0: unchanged */
	bool up;            /* else unchanged */
};
int netlink_change_link(int sock, unsigned index, const struct netlink_change *change);

/* Addresses or routes of one device, as the kernel told of them. */
struct netlink_entry {
	struct netlink_entry *next;
	size_t len;
	unsigned char *data; /* struct ifaddrmsg or rtmsg, and attributes */
};
struct netlink_config {
	struct netlink_entry *addresses, *routes; /* in the kernel's order */
};
/* All addresses, and the routes that the kernel does not make by itself, but for those with several
 * next hops. */
int netlink_save(struct arena *a, int sock, unsigned index, struct netlink_config *ret);

/* Whether the address is permanent and of global scope. */
bool netlink_address_is_lasting(const struct netlink_entry *address);
/* "10.0.0.1/24", for messages. */
void netlink_address_text(const struct netlink_entry *address, char *buf, size_t size);
/* @whole: with the label, which names a device, and the lifetime. An address that is there already
 * is success. */
int netlink_add_address(int sock, const struct netlink_entry *address, unsigned index, bool whole);
bool netlink_route_has_gateway(const struct netlink_entry *route);
int netlink_add_route(int sock, const struct netlink_entry *route, unsigned index);

/* --- looking (netlink_look.c) ----------------------------------------------------------------- */

struct netlink_named_link {
	const char *name, *kind; /* kind "": a device of the machine's */
	bool is_loopback;
};
typedef void netlink_link_fn(void *arg, const struct netlink_named_link *link);
int netlink_each_link(int sock, netlink_link_fn *each, void *arg);

struct netlink_unix {
	unsigned type;        /* SOCK_STREAM, ... */
	uint32_t inode, peer; /* peer 0: none, or one that nobody has accepted */
};
typedef void netlink_unix_fn(void *arg, const struct netlink_unix *socket);
/* @sock: of netlink_open_diag(). */
int netlink_each_unix(int sock, netlink_unix_fn *each, void *arg);

#endif
