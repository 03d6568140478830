/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>

#include "common/fd.h"
#include "proto/expo.h"
#include "proto/expo_statsd.h"
#include "t/lib/expo_check.h"
#include "t/lib/unit.h"
#include "t/unit/proto/expo_fixture.h"

#define AT INT64_C(1764000000500000000)

static void
print(const struct expo_view *view, enum expo_format format, size_t step,
    struct buf *out)
{
	struct expo_cursor at = { 0 };

	while (expo_print(view, format, AT, step, &at, out))
		;
	ck_assert(!out->failed);
}

static void
expect_valid(const struct expo_view *view, bool style)
{
	for (int open = 0; open < 2; open++) {
		struct expo_report report;
		struct buf out = { 0 };

		print(view, open ? EXPO_OPENMETRICS : EXPO_TEXT, 100, &out);
		expo_check(buf_slice(&out), open, &report);
		ck_assert_msg(report.count == (style ? 0 : report.style),
		    "%.*s\n%.*s", (int)report.problems.len, report.problems.ptr,
		    (int)out.len, out.ptr);
		expo_report_fini(&report);
		buf_fini(&out);
	}
}

static void
expect_good(const struct expo_view *view)
{
	expect_valid(view, true);
}

static char *
text_of(const struct expo_view *view, enum expo_format format)
{
	struct buf out = { 0 };

	print(view, format, 1000, &out);
	buf_add_u8(&out, 0);
	return (char *)out.ptr;
}

static void
expect_text(const struct expo_view *view, enum expo_format format,
    const char *wanted)
{
	char *text = text_of(view, format);

	ck_assert_str_eq(text, wanted);
	free(text);
}

/* One worker w with these series. */
static void
view_of(const struct metrics_series *series, size_t n, struct expo_view *view)
{
	struct expo_source source = { .worker = "w",
		.series = series,
		.count = n };

	ck_assert_int_eq(expo_view_make(view, &source, 1), MS_OK);
}

/* EXPO_GOLDEN_WRITE=1 writes them anew. */
static void
expect_golden(const char *path, struct slice text)
{
	struct buf wanted = { 0 };

	if (getenv("EXPO_GOLDEN_WRITE")) {
		ck_assert_int_eq(file_replace(path, text, 0644, NULL), MS_OK);
		return;
	}
	ck_assert_int_eq(file_read(path, 1 << 20, &wanted, NULL), MS_OK);
	ck_assert_msg(slice_eq(buf_slice(&wanted), text), "%s is not:\n%.*s",
	    path, (int)text.len, text.ptr);
	buf_fini(&wanted);
}

START_TEST(every_format_is_as_it_was)
{
	static const struct {
		enum expo_format format;
		const char *path;
	} formats[] = { { EXPO_TEXT, "t/data/expo/text" },
		{ EXPO_OPENMETRICS, "t/data/expo/openmetrics" },
		{ EXPO_JSON, "t/data/expo/json" } };
	struct two_workers two;
	struct expo_view view;

	two_workers_make(&two);
	ck_assert_int_eq(expo_view_make(&view, two.sources, 2), MS_OK);
	ck_assert_uint_eq(view.left_out, 0);
	for (size_t i = 0; i < ARRAY_LEN(formats); i++) {
		struct buf out = { 0 };

		print(&view, formats[i].format, 1000, &out);
		expect_golden(formats[i].path, buf_slice(&out));
		buf_fini(&out);
	}
	expect_good(&view);
	expo_view_fini(&view);
}
END_TEST

START_TEST(pieces_make_the_same_whole)
{
	struct buf whole = { 0 }, pieces = { 0 };
	struct two_workers two;
	struct expo_view view;

	two_workers_make(&two);
	ck_assert_int_eq(expo_view_make(&view, two.sources, 2), MS_OK);
	print(&view, EXPO_OPENMETRICS, 1000, &whole);
	print(&view, EXPO_OPENMETRICS, 1, &pieces);
	ck_assert(slice_eq(buf_slice(&whole), buf_slice(&pieces)));
	buf_fini(&whole);
	buf_fini(&pieces);
	expo_view_fini(&view);
}
END_TEST

START_TEST(nothing_is_still_a_whole_exposition)
{
	struct expo_view view;

	ck_assert_int_eq(expo_view_make(&view, NULL, 0), MS_OK);
	expect_text(&view, EXPO_TEXT, "");
	expect_text(&view, EXPO_OPENMETRICS, "# EOF\n");
	expo_view_fini(&view);
}
END_TEST

START_TEST(a_family_of_many_workers_is_one_group)
{
	struct metrics_series s[] = {
		number_of("a_total", METRIC_COUNTER, METRIC_UNIT_NONE, 1),
		number_of("b", METRIC_GAUGE, METRIC_UNIT_NONE, 2),
	};
	struct expo_source sources[] = { { "x", s, 2, 0 }, { "y", s, 2, 0 },
		{ "z", s, 1, 0 } };
	struct expo_view view;

	ck_assert_int_eq(expo_view_make(&view, sources, 3), MS_OK);
	expect_text(&view, EXPO_TEXT,
	    "# HELP a_total A number.\n# TYPE a_total counter\n"
	    "a_total{worker=\"x\"} 1\na_total{worker=\"y\"} 1\n"
	    "a_total{worker=\"z\"} 1\n"
	    "# HELP b A number.\n# TYPE b gauge\n"
	    "b{worker=\"x\"} 2\nb{worker=\"y\"} 2\n");
	expo_view_fini(&view);
}
END_TEST

START_TEST(a_name_keeps_the_kind_that_came_first)
{
	struct metrics_series counter =
	    number_of("a", METRIC_COUNTER, METRIC_UNIT_NONE, 1);
	struct metrics_series gauge =
	    number_of("a", METRIC_GAUGE, METRIC_UNIT_NONE, 2);
	struct metrics_series bytes =
	    number_of("a", METRIC_COUNTER, METRIC_UNIT_BYTES, 3);
	struct expo_source sources[] = { { "x", &counter, 1, 0 },
		{ "y", &gauge, 1, 0 }, { "z", &bytes, 1, 0 } };
	struct expo_view view;

	ck_assert_int_eq(expo_view_make(&view, sources, 3), MS_OK);
	ck_assert_uint_eq(view.left_out, 2);
	expect_text(&view, EXPO_TEXT,
	    "# HELP a_total A number.\n# TYPE a_total counter\n"
	    "a_total{worker=\"x\"} 1\n");
	expo_view_fini(&view);
}
END_TEST

START_TEST(a_name_gets_its_unit_and_total)
{
	struct metrics_series s[] = {
		number_of("a", METRIC_COUNTER, METRIC_UNIT_SECONDS, 1500),
		number_of("b_bytes", METRIC_GAUGE, METRIC_UNIT_BYTES, 5),
		number_of("c_total", METRIC_GAUGE, METRIC_UNIT_NONE, 6),
	};
	struct expo_view view;

	view_of(s, 3, &view);
	expect_text(&view, EXPO_OPENMETRICS,
	    "# HELP a_seconds A number.\n# TYPE a_seconds counter\n"
	    "# UNIT a_seconds seconds\n"
	    "a_seconds_total{worker=\"w\"} 0.0000015\n"
	    "# HELP b_bytes A number.\n# TYPE b_bytes gauge\n"
	    "# UNIT b_bytes bytes\nb_bytes{worker=\"w\"} 5\n"
	    "# HELP c A number.\n# TYPE c gauge\nc{worker=\"w\"} 6\n# EOF\n");
	expo_view_fini(&view);
}
END_TEST

START_TEST(names_are_made_valid)
{
	struct metrics_series s[] = {
		labelled(labelled(labelled(number_of("9 \xc3\xa4-x.z",
					       METRIC_GAUGE, METRIC_UNIT_NONE,
					       1),
				      "worker", "other"),
			     "__x", "1"),
		    "a-b", "2"),
		labelled(labelled(labelled(number_of("a", METRIC_GAUGE,
					       METRIC_UNIT_NONE, 1),
				      "x.y", "1"),
			     "x-y", "2"),
		    "x_y2", "3"),
	};
	struct expo_view view;

	view_of(s, 2, &view);
	expect_good(&view);
	expect_text(&view, EXPO_TEXT,
	    "# HELP _9____x_z A number.\n# TYPE _9____x_z gauge\n"
	    "_9____x_z{worker=\"w\",exported_worker=\"other\","
	    "exported___x=\"1\",a_b=\"2\"} 1\n"
	    "# HELP a A number.\n# TYPE a gauge\n"
	    "a{worker=\"w\",x_y=\"1\",x_y2=\"2\",x_y22=\"3\"} 1\n");
	expo_view_fini(&view);
}
END_TEST

START_TEST(values_are_escaped_and_become_utf8)
{
	struct metrics_series s =
	    labelled(number_of("a", METRIC_GAUGE, METRIC_UNIT_NONE, 1), "v",
		"\\ \" \n \xc3\xa4 \xff \xe2\x82");
	struct expo_view view;

	s.help = "\\ \" \n \xff";
	view_of(&s, 1, &view);
	expect_good(&view);
	expect_text(&view, EXPO_TEXT,
	    "# HELP a \\\\ \" \\n \\\\xff\n# TYPE a gauge\n"
	    "a{worker=\"w\",v=\"\\\\ \\\" \\n \xc3\xa4 \\\\xff "
	    "\\\\xe2\\\\x82\"} 1\n");
	expo_view_fini(&view);
}
END_TEST

START_TEST(two_names_that_become_one_are_one)
{
	struct metrics_series s[] = {
		number_of("x.z", METRIC_GAUGE, METRIC_UNIT_NONE, 1),
		number_of("x_z", METRIC_GAUGE, METRIC_UNIT_NONE, 2),
		number_of("x_z", METRIC_GAUGE, METRIC_UNIT_NONE, 3),
	};
	struct expo_view view;

	view_of(s, 3, &view);
	ck_assert_uint_eq(view.left_out, 2);
	expect_good(&view);
	expo_view_fini(&view);
}
END_TEST

START_TEST(a_gauge_and_a_counter_may_share_their_base)
{
	struct metrics_series s[] = {
		number_of("a", METRIC_GAUGE, METRIC_UNIT_NONE, 1),
		number_of("a_total", METRIC_COUNTER, METRIC_UNIT_NONE, 2),
	};
	struct expo_view view;

	view_of(s, 2, &view);
	ck_assert_uint_eq(view.left_out, 0);
	expect_good(&view);
	expect_text(&view, EXPO_OPENMETRICS,
	    "# HELP a A number.\n# TYPE a gauge\na{worker=\"w\"} 1\n"
	    "# HELP a_total A number.\n# TYPE a_total unknown\n"
	    "a_total{worker=\"w\"} 2\n# EOF\n");
	expo_view_fini(&view);
}
END_TEST

START_TEST(what_would_be_a_sample_of_a_histogram_is_left_out)
{
	uint64_t buckets[HISTOGRAM_BUCKETS(HISTOGRAM_BITS)] = { 0 };
	struct metrics_series s[] = {
		number_of("a", METRIC_HISTOGRAM, METRIC_UNIT_NONE, 0),
		number_of("a_bucket", METRIC_GAUGE, METRIC_UNIT_NONE, 1),
		number_of("a_count", METRIC_GAUGE, METRIC_UNIT_NONE, 1),
		number_of("b_created", METRIC_GAUGE, METRIC_UNIT_NONE, 1),
		number_of("b_total", METRIC_COUNTER, METRIC_UNIT_NONE, 1),
	};
	struct expo_view view;

	s[0].histogram = (struct histogram){ HISTOGRAM_BITS, buckets, 0, 0 };
	view_of(s, 5, &view);
	ck_assert_uint_eq(view.left_out, 3);
	expect_good(&view);
	expo_view_fini(&view);
}
END_TEST

/* As an older version of a worker might leave it. */
START_TEST(what_we_know_of_workers_is_said_by_us_alone)
{
	struct metrics_series ours =
	    labelled(number_of("ms_worker_up", METRIC_GAUGE, METRIC_UNIT_NONE,
			 1),
		"worker", "x");
	struct metrics_series theirs =
	    number_of("ms_worker_up", METRIC_GAUGE, METRIC_UNIT_NONE, 0);
	struct expo_source sources[] = { { NULL, &ours, 1, 0 },
		{ "x", &theirs, 1, 0 } };
	struct expo_view view;

	ck_assert_int_eq(expo_view_make(&view, sources, 2), MS_OK);
	ck_assert_uint_eq(view.left_out, 1);
	expect_text(&view, EXPO_TEXT,
	    "# HELP ms_worker_up A number.\n# TYPE ms_worker_up gauge\n"
	    "ms_worker_up{worker=\"x\"} 1\n");
	expo_view_fini(&view);
}
END_TEST

START_TEST(numbers_are_exact_in_base_units)
{
	static const struct {
		enum metric_unit unit;
		int64_t value;
		const char *text;
	} cases[] = {
		{ METRIC_UNIT_NONE, 0, "0" },
		{ METRIC_UNIT_NONE, INT64_MIN, "-9223372036854775808" },
		{ METRIC_UNIT_SECONDS, 1, "0.000000001" },
		{ METRIC_UNIT_SECONDS, -1500000000, "-1.5" },
		{ METRIC_UNIT_SECONDS, 60000000000, "60" },
		{ METRIC_UNIT_SECONDS, 0, "0" },
		{ METRIC_UNIT_RATIO, 999999, "0.999999" },
		{ METRIC_UNIT_BYTES, 1024, "1024" },
	};
	struct buf out = { 0 };

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		buf_reset(&out);
		expo_number(&out, cases[i].unit, cases[i].value);
		buf_add_u8(&out, 0);
		ck_assert_str_eq((char *)out.ptr, cases[i].text);
	}
	buf_fini(&out);
}
END_TEST

START_TEST(an_accept_header_chooses_the_format)
{
	static const struct {
		const char *accept;
		enum expo_format format;
	} cases[] = {
		{ NULL, EXPO_TEXT },
		{ "", EXPO_TEXT },
		{ "*/*", EXPO_TEXT },
		{ "text/html,*/*;q=0.8", EXPO_TEXT },
		{ "application/openmetrics-text", EXPO_OPENMETRICS },
		{ "application/openmetrics-text;version=1.0.0;q=0.6,"
		  "application/openmetrics-text;version=0.0.1;q=0.5,"
		  "text/plain;version=0.0.4;q=0.4,*/*;q=0.3",
		    EXPO_OPENMETRICS },
		{ "text/plain;q=0.9, application/openmetrics-text;q=0.1",
		    EXPO_TEXT },
		{ "application/openmetrics-text;q=0", EXPO_TEXT },
		{ "application/openmetrics-text;q=wrong", EXPO_TEXT },
		{ ";;;,,,=", EXPO_TEXT },
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		ck_assert_msg(expo_negotiate(cases[i].accept) ==
			cases[i].format,
		    "%s", cases[i].accept);
}
END_TEST

static bool
has_e(const char *name, void *arg)
{
	(void)arg;
	return strchr(name, 'e') != NULL;
}

START_TEST(families_can_be_chosen_by_name)
{
	struct metrics_series s[] = {
		number_of("ae", METRIC_GAUGE, METRIC_UNIT_NONE, 1),
		number_of("b", METRIC_GAUGE, METRIC_UNIT_NONE, 2),
	};
	struct expo_view view;

	view_of(s, 2, &view);
	expo_view_filter(&view, has_e, NULL);
	expect_text(&view, EXPO_TEXT,
	    "# HELP ae A number.\n# TYPE ae gauge\nae{worker=\"w\"} 1\n");
	expo_view_fini(&view);
}
END_TEST

/* Bytes of every kind in every text. */
START_TEST(no_bytes_make_it_invalid)
{
	uint64_t state = 1;

	for (int round = 0; round < 300; round++) {
		struct metrics_series s[6];
		char text[6][8][12];
		struct expo_view view;

		for (size_t i = 0; i < ARRAY_LEN(s); i++) {
			for (char *c = text[i][0]; c < text[i][8]; c++) {
				state = state * 6364136223846793005u + 1;
				*c = (char)(state >> 33);
			}
			for (size_t j = 0; j < 8; j++)
				text[i][j][11] = '\0';
			s[i] = number_of(text[i][0],
			    i % 2 ? METRIC_COUNTER : METRIC_GAUGE,
			    (enum metric_unit)(i % 4), 1);
			s[i].help = text[i][7];
			for (size_t j = 1; j < 6; j += 2)
				s[i] =
				    labelled(s[i], text[i][j], text[i][j + 1]);
		}
		view_of(s, ARRAY_LEN(s), &view);
		expect_valid(&view, false);
		expo_view_fini(&view);
	}
}
END_TEST

UNIT(expo, every_format_is_as_it_was, pieces_make_the_same_whole,
    nothing_is_still_a_whole_exposition, a_family_of_many_workers_is_one_group,
    a_name_keeps_the_kind_that_came_first, a_name_gets_its_unit_and_total,
    names_are_made_valid, values_are_escaped_and_become_utf8,
    two_names_that_become_one_are_one,
    a_gauge_and_a_counter_may_share_their_base,
    what_would_be_a_sample_of_a_histogram_is_left_out,
    what_we_know_of_workers_is_said_by_us_alone,
    numbers_are_exact_in_base_units, an_accept_header_chooses_the_format,
    families_can_be_chosen_by_name, no_bytes_make_it_invalid)
