/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Addresses and routes of a device (netlink.h). They are kept as the kernel's own messages, of
 * which only what names the device or says more than a request may is left out when they are sent
 * back: so nothing is lost that this file does not know of.
 */
#include <arpa/inet.h>
#include <linux/if_addr.h>
#include <string.h>

#include "base/fmt.h"
#include "kernel/netlink.h"
#include "kernel/netlink_request.h"

enum {
	TRIES = 5, /* when a listing changes under way */
	/* The others are the kernel's to set. */
	ADDRESS_FLAGS = IFA_F_NODAD | IFA_F_HOMEADDRESS | IFA_F_MANAGETEMPADDR |
			IFA_F_NOPREFIXROUTE | IFA_F_MCAUTOJOIN
};

struct listing {
	struct arena *arena;
	unsigned index;
	struct netlink_entry **end;
};

static int keep(struct listing *l, const struct nlmsghdr *m)
{
	size_t len = NLMSG_PAYLOAD(m, 0);
	struct netlink_entry *entry = arena_new(l->arena, struct netlink_entry);

	if (entry)
		entry->data = arena_alloc(l->arena, len);
	if (!entry || !entry->data)
		return -ENOMEM;
	memcpy(entry->data, NLMSG_DATA(m), len);
	entry->len = len;
	*l->end = entry;
	l->end = &entry->next;
	return 0;
}

static int take_address(void *arg, const struct nlmsghdr *m)
{
	struct listing *l = arg;
	const struct ifaddrmsg *address = NLMSG_DATA(m);

	if (m->nlmsg_type != RTM_NEWADDR || address->ifa_index != l->index)
		return 0;
	return keep(l, m);
}

static int take_route(void *arg, const struct nlmsghdr *m)
{
	struct listing *l = arg;
	const struct rtmsg *route = NLMSG_DATA(m);
	const struct rtattr *out = netlink_find_attribute(RTM_RTA(route), RTM_PAYLOAD(m), RTA_OIF);

	if (m->nlmsg_type != RTM_NEWROUTE || route->rtm_protocol == RTPROT_KERNEL ||
	    (route->rtm_flags & RTM_F_CLONED) || netlink_u32(out) != l->index)
		return 0;
	return keep(l, m);
}

static int list(struct listing *l, int sock, bool routes, struct netlink_entry **ret)
{
	/* Both begin with the family, and the rest may be zero. */
	const struct rtmsg any = { .rtm_family = AF_UNSPEC };
	struct netlink_request q;
	int r = -EINTR;

	for (unsigned i = 0; i < TRIES && r == -EINTR; i++) {
		*ret = NULL;
		l->end = ret;
		netlink_begin(&q, routes ? RTM_GETROUTE : RTM_GETADDR, NLM_F_DUMP, &any,
			      routes ? sizeof(any) : sizeof(struct ifaddrmsg));
		r = netlink_talk(sock, &q, routes ? take_route : take_address, l);
	}
	return r;
}

int netlink_save(struct arena *a, int sock, unsigned index, struct netlink_config *ret)
{
	struct listing l = { .arena = a, .index = index };
	int r = list(&l, sock, false, &ret->addresses);

	return r < 0 ? r : list(&l, sock, true, &ret->routes);
}

static const struct rtattr *address_attribute(const struct netlink_entry *address, unsigned type)
{
	size_t head = NLMSG_ALIGN(sizeof(struct ifaddrmsg));

	return address->len < head
		       ? NULL
		       : netlink_find_attribute(address->data + head, address->len - head, type);
}

/* The structure has room for eight of the flags only. */
static uint32_t address_flags(const struct netlink_entry *address)
{
	const struct ifaddrmsg *head = (const void *)address->data;
	const struct rtattr *flags = address_attribute(address, IFA_FLAGS);

	return flags ? netlink_u32(flags) : head->ifa_flags;
}

bool netlink_address_is_lasting(const struct netlink_entry *address)
{
	const struct ifaddrmsg *head = (const void *)address->data;

	return (address_flags(address) & IFA_F_PERMANENT) && head->ifa_scope == RT_SCOPE_UNIVERSE;
}

void netlink_address_text(const struct netlink_entry *address, char *buf, size_t size)
{
	const struct ifaddrmsg *head = (const void *)address->data;
	const struct rtattr *local = address_attribute(address, IFA_LOCAL);
	char text[INET6_ADDRSTRLEN] = "?";

	if (!local)
		local = address_attribute(address, IFA_ADDRESS);
	if (local)
		inet_ntop(head->ifa_family, RTA_DATA(local), text, sizeof(text));
	fmt(buf, size, "%s/%u", text, head->ifa_prefixlen);
}

static bool address_keeps(const struct rtattr *a, bool whole)
{
	switch (a->rta_type & NLA_TYPE_MASK) {
	case IFA_FLAGS:
		return false; /* written by netlink_add_address() */
	case IFA_LABEL:
	case IFA_CACHEINFO:
		return whole;
	default:
		return true;
	}
}

static void add_attributes(struct netlink_request *q, const struct netlink_entry *entry,
			   size_t head, bool (*keeps)(const struct rtattr *a, bool whole),
			   bool whole)
{
	const struct rtattr *a = (const void *)(entry->data + NLMSG_ALIGN(head));
	size_t len = entry->len - NLMSG_ALIGN(head);

	for (; RTA_OK(a, len); a = RTA_NEXT(a, len))
		if (keeps(a, whole))
			netlink_add(q, a->rta_type, RTA_DATA(a), RTA_PAYLOAD(a));
}

int netlink_add_address(int sock, const struct netlink_entry *address, unsigned index, bool whole)
{
	struct ifaddrmsg head;
	struct netlink_request q;
	int r;

	memcpy(&head, address->data, sizeof(head));
	head.ifa_index = index;
	head.ifa_flags = 0;
	netlink_begin(&q, RTM_NEWADDR, NLM_F_ACK | NLM_F_CREATE | NLM_F_EXCL, &head, sizeof(head));
	add_attributes(&q, address, sizeof(head), address_keeps, whole);
	netlink_add_u32(&q, IFA_FLAGS, address_flags(address) & ADDRESS_FLAGS);
	r = netlink_talk(sock, &q, NULL, NULL);
	return r == -EEXIST ? 0 : r;
}

bool netlink_route_has_gateway(const struct netlink_entry *route)
{
	size_t head = NLMSG_ALIGN(sizeof(struct rtmsg));

	return netlink_find_attribute(route->data + head, route->len - head, RTA_GATEWAY) ||
	       netlink_find_attribute(route->data + head, route->len - head, RTA_VIA);
}

static bool route_keeps(const struct rtattr *a, bool whole)
{
	(void)whole;
	switch (a->rta_type & NLA_TYPE_MASK) {
	case RTA_OIF:
	case RTA_CACHEINFO:
		return false;
	default:
		return true;
	}
}

int netlink_add_route(int sock, const struct netlink_entry *route, unsigned index)
{
	struct netlink_request q;
	struct rtmsg head;
	int r;

	memcpy(&head, route->data, sizeof(head));
	head.rtm_flags &= RTNH_F_ONLINK;
	netlink_begin(&q, RTM_NEWROUTE, NLM_F_ACK | NLM_F_CREATE | NLM_F_EXCL, &head, sizeof(head));
	add_attributes(&q, route, sizeof(head), route_keeps, true);
	netlink_add_u32(&q, RTA_OIF, index);
	r = netlink_talk(sock, &q, NULL, NULL);
	return r == -EEXIST ? 0 : r;
}
