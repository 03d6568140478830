/* SPDX-License-Identifier: Apache-2.0 */
/* Who must stop and who must start, of whole parts of the tree. */
#ifndef SUPERVISOR_TREE_WISHES_H
#define SUPERVISOR_TREE_WISHES_H

#include "supervisor/child/child.h"

struct batch;

/* Stops a child and all that require it.  rest: where it ends; the others
 * start again when it does. */
void wish_stop(struct child *child, enum exit_cause cause,
    enum child_state rest, struct batch *batch);
/* Starts it (again) within batch; stops it first when it lives. */
void wish_start(struct child *child, enum exit_cause cause,
    struct batch *batch);
/* Restarts node and whom the strategy takes along. */
void wish_restart(struct msd *msd, struct node *node, enum strategy strategy);
/* All of a group stops and nothing of it starts again by itself. */
void wish_group_down(struct msd *msd, struct group *group,
    enum child_state rest);
/* The child has ended for good: those that require it stop, and wait for it. */
void wish_dependents_down(struct child *child);

#endif
