/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A request from bytes to reply: decoded, routed by its verb, answered once.
 * Whatever is wrong with it is answered with a typed error; nothing a caller
 * sends can end the process.
 */
#include <stdarg.h>
#include <stdio.h>

#include "common/deadline.h"
#include "common/log.h"
#include "proto/msg/worker.h"
#include "workers/worker_impl.h"

#define SUGGESTIONS_MAX 64u
/* Decoded fields are a few times larger than their bytes at worst. */
#define CALL_ARENA_BYTES_MAX (4u * MSG_FIELDS_BYTES_MAX)
/* Our own part of the time of a call that waits for another. */
#define CALL_MARGIN_MS 10u

static void
on_deadline(struct ev_loop *ev, ev_timer *timer, int events MS_UNUSED)
{
	(void)ev;
	call_cancel(container_of(timer, struct call, timer), MS_ETIMEOUT);
}

void
call_init(struct call *call, struct worker *w)
{
	*call = (struct call){ .worker = w };
	arena_init(&call->arena, CALL_ARENA_BYTES_MAX);
	ev_init(&call->timer, on_deadline);
}

void
call_fini(struct call *call)
{
	loop_timer_stop(call->worker->loop, &call->timer);
	arena_fini(&call->arena);
}

/* ---- reply ---------------------------------------------------------------- */

static void
send_reply(struct call *call, enum ms_err status, const struct field *rows,
    const void *fields, struct slice body)
{
	struct worker *w = call->worker;
	struct msg head = { .kind = MSG_REPLY,
		.verb = call->head.verb,
		.op = call->head.op,
		.status = status,
		.body = { NULL, body.len } };

	buf_reset(&w->reply);
	msg_encode(&head, rows, fields, &w->reply);
	if (w->reply.failed) { /* fields over their limit */
		head.status = MS_ETOOBIG;
		head.body.len = body.len = 0;
		buf_reset(&w->reply);
		msg_encode(&head, NULL, NULL, &w->reply);
	}
	worker_metrics_ended(call, head.status);
	w->requests++;
	w->requests_failed += head.status != MS_OK;
	loop_timer_stop(w->loop, &call->timer);
	if (call->inside)
		gate_leave(&w->gate, call->client);
	call->inside = false;
	arena_reset(&call->arena);
	call->in = NULL;
	call->desc = NULL;
	call->user = NULL;
	call->cancel = NULL;
	service_reply(call, buf_slice(&w->reply), body);
}

void
call_reply(struct call *call, const void *out, struct slice body)
{
	if (body.len > MSG_BODY_BYTES_MAX) {
		call_fail(call, MS_ETOOBIG,
		    "the reply of %zu bytes is over the limit of %u", body.len,
		    MSG_BODY_BYTES_MAX);
		return;
	}
	send_reply(call, MS_OK, out ? call->desc->out : NULL, out, body);
}

static void
fail(struct call *call, enum ms_err err, uint64_t retry_after_ms,
    const char *fmt, va_list args)
{
	char text[512];
	struct msg_error error = { .message = text,
		.retry_after_ms = retry_after_ms < UINT32_MAX
		    ? (uint32_t)retry_after_ms
		    : UINT32_MAX };

	ms_assert(err != MS_OK);
	vsnprintf(text, sizeof(text), fmt, args);
	send_reply(call, err, msg_error_rows, &error,
	    (struct slice){ NULL, 0 });
}

void
call_fail(struct call *call, enum ms_err err, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	fail(call, err, 0, fmt, args);
	va_end(args);
}

void
call_refuse(struct call *call, enum ms_err err, uint64_t retry_after_ms,
    const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	fail(call, err, retry_after_ms, fmt, args);
	va_end(args);
}

/* ---- serve ---------------------------------------------------------------- */

static const struct route *
find_route(const struct route *routes, struct slice verb)
{
	for (const struct route *r = routes; r && r->desc; r++) {
		if (slice_is(verb, r->desc->verb))
			return r;
	}
	return NULL;
}

static void
fail_unknown(struct call *call, const struct route *routes)
{
	const char *known[SUGGESTIONS_MAX] = { msg_worker_health.verb };
	struct slice verb = call->head.verb;
	const char *near;
	size_t n = 1;

	for (const struct route *r = routes; r && r->desc; r++) {
		if (n < SUGGESTIONS_MAX)
			known[n++] = r->desc->verb;
	}
	near = suggest(verb, known, n);
	call_fail(call, MS_ENOTFOUND, "%s has no verb '%.*s'%s%s%s",
	    call->worker->desc->name, (int)verb.len, verb.ptr,
	    near ? ", did you mean '" : "", near ? near : "", near ? "'?" : "");
}

/* False: already answered. */
static bool
decode_fields(struct call *call, const struct msg_desc *desc)
{
	struct why why = { "" };
	enum ms_err err;

	call->desc = desc;
	if (desc->in_bytes == 0)
		return true;
	call->in = arena_alloc(&call->arena, desc->in_bytes);
	if (!call->in) {
		call_fail(call, MS_ETOOBIG, "%s: too large", desc->verb);
		return false;
	}
	err = field_decode(desc->in, call->head.fields, call->in, &call->arena,
	    &why);
	if (err) {
		call_fail(call, err, "%s: %s", desc->verb,
		    *why.text ? why.text : ms_strerr(err));
		return false;
	}
	return true;
}

static bool
decode_head(struct call *call)
{
	struct why why = { "" };
	enum ms_err err = msg_decode(call->request, &call->head, &why);

	if (!err && call->head.kind != MSG_REQUEST)
		err = why_set(&why, MS_EPROTO, "this is not a request");
	if (err) {
		call->head = (struct msg){ .verb = SLICE_LIT("malformed") };
		call_fail(call, err, "%s",
		    *why.text ? why.text : ms_strerr(err));
		return false;
	}
	call->deadline = deadline_from(call->head.deadline_ms, call->received);
	return true;
}

static void
say_no(struct call *call, const struct msg_desc *desc, enum gate_verdict no,
    uint64_t retry_after_ms)
{
	const struct gate *gate = &call->worker->gate;

	if (no == GATE_EXPIRED)
		call_fail(call, MS_ETIMEOUT,
		    "%s: not begun, its %u ms were over before its turn",
		    desc->verb, call->head.deadline_ms);
	else if (no == GATE_SHED)
		call_refuse(call, MS_EBUSY, retry_after_ms,
		    "%s: overload, only priority %u and above is served",
		    desc->verb, gate->shed.level);
	else
		call_refuse(call, MS_EBUSY, retry_after_ms,
		    "%s: %u requests are being served, %u of this client",
		    desc->verb, gate->slots.inside, call->client->slots.inside);
}

/* False: already answered. */
static bool
admit(struct call *call, const struct msg_desc *desc)
{
	struct gate_ask ask = { .priority = msg_priority(&call->head, desc),
		.received = call->received,
		.deadline = call->deadline };
	uint64_t retry_after_ms = 0;
	enum gate_verdict verdict = gate_ask(&call->worker->gate, call->client,
	    &ask, mono_now(), &retry_after_ms);

	call->priority = ask.priority;
	call->inside = verdict == GATE_OPEN;
	if (!call->inside)
		say_no(call, desc, verdict, retry_after_ms);
	return call->inside;
}

static void
serve_route(struct call *call, const struct route *route)
{
	worker_metrics_routed(call, route->desc);
	if (admit(call, route->desc) && decode_fields(call, route->desc))
		route->serve(call->worker->desc->self, call);
}

void
call_serve(struct call *call)
{
	const struct worker_desc *desc = call->worker->desc;
	const struct route *route;

	worker_metrics_began(call);
	if (!decode_head(call))
		return;
	if (slice_is(call->head.verb, msg_worker_health.verb)) {
		worker_metrics_routed(call, &msg_worker_health);
		if (decode_fields(call, &msg_worker_health))
			health_serve(call);
		return;
	}
	route = find_route(desc->routes, call->head.verb);
	if (!route)
		fail_unknown(call, desc->routes);
	else
		serve_route(call, route);
}

/* ---- cancel --------------------------------------------------------------- */

void
call_cancel(struct call *call, enum ms_err reason)
{
	void (*cancel)(struct call * call) = call->cancel;

	if (!cancel)
		return;
	call->cancel = NULL;
	call->cancel_reason = reason;
	loop_timer_stop(call->worker->loop, &call->timer);
	cancel(call);
}

/* Each cancel function may answer any call: start over after each. */
void
call_cancel_all(struct call_list *calls, enum ms_err reason)
{
	struct call *call = TAILQ_FIRST(calls);

	while (call) {
		if (call->cancel) {
			call_cancel(call, reason);
			call = TAILQ_FIRST(calls);
		} else {
			call = TAILQ_NEXT(call, link);
		}
	}
}

void
call_on_cancel(struct call *call, void (*fn)(struct call *call))
{
	struct loop *loop = call->worker->loop;

	call->cancel = fn;
	loop_timer_stop(loop, &call->timer);
	if (fn && call->deadline.ns)
		loop_timer_start(loop, &call->timer,
		    mono_ms_left(mono_now(), call->deadline));
}

enum ms_err
call_cancel_reason(const struct call *call)
{
	return call->cancel_reason;
}

/* ---- what a route asks ------------------------------------------------------ */

const void *
call_in(const struct call *call)
{
	return call->in;
}

struct slice
call_body(const struct call *call)
{
	return call->head.body;
}

struct arena *
call_arena(struct call *call)
{
	return &call->arena;
}

struct id128
call_op(const struct call *call)
{
	return call->head.op;
}

struct mono
call_received(const struct call *call)
{
	return call->received;
}

bool
call_trace(const struct call *call, struct traceparent *trace_r)
{
	return msg_trace(&call->head, trace_r);
}

struct mono
call_deadline(const struct call *call)
{
	return call->deadline;
}

uint32_t
call_budget_ms(const struct call *call, uint32_t own_ms)
{
	return deadline_budget_ms(call->deadline, mono_now(), CALL_MARGIN_MS,
	    own_ms);
}

enum priority
call_priority(const struct call *call)
{
	return call->priority;
}

struct worker *
call_worker(const struct call *call)
{
	return call->worker;
}

void
call_set_user(struct call *call, void *user)
{
	call->user = user;
}

void *
call_user(const struct call *call)
{
	return call->user;
}
