/* SPDX-License-Identifier: Apache-2.0 */
#include "supervisor/tree/intensity.h"
#include "t/lib/unit.h"

static struct mono
at(uint64_t ms)
{
	return mono_add_ms((struct mono){ 1 }, ms);
}

START_TEST(more_than_max_within_the_period_is_too_much)
{
	struct intensity w = { 0 };

	for (uint64_t i = 0; i < 5; i++)
		ck_assert(intensity_charge(&w, 5, 10000, at(i * 100)));
	ck_assert(!intensity_charge(&w, 5, 10000, at(600)));
	intensity_fini(&w);
}
END_TEST

START_TEST(max_zero_allows_no_restart)
{
	struct intensity w = { 0 };

	ck_assert(!intensity_charge(&w, 0, 5000, at(0)));
	intensity_fini(&w);
}
END_TEST

START_TEST(the_window_slides)
{
	struct intensity w = { 0 };

	for (uint64_t i = 0; i < 1000; i++)
		ck_assert(intensity_charge(&w, 2, 1000, at(i * 501)));
	intensity_fini(&w);
}
END_TEST

START_TEST(both_ends_of_the_period_count)
{
	struct intensity w = { 0 };

	ck_assert(intensity_charge(&w, 1, 1000, at(0)));
	ck_assert(!intensity_charge(&w, 1, 1000, at(1000)));
	intensity_reset(&w);
	ck_assert(intensity_charge(&w, 1, 1000, at(0)));
	ck_assert(intensity_charge(&w, 1, 1000, at(1001)));
	intensity_fini(&w);
}
END_TEST

START_TEST(a_reset_window_is_empty)
{
	struct intensity w = { 0 };

	ck_assert(intensity_charge(&w, 1, 1000, at(0)));
	intensity_reset(&w);
	ck_assert(intensity_charge(&w, 1, 1000, at(1)));
	intensity_fini(&w);
}
END_TEST

START_TEST(a_smaller_max_counts_what_has_been)
{
	struct intensity w = { 0 };

	for (uint64_t i = 0; i < 4; i++)
		ck_assert(intensity_charge(&w, 10, 1000, at(i)));
	ck_assert(!intensity_charge(&w, 2, 1000, at(5)));
	intensity_fini(&w);
}
END_TEST

START_TEST(it_keeps_no_more_than_max_and_one)
{
	struct intensity w = { 0 };

	for (uint64_t i = 0; i < 100; i++)
		(void)intensity_charge(&w, 20, 1000000, at(i));
	ck_assert_uint_le(w.count, 21);
	ck_assert_uint_le(w.cap, 32);
	intensity_fini(&w);
}
END_TEST

UNIT(intensity, more_than_max_within_the_period_is_too_much,
    max_zero_allows_no_restart, the_window_slides,
    both_ends_of_the_period_count, a_reset_window_is_empty,
    a_smaller_max_counts_what_has_been, it_keeps_no_more_than_max_and_one)
