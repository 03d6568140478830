/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `msctl bus trace ID`: which events led to which.  The bus is asked for what
 * is related to the id, stream by stream; an event found by its own id names
 * the correlation that has the others.
 */
#include <stdlib.h>

#include "common/id.h"
#include "proto/batch.h"
#include "proto/envelope.h"
#include "proto/msg/bus.h"
#include "supervisor/msctl/service.h"
#include "supervisor/msctl/table.h"
#include "supervisor/msctl/trace_tree.h"
#include "supervisor/msctl/verbs.h"

#define ARENA_BYTES    (64u << 20)
#define BATCH_EVENTS   1000u
#define SCAN_MS        30000u /* for one answer; the bus looks at 8 MiB */
#define NS_PER_MS      UINT64_C(1000000)
#define CLOCK_SLACK_MS 60000u /* publishers' clocks may be ahead of the bus's */

struct trace {
	struct service bus;
	struct arena arena;
	struct trace_event *events;
	size_t count, cap;
	bool is_cut; /* there are more */
};

/* ---- asking -------------------------------------------------------------------- */

/* Nothing of it was stored before it was made: UUIDs of version 7 say when. */
static uint64_t
begin_of(const struct id128 *id)
{
	uint64_t ms = 0;

	if (id->byte[6] >> 4 != 7)
		return 0;
	for (size_t i = 0; i < 6; i++)
		ms = ms << 8 | id->byte[i];
	return ms > CLOCK_SLACK_MS ? (ms - CLOCK_SLACK_MS) * NS_PER_MS : 0;
}

static const char *
keep(struct trace *t, struct slice text)
{
	const char *kept = arena_strndup(&t->arena, text.ptr, text.len);

	return kept ? kept : "";
}

static void
add_frame(struct trace *t, const char *stream, struct slice frame)
{
	static const struct envelope_limits limits = {
		.payload_bytes = ENVELOPE_PAYLOAD_CEILING,
		.header_bytes = ENVELOPE_HEADER_BYTES_MAX,
	};
	struct envelope e;

	if (t->count == TRACE_EVENTS_MAX) {
		t->is_cut = true;
		return;
	}
	if (envelope_peek(frame, &limits, &e, NULL) != MS_OK)
		return;
	if (t->count == t->cap) {
		t->cap = t->cap ? t->cap * 2 : 64;
		t->events = reallocarray(t->events, t->cap, sizeof(*t->events));
		if (!t->events)
			abort();
	}
	t->events[t->count++] = (struct trace_event){ .id = e.id,
		.causation = e.causation,
		.correlation = e.correlation,
		.stream = stream,
		.subject = keep(t, e.subject),
		.type = keep(t, e.type),
		.source = keep(t, e.source),
		.seq = e.seq,
		.time_ns = e.time_ns };
}

static void
add_batch(struct trace *t, const char *stream, struct slice bytes)
{
	struct batch_reader reader;
	struct batch_head head;
	struct slice frame;
	size_t total;
	bool end = false;

	if (bytes.len == 0 || batch_check(bytes, &head, &total, NULL) != MS_OK)
		return;
	reader = batch_read((struct slice){ bytes.ptr + BATCH_HEADER_BYTES,
				head.body_bytes },
	    head.count);
	for (;;) {
		enum ms_err err = batch_next(&reader, &frame, &end);

		if (end || err == MS_EPROTO)
			return;
		if (err == MS_OK)
			add_frame(t, stream, frame);
	}
}

static int
look_in(struct trace *t, const char *stream, const struct id128 *id)
{
	struct bus_read_in in = { .related = *id,
		.since_ns = begin_of(id),
		.max_events = BATCH_EVENTS,
		.stream = (char *)(uintptr_t)stream };

	if (in.since_ns == 0)
		in.from_seq = 1;
	for (;;) {
		struct bus_read_out got = { 0 };
		struct slice body = { NULL, 0 };
		int code = service_ask(&t->bus, &msg_bus_read, &in, SCAN_MS,
		    &got, &body);

		if (code != CTL_OK)
			return code;
		add_batch(t, stream, body);
		arena_reset(&t->bus.arena);
		if (t->is_cut || got.next_seq > got.last_stored_seq)
			return CTL_OK;
		in.from_seq = got.next_seq;
	}
}

static int
ask_streams(struct trace *t, struct json **list_r)
{
	struct slice body = { NULL, 0 };
	int code = service_ask(&t->bus, &msg_bus_streams, NULL,
	    SERVICE_ANSWER_MS, NULL, &body);

	if (code == CTL_OK && json_parse(body, list_r, NULL) != MS_OK)
		code = ctl_fail(t->bus.ctl, "malformed",
		    "the bus answered with what is no list");
	return code;
}

static int
look_everywhere(struct trace *t, const struct json *streams,
    const struct id128 *id)
{
	int code = CTL_OK;

	t->count = 0;
	for (const struct json *s = json_first(streams); s && code == CTL_OK;
	     s = json_next(s))
		code = look_in(t,
		    keep(t, slice_of(json_get_str(s, "name", ""))), id);
	return code;
}

/* The correlation that the event itself names; false: it names none. */
static bool
correlation_of(const struct trace *t, const struct id128 *id,
    struct id128 *correlation_r)
{
	for (size_t i = 0; i < t->count; i++) {
		const struct trace_event *e = &t->events[i];

		if (memcmp(&e->id, id, sizeof(*id)) == 0 &&
		    !id_is_zero(&e->correlation)) {
			*correlation_r = e->correlation;
			return true;
		}
	}
	return false;
}

static int
collect(struct trace *t, struct id128 *id)
{
	struct json *streams = NULL;
	struct id128 asked = *id;
	int code = ask_streams(t, &streams);

	if (code == CTL_OK)
		code = look_everywhere(t, streams, id);
	if (code == CTL_OK && correlation_of(t, &asked, id) &&
	    memcmp(&asked, id, sizeof(asked)) != 0)
		code = look_everywhere(t, streams, id);
	json_free(&streams);
	if (code == CTL_OK && !trace_tree(t->events, t->count, &t->arena))
		code = ctl_fail(t->bus.ctl, "no_memory", "too many events");
	return code;
}

/* ---- showing ------------------------------------------------------------------- */

static void
write_json(const struct trace *t, const struct id128 *id)
{
	struct json *root = json_object(), *list;
	char text[ID_TEXT_BYTES];

	json_put_num(root, "v", 1);
	json_put_str(root, "correlation", id_print(id, text));
	json_put_bool(root, "cut", t->is_cut);
	list = json_put_array(root, "events");
	for (size_t i = 0; i < t->count; i++) {
		const struct trace_event *e = &t->events[i];
		struct json *o = json_put_object(list, NULL);

		json_put_num(o, "depth", e->depth);
		json_put_str(o, "id", id_print(&e->id, text));
		json_put_str(o, "causation",
		    id_is_zero(&e->causation) ? NULL
					      : id_print(&e->causation, text));
		json_put_bool(o, "cause_missing", e->is_orphan);
		json_put_str(o, "stream", e->stream);
		json_put_num(o, "seq", (double)e->seq);
		json_put_str(o, "subject", e->subject);
		json_put_str(o, "type", e->type);
		json_put_str(o, "source", e->source);
		json_put_num(o, "time_ms",
		    (double)(e->time_ns / (int64_t)NS_PER_MS));
	}
	ctl_write_json(root);
	json_free(&root);
}

static void
add_subject(struct table *table, const struct trace_event *e,
    bool (*open)[TRACE_DEPTH_MAX + 1], const struct look *look)
{
	struct buf text = { 0 };

	for (unsigned d = 1; d < e->depth; d++)
		buf_add_str(&text,
		    !(*open)[d]      ? "   "
			: look->utf8 ? "│  "
				     : "|  ");
	if (e->depth > 0)
		buf_add_str(&text,
		    look->utf8 ? (e->is_last ? "└─ " : "├─ ")
			       : (e->is_last ? "`- " : "|- "));
	(*open)[e->depth] = !e->is_last;
	buf_add_str(&text, e->subject);
	buf_add_u8(&text, '\0');
	table_add(table, HUE_NONE, text.failed ? "?" : (const char *)text.ptr);
	buf_fini(&text);
}

static void
render(const struct trace *t, const struct look *look, struct buf *out)
{
	static const struct column columns[] = {
		{ "EVENT", COLUMN_FLEXIBLE },
		{ "SEQ", COLUMN_RIGHT },
		{ "AFTER", COLUMN_RIGHT },
		{ "SOURCE", 0 },
		{ "STREAM", 0 },
		{ "NOTE", 0 },
	};
	bool open[TRACE_DEPTH_MAX + 1] = { false };
	struct table table;

	table_init(&table, columns, ARRAY_LEN(columns));
	for (size_t i = 0; i < t->count; i++) {
		const struct trace_event *e = &t->events[i];
		int64_t after = e->time_ns - t->events[0].time_ns;

		add_subject(&table, e, &open, look);
		table_addf(&table, HUE_NONE, "%llu",
		    (unsigned long long)e->seq);
		table_addf(&table, HUE_NONE, "%.1f ms",
		    (double)after / (double)NS_PER_MS);
		table_add(&table, HUE_DIM, e->source);
		table_add(&table, HUE_DIM,
		    strcmp(e->stream, "main") == 0 ? "" : e->stream);
		table_add(&table, HUE_BUSY,
		    e->is_orphan ? "cause not stored" : "");
	}
	table_print(&table, look, out);
	table_fini(&table);
	if (t->is_cut)
		buf_printf(out, "only the first %u events are shown\n",
		    TRACE_EVENTS_MAX);
}

/* ---- the verb ------------------------------------------------------------------ */

static int
show(struct msctl *ctl, const struct trace *t, const struct id128 *id,
    const char *asked)
{
	struct buf out = { 0 };

	if (t->count == 0)
		return ctl_fail(ctl, "not_found",
		    "no stored event is '%s' or belongs to it", asked);
	if (ctl->json) {
		write_json(t, id);
		return CTL_OK;
	}
	render(t, &ctl->look, &out);
	ctl_write(&out);
	buf_fini(&out);
	return CTL_OK;
}

int
do_bus_trace(struct msctl *ctl, const struct args *args)
{
	const char *text = args->pos[0];
	struct trace t = { .count = 0 };
	struct id128 id;
	int code = service_open(ctl, "bus", &t.bus);

	if (!id_parse(slice_of(text), &id))
		id = envelope_text_id(slice_of(text));
	arena_init(&t.arena, ARENA_BYTES);
	if (code == CTL_OK)
		code = collect(&t, &id);
	if (code == CTL_OK)
		code = show(ctl, &t, &id, text);
	arena_fini(&t.arena);
	free(t.events);
	service_close(&t.bus);
	return code;
}
