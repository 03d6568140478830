/* SPDX-License-Identifier: Apache-2.0 */
#include <locale.h>

#include "supervisor/msctl/table.h"
#include "t/lib/unit.h"

static const struct look utf8 = { .utf8 = true };
static const struct look ascii = { .utf8 = false };

static void
prints(const struct table *table, const struct look *look, const char *text)
{
	struct buf out = { 0 };

	setlocale(LC_CTYPE, "C.UTF-8");
	table_print(table, look, &out);
	buf_add_u8(&out, '\0');
	ck_assert_str_eq((char *)out.ptr, text);
	buf_fini(&out);
}

static const struct column columns[] = {
	{ "NAME", 0 },
	{ "N", COLUMN_RIGHT },
	{ "NOTE", COLUMN_FLEXIBLE },
};

START_TEST(columns_are_as_wide_as_their_widest_cell)
{
	struct table t;

	table_init(&t, columns, 3);
	table_add(&t, HUE_NONE, "a");
	table_add(&t, HUE_NONE, "1000");
	table_add(&t, HUE_NONE, "x");
	table_add(&t, HUE_NONE, "longer");
	table_addf(&t, HUE_NONE, "%d", 2);
	table_add(&t, HUE_NONE, "");
	prints(&t, &ascii,
	    "NAME       N  NOTE\n"
	    "a       1000  x\n"
	    "longer     2\n");
	table_fini(&t);
}
END_TEST

START_TEST(width_is_counted_in_columns_not_in_bytes)
{
	struct table t;

	table_init(&t, columns, 3);
	table_add(&t, HUE_NONE, "é");
	table_add(&t, HUE_NONE, "1");
	table_add(&t, HUE_NONE, "x");
	table_add(&t, HUE_NONE, "漢字漢");
	table_add(&t, HUE_NONE, "2");
	table_add(&t, HUE_NONE, "y");
	prints(&t, &utf8,
	    "NAME    N  NOTE\n"
	    "é       1  x\n"
	    "漢字漢  2  y\n");
	table_fini(&t);
}
END_TEST

START_TEST(the_flexible_column_gives_way)
{
	const struct look narrow = { .utf8 = true, .columns = 20 };
	struct table t;

	table_init(&t, columns, 3);
	table_add(&t, HUE_NONE, "name");
	table_add(&t, HUE_NONE, "1");
	table_add(&t, HUE_NONE, "123456789012");
	prints(&t, &narrow,
	    "NAME  N  NOTE\n"
	    "name  1  1234567890…\n");
	table_fini(&t);
}
END_TEST

START_TEST(empty_columns_are_left_out)
{
	struct table t;

	table_init(&t, columns, 3);
	table_add(&t, HUE_NONE, "name");
	table_add(&t, HUE_NONE, "");
	table_add(&t, HUE_NONE, "x");
	prints(&t, &ascii, "NAME  NOTE\nname  x\n");
	table_fini(&t);
}
END_TEST

START_TEST(controls_and_bad_utf8_cannot_reach_the_terminal)
{
	struct table t;

	table_init(&t, columns, 3);
	table_add(&t, HUE_NONE, "a\033[31m");
	table_add(&t, HUE_NONE, "\xff");
	table_add(&t, HUE_NONE, "é\n");
	prints(&t, &ascii, "NAME    N  NOTE\na?[31m  ?  ??\n");
	table_fini(&t);
}
END_TEST

START_TEST(colour_takes_no_columns)
{
	const struct look colour = { .colour = true };
	struct table t;

	table_init(&t, columns, 2);
	table_add(&t, HUE_GOOD, "ab");
	table_add(&t, HUE_NONE, "1");
	prints(&t, &colour,
	    "\033[2mNAME\033[0m  \033[2mN\033[0m\n"
	    "\033[32mab\033[0m    1\n");
	table_fini(&t);
}
END_TEST

START_TEST(times_and_sizes_are_short)
{
	char text[LOOK_TEXT_BYTES];

	ck_assert_str_eq(print_age(0, text), "0ms");
	ck_assert_str_eq(print_age(999, text), "999ms");
	ck_assert_str_eq(print_age(59999, text), "59s");
	ck_assert_str_eq(print_age(252000, text), "4m12s");
	ck_assert_str_eq(print_age(3 * 86400000ull + 7300000, text), "3d02h");
	ck_assert_str_eq(print_kib(900, text), "900 KiB");
	ck_assert_str_eq(print_kib(2150, text), "2.1 MiB");
	ck_assert_str_eq(print_kib(201.0 * 1024, text), "201 MiB");
	ck_assert_str_eq(print_wait(3200, text), "3.2 s");
	ck_assert_str_eq(print_wait(90, text), "90 ms");
}
END_TEST

UNIT(table, columns_are_as_wide_as_their_widest_cell,
    width_is_counted_in_columns_not_in_bytes, the_flexible_column_gives_way,
    empty_columns_are_left_out, controls_and_bad_utf8_cannot_reach_the_terminal,
    colour_takes_no_columns, times_and_sizes_are_short)
