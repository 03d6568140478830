/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A circuit breaker: after `failure_threshold` failures IN A ROW (a success
 * between starts the count anew; there is no window of time) calls to a place
 * in trouble are refused at once, instead of each waiting for its timeout.
 * After a while a few probes find out whether it is well again.
 *
 *	CLOSED     all pass; failures in a row are counted
 *	OPEN       none passes until `open` is over
 *	HALF_OPEN  `probes` at a time pass; `success_threshold` successes close
 *	           it, one failure opens it again, for longer
 *
 * Each call that passes gets a ticket and ends in breaker_done(), or in
 * breaker_forget() when it says nothing about the place.  The end of a call
 * that began in an earlier state is not counted.  A probe that says nothing
 * for probe_ms is a failure, so a lost ticket cannot hold the breaker.
 *
 * Pure: `now` is an argument.  Embedded; one thread.
 */
#ifndef COMMON_BREAKER_H
#define COMMON_BREAKER_H

#include <stdbool.h>
#include <stdint.h>

#include "common/field.h"
#include "common/mono.h"

enum breaker_state {
	BREAKER_CLOSED,
	BREAKER_OPEN,
	BREAKER_HALF_OPEN,
	BREAKER_STATES
};

struct breaker_conf {
	uint32_t failure_threshold; /* 1 and more, as the next two */
	uint32_t success_threshold;
	uint32_t probes;
	/* How long it stays open: min the first time, twice as long after
	 * each probe that failed, with jitter, never more than max; with min =
	 * max always exactly that. */
	struct span_ms open;
	uint64_t probe_ms; /* 0 = probes always end */
};

struct breaker;
/* May look at the breaker, not use it. */
typedef void breaker_change_fn(void *arg, const struct breaker *breaker,
    enum breaker_state from);

struct breaker {
	const struct breaker_conf *conf;
	enum breaker_state state;
	uint32_t turn;      /* counts changes of state; on tickets */
	uint32_t failures;  /* in a row, while closed */
	uint32_t successes; /* while half open */
	uint32_t probing;   /* probes under way */
	uint32_t openings;  /* since it was closed */
	struct mono until;  /* while open */
	struct mono probed; /* when the last probe began */
	uint64_t dice;
	uint64_t transitions; /* totals since init */
	uint64_t refused;
	breaker_change_fn *on_change; /* NULL = nobody wants to know */
	void *arg;
};

struct breaker_ticket {
	uint32_t turn;
};

/* Closed.  conf is borrowed for ever; seed not 0; on_change may be NULL. */
void breaker_init(struct breaker *breaker, const struct breaker_conf *conf,
    uint64_t seed, breaker_change_fn *on_change, void *arg);
/* May a call be made now? */
MS_CHECK bool breaker_allow(struct breaker *breaker, struct mono now,
    struct breaker_ticket *ticket_r);
void breaker_done(struct breaker *breaker, struct breaker_ticket ticket,
    bool success, struct mono now);
void breaker_forget(struct breaker *breaker, struct breaker_ticket ticket);
/* Word from elsewhere that the place is worth a probe (it has connected):
 * an open one is half open at once. */
void breaker_hint(struct breaker *breaker);
/* How long a refused caller waits before it asks again; 0 = now. */
uint64_t breaker_wait_ms(const struct breaker *breaker, struct mono now);
const char *breaker_state_name(enum breaker_state state);

#endif
