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
#include "proto/batch.h"
#include "proto/envelope.h"
#include "proto/traceparent.h"
#include "workers/bus/bus.h"
#include "workers/bus/flow_watch.h"
#include "workers/bus/live.h"
#include "workers/exemplar.h"

#define TURN_BYTES_MAX    (64u << 20) /* taken in one turn */
#define WAITING_MAX       2048u       /* requests not yet answered */
#define SCRATCH_KEEP      4096u       /* checked frames kept allocated */
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

/* One publish that waits for its answer. */
struct waiting {
	struct call *call;
	struct bus_publish_out out;
	struct mono received;       /* before it waited for its turn */
	uint64_t last[STREAMS_MAX]; /* sequence in each stream; 0: none */
	struct traceparent trace;   /* of the first event that has one */
	bool has_trace;
	bool wants_sync;
};

/* A frame that has passed its check. */
struct checked {
	struct slice frame;
	struct slice subject;
	struct slice traceparent;
	struct stream *stream;
	struct id128 identity;
	bool known; /* it is in the log already */
};

struct publish_queue {
	struct waiting *waiting; /* this turn's at the end */
	size_t count, cap;
	size_t written; /* waiting[0..written) wait for their sync only */
	size_t turn_bytes;
	struct shed shed;
	struct checked *checked;
	size_t checked_cap;
	/* of this turn, for what it cost */
	struct mono turn_begun;
	uint64_t turn_events;
	uint32_t judged; /* batches, by flow validation */
};

struct publish_queue *
publish_queue_new(void)
{
	return xcalloc(1, sizeof(struct publish_queue));
}

void
publish_queue_free(struct publish_queue **queue)
{
	if (!*queue)
		return;
	free((*queue)->waiting);
	free((*queue)->checked);
	free(*queue);
	*queue = NULL;
}

/* ---- checking ------------------------------------------------------------ */

/* The first good one is kept. */
static enum ms_err
check_trace(struct waiting *w, struct slice text, struct why *why)
{
	struct traceparent trace;
	enum ms_err err;

	if (text.len == 0)
		return MS_OK;
	err = traceparent_parse(text, &trace, why);
	if (!err && !w->has_trace) {
		w->trace = trace;
		w->has_trace = true;
	}
	return err;
}

/* Neighbours often have one subject. */
static struct stream *
stream_for(const struct bus *bus, const struct checked *checked, uint32_t i)
{
	if (bus->stream_count == 1)
		return bus->streams[0];
	if (i > 0 && slice_eq(checked[i - 1].subject, checked[i].subject))
		return checked[i - 1].stream;
	return stream_of(bus, checked[i].subject);
}

static enum ms_err
check_frames(struct bus *bus, const struct batch_head *head, struct slice body,
    struct waiting *w, struct why *why)
{
	struct envelope_limits limits = {
		.payload_bytes = (uint32_t)bus->conf.max_payload_bytes,
		.header_bytes = ENVELOPE_HEADER_BYTES_MAX
	};
	struct batch_reader reader = batch_read(body, head->count);
	struct checked *checked = bus->queue->checked;

	for (uint32_t i = 0; i < head->count; i++) {
		struct envelope event;
		struct why what = { "" };
		bool end = false;
		enum ms_err err = batch_next(&reader, &checked[i].frame, &end);

		if (!err && end)
			err = MS_EPROTO;
		if (!err)
			err = envelope_peek(checked[i].frame, &limits, &event,
			    &what);
		if (!err)
			err = check_trace(w, event.traceparent, &what);
		if (err)
			return why_set(why, err, "event %" PRIu32 ": %s", i,
			    *what.text ? what.text : ms_strerr(err));
		checked[i].subject = event.subject;
		checked[i].stream = stream_for(bus, checked, i);
		checked[i].identity = envelope_identity(&event);
		checked[i].traceparent = event.traceparent;
		dedup_expect(checked[i].stream->dedup, &checked[i].identity);
		if (bus->watch)
			flow_watch_expect(bus->watch, &event.id);
	}
	return MS_OK;
}

static enum ms_err
check(struct bus *bus, struct slice bytes, struct batch_head *head_r,
    struct waiting *w, struct why *why)
{
	struct publish_queue *q = bus->queue;
	size_t total = 0;
	struct slice body;
	enum ms_err err = batch_check(bytes, head_r, &total, why);

	if (err)
		return err;
	if (total != bytes.len)
		return why_set(why, MS_EPROTO, "%zu bytes behind the batch",
		    bytes.len - total);
	if (head_r->count == 0)
		return why_set(why, MS_EINVAL, "the batch has no events");
	if (head_r->count > q->checked_cap) {
		q->checked_cap =
		    head_r->count > SCRATCH_KEEP ? head_r->count : SCRATCH_KEEP;
		q->checked = xreallocarray(q->checked, q->checked_cap,
		    sizeof(*q->checked));
	}
	body = (struct slice){ bytes.ptr + BATCH_HEADER_BYTES,
		head_r->body_bytes };
	return check_frames(bus, head_r, body, w, why);
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
			    c->traceparent, (uint64_t)now->wall_ms);
	}
	if (timed)
		metric_add(bus->figures.of[FIGURE_FLOW],
		    (mono_now().ns - begun.ns) * FLOW_TIMED_ONE_IN);
}

static struct clocks
clocks_at(struct mono now)
{
	return (struct clocks){ (int64_t)(now.ns / NS_PER_MS),
		wall_ns() / NS_PER_MS };
}

static void
count_taken(const struct bus *bus, uint64_t events, uint64_t duplicates)
{
	metric_add(bus->figures.of[FIGURE_EVENTS], events);
	metric_add(bus->figures.of[FIGURE_DUPLICATES], duplicates);
}

static void
take(struct bus *bus, uint32_t count, struct waiting *w, struct mono begun)
{
	struct clocks now = clocks_at(begun);
	struct bus_publish_out *out = &w->out;

	streams_expire(bus, now.mono_ms);
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
		w->wants_sync |=
		    c->stream->conf.durability == DURABILITY_SYNCED;
	}
	out->count = count - out->duplicates;
	judge_flow(bus, bus->queue->checked, count, &now);
	count_taken(bus, out->count, out->duplicates);
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
	c.stream = stream_of(bus, event.subject);
	err = journal_reserve(c.stream->journal, frame.len + BATCH_RECORD_BYTES,
	    1, why);
	if (err)
		return err;
	c.subject = event.subject;
	c.traceparent = event.traceparent;
	c.identity = envelope_identity(&event);
	take_one(bus, &c, &now);
	judge_flow(bus, &c, 1, &now);
	count_taken(bus, !c.known, c.known);
	bus_turn(bus);
	return MS_OK;
}

static uint64_t
events_of(const struct waiting *w)
{
	return w->out.count + w->out.duplicates;
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
	q->turn_events += events_of(waiting);
	if (q->count == q->cap) {
		q->cap = q->cap ? q->cap * 2 : 64;
		q->waiting =
		    xreallocarray(q->waiting, q->cap, sizeof(*q->waiting));
	}
	q->waiting[q->count++] = *waiting;
}

/* False: refused, with when to come again. */
static bool
has_room(struct bus *bus, struct call *call, size_t bytes, struct mono now)
{
	struct publish_queue *q = bus->queue;
	struct shed_load load = { .depth = (uint32_t)q->count };
	enum priority priority = call_priority(call);
	uint32_t retry_after_ms = FULL_RETRY_MS;

	shed_look(&q->shed, &shed_conf, load, now);
	if (shed_refuses(&q->shed, priority))
		retry_after_ms =
		    shed_retry_after_ms(&q->shed, &shed_conf, priority);
	else if (!is_too_much(q, bytes))
		return true;
	figures_refused(&bus->figures, MS_EBUSY);
	call_refuse(call, MS_EBUSY, retry_after_ms,
	    "%zu publishes wait for the log%s", q->count,
	    shed_refuses(&q->shed, priority) ? ", those that matter more come "
					       "first"
					     : "");
	return false;
}

static void
refuse(struct bus *bus, struct call *call, enum ms_err err,
    const struct why *why)
{
	figures_refused(&bus->figures, err);
	call_fail(call, err, "%s", *why->text ? why->text : ms_strerr(err));
}

void
do_publish(void *self, struct call *call)
{
	struct bus *bus = self;
	const struct bus_publish_in *in = call_in(call);
	struct waiting waiting = { .call = call,
		.received = call_received(call),
		.wants_sync = in->durability == DURABILITY_SYNCED };
	struct slice bytes = call_body(call);
	struct mono now = mono_now();
	struct batch_head head;
	struct why why = { "" };
	enum ms_err err;

	if (bus->draining) {
		refuse(bus, call, MS_ESHUTDOWN, &why);
		return;
	}
	if (!has_room(bus, call, bytes.len, now))
		return;
	err = check(bus, bytes, &head, &waiting, &why);
	if (!err)
		err = reserve(bus, &head, &why);
	if (err) {
		refuse(bus, call, err, &why);
		return;
	}
	take(bus, head.count, &waiting, now);
	metric_add(bus->figures.of[FIGURE_RECEIVED_BYTES], bytes.len);
	bus->queue->turn_bytes += bytes.len;
	enqueue(bus->queue, &waiting, now);
	bus_turn(bus);
}

/* ---- answering ----------------------------------------------------------- */

static bool
is_synced(const struct bus *bus, const struct waiting *w)
{
	for (size_t i = 0; i < bus->stream_count; i++) {
		if (w->last[i] > journal_synced_seq(bus->streams[i]->journal))
			return false;
	}
	return true;
}

static uint64_t
synced_seq_of_last(const struct bus *bus, const struct waiting *w)
{
	for (size_t i = 0; i < bus->stream_count; i++) {
		if (w->last[i] == w->out.last_seq)
			return journal_synced_seq(bus->streams[i]->journal);
	}
	return 0;
}

static void
answer(struct bus *bus, struct waiting *w)
{
	w->out.synced_seq = synced_seq_of_last(bus, w);
	w->out.durability =
	    is_synced(bus, w) ? DURABILITY_SYNCED : DURABILITY_WRITTEN;
	call_on_cancel(w->call, NULL);
	call_reply(w->call, &w->out, (struct slice){ NULL, 0 });
}

/* Its events are stored all the same; only the answer is too late. */
static void
on_cancel(struct call *call)
{
	struct bus *bus = worker_self(call_worker(call));
	struct publish_queue *q = bus->queue;

	for (size_t i = 0; i < q->count; i++) {
		if (q->waiting[i].call != call)
			continue;
		q->count--;
		q->written -= i < q->written;
		memmove(&q->waiting[i], &q->waiting[i + 1],
		    (q->count - i) * sizeof(*q->waiting));
		break;
	}
	call_fail(call, call_cancel_reason(call), "written, not yet synced");
}

/* All of the turn is routed now.  One look at the clock for all of it. */
static void
measure(const struct bus *bus)
{
	struct publish_queue *q = bus->queue;
	const struct metric *figure = bus->figures.of;
	uint64_t now_ns, each_ns;

	if (q->turn_events == 0)
		return;
	now_ns = mono_now().ns;
	each_ns = (now_ns - q->turn_begun.ns) / q->turn_events;
	metric_record_many(figure[FIGURE_EVENT], each_ns, q->turn_events);
	for (size_t i = q->written; i < q->count; i++) {
		const struct waiting *w = &q->waiting[i];
		uint64_t took_ns = now_ns - w->received.ns;

		metric_record_many(figure[FIGURE_ROUTE], took_ns, events_of(w));
		if (w->has_trace) {
			exemplar_note(figure[FIGURE_ROUTE], took_ns, &w->trace);
			exemplar_note(figure[FIGURE_EVENT], each_ns, &w->trace);
		}
	}
	q->turn_events = 0;
}

void
publish_written(struct bus *bus)
{
	struct publish_queue *q = bus->queue;
	size_t kept = q->written;

	measure(bus);
	for (size_t i = q->written; i < q->count; i++) {
		struct waiting *w = &q->waiting[i];

		if (!w->wants_sync || is_synced(bus, w)) {
			answer(bus, w);
			continue;
		}
		call_on_cancel(w->call, on_cancel);
		q->waiting[kept++] = *w;
	}
	q->count = q->written = kept;
	q->turn_bytes = 0;
	if (q->checked_cap > SCRATCH_KEEP) {
		free(q->checked);
		q->checked = NULL;
		q->checked_cap = 0;
	}
	if (kept > 0)
		streams_sync_soon(bus);
}

void
publish_synced(struct stream *stream)
{
	struct bus *bus = stream->bus;
	struct publish_queue *q = bus->queue;
	size_t kept = 0;

	if (q->written == 0)
		return;
	/* those of a turn that is not written yet stay behind */
	for (size_t i = 0; i < q->written; i++) {
		struct waiting *w = &q->waiting[i];

		if (is_synced(bus, w))
			answer(bus, w);
		else
			q->waiting[kept++] = *w;
	}
	memmove(&q->waiting[kept], &q->waiting[q->written],
	    (q->count - q->written) * sizeof(*q->waiting));
	q->count -= q->written - kept;
	q->written = kept;
	if (kept > 0)
		journal_sync_soon(stream->journal);
}

size_t
publish_waiting(const struct bus *bus)
{
	return bus->queue->count;
}

void
publish_fail_all(struct bus *bus, enum ms_err err, const char *text)
{
	struct publish_queue *q = bus->queue;

	while (q->count > 0) {
		struct call *call = q->waiting[--q->count].call;

		call_on_cancel(call, NULL);
		call_fail(call, err, "%s", text);
	}
	q->written = 0;
}
