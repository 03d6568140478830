/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Frames and envelopes to the events of ms.h: slices become strings that end,
 * in an arena; the payload stays where it is.
 */
#include "common/id.h"
#include "proto/client/ms_impl.h"

static const struct envelope_limits limits = {
	.payload_bytes = ENVELOPE_PAYLOAD_CEILING,
	.header_bytes = ENVELOPE_HEADER_BYTES_MAX,
};

/* NULL for an empty slice; *failed when the arena is full. */
static const char *
text_of(struct slice s, struct arena *arena, bool *failed)
{
	char *text = s.len ? arena_strndup(arena, s.ptr, s.len) : NULL;

	if (s.len && !text)
		*failed = true;
	return text;
}

static const char *
uuid_of(const struct id128 *id, struct arena *arena, bool *failed)
{
	char *text;

	if (id_is_zero(id))
		return NULL;
	text = arena_alloc(arena, ID_TEXT_BYTES);
	if (!text) {
		*failed = true;
		return NULL;
	}
	return id_print(id, text);
}

enum ms_err
event_of_envelope(const struct envelope *e, struct arena *arena,
    struct ms_event *event_r)
{
	bool failed = false;

	*event_r = (struct ms_event){
		.subject = text_of(e->subject, arena, &failed),
		.type = text_of(e->type, arena, &failed),
		.source = text_of(e->source, arena, &failed),
		.id = e->id_text.len ? text_of(e->id_text, arena, &failed)
				     : uuid_of(&e->id, arena, &failed),
		.content_type = text_of(e->content_type, arena, &failed),
		.partition_key = text_of(e->partition_key, arena, &failed),
		.correlation_id = uuid_of(&e->correlation, arena, &failed),
		.causation_id = uuid_of(&e->causation, arena, &failed),
		.traceparent = text_of(e->traceparent, arena, &failed),
		.tracestate = text_of(e->tracestate, arena, &failed),
		.time_ns = e->time_ns,
		.data = e->payload.ptr,
		.data_bytes = e->payload.len,
		.seq = e->seq,
		.deliveries = e->deliveries,
	};
	if (!event_r->content_type)
		event_r->content_type = "application/json";
	return failed ? MS_ENOMEM : MS_OK;
}

enum ms_err
event_from_frame(struct slice frame, struct arena *arena,
    struct ms_event *event_r, struct why *why)
{
	struct envelope e;
	enum ms_err err = envelope_decode(frame, &limits, arena, &e, why);

	if (!err)
		err = event_of_envelope(&e, arena, event_r);
	event_r->frame = frame.ptr;
	event_r->frame_bytes = frame.len;
	return err;
}
