/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reads text that json_check() has accepted: members one by one, and the
 * text of strings.  It trusts the grammar and therefore only looks for ends;
 * it never trusts it with memory: no byte past the slice is touched.
 */
#include "common/arena.h"
#include "common/json.h"
#include "common/utf8.h"

static const char *
skip_blanks(const char *p, const char *end)
{
	while (p < end && (*p == ' ' || *p == '\t' || *p == '\n' || *p == '\r'))
		p++;
	return p;
}

/* p is behind the opening quote; the result is at the closing one. */
static const char *
string_end(const char *p, const char *end)
{
	while (p < end && *p != '"')
		p += *p == '\\' && end - p > 1 ? 2 : 1;
	return p;
}

static const char *
skip_string(const char *p, const char *end)
{
	p = string_end(p + 1, end);
	return p < end ? p + 1 : end;
}

static const char *
skip_container(const char *p, const char *end)
{
	unsigned depth = 0;

	while (p < end) {
		switch (*p) {
		case '"':
			p = skip_string(p, end);
			continue;
		case '{':
		case '[':
			depth++;
			break;
		case '}':
		case ']':
			if (--depth == 0)
				return p + 1;
			break;
		default:
			break;
		}
		p++;
	}
	return p;
}

static const char *
skip_scalar(const char *p, const char *end)
{
	while (p < end && *p != ',' && *p != '}' && *p != ']' && *p != ' ' &&
	    *p != '\t' && *p != '\n' && *p != '\r')
		p++;
	return p;
}

static const char *
take_value(const char *p, const char *end, struct json_raw *value_r)
{
	const char *first = p;

	switch (*p) {
	case '"':
		value_r->type = JSON_STRING;
		p = skip_string(p, end);
		break;
	case '{':
	case '[':
		value_r->type = *p == '{' ? JSON_OBJECT : JSON_ARRAY;
		p = skip_container(p, end);
		break;
	default:
		value_r->type = *p == 't' ? JSON_TRUE
		    : *p == 'f'           ? JSON_FALSE
		    : *p == 'n'           ? JSON_NULL
					  : JSON_NUMBER;
		p = skip_scalar(p, end);
		break;
	}
	value_r->raw = (struct slice){ first, (size_t)(p - first) };
	return p;
}

/* p is at the opening quote of a key; the result is at the value. */
static const char *
take_key(const char *p, const char *end, struct slice *key_r)
{
	const char *first = p + 1;

	p = string_end(first, end);
	*key_r = (struct slice){ first, (size_t)(p - first) };
	p = skip_blanks(p < end ? p + 1 : end, end);
	return skip_blanks(p < end ? p + 1 : end, end); /* the colon */
}

struct json_walk
json_walk_of(struct json_raw container)
{
	struct json_walk walk = { { NULL, 0 }, false };

	if (container.type == JSON_OBJECT || container.type == JSON_ARRAY)
		walk.rest = container.raw;
	return walk;
}

/* rest begins with the bracket or comma before the next member and ends with
 * the closing bracket, which tells an object from an array. */
bool
json_walk_next(struct json_walk *walk, struct slice *key_r,
    struct json_raw *value_r)
{
	if (walk->rest.len < 2)
		return false;
	const char *end = walk->rest.ptr + walk->rest.len - 1;
	const char *p = skip_blanks(walk->rest.ptr + 1, end);

	*key_r = (struct slice){ p, 0 };
	if (p < end && *end == '}' && *p == '"')
		p = take_key(p, end, key_r);
	if (p == end) {
		walk->rest.len = 0;
		return false;
	}
	p = skip_blanks(take_value(p, end, value_r), end);
	walk->rest = (struct slice){ p, (size_t)(end - p) + 1 };
	walk->started = true;
	return true;
}

/* ---- the text of strings ----------------------------------------------- */

static unsigned
hex4(const char *p)
{
	unsigned unit = 0;

	for (int i = 0; i < 4; i++) {
		unsigned char c = (unsigned char)p[i];
		unit = unit << 4 | (c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10);
	}
	return unit;
}

static char *
put_utf8(char *out, unsigned code)
{
	if (code < 0x80) {
		*out++ = (char)code;
		return out;
	}
	if (code < 0x800) {
		*out++ = (char)(0xc0 | code >> 6);
	} else {
		if (code < 0x10000) {
			*out++ = (char)(0xe0 | code >> 12);
		} else {
			*out++ = (char)(0xf0 | code >> 18);
			*out++ = (char)(0x80 | (code >> 12 & 0x3f));
		}
		*out++ = (char)(0x80 | (code >> 6 & 0x3f));
	}
	*out++ = (char)(0x80 | (code & 0x3f));
	return out;
}

/* *p is behind "\u".  The result never needs more bytes than the escape. */
static char *
resolve_unicode(const char **p, const char *end, char *out)
{
	unsigned code = 0xfffd;

	if (end - *p >= 4) {
		code = hex4(*p) & 0xffff;
		*p += 4;
	} else {
		*p = end;
	}
	if (code >= 0xd800 && code <= 0xdbff && end - *p >= 6) {
		unsigned low = hex4(*p + 2) & 0x3ff;
		code = 0x10000 + ((code - 0xd800) << 10 | low);
		*p += 6;
	}
	return put_utf8(out, code);
}

static char *
resolve_escape(const char **p, const char *end, char *out)
{
	char c = *(*p)++;

	switch (c) {
	case 'b':
		*out++ = '\b';
		break;
	case 'f':
		*out++ = '\f';
		break;
	case 'n':
		*out++ = '\n';
		break;
	case 'r':
		*out++ = '\r';
		break;
	case 't':
		*out++ = '\t';
		break;
	case 'u':
		return resolve_unicode(p, end, out);
	default:
		*out++ = c;
		break;
	}
	return out;
}

bool
json_string(struct json_raw value, struct arena *arena, struct slice *text_r)
{
	if (value.type != JSON_STRING || value.raw.len < 2)
		return false;
	const char *p = value.raw.ptr + 1;
	const char *end = value.raw.ptr + value.raw.len - 1;

	if (!memchr(p, '\\', (size_t)(end - p))) {
		*text_r = (struct slice){ p, (size_t)(end - p) };
		return true;
	}
	char *text = arena_alloc(arena, (size_t)(end - p) + 1);
	char *out = text;
	if (!text)
		return false;
	while (p < end) {
		if (*p == '\\' && end - p > 1) {
			p++;
			out = resolve_escape(&p, end, out);
		} else {
			*out++ = *p++;
		}
	}
	*text_r = (struct slice){ text, (size_t)(out - text) };
	return true;
}

/* ---- quoting ------------------------------------------------------------ */

static void
quote_special(struct buf *out, unsigned char c)
{
	static const char letter[] = "\b\f\n\r\t\"\\";
	static const char *const escape[] = { "\\b", "\\f", "\\n", "\\r", "\\t",
		"\\\"", "\\\\" };
	const char *found = c ? strchr(letter, c) : NULL;

	if (found)
		buf_add_str(out, escape[found - letter]);
	else if (c < 0x20)
		buf_printf(out, "\\u%04x", c);
	else
		buf_add_str(out, "\xef\xbf\xbd"); /* U+FFFD */
}

void
json_quote(struct buf *out, struct slice text)
{
	const unsigned char *p = (const unsigned char *)text.ptr;
	const unsigned char *end = text.len ? p + text.len : p;
	const unsigned char *run = p; /* not yet copied */

	buf_add_u8(out, '"');
	while (p < end) {
		bool plain = *p >= 0x20 && *p != '"' && *p != '\\';
		size_t n = plain ? utf8_sequence(p, end) : 0;
		if (n) {
			p += n;
			continue;
		}
		buf_add(out, run, (size_t)(p - run));
		quote_special(out, *p);
		run = ++p;
	}
	buf_add(out, run, (size_t)(p - run));
	buf_add_u8(out, '"');
}
