/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Prometheus text 0.0.4 and OpenMetrics 1.0.  They differ in how counters'
 * families are called, in units, exemplars, times of creation and the end.
 */
#include <stdlib.h>

#include "common/mono.h"
#include "proto/expo_impl.h"

struct printer {
	struct buf *out;
	bool open; /* OpenMetrics */
	const struct expo_family *family;
	const struct expo_point *point;
	struct expo_label_names names;
	struct buf labels; /* worker="bus",route="x" */
};

/* ---- the head of a family --------------------------------------------------- */

static const char *
type_of(const struct printer *p)
{
	if (p->open && p->family->shared)
		return "unknown"; /* a counter without a name of its own */
	switch (p->family->kind) {
	case METRIC_COUNTER:
		return "counter";
	case METRIC_GAUGE:
		return "gauge";
	case METRIC_HISTOGRAM:
		break;
	}
	return "histogram";
}

static void
add_family_name(const struct printer *p)
{
	bool total = p->family->kind == METRIC_COUNTER &&
	    (!p->open || p->family->shared);

	buf_add_str(p->out, p->family->name);
	if (total)
		buf_add_str(p->out, "_total");
}

static void
add_head(const struct printer *p)
{
	const char *unit = expo_unit_suffix(p->family->unit);

	buf_add_str(p->out, "# HELP ");
	add_family_name(p);
	buf_add_u8(p->out, ' ');
	expo_escape(p->out, p->family->help, p->open);
	buf_add_str(p->out, "\n# TYPE ");
	add_family_name(p);
	buf_printf(p->out, " %s\n", type_of(p));
	if (p->open && *unit && !p->family->shared)
		buf_printf(p->out, "# UNIT %s %s\n", p->family->name, unit + 1);
}

/* ---- samples ------------------------------------------------------------------ */

static void
set_labels(struct printer *p)
{
	struct expo_label label;

	buf_reset(&p->labels);
	for (size_t i = 0; expo_label(&p->names, p->point, i, &label); i++) {
		if (i)
			buf_add_u8(&p->labels, ',');
		buf_add_str(&p->labels, label.name);
		buf_add(&p->labels, "=\"", 2);
		expo_escape(&p->labels, label.value, true);
		buf_add_u8(&p->labels, '"');
	}
}

/* name{labels} and a blank */
static void
add_name(const struct printer *p, const char *suffix)
{
	buf_add_str(p->out, p->family->name);
	buf_add_str(p->out, suffix);
	if (p->labels.len) {
		buf_add_u8(p->out, '{');
		buf_add_slice(p->out, buf_slice(&p->labels));
		buf_add_u8(p->out, '}');
	}
	buf_add_u8(p->out, ' ');
}

static void
add_created(const struct printer *p)
{
	int64_t ns = p->point->source->created_ns;

	if (!p->open || ns <= 0 || p->family->shared)
		return;
	add_name(p, "_created");
	/* milliseconds are enough, and what a double holds */
	expo_number(p->out, METRIC_UNIT_SECONDS, ns / 1000000 * 1000000);
	buf_add_u8(p->out, '\n');
}

static void
add_bucket_name(const struct printer *p, const char *le, bool whole)
{
	buf_add_str(p->out, p->family->name);
	buf_add_str(p->out, "_bucket{");
	if (p->labels.len) {
		buf_add_slice(p->out, buf_slice(&p->labels));
		buf_add_u8(p->out, ',');
	}
	buf_add_str(p->out, "le=\"");
	buf_add_str(p->out, le);
	buf_add_str(p->out, whole && p->open ? ".0\"} " : "\"} ");
}

static void
add_hex(struct buf *out, const uint8_t *bytes, size_t n)
{
	static const char digits[] = "0123456789abcdef";

	for (size_t i = 0; i < n; i++) {
		buf_add_u8(out, (uint8_t)digits[bytes[i] >> 4]);
		buf_add_u8(out, (uint8_t)digits[bytes[i] & 15]);
	}
}

/* It belongs to the one bucket that it fell into: above lower, up to upper. */
static void
add_exemplar(const struct printer *p, uint64_t lower, uint64_t upper)
{
	const struct metrics_exemplar *e = &p->point->series->exemplar;

	if (!p->open || e->wall_ns == 0 || e->value > upper ||
	    (lower && e->value <= lower))
		return;
	buf_add_str(p->out, " # {trace_id=\"");
	add_hex(p->out, e->trace.trace_id, sizeof(e->trace.trace_id));
	buf_add_str(p->out, "\",span_id=\"");
	add_hex(p->out, e->trace.span_id, sizeof(e->trace.span_id));
	buf_add_str(p->out, "\"} ");
	expo_unsigned(p->out, p->family->unit, e->value);
	buf_add_u8(p->out, ' ');
	expo_unsigned(p->out, METRIC_UNIT_SECONDS,
	    e->wall_ns / 1000000 * 1000000);
}

static void
add_histogram(const struct printer *p)
{
	const struct histogram *h = &p->point->series->histogram;
	struct expo_bounds bounds = expo_bounds_of(p->family->unit);
	uint64_t counts[EXPO_BOUNDS_MAX], lower = 0;

	expo_cumulate(h, bounds, counts);
	for (size_t i = 0; i < bounds.count; i++) {
		const struct expo_bound *b = &bounds.bound[i];

		add_bucket_name(p, b->text, b->whole);
		expo_unsigned(p->out, METRIC_UNIT_NONE, counts[i]);
		add_exemplar(p, lower, b->limit);
		buf_add_u8(p->out, '\n');
		lower = b->limit;
	}
	add_bucket_name(p, "+Inf", false);
	expo_unsigned(p->out, METRIC_UNIT_NONE, h->count);
	add_exemplar(p, lower, UINT64_MAX);
	buf_add_u8(p->out, '\n');
	add_name(p, "_sum");
	expo_unsigned(p->out, p->family->unit, h->sum);
	buf_add_u8(p->out, '\n');
	add_name(p, "_count");
	expo_unsigned(p->out, METRIC_UNIT_NONE, h->count);
	buf_add_u8(p->out, '\n');
	add_created(p);
}

static void
add_point(struct printer *p)
{
	const struct metrics_series *series = p->point->series;

	set_labels(p);
	switch (p->family->kind) {
	case METRIC_HISTOGRAM:
		add_histogram(p);
		return;
	case METRIC_COUNTER:
		add_name(p, "_total");
		expo_unsigned(p->out, p->family->unit, (uint64_t)series->value);
		buf_add_u8(p->out, '\n');
		add_created(p);
		return;
	case METRIC_GAUGE:
		add_name(p, "");
		expo_number(p->out, p->family->unit, series->value);
		buf_add_u8(p->out, '\n');
	}
}

/* ---- walking -------------------------------------------------------------------- */

static void
print_one(struct printer *p, const struct expo_view *view,
    const struct expo_cursor *at)
{
	p->family = &view->families[at->family];
	p->point = &view->points[p->family->first + at->point];
	if (at->point == 0)
		add_head(p);
	add_point(p);
}

static void
print_json(const struct expo_view *view, const struct expo_cursor *at,
    int64_t wall, struct buf *out)
{
	const struct expo_family *family = &view->families[at->family];
	char text[RFC3339_BYTES];

	rfc3339_print(wall, text);
	buf_printf(out, "{\"at\":\"%s\",", text);
	expo_json_members(family, &view->points[family->first + at->point],
	    out);
	buf_add_str(out, "}\n");
}

static void
step(const struct expo_view *view, struct expo_cursor *at)
{
	if (++at->point < view->families[at->family].count)
		return;
	at->point = 0;
	at->family++;
}

bool
expo_print(const struct expo_view *view, enum expo_format format, int64_t wall,
    size_t max, struct expo_cursor *at, struct buf *out)
{
	struct printer p = { .out = out, .open = format == EXPO_OPENMETRICS };

	for (size_t n = 0; n < max && at->family < view->family_count; n++) {
		if (format == EXPO_JSON)
			print_json(view, at, wall, out);
		else
			print_one(&p, view, at);
		step(view, at);
	}
	out->failed = out->failed || p.labels.failed;
	buf_fini(&p.labels);
	if (at->family < view->family_count)
		return true;
	if (p.open && !at->ended)
		buf_add_str(out, "# EOF\n");
	at->ended = true;
	return false;
}

/* ---- which format ------------------------------------------------------------------ */

const char *
expo_content_type(enum expo_format format)
{
	switch (format) {
	case EXPO_OPENMETRICS:
		return "application/openmetrics-text; version=1.0.0; "
		       "charset=utf-8";
	case EXPO_JSON:
		return "application/x-ndjson";
	case EXPO_TEXT:
		break;
	}
	return "text/plain; version=0.0.4; charset=utf-8";
}

/* ";q=0.5" of the parameters; 1 when it is not said. */
static double
quality_of(struct slice parameters)
{
	struct slice part, value;
	char text[8] = "";

	while (slice_cut(&parameters, ';', &part)) {
		part = slice_trim(part);
		if (!slice_skip(part, "q=", &value) ||
		    value.len >= sizeof(text))
			continue;
		memcpy(text, value.ptr, value.len);
		return strtod(text, NULL);
	}
	return 1;
}

enum expo_format
expo_negotiate(const char *accept)
{
	struct slice rest = slice_of(accept), range, type;
	double text = 0, open = 0;

	while (slice_cut(&rest, ',', &range)) {
		double q;

		if (!slice_cut(&range, ';', &type))
			continue;
		type = slice_trim(type);
		q = quality_of(range);
		if (slice_is(type, "application/openmetrics-text") && q > open)
			open = q;
		else if ((slice_is(type, "text/plain") ||
			     slice_is(type, "text/*")) &&
		    q > text)
			text = q;
	}
	return open > 0 && open >= text ? EXPO_OPENMETRICS : EXPO_TEXT;
}
