/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The text has one form and one length, so it is read by position.  A broker
 * looks at it for every traced event.
 */
#include "proto/traceparent.h"

#define AT_TRACE 3u
#define AT_SPAN  36u
#define AT_FLAGS 53u

/* 16: not a lower-case hexadecimal digit */
static unsigned
nibble(char c)
{
	if (c >= '0' && c <= '9')
		return (unsigned)(c - '0');
	if (c >= 'a' && c <= 'f')
		return (unsigned)(c - 'a') + 10;
	return 16;
}

static enum ms_err
refuse(size_t at, const char *what, struct why *why)
{
	return why_set(why, MS_EATTRIBUTE, "traceparent, byte %zu: %s", at,
	    what);
}

/* Count bytes from text at; *any_r: not all of them are zero. */
static enum ms_err
take_hex(struct slice text, size_t at, unsigned char *bytes, size_t count,
    bool *any_r, struct why *why)
{
	unsigned any = 0;

	for (size_t i = 0; i < count; i++) {
		unsigned high = nibble(text.ptr[at + 2 * i]);
		unsigned low = nibble(text.ptr[at + 2 * i + 1]);

		if (high > 15 || low > 15)
			return refuse(at + 2 * i + (high <= 15),
			    "not a lower-case hexadecimal digit", why);
		bytes[i] = (unsigned char)(high << 4 | low);
		any |= bytes[i];
	}
	*any_r = any != 0;
	return MS_OK;
}

static enum ms_err
check_shape(struct slice text, struct why *why)
{
	if (text.len != TRACEPARENT_LEN)
		return why_set(why, MS_EATTRIBUTE,
		    "traceparent: %zu characters, not %u", text.len,
		    TRACEPARENT_LEN);
	if (text.ptr[0] != '0' || text.ptr[1] != '0')
		return refuse(0, "only version 00 is understood", why);
	if (text.ptr[AT_TRACE - 1] != '-')
		return refuse(AT_TRACE - 1, "must be '-'", why);
	if (text.ptr[AT_SPAN - 1] != '-')
		return refuse(AT_SPAN - 1, "must be '-'", why);
	if (text.ptr[AT_FLAGS - 1] != '-')
		return refuse(AT_FLAGS - 1, "must be '-'", why);
	return MS_OK;
}

enum ms_err
traceparent_parse(struct slice text, struct traceparent *tp_r, struct why *why)
{
	enum ms_err err = check_shape(text, why);
	bool has_trace = false, has_span = false, ignored;
	struct traceparent tp;

	if (!err)
		err = take_hex(text, AT_TRACE, tp.trace_id, TRACE_ID_BYTES,
		    &has_trace, why);
	if (!err)
		err = take_hex(text, AT_SPAN, tp.span_id, SPAN_ID_BYTES,
		    &has_span, why);
	if (!err)
		err = take_hex(text, AT_FLAGS, &tp.flags, 1, &ignored, why);
	if (err)
		return err;
	if (!has_trace)
		return refuse(AT_TRACE, "the trace id must not be zero", why);
	if (!has_span)
		return refuse(AT_SPAN, "the span id must not be zero", why);
	*tp_r = tp;
	return MS_OK;
}

/* ---- printing ----------------------------------------------------------- */

static char *
put_hex(char *at, const unsigned char *bytes, size_t count)
{
	static const char digits[] = "0123456789abcdef";

	for (size_t i = 0; i < count; i++) {
		*at++ = digits[bytes[i] >> 4];
		*at++ = digits[bytes[i] & 15];
	}
	return at;
}

char *
traceparent_print(const struct traceparent *tp,
    char out[static TRACEPARENT_BYTES])
{
	char *at = out;

	*at++ = '0';
	*at++ = '0';
	*at++ = '-';
	at = put_hex(at, tp->trace_id, TRACE_ID_BYTES);
	*at++ = '-';
	at = put_hex(at, tp->span_id, SPAN_ID_BYTES);
	*at++ = '-';
	at = put_hex(at, &tp->flags, 1);
	*at = '\0';
	return out;
}

char *
trace_id_print(const struct traceparent *tp,
    char out[static TRACE_ID_TEXT_BYTES])
{
	*put_hex(out, tp->trace_id, TRACE_ID_BYTES) = '\0';
	return out;
}

/* ---- new ids ------------------------------------------------------------- */

static void
set_id(unsigned char *id, const unsigned char *dice, size_t count)
{
	unsigned any = 0;

	for (size_t i = 0; i < count; i++)
		any |= id[i] = dice[i];
	id[count - 1] |= any == 0;
}

struct traceparent
traceparent_new(const unsigned char dice[static TRACEPARENT_DICE_BYTES])
{
	struct traceparent tp = { .flags = TRACEPARENT_SAMPLED };

	set_id(tp.trace_id, dice, TRACE_ID_BYTES);
	set_id(tp.span_id, dice + TRACE_ID_BYTES, SPAN_ID_BYTES);
	return tp;
}

struct traceparent
traceparent_child(const struct traceparent *parent,
    const unsigned char dice[static SPAN_ID_BYTES])
{
	struct traceparent tp = *parent;

	set_id(tp.span_id, dice, SPAN_ID_BYTES);
	return tp;
}
