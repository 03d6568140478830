/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <signal.h>
#include <string.h>

#include "supervisor/child/hint.h"
#include "t/lib/unit.h"

static const struct worker_conf by_exec = { .ready.kind = READY_EXEC };
static const struct worker_conf by_notify = { .ready.kind = READY_NOTIFY };

static void
speaks_of(const struct exit_reason *reason, const struct worker_conf *conf,
    const char *word)
{
	const char *hint = hint_of(reason, conf);

	ck_assert_ptr_nonnull(hint);
	ck_assert_msg(strstr(hint, word), "no '%s' in: %s", word, hint);
}

START_TEST(a_program_that_daemonises_itself_is_told_to_stay)
{
	struct exit_reason reason = { .kind = EXIT_KIND_EXIT,
		.cause = EXIT_BY_SELF,
		.left_behind = 1 };

	speaks_of(&reason, &by_exec, "foreground");
	speaks_of(&reason, &by_notify, "MAINPID");
	reason.left_behind = 0;
	ck_assert_ptr_null(hint_of(&reason, &by_exec));
	reason.left_behind = 1;
	reason.code = 1; /* it failed, and had children */
	ck_assert_ptr_null(hint_of(&reason, &by_exec));
	reason.code = 0;
	reason.cause = EXIT_BY_OPERATOR;
	ck_assert_ptr_null(hint_of(&reason, &by_exec));
}
END_TEST

START_TEST(silence_at_start_speaks_of_ready)
{
	struct exit_reason reason = { .kind = EXIT_KIND_START_TIMEOUT };

	speaks_of(&reason, &by_notify, "READY=1");
	ck_assert_ptr_null(hint_of(&reason, &by_exec));
}
END_TEST

START_TEST(a_program_that_is_not_there_is_told_apart)
{
	struct exit_reason reason = { .kind = EXIT_KIND_EXEC,
		.stage = "exec",
		.error = ENOENT };

	speaks_of(&reason, &by_exec, "PATH");
	reason.stage = "interpreter";
	speaks_of(&reason, &by_exec, "first line");
	reason.stage = "exec";
	reason.error = EACCES;
	speaks_of(&reason, &by_exec, "executable");
	reason.error = ENOEXEC;
	speaks_of(&reason, &by_exec, "#!");
	reason.error = EIO;
	ck_assert_ptr_null(hint_of(&reason, &by_exec));
	reason.stage = "user";
	reason.error = ENOENT;
	ck_assert_ptr_null(hint_of(&reason, &by_exec));
}
END_TEST

START_TEST(a_stop_that_took_a_kill_speaks_of_the_signal)
{
	struct exit_reason reason = { .kind = EXIT_KIND_SIGNAL,
		.signal = SIGKILL,
		.cause = EXIT_BY_OPERATOR,
		.late = true };

	speaks_of(&reason, &by_exec, "stop_timeout");
	reason.late = false; /* msctl kill */
	ck_assert_ptr_null(hint_of(&reason, &by_exec));
}
END_TEST

START_TEST(without_a_death_there_is_none)
{
	ck_assert_ptr_null(hint_of(NULL, &by_exec));
}
END_TEST

UNIT(hint, a_program_that_daemonises_itself_is_told_to_stay,
    silence_at_start_speaks_of_ready, a_program_that_is_not_there_is_told_apart,
    a_stop_that_took_a_kill_speaks_of_the_signal, without_a_death_there_is_none)
