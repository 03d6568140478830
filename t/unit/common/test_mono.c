/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>
#include <time.h>

#include "common/defs.h"
#include "common/mono.h"
#include "t/lib/unit.h"

static const struct mono never = { 0 };

static bool
parses(const char *text, int64_t *ns_r)
{
	return rfc3339_parse(text, strlen(text), ns_r);
}

static void
expect_ns(const char *text, int64_t expected)
{
	int64_t ns = -1;

	ck_assert_msg(parses(text, &ns), "refused: %s", text);
	ck_assert_msg(ns == expected, "%s is %jd, not %jd", text, (intmax_t)ns,
	    (intmax_t)expected);
}

START_TEST(adding_saturates_instead_of_wrapping)
{
	struct mono t = { 5000000 };

	ck_assert_uint_eq(mono_add_ms(t, 7).ns, 12000000);
	ck_assert_uint_eq(mono_add_ms(t, DURATION_INFINITY).ns, UINT64_MAX);
	ck_assert_uint_eq(mono_add_ms(t, UINT64_MAX / 1000000).ns, UINT64_MAX);
	t.ns = UINT64_MAX - 1;
	ck_assert_uint_eq(mono_add_ms(t, 1).ns, UINT64_MAX);
	ck_assert_uint_eq(mono_add_ms(t, 0).ns, UINT64_MAX - 1);
}
END_TEST

START_TEST(a_deadline_is_reached_at_its_own_instant)
{
	struct mono deadline = { 1000 };

	ck_assert(!mono_reached((struct mono){ 999 }, deadline));
	ck_assert(mono_reached((struct mono){ 1000 }, deadline));
	ck_assert(mono_reached((struct mono){ 1001 }, deadline));
}
END_TEST

START_TEST(never_and_infinity_are_not_reached)
{
	struct mono now = { 1000 };
	struct mono infinite = mono_add_ms(now, DURATION_INFINITY);

	ck_assert(!mono_reached(now, never));
	ck_assert(!mono_reached((struct mono){ UINT64_MAX }, infinite));
	ck_assert_uint_eq(mono_ms_left(now, never), DURATION_INFINITY);
	ck_assert_uint_eq(mono_ms_left(now, infinite), DURATION_INFINITY);
}
END_TEST

START_TEST(elapsed_rounds_down_and_left_rounds_up)
{
	struct mono a = { 1000000 }, b = { 2999999 };

	ck_assert_uint_eq(mono_ms_between(a, b), 1);
	ck_assert_uint_eq(mono_ms_between(b, a), 0);
	ck_assert_uint_eq(mono_ms_left(a, b), 2);
	ck_assert_uint_eq(mono_ms_left(a, (struct mono){ 2000000 }), 1);
	ck_assert_uint_eq(mono_ms_left(b, a), 0);
	ck_assert_uint_eq(mono_ms_left(a, a), 0);
}
END_TEST

START_TEST(the_monotonic_clock_does_not_go_back)
{
	struct mono last = mono_now();

	for (int i = 0; i < 1000; i++) {
		struct mono now = mono_now();

		ck_assert_uint_ge(now.ns, last.ns);
		last = now;
	}
}
END_TEST

START_TEST(dates_print_as_utc_with_milliseconds)
{
	char out[RFC3339_BYTES];

	rfc3339_print(0, out);
	ck_assert_str_eq(out, "1970-01-01T00:00:00.000Z");
	rfc3339_print(INT64_C(1795551300123999999), out);
	ck_assert_str_eq(out, "2026-11-24T20:15:00.123Z");
	rfc3339_print(-1, out);
	ck_assert_str_eq(out, "1969-12-31T23:59:59.999Z");
	rfc3339_print(INT64_MAX, out);
	ck_assert_str_eq(out, "2262-04-11T23:47:16.854Z");
	rfc3339_print(INT64_MIN, out);
	ck_assert_str_eq(out, "1677-09-21T00:12:43.145Z");
}
END_TEST

START_TEST(dates_agree_with_libc_on_every_day_of_four_centuries)
{
	char out[RFC3339_BYTES], libc[RFC3339_BYTES];
	int64_t back;

	for (int64_t day = -100000; day < 100000; day++) {
		time_t s = day * 86400 + 12345;
		struct tm tm;

		gmtime_r(&s, &tm);
		strftime(libc, sizeof(libc), "%Y-%m-%dT%H:%M:%S.000Z", &tm);
		rfc3339_print((int64_t)s * 1000000000, out);
		ck_assert_str_eq(out, libc);
		ck_assert(parses(out, &back));
		ck_assert_int_eq(back, (int64_t)s * 1000000000);
	}
}
END_TEST

START_TEST(offsets_and_fractions_are_accepted)
{
	int64_t t = INT64_C(1795551300000000000);

	expect_ns("2026-11-24T20:15:00Z", t);
	expect_ns("2026-11-24t20:15:00z", t);
	expect_ns("2026-11-24T20:15:00-00:00", t);
	expect_ns("2026-11-24T21:45:00+01:30", t);
	expect_ns("2026-11-24T12:15:00-08:00", t);
	expect_ns("2026-11-25T00:00:00+03:45", t);
	expect_ns("2026-11-24T20:15:00.5Z", t + 500000000);
	expect_ns("2026-11-24T20:15:00.000000001Z", t + 1);
	expect_ns("2026-11-24T20:15:00.1234567899999999+00:00", t + 123456789);
}
END_TEST

START_TEST(leap_days_exist_only_in_leap_years)
{
	int64_t ns;

	expect_ns("2000-02-29T00:00:00Z", INT64_C(951782400000000000));
	ck_assert(parses("2024-02-29T00:00:00Z", &ns));
	ck_assert(!parses("2023-02-29T00:00:00Z", &ns));
	ck_assert(!parses("2100-02-29T00:00:00Z", &ns));
	ck_assert(!parses("2024-02-30T00:00:00Z", &ns));
}
END_TEST

START_TEST(a_leap_second_stands_only_at_the_end_of_a_month_in_utc)
{
	int64_t ns, midnight = INT64_C(1483228800000000000);

	expect_ns("2016-12-31T23:59:60Z", midnight);
	expect_ns("2016-12-31T15:59:60.25-08:00", midnight + 250000000);
	ck_assert(!parses("2016-12-31T12:00:60Z", &ns));
	ck_assert(!parses("2016-12-30T23:59:60Z", &ns));
	ck_assert(!parses("2016-12-31T23:59:60+01:00", &ns));
	ck_assert(!parses("2016-12-31T23:59:61Z", &ns));
}
END_TEST

START_TEST(what_is_not_rfc_3339_is_refused_and_changes_nothing)
{
	static const char *const wrong[] = { "", "2026", "2026-11-24",
		"2026-11-24T20:15:00", "2026-11-24 20:15:00Z",
		"2026-11-24T20:15Z", "2026-1-24T20:15:00Z",
		"2026-00-24T20:15:00Z", "2026-13-24T20:15:00Z",
		"2026-11-00T20:15:00Z", "2026-11-31T20:15:00Z",
		"2026-11-24T24:00:00Z", "2026-11-24T20:60:00Z",
		"2026-11-24T20:15:00.Z", "2026-11-24T20:15:00.5",
		"2026-11-24T20:15:00+24:00", "2026-11-24T20:15:00+01:60",
		"2026-11-24T20:15:00+0100", "2026-11-24T20:15:00Zx",
		"2026-11-24T20:15:00Z ", " 2026-11-24T20:15:00Z",
		"-026-11-24T20:15:00Z", "2026-11-24T20:15:+0Z",
		"1677-09-21T00:12:43Z", "2262-04-11T23:47:17Z",
		"0000-01-01T00:00:00Z", "9999-12-31T23:59:59Z" };
	int64_t ns = 42;

	for (size_t i = 0; i < ARRAY_LEN(wrong); i++)
		ck_assert_msg(!parses(wrong[i], &ns), "taken: %s", wrong[i]);
	ck_assert(!rfc3339_parse(NULL, 0, &ns));
	ck_assert(!rfc3339_parse("2026-11-24T20:15:00Z\0", 21, &ns));
	ck_assert_int_eq(ns, 42);
}
END_TEST

UNIT(mono, adding_saturates_instead_of_wrapping,
    a_deadline_is_reached_at_its_own_instant,
    never_and_infinity_are_not_reached, elapsed_rounds_down_and_left_rounds_up,
    the_monotonic_clock_does_not_go_back, dates_print_as_utc_with_milliseconds,
    dates_agree_with_libc_on_every_day_of_four_centuries,
    offsets_and_fractions_are_accepted, leap_days_exist_only_in_leap_years,
    a_leap_second_stands_only_at_the_end_of_a_month_in_utc,
    what_is_not_rfc_3339_is_refused_and_changes_nothing)
