/* SPDX-License-Identifier: Apache-2.0 */
#include "supervisor/tree/strategy.h"
#include "t/lib/unit.h"

/* Which of five siblings are covered when number 2 fails, as a bit each. */
static unsigned
covered(enum strategy strategy)
{
	unsigned bits = 0;

	for (size_t i = 0; i < 5; i++)
		if (strategy_covers(strategy, 2, i))
			bits |= 1u << i;
	return bits;
}

START_TEST(one_for_one_takes_nobody_along)
{
	ck_assert_uint_eq(covered(STRATEGY_ONE_FOR_ONE), 0x04);
	ck_assert_uint_eq(covered(STRATEGY_DEFAULT), 0x04);
}
END_TEST

START_TEST(rest_for_one_takes_those_after)
{
	ck_assert_uint_eq(covered(STRATEGY_REST_FOR_ONE), 0x1c);
}
END_TEST

START_TEST(one_for_all_takes_all)
{
	ck_assert_uint_eq(covered(STRATEGY_ONE_FOR_ALL), 0x1f);
}
END_TEST

START_TEST(escalate_restarts_alone_while_its_budget_lasts)
{
	ck_assert_uint_eq(covered(STRATEGY_ESCALATE), 0x04);
}
END_TEST

START_TEST(a_workers_own_strategy_wins)
{
	ck_assert_int_eq(strategy_of(STRATEGY_REST_FOR_ONE,
			     STRATEGY_ONE_FOR_ALL),
	    STRATEGY_REST_FOR_ONE);
	ck_assert_int_eq(strategy_of(STRATEGY_DEFAULT, STRATEGY_ONE_FOR_ALL),
	    STRATEGY_ONE_FOR_ALL);
	ck_assert_int_eq(strategy_of(STRATEGY_DEFAULT, STRATEGY_DEFAULT),
	    STRATEGY_ONE_FOR_ONE);
}
END_TEST

START_TEST(temporary_is_never_revived)
{
	ck_assert(!strategy_revives(RESTART_TEMPORARY, false, false));
	ck_assert(!strategy_revives(RESTART_TEMPORARY, false, true));
}
END_TEST

START_TEST(what_an_operator_stopped_stays_stopped_unless_strict)
{
	ck_assert(!strategy_revives(RESTART_PERMANENT, true, false));
	ck_assert(strategy_revives(RESTART_PERMANENT, true, true));
	ck_assert(strategy_revives(RESTART_PERMANENT, false, false));
	ck_assert(strategy_revives(RESTART_TRANSIENT, false, false));
}
END_TEST

UNIT(strategy, one_for_one_takes_nobody_along, rest_for_one_takes_those_after,
    one_for_all_takes_all, escalate_restarts_alone_while_its_budget_lasts,
    a_workers_own_strategy_wins, temporary_is_never_revived,
    what_an_operator_stopped_stays_stopped_unless_strict)
