/* SPDX-License-Identifier: Apache-2.0 */
#include "supervisor/child/wellness.h"
#include "t/lib/unit.h"

#define LIMIT 3000

static struct wellness
judge(struct wellness_facts facts)
{
	struct wellness w;

	facts.wanted = true;
	wellness_judge(&facts, LIMIT, &w);
	return w;
}

#define RUNNING .face = FACE_READY, .has_process = true

START_TEST(an_idle_worker_is_alive)
{
	struct wellness w =
	    judge((struct wellness_facts){ RUNNING, .has_life = true });

	ck_assert(w.alive);
	ck_assert_int_eq(w.level, HEALTH_OK);
	ck_assert_str_eq(w.reason, "");
}
END_TEST

START_TEST(a_program_that_says_nothing_of_itself_is_alive_while_it_runs)
{
	ck_assert(judge((struct wellness_facts){ RUNNING }).alive);
}
END_TEST

START_TEST(a_turn_may_take_its_time_but_not_for_ever)
{
	struct wellness_facts f = { RUNNING, .has_life = true, .busy = true,
		.busy_ms = LIMIT - 1 };

	ck_assert(judge(f).alive);
	f.busy_ms = LIMIT;
	ck_assert(!judge(f).alive);
	ck_assert_int_eq(judge(f).level, HEALTH_FAILED);
	ck_assert_str_eq(judge(f).reason,
	    "not alive: busy in one turn of its loop for 3s");
}
END_TEST

START_TEST(a_stopped_process_is_not_alive_whatever_else_it_is)
{
	struct wellness w = judge((struct wellness_facts){ RUNNING,
	    .has_life = true, .stopped = true });

	ck_assert(!w.alive);
	ck_assert_int_eq(w.level, HEALTH_FAILED);
}
END_TEST

START_TEST(what_nobody_expects_to_be_up_is_not_held_against_anybody)
{
	struct wellness w;
	struct rollup r = { 0 };

	wellness_judge(&(struct wellness_facts){ .face = FACE_FAILED }, LIMIT,
	    &w);
	ck_assert_int_eq(w.level, HEALTH_OK);
	ck_assert(!w.counts);
	rollup_add_worker(&r, &w, true);
	w = judge((struct wellness_facts){ .face = FACE_EXITED });
	ck_assert(!w.counts);
	rollup_add_worker(&r, &w, true);
	ck_assert_int_eq(rollup_level(&r), HEALTH_OK);
}
END_TEST

START_TEST(on_its_way_is_degraded_and_down_for_a_fault_is_failed)
{
	static const enum health_level want[FACE_COUNT] = {
		[FACE_DOWN] = HEALTH_DEGRADED,
		[FACE_STARTING] = HEALTH_DEGRADED,
		[FACE_READY] = HEALTH_OK,
		[FACE_RELOADING] = HEALTH_OK,
		[FACE_STOPPING] = HEALTH_DEGRADED,
		[FACE_BACKOFF] = HEALTH_FAILED,
		[FACE_IGNORED] = HEALTH_OK,
		[FACE_EXITED] = HEALTH_OK,
		[FACE_FAILED] = HEALTH_FAILED,
	};

	for (int i = 0; i < FACE_COUNT; i++) {
		struct wellness w = judge(
		    (struct wellness_facts){ .face = (enum child_face)i });

		ck_assert_int_eq(w.level, want[i]);
		ck_assert_int_eq(w.reason[0] == '\0', want[i] == HEALTH_OK);
	}
}
END_TEST

START_TEST(who_waits_for_another_says_for_whom)
{
	ck_assert_str_eq(judge((struct wellness_facts){ .face = FACE_DOWN,
				   .waits_for = "pool" })
			     .reason,
	    "waits for pool");
}
END_TEST

START_TEST(a_failing_check_degrades)
{
	struct wellness w =
	    judge((struct wellness_facts){ RUNNING, .check_failures = 1 });

	ck_assert_int_eq(w.level, HEALTH_DEGRADED);
	ck_assert_str_eq(w.reason, "its check has failed 1 time in a row");
}
END_TEST

/* ---- those above ---------------------------------------------------------- */

static enum health_level
roll(const char *workers, bool essential, enum health_level below)
{
	struct rollup r = { 0 };

	for (; *workers; workers++) {
		struct wellness w = { .counts = true,
			.level = *workers == 'f' ? HEALTH_FAILED
			    : *workers == 'd'    ? HEALTH_DEGRADED
						 : HEALTH_OK };

		rollup_add_worker(&r, &w, essential);
	}
	rollup_add_supervisor(&r, below);
	return rollup_level(&r);
}

START_TEST(a_supervisor_of_nobody_is_well)
{
	ck_assert_int_eq(roll("", false, HEALTH_OK), HEALTH_OK);
}
END_TEST

START_TEST(one_of_many_degrades_and_an_essential_one_fails)
{
	ck_assert_int_eq(roll("oof", false, HEALTH_OK), HEALTH_DEGRADED);
	ck_assert_int_eq(roll("ood", false, HEALTH_OK), HEALTH_DEGRADED);
	ck_assert_int_eq(roll("oof", true, HEALTH_OK), HEALTH_FAILED);
	ck_assert_int_eq(roll("ood", true, HEALTH_OK), HEALTH_DEGRADED);
	ck_assert_int_eq(roll("ooo", true, HEALTH_OK), HEALTH_OK);
}
END_TEST

START_TEST(when_nothing_works_it_has_failed)
{
	ck_assert_int_eq(roll("ff", false, HEALTH_OK), HEALTH_FAILED);
	ck_assert_int_eq(roll("fd", false, HEALTH_OK), HEALTH_DEGRADED);
}
END_TEST

START_TEST(a_supervisor_is_never_better_than_those_below)
{
	ck_assert_int_eq(roll("oo", false, HEALTH_DEGRADED), HEALTH_DEGRADED);
	ck_assert_int_eq(roll("oo", false, HEALTH_FAILED), HEALTH_FAILED);
	ck_assert_int_eq(roll("od", false, HEALTH_FAILED), HEALTH_FAILED);
}
END_TEST

UNIT(wellness, an_idle_worker_is_alive,
    a_program_that_says_nothing_of_itself_is_alive_while_it_runs,
    a_turn_may_take_its_time_but_not_for_ever,
    a_stopped_process_is_not_alive_whatever_else_it_is,
    what_nobody_expects_to_be_up_is_not_held_against_anybody,
    on_its_way_is_degraded_and_down_for_a_fault_is_failed,
    who_waits_for_another_says_for_whom, a_failing_check_degrades,
    a_supervisor_of_nobody_is_well,
    one_of_many_degrades_and_an_essential_one_fails,
    when_nothing_works_it_has_failed,
    a_supervisor_is_never_better_than_those_below)
