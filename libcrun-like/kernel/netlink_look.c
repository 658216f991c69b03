/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * See netlink.h: what there is in a network namespace, its devices and its unix sockets.
 */
#include <linux/sock_diag.h>
#include <linux/unix_diag.h>
#include <net/if.h>
#include <string.h>
#include <sys/socket.h>

#include "kernel/netlink.h"
#include "kernel/netlink_request.h"

struct look {
	netlink_link_fn *each_link;
	netlink_unix_fn *each_unix;
	void *arg;
};

/* A text attribute; "" when it is missing, or does not end. */
static const char *text_of(const struct rtattr *a)
{
	const char *text = a ? RTA_DATA(a) : "";

	return a && !memchr(text, '\0', RTA_PAYLOAD(a)) ? "" : text;
}

static int take_link(void *arg, const struct nlmsghdr *m)
{
	const struct look *look = arg;
	const struct ifinfomsg *info = NLMSG_DATA(m);
	const struct rtattr *details;
	struct netlink_named_link link = { .kind = "" };

	if (m->nlmsg_type != RTM_NEWLINK)
		return 0;
	link.is_loopback = info->ifi_flags & IFF_LOOPBACK;
	link.name = text_of(netlink_find_attribute(IFLA_RTA(info), IFLA_PAYLOAD(m), IFLA_IFNAME));
	details = netlink_find_attribute(IFLA_RTA(info), IFLA_PAYLOAD(m), IFLA_LINKINFO);
	if (details)
		link.kind = text_of(netlink_find_attribute(RTA_DATA(details), RTA_PAYLOAD(details),
							   IFLA_INFO_KIND));
	look->each_link(look->arg, &link);
	return 0;
}

int netlink_each_link(int sock, netlink_link_fn *each, void *arg)
{
	const struct ifinfomsg any = { .ifi_family = AF_UNSPEC };
	struct look look = { .each_link = each, .arg = arg };
	struct netlink_request q;

	netlink_begin(&q, RTM_GETLINK, NLM_F_DUMP, &any, sizeof(any));
	return netlink_talk(sock, &q, take_link, &look);
}

static int take_unix(void *arg, const struct nlmsghdr *m)
{
	const struct look *look = arg;
	const struct unix_diag_msg *info = NLMSG_DATA(m);
	size_t len = m->nlmsg_len - NLMSG_LENGTH(sizeof(*info));
	struct netlink_unix u;

	if (m->nlmsg_type != SOCK_DIAG_BY_FAMILY || m->nlmsg_len < NLMSG_LENGTH(sizeof(*info)))
		return 0;
	u = (struct netlink_unix){ .type = info->udiag_type,
				   .inode = info->udiag_ino,
				   .peer = netlink_u32(
					   netlink_find_attribute(info + 1, len, UNIX_DIAG_PEER)) };
	look->each_unix(look->arg, &u);
	return 0;
}

int netlink_each_unix(int sock, netlink_unix_fn *each, void *arg)
{
	const struct unix_diag_req all = { .sdiag_family = AF_UNIX,
					   .udiag_states = UINT32_MAX,
					   .udiag_show = UDIAG_SHOW_PEER };
	struct look look = { .each_unix = each, .arg = arg };
	struct netlink_request q;

	netlink_begin(&q, SOCK_DIAG_BY_FAMILY, NLM_F_DUMP, &all, sizeof(all));
	return netlink_talk(sock, &q, take_unix, &look);
}
