/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Names.  A family is a row's name, a series one set of its label values; both
 * are appended to the segment's directory and found again by every later
 * process.  A row that has changed its meaning since an earlier process retires
 * the old family; two rows of one process that differ are a mistake of ours,
 * and the second counts nowhere.
 */
#include <stdio.h>
#include <string.h>

#include "common/metrics_impl.h"
#include "common/str.h"

#define NONE METRICS_INDEX_NONE

static struct metrics_registry *const r = &metrics_registry;

static const struct metric_row own_rows[] = {
	/* the first of all: SEGMENT_VALUES_AT */
	{ .name = "ms_metrics_updates_total",
	    .help = "Updates of counters, gauges and histograms made.",
	    .kind = METRIC_COUNTER,
	    .flags = METRIC_EXACT },
	{ .name = "ms_metrics_refused_total",
	    .help = "Series refused: the segment is full, or two rows differ.",
	    .kind = METRIC_COUNTER,
	    .flags = METRIC_EXACT },
	{ .name = "ms_metrics_overflow_total",
	    .help = "Label values that were counted as \"other\".",
	    .kind = METRIC_COUNTER,
	    .flags = METRIC_EXACT },
};

/* ---- strings ------------------------------------------------------------------------- */

/* Cut to max bytes, between characters; what is no UTF-8 becomes '?'. */
static const char *
cleaned(const char *text, size_t max, char *out)
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
static bool
add_string(const char *text, uint32_t *at_r)
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

static bool
string_is(uint32_t at, const char *text)
{
	return strcmp(r->strings + at, text) == 0;
}

/* ---- families --------------------------------------------------------------------------- */

static uint32_t
labels_of(const struct metric_row *row)
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

static bool
row_is_good(const struct metric_row *row)
{
	if (!metric_name_is_valid(row->name) || row->kind < METRIC_COUNTER ||
	    row->kind > METRIC_HISTOGRAM ||
	    (unsigned)row->unit > METRIC_UNIT_RATIO ||
	    row->flags > (METRIC_PRECISE | METRIC_EXEMPLAR | METRIC_EXACT))
		return false;
	for (uint32_t i = 0; i < labels_of(row); i++) {
		if (!metric_name_is_valid(row->labels[i]))
			return false;
	}
	return true;
}

static bool
same_family(const struct segment_family *f, const struct metric_row *row)
{
	unsigned mask = METRIC_PRECISE | METRIC_EXEMPLAR;

	if (f->kind != row->kind || f->unit != row->unit ||
	    f->label_count != labels_of(row) ||
	    (row->kind == METRIC_HISTOGRAM &&
		(f->flags & mask) != layout_flags(row)))
		return false;
	for (uint32_t i = 0; i < f->label_count; i++) {
		if (!string_is(f->label_at[i], row->labels[i]))
			return false;
	}
	return true;
}

static uint32_t
find_family(const char *name)
{
	uint32_t hash = metrics_hash(0, name), at = 0, i;

	do
		i = metrics_index_next(&r->family_index, hash, &at);
	while (i != NONE &&
	    (r->families[i].state != FAMILY_CURRENT ||
		!string_is(r->families[i].name_at, name)));
	return i;
}

static bool
fill_family(struct segment_family *f, const struct metric_row *row)
{
	char help[METRIC_HELP_BYTES_MAX + 1];

	*f = (struct segment_family){ .label_count = labels_of(row),
		.max_series =
		    row->max_series ? row->max_series : METRIC_FAMILY_DEFAULT,
		.kind = (uint16_t)row->kind,
		.unit = (uint16_t)row->unit,
		.flags = row->flags,
		.state = FAMILY_CURRENT,
		.epoch = r->head->epoch };
	if (!add_string(row->name, &f->name_at) ||
	    !add_string(cleaned(row->help ? row->help : "",
			    METRIC_HELP_BYTES_MAX, help),
		&f->help_at))
		return false;
	for (uint32_t i = 0; i < f->label_count; i++) {
		if (!add_string(row->labels[i], &f->label_at[i]))
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

	cleaned(row->help ? row->help : "", METRIC_HELP_BYTES_MAX, help);
	if (!string_is(f->help_at, help) && add_string(help, &at))
		__atomic_store_n(&f->help_at, at, __ATOMIC_RELEASE);
	f->max_series =
	    row->max_series ? row->max_series : METRIC_FAMILY_DEFAULT;
	f->flags = row->flags;
	__atomic_store_n(&f->epoch, r->head->epoch, __ATOMIC_RELEASE);
}

/* By another row of this process. */
static bool
is_taken(const struct metric_row *row)
{
	uint32_t i = find_family(row->name);

	return i != NONE && r->families[i].epoch == r->head->epoch &&
	    !same_family(&r->families[i], row);
}

/* NONE: no room. */
static uint32_t
family_of(const struct metric_row *row)
{
	uint32_t i = find_family(row->name);
	struct segment_family *f;

	if (i == NONE)
		return add_family(row);
	f = &r->families[i];
	if (same_family(f, row)) {
		if (f->epoch != r->head->epoch)
			renew_family(f, row);
		return i;
	}
	__atomic_store_n(&f->state, FAMILY_RETIRED, __ATOMIC_RELEASE);
	return add_family(row);
}

/* ---- series --------------------------------------------------------------------------------- */

struct labels {
	uint32_t count;
	const char *value[METRIC_LABELS_MAX];
	char text[METRIC_LABELS_MAX][METRIC_LABEL_BYTES_MAX + 1];
};

static uint32_t
hash_of(uint32_t family, const struct labels *labels)
{
	uint32_t hash = 2166136261u ^ family;

	for (uint32_t i = 0; i < labels->count; i++)
		hash = metrics_hash(hash, labels->value[i]);
	return hash * 0x9e3779b1u;
}

static bool
series_is(const struct segment_series *s, uint32_t family,
    const struct labels *labels)
{
	if (s->family != family)
		return false;
	for (uint32_t i = 0; i < labels->count; i++) {
		if (!string_is(s->value_at[i], labels->value[i]))
			return false;
	}
	return true;
}

static uint32_t
find_series(uint32_t family, const struct labels *labels)
{
	uint32_t hash = hash_of(family, labels), at = 0, i;

	do
		i = metrics_index_next(&r->series_index, hash, &at);
	while (i != NONE && !series_is(&r->series[i], family, labels));
	return i;
}

/* In the shards of all who count; a thread that joins later sees to its own. */
static bool
back_cells(uint32_t end)
{
	for (unsigned i = 0; i < METRICS_SHARDS; i++) {
		bool used = r->threads[i] ||
		    (i == SEGMENT_SHARED_SHARD && r->shared_used);

		if (used && !metrics_back(&r->shards[i], end))
			return false;
	}
	return true;
}

static bool
add_cells(uint32_t cells, uint32_t *offset_r)
{
	uint32_t at = r->head->values_used;
	uint32_t end = at + cells * (uint32_t)sizeof(uint64_t);

	if (end > METRICS_SHARD_BYTES || !back_cells(end))
		return false;
	*offset_r = at;
	__atomic_store_n(&r->head->values_used, end, __ATOMIC_RELEASE);
	return true;
}

static uint32_t
add_series(uint32_t family, const struct labels *labels)
{
	uint32_t i = r->head->series_count;
	struct segment_series *s = &r->series[i];

	if (i == METRIC_SERIES_MAX ||
	    !metrics_back(&r->series_area, (i + 1) * (uint32_t)sizeof(*s)))
		return NONE;
	*s = (struct segment_series){ .family = family,
		.epoch = r->head->epoch };
	for (uint32_t l = 0; l < labels->count; l++) {
		if (!add_string(labels->value[l], &s->value_at[l]))
			return NONE;
	}
	if (!add_cells(segment_cells(&r->families[family]), &s->offset) ||
	    !metrics_index_add(&r->series_index, hash_of(family, labels), i))
		return NONE;
	r->series_in[family]++;
	__atomic_store_n(&r->head->series_count, i + 1, __ATOMIC_RELEASE);
	return i;
}

static void
set_labels(struct labels *labels, uint32_t count, const char *const *values)
{
	labels->count = count;
	for (uint32_t i = 0; i < count; i++)
		labels->value[i] = cleaned(values && values[i] ? values[i] : "",
		    METRIC_LABEL_BYTES_MAX, labels->text[i]);
}

static uint32_t
overflow_series(uint32_t family, struct labels *labels)
{
	uint32_t i;

	for (i = 0; i < labels->count; i++)
		labels->value[i] = METRIC_OVERFLOW_VALUE;
	metrics_count_own(r->overflow);
	i = find_series(family, labels);
	return i != NONE ? i : add_series(family, labels);
}

static uint32_t
series_of(uint32_t family, const char *const *values)
{
	const struct segment_family *f = &r->families[family];
	struct labels labels;
	uint32_t i;

	set_labels(&labels, f->label_count, values);
	i = find_series(family, &labels);
	if (i != NONE)
		return i;
	if (f->label_count > 0 && r->series_in[family] >= f->max_series)
		return overflow_series(family, &labels);
	return add_series(family, &labels);
}

static struct metric
handle_of(uint32_t i)
{
	struct segment_series *s = &r->series[i];
	const struct segment_family *f = &r->families[s->family];
	struct metric m = { .offset = s->offset, .flags = (uint8_t)f->flags };

	__atomic_store_n(&s->epoch, r->head->epoch, __ATOMIC_RELAXED);
	if (f->kind == METRIC_HISTOGRAM)
		m.bits = (uint8_t)segment_histogram_bits(f);
	else
		m.flags &= METRIC_EXACT;
	if (f->kind == METRIC_GAUGE)
		m.flags |= METRIC_EXACT; /* half of its ups and downs is none */
	return m;
}

static enum ms_err
declare(const struct metric_row *row, const char *const *values,
    struct metric *metric_r)
{
	uint32_t family, i;

	*metric_r = (struct metric){ 0 };
	if (!r->base)
		return MS_ECLOSED;
	if (!row_is_good(row))
		return MS_EINVAL;
	if (is_taken(row))
		return MS_ECONFLICT;
	family = family_of(row);
	i = family == NONE ? NONE : series_of(family, values);
	if (i == NONE)
		return MS_ETOOBIG;
	*metric_r = handle_of(i);
	return MS_OK;
}

enum ms_err
metrics_series_try(const struct metric_row *row, const char *const *values,
    struct metric *metric_r)
{
	enum ms_err err;

	pthread_mutex_lock(&r->lock);
	err = declare(row, values, metric_r);
	if (err && err != MS_ECLOSED)
		metrics_count_own(r->refused);
	pthread_mutex_unlock(&r->lock);
	return err;
}

struct metric
metrics_series(const struct metric_row *row, const char *const *values)
{
	struct metric m;

	(void)!metrics_series_try(row, values, &m);
	return m;
}

struct metric
metrics_find(const struct metric_row *row, const char *const *values)
{
	struct metric m = { 0 };
	struct labels labels;
	uint32_t family, i;

	pthread_mutex_lock(&r->lock);
	family = r->base && row_is_good(row) ? find_family(row->name) : NONE;
	if (family != NONE && same_family(&r->families[family], row)) {
		set_labels(&labels, labels_of(row), values);
		i = find_series(family, &labels);
		if (i != NONE)
			m = handle_of(i);
	}
	pthread_mutex_unlock(&r->lock);
	return m;
}

struct metric
metrics_declare(const struct metric_row *row)
{
	return metrics_series(row, NULL);
}

void
metrics_declare_all(const struct metric_row *rows, size_t count,
    struct metric *metrics_r)
{
	for (size_t i = 0; i < count; i++)
		metrics_r[i] = metrics_declare(&rows[i]);
}

/* ---- the registry's own ------------------------------------------------------------------------ */

void
metrics_declare_own(void)
{
	struct metric updates;

	(void)!declare(&own_rows[0], NULL, &updates);
	(void)!declare(&own_rows[1], NULL, &r->refused);
	(void)!declare(&own_rows[2], NULL, &r->overflow);
}

static bool
index_series(uint32_t i)
{
	const struct segment_series *s = &r->series[i];
	struct labels labels = { .count = r->families[s->family].label_count };

	for (uint32_t l = 0; l < labels.count; l++)
		labels.value[l] = r->strings + s->value_at[l];
	r->series_in[s->family]++;
	return metrics_index_add(&r->series_index, hash_of(s->family, &labels),
	    i);
}

bool
metrics_index_all(void)
{
	for (uint32_t i = 0; i < r->head->family_count; i++) {
		const char *name = r->strings + r->families[i].name_at;

		if (!metrics_index_add(&r->family_index, metrics_hash(0, name),
			i))
			return false;
	}
	for (uint32_t i = 0; i < r->head->series_count; i++) {
		if (!index_series(i))
			return false;
	}
	return true;
}
