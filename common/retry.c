/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The cheapest reason not to is asked first, the budget last: it is spent only
 * on a retry that will be made.
 */
#include "common/retry.h"

#define HUNDRED 100u

/* ---- budget -------------------------------------------------------------- */

void
retry_budget_init(struct retry_budget *budget,
    const struct retry_budget_conf *conf, struct mono now)
{
	struct rate rate = { conf->min_per_s, 1000 };

	*budget = (struct retry_budget){ .conf = conf };
	limiter_init(&budget->floor, rate, conf->min_per_s, now);
}

void
retry_budget_earn(struct retry_budget *budget)
{
	uint64_t most = (uint64_t)budget->conf->saved_max * HUNDRED;

	budget->saved += budget->conf->ratio_pct;
	if (budget->saved > most)
		budget->saved = most;
}

bool
retry_budget_spend(struct retry_budget *budget, struct mono now)
{
	if (budget->saved >= HUNDRED) {
		budget->saved -= HUNDRED;
		return true;
	}
	/* a limiter of 0 would let everything pass */
	return budget->conf->min_per_s > 0 &&
	    limiter_take(&budget->floor, 1, now);
}

uint32_t
retry_budget_left(const struct retry_budget *budget, struct mono now)
{
	uint32_t floor =
	    budget->conf->min_per_s ? limiter_tokens(&budget->floor, now) : 0;

	return floor + (uint32_t)(budget->saved / HUNDRED);
}

/* ---- one call ------------------------------------------------------------ */

void
retry_init(struct retry *retry, const struct retry_conf *conf, uint64_t seed)
{
	*retry = (struct retry){ .conf = conf, .attempts = 1 };
	backoff_init(&retry->backoff, seed);
}

static bool
is_worth_it(const struct retry_conf *conf, enum ms_err err)
{
	switch (ms_err_again(err)) {
	case AGAIN_NEVER:
		return false;
	case AGAIN_IF_IDEMPOTENT:
		return conf->idempotent;
	case AGAIN_ALWAYS:
		return true;
	}
	return false;
}

/* Does an attempt that begins after the delay end before the deadline? */
static bool
fits(const struct retry_conf *conf, uint64_t delay_ms, struct mono deadline,
    struct mono now)
{
	struct mono end = mono_add_ms(now, delay_ms);

	if (deadline.ns == 0)
		return true;
	return mono_add_ms(end, conf->attempt_ms).ns < deadline.ns;
}

enum retry_verdict
retry_next(struct retry *retry, struct retry_budget *budget, enum ms_err err,
    uint64_t retry_after_ms, struct mono deadline, struct mono now,
    uint64_t *delay_ms_r)
{
	const struct retry_conf *conf = retry->conf;

	if (!is_worth_it(conf, err))
		return RETRY_USELESS;
	if (conf->attempts_max && retry->attempts >= conf->attempts_max)
		return RETRY_ATTEMPTS;
	if (!backoff_next(&retry->backoff, &conf->backoff, now, delay_ms_r))
		return RETRY_ELAPSED;
	if (*delay_ms_r < retry_after_ms)
		*delay_ms_r = retry_after_ms;
	if (!fits(conf, *delay_ms_r, deadline, now))
		return RETRY_DEADLINE;
	if (budget && !retry_budget_spend(budget, now))
		return RETRY_BUDGET;
	retry->attempts++;
	return RETRY_AGAIN;
}
