/* SPDX-License-Identifier: Apache-2.0 */
/* From what an application says of an event to its envelope. */
#include "common/id.h"
#include "common/json.h"
#include "proto/client/ms_impl.h"
#include "proto/cloudevent.h"

static enum ms_err
parse_uuid(struct ms *ms, const char *name, const char *text,
    struct id128 *id_r)
{
	if (!text || id_parse(slice_of(text), id_r))
		return MS_OK;
	return why_set(&ms->why, MS_EATTRIBUTE, "%s is not a UUID: '%.64s'",
	    name, text);
}

static bool
is_json(struct slice content_type)
{
	return content_type.len == 0 ||
	    slice_is(content_type, "application/json") ||
	    (content_type.len > 5 &&
		memcmp(content_type.ptr + content_type.len - 5, "+json", 5) ==
		    0);
}

static enum ms_err
set_payload(struct ms *ms, const struct ms_event *event, struct envelope *e)
{
	struct json_raw ignored;
	struct why why = { "" };
	enum ms_err err;

	e->payload = (struct slice){ event->data, event->data_bytes };
	e->content_type = slice_of(event->content_type);
	e->encoding = ENCODING_RAW;
	if (!is_json(e->content_type) || e->payload.len == 0)
		return MS_OK;
	e->encoding = ENCODING_JSON;
	err = json_check(e->payload, &ignored, &why);
	return err ? why_set(&ms->why, err, "data: %s", why.text) : MS_OK;
}

static enum ms_err
set_ids(struct ms *ms, const struct ms_event *event, struct envelope *e)
{
	enum ms_err err = parse_uuid(ms, "correlation_id",
	    event->correlation_id, &e->correlation);

	if (!err)
		err = parse_uuid(ms, "causation_id", event->causation_id,
		    &e->causation);
	if (!event->id)
		e->id = id_new();
	else if (!id_parse(slice_of(event->id), &e->id))
		e->id_text = slice_of(event->id);
	return err;
}

enum ms_err
event_to_envelope(struct ms *ms, const struct ms_event *event,
    struct envelope *e_r)
{
	enum ms_err err;

	*e_r = (struct envelope){
		.subject = slice_of(event->subject),
		.type = slice_of(event->type ? event->type : event->subject),
		.source = slice_of(event->source ? event->source : ms->source),
		.partition_key = slice_of(event->partition_key),
		.traceparent = slice_of(event->traceparent),
		.tracestate = slice_of(event->tracestate),
		.time_ns = event->time_ns ? event->time_ns : wall_ns(),
	};
	err = set_ids(ms, event, e_r);
	return err ? err : set_payload(ms, event, e_r);
}

enum ms_err
event_parse_json(struct ms *ms, struct slice text, const char *default_subject,
    struct arena *arena, struct envelope *e_r)
{
	struct envelope defaults = {
		.subject = slice_of(default_subject),
		.type = slice_of(default_subject),
		.source = slice_of(ms->source),
		.time_ns = wall_ns(),
	};
	enum ms_err err;

	err = cloudevent_parse(text, &defaults, arena, e_r, &ms->why);
	if (err)
		return err;
	if (id_is_zero(&e_r->id) && e_r->id_text.len == 0)
		e_r->id = id_new();
	return MS_OK;
}
