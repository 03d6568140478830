/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The first violation of a second is kept and told from a timer: an event of
 * our own must not get into the middle of a batch that is being taken.
 */
#include "workers/bus/flow_watch.h"

#include <inttypes.h>
#include <stdlib.h>

#include "common/alloc.h"
#include "common/id.h"
#include "common/json.h"
#include "common/log.h"
#include "proto/subject.h"
#include "proto/traceparent.h"
#include "workers/bus/bus.h"
#include "workers/bus/flow.h"

#define TELL_EVERY_MS 1000u
#define SUBJECT       "flow.violation"
#define NS_PER_MS     1000000

struct flow_watch {
	struct bus *bus;
	struct flow *flow;
	ev_timer timer;
	struct mono told;
	/* since then */
	uint64_t violations;
	enum flow_fault fault; /* of the first of them, as what follows */
	struct frame_ids ids;
	char subject[SUBJECT_BYTES_MAX + 1];
	char traceparent[TRACEPARENT_BYTES];
};

/* ---- telling --------------------------------------------------------------- */

static void
put_id(struct buf *json, const char *name, const struct id128 *id)
{
	char text[ID_TEXT_BYTES];

	buf_printf(json, ",\"%s\":\"%s\"", name, id_print(id, text));
}

static void
print_payload(const struct flow_watch *w, struct buf *json)
{
	buf_printf(json, "{\"reason\":\"%s\",\"violations\":%" PRIu64,
	    flow_fault_name(w->fault), w->violations);
	buf_add_str(json, ",\"subject\":");
	json_quote(json, slice_of(w->subject));
	put_id(json, "id", &w->ids.id);
	put_id(json, "causation_id", &w->ids.causation);
	buf_add_u8(json, '}');
}

static void
tell(struct flow_watch *w)
{
	struct buf json = { 0 }, frame = { 0 };
	struct envelope event = { .encoding = ENCODING_JSON,
		.id = id_new(),
		.time_ns = wall_ns(),
		.subject = SLICE_LIT(SUBJECT),
		.type = SLICE_LIT(SUBJECT),
		.source = SLICE_LIT("/bus"),
		.traceparent = slice_of(w->traceparent) };
	struct why why = { "" };
	enum ms_err err;

	print_payload(w, &json);
	event.payload = buf_slice(&json);
	err = envelope_encode(&event, NULL, &frame, &why);
	if (!err)
		err = publish_own(w->bus, buf_slice(&frame), &why);
	if (err)
		log_debug("a violation was not told", "reason=%s",
		    LOGQ(why.text));
	w->told = mono_now();
	w->violations = 0;
	buf_fini(&json);
	buf_fini(&frame);
}

static void
on_timer(struct ev_loop *ev, ev_timer *timer, int events)
{
	(void)ev;
	(void)events;
	tell(container_of(timer, struct flow_watch, timer));
}

static void
copy(char *to, size_t room, struct slice from)
{
	size_t n = from.len < room ? from.len : room - 1;

	if (n > 0)
		memcpy(to, from.ptr, n);
	to[n] = '\0';
}

/* ---- judging --------------------------------------------------------------- */

/* Of the trace id's digits, which are random. */
static uint64_t
trace_hash(struct slice traceparent)
{
	const char *id = traceparent.ptr + 3;

	if (traceparent.len != TRACEPARENT_LEN)
		return 0;
	return (get_u64(id) ^ get_u64(id + 16)) * 31 +
	    (get_u64(id + 8) ^ get_u64(id + 24));
}

void
flow_watch_expect(const struct flow_watch *w, const struct id128 *id)
{
	flow_expect(w->flow, id);
}

static void
note(struct flow_watch *w, enum flow_fault fault, const struct frame_ids *ids,
    struct slice subject, struct slice traceparent)
{
	uint64_t since_ms = mono_ms_between(w->told, mono_now());

	metric_add(w->bus->figures.flow[fault], 1);
	if (w->violations++ > 0)
		return;
	w->fault = fault;
	w->ids = *ids;
	copy(w->subject, sizeof(w->subject), subject);
	copy(w->traceparent, sizeof(w->traceparent), traceparent);
	loop_timer_start(w->bus->loop, &w->timer,
	    since_ms < TELL_EVERY_MS ? TELL_EVERY_MS - since_ms : 0);
}

static struct flow_event
event_of(const struct frame_ids *ids, struct slice traceparent)
{
	return (struct flow_event){ ids->id, ids->correlation, ids->causation,
		traceparent.len ? trace_hash(traceparent) : 0 };
}

enum flow_fault
flow_watch_look(const struct flow_watch *w, struct slice frame,
    struct slice traceparent)
{
	struct frame_ids ids;
	struct flow_event event;

	frame_ids(frame.ptr, &ids);
	event = event_of(&ids, traceparent);
	return flow_look(w->flow, &event);
}

void
flow_watch_event(struct flow_watch *w, struct slice frame, struct slice subject,
    struct slice traceparent, uint64_t wall_ms, bool minded)
{
	struct frame_ids ids;
	struct flow_event event;
	enum flow_fault fault;

	frame_ids(frame.ptr, &ids);
	event = event_of(&ids, traceparent);
	fault = flow_event(w->flow, &event, wall_ms);
	if (fault != FLOW_SOUND && minded)
		note(w, fault, &ids, subject, traceparent);
}

/* ---- life ------------------------------------------------------------------ */

struct flow_watch *
flow_watch_new(struct bus *bus)
{
	struct flow_watch *w = xcalloc(1, sizeof(*w));

	w->bus = bus;
	w->flow = flow_new((uint64_t)wall_ns() / NS_PER_MS);
	ev_timer_init(&w->timer, on_timer, 0., 0.);
	return w;
}

void
flow_watch_free(struct flow_watch **watch)
{
	struct flow_watch *w = *watch;

	if (!w)
		return;
	*watch = NULL;
	loop_timer_stop(w->bus->loop, &w->timer);
	flow_free(&w->flow);
	free(w);
}
