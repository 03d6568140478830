/* SPDX-License-Identifier: Apache-2.0 */
/*
 * All wait equally long, so whoever came first also times out first: the head
 * of the queue answers every question.
 */
#include "common/bulkhead.h"

#include "common/log.h"

void
bulkhead_init(struct bulkhead *b, const struct bulkhead_conf *conf)
{
	*b = (struct bulkhead){ .conf = *conf };
	TAILQ_INIT(&b->queue);
}

enum bulkhead_verdict
bulkhead_enter(struct bulkhead *b, struct bulkhead_waiter *waiter,
    struct mono now)
{
	/* not past those who wait, even when a slot has just become free */
	if (b->inside < b->conf.slots && b->waiting == 0) {
		b->inside++;
		return BULKHEAD_ENTERED;
	}
	if (!waiter || b->waiting >= b->conf.queue) {
		b->refused++;
		return BULKHEAD_FULL;
	}
	waiter->since = now;
	waiter->queued = true;
	TAILQ_INSERT_TAIL(&b->queue, waiter, entry);
	b->waiting++;
	return BULKHEAD_QUEUED;
}

void
bulkhead_leave(struct bulkhead *b)
{
	ms_assert(b->inside > 0);
	b->inside--;
}

bool
bulkhead_cancel(struct bulkhead *b, struct bulkhead_waiter *waiter)
{
	if (!waiter->queued)
		return false;
	TAILQ_REMOVE(&b->queue, waiter, entry);
	waiter->queued = false;
	b->waiting--;
	return true;
}

struct mono
bulkhead_wake(const struct bulkhead *b)
{
	const struct bulkhead_waiter *first = TAILQ_FIRST(&b->queue);

	if (!first || b->conf.queue_ms == DURATION_INFINITY)
		return (struct mono){ 0 };
	return mono_add_ms(first->since, b->conf.queue_ms);
}

enum bulkhead_act
bulkhead_next(struct bulkhead *b, struct mono now,
    struct bulkhead_waiter **waiter_r)
{
	struct bulkhead_waiter *first = TAILQ_FIRST(&b->queue);

	if (!first)
		return BULKHEAD_REST;
	*waiter_r = first;
	if (mono_reached(now, bulkhead_wake(b))) {
		bulkhead_cancel(b, first);
		b->timed_out++;
		return BULKHEAD_EXPIRE;
	}
	if (b->inside >= b->conf.slots)
		return BULKHEAD_REST;
	bulkhead_cancel(b, first);
	b->inside++;
	return BULKHEAD_ADMIT;
}
