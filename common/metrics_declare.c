/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Series: one set of label values of a family (metrics_family.c) and its cells
 * in every shard.  More of them than a family may have are one, "other".
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
		if (!metrics_string_is(s->value_at[i], labels->value[i]))
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
		if (!metrics_string_add(labels->value[l], &s->value_at[l]))
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
		labels->value[i] =
		    metrics_clean(values && values[i] ? values[i] : "",
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
	if (!metric_row_is_good(row))
		return MS_EINVAL;
	if (metrics_family_is_taken(row))
		return MS_ECONFLICT;
	family = metrics_family_of(row);
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
	family = r->base && metric_row_is_good(row)
	    ? metrics_family_find(row->name)
	    : NONE;
	if (family != NONE && metrics_family_same(&r->families[family], row)) {
		set_labels(&labels, metric_row_labels(row), values);
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
