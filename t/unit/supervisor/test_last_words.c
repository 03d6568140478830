/* SPDX-License-Identifier: Apache-2.0 */
#include "supervisor/events.h"
#include "supervisor/log/last_words.h"
#include "supervisor/msd.h"
#include "t/lib/unit.h"

static struct msd msd;
static struct last_words *words;

static void
begin(void)
{
	msd = (struct msd){ .loop = loop_new(), .events = events_new() };
	words = last_words_new(&msd);
}

static void
finish(void)
{
	last_words_free(&words);
	events_free(&msd.events);
	loop_free(&msd.loop);
}

static void
die(const char *name, uint64_t generation)
{
	last_words_await(words, name, generation,
	    events_add(msd.events, "exited", name, "%s", ""));
}

START_TEST(a_death_is_told_when_its_words_are_written)
{
	begin();
	die("a", 1);
	events_add(msd.events, "starting", "a", "%s", "");
	ck_assert_uint_eq(events_next(msd.events), 1);
	last_words_heard(words, "b", 1);
	ck_assert_uint_eq(events_next(msd.events), 1);
	last_words_heard(words, "a", 1);
	ck_assert_uint_eq(events_next(msd.events), 3);
	finish();
}
END_TEST

START_TEST(deaths_are_told_in_their_order)
{
	begin();
	die("a", 1);
	die("b", 1);
	last_words_heard(words, "b", 1);
	ck_assert_uint_eq(events_next(msd.events), 1);
	last_words_heard(words, "a", 1);
	ck_assert_uint_eq(events_next(msd.events), 3);
	finish();
}
END_TEST

START_TEST(a_later_answer_stands_for_those_before)
{
	begin();
	die("a", 1);
	die("a", 2);
	die("a", 3);
	last_words_heard(words, "a", 2);
	ck_assert_uint_eq(events_next(msd.events), 3);
	last_words_heard(words, "a", 3);
	ck_assert_uint_eq(events_next(msd.events), 4);
	finish();
}
END_TEST

START_TEST(nobody_is_waited_for_longer_than_a_moment)
{
	struct mono begun;

	begin();
	begun = mono_now();
	die("a", 1);
	while (events_next(msd.events) == 1)
		loop_turn(msd.loop, true);
	ck_assert_uint_ge(mono_ms_between(begun, mono_now()) + 1,
	    LAST_WORDS_MS);
	last_words_heard(words, "a", 1); /* too late: nothing happens */
	ck_assert_uint_eq(events_next(msd.events), 2);
	finish();
}
END_TEST

START_TEST(the_end_of_msd_waits_for_nobody)
{
	begin();
	die("a", 1);
	last_words_free(&words);
	ck_assert_uint_eq(events_next(msd.events), 2);
	finish();
}
END_TEST

UNIT(last_words, a_death_is_told_when_its_words_are_written,
    deaths_are_told_in_their_order, a_later_answer_stands_for_those_before,
    nobody_is_waited_for_longer_than_a_moment, the_end_of_msd_waits_for_nobody)
