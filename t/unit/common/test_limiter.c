/* SPDX-License-Identifier: Apache-2.0 */
#include "common/limiter.h"
#include "t/lib/unit.h"

#define MS UINT64_C(1000000)
#define S  (1000 * MS)

static const struct mono start = { 5 * S };

static struct mono
after_ns(uint64_t ns)
{
	return (struct mono){ start.ns + ns };
}

static uint32_t
take_all(struct limiter *l, struct mono now)
{
	uint32_t n = 0;

	while (limiter_take(l, 1, now))
		n++;
	return n;
}

START_TEST(a_full_bucket_gives_its_burst_at_once_and_no_more)
{
	struct limiter l;

	limiter_init(&l, (struct rate){ 10, 1000 }, 25, start);
	ck_assert_uint_eq(limiter_tokens(&l, start), 25);
	ck_assert_uint_eq(take_all(&l, start), 25);
	ck_assert_uint_eq(limiter_wait_ms(&l, 1, start), 100);
	ck_assert(!limiter_take(&l, 1, after_ns(100 * MS - 1)));
	ck_assert(limiter_take(&l, 1, after_ns(100 * MS)));
}
END_TEST

START_TEST(nothing_drifts_with_a_rate_that_divides_nothing)
{
	struct limiter l;
	uint64_t taken = 0, ns = 0;

	limiter_init(&l, (struct rate){ 7, 3 }, 7, start);
	taken += take_all(&l, start) - 7; /* the full bucket aside */
	for (int i = 0; i < 300000; i++) {
		ns += 10007; /* 3.00210 s in all */
		taken += limiter_take(&l, 1, after_ns(ns));
	}
	ck_assert_uint_eq(taken, ns * 7 / (3 * MS));
}
END_TEST

START_TEST(a_wait_is_exact_and_enough)
{
	struct limiter l;

	limiter_init(&l, (struct rate){ 3, 1000 }, 3, start);
	ck_assert(limiter_take(&l, 3, start));
	for (uint32_t n = 1; n <= 3; n++) {
		uint64_t wait_ms = limiter_wait_ms(&l, n, start);
		struct limiter later = l, sooner = l;

		ck_assert(limiter_take(&later, n, after_ns(wait_ms * MS)));
		ck_assert(
		    !limiter_take(&sooner, n, after_ns((wait_ms - 1) * MS)));
	}
	ck_assert_uint_eq(limiter_wait_ms(&l, 4, start), DURATION_INFINITY);
}
END_TEST

START_TEST(all_or_none)
{
	struct limiter l;

	limiter_init(&l, (struct rate){ 10, 1000 }, 5, start);
	ck_assert(!limiter_take(&l, 6, start));
	ck_assert_uint_eq(limiter_tokens(&l, start), 5);
	ck_assert(limiter_take(&l, 5, start));
}
END_TEST

START_TEST(a_rate_of_nothing_limits_nothing)
{
	struct limiter l;

	limiter_init(&l, (struct rate){ 0, 0 }, 0, start);
	ck_assert(limiter_take(&l, UINT32_MAX, start));
	ck_assert_uint_eq(limiter_wait_ms(&l, UINT32_MAX, start), 0);
	ck_assert_uint_eq(limiter_tokens(&l, start), UINT32_MAX);
}
END_TEST

START_TEST(a_long_sleep_and_large_numbers_overflow_nothing)
{
	struct limiter l;

	limiter_init(&l, (struct rate){ UINT32_MAX, 3600000 }, UINT32_MAX,
	    start);
	ck_assert_uint_gt(l.burst, 5000000);
	ck_assert(limiter_take(&l, l.burst, start));
	ck_assert(!limiter_take(&l, 1, start));
	ck_assert_uint_eq(limiter_tokens(&l, (struct mono){ UINT64_MAX }),
	    l.burst);
}
END_TEST

START_TEST(a_clock_that_stands_still_or_steps_back_gives_nothing)
{
	struct limiter l;

	limiter_init(&l, (struct rate){ 10, 1000 }, 1, start);
	ck_assert(limiter_take(&l, 1, after_ns(S)));
	ck_assert(!limiter_take(&l, 1, after_ns(S)));
	ck_assert(!limiter_take(&l, 1, start));
	ck_assert(!limiter_take(&l, 1, after_ns(S + 99 * MS)));
	ck_assert(limiter_take(&l, 1, after_ns(S + 100 * MS)));
}
END_TEST

START_TEST(other_limits_keep_the_share_that_was_left)
{
	struct limiter l;

	limiter_init(&l, (struct rate){ 10, 1000 }, 10, start);
	ck_assert(limiter_take(&l, 5, start));
	limiter_tune(&l, (struct rate){ 100, 1000 }, 200, start);
	ck_assert_uint_eq(limiter_tokens(&l, start), 100);
	limiter_tune(&l, (struct rate){ 0, 0 }, 0, start);
	ck_assert(limiter_take(&l, 1000, start));
	limiter_tune(&l, (struct rate){ 1, 1000 }, 2, start);
	ck_assert_uint_eq(limiter_tokens(&l, start), 2);
}
END_TEST

UNIT(limiter, a_full_bucket_gives_its_burst_at_once_and_no_more,
    nothing_drifts_with_a_rate_that_divides_nothing, a_wait_is_exact_and_enough,
    all_or_none, a_rate_of_nothing_limits_nothing,
    a_long_sleep_and_large_numbers_overflow_nothing,
    a_clock_that_stands_still_or_steps_back_gives_nothing,
    other_limits_keep_the_share_that_was_left)
