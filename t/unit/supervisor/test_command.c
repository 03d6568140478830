/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "supervisor/tree/command.h"
#include "t/lib/unit.h"

START_TEST(every_command_has_an_answer_in_every_state)
{
	for (int c = 0; c < COMMAND_COUNT; c++)
		for (int f = 0; f < FACE_COUNT; f++)
			ck_assert_int_ne(command_judge((enum command)c,
					     (enum child_face)f),
			    COMMAND_UNDEFINED);
}
END_TEST

START_TEST(every_event_has_an_answer_in_every_state)
{
	for (int s = 0; s < CHILD_STATE_COUNT; s++)
		for (int e = 0; e < CHILD_EVENT_COUNT; e++)
			ck_assert_msg(child_cell_is_defined((enum child_state)s,
					  (enum child_event)e),
			    "state %s, event %d",
			    child_state_name((enum child_state)s), e);
}
END_TEST

START_TEST(every_state_has_a_name_and_a_face)
{
	for (int s = 0; s < CHILD_STATE_COUNT; s++) {
		struct child child = { .state = (enum child_state)s };
		const char *face = child_face_name(child_face(&child));

		ck_assert_ptr_nonnull(child_state_name(child.state));
		ck_assert_uint_gt(strlen(face), 0);
		ck_assert(!child_is_ready(&child) || child_is_alive(&child));
		ck_assert(!child_has_process(&child) || child_is_alive(&child));
	}
}
END_TEST

START_TEST(stop_and_restart_are_never_refused)
{
	for (int f = 0; f < FACE_COUNT; f++) {
		enum child_face face = (enum child_face)f;

		ck_assert_int_eq(command_judge(COMMAND_STOP, face), COMMAND_DO);
		ck_assert_int_eq(command_judge(COMMAND_RESTART, face),
		    COMMAND_DO);
		ck_assert_int_eq(command_judge(COMMAND_KILL, face), COMMAND_DO);
	}
}
END_TEST

START_TEST(a_running_worker_cannot_be_started)
{
	ck_assert_int_eq(command_judge(COMMAND_START, FACE_READY),
	    COMMAND_RUNNING);
	ck_assert_int_eq(command_judge(COMMAND_START, FACE_STARTING),
	    COMMAND_RUNNING);
	ck_assert_int_eq(command_judge(COMMAND_START, FACE_BACKOFF),
	    COMMAND_RESTARTING);
	ck_assert_int_eq(command_judge(COMMAND_START, FACE_FAILED), COMMAND_DO);
}
END_TEST

START_TEST(a_worker_that_waits_for_its_turn_shows_as_starting)
{
	struct child other = { .state = CHILD_DOWN };
	struct child child = { .state = CHILD_DOWN, .must_start = true };

	ck_assert_int_eq(child_face(&child), FACE_STARTING);
	child.waits_for = &other;
	ck_assert_int_eq(child_face(&child), FACE_DOWN);
}
END_TEST

UNIT(command, every_command_has_an_answer_in_every_state,
    every_event_has_an_answer_in_every_state, every_state_has_a_name_and_a_face,
    stop_and_restart_are_never_refused, a_running_worker_cannot_be_started,
    a_worker_that_waits_for_its_turn_shows_as_starting)
