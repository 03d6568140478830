/* SPDX-License-Identifier: Apache-2.0 */
#include "t/lib/expo_sample.h"

#include <ctype.h>
#include <stdlib.h>

bool
expo_has_suffix(struct slice name, const char *suffix)
{
	size_t n = strlen(suffix);

	return name.len > n && memcmp(name.ptr + name.len - n, suffix, n) == 0;
}

bool
expo_is_name(struct slice s, bool colon)
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

bool
expo_is_number(struct slice s, double *value_r)
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
bool
expo_is_escaped(struct slice s, bool quotes)
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
	return expo_is_name(label_r->name, false) &&
	    expo_is_escaped(label_r->value, true);
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
take_labels(struct slice *line, struct expo_labels *labels)
{
	struct label *label = labels->label;
	size_t n = 0;

	while (!skip(line, '}')) {
		if (n == EXPO_LABELS_MAX || (n && !skip(line, ',')) ||
		    !take_label(line, &label[n]))
			return false;
		if (label[n].name.len > 1 &&
		    memcmp(label[n].name.ptr, "__", 2) == 0)
			labels->reserved = true;
		for (size_t i = 0; i < n; i++)
			if (slice_eq(label[i].name, label[n].name))
				labels->twice = true;
		n++;
	}
	labels->count = n;
	return true;
}

bool
expo_sample_parse(struct slice line, bool open, struct expo_sample *s)
{
	size_t n = 0;
	struct slice word;

	*s = (struct expo_sample){ .value = 0 };
	while (n < line.len && line.ptr[n] != '{' && line.ptr[n] != ' ')
		n++;
	s->name = (struct slice){ line.ptr, n };
	line.ptr += n;
	line.len -= n;
	if (!expo_is_name(s->name, true) ||
	    (skip(&line, '{') && !take_labels(&line, &s->labels)))
		return false;
	if (!skip(&line, ' ') || !slice_cut(&line, ' ', &word) ||
	    !expo_is_number(word, &s->value))
		return false;
	if (line.len && open && slice_skip(line, "# ", &line)) {
		s->exemplar = line;
		line.len = 0;
	}
	if (line.len) { /* a time */
		int64_t ms;
		double at;

		return open ? expo_is_number(line, &at) : parse_i64(line, &ms);
	}
	return true;
}

bool
expo_exemplar_parse(struct slice line, struct expo_exemplar *e)
{
	struct slice word;
	double at;

	*e = (struct expo_exemplar){ .value = 0 };
	return skip(&line, '{') && take_labels(&line, &e->labels) &&
	    skip(&line, ' ') && slice_cut(&line, ' ', &word) &&
	    expo_is_number(word, &e->value) &&
	    (!line.len || expo_is_number(line, &at));
}
