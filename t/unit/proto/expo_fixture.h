/* SPDX-License-Identifier: Apache-2.0 */
/* Series that no process has counted, for tests of the formats. */
#ifndef T_UNIT_PROTO_EXPO_FIXTURE_H
#define T_UNIT_PROTO_EXPO_FIXTURE_H

#include <string.h>

#include "proto/expo.h"

static inline struct metrics_series
number_of(const char *name, enum metric_kind kind, enum metric_unit unit,
    int64_t value)
{
	return (struct metrics_series){ .name = name,
		.help = "A number.",
		.kind = kind,
		.unit = unit,
		.value = value };
}

static inline struct metrics_series
labelled(struct metrics_series series, const char *name, const char *value)
{
	series.label_names[series.label_count] = name;
	series.label_values[series.label_count++] = value;
	return series;
}

static inline void
record(struct histogram *h, uint64_t value, uint64_t times)
{
	h->buckets[histogram_index(h->bits, value)] += times;
	h->count += times;
	h->sum += value * times;
}

/* Two workers as they might be. */
struct two_workers {
	uint64_t buckets[HISTOGRAM_BUCKETS(HISTOGRAM_BITS)];
	struct metrics_series bus[8], pool[4];
	struct expo_source sources[2];
};

static inline void
two_workers_make(struct two_workers *t)
{
	struct metrics_series route = number_of("ms_bus_route_seconds",
	    METRIC_HISTOGRAM, METRIC_UNIT_SECONDS, 0);
	size_t n = 0;

	memset(t, 0, sizeof(*t));
	route.histogram =
	    (struct histogram){ .bits = HISTOGRAM_BITS, .buckets = t->buckets };
	record(&route.histogram, 1500, 90);
	record(&route.histogram, 40000, 9);
	record(&route.histogram, 30000000, 1);
	route.exemplar = (struct metrics_exemplar){ .value = 30000000,
		.wall_ns = UINT64_C(1764000000123000000),
		.trace = { { 0x4b, 0xf9, 0x2f, 0x35, 0x77, 0xb3, 0x4d, 0xa6,
			       0xa3, 0xce, 0x92, 0x9d, 0x0e, 0x0e, 0x47, 0x36 },
		    { 0, 0xf0, 0x67, 0xaa, 0x0b, 0xa9, 0x02, 0xb7 } } };
	t->bus[n++] = number_of("ms_bus_clock_offset_seconds", METRIC_GAUGE,
	    METRIC_UNIT_SECONDS, -1500000);
	t->bus[n++] =
	    labelled(labelled(number_of("ms_bus_events_total", METRIC_COUNTER,
				  METRIC_UNIT_NONE, 12345678901),
			 "subject", "a \"quoted\" one\\\nof two lines"),
		"result", "ok");
	t->bus[n++] =
	    labelled(labelled(number_of("ms_bus_events_total", METRIC_COUNTER,
				  METRIC_UNIT_NONE, 7),
			 "subject", "b"),
		"result", "refused");
	t->bus[n++] = number_of("ms_bus_log_bytes", METRIC_GAUGE,
	    METRIC_UNIT_BYTES, 67108864);
	t->bus[n++] = route;
	t->bus[n++] = number_of("ms_loop_turns_total", METRIC_COUNTER,
	    METRIC_UNIT_NONE, 4096);
	t->pool[0] = number_of("ms_loop_turns_total", METRIC_COUNTER,
	    METRIC_UNIT_NONE, 17);
	t->pool[1] = number_of("ms_pool_hit_ratio", METRIC_GAUGE,
	    METRIC_UNIT_RATIO, 987500);
	t->pool[2] = number_of("ms_pool_wait_seconds_total", METRIC_COUNTER,
	    METRIC_UNIT_SECONDS, 61000000001);
	t->sources[0] = (struct expo_source){ .worker = "bus",
		.series = t->bus,
		.count = n,
		.created_ns = INT64_C(1763999999250000000) };
	t->sources[1] = (struct expo_source){ .worker = "pool",
		.series = t->pool,
		.count = 3 };
}

#endif
