/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Members of a message to and from JSON objects, for msctl and other people's
 * programs.  Numbers are plain (milliseconds, bytes); what a double cannot
 * hold exactly, and whatever has a text form of its own, travels as text in
 * user's units, which is accepted for every type.
 */
#include <inttypes.h>
#include <stdio.h>

#include "common/id.h"
#include "common/json.h"
#include "common/mono.h"
#include "proto/msg.h"

#define EXACT_INTEGER  9007199254740992.0 /* 2^53 */
#define ROWS_MAX       256u
#define NUMBER_BYTES   32u
#define CANDIDATES_MAX 64u

/* ---- to JSON ------------------------------------------------------------ */

static void
put_text(const struct field *row, const void *base, struct json *object)
{
	struct buf text = { 0 };

	field_print(row, base, &text);
	buf_add_u8(&text, '\0');
	json_put_str(object, row->name,
	    text.failed ? NULL : (const char *)text.ptr);
	buf_fini(&text);
}

static void
put_u64_value(const struct field *row, const void *base, struct json *object)
{
	uint64_t value = *(const uint64_t *)((const char *)base + row->off);

	if (value <= (uint64_t)EXACT_INTEGER)
		json_put_num(object, row->name, (double)value);
	else
		put_text(row, base, object);
}

static void
put_i64_value(const struct field *row, const void *base, struct json *object)
{
	int64_t value = *(const int64_t *)((const char *)base + row->off);

	if (value <= (int64_t)EXACT_INTEGER && value >= -(int64_t)EXACT_INTEGER)
		json_put_num(object, row->name, (double)value);
	else
		put_text(row, base, object);
}

static void
put_words(const struct words *words, const char *name, struct json *object)
{
	struct json *list = json_put_array(object, name);

	for (size_t i = 0; i < words->count; i++)
		json_put_str(list, NULL, words->word[i]);
}

static void
put_row(const struct field *row, const void *base, struct json *object)
{
	const void *at = (const char *)base + row->off;

	if (row->flags & FIELD_SECRET) {
		put_text(row, base, object);
		return;
	}
	switch (row->type) {
	case FIELD_BOOL:
		json_put_bool(object, row->name, *(const bool *)at);
		break;
	case FIELD_U32:
		json_put_num(object, row->name, *(const uint32_t *)at);
		break;
	case FIELD_U64:
	case FIELD_DURATION:
	case FIELD_SIZE:
		put_u64_value(row, base, object);
		break;
	case FIELD_I64:
		put_i64_value(row, base, object);
		break;
	case FIELD_STR:
		json_put_str(object, row->name, *(char *const *)at);
		break;
	case FIELD_WORDS:
		put_words(at, row->name, object);
		break;
	case FIELD_ID:
		if (id_is_zero(at))
			json_put_null(object, row->name);
		else
			put_text(row, base, object);
		break;
	case FIELD_ENUM:
	case FIELD_SIGNAL:
	case FIELD_RANGE:
	case FIELD_RATE:
	case FIELD_CUSTOM:
		put_text(row, base, object);
		break;
	}
}

void
fields_to_json(const struct field *rows, const void *base, struct json *object)
{
	for (const struct field *row = rows; row->name; row++)
		put_row(row, base, object);
}

/* ---- from JSON ---------------------------------------------------------- */

struct set {
	const struct field *row;
	const struct json *node;
	void *base;
	struct arena *arena;
};

static bool
is_number(enum field_type type)
{
	return type == FIELD_U32 || type == FIELD_U64 || type == FIELD_I64 ||
	    type == FIELD_DURATION || type == FIELD_SIZE;
}

static enum ms_err
set_text(const struct set *s, const char *text, struct why *why)
{
	return field_set(s->row, s->base, slice_of(text), s->arena, why);
}

static enum ms_err
set_number(const struct set *s, struct why *why)
{
	double value = json_num(s->node);
	char text[NUMBER_BYTES];

	if (!is_number(s->row->type))
		return why_set(why, MS_EINVAL, "a number is not expected here");
	if (!(value >= -EXACT_INTEGER && value <= EXACT_INTEGER))
		return why_set(why, MS_EINVAL,
		    "the number is too large for JSON, give it as a string");
	if ((double)(int64_t)value != value)
		return why_set(why, MS_EINVAL, "not a whole number");
	snprintf(text, sizeof(text), "%" PRId64 "%s", (int64_t)value,
	    s->row->type == FIELD_DURATION ? "ms" : "");
	return set_text(s, text, why);
}

static enum ms_err
set_bool(const struct set *s, struct why *why)
{
	if (s->row->type != FIELD_BOOL)
		return why_set(why, MS_EINVAL,
		    "true or false is not expected here");
	return set_text(s,
	    json_type_of(s->node) == JSON_TRUE ? "true" : "false", why);
}

static enum ms_err
set_list(const struct set *s, struct why *why)
{
	size_t count = json_count(s->node), n = 0;
	struct words words = { NULL, count };

	if (s->row->type != FIELD_WORDS)
		return why_set(why, MS_EINVAL, "a list is not expected here");
	if (count < s->row->min || (s->row->max && count > s->row->max))
		return why_set(why, MS_EINVAL,
		    "%zu items are not within %" PRIu64 "..%" PRIu64, count,
		    s->row->min, s->row->max);
	words.word = arena_alloc(s->arena, (count + 1) * sizeof(char *));
	if (!words.word)
		return why_set(why, MS_ENOMEM, "no memory for the list");
	for (const struct json *item = json_first(s->node); item;
	     item = json_next(item), n++) {
		const char *text = json_text(item);
		if (!text)
			return why_set(why, MS_EINVAL,
			    "item %zu is not a string", n);
		words.word[n] = arena_strdup(s->arena, text);
		if (!words.word[n])
			return why_set(why, MS_ENOMEM,
			    "no memory for the list");
	}
	*(struct words *)(void *)((char *)s->base + s->row->off) = words;
	return MS_OK;
}

static enum ms_err
set_member(const struct set *s, struct why *why)
{
	switch (json_type_of(s->node)) {
	case JSON_STRING:
		return set_text(s, json_text(s->node), why);
	case JSON_NUMBER:
		return set_number(s, why);
	case JSON_TRUE:
	case JSON_FALSE:
		return set_bool(s, why);
	case JSON_ARRAY:
		return set_list(s, why);
	case JSON_OBJECT:
		return why_set(why, MS_EINVAL,
		    "an object is not expected here");
	case JSON_NULL:
		break;
	}
	return MS_OK; /* null: not given */
}

static enum ms_err
refuse_unknown(const struct field *rows, const char *key, struct why *why)
{
	const char *names[CANDIDATES_MAX];
	const char *near;
	size_t n = 0;

	for (const struct field *row = rows; row->name && n < CANDIDATES_MAX;
	     row++)
		names[n++] = row->name;
	near = suggest(slice_of(key), names, n);
	return why_set(why, MS_EINVAL, "unknown field '%.64s'%s%s%s", key,
	    near ? " (did you mean " : "", near ? near : "", near ? "?)" : "");
}

/* Rows that were given, one bit each. */
struct given {
	uint64_t bits[ROWS_MAX / 64];
};

static enum ms_err
check_required(const struct field *rows, const struct given *given,
    struct why *why)
{
	for (size_t i = 0; rows[i].name; i++) {
		bool is_given =
		    i < ROWS_MAX && given->bits[i / 64] >> i % 64 & 1;
		if (rows[i].flags & FIELD_REQUIRED && !is_given)
			return why_set(why, MS_EINVAL, "field %s is required",
			    rows[i].name);
	}
	return MS_OK;
}

enum ms_err
fields_from_json(const struct field *rows, const struct json *object,
    void *base, struct arena *arena, struct why *why)
{
	struct given given = { { 0 } };

	if (object && json_type_of(object) != JSON_OBJECT)
		return why_set(why, MS_EINVAL, "not a JSON object");
	for (const struct json *node = object ? json_first(object) : NULL; node;
	     node = json_next(node)) {
		const char *key = json_key(node);
		const struct field *row = field_find(rows, slice_of(key));
		struct why inner = { "" };
		enum ms_err err;
		if (!row)
			return refuse_unknown(rows, key, why);
		err =
		    set_member(&(struct set){ row, node, base, arena }, &inner);
		if (err != MS_OK)
			return why_set(why, err, "field %s: %.200s", row->name,
			    inner.text);
		size_t i = (size_t)(row - rows);
		if (json_type_of(node) != JSON_NULL && i < ROWS_MAX)
			given.bits[i / 64] |= UINT64_C(1) << i % 64;
	}
	return check_required(rows, &given, why);
}
