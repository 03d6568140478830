/* SPDX-License-Identifier: Apache-2.0 */
#include "proto/top_frame.h"
#include "t/lib/unit.h"

#define MS UINT64_C(1000000)

static uint64_t buckets[4][HISTOGRAM_BUCKETS(HISTOGRAM_BITS)];

/* A histogram of n values of ns, and those of `also`. */
static struct histogram
histogram_of(size_t i, size_t n, uint64_t ns, const struct histogram *also)
{
	struct histogram h = { .bits = HISTOGRAM_BITS, .buckets = buckets[i] };

	memset(buckets[i], 0, sizeof(buckets[i]));
	h.buckets[histogram_index(h.bits, ns)] += n;
	h.count = n;
	if (also)
		ck_assert(histogram_add(&h, also));
	return h;
}

static struct metrics_series
number(const char *name, int64_t value, const char *label, const char *is)
{
	struct metrics_series s = { .name = name,
		.kind = METRIC_COUNTER,
		.value = value };

	if (label) {
		s.label_count = 1;
		s.label_names[0] = label;
		s.label_values[0] = is;
	}
	return s;
}

static struct metrics_series
histogram(const char *name, struct histogram h, const char *label,
    const char *is)
{
	struct metrics_series s = number(name, 0, label, is);

	s.kind = METRIC_HISTOGRAM;
	s.histogram = h;
	return s;
}

static struct metrics_source
source(char *name, struct metrics_series *series, size_t count)
{
	return (struct metrics_source){ .name = name,
		.snapshot = { .series = series,
		    .count = count,
		    .life = { .pid = 42 } } };
}

START_TEST(the_figures_of_bus_and_consumers_are_found)
{
	struct metrics_series series[] = {
		number("ms_bus_consumer_lag_events", 5, "consumer", "a"),
		number("ms_bus_consumer_lag_events", 70, "consumer", "b"),
		number("ms_bus_events_total", 900, NULL, NULL),
		number("ms_bus_refused_total", 1, "reason", "x"),
		number("ms_bus_refused_total", 2, "reason", "y"),
	};
	struct metrics_source sources[] = { source("bus", series, 5) };
	struct metrics_set now = { .sources = sources, .count = 1, .read = 1 };
	struct top_frame f;

	ck_assert_int_eq(top_frame_take(&now, NULL, NULL, &f), MS_OK);
	ck_assert(f.bus.is_there);
	ck_assert_uint_eq(f.bus.events, 900);
	ck_assert_uint_eq(f.bus.refused, 3);
	ck_assert_uint_eq(f.bus.lag, 70);
	ck_assert_uint_eq(f.consumer_count, 2);
	ck_assert_uint_eq(f.consumers[0].lag, 5);
	ck_assert_uint_eq(f.pool_count, 0);
	top_frame_fini(&f);
}
END_TEST

START_TEST(a_percentile_is_of_what_came_since_the_look_before)
{
	struct histogram old = histogram_of(0, 1000, 900 * MS, NULL);
	struct histogram new = histogram_of(1, 100, 2 * MS, &old);
	struct metrics_series then[] = { histogram("ms_pool_acquire_seconds",
	    old, "pool", "main") };
	struct metrics_series later[] = { histogram("ms_pool_acquire_seconds",
	    new, "pool", "main") };
	struct metrics_source sources[] = { source("pool", then, 1),
		source("pool", later, 1) };
	struct metrics_set before = { .sources = &sources[0], .count = 1 };
	struct metrics_set now = { .sources = &sources[1], .count = 1 };
	struct top_frame f;

	ck_assert_int_eq(top_frame_take(&now, &before, NULL, &f), MS_OK);
	ck_assert_uint_eq(f.pool_count, 1);
	ck_assert_uint_eq(f.pools[0].acquired, 1100);
	ck_assert_uint_gt(f.pools[0].acquire_p99_ns, 19 * MS / 10);
	ck_assert_uint_lt(f.pools[0].acquire_p99_ns, 21 * MS / 10);
	top_frame_fini(&f);
	ck_assert_int_eq(top_frame_take(&now, NULL, NULL, &f), MS_OK);
	ck_assert_uint_gt(f.pools[0].acquire_p99_ns, 800 * MS);
	top_frame_fini(&f);
}
END_TEST

START_TEST(the_time_of_requests_is_without_what_waits_for_events)
{
	struct metrics_series series[] = {
		number("ms_worker_requests_total", 20, NULL, NULL),
		histogram("ms_worker_request_seconds",
		    histogram_of(0, 10, 25000 * MS, NULL), "route",
		    "bus.fetch"),
		histogram("ms_worker_request_seconds",
		    histogram_of(1, 10, 2 * MS, NULL), "route", "bus.stats"),
	};
	struct metrics_source sources[] = { source("bus", series, 3) };
	struct metrics_set now = { .sources = sources, .count = 1, .read = 1 };
	struct top_frame f;

	ck_assert_int_eq(top_frame_take(&now, NULL, NULL, &f), MS_OK);
	ck_assert_uint_eq(f.worker_count, 1);
	ck_assert_uint_eq(f.workers[0].requests, 20);
	ck_assert_uint_lt(f.workers[0].request_p99_ns, 3 * MS);
	top_frame_fini(&f);
}
END_TEST

START_TEST(without_msd_the_workers_are_those_that_left_numbers)
{
	struct metrics_series series[] = {
		number("ms_worker_requests_total", 3, "route", "a"),
		number("ms_worker_requests_total", 4, "route", "b"),
	};
	struct metrics_source sources[] = { source("@msd", NULL, 0),
		source("bus", series, 2) };
	struct metrics_set now = { .sources = sources, .count = 2, .read = 2 };
	struct top_frame f;

	ck_assert_int_eq(top_frame_take(&now, NULL, NULL, &f), MS_OK);
	ck_assert(!f.has_tree);
	ck_assert_uint_eq(f.worker_count, 1);
	ck_assert_str_eq(f.workers[0].name, "bus");
	ck_assert_uint_eq(f.workers[0].pid, 42);
	ck_assert_uint_eq(f.workers[0].requests, 7);
	top_frame_fini(&f);
}
END_TEST

START_TEST(with_msd_they_are_those_it_names)
{
	const char *answer = "{\"ok\":true,\"v\":1,\"workers\":[{\"name\":"
			     "\"bus\",\"state\":\"backoff\",\"want\":\"up\","
			     "\"ready\":false,\"restarts\":3},{\"name\":"
			     "\"job\",\"state\":\"exited\",\"want\":\"up\"}]}";
	struct metrics_set nothing = { .count = 0 };
	struct tree_facts tree;
	struct why why = { "" };
	struct top_frame f;

	ck_assert_msg(tree_facts_parse(slice_of(answer), &tree, &why) == MS_OK,
	    "%s", why.text);
	ck_assert_int_eq(top_frame_take(&nothing, NULL, &tree, &f), MS_OK);
	tree_facts_fini(&tree); /* the frame owns its names */
	ck_assert_uint_eq(f.worker_count, 2);
	ck_assert_str_eq(f.workers[0].state, "backoff");
	ck_assert_uint_eq(f.workers[0].restarts, 3);
	ck_assert(top_worker_is_missing(&f.workers[0]));
	ck_assert(!top_worker_is_missing(&f.workers[1]));
	ck_assert(!f.bus.is_there);
	top_frame_fini(&f);
}
END_TEST

START_TEST(promises_come_from_whoever_watches_them)
{
	struct metrics_series series[] = {
		number("ms_sla_breached", 1, "sla", "routing"),
		number("ms_sla_p99_seconds", 5000, "sla", "routing"),
		number("ms_sla_threshold_seconds", 1000, "sla", "routing"),
	};
	struct metrics_source sources[] = { source("metrics", series, 3) };
	struct metrics_set now = { .sources = sources, .count = 1, .read = 1 };
	struct top_frame f;

	ck_assert_int_eq(top_frame_take(&now, NULL, NULL, &f), MS_OK);
	ck_assert_uint_eq(f.promise_count, 1);
	ck_assert(f.promises[0].breached);
	ck_assert_uint_eq(f.promises[0].p99_ns, 5000);
	ck_assert_uint_eq(f.promises[0].threshold_ns, 1000);
	top_frame_fini(&f);
}
END_TEST

START_TEST(nobody_promises_while_the_watcher_is_gone)
{
	struct metrics_series series[] = {
		number("ms_sla_threshold_seconds", 1000, "sla", "routing"),
	};
	struct metrics_source sources[] = { source("metrics", series, 1) };
	struct metrics_set now = { .sources = sources, .count = 1, .read = 1 };
	struct tree_worker workers[] = { { .name = "metrics",
	    .state = "down" } };
	struct tree_facts tree = { .workers = workers, .count = 1 };
	struct top_frame f;

	ck_assert_int_eq(top_frame_take(&now, NULL, &tree, &f), MS_OK);
	ck_assert_uint_eq(f.promise_count, 0);
	top_frame_fini(&f);
	workers[0].pid = 7;
	ck_assert_int_eq(top_frame_take(&now, NULL, &tree, &f), MS_OK);
	ck_assert_uint_eq(f.promise_count, 1);
	top_frame_fini(&f);
}
END_TEST

UNIT(top_frame, the_figures_of_bus_and_consumers_are_found,
    a_percentile_is_of_what_came_since_the_look_before,
    the_time_of_requests_is_without_what_waits_for_events,
    without_msd_the_workers_are_those_that_left_numbers,
    with_msd_they_are_those_it_names, promises_come_from_whoever_watches_them,
    nobody_promises_while_the_watcher_is_gone)
