/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A snapshot: the directory's checked copy, then the values of each shard in
 * use, added up series by series.
 */
#include "common/metrics_read.h"

#include <stdlib.h>
#include <string.h>

#include "common/fd.h"
#include "common/metrics_load.h"
#include "common/metrics_values.h"

static void
copy_life(const struct segment_head *head, struct metrics_life *life)
{
	*life = (struct metrics_life){ .pid = head->life.pid,
		.phase = (enum life_phase)head->life.phase,
		.generation = head->life.generation,
		.started_ns = head->life.started_ns,
		.started_ticks = head->life.started_ticks,
		.busy_since_ns = head->life.busy_since_ns };
}

/* Puts the path in front of what is wrong with it. */
static enum ms_err
blame(const char *path, enum ms_err err, const struct why *reason,
    struct why *why)
{
	return why_set(why, err, "%s: %s", path, reason->text);
}

enum ms_err
metrics_life_read_fd(int fd, struct metrics_life *life, struct why *why)
{
	struct metrics_load load;
	enum ms_err err;

	*life = (struct metrics_life){ 0 };
	err = metrics_load_head(fd, &load, why);
	if (!err && !load.blank)
		copy_life(&load.head, life);
	return err;
}

enum ms_err
metrics_life_read(const char *path, struct metrics_life *life, struct why *why)
{
	struct why reason = { "" };
	enum ms_err err;
	int fd;

	*life = (struct metrics_life){ 0 };
	err = metrics_file_open(path, &fd, why);
	if (err)
		return err;
	err = metrics_life_read_fd(fd, life, &reason);
	fd_close(&fd);
	return err ? blame(path, err, &reason, why) : MS_OK;
}

/* ---- what is seen ------------------------------------------------------------------ */

/* A family that was given up, and the gauges of an earlier process that this
 * one does not know, say nothing of now. */
static bool
is_shown(const struct segment_tables *t, const struct segment_series *s)
{
	const struct segment_family *f = &t->families[s->family];

	if (f->state != FAMILY_CURRENT)
		return false;
	return f->kind != METRIC_GAUGE || s->epoch == t->head->epoch;
}

/* ---- order ------------------------------------------------------------------------------ */

static int
by_name(const void *a, const void *b, void *tables)
{
	const struct segment_tables *t = tables;

	return strcmp(t->strings + t->families[*(const uint32_t *)a].name_at,
	    t->strings + t->families[*(const uint32_t *)b].name_at);
}

/* Where each series of the directory comes in a snapshot, by the name of its
 * family: few names are compared instead of many.  METRICS_NOWHERE: it is not shown.
 * NULL: no memory. */
static uint32_t *
places_of(struct segment_tables *t)
{
	uint32_t order[SEGMENT_FAMILY_MAX], next[SEGMENT_FAMILY_MAX + 1];
	uint32_t n = t->head->series_count, families = t->head->family_count;
	uint32_t *places = calloc(n + 1, sizeof(*places)), sum = 0;

	if (!places)
		return NULL;
	memset(next, 0, sizeof(next));
	for (uint32_t i = 0; i < n; i++)
		next[t->series[i].family] += is_shown(t, &t->series[i]);
	for (uint32_t i = 0; i < families; i++)
		order[i] = i;
	qsort_r(order, families, sizeof(*order), by_name, t);
	for (uint32_t i = 0; i < families; i++) {
		uint32_t count = next[order[i]];

		next[order[i]] = sum;
		sum += count;
	}
	for (uint32_t i = 0; i < n; i++)
		places[i] = is_shown(t, &t->series[i])
		    ? next[t->series[i].family]++
		    : METRICS_NOWHERE;
	return places;
}

static int
compare_labels(const struct metrics_series *s, const char *const *values)
{
	int order = 0;

	for (size_t l = 0; order == 0 && l < s->label_count; l++)
		order = strcmp(s->label_values[l],
		    values && values[l] ? values[l] : "");
	return order;
}

static int
by_labels(const void *a, const void *b)
{
	const struct metrics_series *y = b;

	return compare_labels(a, y->label_values);
}

/* Those of a family are neighbours already. */
static void
sort_families(struct metrics_snapshot *snapshot)
{
	struct metrics_series *s = snapshot->series;
	size_t i = 0;

	while (i < snapshot->count) {
		size_t end = i + 1;

		while (end < snapshot->count && s[end].name == s[i].name)
			end++;
		if (end - i > 1)
			qsort(&s[i], end - i, sizeof(*s), by_labels);
		i = end;
	}
}

/* ---- memory ----------------------------------------------------------------------------- */

/* The memory of a snapshot: the tables' copy, the series, their buckets. */
struct block {
	unsigned char *tables;
	struct metrics_series series[];
};

struct sizes {
	size_t series;
	size_t buckets;
};

static struct sizes
sizes_of(const struct segment_tables *t)
{
	struct sizes n = { 0, 0 };

	for (uint32_t i = 0; i < t->head->series_count; i++) {
		const struct segment_series *s = &t->series[i];
		const struct segment_family *f = &t->families[s->family];

		if (!is_shown(t, s))
			continue;
		n.series++;
		if (f->kind == METRIC_HISTOGRAM)
			n.buckets +=
			    HISTOGRAM_BUCKETS(segment_histogram_bits(f));
	}
	return n;
}

static void
name_series(const struct segment_tables *t, const struct segment_series *s,
    struct metrics_series *out)
{
	const struct segment_family *f = &t->families[s->family];

	out->name = t->strings + f->name_at;
	out->help = t->strings + f->help_at;
	out->kind = (enum metric_kind)f->kind;
	out->unit = (enum metric_unit)f->unit;
	out->flags = f->flags;
	out->label_count = f->label_count;
	for (uint32_t l = 0; l < f->label_count; l++) {
		out->label_names[l] = t->strings + f->label_at[l];
		out->label_values[l] = t->strings + s->value_at[l];
	}
}

static enum ms_err
allocate(struct metrics_load *load, const uint32_t *places,
    struct metrics_snapshot *snapshot, struct why *why)
{
	struct sizes n = sizes_of(&load->tables);
	size_t head =
	    sizeof(struct block) + n.series * sizeof(struct metrics_series);
	struct block *block = calloc(1, head + n.buckets * sizeof(uint64_t));
	uint64_t *buckets = (void *)((char *)block + head);

	if (!block)
		return why_set(why, MS_ENOMEM, "no memory for its series");
	block->tables = load->memory;
	load->memory = NULL;
	snapshot->memory = (void *)block;
	snapshot->series = block->series;
	snapshot->count = n.series;
	for (uint32_t i = 0; i < load->head.series_count; i++) {
		const struct segment_series *s = &load->tables.series[i];
		struct metrics_series *out;

		if (places[i] == METRICS_NOWHERE)
			continue;
		out = &snapshot->series[places[i]];
		name_series(&load->tables, s, out);
		if (out->kind == METRIC_HISTOGRAM) {
			out->histogram.bits = segment_histogram_bits(
			    &load->tables.families[s->family]);
			out->histogram.buckets = buckets;
			buckets += HISTOGRAM_BUCKETS(out->histogram.bits);
		}
	}
	return MS_OK;
}

/* Damaged ones: a counter is never negative. */
static void
bound_counters(struct metrics_snapshot *snapshot)
{
	for (size_t i = 0; i < snapshot->count; i++) {
		struct metrics_series *s = &snapshot->series[i];

		if (s->kind == METRIC_COUNTER && s->value < 0)
			s->value = INT64_MAX;
	}
}

/* ---- whole --------------------------------------------------------------------------------- */

static enum ms_err
read_all(int fd, struct metrics_snapshot *snapshot, struct why *why)
{
	struct metrics_load load;
	enum ms_err err = metrics_load_read(fd, &load, why);
	uint32_t *places;

	if (err || load.blank)
		return err;
	copy_life(&load.head, &snapshot->life);
	places = places_of(&load.tables);
	if (!places)
		err = why_set(why, MS_ENOMEM, "no memory for its series");
	if (!err)
		err = allocate(&load, places, snapshot, why);
	if (!err)
		err = metrics_values_read(fd, &load, places, snapshot->series,
		    why);
	if (!err)
		bound_counters(snapshot);
	if (!err)
		sort_families(snapshot);
	free(places);
	metrics_load_fini(&load);
	return err;
}

enum ms_err
metrics_snapshot_read(const char *path, struct metrics_snapshot *snapshot,
    struct why *why)
{
	struct why reason = { "" };
	enum ms_err err;
	int fd;

	*snapshot = (struct metrics_snapshot){ 0 };
	err = metrics_file_open(path, &fd, why);
	if (err)
		return err;
	err = read_all(fd, snapshot, &reason);
	fd_close(&fd);
	if (!err)
		return MS_OK;
	metrics_snapshot_fini(snapshot);
	return blame(path, err, &reason, why);
}

void
metrics_snapshot_fini(struct metrics_snapshot *snapshot)
{
	struct block *block = (void *)snapshot->memory;

	if (block)
		free(block->tables);
	free(block);
	*snapshot = (struct metrics_snapshot){ 0 };
}

/* ---- asking ---------------------------------------------------------------------------------- */

static int
compare_key(const struct metrics_series *s, const char *name,
    const char *const *values)
{
	int order = strcmp(s->name, name);

	return order ? order : compare_labels(s, values);
}

const struct metrics_series *
metrics_snapshot_find(const struct metrics_snapshot *snapshot, const char *name,
    const char *const *values)
{
	size_t low = 0, high = snapshot->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		const struct metrics_series *s = &snapshot->series[middle];
		int order = compare_key(s, name, values);

		if (order == 0)
			return s;
		if (order < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return NULL;
}
