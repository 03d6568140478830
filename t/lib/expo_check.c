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

#define LABELS_MAX         32
#define EXEMPLAR_CHARS_MAX 128

struct label {
	struct slice name, value; /* value: escapes kept */
};

struct sample {
	struct slice name;
	struct label label[LABELS_MAX];
	size_t labels;
	double value;
	struct slice exemplar; /* behind "# " */
};

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

/* ---- words ------------------------------------------------------------------- */

static bool
ends_in(struct slice name, const char *suffix)
{
	size_t n = strlen(suffix);

	return name.len > n && memcmp(name.ptr + name.len - n, suffix, n) == 0;
}

static bool
is_name(struct slice s, bool colon)
{
	if (s.len == 0 || isdigit((unsigned char)s.ptr[0]))
		return false;
	for (size_t i = 0; i < s.len; i++) {
		unsigned char c = (unsigned char)s.ptr[i];

		if (c >= 128 ||
		    (!isalnum(c) && c != '_' && !(c == ':' && colon)))
			return false;
	}
	return true;
}

static bool
is_number(struct slice s, double *value_r)
{
	char text[64], *end;

	if (s.len == 0 || s.len >= sizeof(text) ||
	    isspace((unsigned char)s.ptr[0]))
		return false;
	memcpy(text, s.ptr, s.len);
	text[s.len] = '\0';
	*value_r = strtod(text, &end);
	return *end == '\0';
}

/* \\ and \n, \" where quotes are escaped; nothing else */
static bool
is_escaped(struct slice s, bool quotes)
{
	for (size_t i = 0; i < s.len; i++) {
		if (s.ptr[i] == '"' && quotes)
			return false;
		if (s.ptr[i] != '\\')
			continue;
		if (++i == s.len ||
		    !(s.ptr[i] == '\\' || s.ptr[i] == 'n' ||
			(s.ptr[i] == '"' && quotes)))
			return false;
	}
	return utf8_is_valid(s);
}

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
add_base(const struct sample *s, struct buf *out)
{
	for (size_t i = 0; i < s->labels; i++)
		if (!slice_is(s->label[i].name, "le"))
			buf_printf(out, "%.*s=%.*s,", S(s->label[i].name),
			    S(s->label[i].value));
}

static void
check_bucket(struct checker *c, const struct sample *s)
{
	const struct label *le = NULL;
	double limit;

	for (size_t i = 0; i < s->labels; i++)
		if (slice_is(s->label[i].name, "le"))
			le = &s->label[i];
	if (!le || !is_number(le->value, &limit)) {
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
check_histogram(struct checker *c, const struct sample *s)
{
	struct buf base = { 0 };

	add_base(s, &base);
	if (!slice_eq(buf_slice(&base), buf_slice(&c->base))) {
		end_histogram(c);
		buf_add_slice(&c->base, buf_slice(&base));
	}
	buf_fini(&base);
	if (ends_in(s->name, "_bucket")) {
		check_bucket(c, s);
	} else if (ends_in(s->name, "_sum")) {
		c->has_sum = true;
	} else if (ends_in(s->name, "_count")) {
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
	if (!c->open && counter && !ends_in(name, "_total"))
		problem(c, "%.*s: a counter without _total", S(name));
	if (!counter && ends_in(name, "_total") &&
	    !slice_is(c->family.type, "unknown"))
		problem(c, "%.*s: _total and no counter", S(name));
	if (!histogram &&
	    (ends_in(name, "_bucket") || ends_in(name, "_count") ||
		ends_in(name, "_sum")))
		problem(c, "%.*s: a histogram's suffix", S(name));
	c->report->style += c->report->count - before;
}

static void
check_unit(struct checker *c)
{
	if (c->family.unit.len) {
		char suffix[64];

		snprintf(suffix, sizeof(suffix), "_%.*s", S(c->family.unit));
		if (!ends_in(c->family.name, suffix))
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
	if (!is_name(name, true))
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
		if (c->family.help || !is_escaped(line, c->open) || !line.len)
			problem(c, "%.*s: bad HELP", S(name));
		c->family.help = true;
	} else if (slice_is(word, "TYPE")) {
		if (c->family.type.len || !is_type(line, c->open))
			problem(c, "%.*s: bad TYPE", S(name));
		c->family.type = line;
	} else {
		if (c->family.unit.len || !is_name(line, false))
			problem(c, "%.*s: bad UNIT", S(name));
		c->family.unit = line;
	}
}

/* ---- samples ----------------------------------------------------------------------- */

/* Moves *line behind name="value"; false when it is none. */
static bool
take_label(struct slice *line, struct label *label_r)
{
	const char *p = line->ptr, *end = p + line->len, *q;

	while (p < end && *p != '=')
		p++;
	if (end - p < 3 || p[1] != '"')
		return false;
	label_r->name = (struct slice){ line->ptr, (size_t)(p - line->ptr) };
	for (q = p + 2; q < end && *q != '"'; q++)
		q += *q == '\\';
	if (q >= end)
		return false;
	label_r->value = (struct slice){ p + 2, (size_t)(q - p - 2) };
	*line = (struct slice){ q + 1, (size_t)(end - q - 1) };
	return is_name(label_r->name, false) &&
	    is_escaped(label_r->value, true);
}

static bool
skip(struct slice *s, char c)
{
	if (s->len == 0 || s->ptr[0] != c)
		return false;
	s->ptr++;
	s->len--;
	return true;
}

/* What stands between { and }. */
static bool
take_labels(struct checker *c, struct slice *line, struct label *label,
    size_t *count_r)
{
	size_t n = 0;

	while (!skip(line, '}')) {
		if (n == LABELS_MAX || (n && !skip(line, ',')) ||
		    !take_label(line, &label[n]))
			return false;
		if (label[n].name.len > 1 &&
		    memcmp(label[n].name.ptr, "__", 2) == 0)
			problem(c, "a label begins with __");
		for (size_t i = 0; i < n; i++)
			if (slice_eq(label[i].name, label[n].name))
				problem(c, "label %.*s twice",
				    S(label[i].name));
		n++;
	}
	*count_r = n;
	return true;
}

static bool
parse_sample(struct checker *c, struct slice line, struct sample *s)
{
	size_t n = 0;
	struct slice word;

	*s = (struct sample){ .labels = 0 };
	while (n < line.len && line.ptr[n] != '{' && line.ptr[n] != ' ')
		n++;
	s->name = (struct slice){ line.ptr, n };
	line.ptr += n;
	line.len -= n;
	if (!is_name(s->name, true) ||
	    (skip(&line, '{') && !take_labels(c, &line, s->label, &s->labels)))
		return false;
	if (!skip(&line, ' ') || !slice_cut(&line, ' ', &word) ||
	    !is_number(word, &s->value))
		return false;
	if (line.len && c->open && slice_skip(line, "# ", &line)) {
		s->exemplar = line;
		line.len = 0;
	}
	if (line.len) { /* a time */
		int64_t ms;
		double at;

		return c->open ? is_number(line, &at) : parse_i64(line, &ms);
	}
	return true;
}

static void
check_exemplar(struct checker *c, const struct sample *s)
{
	struct label label[LABELS_MAX];
	struct slice line = s->exemplar, word;
	size_t n = 0, chars = 0;
	double value, at;

	if (!line.len)
		return;
	if (!ends_in(s->name, "_bucket") && !ends_in(s->name, "_total"))
		problem(c, "%.*s: an exemplar", S(s->name));
	if (!skip(&line, '{') || !take_labels(c, &line, label, &n) ||
	    !skip(&line, ' ') || !slice_cut(&line, ' ', &word) ||
	    !is_number(word, &value) || (line.len && !is_number(line, &at))) {
		problem(c, "%.*s: bad exemplar", S(s->name));
		return;
	}
	for (size_t i = 0; i < n; i++)
		chars += label[i].name.len + label[i].value.len;
	if (chars > EXEMPLAR_CHARS_MAX)
		problem(c, "%.*s: exemplar of %zu characters", S(s->name),
		    chars);
	if (ends_in(s->name, "_bucket") && value > c->le)
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
remember(struct checker *c, struct sample *s)
{
	struct buf key = { 0 };
	size_t n = c->key_count;

	qsort(s->label, s->labels, sizeof(s->label[0]), by_label);
	buf_printf(&key, "%.*s{", S(s->name));
	for (size_t i = 0; i < s->labels; i++)
		buf_printf(&key, "%.*s=\"%.*s\",", S(s->label[i].name),
		    S(s->label[i].value));
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
	struct sample s;

	if (!parse_sample(c, line, &s)) {
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
