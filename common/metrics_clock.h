/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Time for measuring, cheaper than mono_now(): the processor's own counter
 * where the kernel trusts it (clock source tsc), the kernel's clock without a
 * system call (vDSO) elsewhere.  For durations only: its zero is nobody's, and
 * it may drift from CLOCK_MONOTONIC by some parts in ten thousand.
 *
 * What happens too often to be measured each time asks a sampler.
 */
#ifndef COMMON_METRICS_CLOCK_H
#define COMMON_METRICS_CLOCK_H

#include "common/metrics.h"
#include "common/mono.h"
#ifdef __x86_64__
#include <x86intrin.h>
#endif

/* Nanoseconds = ticks * mult / 2^32; mult 0: ask the kernel. */
struct metrics_clock {
	uint64_t mult;
};
extern struct metrics_clock metrics_clock;
/* Once, by metrics_attach(): measures the counter for 0.2 ms. */
void metrics_clock_init(void);

static inline uint64_t
metrics_clock_ns(void)
{
#ifdef __x86_64__
	if (metrics_clock.mult)
		return (uint64_t)(((unsigned __int128)__rdtsc() *
				      metrics_clock.mult) >>
		    32);
#endif
	return mono_now().ns;
}

/* Since an earlier metrics_clock_ns(); 0 when another processor is behind. */
static inline uint64_t
metrics_elapsed_ns(uint64_t began)
{
	uint64_t now = metrics_clock_ns();

	return now > began ? now - began : 0;
}

/* When this turn of the thread's loop began, CLOCK_MONOTONIC; 0: no loop has
 * said so. */
extern _Thread_local uint64_t metrics_turn_began;

/* ---- a timer that measures one in N and counts it for all ------------------- */

/* One per place and thread, zeroed; every: 0 and 1 measure each.  While the
 * registry samples (metrics_sample) N is as much larger. */
struct metric_sampler {
	uint32_t every;
	uint32_t left;
	uint32_t dice;
};
struct metric_timer {
	uint64_t began;
	uint32_t weight; /* 0: this one is not measured */
};

struct metric_timer metric_timer_rare(struct metric_sampler *sampler);

static inline struct metric_timer
metric_timer_start(struct metric_sampler *sampler)
{
	if (sampler->left > 1) {
		sampler->left--;
		return (struct metric_timer){ 0, 0 };
	}
	return metric_timer_rare(sampler);
}

/* Into a row that is METRIC_EXACT: the sampler has weighed it already. */
static inline void
metric_timer_stop(struct metric m, struct metric_timer timer)
{
	if (timer.weight)
		metric_record_many(m, metrics_elapsed_ns(timer.began),
		    timer.weight);
}

#endif
