/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whether a call that failed is made again, and when.  Four things can say no:
 * the error (asking again would end alike), the number of attempts, the
 * deadline (no attempt that cannot finish before it) and the budget: of all
 * calls to one place only a share may be retries, or a place in trouble gets
 * several times its load just then.  Pure; the error's own part is a column of
 * the table in common/err.c.
 */
#ifndef COMMON_RETRY_H
#define COMMON_RETRY_H

#include "common/backoff.h"
#include "common/limiter.h"

/* ---- the budget: one per place that is called --------------------------- */

struct retry_budget_conf {
	uint32_t ratio_pct; /* retries for each hundred calls */
	uint32_t min_per_s; /* and so many a second in any case */
	uint32_t saved_max; /* retries that calls can save up */
};

struct retry_budget {
	const struct retry_budget_conf *conf;
	struct limiter floor;
	uint64_t saved; /* hundredths of a retry */
};

/* conf is borrowed for ever (static const). */
void retry_budget_init(struct retry_budget *budget,
    const struct retry_budget_conf *conf, struct mono now);
void retry_budget_earn(struct retry_budget *budget); /* a call began */
/* Takes one; of what was saved first. */
MS_CHECK bool retry_budget_spend(struct retry_budget *budget, struct mono now);
/* Whole retries that could be spent now. */
uint32_t retry_budget_left(const struct retry_budget *budget, struct mono now);

/* ---- one call ------------------------------------------------------------ */

struct retry_conf {
	struct backoff_conf backoff;
	uint32_t attempts_max; /* the first one included; 0 = any number */
	uint32_t attempt_ms;   /* what an attempt takes at least */
	bool idempotent; /* doing it twice does no harm: an attempt of which
	                    nobody knows whether it was done is repeated too */
};

struct retry {
	const struct retry_conf *conf;
	struct backoff backoff;
	uint32_t attempts; /* begun */
};

enum retry_verdict {
	RETRY_AGAIN,    /* after the delay */
	RETRY_USELESS,  /* the error says so */
	RETRY_ATTEMPTS, /* as often as allowed */
	RETRY_ELAPSED,  /* the backoff has given up */
	RETRY_DEADLINE, /* it could not finish in time */
	RETRY_BUDGET    /* too many retries to this place */
};

/* The first attempt begins.  conf is borrowed while it lasts. */
void retry_init(struct retry *retry, const struct retry_conf *conf,
    uint64_t seed);
/* The attempt ended with err.  retry_after_ms: what the refusal asked for,
 * 0 = nothing; never less than that is waited.  deadline.ns 0 = none.  budget
 * may be NULL.  With RETRY_AGAIN the next attempt counts as begun. */
enum retry_verdict retry_next(struct retry *retry, struct retry_budget *budget,
    enum ms_err err, uint64_t retry_after_ms, struct mono deadline,
    struct mono now, uint64_t *delay_ms_r);

#endif
