/* SPDX-License-Identifier: Apache-2.0 */
#include "proto/expo_statsd.h"

#include <ctype.h>

#include "proto/expo_impl.h"

struct line {
	struct buf *out;
	const struct expo_family *family;
	const struct expo_point *point;
	const struct expo_point *old; /* NULL: there was none */
	bool tags;
	struct expo_label_names *names;
};

/* ---- words ------------------------------------------------------------------- */

/* What the format itself uses, and what is no text, becomes _. */
static void
add_word(struct buf *out, const char *text, bool tags)
{
	if (!*text)
		buf_add_u8(out, '_');
	for (; *text; text++) {
		unsigned char c = (unsigned char)*text;
		bool good = tags ? c > ' ' && c != 127 && !strchr("|#,:@", c)
				 : c < 128 && (isalnum(c) || strchr("_-", c));

		buf_add_u8(out, good ? c : '_');
	}
}

static void
begin(const struct line *l)
{
	struct expo_label label;
	char name[EXPO_NAME_BYTES];

	add_word(l->out, expo_family_name(l->family, name), false);
	for (size_t i = 0;
	     !l->tags && expo_label(l->names, l->point, i, &label); i++) {
		buf_add_u8(l->out, '.');
		add_word(l->out, label.value, false);
	}
	buf_add_u8(l->out, ':');
}

static void
end(const struct line *l, const char *type, uint64_t times)
{
	struct expo_label label;

	buf_printf(l->out, "|%s", type);
	if (times > 1)
		buf_printf(l->out, "|@%.9g", 1 / (double)times);
	for (size_t i = 0; l->tags && expo_label(l->names, l->point, i, &label);
	     i++) {
		buf_add_str(l->out, i ? "," : "|#");
		add_word(l->out, label.name, true);
		buf_add_u8(l->out, ':');
		add_word(l->out, label.value, true);
	}
	buf_add_u8(l->out, '\n');
}

/* ---- kinds --------------------------------------------------------------------- */

static void
add_gauge(const struct line *l)
{
	int64_t value = l->point->series->value;

	if (value < 0) {
		begin(l);
		buf_add_u8(l->out, '0');
		end(l, "g", 1);
	}
	begin(l);
	expo_number(l->out, l->family->unit, value);
	end(l, "g", 1);
}

static void
add_counter(const struct line *l)
{
	uint64_t now = (uint64_t)l->point->series->value;
	uint64_t old = l->old ? (uint64_t)l->old->series->value : 0;
	uint64_t more = now >= old ? now - old : now;

	if (more == 0)
		return;
	begin(l);
	expo_unsigned(l->out, l->family->unit, more);
	end(l, "c", 1);
}

/* What came since, bucket by bucket; returns how many are not empty. */
static size_t
subtract(const struct histogram *now, const struct histogram *old,
    uint64_t *more)
{
	uint32_t n = HISTOGRAM_BUCKETS(now->bits);
	bool anew = !old || old->bits != now->bits || !old->buckets;
	size_t used = 0;

	for (uint32_t i = 0; !anew && i < n; i++)
		anew = now->buckets[i] < old->buckets[i];
	for (uint32_t i = 0; i < n; i++) {
		more[i] = now->buckets[i] - (anew ? 0 : old->buckets[i]);
		used += more[i] > 0;
	}
	return used;
}

static size_t
used_by(const uint64_t *more, uint32_t n, uint32_t width)
{
	size_t used = 0;

	for (uint32_t i = 0; i < n; i += width) {
		uint64_t any = 0;

		for (uint32_t j = i; j < i + width && j < n; j++)
			any |= more[j];
		used += any != 0;
	}
	return used;
}

static void
add_timer(const struct line *l, uint64_t value, uint64_t times)
{
	const char *type = l->tags ? "h" : "ms";

	begin(l);
	if (l->family->unit == METRIC_UNIT_SECONDS) {
		expo_decimal(l->out, false, value, 6); /* milliseconds */
		type = "ms";
	} else {
		expo_unsigned(l->out, l->family->unit, value);
	}
	end(l, type, times);
}

/* The middle of `width` buckets from i on; the last one has no end. */
static uint64_t
middle(unsigned bits, uint32_t i, uint32_t width)
{
	uint32_t last = HISTOGRAM_BUCKETS(bits) - 1;
	uint32_t end = i + width - 1 < last ? i + width - 1 : last;
	uint64_t from = histogram_lower(bits, i);

	if (end == last)
		return from;
	return from + (histogram_upper(bits, end) - 1 - from) / 2;
}

static void
add_histogram(const struct line *l)
{
	const struct histogram *h = &l->point->series->histogram;
	uint64_t more[HISTOGRAM_BUCKETS_MAX];
	uint32_t n = HISTOGRAM_BUCKETS(h->bits), width = 1;

	if (!h->buckets || n > HISTOGRAM_BUCKETS_MAX ||
	    subtract(h, l->old ? &l->old->series->histogram : NULL, more) == 0)
		return;
	while (used_by(more, n, width) > STATSD_TIMERS_MAX)
		width *= 2; /* many values: the shape is enough */
	for (uint32_t i = 0; i < n; i += width) {
		uint64_t times = 0;

		for (uint32_t j = i; j < i + width && j < n; j++)
			times += more[j];
		if (times)
			add_timer(l, middle(h->bits, i, width), times);
	}
}

/* ---- walking --------------------------------------------------------------------- */

static void
add_point(const struct line *l, bool beginning)
{
	if (l->family->kind == METRIC_GAUGE)
		add_gauge(l);
	else if (beginning)
		return;
	else if (l->family->kind == METRIC_COUNTER)
		add_counter(l);
	else
		add_histogram(l);
}

bool
expo_statsd_print(const struct expo_view *view, const struct expo_view *before,
    bool tags, size_t max, struct statsd_cursor *at, struct buf *out)
{
	struct expo_label_names names = { .known = false };
	struct line l = { .out = out, .tags = tags, .names = &names };

	for (size_t n = 0; n < max && at->family < view->family_count; n++) {
		l.family = &view->families[at->family];
		l.point = &view->points[l.family->first + at->point];
		l.old = before
		    ? expo_view_follow(before, l.family, l.point, &at->old)
		    : NULL;
		add_point(&l, !before);
		if (++at->point == l.family->count) {
			at->point = 0;
			at->family++;
		}
	}
	return at->family < view->family_count;
}

/* ---- packets ---------------------------------------------------------------------- */

/* "name:-5|g": belongs behind the line before it. */
static bool
is_negative(struct slice line)
{
	const char *colon = memchr(line.ptr, ':', line.len);

	return colon && colon + 1 < line.ptr + line.len && colon[1] == '-';
}

/* The next line, or two that must not be parted. */
static bool
next_unit(struct slice lines, size_t from, size_t *end_r)
{
	struct slice rest, line;

	if (from == lines.len)
		return false;
	rest = (struct slice){ lines.ptr + from, lines.len - from };
	if (!slice_cut(&rest, '\n', &line))
		return false;
	*end_r = (size_t)(rest.ptr - lines.ptr);
	if (slice_cut(&rest, '\n', &line) && is_negative(line))
		*end_r = (size_t)(rest.ptr - lines.ptr);
	return true;
}

bool
expo_statsd_packet(struct slice *lines, struct slice *packet_r)
{
	size_t len = 0, end;

	while (next_unit(*lines, len, &end)) {
		/* the last newline is not sent */
		if (end - 1 <= STATSD_PACKET_BYTES) {
			len = end;
			continue;
		}
		if (len)
			break;
		lines->ptr += end; /* it fits nowhere */
		lines->len -= end;
	}
	if (len == 0)
		return false;
	*packet_r = (struct slice){ lines->ptr, len - 1 };
	lines->ptr += len;
	lines->len -= len;
	return true;
}
