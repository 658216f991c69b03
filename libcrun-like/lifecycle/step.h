/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A row of a step table. lifecycle.c has the tables, drive.c walks them.
 */
#ifndef DAVIT_LIFECYCLE_STEP_H
#define DAVIT_LIFECYCLE_STEP_H

#include "base/describe.h"
#include "base/err.h"

struct plan;
struct run;

enum where {
	HOST,   /* the davit process: the only sequencer */
	MIDDLE, /* a process between it and INIT, where namespaces ask for one */
	INIT,   /* the container's first process */
};

/* Rows that others than the table speak of; each is in a table once. */
enum step_mark {
	STEP_PLAIN,
	STEP_START,       /* the first row of the start: create ends before it */
	STEP_AWAIT_START, /* INIT waits there for the start */
	STEP_EXECUTE,     /* the program takes INIT's place */
	STEP_POSTSTART,   /* the program is executing already */
};

struct step {
	const char *name;
	enum where where;
	bool (*when)(const struct plan *plan); /* NULL: always */
	int (*run)(struct run *run, struct err *e);
	void (*undo)(struct run *run); /* HOST rows only: takes back what `run` did */
	void (*describe)(const struct plan *plan, const struct describe *d);
	const char *why; /* what the row is for, and what its place in the order depends on */
	enum step_mark mark;
	const char *stage; /* logged when it is done: where runc's log has these words; or NULL */
	/* HOST rows that the next row of a child does not depend on, where this says so: done while
	 * the child works. */
	bool (*beside)(const struct plan *plan);
};

const char *where_name(enum where where);
/* The number of the row with that mark. */
size_t step_find(const struct step *steps, enum step_mark mark);
bool step_is_active(const struct step *step, const struct plan *plan);

#endif
