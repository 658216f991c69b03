/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What davit and its helper davit-systemd say to each other: texts, each closed by a NUL.
 *
 * The request: SYSTEMD_GREETING, a verb, the manager ("system", "user"), the unit, and for each
 * property its name, its signature and the tokens of its value (gvariant.h). A name that begins
 * with "?" may be one that this systemd does not know.
 * The answer: "ok"; or "error", an errno, the D-Bus error's name (may be empty) and its words.
 */
#ifndef DAVIT_SETUP_RESOURCES_SYSTEMD_PROTOCOL_H
#define DAVIT_SETUP_RESOURCES_SYSTEMD_PROTOCOL_H

#define SYSTEMD_HELPER   "davit-systemd"
#define SYSTEMD_GREETING "davit-systemd 1"

#define SYSTEMD_START  "start"  /* a transient unit, and wait for its job */
#define SYSTEMD_STOP   "stop"   /* and forget that it failed; there need not be one */
#define SYSTEMD_FORGET "forget" /* that it failed; it may be another's by now */
#define SYSTEMD_SET    "set"    /* properties, at run time */

enum {
	SYSTEMD_REQUEST_MAX = 256 * 1024,
	SYSTEMD_ANSWER_MAX = 2048,
	/* A manager that is executed again on a busy machine answers nobody meanwhile: 35 s seen.
	 * The helper gives up before davit does. */
	SYSTEMD_ANSWER_MSEC = 120000,
	SYSTEMD_HELPER_MSEC = 130000
};

#endif
