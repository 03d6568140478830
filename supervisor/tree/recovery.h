/* SPDX-License-Identifier: Apache-2.0 */
/* What follows from the end of a process; see restart.c, and the way up the tree. */
#ifndef SUPERVISOR_TREE_RECOVERY_H
#define SUPERVISOR_TREE_RECOVERY_H

#include "supervisor/tree/tree.h"

/* The child's process has ended (or could not be started): records the exit
 * and leaves the child's wishes and resting state. */
void recovery_on_end(struct child *child);

#endif
