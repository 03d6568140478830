/* SPDX-License-Identifier: Apache-2.0 */
#include "common/buf.h"
#include "t/lib/unit.h"
#include "workers/log/lines.h"

/* Pieces in [], those whose line goes on with a + behind. */
static void
expect(const char *bytes, size_t limit, bool all, const char *wanted,
    size_t wanted_off)
{
	struct buf out = { 0 };
	struct piece piece;
	size_t off = 0;

	while (lines_next(slice_of(bytes), limit, all, &off, &piece))
		buf_printf(&out, "[%.*s]%s", (int)piece.text.len,
		    piece.text.ptr, piece.more ? "+" : "");
	buf_add_u8(&out, 0);
	ck_assert_str_eq((char *)out.ptr, wanted);
	ck_assert_uint_eq(off, wanted_off);
	buf_fini(&out);
}

START_TEST(lines_end_at_newlines)
{
	expect("", 8, false, "", 0);
	expect("\n", 8, false, "[]", 1);
	expect("ab\n\ncd\r\nef", 8, false, "[ab][][cd]", 8);
	expect("ab\nef", 8, true, "[ab][ef]", 5);
}
END_TEST

START_TEST(long_line_is_cut_and_says_that_it_goes_on)
{
	expect("abcdefghij\nk\n", 4, false, "[abcd]+[efgh]+[ij][k]", 13);
	expect("abcdefghij", 4, false, "[abcd]+[efgh]+", 8);
	expect("abcdefghij", 4, true, "[abcd]+[efgh]+[ij]", 10);
}
END_TEST

START_TEST(line_of_just_the_limit_is_whole)
{
	expect("abcd\n", 4, false, "[abcd]", 5);
	expect("abcd\r\n", 4, false, "[abcd]", 6);
	expect("abcd", 4, false, "", 0);
	expect("abcd", 4, true, "[abcd]", 4);
	expect("abcde\n", 4, false, "[abcd]+[e]", 6);
}
END_TEST

START_TEST(character_is_not_cut_in_two)
{
	expect("abc\xc3\xa4"
	       "d\n",
	    4, false,
	    "[abc]+[\xc3\xa4"
	    "d]",
	    7);
	expect("\x80\x80\x80\x80\x80\n", 4, false, "[\x80\x80\x80\x80]+[\x80]",
	    6);
}
END_TEST

UNIT(lines, lines_end_at_newlines, long_line_is_cut_and_says_that_it_goes_on,
    line_of_just_the_limit_is_whole, character_is_not_cut_in_two)
