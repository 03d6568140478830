/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "common/json.h"
#include "supervisor/events.h"
#include "t/lib/unit.h"

START_TEST(events_are_numbered_from_one)
{
	struct events *events = events_new();

	events_add(events, "ready", "a", "\"pid\":%d", 12);
	events_add(events, "exited", "a", "%s", "");
	ck_assert_uint_eq(events_first(events), 1);
	ck_assert_uint_eq(events_next(events), 3);
	ck_assert_ptr_nonnull(strstr(events_get(events, 1), "\"seq\":1,"));
	ck_assert_ptr_nonnull(strstr(events_get(events, 1), "\"pid\":12}"));
	ck_assert_ptr_null(events_get(events, 0));
	ck_assert_ptr_null(events_get(events, 3));
	events_free(&events);
}
END_TEST

START_TEST(the_oldest_are_forgotten_and_numbers_go_on)
{
	struct events *events = events_new();

	for (unsigned i = 0; i < EVENTS_KEPT + 10; i++)
		events_add(events, "ready", "a", "%s", "");
	ck_assert_uint_eq(events_first(events), 11);
	ck_assert_ptr_null(events_get(events, 10));
	ck_assert_ptr_nonnull(strstr(events_get(events, 11), "\"seq\":11,"));
	ck_assert_ptr_nonnull(events_get(events, EVENTS_KEPT + 10));
	events_free(&events);
}
END_TEST

START_TEST(every_line_is_json_even_when_its_members_are_too_long)
{
	struct events *events = events_new();
	struct json_raw value;
	char text[4096];

	memset(text, 'x', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	events_add(events, "ready", "a\"\n", "\"long\":\"%s\"", text);
	ck_assert_int_eq(json_check(slice_of(events_get(events, 1)), &value,
			     NULL),
	    MS_OK);
	events_free(&events);
}
END_TEST

UNIT(events, events_are_numbered_from_one,
    the_oldest_are_forgotten_and_numbers_go_on,
    every_line_is_json_even_when_its_members_are_too_long)
