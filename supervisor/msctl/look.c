/* SPDX-License-Identifier: Apache-2.0 */
/* How wide a text is depends on the locale, so width and printing agree by
 * walking the same characters. */
#include "supervisor/msctl/look.h"

#include <inttypes.h>
#include <langinfo.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <unistd.h>
#include <wchar.h>

#include "common/utf8.h"

#define COLUMNS_MIN     40u
#define COLUMNS_DEFAULT 80u

static unsigned
columns_of(int fd)
{
	const char *env = getenv("COLUMNS");
	struct winsize size = { 0 };
	uint64_t columns = 0;

	if (!env || !parse_u64(slice_of(env), &columns) || columns > 1000)
		columns = 0;
	if (!columns && !isatty(fd))
		return 0;
	if (!columns && ioctl(fd, TIOCGWINSZ, &size) == 0)
		columns = size.ws_col;
	if (!columns)
		columns = COLUMNS_DEFAULT;
	return columns < COLUMNS_MIN ? COLUMNS_MIN : (unsigned)columns;
}

static bool
has_colour(int fd)
{
	const char *force = getenv("CLICOLOR_FORCE"), *no = getenv("NO_COLOR");
	const char *term = getenv("TERM");

	if (no && no[0])
		return false;
	if (force && force[0] && strcmp(force, "0") != 0)
		return true;
	return isatty(fd) && term && term[0] && strcmp(term, "dumb") != 0;
}

struct look
look_detect(void)
{
	setlocale(LC_CTYPE, "");
	return (struct look){
		.colour = has_colour(STDOUT_FILENO),
		.utf8 = strcmp(nl_langinfo(CODESET), "UTF-8") == 0,
		.columns = columns_of(STDOUT_FILENO),
	};
}

/* ---- characters ----------------------------------------------------------- */

struct glyph {
	const char *ptr;
	size_t bytes;
	size_t columns;
};

static wchar_t
code_point(const unsigned char *p, size_t n)
{
	static const unsigned char mask[] = { 0, 0x7f, 0x1f, 0x0f, 0x07 };
	uint32_t c = p[0] & mask[n];

	for (size_t i = 1; i < n; i++)
		c = c << 6 | (p[i] & 0x3f);
	return (wchar_t)c;
}

/* Cuts the next character off *rest. */
static struct glyph
next_glyph(const struct look *look, struct slice *rest)
{
	const unsigned char *p = (const unsigned char *)rest->ptr;
	size_t n = utf8_sequence(p, p + rest->len);
	struct glyph glyph = { "?", 1, 1 };
	int columns = -1;

	if (n == 1 && *p >= 0x20 && *p != 0x7f)
		columns = 1;
	else if (n > 1 && look->utf8)
		columns = wcwidth(code_point(p, n));
	if (columns >= 0)
		glyph = (struct glyph){ rest->ptr, n, (size_t)columns };
	if (n == 0)
		n = 1;
	rest->ptr += n;
	rest->len -= n;
	return glyph;
}

size_t
look_width(const struct look *look, struct slice text)
{
	size_t columns = 0;

	while (text.len)
		columns += next_glyph(look, &text).columns;
	return columns;
}

void
look_text(const struct look *look, struct slice text, size_t columns,
    struct buf *out)
{
	bool cut = columns && look_width(look, text) > columns;
	size_t room = cut ? columns - 1 : SIZE_MAX;

	while (text.len) {
		struct glyph glyph = next_glyph(look, &text);
		if (glyph.columns > room)
			break;
		buf_add(out, glyph.ptr, glyph.bytes);
		room -= glyph.columns;
	}
	if (cut)
		buf_add_str(out, look->utf8 ? "…" : "~");
}

/* Bytes of the text that fit into a line; up to the last blank rather than
 * through a word. */
static size_t
line_bytes(const struct look *look, struct slice text, size_t room)
{
	struct slice rest = text;
	size_t columns = 0, blank = 0;

	while (rest.len) {
		size_t at = text.len - rest.len;

		if (*rest.ptr == ' ')
			blank = at;
		columns += next_glyph(look, &rest).columns;
		if (columns > room)
			return blank ? blank : at;
	}
	return text.len;
}

void
look_wrap(const struct look *look, struct slice text, unsigned indent,
    struct buf *out)
{
	size_t room =
	    look->columns > indent ? look->columns - indent : SIZE_MAX;

	for (;;) {
		size_t n = line_bytes(look, text, room);

		look_text(look, (struct slice){ text.ptr, n }, 0, out);
		while (n < text.len && text.ptr[n] == ' ')
			n++;
		text.ptr += n;
		text.len -= n;
		if (!text.len)
			return;
		buf_printf(out, "\n%*s", (int)indent, "");
	}
}

/* ---- colour --------------------------------------------------------------- */

void
look_hue(const struct look *look, enum hue hue, struct buf *out)
{
	static const char *const sgr[] = {
		[HUE_NONE] = "",
		[HUE_DIM] = "\033[2m",
		[HUE_BOLD] = "\033[1m",
		[HUE_GOOD] = "\033[32m",
		[HUE_BUSY] = "\033[33m",
		[HUE_BAD] = "\033[31m",
	};

	if (look->colour)
		buf_add_str(out, sgr[hue]);
}

void
look_plain(const struct look *look, enum hue hue, struct buf *out)
{
	if (look->colour && hue != HUE_NONE)
		buf_add_str(out, "\033[0m");
}

/* ---- states --------------------------------------------------------------- */

static const struct state_look {
	const char *state, *symbol, *ascii;
	enum hue hue;
} state_looks[] = {
	{ "ready", "●", "*", HUE_GOOD },
	{ "running", "●", "*", HUE_GOOD },
	{ "starting", "◐", "+", HUE_BUSY },
	{ "reloading", "◐", "+", HUE_BUSY },
	{ "stopping", "◑", "-", HUE_BUSY },
	{ "backoff", "▲", "!", HUE_BUSY },
	{ "down", "○", "o", HUE_DIM },
	{ "ignored", "○", "o", HUE_DIM },
	{ "exited", "○", "o", HUE_DIM },
	{ "failed", "✖", "x", HUE_BAD },
};

static const struct state_look *
find_state(const char *state)
{
	static const struct state_look other = { "", "?", "?", HUE_NONE };

	for (size_t i = 0; i < ARRAY_LEN(state_looks); i++)
		if (strcmp(state_looks[i].state, state) == 0)
			return &state_looks[i];
	return &other;
}

const char *
state_symbol(const struct look *look, const char *state)
{
	const struct state_look *s = find_state(state);

	return look->utf8 ? s->symbol : s->ascii;
}

enum hue
state_hue(const char *state)
{
	return find_state(state)->hue;
}

/* ---- figures -------------------------------------------------------------- */

const char *
print_age(uint64_t ms, char out[static LOOK_TEXT_BYTES])
{
	uint64_t s = ms / 1000, m = s / 60, h = m / 60, d = h / 24;

	if (s == 0)
		snprintf(out, LOOK_TEXT_BYTES, "%" PRIu64 "ms", ms);
	else if (m == 0)
		snprintf(out, LOOK_TEXT_BYTES, "%" PRIu64 "s", s);
	else if (h == 0)
		snprintf(out, LOOK_TEXT_BYTES, "%" PRIu64 "m%02us", m,
		    (unsigned)(s % 60));
	else if (d == 0)
		snprintf(out, LOOK_TEXT_BYTES, "%" PRIu64 "h%02um", h,
		    (unsigned)(m % 60));
	else
		snprintf(out, LOOK_TEXT_BYTES, "%" PRIu64 "d%02uh", d,
		    (unsigned)(h % 24));
	return out;
}

const char *
print_kib(double kib, char out[static LOOK_TEXT_BYTES])
{
	static const char *const unit[] = { "KiB", "MiB", "GiB", "TiB" };
	size_t i = 0;

	for (; kib >= 1000 && i + 1 < ARRAY_LEN(unit); i++)
		kib /= 1024;
	snprintf(out, LOOK_TEXT_BYTES, i && kib < 99.95 ? "%.1f %s" : "%.0f %s",
	    kib, unit[i]);
	return out;
}

const char *
print_wait(double ms, char out[static LOOK_TEXT_BYTES])
{
	if (ms < 1000)
		snprintf(out, LOOK_TEXT_BYTES, "%.0f ms", ms < 0 ? 0 : ms);
	else if (ms < 60000)
		snprintf(out, LOOK_TEXT_BYTES, "%.1f s", ms / 1000);
	else
		print_age((uint64_t)ms, out);
	return out;
}
