/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Binary COPY (PostgreSQL manual, COPY, "Binary Format"): big-endian, per
 * field a length and the type's own form; jsonb is its text behind a version
 * byte.  It needs no escaping and the server does the least parsing.
 */
#include "workers/persist/row.h"

#include <arpa/inet.h>
#include <string.h>

#include "common/id.h"
#include "common/json.h"
#include "proto/subject.h"

#define COLUMNS       15
#define PG_EPOCH_US   INT64_C(946684800000000) /* 2000-01-01 in Unix time */
#define JSONB_VERSION 1

const char row_staging_sql[] =
    "CREATE TEMPORARY TABLE IF NOT EXISTS incoming ("
    "bus_seq bigint, id uuid, source text, id_text text, subject text,"
    "aggregate_type text, aggregate_id text, event_type text,"
    "event_data jsonb, event_raw bytea, content_type text, metadata jsonb,"
    "correlation_id uuid, causation_id uuid, created_at timestamptz) ON COMMIT DELETE ROWS";
const char row_copy_sql[] = "COPY incoming FROM STDIN (FORMAT binary)";

static void
add_be16(struct buf *out, uint16_t v)
{
	v = htons(v);
	buf_add(out, &v, sizeof v);
}

static void
add_be32(struct buf *out, uint32_t v)
{
	v = htonl(v);
	buf_add(out, &v, sizeof v);
}

static void
add_be64(struct buf *out, uint64_t v)
{
	add_be32(out, (uint32_t)(v >> 32));
	add_be32(out, (uint32_t)v);
}

static void
add_null(struct buf *out)
{
	add_be32(out, UINT32_MAX);
}

static void
add_int8(struct buf *out, int64_t v)
{
	add_be32(out, 8);
	add_be64(out, (uint64_t)v);
}

static void
add_text(struct buf *out, struct slice s)
{
	add_be32(out, (uint32_t)s.len);
	buf_add_slice(out, s);
}

static void
add_text_or_null(struct buf *out, struct slice s)
{
	if (s.len == 0)
		add_null(out);
	else
		add_text(out, s);
}

static void
add_uuid_or_null(struct buf *out, const struct id128 *id)
{
	if (id_is_zero(id)) {
		add_null(out);
		return;
	}
	add_be32(out, sizeof id->byte);
	buf_add(out, id->byte, sizeof id->byte);
}

static void
add_jsonb(struct buf *out, struct slice json)
{
	add_be32(out, (uint32_t)json.len + 1);
	buf_add_u8(out, JSONB_VERSION);
	buf_add_slice(out, json);
}

/* jsonb has no U+0000; the escape is the only way JSON can say it. */
static bool
says_nul(struct slice json)
{
	const char *p = json.ptr, *end = json.ptr + json.len;

	while ((p = memmem(p, (size_t)(end - p), "\\u0000", 6)) != NULL) {
		const char *first = p;

		while (first > json.ptr && first[-1] == '\\')
			first--;
		if ((p - first) % 2 == 0)
			return true;
		p++;
	}
	return false;
}

static bool
fits_jsonb(const struct envelope *event)
{
	struct json_raw value;

	return event->encoding == ENCODING_JSON &&
	    event->compression == COMPRESSION_NONE &&
	    json_check(event->payload, &value, NULL) == MS_OK &&
	    !says_nul(event->payload);
}

static void
add_payload(const struct envelope *event, bool as_raw, struct buf *out)
{
	if (!as_raw && fits_jsonb(event)) {
		add_jsonb(out, event->payload);
		add_null(out);
	} else {
		add_null(out);
		add_text(out, event->payload);
	}
}

static const struct attribute *
extension(const struct envelope *event, const char *name)
{
	for (size_t i = 0; i < event->extension_count; i++)
		if (slice_is(event->extensions[i].name, name))
			return &event->extensions[i];
	return NULL;
}

struct slice
row_aggregate_type(const struct envelope *event)
{
	const struct attribute *a = extension(event, "aggregatetype");

	return a ? a->value : subject_class(event->subject);
}

struct slice
row_aggregate_id(const struct envelope *event)
{
	const struct attribute *a = extension(event, "aggregateid");

	if (a != NULL)
		return a->value;
	return event->partition_key.len ? event->partition_key : event->source;
}

static void
add_member(struct buf *json, struct slice name, struct slice value)
{
	if (value.len == 0)
		return;
	buf_add_u8(json, json->len ? ',' : '{');
	json_quote(json, name);
	buf_add_u8(json, ':');
	json_quote(json, value);
}

/* Attributes that have no column of their own. */
static void
add_metadata(const struct envelope *event, struct buf *out)
{
	struct buf json = { 0 };

	add_member(&json, SLICE_LIT("partitionkey"), event->partition_key);
	add_member(&json, SLICE_LIT("dataschema"), event->data_schema);
	add_member(&json, SLICE_LIT("traceparent"), event->traceparent);
	add_member(&json, SLICE_LIT("tracestate"), event->tracestate);
	for (size_t i = 0; i < event->extension_count; i++)
		add_member(&json, event->extensions[i].name,
		    event->extensions[i].value);
	if (json.len == 0) {
		add_null(out);
	} else {
		buf_add_u8(&json, '}');
		add_jsonb(out, buf_slice(&json));
	}
	if (json.failed)
		out->failed = true;
	buf_fini(&json);
}

static void
add_identity(const struct envelope *event, struct buf *out)
{
	add_be32(out, sizeof event->id.byte);
	buf_add(out, event->id.byte, sizeof event->id.byte);
	add_text(out, event->source);
	add_text_or_null(out, event->id_text);
}

void
row_add(const struct envelope *event, bool as_raw, struct buf *out)
{
	add_be16(out, COLUMNS);
	add_int8(out, (int64_t)event->seq);
	add_identity(event, out);
	add_text(out, event->subject);
	add_text(out, row_aggregate_type(event));
	add_text(out, row_aggregate_id(event));
	add_text(out, event->type);
	add_payload(event, as_raw, out);
	add_text_or_null(out, event->content_type);
	add_metadata(event, out);
	add_uuid_or_null(out, &event->correlation);
	add_uuid_or_null(out, &event->causation);
	add_int8(out, event->time_ns / 1000 - PG_EPOCH_US);
}

void
row_stream_begin(struct buf *out)
{
	buf_add(out, "PGCOPY\n\377\r\n\0", 11);
	add_be32(out, 0); /* flags */
	add_be32(out, 0); /* header extension */
}

void
row_stream_end(struct buf *out)
{
	add_be16(out, UINT16_MAX);
}
