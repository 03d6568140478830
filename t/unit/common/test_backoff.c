/* SPDX-License-Identifier: Apache-2.0 */
#include "common/backoff.h"
#include "common/mono.h"
#include "t/lib/unit.h"

#define MIDDLE (UINT32_MAX / 2 + 1) /* a dice that changes nothing */

static const struct span_ms span = { 100, 30000 };

START_TEST(delays_double_from_min)
{
	ck_assert_uint_eq(backoff_ms(span, 0, MIDDLE), 100);
	ck_assert_uint_eq(backoff_ms(span, 1, MIDDLE), 200);
	ck_assert_uint_eq(backoff_ms(span, 4, MIDDLE), 1600);
}
END_TEST

START_TEST(jitter_is_a_fifth_to_each_side)
{
	ck_assert_uint_eq(backoff_ms(span, 3, 0), 640);
	ck_assert_uint_eq(backoff_ms(span, 3, UINT32_MAX), 959);
}
END_TEST

START_TEST(no_try_and_no_dice_passes_the_cap_or_leaves_the_jitter)
{
	uint64_t state = 7;

	for (uint32_t n = 0; n < 100; n++) {
		uint64_t plain = n < 9 ? span.min_ms << n : 40000;

		for (int i = 0; i < 200; i++) {
			uint64_t ms = backoff_ms(span, n, dice_next(&state));

			ck_assert_uint_le(ms, span.max_ms);
			if (n >= 9) /* 51200 * 0.8 is above the cap */
				ck_assert_uint_eq(ms, span.max_ms);
			else
				ck_assert_uint_ge(ms * 10,
				    plain * 8 < 300000 ? plain * 8 : 300000);
			ck_assert_uint_le(ms * 10, plain * 12);
		}
	}
}
END_TEST

START_TEST(the_jitter_fills_its_whole_range)
{
	uint64_t state = 7, low = UINT64_MAX, high = 0;

	for (int i = 0; i < 10000; i++) {
		uint64_t ms = backoff_ms(span, 3, dice_next(&state));

		low = ms < low ? ms : low;
		high = ms > high ? ms : high;
	}
	ck_assert_uint_lt(low, 645);
	ck_assert_uint_gt(high, 955);
}
END_TEST

START_TEST(zero_stays_zero_and_large_numbers_saturate)
{
	struct span_ms none = { 0, 0 };
	struct span_ms endless = { 1000, DURATION_INFINITY };

	ck_assert_uint_eq(backoff_ms(none, 0, MIDDLE), 0);
	ck_assert_uint_eq(backoff_ms(none, UINT32_MAX, UINT32_MAX), 0);
	ck_assert_uint_eq(backoff_ms(span, UINT32_MAX, 0), 30000);
	ck_assert_uint_eq(backoff_ms(endless, 1000, UINT32_MAX),
	    DURATION_INFINITY);
}
END_TEST

START_TEST(dice_differ_and_the_state_is_never_zero)
{
	uint64_t a = dice_seed(), b = dice_seed();
	uint32_t last = 0;
	int same = 0;

	ck_assert_uint_ne(a, 0);
	ck_assert_uint_ne(a, b);
	for (int i = 0; i < 1000; i++) {
		uint32_t dice = dice_next(&a);

		same += dice == last;
		last = dice;
		ck_assert_uint_ne(a, 0);
	}
	ck_assert_int_le(same, 1);
}
END_TEST

UNIT(backoff, delays_double_from_min, jitter_is_a_fifth_to_each_side,
    no_try_and_no_dice_passes_the_cap_or_leaves_the_jitter,
    the_jitter_fills_its_whole_range,
    zero_stays_zero_and_large_numbers_saturate,
    dice_differ_and_the_state_is_never_zero)
