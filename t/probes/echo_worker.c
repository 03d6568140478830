/* SPDX-License-Identifier: Apache-2.0 */
/* A worker that echoes, parks and counts, for the tests of the skeleton. */
#include <string.h>
#include <unistd.h>

#include "common/log.h"
#include "t/lib/echo.h"
#include "workers/worker_health.h"

struct echo_conf {
	char *greeting;
	uint32_t limit;
	bool defer_ready;
	bool stuck; /* what its checks ask does not answer */
};
static const struct field conf_rows[] = {
	{ .name = "greeting",
	    .type = FIELD_STR,
	    .off = offsetof(struct echo_conf, greeting),
	    .def = "hello",
	    .flags = FIELD_RELOAD },
	{ .name = "limit",
	    .type = FIELD_U32,
	    .off = offsetof(struct echo_conf, limit),
	    .def = "1",
	    .min = 1,
	    .max = 10 },
	{ .name = "defer_ready",
	    .type = FIELD_BOOL,
	    .off = offsetof(struct echo_conf, defer_ready) },
	{ .name = "stuck",
	    .type = FIELD_BOOL,
	    .off = offsetof(struct echo_conf, stuck) },
	FIELD_END,
};

struct echo {
	struct echo_conf conf;
	uint32_t asked;       /* test.busy */
	struct id128 busy_op; /* of it: the same each time */
	struct echo_state state;
	struct worker *w;
	struct health_ticket awaited; /* ended by the timer, or too late */
	ev_timer answer;
};

struct delayed {
	ev_timer timer;
	struct call *call;
};

static void
answer(struct call *call)
{
	call_reply(call, call_in(call), call_body(call));
}

static void
on_delay(struct ev_loop *ev, ev_timer *timer, int events MS_UNUSED)
{
	struct delayed *d = container_of(timer, struct delayed, timer);

	(void)ev;
	answer(d->call); /* and d is gone with it */
}

static void
do_echo(void *self, struct call *call)
{
	struct echo *e = self;
	const struct echo_fields *in = call_in(call);
	struct delayed *d;

	e->state.served++;
	if (in->number) {
		e->state.disorder += in->number < e->state.last_number;
		e->state.last_number = in->number;
	}
	if (in->delay_ms == 0) {
		answer(call);
		return;
	}
	d = arena_alloc(call_arena(call), sizeof(*d));
	ms_assert(d);
	d->call = call;
	ev_init(&d->timer, on_delay);
	loop_timer_start(worker_loop(call_worker(call)), &d->timer,
	    in->delay_ms);
}

static void
on_cancel(struct call *call)
{
	struct echo *e = worker_self(call_worker(call));

	e->state.cancelled++;
	e->state.last_reason = call_cancel_reason(call);
	call_fail(call, call_cancel_reason(call), "no longer parked");
}

static void
do_park(void *self MS_UNUSED, struct call *call)
{
	call_on_cancel(call, on_cancel);
	worker_status(call_worker(call), "parking");
}

static void
do_busy(void *self, struct call *call)
{
	const struct echo_fields *in = call_in(call);
	struct echo *e = self;
	struct echo_fields out = *in;
	struct id128 op = call_op(call);

	ms_assert(e->asked == 0 || memcmp(&op, &e->busy_op, sizeof(op)) == 0);
	e->busy_op = op;
	if (e->asked++ < in->number) {
		call_refuse(call, MS_EBUSY, in->delay_ms, "come again");
		return;
	}
	out.number = e->asked;
	call_reply(call, &out, (struct slice){ NULL, 0 });
}

static void
do_left(void *self MS_UNUSED, struct call *call)
{
	static char text[] = "left";
	struct echo_fields out = { .text = text,
		.number = call_budget_ms(call, UINT32_MAX) };

	call_reply(call, &out, (struct slice){ NULL, 0 });
}

static void
do_trace(void *self MS_UNUSED, struct call *call)
{
	char text[TRACEPARENT_BYTES] = "none";
	struct echo_fields out = { .text = text };
	struct traceparent trace;

	if (call_trace(call, &trace))
		traceparent_print(&trace, text);
	call_reply(call, &out, (struct slice){ NULL, 0 });
}

static void
do_block(void *self MS_UNUSED, struct call *call)
{
	const struct echo_fields *in = call_in(call);

	usleep((useconds_t)in->delay_ms * 1000);
	call_reply(call, NULL, (struct slice){ NULL, 0 });
}

static void
do_state(void *self, struct call *call)
{
	struct echo *e = self;

	e->state.greeting = e->conf.greeting;
	call_reply(call, &e->state, (struct slice){ NULL, 0 });
}

static void
do_publish(void *self MS_UNUSED, struct call *call)
{
	enum ms_err err = worker_publish(call_worker(call), SLICE_LIT("test"),
	    (struct slice){ NULL, 0 }, call_body(call));

	if (err)
		call_fail(call, err, "not published");
	else
		call_reply(call, NULL, (struct slice){ NULL, 0 });
}

/* ---- checks: one known, one that takes a moment, one beside the loop ------ */

static void
on_answer(struct ev_loop *ev, ev_timer *timer, int events MS_UNUSED)
{
	struct echo *e = container_of(timer, struct echo, answer);

	(void)ev;
	health_check_end(e->w, e->awaited, HEALTH_OK, "answered");
}

static void
health(struct worker *w)
{
	struct echo *e = worker_self(w);

	e->state.checked++;
	health_say(w, "known", "", HEALTH_DEGRADED, "greets with %s",
	    e->conf.greeting);
	e->awaited = health_check_begin(w, "asked", "somebody", 100);
	loop_timer_start(worker_loop(w), &e->answer, e->conf.stuck ? 300 : 20);
	health_check_aside(w, "dir", worker_run_dir(w), 1000, health_look_dir,
	    worker_run_dir(w));
}

static enum ms_err
start(struct worker *w, struct why *why MS_UNUSED)
{
	struct echo *e = worker_self(w);

	e->w = w;
	ev_init(&e->answer, on_answer);
	if (e->conf.defer_ready)
		worker_defer_ready(w);
	return MS_OK;
}

static void
reload(struct worker *w, const void *new_conf)
{
	struct echo *e = worker_self(w);
	const struct echo_conf *conf = new_conf;

	e->conf.greeting = conf->greeting;
	e->conf.stuck = conf->stuck;
	if (e->conf.defer_ready && !conf->defer_ready)
		worker_ready(w);
}

int
main(int argc, char **argv)
{
	static const struct route routes[] = {
		{ &test_echo, do_echo },
		{ &test_park, do_park },
		{ &test_busy, do_busy },
		{ &test_left, do_left },
		{ &test_trace, do_trace },
		{ &test_block, do_block },
		{ &test_state, do_state },
		{ &test_publish, do_publish },
		ROUTE_END,
	};
	struct echo e = { 0 };

	return worker_main(argc, argv,
	    &(struct worker_desc){ .name = "echo",
		.program = "echo_worker",
		.help = "echoes, for tests",
		.self = &e,
		.section = "echo",
		.rows = conf_rows,
		.conf = &e.conf,
		.conf_bytes = sizeof(e.conf),
		.routes = routes,
		.publishes = true,
		.start = start,
		.reload = reload,
		.health = health });
}
