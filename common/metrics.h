/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The numbers of this process: counters, gauges and histograms in a segment of
 * shared memory that outlives it.  A file below run_dir/metrics that msd has
 * made (ENV_METRICS); the process is its only writer, anybody who may read the
 * file reads it at any time (common/metrics_read.h), the process stopped or
 * dead included.  The next generation finds its series by name and labels and
 * counts on; gauges begin at 0.
 *
 * Updating is a load, an add and a store in the thread's own shard: no lock, no
 * call, no branch on whether a segment is there.  Before metrics_attach(), in
 * a thread that has not joined and with a zeroed struct metric, updates go to
 * a place that nobody reads.
 *
 * Like the log sink, the registry is one per process.
 */
#ifndef COMMON_METRICS_H
#define COMMON_METRICS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/err.h"
#include "common/histogram.h"

/* ---- what there is ------------------------------------------------------- */

enum metric_kind {
	METRIC_COUNTER = 1,
	METRIC_GAUGE,
	METRIC_HISTOGRAM
};
/* What a cell holds; exporters print base units. */
enum metric_unit {
	METRIC_UNIT_NONE,
	METRIC_UNIT_SECONDS, /* cells in nanoseconds */
	METRIC_UNIT_BYTES,
	METRIC_UNIT_RATIO /* cells in millionths */
};
enum metric_flag {
	METRIC_PRECISE = 1,  /* histogram: <= 1 % instead of <= 3 % */
	METRIC_EXEMPLAR = 2, /* histogram: keeps the worst trace of a minute */
	METRIC_EXACT = 4     /* is never sampled */
};

#define METRIC_LABELS_MAX      3u
#define METRIC_NAME_BYTES_MAX  120u
#define METRIC_HELP_BYTES_MAX  240u
#define METRIC_LABEL_BYTES_MAX 64u   /* a longer value is cut */
#define METRIC_SERIES_MAX      4096u /* of one process */
#define METRIC_FAMILY_DEFAULT  64u   /* max_series when a row says 0 */
#define METRIC_OVERFLOW_VALUE  "other"

/* Declared in tables: static const struct metric_row rows[] */
struct metric_row {
	const char *name; /* ms_bus_events_total: [a-z_][a-z0-9_]* */
	const char *help; /* a full sentence */
	enum metric_kind kind;
	enum metric_unit unit;
	unsigned flags;
	const char *labels[METRIC_LABELS_MAX]; /* names; NULL: no more */
	uint32_t max_series; /* more label values: one series "other" */
};

/* One series.  Zeroed: updates go nowhere. */
struct metric {
	uint32_t offset; /* in every shard */
	uint8_t bits;    /* histogram */
	uint8_t flags;
};

/* ---- the process --------------------------------------------------------- */

#define METRICS_SHARDS      16u
#define METRICS_SHARD_BYTES (1u << 20)
#define METRICS_SEGMENT_BYTES \
	(METRICS_HEAD_BYTES + METRICS_SHARDS * METRICS_SHARD_BYTES)
#define METRICS_HEAD_BYTES (1u << 20) /* header, directory, strings */

/* Once, before threads that record; the calling thread joins with shard 0.
 * path NULL: private memory.  A file that is no segment of this layout is begun
 * afresh and *why says so (MS_OK all the same).  On an error updates go on
 * going nowhere: a process lives without numbers. */
enum ms_err metrics_attach(const char *path, struct why *why);
bool metrics_attached(void);
void metrics_detach(void); /* tests, and the end */

/* Gives the calling thread a shard, until metrics_leave(). */
void metrics_join(void);
void metrics_leave(void);

/* From now on one update in `every` of rows that are not METRIC_EXACT is made,
 * and counts for all: totals stay unbiased.  1: each.  Any thread. */
void metrics_sample(uint32_t every);
uint32_t metrics_sampled(void);
/* Updates of all threads so far, in this life and those before. */
uint64_t metrics_updates(void);

/* Any thread; takes a lock, so keep the result.  The same row (or one of the
 * same name, kind and labels) gives the same series.  When the segment is full
 * or an earlier row of that name differs: a zeroed handle, counted in
 * ms_metrics_refused_total. */
struct metric metrics_declare(const struct metric_row *row);
void metrics_declare_all(const struct metric_row *rows, size_t count,
    struct metric *metrics_r);
/* A row with labels: values in the order of row->labels. */
struct metric metrics_series(const struct metric_row *row,
    const char *const *values);
/* The same, with the reason: MS_EINVAL the row is wrong, MS_ECONFLICT an
 * earlier row of that name differs, MS_ETOOBIG the segment is full, MS_ECLOSED
 * not attached. */
enum ms_err metrics_series_try(const struct metric_row *row,
    const char *const *values, struct metric *metric_r);
/* Only when it is there. */
struct metric metrics_find(const struct metric_row *row,
    const char *const *values);

/* ---- updates: the thread that has joined, any time ------------------------ */

/* For the functions below only. */
enum metrics_odd {
	METRICS_ODD_SHARED = 1, /* more threads than shards: atomic adds */
	METRICS_ODD_SAMPLED = 2 /* one update in N counts for N */
};
struct metrics_thread {
	unsigned char *shard;
	unsigned odd; /* 0: the short way */
};
extern _Thread_local struct metrics_thread metrics_thread;
void metrics_add_odd(struct metric m, uint64_t n);
void metrics_record_odd(struct metric m, uint64_t value, uint64_t n);

#define METRICS_UPDATES_CELL 56u /* of a shard: how many it has seen */

static inline bool
metrics_are_odd(void)
{
	return __builtin_expect(__atomic_load_n(&metrics_thread.odd,
				    __ATOMIC_RELAXED) != 0,
	    0);
}

static inline uint64_t *
metric_cell(struct metric m, uint32_t index)
{
	return (uint64_t *)(void *)(metrics_thread.shard + m.offset) + index;
}

static inline void
metric_bump(uint64_t *cell, uint64_t n)
{
	__atomic_store_n(cell, __atomic_load_n(cell, __ATOMIC_RELAXED) + n,
	    __ATOMIC_RELAXED);
}

static inline void
metrics_count_update(void)
{
	metric_bump((uint64_t *)(void *)metrics_thread.shard +
		METRICS_UPDATES_CELL,
	    1);
}

/* What the calling thread has counted or set. */
static inline uint64_t
metric_own(struct metric m)
{
	return __atomic_load_n(metric_cell(m, 0), __ATOMIC_RELAXED);
}

/* Likewise, how many values of a histogram.  Walks over its buckets. */
static inline uint64_t
metric_own_count(struct metric m)
{
	uint64_t count = 0;

	for (uint32_t i = 0; i < HISTOGRAM_BUCKETS(m.bits); i++)
		count +=
		    __atomic_load_n(metric_cell(m, 1 + i), __ATOMIC_RELAXED);
	return count;
}

/* Counter, or gauge that goes up. */
static inline void
metric_add(struct metric m, uint64_t n)
{
	if (metrics_are_odd()) {
		metrics_add_odd(m, n);
		return;
	}
	metric_bump(metric_cell(m, 0), n);
	metrics_count_update();
}

/* Gauge that goes down; its value is the sum of all threads. */
static inline void
metric_sub(struct metric m, uint64_t n)
{
	metric_add(m, 0 - n);
}

/* Gauge of one thread. */
static inline void
metric_set(struct metric m, int64_t value)
{
	__atomic_store_n(metric_cell(m, 0), (uint64_t)value, __ATOMIC_RELAXED);
}

/* Histogram: the same value n times (one clock read for a batch).  Cell 0 is
 * the sum, buckets follow.  A process killed between the two stores has the
 * last value in its count and not in its sum. */
static inline void
metric_record_many(struct metric m, uint64_t value, uint64_t n)
{
	if (metrics_are_odd()) {
		metrics_record_odd(m, value, n);
		return;
	}
	metric_bump(metric_cell(m, 1 + histogram_index(m.bits, value)), n);
	metric_bump(metric_cell(m, 0), value * n);
	metrics_count_update();
}

static inline void
metric_record(struct metric m, uint64_t value)
{
	metric_record_many(m, value, 1);
}

/* W3C trace context, binary. */
struct metric_trace {
	uint8_t trace_id[16];
	uint8_t span_id[8];
};
/* For rows with METRIC_EXEMPLAR, beside metric_record(): keeps it when it is
 * the worst of this minute.  Shard 0's thread only. */
void metric_exemplar(struct metric m, uint64_t value,
    const struct metric_trace *trace, uint64_t wall_ns);

/* ---- life: what others want to know of this process ------------------------ */

enum life_phase {
	LIFE_NONE, /* nobody has begun */
	LIFE_STARTING,
	LIFE_READY,
	LIFE_DRAINING
};
/* pid and start are filled in; mono_ns of now. */
void metrics_life_begin(uint64_t generation, uint64_t mono_ns);
void metrics_life_phase(enum life_phase phase);
/* A turn of the loop begins (now), or the loop is about to sleep (0). */
void metrics_life_busy(uint64_t mono_ns);

#endif
