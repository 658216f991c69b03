/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * See foreground.h. One loop over poll(2): a descriptor is in it only while there is something to
 * do with it, so that a stream that has hung up cannot keep the loop busy, and nothing in it
 * blocks, so that a reader that has stopped reading stops the program's output and nothing else.
 */
#include "lifecycle/foreground.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>

#include "base/signals.h"
#include "container/ready.h"
#include "kernel/notify.h"
#include "kernel/peer.h"
#include "kernel/process.h"
#include "kernel/pty.h"
#include "kernel/relay.h"
#include "kernel/sys.h"

enum {
	/* More than any terminal buffers: what comes after the program's end beyond this is of
	 * others who still write to it. */
	LATE_OUTPUT_MAX = 1024 * 1024,
	/* No signal says that a job that runs in the background has become the foreground's. */
	PAUSED_MSEC = 200,
	LOOKS = 10
};

enum slot {
	PROGRAM,
	SIGNALS,
	KEYS,   /* the caller's standard input */
	SCREEN, /* the container's */
	OUTPUT, /* the caller's standard output */
	READY,  /* what the program says about itself */
	SLOTS
};

struct watch {
	struct foreground *f;
	const struct foreground_program *program;
	int barrier;  /* until the manager has taken in that the program is ready */
	bool is_told; /* the manager: once is enough */
	struct relay in, out;
	bool is_typed;     /* standard input is a terminal */
	bool is_on_screen; /* standard output is one */
	bool has_ended;
	bool has_given_up;  /* somebody wants us to end before the output is read */
	bool has_paused;    /* in the background: keys are not ours */
	unsigned looks;     /* left to do at the modes after that */
	size_t late_output; /* after the program's end */
};

void foreground_init(struct foreground *f)
{
	*f = (struct foreground){ .sock = -1,
				  .master = -1,
				  .peer = -1,
				  .tty = -1,
				  .in_fd = -1,
				  .out_fd = -1,
				  .signals = -1,
				  .terminal.fd = -1 };
}

int foreground_prepare(struct foreground *f, int *ret_console_fd, struct err *e)
{
	int pair[2], r = terminal_open(&f->tty);

	if (r < 0) {
		/* runc's words. */
		err_field(e, -r, "/process/terminal", "open /dev/tty: %s", errno_words(-r));
		return err_hint(e, "the standard streams are no terminal either; run it from a "
				   "terminal, give --console-socket, or ask for no terminal "
				   "(process.terminal, --tty)");
	}
	f->rings = malloc(2 * RELAY_SIZE);
	if (!f->rings)
		return err_set(e, ENOMEM, "make room for the terminal's data");
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0)
		return err_set(e, errno, "make a socket pair for the terminal");
	f->sock = pair[0];
	*ret_console_fd = pair[1];
	return 0;
}

/* It is read once all of them are blocked. */
static int open_signals(struct foreground *f)
{
	sigset_t all;

	sigfillset(&all);
	f->signals = signalfd(-1, &all, SFD_CLOEXEC | SFD_NONBLOCK);
	return f->signals < 0 ? neg_errno() : 0;
}

static int open_streams(struct foreground *f)
{
	int r = relay_open_again(STDIN_FILENO, O_RDONLY, &f->in_fd);

	return r < 0 ? r : relay_open_again(STDOUT_FILENO, O_WRONLY, &f->out_fd);
}

int foreground_begin(struct foreground *f, struct err *e)
{
	int r = peer_receive_fd(f->sock, &f->master);

	close_fdp(&f->sock);
	if (r < 0)
		return err_set(e, -r, "receive the container's terminal");
	r = pty_open_peer(f->master, &f->peer);
	if (r == 0 && fcntl(f->master, F_SETFL, O_NONBLOCK) < 0)
		r = neg_errno();
	if (r < 0)
		return err_set(e, -r, "open the container's terminal");
	r = open_signals(f);
	if (r == 0)
		r = open_streams(f);
	if (r < 0)
		return err_set(e, -r, "open the caller's streams and signals");
	r = terminal_make_raw(f->tty, &f->terminal);
	return r < 0 ? err_set(e, -r, "set the modes of the caller's terminal") : 0;
}

void foreground_end(struct foreground *f)
{
	terminal_restore(&f->terminal);
	close_fdp(&f->tty);
	close_fdp(&f->sock);
	close_fdp(&f->master);
	close_fdp(&f->peer);
	close_fdp(&f->in_fd);
	close_fdp(&f->out_fd);
	close_fdp(&f->signals);
	free_charp(&f->rings);
}

static bool is_to_end(unsigned sig)
{
	sigset_t ending;

	signals_that_end(&ending);
	return sigismember(&ending, (int)sig) == 1;
}

/* Children of others than the program, which is waited for by its pidfd. */
static void reap_orphans(const struct foreground_program *program)
{
	for (;;) {
		siginfo_t si = { 0 };

		if (waitid(P_ALL, 0, &si, WEXITED | WNOHANG | WNOWAIT) < 0 || si.si_pid == 0 ||
		    si.si_pid == program->pid)
			return;
		if (waitid(P_PID, (id_t)si.si_pid, &si, WEXITED | WNOHANG) < 0)
			return;
	}
}

/* A shell may have put us in the foreground again, with modes of its own; or, with SIGCONT as well,
 * in the background. */
static void look_for_foreground(struct watch *w)
{
	w->has_paused = !terminal_make_raw_again(&w->f->terminal);
	if (w->has_paused)
		w->looks = LOOKS;
	else
		terminal_copy_size(w->f->tty, w->f->master);
}

/* A shell hands the terminal over first and sets its modes then, without telling us. */
static void look_again(struct watch *w, bool is_idle)
{
	if (w->has_paused || w->looks)
		look_for_foreground(w);
	if (!w->has_paused && w->looks && is_idle)
		w->looks--;
}

static void take_signal(struct watch *w, const struct signalfd_siginfo *si)
{
	if (si->ssi_signo == SIGCHLD) {
		if (w->program->adopts)
			reap_orphans(w->program);
		return;
	}
	if (si->ssi_signo == SIGWINCH) {
		if (w->f->master >= 0)
			terminal_copy_size(w->f->tty, w->f->master);
		return;
	}
	/* Of a reader of ours that has gone: no concern of the program. */
	if (si->ssi_signo == SIGPIPE && si->ssi_pid == (uint32_t)getpid())
		return;
	if (si->ssi_signo == SIGCONT && w->f->master >= 0) {
		w->looks = LOOKS;
		look_for_foreground(w);
	}
	if (w->has_ended)
		w->has_given_up = w->has_given_up || is_to_end(si->ssi_signo);
	else
		sys_pidfd_send_signal(w->program->pidfd, (int)si->ssi_signo);
}

static void take_signals(struct watch *w)
{
	struct signalfd_siginfo si;

	while (read(w->f->signals, &si, sizeof(si)) == sizeof(si))
		take_signal(w, &si);
}

/* The caller's terminal is gone, and its output with it: so is the container's, for its programs.
 */
static void hang_up(struct watch *w)
{
	if (w->out.to >= 0 && !w->is_on_screen)
		return;
	w->in.to = w->out.from = -1;
	close_fdp(&w->f->peer);
	close_fdp(&w->f->master);
}

static void take_keys(struct watch *w, short events)
{
	ssize_t n = relay_read(&w->in);

	if (!w->is_typed) {
		/* A file's end, or one that cannot be read: nothing more comes, no more than that.
		 */
		if (n <= 0 && n != -EAGAIN)
			w->in.from = -1;
		return;
	}
	if (n == 0 || (n == -EIO && events & POLLHUP)) {
		w->in.from = -1;
		hang_up(w);
	} else if (n == -EIO) {
		w->has_paused = true; /* a read in the background */
	}
}

static void take_screen(struct watch *w)
{
	relay_write(&w->in);
	if (relay_read(&w->out) > 0)
		terminal_follow(&w->f->terminal, w->f->master);
}

/* What comes later is read too: a program may not be stopped by a full queue. */
static void take_ready(struct watch *w, int fd)
{
	int barrier = -1;

	if (w->is_told)
		(void)notify_is_ready(fd);
	else
		w->is_told = ready_take(w->program->ctx, fd, w->program->pid, &barrier);
	if (barrier >= 0)
		w->barrier = barrier;
}

static void set_slot(struct pollfd *p, int fd, short events)
{
	*p = (struct pollfd){ .fd = events ? fd : -1, .events = events };
}

static int wait_once(struct watch *w)
{
	struct pollfd p[SLOTS];
	short screen = relay_write_events(&w->in);
	int r, ready = w->program->ready ? *w->program->ready : -1;

	if (!w->has_ended)
		screen |= relay_read_events(&w->out);
	set_slot(&p[PROGRAM], w->program->pidfd, w->has_ended ? 0 : POLLIN);
	set_slot(&p[SIGNALS], w->f->signals, POLLIN);
	set_slot(&p[KEYS], w->in.from,
		 w->has_paused && w->is_typed ? 0 : relay_read_events(&w->in));
	set_slot(&p[SCREEN], w->f->master, screen);
	set_slot(&p[OUTPUT], w->out.to, relay_write_events(&w->out));
	set_slot(&p[READY], ready, POLLIN);
	r = poll(p, SLOTS, w->has_paused || w->looks ? PAUSED_MSEC : -1);
	if (r < 0)
		return errno == EINTR ? 0 : neg_errno();
	look_again(w, r == 0);
	/* First: it may have said so and ended. */
	if (p[READY].revents)
		take_ready(w, ready);
	if (p[PROGRAM].revents) {
		w->has_ended = true;
		w->in.from = w->in.to = -1;
		w->has_paused = false;
		w->looks = 0;
	}
	if (p[SIGNALS].revents)
		take_signals(w);
	if (p[KEYS].revents)
		take_keys(w, p[KEYS].revents);
	if (p[SCREEN].revents)
		take_screen(w);
	if (p[OUTPUT].revents)
		relay_write(&w->out);
	return 0;
}

/* Once the program has ended, an empty read says that everything has been read: the terminal hands
 * on what is on its way first. */
static bool is_done(struct watch *w)
{
	if (!w->has_ended || w->has_given_up)
		return w->has_given_up;
	while (relay_read_events(&w->out)) {
		ssize_t n = relay_read(&w->out);

		w->late_output += n > 0 ? (size_t)n : 0;
		if (n <= 0 || w->late_output > LATE_OUTPUT_MAX)
			w->out.from = -1;
	}
	return w->out.len == 0;
}

static void take_streams(struct watch *w)
{
	struct foreground *f = w->f;

	relay_init(&w->in, -1, -1, NULL);
	relay_init(&w->out, -1, -1, NULL);
	if (f->master < 0)
		return;
	w->is_typed = terminal_is_one(f->in_fd);
	w->is_on_screen = terminal_is_one(f->out_fd);
	relay_init(&w->in, f->in_fd, f->master, f->rings);
	relay_init(&w->out, f->master, f->out_fd, f->rings + RELAY_SIZE);
}

static int watch_program(struct watch *w)
{
	int r = 0;

	take_streams(w);
	while (r == 0 && !is_done(w))
		r = wait_once(w);
	close_fdp(&w->barrier);
	return r;
}

/* Every signal arrives by descriptor; the mask comes back without a SIGPIPE of our own. */
static void let_signals_go(const sigset_t *old)
{
	sigset_t pipe_only;

	sigemptyset(&pipe_only);
	sigaddset(&pipe_only, SIGPIPE);
	(void)sigtimedwait(&pipe_only, NULL, &(struct timespec){ 0 });
	sigprocmask(SIG_SETMASK, old, NULL);
}

int foreground_wait(struct foreground *f, const struct foreground_program *program, int *ret_status,
		    struct err *e)
{
	struct watch w = { .f = f, .program = program, .barrier = -1 };
	int sig, r = 0;
	sigset_t all, old;

	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, &old);
	if (f->signals < 0)
		r = open_signals(f);
	if (program->adopts)
		process_set_subreaper(true);
	if (r == 0)
		r = watch_program(&w);
	if (r == 0)
		r = process_wait(program->pidfd, ret_status, &sig);
	if (program->adopts)
		process_set_subreaper(false);
	foreground_end(f);
	let_signals_go(&old);
	return r < 0 ? err_set(e, -r, "wait for the program") : 0;
}
