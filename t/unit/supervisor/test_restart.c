/* SPDX-License-Identifier: Apache-2.0 */
#include "supervisor/tree/restart.h"
#include "t/lib/unit.h"

#define HALF (UINT32_MAX / 2) /* dice: jitter about 1.0 */

static struct supervisor_conf supervisor;
static struct restart_case one; /* a crash of a permanent worker */
static struct intensity own, shared;
static struct mono now;

static void
given(void)
{
	supervisor = (struct supervisor_conf){ .intensity = 2,
		.period_ms = 10000,
		.on_give_up = GIVE_UP_ESCALATE,
		.on_initial_failure = INITIAL_ABORT };
	one = (struct restart_case){ .type = RESTART_PERMANENT,
		.verdict = VERDICT_FAILURE,
		.strategy = STRATEGY_ONE_FOR_ONE,
		.supervisor = &supervisor };
	intensity_fini(&own);
	intensity_fini(&shared);
	now = mono_add_ms((struct mono){ 1 }, 1000);
}

static enum restart_step
decide(void)
{
	now = mono_add_ms(now, 1);
	return restart_decide(&one, &own, &shared, now);
}

START_TEST(a_crash_is_restarted_until_the_supervisor_gives_up)
{
	given();
	ck_assert_int_eq(decide(), RESTART_AGAIN);
	ck_assert_int_eq(decide(), RESTART_AGAIN);
	ck_assert_int_eq(decide(), RESTART_UP);
}
END_TEST

START_TEST(a_quiet_period_pays_the_debt)
{
	given();
	for (int i = 0; i < 20; i++) {
		ck_assert_int_eq(decide(), RESTART_AGAIN);
		now = mono_add_ms(now, 6000);
	}
}
END_TEST

START_TEST(on_give_up_hold_does_not_go_up)
{
	given();
	supervisor.on_give_up = GIVE_UP_HOLD;
	supervisor.intensity = 0;
	ck_assert_int_eq(decide(), RESTART_HOLD);
}
END_TEST

START_TEST(an_end_without_restart_charges_nothing)
{
	given();
	one.type = RESTART_TRANSIENT;
	one.verdict = VERDICT_NORMAL;
	for (int i = 0; i < 10; i++)
		ck_assert_int_eq(decide(), RESTART_NOT);
	ck_assert_uint_eq(shared.count, 0);
}
END_TEST

START_TEST(an_initial_failure_aborts_and_charges_nothing)
{
	given();
	one.initial = one.start_failure = true;
	ck_assert_int_eq(decide(), RESTART_UP);
	ck_assert_uint_eq(shared.count, 0);
}
END_TEST

START_TEST(an_initial_failure_of_a_temporary_aborts_too)
{
	given();
	one.type = RESTART_TEMPORARY;
	one.initial = one.start_failure = true;
	ck_assert_int_eq(decide(), RESTART_UP);
}
END_TEST

START_TEST(an_initial_ignore_does_not_abort)
{
	given();
	one.verdict = VERDICT_IGNORE;
	one.initial = one.start_failure = true;
	ck_assert_int_eq(decide(), RESTART_NOT);
}
END_TEST

START_TEST(retry_makes_an_initial_failure_a_restart_like_any)
{
	given();
	supervisor.on_initial_failure = INITIAL_RETRY;
	one.initial = one.start_failure = true;
	ck_assert_int_eq(decide(), RESTART_AGAIN);
	ck_assert_uint_eq(shared.count, 1);
}
END_TEST

START_TEST(a_later_start_failure_is_a_restart_like_any)
{
	given();
	one.start_failure = true;
	ck_assert_int_eq(decide(), RESTART_AGAIN);
}
END_TEST

START_TEST(escalate_goes_up_at_once_by_default)
{
	given();
	one.strategy = STRATEGY_ESCALATE;
	ck_assert_int_eq(decide(), RESTART_UP);
	ck_assert_uint_eq(shared.count, 0);
}
END_TEST

START_TEST(escalate_after_lets_some_restarts_pass)
{
	given();
	supervisor.intensity = 100;
	one.strategy = STRATEGY_ESCALATE;
	one.escalate_after = (struct rate){ 3, 60000 };
	for (int i = 0; i < 3; i++)
		ck_assert_int_eq(decide(), RESTART_AGAIN);
	ck_assert_int_eq(decide(), RESTART_UP);
}
END_TEST

START_TEST(the_first_death_is_answered_at_once_then_it_doubles)
{
	struct worker_conf conf = { .backoff = { 100, 1000 },
		.stable_after_ms = 10000 };
	uint32_t n = 0;
	uint64_t before;

	ck_assert_uint_eq(restart_delay_ms(&conf, 0, &n, HALF), 0);
	before = restart_delay_ms(&conf, 0, &n, HALF);
	ck_assert_uint_ge(before, 80);
	ck_assert_uint_le(before, 120);
	for (int i = 0; i < 40; i++) {
		uint64_t delay = restart_delay_ms(&conf, 5, &n, HALF);
		ck_assert_uint_ge(delay, before);
		ck_assert_uint_le(delay, 1000);
		before = delay;
	}
	ck_assert_uint_eq(before, 1000);
}
END_TEST

START_TEST(a_healthy_time_makes_the_next_restart_immediate)
{
	struct worker_conf conf = { .backoff = { 100, 1000 },
		.stable_after_ms = 10000 };
	uint32_t n = 7;

	ck_assert_uint_eq(restart_delay_ms(&conf, 10000, &n, HALF), 0);
	ck_assert_uint_gt(restart_delay_ms(&conf, 9999, &n, HALF), 0);
}
END_TEST

START_TEST(stable_after_zero_makes_every_restart_immediate)
{
	struct worker_conf conf = { .backoff = { 100, 1000 } };
	uint32_t n = 0;

	for (int i = 0; i < 10; i++)
		ck_assert_uint_eq(restart_delay_ms(&conf, 0, &n, HALF), 0);
}
END_TEST

START_TEST(a_shortage_is_retried_uncharged_even_at_the_first_start)
{
	given();
	one.verdict = VERDICT_SHORTAGE;
	one.start_failure = one.initial = true;
	for (int i = 0; i < 100; i++)
		ck_assert_int_eq(decide(), RESTART_AGAIN);
	one.verdict = VERDICT_FAILURE;
	one.initial = false;
	ck_assert_int_eq(decide(), RESTART_AGAIN);
}
END_TEST

START_TEST(a_shortage_is_never_retried_at_once_and_never_late)
{
	struct worker_conf conf = { .backoff = { 0, 30000 } };
	uint32_t n = 0;

	for (int i = 0; i < 20; i++) {
		uint64_t delay = shortage_delay_ms(&conf, &n, HALF);

		ck_assert_uint_ge(delay, 99);
		ck_assert_uint_le(delay, 5000);
	}
}
END_TEST

UNIT(restart, a_crash_is_restarted_until_the_supervisor_gives_up,
    a_quiet_period_pays_the_debt, on_give_up_hold_does_not_go_up,
    an_end_without_restart_charges_nothing,
    an_initial_failure_aborts_and_charges_nothing,
    an_initial_failure_of_a_temporary_aborts_too,
    an_initial_ignore_does_not_abort,
    retry_makes_an_initial_failure_a_restart_like_any,
    a_later_start_failure_is_a_restart_like_any,
    escalate_goes_up_at_once_by_default, escalate_after_lets_some_restarts_pass,
    the_first_death_is_answered_at_once_then_it_doubles,
    a_healthy_time_makes_the_next_restart_immediate,
    stable_after_zero_makes_every_restart_immediate,
    a_shortage_is_retried_uncharged_even_at_the_first_start,
    a_shortage_is_never_retried_at_once_and_never_late)
