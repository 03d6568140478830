/* SPDX-License-Identifier: Apache-2.0 */
#include "proto/logs.h"
#include "t/lib/unit.h"

static struct logs_order
an_order(void)
{
	return (struct logs_order){ .verb = LOGS_ADD,
		.name = "worker@3",
		.file = "agents/worker-3.log",
		.size_bytes = UINT64_C(1) << 40,
		.age_ms = UINT64_MAX,
		.total_bytes = UINT64_C(1) << 41,
		.keep = 7,
		.rate = { 100, 1000 },
		.format = LOGS_JSON,
		.pid = 4711,
		.generation = UINT64_MAX };
}

static void
encode(const struct logs_order *order, struct buf *out)
{
	buf_reset(out);
	logs_encode(order, out);
	ck_assert(!out->failed);
	ck_assert_uint_le(out->len, LOGS_ORDER_BYTES_MAX);
}

START_TEST(an_order_survives_the_way)
{
	struct logs_order a = an_order(), b;
	struct buf out = { 0 };

	encode(&a, &out);
	ck_assert_int_eq(logs_decode(buf_slice(&out), &b, NULL), MS_OK);
	ck_assert_int_eq(b.verb, a.verb);
	ck_assert_str_eq(b.name, a.name);
	ck_assert_str_eq(b.file, a.file);
	ck_assert_uint_eq(b.size_bytes, a.size_bytes);
	ck_assert_uint_eq(b.age_ms, a.age_ms);
	ck_assert_uint_eq(b.total_bytes, a.total_bytes);
	ck_assert_uint_eq(b.rate.count, a.rate.count);
	ck_assert_uint_eq(b.rate.period_ms, a.rate.period_ms);
	ck_assert_uint_eq(b.keep, a.keep);
	ck_assert_int_eq(b.format, a.format);
	ck_assert_int_eq(b.pid, a.pid);
	ck_assert_uint_eq(b.generation, a.generation);
	buf_fini(&out);
}
END_TEST

START_TEST(reopen_needs_no_name)
{
	struct logs_order a = { .verb = LOGS_REOPEN }, b;
	struct buf out = { 0 };

	encode(&a, &out);
	ck_assert_int_eq(logs_decode(buf_slice(&out), &b, NULL), MS_OK);
	ck_assert_int_eq(b.verb, LOGS_REOPEN);
	buf_fini(&out);
}
END_TEST

START_TEST(every_cut_is_refused)
{
	struct logs_order a = an_order(), b;
	struct buf out = { 0 };

	encode(&a, &out);
	for (size_t n = 0; n < out.len; n++)
		ck_assert_int_eq(
		    logs_decode((struct slice){ (char *)out.ptr, n }, &b, NULL),
		    MS_EPROTO);
	buf_add_u8(&out, 'x');
	ck_assert_int_eq(logs_decode(buf_slice(&out), &b, NULL), MS_EPROTO);
	buf_fini(&out);
}
END_TEST

static enum ms_err
decode_with(const struct logs_order *order, size_t at, uint8_t byte)
{
	struct buf out = { 0 };
	struct logs_order b;
	enum ms_err err;

	encode(order, &out);
	if (at < out.len)
		out.ptr[at] = byte;
	err = logs_decode(buf_slice(&out), &b, NULL);
	buf_fini(&out);
	return err;
}

START_TEST(impossible_orders_are_refused)
{
	struct logs_order a = an_order();

	ck_assert_int_eq(decode_with(&a, 0, 'X'), MS_EPROTO);
	ck_assert_int_eq(decode_with(&a, 4, 0), MS_EUNSUPPORTED);
	ck_assert_int_eq(decode_with(&a, 4, 6), MS_EUNSUPPORTED);
	ck_assert_int_eq(decode_with(&a, 5, 2), MS_EUNSUPPORTED);
	ck_assert_int_eq(decode_with(&a, 7, 1), MS_ETOOBIG);
	ck_assert_int_eq(decode_with(&a, 9, 2), MS_ETOOBIG);
	ck_assert_int_eq(decode_with(&a, 10, 1), MS_EPROTO);
	ck_assert_int_eq(decode_with(&a, 35, 0x80), MS_EPROTO);
	ck_assert_int_eq(decode_with(&a, 64, '\0'), MS_EPROTO);
	ck_assert_int_eq(decode_with(&a, 64, '\n'), MS_EPROTO);
	ck_assert_int_eq(decode_with(&a, 64, '/'), MS_EPROTO);
	a.name[0] = '\0';
	ck_assert_int_eq(decode_with(&a, SIZE_MAX, 0), MS_EPROTO);
	a = an_order();
	a.file[0] = '\0';
	ck_assert_int_eq(decode_with(&a, SIZE_MAX, 0), MS_EPROTO);
}
END_TEST

START_TEST(a_report_survives_the_way_whole_or_not_at_all)
{
	struct logs_report a = { .news = LOGS_DROPPED,
		.name = "worker@3",
		.generation = 9,
		.lines = UINT64_MAX,
		.bytes = 12,
		.error = 28 },
			   b;
	struct buf out = { 0 };

	logs_report_encode(&a, &out);
	ck_assert_uint_le(out.len, LOGS_REPORT_BYTES_MAX);
	ck_assert_int_eq(logs_report_decode(buf_slice(&out), &b, NULL), MS_OK);
	ck_assert_int_eq(b.news, a.news);
	ck_assert_str_eq(b.name, a.name);
	ck_assert_uint_eq(b.generation, a.generation);
	ck_assert_uint_eq(b.lines, a.lines);
	ck_assert_uint_eq(b.bytes, a.bytes);
	ck_assert_int_eq(b.error, a.error);
	for (size_t n = 0; n < out.len; n++)
		ck_assert_int_eq(
		    logs_report_decode((struct slice){ (char *)out.ptr, n }, &b,
			NULL),
		    MS_EPROTO);
	out.ptr[4] = 9;
	ck_assert_int_eq(logs_report_decode(buf_slice(&out), &b, NULL),
	    MS_EUNSUPPORTED);
	buf_fini(&out);
}
END_TEST

UNIT(logs, an_order_survives_the_way, reopen_needs_no_name,
    every_cut_is_refused, impossible_orders_are_refused,
    a_report_survives_the_way_whole_or_not_at_all)
