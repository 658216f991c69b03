/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * kernel/netlink: what the loopback device of a new network namespace lets us see. Moving devices
 * is in tests/cli/spec-linux.bats.
 */
#include "kernel/netlink.h"

#include <linux/netlink.h>
#include <sys/socket.h>

#include "kernel/namespace.h"
#include "sandbox.h"
#include "setup/net_devices.h"

static int find(const struct netlink_config *c, const char *wanted)
{
	char text[64];
	int count = 0;

	for (const struct netlink_entry *a = c->addresses; a; a = a->next) {
		netlink_address_text(a, text, sizeof(text));
		count += strcmp(text, wanted) == 0;
	}
	return count;
}

SANDBOX_TEST(a_device_is_found_changed_and_remembered, CLONE_NEWNET)
{
	const struct netlink_change up = { .ns = -1, .up = true };
	struct netlink_config before = { 0 }, after = { 0 };
	struct netlink_link lo = { 0 };
	struct arena a = { 0 };
	int sock = -1;

	CHECK_INT(netlink_open(&sock), 0);
	CHECK_INT(netlink_find_link(sock, "nosuch0", &lo), -ENODEV);
	CHECK_INT(netlink_find_link(sock, "name-that-is-too-long-for-a-device", &lo), -ERANGE);
	CHECK_INT(netlink_find_link(sock, "lo", &lo), 0);
	CHECK_INT(lo.index, 1);
	CHECK_INT(lo.is_up, false);
	CHECK_INT(netlink_save(&a, sock, lo.index, &before), 0);
	CHECK(!before.addresses);
	CHECK_INT(netlink_change_link(sock, lo.index, &up), 0);
	CHECK_INT(netlink_find_link(sock, "lo", &lo), 0);
	CHECK_INT(lo.is_up, true);
	CHECK_INT(netlink_save(&a, sock, lo.index, &after), 0);
	CHECK_INT(find(&after, "127.0.0.1/8"), 1);
	/* There already is as good as added; of host scope is not for a container. */
	CHECK_INT(netlink_add_address(sock, after.addresses, lo.index, true), 0);
	CHECK(!netlink_address_is_lasting(after.addresses));
	CHECK_INT(netlink_save(&a, sock, lo.index + 1, &after), 0);
	CHECK(!after.addresses && !after.routes);
	close(sock);
	arena_release(&a);
}

SANDBOX_TEST(only_the_kernel_answers, CLONE_NEWNET)
{
	struct {
		struct nlmsghdr header;
		struct nlmsgerr body;
	} forged = { .header = { .nlmsg_len = sizeof(forged), .nlmsg_type = NLMSG_ERROR },
		     .body = { .error = -EPERM } };
	struct sockaddr_nl to = { 0 };
	socklen_t len = sizeof(to);
	struct netlink_link lo = { 0 };
	int sock = -1, other = -1;

	CHECK_INT(netlink_open(&sock), 0);
	CHECK_INT(netlink_open(&other), 0);
	CHECK_INT(netlink_find_link(sock, "lo", &lo), 0); /* gives it an address */
	CHECK_INT(getsockname(sock, (struct sockaddr *)&to, &len), 0);
	CHECK_INT(sendto(other, &forged, sizeof(forged), 0, (struct sockaddr *)&to, sizeof(to)),
		  sizeof(forged));
	CHECK_INT(netlink_find_link(sock, "lo", &lo), 0);
	CHECK_INT(lo.index, 1);
	close(sock);
	close(other);
}

SANDBOX_TEST(a_socket_stays_in_its_namespace, CLONE_NEWNET)
{
	const struct netlink_change up = { .ns = -1, .up = true };
	struct netlink_link lo = { 0 };
	int outer = -1, sock = -1, ns = -1, again = -1, old = -1;
	struct stat st[2];

	CHECK_INT(namespace_open_own(CLONE_NEWNET, &old), 0);
	CHECK_INT(unshare(CLONE_NEWNET), 0);
	CHECK_INT(netlink_open(&outer), 0);
	CHECK_INT(netlink_open_in(old, &sock, &ns), 0);
	CHECK_INT(fstat(old, &st[0]), 0);
	CHECK_INT(fstat(ns, &st[1]), 0);
	CHECK_INT(st[0].st_ino, st[1].st_ino);
	CHECK_INT(netlink_change_link(sock, 1, &up), 0);
	CHECK_INT(netlink_find_link(outer, "lo", &lo), 0);
	CHECK_INT(lo.is_up, false);
	/* And the caller is where it was. */
	CHECK_INT(netlink_open(&again), 0);
	CHECK_INT(netlink_find_link(again, "lo", &lo), 0);
	CHECK_INT(lo.is_up, false);
	CHECK_INT(netlink_find_link(sock, "lo", &lo), 0);
	CHECK_INT(lo.is_up, true);
}

TEST(without_root_no_device_is_moved)
{
	struct oci_net_device device = { .host_name = "eth0" };
	struct oci_linux l = { .net_devices = { &device, 1 } };
	const struct oci_config config = { .linux_config = &l };
	struct net_devices devices;
	struct arena a = { 0 };
	struct err e = { 0 };

	CHECK_INT(net_devices_prepare(&a, &config, true, &devices, &e), -EPERM);
	CHECK_STR(e.pointer, "/linux/netDevices");
	arena_release(&a);
}
