/* SPDX-License-Identifier: Apache-2.0 */
/*
 * CloudEvents JSON to an event, without a tree: the scanner checks the text
 * once, a walk over the members puts slices where they belong.  Rules are
 * checked here already, so that a person reads the name of the member in the
 * line that is wrong.
 */
#include "proto/cloudevent.h"

#include "common/id.h"
#include "common/json.h"
#include "common/mono.h"
#include "proto/attribute.h"
#include "proto/base64.h"
#include "proto/subject.h"

/* Attributes, and the members that are none: specversion, data, data_base64,
 * time, correlationid, causationid and our own. */
#define MEMBERS_MAX (ENVELOPE_ATTRIBUTES_MAX + 12u)

struct member {
	struct slice name;
	struct json_raw value;
};

struct parse {
	struct envelope *event;
	struct arena *arena;
	struct why *why;
	struct attribute *extensions;
	size_t extension_count;
	struct json_raw data;
	struct json_raw data_base64;
	bool has_data;
	bool has_base64;
	bool has_version;
	size_t member_count;
	struct member members[MEMBERS_MAX]; /* last: not cleared */
};

/* ---- texts -------------------------------------------------------------- */

static enum ms_err
refuse(const struct parse *p, struct slice name, const char *what)
{
	return why_set(p->why, MS_EATTRIBUTE, "attribute %.*s: %s",
	    (int)(name.len < 64 ? name.len : 64), name.ptr, what);
}

static enum ms_err
take_text(const struct parse *p, const struct member *m, struct slice *text_r)
{
	if (m->value.type != JSON_STRING)
		return refuse(p, m->name, "must be a string");
	if (!json_string(m->value, p->arena, text_r))
		return why_set(p->why, MS_ENOMEM, "no memory for a string");
	return MS_OK;
}

static enum ms_err
take_bytes(const struct parse *p, const struct member *m, struct slice *bytes_r)
{
	struct slice text = { NULL, 0 };
	enum ms_err err = take_text(p, m, &text);
	unsigned char *bytes;
	size_t n;

	if (err != MS_OK)
		return err;
	bytes = arena_alloc(p->arena, base64_decoded_max(text.len));
	if (!bytes)
		return why_set(p->why, MS_ENOMEM, "no memory for %zu bytes",
		    base64_decoded_max(text.len));
	if (!base64_decode(text, bytes, &n))
		return refuse(p, m->name, "not base64");
	*bytes_r = (struct slice){ (const char *)bytes, n };
	return MS_OK;
}

/* Only the canonical form, so that printing gives the same text again; the
 * nil UUID would read as "not given". */
static bool
take_uuid(struct slice text, struct id128 *id_r)
{
	struct id128 id;

	for (size_t i = 0; i < text.len; i++)
		if (text.ptr[i] >= 'A' && text.ptr[i] <= 'F')
			return false;
	if (!id_parse(text, &id) || id_is_zero(&id))
		return false;
	*id_r = id;
	return true;
}

/* ---- members with a meaning of their own ---------------------------------- */

static enum ms_err
set_version(struct parse *p, const struct member *m)
{
	struct slice text = { NULL, 0 };
	enum ms_err err = take_text(p, m, &text);

	if (err == MS_OK && !slice_is(text, "1.0"))
		return refuse(p, m->name, "only \"1.0\" is supported");
	return err;
}

static enum ms_err
set_time(struct parse *p, const struct member *m)
{
	struct slice text = { NULL, 0 };
	enum ms_err err = take_text(p, m, &text);

	if (err == MS_OK &&
	    !rfc3339_parse(text.ptr, text.len, &p->event->time_ns))
		return refuse(p, m->name, "not an RFC 3339 time");
	return err;
}

static enum ms_err
set_id(struct parse *p, const struct member *m)
{
	struct slice text = { NULL, 0 };
	enum ms_err err = take_text(p, m, &text);

	if (err != MS_OK || take_uuid(text, &p->event->id))
		return err;
	p->event->id_text = text;
	return attribute_check(&attribute_rows[KEY_ID], text, p->why);
}

static enum ms_err
set_sequence(struct parse *p, const struct member *m)
{
	struct slice text = { NULL, 0 };
	enum ms_err err = take_text(p, m, &text);

	if (err == MS_OK && !parse_u64(text, &p->event->seq))
		return refuse(p, m->name, "not a decimal number");
	return err;
}

static enum ms_err
set_deliveries(struct parse *p, const struct member *m)
{
	uint64_t value;

	if (m->value.type != JSON_NUMBER || !parse_u64(m->value.raw, &value) ||
	    value > UINT16_MAX)
		return refuse(p, m->name, "not a number within 0..65535");
	p->event->deliveries = (uint16_t)value;
	return MS_OK;
}

static enum ms_err
set_replay(struct parse *p, const struct member *m)
{
	if (m->value.type != JSON_TRUE && m->value.type != JSON_FALSE)
		return refuse(p, m->name, "must be true or false");
	if (m->value.type == JSON_TRUE)
		p->event->flags |= ENVELOPE_REPLAY;
	return MS_OK;
}

static enum ms_err
set_data(struct parse *p, const struct member *m)
{
	p->data = m->value;
	p->has_data = true;
	return MS_OK;
}

static enum ms_err
set_base64(struct parse *p, const struct member *m)
{
	if (m->value.type != JSON_STRING)
		return refuse(p, m->name, "must be a string");
	p->data_base64 = m->value;
	p->has_base64 = true;
	return MS_OK;
}

/* ---- attributes and extensions -------------------------------------------- */

static enum ms_err
set_attribute(struct parse *p, const struct attribute_row *row,
    const struct member *m)
{
	struct slice value = { NULL, 0 };
	enum ms_err err = row->type == ATTRIBUTE_BYTES
	    ? take_bytes(p, m, &value)
	    : take_text(p, m, &value);

	if (err == MS_OK && row != &attribute_rows[KEY_SUBJECT])
		err = attribute_check_new(row, value, p->why);
	else if (err == MS_OK)
		err = subject_check(value, p->why);
	if (err == MS_OK)
		*attribute_slice(p->event, row) = value;
	return err;
}

static enum ms_err
extension_value(const struct parse *p, const struct member *m,
    struct attribute *x)
{
	switch (m->value.type) {
	case JSON_STRING:
		x->type = ATTRIBUTE_TEXT;
		return take_text(p, m, &x->value);
	case JSON_TRUE:
	case JSON_FALSE:
		x->type = ATTRIBUTE_BOOL;
		x->value = m->value.raw;
		return MS_OK;
	case JSON_NUMBER:
		x->type = ATTRIBUTE_INTEGER;
		x->value = m->value.raw;
		return MS_OK;
	default:
		return refuse(p, m->name,
		    "must be a string, boolean or integer");
	}
}

static enum ms_err
add_extension(struct parse *p, const struct member *m)
{
	struct attribute x = { .name = m->name };
	enum ms_err err = extension_value(p, m, &x);

	if (err == MS_OK)
		err = extension_check(&x, p->why);
	if (err != MS_OK)
		return err;
	if (!p->extensions)
		p->extensions = arena_alloc(p->arena,
		    p->member_count * sizeof(*p->extensions));
	if (!p->extensions)
		return why_set(p->why, MS_ENOMEM, "no memory for attributes");
	p->extensions[p->extension_count++] = x;
	return MS_OK;
}

/* A UUID goes into the header's own field, other text stays as it is. */
static enum ms_err
set_cause(struct parse *p, const struct member *m, struct id128 *id_r)
{
	struct slice text = { NULL, 0 };
	enum ms_err err = take_text(p, m, &text);

	if (err != MS_OK || take_uuid(text, id_r))
		return err;
	return add_extension(p, m);
}

static enum ms_err
set_correlation(struct parse *p, const struct member *m)
{
	return set_cause(p, m, &p->event->correlation);
}

static enum ms_err
set_causation(struct parse *p, const struct member *m)
{
	return set_cause(p, m, &p->event->causation);
}

static const struct special {
	struct slice name;
	enum ms_err (*set)(struct parse *p, const struct member *m);
} specials[] = {
	{ { "specversion", 11 }, set_version },
	{ { "id", 2 }, set_id },
	{ { "time", 4 }, set_time },
	{ { "data", 4 }, set_data },
	{ { "data_base64", 11 }, set_base64 },
	{ { "correlationid", 13 }, set_correlation },
	{ { "causationid", 11 }, set_causation },
	{ { "sequence", 8 }, set_sequence },
	{ { "msdeliveries", 12 }, set_deliveries },
	{ { "msreplay", 8 }, set_replay },
};

static enum ms_err
set_member(struct parse *p, const struct member *m)
{
	const struct attribute_row *row;

	/* CloudEvents: null is as good as absent, but null data is data */
	if (m->value.type == JSON_NULL && !slice_is(m->name, "data"))
		return MS_OK;
	for (size_t i = 0; i < ARRAY_LEN(specials); i++)
		if (slice_eq(m->name, specials[i].name))
			return specials[i].set(p, m);
	row = attribute_find(m->name);
	return row ? set_attribute(p, row, m) : add_extension(p, m);
}

/* ---- payload -------------------------------------------------------------- */

/* RFC 2045 media type with subtype json or suffix +json; parameters aside. */
static bool
is_json_type(struct slice type)
{
	const char *end = memchr(type.ptr, ';', type.len);

	if (end)
		type.len = (size_t)(end - type.ptr);
	type = slice_trim(type);
	return type.len >= 5 &&
	    strncasecmp(type.ptr + type.len - 4, "json", 4) == 0 &&
	    (type.ptr[type.len - 5] == '/' || type.ptr[type.len - 5] == '+');
}

/* Text of another type than JSON is the text, not its JSON string. */
static enum ms_err
take_data(struct parse *p)
{
	struct envelope *e = p->event;

	if (p->data.type == JSON_STRING && e->content_type.len &&
	    !is_json_type(e->content_type)) {
		e->encoding = ENCODING_RAW;
		return take_text(p,
		    &(struct member){ SLICE_LIT("data"), p->data },
		    &e->payload);
	}
	e->encoding = ENCODING_JSON;
	e->payload = p->data.raw;
	return MS_OK;
}

static enum ms_err
take_payload(struct parse *p)
{
	struct member m = { SLICE_LIT("data_base64"), p->data_base64 };

	if (p->has_data && p->has_base64)
		return refuse(p, m.name, "data is given as well");
	if (p->has_data)
		return take_data(p);
	if (p->has_base64)
		return take_bytes(p, &m, &p->event->payload);
	return MS_OK;
}

/* ---- the whole ------------------------------------------------------------ */

/* A key is rarely written with escapes, but may be. */
static enum ms_err
resolve_name(const struct parse *p, struct slice *name)
{
	struct json_raw quoted = { JSON_STRING,
		{ name->ptr - 1, name->len + 2 } };

	if (!name->len || !memchr(name->ptr, '\\', name->len))
		return MS_OK;
	if (!json_string(quoted, p->arena, name))
		return why_set(p->why, MS_ENOMEM, "no memory for a name");
	return MS_OK;
}

/* Notes the members; which of many matter is known when specversion came. */
static enum ms_err
note_members(struct parse *p, struct json_raw object, size_t *total_r)
{
	struct json_walk walk = json_walk_of(object);
	struct member m;
	size_t total = 0;

	while (json_walk_next(&walk, &m.name, &m.value)) {
		enum ms_err err = resolve_name(p, &m.name);

		if (err != MS_OK)
			return err;
		p->has_version |= slice_is(m.name, "specversion");
		if (total < MEMBERS_MAX)
			p->members[p->member_count++] = m;
		total++;
	}
	*total_r = total;
	return MS_OK;
}

static bool
is_repeated(const struct parse *p, size_t i)
{
	struct slice name = p->members[i].name;

	while (i-- > 0)
		if (slice_eq(name, p->members[i].name))
			return true;
	return false;
}

static enum ms_err
check_given(const struct parse *p)
{
	const struct envelope *e = p->event;

	if (e->type.len == 0)
		return refuse(p, SLICE_LIT("type"), "is missing");
	if (e->source.len == 0)
		return refuse(p, SLICE_LIT("source"), "is missing");
	return subject_check(e->subject, p->why);
}

static enum ms_err
read_members(struct parse *p, size_t total)
{
	enum ms_err err = MS_OK;

	if (total > MEMBERS_MAX)
		return why_set(p->why, MS_EATTRIBUTE,
		    "%zu members are more than %u", total, MEMBERS_MAX);
	for (size_t i = 0; i < p->member_count && err == MS_OK; i++) {
		if (is_repeated(p, i))
			return refuse(p, p->members[i].name, "is given twice");
		err = set_member(p, &p->members[i]);
	}
	if (err == MS_OK)
		err = take_payload(p);
	if (err == MS_OK)
		err = check_given(p);
	p->event->extensions = p->extensions;
	p->event->extension_count = p->extension_count;
	return err;
}

enum ms_err
cloudevent_parse(struct slice text, const struct envelope *defaults,
    struct arena *arena, struct envelope *event_r, struct why *why)
{
	struct parse p;
	struct json_raw value;
	size_t total = 0;
	enum ms_err err = json_check(text, &value, why);

	if (err != MS_OK)
		return err;
	memset(&p, 0, offsetof(struct parse, members));
	p.event = event_r;
	p.arena = arena;
	p.why = why;
	*event_r = (struct envelope){ 0 };
	if (defaults) {
		event_r->subject = defaults->subject;
		event_r->type = defaults->type;
		event_r->source = defaults->source;
		event_r->time_ns = defaults->time_ns;
	}
	if (value.type == JSON_OBJECT)
		err = note_members(&p, value, &total);
	if (err != MS_OK)
		return err;
	if (p.has_version)
		return read_members(&p, total);
	event_r->encoding = ENCODING_JSON;
	event_r->payload = value.raw;
	return subject_check(event_r->subject, why);
}
