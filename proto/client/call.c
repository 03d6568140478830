/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A call: one request on a context of the link's REQ socket, its reply or its
 * time-out.  Contexts are kept for the next call; one whose call failed is
 * closed, so that a late reply finds nobody.
 */
#include <stdlib.h>

#include "common/id.h"
#include "common/log.h"
#include "proto/client/link.h"

#define TIMEOUT_DEFAULT_MS 30000u
#define TIMEOUT_MAX_MS     (24u * 3600u * 1000u)
/* Decoded fields are a few times larger than their bytes at worst. */
#define REPLY_ARENA_BYTES_MAX (8u * MSG_FIELDS_BYTES_MAX)

/* ---- NNG's threads ---------------------------------------------------------- */

static void
set_time_left(struct pending *p)
{
	uint64_t left_ms = mono_ms_left(mono_now(), p->deadline);

	nng_aio_set_timeout(p->aio, left_ms ? (nng_duration)left_ms : 1);
}

static void
post_result(struct pending *p, int result)
{
	p->result = result;
	atomic_store(&p->posted, true);
	link_hub_post(p->link->hub, &p->item);
}

/* p->link is set while an aio runs: link_close() stops it first. */
static void
on_aio(void *arg)
{
	struct pending *p = arg;
	int rv = nng_aio_result(p->aio);

	if (!p->receiving) {
		if (rv == 0) {
			p->receiving = true;
			set_time_left(p);
			nng_ctx_recv(p->ctx, p->aio);
			return;
		}
		nng_msg_free(nng_aio_get_msg(p->aio)); /* came back unsent */
	} else if (rv == 0) {
		p->reply = nng_aio_get_msg(p->aio);
	}
	nng_aio_set_msg(p->aio, NULL);
	post_result(p, rv);
}

/* ---- completion ---------------------------------------------------------------- */

struct outcome {
	enum ms_err err;
	void *out;
	struct slice body;
	struct why why;
};

static void
set_failure(struct outcome *o, const struct pending *p)
{
	const char *verb = p->desc->verb, *where = p->link->address;

	o->err = err_of_nng(p->result);
	if (o->err != MS_ETIMEOUT)
		why_set(&o->why, o->err, "%s: %s at %s", verb,
		    nng_strerror(p->result), where);
	else if (p->receiving)
		why_set(&o->why, o->err, "%s: no answer in %u ms from %s", verb,
		    p->timeout_ms, where);
	else
		why_set(&o->why, o->err,
		    "%s: nobody to ask in %u ms at %s, is it running?", verb,
		    p->timeout_ms, where);
}

static enum ms_err
decode_refusal(const struct msg *head, struct arena *arena, struct why *why)
{
	struct msg_error error = { 0 };
	bool said = field_decode(msg_error_rows, head->fields, &error, arena,
			NULL) == MS_OK &&
	    error.message;

	return why_set(why, head->status, "%s",
	    said ? error.message : ms_strerr(head->status));
}

static enum ms_err
decode_reply(const struct pending *p, struct arena *arena, struct outcome *o)
{
	struct slice bytes = { nng_msg_body(p->reply), nng_msg_len(p->reply) };
	struct msg head;
	enum ms_err err = msg_decode(bytes, &head, &o->why);

	if (err)
		return err;
	if (head.kind != MSG_REPLY)
		return why_set(&o->why, MS_EPROTO, "this is not a reply");
	if (head.status != MS_OK)
		return decode_refusal(&head, arena, &o->why);
	o->body = head.body;
	if (p->desc->out_bytes == 0)
		return MS_OK;
	o->out = arena_alloc(arena, p->desc->out_bytes);
	if (!o->out)
		return MS_ENOMEM;
	return field_decode(p->desc->out, head.fields, o->out, arena, &o->why);
}

/* The slot of a failed call is not used again: see the head of this file. */
static void
give_back(struct pending *p, bool reusable)
{
	struct link *link = p->link;

	nng_msg_free(p->reply);
	p->reply = NULL;
	if (link && reusable) {
		TAILQ_INSERT_HEAD(&link->idle, p, entry);
		return;
	}
	if (link)
		link->pending_count--;
	pending_free(p);
}

static void
complete(struct pending *p)
{
	struct link *link = p->link;
	struct outcome o = { .err = MS_OK };
	struct arena own;

	TAILQ_REMOVE(&link->active, p, entry);
	arena_init(&own, REPLY_ARENA_BYTES_MAX);
	if (p->result)
		set_failure(&o, p);
	else
		o.err = decode_reply(p, p->arena ? p->arena : &own, &o);
	p->outer = link->running;
	link->running = p;
	p->done(p->arg, o.err, o.err ? NULL : o.out, o.body, &o.why);
	if (p->link)
		p->link->running = p->outer;
	arena_fini(&own);
	give_back(p, p->result == 0);
}

static void
run_pending(struct hub_item *item)
{
	struct pending *p = container_of(item, struct pending, item);

	atomic_store(&p->posted, false);
	if (p->link)
		complete(p);
	else /* link_close() has closed the context */
		pending_free(p);
}

/* ---- start ------------------------------------------------------------------------ */

static enum ms_err
pending_new(struct link *link, struct pending **p_r)
{
	struct pending *p = calloc(1, sizeof(*p));
	int rv;

	if (!p)
		return MS_ENOMEM;
	p->item.run = run_pending;
	rv = nng_ctx_open(&p->ctx, link->socket);
	if (!rv && (rv = nng_aio_alloc(&p->aio, on_aio, p)) != 0)
		nng_ctx_close(p->ctx);
	if (rv) {
		free(p);
		return err_of_nng(rv);
	}
	link->pending_count++;
	*p_r = p;
	return MS_OK;
}

static enum ms_err
take_pending(struct link *link, struct pending **p_r)
{
	struct pending *p = TAILQ_FIRST(&link->idle);

	if (p) {
		TAILQ_REMOVE(&link->idle, p, entry);
		*p_r = p;
		return MS_OK;
	}
	if (link->pending_count >= LINK_CALLS_MAX)
		return MS_EBUSY;
	return pending_new(link, p_r);
}

static enum ms_err
encode_request(struct link *link, const struct msg_desc *desc, const void *in,
    struct slice body, const struct call_options *options, nng_msg **msg_r)
{
	struct buf *out = &link->head;
	struct msg head = { .kind = MSG_REQUEST,
		.verb = slice_of(desc->verb),
		.op = options->op,
		.deadline_ms = options->timeout_ms,
		.body = { NULL, body.len } };
	char *at;

	if (body.len > MSG_BODY_BYTES_MAX)
		return MS_ETOOBIG;
	if (id_is_zero(&head.op) && !desc->idempotent)
		head.op = id_new();
	buf_reset(out);
	msg_encode(&head, in ? desc->in : NULL, in, out);
	if (out->failed) /* memory, but far more likely the fields' limit */
		return MS_ETOOBIG;
	if (nng_msg_alloc(msg_r, out->len + body.len) != 0)
		return MS_ENOMEM;
	at = nng_msg_body(*msg_r);
	memcpy(at, out->ptr, out->len);
	if (body.len)
		memcpy(at + out->len, body.ptr, body.len);
	return MS_OK;
}

/* arena NULL: one that lives until done() returns. */
static enum ms_err
start(struct link *link, const struct msg_desc *desc, const void *in,
    struct slice body, struct call_options o, struct arena *arena,
    call_done_fn *done, void *arg)
{
	struct pending *p = NULL;
	nng_msg *msg;
	enum ms_err err;

	if (o.timeout_ms == 0)
		o.timeout_ms = TIMEOUT_DEFAULT_MS;
	if (o.timeout_ms > TIMEOUT_MAX_MS)
		o.timeout_ms = TIMEOUT_MAX_MS;
	err = encode_request(link, desc, in, body, &o, &msg);
	if (err)
		return err;
	err = take_pending(link, &p);
	if (err) {
		nng_msg_free(msg);
		return err;
	}
	p->link = link;
	p->desc = desc;
	p->arena = arena;
	p->done = done;
	p->arg = arg;
	p->receiving = false;
	p->timeout_ms = o.timeout_ms;
	p->deadline = mono_add_ms(mono_now(), o.timeout_ms);
	TAILQ_INSERT_TAIL(&link->active, p, entry);
	nng_aio_set_timeout(p->aio, (nng_duration)o.timeout_ms);
	nng_aio_set_msg(p->aio, msg);
	nng_ctx_send(p->ctx, p->aio);
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

struct waiter {
	const struct msg_desc *desc;
	struct arena *arena;
	void *out;
	struct slice *body;
	struct why *why;
	enum ms_err err;
	bool done;
};

static void
on_done(void *arg, enum ms_err err, const void *out, struct slice body,
    const struct why *why)
{
	struct waiter *w = arg;

	w->done = true;
	w->err = err;
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

enum ms_err
call_wait(struct link *link, const struct msg_desc *desc, const void *in,
    struct slice body, uint32_t timeout_ms, struct arena *arena, void *out_r,
    struct slice *body_r, struct why *why)
{
	struct link_hub *hub = link->hub;
	struct call_options options = { .timeout_ms = timeout_ms };
	struct waiter w = { .desc = desc,
		.arena = arena,
		.out = out_r,
		.body = body_r,
		.why = why };
	enum ms_err err =
	    start(link, desc, in, body, options, arena, on_done, &w);

	if (err)
		return why_set(why, err, "%s: %s", desc->verb, ms_strerr(err));
	while (!w.done) {
		link_hub_wait(hub, -1);
		link_hub_dispatch(hub, 1); /* `w` must not be outlived */
	}
	return w.err;
}
