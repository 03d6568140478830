/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bus.read: stored events from a sequence on, for whoever wants to look (tail)
 * or to repair a gap.  Nothing is remembered but a read that waits for more.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#include "common/alloc.h"
#include "common/id.h"
#include "common/log.h"
#include "proto/batch.h"
#include "proto/envelope.h"
#include "proto/subject.h"
#include "workers/bus/bus.h"

#define READ_EVENTS_DEFAULT 1000u
#define READ_BYTES_DEFAULT  (1u << 20)
#define READ_BYTES_MAX      (BATCH_BODY_MAX / 2)
#define SCAN_BYTES_MAX      (8u << 20)
#define PARKED_MAX          256u
#define REPLY_KEEP_MAX      (1u << 20)

struct reader {
	TAILQ_ENTRY(reader) link;
	struct reader_list *list;
	struct stream *stream;
	struct call *call;
	uint64_t next_seq;
	ev_timer timer;
};

struct reader_list {
	TAILQ_HEAD(, reader) parked;
	uint32_t count;
};

struct reader_list *
reader_list_new(void)
{
	struct reader_list *list = xcalloc(1, sizeof(*list));

	TAILQ_INIT(&list->parked);
	return list;
}

void
reader_list_free(struct reader_list **readers)
{
	free(*readers);
	*readers = NULL;
}

/* ---- reading ------------------------------------------------------------- */

static bool
is_related(const struct id128 *id, struct slice frame)
{
	struct frame_ids ids;

	frame_ids(frame.ptr, &ids);
	return memcmp(&ids.correlation, id, sizeof(*id)) == 0 ||
	    memcmp(&ids.id, id, sizeof(*id)) == 0 ||
	    memcmp(&ids.causation, id, sizeof(*id)) == 0;
}

static bool
matches(const struct bus_read_in *in, struct slice frame)
{
	struct envelope event;

	if (!id_is_zero(&in->related) && !is_related(&in->related, frame))
		return false;
	return !in->filter ||
	    (envelope_peek(frame, &envelope_limits_ceiling, &event, NULL) ==
		    MS_OK &&
		pattern_matches(slice_of(in->filter), event.subject));
}

static uint64_t
bytes_wanted(const struct bus_read_in *in)
{
	uint64_t bytes = in->max_bytes ? in->max_bytes : READ_BYTES_DEFAULT;

	return bytes < READ_BYTES_MAX ? bytes : READ_BYTES_MAX;
}

static uint32_t
events_wanted(const struct bus_read_in *in)
{
	uint32_t events = in->max_events ? in->max_events
	    : in->last                   ? in->last
					 : READ_EVENTS_DEFAULT;

	return events < BATCH_COUNT_MAX ? events : BATCH_COUNT_MAX;
}

/* From out->next_seq on into bus->reply; moves it.  False: broken. */
static bool
collect(struct stream *stream, const struct bus_read_in *in,
    struct bus_read_out *out)
{
	struct bus *bus = stream->bus;
	struct journal_walk walk =
	    journal_walk_from(stream->journal, out->next_seq);
	struct batch_writer writer;

	buf_reset(&bus->reply);
	batch_begin(&writer, &bus->reply);
	while (out->count < events_wanted(in) && walk.bytes <= SCAN_BYTES_MAX) {
		struct why why = { "" };
		struct slice frame;
		uint64_t seq;
		enum ms_err err = journal_walk_next(&walk, &frame, &seq, &why);

		if (err == MS_ENOTFOUND)
			break;
		if (err) {
			stream_broken(stream, err, &why);
			return false;
		}
		if (matches(in, frame)) {
			if (out->count > 0 &&
			    bus->reply.len + frame.len > bytes_wanted(in))
				break;
			batch_add(&writer, frame);
			out->count++;
		}
		out->next_seq = seq + 1;
	}
	batch_end(&writer, NULL);
	ms_assert(!bus->reply.failed);
	figures_delivered(&bus->figures, out->count, bus->reply.len);
	return true;
}

static void
reply(struct stream *stream, struct call *call, struct bus_read_out *out)
{
	struct bus *bus = stream->bus;

	out->first_stored_seq = journal_first_seq(stream->journal);
	out->last_stored_seq = journal_visible_seq(stream->journal);
	call_reply(call, out,
	    out->count ? buf_slice(&bus->reply) : (struct slice){ NULL, 0 });
	if (bus->reply.cap > REPLY_KEEP_MAX)
		buf_fini(&bus->reply);
}

/* ---- parking ------------------------------------------------------------- */

static struct call *
reader_end(struct reader *reader)
{
	struct call *call = reader->call;

	TAILQ_REMOVE(&reader->list->parked, reader, link);
	reader->list->count--;
	loop_timer_stop(reader->stream->bus->loop, &reader->timer);
	call_on_cancel(call, NULL);
	free(reader);
	return call;
}

static void
on_cancel(struct call *call)
{
	enum ms_err reason = call_cancel_reason(call);

	reader_end(call_user(call));
	call_fail(call, reason, "the read was given up");
}

static void
on_timer(struct ev_loop *ev, ev_timer *timer, int events)
{
	struct reader *reader = container_of(timer, struct reader, timer);
	struct bus_read_out out = { .next_seq = reader->next_seq };
	struct stream *stream = reader->stream;

	(void)ev;
	(void)events;
	reply(stream, reader_end(reader), &out);
}

static void
park(struct stream *stream, struct call *call, uint64_t next_seq,
    uint64_t wait_ms)
{
	struct reader *reader = xcalloc(1, sizeof(*reader));
	struct bus *bus = stream->bus;

	reader->stream = stream;
	reader->list = bus->readers;
	reader->call = call;
	reader->next_seq = next_seq;
	TAILQ_INSERT_TAIL(&bus->readers->parked, reader, link);
	bus->readers->count++;
	ev_timer_init(&reader->timer, on_timer, 0., 0.);
	loop_timer_start(bus->loop, &reader->timer,
	    wait_ms < BUS_FETCH_WAIT_MAX_MS ? wait_ms : BUS_FETCH_WAIT_MAX_MS);
	call_set_user(call, reader);
	call_on_cancel(call, on_cancel);
}

void
read_wake(struct bus *bus)
{
	struct reader *reader = TAILQ_FIRST(&bus->readers->parked);

	while (reader) {
		struct reader *next = TAILQ_NEXT(reader, link);
		struct stream *stream = reader->stream;
		struct bus_read_out out = { .next_seq = reader->next_seq };

		if (!collect(stream, call_in(reader->call), &out))
			return; /* read_end() has answered all */
		reader->next_seq = out.next_seq;
		if (out.count > 0)
			reply(stream, reader_end(reader), &out);
		reader = next;
	}
}

void
read_end(struct bus *bus, enum ms_err err, const char *text)
{
	struct reader *reader;

	while ((reader = TAILQ_FIRST(&bus->readers->parked)))
		call_fail(reader_end(reader), err, "%s", text);
}

uint32_t
read_parked(struct bus *bus)
{
	return bus->readers->count;
}

/* ---- the request --------------------------------------------------------- */

static uint64_t
start_of(const struct stream *stream, const struct bus_read_in *in)
{
	uint64_t last = journal_visible_seq(stream->journal);

	if (in->from_seq > 0)
		return in->from_seq;
	if (in->since_ns > 0 && in->last == 0)
		return journal_seq_since(stream->journal,
		    (int64_t)in->since_ns);
	return last > in->last ? last - in->last + 1 : 1;
}

void
do_read(void *self, struct call *call)
{
	struct bus *bus = self;
	const struct bus_read_in *in = call_in(call);
	struct stream *stream = stream_find(bus, in->stream);
	struct bus_read_out out = { 0 };
	struct why why = { "" };

	if (in->filter && pattern_check(slice_of(in->filter), &why)) {
		call_fail(call, MS_ESUBJECT, "%s", why.text);
		return;
	}
	if (!stream) {
		call_fail(call, MS_ENOTFOUND, "no stream '%s'", in->stream);
		return;
	}
	out.next_seq = start_of(stream, in);
	if (!collect(stream, in, &out)) {
		call_fail(call, MS_ESTORAGE, "the log has failed");
		return;
	}
	if (out.count > 0 || in->wait_ms == 0 || bus->draining ||
	    out.next_seq <= journal_visible_seq(stream->journal))
		reply(stream, call, &out);
	else if (bus->readers->count >= PARKED_MAX)
		call_fail(call, MS_EBUSY, "%u reads wait already", PARKED_MAX);
	else
		park(stream, call, out.next_seq, in->wait_ms);
}
