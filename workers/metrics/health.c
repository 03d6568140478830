/* SPDX-License-Identifier: Apache-2.0 */
/* What ms-metrics says of itself when it is looked at closely. */
#include "common/str.h"
#include "workers/metrics/module.h"
#include "workers/worker_health.h"

/* Samples may be late on a machine that has much to do. */
#define LATE_SAMPLES 3u

static void
check_samples(struct worker *w, const struct metricsd *d,
    const struct sample *last)
{
	uint64_t age_ms = mono_ms_between(last->at, mono_now());
	char age[UNIT_TEXT_BYTES];
	bool late = age_ms > LATE_SAMPLES * d->conf.sample_interval_ms;

	health_say(w, "samples", "", late ? HEALTH_DEGRADED : HEALTH_OK,
	    "the last of %zu files, %s ago", last->numbers.count,
	    print_duration(age_ms, age));
}

static void
check_targets(struct worker *w, const struct sample *last)
{
	const struct metrics_source *bad = NULL;
	size_t count = 0;

	for (size_t i = 0; i < last->numbers.count; i++) {
		const struct metrics_source *s = &last->numbers.sources[i];

		if (s->err && s->err != MS_ENOTFOUND && count++ == 0)
			bad = s;
	}
	if (bad)
		health_say(w, "segments", bad->name, HEALTH_DEGRADED,
		    "%zu cannot be read: %.120s", count, bad->why.text);
	else
		health_say(w, "segments", "", HEALTH_OK, "all can be read");
	if (last->has_tree)
		health_say(w, "tree", "msd", HEALTH_OK, "%zu workers",
		    last->tree.count);
	else
		health_say(w, "tree", "msd", HEALTH_DEGRADED,
		    "msd does not tell of its workers");
}

void
metricsd_health(struct worker *w, const struct metricsd *d)
{
	const struct sample *last = sampler_last(d->sampler);

	if (last) {
		check_samples(w, d, last);
		check_targets(w, last);
	} else {
		health_say(w, "samples", "", HEALTH_DEGRADED,
		    "none was taken yet");
	}
	for (size_t i = 0; i < d->module_count; i++)
		if (metrics_modules[i]->health && d->states[i].started)
			metrics_modules[i]->health(d->states[i].self, w);
}
