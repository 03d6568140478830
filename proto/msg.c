/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The envelope of a request or reply: 40 bytes of lengths and numbers, then
 * verb, fields and body.  Lengths are checked against named limits and must
 * add up to the message exactly; bytes that mean nothing must be zero, so a
 * later version can give them a meaning.
 */
#include "proto/msg.h"

#include "common/id.h"

#define MAGIC   UINT32_C(0x3151534d) /* "MSQ1" */
#define VERSION 1

enum offset {
	AT_MAGIC = 0,
	AT_VERSION = 4,
	AT_KIND = 5,
	AT_VERB_BYTES = 6,
	AT_FIELDS_BYTES = 8,
	AT_BODY_BYTES = 12,
	AT_OP = 16,
	AT_DEADLINE = 32,
	AT_STATUS = 36,
	AT_PRIORITY = 36
};

const struct field msg_error_rows[] = {
	{ .name = "message",
	    .type = FIELD_STR,
	    .tag = 1,
	    .off = offsetof(struct msg_error, message),
	    .help = "why the request was refused, for people" },
	{ .name = "retry_after_ms",
	    .type = FIELD_U32,
	    .tag = 2,
	    .off = offsetof(struct msg_error, retry_after_ms),
	    .help = "when the same request may succeed, 0 = unknown" },
	FIELD_END,
};

struct trace_fields {
	struct id128 trace;
	uint64_t span;
	uint32_t flags;
};
static const struct field trace_rows[] = {
	{ .name = "trace",
	    .type = FIELD_ID,
	    .tag = MSG_TRACE_TAG,
	    .off = offsetof(struct trace_fields, trace),
	    .help = "trace id (W3C) of the caller" },
	{ .name = "span",
	    .type = FIELD_U64,
	    .tag = MSG_TRACE_TAG + 1,
	    .off = offsetof(struct trace_fields, span),
	    .max = UINT64_MAX,
	    .help = "span id" },
	{ .name = "trace_flags",
	    .type = FIELD_U32,
	    .tag = MSG_TRACE_TAG + 2,
	    .off = offsetof(struct trace_fields, flags),
	    .max = UINT8_MAX,
	    .help = "trace flags" },
	FIELD_END,
};

static size_t
padded(size_t n)
{
	return (n + 7) & ~(size_t)7;
}

/* ---- traces -------------------------------------------------------------- */

static void
put_trace(const struct traceparent *trace, struct buf *out)
{
	struct trace_fields fields = { .span = get_u64(trace->span_id),
		.flags = trace->flags };

	memcpy(fields.trace.byte, trace->trace_id, sizeof(fields.trace.byte));
	field_encode(trace_rows, &fields, out);
}

bool
msg_trace(const struct msg *request, struct traceparent *trace_r)
{
	struct trace_fields fields = { .span = 0 };

	if (request->fields.len == 0 ||
	    field_decode(trace_rows, request->fields, &fields, NULL, NULL) ||
	    id_is_zero(&fields.trace) || fields.span == 0)
		return false;
	memcpy(trace_r->trace_id, fields.trace.byte, sizeof(fields.trace.byte));
	put_u64(trace_r->span_id, fields.span);
	trace_r->flags = (uint8_t)fields.flags;
	return true;
}

/* ---- writing ------------------------------------------------------------ */

static void
put_head(unsigned char *at, const struct msg *head, size_t fields_bytes)
{
	put_u32(at + AT_MAGIC, MAGIC);
	at[AT_VERSION] = VERSION;
	at[AT_KIND] = (unsigned char)head->kind;
	put_u16(at + AT_VERB_BYTES, (uint16_t)head->verb.len);
	put_u32(at + AT_FIELDS_BYTES, (uint32_t)fields_bytes);
	put_u32(at + AT_BODY_BYTES, (uint32_t)head->body.len);
	memcpy(at + AT_OP, head->op.byte, sizeof(head->op.byte));
	put_u32(at + AT_DEADLINE, head->deadline_ms);
	if (head->kind == MSG_REQUEST)
		put_u32(at + AT_PRIORITY, (uint32_t)head->priority);
	else
		put_u32(at + AT_STATUS, (uint32_t)head->status);
}

static void
put_parts(const struct msg *head, const struct field *rows, const void *fields,
    struct buf *out)
{
	static const unsigned char zeros[MSG_HEADER_BYTES];
	size_t start = out->len, fields_start;

	buf_add(out, zeros, MSG_HEADER_BYTES);
	buf_add_slice(out, head->verb);
	buf_add(out, zeros, padded(head->verb.len) - head->verb.len);
	fields_start = out->len;
	if (rows && fields)
		field_encode(rows, fields, out);
	if (head->trace)
		put_trace(head->trace, out);
	if (out->failed)
		return;
	put_head(out->ptr + start, head, out->len - fields_start);
	if (out->len - fields_start > MSG_FIELDS_BYTES_MAX)
		out->failed = true;
	else if (head->body.ptr)
		buf_add_slice(out, head->body);
}

void
msg_encode(const struct msg *head, const struct field *rows, const void *fields,
    struct buf *out)
{
	size_t start = out->len;

	if (head->verb.len == 0 || head->verb.len > MSG_VERB_BYTES_MAX ||
	    head->body.len > MSG_BODY_BYTES_MAX)
		out->failed = true;
	else
		put_parts(head, rows, fields, out);
	if (out->failed)
		out->len = start;
}

/* ---- reading ------------------------------------------------------------ */

static bool
is_verb(struct slice verb)
{
	for (size_t i = 0; i < verb.len; i++) {
		char c = verb.ptr[i];
		if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
			c == '.' || c == '_' || c == '-'))
			return false;
	}
	return verb.len > 0;
}

static bool
is_zero(const char *bytes, size_t n)
{
	unsigned char any = 0;

	for (size_t i = 0; i < n; i++)
		any |= (unsigned char)bytes[i];
	return any == 0;
}

static enum ms_err
check_head(const unsigned char *at, struct why *why)
{
	if (get_u32(at + AT_MAGIC) != MAGIC)
		return why_set(why, MS_EPROTO, "byte 0: not a message");
	if (at[AT_VERSION] != VERSION)
		return why_set(why, MS_EUNSUPPORTED,
		    "byte 4: message version %u is not supported",
		    at[AT_VERSION]);
	if (at[AT_KIND] != MSG_REQUEST && at[AT_KIND] != MSG_REPLY)
		return why_set(why, MS_EPROTO,
		    "byte 5: %u is neither request nor reply", at[AT_KIND]);
	if (at[AT_KIND] == MSG_REQUEST &&
	    get_u32(at + AT_PRIORITY) > PRIORITY_MAX)
		return why_set(why, MS_EPROTO,
		    "byte 36: %u is not a priority (0 to %d)",
		    get_u32(at + AT_PRIORITY), PRIORITY_MAX);
	return MS_OK;
}

static enum ms_err
check_lengths(const unsigned char *at, size_t have, size_t *verb_r,
    struct why *why)
{
	size_t verb = get_u16(at + AT_VERB_BYTES);
	size_t fields = get_u32(at + AT_FIELDS_BYTES);
	size_t body = get_u32(at + AT_BODY_BYTES);
	size_t total = MSG_HEADER_BYTES + padded(verb) + fields + body;

	if (verb > MSG_VERB_BYTES_MAX)
		return why_set(why, MS_ETOOBIG,
		    "byte 6: a verb of %zu bytes is longer than %u", verb,
		    MSG_VERB_BYTES_MAX);
	if (fields > MSG_FIELDS_BYTES_MAX)
		return why_set(why, MS_ETOOBIG,
		    "byte 8: fields of %zu bytes are more than %u", fields,
		    MSG_FIELDS_BYTES_MAX);
	if (body > MSG_BODY_BYTES_MAX)
		return why_set(why, MS_ETOOBIG,
		    "byte 12: a body of %zu bytes is larger than %u", body,
		    MSG_BODY_BYTES_MAX);
	if (total != have)
		return why_set(why, MS_EPROTO,
		    "lengths add up to %zu bytes, the message has %zu", total,
		    have);
	*verb_r = verb;
	return MS_OK;
}

static void
take_head(const unsigned char *at, struct msg *m)
{
	m->kind = (enum msg_kind)at[AT_KIND];
	memcpy(m->op.byte, at + AT_OP, sizeof(m->op.byte));
	m->deadline_ms = get_u32(at + AT_DEADLINE);
	if (m->kind == MSG_REQUEST)
		m->priority = (enum priority)get_u32(at + AT_PRIORITY);
	else
		m->status = (enum ms_err)get_u32(at + AT_STATUS);
}

enum ms_err
msg_decode(struct slice bytes, struct msg *msg_r, struct why *why)
{
	const unsigned char *at = (const unsigned char *)bytes.ptr;
	size_t verb = 0, fields;
	const char *verb_at;
	enum ms_err err;

	if (bytes.len < MSG_HEADER_BYTES)
		return why_set(why, MS_EPROTO,
		    "%zu bytes are less than a message's head (%u)", bytes.len,
		    MSG_HEADER_BYTES);
	err = check_head(at, why);
	if (err == MS_OK)
		err = check_lengths(at, bytes.len, &verb, why);
	if (err != MS_OK)
		return err;
	*msg_r = (struct msg){ 0 };
	take_head(at, msg_r);
	verb_at = bytes.ptr + MSG_HEADER_BYTES;
	fields = get_u32(at + AT_FIELDS_BYTES);
	msg_r->verb = (struct slice){ verb_at, verb };
	msg_r->fields = (struct slice){ verb_at + padded(verb), fields };
	msg_r->body = (struct slice){ verb_at + padded(verb) + fields,
		get_u32(at + AT_BODY_BYTES) };
	if (!is_verb(msg_r->verb) ||
	    !is_zero(verb_at + verb, padded(verb) - verb))
		return why_set(why, MS_EPROTO,
		    "byte %u: not a verb (a-z 0-9 . _ -)", MSG_HEADER_BYTES);
	return MS_OK;
}

void
msg_set_deadline(unsigned char *request, uint32_t deadline_ms)
{
	put_u32(request + AT_DEADLINE, deadline_ms);
}

enum priority
msg_priority(const struct msg *request, const struct msg_desc *desc)
{
	if (request->priority != PRIORITY_UNSAID)
		return request->priority;
	if (desc && desc->priority != PRIORITY_UNSAID)
		return desc->priority;
	return PRIORITY_NORMAL;
}
