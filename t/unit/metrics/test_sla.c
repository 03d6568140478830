/* SPDX-License-Identifier: Apache-2.0 */
/* A minute of a bus, told in looks ten seconds apart. */
#include "t/lib/unit.h"
#include "workers/metrics/sla.h"

#define MS        UINT64_C(1000000)
#define THRESHOLD (5 * MS)

static uint64_t buckets[HISTOGRAM_BUCKETS(HISTOGRAM_BITS)];
static struct histogram h;
static struct mono now;
static struct sla sla;

static void
numbers_begin(void)
{
	memset(buckets, 0, sizeof(buckets));
	h = (struct histogram){ .bits = HISTOGRAM_BITS, .buckets = buckets };
}

static void
begin(void)
{
	numbers_begin();
	now = (struct mono){ 1000 * MS };
	sla_init(&sla, THRESHOLD);
}

static void
values(size_t n, uint64_t ns)
{
	buckets[histogram_index(HISTOGRAM_BITS, ns)] += n;
	h.count += n;
	h.sum += n * ns;
}

static enum sla_change
look_after(uint64_t seconds)
{
	now = mono_add_ms(now, seconds * 1000);
	return sla_look(&sla, &h, now);
}

/* Breached by now. */
static void
breach(void)
{
	begin();
	ck_assert_int_eq(look_after(0), SLA_SAME);
	values(100, 20 * MS);
	ck_assert_int_eq(look_after(10), SLA_BREACHED);
}

START_TEST(what_was_measured_before_the_first_look_is_not_judged)
{
	begin();
	values(1000, 50 * MS);
	ck_assert_int_eq(look_after(0), SLA_SAME);
	ck_assert_int_eq(look_after(10), SLA_SAME);
	ck_assert_uint_eq(sla.count, 0);
	sla_fini(&sla);
}
END_TEST

START_TEST(a_percentile_above_the_threshold_breaks_it_once)
{
	breach();
	ck_assert(sla.breached);
	ck_assert_uint_eq(sla.count, 100);
	ck_assert_uint_gt(sla.p99_ns, 19 * MS);
	ck_assert_uint_lt(sla.p99_ns, 21 * MS);
	values(100, 20 * MS);
	ck_assert_int_eq(look_after(10), SLA_SAME);
	sla_fini(&sla);
}
END_TEST

START_TEST(one_slow_value_in_two_hundred_does_not_break_it)
{
	begin();
	(void)look_after(0);
	values(199, 1 * MS);
	values(1, 900 * MS);
	ck_assert_int_eq(look_after(10), SLA_SAME);
	ck_assert_uint_lt(sla.p99_ns, 2 * MS);
	sla_fini(&sla);
}
END_TEST

START_TEST(a_handful_of_values_says_nothing_about_a_percentile)
{
	begin();
	(void)look_after(0);
	values(SLA_COUNT_MIN - 1, 900 * MS);
	ck_assert_int_eq(look_after(10), SLA_SAME);
	values(1, 900 * MS);
	ck_assert_int_eq(look_after(10), SLA_BREACHED);
	sla_fini(&sla);
}
END_TEST

START_TEST(it_is_kept_again_when_the_minute_has_been_calm_for_three_looks)
{
	enum sla_change change = SLA_SAME;
	unsigned looks = 0;

	breach();
	while (change == SLA_SAME && looks < 20) {
		values(100, 1 * MS);
		change = look_after(10);
		looks++;
	}
	ck_assert_int_eq(change, SLA_RESTORED);
	ck_assert(!sla.breached);
	/* six until the slow ones have left the minute, then three */
	ck_assert_uint_ge(looks, 6 + SLA_CALM_LOOKS - 1);
	ck_assert_uint_le(looks, 7 + SLA_CALM_LOOKS);
	sla_fini(&sla);
}
END_TEST

START_TEST(a_percentile_around_the_threshold_does_not_flap)
{
	unsigned changes = 0;

	breach();
	for (unsigned i = 0; i < 120; i++) {
		values(100,
		    i % 2 ? THRESHOLD * 97 / 100 : THRESHOLD * 104 / 100);
		changes += look_after(10) != SLA_SAME;
	}
	ck_assert_uint_eq(changes, 0);
	sla_fini(&sla);
}
END_TEST

START_TEST(looks_in_quick_succession_count_once)
{
	breach();
	for (unsigned i = 0; i < 7; i++) {
		values(100, 1 * MS);
		ck_assert_int_eq(look_after(10), SLA_SAME);
	}
	for (unsigned i = 0; i < 9; i++)
		ck_assert_int_eq(look_after(1), SLA_SAME);
	sla_fini(&sla);
}
END_TEST

START_TEST(a_minute_without_any_value_ends_it)
{
	breach();
	for (unsigned i = 0; i < 5; i++)
		ck_assert_int_eq(look_after(10), SLA_SAME);
	ck_assert_int_eq(look_after(10), SLA_RESTORED);
	ck_assert_uint_eq(sla.p99_ns, 0);
	sla_fini(&sla);
}
END_TEST

START_TEST(a_worker_that_has_gone_ends_it_too)
{
	static const struct histogram nobody = { .bits = 0 };

	breach();
	now = mono_add_ms(now, SLA_WINDOW_MS);
	ck_assert_int_eq(sla_look(&sla, &nobody, now), SLA_RESTORED);
	sla_fini(&sla);
}
END_TEST

START_TEST(numbers_that_begin_again_begin_a_new_window)
{
	begin();
	values(1000, 1 * MS);
	(void)look_after(0);
	numbers_begin();
	values(500, 50 * MS);
	ck_assert_int_eq(look_after(10), SLA_SAME);
	values(500, 50 * MS);
	ck_assert_int_eq(look_after(10), SLA_BREACHED);
	ck_assert_uint_eq(sla.count, 500);
	sla_fini(&sla);
}
END_TEST

START_TEST(a_threshold_of_nothing_ends_it_and_never_breaks)
{
	breach();
	sla_set_threshold(&sla, 0);
	ck_assert_int_eq(look_after(10), SLA_RESTORED);
	values(1000, 900 * MS);
	ck_assert_int_eq(look_after(10), SLA_SAME);
	sla_fini(&sla);
}
END_TEST

START_TEST(the_worst_trace_is_the_one_of_this_minute)
{
	struct metrics_exemplar worst = { 0 };
	const int64_t wall = INT64_C(1000000) * (int64_t)MS;
	const struct metrics_exemplar old = { .value = 90,
		.wall_ns = (uint64_t)wall - (SLA_WINDOW_MS + 1) * MS };
	const struct metrics_exemplar good = { .value = 10,
		.wall_ns = (uint64_t)wall };
	const struct metrics_exemplar better = { .value = 20,
		.wall_ns = (uint64_t)wall - 1000 * MS };

	sla_worst(&worst, &old, wall);
	ck_assert_uint_eq(worst.value, 0);
	sla_worst(&worst, &better, wall);
	sla_worst(&worst, &good, wall);
	ck_assert_uint_eq(worst.value, 20);
}
END_TEST

UNIT(sla, what_was_measured_before_the_first_look_is_not_judged,
    a_percentile_above_the_threshold_breaks_it_once,
    one_slow_value_in_two_hundred_does_not_break_it,
    a_handful_of_values_says_nothing_about_a_percentile,
    it_is_kept_again_when_the_minute_has_been_calm_for_three_looks,
    a_percentile_around_the_threshold_does_not_flap,
    looks_in_quick_succession_count_once, a_minute_without_any_value_ends_it,
    a_worker_that_has_gone_ends_it_too,
    numbers_that_begin_again_begin_a_new_window,
    a_threshold_of_nothing_ends_it_and_never_breaks,
    the_worst_trace_is_the_one_of_this_minute)
