/* SPDX-License-Identifier: Apache-2.0 */
#include "t/lib/unit.h"
#include "workers/worker_gate.h"

static const struct mono start = { 1000000000 };

static struct gate gate;
static struct gate_client a, b;
static uint64_t retry_after_ms;

static void
begin(void)
{
	gate_init(&gate);
	gate_client_init(&a);
	gate_client_init(&b);
}

/* A request that has waited so long for its turn. */
static enum gate_verdict
ask(struct gate_client *client, enum priority priority, uint64_t at_ms,
    uint64_t waited_ms)
{
	struct mono now = mono_add_ms(start, at_ms);
	struct gate_ask ask = { .priority = priority,
		.received = { now.ns - waited_ms * 1000000 } };

	return gate_ask(&gate, client, &ask, now, &retry_after_ms);
}

START_TEST(one_client_leaves_room_for_the_others)
{
	begin();
	for (uint32_t i = 0; i < GATE_CLIENT_SLOTS; i++)
		ck_assert_int_eq(ask(&a, PRIORITY_NORMAL, 0, 0), GATE_OPEN);
	ck_assert_int_eq(ask(&a, PRIORITY_NORMAL, 0, 0), GATE_GREEDY);
	ck_assert_uint_gt(retry_after_ms, 0);
	ck_assert_int_eq(ask(&b, PRIORITY_NORMAL, 0, 0), GATE_OPEN);
	gate_leave(&gate, &a);
	ck_assert_int_eq(ask(&a, PRIORITY_NORMAL, 0, 0), GATE_OPEN);
	ck_assert_uint_eq(gate.slots.inside, GATE_CLIENT_SLOTS + 1);
}
END_TEST

START_TEST(a_full_worker_still_answers_its_operator)
{
	struct gate_client many[GATE_SLOTS / GATE_CLIENT_SLOTS + 1];
	uint32_t n = 0;

	begin();
	for (size_t i = 0; i < sizeof(many) / sizeof(*many); i++)
		gate_client_init(&many[i]);
	while (ask(&many[n / GATE_CLIENT_SLOTS], PRIORITY_NORMAL, 0, 0) ==
	    GATE_OPEN)
		n++;
	ck_assert_uint_eq(n, GATE_SLOTS);
	ck_assert_int_eq(ask(&a, PRIORITY_NORMAL, 0, 0), GATE_FULL);
	ck_assert_uint_eq(retry_after_ms, 100);
	ck_assert_int_eq(ask(&a, PRIORITY_HIGH, 0, 0), GATE_OPEN);
	gate_leave(&gate, &a);
	ck_assert_uint_eq(gate.slots.inside, GATE_SLOTS);
	ck_assert_uint_eq(a.slots.inside, 0);
}
END_TEST

START_TEST(a_hiccup_refuses_nobody_an_overload_the_least_first)
{
	begin();
	/* a turn that was late, then one request after another */
	for (uint64_t ms = 0; ms < 150; ms++)
		ck_assert_int_eq(ask(&a, PRIORITY_BACKGROUND, ms, 800),
		    GATE_OPEN);
	for (uint64_t ms = 150; ms < 1100; ms++) {
		ask(&a, PRIORITY_HIGH, ms, 800);
		gate_leave(&gate, &a);
	}
	ck_assert_int_eq(ask(&b, PRIORITY_NORMAL, 1100, 800), GATE_SHED);
	ck_assert_uint_gt(retry_after_ms, 0);
	ck_assert_int_eq(ask(&b, PRIORITY_HIGH, 1100, 800), GATE_OPEN);
	for (uint64_t ms = 1100; ms < 2600; ms++)
		ask(&b, PRIORITY_BACKGROUND, ms, 1);
	ck_assert_int_eq(ask(&b, PRIORITY_BACKGROUND, 2600, 1), GATE_OPEN);
}
END_TEST

START_TEST(what_nobody_waits_for_is_not_begun_however_high)
{
	struct gate_ask late = { .priority = PRIORITY_CONTROL,
		.received = start,
		.deadline = mono_add_ms(start, 50) };

	begin();
	ck_assert_int_eq(gate_ask(&gate, &a, &late, mono_add_ms(start, 50),
			     &retry_after_ms),
	    GATE_EXPIRED);
	ck_assert_uint_eq(gate.slots.inside, 0);
	ck_assert_int_eq(gate_ask(&gate, &a, &late, mono_add_ms(start, 49),
			     &retry_after_ms),
	    GATE_OPEN);
}
END_TEST

UNIT(worker_gate, what_nobody_waits_for_is_not_begun_however_high,
    one_client_leaves_room_for_the_others,
    a_full_worker_still_answers_its_operator,
    a_hiccup_refuses_nobody_an_overload_the_least_first)
