/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Written from the two specifications and the rules of promtool, not from our
 * printer.  A line is parsed into a sample, a sample is judged by the family
 * it stands in, a histogram when its last sample has passed.
 */
#include "t/lib/expo_check.h"

#include <ctype.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "common/alloc.h"
#include "common/arena.h"
#include "t/lib/expo_sample.h"

#define EXEMPLAR_CHARS_MAX 128

struct family {
	struct slice name, type, unit;
	bool help;
	size_t samples;
};

struct checker {
	struct expo_report *report;
	struct arena arena;
	bool open;
	size_t line;
	bool ended; /* # EOF was seen */
	struct family family;
	struct slice *names; /* of families that are over */
	size_t name_count;
	char **keys; /* of all samples */
	size_t key_count;
	/* the histogram being read */
	struct buf base; /* its labels without le */
	double le, below;
	bool has_buckets, has_inf, has_count, has_sum;
	double inf, total;
};

static void problem(struct checker *c, const char *fmt, ...) MS_PRINTF(2, 3);

static void
problem(struct checker *c, const char *fmt, ...)
{
	char text[400];
	va_list args;

	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	buf_printf(&c->report->problems, "line %zu: %s\n", c->line, text);
	c->report->count++;
}

#define S(slice) (int)(slice).len, (slice).ptr

/* ---- histograms ---------------------------------------------------------------- */

static void
end_histogram(struct checker *c)
{
	if (c->has_buckets || c->has_count || c->has_sum) {
		if (!c->has_inf)
			problem(c, "%.*s: no bucket +Inf", S(c->family.name));
		if (!c->has_count || !c->has_sum)
			problem(c, "%.*s: no _count or no _sum",
			    S(c->family.name));
		if (c->has_inf && c->has_count && c->inf != c->total)
			problem(c, "%.*s: +Inf is %g, _count is %g",
			    S(c->family.name), c->inf, c->total);
	}
	c->has_buckets = c->has_inf = c->has_count = c->has_sum = false;
	c->le = -INFINITY;
	c->below = 0;
	buf_reset(&c->base);
}

/* Labels but le, as they stand. */
static void
add_base(const struct expo_sample *s, struct buf *out)
{
	for (size_t i = 0; i < s->labels.count; i++)
		if (!slice_is(s->labels.label[i].name, "le"))
			buf_printf(out, "%.*s=%.*s,",
			    S(s->labels.label[i].name),
			    S(s->labels.label[i].value));
}

static void
check_bucket(struct checker *c, const struct expo_sample *s)
{
	const struct label *le = NULL;
	double limit;

	for (size_t i = 0; i < s->labels.count; i++)
		if (slice_is(s->labels.label[i].name, "le"))
			le = &s->labels.label[i];
	if (!le || !expo_is_number(le->value, &limit)) {
		problem(c, "%.*s: no le, or no number", S(s->name));
		return;
	}
	if (c->open && !isinf(limit) &&
	    !memchr(le->value.ptr, '.', le->value.len) &&
	    !memchr(le->value.ptr, 'e', le->value.len))
		problem(c, "%.*s: le=%.*s is not canonical", S(s->name),
		    S(le->value));
	if (c->has_inf || (c->has_buckets && limit <= c->le))
		problem(c, "%.*s: le=%.*s is out of order", S(s->name),
		    S(le->value));
	if (c->has_count || c->has_sum)
		problem(c, "%.*s: a bucket behind _sum or _count", S(s->name));
	if (s->value < c->below)
		problem(c, "%.*s: le=%.*s holds less than the one before",
		    S(s->name), S(le->value));
	c->has_buckets = true;
	c->le = limit;
	c->below = s->value;
	if (isinf(limit)) {
		c->has_inf = true;
		c->inf = s->value;
	}
}

static void
check_histogram(struct checker *c, const struct expo_sample *s)
{
	struct buf base = { 0 };

	add_base(s, &base);
	if (!slice_eq(buf_slice(&base), buf_slice(&c->base))) {
		end_histogram(c);
		buf_add_slice(&c->base, buf_slice(&base));
	}
	buf_fini(&base);
	if (expo_has_suffix(s->name, "_bucket")) {
		check_bucket(c, s);
	} else if (expo_has_suffix(s->name, "_sum")) {
		c->has_sum = true;
	} else if (expo_has_suffix(s->name, "_count")) {
		c->has_count = true;
		c->total = s->value;
	}
}

/* ---- families -------------------------------------------------------------------- */

/* Short for a unit, or a unit with a prefix. */
static bool
is_base_unit(struct slice part)
{
	static const char *const no_units[] = { "s", "ms", "us", "ns", "sec",
		"b", "kb", "mb", "gb", "tb", "pb", "m", "h", "d", "kib", "mib",
		"gib", "minutes", "hours", "days", "weeks", "percent", "pct",
		"bits", "fahrenheit", "inches" };
	static const char *const prefixes[] = { "pico", "nano", "micro",
		"milli", "centi", "deci", "kilo", "kibi", "mega", "mebi",
		"giga", "gibi", "tera", "tebi" };
	struct slice rest;

	for (size_t i = 0; i < ARRAY_LEN(no_units); i++)
		if (slice_is(part, no_units[i]))
			return false;
	for (size_t i = 0; i < ARRAY_LEN(prefixes); i++)
		if (slice_skip(part, prefixes[i], &rest) &&
		    (slice_is(rest, "seconds") || slice_is(rest, "bytes")))
			return false;
	return true;
}

/* What promtool's linter says of a name; parsers take it. */
static void
lint(struct checker *c)
{
	size_t before = c->report->count;
	static const char *const types[] = { "counter", "gauge", "histogram",
		"summary", "untyped" };
	struct slice name = c->family.name, rest = name, part;
	bool counter = slice_is(c->family.type, "counter");
	bool histogram = slice_is(c->family.type, "histogram");

	for (size_t i = 0; i < name.len; i++)
		if (isupper((unsigned char)name.ptr[i]))
			problem(c, "%.*s: has capitals", S(name));
	for (bool first = true; slice_cut(&rest, '_', &part); first = false) {
		if (!first && !is_base_unit(part))
			problem(c, "%.*s: %.*s is no base unit", S(name),
			    S(part));
		for (size_t i = 0; i < ARRAY_LEN(types); i++)
			if (slice_is(part, types[i]))
				problem(c, "%.*s: its type is in its name",
				    S(name));
	}
	if (!c->open && counter && !expo_has_suffix(name, "_total"))
		problem(c, "%.*s: a counter without _total", S(name));
	if (!counter && expo_has_suffix(name, "_total") &&
	    !slice_is(c->family.type, "unknown"))
		problem(c, "%.*s: _total and no counter", S(name));
	if (!histogram &&
	    (expo_has_suffix(name, "_bucket") ||
		expo_has_suffix(name, "_count") ||
		expo_has_suffix(name, "_sum")))
		problem(c, "%.*s: a histogram's suffix", S(name));
	c->report->style += c->report->count - before;
}

static void
check_unit(struct checker *c)
{
	if (c->family.unit.len) {
		char suffix[64];

		snprintf(suffix, sizeof(suffix), "_%.*s", S(c->family.unit));
		if (!expo_has_suffix(c->family.name, suffix))
			problem(c, "%.*s: does not end in its unit",
			    S(c->family.name));
	}
}

static void
end_family(struct checker *c)
{
	if (!c->family.name.len)
		return;
	end_histogram(c);
	if (!c->family.help)
		problem(c, "%.*s: no HELP", S(c->family.name));
	if (!c->family.type.len)
		problem(c, "%.*s: no TYPE", S(c->family.name));
	if (!c->family.samples)
		problem(c, "%.*s: no sample", S(c->family.name));
	check_unit(c);
	lint(c);
	c->names =
	    xreallocarray(c->names, c->name_count + 1, sizeof(*c->names));
	c->names[c->name_count++] = c->family.name;
	c->report->families++;
	c->family = (struct family){ .help = false };
}

static void
begin_family(struct checker *c, struct slice name)
{
	end_family(c);
	for (size_t i = 0; i < c->name_count; i++)
		if (slice_eq(c->names[i], name))
			problem(c, "%.*s: comes a second time", S(name));
	if (!expo_is_name(name, true))
		problem(c, "'%.*s' is no name", S(name));
	c->family.name = name;
}

static bool
is_type(struct slice type, bool open)
{
	static const char *const both[] = { "counter", "gauge", "histogram",
		"summary" };

	for (size_t i = 0; i < ARRAY_LEN(both); i++)
		if (slice_is(type, both[i]))
			return true;
	return slice_is(type, open ? "unknown" : "untyped") ||
	    (open && (slice_is(type, "info") || slice_is(type, "stateset")));
}

/* "HELP name text", "TYPE name type", "UNIT name unit", "EOF" */
static void
check_comment(struct checker *c, struct slice line)
{
	struct slice word, name = { 0 };

	if (c->open && slice_is(line, "EOF")) {
		c->ended = true;
		return;
	}
	slice_cut(&line, ' ', &word);
	if (!slice_is(word, "HELP") && !slice_is(word, "TYPE") &&
	    !(c->open && slice_is(word, "UNIT"))) {
		if (c->open)
			problem(c, "a comment");
		return;
	}
	slice_cut(&line, ' ', &name);
	if (!slice_eq(name, c->family.name))
		begin_family(c, name);
	else if (c->family.samples)
		problem(c, "%.*s: %.*s behind a sample", S(name), S(word));
	if (slice_is(word, "HELP")) {
		if (c->family.help || !expo_is_escaped(line, c->open) ||
		    !line.len)
			problem(c, "%.*s: bad HELP", S(name));
		c->family.help = true;
	} else if (slice_is(word, "TYPE")) {
		if (c->family.type.len || !is_type(line, c->open))
			problem(c, "%.*s: bad TYPE", S(name));
		c->family.type = line;
	} else {
		if (c->family.unit.len || !expo_is_name(line, false))
			problem(c, "%.*s: bad UNIT", S(name));
		c->family.unit = line;
	}
}

/* ---- samples ----------------------------------------------------------------------- */

static void
check_labels(struct checker *c, const struct expo_labels *labels)
{
	if (labels->reserved)
		problem(c, "a label begins with __");
	if (labels->twice)
		problem(c, "a label comes twice");
}

static void
check_exemplar(struct checker *c, const struct expo_sample *s)
{
	struct expo_exemplar e;
	size_t chars = 0;

	if (!s->exemplar.len)
		return;
	if (!expo_has_suffix(s->name, "_bucket") &&
	    !expo_has_suffix(s->name, "_total"))
		problem(c, "%.*s: an exemplar", S(s->name));
	if (!expo_exemplar_parse(s->exemplar, &e)) {
		problem(c, "%.*s: bad exemplar", S(s->name));
		return;
	}
	check_labels(c, &e.labels);
	for (size_t i = 0; i < e.labels.count; i++)
		chars +=
		    e.labels.label[i].name.len + e.labels.label[i].value.len;
	if (chars > EXEMPLAR_CHARS_MAX)
		problem(c, "%.*s: exemplar of %zu characters", S(s->name),
		    chars);
	if (expo_has_suffix(s->name, "_bucket") && e.value > c->le)
		problem(c, "%.*s: exemplar above its bucket", S(s->name));
}

static int
by_label(const void *a, const void *b)
{
	const struct label *x = a, *y = b;
	size_t n = x->name.len < y->name.len ? x->name.len : y->name.len;
	int order = memcmp(x->name.ptr, y->name.ptr, n);

	return order
	    ? order
	    : (x->name.len > y->name.len) - (x->name.len < y->name.len);
}

static void
remember(struct checker *c, struct expo_sample *s)
{
	struct buf key = { 0 };
	size_t n = c->key_count;

	qsort(s->labels.label, s->labels.count, sizeof(struct label), by_label);
	buf_printf(&key, "%.*s{", S(s->name));
	for (size_t i = 0; i < s->labels.count; i++)
		buf_printf(&key, "%.*s=\"%.*s\",", S(s->labels.label[i].name),
		    S(s->labels.label[i].value));
	buf_add_u8(&key, '}');
	if ((n & (n - 1)) == 0)
		c->keys =
		    xreallocarray(c->keys, n ? 2 * n : 1, sizeof(*c->keys));
	c->keys[c->key_count++] =
	    arena_strndup(&c->arena, (const char *)key.ptr, key.len);
	buf_fini(&key);
}

/* Is name one of family's samples? */
static bool
is_of_family(const struct checker *c, struct slice name)
{
	const struct family *f = &c->family;
	struct slice suffix;

	if (!f->name.len || name.len < f->name.len ||
	    memcmp(name.ptr, f->name.ptr, f->name.len) != 0)
		return false;
	suffix =
	    (struct slice){ name.ptr + f->name.len, name.len - f->name.len };
	if (slice_is(f->type, "histogram"))
		return slice_is(suffix, "_bucket") ||
		    slice_is(suffix, "_sum") || slice_is(suffix, "_count") ||
		    (c->open && slice_is(suffix, "_created"));
	if (slice_is(f->type, "counter") && c->open)
		return slice_is(suffix, "_total") ||
		    slice_is(suffix, "_created");
	return suffix.len == 0;
}

static void
check_sample(struct checker *c, struct slice line)
{
	struct expo_sample s;

	if (!expo_sample_parse(line, c->open, &s)) {
		problem(c, "no sample: %.*s",
		    (int)(line.len > 200 ? 200 : line.len), line.ptr);
		return;
	}
	if (!is_of_family(c, s.name)) {
		problem(c, "%.*s: not in its family", S(s.name));
		return;
	}
	c->family.samples++;
	c->report->samples++;
	if (slice_is(c->family.type, "counter") && !(s.value >= 0))
		problem(c, "%.*s: a counter of %g", S(s.name), s.value);
	if (slice_is(c->family.type, "histogram"))
		check_histogram(c, &s);
	check_labels(c, &s.labels);
	check_exemplar(c, &s);
	remember(c, &s);
}

/* ---- the whole ------------------------------------------------------------------------ */

static int
by_text(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static void
check_duplicates(struct checker *c)
{
	if (c->key_count)
		qsort(c->keys, c->key_count, sizeof(*c->keys), by_text);
	for (size_t i = 1; i < c->key_count; i++)
		if (strcmp(c->keys[i - 1], c->keys[i]) == 0)
			problem(c, "twice: %s", c->keys[i]);
}

void
expo_check(struct slice text, bool openmetrics, struct expo_report *report_r)
{
	struct checker c = { .report = report_r,
		.open = openmetrics,
		.le = -INFINITY };
	struct slice line;

	*report_r = (struct expo_report){ .count = 0 };
	arena_init(&c.arena, 0);
	if (text.len && text.ptr[text.len - 1] != '\n')
		problem(&c, "the last line does not end");
	while (slice_cut(&text, '\n', &line)) {
		struct slice rest;

		c.line++;
		if (c.ended)
			problem(&c, "a line behind # EOF");
		else if (slice_skip(line, "# ", &rest))
			check_comment(&c, rest);
		else if (line.len || c.open)
			check_sample(&c, line);
	}
	end_family(&c);
	check_duplicates(&c);
	if (openmetrics && !c.ended)
		problem(&c, "no # EOF");
	buf_fini(&c.base);
	free(c.names);
	free(c.keys);
	arena_fini(&c.arena);
}

void
expo_report_fini(struct expo_report *report)
{
	buf_fini(&report->problems);
}
