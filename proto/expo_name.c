/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Names and values come from segments that any program may have written.  What
 * leaves here is valid whatever came in.
 */
#include <ctype.h>
#include <stdio.h>

#include "common/utf8.h"
#include "proto/expo_impl.h"

const char *
expo_unit_suffix(enum metric_unit unit)
{
	switch (unit) {
	case METRIC_UNIT_SECONDS:
		return "_seconds";
	case METRIC_UNIT_BYTES:
		return "_bytes";
	case METRIC_UNIT_RATIO:
		return "_ratio";
	case METRIC_UNIT_NONE:
		break;
	}
	return "";
}

bool
expo_ends_in(const char *text, const char *suffix)
{
	size_t n = strlen(text), m = strlen(suffix);

	return n > m && memcmp(text + n - m, suffix, m) == 0;
}

/* At most max characters and the NUL; never empty, never beginning with a
 * digit. */
static size_t
clean(const char *text, bool colons, char *to, size_t max)
{
	size_t n = 0;

	if (!text || !*text || isdigit((unsigned char)*text))
		to[n++] = '_';
	for (; text && *text && n < max; text++) {
		unsigned char c = (unsigned char)*text;
		bool good =
		    c < 128 && (isalnum(c) || c == '_' || (c == ':' && colons));

		to[n++] = good ? (char)c : '_';
	}
	to[n] = '\0';
	return n;
}

void
expo_base_name(const struct metrics_series *series,
    char name_r[static EXPO_NAME_BYTES])
{
	const char *unit = expo_unit_suffix(series->unit);
	size_t n = clean(series->name, true, name_r, METRIC_NAME_BYTES_MAX);

	if (expo_ends_in(name_r, "_total")) {
		n -= strlen("_total");
		name_r[n] = '\0';
	}
	if (*unit && !expo_ends_in(name_r, unit))
		snprintf(name_r + n, EXPO_NAME_BYTES - n, "%s", unit);
}

const char *
expo_family_name(const struct expo_family *family,
    char name_r[static EXPO_NAME_BYTES])
{
	snprintf(name_r, EXPO_NAME_BYTES, "%s%s", family->name,
	    family->kind == METRIC_COUNTER ? "_total" : "");
	return name_r;
}

/* ---- labels ------------------------------------------------------------------ */

/* Names that mean something to us or to every reader. */
static bool
is_taken(const char *name, const struct expo_point *point)
{
	return (strcmp(name, "worker") == 0 && point->source->worker) ||
	    (strcmp(name, "le") == 0 &&
		point->series->kind == METRIC_HISTOGRAM) ||
	    strncmp(name, "__", 2) == 0;
}

#define LABEL_NAME_BYTES (METRIC_LABEL_BYTES_MAX + 16)

static bool
is_given(const char *name, const struct expo_label_names *names)
{
	for (size_t i = 0; i < names->count; i++)
		if (strcmp(name, names->name[i]) == 0)
			return true;
	return false;
}

static void
add_name(struct expo_label_names *names, const struct expo_point *point,
    const char *label)
{
	char *to = names->name[names->count];
	char name[METRIC_LABEL_BYTES_MAX + 1];

	clean(label, false, name, sizeof(name) - 1);
	snprintf(to, sizeof(names->name[0]), "%s%s",
	    is_taken(name, point) ? "exported_" : "", name);
	while (is_given(to, names)) /* no two may be equal */
		strcat(to, "2");
	names->count++;
}

/* Points of a family mostly have the same names, as the same pointers. */
static bool
is_known(const struct expo_label_names *names, const struct expo_point *point)
{
	const struct metrics_series *s = point->series;

	return names->known && names->of_kind == s->kind &&
	    names->of_worker == !!point->source->worker &&
	    names->of_count == s->label_count &&
	    memcmp(names->of, s->label_names, sizeof(names->of)) == 0;
}

static void
learn(struct expo_label_names *names, const struct expo_point *point)
{
	const struct metrics_series *s = point->series;

	names->known = true;
	names->of_kind = s->kind;
	names->of_worker = point->source->worker != NULL;
	names->of_count = s->label_count;
	memcpy(names->of, s->label_names, sizeof(names->of));
	names->count = 0;
	for (size_t i = 0; i < s->label_count && i < METRIC_LABELS_MAX; i++)
		add_name(names, point, s->label_names[i]);
}

bool
expo_label(struct expo_label_names *names, const struct expo_point *point,
    size_t i, struct expo_label *label_r)
{
	const struct metrics_series *series = point->series;

	if (point->source->worker && i-- == 0) {
		*label_r =
		    (struct expo_label){ "worker", point->source->worker };
		return true;
	}
	if (i >= series->label_count || i >= METRIC_LABELS_MAX)
		return false;
	if (!is_known(names, point))
		learn(names, point);
	label_r->name = names->name[i];
	label_r->value = series->label_values[i] ? series->label_values[i] : "";
	return true;
}

static int
text_compare(const char *a, const char *b)
{
	return strcmp(a ? a : "", b ? b : "");
}

int
expo_point_compare(const struct expo_point *a, const struct expo_point *b)
{
	const struct metrics_series *x = a->series, *y = b->series;
	int order = text_compare(a->source->worker, b->source->worker);

	for (size_t i = 0; order == 0 && i < METRIC_LABELS_MAX; i++) {
		const char *left =
		    i < x->label_count ? x->label_values[i] : NULL;
		const char *right =
		    i < y->label_count ? y->label_values[i] : NULL;

		order = text_compare(left, right);
	}
	return order;
}

/* ---- values -------------------------------------------------------------------- */

static bool
is_plain(unsigned char c)
{
	return c < 128 && c != '\\' && c != '"' && c != '\n';
}

static size_t
escape_one(struct buf *out, const char *text, size_t len, bool quotes)
{
	const unsigned char *p = (const unsigned char *)text;
	size_t n = utf8_sequence(p, p + len);
	unsigned char c = *p;

	if (c == '"' && !quotes)
		buf_add_u8(out, c);
	else if (c == '\n')
		buf_add_str(out, "\\n");
	else if (c < 128)
		buf_add(out, (char[]){ '\\', (char)c }, 2);
	else if (n > 0)
		buf_add(out, text, n);
	else
		buf_printf(out, "\\\\x%02x", c);
	return n ? n : 1;
}

void
expo_escape(struct buf *out, const char *text, bool quotes)
{
	size_t len = strlen(text), plain;

	while (len) {
		for (plain = 0;
		     plain < len && is_plain((unsigned char)text[plain]);
		     plain++)
			;
		if (plain == 0)
			plain = escape_one(out, text, len, quotes);
		else
			buf_add(out, text, plain);
		text += plain;
		len -= plain;
	}
}
