/* SPDX-License-Identifier: Apache-2.0 */
/* The end of the supervisor: who is asked how, in which order, how long. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "t/lib/sup.h"

/* TERM to msd; the test reads the events until the stream ends. */
static void
shut_down(struct sup *s)
{
	sup_mark(s);
	ck_assert_int_eq(kill(s->pid, SIGTERM), 0);
}

static void
expect_signal(struct sup *s, const char *name, const char *signal)
{
	const struct json *end = sup_await(s, "exited", name);

	ck_assert_str_eq(json_get_str(end, "signal", "?"), signal);
	ck_assert_str_eq(json_get_str(end, "cause", "?"), "shutdown");
}

static void
expect_code(struct sup *s, const char *name, int code)
{
	const struct json *end = sup_await(s, "exited", name);

	ck_assert_str_eq(json_get_str(end, "kind", "?"), "exit");
	ck_assert_int_eq((int)json_get_num(end, "code", -1), code);
}

START_TEST(sup_stop_infinity)
{
	struct sup *s = sup_new();

	sup_root(s, "");
	sup_conf(s, "[supervisor group]\nstop_timeout = infinity\n");
	sup_worker(s, "w1", "stop_timeout = infinity\n",
	    STAMP_UP "on:TERM:pause:300 " STAMP_DOWN "say:READY=1");
	sup_worker(s, "w2", "supervisor = group\nstop_timeout = infinity\n",
	    STAMP_UP "on:TERM:pause:200 " STAMP_DOWN "say:READY=1");
	sup_boot(s);
	shut_down(s);
	expect_code(s, "w1", 0);
	expect_code(s, "w2", 0);
	ck_assert_int_eq(sup_wait_exit(s), 0);
	ck_assert_str_eq(sup_stamps(s), "w2 up, w1 up, w1 down, w2 down");
	sup_free(s);
}
END_TEST

/* A supervisor with a limit is killed whole, whatever its workers may take. */
static void
group_times_out(void)
{
	struct sup *s = sup_new();
	uint64_t since;

	sup_root(s, "");
	sup_conf(s, "[supervisor group]\nstop_timeout = 400ms\n");
	sup_worker(s, "w1", "", STAMPED);
	sup_worker(s, "w2", "supervisor = group\n", "deaf say:READY=1");
	sup_worker(s, "w3", "supervisor = group\nstop_timeout = infinity\n",
	    "deaf say:READY=1");
	sup_boot(s);
	since = sup_now_ms();
	shut_down(s);
	expect_code(s, "w1", 0);
	expect_signal(s, NULL, "KILL");
	expect_signal(s, NULL, "KILL");
	ck_assert_uint_ge(sup_now_ms() - since, 400);
	ck_assert_uint_lt(sup_now_ms() - since, 3000);
	ck_assert_int_eq(sup_wait_exit(s), 0);
	sup_free(s);
}

START_TEST(sup_stop_timeout)
{
	struct sup *s = sup_new();
	uint64_t since;

	sup_root(s, "");
	sup_worker(s, "w1", "stop_timeout = 300ms\n", STAMPED);
	sup_worker(s, "w2", "stop_timeout = 300ms\n", "deaf say:READY=1");
	sup_boot(s);
	since = sup_now_ms();
	shut_down(s);
	expect_signal(s, "w2", "KILL");
	ck_assert_uint_ge(sup_now_ms() - since, 300);
	expect_code(s, "w1", 0);
	ck_assert_int_eq(sup_wait_exit(s), 0);
	ck_assert_str_eq(sup_stamps(s), "w1 up, w1 down");
	sup_free(s);
	group_times_out();
}
END_TEST

START_TEST(sup_stop_brutal_kill)
{
	struct sup *s = sup_new();

	sup_root(s, "");
	sup_worker(s, "w1", "", STAMPED);
	sup_worker(s, "w2", "stop_timeout = 0\n", STAMPED);
	sup_boot(s);
	shut_down(s);
	expect_signal(s, "w2", "KILL");
	expect_code(s, "w1", 0);
	ck_assert_int_eq(sup_wait_exit(s), 0);
	ck_assert_str_eq(sup_stamps(s), "w1 up, w2 up, w1 down");
	sup_free(s);
}
END_TEST

/* ---- templates: instances are stopped together ---------------------------- */

static void template(struct sup *s, const char *keys, const char *steps)
{
	sup_root(s, "");
	sup_conf(s,
	    "[template t]\ncommand = %s/t/probes/chaos %s\nready = notify\n" SUP_AT_ONCE
	    "%s",
	    sup_build_dir(), steps, keys);
	sup_boot(s);
}

START_TEST(sup_stop_timeout_dynamic)
{
	struct sup *s = sup_new();
	uint64_t since;

	template(s, "stop_timeout = 300ms\n", "");
	for (size_t i = 0; i < 3; i++)
		sup_do(s, "'do':'spawn','name':'t','args':['%s','say:READY=1']",
		    i ? "deaf" : "on:TERM:exit:0");
	since = sup_now_ms();
	shut_down(s);
	expect_code(s, "t@1", 0);
	expect_signal(s, NULL, "KILL");
	expect_signal(s, NULL, "KILL");
	ck_assert_uint_ge(sup_now_ms() - since, 300);
	ck_assert_int_eq(sup_wait_exit(s), 0);
	sup_free(s);
}
END_TEST

START_TEST(sup_stop_brutal_kill_dynamic)
{
	struct sup *s = sup_new();

	template(s, "stop_timeout = 0\n", "on:TERM:exit:0 say:READY=1");
	sup_do(s, "'do':'scale','name':'t','count':10,'wait':true");
	sup_expect_count(s, "t", 1, 10, 0, 10);
	shut_down(s);
	for (int i = 0; i < 10; i++)
		expect_signal(s, NULL, "KILL");
	ck_assert_int_eq(sup_wait_exit(s), 0);
	sup_free(s);
}
END_TEST

START_TEST(sup_stop_non_shutdown_exit_dynamic)
{
	static const char *const types[] = { "permanent", "transient",
		"temporary" };

	for (size_t i = 0; i < ARRAY_LEN(types); i++) {
		struct sup *s = sup_new();
		char keys[64];

		snprintf(keys, sizeof(keys), "restart = %s\n", types[i]);
		template(s, keys, "on:TERM:exit:7 say:READY=1");
		sup_spawn(s, "t", NULL);
		sup_spawn(s, "t", "on:TERM:exit:0");
		shut_down(s);
		ck_assert_ptr_nonnull(sup_await(s, "exited", NULL));
		ck_assert_ptr_nonnull(sup_await(s, "exited", NULL));
		ck_assert_int_eq(sup_wait_exit(s), 0);
		sup_free(s);
	}
}
END_TEST

/* ---- order ---------------------------------------------------------------- */

enum race {
	RACE_NORMAL,   /* exit 0 by itself */
	RACE_STOPPED,  /* ends when it is asked to */
	RACE_SHUTDOWN, /* TERM from elsewhere */
	RACE_CRASH,
	RACE_COUNT
};
static const char *const race_types[] = { "permanent", "transient",
	"temporary" };

static void
race_name(char name[static 32], size_t type, int how)
{
	snprintf(name, 32, "w%zu%d", type, how);
}

static void
expect_race_end(struct sup *s, const char *name, int how)
{
	const struct json *end = sup_await(s, "exited", name);

	switch (how) {
	case RACE_NORMAL:
		ck_assert_int_eq((int)json_get_num(end, "code", -1), 0);
		break;
	case RACE_CRASH:
		ck_assert_int_eq((int)json_get_num(end, "code", -1), 1);
		break;
	default:
		ck_assert_str_eq(json_get_str(end, "signal", "?"), "TERM");
	}
}

/*
 * Twelve siblings die by themselves while the shutdown waits for the last
 * one: none comes back, each true reason is kept, the first stops last.
 */
START_TEST(sup_stop_race)
{
	static const int signals[] = { SIGUSR1, 0, SIGTERM, SIGUSR2 };
	struct sup *s = sup_new();
	char name[32], keys[64];
	pid_t last, pid;

	sup_root(s, "intensity = 100");
	sup_worker(s, "first", "", STAMPED);
	for (size_t type = 0; type < 3; type++)
		for (int how = 0; how < RACE_COUNT; how++) {
			race_name(name, type, how);
			snprintf(keys, sizeof(keys), "restart = %s\n",
			    race_types[type]);
			sup_worker(s, name, keys, LIFE);
		}
	sup_worker(s, "last", "stop_timeout = infinity\n",
	    STAMP_UP "deaf on:USR1:stamp:$DIR/stamps:down " LIFE);
	sup_boot(s);
	last = sup_pid(s, "last");
	shut_down(s);
	sup_await(s, "stopping", "last");
	for (size_t type = 0; type < 3; type++)
		for (int how = 0; how < RACE_COUNT; how++) {
			race_name(name, type, how);
			if (how == RACE_STOPPED)
				continue;
			pid = sup_pid(s, name);
			ck_assert_int_eq(kill(pid, signals[how]), 0);
			expect_race_end(s, name, how);
		}
	ck_assert_int_eq(sup_count_events(s, "starting", NULL), 0);
	kill(last, SIGUSR1);
	for (size_t type = 3; type-- > 0;) {
		race_name(name, type, RACE_STOPPED);
		expect_race_end(s, name, RACE_STOPPED);
	}
	expect_code(s, "first", 0);
	ck_assert_int_eq(sup_wait_exit(s), 0);
	ck_assert_str_eq(sup_stamps(s),
	    "first up, last up, last down, first down");
	sup_free(s);
}
END_TEST

START_TEST(order_of_children)
{
	static const char *const names[] = { "jack", "zoe", "anna", "mick",
		"bert" };
	struct sup *s = sup_new();

	sup_root(s, "strategy = rest_for_one");
	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		sup_worker(s, names[i], "", STAMPED);
	sup_boot(s);
	ck_assert_str_eq(sup_stamps(s),
	    "jack up, zoe up, anna up, mick up, bert up");
	sup_clear_stamps(s);
	sup_signal(s, "anna", SIGKILL);
	sup_await(s, "ready", "bert");
	ck_assert_str_eq(sup_stamps(s),
	    "bert down, mick down, anna up, mick up, bert up");
	sup_clear_stamps(s);
	kill(s->pid, SIGTERM);
	ck_assert_int_eq(sup_wait_exit(s), 0);
	ck_assert_str_eq(sup_stamps(s),
	    "bert down, mick down, anna down, zoe down, jack down");
	sup_free(s);
}
END_TEST

/* A worker that has cut every tie cannot hang msd. */
START_TEST(child_unlink)
{
	struct sup *s = sup_new();
	uint64_t since;
	int64_t stop;

	sup_root(s, "");
	sup_worker(s, "w1", "stop_timeout = 1s\n",
	    "deaf ignore:HUP ignore:INT closefds close1 say:READY=1");
	sup_boot(s);
	since = sup_now_ms();
	sup_mark(s);
	stop = sup_send(s, "'do':'stop','name':'w1','wait':true");
	sup_await(s, "stopping", "w1");
	sup_refused(s, "bad_request", "'do':'foo'");
	sup_expect_count(s, NULL, 1, 1, 0, 1);
	ck_assert_uint_lt(sup_now_ms() - since, 900);
	ck_assert(json_get_bool(sup_take(s, stop), "ok", false));
	ck_assert_uint_ge(sup_now_ms() - since, 1000);
	sup_expect_state(s, "w1", "down");
	sup_tell(s, "start", "w1");
	sup_end(s);
}
END_TEST

OTP(stop, sup_stop_infinity, sup_stop_timeout, sup_stop_timeout_dynamic,
    sup_stop_brutal_kill, sup_stop_brutal_kill_dynamic, sup_stop_race,
    sup_stop_non_shutdown_exit_dynamic, order_of_children, child_unlink)
