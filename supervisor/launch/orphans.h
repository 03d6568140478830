/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a worker leaves behind.  msd is a subreaper: every process whose
 * parent died becomes msd's child, wherever its session or group went.
 */
#ifndef SUPERVISOR_LAUNCH_ORPHANS_H
#define SUPERVISOR_LAUNCH_ORPHANS_H

#include <stdbool.h>
#include <sys/types.h>

struct child;
struct msd;

/* True when the environment of pid names a worker; *child_r is set when it is
 * of its present or last generation, else NULL. */
bool orphans_find_by_environ(struct msd *msd, pid_t pid,
    struct child **child_r);

/*
 * KILL to every orphan of children in state CLEANING; a child without any
 * gets CHILD_EV_GONE.  Called again whenever something was reaped.
 */
void orphans_sweep(struct msd *msd);

#endif
