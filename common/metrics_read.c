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
allocate(struct metrics_load *load, struct metrics_snapshot *snapshot,
    struct why *why)
{
	struct sizes n = sizes_of(&load->tables);
	size_t head =
	    sizeof(struct block) + n.series * sizeof(struct metrics_series);
	struct block *block = calloc(1, head + n.buckets * sizeof(uint64_t));
	uint64_t *buckets = (void *)((char *)block + head);
	struct metrics_series *out;

	if (!block)
		return why_set(why, MS_ENOMEM, "no memory for its series");
	block->tables = load->memory;
	load->memory = NULL;
	snapshot->memory = (void *)block;
	snapshot->series = out = block->series;
	snapshot->count = n.series;
	for (uint32_t i = 0; i < load->head.series_count; i++) {
		const struct segment_series *s = &load->tables.series[i];

		if (!is_shown(&load->tables, s))
			continue;
		name_series(&load->tables, s, out);
		if (out->kind == METRIC_HISTOGRAM) {
			out->histogram.bits = segment_histogram_bits(
			    &load->tables.families[s->family]);
			out->histogram.buckets = buckets;
			buckets += HISTOGRAM_BUCKETS(out->histogram.bits);
		}
		out++;
	}
	return MS_OK;
}

/* ---- values --------------------------------------------------------------------------- */

static void
add_values(const unsigned char *shard, const struct segment_series *s,
    struct metrics_series *out)
{
	const uint64_t *cell = (const void *)(shard + s->offset);
	struct histogram *h = &out->histogram;

	if (out->kind != METRIC_HISTOGRAM) {
		out->value = (int64_t)((uint64_t)out->value + cell[0]);
		return;
	}
	h->sum += cell[0];
	for (uint32_t i = 0; i < HISTOGRAM_BUCKETS(h->bits); i++) {
		h->buckets[i] += cell[1 + i];
		h->count += cell[1 + i];
	}
}

/* It is whole when it reads the same twice and is not being written. */
static void
read_exemplar(int fd, const struct segment_series *s,
    const unsigned char *shard, struct metrics_series *out)
{
	uint32_t at = s->offset +
	    (1 + HISTOGRAM_BUCKETS(out->histogram.bits)) *
		(uint32_t)sizeof(uint64_t);
	struct segment_exemplar first, again;
	struct why ignored;

	memcpy(&first, shard + at, sizeof(first));
	if (first.turn == 0 || first.turn % 2 != 0 ||
	    metrics_file_read(fd, &again, sizeof(again),
		METRICS_HEAD_BYTES + at, &ignored) != MS_OK ||
	    memcmp(&first, &again, sizeof(first)) != 0)
		return;
	out->exemplar.value = first.value;
	out->exemplar.wall_ns = first.wall_ns;
	memcpy(&out->exemplar.trace, first.trace, sizeof(first.trace));
}

static enum ms_err
read_shard(int fd, unsigned n, const struct metrics_load *load,
    unsigned char *shard, struct metrics_series *out, struct why *why)
{
	enum ms_err err = metrics_file_read(fd, shard, load->head.values_used,
	    METRICS_HEAD_BYTES + n * (uint64_t)METRICS_SHARD_BYTES, why);

	for (uint32_t i = 0; !err && i < load->head.series_count; i++) {
		const struct segment_series *s = &load->tables.series[i];

		if (!is_shown(&load->tables, s))
			continue;
		add_values(shard, s, out);
		if (n == 0 && out->kind == METRIC_HISTOGRAM &&
		    out->flags & METRIC_EXEMPLAR)
			read_exemplar(fd, s, shard, out);
		out++;
	}
	return err;
}

static enum ms_err
read_values(int fd, const struct metrics_load *load,
    struct metrics_snapshot *snapshot, struct why *why)
{
	/* as aligned as in the file: then each cell is copied whole */
	unsigned char *shard = aligned_alloc(SEGMENT_PAGE, METRICS_SHARD_BYTES);
	enum ms_err err = MS_OK;

	if (!shard)
		return why_set(why, MS_ENOMEM, "no memory for its values");
	for (unsigned n = 0; !err && n < METRICS_SHARDS; n++) {
		if (load->head.shards_used & 1u << n)
			err = read_shard(fd, n, load, shard, snapshot->series,
			    why);
	}
	free(shard);
	for (size_t i = 0; i < snapshot->count; i++) {
		struct metrics_series *s = &snapshot->series[i];

		if (s->kind == METRIC_COUNTER && s->value < 0)
			s->value = INT64_MAX;
	}
	return err;
}

/* ---- order ------------------------------------------------------------------------------ */

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
compare(const void *a, const void *b)
{
	const struct metrics_series *x = a, *y = b;
	int order = strcmp(x->name, y->name);

	return order ? order : compare_labels(x, y->label_values);
}

/* ---- whole --------------------------------------------------------------------------------- */

static enum ms_err
read_all(int fd, struct metrics_snapshot *snapshot, struct why *why)
{
	struct metrics_load load;
	enum ms_err err = metrics_load_read(fd, &load, why);

	if (err || load.blank)
		return err;
	copy_life(&load.head, &snapshot->life);
	err = allocate(&load, snapshot, why);
	if (!err)
		err = read_values(fd, &load, snapshot, why);
	if (!err && snapshot->count)
		qsort(snapshot->series, snapshot->count,
		    sizeof(*snapshot->series), compare);
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
