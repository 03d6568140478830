/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A promise about a duration: its 99th percentile over the last minute stays
 * below a threshold.  Judged from a histogram that only grows; the minute is
 * the difference to what it was then.  Pure: `now` and the histogram are given.
 *
 * It is broken by a percentile above the threshold, and kept again when the
 * percentile has been clearly below (9/10) for three looks at least 10 s
 * apart, or when nothing has been measured for a whole minute.  Fewer than
 * SLA_COUNT_MIN values say nothing about a 99th percentile.
 */
#ifndef WORKERS_METRICS_SLA_H
#define WORKERS_METRICS_SLA_H

#include <stdbool.h>

#include "common/histogram.h"
#include "common/metrics_read.h"
#include "common/mono.h"

#define SLA_WINDOW_MS  60000u
#define SLA_SLOTS      7u     /* a window and one more */
#define SLA_SLOT_MS    10000u /* so far apart */
#define SLA_COUNT_MIN  10u
#define SLA_CALM_LOOKS 3u

enum sla_change {
	SLA_SAME,
	SLA_BREACHED,
	SLA_RESTORED
};

/* What the histogram was at a time. */
struct sla_slot {
	struct mono at;
	struct histogram h;
};

struct sla {
	uint64_t threshold_ns; /* 0: nothing is promised */
	bool breached;
	struct mono since;   /* breached: when it began */
	uint64_t p99_ns;     /* over the window; 0: nothing measured */
	uint64_t count;      /* in the window */
	uint64_t covered_ms; /* of the window, so far */
	/* private */
	struct sla_slot slots[SLA_SLOTS]; /* a ring */
	size_t slot_first, slot_count;
	struct histogram minute;
	unsigned calm;
	struct mono calm_at; /* of the last look that counted */
};

void sla_init(struct sla *sla, uint64_t threshold_ns);
void sla_fini(struct sla *sla);
/* Another threshold is another promise: the next look judges by it. */
void sla_set_threshold(struct sla *sla, uint64_t threshold_ns);
/* h->buckets NULL: nobody measures.  A histogram that is not a later state of
 * the last one begins a new window. */
enum sla_change sla_look(struct sla *sla, const struct histogram *h,
    struct mono now);

/* The worst value of the window with its trace: the larger of the two, as far
 * as it is not older than the window.  Zeroed: none. */
void sla_worst(struct metrics_exemplar *worst,
    const struct metrics_exemplar *other, int64_t wall_ns);

#endif
