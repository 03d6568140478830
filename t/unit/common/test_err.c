/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "common/err.h"
#include "t/lib/unit.h"

START_TEST(every_error_has_its_own_word)
{
	for (int i = 0; i < MS_ERR_COUNT; i++) {
		ck_assert_str_ne(ms_err_name((enum ms_err)i), "unknown");
		ck_assert_str_ne(ms_strerr((enum ms_err)i), "unknown error");
		for (int j = 0; j < i; j++)
			ck_assert_str_ne(ms_err_name((enum ms_err)i),
			    ms_err_name((enum ms_err)j));
	}
}
END_TEST

START_TEST(numbers_on_the_wire_do_not_move)
{
	ck_assert_str_eq(ms_err_name((enum ms_err)1), "bad_request");
	ck_assert_str_eq(ms_err_name((enum ms_err)4), "not_found");
	ck_assert_str_eq(ms_err_name((enum ms_err)12), "malformed");
	ck_assert_str_eq(ms_err_name((enum ms_err)22), "invalid_spec");
	ck_assert_str_eq(ms_err_name((enum ms_err)23), "internal");
	ck_assert_str_eq(ms_err_name((enum ms_err)24), "cancelled");
}
END_TEST

START_TEST(a_number_from_a_newer_peer_is_unknown)
{
	ck_assert_str_eq(ms_err_name((enum ms_err)1000), "unknown");
	ck_assert_str_eq(ms_strerr((enum ms_err) - 1), "unknown error");
	ck_assert(!ms_err_is_retryable((enum ms_err)1000));
}
END_TEST

START_TEST(what_may_pass_is_retryable_what_is_wrong_is_not)
{
	ck_assert(ms_err_is_retryable(MS_EBUSY));
	ck_assert(ms_err_is_retryable(MS_ETIMEOUT));
	ck_assert(ms_err_is_retryable(MS_EUNAVAILABLE));
	ck_assert(!ms_err_is_retryable(MS_OK));
	ck_assert(!ms_err_is_retryable(MS_EINVAL));
	ck_assert(!ms_err_is_retryable(MS_ECONFLICT));
}
END_TEST

START_TEST(a_refusal_is_no_outage_and_an_outage_may_have_done_it)
{
	ck_assert(ms_err_is_outage(MS_ETIMEOUT));
	ck_assert(ms_err_is_outage(MS_EUNAVAILABLE));
	ck_assert(!ms_err_is_outage(MS_EBUSY));
	ck_assert(!ms_err_is_outage(MS_EINVAL));
	ck_assert(!ms_err_is_outage(MS_OK));
	for (int e = 0; e < MS_ERR_COUNT; e++)
		ck_assert(!ms_err_is_outage((enum ms_err)e) ||
		    ms_err_again((enum ms_err)e) != AGAIN_ALWAYS);
	ck_assert_int_eq(ms_err_again(MS_EBUSY), AGAIN_ALWAYS);
	ck_assert_int_eq(ms_err_again((enum ms_err)1000), AGAIN_NEVER);
}
END_TEST

START_TEST(why_set_fills_cuts_and_returns_the_error)
{
	struct why why;
	char text[400];

	ck_assert_int_eq(why_set(&why, MS_EBUSY, "%d waiting", 7), MS_EBUSY);
	ck_assert_str_eq(why.text, "7 waiting");
	memset(text, 'x', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	why_set(&why, MS_EINVAL, "%s", text);
	ck_assert_uint_eq(strlen(why.text), sizeof(why.text) - 1);
	ck_assert_int_eq(why_set(NULL, MS_EPERM, "unheard"), MS_EPERM);
}
END_TEST

UNIT(err, every_error_has_its_own_word, numbers_on_the_wire_do_not_move,
    a_number_from_a_newer_peer_is_unknown,
    what_may_pass_is_retryable_what_is_wrong_is_not,
    a_refusal_is_no_outage_and_an_outage_may_have_done_it,
    why_set_fills_cuts_and_returns_the_error)
