/* SPDX-License-Identifier: Apache-2.0 */
/* Is a dead child restarted, alone or with others, when, or is it the
 * parent's turn?  The heart of the supervisor; pure. */
#ifndef SUPERVISOR_TREE_RESTART_H
#define SUPERVISOR_TREE_RESTART_H

#include <stdbool.h>
#include <stdint.h>

#include "supervisor/tree/exit_reason.h"
#include "supervisor/tree/intensity.h"

enum restart_step {
	RESTART_NOT,   /* it has ended and stays ended */
	RESTART_AGAIN, /* start it again; strategy.h says whom with it */
	RESTART_UP,    /* its supervisor fails: ask again one level up */
	RESTART_HOLD   /* its supervisor gives up and stays stopped */
};

/* One death of one child (a worker, or a supervisor that failed). */
struct restart_case {
	enum restart_type type;
	enum exit_verdict verdict;
	bool start_failure; /* it ended before it was ready ... */
	bool initial;       /* ... while its supervisor started first */
	enum strategy strategy;
	struct rate escalate_after;
	const struct supervisor_conf *supervisor;
};

/* own: the child's window of escalate_after; shared: its supervisor's. */
enum restart_step restart_decide(const struct restart_case *c,
    struct intensity *own, struct intensity *shared, struct mono now);

/*
 * How long the restart waits.  ready_ms: how long it had been ready, 0 = it
 * never was.  *in_a_row counts deaths without a healthy time in between and
 * is updated.  dice: see backoff_ms().
 */
uint64_t restart_delay_ms(const struct worker_conf *conf, uint64_t ready_ms,
    uint32_t *in_a_row, uint32_t dice);
/* The same after VERDICT_SHORTAGE. */
uint64_t shortage_delay_ms(const struct worker_conf *conf, uint32_t *in_a_row,
    uint32_t dice);

#endif
