/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <signal.h>
#include <string.h>

#include "supervisor/tree/exit_reason.h"
#include "t/lib/unit.h"

static struct worker_conf
defaults(enum ready_kind ready)
{
	static const struct exit_set success = { .codes = { 1 }, /* 0 */
		.signals = 1ULL << (SIGTERM - 1) | 1ULL << (SIGINT - 1) |
		    1ULL << (SIGHUP - 1) };
	static const struct exit_set ignore = { .codes = { [77 / 64] = 1ULL
							<< (77 % 64) } },
				     prevent = { .codes = { 1ULL << 6 } };

	return (struct worker_conf){ .ready.kind = ready,
		.success_exit = &success,
		.ignore_exit = &ignore,
		.prevent_restart_exit = &prevent };
}

static enum exit_verdict
judge_code(enum ready_kind ready, int code, bool was_ready)
{
	struct worker_conf conf = defaults(ready);
	struct exit_reason reason = { .kind = EXIT_KIND_EXIT,
		.code = code,
		.was_ready = was_ready };

	return exit_judge(&reason, &conf);
}

static enum exit_verdict
judge_signal(int signo, bool core)
{
	struct worker_conf conf = defaults(READY_EXEC);
	struct exit_reason reason = { .kind = EXIT_KIND_SIGNAL,
		.code = -1,
		.signal = signo,
		.was_ready = true,
		.core_dumped = core };

	return exit_judge(&reason, &conf);
}

START_TEST(exit_zero_is_normal)
{
	ck_assert_int_eq(judge_code(READY_EXEC, 0, true), VERDICT_NORMAL);
	ck_assert_int_eq(judge_code(READY_NOTIFY, 0, true), VERDICT_NORMAL);
}
END_TEST

START_TEST(other_codes_are_failures)
{
	for (int code = 1; code < 256; code++)
		if (code != 6 && code != 77)
			ck_assert_int_eq(judge_code(READY_EXEC, code, true),
			    VERDICT_FAILURE);
}
END_TEST

START_TEST(exit_zero_before_a_promised_ready_is_a_failure)
{
	ck_assert_int_eq(judge_code(READY_NOTIFY, 0, false), VERDICT_FAILURE);
}
END_TEST

START_TEST(exit_77_means_ignore_only_before_a_promised_ready)
{
	ck_assert_int_eq(judge_code(READY_NOTIFY, 77, false), VERDICT_IGNORE);
	ck_assert_int_eq(judge_code(READY_NOTIFY, 77, true), VERDICT_FAILURE);
	ck_assert_int_eq(judge_code(READY_EXEC, 77, true), VERDICT_FAILURE);
}
END_TEST

START_TEST(a_listed_code_forbids_the_restart)
{
	ck_assert_int_eq(judge_code(READY_EXEC, 6, true), VERDICT_FINAL);
}
END_TEST

START_TEST(term_int_hup_are_ends_and_kill_is_a_failure)
{
	ck_assert_int_eq(judge_signal(SIGTERM, false), VERDICT_NORMAL);
	ck_assert_int_eq(judge_signal(SIGINT, false), VERDICT_NORMAL);
	ck_assert_int_eq(judge_signal(SIGHUP, false), VERDICT_NORMAL);
	ck_assert_int_eq(judge_signal(SIGKILL, false), VERDICT_FAILURE);
	ck_assert_int_eq(judge_signal(SIGSEGV, true), VERDICT_FAILURE);
	ck_assert_int_eq(judge_signal(SIGTERM, true), VERDICT_FAILURE);
}
END_TEST

START_TEST(what_msd_found_out_is_a_failure_whatever_the_code)
{
	static const enum exit_kind kinds[] = { EXIT_KIND_START_TIMEOUT,
		EXIT_KIND_WATCHDOG, EXIT_KIND_CHECK, EXIT_KIND_OOM,
		EXIT_KIND_EXEC };
	struct worker_conf conf = defaults(READY_EXEC);

	for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
		struct exit_reason reason = { .kind = kinds[i],
			.signal = SIGTERM,
			.was_ready = true };
		ck_assert_int_eq(exit_judge(&reason, &conf), VERDICT_FAILURE);
	}
}
END_TEST

START_TEST(restart_types_follow_otp)
{
	/* rows: verdict; columns: permanent, transient, temporary */
	static const bool want[][3] = {
		[VERDICT_NORMAL] = { true, false, false },
		[VERDICT_FAILURE] = { true, true, false },
		[VERDICT_IGNORE] = { false, false, false },
		[VERDICT_FINAL] = { false, false, false },
		[VERDICT_SHORTAGE] = { true, true, false },
	};

	for (int v = VERDICT_NORMAL; v <= VERDICT_SHORTAGE; v++)
		for (int t = RESTART_PERMANENT; t <= RESTART_TEMPORARY; t++)
			ck_assert_int_eq(exit_is_restarted((enum restart_type)t,
					     (enum exit_verdict)v),
			    want[v][t]);
}
END_TEST

START_TEST(a_short_machine_is_not_the_workers_fault)
{
	static const int errors[] = { EAGAIN, ENOMEM, EMFILE, ENFILE, ETXTBSY };
	struct worker_conf conf = defaults(READY_NOTIFY);
	struct exit_reason reason = { .kind = EXIT_KIND_EXEC };

	for (size_t i = 0; i < ARRAY_LEN(errors); i++) {
		reason.error = errors[i];
		ck_assert_int_eq(exit_judge(&reason, &conf), VERDICT_SHORTAGE);
	}
	reason.error = EACCES;
	ck_assert_int_eq(exit_judge(&reason, &conf), VERDICT_FAILURE);
}
END_TEST

START_TEST(every_kind_says_how_it_was)
{
	char text[EXIT_TEXT_BYTES];
	struct exit_reason reason = { .kind = EXIT_KIND_EXEC,
		.stage = "exec",
		.error = ENOENT };

	ck_assert_ptr_nonnull(strstr(exit_print(&reason, text), "No such"));
	reason = (struct exit_reason){ .kind = EXIT_KIND_SIGNAL,
		.signal = SIGKILL,
		.was_ready = true };
	ck_assert_str_eq(exit_print(&reason, text), "killed by KILL");
	reason = (struct exit_reason){ .kind = EXIT_KIND_EXIT, .code = 3 };
	ck_assert_str_eq(exit_print(&reason, text),
	    "exit code 3 before it was ready");
}
END_TEST

UNIT(exit_reason, exit_zero_is_normal, other_codes_are_failures,
    exit_zero_before_a_promised_ready_is_a_failure,
    exit_77_means_ignore_only_before_a_promised_ready,
    a_listed_code_forbids_the_restart,
    term_int_hup_are_ends_and_kill_is_a_failure,
    what_msd_found_out_is_a_failure_whatever_the_code, restart_types_follow_otp,
    a_short_machine_is_not_the_workers_fault, every_kind_says_how_it_was)
