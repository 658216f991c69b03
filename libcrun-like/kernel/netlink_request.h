/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Between netlink.c and netlink_saved.c: building a request, sending it, and walking the answers.
 */
#ifndef DAVIT_KERNEL_NETLINK_REQUEST_H
#define DAVIT_KERNEL_NETLINK_REQUEST_H

#include <linux/netlink.h>
#include <linux/rtnetlink.h>

#include "base/util.h"

enum {
	NETLINK_REQUEST_MAX = 2048
};

struct netlink_request {
	union {
		struct nlmsghdr header;
		unsigned char bytes[NETLINK_REQUEST_MAX];
	};
	bool is_too_long;
};

/* @body: the type's own structure (struct ifinfomsg, ...). */
void netlink_begin(struct netlink_request *q, unsigned type, unsigned flags, const void *body,
		   size_t len);
void netlink_add(struct netlink_request *q, unsigned type, const void *value, size_t len);
void netlink_add_u32(struct netlink_request *q, unsigned type, uint32_t value);

/* Called for each answer until it returns a value that is not 0, which is the result. */
typedef int netlink_answer_fn(void *arg, const struct nlmsghdr *m);
/* Sends, and hands the answers on until the last. -EINTR: a listing changed under way. */
int netlink_talk(int sock, struct netlink_request *q, netlink_answer_fn *answer, void *arg);

/* The attribute of that type among the @len bytes from @first on; NULL. */
const struct rtattr *netlink_find_attribute(const void *first, size_t len, unsigned type);
uint32_t netlink_u32(const struct rtattr *attribute);

#endif
