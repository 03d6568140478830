/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The watch over a child's heartbeat, from READY on: the timer of what
 * heartbeat.h decides.  A child found hung gets CHILD_EV_HUNG.
 */
#ifndef SUPERVISOR_CHILD_WATCHDOG_H
#define SUPERVISOR_CHILD_WATCHDOG_H

#include <stdint.h>

struct child;
struct worker_conf;

/* Before a start: what its process will be told and watched by. */
void watchdog_prepare(struct child *child);
/* What WATCHDOG_USEC tells the process; 0 = it is not watched. */
uint64_t watchdog_told_ms(const struct child *child);
void watchdog_start(struct child *child);
void watchdog_stop(struct child *child);
/* After a re-exec: rings when it would have. */
void watchdog_resume(struct child *child);
/* The child runs on with another configuration than `was`. */
void watchdog_retune(struct child *child, const struct worker_conf *was);

/* Since its last beat; 0 when it is not watched. */
uint64_t watchdog_silent_ms(const struct child *child);

/* It said WATCHDOG=1, WATCHDOG_USEC=, EXTEND_TIMEOUT_USEC=. */
void watchdog_on_beat(struct child *child);
void watchdog_on_wish(struct child *child, uint64_t usec);
void watchdog_on_lease(struct child *child, uint64_t ms);

#endif
