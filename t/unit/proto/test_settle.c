/* SPDX-License-Identifier: Apache-2.0 */
#include "proto/settle.h"
#include "t/lib/unit.h"

static const struct settle retry = { 5, 9, 1500, SETTLE_RETRY, { "busy", 4 } };

START_TEST(a_settlement_comes_back_as_it_was)
{
	struct buf bytes = { 0 };
	struct settle got;
	struct slice rest;

	settle_put(&retry, &bytes);
	settle_put(&(struct settle){ .first_seq = 1, .last_seq = 1 }, &bytes);
	rest = buf_slice(&bytes);
	ck_assert_int_eq(settle_next(&rest, &got, NULL), MS_OK);
	ck_assert_uint_eq(got.first_seq, 5);
	ck_assert_uint_eq(got.last_seq, 9);
	ck_assert_uint_eq(got.delay_ms, 1500);
	ck_assert_int_eq(got.result, SETTLE_RETRY);
	ck_assert(slice_is(got.reason, "busy"));
	ck_assert_int_eq(settle_next(&rest, &got, NULL), MS_OK);
	ck_assert_int_eq(got.result, SETTLE_SUCCESS);
	ck_assert_int_eq(settle_next(&rest, &got, NULL), MS_ENOTFOUND);
	buf_fini(&bytes);
}
END_TEST

START_TEST(every_cut_is_malformed)
{
	struct buf bytes = { 0 };
	uint32_t count;

	settle_put(&retry, &bytes);
	for (size_t len = 1; len < bytes.len; len++)
		ck_assert_int_eq(settle_check((struct slice){ (char *)bytes.ptr,
						  len },
				     &count, NULL),
		    MS_EPROTO);
	ck_assert_int_eq(settle_check(buf_slice(&bytes), &count, NULL), MS_OK);
	ck_assert_uint_eq(count, 1);
	buf_fini(&bytes);
}
END_TEST

START_TEST(nonsense_is_refused)
{
	static const struct settle bad[] = { { .first_seq = 0, .last_seq = 1 },
		{ .first_seq = 3, .last_seq = 2 },
		{ .first_seq = 1, .last_seq = 1, .result = SETTLE_RESULTS } };

	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		struct buf bytes = { 0 };
		uint32_t count;

		settle_put(&bad[i], &bytes);
		ck_assert_int_eq(settle_check(buf_slice(&bytes), &count, NULL),
		    MS_EINVAL);
		buf_fini(&bytes);
	}
}
END_TEST

START_TEST(a_long_reason_is_cut_between_characters)
{
	struct buf bytes = { 0 };
	struct settle long_one = retry, got;
	char text[SETTLE_REASON_MAX + 2];
	struct slice rest;

	memset(text, 'x', sizeof(text));
	memcpy(text + SETTLE_REASON_MAX - 1, "\xc3\xa9", 2);
	long_one.reason = (struct slice){ text, sizeof(text) };
	settle_put(&long_one, &bytes);
	rest = buf_slice(&bytes);
	ck_assert_int_eq(settle_next(&rest, &got, NULL), MS_OK);
	ck_assert_uint_eq(got.reason.len, SETTLE_REASON_MAX - 1);
	buf_fini(&bytes);
}
END_TEST

UNIT(settle, a_settlement_comes_back_as_it_was, every_cut_is_malformed,
    nonsense_is_refused, a_long_reason_is_cut_between_characters)
