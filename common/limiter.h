/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A rate limiter: a bucket of `burst` tokens that fills at `rate`.  Exact: the
 * bucket counts in tokens times nanoseconds, so nothing is rounded and nothing
 * drifts.  Pure, embedded, 40 bytes: one per client is cheap.
 */
#ifndef COMMON_LIMITER_H
#define COMMON_LIMITER_H

#include <stdbool.h>
#include <stdint.h>

#include "common/field.h"
#include "common/mono.h"

struct limiter {
	struct rate rate; /* count 0 = everything passes */
	uint32_t burst;
	uint64_t level; /* tokens * period in ns, at most burst * period */
	struct mono at; /* when the level was so */
};

/* Full.  burst 0 = rate.count.  A burst that would not be countable (more than
 * 2^64 ns of periods: 5 million for "N/1h") is lowered. */
void limiter_init(struct limiter *limiter, struct rate rate, uint32_t burst,
    struct mono now);
/* Other limits from now on; what is in the bucket stays, as a share of it. */
void limiter_tune(struct limiter *limiter, struct rate rate, uint32_t burst,
    struct mono now);
/* All n or none. */
MS_CHECK bool limiter_take(struct limiter *limiter, uint32_t n,
    struct mono now);
/* When n may be taken, rounded up; 0 = now, DURATION_INFINITY = never (more
 * than the burst).  What a refusal says as "retry after". */
uint64_t limiter_wait_ms(const struct limiter *limiter, uint32_t n,
    struct mono now);
uint32_t limiter_tokens(const struct limiter *limiter, struct mono now);

#endif
