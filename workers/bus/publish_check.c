/* SPDX-License-Identifier: Apache-2.0 */
/* Publishing, first part: is all of a request good? */
#include <inttypes.h>
#include <string.h>

#include "common/alloc.h"
#include "common/id.h"
#include "proto/envelope.h"
#include "workers/bus/publish_impl.h"

#define CAUSE_LOOK_MAX 1024u /* how far back a cause may be in a request */

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
static struct topic
topic_for(const struct bus *bus, const struct checked *checked, uint32_t i)
{
	if (i > 0 && slice_eq(checked[i - 1].subject, checked[i].subject))
		return checked[i - 1].topic;
	return topics_find(bus->policies.topics, checked[i].subject);
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
		checked[i].topic = topic_for(bus, checked, i);
		checked[i].stream = bus->streams[checked[i].topic.stream];
		checked[i].identity = envelope_identity(&event);
		checked[i].traceparent = event.traceparent;
		dedup_expect(checked[i].stream->dedup, &checked[i].identity);
		if (bus->watch)
			flow_watch_expect(bus->watch, &event.id);
	}
	return MS_OK;
}

/* ---- flow ----------------------------------------------------------------- */

/* Its cause may be an event of this very request. */
static enum flow_fault
judge_among(const struct checked *checked, uint32_t i,
    const struct frame_ids *ids)
{
	uint32_t first = i > CAUSE_LOOK_MAX ? i - CAUSE_LOOK_MAX : 0;

	for (uint32_t k = i; k-- > first;) {
		struct frame_ids cause;
		const struct id128 *due;

		frame_ids(checked[k].frame.ptr, &cause);
		if (memcmp(&cause.id, &ids->causation, sizeof(cause.id)) != 0)
			continue;
		due = id_is_zero(&cause.correlation) ? &cause.id
						     : &cause.correlation;
		return memcmp(&ids->correlation, due, sizeof(*due)) == 0
		    ? FLOW_SOUND
		    : FLOW_OTHER_CORRELATION;
	}
	return FLOW_UNKNOWN_CAUSE;
}

/* Before anything is taken, so that one unsound event refuses all. */
static enum ms_err
check_flow(const struct bus *bus, uint32_t count, struct why *why)
{
	const struct checked *checked = bus->queue->checked;

	for (uint32_t i = 0; i < count; i++) {
		const struct checked *c = &checked[i];
		struct frame_ids ids;
		enum flow_fault fault;

		if (bus->policies.of[c->topic.policy].flow != FLOW_MODE_REJECT)
			continue;
		frame_ids(c->frame.ptr, &ids);
		if (id_is_zero(&ids.causation))
			continue;
		fault = flow_watch_look(bus->watch, c->frame, c->traceparent);
		if (fault == FLOW_UNKNOWN_CAUSE)
			fault = judge_among(checked, i, &ids);
		if (fault == FLOW_SOUND)
			continue;
		metric_add(bus->figures.flow[fault], 1);
		return why_set(why, MS_EFLOW,
		    "event %" PRIu32 ": %.*s: %s (%s)", i, (int)c->subject.len,
		    c->subject.ptr, ms_strerr(MS_EFLOW),
		    flow_fault_name(fault));
	}
	return MS_OK;
}

/* ---- all of it -------------------------------------------------------------- */

enum ms_err
publish_check(struct bus *bus, struct slice bytes, struct batch_head *head_r,
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
	err = check_frames(bus, head_r, body, w, why);
	if (!err && bus->policies.any_rejects && bus->watch)
		err = check_flow(bus, head_r->count, why);
	return err;
}
