/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One token is `period` units, and every nanosecond brings `count` units: all
 * of it is integer.  Products are taken in 128 bits and kept in 64.
 */
#include "common/limiter.h"

#define NS_PER_MS UINT64_C(1000000)

typedef unsigned __int128 wide_t;

static uint64_t
token(const struct limiter *l)
{
	return l->rate.period_ms * NS_PER_MS;
}

static uint64_t
full(const struct limiter *l)
{
	return l->burst * token(l);
}

static uint64_t
level_at(const struct limiter *l, struct mono now)
{
	uint64_t ns = now.ns > l->at.ns ? now.ns - l->at.ns : 0;
	wide_t level = l->level + (wide_t)ns * l->rate.count;

	return level > full(l) ? full(l) : (uint64_t)level;
}

static void
set_limits(struct limiter *l, struct rate rate, uint32_t burst)
{
	uint64_t most;

	if (rate.period_ms == 0 || rate.period_ms > UINT64_MAX / NS_PER_MS)
		rate.count = 0;
	l->rate = rate;
	l->burst = burst ? burst : rate.count;
	if (rate.count == 0)
		return;
	most = UINT64_MAX / token(l);
	if (l->burst > most)
		l->burst = (uint32_t)most;
}

void
limiter_init(struct limiter *l, struct rate rate, uint32_t burst,
    struct mono now)
{
	*l = (struct limiter){ .at = now };
	set_limits(l, rate, burst);
	l->level = rate.count ? full(l) : 0;
}

void
limiter_tune(struct limiter *l, struct rate rate, uint32_t burst,
    struct mono now)
{
	bool was_limited = l->rate.count != 0;
	uint64_t had = was_limited ? level_at(l, now) : 0;
	uint64_t of = was_limited ? full(l) : 1;

	set_limits(l, rate, burst);
	l->at = now;
	if (l->rate.count == 0)
		l->level = 0;
	else if (!was_limited)
		l->level = full(l);
	else
		l->level = (uint64_t)((wide_t)full(l) * had / of);
}

bool
limiter_take(struct limiter *l, uint32_t n, struct mono now)
{
	uint64_t level;

	if (l->rate.count == 0)
		return true;
	level = level_at(l, now);
	if (n > level / token(l))
		return false;
	l->level = level - n * token(l);
	if (now.ns > l->at.ns) /* a clock that stood still gives nothing */
		l->at = now;
	return true;
}

uint64_t
limiter_wait_ms(const struct limiter *l, uint32_t n, struct mono now)
{
	uint64_t level, missing, per_ms;

	if (l->rate.count == 0)
		return 0;
	if (n > l->burst)
		return DURATION_INFINITY;
	level = level_at(l, now);
	if (n <= level / token(l))
		return 0;
	missing = n * token(l) - level;
	per_ms = l->rate.count * NS_PER_MS;
	return missing / per_ms + (missing % per_ms != 0);
}

uint32_t
limiter_tokens(const struct limiter *l, struct mono now)
{
	if (l->rate.count == 0)
		return UINT32_MAX;
	return (uint32_t)(level_at(l, now) / token(l));
}
