/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The commands whose work is the output: events, list, plan, ps and spec; mounts and update, which
 * read a document. Each returns the exit status.
 */
#ifndef DAVIT_SRC_PRINT_H
#define DAVIT_SRC_PRINT_H

#include "command.h"

command_run_fn events_run;
command_run_fn list_run;
command_run_fn mounts_run;
command_run_fn plan_run;
command_run_fn ps_run;
command_run_fn spec_run;
command_run_fn update_run;
command_run_fn checkpoint_run;
command_run_fn restore_run;

#endif
