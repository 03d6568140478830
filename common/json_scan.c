/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The strict scanner: one pass, no allocation, no recursion.  What may come
 * next is a small state; which kind of container we are in is one bit per
 * level.  Runs of plain string bytes, the bulk of every event, are skipped
 * eight at a time.
 */
#include <endian.h>

#include "common/json.h"
#include "common/utf8.h"

enum byte_class {
	PLAIN = 0, /* stands for itself inside a string */
	QUOTE,
	ESCAPE,
	CONTROL,
	WIDE /* starts (or breaks) a sequence of UTF-8 */
};

/* clang-format off */
static const unsigned char class_of[256] = {
	[0x00 ... 0x1f] = CONTROL,
	['"'] = QUOTE,
	['\\'] = ESCAPE,
	[0x80 ... 0xff] = WIDE,
};
static const bool is_blank[256] = {
	[' '] = true, ['\t'] = true, ['\n'] = true, ['\r'] = true,
};
/* clang-format on */

enum want {
	WANT_VALUE,
	WANT_FIRST_ITEM, /* a value or ']' */
	WANT_FIRST_KEY,  /* a key or '}' */
	WANT_KEY,
	WANT_MORE, /* ',' or the end of the container */
	WANT_NOTHING,
	REFUSED
};

struct scan {
	const unsigned char *at;
	const unsigned char *end;
	const char *expected; /* for the message when refused */
	unsigned depth;
	uint64_t objects; /* bit d-1: the container at depth d is an object */
};
_Static_assert(JSON_DEPTH_MAX <= 64, "one bit per level");

static enum want
refuse(struct scan *s, const char *expected)
{
	s->expected = expected;
	return REFUSED;
}

static void
skip_blanks(struct scan *s)
{
	while (s->at < s->end && is_blank[*s->at])
		s->at++;
}

/* A set high bit for every byte that is a quote, backslash, control or not
 * ASCII; bytes above the lowest hit may be false, the lowest never is. */
static uint64_t
special_bytes(uint64_t w)
{
	const uint64_t ones = 0x0101010101010101u;
	uint64_t quote = w ^ (ones * '"');
	uint64_t escape = w ^ (ones * '\\');

	return ((w | ((w - ones * 0x20) & ~w) | ((quote - ones) & ~quote) |
		    ((escape - ones) & ~escape)) &
	    (ones * 0x80));
}

static const unsigned char *
skip_plain(const unsigned char *p, const unsigned char *end)
{
	uint64_t w, hits;

	while (end - p >= (ptrdiff_t)sizeof(w)) {
		memcpy(&w, p, sizeof(w));
		hits = special_bytes(le64toh(w));
		if (hits)
			return p + (__builtin_ctzll(hits) >> 3);
		p += sizeof(w);
	}
	while (p < end && class_of[*p] == PLAIN)
		p++;
	return p;
}

static int
hex_digit(unsigned char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Four hex digits at s->at; -1 (at the wrong byte) when they are not. */
static int
scan_hex4(struct scan *s)
{
	int unit = 0;

	for (int i = 0; i < 4; i++, s->at++) {
		int digit = s->at < s->end ? hex_digit(*s->at) : -1;
		if (digit < 0)
			return -1;
		unit = unit << 4 | digit;
	}
	return unit;
}

static bool
scan_unicode(struct scan *s)
{
	const unsigned char *escape = s->at - 2; /* the backslash */
	int unit = scan_hex4(s);

	if (unit >= 0xd800 && unit <= 0xdbff) {
		if (s->end - s->at >= 2 && s->at[0] == '\\' &&
		    s->at[1] == 'u') {
			s->at += 2;
			int low = scan_hex4(s);
			if (low >= 0xdc00 && low <= 0xdfff)
				return true;
			if (low < 0)
				unit = -1;
		}
	} else if (unit >= 0 && (unit < 0xdc00 || unit > 0xdfff)) {
		return true;
	}
	if (unit < 0) {
		s->expected = "four hex digits";
		return false;
	}
	s->at = escape;
	s->expected = "a pair of surrogates";
	return false;
}

/* s->at is at the backslash. */
static bool
scan_escape(struct scan *s)
{
	unsigned char c = s->end - s->at > 1 ? s->at[1] : 0;

	switch (c) {
	case '"':
	case '\\':
	case '/':
	case 'b':
	case 'f':
	case 'n':
	case 'r':
	case 't':
		s->at += 2;
		return true;
	case 'u':
		s->at += 2;
		return scan_unicode(s);
	default:
		s->at++;
		s->expected = "one of \"\\/bfnrtu after '\\'";
		return false;
	}
}

/* s->at is at the opening quote; behind the closing one afterwards. */
static bool
scan_string(struct scan *s)
{
	size_t n;

	for (s->at++;;) {
		s->at = skip_plain(s->at, s->end);
		if (s->at == s->end) {
			s->expected = "'\"' to end the string";
			return false;
		}
		switch (class_of[*s->at]) {
		case QUOTE:
			s->at++;
			return true;
		case ESCAPE:
			if (!scan_escape(s))
				return false;
			break;
		case WIDE:
			n = utf8_sequence(s->at, s->end);
			if (n == 0) {
				s->expected = "well-formed UTF-8";
				return false;
			}
			s->at += n;
			break;
		default:
			s->expected = "control characters to be escaped";
			return false;
		}
	}
}

static bool
scan_digits(struct scan *s)
{
	const unsigned char *first = s->at;

	while (s->at < s->end && *s->at >= '0' && *s->at <= '9')
		s->at++;
	if (s->at > first)
		return true;
	s->expected = "a digit";
	return false;
}

static bool
scan_number(struct scan *s)
{
	if (*s->at == '-')
		s->at++;
	if (s->at < s->end && *s->at == '0') {
		s->at++;
		if (s->at < s->end && *s->at >= '0' && *s->at <= '9') {
			s->expected = "no digit after a leading 0";
			return false;
		}
	} else if (!scan_digits(s)) {
		return false;
	}
	if (s->at < s->end && *s->at == '.') {
		s->at++;
		if (!scan_digits(s))
			return false;
	}
	if (s->at < s->end && (*s->at | 0x20) == 'e') {
		s->at++;
		if (s->at < s->end && (*s->at == '+' || *s->at == '-'))
			s->at++;
		return scan_digits(s);
	}
	return true;
}

static bool
scan_word(struct scan *s, const char *word)
{
	size_t n = strlen(word);

	if ((size_t)(s->end - s->at) < n || memcmp(s->at, word, n) != 0) {
		s->expected = "true, false or null";
		return false;
	}
	s->at += n;
	return true;
}

static enum want
after_value(const struct scan *s)
{
	return s->depth ? WANT_MORE : WANT_NOTHING;
}

static enum want
open_container(struct scan *s, bool object)
{
	if (s->depth == JSON_DEPTH_MAX)
		return refuse(s, "less nesting");
	s->at++;
	if (object)
		s->objects |= UINT64_C(1) << s->depth;
	else
		s->objects &= ~(UINT64_C(1) << s->depth);
	s->depth++;
	return object ? WANT_FIRST_KEY : WANT_FIRST_ITEM;
}

static enum want
close_container(struct scan *s)
{
	s->at++;
	s->depth--;
	return after_value(s);
}

static enum want
scan_value(struct scan *s)
{
	bool good;

	switch (*s->at) {
	case '"':
		good = scan_string(s);
		break;
	case '{':
		return open_container(s, true);
	case '[':
		return open_container(s, false);
	case 't':
		good = scan_word(s, "true");
		break;
	case 'f':
		good = scan_word(s, "false");
		break;
	case 'n':
		good = scan_word(s, "null");
		break;
	case '-':
	case '0' ... '9':
		good = scan_number(s);
		break;
	default:
		return refuse(s, "a value");
	}
	return good ? after_value(s) : REFUSED;
}

static enum want
scan_key(struct scan *s)
{
	if (*s->at != '"')
		return refuse(s, "'\"' to begin a key");
	if (!scan_string(s))
		return REFUSED;
	skip_blanks(s);
	if (s->at == s->end || *s->at != ':')
		return refuse(s, "':'");
	s->at++;
	return WANT_VALUE;
}

static enum want
scan_more(struct scan *s)
{
	bool object = s->objects >> (s->depth - 1) & 1;

	if (*s->at == ',') {
		s->at++;
		return object ? WANT_KEY : WANT_VALUE;
	}
	if (*s->at == (object ? '}' : ']'))
		return close_container(s);
	return refuse(s, object ? "',' or '}'" : "',' or ']'");
}

static enum want
at_end(struct scan *s, enum want want)
{
	static const char *const expected[] = {
		[WANT_VALUE] = "a value",
		[WANT_FIRST_ITEM] = "a value or ']'",
		[WANT_FIRST_KEY] = "'\"' to begin a key or '}'",
		[WANT_KEY] = "'\"' to begin a key",
		[WANT_MORE] = "the end of an array or object",
	};

	return refuse(s, expected[want]);
}

static enum want
scan_next(struct scan *s, enum want want)
{
	skip_blanks(s);
	if (s->at == s->end)
		return at_end(s, want);
	switch (want) {
	case WANT_FIRST_ITEM:
		return *s->at == ']' ? close_container(s) : scan_value(s);
	case WANT_FIRST_KEY:
		return *s->at == '}' ? close_container(s) : scan_key(s);
	case WANT_KEY:
		return scan_key(s);
	case WANT_MORE:
		return scan_more(s);
	default:
		return scan_value(s);
	}
}

static enum json_type
type_at(unsigned char first)
{
	switch (first) {
	case '{':
		return JSON_OBJECT;
	case '[':
		return JSON_ARRAY;
	case '"':
		return JSON_STRING;
	case 't':
		return JSON_TRUE;
	case 'f':
		return JSON_FALSE;
	case 'n':
		return JSON_NULL;
	default:
		return JSON_NUMBER;
	}
}

static enum ms_err
explain(const struct scan *s, struct slice text, struct why *why)
{
	size_t off = (size_t)(s->at - (const unsigned char *)text.ptr);

	if (s->at == s->end)
		return why_set(why, MS_EJSON,
		    "byte %zu: expected %s, found the end", off, s->expected);
	if (*s->at > 0x20 && *s->at < 0x7f)
		return why_set(why, MS_EJSON,
		    "byte %zu: expected %s, found '%c'", off, s->expected,
		    *s->at);
	return why_set(why, MS_EJSON, "byte %zu: expected %s, found 0x%02x",
	    off, s->expected, *s->at);
}

enum ms_err
json_check(struct slice text, struct json_raw *value_r, struct why *why)
{
	if (!text.ptr) /* an empty slice may have no pointer: give it one */
		text = SLICE_LIT("");
	struct scan s = { .at = (const unsigned char *)text.ptr };
	const unsigned char *first;
	enum want want = WANT_VALUE;

	s.end = s.at + text.len;
	skip_blanks(&s);
	first = s.at;
	while (want < WANT_NOTHING)
		want = scan_next(&s, want);
	if (want == WANT_NOTHING) {
		if (value_r)
			*value_r = (struct json_raw){ type_at(*first),
				{ (const char *)first,
				    (size_t)(s.at - first) } };
		skip_blanks(&s);
		if (s.at < s.end)
			want = refuse(&s, "nothing after the value");
	}
	return want == REFUSED ? explain(&s, text, why) : MS_OK;
}
