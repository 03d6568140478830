/* SPDX-License-Identifier: Apache-2.0 */
#include "common/overhead.h"

#include "common/metrics_clock.h"

#define PPM         1000000u
#define PS_PER_NS   1000u
#define MEASURED    2000u
#define MEASUREMENT 3

/* 1.0 is each, 0.1 is one in ten. */
static uint32_t
fewest(const struct overhead *o)
{
	uint32_t ppm = o->limits.sampling_ppm;
	uint32_t every = ppm ? (PPM + ppm / 2) / ppm : OVERHEAD_EVERY_MAX;

	if (every < 1)
		return 1;
	return every < OVERHEAD_EVERY_MAX ? every : OVERHEAD_EVERY_MAX;
}

void
overhead_init(struct overhead *o, struct overhead_limits limits,
    uint64_t update_ps, uint64_t updates, uint64_t now_ns)
{
	*o = (struct overhead){ .update_ps = update_ps,
		.since_ns = now_ns,
		.updates = updates };
	overhead_limit(o, limits);
}

void
overhead_limit(struct overhead *o, struct overhead_limits limits)
{
	o->limits = limits;
	o->batch = limits.batch;
	o->every = fewest(o);
}

bool
overhead_is_due(const struct overhead *o, uint64_t now_ns)
{
	return now_ns - o->since_ns >= OVERHEAD_WINDOW_NS;
}

static uint32_t
share_of(uint64_t cost_ns, uint64_t of_ns)
{
	double share = of_ns ? (double)cost_ns / (double)of_ns : 0;

	return share < 1 ? (uint32_t)(share * PPM) : PPM;
}

/* Up by doubling when it is too dear; down when twice as many would still be
 * half as dear as allowed, so that it does not swing. */
static void
adapt(struct overhead *o)
{
	if (o->share_ppm > o->limits.share_ppm)
		o->every *= 2;
	else if (o->share_ppm < o->limits.share_ppm / 4)
		o->every /= 2;
	if (o->every > OVERHEAD_EVERY_MAX)
		o->every = OVERHEAD_EVERY_MAX;
	if (o->every < fewest(o))
		o->every = fewest(o);
}

void
overhead_judge(struct overhead *o, uint64_t updates, uint64_t now_ns)
{
	uint64_t made = updates - o->updates;
	uint64_t cost_ns = made * o->update_ps / PS_PER_NS + o->collecting_ns;

	o->share_ppm = share_of(cost_ns, now_ns - o->since_ns);
	o->since_ns = now_ns;
	o->updates = updates;
	o->collecting_ns = 0;
	adapt(o);
}

void
overhead_collected(struct overhead *o, uint32_t series, uint64_t took_ns)
{
	uint64_t fit = o->limits.batch;

	o->collecting_ns += took_ns;
	if (series && took_ns)
		fit = series * o->limits.max_collection_ns / took_ns;
	/* at once down, slowly up: one turn too long is one too many */
	if (fit > o->batch * 2ull)
		fit = o->batch * 2ull;
	if (fit < OVERHEAD_BATCH_MIN)
		fit = OVERHEAD_BATCH_MIN;
	o->batch = fit < o->limits.batch ? (uint32_t)fit : o->limits.batch;
}

uint64_t
overhead_measure(void)
{
	uint64_t best_ns = UINT64_MAX;

	for (int try = 0; try < MEASUREMENT; try++) {
		uint64_t began = metrics_clock_ns(), took;

		for (uint32_t i = 0; i < MEASURED; i++)
			metric_add((struct metric){ 0 }, 1);
		took = metrics_elapsed_ns(began);
		if (took < best_ns)
			best_ns = took;
	}
	return best_ns * PS_PER_NS / MEASURED;
}
