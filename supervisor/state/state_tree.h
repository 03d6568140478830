/* SPDX-License-Identifier: Apache-2.0 */
/* The tree within a saved state: the specs in force, supervisors, workers. */
#ifndef SUPERVISOR_STATE_STATE_TREE_H
#define SUPERVISOR_STATE_STATE_TREE_H

#include "supervisor/state/state.h"

struct msd;

void tree_save(const struct msd *msd, struct state_out *out);
/* Into an msd without spec and tree. */
void tree_load(struct msd *msd, struct state_in *in);
/* Workers are watched again. */
void tree_resume(struct msd *msd);

#endif
