/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Templates: OTP's simple_one_for_one.  An instance differs from its siblings
 * by the arguments it was spawned with.
 */
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "t/lib/sup.h"

/* [template t] with `steps`; what its parent does when it gives up ends msd. */
static struct sup *
boot(const char *keys, const char *steps)
{
	struct sup *s = sup_new();

	sup_root(s, "intensity = 0");
	sup_conf(s,
	    "[template t]\ncommand = %s/t/probes/chaos %s\nready = notify\n"
	    "%s%s",
	    sup_build_dir(), steps, strstr(keys, "backoff") ? "" : SUP_AT_ONCE,
	    keys);
	sup_boot(s);
	return s;
}

static void
expect_gave_up(struct sup *s)
{
	ck_assert_int_eq(sup_wait_exit(s), 1);
	sup_free(s);
}

/* ---- starting ----------------------------------------------------------------- */

static void
expect_ignored_is_gone(const char *keys)
{
	struct sup *s = boot(keys, "on:USR1:exit:0");
	pid_t pid;

	ck_assert_int_eq(sup_spawn(s, "t", "exit:77"), 0);
	ck_assert_str_eq(sup_reply_str(s, "state"), "ignored");
	ck_assert(!sup_lists(s, "t@1"));
	sup_expect_count(s, "t", 1, 0, 0, 0);
	pid = sup_spawn(s, "t", "say:READY=1");
	ck_assert_int_gt(pid, 0);
	sup_expect_count(s, "t", 1, 1, 0, 1);
	sup_end(s);
}

START_TEST(sup_start_ignore_temporary_child_start_child_simple)
{
	expect_ignored_is_gone("restart = temporary\n");
}
END_TEST

START_TEST(sup_start_ignore_permanent_child_start_child_simple)
{
	expect_ignored_is_gone("restart = permanent\n");
}
END_TEST

START_TEST(sup_start_child_returns_error_simple)
{
	struct sup *s = boot("", "on:USR1:exit:0");
	const char *why = sup_refused(s, "failed",
	    "'do':'spawn','name':'t','args':['exit:3']");

	ck_assert_ptr_nonnull(strstr(why, "exit code 3"));
	sup_expect_count(s, "t", 1, 0, 0, 0);
	sup_end(s);
}
END_TEST

START_TEST(sup_start_map_simple)
{
	struct sup *s = boot("stop_timeout = 3s\nrestart = transient\n", LIFE);
	pid_t pid = sup_spawn(s, "t", NULL);
	char first[64];

	snprintf(first, sizeof(first), "%s", sup_reply_str(s, "name"));
	sup_spawn(s, "t", NULL);
	ck_assert_str_eq(sup_spec(s, first, "stop_timeout"), "3s");
	ck_assert_str_eq(sup_spec(s, first, "restart"), "transient");
	ck_assert_str_eq(sup_spec(s, "t@2", "stop_timeout"), "3s");
	ck_assert_str_eq(sup_spec(s, "t@2", "ready"), "notify");
	ck_assert_str_eq(sup_spec(s, "t@2", "significant"), "no");
	ck_assert_str_eq(sup_spec(s, "t", "stop_timeout"), "3s");
	sup_refused(s, "not_found", "'do':'show','name':'%d'", (int)pid);
	sup_refused(s, "not_found", "'do':'show','name':'t@3'");
	sup_end(s);
}
END_TEST

/* ---- handling ------------------------------------------------------------------ */

START_TEST(child_adm_simple)
{
	struct sup *s = boot("", LIFE);
	pid_t stranger, one;

	sup_expect_count(s, "t", 1, 0, 0, 0);
	one = sup_spawn(s, "t", NULL);
	sup_spawn(s, "t", NULL);
	sup_expect_count(s, "t", 1, 2, 0, 2);
	sup_expect_count(s, NULL, 1, 1, 1, 0);
	sup_refused(s, "bad_request", "'do':'stop','name':'t'");
	sup_refused(s, "bad_request", "'do':'restart','name':'t@1'");
	sup_refused(s, "running", "'do':'remove','name':'t@1'");
	ck_assert(sup_is_alive(one));

	stranger = fork();
	if (stranger == 0) {
		pause();
		_exit(0);
	}
	sup_refused(s, "not_found", "'do':'stop','name':'%d'", (int)stranger);
	ck_assert(sup_is_alive(stranger));
	kill(stranger, SIGKILL);
	ck_assert_int_eq(waitpid(stranger, NULL, 0), stranger);

	sup_tell(s, "stop", "t@1");
	ck_assert(!sup_is_alive(one));
	sup_expect_count(s, "t", 1, 1, 0, 1);
	sup_tell(s, "stop", "t@1"); /* it has been one of ours */
	sup_refused(s, "not_found", "'do':'stop','name':'t@3'");
	sup_end(s);
}
END_TEST

START_TEST(simple_one_for_one)
{
	struct sup *s = boot("intensity = 2\nperiod = 1h\n", LIFE);
	pid_t two;

	sup_spawn(s, "t", NULL);
	two = sup_spawn(s, "t", NULL);
	sup_signal_back(s, "t@1", SIGKILL);
	ck_assert_int_eq(sup_pid(s, "t@2"), two);
	sup_expect_count(s, "t", 1, 2, 0, 2);
	sup_signal_back(s, "t@2", SIGKILL); /* they share one window */
	sup_signal(s, "t@1", SIGKILL);
	expect_gave_up(s);
}
END_TEST

START_TEST(simple_one_for_one_extra)
{
	struct sup *s = boot("intensity = 5\nperiod = 1h\n",
	    "say:STATUS=extra say:READY=1");

	sup_spawn(s, "t", NULL);
	ck_assert_str_eq(sup_reply_str(s, "status_text"), "extra");
	sup_spawn(s, "t", NULL);
	sup_signal_back(s, "t@1", SIGKILL);
	sup_do(s, "'do':'status','name':'t@1'");
	sup_expect_count(s, "t", 1, 2, 0, 2);
	sup_signal_back(s, "t@2", SIGKILL);
	sup_end(s);
}
END_TEST

START_TEST(simple_one_for_one_escalation)
{
	struct sup *s = boot("intensity = 4\nperiod = 1h\n", "");

	sup_spawn(s, "t", "say:READY=1");
	sup_do(s,
	    "'do':'spawn','name':'t','args':['from:2:exit:1','say:READY=1']");
	sup_signal(s, "t@2", SIGKILL);
	for (int i = 0; i < 5; i++)
		sup_await(s, "exited", "t@2");
	sup_await(s, "exited", "t@1");
	expect_gave_up(s);
}
END_TEST

START_TEST(simple_one_for_one_restart_ignore)
{
	static const char *const types[] = {
		"restart = permanent\nintensity = 5\nperiod = 1h\n",
		"restart = transient\nintensity = 5\nperiod = 1h\n"
	};

	for (size_t i = 0; i < ARRAY_LEN(types); i++) {
		struct sup *s = boot(types[i], "from:4:exit:77 say:READY=1");

		sup_spawn(s, "t", NULL);
		sup_signal_back(s, "t@1", SIGKILL);
		sup_signal_back(s, "t@1", SIGKILL);
		sup_signal(s, "t@1", SIGKILL);
		sup_await(s, "removed", "t@1");
		ck_assert(!sup_lists(s, "t@1"));
		sup_expect_count(s, "t", 1, 0, 0, 0);
		sup_end(s);
	}
}
END_TEST

/* ---- stopping together ----------------------------------------------------------- */

START_TEST(simple_one_for_one_shutdown)
{
	struct sup *s = boot("stop_timeout = 600ms\n", "");
	uint64_t since, took;
	int killed = 0;

	sup_do(s,
	    "'do':'spawn','name':'t','args':['on:TERM:pause:300',"
	    "'on:TERM:exit:0','say:READY=1']");
	sup_do(s,
	    "'do':'spawn','name':'t','args':['on:TERM:pause:300',"
	    "'on:TERM:exit:0','say:READY=1']");
	sup_do(s,
	    "'do':'spawn','name':'t','args':['on:TERM:pause:2000',"
	    "'on:TERM:exit:0','say:READY=1']");
	sup_mark(s);
	since = sup_now_ms();
	kill(s->pid, SIGTERM);
	for (int i = 0; i < 3; i++)
		killed += strcmp(json_get_str(sup_await(s, "exited", NULL),
				     "signal", ""),
			      "KILL") == 0;
	ck_assert_int_eq(sup_wait_exit(s), 0);
	took = sup_now_ms() - since;
	ck_assert_int_eq(killed, 1);
	ck_assert_uint_ge(took, 600);
	ck_assert_uint_lt(took, 1150); /* one after the other: 1200 */
	sup_free(s);
}
END_TEST

/* ---- counting ---------------------------------------------------------------------- */

START_TEST(count_children)
{
	struct sup *s = boot("restart = temporary\n", LIFE);
	int many = sup_scaled(200), some = sup_scaled(50);
	char name[32];

	sup_do(s, "'do':'scale','name':'t','count':%d,'wait':true", many);
	for (int i = 0; i < 3; i++)
		sup_expect_count(s, "t", 1, many, 0, many);
	sup_do(s, "'do':'scale','name':'t','count':%d,'wait':true", some);
	sup_expect_count(s, "t", 1, some, 0, some);
	sup_mark(s);
	for (int i = 1; i <= some; i++) {
		snprintf(name, sizeof(name), "t@%d", i);
		kill(sup_pid(s, name), SIGKILL);
	}
	for (int i = 0; i < some; i++)
		sup_await(s, "removed", NULL);
	sup_expect_count(s, "t", 1, 0, 0, 0);
	sup_end(s);
}
END_TEST

/* Groups cannot be spawned; what is counted of them is the same. */
START_TEST(count_children_supervisor)
{
	struct sup *s = sup_new();
	enum {
		GROUPS = 40
	};
	char name[32], keys[96];

	sup_root(s, "");
	for (int i = 0; i < GROUPS; i++)
		sup_conf(s,
		    "[supervisor g%d]\nrestart = transient\n"
		    "auto_shutdown = any_significant\n",
		    i);
	for (int i = 0; i < GROUPS; i++) {
		snprintf(name, sizeof(name), "w%d", i);
		snprintf(keys, sizeof(keys),
		    "supervisor = g%d\nrestart = transient\nsignificant = yes\n",
		    i);
		sup_worker(s, name, keys, LIFE);
	}
	sup_boot(s);
	for (int i = 0; i < 3; i++)
		sup_expect_count(s, NULL, GROUPS, GROUPS, GROUPS, 0);
	for (int i = 0; i < GROUPS; i++) {
		snprintf(name, sizeof(name), "w%d", i);
		sup_signal(s, name, SIGUSR1);
		sup_await(s, "exited", name);
	}
	sup_expect_count(s, NULL, GROUPS, 0, GROUPS, 0);
	sup_end(s);
}
END_TEST

START_TEST(count_restarting_children)
{
	struct sup *s = boot("intensity = 100000\nperiod = 1h\n"
			     "backoff = 400ms..400ms\n",
	    "");
	char arg[192];

	snprintf(arg, sizeof(arg), "exit-if:%s/broken:1", s->dir);
	sup_spawn(s, "t", "say:READY=1");
	for (int i = 0; i < 2; i++)
		sup_do(s, "'do':'spawn','name':'t','args':['%s','say:READY=1']",
		    arg);
	sup_expect_count(s, "t", 1, 3, 0, 3);
	sup_touch(s, "broken");
	sup_signal(s, "t@2", SIGKILL);
	kill(sup_pid(s, "t@3"), SIGKILL);
	/* the death, then the failed start that has to wait */
	for (int i = 0; i < 4; i++)
		sup_await(s, "restarting", NULL);
	sup_expect_count(s, "t", 1, 1, 0, 3);
	sup_untouch(s, "broken");
	sup_await_state(s, "t@2", "ready");
	sup_await_state(s, "t@3", "ready");
	sup_expect_count(s, "t", 1, 3, 0, 3);
	for (int i = 1; i <= 3; i++) {
		sup_do(s, "'do':'stop','name':'t@%d','wait':true", i);
		sup_expect_count(s, "t", 1, 3 - i, 0, 3 - i);
	}
	sup_end(s);
}
END_TEST

OTP(templates, sup_start_ignore_temporary_child_start_child_simple,
    sup_start_ignore_permanent_child_start_child_simple,
    sup_start_child_returns_error_simple, sup_start_map_simple,
    child_adm_simple, simple_one_for_one, simple_one_for_one_extra,
    simple_one_for_one_escalation, simple_one_for_one_restart_ignore,
    simple_one_for_one_shutdown, count_children, count_children_supervisor,
    count_restarting_children)
