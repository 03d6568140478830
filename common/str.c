/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Text that people wrote, read strictly: the whole text or nothing, no sign,
 * blank or overflow that strtoul() would forgive.
 */
#include "common/str.h"

#include <ctype.h>
#include <signal.h>
#include <stdio.h>
#include <strings.h>

#include "common/mono.h"

bool
slice_eq(struct slice a, struct slice b)
{
	return a.len == b.len &&
	    (a.len == 0 || memcmp(a.ptr, b.ptr, a.len) == 0);
}

bool
slice_is(struct slice s, const char *text)
{
	return slice_eq(s, slice_of(text));
}

static bool
is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r';
}

struct slice
slice_trim(struct slice s)
{
	while (s.len > 0 && is_blank(s.ptr[0])) {
		s.ptr++;
		s.len--;
	}
	while (s.len > 0 && is_blank(s.ptr[s.len - 1]))
		s.len--;
	return s;
}

bool
slice_skip(struct slice s, const char *prefix, struct slice *rest_r)
{
	size_t n = strlen(prefix);

	if (s.len < n || memcmp(s.ptr, prefix, n) != 0)
		return false;
	*rest_r = (struct slice){ s.ptr + n, s.len - n };
	return true;
}

bool
slice_cut(struct slice *rest, char sep, struct slice *part_r)
{
	const char *at;

	if (rest->len == 0)
		return false;
	at = memchr(rest->ptr, sep, rest->len);
	if (!at) {
		*part_r = *rest;
		*rest = (struct slice){ rest->ptr + rest->len, 0 };
		return true;
	}
	*part_r = (struct slice){ rest->ptr, (size_t)(at - rest->ptr) };
	rest->ptr = at + 1;
	rest->len -= part_r->len + 1;
	return true;
}

bool
parse_u64(struct slice text, uint64_t *value_r)
{
	uint64_t value = 0;

	if (text.len == 0)
		return false;
	for (size_t i = 0; i < text.len; i++) {
		if (text.ptr[i] < '0' || text.ptr[i] > '9' ||
		    __builtin_mul_overflow(value, 10U, &value) ||
		    __builtin_add_overflow(value, text.ptr[i] - '0', &value))
			return false;
	}
	*value_r = value;
	return true;
}

bool
parse_i64(struct slice text, int64_t *value_r)
{
	bool minus = text.len > 0 && text.ptr[0] == '-';
	uint64_t most = minus ? (uint64_t)INT64_MAX + 1 : INT64_MAX;
	uint64_t value;

	if (minus) {
		text.ptr++;
		text.len--;
	}
	if (!parse_u64(text, &value) || value > most)
		return false;
	*value_r = minus ? (int64_t)(0 - value) : (int64_t)value;
	return true;
}

bool
parse_bool(struct slice text, bool *value_r)
{
	static const char *const words[] = { "no", "yes", "false", "true",
		"off", "on" };

	for (size_t i = 0; i < ARRAY_LEN(words); i++) {
		if (slice_is(text, words[i])) {
			*value_r = i % 2;
			return true;
		}
	}
	return false;
}

struct unit {
	const char *name;
	uint64_t size;
};

/* clang-format off */
static const struct unit duration_units[] = { /* largest first, for printing */
	{ "d",  UINT64_C(86400000) },
	{ "h",  UINT64_C(3600000) },
	{ "m",  UINT64_C(60000) },
	{ "s",  UINT64_C(1000) },
	{ "ms", UINT64_C(1) },
};
static const struct unit size_units[] = {
	{ "T", UINT64_C(1) << 40 },
	{ "G", UINT64_C(1) << 30 },
	{ "M", UINT64_C(1) << 20 },
	{ "K", UINT64_C(1) << 10 },
	{ "",  UINT64_C(1) },
};
/* clang-format on */

/* "10m" with units: digits, then exactly one of the names. */
static bool
parse_with_unit(struct slice text, const struct unit *units, size_t count,
    uint64_t *value_r)
{
	struct slice digits = { text.ptr, 0 };
	struct slice name;
	uint64_t number;

	while (digits.len < text.len && text.ptr[digits.len] >= '0' &&
	    text.ptr[digits.len] <= '9')
		digits.len++;
	name = (struct slice){ text.len ? text.ptr + digits.len : NULL,
		text.len - digits.len };
	if (!parse_u64(digits, &number))
		return false;
	for (size_t i = 0; i < count; i++) {
		if (!slice_is(name, units[i].name))
			continue;
		if (__builtin_mul_overflow(number, units[i].size, &number))
			return false;
		*value_r = number;
		return true;
	}
	return false;
}

bool
parse_duration(struct slice text, uint64_t *ms_r)
{
	uint64_t ms;

	if (slice_is(text, "infinity")) {
		*ms_r = DURATION_INFINITY;
		return true;
	}
	if (slice_is(text, "0")) {
		*ms_r = 0;
		return true;
	}
	if (!parse_with_unit(text, duration_units, ARRAY_LEN(duration_units),
		&ms) ||
	    ms == DURATION_INFINITY)
		return false;
	*ms_r = ms;
	return true;
}

bool
parse_size(struct slice text, uint64_t *bytes_r)
{
	return parse_with_unit(text, size_units, ARRAY_LEN(size_units),
	    bytes_r);
}

/* The largest unit that says the value exactly. */
static char *
print_with_unit(uint64_t value, const struct unit *units, char *out)
{
	const struct unit *u = units;

	while (value % u->size != 0)
		u++; /* ends: the last unit is 1 */
	snprintf(out, UNIT_TEXT_BYTES, "%ju%s", (uintmax_t)(value / u->size),
	    u->name);
	return out;
}

char *
print_duration(uint64_t ms, char out[static UNIT_TEXT_BYTES])
{
	if (ms == DURATION_INFINITY)
		return strcpy(out, "infinity");
	if (ms == 0)
		return strcpy(out, "0");
	return print_with_unit(ms, duration_units, out);
}

char *
print_size(uint64_t bytes, char out[static UNIT_TEXT_BYTES])
{
	if (bytes == 0)
		return strcpy(out, "0");
	return print_with_unit(bytes, size_units, out);
}

/* libc keeps two of the numbers before RTMIN for itself; they have no name
 * but a process can die of them.  Names must live on, so all are spelt out. */
static const char *const realtime_names[] = { "RTMIN", "RTMIN+1", "RTMIN+2",
	"RTMIN+3", "RTMIN+4", "RTMIN+5", "RTMIN+6", "RTMIN+7", "RTMIN+8",
	"RTMIN+9", "RTMIN+10", "RTMIN+11", "RTMIN+12", "RTMIN+13", "RTMIN+14",
	"RTMIN+15", "RTMIN+16", "RTMIN+17", "RTMIN+18", "RTMIN+19", "RTMIN+20",
	"RTMIN+21", "RTMIN+22", "RTMIN+23", "RTMIN+24", "RTMIN+25", "RTMIN+26",
	"RTMIN+27", "RTMIN+28", "RTMIN+29", "RTMIN+30" };

const char *
signal_name(int signo)
{
	const char *name = sigabbrev_np(signo);

	if (name)
		return name;
	if (signo >= SIGRTMIN && signo <= SIGRTMAX &&
	    (size_t)(signo - SIGRTMIN) < ARRAY_LEN(realtime_names))
		return realtime_names[signo - SIGRTMIN];
	return "UNKNOWN";
}

/* "+1" after RTMIN, "-1" after RTMAX; nothing is 0. */
static int
parse_realtime(struct slice text, const char *base, char sign, int from)
{
	size_t len = strlen(base);
	struct slice number;
	uint64_t distance;

	if (text.len < len || strncasecmp(text.ptr, base, len) != 0)
		return 0;
	if (text.len == len)
		return from;
	number = (struct slice){ text.ptr + len + 1, text.len - len - 1 };
	if (text.ptr[len] != sign || !parse_u64(number, &distance) ||
	    distance > (uint64_t)(SIGRTMAX - SIGRTMIN))
		return 0;
	return sign == '+' ? from + (int)distance : from - (int)distance;
}

int
parse_signal(struct slice text)
{
	uint64_t number;
	int realtime;

	if (parse_u64(text, &number))
		return number > 0 && number <= (uint64_t)SIGRTMAX ? (int)number
								  : 0;
	if (text.len > 3 && strncasecmp(text.ptr, "SIG", 3) == 0)
		text = (struct slice){ text.ptr + 3, text.len - 3 };
	for (int signo = 1; signo < SIGRTMIN; signo++) {
		const char *name = sigabbrev_np(signo);

		if (name && strlen(name) == text.len &&
		    strncasecmp(text.ptr, name, text.len) == 0)
			return signo;
	}
	realtime = parse_realtime(text, "RTMIN", '+', SIGRTMIN);
	return realtime ? realtime
			: parse_realtime(text, "RTMAX", '-', SIGRTMAX);
}

/* Length of the well-formed character at p, 0 when there is none (RFC 3629,
 * section 4: the second byte excludes overlong forms, surrogates and what
 * lies beyond U+10FFFF). */
static size_t
utf8_char(const unsigned char *p, size_t left)
{
	unsigned char low = 0x80, high = 0xbf;
	size_t len;

	if (p[0] < 0x80)
		return 1;
	if (p[0] < 0xc2 || p[0] > 0xf4)
		return 0;
	len = p[0] < 0xe0 ? 2 : p[0] < 0xf0 ? 3 : 4;
	if (p[0] == 0xe0)
		low = 0xa0;
	else if (p[0] == 0xed)
		high = 0x9f;
	else if (p[0] == 0xf0)
		low = 0x90;
	else if (p[0] == 0xf4)
		high = 0x8f;
	if (left < len || p[1] < low || p[1] > high)
		return 0;
	for (size_t i = 2; i < len; i++) {
		if ((p[i] & 0xc0) != 0x80)
			return 0;
	}
	return len;
}

/* Most text is ASCII: eight bytes at a time until one is not. */
static size_t
ascii_prefix(const char *p, size_t len)
{
	size_t i = 0;
	uint64_t word;

	while (len - i >= sizeof(word)) {
		memcpy(&word, p + i, sizeof(word));
		if (word & UINT64_C(0x8080808080808080))
			break;
		i += sizeof(word);
	}
	return i;
}

bool
utf8_is_valid(struct slice s)
{
	size_t i = 0;

	while (i < s.len) {
		size_t n;

		if ((s.ptr[i] & 0x80) == 0)
			i += ascii_prefix(s.ptr + i, s.len - i);
		if (i == s.len)
			break;
		n = utf8_char((const unsigned char *)s.ptr + i, s.len - i);
		if (n == 0)
			return false;
		i += n;
	}
	return true;
}

#define SUGGEST_MAX_LEN 64

static size_t
min3(size_t a, size_t b, size_t c)
{
	size_t ab = a < b ? a : b;

	return ab < c ? ab : c;
}

static bool
same_letter(char a, char b)
{
	return tolower((unsigned char)a) == tolower((unsigned char)b);
}

/* Edit distance with swapped neighbours counted once, case ignored.  Three
 * rows of the table: before the previous, previous, current. */
static size_t
edit_distance(struct slice a, struct slice b)
{
	size_t rows[3][SUGGEST_MAX_LEN + 1];
	size_t *before = rows[0], *last = rows[1], *now = rows[2];

	for (size_t j = 0; j <= b.len; j++)
		before[j] = last[j] = j;
	for (size_t i = 1; i <= a.len; i++) {
		size_t *spare = before;

		now[0] = i;
		for (size_t j = 1; j <= b.len; j++) {
			size_t differs =
			    !same_letter(a.ptr[i - 1], b.ptr[j - 1]);

			now[j] = min3(last[j] + 1, now[j - 1] + 1,
			    last[j - 1] + differs);
			if (i > 1 && j > 1 &&
			    same_letter(a.ptr[i - 1], b.ptr[j - 2]) &&
			    same_letter(a.ptr[i - 2], b.ptr[j - 1]) &&
			    before[j - 2] + 1 < now[j])
				now[j] = before[j - 2] + 1;
		}
		before = last;
		last = now;
		now = spare;
	}
	return last[b.len];
}

const char *
suggest(struct slice word, const char *const *candidates, size_t n)
{
	/* One slip per three letters: more is another word. */
	size_t nearest = (word.len < 3 ? 3 : word.len) / 3 + 1;
	const char *best = NULL;

	if (word.len == 0 || word.len > SUGGEST_MAX_LEN)
		return NULL;
	for (size_t i = 0; i < n; i++) {
		struct slice candidate = slice_of(candidates[i]);
		size_t distance;

		if (candidate.len == 0 || candidate.len > SUGGEST_MAX_LEN)
			continue;
		distance = edit_distance(word, candidate);
		if (distance < nearest && distance < candidate.len) {
			nearest = distance;
			best = candidates[i];
		}
	}
	return best;
}
