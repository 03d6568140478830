/* SPDX-License-Identifier: Apache-2.0 */
#include "common/metrics_clock.h"
#include "common/overhead.h"
#include "t/lib/unit.h"

#define WINDOW OVERHEAD_WINDOW_NS
#define PRICE  2000u /* 2 ns */

static struct overhead o;
static uint64_t now, updates;

static void
begin(uint32_t sampling_ppm)
{
	struct overhead_limits limits = OVERHEAD_DEFAULTS;

	limits.sampling_ppm = sampling_ppm;
	now = 1000;
	updates = 77;
	overhead_init(&o, limits, PRICE, updates, now);
}

static void
window_of(uint64_t more)
{
	now += WINDOW;
	updates += more;
	ck_assert(overhead_is_due(&o, now));
	overhead_judge(&o, updates, now);
	ck_assert(!overhead_is_due(&o, now));
}

START_TEST(a_million_updates_a_second_are_a_fifth_of_a_percent)
{
	begin(1000000);
	ck_assert_uint_eq(o.every, 1);
	window_of(10000000);
	ck_assert_uint_eq(o.share_ppm, 2000);
	ck_assert_uint_eq(o.every, 1);
}
END_TEST

START_TEST(above_one_percent_half_is_left_out_and_again)
{
	begin(1000000);
	window_of(60000000);
	ck_assert_uint_eq(o.every, 2);
	window_of(60000000);
	ck_assert_uint_eq(o.every, 4);
	for (int i = 0; i < 20; i++)
		window_of(600000000);
	ck_assert_uint_eq(o.every, OVERHEAD_EVERY_MAX);
}
END_TEST

START_TEST(when_it_is_quiet_every_update_is_made_again)
{
	begin(1000000);
	window_of(60000000);
	window_of(60000000);
	window_of(30000000); /* 0.6 %: neither */
	ck_assert_uint_eq(o.every, 4);
	window_of(1000);
	ck_assert_uint_eq(o.every, 2);
	window_of(1000);
	window_of(1000);
	ck_assert_uint_eq(o.every, 1);
}
END_TEST

START_TEST(a_configured_rate_is_never_exceeded)
{
	begin(100000);
	ck_assert_uint_eq(o.every, 10);
	window_of(0);
	ck_assert_uint_eq(o.every, 10);
	begin(0);
	ck_assert_uint_eq(o.every, OVERHEAD_EVERY_MAX);
	begin(2000000);
	ck_assert_uint_eq(o.every, 1);
}
END_TEST

START_TEST(collecting_is_part_of_the_price)
{
	begin(1000000);
	overhead_collected(&o, 1000, 200000000);
	window_of(0);
	ck_assert_uint_eq(o.share_ppm, 20000);
	ck_assert_uint_eq(o.every, 2);
}
END_TEST

START_TEST(a_piece_takes_ten_milliseconds_at_most)
{
	begin(1000000);
	ck_assert_uint_eq(o.batch, 1000);
	overhead_collected(&o, 1000, 40000000);
	ck_assert_uint_eq(o.batch, 250);
	overhead_collected(&o, 250, 1000000);
	ck_assert_uint_eq(o.batch, 500);
	overhead_collected(&o, 500, 1000000);
	overhead_collected(&o, 1000, 1000000);
	ck_assert_uint_eq(o.batch, 1000);
	overhead_collected(&o, 1, 9000000000u);
	ck_assert_uint_eq(o.batch, OVERHEAD_BATCH_MIN);
	overhead_collected(&o, 0, 0);
	ck_assert_uint_eq(o.batch, 2 * OVERHEAD_BATCH_MIN);
}
END_TEST

START_TEST(the_price_is_of_this_machine)
{
	uint64_t ps;

	metrics_clock_init();
	ps = overhead_measure();
	ck_assert_uint_gt(ps, 10);
	ck_assert_uint_lt(ps, 1000000);
}
END_TEST

START_TEST(the_cheap_clock_goes_as_the_kernels)
{
	uint64_t began, ns;
	struct mono from, to;

	metrics_clock_init();
	from = mono_now();
	began = metrics_clock_ns();
	do
		to = mono_now();
	while (to.ns - from.ns < 5000000);
	ns = metrics_elapsed_ns(began);
	to = mono_now();
	/* a pause between two reads is no fault of a clock */
	ck_assert_uint_gt(ns, 4950000);
	ck_assert_uint_lt(ns, (to.ns - from.ns) * 101 / 100 + 50000);
	ck_assert_uint_eq(metrics_elapsed_ns(UINT64_MAX), 0);
}
END_TEST

START_TEST(a_sampled_timer_counts_for_all)
{
	struct metric_sampler sampler = { .every = 16 };
	uint64_t weight = 0, measured = 0;

	for (int i = 0; i < 100000; i++) {
		struct metric_timer timer = metric_timer_start(&sampler);

		weight += timer.weight;
		measured += timer.weight != 0;
		metric_timer_stop((struct metric){ 0 }, timer);
	}
	ck_assert_uint_gt(measured, 100000 / 18);
	ck_assert_uint_lt(measured, 100000 / 14);
	ck_assert_uint_eq(weight, measured * 16);
}
END_TEST

START_TEST(a_timer_that_is_not_sampled_measures_each)
{
	struct metric_sampler sampler = { 0 };

	for (int i = 0; i < 1000; i++)
		ck_assert_uint_eq(metric_timer_start(&sampler).weight, 1);
}
END_TEST

UNIT(overhead, a_million_updates_a_second_are_a_fifth_of_a_percent,
    above_one_percent_half_is_left_out_and_again,
    when_it_is_quiet_every_update_is_made_again,
    a_configured_rate_is_never_exceeded, collecting_is_part_of_the_price,
    a_piece_takes_ten_milliseconds_at_most, the_price_is_of_this_machine,
    the_cheap_clock_goes_as_the_kernels, a_sampled_timer_counts_for_all,
    a_timer_that_is_not_sampled_measures_each)
