/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The numbers of a breaker: ms_breaker_state{name} and
 * ms_breaker_transitions_total{name,to}.  Its change function is the breaker's
 * on_change, or is called from there.  Several breakers may have one name:
 * the state is then the sum, and 0 still means that all are closed.
 */
#ifndef COMMON_BREAKER_METER_H
#define COMMON_BREAKER_METER_H

#include "common/breaker.h"
#include "common/metrics.h"

struct breaker_meter {
	struct metric state; /* 0 closed, 1 half open, 2 open */
	struct metric to[BREAKER_STATES];
};

/* After metrics_attach().  name: of the place that is called, "database". */
void breaker_meter_init(struct breaker_meter *meter, const char *name);
void breaker_meter_change(void *meter, const struct breaker *breaker,
    enum breaker_state from);
/* The breaker is no more. */
void breaker_meter_end(struct breaker_meter *meter,
    const struct breaker *breaker);

#endif
