/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * See netlink.h: the transport, and devices. Addresses and routes are in netlink_saved.c.
 */
#include "kernel/netlink.h"

#include <net/if.h>
#include <sched.h>
#include <string.h>
#include <sys/socket.h>

#include "base/pages.h"
#include "kernel/namespace.h"
#include "kernel/netlink_request.h"

enum {
	ANSWER_SIZE = 32768 /* the most that the kernel puts into one datagram of a listing */
};

static int open_socket(int protocol, int *ret_fd)
{
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, protocol);

	if (fd < 0)
		return neg_errno();
	*ret_fd = fd;
	return 0;
}

int netlink_open(int *ret_fd)
{
	return open_socket(NETLINK_ROUTE, ret_fd);
}

static int open_in(int fd, int protocol, int *ret_sock, int *ret_ns)
{
	_cleanup_fd_ int own = -1, ns = -1, sock = -1;
	int r = namespace_open_own(CLONE_NEWNET, &own), back;

	if (r == 0)
		r = namespace_join(fd, CLONE_NEWNET);
	if (r < 0)
		return r;
	r = namespace_open_own(CLONE_NEWNET, &ns);
	if (r == 0)
		r = open_socket(protocol, &sock);
	back = namespace_join(own, CLONE_NEWNET);
	if (back < 0)
		return -ESTALE;
	if (r < 0)
		return r;
	*ret_sock = take_fd(&sock);
	*ret_ns = take_fd(&ns);
	return 0;
}

int netlink_open_in(int fd, int *ret_sock, int *ret_ns)
{
	return open_in(fd, NETLINK_ROUTE, ret_sock, ret_ns);
}

int netlink_open_diag(int fd, int *ret_sock)
{
	_cleanup_fd_ int ns = -1;

	return open_in(fd, NETLINK_SOCK_DIAG, ret_sock, &ns);
}

void netlink_begin(struct netlink_request *q, unsigned type, unsigned flags, const void *body,
		   size_t len)
{
	memset(q, 0, sizeof(*q));
	q->header.nlmsg_len = (uint32_t)NLMSG_SPACE(len);
	q->header.nlmsg_type = (uint16_t)type;
	q->header.nlmsg_flags = (uint16_t)(NLM_F_REQUEST | flags);
	memcpy(q->bytes + NLMSG_HDRLEN, body, len);
}

void netlink_add(struct netlink_request *q, unsigned type, const void *value, size_t len)
{
	char *bytes = (char *)q + offsetof(struct netlink_request, bytes);
	size_t at = NLMSG_ALIGN(q->header.nlmsg_len);
	struct rtattr head = { .rta_len = (unsigned short)RTA_LENGTH(len),
			       .rta_type = (unsigned short)type };

	if (at > sizeof(q->bytes) || len > sizeof(q->bytes) ||
	    RTA_SPACE(len) > sizeof(q->bytes) - at) {
		q->is_too_long = true;
		return;
	}
	/* Not by the array: sanitized, gcc 12 takes it for the header that it is in a union with.
	 */
	memcpy(bytes + at, &head, sizeof(head));
	if (len)
		memcpy(bytes + at + RTA_LENGTH(0), value, len);
	q->header.nlmsg_len = (uint32_t)(at + RTA_SPACE(len));
}

void netlink_add_u32(struct netlink_request *q, unsigned type, uint32_t value)
{
	netlink_add(q, type, &value, sizeof(value));
}

/* A listing is read to its end in any case: what is left of it would pass for the next answer. */
struct talk {
	netlink_answer_fn *answer;
	void *arg;
	bool is_over;
	int result; /* the first failure */
};

static void take_message(struct talk *t, const struct nlmsghdr *m)
{
	const struct nlmsgerr *answer = NLMSG_DATA(m);
	int r = m->nlmsg_flags & NLM_F_DUMP_INTR ? -EINTR : 0;

	if (m->nlmsg_type == NLMSG_DONE || m->nlmsg_type == NLMSG_ERROR)
		t->is_over = true;
	if (m->nlmsg_type == NLMSG_ERROR)
		r = answer->error;
	else if (!t->is_over && t->result == 0 && t->answer)
		r = t->answer(t->arg, m);
	if (t->result == 0)
		t->result = r;
}

static int hear(int sock, struct talk *t, void *data)
{
	while (!t->is_over) {
		const struct nlmsghdr *m = data;
		struct sockaddr_nl from = { 0 };
		socklen_t from_len = sizeof(from);
		ssize_t n = recvfrom(sock, data, ANSWER_SIZE, MSG_TRUNC, (struct sockaddr *)&from,
				     &from_len);
		size_t left = (size_t)n;

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return neg_errno();
		/* Root of a namespace that the socket is in may send to it as well. */
		if (from.nl_pid != 0)
			continue;
		if (left > ANSWER_SIZE)
			return -EMSGSIZE;
		for (; NLMSG_OK(m, left); m = NLMSG_NEXT(m, left))
			take_message(t, m);
	}
	return t->result;
}

int netlink_talk(int sock, struct netlink_request *q, netlink_answer_fn *answer, void *arg)
{
	struct talk t = { .answer = answer, .arg = arg };
	void *data;
	int r;

	if (q->is_too_long)
		return -EMSGSIZE;
	if (send(sock, q->bytes, q->header.nlmsg_len, 0) < 0)
		return neg_errno();
	data = pages_take(ANSWER_SIZE);
	r = data ? hear(sock, &t, data) : neg_errno();
	pages_give(data, ANSWER_SIZE);
	return r;
}

const struct rtattr *netlink_find_attribute(const void *first, size_t len, unsigned type)
{
	const struct rtattr *a = first;

	for (; RTA_OK(a, len); a = RTA_NEXT(a, len))
		if ((a->rta_type & NLA_TYPE_MASK) == type)
			return a;
	return NULL;
}

uint32_t netlink_u32(const struct rtattr *attribute)
{
	uint32_t value = 0;

	if (attribute && RTA_PAYLOAD(attribute) >= sizeof(value))
		memcpy(&value, RTA_DATA(attribute), sizeof(value));
	return value;
}

/* As much of it as there is room for, which has zeros in it. */
static void copy_attribute(void *to, size_t size, const struct rtattr *a)
{
	size_t len = a ? RTA_PAYLOAD(a) : 0;

	if (a)
		memcpy(to, RTA_DATA(a), len < size ? len : size);
}

static int take_link(void *arg, const struct nlmsghdr *m)
{
	struct netlink_link *link = arg;
	const struct ifinfomsg *info = NLMSG_DATA(m);
	const struct rtattr *details;

	if (m->nlmsg_type != RTM_NEWLINK)
		return 0;
	details = netlink_find_attribute(IFLA_RTA(info), IFLA_PAYLOAD(m), IFLA_LINKINFO);
	if (details)
		copy_attribute(link->kind, sizeof(link->kind) - 1,
			       netlink_find_attribute(RTA_DATA(details), RTA_PAYLOAD(details),
						      IFLA_INFO_KIND));
	copy_attribute(link->address, sizeof(link->address),
		       netlink_find_attribute(IFLA_RTA(info), IFLA_PAYLOAD(m), IFLA_PERM_ADDRESS));
	link->index = (unsigned)info->ifi_index;
	link->is_up = info->ifi_flags & IFF_UP;
	link->master =
		netlink_u32(netlink_find_attribute(IFLA_RTA(info), IFLA_PAYLOAD(m), IFLA_MASTER));
	return 0;
}

static int ask_for_link(int sock, const char *name, unsigned index, struct netlink_link *ret)
{
	const struct ifinfomsg which = { .ifi_family = AF_UNSPEC, .ifi_index = (int)index };
	struct netlink_link link = { 0 };
	struct netlink_request q;
	int r;

	netlink_begin(&q, RTM_GETLINK, NLM_F_ACK, &which, sizeof(which));
	if (name)
		netlink_add(&q, IFLA_IFNAME, name, strlen(name) + 1);
	r = netlink_talk(sock, &q, take_link, &link);
	if (r < 0)
		return r;
	*ret = link;
	return link.index ? 0 : -ENODEV;
}

int netlink_find_link(int sock, const char *name, struct netlink_link *ret)
{
	return ask_for_link(sock, name, 0, ret);
}

int netlink_look_at_link(int sock, unsigned index, struct netlink_link *ret)
{
	return ask_for_link(sock, NULL, index, ret);
}

int netlink_change_link(int sock, unsigned index, const struct netlink_change *change)
{
	const struct ifinfomsg info = { .ifi_family = AF_UNSPEC,
					.ifi_index = (int)index,
					.ifi_flags = change->up ? IFF_UP : 0,
					.ifi_change = change->up ? IFF_UP : 0 };
	struct netlink_request q;

	netlink_begin(&q, RTM_NEWLINK, NLM_F_ACK, &info, sizeof(info));
	if (change->name)
		netlink_add(&q, IFLA_IFNAME, change->name, strlen(change->name) + 1);
	if (change->ns >= 0)
		netlink_add_u32(&q, IFLA_NET_NS_FD, (uint32_t)change->ns);
	if (change->new_index)
		netlink_add_u32(&q, IFLA_NEW_IFINDEX, change->new_index);
	if (change->master)
		netlink_add_u32(&q, IFLA_MASTER, change->master);
	return netlink_talk(sock, &q, NULL, NULL);
}
