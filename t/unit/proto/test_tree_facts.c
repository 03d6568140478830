/* SPDX-License-Identifier: Apache-2.0 */
#include "proto/expo_tree.h"
#include "proto/tree_facts.h"
#include "t/lib/expo_check.h"
#include "t/lib/unit.h"

static const char answer[] =
    "{\"id\":1,\"ok\":true,\"v\":1,\"workers\":["
    "{\"name\":\"root\",\"type\":\"supervisor\",\"state\":\"ready\"},"
    "{\"name\":\"bus\",\"supervisor\":\"core\",\"type\":\"worker\","
    "\"state\":\"ready\",\"want\":\"up\",\"pid\":4711,\"generation\":3,"
    "\"restarts\":2,\"ready\":true,\"uptime_ms\":1500,"
    "\"status_text\":\"7 segments\",\"log_dropped\":5,\"fds_stored\":1,"
    "\"last_exit\":{\"kind\":\"signal\"}},"
    "{\"name\":\"agent@1\",\"supervisor\":\"agents\",\"type\":\"worker\","
    "\"state\":\"backoff\",\"want\":\"down\",\"pid\":null,"
    "\"uptime_ms\":null}]}";

START_TEST(workers_are_understood)
{
	const struct tree_worker *bus;
	struct tree_facts facts;

	ck_assert_int_eq(tree_facts_parse(slice_of(answer), &facts, NULL),
	    MS_OK);
	ck_assert_uint_eq(facts.count, 2);
	bus = tree_facts_find(&facts, "bus");
	ck_assert_ptr_nonnull(bus);
	ck_assert_str_eq(bus->supervisor, "core");
	ck_assert_str_eq(bus->last_exit, "signal");
	ck_assert_uint_eq(bus->pid, 4711);
	ck_assert_uint_eq(bus->uptime_ms, 1500);
	ck_assert(bus->ready && bus->wanted);
	ck_assert(!facts.workers[1].wanted);
	ck_assert_uint_eq(facts.workers[1].pid, 0);
	ck_assert_ptr_null(tree_facts_find(&facts, "root"));
	tree_facts_fini(&facts);
}
END_TEST

START_TEST(what_is_no_answer_is_refused)
{
	struct tree_facts facts;
	struct why why = { "" };

	ck_assert_int_eq(tree_facts_parse(slice_of("{"), &facts, &why),
	    MS_EPROTO);
	ck_assert_int_eq(tree_facts_parse(slice_of("{\"ok\":true}"), &facts,
			     &why),
	    MS_EPROTO);
	ck_assert_int_eq(tree_facts_parse(slice_of(
					      "{\"ok\":false,\"error\":{"
					      "\"message\":\"not for you\"}}"),
			     &facts, &why),
	    MS_EUNAVAILABLE);
	ck_assert_str_eq(why.text, "not for you");
}
END_TEST

static struct slice
printed(const struct tree_facts *facts, enum expo_format format,
    struct buf *out)
{
	const struct metrics_set none = { .count = 0 };
	struct expo_cursor at = { 0 };
	struct expo_view view;

	ck_assert_int_eq(expo_view_all(&view, &none, facts), MS_OK);
	ck_assert(!expo_print(&view, format, 0, 1000, &at, out));
	expo_view_fini(&view);
	return buf_slice(out);
}

START_TEST(workers_are_series)
{
	struct expo_report report;
	struct tree_facts facts;
	struct buf text = { 0 };

	ck_assert_int_eq(tree_facts_parse(slice_of(answer), &facts, NULL),
	    MS_OK);
	facts.workers[0].has_proc = true;
	facts.workers[0].proc = (struct proc_facts){ .rss_bytes = 4096,
		.cpu_ns = 1500000000,
		.fds = 9,
		.max_fds = -1 };
	expo_check(printed(&facts, EXPO_OPENMETRICS, &text), true, &report);
	buf_add_u8(&text, 0);
	ck_assert_msg(report.count == 0, "%.*s", (int)report.problems.len,
	    report.problems.ptr);
	ck_assert_ptr_nonnull(strstr((char *)text.ptr,
	    "\nms_worker_up{worker=\"agent@1\"} 0\n"
	    "ms_worker_up{worker=\"bus\"} 1\n"));
	ck_assert_ptr_nonnull(strstr((char *)text.ptr,
	    "\nms_worker_state{worker=\"bus\",state=\"ready\"} 1\n"));
	ck_assert_ptr_nonnull(strstr((char *)text.ptr,
	    "\nms_worker_uptime_seconds{worker=\"bus\"} 1.5\n"));
	ck_assert_ptr_nonnull(strstr((char *)text.ptr,
	    "\nprocess_cpu_seconds_total{worker=\"bus\"} 1.5\n"));
	ck_assert_ptr_null(strstr((char *)text.ptr, "process_max_fds"));
	expo_report_fini(&report);
	buf_fini(&text);
	tree_facts_fini(&facts);
}
END_TEST

START_TEST(a_msd_that_is_silent_is_a_number_too)
{
	struct buf text = { 0 };

	printed(NULL, EXPO_TEXT, &text);
	buf_add_u8(&text, 0);
	ck_assert_str_eq((char *)text.ptr,
	    "# HELP ms_up 1 when msd tells of its workers.\n"
	    "# TYPE ms_up gauge\nms_up 0\n");
	buf_fini(&text);
}
END_TEST

UNIT(tree_facts, workers_are_understood, what_is_no_answer_is_refused,
    workers_are_series, a_msd_that_is_silent_is_a_number_too)
