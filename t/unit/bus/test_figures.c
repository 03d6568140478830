/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "common/metrics_read.h"
#include "t/lib/unit.h"
#include "workers/bus/figures.h"

static char path[] = "/tmp/ms-figures.XXXXXX";

static void
attach(void)
{
	struct why why = { "" };
	int fd = mkstemp(path);

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(ftruncate(fd, METRICS_SEGMENT_BYTES), 0);
	close(fd);
	ck_assert_msg(metrics_attach(path, &why) == MS_OK, "%s", why.text);
}

static void
detach(void)
{
	metrics_detach();
	unlink(path);
}

static int64_t
value_of(const char *name, const char *label)
{
	struct metrics_snapshot snapshot;
	const struct metrics_series *series;
	struct why why = { "" };
	int64_t value;

	ck_assert_msg(metrics_snapshot_read(path, &snapshot, &why) == MS_OK,
	    "%s", why.text);
	series = metrics_snapshot_find(&snapshot, name, label ? &label : NULL);
	ck_assert_msg(series != NULL, "no %s %s", name, label ? label : "");
	value = series->value;
	metrics_snapshot_fini(&snapshot);
	return value;
}

START_TEST(every_figure_is_there_before_anything_happened)
{
	struct figures figures = { 0 };

	attach();
	figures_init(&figures);
	ck_assert_int_eq(value_of("ms_bus_events_total", NULL), 0);
	ck_assert_int_eq(value_of("ms_bus_live_dropped_total", NULL), 0);
	ck_assert_int_eq(value_of("ms_bus_flow_violations_total", "long_chain"),
	    0);
	detach();
}
END_TEST

START_TEST(refusals_are_counted_by_reason_and_summed)
{
	struct figures figures = { 0 };

	attach();
	figures_init(&figures);
	figures_refused(&figures, MS_EBUSY);
	figures_refused(&figures, MS_EBUSY);
	figures_refused(&figures, MS_EATTRIBUTE);
	ck_assert_int_eq(value_of("ms_bus_refused_total", "busy"), 2);
	ck_assert_int_eq(value_of("ms_bus_refused_total", "bad_attribute"), 1);
	ck_assert_uint_eq(figures_refused_all(&figures), 3);
	detach();
}
END_TEST

START_TEST(a_consumer_shows_its_totals_and_how_it_stands)
{
	struct consumer_figures one;

	attach();
	consumer_figures_init(&one, "one");
	consumer_figures_show(&one, 10, 1, 7, 3);
	consumer_figures_show(&one, 12, 1, 2, 0);
	ck_assert_int_eq(value_of("ms_bus_consumer_delivered_total", "one"),
	    12);
	ck_assert_int_eq(value_of("ms_bus_redeliveries_total", "one"), 1);
	ck_assert_int_eq(value_of("ms_bus_consumer_lag_events", "one"), 2);
	ck_assert_int_eq(value_of("ms_bus_consumer_in_flight_events", "one"),
	    0);
	detach();
}
END_TEST

/* Those that have no series of their own are one, and it is their sum. */
START_TEST(consumers_beyond_the_bound_are_summed)
{
	enum {
		CONSUMERS = 300
	};
	static struct consumer_figures all[CONSUMERS];
	char name[16];

	attach();
	for (int i = 0; i < CONSUMERS; i++) {
		snprintf(name, sizeof(name), "c%03d", i);
		consumer_figures_init(&all[i], name);
		consumer_figures_show(&all[i], 1, 0, 5, 0);
		consumer_figures_show(&all[i], 2, 0, 4, 0);
	}
	ck_assert_int_eq(value_of("ms_bus_consumer_lag_events", "c000"), 4);
	ck_assert_int_eq(value_of("ms_bus_consumer_lag_events",
			     METRIC_OVERFLOW_VALUE),
	    4 * (CONSUMERS - 256));
	ck_assert_int_eq(value_of("ms_bus_consumer_delivered_total",
			     METRIC_OVERFLOW_VALUE),
	    2 * (CONSUMERS - 256));
	detach();
}
END_TEST

/* Deltas go on from what the last life has counted. */
START_TEST(totals_go_on_in_the_next_life)
{
	struct consumer_figures one;
	struct why why = { "" };

	attach();
	consumer_figures_init(&one, "one");
	consumer_figures_show(&one, 10, 0, 7, 0);
	metrics_detach();
	ck_assert_int_eq(metrics_attach(path, &why), MS_OK);
	consumer_figures_init(&one, "one");
	consumer_figures_show(&one, 3, 0, 1, 0);
	ck_assert_int_eq(value_of("ms_bus_consumer_delivered_total", "one"),
	    13);
	ck_assert_int_eq(value_of("ms_bus_consumer_lag_events", "one"), 1);
	detach();
}
END_TEST

UNIT(figures, every_figure_is_there_before_anything_happened,
    refusals_are_counted_by_reason_and_summed,
    a_consumer_shows_its_totals_and_how_it_stands,
    consumers_beyond_the_bound_are_summed, totals_go_on_in_the_next_life)
