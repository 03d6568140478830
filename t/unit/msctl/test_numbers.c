/* SPDX-License-Identifier: Apache-2.0 */
#include <locale.h>

#include "supervisor/msctl/numbers.h"
#include "t/lib/unit.h"
#include "t/unit/proto/expo_fixture.h"

static const struct look plain = { .columns = 80 };

static void
prints(const struct numbers *n, const struct numbers *before, const char *text)
{
	struct buf out = { 0 };
	struct slice rest, line;

	numbers_render(n, before, &plain, &out);
	rest = buf_slice(&out);
	while (slice_cut(&rest, '\n', &line))
		ck_assert_uint_le(line.len, 80);
	buf_add_u8(&out, 0);
	ck_assert_str_eq((char *)out.ptr, text);
	buf_fini(&out);
}

START_TEST(a_family_is_named_once_and_fits_into_eighty_columns)
{
	struct two_workers two;
	struct numbers n = { .has_tree = false };

	setlocale(LC_CTYPE, "C.UTF-8");
	two_workers_make(&two);
	two.bus[1].label_values[0] = "a.subject.of.many.words.that.is.long";
	ck_assert_int_eq(expo_view_make(&n.view, two.sources, 2), MS_OK);
	prints(&n, NULL,
	    "METRIC                                  "
	    "      WORKER        VALUE     P50    P99\n"
	    "ms_bus_clock_offset_seconds             "
	    "      bus         -1.5 ms\n"
	    "ms_bus_events_total\n"
	    "  subject=a.subject.of.many.words.that.i"
	    "s.l~  bus     12345678901\n"
	    "  subject=b result=refused              "
	    "      bus               7\n"
	    "ms_bus_log_bytes                        "
	    "      bus        64.0 MiB\n"
	    "ms_bus_route_seconds                    "
	    "      bus             100  1.5 us  40 us\n"
	    "ms_loop_turns_total                     "
	    "      bus            4096\n"
	    "                                        "
	    "      pool             17\n"
	    "ms_pool_hit_ratio                       "
	    "      pool        98.75 %\n"
	    "ms_pool_wait_seconds_total              "
	    "      pool          1m01s\n");
	expo_view_fini(&n.view);
}
END_TEST

START_TEST(a_second_look_knows_the_rate)
{
	struct metrics_series old =
	    number_of("a_total", METRIC_COUNTER, METRIC_UNIT_NONE, 10);
	struct metrics_series new =
	    number_of("a_total", METRIC_COUNTER, METRIC_UNIT_NONE, 30);
	struct expo_source sources[] = { { "w", &old, 1, 0 },
		{ "w", &new, 1, 0 } };
	struct numbers before = { .at = { 1000000000 } };
	struct numbers n = { .at = { 3000000000 } };

	ck_assert_int_eq(expo_view_make(&before.view, &sources[0], 1), MS_OK);
	ck_assert_int_eq(expo_view_make(&n.view, &sources[1], 1), MS_OK);
	prints(&n, &before,
	    "METRIC   WORKER  VALUE  PER S\n"
	    "a_total  w          30     10\n");
	expo_view_fini(&before.view);
	expo_view_fini(&n.view);
}
END_TEST

START_TEST(one_worker_can_be_chosen)
{
	struct two_workers two;
	struct numbers n = { .has_tree = false };

	two_workers_make(&two);
	ck_assert_int_eq(expo_view_make(&n.view, two.sources, 2), MS_OK);
	expo_view_only(&n.view, "pool");
	prints(&n, NULL,
	    "METRIC                      WORKER    VALUE\n"
	    "ms_loop_turns_total         pool         17\n"
	    "ms_pool_hit_ratio           pool    98.75 %\n"
	    "ms_pool_wait_seconds_total  pool      1m01s\n");
	expo_view_fini(&n.view);
}
END_TEST

UNIT(numbers, a_family_is_named_once_and_fits_into_eighty_columns,
    a_second_look_knows_the_rate, one_worker_can_be_chosen)
