/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Deadlines that travel.  Two machines (or processes) share no clock, so a
 * request carries the time that is left; whoever receives it counts from the
 * moment of receipt.  A call made on behalf of a request gets what is left
 * less a margin, in which its answer becomes ours.  Pure.
 */
#ifndef COMMON_DEADLINE_H
#define COMMON_DEADLINE_H

#include <stdbool.h>
#include <stdint.h>

#include "common/mono.h"

/* Time that travels: 0 = no deadline, UINT32_MAX = 49 days and more.  An
 * expired one travels as 1, never as 0. */
uint32_t deadline_left_ms(struct mono deadline, struct mono now);
/* .ns 0 when left_ms is 0. */
struct mono deadline_from(uint32_t left_ms, struct mono received);
/* What a call on behalf of a request may take: at most own_ms, and margin_ms
 * less than what is left; 0 = too late to begin. */
uint32_t deadline_budget_ms(struct mono deadline, struct mono now,
    uint32_t margin_ms, uint32_t own_ms);

#endif
