/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A look happens when there is something to serve.  The time without a look,
 * less what the request at hand has waited, was a time without load: it counts
 * as low, or a level would outlive its reason.
 */
#include "common/shed.h"

#define US_PER_MS UINT64_C(1000)

static bool
is_high(const struct shed_conf *conf, struct shed_load load)
{
	return (conf->high.delay_us && load.delay_us >= conf->high.delay_us) ||
	    (conf->high.depth && load.depth >= conf->high.depth);
}

static bool
is_low(const struct shed_conf *conf, struct shed_load load)
{
	return (!conf->high.delay_us || load.delay_us < conf->low.delay_us) &&
	    (!conf->high.depth || load.depth < conf->low.depth);
}

static void
lower(struct shed *shed, uint64_t steps)
{
	shed->level -= steps < shed->level ? (uint32_t)steps : shed->level;
}

static void
forget_quiet(struct shed *shed, const struct shed_conf *conf,
    struct shed_load load, struct mono now)
{
	uint64_t gap_ms = mono_ms_between(shed->last, now);
	uint64_t waited_ms = load.delay_us / US_PER_MS;

	if (gap_ms < waited_ms + conf->step_ms)
		return;
	lower(shed, (gap_ms - waited_ms) / conf->step_ms);
	shed->trend = 0;
}

void
shed_look(struct shed *shed, const struct shed_conf *conf,
    struct shed_load load, struct mono now)
{
	int trend = is_high(conf, load) ? 1 : is_low(conf, load) ? -1 : 0;

	forget_quiet(shed, conf, load, now);
	shed->last = now;
	if (trend != shed->trend) {
		shed->trend = trend;
		shed->since = now;
		return;
	}
	if (trend == 0 || mono_ms_between(shed->since, now) < conf->step_ms)
		return;
	shed->since = now;
	if (trend < 0)
		lower(shed, 1);
	else if (shed->level < PRIORITY_MAX)
		shed->level++;
}

bool
shed_refuses(const struct shed *shed, uint32_t priority)
{
	return priority < shed->level;
}

uint32_t
shed_retry_after_ms(const struct shed *shed, const struct shed_conf *conf,
    uint32_t priority)
{
	if (!shed_refuses(shed, priority))
		return 0;
	return (shed->level - priority) * conf->step_ms;
}
