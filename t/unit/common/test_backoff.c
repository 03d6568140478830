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

START_TEST(with_a_state_the_delays_are_the_same)
{
	static const struct backoff_conf conf = { .span = { 100, 30000 } };
	struct backoff b;
	uint64_t same = 7, ms;

	backoff_init(&b, 7);
	for (uint32_t n = 0; n < 40; n++) {
		uint64_t plain = backoff_ms(conf.span, n, dice_next(&same));

		ck_assert(backoff_next(&b, &conf, (struct mono){ 1 }, &ms));
		ck_assert_uint_le(ms > plain ? ms - plain : plain - ms, 1);
	}
	backoff_reset(&b);
	ck_assert(backoff_next(&b, &conf, (struct mono){ 1 }, &ms));
	ck_assert_uint_le(ms, 120);
}
END_TEST

START_TEST(a_factor_of_one_and_a_half_moves_a_millisecond_too)
{
	static const struct backoff_conf conf = { .span = { 1, 1000 },
		.multiplier_pct = 150 };
	struct backoff b;
	double plain = 1;
	uint64_t ms;

	backoff_init(&b, 7);
	for (int n = 0; n < 17; n++, plain *= 1.5) {
		ck_assert(backoff_next(&b, &conf, (struct mono){ 1 }, &ms));
		ck_assert_double_ge((double)ms, plain * 0.8 - 1);
		ck_assert_double_le((double)ms, plain * 1.2);
	}
	for (int n = 0; n < 100; n++)
		ck_assert(backoff_next(&b, &conf, (struct mono){ 1 }, &ms));
	ck_assert_uint_eq(ms, 1000);
}
END_TEST

START_TEST(it_gives_up_so_long_after_the_first_failure_of_a_row)
{
	static const struct backoff_conf conf = { .span = { 100, 1000 },
		.max_elapsed_ms = 5000 };
	struct mono first = { 1000 };
	struct backoff b;
	uint64_t ms;

	backoff_init(&b, 7);
	ck_assert(backoff_next(&b, &conf, first, &ms));
	ck_assert(backoff_next(&b, &conf, mono_add_ms(first, 4999), &ms));
	ck_assert(!backoff_next(&b, &conf, mono_add_ms(first, 5000), &ms));
	ck_assert(!backoff_next(&b, &conf, mono_add_ms(first, 9000), &ms));
	backoff_reset(&b);
	ck_assert(backoff_next(&b, &conf, mono_add_ms(first, 9000), &ms));
}
END_TEST

START_TEST(with_a_state_zero_stays_zero_and_nothing_overflows)
{
	static const struct backoff_conf none = { .span = { 0, 0 } };
	static const struct backoff_conf endless = { .span = { 1000,
							 DURATION_INFINITY },
		.multiplier_pct = 100000 };
	struct backoff b;
	uint64_t ms = 1, last = 0;

	backoff_init(&b, 7);
	for (int n = 0; n < 10; n++) {
		ck_assert(backoff_next(&b, &none, (struct mono){ 1 }, &ms));
		ck_assert_uint_eq(ms, 0);
	}
	backoff_reset(&b);
	for (int n = 0; n < 40; n++) {
		ck_assert(backoff_next(&b, &endless, (struct mono){ 1 }, &ms));
		ck_assert_uint_ge(ms, last / 2);
		last = ms;
	}
}
END_TEST

UNIT(backoff, with_a_state_the_delays_are_the_same,
    a_factor_of_one_and_a_half_moves_a_millisecond_too,
    it_gives_up_so_long_after_the_first_failure_of_a_row,
    with_a_state_zero_stays_zero_and_nothing_overflows, delays_double_from_min,
    jitter_is_a_fifth_to_each_side,
    no_try_and_no_dice_passes_the_cap_or_leaves_the_jitter,
    the_jitter_fills_its_whole_range,
    zero_stays_zero_and_large_numbers_saturate,
    dice_differ_and_the_state_is_never_zero)
