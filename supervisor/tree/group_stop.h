/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The patience with a supervisor as a whole: its stop_timeout runs from the
 * first of its children that is asked to end, and then KILL goes to all that
 * is left of it.
 */
#ifndef SUPERVISOR_TREE_GROUP_STOP_H
#define SUPERVISOR_TREE_GROUP_STOP_H

#include "supervisor/tree/tree.h"

/* All of it, supervisors below included, is to end. */
void group_stop_wish(struct msd *msd, struct group *group);
/* A child has been asked to end. */
void group_stop_begun(const struct child *child);
/* Forgets the wish where nobody has to end any more. */
void group_stop_settle(struct msd *msd);
/* Over an exec of msd: what is left of the patience (0: it does not run), and
 * the same again. */
uint64_t group_stop_left_ms(const struct msd *msd, const struct group *group);
void group_stop_resume(struct msd *msd, struct group *group, uint64_t ms);
void group_stop_fini(struct group *group);

#endif
