/* SPDX-License-Identifier: Apache-2.0 */
#include <math.h>

#include "supervisor/child/phi.h"
#include "t/lib/unit.h"

static struct mono
at(uint64_t ms)
{
	return mono_add_ms((struct mono){ 1 }, ms);
}

/* n beats, one each `every_ms`, the last one at the time that is returned. */
static uint64_t
beat(struct phi *phi, uint64_t from_ms, unsigned n, uint64_t every_ms)
{
	for (unsigned i = 0; i < n; i++)
		phi_beat(phi, at(from_ms += every_ms), true);
	return from_ms;
}

static uint64_t
due_after(const struct phi *phi, uint64_t last_ms)
{
	return mono_ms_left(at(last_ms), phi_due(phi));
}

START_TEST(fewer_than_ten_samples_say_nothing)
{
	struct phi *phi = phi_new(8.);

	beat(phi, 0, 10, 1000); /* nine intervals */
	ck_assert_uint_eq(phi_due(phi).ns, 0);
	ck_assert(phi_now(phi, at(1000000)) == 0.);
	beat(phi, 10000, 1, 1000);
	ck_assert_uint_ne(phi_due(phi).ns, 0);
	ck_assert(phi_now(phi, at(1000000)) > 8.);
	phi_free(&phi);
}
END_TEST

START_TEST(at_the_mean_it_is_a_toss_up)
{
	struct phi *phi = phi_new(8.);
	uint64_t last = beat(phi, 0, 50, 1000);

	ck_assert_double_eq_tol(phi_now(phi, at(last + 1000)), log10(2.), 1e-9);
	phi_free(&phi);
}
END_TEST

/* Quantiles of the normal distribution, from tables: P(> 1.2816) = 0.1,
 * P(> 2.3263) = 0.01, P(> 3.0902) = 0.001, P(> 5.6120) = 1e-8. */
START_TEST(it_is_the_tail_of_the_normal_distribution)
{
	static const struct {
		double phi, y;
	} table[] = { { 1, 1.281552 }, { 2, 2.326348 }, { 3, 3.090232 },
		{ 8, 5.612001 } };
	struct phi *phi;

	for (unsigned i = 0; i < 4; i++) {
		double ms = 1000 + table[i].y * PHI_DEVIATION_MIN_MS;
		uint64_t last;

		phi = phi_new(table[i].phi);
		last = beat(phi, 0, 20, 1000);
		ck_assert_uint_eq(due_after(phi, last), (uint64_t)ceil(ms));
		ck_assert_double_eq_tol(phi_now(phi, at(last + (uint64_t)ms)),
		    table[i].phi, 0.1);
		phi_free(&phi);
	}
}
END_TEST

START_TEST(due_is_exactly_when_phi_reaches_the_threshold)
{
	for (unsigned threshold = 1; threshold <= 16; threshold++) {
		struct phi *phi = phi_new(threshold);
		uint64_t ms = 0;
		struct mono due;

		for (unsigned i = 0; i < 150; i++)
			phi_beat(phi, at(ms += 200 + i * 7919 % 900), true);
		due = phi_due(phi);
		ck_assert(phi_now(phi, due) >= threshold);
		ck_assert(phi_now(phi, (struct mono){ due.ns - 1000000 }) <
		    threshold);
		phi_free(&phi);
	}
}
END_TEST

START_TEST(an_irregular_rhythm_is_given_more_time)
{
	struct phi *even = phi_new(8.), *uneven = phi_new(8.);
	uint64_t last = beat(even, 0, 101, 1000), ms = 0;

	for (unsigned i = 0; i < 101; i++)
		phi_beat(uneven, at(ms += i % 2 ? 500 : 1500), true);
	ck_assert_uint_eq(due_after(even, last), 1562);
	/* mean 1000, deviation 500 */
	ck_assert_uint_ge(due_after(uneven, ms), 3800);
	ck_assert_uint_le(due_after(uneven, ms), 3810);
	phi_free(&even);
	phi_free(&uneven);
}
END_TEST

START_TEST(only_the_last_hundred_intervals_count)
{
	struct phi *phi = phi_new(8.);
	uint64_t last = beat(phi, 0, 500, 60000);

	last = beat(phi, last, 99, 1000);
	ck_assert_uint_gt(due_after(phi, last), 30000);
	last = beat(phi, last, 1, 1000);
	ck_assert_uint_eq(due_after(phi, last), 1562);
	phi_free(&phi);
}
END_TEST

START_TEST(ten_million_beats_leave_no_drift)
{
	struct phi *phi = phi_new(8.);
	uint64_t last = 0;

	for (unsigned i = 0; i < 10000000; i++)
		phi_beat(phi, at(last += 1 + i % 3000), true);
	last = beat(phi, last, 100, 1000);
	ck_assert_uint_eq(due_after(phi, last), 1562);
	phi_free(&phi);
}
END_TEST

START_TEST(a_gap_that_is_no_sample_changes_nothing)
{
	struct phi *phi = phi_new(8.);
	uint64_t last = beat(phi, 0, 30, 1000);

	phi_beat(phi, at(last += 86400000), false);
	ck_assert_uint_eq(due_after(phi, last), 1562);
	phi_free(&phi);
}
END_TEST

START_TEST(an_absurd_interval_breaks_no_arithmetic)
{
	struct phi *phi = phi_new(100.);

	for (uint64_t i = 1; i <= 200; i++)
		phi_beat(phi, at(i << 40), true);
	ck_assert_uint_ne(phi_due(phi).ns, 0);
	ck_assert(isfinite(phi_now(phi, at(200ull << 40))));
	phi_free(&phi);
}
END_TEST

START_TEST(a_silence_without_end_has_a_number)
{
	struct phi *phi = phi_new(8.);
	uint64_t last = beat(phi, 0, 30, 1000);

	ck_assert(phi_now(phi, at(last + 86400000)) == PHI_CEILING);
	phi_free(&phi);
}
END_TEST

START_TEST(time_that_goes_back_is_no_silence)
{
	struct phi *phi = phi_new(8.);
	uint64_t last = beat(phi, 0, 30, 1000);

	ck_assert(phi_now(phi, at(last - 500)) == 0.);
	phi_beat(phi, at(last - 500), true); /* taken as no distance */
	ck_assert_uint_ne(phi_due(phi).ns, 0);
	phi_free(&phi);
}
END_TEST

UNIT(phi, fewer_than_ten_samples_say_nothing, at_the_mean_it_is_a_toss_up,
    it_is_the_tail_of_the_normal_distribution,
    due_is_exactly_when_phi_reaches_the_threshold,
    an_irregular_rhythm_is_given_more_time,
    only_the_last_hundred_intervals_count, ten_million_beats_leave_no_drift,
    a_gap_that_is_no_sample_changes_nothing,
    an_absurd_interval_breaks_no_arithmetic, a_silence_without_end_has_a_number,
    time_that_goes_back_is_no_silence)
