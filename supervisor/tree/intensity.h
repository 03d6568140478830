/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How many restarts a supervisor tolerates: a sliding window of the moments
 * of past restarts.  Pure: the caller brings `now`.
 */
#ifndef SUPERVISOR_TREE_INTENSITY_H
#define SUPERVISOR_TREE_INTENSITY_H

#include <stdbool.h>
#include <stdint.h>

#include "common/mono.h"

/* Zero-initialised is an empty window. */
struct intensity {
	struct mono *at; /* ring, oldest at `head` */
	uint32_t cap;
	uint32_t head;
	uint32_t count;
};

void intensity_fini(struct intensity *window);
void intensity_reset(struct intensity *window);
/*
 * Charges one restart at `now`.  False: that makes more than `max` within the
 * last period_ms (both ends included), time to give up.  Keeps at most
 * max + 1 moments.
 */
bool intensity_charge(struct intensity *window, uint32_t max,
    uint64_t period_ms, struct mono now);

#endif
