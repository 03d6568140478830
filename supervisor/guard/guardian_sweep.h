/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The end of everything below this process.  It is a subreaper: what is left
 * of a dead msd becomes its child, whatever session or group it made.
 */
#ifndef SUPERVISOR_GUARD_GUARDIAN_SWEEP_H
#define SUPERVISOR_GUARD_GUARDIAN_SWEEP_H

#include <stdbool.h>
#include <stddef.h>

/* KILL to every child of this process; how many there were. */
size_t guardian_sweep(void);
/* Reaps what has died; true when no child is left. */
bool guardian_reap(void);

#endif
