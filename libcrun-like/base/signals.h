/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The names of the signals (sigabbrev_np(3) would have them, but it is glibc's alone), and which of
 * them are sent to end a program.
 */
#ifndef DAVIT_BASE_SIGNALS_H
#define DAVIT_BASE_SIGNALS_H

#include <signal.h>

/* "TERM" for 15; NULL for a number that has no name of its own, as the realtime signals. */
const char *signal_name(int number);

/* SIGHUP, SIGINT, SIGQUIT and SIGTERM: whoever sends one wants the process to end. */
void signals_that_end(sigset_t *ret);

#endif
