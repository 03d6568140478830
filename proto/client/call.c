/* SPDX-License-Identifier: Apache-2.0 */
/* Calls: what is said over a link, and waiting for it. */
#include <stdlib.h>

#include "common/deadline.h"
#include "common/id.h"
#include "proto/client/link.h"

#define TIMEOUT_DEFAULT_MS 30000u
/* Decoded fields are a few times larger than their bytes at worst. */
#define REPLY_ARENA_BYTES_MAX (8u * MSG_FIELDS_BYTES_MAX)

/* ---- completion ---------------------------------------------------------------- */

struct outcome {
	enum ms_err err;
	uint32_t retry_after_ms;
	void *out;
	struct slice body;
	struct why why;
};

static void
say_timeout(struct outcome *o, const struct pending *p)
{
	const char *verb = p->desc->verb, *where = p->link->address;

	o->err = MS_ETIMEOUT;
	if (p->sent)
		why_set(&o->why, o->err, "%s: no answer in %u ms from %s", verb,
		    p->timeout_ms, where);
	else
		why_set(&o->why, o->err,
		    "%s: nobody to ask in %u ms at %s, is it running?", verb,
		    p->timeout_ms, where);
}

static enum ms_err
decode_refusal(const struct msg *head, struct arena *arena, struct outcome *o)
{
	struct msg_error error = { 0 };
	bool said = field_decode(msg_error_rows, head->fields, &error, arena,
			NULL) == MS_OK &&
	    error.message;

	o->retry_after_ms = error.retry_after_ms;
	return why_set(&o->why, head->status, "%s",
	    said ? error.message : ms_strerr(head->status));
}

static enum ms_err
decode_reply(const struct pending *p, struct arena *arena, struct outcome *o)
{
	struct slice bytes = { p->reply->bytes + LINK_ID_BYTES,
		p->reply->len - LINK_ID_BYTES };
	struct msg head;
	enum ms_err err = msg_decode(bytes, &head, &o->why);

	if (err)
		return err;
	if (head.kind != MSG_REPLY)
		return why_set(&o->why, MS_EPROTO, "this is not a reply");
	if (head.status != MS_OK)
		return decode_refusal(&head, arena, o);
	o->body = head.body;
	if (p->desc->out_bytes == 0)
		return MS_OK;
	o->out = arena_alloc(arena, p->desc->out_bytes);
	if (!o->out)
		return MS_ENOMEM;
	return field_decode(p->desc->out, head.fields, o->out, arena, &o->why);
}

/* Who answers is there, whatever the answer.  A caller in a hurry says nothing
 * about the service. */
static void
tell_breaker(struct link *link, const struct pending *p)
{
	if (p->patient)
		return;
	if (p->result && p->timeout_ms < LINK_PATIENCE_MS)
		breaker_forget(&link->breaker, p->ticket);
	else
		breaker_done(&link->breaker, p->ticket, p->result == MS_OK,
		    mono_now());
}

void
pending_complete(struct pending *p)
{
	struct link *link = p->link;
	struct outcome o = { .err = MS_OK };
	struct arena own;

	TAILQ_REMOVE(&link->done, p, entry);
	tell_breaker(link, p);
	arena_init(&own, REPLY_ARENA_BYTES_MAX);
	if (p->result)
		say_timeout(&o, p);
	else
		o.err = decode_reply(p, p->arena ? p->arena : &own, &o);
	link->retry_after_ms = o.retry_after_ms;
	p->outer = link->running;
	link->running = p;
	p->done(p->arg, o.err, o.err ? NULL : o.out, o.body, &o.why);
	if (p->link)
		p->link->running = p->outer;
	arena_fini(&own);
	pending_give_back(p);
}

/* ---- start ------------------------------------------------------------------------ */

static enum ms_err
encode_request(struct pending *p, const struct msg_desc *desc, const void *in,
    struct slice body, const struct call_options *options)
{
	const struct link *link = p->link;
	struct buf *out = &p->bytes;
	struct msg head = { .kind = MSG_REQUEST,
		.verb = slice_of(desc->verb),
		.op = options->op,
		.deadline_ms = options->timeout_ms,
		.priority = options->priority,
		.trace = link->has_trace ? &link->trace : NULL,
		.body = body };

	if (body.len > MSG_BODY_BYTES_MAX)
		return MS_ETOOBIG;
	if (id_is_zero(&head.op) && !desc->idempotent)
		head.op = id_new();
	buf_reset(out);
	if (!buf_reserve(out,
		LINK_PREFIX_BYTES + MSG_HEADER_BYTES + MSG_VERB_BYTES_MAX +
		    body.len))
		return MS_ENOMEM;
	out->len = LINK_PREFIX_BYTES;
	msg_encode(&head, in ? desc->in : NULL, in, out);
	/* memory, but far more likely the fields' limit */
	return out->failed ? MS_ETOOBIG : MS_OK;
}

/* arena NULL: one that lives until done() returns. */
static enum ms_err
start(struct link *link, const struct msg_desc *desc, const void *in,
    struct slice body, struct call_options o, struct arena *arena,
    call_done_fn *done, void *arg)
{
	struct pending *p = NULL;
	enum ms_err err = pending_take(link, &p);

	if (err)
		return err;
	if (o.timeout_ms == 0)
		o.timeout_ms = TIMEOUT_DEFAULT_MS;
	if (o.priority == PRIORITY_UNSAID)
		o.priority = link->priority;
	p->patient = o.patient;
	link->retry_after_ms = 0;
	err = encode_request(p, desc, in, body, &o);
	if (!err && !link_allows(link, p))
		err = MS_EUNAVAILABLE;
	if (err) {
		pending_give_back(p);
		return err;
	}
	p->desc = desc;
	p->arena = arena;
	p->done = done;
	p->arg = arg;
	p->timeout_ms = o.timeout_ms;
	pending_start(p);
	return MS_OK;
}

enum ms_err
call_start(struct link *link, const struct msg_desc *desc, const void *in,
    struct slice body, const struct call_options *options, call_done_fn *done,
    void *arg)
{
	static const struct call_options defaults;

	return start(link, desc, in, body, options ? *options : defaults, NULL,
	    done, arg);
}

/* ---- wait ------------------------------------------------------------------------- */

/* Writes carry their operation id: asking twice does it once. */
static const struct retry_conf retry_conf = {
	.backoff = { .span = { 20, 1000 } },
	.attempts_max = 8,
	.attempt_ms = 1,
	.idempotent = true,
};

struct waiter {
	struct link *link;
	const struct msg_desc *desc;
	struct arena *arena;
	void *out;
	struct slice *body;
	struct why *why;
	enum ms_err err;
	uint32_t retry_after_ms;
	bool done;
};

static void
on_done(void *arg, enum ms_err err, const void *out, struct slice body,
    const struct why *why)
{
	struct waiter *w = arg;

	w->done = true;
	w->err = err;
	w->retry_after_ms = call_retry_after_ms(w->link);
	if (err) {
		if (w->why)
			*w->why = *why;
		return;
	}
	if (w->out && out)
		memcpy(w->out, out, w->desc->out_bytes);
	if (w->body) {
		*w->body = arena_slice(w->arena, body);
		if (body.len && !w->body->ptr)
			w->err = MS_ENOMEM;
	}
}

static enum ms_err
say_not_started(struct waiter *w, enum ms_err err)
{
	if (err != MS_EUNAVAILABLE)
		return why_set(w->why, err, "%s: %s", w->desc->verb,
		    ms_strerr(err));
	return why_set(w->why, err,
	    "%s: %s has not answered %u calls in a row, is not asked for "
	    "another %u ms",
	    w->desc->verb, w->link->address, LINK_FAILURES,
	    w->link->retry_after_ms);
}

/* True: w->err came from the service, or from its silence. */
static bool
attempt(struct waiter *w, const void *in, struct slice body,
    const struct call_options *options)
{
	struct link_hub *hub = w->link->hub;
	enum ms_err err;

	w->done = false;
	err = start(w->link, w->desc, in, body, *options, w->arena, on_done, w);
	if (err) {
		w->err = say_not_started(w, err);
		return false;
	}
	while (!w->done) {
		link_hub_wait(hub, -1);
		link_hub_dispatch(hub, 1); /* `w` must not be outlived */
	}
	return true;
}

static void
wait_out(struct link_hub *hub, uint64_t delay_ms)
{
	struct mono until = mono_add_ms(mono_now(), delay_ms);
	uint64_t left_ms;

	while ((left_ms = mono_ms_left(mono_now(), until)) > 0) {
		link_hub_wait(hub,
		    left_ms < INT32_MAX ? (int)left_ms : INT32_MAX);
		link_hub_dispatch(hub, 1);
	}
}

/* Is it asked again?  Waits until then.  A service that lacks what it depends on
 * tries that itself; asking it again only multiplies the tries. */
static bool
again(struct waiter *w, struct retry *retry, struct mono deadline)
{
	uint64_t delay_ms = 0;

	if (w->err == MS_EUNAVAILABLE ||
	    retry_next(retry, &w->link->budget, w->err, w->retry_after_ms,
		deadline, mono_now(), &delay_ms) != RETRY_AGAIN)
		return false;
	metric_add(w->link->retries, 1);
	wait_out(w->link->hub, delay_ms);
	return true;
}

enum ms_err
call_wait(struct link *link, const struct msg_desc *desc, const void *in,
    struct slice body, uint32_t timeout_ms, struct arena *arena, void *out_r,
    struct slice *body_r, struct why *why)
{
	struct call_options options = {
		.timeout_ms = timeout_ms ? timeout_ms : TIMEOUT_DEFAULT_MS
	};
	struct mono deadline = mono_add_ms(mono_now(), options.timeout_ms);
	struct waiter w = { .link = link,
		.desc = desc,
		.arena = arena,
		.out = out_r,
		.body = body_r,
		.why = why };
	struct retry retry;

	if (!desc->idempotent)
		options.op = id_new();
	dice_next(&link->dice);
	retry_init(&retry, &retry_conf, link->dice);
	retry_budget_earn(&link->budget);
	while (attempt(&w, in, body, &options) && w.err &&
	    again(&w, &retry, deadline))
		options.timeout_ms = deadline_left_ms(deadline, mono_now());
	return w.err;
}
