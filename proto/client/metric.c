/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Metrics by name, for programs that have no tables of rows.  A handle is a
 * series of the process's registry and the scale of its unit.  Nothing here
 * fails an agent: what cannot be counted is not counted.
 */
#include <math.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "common/metrics_index.h"
#include "common/metrics_segment.h"
#include "common/str.h"
#include "proto/client/ms_impl.h"
#include "proto/contract.h"

#define OTHER_TOTAL "process_other_total"

struct ms_metric {
	struct metric series;
	enum metric_kind kind;
	double scale; /* cells per unit of the caller */
};

/* The handles given out, in blocks so that they stay where they are. */
#define BLOCK 50u
static struct {
	pthread_mutex_t lock;
	bool begun;
	struct ms_metric *blocks[MS_METRICS_MAX / BLOCK];
	uint32_t count;
	struct metrics_index index; /* by the series' place */
	struct ms_metric other;
} all = { .lock = PTHREAD_MUTEX_INITIALIZER };

static _Thread_local bool joined;

/* ---- names -------------------------------------------------------------------- */

static bool
ends_with(const char *name, const char *end)
{
	size_t n = strlen(name), m = strlen(end);

	return n >= m && strcmp(name + n - m, end) == 0;
}

struct name_unit {
	const char *end;
	enum metric_unit unit;
	double scale;
};
static const struct name_unit units[] = {
	{ "_seconds", METRIC_UNIT_SECONDS, 1e9 },
	{ "_seconds_total", METRIC_UNIT_SECONDS, 1e9 },
	{ "_bytes", METRIC_UNIT_BYTES, 1 },
	{ "_bytes_total", METRIC_UNIT_BYTES, 1 },
	{ "_ratio", METRIC_UNIT_RATIO, 1e6 },
	{ "", METRIC_UNIT_NONE, 1 },
};

static const struct name_unit *
unit_of(const char *name)
{
	const struct name_unit *unit = units;

	while (!ends_with(name, unit->end))
		unit++;
	return unit;
}

/* What exporters add themselves, and names of ours. */
static bool
name_is_free(const char *name, int kind)
{
	static const char *const taken[] = { "_bucket", "_count", "_sum",
		"_created", "_info" };

	if (!metric_name_is_valid(name) || *name == '_' ||
	    strncmp(name, "ms_", 3) == 0 ||
	    ends_with(name, "_total") != (kind == MS_COUNTER))
		return false;
	for (size_t i = 0; i < ARRAY_LEN(taken); i++) {
		if (ends_with(name, taken[i]))
			return false;
	}
	return true;
}

static bool
label_is_free(const char *name)
{
	return metric_name_is_valid(name) && strncmp(name, "__", 2) != 0 &&
	    strcmp(name, "worker") != 0 && strcmp(name, "le") != 0 &&
	    strcmp(name, "quantile") != 0;
}

/* Pairs to names and values. */
static bool
split_labels(const char *const *labels, struct metric_row *row,
    const char *values[METRIC_LABELS_MAX])
{
	for (size_t n = 0; labels && labels[2 * n]; n++) {
		if (n == METRIC_LABELS_MAX || !labels[2 * n + 1] ||
		    !label_is_free(labels[2 * n]))
			return false;
		for (size_t i = 0; i < n; i++) {
			if (strcmp(row->labels[i], labels[2 * n]) == 0)
				return false;
		}
		row->labels[n] = labels[2 * n];
		values[n] = labels[2 * n + 1];
	}
	return true;
}

/* ---- handles -------------------------------------------------------------------- */

/* Lock held.  A worker of ours that links libms has attached already. */
static void
begin(void)
{
	static const struct metric_row other = { .name = OTHER_TOTAL,
		.help = "Counted by names beyond the bound of a process.",
		.kind = METRIC_COUNTER };
	const char *path = getenv(ENV_METRICS);

	if (all.begun)
		return;
	all.begun = true;
	if (path && *path && !metrics_attached() &&
	    metrics_attach(path, NULL) == MS_OK)
		joined = true;
	all.other =
	    (struct ms_metric){ metrics_declare(&other), METRIC_COUNTER, 1 };
}

static struct ms_metric *
find(struct metric series)
{
	uint32_t at = 0, i = metrics_index_next(&all.index, series.offset, &at);

	while (i != METRICS_INDEX_NONE) {
		struct ms_metric *m = &all.blocks[i / BLOCK][i % BLOCK];

		if (m->series.offset == series.offset)
			return m;
		i = metrics_index_next(&all.index, series.offset, &at);
	}
	return NULL;
}

static struct ms_metric *
keep(struct ms_metric metric)
{
	struct ms_metric **block = &all.blocks[all.count / BLOCK];

	if (!*block)
		*block = calloc(BLOCK, sizeof(**block));
	if (!*block ||
	    !metrics_index_add(&all.index, metric.series.offset, all.count))
		return NULL;
	(*block)[all.count % BLOCK] = metric;
	return &(*block)[all.count++ % BLOCK];
}

/* Lock held.  At the bound it must be one that was given out. */
static void
look_up(const struct metric_row *row, const char *const *values,
    struct ms_metric **metric_r)
{
	struct metric series = metrics_find(row, values);

	if (series.offset)
		*metric_r = find(series);
	if (!*metric_r && row->kind == METRIC_COUNTER)
		*metric_r = &all.other;
}

/* Lock held. */
static enum ms_err
declare(const struct metric_row *row, const char *const *values,
    struct ms_metric **metric_r)
{
	struct ms_metric metric = { .kind = row->kind,
		.scale = unit_of(row->name)->scale };

	enum ms_err err;

	begin();
	if (all.count == MS_METRICS_MAX) {
		look_up(row, values, metric_r);
		return MS_OK;
	}
	err = metrics_series_try(row, values, &metric.series);
	if (err)
		return err == MS_ECLOSED || err == MS_ETOOBIG ? MS_OK
							      : MS_EINVAL;
	*metric_r = find(metric.series);
	if (!*metric_r)
		*metric_r = keep(metric);
	return MS_OK;
}

enum ms_err
ms_metric(int kind, const char *name, const char *help,
    const char *const *labels, struct ms_metric **metric_r)
{
	const char *values[METRIC_LABELS_MAX] = { NULL };
	struct metric_row row = { .name = name,
		.help = help,
		.kind = (enum metric_kind)kind,
		.max_series = MS_METRIC_VALUES_MAX };
	enum ms_err err;

	*metric_r = NULL;
	if (kind < MS_COUNTER || kind > MS_HISTOGRAM ||
	    !name_is_free(name, kind) || !split_labels(labels, &row, values))
		return MS_EINVAL;
	row.unit = unit_of(name)->unit;
	pthread_mutex_lock(&all.lock);
	err = declare(&row, values, metric_r);
	pthread_mutex_unlock(&all.lock);
	return err;
}

/* ---- updates ---------------------------------------------------------------------- */

static void
join(void)
{
	if (joined)
		return;
	metrics_join();
	joined = true;
}

/* NaN is 0; what is too large for a cell is as much as goes in. */
static uint64_t
cells_of(const struct ms_metric *metric, double value)
{
	double cells = value * metric->scale;

	if (!(cells > 0))
		return 0;
	return cells < 9e18 ? (uint64_t)(cells + 0.5) : INT64_MAX;
}

void
ms_metric_add(struct ms_metric *metric, double n)
{
	if (!metric || metric->kind == METRIC_HISTOGRAM)
		return;
	join();
	if (n > 0)
		metric_add(metric->series, cells_of(metric, n));
	else if (metric->kind == METRIC_GAUGE)
		metric_sub(metric->series, cells_of(metric, -n));
}

void
ms_metric_set(struct ms_metric *metric, double value)
{
	if (!metric || metric->kind != METRIC_GAUGE)
		return;
	join();
	metric_set(metric->series,
	    value < 0 ? -(int64_t)cells_of(metric, -value)
		      : (int64_t)cells_of(metric, value));
}

void
ms_metric_record(struct ms_metric *metric, double value)
{
	if (!metric || metric->kind != METRIC_HISTOGRAM)
		return;
	join();
	metric_record(metric->series, cells_of(metric, value));
}
