/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "common/json.h"
#include "t/lib/unit.h"
#include "workers/log/stamp.h"

static const struct origin text = { "bus", 312, 4, LOGS_TEXT };
static const struct origin json = { "bus", 312, 4, LOGS_JSON };

static void
expect(const struct origin *from, struct slice line, const char *wanted)
{
	struct piece piece = { line, false };
	struct buf out = { 0 };
	struct stamp stamp;

	stamp_init(&stamp, from, INT64_C(1795551300123000000));
	stamp_line(&stamp, &piece, &out);
	buf_add_u8(&out, 0);
	ck_assert_str_eq((char *)out.ptr, wanted);
	buf_fini(&out);
}

START_TEST(text_line_carries_time_name_and_pid)
{
	expect(&text, SLICE_LIT("info ready port=1"),
	    "2026-11-24T20:15:00.123Z bus[312] info ready port=1\n");
}
END_TEST

START_TEST(line_of_an_unknown_pid_has_none)
{
	struct origin from = text;

	from.pid = 0;
	expect(&from, SLICE_LIT("x"), "2026-11-24T20:15:00.123Z bus x\n");
}
END_TEST

START_TEST(terminal_controls_become_visible)
{
	expect(&text, SLICE_LIT("a\x1b[2Jb\tc\x7f"),
	    "2026-11-24T20:15:00.123Z bus[312] a\\x1b[2Jb\tc\\x7f\n");
}
END_TEST

START_TEST(json_line_is_valid_whatever_was_said)
{
	static const char hostile[] = "say \"hi\" \\ \x01 \0 \xff";
	struct piece piece = { { hostile, sizeof hostile - 1 }, true };
	struct buf out = { 0 };
	struct json_raw value;
	struct stamp stamp;

	stamp_init(&stamp, &json, 0);
	stamp_line(&stamp, &piece, &out);
	ck_assert_int_eq(out.ptr[out.len - 1], '\n');
	ck_assert_int_eq(json_check(buf_slice(&out), &value, NULL), MS_OK);
	buf_add_u8(&out, 0);
	ck_assert_ptr_nonnull(strstr((char *)out.ptr, "\"generation\":4"));
	ck_assert_ptr_nonnull(strstr((char *)out.ptr, "\"more\":true"));
	buf_fini(&out);
}
END_TEST

START_TEST(dropped_lines_are_a_line_of_the_same_form)
{
	struct buf out = { 0 };
	struct json_raw value;
	struct stamp stamp;

	stamp_init(&stamp, &json, 0);
	stamp_dropped(&stamp, 12, "disk \"full\"", &out);
	ck_assert_int_eq(json_check(buf_slice(&out), &value, NULL), MS_OK);
	buf_add_u8(&out, 0);
	ck_assert_ptr_nonnull(strstr((char *)out.ptr, "\"dropped\":12}"));
	buf_fini(&out);
}
END_TEST

START_TEST(first_line_tells_when_a_file_was_begun)
{
	const struct origin *forms[] = { &text, &json };
	int64_t wall = INT64_C(1795551300123000000), found;

	for (size_t i = 0; i < ARRAY_LEN(forms); i++) {
		struct piece piece = { SLICE_LIT("x"), false };
		struct buf out = { 0 };
		struct stamp stamp;

		stamp_init(&stamp, forms[i], wall);
		stamp_line(&stamp, &piece, &out);
		ck_assert(stamp_time(buf_slice(&out), &found));
		ck_assert_int_eq(found, wall);
		buf_fini(&out);
	}
	ck_assert(!stamp_time(SLICE_LIT("hello world"), &found));
	ck_assert(!stamp_time(SLICE_LIT(""), &found));
}
END_TEST

UNIT(stamp, text_line_carries_time_name_and_pid,
    line_of_an_unknown_pid_has_none, terminal_controls_become_visible,
    json_line_is_valid_whatever_was_said,
    dropped_lines_are_a_line_of_the_same_form,
    first_line_tells_when_a_file_was_begun)
