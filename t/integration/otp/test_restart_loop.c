/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A worker whose start hangs and then fails, again and again: whoever asks in
 * between is answered, and a stop ends the loop.
 */
#include <stdio.h>

#include "t/lib/sup.h"

/* While dir/broken exists a start hangs for 2 s and fails. */
#define HANGS "if:$DIR/broken:pause:2000 exit-if:$DIR/broken:1 " LIFE
/* Between two tries there is time to look. */
#define SLOWLY "backoff = 1h..1h\nstable_after = 1h\n"

/* Breaks w and kills it: it hangs in `starting`. */
static void
hang(struct sup *s, const char *name)
{
	sup_touch(s, "broken");
	sup_signal(s, name, SIGKILL);
	sup_await(s, "starting", name);
}

START_TEST(hanging_restart_loop)
{
	struct sup *s = sup_new();
	uint64_t since;

	sup_root(s, "intensity = 100");
	sup_boot(s);
	sup_add(s, "w1", SLOWLY, HANGS);
	hang(s, "w1");
	/* msd is not held up by it */
	since = sup_now_ms();
	sup_add_refused(s, "already_started", "w1", SLOWLY, HANGS);
	ck_assert_uint_lt(sup_now_ms() - since, 500);
	sup_await(s, "restarting", "w1"); /* failed once, waits */
	sup_add_refused(s, "already_present", "w1", SLOWLY, HANGS);
	sup_refused(s, "restarting", "'do':'start','name':'w1'");
	sup_refused(s, "restarting", "'do':'remove','name':'w1'");
	sup_expect_count(s, NULL, 1, 0, 0, 1);
	sup_tell(s, "stop", "w1");
	sup_expect_state(s, "w1", "down");
	sup_untouch(s, "broken");
	sup_tell(s, "start", "w1");
	sup_expect_count(s, NULL, 1, 1, 0, 1);
	/* msd's own end does not wait for a hanging start either */
	hang(s, "w1");
	since = sup_now_ms();
	sup_end(s);
	ck_assert_uint_lt(sup_now_ms() - since, 1000);
}
END_TEST

/* Our own rule: what nobody has stopped is up again. */
static void
others_come_back(void)
{
	struct sup *s = sup_new();

	sup_conf(s,
	    "[supervisor root]\nstrategy = rest_for_one\nintensity = 100\n");
	sup_worker(s, "w1", "", LIFE);
	sup_worker(s, "w2", SLOWLY, HANGS);
	sup_worker(s, "w3", "", LIFE);
	sup_boot(s);
	hang(s, "w2");
	sup_await(s, "restarting", "w2");
	sup_tell(s, "stop", "w2");
	sup_await_state(s, "w3", "ready");
	sup_expect_state(s, "w2", "down");
	sup_end(s);
}

START_TEST(hanging_restart_loop_rest_for_one)
{
	struct sup *s = sup_new();
	pid_t one;

	sup_root(s, "strategy = rest_for_one\nintensity = 100");
	sup_worker(s, "w1", "", LIFE);
	sup_worker(s, "w2", SLOWLY, HANGS);
	sup_worker(s, "w3", "", LIFE);
	sup_boot(s);
	one = sup_pid(s, "w1");
	hang(s, "w2");
	sup_await(s, "restarting", "w2");
	ck_assert_int_eq(sup_pid(s, "w1"), one);
	sup_expect_state(s, "w2", "backoff");
	ck_assert_int_eq(sup_pid(s, "w3"), 0);
	sup_expect_count(s, NULL, 3, 1, 0, 3);
	sup_add_refused(s, "already_present", "w2", SLOWLY, HANGS);
	sup_refused(s, "restarting", "'do':'start','name':'w2'");
	sup_refused(s, "restarting", "'do':'remove','name':'w2'");
	sup_mark(s);
	sup_tell(s, "stop", "w2");
	sup_expect_count(s, NULL, 3, 1, 0, 3);
	sup_expect_state(s, "w2", "down");
	sup_expect_state(s, "w3", "down");
	ck_assert_int_eq(sup_count_events(s, "starting", NULL), 0);
	sup_untouch(s, "broken");
	sup_tell(s, "start", "w2");
	sup_expect_count(s, NULL, 3, 2, 0, 3);
	sup_expect_state(s, "w3", "down");
	sup_tell(s, "start", "w3");
	sup_expect_count(s, NULL, 3, 3, 0, 3);
	ck_assert_int_eq(sup_pid(s, "w1"), one);
	sup_end(s);
	others_come_back();
}
END_TEST

START_TEST(hanging_restart_loop_simple)
{
	struct sup *s = sup_new();
	uint64_t since;

	sup_root(s, "");
	sup_conf(s,
	    "[template t]\ncommand = %s/t/probes/chaos "
	    "if:%s/broken:pause:2000 exit-if:%s/broken:1 " LIFE
	    "\nready = notify\nintensity = 100\n" SLOWLY,
	    sup_build_dir(), s->dir, s->dir);
	sup_boot(s);
	sup_spawn(s, "t", NULL);
	sup_spawn(s, "t", NULL);
	hang(s, "t@1");
	since = sup_now_ms();
	sup_expect_count(s, "t", 1, 2, 0, 2);
	ck_assert_uint_lt(sup_now_ms() - since, 500);
	sup_await(s, "restarting", "t@1");
	sup_expect_count(s, "t", 1, 1, 0, 2);
	sup_expect_state(s, "t@2", "ready");
	sup_tell(s, "stop", "t@1");
	sup_expect_count(s, "t", 1, 1, 0, 1);
	sup_untouch(s, "broken");
	sup_spawn(s, "t", NULL);
	sup_expect_count(s, "t", 1, 2, 0, 2);
	hang(s, "t@2");
	since = sup_now_ms();
	sup_end(s);
	ck_assert_uint_lt(sup_now_ms() - since, 1000);
}
END_TEST

OTP(restart_loop, hanging_restart_loop, hanging_restart_loop_rest_for_one,
    hanging_restart_loop_simple)
