/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>

#include "common/backoff.h"
#include "common/bulkhead.h"
#include "t/lib/unit.h"

static const struct mono start = { 1000 };
static const struct bulkhead_conf conf = { .slots = 2,
	.queue = 3,
	.queue_ms = 100 };

static struct bulkhead b;
static struct bulkhead_waiter w[8];

static enum bulkhead_verdict
enter(int i, uint64_t ms)
{
	return bulkhead_enter(&b, &w[i], mono_add_ms(start, ms));
}

static void
fill(void)
{
	bulkhead_init(&b, &conf);
	for (int i = 0; i < 8; i++)
		w[i] = (struct bulkhead_waiter){ 0 };
	ck_assert_int_eq(enter(0, 0), BULKHEAD_ENTERED);
	ck_assert_int_eq(enter(1, 0), BULKHEAD_ENTERED);
}

static int
next(uint64_t ms, enum bulkhead_act act)
{
	struct bulkhead_waiter *waiter = NULL;

	ck_assert_int_eq(bulkhead_next(&b, mono_add_ms(start, ms), &waiter),
	    act);
	return waiter ? (int)(waiter - w) : -1;
}

START_TEST(slots_then_queue_then_no)
{
	fill();
	for (int i = 2; i < 5; i++)
		ck_assert_int_eq(enter(i, 0), BULKHEAD_QUEUED);
	ck_assert_int_eq(enter(5, 0), BULKHEAD_FULL);
	ck_assert_uint_eq(b.refused, 1);
	next(0, BULKHEAD_REST);
}
END_TEST

START_TEST(first_come_first_served)
{
	fill();
	ck_assert_int_eq(enter(2, 0), BULKHEAD_QUEUED);
	ck_assert_int_eq(enter(3, 1), BULKHEAD_QUEUED);
	bulkhead_leave(&b);
	/* a slot is free, but those who wait come first */
	ck_assert_int_eq(enter(4, 2), BULKHEAD_QUEUED);
	ck_assert_int_eq(next(2, BULKHEAD_ADMIT), 2);
	next(2, BULKHEAD_REST);
	bulkhead_leave(&b);
	ck_assert_int_eq(next(2, BULKHEAD_ADMIT), 3);
}
END_TEST

START_TEST(who_waits_too_long_is_told_when_and_is_out)
{
	fill();
	ck_assert_int_eq(enter(2, 10), BULKHEAD_QUEUED);
	ck_assert_int_eq(enter(3, 20), BULKHEAD_QUEUED);
	ck_assert_uint_eq(bulkhead_wake(&b).ns, mono_add_ms(start, 110).ns);
	next(109, BULKHEAD_REST);
	ck_assert_int_eq(next(110, BULKHEAD_EXPIRE), 2);
	next(110, BULKHEAD_REST);
	ck_assert_int_eq(next(120, BULKHEAD_EXPIRE), 3);
	ck_assert_uint_eq(bulkhead_wake(&b).ns, 0);
	ck_assert_uint_eq(b.timed_out, 2);
	ck_assert_uint_eq(b.inside, 2);
}
END_TEST

START_TEST(who_gives_up_leaves_his_place_to_another)
{
	fill();
	for (int i = 2; i < 5; i++)
		ck_assert_int_eq(enter(i, 0), BULKHEAD_QUEUED);
	ck_assert(bulkhead_cancel(&b, &w[3]));
	ck_assert(!bulkhead_cancel(&b, &w[3]));
	ck_assert_int_eq(enter(5, 0), BULKHEAD_QUEUED);
	for (int i = 0; i < 2; i++)
		bulkhead_leave(&b);
	ck_assert_int_eq(next(0, BULKHEAD_ADMIT), 2);
	ck_assert_int_eq(next(0, BULKHEAD_ADMIT), 4);
	next(0, BULKHEAD_REST);
}
END_TEST

START_TEST(who_does_not_want_to_wait_is_refused_at_once)
{
	fill();
	ck_assert_int_eq(bulkhead_enter(&b, NULL, start), BULKHEAD_FULL);
	bulkhead_leave(&b);
	ck_assert_int_eq(bulkhead_enter(&b, NULL, start), BULKHEAD_ENTERED);
}
END_TEST

START_TEST(limits_may_change_at_any_time)
{
	fill();
	ck_assert_int_eq(enter(2, 0), BULKHEAD_QUEUED);
	b.conf.slots = 1; /* more inside than allowed */
	bulkhead_leave(&b);
	next(0, BULKHEAD_REST);
	b.conf.slots = 2;
	ck_assert_int_eq(next(0, BULKHEAD_ADMIT), 2);
	ck_assert_int_eq(enter(3, 0), BULKHEAD_QUEUED);
	b.conf.queue_ms = DURATION_INFINITY;
	ck_assert_uint_eq(bulkhead_wake(&b).ns, 0);
	next(1000000, BULKHEAD_REST);
}
END_TEST

/* Every order of events: nobody is lost, no bound is passed. */
START_TEST(in_any_order_nobody_is_lost_and_no_bound_is_passed)
{
	uint64_t dice = 20261125;
	struct mono now = start;
	bool inside[8] = { false };

	bulkhead_init(&b, &conf);
	for (int i = 0; i < 8; i++)
		w[i] = (struct bulkhead_waiter){ 0 };
	for (int step = 0; step < 200000; step++) {
		uint32_t i = dice_next(&dice) % 8, n = 0, q = 0;
		struct bulkhead_waiter *waiter;
		enum bulkhead_act act;

		now = mono_add_ms(now, dice_next(&dice) % 20);
		if (inside[i]) {
			bulkhead_leave(&b);
			inside[i] = false;
		} else if (w[i].queued) {
			bulkhead_cancel(&b, &w[i]);
		} else {
			inside[i] =
			    bulkhead_enter(&b, &w[i], now) == BULKHEAD_ENTERED;
		}
		while ((act = bulkhead_next(&b, now, &waiter)) != BULKHEAD_REST)
			inside[waiter - w] = act == BULKHEAD_ADMIT;
		for (int k = 0; k < 8; k++) {
			n += inside[k];
			q += w[k].queued;
			ck_assert(!(inside[k] && w[k].queued));
		}
		ck_assert_uint_eq(n, b.inside);
		ck_assert_uint_eq(q, b.waiting);
		ck_assert_uint_le(n, conf.slots);
		ck_assert_uint_le(q, conf.queue);
		ck_assert(q == 0 || n == conf.slots);
	}
}
END_TEST

UNIT(bulkhead, slots_then_queue_then_no, first_come_first_served,
    who_waits_too_long_is_told_when_and_is_out,
    who_gives_up_leaves_his_place_to_another,
    who_does_not_want_to_wait_is_refused_at_once, limits_may_change_at_any_time,
    in_any_order_nobody_is_lost_and_no_bound_is_passed)
