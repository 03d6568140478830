/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>

#include "common/fd.h"
#include "proto/expo_statsd.h"
#include "t/lib/unit.h"
#include "t/unit/proto/expo_fixture.h"

static char *
lines_of(const struct expo_view *view, const struct expo_view *before,
    bool tags)
{
	struct statsd_cursor at = { 0 };
	struct buf out = { 0 };

	while (expo_statsd_print(view, before, tags, 1, &at, &out))
		;
	buf_add_u8(&out, 0);
	return (char *)out.ptr;
}

static void
expect(const struct expo_view *view, const struct expo_view *before, bool tags,
    const char *wanted)
{
	char *lines = lines_of(view, before, tags);

	ck_assert_str_eq(lines, wanted);
	free(lines);
}

static void
view_of(const struct metrics_series *series, size_t n, struct expo_view *view)
{
	struct expo_source source = { .worker = "w",
		.series = series,
		.count = n };

	ck_assert_int_eq(expo_view_make(view, &source, 1), MS_OK);
}

START_TEST(first_only_gauges_are_known)
{
	struct two_workers two;
	struct expo_view view;

	two_workers_make(&two);
	ck_assert_int_eq(expo_view_make(&view, two.sources, 2), MS_OK);
	expect(&view, NULL, true,
	    "ms_bus_clock_offset_seconds:0|g|#worker:bus\n"
	    "ms_bus_clock_offset_seconds:-0.0015|g|#worker:bus\n"
	    "ms_bus_log_bytes:67108864|g|#worker:bus\n"
	    "ms_pool_hit_ratio:0.9875|g|#worker:pool\n");
	expo_view_fini(&view);
}
END_TEST

/* Everything is new: the whole of it has happened since. */
START_TEST(lines_are_as_they_were)
{
	struct expo_view view, nothing;
	struct buf wanted = { 0 };
	struct two_workers two;
	char *lines;

	two_workers_make(&two);
	ck_assert_int_eq(expo_view_make(&view, two.sources, 2), MS_OK);
	ck_assert_int_eq(expo_view_make(&nothing, NULL, 0), MS_OK);
	lines = lines_of(&view, &nothing, true);
	if (getenv("EXPO_GOLDEN_WRITE"))
		ck_assert_int_eq(file_replace("t/data/expo/statsd",
				     slice_of(lines), 0644, NULL),
		    MS_OK);
	ck_assert_int_eq(file_read("t/data/expo/statsd", 1 << 20, &wanted,
			     NULL),
	    MS_OK);
	buf_add_u8(&wanted, 0);
	ck_assert_str_eq(lines, (char *)wanted.ptr);
	buf_fini(&wanted);
	free(lines);
	expo_view_fini(&view);
	expo_view_fini(&nothing);
}
END_TEST

START_TEST(counters_are_said_as_differences)
{
	struct metrics_series old[] = {
		labelled(number_of("a_total", METRIC_COUNTER, METRIC_UNIT_NONE,
			     10),
		    "r", "x"),
		labelled(number_of("a_total", METRIC_COUNTER, METRIC_UNIT_NONE,
			     10),
		    "r", "z"),
		number_of("gone_total", METRIC_COUNTER, METRIC_UNIT_NONE, 1),
		number_of("same_total", METRIC_COUNTER, METRIC_UNIT_NONE, 1),
	};
	struct metrics_series now[] = {
		labelled(number_of("a_total", METRIC_COUNTER, METRIC_UNIT_NONE,
			     17),
		    "r", "x"),
		labelled(number_of("a_total", METRIC_COUNTER, METRIC_UNIT_NONE,
			     3),
		    "r", "y"), /* new */
		labelled(number_of("a_total", METRIC_COUNTER, METRIC_UNIT_NONE,
			     4),
		    "r", "z"), /* has begun anew */
		number_of("new_seconds_total", METRIC_COUNTER,
		    METRIC_UNIT_SECONDS, 1500000),
		number_of("same_total", METRIC_COUNTER, METRIC_UNIT_NONE, 1),
	};
	struct expo_view before, view;

	view_of(old, ARRAY_LEN(old), &before);
	view_of(now, ARRAY_LEN(now), &view);
	expect(&view, &before, false,
	    "a_total.w.x:7|c\na_total.w.y:3|c\na_total.w.z:4|c\n"
	    "new_seconds_total.w:0.0015|c\n");
	expo_view_fini(&before);
	expo_view_fini(&view);
}
END_TEST

START_TEST(words_do_not_break_the_line)
{
	struct metrics_series s =
	    labelled(labelled(number_of("a", METRIC_GAUGE, METRIC_UNIT_NONE, 1),
			 "x", "a|b#c,d:e@f\n\xc3\xa4"),
		"y", "");
	struct expo_view view;

	view_of(&s, 1, &view);
	expect(&view, NULL, true,
	    "a:1|g|#worker:w,x:a_b_c_d_e_f_\xc3\xa4,y:_\n");
	expect(&view, NULL, false, "a.w.a_b_c_d_e_f___._:1|g\n");
	expo_view_fini(&view);
}
END_TEST

/* The sum of 1/rate over all lines. */
static double
count_of(const char *lines, size_t *lines_r)
{
	double count = 0;

	*lines_r = 0;
	for (const char *l = lines; *l; l = strchr(l, '\n') + 1) {
		const char *rate = strstr(l, "|@");

		count += rate && rate < strchr(l, '\n')
		    ? 1 / strtod(rate + 2, NULL)
		    : 1;
		(*lines_r)++;
	}
	return count;
}

START_TEST(many_values_of_a_histogram_are_few_lines)
{
	uint64_t old[HISTOGRAM_BUCKETS(HISTOGRAM_BITS)] = { 0 };
	uint64_t new[HISTOGRAM_BUCKETS(HISTOGRAM_BITS)] = { 0 };
	struct metrics_series s =
	    number_of("a_seconds", METRIC_HISTOGRAM, METRIC_UNIT_SECONDS, 0);
	struct metrics_series t = s;
	struct expo_view before, view;
	size_t lines;
	char *text;

	s.histogram = (struct histogram){ HISTOGRAM_BITS, old, 0, 0 };
	t.histogram = (struct histogram){ HISTOGRAM_BITS, new, 0, 0 };
	record(&s.histogram, 5000, 100);
	record(&t.histogram, 5000, 100);
	for (uint64_t ns = 1000; ns < UINT64_C(30000000000); ns += ns / 50)
		record(&t.histogram, ns, 3);
	view_of(&s, 1, &before);
	view_of(&t, 1, &view);
	text = lines_of(&view, &before, true);
	ck_assert_double_eq_tol(count_of(text, &lines),
	    (double)(t.histogram.count - 100), 0.01);
	ck_assert_uint_le(lines, STATSD_TIMERS_MAX);
	ck_assert_uint_ge(lines, STATSD_TIMERS_MAX / 3);
	free(text);
	expo_view_fini(&before);
	expo_view_fini(&view);
}
END_TEST

START_TEST(packets_are_whole_lines_that_fit)
{
	struct slice rest, packet;
	struct buf lines = { 0 };
	size_t total = 0, packets = 0;

	for (int i = 0; i < 500; i++)
		buf_printf(&lines, "name_%03d:%d|c\n", i, i);
	rest = buf_slice(&lines);
	while (expo_statsd_packet(&rest, &packet)) {
		ck_assert_uint_le(packet.len, STATSD_PACKET_BYTES);
		ck_assert_int_eq(packet.ptr[packet.len - 1], 'c');
		total += packet.len + 1;
		packets++;
	}
	ck_assert_uint_eq(total, lines.len);
	ck_assert_uint_eq(packets,
	    (lines.len + STATSD_PACKET_BYTES - 1) / STATSD_PACKET_BYTES);
	buf_fini(&lines);
}
END_TEST

START_TEST(a_negative_gauge_is_never_parted_from_its_zero)
{
	/* filler so that the packet's end moves through the pair */
	for (size_t n = 1300; n < 1440; n++) {
		struct slice rest, packet;
		struct buf lines = { 0 };
		bool found = false;

		for (size_t i = 0; i < n - 4; i++)
			buf_add_u8(&lines, 'x');
		buf_add_str(&lines, ":1|c\nname:0|g\nname:-5|g\n");
		rest = buf_slice(&lines);
		while (expo_statsd_packet(&rest, &packet)) {
			size_t len = strlen("name:0|g\nname:-5|g");

			ck_assert_uint_le(packet.len, STATSD_PACKET_BYTES);
			found = found ||
			    (packet.len >= len &&
				memcmp(packet.ptr + packet.len - len,
				    "name:0|g\nname:-5|g", len) == 0);
		}
		ck_assert(found);
		buf_fini(&lines);
	}
}
END_TEST

START_TEST(a_line_that_fits_nowhere_is_left_out)
{
	struct slice rest, packet;
	struct buf lines = { 0 };

	buf_add_str(&lines, "a:1|c\n");
	for (int i = 0; i < 2000; i++)
		buf_add_u8(&lines, 'x');
	buf_add_str(&lines, ":1|c\nb:1|c\n");
	rest = buf_slice(&lines);
	ck_assert(expo_statsd_packet(&rest, &packet));
	ck_assert(slice_is(packet, "a:1|c"));
	ck_assert(expo_statsd_packet(&rest, &packet));
	ck_assert(slice_is(packet, "b:1|c"));
	ck_assert(!expo_statsd_packet(&rest, &packet));
	buf_fini(&lines);
}
END_TEST

UNIT(expo_statsd, first_only_gauges_are_known, lines_are_as_they_were,
    counters_are_said_as_differences, words_do_not_break_the_line,
    many_values_of_a_histogram_are_few_lines, packets_are_whole_lines_that_fit,
    a_negative_gauge_is_never_parted_from_its_zero,
    a_line_that_fits_nowhere_is_left_out)
