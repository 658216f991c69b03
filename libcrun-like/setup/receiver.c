/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * See receiver.h. No heap: INIT sends its terminal itself.
 */
#include "setup/receiver.h"

#include "kernel/peer.h"

int receiver_connect(const struct receiver *to, int *ret_sockfd, struct err *e)
{
	int r = peer_connect(to->path, PEER_START_MSEC, ret_sockfd);

	if (r == -ETIMEDOUT)
		return err_kind(e, ERR_TIMEOUT, ETIMEDOUT, "%s %s did not accept within %d seconds",
				to->name, to->path, PEER_DEADLINE_SEC);
	return r < 0 ? err_set(e, -r, "%s %s", to->connects, to->path) : 0;
}

int receiver_send(const struct receiver *to, int sockfd, const struct receiver_item *item,
		  struct err *e)
{
	int r = peer_send_fd(sockfd, item->text, item->fd);

	if (r == -ETIMEDOUT)
		return err_kind(e, ERR_TIMEOUT, ETIMEDOUT,
				"%s %s did not take %s within %d seconds", to->name, to->path,
				item->name, PEER_DEADLINE_SEC);
	return r < 0 ? err_set(e, -r, "send %s to %s %s", item->name, to->name, to->path) : 0;
}
