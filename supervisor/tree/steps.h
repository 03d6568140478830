/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Makes wishes true, step by step.  A batch is a set of workers that belong
 * together in one operation: those that must stop are stopped in reverse
 * start order, one after the other; when all of them are gone, those that
 * must start are started in order, each awaited ready.  Batches run
 * independently of each other.
 */
#ifndef SUPERVISOR_TREE_STEPS_H
#define SUPERVISOR_TREE_STEPS_H

#include <stdbool.h>

struct child;
struct msd;
struct batch;

/* A new batch, held by the caller until batch_drop(). */
struct batch *batch_new(void);
void batch_drop(struct batch **batch);
/* Moves the child into it, out of any other. */
void batch_join(struct batch *batch, struct child *child);
void batch_leave(struct child *child);

/* Does what can be done now; called after anything has changed. */
void steps_advance(struct msd *msd);

#endif
