/* SPDX-License-Identifier: Apache-2.0 */
#include "common/deadline.h"
#include "t/lib/unit.h"

static const struct mono now = { 1000000 };
static const struct mono none = { 0 };

START_TEST(what_travels_is_rounded_down_and_never_zero)
{
	struct mono d = mono_add_ms(now, 20);

	ck_assert_uint_eq(deadline_left_ms(d, now), 20);
	ck_assert_uint_eq(deadline_left_ms(d, (struct mono){ now.ns + 1 }), 19);
	ck_assert_uint_eq(deadline_left_ms(d, d), 1);
	ck_assert_uint_eq(deadline_left_ms(d, mono_add_ms(d, 5)), 1);
	ck_assert_uint_eq(deadline_left_ms(none, now), 0);
	ck_assert_uint_eq(deadline_left_ms((struct mono){ UINT64_MAX }, now),
	    UINT32_MAX);
}
END_TEST

START_TEST(a_deadline_only_shrinks_on_its_way)
{
	struct mono client = mono_add_ms(now, 100);
	uint32_t sent = deadline_left_ms(client, now);
	struct mono server = deadline_from(sent, mono_add_ms(now, 7));
	uint32_t onward =
	    deadline_budget_ms(server, mono_add_ms(now, 20), 10, 30000);

	ck_assert_uint_eq(sent, 100);
	ck_assert_uint_eq(onward, 77);
	ck_assert_uint_eq(deadline_from(0, now).ns, 0);
}
END_TEST

START_TEST(a_call_on_behalf_gets_what_is_left_less_a_margin)
{
	struct mono d = mono_add_ms(now, 50);

	ck_assert_uint_eq(deadline_budget_ms(d, now, 10, 1000), 40);
	ck_assert_uint_eq(deadline_budget_ms(d, now, 10, 25), 25);
	ck_assert_uint_eq(deadline_budget_ms(d, now, 50, 1000), 0);
	ck_assert_uint_eq(deadline_budget_ms(d, now, 51, 1000), 0);
	ck_assert_uint_eq(deadline_budget_ms(none, now, 10, 1000), 1000);
}
END_TEST

UNIT(deadline, what_travels_is_rounded_down_and_never_zero,
    a_deadline_only_shrinks_on_its_way,
    a_call_on_behalf_gets_what_is_left_less_a_margin)
