/* SPDX-License-Identifier: Apache-2.0 */
/* Carries out what restart.c decides: who must stop, who must start, which
 * supervisor has failed. */
#ifndef SUPERVISOR_RECOVERY_H
#define SUPERVISOR_RECOVERY_H

#include "supervisor/exit_reason.h"
#include "supervisor/tree.h"

struct batch;

/* The child's process has ended (or could not be started): records the exit
 * and leaves the child's wishes and resting state. */
void recovery_on_end(struct child *child);

/* Stops a child and all that require it.  rest: where it ends; the others
 * start again when it does. */
void recovery_stop(struct child *child, enum exit_cause cause, int rest,
    struct batch *batch);
/* Starts it (again) within batch; stops it first when it lives. */
void recovery_start(struct child *child, enum exit_cause cause,
    struct batch *batch);
/* Leftovers of the dead are killed, the clean ones move on. */
void recovery_sweep(struct msd *msd);

#endif
