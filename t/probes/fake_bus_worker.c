/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A bus in memory that does as it is told: it acknowledges, holds, refuses,
 * and leaves gaps.  One consumer, one member.
 */
#include <stdlib.h>

#include "common/alloc.h"
#include "common/log.h"
#include "proto/batch.h"
#include "proto/envelope.h"
#include "proto/msg/bus.h"
#include "proto/subject.h"
#include "t/lib/fake_bus.h"
#include "workers/worker.h"

#define HELD_MAX  256
#define OPS_KEPT  1024
#define STORE_MAX 65536

struct bus {
	struct worker *w;
	enum fake_mode mode;
	struct fake_state state;
	struct call *held[HELD_MAX];
	struct id128 ops[OPS_KEPT];
	struct buf frames[STORE_MAX]; /* by sequence - 1 */
	uint64_t last_seq;
	uint64_t last_live; /* of the one class, "test" */
	uint64_t last_number;
	bool consumer;
	uint64_t delivered;
	struct call *fetch;
};

/* ---- publish -------------------------------------------------------------- */

/* The payload of a test's event is its number. */
static void
note_order(struct bus *b, struct slice frame)
{
	struct envelope e;
	uint64_t number;

	if (envelope_peek(frame, &envelope_limits_default, &e, NULL) != MS_OK ||
	    !parse_u64(e.payload, &number))
		return;
	b->state.disorder += number < b->last_number;
	b->last_number = number;
}

static void
store(struct bus *b, struct slice frame)
{
	ms_assert(b->last_seq < STORE_MAX);
	buf_add_slice(&b->frames[b->last_seq], frame);
	b->last_seq++;
	frame_stamp(b->frames[b->last_seq - 1].ptr, b->last_seq, 1, 0, 0);
}

static void
write_batch(struct bus *b, uint64_t from, uint64_t upto, struct buf *out)
{
	struct batch_head head = { .base_seq = from };
	struct batch_writer writer;

	batch_begin(&writer, out);
	for (uint64_t seq = from; seq <= upto; seq++)
		batch_add(&writer, buf_slice(&b->frames[seq - 1]));
	batch_end(&writer, &head);
}

static void
publish_live(struct bus *b, uint64_t from)
{
	struct buf batch = { 0 };
	char head[PUB_HEAD_BYTES] = "";

	put_u64(head, b->last_live);
	put_u64(head + 8, b->last_seq);
	b->last_live = b->last_seq;
	if (b->mode == FAKE_SILENT)
		return;
	write_batch(b, from, b->last_seq, &batch);
	(void)!worker_publish(b->w, SLICE_LIT("test"),
	    (struct slice){ head, sizeof(head) }, buf_slice(&batch));
	buf_fini(&batch);
}

static bool
is_known(struct bus *b, struct id128 op)
{
	for (size_t i = 0; i < b->state.distinct_ops; i++) {
		if (memcmp(&b->ops[i], &op, sizeof(op)) == 0)
			return true;
	}
	ms_assert(b->state.distinct_ops < OPS_KEPT);
	b->ops[b->state.distinct_ops++] = op;
	return false;
}

static void answer_fetch(struct bus *b);

static void
accept_batch(struct bus *b, struct call *call, const struct batch_head *head)
{
	const struct bus_publish_in *in = call_in(call);
	struct slice body = call_body(call), frame;
	struct batch_reader reader =
	    batch_read((struct slice){ body.ptr + BATCH_HEADER_BYTES,
			   head->body_bytes },
		head->count);
	uint64_t before = b->last_seq;
	struct bus_publish_out out = { .count = head->count,
		.durability = in->durability };
	bool end = false;

	b->state.batches++;
	if (is_known(b, call_op(call))) {
		out.duplicates = head->count;
	} else {
		while (batch_next(&reader, &frame, &end) == MS_OK && !end) {
			note_order(b, frame);
			store(b, frame);
		}
		b->state.events += head->count;
		publish_live(b, before + 1);
		out.first_seq = before + 1;
	}
	out.last_seq = b->last_seq;
	call_reply(call, &out, (struct slice){ NULL, 0 });
	answer_fetch(b);
}

static void
serve_publish(struct bus *b, struct call *call)
{
	struct batch_head head;
	struct why why = { "" };
	size_t total;
	enum ms_err err = batch_check(call_body(call), &head, &total, &why);

	if (err)
		call_fail(call, err, "%s", why.text);
	else
		accept_batch(b, call, &head);
}

static void
do_publish(void *self, struct call *call)
{
	struct bus *b = self;

	switch (b->mode) {
	case FAKE_HOLD:
		ms_assert(b->state.held < HELD_MAX);
		b->held[b->state.held++] = call;
		if (b->state.held > b->state.held_max)
			b->state.held_max = b->state.held;
		break;
	case FAKE_BUSY:
		b->state.busy++;
		call_fail(call, MS_EBUSY, "busy, as ordered");
		break;
	case FAKE_REFUSE:
		call_fail(call, MS_EATTRIBUTE, "event 0: refused, as ordered");
		break;
	default:
		serve_publish(b, call);
	}
}

/* ---- consumer ------------------------------------------------------------- */

static void
do_consumer(void *self, struct call *call)
{
	struct bus *b = self;
	struct bus_consumer_out out = { .created = !b->consumer };

	b->consumer = true;
	call_reply(call, &out, (struct slice){ NULL, 0 });
}

static void
answer_fetch(struct bus *b)
{
	struct call *call = b->fetch;
	const struct bus_fetch_in *in;
	struct bus_fetch_out out = { 0 };
	struct buf batch = { 0 };

	if (!call || b->delivered == b->last_seq)
		return;
	in = call_in(call);
	b->fetch = NULL;
	out.first_seq = b->delivered + 1;
	out.last_seq = b->last_seq;
	if (out.last_seq - out.first_seq >= in->max_events)
		out.last_seq = out.first_seq + in->max_events - 1;
	out.count = (uint32_t)(out.last_seq - out.first_seq + 1);
	b->delivered = out.last_seq;
	write_batch(b, out.first_seq, out.last_seq, &batch);
	call_reply(call, &out, buf_slice(&batch));
	buf_fini(&batch);
}

static void
on_cancel(struct call *call)
{
	struct bus *b = worker_self(call_worker(call));

	b->fetch = NULL;
	call_fail(call, call_cancel_reason(call), "the fetch is over");
}

static void
do_fetch(void *self, struct call *call)
{
	struct bus *b = self;
	const struct bus_fetch_in *in = call_in(call);

	if (!b->consumer) {
		call_fail(call, MS_ENOTFOUND, "no consumer %s", in->consumer);
		return;
	}
	if (in->settle_upto)
		b->state.settled_upto = (uint32_t)in->settle_upto;
	ms_assert(!b->fetch);
	b->fetch = call;
	call_on_cancel(call, on_cancel);
	answer_fetch(b);
}

static void
do_settle(void *self, struct call *call)
{
	struct bus *b = self;
	const struct bus_settle_in *in = call_in(call);
	struct bus_settle_out out = { .ack_floor = b->state.settled_upto };

	if (in->result == SETTLE_RETRY) {
		b->state.retries++;
		b->delivered = in->first_seq - 1;
	} else if (in->result == SETTLE_IN_PROGRESS) {
		b->state.in_progress++;
	}
	call_reply(call, &out, (struct slice){ NULL, 0 });
}

/* ---- orders ---------------------------------------------------------------- */

static void
do_obey(void *self, struct call *call)
{
	struct bus *b = self;
	const struct fake_orders *orders = call_in(call);
	uint32_t held = b->state.held;

	b->mode = (enum fake_mode)orders->mode;
	if (b->mode != FAKE_HOLD) {
		b->state.held = 0;
		for (uint32_t i = 0; i < held; i++)
			do_publish(b, b->held[i]);
	}
	call_reply(call, &b->state, (struct slice){ NULL, 0 });
}

static enum ms_err
start(struct worker *w, struct why *why MS_UNUSED)
{
	((struct bus *)worker_self(w))->w = w;
	return MS_OK;
}

static void
stop(struct worker *w)
{
	struct bus *b = worker_self(w);

	for (uint64_t i = 0; i < b->last_seq; i++)
		buf_fini(&b->frames[i]);
}

int
main(int argc, char **argv)
{
	static const struct route routes[] = {
		{ &msg_bus_publish, do_publish },
		{ &msg_bus_consumer, do_consumer },
		{ &msg_bus_fetch, do_fetch },
		{ &msg_bus_settle, do_settle },
		{ &fake_obey, do_obey },
		ROUTE_END,
	};
	struct bus *b = xcalloc(1, sizeof(*b));
	int code = worker_main(argc, argv,
	    &(struct worker_desc){ .name = "bus",
		.program = "fake_bus_worker",
		.help = "a bus that does as it is told, for tests",
		.self = b,
		.routes = routes,
		.publishes = true,
		.start = start,
		.stop = stop });

	free(b);
	return code;
}
