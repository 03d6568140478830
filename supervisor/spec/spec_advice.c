/* SPDX-License-Identifier: Apache-2.0 */
/*
 * OTP has no delay between restarts, so its window always closes on a crash
 * loop.  With backoff it need not: when the delays of `intensity` + 1 restarts
 * are longer than `period`, the supervisor can never give up on this worker
 * alone.  And budgets of nested supervisors multiply, which few expect.
 */
#include "supervisor/spec/spec_advice.h"

#include <stdio.h>

#include "common/backoff.h"
#include "common/str.h"
#include "proto/conf/metrics.h"

#define BUDGET_MAX 1000.0 /* restarts before msd ends: more is a surprise */

/* The least time from the first death to the one that is too many; the first
 * restart is immediate (see restart_delay_ms()). */
static uint64_t
shortest_loop_ms(const struct worker_conf *conf, uint32_t intensity,
    uint64_t period_ms)
{
	uint64_t sum = 0, delay = conf->backoff.min_ms;

	for (uint32_t i = 1; i < intensity && sum < period_ms; i++) {
		if (delay > conf->backoff.max_ms)
			delay = conf->backoff.max_ms;
		if (delay == 0)
			return 0;
		sum += delay * 8 / 10; /* the shortest jitter */
		delay *= 2;
	}
	return sum;
}

static bool
is_endless(const struct worker_spec *w, uint32_t intensity, uint64_t period_ms)
{
	return w->conf.restart != RESTART_TEMPORARY &&
	    shortest_loop_ms(&w->conf, intensity, period_ms) >= period_ms;
}

/* One warning for all workers of a window: they share the cause. */
static void
advise_window(const struct worker_spec *first, size_t others,
    const char *giver_up, uint32_t intensity, uint64_t period_ms,
    struct conf_errors *advice)
{
	char period[UNIT_TEXT_BYTES], more[48] = "";

	if (others)
		snprintf(more, sizeof(more), " and %zu more", others);
	conf_error(advice, section_place(first->section, "backoff"),
	    "backoff: %s%s may crash for ever: %u restarts take longer than "
	    "the period of %s, so %s never gives up; a longer period or a "
	    "shorter backoff lets it",
	    first->name, more, intensity, print_duration(period_ms, period),
	    giver_up);
}

static void
advise_template(const struct worker_spec *w, struct conf_errors *advice)
{
	if (is_endless(w, w->intensity, w->period_ms))
		advise_window(w, 0, w->name, w->intensity, w->period_ms,
		    advice);
}

static void
advise_workers(const struct spec *spec, size_t i, struct conf_errors *advice)
{
	const struct supervisor_spec *s = &spec->supervisors[i];
	const struct worker_spec *first = NULL;
	size_t count = 0;

	for (size_t j = 0; j < spec->worker_count; j++) {
		const struct worker_spec *w = &spec->workers[j];

		if (w->is_template || w->supervisor != i ||
		    !is_endless(w, s->conf.intensity, s->conf.period_ms))
			continue;
		if (count++ == 0)
			first = w;
	}
	if (first)
		advise_window(first, count - 1, s->name, s->conf.intensity,
		    s->conf.period_ms, advice);
}

/* How often a worker below may be restarted until root gives up. */
static double
budget_of(const struct spec *spec, size_t i)
{
	double budget = (double)spec->supervisors[i].conf.intensity + 1;

	return i ? budget * budget_of(spec, spec->supervisors[i].parent)
		 : budget;
}

static void
advise_supervisor(const struct spec *spec, size_t i, struct conf_errors *advice)
{
	const struct supervisor_spec *s = &spec->supervisors[i];
	double budget = budget_of(spec, i);

	if (s->depth == 0 || budget <= BUDGET_MAX ||
	    budget_of(spec, s->parent) > BUDGET_MAX)
		return;
	conf_error(advice, section_place(s->section, "intensity"),
	    "intensity: with those of the supervisors above, a worker of %s "
	    "may be restarted %.0f times before msd gives up",
	    s->name, budget);
}

void
spec_advise(const struct spec *spec, struct conf_errors *advice)
{
	for (size_t i = 0; i < spec->supervisor_count; i++)
		advise_supervisor(spec, i, advice);
	for (size_t i = 0; i < spec->supervisor_count; i++)
		advise_workers(spec, i, advice);
	for (size_t i = 0; i < spec->worker_count; i++)
		if (spec->workers[i].is_template)
			advise_template(&spec->workers[i], advice);
	if (spec->conf)
		metrics_advise(spec->conf, advice);
}
