/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Text to members of a struct, by rows.  Every refusal says what was given
 * and what would have been right; a secret's text is never repeated.
 */
#include "common/field.h"

#include <inttypes.h>
#include <signal.h>
#include <stdio.h>

#include "common/id.h"
#include "common/mono.h"
#include "common/utf8.h"
#include "common/words.h"

#define SHOWN_BYTES      64
#define ENUM_NAMES_MAX   64u /* offered in a message */
#define NAMES_TEXT_BYTES 160

/* All a setter needs; at = base + off. */
struct set {
	const struct field *row;
	struct slice text;
	void *at;
	struct arena *arena;
	struct why *why;
};

/* The text as a message may show it: short, printable, not a secret. */
static const char *
shown(const struct set *s, char out[static SHOWN_BYTES])
{
	const unsigned char *p = (const unsigned char *)s->text.ptr;
	const unsigned char *end = p + s->text.len;
	size_t len = 0, n;

	if (s->row->flags & FIELD_SECRET)
		return "***";
	for (; p < end; p += n) {
		n = utf8_sequence(p, end);
		if (len + (n ? n : 1) > SHOWN_BYTES - 4) {
			memcpy(out + len, "...", 3);
			len += 3;
			break;
		}
		if (n == 0 || *p < 0x20 || *p == 0x7f) {
			n = 1;
			out[len++] = '?';
			continue;
		}
		memcpy(out + len, p, n);
		len += n;
	}
	out[len] = '\0';
	return out;
}

static enum ms_err
refuse(const struct set *s, const char *what)
{
	char text[SHOWN_BYTES];

	return why_set(s->why, MS_EINVAL, "'%s' is not %s", shown(s, text),
	    what);
}

/* ---- numbers ------------------------------------------------------------ */

/* A number as the user would write it. */
static const char *
print_unit(enum field_type type, uint64_t value, char out[static 32])
{
	switch (type) {
	case FIELD_DURATION:
	case FIELD_RANGE:
		return print_duration(value, out);
	case FIELD_SIZE:
		return print_size(value, out);
	default:
		snprintf(out, 32, "%" PRIu64, value);
		return out;
	}
}

/* max below min (so 0 with a min): no upper bound */
static enum ms_err
check_bounds(const struct set *s, enum field_type type, uint64_t value)
{
	const struct field *row = s->row;
	char given[32], bound[32];

	if (value < row->min)
		return why_set(s->why, MS_EINVAL, "%s is below the minimum %s",
		    print_unit(type, value, given),
		    print_unit(type, row->min, bound));
	if (row->max && row->max >= row->min && value > row->max)
		return why_set(s->why, MS_EINVAL, "%s is above the maximum %s",
		    print_unit(type, value, given),
		    print_unit(type, row->max, bound));
	return MS_OK;
}

static enum ms_err
check_signed_bounds(const struct set *s, int64_t value)
{
	int64_t min = (int64_t)s->row->min, max = (int64_t)s->row->max;

	if (min == 0 && max == 0)
		return MS_OK;
	if (value < min)
		return why_set(s->why, MS_EINVAL,
		    "%" PRId64 " is below the minimum %" PRId64, value, min);
	if (max >= min && value > max)
		return why_set(s->why, MS_EINVAL,
		    "%" PRId64 " is above the maximum %" PRId64, value, max);
	return MS_OK;
}

static enum ms_err
parse_number(const struct set *s, uint64_t *value_r)
{
	if (!parse_u64(s->text, value_r))
		return refuse(s, "a whole number");
	return check_bounds(s, s->row->type, *value_r);
}

static enum ms_err
set_u32(const struct set *s)
{
	uint64_t value = 0;
	enum ms_err err = parse_number(s, &value);

	if (err == MS_OK && value > UINT32_MAX)
		return why_set(s->why, MS_EINVAL,
		    "%" PRIu64 " is above the maximum %" PRIu32, value,
		    UINT32_MAX);
	if (err == MS_OK)
		*(uint32_t *)s->at = (uint32_t)value;
	return err;
}

static enum ms_err
set_u64(const struct set *s)
{
	uint64_t value = 0;
	enum ms_err err = parse_number(s, &value);

	if (err == MS_OK)
		*(uint64_t *)s->at = value;
	return err;
}

static enum ms_err
set_i64(const struct set *s)
{
	int64_t value;
	enum ms_err err;

	if (!parse_i64(s->text, &value))
		return refuse(s, "a whole number");
	err = check_signed_bounds(s, value);
	if (err == MS_OK)
		*(int64_t *)s->at = value;
	return err;
}

static enum ms_err
set_size(const struct set *s)
{
	uint64_t value;
	enum ms_err err;

	if (!parse_size(s->text, &value))
		return refuse(s, "a size (such as 100, 64K, 512M, 2G)");
	err = check_bounds(s, FIELD_SIZE, value);
	if (err == MS_OK)
		*(uint64_t *)s->at = value;
	return err;
}

/* ---- times -------------------------------------------------------------- */

static enum ms_err
parse_time(const struct set *s, struct slice text, uint64_t *ms_r)
{
	struct set part = *s;
	uint64_t bare;

	part.text = text;
	if (!parse_duration(text, ms_r))
		return refuse(&part,
		    parse_u64(text, &bare)
			? "a duration: it has no unit (250ms, 5s, 10m, 2h, 1d)"
			: "a duration (such as 250ms, 5s, 10m, 2h, 1d)");
	return check_bounds(&part, FIELD_DURATION, *ms_r);
}

static enum ms_err
set_duration(const struct set *s)
{
	uint64_t value = 0;
	enum ms_err err = parse_time(s, s->text, &value);

	if (err == MS_OK)
		*(uint64_t *)s->at = value;
	return err;
}

static enum ms_err
set_range(const struct set *s)
{
	const char *dots =
	    s->text.len ? memmem(s->text.ptr, s->text.len, "..", 2) : NULL;
	struct slice low, high;
	struct span_ms span;
	enum ms_err err;

	if (!dots)
		return refuse(s, "a range MIN..MAX (such as 100ms..30s)");
	low.ptr = s->text.ptr;
	low.len = (size_t)(dots - s->text.ptr);
	high.ptr = dots + 2;
	high.len = s->text.len - low.len - 2;
	err = parse_time(s, slice_trim(low), &span.min_ms);
	if (err == MS_OK)
		err = parse_time(s, slice_trim(high), &span.max_ms);
	if (err != MS_OK)
		return err;
	if (span.min_ms > span.max_ms)
		return refuse(s, "a range MIN..MAX: MIN is above MAX");
	*(struct span_ms *)s->at = span;
	return MS_OK;
}

static enum ms_err
set_rate(const struct set *s)
{
	struct slice rest = s->text, part = { NULL, 0 };
	struct rate rate = { 0, 0 };
	uint64_t count = 0;
	bool cut = slice_cut(&rest, '/', &part);
	bool has_period = cut && part.len < s->text.len;

	if (!cut || !parse_u64(slice_trim(part), &count) ||
	    (count && !has_period))
		return refuse(s, "a rate N/PERIOD (such as 3/60s) or 0");
	if (has_period &&
	    (!parse_duration(slice_trim(rest), &rate.period_ms) ||
		rate.period_ms == 0 || rate.period_ms == DURATION_INFINITY))
		return refuse(s,
		    "a rate N/PERIOD: PERIOD is a duration such as 60s");
	if (count > UINT32_MAX)
		return refuse(s, "a rate N/PERIOD: N is too large");
	enum ms_err err = check_bounds(s, FIELD_RATE, count);
	if (err != MS_OK)
		return err;
	rate.count = (uint32_t)count;
	*(struct rate *)s->at = rate;
	return MS_OK;
}

/* ---- words, names ------------------------------------------------------- */

static enum ms_err
set_bool(const struct set *s)
{
	bool value;

	if (!parse_bool(s->text, &value))
		return refuse(s, "yes or no (true, false, on, off)");
	*(bool *)s->at = value;
	return MS_OK;
}

/* Text of others may hold anything; ours is UTF-8 without NUL. */
static enum ms_err
check_text(const struct set *s)
{
	char text[SHOWN_BYTES];

	if (s->text.len && memchr(s->text.ptr, '\0', s->text.len))
		return why_set(s->why, MS_EINVAL, "'%s' contains a NUL byte",
		    shown(s, text));
	if (!utf8_is_valid(s->text))
		return refuse(s, "valid UTF-8");
	return MS_OK;
}

static enum ms_err
check_length(const struct set *s, uint64_t n, const char *unit)
{
	if (n < s->row->min)
		return why_set(s->why, MS_EINVAL,
		    "%" PRIu64 " %s are below the minimum %" PRIu64, n, unit,
		    s->row->min);
	if (s->row->max && n > s->row->max)
		return why_set(s->why, MS_EINVAL,
		    "%" PRIu64 " %s are above the maximum %" PRIu64, n, unit,
		    s->row->max);
	return MS_OK;
}

static enum ms_err
set_str(const struct set *s)
{
	enum ms_err err = check_text(s);
	char *text;

	if (err == MS_OK)
		err = check_length(s, s->text.len, "bytes");
	if (err != MS_OK)
		return err;
	text = arena_strndup(s->arena, s->text.len ? s->text.ptr : "",
	    s->text.len);
	if (!text)
		return why_set(s->why, MS_ENOMEM, "no memory for the text");
	*(char **)s->at = text;
	return MS_OK;
}

static enum ms_err
set_words(const struct set *s)
{
	struct words *at = s->at, list = { NULL, 0 }, more;
	enum ms_err err = check_text(s);

	if (err == MS_OK)
		err = words_split(s->text, s->arena, &more, s->why);
	if (err != MS_OK)
		return err;
	if (s->row->flags & FIELD_REPEAT)
		list = *at;
	err = check_length(s, list.count + more.count, "words");
	if (err == MS_OK && list.count) {
		err = words_append(&list, &more, s->arena, s->why);
		more = list;
	}
	if (err == MS_OK)
		*at = more;
	return err;
}

static const char *
list_names(const struct field_name *name, char out[static NAMES_TEXT_BYTES])
{
	size_t len = 0;

	out[0] = '\0';
	for (; name->name && len < NAMES_TEXT_BYTES; name++) {
		int n = snprintf(out + len, NAMES_TEXT_BYTES - len, "%s%s",
		    len ? ", " : "", name->name);
		len += n > 0 ? (size_t)n : 0;
	}
	if (len >= NAMES_TEXT_BYTES)
		memcpy(out + NAMES_TEXT_BYTES - 4, "...", 4);
	return out;
}

static enum ms_err
refuse_name(const struct set *s)
{
	const char *candidates[ENUM_NAMES_MAX];
	char text[SHOWN_BYTES], names[NAMES_TEXT_BYTES];
	const char *near;
	size_t n = 0;

	for (const struct field_name *f = s->row->names;
	     f->name && n < ENUM_NAMES_MAX; f++)
		candidates[n++] = f->name;
	near = suggest(s->text, candidates, n);
	return why_set(s->why, MS_EINVAL, "'%s' is not one of %s%s%s%s",
	    shown(s, text), list_names(s->row->names, names),
	    near ? " (did you mean " : "", near ? near : "", near ? "?)" : "");
}

static enum ms_err
set_enum(const struct set *s)
{
	for (const struct field_name *n = s->row->names; n->name; n++) {
		if (slice_is(s->text, n->name)) {
			*(int *)s->at = n->value;
			return MS_OK;
		}
	}
	return refuse_name(s);
}

static enum ms_err
set_signal(const struct set *s)
{
	int signo = 0;

	if (!slice_is(s->text, "none")) {
		signo = parse_signal(s->text);
		/* between the named and SIGRTMIN are the C library's own */
		if (signo <= 0 || (signo >= __SIGRTMIN && signo < SIGRTMIN))
			return refuse(s,
			    "a signal (such as TERM, HUP, USR1) or none");
	}
	*(int *)s->at = signo;
	return MS_OK;
}

static enum ms_err
set_id(const struct set *s)
{
	struct id128 id;

	if (!id_parse(s->text, &id))
		return refuse(s, "an id (8-4-4-4-12 hex digits)");
	memcpy(s->at, &id, sizeof(id));
	return MS_OK;
}

static enum ms_err
set_custom(const struct set *s)
{
	enum ms_err err = check_text(s);

	return err == MS_OK ? s->row->parse(s->text, s->at, s->arena, s->why)
			    : err;
}

static enum ms_err (*const setter[])(const struct set *s) = {
	[FIELD_BOOL] = set_bool,
	[FIELD_U32] = set_u32,
	[FIELD_U64] = set_u64,
	[FIELD_I64] = set_i64,
	[FIELD_STR] = set_str,
	[FIELD_WORDS] = set_words,
	[FIELD_DURATION] = set_duration,
	[FIELD_SIZE] = set_size,
	[FIELD_ENUM] = set_enum,
	[FIELD_SIGNAL] = set_signal,
	[FIELD_RANGE] = set_range,
	[FIELD_RATE] = set_rate,
	[FIELD_ID] = set_id,
	[FIELD_CUSTOM] = set_custom,
};
_Static_assert(ARRAY_LEN(setter) == FIELD_CUSTOM + 1, "one per type");

const struct field *
field_find(const struct field *rows, struct slice name)
{
	for (const struct field *row = rows; row->name; row++)
		if (slice_is(name, row->name))
			return row;
	return NULL;
}

enum ms_err
field_set(const struct field *row, void *base, struct slice text,
    struct arena *arena, struct why *why)
{
	struct set s = { row, text, (char *)base + row->off, arena, why };

	return setter[row->type](&s);
}

/* A default text is as good as a copy of it: the table outlives all. */
static enum ms_err
set_default(const struct field *row, void *base, struct arena *arena,
    struct why *why)
{
	if (row->type != FIELD_STR)
		return field_set(row, base, slice_of(row->def), arena, why);
	*(const char **)(void *)((char *)base + row->off) = row->def;
	return MS_OK;
}

enum ms_err
field_set_defaults(const struct field *rows, void *base, struct arena *arena,
    struct why *why)
{
	for (const struct field *row = rows; row->name; row++) {
		struct why inner = { "" };
		enum ms_err err;
		if (!row->def)
			continue;
		err = set_default(row, base, arena, &inner);
		if (err != MS_OK)
			return why_set(why, err, "default of %s: %s", row->name,
			    inner.text);
	}
	return MS_OK;
}
