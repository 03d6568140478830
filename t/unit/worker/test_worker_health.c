/* SPDX-License-Identifier: Apache-2.0 */
/* Deep looks at a worker, as who asks sees them. */
#include <signal.h>
#include <string.h>

#include "common/mono.h"
#include "proto/client/call.h"
#include "proto/health.h"
#include "proto/msg/worker.h"
#include "t/lib/echo.h"
#include "t/lib/probe.h"
#include "t/lib/unit.h"

#define NO_BODY ((struct slice){ NULL, 0 })

struct scene {
	struct probe probe;
	struct link_hub *hub;
	struct link *link;
	struct arena arena;
	struct why why;
	struct worker_health_out out;
	struct health_check checks[HEALTH_CHECKS_MAX];
	size_t count;
	unsigned answers;
};

static void
scene_open(struct scene *s, const char *conf)
{
	memset(s, 0, sizeof(*s));
	probe_init(&s->probe, "echo_worker", "echo");
	probe_write_conf(&s->probe, conf);
	probe_start(&s->probe);
	arena_init(&s->arena, 0);
	ck_assert_int_eq(link_hub_open(&s->hub), MS_OK);
	ck_assert_int_eq(link_open(s->hub, probe_address(&s->probe), &s->link),
	    MS_OK);
}

static void
scene_close(struct scene *s)
{
	link_close(&s->link);
	link_hub_close(&s->hub);
	arena_fini(&s->arena);
	probe_fini(&s->probe);
}

static void
look(struct scene *s)
{
	const struct worker_health_in in = { .deep = true };
	struct slice body;

	ck_assert_msg(call_wait(s->link, &msg_worker_health, &in, NO_BODY,
			  PROBE_WAIT_MS, &s->arena, &s->out, &body,
			  &s->why) == MS_OK,
	    "%s", s->why.text);
	ck_assert_msg(health_checks_parse(body, s->checks, HEALTH_CHECKS_MAX,
			  &s->count, &s->why) == MS_OK,
	    "%s", s->why.text);
	ck_assert_uint_eq(s->out.checks, s->count);
}

static const struct health_check *
check_of(const struct scene *s, const char *name)
{
	for (size_t i = 0; i < s->count; i++)
		if (strcmp(s->checks[i].name, name) == 0)
			return &s->checks[i];
	ck_abort_msg("no check %s", name);
}

static uint32_t
runs(struct scene *s)
{
	struct echo_state state = { 0 };

	ck_assert_int_eq(call_wait(s->link, &test_state, NULL, NO_BODY,
			     PROBE_WAIT_MS, &s->arena, &state, NULL, &s->why),
	    MS_OK);
	return state.checked;
}

START_TEST(a_deep_look_reports_every_check_with_its_time_and_budget)
{
	struct scene s;
	const struct health_check *asked, *dir;

	scene_open(&s, "");
	look(&s);
	ck_assert_uint_eq(s.count, 4);
	ck_assert_int_eq(check_of(&s, "life")->level, HEALTH_OK);
	ck_assert_str_eq(check_of(&s, "known")->text, "greets with hello");
	asked = check_of(&s, "asked");
	ck_assert_int_eq(asked->level, HEALTH_OK);
	ck_assert_str_eq(asked->dependency, "somebody");
	ck_assert_uint_ge(asked->took_us, 15000);
	ck_assert_uint_eq(asked->budget_ms, 100);
	dir = check_of(&s, "dir");
	ck_assert_msg(dir->level != HEALTH_FAILED, "%s", dir->text);
	ck_assert_str_eq(s.out.health, "degraded"); /* the worst of them */
	scene_close(&s);
}
END_TEST

START_TEST(what_does_not_answer_within_its_budget_has_failed)
{
	struct scene s;
	const struct health_check *asked;
	struct mono before = mono_now();

	scene_open(&s, "[echo]\nstuck = yes\n");
	look(&s);
	asked = check_of(&s, "asked");
	ck_assert_int_eq(asked->level, HEALTH_FAILED);
	ck_assert_str_eq(asked->text, "no answer within 100ms");
	ck_assert_str_eq(s.out.health, "failed");
	ck_assert_uint_ge(mono_ms_between(before, mono_now()), 100);
	scene_close(&s);
}
END_TEST

START_TEST(an_answer_of_an_earlier_run_is_not_taken_for_one_of_this)
{
	struct scene s;
	struct mono begun;

	scene_open(&s, "[echo]\nstuck = yes\n");
	look(&s);
	begun = mono_now();
	do /* until the first answer has come, in the middle of a later run */
		look(&s);
	while (mono_ms_between(begun, mono_now()) < 500);
	ck_assert_str_eq(check_of(&s, "asked")->text, "no answer within 100ms");
	scene_close(&s);
}
END_TEST

static void
on_look(void *arg, enum ms_err err, const void *out MS_UNUSED,
    struct slice body MS_UNUSED, const struct why *why)
{
	struct scene *s = arg;

	ck_assert_msg(err == MS_OK, "%s", why->text);
	s->answers++;
}

START_TEST(those_who_ask_together_share_one_run)
{
	const struct worker_health_in in = { .deep = true };
	struct scene s;
	uint32_t before;

	scene_open(&s, "");
	before = runs(&s);
	for (unsigned i = 0; i < 50; i++)
		ck_assert_int_eq(call_start(s.link, &msg_worker_health, &in,
				     NO_BODY, NULL, on_look, &s),
		    MS_OK);
	look(&s); /* and then the answer that is still fresh */
	while (s.answers < 50)
		look(&s);
	ck_assert_uint_le(runs(&s) - before, 2);
	scene_close(&s);
}
END_TEST

START_TEST(a_light_look_runs_no_checks)
{
	struct scene s;

	scene_open(&s, "");
	ck_assert_int_eq(call_wait(s.link, &msg_worker_health, NULL, NO_BODY,
			     PROBE_WAIT_MS, &s.arena, &s.out, NULL, &s.why),
	    MS_OK);
	ck_assert(s.out.ready);
	ck_assert_str_eq(s.out.health, "ok");
	ck_assert_uint_eq(s.out.checks, 0);
	ck_assert_uint_eq(runs(&s), 0);
	scene_close(&s);
}
END_TEST

START_TEST(a_worker_that_is_not_ready_says_so)
{
	struct scene s;
	struct notify notify;

	memset(&s, 0, sizeof(s));
	probe_init(&s.probe, "echo_worker", "echo");
	probe_write_conf(&s.probe, "[echo]\ndefer_ready = yes\n");
	probe_spawn(&s.probe);
	arena_init(&s.arena, 0);
	ck_assert_int_eq(link_hub_open(&s.hub), MS_OK);
	ck_assert_int_eq(link_open(s.hub, probe_address(&s.probe), &s.link),
	    MS_OK);
	look(&s);
	ck_assert_int_eq(check_of(&s, "life")->level, HEALTH_DEGRADED);
	ck_assert(!s.out.ready);
	probe_write_conf(&s.probe, "");
	kill(s.probe.pid, SIGHUP);
	probe_await(&s.probe, NOTIFY_READY, &notify);
	scene_close(&s);
}
END_TEST

START_TEST(a_worker_ends_in_the_middle_of_a_look)
{
	const struct worker_health_in in = { .deep = true };
	struct scene s;
	struct notify notify;

	scene_open(&s, "[echo]\nstuck = yes\n");
	ck_assert_int_eq(call_start(s.link, &msg_worker_health, &in, NO_BODY,
			     NULL, on_look, &s),
	    MS_OK);
	ck_assert_uint_ge(runs(&s), 0); /* the call is there */
	kill(s.probe.pid, SIGTERM);
	probe_await(&s.probe, NOTIFY_STOPPING, &notify);
	scene_close(&s);
}
END_TEST

UNIT(worker_health, a_deep_look_reports_every_check_with_its_time_and_budget,
    what_does_not_answer_within_its_budget_has_failed,
    an_answer_of_an_earlier_run_is_not_taken_for_one_of_this,
    those_who_ask_together_share_one_run, a_light_look_runs_no_checks,
    a_worker_that_is_not_ready_says_so, a_worker_ends_in_the_middle_of_a_look)
