/* SPDX-License-Identifier: Apache-2.0 */
#include "supervisor/child/heartbeat.h"
#include "supervisor/child/phi.h"
#include "t/lib/unit.h"

#define PUNCTUAL(ms) at(ms), at(ms)

static struct mono
at(uint64_t ms)
{
	return mono_add_ms((struct mono){ 1 }, ms);
}

static struct heartbeat
watched(uint64_t timeout_ms, double phi)
{
	struct watchdog_conf conf = { timeout_ms, phi };
	struct heartbeat h = { .timeout_ms = 0 };

	heartbeat_init(&h, &conf);
	heartbeat_start(&h, at(0));
	return h;
}

/* One beat a second, for n seconds. */
static void
beat(struct heartbeat *h, uint64_t n)
{
	for (uint64_t i = 1; i <= n; i++)
		heartbeat_beat(h, at(i * 1000));
}

static void
due_at(const struct heartbeat *h, uint64_t ms)
{
	ck_assert_uint_eq(heartbeat_due(h).ns, at(ms).ns);
}

START_TEST(silence_beyond_the_deadline_is_hung)
{
	struct heartbeat h = watched(500, 0);

	due_at(&h, 500);
	heartbeat_beat(&h, at(300));
	due_at(&h, 800);
	ck_assert_int_eq(heartbeat_judge(&h, PUNCTUAL(500)), HEARTBEAT_WAIT);
	ck_assert_int_eq(heartbeat_judge(&h, PUNCTUAL(800)), HEARTBEAT_HUNG);
	heartbeat_stop(&h);
}
END_TEST

START_TEST(who_is_not_watched_is_never_hung)
{
	struct heartbeat h = watched(0, 0);

	ck_assert_uint_eq(heartbeat_due(&h).ns, 0);
	ck_assert_int_eq(heartbeat_judge(&h, PUNCTUAL(1000000)),
	    HEARTBEAT_WAIT);
	heartbeat_stop(&h);
}
END_TEST

START_TEST(beats_before_ready_and_after_the_stop_are_nothing)
{
	struct watchdog_conf conf = { 500, 0 };
	struct heartbeat h = { .timeout_ms = 0 };

	heartbeat_init(&h, &conf);
	heartbeat_beat(&h, at(100));
	heartbeat_lease(&h, 100000, at(100));
	ck_assert_uint_eq(heartbeat_due(&h).ns, 0);
	heartbeat_start(&h, at(200));
	due_at(&h, 700);
	heartbeat_stop(&h);
	heartbeat_beat(&h, at(300));
	ck_assert_uint_eq(heartbeat_due(&h).ns, 0);
}
END_TEST

START_TEST(its_own_wish_replaces_the_deadline)
{
	struct heartbeat h = watched(500, 0);

	heartbeat_set(&h, 2000, at(100));
	due_at(&h, 2100);
	heartbeat_set(&h, 0, at(200));
	ck_assert_uint_eq(heartbeat_due(&h).ns, 0);
	heartbeat_stop(&h);

	h = watched(0, 8.);
	beat(&h, 20);
	heartbeat_set(&h, 300, at(20000));
	ck_assert_ptr_null(h.phi);
	due_at(&h, 20300);
	heartbeat_stop(&h);
}
END_TEST

START_TEST(a_lease_is_waited_for)
{
	struct heartbeat h = watched(500, 0);

	heartbeat_lease(&h, 3000, at(100));
	due_at(&h, 3100);
	heartbeat_lease(&h, 100, at(200)); /* a shorter one takes nothing */
	due_at(&h, 3100);
	ck_assert_int_eq(heartbeat_judge(&h, PUNCTUAL(600)), HEARTBEAT_WAIT);
	ck_assert_int_eq(heartbeat_judge(&h, PUNCTUAL(3100)), HEARTBEAT_HUNG);
	heartbeat_stop(&h);
}
END_TEST

START_TEST(a_rhythm_is_judged_by_phi)
{
	struct heartbeat h = watched(0, 8.);

	beat(&h, 10);
	ck_assert_uint_eq(heartbeat_due(&h).ns, 0);
	heartbeat_beat(&h, at(11000));
	due_at(&h, 12562);
	ck_assert_int_eq(heartbeat_judge(&h, PUNCTUAL(12500)), HEARTBEAT_WAIT);
	ck_assert_int_eq(heartbeat_judge(&h, PUNCTUAL(12562)), HEARTBEAT_HUNG);
	heartbeat_stop(&h);
}
END_TEST

START_TEST(the_silence_of_a_lease_is_no_sample)
{
	struct heartbeat h = watched(0, 8.);

	beat(&h, 20);
	heartbeat_lease(&h, 60000, at(20200));
	due_at(&h, 80200);
	heartbeat_beat(&h, at(50000)); /* within it ... */
	due_at(&h, 80200);
	heartbeat_beat(&h, at(85000)); /* ... and out of it */
	due_at(&h, 86562);
	heartbeat_beat(&h, at(86000));
	due_at(&h, 87562);
	heartbeat_stop(&h);
}
END_TEST

START_TEST(a_judge_who_slept_gives_one_more_period)
{
	struct heartbeat h = watched(500, 0);

	ck_assert_int_eq(heartbeat_judge(&h, at(500), at(3500)),
	    HEARTBEAT_WAIT);
	due_at(&h, 4000);
	ck_assert_int_eq(heartbeat_judge(&h, PUNCTUAL(4000)), HEARTBEAT_HUNG);
	heartbeat_stop(&h);

	h = watched(0, 8.);
	beat(&h, 20);
	ck_assert_int_eq(heartbeat_judge(&h, at(21562), at(40000)),
	    HEARTBEAT_WAIT);
	due_at(&h, 41562);
	heartbeat_beat(&h, at(41000)); /* and the sleep is no sample */
	due_at(&h, 42562);
	heartbeat_stop(&h);
}
END_TEST

START_TEST(a_judge_who_is_always_late_still_judges)
{
	struct heartbeat h = watched(500, 0);
	uint64_t now = 0;

	for (unsigned i = 0; i < HEARTBEAT_GRACES; i++)
		ck_assert_int_eq(heartbeat_judge(&h, heartbeat_due(&h),
				     at(now += 1000)),
		    HEARTBEAT_WAIT);
	ck_assert_int_eq(heartbeat_judge(&h, heartbeat_due(&h),
			     at(now += 1000)),
	    HEARTBEAT_HUNG);
	heartbeat_stop(&h);
}
END_TEST

UNIT(heartbeat, silence_beyond_the_deadline_is_hung,
    who_is_not_watched_is_never_hung,
    beats_before_ready_and_after_the_stop_are_nothing,
    its_own_wish_replaces_the_deadline, a_lease_is_waited_for,
    a_rhythm_is_judged_by_phi, the_silence_of_a_lease_is_no_sample,
    a_judge_who_slept_gives_one_more_period,
    a_judge_who_is_always_late_still_judges)
