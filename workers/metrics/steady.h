/* SPDX-License-Identifier: Apache-2.0 */
/*
 * When a level that is looked at again and again has changed: after so many
 * looks in a row on the same side of what is believed, and no further than the
 * nearest of them, so that what flaps is not told at every flap.  Pure.
 */
#ifndef WORKERS_METRICS_STEADY_H
#define WORKERS_METRICS_STEADY_H

#include <stdbool.h>
#include <stdint.h>

#include "common/mono.h"
#include "proto/health.h"

struct steady {
	bool known; /* false: nothing is believed yet */
	enum health_level level;
	struct mono since; /* it is believed */
	uint32_t in_a_row; /* looks on one side of it */
	bool worse;        /* that side */
	enum health_level nearest;
};

/* True: `level` of *steady is another one now (or known now); before_r is what
 * was believed.  The first belief needs one look when it is good. */
bool steady_note(struct steady *steady, enum health_level seen,
    uint32_t confirm, struct mono now, enum health_level *before_r);

#endif
