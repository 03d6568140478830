/* SPDX-License-Identifier: Apache-2.0 */
#include "supervisor/child/health.h"
#include "t/lib/unit.h"

static struct health
fresh(void)
{
	struct health h = { 0 };

	health_start(&h);
	return h;
}

START_TEST(the_first_success_of_a_start_is_ready)
{
	struct health h = fresh();

	for (unsigned i = 0; i < 100; i++)
		ck_assert_int_eq(health_note(&h, HEALTH_STARTING, false, 3),
		    HEALTH_GO_ON);
	ck_assert_int_eq(health_note(&h, HEALTH_STARTING, true, 3),
	    HEALTH_READY);
	ck_assert_uint_eq(h.failures, 0);
}
END_TEST

START_TEST(only_failures_in_a_row_make_sick)
{
	struct health h = fresh();

	for (unsigned i = 0; i < 10; i++) {
		ck_assert_int_eq(health_note(&h, HEALTH_SERVING, false, 3),
		    HEALTH_GO_ON);
		ck_assert_int_eq(health_note(&h, HEALTH_SERVING, false, 3),
		    HEALTH_GO_ON);
		ck_assert_int_eq(health_note(&h, HEALTH_SERVING, true, 3),
		    HEALTH_GO_ON);
	}
	ck_assert_uint_eq(h.failures, 20); /* flapping is counted */
	health_note(&h, HEALTH_SERVING, false, 3);
	health_note(&h, HEALTH_SERVING, false, 3);
	ck_assert_int_eq(health_note(&h, HEALTH_SERVING, false, 3),
	    HEALTH_SICK);
}
END_TEST

START_TEST(a_limit_of_one_forgives_nothing)
{
	struct health h = fresh();

	ck_assert_int_eq(health_note(&h, HEALTH_SERVING, false, 1),
	    HEALTH_SICK);
}
END_TEST

START_TEST(while_it_reloads_a_failure_means_nothing)
{
	struct health h = fresh();

	for (unsigned i = 0; i < 10; i++)
		ck_assert_int_eq(health_note(&h, HEALTH_BUSY, false, 1),
		    HEALTH_GO_ON);
	ck_assert_uint_eq(h.failures, 0);
	ck_assert_uint_eq(h.in_a_row, 0);
}
END_TEST

START_TEST(a_new_process_begins_with_none_in_a_row)
{
	struct health h = fresh();

	health_note(&h, HEALTH_SERVING, false, 3);
	health_note(&h, HEALTH_SERVING, false, 3);
	health_start(&h);
	ck_assert_int_eq(health_note(&h, HEALTH_SERVING, false, 3),
	    HEALTH_GO_ON);
	ck_assert_uint_eq(h.failures, 3);
}
END_TEST

START_TEST(a_start_is_asked_often_and_never_less_than_the_interval)
{
	struct health h = fresh();
	uint64_t last = 0;

	ck_assert_uint_eq(health_pause_ms(&h, HEALTH_STARTING, 10000, 0),
	    HEALTH_EAGER_MIN_MS);
	for (unsigned i = 0; i < 1000; i++) {
		uint64_t ms = health_pause_ms(&h, HEALTH_STARTING, 10000, 7);

		ck_assert_uint_ge(ms, last);
		ck_assert_uint_le(ms, HEALTH_EAGER_MAX_MS);
		last = ms;
		health_note(&h, HEALTH_STARTING, false, 3);
	}
	ck_assert_uint_eq(last, HEALTH_EAGER_MAX_MS);
	ck_assert_uint_eq(health_pause_ms(&h, HEALTH_STARTING, 50, 7), 50);
}
END_TEST

START_TEST(the_first_probe_is_spread_over_half_an_interval)
{
	struct health h = fresh();

	ck_assert_uint_eq(health_pause_ms(&h, HEALTH_SERVING, 10000, 0), 5000);
	ck_assert_uint_eq(health_pause_ms(&h, HEALTH_SERVING, 10000,
			      UINT32_MAX),
	    10000);
	ck_assert_uint_eq(health_pause_ms(&h, HEALTH_SERVING, 10000,
			      UINT32_MAX / 2),
	    7499);
}
END_TEST

START_TEST(later_probes_drift_by_a_tenth)
{
	struct health h = fresh();

	health_note(&h, HEALTH_SERVING, true, 3);
	ck_assert_uint_eq(health_pause_ms(&h, HEALTH_SERVING, 10000, 0), 9000);
	ck_assert_uint_eq(health_pause_ms(&h, HEALTH_SERVING, 10000,
			      UINT32_MAX),
	    11000);
	ck_assert_uint_eq(health_pause_ms(&h, HEALTH_SERVING, 1, 0), 1);
}
END_TEST

UNIT(health, the_first_success_of_a_start_is_ready,
    only_failures_in_a_row_make_sick, a_limit_of_one_forgives_nothing,
    while_it_reloads_a_failure_means_nothing,
    a_new_process_begins_with_none_in_a_row,
    a_start_is_asked_often_and_never_less_than_the_interval,
    the_first_probe_is_spread_over_half_an_interval,
    later_probes_drift_by_a_tenth)
