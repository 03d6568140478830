/* SPDX-License-Identifier: Apache-2.0 */
#include "common/shed.h"
#include "t/lib/unit.h"

static const struct shed_conf conf = {
	.high = { .delay_us = 500000, .depth = 1000 },
	.low = { .delay_us = 100000, .depth = 200 },
	.step_ms = 100,
};
static const struct shed_load calm = { 50, 1 };
static const struct shed_load middle = { 200000, 1 };
static const struct shed_load slow = { 600000, 1 };
static const struct shed_load many = { 50, 5000 };

static const struct mono start = { 1000 };

/* A look each 10 ms from `from` to `to`. */
static void
look(struct shed *shed, struct shed_load load, uint64_t from_ms, uint64_t to_ms)
{
	for (uint64_t ms = from_ms; ms <= to_ms; ms += 10)
		shed_look(shed, &conf, load, mono_add_ms(start, ms));
}

START_TEST(a_short_peak_refuses_nobody)
{
	struct shed shed = { 0 };

	look(&shed, slow, 0, 90);
	look(&shed, calm, 100, 100);
	look(&shed, slow, 110, 200);
	ck_assert_uint_eq(shed.level, 0);
	ck_assert(!shed_refuses(&shed, PRIORITY_UNSAID));
}
END_TEST

START_TEST(lasting_load_refuses_what_matters_least_first)
{
	struct shed shed = { 0 };

	look(&shed, slow, 0, 200);
	ck_assert_uint_eq(shed.level, 2);
	ck_assert(shed_refuses(&shed, PRIORITY_BACKGROUND));
	ck_assert(!shed_refuses(&shed, PRIORITY_LOW));
	look(&shed, slow, 210, 500);
	ck_assert(shed_refuses(&shed, PRIORITY_NORMAL));
	ck_assert(!shed_refuses(&shed, PRIORITY_HIGH));
	look(&shed, slow, 510, 5000);
	ck_assert(shed_refuses(&shed, PRIORITY_HIGH));
	ck_assert(!shed_refuses(&shed, PRIORITY_CONTROL));
}
END_TEST

START_TEST(a_long_queue_is_load_too)
{
	struct shed shed = { 0 };

	look(&shed, many, 0, 300);
	ck_assert_uint_eq(shed.level, 3);
}
END_TEST

START_TEST(between_high_and_low_nothing_changes)
{
	struct shed shed = { 0 };

	look(&shed, slow, 0, 300);
	look(&shed, middle, 310, 5000);
	ck_assert_uint_eq(shed.level, 3);
}
END_TEST

START_TEST(it_falls_step_by_step_when_the_load_is_gone)
{
	struct shed shed = { 0 };

	look(&shed, slow, 0, 300);
	look(&shed, calm, 310, 500);
	ck_assert_uint_eq(shed.level, 2);
	look(&shed, calm, 510, 710);
	ck_assert_uint_eq(shed.level, 0);
}
END_TEST

START_TEST(a_quiet_time_counts_as_calm)
{
	struct shed shed = { 0 };

	look(&shed, slow, 0, 500);
	look(&shed, calm, 800, 800);
	ck_assert_uint_eq(shed.level, 2);
	look(&shed, calm, 100000, 100000);
	ck_assert_uint_eq(shed.level, 0);
}
END_TEST

START_TEST(a_server_that_was_away_from_its_queue_was_not_idle)
{
	struct shed shed = { 0 };
	struct shed_load stuck = { 3000000, 1 };

	look(&shed, slow, 0, 500);
	look(&shed, stuck, 3500, 3500);
	ck_assert_uint_eq(shed.level, 6);
}
END_TEST

START_TEST(a_refusal_says_when_the_level_may_be_below)
{
	struct shed shed = { .level = 5 };

	ck_assert_uint_eq(shed_retry_after_ms(&shed, &conf, PRIORITY_LOW), 300);
	ck_assert_uint_eq(shed_retry_after_ms(&shed, &conf, PRIORITY_HIGH), 0);
}
END_TEST

UNIT(shed, a_short_peak_refuses_nobody,
    lasting_load_refuses_what_matters_least_first, a_long_queue_is_load_too,
    between_high_and_low_nothing_changes,
    it_falls_step_by_step_when_the_load_is_gone, a_quiet_time_counts_as_calm,
    a_server_that_was_away_from_its_queue_was_not_idle,
    a_refusal_says_when_the_level_may_be_below)
