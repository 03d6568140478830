/* SPDX-License-Identifier: Apache-2.0 */
/* The check itself: a check that finds nothing would please everybody. */
#include "t/lib/expo_check.h"
#include "t/lib/unit.h"

#define GAUGE "# HELP a x\n# TYPE a gauge\n"
#define HIST  "# HELP h x\n# TYPE h histogram\n"

static void
finds(bool open, const char *text, const char *what)
{
	struct expo_report report;

	expo_check(slice_of(text), open, &report);
	buf_add_u8(&report.problems, 0);
	ck_assert_msg(report.count > 0, "nothing found in:\n%s", text);
	ck_assert_msg(strstr((char *)report.problems.ptr, what) != NULL,
	    "not '%s' but:\n%s", what, (char *)report.problems.ptr);
	expo_report_fini(&report);
}

static void
likes(bool open, const char *text)
{
	struct expo_report report;

	expo_check(slice_of(text), open, &report);
	ck_assert_msg(report.count == 0, "%.*s", (int)report.problems.len,
	    report.problems.ptr);
	expo_report_fini(&report);
}

START_TEST(good_text_passes)
{
	likes(false, "");
	likes(false, GAUGE "a{x=\"\\\\\\\"\\n\"} -1.5e3\na 2 1234\n");
	likes(false,
	    HIST "h_bucket{le=\"1\"} 1\nh_bucket{le=\"+Inf\"} 2\n"
		 "h_sum 3\nh_count 2\n");
	likes(true,
	    HIST "h_bucket{le=\"1.0\"} 1 # {trace_id=\"a\"} 0.5 12.5\n"
		 "h_bucket{le=\"+Inf\"} 2\nh_sum 3\nh_count 2\n"
		 "h_created 1\n# EOF\n");
	likes(true,
	    "# HELP c_seconds x\n# TYPE c_seconds counter\n"
	    "# UNIT c_seconds seconds\nc_seconds_total 1\n# EOF\n");
}
END_TEST

START_TEST(bad_families_are_found)
{
	finds(false, GAUGE "a 1\na 1\n", "twice");
	finds(false, GAUGE "a{x=\"1\",y=\"2\"} 1\na{y=\"2\",x=\"1\"} 1\n",
	    "twice");
	finds(false, GAUGE "a 1\n# HELP b x\n# TYPE b gauge\nb 1\n" GAUGE,
	    "a second time");
	finds(false, "a 1\n", "not in its family");
	finds(false, GAUGE "b 1\n", "not in its family");
	finds(false, "# TYPE a gauge\na 1\n", "no HELP");
	finds(false, "# HELP a x\na 1\n", "no TYPE");
	finds(false, GAUGE, "no sample");
	finds(false, GAUGE "a 1\n# HELP a x\n", "behind a sample");
	finds(false, "# HELP a x\n# TYPE a number\na 1\n", "bad TYPE");
	finds(false, "# HELP 1a x\n# TYPE 1a gauge\n1a 1\n", "is no name");
	finds(false, "# HELP a x\n# TYPE a counter\na 1\n", "without _total");
	finds(false, "# HELP a_total x\n# TYPE a_total gauge\na_total 1\n",
	    "no counter");
	finds(false, "# HELP a_ms x\n# TYPE a_ms gauge\na_ms 1\n",
	    "no base unit");
	finds(false,
	    "# HELP a_picoseconds x\n# TYPE a_picoseconds gauge\n"
	    "a_picoseconds 1\n",
	    "no base unit");
	finds(false, "# HELP aB x\n# TYPE aB gauge\naB 1\n", "capitals");
	finds(false, "# HELP a_count x\n# TYPE a_count gauge\na_count 1\n",
	    "suffix");
	finds(false, "# HELP a \\x\n# TYPE a gauge\na 1\n", "bad HELP");
}
END_TEST

START_TEST(bad_samples_are_found)
{
	finds(false, GAUGE "a\n", "no sample");
	finds(false, GAUGE "a x\n", "no sample");
	finds(false, GAUGE "a{x=1} 1\n", "no sample");
	finds(false, GAUGE "a{x=\"1} 1\n", "no sample");
	finds(false, GAUGE "a{x=\"\\t\"} 1\n", "no sample");
	finds(false, GAUGE "a{x=\"\xff\"} 1\n", "no sample");
	finds(false, GAUGE "a{1=\"x\"} 1\n", "no sample");
	finds(false, GAUGE "a{x=\"1\",x=\"2\"} 1\n", "twice");
	finds(false, GAUGE "a{__x=\"1\"} 1\n", "begins with __");
	finds(false, GAUGE "a 1", "does not end");
	finds(false, "# HELP a_total x\n# TYPE a_total counter\na_total -1\n",
	    "a counter of");
	finds(false, "# HELP a_total x\n# TYPE a_total counter\na_total NaN\n",
	    "a counter of");
}
END_TEST

START_TEST(bad_histograms_are_found)
{
	finds(false, HIST "h_bucket{le=\"1\"} 1\nh_sum 1\nh_count 1\n",
	    "no bucket +Inf");
	finds(false, HIST "h_bucket{le=\"+Inf\"} 1\nh_sum 1\n", "no _count");
	finds(false, HIST "h_bucket{le=\"+Inf\"} 1\nh_sum 1\nh_count 2\n",
	    "+Inf is 1");
	finds(false,
	    HIST "h_bucket{le=\"1\"} 2\nh_bucket{le=\"+Inf\"} 1\n"
		 "h_sum 1\nh_count 1\n",
	    "less than the one before");
	finds(false,
	    HIST "h_bucket{le=\"2\"} 1\nh_bucket{le=\"1\"} 1\n"
		 "h_bucket{le=\"+Inf\"} 1\nh_sum 1\nh_count 1\n",
	    "out of order");
	finds(false, HIST "h_bucket 1\nh_sum 1\nh_count 1\n", "no le");
	finds(true, HIST "h_bucket{le=\"1\"} 1\n# EOF\n", "not canonical");
}
END_TEST

START_TEST(bad_openmetrics_is_found)
{
	finds(true, GAUGE "a 1\n", "no # EOF");
	finds(true, GAUGE "a 1\n# EOF\na 2\n", "behind # EOF");
	finds(true, GAUGE "a 1\n\n# EOF\n", "no sample");
	finds(true, "# HELP c x\n# TYPE c counter\nc 1\n# EOF\n",
	    "not in its family");
	finds(true, GAUGE "# UNIT a bytes\na 1\n# EOF\n",
	    "not end in its unit");
	finds(true, GAUGE "a 1 # {} 1\n# EOF\n", "an exemplar");
	finds(true,
	    "# HELP c x\n# TYPE c counter\nc_total 1 # {x=\"1234567890123456"
	    "78901234567890123456789012345678901234567890123456789012345678"
	    "9012345678901234567890123456789012345678901234567890\"} 1\n# EOF\n",
	    "characters");
	finds(true,
	    HIST "h_bucket{le=\"1.0\"} 1 # {a=\"b\"} 2\n"
		 "h_bucket{le=\"+Inf\"} 1\nh_sum 1\nh_count 1\n# EOF\n",
	    "above its bucket");
}
END_TEST

UNIT(expo_check, good_text_passes, bad_families_are_found,
    bad_samples_are_found, bad_histograms_are_found, bad_openmetrics_is_found)
