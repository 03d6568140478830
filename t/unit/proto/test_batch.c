/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>

#include "proto/batch.h"
#include "t/lib/unit.h"

static const struct batch_head given = { .base_seq = 100,
	.first_ts_ns = -5,
	.last_ts_ns = INT64_MAX,
	.prev_batch_crc = 0xdeadbeef,
	.synced_upto = 99,
	.log_epoch = 3,
	.flags = 1 };
static const char *const frames[] = { "one", "twotwotw", "three" };

static void
make_batch(struct buf *out)
{
	struct batch_writer w;

	batch_begin(&w, out);
	for (size_t i = 0; i < ARRAY_LEN(frames); i++)
		batch_add(&w, slice_of(frames[i]));
	batch_end(&w, &given);
	ck_assert(!out->failed);
}

/* From an exact copy, so that asan sees a read past the end. */
static enum ms_err
check_copy(const struct buf *buf, size_t n, struct batch_head *head_r)
{
	char *copy = malloc(n ? n : 1);
	size_t total;
	enum ms_err err;

	memcpy(copy, buf->ptr, n);
	err = batch_check((struct slice){ copy, n }, head_r, &total, NULL);
	free(copy);
	return err;
}

static struct slice
body_of(const struct buf *buf)
{
	return (struct slice){ (char *)buf->ptr + BATCH_HEADER_BYTES,
		buf->len - BATCH_HEADER_BYTES };
}

START_TEST(a_batch_survives_the_way)
{
	struct buf out = { 0 };
	struct batch_head head;
	struct batch_reader r;
	struct slice frame;
	size_t total;
	bool end;

	make_batch(&out);
	ck_assert_uint_eq(out.len, 64 + 16 + 16 + 16);
	ck_assert_int_eq(batch_check(buf_slice(&out), &head, &total, NULL),
	    MS_OK);
	ck_assert_uint_eq(total, out.len);
	ck_assert_uint_eq(head.count, 3);
	ck_assert_uint_eq(head.body_bytes, out.len - 64);
	ck_assert_uint_eq(head.base_seq, 100);
	ck_assert_int_eq(head.first_ts_ns, -5);
	ck_assert_int_eq(head.last_ts_ns, INT64_MAX);
	ck_assert_uint_eq(head.prev_batch_crc, 0xdeadbeef);
	ck_assert_uint_eq(head.synced_upto, 99);
	ck_assert_uint_eq(head.log_epoch, 3);
	ck_assert_uint_eq(head.flags, 1);
	r = batch_read(body_of(&out), head.count);
	for (size_t i = 0; i < ARRAY_LEN(frames); i++) {
		ck_assert_int_eq(batch_next(&r, &frame, &end), MS_OK);
		ck_assert(!end);
		ck_assert(slice_is(frame, frames[i]));
	}
	ck_assert_int_eq(batch_next(&r, &frame, &end), MS_OK);
	ck_assert(end);
	buf_fini(&out);
}
END_TEST

START_TEST(records_are_aligned_even_when_the_batch_is_not)
{
	struct buf out = { 0 };
	struct batch_head head;
	size_t total;

	buf_add(&out, "abc", 3);
	make_batch(&out);
	ck_assert_int_eq(batch_check((struct slice){ (char *)out.ptr + 3,
					 out.len - 3 },
			     &head, &total, NULL),
	    MS_OK);
	ck_assert_uint_eq(total, out.len - 3);
	buf_fini(&out);
}
END_TEST

START_TEST(an_empty_batch_is_valid)
{
	struct buf out = { 0 };
	struct batch_writer w;
	struct batch_head head;

	batch_begin(&w, &out);
	batch_end(&w, NULL);
	ck_assert_int_eq(check_copy(&out, out.len, &head), MS_OK);
	ck_assert_uint_eq(head.count, 0);
	buf_fini(&out);
}
END_TEST

START_TEST(bytes_behind_a_batch_are_left_alone)
{
	struct buf out = { 0 };
	struct batch_head head;
	size_t total;

	make_batch(&out);
	buf_add_str(&out, "next");
	ck_assert_int_eq(batch_check(buf_slice(&out), &head, &total, NULL),
	    MS_OK);
	ck_assert_uint_eq(total, out.len - 4);
	buf_fini(&out);
}
END_TEST

START_TEST(a_cancelled_or_empty_record_leaves_no_trace)
{
	struct buf out = { 0 };
	struct batch_writer w;
	struct batch_head head;

	batch_begin(&w, &out);
	batch_open_record(&w);
	buf_add_str(&out, "half");
	batch_cancel_record(&w);
	batch_open_record(&w);
	batch_close_record(&w);
	batch_cancel_record(&w);
	batch_add(&w, SLICE_LIT("whole"));
	batch_open_record(&w);
	buf_add_str(&out, "never closed");
	batch_end(&w, NULL);
	ck_assert_int_eq(check_copy(&out, out.len, &head), MS_OK);
	ck_assert_uint_eq(head.count, 1);
	ck_assert_uint_eq(head.body_bytes, 16);
	buf_fini(&out);
}
END_TEST

START_TEST(the_header_alone_can_be_renewed)
{
	struct buf out = { 0 };
	struct batch_head head, again;
	uint32_t before;

	make_batch(&out);
	ck_assert_int_eq(batch_head_get(buf_slice(&out), &head, NULL), MS_OK);
	before = head.header_crc;
	head.base_seq = 7777;
	batch_head_put(out.ptr, &head);
	ck_assert_uint_ne(head.header_crc, before);
	ck_assert_int_eq(check_copy(&out, out.len, &again), MS_OK);
	ck_assert_uint_eq(again.base_seq, 7777);
	ck_assert_uint_eq(again.header_crc, head.header_crc);
	buf_fini(&out);
}
END_TEST

START_TEST(every_cut_is_refused)
{
	struct buf out = { 0 };
	struct batch_head head;

	make_batch(&out);
	for (size_t n = 0; n < out.len; n++)
		ck_assert_int_eq(check_copy(&out, n, &head), MS_EPROTO);
	buf_fini(&out);
}
END_TEST

START_TEST(every_flipped_bit_is_refused)
{
	struct buf out = { 0 };
	struct batch_head head;

	make_batch(&out);
	for (size_t bit = 0; bit < out.len * 8; bit++) {
		enum ms_err err;

		out.ptr[bit / 8] ^= (unsigned char)(1u << bit % 8);
		err = check_copy(&out, out.len, &head);
		ck_assert_msg(err == (bit < 32 ? MS_EPROTO : MS_ECHECKSUM),
		    "bit %zu: %d", bit, (int)err);
		out.ptr[bit / 8] ^= (unsigned char)(1u << bit % 8);
	}
	buf_fini(&out);
}
END_TEST

START_TEST(lengths_past_their_limits_are_refused)
{
	static const struct {
		uint32_t bytes, count;
		enum ms_err err;
	} cases[] = {
		{ BATCH_BODY_MAX + 8, 1, MS_ETOOBIG },
		{ UINT32_MAX, 1, MS_ETOOBIG },
		{ BATCH_BODY_MAX, BATCH_COUNT_MAX + 1, MS_ETOOBIG },
		{ 12, 1, MS_EPROTO },
		{ 16, 2, MS_EPROTO },
		{ 16, 0, MS_EPROTO },
		{ 0, 1, MS_EPROTO },
	};
	unsigned char header[BATCH_HEADER_BYTES];

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct batch_head head = { .body_bytes = cases[i].bytes,
			.count = cases[i].count };
		struct why why = { "" };

		batch_head_put(header, &head);
		ck_assert_int_eq(batch_head_get((struct slice){ (char *)header,
						    sizeof(header) },
				     &head, &why),
		    cases[i].err);
		ck_assert(why.text[0]);
	}
}
END_TEST

START_TEST(one_bad_record_costs_one_event)
{
	struct buf out = { 0 };
	struct batch_reader r;
	struct slice frame;
	bool end;

	make_batch(&out);
	out.ptr[64 + 16 + 8] ^= 1; /* in the second frame */
	r = batch_read(body_of(&out), 3);
	ck_assert_int_eq(batch_next(&r, &frame, &end), MS_OK);
	ck_assert_int_eq(batch_next(&r, &frame, &end), MS_ECHECKSUM);
	ck_assert(!end);
	ck_assert_int_eq(batch_next(&r, &frame, &end), MS_OK);
	ck_assert(slice_is(frame, "three"));
	buf_fini(&out);
}
END_TEST

START_TEST(record_lengths_that_break_the_body_end_it)
{
	static const uint32_t lengths[] = { 0, 41, 4096, UINT32_MAX };

	for (size_t i = 0; i < ARRAY_LEN(lengths); i++) {
		struct buf out = { 0 };
		struct batch_reader r;
		struct slice frame;
		bool end;

		make_batch(&out);
		put_u32(out.ptr + 64, lengths[i]);
		r = batch_read(body_of(&out), 3);
		ck_assert_int_eq(batch_next(&r, &frame, &end), MS_EPROTO);
		ck_assert_int_eq(batch_next(&r, &frame, &end), MS_OK);
		ck_assert(end);
		buf_fini(&out);
	}
}
END_TEST

START_TEST(a_count_that_differs_from_the_body_is_refused)
{
	struct buf out = { 0 };
	struct batch_reader r;
	struct slice frame;
	bool end = false;
	enum ms_err err = MS_OK;

	make_batch(&out);
	r = batch_read(body_of(&out), 2);
	for (int i = 0; i < 2; i++)
		ck_assert_int_eq(batch_next(&r, &frame, &end), MS_OK);
	ck_assert_int_eq(batch_next(&r, &frame, &end), MS_EPROTO);
	r = batch_read(body_of(&out), 4);
	for (int i = 0; i < 4; i++)
		err = batch_next(&r, &frame, &end);
	ck_assert_int_eq(err, MS_EPROTO);
	buf_fini(&out);
}
END_TEST

START_TEST(a_full_buffer_fails_and_never_crashes)
{
	for (size_t limit = 1; limit < 120; limit++) {
		struct buf out = { .limit_bytes = limit };
		struct batch_writer w;

		batch_begin(&w, &out);
		for (size_t i = 0; i < ARRAY_LEN(frames); i++)
			batch_add(&w, slice_of(frames[i]));
		batch_end(&w, &given);
		ck_assert_int_eq(out.failed, limit < 112);
		buf_fini(&out);
	}
}
END_TEST

UNIT(batch, a_batch_survives_the_way,
    records_are_aligned_even_when_the_batch_is_not, an_empty_batch_is_valid,
    bytes_behind_a_batch_are_left_alone,
    a_cancelled_or_empty_record_leaves_no_trace,
    the_header_alone_can_be_renewed, every_cut_is_refused,
    every_flipped_bit_is_refused, lengths_past_their_limits_are_refused,
    one_bad_record_costs_one_event, record_lengths_that_break_the_body_end_it,
    a_count_that_differs_from_the_body_is_refused,
    a_full_buffer_fails_and_never_crashes)
