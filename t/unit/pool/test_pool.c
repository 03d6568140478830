/* SPDX-License-Identifier: Apache-2.0 */
/* Time is a number here: at(ms). */
#include <stdlib.h>

#include "t/lib/unit.h"
#include "workers/pool/pool.h"

#define SLOTS 8

static struct pool pool;
static struct pool_key red, blue;
static struct pool_slot slot[SLOTS];
static struct pool_waiter waiter[SLOTS];

static struct mono
at(uint64_t ms)
{
	return (struct mono){ (ms + 1) * 1000000 };
}

static void
given(uint32_t size)
{
	static const struct pool_slot no_slot;
	static const struct pool_waiter no_waiter;
	const struct pool_limits limits = { .size = size,
		.acquire_timeout_ms = 30000,
		.fail_fast_ms = DURATION_INFINITY,
		.idle_timeout_ms = 600000,
		.max_lifetime_ms = 1800000 };

	pool_init(&pool, &limits, 1);
	pool_add_key(&pool, &red);
	pool_add_key(&pool, &blue);
	for (int i = 0; i < SLOTS; i++) {
		slot[i] = no_slot;
		waiter[i] = no_waiter;
	}
}

static void
given_idle(struct pool_slot *s, struct pool_key *key, uint64_t ms)
{
	pool_opening(&pool, key, s, at(ms));
	pool_opened(&pool, s, at(ms));
}

static void
given_leased(struct pool_slot *s, struct pool_key *key, uint64_t ms)
{
	given_idle(s, key, ms);
	pool_wait(&pool, &waiter[SLOTS - 1], key, at(ms));
	ck_assert_int_eq(pool_next(&pool, at(ms)).act, POOL_SERVE);
}

static struct pool_step
expect(enum pool_act act, uint64_t ms)
{
	struct pool_step step = pool_next(&pool, at(ms));

	ck_assert_int_eq(step.act, act);
	ck_assert(pool_is_sound(&pool));
	return step;
}

START_TEST(first_come_is_first_served)
{
	given(1);
	given_leased(&slot[0], &red, 0);
	for (int i = 0; i < 3; i++)
		pool_wait(&pool, &waiter[i], &red, at(1 + (uint64_t)i));
	expect(POOL_REST, 5);
	for (int i = 0; i < 3; i++) {
		pool_released(&pool, &slot[0], at(10));
		ck_assert_ptr_eq(expect(POOL_SERVE, 10).waiter, &waiter[i]);
		expect(POOL_REST, 10);
	}
}
END_TEST

START_TEST(opens_as_many_as_wait_and_never_more_than_size)
{
	given(3);
	for (int i = 0; i < 5; i++)
		pool_wait(&pool, &waiter[i], &red, at(0));
	for (int i = 0; i < 3; i++) {
		ck_assert_ptr_eq(expect(POOL_OPEN, 0).key, &red);
		pool_opening(&pool, &red, &slot[i], at(0));
	}
	expect(POOL_REST, 0);
}
END_TEST

START_TEST(one_waiter_opens_one)
{
	given(3);
	pool_wait(&pool, &waiter[0], &red, at(0));
	expect(POOL_OPEN, 0);
	pool_opening(&pool, &red, &slot[0], at(0));
	expect(POOL_REST, 0);
}
END_TEST

START_TEST(what_is_being_reset_is_waited_for)
{
	given(3);
	given_leased(&slot[0], &red, 0);
	pool_resetting(&pool, &slot[0], at(1));
	pool_wait(&pool, &waiter[0], &red, at(1));
	expect(POOL_REST, 1);
	pool_wait(&pool, &waiter[1], &red, at(1));
	expect(POOL_OPEN, 1);
}
END_TEST

START_TEST(the_last_given_back_is_the_first_taken)
{
	given(3);
	given_idle(&slot[0], &red, 0);
	given_idle(&slot[1], &red, 1);
	pool_wait(&pool, &waiter[0], &red, at(2));
	ck_assert_ptr_eq(expect(POOL_SERVE, 2).slot, &slot[1]);
}
END_TEST

START_TEST(a_full_pool_evicts_what_was_idle_for_longest)
{
	given(2);
	given_idle(&slot[0], &red, 0);
	given_idle(&slot[1], &red, 1);
	pool_wait(&pool, &waiter[0], &blue, at(2));
	ck_assert_ptr_eq(expect(POOL_RETIRE, 2).slot, &slot[0]);
	/* its room is promised: no second eviction for one waiter */
	expect(POOL_REST, 2);
	pool_gone(&pool, &slot[0]);
	ck_assert_ptr_eq(expect(POOL_OPEN, 3).key, &blue);
}
END_TEST

START_TEST(a_later_waiter_does_not_take_the_room_of_an_earlier)
{
	given(1);
	given_leased(&slot[0], &red, 0);
	pool_wait(&pool, &waiter[0], &blue, at(1));
	pool_wait(&pool, &waiter[1], &red, at(2));
	pool_released(&pool, &slot[0], at(3));
	ck_assert_ptr_eq(expect(POOL_RETIRE, 3).slot, &slot[0]);
}
END_TEST

START_TEST(who_waits_too_long_expires)
{
	given(1);
	given_leased(&slot[0], &red, 0);
	pool_wait(&pool, &waiter[0], &red, at(5));
	ck_assert_uint_eq(pool_wake(&pool, at(0)).ns, at(30005).ns);
	expect(POOL_REST, 30004);
	ck_assert_ptr_eq(expect(POOL_EXPIRE, 30005).waiter, &waiter[0]);
	expect(POOL_REST, 30005);
}
END_TEST

START_TEST(who_was_served_a_dead_one_is_first_again)
{
	given(1);
	given_idle(&slot[0], &red, 0);
	pool_wait(&pool, &waiter[0], &red, at(0));
	pool_wait(&pool, &waiter[1], &red, at(1));
	expect(POOL_SERVE, 1);
	pool_gone(&pool, &slot[0]);
	pool_wait_again(&pool, &waiter[0]);
	given_idle(&slot[1], &red, 2);
	ck_assert_ptr_eq(expect(POOL_SERVE, 2).waiter, &waiter[0]);
}
END_TEST

START_TEST(a_failed_opening_is_retried_later_and_alone)
{
	given(3);
	pool_wait(&pool, &waiter[0], &red, at(0));
	pool_wait(&pool, &waiter[1], &red, at(0));
	pool_opening(&pool, &red, &slot[0], at(0));
	pool_failed(&pool, &slot[0], at(0));
	expect(POOL_REST, 79); /* 100 ms, jitter 0.8 to 1.2 */
	expect(POOL_OPEN, 121);
	pool_opening(&pool, &red, &slot[0], at(121));
	expect(POOL_REST, 121);
	pool_opened(&pool, &slot[0], at(122));
	expect(POOL_SERVE, 122);
	expect(POOL_OPEN, 122);
}
END_TEST

START_TEST(retries_back_off_to_five_seconds)
{
	uint64_t now = 0, last = 0;

	given(1);
	pool_wait(&pool, &waiter[0], &red, at(0));
	for (int i = 0; i < 8; i++) {
		pool_opening(&pool, &red, &slot[0], at(now));
		pool_failed(&pool, &slot[0], at(now));
		last = (red.breaker.until.ns - at(now).ns) / 1000000;
		now += last + 1;
	}
	ck_assert_uint_ge(last, 4000);
	ck_assert_uint_le(last, 5000);
}
END_TEST

START_TEST(a_server_that_is_away_for_long_makes_nobody_wait)
{
	uint64_t now = 0;

	given(2);
	pool.limits.fail_fast_ms = 1000;
	pool_wait(&pool, &waiter[0], &red, at(0));
	while (now < 1000) { /* until then they wait */
		pool_opening(&pool, &red, &slot[0], at(now));
		pool_failed(&pool, &slot[0], at(now));
		expect(POOL_REST, now);
		ck_assert_uint_gt(pool_wake(&pool, at(now)).ns, at(now).ns);
		now = red.breaker.until.ns / 1000000;
	}
	pool_opening(&pool, &red, &slot[0], at(now));
	pool_wait(&pool, &waiter[1], &red, at(now));
	ck_assert_ptr_eq(expect(POOL_EXPIRE, now).waiter, &waiter[1]);
	expect(POOL_REST, now); /* the first one waits for the probe */
	ck_assert_uint_ge(pool_wake(&pool, at(now)).ns, at(now).ns);
	pool_failed(&pool, &slot[0], at(now));
	ck_assert_ptr_eq(expect(POOL_EXPIRE, now).waiter, &waiter[0]);
	/* another key, and one who comes when it is time to look, may try */
	pool_wait(&pool, &waiter[2], &blue, at(now));
	expect(POOL_OPEN, now);
	pool_unwait(&pool, &waiter[2]);
	now = red.breaker.until.ns / 1000000;
	pool_wait(&pool, &waiter[3], &red, at(now));
	ck_assert_ptr_eq(expect(POOL_OPEN, now).key, &red);
	pool_opening(&pool, &red, &slot[1], at(now));
	pool_opened(&pool, &slot[1], at(now));
	ck_assert_ptr_eq(expect(POOL_SERVE, now).waiter, &waiter[3]);
	ck_assert_int_eq(red.breaker.state, BREAKER_CLOSED);
}
END_TEST

START_TEST(who_can_be_served_by_a_leased_one_waits)
{
	given(2);
	pool.limits.fail_fast_ms = 0;
	given_leased(&slot[0], &red, 0);
	pool_opening(&pool, &red, &slot[1], at(1));
	pool_failed(&pool, &slot[1], at(1));
	pool_wait(&pool, &waiter[0], &red, at(2));
	expect(POOL_REST, 2);
	pool_released(&pool, &slot[0], at(3));
	ck_assert_ptr_eq(expect(POOL_SERVE, 3).waiter, &waiter[0]);
}
END_TEST

START_TEST(another_key_is_not_held_up_by_a_failing_one)
{
	given(2);
	pool_opening(&pool, &red, &slot[0], at(0));
	pool_failed(&pool, &slot[0], at(0));
	pool_wait(&pool, &waiter[0], &red, at(1));
	pool_wait(&pool, &waiter[1], &blue, at(2));
	ck_assert_ptr_eq(expect(POOL_OPEN, 2).key, &blue);
}
END_TEST

START_TEST(idle_ones_retire_down_to_min_size)
{
	given(3);
	pool.limits.min_size = 1;
	given_idle(&slot[0], &red, 0);
	given_idle(&slot[1], &red, 10);
	ck_assert_uint_eq(pool_wake(&pool, at(0)).ns, at(600000).ns);
	expect(POOL_REST, 599999);
	ck_assert_ptr_eq(expect(POOL_RETIRE, 600000).slot, &slot[0]);
	pool_gone(&pool, &slot[0]);
	expect(POOL_REST, 700000);
}
END_TEST

START_TEST(min_size_is_kept_warm)
{
	given(3);
	pool.limits.min_size = 2;
	pool.warm = &blue;
	for (int i = 0; i < 2; i++) {
		ck_assert_ptr_eq(expect(POOL_OPEN, 0).key, &blue);
		given_idle(&slot[i], &blue, 0);
	}
	expect(POOL_REST, 0);
}
END_TEST

START_TEST(lifetimes_differ_by_at_most_a_tenth)
{
	uint64_t least = UINT64_MAX, most = 0;

	given(1);
	for (int i = 0; i < 1000; i++) {
		uint64_t life_ms;

		pool_opening(&pool, &red, &slot[0], at(0));
		life_ms = (slot[0].retire_at.ns - at(0).ns) / 1000000;
		least = life_ms < least ? life_ms : least;
		most = life_ms > most ? life_ms : most;
		pool_gone(&pool, &slot[0]);
	}
	ck_assert_uint_ge(least, 1620000);
	ck_assert_uint_le(most, 1980000);
	ck_assert_uint_ge(most - least, 300000);
}
END_TEST

START_TEST(the_old_retire_only_when_they_are_idle)
{
	given(1);
	pool.limits.min_size = 1;
	given_leased(&slot[0], &red, 0);
	expect(POOL_REST, 2000000);
	pool_released(&pool, &slot[0], at(2000000));
	pool_wait(&pool, &waiter[0], &red, at(2000000));
	ck_assert_ptr_eq(expect(POOL_RETIRE, 2000000).slot, &slot[0]);
}
END_TEST

START_TEST(infinite_times_never_come)
{
	given(1);
	pool.limits.idle_timeout_ms = pool.limits.max_lifetime_ms =
	    pool.limits.acquire_timeout_ms = DURATION_INFINITY;
	given_idle(&slot[0], &red, 0);
	pool_wait(&pool, &waiter[0], &red, at(0));
	expect(POOL_SERVE, 0);
	pool_wait(&pool, &waiter[1], &red, at(0));
	expect(POOL_REST, UINT64_C(1) << 40);
	ck_assert_uint_eq(pool_wake(&pool, at(0)).ns, 0);
}
END_TEST

START_TEST(draining_opens_nothing_and_retires_the_idle)
{
	given(2);
	given_idle(&slot[0], &red, 0);
	pool.draining = true;
	pool_wait(&pool, &waiter[0], &blue, at(0));
	ck_assert_ptr_eq(expect(POOL_RETIRE, 0).slot, &slot[0]);
	pool_gone(&pool, &slot[0]);
	expect(POOL_REST, 0);
}
END_TEST

START_TEST(a_lowered_size_retires_the_surplus)
{
	given(3);
	for (int i = 0; i < 3; i++)
		given_idle(&slot[i], &red, 0);
	pool.limits.size = 2;
	expect(POOL_RETIRE, 0);
	expect(POOL_REST, 0);
}
END_TEST

/* Ten thousand random facts: never above size, always sound, and whoever can
 * be served is. */
START_TEST(any_order_of_facts_keeps_the_pool_sound)
{
	uint32_t used;

	given(4);
	srand(7);
	for (uint64_t now = 0; now < 10000; now++) {
		struct pool_slot *s = &slot[rand() % SLOTS];
		struct pool_waiter *w = &waiter[rand() % SLOTS];
		struct pool_step step;

		if (!w->queued)
			pool_wait(&pool, w, rand() % 2 ? &red : &blue, at(now));
		else if (rand() % 8 == 0)
			pool_unwait(&pool, w);
		if (s->state == SLOT_OPENING && rand() % 4)
			pool_opened(&pool, s, at(now));
		else if (s->state == SLOT_OPENING)
			pool_failed(&pool, s, at(now));
		else if (s->state == SLOT_LEASED)
			pool_resetting(&pool, s, at(now));
		else if (s->state == SLOT_RESETTING)
			pool_released(&pool, s, at(now));
		else if (s->state == SLOT_CLOSING)
			pool_gone(&pool, s);
		while ((step = pool_next(&pool, at(now))).act != POOL_REST) {
			int i = 0;

			if (step.act != POOL_OPEN)
				continue;
			while (slot[i].state != SLOT_OUT)
				i++;
			pool_opening(&pool, step.key, &slot[i], at(now));
		}
		used = 0;
		for (int i = SLOT_OPENING; i < SLOT_STATES; i++)
			used += pool.count[i];
		ck_assert_uint_le(used, 4);
		ck_assert(pool_is_sound(&pool));
	}
}
END_TEST

UNIT(pool, first_come_is_first_served,
    opens_as_many_as_wait_and_never_more_than_size, one_waiter_opens_one,
    what_is_being_reset_is_waited_for, the_last_given_back_is_the_first_taken,
    a_full_pool_evicts_what_was_idle_for_longest,
    a_later_waiter_does_not_take_the_room_of_an_earlier,
    who_waits_too_long_expires, who_was_served_a_dead_one_is_first_again,
    a_failed_opening_is_retried_later_and_alone,
    retries_back_off_to_five_seconds,
    a_server_that_is_away_for_long_makes_nobody_wait,
    who_can_be_served_by_a_leased_one_waits,
    another_key_is_not_held_up_by_a_failing_one,
    idle_ones_retire_down_to_min_size, min_size_is_kept_warm,
    lifetimes_differ_by_at_most_a_tenth, the_old_retire_only_when_they_are_idle,
    infinite_times_never_come, draining_opens_nothing_and_retires_the_idle,
    a_lowered_size_retires_the_surplus, any_order_of_facts_keeps_the_pool_sound)
