/* SPDX-License-Identifier: Apache-2.0 */
#include "t/lib/unit.h"
#include "workers/log/quota.h"

static struct mono
at(uint64_t ms)
{
	return (struct mono){ (ms + 1) * 1000000 };
}

START_TEST(without_a_rate_everything_passes)
{
	struct quota q = { .rate = { 0, 0 } };

	for (int i = 0; i < 1000; i++)
		ck_assert(quota_take(&q, at(0)));
	ck_assert(!quota_is_spent(&q, at(0)));
}
END_TEST

START_TEST(period_has_its_share_and_the_next_has_it_again)
{
	struct quota q = { .rate = { 2, 1000 } };

	ck_assert(quota_take(&q, at(0)));
	ck_assert(quota_take(&q, at(500)));
	ck_assert(!quota_take(&q, at(999)));
	ck_assert(quota_is_spent(&q, at(999)));
	ck_assert(!quota_is_spent(&q, at(1000)));
	ck_assert(quota_take(&q, at(1000)));
	ck_assert(quota_take(&q, at(1999)));
	ck_assert(!quota_take(&q, at(1999)));
}
END_TEST

START_TEST(quiet_time_is_not_saved_up)
{
	struct quota q = { .rate = { 1, 1000 } };

	ck_assert(quota_take(&q, at(0)));
	ck_assert(quota_take(&q, at(90000)));
	ck_assert(!quota_take(&q, at(90001)));
}
END_TEST

UNIT(quota, without_a_rate_everything_passes,
    period_has_its_share_and_the_next_has_it_again, quiet_time_is_not_saved_up)
