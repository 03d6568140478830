/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Durable consumers at work: what consumer.c decides is read from the log,
 * the cursor is written, and only then somebody is answered.  A fetch that
 * finds nothing is parked until events come or its time is up; a consumer has
 * at most one.
 */
#include <inttypes.h>
#include <string.h>

#include "common/id.h"
#include "common/log.h"
#include "proto/batch.h"
#include "proto/envelope.h"
#include "workers/bus/slot.h"

#define FETCH_EVENTS_DEFAULT 1000u
#define FETCH_BYTES_DEFAULT  (4u << 20)
#define FETCH_BYTES_MAX      (BATCH_BODY_MAX / 2) /* one event always fits */
#define SCAN_BYTES_MAX       (8u << 20) /* read for one fetch in one turn */
#define CURSOR_LAG_MAX       65536u /* skipped events before a cursor is noted */
#define REPLY_KEEP_MAX       (1u << 20)

/* What a fetch may take, and has got. */
struct portion {
	uint32_t max_events;
	uint64_t max_bytes;
	struct batch_writer writer;
	struct bus_fetch_out out;
};

static const struct slice no_body = { NULL, 0 };

/* ---- filling a portion --------------------------------------------------- */

static bool
has_room(const struct portion *p, struct slice frame)
{
	size_t used = p->writer.out->len - p->writer.start;

	return p->out.count < p->max_events &&
	    (p->out.count == 0 ||
		used + BATCH_RECORD_BYTES + frame.len <= p->max_bytes);
}

/* The stored bytes say "first delivery"; only a copy is stamped otherwise. */
static void
portion_add(struct portion *p, struct slice frame, uint64_t seq,
    uint16_t deliveries)
{
	struct buf *out = p->writer.out;

	if (deliveries <= 1) {
		batch_add(&p->writer, frame);
	} else {
		struct envelope event = { 0 };
		size_t at;

		(void)!envelope_peek(frame, &envelope_limits_ceiling, &event,
		    NULL);
		batch_open_record(&p->writer);
		at = out->len;
		buf_add_slice(out, frame);
		if (!out->failed)
			frame_stamp(out->ptr + at, seq, event.log_epoch,
			    deliveries, ENVELOPE_REDELIVERED);
		batch_close_record(&p->writer);
	}
	p->out.first_seq = p->out.count++ ? p->out.first_seq : seq;
	p->out.last_seq = seq > p->out.last_seq ? seq : p->out.last_seq;
}

/* The frame of exactly seq, walking on where that is near. */
static enum ms_err
frame_at(struct journal_walk *walk, uint64_t seq, struct slice *frame_r,
    uint64_t *found_r, struct why *why)
{
	if (walk->next_seq > seq || walk->batch_last < seq)
		*walk = journal_walk_from(walk->journal, seq);
	walk->next_seq = seq;
	return journal_walk_next(walk, frame_r, found_r, why);
}

/* Events that come again, in order.  False: the log could not be read. */
static bool
fill_again(struct slot *slot, struct portion *p, struct mono now)
{
	struct consumer *c = slot->consumer;
	struct journal_walk walk = journal_walk_from(slot->stream->journal, 0);
	struct flight *flight;
	bool lost = false;
	size_t at = 0;

	while ((flight = consumer_again(c, &at, now))) {
		struct why why = { "" };
		struct slice frame;
		uint64_t found = 0;
		enum ms_err err =
		    frame_at(&walk, flight->seq, &frame, &found, &why);

		if (err && err != MS_ENOTFOUND) {
			stream_broken(slot->stream, err, &why);
			return false;
		}
		if (err || found != flight->seq) { /* written off, or retired */
			log_warn("an event in flight is not in the log",
			    "consumer=%s seq=%" PRIu64, c->name, flight->seq);
			consumer_lose(c, flight);
			lost = true;
			continue;
		}
		if (!has_room(p, frame))
			break;
		consumer_redeliver(c, flight, now);
		portion_add(p, frame, flight->seq, flight->deliveries);
	}
	if (lost)
		consumer_settle_upto(c, 0);
	return true;
}

static bool
matches(const struct consumer *c, struct slice frame)
{
	struct envelope event;

	return c->filter_count == 0 ||
	    (envelope_peek(frame, &envelope_limits_ceiling, &event, NULL) ==
		    MS_OK &&
		consumer_matches(c, event.subject));
}

/* New events from where it stands.  False: the log could not be read. */
static bool
fill_new(struct slot *slot, struct portion *p, struct mono now)
{
	struct bus *bus = slot->bus;
	struct consumer *c = slot->consumer;
	size_t room = consumer_room(c, bus->conf.max_ack_pending);
	struct journal_walk walk =
	    journal_walk_from(slot->stream->journal, c->scanned + 1);

	slot->hungry = false;
	while (room > 0) {
		struct why why = { "" };
		struct slice frame;
		uint64_t seq;
		enum ms_err err = journal_walk_next(&walk, &frame, &seq, &why);

		if (err == MS_ENOTFOUND) {
			consumer_skip(c,
			    journal_visible_seq(slot->stream->journal));
			return true;
		}
		if (err) {
			stream_broken(slot->stream, err, &why);
			return false;
		}
		if (!matches(c, frame)) {
			consumer_skip(c, seq);
		} else {
			if (!has_room(p, frame))
				return true;
			portion_add(p, frame, seq,
			    consumer_deliver(c, seq, now));
			room--;
		}
		if (walk.bytes > SCAN_BYTES_MAX) {
			slot->hungry = true;
			return true;
		}
	}
	return true;
}

/* The cursor before the answer.  False: it could not be written. */
static bool
note_cursor(struct slot *slot)
{
	struct stream *stream = slot->stream;
	struct why why;
	enum ms_err err;

	if (!slot->consumer->dirty)
		return true;
	err = cursors_write(stream->cursors, slot->consumer, &why);
	if (err) {
		stream_broken(slot->stream, err, &why);
		return false;
	}
	slot->floor_written = slot->consumer->ack_floor;
	journal_sync_also(stream->journal, cursors_fd(stream->cursors));
	return true;
}

/* False: nothing of this may be answered, the broker is ending. */
static bool
fill(struct slot *slot, struct portion *p, const struct bus_fetch_in *in)
{
	struct bus *bus = slot->bus;
	struct consumer *c = slot->consumer;
	struct mono now = mono_now();
	uint64_t last_seq;

	buf_reset(&bus->reply);
	*p = (struct portion){ .max_events = in->max_events
		    ? in->max_events
		    : FETCH_EVENTS_DEFAULT,
		.max_bytes =
		    in->max_bytes ? in->max_bytes : FETCH_BYTES_DEFAULT };
	if (p->max_events > BATCH_COUNT_MAX)
		p->max_events = BATCH_COUNT_MAX;
	if (p->max_bytes > FETCH_BYTES_MAX)
		p->max_bytes = FETCH_BYTES_MAX;
	batch_begin(&p->writer, &bus->reply);
	if (!fill_again(slot, p, now))
		return false;
	if (!consumer_is_blocked(c, now) && !fill_new(slot, p, now))
		return false;
	batch_end(&p->writer, NULL);
	ms_assert(!bus->reply.failed);
	last_seq = journal_visible_seq(slot->stream->journal);
	p->out.pending = last_seq > c->scanned ? last_seq - c->scanned : 0;
	p->out.ack_floor = c->ack_floor;
	figures_delivered(&bus->figures, p->out.count, bus->reply.len);
	/* a cursor that only skips need not be noted each time */
	if (p->out.count == 0 && c->dirty &&
	    c->ack_floor - slot->floor_written < CURSOR_LAG_MAX)
		return true;
	return note_cursor(slot);
}

/* ---- parking ------------------------------------------------------------- */

static void
slot_unpark(struct slot *slot)
{
	if (slot->parked)
		call_on_cancel(slot->parked, NULL);
	slot->parked = NULL;
	slot->hungry = false;
	loop_timer_stop(slot->bus->loop, &slot->timer);
}

static void
reply_portion(struct slot *slot, struct call *call, const struct portion *p)
{
	struct buf *reply = &slot->bus->reply;

	slot->last_op = call_op(call);
	slot->last_first = p->out.first_seq;
	slot->last_last = p->out.last_seq;
	call_reply(call, &p->out, p->out.count ? buf_slice(reply) : no_body);
	if (reply->cap > REPLY_KEEP_MAX)
		buf_fini(reply);
}

static void
park_timer(struct slot *slot)
{
	struct mono now = mono_now();
	struct mono due = consumer_due(slot->consumer);
	uint64_t left_ms = mono_ms_left(now, slot->parked_until);
	uint64_t due_ms = due.ns ? mono_ms_left(now, due) : UINT64_MAX;

	loop_timer_start(slot->bus->loop, &slot->timer,
	    due_ms < left_ms ? due_ms : left_ms);
}

/* Tries the parked fetch again; at its end it is answered whatever came. */
static void
retry(struct slot *slot)
{
	struct call *call = slot->parked;
	struct portion p;

	if (!call)
		return;
	if (!fill(slot, &p, call_in(call)))
		return;
	if (p.out.count == 0 && !mono_reached(mono_now(), slot->parked_until)) {
		park_timer(slot);
		if (slot->hungry)
			bus_turn(slot->bus);
		return;
	}
	slot_unpark(slot);
	reply_portion(slot, call, &p);
}

void
deliver_on_timer(struct ev_loop *ev, ev_timer *timer, int events)
{
	(void)ev;
	(void)events;
	struct slot *slot = container_of(timer, struct slot, timer);

	retry(slot);
	slot_show(slot);
}

static void
on_cancel(struct call *call)
{
	struct slot *slot = call_user(call);
	enum ms_err reason = call_cancel_reason(call);

	slot_unpark(slot);
	call_fail(call, reason, "the fetch was given up");
}

static void
park(struct slot *slot, struct call *call, uint64_t wait_ms)
{
	if (wait_ms > BUS_FETCH_WAIT_MAX_MS)
		wait_ms = BUS_FETCH_WAIT_MAX_MS;
	slot->parked = call;
	slot->parked_until = mono_add_ms(mono_now(), wait_ms);
	call_set_user(call, slot);
	call_on_cancel(call, on_cancel);
	park_timer(slot);
	if (slot->hungry)
		bus_turn(slot->bus);
}

void
deliver_wake(struct bus *bus)
{
	struct slot *slot, *next;

	HASH_ITER(hh, bus->slots, slot, next) {
		retry(slot);
		if (journal_has_failed(slot->stream->journal))
			return;
		slot_show(slot);
	}
}

/* ---- requests ------------------------------------------------------------ */

/* Answers the parked fetch before another one takes its place. */
static void
displace(struct slot *slot, bool same_member)
{
	struct call *old = slot->parked;
	struct bus_fetch_out out = { .ack_floor = slot->consumer->ack_floor };

	if (!old)
		return;
	slot_unpark(slot);
	if (same_member)
		call_reply(old, &out, no_body);
	else
		call_fail(old, MS_ECONFLICT,
		    "consumer %s was taken over by another member",
		    slot->consumer->name);
}

static struct slot *
slot_for(struct bus *bus, struct call *call, const char *name)
{
	struct slot *slot = slot_find(bus, name);

	if (bus->draining) {
		call_fail(call, MS_ESHUTDOWN, "the bus is stopping");
		return NULL;
	}
	if (!slot)
		call_fail(call, MS_ENOTFOUND,
		    "no consumer '%.200s'; bus.consumer creates it",
		    name ? name : "");
	return slot;
}

/* The same request again: its reply was lost on the way, so what it had got
 * is taken back and handed out with this one. */
static void
check_repeated(struct slot *slot, const struct call *call)
{
	struct id128 op = call_op(call);

	if (slot->last_first == 0 || id_is_zero(&op) ||
	    memcmp(&op, &slot->last_op, sizeof(op)) != 0)
		return;
	consumer_take_back(slot->consumer, slot->last_first, slot->last_last);
}

void
do_fetch(void *self, struct call *call)
{
	struct bus *bus = self;
	const struct bus_fetch_in *in = call_in(call);
	struct slot *slot = slot_for(bus, call, in->consumer);
	const char *member = in->member ? in->member : "";
	struct why why = { "" };
	struct portion p;
	bool same;

	if (!slot)
		return;
	same = slot->consumer->member &&
	    strcmp(slot->consumer->member, member) == 0;
	if (consumer_claim(slot->consumer, member, mono_now(), &why)) {
		call_fail(call, MS_ECONFLICT, "%s", why.text);
		return;
	}
	displace(slot, same);
	check_repeated(slot, call);
	if (in->settle_upto)
		consumer_settle_upto(slot->consumer, in->settle_upto);
	if (!fill(slot, &p, in)) {
		call_fail(call, MS_ESTORAGE, "the log has failed");
		return;
	}
	if (in->settle_upto && !note_cursor(slot)) {
		call_fail(call, MS_ESTORAGE, "the log has failed");
		return;
	}
	slot_show(slot);
	if (p.out.count == 0 && in->wait_ms > 0)
		park(slot, call, in->wait_ms);
	else
		reply_portion(slot, call, &p);
}

void
do_settle(void *self, struct call *call)
{
	struct bus *bus = self;
	const struct bus_settle_in *in = call_in(call);
	struct slot *slot = slot_for(bus, call, in->consumer);
	const char *member = in->member ? in->member : "";
	struct bus_settle_out out;
	struct consumer *c;
	struct why why;

	if (!slot)
		return;
	c = slot->consumer;
	if (in->first_seq == 0 || in->first_seq > in->last_seq) {
		call_fail(call, MS_EINVAL,
		    "first_seq..last_seq is not a range of sequences");
		return;
	}
	/* a settlement claims only what nobody has */
	if ((c->member && strcmp(c->member, member) != 0) ||
	    consumer_claim(c, member, mono_now(), &why)) {
		call_fail(call, MS_ECONFLICT,
		    "consumer %s was taken over by another member", c->name);
		return;
	}
	consumer_settle(c, in->first_seq, in->last_seq,
	    (enum settle_result)in->result, in->delay_ms, mono_now());
	if (!note_cursor(slot)) {
		call_fail(call, MS_ESTORAGE, "the log has failed");
		return;
	}
	out.ack_floor = c->ack_floor;
	call_reply(call, &out, no_body);
	retry(slot);
	slot_show(slot);
}

void
deliver_end(struct bus *bus, enum ms_err err, const char *text)
{
	struct slot *slot, *next;

	HASH_ITER(hh, bus->slots, slot, next) {
		struct call *call = slot->parked;

		slot_unpark(slot);
		if (call)
			call_fail(call, err, "%s", text);
	}
}
