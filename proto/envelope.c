/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Writes frames.  The layout, little-endian:
 *
 *   0 u32 magic 'MSE1'     4 u8 version=1   5 u8 flags   6 u8 encoding
 *   7 u8 compression       8 u32 header_len (with attributes)
 *  12 u32 stored_len (payload as carried)  16 u32 raw_len (uncompressed)
 *  20 u32 schema_id       24 u64 seq       32 u32 log_epoch
 *  36 u16 deliveries      38 u16 shard     40 i64 time_ns
 *  48 u8[16] id           64 u8[16] correlation  80 u8[16] causation
 *  96 u32 raw_crc        100 u32 stored_crc     104 u32 zero
 * 108 u32 header_crc (bytes 0..107 and the attributes)
 * 112 attributes: u8 key | u8 type | u16 len | bytes, zeros up to 8;
 *     an extension (key 255) is name\0value
 *     payload, zeros up to 8
 *
 * Everything is checked and measured first, then written into one reserved
 * piece, so a refused event leaves nothing behind.
 */
#include "proto/envelope.h"

#include "common/id.h"
#include "proto/envelope_priv.h"
#include "proto/subject.h"

const struct envelope_limits envelope_limits_default = {
	.payload_bytes = ENVELOPE_PAYLOAD_DEFAULT,
	.header_bytes = ENVELOPE_HEADER_BYTES_MAX,
};

struct envelope_limits
envelope_limits_of(const struct envelope_limits *limits)
{
	struct envelope_limits l = limits ? *limits : envelope_limits_default;

	if (l.payload_bytes > ENVELOPE_PAYLOAD_CEILING)
		l.payload_bytes = ENVELOPE_PAYLOAD_CEILING;
	if (l.header_bytes > ENVELOPE_HEADER_BYTES_MAX)
		l.header_bytes = ENVELOPE_HEADER_BYTES_MAX;
	return l;
}

enum ms_err
envelope_check(const struct envelope *event, struct why *why)
{
	if (event->encoding > ENCODING_AVRO_SINGLE)
		return why_set(why, MS_EINVAL, "unknown payload encoding %u",
		    event->encoding);
	if (event->compression > COMPRESSION_LZ4)
		return why_set(why, MS_EINVAL, "unknown compression %u",
		    event->compression);
	if (event->type.len == 0)
		return why_set(why, MS_EATTRIBUTE,
		    "attribute type: is missing");
	if (event->source.len == 0)
		return why_set(why, MS_EATTRIBUTE,
		    "attribute source: is missing");
	if (event->id_text.len == 0 && id_is_zero(&event->id))
		return why_set(why, MS_EATTRIBUTE, "attribute id: is missing");
	if (event->flags & ENVELOPE_SIGNED && event->signature.len == 0)
		return why_set(why, MS_EATTRIBUTE,
		    "attribute mssig: is missing");
	return subject_check(event->subject, why);
}

/* ---- checking and measuring --------------------------------------------- */

struct plan {
	const struct envelope *event;
	struct envelope_limits limits;
	size_t attributes; /* how many */
	size_t header_len;
	uint32_t raw_len;
	struct why *why;
};

static enum ms_err
plan_attributes(struct plan *p)
{
	for (size_t key = 1; key < KEY_COUNT; key++) {
		const struct attribute_row *row = &attribute_rows[key];
		struct slice value = attribute_value(p->event, row);
		enum ms_err err;

		if (value.len == 0)
			continue;
		/* the grammar of subjects says more than the rule for text */
		err = key == KEY_SUBJECT
		    ? MS_OK
		    : attribute_check_new(row, value, p->why);
		if (err != MS_OK)
			return err;
		p->header_len += pad8(TLV_BYTES + value.len);
		p->attributes++;
	}
	return MS_OK;
}

static enum ms_err
refuse_twice(const struct plan *p, struct slice name)
{
	return why_set(p->why, MS_EATTRIBUTE, "attribute %.*s: is given twice",
	    (int)name.len, name.ptr);
}

static enum ms_err
check_unique(const struct plan *p, size_t i)
{
	const struct envelope *e = p->event;
	struct slice name = e->extensions[i].name;

	if ((slice_is(name, "correlationid") && !id_is_zero(&e->correlation)) ||
	    (slice_is(name, "causationid") && !id_is_zero(&e->causation)))
		return refuse_twice(p, name);
	while (i-- > 0)
		if (slice_eq(name, e->extensions[i].name))
			return refuse_twice(p, name);
	return MS_OK;
}

static enum ms_err
plan_extensions(struct plan *p)
{
	const struct envelope *e = p->event;

	p->attributes += e->extension_count;
	if (p->attributes > ENVELOPE_ATTRIBUTES_MAX)
		return why_set(p->why, MS_EATTRIBUTE,
		    "%zu attributes are more than %u", p->attributes,
		    ENVELOPE_ATTRIBUTES_MAX);
	for (size_t i = 0; i < e->extension_count; i++) {
		const struct attribute *x = &e->extensions[i];
		enum ms_err err = extension_check(x, p->why);

		if (err == MS_OK)
			err = check_unique(p, i);
		if (err != MS_OK)
			return err;
		p->header_len +=
		    pad8(TLV_BYTES + x->name.len + 1 + x->value.len);
	}
	return MS_OK;
}

static enum ms_err
plan_payload(struct plan *p)
{
	const struct envelope *e = p->event;

	p->raw_len = e->raw_len;
	if (e->payload.len > p->limits.payload_bytes ||
	    e->raw_len > p->limits.payload_bytes)
		return why_set(p->why, MS_ETOOBIG,
		    "a payload of %zu bytes is larger than %u",
		    e->raw_len > e->payload.len ? e->raw_len : e->payload.len,
		    p->limits.payload_bytes);
	if (e->compression == COMPRESSION_NONE) {
		if (e->raw_len && e->raw_len != e->payload.len)
			return why_set(p->why, MS_EINVAL,
			    "raw_len %u is not the payload's length %zu",
			    e->raw_len, e->payload.len);
		p->raw_len = (uint32_t)e->payload.len;
	} else if (e->raw_len == 0) {
		return why_set(p->why, MS_EINVAL,
		    "a compressed payload without raw_len");
	}
	return MS_OK;
}

static enum ms_err
plan_make(struct plan *p)
{
	enum ms_err err = envelope_check(p->event, p->why);

	if (err == MS_OK)
		err = plan_attributes(p);
	if (err == MS_OK)
		err = plan_extensions(p);
	if (err != MS_OK)
		return err;
	if (p->header_len > p->limits.header_bytes)
		return why_set(p->why, MS_ETOOBIG,
		    "a header of %zu bytes is larger than %u", p->header_len,
		    p->limits.header_bytes);
	return plan_payload(p);
}

/* ---- writing ------------------------------------------------------------ */

/* A record's head and padding; its bytes follow at the result. */
static unsigned char *
put_tlv(unsigned char *at, uint8_t key, uint8_t type, size_t len)
{
	memset(at + pad8(TLV_BYTES + len) - 8, 0, 8);
	at[0] = key;
	at[1] = type;
	put_u16(at + 2, (uint16_t)len);
	return at + TLV_BYTES;
}

static unsigned char *
put_attributes(unsigned char *at, const struct envelope *e)
{
	for (size_t key = 1; key < KEY_COUNT; key++) {
		const struct attribute_row *row = &attribute_rows[key];
		struct slice value = attribute_value(e, row);

		if (value.len == 0)
			continue;
		memcpy(put_tlv(at, (uint8_t)key, (uint8_t)row->type, value.len),
		    value.ptr, value.len);
		at += pad8(TLV_BYTES + value.len);
	}
	return at;
}

static unsigned char *
put_extensions(unsigned char *at, const struct envelope *e)
{
	for (size_t i = 0; i < e->extension_count; i++) {
		const struct attribute *x = &e->extensions[i];
		size_t len = x->name.len + 1 + x->value.len;
		unsigned char *bytes = put_tlv(at, KEY_EXTENSION, x->type, len);

		memcpy(bytes, x->name.ptr, x->name.len);
		bytes[x->name.len] = '\0';
		if (x->value.len)
			memcpy(bytes + x->name.len + 1, x->value.ptr,
			    x->value.len);
		at += pad8(TLV_BYTES + len);
	}
	return at;
}

static uint8_t
flags_of(const struct envelope *e)
{
	unsigned flags = e->flags & ~(unsigned)ENVELOPE_STRING_ID;

	if (e->id_text.len)
		flags |= ENVELOPE_STRING_ID;
	if (e->signature.len)
		flags |= ENVELOPE_SIGNED;
	return (uint8_t)flags;
}

static void
put_fixed(unsigned char *at, const struct plan *p)
{
	const struct envelope *e = p->event;
	struct id128 id = e->id_text.len ? envelope_text_id(e->id_text) : e->id;

	put_u32(at + AT_MAGIC, FRAME_MAGIC);
	at[AT_VERSION] = FRAME_VERSION;
	at[AT_FLAGS] = flags_of(e);
	at[AT_ENCODING] = e->encoding;
	at[AT_COMPRESSION] = e->compression;
	put_u32(at + AT_HEADER_LEN, (uint32_t)p->header_len);
	put_u32(at + AT_STORED_LEN, (uint32_t)e->payload.len);
	put_u32(at + AT_RAW_LEN, p->raw_len);
	put_u32(at + AT_SCHEMA_ID, e->schema_id);
	put_u64(at + AT_SEQ, e->seq);
	put_u32(at + AT_LOG_EPOCH, e->log_epoch);
	put_u16(at + AT_DELIVERIES, e->deliveries);
	put_u16(at + AT_SHARD, e->shard);
	put_u64(at + AT_TIME, (uint64_t)e->time_ns);
	memcpy(at + AT_ID, &id, sizeof(id));
	memcpy(at + AT_CORRELATION, &e->correlation, sizeof(id));
	memcpy(at + AT_CAUSATION, &e->causation, sizeof(id));
	put_u32(at + AT_RESERVED, 0);
}

static void
put_checksums(unsigned char *at, const struct plan *p)
{
	const struct envelope *e = p->event;
	uint32_t stored = crc32c(0, e->payload.ptr, e->payload.len);

	put_u32(at + AT_RAW_CRC,
	    e->compression == COMPRESSION_NONE ? stored : e->raw_crc);
	put_u32(at + AT_STORED_CRC, stored);
	put_u32(at + AT_HEADER_CRC, frame_header_crc(at, p->header_len));
}

enum ms_err
envelope_encode(const struct envelope *event,
    const struct envelope_limits *limits, struct buf *out, struct why *why)
{
	struct plan p = { .event = event,
		.limits = envelope_limits_of(limits),
		.header_len = ENVELOPE_FIXED_BYTES,
		.why = why };
	enum ms_err err = plan_make(&p);
	unsigned char *at, *body;
	size_t total;

	if (err != MS_OK)
		return err;
	total = pad8(p.header_len + event->payload.len);
	at = buf_reserve(out, total);
	if (!at)
		return why_set(why, MS_ENOMEM, "no room for the event");
	memset(at + total - 8, 0, 8);
	body = put_attributes(at + ENVELOPE_FIXED_BYTES, event);
	body = put_extensions(body, event);
	if (event->payload.len)
		memcpy(body, event->payload.ptr, event->payload.len);
	put_fixed(at, &p);
	put_checksums(at, &p);
	out->len += total;
	return MS_OK;
}

/* ---- a frame in place --------------------------------------------------- */

void
frame_stamp(unsigned char *frame, uint64_t seq, uint32_t log_epoch,
    uint16_t deliveries, uint8_t set_flags)
{
	size_t header_len = get_u32(frame + AT_HEADER_LEN);

	put_u64(frame + AT_SEQ, seq);
	put_u32(frame + AT_LOG_EPOCH, log_epoch);
	put_u16(frame + AT_DELIVERIES, deliveries);
	frame[AT_FLAGS] |= set_flags;
	put_u32(frame + AT_HEADER_CRC, frame_header_crc(frame, header_len));
}

uint64_t
frame_seq(const void *frame)
{
	return get_u64((const unsigned char *)frame + AT_SEQ);
}

void
frame_ids(const void *frame, struct frame_ids *ids_r)
{
	_Static_assert(AT_CAUSATION - AT_ID + sizeof(struct id128) ==
		sizeof(*ids_r),
	    "three in a row");
	memcpy(ids_r, (const unsigned char *)frame + AT_ID, sizeof(*ids_r));
}
