/* SPDX-License-Identifier: Apache-2.0 */
/* The record of an exit. */
#ifndef SUPERVISOR_TREE_EXIT_RECORD_H
#define SUPERVISOR_TREE_EXIT_RECORD_H

#include "supervisor/tree/exit_reason.h"

struct child;

/* Adds the end of the child's process to its memory of the last
 * CHILD_EXITS_KEPT, to the events and to the log.  Borrowed. */
const struct exit_reason *exit_record(struct child *child);

#endif
