/* SPDX-License-Identifier: Apache-2.0 */
/*
 * permanent, transient, temporary; each ending normally (exit 0), by an order
 * from elsewhere (TERM: OTP's shutdown) and abnormally.
 */
#include "t/lib/sup.h"

static struct sup *
boot(const char *type)
{
	struct sup *s = sup_new();

	sup_root(s, "intensity = 100");
	sup_worker(s, "w1", type, LIFE);
	sup_boot(s);
	return s;
}

static void
ends(struct sup *s, int signo)
{
	sup_signal(s, "w1", signo);
	sup_await(s, "exited", "w1");
}

START_TEST(permanent_normal)
{
	struct sup *s = boot("restart = permanent\n");

	sup_signal_back(s, "w1", SIGUSR1);
	sup_expect_count(s, NULL, 1, 1, 0, 1);
	sup_end(s);
}
END_TEST

START_TEST(permanent_shutdown)
{
	struct sup *s = boot("restart = permanent\nsuccess_exit = 1 TERM\n");

	sup_signal_back(s, "w1", SIGTERM);
	sup_signal_back(s, "w1", SIGUSR2); /* a code of success_exit */
	sup_expect_count(s, NULL, 1, 1, 0, 1);
	sup_end(s);
}
END_TEST

START_TEST(permanent_abnormal)
{
	struct sup *s = boot("restart = permanent\n");

	sup_signal_back(s, "w1", SIGUSR2);
	sup_signal_back(s, "w1", SIGSEGV);
	sup_expect_count(s, NULL, 1, 1, 0, 1);
	sup_end(s);
}
END_TEST

START_TEST(transient_normal)
{
	struct sup *s = boot("restart = transient\n");

	ends(s, SIGUSR1);
	sup_await_state(s, "w1", "exited");
	sup_expect_count(s, NULL, 1, 0, 0, 1);
	ck_assert_int_eq(sup_pid(s, "w1"), 0);
	sup_end(s);
}
END_TEST

START_TEST(transient_shutdown)
{
	static const int signals[] = { SIGTERM, SIGUSR2 };
	struct sup *s = boot("restart = transient\nsuccess_exit = 1 TERM\n");

	for (size_t i = 0; i < ARRAY_LEN(signals); i++) {
		ends(s, signals[i]);
		sup_await_state(s, "w1", "exited");
		sup_expect_count(s, NULL, 1, 0, 0, 1);
		sup_tell(s, "start", "w1");
		sup_expect_count(s, NULL, 1, 1, 0, 1);
	}
	sup_end(s);
}
END_TEST

START_TEST(transient_abnormal)
{
	struct sup *s = boot("restart = transient\n");

	sup_signal_back(s, "w1", SIGUSR2);
	sup_signal_back(s, "w1", SIGKILL);
	sup_expect_count(s, NULL, 1, 1, 0, 1);
	sup_end(s);
}
END_TEST

static void
expect_gone(struct sup *s, int signo)
{
	ends(s, signo);
	sup_await(s, "removed", "w1");
	ck_assert(!sup_lists(s, "w1"));
	sup_expect_count(s, NULL, 0, 0, 0, 0);
}

/* Our own rule: one of the file stays to be seen, and may be started again. */
static void
stays_as_a_memory(void)
{
	struct sup *s = sup_new();

	sup_worker(s, "w1", "restart = temporary\n", LIFE);
	sup_boot(s);
	for (int i = 0; i < 2; i++) {
		sup_expect_count(s, NULL, 1, 1, 0, 1);
		ends(s, SIGUSR1);
		sup_await_state(s, "w1", "exited");
		sup_expect_count(s, NULL, 0, 0, 0, 0);
		sup_tell(s, "start", "w1");
	}
	sup_end(s);
}

START_TEST(temporary_normal)
{
	struct sup *s = boot("restart = temporary\n");

	expect_gone(s, SIGUSR1);
	sup_end(s);
	stays_as_a_memory();
}
END_TEST

START_TEST(temporary_shutdown)
{
	struct sup *s = boot("restart = temporary\nsuccess_exit = 1 TERM\n");

	expect_gone(s, SIGTERM);
	sup_add(s, "w1", "restart = temporary\nsuccess_exit = 1\n", LIFE);
	sup_expect_count(s, NULL, 1, 1, 0, 1);
	expect_gone(s, SIGUSR2);
	sup_end(s);
}
END_TEST

START_TEST(temporary_abnormal)
{
	struct sup *s = boot("restart = temporary\n");

	expect_gone(s, SIGUSR2);
	sup_add(s, "w1", "restart = temporary\n", LIFE);
	expect_gone(s, SIGKILL);
	sup_end(s);
}
END_TEST

OTP(types, permanent_normal, permanent_shutdown, permanent_abnormal,
    transient_normal, transient_shutdown, transient_abnormal, temporary_normal,
    temporary_shutdown, temporary_abnormal)
