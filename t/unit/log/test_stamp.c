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
	struct buf out = { 0 };

	stamp_line(from, INT64_C(1795551300123000000), line, &out);
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
	static const char hostile[] = "say \"hi\" \\ \x01 \xff";
	struct buf out = { 0 };
	struct json_raw value;

	stamp_line(&json, 0, (struct slice){ hostile, sizeof hostile - 1 },
	    &out);
	ck_assert_int_eq(out.ptr[out.len - 1], '\n');
	ck_assert_int_eq(json_check(buf_slice(&out), &value, NULL), MS_OK);
	ck_assert_ptr_nonnull(strstr((char *)out.ptr, "\"generation\":4"));
	buf_fini(&out);
}
END_TEST

UNIT(stamp, text_line_carries_time_name_and_pid,
    line_of_an_unknown_pid_has_none, terminal_controls_become_visible,
    json_line_is_valid_whatever_was_said)
