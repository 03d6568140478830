/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The control socket: one JSON object per line each way, from clients whose
 * rights the kernel tells (SO_PEERCRED).  Everything a client can cost is
 * bounded: their number, a line, what waits to be sent, how many answers are
 * pending.
 */
#ifndef SUPERVISOR_CTL_H
#define SUPERVISOR_CTL_H

#include "common/err.h"

struct child;
struct ctl;
struct msd;

enum ms_err ctl_new(struct msd *msd, struct ctl **ctl_r, struct why *why);
void ctl_free(struct ctl **ctl);
/* Some child has changed: looks at pending answers at the end of the turn. */
void ctl_on_state(struct ctl *ctl);
/* The child is about to be freed. */
void ctl_on_forget(struct ctl *ctl, const struct child *child);

#endif
