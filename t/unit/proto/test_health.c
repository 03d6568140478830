/* SPDX-License-Identifier: Apache-2.0 */
#include "proto/health.h"
#include "t/lib/unit.h"

START_TEST(checks_come_to_the_worst_of_them)
{
	struct health_check checks[3] = { { .level = HEALTH_OK },
		{ .level = HEALTH_FAILED }, { .level = HEALTH_DEGRADED } };

	ck_assert_int_eq(health_checks_level(checks, 0), HEALTH_OK);
	ck_assert_int_eq(health_checks_level(checks, 1), HEALTH_OK);
	ck_assert_int_eq(health_checks_level(checks, 3), HEALTH_FAILED);
}
END_TEST

START_TEST(checks_read_back_as_they_were_printed)
{
	struct health_check out[2] = { { .name = "log",
					   .dependency = "/var \"x\"",
					   .level = HEALTH_DEGRADED,
					   .took_us = 1234,
					   .budget_ms = 50,
					   .text = "9 \\ left" },
		{ .name = "b" } };
	struct health_check in[4];
	struct buf text = { 0 };
	size_t count;

	health_checks_print(out, 2, &text);
	ck_assert_int_eq(health_checks_parse(buf_slice(&text), in, 4, &count,
			     NULL),
	    MS_OK);
	ck_assert_uint_eq(count, 2);
	ck_assert_mem_eq(&in[0], &out[0], sizeof(out[0]));
	ck_assert_str_eq(in[1].name, "b");
	ck_assert_int_eq(in[1].level, HEALTH_OK);
	buf_fini(&text);
}
END_TEST

START_TEST(what_is_not_understood_is_not_called_well)
{
	struct health_check in[1];
	size_t count;

	ck_assert_int_eq(
	    health_checks_parse(slice_of("[{\"name\":7,\"status\":\"fine\","
					 "\"took_us\":-1,\"budget_ms\":1e99}]"),
		in, 1, &count, NULL),
	    MS_OK);
	ck_assert_uint_eq(count, 1);
	ck_assert_int_eq(in[0].level, HEALTH_FAILED);
	ck_assert_str_eq(in[0].name, "");
	ck_assert_uint_eq(in[0].took_us, 0);
	ck_assert_uint_eq(in[0].budget_ms, UINT32_MAX);
	ck_assert_int_eq(health_checks_parse(slice_of("{}"), in, 1, &count,
			     NULL),
	    MS_EPROTO);
	ck_assert_int_ne(health_checks_parse(slice_of("[{"), in, 1, &count,
			     NULL),
	    MS_OK);
}
END_TEST

START_TEST(more_checks_than_there_is_room_for_are_left_out)
{
	struct health_check in[2];
	size_t count;

	ck_assert_int_eq(health_checks_parse(slice_of("[{},{},{}]"), in, 2,
			     &count, NULL),
	    MS_OK);
	ck_assert_uint_eq(count, 2);
}
END_TEST

START_TEST(levels_have_names_that_read_back)
{
	enum health_level level = HEALTH_OK;

	for (int i = HEALTH_OK; i <= HEALTH_FAILED; i++) {
		ck_assert(
		    health_level_parse(health_level_name((enum health_level)i),
			&level));
		ck_assert_int_eq(level, i);
	}
	ck_assert(!health_level_parse("good", &level));
	ck_assert(!health_level_parse(NULL, &level));
}
END_TEST

UNIT(health, checks_come_to_the_worst_of_them,
    checks_read_back_as_they_were_printed,
    what_is_not_understood_is_not_called_well,
    more_checks_than_there_is_room_for_are_left_out,
    levels_have_names_that_read_back)
