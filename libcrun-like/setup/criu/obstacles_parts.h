/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Between the files of obstacles.h: each has a part of what is looked at.
 */
#ifndef DAVIT_SETUP_CRIU_OBSTACLES_PARTS_H
#define DAVIT_SETUP_CRIU_OBSTACLES_PARTS_H

#include "kernel/mountinfo.h"
#include "setup/criu/external.h"
#include "setup/criu/obstacles.h"
#include "setup/criu/streams.h"

enum {
	OBSTACLE_SOCKETS_MAX = 16384
};

struct obstacle_socket {
	pid_t pid;
	int fd;
	uint64_t inode, net; /* net: the number of its process's network namespace */
};

struct obstacles {
	struct arena *arena;
	const struct obstacle_subject *subject;
	const struct obstacle_options *options;
	obstacle_fn *each;
	void *arg;
	bool is_over; /* the caller wants no more, or a line did not fit in memory */
	const char *last;
	struct stream streams[STREAMS]; /* which criu is told of */
	struct external_mounts externals;
	struct mountinfo_list mounts; /* of the first process */
	struct obstacle_socket *sockets;
	size_t socket_count;
};

void obstacle_tell(struct obstacles *o, const char *format, ...) PRINTF_LIKE(2, 3);

/* As much of a file of /proc as there is room for; false: it cannot be read. */
bool obstacle_read(char *buf, size_t size, const char *format, ...) PRINTF_LIKE(3, 4);
typedef void obstacle_line_fn(void *arg, char *line);
/* No line when it cannot be read. */
void obstacle_each_line(struct obstacles *o, obstacle_line_fn *each, void *arg, const char *format,
			...) PRINTF_LIKE(4, 5);

/* The number of /proc/PID/ns/@file; 0: the process is gone. */
uint64_t obstacle_namespace(pid_t pid, const char *file);

/* False: nothing of it matters, as it is none of those that criu dumps, or is gone. */
bool obstacles_in_process(struct obstacles *o, pid_t pid);
/* Remembers the sockets. */
void obstacles_in_files(struct obstacles *o, pid_t pid);
void obstacles_in_mappings(struct obstacles *o, pid_t pid);
void obstacles_in_sockets(struct obstacles *o);
void obstacles_in_mounts(struct obstacles *o);
void obstacles_in_network(struct obstacles *o);

#endif
