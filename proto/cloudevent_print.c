/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An event as one line of CloudEvents JSON.  A JSON payload is copied, not
 * parsed; it is checked, because one bad byte would spoil the whole line.
 */
#include <inttypes.h>
#include <stdio.h>

#include "common/id.h"
#include "common/json.h"
#include "common/mono.h"
#include "proto/attribute.h"
#include "proto/base64.h"
#include "proto/cloudevent.h"

#define NS_PER_S      1000000000
#define NS_PER_MS     1000000
#define FRACTION_AT   20 /* of "2026-11-24T20:15:00.123Z" */
#define SEQUENCE_FORM "%020" PRIu64

static void
put_name(struct buf *out, struct slice name)
{
	buf_add_u8(out, ',');
	buf_add_u8(out, '"');
	buf_add_slice(out, name); /* [a-z0-9_]: nothing to escape */
	buf_add(out, "\":", 2);
}

static void
put_text(struct buf *out, const char *name, struct slice text)
{
	put_name(out, slice_of(name));
	json_quote(out, text);
}

static void
put_base64(struct buf *out, struct slice name, struct slice bytes)
{
	put_name(out, name);
	buf_add_u8(out, '"');
	base64_print(bytes, out);
	buf_add_u8(out, '"');
}

static void
put_id(struct buf *out, const char *name, const struct id128 *id)
{
	char text[ID_TEXT_BYTES];

	if (!id_is_zero(id))
		put_text(out, name, slice_of(id_print(id, text)));
}

/* Milliseconds as everywhere, all nine digits when there is more. */
static void
put_time(struct buf *out, int64_t ns)
{
	char text[RFC3339_BYTES];
	int64_t fraction = ns % NS_PER_S;

	if (ns == 0)
		return;
	rfc3339_print(ns, text);
	if (fraction < 0)
		fraction += NS_PER_S;
	if (fraction % NS_PER_MS)
		snprintf(text + FRACTION_AT, sizeof(text) - FRACTION_AT,
		    "%09dZ", (int)fraction);
	put_text(out, "time", slice_of(text));
}

static void
put_attributes(const struct envelope *e, struct buf *out)
{
	for (size_t key = 1; key < KEY_COUNT; key++) {
		const struct attribute_row *row = &attribute_rows[key];
		struct slice value = attribute_value(e, row);

		if (value.len == 0 || key == KEY_ID)
			continue;
		if (row->type == ATTRIBUTE_BYTES)
			put_base64(out, slice_of(row->name), value);
		else
			put_text(out, row->name, value);
	}
}

static void
put_extension(const struct attribute *x, struct buf *out)
{
	if (x->type == ATTRIBUTE_BYTES) {
		put_base64(out, x->name, x->value);
		return;
	}
	put_name(out, x->name);
	if (x->type == ATTRIBUTE_TEXT)
		json_quote(out, x->value);
	else
		buf_add_slice(out, x->value);
}

/* What the broker knows about the event. */
static void
put_delivery(const struct envelope *e, struct buf *out)
{
	if (e->seq)
		buf_printf(out, ",\"sequence\":\"" SEQUENCE_FORM "\"", e->seq);
	if (e->deliveries)
		buf_printf(out, ",\"msdeliveries\":%u", e->deliveries);
	if (e->flags & ENVELOPE_REPLAY)
		buf_add_str(out, ",\"msreplay\":true");
}

/* ---- payload -------------------------------------------------------------- */

static struct slice
type_of_encoding(const struct envelope *e)
{
	/* JSON is what the absence of datacontenttype means */
	static const char *const types[] = {
		[ENCODING_MSGPACK] = "application/msgpack",
		[ENCODING_PROTOBUF] = "application/protobuf",
		[ENCODING_AVRO] = "application/avro",
		[ENCODING_AVRO_SINGLE] = "application/avro",
	};

	return slice_of(
	    e->encoding < ARRAY_LEN(types) ? types[e->encoding] : NULL);
}

static bool
is_json(const struct envelope *e)
{
	return e->encoding == ENCODING_JSON &&
	    e->compression == COMPRESSION_NONE &&
	    json_check(e->payload, NULL, NULL) == MS_OK;
}

/* Line ends can only be blanks between tokens there. */
static void
put_json(struct slice text, struct buf *out)
{
	size_t start = out->len;

	buf_add_str(out, ",\"data\":");
	buf_add_slice(out, text);
	for (size_t i = start; !out->failed && i < out->len; i++)
		if (out->ptr[i] == '\n' || out->ptr[i] == '\r')
			out->ptr[i] = ' ';
}

static void
put_payload(const struct envelope *e, struct buf *out)
{
	static const char *const compressions[] = { NULL, "gzip", "zstd",
		"lz4" };
	struct slice type = type_of_encoding(e);

	if (e->payload.len == 0)
		return;
	if (e->content_type.len == 0 && type.len)
		put_text(out, "datacontenttype", type);
	if (e->compression && e->compression < ARRAY_LEN(compressions))
		put_text(out, "mscompression",
		    slice_of(compressions[e->compression]));
	if (is_json(e))
		put_json(e->payload, out);
	else
		put_base64(out, SLICE_LIT("data_base64"), e->payload);
}

void
cloudevent_print(const struct envelope *event, struct buf *out)
{
	buf_add_str(out, "{\"specversion\":\"1.0\"");
	if (event->id_text.len)
		put_text(out, "id", event->id_text);
	else
		put_id(out, "id", &event->id);
	put_time(out, event->time_ns);
	put_attributes(event, out);
	put_id(out, "correlationid", &event->correlation);
	put_id(out, "causationid", &event->causation);
	for (size_t i = 0; i < event->extension_count; i++)
		put_extension(&event->extensions[i], out);
	put_delivery(event, out);
	put_payload(event, out);
	buf_add_u8(out, '}');
}
