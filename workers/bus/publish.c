/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Publishing.  A request is checked whole before anything of it is taken, so
 * one bad frame refuses all of it.  What is new goes into the log of this
 * turn; the answer waits for the write, or for the sync if it asked for one.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "common/alloc.h"
#include "common/log.h"
#include "proto/envelope.h"
#include "workers/bus/flow_watch.h"
#include "workers/bus/live.h"
#include "workers/bus/publish_impl.h"
#include "workers/bus/subject_index.h"

#define TURN_BYTES_MAX    (64u << 20) /* taken in one turn */
#define WAITING_MAX       2048u       /* requests not yet answered */
#define NS_PER_MS         1000000
#define FLOW_TIMED_ONE_IN 16u
#define FULL_RETRY_MS     10u /* a turn or two */

/* Publishes that matter least give way while the queue stays three quarters
 * full; a queue that is full refuses them all. */
static const struct shed_conf shed_conf = {
	.high = { .depth = WAITING_MAX / 4 * 3 },
	.low = { .depth = WAITING_MAX / 4 },
	.step_ms = 100,
};

struct publish_queue *
publish_queue_new(void)
{
	struct publish_queue *q = xcalloc(1, sizeof(*q));

	q->ops = ops_new();
	return q;
}

void
publish_queue_free(struct publish_queue **queue)
{
	if (!*queue)
		return;
	free((*queue)->waiting);
	free((*queue)->checked);
	ops_free(&(*queue)->ops);
	free(*queue);
	*queue = NULL;
}

/* Room for what each stream gets. */
static enum ms_err
reserve(struct bus *bus, const struct batch_head *head, struct why *why)
{
	struct share {
		size_t bytes;
		uint32_t count;
	} shares[STREAMS_MAX] = { { 0 } };
	enum ms_err err = MS_OK;

	if (bus->stream_count == 1)
		return journal_reserve(bus->streams[0]->journal,
		    head->body_bytes, head->count, why);
	for (uint32_t i = 0; i < head->count; i++) {
		const struct checked *c = &bus->queue->checked[i];

		shares[c->stream->index].bytes +=
		    BATCH_RECORD_BYTES + c->frame.len;
		shares[c->stream->index].count++;
	}
	for (size_t i = 0; !err && i < bus->stream_count; i++) {
		if (shares[i].count > 0)
			err = journal_reserve(bus->streams[i]->journal,
			    shares[i].bytes, shares[i].count, why);
	}
	return err;
}

/* ---- taking -------------------------------------------------------------- */

struct clocks { /* of one request */
	int64_t mono_ms, wall_ms;
};

/* Its sequence. */
static uint64_t
take_one(struct bus *bus, struct checked *c, const struct clocks *now)
{
	bool dedup = bus->conf.dedup_window_ms > 0;
	struct stream *stream = c->stream;
	uint64_t seq = dedup ? dedup_find(stream->dedup, &c->identity) : 0;

	c->known = seq != 0;
	if (c->known)
		return seq;
	seq = journal_add(stream->journal, c->frame);
	if (dedup)
		dedup_add(stream->dedup, &c->identity, seq, now->mono_ms);
	live_event(stream->live, c->subject);
	if (stream->subjects)
		subject_index_note(stream->subjects, c->subject, seq);
	return seq;
}

/* What it costs is measured, now and then. */
static void
judge_flow(struct bus *bus, const struct checked *checked, uint32_t count,
    const struct clocks *now)
{
	bool timed = bus->queue->judged++ % FLOW_TIMED_ONE_IN == 0;
	struct mono begun;

	if (!bus->watch)
		return;
	begun = timed ? mono_now() : (struct mono){ 0 };
	for (uint32_t i = 0; i < count; i++) {
		const struct checked *c = &checked[i];

		if (!c->known)
			flow_watch_event(bus->watch, c->frame, c->subject,
			    c->traceparent, (uint64_t)now->wall_ms,
			    bus->policies.of[c->topic.policy].flow !=
				FLOW_MODE_OFF);
	}
	if (timed)
		metric_add(bus->figures.of[FIGURE_FLOW],
		    (mono_now().ns - begun.ns) * FLOW_TIMED_ONE_IN);
}

static int64_t
mono_ms_of(struct mono now)
{
	return (int64_t)(now.ns / NS_PER_MS);
}

static struct clocks
clocks_at(struct mono now)
{
	return (struct clocks){ mono_ms_of(now), wall_ns() / NS_PER_MS };
}

/* Neighbours are often of one class. */
static void
count_classes(struct bus *bus, const struct checked *checked, uint32_t count)
{
	uint64_t events = 0;

	for (uint32_t i = 0; i < count; i++) {
		events += !checked[i].known;
		if (i + 1 < count &&
		    checked[i + 1].topic.class == checked[i].topic.class)
			continue;
		if (events > 0)
			policies_count(&bus->policies, checked[i].topic,
			    events);
		events = 0;
	}
}

static void
count_taken(struct bus *bus, const struct checked *checked, uint32_t count,
    uint64_t duplicates)
{
	count_classes(bus, checked, count);
	metric_add(bus->figures.of[FIGURE_EVENTS], count - duplicates);
	metric_add(bus->figures.of[FIGURE_DUPLICATES], duplicates);
}

static void
take(struct bus *bus, uint32_t count, struct waiting *w, struct mono begun)
{
	struct clocks now = clocks_at(begun);
	struct bus_publish_out *out = &w->out;

	streams_expire(bus, now.mono_ms);
	out->stream = bus->queue->checked[0].stream->name;
	for (uint32_t i = 0; i < count; i++) {
		struct checked *c = &bus->queue->checked[i];
		uint64_t seq = take_one(bus, c, &now);
		uint64_t *last = &w->last[c->stream->index];

		if (c->known)
			out->duplicates++;
		else if (out->first_seq == 0)
			out->first_seq = seq;
		if (*last < seq)
			*last = seq;
		out->last_seq = *last;
		if (out->stream != c->stream->name)
			out->stream = NULL; /* several */
		w->wants_sync |=
		    c->stream->conf.durability == DURABILITY_SYNCED;
	}
	out->count = count - out->duplicates;
	judge_flow(bus, bus->queue->checked, count, &now);
	count_taken(bus, bus->queue->checked, count, out->duplicates);
}

enum ms_err
publish_own(struct bus *bus, struct slice frame, struct why *why)
{
	struct clocks now = clocks_at(mono_now());
	struct checked c = { .frame = frame };
	struct envelope event;
	enum ms_err err;

	if (bus->draining)
		return why_set(why, MS_ESHUTDOWN, "the bus is stopping");
	err = envelope_peek(frame, NULL, &event, why);
	if (err)
		return err;
	c.topic = topics_find(bus->policies.topics, event.subject);
	c.stream = bus->streams[c.topic.stream];
	err = journal_reserve(c.stream->journal, frame.len + BATCH_RECORD_BYTES,
	    1, why);
	if (err)
		return err;
	c.subject = event.subject;
	c.traceparent = event.traceparent;
	c.identity = envelope_identity(&event);
	take_one(bus, &c, &now);
	judge_flow(bus, &c, 1, &now);
	count_taken(bus, &c, 1, c.known);
	bus_turn(bus);
	return MS_OK;
}

/* A full queue says so at once; the next turn has room again. */
static bool
is_too_much(const struct publish_queue *q, size_t bytes)
{
	return q->count >= WAITING_MAX ||
	    (q->turn_bytes > 0 && q->turn_bytes + bytes > TURN_BYTES_MAX);
}

static void
enqueue(struct publish_queue *q, const struct waiting *waiting,
    struct mono begun)
{
	if (q->turn_events == 0)
		q->turn_begun = begun;
	q->turn_events += publish_events_of(waiting);
	if (q->count == q->cap) {
		q->cap = q->cap ? q->cap * 2 : 64;
		q->waiting =
		    xreallocarray(q->waiting, q->cap, sizeof(*q->waiting));
	}
	q->waiting[q->count++] = *waiting;
}

/* When to come again; 0: there is room. */
static uint32_t
wait_for_room_ms(struct publish_queue *q, enum priority priority, size_t bytes,
    struct mono now)
{
	struct shed_load load = { .depth = (uint32_t)q->count };

	shed_look(&q->shed, &shed_conf, load, now);
	if (shed_refuses(&q->shed, priority))
		return shed_retry_after_ms(&q->shed, &shed_conf, priority);
	return is_too_much(q, bytes) ? FULL_RETRY_MS : 0;
}

/* All of its events are of subjects that nobody should wait for. */
static bool
may_be_discarded(const struct bus *bus, uint32_t count)
{
	const struct policies *p = &bus->policies;

	for (uint32_t i = 0; i < count; i++) {
		const struct checked *c = &bus->queue->checked[i];

		if (p->of[c->topic.policy].conf.overflow !=
		    OVERFLOW_DISCARD_NEW)
			return false;
	}
	return true;
}

/* Acknowledged, counted and left out.  False: it has to wait. */
static bool
discard(struct bus *bus, struct call *call)
{
	struct bus_publish_out out = { .durability = DURABILITY_NONE };
	struct waiting ignored = { 0 };
	struct batch_head head;

	if (!bus->policies.any_discards ||
	    publish_check(bus, call_body(call), &head, &ignored, NULL) ||
	    !may_be_discarded(bus, head.count))
		return false;
	for (uint32_t i = 0; i < head.count; i++) {
		const struct checked *c = &bus->queue->checked[i];

		metric_add(bus->policies.of[c->topic.policy].discarded, 1);
	}
	out.discarded = head.count;
	call_reply(call, &out, (struct slice){ NULL, 0 });
	return true;
}

static void
put_off(struct bus *bus, struct call *call, uint32_t retry_after_ms)
{
	const struct publish_queue *q = bus->queue;
	bool shed = shed_refuses(&q->shed, call_priority(call));

	figures_refused(&bus->figures, MS_EBUSY);
	call_refuse(call, MS_EBUSY, retry_after_ms,
	    "%zu publishes wait for the log%s", q->count,
	    shed ? ", those that matter more come first" : "");
}

static void
refuse(struct bus *bus, struct call *call, enum ms_err err,
    const struct why *why)
{
	const char *text = *why->text ? why->text : ms_strerr(err);

	figures_refused(&bus->figures, err);
	if (err == MS_EBUSY)
		call_refuse(call, err, FULL_RETRY_MS, "%s", text);
	else
		call_fail(call, err, "%s", text);
}

/* Its events are in the log, or on the way there; the answer waits as that of
 * the first time did. */
static void
answer_again(struct bus *bus, struct waiting *w,
    const struct bus_publish_out *out, struct mono now)
{
	w->out = *out;
	for (size_t i = 0; i < bus->stream_count; i++) {
		const struct stream *s = bus->streams[i];

		if (!out->stream)
			w->last[i] = journal_given_seq(s->journal);
		else if (s->name == out->stream)
			w->last[i] = out->last_seq;
	}
	enqueue(bus->queue, w, now);
	bus_turn(bus);
}

static void
publish(struct bus *bus, struct waiting *w, struct mono now)
{
	struct call *call = w->call;
	const struct bus_publish_in *in = call_in(call);
	struct id128 op = call_op(call);
	struct slice bytes = call_body(call);
	struct batch_head head;
	struct why why = { "" };
	enum ms_err err = publish_check(bus, bytes, &head, w, &why);

	if (!err)
		err = publish_expect(bus, head.count, in, &w->out, &why);
	if (!err)
		err = reserve(bus, &head, &why);
	if (err) {
		refuse(bus, call, err, &why);
		return;
	}
	take(bus, head.count, w, now);
	ops_note(bus->queue->ops, &op, &w->out, mono_ms_of(now));
	metric_add(bus->figures.of[FIGURE_RECEIVED_BYTES], bytes.len);
	bus->queue->turn_bytes += bytes.len;
	enqueue(bus->queue, w, now);
	bus_turn(bus);
}

void
do_publish(void *self, struct call *call)
{
	struct bus *bus = self;
	const struct bus_publish_in *in = call_in(call);
	struct waiting w = { .call = call,
		.received = call_received(call),
		.wants_sync = in->durability == DURABILITY_SYNCED };
	struct id128 op = call_op(call);
	struct mono now = mono_now();
	const struct bus_publish_out *before;
	uint32_t wait_ms;

	if (bus->draining) {
		refuse(bus, call, MS_ESHUTDOWN, &(struct why){ "" });
		return;
	}
	wait_ms = wait_for_room_ms(bus->queue, call_priority(call),
	    call_body(call).len, now);
	if (wait_ms > 0) {
		if (!discard(bus, call))
			put_off(bus, call, wait_ms);
		return;
	}
	before = ops_find(bus->queue->ops, &op, mono_ms_of(now));
	if (before)
		answer_again(bus, &w, before, now);
	else
		publish(bus, &w, now);
}
