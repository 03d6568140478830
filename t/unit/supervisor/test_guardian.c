/* SPDX-License-Identifier: Apache-2.0 */
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include "common/defs.h"
#include "supervisor/guard/guard.h"
#include "supervisor/guard/guardian_verdict.h"
#include "t/lib/unit.h"

static int
verdict(int status, int word, int asked)
{
	struct guardian_end end = { .status = status,
		.word = word,
		.asked = asked };

	return guardian_verdict(&end);
}

START_TEST(exit_codes_of_the_contract_are_passed_on)
{
	static const int codes[] = { 0, 1, 2, 6, 7 };

	for (size_t i = 0; i < ARRAY_LEN(codes); i++)
		ck_assert_int_eq(verdict(codes[i] << 8, -1, 0), codes[i]);
}
END_TEST

START_TEST(a_signal_or_another_code_is_a_crash)
{
	ck_assert_int_eq(verdict(SIGKILL, -1, 0), GUARDIAN_AGAIN);
	ck_assert_int_eq(verdict(SIGSEGV | 0x80, -1, 0), GUARDIAN_AGAIN);
	ck_assert_int_eq(verdict(70 << 8, -1, 0), GUARDIAN_AGAIN);
	ck_assert_int_eq(verdict(127 << 8, -1, 0), GUARDIAN_AGAIN);
}
END_TEST

START_TEST(who_was_stopping_does_not_come_back)
{
	ck_assert_int_eq(verdict(SIGKILL, 0, 0), 0);
	ck_assert_int_eq(verdict(SIGKILL, 1, 0), 1);
	ck_assert_int_eq(verdict(SIGKILL, -1, 1), 0);
	ck_assert_int_eq(verdict(1 << 8, 0, 1), 1);
}
END_TEST

START_TEST(pauses_grow_until_msd_has_been_up_for_a_minute)
{
	const uint32_t middle = UINT32_MAX / 2;
	uint32_t tries = 0;
	uint64_t last = 0;

	for (int i = 0; i < 8; i++) {
		uint64_t ms = guardian_pause_ms(&tries, 59999, middle);

		ck_assert_uint_gt(ms, last);
		last = ms;
	}
	for (int i = 0; i < 20; i++)
		last = guardian_pause_ms(&tries, 0, UINT32_MAX);
	ck_assert_uint_eq(last, 30000);
	ck_assert_uint_lt(guardian_pause_ms(&tries, 60000, middle), 121);
}
END_TEST

START_TEST(a_crash_has_words)
{
	char text[GUARD_HOW_BYTES];

	ck_assert_str_eq(guardian_how(SIGSEGV | 0x80, text, sizeof(text)),
	    "killed by SEGV");
	ck_assert_str_eq(guardian_how(70 << 8, text, sizeof(text)),
	    "exit code 70");
}
END_TEST

START_TEST(only_a_child_of_the_guardian_believes_in_it)
{
	struct guard guard = GUARD_NONE;

	ck_assert(!guard_take(&guard));
	setenv("MS_GUARD", "1 0 0 2 killed by KILL", 1);
	ck_assert(!guard_take(&guard));
	ck_assert_ptr_null(getenv("MS_GUARD"));
}
END_TEST

START_TEST(what_is_put_is_taken)
{
	struct guard put = { .pid = getppid(),
		.lock_fd = dup(0),
		.word_fd = dup(0),
		.starts = 3,
		.how = "killed by KILL" };
	struct guard guard = GUARD_NONE;

	guard_put(&put);
	ck_assert(guard_take(&guard));
	ck_assert_int_eq(guard.pid, put.pid);
	ck_assert_int_eq(guard.lock_fd, put.lock_fd);
	ck_assert_uint_eq(guard.starts, 3);
	ck_assert_str_eq(guard.how, "killed by KILL");
	ck_assert(!guard_is_lost(&guard));
}
END_TEST

UNIT(guardian, exit_codes_of_the_contract_are_passed_on,
    a_signal_or_another_code_is_a_crash, who_was_stopping_does_not_come_back,
    pauses_grow_until_msd_has_been_up_for_a_minute, a_crash_has_words,
    only_a_child_of_the_guardian_believes_in_it, what_is_put_is_taken)
