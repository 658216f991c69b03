/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * kernel/relay: the ring wraps without a byte lost, a slow reader stops the reading, a reader that
 * is gone makes the rest disappear.
 */
#include "kernel/relay.h"

#include <fcntl.h>
#include <signal.h>

#include "test.h"

struct ends {
	int in[2], out[2];
};

static struct ends make_ends(struct relay *r)
{
	static char ring[RELAY_SIZE];
	struct ends e;

	CHECK_INT(pipe2(e.in, O_CLOEXEC | O_NONBLOCK), 0);
	CHECK_INT(pipe2(e.out, O_CLOEXEC | O_NONBLOCK), 0);
	relay_init(r, e.in[0], e.out[1], ring);
	return e;
}

static void close_ends(struct ends *e)
{
	for (int i = 0; i < 2; i++) {
		close_fdp(&e->in[i]);
		close_fdp(&e->out[i]);
	}
}

TEST(every_byte_arrives_in_order)
{
	enum {
		PIECE = 7919,
		PIECES = 40
	};
	unsigned char piece[PIECE], got[PIECE], sent = 0, wanted = 0;
	struct relay r;
	struct ends e = make_ends(&r);

	for (int i = 0; i < PIECES; i++) {
		ssize_t n;

		for (size_t k = 0; k < PIECE; k++)
			piece[k] = sent++;
		CHECK_INT(write(e.in[1], piece, PIECE), PIECE);
		while (relay_read(&r) > 0)
			;
		while (relay_write_events(&r))
			relay_write(&r);
		while ((n = read(e.out[0], got, sizeof(got))) > 0)
			for (ssize_t k = 0; k < n; k++)
				CHECK_INT(got[k], wanted++);
	}
	CHECK_INT(wanted, sent);
	close_ends(&e);
}

TEST(a_full_ring_reads_no_more)
{
	static char piece[4096];
	struct relay r;
	struct ends e = make_ends(&r);

	while (write(e.in[1], piece, sizeof(piece)) > 0)
		;
	while (relay_read(&r) > 0)
		;
	CHECK_INT(r.len, RELAY_SIZE);
	CHECK_INT(relay_read_events(&r), 0);
	CHECK_INT(relay_read(&r), -EAGAIN);
	CHECK_INT(relay_write_events(&r), POLLOUT);
	relay_write(&r);
	CHECK_INT(relay_read_events(&r), POLLIN);
	close_ends(&e);
}

TEST(a_reader_that_is_gone_stops_nothing)
{
	struct relay r;
	struct ends e = make_ends(&r);

	signal(SIGPIPE, SIG_IGN);
	close_fdp(&e.out[0]);
	CHECK_INT(write(e.in[1], "abc", 3), 3);
	CHECK_INT(relay_read(&r), 3);
	relay_write(&r);
	CHECK_INT(r.to, -1);
	CHECK_INT(r.len, 0);
	CHECK_INT(write(e.in[1], "abc", 3), 3);
	CHECK_INT(relay_read(&r), 3);
	CHECK_INT(r.len, 0);
	CHECK_INT(relay_write_events(&r), 0);
	close_fdp(&e.in[1]);
	CHECK_INT(relay_read(&r), 0);
	CHECK_INT(r.from, -1);
	close_ends(&e);
}

TEST(opened_again_it_does_not_block_and_the_first_still_does)
{
	int again = -1, ends[2];

	CHECK_INT(pipe2(ends, O_CLOEXEC), 0);
	CHECK_INT(relay_open_again(ends[1], O_WRONLY, &again), 0);
	CHECK(fcntl(again, F_GETFL) & O_NONBLOCK);
	CHECK(!(fcntl(ends[1], F_GETFL) & O_NONBLOCK));
	close(again);
	close(ends[0]);
	close(ends[1]);
}
