/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The driver that walks the rows of a step table: the only place where processes wait for each
 * other.
 */
#ifndef DAVIT_LIFECYCLE_DRIVE_H
#define DAVIT_LIFECYCLE_DRIVE_H

#include "lifecycle/run.h"

/*
 * HOST: walks the rows [from, to) of run->steps. HOST rows are called; each stretch of rows of
 * another process is one RUN message and one answer. On failure the completed rows are undone, last
 * first, and @e names step and process.
 */
int drive(struct run *run, size_t from, size_t to, struct err *e);
/* Takes back the completed rows from the last on. */
void drive_undo(struct run *run);
/* Fails when a signal has asked us to stop. While a child works this is done all the time. */
int drive_check_signals(struct run *run, struct err *e);

/*
 * MIDDLE, INIT: serves RUN messages on run->channel until end of file; a stretch ends with the last
 * consecutive row of @where. Never returns.
 */
_Noreturn void serve(struct run *run, enum where where);

/* Test builds of the command bring one along, which forbids the heap from here on
 * (tests/fault/heap_guard.c). */
__attribute__((weak)) void davit_test_child_begin(void);

#endif
