/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * See obstacles.h: sockets, by the kernel's tables of each network namespace that one of them is
 * in.
 */
#include <netinet/tcp.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/xattr.h>

#include "base/fmt.h"
#include "kernel/namespace.h"
#include "kernel/netlink.h"
#include "setup/criu/obstacles_parts.h"

/* Those of one network namespace; @pid: a process in it. */
struct table {
	struct obstacles *o;
	uint64_t net;
	pid_t pid;
};

static const struct obstacle_socket *find(const struct obstacles *o, uint64_t inode)
{
	for (size_t i = 0; inode && i < o->socket_count; i++)
		if (o->sockets[i].inode == inode)
			return &o->sockets[i];
	return NULL;
}

static void tell(struct obstacles *o, const struct obstacle_socket *s, const char *what)
{
	obstacle_tell(o, "process %d: descriptor %d: %s", (int)s->pid, s->fd, what);
}

/* "  0: 0100007F:1388 00000000:0000 0A 00000000:00000001 00:00000000 00000000  0 0 4711 ..." */
static void look_at_tcp(void *arg, char *line)
{
	const struct table *t = arg;
	unsigned long long inode = 0;
	unsigned state = 0, received = 0;
	const struct obstacle_socket *s;

	if (sscanf(line, "%*u: %*s %*s %x %*x:%x %*s %*s %*u %*u %llu", &state, &received, &inode) <
	    3)
		return;
	s = find(t->o, inode);
	if (!s || s->net != t->net)
		return;
	if (state == TCP_LISTEN) {
		if (received && !t->o->options->tcp_skip_in_flight)
			tell(t->o, s,
			     "TCP connections that nobody has accepted yet; --tcp-skip-in-flight "
			     "leaves them out");
	} else if (state != TCP_CLOSE && !t->o->options->tcp_established) {
		tell(t->o, s, "an open TCP connection; --tcp-established keeps it");
	}
}

/* --- of the same machine ---------------------------------------------------------------------- */

static void look_at_unix(void *arg, const struct netlink_unix *u)
{
	const struct table *t = arg;
	const struct obstacle_socket *s = find(t->o, u->inode);

	if (!s || s->net != t->net || !u->peer || find(t->o, u->peer))
		return;
	for (size_t i = 0; i < STREAMS; i++) {
		char key[STREAM_KEY_SIZE];

		fmt(key, sizeof(key), "socket:[%u]", u->inode);
		if (strcmp(t->o->streams[i].key, key) == 0 && t->o->options->ext_unix_sk)
			return;
	}
	if (u->type != SOCK_DGRAM)
		tell(t->o, s, "a unix socket that is connected to one outside");
	else if (!t->o->options->ext_unix_sk)
		tell(t->o, s, "a unix socket that sends to one outside; --ext-unix-sk allows it");
}

static void look_at_all_unix(struct table *t)
{
	_cleanup_fd_ int sock = -1, ns = -1;
	char path[64];

	fmt(path, sizeof(path), "/proc/%d/ns/net", (int)t->pid);
	if (namespace_open(path, CLONE_NEWNET, &ns) == 0 && netlink_open_diag(ns, &sock) == 0)
		(void)netlink_each_unix(sock, look_at_unix, t); /* then criu has no word either */
}

/* --------------------------------------------------------------------------------------------- */

/* The kernel's name of the protocol, of which criu knows these. */
static void look_at_protocol(struct obstacles *o, const struct obstacle_socket *s)
{
	static const char *const known[] = { "TCP",      "TCPv6",     "UDP",  "UDPv6",
					     "UDP-Lite", "UDPLITEv6", "RAW",  "RAWv6",
					     "PING",     "PINGv6",    "UNIX", "UNIX-STREAM",
					     "NETLINK",  "PACKET" };
	char path[64], name[64], text[128];
	ssize_t n;

	fmt(path, sizeof(path), "/proc/%d/fd/%d", (int)s->pid, s->fd);
	n = getxattr(path, "system.sockprotoname", name, sizeof(name) - 1);
	if (n < 0)
		return;
	name[n] = '\0';
	for (size_t i = 0; i < ARRAY_SIZE(known); i++)
		if (strcmp(name, known[i]) == 0)
			return;
	fmt(text, sizeof(text), "a socket of %s, which criu does not know", name);
	tell(o, s, text);
}

static bool is_first_of_namespace(const struct obstacles *o, size_t index)
{
	for (size_t i = 0; i < index; i++)
		if (o->sockets[i].net == o->sockets[index].net)
			return false;
	return true;
}

void obstacles_in_sockets(struct obstacles *o)
{
	for (size_t i = 0; i < o->socket_count; i++) {
		struct table t = { o, o->sockets[i].net, o->sockets[i].pid };

		look_at_protocol(o, &o->sockets[i]);
		if (!is_first_of_namespace(o, i))
			continue;
		obstacle_each_line(o, look_at_tcp, &t, "/proc/%d/net/tcp", (int)t.pid);
		obstacle_each_line(o, look_at_tcp, &t, "/proc/%d/net/tcp6", (int)t.pid);
		look_at_all_unix(&t);
	}
}
