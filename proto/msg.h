/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Requests and replies of our services.  A message is a verb, a struct
 * described by field rows, and optional bulk bytes (a batch of events).
 *
 *  0 u32 magic 'MSQ1'   4 u8 version=1   5 u8 kind   6 u16 verb_bytes
 *  8 u32 fields_bytes  12 u32 body_bytes 16 u8[16] operation id
 * 32 u32 deadline_ms (left when sent; 0 = none)
 * 36 u32 status (replies), priority (requests; 0 = the verb's own)
 * 40 verb, padded to 8 | fields (common/field wire form) | body
 *
 * Behind the fields of its verb a request may name the trace it belongs to, by
 * tags from MSG_TRACE_TAG on; who does not know them steps over them.
 *
 * A failed reply has status != 0 and its reason as the MSG_ERROR fields.
 * Pure; safe on any bytes.
 */
#ifndef PROTO_MSG_H
#define PROTO_MSG_H

#include <stdint.h>

#include "common/arena.h"
#include "common/buf.h"
#include "common/err.h"
#include "common/field.h"
#include "common/shed.h"
#include "proto/traceparent.h"

#define MSG_HEADER_BYTES     40u
#define MSG_VERB_BYTES_MAX   64u
#define MSG_FIELDS_BYTES_MAX (1u << 20)
#define MSG_BODY_BYTES_MAX   (17u << 20)
#define MSG_TRACE_TAG        65000u /* no verb's rows reach it */

enum msg_kind {
	MSG_REQUEST = 1,
	MSG_REPLY = 2
};

/* One verb of one service: its rows both ways.  static const. */
struct msg_desc {
	const char *verb; /* "bus.publish" */
	const struct field *in;
	size_t in_bytes;
	const struct field *out;
	size_t out_bytes;
	bool idempotent;        /* a read: no operation id is remembered */
	enum priority priority; /* PRIORITY_UNSAID: normal */
	const char *help;
};

struct msg { /* a decoded head; slices borrow the message */
	enum msg_kind kind;
	struct slice verb;
	struct slice fields;
	struct slice body;
	struct id128 op;
	uint32_t deadline_ms;
	enum priority priority; /* of a request */
	enum ms_err status;     /* of a reply */
	/* to be written; NULL: none.  Read by msg_trace() */
	const struct traceparent *trace;
};

struct msg_error { /* fields of a failed reply */
	char *message;
	uint32_t retry_after_ms;
};
extern const struct field msg_error_rows[];

/* Head, verb and fields; the caller may then append head->body's bytes
 * itself: body_bytes is written from body.len, body is copied when its ptr
 * is not NULL. */
void msg_encode(const struct msg *head, const struct field *rows,
    const void *fields, struct buf *out);
enum ms_err msg_decode(struct slice bytes, struct msg *msg_r, struct why *why);
/* False: it names no trace, or one that is none. */
bool msg_trace(const struct msg *request, struct traceparent *trace_r);
/* In an encoded request that leaves only now. */
void msg_set_deadline(unsigned char *request, uint32_t deadline_ms);
/* What the request says, else what its verb says (desc may be NULL). */
enum priority msg_priority(const struct msg *request,
    const struct msg_desc *desc);

/* JSON <-> struct through the same rows (objects, names as keys). */
struct json;
void fields_to_json(const struct field *rows, const void *base,
    struct json *object);
/* Unknown members are MS_EINVAL with a suggestion. */
enum ms_err fields_from_json(const struct field *rows,
    const struct json *object, void *base, struct arena *arena,
    struct why *why);

/* Every verb of every service, by name; NULL when unknown. */
const struct msg_desc *msg_find(struct slice verb);

#endif
