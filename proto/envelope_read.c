/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reads frames from anywhere.  Lengths first, against limits and the bytes
 * that are there; then the header's checksum; only then meaning.  One walk
 * over the attributes serves peek and decode.
 */
#include "common/id.h"
#include "proto/envelope_priv.h"

/* ---- lengths ------------------------------------------------------------ */

static enum ms_err
check_start(struct slice bytes, struct why *why)
{
	const unsigned char *at = (const unsigned char *)bytes.ptr;

	if (bytes.len < ENVELOPE_FIXED_BYTES)
		return why_set(why, MS_EPROTO,
		    "frame: %zu bytes are less than its fixed header (%u)",
		    bytes.len, ENVELOPE_FIXED_BYTES);
	if (get_u32(at + AT_MAGIC) != FRAME_MAGIC)
		return why_set(why, MS_EPROTO, "frame: byte 0: not a frame");
	if (at[AT_VERSION] != FRAME_VERSION)
		return why_set(why, MS_EUNSUPPORTED,
		    "frame: byte 4: version %u is not supported",
		    at[AT_VERSION]);
	return MS_OK;
}

static enum ms_err
too_big(unsigned off, const char *what, uint32_t n, uint32_t limit,
    struct why *why)
{
	return why_set(why, MS_ETOOBIG,
	    "frame: byte %u: a %s of %u bytes is larger than %u", off, what, n,
	    limit);
}

enum ms_err
frame_length(struct slice bytes, const struct envelope_limits *limits,
    size_t *bytes_r, struct why *why)
{
	const unsigned char *at = (const unsigned char *)bytes.ptr;
	struct envelope_limits l = envelope_limits_of(limits);
	uint32_t header, stored, raw;
	enum ms_err err = check_start(bytes, why);
	size_t total;

	if (err != MS_OK)
		return err;
	header = get_u32(at + AT_HEADER_LEN);
	stored = get_u32(at + AT_STORED_LEN);
	raw = get_u32(at + AT_RAW_LEN);
	if (header > l.header_bytes)
		return too_big(AT_HEADER_LEN, "header", header, l.header_bytes,
		    why);
	if (header < ENVELOPE_FIXED_BYTES || header % 8)
		return why_set(why, MS_EPROTO,
		    "frame: byte 8: a header of %u bytes is impossible",
		    header);
	if (stored > l.payload_bytes)
		return too_big(AT_STORED_LEN, "payload", stored,
		    l.payload_bytes, why);
	if (raw > l.payload_bytes)
		return too_big(AT_RAW_LEN, "payload (uncompressed)", raw,
		    l.payload_bytes, why);
	total = pad8((size_t)header + stored);
	if (total > bytes.len)
		return why_set(why, MS_EPROTO,
		    "frame: it has %zu bytes, only %zu are here", total,
		    bytes.len);
	*bytes_r = total;
	return MS_OK;
}

/* ---- the fixed part ----------------------------------------------------- */

struct reading {
	const unsigned char *at;
	size_t header_len;
	size_t stored_len;
	struct envelope *event;
	struct why *why;
	uint32_t seen; /* bit per key */
	size_t attributes;
	size_t extensions;
};

static void
take_fixed(struct reading *r)
{
	const unsigned char *at = r->at;
	struct envelope *e = r->event;

	memset(e, 0, sizeof(*e));
	e->flags = at[AT_FLAGS];
	e->encoding = at[AT_ENCODING];
	e->compression = at[AT_COMPRESSION];
	e->schema_id = get_u32(at + AT_SCHEMA_ID);
	e->seq = get_u64(at + AT_SEQ);
	e->log_epoch = get_u32(at + AT_LOG_EPOCH);
	e->deliveries = get_u16(at + AT_DELIVERIES);
	e->shard = get_u16(at + AT_SHARD);
	e->time_ns = (int64_t)get_u64(at + AT_TIME);
	memcpy(&e->id, at + AT_ID, sizeof(e->id));
	memcpy(&e->correlation, at + AT_CORRELATION, sizeof(e->correlation));
	memcpy(&e->causation, at + AT_CAUSATION, sizeof(e->causation));
	e->raw_len = get_u32(at + AT_RAW_LEN);
	e->raw_crc = get_u32(at + AT_RAW_CRC);
	e->payload =
	    (struct slice){ (const char *)at + r->header_len, r->stored_len };
}

static enum ms_err
check_fixed(const struct reading *r)
{
	const struct envelope *e = r->event;

	if (e->encoding > ENCODING_AVRO_SINGLE)
		return why_set(r->why, MS_EUNSUPPORTED,
		    "frame: byte 6: unknown encoding %u", e->encoding);
	if (e->compression > COMPRESSION_LZ4)
		return why_set(r->why, MS_EUNSUPPORTED,
		    "frame: byte 7: unknown compression %u", e->compression);
	if (get_u32(r->at + AT_RESERVED) != 0)
		return why_set(r->why, MS_EPROTO,
		    "frame: byte 104: must be zero");
	if (e->compression == COMPRESSION_NONE ? e->raw_len != r->stored_len ||
		    e->raw_crc != get_u32(r->at + AT_STORED_CRC)
					       : e->raw_len == 0)
		return why_set(r->why, MS_EPROTO,
		    "frame: byte 16: raw length or checksum is impossible");
	return MS_OK;
}

/* ---- attributes --------------------------------------------------------- */

struct tlv {
	uint8_t key;
	uint8_t type;
	struct slice bytes;
};

/* The record at *off, which moves behind it.  False when it breaks the
 * header. */
static bool
take_tlv(const struct reading *r, size_t *off, struct tlv *tlv_r)
{
	const unsigned char *at = r->at + *off;
	size_t len, total;
	unsigned char padding = 0;

	if (r->header_len - *off < 8)
		return false;
	len = get_u16(at + 2);
	total = pad8(TLV_BYTES + len);
	if (at[0] == 0 || total > r->header_len - *off)
		return false;
	for (size_t i = TLV_BYTES + len; i < total; i++)
		padding |= at[i];
	*tlv_r =
	    (struct tlv){ at[0], at[1], { (const char *)at + TLV_BYTES, len } };
	*off += total;
	return padding == 0;
}

static bool
split_extension(const struct tlv *tlv, struct attribute *x)
{
	const char *nul = tlv->bytes.len
	    ? memchr(tlv->bytes.ptr, '\0', tlv->bytes.len)
	    : NULL;

	if (!nul)
		return false;
	x->name.ptr = tlv->bytes.ptr;
	x->name.len = (size_t)(nul - tlv->bytes.ptr);
	x->value.ptr = nul + 1;
	x->value.len = tlv->bytes.len - x->name.len - 1;
	x->type = tlv->type;
	return true;
}

static enum ms_err
refuse_twice(const struct reading *r, struct slice name)
{
	return why_set(r->why, MS_EATTRIBUTE, "attribute %.*s: is given twice",
	    (int)name.len, name.ptr);
}

/* Looks back over the records; extensions are few. */
static bool
said_before(const struct reading *r, struct slice name, size_t upto)
{
	size_t off = ENVELOPE_FIXED_BYTES;
	struct attribute x;
	struct tlv tlv;

	if (r->extensions == 0)
		return false;
	while (off < upto && take_tlv(r, &off, &tlv))
		if (tlv.key == KEY_EXTENSION && split_extension(&tlv, &x) &&
		    slice_eq(x.name, name))
			return true;
	return false;
}

static enum ms_err
take_extension(struct reading *r, const struct tlv *tlv, size_t off)
{
	const struct envelope *e = r->event;
	struct attribute x = { 0 };
	enum ms_err err;

	if (!split_extension(tlv, &x))
		return why_set(r->why, MS_EPROTO,
		    "frame: byte %zu: an extension without a name", off);
	err = extension_check(&x, r->why);
	if (err != MS_OK)
		return err;
	if ((slice_is(x.name, "correlationid") &&
		!id_is_zero(&e->correlation)) ||
	    (slice_is(x.name, "causationid") && !id_is_zero(&e->causation)) ||
	    said_before(r, x.name, off))
		return refuse_twice(r, x.name);
	r->extensions++;
	return MS_OK;
}

static enum ms_err
take_attribute(struct reading *r, const struct tlv *tlv, size_t off)
{
	const struct attribute_row *row = &attribute_rows[tlv->key];

	if (tlv->type != row->type)
		return why_set(r->why, MS_EPROTO,
		    "frame: byte %zu: attribute %s of type %u", off, row->name,
		    tlv->type);
	if (r->seen >> tlv->key & 1)
		return refuse_twice(r, slice_of(row->name));
	r->seen |= 1u << tlv->key;
	*attribute_slice(r->event, row) = tlv->bytes;
	if (tlv->key == KEY_SUBJECT) /* envelope_check() looks closer */
		return MS_OK;
	return attribute_check(row, tlv->bytes, r->why);
}

/* A key this version does not know is stepped over: it is under the
 * checksum, and a frame is passed on as it came. */
static enum ms_err
take_attributes(struct reading *r)
{
	size_t off = ENVELOPE_FIXED_BYTES, start;
	enum ms_err err = MS_OK;
	struct tlv tlv;

	while (off < r->header_len && err == MS_OK) {
		start = off;
		if (!take_tlv(r, &off, &tlv))
			return why_set(r->why, MS_EPROTO,
			    "frame: byte %zu: a broken attribute", start);
		if (++r->attributes > ENVELOPE_ATTRIBUTES_MAX)
			return why_set(r->why, MS_EATTRIBUTE,
			    "frame: more than %u attributes",
			    ENVELOPE_ATTRIBUTES_MAX);
		if (tlv.key == KEY_EXTENSION)
			err = take_extension(r, &tlv, start);
		else if (tlv.key < KEY_COUNT)
			err = take_attribute(r, &tlv, start);
	}
	return err;
}

/* ---- the whole ---------------------------------------------------------- */

static enum ms_err
check_identity(const struct reading *r)
{
	const struct envelope *e = r->event;
	struct id128 id;

	if (!(e->flags & ENVELOPE_SIGNED) != (e->signature.len == 0))
		return why_set(r->why, MS_EATTRIBUTE,
		    "attribute mssig: does not agree with the flags");
	if (!(e->flags & ENVELOPE_STRING_ID) != (e->id_text.len == 0))
		return why_set(r->why, MS_EATTRIBUTE,
		    "attribute id: does not agree with the flags");
	if (e->id_text.len == 0)
		return MS_OK;
	id = envelope_text_id(e->id_text);
	if (memcmp(&id, &e->id, sizeof(id)) != 0)
		return why_set(r->why, MS_EATTRIBUTE,
		    "attribute id: does not agree with its hash");
	return MS_OK;
}

static enum ms_err
check_padding(const struct reading *r, size_t total)
{
	for (size_t i = r->header_len + r->stored_len; i < total; i++)
		if (r->at[i])
			return why_set(r->why, MS_EPROTO,
			    "frame: byte %zu: padding must be zero", i);
	return MS_OK;
}

static enum ms_err
read_frame(struct reading *r, struct slice frame,
    const struct envelope_limits *limits)
{
	size_t total = 0;
	enum ms_err err = frame_length(frame, limits, &total, r->why);

	if (err != MS_OK)
		return err;
	if (total != frame.len)
		return why_set(r->why, MS_EPROTO,
		    "frame: %zu bytes behind its end", frame.len - total);
	r->at = (const unsigned char *)frame.ptr;
	r->header_len = get_u32(r->at + AT_HEADER_LEN);
	r->stored_len = get_u32(r->at + AT_STORED_LEN);
	if (get_u32(r->at + AT_HEADER_CRC) !=
	    frame_header_crc(r->at, r->header_len))
		return why_set(r->why, MS_ECHECKSUM,
		    "frame: byte 108: checksum of the header does not match");
	take_fixed(r);
	err = check_fixed(r);
	if (err == MS_OK)
		err = take_attributes(r);
	if (err == MS_OK)
		err = envelope_check(r->event, r->why);
	if (err == MS_OK)
		err = check_identity(r);
	return err == MS_OK ? check_padding(r, total) : err;
}

enum ms_err
envelope_peek(struct slice frame, const struct envelope_limits *limits,
    struct envelope *event_r, struct why *why)
{
	struct reading r = { .event = event_r, .why = why };

	return read_frame(&r, frame, limits);
}

/* The frame has been read once: nothing can be wrong any more. */
static enum ms_err
keep_extensions(const struct reading *r, struct arena *arena)
{
	size_t off = ENVELOPE_FIXED_BYTES, n = 0;
	struct attribute *list;
	struct tlv tlv;

	if (r->extensions == 0)
		return MS_OK;
	list = arena_alloc(arena, r->extensions * sizeof(*list));
	if (!list)
		return why_set(r->why, MS_ENOMEM, "no memory for attributes");
	while (off < r->header_len && take_tlv(r, &off, &tlv))
		if (tlv.key == KEY_EXTENSION && n < r->extensions &&
		    split_extension(&tlv, &list[n]))
			n++;
	r->event->extensions = list;
	r->event->extension_count = n;
	return MS_OK;
}

enum ms_err
envelope_decode(struct slice frame, const struct envelope_limits *limits,
    struct arena *arena, struct envelope *event_r, struct why *why)
{
	struct reading r = { .event = event_r, .why = why };
	enum ms_err err = read_frame(&r, frame, limits);

	if (err != MS_OK)
		return err;
	if (crc32c(0, event_r->payload.ptr, event_r->payload.len) !=
	    get_u32(r.at + AT_STORED_CRC))
		return why_set(why, MS_ECHECKSUM,
		    "frame: byte 100: checksum of the payload does not match");
	return keep_extensions(&r, arena);
}
