/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Members of a struct to and from message bytes.  A record is
 * `u16 tag | u16 type | u32 len | bytes`, padded to 8; zero values are not
 * sent, so a peer that does not know a field loses nothing when it is unused.
 * Decoding believes no length and no content: sizes are checked before
 * anything is allocated, text is UTF-8 without NUL, bounds are the row's.
 */
#include <inttypes.h>
#include <signal.h>

#include "common/field.h"

#define ROWS_MAX    256u
#define RANGE_BYTES 16u
#define RATE_BYTES  12u

/* The numbers are on the wire: new types go behind FIELD_CUSTOM. */
_Static_assert(FIELD_BOOL == 0 && FIELD_STR == 4 && FIELD_DURATION == 6 &&
	FIELD_ENUM == 8 && FIELD_ID == 12 && FIELD_CUSTOM == 13,
    "numbers of field types are fixed");

/* ---- encoding ----------------------------------------------------------- */

static void
put_head(struct buf *out, const struct field *row, size_t len)
{
	buf_add_u16(out, row->tag);
	buf_add_u16(out, (uint16_t)row->type);
	buf_add_u32(out, (uint32_t)len);
}

static void
put_padding(struct buf *out, size_t len)
{
	static const char zeros[8];

	buf_add(out, zeros, (8 - len % 8) % 8);
}

static void
put_bytes(struct buf *out, const struct field *row, const void *bytes, size_t n)
{
	if (n > UINT32_MAX) {
		out->failed = true;
		return;
	}
	put_head(out, row, n);
	buf_add(out, bytes, n);
	put_padding(out, n);
}

static void
put_number32(struct buf *out, const struct field *row, uint32_t value)
{
	unsigned char bytes[4];

	put_u32(bytes, value);
	if (value)
		put_bytes(out, row, bytes, sizeof(bytes));
}

static void
put_number64(struct buf *out, const struct field *row, uint64_t value)
{
	unsigned char bytes[8];

	put_u64(bytes, value);
	if (value)
		put_bytes(out, row, bytes, sizeof(bytes));
}

static void
put_words(struct buf *out, const struct field *row, const struct words *words)
{
	size_t len = 4;

	if (words->count == 0)
		return;
	for (size_t i = 0; i < words->count; i++)
		len += 4 + strlen(words->word[i]);
	if (len > UINT32_MAX) {
		out->failed = true;
		return;
	}
	put_head(out, row, len);
	buf_add_u32(out, (uint32_t)words->count);
	for (size_t i = 0; i < words->count; i++) {
		size_t n = strlen(words->word[i]);
		buf_add_u32(out, (uint32_t)n);
		buf_add(out, words->word[i], n);
	}
	put_padding(out, len);
}

static void
put_range(struct buf *out, const struct field *row, const struct span_ms *span)
{
	unsigned char bytes[RANGE_BYTES];

	if (span->min_ms == 0 && span->max_ms == 0)
		return;
	put_u64(bytes, span->min_ms);
	put_u64(bytes + 8, span->max_ms);
	put_bytes(out, row, bytes, sizeof(bytes));
}

static void
put_rate(struct buf *out, const struct field *row, const struct rate *rate)
{
	unsigned char bytes[RATE_BYTES];

	if (rate->count == 0 && rate->period_ms == 0)
		return;
	put_u32(bytes, rate->count);
	put_u64(bytes + 4, rate->period_ms);
	put_bytes(out, row, bytes, sizeof(bytes));
}

static void
put_id(struct buf *out, const struct field *row, const struct id128 *id)
{
	static const struct id128 zero;

	if (memcmp(id, &zero, sizeof(zero)) != 0)
		put_bytes(out, row, id->byte, sizeof(id->byte));
}

static void
put_custom(struct buf *out, const struct field *row, const void *at)
{
	struct buf text = { 0 };

	if (row->print)
		row->print(at, &text);
	if (text.len)
		put_bytes(out, row, text.ptr, text.len);
	out->failed |= text.failed;
	buf_fini(&text);
}

static void
put_value(struct buf *out, const struct field *row, const void *at)
{
	const char *text;

	switch (row->type) {
	case FIELD_BOOL:
		if (*(const bool *)at)
			put_bytes(out, row, "\1", 1);
		break;
	case FIELD_U32:
		put_number32(out, row, *(const uint32_t *)at);
		break;
	case FIELD_U64:
	case FIELD_DURATION:
	case FIELD_SIZE:
		put_number64(out, row, *(const uint64_t *)at);
		break;
	case FIELD_I64:
		put_number64(out, row, *(const uint64_t *)at);
		break;
	case FIELD_STR:
		text = *(char *const *)at;
		if (text)
			put_bytes(out, row, text, strlen(text));
		break;
	case FIELD_WORDS:
		put_words(out, row, at);
		break;
	case FIELD_ENUM:
	case FIELD_SIGNAL:
		put_number32(out, row, *(const uint32_t *)at);
		break;
	case FIELD_RANGE:
		put_range(out, row, at);
		break;
	case FIELD_RATE:
		put_rate(out, row, at);
		break;
	case FIELD_ID:
		put_id(out, row, at);
		break;
	case FIELD_CUSTOM:
		put_custom(out, row, at);
		break;
	}
}

void
field_encode(const struct field *rows, const void *base, struct buf *out)
{
	for (const struct field *row = rows; row->name; row++)
		if (row->tag)
			put_value(out, row, (const char *)base + row->off);
}

/* ---- decoding ----------------------------------------------------------- */

struct take {
	const struct field *row;
	struct slice bytes;
	void *at;
	struct arena *arena;
	struct why *why;
};

static enum ms_err
malformed(const struct take *t, const char *what)
{
	return why_set(t->why, MS_EPROTO, "field %s: %s", t->row->name, what);
}

static enum ms_err
no_memory(const struct take *t)
{
	return why_set(t->why, MS_ENOMEM, "field %s: no memory", t->row->name);
}

/* Bytes a value of this type must have; 0 = any. */
static size_t
fixed_bytes(enum field_type type)
{
	switch (type) {
	case FIELD_BOOL:
		return 1;
	case FIELD_U32:
	case FIELD_ENUM:
	case FIELD_SIGNAL:
		return 4;
	case FIELD_U64:
	case FIELD_I64:
	case FIELD_DURATION:
	case FIELD_SIZE:
		return 8;
	case FIELD_RANGE:
		return RANGE_BYTES;
	case FIELD_RATE:
		return RATE_BYTES;
	case FIELD_ID:
		return sizeof(struct id128);
	case FIELD_STR:
	case FIELD_WORDS:
	case FIELD_CUSTOM:
		break;
	}
	return 0;
}

static enum ms_err
check_bounds(const struct take *t, uint64_t value)
{
	const struct field *row = t->row;

	if (value < row->min)
		return why_set(t->why, MS_EINVAL,
		    "field %s: %" PRIu64 " is below the minimum %" PRIu64,
		    row->name, value, row->min);
	if (row->max && row->max >= row->min && value > row->max)
		return why_set(t->why, MS_EINVAL,
		    "field %s: %" PRIu64 " is above the maximum %" PRIu64,
		    row->name, value, row->max);
	return MS_OK;
}

static enum ms_err
take_u32(const struct take *t)
{
	uint32_t value = get_u32(t->bytes.ptr);
	enum ms_err err = check_bounds(t, value);

	if (err == MS_OK)
		*(uint32_t *)t->at = value;
	return err;
}

static enum ms_err
take_u64(const struct take *t)
{
	uint64_t value = get_u64(t->bytes.ptr);
	enum ms_err err = check_bounds(t, value);

	if (err == MS_OK)
		*(uint64_t *)t->at = value;
	return err;
}

static enum ms_err
take_i64(const struct take *t)
{
	int64_t value = (int64_t)get_u64(t->bytes.ptr);
	int64_t min = (int64_t)t->row->min, max = (int64_t)t->row->max;

	if ((min || max) && (value < min || (max >= min && value > max)))
		return why_set(t->why, MS_EINVAL,
		    "field %s: %" PRId64 " is out of bounds", t->row->name,
		    value);
	*(int64_t *)t->at = value;
	return MS_OK;
}

static enum ms_err
take_bool(const struct take *t)
{
	unsigned char value = (unsigned char)t->bytes.ptr[0];

	if (value > 1)
		return malformed(t, "neither true nor false");
	*(bool *)t->at = value;
	return MS_OK;
}

static enum ms_err
take_enum(const struct take *t)
{
	int value = (int)get_u32(t->bytes.ptr);

	for (const struct field_name *n = t->row->names; n->name; n++) {
		if (n->value == value) {
			*(int *)t->at = value;
			return MS_OK;
		}
	}
	return why_set(t->why, MS_EINVAL, "field %s: unknown value %d",
	    t->row->name, value);
}

static enum ms_err
take_signal(const struct take *t)
{
	uint32_t value = get_u32(t->bytes.ptr);

	if (value > (uint32_t)SIGRTMAX ||
	    (value >= __SIGRTMIN && value < (uint32_t)SIGRTMIN))
		return malformed(t, "not a signal");
	*(int *)t->at = (int)value;
	return MS_OK;
}

static enum ms_err
take_range(const struct take *t)
{
	struct span_ms span = { get_u64(t->bytes.ptr),
		get_u64(t->bytes.ptr + 8) };
	enum ms_err err;

	if (span.min_ms > span.max_ms)
		return malformed(t, "a range with MIN above MAX");
	err = check_bounds(t, span.min_ms);
	if (err == MS_OK)
		err = check_bounds(t, span.max_ms);
	if (err == MS_OK)
		*(struct span_ms *)t->at = span;
	return err;
}

static enum ms_err
take_rate(const struct take *t)
{
	struct rate rate = { get_u32(t->bytes.ptr), get_u64(t->bytes.ptr + 4) };
	enum ms_err err = check_bounds(t, rate.count);

	if (rate.count && rate.period_ms == 0)
		return malformed(t, "a rate without a period");
	if (err == MS_OK)
		*(struct rate *)t->at = rate;
	return err;
}

static bool
is_text(struct slice s)
{
	return s.len == 0 || (!memchr(s.ptr, '\0', s.len) && utf8_is_valid(s));
}

/* min and max of text are lengths. */
static enum ms_err
take_str(const struct take *t)
{
	enum ms_err err = check_bounds(t, t->bytes.len);
	char *text;

	if (err != MS_OK)
		return err;
	if (!is_text(t->bytes))
		return malformed(t, "text is not UTF-8 without NUL");
	text = arena_strndup(t->arena, t->bytes.len ? t->bytes.ptr : "",
	    t->bytes.len);
	if (!text)
		return no_memory(t);
	*(char **)t->at = text;
	return MS_OK;
}

static enum ms_err
take_words(const struct take *t)
{
	struct cursor c = cursor_of(t->bytes);
	size_t count = cursor_u32(&c);
	struct words words = { NULL, count };
	enum ms_err err = check_bounds(t, count);

	if (err != MS_OK)
		return err;
	if (c.failed || count > cursor_left(&c) / 4)
		return malformed(t, "more words than bytes");
	words.word = arena_alloc(t->arena, (count + 1) * sizeof(char *));
	if (!words.word)
		return no_memory(t);
	for (size_t i = 0; i < count; i++) {
		struct slice word = cursor_bytes(&c, cursor_u32(&c));
		if (c.failed || !is_text(word))
			return malformed(t, "a word is cut off or not text");
		words.word[i] =
		    arena_strndup(t->arena, word.len ? word.ptr : "", word.len);
		if (!words.word[i])
			return no_memory(t);
	}
	if (cursor_left(&c))
		return malformed(t, "bytes behind the last word");
	*(struct words *)t->at = words;
	return MS_OK;
}

static enum ms_err
take_custom(const struct take *t)
{
	struct why inner = { "" };
	enum ms_err err;

	if (!t->row->parse || !is_text(t->bytes))
		return malformed(t, "text is not UTF-8 without NUL");
	err = t->row->parse(t->bytes, t->at, t->arena, &inner);
	if (err != MS_OK)
		return why_set(t->why, err, "field %s: %s", t->row->name,
		    inner.text);
	return MS_OK;
}

static enum ms_err
take_value(const struct take *t)
{
	size_t fixed = fixed_bytes(t->row->type);

	if (fixed && t->bytes.len != fixed)
		return malformed(t, "wrong length");
	switch (t->row->type) {
	case FIELD_BOOL:
		return take_bool(t);
	case FIELD_U32:
		return take_u32(t);
	case FIELD_U64:
	case FIELD_DURATION:
	case FIELD_SIZE:
		return take_u64(t);
	case FIELD_I64:
		return take_i64(t);
	case FIELD_STR:
		return take_str(t);
	case FIELD_WORDS:
		return take_words(t);
	case FIELD_ENUM:
		return take_enum(t);
	case FIELD_SIGNAL:
		return take_signal(t);
	case FIELD_RANGE:
		return take_range(t);
	case FIELD_RATE:
		return take_rate(t);
	case FIELD_ID:
		memcpy(t->at, t->bytes.ptr, sizeof(struct id128));
		return MS_OK;
	case FIELD_CUSTOM:
		return take_custom(t);
	}
	return MS_EPROTO;
}

/* Which rows came already; a second time would be two meanings. */
struct seen {
	const struct field *rows;
	uint64_t bits[ROWS_MAX / 64];
};

static bool
seen_before(struct seen *seen, const struct field *row)
{
	size_t n = (size_t)(row - seen->rows);
	uint64_t bit = UINT64_C(1) << (n % 64);
	bool before;

	if (n >= ROWS_MAX)
		return true;
	before = seen->bits[n / 64] & bit;
	seen->bits[n / 64] |= bit;
	return before;
}

static const struct field *
find_tag(const struct field *rows, uint16_t tag)
{
	for (const struct field *row = rows; row->name; row++)
		if (tag && row->tag == tag)
			return row;
	return NULL;
}

/* Only what has no useful zero can be missed: zeros are never sent. */
static enum ms_err
check_required(struct seen *seen, struct why *why)
{
	for (const struct field *row = seen->rows; row->name; row++) {
		bool has_zero = row->type != FIELD_STR &&
		    row->type != FIELD_WORDS && row->type != FIELD_ID &&
		    row->type != FIELD_CUSTOM;
		if (!row->tag || !(row->flags & FIELD_REQUIRED) || has_zero)
			continue;
		if (!seen_before(seen, row))
			return why_set(why, MS_EINVAL, "field %s is required",
			    row->name);
	}
	return MS_OK;
}

enum ms_err
field_decode(const struct field *rows, struct slice bytes, void *base,
    struct arena *arena, struct why *why)
{
	struct cursor c = cursor_of(bytes);
	struct seen seen = { .rows = rows };

	while (cursor_left(&c)) {
		const struct field *row = find_tag(rows, cursor_u16(&c));
		unsigned type = cursor_u16(&c);
		size_t len = cursor_u32(&c);
		struct take t = { row, cursor_bytes(&c, len), NULL, arena,
			why };
		cursor_skip(&c, (8 - len % 8) % 8);
		if (c.failed)
			return why_set(why, MS_EPROTO, "fields are cut off");
		if (!row)
			continue;
		if (type != row->type)
			return malformed(&t, "wrong type");
		if (seen_before(&seen, row))
			return malformed(&t, "given twice");
		t.at = (char *)base + row->off;
		enum ms_err err = take_value(&t);
		if (err != MS_OK)
			return err;
	}
	return check_required(&seen, why);
}
