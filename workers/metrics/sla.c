/* SPDX-License-Identifier: Apache-2.0 */
#include "workers/metrics/sla.h"

#include <stdlib.h>
#include <string.h>

#include "common/alloc.h"

void
sla_init(struct sla *sla, uint64_t threshold_ns)
{
	*sla = (struct sla){ .threshold_ns = threshold_ns };
}

void
sla_fini(struct sla *sla)
{
	for (size_t i = 0; i < SLA_SLOTS; i++) {
		free(sla->slots[i].h.buckets);
		sla->slots[i].h.buckets = NULL;
	}
	free(sla->minute.buckets);
	sla->minute.buckets = NULL;
	sla->slot_count = 0;
}

void
sla_set_threshold(struct sla *sla, uint64_t threshold_ns)
{
	sla->threshold_ns = threshold_ns;
}

/* ---- the window --------------------------------------------------------------- */

static void
copy(struct histogram *to, const struct histogram *from)
{
	size_t bytes = HISTOGRAM_BUCKETS(from->bits) * sizeof(*to->buckets);
	uint64_t *buckets = to->buckets;

	if (!buckets || to->bits != from->bits) {
		free(buckets);
		buckets = xcalloc(1, bytes);
	}
	memcpy(buckets, from->buckets, bytes);
	*to = *from;
	to->buckets = buckets;
}

static struct sla_slot *
slot_at(struct sla *sla, size_t i)
{
	return &sla->slots[(sla->slot_first + i) % SLA_SLOTS];
}

static void
drop_first(struct sla *sla)
{
	sla->slot_first = (sla->slot_first + 1) % SLA_SLOTS;
	sla->slot_count--;
}

/* What no window reaches any more goes; the one at its edge stays. */
static void
drop_old(struct sla *sla, struct mono now)
{
	while (sla->slot_count > 1 &&
	    mono_ms_between(slot_at(sla, 1)->at, now) >= SLA_WINDOW_MS)
		drop_first(sla);
}

static void
remember(struct sla *sla, const struct histogram *h, struct mono now)
{
	struct sla_slot *slot;

	if (sla->slot_count &&
	    mono_ms_between(slot_at(sla, sla->slot_count - 1)->at, now) <
		SLA_SLOT_MS)
		return;
	if (sla->slot_count == SLA_SLOTS)
		drop_first(sla);
	slot = slot_at(sla, sla->slot_count++);
	copy(&slot->h, h);
	slot->at = now;
}

/* What has been measured since the oldest slot.  False: h is no later state. */
static bool
measure(struct sla *sla, const struct histogram *h, struct mono now)
{
	sla->p99_ns = sla->count = sla->covered_ms = 0;
	if (!sla->slot_count)
		return true;
	copy(&sla->minute, h);
	if (!histogram_subtract(&sla->minute, &slot_at(sla, 0)->h))
		return false;
	sla->covered_ms = mono_ms_between(slot_at(sla, 0)->at, now);
	sla->count = sla->minute.count;
	if (sla->count)
		sla->p99_ns = histogram_quantile(&sla->minute, 0.99);
	return true;
}

/* ---- the judgement ------------------------------------------------------------- */

static bool
is_broken(const struct sla *sla)
{
	return sla->threshold_ns && sla->count >= SLA_COUNT_MIN &&
	    sla->p99_ns > sla->threshold_ns;
}

static bool
is_calm(const struct sla *sla)
{
	return sla->p99_ns <= sla->threshold_ns / 10 * 9;
}

static enum sla_change
end_breach(struct sla *sla)
{
	sla->breached = false;
	sla->calm = 0;
	return SLA_RESTORED;
}

/* While it is broken: a look counts when it is some time after the last. */
static enum sla_change
look_for_calm(struct sla *sla, struct mono now)
{
	if (!sla->threshold_ns ||
	    (!sla->count && mono_ms_between(sla->since, now) >= SLA_WINDOW_MS))
		return end_breach(sla);
	if (!is_calm(sla) || sla->count < SLA_COUNT_MIN) {
		sla->calm = 0;
		return SLA_SAME;
	}
	if (sla->calm && mono_ms_between(sla->calm_at, now) < SLA_SLOT_MS)
		return SLA_SAME;
	sla->calm_at = now;
	return ++sla->calm >= SLA_CALM_LOOKS ? end_breach(sla) : SLA_SAME;
}

enum sla_change
sla_look(struct sla *sla, const struct histogram *h, struct mono now)
{
	drop_old(sla, now);
	if (!h->buckets) {
		sla->slot_count = 0;
		sla->p99_ns = sla->count = sla->covered_ms = 0;
	} else {
		if (!measure(sla, h, now))
			sla->slot_count = 0;
		remember(sla, h, now);
	}
	if (sla->breached)
		return look_for_calm(sla, now);
	if (!is_broken(sla))
		return SLA_SAME;
	sla->breached = true;
	sla->since = now;
	sla->calm = 0;
	return SLA_BREACHED;
}

void
sla_worst(struct metrics_exemplar *worst, const struct metrics_exemplar *other,
    int64_t wall_ns)
{
	if (!other->wall_ns || other->value <= worst->value)
		return;
	if ((int64_t)other->wall_ns <
	    wall_ns - (int64_t)SLA_WINDOW_MS * 1000000)
		return;
	*worst = *other;
}
