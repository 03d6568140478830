/* SPDX-License-Identifier: Apache-2.0 */
/* Calls: what is said over a link, and waiting for it. */
#include "common/id.h"
#include "proto/client/link.h"

#define TIMEOUT_DEFAULT_MS 30000u
/* Decoded fields are a few times larger than their bytes at worst. */
#define REPLY_ARENA_BYTES_MAX (8u * MSG_FIELDS_BYTES_MAX)

/* ---- completion ---------------------------------------------------------------- */

struct outcome {
	enum ms_err err;
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
	struct slice bytes = { p->reply->bytes + LINK_ID_BYTES,
		p->reply->len - LINK_ID_BYTES };
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

void
pending_complete(struct pending *p)
{
	struct link *link = p->link;
	struct outcome o = { .err = MS_OK };
	struct arena own;

	TAILQ_REMOVE(&link->done, p, entry);
	arena_init(&own, REPLY_ARENA_BYTES_MAX);
	if (p->result)
		say_timeout(&o, p);
	else
		o.err = decode_reply(p, p->arena ? p->arena : &own, &o);
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
encode_request(struct buf *out, const struct msg_desc *desc, const void *in,
    struct slice body, const struct call_options *options)
{
	struct msg head = { .kind = MSG_REQUEST,
		.verb = slice_of(desc->verb),
		.op = options->op,
		.deadline_ms = options->timeout_ms,
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
	err = encode_request(&p->bytes, desc, in, body, &o);
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
