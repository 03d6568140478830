/* SPDX-License-Identifier: Apache-2.0 */
/*
 * auto_shutdown: the supervisor ends by itself, with 0 at the root, when its
 * significant children have ended by themselves.
 */
#include <stdio.h>
#include <string.h>

#include "t/lib/sup.h"

static const char *const modes[] = { "auto_shutdown = never",
	"auto_shutdown = any_significant", "auto_shutdown = all_significant" };

#define ANY modes[1]
#define ALL modes[2]

static struct sup *
new_root(const char *mode)
{
	struct sup *s = sup_new();
	char keys[256];

	snprintf(keys, sizeof(keys), "intensity = 10\n%s", mode);
	sup_root(s, keys);
	return s;
}

static void
expect_ended(struct sup *s)
{
	ck_assert_int_eq(sup_wait_exit(s), 0);
	ck_assert_ptr_nonnull(strstr(sup_output(s), "auto_shutdown"));
	sup_free(s);
}

/* ---- children that do not count ------------------------------------------- */

START_TEST(nonsignificant_temporary)
{
	for (size_t i = 0; i < ARRAY_LEN(modes); i++) {
		struct sup *s = new_root(modes[i]);

		sup_worker(s, "w1", "restart = temporary\n", LIFE);
		sup_worker(s, "w2", "restart = temporary\n", LIFE);
		sup_worker(s, "w3", "restart = temporary\n", LIFE);
		sup_worker(s, "w4", "restart = temporary\n", LIFE);
		sup_boot(s);
		sup_tell(s, "stop", "w1");
		sup_signal(s, "w2", SIGKILL);
		sup_await(s, "removed", "w2");
		sup_signal(s, "w3", SIGUSR2);
		sup_await(s, "removed", "w3");
		sup_signal(s, "w4", SIGUSR1);
		sup_await(s, "removed", "w4");
		sup_expect_count(s, NULL, 0, 0, 0, 0);
		sup_end(s);
	}
}
END_TEST

START_TEST(nonsignificant_transient)
{
	for (size_t i = 0; i < ARRAY_LEN(modes); i++) {
		struct sup *s = new_root(modes[i]);

		sup_worker(s, "w1", "restart = transient\n", LIFE);
		sup_worker(s, "w2", "restart = transient\n", LIFE);
		sup_boot(s);
		sup_tell(s, "stop", "w1");
		sup_signal_back(s, "w2", SIGKILL);
		sup_signal_back(s, "w2", SIGUSR2);
		sup_signal(s, "w2", SIGUSR1);
		sup_await(s, "exited", "w2");
		sup_await_state(s, "w2", "exited");
		sup_expect_count(s, NULL, 2, 0, 0, 2);
		sup_end(s);
	}
}
END_TEST

/* ---- children that count --------------------------------------------------- */

#define TEMPORARY "restart = temporary\nsignificant = yes\n"
#define TRANSIENT "restart = transient\nsignificant = yes\n"

START_TEST(significant_temporary)
{
	static const int signals[] = { SIGKILL, SIGUSR2, SIGUSR1 };
	struct sup *s;

	for (size_t i = 0; i < ARRAY_LEN(signals); i++) {
		s = new_root(ANY);
		sup_worker(s, "w1", TEMPORARY, LIFE);
		sup_worker(s, "w2", TEMPORARY, STAMPED);
		sup_worker(s, "w3", TEMPORARY, LIFE);
		sup_boot(s);
		sup_tell(s, "stop", "w3"); /* an order is no end of its own */
		sup_expect_state(s, "w1", "ready");
		sup_signal(s, "w1", signals[i]);
		sup_await(s, "exited", "w2");
		ck_assert_str_eq(sup_stamps(s), "w2 up, w2 down");
		expect_ended(s);
	}
	for (size_t i = 0; i < ARRAY_LEN(signals); i++) {
		s = new_root(ALL);
		sup_worker(s, "w1", TEMPORARY, LIFE);
		sup_worker(s, "w2", TEMPORARY, LIFE);
		sup_boot(s);
		sup_signal(s, "w1", signals[i]);
		sup_await(s, "removed", "w1");
		sup_expect_state(s, "w2", "ready");
		sup_signal(s, "w2", signals[i]);
		expect_ended(s);
	}
}
END_TEST

START_TEST(significant_transient)
{
	struct sup *s = new_root(ANY);

	sup_worker(s, "w1", TRANSIENT, LIFE);
	sup_worker(s, "w2", TRANSIENT, STAMPED);
	sup_worker(s, "w3", TRANSIENT, LIFE);
	sup_boot(s);
	sup_tell(s, "stop", "w3");
	sup_expect_state(s, "w1", "ready");
	sup_signal_back(s, "w1", SIGKILL);
	sup_signal_back(s, "w1", SIGUSR2);
	sup_signal(s, "w1", SIGUSR1);
	sup_await(s, "exited", "w2");
	expect_ended(s);

	s = new_root(ALL);
	sup_worker(s, "w1", TRANSIENT, LIFE);
	sup_worker(s, "w2", TRANSIENT, LIFE);
	sup_worker(s, "w3", "", LIFE); /* does not count */
	sup_boot(s);
	sup_signal(s, "w1", SIGUSR1);
	sup_await(s, "exited", "w1");
	sup_signal_back(s, "w2", SIGKILL);
	sup_signal_back(s, "w2", SIGUSR2);
	sup_expect_state(s, "w3", "ready");
	sup_signal(s, "w2", SIGUSR1);
	expect_ended(s);
}
END_TEST

/* A template's instances cannot count: nobody knows how many there will be. */
START_TEST(significant_simple)
{
	struct sup *s = sup_new();

	sup_conf(s,
	    "[template t]\ncommand = true\nauto_shutdown = "
	    "any_significant\n");
	ck_assert_int_eq(sup_check(s), 6);
	sup_conf_reset(s);
	sup_root(s, ANY);
	sup_conf(s,
	    "[template t]\ncommand = true\nrestart = transient\n"
	    "significant = yes\n");
	ck_assert_int_eq(sup_check(s), 6);
	sup_conf_reset(s);
	sup_conf(s, "[template t]\ncommand = true\nrestart = transient\n");
	ck_assert_int_eq(sup_check(s), 0);
	sup_free(s);
}
END_TEST

/* Stopped by a sibling's restart is not ended by itself. */
START_TEST(significant_bystander)
{
	static const char *const strategies[] = { "one_for_one", "one_for_all",
		"rest_for_one" };

	for (size_t i = 0; i < 2 * ARRAY_LEN(strategies); i++) {
		char keys[160];
		struct sup *s;

		snprintf(keys, sizeof(keys), "strategy = %s\n%s",
		    strategies[i / 2], i % 2 ? ALL : ANY);
		s = new_root(keys);
		sup_worker(s, "w1", "", LIFE);
		sup_worker(s, "w2", TRANSIENT, LIFE);
		sup_worker(s, "w3", TEMPORARY, LIFE);
		sup_boot(s);
		sup_signal(s, "w1", SIGKILL);
		sup_await(s, "ready", i < 2 ? "w1" : "w2");
		sup_expect_state(s, "w1", "ready");
		sup_expect_state(s, "w2", "ready");
		ck_assert_int_eq(sup_lists(s, "w3"), i < 2);
		sup_expect_count(s, NULL, i < 2 ? 3 : 2, i < 2 ? 3 : 2, 0,
		    i < 2 ? 3 : 2);
		sup_end(s);
	}
}
END_TEST

static struct sup *
boot_nested(const char *significant)
{
	struct sup *s = new_root(ANY);

	sup_conf(s,
	    "[supervisor inner]\nauto_shutdown = any_significant\n"
	    "restart = transient\nsignificant = %s\n",
	    significant);
	sup_worker(s, "leaf", "supervisor = inner\n" TRANSIENT, LIFE);
	sup_worker(s, "other", "supervisor = inner\n", STAMPED);
	sup_worker(s, "outer", "", STAMPED);
	sup_boot(s);
	sup_signal(s, "leaf", SIGUSR1);
	return s;
}

START_TEST(significant_escalation)
{
	struct sup *s = boot_nested("no");

	sup_await(s, "exited", "other");
	sup_expect_state(s, "outer", "ready");
	sup_expect_state(s, "inner", "exited");
	sup_expect_count(s, NULL, 2, 1, 1, 1);
	sup_end(s);

	s = boot_nested("yes");
	sup_await(s, "exited", "outer");
	expect_ended(s);
}
END_TEST

OTP(significant, nonsignificant_temporary, nonsignificant_transient,
    significant_temporary, significant_transient, significant_simple,
    significant_bystander, significant_escalation)
