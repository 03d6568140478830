/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The delay before the next try: it grows by a factor from min, with jitter
 * 0.8-1.2 applied before the cap, so the cap is never exceeded.  Pure: the
 * caller brings the time and the seed of the dice.
 *
 *	static const struct backoff_conf redial = { .span = { 5, 100 } };
 *	struct backoff again;               zeroed, then backoff_init()
 *	on failure: if (backoff_next(&again, &redial, now, &delay)) wait delay
 *	on success: backoff_reset(&again)
 */
#ifndef COMMON_BACKOFF_H
#define COMMON_BACKOFF_H

#include <stdbool.h>
#include <stdint.h>

#include "common/field.h"
#include "common/mono.h"

struct backoff_conf {
	struct span_ms span;
	uint32_t multiplier_pct; /* of a delay to the one before; 0 = 200 */
	uint64_t max_elapsed_ms; /* gives up so long after the first failure;
	                            0 = never */
};

struct backoff {
	uint32_t failures; /* in a row */
	uint64_t next_us;  /* the next delay, before jitter */
	struct mono since; /* the first failure of the row */
	uint64_t dice;
};

void backoff_init(struct backoff *b, uint64_t seed); /* seed not 0 */
/* A failure.  False: it has been tried for max_elapsed_ms. */
MS_CHECK bool backoff_next(struct backoff *b, const struct backoff_conf *conf,
    struct mono now, uint64_t *delay_ms_r);
/* A success: the next failure is the first of its row. */
void backoff_reset(struct backoff *b);

/* The n-th delay (0 = first) by itself, doubling, for who counts tries
 * elsewhere.  dice: uniform in 0..UINT32_MAX. */
uint64_t backoff_ms(struct span_ms span, uint32_t n, uint32_t dice);

/* For code that just wants a dice: xorshift state, never 0. */
uint32_t dice_next(uint64_t *state);
uint64_t dice_seed(void); /* from getrandom(2) */

#endif
