/* SPDX-License-Identifier: Apache-2.0 */
/* Typed calls against a worker that is killed, slow, absent or wrong. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <nng/nng.h>

#include "common/mono.h"
#include "proto/client/link.h"
#include "t/lib/echo.h"
#include "t/lib/probe.h"
#include "t/lib/unit.h"

#define NO_BODY ((struct slice){ NULL, 0 })

struct scene {
	struct probe probe;
	struct link_hub *hub;
	struct link *link;
};

/* What came of one call. */
struct result {
	bool done;
	enum ms_err err;
	char text[32];
	uint32_t number;
	char why[256];
	struct scene *scene; /* for callbacks that close */
};

static void
scene_open(struct scene *s)
{
	memset(s, 0, sizeof(*s));
	probe_init(&s->probe, "echo_worker", "echo");
	ck_assert_int_eq(link_hub_open(&s->hub), MS_OK);
	ck_assert_int_eq(link_open(s->hub, probe_address(&s->probe), &s->link),
	    MS_OK);
}

static void
scene_close(struct scene *s)
{
	link_close(&s->link);
	link_hub_close(&s->hub);
	probe_fini(&s->probe);
	nng_fini();
}

static void
on_done(void *arg, enum ms_err err, const void *out,
    struct slice body MS_UNUSED, const struct why *why)
{
	struct result *r = arg;
	const struct echo_fields *fields = out;

	ck_assert(!r->done); /* exactly once */
	r->done = true;
	r->err = err;
	snprintf(r->why, sizeof(r->why), "%s", why->text);
	if (err)
		return;
	snprintf(r->text, sizeof(r->text), "%s", fields->text);
	r->number = fields->number;
}

static void
echo(struct scene *s, char *text, uint32_t number, uint64_t delay_ms,
    uint32_t timeout_ms, struct result *r)
{
	struct echo_fields in = { text, delay_ms, number };
	struct call_options options = { .timeout_ms = timeout_ms };

	memset(r, 0, sizeof(*r));
	r->scene = s;
	ck_assert_int_eq(call_start(s->link, &test_echo, &in, NO_BODY, &options,
			     on_done, r),
	    MS_OK);
}

static void
await(struct scene *s, const struct result *r)
{
	while (!r->done) {
		ck_assert_msg(link_hub_wait(s->hub, PROBE_WAIT_MS),
		    "no completion in %d ms", PROBE_WAIT_MS);
		link_hub_dispatch(s->hub, 0);
	}
}

START_TEST(many_calls_run_at_once_and_each_gets_its_own_reply)
{
	enum {
		CALLS = 64
	};
	struct scene s;
	struct result results[CALLS];

	scene_open(&s);
	probe_start(&s.probe);
	for (uint32_t i = 0; i < CALLS; i++)
		echo(&s, "n", i + 1, CALLS - i, PROBE_WAIT_MS, &results[i]);
	for (uint32_t i = 0; i < CALLS; i++) {
		await(&s, &results[i]);
		ck_assert_msg(results[i].err == MS_OK, "%s", results[i].why);
		ck_assert_uint_eq(results[i].number, i + 1);
	}
	scene_close(&s);
}
END_TEST

START_TEST(a_call_waits_for_a_service_that_starts_later)
{
	struct scene s;
	struct result r;

	scene_open(&s);
	echo(&s, "early", 0, 0, PROBE_WAIT_MS, &r);
	probe_start(&s.probe);
	await(&s, &r);
	ck_assert_str_eq(r.text, "early");
	scene_close(&s);
}
END_TEST

START_TEST(calls_survive_the_kill_of_the_service)
{
	enum {
		CALLS = 64
	};
	struct scene s;
	struct result first, results[CALLS];

	scene_open(&s);
	probe_start(&s.probe);
	/* connected, and all of them begun by a service that never answers */
	echo(&s, "first", 0, 0, PROBE_WAIT_MS, &first);
	await(&s, &first);
	for (uint32_t i = 0; i < CALLS; i++)
		echo(&s, "n", i + 1, 200, PROBE_WAIT_MS, &results[i]);
	probe_kill(&s.probe);
	probe_start(&s.probe);
	for (uint32_t i = 0; i < CALLS; i++) {
		await(&s, &results[i]);
		ck_assert_msg(results[i].err == MS_OK, "%s", results[i].why);
		ck_assert_uint_eq(results[i].number, i + 1);
	}
	scene_close(&s);
}
END_TEST

START_TEST(calls_survive_an_orderly_stop_of_the_service)
{
	struct scene s;
	struct result first, parked, r;
	struct notify notify;

	scene_open(&s);
	probe_start(&s.probe);
	echo(&s, "first", 0, 0, PROBE_WAIT_MS, &first);
	await(&s, &first);
	echo(&s, "delayed", 0, 60000, PROBE_WAIT_MS, &parked);
	kill(s.probe.pid, SIGTERM);
	probe_await(&s.probe, NOTIFY_STOPPING, &notify);
	echo(&s, "late", 0, 0, PROBE_WAIT_MS, &r);
	probe_wait_exit(&s.probe);
	probe_start(&s.probe);
	await(&s, &r);
	ck_assert_str_eq(r.text, "late");
	scene_close(&s);
}
END_TEST

START_TEST(a_slow_service_is_a_timeout_that_says_so)
{
	struct scene s;
	struct result r;

	scene_open(&s);
	probe_start(&s.probe);
	echo(&s, "connected", 0, 0, PROBE_WAIT_MS, &r);
	await(&s, &r);
	echo(&s, "slow", 0, 60000, 50, &r);
	await(&s, &r);
	ck_assert_int_eq(r.err, MS_ETIMEOUT);
	ck_assert_ptr_nonnull(strstr(r.why, "no answer in 50 ms"));
	/* the link is as good as before */
	echo(&s, "next", 0, 0, PROBE_WAIT_MS, &r);
	await(&s, &r);
	ck_assert_str_eq(r.text, "next");
	scene_close(&s);
}
END_TEST

START_TEST(an_absent_service_is_a_timeout_that_says_so)
{
	struct scene s;
	struct result r;

	scene_open(&s);
	echo(&s, "nobody", 0, 0, 50, &r);
	await(&s, &r);
	ck_assert_int_eq(r.err, MS_ETIMEOUT);
	ck_assert_ptr_nonnull(strstr(r.why, "is it running?"));
	scene_close(&s);
}
END_TEST

/* A handful of silences in a row, from a service that is stopped. */
static void
open_breaker(struct scene *s)
{
	struct result r;

	probe_start(&s->probe);
	echo(s, "connected", 0, 0, PROBE_WAIT_MS, &r);
	await(s, &r);
	kill(s->probe.pid, SIGSTOP);
	for (uint32_t i = 0; i < LINK_FAILURES; i++) {
		ck_assert_int_eq(link_breaker(s->link)->state, BREAKER_CLOSED);
		echo(s, "silence", 0, 0, LINK_PATIENCE_MS, &r);
		await(s, &r);
		ck_assert_int_eq(r.err, MS_ETIMEOUT);
	}
	ck_assert_int_eq(link_breaker(s->link)->state, BREAKER_OPEN);
}

START_TEST(a_silent_service_is_not_asked_again_until_it_may_be_well)
{
	struct scene s;
	struct result r;
	struct echo_fields in = { .text = "refused" }, out;
	struct arena arena;
	struct why why = { "" };

	scene_open(&s);
	arena_init(&arena, 0);
	open_breaker(&s);
	ck_assert_int_eq(call_start(s.link, &test_echo, &in, NO_BODY, NULL,
			     on_done, NULL),
	    MS_EUNAVAILABLE);
	ck_assert_uint_gt(call_retry_after_ms(s.link), 0);
	ck_assert_int_eq(call_wait(s.link, &test_echo, &in, NO_BODY,
			     PROBE_WAIT_MS, &arena, &out, NULL, &why),
	    MS_EUNAVAILABLE);
	ck_assert_ptr_nonnull(strstr(why.text, "not answered 5 calls"));
	/* who has patience waits all the same */
	memset(&r, 0, sizeof(r));
	ck_assert_int_eq(call_start(s.link, &test_echo, &in, NO_BODY,
			     &(struct call_options){ .patient = true }, on_done,
			     &r),
	    MS_OK);
	kill(s.probe.pid, SIGCONT);
	await(&s, &r);
	while (breaker_wait_ms(link_breaker(s.link), mono_now()) > 0) {
		link_hub_wait(s.hub, 20);
		link_hub_dispatch(s.hub, 0);
	}
	ck_assert_msg(call_wait(s.link, &test_echo, &in, NO_BODY, PROBE_WAIT_MS,
			  &arena, &out, NULL, &why) == MS_OK,
	    "%s", why.text);
	ck_assert_int_eq(link_breaker(s.link)->state, BREAKER_CLOSED);
	arena_fini(&arena);
	scene_close(&s);
}
END_TEST

START_TEST(a_caller_in_a_hurry_says_nothing_about_the_service)
{
	struct scene s;
	struct result r;

	scene_open(&s);
	for (uint32_t i = 0; i < 3 * LINK_FAILURES; i++) {
		echo(&s, "hurry", 0, 0, 1, &r);
		await(&s, &r);
		ck_assert_int_eq(r.err, MS_ETIMEOUT);
	}
	ck_assert_int_eq(link_breaker(s.link)->state, BREAKER_CLOSED);
	scene_close(&s);
}
END_TEST

START_TEST(a_busy_service_is_asked_again_when_it_said)
{
	struct scene s;
	struct echo_fields in = { .text = "busy", .number = 2, .delay_ms = 30 },
			   out;
	struct arena arena;
	struct why why = { "" };
	struct mono begun;

	scene_open(&s);
	probe_start(&s.probe);
	arena_init(&arena, 0);
	begun = mono_now();
	ck_assert_msg(call_wait(s.link, &test_busy, &in, NO_BODY, PROBE_WAIT_MS,
			  &arena, &out, NULL, &why) == MS_OK,
	    "%s", why.text);
	ck_assert_uint_eq(out.number, 3); /* asked three times */
	ck_assert_uint_ge(mono_ms_between(begun, mono_now()), 60);
	arena_fini(&arena);
	scene_close(&s);
}
END_TEST

START_TEST(no_second_try_that_could_not_end_in_time)
{
	struct scene s;
	struct echo_fields in = { .text = "busy",
		.number = 1,
		.delay_ms = 60000 };
	struct arena arena;
	struct why why = { "" };
	struct mono begun;

	scene_open(&s);
	probe_start(&s.probe);
	arena_init(&arena, 0);
	begun = mono_now();
	ck_assert_int_eq(call_wait(s.link, &test_busy, &in, NO_BODY,
			     PROBE_WAIT_MS, &arena, NULL, NULL, &why),
	    MS_EBUSY);
	ck_assert_str_eq(why.text, "come again");
	ck_assert_uint_lt(mono_ms_between(begun, mono_now()), PROBE_WAIT_MS);
	arena_fini(&arena);
	scene_close(&s);
}
END_TEST

/* What is left when it is written, not when it was started. */
START_TEST(a_deadline_shrinks_while_a_call_waits_for_its_service)
{
	struct scene s;
	struct result r;

	scene_open(&s);
	memset(&r, 0, sizeof(r));
	ck_assert_int_eq(call_start(s.link, &test_left, NULL, NO_BODY,
			     &(struct call_options){ .timeout_ms = 20000 },
			     on_done, &r),
	    MS_OK);
	link_hub_wait(s.hub, 60); /* nobody is there */
	link_hub_dispatch(s.hub, 0);
	probe_start(&s.probe);
	await(&s, &r);
	ck_assert_int_eq(r.err, MS_OK);
	ck_assert_uint_gt(r.number, 10000);
	/* less its margin, less what it took until somebody listened */
	ck_assert_uint_lt(r.number, 20000 - 10);
	scene_close(&s);
}
END_TEST

START_TEST(more_calls_than_the_limit_are_busy)
{
	struct scene s;
	struct result results[LINK_CALLS_MAX];
	struct echo_fields in = { .text = "one too many" };

	scene_open(&s);
	for (uint32_t i = 0; i < LINK_CALLS_MAX; i++)
		echo(&s, "n", 0, 0, PROBE_WAIT_MS, &results[i]);
	ck_assert_int_eq(call_start(s.link, &test_echo, &in, NO_BODY, NULL,
			     on_done, NULL),
	    MS_EBUSY);
	scene_close(&s);
}
END_TEST

START_TEST(a_body_over_the_limit_is_refused_before_it_leaves)
{
	struct scene s;
	struct echo_fields in = { .text = "big" };
	struct slice big = { "", (size_t)MSG_BODY_BYTES_MAX + 1 };

	scene_open(&s);
	ck_assert_int_eq(call_start(s.link, &test_echo, &in, big, NULL, on_done,
			     NULL),
	    MS_ETOOBIG);
	scene_close(&s);
}
END_TEST

START_TEST(the_largest_body_goes_both_ways)
{
	struct scene s;
	struct echo_fields in = { .text = "big" }, out;
	struct arena arena;
	struct slice body;
	struct why why = { "" };
	char *big = calloc(1, MSG_BODY_BYTES_MAX);

	scene_open(&s);
	probe_start(&s.probe);
	arena_init(&arena, 0);
	big[MSG_BODY_BYTES_MAX - 1] = 'z';
	ck_assert_msg(call_wait(s.link, &test_echo, &in,
			  (struct slice){ big, MSG_BODY_BYTES_MAX },
			  PROBE_WAIT_MS, &arena, &out, &body, &why) == MS_OK,
	    "%s", why.text);
	ck_assert_uint_eq(body.len, MSG_BODY_BYTES_MAX);
	ck_assert_int_eq(body.ptr[body.len - 1], 'z');
	arena_fini(&arena);
	free(big);
	scene_close(&s);
}
END_TEST

START_TEST(closing_a_link_forgets_its_calls)
{
	struct scene s;
	struct result results[16];

	scene_open(&s);
	probe_start(&s.probe);
	for (size_t i = 0; i < ARRAY_LEN(results); i++)
		echo(&s, "n", 0, i % 2 ? 0 : 60000, 60000, &results[i]);
	link_hub_wait(s.hub, PROBE_WAIT_MS); /* some wait in the hub now */
	link_close(&s.link);
	link_hub_dispatch(s.hub, 0);
	for (size_t i = 0; i < ARRAY_LEN(results); i++)
		ck_assert(!results[i].done);
	scene_close(&s);
}
END_TEST

static void
close_inside(void *arg, enum ms_err err, const void *out, struct slice body,
    const struct why *why)
{
	struct result *r = arg;

	link_close(&r->scene->link);
	on_done(arg, err, out, body, why);
}

START_TEST(a_callback_may_close_its_link)
{
	struct scene s;
	struct result other, r = { .scene = &s };
	struct echo_fields in = { .text = "last" };

	scene_open(&s);
	probe_start(&s.probe);
	echo(&s, "forgotten", 0, 60000, 60000, &other);
	ck_assert_int_eq(call_start(s.link, &test_echo, &in, NO_BODY, NULL,
			     close_inside, &r),
	    MS_OK);
	await(&s, &r);
	ck_assert_str_eq(r.text, "last");
	ck_assert(!other.done);
	scene_close(&s);
}
END_TEST

START_TEST(a_bounded_dispatch_leaves_the_hub_readable)
{
	struct scene s;
	struct result results[3];

	scene_open(&s);
	for (size_t i = 0; i < ARRAY_LEN(results); i++)
		echo(&s, "n", 0, 0, 10, &results[i]); /* all time out */
	for (size_t done = 0; done < ARRAY_LEN(results);) {
		ck_assert(link_hub_wait(s.hub, PROBE_WAIT_MS));
		size_t n = link_hub_dispatch(s.hub, 1);

		ck_assert_uint_le(n, 1);
		done += n;
	}
	ck_assert_uint_eq(link_hub_dispatch(s.hub, 0), 0);
	scene_close(&s);
}
END_TEST

static void
ask_trace(struct scene *s, char text[64])
{
	struct echo_fields out = { 0 };
	struct arena arena;
	struct why why = { "" };

	arena_init(&arena, 0);
	ck_assert_msg(call_wait(s->link, &test_trace, NULL, NO_BODY,
			  PROBE_WAIT_MS, &arena, &out, NULL, &why) == MS_OK,
	    "%s", why.text);
	snprintf(text, 64, "%s", out.text);
	arena_fini(&arena);
}

START_TEST(a_call_says_the_trace_of_its_link)
{
	static const char wanted[] =
	    "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
	struct traceparent trace;
	struct scene s;
	char text[64];

	scene_open(&s);
	probe_start(&s.probe);
	ask_trace(&s, text);
	ck_assert_str_eq(text, "none");
	ck_assert_int_eq(traceparent_parse(slice_of(wanted), &trace, NULL),
	    MS_OK);
	link_set_trace(s.link, &trace);
	ask_trace(&s, text);
	ck_assert_str_eq(text, wanted);
	link_set_trace(s.link, NULL);
	ask_trace(&s, text);
	ck_assert_str_eq(text, "none");
	scene_close(&s);
}
END_TEST

UNIT(call, a_call_says_the_trace_of_its_link,
    many_calls_run_at_once_and_each_gets_its_own_reply,
    a_call_waits_for_a_service_that_starts_later,
    calls_survive_the_kill_of_the_service,
    calls_survive_an_orderly_stop_of_the_service,
    a_slow_service_is_a_timeout_that_says_so,
    an_absent_service_is_a_timeout_that_says_so,
    a_silent_service_is_not_asked_again_until_it_may_be_well,
    a_caller_in_a_hurry_says_nothing_about_the_service,
    a_busy_service_is_asked_again_when_it_said,
    no_second_try_that_could_not_end_in_time,
    a_deadline_shrinks_while_a_call_waits_for_its_service,
    more_calls_than_the_limit_are_busy,
    a_body_over_the_limit_is_refused_before_it_leaves,
    the_largest_body_goes_both_ways, closing_a_link_forgets_its_calls,
    a_callback_may_close_its_link, a_bounded_dispatch_leaves_the_hub_readable)
