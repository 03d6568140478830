/* SPDX-License-Identifier: Apache-2.0 */
#include <math.h>
#include <string.h>

#include "supervisor/msctl/probe/nagios.h"
#include "t/lib/unit.h"

static bool
alerts(const char *text, double value)
{
	struct nagios_range range;

	ck_assert_msg(nagios_range_parse(text, &range), "%s", text);
	return nagios_range_alerts(&range, value);
}

START_TEST(a_number_alerts_below_zero_and_above_it)
{
	ck_assert(alerts("10", -1));
	ck_assert(!alerts("10", 0));
	ck_assert(!alerts("10", 10));
	ck_assert(alerts("10", 10.1));
	ck_assert(alerts("0", 1));
}
END_TEST

START_TEST(ranges_alert_as_the_guidelines_say)
{
	ck_assert(alerts("10:", 9.9));
	ck_assert(!alerts("10:", 1e12));
	ck_assert(alerts("~:10", 11));
	ck_assert(!alerts("~:10", -1e12));
	ck_assert(alerts("10:20", 9));
	ck_assert(!alerts("10:20", 20));
	ck_assert(alerts("10:20", 21));
	ck_assert(!alerts("@10:20", 9));
	ck_assert(alerts("@10:20", 10));
	ck_assert(alerts("@10:20", 20));
	ck_assert(!alerts("@10:20", 21));
	ck_assert(alerts("-5:-1", 0));
	ck_assert(!alerts("-5.5:1", -5.5));
}
END_TEST

START_TEST(what_is_no_range_is_refused)
{
	static const char *const wrong[] = { "", ":", "x", "10x", "20:10", "-1",
		"1e3", "0x10", "nan", "inf", "@", "~", "1:2:3", "--1",
		"11111111111111111111111111111111111111111111" };
	struct nagios_range range;

	for (size_t i = 0; i < ARRAY_LEN(wrong); i++)
		ck_assert_msg(!nagios_range_parse(wrong[i], &range), "'%s'",
		    wrong[i]);
}
END_TEST

START_TEST(critical_is_asked_before_warning)
{
	struct nagios_datum d = { .value = 50 };

	ck_assert_int_eq(nagios_judge(&d), NAGIOS_OK);
	ck_assert(nagios_range_parse("10", &d.warning));
	ck_assert_int_eq(nagios_judge(&d), NAGIOS_WARNING);
	ck_assert(nagios_range_parse("40", &d.critical));
	ck_assert_int_eq(nagios_judge(&d), NAGIOS_CRITICAL);
}
END_TEST

START_TEST(the_worst_word_is_told_and_others_as_bad_are_added)
{
	struct nagios_report r = { .probe = "bus" };

	nagios_say(&r, NAGIOS_OK, "fine");
	nagios_say(&r, NAGIOS_OK, "fine too");
	ck_assert_str_eq(r.text, "fine");
	nagios_say(&r, NAGIOS_UNKNOWN, "what?");
	ck_assert_int_eq(r.state, NAGIOS_UNKNOWN);
	nagios_say(&r, NAGIOS_WARNING, "a|b\nc");
	ck_assert_str_eq(r.text, "a/b c");
	nagios_say(&r, NAGIOS_WARNING, "d");
	ck_assert_str_eq(r.text, "a/b c; d");
	nagios_say(&r, NAGIOS_UNKNOWN, "not heard");
	nagios_say(&r, NAGIOS_OK, "nor this");
	ck_assert_str_eq(r.text, "a/b c; d");
	ck_assert_int_eq(r.state, NAGIOS_WARNING);
	nagios_say(&r, NAGIOS_CRITICAL, "e");
	ck_assert_str_eq(r.text, "e");
}
END_TEST

static const char *
printed(void (*print)(const struct nagios_report *, struct buf *),
    const struct nagios_report *r)
{
	static char text[4096];
	struct buf out = { 0 };

	print(r, &out);
	ck_assert_uint_lt(out.len, sizeof(text));
	memcpy(text, out.ptr, out.len);
	text[out.len] = '\0';
	buf_fini(&out);
	return text;
}

static struct nagios_report
full_report(void)
{
	struct nagios_report r = { .probe = "disk" };
	struct nagios_range w, c;
	struct nagios_datum *d;

	ck_assert(nagios_range_parse("80", &w));
	ck_assert(nagios_range_parse("~:90", &c));
	nagios_say(&r, NAGIOS_WARNING, "it is full");
	d = nagios_add(&r, "it's a=b", 85.5, "%", &w, &c);
	d->has_max = true;
	d->max = 100;
	nagios_add(&r, "big", 12345678901234.0, "c", NULL, NULL);
	d = nagios_add(&r, "unknown", NAN, "s", &w, NULL);
	d->has_min = false;
	return r;
}

START_TEST(perfdata_follows_the_grammar)
{
	struct nagios_report r = full_report();

	ck_assert_str_eq(printed(nagios_print, &r),
	    "WARNING: it is full | 'it''s a_b'=85.5%;80;~:90;0;100 "
	    "'big'=12345678901234c;;;0 'unknown'=U;80\n");
}
END_TEST

START_TEST(without_numbers_there_is_no_bar)
{
	struct nagios_report r = { .probe = "x" };

	nagios_say(&r, NAGIOS_OK, "none configured");
	ck_assert_str_eq(printed(nagios_print, &r), "OK: none configured\n");
}
END_TEST

START_TEST(json_has_the_same)
{
	struct nagios_report r = full_report();

	ck_assert_str_eq(printed(nagios_print_json, &r),
	    "{\"v\":1,\"probe\":\"disk\",\"status\":\"WARNING\",\"code\":1,"
	    "\"text\":\"it is full\",\"perfdata\":["
	    "{\"label\":\"it's a=b\",\"value\":85.5,\"uom\":\"%\","
	    "\"warn\":\"80\",\"crit\":\"~:90\",\"min\":0,\"max\":100},"
	    "{\"label\":\"big\",\"value\":12345678901234,\"uom\":\"c\","
	    "\"warn\":null,\"crit\":null,\"min\":0},"
	    "{\"label\":\"unknown\",\"value\":null,\"uom\":\"s\","
	    "\"warn\":\"80\",\"crit\":null}]}\n");
}
END_TEST

START_TEST(prometheus_text_leaves_out_what_is_not_known)
{
	struct nagios_report r = full_report();
	const char *text = printed(nagios_print_prom, &r);

	ck_assert_ptr_nonnull(
	    strstr(text, "\nms_probe_status{probe=\"disk\"} 1\n"));
	ck_assert_ptr_nonnull(strstr(text,
	    "\nms_probe_value{probe=\"disk\",label=\"it's a=b\",uom=\"%\"} "
	    "85.5\n"));
	ck_assert_ptr_null(strstr(text, "unknown"));
}
END_TEST

START_TEST(more_numbers_than_fit_are_left_out)
{
	struct nagios_report r = { .probe = "x" };

	for (unsigned i = 0; i < NAGIOS_DATA_MAX; i++)
		ck_assert_ptr_nonnull(nagios_add(&r, "a", i, "", NULL, NULL));
	ck_assert_ptr_null(nagios_add(&r, "a", 1, "", NULL, NULL));
}
END_TEST

UNIT(nagios, a_number_alerts_below_zero_and_above_it,
    ranges_alert_as_the_guidelines_say, what_is_no_range_is_refused,
    critical_is_asked_before_warning,
    the_worst_word_is_told_and_others_as_bad_are_added,
    perfdata_follows_the_grammar, without_numbers_there_is_no_bar,
    json_has_the_same, prometheus_text_leaves_out_what_is_not_known,
    more_numbers_than_fit_are_left_out)
