/* SPDX-License-Identifier: Apache-2.0 */
#include "common/retry.h"
#include "t/lib/unit.h"

static const struct mono start = { 1000 };
static const struct mono never = { 0 };

static const struct retry_conf conf = {
	.backoff = { .span = { 100, 1000 }, .max_elapsed_ms = 10000 },
	.attempts_max = 4,
	.attempt_ms = 5,
};
static const struct retry_conf idempotent = {
	.backoff = { .span = { 100, 1000 } },
	.attempts_max = 4,
	.idempotent = true,
};
static const struct retry_budget_conf tenth = { .ratio_pct = 10,
	.min_per_s = 2,
	.saved_max = 3 };

static struct retry
begun(const struct retry_conf *c)
{
	struct retry r;

	retry_init(&r, c, 7);
	return r;
}

START_TEST(what_was_not_done_is_tried_again_up_to_the_attempts)
{
	struct retry r = begun(&conf);
	uint64_t delay;

	for (int i = 0; i < 3; i++)
		ck_assert_int_eq(retry_next(&r, NULL, MS_EBUSY, 0, never, start,
				     &delay),
		    RETRY_AGAIN);
	ck_assert_int_eq(retry_next(&r, NULL, MS_EBUSY, 0, never, start,
			     &delay),
	    RETRY_ATTEMPTS);
	ck_assert_uint_eq(r.attempts, 4);
}
END_TEST

START_TEST(an_error_that_would_come_again_is_not_worth_a_try)
{
	for (int e = 0; e < MS_ERR_COUNT + 3; e++) {
		enum ms_err err = (enum ms_err)e;
		struct retry r = begun(&conf), safe = begun(&idempotent);
		uint64_t delay;
		enum retry_verdict once =
		    retry_next(&r, NULL, err, 0, never, start, &delay);
		enum retry_verdict twice =
		    retry_next(&safe, NULL, err, 0, never, start, &delay);

		ck_assert_int_eq(once == RETRY_AGAIN,
		    ms_err_again(err) == AGAIN_ALWAYS);
		ck_assert_int_eq(twice == RETRY_AGAIN,
		    ms_err_is_retryable(err));
	}
}
END_TEST

START_TEST(what_may_have_been_done_is_repeated_only_without_harm)
{
	struct retry r = begun(&conf), safe = begun(&idempotent);
	uint64_t delay;

	ck_assert_int_eq(retry_next(&r, NULL, MS_ECLOSED, 0, never, start,
			     &delay),
	    RETRY_USELESS);
	ck_assert_int_eq(retry_next(&safe, NULL, MS_ECLOSED, 0, never, start,
			     &delay),
	    RETRY_AGAIN);
}
END_TEST

START_TEST(no_try_that_cannot_finish_before_the_deadline)
{
	struct retry r = begun(&conf);
	uint64_t delay;
	struct mono now = start;

	/* 120 ms is the longest first delay, 5 the shortest attempt */
	ck_assert_int_eq(retry_next(&r, NULL, MS_EBUSY, 0, mono_add_ms(now, 84),
			     now, &delay),
	    RETRY_DEADLINE);
	r = begun(&conf);
	ck_assert_int_eq(retry_next(&r, NULL, MS_EBUSY, 0,
			     mono_add_ms(now, 126), now, &delay),
	    RETRY_AGAIN);
	ck_assert_uint_le(delay, 120);
}
END_TEST

START_TEST(a_refusal_says_how_long_to_stay_away)
{
	struct retry r = begun(&conf);
	uint64_t delay;

	ck_assert_int_eq(retry_next(&r, NULL, MS_EBUSY, 2500, never, start,
			     &delay),
	    RETRY_AGAIN);
	ck_assert_uint_eq(delay, 2500);
	ck_assert_int_eq(retry_next(&r, NULL, MS_EBUSY, 2500,
			     mono_add_ms(start, 2500), start, &delay),
	    RETRY_DEADLINE);
}
END_TEST

START_TEST(the_backoff_gives_up_in_the_end)
{
	struct retry r = begun(&conf);
	uint64_t delay;

	ck_assert_int_eq(retry_next(&r, NULL, MS_EBUSY, 0, never, start,
			     &delay),
	    RETRY_AGAIN);
	ck_assert_int_eq(retry_next(&r, NULL, MS_EBUSY, 0, never,
			     mono_add_ms(start, 10000), &delay),
	    RETRY_ELAPSED);
}
END_TEST

START_TEST(a_budget_is_a_tenth_of_the_calls_and_a_few_a_second)
{
	struct retry_budget b;

	retry_budget_init(&b, &tenth, start);
	ck_assert(retry_budget_spend(&b, start));
	ck_assert(retry_budget_spend(&b, start));
	ck_assert(!retry_budget_spend(&b, start));
	for (int i = 0; i < 9; i++)
		retry_budget_earn(&b);
	ck_assert(!retry_budget_spend(&b, start));
	retry_budget_earn(&b);
	ck_assert_uint_eq(retry_budget_left(&b, start), 1);
	ck_assert(retry_budget_spend(&b, start));
	ck_assert(!retry_budget_spend(&b, start));
	ck_assert(retry_budget_spend(&b, mono_add_ms(start, 500)));
}
END_TEST

START_TEST(savings_have_a_bound)
{
	struct retry_budget b;

	retry_budget_init(&b, &tenth, start);
	for (int i = 0; i < 100000; i++)
		retry_budget_earn(&b);
	ck_assert_uint_eq(retry_budget_left(&b, start), 3 + 2);
}
END_TEST

START_TEST(under_total_failure_retries_stay_a_share_of_the_calls)
{
	struct retry_budget b;
	struct mono now = start;
	uint64_t delay;
	int retries = 0;

	retry_budget_init(&b, &tenth, now);
	for (int i = 0; i < 10000; i++) { /* 1,000 calls/s for 10 s */
		struct retry r = begun(&idempotent);

		now = mono_add_ms(now, 1);
		retry_budget_earn(&b);
		while (retry_next(&r, &b, MS_EUNAVAILABLE, 0, never, now,
			   &delay) == RETRY_AGAIN)
			retries++;
	}
	ck_assert_int_ge(retries, 1000);
	ck_assert_int_le(retries, 1000 + 2 * 10 + 2 + 3);
}
END_TEST

START_TEST(a_budget_of_nothing_gives_nothing)
{
	static const struct retry_budget_conf none = { 0, 0, 0 };
	struct retry r = begun(&conf);
	struct retry_budget b;
	uint64_t delay;

	retry_budget_init(&b, &none, start);
	retry_budget_earn(&b);
	ck_assert_uint_eq(retry_budget_left(&b, start), 0);
	ck_assert_int_eq(retry_next(&r, &b, MS_EBUSY, 0, never, start, &delay),
	    RETRY_BUDGET);
}
END_TEST

UNIT(retry, what_was_not_done_is_tried_again_up_to_the_attempts,
    an_error_that_would_come_again_is_not_worth_a_try,
    what_may_have_been_done_is_repeated_only_without_harm,
    no_try_that_cannot_finish_before_the_deadline,
    a_refusal_says_how_long_to_stay_away, the_backoff_gives_up_in_the_end,
    a_budget_is_a_tenth_of_the_calls_and_a_few_a_second, savings_have_a_bound,
    under_total_failure_retries_stay_a_share_of_the_calls,
    a_budget_of_nothing_gives_nothing)
