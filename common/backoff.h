/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The delay before the n-th try: min * 2^n with jitter 0.8-1.2 applied before
 * the cap, so the cap is never exceeded.  Pure: the caller brings the dice.
 */
#ifndef COMMON_BACKOFF_H
#define COMMON_BACKOFF_H

#include <stdint.h>

#include "common/field.h"

/* n: tries already made (0 = first delay).  dice: uniform in 0..UINT32_MAX. */
uint64_t backoff_ms(struct span_ms span, uint32_t n, uint32_t dice);

/* For code that just wants a dice: xorshift state, never 0. */
uint32_t dice_next(uint64_t *state);
uint64_t dice_seed(void); /* from getrandom(2) */

#endif
