/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Rules for attributes, one place for the binary and the JSON form.  Text is
 * scanned eight bytes at a time: nearly all of it is plain ASCII, and the
 * broker does this for every event.
 */
#include "proto/attribute.h"

#include <endian.h>

#include "common/mono.h"
#include "common/utf8.h"
#include "proto/traceparent.h"

#define AT(member) offsetof(struct envelope, member)

/* clang-format off */
const struct attribute_row attribute_rows[KEY_COUNT] = {
	[KEY_TYPE]          = { "type", ATTRIBUTE_TEXT, AT(type), false },
	[KEY_SOURCE]        = { "source", ATTRIBUTE_TEXT, AT(source), false },
	[KEY_SUBJECT]       = { "subject", ATTRIBUTE_TEXT, AT(subject), false },
	[KEY_CONTENT_TYPE]  = { "datacontenttype", ATTRIBUTE_TEXT, AT(content_type), false },
	[KEY_DATA_SCHEMA]   = { "dataschema", ATTRIBUTE_TEXT, AT(data_schema), false },
	[KEY_TRACEPARENT]   = { "traceparent", ATTRIBUTE_TEXT, AT(traceparent), false },
	[KEY_TRACESTATE]    = { "tracestate", ATTRIBUTE_TEXT, AT(tracestate), false },
	[KEY_PARTITION_KEY] = { "partitionkey", ATTRIBUTE_TEXT, AT(partition_key), false },
	[KEY_EXPIRY_TIME]   = { "expirytime", ATTRIBUTE_TEXT, AT(expiry_time), true },
	[KEY_RECORDED_TIME] = { "recordedtime", ATTRIBUTE_TEXT, AT(recorded_time), true },
	[KEY_DATA_REF]      = { "dataref", ATTRIBUTE_TEXT, AT(data_ref), false },
	[KEY_PRODUCER]      = { "msproducer", ATTRIBUTE_TEXT, AT(producer), false },
	[KEY_PRODUCER_SEQ]  = { "msproducerseq", ATTRIBUTE_TEXT, AT(producer_seq), false },
	[KEY_SIGNATURE]     = { "mssig", ATTRIBUTE_BYTES, AT(signature), false },
	[KEY_ID]            = { "id", ATTRIBUTE_TEXT, AT(id_text), false },
};

/* Names with a place of their own: an extension must not say them again. */
static const char *const reserved[] = {
	"specversion", "time", "data", "sequence", "msdeliveries", "msreplay",
	"mscompression",
};
/* clang-format on */

const struct attribute_row *
attribute_find(struct slice name)
{
	for (size_t key = 1; key < KEY_COUNT; key++)
		if (slice_is(name, attribute_rows[key].name))
			return &attribute_rows[key];
	return NULL;
}

/* ---- text --------------------------------------------------------------- */

/* A set high bit for every byte below 0x20, 0x7f or above; the lowest hit is
 * exact. */
static uint64_t
special_bytes(uint64_t w)
{
	const uint64_t ones = 0x0101010101010101u;
	uint64_t del = w ^ (ones * 0x7f);

	return (w | ((w - ones * 0x20) & ~w) | ((del - ones) & ~del)) &
	    (ones * 0x80);
}

static bool
is_noncharacter(const unsigned char *p, size_t n)
{
	unsigned code;

	if (n == 3) {
		code =
		    (p[0] & 0x0fu) << 12 | (p[1] & 0x3fu) << 6 | (p[2] & 0x3fu);
		return (code >= 0xfdd0 && code <= 0xfdef) || code >= 0xfffe;
	}
	return n == 4 && (p[1] & 0x0f) == 0x0f && p[2] == 0xbf && p[3] >= 0xbe;
}

/* Bytes of the allowed character at p; 0 when it is none. */
static size_t
character(const unsigned char *p, const unsigned char *end)
{
	size_t n = utf8_sequence(p, end);

	if (n == 1)
		return *p >= 0x20 && *p != 0x7f;
	if (n == 2 && p[0] == 0xc2 && p[1] < 0xa0)
		return 0;
	return is_noncharacter(p, n) ? 0 : n;
}

/* The first byte that is not allowed; text.len when all are. */
static size_t
text_span(struct slice text)
{
	const unsigned char *first = (const unsigned char *)text.ptr;
	const unsigned char *p = first, *end = first + text.len;
	uint64_t w;
	size_t n;

	while (p < end) {
		if (end - p >= (ptrdiff_t)sizeof(w)) {
			memcpy(&w, p, sizeof(w));
			w = special_bytes(le64toh(w));
			if (!w) {
				p += sizeof(w);
				continue;
			}
			p += __builtin_ctzll(w) >> 3;
		}
		n = character(p, end);
		if (n == 0)
			break;
		p += n;
	}
	return (size_t)(p - first);
}

static enum ms_err
check_text(struct slice name, struct slice text, struct why *why)
{
	size_t span = text_span(text);

	if (span == text.len)
		return MS_OK;
	return why_set(why, MS_EATTRIBUTE,
	    "attribute %.*s: byte %zu: 0x%02x is a control character or not "
	    "UTF-8 text",
	    (int)name.len, name.ptr, span, (unsigned char)text.ptr[span]);
}

enum ms_err
attribute_check(const struct attribute_row *row, struct slice value,
    struct why *why)
{
	int64_t ns;

	if (value.len == 0)
		return why_set(why, MS_EATTRIBUTE, "attribute %s: is empty",
		    row->name);
	if (value.len > UINT16_MAX)
		return why_set(why, MS_ETOOBIG,
		    "attribute %s: %zu bytes are more than %u", row->name,
		    value.len, UINT16_MAX);
	if (row->type == ATTRIBUTE_BYTES)
		return MS_OK;
	if (row->is_time && !rfc3339_parse(value.ptr, value.len, &ns))
		return why_set(why, MS_EATTRIBUTE,
		    "attribute %s: not an RFC 3339 time", row->name);
	return check_text(slice_of(row->name), value, why);
}

enum ms_err
attribute_check_new(const struct attribute_row *row, struct slice value,
    struct why *why)
{
	enum ms_err err = attribute_check(row, value, why);
	struct traceparent ignored;

	if (err == MS_OK && row == &attribute_rows[KEY_TRACEPARENT])
		err = traceparent_parse(value, &ignored, why);
	return err;
}

/* ---- extensions --------------------------------------------------------- */

static enum ms_err
check_name(struct slice name, struct why *why)
{
	if (name.len == 0 || name.len > EXTENSION_NAME_BYTES_MAX)
		return why_set(why, MS_EATTRIBUTE,
		    "an attribute name of %zu bytes is not within 1..%u",
		    name.len, EXTENSION_NAME_BYTES_MAX);
	for (size_t i = 0; i < name.len; i++) {
		unsigned char c = (unsigned char)name.ptr[i];
		if ((c < 'a' || c > 'z') && (c < '0' || c > '9'))
			return why_set(why, MS_EATTRIBUTE,
			    "attribute name, byte %zu: 0x%02x is not one of "
			    "a-z 0-9",
			    i, c);
	}
	return MS_OK;
}

static bool
is_reserved(struct slice name)
{
	for (size_t i = 0; i < ARRAY_LEN(reserved); i++)
		if (slice_is(name, reserved[i]))
			return true;
	return attribute_find(name) != NULL;
}

static bool
is_int32(struct slice text)
{
	int64_t value;

	return text.len <= 11 && parse_i64(text, &value) &&
	    value >= INT32_MIN && value <= INT32_MAX;
}

static enum ms_err
check_value(const struct attribute *e, struct why *why)
{
	struct slice name = e->name;

	switch (e->type) {
	case ATTRIBUTE_TEXT:
		return check_text(name, e->value, why);
	case ATTRIBUTE_BYTES:
		return MS_OK;
	case ATTRIBUTE_BOOL:
		if (slice_is(e->value, "true") || slice_is(e->value, "false"))
			return MS_OK;
		return why_set(why, MS_EATTRIBUTE,
		    "attribute %.*s: neither true nor false", (int)name.len,
		    name.ptr);
	case ATTRIBUTE_INTEGER:
		if (is_int32(e->value))
			return MS_OK;
		return why_set(why, MS_EATTRIBUTE,
		    "attribute %.*s: not a whole number of 32 bits",
		    (int)name.len, name.ptr);
	default:
		return why_set(why, MS_EATTRIBUTE,
		    "attribute %.*s: unknown type %u", (int)name.len, name.ptr,
		    e->type);
	}
}

enum ms_err
extension_check(const struct attribute *extension, struct why *why)
{
	struct slice name = extension->name;
	enum ms_err err = check_name(name, why);

	if (err != MS_OK)
		return err;
	if (is_reserved(name))
		return why_set(why, MS_EATTRIBUTE,
		    "attribute %.*s: the name is reserved", (int)name.len,
		    name.ptr);
	if (extension->value.len > UINT16_MAX - EXTENSION_NAME_BYTES_MAX - 1)
		return why_set(why, MS_ETOOBIG,
		    "attribute %.*s: %zu bytes are too many", (int)name.len,
		    name.ptr, extension->value.len);
	return check_value(extension, why);
}
