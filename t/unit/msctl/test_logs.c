/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "supervisor/msctl/logs.h"
#include "t/lib/unit.h"

static off_t
tail(const char *text, size_t bytes, uint64_t lines)
{
	FILE *file = tmpfile();
	off_t at;

	ck_assert_ptr_nonnull(file);
	ck_assert_uint_eq(fwrite(text, 1, bytes, file), bytes);
	fflush(file);
	at = logs_tail_offset(fileno(file), lines);
	fclose(file);
	return at;
}

START_TEST(the_last_lines_begin_where_they_begin)
{
	ck_assert_int_eq(tail("a\nb\nc\n", 6, 1), 4);
	ck_assert_int_eq(tail("a\nb\nc\n", 6, 2), 2);
	ck_assert_int_eq(tail("a\nb\nc\n", 6, 3), 0);
	ck_assert_int_eq(tail("a\nb\nc\n", 6, 9), 0);
	ck_assert_int_eq(tail("a\nb\nc\n", 6, 0), 6);
	ck_assert_int_eq(tail("", 0, 5), 0);
}
END_TEST

START_TEST(an_unfinished_line_counts)
{
	ck_assert_int_eq(tail("a\nb\nc", 5, 1), 4);
	ck_assert_int_eq(tail("a\nb\nc", 5, 2), 2);
}
END_TEST

START_TEST(lines_are_found_across_blocks)
{
	static char text[300000];

	memset(text, 'x', sizeof(text));
	text[99999] = '\n';
	text[sizeof(text) - 1] = '\n';
	ck_assert_int_eq(tail(text, sizeof(text), 1), 100000);
	ck_assert_int_eq(tail(text, sizeof(text), 2), 0);
}
END_TEST

UNIT(logs, the_last_lines_begin_where_they_begin, an_unfinished_line_counts,
    lines_are_found_across_blocks)
