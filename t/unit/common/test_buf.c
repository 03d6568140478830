/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "common/buf.h"
#include "t/lib/unit.h"

START_TEST(numbers_are_little_endian_and_come_back)
{
	static const unsigned char expected[] = { 1, 3, 2, 7, 6, 5, 4, 15, 14,
		13, 12, 11, 10, 9, 8 };
	struct buf buf = { 0 };
	struct cursor c;

	buf_add_u8(&buf, 1);
	buf_add_u16(&buf, 0x0203);
	buf_add_u32(&buf, 0x04050607);
	buf_add_u64(&buf, UINT64_C(0x08090a0b0c0d0e0f));
	ck_assert_uint_eq(buf.len, sizeof(expected));
	ck_assert_mem_eq(buf.ptr, expected, sizeof(expected));
	c = cursor_of(buf_slice(&buf));
	ck_assert_uint_eq(cursor_u8(&c), 1);
	ck_assert_uint_eq(cursor_u16(&c), 0x0203);
	ck_assert_uint_eq(cursor_u32(&c), 0x04050607);
	ck_assert_uint_eq(cursor_u64(&c), UINT64_C(0x08090a0b0c0d0e0f));
	ck_assert_uint_eq(cursor_left(&c), 0);
	ck_assert(!c.failed);
	buf_fini(&buf);
}
END_TEST

START_TEST(a_read_past_the_end_fails_for_good_and_yields_zeros)
{
	struct cursor c = cursor_of(SLICE_LIT("abc"));

	ck_assert_uint_eq(cursor_u32(&c), 0);
	ck_assert(c.failed);
	ck_assert_uint_eq(cursor_u8(&c), 0); /* though bytes are there */
	ck_assert_uint_eq(cursor_left(&c), 0);
	ck_assert_uint_eq(cursor_bytes(&c, 1).len, 0);
}
END_TEST

START_TEST(an_absurd_length_does_not_wrap_the_cursor)
{
	struct cursor c = cursor_of(SLICE_LIT("abc"));

	cursor_skip(&c, SIZE_MAX);
	ck_assert(c.failed);
	c = cursor_of((struct slice){ NULL, 0 });
	ck_assert_uint_eq(cursor_bytes(&c, 0).len, 0);
	ck_assert(!c.failed);
	cursor_skip(&c, 1);
	ck_assert(c.failed);
}
END_TEST

START_TEST(cursor_bytes_points_into_the_input)
{
	struct slice in = SLICE_LIT("headbody");
	struct cursor c = cursor_of(in);

	cursor_skip(&c, 4);
	ck_assert(slice_is(cursor_bytes(&c, 4), "body"));
	ck_assert_uint_eq(cursor_left(&c), 0);
}
END_TEST

START_TEST(a_write_past_the_limit_writes_nothing_and_is_remembered)
{
	struct buf buf = { .limit_bytes = 8 };

	buf_add_str(&buf, "12345678");
	ck_assert(!buf.failed);
	buf_add_u8(&buf, 'x');
	ck_assert(buf.failed);
	buf_drop(&buf, 4);
	buf_add_str(&buf, "y");
	ck_assert(slice_is(buf_slice(&buf), "5678"));
	buf_reset(&buf);
	buf_printf(&buf, "%d", 12345678); /* the NUL needs no room of ours */
	ck_assert(!buf.failed);
	ck_assert(slice_is(buf_slice(&buf), "12345678"));
	buf_reset(&buf);
	buf_printf(&buf, "%d", 123456789);
	ck_assert(buf.failed);
	ck_assert_uint_eq(buf.len, 0);
	buf_fini(&buf);
}
END_TEST

START_TEST(an_absurd_reservation_is_refused)
{
	struct buf buf = { 0 };

	buf_add_str(&buf, "abc");
	ck_assert_ptr_null(buf_reserve(&buf, SIZE_MAX - 1));
	ck_assert(buf.failed);
	ck_assert(slice_is(buf_slice(&buf), "abc"));
	buf_fini(&buf);
}
END_TEST

START_TEST(reserving_gives_room_without_moving_the_end)
{
	struct buf buf = { 0 };
	unsigned char *room;

	ck_assert_ptr_nonnull(buf_reserve(&buf, 0));
	room = buf_reserve(&buf, 1000);
	memset(room, 'r', 1000);
	ck_assert_uint_eq(buf.len, 0);
	buf.len = 1000;
	buf_add_str(&buf, "end");
	ck_assert_mem_eq(buf.ptr + 998, "rrend", 5);
	buf_fini(&buf);
}
END_TEST

START_TEST(padding_reaches_the_multiple_with_zeros)
{
	struct buf buf = { 0 };

	buf_pad(&buf, 8);
	ck_assert_uint_eq(buf.len, 0);
	buf_add_str(&buf, "abc");
	buf_pad(&buf, 8);
	ck_assert_uint_eq(buf.len, 8);
	ck_assert_mem_eq(buf.ptr, "abc\0\0\0\0\0", 8);
	buf_pad(&buf, 8);
	ck_assert_uint_eq(buf.len, 8);
	buf_pad(&buf, 0);
	ck_assert_uint_eq(buf.len, 8);
	buf_fini(&buf);
}
END_TEST

START_TEST(only_whole_lines_are_taken)
{
	struct buf buf = { 0 };
	struct slice line;
	size_t off = 0;

	buf_add_str(&buf, "one\ntwo\r\n\n\r\nthr");
	ck_assert(buf_line(&buf, &off, &line) && slice_is(line, "one"));
	ck_assert(buf_line(&buf, &off, &line) && slice_is(line, "two"));
	ck_assert(buf_line(&buf, &off, &line) && slice_is(line, ""));
	ck_assert(buf_line(&buf, &off, &line) && slice_is(line, ""));
	ck_assert(!buf_line(&buf, &off, &line));
	buf_drop(&buf, off);
	off = 0;
	buf_add_str(&buf, "ee\n");
	ck_assert(buf_line(&buf, &off, &line) && slice_is(line, "three"));
	ck_assert(!buf_line(&buf, &off, &line));
	buf_fini(&buf);
}
END_TEST

START_TEST(dropping_more_than_there_is_empties)
{
	struct buf buf = { 0 };

	buf_drop(&buf, 5);
	buf_add_str(&buf, "abc");
	buf_drop(&buf, 1);
	ck_assert(slice_is(buf_slice(&buf), "bc"));
	buf_drop(&buf, 100);
	ck_assert_uint_eq(buf.len, 0);
	buf_fini(&buf);
}
END_TEST

START_TEST(unaligned_places_are_read_and_written)
{
	unsigned char bytes[16] = { 0 };

	put_u64(bytes + 1, UINT64_C(0x1122334455667788));
	ck_assert_uint_eq(get_u64(bytes + 1), UINT64_C(0x1122334455667788));
	ck_assert_uint_eq(get_u32(bytes + 1), 0x55667788);
	ck_assert_uint_eq(get_u16(bytes + 3), 0x5566);
	put_u16(bytes + 3, 0xffee);
	put_u32(bytes + 5, 0);
	ck_assert_uint_eq(get_u64(bytes + 1), UINT64_C(0x00000000ffee7788));
}
END_TEST

UNIT(buf, numbers_are_little_endian_and_come_back,
    a_read_past_the_end_fails_for_good_and_yields_zeros,
    an_absurd_length_does_not_wrap_the_cursor,
    cursor_bytes_points_into_the_input,
    a_write_past_the_limit_writes_nothing_and_is_remembered,
    an_absurd_reservation_is_refused,
    reserving_gives_room_without_moving_the_end,
    padding_reaches_the_multiple_with_zeros, only_whole_lines_are_taken,
    dropping_more_than_there_is_empties, unaligned_places_are_read_and_written)
