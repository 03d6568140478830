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

START_TEST(held_event_holds_back_what_comes_after)
{
	struct events *events = events_new();

	events_add(events, "ready", "a", "%s", "");
	events_hold(events, events_add(events, "exited", "a", "%s", ""));
	events_add(events, "starting", "a", "%s", "");
	events_hold(events, events_add(events, "exited", "b", "%s", ""));
	events_add(events, "starting", "b", "%s", "");
	ck_assert_uint_eq(events_next(events), 2);
	ck_assert_ptr_null(events_get(events, 2));
	events_show(events, 4); /* the first one still holds */
	ck_assert_uint_eq(events_next(events), 2);
	events_show(events, 2);
	ck_assert_uint_eq(events_next(events), 6);
	ck_assert_ptr_nonnull(strstr(events_get(events, 2), "\"exited\""));
	events_show(events, 2);
	events_show(events, 99);
	ck_assert_uint_eq(events_next(events), 6);
	events_free(&events);
}
END_TEST

START_TEST(ring_that_runs_over_forgets_what_was_held)
{
	struct events *events = events_new();

	events_hold(events, events_add(events, "exited", "a", "%s", ""));
	for (unsigned i = 0; i < EVENTS_KEPT; i++)
		events_add(events, "ready", "a", "%s", "");
	ck_assert_uint_eq(events_first(events), 2);
	ck_assert_uint_eq(events_next(events), EVENTS_KEPT + 2);
	events_show(events, 1);
	events_free(&events);
}
END_TEST

START_TEST(every_life_has_another_name)
{
	struct events *a = events_new(), *b = events_new();

	ck_assert_str_ne(events_life(a), events_life(b));
	events_free(&a);
	events_free(&b);
}
END_TEST

START_TEST(a_line_of_before_is_kept_as_it_was)
{
	struct events *events = events_new();

	events_put(events, 5000, "{\"seq\":5000}");
	events_add(events, "ready", "a", "%s", "");
	ck_assert_str_eq(events_get(events, 5000), "{\"seq\":5000}");
	ck_assert_ptr_nonnull(strstr(events_get(events, 5001),
	    "\"event\":\"ready\",\"name\":\"a\"}"));
	events_free(&events);
}
END_TEST

UNIT(events, events_are_numbered_from_one,
    the_oldest_are_forgotten_and_numbers_go_on,
    every_line_is_json_even_when_its_members_are_too_long,
    held_event_holds_back_what_comes_after,
    ring_that_runs_over_forgets_what_was_held, every_life_has_another_name,
    a_line_of_before_is_kept_as_it_was)
