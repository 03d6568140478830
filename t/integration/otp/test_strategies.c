/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whom a failure takes along, what it charges, and what happens when the
 * restart itself fails.
 */
#include <string.h>

#include "t/lib/sup.h"

/* The workers' pids, and which of them a step has changed. */
static void
take_pids(struct sup *s, const char *const *names, size_t n, pid_t *pids)
{
	for (size_t i = 0; i < n; i++) {
		pids[i] = sup_pid(s, names[i]);
		ck_assert_int_gt(pids[i], 0);
	}
}

static void
expect_gave_up(struct sup *s)
{
	ck_assert_int_eq(sup_wait_exit(s), 1);
	ck_assert_ptr_nonnull(strstr(sup_output(s), "gave up"));
	sup_free(s);
}

static const char *const names[] = { "w1", "w2", "w3" };

START_TEST(one_for_one)
{
	struct sup *s = sup_new();
	pid_t before[2], after[2];

	sup_root(s, "intensity = 2\nperiod = 1h");
	sup_worker(s, "w1", "", LIFE);
	sup_worker(s, "w2", "", LIFE);
	sup_boot(s);
	take_pids(s, names, 2, before);
	sup_signal_back(s, "w1", SIGKILL);
	take_pids(s, names, 2, after);
	ck_assert_int_ne(before[0], after[0]);
	ck_assert_int_eq(before[1], after[1]);
	sup_expect_count(s, NULL, 2, 2, 0, 2);
	sup_signal_back(s, "w2", SIGKILL);
	sup_signal(s, "w1", SIGKILL);
	expect_gave_up(s);
}
END_TEST

START_TEST(one_for_one_escalation)
{
	struct sup *s = sup_new();

	sup_root(s, "intensity = 4\nperiod = 1h");
	sup_worker(s, "w1", "", "from:2:exit:1 " LIFE);
	sup_worker(s, "w2", "", STAMPED);
	sup_boot(s);
	sup_signal(s, "w1", SIGKILL);
	/* the death and four failed retries */
	for (int i = 0; i < 5; i++)
		sup_await(s, "exited", "w1");
	ck_assert_int_eq(sup_wait_exit(s), 1);
	ck_assert_str_eq(sup_stamps(s), "w2 up, w2 down");
	sup_free(s);
}
END_TEST

START_TEST(one_for_all)
{
	struct sup *s = sup_new();
	pid_t before[2], after[2];

	sup_root(s, "strategy = one_for_all\nintensity = 2\nperiod = 1h");
	sup_worker(s, "w1", "", LIFE);
	sup_worker(s, "w2", "", LIFE);
	sup_boot(s);
	take_pids(s, names, 2, before);
	sup_signal(s, "w1", SIGKILL);
	sup_await(s, "ready", "w2");
	take_pids(s, names, 2, after);
	for (size_t i = 0; i < 2; i++) {
		ck_assert_int_ne(before[i], after[i]);
		ck_assert(!sup_is_alive(before[i]));
	}
	sup_expect_count(s, NULL, 2, 2, 0, 2);
	/* one charge per event: a second one is allowed, the third is not */
	sup_signal(s, "w2", SIGKILL);
	sup_await(s, "ready", "w2");
	sup_signal(s, "w1", SIGKILL);
	expect_gave_up(s);
}
END_TEST

START_TEST(one_for_all_escalation)
{
	struct sup *s = sup_new();

	sup_root(s, "strategy = one_for_all\nintensity = 4\nperiod = 1h");
	sup_worker(s, "w1", "", LIFE);
	sup_worker(s, "w2", "", "from:2:exit:1 " LIFE);
	sup_boot(s);
	sup_signal(s, "w1", SIGKILL);
	sup_await(s, "exited", "w2"); /* taken along by w1 */
	for (int i = 0; i < 4; i++)   /* failed retries */
		sup_await(s, "exited", "w2");
	expect_gave_up(s);
}
END_TEST

START_TEST(one_for_all_other_child_fails_restart)
{
	struct sup *s = sup_new();

	sup_root(s, "strategy = one_for_all\nintensity = 3\nperiod = 1h");
	sup_worker(s, "w1", "", STAMPED);
	sup_worker(s, "w2", "",
	    STAMP_UP "at:2:exit:1 " STAMP_DOWN "say:READY=1");
	sup_boot(s);
	sup_signal(s, "w1", SIGKILL);
	sup_await(s, "ready", "w2");
	ck_assert_str_eq(sup_stamps(s),
	    "w1 up, w2 up, w2 down, w1 up, w2 up, w1 down, w1 up, w2 up");
	sup_expect_count(s, NULL, 2, 2, 0, 2);
	sup_end(s);
}
END_TEST

START_TEST(rest_for_one)
{
	struct sup *s = sup_new();
	pid_t before[3], after[3];

	sup_root(s, "strategy = rest_for_one\nintensity = 2\nperiod = 1h");
	for (size_t i = 0; i < 3; i++)
		sup_worker(s, names[i], "", LIFE);
	sup_boot(s);
	take_pids(s, names, 3, before);
	sup_signal(s, "w2", SIGKILL);
	sup_await(s, "ready", "w3");
	take_pids(s, names, 3, after);
	ck_assert_int_eq(before[0], after[0]);
	ck_assert_int_ne(before[1], after[1]);
	ck_assert_int_ne(before[2], after[2]);
	ck_assert(!sup_is_alive(before[2]));
	sup_expect_count(s, NULL, 3, 3, 0, 3);
	sup_signal(s, "w2", SIGKILL);
	sup_await(s, "ready", "w3");
	sup_signal(s, "w3", SIGKILL);
	expect_gave_up(s);
}
END_TEST

START_TEST(rest_for_one_escalation)
{
	struct sup *s = sup_new();

	sup_root(s, "strategy = rest_for_one\nintensity = 4\nperiod = 1h");
	sup_worker(s, "w1", "", LIFE);
	sup_worker(s, "w2", "", "from:2:exit:1 " LIFE);
	sup_boot(s);
	sup_signal(s, "w1", SIGKILL);
	sup_await(s, "exited", "w2");
	for (int i = 0; i < 4; i++)
		sup_await(s, "exited", "w2");
	expect_gave_up(s);
}
END_TEST

/* The retry begins at the one that failed; the earlier one stays. */
START_TEST(rest_for_one_other_child_fails_restart)
{
	struct sup *s = sup_new();

	sup_root(s, "strategy = rest_for_one\nintensity = 3\nperiod = 1h");
	sup_worker(s, "w1", "", STAMPED);
	sup_worker(s, "w2", "",
	    STAMP_UP "at:2:exit:1 " STAMP_DOWN "say:READY=1");
	sup_worker(s, "w3", "", STAMPED);
	sup_boot(s);
	sup_clear_stamps(s);
	sup_signal(s, "w1", SIGKILL);
	sup_await(s, "ready", "w3");
	ck_assert_str_eq(sup_stamps(s),
	    "w3 down, w2 down, w1 up, w2 up, w2 up, w3 up");
	ck_assert_int_eq((int)sup_number(s, "w1", "generation"), 2);
	ck_assert_int_eq((int)sup_number(s, "w2", "generation"), 3);
	sup_end(s);
}
END_TEST

START_TEST(temporary_bystander)
{
	static const char *const strategies[] = {
		"strategy = one_for_all\nintensity = 10",
		"strategy = rest_for_one\nintensity = 10"
	};

	for (size_t i = 0; i < ARRAY_LEN(strategies); i++) {
		struct sup *s = sup_new();
		pid_t bystander;

		sup_root(s, strategies[i]);
		sup_worker(s, "w1", "", LIFE);
		sup_worker(s, "w2", "restart = temporary\n", LIFE);
		sup_boot(s);
		bystander = sup_pid(s, "w2");
		sup_signal_back(s, "w1", SIGKILL);
		ck_assert(!sup_is_alive(bystander));
		ck_assert(!sup_lists(s, "w2"));
		sup_expect_count(s, NULL, 1, 1, 0, 1);
		sup_end(s);
	}
}
END_TEST

START_TEST(multiple_restarts)
{
	struct sup *s = sup_new();

	sup_root(s, "intensity = 1\nperiod = 300ms");
	sup_worker(s, "w1", "", LIFE);
	sup_boot(s);
	for (int i = 0; i < 4; i++) {
		uint64_t next = sup_now_ms() + 630;

		sup_signal_back(s, "w1", SIGKILL);
		sup_pass(next); /* the window is what is tested */
	}
	sup_expect_state(s, "w1", "ready");
	sup_tell(s, "stop", "w1");
	sup_do(s, "'do':'remove','name':'w1'");
	sup_expect_count(s, NULL, 0, 0, 0, 0);
	sup_end(s);
}
END_TEST

/* ---- a tree of supervisors ------------------------------------------------ */

static void
boot_tree(struct sup *s, bool otp_strict)
{
	sup_conf(s, "[supervisor root]\notp_strict = %s\n",
	    otp_strict ? "yes" : "no");
	sup_conf(s, "strategy = one_for_all\nintensity = 4\nperiod = 1h\n");
	sup_conf(s,
	    "[supervisor g1]\notp_strict = %s\nintensity = 2\nperiod = 1h\n",
	    otp_strict ? "yes" : "no");
	sup_conf(s,
	    "[supervisor g2]\notp_strict = %s\nintensity = 1\nperiod = 1h\n",
	    otp_strict ? "yes" : "no");
	sup_conf(s, "[supervisor g3]\notp_strict = %s\nrestart = transient\n",
	    otp_strict ? "yes" : "no");
	sup_worker(s, "g1a", "supervisor = g1\n", LIFE);
	sup_worker(s, "g1b", "supervisor = g1\n", LIFE);
	sup_worker(s, "g3a", "supervisor = g3\n", LIFE);
	sup_boot(s);
	sup_add(s, "d1", "supervisor = g2\n", LIFE);
	sup_add(s, "d2", "supervisor = g2\n", LIFE);
	sup_tell(s, "stop", "g3");
}

static void
tree_escalates(struct sup *s, pid_t g1a)
{
	/* a leaf's failure stays in its group while the group can bear it */
	sup_signal_back(s, "d1", SIGKILL);
	ck_assert_int_eq(sup_pid(s, "g1a"), g1a);
	sup_signal(s, "d2", SIGKILL);
	sup_await(s, "escalated", "g2");
	sup_await(s, "ready", "g1b");
	ck_assert_int_ne(sup_pid(s, "g1a"), g1a);
	ck_assert(!sup_is_alive(g1a));
}

START_TEST(tree)
{
	struct sup *s = sup_new();
	pid_t g1a;

	boot_tree(s, true);
	g1a = sup_pid(s, "g1a");
	sup_expect_count(s, NULL, 3, 2, 3, 0);
	sup_expect_count(s, "g1", 2, 2, 0, 2);
	sup_expect_count(s, "g2", 2, 2, 0, 2);
	tree_escalates(s, g1a);
	sup_await_state(s, "g3a", "ready"); /* it is back, as in OTP */
	sup_expect_count(s, NULL, 3, 3, 3, 0);
	sup_expect_count(s, "g1", 2, 2, 0, 2);
	sup_expect_count(s, "g2", 0, 0, 0, 0);
	ck_assert(!sup_lists(s, "d1"));
	sup_end(s);

	/* our own rule: what an operator stopped stays stopped, what he
	 * added comes back */
	s = sup_new();
	boot_tree(s, false);
	tree_escalates(s, sup_pid(s, "g1a"));
	sup_await_state(s, "d2", "ready");
	sup_expect_state(s, "g3a", "down");
	sup_expect_count(s, NULL, 3, 2, 3, 0);
	sup_expect_count(s, "g2", 2, 2, 0, 2);
	sup_end(s);
}
END_TEST

OTP(strategies, one_for_one, one_for_one_escalation, one_for_all,
    one_for_all_escalation, one_for_all_other_child_fails_restart, rest_for_one,
    rest_for_one_escalation, rest_for_one_other_child_fails_restart,
    temporary_bystander, multiple_restarts, tree)
