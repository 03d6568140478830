/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A bulkhead: at most `slots` at once inside, at most `queue` waiting before
 * it, first come, first served, none longer than queue_ms.  Whoever would be
 * one more is refused at once.  Entering, leaving, giving up and timing out
 * are O(1) and allocate nothing: the waiter embeds its place in the queue.
 * Pure: `now` is an argument, the owner has the timer.
 */
#ifndef COMMON_BULKHEAD_H
#define COMMON_BULKHEAD_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>

#include "common/defs.h"
#include "common/mono.h"

struct bulkhead_conf {
	uint32_t slots;
	uint32_t queue;    /* 0 = nobody waits */
	uint64_t queue_ms; /* DURATION_INFINITY = as long as it takes */
};

struct bulkhead_waiter {
	TAILQ_ENTRY(bulkhead_waiter) entry;
	struct mono since;
	bool queued;
};
TAILQ_HEAD(bulkhead_waiters, bulkhead_waiter);

struct bulkhead {
	struct bulkhead_conf conf; /* may change at any time */
	uint32_t inside;
	uint32_t waiting;
	struct bulkhead_waiters queue;
	uint64_t refused; /* totals since init */
	uint64_t timed_out;
};

enum bulkhead_verdict {
	BULKHEAD_ENTERED, /* leave with bulkhead_leave() */
	BULKHEAD_QUEUED,  /* bulkhead_next() will name it */
	BULKHEAD_FULL
};

enum bulkhead_act {
	BULKHEAD_REST,  /* nothing to do before bulkhead_wake() */
	BULKHEAD_ADMIT, /* *waiter_r is inside now */
	BULKHEAD_EXPIRE /* *waiter_r has waited too long and is out */
};

void bulkhead_init(struct bulkhead *bulkhead, const struct bulkhead_conf *conf);
/* waiter NULL: does not want to wait. */
MS_CHECK enum bulkhead_verdict bulkhead_enter(struct bulkhead *bulkhead,
    struct bulkhead_waiter *waiter, struct mono now);
/* Ask bulkhead_next() afterwards. */
void bulkhead_leave(struct bulkhead *bulkhead);
/* Waits no more; harmless when it does not wait.  True: it did. */
bool bulkhead_cancel(struct bulkhead *bulkhead, struct bulkhead_waiter *waiter);
/* Whom to admit or to turn away; to be asked until BULKHEAD_REST. */
MS_CHECK enum bulkhead_act bulkhead_next(struct bulkhead *bulkhead,
    struct mono now, struct bulkhead_waiter **waiter_r);
/* When the first waiter has waited too long; .ns 0 = never. */
struct mono bulkhead_wake(const struct bulkhead *bulkhead);

#endif
