/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Families: a row's name and what it means, appended to the segment's directory
 * and found again by every later process.  A row that has changed its meaning
 * since an earlier process retires the old family; two rows of one process that
 * differ are a mistake of ours, and the second counts nowhere.
 */
#include <stdio.h>
#include <string.h>

#include "common/metrics_impl.h"
#include "common/str.h"

#define NONE METRICS_INDEX_NONE

static struct metrics_registry *const r = &metrics_registry;

/* ---- strings ------------------------------------------------------------------------- */

/* Cut to max bytes, between characters; what is no UTF-8 becomes '?'. */
const char *
metrics_clean(const char *text, size_t max, char *out)
{
	size_t len = strnlen(text, max);

	memcpy(out, text, len);
	out[len] = '\0';
	while (
	    text[len] && len > 0 && ((unsigned char)text[len] & 0xc0) == 0x80)
		out[--len] = '\0';
	if (!utf8_is_valid((struct slice){ out, len })) {
		for (char *at = out; *at; at++) {
			if ((unsigned char)*at >= 0x80)
				*at = '?';
		}
	}
	return out;
}

/* 0 is the empty string; false when there is no room. */
bool
metrics_string_add(const char *text, uint32_t *at_r)
{
	size_t len = strlen(text);
	uint32_t at = r->head->strings_used;

	*at_r = 0;
	if (len == 0)
		return true;
	if (len + 1 > SEGMENT_STRINGS_BYTES - at ||
	    !metrics_back(&r->strings_area, at + (uint32_t)len + 1))
		return false;
	memcpy(r->strings + at, text, len + 1);
	__atomic_store_n(&r->head->strings_used, at + (uint32_t)len + 1,
	    __ATOMIC_RELEASE);
	*at_r = at;
	return true;
}

bool
metrics_string_is(uint32_t at, const char *text)
{
	return strcmp(r->strings + at, text) == 0;
}

/* ---- families --------------------------------------------------------------------------- */

uint32_t
metric_row_labels(const struct metric_row *row)
{
	uint32_t n = 0;

	while (n < METRIC_LABELS_MAX && row->labels[n])
		n++;
	return n;
}

/* Where the cells lie and what they mean. */
static unsigned
layout_flags(const struct metric_row *row)
{
	return row->kind == METRIC_HISTOGRAM
	    ? row->flags & (METRIC_PRECISE | METRIC_EXEMPLAR)
	    : 0;
}

bool
metric_row_is_good(const struct metric_row *row)
{
	if (!metric_name_is_valid(row->name) || row->kind < METRIC_COUNTER ||
	    row->kind > METRIC_HISTOGRAM ||
	    (unsigned)row->unit > METRIC_UNIT_RATIO ||
	    row->flags > (METRIC_PRECISE | METRIC_EXEMPLAR | METRIC_EXACT))
		return false;
	for (uint32_t i = 0; i < metric_row_labels(row); i++) {
		if (!metric_name_is_valid(row->labels[i]))
			return false;
	}
	return true;
}

bool
metrics_family_same(const struct segment_family *f,
    const struct metric_row *row)
{
	unsigned mask = METRIC_PRECISE | METRIC_EXEMPLAR;

	if (f->kind != row->kind || f->unit != row->unit ||
	    f->label_count != metric_row_labels(row) ||
	    (row->kind == METRIC_HISTOGRAM &&
		(f->flags & mask) != layout_flags(row)))
		return false;
	for (uint32_t i = 0; i < f->label_count; i++) {
		if (!metrics_string_is(f->label_at[i], row->labels[i]))
			return false;
	}
	return true;
}

uint32_t
metrics_family_find(const char *name)
{
	uint32_t hash = metrics_hash(0, name), at = 0, i;

	do
		i = metrics_index_next(&r->family_index, hash, &at);
	while (i != NONE &&
	    (r->families[i].state != FAMILY_CURRENT ||
		!metrics_string_is(r->families[i].name_at, name)));
	return i;
}

static bool
fill_family(struct segment_family *f, const struct metric_row *row)
{
	char help[METRIC_HELP_BYTES_MAX + 1];

	*f = (struct segment_family){ .label_count = metric_row_labels(row),
		.max_series =
		    row->max_series ? row->max_series : METRIC_FAMILY_DEFAULT,
		.kind = (uint16_t)row->kind,
		.unit = (uint16_t)row->unit,
		.flags = row->flags,
		.state = FAMILY_CURRENT,
		.epoch = r->head->epoch };
	if (!metrics_string_add(row->name, &f->name_at) ||
	    !metrics_string_add(metrics_clean(row->help ? row->help : "",
				    METRIC_HELP_BYTES_MAX, help),
		&f->help_at))
		return false;
	for (uint32_t i = 0; i < f->label_count; i++) {
		if (!metrics_string_add(row->labels[i], &f->label_at[i]))
			return false;
	}
	return true;
}

static uint32_t
add_family(const struct metric_row *row)
{
	uint32_t i = r->head->family_count;

	if (i == SEGMENT_FAMILY_MAX ||
	    !metrics_back(&r->families_area,
		(i + 1) * (uint32_t)sizeof(*r->families)) ||
	    !fill_family(&r->families[i], row) ||
	    !metrics_index_add(&r->family_index, metrics_hash(0, row->name), i))
		return NONE;
	r->series_in[i] = 0;
	__atomic_store_n(&r->head->family_count, i + 1, __ATOMIC_RELEASE);
	return i;
}

/* The first time in this process: what may change has changed. */
static void
renew_family(struct segment_family *f, const struct metric_row *row)
{
	char help[METRIC_HELP_BYTES_MAX + 1];
	uint32_t at;

	metrics_clean(row->help ? row->help : "", METRIC_HELP_BYTES_MAX, help);
	if (!metrics_string_is(f->help_at, help) &&
	    metrics_string_add(help, &at))
		__atomic_store_n(&f->help_at, at, __ATOMIC_RELEASE);
	f->max_series =
	    row->max_series ? row->max_series : METRIC_FAMILY_DEFAULT;
	f->flags = row->flags;
	__atomic_store_n(&f->epoch, r->head->epoch, __ATOMIC_RELEASE);
}

/* By another row of this process. */
bool
metrics_family_is_taken(const struct metric_row *row)
{
	uint32_t i = metrics_family_find(row->name);

	return i != NONE && r->families[i].epoch == r->head->epoch &&
	    !metrics_family_same(&r->families[i], row);
}

/* NONE: no room. */
uint32_t
metrics_family_of(const struct metric_row *row)
{
	uint32_t i = metrics_family_find(row->name);
	struct segment_family *f;

	if (i == NONE)
		return add_family(row);
	f = &r->families[i];
	if (metrics_family_same(f, row)) {
		if (f->epoch != r->head->epoch)
			renew_family(f, row);
		return i;
	}
	__atomic_store_n(&f->state, FAMILY_RETIRED, __ATOMIC_RELEASE);
	return add_family(row);
}
